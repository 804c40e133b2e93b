//! Folded stacks: `main;parse;read 12`, one line per stack, root first, with its exact weight.
//!
//! The weight is in the value's base unit (nanoseconds, bytes, a count), with decimals only where
//! there are some. Equal stacks are one line, and lines are sorted by their bytes, so that what two
//! tools write can be compared line by line. States such as `(idle)` are frames like any other. All
//! samples without a stack are one line that begins with the blank before its weight, as profilers
//! write it. In names `;` becomes `:` and a control character a blank.

use std::cmp::Ordering;
use std::io::{self, Write};

use super::{Choice, Export, Failed, Missing};
use crate::model::{Children, Column, FrameId, Profile, Recording, StackId, StackInterner, Stacks, StringId, Strings};
use crate::units::exact;

/// The format in the registry.
pub const EXPORT: Export =
    Export { id: "folded", title: "Folded stacks: one line per stack, root first, then its weight", write };

fn write(recording: &Recording, choice: &Choice, out: &mut dyn Write) -> Result<Vec<String>, Failed> {
    let folded = folded(recording, choice)?;
    folded.write(out)?;
    let replaced = folded.replaced;
    let note = || format!("“;” and control characters were replaced in the names of {replaced} frames.");
    Ok((replaced > 0).then(note).into_iter().collect())
}

/// The stacks of a recording, merged by their text.
#[derive(Debug)]
pub struct Folded {
    /// A frame is the index of a text.
    stacks: Stacks,
    /// Texts without `;` and control characters.
    texts: Strings,
    /// Sum of the weights of each stack that samples end in.
    sums: Column<Option<i128>>,
    /// The same for samples without a stack.
    bare: Option<i128>,
    decimals: u8,
    /// Number of different frames whose text was changed.
    pub replaced: u64,
}

/// Merges the samples of the chosen threads by the text of their stacks.
///
/// # Errors
/// When there is no such thread or value.
pub fn folded(recording: &Recording, choice: &Choice) -> Result<Folded, Missing> {
    let chosen = choose(recording, choice)?;
    let mut folded = Folded {
        stacks: Stacks::default(),
        texts: Strings::new(),
        sums: Column::new(),
        bare: None,
        decimals: chosen.iter().map(|&(profile, value)| profile.values[value].decimals).max().unwrap_or(0),
        replaced: 0,
    };
    let mut sums = Column::filled(None, recording.stacks.len());
    for (profile, value) in chosen {
        let factor = 10i128.pow(u32::from(folded.decimals - profile.values[value].decimals));
        for (i, stack) in profile.samples.stack.iter().enumerate() {
            let sum = if stack.is_none() { &mut folded.bare } else { sums.get_mut(stack.index()) };
            *sum = Some(sum.unwrap_or(0) + i128::from(profile.weight(value, i)) * factor);
        }
    }
    folded.merge(recording, &sums);
    Ok(folded)
}

/// The chosen threads, each with the index of the chosen value.
fn choose<'a>(recording: &'a Recording, choice: &Choice) -> Result<Vec<(&'a Profile, usize)>, Missing> {
    let is_chosen = |profile: &&Profile| choice.thread.as_ref().is_none_or(|wanted| is_thread(profile, wanted));
    let profiles: Vec<&Profile> = recording.profiles.iter().filter(is_chosen).collect();
    let Some(first) = profiles.first() else {
        return Err(Missing::Thread(distinct(recording.profiles.iter().map(|p| &p.name))));
    };
    let name = choice.value.as_ref().unwrap_or(&first.values[first.default_value].name);
    let index = |profile: &Profile| profile.values.iter().position(|value| value.name == *name);
    let chosen: Vec<_> = profiles.iter().filter_map(|&p| index(p).map(|value| (p, value))).collect();
    if chosen.is_empty() {
        return Err(Missing::Value(distinct(profiles.iter().flat_map(|p| &p.values).map(|v| &v.name))));
    }
    Ok(chosen)
}

fn is_thread(profile: &Profile, wanted: &str) -> bool {
    profile.name == wanted || profile.tid.is_some_and(|tid| tid.to_string() == wanted)
}

fn distinct<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for name in names {
        if !list.contains(name) {
            list.push(name.clone());
        }
    }
    list
}

/// Text of a frame that can stand in a line.
fn writable(text: &str) -> String {
    let replace = |c: char| match c {
        ';' => ':',
        c if c.is_control() => ' ',
        c => c,
    };
    text.chars().map(replace).collect()
}

/// What is written next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The line of a stack; that of [`StackId::NONE`] is of samples without one.
    Line(StackId),
    /// All lines of the stacks below.
    Below(StackId),
    /// The path is this long again.
    Back(usize),
}

impl Folded {
    /// Stacks of frames to stacks of texts: frames that differ in their line only become one.
    fn merge(&mut self, recording: &Recording, sums: &Column<Option<i128>>) {
        let mut texts = Column::filled(None, recording.frames.len());
        let mut merged = Column::new();
        let mut stacks = StackInterner::default();
        let is_used = used(&recording.stacks, sums);
        for (i, (parent, frame)) in recording.stacks.iter().enumerate() {
            if !is_used.get(i) {
                merged.push(StackId::NONE);
                continue;
            }
            let text = texts.get(frame.index()).unwrap_or_else(|| self.text(recording.frame_text(frame)));
            texts.set(frame.index(), Some(text));
            let parent = if parent.is_none() { parent } else { merged.get(parent.index()) };
            let stack = stacks.intern(parent, text);
            merged.push(stack);
            if stack.index() == self.sums.len() {
                self.sums.push(None);
            }
            if let Some(weight) = sums.get(i) {
                let sum = self.sums.get_mut(stack.index());
                *sum = Some(sum.unwrap_or(0) + weight);
            }
        }
        self.stacks = stacks.finish();
    }

    fn text(&mut self, text: &str) -> FrameId {
        let writable = writable(text);
        self.replaced += u64::from(writable != text);
        FrameId::from_index(self.texts.intern(&writable).index())
    }

    /// Writes the lines name by name: a deep stack of long names can be longer than memory.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let children = Children::new(self.stacks.len(), self.stacks.iter().map(|(parent, _)| parent.0));
        let mut path: Vec<StackId> = Vec::new();
        let mut steps = Vec::new();
        self.push_steps(&children, StackId::NONE, &mut steps);
        while let Some(step) = steps.pop() {
            match step {
                Step::Line(stack) => {
                    for &above in &path {
                        out.write_all(self.text_of(above).as_bytes())?;
                        out.write_all(b";")?;
                    }
                    writeln!(out, "{} {}", self.text_of(stack), self.weight(stack))?;
                }
                Step::Below(stack) => {
                    steps.push(Step::Back(path.len()));
                    path.push(stack);
                    self.push_steps(&children, stack, &mut steps);
                }
                Step::Back(length) => path.truncate(length),
            }
        }
        Ok(())
    }

    /// Puts the lines of the stacks right below `parent`, and what is below those, behind `steps`, so
    /// that the first of them is popped first.
    ///
    /// All lines below a stack begin with its text and `;`, which no other line does, since texts
    /// hold no `;`. So sorting each family by its texts with what follows sorts all lines.
    fn push_steps(&self, children: &Children, parent: StackId, steps: &mut Vec<Step>) {
        let start = steps.len();
        if parent.is_none() && self.bare.is_some() {
            steps.push(Step::Line(StackId::NONE));
        }
        for &row in children.of(parent.0) {
            let stack = StackId(row);
            if self.sums.get(stack.index()).is_some() {
                steps.push(Step::Line(stack));
            }
            if !children.of(row).is_empty() {
                steps.push(Step::Below(stack));
            }
        }
        steps[start..].sort_unstable_by(|&a, &b| self.order(b, a));
    }

    /// Which of two steps of a family comes first in the output.
    fn order(&self, a: Step, b: Step) -> Ordering {
        let key = |step| match step {
            Step::Line(stack) => (self.text_of(stack).as_bytes(), b' ', Some(stack)),
            Step::Below(stack) => (self.text_of(stack).as_bytes(), b';', None),
            Step::Back(_) => unreachable!("only lines and what is below them are sorted"),
        };
        let ((text_a, end_a, line_a), (text_b, end_b, line_b)) = (key(a), key(b));
        let shared = text_a.len().min(text_b.len());
        let with_end = |text: &[u8], end| text.get(shared).copied().unwrap_or(end);
        let by_text = text_a[..shared].cmp(&text_b[..shared]);
        // A weight matters only where one name is the beginning of another: `a 5` and `a 1 5`.
        let rest = |text: &[u8], line: Option<StackId>| {
            let weight = line.map(|stack| format!(" {}", self.weight(stack)));
            let whole = [text, weight.as_ref().map_or(&b";"[..], |w| w.as_bytes())].concat();
            whole[shared + 1..].to_vec()
        };
        by_text
            .then_with(|| with_end(text_a, end_a).cmp(&with_end(text_b, end_b)))
            .then_with(|| rest(text_a, line_a).cmp(&rest(text_b, line_b)))
    }

    fn text_of(&self, stack: StackId) -> &str {
        if stack.is_none() { "" } else { self.texts.get(StringId(self.stacks.frame(stack).0)) }
    }

    fn weight(&self, stack: StackId) -> String {
        let sum = if stack.is_none() { self.bare } else { self.sums.get(stack.index()) };
        exact(sum.unwrap_or(0), self.decimals)
    }
}

/// Which stacks samples end in or pass through.
fn used(stacks: &Stacks, sums: &Column<Option<i128>>) -> Column<bool> {
    let mut used: Column<bool> = sums.iter().map(|sum| sum.is_some()).collect();
    for i in (0..stacks.len()).rev() {
        let parent = stacks.parent(StackId::from_index(i));
        if used.get(i) && !parent.is_none() {
            used.set(parent.index(), true);
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Builder, Origin, Samples, Value, Weights, picture};
    use crate::units::Unit;

    fn text(recording: &Recording, choice: &Choice) -> String {
        let mut out = Vec::new();
        folded(recording, choice).expect("it is there").write(&mut out).expect("memory can be written");
        String::from_utf8(out).expect("texts are")
    }

    fn chosen(recording: &Recording, value: &str, thread: &str) -> String {
        let some = |word: &str| Some(word.to_owned()).filter(|w| !w.is_empty());
        text(recording, &Choice { value: some(value), thread: some(thread) })
    }

    /// Stacks and their weights.
    type Rows<'a> = &'a [(&'a str, i64)];

    /// A recording with these stacks, whose frames are divided by `|`.
    fn recording(threads: &[(&str, u8, Rows<'_>)]) -> Recording {
        let mut builder = Builder::new();
        for &(name, decimals, rows) in threads {
            let mut samples = Samples::default();
            for (path, _) in rows {
                let mut stack = StackId::NONE;
                for part in path.split('|').filter(|_| !path.is_empty()) {
                    let frame = builder.frame_named(part);
                    stack = builder.stack(stack, frame);
                }
                samples.stack.push(stack);
            }
            let weights = Weights::Each(rows.iter().map(|row| row.1).collect());
            let value = Value { name: "cpu".into(), unit: Unit::Count, decimals, weights };
            builder.profile(Profile {
                name: name.into(),
                tid: Some(7),
                samples,
                values: vec![value],
                ..Profile::default()
            });
        }
        builder.finish(Origin::default())
    }

    #[test]
    fn stacks_are_merged_and_sorted() {
        let recording = picture::recording("B 1\nA B C 3\n(idle) 5\nA B C 1\nA B 0\n7");
        assert_eq!(text(&recording, &Choice::default()), " 7\n(idle) 5\nA;B 0\nA;B;C 4\nB 1\n");
    }

    #[test]
    fn names_that_cannot_stand_in_a_line() {
        let recording = recording(&[("t", 0, &[("a;b|c\nd", 1), ("a:b|c d", 2), ("ü\u{85}|x", 4)])]);
        let folded = folded(&recording, &Choice::default()).expect("it is there");
        assert_eq!(folded.replaced, 3);
        assert_eq!(text(&recording, &Choice::default()), "a:b;c d 3\nü ;x 4\n");
    }

    #[test]
    fn threads_are_merged_unless_one_is_chosen() {
        let recording = recording(&[("main", 1, &[("a", 15), ("a|b", 5)]), ("worker 1", 0, &[("a", 2)])]);
        assert_eq!(chosen(&recording, "", ""), "a 3.5\na;b 0.5\n");
        assert_eq!(chosen(&recording, "cpu", "worker 1"), "a 2\n");
        assert_eq!(chosen(&recording, "", "7"), "a 3.5\na;b 0.5\n");
        let missing = |value: Option<&str>, thread: Option<&str>| {
            folded(&recording, &Choice { value: value.map(str::to_owned), thread: thread.map(str::to_owned) }).err()
        };
        assert_eq!(missing(None, Some("x")), Some(Missing::Thread(vec!["main".into(), "worker 1".into()])));
        assert_eq!(missing(Some("wall"), None), Some(Missing::Value(vec!["cpu".into()])));
    }

    #[test]
    fn sums_are_exact_beyond_64_bits() {
        let recording = recording(&[("t", 0, &[("a", i64::MAX), ("a", i64::MAX), ("b", i64::MIN), ("b", -1)])]);
        assert_eq!(text(&recording, &Choice::default()), "a 18446744073709551614\nb -9223372036854775809\n");
    }

    /// The order of the lines is that of their bytes, whatever the names hold.
    #[test]
    fn lines_are_in_the_order_of_their_bytes() {
        const PIECES: [&str; 9] = ["a", "a 1", "a 1 5", "a!", "ab", " ", "a ", "a  5", "é"];
        let mut seed = 12_345u32;
        let mut random = |n: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) as usize % n
        };
        for _ in 0..300 {
            let rows: Vec<(String, i64)> = (0..12)
                .map(|_| {
                    let path: Vec<&str> = (0..=random(3)).map(|_| PIECES[random(PIECES.len())]).collect();
                    (path.join("|"), [1, 5, 15, -1][random(4)])
                })
                .collect();
            let rows: Vec<(&str, i64)> = rows.iter().map(|(path, weight)| (path.as_str(), *weight)).collect();
            let written = text(&recording(&[("t", 0, &rows)]), &Choice::default());
            let mut sums = std::collections::BTreeMap::new();
            rows.iter().for_each(|(path, weight)| *sums.entry(path.replace('|', ";")).or_insert(0) += weight);
            let mut lines: Vec<String> = sums.iter().map(|(stack, weight)| format!("{stack} {weight}")).collect();
            lines.sort();
            assert_eq!(written.lines().collect::<Vec<_>>(), lines);
        }
    }

    #[test]
    fn deep_stacks_are_written() {
        let mut builder = Builder::new();
        let frame = builder.frame_named("f");
        let mut stack = StackId::NONE;
        (0..100_000).for_each(|_| stack = builder.stack(stack, frame));
        let samples = Samples { stack: std::iter::once(stack).collect(), ..Samples::default() };
        let weights = Weights::Each(std::iter::once(1).collect());
        let value = Value { name: "cpu".into(), unit: Unit::Count, decimals: 0, weights };
        builder.profile(Profile { name: "t".into(), samples, values: vec![value], ..Profile::default() });
        assert_eq!(text(&builder.finish(Origin::default()), &Choice::default()).len(), 200_002);
    }
}
