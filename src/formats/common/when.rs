//! Moments as texts: `2026-01-05T10:00:00.000571362+01:00`, after RFC 3339.

/// Nanoseconds since 1970 in UTC; `None` for any other text and for years beyond 1970 to 2261.
pub(in crate::formats) fn unix_ns(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let [b'T' | b't' | b' ', time @ ..] = rest else { return None };
    let (clock, rest) = time.split_at_checked(8)?;
    let [year, month, day] = fields(date, b'-', [4, 2, 2])?;
    let [hour, minute, second] = fields(clock, b':', [2, 2, 2])?;
    let in_range = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    if !in_range {
        return None;
    }
    let (fraction, rest) = fraction(rest)?;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset(rest)?;
    if seconds < 0 {
        return None;
    }
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction)
}

/// Whole numbers of so many digits between separators.
fn fields(text: &[u8], separator: u8, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut rest = text;
    let mut out = [0; 3];
    for (i, (slot, width)) in out.iter_mut().zip(digits).enumerate() {
        if i > 0 {
            rest = rest.strip_prefix(&[separator])?;
        }
        let (number, after) = rest.split_at_checked(width)?;
        *slot = number.iter().try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))?;
        rest = after;
    }
    rest.is_empty().then_some(out)
}

/// Nanoseconds behind the point, if there is one, and what follows.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', rest @ ..] = text else { return Some((0, text)) };
    let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let shown = rest[..count].iter().chain(std::iter::repeat(&b'0')).take(9);
    let nanos = shown.fold(0, |sum, b| sum * 10 + i64::from(b - b'0'));
    (count > 0).then_some((nanos, &rest[count..]))
}

/// Seconds that the clock of the zone is ahead of UTC.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text {
        [b'Z' | b'z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let [b @ b'0'..=b'2', c @ b'0'..=b'9', b':', d @ b'0'..=b'5', e @ b'0'..=b'9'] = rest else { return None };
    let two = |tens: u8, ones: u8| i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
    Some(sign * (two(*b, *c) * 3600 + two(*d, *e) * 60))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that the
/// day that leap years have more is the last one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let months_since_march = (month + 9) % 12;
    let leap_days = year / 4 - year / 100 + year / 400;
    let day_of_year = (153 * months_since_march + 2) / 5 + day - 1;
    // 719,468 days lie between the first of March of the year 0 and 1970-01-01.
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_any_zone() {
        let at = |text: &str| unix_ns(text.as_bytes());
        assert_eq!(at("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(at("2000-03-01T00:00:00Z"), Some(951_868_800_000_000_000));
        assert_eq!(at("2024-02-29T23:59:59.5Z"), Some(1_709_251_199_500_000_000));
        assert_eq!(at("2026-11-22T08:02:12.105Z"), Some(1_795_334_532_105_000_000));
        assert_eq!(at("2026-01-05T10:00:00.000571362+01:00"), Some(1_767_603_600_000_571_362));
        assert_eq!(at("2026-01-05T04:30:00-04:30"), at("2026-01-05T09:00:00Z"));
        assert_eq!(at("2026-01-05T09:00:00.1234567891Z"), at("2026-01-05T09:00:00.123456789Z"));
        for text in [
            "",
            "2026-01-05",
            "2026-01-05T09:00:00",
            "2026-13-05T09:00:00Z",
            "2026-01-05T09:00:00.Z",
            "1969-12-31T23:59:59Z",
            "2026-01-05T09:00:00+1:00",
            "2026-01-05T09:00:00Zz",
            "20x6-01-05T09:00:00Z",
            "9999-01-05T09:00:00Z",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
