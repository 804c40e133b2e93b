//! Objects that were part of a page and no longer are.

use super::bits::Bits;
use crate::model::HeapGraph;
use crate::model::heap::{Detachedness, EdgeKind, ObjectKind};

/// What hangs on an attached object is attached; what hangs on a detached one and on no attached one
/// is detached. Only objects outside the heap have such a state: it is not handed on through others.
/// Old files do not say it but in names.
pub(super) fn detached(graph: &HeapGraph) -> Bits {
    let mut detached = Bits::new(graph.len());
    if !graph.has_detachedness {
        let is_named = |text| graph.texts.get(text).starts_with("Detached ");
        let natives = graph.nodes().filter(|node| graph.kind(*node) == ObjectKind::Native);
        natives.filter(|node| is_named(graph.name(*node))).for_each(|node| {
            detached.set(node.index());
        });
        return detached;
    }
    let mut seen = Bits::new(graph.len());
    for state in [Detachedness::Attached, Detachedness::Detached] {
        let is_so = |node: &_| graph.detachedness(*node) == state && graph.kind(*node) == ObjectKind::Native;
        let known = |state| move |node: &_| graph.detachedness(*node) == state;
        // What the file itself states comes before what is handed on.
        if state == Detachedness::Attached {
            graph.nodes().filter(|node| !known(Detachedness::Unknown)(node)).for_each(|node| {
                seen.set(node.index());
            });
        }
        let mut open: Vec<u32> = graph.nodes().filter(is_so).map(|node| node.0).collect();
        while let Some(from) = open.pop() {
            if state == Detachedness::Detached {
                detached.set(from as usize);
            }
            for edge in graph.raw_edges(from as usize) {
                let to = edge.to;
                let is_shown = !matches!(edge.kind(), EdgeKind::Hidden | EdgeKind::Weak);
                let is_native = graph.kind(crate::model::heap::NodeId(to as u32)) == ObjectKind::Native;
                if is_shown && seen.set(to) && is_native {
                    open.push(to as u32);
                }
            }
        }
    }
    detached
}
