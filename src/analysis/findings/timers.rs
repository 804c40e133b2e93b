//! Timers that pile up: more fire than the loop has time for.

use std::collections::BTreeMap;

use super::busy::{Class, of_class};
use super::case::{Case, Loop};
use super::{Certainty, Evidence, Finding, Shown};
use crate::analysis::labels::Labels;
use crate::model::vocab::TimeRange;
use crate::units::nanos;

/// Timers that are due at once and wait: fewer may share one moment in any program.
const WAITING_MIN: u64 = 10;
/// A timer that is later than this waits for the loop and not for the clock, nanoseconds: browsers may
/// clamp timers to 4 ms and round them to 16.
const LATE_NS: i64 = 50_000_000;
/// Callbacks of timers in any one second. One that sets itself again fires at most 250 times: browsers
/// let it wait 4 ms.
const PER_SECOND_MIN: usize = 500;
/// Hundredths of that second which they take, so that it matters.
const TAKEN_MIN: i64 = 10;
const SECOND: i64 = 1_000_000_000;

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    let of_loops = case.loops().iter().flat_map(|one| waiting(case, one).or_else(|| many(case, one)));
    of_loops.chain(of_class(case, Class::Timers)).collect()
}

/// Timers of a page that are due and wait for each other: each is told when it was set and when it fired.
fn waiting(case: &Case<'_>, one: &Loop<'_>) -> Option<Finding> {
    let late = late(case, one.rows?);
    let mut moments: Vec<(i64, i64)> = late.iter().flat_map(|&(due, fired)| [(due, 1), (fired, -1)]).collect();
    // Whoever fires at a moment no longer waits at it.
    moments.sort_unstable();
    let (mut now, mut most, mut at) = (0i64, 0i64, 0);
    for (moment, step) in moments {
        now += step;
        if now > most {
            (most, at) = (now, moment);
        }
    }
    let most = u64::try_from(most).ok().filter(|&most| most >= WAITING_MIN)?;
    let waits = late.iter().map(|(due, fired)| fired.saturating_sub(*due));
    let (longest, total) = waits.fold((0i64, 0i64), |(most, all), wait| (most.max(wait), all.saturating_add(wait)));
    Some(Finding {
        title: format!("Timers pile up: {most} were due at once, up to {} late", nanos(longest)),
        is_health: false,
        certainty: Certainty::Measured,
        reason: format!(
            "The trace tells when each timer was set and when it fired; those {} late or more are counted.",
            nanos(LATE_NS)
        ),
        cost_ns: longest,
        evidence: vec![
            Evidence::count("late timers", late.len() as u64),
            Evidence::time("late on the average", total / i64::try_from(late.len()).unwrap_or(1).max(1)),
            Evidence::time("latest", longest),
        ],
        next: "Set fewer timers, set the next one when the work is done, and clear those that nobody needs.".to_owned(),
        functions: Vec::new(),
        profile: Some(one.profile),
        range: Some(TimeRange { from_ns: at, to_ns: at.saturating_add(longest) }),
        shown: Shown::Functions,
    })
}

/// When timers were due that fired too late, and when they fired.
fn late(case: &Case<'_>, rows: (usize, usize)) -> Vec<(i64, i64)> {
    let (spans, marks, labels) = (&case.recording.spans, &case.recording.spans.marks, Labels::of(case.recording));
    let Some(set) = case.recording.strings.find("TimerInstall") else { return Vec::new() };
    let Some(fire) = case.recording.strings.find("TimerFire") else { return Vec::new() };
    let mut due: BTreeMap<i64, i64> = BTreeMap::new();
    for row in (0..marks.at_ns.len()).filter(|&row| marks.name.get(row) == set) {
        let of_row = marks.labels.get(row);
        let is_single = labels.text(of_row, "singleShot").is_none_or(|text| text == "true");
        if let (true, Some(id), Some(ms)) =
            (is_single, labels.number(of_row, "timerId"), labels.number(of_row, "timeout"))
        {
            due.insert(id, marks.at_ns.get(row).saturating_add(ms.clamp(0, 1 << 31) * 1_000_000));
        }
    }
    let fired = (rows.0..rows.1).filter(|&row| spans.name.get(row) == fire);
    let late = fired.filter_map(|row| {
        let due = *due.get(&labels.number(spans.labels.get(row), "timerId")?)?;
        let at = spans.at_ns.get(row);
        (at.saturating_sub(due) >= LATE_NS).then_some((due, at))
    });
    late.collect()
}

/// More callbacks of timers in a second than one timer can have.
fn many(case: &Case<'_>, one: &Loop<'_>) -> Option<Finding> {
    let spans = &case.recording.spans;
    let names = case.names(&["TimerFire", "Timeout_CALLBACK"]);
    let rows = one.rows?;
    let fired: Vec<(i64, i64)> = (rows.0..rows.1)
        .filter(|&row| names.contains(&spans.name.get(row)))
        .map(|row| (spans.at_ns.get(row), spans.length_ns.get(row)))
        .collect();
    let (mut first, mut taken) = (0, 0i64);
    let mut most: Option<(usize, i64, i64)> = None;
    for (last, &(at, length)) in fired.iter().enumerate() {
        taken = taken.saturating_add(length);
        while fired[first].0 < at.saturating_sub(SECOND) {
            taken = taken.saturating_sub(fired[first].1);
            first += 1;
        }
        let count = last + 1 - first;
        if count >= PER_SECOND_MIN
            && super::is_share(taken, TAKEN_MIN, SECOND)
            && most.is_none_or(|most| count > most.0)
        {
            most = Some((count, taken, fired[first].0));
        }
    }
    let (count, taken, from_ns) = most?;
    Some(Finding {
        title: format!("Timers pile up: {count} fired within a second"),
        is_health: false,
        certainty: Certainty::Measured,
        reason: "Callbacks of timers in the trace. A single timer that sets itself again has at most 250 a second in a page."
            .to_owned(),
        cost_ns: fired.iter().fold(0i64, |sum, fired| sum.saturating_add(fired.1)),
        evidence: vec![
            Evidence::count("in the busiest second", count as u64),
            Evidence::time("they took of it", taken).of(SECOND, ""),
            Evidence::count("in all", fired.len() as u64),
        ],
        next: "Set fewer timers, set the next one when the work is done, and clear those that nobody needs.".to_owned(),
        functions: Vec::new(),
        profile: Some(one.profile),
        range: Some(TimeRange { from_ns, to_ns: from_ns.saturating_add(SECOND) }),
        shown: Shown::Functions,
    })
}
