//! Node ids of a file and what they stand for.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// A number for every id. Ids are small and dense in recorded files, and then a plain table answers
/// for millions of samples; others (huge, negative, far beyond their number) go to a hash map. Memory
/// never follows a single id.
#[derive(Debug, Default)]
pub(in crate::formats) struct IdTable {
    len: usize,
    dense: Vec<u32>,
    sparse: HashMap<i64, u32, FixedState>,
}

/// Ids below this have a place in the plain table: 4 MiB at most.
const DENSE_MAX: usize = 1 << 20;
/// Ids below this, or below so many times the number of ids, are dense.
const DENSE_ALWAYS: usize = 1 << 12;
const DENSE_TIMES: usize = 32;
const ABSENT: u32 = u32::MAX;

impl IdTable {
    /// What `id` stands for.
    #[inline]
    pub(in crate::formats) fn get(&self, id: i64) -> Option<u32> {
        let dense = usize::try_from(id).ok().and_then(|place| self.dense.get(place));
        match dense {
            Some(&value) if value != ABSENT => Some(value),
            _ if self.sparse.is_empty() => None,
            _ => self.sparse.get(&id).copied(),
        }
    }

    /// Lets `id` stand for `value`, unless it stands for something already: then false.
    pub(in crate::formats) fn insert(&mut self, id: i64, value: u32) -> bool {
        debug_assert_ne!(value, ABSENT, "the last number means that an id is absent");
        if self.get(id).is_some() {
            return false;
        }
        self.len += 1;
        let dense = DENSE_MAX.min(DENSE_ALWAYS.max(DENSE_TIMES * self.len));
        match usize::try_from(id).ok().filter(|&place| place < dense) {
            Some(place) => {
                if place >= self.dense.len() {
                    self.dense.resize((place + 1).next_power_of_two(), ABSENT);
                }
                self.dense[place] = value;
            }
            None => _ = self.sparse.insert(id, value),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_id_has_one_number() {
        let mut table = IdTable::default();
        let ids = [0, 1, 77, -1, i64::MIN, i64::MAX, DENSE_MAX as i64, DENSE_MAX as i64 - 1];
        for (i, &id) in ids.iter().enumerate() {
            assert_eq!(table.get(id), None);
            assert!(table.insert(id, i as u32));
            assert!(!table.insert(id, 99));
        }
        assert!(ids.iter().enumerate().all(|(i, &id)| table.get(id) == Some(i as u32)));
        assert!(table.dense.len() <= DENSE_MAX);
    }
}
