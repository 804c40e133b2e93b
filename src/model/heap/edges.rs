//! References, one behind the other in as few bytes as they need: about four and a half, where columns
//! of 32 bits take eight.
//!
//! An edge is two numbers of seven bits a byte, the last of which has no high bit: kind and name or
//! index, then how far its target lies from its owner. Blocks of a mebibyte keep growth from copying;
//! no edge crosses from one to the next.

use super::EdgeKind;

const BLOCK_BITS: u32 = 20;
const BLOCK_BYTES: usize = 1 << BLOCK_BITS;
/// An edge takes two numbers of at most 35 bits.
const EDGE_BYTES_MAX: usize = 10;
/// No edge starts behind this place of a block.
const START_MAX: usize = BLOCK_BYTES - EDGE_BYTES_MAX;
const KIND_BITS: u32 = 3;

/// All edges.
#[derive(Debug, Default)]
pub(super) struct Edges {
    blocks: Vec<Vec<u8>>,
    count: usize,
}

/// An edge as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawEdge {
    /// Where it starts.
    pub(crate) at: u32,
    label: u64,
    /// Row of the object that is referred to.
    pub(crate) to: usize,
}

impl RawEdge {
    #[inline]
    pub(crate) fn kind(&self) -> EdgeKind {
        EdgeKind::of_code(self.label as u32)
    }

    #[inline]
    pub(crate) fn name_or_index(&self) -> u32 {
        (self.label >> KIND_BITS) as u32
    }
}

impl Edges {
    /// Number of edges.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Where the next edge starts, or a place before it at which none does.
    pub(super) fn end(&self) -> u32 {
        match self.blocks.last() {
            Some(block) => ((self.blocks.len() - 1) << BLOCK_BITS | block.len()) as u32,
            None => 0,
        }
    }

    /// Takes in an edge of the object in row `owner`; false when there is no place for it, behind 4 GiB.
    #[inline]
    pub(super) fn push(&mut self, owner: u32, kind: EdgeKind, name_or_index: u32, to: u32) -> bool {
        if self.blocks.last().is_none_or(|block| block.len() > START_MAX) && !self.grow() {
            return false;
        }
        let label = u64::from(name_or_index) << KIND_BITS | kind as u64;
        let distance = i64::from(to) - i64::from(owner);
        let Some(block) = self.blocks.last_mut() else { return false };
        write(block, label);
        write(block, (distance << 1 ^ distance >> 63) as u64);
        self.count += 1;
        true
    }

    #[cold]
    fn grow(&mut self) -> bool {
        if self.blocks.len() == 1 << (u32::BITS - BLOCK_BITS) {
            return false;
        }
        // The first block grows by itself, so that small files stay small.
        let room = if self.blocks.is_empty() { 0 } else { BLOCK_BYTES };
        self.blocks.push(Vec::with_capacity(room));
        true
    }

    /// The edge at a place, and the place behind it. The owner is the one that it was pushed with.
    #[inline]
    pub(super) fn read(&self, at: u32, owner: usize) -> (RawEdge, u32) {
        let (mut block, mut start) = ((at >> BLOCK_BITS) as usize, at as usize & (BLOCK_BYTES - 1));
        if start > START_MAX {
            (block, start) = (block + 1, 0);
        }
        let bytes = bytes_at(&self.blocks[block], start);
        let (label, first) = number(bytes as u64);
        let (distance, second) = number((bytes >> (8 * first)) as u64);
        let distance = (distance >> 1) as i64 ^ -((distance & 1) as i64);
        let at = (block << BLOCK_BITS | start) as u32;
        let to = (owner as i64).wrapping_add(distance) as usize;
        (RawEdge { at, label, to }, at + first + second)
    }

    /// Bytes of memory held.
    pub(super) fn heap_bytes(&self) -> usize {
        self.blocks.iter().map(Vec::capacity).sum()
    }
}

fn write(block: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        block.push(number as u8 | 0x80);
        number >>= 7;
    }
    block.push(number as u8);
}

/// Sixteen bytes from a place on; behind the end, zeros.
#[inline]
fn bytes_at(block: &[u8], start: usize) -> u128 {
    match block.get(start..start + 16) {
        Some(bytes) => u128::from_le_bytes(bytes.try_into().expect("these are sixteen")),
        None => {
            let mut bytes = [0; 16];
            let rest = &block[start.min(block.len())..];
            bytes[..rest.len()].copy_from_slice(rest);
            u128::from_le_bytes(bytes)
        }
    }
}

/// The number of at most five bytes at the start of eight, and how many it took: all at once, since
/// which byte is the last cannot be foreseen.
#[inline]
fn number(bytes: u64) -> (u64, u32) {
    let last = (!bytes & 0x80_8080_8080 | 1 << 39).trailing_zeros() / 8;
    let kept = bytes & (u64::MAX >> (56 - 8 * last));
    let value =
        kept & 0x7f | kept >> 1 & 0x3f80 | kept >> 2 & 0x1f_c000 | kept >> 3 & 0xfe0_0000 | kept >> 4 & 0x7_f000_0000;
    (value, last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_of_all_lengths_come_back() {
        let mut edges = Edges::default();
        let numbers = [0, 1, 15, 16, 127, 128, 2_047, 16_384, 1 << 21, 1 << 28, u32::MAX - 1, u32::MAX];
        let mut pushed = Vec::new();
        while pushed.len() < 400_000 {
            for (at, &name) in numbers.iter().enumerate() {
                let (owner, to) = (numbers[(at + pushed.len()) % 12], numbers[(at * 5 + pushed.len() / 12) % 12]);
                let start = edges.end();
                assert!(edges.push(owner, EdgeKind::Weak, name, to));
                pushed.push((start, owner, name, to));
            }
        }
        assert!(edges.blocks.len() > 2 && edges.len() == pushed.len());
        for (start, owner, name, to) in pushed {
            let (edge, _) = edges.read(start, owner as usize);
            assert_eq!((edge.kind(), edge.name_or_index(), edge.to), (EdgeKind::Weak, name, to as usize));
        }
    }
}
