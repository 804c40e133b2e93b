//! Scores the stalls that the rule finds against calls whose begin and end were measured, and holds
//! the scores: what was found once stays found. `docs/stalls.md` has the scores in words.
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

struct Opened {
    recording: Recording,
    found: Stalls,
}

fn open(file: &Path) -> Opened {
    let bytes = std::fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let bundle = vec![Named { name: file.display().to_string(), source: Box::new(SliceSource::new(bytes)) }];
    let recording = formats::open(bundle, &formats::Options::default(), None, &mut ()).expect("the recording opens");
    let found = stalls::find(&recording, 0, &Modules::of(&recording), THRESHOLD_NS);
    Opened { recording, found }
}

impl Opened {
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

    /// The score of everything that began while calls were bracketed: a program that ends on a
    /// signal writes its list first, and what still runs after that is in the profile only.
    fn score(&self, truth: &Truth, until_ns: i64) -> Score {
        let time = self.recording.profiles[0].time.as_ref().expect("a CPU profile has time");
        let moments: Vec<i128> = time.at_ns.iter().map(|at| i128::from(time.start_ns + at)).collect();
        let (findings, busy) = scoring::findings(&self.line(until_ns));
        scoring::score(truth, &findings, busy, &Clock { moments: &moments, interval: time.interval_ns.into() })
    }
}

/// A recording, the calls in it, and the same calls without the helpers that may be blamed as well.
struct Case {
    name: String,
    file: PathBuf,
    lenient: Truth,
    strict: Truth,
    until_ns: i64,
}

fn case_of_file(file: &Path) -> Case {
    let text = std::fs::read_to_string(file.with_extension("truth.json")).expect("the truth lies beside");
    let mut truth: Value = serde_json::from_str(&text).expect("the truth is JSON");
    let end = |c: &Value| Some((c["start_us"].as_i64()? + c["dur_us"].as_i64()?) * 1000);
    let until_ns = truth["calls"].as_array().into_iter().flatten().filter_map(end).max().unwrap_or(i64::MAX);
    truth["also"] = json!({});
    Case {
        name: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        file: file.to_owned(),
        lenient: Truth::of_file(&text).expect("the truth is whole"),
        strict: Truth::of_file(&truth.to_string()).expect("the truth is whole"),
        until_ns,
    }
}

fn cases() -> Vec<Case> {
    let folder =
        std::env::var_os("HOLD").map_or_else(|| common::package().join("tests/fixtures/stalls"), PathBuf::from);
    let files = common::files_below(&folder);
    files.iter().filter(|f| f.extension().is_some_and(|e| e == "cpuprofile")).map(|f| case_of_file(f)).collect()
}

#[test]
fn print() {
    println!(
        "| recording | true | found | inside | on path | blamed strict / lenient | extra | busy | error median / largest ms |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let verbose = std::env::var_os("VERBOSE").is_some();
    let mut all = cases();
    if let Some(shared) = common::shared(5) {
        for entry in common::corpus(&shared) {
            let truth = &entry.expected()["ground_truth_stalls"];
            if entry.name.contains("/cpuprofile/") && truth.is_object() {
                let read = || Truth::of_index(truth).expect("the truth is whole");
                let name = entry.name.rsplit('/').next().unwrap_or_default().to_owned();
                all.push(Case { name, file: entry.file.clone(), lenient: read(), strict: read(), until_ns: i64::MAX });
            }
        }
    }
    for case in all {
        let opened = open(&case.file);
        let score = opened.score(&case.lenient, case.until_ns);
        let strict = opened.score(&case.strict, case.until_ns).blamed;
        let (median, largest) = score.errors().unwrap_or_default();
        println!(
            "| {} | {} | {} | {} | {} | {strict} / {} | {} | {} | {:.1} / {:+.1} {}|",
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
            if score.lengths_are_right() { "" } else { "(!) " },
        );
        if verbose {
            println!("{}", score.report(""));
            for s in &opened.found.stalls {
                if s.kind != StallKind::Stall {
                    println!(
                        "  busy {:.1} at {:.1} {:?} {} {}",
                        s.duration_ns as f64 / 1e6,
                        (opened.start_ns() + s.start_ns) as f64 / 1e6,
                        s.kind,
                        s.culprit.as_ref().map_or("-", |c| opened.recording.name(c.function)),
                        s.why
                    );
                }
            }
        }
    }
}
