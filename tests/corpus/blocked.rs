//! Stalls of the event loop against calls whose begin and end were measured.

use crate::common::{Tally, summary};
use crate::readers::stalls;
use crate::{Case, Kind, cases, read};

use serde_json::Value;

/// What the rule reached on a recording. The first three may not fall, the last may not rise.
struct Mark {
    file: &'static str,
    /// True stalls that lie inside a finding.
    inside: usize,
    /// True stalls whose function is on the finding's path.
    on_path: usize,
    /// True stalls whose function is the one that is blamed.
    blamed: usize,
    /// Findings that hold no true stall.
    extra: usize,
}

/// Of the corpus every true stall must lie inside a finding and have its function on the path; the
/// recordings of `tests/fixtures/stalls` were made before the rule was written, to score it once.
const MARKS: &[Mark] = &[
    Mark { file: "corpus/node/cpuprofile/stalls-1000us.cpuprofile", inside: 7, on_path: 7, blamed: 7, extra: 0 },
    Mark { file: "corpus/node/cpuprofile/stalls-10ms.cpuprofile", inside: 7, on_path: 7, blamed: 7, extra: 0 },
    Mark { file: "corpus/node/cpuprofile/async-chain.cpuprofile", inside: 8, on_path: 8, blamed: 0, extra: 0 },
    Mark { file: "corpus/node/cpuprofile/compute-before.cpuprofile", inside: 0, on_path: 0, blamed: 0, extra: 0 },
    Mark {
        file: "corpus/node/cpuprofile/sync-middleware-before.cpuprofile",
        inside: 43,
        on_path: 43,
        blamed: 43,
        extra: 1,
    },
    Mark { file: "tests/fixtures/stalls/atlas.cpuprofile", inside: 31, on_path: 31, blamed: 31, extra: 0 },
    Mark { file: "tests/fixtures/stalls/catalog-fixed.cpuprofile", inside: 0, on_path: 0, blamed: 0, extra: 1 },
    Mark { file: "tests/fixtures/stalls/catalog.cpuprofile", inside: 29, on_path: 29, blamed: 29, extra: 5 },
    Mark { file: "tests/fixtures/stalls/checkout.cpuprofile", inside: 29, on_path: 29, blamed: 29, extra: 1 },
    Mark { file: "tests/fixtures/stalls/feed.cpuprofile", inside: 23, on_path: 23, blamed: 23, extra: 2 },
    Mark { file: "tests/fixtures/stalls/gallery.cpuprofile", inside: 18, on_path: 17, blamed: 17, extra: 1 },
    Mark { file: "tests/fixtures/stalls/ledger-fixed.cpuprofile", inside: 0, on_path: 0, blamed: 0, extra: 0 },
    Mark { file: "tests/fixtures/stalls/ledger.cpuprofile", inside: 13, on_path: 13, blamed: 13, extra: 1 },
    Mark { file: "tests/fixtures/stalls/mailer.cpuprofile", inside: 15, on_path: 16, blamed: 16, extra: 0 },
    Mark { file: "tests/fixtures/stalls/matcher.cpuprofile", inside: 0, on_path: 0, blamed: 0, extra: 0 },
    Mark { file: "tests/fixtures/stalls/tokens.cpuprofile", inside: 0, on_path: 0, blamed: 0, extra: 0 },
    Mark { file: "tests/fixtures/stalls/vault.cpuprofile", inside: 17, on_path: 17, blamed: 17, extra: 0 },
];

/// Functions that a later version of the program no longer blocks with.
const FIXED: &[(&str, &str)] = &[
    ("corpus/node/cpuprofile/sync-middleware-after.cpuprofile", "loadCatalogueSync"),
    ("corpus/node/cpuprofile/compute-after/CPU.20261122.080351.31302.0.001.cpuprofile", "heavyTask"),
    ("tests/fixtures/stalls/ledger-fixed.cpuprofile", "reconcile"),
    ("tests/fixtures/stalls/ledger-fixed.cpuprofile", "parseStatement"),
    ("tests/fixtures/stalls/catalog-fixed.cpuprofile", "applyChange"),
    ("tests/fixtures/stalls/catalog-fixed.cpuprofile", "exportCatalog"),
];

/// Recordings whose true stalls are known.
fn truths(cases: &[Case]) -> Vec<(&Case, stalls::Truth)> {
    let mut truths = Vec::new();
    for case in cases.iter().filter(|c| c.kind == Kind::V8) {
        let of_index = &case.index["expected"]["ground_truth_stalls"];
        let beside = case.file.with_extension("truth.json");
        let truth = match std::fs::read_to_string(&beside) {
            Ok(text) => stalls::Truth::of_file(&text),
            Err(_) if of_index.is_object() => stalls::Truth::of_index(of_index),
            Err(_) => continue,
        };
        truths.push((case, truth.unwrap_or_else(|e| panic!("{}: {e}", case.name))));
    }
    truths
}

#[test]
fn stalls_are_found_and_blamed() {
    let cases = cases();
    let mut tally = Tally::default();
    for (case, truth) in truths(&cases) {
        tally.file();
        match summary(&case.file) {
            Err(problem) => tally.fail(format!("{}: {problem}", case.name)),
            Ok(line) => judge_stalls(&mut tally, case, &truth, &line),
        }
    }
    for (name, function) in FIXED {
        let Some(case) = cases.iter().find(|c| c.name == *name) else {
            continue;
        };
        let blamed = summary(&case.file).map(|line| stalls::findings(&line).0.iter().any(|f| f.culprit == *function));
        tally.hold(blamed == Ok(false), || format!("{name}: {function} is still blamed ({blamed:?})"));
    }
    tally.finish("stalls");
}

fn judge_stalls(tally: &mut Tally, case: &Case, truth: &stalls::Truth, line: &Value) {
    let name = &case.name;
    let moments =
        read(case.kind, &case.file).ok().and_then(|read| read.v8).map(|facts| facts.moments).unwrap_or_default();
    let interval = line["profiles"][0]["interval_ns"].as_i64().unwrap_or(0).into();
    let (findings, loop_busy) = stalls::findings(line);
    let score = stalls::score(truth, &findings, loop_busy, &stalls::Clock { moments: &moments, interval });
    println!("{}", score.report(name));
    if truth.expectation == "loop busy, no stall" {
        tally.hold(score.loop_busy > 0, || format!("{name}: a saturated loop of short calls is not called busy"));
    }
    if !name.contains("fixtures/stalls/") {
        tally.number(|| format!("{name}: true stalls inside a finding"), &score.inside, &score.truths);
        tally.number(|| format!("{name}: true functions on the path"), &score.on_path, &score.truths);
        tally.hold(score.lengths_are_right(), || format!("{name}: the median error of length is too large"));
        tally
            .hold(score.extra.len() <= 1, || format!("{name}: {} findings that hold no true stall", score.extra.len()));
    }
    if name.contains("fixtures/v8-cpuprofile/") {
        return;
    }
    let Some(mark) = MARKS.iter().find(|mark| mark.file == name) else {
        let (inside, on_path, blamed, extra) = (score.inside, score.on_path, score.blamed, score.extra.len());
        return tally
            .fail(format!("{name}: no mark for inside {inside}, on_path {on_path}, blamed {blamed}, extra {extra}"));
    };
    let reached = [score.inside, score.on_path, score.blamed];
    let holds = reached.iter().zip([mark.inside, mark.on_path, mark.blamed]).all(|(now, before)| *now >= before);
    tally.hold(holds, || format!("{name}: inside, on the path, blamed are {reached:?}, worse than before"));
    tally.hold(score.extra.len() <= mark.extra, || {
        format!("{name}: {} extra findings, {} before", score.extra.len(), mark.extra)
    });
}

/// The truth that the corpus and the fixtures hold: the readers of it agree with its own counts.
#[test]
fn truth_is_read_whole() {
    let cases = cases();
    let mut tally = Tally::default();
    for (case, truth) in truths(&cases) {
        tally.file();
        let of_index = &case.index["expected"]["ground_truth_stalls"];
        let Some(at_least) = of_index["at_least_50ms"].as_u64() else {
            continue;
        };
        let pairs =
            of_index["list"].as_array().into_iter().flatten().filter(|s| s["origin"] == "Timeout(pair)").count();
        tally.number(|| format!("{}: true stalls", case.name), &truth.stalls.len(), &(at_least as usize + pairs));
    }
    tally.finish("truth of stalls");
}
