//! From hashes to rows, for tables that hold each row once.

use hashbrown::HashTable;

/// Row numbers by the hash of their rows.
///
/// A hash table grows by moving into one of twice the size. This one is many small tables, of which
/// each grows by itself: near the end of the memory that a browser gives, both sizes of a large table
/// would no longer fit beside each other, nor into the largest piece that may be asked for.
#[derive(Debug)]
pub(crate) struct Index {
    parts: Vec<HashTable<u32>>,
}

/// Number of small tables; a power of two.
const PARTS: usize = 64;

impl Default for Index {
    fn default() -> Self {
        Self { parts: (0..PARTS).map(|_| HashTable::new()).collect() }
    }
}

impl Index {
    /// Bits of the hash that a small table itself does not use, on any platform.
    #[inline]
    fn part(hash: u64) -> usize {
        (hash >> 40) as usize % PARTS
    }

    /// The row with this hash for which `is_it` holds.
    #[inline]
    pub(crate) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        self.parts[Self::part(hash)].find(hash, |&row| is_it(row)).copied()
    }

    /// Adds a row that is not there yet; `hash_of` answers for all rows that are.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u64, row: u32, hash_of: impl Fn(u32) -> u64) {
        self.parts[Self::part(hash)].insert_unique(hash, row, |&row| hash_of(row));
    }

    /// Bytes of heap memory held.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.parts.iter().map(HashTable::allocation_size).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_while_it_grows() {
        let hash = |row: u32| u64::from(row).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut index = Index::default();
        for row in 0..100_000 {
            assert_eq!(index.find(hash(row), |found| found == row), None);
            index.insert(hash(row), row, hash);
        }
        assert!((0..100_000).all(|row| index.find(hash(row), |found| found == row) == Some(row)));
        let largest = index.parts.iter().map(HashTable::allocation_size).max().unwrap_or(0);
        assert!(largest * PARTS < 2 * index.heap_bytes(), "all grow alike");
    }
}
