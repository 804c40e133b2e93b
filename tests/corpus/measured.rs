//! Stalls that traces measure, against what the recorded programs wrote down of themselves.

use serde_json::Value;

use crate::common::{self, Tally, summary};

/// A stall as the program tells it, microseconds.
#[derive(Debug, Clone)]
struct Told {
    start: f64,
    length: f64,
    origin: String,
    /// Names of the culprit, the helper, the handler and what is between.
    names: Vec<String>,
    chain: String,
}

fn told(line: &Value, source: &str) -> Vec<Told> {
    let lists = line["stalls"].as_array().into_iter().flatten().filter(|stalls| stalls["source"] == source);
    let main = lists.filter(|stalls| stalls["worst"].is_array()).take(1);
    let name = |place: &Value| place["name"].as_str().map(str::to_owned);
    main.flat_map(|stalls| stalls["worst"].as_array().cloned().unwrap_or_default())
        .map(|stall| Told {
            start: stall["start_ns"].as_f64().unwrap_or(0.0) / 1000.0,
            length: stall["duration_ns"].as_f64().unwrap_or(0.0) / 1000.0,
            origin: stall["origin"].as_str().unwrap_or_default().to_owned(),
            names: [&stall["culprit"], &stall["helper"], &stall["handler"]]
                .into_iter()
                .chain(stall["path"].as_array().into_iter().flatten())
                .filter_map(name)
                .collect(),
            chain: stall["chain"][0].as_str().unwrap_or_default().to_owned(),
        })
        .collect()
}

/// The handler and the origin of each built stall of the page: its functions call `stall`, `spin` or
/// nothing, and are called by these.
const OF_PAGE: [(&str, &str, &str); 6] = [
    ("hydrateCatalogue", "app.js", "script"),
    ("computePrices", "onTimer", "timer"),
    ("thrashLayout", "onThrash", "timer"),
    ("churn", "onChurn", "timer"),
    ("checkout", "onBuy", "click event"),
    ("filterResults", "onKey", "keydown event"),
];

/// Every built stall of the page is found in the task that holds it, with its handler and its origin, and
/// timers with who set them.
#[test]
fn stalls_of_pages_have_handler_and_origin() {
    let Some(shared) = common::shared(4) else { return };
    let mut tally = Tally::default();
    let entries = common::corpus(&shared);
    let truth = |name: &str| {
        let of_name = entries.iter().find(|e| e.name == format!("corpus/node/chrome/{name}"));
        of_name.map(|e| e.index["expected"]["ground_truth_stalls_ms_since_navigation"].clone()).unwrap_or_default()
    };
    let mut found = 0;
    for (name, truth) in [
        ("shop-devtools.json.gz", truth("shop-devtools.json.gz")),
        ("shop-minimal.json", truth("shop-minimal.json")),
        ("shop-minimal-array.json", truth("shop-minimal.json")),
        ("shop-minimal-devtools-saved.json.gz", truth("shop-minimal.json")),
    ] {
        tally.file();
        let line = summary(&shared.join("corpus/node/chrome").join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let stalls = told(&line, "measured");
        let navigation = navigation_start(&shared.join("corpus/node/chrome").join(name));
        for built in truth.as_array().into_iter().flatten() {
            let function = built["function"].as_str().unwrap_or_default();
            let (from, to) = (built["start"].as_f64().unwrap_or(0.0), built["end"].as_f64().unwrap_or(0.0));
            let (from, to) = (navigation + from * 1000.0, navigation + to * 1000.0);
            // The page's clock is coarse.
            let holds = |stall: &&Told| stall.start <= from + 1_500.0 && stall.start + stall.length >= to - 1_500.0;
            let Some(stall) = stalls.iter().find(holds) else {
                tally.fail(format!("{name}: {function} at {from} is not found"));
                continue;
            };
            let (_, handler, origin) = OF_PAGE.iter().find(|row| row.0 == function).expect("a stall of the page");
            let is_named = stall.names.iter().any(|name| name.ends_with(handler));
            tally.hold(is_named, || format!("{name}: {function} is called by {:?}, not by {handler}", stall.names));
            tally.hold(stall.origin == *origin, || format!("{name}: {function} comes from {}", stall.origin));
            let is_set = *origin != "timer" || stall.chain.contains("app.js");
            tally.hold(is_set || name.contains("minimal"), || format!("{name}: nobody set the timer of {function}"));
            if name == "shop-devtools.json.gz" {
                // Samples go deeper than the handler; in one task several are built.
                let is_blamed = stall.names.iter().any(|name| name == function || name == handler);
                tally.hold(is_blamed, || format!("{name}: {:?} and not {function}", stall.names));
            }
            tally.hold(stall.length >= to - from - 3_000.0, || format!("{name}: {function} is too short"));
            found += usize::from(is_named && stall.origin == *origin);
        }
    }
    println!("{found} of 32 built stalls found with handler and origin");
    assert_eq!(found, 32);
    tally.finish("measured stalls of pages");
}

/// A page of ours, recorded after the rules stood: one stall from each kind of handler. Two kinds write
/// no event that tells them: what comes through a `MessagePort`, and what an observer is told.
#[test]
fn stalls_of_a_page_of_ours_are_found_and_blamed() {
    let folder = common::package().join("tests/fixtures/chrome-trace");
    let file = folder.join("desk.json.gz");
    let line = summary(&file).unwrap_or_else(|e| panic!("{e}"));
    let (stalls, navigation) = (told(&line, "measured"), navigation_start(&file));
    let truth = std::fs::read_to_string(folder.join("desk.truth.json")).expect("it lies beside the recording");
    let truth: Value = serde_json::from_str(&truth).expect("the page wrote JSON");
    let origin = truth["timeOrigin"].as_f64().expect("the page's clock began");
    let mut tally = Tally::default();
    tally.file();
    let built = truth["truth"].as_array().cloned().unwrap_or_default();
    assert_eq!(built.len(), 13);
    for built in &built {
        let text = |key: &str| built[key].as_str().unwrap_or_default();
        let at = |key: &str| navigation + (built[key].as_f64().unwrap_or(0.0) - origin) * 1000.0;
        let (from, to, function) = (at("start"), at("end"), text("function"));
        let holds = |stall: &&Told| stall.start <= from + 1_500.0 && stall.start + stall.length >= to - 1_500.0;
        let Some(stall) = stalls.iter().find(holds) else {
            tally.fail(format!("{function} at {from} is not found"));
            continue;
        };
        tally.hold(stall.length <= to - from + 20_000.0, || format!("{function}: {} is too long", stall.length));
        let names = |wanted: &str| stall.names.iter().any(|name| name.ends_with(wanted));
        tally.hold(names(function), || format!("{function} is not on {:?}", stall.names));
        tally.hold(names(text("handler")), || format!("{function}: {} is not in {:?}", text("handler"), stall.names));
        tally.hold(stall.names.first().is_some_and(|name| name == "busy"), || format!("{:?}", stall.names));
        let said = if ["readWord", "showSeen"].contains(&function) { "" } else { text("origin") };
        tally.hold(stall.origin == said, || format!("{function} comes from {:?}", stall.origin));
        let is_set = said != "timer" || stall.chain.contains("desk.js");
        tally.hold(is_set, || format!("{function}: nobody set its timer, {:?}", stall.chain));
    }
    tally.finish("stalls of a page of ours");
}

/// Microseconds on the file's clock of the page's last navigation.
fn navigation_start(file: &std::path::Path) -> f64 {
    let bytes = crate::unpack::read(file).expect("it was just read");
    let document: Value = serde_json::from_slice(&bytes).expect("it was just read");
    let events = document.as_array().or_else(|| document["traceEvents"].as_array()).expect("it was just read");
    let is_it = |event: &&Value| {
        let data = &event["args"]["data"];
        event["name"] == "navigationStart"
            && data["documentLoaderURL"].as_str().is_some_and(|url| url.starts_with("http"))
    };
    events.iter().filter(is_it).filter_map(|event| event["ts"].as_f64()).fold(0.0, f64::max)
}

/// The rule for Node.js gives the stretches that the index lists, and the handler of the request, which
/// writes no span, by the thread's own clock.
#[test]
fn stalls_of_loops_are_those_of_the_index() {
    let Some(shared) = common::shared(2) else { return };
    let mut tally = Tally::default();
    for entry in common::corpus(&shared).into_iter().filter(|e| e.index["expected"]["stalls_span_rule"].is_object()) {
        tally.file();
        let line = summary(&entry.file).unwrap_or_else(|e| panic!("{}: {e}", entry.name));
        let stalls = told(&line, "measured");
        let expected = &entry.index["expected"];
        for want in expected["stalls_span_rule"]["list"].as_array().into_iter().flatten() {
            let (at, length) = (want["start_us"].as_f64().unwrap_or(0.0), want["dur_us"].as_f64().unwrap_or(0.0));
            let is_it = |stall: &Told| (stall.start - at).abs() < 1.0 && (stall.length - length).abs() < 1.0;
            tally.number(|| format!("{}: the stall at {at}", entry.name), &stalls.iter().any(is_it), &true);
        }
        let named = stalls.iter().filter(|stall| !stall.origin.is_empty()).count();
        let want = expected["stalls_span_rule"]["found"].as_u64().unwrap_or(0);
        tally.number(|| format!("{}: stalls with an origin", entry.name), &(named as u64), &want);
        for built in expected["ground_truth_stalls"]["list"].as_array().into_iter().flatten() {
            let (from, length) = (built["start_us"].as_f64().unwrap_or(0.0), built["dur_us"].as_f64().unwrap_or(0.0));
            let holds =
                |stall: &Told| stall.start <= from + 500.0 && stall.start + stall.length >= from + length - 500.0;
            let is_found = length < 50_000.0 || stalls.iter().any(holds);
            tally.hold(is_found, || format!("{}: {} at {from} is not found", entry.name, built["function"]));
        }
    }
    tally.finish("measured stalls of loops");
}

/// Vitals equal what the browser's own trace engine gives for the same files.
#[test]
fn vitals_are_those_of_the_browsers_engine() {
    let Some(shared) = common::shared(2) else { return };
    let mut tally = Tally::default();
    for entry in
        common::corpus(&shared).into_iter().filter(|e| e.index["expected"]["devtools_trace_engine"].is_object())
    {
        tally.file();
        let engine = &entry.index["expected"]["devtools_trace_engine"];
        let line = summary(&entry.file).unwrap_or_else(|e| panic!("{}: {e}", entry.name));
        let vitals = line["vitals"].as_array().cloned().unwrap_or_default();
        let Some(page) = vitals.last() else {
            tally.fail(format!("{}: no vitals", entry.name));
            continue;
        };
        let metric = |name: &str| {
            engine["metrics"].as_array().into_iter().flatten().find(|m| m[0] == name).and_then(|m| m[1].as_f64())
        };
        for (key, want) in [("fcp", metric("FCP")), ("lcp", metric("LCP")), ("inp", engine["inp_ms"].as_f64())] {
            let value = page[key]["value"].as_f64();
            let is_same = value.zip(want).is_some_and(|(value, want)| (value - want).abs() < 0.0011);
            tally.hold(is_same, || format!("{}: {key} {value:?}, expected {want:?}", entry.name));
            tally.equal_numbers(usize::from(is_same));
        }
        tally.number(|| format!("{}: cls", entry.name), &page["cls"]["value"].as_f64(), &engine["cls"].as_f64());
        let longest = engine["interactions"].as_array().into_iter().flatten();
        let longest = longest.max_by(|a, b| a["dur_ms"].as_f64().partial_cmp(&b["dur_ms"].as_f64()).expect("numbers"));
        let longest = longest.cloned().unwrap_or_default();
        for (part, key) in
            [("input delay", "inputDelay_ms"), ("processing", "handling_ms"), ("presentation delay", "presentation_ms")]
        {
            let (ours, want) = (page["inp"]["parts_ms"][part].as_f64(), longest[key].as_f64());
            let is_near = ours.zip(want).is_some_and(|(ours, want)| (ours - want).abs() < 1.5);
            tally.hold(is_near, || format!("{}: {part} {ours:?}, expected {want:?}", entry.name));
        }
        let has_tasks = engine["warnings"].as_array().into_iter().flatten().find(|w| w[0] == "LONG_TASK").cloned();
        tally.hold(page["tbt"]["value"].is_number() == has_tasks.is_some(), || {
            format!("{}: tbt {}", entry.name, page["tbt"])
        });
    }
    tally.finish("vitals");
}

/// What was built into the traces that are made by hand; every number was worked out by hand.
#[test]
fn made_traces_tell_what_was_built_into_them() {
    let fixture = |name: &str| {
        let file = common::package().join("tests/fixtures").join(name);
        summary(&file).unwrap_or_else(|e| panic!("{name}: {e}"))
    };
    let in_time = |line: &Value| {
        let mut stalls = told(line, "measured");
        stalls.sort_by(|a, b| a.start.total_cmp(&b.start));
        let row =
            |s: Told| (s.start as i64, s.length as i64, s.origin, s.names.last().cloned().unwrap_or_default(), s.chain);
        stalls.into_iter().map(row).collect::<Vec<_>>()
    };
    let row = |at, length, origin: &str, name: &str, chain: &str| {
        (at, length, origin.to_owned(), name.to_owned(), chain.to_owned())
    };
    for name in ["made-page.json", "made-saved.json", "made-open-array.json"] {
        let line = fixture(&format!("chrome-trace/{name}"));
        let set = "The timer of 100 ms was set by start (https://shop.test/app.js:4:1).";
        let stalls = in_time(&line);
        let want = [
            row(1_010_000, 80_000, "script", "start", ""),
            row(1_200_000, 120_000, "timer", "paintRow", set),
            row(2_000_000, 60_000, "click event", "onClick", ""),
        ];
        assert_eq!(stalls, want, "{name}");
        let inferred = line["stalls"].as_array().into_iter().flatten().any(|s| s["source"] == "inferred");
        assert!(inferred, "{name}: both sources are told");
        let page = &line["vitals"][0];
        let near = |key: &str, want: f64| {
            let value = page[key]["value"].as_f64().unwrap_or(f64::NAN);
            assert!((value - want).abs() < 1e-6, "{name}: {key} {value}, expected {want}");
        };
        near("fcp", 94.0);
        near("lcp", 149.0);
        near("cls", 0.075);
        near("inp", 100.0);
        near("tbt", 80.0);
        assert_eq!((page["long_tasks"].as_i64(), page["long_tasks_ns"].as_i64()), (Some(3), Some(260_000_000)));
        assert_eq!((page["lcp"]["what"].as_str(), page["inp"]["what"].as_str()), (Some("IMG"), Some("click")));
        for (part, want) in [
            ("time to first byte", 20.0),
            ("resource load delay", 79.0),
            ("resource load duration", 40.0),
            ("element render delay", 10.0),
        ] {
            let value = page["lcp"]["parts_ms"][part].as_f64().unwrap_or(f64::NAN);
            assert!((value - want).abs() < 1e-6, "{name}: {part} {value}");
        }
        for (part, want) in [("input delay", 5.6), ("processing", 58.4), ("presentation delay", 36.0)] {
            let value = page["inp"]["parts_ms"][part].as_f64().unwrap_or(f64::NAN);
            assert!((value - want).abs() < 1e-6, "{name}: {part} {value}");
        }
    }
    // Without tasks nobody can tell what blocked; the outermost spans still tell stalls.
    let few = fixture("chrome-trace/made-few-categories.json");
    assert!(few["vitals"][0]["tbt"]["value"].is_null() && few["vitals"][0]["tbt"]["reason"].is_string());
    assert_eq!(in_time(&few).len(), 3);
    for name in ["made-shapes.node_trace.1.log", "made-names-first.node_trace.1.log"] {
        let line = fixture(&format!("node-trace-events/{name}"));
        let want = [
            row(1_120_000, 90_500, "timer", "", "It continued Timeout 2."),
            row(1_300_000, 61_100, "fs", "", "It continued FSREQPROMISE 3."),
            row(1_402_500, 97_500, "", "", ""),
        ];
        assert_eq!(in_time(&line), want, "{name}");
    }
}
