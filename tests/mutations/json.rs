//! Damage to a JSON document that leaves most of its structure whole: numbers, keys, texts,
//! containers and elements.

use std::ops::Range;

use crate::GROWN_BYTES;
use crate::dice::Dice;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Key,
    Number,
    Text,
    Word,
    Container,
}

/// A key or a value of the document.
#[derive(Debug, Clone)]
struct Token {
    kind: Kind,
    at: Range<usize>,
    /// Whether it stands in an array.
    is_element: bool,
}

/// A document and its tokens.
pub(crate) struct Document {
    bytes: Vec<u8>,
    tokens: Vec<Token>,
}

/// Numbers around every limit that a decoder may have, and some that are none.
const NUMBERS: [&str; 34] = [
    "0",
    "-0",
    "-1",
    "1",
    "2",
    "0.5",
    "-0.5",
    "1e3",
    "99999",
    "127",
    "255",
    "65536",
    "2147483647",
    "2147483648",
    "-2147483649",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "9223372036854775",
    "-9223372036854776",
    "1e15",
    "1e308",
    "1e999",
    "1e-999",
    "0x10",
    "01",
    "1.",
    "--1",
    "NaN",
];
const TEXTS: [&str; 14] = [
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\u001b[2J\"",
    "\"\\u202eexe.js\"",
    "\"\\n\\r\\t\"",
    "\"\\x\"",
    "\"(root)\"",
    "\"(idle)\"",
    "\"(garbage collector)\"",
    "\"(program)\"",
    "\"-5\"",
    "\"open",
];
const OTHERS: [&str; 8] = ["null", "true", "false", "{}", "[]", "[[]]", "{\"a\":{}}", "nul"];

impl Document {
    /// The tokens of a document that begins and ends as JSON does; `None` for other content.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes).ok()?;
        let tokens = tokens(bytes);
        tokens.first().filter(|t| t.kind == Kind::Container)?;
        Some(Self { bytes: bytes.to_vec(), tokens })
    }

    /// One to four changes.
    pub(crate) fn mutate(&self, dice: &mut Dice) -> Vec<u8> {
        let mut edits: Vec<(Range<usize>, Vec<u8>)> = Vec::new();
        for _ in 0..=dice.below(4) {
            let (at, new) = self.edit(dice);
            if edits.iter().all(|(other, _)| at.end <= other.start || other.end <= at.start) {
                edits.push((at, new));
            }
        }
        // From the end on, so that the places of the earlier ones stay true.
        edits.sort_by_key(|(at, _)| std::cmp::Reverse(at.start));
        let mut out = self.bytes.clone();
        for (at, new) in edits {
            out.splice(at, new);
        }
        out
    }

    /// The document with one element repeated until it is large.
    pub(crate) fn grow(&self, dice: &mut Dice) -> Vec<u8> {
        let elements: Vec<&Token> = self.tokens.iter().filter(|t| t.is_element).collect();
        if elements.is_empty() {
            return self.mutate(dice);
        }
        // Of long elements rather than of numbers, which outnumber all else.
        let best = (0..dice.below(12)).map(|_| *dice.pick(&elements)).max_by_key(|t| t.at.len());
        let at = best.unwrap_or(elements[0]).at.clone();
        let element = &self.bytes[at.clone()];
        let times = GROWN_BYTES / (element.len() + 1);
        let mut copies = Vec::with_capacity(GROWN_BYTES);
        for _ in 0..times {
            copies.extend_from_slice(element);
            copies.push(b',');
        }
        let mut out = self.bytes.clone();
        out.splice(at.start..at.start, copies);
        out
    }

    fn edit(&self, dice: &mut Dice) -> (Range<usize>, Vec<u8>) {
        let wanted = *dice.pick(&[Kind::Number, Kind::Number, Kind::Number, Kind::Key, Kind::Text, Kind::Container]);
        let token = self.token(wanted, dice);
        let at = token.at.clone();
        if token.kind != Kind::Key && dice.below(6) == 0 {
            return self.misplaced(token, dice);
        }
        let new = match token.kind {
            Kind::Number => self.number(&self.bytes[at.clone()], dice),
            Kind::Key if dice.below(8) == 0 => dice.pick(&TEXTS).as_bytes().to_vec(),
            Kind::Key => self.copy_of(Kind::Key, dice),
            Kind::Text => match dice.below(4) {
                0 => self.copy_of(Kind::Text, dice),
                1 => format!("\"{}\"", "x".repeat(1 << dice.below(14))).into_bytes(),
                2 => [b"\"", &[dice.bits() as u8, 0xff][..], b"\""].concat(),
                _ => dice.pick(&TEXTS).as_bytes().to_vec(),
            },
            Kind::Word | Kind::Container => match dice.below(4) {
                0 => self.copy_of(Kind::Container, dice),
                1 => nested(1 << dice.below(15), dice),
                _ => dice.pick(&OTHERS).as_bytes().to_vec(),
            },
        };
        (at, new)
    }

    /// A value where another is expected, gone, or there twice.
    fn misplaced(&self, token: &Token, dice: &mut Dice) -> (Range<usize>, Vec<u8>) {
        let at = token.at.clone();
        let whole = &self.bytes[at.clone()];
        match dice.below(4) {
            0 if token.is_element => {
                let comma = self.bytes[at.end..].iter().position(|b| !b.is_ascii_whitespace());
                let comma = comma.filter(|&n| self.bytes[at.end + n] == b',').map_or(0, |n| n + 1);
                (at.start..at.end + comma, Vec::new())
            }
            1 if token.is_element => (at, [whole, b",", whole].concat()),
            2 => (at, dice.pick(&OTHERS).as_bytes().to_vec()),
            _ => {
                let kind = *dice.pick(&[Kind::Number, Kind::Text, Kind::Container]);
                (at, self.copy_of(kind, dice))
            }
        }
    }

    /// A limit, a neighbour, a number from elsewhere in the document, or one with many digits.
    fn number(&self, old: &[u8], dice: &mut Dice) -> Vec<u8> {
        let value = std::str::from_utf8(old).ok().and_then(|t| t.parse::<i64>().ok()).unwrap_or(7);
        match dice.below(8) {
            0 => value.wrapping_add(1).to_string().into_bytes(),
            1 => value.wrapping_sub(1).to_string().into_bytes(),
            2 => value.wrapping_neg().to_string().into_bytes(),
            3 | 4 => self.copy_of(Kind::Number, dice),
            5 => dice.pick(b"123456789").to_string().repeat(1 << dice.below(10)).into_bytes(),
            _ => dice.pick(&NUMBERS).as_bytes().to_vec(),
        }
    }

    fn token(&self, kind: Kind, dice: &mut Dice) -> &Token {
        let found = (0..64).map(|_| dice.pick(&self.tokens)).find(|t| t.kind == kind);
        found.unwrap_or_else(|| &self.tokens[0])
    }

    /// Another token of the document; large ones are not copied.
    fn copy_of(&self, kind: Kind, dice: &mut Dice) -> Vec<u8> {
        let token = self.token(kind, dice);
        let short = if token.at.len() > 4096 { b"[]" } else { &self.bytes[token.at.clone()] };
        short.to_vec()
    }
}

/// Brackets within brackets.
fn nested(depth: usize, dice: &mut Dice) -> Vec<u8> {
    let (open, close) = *dice.pick(&[("[", "]"), ("{\"a\":", "}"), ("{\"children\":[", "]}")]);
    let inner = if open.ends_with(':') { "1" } else { "" };
    [&open.repeat(depth), inner, &close.repeat(depth)].concat().into_bytes()
}

/// All keys and values, containers before what they hold. The document is known to be JSON.
fn tokens(bytes: &[u8]) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    // The open containers: row in `tokens`, and whether it is an array.
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let is_element = open.last().is_some_and(|o| o.1);
        let kind = match bytes[at] {
            b'{' | b'[' => {
                open.push((tokens.len(), bytes[at] == b'['));
                tokens.push(Token { kind: Kind::Container, at: start..start, is_element });
                at += 1;
                continue;
            }
            b'}' | b']' => {
                if let Some((row, _)) = open.pop() {
                    tokens[row].at.end = at + 1;
                }
                at += 1;
                continue;
            }
            b'"' => {
                at = text_end(bytes, at);
                let next = bytes[at..].iter().find(|b| !b.is_ascii_whitespace());
                if next == Some(&b':') { Kind::Key } else { Kind::Text }
            }
            b'-' | b'0'..=b'9' => {
                at += bytes[at..].iter().take_while(|b| b"+-.0123456789eE".contains(b)).count();
                Kind::Number
            }
            b'a'..=b'z' => {
                at += bytes[at..].iter().take_while(|b| b.is_ascii_lowercase()).count();
                Kind::Word
            }
            _ => {
                at += 1;
                continue;
            }
        };
        tokens.push(Token { kind, at: start..at, is_element });
    }
    tokens
}

/// Behind the closing quote of the text that opens at `at`.
fn text_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != b'"' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    (end + 1).min(bytes.len())
}
