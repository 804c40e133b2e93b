//! The heap of a recording: what was worked out of it, once, when it was first asked for.

pub(super) mod sheets;

use std::cell::OnceCell;

use super::Engine;
use crate::analysis::heap::compare::{Changes, Identities, changes};
use crate::analysis::heap::{Bits, Heap, Totals, retainers};
use crate::model::HeapGraph;
use crate::model::heap::NodeId;

/// What is known of a heap; the parts that few ask for, when they are asked for.
#[derive(Debug)]
pub(super) struct Known {
    heap: Heap,
    totals: Totals,
    dominating: OnceCell<Bits>,
    referred: OnceCell<Bits>,
    detached: OnceCell<Vec<NodeId>>,
}

impl Known {
    fn of(graph: &HeapGraph) -> Self {
        let heap = Heap::of(graph);
        let totals = Totals::of(graph, &heap);
        let (dominating, referred) = Default::default();
        Self { heap, totals, dominating, referred, detached: OnceCell::new() }
    }

    /// The heap and its sums.
    pub fn parts(&self) -> (&Heap, &Totals) {
        (&self.heap, &self.totals)
    }

    /// Objects that others hang on.
    fn dominating(&self, graph: &HeapGraph) -> &Bits {
        self.dominating.get_or_init(|| self.heap.dominating(graph))
    }

    /// Objects that others refer to.
    fn referred(&self, graph: &HeapGraph) -> &Bits {
        self.referred.get_or_init(|| retainers::referred(graph))
    }

    /// Objects that were part of a page and no longer are, largest retained size first.
    fn detached(&self) -> &[NodeId] {
        self.detached.get_or_init(|| self.heap.detached())
    }
}

/// What changed from this recording's heap to that of the compared one.
#[derive(Debug)]
pub(super) struct Compared {
    changes: Changes,
    /// Name of the other recording.
    with: String,
}

impl Engine {
    /// What another recording's heap is compared with.
    pub(super) fn identities(&self) -> Option<Identities> {
        self.heap().map(|(graph, known)| Identities::of(&self.recording.origin.name, graph, &known.heap))
    }

    /// What changed from this heap to that of the compared recording, if it sent one.
    fn heap_changes(&self) -> Option<&Compared> {
        let after = self.peer.as_ref()?.heap.as_ref()?;
        let before = self.recording.heap.is_some();
        before.then(|| {
            self.heap_changes.get_or_init(|| {
                let before = self.identities().unwrap_or_default();
                Compared { changes: changes(&before, after), with: after.name.clone() }
            })
        })
    }

    /// The heap and what is known of it.
    pub(super) fn heap(&self) -> Option<(&HeapGraph, &Known)> {
        let graph = self.recording.heap.as_ref().filter(|_| crate::IS_FULL)?;
        Some((graph, self.heap.get_or_init(|| Known::of(graph))))
    }
}
