//! How far objects are from the roots of the program.

use super::Set;

use super::essential::user_roots;
use super::words::Words;
use crate::model::HeapGraph;
use crate::model::heap::{EdgeKind, NodeId, ObjectKind, RawEdge, TextId, told};

/// Distance of the root where there are global objects, which are nearer.
pub const BASE_DISTANCE: u32 = 100_000_000;
/// Distance of what nothing leads to.
pub const UNREACHED: u32 = u32::MAX;

/// References on the shortest way from the global objects, then for all others from the root.
pub(super) fn distances(graph: &HeapGraph, words: &Words) -> Vec<u32> {
    let mut search = Search { graph, words, distance: vec![UNREACHED; graph.len()], pending: Set::default() };
    let mut open = Vec::new();
    for node in user_roots(graph, words) {
        search.distance[node.index()] = 1;
        open.push(node.0);
    }
    let has_user_roots = !open.is_empty();
    search.run(open);
    search.distance[graph.root.index()] = if has_user_roots { BASE_DISTANCE } else { 0 };
    search.run(vec![graph.root.0]);
    search.distance
}

struct Search<'a> {
    graph: &'a HeapGraph,
    words: &'a Words,
    distance: Vec<u32>,
    /// Entries of weak maps of which one of two references was met. Their value is as far as the
    /// farther of key and table, so that the second reference counts.
    pending: Set<u32>,
}

impl Search<'_> {
    fn run(&mut self, mut open: Vec<u32>) {
        let mut done = 0;
        while let Some(&from) = open.get(done) {
            done += 1;
            let next = self.distance[from as usize].saturating_add(1);
            let graph = self.graph;
            for edge in graph.raw_edges(from as usize) {
                let to = edge.to;
                if self.distance[to] == UNREACHED && self.counts(NodeId(from), &edge) {
                    self.distance[to] = next;
                    open.push(to as u32);
                }
            }
        }
    }

    fn counts(&mut self, from: NodeId, edge: &RawEdge) -> bool {
        let kind = edge.kind();
        match kind {
            EdgeKind::Weak => return false,
            EdgeKind::Internal => {
                let name = TextId(edge.name_or_index());
                let kind = self.graph.kind(from);
                let is_map = kind == ObjectKind::Hidden && Some(name) == self.words.sloppy_function_map;
                if is_map && Some(self.graph.name(from)) == self.words.native_context {
                    return false;
                }
            }
            _ => {}
        }
        if self.is_descriptor(from) && !self.is_own_descriptor(edge) {
            return false;
        }
        if kind == EdgeKind::Internal {
            let name = TextId(edge.name_or_index());
            if let Some(entry) = self.words.ephemeron(name)
                && !self.pending.remove(&entry.pair)
            {
                self.pending.insert(entry.pair);
                return false;
            }
        }
        true
    }

    fn is_descriptor(&self, node: NodeId) -> bool {
        self.graph.kind(node) == ObjectKind::Array && Some(self.graph.name(node)) == self.words.map_descriptors
    }

    /// Tables of descriptors are shared by several shapes, and not every third entry, the key's value,
    /// belongs to each of them.
    fn is_own_descriptor(&self, edge: &RawEdge) -> bool {
        let edge = told(edge);
        let index = match edge.name() {
            Some(name) => leading_number(self.graph.texts.get(name)),
            None => Some(u64::from(edge.name_or_index)),
        };
        index.is_none_or(|index| index < 2 || index % 3 != 1)
    }
}

/// The number at the start of a text, `None` when there is none.
fn leading_number(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    text[..digits].parse().ok()
}
