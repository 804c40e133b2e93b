//! A small reader of folded stacks: `frame;frame;frame count`, root first, one stack per line.
//!
//! The count follows the last blank. Two counts per line are a difference only when every line ends
//! in two; otherwise the first belongs to the last frame. Lines without a count are skipped, and so
//! is metadata of the form `# key: value`.

use std::collections::BTreeMap;

use super::{Frame, Function, Reading, Record, unpack};

/// Stacks of a file and what was left out.
pub(crate) struct Stacks {
    /// One value, `samples`, or two, `before` and `after`.
    pub(crate) readings: Vec<Reading>,
    /// Lines that are no stack, comment or metadata.
    pub(crate) skipped: usize,
}

/// A count as written: digits without the point, and how many of them follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Number {
    digits: i128,
    decimals: u32,
}

/// Whether nine of ten of the first lines are stacks and at least one has two frames.
pub(crate) fn looks_folded(bytes: &[u8]) -> bool {
    const LINES: usize = 1000;
    let text = unpack::text(bytes);
    let lines = || text.lines().filter(|line| !line.trim().is_empty() && !is_metadata(line)).take(LINES);
    let stacks: Vec<&str> = lines().filter_map(|line| split(line).map(|(stack, _)| stack)).collect();
    stacks.len() * 10 >= lines().count() * 9 && stacks.iter().any(|stack| stack.contains(';'))
}

/// Reads the unpacked bytes of a file.
pub(crate) fn read(bytes: &[u8]) -> Stacks {
    let text = unpack::text(bytes);
    let written = text.split('\n').map(str::trim_end).filter(|line| !line.is_empty() && !is_metadata(line));
    let mut skipped = 0;
    let mut lines: Vec<(&str, Vec<Number>)> = Vec::new();
    for line in written {
        match split(line) {
            Some((stack, number)) => lines.push((stack, vec![number])),
            None if line.starts_with('#') => {}
            None => skipped += 1,
        }
    }
    let pairs: Option<Vec<_>> = lines.iter().map(|(stack, after)| split(stack).map(|(stack, before)| (stack, vec![before, after[0]]))).collect();
    if let Some(pairs) = pairs.filter(|pairs| !pairs.is_empty()) {
        lines = pairs;
    }
    Stacks { readings: readings(&lines), skipped }
}

fn readings(lines: &[(&str, Vec<Number>)]) -> Vec<Reading> {
    let columns = lines.first().map_or(1, |(_, numbers)| numbers.len());
    let decimals = lines.iter().flat_map(|(_, numbers)| numbers).map(|n| n.decimals).max().unwrap_or(0);
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    let mut frames = Vec::new();
    let mut records = Vec::new();
    for (stack, numbers) in lines {
        let parts = if stack.is_empty() { Vec::new() } else { stack.split(';').collect() };
        let mut indices = Vec::new();
        for text in parts {
            indices.push(*ids.entry(text).or_insert_with(|| {
                frames.push(frame(text));
                frames.len() - 1
            }));
        }
        let weights = numbers.iter().map(|n| n.digits * 10_i128.pow(decimals - n.decimals));
        records.push(Record { stack: indices, weights: weights.collect(), samples: 1, in_total: true });
    }
    let values = if columns == 2 { &["before", "after"][..] } else { &["samples"] };
    let reading = |(i, value): (usize, &&str)| Reading {
        value: (*value).to_owned(),
        unit: "count".to_owned(),
        ..Reading::sum(&frames, &records, i, decimals)
    };
    values.iter().enumerate().map(reading).collect()
}

/// A frame's function is its text without the annotation of its kind.
fn frame(text: &str) -> Frame {
    let kind = ["_[k]", "_[j]", "_[i]", "_[w]", "_[0]", "_[1]"].into_iter().find_map(|suffix| text.strip_suffix(suffix));
    let name = kind.filter(|name| !name.is_empty()).unwrap_or(text).to_owned();
    Frame { function: Some(Function { name, ..Function::default() }), text: text.to_owned() }
}

/// `# key: value`, as austin writes it before and after the stacks.
fn is_metadata(line: &str) -> bool {
    let key = line.strip_prefix("# ").and_then(|rest| rest.split_once(": ")).map(|(key, _)| key);
    key.is_some_and(|key| !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_'))
}

/// Stack and count of a line.
fn split(line: &str) -> Option<(&str, Number)> {
    let line = line.trim_end();
    let (stack, count) = line.rsplit_once([' ', '\t'])?;
    Some((stack.trim(), number(count)?))
}

/// `-12.50` as −125 × 10^-1.
fn number(text: &str) -> Option<Number> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let plain = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some(Number { digits: sign * digits, decimals: u32::try_from(fraction.len()).ok()? })
}

#[test]
fn frames_hold_spaces_and_numbers() {
    let stacks = read(b"main;worker 1 5\nmain;a b;c 2\n");
    assert_eq!(stacks.readings[0].folded, ["main;a b;c 2", "main;worker 1 5"]);
    assert_eq!(stacks.readings[0].total, 7);
}

#[test]
fn two_columns_only_when_every_line_has_them() {
    let stacks = read(b"a;b 1 5\na;c 0 2\n");
    let values: Vec<_> = stacks.readings.iter().map(|r| (r.value.as_str(), r.total)).collect();
    assert_eq!(values, [("before", 1), ("after", 7)]);
}

#[test]
fn fractions_are_exact() {
    let stacks = read(b"a;b 31.23\na;b 1.40\r\na 6.\n");
    assert_eq!(stacks.readings[0].folded, ["a 6", "a;b 32.63"]);
}

#[test]
fn kinds_are_no_part_of_the_function() {
    let stacks = read(b"a;read_[k] 1\na;read 2\n");
    assert_eq!(stacks.readings[0].folded, ["a;read 2", "a;read_[k] 1"]);
    assert_eq!(stacks.readings[0].by_name("read").len(), 1);
}

#[test]
fn what_is_no_stack_is_counted() {
    let stacks = read(b"# mode: wall\n# interval: 5000\n# a remark\nnocount\na;b 3\n\n 4\n");
    assert_eq!((stacks.readings[0].total, stacks.skipped), (7, 1));
    assert_eq!(stacks.readings[0].folded, [" 4", "a;b 3"]);
}

#[test]
fn recognises_stacks() {
    assert!(looks_folded(b"a;b 3\na;c 4\n"));
    assert!(!looks_folded(b"a 3\nb 4\n"));
    assert!(!looks_folded(b"a;b\nsome text\n"));
}
