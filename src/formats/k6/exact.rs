//! Percentiles of single values, which are kept as they come and never copied: sorted piece by piece,
//! the value of a rank is found by bisection over all values that a double can have.

use crate::model::Column;

/// Values in pieces, each sorted.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pieces: Vec<Vec<f64>>,
    pub(super) count: u64,
    pub(super) sum: f64,
}

impl Sorted {
    pub(super) fn of(values: Column<f64>) -> Self {
        let sum = values.iter().sum();
        let count = values.len() as u64;
        let mut pieces: Vec<Vec<f64>> = values.into_segments().collect();
        pieces.iter_mut().for_each(|piece| piece.sort_unstable_by(f64::total_cmp));
        Self { pieces, count, sum }
    }
}

/// Several sets of values, seen as one.
#[derive(Debug, Default)]
pub(super) struct Ranks<'a> {
    pieces: Vec<&'a [f64]>,
    /// Where there are many small pieces, one copy of all of them.
    merged: Vec<f64>,
    pub(super) count: u64,
    sum: f64,
}

/// Beyond so many pieces, looking into each takes longer than sorting a copy …
const PIECES_MAX: usize = 64;
/// … of at most so many values: 32 MB.
const COPIED_MAX: u64 = 4 << 20;

impl<'a> Ranks<'a> {
    pub(super) fn of(sets: impl Iterator<Item = &'a Sorted>) -> Self {
        let mut ranks = Self::default();
        for set in sets {
            ranks.pieces.extend(set.pieces.iter().map(Vec::as_slice));
            ranks.count += set.count;
            ranks.sum += set.sum;
        }
        if ranks.pieces.len() > PIECES_MAX && ranks.count <= COPIED_MAX {
            ranks.merged = ranks.pieces.concat();
            ranks.merged.sort_unstable_by(f64::total_cmp);
            ranks.pieces.clear();
        }
        ranks
    }

    pub(super) fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// The value at rank `rank`, from 0; there are more values than that.
    pub(super) fn nth(&self, rank: u64) -> f64 {
        let pieces = || self.pieces.iter().copied().chain((!self.merged.is_empty()).then_some(&self.merged[..]));
        // The smallest value that more than `rank` values do not exceed.
        let (mut low, mut high) = (0u64, u64::MAX);
        while low < high {
            let middle = low + (high - low) / 2;
            let not_above = |piece: &[f64]| piece.partition_point(|&value| ordered(value) <= middle) as u64;
            if pieces().map(not_above).sum::<u64>() > rank {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        value_of(low)
    }

    /// The value that `percent` of a hundred do not exceed, by k6's rule; `None` without values.
    pub(super) fn percentile(&self, percent: f64) -> Option<f64> {
        let last = self.count.checked_sub(1)?;
        let rank = (percent / 100.0 * last as f64).clamp(0.0, last as f64);
        let (below, above) = (self.nth(rank.floor() as u64), self.nth(rank.ceil() as u64));
        Some(below + (above - below) * (rank - rank.floor()))
    }
}

/// A double's bits in the order of doubles.
fn ordered(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn value_of(ordered: u64) -> f64 {
    f64::from_bits(if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_one_sorted_list() {
        let mut state = 9u64;
        let mut dice = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as f64 / 1000.0 - 4000.0
        };
        for sizes in [vec![1], vec![2, 3], vec![70_000, 1, 40], vec![3; 200]] {
            let sets: Vec<Vec<f64>> = sizes.iter().map(|&n: &usize| (0..n).map(|_| dice()).collect()).collect();
            let mut all: Vec<f64> = sets.concat();
            all.sort_by(f64::total_cmp);
            let sorted: Vec<Sorted> = sets.into_iter().map(|set| Sorted::of(set.into_iter().collect())).collect();
            let ranks = Ranks::of(sorted.iter());
            for rank in [0, all.len() / 2, all.len() - 1] {
                assert_eq!(ranks.nth(rank as u64), all[rank]);
            }
            assert!((ranks.mean() - all.iter().sum::<f64>() / all.len() as f64).abs() < 1e-6);
        }
        let sorted = Sorted::of([4.0, -1.0, 2.0, 0.0].into_iter().collect());
        let ranks = Ranks::of(std::iter::once(&sorted));
        assert_eq!([0.0, 50.0, 75.0, 100.0].map(|p| ranks.percentile(p)), [-1.0, 1.0, 2.5, 4.0].map(Some));
        assert_eq!(Ranks::default().percentile(50.0), None);
    }
}
