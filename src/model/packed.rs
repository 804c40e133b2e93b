//! Columns of numbers that are small, or near those around them, in as few bits as they need.
//!
//! Every 64 rows share a base, the least of them, and the number of bits that the others exceed it by.
//! Reading a row is one read of eight bytes and one of its block; rows are written once, in order. Like
//! columns, these grow by segments: the last one is kept as plain numbers until it is full.

use super::Column;
use super::column::{SEGMENT_ROWS, first_false};
use super::memory::grow_ahead;

/// Rows that share a base; so many rows of one bit make one word.
const BLOCK_ROWS: usize = u64::BITS as usize;
const WORD_BYTES: usize = size_of::<u64>();

/// A segmented vector of numbers that only grows.
#[derive(Debug, Clone, Default)]
pub struct Packed {
    segments: Vec<Segment>,
    last: Vec<u32>,
}

/// A full segment.
#[derive(Debug, Clone)]
struct Segment {
    blocks: Vec<Block>,
    /// The bits of all blocks, each in whole words, and a word of zeros: eight bytes can be read from
    /// the last row on.
    bytes: Vec<u8>,
}

/// What rows share.
#[derive(Debug, Clone, Copy)]
struct Block {
    base: u32,
    /// The first of its words.
    start: u16,
    /// Bits of a row, and so words of the block.
    bits: u8,
}

impl Segment {
    fn of(rows: &[u32]) -> Self {
        let mut start = 0;
        let block = |rows: &[u32]| {
            let base = rows.iter().copied().min().unwrap_or(0);
            let span = rows.iter().copied().max().unwrap_or(0) - base;
            let bits = u32::BITS - span.leading_zeros();
            let block = Block { base, start: start as u16, bits: bits as u8 };
            start += bits;
            block
        };
        let blocks: Vec<Block> = rows.chunks(BLOCK_ROWS).map(block).collect();
        let mut bytes = Vec::with_capacity((start as usize + 1) * WORD_BYTES);
        for (rows, block) in rows.chunks(BLOCK_ROWS).zip(&blocks).filter(|(_, block)| block.bits > 0) {
            let (mut word, mut filled) = (0u64, 0);
            for row in rows {
                let above = u64::from(row - block.base);
                word |= above << filled;
                filled += u32::from(block.bits);
                if filled >= u64::BITS {
                    bytes.extend_from_slice(&word.to_le_bytes());
                    filled -= u64::BITS;
                    word = above >> (u32::from(block.bits) - filled);
                }
            }
            debug_assert_eq!(filled, 0, "segments consist of whole blocks");
        }
        bytes.extend_from_slice(&[0; WORD_BYTES]);
        Self { blocks, bytes }
    }

    #[inline]
    fn get(&self, at: usize) -> u32 {
        let block = self.blocks[at / BLOCK_ROWS];
        self.row(block, at % BLOCK_ROWS)
    }

    /// A row and the next one of the same block.
    #[inline]
    fn pair(&self, at: usize) -> (u32, u32) {
        let block = self.blocks[at / BLOCK_ROWS];
        (self.row(block, at % BLOCK_ROWS), self.row(block, at % BLOCK_ROWS + 1))
    }

    #[inline]
    fn row(&self, Block { base, start, bits }: Block, at: usize) -> u32 {
        let place = at * usize::from(bits);
        let from = usize::from(start) * WORD_BYTES + place / 8;
        let bytes = &self.bytes[from..from + WORD_BYTES];
        let word = u64::from_le_bytes(bytes.try_into().expect("these are eight"));
        base + (word >> (place % 8) & ((1 << bits) - 1)) as u32
    }
}

impl Packed {
    /// A column without rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a row.
    #[inline]
    pub fn push(&mut self, row: u32) {
        self.last.push(row);
        if self.last.len() == SEGMENT_ROWS {
            self.pack();
        }
    }

    #[cold]
    fn pack(&mut self) {
        grow_ahead();
        self.segments.push(Segment::of(&self.last));
        self.last.clear();
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.segments.len() * SEGMENT_ROWS + self.last.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row at `index`. Panics when there is no such row: indices are ours, never the file's.
    #[inline]
    pub fn get(&self, index: usize) -> u32 {
        match self.segments.get(index / SEGMENT_ROWS) {
            Some(segment) => segment.get(index % SEGMENT_ROWS),
            None => self.last[index - self.segments.len() * SEGMENT_ROWS],
        }
    }

    /// The row at `index` and the one behind it, which must be there.
    #[inline]
    pub fn pair(&self, index: usize) -> (u32, u32) {
        match self.segments.get(index / SEGMENT_ROWS) {
            Some(segment) if index % BLOCK_ROWS != BLOCK_ROWS - 1 => segment.pair(index % SEGMENT_ROWS),
            _ => (self.get(index), self.get(index + 1)),
        }
    }

    /// All rows in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// First row in `0..len` for which `pred` is false, in a column where it is true up to there.
    pub fn partition_point(&self, mut pred: impl FnMut(u32) -> bool) -> usize {
        first_false(self.len(), |index| pred(self.get(index)))
    }

    /// Bytes of heap memory held.
    pub fn heap_bytes(&self) -> usize {
        let segment = |segment: &Segment| segment.blocks.capacity() * size_of::<Block>() + segment.bytes.capacity();
        self.segments.iter().map(segment).sum::<usize>() + self.last.capacity() * size_of::<u32>()
    }
}

impl FromIterator<u32> for Packed {
    fn from_iter<I: IntoIterator<Item = u32>>(rows: I) -> Self {
        let mut packed = Self::new();
        rows.into_iter().for_each(|row| packed.push(row));
        packed
    }
}

/// Frees each segment of the column as soon as it is packed.
impl From<Column<u32>> for Packed {
    fn from(column: Column<u32>) -> Self {
        column.into_segments().flatten().collect()
    }
}

/// Sizes in bytes, most of which fit into 32 bits.
#[derive(Debug, Clone, Default)]
pub struct PackedSizes {
    small: Packed,
    /// Rows and sizes that do not fit, in order.
    large: Vec<(u32, u64)>,
}

/// Stands for a size in the list of large ones.
const LARGE: u32 = u32::MAX;

impl PackedSizes {
    /// Appends a size.
    #[inline]
    pub fn push(&mut self, size: u64) {
        if size >= u64::from(LARGE) {
            self.large.push((self.small.len() as u32, size));
        }
        self.small.push(u32::try_from(size).unwrap_or(LARGE));
    }

    /// The size at `at`.
    #[inline]
    pub fn get(&self, at: usize) -> u64 {
        match self.small.get(at) {
            LARGE => self.found(at),
            size => u64::from(size),
        }
    }

    #[cold]
    fn found(&self, at: usize) -> u64 {
        let found = self.large.binary_search_by_key(&(at as u32), |row| row.0);
        found.map_or(u64::from(LARGE), |at| self.large[at].1)
    }

    /// Bytes of heap memory held.
    pub fn heap_bytes(&self) -> usize {
        self.small.heap_bytes() + self.large.capacity() * size_of::<(u32, u64)>()
    }
}

impl FromIterator<u64> for PackedSizes {
    fn from_iter<I: IntoIterator<Item = u64>>(rows: I) -> Self {
        let mut packed = Self::default();
        rows.into_iter().for_each(|row| packed.push(row));
        packed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_all_widths_come_back() {
        let mut state = 1u64;
        let mut rows = Vec::new();
        for at in 0..3 * SEGMENT_ROWS + 77 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bits = at / BLOCK_ROWS % 33;
            let above = (state >> 32 & ((1 << bits) - 1)) as u32;
            rows.push(if bits == 32 { above } else { above + (state >> 40) as u32 % 2 * (at / 4_096) as u32 });
        }
        rows.extend([0, u32::MAX, 7]);
        let packed: Packed = rows.iter().copied().collect();
        assert!(packed.len() == rows.len() && packed.iter().eq(rows.iter().copied()));
        let pairs = rows.iter().copied().zip(rows[1..].iter().copied());
        assert!((0..rows.len() - 1).map(|at| packed.pair(at)).eq(pairs));
        let again = Packed::from(rows.iter().copied().collect::<Column<u32>>());
        assert!(again.iter().eq(rows));
    }

    #[test]
    fn near_numbers_take_few_bytes() {
        let packed: Packed = (0..10 * SEGMENT_ROWS as u32).map(|row| 1_000_000 + row * 2).collect();
        assert_eq!(packed.get(SEGMENT_ROWS * 9 + 5), 1_000_000 + (SEGMENT_ROWS as u32 * 9 + 5) * 2);
        assert_eq!(packed.partition_point(|row| row < 1_000_500), 250);
        assert!(packed.heap_bytes() < 15 * SEGMENT_ROWS, "{}", packed.heap_bytes());
    }

    #[test]
    fn large_sizes_are_kept_exactly() {
        let sizes = [8, u64::from(u32::MAX) - 1, u64::from(u32::MAX), u64::MAX, 0];
        let packed: PackedSizes = sizes.into_iter().collect();
        assert_eq!([0, 1, 2, 3, 4].map(|at| packed.get(at)), sizes);
    }
}
