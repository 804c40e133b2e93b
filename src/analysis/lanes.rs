//! Lanes below the timeline: numbers over time, and when the tracks of a trace were busy, in as many
//! columns as a screen has.

use super::labels::Labels;
use crate::model::{Recording, Series, SeriesKind};

/// Smallest and largest value in each column of a stretch; not a number where nothing is known.
pub type Levels = Vec<(f32, f32)>;

/// A stretch of time in equal columns.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    /// First moment, nanoseconds.
    pub from_ns: i64,
    /// First moment behind it.
    pub to_ns: i64,
    /// Number of columns.
    pub count: usize,
}

impl Columns {
    /// The same columns of a stretch that lies so much earlier.
    pub fn earlier(self, by_ns: i64) -> Self {
        let earlier = |at_ns: i64| at_ns.saturating_sub(by_ns);
        Self { from_ns: earlier(self.from_ns), to_ns: earlier(self.to_ns), ..self }
    }

    /// Where a moment lies, in columns from the left edge, which may be outside.
    fn place(&self, at_ns: i64) -> f64 {
        let all = (self.to_ns.saturating_sub(self.from_ns)).max(1) as f64;
        (at_ns.saturating_sub(self.from_ns)) as f64 / all * self.count as f64
    }

    /// The columns that a stretch touches: first, and the one behind the last.
    fn touched(&self, from_ns: i64, to_ns: i64) -> (usize, usize) {
        let first = self.place(from_ns).floor().clamp(0.0, self.count as f64) as usize;
        let end = self.place(to_ns).ceil().clamp(0.0, self.count as f64) as usize;
        // What has no length still has a place.
        let is_inside = from_ns >= self.from_ns && from_ns < self.to_ns;
        (first, if is_inside { end.max(first + 1).min(self.count) } else { end })
    }
}

/// The values of a series. A level holds until the next is measured; an amount belongs to the stretch
/// since the one before; a delay to as much of that stretch as it is long. One pass.
pub fn of_series(series: &Series, columns: Columns) -> Levels {
    let mut levels = vec![(f32::NAN, f32::NAN); columns.count];
    let mut before: Option<i64> = None;
    let mut points = series.at_ns.iter().zip(series.value.iter()).peekable();
    while let Some((at, value)) = points.next() {
        let (from, to) = match series.kind {
            SeriesKind::Gauge => (at, points.peek().map_or(at, |(next, _)| *next)),
            SeriesKind::Amount => (before.unwrap_or(at), at),
            SeriesKind::Delay => (at.saturating_sub(value.max(0.0) as i64).max(before.unwrap_or(i64::MIN)), at),
        };
        before = Some(at);
        let (first, end) = columns.touched(from, to);
        for level in levels.get_mut(first..end).into_iter().flatten() {
            // The least of a number and of none is the number.
            *level = (level.0.min(value as f32), level.1.max(value as f32));
        }
    }
    levels
}

/// The smallest value that a lane shows and the largest: from zero on, unless there are values below.
pub fn scale(series: &Series) -> (f64, f64) {
    let (low, high) = series.value.iter().fold((0.0f64, 0.0f64), |(low, high), v| (low.min(v), high.max(v)));
    let high = if series.unit.word() == "share" { high.max(1.0) } else { high };
    (low, if high > low { high } else { low + 1.0 })
}

/// How much of each column lies within a span of a track, 0 to 1; what overlaps counts once, and spans
/// without an end count nothing. One pass over the spans of the track.
pub fn of_track(recording: &Recording, track: usize, columns: Columns) -> Levels {
    let spans = &recording.spans;
    let mut busy = vec![0.0f64; columns.count];
    let mut covered = f64::NEG_INFINITY;
    let labels = Labels::of(recording);
    for row in spans.rows_of(track).filter(|&row| !labels.is_unended(row)) {
        let at = spans.at_ns.get(row);
        let end = columns.place(at.saturating_add(spans.length_ns.get(row)));
        let from = columns.place(at).max(covered).max(0.0);
        let to = end.min(columns.count as f64);
        covered = covered.max(end);
        let last = (to.ceil().max(0.0) as usize).min(columns.count);
        for (column, busy) in busy.iter_mut().enumerate().take(last).skip(from as usize) {
            *busy += (to.min(column as f64 + 1.0) - from.max(column as f64)).max(0.0);
        }
    }
    // In so few digits that sums of parts of a column do not exceed it.
    busy.into_iter().map(|part| (part.min(1.0) as f32, part.min(1.0) as f32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Builder, Origin, SpanId, StringId};
    use crate::units::Unit;

    const TEN: Columns = Columns { from_ns: 0, to_ns: 100, count: 10 };

    fn series(kind: SeriesKind, points: &[(i64, f64)]) -> Series {
        let mut series = Series::new("x", "", Unit::Count, kind);
        points.iter().for_each(|&(at, value)| series.push(at, value));
        series
    }

    fn largest(levels: &Levels) -> Vec<i32> {
        levels.iter().map(|level| if level.1.is_nan() { -1 } else { level.1 as i32 }).collect()
    }

    #[test]
    fn a_level_holds_until_the_next() {
        let levels = of_series(&series(SeriesKind::Gauge, &[(20, 3.0), (25, 1.0), (60, 7.0)]), TEN);
        assert_eq!(largest(&levels), [-1, -1, 3, 1, 1, 1, 7, -1, -1, -1]);
        assert_eq!(levels[2].0 as i32, 1, "the smallest of the column is kept, too");
    }

    #[test]
    fn what_is_moved_is_found_later() {
        let levels = of_series(&series(SeriesKind::Gauge, &[(20, 3.0), (30, 1.0)]), TEN.earlier(40));
        assert_eq!(largest(&levels), [-1, -1, -1, -1, -1, -1, 3, 1, -1, -1]);
    }

    #[test]
    fn an_amount_belongs_to_the_stretch_before() {
        let levels = of_series(&series(SeriesKind::Amount, &[(20, 3.0), (50, 8.0)]), TEN);
        assert_eq!(largest(&levels), [-1, -1, 8, 8, 8, -1, -1, -1, -1, -1]);
    }

    #[test]
    fn a_delay_is_as_long_as_it_says() {
        let levels = of_series(&series(SeriesKind::Delay, &[(30, 2.0), (80, 30.0), (90, 50.0)]), TEN);
        assert_eq!(largest(&levels), [-1, -1, 2, -1, -1, 30, 30, 30, 50, -1]);
    }

    #[test]
    fn moments_outside_and_at_the_edges_are_not_drawn_inside() {
        let far = series(SeriesKind::Gauge, &[(-50, 1.0), (-40, 2.0), (100, 5.0), (i64::MAX, 6.0)]);
        assert_eq!(largest(&of_series(&far, TEN)), [2; 10]);
        let zoomed = Columns { from_ns: 30, to_ns: 40, count: 5 };
        assert_eq!(largest(&of_series(&series(SeriesKind::Gauge, &[(0, 4.0), (1_000, 9.0)]), zoomed)), [4; 5]);
        assert!(of_series(&far, Columns { count: 0, ..TEN }).is_empty());
    }

    #[test]
    fn busy_is_what_spans_cover() {
        let mut builder = Builder::new();
        let spans = &mut builder.spans;
        // On the second track; one within another, two that overlap, one after them.
        for (track, at, length) in [(0, 0, 100), (1, 10, 15), (1, 12, 3), (1, 20, 10), (1, 95, 50)] {
            spans.track.push(track);
            spans.at_ns.push(at);
            spans.length_ns.push(length);
            spans.parent.push(SpanId::NONE);
            spans.name.push(StringId::EMPTY);
            spans.category.push(StringId::EMPTY);
            spans.labels.push(0);
        }
        let recording = builder.finish(Origin::default());
        let tenths = |columns| -> Vec<i32> {
            of_track(&recording, 1, columns).iter().map(|level| (level.1 * 10.0).round() as i32).collect()
        };
        assert_eq!(tenths(TEN), [0, 10, 10, 0, 0, 0, 0, 0, 0, 5]);
        assert_eq!(tenths(Columns { from_ns: 22, to_ns: 32, count: 2 }), [10, 6]);
    }

    #[test]
    fn scales_begin_at_zero_and_are_never_empty() {
        let of =
            |values: &[f64]| scale(&series(SeriesKind::Gauge, &values.iter().map(|v| (0, *v)).collect::<Vec<_>>()));
        assert_eq!(of(&[5.0, 9.0]), (0.0, 9.0));
        assert_eq!(of(&[-5.0, -1.0]), (-5.0, 0.0));
        assert_eq!(of(&[0.0]), (0.0, 1.0));
    }
}
