//! When a stretch without a visible pause is no stall: many short calls whose pauses the sampler missed.

use super::facts::Facts;
use super::origin;
use super::turns::{Clock, Place, Shown, Turn, places};
use super::weigh::Entry;
use crate::model::{FunctionId, Recording};

/// Fewest calls, and fewest pauses between calls, that allow to judge how a callback behaves.
const CALLS_MIN: u64 = 20;
/// Where less than this part of a callback's time is in long calls, and the others take less than
/// half the threshold on the average, long ones are suspect: 2 / 3.
const LONG_PART: (i64, i64) = (2, 3);
/// Pauses are shorter than the sampling interval when fewer than one in this many has two samples.
const PAUSES_PER_LONG_ONE: u64 = 8;
/// What the runtime does between two callbacks takes about this long: writing a response and
/// reading the next request.
const PAUSE_NS: f64 = 500_000.0;
/// The same for callbacks that wait for nothing outside: timers, immediates, promises.
const SHORT_PAUSE_NS: f64 = 50_000.0;
/// Calls are short when they take less than one part in this many of the threshold.
pub(super) const SHORT_PART: i64 = 4;
/// A stretch is no accident of missed pauses when fewer than this many of its length are expected.
const EXPECTED_MIN: f64 = 0.01;
/// Fewest turns that show whether a function only hands callbacks on.
const TURNS_MIN: u32 = 8;
/// Entries of one call that are looked at; more tell nothing new.
const ENTRIES_MAX: usize = 16;

/// Why a stretch is called busy, the weakest reason first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// Nothing holds the stretch together.
    Mixed,
    /// One's own code was left and entered again, and no part is long.
    Steps,
    /// The pauses between calls are too short for the sampler, and the calls short as well.
    UnseenPauses,
    /// Most calls of the callback are short, and some follow each other without a visible pause.
    ShortCalls,
}

/// Functions that hand callbacks on, as a router does.
#[derive(Debug)]
pub(super) struct Dispatchers {
    /// By function, the calls in which it called one function of one's own, and several.
    calls: Vec<(u32, u32)>,
    /// Places of the call that is being added, and whether their entry called several functions.
    seen: Vec<(Place, bool)>,
}

impl Dispatchers {
    pub(super) fn new(recording: &Recording) -> Self {
        Self { calls: vec![(0, 0); recording.functions.len()], seen: Vec::new() }
    }

    /// Adds what one call of one's own code showed of the functions that it began in.
    pub(super) fn add(&mut self, facts: &Facts, clock: Clock<'_>, call: Turn) {
        let seen = &mut self.seen;
        places(facts, clock, call, |_, place| match seen.iter().position(|s| s.0.entry == place.entry) {
            Some(i) => seen[i].1 |= seen[i].0.branch != place.branch,
            None if seen.len() < ENTRIES_MAX => seen.push((place, false)),
            None => {}
        });
        for (place, is_mixed) in self.seen.drain(..) {
            let (single, mixed) = &mut self.calls[place.entry.index()];
            let slot = if is_mixed { mixed } else { single };
            *slot = slot.saturating_add(1);
        }
    }

    /// Whether in two calls of three the function called one other function of one's own and no
    /// more. Where it calls another one after all, a new callback has begun.
    pub(super) fn contain(&self, function: FunctionId) -> bool {
        let (single, mixed) = self.calls[function.index()];
        let calls = single.saturating_add(mixed);
        calls >= TURNS_MIN && u64::from(single) * 3 >= u64::from(calls) * 2
    }
}

/// How the callbacks that begin in one function behave.
#[derive(Debug, Default, Clone, Copy)]
struct Row {
    calls: u64,
    total_ns: i64,
    /// Calls of at least the threshold.
    long_calls: u64,
    long_ns: i64,
    /// Pauses seen behind its calls: of one sample, and of more.
    short_pauses: u64,
    long_pauses: u64,
}

/// How the callbacks of a recording behave, by the function of one's own in which they begin.
#[derive(Debug)]
pub(super) struct Behaviour {
    rows: Vec<Row>,
    threshold_ns: i64,
    interval_ns: i64,
}

impl Behaviour {
    pub(super) fn new(recording: &Recording, threshold_ns: i64, interval_ns: i64) -> Self {
        Self { rows: vec![Row::default(); recording.functions.len()], threshold_ns, interval_ns }
    }

    /// Adds a call.
    pub(super) fn add_call(&mut self, entry: Entry, length_ns: i64) {
        let row = &mut self.rows[entry.function.index()];
        row.calls += 1;
        row.total_ns = row.total_ns.saturating_add(length_ns);
        if length_ns >= self.threshold_ns {
            row.long_calls += 1;
            row.long_ns = row.long_ns.saturating_add(length_ns);
        }
    }

    /// Counts the pauses between calls by their samples. One pass.
    pub(super) fn add_pauses(&mut self, facts: &Facts, clock: Clock<'_>) {
        let mut before: Option<FunctionId> = None;
        let mut samples = 0;
        clock.each_piece(|piece| match piece.shown {
            Shown::Idle => (before, samples) = (None, 0),
            Shown::Through => {}
            Shown::Between => samples += piece.len(),
            Shown::Code(stack) if facts.is_plumbing(stack) => samples += piece.len(),
            Shown::Code(stack) => {
                if let Some(row) = before.map(|f| &mut self.rows[f.index()]) {
                    row.short_pauses += u64::from(samples == 1);
                    row.long_pauses += u64::from(samples > 1);
                }
                (before, samples) = (Some(facts.entry_function(stack)), 0);
            }
        });
    }

    /// Why a stretch of this length of calls that begin in `entry` is busy rather than a stall.
    ///
    /// Missed pauses join calls at random, so joined ones become rarer exponentially with length:
    /// of n calls of mean length m, n · exp(−L / m) are expected at length L or above. Where that is
    /// next to nothing the stretch is a stall even in a busy callback.
    pub(super) fn busy(&self, recording: &Recording, facts: &Facts, entry: Entry, length_ns: i64) -> Option<Reason> {
        let row = &self.rows[entry.function.index()];
        if row.calls < CALLS_MIN || row.total_ns <= 0 {
            return None;
        }
        let mean_ns = row.total_ns as f64 / row.calls as f64;
        if row.calls as f64 * (-(length_ns as f64) / mean_ns).exp() < EXPECTED_MIN {
            return None;
        }
        if self.has_short_calls(row) {
            return Some(Reason::ShortCalls);
        }
        let waits = origin::waits_outside(recording, facts, entry.stack);
        let pause_ns = if waits { PAUSE_NS } else { SHORT_PAUSE_NS };
        self.has_unseen_pauses(row, mean_ns, pause_ns).then_some(Reason::UnseenPauses)
    }

    /// Two calls of half the threshold with no pause between them are a stall for whoever waits: only
    /// shorter ones make a busy loop.
    fn has_short_calls(&self, row: &Row) -> bool {
        let short_calls = i64::try_from(row.calls - row.long_calls).unwrap_or(i64::MAX).max(1);
        let mean_ns = (row.total_ns - row.long_ns) / short_calls;
        mean_ns.saturating_mul(2) < self.threshold_ns
            && row.long_ns.saturating_mul(LONG_PART.1) < row.total_ns.saturating_mul(LONG_PART.0)
    }

    /// A pause much shorter than the sampling interval is seen only now and then; the calls are then
    /// shorter than they look by that factor.
    fn has_unseen_pauses(&self, row: &Row, mean_ns: f64, pause_ns: f64) -> bool {
        let pauses = row.short_pauses + row.long_pauses;
        let seen = (pause_ns / self.interval_ns.max(1) as f64).min(1.0);
        pauses >= CALLS_MIN
            && row.long_pauses * PAUSES_PER_LONG_ONE < pauses
            && mean_ns * seen < (self.threshold_ns / SHORT_PART) as f64
    }
}
