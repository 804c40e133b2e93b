//! A small reader of trace events.
//!
//! Spans of a thread are pairs of begin and end by name and complete events, put inside each other by
//! their times; a thread without samples of a profiler gets a profile of own times of its spans. What
//! the profiler sampled is handed to the reader of CPU profiles as the file that it could have written.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Frame, Function, Reading, Record, States, cpuprofile};

/// What a trace holds beside its profiles.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) events: usize,
    pub(crate) by_phase: BTreeMap<String, u64>,
    /// By name, of events of any kind with their phase before it.
    pub(crate) names: BTreeMap<String, u64>,
    /// The page's or the event loop's thread.
    pub(crate) main: Option<(String, String)>,
    /// By process and thread.
    pub(crate) threads: BTreeMap<(String, String), Track>,
    /// Paired asynchronous operations.
    pub(crate) operations: u64,
    /// `RunTask` of the main thread above 50 ms: start and length in microseconds.
    pub(crate) long_tasks: Vec<(i128, i128)>,
    /// Points of each counter, by name and part.
    pub(crate) counters: BTreeMap<(String, String), u64>,
    pub(crate) first_us: f64,
    pub(crate) last_us: f64,
}

/// Spans of a thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Track {
    pub(crate) count: u64,
    pub(crate) marks: u64,
    /// In spans that no other is around, nanoseconds.
    pub(crate) total: i128,
}

/// Profiles in the order of the program, and the facts.
#[derive(Clone)]
pub(crate) struct Trace {
    pub(crate) readings: Vec<Reading>,
    pub(crate) facts: Facts,
}

#[derive(Debug, Clone)]
struct Span {
    start: i128,
    end: i128,
    order: i128,
    name: String,
    args: Value,
    is_open: bool,
}

type Key = (String, String);

/// Reads a trace; `is_node` and `is_chrome` tell whose it is.
pub(crate) fn read(text: &str, is_node: bool, is_chrome: bool) -> Result<Trace, String> {
    let document = parse(text)?;
    let list = document.as_array().or_else(|| document["traceEvents"].as_array()).ok_or("no events")?;
    let events: Vec<&Value> = list.iter().filter(|event| event["ph"].is_string()).collect();
    let timed = || events.iter().filter(|e| e["ph"] != "M" && !e["ts"].is_null());
    let is_of_thread = |e: &&&Value| !"bneSTpFstfC".contains(e["ph"].as_str().unwrap_or("M"));
    let sampled_at = document["samples"].as_array().into_iter().flatten().map(|s| nanos(&s["ts"]));
    let of_threads: Vec<i128> =
        timed().filter(is_of_thread).map(|e| nanos(&e["ts"])).chain(sampled_at.clone()).collect();
    let all: Vec<i128> = timed().map(|e| nanos(&e["ts"])).chain(sampled_at).collect();
    let start = if is_chrome && !of_threads.is_empty() { of_threads.iter().min() } else { all.iter().min() }.copied();
    let start = start.ok_or("no event with a time")?;
    let end =
        all.iter().copied().chain(timed().map(|e| nanos(&e["ts"]) + nanos(&e["dur"]).max(0))).max().unwrap_or(start);

    let mut facts = count(&events);
    facts.first_us = timed().map(|e| micros(&e["ts"])).fold(f64::INFINITY, f64::min);
    facts.last_us = timed().map(|e| micros(&e["ts"])).fold(f64::NEG_INFINITY, f64::max);
    facts.main = main_thread(&events, is_node, is_chrome);
    facts.operations = operations(&events, is_node);
    let mut order: Vec<Key> = Vec::new();
    for event in events.iter().filter(|e| e["ph"] != "M") {
        let key = key(event);
        if !order.contains(&key) {
            order.push(key);
        }
    }
    for sample in document["samples"].as_array().into_iter().flatten() {
        if !order.contains(&key(sample)) {
            order.push(key(sample));
        }
    }
    let mut sampled = profilers(&events, end)?;
    sampled.extend(hermes(&document, end));
    let bounds = |r: &Reading| (r.start.unwrap_or(start), r.start.unwrap_or(start) + r.duration.unwrap_or(0));
    let start = sampled.values().map(|r| bounds(r).0).min().map_or(start, |first| first.min(start));
    let end = sampled.values().map(|r| bounds(r).1).max().map_or(end, |last| last.max(end));
    for reading in sampled.values_mut() {
        // All profiles of a trace begin and end with it.
        let (from, to) = bounds(reading);
        let states = reading.states.get_or_insert_default();
        states.before_first += from - start;
        states.after_last += end - to;
        (reading.start, reading.duration) = (Some(start), Some(end - start));
    }
    let mut readings: Vec<(bool, bool, i128, Reading)> = Vec::new();
    for thread in &order {
        let spans = spans_of(&events, thread, is_node, &mut facts);
        let (nested, track) = nest(spans);
        let marks = events.iter().filter(|e| key(e) == *thread && "IiRPNODvV".contains(e["ph"].as_str().unwrap_or("")));
        let is_mark = |e: &&&Value| {
            let name = e["name"].as_str().unwrap_or("");
            e["ph"] != "P" && name != "UpdateCounters" && (name != "CpuProfile")
        };
        let marks = marks.filter(is_mark).count() as u64;
        if track.count + marks > 0 {
            facts.threads.insert(thread.clone(), Track { marks, ..track });
        }
        let is_other = Some(thread) != facts.main.as_ref();
        if let Some(reading) = sampled.get(thread) {
            let busy = reading.total;
            readings.push((is_other, false, busy, reading.clone()));
        } else if let Some(reading) = profile_of(&nested, start, end, is_node || is_chrome, &document) {
            let busy = reading.total;
            readings.push((is_other, true, busy, reading));
        }
        if !is_other {
            let long = |s: &&(Span, usize)| s.0.name == "RunTask" && s.0.end - s.0.start > 50_000_000 && !s.0.is_open;
            let tasks = nested.iter().filter(long);
            facts.long_tasks = tasks.map(|s| (s.0.start / 1000, (s.0.end - s.0.start) / 1000)).collect();
        }
    }
    // Samples first; then the main thread, then the busiest.
    readings.sort_by_key(|(is_other, is_made, busy, _)| (*is_made, *is_other, Reverse(*busy)));
    let has_samples = readings.first().is_some_and(|r| !r.1);
    let named = readings.into_iter().map(|(_, is_made, _, reading)| Reading {
        value: if is_made && has_samples { "spans".into() } else { "time".into() },
        ..reading
    });
    Ok(Trace { readings: named.collect(), facts })
}

/// The document; a list that is not closed is closed.
fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).or_else(|error| {
        let open = text.trim_end().trim_end_matches(',');
        let end = if open.trim_start().starts_with('[') { "]" } else { "]}" };
        // Of an event that is cut nothing is kept.
        let cuts = std::iter::once(open.len()).chain(open.rmatch_indices("},").map(|(at, _)| at + 1)).take(50);
        let mut closed = cuts.filter_map(|at| serde_json::from_str(&format!("{}{end}", &open[..at])).ok());
        closed.next().ok_or(error.to_string())
    })
}

fn key(event: &Value) -> Key {
    (id(&event["pid"]), id(&event["tid"]))
}

fn id(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn micros(value: &Value) -> f64 {
    value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok())).unwrap_or(0.0)
}

fn nanos(value: &Value) -> i128 {
    value.as_i64().map_or_else(|| (micros(value) * 1000.0).round() as i128, |whole| i128::from(whole) * 1000)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn count(events: &[&Value]) -> Facts {
    let mut facts = Facts { events: events.len(), ..Facts::default() };
    for event in events {
        *facts.by_phase.entry(text(&event["ph"]).into()).or_default() += 1;
        *facts.names.entry(format!("{} {}", text(&event["ph"]), text(&event["name"]))).or_default() += 1;
        let numbers = match (text(&event["ph"]), text(&event["name"])) {
            ("C", _) => &event["args"],
            (_, "UpdateCounters") => &event["args"]["data"],
            _ => continue,
        };
        for (part, value) in numbers.as_object().into_iter().flatten() {
            if value.is_number() || value.as_str().is_some_and(|text| text.parse::<f64>().is_ok()) {
                *facts.counters.entry((text(&event["name"]).into(), part.clone())).or_default() += 1;
            }
        }
    }
    facts
}

fn main_thread(events: &[&Value], is_node: bool, is_chrome: bool) -> Option<Key> {
    let named = |name: &str| -> Vec<Key> {
        let of_name = events.iter().filter(|e| e["name"] == "thread_name" && e["args"]["name"] == name);
        of_name.map(|e| key(e)).collect()
    };
    if is_node {
        let first = |k: &Key| k.0 == k.1;
        let threads = named("JavaScriptMainThread");
        let any = || events.iter().map(|e| key(e)).find(|k| first(k));
        return threads.iter().find(|k| first(k)).or(threads.first()).cloned().or_else(any);
    }
    if !is_chrome {
        return None;
    }
    let mut pages: Vec<String> = Vec::new();
    for event in events {
        match text(&event["name"]) {
            "TracingStartedInBrowser" => {
                let frames = event["args"]["data"]["frames"].as_array().into_iter().flatten();
                pages.extend(frames.filter(|f| f["parent"].is_null()).map(|f| id(&f["processId"])));
            }
            "FrameCommittedInBrowser" => pages.push(id(&event["args"]["data"]["processId"])),
            _ => {}
        }
    }
    let script = |k: &Key| -> i128 {
        let of_scripts = |e: &&&Value| ["FunctionCall", "EvaluateScript", "v8.run"].contains(&text(&e["name"]));
        events.iter().filter(|e| e["ph"] == "X" && key(e) == *k).filter(of_scripts).map(|e| nanos(&e["dur"])).sum()
    };
    let threads = named("CrRendererMain");
    let of_pages: Vec<Key> = threads.iter().filter(|k| pages.contains(&k.0)).cloned().collect();
    let candidates = if of_pages.is_empty() { threads } else { of_pages };
    let best = candidates.iter().map(&script).max()?;
    candidates.into_iter().find(|k| script(k) == best)
}

/// Begins of operations: each becomes a span, ended or not. Ends without a begin do not.
fn operations(events: &[&Value], is_node: bool) -> u64 {
    let is_operation =
        |e: &&&Value| ["b", "S"].contains(&text(&e["ph"])) && !(is_node && text(&e["name"]).ends_with("_CALLBACK"));
    events.iter().filter(is_operation).count() as u64
}

/// Complete events, and begins paired with ends by name.
fn spans_of(events: &[&Value], thread: &Key, is_node: bool, _facts: &mut Facts) -> Vec<Span> {
    let own: Vec<&&Value> = events.iter().filter(|e| key(e) == *thread && e["ph"] != "M").collect();
    let last = own.iter().map(|e| nanos(&e["ts"]) + if e["ph"] == "X" { nanos(&e["dur"]).max(0) } else { 0 }).max();
    let whole = own.iter().filter(|e| e["ph"] == "X");
    let mut spans: Vec<Span> = whole
        .enumerate()
        .map(|(order, e)| {
            let start = nanos(&e["ts"]);
            span(e, start, start + nanos(&e["dur"]).max(0), order as i128, false)
        })
        .collect();
    let inversions = |of: fn(&Span) -> i128| spans.windows(2).filter(|pair| of(&pair[1]) < of(&pair[0])).count();
    if inversions(|s| s.start) > inversions(|s| s.end) {
        spans.iter_mut().for_each(|s| s.order = -s.order);
    }
    let is_callback = |e: &Value| is_node && text(&e["name"]).ends_with("_CALLBACK");
    let is_begin = |e: &Value| e["ph"] == "B" || e["ph"] == "b" && is_callback(e);
    let is_end = |e: &Value| e["ph"] == "E" || e["ph"] == "e" && is_callback(e);
    let mut edges: Vec<&Value> = own.into_iter().copied().filter(|e| is_begin(e) || is_end(e)).collect();
    edges.sort_by_key(|e| nanos(&e["ts"]));
    let mut open: Vec<Span> = Vec::new();
    let mut strays: Vec<(String, i128)> = Vec::new();
    for (order, event) in edges.into_iter().enumerate() {
        let at = nanos(&event["ts"]);
        let name = text(&event["name"]);
        if is_begin(event) {
            let new = span(event, at, at, order as i128, false);
            match strays.iter().position(|stray| *stray == (name.to_owned(), at)) {
                Some(stray) => {
                    strays.remove(stray);
                    spans.push(new);
                }
                None => open.push(new),
            }
        } else if let Some(depth) = open.iter().rposition(|s| name.is_empty() || s.name == name) {
            for inside in open.drain(depth..) {
                spans.push(Span { end: at, ..inside });
            }
        } else {
            strays.push((name.to_owned(), at));
        }
    }
    spans.extend(open.into_iter().map(|s| Span { end: last.unwrap_or(s.start), is_open: true, ..s }));
    spans
}

fn span(event: &Value, start: i128, end: i128, order: i128, is_open: bool) -> Span {
    Span { start, end, order, name: text(&event["name"]).to_owned(), args: event["args"].clone(), is_open }
}

/// Puts spans inside each other: each with its depth, from 1. What overlaps is left out.
fn nest(mut spans: Vec<Span>) -> (Vec<(Span, usize)>, Track) {
    spans.sort_by_key(|s| (s.start, Reverse(s.end), s.order));
    let mut nested: Vec<(Span, usize)> = Vec::new();
    let mut open: Vec<i128> = Vec::new();
    let mut track = Track::default();
    for mut span in spans {
        while open.last().is_some_and(|&end| end <= span.start || span.end > end && end - span.start <= 1000) {
            open.pop();
        }
        if let Some(&around) = open.last()
            && span.end > around
        {
            if span.end - around > 1000 {
                continue;
            }
            span.end = around;
        }
        track.count += 1;
        if open.is_empty() {
            track.total += span.end - span.start;
        }
        open.push(span.end);
        nested.push((span, open.len()));
    }
    (nested, track)
}

/// Own times of spans as a profile: every stretch in which the same spans are open is a sample.
fn profile_of(nested: &[(Span, usize)], start: i128, end: i128, is_engine: bool, document: &Value) -> Option<Reading> {
    let is_in = |s: &&(Span, usize)| s.0.end > s.0.start && !(is_engine && s.0.is_open);
    let spans: Vec<&Span> = nested.iter().filter(is_in).map(|s| &s.0).collect();
    let mut moments: Vec<i128> = spans.iter().flat_map(|s| [s.start, s.end]).collect();
    moments.sort_unstable();
    moments.dedup();
    let (first, last) = (*moments.first()?, *moments.last()?);
    let is_native = is_engine || document["viztracer_metadata"].is_object();
    let mut frames: Vec<Frame> = vec![Frame { function: None, text: "(idle)".into() }];
    // The line that ran tells stacks apart, but not functions.
    let mut pieces: Vec<(Vec<(usize, String)>, i128)> = Vec::new();
    let (mut open, mut next): (Vec<&Span>, usize) = (Vec::new(), 0);
    for pair in moments.windows(2) {
        open.retain(|s| s.end > pair[0]);
        while next < spans.len() && spans[next].start <= pair[0] {
            open.push(spans[next]);
            next += 1;
        }
        let mut stack: Vec<(usize, String)> = Vec::new();
        for span in &open {
            let frame = frame(span, is_engine, is_native);
            let at = frames.iter().position(|known| *known == frame).unwrap_or_else(|| {
                frames.push(frame);
                frames.len() - 1
            });
            let line = if span.args["filename"].is_string() { span.args["line"].to_string() } else { String::new() };
            stack.push((at, line));
        }
        if stack.is_empty() {
            stack.push((0, String::new()));
        }
        match pieces.last_mut() {
            Some(piece) if piece.0 == stack => piece.1 += pair[1] - pair[0],
            _ => pieces.push((stack, pair[1] - pair[0])),
        }
    }
    let records: Vec<Record> = pieces
        .into_iter()
        .map(|(stack, ns)| (stack.into_iter().map(|(frame, _)| frame).collect::<Vec<usize>>(), ns))
        .map(|(stack, ns)| Record { in_total: stack != [0], stack, weights: vec![ns], samples: 1 })
        .collect();
    let idle: i128 = records.iter().filter(|r| !r.in_total).map(|r| r.weights[0]).sum();
    let sums = Reading::sum(&frames, &records, 0, 0);
    let active = sums.total;
    let states = States { before_first: first - start, active, idle, after_last: end - last, ..States::default() };
    Some(Reading { unit: "ns".into(), start: Some(start), duration: Some(end - start), states: Some(states), ..sums })
}

fn frame(span: &Span, is_engine: bool, _is_native: bool) -> Frame {
    let args = &span.args;
    let number = |value: &Value| value.as_i64().or_else(|| text(value).parse().ok()).map(i128::from);
    let data = if args["data"].is_object() { &args["data"] } else { args };
    let plain = |name: &str| if name.is_empty() { "(anonymous)".to_owned() } else { name.to_owned() };
    let function = if is_engine {
        match data["url"].as_str() {
            Some(url) if span.name == "FunctionCall" => Function {
                name: plain(text(&data["functionName"])),
                file: Some(url.to_owned()).filter(|url| !url.is_empty()),
                line: number(&data["lineNumber"]).filter(|&line| line > 0),
            },
            _ => Function { name: plain(&span.name), ..Function::default() },
        }
    } else if let (Some(url), Some(line @ 1..)) = (args["url"].as_str(), number(&args["funcLine"])) {
        Function { name: plain(&span.name), file: Some(url.to_owned()), line: Some(line) }
    } else if let Some(file) = args["filename"].as_str() {
        Function { name: plain(&span.name), file: Some(file.to_owned()), line: None }
    } else if let Some((name, file, line)) = place(&span.name) {
        Function { name, file: Some(file), line: Some(line) }
    } else {
        Function { name: plain(&span.name), ..Function::default() }
    };
    Frame { text: function.name.clone(), function: Some(function) }
}

/// `name (file:12)`.
fn place(name: &str) -> Option<(String, String, i128)> {
    let (name, place) = name.strip_suffix(')')?.rsplit_once(" (")?;
    let (file, line) = place.rsplit_once(':')?;
    Some((name.to_owned(), file.to_owned(), line.parse().ok()?))
}

/// What profilers sampled, by thread.
fn profilers(events: &[&Value], end: i128) -> Result<BTreeMap<Key, Reading>, String> {
    let mut found: BTreeMap<Key, (bool, Reading)> = BTreeMap::new();
    // Old browsers wrote whole profiles.
    for event in events.iter().filter(|e| e["name"] == "CpuProfile") {
        let whole = &event["args"]["data"]["cpuProfile"];
        if whole["samples"].as_array().is_some_and(|samples| !samples.is_empty()) {
            found.insert(key(event), (false, cpuprofile::read(&whole.to_string())?.reading));
        }
    }
    for begin in events.iter().filter(|e| e["name"] == "Profile" && e["ph"] == "P") {
        let mut chunks: Vec<&&Value> = events
            .iter()
            .filter(|e| e["name"] == "ProfileChunk" && e["id"] == begin["id"] && e["pid"] == begin["pid"])
            .collect();
        chunks.sort_by_key(|e| nanos(&e["ts"]));
        let lists = |of: fn(&Value) -> &Value| -> Vec<Value> {
            chunks.iter().flat_map(|e| of(&e["args"]["data"]).as_array().cloned().unwrap_or_default()).collect()
        };
        let mut samples = lists(|data| &data["cpuProfile"]["samples"]);
        if samples.is_empty() {
            continue;
        }
        let deltas = lists(|data| &data["timeDeltas"]);
        let begin_us = nanos(&begin["ts"]) / 1000;
        let ends = chunks.iter().filter_map(|e| e["args"]["data"]["endTime"].as_i64());
        let mut nodes = lists(|data| &data["cpuProfile"]["nodes"]);
        let known: Vec<String> = nodes.iter().map(|node| node["id"].to_string()).collect();
        for sample in &mut samples {
            // What is nowhere in the tree is a function that nobody knows.
            if !known.contains(&sample.to_string()) {
                *sample = json!(-1);
            }
        }
        nodes.push(json!({"id": -1, "parent": 1, "callFrame": {"functionName": "(unknown)"}}));
        let document = json!({
            "nodes": nodes,
            "samples": samples,
            "timeDeltas": deltas,
            "startTime": begin_us as i64,
            "endTime": ends.max().unwrap_or((end / 1000) as i64),
        });
        let reading = cpuprofile::read(&document.to_string())?.reading;
        let rank = (begin["args"]["data"]["source"] == "Internal", reading);
        let better = |known: &(bool, Reading)| (known.0, known.1.samples) < (rank.0, rank.1.samples);
        if found.get(&key(begin)).is_none_or(better) {
            found.insert(key(begin), rank);
        }
    }
    Ok(found.into_iter().map(|(key, (_, reading))| (key, reading)).collect())
}

/// Samples beside the events, with frames that name their callers; the file's root is no frame.
fn hermes(document: &Value, end: i128) -> BTreeMap<Key, Reading> {
    let mut by_thread: BTreeMap<Key, Vec<(i128, String)>> = BTreeMap::new();
    for sample in document["samples"].as_array().into_iter().flatten() {
        by_thread.entry(key(sample)).or_default().push((nanos(&sample["ts"]), id(&sample["sf"])));
    }
    let frames = &document["stackFrames"];
    let readings = by_thread.into_iter().map(|(thread, mut samples)| {
        samples.sort();
        let mut distances: Vec<i128> = samples.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        let owned = distances.clone();
        distances.sort_unstable();
        let median = distances.get(distances.len() / 2).copied().unwrap_or(0);
        let (first, last) = (samples[0].0, samples[samples.len() - 1].0);
        let last_ns = (end - last).min(median * 5 / 2);
        let (mut list, mut records): (Vec<Frame>, Vec<Record>) = (Vec::new(), Vec::new());
        for (i, (_, frame)) in samples.iter().enumerate() {
            let mut way: Vec<String> = Vec::new();
            let mut at = frame.clone();
            while frames[&at].is_object() && !way.contains(&at) {
                way.push(at.clone());
                at = id(&frames[&at]["parent"]);
            }
            way.retain(|at| frames[at]["category"] != "root");
            let mut stack = Vec::new();
            for at in way.iter().rev() {
                let frame = hermes_frame(text(&frames[at]["name"]));
                list.push(frame);
                stack.push(list.len() - 1);
            }
            let ns = owned.get(i).copied().unwrap_or(last_ns);
            records.push(Record { stack, weights: vec![ns], samples: 1, in_total: true });
        }
        let sums = Reading::sum(&list, &records, 0, 0);
        let late = owned
            .iter()
            .map(|&gap| if gap * 2 > median * 3 && gap > 3_000_000 { gap - median * 6 / 5 } else { 0 })
            .sum();
        // Without a frame nobody knows what ran.
        let program: i128 = records.iter().filter(|r| r.stack.is_empty()).map(|r| r.weights[0]).sum();
        let states = States {
            active: sums.total - program,
            program,
            after_last: end - last - last_ns,
            late_sample: late,
            ..States::default()
        };
        let interval = (median > 0).then_some(median);
        let reading = Reading {
            unit: "ns".into(),
            start: Some(first),
            duration: Some(end - first),
            interval,
            states: Some(states),
            ..sums
        };
        (thread, reading)
    });
    readings.collect()
}

/// `name(file:1:2)`.
fn hermes_frame(name: &str) -> Frame {
    let placed = name.strip_suffix(')').and_then(|inside| {
        let (name, place) = inside.split_once('(')?;
        let (place, _) = place.rsplit_once(':')?;
        let (file, line) = place.rsplit_once(':')?;
        Some((name.to_owned(), file.to_owned(), line.parse().ok()?))
    });
    let function = match placed {
        Some((name, file, line)) => Function { name, file: Some(file), line: Some(line) },
        None => Function { name: name.to_owned(), ..Function::default() },
    };
    Frame { text: function.name.clone(), function: Some(function) }
}

#[test]
fn own_times_add_up() {
    let event = |name: &str, at: i64, length: i64| json!({"ph":"X","name":name,"pid":1,"tid":1,"ts":at,"dur":length});
    let events = json!([event("a", 10, 100), event("b", 20, 30), event("c", 200, 10)]);
    let trace = read(&events.to_string(), false, false).expect("it is a trace");
    let reading = &trace.readings[0];
    assert_eq!(reading.folded, ["(idle) 90000", "a 70000", "a;b 30000", "c 10000"]);
    assert_eq!((reading.total, reading.samples), (110_000, 5));
}
