//! Folded (collapsed) stacks: `main;parse;read 12`, one stack per line, root first, then a count.
//!
//! Written by inferno and the FlameGraph scripts, py-spy (`-f raw`), async-profiler (`collapsed`),
//! bcc's `profile -f`, heaptrack, austin and many more; nobody defined it. The rules here:
//!
//! - The count follows the last blank, since frames hold blanks. Everything before it is the stack,
//!   character by character, and each `;` separates two frames, of which any may be empty.
//! - Two counts per line (`difffolded.pl`) are read as `before` and `after` only if every line ends
//!   in two numbers; otherwise the first one belongs to a frame, as in `worker 1 5`.
//! - `_[k]` and its like at the end of a frame say how it ran. They are no part of the function's
//!   name; the frame keeps them, so that an export gives the same text back.
//! - `# key: value` is metadata. Other lines without a count are left out and noted.
//! - A file of austin says what it measured (`# mode: wall`), and its frames are `file:function:line`,
//!   as are those of Python's own sampling profiler, whose stacks begin with `tid:1`.
//!
//! What the file does not say is not guessed: the counts are `samples`, and there is no time.

mod amounts;
mod line;
mod stacks;

use memchr::{memchr, memchr_iter};

use self::amounts::Amounts;
use self::line::{Count, Number, metadata, split, trim_end};
use self::stacks::{Stacks, Style};
use super::{Access, Context, Fit, Format, Head, Recipe};
use crate::error::{Error, Place, Result};
use crate::input::{Line, Lines, Window};
use crate::model::{Builder, Column, Profile, Samples, StackId, StringId, Strings, Value, Weights};
use crate::units::Unit;

/// Folded stacks.
pub const FORMAT: Format = Format {
    id: "folded",
    title: "Folded stacks",
    tools: &["perf", "FlameGraph", "inferno", "py-spy", "async-profiler", "bcc", "heaptrack", "austin", "rbspy"],
    extensions: &["folded", "collapsed", "txt", "raw", "austin"],
    recipes: RECIPES,
    access: Access::Forward,
    detect,
    decode: Some(decode),
};

const RECIPES: &[Recipe] = &[
    Recipe {
        symptom: "a Python script is slow",
        tool: "py-spy",
        group: "Python",
        command: "py-spy record -f raw -o stacks.txt -- python3 app.py",
        note: "It counts samples and keeps no order, so there is no timeline; pip install py-spy brings it.",
    },
    Recipe {
        symptom: "",
        tool: "austin 3",
        group: "Python",
        command: "austin -i 10ms -o stacks.austin python3 app.py",
        note: "It measures time; pip install 'austin-dist<4' brings version 3, later ones write a binary form, which does not open here.",
    },
    Recipe {
        symptom: "a native program burns CPU",
        tool: "perf",
        group: "Linux, Go, Rust",
        command: "perf record -F 99 -g -- ./app && perf script | inferno-collapse-perf > stacks.folded",
        note: "The program needs frame pointers; cargo install inferno brings the converter.",
    },
    Recipe {
        symptom: "",
        tool: "inferno-diff-folded",
        group: "Linux, Go, Rust",
        command: "inferno-diff-folded before.folded after.folded > diff.folded",
        note: "Two counts per stack open as the values before and after.",
    },
    Recipe {
        symptom: "",
        tool: "heaptrack",
        group: "Linux, Go, Rust",
        command: "heaptrack -o app ./app && heaptrack_print -f app.zst -F stacks.txt --flamegraph-cost-type allocations",
        note: "Its stacks end in a frame without a name, whose callers are what to look at.",
    },
];

/// Lines of the head that detection looks at.
const LINES_JUDGED: usize = 1000;

/// Stacks of several frames that leave no doubt although many lines are something else.
const NESTED_SURE: usize = 5;

/// Longest frame that a line of more than the whole head is taken for folded stacks with.
const FRAME_BYTES_JUDGED: usize = 4096;

fn detect(head: &Head<'_>) -> Fit {
    let complete = match head.bytes.iter().rposition(|&b| b == b'\n') {
        _ if head.is_whole => head.bytes,
        Some(end) => &head.bytes[..end],
        None => return detect_long_line(head.bytes),
    };
    let lines = complete.split(|&b| b == b'\n').map(trim_end).filter(|line| !line.is_empty() && !is_remark(line));
    let (mut all, mut good, mut nested) = (0, 0, 0);
    for line in lines.take(LINES_JUDGED) {
        all += 1;
        if let Some((stack, _)) = split(line) {
            good += 1;
            nested += usize::from(memchr(b';', stack).is_some());
        }
    }
    // Nine of ten lines are stacks; or at least half of them, and several of those leave no doubt.
    let is_folded = nested > 0 && good * 10 >= all * 9 || nested >= NESTED_SURE && nested * 2 >= all;
    if !is_folded {
        return Fit::No;
    }
    let share = if good == all { "every line is".to_owned() } else { format!("{good} of the first {all} lines are") };
    Fit::Maybe(format!("{share} frames separated by “;”, then a count: folded stacks"))
}

/// Metadata, and lines that begin with `#` and hold no count.
fn is_remark(line: &[u8]) -> bool {
    metadata(line).is_some() || line.first() == Some(&b'#') && split(line).is_none()
}

/// A stack so deep that its line does not end in the head: text in many short pieces, and no markup.
fn detect_long_line(head: &[u8]) -> Fit {
    let is_text = head.iter().all(|&b| b >= b' ' || b == b'\t');
    let pieces = memchr_iter(b';', head).count();
    let is_structured = matches!(head, [b'{', ..] | [b'[', b'{' | b'[' | b'"', ..] | [b'<', b'!' | b'?', ..]);
    if !is_text
        || is_structured
        || pieces < head.len() / FRAME_BYTES_JUDGED
        || memchr::memmem::find(head, b"</").is_some()
    {
        return Fit::No;
    }
    Fit::Maybe(format!("one long line of more than {pieces} frames separated by “;”: folded stacks"))
}

fn decode(window: &mut Window, builder: &mut Builder, context: &Context<'_>) -> Result<()> {
    let mut decoder = Decoder::new(builder);
    let mut lines = Lines::new(window);
    while let Some(line) = lines.next_line()? {
        decoder.line(line);
    }
    decoder.finish(context.name)
}

/// Lines that were left out for one reason.
#[derive(Debug, Default)]
struct LeftOut {
    count: u64,
    /// Number of the first one.
    first: u64,
    /// Its beginning.
    text: String,
}

impl LeftOut {
    #[cold]
    fn add(&mut self, line: &Line<'_>) {
        const SHOWN: usize = 60;
        if self.count == 0 {
            self.first = line.number;
            self.text = String::from_utf8_lossy(&line.bytes[..line.bytes.len().min(SHOWN)]).into_owned();
        }
        self.count += 1;
    }

    fn sentence(&self, what: &str) -> String {
        format!("{what}; the first is line {}: {:?}.", self.first, self.text)
    }
}

/// Lines that end in two numbers, while all do: the rows hold the stack without them, and this holds
/// what else each stack would be called if the first number were part of a frame.
#[derive(Debug, Default)]
struct Pairs {
    before: Amounts,
    /// The first number with the blanks around it, by line.
    tails: Column<StringId>,
    texts: Strings,
}

struct Decoder<'b> {
    stacks: Stacks<'b>,
    samples: Column<StackId>,
    counts: Amounts,
    pairs: Option<Pairs>,
    /// What austin measured, once its header was read.
    austin: Option<String>,
    no_count: LeftOut,
    too_large: LeftOut,
    without_stack: u64,
    without_leaf: u64,
}

/// Lines of metadata that are kept.
const METADATA_MAX: usize = 100;

impl<'b> Decoder<'b> {
    fn new(builder: &'b mut Builder) -> Self {
        Self {
            stacks: Stacks::new(builder),
            samples: Column::new(),
            counts: Amounts::default(),
            pairs: Some(Pairs { texts: Strings::new(), ..Pairs::default() }),
            austin: None,
            no_count: LeftOut::default(),
            too_large: LeftOut::default(),
            without_stack: 0,
            without_leaf: 0,
        }
    }

    /// Not inlined: what reads all lines is called but once, and browsers replace the code of their
    /// first compiler only where a function is called again.
    #[inline(never)]
    fn line(&mut self, line: Line<'_>) {
        let text = trim_end(line.bytes);
        match split(text) {
            _ if text.is_empty() => {}
            _ if text[0] == b'#' && self.is_comment(text) => {}
            Some((stack, Count::Fits(number))) => self.stack(stack, number),
            Some((_, Count::TooLarge)) => self.too_large.add(&line),
            None => self.no_count.add(&line),
        }
    }

    /// Whether a line that begins with `#` holds no stack; metadata is kept.
    #[cold]
    fn is_comment(&mut self, text: &[u8]) -> bool {
        let Some((key, value)) = metadata(text) else {
            return split(text).is_none();
        };
        let lossy = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let (key, value) = (lossy(key), lossy(value));
        if self.samples.is_empty() && key == "austin" {
            self.austin.get_or_insert_default();
            self.stacks.style = Style::Places;
        }
        if let Some(mode) = self.austin.as_mut().filter(|_| key == "mode") {
            mode.clone_from(&value);
        }
        let meta = &mut self.stacks.builder.meta;
        if meta.len() < METADATA_MAX {
            meta.push((key, value));
        }
        true
    }

    #[inline]
    fn stack(&mut self, text: &[u8], number: Number) {
        if self.samples.is_empty() && text.starts_with(b"tid:") {
            self.stacks.style = Style::Places;
        }
        if let Some(pairs) = &mut self.pairs {
            match split(trim_end(text)) {
                Some((stack, Count::Fits(before))) => {
                    pairs.before.push(before);
                    let tail = std::str::from_utf8(&text[stack.len()..]).expect("digits and blanks");
                    pairs.tails.push(pairs.texts.intern(tail));
                    return self.row(stack, number);
                }
                _ => self.end_pairs(),
            }
        }
        self.row(text, number);
    }

    #[inline]
    fn row(&mut self, text: &[u8], number: Number) {
        let stack = self.stacks.intern(text);
        self.without_stack += u64::from(stack.is_none());
        self.without_leaf += u64::from(text.last() == Some(&b';'));
        self.samples.push(stack);
        self.counts.push(number);
    }

    /// A line does not end in two numbers, so in no line are they two counts.
    #[cold]
    fn end_pairs(&mut self) {
        let Some(pairs) = self.pairs.take() else {
            return;
        };
        self.without_stack = 0;
        self.without_leaf = 0;
        for i in 0..self.samples.len() {
            let tail = pairs.texts.get(pairs.tails.get(i));
            self.samples.set(i, self.stacks.with_longer_leaf(self.samples.get(i), tail));
        }
    }

    fn finish(mut self, name: &str) -> Result<()> {
        if self.samples.is_empty() {
            return Err(self.nothing());
        }
        self.note_all();
        let Self { stacks: Stacks { builder, .. }, samples, mut counts, pairs, austin, .. } = self;
        let value = |name: &str, amounts: Amounts, unit| {
            let (rows, decimals) = amounts.finish();
            Value { name: name.to_owned(), unit, decimals, weights: Weights::Each(rows) }
        };
        let values = match (pairs, austin) {
            (Some(pairs), _) => vec![value("before", pairs.before, Unit::Count), value("after", counts, Unit::Count)],
            (None, Some(mode)) => {
                let unit = austin_unit(&mode, &mut counts);
                vec![value(if mode.is_empty() { "samples" } else { &mode }, counts, unit)]
            }
            (None, None) => vec![value("samples", counts, Unit::Count)],
        };
        builder.profile(Profile {
            name: name.to_owned(),
            samples: Samples { stack: samples, ..Samples::default() },
            default_value: values.len() - 1,
            values,
            ..Profile::default()
        });
        Ok(())
    }

    fn nothing(&self) -> Error {
        let worst = if self.no_count.count > 0 { &self.no_count } else { &self.too_large };
        Error::new(
            Place::Line(worst.first.max(1)),
            format!("no line ends in a count that fits; this one is {:?}", worst.text),
            "Folded stacks are lines such as “main;parse;read 12”.",
        )
    }

    fn note_all(&mut self) {
        let before = self.pairs.as_ref().map(|pairs| &pairs.before);
        let sums = || before.into_iter().chain([&self.counts]);
        let rounded = sums().map(Amounts::rounded).sum();
        let too_large = sums().filter(|amounts| amounts.is_too_large()).count() as u64;
        let pairs = before.map_or(0, |amounts| amounts.len() as u64);
        let replaced = self.stacks.replaced;
        let builder = &mut *self.stacks.builder;
        let skipped = "Lines that do not end in a count were left out";
        builder.note("lines-skipped", self.no_count.count, self.no_count.sentence(skipped));
        let skipped = "Lines with a count beyond 63 bits were left out";
        builder.note("counts-too-large", self.too_large.count, self.too_large.sentence(skipped));
        builder.note("counts-rounded", rounded, "Counts with more decimals than can be summed exactly were rounded.");
        builder.note("sum-too-large", too_large, "The counts add up to more than 63 bits: totals stop there.");
        builder.note(
            "stack-missing",
            self.without_stack,
            "Lines hold a count without a stack: it is part of the total and of no function.",
        );
        builder.note("leaf-unnamed", self.without_leaf, "Stacks end in “;”: their innermost frame has no name.");
        builder.note("bytes-replaced", replaced, "Frames that are not UTF-8 are shown with replacement characters.");
        builder.note("two-columns", pairs, "Every line ends in two numbers: they are read as before and after.");
    }
}

/// What austin's numbers measure: microseconds, or bytes.
fn austin_unit(mode: &str, amounts: &mut Amounts) -> Unit {
    match mode {
        "memory" => Unit::Bytes,
        "wall" | "cpu" if amounts.multiply(1000) => Unit::Nanos,
        "wall" | "cpu" => Unit::Other("µs".to_owned()),
        _ => Unit::Count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Options;
    use crate::model::{Origin, Recording, Tag};
    use crate::units::exact;

    fn open(bytes: &[u8]) -> Result<Recording> {
        let mut builder = Builder::new();
        let options = Options::default();
        let context = Context { name: "a.txt", options: &options };
        decode(&mut Window::over(bytes), &mut builder, &context)?;
        Ok(builder.finish(Origin::default()))
    }

    fn read(text: &str) -> Recording {
        open(text.as_bytes()).expect("the test's text has a good line")
    }

    /// The rows as lines, under each value.
    fn rows(recording: &Recording) -> Vec<(String, Vec<String>)> {
        let profile = &recording.profiles[0];
        let row = |value: usize, i: usize, stack: StackId| {
            let frames: Vec<_> = recording.stacks.walk(stack).collect();
            let texts: Vec<&str> = frames.iter().rev().map(|&f| recording.frame_text(f)).collect();
            let decimals = profile.values[value].decimals;
            format!("{} {}", texts.join(";"), exact(profile.weight(value, i), decimals))
        };
        let stacks = || profile.samples.stack.iter().enumerate();
        let value =
            |(v, value): (usize, &Value)| (value.name.clone(), stacks().map(|(i, stack)| row(v, i, stack)).collect());
        profile.values.iter().enumerate().map(value).collect()
    }

    fn samples(text: &str) -> Vec<String> {
        match &rows(&read(text))[..] {
            [(name, rows)] if name == "samples" => rows.clone(),
            other => panic!("expected samples, found {other:?}"),
        }
    }

    fn notes(recording: &Recording) -> Vec<(&str, u64)> {
        recording.notes.iter().map(|note| (note.code.as_str(), note.count)).collect()
    }

    #[test]
    fn a_line_is_a_row() {
        let text = "main;a b c;d 4\r\nmain;a b c;d 4\n\nmain;worker 1\t5\nmain 1";
        assert_eq!(samples(text), ["main;a b c;d 4", "main;a b c;d 4", "main;worker 1 5", "main 1"]);
        let recording = read(text);
        assert_eq!(notes(&recording), []);
        assert_eq!(recording.stacks.len(), 4);
        assert_eq!(recording.profiles[0].values[0].unit, Unit::Count);
        assert!(recording.profiles[0].time.is_none());
    }

    #[test]
    fn empty_frames_stay() {
        let text = ";;x 1\na;;b 2\nc; 3\n; 4\n 5\n;  6\n";
        assert_eq!(samples(text), [";;x 1", "a;;b 2", "c; 3", "; 4", " 5", ";  6"]);
        assert_eq!(notes(&read(text)), [("stack-missing", 1), ("leaf-unnamed", 2)]);
    }

    #[test]
    fn bad_lines_are_counted() {
        let text = "nocount\n# mode: wall\n# a remark\na;b 1.5\n12\na;b 99999999999999999999999\na -3\n# comment 3\n";
        let recording = read(text);
        assert_eq!(samples(text), ["a;b 1.5", "a -3", "# comment 3"]);
        assert_eq!(notes(&recording), [("lines-skipped", 2), ("counts-too-large", 1)]);
        assert!(recording.notes[0].text.contains("line 1: \"nocount\""), "{:?}", recording.notes);
        assert_eq!(recording.meta, [("mode".to_owned(), "wall".to_owned())]);
    }

    #[test]
    fn a_text_without_stacks_is_refused() {
        let error = open(b"# mode: wall\nno count\n").expect_err("there is no stack");
        assert_eq!(error.place, Place::Line(2));
        assert!(error.problem.contains("no count"), "{error}");
        assert!(open(b"# mode: wall\n").is_err());
        assert!(open(b"a;b 9223372036854775808\n").is_err());
    }

    #[test]
    fn two_columns_are_before_and_after() {
        let recording = read("a;b 0 31\na;b;c d 1.5 2\n 4 5\n");
        let before = ["a;b 0", "a;b;c d 1.5", " 4"].map(str::to_owned).to_vec();
        let after = ["a;b 31", "a;b;c d 2", " 5"].map(str::to_owned).to_vec();
        assert_eq!(rows(&recording), [("before".to_owned(), before), ("after".to_owned(), after)]);
        assert_eq!(recording.profiles[0].default_value, 1);
        assert_eq!(notes(&recording), [("stack-missing", 1), ("two-columns", 3)]);
    }

    #[test]
    fn one_line_with_one_number_makes_all_counts_single() {
        let text = "a;b_[k] 7 31\nworker 1  5\n 4 5\na;b 9\na;b 7 2\n";
        assert_eq!(samples(text), ["a;b_[k] 7 31", "worker 1  5", " 4 5", "a;b 9", "a;b 7 2"]);
        let recording = read(text);
        assert_eq!(notes(&recording), []);
        let stack = recording.profiles[0].samples.stack.get(1);
        assert_eq!(recording.frame_text(recording.stacks.frame(stack)), "worker 1 ");
    }

    #[test]
    fn annotations_are_kept_apart() {
        let recording = read("a;read_[k] 1\na;read 2\nb_[j];c_[i] 3\n");
        let named = |name: &str| {
            let rows = recording.functions.iter().filter(|f| recording.text(f.name) == name);
            rows.map(|f| f.tag).collect::<Vec<_>>()
        };
        assert_eq!((named("read"), named("b"), named("c")), (vec![Tag::Kernel], vec![Tag::Jit], vec![Tag::Code]));
        assert_eq!(recording.frames.iter().filter(|f| f.inlined).count(), 1);
    }

    #[test]
    fn the_files_of_python_tools() {
        let austin = "# austin: 3.7.0\n# mode: wall\n\nP1;T0:1;/a/b.py:<module>:3;/a/b.py:f:7 12\nP1;T0:1 8\n";
        let recording = read(austin);
        let rows = rows(&recording);
        let lines = ["P1;T0:1;/a/b.py:<module>:3;/a/b.py:f:7 12000", "P1;T0:1 8000"];
        assert_eq!(rows, [("wall".to_owned(), lines.map(str::to_owned).to_vec())]);
        assert_eq!(recording.profiles[0].values[0].unit, Unit::Nanos);
        let stack = recording.profiles[0].samples.stack.get(0);
        let frame = recording.frames.get(recording.stacks.frame(stack).index());
        let place = (recording.name(frame.function), recording.file(frame.function), frame.line);
        assert_eq!(place, ("f", "/a/b.py", 7));

        let tid = read("tid:1;main.py:main:22;<GC> 2\n");
        assert!(tid.functions.iter().any(|f| tid.text(f.name) == "main" && tid.text(f.file) == "main.py"));
        let py_spy = read("<module> (a.py:9);f (a.py:2) 2\n");
        assert!(py_spy.functions.iter().any(|f| py_spy.text(f.name) == "f (a.py:2)"));
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let recording = open(b"a;\xff\xfe 1\na;\xff\xfe 2\na;b\xff 3\n").expect("it has stacks");
        assert_eq!(notes(&recording), [("bytes-replaced", 2)]);
        assert_eq!(recording.stacks.len(), 3);
    }

    #[test]
    fn deep_stacks_open() {
        let mut text = "f;".repeat(100_000).into_bytes();
        text.extend(b"leaf 1\n");
        let deep = text.clone();
        (0..20).for_each(|_| text.extend(&deep));
        assert_eq!(open(&text).expect("it has stacks").stacks.len(), 100_001);
        assert!(matches!(fit(&text[..64 << 10], false), Fit::Maybe(_)));
    }

    fn fit(bytes: &[u8], is_whole: bool) -> Fit {
        detect(&Head { name: "x", bytes, is_whole })
    }

    #[test]
    fn detection() {
        let is_maybe = |text: &str| matches!(fit(text.as_bytes(), true), Fit::Maybe(_));
        assert!(is_maybe("a;b 3\na 4"));
        assert!(is_maybe("# mode: wall\n\na;b 3\n"));
        assert!(!is_maybe("a 3\nb 4\n"), "numbers alone are a log");
        assert!(!is_maybe("a;b\nsome text\n"));
        assert!(!is_maybe("a;b 3\nsome text\n"));
        assert!(is_maybe("# a remark\n// another\na;b 3\na;c 3\na;b 1\na;d 4\na;e 4\nnot a stack\n"));
        assert!(!is_maybe(""));
        // A line that the head cuts says nothing.
        assert!(matches!(fit(b"a;b 3\na;b;c", false), Fit::Maybe(_)));
        for markup in ["<svg>;</svg>;", "[{\"a\":1;", "{\"a\":1;", "<!doctype html>;", "a\u{1};"] {
            assert_eq!(fit(markup.repeat(4096).as_bytes(), false), Fit::No, "{markup}");
        }
    }

    /// Whatever the bytes, decoding ends in a recording whose rows are whole, or in an error.
    #[test]
    fn damaged_files_end_in_a_recording_or_an_error() {
        const SEEDS: [&str; 4] = [
            "a;b;c 10\nnocount\na;b_[k] -3\na;b 1.5\na;b;d 5 7\n;;x 1\n a;;b 2\n# comment 3\n",
            "a;b 0 31\na;b;c d 1.5 2\n 4 5\na;b;c 9223372036854775807 9223372036854775806\n",
            "# austin: 3.7.0\n# mode: wall\nP1;T0:1;/a/b.py:<module>:3;/a/b.py:f:7 12\nP1;T0:1 8\n",
            "<module> (a.py:9);f (a.py:2) 2\nmain;\u{fc}ber;worker 0.000000001\n",
        ];
        const TOKENS: [&[u8]; 14] = [
            b";",
            b" ",
            b"\n",
            b"\r\n",
            b"\t",
            b"-",
            b".",
            b"_[k]",
            b"9223372036854775807",
            b"0.1234567890123456789",
            b"\xff",
            b"# austin: 1\n",
            b"tid:",
            b" 3 4\n",
        ];
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = |n: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            usize::try_from(seed % n as u64).expect("less than n")
        };
        let (mut opened, mut refused) = (0, 0);
        for round in 0..500 {
            let mut bytes = SEEDS[random(SEEDS.len())].as_bytes().to_vec();
            for _ in 0..=random(6) {
                let at = random(bytes.len() + 1);
                let to = (at + random(9)).min(bytes.len());
                match (round % 2, random(4)) {
                    (0, _) => drop(bytes.splice(at..to, TOKENS[random(TOKENS.len())].iter().copied())),
                    (_, 0) => bytes.truncate(at),
                    (_, 1) => bytes.splice(at..at, bytes[at..to].to_vec()).for_each(drop),
                    _ if at < bytes.len() => bytes[at] ^= 1 << random(8),
                    _ => {}
                }
            }
            let _ = fit(&bytes, true);
            match open(&bytes) {
                Err(error) => {
                    assert!(!error.problem.is_empty());
                    refused += 1;
                }
                Ok(recording) => {
                    let profile = &recording.profiles[0];
                    let is_noted = notes(&recording).iter().any(|note| note.0 == "sum-too-large");
                    for value in 0..profile.values.len() {
                        let amounts = (0..profile.samples.len()).map(|i| profile.weight(value, i).unsigned_abs());
                        let sum: u128 = amounts.map(u128::from).sum();
                        assert!(is_noted || sum <= i64::MAX.unsigned_abs().into(), "{sum}");
                    }
                    assert!(rows(&recording).iter().all(|(_, rows)| rows.len() == profile.samples.len()));
                    opened += 1;
                }
            }
        }
        assert!(opened > 100 && refused > 1, "{opened} opened, {refused} refused");
    }
}
