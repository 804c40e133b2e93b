//! The program against the truth.
//!
//! Three things are compared for every file of the formats that the program reads: the numbers that
//! the recording tool's own reader gave (the corpus' index), the numbers of a small independent reader
//! (`readers/`), and what the program prints. First the readers are held against the index, which
//! proves that they understand the formats; then the program against both. Every file of the corpus,
//! whatever its format, goes through detection; every hostile file ends in a recording or one clear
//! error.
//!
//! The corpus is not part of the repository. `CULPRIT_SHARED` names its folder, which is otherwise
//! sought beside the package; `CULPRIT_REQUIRE_CORPUS=1` turns its absence into a failure.
#![allow(clippy::print_stdout, reason = "a test says what it compared")]

#[path = "corpus/blocked.rs"]
mod blocked;
mod common;
#[path = "corpus/detection.rs"]
mod detection;
#[path = "corpus/findings.rs"]
mod findings;
#[path = "corpus/hostile.rs"]
mod hostile;
#[path = "corpus/measured.rs"]
mod measured;
mod readers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use common::{Entry, Tally, clip, culprit, error_of, summary};
use readers::{Reading, cpuprofile, expected, folded, heapprofile, pprof, prof, program, trace, unpack, zerox};

/// Files of the corpus, of other projects and of the hostile inputs, for the message when they are not
/// there.
const FILES_OF_CORPUS: usize = 798;

/// The formats that the program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    V8,
    Heap,
    ProfLog,
    ProfJson,
    ProfText,
    ZeroStacks,
    ZeroTicks,
    Chrome,
    NodeTrace,
    Trace,
    Pprof,
    Folded,
}

impl Kind {
    /// All of them.
    const ALL: [Self; 12] = [
        Self::V8,
        Self::Heap,
        Self::ProfLog,
        Self::ProfJson,
        Self::ProfText,
        Self::ZeroStacks,
        Self::ZeroTicks,
        Self::Chrome,
        Self::NodeTrace,
        Self::Trace,
        Self::Pprof,
        Self::Folded,
    ];

    /// The identifier that the program prints.
    fn id(self) -> &'static str {
        match self {
            Self::V8 => "v8-cpuprofile",
            Self::Heap => "v8-heapprofile",
            Self::ProfLog => "v8-prof-log",
            Self::ProfJson => "v8-prof-preprocessed",
            Self::ProfText => "v8-prof-text",
            Self::ZeroStacks => "0x-stacks",
            Self::ZeroTicks => "0x-ticks",
            Self::Chrome => "chrome-trace",
            Self::NodeTrace => "node-trace-events",
            Self::Trace => "trace-event",
            Self::Pprof => "pprof",
            Self::Folded => "folded",
        }
    }

    /// The format that an index means by its own identifier.
    fn of_index(id: &str) -> Option<Self> {
        match id {
            "v8-cpuprofile" | "v8-cpuprofile-cdp-answer" | "v8-cpuprofile-old" => Some(Self::V8),
            "v8-heapprofile" => Some(Self::Heap),
            "v8-prof-log" => Some(Self::ProfLog),
            "v8-prof-preprocessed" => Some(Self::ProfJson),
            "v8-prof-text" => Some(Self::ProfText),
            "0x-stacks" => Some(Self::ZeroStacks),
            "0x-ticks" | "clinic-flame-samples" => Some(Self::ZeroTicks),
            "chrome-trace"
            | "chrome-trace-array"
            | "chrome-trace-gzip"
            | "chrome-timeline-object"
            | "chrome-timeline-array" => Some(Self::Chrome),
            "node-trace-events" | "clinic-doctor-traceevent" | "clinic-bubbleprof-traceevent" => Some(Self::NodeTrace),
            "trace-event" | "viztracer-json" | "py-spy-chrometrace" => Some(Self::Trace),
            "pprof" => Some(Self::Pprof),
            "folded" | "folded-diff" | "py-spy-raw" => Some(Self::Folded),
            _ => None,
        }
    }

    /// Whether unpacked content really is of this format, whatever an index calls it.
    fn fits(self, bytes: &[u8]) -> bool {
        match self {
            Self::V8 => serde_json::from_str(&unpack::text(bytes)).is_ok_and(|v: Value| looks_like_v8(&v)),
            Self::Heap => heapprofile::read(&unpack::text(bytes)).is_ok(),
            Self::ProfLog => prof::looks_like_log(&unpack::text(bytes)),
            Self::ProfJson => prof::looks_preprocessed(&unpack::text(bytes)),
            Self::ProfText => prof::looks_like_report(&unpack::text(bytes)),
            Self::ZeroStacks => zerox::stacks(&unpack::text(bytes)).is_ok(),
            Self::ZeroTicks => zerox::ticks(&unpack::text(bytes)).is_ok(),
            Self::Chrome | Self::NodeTrace | Self::Trace => self.read_trace(&unpack::text(bytes)).is_ok(),
            Self::Pprof => pprof::looks_like_pprof(bytes),
            Self::Folded => folded::looks_folded(bytes),
        }
    }

    fn read_trace(self, text: &str) -> Result<trace::Trace, String> {
        trace::read(text, self == Self::NodeTrace, self == Self::Chrome)
    }
}

fn looks_like_v8(value: &Value) -> bool {
    let wrapped = [value, &value["profile"], &value["result"]["profile"]];
    wrapped.into_iter().any(|p| {
        p["nodes"][0]["callFrame"].is_object()
            || p["head"]["callUID"].is_number()
            || p["timestamps"].is_array() && p["head"].is_object()
    })
}

/// What an independent reader makes of a file.
struct Read {
    readings: Vec<Reading>,
    /// Index of the value that is shown first, where the format says so.
    default: Option<usize>,
    v8: Option<cpuprofile::Profile>,
    heap: Option<heapprofile::Profile>,
    prof: Option<prof::Profile>,
    zerox: Option<zerox::Profile>,
    trace: Option<trace::Facts>,
    /// Weights are times 10^`decimals`.
    decimals: u32,
}

impl Read {
    /// Whole weights, of which the first value is shown first.
    fn of(readings: Vec<Reading>) -> Self {
        Self { default: Some(0), readings, v8: None, heap: None, prof: None, zerox: None, trace: None, decimals: 0 }
    }
}

fn read(kind: Kind, file: &Path) -> Result<Read, String> {
    let bytes = unpack::read(file)?;
    match kind {
        Kind::V8 => {
            let profile = cpuprofile::read(&unpack::text(&bytes))?;
            Ok(Read { v8: Some(profile.clone()), ..Read::of(vec![profile.reading]) })
        }
        Kind::Heap => {
            let profile = heapprofile::read(&unpack::text(&bytes))?;
            Ok(Read { heap: Some(profile.clone()), ..Read::of(profile.readings) })
        }
        Kind::ProfLog | Kind::ProfJson | Kind::ProfText => {
            let text = unpack::text(&bytes);
            let profile = match kind {
                Kind::ProfLog => prof::log(&text)?,
                Kind::ProfJson => prof::preprocessed(&text)?,
                _ => prof::report(&text)?,
            };
            Ok(Read { prof: Some(profile.clone()), ..Read::of(vec![profile.reading]) })
        }
        Kind::ZeroStacks | Kind::ZeroTicks => {
            let text = unpack::text(&bytes);
            let profile = if kind == Kind::ZeroStacks { zerox::stacks(&text)? } else { zerox::ticks(&text)? };
            Ok(Read { zerox: Some(profile.clone()), ..Read::of(vec![profile.reading]) })
        }
        Kind::Chrome | Kind::NodeTrace | Kind::Trace => {
            let trace = kind.read_trace(&unpack::text(&bytes))?;
            Ok(Read { trace: Some(trace.facts), ..Read::of(trace.readings) })
        }
        Kind::Pprof => {
            let mut profile = pprof::read(&bytes)?;
            let readings = profile.readings()?;
            let named = readings.iter().position(|r| r.value == profile.default_sample_type);
            Ok(Read { default: named.or(readings.len().checked_sub(1)), ..Read::of(readings) })
        }
        Kind::Folded => {
            let readings = folded::read(&bytes).readings;
            let (decimals, default) = (readings[0].decimals, readings.len().checked_sub(1));
            Ok(Read { decimals, default, ..Read::of(readings) })
        }
    }
}

/// A file to compare, with what an index says of it.
struct Case {
    name: String,
    file: PathBuf,
    kind: Kind,
    index: Value,
}

/// The files of our formats: the corpus, public fixtures of other projects (those that are what their
/// index says), and the fixtures of this repository.
fn cases() -> Vec<Case> {
    let Some(shared) = common::shared(FILES_OF_CORPUS) else { return fixtures() };
    let of_index = |entry: Entry, certain: bool| {
        // A log that speedscope's importer does not know has no format in its index.
        let log = || entry.name.ends_with("-v8.log").then_some(Kind::ProfLog);
        let kind = Kind::of_index(entry.format()).or_else(log)?;
        let fits = certain || unpack::read(&entry.file).is_ok_and(|bytes| kind.fits(&bytes));
        fits.then_some(Case { name: entry.name, file: entry.file, kind, index: entry.index })
    };
    let corpus = common::corpus(&shared).into_iter().filter_map(|e| of_index(e, true));
    // What is packed as zip does not open.
    let samples = common::speedscope_samples(&shared).into_iter().filter(|e| !e.name.ends_with(".zip"));
    let samples = samples.filter_map(|e| of_index(e, true));
    let peers = common::peers(&shared).into_iter().filter_map(|e| of_index(e, false));
    corpus.chain(samples).chain(peers).chain(fixtures()).collect()
}

/// Files of other formats that happen to be folded stacks, so that they may open as such until their
/// format is read for what it is.
fn also_folded(shared: &Path) -> Vec<Case> {
    let entries =
        common::corpus(shared).into_iter().filter(|e| matches!(e.format(), "austin-folded" | "py315-collapsed"));
    let folded = entries.filter(|e| unpack::read(&e.file).is_ok_and(|bytes| Kind::Folded.fits(&bytes)));
    folded.map(|e| Case { name: e.name, file: e.file, kind: Kind::Folded, index: e.index }).collect()
}

/// The recordings among the fixtures of this repository, with what their folder's index says of them.
fn fixtures() -> Vec<Case> {
    let folder = common::package().join("tests/fixtures");
    let rooms = [
        ("v8-cpuprofile", Kind::V8),
        ("stalls", Kind::V8),
        ("v8-heapprofile", Kind::Heap),
        ("v8-prof-log", Kind::ProfLog),
        ("v8-prof-preprocessed", Kind::ProfJson),
        ("v8-prof-text", Kind::ProfText),
        ("0x-stacks", Kind::ZeroStacks),
        ("0x-ticks", Kind::ZeroTicks),
        ("chrome-trace", Kind::Chrome),
        ("node-trace-events", Kind::NodeTrace),
        ("trace-event", Kind::Trace),
        ("pprof", Kind::Pprof),
        ("folded", Kind::Folded),
    ];
    let mut cases = Vec::new();
    for (room, kind) in rooms {
        let index = index_of_fixtures(&folder.join(room));
        for file in common::files_below(&folder.join(room)).into_iter().filter(|f| is_recording(f)) {
            let path = file.strip_prefix(folder.join(room)).unwrap_or(&file).display().to_string();
            let entry = index.get(&path).cloned().unwrap_or_default();
            cases.push(Case { name: format!("tests/fixtures/{room}/{path}"), file, kind, index: entry });
        }
    }
    cases
}

/// Whether a file among the fixtures is a recording and not what belongs to one.
fn is_recording(file: &Path) -> bool {
    const BESIDE: [&str; 9] =
        [".md", ".truth.json", "index.json", ".raw.txt", ".raw.txt.gz", ".top.txt", ".js", ".mjs", ".sh"];
    let name = file.to_string_lossy();
    !BESIDE.iter().any(|end| name.ends_with(end)) && !name.contains("/programs/")
}

/// Entries of a folder's `index.json` by path; none when it has no index.
fn index_of_fixtures(folder: &Path) -> BTreeMap<String, Value> {
    let Ok(text) = std::fs::read_to_string(folder.join("index.json")) else {
        return BTreeMap::new();
    };
    let entries: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    entries.into_iter().map(|entry| (entry["path"].as_str().unwrap_or_default().to_owned(), entry)).collect()
}

/// Compares readings, whoever made them, with the index' numbers for the file.
fn compare_with_index(tally: &mut Tally, case: &Case, readings: &[Reading], read: &Read) {
    let expected = &case.index["expected"];
    if let Some(facts) = &read.trace {
        // Its importer takes the arguments into the names, and threads one by one.
        return expected::trace(tally, &case.name, facts, expected);
    }
    if case.name.contains("speedscope-samples") {
        if expected["profiles"].is_null() {
            return;
        }
        return compare_with_speedscope(tally, case, readings);
    }
    match (case.kind, &read.v8) {
        (Kind::V8, Some(facts)) if expected.is_object() => {
            expected::v8(tally, &case.name, &readings[0], facts, expected)
        }
        (Kind::Heap, _) => {
            if let Some(facts) = &read.heap {
                expected::heap(tally, &case.name, readings, facts, expected);
            }
        }
        (Kind::ProfLog | Kind::ProfJson | Kind::ProfText, _) => {
            if let (Some(facts), Some(reading)) = (&read.prof, readings.first()) {
                expected::prof(tally, &case.name, reading, facts, expected);
            }
        }
        (Kind::ZeroStacks | Kind::ZeroTicks, _) => {
            if let (Some(facts), Some(reading)) = (&read.zerox, readings.first()) {
                expected::zerox(tally, &case.name, reading, facts, expected);
            }
        }
        (Kind::Pprof, _) if expected.is_object() => expected::pprof(tally, &case.name, readings, expected),
        (Kind::Folded, _) if expected.is_object() => expected::folded(tally, &case.name, readings, expected),
        _ => {}
    }
}

fn compare_with_speedscope(tally: &mut Tally, case: &Case, readings: &[Reading]) {
    let path = case.file.display().to_string().replace("/files/", "/expected/") + ".json";
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let profiles: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
    // Its importer takes the default value of a pprof profile, which is the last one here.
    let (Some(reading), factor) = (readings.last(), if case.kind == Kind::V8 { 1000 } else { 1 }) else {
        return;
    };
    if case.kind == Kind::Heap {
        return expected::speedscope_heap(tally, &case.name, &readings[0], &profiles[0]);
    }
    expected::speedscope(tally, &case.name, reading, &profiles[0], factor);
}

#[test]
fn readers_agree_with_the_index() {
    let also = common::shared(FILES_OF_CORPUS).map(|shared| also_folded(&shared)).unwrap_or_default();
    let mut tally = Tally::default();
    for case in cases().into_iter().chain(also).filter(|case| case.index["expected"].is_object()) {
        let case = &case;
        tally.file();
        match read(case.kind, &case.file) {
            Err(problem) => tally.fail(format!("{}: {problem}", case.name)),
            Ok(read) => {
                compare_with_index(&mut tally, case, &read.readings, &read);
                if let Some(facts) = &read.v8 {
                    expected::v8_file(&mut tally, &case.name, facts, &case.index["expected"]);
                }
                if let Some(facts) = &read.heap {
                    expected::heap_file(&mut tally, &case.name, facts, &case.index["expected"]);
                }
                if let Some(facts) = &read.prof {
                    expected::prof_file(&mut tally, &case.name, facts, &case.index["expected"]);
                }
            }
        }
    }
    tally.finish("readers against the index");
}

/// Labels and the number of stacks that `go tool pprof` merges samples to are in the index too.
#[test]
fn pprof_reader_agrees_with_the_index_on_labels() {
    let cases = cases();
    let mut tally = Tally::default();
    for case in cases.iter().filter(|c| c.kind == Kind::Pprof && c.index["expected"]["label_keys"].is_object()) {
        tally.file();
        let profile = unpack::read(&case.file)
            .and_then(|bytes| pprof::read(&bytes))
            .unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let keys = case.index["expected"]["label_keys"].as_object().into_iter().flatten();
        for key in keys.map(|(key, _)| key) {
            let found = profile.samples.iter().any(|s| s.labels.contains(key));
            tally.number(|| format!("{}: label {key}", case.name), &found, &true);
        }
    }
    tally.finish("labels against the index");
}

/// Recorded output of `go tool pprof`: with `-raw` every stack with its inlined lines and every value,
/// with `-top` self and total of the largest functions.
#[test]
fn pprof_reader_agrees_with_go_tool_pprof() {
    let folder = common::package().join("tests/fixtures/pprof");
    let mut tally = Tally::default();
    for recorded in common::files_below(&folder.join("raw")) {
        let name = recorded.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let bytes = unpack::read(&recorded).unwrap_or_else(|e| panic!("{name}: {e}"));
        let text = unpack::text(&bytes);
        let profile = profile_of(&folder, &name).unwrap_or_else(|| panic!("{name}: no profile of that name"));
        let compared =
            if name.contains(".raw.") { compare_with_raw } else { compare_with_top }(&mut tally, &profile, &text);
        compared.unwrap_or_else(|e| panic!("{name}: {e}"));
        tally.file();
    }
    tally.finish("readers against go tool pprof");
}

/// The profile that recorded output belongs to: the file of the same name up to the first point.
fn profile_of(folder: &Path, recorded: &str) -> Option<PathBuf> {
    let stem = recorded.split('.').next()?;
    let is_it = |file: &PathBuf| {
        file.parent() == Some(folder)
            && file.file_name().is_some_and(|n| n.to_string_lossy().split('.').next() == Some(stem))
    };
    common::files_below(folder).into_iter().find(is_it)
}

fn compare_with_raw(tally: &mut Tally, file: &Path, recorded: &str) -> Result<(), String> {
    let want = pprof::parse_raw(recorded)?;
    let mut profile = pprof::read(&unpack::read(file)?)?;
    profile.readings()?;
    let got = profile.raw();
    tally.number(|| format!("{}: number of stacks", file.display()), &got.len(), &want.len());
    for (stack, values) in &want {
        let ours = got.get(stack).cloned().unwrap_or_default();
        tally.hold(ours == *values, || {
            format!("{}: {ours:?}, expected {values:?} for {}", file.display(), clip(&stack.join(" ← ")))
        });
        tally.equal_numbers(if ours == *values { values.len() } else { 0 });
    }
    Ok(())
}

fn compare_with_top(tally: &mut Tally, file: &Path, recorded: &str) -> Result<(), String> {
    let read = read(Kind::Pprof, file)?;
    let default = read.default.map(|i| &read.readings[i]).ok_or("no values")?;
    expected::top(tally, &file.display().to_string(), default, recorded);
    Ok(())
}

#[test]
fn program_agrees_with_readers_and_index() {
    let cases = cases();
    let mut tally = Tally::default();
    for case in &cases {
        match read(case.kind, &case.file) {
            Err(problem) => tally.fail(format!("{}: the independent reader: {problem}", case.name)),
            Ok(read) => compare_program(&mut tally, case, &read),
        }
    }
    tally.finish("corpus");
}

fn compare_program(tally: &mut Tally, case: &Case, read: &Read) {
    let name = &case.name;
    let ours = match summary(&case.file).and_then(|line| open(case, &line, read.decimals).map(|ours| (line, ours))) {
        Ok((line, ours)) => {
            compare_identity(tally, case, &line);
            compare_notes(tally, case, &line, read);
            if let Some(facts) = &read.trace {
                expected::tracks(tally, &case.name, &line, facts);
            }
            ours
        }
        Err(problem) => return tally.fail(format!("{name}: {problem}")),
    };
    tally.file();
    program::compare(tally, name, &ours, &read.readings);
    compare_with_index(tally, case, &with_stacks(ours, &read.readings), read);
    for (i, reading) in of_all_threads(&read.readings).iter().enumerate() {
        compare_convert(tally, case, reading, &["--value", &reading.value]);
        if read.default == Some(i) {
            compare_convert(tally, case, reading, &[]);
        }
    }
}

/// Readings of one value, of several threads, with their stacks added up.
fn of_all_threads(readings: &[Reading]) -> Vec<Reading> {
    let mut all: Vec<Reading> = Vec::new();
    for reading in readings {
        let Some(known) = all.iter_mut().find(|known| known.value == reading.value) else {
            all.push(reading.clone());
            continue;
        };
        let mut stacks: BTreeMap<String, i128> = BTreeMap::new();
        for line in known.folded.iter().chain(&reading.folded) {
            let (stack, weight) = line.rsplit_once(' ').expect("a line ends in its weight");
            *stacks.entry(stack.to_owned()).or_default() +=
                weight.parse::<i128>().expect("weights of threads are whole");
        }
        known.folded = stacks.into_iter().map(|(stack, weight)| format!("{stack} {weight}")).collect();
        known.folded.sort();
    }
    all
}

fn compare_convert(tally: &mut Tally, case: &Case, reading: &Reading, options: &[&str]) {
    let mut arguments = vec!["convert".as_ref(), case.file.as_os_str(), "--to".as_ref(), "folded".as_ref()];
    arguments.extend(options.iter().map(std::ffi::OsStr::new));
    let run = culprit(&arguments);
    if run.code == Some(0) {
        program::compare_folded(tally, &case.name, &run.stdout, reading);
    } else {
        tally.fail(format!("{}: convert {}: {}", case.name, options.join(" "), run.ending()));
    }
}

/// The program's readings with the reader's stacks, which are compared byte by byte on their own.
fn with_stacks(ours: Vec<Reading>, read: &[Reading]) -> Vec<Reading> {
    ours.into_iter().zip(read).map(|(our, read)| Reading { folded: read.folded.clone(), ..our }).collect()
}

fn open(case: &Case, line: &Value, decimals: u32) -> Result<Vec<Reading>, String> {
    if let Some(message) = error_of(line) {
        return Err(message.to_owned());
    }
    if line["format"] != case.kind.id() {
        return Err(format!("opened as {}, expected {}", line["format"], case.kind.id()));
    }
    program::readings(line, decimals)
}

/// The fingerprint: SHA-256 over the size, the first and the last MiB of the file on disk.
fn compare_identity(tally: &mut Tally, case: &Case, line: &Value) {
    const MIB: usize = 1 << 20;
    let bytes = std::fs::read(&case.file).expect("the file was just read by the program");
    let mut hash = Sha256::new();
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(&bytes[..bytes.len().min(MIB)]);
    hash.update(&bytes[bytes.len().saturating_sub(MIB)..]);
    let hex: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    tally.number(|| format!("{}: fingerprint", case.name), &line["fingerprint"].as_str(), &Some(&hex));
}

/// Samples out of order are repaired and said to be; where there are none nothing is said.
fn compare_notes(tally: &mut Tally, case: &Case, line: &Value, read: &Read) {
    let Some(facts) = &read.v8 else { return };
    let notes = line["notes"].as_array().into_iter().flatten();
    let said: u64 = notes
        .filter(|n| n["text"].as_str().is_some_and(|t| t.contains("out of order")))
        .filter_map(|n| n["count"].as_u64())
        .sum();
    tally.number(|| format!("{}: samples out of order in the notes", case.name), &said, &facts.negative_deltas);
}

/// V8's own processor, which made the preprocessed form and the report of the log: each function of a
/// script has as many ticks, alone and with its callees, and as many were waits and collections.
///
/// It gives the ticks of waits and collections to what was on the stack, which the log's reader tells.
#[test]
fn ticks_agree_with_the_engines_own_processor() {
    let Some(shared) = common::shared(3) else { return };
    let mut tally = Tally::default();
    let folder = shared.join("corpus/node/prof");
    let of =
        |name: &str| summary(&folder.join(name)).and_then(|line| program::readings(&line, 0)).map(|mut r| r.remove(0));
    let read = |kind, name: &str| read(kind, &folder.join(name)).map(|read| read.prof.unwrap_or_default());
    let compared = (|| {
        let (log, json) = (of("stalls-v8.log.gz")?, of("stalls.preprocessed.json.gz")?);
        let hidden = read(Kind::ProfLog, "stalls-v8.log.gz")?.hidden;
        let report = of("stalls.prof.txt")?;
        tally.file();
        prof_of_one_run(&mut tally, &log, &json, &report, &hidden);
        Ok::<(), String>(())
    })();
    compared.unwrap_or_else(|problem| tally.fail(problem));
    tally.finish("log against the engine's own processor");
}

/// The program that was recorded has seven built stalls, each of a function of its own.
#[test]
fn stalls_are_found_in_ticks() {
    const BUILT: [&str; 7] =
        ["buildIndex", "compressRows", "hashPasswords", "parseReport", "renderTemplate", "resizeImage", "sortLedger"];
    let Some(shared) = common::shared(2) else { return };
    for name in ["stalls-v8.log.gz", "stalls.preprocessed.json.gz"] {
        let line = summary(&shared.join("corpus/node/prof").join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let found = line["stalls"][0]["worst"].as_array().cloned().unwrap_or_default();
        let mut blamed: Vec<&str> = found.iter().filter_map(|stall| stall["culprit"]["name"].as_str()).collect();
        blamed.sort_unstable();
        assert_eq!(blamed, BUILT, "{name}");
        // Besides, modules are loaded for the first request, by code of the runtime alone.
        assert_eq!(found.len(), BUILT.len() + 1, "{name}");
    }
}

fn prof_of_one_run(
    tally: &mut Tally,
    log: &Reading,
    json: &Reading,
    report: &Reading,
    hidden: &BTreeMap<readers::Function, u64>,
) {
    let scripts = |reading: &Reading| -> BTreeMap<readers::Function, [u64; 2]> {
        let rows = reading.functions.iter().filter(|(f, _)| f.line.is_some());
        rows.map(|(f, cost)| (f.clone(), [cost.own_samples, cost.total_samples])).collect()
    };
    let (ours, theirs) = (scripts(log), scripts(json));
    tally.number(|| "functions of scripts".into(), &ours.len(), &theirs.len());
    for (function, ticks) in &theirs {
        tally.number(|| format!("ticks of {function:?}"), &ours.get(function), &Some(ticks));
    }
    tally.equal_numbers(ours.len());
    // How long a wait is depends on the interval, which only the log tells.
    let facts = |reading: &Reading| (reading.samples, reading.states.map(|s| s.gc), reading.duration);
    tally.number(|| "ticks and collections".into(), &facts(log), &facts(json));
    tally.number(|| "ticks of the report".into(), &report.samples, &log.samples);
    for (function, [own, _]) in scripts(report).into_iter().filter(|(_, [own, _])| *own > 0) {
        let of_log = ours.get(&function).map_or(0, |ticks| ticks[0]) + hidden.get(&function).copied().unwrap_or(0);
        tally.number(|| format!("own ticks of {function:?}"), &of_log, &own);
    }
}

/// Standard input is a file named `-`.
#[test]
fn standard_input_is_a_file() {
    let cases = cases();
    let Some(case) = cases.iter().find(|c| c.kind == Kind::Folded) else {
        return;
    };
    let command = format!("exec \"$0\" summary --json - < '{}'", case.file.display());
    let output = std::process::Command::new("sh").arg("-c").arg(command).arg(env!("CARGO_BIN_EXE_culprit")).output();
    let output = output.expect("a shell can be started");
    let line: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert_eq!(line["file"], "-");
    assert_eq!(line["format"], "folded");
}

/// Equal files give equal bytes, whatever ran before.
#[test]
fn equal_files_give_equal_bytes() {
    let cases = cases();
    let mut by_kind: BTreeMap<&str, &Case> = BTreeMap::new();
    for case in &cases {
        by_kind.entry(case.kind.id()).or_insert(case);
    }
    for case in by_kind.values() {
        let arguments = ["summary".as_ref(), "--json".as_ref(), case.file.as_os_str()];
        let (once, again) = (culprit(&arguments), culprit(&arguments));
        assert!(!once.stdout.is_empty(), "{}: {}", case.name, once.ending());
        assert_eq!(once.stdout, again.stdout, "{}", case.name);
    }
}
