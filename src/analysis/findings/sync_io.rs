//! Synchronous calls on the loop: files, programs, keys and archives that are waited for while nobody else
//! is served.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::case::{Case, Loop, asked_once};
use super::{Certainty, Evidence, Finding, Shown, is_share};
use crate::analysis::modules::Kind;
use crate::model::FunctionId;
use crate::model::vocab::TimeRange;
use crate::units::nanos;

/// Hundredths of the active time.
const PART_MIN: i64 = 5;
/// Sum below which nobody notices, nanoseconds: as long as one stall.
const TOTAL_MIN_NS: i64 = 50_000_000;
/// What Node calls all that it does synchronously.
const NAME_END: &str = "Sync";
/// Files of Node in which a program starts and loads its modules: nobody waits yet.
const START_UP: &[&str] = &["node:internal/main/", "node:internal/modules/", "internal/main/", "internal/modules/"];
/// Functions by which a caller of several is told.
const CALLERS_MAX: usize = 3;

const NEXT: &str = "Use the asynchronous form (fs.promises and the like), do it once and keep the result, or do it in a \
                    worker.";

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    let of_loop = |one: &Loop<'_>| sampled(case, one).or_else(|| traced(case, one));
    case.loops().iter().filter_map(of_loop).collect()
}

/// What lies on a path from the outermost function to a node.
#[derive(Debug, Clone, Copy, Default)]
struct Above {
    is_start_up: bool,
    is_sync: bool,
    own: Option<FunctionId>,
}

fn sampled(case: &Case<'_>, one: &Loop<'_>) -> Option<Finding> {
    if !one.is_sampled {
        return None;
    }
    let tree = &one.scoped().tree;
    let functions = || (0..case.recording.functions.len()).map(FunctionId::from_index);
    let is_start_up = |function| START_UP.iter().any(|start| case.recording.file(function).starts_with(start));
    let start_up: Vec<bool> = functions().map(is_start_up).collect();
    let sync: Vec<bool> = functions().map(|function| is_sync(case, function)).collect();
    let mut above = vec![Above::default(); tree.shape.len()];
    let mut by_call: BTreeMap<(Option<FunctionId>, FunctionId), (i64, u64)> = BTreeMap::new();
    for (node, parent, function) in tree.shape.iter() {
        let (node, mut path) = (node as usize, above[parent as usize]);
        let is_sync = sync[function.index()];
        if is_sync && !path.is_start_up && !path.is_sync {
            let sum = by_call.entry((path.own, function)).or_default();
            sum.0 = sum.0.saturating_add(tree.total.get(node));
            sum.1 += tree.total_samples.get(node);
        }
        path.is_start_up |= start_up[function.index()];
        path.is_sync |= is_sync;
        path.own = if case.is_own(function) { Some(function) } else { path.own };
        above[node] = path;
    }
    let total = by_call.values().fold(0i64, |sum, call| sum.saturating_add(call.0));
    if total < TOTAL_MIN_NS || !is_share(total, PART_MIN, one.active_ns()) {
        return None;
    }
    let mut calls: Vec<_> = by_call.into_iter().collect();
    calls.sort_by_key(|(who, (ns, _))| (Reverse(*ns), *who));
    let written = |(caller, function): (Option<FunctionId>, FunctionId)| {
        let under = caller.map_or_else(String::new, |caller| format!(" under {}", case.name(caller)));
        format!("{}{under}", case.name(function))
    };
    let mut evidence = vec![Evidence::time("in all", total).of(one.active_ns(), "active")];
    let rows = calls.iter().take(CALLERS_MAX);
    evidence.extend(rows.map(|(who, (ns, _))| Evidence::time(written(*who), *ns).of(total, "in all")));
    evidence.push(Evidence::count("samples", calls.iter().map(|(_, (_, samples))| samples).sum()));
    let first = calls.first()?.0;
    Some(Finding {
        title: format!("Synchronous calls, {}: {}", nanos(total), written(first)),
        is_health: false,
        certainty: Certainty::Inferred,
        reason:
            "Samples with a function of Node's own whose name ends in “Sync” on the stack; start-up and the loading \
                 of modules are left out."
                .to_owned(),
        cost_ns: total,
        evidence,
        next: NEXT.to_owned(),
        functions: std::iter::once(first.1).chain(first.0).collect(),
        profile: Some(one.profile),
        range: None,
        shown: Shown::Functions,
    })
}

fn is_sync(case: &Case<'_>, function: FunctionId) -> bool {
    case.modules.kind(function) == Kind::Runtime && case.recording.name(function).ends_with(NAME_END)
}

/// By the spans that Node writes of each synchronous call to the file system.
fn traced(case: &Case<'_>, one: &Loop<'_>) -> Option<Finding> {
    let (spans, marks) = (&case.recording.spans, &case.recording.spans.marks);
    let rows = one.rows?;
    let started = case.recording.strings.find("loopStart").and_then(|name| {
        let mut all = marks.name.iter().zip(marks.at_ns.iter());
        all.find(|(found, _)| *found == name).map(|(_, at)| at)
    });
    let mut is_call = asked_once(case.recording, |name| name.starts_with("fs.sync."));
    let mut is_kind = asked_once(case.recording, |category| category.contains("node.fs.sync"));
    let mut by_name: BTreeMap<&str, (i64, u64)> = BTreeMap::new();
    let (mut until, mut longest) = (started.unwrap_or(i64::MIN), None);
    for row in rows.0..rows.1 {
        let (at, length) = (spans.at_ns.get(row), spans.length_ns.get(row));
        if at < until || !(is_call(spans.name.get(row)) || is_kind(spans.category.get(row))) {
            continue;
        }
        let name = case.recording.text(spans.name.get(row));
        until = at.saturating_add(length);
        let sum = by_name.entry(name).or_default();
        *sum = (sum.0.saturating_add(length), sum.1 + 1);
        longest = longest.max(Some((length, Reverse(at))));
    }
    let total = by_name.values().fold(0i64, |sum, call| sum.saturating_add(call.0));
    if total < TOTAL_MIN_NS || !is_share(total, PART_MIN, one.wall_ns()) {
        return None;
    }
    let mut calls: Vec<_> = by_name.into_iter().collect();
    calls.sort_by_key(|(name, (ns, _))| (Reverse(*ns), *name));
    let mut evidence = vec![
        Evidence::time("in all", total).of(one.wall_ns(), "recorded"),
        Evidence::count("calls", calls.iter().map(|(_, (_, count))| count).sum()),
    ];
    let rows = calls.iter().take(CALLERS_MAX);
    evidence.extend(rows.map(|(name, (ns, _))| Evidence::time(*name, *ns).of(total, "in all")));
    let (length, Reverse(from_ns)) = longest?;
    Some(Finding {
        title: format!("Synchronous calls, {}: `{}`", nanos(total), calls.first()?.0),
        is_health: false,
        certainty: Certainty::Measured,
        reason: "Spans of synchronous calls to the file system, after the loop began to turn.".to_owned(),
        cost_ns: total,
        evidence,
        next: format!("{NEXT} A CPU profile names who calls: node --cpu-prof app.js"),
        functions: Vec::new(),
        profile: Some(one.profile),
        range: Some(TimeRange { from_ns, to_ns: from_ns.saturating_add(length) }),
        shown: Shown::Functions,
    })
}
