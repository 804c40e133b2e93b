//! Flat lists of numbers, cut into rows.

use crate::model::Column;

/// Values that a row hands on, with one place for all that nobody wants.
pub(super) const VALUES: usize = 8;
const UNWANTED: u8 = VALUES as u8 - 1;

/// Where the wanted fields stand in a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Slots(Vec<u8>);

impl Slots {
    /// The places of `wanted` (fewer than [`VALUES`]) in rows that have `fields`.
    pub(super) fn of(fields: &[String], wanted: &[&str]) -> Self {
        debug_assert!(wanted.len() < VALUES, "the last place is for the others");
        let slot = |field: &String| wanted.iter().position(|want| want == field).map_or(UNWANTED, |at| at as u8);
        Self(fields.iter().map(slot).collect())
    }

    /// Numbers in a row.
    pub(super) fn width(&self) -> usize {
        self.0.len()
    }

    #[inline]
    fn place(&self, values: &[i64], from: usize, row: &mut [i64; VALUES]) {
        for (slot, value) in self.0[from..].iter().zip(values) {
            row[usize::from(*slot) % VALUES] = *value;
        }
    }
}

/// A row that is being put together out of batches that end anywhere.
#[derive(Debug, Default)]
pub(super) struct Rows {
    slots: Slots,
    at: usize,
    row: [i64; VALUES],
}

impl Rows {
    pub(super) fn new(slots: Slots) -> Self {
        Self { slots, at: 0, row: [0; VALUES] }
    }

    /// Takes numbers in and hands every complete row on: its values in the order in which they were
    /// wanted, 0 for fields that the file does not have.
    #[inline]
    pub(super) fn take(&mut self, mut values: &[i64], mut each: impl FnMut(&[i64; VALUES])) {
        let width = self.slots.width();
        if width == 0 {
            return;
        }
        if self.at > 0 {
            let (now, later) = values.split_at(values.len().min(width - self.at));
            self.slots.place(now, self.at, &mut self.row);
            self.at += now.len();
            values = later;
            if self.at < width {
                return;
            }
            each(&self.row);
        }
        let rows = values.chunks_exact(width);
        let rest = rows.remainder();
        for row in rows {
            self.slots.place(row, 0, &mut self.row);
            each(&self.row);
        }
        self.slots.place(rest, 0, &mut self.row);
        self.at = rest.len();
    }

    /// Numbers of a row that is not complete.
    pub(super) fn left(&self) -> usize {
        self.at
    }
}

/// The rows of a list that was kept as numbers until its layout was known, and how many numbers are
/// left over.
pub(super) fn rows_of(kept: &Column<i64>, fields: &[String], wanted: &[&str], each: impl FnMut(&[i64; VALUES])) -> u64 {
    let mut rows = Rows::new(Slots::of(fields, wanted));
    let mut each = each;
    kept.segments().for_each(|values| rows.take(values, &mut each));
    if fields.is_empty() { kept.len() as u64 } else { rows.left() as u64 }
}

/// A number that should fit into 32 bits.
#[inline]
pub(super) fn small(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_may_end_anywhere() {
        let fields: Vec<String> = ["b", "x", "a", "c"].map(String::from).into();
        let numbers: Vec<i64> = (0..43).collect();
        for len in 1..12 {
            let mut rows = Rows::new(Slots::of(&fields, &["a", "b", "absent"]));
            let mut got = Vec::new();
            numbers.chunks(len).for_each(|batch| rows.take(batch, |row| got.push((row[0], row[1], row[2]))));
            let expected: Vec<_> = (0..10).map(|i| (i * 4 + 2, i * 4, 0)).collect();
            assert_eq!((got, rows.left()), (expected, 3), "in batches of {len}");
        }
    }
}
