//! Scores the stalls that the rule finds against calls whose begin and end were measured, and holds
//! the scores: what was found once stays found.
#![allow(clippy::print_stdout, reason = "a test says what it compared")]

mod common;
#[path = "readers/stalls.rs"]
mod scoring;

use std::path::Path;

use culprit::analysis::modules::Modules;
use culprit::analysis::stalls::{self, StallKind, Stalls};
use culprit::formats;
use culprit::input::{Named, SliceSource};
use culprit::model::{FunctionId, Recording};
use scoring::{Score, Truth};
use serde_json::{Value, json};

const THRESHOLD_NS: i64 = 50_000_000;

fn open(file: &Path) -> Recording {
    let bytes = std::fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let bundle = vec![Named { name: file.display().to_string(), source: Box::new(SliceSource::new(bytes)) }];
    formats::open(bundle, &formats::Options::default(), None, &mut ()).expect("the recording opens")
}

/// The findings in the shape of the program's JSON, which the scoring reads.
fn line(recording: &Recording, found: &Stalls) -> Value {
    let start = recording.profiles[0].time.as_ref().map_or(0, |t| t.start_ns);
    let name = |f: &FunctionId| recording.name(*f).to_owned();
    let busy = found.stalls.iter().filter(|s| s.kind != StallKind::Stall).count();
    let worst: Vec<Value> = found
        .stalls
        .iter()
        .map(|s| {
            json!({
                "start_ns": start + s.start_ns,
                "duration_ns": s.duration_ns,
                "kind": if s.kind == StallKind::Stall { "stall" } else { "loop-busy" },
                "culprit": s.culprit.as_ref().map(|c| json!({ "name": name(&c.function) })),
                "path": s.path.iter().map(|f| json!({ "name": name(f) })).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "stalls": [{ "loop_busy_count": busy, "worst": worst }] })
}

fn score(file: &Path, truth: &Truth) -> (Recording, Stalls, Score) {
    let recording = open(file);
    let modules = Modules::of(&recording);
    let found = stalls::find(&recording, 0, &modules, THRESHOLD_NS);
    let (findings, busy) = scoring::findings(&line(&recording, &found));
    let interval = recording.profiles[0].time.as_ref().map_or(0, |t| t.interval_ns);
    let score = scoring::score(truth, &findings, busy, interval.into());
    (recording, found, score)
}

fn strict(text: &str) -> Truth {
    let mut truth: Value = serde_json::from_str(text).expect("the truth is JSON");
    truth["also"] = json!({});
    Truth::of_file(&truth.to_string()).expect("the truth is whole")
}

#[test]
fn print() {
    let folder = common::package().join("tests/fixtures/stalls");
    let verbose = std::env::var_os("VERBOSE").is_some();
    let print = |name: &str, file: &Path, truth: &Truth, strict: Option<Truth>| {
        let (_, _, found) = score(file, truth);
        let strictly = strict.map_or(found.blamed, |s| score(file, &s).2.blamed);
        let (median, largest) = found.errors().unwrap_or_default();
        println!(
            "| {name} | {} | {} | {} | {} | {strictly} / {} | {} | {} | {:.1} / {:+.1} {}|",
            found.truths,
            found.found,
            found.inside,
            found.on_path,
            found.blamed,
            found.extra.len(),
            found.loop_busy,
            median as f64 / 1e6,
            largest as f64 / 1e6,
            if found.lengths_are_right() { "" } else { "(!) " },
        );
        if verbose {
            println!("{}", found.report(""));
        }
    };
    println!("| recording | true | found | inside | on path | blamed strict / lenient | extra | busy | error median / largest ms |");
    println!("|---|---|---|---|---|---|---|---|---|");
    if std::env::var_os("ONLY_CORPUS").is_none() {
    for file in common::files_below(&folder).iter().filter(|f| f.extension().is_some_and(|e| e == "cpuprofile")) {
        let text = std::fs::read_to_string(file.with_extension("truth.json")).expect("the truth lies beside");
        let truth = Truth::of_file(&text).expect("the truth is whole");
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        print(&name, file, &truth, Some(strict(&text)));
    }
    }
    let Some(shared) = common::shared(5) else { return };
    for entry in common::corpus(&shared) {
        let truth = &entry.expected()["ground_truth_stalls"];
        if entry.name.contains("/cpuprofile/") && truth.is_object() {
            let truth = Truth::of_index(truth).expect("the truth is whole");
            let name = entry.name.rsplit('/').next().unwrap_or_default();
            print(name, &entry.file, &truth, None);
            let (_, found, _) = score(&entry.file, &truth);
            println!("reference {} {}, ours {} {}", entry.expected()["stalls_rule_D"]["found"], entry.expected()["stalls_rule_D"]["total_us"], found.stalls.len(), found.stalls.iter().map(|s| s.duration_ns).sum::<i64>() / 1000);
        }
    }
}
