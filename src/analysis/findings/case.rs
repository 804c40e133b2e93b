//! What rules are asked of: a recording, and what several of them need to know of it, worked out when
//! first asked for.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::FixedState;

use crate::analysis::functions::{Weight, weights};
use crate::analysis::heap::{Heap, Totals};
use crate::analysis::modules::{Kind, Modules};
use crate::analysis::scoped::Scoped;
use crate::analysis::stalls::{self, Stalls};
use crate::analysis::states::{States, states};
use crate::model::{FunctionId, HeapGraph, Profile, Recording, StringId};

/// A recording under examination.
#[derive(Debug)]
pub struct Case<'a> {
    pub(super) recording: &'a Recording,
    pub(super) modules: &'a Modules,
    /// Shortest stall, nanoseconds.
    pub(super) threshold_ns: i64,
    loops: Vec<Loop<'a>>,
    heap: OnceCell<(Heap, Totals)>,
    heap_known: Option<(&'a Heap, &'a Totals)>,
}

/// A thread that people wait for: the one of an event loop, a page's main thread.
#[derive(Debug)]
pub(super) struct Loop<'a> {
    recording: &'a Recording,
    modules: &'a Modules,
    threshold_ns: i64,
    pub profile: usize,
    /// Whether the thread was sampled; else its profile was made of spans.
    pub is_sampled: bool,
    /// Rows of its spans.
    pub rows: Option<(usize, usize)>,
    scoped: OnceCell<Scoped>,
    weights: OnceCell<Vec<Weight>>,
    states: OnceCell<Option<States>>,
    stalls: OnceCell<Rc<Stalls>>,
}

impl<'a> Case<'a> {
    /// A recording with the shortest stall that counts, nanoseconds.
    pub fn new(recording: &'a Recording, modules: &'a Modules, threshold_ns: i64) -> Self {
        let threshold_ns = threshold_ns.max(1);
        let has_main = recording.spans.tracks.iter().any(|track| track.is_main);
        let is_loop = |profile: &usize| {
            let row = &recording.profiles[*profile];
            let has_idle = row.time.as_ref().is_some_and(|time| time.has_idle);
            has_idle && if has_main { stalls::is_main(recording, row) } else { !is_worker(row) }
        };
        let loops = (0..recording.profiles.len()).filter(is_loop).map(|profile| Loop {
            recording,
            modules,
            threshold_ns,
            profile,
            is_sampled: !stalls::is_made_of_spans(recording, &recording.profiles[profile]),
            rows: stalls::rows_of_main(recording, &recording.profiles[profile]),
            scoped: OnceCell::new(),
            weights: OnceCell::new(),
            states: OnceCell::new(),
            stalls: OnceCell::new(),
        });
        let loops = loops.collect();
        Self { recording, modules, threshold_ns, loops, heap: OnceCell::new(), heap_known: None }
    }

    /// The same with stalls of a thread that are known.
    #[must_use]
    pub fn with_stalls(self, profile: usize, found: Rc<Stalls>) -> Self {
        if let Some(one) = self.loops.iter().find(|one| one.profile == profile) {
            // Whoever tells them first is right: they are the same.
            let _ = one.stalls.set(found);
        }
        self
    }

    /// The same with a heap that is known.
    #[must_use]
    pub fn with_heap(self, heap: &'a Heap, totals: &'a Totals) -> Self {
        Self { heap_known: Some((heap, totals)), ..self }
    }

    /// The threads that people wait for.
    pub(super) fn loops(&self) -> &[Loop<'a>] {
        &self.loops
    }

    /// The heap, if the recording has one.
    pub(super) fn heap(&self) -> Option<(&HeapGraph, &Heap, &Totals)> {
        let graph = self.recording.heap.as_ref().filter(|_| crate::IS_FULL)?;
        let (heap, totals) = self.heap_known.unwrap_or_else(|| {
            let (heap, totals) = self.heap.get_or_init(|| {
                let heap = Heap::of(graph);
                let totals = Totals::of(graph, &heap);
                (heap, totals)
            });
            (heap, totals)
        });
        Some((graph, heap, totals))
    }

    /// Whether several threads wrote over each other's measurements: then nobody knows whose they are.
    pub(super) fn is_mixed(&self) -> bool {
        self.recording.notes.iter().any(|note| note.code == "mixed")
    }

    /// A function's name between backticks; one without a name with its place.
    pub(super) fn name(&self, function: FunctionId) -> String {
        match self.recording.name(function) {
            "" | "(anonymous)" => format!("`(anonymous)` at {}", self.modules.place(function)),
            name => format!("`{name}`"),
        }
    }

    /// Whether a function is the person's own or a dependency's.
    pub(super) fn is_own(&self, function: FunctionId) -> bool {
        matches!(self.modules.kind(function), Kind::Own | Kind::Dependency)
    }

    /// The names that stand in the recording.
    pub(super) fn names(&self, names: &[&str]) -> Vec<StringId> {
        names.iter().filter_map(|name| self.recording.strings.find(name)).collect()
    }
}

/// A question to texts that recur very often: it is asked once of each.
pub(super) fn asked_once<'a>(
    recording: &'a Recording,
    question: impl Fn(&str) -> bool + 'a,
) -> impl FnMut(StringId) -> bool + 'a {
    let mut known: HashMap<StringId, bool, FixedState> = HashMap::default();
    move |id| *known.entry(id).or_insert_with(|| question(recording.text(id)))
}

/// Whether a thread is a worker by the name that its format gave it.
pub(super) fn is_worker(profile: &Profile) -> bool {
    profile.name.starts_with("worker ") || profile.name.contains("DedicatedWorker")
}

impl<'a> Loop<'a> {
    /// Its profile.
    pub fn row(&self) -> &'a Profile {
        &self.recording.profiles[self.profile]
    }

    /// Length of its recording, nanoseconds.
    pub fn wall_ns(&self) -> i64 {
        self.row().time.as_ref().map_or(0, |time| time.duration_ns)
    }

    /// Its samples, unfiltered.
    pub fn scoped(&self) -> &Scoped {
        self.scoped.get_or_init(|| Scoped::single(self.recording, self.profile, self.row().default_value))
    }

    /// The weight of every function.
    pub fn weights(&self) -> &[Weight] {
        self.weights.get_or_init(|| weights(self.recording, self.scoped()))
    }

    /// The parts of its time.
    pub fn states(&self) -> Option<&States> {
        self.states.get_or_init(|| states(self.recording, self.modules, self.scoped())).as_ref()
    }

    /// Time in which the thread did not wait, as far as samples tell, nanoseconds.
    pub fn active_ns(&self) -> i64 {
        self.scoped().tree.base()
    }

    /// Its stalls.
    pub fn stalls(&self) -> &Stalls {
        let find = || Rc::new(stalls::find(self.recording, self.profile, self.modules, self.threshold_ns));
        self.stalls.get_or_init(find)
    }
}
