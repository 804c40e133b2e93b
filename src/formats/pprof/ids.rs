//! From the identifiers of a file to rows of our tables.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Rows by identifier. Identifiers are keys of any size, so only those that are small for their
/// number get a place in a plain vector; memory follows the number of rows, never an identifier.
#[derive(Debug, Default)]
pub(super) struct Ids {
    dense: Vec<u32>,
    sparse: HashMap<u64, u32, FixedState>,
    duplicates: u64,
}

/// No row.
const NONE: u32 = u32::MAX;

impl Ids {
    /// The index of `rows` identifiers in the order of their rows. The first of several equal ones counts.
    pub(super) fn new(rows: usize, ids: impl Iterator<Item = u64>) -> Self {
        let most = rows * 4 + 1024;
        let mut index = Self::default();
        for (row, id) in ids.enumerate() {
            let row = u32::try_from(row).expect("4 billion rows do not fit into the memory of a worker");
            index.insert(id, row, most);
        }
        index
    }

    fn insert(&mut self, id: u64, row: u32, most: usize) {
        let slot = match usize::try_from(id) {
            Ok(at) if at < most => {
                if at >= self.dense.len() {
                    self.dense.resize(at + 1, NONE);
                }
                &mut self.dense[at]
            }
            _ => self.sparse.entry(id).or_insert(NONE),
        };
        if *slot == NONE {
            *slot = row;
        } else {
            self.duplicates += 1;
        }
    }

    /// The row of an identifier.
    #[inline]
    pub(super) fn get(&self, id: u64) -> Option<u32> {
        let dense = usize::try_from(id).ok().and_then(|at| self.dense.get(at)).copied();
        match dense {
            Some(row) => (row != NONE).then_some(row),
            None => self.sparse.get(&id).copied(),
        }
    }

    /// Rows that are not reachable because an earlier one has the same identifier.
    pub(super) fn duplicates(&self) -> u64 {
        self.duplicates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_huge_identifiers() {
        let ids = [3, u64::MAX, 1, 3, 900_000, u64::MAX];
        let index = Ids::new(ids.len(), ids.into_iter());
        assert_eq!([1, 3, 900_000, u64::MAX].map(|id| index.get(id)), [Some(2), Some(0), Some(4), Some(1)]);
        assert_eq!([0, 2, 4, 5_000, u64::MAX - 1].map(|id| index.get(id)), [None; 5]);
        assert_eq!(index.duplicates(), 2);
        assert!(index.dense.len() < 10, "memory follows the rows");
    }
}
