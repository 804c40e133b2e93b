//! A column of decimal numbers whose number of decimals is learnt while it grows.

use super::line::{Number, PLACES_MAX};
use crate::model::Column;

/// Decimals that are kept exactly; more are rounded.
const DECIMALS_MAX: u8 = 9;

/// Integers that stand for decimal numbers: each is the number times 10^`decimals`.
///
/// The number of decimals rises with the first line that has more, and every row with it. It stays
/// so small that the sum of all rows, signs aside, fits into 63 bits, because sums must stay exact.
#[derive(Debug, Default)]
pub(super) struct Amounts {
    rows: Column<i64>,
    decimals: u8,
    /// Sum of all rows without their signs.
    magnitude: u128,
    /// Rows that are no longer exactly what the file says.
    rounded: u64,
}

impl Amounts {
    /// Appends a number.
    #[inline]
    pub(super) fn push(&mut self, number: Number) {
        if self.decimals | number.places == 0 {
            let whole = number.whole.cast_signed();
            self.append(i128::from(if number.is_negative { -whole } else { whole }));
        } else {
            self.push_decimal(number);
        }
    }

    fn push_decimal(&mut self, number: Number) {
        let wanted = number.places.min(DECIMALS_MAX);
        while self.decimals < wanted && self.fits(self.decimals + 1, number) {
            self.rescale(self.decimals + 1);
        }
        let (amount, is_exact) = scaled(number, self.decimals);
        self.rounded += u64::from(!is_exact);
        self.append(amount);
    }

    /// Whether the sum of all rows and `number` fits with this many decimals.
    fn fits(&self, decimals: u8, number: Number) -> bool {
        let factor = 10u128.pow(u32::from(decimals - self.decimals));
        let sum = self.magnitude.saturating_mul(factor).saturating_add(scaled(number, decimals).0.unsigned_abs());
        sum <= i64::MAX.unsigned_abs().into()
    }

    #[inline]
    fn append(&mut self, amount: i128) {
        let sum = self.magnitude + amount.unsigned_abs();
        if sum > i64::MAX.unsigned_abs().into() && self.decimals > 0 {
            return self.append_with_fewer_decimals(amount);
        }
        self.magnitude = sum;
        // A count has at most 63 bits, and with decimals the sum was just seen to fit.
        self.rows.push(i64::try_from(amount).unwrap_or(if amount < 0 { i64::MIN } else { i64::MAX }));
    }

    #[cold]
    fn append_with_fewer_decimals(&mut self, amount: i128) {
        let shorter = divided(amount, 10);
        self.rounded += u64::from(shorter * 10 != amount);
        self.rescale(self.decimals - 1);
        self.append(shorter);
    }

    /// Multiplies or divides every row so that it has `decimals`.
    fn rescale(&mut self, decimals: u8) {
        let rows = std::mem::take(&mut self.rows);
        let up = 10i64.pow(u32::from(decimals.saturating_sub(self.decimals)));
        let down = 10i128.pow(u32::from(self.decimals.saturating_sub(decimals)));
        self.magnitude = 0;
        for row in rows.iter() {
            let shorter = divided(row.into(), down);
            self.rounded += u64::from(shorter * down != row.into());
            let amount = i64::try_from(shorter).expect("no larger than the row") * up;
            self.magnitude += u128::from(amount.unsigned_abs());
            self.rows.push(amount);
        }
        self.decimals = decimals;
    }

    /// Multiplies every row by `factor`; false, and nothing is changed, when the sum would not fit.
    pub(super) fn multiply(&mut self, factor: u32) -> bool {
        let sum = self.magnitude.saturating_mul(factor.into());
        let fits = sum <= i64::MAX.unsigned_abs().into();
        if fits {
            self.rows = self.rows.iter().map(|row| row * i64::from(factor)).collect();
            self.magnitude = sum;
        }
        fits
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many rows were rounded; one that was rounded twice counts twice.
    pub(super) fn rounded(&self) -> u64 {
        self.rounded
    }

    /// Whether the rows add up to more than 63 bits.
    pub(super) fn is_too_large(&self) -> bool {
        self.magnitude > i64::MAX.unsigned_abs().into()
    }

    /// The rows and their number of decimals.
    pub(super) fn finish(self) -> (Column<i64>, u8) {
        (self.rows, self.decimals)
    }
}

/// `number` × 10^`decimals`, rounded half away from zero, and whether that is exact.
fn scaled(number: Number, decimals: u8) -> (i128, bool) {
    let ten = |power: u8| 10i128.pow(u32::from(power.min(2 * PLACES_MAX)));
    let whole = i128::from(number.whole) * ten(decimals);
    let (up, down) = (decimals.saturating_sub(number.places), number.places.saturating_sub(decimals));
    let fraction = divided(i128::from(number.fraction) * ten(up), ten(down));
    let is_exact = !number.is_cut && fraction * ten(down) == i128::from(number.fraction) * ten(up);
    let amount = whole + fraction;
    (if number.is_negative { -amount } else { amount }, is_exact)
}

/// `amount` / `divisor`, rounded half away from zero.
fn divided(amount: i128, divisor: i128) -> i128 {
    (amount + amount.signum() * (divisor / 2)) / divisor
}

#[cfg(test)]
mod tests {
    use super::super::line::{Count, split};
    use super::*;
    use crate::units::exact;

    fn amounts(counts: &[&str]) -> (Vec<String>, u64) {
        let mut amounts = Amounts::default();
        for count in counts {
            match split(format!("a {count}").as_bytes()) {
                Some((_, Count::Fits(number))) => amounts.push(number),
                other => panic!("{count} is {other:?}"),
            }
        }
        let rounded = amounts.rounded();
        let (rows, decimals) = amounts.finish();
        (rows.iter().map(|row| exact(row, decimals)).collect(), rounded)
    }

    #[test]
    fn decimals_grow_with_the_lines() {
        let (rows, rounded) = amounts(&["31", "-1.5", "2.567", "19.0", "0.000000001"]);
        assert_eq!((rows, rounded), (["31", "-1.5", "2.567", "19", "0.000000001"].map(str::to_owned).to_vec(), 0));
    }

    #[test]
    fn more_than_nine_decimals_are_rounded() {
        let (rows, rounded) = amounts(&["3", "14.2343983248722834234", "-0.0000000005"]);
        assert_eq!((rows, rounded), (["3", "14.234398325", "-0.000000001"].map(str::to_owned).to_vec(), 2));
    }

    #[test]
    fn large_sums_have_fewer_decimals() {
        let (rows, rounded) = amounts(&["9000000000000000000", "0.25", "0.5"]);
        assert_eq!((rows, rounded), (["9000000000000000000", "0", "1"].map(str::to_owned).to_vec(), 2));
        let (rows, rounded) = amounts(&["0.25", "0.125", "9000000000000000000"]);
        assert_eq!(rows, ["0", "0", "9000000000000000000"]);
        assert!(rounded >= 2);
        let (rows, _) = amounts(&["9223372036854775807", "-9223372036854775807", "1.5"]);
        assert_eq!(rows, ["9223372036854775807", "-9223372036854775807", "2"]);
    }

    #[test]
    fn sums_beyond_63_bits_are_known() {
        let mut amounts = Amounts::default();
        let number =
            Number { is_negative: true, whole: i64::MAX.unsigned_abs(), fraction: 0, places: 0, is_cut: false };
        amounts.push(number);
        assert!(!amounts.is_too_large());
        assert!(!amounts.multiply(1000));
        amounts.push(number);
        assert!(amounts.is_too_large());
        assert_eq!(amounts.len(), 2);
    }
}
