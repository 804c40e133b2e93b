//! Workers that wait while the main thread has more than it can do.

use super::case::{Case, is_worker};
use super::{Certainty, Evidence, Finding, Shown, is_share};
use crate::analysis::modules::Kind;
use crate::analysis::scoped::Scoped;
use crate::analysis::states::states;
use crate::units::percent_text;

/// Hundredths of its recording in which the main thread does not wait: it is full.
const BUSY_MIN: i64 = 80;
/// Hundredths of their recordings in which workers run, at most, to be idle.
const WORKING_MAX: i64 = 10;
/// Hundredths of the main thread's recording that workers were there for: one that came and went had its
/// work.
const THERE_MIN: i64 = 50;

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    idle(case).into_iter().collect()
}

fn idle(case: &Case<'_>) -> Option<Finding> {
    let one = case.loops().iter().find(|one| one.is_sampled)?;
    let (active, wall) = (one.active_ns(), one.wall_ns());
    if !is_share(active, BUSY_MIN, wall) {
        return None;
    }
    let is_of_process = |p: &usize| {
        let row = &case.recording.profiles[*p];
        is_worker(row) && row.pid == one.row().pid && row.time.as_ref().is_some_and(|time| time.has_idle)
    };
    let workers = (0..case.recording.profiles.len()).filter(is_of_process);
    let mut sums = (0u64, 0i64, 0i64);
    for profile in workers {
        let scoped = Scoped::single(case.recording, profile, case.recording.profiles[profile].default_value);
        let idle = states(case.recording, case.modules, &scoped)?.of(Kind::Idle);
        let working = scoped.tree.base();
        let there = idle.saturating_add(working);
        if is_share(there, THERE_MIN, wall) {
            sums = (sums.0 + 1, sums.1.saturating_add(working), sums.2.saturating_add(there));
        }
    }
    let (count, working, there) = sums;
    if count == 0 || is_share(working, WORKING_MAX, there) {
        return None;
    }
    let waiting = there - working;
    let workers = if count == 1 { "its worker is".to_owned() } else { format!("its {count} workers are") };
    Some(Finding {
        title: format!(
            "The main thread is busy {} while {workers} idle {}",
            percent_text(active, wall),
            percent_text(waiting, there)
        ),
        is_health: false,
        certainty: Certainty::Inferred,
        reason: "Samples of the main thread and of workers that were there for at least half of the time.".to_owned(),
        cost_ns: active.min(waiting),
        evidence: vec![
            Evidence::time("main thread active", active).of(wall, "recorded"),
            Evidence::time("workers active", working).of(there, "recorded"),
            Evidence::count("workers", count),
        ],
        next: "Hand more of the main thread's work to them: the functions at the top of its table.".to_owned(),
        functions: Vec::new(),
        profile: Some(one.profile),
        range: None,
        shown: Shown::Functions,
    })
}
