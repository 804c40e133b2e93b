//! References, one behind the other in as few bytes as they need: less than five, where columns of 32 bits
//! take eight.
//!
//! An edge is a byte that says its kind, how many bytes follow, and in which direction its target lies; then
//! the name or index; then how far the target lies from the owner. Nothing is longer than nine bytes, so
//! that an edge is read at once. Blocks of a mebibyte keep growth from copying; no edge crosses from one to
//! the next.

use super::EdgeKind;

const BLOCK_BITS: u32 = 20;
const BLOCK_BYTES: usize = 1 << BLOCK_BITS;
/// The first byte, and two numbers of at most 32 bits.
const EDGE_BYTES_MAX: usize = 9;
/// No edge starts behind this place of a block.
const START_MAX: usize = BLOCK_BYTES - EDGE_BYTES_MAX;

/// Bits of the first byte for the kind …
const KIND: u32 = 0b111;
/// … where the bits start that say how many bytes the name or index has, less one …
const NAME_SHIFT: u32 = 3;
/// … and those of the distance …
const DISTANCE_SHIFT: u32 = 5;
const BYTES: u32 = 0b11;
/// … and the bit of targets before their owner.
const BACK: u32 = 1 << 7;

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
    first: u32,
    name_or_index: u32,
    /// Row of the object that is referred to.
    pub(crate) to: usize,
}

impl RawEdge {
    #[inline]
    pub(crate) fn kind(&self) -> EdgeKind {
        EdgeKind::of_code(self.first & KIND)
    }

    #[inline]
    pub(crate) fn name_or_index(&self) -> u32 {
        self.name_or_index
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
        let Some(block) = self.blocks.last_mut() else { return false };
        let (distance, back) = if to < owner { (owner - to, BACK) } else { (to - owner, 0) };
        let (name, far) = (last_byte(name_or_index), last_byte(distance));
        let first = kind as u32 | name << NAME_SHIFT | far << DISTANCE_SHIFT | back;
        let rest = u64::from(name_or_index) | u64::from(distance) << (8 * (name + 1));
        // All nine at once: what is too much is taken back.
        let end = block.len() + (name + far) as usize + 3;
        block.push(first as u8);
        block.extend_from_slice(&rest.to_le_bytes());
        block.truncate(end);
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
        let (first, rest) = bytes_at(&self.blocks[block], start);
        let name = 8 * ((first >> NAME_SHIFT & BYTES) + 1);
        let far = 8 * ((first >> DISTANCE_SHIFT & BYTES) + 1);
        let name_or_index = (rest & ((1 << name) - 1)) as u32;
        let distance = ((rest >> name) & ((1 << far) - 1)) as usize;
        let to = if first & BACK == 0 { owner.wrapping_add(distance) } else { owner.wrapping_sub(distance) };
        let at = (block << BLOCK_BITS | start) as u32;
        (RawEdge { at, first, name_or_index, to }, at + 1 + (name + far) / 8)
    }

    /// Bytes of memory held.
    pub(super) fn heap_bytes(&self) -> usize {
        self.blocks.iter().map(Vec::capacity).sum()
    }
}

/// Which byte of a number is the last one that it needs.
#[inline]
fn last_byte(number: u32) -> u32 {
    (number | 1).ilog2() / 8
}

/// The byte at a place and the eight behind it; behind the end, zeros.
#[inline]
fn bytes_at(block: &[u8], start: usize) -> (u32, u64) {
    let bytes: [u8; EDGE_BYTES_MAX] = match block.get(start..start + EDGE_BYTES_MAX) {
        Some(bytes) => bytes.try_into().expect("these are nine"),
        None => {
            let mut bytes = [0; EDGE_BYTES_MAX];
            let rest = &block[start.min(block.len())..];
            bytes[..rest.len()].copy_from_slice(rest);
            bytes
        }
    };
    let [first, rest @ ..] = bytes;
    (u32::from(first), u64::from_le_bytes(rest))
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
