//! A stretch of time cut into equal parts.

/// Equal parts of a stretch, with a cursor: stretches that are dealt out in the order of time cost a
/// comparison each, and a division only where they leave the part of the one before.
#[derive(Debug, Clone)]
pub struct Cut {
    from: i64,
    length: i64,
    parts: usize,
    /// The part that the last stretch ended in, and its bounds as offsets from `from`.
    part: usize,
    part_from: i64,
    part_to: i64,
}

impl Cut {
    /// Cuts `length` units from `from` on into `parts`; both must be positive.
    pub fn new(from: i64, length: i64, parts: usize) -> Self {
        debug_assert!(length > 0 && parts > 0, "there is something to cut");
        let mut cut = Self { from, length: length.max(1), parts: parts.max(1), part: 0, part_from: 0, part_to: 0 };
        cut.part_to = cut.end_of(0);
        cut
    }

    /// Deals a stretch out: `each` gets a part's number and the units of the stretch inside of it. What
    /// lies outside of the whole is left out.
    #[inline]
    pub fn split(&mut self, start: i64, length: i64, mut each: impl FnMut(usize, i64)) {
        let offset = start.saturating_sub(self.from);
        let mut at = offset.max(0);
        let end = offset.saturating_add(length).min(self.length);
        while at < end {
            if at < self.part_from || at >= self.part_to {
                self.seek(at);
            }
            let to = end.min(self.part_to);
            each(self.part, to - at);
            at = to;
        }
    }

    /// Moves the cursor to the part that holds an offset.
    fn seek(&mut self, at: i64) {
        let part = i128::from(at) * self.parts as i128 / i128::from(self.length);
        self.part = usize::try_from(part).unwrap_or(0).min(self.parts - 1);
        self.part_from = if self.part == 0 { 0 } else { self.end_of(self.part - 1) };
        self.part_to = self.end_of(self.part).max(at + 1);
    }

    /// First offset behind a part: the smallest whose part is a later one.
    pub fn end_of(&self, part: usize) -> i64 {
        let parts = self.parts as i128;
        let end = ((part as i128 + 1) * i128::from(self.length) + parts - 1) / parts;
        i64::try_from(end).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_all_that_lies_inside() {
        for (length, parts) in [(1, 1), (10, 3), (7, 20), (1_000, 7), (i64::MAX / 2, 5)] {
            let step = (length / 13).max(1);
            let mut cut = Cut::new(100, length, parts);
            let mut sums = vec![0i64; parts];
            let mut at = -3 * step;
            while at < length.saturating_add(step) {
                cut.split(at.saturating_add(100), step, |part, units| sums[part] += units);
                at += step;
            }
            assert_eq!(sums.iter().sum::<i64>(), length, "{length} in {parts}");
            let even = length / parts as i64;
            assert!(sums.iter().all(|&s| (even - 1..=even + 1).contains(&s)), "{sums:?}");
        }
    }

    #[test]
    fn the_order_of_time_is_not_needed() {
        let stretches = [(5, 30), (90, 10), (0, 7), (44, 1), (44, 56), (12, 0)];
        let mut cut = Cut::new(0, 100, 9);
        let mut with_cursor = vec![0i64; 9];
        let mut without = vec![0i64; 9];
        for (start, length) in stretches {
            cut.split(start, length, |part, units| with_cursor[part] += units);
            Cut::new(0, 100, 9).split(start, length, |part, units| without[part] += units);
        }
        assert_eq!(with_cursor, without);
    }
}
