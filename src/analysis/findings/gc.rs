//! Garbage collection takes too much of the time in which the program could run.

use std::cmp::Reverse;

use super::case::{Case, Loop, asked_once};
use super::{Certainty, Evidence, Finding, Shown, is_share};
use crate::analysis::doctor::{self, Verdict};
use crate::analysis::modules::Kind;
use crate::analysis::scoped::Scoped;
use crate::analysis::stalls::{Stall, StallKind};
use crate::analysis::sums::state_of;
use crate::model::{FunctionId, Recording, StackId, Tag};
use crate::units::{Unit, nanos, percent_text};

/// Hundredths of the active time: V8 sizes its heap so that collecting takes about three, and three times
/// that is no accident …
const PART_MIN: i64 = 10;
/// … but it costs somebody time only where it lies in stalls, for this part of itself at least, …
const IN_STALLS_MIN: i64 = 50;
/// … or where it takes so many hundredths of everything: a loop that waits has room for its collector.
const OF_ALL_MIN: i64 = 20;
/// Active time below which start-up is most of what was recorded, nanoseconds.
const ACTIVE_MIN_NS: i64 = 500_000_000;
/// Names of collections on the main thread, as traces have them.
const SPANS: &[&str] = &["MinorGC", "MajorGC"];
const SPANS_BEGIN: &str = "V8.GC";

const NEXT: &str = "Find out who allocates: node --heap-prof app.js, or an allocation timeline in Chrome. Make fewer and \
                    longer-lived objects, or give the young generation more room (--max-semi-space-size).";

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    let found: Vec<Finding> = case.loops().iter().filter_map(|one| of_loop(case, one)).collect();
    if found.is_empty() { pauses(case).into_iter().collect() } else { found }
}

fn of_loop(case: &Case<'_>, one: &Loop<'_>) -> Option<Finding> {
    let spans = one.rows.map_or(0, |rows| in_spans(case.recording, rows));
    let is_measured = spans > 0;
    if !is_measured && !one.is_sampled {
        return None;
    }
    let gc = if is_measured { spans } else { one.states()?.of(Kind::Gc) };
    let stalls = one.stalls().stalls.iter().filter(|stall| stall.kind == StallKind::Stall);
    let inside = stalls.fold(0i64, |sum, stall| sum.saturating_add(stall.gc_ns));
    // What is active of a thread that was not sampled is what the recorder had spans for.
    let active = if one.is_sampled { one.active_ns() } else { one.wall_ns() };
    let costs = is_share(inside, IN_STALLS_MIN, gc) || is_share(gc, OF_ALL_MIN, one.wall_ns());
    if active < ACTIVE_MIN_NS || !is_share(gc, PART_MIN, active) || !costs {
        return None;
    }
    let what = if one.is_sampled { "active" } else { "recorded" };
    let mut evidence = vec![
        Evidence::time("collecting", gc).of(active, what),
        Evidence::time("of all", gc).of(one.wall_ns(), "recorded"),
    ];
    evidence.extend((inside > 0).then(|| Evidence::time("inside stalls", inside).of(gc, "collecting")));
    let mut functions = Vec::new();
    for (function, row) in allocators(case).into_iter().chain(interrupted(case, one)) {
        if !functions.contains(&function) {
            functions.push(function);
            evidence.push(row);
        }
    }
    let who = functions.first().map_or_else(String::new, |&first| format!(", mostly below {}", case.name(first)));
    let range = one.stalls().stalls.iter().max_by_key(|stall| (stall.gc_ns, Reverse(stall.start_ns)));
    let reason = if is_measured {
        "The trace has each collection that stopped the thread, from its begin to its end."
    } else {
        "Samples that show the collector at work; whom it interrupts is the function in the sample before."
    };
    Some(Finding {
        title: format!("GC takes {} of the {what} time{who}", percent_text(gc, active)),
        is_health: false,
        certainty: if is_measured { Certainty::Measured } else { Certainty::Inferred },
        reason: reason.to_owned(),
        cost_ns: gc,
        evidence,
        next: NEXT.to_owned(),
        functions,
        profile: Some(one.profile),
        range: range.filter(|stall| stall.gc_ns > 0).map(Stall::range),
        shown: Shown::Functions,
    })
}

/// Time in collections of a thread, those inside others left out, nanoseconds.
fn in_spans(recording: &Recording, rows: (usize, usize)) -> i64 {
    let spans = &recording.spans;
    let mut is_gc = asked_once(recording, |name| SPANS.contains(&name) || name.starts_with(SPANS_BEGIN));
    let (mut total, mut until) = (0i64, i64::MIN);
    for row in rows.0..rows.1 {
        let (from, length) = (spans.at_ns.get(row), spans.length_ns.get(row));
        if from >= until && is_gc(spans.name.get(row)) {
            total = total.saturating_add(length);
            until = from.saturating_add(length);
        }
    }
    total
}

/// The function that allocated the most, where a profile of the heap is part of the recording.
fn allocators(case: &Case<'_>) -> Option<(FunctionId, Evidence)> {
    let is_bytes = |profile: &&usize| {
        let row = &case.recording.profiles[**profile];
        row.values[row.default_value].unit == Unit::Bytes
    };
    let all: Vec<usize> = (0..case.recording.profiles.len()).collect();
    let profile = *all.iter().find(is_bytes)?;
    let scoped = Scoped::single(case.recording, profile, case.recording.profiles[profile].default_value);
    let weights = crate::analysis::functions::weights(case.recording, &scoped);
    let ids = (0..weights.len()).map(FunctionId::from_index).filter(|&id| case.is_own(id));
    let most = ids.max_by_key(|id| (weights[id.index()].self_value, Reverse(*id)))?;
    let own = weights[most.index()].self_value;
    let label = format!("allocated by {}", case.name(most));
    let bytes = Evidence::bytes(label, u64::try_from(own).unwrap_or(0)).of(scoped.tree.base(), "allocated");
    (own > 0).then_some((most, bytes))
}

/// The function of one's own that collections interrupt most.
fn interrupted(case: &Case<'_>, one: &Loop<'_>) -> Option<(FunctionId, Evidence)> {
    let row = one.row();
    let time = row.time.as_ref().filter(|_| one.is_sampled)?;
    let mut by_function = vec![0i64; case.recording.functions.len()];
    let mut before: Option<StackId> = None;
    let mut all = 0i64;
    for i in 0..row.samples.len() {
        let stack = row.samples.stack.get(i);
        match state_of(case.recording, stack) {
            Some(Tag::Gc) => {
                all = all.saturating_add(time.owned_ns(i));
                if let Some(function) = before.and_then(|stack| own(case, stack)) {
                    let sum = &mut by_function[function.index()];
                    *sum = sum.saturating_add(time.owned_ns(i));
                }
            }
            Some(_) => before = None,
            None => before = Some(stack),
        }
    }
    let ids = (0..by_function.len()).map(FunctionId::from_index);
    let most = ids.max_by_key(|id| (by_function[id.index()], Reverse(*id)))?;
    let of_it = by_function[most.index()];
    let evidence = Evidence::time(format!("interrupts {}", case.name(most)), of_it).of(all, "collecting");
    // A function that has less is one of several.
    is_share(of_it, 25, all).then_some((most, evidence)).filter(|_| of_it > 0)
}

/// The innermost function of one's own on a stack.
fn own(case: &Case<'_>, stack: StackId) -> Option<FunctionId> {
    let mut outwards = case.recording.stacks.walk(stack).map(|frame| case.recording.function_of(frame));
    outwards.find(|&function| case.is_own(function))
}

/// By what the process measured of itself, judged by the rule of clinic doctor.
fn pauses(case: &Case<'_>) -> Option<Finding> {
    if !crate::IS_FULL || case.is_mixed() {
        return None;
    }
    let (_, whole) = doctor::judge(case.recording)?;
    let check = whole.checks.iter().find(|check| check.measure == "memory" && check.verdict == Verdict::Performance)?;
    let worst = check.figures.first().map_or(0, |figure| figure.1.clamp(0.0, 3.2e16).round() as i64);
    Some(Finding {
        title: format!("GC stops the program for {} within one second", nanos(worst)),
        is_health: false,
        certainty: Certainty::Measured,
        reason: check.rule.to_owned(),
        cost_ns: worst,
        evidence: vec![Evidence::time("in the worst second", worst).of(1_000_000_000, "")],
        next: NEXT.to_owned(),
        functions: Vec::new(),
        profile: None,
        range: None,
        shown: Shown::Sheet("doctor"),
    })
}
