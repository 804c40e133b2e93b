//! Stalls measured by what was late: a timer of the program itself, every few milliseconds.
//!
//! A delay of `d` that ends at `t` means that the loop could not start another callback in `[t - d, t]`.
//! Where a point stands for the worst delay of a longer stretch, that may lie anywhere in it: see
//! [`Delay::earlier_ns`]. At most one stall is told for each point, so that several short ones in one
//! stretch look like the longest of them. Who held the loop, delays do not tell.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::SortFew as _;
use crate::model::{Recording, Role, Series, SeriesKind};

/// A stretch in which the loop was late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    /// Where it begins at the latest, nanoseconds since the start of the recording.
    pub start_ns: i64,
    /// How long the loop was late, nanoseconds.
    pub duration_ns: i64,
    /// By how much it may have begun earlier, nanoseconds.
    pub earlier_ns: i64,
    /// Index of the series that tells it.
    pub series: usize,
}

/// The delays of at least `threshold_ns` of all series of delays, in the order of time; two series of one
/// process that tell of the same moment tell of one delay, and the longer one counts.
///
/// Linear in points, and sorted.
pub fn find(recording: &Recording, threshold_ns: i64) -> Vec<Delay> {
    let mut groups: BTreeMap<&str, Vec<(usize, &Series)>> = BTreeMap::new();
    for (index, series) in recording.series.iter().enumerate() {
        if series.kind == SeriesKind::Delay && series.role == Role::LoopDelay {
            groups.entry(&series.group).or_default().push((index, series));
        }
    }
    let mut all = Vec::new();
    for series in groups.into_values() {
        let mut found: Vec<(i64, Delay)> =
            series.into_iter().flat_map(|(index, series)| of_series(index, series, threshold_ns)).collect();
        found.sort_few_by_key(|(end, delay)| (*end, Reverse(delay.duration_ns), delay.series));
        found.dedup_by_key(|(end, _)| *end);
        all.extend(found.into_iter().map(|(_, delay)| delay));
    }
    all.sort_few_by_key(|delay| (delay.start_ns, delay.series));
    all
}

/// Whether anything measured how late the loop was.
pub fn is_measured(recording: &Recording) -> bool {
    recording.series.iter().any(|s| s.kind == SeriesKind::Delay && s.role == Role::LoopDelay && !s.is_empty())
}

/// End and delay of each point that is long enough.
fn of_series(index: usize, series: &Series, threshold_ns: i64) -> Vec<(i64, Delay)> {
    let mut before = 0i64;
    let mut found = Vec::new();
    for (at, value) in series.at_ns.iter().zip(series.value.iter()) {
        let stretch = at.saturating_sub(before);
        before = at;
        // A year is no delay; the cast cannot overflow below that.
        let duration_ns = value.clamp(0.0, 3.2e16).round() as i64;
        if duration_ns >= threshold_ns.max(1) {
            let start_ns = at.saturating_sub(duration_ns);
            let earlier_ns = stretch.saturating_sub(duration_ns).max(0);
            found.push((at, Delay { start_ns, duration_ns, earlier_ns, series: index }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Unit;

    fn recording(points: &[(&str, &[(i64, f64)])]) -> Recording {
        let series = points.iter().map(|(group, points)| {
            let mut series = Series::new("delay", *group, Unit::Nanos, SeriesKind::Delay).with_role(Role::LoopDelay);
            points.iter().for_each(|&(at, value)| series.push(at, value));
            series
        });
        Recording { series: series.collect(), ..Recording::default() }
    }

    #[test]
    fn one_stall_for_each_moment_of_a_process() {
        let recording = recording(&[
            ("a", &[(100, 60.0), (200, 10.0), (400, 150.0)]),
            ("a", &[(100, 40.0), (400, 180.0)]),
            ("b", &[(400, 90.0)]),
        ]);
        let found = find(&recording, 50);
        let told: Vec<(i64, i64, i64, usize)> =
            found.iter().map(|d| (d.start_ns, d.duration_ns, d.earlier_ns, d.series)).collect();
        assert_eq!(told, [(40, 60, 40, 0), (220, 180, 120, 1), (310, 90, 310, 2)]);
        assert!(is_measured(&recording));
        assert!(find(&Recording::default(), 0).is_empty());
    }
}
