//! Cuts a thread's samples into turns of the loop: stretches in which it cannot start a callback.

use super::facts::{Class, Facts};
use crate::model::{Column, Profile, Recording, StackId, StringId, Time};

/// A failed stack walk shows as one sample without a stack between two equal ones this close.
const FAILED_WALK_NS: i64 = 4_000_000;

/// Runs promise reactions and `process.nextTick` callbacks after a callback, before the loop turns.
const MICROTASKS: &str = "processTicksAndRejections";

/// Samples `first..end` of a profile, with no pause of the loop between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) first: usize,
    pub(super) end: usize,
    /// Outermost frame of the callback; none when no function was seen.
    pub(super) outer: StackId,
}

/// The samples of a profile on the clock: sample i lasts from the middle between it and the one
/// before to the middle between it and the next.
#[derive(Clone, Copy)]
pub(super) struct Clock<'a> {
    stack: &'a Column<StackId>,
    time: &'a Time,
}

impl<'a> Clock<'a> {
    pub(super) fn of(profile: &'a Profile, time: &'a Time) -> Self {
        Self { stack: &profile.samples.stack, time }
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

    #[inline]
    fn at(self, i: usize) -> i64 {
        self.time.at_ns.get(i)
    }

    /// The boundary before sample `i`.
    #[inline]
    pub(super) fn edge(self, i: usize) -> i64 {
        match i {
            0 => self.at(0),
            i if i >= self.len() => self.at(self.len() - 1).saturating_add(self.time.last_ns.max(0)),
            i => self.at(i - 1) + (self.at(i) - self.at(i - 1)) / 2,
        }
    }

    /// Length of samples `first..end`.
    #[inline]
    pub(super) fn between(self, first: usize, end: usize) -> i64 {
        self.edge(end).saturating_sub(self.edge(first))
    }
}

/// Finds the turns of a profile in order and hands each to `found`. One pass.
pub(super) fn turns(recording: &Recording, facts: &Facts, clock: Clock<'_>, mut found: impl FnMut(Turn)) {
    let microtasks = recording.strings.find(MICROTASKS);
    let mut cutter = Cutter { recording, facts, clock, microtasks, open: None, programs: 0, in_ticks: false, last: None };
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
    facts: &'a Facts,
    clock: Clock<'a>,
    microtasks: Option<StringId>,
    open: Option<Turn>,
    /// Samples without a function since the last one with a function.
    programs: usize,
    /// Whether microtasks have run in this turn.
    in_ticks: bool,
    /// The last sample with a function.
    last: Option<usize>,
}

impl Cutter<'_> {
    /// Takes sample `i`; the turn that it ends, if any.
    fn step(&mut self, i: usize) -> Option<Turn> {
        let stack = self.clock.stack(i);
        match self.facts.class(stack) {
            Class::Idle => {
                self.last = None;
                self.close(i)
            }
            Class::Gc => {
                self.open_at(i);
                None
            }
            Class::Program => {
                self.programs += 1;
                self.open_at(i);
                None
            }
            Class::Code => self.step_code(i, stack),
        }
    }

    fn step_code(&mut self, i: usize, stack: StackId) -> Option<Turn> {
        let outer = self.facts.outer(stack);
        let is_ticks = self.is_microtasks(outer);
        let ended = self.end_before(i, outer, is_ticks).and_then(|end| self.close(end));
        self.programs = 0;
        self.open_at(i);
        self.in_ticks |= is_ticks;
        if let Some(turn) = &mut self.open
            && (!is_ticks || turn.outer.is_none())
        {
            turn.outer = outer;
        }
        self.last = Some(i);
        ended
    }

    /// Where the open turn ends if a callback with this outermost frame does not belong to it.
    fn end_before(&self, i: usize, outer: StackId, is_ticks: bool) -> Option<usize> {
        let turn = self.open.filter(|t| !t.outer.is_none())?;
        if !is_ticks && outer != turn.outer {
            return Some(i);
        }
        if self.programs > 0 {
            return (!self.is_failed_walk(i)).then_some(i - self.programs);
        }
        (self.in_ticks && !is_ticks).then_some(i)
    }

    fn is_failed_walk(&self, i: usize) -> bool {
        let Some(last) = self.last else { return false };
        self.programs == 1
            && self.clock.stack(last) == self.clock.stack(i)
            && self.clock.at(i) - self.clock.at(last) < FAILED_WALK_NS
    }

    fn is_microtasks(&self, outer: StackId) -> bool {
        let function = self.recording.function(super::facts::function(self.recording, outer));
        Some(function.name) == self.microtasks
    }

    fn open_at(&mut self, i: usize) {
        self.open.get_or_insert(Turn { first: i, end: i, outer: StackId::NONE });
    }

    fn close(&mut self, end: usize) -> Option<Turn> {
        self.programs = 0;
        self.in_ticks = false;
        self.open.take().map(|turn| Turn { end, ..turn })
    }
}

/// Splits a long turn where `dominant` comes back after the stack had unwound by at least two
/// frames above it: two callbacks that follow each other at once leave no other trace.
pub(super) fn split(
    facts: &Facts,
    clock: Clock<'_>,
    turn: Turn,
    parent_of: impl Fn(StackId) -> StackId,
    dominant_at: impl Fn(StackId) -> StackId,
    mut found: impl FnMut(Turn),
) {
    let mut piece = turn.first;
    let mut seen = StackId::NONE;
    let mut is_unwound = false;
    for i in turn.first..turn.end {
        let stack = clock.stack(i);
        let class = facts.class(stack);
        if class == Class::Gc {
            continue;
        }
        let at = dominant_at(stack);
        if !at.is_none() {
            if is_unwound {
                found(Turn { first: piece, end: i, outer: turn.outer });
                piece = i;
            }
            seen = at;
            is_unwound = false;
        } else if !seen.is_none() {
            let caller = parent_of(seen);
            let is_bridged = class == Class::Program && i > 0 && i + 1 < clock.len() && clock.stack(i - 1) == clock.stack(i + 1);
            is_unwound |= !caller.is_none() && !facts.is_within(stack, caller) && !is_bridged;
        }
    }
    found(Turn { first: piece, ..turn });
}
