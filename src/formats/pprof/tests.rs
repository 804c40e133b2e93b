//! Profiles written field by field, and what becomes of them.

use super::*;
use crate::formats::common::proto::push_varint;
use crate::formats::{Fit, Head, Options};
use crate::model::{LabelValue, Origin, Recording, Tag};

/// A message that is being written.
#[derive(Default, Clone)]
struct Proto(Vec<u8>);

impl Proto {
    fn number(mut self, field: u64, value: i64) -> Self {
        push_varint(&mut self.0, field << 3);
        push_varint(&mut self.0, value.cast_unsigned());
        self
    }

    fn bytes(mut self, field: u64, body: &[u8]) -> Self {
        push_varint(&mut self.0, field << 3 | 2);
        push_varint(&mut self.0, body.len() as u64);
        self.0.extend_from_slice(body);
        self
    }

    fn packed(self, field: u64, values: &[i64]) -> Self {
        let mut body = Vec::new();
        values.iter().for_each(|v| push_varint(&mut body, v.cast_unsigned()));
        self.bytes(field, &body)
    }
}

/// A profile that is being written, as one piece for each field of its top level.
#[derive(Default, Clone)]
struct Writer {
    strings: Vec<Vec<u8>>,
    parts: Vec<Vec<u8>>,
}

impl Writer {
    /// A profile of `cpu` in nanoseconds.
    fn new() -> Self {
        let mut writer = Self::default();
        writer.text("");
        writer.value_type("cpu", "nanoseconds");
        writer
    }

    fn text(&mut self, text: &str) -> i64 {
        self.raw_text(text.as_bytes())
    }

    fn raw_text(&mut self, text: &[u8]) -> i64 {
        let at = self.strings.iter().position(|t| t == text).unwrap_or_else(|| {
            self.strings.push(text.to_vec());
            self.strings.len() - 1
        });
        i64::try_from(at).expect("few texts are written")
    }

    fn field(&mut self, field: u64, body: Proto) {
        self.parts.push(Proto::default().bytes(field, &body.0).0);
    }

    fn number(&mut self, field: u64, value: i64) {
        self.parts.push(Proto::default().number(field, value).0);
    }

    fn value_type(&mut self, name: &str, unit: &str) {
        let body = Proto::default().number(1, self.text(name)).number(2, self.text(unit));
        self.field(1, body);
    }

    fn function(&mut self, id: i64, name: &str) {
        let name = self.text(name);
        let file = self.text("/src/main.go");
        self.field(
            5,
            Proto::default()
                .number(1, id)
                .number(2, name)
                .number(3, name)
                .number(4, file)
                .number(5, id.wrapping_mul(10)),
        );
    }

    /// A location with lines of the functions given, innermost first, each at line 7.
    fn location(&mut self, id: i64, functions: &[i64]) {
        let head = Proto::default().number(1, id).number(3, 0x1000 + id);
        let line = |body: Proto, &function: &i64| body.bytes(4, &Proto::default().number(1, function).number(2, 7).0);
        self.field(4, functions.iter().fold(head, line));
    }

    /// Functions and locations 1 to n of these names.
    fn named(&mut self, names: &[&str]) {
        for (name, id) in names.iter().zip(1..) {
            self.function(id, name);
            self.location(id, &[id]);
        }
    }

    /// A sample with locations leaf first.
    fn sample(&mut self, locations: &[i64], values: &[i64]) {
        self.field(2, Proto::default().packed(1, locations).packed(2, values));
    }

    fn labelled(&mut self, locations: &[i64], value: i64, labels: &[(&str, &str, i64, &str)]) {
        let mut body = Proto::default().packed(1, locations).packed(2, &[value]);
        for &(key, text, number, unit) in labels {
            let label = Proto::default().number(1, self.text(key)).number(2, self.text(text)).number(3, number);
            body = body.bytes(3, &label.number(4, self.text(unit)).0);
        }
        self.field(2, body);
    }

    fn finish(&self) -> Vec<u8> {
        let mut bytes = self.parts.concat();
        for text in &self.strings {
            bytes.extend(Proto::default().bytes(6, text).0);
        }
        bytes
    }
}

fn open_with(bytes: &[u8], options: &Options) -> Result<Recording> {
    let mut builder = Builder::new();
    let context = Context { name: "dir/test.pb", options };
    decode(&mut Window::over(bytes), &mut builder, &context)?;
    Ok(builder.finish(Origin::default()))
}

fn open(bytes: &[u8]) -> Recording {
    open_with(bytes, &Options::default()).expect("the profile is well-formed")
}

fn problem(bytes: &[u8]) -> String {
    open_with(bytes, &Options::default()).expect_err("the profile cannot be read").problem
}

/// One line per sample: names root first, then the values.
fn picture(recording: &Recording) -> Vec<String> {
    let profile = &recording.profiles[0];
    let line = |i| {
        let stack = profile.samples.stack.get(i);
        let mut words: Vec<_> = recording.stacks.walk(stack).map(|f| recording.frame_text(f).to_owned()).collect();
        words.reverse();
        words.extend((0..profile.values.len()).map(|v| profile.weight(v, i).to_string()));
        words.join(" ")
    };
    (0..profile.samples.len()).map(line).collect()
}

/// The labels of a sample as `key=text` and `key=number unit`.
fn labels(recording: &Recording, sample: usize) -> Vec<String> {
    let Some(rows) = &recording.profiles[0].samples.labels else { return Vec::new() };
    let word = |(key, value)| match value {
        LabelValue::Text(text) => format!("{}={}", recording.text(key), recording.text(text)),
        LabelValue::Number(number, unit) => {
            format!("{}={number} {}", recording.text(key), recording.text(unit)).trim_end().to_owned()
        }
    };
    recording.label_sets.get(rows.get(sample)).map(word).collect()
}

fn notes(recording: &Recording) -> Vec<(&str, u64)> {
    recording.notes.iter().map(|n| (n.code.as_str(), n.count)).collect()
}

fn fit(bytes: &[u8]) -> Fit {
    detect::detect(&Head { name: "unknown", bytes, is_whole: true })
}

#[test]
fn a_small_profile() {
    let mut writer = Writer::new();
    writer.named(&["main", "leaf"]);
    writer.sample(&[2, 1], &[5]);
    writer.sample(&[1], &[3]);
    writer.sample(&[], &[2]);
    let recording = open(&writer.finish());
    assert_eq!(picture(&recording), ["main leaf 5", "main 3", "2"]);
    let profile = &recording.profiles[0];
    assert!(profile.samples.stack.get(2).is_none());
    assert_eq!((profile.name.as_str(), profile.values[0].name.as_str()), ("test.pb", "cpu"));
    assert_eq!(profile.values[0].unit.word(), "ns");
    let leaf = recording.frames.get(recording.stacks.frame(profile.samples.stack.get(0)).index());
    let function = recording.function(leaf.function);
    assert_eq!((leaf.line, leaf.inlined, function.line, function.tag), (7, false, 20, Tag::Code));
    assert_eq!(recording.file(leaf.function), "/src/main.go");
    assert!(recording.notes.is_empty() && profile.time.is_none());
}

#[test]
fn inlined_lines_stand_below_the_function_that_is_there() {
    let mut writer = Writer::new();
    ["main", "printf", "memcpy"].iter().zip(1..).for_each(|(name, id)| writer.function(id, name));
    writer.location(1, &[1]);
    writer.location(2, &[3, 2]);
    writer.sample(&[2, 1], &[5]);
    let recording = open(&writer.finish());
    assert_eq!(picture(&recording), ["main printf memcpy 5"]);
    let stack = recording.profiles[0].samples.stack.get(0);
    let inlined: Vec<bool> = recording.stacks.walk(stack).map(|f| recording.frames.get(f.index()).inlined).collect();
    assert_eq!(inlined, [true, false, false]);
}

#[test]
fn what_has_no_name_shows_the_next_best() {
    let mut writer = Writer::new();
    let (library, kernel) = (writer.text("/usr/lib/libc.so.6"), writer.text("[kernel.kallsyms]_text"));
    let mapping = |id, file| Proto::default().number(1, id).number(2, 0x7000).number(4, 0x100).number(5, file);
    writer.field(3, mapping(1, library));
    writer.field(3, mapping(2, kernel));
    writer.field(3, mapping(3, 0));
    let (system, file) = (writer.text("_Zsys"), writer.text("a.c"));
    writer.field(5, Proto::default().number(1, 1).number(3, system));
    writer.field(5, Proto::default().number(1, 2).number(4, file));
    writer.field(5, Proto::default().number(1, 3));
    writer.function(4, "in_kernel");
    let line = |function, line| Proto::default().number(1, function).number(2, line).0;
    let address = |id, mapping, address| Proto::default().number(1, id).number(2, mapping).number(3, address);
    writer.field(4, address(1, 1, 0x7010));
    writer.field(4, address(2, 1, 0x20));
    writer.field(4, address(3, 3, 0x7010));
    writer.field(4, address(4, 0, 0x7010));
    writer.field(4, address(5, 1, 0x7010).bytes(4, &line(1, 9)));
    writer.field(4, address(6, 1, 0x7010).bytes(4, &line(2, 9)));
    writer.field(4, address(7, 1, 0x7011).bytes(4, &line(3, 9)));
    writer.field(4, address(8, 2, 0x7012).bytes(4, &line(4, -9)));
    writer.field(4, address(9, 2, 0x7012));
    writer.field(4, address(10, 77, 0x55).bytes(4, &line(99, 1)));
    (1..=10).for_each(|id| writer.sample(&[id], &[id]));
    let recording = open(&writer.finish());
    let expected = [
        "libc.so.6+0x110 1",
        "libc.so.6+0x20 2",
        "0x7010 3",
        "0x7010 4",
        "_Zsys 5",
        "a.c:9 6",
        "libc.so.6+0x111 7",
        "in_kernel 8",
        "[kernel.kallsyms]_text+0x112 9",
        "0x55 10",
    ];
    assert_eq!(picture(&recording), expected);
    let tags: Vec<Tag> = recording.functions.iter().map(|f| f.tag).collect();
    let (native, code, kernel) = (Tag::Native, Tag::Code, Tag::Kernel);
    assert_eq!(tags, [native, native, native, code, code, native, kernel, kernel, native]);
    assert_eq!(notes(&recording), [("missing-function", 1), ("missing-mapping", 1)]);
}

#[test]
fn fields_in_any_order() {
    let mut writer = Writer::new();
    writer.named(&["main", "leaf", "other"]);
    writer.labelled(&[2, 1], 5, &[("endpoint", "/a", 0, ""), ("bytes", "", 64, "bytes")]);
    writer.labelled(&[3, 1], 7, &[("endpoint", "/b", 0, "")]);
    let expected = open(&writer.finish());
    let tables = Writer { strings: writer.strings.clone(), parts: Vec::new() }.finish();
    writer.parts.reverse();
    let samples_first = [writer.parts.concat(), tables.clone()].concat();
    let strings_first = [tables, writer.parts.concat()].concat();
    for bytes in [samples_first, strings_first] {
        let recording = open(&bytes);
        let mut lines = picture(&recording);
        lines.reverse();
        assert_eq!(lines, picture(&expected));
        assert_eq!(labels(&recording, 1), ["endpoint=/a", "bytes=64 bytes"]);
        assert_eq!(labels(&recording, 1), labels(&expected, 0));
        assert!(matches!(fit(&bytes), Fit::Yes(_)));
    }
}

#[test]
fn packed_or_not_is_the_same() {
    let mut writer = Writer::new();
    writer.value_type("wall", "ms");
    writer.named(&["main", "leaf"]);
    writer.sample(&[2, 1], &[5, -1]);
    writer.field(2, Proto::default().number(1, 2).number(2, 5).number(1, 1).number(2, -1));
    writer.field(2, Proto::default().packed(1, &[2]).packed(1, &[1]).packed(2, &[5]).number(2, -1));
    let recording = open(&writer.finish());
    assert_eq!(picture(&recording), ["main leaf 5 -1000000"; 3]);
}

#[test]
fn identifiers_are_keys() {
    let mut writer = Writer::new();
    writer.function(-1, "huge");
    writer.function(i64::MIN, "largest");
    writer.location(-1, &[-1]);
    writer.location(1 << 40, &[i64::MIN]);
    writer.location(-1, &[i64::MIN]);
    writer.sample(&[1 << 40, -1], &[5]);
    writer.sample(&[77, -1, 78], &[1]);
    let recording = open(&writer.finish());
    assert_eq!(picture(&recording), ["huge largest 5", "(unknown) huge (unknown) 1"]);
    assert_eq!(notes(&recording), [("missing-location", 1), ("duplicate-id", 1)]);
}

#[test]
fn functions_without_any_id_count_from_one() {
    let mut writer = Writer::new();
    writer.function(0, "first");
    writer.function(0, "second");
    writer.location(1, &[2, 1]);
    writer.sample(&[1], &[5]);
    let recording = open(&writer.finish());
    assert_eq!(picture(&recording), ["first second 5"]);
    assert_eq!(notes(&recording), [("numbered-functions", 2)]);
}

#[test]
fn bad_names_do_not_reject_the_file() {
    let mut writer = Writer::new();
    let bad = writer.raw_text(b"a\xffb");
    writer.field(5, Proto::default().number(1, 1).number(2, bad));
    writer.field(5, Proto::default().number(1, 2).number(2, 999_999));
    writer.field(5, Proto::default().number(1, 3).number(2, -1));
    (1..=3).for_each(|id| writer.location(id, &[id]));
    writer.sample(&[3, 2, 1], &[5]);
    let recording = open(&writer.finish());
    assert_eq!(picture(&recording), ["a\u{fffd}b 0x1002 0x1003 5"]);
    assert_eq!(notes(&recording), [("missing-name", 2), ("bad-utf8", 1)]);
    writer.strings[0] = b"x".to_vec();
    assert_eq!(notes(&open(&writer.finish())).last(), Some(&("string-table", 1)));
}

#[test]
fn values_are_scaled_counted_and_chosen() {
    let mut writer = Writer::default();
    writer.text("");
    for (name, unit) in [("samples", "count"), ("wall", "milliseconds"), ("heap", "kilobytes"), ("", "widgets")] {
        writer.value_type(name, unit);
    }
    writer.sample(&[], &[1, i64::MAX, 2, 3]);
    writer.sample(&[], &[1, -2]);
    writer.sample(&[], &[1, 2, 3, 4, 5, 6]);
    let recording = open(&writer.finish());
    let profile = &recording.profiles[0];
    let units: Vec<_> = profile.values.iter().map(|v| format!("{} {}", v.name, v.unit.word())).collect();
    assert_eq!(units, ["samples count", "wall ns", "heap bytes", "value 4 widgets"]);
    let expected = [format!("1 {} 2048 3", i64::MAX), "1 -2000000 0 0".into(), "1 2000000 3072 4".into()];
    assert_eq!(picture(&recording), expected);
    let codes = [("negative-values", 1), ("value-overflow", 1), ("sum-overflow", 1), ("value-count", 2)];
    assert_eq!(notes(&recording), codes);
    assert_eq!(profile.default_value, 3, "the last one");
    let heap = writer.text("heap");
    writer.number(14, heap);
    assert_eq!(open(&writer.finish()).profiles[0].default_value, 2, "the one that is asked for");
}

#[test]
fn labels_are_texts_or_numbers() {
    let mut writer = Writer::new();
    writer.sample(&[], &[1]);
    writer.labelled(&[], 1, &[("a", "x", 0, ""), ("n", "", -5, "bytes"), ("a", "y", 9, ""), ("", "lost", 0, "")]);
    writer.labelled(&[], 1, &[("big", "", 1 << 60, "")]);
    writer.sample(&[], &[1]);
    let recording = open(&writer.finish());
    let all: Vec<_> = (0..4).map(|i| labels(&recording, i)).collect();
    assert_eq!(all, [vec![], vec!["a=x", "n=-5 bytes", "a=y"], vec!["big=1152921504606846976"], vec![]]);
    assert!(open(&Writer::new().finish()).profiles[0].samples.labels.is_none());
}

#[test]
fn a_comparison_is_noted() {
    let mut writer = Writer::new();
    writer.sample(&[], &[5]);
    writer.labelled(&[], -3, &[("pprof::base", "true", 0, "")]);
    assert_eq!(notes(&open(&writer.finish())), [("diff-base", 1)]);
}

#[test]
fn moments_on_every_sample_make_a_timeline() {
    // Small moments stay in their label sets while reading, large ones are kept apart.
    for start in [1_000, 1_700_000_000_000_000_000] {
        let mut writer = Writer::new();
        writer.number(9, start);
        writer.number(10, 50);
        writer.named(&["a", "b", "c"]);
        for (id, at) in [(1, 10), (2, 40), (3, 20), (1, 30)] {
            let moment = ("end_timestamp_ns", "", start + at, "nanoseconds");
            writer.labelled(&[id], id, &[("thread id", "", id, ""), moment]);
        }
        let recording = open(&writer.finish());
        assert_eq!(picture(&recording), ["a 1", "c 3", "a 1", "b 2"]);
        let time = recording.profiles[0].time.as_ref().expect("every sample has a moment");
        assert_eq!(time.at_ns.iter().collect::<Vec<_>>(), [10, 20, 30, 40]);
        assert_eq!((time.start_ns, time.duration_ns, time.last_ns, time.has_idle), (start, 50, 10, false));
        let ids: Vec<_> = (0..4).flat_map(|i| labels(&recording, i)).collect();
        assert_eq!(ids, ["thread id=1", "thread id=3", "thread id=1", "thread id=2"]);
        assert_eq!(notes(&recording), [("order-repaired", 2)]);

        writer.sample(&[1], &[9]);
        let recording = open(&writer.finish());
        assert!(recording.profiles[0].time.is_none(), "one sample has no moment");
        let mut first = labels(&recording, 0);
        first.sort_unstable();
        assert_eq!(first, [format!("end_timestamp_ns={} nanoseconds", start + 10), "thread id=1".into()]);
    }
}

#[test]
fn the_files_own_patterns_take_frames_away() {
    let mut writer = Writer::new();
    writer.named(&["main", "alloc(int)", "grow", "keep_alloc"]);
    writer.location(5, &[3, 2, 1]);
    writer.sample(&[3, 2, 1], &[1]);
    writer.sample(&[1, 2], &[2]);
    writer.sample(&[4, 1], &[3]);
    writer.sample(&[3, 5, 1], &[4]);
    writer.sample(&[1, 5], &[5]);
    let (drop, keep) = (writer.text(".*alloc"), writer.text("keep.*"));
    let unpruned = writer.clone();
    writer.number(7, drop);
    writer.number(8, keep);
    let recording = open(&writer.finish());
    let pruned = ["main 1", "alloc(int) main 2", "main keep_alloc 3", "main main 4", "main main 5"];
    assert_eq!(picture(&recording), pruned);
    assert_eq!(notes(&recording), [("pruned", 3)]);
    assert!(recording.notes[0].text.contains("took 7 frames off the stacks of 3 samples"), "{:?}", recording.notes);
    let whole =
        open_with(&writer.finish(), &Options { prune: false, ..Options::default() }).expect("it is well-formed");
    assert_eq!(picture(&whole), picture(&open(&unpruned.finish())));
    assert!(whole.notes.is_empty());
}

#[test]
fn a_pattern_that_cannot_be_read_takes_nothing_away() {
    let mut writer = Writer::new();
    writer.named(&["main", "alloc"]);
    writer.sample(&[2, 1], &[1]);
    let drop = writer.text("alloc|(");
    writer.number(7, drop);
    let recording = open(&writer.finish());
    assert_eq!(picture(&recording), ["main alloc 1"]);
    assert_eq!(notes(&recording), [("prune-pattern", 1)]);
}

#[test]
fn facts_for_people() {
    let mut writer = Writer::new();
    let (path, comment, url) = (writer.text("/srv/shop"), writer.text("by\nhand"), writer.text("https://example.org"));
    writer.field(3, Proto::default().number(1, 1).number(5, path));
    let period = Proto::default().number(1, writer.text("cpu")).number(2, writer.text("milliseconds"));
    writer.field(11, period);
    [(9, 1_700_000_000_000_000_000), (10, 2_500_000_000), (12, 10), (13, comment), (15, url)]
        .into_iter()
        .for_each(|(field, value)| writer.number(field, value));
    let recording = open(&writer.finish());
    let facts: Vec<_> = recording.meta.iter().map(|(k, v)| format!("{k}: {}", v.replace('\u{202f}', " "))).collect();
    let expected = [
        "Recorded: 2023-11-14 22:13:20 UTC",
        "Duration: 2.50 s",
        "Period: one sample per 10.0 ms of cpu",
        "Program: /srv/shop",
        "Comment: by hand",
        "Documentation: https://example.org",
    ];
    assert_eq!(facts, expected);
    let extent = recording.profiles[0].extent;
    assert_eq!((extent.duration_ns, extent.interval_ns), (Some(2_500_000_000), Some(10_000_000)));
}

#[test]
fn what_cannot_be_shown_is_one_clear_error() {
    let mut writer = Writer::new();
    writer.named(&["main"]);
    writer.sample(&[1], &[5]);
    let whole = writer.finish();
    let no_types = Writer { parts: writer.parts[1..].to_vec(), ..writer.clone() };
    assert!(problem(&no_types.finish()).contains("no sample types"));
    assert!(problem(&writer.parts.concat()).contains("no string table"));
    let with = |tail: &[u8]| problem(&[&whole[..], tail].concat());
    assert!(with(&[0x0b]).contains("group"));
    assert!(with(&[0x08, 1]).contains("another type"));
    assert!(with(&[0x12, 2, 0x0f, 0]).contains("field 2: the wire type 7"));
    assert!(with(&[0x22, 3, 0x08, 0x80, 0x80]).contains("field 4"));
    assert!(with(&[0x48, 1, 0x48, 2]).contains("second profile"));
    assert!(with(&[0xff; 12]).contains("64 bits"));
    assert!(with(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f]).contains("claims"));
    let mut many = Writer::new();
    (0..TYPES_MAX).for_each(|_| many.value_type("x", "y"));
    assert!(problem(&many.finish()).contains("more than 64"));
}

#[test]
fn a_cut_file_is_shown_if_nothing_it_needs_is_missing() {
    let mut writer = Writer::new();
    writer.named(&["main"]);
    writer.sample(&[1], &[5]);
    let mut bytes = writer.finish();
    bytes.extend([0x6a, 9, 1]);
    let recording = open(&bytes);
    assert_eq!((picture(&recording), notes(&recording)), (vec!["main 5".into()], vec![("file-cut", 1)]));
    bytes.truncate(bytes.len() - 3 - 4);
    assert!(problem(&bytes).contains("cut short"));
}

#[test]
fn a_stack_of_a_hundred_thousand_frames() {
    let mut writer = Writer::new();
    writer.named(&["main", "recurse"]);
    let mut deep = vec![2; 100_000];
    deep.push(1);
    writer.sample(&deep, &[5]);
    writer.sample(&deep[1..], &[6]);
    let recording = open(&writer.finish());
    assert_eq!(recording.stacks.len(), 100_001);
    assert_eq!(recording.stacks.walk(recording.profiles[0].samples.stack.get(1)).count(), 100_000);
}

#[test]
fn a_little_input_never_becomes_a_lot() {
    // Ten thousand times the same location of a thousand inlined lines.
    let mut writer = Writer::new();
    writer.function(1, "f");
    writer.location(1, &[1; 1_000]);
    writer.sample(&[1; 10_000], &[1]);
    assert!(problem(&writer.finish()).contains("unfold"));
    // Samples without values, and sixty-four types.
    let mut writer = Writer::new();
    (1..TYPES_MAX).for_each(|_| writer.value_type("x", "y"));
    (0..100_000).for_each(|_| writer.sample(&[], &[1]));
    assert!(problem(&writer.finish()).contains("fewer values"));
    // A hundred thousand made-up names from one long path.
    let mut writer = Writer::new();
    let path = writer.text(&"p".repeat(100_000));
    writer.field(5, Proto::default().number(1, 1).number(4, path));
    for id in 1..=1_000 {
        let line = Proto::default().number(1, 1).number(2, id);
        writer.field(4, Proto::default().number(1, id).bytes(4, &line.0));
        writer.sample(&[id], &[1]);
    }
    assert!(open(&writer.finish()).heap_bytes() < 2_000_000);
    let groups = vec![0x0b; 200_000];
    assert!(problem(&groups).contains("group"));
}

#[test]
fn recognised_by_content() {
    let mut writer = Writer::new();
    writer.named(&["main"]);
    writer.sample(&[1], &[5]);
    let bytes = writer.finish();
    assert_eq!(fit(&bytes), Fit::Yes("protobuf fields of a pprof profile with 1 sample type".into()));
    assert!(matches!(fit(&bytes[..bytes.len() - 3]), Fit::Yes(_)), "cut");
    let mut deep = Writer::new();
    deep.sample(&[1; 100_000], &[1]);
    let head = Head { name: "unknown", bytes: &deep.finish()[..64 << 10], is_whole: false };
    assert!(matches!(detect::detect(&head), Fit::Yes(_)), "a sample longer than the head");
    let damaged = [&bytes[..], &[0x0b, 0x0b]].concat();
    assert!(matches!(fit(&damaged), Fit::Yes(_)), "damaged behind much that is right");
    // OTLP begins with the same byte, but its first field holds messages.
    let resource = Proto::default().bytes(1, &Proto::default().bytes(1, b"\x0a\x04host").0).bytes(2, b"");
    assert_eq!(fit(&Proto::default().bytes(1, &resource.0).0), Fit::No);
    assert_eq!(fit(&Proto::default().bytes(1, b"").bytes(2, &resource.0).0), Fit::No);
    let others: [&[u8]; 8] =
        [b"", b"\n", b"\n\n\n\n", b"{\"nodes\":[]}", b"main;leaf 5\n", &[0; 4096], b"\x80\x04\x95", b"2\x00"];
    others.iter().for_each(|other| assert_eq!(fit(other), Fit::No, "{other:?}"));
    let mut random = Random(1);
    for _ in 0..20_000 {
        let length = random.below(200);
        let noise: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
        assert_eq!(fit(&noise), Fit::No, "{noise:?}");
    }
}

/// A small seeded generator: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 32)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).expect("it is below a usize")
    }
}

/// A profile with everything that there is.
fn rich() -> Vec<u8> {
    let mut writer = Writer::new();
    writer.value_type("space", "kilobytes");
    let (path, drop, keep) = (writer.text("/usr/lib/libc.so"), writer.text(".*alloc"), writer.text("x.*"));
    writer.field(3, Proto::default().number(1, 1).number(2, 0x1000).number(3, 0x9000).number(4, 16).number(5, path));
    writer.named(&["main", "alloc(int)", "grow", "xalloc", "leaf"]);
    writer.location(6, &[3, 2, 1]);
    writer.field(4, Proto::default().number(1, 7).number(2, 1).number(3, 0x1234));
    for i in 0..40i64 {
        writer.sample(&[1 + i % 7, 1 + i % 3, 1], &[i, -i]);
        let moment = ("end_timestamp_ns", "", 1_700_000_000_000_000_000 + (i * 37) % 100, "nanoseconds");
        writer.labelled(&[1 + i % 5, 6, 1], i, &[("thread", "t", 0, ""), ("id", "", i, ""), moment]);
    }
    writer.field(2, Proto::default().number(1, 2).number(2, 5).number(1, 1).number(2, -1));
    [(7, drop), (8, keep), (9, 1_700_000_000_000_000_000), (10, 1_000), (12, 10), (13, drop), (14, 1), (15, path)]
        .into_iter()
        .for_each(|(field, value)| writer.number(field, value));
    let period = Proto::default().number(1, 1).number(2, 2);
    writer.field(11, period);
    writer.finish()
}

/// Where numbers stand in a message and the messages inside it: values, lengths, tags.
fn varints(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut waiting = vec![(0, bytes.len())];
    while let Some((mut at, end)) = waiting.pop() {
        while at < end {
            let Ok((tag, width)) = crate::formats::common::proto::varint(&bytes[at..end]) else { break };
            found.push(at..at + width);
            at += width;
            let Ok((value, width)) = crate::formats::common::proto::varint(&bytes[at..end]) else { break };
            found.push(at..at + width);
            at += width;
            let length = usize::try_from(value).unwrap_or(usize::MAX);
            if tag & 7 == 2 && length <= end - at {
                waiting.push((at, at + length));
                at += length;
            } else if tag & 7 != 0 {
                break;
            }
        }
    }
    found
}

/// The fields of the top level.
fn pieces(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Ok((_, _, length)) = crate::formats::common::proto::field(&bytes[at..]) {
        found.push(at..at + length);
        at += length;
    }
    found
}

/// A number of exactly this many bytes, so that the lengths around it stay right.
fn of_width(width: usize, random: &mut Random) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..width).map(|_| random.next() as u8 | 0x80).collect();
    if random.below(2) == 0 {
        bytes.fill(if random.below(2) == 0 { 0xff } else { 0x80 });
    }
    if let Some(last) = bytes.last_mut() {
        *last &= if width == 10 { 1 } else { 0x7f };
    }
    bytes
}

/// Half of the changes know the structure: numbers, lengths, tags and ids get other values, whole
/// fields are left out, doubled or moved.
fn mutate(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..=random.below(3) {
        let (places, pieces) = (varints(&out), pieces(&out));
        if places.is_empty() || pieces.is_empty() {
            break;
        }
        let at = random.below(out.len());
        let place = places[random.below(places.len())].clone();
        let piece = pieces[random.below(pieces.len())].clone();
        match random.below(10) {
            0..=2 => {
                let number = of_width(place.len(), random);
                out.splice(place, number);
            }
            3 => {
                let edges = [0, 1, 2, 63, 127, 128, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, u64::MAX - 1, u64::MAX];
                let mut number = Vec::new();
                push_varint(&mut number, edges[random.below(edges.len())]);
                out.splice(place, number);
            }
            4 => {
                let moved: Vec<u8> = out.drain(piece).collect();
                if random.below(2) == 0 {
                    out.splice(0..0, moved);
                }
            }
            5 => {
                let again = out[piece].to_vec();
                out.extend(again);
            }
            6 => out[at] ^= 1 << random.below(8),
            7 => out[at] = random.next() as u8,
            8 => out.truncate(at.max(1)),
            _ => {
                let to = random.below(out.len());
                let copied = out[at.min(to)..at.max(to)].to_vec();
                out.splice(at..at, copied);
            }
        }
    }
    out
}

#[test]
fn mutations_end_in_a_recording_or_an_error() {
    let whole = rich();
    let mut random = Random(20_261_122);
    let (mut opened, mut refused) = (0, 0);
    for _ in 0..500 {
        let bytes = mutate(&whole, &mut random);
        let _ = fit(&bytes);
        match open_with(&bytes, &Options::default()) {
            Err(error) => {
                refused += 1;
                assert!(!error.problem.is_empty());
            }
            Ok(recording) => {
                opened += 1;
                check(&recording);
                // 64 KiB for the first block of names, and tables of a few words for a byte.
                assert!(recording.heap_bytes() < 200_000 + 400 * bytes.len(), "{} bytes", bytes.len());
            }
        }
    }
    assert!(opened > 50 && refused > 50, "{opened} opened, {refused} refused: the mutations are one-sided");
}

/// Whether everything refers to something that is there.
fn check(recording: &Recording) {
    let profile = &recording.profiles[0];
    let rows = profile.samples.len();
    assert!(profile.default_value < profile.values.len());
    for value in &profile.values {
        let Weights::Each(column) = &value.weights else { panic!("every value has its numbers") };
        assert_eq!(column.len(), rows);
    }
    if let Some(time) = &profile.time {
        assert_eq!(time.at_ns.len(), rows);
        assert!(time.at_ns.iter().zip(time.at_ns.iter().skip(1)).all(|(a, b)| a <= b));
        assert!(time.last_ns >= 0 && time.at_ns.get(0) >= 0);
    }
    for i in 0..rows {
        labels(recording, i);
    }
    let _ = picture(recording);
}
