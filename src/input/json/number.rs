//! Numbers of JSON: exact decimals, and the loop over long arrays of integers.

use super::{HIGHS, ONES, is_space};

/// A number as it stands in a file: `mantissa` × 10^`exponent`, with a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    mantissa: u64,
    exponent: i32,
    /// Whether the mantissa had no room for a digit.
    is_full: bool,
    /// Whether no digit other than zeros is missing from the mantissa.
    is_whole: bool,
}

/// A number brought to a fixed number of decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scaled {
    /// The number × 10^decimals.
    pub value: i64,
    /// Whether digits were lost by rounding (half away from zero).
    pub is_rounded: bool,
    /// Whether it did not fit into 64 bits and is the nearest that does.
    pub is_clamped: bool,
}

impl Decimal {
    /// Reads a number by the grammar of JSON; `None` when the bytes are anything else.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (negative, rest) = after_sign(bytes);
        let mut number = Self { negative, mantissa: 0, exponent: 0, is_full: false, is_whole: true };
        let (whole, mut rest) = digits(rest);
        if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
            return None;
        }
        number.append(whole, 0);
        if let [b'.', after @ ..] = rest {
            let (fraction, after) = digits(after);
            if fraction.is_empty() {
                return None;
            }
            number.append(fraction, 1);
            rest = after;
        }
        match rest {
            [] => {}
            [b'e' | b'E', after @ ..] => number.exponent = number.exponent.saturating_add(exponent(after)?),
            _ => return None,
        }
        Some(number)
    }

    /// Appends digits, each of which stands `places` further behind the point than the one before.
    fn append(&mut self, digits: &[u8], places: i32) {
        for digit in digits.iter().map(|b| u64::from(b - b'0')) {
            let longer = self.mantissa.checked_mul(10).and_then(|m| m.checked_add(digit));
            // Once a digit finds no room, it and all after it change only the exponent.
            match longer.filter(|_| !self.is_full) {
                Some(mantissa) => {
                    self.mantissa = mantissa;
                    self.exponent = self.exponent.saturating_sub(places);
                }
                None => {
                    self.is_full = true;
                    self.is_whole &= digit == 0;
                    self.exponent = self.exponent.saturating_add(1 - places);
                }
            }
        }
    }

    /// The number × 10^`decimals`, rounded and clamped where it must be.
    pub fn scaled(self, decimals: u8) -> Scaled {
        let (size, is_rounded) = self.size(decimals);
        let max = i64::MAX as u64 + u64::from(self.negative);
        let is_clamped = size > u128::from(max);
        let size = u64::try_from(size).unwrap_or(max).min(max);
        let value = if self.negative { 0i64.wrapping_sub_unsigned(size) } else { size as i64 };
        Scaled { value, is_rounded, is_clamped }
    }

    /// The number if it is a whole one that fits: `3`, `1e3` and `1.0` are.
    pub fn to_i64(self) -> Option<i64> {
        let scaled = self.scaled(0);
        (!scaled.is_rounded && !scaled.is_clamped).then_some(scaled.value)
    }

    /// The number if it is whole, not negative, and fits.
    pub fn to_u64(self) -> Option<u64> {
        let (size, is_rounded) = self.size(0);
        u64::try_from(size).ok().filter(|&n| !is_rounded && (n == 0 || !self.negative))
    }

    /// The number × 10^`decimals` without its sign, and whether it was rounded.
    fn size(self, decimals: u8) -> (u128, bool) {
        let exponent = self.exponent.saturating_add(i32::from(decimals));
        let mantissa = u128::from(self.mantissa);
        let unit = 10u128.checked_pow(exponent.unsigned_abs());
        let (size, is_exact) = match (exponent < 0, unit) {
            _ if mantissa == 0 => (0, true),
            (false, unit) => (unit.map_or(u128::MAX, |unit| mantissa.saturating_mul(unit)), true),
            (true, Some(unit)) => ((mantissa + unit / 2) / unit, mantissa.is_multiple_of(unit)),
            (true, None) => (0, false),
        };
        (size, !is_exact || !self.is_whole)
    }

    /// Whether a double would be infinite, or nearly so.
    pub(super) fn is_too_large(self) -> bool {
        let digits = self.mantissa.checked_ilog10().map_or(0, |n| i64::from(n) + 1);
        digits > 0 && i64::from(self.exponent) + digits > 309
    }
}

fn after_sign(bytes: &[u8]) -> (bool, &[u8]) {
    match bytes {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    }
}

/// The leading digits and what follows them.
fn digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().position(|b| !b.is_ascii_digit()).unwrap_or(bytes.len()))
}

/// An exponent after its `e`; far beyond any use, it stops growing.
fn exponent(bytes: &[u8]) -> Option<i32> {
    let (negative, rest) = after_sign(bytes.strip_prefix(b"+").unwrap_or(bytes));
    let (digits, rest) = digits(rest);
    if digits.is_empty() || !rest.is_empty() || bytes.starts_with(b"+-") {
        return None;
    }
    let size = digits.iter().fold(0i32, |n, b| (n * 10 + i32::from(b - b'0')).min(1_000_000));
    Some(if negative { -size } else { size })
}

/// Reads numbers such as `12,-7,33,` from the start of `data`, each × `scale` (at most 10^9): whole,
/// and followed by a comma. Gives the bytes used and how many numbers these were; stops at anything
/// else, and some bytes before the end of `data`.
///
/// A number's length is known only at its end, so that reading one after the other waits for each.
/// The commas of 64 bytes are found at once instead, and the numbers between them do not depend on
/// one another.
#[inline]
pub(super) fn run_of_integers(
    data: &[u8],
    scale: i64,
    batch: &mut Batch,
    each: &mut impl FnMut(&[i64]),
) -> (usize, u64) {
    let (mut start, mut count, mut block, mut filled) = (0, 0, 0, 0);
    'blocks: while let Some(bytes) = data.get(block..).and_then(<[u8]>::first_chunk::<BLOCK_BYTES>) {
        let mut commas = commas(bytes);
        while commas != 0 {
            let end = block + commas.trailing_zeros() as usize;
            commas &= commas - 1;
            let value = match short_integer(data, start, end) {
                Some(value) => value * scale,
                None => match any_integer(&data[start..end], scale) {
                    Some(value) => value,
                    None => break 'blocks,
                },
            };
            batch[filled] = value;
            filled += 1;
            start = end + 1;
        }
        if filled >= BATCH {
            each(&batch[..filled]);
            count += filled as u64;
            filled = 0;
        }
        block += BLOCK_BYTES;
    }
    if filled > 0 {
        each(&batch[..filled]);
        count += filled as u64;
    }
    (start, count)
}

/// Room for the numbers that are handed on together: what is done with them is a loop of its own
/// then, without calls.
pub(super) type Batch = [i64; BATCH + BLOCK_NUMBERS];

/// An empty batch.
pub(super) fn batch() -> Box<Batch> {
    Box::new([0; BATCH + BLOCK_NUMBERS])
}

/// Numbers that are handed on at once, at least.
const BATCH: usize = 512;
/// Most numbers that end in a block: commas that follow each other stop a run.
const BLOCK_NUMBERS: usize = BLOCK_BYTES;

const BLOCK_BYTES: usize = 64;

/// Which bytes of a block are commas, lowest bit first.
#[inline]
fn commas(block: &[u8; BLOCK_BYTES]) -> u64 {
    let mut found = 0;
    for (i, chunk) in block.as_chunks::<8>().0.iter().enumerate() {
        let x = u64::from_le_bytes(*chunk) ^ (ONES * u64::from(b','));
        // A comma is now zero: adding 0x7f sets the high bit of every other byte.
        let is_comma = !(((x & !HIGHS) + 0x7f * ONES) | x) & HIGHS;
        // The product moves bit 8k to bit 56 + k, and nothing else comes to lie there.
        let bits = (is_comma >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        found |= bits << (8 * i);
    }
    found
}

/// The number at `start..end` if it is nothing but one to eight digits.
#[inline]
fn short_integer(data: &[u8], start: usize, end: usize) -> Option<i64> {
    let len = end - start;
    let word = u64::from_le_bytes(*data[..end].last_chunk::<8>()?);
    if len.wrapping_sub(1) >= 8 {
        return None;
    }
    // Bytes before the number become zeros in front of it.
    let before = 64 - 8 * len as u32;
    let x = (word ^ (ONES * u64::from(b'0'))) >> before;
    if len > 1 && x & 0xff == 0 {
        return None;
    }
    let x = x << before;
    // A digit is now 0..=9: adding 0x76 carries 10 and more into the high bit, and bytes that had it
    // already keep it.
    if (((x & !HIGHS) + 0x76 * ONES) | x) & HIGHS != 0 {
        return None;
    }
    // Neighbours are joined three times: to two digits, to four, to eight.
    let pairs = (x & 0x000f_000f_000f_000f) * 10 + ((x >> 8) & 0x000f_000f_000f_000f);
    let fours = (pairs & 0x0000_00ff_0000_00ff) * 100 + ((pairs >> 16) & 0x0000_00ff_0000_00ff);
    Some(((fours & 0xffff) * 10_000 + (fours >> 32)) as i64)
}

/// A whole number with a sign or white space before it, or of more digits.
#[inline(never)]
fn any_integer(bytes: &[u8], scale: i64) -> Option<i64> {
    let start = bytes.iter().position(|&b| !is_space(b))?;
    let (is_negative, digits) = after_sign(&bytes[start..]);
    let has_leading_zero = digits.len() > 1 && digits[0] == b'0';
    if digits.is_empty() || digits.len() > DIGITS_MAX || has_leading_zero || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0'));
    (if is_negative { -value } else { value }).checked_mul(scale)
}

/// Any number of so many digits fits into an `i64`.
const DIGITS_MAX: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_scaled_exactly() {
        let scaled = |text: &str, decimals| Decimal::parse(text.as_bytes()).expect(text).scaled(decimals);
        let exact = |value| Scaled { value, is_rounded: false, is_clamped: false };
        assert_eq!(scaled("166.5", 3), exact(166_500));
        assert_eq!(scaled("1152.5393940000", 6), exact(1_152_539_394));
        assert_eq!(scaled("-1e3", 0), exact(-1000));
        assert_eq!(scaled("-9223372036854775808", 0), exact(i64::MIN));
        assert_eq!(scaled("0e999999999", 9), exact(0));
        assert_eq!(scaled("2.5", 0), Scaled { value: 3, is_rounded: true, is_clamped: false });
        assert_eq!(scaled("-2.5", 0), Scaled { value: -3, is_rounded: true, is_clamped: false });
        assert_eq!(scaled("1e300", 0), Scaled { value: i64::MAX, is_rounded: false, is_clamped: true });
        assert_eq!(scaled("-1e300", 0), Scaled { value: i64::MIN, is_rounded: false, is_clamped: true });
        assert_eq!(scaled("1e-300", 3), Scaled { value: 0, is_rounded: true, is_clamped: false });
    }

    #[test]
    fn every_length_of_digits() {
        for digits in 1..=18 {
            let n = 123_456_789_987_654_321 / 10i64.pow(18 - digits);
            let mut found = Vec::new();
            let text = format!("{n},-{n},0, {n},\n-{n},7");
            let data = text.clone() + &" ".repeat(BLOCK_BYTES);
            let (used, count) = run_of_integers(data.as_bytes(), 1, &mut batch(), &mut |n| found.extend_from_slice(n));
            assert_eq!(found, [n, -n, 0, n, -n]);
            assert_eq!((used, count), (text.len() - 1, 5));
            for len in 0..data.len() {
                let mut some = Vec::new();
                let (used, count) =
                    run_of_integers(&data.as_bytes()[..len], 1, &mut batch(), &mut |n| some.extend_from_slice(n));
                assert!(used <= len && some.len() as u64 == count && found.starts_with(&some));
            }
        }
    }

    #[test]
    fn what_is_not_plain_stops_a_run() {
        let blank = " ".repeat(BLOCK_BYTES);
        for odd in
            ["007", "00", "-", "--1", "1.5", "1e3", "\"1\"", "", " ", "1 2", "+1", "0x1", "1234567890123456789", "]"]
        {
            let mut found = Vec::new();
            let data = format!("12,{odd},1,{blank}");
            let stopped = run_of_integers(data.as_bytes(), 1, &mut batch(), &mut |n| found.extend_from_slice(n));
            assert_eq!((stopped, found), ((3, 1), vec![12]), "{odd}");
        }
        let stopped =
            run_of_integers(format!("1,100000000000000000,{blank}").as_bytes(), 1_000, &mut batch(), &mut |_| ());
        assert_eq!(stopped, (2, 1), "what overflows is left to the exact way");
    }

    #[test]
    fn commas_are_found_among_all_bytes() {
        for byte in 0..=255 {
            for place in 0..BLOCK_BYTES {
                let mut block = [byte; BLOCK_BYTES];
                block[place] = b',';
                let expected = if byte == b',' { u64::MAX } else { 1 << place };
                assert_eq!(commas(&block), expected);
            }
        }
    }
}
