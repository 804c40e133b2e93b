//! What was measured: units, factors, sums.

use super::header::Header;
use super::names::Names;
use super::schema::ValueType;
use crate::model::{Builder, Column, StringId, Value, Weights};
use crate::units::Unit;

/// The values of a profile and what had to be said about them.
#[derive(Debug, Default)]
pub(super) struct Values {
    pub(super) values: Vec<Value>,
    /// Index of the one that is shown first.
    pub(super) default_value: usize,
    /// Numbers below zero.
    negative: u64,
    /// Numbers that do not fit into 64 bits in their base unit.
    cut: u64,
    /// Values whose sum does not fit into 64 bits.
    overflowing: Vec<String>,
}

/// Names and scales the columns.
pub(super) fn build(
    types: &[ValueType],
    header: &Header,
    columns: Vec<Column<i64>>,
    names: &mut Names,
    builder: &mut Builder,
) -> Values {
    let mut built = Values::default();
    let mut keys = Vec::new();
    for (i, (of, column)) in types.iter().zip(columns).enumerate() {
        let name = names.id(of.name);
        keys.push(name);
        let (unit, factor) = Unit::parse(builder.strings.get(names.id(of.unit)));
        let name = match builder.strings.get(name) {
            "" => format!("value {}", i + 1),
            name => name.to_owned(),
        };
        let column = built.measure(&name, column, factor);
        built.values.push(Value { name, unit, decimals: 0, weights: Weights::Each(column) });
    }
    // The one that the file asks for, otherwise the last, as the format defines it.
    let asked = names.id(header.default_type);
    let found = keys.iter().position(|&key| key == asked && key != StringId::EMPTY);
    built.default_value = found.unwrap_or(keys.len().saturating_sub(1));
    built
}

impl Values {
    /// Scales a column by `factor` and looks at its numbers.
    fn measure(&mut self, name: &str, mut column: Column<i64>, factor: i64) -> Column<i64> {
        if factor != 1 {
            self.scale(&mut column, factor);
        }
        // Shares are shares of the sum of absolute values: that is the sum that must fit.
        let (mut sum, mut negative) = (0i128, 0);
        for segment in column.segments() {
            sum += segment.iter().map(|&v| i128::from(v.unsigned_abs())).sum::<i128>();
            negative += segment.iter().filter(|&&v| v < 0).count() as u64;
        }
        self.negative += negative;
        if sum > i128::from(i64::MAX) {
            self.overflowing.push(name.to_owned());
        }
        column
    }

    fn scale(&mut self, column: &mut Column<i64>, factor: i64) {
        for i in 0..column.len() {
            let value = column.get_mut(i);
            let scaled = value.checked_mul(factor);
            self.cut += u64::from(scaled.is_none());
            *value = scaled.unwrap_or_else(|| value.saturating_mul(factor));
        }
    }

    /// Notes what a reader of the numbers should know; `base_samples` were subtracted by a comparison.
    pub(super) fn note(&self, base_samples: u64, builder: &mut Builder) {
        builder.note(
            "diff-base",
            base_samples,
            "The file is a comparison: these samples are of the recording that was subtracted, and count negatively.",
        );
        if base_samples == 0 {
            builder.note(
                "negative-values",
                self.negative,
                "Some values are below zero, as in the difference of two recordings; shares are of the sum of absolute values.",
            );
        }
        builder.note(
            "value-overflow",
            self.cut,
            "Some values are too large for 64 bits in their base unit; the largest number stands for them.",
        );
        if !self.overflowing.is_empty() {
            builder.note(
                "sum-overflow",
                self.overflowing.len() as u64,
                format!(
                    "The values of {} add up to more than 64 bits hold; sums stop at the largest number.",
                    self.overflowing.join(", ")
                ),
            );
        }
    }
}
