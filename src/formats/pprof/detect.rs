//! Recognition without a magic number: the content must walk as the fields of a profile.

use crate::formats::common::proto::{Malformed, Value, field, fields, packed};
use crate::formats::{Fit, Head};

/// Fields that are looked at; more do not make anybody surer.
const FIELDS_MAX: usize = 2_000;
/// Well-formed fields after which damage further on no longer means that it is something else.
const FIELDS_SURE: usize = 8;

/// Tags of the fields that may be of any length: samples, mappings, locations, functions, strings.
const GROWING: [u8; 5] = [0x12, 0x1a, 0x22, 0x2a, 0x32];

/// What was seen of a profile.
#[derive(Debug, Default)]
struct Seen {
    fields: usize,
    /// Sample types that have a name.
    types: usize,
    samples: usize,
    /// Mappings, locations, functions.
    symbols: usize,
    strings: usize,
    /// Whether the first string is the empty one.
    starts_empty: bool,
}

pub(super) fn detect(head: &Head<'_>) -> Fit {
    let mut seen = Seen::default();
    let mut rest = head.bytes;
    while !rest.is_empty() && seen.fields < FIELDS_MAX {
        match field(rest) {
            Ok((number, value, length)) if seen.take(number, value) => rest = &rest[length..],
            // The end of the head, or of a file that is cut. A field that is longer than the head counts
            // if it can be one that grows.
            Err(Malformed::Short(_)) => {
                seen.fields += usize::from(GROWING.contains(&rest[0]));
                break;
            }
            _ if seen.is_sure() => break,
            _ => return Fit::No,
        }
    }
    seen.answer()
}

impl Seen {
    /// Counts a field; `false` when no profile has such a one.
    fn take(&mut self, number: u32, value: Value<'_>) -> bool {
        let is_right = match (number, value) {
            (1, Value::Bytes(body)) => value_type(body).map(|named| self.types += usize::from(named)).is_some(),
            (2, Value::Bytes(body)) => {
                self.samples += 1;
                sample(body)
            }
            (3, Value::Bytes(body)) => self.symbol(numbers(body, 10)),
            (4, Value::Bytes(body)) => self.symbol(location(body)),
            (5, Value::Bytes(body)) => self.symbol(numbers(body, 5)),
            (6, Value::Bytes(text)) => {
                self.starts_empty |= self.strings == 0 && text.is_empty();
                self.strings += 1;
                true
            }
            (11, Value::Bytes(body)) => value_type(body).is_some(),
            (7..=10 | 12..=15, Value::Varint(_)) => true,
            (13, Value::Bytes(list)) => packed(list).all(|n| n.is_ok()),
            (15, Value::Bytes(text)) => std::str::from_utf8(text).is_ok(),
            // Later versions may add fields.
            (16..=100, _) => self.fields > 0,
            _ => false,
        };
        self.fields += 1;
        is_right
    }

    fn symbol(&mut self, is_right: bool) -> bool {
        self.symbols += 1;
        is_right
    }

    fn is_sure(&self) -> bool {
        self.fields >= FIELDS_SURE && self.types > 0
    }

    fn answer(&self) -> Fit {
        let kinds = usize::from(self.samples > 0) + usize::from(self.symbols > 0) + usize::from(self.strings > 1);
        let with_types = self.types > 0 && (self.fields > self.types || self.fields > 1);
        let without = (self.fields >= 3 && kinds >= 2) || (self.starts_empty && self.strings >= 3);
        if with_types {
            let plural = if self.types == 1 { "" } else { "s" };
            Fit::Yes(format!("protobuf fields of a pprof profile with {} sample type{plural}", self.types))
        } else if without {
            Fit::Yes("protobuf fields of a pprof profile".into())
        } else {
            Fit::No
        }
    }
}

/// Whether a sample type has a name; `None` when it is none. In OTLP, whose files begin with the
/// same byte, the fields inside are messages.
fn value_type(body: &[u8]) -> Option<bool> {
    let mut is_named = false;
    for field in fields(body) {
        match field.ok()? {
            (1, Value::Varint(name)) => is_named |= name != 0,
            (2, Value::Varint(_)) => {}
            _ => return None,
        }
    }
    Some(is_named)
}

/// Whether a message holds nothing but numbers in its fields 1 to `last` (later versions may add more).
fn numbers(body: &[u8], last: u32) -> bool {
    fields(body).all(|field| matches!(field, Ok((number, value)) if number > last || matches!(value, Value::Varint(_))))
}

fn sample(body: &[u8]) -> bool {
    fields(body).all(|field| match field {
        Ok((1 | 2, Value::Varint(_))) => true,
        Ok((1 | 2, Value::Bytes(list))) => packed(list).all(|n| n.is_ok()),
        Ok((3, Value::Bytes(label))) => numbers(label, 4),
        _ => false,
    })
}

fn location(body: &[u8]) -> bool {
    fields(body).all(|field| match field {
        Ok((1 | 2 | 3 | 5, value)) => matches!(value, Value::Varint(_)),
        Ok((4, Value::Bytes(line))) => numbers(line, 3),
        Ok((number, _)) => number > 5,
        Err(_) => false,
    })
}
