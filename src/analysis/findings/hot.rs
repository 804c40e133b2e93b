//! A hot function: one that takes more by itself than all others together.

use std::cmp::Reverse;

use super::case::{Case, Loop};
use super::{Certainty, Evidence, Finding, Shown, is_share};
use crate::analysis::functions::{Weight, weights};
use crate::analysis::scoped::Scoped;
use crate::model::{FunctionId, Value};
use crate::units::{Unit, figure, percent_text};

/// Hundredths of the active time that it takes itself: from half on, twice as fast saves a quarter of all.
const SELF_MIN: i64 = 50;
/// Hundredths of the recording in which a loop is active: of one that mostly waits, the hottest function
/// costs nobody much.
const ACTIVE_MIN: i64 = 50;
/// Samples below which a share is chance.
const SAMPLES_MIN: u64 = 20;

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    let sampled: Vec<&Loop<'_>> = case.loops().iter().filter(|one| one.is_sampled).collect();
    match (sampled.is_empty(), case.loops().is_empty()) {
        (false, _) => sampled.into_iter().filter_map(|one| of_loop(case, one)).collect(),
        (true, true) => aggregated(case).into_iter().collect(),
        // Spans are not sampled: what takes long among them is told by other rules.
        (true, false) => Vec::new(),
    }
}

fn of_loop(case: &Case<'_>, one: &Loop<'_>) -> Option<Finding> {
    let value = &one.row().values[one.row().default_value];
    if value.unit != Unit::Nanos || !is_share(one.active_ns(), ACTIVE_MIN, one.wall_ns()) {
        return None;
    }
    let (function, weight) = hottest(case, one.weights(), one.active_ns(), value)?;
    let share = percent_text(weight.self_value, one.active_ns());
    let title = format!("{} takes {share} of the active time itself", case.name(function));
    Some(tell(title, value, "active", (function, weight), one.active_ns(), one.profile))
}

/// Of the first thread of a recording that does not tell when it waited.
fn aggregated(case: &Case<'_>) -> Option<Finding> {
    let profile = case.recording.profiles.first()?;
    let value = &profile.values[profile.default_value];
    let is_count = value.unit == Unit::Count && value.name != "samples";
    let is_worker = super::case::is_worker(profile);
    if is_count || is_worker || profile.time.as_ref().is_some_and(|time| time.has_idle) {
        return None;
    }
    let scoped = Scoped::single(case.recording, 0, profile.default_value);
    let base = scoped.tree.base();
    let (function, weight) = hottest(case, &weights(case.recording, &scoped), base, value)?;
    let (share, name) = (percent_text(weight.self_value, base), case.name(function));
    let title = match value.unit {
        Unit::Bytes => format!("{name} allocates {share} of {} itself", figure(base, value.decimals, &value.unit)),
        _ => format!("{name} takes {share} of all itself"),
    };
    Some(tell(title, value, "", (function, weight), base, 0))
}

/// Samples with a function innermost; files that only add them up have them as their value.
fn samples(weight: &Weight, value: &Value) -> u64 {
    if value.unit == Unit::Count { u64::try_from(weight.self_value).unwrap_or(0) } else { weight.self_samples }
}

fn hottest(case: &Case<'_>, weights: &[Weight], base: i64, value: &Value) -> Option<(FunctionId, Weight)> {
    let ids = (0..weights.len()).map(FunctionId::from_index);
    let function = ids.max_by_key(|id| (weights[id.index()].self_value, Reverse(*id)))?;
    let weight = weights[function.index()];
    let is_hot = samples(&weight, value) >= SAMPLES_MIN && base > 0 && is_share(weight.self_value, SELF_MIN, base);
    (is_hot && case.is_own(function)).then_some((function, weight))
}

fn tell(
    title: String,
    value: &Value,
    what: &'static str,
    (function, weight): (FunctionId, Weight),
    base: i64,
    profile: usize,
) -> Finding {
    let number = |label: &str, raw| Evidence {
        label: label.to_owned(),
        raw,
        decimals: value.decimals,
        unit: value.unit.clone(),
        of: Some((base, what)),
    };
    let is_time = value.unit == Unit::Nanos && value.decimals == 0;
    Finding {
        title,
        is_health: false,
        certainty: Certainty::Inferred,
        reason: "Samples with it innermost; built-ins without a frame of their own count for who calls them.".to_owned(),
        cost_ns: if is_time { weight.self_value } else { 0 },
        evidence: vec![
            number("itself", weight.self_value),
            number("with what it calls", weight.total),
            Evidence::count("samples with it innermost", samples(&weight, value)),
        ],
        next: "Details shows who calls it and, where the profiler counted them, its lines: do less in it, or call it less \
               often."
            .to_owned(),
        functions: vec![function],
        profile: Some(profile),
        range: None,
        shown: Shown::Functions,
    }
}
