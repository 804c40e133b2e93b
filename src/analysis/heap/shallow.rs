//! Sizes with hidden parts counted where they belong.
//!
//! What an object consists of is split by the engine: elements, properties, tables. Such a part (hidden
//! objects, arrays of the engine, data behind external strings) that only one other object owns, by
//! references that are not weak, gives its size to that owner, over any number of parts between.
//! Snapshots without global objects show the engine's own view and keep every size where it is.

use super::Sizes;
use super::essential::user_roots;
use super::words::Words;
use crate::model::HeapGraph;
use crate::model::heap::{EdgeKind, NodeId, ObjectKind};

/// Nobody owns it, as far as is known.
const UNVISITED: u32 = u32::MAX;
/// Several objects own it.
const SHARED: u32 = u32::MAX - 1;

pub(super) fn shallow(graph: &HeapGraph, words: &Words) -> Sizes {
    let mut sizes = Sizes::of(graph.nodes().map(|node| graph.size(node)), graph.size_sum());
    if user_roots(graph, words).next().is_none() {
        return sizes;
    }
    let owners = owners(graph, words);
    for (at, &owner) in owners.iter().enumerate() {
        let is_part = owner < SHARED && owner as usize != at;
        let gives = |owner: NodeId| graph.kind(owner) != ObjectKind::Synthetic && owner != graph.root;
        if is_part && gives(NodeId(owner)) {
            sizes.add(at, owner as usize);
            sizes.clear(at);
        }
    }
    sizes
}

/// The owner of each object: itself unless it is a part. An object changes from unvisited to owned to
/// shared at most, so each is looked at three times at most, in whatever order.
fn owners(graph: &HeapGraph, words: &Words) -> Vec<u32> {
    let own = |node: NodeId| if is_part(graph, words, node) { UNVISITED } else { node.0 };
    let mut owners: Vec<u32> = graph.nodes().map(own).collect();
    let mut changed = Vec::new();
    for at in 0..owners.len() as u32 {
        if owners[at as usize] == at {
            changed.push(at);
        }
        while let Some(source) = changed.pop() {
            let owner = owners[source as usize];
            for edge in graph.raw_edges(source as usize) {
                if edge.kind() == EdgeKind::Weak {
                    continue;
                }
                let to = edge.to;
                let now = owners[to];
                if now == UNVISITED {
                    owners[to] = owner;
                } else if now == SHARED || now == owner || now as usize == to {
                    continue;
                } else {
                    owners[to] = SHARED;
                }
                changed.push(to as u32);
            }
        }
    }
    owners
}

fn is_part(graph: &HeapGraph, words: &Words, node: NodeId) -> bool {
    match graph.kind(node) {
        ObjectKind::Hidden | ObjectKind::Array => true,
        ObjectKind::Native => Some(graph.name(node)) == words.external_string_data,
        _ => false,
    }
}
