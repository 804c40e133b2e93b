//! Numbers of JSON: exact decimals, and the loop over long arrays of integers.

use super::{HIGHS, ONES, is_space, lanes};

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

/// The value and the length of a number that is nothing but one to seven digits with the end of a
/// number behind them, as most numbers are.
#[inline]
pub(super) fn short_number(data: &[u8]) -> Option<(i64, usize)> {
    let word = u64::from_le_bytes(*data.first_chunk()?);
    let x = word ^ (ONES * u64::from(b'0'));
    // A digit is now 0..=9: adding 0x76 carries 10 and more into the high bit, and bytes that had it
    // already keep it.
    let others = (((x & !HIGHS) + 0x76 * ONES) | x) & HIGHS;
    let len = others.trailing_zeros() as usize / 8;
    let is_whole = matches!(data.get(len)?, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
    if len.wrapping_sub(1) >= WORD - 1 || (len > 1 && x & 0xff == 0) || !is_whole {
        return None;
    }
    // The first digit stands lowest: what follows the last one is pushed out at the top.
    Some((eight_digits(x << (64 - 8 * len as u32)), len))
}

/// What a run of whole numbers held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// Bytes of it.
    pub(super) used: usize,
    /// Numbers of it, from the start of the batch on.
    pub(super) count: usize,
    /// Whether the batch was full before it ended.
    pub(super) goes_on: bool,
}

/// Reads numbers such as `12,-7,33,` from the start of `data` into `batch` until that is full: whole,
/// followed by a comma, and small enough to be multiplied by `scale` (at most 10^9). Stops at anything
/// else, and some bytes before the end of `data`.
///
/// A number's length is known only at its end, so that reading one after the other waits for each.
/// The commas of 64 bytes are found at once instead, and the numbers between them do not depend on
/// one another. Whether these bytes are digits and commas and nothing else is found at once, too; ends
/// of lines may stand before commas, where heap snapshots have one in every row.
///
/// Not inlined and called again for every batch: a browser replaces what its fast compiler made by
/// better code only when the function is called the next time.
#[inline(never)]
pub(super) fn run_of_integers(data: &[u8], scale: i64, batch: &mut Batch) -> Run {
    let first = first_block(data);
    let (mut start, mut block, mut count) = (0, 0, 0);
    // From here on all bytes so far are known to be digits and commas.
    let mut plain_from = 0;
    let mut is_after_comma = true;
    while count < BATCH {
        let around = if block == 0 { first.as_ref() } else { data.get(block - BEFORE..).and_then(<[u8]>::first_chunk) };
        let Some(around) = around else { return Run { used: start, count, goes_on: false } };
        let marks = Marks::of(around);
        if !marks.is_plain(is_after_comma) {
            plain_from = block + BLOCK_BYTES;
        }
        let mut commas = marks.commas;
        while commas != 0 {
            let at = commas.trailing_zeros() as usize % BLOCK_BYTES;
            commas &= commas - 1;
            let comma = block + at;
            let gap = usize::from(around[BEFORE + at - 1] == b'\n');
            let value = if start >= plain_from && comma - start <= WORD + gap {
                Some(short_integer(around, BEFORE + at - gap, comma - gap - start))
            } else {
                any_integer(&data[start..comma], scale)
            };
            let Some(value) = value else { return Run { used: start, count, goes_on: false } };
            batch[count % BATCH_ROOM] = value;
            count += 1;
            start = comma + 1;
        }
        is_after_comma = marks.commas >> (BLOCK_BYTES - 1) != 0;
        block += BLOCK_BYTES;
    }
    Run { used: start, count, goes_on: true }
}

/// Room for the numbers that are handed on together: what is done with them is a loop of its own
/// then, without calls.
pub(super) type Batch = [i64; BATCH_ROOM];

/// An empty batch.
pub(super) fn batch() -> Box<Batch> {
    Box::new([0; BATCH_ROOM])
}

/// Numbers that are handed on at once, at least, unless there are fewer.
const BATCH: usize = 512 - BLOCK_BYTES;
/// Commas that follow each other stop a run, so that this is more than enough.
const BATCH_ROOM: usize = BATCH + BLOCK_BYTES;

const BLOCK_BYTES: usize = 64;
const WORD: usize = 8;
/// A block and the bytes before it, where numbers may begin that end in it.
type Around = [u8; BEFORE + BLOCK_BYTES];
const BEFORE: usize = WORD + 1;

/// The first block, which need not have bytes before it.
fn first_block(data: &[u8]) -> Option<Around> {
    let mut around = [b','; BEFORE + BLOCK_BYTES];
    around[BEFORE..].copy_from_slice(data.get(..BLOCK_BYTES)?);
    Some(around)
}

/// What the bytes of a block are, lowest bit first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Marks {
    commas: u64,
    /// `0` to `9`.
    digits: u64,
    /// `0`.
    zeros: u64,
    /// Ends of lines.
    ends: u64,
}

impl Marks {
    /// Of the block itself, without what is before it.
    #[inline]
    fn of(around: &Around) -> Self {
        let mut marks = Self { commas: 0, digits: 0, zeros: 0, ends: 0 };
        for (i, chunk) in around[BEFORE..].as_chunks::<{ lanes::COUNT }>().0.iter().enumerate() {
            let bytes = lanes::load(chunk);
            marks.commas |= lanes::equal(bytes, b',') << (i * lanes::COUNT);
            marks.digits |= lanes::digits(bytes) << (i * lanes::COUNT);
            marks.zeros |= lanes::equal(bytes, b'0') << (i * lanes::COUNT);
            marks.ends |= lanes::equal(bytes, b'\n') << (i * lanes::COUNT);
        }
        marks
    }

    /// Whether the block is whole numbers and commas and nothing else but ends of lines between a number
    /// and a comma. A zero as the last byte may be the first digit of more, and an end of a line may stand
    /// before anything: then the answer is no.
    #[inline]
    fn is_plain(self, is_after_comma: bool) -> bool {
        let starts = self.commas << 1 | u64::from(is_after_comma);
        let is_odd_end = self.ends & !(self.commas >> 1) != 0;
        let has_empty = (self.commas | self.ends) & starts != 0;
        let has_leading_zero = self.zeros & starts & !((self.commas | self.ends) >> 1) != 0;
        self.commas | self.digits | self.ends == u64::MAX && !is_odd_end && !has_empty && !has_leading_zero
    }
}

/// The number of `len` digits, at most eight, that ends before the byte `end`.
#[inline]
fn short_integer(around: &Around, end: usize, len: usize) -> i64 {
    let word = u64::from_le_bytes(*around[end - WORD..].first_chunk().expect("a block has so many bytes before it"));
    // Bytes before the number become zeros in front of it, and digits their values.
    let before = 64 - 8 * len as u32;
    eight_digits((word >> before << before) & 0x0f0f_0f0f_0f0f_0f0f)
}

/// The number whose digits are the bytes of `x`, the first one lowest.
#[inline]
fn eight_digits(x: u64) -> i64 {
    // Neighbours are joined three times: to two digits, to four, to eight.
    let pairs = (x.wrapping_mul(1 + (10 << 8)) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(1 + (100 << 16)) >> 16) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(1 + (10_000 << 32)) >> 32) as i64
}

/// A whole number of any kind, at the end of a line or not, if it times `scale` fits.
#[inline(never)]
fn any_integer(bytes: &[u8], scale: i64) -> Option<i64> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let start = bytes.iter().position(|&b| !is_space(b))?;
    let (is_negative, digits) = after_sign(&bytes[start..]);
    let has_leading_zero = digits.len() > 1 && digits[0] == b'0';
    if digits.is_empty() || digits.len() > DIGITS_MAX || has_leading_zero || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0'));
    let value = if is_negative { -value } else { value };
    value.checked_mul(scale).map(|_| value)
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
    fn short_numbers_are_whole_ones() {
        for n in [0, 1, 9, 10, 99, 100, 12_345, 999_999, 1_000_000, 9_999_999] {
            for end in [",", "}", "]", " ", "\n", "\r", "\t"] {
                let text = format!("{n}{end}{}", "9".repeat(WORD));
                assert_eq!(short_number(text.as_bytes()), Some((n, n.to_string().len())), "{text}");
            }
        }
        for odd in
            ["", "-1,", "01,", "00,", "1.5,", "1e3,", "1E3,", "12345678,", "123456789,", "1-,", "1:", "1\"", "x,"]
        {
            assert_eq!(short_number(format!("{odd}{}", ",".repeat(WORD)).as_bytes()), None, "{odd}");
        }
        assert_eq!(short_number(b"1234,"), None, "the window may go on");
    }

    #[test]
    fn every_length_of_digits() {
        for digits in 1..=18 {
            let n = 123_456_789_987_654_321 / 10i64.pow(18 - digits);
            let text = format!("{n},-{n},0, {n},\n-{n},7");
            let data = text.clone() + &" ".repeat(BLOCK_BYTES);
            let (found, used) = run(data.as_bytes(), 1);
            assert_eq!((&found[..], used), (&[n, -n, 0, n, -n][..], text.len() - 1));
            for len in 0..data.len() {
                let (some, used) = run(&data.as_bytes()[..len], 1);
                assert!(used <= len && found.starts_with(&some));
            }
        }
    }

    #[test]
    fn what_is_not_plain_stops_a_run() {
        let blank = " ".repeat(BLOCK_BYTES);
        for odd in
            ["007", "00", "-", "--1", "1.5", "1e3", "\"1\"", "", " ", "1 2", "+1", "0x1", "1234567890123456789", "]"]
        {
            let data = format!("12,{odd},1,{blank}");
            assert_eq!(run(data.as_bytes(), 1), (vec![12], 3), "{odd}");
        }
        let large = format!("1,100000000000000000,{blank}");
        assert_eq!(run(large.as_bytes(), 1_000), (vec![1], 2), "what overflows is left to the exact way");
    }

    /// The numbers of a whole run and its bytes.
    fn run(data: &[u8], scale: i64) -> (Vec<i64>, usize) {
        let (mut numbers, mut used, mut room) = (Vec::new(), 0, batch());
        loop {
            let run = run_of_integers(&data[used..], scale, &mut room);
            numbers.extend_from_slice(&room[..run.count]);
            used += run.used;
            if !run.goes_on {
                return (numbers, used);
            }
        }
    }

    /// Every kind of number, wherever it lies in its block, among numbers that are plain.
    #[test]
    fn the_borders_of_blocks() {
        let kinds = [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("9", Some(9)),
            ("12345678", Some(12_345_678)),
            ("99999999", Some(99_999_999)),
            ("123456789", Some(123_456_789)),
            ("100000000000000000", Some(100_000_000_000_000_000)),
            ("999999999999999999", Some(999_999_999_999_999_999)),
            ("-999999999999999999", Some(-999_999_999_999_999_999)),
            (" 7", Some(7)),
            ("\n\t-7", Some(-7)),
            ("7\n", Some(7)),
            ("0\n", Some(0)),
            ("-12\n", Some(-12)),
            ("1234567\n", Some(1_234_567)),
            ("12345678\n", Some(12_345_678)),
            ("123456789\n", Some(123_456_789)),
            ("\n", None),
            ("00\n", None),
            ("7\n\n", None),
            ("1\n2", None),
            ("1000000000000000000", None),
            ("9223372036854775807", None),
            ("18446744073709551615", None),
            ("00", None),
            ("01", None),
            ("-01", None),
            ("7 ", None),
            ("1e2", None),
            ("1.5", None),
            ("\u{1}2", None),
            ("é", None),
            ("", None),
        ];
        for (kind, value) in kinds {
            // So many bytes of plain numbers come first.
            for before in (0..3 * BLOCK_BYTES).filter(|&before| before != 1) {
                let plain = ["", "11,"][before % 2].to_owned() + &"1,".repeat((before - before % 2 * 3) / 2);
                let text = format!("{plain}{kind},5,{}", "11,".repeat(2 * BLOCK_BYTES));
                let (numbers, used) = run(text.as_bytes(), 1);
                let ahead = plain.split_terminator(',').map(|n| n.parse::<i64>().expect("digits"));
                let ahead = ahead.collect::<Vec<_>>();
                assert!(numbers.starts_with(&ahead), "{text}");
                match value {
                    Some(value) => {
                        assert_eq!(numbers[ahead.len()..ahead.len() + 2], [value, 5], "{text}");
                        assert!(numbers[ahead.len() + 2..].iter().all(|&n| n == 11));
                        assert!(text.len() - used < BLOCK_BYTES, "{text}");
                    }
                    None => assert_eq!((used, numbers.len()), (plain.len(), ahead.len()), "{text}"),
                }
            }
        }
    }

    #[test]
    fn bytes_are_marked_wherever_they_stand() {
        for byte in 0..=255 {
            for place in 0..BLOCK_BYTES {
                let mut around = [byte; BEFORE + BLOCK_BYTES];
                let all = |is: bool| if is { u64::MAX } else { 0 };
                let (comma, digit, zero) = (byte == b',', byte.is_ascii_digit(), byte == b'0');
                let end = byte == b'\n';
                let marks = Marks { commas: all(comma), digits: all(digit), zeros: all(zero), ends: all(end) };
                assert_eq!(Marks::of(&around), marks);
                around[BEFORE + place] = b'0';
                let at = 1 << place;
                let (commas, digits, zeros) = (marks.commas & !at, marks.digits | at, marks.zeros | at);
                assert_eq!(Marks::of(&around), Marks { commas, digits, zeros, ends: marks.ends & !at });
            }
        }
    }
}
