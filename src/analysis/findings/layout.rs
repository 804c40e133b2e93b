//! Layout thrash: a script that reads what it has just changed makes the page lay itself out again and
//! again, while it runs.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::case::{Case, Loop};
use super::{Certainty, Evidence, Finding, Shown, counted};
use crate::analysis::labels::Labels;
use crate::analysis::modules;
use crate::model::vocab::{FrameKey, TimeRange};
use crate::model::{FunctionId, SpanId};
use crate::units::nanos;

/// Layouts within one call of a script: one may be needed to measure, so many are a loop of writing and
/// reading.
const LAYOUTS_MIN: u64 = 10;
/// What they take in such a call, nanoseconds: the time of a frame at 60 a second.
const TOTAL_MIN_NS: i64 = 16_666_667;
/// What is done when a script asks for a size.
const FORCED: &[&str] = &["Layout", "UpdateLayoutTree"];
/// Spans of scripts that run.
const SCRIPTS: &[&str] = &["FunctionCall", "EvaluateScript"];

/// Forced layouts of one call.
#[derive(Debug, Clone, Copy, Default)]
struct Forced {
    layouts: u64,
    total_ns: i64,
}

/// Name, file and line of a function that was called.
type Handler<'a> = (&'a str, &'a str, u32);

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    case.loops().iter().flat_map(|one| of_loop(case, one)).collect()
}

fn of_loop(case: &Case<'_>, one: &Loop<'_>) -> Vec<Finding> {
    let calls = calls(case, one).unwrap_or_default();
    let labels = Labels::of(case.recording);
    let spans = &case.recording.spans;
    // By name, file and line of the function that was called: the calls with their forced layouts.
    let mut by_function: BTreeMap<Handler<'_>, Vec<(usize, Forced)>> = BTreeMap::new();
    for (row, forced) in calls {
        let of_row = spans.labels.get(row);
        let file = labels.text(of_row, "url").unwrap_or_default();
        let name = labels.text(of_row, "functionName").unwrap_or(file);
        let line = labels.number(of_row, "lineNumber").and_then(|line| u32::try_from(line).ok()).unwrap_or(0);
        by_function.entry((name, file, line)).or_default().push((row, forced));
    }
    by_function.into_iter().filter_map(|(who, calls)| tell(case, one, who, &calls)).collect()
}

/// The calls of scripts that forced too many layouts, by their rows.
fn calls(case: &Case<'_>, one: &Loop<'_>) -> Option<BTreeMap<usize, Forced>> {
    let spans = &case.recording.spans;
    let (forced, scripts, rows) = (case.names(FORCED), case.names(SCRIPTS), one.rows?);
    let layout = case.recording.strings.find("Layout")?;
    let mut calls: BTreeMap<usize, Forced> = BTreeMap::new();
    // The script around each row; none inside a layout, which counts by itself. Parents come first.
    let mut script_of: Vec<SpanId> = Vec::with_capacity(rows.1 - rows.0);
    for row in rows.0..rows.1 {
        let (name, parent) = (spans.name.get(row), spans.parent.get(row));
        let above = if parent.is_none() { None } else { parent.index().checked_sub(rows.0) };
        let around = above.and_then(|at| script_of.get(at).copied()).unwrap_or(SpanId::NONE);
        let is_forced = forced.contains(&name);
        if is_forced && !around.is_none() {
            let call = calls.entry(around.index()).or_default();
            call.layouts += u64::from(name == layout);
            call.total_ns = call.total_ns.saturating_add(spans.length_ns.get(row));
        }
        script_of.push(match () {
            () if is_forced => SpanId::NONE,
            () if scripts.contains(&name) => SpanId::from_index(row),
            () => around,
        });
    }
    calls.retain(|_, call| call.layouts >= LAYOUTS_MIN && call.total_ns >= TOTAL_MIN_NS);
    Some(calls)
}

fn tell(
    case: &Case<'_>,
    one: &Loop<'_>,
    (name, file, line): Handler<'_>,
    calls: &[(usize, Forced)],
) -> Option<Finding> {
    let spans = &case.recording.spans;
    let layouts = calls.iter().map(|(_, forced)| forced.layouts).sum();
    let total = calls.iter().fold(0i64, |sum, (_, forced)| sum.saturating_add(forced.total_ns));
    let longest = calls.iter().max_by_key(|(row, forced)| (forced.total_ns, Reverse(*row)))?.0;
    let taken = calls.iter().fold(0i64, |sum, (row, _)| sum.saturating_add(spans.length_ns.get(*row)));
    let from_ns = spans.at_ns.get(longest);
    let range = TimeRange { from_ns, to_ns: from_ns.saturating_add(spans.length_ns.get(longest)) };
    let key = FrameKey { name: name.to_owned(), file: file.to_owned(), line };
    let handler = modules::find(case.recording, &key);
    let functions: Vec<FunctionId> = within(one, range).into_iter().chain(handler).collect();
    let who = match functions.first() {
        Some(&first) if Some(first) != handler => format!("{} under `{name}`", case.name(first)),
        _ if name.is_empty() => "a script".to_owned(),
        _ => format!("`{name}`"),
    };
    let count = counted(layouts, "forced layout", "forced layouts");
    Some(Finding {
        title: format!("{count}, {}: {who}", nanos(total)),
        is_health: false,
        certainty: Certainty::Measured,
        reason: "Layouts and style recalculations inside a call of a script, as the trace has them: the script asked \
                 for a size after it had changed something."
            .to_owned(),
        cost_ns: total,
        evidence: vec![
            Evidence::time("layout and style", total).of(taken, "in these calls"),
            Evidence::count("forced layouts", layouts),
            Evidence::count("calls", calls.len() as u64),
        ],
        next: "Read all sizes first, then change everything: each reading after a change lays the page out once more."
            .to_owned(),
        functions,
        profile: Some(one.profile),
        range: Some(range),
        shown: Shown::Functions,
    })
}

/// Who holds the stall that lies around a call, as samples tell.
fn within(one: &Loop<'_>, range: TimeRange) -> Option<FunctionId> {
    let holds = |start: i64, length: i64| start <= range.from_ns && start.saturating_add(length) >= range.to_ns;
    let stalls = one.stalls();
    let around = stalls.stalls.iter().find(|stall| holds(stall.start_ns, stall.duration_ns))?;
    around.culprit.as_ref().map(|culprit| culprit.function)
}
