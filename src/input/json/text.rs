//! Texts of JSON: where they end, and what they mean.

use super::{HIGHS, ONES};

/// Where the first quote or backslash is.
#[inline]
pub(super) fn quote_or_backslash(data: &[u8]) -> Option<usize> {
    let is_either = |b: &u8| matches!(b, b'"' | b'\\');
    let mut at = 0;
    // Eight bytes at a time: a byte that equals the wanted one becomes zero, and subtracting one
    // from every byte sets a high bit that was clear only if some byte is zero.
    while let Some(chunk) = data.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        let has_zero = |x: u64| x.wrapping_sub(ONES) & !x & HIGHS;
        if (has_zero(word ^ (ONES * u64::from(b'"'))) | has_zero(word ^ (ONES * u64::from(b'\\')))) != 0 {
            break;
        }
        at += 8;
    }
    data[at..].iter().position(is_either).map(|n| at + n)
}

/// A text as it is meant: the bytes themselves where nothing has to change, else `scratch`.
/// Fails with the offset of an escape sequence that JSON does not have.
pub(super) fn decode<'t>(
    bytes: &'t [u8],
    is_escaped: bool,
    scratch: &'t mut String,
    replaced: &mut u64,
) -> std::result::Result<&'t str, usize> {
    if !is_escaped && let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text);
    }
    scratch.clear();
    let mut at = 0;
    while at < bytes.len() {
        let plain = bytes[at..].iter().position(|&b| b == b'\\').unwrap_or(bytes.len() - at);
        *replaced += push_lossy(&bytes[at..at + plain], scratch);
        at += plain;
        if at < bytes.len() {
            let (c, used) = escape(&bytes[at..]).ok_or(at)?;
            *replaced += u64::from(c.is_none());
            scratch.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
            at += used;
        }
    }
    Ok(scratch)
}

/// Appends what should be UTF-8; gives the number of replaced stretches.
fn push_lossy(bytes: &[u8], text: &mut String) -> u64 {
    let mut replaced = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
            replaced += 1;
        }
    }
    replaced
}

/// One escape sequence from its backslash on, and its length; no character for half a surrogate pair.
fn escape(bytes: &[u8]) -> Option<(Option<char>, usize)> {
    let simple = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(bytes),
        _ => return None,
    };
    Some((Some(simple), 2))
}

fn unicode_escape(bytes: &[u8]) -> Option<(Option<char>, usize)> {
    let first = hex4(bytes.get(2..6)?)?;
    let second = match bytes.get(6..12) {
        Some([b'\\', b'u', hex @ ..]) if (0xd800..0xdc00).contains(&first) => hex4(hex),
        _ => None,
    };
    if let Some(low @ 0xdc00..0xe000) = second {
        return Some((char::from_u32(0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00)), 12));
    }
    Some((char::from_u32(first), 6))
}

fn hex4(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |n, &b| Some(n * 16 + char::from(b).to_digit(16)?))
}
