//! Ticks in the order of time, and how much time each owns.
//!
//! A tick owns the time to the next one. While the event loop waits, the signal that asks for a tick is
//! held back, and V8 reports the one tick when the wait ends. So a wait gets a row of its own, which is
//! no tick, where it can have begun at the latest: one interval behind the tick before it.

use crate::model::{Builder, Column, Extent, Profile, Samples, StackId, Time, Value, Weights};
use crate::units::Unit;

/// No recording is as long as a year: a later tick is a defect of the file.
const YEAR_US: u64 = 366 * 86_400 * 1_000_000;

/// What was read of each tick.
#[derive(Debug, Default)]
pub(super) struct Ticks {
    /// Nanoseconds since the log began.
    at: Column<i64>,
    stack: Column<StackId>,
    absurd: u64,
    /// Time between two ticks that was asked for, nanoseconds.
    pub(super) interval_ns: Option<i64>,
}

impl Ticks {
    /// Number of ticks.
    pub(super) fn len(&self) -> usize {
        self.at.len()
    }

    /// Appends a tick at a moment in microseconds since the log began.
    pub(super) fn push(&mut self, at_us: u64, stack: StackId) {
        self.absurd += u64::from(at_us > YEAR_US);
        let before = self.at.last().unwrap_or(0);
        let at = if at_us > YEAR_US { before } else { at_us.cast_signed() * 1000 };
        self.at.push(at);
        self.stack.push(stack);
    }

    /// The profile; ticks of the stack `idle` are waits.
    pub(super) fn finish(mut self, idle: StackId, builder: &mut Builder) -> Profile {
        builder.note(
            "time-absurd",
            self.absurd,
            "Some ticks are more than a year after the start; they were put to the tick before them.",
        );
        self.sort(builder);
        let interval_ns = self.median();
        let count = self.begin_waits(idle, interval_ns, builder);
        let duration_ns = self.at.last().unwrap_or(0);
        let has_idle = self.stack.iter().any(|stack| stack == idle);
        let time = Time {
            at_ns: self.at,
            start_ns: 0,
            duration_ns,
            // When the recording ended, the file does not say.
            last_ns: 0,
            interval_ns,
            has_idle,
        };
        let extent = Extent {
            start_ns: Some(0),
            duration_ns: Some(duration_ns),
            interval_ns: (interval_ns > 0).then_some(interval_ns),
        };
        let value = Value { name: "time".into(), unit: Unit::Nanos, decimals: 0, weights: Weights::Owned };
        Profile {
            samples: Samples { stack: self.stack, count, labels: None },
            time: Some(time),
            extent,
            values: vec![value],
            ..Profile::default()
        }
    }

    fn sort(&mut self, builder: &mut Builder) {
        let pairs = || self.at.iter().zip(self.at.iter().skip(1));
        let drops = pairs().filter(|(before, at)| at < before).count();
        builder.note(
            "order-repaired",
            drops as u64,
            "Samples were out of order (earlier than the one before them); all were put into the order of time.",
        );
        if drops > 0 {
            let mut rows: Vec<(i64, StackId)> = self.at.iter().zip(self.stack.iter()).collect();
            rows.sort_by_key(|row| row.0);
            self.at = rows.iter().map(|row| row.0).collect();
            self.stack = rows.iter().map(|row| row.1).collect();
        }
    }

    /// Adds a row for the begin of each wait: for how many ticks every row stands then.
    fn begin_waits(&mut self, idle: StackId, median_ns: i64, builder: &mut Builder) -> Option<Column<u64>> {
        let interval = self.interval_ns.unwrap_or(median_ns);
        let (mut at, mut stack, mut count) = (Column::new(), Column::new(), Column::new());
        let mut before = None;
        for (now, of) in self.at.iter().zip(self.stack.iter()) {
            let begin =
                before.filter(|&(_, busy)| of == idle && busy != idle).map(|(then, _): (i64, _)| then + interval);
            if let Some(begin) = begin.filter(|&begin| begin < now) {
                at.push(begin);
                stack.push(idle);
                count.push(0);
            }
            at.push(now);
            stack.push(of);
            count.push(1);
            before = Some((now, of));
        }
        let added = at.len() - self.at.len();
        builder.note(
            "about-waits",
            added as u64,
            "V8 reports a wait of the event loop when it ends; each was taken to begin one interval after the tick before it.",
        );
        (self.at, self.stack) = (at, stack);
        (added > 0).then_some(count)
    }

    /// The distance at half of all distances between neighbours in ascending order.
    fn median(&self) -> i64 {
        let mut distances: Vec<i64> =
            self.at.iter().zip(self.at.iter().skip(1)).map(|(before, at)| at.saturating_sub(before)).collect();
        let middle = distances.len() / 2;
        if distances.is_empty() { 0 } else { *distances.select_nth_unstable(middle).1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Origin;

    fn finish(ticks: &[(u64, u32)], interval_us: i64) -> (Vec<i64>, Time, Vec<String>) {
        let mut builder = Builder::new();
        let mut all = Ticks { interval_ns: Some(interval_us * 1000), ..Ticks::default() };
        ticks.iter().for_each(|&(at, stack)| all.push(at, StackId(stack)));
        let profile = all.finish(StackId(0), &mut builder);
        let time = profile.time.expect("ticks have times");
        let recording = builder.finish(Origin::default());
        let codes = recording.notes.into_iter().map(|note| note.code).collect();
        (time.at_ns.iter().map(|at| at / 1000).collect(), time, codes)
    }

    #[test]
    fn a_wait_begins_behind_the_tick_before_it() {
        let ticks = [(1000, 1), (2100, 2), (90_000, 0), (99_000, 0), (100_000, 1), (101_000, 0)];
        let (at, time, notes) = finish(&ticks, 1000);
        assert_eq!(at, [1000, 2100, 3100, 90_000, 99_000, 100_000, 101_000]);
        assert_eq!(notes, ["about-waits"]);
        assert_eq!((time.duration_ns, time.last_ns, time.interval_ns), (101_000_000, 0, 1_100_000));
        assert_eq!(time.owned_ns(2), 86_900_000);
    }

    #[test]
    fn ticks_out_of_order_are_sorted() {
        let (at, _, notes) = finish(&[(5, 1), (3, 2), (9, 1), (u64::MAX, 1)], 1000);
        assert_eq!(at, [3, 5, 9, 9]);
        assert_eq!(notes, ["time-absurd", "order-repaired"]);
        assert_eq!(finish(&[], 0).0, [0; 0]);
        assert_eq!(finish(&[(7, 0)], 0).0, [7]);
    }
}
