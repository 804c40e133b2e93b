//! The event loop was late, as the process measured it: how often and by how much, not by whom.

use super::case::Case;
use super::{Certainty, Evidence, Finding, Shown, counted, is_share};
use crate::analysis::stalls::delays;
use crate::model::vocab::TimeRange;
use crate::units::nanos;

/// As for stalls: so many hundredths of what was measured, or one that is twice as long as is let pass.
const PART_MIN: i64 = 1;
const WORST_FACTOR: i64 = 2;

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    let is_told = case.loops().iter().any(|one| !one.stalls().stalls.is_empty());
    // Where threads wrote over each other, nobody knows who was late; where stalls are told, they say more.
    if case.is_mixed() || is_told { Vec::new() } else { late(case).into_iter().collect() }
}

fn late(case: &Case<'_>) -> Option<Finding> {
    let all = delays::find(case.recording, case.threshold_ns);
    let worst = all.iter().max_by_key(|delay| (delay.duration_ns, std::cmp::Reverse(delay.start_ns)))?;
    let total = all.iter().fold(0i64, |sum, delay| sum.saturating_add(delay.duration_ns));
    let series = &case.recording.series[worst.series];
    let measured = series.at_ns.last()?.saturating_sub(series.at_ns.iter().next()?.min(0));
    let is_long = worst.duration_ns >= case.threshold_ns.saturating_mul(WORST_FACTOR);
    if !is_long && (all.len() < 2 || !is_share(total, PART_MIN, measured)) {
        return None;
    }
    let times = counted(all.len() as u64, "time", "times");
    Some(Finding {
        title: format!("The loop was late {times}, {} in all", nanos(total)),
        is_health: false,
        certainty: Certainty::Measured,
        reason: format!(
            "“{}”: a timer of the process itself; lateness of {} and more counts.",
            series.name,
            nanos(case.threshold_ns)
        ),
        cost_ns: total,
        evidence: vec![
            Evidence::time("late in all", total).of(measured, "measured"),
            Evidence::time("at worst", worst.duration_ns),
            Evidence::count("times", all.len() as u64),
        ],
        next: "Measurements do not tell who held it. Record a CPU profile of the same: node --cpu-prof app.js"
            .to_owned(),
        functions: Vec::new(),
        profile: None,
        range: Some(TimeRange { from_ns: worst.start_ns, to_ns: worst.start_ns.saturating_add(worst.duration_ns) }),
        shown: Shown::Sheet("delays"),
    })
}
