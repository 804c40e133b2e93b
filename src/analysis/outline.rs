//! What a trace holds, in a line per track and per series.

use serde::Serialize;

use crate::model::{Recording, Series, SpanId, TrackKind};

/// A track with what its spans add up to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackSum<'a> {
    /// Name for people.
    pub name: &'a str,
    /// The process's name.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub process: &'a str,
    /// Process id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u64>,
    /// Thread id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tid: Option<u64>,
    /// `thread` or `async`.
    pub kind: &'static str,
    /// Whether it is the thread whose stalls people feel.
    pub main: bool,
    /// Number of spans.
    pub count: u64,
    /// Number of marks.
    pub marks: u64,
    /// Time in spans that no other of the track is around, nanoseconds; where such spans overlap, it
    /// counts for each.
    pub total_ns: i64,
    /// The longest span, nanoseconds.
    pub longest_ns: i64,
}

/// The tracks in their order. One pass over spans and marks.
pub fn tracks(recording: &Recording) -> Vec<TrackSum<'_>> {
    let spans = &recording.spans;
    let mut sums: Vec<TrackSum<'_>> = spans
        .tracks
        .iter()
        .map(|track| TrackSum {
            name: &track.name,
            process: &track.process,
            pid: track.pid,
            tid: track.tid,
            kind: match track.kind {
                TrackKind::Thread => "thread",
                TrackKind::Async => "async",
            },
            main: track.is_main,
            count: 0,
            marks: 0,
            total_ns: 0,
            longest_ns: 0,
        })
        .collect();
    let rows = spans.track.iter().zip(spans.length_ns.iter()).zip(spans.parent.iter());
    for ((track, length), parent) in rows {
        let sum = &mut sums[track as usize];
        sum.count += 1;
        sum.longest_ns = sum.longest_ns.max(length);
        if parent == SpanId::NONE {
            sum.total_ns = sum.total_ns.saturating_add(length);
        }
    }
    spans.marks.track.iter().for_each(|track| sums[track as usize].marks += 1);
    sums
}

/// A series with its extremes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesSum<'a> {
    /// Name for people.
    pub name: &'a str,
    /// What it belongs to.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub group: &'a str,
    /// What the numbers measure.
    pub unit: &'a str,
    /// Number of points.
    pub points: u64,
    /// The smallest number.
    pub min: f64,
    /// The largest number.
    pub max: f64,
    /// The mean of the numbers, each counted once.
    pub mean: f64,
    /// The number of the last moment.
    pub last: f64,
}

/// All series that have a point.
pub fn series(recording: &Recording) -> Vec<SeriesSum<'_>> {
    recording.series.iter().filter_map(sum_of).collect()
}

fn sum_of(series: &Series) -> Option<SeriesSum<'_>> {
    let last = series.value.last()?;
    let (mut min, mut max, mut mean) = (last, last, 0.0);
    for (i, value) in series.value.iter().enumerate() {
        (min, max) = (value.min(min), value.max(max));
        // A running mean does not overflow.
        mean += (value - mean) / (i + 1) as f64;
    }
    let mean = if mean.is_finite() { mean } else { last };
    let points = series.len() as u64;
    Some(SeriesSum { name: &series.name, group: &series.group, unit: series.unit.word(), points, min, max, mean, last })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SeriesKind;
    use crate::units::Unit;

    #[test]
    fn a_series_has_extremes() {
        let mut one = Series::new("a", "", Unit::Bytes, SeriesKind::Gauge);
        assert_eq!(sum_of(&one), None);
        [3.0, 1.0, 5.0, 3.0].iter().zip(0..).for_each(|(value, at)| one.push(at, *value));
        let sum = sum_of(&one).expect("it has points");
        assert_eq!((sum.points, sum.min, sum.max, sum.mean, sum.last), (4, 1.0, 5.0, 3.0, 3.0));
        one.push(9, f64::MAX);
        one.push(9, -f64::MAX);
        assert!(sum_of(&one).expect("it has points").mean.is_finite());
    }
}
