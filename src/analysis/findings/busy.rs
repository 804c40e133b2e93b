//! A loop without a pause: many short callbacks, one after the other.

use std::collections::BTreeMap;

use super::case::{Case, Loop};
use super::{Certainty, Evidence, Finding, Shown, counted, is_share};
use crate::analysis::stalls::{Stall, StallKind};
use crate::model::FunctionId;
use crate::units::nanos;

/// Hundredths of the recording in which the loop has no pause: from half on, whoever comes waits for others
/// more often than not.
const BUSY_MIN: i64 = 50;
/// Hundredths of the recording of one callback that is told.
const PART_MIN: i64 = 10;
/// As for stalls: what samples saw and was not filled in between late ones.
const SAMPLES_MIN: u64 = 5;

/// What the callbacks are, which decides which rule tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Timers,
    Microtasks,
    Others,
}

impl Class {
    fn of(stall: &Stall) -> Self {
        match stall.origin.as_deref() {
            Some("timer") => Self::Timers,
            Some(origin) if origin.starts_with("promise") || origin == "nextTick" => Self::Microtasks,
            _ => Self::Others,
        }
    }
}

/// The busy stretches of one callback.
#[derive(Debug)]
struct Group<'s> {
    stretches: Vec<&'s Stall>,
    calls: u64,
    call_ns: i64,
    total_ns: i64,
}

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    of_class(case, Class::Others)
}

/// What is told of the callbacks of a class.
pub(super) fn of_class(case: &Case<'_>, class: Class) -> Vec<Finding> {
    case.loops().iter().flat_map(|one| of_loop(case, one, class)).collect()
}

fn of_loop(case: &Case<'_>, one: &Loop<'_>, class: Class) -> Vec<Finding> {
    let mut groups: BTreeMap<Option<FunctionId>, Group<'_>> = BTreeMap::new();
    let mut all = 0i64;
    for stall in &one.stalls().stalls {
        let StallKind::LoopBusy { calls, median_ns } = stall.kind else { continue };
        all = all.saturating_add(stall.duration_ns);
        if Class::of(stall) != class {
            continue;
        }
        let who = stall.culprit.as_ref().map(|culprit| culprit.function);
        let new = || Group { stretches: Vec::new(), calls: 0, call_ns: median_ns, total_ns: 0 };
        let group = groups.entry(who).or_insert_with(new);
        group.calls = group.calls.saturating_add(calls);
        group.total_ns = group.total_ns.saturating_add(stall.duration_ns);
        group.stretches.push(stall);
    }
    if !is_share(all, BUSY_MIN, one.wall_ns()) {
        return Vec::new();
    }
    groups.retain(|_, group| {
        let samples: u64 = group.stretches.iter().map(|stall| stall.samples).sum();
        samples >= SAMPLES_MIN * group.stretches.len() as u64 && is_share(group.total_ns, PART_MIN, one.wall_ns())
    });
    groups.into_iter().map(|(who, group)| tell(case, one, class, who, &group)).collect()
}

fn tell(case: &Case<'_>, one: &Loop<'_>, class: Class, who: Option<FunctionId>, group: &Group<'_>) -> Finding {
    let name = who.map_or_else(|| "callbacks of several functions".to_owned(), |function| case.name(function));
    let calls = format!("{} of about {}", counted(group.calls, "call", "calls"), nanos(group.call_ns));
    let (total, worst) = (nanos(group.total_ns), group.stretches[0]);
    let (title, next) = match class {
        Class::Others => (
            format!("No pause, {total}: {name}, {calls}"),
            "No call is long, they come too fast: do less in each, share them out among processes or workers, or \
             turn some away.",
        ),
        Class::Timers => (
            format!("Timers without a pause, {total}: {name}, {calls}"),
            "Set fewer timers, set the next one when the work is done, and clear those that nobody needs.",
        ),
        Class::Microtasks => (
            format!("Microtasks without a pause, {total}: {name}, {calls}"),
            "Microtasks run before anything else may: give the loop a turn now and then (setImmediate, or \
             scheduler.yield in pages).",
        ),
    };
    Finding {
        title,
        is_health: false,
        certainty: Certainty::Inferred,
        reason: super::stalls::reason(one),
        cost_ns: group.total_ns,
        evidence: vec![
            Evidence::time("without a pause", group.total_ns).of(one.wall_ns(), "recorded"),
            Evidence::count("calls, at least", group.calls),
            Evidence::time("a call, about", group.call_ns),
            Evidence::time("longest stretch", worst.duration_ns),
        ],
        next: next.to_owned(),
        functions: who.into_iter().collect(),
        profile: Some(one.profile),
        range: Some(worst.range()),
        shown: Shown::Stalls,
    }
}
