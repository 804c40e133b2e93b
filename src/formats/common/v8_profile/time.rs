//! When the samples were taken: prefix sums, repairs, and what the last sample owns.
//!
//! Sample i stands at the start plus the deltas up to and with the i-th, and owns the time to the
//! next sample; the first delta belongs to nobody. The last sample owns what is left of the
//! recording, at most two and a half median distances.

use crate::error::Result;
use crate::formats::common::order::{Distances, median_distance, sort_by_time};
use crate::input::json::Json;
use crate::model::{Builder, Column, StackId, Time};

/// Decimals that turn microseconds into nanoseconds.
const MICROS: u8 = 3;
/// Distances below this are added up without a look at each, nanoseconds: eighteen minutes.
const NEAR_NS: u64 = 1 << 40;
/// No recording is as long as a year: a longer distance or length is a defect of the file.
const YEAR_NS: u64 = 366 * 86_400 * 1_000_000_000;

/// Moments while they are read.
#[derive(Debug, Default)]
pub(in crate::formats) struct Clock {
    /// Nanoseconds since the start of the recording, or since `first` where that is known.
    at: Column<i64>,
    /// The first sample's own time in nanoseconds, where the file gives times and not distances.
    pub(in crate::formats) first: Option<i64>,
    /// Distances of more than a year, which count as nothing.
    absurd: u64,
    /// What the distances between the moments are, while that is known from reading them.
    distances: Distances,
}

/// Start and end of a recording on the file's own clock in nanoseconds, as far as the file tells.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::formats) struct Bounds {
    pub(in crate::formats) start: Option<i64>,
    pub(in crate::formats) end: Option<i64>,
}

impl Bounds {
    /// From start to end, where both are given and make sense.
    pub(in crate::formats) fn length(self) -> Option<i64> {
        let length = self.end?.checked_sub(self.start?)?;
        (length >= 0 && !is_absurd(length)).then_some(length)
    }
}

fn is_absurd(distance: i64) -> bool {
    distance.unsigned_abs() > YEAR_NS
}

impl Clock {
    /// `count` moments at even distances over a recording of `length` nanoseconds.
    pub(in crate::formats) fn evenly(count: usize, length: i64) -> Self {
        let moment = |i: usize| (i128::from(length) * i as i128 / count as i128) as i64;
        Self { at: (0..count).map(moment).collect(), distances: Distances::unknown(), ..Self::default() }
    }

    /// Number of moments.
    pub(in crate::formats) fn len(&self) -> usize {
        self.at.len()
    }

    /// Takes further distances, in nanoseconds.
    pub(in crate::formats) fn push_deltas(&mut self, deltas: impl Iterator<Item = i64>) {
        self.distances.give_up();
        let mut now = self.at.last().unwrap_or(0);
        for delta in deltas {
            if is_absurd(delta) {
                self.absurd += 1;
            } else {
                now = now.saturating_add(delta);
            }
            self.at.push(now);
        }
    }

    /// The latest moment.
    pub(in crate::formats) fn latest(&self) -> i64 {
        self.at.iter().max().unwrap_or(0)
    }

    /// Reads distances in microseconds.
    pub(in crate::formats) fn read_deltas(&mut self, json: &mut Json<'_>) -> Result<()> {
        let mut now = 0i64;
        let Self { at, absurd, distances, .. } = self;
        json.batches_of_i64(MICROS, |deltas, unit| {
            let far = NEAR_NS / unit.unsigned_abs();
            // Two thousand years: nothing overflows before the next batch looks again.
            let is_near = now.unsigned_abs() < 1 << 62 && deltas.len() < 1 << 12;
            if is_near && deltas.iter().all(|&delta| delta.unsigned_abs() < far) {
                distances.count(deltas, unit);
                return at.extend_mapped(deltas, |delta| {
                    now += delta * unit;
                    now
                });
            }
            distances.give_up();
            at.extend_mapped(deltas, |delta| {
                let delta = delta * unit;
                if is_absurd(delta) {
                    *absurd += 1;
                } else {
                    now = now.saturating_add(delta);
                }
                now
            });
        })?;
        Ok(())
    }

    /// Reads moments in microseconds.
    pub(in crate::formats) fn read_timestamps(&mut self, json: &mut Json<'_>) -> Result<()> {
        let mut now = 0i64;
        let mut before = None;
        let Self { at, first, absurd, distances } = self;
        distances.give_up();
        let mut each = |moment: i64| {
            let delta = moment.saturating_sub(before.unwrap_or(moment));
            before = Some(moment);
            first.get_or_insert(moment);
            if is_absurd(delta) {
                *absurd += 1;
            } else {
                now = now.saturating_add(delta);
            }
            at.push(now);
        };
        json.batches_of_i64(MICROS, |moments, unit| moments.iter().for_each(|&moment| each(moment * unit)))?;
        Ok(())
    }

    /// The times of as many samples as there are `stacks`, which are brought into the same order.
    pub(in crate::formats) fn finish(
        mut self,
        bounds: Bounds,
        stacks: &mut Column<StackId>,
        builder: &mut Builder,
    ) -> Time {
        if stacks.len() < self.at.len() {
            self.distances.give_up();
            self.at.truncate(stacks.len());
        }
        builder.note(
            "time-absurd",
            self.absurd,
            "Some samples are more than a year away from the one before them; that distance counts as nothing.",
        );
        let disorder = sort_by_time(&mut self.at, stacks, &mut self.distances);
        builder.note(
            "order-repaired",
            disorder,
            "Samples were out of order (earlier than the one before them); all were put into the order of time.",
        );
        let start_ns = self.settle_start(bounds, builder);
        let interval_ns = self.distances.median().unwrap_or_else(|| median_distance(&self.at));
        let last_at = self.at.last().unwrap_or(0);
        let duration_ns = self.duration(start_ns, bounds, builder);
        let last_ns = if self.at.is_empty() { 0 } else { (duration_ns - last_at).min(two_and_a_half(interval_ns)) };
        Time { at_ns: self.at, start_ns, duration_ns, last_ns, interval_ns, has_idle: false }
    }

    /// Makes the moments relative to the start of the recording, which is never after the first sample.
    fn settle_start(&mut self, bounds: Bounds, builder: &mut Builder) -> i64 {
        let said =
            bounds.start.filter(|&start| !self.first.is_some_and(|first| is_absurd(first.saturating_sub(start))));
        let start = said.or(self.first).unwrap_or(0);
        let lead = self.first.map_or(0, |first| first.saturating_sub(start));
        let earliest = if self.at.is_empty() { 0 } else { self.at.get(0).saturating_add(lead).min(0) };
        builder.note(
            "start-repaired",
            u64::from(said.is_none() || earliest < 0),
            "The start of the recording is missing, or it is after the first sample; it was taken from the samples.",
        );
        let shift = lead.saturating_sub(earliest);
        if shift != 0 {
            (0..self.at.len()).for_each(|i| {
                let at = self.at.get_mut(i);
                *at = at.saturating_add(shift);
            });
        }
        start.saturating_add(earliest)
    }

    /// The length of the recording, which never ends before its last sample.
    fn duration(&self, start_ns: i64, bounds: Bounds, builder: &mut Builder) -> i64 {
        let last_at = self.at.last().unwrap_or(0);
        // Without a start, an end on the file's clock says nothing, unless the samples are on it too.
        let is_on_clock = bounds.start.is_some() || self.first.is_some();
        let said = Bounds { start: is_on_clock.then_some(start_ns), ..bounds }.length();
        let fits = said.filter(|&length| length >= last_at);
        builder.note(
            "end-repaired",
            u64::from(fits.is_none()),
            "The end of the recording is missing, or it is before the start or the last sample; it was taken from the samples.",
        );
        fits.unwrap_or(last_at)
    }
}

fn two_and_a_half(interval_ns: i64) -> i64 {
    interval_ns.saturating_mul(5) / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Window;

    fn column(rows: &[i64]) -> Column<i64> {
        rows.iter().copied().collect()
    }

    fn finish(clock: Clock, bounds: (Option<i64>, Option<i64>)) -> (Time, Vec<String>) {
        let mut builder = Builder::new();
        let mut stacks: Column<StackId> = (0..clock.len()).map(StackId::from_index).collect();
        let bounds = Bounds { start: bounds.0, end: bounds.1 };
        let time = clock.finish(bounds, &mut stacks, &mut builder);
        let recording = builder.finish(crate::model::Origin::default());
        (time, recording.notes.into_iter().map(|note| note.code).collect())
    }

    fn clock(at: &[i64]) -> Clock {
        Clock { at: column(at), distances: Distances::unknown(), ..Clock::default() }
    }

    #[test]
    fn the_last_sample_owns_at_most_two_and_a_half_distances() {
        let last = |end| {
            let (time, notes) = finish(clock(&[5, 15, 25]), (Some(100), Some(end)));
            assert!(notes.is_empty());
            assert_eq!((time.start_ns, time.interval_ns, time.duration_ns), (100, 10, end - 100));
            time.last_ns
        };
        assert_eq!(last(125), 0);
        assert_eq!(last(130), 5);
        assert_eq!(last(150), 25);
        assert_eq!(last(500), 25);
    }

    #[test]
    fn a_start_after_the_first_sample_moves() {
        let (time, notes) = finish(clock(&[-5, 5]), (Some(100), Some(120)));
        assert_eq!(notes, ["start-repaired"]);
        assert_eq!((time.start_ns, time.duration_ns, time.last_ns), (95, 25, 15));
        assert_eq!(time.at_ns, column(&[0, 10]));
    }

    #[test]
    fn a_bad_end_is_taken_from_the_samples() {
        for end in [None, Some(50), Some(104), Some(i64::MAX), Some(i64::MIN)] {
            let (time, notes) = finish(clock(&[1, 5]), (Some(100), end));
            assert_eq!(notes, ["end-repaired"], "{end:?}");
            assert_eq!((time.duration_ns, time.last_ns), (5, 0));
        }
        let (time, notes) = finish(clock(&[1, 5]), (None, Some(9)));
        assert_eq!((time.start_ns, time.duration_ns), (0, 5));
        assert_eq!(notes, ["start-repaired", "end-repaired"]);
    }

    #[test]
    fn nothing_sampled() {
        let (time, notes) = finish(clock(&[]), (Some(7), Some(9)));
        assert_eq!((time.start_ns, time.duration_ns, time.last_ns, notes.len()), (7, 2, 0, 0));
    }

    #[test]
    fn times_and_distances_agree() {
        let read = |text: &str, is_deltas: bool| {
            let mut window = Window::over(text.as_bytes());
            let (mut clock, mut json) = (Clock::default(), Json::new(&mut window));
            if is_deltas { clock.read_deltas(&mut json) } else { clock.read_timestamps(&mut json) }.expect("valid");
            finish(clock, (Some(1_000_000), Some(1_600_000))).0
        };
        let (deltas, times) = (read("[100,200.5,150]", true), read("[1100,1300.5,1450.5]", false));
        assert_eq!(deltas.at_ns, column(&[100_000, 300_500, 450_500]));
        assert_eq!(deltas.at_ns, times.at_ns);
        assert_eq!((deltas.duration_ns, deltas.last_ns), (600_000, 149_500));
        assert_eq!((times.duration_ns, times.last_ns), (600_000, 149_500));
    }

    #[test]
    fn absurd_numbers_do_not_overflow() {
        for text in ["[1,-9007199254740991,2,9007199254740991,9223372036854775807,3]", "[1e300,-1e300,1e15,1]"] {
            for is_deltas in [true, false] {
                let mut window = Window::over(text.as_bytes());
                let (mut clock, mut json) = (Clock::default(), Json::new(&mut window));
                if is_deltas { clock.read_deltas(&mut json) } else { clock.read_timestamps(&mut json) }.expect("valid");
                for bounds in
                    [(Some(0), Some(9)), (None, None), (Some(i64::MIN), Some(i64::MAX)), (Some(i64::MAX), None)]
                {
                    let mut again = Clock { at: clock.at.clone(), distances: Distances::unknown(), ..Clock::default() };
                    (again.first, again.absurd) = (clock.first, clock.absurd);
                    let (time, notes) = finish(again, bounds);
                    assert!(notes.contains(&"time-absurd".to_owned()));
                    assert!(time.at_ns.get(0) >= 0 && time.duration_ns >= time.at_ns.last().unwrap_or(0));
                }
            }
        }
    }

    #[test]
    fn even_distances_use_the_whole_length() {
        let (time, _) = finish(Clock::evenly(3, 100), (Some(0), Some(100)));
        assert_eq!(time.at_ns, column(&[0, 33, 66]));
        assert_eq!(time.last_ns, 34);
    }
}
