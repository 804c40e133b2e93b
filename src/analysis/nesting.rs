//! Where the spans of a track stand when they are drawn as boxes: which row, and inside of which other.

use crate::model::vocab::TimeRange;
use crate::model::{SpanId, Spans, TrackKind};

/// No row, or no span around.
pub const NONE: u32 = u32::MAX;

/// Most lanes of a track. What overlaps with so many others is left out, and that is said.
const LANES_MAX: usize = 64;

/// The spans of a track in rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Nesting {
    /// Number of the track's first span; the columns count from there.
    pub first: usize,
    /// Row of each span, counted from the track's first; [`NONE`] for what is not drawn: it has no
    /// length, lies outside of the stretch that is looked at, or in no lane.
    pub row: Vec<u32>,
    /// The span that each lies inside of, in the row before, counted like the spans; [`NONE`] for the
    /// outermost of a lane.
    pub around: Vec<u32>,
    /// Number of spans in each row.
    pub counts: Vec<u32>,
    /// The first row of every lane but the first one.
    pub lanes: Vec<u32>,
    /// Whether spans were left out because too many overlap.
    pub is_cut: bool,
}

/// A stretch of rows in which spans lie inside each other and do not overlap otherwise.
#[derive(Default)]
struct Lane {
    /// The spans that have not ended, outermost first: number and end.
    open: Vec<(u32, i64)>,
    /// A number for the row of each depth, in the order in which rows were begun.
    rows: Vec<u32>,
}

impl Lane {
    /// Whether a span finds its place here, after all that ended before it was closed. On a thread it
    /// lies in whatever is around it; an operation lies only in the one that it belongs to.
    fn takes(&mut self, (at, end): (i64, i64), parent: Option<u32>) -> bool {
        while self.open.last().is_some_and(|open| open.1 <= at) {
            self.open.pop();
        }
        let is_of = |span: u32| parent.is_none_or(|parent| parent == span);
        self.open.last().is_none_or(|&(span, around)| end <= around && is_of(span))
    }
}

impl Nesting {
    /// Lays out the spans of a track as far as they lie in a stretch of time. Spans inside others stand
    /// a row below them. What overlaps with what stands there already goes to the next lane: rows of
    /// its own, below those of the lane before.
    ///
    /// One pass over the spans of the track, which must be in their order: by start, parents first.
    pub fn of(spans: &Spans, track: usize, range: TimeRange) -> Self {
        let rows = spans.rows_of(track);
        let is_thread = spans.tracks[track].kind == TrackKind::Thread;
        let first = rows.start;
        let mut lanes: Vec<Lane> = Vec::new();
        let mut nesting =
            Self { first, row: vec![NONE; rows.len()], around: vec![NONE; rows.len()], ..Self::default() };
        for span in 0..rows.len() as u32 {
            let row = first + span as usize;
            let at = spans.at_ns.get(row);
            let end = at.saturating_add(spans.length_ns.get(row));
            if end <= at || end <= range.from_ns || at >= range.to_ns {
                continue;
            }
            let parent = (!is_thread).then(|| number(spans.parent.get(row), first));
            let free = lanes.iter_mut().position(|lane| lane.takes((at, end), parent));
            let lane = free.unwrap_or(lanes.len());
            if lane >= LANES_MAX {
                nesting.is_cut = true;
                continue;
            }
            if lane == lanes.len() {
                lanes.push(Lane::default());
            }
            nesting.place(span, end, &mut lanes[lane]);
        }
        nesting.in_order(&lanes);
        nesting
    }

    fn place(&mut self, span: u32, end: i64, lane: &mut Lane) {
        let depth = lane.open.len();
        if depth == lane.rows.len() {
            lane.rows.push(self.counts.len() as u32);
            self.counts.push(0);
        }
        let row = lane.rows[depth];
        self.counts[row as usize] += 1;
        self.row[span as usize] = row;
        self.around[span as usize] = lane.open.last().map_or(NONE, |open| open.0);
        lane.open.push((span, end));
    }

    /// Numbers the rows anew: lane by lane instead of in the order in which they were begun.
    fn in_order(&mut self, lanes: &[Lane]) {
        let mut new = vec![0; self.counts.len()];
        let mut counts = Vec::with_capacity(self.counts.len());
        for lane in lanes {
            if !counts.is_empty() {
                self.lanes.push(counts.len() as u32);
            }
            for &row in &lane.rows {
                new[row as usize] = counts.len() as u32;
                counts.push(self.counts[row as usize]);
            }
        }
        self.counts = counts;
        self.row.iter_mut().filter(|row| **row != NONE).for_each(|row| *row = new[*row as usize]);
    }

    /// The spans of each row behind each other, in the order of time.
    pub fn by_row(&self) -> Vec<u32> {
        let mut next = Vec::with_capacity(self.counts.len());
        let mut sum = 0;
        for count in &self.counts {
            next.push(sum);
            sum += *count;
        }
        let mut spans = vec![0; sum as usize];
        for (span, &row) in (0u32..).zip(&self.row).filter(|(_, row)| **row != NONE) {
            let place = &mut next[row as usize];
            spans[*place as usize] = span;
            *place += 1;
        }
        spans
    }
}

/// A parent's number counted from the track's first span.
fn number(parent: SpanId, first: usize) -> u32 {
    if parent.is_none() { NONE } else { parent.index().checked_sub(first).map_or(NONE, |number| number as u32) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{StringId, Track};

    const ALL: TimeRange = TimeRange { from_ns: 0, to_ns: 1_000 };

    /// Spans of one track: begin, length, parent.
    fn spans(kind: TrackKind, rows: &[(i64, i64, Option<usize>)]) -> Spans {
        let mut spans = Spans::default();
        let (name, process) = (String::new(), String::new());
        spans.tracks.push(Track { name, process, pid: None, tid: None, kind, is_main: false });
        for &(at, length, parent) in rows {
            spans.track.push(0);
            spans.at_ns.push(at);
            spans.length_ns.push(length);
            spans.parent.push(parent.map_or(SpanId::NONE, SpanId::from_index));
            spans.name.push(StringId::EMPTY);
            spans.category.push(StringId::EMPTY);
            spans.labels.push(0);
        }
        spans
    }

    #[test]
    fn what_lies_inside_stands_below() {
        let rows = [(0, 10, None), (1, 4, None), (1, 2, None), (5, 5, None), (10, 5, None)];
        let nesting = Nesting::of(&spans(TrackKind::Thread, &rows), 0, ALL);
        assert_eq!(nesting.row, [0, 1, 2, 1, 0]);
        assert_eq!(nesting.around, [NONE, 0, 1, 0, NONE]);
        assert_eq!((nesting.counts.as_slice(), nesting.lanes.len()), ([2, 2, 1].as_slice(), 0));
        assert_eq!(nesting.by_row(), [0, 4, 1, 3, 2]);
    }

    #[test]
    fn what_has_no_length_or_lies_outside_has_no_row() {
        let rows = [(0, 10, None), (10, 5, None), (12, 0, None), (12, 2, None), (20, 5, None)];
        let nesting = Nesting::of(&spans(TrackKind::Thread, &rows), 0, TimeRange { from_ns: 10, to_ns: 20 });
        assert_eq!(nesting.row, [NONE, 0, NONE, 1, NONE]);
    }

    #[test]
    fn what_overlaps_goes_to_a_lane_of_its_own() {
        let rows = [(0, 10, None), (2, 3, None), (5, 10, None), (6, 4, None), (7, 12, None), (16, 2, None)];
        let nesting = Nesting::of(&spans(TrackKind::Thread, &rows), 0, ALL);
        // The fourth lies in the first: it stands there and not in the third, which begins later.
        assert_eq!(nesting.row, [0, 1, 2, 1, 3, 0]);
        assert_eq!(nesting.around, [NONE, 0, NONE, 0, NONE, NONE]);
        assert_eq!(nesting.lanes, [2, 3]);
    }

    #[test]
    fn operations_lie_only_in_those_that_they_belong_to() {
        let rows = [(0, 10, None), (2, 3, None), (3, 2, Some(0)), (3, 1, Some(1)), (6, 2, Some(0)), (10, 1, None)];
        let nesting = Nesting::of(&spans(TrackKind::Async, &rows), 0, ALL);
        assert_eq!(nesting.row, [0, 2, 1, 3, 1, 0]);
        assert_eq!(nesting.around, [NONE, NONE, 0, 1, 0, NONE]);
        assert_eq!(nesting.lanes, [2]);
    }

    #[test]
    fn ends_at_the_end_of_time_and_many_lanes_are_bounded() {
        let rows: Vec<_> = (0..200).map(|at| (at, i64::MAX, None)).collect();
        let nesting = Nesting::of(&spans(TrackKind::Async, &rows), 0, ALL);
        assert_eq!(nesting.counts, [1; LANES_MAX]);
        assert!(nesting.is_cut);
        let nested = Nesting::of(&spans(TrackKind::Thread, &rows), 0, ALL);
        assert_eq!(
            (nested.counts.len(), nested.is_cut),
            (200, false),
            "cut at the end of time they lie inside each other"
        );
    }
}
