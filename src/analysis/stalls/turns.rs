//! Cuts a thread's samples into turns of the loop, and long turns into calls of one's own code.

use super::facts::{Class, Facts, function};
use crate::model::{Column, FunctionId, Profile, Recording, StackId, StringId, Time};

/// A stack that could not be walked shows as one sample without a stack between two related ones
/// this close to each other.
const FAILED_WALK_NS: i64 = 4_000_000;

/// Runs promise reactions and `process.nextTick` callbacks after a callback, before the loop turns.
const MICROTASKS: &str = "processTicksAndRejections";

/// Samples `first..end` of a profile with no visible pause between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) first: usize,
    pub(super) end: usize,
    /// Outermost frame of the callback; none when no function was seen.
    pub(super) outer: StackId,
    /// Number of pauses before it.
    pub(super) run: u32,
}

/// What a sample means for the turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The loop waited.
    Idle,
    /// Native code outside any function: most likely between two callbacks.
    Between,
    /// Nothing about turns: garbage collection, or a stack that could not be walked.
    Through,
    /// This code ran.
    Code(StackId),
}

/// The samples of a profile on the clock.
#[derive(Clone, Copy)]
pub(super) struct Clock<'a> {
    stack: &'a Column<StackId>,
    time: &'a Time,
    facts: &'a Facts,
}

impl<'a> Clock<'a> {
    pub(super) fn of(profile: &'a Profile, time: &'a Time, facts: &'a Facts) -> Self {
        Self { stack: &profile.samples.stack, time, facts }
    }

    /// Number of samples.
    #[inline]
    pub(super) fn len(self) -> usize {
        self.stack.len().min(self.time.at_ns.len())
    }

    #[inline]
    pub(super) fn stack(self, i: usize) -> StackId {
        self.stack.get(i)
    }

    /// The moment of sample `i`, or the end of the last one.
    #[inline]
    pub(super) fn at(self, i: usize) -> i64 {
        match self.len() {
            len if i < len => self.time.at_ns.get(i),
            len => self.time.at_ns.get(len - 1).saturating_add(self.time.last_ns.max(0)),
        }
    }

    /// The boundary before sample `i`: half a sampling interval behind the sample before it, or
    /// half way between the two when they are closer.
    ///
    /// A late sampler does not stretch this. Of 64 measured begins and ends of calls that fell into
    /// a gap between an idle sample and one of the call, 45 lay within one interval of the sample
    /// before the gap, wherever the middle was: it is the change itself that delays the sampler.
    #[inline]
    pub(super) fn edge(self, i: usize) -> i64 {
        if i == 0 || i >= self.len() {
            return self.at(i);
        }
        let gap = self.at(i) - self.at(i - 1);
        let usual = if self.time.interval_ns > 0 { gap.min(self.time.interval_ns) } else { gap };
        self.at(i - 1) + usual / 2
    }

    /// Length of samples `first..end`.
    #[inline]
    pub(super) fn between(self, first: usize, end: usize) -> i64 {
        self.edge(end).saturating_sub(self.edge(first))
    }

    /// What sample `i` means for the turns.
    #[inline]
    pub(super) fn shown(self, i: usize) -> Shown {
        let stack = self.stack(i);
        match self.facts.class(stack) {
            Class::Idle => Shown::Idle,
            Class::Gc => Shown::Through,
            Class::Program if self.is_failed_walk(i) => Shown::Through,
            Class::Program => Shown::Between,
            Class::Code => Shown::Code(stack),
        }
    }

    /// Whether one of the two stacks around sample `i` is the other or called from it, within the
    /// same call of one's own code: then it did not return in between.
    fn is_failed_walk(self, i: usize) -> bool {
        if i == 0 || i + 1 >= self.len() || self.at(i + 1) - self.at(i - 1) >= FAILED_WALK_NS {
            return false;
        }
        let (a, b) = (self.stack(i - 1), self.stack(i + 1));
        if self.facts.class(a) != Class::Code || self.facts.class(b) != Class::Code {
            return false;
        }
        let has_own = |above: StackId| !self.facts.own(above).is_none();
        a == b || (self.facts.is_within(a, b) && has_own(b)) || (self.facts.is_within(b, a) && has_own(a))
    }
}

/// Finds the turns of a profile in order and hands each to `found`. One pass.
///
/// A turn ends where the thread waited, where the outermost function changes, where code comes back
/// after native code outside any function, and where a callback comes back after the microtasks of
/// the one before. Microtasks belong to the callback that they follow.
pub(super) fn turns(recording: &Recording, clock: Clock<'_>, mut found: impl FnMut(Turn)) {
    let microtasks = recording.strings.find(MICROTASKS);
    let mut cutter = Cutter { recording, clock, microtasks, open: None, between: 0, in_microtasks: false, run: 0 };
    for i in 0..clock.len() {
        if let Some(turn) = cutter.step(i) {
            found(turn);
        }
    }
    if let Some(turn) = cutter.close(clock.len()) {
        found(turn);
    }
}

struct Cutter<'a> {
    recording: &'a Recording,
    clock: Clock<'a>,
    microtasks: Option<StringId>,
    open: Option<Turn>,
    /// Samples outside any function since the last one inside.
    between: usize,
    /// Whether microtasks have run in this turn.
    in_microtasks: bool,
    run: u32,
}

impl Cutter<'_> {
    /// Takes sample `i`; the turn that it ends, if any.
    fn step(&mut self, i: usize) -> Option<Turn> {
        match self.clock.shown(i) {
            Shown::Idle => {
                self.run = self.run.saturating_add(1);
                self.close(i)
            }
            Shown::Through => {
                self.open_at(i);
                None
            }
            Shown::Between => {
                self.open_at(i);
                self.between += 1;
                None
            }
            Shown::Code(stack) => self.step_code(i, stack),
        }
    }

    fn step_code(&mut self, i: usize, stack: StackId) -> Option<Turn> {
        let outer = self.clock.facts.outer(stack);
        let is_microtask = self.is_microtask(outer);
        let ended = self.end_before(i, outer, is_microtask).and_then(|end| self.close(end));
        self.between = 0;
        self.open_at(i);
        self.in_microtasks |= is_microtask;
        if let Some(turn) = &mut self.open
            && (!is_microtask || turn.outer.is_none())
        {
            turn.outer = outer;
        }
        ended
    }

    /// Where the open turn ends if a callback with this outermost frame does not belong to it.
    fn end_before(&self, i: usize, outer: StackId, is_microtask: bool) -> Option<usize> {
        let turn = self.open.filter(|t| !t.outer.is_none())?;
        if !is_microtask && outer != turn.outer {
            return Some(i);
        }
        if self.between > 0 {
            return Some(i - self.between);
        }
        (self.in_microtasks && !is_microtask).then_some(i)
    }

    fn is_microtask(&self, outer: StackId) -> bool {
        Some(self.recording.function(function(self.recording, outer)).name) == self.microtasks
    }

    fn open_at(&mut self, i: usize) {
        self.open.get_or_insert(Turn { first: i, end: i, outer: StackId::NONE, run: self.run });
    }

    fn close(&mut self, end: usize) -> Option<Turn> {
        self.between = 0;
        self.in_microtasks = false;
        self.open.take().map(|turn| Turn { end, ..turn })
    }
}

/// Cuts a turn where one's own code comes back after plumbing: a response was written, the next
/// request was parsed. What runs outside one's own code in between, and at the end, is a part of its own.
pub(super) fn calls(facts: &Facts, clock: Clock<'_>, turn: Turn, mut found: impl FnMut(Turn)) {
    let mut first = turn.first;
    let (mut has_code, mut is_interrupted) = (false, false);
    let mut left: Option<usize> = None;
    let mut part = |from: &mut usize, end: usize| {
        if end > *from {
            found(Turn { first: *from, end, ..turn });
            *from = end;
        }
    };
    for i in turn.first..turn.end {
        let Shown::Code(stack) = clock.shown(i) else { continue };
        if facts.is_plumbing(stack) {
            is_interrupted |= has_code;
            if has_code && left.is_none() && facts.own(stack).is_none() {
                left = Some(i);
            }
            continue;
        }
        if is_interrupted {
            if let Some(end) = left {
                part(&mut first, end);
            }
            part(&mut first, i);
        }
        (has_code, is_interrupted, left) = (true, false, None);
    }
    if let Some(end) = left {
        part(&mut first, end);
    }
    part(&mut first, turn.end);
}

/// Where a turn was: the entry of one's own code and the function that it called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) entry: FunctionId,
    pub(super) branch: FunctionId,
}

/// Hands the places of a stretch in order to `found`, each with its first sample. A place of one
/// sample is not one: stacks are sometimes walked wrong.
pub(super) fn places(
    recording: &Recording,
    facts: &Facts,
    clock: Clock<'_>,
    turn: Turn,
    mut found: impl FnMut(usize, Place),
) {
    let mut open: Option<(Place, usize, bool)> = None;
    let mut last: Option<Place> = None;
    for i in turn.first..turn.end {
        let Shown::Code(stack) = clock.shown(i) else { continue };
        let branch = facts.branch(stack);
        if branch.is_none() {
            continue;
        }
        let place = Place { entry: function(recording, facts.entry(stack)), branch: function(recording, branch) };
        match &mut open {
            Some((same, first, is_told)) if *same == place => {
                if !*is_told && last != Some(place) {
                    found(*first, place);
                }
                *is_told = true;
                last = Some(place);
            }
            _ => open = Some((place, i, false)),
        }
    }
}

/// Splits a stretch where another function was entered, if at least two of the parts are as long
/// as `shortest_ns`: microtasks and timers that follow each other are one turn, but two long ones
/// have two reasons.
pub(super) fn by_entry(
    recording: &Recording,
    facts: &Facts,
    clock: Clock<'_>,
    turn: Turn,
    shortest_ns: i64,
    mut found: impl FnMut(Turn),
) {
    let mut starts: Vec<(usize, FunctionId)> = Vec::new();
    for i in turn.first..turn.end {
        let Shown::Code(stack) = clock.shown(i) else { continue };
        if facts.own(stack).is_none() {
            continue;
        }
        let entry = function(recording, facts.entry(stack));
        if starts.last().is_none_or(|s| s.1 != entry) {
            starts.push((if starts.is_empty() { turn.first } else { i }, entry));
        }
    }
    let end_of = |k: usize| starts.get(k + 1).map_or(turn.end, |s| s.0);
    let is_long = |k: &usize| clock.between(starts[*k].0, end_of(*k)) >= shortest_ns;
    let mut first = turn.first;
    for k in (0..starts.len()).filter(is_long).skip(1) {
        found(Turn { first, end: starts[k].0, ..turn });
        first = starts[k].0;
    }
    found(Turn { first, ..turn });
}

/// Number of callbacks in a stretch, as far as the two outermost frames tell them apart.
pub(super) fn groups(facts: &Facts, clock: Clock<'_>, turn: Turn) -> u64 {
    let mut last = StackId::NONE;
    let mut groups = 0;
    for i in turn.first..turn.end {
        let Shown::Code(stack) = clock.shown(i) else { continue };
        let second = facts.second(stack);
        groups += u64::from(second != last);
        last = second;
    }
    groups
}
