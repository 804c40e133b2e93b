//! Protobuf on the wire: the fields of a message in memory, and the top level of a file of any size.
//!
//! Nothing here recurses or allocates. Groups, which proto3 does not have, are refused. Definition:
//! <https://protobuf.dev/programming-guides/encoding/>.

use crate::error::{Error, Result};
use crate::input::Window;

/// Longest varint: ten groups of seven bits hold 64.
const VARINT_BYTES_MAX: usize = 10;
/// Largest field number that the definition allows.
const FIELD_MAX: u64 = (1 << 29) - 1;

/// The value of a field, as far as the wire tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::formats) enum Value<'a> {
    /// Wire type 0: an integer, an enum or a bool.
    Varint(u64),
    /// Wire type 1: eight bytes, little-endian.
    Fixed64(u64),
    /// Wire type 2: a text, bytes, a message or packed numbers.
    Bytes(&'a [u8]),
    /// Wire type 5: four bytes, little-endian.
    Fixed32(u32),
}

/// Why bytes are not a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::formats) enum Malformed {
    /// The bytes end inside; the field is at least this long.
    Short(u64),
    /// A varint of more than 64 bits.
    Varint,
    /// A field number outside 1 to 2^29 - 1.
    Number(u64),
    /// A group, or a wire type that is not defined.
    WireType(u8),
    /// A known field whose wire type is not the one that its type is written with.
    Mismatch,
}

impl Malformed {
    /// What is wrong, as the problem of an [`Error`].
    pub(in crate::formats) fn problem(self) -> String {
        match self {
            Self::Short(_) => "a field is longer than the message around it".into(),
            Self::Varint => "a number has more than 64 bits".into(),
            Self::Number(n) => format!("the field number {n} is not allowed"),
            Self::WireType(3 | 4) => "a group was found, which this format does not use".into(),
            Self::Mismatch => "a value of another type was expected there".into(),
            Self::WireType(n) => format!("the wire type {n} does not exist"),
        }
    }
}

/// The varint at the start of `bytes` and its length.
#[inline]
pub(in crate::formats) fn varint(bytes: &[u8]) -> std::result::Result<(u64, usize), Malformed> {
    match *bytes {
        [a, ..] if a < 0x80 => Ok((u64::from(a), 1)),
        [a, b, ..] if b < 0x80 => Ok((u64::from(a & 0x7f) | u64::from(b) << 7, 2)),
        [a, b, c, ..] if c < 0x80 => Ok((u64::from(a & 0x7f) | u64::from(b & 0x7f) << 7 | u64::from(c) << 14, 3)),
        _ => long_varint(bytes),
    }
}

fn long_varint(bytes: &[u8]) -> std::result::Result<(u64, usize), Malformed> {
    let mut value = 0;
    for (i, &byte) in bytes.iter().take(VARINT_BYTES_MAX).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            let fits = i + 1 < VARINT_BYTES_MAX || byte <= 1;
            return if fits { Ok((value, i + 1)) } else { Err(Malformed::Varint) };
        }
    }
    if bytes.len() < VARINT_BYTES_MAX { Err(Malformed::Short(bytes.len() as u64 + 1)) } else { Err(Malformed::Varint) }
}

/// Appends a varint.
pub(in crate::formats) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The field at the start of `bytes`: its number, its value and its length with the tag.
#[inline]
pub(in crate::formats) fn field(bytes: &[u8]) -> std::result::Result<(u32, Value<'_>, usize), Malformed> {
    let (tag, at) = varint(bytes)?;
    let number = tag >> 3;
    if number == 0 || number > FIELD_MAX {
        return Err(Malformed::Number(number));
    }
    let (value, end) = match tag & 7 {
        0 => {
            let (value, length) = varint(&bytes[at..]).map_err(|e| beyond(e, at))?;
            (Value::Varint(value), at + length)
        }
        2 => {
            let (length, width) = varint(&bytes[at..]).map_err(|e| beyond(e, at))?;
            let start = at + width;
            let body = usize::try_from(length).ok().and_then(|n| bytes[start..].get(..n));
            let body = body.ok_or(Malformed::Short(length.saturating_add(start as u64)))?;
            (Value::Bytes(body), start + body.len())
        }
        1 => (Value::Fixed64(u64::from_le_bytes(fixed(bytes, at)?)), at + 8),
        5 => (Value::Fixed32(u32::from_le_bytes(fixed(bytes, at)?)), at + 4),
        other => return Err(Malformed::WireType(other as u8)),
    };
    Ok((number as u32, value, end))
}

/// The same complaint for bytes that start `at` later.
fn beyond(malformed: Malformed, at: usize) -> Malformed {
    match malformed {
        Malformed::Short(n) => Malformed::Short(n.saturating_add(at as u64)),
        other => other,
    }
}

fn fixed<const N: usize>(bytes: &[u8], at: usize) -> std::result::Result<[u8; N], Malformed> {
    bytes[at..].first_chunk::<N>().copied().ok_or(Malformed::Short((at + N) as u64))
}

/// The fields of a message, in the order of the file. Ends after the first malformed one.
#[derive(Debug, Clone)]
pub(in crate::formats) struct Fields<'a> {
    rest: &'a [u8],
}

/// The fields of the message in `bytes`.
#[inline]
pub(in crate::formats) fn fields(bytes: &[u8]) -> Fields<'_> {
    Fields { rest: bytes }
}

impl<'a> Iterator for Fields<'a> {
    type Item = std::result::Result<(u32, Value<'a>), Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match field(self.rest) {
            Ok((number, value, length)) => {
                self.rest = &self.rest[length..];
                Some(Ok((number, value)))
            }
            Err(malformed) => {
                self.rest = &[];
                Some(Err(malformed))
            }
        }
    }
}

/// Packed varints, in the order of the file. Ends after the first malformed one.
#[inline]
pub(in crate::formats) fn packed(bytes: &[u8]) -> impl Iterator<Item = std::result::Result<u64, Malformed>> + '_ {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        match varint(rest) {
            Ok((value, length)) => {
                rest = &rest[length..];
                Some(Ok(value))
            }
            Err(malformed) => {
                rest = &[];
                Some(Err(malformed))
            }
        }
    })
}

/// A field of the top level.
#[derive(Debug, Clone, Copy)]
pub(in crate::formats) struct Top<'a> {
    /// Its number.
    pub(in crate::formats) number: u32,
    /// Its value.
    pub(in crate::formats) value: Value<'a>,
    /// Where it starts, in bytes of the unpacked content.
    pub(in crate::formats) offset: u64,
}

impl Top<'_> {
    /// An error at this field for what is wrong inside it.
    #[cold]
    pub(in crate::formats) fn malformed(&self, malformed: Malformed) -> Error {
        bad(self.offset, self.number, malformed)
    }
}

/// How the top level ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::formats) enum End {
    /// After a whole field.
    Whole,
    /// Inside the field that starts here, in bytes of the unpacked content.
    Cut(u64),
}

/// Hands every field of the top level to `take`, holding one field at a time.
///
/// # Errors
/// What `take` returns, and content that cannot be fields; a last field that is cut is no error.
pub(in crate::formats) fn walk(window: &mut Window, mut take: impl FnMut(Top<'_>) -> Result<()>) -> Result<End> {
    loop {
        let base = window.position();
        let data = window.data();
        let mut at = 0;
        let needed = loop {
            match field(&data[at..]) {
                Ok((number, value, length)) => {
                    take(Top { number, value, offset: base + at as u64 })?;
                    at += length;
                }
                Err(Malformed::Short(needed)) => break needed,
                Err(malformed) => {
                    let number = varint(&data[at..]).map_or(0, |(tag, _)| (tag >> 3).min(FIELD_MAX) as u32);
                    return Err(bad(base + at as u64, number, malformed));
                }
            }
        };
        window.consume(at);
        let held = window.data().len();
        let wanted = usize::try_from(needed).ok().filter(|&n| n <= window.limits.token_bytes_max);
        let Some(wanted) = wanted else {
            return Err(too_long(window.position(), needed, window.limits.token_bytes_max));
        };
        if window.want(wanted)?.len() < wanted {
            return Ok(if held == 0 && window.data().is_empty() { End::Whole } else { End::Cut(window.position()) });
        }
    }
}

#[cold]
fn bad(offset: u64, number: u32, malformed: Malformed) -> Error {
    Error::at(
        offset,
        format!("the file is damaged in its field {number}: {}", malformed.problem()),
        "Copy or record it again.",
    )
}

#[cold]
fn too_long(offset: u64, needed: u64, most: usize) -> Error {
    Error::at(
        offset,
        format!("a field claims {needed} bytes, more than the {most} that a single field may have"),
        "The file is damaged: copy or record it again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_of_every_length() {
        for shift in 0..64 {
            for value in [1u64 << shift, (1u64 << shift) - 1, u64::MAX >> shift] {
                let mut bytes = Vec::new();
                push_varint(&mut bytes, value);
                assert_eq!(varint(&bytes), Ok((value, bytes.len())));
                let cut = bytes.len() - 1;
                assert_eq!(varint(&bytes[..cut]), Err(Malformed::Short(cut as u64 + 1)));
            }
        }
        assert_eq!(varint(&[0x80; 12]), Err(Malformed::Varint));
        assert_eq!(varint(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]), Err(Malformed::Varint));
    }

    #[test]
    fn fields_of_every_wire_type() {
        let bytes = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 1, 0, 0, 0, 0x21, 2, 0, 0, 0, 0, 0, 0, 0];
        let all: Vec<_> = fields(&bytes).collect::<std::result::Result<_, _>>().expect("the bytes are well-formed");
        let expected =
            [(1, Value::Varint(150)), (2, Value::Bytes(b"hi")), (3, Value::Fixed32(1)), (4, Value::Fixed64(2))];
        assert_eq!(all, expected);
        assert_eq!(fields(&[0x0b]).next(), Some(Err(Malformed::WireType(3))));
        assert_eq!(fields(&[0x00, 0x01]).next(), Some(Err(Malformed::Number(0))));
        assert_eq!(fields(&[0x0a, 0x05, 1]).next(), Some(Err(Malformed::Short(7))));
    }

    #[test]
    fn the_top_level_of_a_large_file() {
        let mut bytes = Vec::new();
        for i in 0..40_000u64 {
            bytes.push(0x0a);
            push_varint(&mut bytes, 100 + i % 100);
            bytes.resize(bytes.len() + 100 + (i % 100) as usize, i as u8);
        }
        let mut window = Window::over(&bytes);
        let (mut count, mut sum) = (0u64, 0);
        let end = walk(&mut window, |top| {
            let Value::Bytes(body) = top.value else { panic!("only length-delimited fields were written") };
            assert!(body.iter().all(|&b| b == count as u8));
            count += 1;
            sum += body.len();
            Ok(())
        });
        assert_eq!((end.expect("it is well-formed"), count), (End::Whole, 40_000));
        assert_eq!(sum, 40_000 * 100 + 400 * 99 * 50);
        let cut = bytes.len() as u64 - 4;
        bytes.truncate(cut as usize);
        let end = walk(&mut Window::over(&bytes), |_| Ok(())).expect("a cut is no error");
        assert_eq!(end, End::Cut(cut + 4 - 202));
    }

    #[test]
    fn a_length_that_nobody_has_is_refused_without_reading() {
        let bytes = [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f, 1, 2, 3];
        let error = walk(&mut Window::over(&bytes), |_| Ok(())).expect_err("nothing is that long");
        assert!(error.problem.contains("claims"), "{error}");
    }
}
