//! Findings: each program with something built into it gets the finding that names it; of those that are
//! in order, nobody says anything.

use serde_json::Value;

use crate::common::{self, Tally, culprit};

/// What must be found in a recording: the rule, and the functions that it blames or words of its title.
type Wanted = (&'static str, &'static [&'static str]);

/// Recordings of the corpus with what was built into them, and what must be found of it.
const BUILT: &[(&str, &[Wanted])] = &[
    ("cpuprofile/stalls-1000us.cpuprofile", STALLS),
    ("cpuprofile/stalls-10ms.cpuprofile", STALLS),
    ("prof/stalls-v8.log.gz", STALLS),
    ("prof/stalls.preprocessed.json.gz", STALLS),
    ("cpuprofile/async-chain.cpuprofile", &[("stalls", &["spin"])]),
    ("cpuprofile/derived-parent-links.cpuprofile", &[("stalls", &["spin"])]),
    ("cpuprofile/derived-negative-deltas.cpuprofile", &[("stalls", &["spin"])]),
    ("cpuprofile/compute-before.cpuprofile", &[("loop-busy", &["heavyTask"])]),
    (
        "cpuprofile/sync-middleware-before.cpuprofile",
        &[("stalls", &["loadCatalogueSync"]), ("sync-io", &["readFileSync", "loadCatalogueSync"])],
    ),
    ("cpuprofile/gc-heavy.cpuprofile", &[("gc", &["serialise"]), ("stalls", &["serialise"])]),
    ("cpuprofile/inspector-session.cpuprofile", &[("not-the-loop", &["idle 94.9"])]),
    ("node-trace/stalls-env.node_trace.1.log", &[("stalls", &["timer"]), ("stalls", &["fs"])]),
    ("node-trace/async-chain-hooks.node_trace.1.log", &[("stalls", &["8 stalls", "promise"])]),
    ("node-trace/gc-heavy-v8.node_trace.1.log", &[("gc", &["35.6"])]),
    (
        "chrome/shop-devtools.json.gz",
        &[
            ("stalls", &["checkout"]),
            ("stalls", &["filterResults"]),
            ("stalls", &["churn"]),
            ("stalls", &["hydrateCatalogue"]),
            ("stalls", &["computePrices"]),
            ("layout", &["thrashLayout", "onThrash"]),
            ("vitals", &["Cumulative Layout Shift"]),
        ],
    ),
    ("chrome/shop-minimal.json", PAGE),
    ("chrome/shop-minimal-array.json", PAGE),
    ("chrome/shop-minimal-devtools-saved.json.gz", PAGE),
    ("clinic/doctor-stalls.clinic-doctor", &[("late-loop", &["7 times"])]),
    ("clinic/doctor-stalls.clinic-doctor.html", &[("late-loop", &["7 times"])]),
    ("clinic/bubbleprof-async.clinic-bubbleprof", &[("stalls", &["promise"])]),
    ("event-loop-delay/stalls-r10.ndjson", &[("late-loop", &["8 times"])]),
    ("event-loop-delay/compute.ndjson", &[("late-loop", &["4 times"])]),
    ("heapprofile/leak.heapprofile", &[("hot", &["Session"])]),
    ("clinic/heap-leak.clinic-heapprofiler", &[("hot", &["Session"])]),
    ("heapsnapshot/leak-after.heapsnapshot.gz", &[("heap-holder", &["SessionCache"])]),
];

const STALLS: &[Wanted] = &[
    ("stalls", &["hashPasswords"]),
    ("stalls", &["renderTemplate"]),
    ("stalls", &["parseReport"]),
    ("stalls", &["compressRows"]),
    ("stalls", &["resizeImage"]),
    ("stalls", &["buildIndex"]),
    ("stalls", &["sortLedger"]),
];

const PAGE: &[Wanted] = &[
    ("stalls", &["onBuy"]),
    ("stalls", &["onKey"]),
    ("stalls", &["onChurn"]),
    ("stalls", &["onTimer"]),
    ("layout", &["onThrash"]),
    ("vitals", &["Cumulative Layout Shift"]),
];

/// Recordings of the repository with what was built into them.
const BUILT_HERE: &[(&str, &[Wanted])] = &[
    ("examples/node-server-blocked.cpuprofile", &[("stalls", &["formatAmount"]), ("sync-io", &["pbkdf2Sync"])]),
    ("tests/fixtures/stalls/catalog.cpuprofile", &[("stalls", &["exportCatalog"]), ("stalls", &["applyChange"])]),
    ("tests/fixtures/stalls/ledger.cpuprofile", &[("stalls", &["reconcile"]), ("gc", &[])]),
    ("tests/fixtures/stalls/matcher.cpuprofile", &[("loop-busy", &["countMatches"])]),
    ("tests/fixtures/stalls/tokens.cpuprofile", &[("sync-io", &["scryptSync"]), ("loop-busy", &["deriveKey"])]),
    ("tests/fixtures/stalls/vault.cpuprofile", &[("sync-io", &["generateKeyPairSync", "issueCertificate"])]),
    ("tests/fixtures/stalls-later/slices1.cpuprofile", &[("loop-busy", &["grind"])]),
];

/// Recordings of programs that are in order: the corrected version of one, or one that only starts and waits.
const IN_ORDER: &[&str] = &[
    "cpuprofile/sync-middleware-after.cpuprofile",
    "cpuprofile/compute-after",
    "cpuprofile/compute-after/CPU.20261122.080351.31302.0.001.cpuprofile",
    "cpuprofile/compute-after/CPU.20261122.080352.31302.1.002.cpuprofile",
    "cpuprofile/compute-after/CPU.20261122.080352.31302.10.011.cpuprofile",
    "clinic/doctor-worker.clinic-doctor",
    "heapprofile/esm-unicode.heapprofile",
    "heapsnapshot/leak-before.heapsnapshot.gz",
    "heaptimeline/inspector-timeline.heaptimeline.gz",
    "autocannon/compute-after.autocannon.json",
    "../systems/pprof/go-cpu-labels-after.pb.gz",
    "../systems/folded/inferno-perf-script-after.folded",
];

/// The same of the repository.
const IN_ORDER_HERE: &[&str] = &[
    "examples/node-server-fixed.cpuprofile",
    "tests/fixtures/stalls/catalog-fixed.cpuprofile",
    "tests/fixtures/stalls/ledger-fixed.cpuprofile",
    "tests/fixtures/autocannon/compute-after.autocannon.json",
    "tests/fixtures/folded/inferno-perf-script-after.folded",
];

fn findings(file: &std::path::Path) -> Vec<Value> {
    let run = culprit(&["summary".as_ref(), "--json".as_ref(), "--top".as_ref(), "1".as_ref(), file.as_os_str()]);
    let lines = run.lines().unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let line = lines.first().unwrap_or_else(|| panic!("{}: {}", file.display(), run.ending()));
    assert!(line["error"].is_null(), "{}: {}", file.display(), line["error"]);
    line["findings"].as_array().cloned().unwrap_or_default()
}

/// Whether a finding is what was wanted: each word is a function that it blames, or in its title.
fn is_it(finding: &Value, (rule, words): &Wanted) -> bool {
    let functions: Vec<&str> =
        finding["functions"].as_array().into_iter().flatten().filter_map(|f| f["name"].as_str()).collect();
    let title = finding["title"].as_str().unwrap_or_default();
    finding["rule"] == *rule && words.iter().all(|word| functions.contains(word) || title.contains(word))
}

fn check(tally: &mut Tally, folder: &std::path::Path, name: &str, wanted: &[Wanted]) {
    tally.file();
    let found = findings(&folder.join(name));
    for want in wanted {
        let titles: Vec<&str> = found.iter().filter_map(|f| f["title"].as_str()).collect();
        tally.hold(found.iter().any(|f| is_it(f, want)), || format!("{name}: no {want:?} among {titles:?}"));
    }
    // What costs most is told first, and what is told rests on something.
    let costs: Vec<i64> = found.iter().map(|f| f["cost_ns"].as_i64().unwrap_or(0)).collect();
    tally.hold(costs.is_sorted_by(|a, b| a >= b), || format!("{name}: {costs:?} are out of order"));
}

#[test]
fn what_was_built_in_is_found() {
    let mut tally = Tally::default();
    BUILT_HERE.iter().for_each(|(name, wanted)| check(&mut tally, common::package(), name, wanted));
    if let Some(shared) = common::shared(BUILT.len()) {
        BUILT.iter().for_each(|(name, wanted)| check(&mut tally, &shared.join("corpus/node"), name, wanted));
    }
    tally.finish("findings of what was built in");
}

/// That the loop waits and is blocked by nothing may be said: it is good news.
#[test]
fn programs_in_order_get_no_finding() {
    let mut tally = Tally::default();
    let mut check = |folder: &std::path::Path, name: &str| {
        tally.file();
        let found = findings(&folder.join(name));
        let told: Vec<&Value> = found.iter().filter(|f| f["health"] != true).map(|f| &f["title"]).collect();
        tally.hold(told.is_empty(), || format!("{name}: {told:?}"));
    };
    IN_ORDER_HERE.iter().for_each(|name| check(common::package(), name));
    if let Some(shared) = common::shared(IN_ORDER.len()) {
        IN_ORDER.iter().for_each(|name| check(&shared.join("corpus/node"), name));
    }
    tally.finish("no findings where all is in order");
}
