//! What the heap consists of.

use super::Heap;
use crate::model::HeapGraph;
use crate::model::heap::{EdgeKind, NodeId, ObjectKind};

/// Bytes by what they are for. The parts are own sizes and do not cover the total: objects, functions
/// and numbers make the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Objects.
    pub objects: u64,
    /// References between them.
    pub edges: u64,
    /// All bytes.
    pub total: u64,
    /// Outside the JavaScript heap.
    pub native: u64,
    /// Of these, contents of typed arrays and buffers.
    pub typed_arrays: u64,
    /// Compiled code and what belongs to it.
    pub code: u64,
    /// Strings.
    pub strings: u64,
    /// JavaScript arrays with their elements.
    pub arrays: u64,
    /// Internals of the engine.
    pub system: u64,
}

impl Totals {
    /// Bytes that are in none of the parts: objects, functions, numbers.
    pub fn rest(&self) -> u64 {
        let parts = [self.native, self.code, self.strings, self.arrays, self.system];
        parts.iter().fold(self.total, |rest, part| rest.saturating_sub(*part))
    }

    /// Sums of a heap.
    pub fn of(graph: &HeapGraph, heap: &Heap) -> Self {
        let extra = graph.extra_native_bytes;
        let total = heap.retained(graph.root).saturating_add(extra);
        let (objects, edges) = (graph.len() as u64, graph.edge_count() as u64);
        let mut totals = Self { objects, edges, total, native: extra, ..Self::default() };
        let referred = referred(graph);
        for node in graph.nodes() {
            let size = heap.shallow(node);
            let name = Some(graph.name(node));
            let sum = match graph.kind(node) {
                ObjectKind::Hidden => &mut totals.system,
                ObjectKind::Code => &mut totals.code,
                ObjectKind::Text | ObjectKind::ConsText | ObjectKind::SlicedText => &mut totals.strings,
                ObjectKind::Native => {
                    if name == heap.words.array_buffer_data {
                        totals.typed_arrays = totals.typed_arrays.saturating_add(size);
                    }
                    &mut totals.native
                }
                _ if name.is_some() && name == heap.words.array => {
                    let elements = elements(graph, heap, &referred, node);
                    totals.arrays = totals.arrays.saturating_add(elements);
                    &mut totals.arrays
                }
                _ => continue,
            };
            *sum = sum.saturating_add(size);
        }
        totals
    }
}

/// How often each object is referred to, up to 2.
fn referred(graph: &HeapGraph) -> Vec<u8> {
    let mut referred = vec![0u8; graph.len()];
    for edge in (0..graph.len()).flat_map(|node| graph.raw_edges(node)) {
        let count = &mut referred[edge.to];
        *count = (*count + 1).min(2);
    }
    referred
}

/// Size of an array's elements where they are not shared.
fn elements(graph: &HeapGraph, heap: &Heap, referred: &[u8], array: NodeId) -> u64 {
    let is_elements =
        |edge: &crate::model::heap::Edge| edge.kind == EdgeKind::Internal && edge.name() == heap.words.elements;
    let elements = graph.edges(array).find(is_elements).map(|edge| edge.to);
    elements.filter(|to| referred[to.index()] == 1).map_or(0, |to| heap.shallow(to))
}
