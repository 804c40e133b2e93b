//! Measurements by the second of the wall clock in which they were made.

use std::collections::BTreeMap;

use super::exact::{Ranks, Sorted};
use crate::model::{Column, Series};

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;

/// The second of a moment.
pub(super) fn second(at_ns: i64) -> i64 {
    at_ns.div_euclid(SECOND)
}

/// When a second ends, nanoseconds since `start_ns`.
fn end(second: i64, start_ns: i64) -> i64 {
    (second + 1).saturating_mul(SECOND).saturating_sub(start_ns)
}

/// Sums of one second.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bucket {
    pub(super) sum: f64,
    pub(super) count: u64,
    /// How many were not zero.
    pub(super) hits: u64,
    pub(super) last: f64,
}

/// Sums by second. The measurements of a second mostly follow each other.
#[derive(Debug, Default)]
pub(super) struct Seconds {
    done: BTreeMap<i64, Bucket>,
    now: i64,
    bucket: Bucket,
}

impl Seconds {
    pub(super) fn add(&mut self, second: i64, value: f64) {
        if second != self.now && self.bucket.count > 0 {
            self.put_away();
        }
        self.now = second;
        self.bucket.sum += value;
        self.bucket.count += 1;
        self.bucket.hits += u64::from(value != 0.0);
        self.bucket.last = value;
    }

    fn put_away(&mut self) {
        let now = std::mem::take(&mut self.bucket);
        let kept = self.done.entry(self.now).or_default();
        kept.sum += now.sum;
        kept.count += now.count;
        kept.hits += now.hits;
        kept.last = now.last;
    }

    pub(super) fn finish(mut self) -> BTreeMap<i64, Bucket> {
        if self.bucket.count > 0 {
            self.put_away();
        }
        self.done
    }
}

/// Adds an amount for each second; seconds without any are zero, of which the first and the last of a
/// row are enough.
pub(super) fn amounts(
    buckets: &BTreeMap<i64, Bucket>,
    start_ns: i64,
    series: &mut Series,
    of: impl Fn(&Bucket) -> f64,
) {
    let mut before: Option<i64> = None;
    for (&second, bucket) in buckets {
        if let Some(before) = before.filter(|&before| second - before > 1) {
            series.push(end(before + 1, start_ns), 0.0);
            if second - before > 2 {
                series.push(end(second - 1, start_ns), 0.0);
            }
        }
        series.push(end(second, start_ns), of(bucket));
        before = Some(second);
    }
}

/// Adds a level for each second that has one.
pub(super) fn levels(buckets: &BTreeMap<i64, Bucket>, start_ns: i64, series: &mut Series, of: impl Fn(&Bucket) -> f64) {
    buckets.iter().for_each(|(&second, bucket)| series.push(end(second, start_ns), of(bucket)));
}

/// Seconds that stay open for measurements that are written late.
const OPEN: i64 = 10;

/// Half, nineteen of twenty, and the largest of the measurements of each second, without keeping them.
#[derive(Debug, Default)]
pub(super) struct Latencies {
    open: BTreeMap<i64, Column<f64>>,
    newest: Option<i64>,
    done: Vec<(i64, [f64; 3])>,
    /// Measurements that came when their second was over.
    pub(super) late: u64,
}

impl Latencies {
    pub(super) fn add(&mut self, second: i64, value: f64) {
        let newest = self.newest.map_or(second, |newest| newest.max(second));
        if self.newest.is_some_and(|before| before < newest) {
            self.close(newest.saturating_sub(OPEN));
        }
        self.newest = Some(newest);
        if second <= newest.saturating_sub(OPEN) {
            self.late += 1;
            return;
        }
        self.open.entry(second).or_default().push(value);
    }

    /// Closes the seconds up to and with this one.
    fn close(&mut self, last: i64) {
        while let Some(entry) = self.open.first_entry().filter(|entry| *entry.key() <= last) {
            let (second, values) = entry.remove_entry();
            let sorted = Sorted::of(values);
            let ranks = Ranks::of(std::iter::once(&sorted));
            let of = |percent| ranks.percentile(percent).unwrap_or(f64::NAN);
            self.done.push((second, [of(50.0), of(95.0), of(100.0)]));
        }
    }

    /// Adds the three to their series.
    pub(super) fn finish(mut self, start_ns: i64, factor: f64, series: &mut [Series; 3]) {
        self.close(i64::MAX);
        for (second, values) in self.done {
            for (series, value) in series.iter_mut().zip(values) {
                series.push(end(second, start_ns), value * factor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SeriesKind;
    use crate::units::Unit;

    fn points(series: &Series) -> Vec<(i64, f64)> {
        series.at_ns.iter().map(|at| at / SECOND).zip(series.value.iter()).collect()
    }

    #[test]
    fn seconds_without_requests_are_zero() {
        let mut seconds = Seconds::default();
        for (second, value) in [(5, 1.0), (6, 1.0), (5, 1.0), (12, 2.0)] {
            seconds.add(second, value);
        }
        let mut series = Series::new("a", "", Unit::Count, SeriesKind::Amount);
        amounts(&seconds.finish(), 5 * SECOND, &mut series, |bucket| bucket.sum);
        assert_eq!(points(&series), [(1, 2.0), (2, 1.0), (3, 0.0), (7, 0.0), (8, 2.0)]);
    }

    #[test]
    fn a_second_stays_open_for_a_while() {
        let mut latencies = Latencies::default();
        for (second, value) in [(100, 1.0), (101, 5.0), (100, 3.0), (120, 7.0), (101, 9.0), (111, 8.0)] {
            latencies.add(second, value);
        }
        assert_eq!(latencies.late, 1);
        let mut series = ["p50", "p95", "max"].map(|name| Series::new(name, "", Unit::Nanos, SeriesKind::Gauge));
        latencies.finish(100 * SECOND, 1.0, &mut series);
        assert_eq!(points(&series[0]), [(1, 2.0), (2, 5.0), (12, 8.0), (21, 7.0)]);
        assert_eq!(points(&series[2])[0], (1, 3.0));
    }
}
