//! How far objects are from the roots of the program.

use super::Set;
use super::bits::Bits;
use super::essential::user_roots;
use super::words::Words;
use crate::model::heap::{EdgeKind, NodeId, ObjectKind, RawEdge, TextId, told};
use crate::model::{Column, HeapGraph, Packed};

/// Distance of the root where there are global objects, which are nearer.
pub const BASE_DISTANCE: u32 = 100_000_000;
/// Distance of what nothing leads to.
pub const UNREACHED: u32 = u32::MAX;

/// References on the shortest way from the global objects, then for all others from the root.
pub(super) fn distances(graph: &HeapGraph, words: &Words) -> Distances {
    let (distance, reached) = (vec![UNREACHED; graph.len()], Bits::new(graph.len()));
    let mut search = Search { graph, words, distance, reached, pending: Set::default() };
    let mut open = Column::new();
    for node in user_roots(graph, words) {
        search.reach(node.index(), 1);
        open.push(node.0);
    }
    let has_user_roots = !open.is_empty();
    search.run(open);
    search.reach(graph.root.index(), if has_user_roots { BASE_DISTANCE } else { 0 });
    search.run([graph.root.0].into_iter().collect());
    Distances(search.distance.into_iter().map(code).collect())
}

/// Distances, those that count from the engine's root as small as the others.
#[derive(Debug)]
pub(super) struct Distances(Packed);

impl Distances {
    #[inline]
    pub(super) fn get(&self, at: usize) -> u32 {
        match self.0.get(at) {
            0 => UNREACHED,
            code if code % 2 == 1 => code / 2,
            code => code / 2 - 1 + BASE_DISTANCE,
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }
}

/// A distance as it is kept. A way is no longer than there are objects.
fn code(distance: u32) -> u32 {
    match distance {
        UNREACHED => 0,
        near if near < BASE_DISTANCE => near * 2 + 1,
        far => (far - BASE_DISTANCE).saturating_mul(2).saturating_add(2),
    }
}

struct Search<'a> {
    graph: &'a HeapGraph,
    words: &'a Words,
    distance: Vec<u32>,
    /// What has a distance: asked of every reference, and small enough to be near at hand.
    reached: Bits,
    /// Entries of weak maps of which one of two references was met. Their value is as far as the
    /// farther of key and table, so that the second reference counts.
    pending: Set<u32>,
}

impl Search<'_> {
    fn reach(&mut self, node: usize, distance: u32) {
        self.distance[node] = distance;
        self.reached.set(node);
    }

    /// Objects of one distance after the other.
    fn run(&mut self, mut open: Column<u32>) {
        while !open.is_empty() {
            let mut behind = Column::new();
            for from in open.into_segments().flatten() {
                self.step(from, &mut behind);
            }
            open = behind;
        }
    }

    fn step(&mut self, from: u32, behind: &mut Column<u32>) {
        let next = self.distance[from as usize].saturating_add(1);
        let graph = self.graph;
        for edge in graph.raw_edges(from as usize) {
            if !self.reached.get(edge.to) && self.counts(NodeId(from), &edge) {
                self.reach(edge.to, next);
                behind.push(edge.to as u32);
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
