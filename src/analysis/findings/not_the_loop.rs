//! It is not the loop: it waits nearly all the time and nothing blocks it. The commonest truth of a slow
//! service, and as good an answer as a stall.

use super::case::{Case, Loop};
use super::{Certainty, Evidence, Finding, Shown};
use crate::analysis::stalls::{StallKind, delays};
use crate::model::{Role, Series};
use crate::units::{Unit, percent_text};

/// Hundredths of the recording in which the loop waits. Who comes to a loop that is busy a fifth of the
/// time waits for it, on the average, a quarter of what the work itself takes (0.2 / 0.8): no more than
/// that can be the loop.
const IDLE_MIN: i64 = 80;
/// A recording that is shorter tells nothing of waiting, nanoseconds.
const LENGTH_MIN_NS: i64 = 500_000_000;

const NEXT_LOOP: &str = "It waits for something else, or nobody asked it for anything while it was recorded. To see what it \
                         waits for, record its operations: npx clinic bubbleprof -- node app.js";
const NEXT_PAGE: &str = "If it felt slow all the same, it waited for the network, a server or a worker: look at the requests \
                         and the other threads of the trace.";

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    if !delays::find(case.recording, case.threshold_ns).is_empty() {
        return Vec::new();
    }
    sampled(case).or_else(|| measured(case)).into_iter().collect()
}

/// By samples: every loop of the recording waits. Told of the one that waits least.
fn sampled(case: &Case<'_>) -> Option<Finding> {
    let idle_of = |one: &Loop<'_>| one.states().map_or(0, |states| states.of(crate::analysis::modules::Kind::Idle));
    let is_idle = |one: &Loop<'_>| {
        let found = one.stalls();
        let has_stall = found.stalls.iter().any(|stall| stall.kind == StallKind::Stall);
        let is_known = one.is_sampled && found.why_empty.is_none() && one.wall_ns() >= LENGTH_MIN_NS;
        is_known && !has_stall && super::is_share(idle_of(one), IDLE_MIN, one.wall_ns())
    };
    if !case.loops().iter().all(is_idle) {
        return None;
    }
    let one = case.loops().iter().min_by_key(|one| idle_of(one))?;
    let (idle, wall) = (idle_of(one), one.wall_ns());
    let is_page = one.rows.is_some();
    let thread = if is_page { "main thread" } else { "loop" };
    Some(Finding {
        title: format!("The {thread} is idle {}: nothing here blocks it", percent_text(idle, wall)),
        is_health: true,
        certainty: Certainty::Inferred,
        reason: "Samples that show the thread waiting, and no stall among the others.".to_owned(),
        cost_ns: idle,
        evidence: vec![
            Evidence::time("idle", idle).of(wall, "recorded"),
            Evidence::time("active", one.active_ns()).of(wall, "recorded"),
            Evidence::time("longest turn", one.stalls().longest_turn_ns),
        ],
        next: if is_page { NEXT_PAGE } else { NEXT_LOOP }.to_owned(),
        functions: Vec::new(),
        profile: Some(one.profile),
        range: None,
        shown: Shown::Functions,
    })
}

/// By what the process measured of itself.
fn measured(case: &Case<'_>) -> Option<Finding> {
    let used =
        case.recording.series.iter().find(|series| series.role == Role::LoopUtilisation && !series.is_empty())?;
    let length = used.at_ns.last()?.saturating_sub(used.at_ns.iter().next()?);
    let is_told = length >= LENGTH_MIN_NS && delays::is_measured(case.recording) && !case.is_mixed();
    let has_stall = case.loops().iter().any(|one| !one.stalls().stalls.is_empty());
    let share = utilisation(used)?;
    // Shares between 0 and 1, in millionths.
    let (idle, all) = (((1.0 - share) * 1e6).round() as i64, 1_000_000);
    if !is_told || has_stall || !super::is_share(idle, IDLE_MIN, all) {
        return None;
    }
    let late = case.recording.series.iter().filter(|series| series.role == Role::LoopDelay);
    let latest = late.flat_map(|series| series.value.iter()).fold(0.0, f64::max);
    Some(Finding {
        title: format!("The loop is idle {}: nothing here blocks it", percent_text(idle, all)),
        is_health: true,
        certainty: Certainty::Measured,
        reason:
            "The process measured how busy its loop was and how late; it was never late by as much as a stall takes."
                .to_owned(),
        cost_ns: (length as f64 * (1.0 - share)).round() as i64,
        evidence: vec![
            Evidence { raw: idle, decimals: 4, unit: Unit::Other("%".into()), ..Evidence::count("idle", 0) },
            Evidence::time("latest", latest.clamp(0.0, 3.2e16).round() as i64),
            Evidence::count("measurements", used.len() as u64),
        ],
        next: NEXT_LOOP.to_owned(),
        functions: Vec::new(),
        profile: None,
        range: None,
        shown: Shown::Sheet("series"),
    })
}

/// The share of the time in which the loop ran: the last one where it counts since the start.
fn utilisation(used: &Series) -> Option<f64> {
    let is_running = used.name.contains("since");
    let mean = || used.value.iter().sum::<f64>() / used.len() as f64;
    let share = if is_running { used.value.last()? } else { mean() };
    share.is_finite().then(|| share.clamp(0.0, 1.0))
}
