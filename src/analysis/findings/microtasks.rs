//! Long chains of microtasks: promises and ticks that follow each other before the loop may turn.

use super::busy::{Class, of_class};
use super::case::{Case, Loop};
use super::stalls::Group;
use super::{Finding, Shown, counted};
use crate::analysis::stalls::{Source, Stall, StallKind};
use crate::model::SpanId;
use crate::units::nanos;

/// Microtasks that are a chain: fewer are a few calls, each of which can be blamed by itself.
const LINKS_MIN: usize = 10;
/// Names of callbacks of microtasks in Node's traces, and of the stretch of them in a page's.
const CALLBACKS: &[&str] = &["PROMISE_CALLBACK", "TickObject_CALLBACK", "Microtask_CALLBACK"];
const STRETCHES: &[&str] = &["RunMicrotasks"];

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    let chains = case.loops().iter().filter_map(|one| chains(case, one));
    chains.chain(of_class(case, Class::Microtasks)).collect()
}

/// Whether a stall is no single callback but a chain of microtasks.
pub(super) fn is_chain(case: &Case<'_>, one: &Loop<'_>, stall: &Stall) -> bool {
    if stall.culprit.is_some() {
        return false;
    }
    match (stall.source, one.rows) {
        (Source::Measured, Some(rows)) => is_measured_chain(case, rows, stall),
        _ => stall.origin.as_deref().is_some_and(|origin| origin.starts_with("promise")),
    }
}

/// Whether most of a stall is many spans of microtasks, none of which is most of it.
fn is_measured_chain(case: &Case<'_>, rows: (usize, usize), stall: &Stall) -> bool {
    let spans = &case.recording.spans;
    let (callbacks, stretches) = (case.names(CALLBACKS), case.names(STRETCHES));
    let to = stall.range().to_ns;
    let (mut links, mut longest, mut total) = (0, 0i64, 0i64);
    let mut around = SpanId::NONE;
    // Rows of a track are in the order of their starts.
    let first = rows.0 + (rows.1 - rows.0).min(lower(case, rows, stall.start_ns));
    for row in first..rows.1 {
        if spans.at_ns.get(row) >= to {
            break;
        }
        let (name, length) = (spans.name.get(row), spans.length_ns.get(row));
        if stretches.contains(&name) && length.saturating_mul(2) >= stall.duration_ns {
            around = SpanId::from_index(row);
        } else if callbacks.contains(&name) || !around.is_none() && spans.parent.get(row) == around {
            links += 1;
            longest = longest.max(length);
            total = total.saturating_add(length);
        }
    }
    let is_most = |ns: i64| ns.saturating_mul(2) >= stall.duration_ns;
    links >= LINKS_MIN && is_most(total) && !is_most(longest)
}

/// How many rows of a track begin before a moment.
fn lower(case: &Case<'_>, rows: (usize, usize), at: i64) -> usize {
    let starts = &case.recording.spans.at_ns;
    let (mut from, mut to) = rows;
    while from < to {
        let middle = from + (to - from) / 2;
        if starts.get(middle) < at { from = middle + 1 } else { to = middle }
    }
    from - rows.0
}

fn chains(case: &Case<'_>, one: &Loop<'_>) -> Option<Finding> {
    let is_it = |stall: &&Stall| stall.kind == StallKind::Stall && is_chain(case, one, stall);
    let stalls: Vec<&Stall> = one.stalls().stalls.iter().filter(is_it).collect();
    let group = Group::of(case, one, stalls).filter(|group| group.is_clear(case, one, false))?;
    let count = counted(group.count, "chain of microtasks", "chains of microtasks");
    Some(Finding {
        title: format!("{count} held the loop, {} in all", nanos(group.total_ns)),
        is_health: false,
        certainty: group.certainty(),
        reason: format!(
            "No function holds most of such a stall, and it came from promises or ticks. {}",
            super::stalls::reason(one)
        ),
        cost_ns: group.total_ns,
        evidence: group.evidence(case, one),
        next: "Each step is short and all run before the loop may turn: give it a turn now and then (setImmediate, or \
               scheduler.yield in pages), or do fewer steps."
            .to_owned(),
        functions: Vec::new(),
        profile: Some(one.profile),
        range: Some(group.range()),
        shown: Shown::Stalls,
    })
}
