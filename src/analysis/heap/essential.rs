//! Which references keep something alive.

use super::bits::Bits;
use super::words::{Ephemeron, Words};
use crate::model::heap::{EdgeKind, NodeId, ObjectKind, RawEdge, TextId};
use crate::model::{Column, HeapGraph};

/// Targets of the root's edges that belong to the program: everything but the groups that the snapshot
/// adds, and the group of documents. In the order of the edges, each as often as it is referred to.
pub(super) fn user_roots(graph: &HeapGraph, words: &Words) -> impl Iterator<Item = NodeId> {
    let is_user = |node: &NodeId| graph.kind(*node) != ObjectKind::Synthetic || is_documents(graph, words, *node);
    graph.edges(graph.root).map(|edge| edge.to).filter(is_user)
}

fn is_documents(graph: &HeapGraph, words: &Words, node: NodeId) -> bool {
    graph.kind(node) == ObjectKind::Synthetic && words.dom_trees == Some(graph.name(node))
}

/// The rule by which dominators are found.
pub(super) struct Essential<'a> {
    graph: &'a HeapGraph,
    words: &'a Words,
    /// Objects of the page; none where the file has no way to tell.
    page: Bits,
}

impl<'a> Essential<'a> {
    pub(super) fn of(graph: &'a HeapGraph, words: &'a Words) -> Self {
        Self { graph, words, page: page(graph, words) }
    }

    /// The target of an edge, if the edge keeps it alive:
    ///
    /// - weak references and those of an object to itself never do;
    /// - the value of a weak map's entry hangs on its key: the reference from the table does not count;
    /// - shortcuts count from the root only, and so does everything that leads to objects of the page
    ///   from others, such as a debugger.
    #[inline]
    pub(super) fn target(&self, from: usize, edge: &RawEdge) -> Option<usize> {
        let (kind, to) = (edge.kind(), edge.to);
        if kind == EdgeKind::Weak || to == from {
            return None;
        }
        if kind == EdgeKind::Internal {
            let is_of = |entry: Ephemeron| entry.table == u64::from(self.graph.id(NodeId(from as u32)));
            if self.words.ephemeron(TextId(edge.name_or_index())).is_some_and(is_of) {
                return None;
            }
        }
        let is_root = from == self.graph.root.index();
        if !is_root && (kind == EdgeKind::Shortcut || !self.page.get(from) && self.page.get(to)) {
            return None;
        }
        Some(to)
    }
}

/// What is reached from the global objects, to which the root has shortcuts, and from documents.
fn page(graph: &HeapGraph, words: &Words) -> Bits {
    let mut page = Bits::new(graph.len());
    let mut open = Column::new();
    for edge in graph.edges(graph.root) {
        let is_entry = match edge.kind {
            EdgeKind::Element => is_documents(graph, words, edge.to),
            kind => kind == EdgeKind::Shortcut,
        };
        if is_entry && page.set(edge.to.index()) {
            open.push(edge.to.0);
        }
    }
    // Breadth first, which is about the order of the file: its tables are read from front to back.
    while !open.is_empty() {
        let mut behind = Column::new();
        for from in open.into_segments().flatten() {
            for edge in graph.raw_edges(from as usize) {
                if edge.kind() != EdgeKind::Weak && page.set(edge.to) {
                    behind.push(edge.to as u32);
                }
            }
        }
        open = behind;
    }
    page
}
