//! Distinct byte strings, each stored once: the stacks and label sets of samples as they are written.

use foldhash::fast::FixedState;
use std::hash::BuildHasher;

use crate::model::{Column, Index, is_same};

/// Bytes of a block; longer lists get a block of their own.
const BLOCK_BYTES: usize = 1 << 18;

/// Where a list lies.
#[derive(Debug, Clone, Copy)]
struct Span {
    block: u32,
    start: u32,
    length: u32,
}

/// The table of lists, numbered in the order in which they were first seen. Blocks never move, so
/// growth does not copy.
#[derive(Debug, Default)]
pub(super) struct Lists {
    blocks: Vec<Vec<u8>>,
    spans: Column<Span>,
    table: Index,
    hasher: FixedState,
    /// The list that was asked for last: neighbouring samples often share theirs.
    last: Option<u32>,
}

impl Lists {
    /// The number of a list, and whether it is new.
    #[inline]
    pub(super) fn intern(&mut self, list: &[u8]) -> (u32, bool) {
        if let Some(last) = self.last
            && is_same(self.get(last), list)
        {
            return (last, false);
        }
        let (row, is_new) = self.look_up(list);
        self.last = Some(row);
        (row, is_new)
    }

    fn look_up(&mut self, list: &[u8]) -> (u32, bool) {
        let hash = self.hasher.hash_one(list);
        let found = self.table.find(hash, |row| is_same(get(&self.blocks, self.spans.get(row as usize)), list));
        if let Some(row) = found {
            return (row, false);
        }
        let row = u32::try_from(self.spans.len()).expect("4 billion lists do not fit into the memory of a worker");
        let span = self.store(list);
        self.spans.push(span);
        let (blocks, spans, hasher) = (&self.blocks, &self.spans, &self.hasher);
        self.table.insert(hash, row, |row| hasher.hash_one(get(blocks, spans.get(row as usize))));
        (row, true)
    }

    fn store(&mut self, list: &[u8]) -> Span {
        let fits = self.blocks.last().is_some_and(|b| b.capacity() - b.len() >= list.len());
        if !fits {
            // The first block is small: most files are.
            let usual = if self.blocks.is_empty() { BLOCK_BYTES / 64 } else { BLOCK_BYTES };
            self.blocks.push(Vec::with_capacity(list.len().max(usual)));
        }
        let block = self.blocks.len() - 1;
        let start = self.blocks[block].len();
        self.blocks[block].extend_from_slice(list);
        let small = |n: usize| u32::try_from(n).expect("a block and a field are shorter than 4 GiB");
        Span { block: small(block), start: small(start), length: small(list.len()) }
    }

    /// A list.
    #[inline]
    pub(super) fn get(&self, row: u32) -> &[u8] {
        get(&self.blocks, self.spans.get(row as usize))
    }

    /// All lists in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.spans.iter().map(|span| get(&self.blocks, span))
    }
}

#[inline]
fn get(blocks: &[Vec<u8>], span: Span) -> &[u8] {
    &blocks[span.block as usize][span.start as usize..span.start as usize + span.length as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_for_one_list() {
        let mut lists = Lists::default();
        let long = vec![7; BLOCK_BYTES + 1];
        assert_eq!(lists.intern(b"ab"), (0, true));
        assert_eq!(lists.intern(b"ab"), (0, false));
        assert_eq!(lists.intern(&long), (1, true));
        assert_eq!(lists.intern(b""), (2, true));
        assert_eq!(lists.intern(b"ab"), (0, false));
        assert_eq!(lists.iter().map(<[u8]>::len).collect::<Vec<_>>(), [2, long.len(), 0]);
        assert_eq!(lists.get(1), &long[..]);
    }
}
