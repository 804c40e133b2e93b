//! The fields of a line of the log.

use std::borrow::Cow;

use memchr::memchr;

/// The fields of a line, separated by commas. Newer logs write commas and line breaks inside fields as
/// `\x2C` and `\n`; older ones put fields in quotes.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(line: &'a [u8]) -> Self {
        Self { rest: Some(line) }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    /// The next field as it is written, without quotes around it.
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        if let Some(inside) = rest.strip_prefix(b"\"") {
            let end = closing_quote(inside);
            let after = inside.get(end + 1..).unwrap_or(&[]);
            self.rest = memchr(b',', after).map(|comma| &after[comma + 1..]);
            return Some(&inside[..end]);
        }
        let end = memchr(b',', rest);
        self.rest = end.map(|end| &rest[end + 1..]);
        Some(&rest[..end.unwrap_or(rest.len())])
    }
}

/// Where the quote that ends a field is; a quote inside is written twice.
fn closing_quote(inside: &[u8]) -> usize {
    let mut at = 0;
    while let Some(n) = inside.get(at..).and_then(|rest| memchr(b'"', rest)) {
        if inside.get(at + n + 1) != Some(&b'"') {
            return at + n;
        }
        at += n + 2;
    }
    inside.len()
}

/// A number, decimal or hexadecimal with `0x`.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    let (digits, radix) = field.strip_prefix(b"0x").map_or((field, 10), |hex| (hex, 16));
    if digits.is_empty() || digits.len() > 20 {
        return None;
    }
    digits.iter().try_fold(0u64, |sum, &digit| {
        let digit = char::from(digit).to_digit(radix)?;
        sum.checked_mul(u64::from(radix))?.checked_add(u64::from(digit))
    })
}

/// The text that a field stands for. Bytes that are not UTF-8 become U+FFFD.
pub(super) fn text(field: &[u8]) -> Cow<'_, str> {
    let raw = String::from_utf8_lossy(field);
    if !raw.contains(['\\', '"']) {
        return raw;
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw.as_ref();
    while let Some(at) = rest.find(['\\', '"']) {
        out.push_str(&rest[..at]);
        let (c, len) = if rest.as_bytes()[at] == b'"' {
            ('"', if rest[at..].starts_with("\"\"") { 2 } else { 1 })
        } else {
            escape(&rest[at..])
        };
        out.push(c);
        rest = &rest[at + len..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character that an escape at the start of a text stands for, and its length. Half of a pair of
/// surrogates stands for itself alone in these logs, and is nothing that can be shown.
fn escape(text: &str) -> (char, usize) {
    let digits = |from: usize, to: usize| text.get(from..to).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let pair = |high: u32| {
        let low = text.get(6..8).filter(|start| *start == "\\u").and_then(|_| digits(8, 12))?;
        let is_pair = (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(&low);
        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)).filter(|_| is_pair)
    };
    match text.as_bytes().get(1) {
        Some(b'n') => ('\n', 2),
        Some(b'\\') => ('\\', 2),
        Some(b'x') if digits(2, 4).is_some() => (digits(2, 4).and_then(char::from_u32).unwrap_or('\u{fffd}'), 4),
        Some(b'u') => match digits(2, 6) {
            Some(high @ 0xd800..0xdc00) if pair(high).is_some() => (pair(high).unwrap_or('\u{fffd}'), 12),
            Some(code) => (char::from_u32(code).unwrap_or('\u{fffd}'), 6),
            None => ('\\', 1),
        },
        // A path of Windows in an old log.
        _ => ('\\', 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(line: &str) -> Vec<String> {
        Fields::of(line.as_bytes()).map(|field| text(field).into_owned()).collect()
    }

    #[test]
    fn escaped_and_quoted() {
        assert_eq!(all("a,,b"), ["a", "", "b"]);
        assert_eq!(all(""), [""]);
        assert_eq!(all(r"x\x2Cy,\\n\n,\u0416\ud83d\ude00,\ud83dz,\q"), ["x,y", "\\n\n", "Ж😀", "\u{fffd}z", "\\q"]);
        assert_eq!(all(r#""a,b",0x1,"say ""hi""","open"#), ["a,b", "0x1", "say \"hi\"", "open"]);
    }

    #[test]
    fn numbers() {
        assert_eq!(number(b"539"), Some(539));
        assert_eq!(number(b"0x7f5399ea4193"), Some(0x7f53_99ea_4193));
        for field in ["", "0x", "zzz", "-1", "0x1ffffffffffffffff", "99999999999999999999"] {
            assert_eq!(number(field.as_bytes()), None, "{field}");
        }
    }
}
