//! Source maps: recordings of one server, built in five ways, against the recording of its own sources.
//!
//! The truth is what the engine itself names in the sources: their types were made white space, so that
//! every function stands where its author wrote it.

#![expect(clippy::print_stdout, reason = "a test says what it compared")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use common::{culprit, package};
use serde_json::Value;

/// The ways in which the server was built.
const BUILDS: [&str; 5] = ["esbuild", "inline", "bundle", "terser", "tsc"];

/// Functions with less own time than this may have no sample in another run.
const CERTAIN_NS: i64 = 20_000_000;

fn folder() -> PathBuf {
    package().join("tests/fixtures/source-maps")
}

/// A line of `culprit summary --json`, with these maps.
fn printed(recording: &str, maps: &[&str]) -> Value {
    let file = folder().join(recording);
    let maps: Vec<PathBuf> = maps.iter().map(|map| folder().join(map)).collect();
    let mut arguments = vec!["summary".as_ref(), "--json".as_ref(), "--top=2000".as_ref(), file.as_os_str()];
    if !maps.is_empty() {
        arguments.push("--maps".as_ref());
        arguments.extend(maps.iter().map(|map| map.as_os_str()));
    }
    let run = culprit(&arguments);
    let lines = run.lines().unwrap_or_else(|e| panic!("{recording}: {e}"));
    let [line] = &lines[..] else { panic!("{recording}: {} lines; {}", lines.len(), run.ending()) };
    assert!(line.get("error").is_none(), "{recording}: {line}");
    line.clone()
}

/// Name, file below the server's folder and line.
type Place = (String, String, i64);

/// Own time of the functions of the sources, and of what was made of them.
fn functions(line: &Value) -> BTreeMap<Place, i64> {
    let all = line["profiles"][0]["functions"].as_array().expect("a list of functions");
    let place = |function: &Value| {
        let file = function["file"].as_str()?.strip_prefix("file:///srv/market/")?.to_owned();
        let is_ours = file.starts_with("src/") || file.starts_with("out/");
        let name = function["name"].as_str()?.to_owned();
        is_ours.then_some(((name, file, function["line"].as_i64()?), function["self"].as_i64()?))
    };
    let mut functions = BTreeMap::new();
    for (place, own) in all.iter().filter_map(place) {
        assert!(functions.insert(place.clone(), own).is_none(), "{place:?} stands there twice");
    }
    functions
}

fn note<'a>(line: &'a Value, code: &str) -> Option<&'a Value> {
    line["notes"].as_array().expect("a list of notes").iter().find(|note| note["code"] == code)
}

/// All functions of the sources, as the engine names them.
fn truth() -> BTreeSet<Place> {
    let text = std::fs::read_to_string(folder().join("functions.json")).expect("the list is there");
    let list: Value = serde_json::from_str(&text).expect("the list is JSON");
    let text = |function: &Value, key: &str| function[key].as_str().expect("a text").to_owned();
    let list = list.as_array().expect("a list").iter();
    list.map(|f| (text(f, "name"), text(f, "file"), f["line"].as_i64().expect("a line"))).collect()
}

#[test]
fn mapped_functions_are_those_of_the_sources() {
    let truth = truth();
    let original = functions(&printed("original.cpuprofile.gz", &[]));
    let hot: Vec<&Place> = original.iter().filter(|(_, own)| **own >= CERTAIN_NS).map(|(place, _)| place).collect();
    assert!(hot.len() >= 6, "the original keeps the processor busy: {hot:?}");
    assert!(original.keys().all(|place| truth.contains(place) || place.2 == 1), "{original:?}");
    for build in BUILDS {
        let line = printed(&format!("{build}.cpuprofile.gz"), &[build]);
        let mapped = functions(&line);
        // Without the text of the sources a map cannot tell what `export default` is called.
        let as_named = |place: &Place| match (build, place.0.as_str()) {
            ("tsc", "default") => ("default_1".to_owned(), place.1.clone(), place.2),
            _ => place.clone(),
        };
        let truth: BTreeSet<Place> = truth.iter().map(as_named).collect();
        for place in mapped.keys() {
            // A bundle as a whole is no function of any source.
            let is_whole = place.0 == "(anonymous)" && place.2 == 1;
            assert!(truth.contains(place) || is_whole, "{build}: {place:?} is in no source");
        }
        // Terser puts a function that is called once into its caller: nothing of it is left to be measured.
        let is_left = |place: &&&Place| !(build == "terser" && place.0 == "suggest");
        for place in hot.iter().filter(is_left) {
            assert!(mapped.contains_key(&as_named(place)), "{build}: {place:?} is missing");
        }
        let scripts = note(&line, "mapped").map(|note| note["count"].clone());
        assert_eq!(scripts, Some(if build == "tsc" { 5 } else { 1 }.into()), "{build}");
        assert!(note(&line, "unmapped").is_none(), "{build}: {}", line["notes"]);
        println!("{build}: {} functions, {} of them hot, all of them of the sources", mapped.len(), hot.len());
    }
}

/// What was measured stays what it was: only names and places differ.
#[test]
fn mapping_moves_no_time() {
    for build in BUILDS {
        let file = format!("{build}.cpuprofile.gz");
        let (plain, mapped) = (printed(&file, &[]), printed(&file, &[build]));
        for key in ["total", "samples", "duration_ns", "states"] {
            assert_eq!(plain["profiles"][0][key], mapped["profiles"][0][key], "{build}: {key}");
        }
        let own = |line: &Value| functions(line).values().sum::<i64>();
        assert_eq!(own(&plain), own(&mapped), "{build}");
        assert_eq!(plain["fingerprint"], mapped["fingerprint"], "{build}");
    }
}

#[test]
fn maps_and_scripts_may_come_in_any_way() {
    let whole = functions(&printed("esbuild.cpuprofile.gz", &["esbuild"]));
    for maps in [&["esbuild/server.js.map"][..], &["esbuild/server.js", "esbuild/server.js.map"]] {
        assert_eq!(functions(&printed("esbuild.cpuprofile.gz", maps)), whole, "{maps:?}");
    }
    let inline = functions(&printed("inline.cpuprofile.gz", &["inline/server.js"]));
    assert!(inline.keys().any(|place| place.0 == "distance"), "{inline:?}");
    // Folders of several builds: the one with the longest path in common is the one.
    assert_eq!(functions(&printed("esbuild.cpuprofile.gz", &["terser", "esbuild", "bundle"])), whole);
}

#[test]
fn what_has_no_match_is_listed() {
    let line = printed("esbuild.cpuprofile.gz", &["tsc/orders"]);
    let missing = note(&line, "unmapped").expect("a note");
    assert_eq!(missing["text"], "No source map belongs to file:///srv/market/out/esbuild/server.js.");
    let idle = note(&line, "about-unused-maps").expect("a note");
    assert_eq!(idle["count"], 2);
    // The same file name twice, and nothing to tell them apart by.
    let file = folder().join("esbuild.cpuprofile.gz");
    let maps = ["esbuild/server.js.map", "terser/server.js.map"].map(|map| folder().join(map));
    let arguments = ["summary".as_ref(), "--json".as_ref(), file.as_os_str(), "--maps".as_ref()];
    let run = culprit(&[&arguments[..], &maps.each_ref().map(|map| map.as_os_str())].concat());
    let lines = run.lines().expect("lines of JSON");
    assert!(note(&lines[0], "maps-ambiguous").is_some(), "{}", lines[0]["notes"]);
    assert!(functions(&lines[0]).keys().all(|place| place.1.starts_with("out/")));
}

/// Ticks stand on the lines of the sources wherever a line of the script has one original.
#[test]
fn ticks_stand_on_original_lines() {
    for (build, code) in [("bundle", "mapped"), ("tsc", "mapped"), ("esbuild", "about-map-lines")] {
        let line = printed(&format!("{build}.cpuprofile.gz"), &[build]);
        assert!(note(&line, code).is_some(), "{build}: {}", line["notes"]);
    }
}
