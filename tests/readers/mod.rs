//! Small independent readers, written straight from the descriptions of the formats.
//!
//! They share no code with the decoders, know nothing of streams, limits or repair, and are slow and
//! plain on purpose: one file is read whole, every stack is a list, every sum is 128 bits wide. What
//! they give is compared with the numbers that the recording tools' own readers gave, and then with
//! the program.
#![allow(dead_code, reason = "each test program uses its own part")]

pub(crate) mod cpuprofile;
pub(crate) mod expected;
pub(crate) mod folded;
pub(crate) mod heap;
pub(crate) mod heapprofile;
pub(crate) mod measures;
pub(crate) mod pprof;
pub(crate) mod prof;
pub(crate) mod program;
pub(crate) mod stalls;
pub(crate) mod trace;
pub(crate) mod unpack;
pub(crate) mod zerox;

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A function: frames with equal name, file and line are the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Function {
    /// Its name, without annotations.
    pub(crate) name: String,
    /// Where it is defined.
    pub(crate) file: Option<String>,
    /// Line of the definition, 1-based.
    pub(crate) line: Option<i128>,
}

/// A frame as it stands on stacks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Frame {
    /// The function, `None` for pseudo frames, which are states of the program.
    pub(crate) function: Option<Function>,
    /// The text in folded stacks, before `;` and control characters are replaced.
    pub(crate) text: String,
}

/// Equal samples: a stack with its weights, one per value.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Indices of frames, root first.
    pub(crate) stack: Vec<usize>,
    /// One weight per value, times 10^`decimals`.
    pub(crate) weights: Vec<i128>,
    /// How many samples of the file this stands for.
    pub(crate) samples: u64,
    /// Whether the record is part of the 100 %.
    pub(crate) in_total: bool,
}

/// What a function costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cost {
    /// Weight with the function innermost.
    pub(crate) own: i128,
    /// Weight with the function anywhere on the stack.
    pub(crate) total: i128,
    /// Samples with the function innermost.
    pub(crate) own_samples: u64,
    /// Samples with the function anywhere on the stack.
    pub(crate) total_samples: u64,
}

/// The states of a thread, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct States {
    pub(crate) before_first: i128,
    pub(crate) active: i128,
    pub(crate) idle: i128,
    pub(crate) gc: i128,
    pub(crate) program: i128,
    pub(crate) after_last: i128,
    pub(crate) late_sample: i128,
}

/// One value of one thread, with every number that the program prints of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    pub(crate) value: String,
    pub(crate) unit: String,
    /// Weights are times 10^`decimals`.
    pub(crate) decimals: u32,
    pub(crate) samples: u64,
    pub(crate) total: i128,
    pub(crate) start: Option<i128>,
    pub(crate) duration: Option<i128>,
    pub(crate) interval: Option<i128>,
    pub(crate) states: Option<States>,
    /// In the order of the contract: self, total, name, file, line.
    pub(crate) functions: Vec<(Function, Cost)>,
    /// Lines of folded stacks, sorted bytewise, equal stacks merged.
    pub(crate) folded: Vec<String>,
}

impl Reading {
    /// Sums `records` by function and by stack for the value at index `value`.
    pub(crate) fn sum(frames: &[Frame], records: &[Record], value: usize, decimals: u32) -> Self {
        let counted = || records.iter().filter(|r| r.in_total);
        Self {
            decimals,
            samples: records.iter().map(|r| r.samples).sum(),
            total: counted().map(|r| r.weights[value]).sum(),
            functions: functions(frames, counted(), value),
            folded: folded_lines(frames, records, value, decimals),
            ..Self::default()
        }
    }

    /// The cost of all functions with this name together; totals only add up when they never share a
    /// stack.
    pub(crate) fn by_name(&self, name: &str) -> Vec<&Cost> {
        self.functions.iter().filter(|(f, _)| f.name == name).map(|(_, cost)| cost).collect()
    }
}

/// Functions with their costs, each sample once per function however deep the recursion.
fn functions<'a>(frames: &[Frame], records: impl Iterator<Item = &'a Record>, value: usize) -> Vec<(Function, Cost)> {
    let mut index: BTreeMap<&Function, usize> = BTreeMap::new();
    let ids: Vec<Option<usize>> = frames
        .iter()
        .map(|frame| {
            let next = index.len();
            frame.function.as_ref().map(|f| *index.entry(f).or_insert(next))
        })
        .collect();
    let mut costs = vec![Cost::default(); index.len()];
    let mut met_in = vec![usize::MAX; index.len()];
    for (i, record) in records.enumerate() {
        let weight = record.weights[value];
        for id in record.stack.iter().filter_map(|&frame| ids[frame]) {
            if met_in[id] != i {
                met_in[id] = i;
                costs[id].total += weight;
                costs[id].total_samples += record.samples;
            }
        }
        if let Some(id) = record.stack.last().and_then(|&frame| ids[frame]) {
            costs[id].own += weight;
            costs[id].own_samples += record.samples;
        }
    }
    let mut rows: Vec<(Function, Cost)> = index.into_iter().map(|(f, id)| (f.clone(), costs[id])).collect();
    rows.retain(|(_, cost)| cost.total_samples > 0);
    rows.sort_by(|(f, a), (g, b)| (Reverse(a.own), Reverse(a.total), f).cmp(&(Reverse(b.own), Reverse(b.total), g)));
    rows
}

fn folded_lines(frames: &[Frame], records: &[Record], value: usize, decimals: u32) -> Vec<String> {
    let texts: Vec<String> = frames.iter().map(|frame| folded_text(&frame.text)).collect();
    let mut stacks: BTreeMap<String, i128> = BTreeMap::new();
    for record in records {
        let stack: Vec<&str> = record.stack.iter().map(|&frame| texts[frame].as_str()).collect();
        *stacks.entry(stack.join(";")).or_default() += record.weights[value];
    }
    let mut lines: Vec<String> =
        stacks.into_iter().map(|(stack, weight)| format!("{stack} {}", exact(weight, decimals))).collect();
    lines.sort();
    lines
}

/// A name as it may stand in a line of folded stacks.
pub(crate) fn folded_text(name: &str) -> String {
    let replace = |c: char| match c {
        ';' => ':',
        c if c.is_control() => ' ',
        c => c,
    };
    name.chars().map(replace).collect()
}

/// `amount` × 10^-`decimals` without trailing zeros.
pub(crate) fn exact(amount: i128, decimals: u32) -> String {
    let scale = 10_i128.pow(decimals);
    let (whole, rest) = (amount / scale, (amount % scale).unsigned_abs());
    if rest == 0 {
        return whole.to_string();
    }
    let width = decimals as usize;
    let digits = format!("{rest:0width$}");
    let sign = if amount < 0 { "-" } else { "" };
    format!("{sign}{}.{}", whole.unsigned_abs(), digits.trim_end_matches('0'))
}

/// What a unit's word stands for and the factor that turns its numbers into it.
pub(crate) fn unit(word: &str) -> (String, i128) {
    let (unit, factor) = match word.to_ascii_lowercase().as_str() {
        "ns" | "nanosecond" | "nanoseconds" => ("ns", 1),
        "us" | "µs" | "μs" | "microsecond" | "microseconds" => ("ns", 1_000),
        "ms" | "millisecond" | "milliseconds" => ("ns", 1_000_000),
        "s" | "sec" | "second" | "seconds" => ("ns", 1_000_000_000),
        "b" | "byte" | "bytes" => ("bytes", 1),
        "kb" | "kib" | "kilobyte" | "kilobytes" => ("bytes", 1 << 10),
        "mb" | "mib" | "megabyte" | "megabytes" => ("bytes", 1 << 20),
        "" | "count" | "counts" | "samples" | "objects" => ("count", 1),
        _ => (word, 1),
    };
    (unit.to_owned(), factor)
}

#[test]
fn decimals_are_exact() {
    assert_eq!(exact(-125, 1), "-12.5");
    assert_eq!(exact(-5, 1), "-0.5");
    assert_eq!(exact(31_230, 3), "31.23");
    assert_eq!(exact(7, 0), "7");
}

#[test]
fn recursion_counts_once() {
    let frame =
        |name: &str| Frame { function: Some(Function { name: name.into(), ..Function::default() }), text: name.into() };
    let frames = [frame("a"), frame("b")];
    let record =
        |stack: &[usize], weight| Record { stack: stack.to_vec(), weights: vec![weight], samples: 1, in_total: true };
    let reading = Reading::sum(&frames, &[record(&[0, 1, 0], 3), record(&[0], 2)], 0, 0);
    assert_eq!(reading.total, 5);
    assert_eq!(reading.by_name("a"), [&Cost { own: 5, total: 5, own_samples: 2, total_samples: 2 }]);
    assert_eq!(reading.folded, ["a 2", "a;b;a 3"]);
}
