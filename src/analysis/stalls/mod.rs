//! Stalls of the event loop: stretches in which it could not start another callback, with the
//! function to blame. Inferred from the samples of one thread; knows no view.
//!
//! Samples become turns of the loop, long turns become calls of one's own code ([`turns`]); what is
//! long enough is a stall, unless the callback's behaviour says that it is many short calls
//! ([`busy`]); then somebody is blamed ([`blame`]). `docs/stalls.md` tells the rule and its scores.

mod blame;
mod busy;
pub mod delays;
mod facts;
mod measured;
mod origin;
mod search;
mod turns;
mod weigh;
mod words;

pub(super) use measured::TASKS;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::modules::Modules;
use crate::model::SortFew as _;
use crate::model::vocab::TimeRange;
use crate::model::{FunctionId, Profile, Recording, Time, Track};

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
    /// Where the callback came from, as far as the stack or the trace tells.
    pub origin: Option<Cow<'static, str>>,
    /// What asked for the callback, in sentences, the nearest cause first.
    pub chain: Vec<String>,
    /// The function that was called for most of it, as the trace tells.
    pub handler: Option<Handler>,
    /// The function of the runtime that says so, or the outermost.
    pub origin_function: Option<FunctionId>,
    /// Who is to blame; `None` when nobody holds 60 % of it.
    pub culprit: Option<Culprit>,
    /// Functions of one's own and of dependencies that are on the stack for at least 60 % of it,
    /// outermost first. Ends in the culprit, or in what was passed over to blame it: a shared
    /// helper, a function without a name.
    pub path: Vec<FunctionId>,
    /// Without a culprit, the largest functions by total: at most three.
    pub largest: Vec<Culprit>,
    /// The largest own shares of what exceeds the threshold, largest first. With `blame_rest` they
    /// add up to it exactly.
    pub blame: Vec<(FunctionId, i64)>,
    /// Number and sum of the other shares.
    pub blame_rest: (u32, i64),
    /// Garbage collection inside, nanoseconds.
    pub gc_ns: i64,
    /// Native or unknown inside, nanoseconds.
    pub program_ns: i64,
    /// Number of samples inside.
    pub samples: u64,
    /// Which rule named the culprit.
    pub why: String,
}

impl Stall {
    /// Where it lies.
    pub fn range(&self) -> TimeRange {
        TimeRange { from_ns: self.start_ns, to_ns: self.start_ns.saturating_add(self.duration_ns) }
    }
}

/// What kind of stretch it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StallKind {
    /// One callback held the loop.
    Stall,
    /// Many short calls without a pause between them.
    LoopBusy {
        /// Calls inside, at least: those without a visible pause between them look like one.
        calls: u64,
        /// Median length of the calls of this callback over the whole recording, nanoseconds; for a
        /// mixture of callbacks their mean length here.
        median_ns: i64,
    },
}

/// How a stall is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// From samples of stacks.
    Inferred,
    /// By spans of the thread.
    Measured,
}

impl Source {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inferred => "inferred",
            Self::Measured => "measured",
        }
    }
}

/// A function as a trace names it, sampled or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handler {
    /// Its name, or the script's address.
    pub name: String,
    /// Its file, or empty.
    pub file: String,
    /// Line of its definition, 1-based; 0 when unknown.
    pub line: u32,
}

/// A function and its part of a stall.
#[derive(Debug, Clone, PartialEq)]
pub struct Culprit {
    /// Who.
    pub function: FunctionId,
    /// Time in the stall with the function innermost, nanoseconds: what every view shows for the
    /// stall's time range.
    pub self_ns: i64,
    /// Time in the stall with the function on the stack, nanoseconds.
    pub total_ns: i64,
    /// `total_ns` as a part of the stall, 0..1. Below 0.6 where garbage collection interrupted it:
    /// that counts for the blame, but is not its time.
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

/// Finds the stalls of at least `threshold_ns` in one thread: measured ones where a trace tells them,
/// with what samples alone would tell beside them; else inferred ones.
///
/// Linear in samples and spans, and in the frames of the stacks inside long turns.
pub fn find(recording: &Recording, profile: usize, modules: &Modules, threshold_ns: i64) -> Stalls {
    let mut all = find_all(recording, profile, modules, threshold_ns);
    let mut first = all.remove(0);
    if let Some((_, inferred)) = all.into_iter().next() {
        first.1.rule.push_str(&words::beside(&first.1, &inferred));
    }
    first.1
}

/// The stalls by each source that there is, the most trusted first. Never empty: where nothing can be
/// told, one says why.
pub fn find_all(recording: &Recording, profile: usize, modules: &Modules, threshold_ns: i64) -> Vec<(Source, Stalls)> {
    let row = &recording.profiles[profile];
    let threshold_ns = threshold_ns.max(0);
    let time = match usable(recording, row) {
        Ok(time) => time,
        Err(why) => {
            let none = Stalls { threshold_ns, why_empty: Some(why.to_owned()), ..Stalls::default() };
            return vec![(Source::Inferred, none)];
        }
    };
    let is_made = is_made_of_spans(recording, row);
    let facts = facts::Facts::of(recording, modules);
    let shows = turns::Shows::of(row, time, &facts);
    let clock = turns::Clock::of(row, time, &shows, is_made);
    let streams = turns::streams(recording, &facts, clock);
    let search = search::Search::new(recording, modules, &facts, &streams, clock, threshold_ns);
    let mut all = Vec::new();
    if crate::IS_FULL
        && let Some(measured) = measured::Measured::of(recording, row)
    {
        all.push((Source::Measured, measured.find(&search, clock, threshold_ns)));
    }
    if !is_made {
        all.push((Source::Inferred, search.run()));
    }
    all
}

/// Whether a profile was made of the spans of its thread: then its moments are exact, and nobody
/// sampled it.
pub fn is_made_of_spans(recording: &Recording, profile: &Profile) -> bool {
    let is_unsampled = profile.time.as_ref().is_some_and(|time| time.interval_ns == 0 && time.has_idle);
    crate::IS_FULL
        && is_unsampled
        && recording.spans.tracks.iter().any(|track| (track.pid, track.tid) == (profile.pid, profile.tid))
}

/// Whether a profile is of the thread that people wait for, as a trace tells.
pub fn is_main(recording: &Recording, profile: &Profile) -> bool {
    let is_it = |track: &Track| track.is_main && (track.pid, track.tid) == (profile.pid, profile.tid);
    recording.spans.tracks.iter().any(is_it)
}

/// Rows of its spans, if a profile is of the thread that people wait for and there are any.
pub fn rows_of_main(recording: &Recording, profile: &Profile) -> Option<(usize, usize)> {
    measured::rows_of_main(recording, profile)
}

/// Why stalls cannot be told in this thread and what to record instead; `None` where they can.
pub fn why_none(recording: &Recording, profile: usize) -> Option<&'static str> {
    usable(recording, recording.profiles.get(profile)?).err()
}

fn usable<'a>(recording: &Recording, profile: &'a Profile) -> Result<&'a Time, &'static str> {
    let time = profile.time.as_ref().ok_or(
        "This recording has no order in time: its samples were added up, so nobody can say what happened when. \
         For stalls record a CPU profile: node --cpu-prof app.js",
    )?;
    if !time.has_idle {
        return Err("This recording does not tell when the thread was idle, so a busy loop cannot be told from a \
                    waiting one. For stalls record a CPU profile: node --cpu-prof app.js");
    }
    if profile.samples.is_empty() || time.at_ns.is_empty() {
        return Err("This thread has no samples.");
    }
    if is_made_of_spans(recording, profile) && measured::rows_of_main(recording, profile).is_none() {
        return Err(
            "This is no thread of an event loop as far as the recording tells: its long spans hold up nobody else.",
        );
    }
    Ok(time)
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
    groups.sort_few_by_key(|g| (Reverse(g.total_ns), g.culprit));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::picture;

    const MS: i64 = 1_000_000;
    const TIMER: &str = "processTimers@node:internal/timers listOnTimeout@node:internal/timers";
    const HTTP: &str = "parserOnHeadersComplete@node:_http_common emit@node:events handler@/a.js";
    const END: &str = "end@node:_http_outgoing";

    /// `(stack, n)`: n samples of one millisecond each.
    fn recording(parts: &[(&str, usize)]) -> Recording {
        let idle = [("(idle)", 1)];
        let parts = idle.iter().chain(parts).chain(&idle);
        let lines: String = parts.map(|(stack, n)| format!("{stack} {MS}\n").repeat(*n)).collect();
        picture::timed(&lines)
    }

    fn stalls(recording: &Recording) -> Stalls {
        find(recording, 0, &Modules::of(recording), 50 * MS)
    }

    /// Culprit and length in milliseconds, in the order of time.
    fn told(recording: &Recording) -> Vec<(String, i64)> {
        let mut all = stalls(recording).stalls;
        all.retain(|s| s.kind == StallKind::Stall);
        all.sort_by_key(|s| s.start_ns);
        let name = |s: &Stall| s.culprit.as_ref().map_or("-", |c| recording.name(c.function)).to_owned();
        all.iter().map(|s| (name(s), s.duration_ns / MS)).collect()
    }

    fn expect(parts: &[(&str, usize)], want: &[(&str, i64)]) {
        let want: Vec<(String, i64)> = want.iter().map(|(f, ms)| ((*f).to_owned(), *ms)).collect();
        assert_eq!(told(&recording(parts)), want);
    }

    #[test]
    fn one_stall_with_all_that_is_told_of_it() {
        let work = format!("{TIMER} onTimer@/a.js work@/a.js");
        let recording = recording(&[(&work, 80)]);
        let found = stalls(&recording);
        let [stall] = &found.stalls[..] else { panic!("there is one stall") };
        let names: Vec<&str> = stall.path.iter().map(|&f| recording.name(f)).collect();
        assert_eq!((stall.start_ns, stall.duration_ns), (MS / 2, 80 * MS));
        assert_eq!((stall.origin.as_deref(), names), (Some("timer"), vec!["onTimer", "work"]));
        assert_eq!(stall.blame.iter().map(|b| b.1).sum::<i64>(), 30 * MS);
        let culprit = stall.culprit.as_ref().expect("work is to blame");
        assert_eq!((culprit.self_ns, culprit.total_ns), (79 * MS + MS / 2, 79 * MS + MS / 2));
        assert_eq!(found.turns.last(), Some(&(64, 128, 1)));
        assert_eq!(found.longest_turn_ns, 80 * MS);
        assert_eq!(
            grouped(&found)[0],
            Group { culprit: Some(culprit.function), count: 1, total_ns: 80 * MS, worst_ns: 80 * MS }
        );
    }

    #[test]
    fn pauses_end_a_turn() {
        let a = format!("{TIMER} a@/a.js");
        expect(&[(&a, 40), ("(idle)", 1), (&a, 40)], &[]);
        expect(&[(&a, 40), ("processImmediate@node:internal/timers b@/a.js", 40)], &[]);
        expect(&[(&a, 40), ("(program)", 2), (&a, 40)], &[]);
        expect(&[(&a, 40), ("(program)", 1), (&a, 40)], &[("a", 81)]);
        expect(&[(&a, 40), ("(gc)", 1), (&a, 40)], &[("a", 81)]);
    }

    #[test]
    fn microtasks_belong_to_the_callback_before() {
        let ticks = "processTicksAndRejections@node:internal/process/task_queues then@/a.js";
        expect(&[("onread@node:net a@/a.js", 40), (ticks, 40)], &[("-", 80)]);
        expect(&[("onread@node:net a@/a.js", 60), (ticks, 60)], &[("a", 60), ("then", 60)]);
        expect(&[("onread@node:net a@/a.js", 30), (ticks, 30), ("onread@node:net a@/a.js", 30)], &[("-", 60)]);
    }

    #[test]
    fn garbage_collection_counts_for_the_code_that_it_interrupts() {
        let a = format!("{TIMER} a@/a.js");
        let recording = recording(&[(&a, 30), ("(gc)", 50)]);
        let found = stalls(&recording);
        let culprit = found.stalls[0].culprit.as_ref().expect("a is to blame");
        assert_eq!((recording.name(culprit.function), found.stalls[0].gc_ns), ("a", 49 * MS + MS / 2));
        assert!(culprit.share < 0.4, "the share is of what was seen");
    }

    #[test]
    fn a_shared_helper_is_not_blamed() {
        let below = |caller: &str| format!("{TIMER} {caller}@/a.js spin@/a.js");
        let recording = recording(&[(&below("a"), 60), ("(idle)", 5), (&below("b"), 60)]);
        let found = stalls(&recording);
        let inside = |s: &Stall| s.culprit.as_ref().and_then(|c| c.inside).map(|f| recording.name(f).to_owned());
        assert_eq!(told(&recording), [("a".to_owned(), 60), ("b".to_owned(), 60)]);
        assert_eq!(found.stalls.iter().map(inside).collect::<Vec<_>>(), vec![Some("spin".to_owned()); 2]);
        expect(&[(&below("a"), 60), ("(idle)", 5), (&below("a"), 60)], &[("spin", 60), ("spin", 60)]);
    }

    #[test]
    fn a_function_without_a_name_is_not_blamed() {
        expect(&[(&format!("{TIMER} sorted@/a.js (anonymous)@/a.js"), 60)], &[("sorted", 60)]);
        expect(&[(&format!("{TIMER} (anonymous)@/a.js"), 60)], &[("(anonymous)", 60)]);
    }

    #[test]
    fn a_response_ends_a_call() {
        let (work, end) = (format!("{HTTP} work@/a.js"), format!("{HTTP} {END}"));
        expect(&[(&work, 60), (&end, 3), (&work, 60)], &[("work", 63), ("work", 60)]);
        let parse = "parserOnHeadersComplete@node:_http_common parse@node:_http_incoming";
        expect(&[(&work, 60), (&end, 3), (parse, 2), (&work, 60)], &[("work", 63), ("work", 60)]);
        let log = format!("{HTTP} log@node:internal/console/constructor write@node:net");
        expect(&[(&work, 60), (&log, 3), (&work, 60)], &[("work", 123)]);
    }

    #[test]
    fn a_stream_is_one_call() {
        let (row, write) =
            (format!("{HTTP} rows@/a.js row@/a.js"), format!("{HTTP} rows@/a.js write@node:_http_outgoing"));
        let parts: Vec<(&str, usize)> = (0..30).flat_map(|_| [(row.as_str(), 2), (write.as_str(), 1)]).collect();
        let found = told(&recording(&parts));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "row");
    }

    #[test]
    fn a_router_hands_callbacks_on() {
        let (a, b) = (format!("{HTTP} a@/a.js"), format!("{HTTP} b@/a.js"));
        let mut parts: Vec<(&str, usize)> = (0..10).flat_map(|_| [(a.as_str(), 5), ("(idle)", 2)]).collect();
        parts.extend([(a.as_str(), 60), (b.as_str(), 70)]);
        expect(&parts, &[("a", 60), ("b", 70)]);
        expect(&[(&a, 60), (&b, 70)], &[("handler", 130)]);
    }

    #[test]
    fn start_up_is_no_stall() {
        let load = "(anonymous)@node:internal/main/run_main_module main@/a.js";
        let found = stalls(&recording(&[(load, 90)]));
        assert_eq!((found.stalls.len(), found.start_up), (0, vec![(MS / 2, 90 * MS)]));
    }

    /// Calls of 6 ms; of each pause only some are seen.
    fn saturated(calls: usize, extra: &[(&str, usize)]) -> Recording {
        let (work, end) = (format!("{HTTP} work@/a.js"), format!("{HTTP} {END}"));
        let mut parts: Vec<(&str, usize)> = Vec::new();
        for k in 0..calls {
            parts.push((&work, 6));
            // Once in a while a dozen pauses in a row are missed.
            if k % 60 > 10 {
                parts.push((&end, 1));
            }
        }
        parts.extend(extra.iter().map(|p| (p.0, p.1)));
        recording(&parts)
    }

    #[test]
    fn many_short_calls_are_a_busy_loop() {
        let found = stalls(&saturated(300, &[]));
        assert!(found.stalls.iter().all(|s| matches!(s.kind, StallKind::LoopBusy { .. })), "{found:?}");
        let StallKind::LoopBusy { calls, median_ns } = found.stalls[0].kind else { unreachable!("all are") };
        assert!(calls >= 240 && median_ns == 7 * MS, "{calls} of {median_ns}");
        assert!(grouped(&found).is_empty());
    }

    #[test]
    fn a_long_call_in_a_busy_loop_is_a_stall() {
        let work = format!("{HTTP} work@/a.js");
        let recording = saturated(300, &[("(idle)", 1), (&work, 400)]);
        assert_eq!(told(&recording), [("work".to_owned(), 400)]);
    }

    #[test]
    fn nobody_holds_it() {
        let parts: Vec<String> = ["a", "b", "c"].iter().map(|f| format!("{TIMER} main@/a.js {f}@/a.js")).collect();
        expect(&[(&parts[0], 30), (&parts[1], 30), (&parts[2], 30)], &[("main", 90)]);
        let zlib = recording(&[("onwrite@node:zlib inflate@node:zlib", 70)]);
        let found = stalls(&zlib);
        assert_eq!((found.stalls[0].culprit.as_ref(), found.stalls[0].largest.len()), (None, 2));
        assert!(found.stalls[0].why.starts_with("No single function"));
    }

    #[test]
    fn without_time_or_idle_it_says_why() {
        let added_up = picture::recording("a 3");
        assert!(stalls(&added_up).why_empty.is_some_and(|why| why.contains("--cpu-prof")));
        let mut timed = recording(&[("a", 80)]);
        timed.profiles[0].time.as_mut().expect("it has time").has_idle = false;
        assert!(stalls(&timed).why_empty.is_some_and(|why| why.contains("idle")));
        assert_eq!(stalls(&recording(&[("(idle)", 9)])).why_empty, None);
    }

    #[test]
    fn stacks_may_be_very_deep() {
        let deep = "f g ".repeat(50_000);
        let recording =
            picture::timed(&format!("(idle) {MS}\n{deep}h {}\n{deep}{}\n{deep}h {}", 30 * MS, 30 * MS, 30 * MS));
        let found = find(&recording, 0, &Modules::of(&recording), 50 * MS);
        let culprit = found.stalls[0].culprit.as_ref().expect("somebody is to blame");
        assert_eq!(recording.name(culprit.function), "h");
    }

    /// Whatever the samples: stalls do not overlap, own shares add up, totals fit, order is by length.
    #[test]
    fn laws_hold_for_any_samples() {
        let stacks = [
            "(idle)",
            "(program)",
            "(gc)",
            "(root)",
            "a",
            "a b",
            "b a b",
            "t@node:x a",
            "t@node:x u@node:net",
            "a u@node:net",
        ];
        let mut seed = 7u64;
        let mut next = |n: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % n
        };
        for _ in 0..200 {
            let lines: String = (0..next(400))
                .map(|_| format!("{} {}\n", stacks[next(stacks.len())], next(3) * next(2_000_000)).repeat(1 + next(40)))
                .collect();
            let recording = picture::timed(&lines);
            let found = find(&recording, 0, &Modules::of(&recording), 3 * MS);
            assert!(found.stalls.windows(2).all(|w| w[0].duration_ns >= w[1].duration_ns));
            let mut in_time = found.stalls;
            in_time.sort_by_key(|s| s.start_ns);
            assert!(in_time.windows(2).all(|w| w[0].start_ns + w[0].duration_ns <= w[1].start_ns));
            for stall in &in_time {
                let over = stall.blame.iter().map(|b| b.1).sum::<i64>() + stall.blame_rest.1;
                assert!(stall.blame.is_empty() || over == stall.duration_ns - 3 * MS);
                assert!(stall.culprit.iter().all(|c| c.self_ns <= c.total_ns && c.total_ns <= stall.duration_ns));
                assert!(stall.duration_ns >= 3 * MS && stall.samples >= 3);
            }
        }
    }
}
