//! Stalls of the event loop: stretches in which it could not start another callback, with the
//! function to blame. Inferred from the samples of one thread; knows no view.
//!
//! Samples become turns of the loop, long turns become calls of one's own code ([`turns`]); what is
//! long enough is a stall, unless the callback's behaviour says that it is many short calls
//! ([`busy`]); then somebody is blamed ([`blame`]). `docs/stalls.md` tells the rule and its scores.

mod blame;
mod busy;
mod facts;
mod origin;
mod search;
mod turns;
mod weigh;
mod words;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::modules::Modules;
use crate::model::{FunctionId, Profile, Recording, Time};

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
        Ok(time) => {
            let facts = facts::Facts::of(recording, modules);
            search::Search::new(recording, modules, &facts, (profile, time), threshold_ns.max(0)).run()
        }
        Err(why) => Stalls { threshold_ns, why_empty: Some(why.to_owned()), ..Stalls::default() },
    }
}

fn usable(profile: &Profile) -> Result<&Time, &'static str> {
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
    groups.sort_by_key(|g| (Reverse(g.total_ns), g.culprit));
    groups
}
