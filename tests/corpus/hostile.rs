//! Damaged and hostile files end in a recording with notes or in one clear error, under limits of memory
//! and time, and never keep the files beside them from being read.

use std::path::Path;

use serde_json::Value;

use crate::common::{self, Entry, Tally, culprit, error_of, summary};

/// What must become of a damaged or hostile file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    /// One error line.
    Error,
    /// Opens, with a note that says what was repaired.
    Repaired,
    /// Opens.
    Opens,
    /// Either an error or a recording with a note.
    ErrorOrRepaired,
    /// Either; the content may be legal.
    Either,
    /// Opens with exactly the numbers of the undamaged file.
    Same(&'static str),
    /// Opens with exactly these numbers, or an error.
    SameOrError(&'static str),
}

const TINY_HEAP: &str = "bad/node/snapshot-tiny-valid-cycle.heapsnapshot";
const ASYNC_CHAIN: &str = "corpus/node/cpuprofile/async-chain.cpuprofile";
const GO_CPU: &str = "corpus/systems/pprof/go-cpu-labels-before.pb.gz";
const MINIMAL: &str = "bad/systems/pprof-minimal-valid.pb";

/// The hostile files of our formats, the containers and those that are no profile at all.
const BAD: &[(&str, Want)] = &[
    ("node/empty.cpuprofile", Want::Error),
    ("node/whitespace.cpuprofile", Want::Error),
    ("node/truncated-half.cpuprofile", Want::ErrorOrRepaired),
    ("node/truncated-last-brace.cpuprofile", Want::ErrorOrRepaired),
    ("node/nan.cpuprofile", Want::Error),
    ("node/infinity-1e999.cpuprofile", Want::Either),
    ("node/bom.cpuprofile", Want::Same(ASYNC_CHAIN)),
    ("node/utf16le-bom.cpuprofile", Want::SameOrError(ASYNC_CHAIN)),
    ("node/utf16be-bom.cpuprofile", Want::SameOrError(ASYNC_CHAIN)),
    ("node/invalid-utf8.cpuprofile", Want::Either),
    ("node/no-nodes.cpuprofile", Want::Error),
    ("node/no-samples.cpuprofile", Want::Repaired),
    ("node/no-deltas.cpuprofile", Want::Repaired),
    ("node/short-deltas.cpuprofile", Want::Repaired),
    ("node/sample-missing-id.cpuprofile", Want::Repaired),
    ("node/huge-ids.cpuprofile", Want::Same(ASYNC_CHAIN)),
    ("node/negative-ids.cpuprofile", Want::SameOrError(ASYNC_CHAIN)),
    ("node/duplicate-ids.cpuprofile", Want::ErrorOrRepaired),
    ("node/cycle-children.cpuprofile", Want::Error),
    ("node/cycle-parents.cpuprofile", Want::Error),
    ("node/self-parent.cpuprofile", Want::Either),
    ("node/depth-100000.cpuprofile.gz", Want::Opens),
    ("node/heapprofile-depth-100000.heapprofile.gz", Want::Opens),
    ("node/prof-log-garbage.log", Want::Repaired),
    ("node/json-nesting-100000.json.gz", Want::Error),
    ("node/wrong-types.cpuprofile", Want::ErrorOrRepaired),
    ("node/nodes-object.cpuprofile", Want::Error),
    ("node/end-before-start.cpuprofile", Want::Repaired),
    ("node/huge-negative-delta.cpuprofile", Want::ErrorOrRepaired),
    ("node/snapshot-tiny-valid-cycle.heapsnapshot", Want::Opens),
    ("node/snapshot-node-count-lies.heapsnapshot", Want::Repaired),
    ("node/snapshot-bad-to-node.heapsnapshot", Want::Error),
    ("node/snapshot-unaligned-to-node.heapsnapshot", Want::Error),
    ("node/snapshot-bad-string-index.heapsnapshot", Want::Repaired),
    ("node/snapshot-edge-count-lies.heapsnapshot", Want::Error),
    ("node/snapshot-no-meta.heapsnapshot", Want::Error),
    ("node/snapshot-strings-first.heapsnapshot", Want::Same(TINY_HEAP)),
    ("node/snapshot-bad-type.heapsnapshot", Want::Repaired),
    ("node/snapshot-truncated-nodes.heapsnapshot", Want::Error),
    ("node/json-null.json", Want::Error),
    ("node/json-number.json", Want::Error),
    ("node/html-error-page.cpuprofile", Want::Error),
    ("node/two-documents.json", Want::Error),
    ("node/gzip-truncated.cpuprofile.gz", Want::Error),
    ("node/gzip-trailing-garbage.cpuprofile.gz", Want::Same(ASYNC_CHAIN)),
    ("node/gzip-two-members.cpuprofile.gz", Want::Same(ASYNC_CHAIN)),
    ("node/gzip-bomb-64MiB.json.gz", Want::Error),
    ("node/processstat-empty", Want::Error),
    ("node/processstat-huge-length", Want::Repaired),
    ("node/processstat-truncated", Want::Repaired),
    ("node/processstat-zeros", Want::Error),
    ("node/k6-broken-line.ndjson", Want::Repaired),
    ("node/trace-truncated-array.json", Want::Repaired),
    ("node/trace-truncated-mid-event.json", Want::Repaired),
    ("node/trace-missing-ends.json", Want::Repaired),
    ("node/trace-extra-ends.json", Want::Repaired),
    ("node/trace-negative-dur.json", Want::Repaired),
    ("node/trace-string-ts.json", Want::Opens),
    ("node/trace-float-ts.json", Want::Opens),
    ("node/trace-shuffled.json", Want::Same("corpus/node/node-trace/stalls-env.node_trace.1.log")),
    ("node/trace-empty-events.json", Want::Opens),
    ("node/trace-absurd-ts.json", Want::Repaired),
    ("node/trace-unknown-phase.json", Want::Repaired),
    ("node/trace-chunk-without-profile.json", Want::Repaired),
    ("systems/pprof-gzip-truncated-half.pb.gz", Want::ErrorOrRepaired),
    ("systems/pprof-gzip-truncated-trailer.pb.gz", Want::ErrorOrRepaired),
    ("systems/pprof-gzip-bad-crc.pb.gz", Want::ErrorOrRepaired),
    ("systems/pprof-gzip-trailing-garbage.pb.gz", Want::Same(GO_CPU)),
    ("systems/pprof-gzip-two-members.pb.gz", Want::Same(GO_CPU)),
    ("systems/pprof-truncated-message.pb", Want::Error),
    ("systems/pprof-absurd-length.pb", Want::Error),
    ("systems/pprof-overlong-varint.pb", Want::Error),
    ("systems/pprof-wiretype-7.pb", Want::Error),
    ("systems/pprof-group-nesting.pb", Want::Error),
    ("systems/pprof-unknown-group-nesting.pb", Want::Error),
    ("systems/pprof-minimal-valid.pb", Want::Opens),
    ("systems/pprof-string-index-out-of-range.pb", Want::ErrorOrRepaired),
    ("systems/pprof-string-index-negative.pb", Want::ErrorOrRepaired),
    ("systems/pprof-string-table-0-not-empty.pb", Want::ErrorOrRepaired),
    ("systems/pprof-missing-location.pb", Want::ErrorOrRepaired),
    ("systems/pprof-duplicate-location-id.pb", Want::Repaired),
    ("systems/pprof-value-count-mismatch.pb", Want::ErrorOrRepaired),
    ("systems/pprof-negative-values.pb", Want::Opens),
    ("systems/pprof-overflow-values.pb", Want::Opens),
    ("systems/pprof-unpacked-repeated.pb", Want::Same(MINIMAL)),
    ("systems/pprof-no-sample-types.pb", Want::Error),
    ("systems/pprof-empty-stack.pb", Want::Opens),
    ("systems/pprof-invalid-utf8-name.pb", Want::Opens),
    ("systems/pprof-huge-ids.pb", Want::Opens),
    ("systems/pprof-fields-out-of-order.pb", Want::Same(MINIMAL)),
    ("systems/pprof-deep-stack-100k.pb.gz", Want::Opens),
    ("systems/gzip-bomb-1GB.gz", Want::Error),
    ("systems/gzip-bomb-nested.gz", Want::Error),
    ("systems/zstd-bomb-4GB.zst", Want::Error),
    ("systems/folded-bad-lines.txt", Want::Repaired),
    ("systems/utf16-folded.txt", Want::Opens),
    ("systems/json-deep-nesting.json", Want::Error),
    ("systems/empty.bin", Want::Error),
];

/// Numbers that a hostile file has although it is damaged: a pointer into the JSON line, and its value.
fn numbers_of_bad(name: &str) -> &'static [(&'static str, i64)] {
    match name {
        "systems/pprof-minimal-valid.pb" => {
            &[("/profiles/0/total", 5), ("/profiles/0/functions/0/self", 5), ("/profiles/0/samples", 1)]
        }
        "systems/pprof-huge-ids.pb" => &[("/profiles/0/total", 5), ("/profiles/0/functions/0/self", 5)],
        "systems/pprof-negative-values.pb" => &[("/profiles/0/total", 7)],
        "systems/pprof-empty-stack.pb" => &[("/profiles/0/total", 5)],
        "systems/pprof-overflow-values.pb" => &[("/profiles/0/total", i64::MAX)],
        "systems/pprof-invalid-utf8-name.pb" => &[("/profiles/0/total", 5)],
        "systems/utf16-folded.txt" => &[("/profiles/0/total", 15), ("/profiles/0/samples", 2)],
        "node/heapprofile-depth-100000.heapprofile.gz" => {
            &[("/profiles/0/total", 800_000), ("/profiles/0/samples", 100_000)]
        }
        "node/no-deltas.cpuprofile" => &[("/profiles/0/samples", 401), ("/profiles/0/duration_ns", 1_036_819_000)],
        "node/processstat-huge-length" => &[("/series/0/points", 154), ("/delays/count", 7)],
        "node/processstat-truncated" => &[("/series/0/points", 153), ("/delays/count", 7)],
        "node/no-samples.cpuprofile" => &[("/profiles/0/duration_ns", 1_036_819_000)],
        // Objects A and B hold each other, and A is held by the root alone.
        "node/snapshot-tiny-valid-cycle.heapsnapshot" | "node/snapshot-node-count-lies.heapsnapshot" => &[
            ("/heap/objects", 3),
            ("/heap/total_bytes", 48),
            ("/heap/largest/0/retained_bytes", 48),
            ("/heap/largest/1/retained_bytes", 32),
        ],
        "node/short-deltas.cpuprofile" => &[("/profiles/0/samples", 10)],
        "node/sample-missing-id.cpuprofile" => {
            &[("/profiles/0/samples", 401), ("/profiles/0/duration_ns", 1_036_819_000)]
        }
        _ => &[],
    }
}

/// One error or one recording for every hostile file, under limits of memory and time; a file after it
/// on the command line is still printed.
#[test]
fn hostile_files_end_in_a_recording_or_one_error() {
    let Some(shared) = common::shared(BAD.len()) else {
        return;
    };
    let mut tally = Tally::default();
    for (name, want) in BAD {
        tally.file();
        let file = shared.join("bad").join(name);
        match summary(&file) {
            Err(problem) => tally.fail(format!("{name}: {problem}")),
            Ok(line) => judge_bad(&mut tally, &shared, name, *want, &line),
        }
    }
    others_are_still_printed(&mut tally, &shared);
    tally.finish("hostile files");
}

/// Every file of the index is in the table above or of a format that the program does not read.
#[test]
fn every_hostile_file_has_a_verdict() {
    let Some(shared) = common::shared(BAD.len()) else {
        return;
    };
    let listed: Vec<String> = BAD.iter().map(|(name, _)| format!("bad/{name}")).collect();
    let foreign = ["otlp-", "zipkin-", "perf-", "svg-", "flamebearer-", "callgrind-", "dhat-", "utf8-bom-otlp"];
    let is_foreign = |entry: &Entry| {
        let file = entry.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        entry.name.starts_with("bad/python/") || foreign.iter().any(|start| file.starts_with(start))
    };
    let missing: Vec<String> = common::bad(&shared)
        .into_iter()
        .filter(|e| !is_foreign(e) && !listed.contains(&e.name))
        .map(|e| e.name)
        .collect();
    assert!(missing.is_empty(), "no verdict for {missing:?}");
}

fn judge_bad(tally: &mut Tally, shared: &Path, name: &str, want: Want, line: &Value) {
    let error = error_of(line);
    let repaired = line["notes"].as_array().is_some_and(|notes| !notes.is_empty());
    let right = match want {
        Want::Error => error.is_some(),
        Want::Repaired => error.is_none() && repaired,
        Want::Opens | Want::Same(_) => error.is_none(),
        Want::ErrorOrRepaired => error.is_some() || repaired,
        Want::Either | Want::SameOrError(_) => true,
    };
    tally.hold(right, || {
        format!("{name}: {}", error.map_or_else(|| format!("opened with the notes {}", line["notes"]), str::to_owned))
    });
    if error.is_some() {
        return;
    }
    if let Want::Same(original) | Want::SameOrError(original) = want {
        compare_lines(tally, shared, name, original, line);
    }
    for (pointer, value) in numbers_of_bad(name) {
        let number = line.pointer(pointer).and_then(Value::as_i64);
        tally.number(|| format!("{name}: {pointer}"), &number, &Some(*value));
    }
    states_add_up(tally, name, line);
}

/// What the program prints of a damaged file is what it prints of the original, but for the identity.
fn compare_lines(tally: &mut Tally, shared: &Path, name: &str, original: &str, line: &Value) {
    let without_identity = |mut line: Value| {
        if let Some(object) = line.as_object_mut() {
            object.retain(|key, _| !["file", "fingerprint", "notes", "detected_by"].contains(&key.as_str()));
        }
        if let Some(profiles) = line["profiles"].as_array_mut() {
            for profile in profiles.iter_mut().filter_map(Value::as_object_mut) {
                profile.remove("name");
            }
        }
        line
    };
    match summary(&shared.join(original)) {
        Err(problem) => tally.fail(format!("{original}: {problem}")),
        Ok(whole) => tally.number(
            || format!("{name} against {original}"),
            &without_identity(line.clone()),
            &without_identity(whole),
        ),
    }
}

/// The six terms of wall time are its sum, exactly, in whatever was read.
fn states_add_up(tally: &mut Tally, name: &str, line: &Value) {
    for profile in line["profiles"].as_array().into_iter().flatten() {
        let Some(states) = profile.get("states") else {
            continue;
        };
        let terms = ["before_first_ns", "active_ns", "idle_ns", "gc_ns", "program_ns", "after_last_ns"];
        let sum: i128 = terms.iter().filter_map(|term| states[term].as_i64()).map(i128::from).sum();
        tally.number(
            || format!("{name}: the sum of its states"),
            &Some(sum),
            &profile["duration_ns"].as_i64().map(i128::from),
        );
    }
}

fn others_are_still_printed(tally: &mut Tally, shared: &Path) {
    let files =
        [MINIMAL, "bad/node/nan.cpuprofile", "bad/node/does-not-exist", ASYNC_CHAIN].map(|name| shared.join(name));
    let arguments: Vec<&std::ffi::OsStr> =
        ["summary".as_ref(), "--json".as_ref()].into_iter().chain(files.iter().map(|f| f.as_os_str())).collect();
    let run = culprit(&arguments);
    let lines = run.lines().unwrap_or_default();
    let kinds: Vec<bool> = lines.iter().map(|line| error_of(line).is_some()).collect();
    tally.hold(kinds == [false, true, true, false], || {
        format!("good, bad, absent, good: errors {kinds:?}; {}", run.ending())
    });
    tally.hold(run.code == Some(2), || format!("after a file that could not be read: {}", run.ending()));
    let named: Vec<&str> = lines.iter().filter_map(|line| line["file"].as_str()).collect();
    let given: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    tally.hold(named == given, || format!("files {named:?}, given {given:?}"));
}
