//! Order and distances of millions of moments, without a second copy of them.

use crate::model::{Column, SEGMENT_ROWS, StackId, first_false};

/// Sorts samples by time; equal times keep their order. Gives the number of samples that were
/// earlier than the one before them.
///
/// Profilers deliver a few samples late by a few places: only those places are sorted, and the whole
/// only when that would cost more.
pub(in crate::formats) fn sort_by_time(
    at: &mut Column<i64>,
    stacks: &mut Column<StackId>,
    distances: &mut Distances,
) -> u64 {
    let len = at.len().min(stacks.len());
    let mut disorder = 0;
    let mut budget = 16 * len;
    let mut sorted = 1;
    while let Some(drop) = distances.next_drop(at, sorted) {
        let latest = at.get(drop - 1);
        let (mut earliest, mut end) = (latest, drop);
        while end < len && at.get(end) < latest {
            earliest = earliest.min(at.get(end));
            disorder += u64::from(at.get(end) < at.get(end - 1));
            end += 1;
        }
        let from = first_after(at, drop, earliest);
        if end - from > budget {
            disorder += drops(at, end);
            distances.give_up();
            sort_range(at, stacks, 0, len);
            break;
        }
        budget -= end - from;
        distances.change(at, from, end, |count| count - 1);
        sort_range(at, stacks, from, end);
        distances.change(at, from, end, |count| count + 1);
        sorted = end;
    }
    disorder
}

/// The first of the sorted rows `0..end` that is later than `moment`.
fn first_after(at: &Column<i64>, end: usize, moment: i64) -> usize {
    first_false(end, |row| at.get(row) <= moment)
}

fn sort_range(at: &mut Column<i64>, stacks: &mut Column<StackId>, from: usize, to: usize) {
    let mut rows: Vec<_> = (from..to).map(|i| (at.get(i), stacks.get(i))).collect();
    rows.sort_by_key(|row| row.0);
    for (i, (moment, stack)) in (from..to).zip(rows) {
        at.set(i, moment);
        stacks.set(i, stack);
    }
}

/// The first row from `from` (at least 1) on that is earlier than the one before it.
fn next_drop(at: &Column<i64>, from: usize) -> Option<usize> {
    let mut index = from;
    let mut before = at.get(from.checked_sub(1).filter(|&i| i < at.len())?);
    for segment in at.segments().skip(from / SEGMENT_ROWS) {
        let rows = &segment[index % SEGMENT_ROWS..];
        let Some(&last) = rows.last() else { break };
        if rows[0] < before {
            return Some(index);
        }
        if let Some(n) = rows.windows(2).position(|pair| pair[1] < pair[0]) {
            return Some(index + n + 1);
        }
        before = last;
        index += rows.len();
    }
    None
}

/// How many rows from `from` on are earlier than the one before them.
fn drops(at: &Column<i64>, from: usize) -> u64 {
    let (mut count, mut from) = (0, from);
    while let Some(drop) = next_drop(at, from) {
        count += 1;
        from = drop + 1;
    }
    count
}

/// Distances counted while they are read, so that millions of moments need not be looked at again for
/// what is true of nearly all files: that they are in order, and how far apart they usually are.
#[derive(Debug)]
pub(in crate::formats) struct Distances {
    /// How often each number of microseconds was met; the last stands for all beyond.
    counts: Vec<u32>,
    /// How many were met, with the first, which leads to the first moment and is between no two.
    met: usize,
    /// The rows that are earlier than the one before them; their distances are not counted.
    drops: Vec<usize>,
    /// Whether all of them were whole microseconds and few enough below zero.
    is_known: bool,
}

/// A microsecond in nanoseconds.
const MICROSECOND: i64 = 1000;
/// Most drops that are remembered.
const DROPS_MAX: usize = 1 << 16;
/// Distances of so many microseconds and more are counted together.
const LONG: usize = (1 << 16) - 1;

impl Default for Distances {
    fn default() -> Self {
        Self { counts: Vec::new(), met: 0, drops: Vec::new(), is_known: true }
    }
}

impl Distances {
    /// Nothing is known.
    pub(in crate::formats) fn unknown() -> Self {
        Self { is_known: false, ..Self::default() }
    }

    /// Nothing is known any more.
    pub(in crate::formats) fn give_up(&mut self) {
        *self = Self::unknown();
    }

    /// Takes the next distances, each times `unit` nanoseconds.
    pub(in crate::formats) fn count(&mut self, deltas: &[i64], unit: i64) {
        if !self.is_known {
            return;
        }
        let micros = match unit {
            MICROSECOND => 1,
            1 if deltas.iter().all(|delta| delta % MICROSECOND == 0) => MICROSECOND,
            _ => 0,
        };
        // Any sign stays in what all have together.
        let has_drops = deltas.iter().fold(0, |all, delta| all | delta) < 0;
        let is_last_place = u32::try_from(self.met + deltas.len()).is_err();
        if micros == 0 || is_last_place || self.drops.len() + deltas.len() > DROPS_MAX && has_drops {
            return self.give_up();
        }
        self.counts.resize(LONG + 1, 0);
        let counts = &mut self.counts[..=LONG];
        if micros == 1 && !has_drops && self.met > 0 {
            deltas.iter().for_each(|&delta| counts[bucket(delta)] += 1);
        } else {
            for (row, delta) in (self.met..).zip(deltas).skip(usize::from(self.met == 0)) {
                if *delta < 0 {
                    self.drops.push(row);
                } else {
                    counts[bucket(delta / micros)] += 1;
                }
            }
        }
        self.met += deltas.len();
    }

    /// The first row from `from` (at least 1) on that is earlier than the one before it, if nothing
    /// changed from there on.
    fn next_drop(&self, at: &Column<i64>, from: usize) -> Option<usize> {
        if !self.is_known {
            return next_drop(at, from);
        }
        let later = self.drops.partition_point(|&row| row < from);
        self.drops.get(later).copied()
    }

    /// Changes the counts of the distances on both sides of the rows `from..end`.
    fn change(&mut self, at: &Column<i64>, from: usize, end: usize, by: impl Fn(u32) -> u32) {
        if !self.is_known {
            return;
        }
        for row in from.max(1)..(end + 1).min(at.len()) {
            let distance = at.get(row) - at.get(row - 1);
            if distance >= 0 {
                let count = &mut self.counts[bucket(distance / MICROSECOND)];
                *count = by(*count);
            }
        }
    }

    /// The median in nanoseconds once the rows are sorted, if it is known and no long one. The same as
    /// [`median_distance`] of them.
    pub(in crate::formats) fn median(&self) -> Option<i64> {
        if !self.is_known || self.met < 2 {
            return self.is_known.then_some(0);
        }
        let mut rank = ((self.met - 1) / 2) as u64;
        let bucket = bucket_of(&mut rank, &self.counts).filter(|&bucket| bucket < LONG)?;
        Some(bucket as i64 * MICROSECOND)
    }
}

/// Where a distance of so many microseconds, not below zero, is counted.
#[inline]
fn bucket(micros: i64) -> usize {
    (micros as usize).min(LONG)
}

/// The median distance of sorted moments: of n distances in ascending order the one at n / 2;
/// 0 when there is none.
///
/// Selected by counting: each pass settles up to 16 bits, from the highest that any distance has, so
/// that two passes do for usual distances and no copy is sorted.
pub(in crate::formats) fn median_distance(at: &Column<i64>) -> i64 {
    usual_median(at).unwrap_or_else(|| any_median(at))
}

/// The median where it is a usual one, below 67 ms: a pass finds its microsecond or so, another it.
fn usual_median(at: &Column<i64>) -> Option<i64> {
    const SHIFT: u32 = 10;
    let mut rank = (at.len().saturating_sub(1) / 2) as u64;
    let mut counts = vec![0u32; 1 << PASS_BITS];
    let last = counts.len() as u64 - 1;
    for_each_distance(at, |distance| counts[(distance >> SHIFT).min(last) as usize] += 1);
    let bucket = bucket_of(&mut rank, &counts)? as u64;
    if bucket == last {
        return None;
    }
    let mut inside = [0u32; 1 << SHIFT];
    for_each_distance(at, |distance| {
        if distance >> SHIFT == bucket {
            inside[distance as usize & ((1 << SHIFT) - 1)] += 1;
        }
    });
    let exact = bucket_of(&mut rank, &inside)?;
    i64::try_from((bucket << SHIFT) + exact as u64).ok()
}

/// The bucket that holds what stands at `rank`, which becomes its rank inside of it.
fn bucket_of(rank: &mut u64, counts: &[u32]) -> Option<usize> {
    counts.iter().position(|&count| {
        let is_it = *rank < u64::from(count);
        *rank -= if is_it { 0 } else { u64::from(count) };
        is_it
    })
}

fn any_median(at: &Column<i64>) -> i64 {
    let mut largest = 0;
    for_each_distance(at, |distance| largest = distance.max(largest));
    let mut rank = (at.len().saturating_sub(1) / 2) as u64;
    let mut open_bits = u64::BITS - largest.leading_zeros();
    let mut low = 0u64;
    let mut counts = vec![0u64; 1 << PASS_BITS];
    while open_bits > 0 {
        let shift = open_bits.saturating_sub(PASS_BITS);
        counts.fill(0);
        for_each_distance(at, |distance| {
            let above = distance.wrapping_sub(low);
            if above.checked_shr(open_bits).unwrap_or(0) == 0 {
                counts[(above >> shift) as usize] += 1;
            }
        });
        let mut bucket = 0;
        while rank >= counts[bucket] {
            rank -= counts[bucket];
            bucket += 1;
        }
        low += (bucket as u64) << shift;
        open_bits = shift;
    }
    i64::try_from(low).unwrap_or(i64::MAX)
}

const PASS_BITS: u32 = 16;

/// The distances between neighbours of sorted moments.
fn for_each_distance(at: &Column<i64>, mut each: impl FnMut(u64)) {
    let mut before: Option<i64> = None;
    for segment in at.segments() {
        if let (Some(before), Some(first)) = (before, segment.first()) {
            each(first.wrapping_sub(before) as u64);
        }
        for pair in segment.windows(2) {
            each(pair[1].wrapping_sub(pair[0]) as u64);
        }
        before = segment.last().copied();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u64) -> i64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 20) % sides) as i64
        }
    }

    fn check(moments: &[i64]) {
        let mut at: Column<i64> = moments.iter().copied().collect();
        let mut stacks: Column<StackId> = (0..moments.len()).map(StackId::from_index).collect();
        let mut expected: Vec<_> = moments.iter().copied().zip(0..).collect();
        let drops = moments.windows(2).filter(|pair| pair[1] < pair[0]).count();
        expected.sort_by_key(|row| row.0);
        assert_eq!(sort_by_time(&mut at, &mut stacks, &mut Distances::unknown()), drops as u64);
        let found: Vec<_> = at.iter().zip(stacks.iter().map(StackId::index)).collect();
        assert!(found == expected, "{} moments", moments.len());
        check_counted(moments);
        let mut distances: Vec<i64> = expected.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        distances.sort_unstable();
        assert_eq!(median_distance(&at), distances.get(distances.len() / 2).copied().unwrap_or(0));
    }

    /// What was counted while reading leads to the same as another look at the moments.
    fn check_counted(moments: &[i64]) {
        for (unit, moments) in [(1, moments.to_vec()), (1000, moments.iter().map(|at| at / 4096).collect::<Vec<_>>())] {
            let first = moments.first().copied().into_iter();
            let deltas: Vec<i64> = first.chain(moments.windows(2).map(|pair| pair[1] - pair[0])).collect();
            let mut distances = Distances::default();
            deltas.chunks(7).for_each(|deltas| distances.count(deltas, unit));
            let mut at: Column<i64> = moments.iter().map(|at| at.wrapping_mul(unit)).collect();
            let mut stacks: Column<StackId> = (0..moments.len()).map(StackId::from_index).collect();
            let (mut plain_at, mut plain_stacks) = (at.clone(), stacks.clone());
            let disorder = sort_by_time(&mut at, &mut stacks, &mut distances);
            assert_eq!(sort_by_time(&mut plain_at, &mut plain_stacks, &mut Distances::unknown()), disorder);
            assert!(at == plain_at && stacks == plain_stacks);
            assert_eq!(distances.median().unwrap_or_else(|| median_distance(&at)), median_distance(&at));
        }
    }

    #[test]
    fn distances_are_counted_where_they_can_be() {
        let counted = |deltas: &[i64], unit| {
            let mut distances = Distances::default();
            deltas.iter().for_each(|&delta| distances.count(&[delta], unit));
            distances.median()
        };
        assert_eq!(counted(&[], 1000), Some(0));
        assert_eq!(counted(&[9], 1000), Some(0));
        assert_eq!(counted(&[9, 3, 1, 2], 1000), Some(2_000));
        assert_eq!(counted(&[9_000, 3_000, 1_000], 1), Some(3_000));
        assert_eq!(counted(&[0, 65_534, 65_534], 1000), Some(65_534_000));
        assert_eq!(counted(&[-7, 65_534, 3, 3], 1000), Some(3_000), "the first is between no two");
        for (deltas, unit) in [(&[0, 65_535, 1][..], 1000), (&[0, 1_001], 1), (&[0, 1_000], 7)] {
            assert_eq!(counted(deltas, unit), None, "{deltas:?}");
        }
        assert_eq!(Distances::unknown().median(), None);
    }

    #[test]
    fn equals_a_plain_sort() {
        let mut dice = Dice(5);
        check(&[]);
        check(&[3]);
        check(&[1, 1, 1]);
        check(&[5, 4, 3, 2, 1, 5, 4]);
        check(&[0, 10, 5, 10, 5, 10, 0, 10]);
        check(&[i64::MAX / 2, 0, 1, i64::MAX / 2 - 1]);
        for scale in [2, 100, 1_000_000, 1 << 40] {
            check(&(0..500).map(|_| dice.roll(scale)).collect::<Vec<_>>());
            let late =
                |i: i64, dice: &mut Dice| i * scale as i64 + if dice.roll(50) == 0 { 3 * scale as i64 } else { 0 };
            check(&(0..5_000).map(|i| late(i, &mut dice)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn large_and_hostile_orders_end_soon() {
        let n = 3 * SEGMENT_ROWS as i64;
        check(&(0..n).rev().collect::<Vec<_>>());
        check(&(0..n).map(|i| if i % 2 == 0 { i } else { -i }).collect::<Vec<_>>());
        check(&(0..n).map(|i| if i == SEGMENT_ROWS as i64 { i - 5 } else { i }).collect::<Vec<_>>());
        check(&(0..n).map(|i| if i == 0 { n } else { i }).collect::<Vec<_>>());
    }
}
