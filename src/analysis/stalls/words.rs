//! What the rule says of itself, in sentences.

use super::blame::Blamed;
use super::busy::Reason;
use super::{StallKind, Stalls};
use crate::model::{FunctionId, Recording};
use crate::units::nanos;

/// Which rule named the culprit, or why there is none.
pub(super) fn why(
    recording: &Recording,
    busy: Option<Reason>,
    path: &[FunctionId],
    blamed: Option<&Blamed>,
    is_gc: bool,
) -> String {
    let blame = match (blamed, path.last()) {
        (Some(blamed), Some(&deepest)) => named(recording.name(deepest), recording.name(path[blamed.at]), blamed),
        _ if is_gc => "Garbage collection fills most of it.".to_owned(),
        _ => "No single function of your code or of a dependency is on the stack for 60 % of it.".to_owned(),
    };
    match busy {
        Some(reason) => format!("{} {blame}", busy_words(reason)),
        None => blame,
    }
}

fn named(deepest: &str, culprit: &str, blamed: &Blamed) -> String {
    match (blamed.is_helper_moved, blamed.is_name_moved) {
        (false, false) => format!(
            "{culprit} is the deepest function of your code or of a dependency that holds at least 60 % of it, \
             garbage collection counted for the code that it interrupts."
        ),
        (true, _) => {
            format!("{deepest} holds at least 60 % of it but serves several callers: {culprit} called it here.")
        }
        (false, true) => format!("A function without a name holds at least 60 % of it: {culprit} called it."),
    }
}

fn busy_words(reason: Reason) -> &'static str {
    match reason {
        Reason::ShortCalls => {
            "Many short calls: most of this callback's time is in short ones, and some follow each other without \
             a pause that the sampler saw."
        }
        Reason::UnseenPauses => {
            "Many short calls: the pauses between them are shorter than the sampling interval, so most went \
             unseen. A shorter interval would show them."
        }
        Reason::Steps => {
            "No part of it is long: your code was left and entered again, by several callbacks or by one that \
             works in steps."
        }
        Reason::Mixed => "Many callbacks, none of which holds most of it.",
    }
}

/// What samples alone tell, beside what was measured.
pub(super) fn beside(measured: &Stalls, inferred: &Stalls) -> String {
    let sum = |stalls: &Stalls| {
        let proper = stalls.stalls.iter().filter(|stall| stall.kind == StallKind::Stall);
        proper.fold((0u64, 0i64), |sum, stall| (sum.0 + 1, sum.1.saturating_add(stall.duration_ns)))
    };
    let ((count, total), (other, other_total)) = (sum(measured), sum(inferred));
    format!(
        " {count} were measured, {} together; the samples alone would tell {other}, {}.",
        nanos(total),
        nanos(other_total)
    )
}

/// The rule and its precision.
pub(super) fn rule(shortest_ns: i64, interval_ns: i64) -> String {
    format!(
        "Inferred from samples: the loop was busy for {} or more without a pause. Begin and end are known to about \
         one sampling interval ({}) and to the gaps between samples; calls without a pause that the sampler saw \
         count as one.",
        nanos(shortest_ns),
        nanos(interval_ns)
    )
}
