//! A small reader of folded stacks: `frame;frame;frame count`, root first, one stack per line.
//!
//! The count follows the last blank; what stands before it is the stack, every character of it. Two counts per line are a difference only when every line ends
//! in two; otherwise the first belongs to the last frame. Lines without a count are skipped, and so
//! is metadata of the form `# key: value`. Fractions are exact up to nine decimals, and rounded there.
//!
//! Two tools write frames as `file:function:line`: austin, which begins with `# austin: version` and
//! gives microseconds (modes `wall` and `cpu`) or bytes (mode `memory`), and Python's own sampling
//! profiler, whose stacks begin with `tid:`. The line is where the function was, not its definition.

use std::collections::BTreeMap;

use super::{Frame, Function, Reading, Record, unit, unpack};

/// Stacks of a file and what was left out.
pub(crate) struct Stacks {
    /// One value, `samples`, or two, `before` and `after`.
    pub(crate) readings: Vec<Reading>,
    /// Lines that are no stack, comment or metadata.
    pub(crate) skipped: usize,
}

/// Decimals of a count that are kept.
const DECIMALS_MAX: usize = 9;

/// A count as written: digits without the point, and how many of them follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Number {
    digits: i128,
    decimals: u32,
}

/// How a file's frames and counts are meant.
#[derive(Default)]
struct Meaning {
    /// Frames are `file:function:line`.
    are_places: bool,
    /// What austin measured.
    austin_mode: Option<String>,
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
    let pairs: Option<Vec<_>> = lines
        .iter()
        .map(|(stack, after)| split(stack).map(|(stack, before)| (stack, vec![before, after[0]])))
        .collect();
    if let Some(pairs) = pairs.filter(|pairs| !pairs.is_empty()) {
        lines = pairs;
    }
    let meaning = meaning(&text, lines.first().map_or("", |(stack, _)| stack));
    Stacks { readings: readings(&lines, &meaning), skipped }
}

fn meaning(text: &str, first_stack: &str) -> Meaning {
    let value_of =
        |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned());
    let is_austin = text.trim_start_matches(['\r', '\n']).starts_with("# austin: ");
    Meaning {
        are_places: is_austin || first_stack.starts_with("tid:"),
        austin_mode: value_of("# mode: ").filter(|_| is_austin),
    }
}

fn readings(lines: &[(&str, Vec<Number>)], meaning: &Meaning) -> Vec<Reading> {
    let columns = lines.first().map_or(1, |(_, numbers)| numbers.len());
    let decimals = lines.iter().flat_map(|(_, numbers)| numbers).map(|n| n.decimals).max().unwrap_or(0);
    let (value, (unit, factor)) = match meaning.austin_mode.as_deref() {
        Some(mode @ ("wall" | "cpu")) => (mode, unit("us")),
        Some(mode @ "memory") => (mode, unit("bytes")),
        Some(mode) => (mode, unit("count")),
        None => ("samples", unit("count")),
    };
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    let mut frames = Vec::new();
    let mut records = Vec::new();
    for (stack, numbers) in lines {
        let parts = if stack.is_empty() { Vec::new() } else { stack.split(';').collect() };
        let mut indices = Vec::new();
        for text in parts {
            indices.push(*ids.entry(text).or_insert_with(|| {
                frames.push(if meaning.are_places { place(text) } else { frame(text) });
                frames.len() - 1
            }));
        }
        let weights = numbers.iter().map(|n| n.digits * factor * 10_i128.pow(decimals - n.decimals));
        records.push(Record { stack: indices, weights: weights.collect(), samples: 1, in_total: true });
    }
    let values = if columns == 2 { vec!["before", "after"] } else { vec![value] };
    let reading = |(i, value): (usize, &&str)| Reading {
        value: (*value).to_owned(),
        unit: unit.clone(),
        ..Reading::sum(&frames, &records, i, decimals)
    };
    values.iter().enumerate().map(reading).collect()
}

/// A frame's function is its text without the annotation of its kind.
fn frame(text: &str) -> Frame {
    let kind =
        ["_[k]", "_[j]", "_[i]", "_[w]", "_[0]", "_[1]"].into_iter().find_map(|suffix| text.strip_suffix(suffix));
    let name = kind.filter(|name| !name.is_empty()).unwrap_or(text).to_owned();
    Frame { function: Some(Function { name, ..Function::default() }), text: text.to_owned() }
}

/// A frame of the form `file:function:line`; others are names.
fn place(text: &str) -> Frame {
    let parts = text.rsplit_once(':').and_then(|(rest, line)| Some((rest.rsplit_once(':')?, line)));
    let is_line = |line: &str| !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
    let function = match parts {
        Some(((file, name), line)) if is_line(line) && !file.is_empty() && !name.is_empty() => {
            Function { name: name.to_owned(), file: Some(file.to_owned()), line: None }
        }
        _ => Function { name: text.to_owned(), ..Function::default() },
    };
    Frame { function: Some(function), text: text.to_owned() }
}

/// `# key: value`, as austin writes it before and after the stacks.
fn is_metadata(line: &str) -> bool {
    let key = line.strip_prefix("# ").and_then(|rest| rest.split_once(": ")).map(|(key, _)| key);
    key.is_some_and(|key| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

/// Stack and count of a line.
fn split(line: &str) -> Option<(&str, Number)> {
    let line = line.trim_end();
    let (stack, count) = line.rsplit_once([' ', '\t'])?;
    Some((stack, number(count)?))
}

/// `-12.50` as −125 × 10^-1; halves beyond the last decimal that is kept go away from zero.
fn number(text: &str) -> Option<Number> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let plain = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return None;
    }
    let (kept, beyond) = fraction.split_at(fraction.len().min(DECIMALS_MAX));
    let digits =
        format!("{whole}{kept}").parse::<i128>().ok()? + i128::from(beyond.starts_with(['5', '6', '7', '8', '9']));
    let zeros = (0..kept.len()).take_while(|&n| digits % 10_i128.pow(n as u32 + 1) == 0).count();
    Some(Number { digits: sign * digits / 10_i128.pow(zeros as u32), decimals: (kept.len() - zeros) as u32 })
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
    assert_eq!(number("-0.0625"), Some(Number { digits: -625, decimals: 4 }));
    assert_eq!(number("20."), Some(Number { digits: 20, decimals: 0 }));
    assert_eq!(number("1.50000"), Some(Number { digits: 15, decimals: 1 }));
    assert_eq!(number("14.2343983248722834"), Some(Number { digits: 14_234_398_325, decimals: 9 }));
    assert_eq!(number("0.9999999999"), Some(Number { digits: 1, decimals: 0 }));
}

#[test]
fn kinds_are_no_part_of_the_function() {
    let stacks = read(b"a;read_[k] 1\na;read 2\n");
    assert_eq!(stacks.readings[0].folded, ["a;read 2", "a;read_[k] 1"]);
    assert_eq!(stacks.readings[0].by_name("read").len(), 1);
}

#[test]
fn blanks_belong_to_frames() {
    let stacks = read(b"a;b;  3\n c;d\t4\n");
    assert_eq!(stacks.readings[0].folded, [" c;d 4", "a;b;  3"]);
}

#[test]
fn what_is_no_stack_is_counted() {
    let stacks = read(b"# mode: wall\n# interval: 5000\n# a remark\nnocount\na;b 3\n\n 4\n");
    assert_eq!((stacks.readings[0].total, stacks.skipped), (7, 1));
    assert_eq!(stacks.readings[0].folded, [" 4", "a;b 3"]);
}

#[test]
fn austin_says_what_it_measured() {
    let stacks = read(b"# austin: 3.7.0\n# mode: wall\n\nP1;T0:2;<frozen site>:main:599 12\n");
    let reading = &stacks.readings[0];
    assert_eq!((reading.value.as_str(), reading.unit.as_str(), reading.total), ("wall", "ns", 12_000));
    assert_eq!(reading.by_name("main")[0].own, 12_000);
    assert_eq!(reading.folded, ["P1;T0:2;<frozen site>:main:599 12000"]);
}

#[test]
fn recognises_stacks() {
    assert!(looks_folded(b"a;b 3\na;c 4\n"));
    assert!(!looks_folded(b"a 3\nb 4\n"));
    assert!(!looks_folded(b"a;b\nsome text\n"));
}
