//! Growing columns of plain values.
//!
//! A column grows by whole segments, so that growing never copies and never needs twice the
//! memory, and no single allocation meets the 2 GiB limit of wasm32.

use super::memory::grow_ahead;

/// Rows in a segment; a power of two, so that finding a row is a shift and a mask.
pub const SEGMENT_ROWS: usize = 1 << SHIFT;
const SHIFT: usize = 16;
const MASK: usize = SEGMENT_ROWS - 1;

/// The first of the numbers `0..len` for which `pred` is false, where it is true up to there.
#[inline]
pub(crate) fn first_false(len: usize, mut pred: impl FnMut(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if pred(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// A segmented vector of `Copy` values.
#[derive(Debug, Clone)]
pub struct Column<T> {
    segments: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self { segments: Vec::new(), len: 0 }
    }
}

impl<T: Copy> Column<T> {
    /// An empty column.
    pub fn new() -> Self {
        Self::default()
    }

    /// A column of `len` copies of `value`.
    pub fn filled(value: T, len: usize) -> Self {
        let mut column = Self::new();
        let mut left = len;
        while left > 0 {
            let rows = left.min(SEGMENT_ROWS);
            column.segments.push(vec![value; rows]);
            left -= rows;
        }
        column.len = len;
        column
    }

    /// Appends a segment that another column gave. All but the last segment of a column are full;
    /// one behind a segment that is not is taken in row by row.
    pub fn push_segment(&mut self, segment: Vec<T>) {
        if self.len & MASK == 0 && segment.len() <= SEGMENT_ROWS {
            self.len += segment.len();
            if !segment.is_empty() {
                self.segments.push(segment);
            }
        } else {
            segment.into_iter().for_each(|row| self.push(row));
        }
    }

    /// Gives the segments up, so that each can be freed as soon as it was used.
    pub fn into_segments(self) -> impl Iterator<Item = Vec<T>> {
        self.segments.into_iter()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends a row.
    #[inline]
    pub fn push(&mut self, value: T) {
        if self.len & MASK == 0 {
            self.grow();
        }
        if let Some(last) = self.segments.last_mut() {
            last.push(value);
            self.len += 1;
        }
    }

    /// Appends what `row` makes of each value: as fast as a copy, with no place in between.
    #[inline]
    pub fn extend_mapped<A: Copy>(&mut self, mut values: &[A], mut row: impl FnMut(A) -> T) {
        while !values.is_empty() {
            if self.len & MASK == 0 {
                self.grow();
            }
            let Some(last) = self.segments.last_mut() else { return };
            let (now, later) = values.split_at(values.len().min(SEGMENT_ROWS - last.len()));
            last.extend(now.iter().map(|&value| row(value)));
            self.len += now.len();
            values = later;
        }
    }

    #[cold]
    fn grow(&mut self) {
        // Small tables are common: the first segment grows like a plain vector.
        let rows = if self.segments.is_empty() { 16 } else { SEGMENT_ROWS };
        if rows == SEGMENT_ROWS {
            grow_ahead();
        }
        self.segments.push(Vec::with_capacity(rows));
    }

    /// The row at `index`. Panics when there is no such row: indices are ours, never the file's.
    #[inline]
    pub fn get(&self, index: usize) -> T {
        self.segments[index >> SHIFT][index & MASK]
    }

    /// Replaces the row at `index`.
    #[inline]
    pub fn set(&mut self, index: usize, value: T) {
        self.segments[index >> SHIFT][index & MASK] = value;
    }

    /// A row to change in place.
    #[inline]
    pub fn get_mut(&mut self, index: usize) -> &mut T {
        &mut self.segments[index >> SHIFT][index & MASK]
    }

    /// All rows in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = T> + Clone + '_ {
        self.segments.iter().flatten().copied()
    }

    /// Rows `from..to` in order, in linear time of their number.
    pub fn range(&self, from: usize, to: usize) -> impl Iterator<Item = T> + '_ {
        (from..to.min(self.len)).map(|i| self.get(i))
    }

    /// The rows as slices of at most [`SEGMENT_ROWS`], for loops over millions of them.
    pub fn segments(&self) -> impl Iterator<Item = &[T]> {
        self.segments.iter().map(Vec::as_slice)
    }

    /// Rows `from..to` as slices with the index of the first row of each, for loops over millions.
    pub fn slices(&self, from: usize, to: usize) -> impl Iterator<Item = (usize, &[T])> {
        let to = to.min(self.len);
        let from = from.min(to);
        let segments = if from < to { from >> SHIFT..((to - 1) >> SHIFT) + 1 } else { 0..0 };
        segments.map(move |segment| {
            let base = segment << SHIFT;
            let rows = &self.segments[segment];
            let (first, end) = (from.saturating_sub(base), (to - base).min(rows.len()));
            (base + first, &rows[first..end])
        })
    }

    /// The last row.
    pub fn last(&self) -> Option<T> {
        self.len.checked_sub(1).map(|i| self.get(i))
    }

    /// Drops rows from the end until `len` are left.
    pub fn truncate(&mut self, len: usize) {
        while self.len > len {
            let Some(last) = self.segments.last_mut() else { return };
            let keep = last.len() - (self.len - len).min(last.len());
            self.len -= last.len() - keep;
            last.truncate(keep);
            if last.is_empty() {
                self.segments.pop();
            }
        }
    }

    /// First row in `0..len` for which `pred` is false, in a column where it is true up to there.
    pub fn partition_point(&self, mut pred: impl FnMut(T) -> bool) -> usize {
        first_false(self.len, |index| pred(self.get(index)))
    }

    /// Bytes of heap memory held.
    pub fn heap_bytes(&self) -> usize {
        self.segments.iter().map(|s| s.capacity() * size_of::<T>()).sum()
    }
}

impl<T: Copy> FromIterator<T> for Column<T> {
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        let mut column = Self::new();
        iter.into_iter().for_each(|v| column.push(v));
        column
    }
}

impl<T: Copy + PartialEq> PartialEq for Column<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_over_segments() {
        let n = SEGMENT_ROWS * 2 + 3;
        let column: Column<u32> = (0..n as u32).collect();
        assert_eq!(column.len(), n);
        assert_eq!(column.get(SEGMENT_ROWS), SEGMENT_ROWS as u32);
        assert_eq!(column.iter().map(u64::from).sum::<u64>(), (n as u64 - 1) * n as u64 / 2);
        assert_eq!(column.partition_point(|v| v < 70_000), 70_000);
        assert_eq!(column.range(65_534, 65_538).collect::<Vec<_>>(), [65_534, 65_535, 65_536, 65_537]);
    }

    #[test]
    fn slices_are_the_rows() {
        let mut column = Column::new();
        let rows: Vec<usize> = (0..3 * SEGMENT_ROWS + 5).collect();
        for part in rows.chunks(4_099) {
            column.extend_mapped(part, |row| row);
        }
        assert_eq!((column.len(), column.iter().eq(rows.iter().copied())), (rows.len(), true));
        for (from, to) in
            [(0, 0), (0, 7), (5, SEGMENT_ROWS), (SEGMENT_ROWS, SEGMENT_ROWS + 1), (9, rows.len() + 9), (7, 3)]
        {
            let mut at = from;
            for (first, slice) in column.slices(from, to) {
                assert_eq!((first, slice), (at, &rows[at..at + slice.len()]));
                at += slice.len();
            }
            assert_eq!(at, to.min(rows.len()).max(from));
        }
    }

    #[test]
    fn truncates_over_segments() {
        let mut column = Column::filled(1u8, SEGMENT_ROWS + 5);
        column.truncate(SEGMENT_ROWS);
        assert_eq!(column.len(), SEGMENT_ROWS);
        column.push(2);
        assert_eq!(column.get(SEGMENT_ROWS), 2);
        column.truncate(0);
        assert!(column.is_empty());
        column.push(3);
        assert_eq!(column.last(), Some(3));
    }
}
