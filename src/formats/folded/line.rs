//! What a line says: the text of its stack, and the count behind the last blank.

/// A count as it is written, before the file's number of decimals is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) is_negative: bool,
    /// The digits before the point.
    pub(super) whole: u64,
    /// The digits behind the point without trailing zeros, as a number.
    pub(super) fraction: u64,
    /// How many digits `fraction` stands for, at most [`PLACES_MAX`].
    pub(super) places: u8,
    /// Whether digits beyond [`PLACES_MAX`] were dropped.
    pub(super) is_cut: bool,
}

/// Digits behind the point that are looked at; ten times as many fit into no weight.
pub(super) const PLACES_MAX: u8 = 18;

/// A number at the end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// One that fits.
    Fits(Number),
    /// One beyond 63 bits.
    TooLarge,
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// A line without white space at its end.
pub(super) fn trim_end(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|b| !b.is_ascii_whitespace()).map_or(0, |last| last + 1);
    &line[..end]
}

/// The stack and the count of a line without white space at its end: they are separated by its last
/// blank, since frames may hold blanks, and every other character belongs to the stack.
#[inline]
pub(super) fn split(line: &[u8]) -> Option<(&[u8], Count)> {
    let of_number = |b: &u8| b.is_ascii_digit() || *b == b'.' || *b == b'-';
    let start = line.iter().rposition(|b| !of_number(b)).map_or(0, |before| before + 1);
    let blank = start.checked_sub(1).filter(|&at| is_blank(line[at]))?;
    Some((&line[..blank], count(&line[start..])?))
}

/// `12`, `-3`, `1.50`, `6.`: no exponent, no sign but a minus, at least one digit before the point.
fn count(text: &[u8]) -> Option<Count> {
    let (is_negative, text) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
    let point = text.iter().position(|&b| b == b'.');
    let (whole, fraction) = point.map_or((text, &b""[..]), |at| (&text[..at], &text[at + 1..]));
    if whole.is_empty() || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return None;
    }
    let digits = fraction.iter().rposition(|&b| b != b'0').map_or(0, |last| last + 1);
    let places = digits.min(usize::from(PLACES_MAX));
    let Some(whole) = value(whole).filter(|&n| i64::try_from(n).is_ok()) else {
        return Some(Count::TooLarge);
    };
    Some(Count::Fits(Number {
        is_negative,
        whole,
        fraction: value(&fraction[..places]).expect("18 digits fit into 64 bits"),
        places: u8::try_from(places).expect("at most 18"),
        is_cut: digits > places,
    }))
}

fn value(digits: &[u8]) -> Option<u64> {
    let next = |n: u64, digit: &u8| n.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
    digits.iter().try_fold(0, next)
}

/// Key and value of a line of metadata, `# mode: wall`, as austin writes them around the stacks.
pub(super) fn metadata(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_prefix(b"# ")?;
    let colon = rest.iter().position(|&b| !(b.is_ascii_alphanumeric() || b == b'_'))?;
    let value = rest[colon..].strip_prefix(b": ")?;
    (colon > 0).then_some((&rest[..colon], value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(is_negative: bool, whole: u64, fraction: u64, places: u8) -> Option<Count> {
        Some(Count::Fits(Number { is_negative, whole, fraction, places, is_cut: false }))
    }

    #[test]
    fn the_last_blank_separates() {
        assert_eq!(split(b"a;b c d;e 4"), Some((&b"a;b c d;e"[..], count(b"4").expect("a number"))));
        assert_eq!(split(b"a;b\t4").map(|s| s.0), Some(&b"a;b"[..]));
        assert_eq!(split(b"a;b;  3").map(|s| s.0), Some(&b"a;b; "[..]));
        assert_eq!(split(b" 4").map(|s| s.0), Some(&b""[..]));
        assert_eq!(split(b"worker 1 5").map(|s| s.0), Some(&b"worker 1"[..]));
        for line in
            [&b""[..], b"4", b"a;b", b"a;b4", b"a;b x4", b"a 1e5", b"a +5", b"a .5", b"a -", b"a 1.2.3", b"a 1-2"]
        {
            assert_eq!(split(line), None, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn counts_are_exact() {
        assert_eq!(count(b"-3"), number(true, 3, 0, 0));
        assert_eq!(count(b"31.2300"), number(false, 31, 23, 2));
        assert_eq!(count(b"0.005"), number(false, 0, 5, 3));
        assert_eq!(count(b"6."), number(false, 6, 0, 0));
        assert_eq!(count(b"9223372036854775807"), number(false, i64::MAX.unsigned_abs(), 0, 0));
        assert_eq!(count(b"9223372036854775808"), Some(Count::TooLarge));
        assert_eq!(count(b"99999999999999999999999"), Some(Count::TooLarge));
        assert!(matches!(count(b"1.2345678901234567890123"), Some(Count::Fits(n)) if n.is_cut && n.places == 18));
    }

    #[test]
    fn metadata_has_a_word_and_a_colon() {
        assert_eq!(metadata(b"# mode: wall"), Some((&b"mode"[..], &b"wall"[..])));
        for line in [&b"# comment 3"[..], b"#mode: wall", b"# two words: 3", b"# : 3", b"# mode:3"] {
            assert_eq!(metadata(line), None, "{}", String::from_utf8_lossy(line));
        }
    }
}
