//! What lies at an address.

use std::collections::BTreeMap;

/// Ranges of addresses that do not overlap, with what is there.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    /// By its first address: the address behind the range, and what is there.
    ranges: BTreeMap<u64, (u64, u32)>,
}

impl Ranges {
    /// Puts something there. What overlapped it is gone: its memory was used again.
    pub(super) fn insert(&mut self, start: u64, size: u64, what: u32) {
        let end = start.saturating_add(size);
        if end == start {
            return;
        }
        while let Some((&first, _)) = self.ranges.range(..end).next_back().filter(|(_, (end, _))| *end > start) {
            self.ranges.remove(&first);
        }
        self.ranges.insert(start, (end, what));
    }

    /// Takes away what starts there: its size, and what it is.
    pub(super) fn remove(&mut self, start: u64) -> Option<(u64, u32)> {
        self.ranges.remove(&start).map(|(end, what)| (end - start, what))
    }

    /// What is there.
    pub(super) fn find(&self, address: u64) -> Option<u32> {
        let (_, &(end, what)) = self.ranges.range(..=address).next_back()?;
        (address < end).then_some(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_wins() {
        let mut ranges = Ranges::default();
        ranges.insert(10, 10, 1);
        ranges.insert(20, 10, 2);
        ranges.insert(30, 10, 3);
        assert_eq!([9, 10, 19, 20, 39, 40].map(|at| ranges.find(at)), [None, Some(1), Some(1), Some(2), Some(3), None]);
        ranges.insert(15, 10, 4);
        assert_eq!([10, 15, 24, 25, 30].map(|at| ranges.find(at)), [None, Some(4), Some(4), None, Some(3)]);
        ranges.insert(15, 12, 5);
        assert_eq!(ranges.find(26), Some(5));
        assert_eq!(ranges.remove(15), Some((12, 5)));
        assert_eq!((ranges.remove(16), ranges.find(16)), (None, None));
        ranges.insert(u64::MAX - 1, 9, 6);
        ranges.insert(0, 0, 7);
        assert_eq!((ranges.find(u64::MAX - 1), ranges.find(0)), (Some(6), None));
    }
}
