//! The search for stalls: passes over the samples, then a judgement of every long stretch.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::blame;
use super::busy::{Behaviour, Dispatchers, Reason, SHORT_PART};
use super::facts::Facts;
use super::turns::{Clock, Turn, by_entry, calls, groups, places, turns};
use super::weigh::{Callers, Entries, Entry, Load, Scales};
use super::{Culprit, Source, Stall, StallKind, Stalls, origin, words};
use crate::analysis::modules::Modules;
use crate::model::SortFew as _;
use crate::model::{FunctionId, Recording};

/// Boundaries are known to a sampling interval, so a stall has at least this many.
const INTERVALS_MIN: i64 = 3;
/// A stretch of fewer samples rests on a late sampler, not on what was seen.
const SAMPLES_MIN: usize = 3;

/// One profile and what is asked of it.
pub(super) struct Search<'a> {
    recording: &'a Recording,
    modules: &'a Modules,
    facts: &'a Facts,
    streams: &'a [bool],
    clock: Clock<'a>,
    threshold_ns: i64,
    interval_ns: i64,
    /// Shortest stretch that is told.
    shortest_ns: i64,
}

/// A long stretch before it is weighed.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    turn: Turn,
    /// Where the runtime entered one's own code for most of it.
    entry: Option<Entry>,
    /// Numbers of its first call and the one behind its last, among all calls of one's own code.
    calls: (u64, u64),
    busy: Option<Reason>,
    /// Begin and length where they were measured, nanoseconds.
    measured: Option<(i64, i64)>,
}

/// A stall without its culprit, and the functions that hold it with what every view shows of them.
struct Weighed {
    stall: Stall,
    path: Vec<Load>,
}

/// What a pass over the turns gives.
#[derive(Default)]
struct Found {
    stretches: Vec<Stretch>,
    histogram: Vec<u64>,
    longest_ns: i64,
    start_up: Vec<(i64, i64)>,
    calls: u64,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        recording: &'a Recording,
        modules: &'a Modules,
        facts: &'a Facts,
        streams: &'a [bool],
        clock: Clock<'a>,
        threshold_ns: i64,
    ) -> Self {
        let interval_ns = clock.interval_ns();
        Self {
            recording,
            modules,
            facts,
            streams,
            clock,
            threshold_ns,
            interval_ns,
            shortest_ns: threshold_ns.max(interval_ns.saturating_mul(INTERVALS_MIN)),
        }
    }

    pub(super) fn run(&self) -> Stalls {
        let mut dispatchers = Dispatchers::new(self.recording);
        self.each_turn(None, |_, calls| {
            calls.iter().for_each(|&call| dispatchers.add(self.facts, self.clock, call));
        });
        let mut behaviour = Behaviour::new(self.recording, self.threshold_ns, self.interval_ns);
        behaviour.add_pauses(self.facts, self.clock);
        let mut found = self.find(&dispatchers, &mut behaviour);
        let mut scales = Scales::new(self.recording, self.facts, self.clock);
        self.tell_busy(&mut found.stretches, &behaviour, &mut scales);
        let stretches = join_busy(&found.stretches);
        let medians = self.medians(&dispatchers, &stretches);
        Stalls {
            stalls: self.judge(&mut scales, &stretches, &medians),
            threshold_ns: self.threshold_ns,
            why_empty: None,
            turns: bounds(&found.histogram),
            longest_turn_ns: found.longest_ns,
            start_up: found.start_up,
            rule: words::rule(self.shortest_ns, self.interval_ns),
        }
    }

    /// Stalls whose begin and length were measured; their samples tell whom to blame.
    pub(super) fn measured(&self, turns: &[(Turn, i64, i64)]) -> Vec<Stall> {
        let mut scales = Scales::new(self.recording, self.facts, self.clock);
        let stretch = |&(turn, at, length): &(Turn, i64, i64)| Stretch {
            turn,
            entry: None,
            calls: (0, 1),
            busy: None,
            measured: Some((at, length)),
        };
        let stretches: Vec<Stretch> = turns.iter().map(stretch).collect();
        self.judge(&mut scales, &stretches, &BTreeMap::new())
    }

    /// Hands every turn with its calls to `visit`, start-up left out. When it is known which
    /// functions only hand callbacks on, long calls are cut further.
    fn each_turn(&self, dispatchers: Option<&Dispatchers>, mut visit: impl FnMut(Turn, &[Turn])) {
        let mut parts: Vec<Turn> = Vec::new();
        turns(self.facts, self.clock, |turn| {
            parts.clear();
            if turn.is_start_up {
                return visit(turn, &parts);
            }
            calls(self.facts, self.streams, self.clock, turn, |call| match dispatchers {
                Some(dispatchers) if self.is_long(call) => self.cut(dispatchers, call, &mut parts),
                _ => parts.push(call),
            });
            visit(turn, &parts);
        });
    }

    fn cut(&self, dispatchers: &Dispatchers, call: Turn, parts: &mut Vec<Turn>) {
        let mut by_branch: Vec<Turn> = Vec::new();
        let (mut first, mut piece) = (call.first, call.piece);
        let mut last: Option<FunctionId> = None;
        places(self.facts, self.clock, call, |at, place| {
            if last == Some(place.entry) && dispatchers.contain(place.entry) {
                by_branch.push(Turn { first, piece, end: at.first, ..call });
                (first, piece) = (at.first, at.at);
            }
            last = Some(place.entry);
        });
        by_branch.push(Turn { first, piece, ..call });
        for part in by_branch {
            if self.is_long(part) {
                by_entry(self.facts, self.clock, part, self.shortest_ns, |p| parts.push(p));
            } else {
                parts.push(part);
            }
        }
    }

    fn length(&self, turn: Turn) -> i64 {
        self.clock.between(turn.first, turn.end)
    }

    fn is_long(&self, turn: Turn) -> bool {
        self.length(turn) >= self.shortest_ns
    }

    fn find(&self, dispatchers: &Dispatchers, behaviour: &mut Behaviour) -> Found {
        let mut found = Found::default();
        let mut entries = Entries::new(self.recording);
        self.each_turn(Some(dispatchers), |turn, parts| {
            let before = (found.stretches.len(), found.calls);
            for &part in parts {
                let length = self.length(part);
                count(&mut found.histogram, length);
                found.longest_ns = found.longest_ns.max(length);
                let entry = entries.of(self.facts, self.clock, part);
                let calls = (found.calls, found.calls + u64::from(entry.is_some()));
                found.calls = calls.1;
                if let Some(entry) = entry {
                    behaviour.add_call(entry, length);
                }
                if length >= self.shortest_ns && part.end - part.first >= SAMPLES_MIN {
                    found.stretches.push(Stretch { turn: part, entry, calls, busy: None, measured: None });
                }
            }
            if !self.is_long(turn) {
                return;
            }
            if parts.is_empty() {
                found.start_up.push((self.clock.edge(turn.first), self.length(turn)));
            } else if found.stretches.len() == before.0 && found.calls > before.1 + 1 {
                // Not one long call, yet no pause: it must not get lost.
                let entry = entries.of(self.facts, self.clock, turn);
                let calls = (before.1, found.calls);
                found.stretches.push(Stretch { turn, entry, calls, busy: Some(Reason::Steps), measured: None });
            }
        });
        found
    }

    fn tell_busy(&self, stretches: &mut [Stretch], behaviour: &Behaviour, scales: &mut Scales<'_>) {
        for stretch in stretches.iter_mut().filter(|s| s.busy.is_none()) {
            let length = self.length(stretch.turn);
            stretch.busy = stretch.entry.and_then(|entry| behaviour.busy(self.recording, self.facts, entry, length));
            if stretch.busy.is_none() && self.is_mixed(scales, stretch.turn) {
                stretch.busy = Some(Reason::Mixed);
            }
        }
    }

    /// Whether nothing holds a stretch and it consists of callbacks that are short, or as short as
    /// the sampler can see.
    fn is_mixed(&self, scales: &mut Scales<'_>, turn: Turn) -> bool {
        let length = self.length(turn);
        let callbacks = i64::try_from(groups(self.facts, self.clock, turn)).unwrap_or(i64::MAX);
        let short = (self.threshold_ns / SHORT_PART).max(self.interval_ns.saturating_mul(2));
        if callbacks.saturating_mul(short) <= length {
            return false;
        }
        scales.weigh_nested(turn, None);
        !scales.is_held(blame::least(length))
    }

    /// Median length of the calls that begin where busy stretches begin, over the whole recording.
    fn medians(&self, dispatchers: &Dispatchers, stretches: &[Stretch]) -> BTreeMap<FunctionId, i64> {
        let of_busy = stretches.iter().filter(|s| s.busy.is_some());
        let mut lengths: Vec<Option<Vec<i64>>> = vec![None; self.recording.functions.len()];
        of_busy.filter_map(|s| s.entry).for_each(|e| lengths[e.function.index()] = Some(Vec::new()));
        if lengths.iter().all(Option::is_none) {
            return BTreeMap::new();
        }
        let mut entries = Entries::new(self.recording);
        self.each_turn(Some(dispatchers), |_, parts| {
            for &part in parts {
                let entry = entries.of(self.facts, self.clock, part);
                if let Some(list) = entry.and_then(|entry| lengths[entry.function.index()].as_mut()) {
                    list.push(self.length(part));
                }
            }
        });
        let lists = lengths.into_iter().enumerate().filter_map(|(i, list)| Some((FunctionId::from_index(i), list?)));
        lists.map(|(function, list)| (function, median(list))).collect()
    }

    fn judge(&self, scales: &mut Scales<'_>, stretches: &[Stretch], medians: &BTreeMap<FunctionId, i64>) -> Vec<Stall> {
        let mut callers = Callers::new(self.recording);
        let mut weighed: Vec<Weighed> = Vec::with_capacity(stretches.len());
        for stretch in stretches {
            weighed.push(self.weigh(scales, stretch, medians, &mut callers));
        }
        let serve_several = blame::serve_several(&callers, self.facts, self.recording);
        let mut stalls = Vec::with_capacity(stretches.len());
        for (stretch, Weighed { mut stall, path }) in stretches.iter().zip(weighed) {
            stall.path = path.iter().map(|l| l.function).collect();
            let blamed = blame::blamed(&stall.path, self.recording, &serve_several);
            stall.culprit = blamed.as_ref().map(|blamed| {
                let inside = blamed.is_helper_moved.then(|| stall.path[stall.path.len() - 1]);
                Culprit { inside, ..culprit(&path[blamed.at], stall.duration_ns) }
            });
            let is_gc = stall.gc_ns >= blame::least(stall.duration_ns);
            stall.why = words::why(self.recording, stretch.busy, &stall.path, blamed.as_ref(), is_gc);
            stalls.push(stall);
        }
        stalls.sort_few_by_key(|s| (Reverse(s.duration_ns), s.start_ns));
        stalls
    }

    /// A stretch with everything but its culprit, and the functions that hold it.
    fn weigh(
        &self,
        scales: &mut Scales<'_>,
        stretch: &Stretch,
        medians: &BTreeMap<FunctionId, i64>,
        callers: &mut Callers,
    ) -> Weighed {
        let turn = stretch.turn;
        let (start_ns, duration_ns) =
            stretch.measured.unwrap_or_else(|| (self.clock.edge(turn.first), self.length(turn)));
        let bounds = stretch.measured.map(|(at, length)| (at, at.saturating_add(length)));
        scales.weigh_nested(turn, bounds);
        scales.add_callers(callers);
        let path = blame::path(scales, self.modules, duration_ns);
        let origin = scales.entry().map(|entry| origin::origin(self.recording, self.facts, entry));
        scales.weigh_owned(turn, bounds);
        let (blame, blame_rest) = blame::shares(scales, duration_ns - self.threshold_ns);
        let largest = if path.is_empty() { blame::largest(scales, self.recording, self.modules) } else { Vec::new() };
        let stall = Stall {
            start_ns,
            duration_ns,
            kind: if stretch.busy.is_some() { self.busy_kind(stretch, medians) } else { StallKind::Stall },
            source: Source::Inferred,
            origin: origin.and_then(|o| o.0).map(Cow::Borrowed),
            chain: Vec::new(),
            handler: None,
            origin_function: origin.map(|o| o.1),
            culprit: None,
            path: Vec::new(),
            largest: largest.iter().map(|l| culprit(l, duration_ns)).collect(),
            blame,
            blame_rest,
            gc_ns: scales.gc_ns,
            program_ns: scales.program_ns,
            samples: (turn.end - turn.first) as u64,
            why: String::new(),
        };
        Weighed { stall, path: path.into_iter().map(|f| scales.load(f)).collect() }
    }

    /// How many calls, and how long they usually are. Calls with no visible pause between them look
    /// like one: there are at least as many as their usual length says.
    fn busy_kind(&self, stretch: &Stretch, medians: &BTreeMap<FunctionId, i64>) -> StallKind {
        let length = self.length(stretch.turn);
        let median = stretch.entry.and_then(|entry| medians.get(&entry.function)).copied().filter(|&m| m > 0);
        match (median, stretch.busy) {
            (Some(median_ns), Some(Reason::ShortCalls | Reason::UnseenPauses | Reason::Steps)) => {
                let by_length = u64::try_from(length / median_ns).unwrap_or(0);
                StallKind::LoopBusy { calls: by_length.max(stretch.calls.1 - stretch.calls.0), median_ns }
            }
            _ => {
                let calls = groups(self.facts, self.clock, stretch.turn).max(1);
                StallKind::LoopBusy { calls, median_ns: length / i64::try_from(calls).unwrap_or(i64::MAX) }
            }
        }
    }
}

fn culprit(load: &Load, length: i64) -> Culprit {
    // Samples do not end where what was measured does.
    let share = if length > 0 { (load.total_ns as f64 / length as f64).min(1.0) } else { 0.0 };
    Culprit { function: load.function, self_ns: load.own_ns, total_ns: load.total_ns, share, inside: None }
}

/// Busy stretches with no pause and no stall between them are one.
fn join_busy(stretches: &[Stretch]) -> Vec<Stretch> {
    let mut joined: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for &stretch in stretches {
        match joined.last_mut() {
            Some(last) if last.busy.is_some() && stretch.busy.is_some() && last.turn.run == stretch.turn.run => {
                last.turn.end = stretch.turn.end;
                last.calls.1 = stretch.calls.1;
                if stretch.busy > last.busy {
                    (last.busy, last.entry) = (stretch.busy, stretch.entry);
                }
            }
            _ => joined.push(stretch),
        }
    }
    joined
}

fn median(mut list: Vec<i64>) -> i64 {
    let middle = list.len() / 2;
    if list.is_empty() { 0 } else { *list.select_nth_unstable(middle).1 }
}

/// Counts a turn in the class of its length: below 1 ms, below 2, below 4 …
pub(super) fn count(histogram: &mut Vec<u64>, length_ns: i64) {
    let millis = length_ns.max(0) as u64 / 1_000_000;
    let class = (u64::BITS - millis.leading_zeros()) as usize;
    if histogram.len() <= class {
        histogram.resize(class + 1, 0);
    }
    histogram[class] += 1;
}

pub(super) fn bounds(histogram: &[u64]) -> Vec<(u32, u32, u64)> {
    let bound = |class: usize| 1u32.checked_shl(class as u32).unwrap_or(u32::MAX);
    let lower = |class: usize| if class == 0 { 0 } else { bound(class - 1) };
    histogram.iter().enumerate().map(|(class, &count)| (lower(class), bound(class), count)).collect()
}
