//! From parents to children: the other direction of every tree, whose rows name their parents only.

use std::cmp::Ordering;
use std::ops::Range;

/// The children of each row as one list per parent. What is no row, [`u32::MAX`] above all, is the
/// parent of the roots.
#[derive(Debug)]
pub(crate) struct Children {
    /// Where the list of each parent ends; the roots' list is the first.
    ends: Vec<u32>,
    rows: Vec<u32>,
}

impl Children {
    /// Counting sort of `len` rows by parent; each list is in the order of row numbers.
    pub(crate) fn new(len: usize, parents: impl Iterator<Item = u32> + Clone) -> Self {
        let mut ends = vec![0u32; len + 1];
        parents.clone().for_each(|parent| ends[slot(parent, len)] += 1);
        // Where each list begins; filling it moves that to its end.
        let mut sum = 0;
        for end in &mut ends {
            sum += std::mem::replace(end, sum);
        }
        let mut rows = vec![0; len];
        for (row, parent) in (0u32..).zip(parents) {
            let end = &mut ends[slot(parent, len)];
            rows[*end as usize] = row;
            *end += 1;
        }
        Self { ends, rows }
    }

    /// Orders the children of each parent; equal ones stay in the order of row numbers.
    pub(crate) fn sort(&mut self, mut order: impl FnMut(u32, u32) -> Ordering) {
        let mut start = 0;
        for &end in &self.ends {
            self.rows[start..end as usize].sort_unstable_by(|&a, &b| order(a, b).then(a.cmp(&b)));
            start = end as usize;
        }
    }

    /// The children of a row, or the roots for what is no row.
    pub(crate) fn of(&self, parent: u32) -> &[u32] {
        &self.rows[self.range(parent)]
    }

    /// Where the children of a row stand among [`Children::all`].
    pub(crate) fn range(&self, parent: u32) -> Range<usize> {
        let slot = slot(parent, self.rows.len());
        let start = slot.checked_sub(1).map_or(0, |before| self.ends[before]);
        start as usize..self.ends[slot] as usize
    }

    /// All lists behind each other.
    pub(crate) fn all(&self) -> &[u32] {
        &self.rows
    }
}

#[inline]
fn slot(parent: u32, len: usize) -> usize {
    if (parent as usize) < len { parent as usize + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_hold_the_rows_of_each_parent() {
        let parents = [u32::MAX, 0, 0, u32::MAX, 1, 0, 99];
        let mut children = Children::new(parents.len(), parents.into_iter());
        assert_eq!(children.of(u32::MAX), [0, 3, 6], "99 is no row either");
        assert_eq!([children.of(0), children.of(1), children.of(6)], [&[1, 2, 5][..], &[4], &[]]);
        assert_eq!(&children.all()[children.range(0)], children.of(0));
        children.sort(|a, b| (b % 2).cmp(&(a % 2)));
        assert_eq!([children.of(u32::MAX), children.of(0)], [[3, 0, 6], [1, 5, 2]], "odd ones first");
        assert!(Children::new(0, std::iter::empty()).of(u32::MAX).is_empty());
    }
}
