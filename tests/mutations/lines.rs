//! Damage to a text of lines that leaves most of its structure whole: numbers, separators, words and
//! lines.

use std::ops::Range;

use crate::GROWN_BYTES;
use crate::dice::Dice;

/// A text of lines.
pub(crate) struct Document {
    bytes: Vec<u8>,
    /// Where each number stands.
    numbers: Vec<Range<usize>>,
    /// Where each separator stands.
    separators: Vec<usize>,
    /// Where each line stands, without its end.
    lines: Vec<Range<usize>>,
}

const NUMBERS: [&str; 24] = [
    "0",
    "-0",
    "-1",
    "1",
    "+3",
    "0.5",
    "-0.5",
    ".5",
    "5.",
    "1e3",
    "1e999",
    "NaN",
    "inf",
    "0x10",
    "007",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551616",
    "0.000000000000000000001",
    "1234567890.123456789",
    "9223372036854775807 9223372036854775807",
];
const SEPARATORS: [&str; 14] =
    [";", ";;", " ", "  ", "\t", "\n", "\r\n", "\r", ":", ",", "\0", "_[k];", "\u{2028}", ""];
const LINES: [&str; 10] = [
    "",
    ";",
    " 1",
    ";;; 1",
    "# austin: 3.7.0",
    "# mode: memory",
    "P1;T1:1;a.py:f:1 1",
    "a;b",
    "a;b 1 2",
    "\u{1b}[2J;\u{202e}b 1",
];

impl Document {
    /// The parts of a text of lines; `None` for other content.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().filter(|text| text.contains('\n'))?;
        let mut numbers = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let digits = bytes[at..].iter().take_while(|b| b"-.0123456789".contains(b)).count();
            if digits > 0 {
                numbers.push(at..at + digits);
            }
            at += digits + 1;
        }
        let separators: Vec<usize> = (0..bytes.len()).filter(|&i| b"; \n:".contains(&bytes[i])).collect();
        let mut lines = Vec::new();
        let mut start = 0;
        for line in bytes.split(|&b| b == b'\n') {
            lines.push(start..start + line.len());
            start += line.len() + 1;
        }
        (!numbers.is_empty() && !separators.is_empty()).then_some(Self {
            bytes: bytes.to_vec(),
            numbers,
            separators,
            lines,
        })
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
        edits.sort_by_key(|(at, _)| std::cmp::Reverse(at.start));
        let mut out = self.bytes.clone();
        for (at, new) in edits {
            out.splice(at, new);
        }
        out
    }

    /// The text with one part repeated until it is large: lines, or the first word of one.
    pub(crate) fn grow(&self, dice: &mut Dice) -> Vec<u8> {
        let line = dice.pick(&self.lines).clone();
        let text = &self.bytes[line.clone()];
        let word = match dice.below(3) {
            0 => [text, b"\n"].concat(),
            1 => text.iter().position(|&b| b == b';').map_or_else(|| b"a;".to_vec(), |end| text[..=end].to_vec()),
            _ => {
                // Lines that differ, each with a stack and a thread of its own.
                let made = (0..GROWN_BYTES / 24).map(|i| format!("P1;T{i};f{i};g{} {}\n", i / 7, i % 9));
                let mut out = self.bytes.clone();
                out.splice(line.start..line.start, made.collect::<String>().into_bytes());
                return out;
            }
        };
        let mut out = self.bytes.clone();
        out.splice(line.start..line.start, word.repeat(GROWN_BYTES / word.len()));
        out
    }

    fn edit(&self, dice: &mut Dice) -> (Range<usize>, Vec<u8>) {
        let line = dice.pick(&self.lines).clone();
        let separator = *dice.pick(&self.separators);
        match dice.below(10) {
            0..=3 => {
                let at = dice.pick(&self.numbers).clone();
                let new = match dice.below(4) {
                    0 => self.bytes[dice.pick(&self.numbers).clone()].to_vec(),
                    1 => dice.pick(b"123456789").to_string().repeat(1 << dice.below(8)).into_bytes(),
                    _ => dice.pick(&NUMBERS).as_bytes().to_vec(),
                };
                (at, new)
            }
            4..=6 => (separator..separator + 1, dice.pick(&SEPARATORS).as_bytes().to_vec()),
            7 => (line, self.bytes[dice.pick(&self.lines).clone()].to_vec()),
            8 => (line.start..line.start, format!("{}\n", dice.pick(&LINES)).into_bytes()),
            _ => {
                let word = dice.pick(&["a;", "f (a.py:1);", "\u{fc};", " ", "x"]).repeat(1 << dice.below(12));
                (line.start..line.start, word.into_bytes())
            }
        }
    }
}
