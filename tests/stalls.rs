//! Scores the stalls that the rule finds against calls whose begin and end were measured, and holds
//! the scores: what was found once stays found. `docs/stalls.md` has them in words; with
//! `--nocapture` the table is printed, with `VERBOSE=1` also what was missed.
#![allow(clippy::print_stdout, reason = "a test says what it compared")]

mod common;
#[path = "readers/stalls.rs"]
#[allow(dead_code, reason = "each test program uses its own part")]
mod scoring;

use std::path::{Path, PathBuf};

use culprit::analysis::modules::Modules;
use culprit::analysis::stalls::{self, StallKind, Stalls};
use culprit::formats;
use culprit::input::{Named, SliceSource};
use culprit::model::{FunctionId, Recording};
use scoring::{Clock, Score, Truth};
use serde_json::{Value, json};

const THRESHOLD_NS: i64 = 50_000_000;

/// What the rule reached on a recording: none of it may get worse.
struct Mark {
    name: &'static str,
    /// True stalls inside a finding, with their function on its path, and blamed (a helper that only
    /// the function calls counts as well).
    inside: usize,
    on_path: usize,
    blamed: usize,
    /// Findings that hold less than half of true stalls.
    extra: usize,
    /// Whether the median error of length is at most one interval and 5 % of the call.
    are_lengths_right: bool,
}

const fn mark(name: &'static str, reached: [usize; 3], extra: usize, are_lengths_right: bool) -> Mark {
    let [inside, on_path, blamed] = reached;
    Mark { name, inside, on_path, blamed, extra, are_lengths_right }
}

/// `fixtures/stalls` was recorded before the rule was written, `fixtures/stalls-later` after it was
/// tuned; the rest is of the reference corpus.
const MARKS: &[Mark] = &[
    mark("stalls/atlas", [31, 31, 31], 0, true),
    mark("stalls/catalog", [29, 29, 29], 5, false),
    mark("stalls/catalog-fixed", [0, 0, 0], 1, true),
    mark("stalls/checkout", [29, 29, 29], 1, true),
    mark("stalls/feed", [23, 23, 23], 1, true),
    mark("stalls/gallery", [18, 17, 17], 1, true),
    mark("stalls/ledger", [13, 13, 13], 1, true),
    mark("stalls/ledger-fixed", [0, 0, 0], 0, true),
    mark("stalls/mailer", [15, 16, 16], 0, true),
    mark("stalls/matcher", [0, 0, 0], 0, true),
    mark("stalls/tokens", [0, 0, 0], 0, true),
    mark("stalls/vault", [17, 17, 17], 0, true),
    mark("stalls-later/atlas10", [38, 39, 39], 0, true),
    mark("stalls-later/catalog1", [33, 33, 33], 3, true),
    mark("stalls-later/checkout10", [24, 24, 24], 5, false),
    mark("stalls-later/feed10", [13, 12, 12], 1, true),
    mark("stalls-later/gallery1", [27, 27, 27], 2, true),
    mark("stalls-later/ledger10", [15, 16, 16], 2, true),
    mark("stalls-later/mailer10", [24, 28, 28], 0, false),
    mark("stalls-later/matcher1", [0, 0, 0], 0, true),
    mark("stalls-later/slices1", [0, 0, 0], 0, true),
    mark("stalls-later/stream1", [6, 8, 8], 5, false),
    mark("stalls-later/tokens10", [0, 0, 0], 0, true),
    mark("stalls-later/vault1", [20, 20, 20], 0, true),
    mark("cpuprofile/stalls-1000us", [7, 7, 7], 0, true),
    mark("cpuprofile/stalls-10ms", [7, 7, 7], 0, true),
    mark("cpuprofile/async-chain", [8, 8, 0], 0, true),
    mark("cpuprofile/compute-before", [0, 0, 0], 0, true),
    mark("cpuprofile/sync-middleware-before", [43, 43, 43], 1, true),
];

/// Programs whose loop is always busy with short calls.
const BUSY: &[&str] = &[
    "stalls/matcher",
    "stalls/tokens",
    "stalls-later/matcher1",
    "stalls-later/slices1",
    "stalls-later/tokens10",
    "cpuprofile/compute-before",
];

/// Functions that a later version of the program no longer blocks with.
const FIXED: &[(&str, &[&str])] = &[
    ("stalls/ledger-fixed", &["reconcile", "parseStatement"]),
    ("stalls/catalog-fixed", &["applyChange", "exportCatalog"]),
];

/// A recording, the calls in it, and the same calls without the helpers that may be blamed as well.
struct Case {
    name: String,
    file: PathBuf,
    lenient: Truth,
    strict: Truth,
    /// The origin of every true stall with a moment inside it.
    origins: Vec<(String, i64)>,
    /// A program that ends on a signal writes its list first: what still runs after that is in the
    /// profile only.
    until_ns: i64,
}

impl Case {
    fn of_fixture(file: &Path) -> Self {
        let text = std::fs::read_to_string(file.with_extension("truth.json")).expect("the truth lies beside");
        let mut truth: Value = serde_json::from_str(&text).expect("the truth is JSON");
        let calls = truth["calls"].as_array().expect("the truth lists calls");
        let micros = |c: &Value, key: &str| c[key].as_i64().expect("a call has times");
        let end = |c: &Value| (micros(c, "start_us") + micros(c, "dur_us")) * 1000;
        let until_ns = calls.iter().map(end).max().unwrap_or(i64::MAX);
        let long = calls.iter().filter(|c| micros(c, "dur_us") * 1000 >= THRESHOLD_NS);
        let middle = |c: &Value| end(c) - micros(c, "dur_us") * 500;
        let origins = long.map(|c| (c["origin"].as_str().unwrap_or_default().to_owned(), middle(c))).collect();
        truth["also"] = json!({});
        let folder = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        Self {
            name: format!("{folder}/{}", file.file_stem().unwrap_or_default().to_string_lossy()),
            file: file.to_owned(),
            lenient: Truth::of_file(&text).expect("the truth is whole"),
            strict: Truth::of_file(&truth.to_string()).expect("the truth is whole"),
            origins,
            until_ns,
        }
    }

    fn of_index(name: &str, file: &Path, truth: &Value) -> Self {
        let read = || Truth::of_index(truth).expect("the truth is whole");
        let (lenient, strict) = (read(), read());
        let name = format!("cpuprofile/{name}");
        Self { name, file: file.to_owned(), lenient, strict, origins: Vec::new(), until_ns: i64::MAX }
    }
}

fn fixtures() -> Vec<Case> {
    let fixtures = common::package().join("tests/fixtures");
    let files = ["stalls", "stalls-later"].map(|folder| common::files_below(&fixtures.join(folder))).concat();
    files.iter().filter(|f| f.extension().is_some_and(|e| e == "cpuprofile")).map(|f| Case::of_fixture(f)).collect()
}

fn corpus() -> Vec<Case> {
    let Some(shared) = common::shared(5) else { return Vec::new() };
    let mut cases = Vec::new();
    for entry in common::corpus(&shared) {
        let truth = &entry.expected()["ground_truth_stalls"];
        if entry.name.starts_with("corpus/node/cpuprofile/") && truth.is_object() {
            let name = entry.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            cases.push(Case::of_index(&name, &entry.file, truth));
        }
    }
    cases
}

/// A recording with its stalls.
struct Opened {
    recording: Recording,
    found: Stalls,
}

impl Opened {
    fn of(file: &Path) -> Self {
        let bytes = std::fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let bundle = vec![Named { name: file.display().to_string(), source: Box::new(SliceSource::new(bytes)) }];
        let opened = formats::open(bundle, &formats::Options::default(), None, &mut ());
        let recording = opened.unwrap_or_else(|e| panic!("{}: {e:?}", file.display()));
        let found = stalls::find(&recording, 0, &Modules::of(&recording), THRESHOLD_NS);
        Self { recording, found }
    }

    fn start_ns(&self) -> i64 {
        self.recording.profiles[0].time.as_ref().map_or(0, |t| t.start_ns)
    }

    /// The findings in the shape of the program's JSON, which the scoring reads.
    fn line(&self, until_ns: i64) -> Value {
        let name = |f: &FunctionId| self.recording.name(*f).to_owned();
        let is_stall = |kind: StallKind| kind == StallKind::Stall;
        let told = || self.found.stalls.iter().filter(|s| self.start_ns() + s.start_ns < until_ns);
        let worst: Vec<Value> = told()
            .map(|s| {
                json!({
                    "start_ns": self.start_ns() + s.start_ns,
                    "duration_ns": s.duration_ns,
                    "kind": if is_stall(s.kind) { "stall" } else { "loop-busy" },
                    "culprit": s.culprit.as_ref().map(|c| json!({ "name": name(&c.function) })),
                    "path": s.path.iter().map(|f| json!({ "name": name(f) })).collect::<Vec<_>>(),
                })
            })
            .collect();
        let busy = told().filter(|s| !is_stall(s.kind)).count();
        json!({ "stalls": [{ "loop_busy_count": busy, "worst": worst }] })
    }

    fn score(&self, truth: &Truth, until_ns: i64) -> Score {
        let time = self.recording.profiles[0].time.as_ref().expect("a CPU profile has time");
        let moments: Vec<i128> = time.at_ns.iter().map(|at| i128::from(time.start_ns + at)).collect();
        let (findings, busy) = scoring::findings(&self.line(until_ns));
        scoring::score(truth, &findings, busy, &Clock { moments: &moments, interval: time.interval_ns.into() })
    }

    /// The origin told of the stall at a moment of the file's clock.
    fn origin_at(&self, ns: i64) -> Option<std::borrow::Cow<'static, str>> {
        let at = ns - self.start_ns();
        let stall = self.found.stalls.iter().find(|s| s.start_ns <= at && at < s.start_ns + s.duration_ns)?;
        stall.origin.clone()
    }
}

fn row(case: &Case, score: &Score, strict: usize) -> String {
    let (median, largest) = score.errors().unwrap_or_default();
    format!(
        "| `{}` | {} | {} | {} | {} | {strict} / {} | {} | {} | {:.1} / {:+.1} |",
        case.name,
        score.truths,
        score.found,
        score.inside,
        score.on_path,
        score.blamed,
        score.extra.len(),
        score.loop_busy,
        median as f64 / 1e6,
        largest as f64 / 1e6,
    )
}

#[test]
fn no_score_gets_worse() {
    let is_verbose = std::env::var_os("VERBOSE").is_some();
    let mut worse = Vec::new();
    println!(
        "| recording | true | found | inside | on path | blamed: itself / or its helper | extra | busy | error of length: median / largest, ms |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for case in fixtures().into_iter().chain(corpus()) {
        let opened = Opened::of(&case.file);
        let score = opened.score(&case.lenient, case.until_ns);
        let strict = opened.score(&case.strict, case.until_ns).blamed;
        println!("{}", row(&case, &score, strict));
        if is_verbose {
            println!("{}", score.report(&case.name));
        }
        let mark = MARKS.iter().find(|m| m.name == case.name);
        let mark = mark.unwrap_or_else(|| panic!("{} has no mark: {}", case.name, row(&case, &score, strict)));
        let holds = score.inside >= mark.inside
            && score.on_path >= mark.on_path
            && score.blamed >= mark.blamed
            && score.extra.len() <= mark.extra
            && (score.lengths_are_right() || !mark.are_lengths_right);
        if !holds {
            worse.push(score.report(&case.name));
        }
    }
    assert!(worse.is_empty(), "worse than before:\n{}", worse.join("\n"));
}

#[test]
fn short_calls_are_a_busy_loop() {
    for case in fixtures().into_iter().chain(corpus()).filter(|c| BUSY.contains(&c.name.as_str())) {
        let found = Opened::of(&case.file).found;
        let (stalls, busy): (Vec<_>, Vec<_>) = found.stalls.iter().partition(|s| s.kind == StallKind::Stall);
        assert!(stalls.is_empty() && !busy.is_empty(), "{}: {} stalls, {} busy", case.name, stalls.len(), busy.len());
        let is_told = |s: &&stalls::Stall| matches!(s.kind, StallKind::LoopBusy { calls, median_ns } if calls > 0 && median_ns > 0);
        assert!(busy.iter().all(is_told), "{}: a busy loop says how many calls of which length", case.name);
    }
}

#[test]
fn what_was_fixed_is_not_blamed() {
    for case in fixtures() {
        let Some((_, fixed)) = FIXED.iter().find(|f| f.0 == case.name) else { continue };
        let opened = Opened::of(&case.file);
        for culprit in opened.found.stalls.iter().filter_map(|s| s.culprit.as_ref()) {
            let name = opened.recording.name(culprit.function);
            assert!(!fixed.contains(&name), "{}: {name} is still blamed", case.name);
        }
    }
}

/// What made the loop call, as the programs know it, against what the stacks tell.
#[test]
fn origins_are_right_as_far_as_the_stack_tells() {
    let (mut right, mut silent, mut wrong) = (0, 0, Vec::new());
    for case in fixtures() {
        let opened = Opened::of(&case.file);
        for (origin, at) in &case.origins {
            let told = opened.origin_at(*at);
            match (origin.as_str(), told.as_deref()) {
                (_, None) => silent += 1,
                ("timer", Some("timer"))
                | ("immediate", Some("setImmediate"))
                | ("fs", Some("fs"))
                // A body that was read whole ends as a stream, in a microtask.
                | ("http", Some("HTTP request" | "stream"))
                | ("message", Some("worker message"))
                | ("stream", Some("stream"))
                | ("promise", Some("promise" | "promise or nextTick"))
                | ("nextTick", Some("promise or nextTick")) => right += 1,
                (origin, Some(told)) => wrong.push(format!("{}: {origin} is told as {told}", case.name)),
            }
        }
    }
    println!("origins: {right} right, {silent} not told, {} wrong {wrong:#?}", wrong.len());
    assert!(right >= 396 && wrong.len() <= 1, "{right} right, {wrong:#?}");
}
