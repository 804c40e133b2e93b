//! Series, distributions, totals and facts against the truth: the numbers of the corpus' index, those
//! of small independent readers (`readers/measures.rs`), and stalls that the recorded programs timed
//! themselves.
//!
//! Files of the corpus are not part of the repository, see `corpus.rs`; the fixtures are, and go through
//! the same comparisons.
#![allow(clippy::print_stdout, reason = "a test says what it compared")]

mod common;
mod readers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use culprit::analysis::{doctor, load};
use culprit::formats::{self, Options};
use culprit::input::{FileSource, Named};
use culprit::model::{Recording, Role, Series};
use serde_json::Value;

use common::{Entry, Tally, package, summary};
use readers::measures::{self, Point, percentile};
use readers::unpack;

/// Files of the corpus that are compared here, for the message when they are not there.
const FILES: usize = 19;

/// The files of a format: those of the corpus with their index, then the fixtures.
fn files(format: &str) -> Vec<(PathBuf, Value)> {
    let of_index = measures::FORMATS.iter().find(|f| f.0 == format).expect("a format of the list").1;
    let corpus = common::shared(FILES).map_or_else(Vec::new, |shared| common::corpus(&shared));
    let meant = corpus.into_iter().filter(|entry: &Entry| of_index.contains(&entry.format()));
    let mut files: Vec<(PathBuf, Value)> = meant.map(|entry| (entry.file.clone(), entry.expected().clone())).collect();
    for room in ["autocannon", "k6", "clinic", "perf-hooks", "node-report"] {
        for file in common::files_below(&package().join("tests/fixtures").join(room)) {
            let is_ours = summary(&file).is_ok_and(|line| line["format"] == format);
            let is_source = file.extension().is_some_and(|e| e == "mjs");
            if is_ours && !is_source {
                files.push((file, Value::Null));
            }
        }
    }
    assert!(!files.is_empty(), "no file of {format}");
    files
}

fn name(file: &Path) -> String {
    file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

fn line(file: &Path) -> Value {
    let line = summary(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    assert!(line.get("error").is_none(), "{}: {}", file.display(), line["error"]);
    line
}

/// Opens files as one recording, in the order given.
fn open(files: &[PathBuf]) -> Recording {
    let named = |file: &PathBuf| Named {
        name: format!("bundle/{}", name(file)),
        source: Box::new(FileSource::open(file).expect("the file can be read")),
    };
    formats::open(files.iter().map(named).collect(), &Options::default(), None, &mut ()).expect("the files open")
}

fn entry<'a>(line: &'a Value, list: &str, name: &str, group: &str) -> &'a Value {
    let entries = line[list].as_array().into_iter().flatten();
    let is_it = |e: &&Value| e["name"] == name && e["group"].as_str().unwrap_or_default() == group;
    entries.into_iter().find(is_it).unwrap_or(&Value::Null)
}

fn series<'a>(recording: &'a Recording, name: &str) -> &'a Series {
    recording.series.iter().find(|s| s.name == name).unwrap_or_else(|| panic!("no series {name}"))
}

/// Doubles that were worked out in another order differ in their last digits.
fn near(tally: &mut Tally, what: impl FnOnce() -> String, got: &Value, want: f64) {
    let got = got.as_f64();
    let is_near = got.is_some_and(|got| (got - want).abs() <= 1e-9 * want.abs().max(1e-6));
    if is_near {
        tally.equal_numbers(1);
    } else {
        tally.fail(format!("{}: {got:?}, expected {want}", what()));
    }
}

#[test]
fn autocannon() {
    let mut tally = Tally::default();
    for (file, expected) in files("autocannon-json") {
        tally.file();
        let bytes = unpack::read(&file).expect("the file can be read");
        let results = measures::autocannon(&bytes).expect("the file is autocannon's");
        let line = line(&file);
        let mut met: BTreeMap<String, usize> = BTreeMap::new();
        for result in &results {
            let title = result["title"].as_str().or(result["url"].as_str()).expect("a result has an address");
            let number = met.entry(title.to_owned()).and_modify(|n| *n += 1).or_insert(1);
            let group = if *number == 1 { title.to_owned() } else { format!("{title} ({number})") };
            of_result(&mut tally, &name(&file), &line, result, &group);
        }
        if let Some(requests) = expected["requests_total"].as_f64() {
            let group = results[0]["url"].as_str().unwrap_or_default();
            let latency = entry(&line, "distributions", "Latency", group);
            let want = |key: &str| expected[key].as_f64().expect("the index has it");
            near(&mut tally, || format!("{}: p50", name(&file)), &latency["percentiles"]["50"], want("p50_ms") * 1e6);
            near(&mut tally, || format!("{}: p99", name(&file)), &latency["percentiles"]["99"], want("p99_ms") * 1e6);
            near(&mut tally, || format!("{}: max", name(&file)), &latency["max"], want("max_ms") * 1e6);
            let total = |name: &str| &entry(&line, "totals", name, group)["amount"];
            near(&mut tally, || "requests".into(), total("Requests"), requests);
            near(&mut tally, || "failed".into(), total("Failed requests"), want("errors") + want("non2xx"));
        }
    }
    tally.finish("autocannon");
}

fn of_result(tally: &mut Tally, file: &str, line: &Value, result: &Value, group: &str) {
    for (key, name, factor) in [
        ("latency", "Latency", 1e6),
        ("requests", "Requests per second", 1.0),
        ("throughput", "Received per second", 1.0),
    ] {
        let ours = entry(line, "distributions", name, group);
        for (key, value) in result[key].as_object().into_iter().flatten() {
            let want = value.as_f64().expect("histograms hold numbers") * factor;
            let got = match key.as_str() {
                "min" | "max" | "mean" => &ours[key.as_str()],
                "stddev" => &ours["deviation"],
                "average" | "total" | "sent" | "totalCount" => continue,
                key => &ours["percentiles"][key.trim_start_matches('p').replacen('_', ".", 1)],
            };
            near(tally, || format!("{file}: {name} {key}"), got, want);
        }
    }
    let total = |name: &str| &entry(line, "totals", name, group)["amount"];
    let number = |value: &Value| value.as_f64().unwrap_or(0.0);
    near(tally, || format!("{file}: sent"), total("Requests sent"), number(&result["requests"]["sent"]));
    let in_flight = number(&result["requests"]["sent"]) - number(&result["requests"]["total"]);
    near(tally, || format!("{file}: in flight"), total("In flight at the end"), in_flight);
    let failed = number(&result["errors"]) + number(&result["mismatches"]) + number(&result["non2xx"]);
    near(tally, || format!("{file}: failed"), total("Failed requests"), failed);
    for (code, count) in result["statusCodeStats"].as_object().into_iter().flatten() {
        near(tally, || format!("{file}: {code}"), total(&format!("Status {code}")), number(&count["count"]));
    }
}

/// The article's fix frees the loop and is eleven times slower end to end, which two results side by side
/// show.
#[test]
fn two_results_side_by_side() {
    let folder = package().join("tests/fixtures/autocannon");
    let test = |name: &str| load::tests(&open(&[folder.join(name)])).remove(0);
    let rows = load::compare(&test("compute-before.autocannon.json"), &test("compute-after.autocannon.json"));
    let row = |name: &str| rows.iter().find(|row| row.name == name).expect("the row is there");
    assert_eq!((row("p50").before, row("p50").after), (Some(53e6), Some(617e6)));
    assert_eq!((row("p99").before, row("p99").after), (Some(188e6), Some(1_286e6)));
    assert_eq!((row("requests").before, row("requests").after), (Some(944.0), Some(85.0)));
    assert_eq!(
        (row("p50").is_better, row("rate").is_better, row("errors").is_better),
        (Some(false), Some(false), None)
    );
    assert!((row("p50").ratio.expect("both are there") - 617.0 / 53.0).abs() < 1e-12);
}

const TAGS: [&str; 6] = ["name", "method", "status", "group", "scenario", "check"];
const PERCENTILES: [&str; 8] = ["10", "25", "50", "75", "90", "95", "99", "99.9"];

/// What a load test measured has another clock than the profile that it is opened with, and the
/// recording is known by the profile.
#[test]
fn load_beside_a_profile() {
    let files = ["k6/made-points.ndjson", "v8-cpuprofile/stalls-10ms.cpuprofile"];
    let recording = open(&files.map(|file| package().join("tests/fixtures").join(file)));
    assert_eq!(recording.origin.format, "v8-cpuprofile");
    assert!(!recording.series.is_empty() && recording.series.iter().all(|series| series.is_adrift));
    assert!(recording.notes.iter().any(|note| note.text.contains("moved by hand")), "{:?}", recording.notes);
}

#[test]
fn k6_measurements() {
    let mut tally = Tally::default();
    for (file, expected) in files("k6-json-output") {
        tally.file();
        let points = measures::points(&unpack::read(&file).expect("the file can be read"));
        let (line, recording) = (line(&file), open(std::slice::from_ref(&file)));
        let mut by_metric: BTreeMap<&str, Vec<&Point>> = BTreeMap::new();
        points.iter().for_each(|point| by_metric.entry(&point.metric).or_default().push(point));
        for (metric, points) in &by_metric {
            of_metric(&mut tally, &name(&file), &line, metric, points);
        }
        over_time(&mut tally, &name(&file), &recording, &points);
        if let Some(requests) = expected["http_reqs"].as_f64() {
            let ours = entry(&line, "distributions", "http_req_duration", "");
            near(&mut tally, || "requests".into(), &entry(&line, "totals", "http_reqs", "")["amount"], requests);
            for (key, percent) in [("p50_ms", "50"), ("p95_ms", "95"), ("p99_ms", "99")] {
                let want = expected[key].as_f64().expect("the index has it");
                near(&mut tally, || format!("index {key}"), &ours["percentiles"][percent], want * 1e6);
            }
            near(
                &mut tally,
                || "max".into(),
                &ours["max"],
                expected["max_ms"].as_f64().expect("the index has it") * 1e6,
            );
        }
    }
    tally.finish("k6 measurements");
}

fn of_metric(tally: &mut Tally, file: &str, line: &Value, metric: &str, points: &[&Point]) {
    let values = |points: &[&Point]| points.iter().map(|p| p.value).collect::<Vec<f64>>();
    let is_trend = metric.ends_with("_duration") || matches!(metric, "http_req_waiting" | "queue_length");
    if !is_trend {
        let total = entry(line, "totals", metric, "");
        let all = values(points);
        let want = match metric {
            "checks" | "http_req_failed" => all.iter().filter(|v| **v != 0.0).count() as f64,
            "vus" => return,
            _ => all.iter().sum(),
        };
        near(tally, || format!("{file}: {metric}"), &total["amount"], want);
        return;
    }
    let factor = if metric == "queue_length" { 1.0 } else { 1e6 };
    distribution(tally, file, entry(line, "distributions", metric, ""), &values(points), factor);
    if metric == "http_req_waiting" {
        return;
    }
    for tag in TAGS {
        let mut by_value: BTreeMap<&str, Vec<&Point>> = BTreeMap::new();
        for point in points {
            by_value.entry(point.tags.get(tag).map_or("", String::as_str)).or_default().push(point);
        }
        let is_told_apart = by_value.len() > 1;
        for (value, points) in by_value {
            let shown = if value.is_empty() { "–" } else { value };
            let ours = entry(line, "distributions", metric, &format!("{tag}: {shown}"));
            if is_told_apart {
                distribution(tally, file, ours, &values(&points), factor);
            } else {
                tally
                    .hold(ours.is_null(), || format!("{file}: {metric} is told apart by {tag}, of which there is one"));
            }
        }
    }
}

fn distribution(tally: &mut Tally, file: &str, ours: &Value, values: &[f64], factor: f64) {
    let what = |key: &str| format!("{file}: {} {} {key}", ours["name"], ours["group"]);
    tally.number(|| what("count"), &ours["count"].as_u64(), &Some(values.len() as u64));
    for percent in PERCENTILES {
        let want = percentile(values, percent.parse().expect("a percent")) * factor;
        near(tally, || what(percent), &ours["percentiles"][percent], want);
    }
    near(tally, || what("min"), &ours["min"], percentile(values, 0.0) * factor);
    near(tally, || what("max"), &ours["max"], percentile(values, 100.0) * factor);
    near(tally, || what("mean"), &ours["mean"], values.iter().sum::<f64>() / values.len() as f64 * factor);
}

/// Requests, latencies and failures of each second of the wall clock.
fn over_time(tally: &mut Tally, file: &str, recording: &Recording, points: &[Point]) {
    let start = points.iter().map(|p| p.at_ns).min().expect("there are points");
    tally.number(|| format!("{file}: start"), &recording.clock.unix_ns.map(i128::from), &Some(start));
    let seconds = |metric: &str| {
        let mut seconds: BTreeMap<i128, Vec<f64>> = BTreeMap::new();
        for point in points.iter().filter(|p| p.metric == metric) {
            seconds.entry(point.at_ns.div_euclid(1_000_000_000)).or_default().push(point.value);
        }
        seconds
    };
    let end = |second: i128| ((second + 1) * 1_000_000_000 - start) as i64;
    // A metric without points has no series, which is as good as an empty one.
    let got = |name: &str| -> Vec<(i64, f64)> {
        let series = recording.series.iter().find(|s| s.name == name);
        series.map_or_else(Vec::new, |series| series.at_ns.iter().zip(series.value.iter()).collect())
    };
    let requests: Vec<(i64, f64)> =
        seconds("http_reqs").into_iter().map(|(second, values)| (end(second), values.iter().sum())).collect();
    // The made files have a request in every second.
    tally.number(|| format!("{file}: requests"), &got("http_reqs per second"), &requests);
    for (name, percent) in [("p50", 50.0), ("p95", 95.0), ("max", 100.0)] {
        let of = |(second, values): (i128, Vec<f64>)| (end(second), percentile(&values, percent) * 1e6);
        let want: Vec<(i64, f64)> = seconds("http_req_duration").into_iter().map(of).collect();
        let ours = got(&format!("http_req_duration {name}"));
        tally.number(|| format!("{file}: seconds of {name}"), &ours.len(), &want.len());
        for (our, want) in ours.iter().zip(&want) {
            let is_near = our.0 == want.0 && (our.1 - want.1).abs() <= 1e-9 * want.1;
            tally.hold(is_near, || format!("{file}: {name}: {our:?}, expected {want:?}"));
        }
        tally.equal_numbers(want.len());
    }
    let hits = |values: Vec<f64>| values.iter().filter(|v| **v != 0.0).count() as f64;
    let failed: Vec<(i64, f64)> = seconds("http_req_failed").into_iter().map(|(s, v)| (end(s), hits(v))).collect();
    tally.number(|| format!("{file}: failed"), &got("Failed requests per second"), &failed);
}

#[test]
fn k6_summaries() {
    let mut tally = Tally::default();
    for format in ["k6-handle-summary", "k6-summary-export", "k6-end-of-test-text"] {
        for (file, expected) in files(format) {
            tally.file();
            let line = line(&file);
            let document: Value =
                serde_json::from_slice(&std::fs::read(&file).expect("it can be read")).unwrap_or(Value::Null);
            for (key, metric) in document["metrics"].as_object().into_iter().flatten() {
                of_summary(&mut tally, &name(&file), &line, key, metric);
            }
            let ours = entry(&line, "distributions", "http_req_duration", "");
            if let Some(max) = expected["max_ms"].as_f64() {
                // The text is rounded to hundredths of a millisecond.
                let digits = if format == "k6-end-of-test-text" { 0.005e6 } else { 1e-3 };
                for (got, want) in [
                    (&ours["percentiles"]["50"], expected["p50_ms"].as_f64()),
                    (&ours["percentiles"]["95"], expected["p95_ms"].as_f64()),
                    (&ours["max"], Some(max)),
                ] {
                    let want = want.expect("the index has it") * 1e6;
                    let got = got.as_f64().unwrap_or(f64::NAN);
                    tally.hold((got - want).abs() <= digits, || format!("{format}: {got}, expected {want}"));
                    tally.equal_numbers(1);
                }
                near(&mut tally, || "requests".into(), &entry(&line, "totals", "http_reqs", "")["amount"], 120.0);
            }
        }
    }
    tally.finish("k6 summaries");
}

fn of_summary(tally: &mut Tally, file: &str, line: &Value, key: &str, metric: &Value) {
    let values = if metric["values"].is_object() { &metric["values"] } else { metric };
    let (name, group) = key.split_once('{').map_or((key, ""), |(name, tags)| (name, tags.trim_end_matches('}')));
    let is_time = name.ends_with("_duration");
    let factor = if is_time { 1e6 } else { 1.0 };
    let (distribution, total) = (entry(line, "distributions", name, group), entry(line, "totals", name, group));
    for (key, value) in values.as_object().into_iter().flatten() {
        let Some(value) = value.as_f64() else { continue };
        let is_trend = values["avg"].is_number();
        let (got, want) = match key.as_str() {
            "avg" => (&distribution["mean"], value * factor),
            "min" | "max" if is_trend => (&distribution[key.as_str()], value * factor),
            "med" => (&distribution["percentiles"]["50"], value * factor),
            "count" if is_trend => (&distribution["count"], value),
            "count" | "passes" => (&total["amount"], value),
            "rate" if values["count"].is_number() => (&total["per_second"], value),
            "value" if values["passes"].is_null() => (&total["amount"], value),
            key => match key.strip_prefix("p(").and_then(|key| key.strip_suffix(')')) {
                Some(percent) => (&distribution["percentiles"][percent], value * factor),
                None => continue,
            },
        };
        near(tally, || format!("{file}: {name} {group} {key}"), got, want);
    }
    for (condition, verdict) in metric["thresholds"].as_object().into_iter().flatten() {
        let held = verdict["ok"].as_bool().unwrap_or_else(|| !verdict.as_bool().expect("a verdict"));
        let rows = rows(line, "Thresholds");
        let row = rows.iter().find(|row| row[0] == key && row[1] == condition.as_str());
        let told = row.map(|row| row[2] == "held");
        tally.number(|| format!("{file}: {key} {condition}"), &told, &Some(held));
    }
}

fn rows(line: &Value, title: &str) -> Vec<Vec<String>> {
    let table = line["tables"].as_array().into_iter().flatten().find(|table| table["title"] == title);
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let rows = table.and_then(|table| table["rows"].as_array()).into_iter().flatten();
    rows.map(|row| row.as_array().into_iter().flatten().map(text).collect()).collect()
}

/// Sections, broken checks and parts by tags of the printed summary.
#[test]
fn k6_printed_in_version_1() {
    let line = line(&package().join("tests/fixtures/k6/made-text-1.txt"));
    let of = |name: &str, group: &str| entry(&line, "distributions", name, group).clone();
    assert_eq!(of("http_req_duration", "expected_response:true")["percentiles"]["95"], 500.2e6 as i64);
    assert_eq!(of("iteration_duration", "")["max"], 773.58e6 as i64);
    let total = |name: &str| entry(&line, "totals", name, "").clone();
    assert_eq!(
        (total("http_req_failed")["amount"].clone(), total("http_req_failed")["of"].clone()),
        (3.into(), 120.into())
    );
    assert_eq!(total("data_received")["amount"], 22_000);
    let verdicts: Vec<Vec<String>> = rows(&line, "Thresholds");
    assert_eq!(verdicts, [["http_req_duration", "p(95)<500", "broken"], ["http_req_failed", "rate<0.1", "held"]]);
    let checks = rows(&line, "Checks");
    assert_eq!(checks, [["is up", "", "always", "0"], ["is fine", "", "114", "6"]]);
    let groups = rows(&self::line(&package().join("tests/fixtures/k6/made-groups.json")), "Checks");
    assert_eq!(groups[0], ["paid", "buy::pay", "9", "1"]);
}

/// Stalls that a program timed itself, microseconds of the monotonic clock: start and length.
fn truth(expected: &Value) -> Vec<(i64, i64)> {
    let list = expected["ground_truth_stalls"]["list"].as_array().cloned().unwrap_or_default();
    let number = |v: &Value| v.as_i64().expect("a moment");
    list.iter().map(|stall| (number(&stall["start_us"]), number(&stall["dur_us"]))).collect()
}

/// Delays that the program finds, microseconds of the monotonic clock: earliest start, start and length.
fn found(line: &Value) -> Vec<(i64, i64, i64)> {
    let start = line["clock"]["start_ns"].as_i64().expect("the monotonic clock is known") / 1000;
    let of = |delay: &Value| {
        let number = |key: &str| delay[key].as_i64().expect("delays have it") / 1000;
        let at = start + number("start_ns");
        (at - number("earlier_ns"), at, number("duration_ns"))
    };
    line["delays"]["worst"].as_array().into_iter().flatten().map(of).collect()
}

fn overlap(found: &(i64, i64, i64), truth: &(i64, i64)) -> bool {
    found.0 < truth.0 + truth.1 && truth.0 < found.1 + found.2
}

#[test]
fn event_loop_delays() {
    let mut tally = Tally::default();
    for (file, expected) in files("perf-hooks-ndjson") {
        tally.file();
        let rows: Vec<Value> =
            measures::lines(&std::fs::read(&file).expect("it can be read")).filter(|l| l["max"].is_number()).collect();
        let (line, recording) = (line(&file), open(std::slice::from_ref(&file)));
        let used = series(&recording, "Event-loop utilisation");
        let want: Vec<f64> = rows.iter().filter_map(|row| row["elu"]["utilization"].as_f64()).collect();
        tally.number(|| "utilisation".into(), &used.value.iter().collect::<Vec<f64>>(), &want);
        let heap = series(&recording, "Heap used");
        let want: Vec<f64> = rows.iter().filter_map(|row| row["memory"]["heapUsed"].as_f64()).collect();
        tally.number(|| "heap".into(), &heap.value.iter().collect::<Vec<f64>>(), &want);
        let most = rows.iter().filter_map(|row| row["max"].as_f64()).fold(0.0, f64::max);
        let overall = entry(&line, "distributions", "Event-loop delay, with the resolution", &heap.group);
        near(&mut tally, || "the longest delay".into(), &overall["max"], most);
        let Some(stalls) = expected["stall_rows"].as_array() else { continue };
        near(&mut tally, || "index".into(), &overall["max"], expected["max_ms"].as_f64().expect("it is there") * 1e6);
        let mut ours = found(&line);
        ours.sort_by_key(|delay| delay.1 + delay.2);
        tally.number(|| format!("{}: stalls", name(&file)), &ours.len(), &stalls.len());
        for (our, want) in ours.iter().zip(stalls) {
            let of = |key: &str| want[key].as_i64().expect("the index has it");
            // Each of the two moments was rounded on its own.
            let is_right = (our.1 + our.2 - of("row_end_us")).abs() <= 2 && (our.2 - of("dur_us")).abs() <= 1;
            tally.hold(is_right, || format!("{}: {our:?}, expected {want}", name(&file)));
            tally.equal_numbers(2);
        }
        // Every stall of 50 ms lies in a stretch that was late, and nothing was late for another reason.
        let truth = truth(&expected);
        for stall in truth.iter().filter(|stall| stall.1 >= 50_000) {
            tally.hold(ours.iter().any(|our| overlap(our, stall)), || format!("{}: missed {stall:?}", name(&file)));
        }
        for our in &ours {
            tally.hold(truth.iter().any(|stall| overlap(our, stall)), || {
                format!("{}: {our:?} is no stall", name(&file))
            });
        }
        let at_least = truth.iter().filter(|stall| stall.1 >= 50_000).count();
        println!("{}: {} rows for {at_least} stalls", name(&file), ours.len());
    }
    tally.finish("event-loop delays");
}

#[test]
fn doctor_measurements() {
    let mut tally = Tally::default();
    for (file, expected) in files("clinic-doctor-processstat") {
        tally.file();
        let read = measures::process(&std::fs::read(&file).expect("it can be read"));
        let (line, recording) = (line(&file), open(std::slice::from_ref(&file)));
        let mut records = read.records;
        records.sort_by(|a, b| a.timestamp.total_cmp(&b.timestamp));
        let of = |name: &str| series(&recording, name).value.iter().collect::<Vec<f64>>();
        let want = |of: &dyn Fn(&measures::Record) -> f64| records.iter().map(of).collect::<Vec<f64>>();
        tally.number(|| "delays".into(), &of("Event-loop delay"), &want(&|r| r.delay * 1e6));
        tally.number(|| "processor".into(), &of("Processor"), &want(&|r| r.cpu));
        tally.number(|| "handles".into(), &of("Handles"), &want(&|r| r.handles as f64));
        for (i, name) in ["Resident memory", "Heap", "Heap used", "External memory", "Array buffers"].iter().enumerate()
        {
            tally.number(|| (*name).into(), &of(name), &want(&|r| r.memory[i]));
        }
        let used: Vec<f64> =
            records.iter().filter_map(|r| r.utilisation.filter(|&u| u <= 100)).map(|u| u as f64 / 100.0).collect();
        tally.number(|| "utilisation".into(), &of("Event-loop utilisation since the start"), &used);
        let start = recording.clock.unix_ns.expect("doctor tells the time") as f64 / 1e6;
        let at = series(&recording, "Event-loop delay").at_ns.iter();
        let are_near = at.zip(&records).all(|(at, r)| (at as f64 / 1e6 + start - r.timestamp).abs() < 0.001);
        tally.hold(are_near, || format!("{}: moments", name(&file)));
        let passed = line["notes"].as_array().into_iter().flatten().find(|n| n["code"] == "mixed");
        if let Some(records) = expected["records"].as_u64() {
            tally.number(|| "index: records".into(), &(of("Event-loop delay").len() as u64), &records);
            let lost = &expected["bytes_skipped_to_resynchronise"];
            let passed = passed.map_or(0, |note| note["count"].as_u64().expect("a count"));
            tally.number(|| "index: bytes passed".into(), &Some(passed), &lost.as_u64());
            let delay = entry(&line, "series", "Event-loop delay", "process");
            let want = &expected["delay_ms"];
            near(
                &mut tally,
                || "index: longest".into(),
                &delay["max"],
                want["max"].as_f64().expect("it is there") * 1e6,
            );
            tally.number(|| "index: stalls".into(), &line["delays"]["count"].as_u64(), &want["at_least_50"].as_u64());
        }
    }
    tally.finish("doctor's measurements");
}

/// With the relation of the two clocks from the file beside it, all stalls that the program timed are
/// found where they were: 6 of 6, and as one the pair of timers that was built to be none.
#[test]
fn doctor_finds_the_stalls_of_the_program() {
    let Some(shared) = common::shared(2) else { return };
    let folder = shared.join("corpus/node/clinic/doctor-stalls.clinic-doctor");
    let parts = ["systeminfo", "processstat"].map(|part| folder.join(format!("doctor-stalls.clinic-doctor-{part}")));
    let index = common::corpus(&shared).into_iter().find(|e| e.file == parts[1]).expect("the index has it");
    let orders = [vec![parts[0].clone(), parts[1].clone()], vec![parts[1].clone(), parts[0].clone()]];
    let lines = orders.map(|order| {
        let recording = open(&order);
        let offset = recording.clock.unix_ns.zip(recording.clock.start_ns).map(|(unix, start)| unix - start);
        let want = index.expected()["clock_offset_ms"].as_f64().expect("the index has it") * 1e6;
        assert!((offset.expect("both clocks are known") as f64 - want).abs() < 1000.0);
        culprit::analysis::report::json_line(&recording, "x", &culprit::analysis::report::Options::default())
    });
    assert_eq!(lines[0], lines[1], "the order of the files does not matter");
    let line: Value = serde_json::from_str(&lines[0]).expect("it is JSON");
    let (ours, truth) = (found(&line), truth(index.expected()));
    let long: Vec<&(i64, i64)> = truth.iter().filter(|stall| stall.1 >= 50_000).collect();
    let errors: Vec<f64> = long
        .iter()
        .map(|stall| {
            let found = ours.iter().find(|our| overlap(our, stall)).unwrap_or_else(|| panic!("missed {stall:?}"));
            (found.2 - stall.1) as f64 / 1000.0
        })
        .collect();
    let extra = ours.iter().filter(|our| !long.iter().any(|stall| overlap(our, stall))).count();
    let (least, most) = errors.iter().fold((f64::MAX, f64::MIN), |(a, b), e| (a.min(*e), b.max(*e)));
    println!("doctor: {} of {} stalls, {extra} more, error {least:.1} to {most:.1} ms", errors.len(), long.len());
    assert_eq!((errors.len(), extra, ours.len()), (6, 1, 7));
    assert!(least > -10.0 && most < 15.0, "the length is right to one interval and what follows it");
}

/// On the page that doctor made of the same recording stands its own verdict, and the measurements once
/// more.
#[test]
fn doctors_verdict_is_doctors() {
    let Some(shared) = common::shared(1) else { return };
    let file = shared.join("corpus/node/clinic/doctor-stalls.clinic-doctor.html");
    let data = measures::page(&std::fs::read(&file).expect("it can be read")).expect("the page has data");
    let recording = open(&[file]);
    let (guessed, _) = doctor::judge(&recording).expect("delays were measured");
    let issues = &data["analysis"]["issues"];
    for (ours, theirs) in
        [("delay", "delay"), ("cpu", "cpu"), ("handles", "handles"), ("utilisation", "loopUtilization")]
    {
        let check = guessed.checks.iter().find(|check| check.measure == ours).expect("all are judged");
        assert_eq!(check.verdict.word(), issues[theirs].as_str().expect("a word"), "{ours}");
    }
    assert!(issues["memory"].as_object().expect("four").iter().all(|(_, verdict)| verdict == "none"));
    assert_eq!(guessed.checks[3].verdict, doctor::Verdict::None);
    assert_eq!(guessed.category.word(), data["analysis"]["issueCategory"].as_str().expect("a word"));
    let start = recording.clock.unix_ns.expect("doctor tells the time");
    let stretch = [guessed.from_ns, guessed.to_ns].map(|at| ((start + at) as f64 / 1e6).round());
    let theirs = data["analysis"]["interval"].as_array().expect("two moments");
    assert_eq!(stretch.map(Some), [theirs[0].as_f64(), theirs[1].as_f64()]);
    let delays: Vec<f64> = data["processStat"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|r| r["delay"].as_f64())
        .map(|d| d * 1e6)
        .collect();
    assert_eq!(series(&recording, "Event-loop delay").value.iter().collect::<Vec<f64>>(), delays);
    let pauses = recording.series.iter().find(|s| s.role == Role::GcPause).expect("there are collections");
    let lengths: f64 = data["traceEvent"].as_array().expect("a list").iter().filter_map(|e| e["dur"].as_f64()).sum();
    assert!((pauses.value.iter().sum::<f64>() / 1000.0 - lengths).abs() < 5.0);
}

#[test]
fn bubbleprofs_stacks() {
    let mut tally = Tally::default();
    for (file, expected) in files("clinic-bubbleprof-stacktrace") {
        tally.file();
        let stacks = measures::stacks(&std::fs::read(&file).expect("it can be read"));
        let (line, recording) = (line(&file), open(std::slice::from_ref(&file)));
        let mut own: BTreeMap<(String, String), u64> = BTreeMap::new();
        for (_, frames) in &stacks {
            let (name, file) = frames.first().map_or(("(no stack)", ""), |f| (&f.0, &f.1));
            let name = if name.is_empty() { "(anonymous)" } else { name };
            *own.entry((name.to_owned(), file.to_owned())).or_default() += 1;
        }
        let profile = &line["profiles"][0];
        tally.number(|| "operations".into(), &profile["total"].as_u64(), &Some(stacks.len() as u64));
        for ((function, place), count) in &own {
            let rows = profile["functions"].as_array().into_iter().flatten();
            let is_it = |f: &&Value| f["name"] == function.as_str() && f["file"].as_str().unwrap_or_default() == place;
            let got = rows.into_iter().find(is_it).and_then(|f| f["self"].as_u64());
            tally.number(|| format!("{}: {function} of {place}", name(&file)), &got, &Some(*count));
        }
        // Every operation keeps its number and its whole stack.
        let samples = &recording.profiles[0].samples;
        let depths = samples.stack.iter().map(|stack| recording.stacks.walk(stack).count()).sum::<usize>();
        let frames: usize = stacks.iter().map(|s| s.1.len().max(1)).sum();
        tally.number(|| format!("{}: frames", name(&file)), &depths, &frames);
        let labels = samples.labels.as_ref().expect("operations have numbers");
        for (row, (id, _)) in stacks.iter().enumerate() {
            let label = recording.label_sets.get(labels.get(row)).next().expect("a number");
            let is_id = recording.text(label.0) == "asyncId"
                && matches!(label.1, culprit::model::LabelValue::Number(n, _) if n as f64 == *id);
            tally.hold(is_id, || format!("{}: operation {row} is not {id}", name(&file)));
        }
        tally.equal_numbers(stacks.len());
        if let Some(records) = expected["records"].as_u64() {
            tally.number(|| "index: records".into(), &(stacks.len() as u64), &records);
            let told: usize = stacks.iter().map(|s| s.1.len()).sum();
            tally.number(|| "index: frames".into(), &Some(told as u64), &expected["frames"].as_u64());
        }
    }
    tally.finish("bubbleprof's stacks");
}

#[test]
fn facts_of_systems_and_reports() {
    for (file, _) in files("clinic-systeminfo") {
        let document: Value =
            serde_json::from_slice(&std::fs::read(&file).expect("it can be read")).expect("it is JSON");
        let (line, rows) = (line(&file), rows(&line(&file), "System"));
        let fact = |name: &str| rows.iter().find(|row| row[0] == name).map(|row| row[1].clone());
        assert_eq!(fact("Node.js").as_deref(), document["nodeVersions"]["node"].as_str());
        assert_eq!(fact("Folder").as_deref(), document["mainDirectory"].as_str());
        let clock = &document["clock"];
        let monotonic =
            clock["hrtime"][0].as_i64().map(|s| s * 1_000_000_000 + clock["hrtime"][1].as_i64().expect("two"));
        assert_eq!(line["clock"]["start_ns"].as_i64(), monotonic);
        assert_eq!(line["clock"]["unix_ns"].as_i64(), clock["unixtime"].as_i64().map(|ms| ms * 1_000_000));
    }
    for (file, _) in files("node-report") {
        let document: Value =
            serde_json::from_slice(&std::fs::read(&file).expect("it can be read")).expect("it is JSON");
        let line = line(&file);
        let text = line.to_string();
        assert!(!text.contains("SECRET") && !text.contains("not to be shown"), "environment variables stay out");
        let handles = rows(&line, "Handles of the event loop");
        assert_eq!(handles.len(), document["libuv"].as_array().expect("a list").len(), "{}", file.display());
        let spaces = rows(&line, "Heap spaces");
        assert_eq!(spaces.len(), document["javascriptHeap"]["heapSpaces"].as_object().expect("spaces").len());
        assert_eq!(rows(&line, "Limits").len(), document["userLimits"].as_object().expect("limits").len());
        let recording = open(std::slice::from_ref(&file));
        let of = |name: &str| recording.profiles.iter().find(|p| p.name == name);
        let frames = |name: &str| of(name).map_or(0, |p| recording.stacks.walk(p.samples.stack.get(0)).count());
        let script = document["javascriptStack"]["stack"].as_array().expect("lines");
        let calls =
            script.iter().filter(|line| line.as_str().is_some_and(|l| l.trim_start().starts_with("at "))).count();
        assert_eq!(frames("main thread"), calls, "{}", file.display());
        assert_eq!(frames("main thread, native"), document["nativeStack"].as_array().expect("frames").len());
        assert_eq!(of("worker 1, native").is_some(), !document["workers"][0].is_null());
    }
}

/// The profiles of a process and its workers are one recording: a thread each, busiest first, on one
/// clock.
#[test]
fn a_folder_of_profiles_is_one_recording() {
    let Some(shared) = common::shared(3) else { return };
    let folder = shared.join("corpus/node/cpuprofile/compute-after");
    let files = common::files_below(&folder);
    assert!(files.len() > 2, "a process and its workers");
    let backwards: Vec<PathBuf> = files.iter().rev().cloned().collect();
    let (recording, again) = (open(&files), open(&backwards));
    let print =
        |r: &Recording| culprit::analysis::report::json_line(r, "x", &culprit::analysis::report::Options::default());
    assert_eq!(print(&recording), print(&again), "the order of the files does not matter");
    assert_eq!(recording.profiles.len(), files.len());
    let starts: BTreeMap<(u64, u64), i64> = files
        .iter()
        .map(|file| {
            let of = name(file);
            let part = |i: usize| of.split('.').nth(i).and_then(|n| n.parse::<u64>().ok()).expect("ids");
            let document: Value =
                serde_json::from_slice(&std::fs::read(file).expect("it can be read")).expect("it is JSON");
            ((part(3), part(4)), document["startTime"].as_i64().expect("a start") * 1000)
        })
        .collect();
    let earliest = *starts.values().min().expect("there are files");
    assert_eq!(recording.clock.start_ns, Some(earliest));
    for file in &files {
        let profile = open(std::slice::from_ref(file)).profiles.remove(0);
        let file = name(file);
        let ids = (profile.pid.expect("the name tells it"), profile.tid.expect("the name tells it"));
        let ours =
            recording.profiles.iter().find(|p| (p.pid, p.tid) == (profile.pid, profile.tid)).expect("it is there");
        let (ours, alone) = (ours.time.as_ref().expect("it has times"), profile.time.as_ref().expect("it has times"));
        assert_eq!(ours.start_ns, earliest, "{file}");
        assert_eq!(ours.at_ns.get(0) - alone.at_ns.get(0), starts[&ids] - earliest, "{file}");
        assert_eq!(ours.duration_ns - alone.duration_ns, starts[&ids] - earliest, "{file}");
    }
    let folder_line = line(&folder);
    let busy: Vec<u64> =
        folder_line["profiles"].as_array().expect("profiles").iter().filter_map(|p| p["total"].as_u64()).collect();
    assert!(busy.len() == files.len() && busy.is_sorted_by(|a, b| a >= b), "busiest first: {busy:?}");
}

/// What does not open beside what does is left out, and said.
#[test]
fn a_folder_with_foreign_files_opens() {
    let folder = package().join("tests/fixtures/clinic/waits.clinic-doctor");
    let line = line(&folder);
    assert_eq!(
        (line["format"].as_str(), line["notes"].as_array().map(Vec::len)),
        (Some("clinic-doctor-processstat"), Some(0))
    );
    assert!(line["clock"]["start_ns"].is_i64() && line["series"].is_array() && line["tables"].is_array());
    let recording = open(&[package().join("Cargo.toml"), folder.join("waits.clinic-doctor-processstat")]);
    assert_eq!(recording.notes[0].code, "not-opened");
}
