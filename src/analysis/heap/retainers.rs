//! Who refers to an object, and the way to it from a root.

use std::cmp::Reverse;

use super::{BASE_DISTANCE, Bits, Heap, UNREACHED};
use crate::model::HeapGraph;
use crate::model::SortFew as _;
use crate::model::heap::{Edge, EdgeId, EdgeKind, NodeId, RawEdge, told};

/// A reference to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retainer {
    /// The object that refers.
    pub from: NodeId,
    /// The reference.
    pub edge: Edge,
}

/// References to an object that are not weak, in the order of the file. One pass over all references.
pub fn referrers(graph: &HeapGraph, node: NodeId) -> Vec<EdgeId> {
    let mut wanted = Bits::new(graph.len());
    wanted.set(node.index());
    let mut found = Vec::new();
    references(graph, &wanted, |retainer| found.push(retainer.edge.id));
    found
}

/// Objects to which references lead that are not weak.
pub fn referred(graph: &HeapGraph) -> Bits {
    let mut referred = Bits::new(graph.len());
    for edge in (0..graph.len()).flat_map(|node| graph.raw_edges(node)) {
        if edge.kind() != EdgeKind::Weak {
            referred.set(edge.to);
        }
    }
    referred
}

/// References to an object that are not weak, those from near the roots first. One pass over all
/// references.
pub fn retainers(graph: &HeapGraph, heap: &Heap, node: NodeId) -> Vec<Retainer> {
    let mut wanted = Bits::new(graph.len());
    wanted.set(node.index());
    let mut found = Vec::new();
    references(graph, &wanted, |retainer| found.push(retainer));
    found.sort_few_by_key(|r| (heap.distance(r.from), Reverse(heap.retained(r.from)), r.edge.id));
    found
}

/// Hands every reference to a wanted object on that is not weak, in the order of the file.
fn references(graph: &HeapGraph, wanted: &Bits, mut take: impl FnMut(Retainer)) {
    for from in 0..graph.len() {
        for edge in graph.raw_edges(from) {
            if wanted.get(edge.to) && edge.kind() != EdgeKind::Weak {
                take(Retainer { from: NodeId(from as u32), edge: told(&edge) });
            }
        }
    }
}

/// Steps of a way that are kept: the last ones, next to the object.
const STEPS_MAX: usize = 1_000;

/// The shortest way to each object: references from a global object, or from the root of the engine,
/// to the object itself; of several the first in the file. Empty for roots and for what nothing
/// reaches. One pass over all references.
pub fn paths(graph: &HeapGraph, heap: &Heap, nodes: &[NodeId]) -> Vec<Vec<Retainer>> {
    let nearest = nearest(graph, heap);
    let path = |&node: &NodeId| {
        let (mut head, mut path) = (node, Vec::new());
        while !is_root(heap.distance(head)) && path.len() < STEPS_MAX {
            // A distance that no reference explains cannot be: the way ends there.
            let Some(&from) = nearest.get(head.index()).filter(|from| **from != NOBODY) else { break };
            let leads = |edge: &RawEdge| edge.to == head.index() && edge.kind() != EdgeKind::Weak;
            let Some(edge) = graph.raw_edges(from as usize).find(leads) else { break };
            path.push(Retainer { from: NodeId(from), edge: told(&edge) });
            head = NodeId(from);
        }
        path.reverse();
        path
    };
    nodes.iter().map(path).collect()
}

/// The owner of no reference.
const NOBODY: u32 = u32::MAX;

/// For each object the first that refers to it and is a step nearer to a root.
fn nearest(graph: &HeapGraph, heap: &Heap) -> Vec<u32> {
    let mut nearest = vec![NOBODY; graph.len()];
    // Most references lead elsewhere, and the last bits of distances are near at hand.
    let low: Vec<u8> = graph.nodes().map(|node| heap.distance(node) as u8).collect();
    for from in 0..graph.len() {
        let next = heap.distance(NodeId(from as u32)).saturating_add(1);
        for edge in graph.raw_edges(from) {
            let may_be = low[edge.to] == next as u8 && edge.kind() != EdgeKind::Weak && nearest[edge.to] == NOBODY;
            if may_be && next != UNREACHED && heap.distance(NodeId(edge.to as u32)) == next {
                nearest[edge.to] = from as u32;
            }
        }
    }
    nearest
}

fn is_root(distance: u32) -> bool {
    matches!(distance, 0 | 1 | BASE_DISTANCE | UNREACHED)
}

/// A reference as it is written: `.name`, `[3]`, `{hidden part}`, `->variable`.
pub fn written(graph: &HeapGraph, edge: &Edge) -> String {
    let name = match edge.name() {
        Some(name) => graph.texts.get(name).to_owned(),
        None => edge.name_or_index.to_string(),
    };
    match edge.kind {
        EdgeKind::Context => format!("->{name}"),
        EdgeKind::Element => format!("[{name}]"),
        EdgeKind::Weak => format!("[[{name}]]"),
        EdgeKind::Property | EdgeKind::Shortcut if name.contains(' ') => format!("[\"{name}\"]"),
        EdgeKind::Property | EdgeKind::Shortcut => format!(".{name}"),
        EdgeKind::Internal | EdgeKind::Hidden | EdgeKind::Other => format!("{{{name}}}"),
    }
}
