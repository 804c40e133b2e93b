//! Damage to a protobuf message that leaves most of its structure whole: tags, lengths, numbers and
//! whole fields, at any depth.

use crate::GROWN_BYTES;
use crate::dice::Dice;

/// A field as it stands on the wire.
#[derive(Debug, Clone)]
struct Field {
    /// Number and wire type.
    tag: u64,
    value: Value,
    /// Where its length is a lie, what is written instead of it.
    length: Option<u64>,
    /// Bytes that each varint of it takes more than it needs.
    padding: usize,
}

#[derive(Debug, Clone)]
enum Value {
    Varint(u64),
    /// Of 4 or 8 bytes.
    Fixed(Vec<u8>),
    Message(Vec<Field>),
    Packed(Vec<u64>),
    Bytes(Vec<u8>),
}

/// A message that was read.
pub(crate) struct Document {
    fields: Vec<Field>,
    /// Numbers of the document, to put one where another belongs.
    numbers: Vec<u64>,
}

/// Numbers around every limit that a decoder may have.
const NUMBERS: [u64; 20] = [
    0,
    1,
    2,
    3,
    127,
    128,
    255,
    65_535,
    65_536,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    1 << 53,
    1 << 59,
    (1 << 63) - 1,
    1 << 63,
    (1 << 63) + 1,
    u64::MAX - 1,
    u64::MAX,
];
/// Deepest message within messages that is looked for in a seed.
const DEPTH_MAX: usize = 4;

impl Document {
    /// Reads a message whose fields fill it exactly; `None` for other content.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let fields = message(bytes, 0)?;
        let mut numbers = Vec::new();
        let mut open: Vec<&[Field]> = vec![&fields];
        while let Some(list) = open.pop() {
            for field in list {
                match &field.value {
                    Value::Varint(n) => numbers.push(*n),
                    Value::Packed(list) => numbers.extend(list),
                    Value::Message(inner) => open.push(inner),
                    Value::Fixed(_) | Value::Bytes(_) => {}
                }
            }
        }
        let document = Self { fields, numbers };
        (document.numbers.len() > 2 && encode(&document.fields) == bytes).then_some(document)
    }

    /// One to four changes.
    pub(crate) fn mutate(&self, dice: &mut Dice) -> Vec<u8> {
        let mut fields = self.fields.clone();
        for _ in 0..=dice.below(4) {
            self.change(&mut fields, dice);
        }
        encode(&fields)
    }

    /// The message with one field repeated until it is large.
    pub(crate) fn grow(&self, dice: &mut Dice) -> Vec<u8> {
        let mut fields = self.fields.clone();
        let list = inside(&mut fields, dice);
        let at = dice.below(list.len());
        let one = encode(&list[at..=at]).len();
        let times = GROWN_BYTES / one.max(1);
        match &mut list[at].value {
            // A list of numbers grows by itself, which is the most that a byte can ask for.
            Value::Packed(numbers) if dice.below(2) == 0 => {
                let number = *dice.pick(numbers);
                numbers.extend(std::iter::repeat_n(number, GROWN_BYTES));
            }
            _ => {
                let copies = std::iter::repeat_n(list[at].clone(), times).collect::<Vec<_>>();
                list.splice(at..at, copies);
            }
        }
        encode(&fields)
    }

    fn change(&self, fields: &mut Vec<Field>, dice: &mut Dice) {
        let list = inside(fields, dice);
        if list.is_empty() {
            return;
        }
        let at = dice.below(list.len());
        let other = dice.below(list.len());
        match dice.below(12) {
            0 => list[at].tag = (list[at].tag >> 3) << 3 | dice.bits() & 7,
            1 => list[at].tag = (dice.below(18) as u64) << 3 | list[at].tag & 7,
            2 => list[at].length = Some(self.length(list, at, dice)),
            3 => drop(list.remove(at)),
            4 => list.insert(other, list[at].clone()),
            5 => list.swap(at, other),
            6 => list[at].padding = 1 + dice.below(12),
            7 => list[at].value = list[other].value.clone(),
            _ => self.renumber(&mut list[at].value, dice),
        }
    }

    /// A length a little or far from the true one.
    fn length(&self, list: &[Field], at: usize, dice: &mut Dice) -> u64 {
        let true_length = encode(&list[at..=at]).len() as u64;
        match dice.below(3) {
            0 => true_length.wrapping_add(dice.below(16) as u64),
            1 => true_length.saturating_sub(1 + dice.below(16) as u64),
            _ => *dice.pick(&NUMBERS),
        }
    }

    /// Another number, or other bytes.
    fn renumber(&self, value: &mut Value, dice: &mut Dice) {
        match value {
            Value::Varint(n) => *n = self.number(*n, dice),
            Value::Packed(list) if list.is_empty() => list.push(1),
            Value::Packed(list) => {
                let at = dice.below(list.len());
                match dice.below(8) {
                    0 => list.truncate(at),
                    1 => list.insert(at, self.number(list[at], dice)),
                    _ => list[at] = self.number(list[at], dice),
                }
            }
            Value::Fixed(bytes) => bytes.iter_mut().for_each(|b| *b = dice.bits() as u8),
            Value::Bytes(bytes) => match dice.below(5) {
                0 => bytes.clear(),
                1 => bytes.extend_from_slice(
                    dice.pick(&["\u{1b}[2J", "\u{202e}cod.exe", "\0", "\n", "(.*", "a{999}"]).as_bytes(),
                ),
                2 => bytes.push(dice.bits() as u8),
                3 => *bytes = bytes.repeat(1 << dice.below(8)),
                _ => bytes.reverse(),
            },
            Value::Message(inner) => inner.clear(),
        }
    }

    fn number(&self, old: u64, dice: &mut Dice) -> u64 {
        match dice.below(8) {
            0 => old.wrapping_add(1),
            1 => old.wrapping_sub(1),
            2 => old.wrapping_neg(),
            3..=5 => *dice.pick(&self.numbers),
            6 => *dice.pick(&NUMBERS),
            _ => dice.bits() >> dice.below(64),
        }
    }
}

/// The fields of the message itself or of one inside it.
fn inside<'a>(fields: &'a mut Vec<Field>, dice: &mut Dice) -> &'a mut Vec<Field> {
    let mut list = fields;
    loop {
        let inner: Vec<usize> =
            (0..list.len()).filter(|&i| matches!(&list[i].value, Value::Message(inner) if !inner.is_empty())).collect();
        if inner.is_empty() || dice.below(4) == 0 {
            return list;
        }
        let at = *dice.pick(&inner);
        let Value::Message(next) = &mut list[at].value else { unreachable!("only messages were kept") };
        list = next;
    }
}

/// Reads fields that fill `bytes` exactly.
fn message(bytes: &[u8], depth: usize) -> Option<Vec<Field>> {
    let mut rest = bytes;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        if tag >> 3 == 0 || tag >> 3 > 64 {
            return None;
        }
        let value = match tag & 7 {
            0 => Value::Varint(varint(&mut rest)?),
            1 => Value::Fixed(take(&mut rest, 8)?.to_vec()),
            5 => Value::Fixed(take(&mut rest, 4)?.to_vec()),
            2 => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                delimited(take(&mut rest, length)?, depth)
            }
            _ => return None,
        };
        fields.push(Field { tag, value, length: None, padding: 0 });
    }
    Some(fields)
}

/// What a length-delimited field holds, as far as its bytes tell: text, a message, or numbers.
fn delimited(bytes: &[u8], depth: usize) -> Value {
    let is_text = std::str::from_utf8(bytes).is_ok_and(|t| !t.chars().any(char::is_control));
    if !is_text {
        if depth < DEPTH_MAX
            && let Some(fields) = message(bytes, depth + 1)
            && encode(&fields) == bytes
        {
            return Value::Message(fields);
        }
        let mut rest = bytes;
        let mut numbers = Vec::new();
        while let Some(number) = varint(&mut rest) {
            numbers.push(number);
        }
        let packed = Value::Packed(numbers);
        let mut again = Vec::new();
        put_value(&mut again, &packed, 0);
        if rest.is_empty() && again == bytes {
            return packed;
        }
    }
    Value::Bytes(bytes.to_vec())
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(n)?;
    *rest = tail;
    Some(head)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (i, &byte) in rest.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            *rest = &rest[i + 1..];
            return Some(value);
        }
    }
    None
}

fn encode(fields: &[Field]) -> Vec<u8> {
    let mut out = Vec::new();
    fields.iter().for_each(|field| put_field(&mut out, field));
    out
}

fn put_field(out: &mut Vec<u8>, field: &Field) {
    put_varint(out, field.tag, 0);
    match &field.value {
        Value::Varint(_) | Value::Fixed(_) => put_value(out, &field.value, field.padding),
        _ => {
            let mut body = Vec::new();
            put_value(&mut body, &field.value, field.padding);
            put_varint(out, field.length.unwrap_or(body.len() as u64), field.padding);
            out.extend(body);
        }
    }
}

fn put_value(out: &mut Vec<u8>, value: &Value, padding: usize) {
    match value {
        Value::Varint(n) => put_varint(out, *n, padding),
        Value::Fixed(bytes) | Value::Bytes(bytes) => out.extend_from_slice(bytes),
        Value::Message(fields) => fields.iter().for_each(|field| put_field(out, field)),
        Value::Packed(list) => list.iter().for_each(|&n| put_varint(out, n, 0)),
    }
}

fn put_varint(out: &mut Vec<u8>, mut value: u64, padding: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    if padding == 0 {
        return out.push(value as u8);
    }
    out.push(value as u8 | 0x80);
    out.extend(std::iter::repeat_n(0x80, padding - 1));
    out.push(0);
}

/// A field that holds bytes, as it is written.
pub(crate) fn bytes_field(number: u64, bytes: &[u8]) -> Vec<u8> {
    encode(&[Field { tag: number << 3 | 2, value: Value::Bytes(bytes.to_vec()), length: None, padding: 0 }])
}

/// A field that holds a number, as it is written.
pub(crate) fn number_field(number: u64, value: u64) -> Vec<u8> {
    encode(&[Field { tag: number << 3, value: Value::Varint(value), length: None, padding: 0 }])
}
