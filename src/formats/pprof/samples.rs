//! Samples while the file streams by: straight into columns, names and locations still unknown.
//!
//! A file may give its samples before or after everything that they refer to. So a sample's list of
//! locations is kept as it is written, each distinct list once, and so is its set of labels; both
//! are looked up when the file is read to its end. Nothing is allocated per sample.

use super::labels::RawLabel;
use super::lists::Lists;
use crate::formats::common::proto::{Malformed, Value, fields, packed, push_varint};
use crate::model::Column;

/// Most sample types that a file may have; known files have up to twenty.
pub(super) const TYPES_MAX: usize = 64;
/// Numbers from here on may be moments in Unix nanoseconds (1988 and later). Nearly every sample has
/// one of its own, which would make every label set a distinct one: they are kept apart.
const MOMENT_MIN: i64 = 1 << 59;
/// Absent values that are filled up in any file, and per value that is there.
const FILLED_MIN: u64 = 1 << 16;
const FILLED_PER_VALUE: u64 = 3;

/// The columns of the samples, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Samples {
    /// Distinct lists of locations, leaf first, as varints.
    pub(super) lists: Lists,
    /// Row of `lists` of each sample.
    pub(super) list: Column<u32>,
    /// Distinct label sets, each label as a field of its own.
    pub(super) sets: Lists,
    /// Row of `sets` of each sample, once one has labels.
    pub(super) set: Option<Column<u32>>,
    /// Labels that may be moments.
    pub(super) moments: Option<Moments>,
    /// A column for each value that any sample had.
    pub(super) values: Vec<Column<i64>>,
    /// Number of location ids in the distinct lists.
    pub(super) location_count: u64,
    /// Number of samples by their number of values; the last counts all beyond.
    widths: Vec<u64>,
    present: u64,
    filled: u64,
    location_scratch: Vec<u8>,
    label_scratch: Vec<u8>,
}

/// One label of large numbers, which nearly every sample has.
#[derive(Debug)]
pub(super) struct Moments {
    /// Key and unit, indices into the string table.
    pub(super) key: i64,
    pub(super) unit: i64,
    /// The number of each sample; 0 where a sample has none. Shorter than the samples when the last have none.
    pub(super) numbers: Column<i64>,
}

impl Samples {
    /// Number of samples.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Reads a sample's message. Not inlined: what reads the whole file is called but once, and browsers
    /// replace the code of their first compiler only where a function is called again.
    #[inline(never)]
    pub(super) fn take(&mut self, body: &[u8]) -> Result<(), Malformed> {
        let mut locations: &[u8] = &[];
        let mut is_spilled = false;
        let mut width = 0;
        self.label_scratch.clear();
        for field in fields(body) {
            match field? {
                // Nearly always there is one packed field, which can stay where it is.
                (1, Value::Bytes(list)) if locations.is_empty() && !is_spilled => locations = list,
                (1, value) => {
                    self.spill(locations, value, !is_spilled)?;
                    is_spilled = true;
                }
                (2, Value::Bytes(list)) => {
                    for value in packed(list) {
                        self.value(width, value?.cast_signed());
                        width += 1;
                    }
                }
                (2, Value::Varint(value)) => {
                    self.value(width, value.cast_signed());
                    width += 1;
                }
                (3, Value::Bytes(label)) => self.label(label)?,
                (2 | 3, _) => return Err(Malformed::Mismatch),
                _ => {}
            }
        }
        let scratch = std::mem::take(&mut self.location_scratch);
        let row = self.locations(if is_spilled { &scratch } else { locations });
        self.location_scratch = scratch;
        self.end_labels();
        self.end_values(width);
        self.list.push(row?);
        Ok(())
    }

    /// Collects a list of locations that is written in several parts.
    fn spill(&mut self, first: &[u8], value: Value<'_>, is_first: bool) -> Result<(), Malformed> {
        if is_first {
            self.location_scratch.clear();
            self.location_scratch.extend_from_slice(first);
        }
        match value {
            Value::Bytes(list) => self.location_scratch.extend_from_slice(list),
            Value::Varint(id) => push_varint(&mut self.location_scratch, id),
            _ => return Err(Malformed::Mismatch),
        }
        Ok(())
    }

    fn locations(&mut self, list: &[u8]) -> Result<u32, Malformed> {
        let (row, is_new) = self.lists.intern(list);
        if is_new {
            for id in packed(list) {
                id?;
                self.location_count += 1;
            }
        }
        Ok(row)
    }

    #[inline]
    fn value(&mut self, at: usize, value: i64) {
        if let Some(column) = self.values.get_mut(at) {
            column.push(value);
        } else if at < TYPES_MAX {
            let before = self.list.len();
            self.filled += before as u64;
            let mut column = Column::filled(0, before);
            column.push(value);
            self.values.push(column);
        }
        self.present += 1;
    }

    fn end_values(&mut self, width: usize) {
        for column in self.values.iter_mut().skip(width) {
            column.push(0);
            self.filled += 1;
        }
        let width = width.min(TYPES_MAX + 1);
        if self.widths.len() <= width {
            self.widths.resize(width + 1, 0);
        }
        self.widths[width] += 1;
    }

    #[inline]
    fn label(&mut self, body: &[u8]) -> Result<(), Malformed> {
        let label = RawLabel::read(body)?;
        if label.text == 0 && label.number >= MOMENT_MIN && self.moment(&label) {
            return Ok(());
        }
        self.label_scratch.push(LABEL_TAG);
        push_varint(&mut self.label_scratch, body.len() as u64);
        self.label_scratch.extend_from_slice(body);
        Ok(())
    }

    /// Keeps a large number apart, unless the sample has one already or another label does.
    fn moment(&mut self, label: &RawLabel) -> bool {
        let before = self.list.len();
        let moments =
            self.moments.get_or_insert_with(|| Moments { key: label.key, unit: label.unit, numbers: Column::new() });
        let is_same = moments.key == label.key && moments.unit == label.unit;
        if !is_same || moments.numbers.len() > before {
            return false;
        }
        while moments.numbers.len() < before {
            moments.numbers.push(0);
        }
        moments.numbers.push(label.number);
        true
    }

    fn end_labels(&mut self) {
        if self.label_scratch.is_empty() {
            if let Some(rows) = &mut self.set {
                rows.push(0);
            }
            return;
        }
        let before = self.list.len();
        let sets = &mut self.sets;
        let rows = self.set.get_or_insert_with(|| {
            sets.intern(&[]);
            Column::filled(0, before)
        });
        rows.push(sets.intern(&self.label_scratch).0);
    }

    /// Whether so many values are absent that filling them up would cost more than was read.
    pub(super) fn is_sparse(&self) -> bool {
        self.filled > FILLED_MIN + self.present.saturating_mul(FILLED_PER_VALUE)
    }

    /// Makes the columns exactly `types` many. Answers how many samples had another number of values.
    pub(super) fn fit(&mut self, types: usize) -> u64 {
        let rows = self.len();
        self.values.truncate(types);
        while self.values.len() < types {
            self.filled += rows as u64;
            if self.is_sparse() {
                break;
            }
            self.values.push(Column::filled(0, rows));
        }
        self.widths.iter().enumerate().filter(|(width, _)| *width != types).map(|(_, samples)| samples).sum()
    }
}

/// Tag of a label in a sample: field 3, length-delimited.
const LABEL_TAG: u8 = 3 << 3 | 2;
