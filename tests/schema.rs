//! The JSON of the program against its documented contract, `docs/summary.schema.json`.
#![allow(clippy::print_stdout, reason = "a test says what it checked")]

mod common;

use std::ffi::OsStr;
use std::path::PathBuf;

use jsonschema::Validator;
use serde_json::{Value, json};

use common::{culprit, package};

fn contract() -> Value {
    let path = package().join("docs/summary.schema.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&contract()).expect("the contract is a schema of draft 2020-12")
}

fn problems(validator: &Validator, line: &Value) -> Vec<String> {
    // Against the one alternative that is meant, so that a message names the key that is wrong.
    validator.iter_errors(line).map(|e| format!("{} at {}", e, e.instance_path())).collect()
}

/// The part of the contract that a line is meant to follow, with all definitions.
fn alternative(line: &Value) -> Validator {
    let part = if line.get("error").is_some() { "failure" } else { "recording" };
    let contract = contract();
    let schema =
        json!({ "$schema": contract["$schema"], "$ref": format!("#/$defs/{part}"), "$defs": contract["$defs"] });
    jsonschema::draft202012::new(&schema).expect("a part of the contract is a schema")
}

#[test]
fn the_contract_is_a_valid_schema() {
    let contract = contract();
    assert!(jsonschema::meta::is_valid(&contract), "not a schema of draft 2020-12");
    validator();
}

/// Every key of the contract says what it means.
#[test]
fn every_key_is_described() {
    fn keys<'a>(schema: &'a Value, defs: &'a Value, missing: &mut Vec<String>) {
        for (key, part) in schema["properties"].as_object().into_iter().flatten() {
            let target = part["$ref"].as_str().and_then(|r| r.strip_prefix("#/$defs/")).map(|name| &defs[name]);
            let described = part.get("description").is_some()
                || target.is_some_and(|t| t.get("description").is_some() || t.get("properties").is_some());
            if !described && part.get("properties").is_none() {
                missing.push(key.clone());
            }
            keys(part, defs, missing);
        }
    }
    let contract = contract();
    let mut missing = Vec::new();
    for part in contract["$defs"].as_object().into_iter().flatten().map(|(_, part)| part) {
        keys(part, &contract["$defs"], &mut missing);
    }
    assert!(missing.is_empty(), "keys without a description: {missing:?}");
}

/// A line as the contract describes it, and what is no such line.
#[test]
fn the_contract_tells_right_from_wrong() {
    let validator = validator();
    let line = json!({
        "schema": 1, "file": "a.cpuprofile", "format": "v8-cpuprofile", "detected_by": "It has nodes and samples.",
        "fingerprint": "0".repeat(64), "notes": [{ "code": "out-of-order", "count": 2, "text": "2 samples were out of order." }],
        "profiles": [{
            "name": "main", "value": "wall", "unit": "ns", "samples": 3, "total": 9_007_199_254_740_993_i64,
            "start_ns": -5, "duration_ns": 10, "interval_ns": 1,
            "states": { "before_first_ns": 1, "active_ns": 2, "idle_ns": 3, "gc_ns": 4, "program_ns": 0, "after_last_ns": 0, "late_sample_ns": 0 },
            "functions": [{ "name": "spin", "file": "a.js", "line": 9, "self": 1, "total": 2, "self_samples": 1, "total_samples": 1 }]
        }],
        "stalls": [{
            "source": "inferred", "threshold_ns": 50_000_000, "count": 1, "total_ns": 60_000_000, "loop_busy_count": 0,
            "worst": [{
                "start_ns": 5, "duration_ns": 60_000_000, "kind": "stall", "origin": "timer", "gc_ns": 0, "program_ns": 0,
                "culprit": { "name": "spin", "file": "a.js", "line": 9, "self_ns": 1, "total_ns": 2, "share": 0.5 },
                "path": [{ "name": "spin", "file": "a.js", "line": 9 }]
            }]
        }],
        "heap": {
            "objects": 2, "edges": 1, "total_bytes": 48, "native_bytes": 0, "typed_array_bytes": 0, "code_bytes": 0,
            "string_bytes": 0, "array_bytes": 0, "system_bytes": 0, "constructors": 1,
            "classes": [{
                "name": "Box", "script_id": 4, "line": 3, "column": 1, "count": 1, "shallow_bytes": 16,
                "retained_bytes": 48, "distance": 2
            }],
            "largest": [{
                "id": 3, "name": "Box", "class": "Box", "kind": "object", "shallow_bytes": 16, "retained_bytes": 48,
                "distance": 2, "path": [{ "id": 1, "name": "global", "reference": ".box" }]
            }],
            "detached": { "count": 0, "shallow_bytes": 0, "largest": [] },
            "duplicates": {
                "groups": 1, "wasted_bytes": 16, "largest": [{
                    "text": "a", "example_id": 7, "count": 2, "shallow_bytes": 32, "wasted_bytes": 16,
                    "retained_bytes": 32, "is_cut": false
                }]
            },
            "allocations": {
                "intervals": [{ "from_us": 0, "to_us": 500, "live_count": 1, "live_bytes": 16 }],
                "functions": [{
                    "name": "make", "file": "a.js", "line": 3, "count": 2, "bytes": 32, "live_count": 1, "live_bytes": 16
                }]
            }
        },
        "findings": [{
            "rule": "stalls", "title": "1 stall of 60 ms, in `spin`", "health": false, "certainty": "inferred",
            "reason": "By samples.", "cost_ns": 60_000_000, "next": "Do less.", "shown": "stalls", "tid": 0,
            "evidence": [{ "label": "in all", "value": 60_000_000, "unit": "ns", "of": 1_000_000_000, "of_what": "recorded" }],
            "functions": [{ "name": "spin", "file": "a.js", "line": 9 }],
            "range": { "start_ns": 5, "end_ns": 60_000_005 }
        }]
    });
    assert_eq!(problems(&validator, &line), [""; 0]);
    let failure = json!({ "schema": 1, "file": "b", "error": { "message": "The file is empty.", "offset": 0 } });
    assert_eq!(problems(&validator, &failure), [""; 0]);

    let wrong = |change: fn(&mut Value)| {
        let mut changed = line.clone();
        change(&mut changed);
        !validator.is_valid(&changed)
    };
    assert!(wrong(|l| l["schema"] = json!(2)));
    assert!(wrong(|l| l["extra"] = json!(1)));
    assert!(wrong(|l| l["fingerprint"] = json!("abc")));
    assert!(wrong(|l| l["profiles"][0]["samples"] = json!(1.5)));
    assert!(wrong(|l| l["profiles"][0]["functions"][0]["line"] = json!(0)));
    assert!(wrong(|l| l["profiles"][0]["functions"][0]["file"] = json!("")));
    assert!(wrong(|l| l["stalls"][0]["worst"][0]["culprit"]["share"] = json!(50)));
    assert!(wrong(|l| l["heap"] = json!({})));
    assert!(wrong(|l| l["heap"]["largest"][0]["path"][0] = json!({ "id": 1 })));
    assert!(wrong(|l| l["heap"]["duplicates"]["largest"][0]["count"] = json!(1)));
    assert!(wrong(|l| l["findings"][0]["certainty"] = json!("sure")));
    assert!(wrong(|l| l["findings"][0]["evidence"] = json!([])));
    assert!(wrong(|l| l["findings"][0]["range"] = json!({ "start_ns": 5 })));
    assert!(wrong(|l| l["error"] = json!({ "message": "both" })));
}

/// Files to print: every fixture, with those that are no recording at all, and one that is absent.
fn files() -> Vec<PathBuf> {
    let mut files = common::files_below(&package().join("tests/fixtures"));
    files.push(package().join("Cargo.toml"));
    files.push(package().join("tests/fixtures/absent.pb"));
    files
}

#[test]
fn every_line_follows_the_contract() {
    let whole = validator();
    let (mut recordings, mut failures, mut wrong) = (0, 0, Vec::new());
    for file in files() {
        let run = culprit(&["summary".as_ref(), "--json".as_ref(), file.as_os_str()]);
        let name = file.strip_prefix(package()).unwrap_or(&file).display().to_string();
        let lines = run.lines().unwrap_or_else(|e| panic!("{name}: {e}"));
        let [line] = &lines[..] else { panic!("{name}: {} lines; {}", lines.len(), run.ending()) };
        if !whole.is_valid(line) {
            wrong.extend(problems(&alternative(line), line).into_iter().map(|p| format!("{name}: {p}")));
        }
        if line.get("error").is_some() {
            failures += 1
        } else {
            recordings += 1
        }
        assert_eq!(line["file"].as_str(), file.to_str());
    }
    println!("schema: {recordings} recordings and {failures} errors checked");
    assert!(wrong.is_empty(), "{} lines break the contract:\n{}", wrong.len(), wrong.join("\n"));
    assert!(recordings > 0 && failures > 0);
}

/// One line per file, in the order given, the good beside the bad.
#[test]
fn one_line_per_file_in_order() {
    let bad = package().join("Cargo.toml");
    let absent = package().join("tests/fixtures/absent.pb");
    let arguments: Vec<&OsStr> =
        vec!["summary".as_ref(), "--json".as_ref(), bad.as_os_str(), absent.as_os_str(), bad.as_os_str()];
    let run = culprit(&arguments);
    assert_eq!(run.code, Some(2), "{}", run.ending());
    let lines = run.lines().expect("every line is JSON");
    let files: Vec<Option<&str>> = lines.iter().map(|l| l["file"].as_str()).collect();
    assert_eq!(files, [bad.to_str(), absent.to_str(), bad.to_str()]);
}
