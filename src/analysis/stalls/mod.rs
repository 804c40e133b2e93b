//! Stalls of the event loop: stretches in which it could not start another callback, with the
//! function to blame. Inferred from the samples of one thread; knows no view.

mod busy;
mod facts;
mod origin;
mod turns;
mod weigh;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::modules::{Kind, Modules};
use crate::model::{FunctionId, Profile, Recording, StackId, Time};
use busy::Visits;
use facts::{Facts, function};
use turns::{Clock, Turn};
use weigh::{Load, Scales};

/// Whoever holds at least this many hundredths of a stall may be blamed for it.
const SHARE: i64 = 60;
/// Boundaries are known to a sampling interval, so a stall has at least this many.
const INTERVALS_MIN: i64 = 3;
/// Fewest visits that make a loop busy.
const VISITS_MIN: usize = 20;
/// Visits of a busy loop have a median under this part of the threshold.
const BUSY_PART: i64 = 4;

/// The stalls of one thread.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stalls {
    /// Longest first, then by start. Busy stretches are among them.
    pub stalls: Vec<Stall>,
    /// Shortest stretch that was asked for, nanoseconds.
    pub threshold_ns: i64,
    /// Why stalls cannot be told here and what to record instead.
    pub why_empty: Option<String>,
    /// Turns of the loop by length: (lower bound, upper bound, both in milliseconds, number). Bounds
    /// double. Start-up is not among them.
    pub turns: Vec<(u32, u32, u64)>,
    /// The longest turn, nanoseconds.
    pub longest_turn_ns: i64,
    /// Stretches of start-up at or above the threshold: (start, length), nanoseconds.
    pub start_up: Vec<(i64, i64)>,
    /// The rule and its precision in one sentence.
    pub rule: String,
}

/// A stretch in which the loop could not start another callback.
#[derive(Debug, Clone, PartialEq)]
pub struct Stall {
    /// Start, nanoseconds since the start of the recording.
    pub start_ns: i64,
    /// Length, nanoseconds.
    pub duration_ns: i64,
    /// One callback, or many.
    pub kind: StallKind,
    /// How it is known.
    pub source: Source,
    /// Where the callback came from, as far as the stack tells.
    pub origin: Option<&'static str>,
    /// The outermost function, which says so.
    pub origin_function: Option<FunctionId>,
    /// Who is to blame; `None` when nobody holds 60 % of it.
    pub culprit: Option<Culprit>,
    /// Functions of one's own and of dependencies that are on the stack for at least 60 % of it,
    /// outermost first. Ends in the culprit, or in the shared helper inside it.
    pub path: Vec<FunctionId>,
    /// Without a culprit, the largest functions by total: at most three.
    pub largest: Vec<Culprit>,
    /// Own shares of what exceeds the threshold, largest first. They add up to it exactly.
    pub blame: Vec<(FunctionId, i64)>,
    /// Garbage collection inside, nanoseconds.
    pub gc_ns: i64,
    /// Native or unknown inside, nanoseconds.
    pub program_ns: i64,
    /// Number of samples inside.
    pub samples: u64,
    /// Which rule named the culprit.
    pub why: String,
}

/// What kind of stretch it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StallKind {
    /// One callback held the loop.
    Stall,
    /// Many short calls without a pause between them.
    LoopBusy {
        /// Calls of the blamed function inside.
        calls: u64,
        /// Median length of its calls over the whole recording, nanoseconds.
        median_ns: i64,
    },
}

/// How a stall is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// From samples of stacks.
    Inferred,
}

/// A function and its part of a stall.
#[derive(Debug, Clone, PartialEq)]
pub struct Culprit {
    /// Who.
    pub function: FunctionId,
    /// Time in the stall with the function innermost, nanoseconds.
    pub self_ns: i64,
    /// Time in the stall with the function on the stack, nanoseconds.
    pub total_ns: i64,
    /// `total_ns` as a part of the stall, 0..1.
    pub share: f64,
    /// The shared helper in which it spent the time.
    pub inside: Option<FunctionId>,
}

/// Stalls with the same culprit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Who; `None` for stalls without a culprit.
    pub culprit: Option<FunctionId>,
    /// How many.
    pub count: u64,
    /// Their total length, nanoseconds.
    pub total_ns: i64,
    /// The longest, nanoseconds.
    pub worst_ns: i64,
}

/// Finds the stalls of at least `threshold_ns` in one thread.
///
/// Linear in samples, and in the frames of the stacks inside long turns.
pub fn find(recording: &Recording, profile: usize, modules: &Modules, threshold_ns: i64) -> Stalls {
    let profile = &recording.profiles[profile];
    match usable(profile) {
        Ok(time) => Search::new(recording, profile, time, modules, threshold_ns).run(),
        Err(why) => Stalls { threshold_ns, why_empty: Some(why), ..Stalls::default() },
    }
}

fn usable(profile: &Profile) -> Result<&Time, String> {
    let time = profile.time.as_ref().ok_or("no time")?;
    if !time.has_idle {
        return Err("no idle".into());
    }
    if profile.samples.is_empty() {
        return Err("no samples".into());
    }
    Ok(time)
}

/// A stall before anyone is blamed.
struct Piece {
    turn: Turn,
    stall: Stall,
    /// Loads of the functions in `stall.path`.
    path: Vec<Load>,
}

struct Search<'a> {
    recording: &'a Recording,
    modules: &'a Modules,
    facts: Facts,
    clock: Clock<'a>,
    threshold_ns: i64,
    shortest_ns: i64,
}

/// What is counted on the way.
#[derive(Default)]
struct Counts {
    histogram: Vec<u64>,
    longest_ns: i64,
    start_up: Vec<(i64, i64)>,
    long: Vec<Turn>,
}

impl<'a> Search<'a> {
    fn new(recording: &'a Recording, profile: &'a Profile, time: &'a Time, modules: &'a Modules, threshold_ns: i64) -> Self {
        Self {
            recording,
            modules,
            facts: Facts::of(recording),
            clock: Clock::of(profile, time),
            threshold_ns,
            shortest_ns: threshold_ns.max(time.interval_ns.saturating_mul(INTERVALS_MIN)),
        }
    }

    fn run(&self) -> Stalls {
        let mut scales = Scales::new(self.recording, &self.facts, self.clock);
        let counts = self.turns(&mut scales);
        let mut pieces: Vec<Piece> = counts.long.iter().map(|&turn| self.piece(&mut scales, turn)).collect();
        self.move_blame_from_helpers(&mut pieces);
        self.tell_busy_loops(&mut pieces);
        let mut stalls: Vec<Stall> = pieces.into_iter().map(|p| p.stall).collect();
        stalls.sort_by_key(|s| (Reverse(s.duration_ns), s.start_ns));
        Stalls {
            stalls,
            threshold_ns: self.threshold_ns,
            why_empty: None,
            turns: bounds(&counts.histogram),
            longest_turn_ns: counts.longest_ns,
            start_up: counts.start_up,
            rule: String::new(),
        }
    }

    fn turns(&self, scales: &mut Scales<'_>) -> Counts {
        let mut counts = Counts::default();
        turns::turns(self.recording, &self.facts, self.clock, |turn| {
            let length = self.clock.between(turn.first, turn.end);
            let is_long = length >= self.shortest_ns;
            if !turn.outer.is_none() && origin::is_start_up(self.recording, function(self.recording, turn.outer)) {
                if is_long {
                    counts.start_up.push((self.clock.edge(turn.first), length));
                }
            } else if is_long {
                self.split(scales, turn, |part| self.count(&mut counts, part));
            } else {
                self.count(&mut counts, turn);
            }
        });
        counts
    }

    fn count(&self, counts: &mut Counts, turn: Turn) {
        let length = self.clock.between(turn.first, turn.end);
        count(&mut counts.histogram, length);
        counts.longest_ns = counts.longest_ns.max(length);
        if length >= self.shortest_ns {
            counts.long.push(turn);
        }
    }

    fn split(&self, scales: &mut Scales<'_>, turn: Turn, mut found: impl FnMut(Turn)) {
        scales.weigh(turn.first, turn.end);
        let length = self.clock.between(turn.first, turn.end);
        let Some(dominant) = self.holders(scales, length).pop() else { return found(turn) };
        scales.find(dominant.function);
        let parent = |stack: StackId| self.recording.stacks.parent(stack);
        turns::split(&self.facts, self.clock, turn, parent, |stack| scales.occurrence(stack), found);
    }

    /// One's own functions and those of dependencies on the stack for at least 60 % of the stretch
    /// last weighed, outermost first.
    fn holders(&self, scales: &Scales<'_>, length: i64) -> Vec<Load> {
        let is_users = |f: FunctionId| matches!(self.modules.kind(f), Kind::Own | Kind::Dependency);
        let is_enough = |l: &Load| l.total_ns.saturating_mul(100) >= length.saturating_mul(SHARE);
        let mut holders: Vec<Load> = scales.loads().filter(|l| is_enough(l) && is_users(l.function)).collect();
        holders.sort_unstable_by_key(|l| (l.depth, Reverse(l.total_ns), l.function));
        holders
    }

    fn piece(&self, scales: &mut Scales<'_>, turn: Turn) -> Piece {
        let duration_ns = self.clock.between(turn.first, turn.end);
        scales.weigh(turn.first, turn.end);
        let path = self.holders(scales, duration_ns);
        let outer = (!turn.outer.is_none()).then(|| function(self.recording, turn.outer));
        let culprit = path.last().map(|l| culprit(l, duration_ns));
        let largest = if culprit.is_none() { self.largest(scales, duration_ns) } else { Vec::new() };
        let stall = Stall {
            start_ns: self.clock.edge(turn.first),
            duration_ns,
            kind: StallKind::Stall,
            source: Source::Inferred,
            origin: outer.and_then(|o| origin::origin(self.recording, o)),
            origin_function: outer,
            path: path.iter().map(|l| l.function).collect(),
            culprit,
            largest,
            blame: blame(scales, duration_ns - self.threshold_ns),
            gc_ns: scales.gc_ns,
            program_ns: scales.program_ns,
            samples: (turn.end - turn.first) as u64,
            why: String::new(),
        };
        Piece { turn, stall, path }
    }

    fn largest(&self, scales: &Scales<'_>, length: i64) -> Vec<Culprit> {
        let is_users = |f: FunctionId| matches!(self.modules.kind(f), Kind::Own | Kind::Dependency);
        let mut all: Vec<Load> = scales.loads().filter(|l| l.total_ns > 0 && is_users(l.function)).collect();
        all.sort_unstable_by_key(|l| (Reverse(l.total_ns), Reverse(l.depth), l.function));
        all.iter().take(3).map(|l| culprit(l, length)).collect()
    }

    /// A function that would be blamed under several callers only serves them: the caller is named.
    fn move_blame_from_helpers(&self, pieces: &mut [Piece]) {
        let mut callers: BTreeMap<FunctionId, (Option<FunctionId>, bool)> = BTreeMap::new();
        for piece in pieces.iter() {
            let Some(last) = piece.path.last() else { continue };
            let caller = piece.path.iter().rev().nth(1).map(|l| l.function);
            let entry = callers.entry(last.function).or_insert((caller, false));
            entry.1 |= entry.0 != caller;
        }
        for piece in pieces {
            let [.., caller, helper] = &piece.path[..] else { continue };
            if callers.get(&helper.function).is_some_and(|c| c.1) {
                let moved = culprit(caller, piece.stall.duration_ns);
                piece.stall.culprit = Some(Culprit { inside: Some(helper.function), ..moved });
            }
        }
    }

    fn tell_busy_loops(&self, pieces: &mut [Piece]) {
        let blamed: Vec<FunctionId> = pieces.iter().filter_map(|p| p.stall.culprit.as_ref()).map(|c| c.function).collect();
        let visits = Visits::of(self.recording, &self.facts, self.clock, &blamed);
        let mut medians: BTreeMap<FunctionId, (usize, i64)> = BTreeMap::new();
        for piece in pieces {
            let Some(culprit) = &piece.stall.culprit else { continue };
            let (count, median_ns) = *medians.entry(culprit.function).or_insert_with(|| visits.median(culprit.function));
            if count >= VISITS_MIN && median_ns.saturating_mul(BUSY_PART) < self.threshold_ns {
                let (from, to) = (self.clock.edge(piece.turn.first), self.clock.edge(piece.turn.end));
                piece.stall.kind = StallKind::LoopBusy { calls: visits.within(culprit.function, from, to), median_ns };
            }
        }
    }
}

fn culprit(load: &Load, length: i64) -> Culprit {
    let share = if length > 0 { load.total_ns as f64 / length as f64 } else { 0.0 };
    Culprit { function: load.function, self_ns: load.own_ns, total_ns: load.total_ns, share, inside: None }
}

/// Own shares of `over`, by the largest remainder, so that they add up to it exactly.
fn blame(scales: &Scales<'_>, over: i64) -> Vec<(FunctionId, i64)> {
    let loads: Vec<Load> = scales.loads().filter(|l| l.own_ns > 0).collect();
    let whole: i128 = loads.iter().map(|l| i128::from(l.own_ns)).sum();
    if whole == 0 || over <= 0 {
        return Vec::new();
    }
    let mut parts: Vec<(FunctionId, i64, i128)> = loads
        .iter()
        .map(|l| {
            let part = i128::from(l.own_ns) * i128::from(over);
            (l.function, (part / whole) as i64, part % whole)
        })
        .collect();
    let given: i64 = parts.iter().map(|p| p.1).sum();
    parts.sort_unstable_by_key(|p| (Reverse(p.2), p.0));
    let missing = usize::try_from(over - given).unwrap_or(0);
    parts.iter_mut().take(missing).for_each(|p| p.1 += 1);
    parts.retain(|p| p.1 > 0);
    parts.sort_unstable_by_key(|p| (Reverse(p.1), p.0));
    parts.into_iter().map(|p| (p.0, p.1)).collect()
}

/// Counts a turn in the class of its length: below 1 ms, below 2, below 4 …
fn count(histogram: &mut Vec<u64>, length_ns: i64) {
    let millis = length_ns.max(0) as u64 / 1_000_000;
    let class = (u64::BITS - millis.leading_zeros()) as usize;
    if histogram.len() <= class {
        histogram.resize(class + 1, 0);
    }
    histogram[class] += 1;
}

fn bounds(histogram: &[u64]) -> Vec<(u32, u32, u64)> {
    let bound = |class: usize| 1u32.checked_shl(class as u32).unwrap_or(u32::MAX);
    let lower = |class: usize| if class == 0 { 0 } else { bound(class - 1) };
    histogram.iter().enumerate().map(|(class, &count)| (lower(class), bound(class), count)).collect()
}

/// Stalls proper (not busy stretches) by culprit, the largest total first.
pub fn grouped(stalls: &Stalls) -> Vec<Group> {
    let mut groups: BTreeMap<Option<FunctionId>, Group> = BTreeMap::new();
    for stall in stalls.stalls.iter().filter(|s| s.kind == StallKind::Stall) {
        let culprit = stall.culprit.as_ref().map(|c| c.function);
        let group = groups.entry(culprit).or_insert(Group { culprit, count: 0, total_ns: 0, worst_ns: 0 });
        group.count += 1;
        group.total_ns = group.total_ns.saturating_add(stall.duration_ns);
        group.worst_ns = group.worst_ns.max(stall.duration_ns);
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|g| (Reverse(g.total_ns), g.culprit));
    groups
}
