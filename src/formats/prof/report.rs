//! What `--prof-process` prints: ticks of each function, and a tree of callers of the heavy ones.
//!
//! Read: the three lists of own ticks and the bottom-up tree. A call path has the ticks that none of
//! its callers accounts for, so own ticks are exact and the ticks of callers are those that the tree
//! shows: it ends after a few levels and leaves out callers of little weight. Functions that only the
//! lists have stand alone. Ignored: the summary and the entry points of native code, which are other
//! sums of the same ticks. There are no times, and no waits are told apart.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::formats::common::v8_code::{Named, frame_of, marked, unknown_frame};
use crate::formats::{Context, Fit, Head};
use crate::input::{Lines, Window};
use crate::model::{Builder, Column, FrameId, Profile, Samples, StackId, StringId, Strings, Value, Weights};
use crate::units::Unit;

const FIRST: &[u8] = b"Statistical profiling result from ";
/// Lines that may stand before the first: a warning of another version.
const LINES_BEFORE: usize = 5;

/// The answer of the format: by its first sentence.
pub(super) fn detect(head: &Head<'_>) -> Fit {
    let mut lines = head.bytes.split(|&b| b == b'\n').take(LINES_BEFORE);
    if lines.any(|line| line.starts_with(FIRST) && all_ticks(line).is_some()) {
        return Fit::Yes("starts with “Statistical profiling result from”: report of V8's ticks".into());
    }
    Fit::No
}

pub(super) fn decode(window: &mut Window, builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    let mut report = Report::new(builder);
    let mut lines = Lines::new(window);
    while let Some(line) = lines.next_line()? {
        report.line(line.bytes);
    }
    let profile = report.finish()?;
    builder.profile(profile);
    Ok(())
}

/// A part of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Before,
    Libraries,
    Scripts,
    Native,
    BottomUp,
    Other,
}

/// A row of a list or of the tree.
#[derive(Debug, Clone, Copy)]
struct Row<'a> {
    ticks: i64,
    /// Blanks before the name.
    indent: usize,
    name: &'a str,
}

/// A row of the tree whose callers may follow.
#[derive(Debug, Clone, Copy)]
struct Open {
    indent: usize,
    frame: FrameId,
    /// Ticks that no caller accounts for so far.
    left: i64,
}

struct Report<'b> {
    builder: &'b mut Builder,
    section: Section,
    names: Strings,
    /// Ticks of each name in the lists that are not in the tree, and what the name is of.
    listed: BTreeMap<StringId, (i64, Section)>,
    /// The path from the function that ran to the row that was read last.
    open: Vec<Open>,
    stacks: Column<StackId>,
    ticks: Column<i64>,
    /// What the first sentence says: all ticks.
    all: Option<i64>,
    too_many: u64,
}

impl<'b> Report<'b> {
    fn new(builder: &'b mut Builder) -> Self {
        Self {
            builder,
            section: Section::Before,
            names: Strings::new(),
            listed: BTreeMap::new(),
            open: Vec::new(),
            stacks: Column::new(),
            ticks: Column::new(),
            all: None,
            too_many: 0,
        }
    }

    #[inline(never)]
    fn line(&mut self, line: &[u8]) {
        if line.starts_with(FIRST) {
            self.all = all_ticks(line);
            return;
        }
        if let Some(title) = line.strip_prefix(b" [").and_then(|rest| rest.strip_suffix(b"]:")) {
            self.section = match title {
                b"Shared libraries" => Section::Libraries,
                b"JavaScript" => Section::Scripts,
                b"C++" => Section::Native,
                b"Bottom up (heavy) profile" => Section::BottomUp,
                _ => Section::Other,
            };
            return;
        }
        let text = String::from_utf8_lossy(line);
        match self.section {
            Section::BottomUp => {
                if let Some(row) = row(&text, 1) {
                    self.tree_row(row);
                }
            }
            Section::Libraries | Section::Scripts | Section::Native => {
                if let Some(row) = row(&text, 2) {
                    self.list_row(row);
                }
            }
            Section::Before | Section::Other => {}
        }
    }

    fn list_row(&mut self, row: Row<'_>) {
        let name = self.names.intern(row.name);
        let listed = self.listed.entry(name).or_insert((0, self.section));
        listed.0 = listed.0.saturating_add(row.ticks);
    }

    fn tree_row(&mut self, row: Row<'_>) {
        while self.open.last().is_some_and(|open| open.indent >= row.indent) {
            self.close();
        }
        let name = self.names.intern(row.name);
        let section = self.listed.get(&name).map_or(Section::Native, |listed| listed.1);
        match self.open.last_mut() {
            Some(callee) => callee.left = callee.left.saturating_sub(row.ticks),
            None => {
                if let Some(listed) = self.listed.get_mut(&name) {
                    listed.0 = listed.0.saturating_sub(row.ticks);
                }
            }
        }
        let frame = self.frame(row.name, section);
        self.open.push(Open { indent: row.indent, frame, left: row.ticks });
    }

    /// The innermost open row is whole: what its callers left is its own call path's.
    fn close(&mut self) {
        if let Some(last) = self.open.last().copied() {
            self.too_many += u64::from(last.left < 0);
            if last.left > 0 {
                let mut stack = StackId::NONE;
                for open in self.open.iter().rev() {
                    stack = self.builder.stack(stack, open.frame);
                }
                self.push(stack, last.left);
            }
            self.open.pop();
        }
    }

    fn push(&mut self, stack: StackId, ticks: i64) {
        self.stacks.push(stack);
        self.ticks.push(ticks);
    }

    fn frame(&mut self, name: &str, section: Section) -> FrameId {
        let words = name.split_once(": ").filter(|(word, _)| word.bytes().all(|b| b.is_ascii_alphanumeric()));
        let (name, named) = match (name, section, words) {
            ("UNKNOWN", ..) => return unknown_frame(self.builder),
            (_, _, Some(("JS" | "LazyCompile" | "Function" | "Script" | "Eval", name))) => {
                let (mark, name) = marked(name);
                (name, Named::Script(mark))
            }
            (_, _, Some(("Builtin", name))) => (name, Named::Native),
            (_, Section::Scripts, Some((word, name))) => (name, Named::Engine(word)),
            (name, Section::Libraries, _) => (name, Named::Library),
            (name, ..) => (name, Named::Native),
        };
        let name = if name.starts_with("<anonymous> ") { name.trim_start_matches("<anonymous>") } else { name };
        frame_of(name, named, self.builder)
    }

    fn finish(mut self) -> Result<Profile> {
        while !self.open.is_empty() {
            self.close();
        }
        for (name, (left, section)) in std::mem::take(&mut self.listed) {
            self.too_many += u64::from(left < 0);
            if left > 0 {
                let name = self.names.get(name).to_owned();
                let frame = self.frame(&name, section);
                let stack = self.builder.stack(StackId::NONE, frame);
                self.push(stack, left);
            }
        }
        if self.stacks.is_empty() {
            return Err(Error::whole(
                "the report holds no ticks: nothing was sampled",
                "Record it again, and let the program run for longer than a few milliseconds.",
            ));
        }
        self.note_all();
        let count = self.ticks.iter().map(|ticks| u64::try_from(ticks).unwrap_or(0)).collect();
        let value = Value { name: "ticks".into(), unit: Unit::Count, decimals: 0, weights: Weights::Each(self.ticks) };
        Ok(Profile {
            name: "main thread".into(),
            samples: Samples { stack: self.stacks, count: Some(count), labels: None },
            values: vec![value],
            ..Profile::default()
        })
    }

    fn note_all(&mut self) {
        let sum = self.ticks.iter().fold(0, i64::saturating_add);
        let missing = self.all.map_or(0, |all| all.saturating_sub(sum));
        self.builder.note(
            "about-report",
            1,
            "A report holds no times, and its tree ends after a few callers: own ticks are exact, ticks with callees are at least what is shown.",
        );
        self.builder.note(
            "ticks-differ",
            missing.unsigned_abs(),
            "The ticks of the report's parts do not add up to the number in its first line.",
        );
        self.builder.note(
            "callers-exceed",
            self.too_many,
            "Some functions have callers with more ticks than they have themselves; the callers' count.",
        );
    }
}

/// `    340   63.1%   65.1%  name`: ticks, then one or two shares, two blanks, and the name, which the
/// tree indents.
fn row(line: &str, shares: usize) -> Option<Row<'_>> {
    let line = line.trim_end();
    let start = line.trim_start();
    let end = start.find(' ')?;
    let ticks = start[..end].parse::<i64>().ok().filter(|&ticks| ticks > 0)?;
    let mut rest = &start[end..];
    for share in 0..shares {
        let after = rest.trim_start();
        let end = after.find('%').filter(|&end| after[..end].bytes().all(|b| b.is_ascii_digit() || b == b'.'));
        rest = match end {
            Some(end) => &after[end + 1..],
            // Libraries have one share only.
            None if share > 0 => break,
            None => return None,
        };
    }
    let name = rest.trim_start();
    (!name.is_empty()).then_some(Row { ticks, indent: rest.len() - name.len(), name })
}

/// The number before `ticks` in the first sentence.
fn all_ticks(line: &[u8]) -> Option<i64> {
    let text = String::from_utf8_lossy(line);
    let (_, inside) = text.rsplit_once('(')?;
    let (number, _) = inside.split_once(" ticks")?;
    number.parse().ok()
}
