//! Heap snapshots and timelines: every number of every object against an independent reader, and both
//! against the numbers of Chrome DevTools' own worker where an index has them.
#![allow(clippy::print_stdout, reason = "a test says what it compared")]

mod common;
mod readers;

use std::path::PathBuf;

use culprit::analysis::heap::{Heap, UNREACHED, allocations, compare};
use culprit::engine::Engine;
use culprit::formats::{self, Options};
use culprit::input::{FileSource, Named};
use culprit::model::heap::NodeId;
use culprit::model::vocab::Scope;
use culprit::model::{HeapGraph, Recording, Weights};
use culprit::protocol::{Answer, Cell, Query, Sheet, SheetRow, TreeChange};
use serde_json::Value;

use common::Tally;
use readers::heap::{Class, Reckoned, Snapshot, read};
use readers::unpack;

/// Files of the corpus that are compared.
const FILES_OF_CORPUS: usize = 3;

#[derive(Clone)]
struct Case {
    name: String,
    file: PathBuf,
    format: String,
    /// What an index says of it.
    index: Value,
}

fn corpus() -> Vec<Case> {
    let Some(shared) = common::shared(FILES_OF_CORPUS) else { return Vec::new() };
    let all = common::corpus(&shared).into_iter().chain(common::peers(&shared));
    let heaps = all.filter(|entry| ["v8-heapsnapshot", "v8-heaptimeline"].contains(&entry.format()));
    let case = |entry: common::Entry| Case {
        format: entry.format().to_owned(),
        index: entry.expected().clone(),
        name: entry.name,
        file: entry.file,
    };
    heaps.map(case).collect()
}

fn fixtures() -> Vec<Case> {
    let folder = common::package().join("tests/fixtures/v8-heapsnapshot");
    let text = std::fs::read_to_string(folder.join("index.json")).expect("the fixtures have an index");
    let index: Value = serde_json::from_str(&text).expect("the index is JSON");
    let case = |file: PathBuf| {
        let ending = file.extension()?.to_str()?;
        let format = format!("v8-{ending}");
        let name = file.file_name()?.to_string_lossy().into_owned();
        let index = index[&name].clone();
        ending.starts_with("heap").then_some(Case { name, format, index, file })
    };
    common::files_below(&folder).into_iter().filter_map(case).collect()
}

fn open(case: &Case) -> Recording {
    let source = Box::new(FileSource::open(&case.file).expect("the file is there"));
    let named = Named { name: case.name.clone(), source };
    formats::open(vec![named], &Options::default(), None, &mut ()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn every_object_is_as_an_independent_reader_has_it() {
    let mut tally = Tally::default();
    let (corpus, fixtures) = (corpus(), fixtures());
    assert!(fixtures.len() >= 6, "only {} fixtures", fixtures.len());
    for case in corpus.iter().chain(&fixtures) {
        tally.file();
        let text = unpack::text(&unpack::read(&case.file).unwrap_or_else(|e| panic!("{}: {e}", case.name)));
        let snapshot = read(&text).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let reckoned = snapshot.reckon();
        against_index(&mut tally, case, &snapshot, &reckoned);
        let recording = open(case);
        tally.number(|| format!("{}: format", case.name), &recording.origin.format, &case.format);
        let graph = recording.heap.as_ref().expect("it is a heap");
        let heap = Heap::of(graph);
        objects(&mut tally, &case.name, (&snapshot, &reckoned), graph, &heap);
        duplicates(&mut tally, &case.name, &snapshot.duplicates(&reckoned.shallow), graph, &heap);
        timeline(&mut tally, &case.name, (&snapshot, &reckoned), &recording, &heap);
        printed(&mut tally, case, &snapshot, &reckoned);
    }
    tally.finish("heap");
}

/// The numbers of Chrome DevTools' worker, as far as an index has them.
fn against_index(tally: &mut Tally, case: &Case, snapshot: &Snapshot, reckoned: &Reckoned) {
    let (name, expected) = (&case.name, &case.index);
    if expected.is_null() {
        return;
    }
    let number = |value: &Value| value.as_u64().map(u128::from);
    tally.number(
        || format!("{name}: objects"),
        &Some(snapshot.objects.len() as u128),
        &number(&expected["node_count"]),
    );
    tally.number(|| format!("{name}: edges"), &Some(snapshot.edge_count as u128), &number(&expected["edge_count"]));
    tally.number(|| format!("{name}: samples"), &Some(snapshot.samples.len() as u128), &number(&expected["samples"]));
    for (kind, sums) in expected["types"].as_object().into_iter().flatten() {
        let of_kind = || snapshot.objects.iter().filter(|o| o.kind == *kind);
        tally.number(|| format!("{name}: {kind}"), &Some(of_kind().count() as u128), &number(&sums["count"]));
        tally.number(|| format!("{name}: {kind}"), &Some(of_kind().map(|o| o.size).sum()), &number(&sums["self"]));
    }
    let worker = &expected["devtools_worker"];
    let (sums, told) = (snapshot.sums(&reckoned.shallow), &worker["statistics"]);
    let pairs = [
        (sums.native, &told["native"]["total"]),
        (sums.typed_arrays, &told["native"]["typedArrays"]),
        (sums.code, &told["v8heap"]["code"]),
        (sums.arrays, &told["v8heap"]["jsArrays"]),
        (sums.strings, &told["v8heap"]["strings"]),
        (sums.system, &told["v8heap"]["system"]),
        (reckoned.retained[0], &told["total"]),
    ];
    for (at, (got, want)) in pairs.into_iter().enumerate() {
        tally.number(|| format!("{name}: statistic {at}"), &Some(got), &number(want));
    }
    for row in worker["top_retained"].as_array().expect("the index has objects") {
        let at = snapshot.objects.iter().position(|o| Some(o.id) == row[1].as_u64()).expect("there is such an object");
        let got = (Some(reckoned.retained[at]), Some(reckoned.shallow[at]), reckoned.distance[at].map(u128::from));
        tally.number(
            || format!("{name}: object {}", row[1]),
            &got,
            &(number(&row[0]), number(&row[4]), number(&row[5])),
        );
    }
    let rows = worker["classes_by_retained"].as_array().expect("the index has constructors");
    for row in rows {
        let name_of_row = row["name"].as_str().unwrap_or_default();
        let told = |class: &&Class| {
            let numbers = [class.retained, class.shallow, u128::from(class.count)].map(Some);
            let distance = class.distance.map(u128::from);
            class.name == name_of_row
                && numbers == ["maxRet", "self", "count"].map(|key| number(&row[key]))
                && distance == number(&row["distance"])
        };
        tally.number(|| format!("{name}: constructor {row}"), &reckoned.classes.iter().filter(told).count(), &1);
    }
}

fn objects(
    tally: &mut Tally,
    name: &str,
    (snapshot, reckoned): (&Snapshot, &Reckoned),
    graph: &HeapGraph,
    heap: &Heap,
) {
    tally.number(|| format!("{name}: objects"), &graph.len(), &snapshot.objects.len());
    for (at, object) in snapshot.objects.iter().enumerate() {
        let node = NodeId::from_index(at);
        let told = (graph.kind_name(graph.kind(node)), graph.texts.get(graph.name(node)), u64::from(graph.id(node)));
        tally.number(|| format!("{name}: object {at}"), &told, &(&*object.kind, &*object.name, object.id));
        let got = (u128::from(heap.shallow(node)), u128::from(heap.retained(node)), heap.dominator(node).index());
        let want = (reckoned.shallow[at], reckoned.retained[at], reckoned.dominator[at]);
        tally.number(|| format!("{name}: sizes of object {at}"), &got, &want);
        let distance = Some(heap.distance(node)).filter(|&d| d != UNREACHED).map(u64::from);
        tally.number(|| format!("{name}: distance of object {at}"), &distance, &reckoned.distance[at]);
        let class = &heap.classes()[heap.class(node)].name;
        tally.number(|| format!("{name}: constructor of object {at}"), class, &reckoned.class[at]);
        tally.number(|| format!("{name}: object {at} detached"), &heap.is_detached(node), &reckoned.detached[at]);
        let edges = graph.edges(node).map(|edge| {
            let label = edge.name().map_or_else(|| edge.name_or_index.to_string(), |text| graph.texts.get(text).into());
            (edge.kind.name().to_owned(), label, edge.to.index())
        });
        let expected = object.edges.iter().map(|edge| (edge.kind.clone(), edge.name.clone(), edge.to));
        tally.hold(edges.eq(expected), || format!("{name}: edges of object {at}"));
    }
}

fn duplicates(
    tally: &mut Tally,
    name: &str,
    expected: &std::collections::BTreeMap<String, (u64, u128, u128)>,
    graph: &HeapGraph,
    heap: &Heap,
) {
    let found = heap.duplicates(graph);
    tally.number(|| format!("{name}: equal strings"), &found.len(), &expected.len());
    for row in found {
        let got = (row.count, u128::from(row.shallow), u128::from(row.wasted));
        tally.number(|| format!("{name}: {:?}", row.text(graph)), &Some(&got), &expected.get(row.text(graph)));
    }
}

fn timeline(
    tally: &mut Tally,
    name: &str,
    (snapshot, reckoned): (&Snapshot, &Reckoned),
    recording: &Recording,
    heap: &Heap,
) {
    let graph = recording.heap.as_ref().expect("it is a heap");
    let live = |at: usize| {
        let before = snapshot.samples[..at].iter().map(|sample| sample[1]).max();
        let is_in = |id: u64| id % 2 == 1 && id <= snapshot.samples[at][1] && before.is_none_or(|last| id > last);
        let sizes = snapshot.objects.iter().zip(&reckoned.shallow).filter(|(o, _)| is_in(o.id));
        sizes.map(|(_, size)| size).sum::<u128>()
    };
    let intervals = allocations::over_time(graph, heap);
    tally.number(|| format!("{name}: intervals"), &intervals.len(), &snapshot.samples.len());
    for (at, interval) in intervals.iter().enumerate() {
        let got = (interval.to_us, u128::from(interval.size));
        tally.number(|| format!("{name}: interval {at}"), &got, &(snapshot.samples[at][0], live(at)));
    }
    series(tally, name, snapshot, recording);
    profile(tally, name, snapshot, recording);
    let by_stack = allocations::by_stack(graph, heap);
    tally.number(|| format!("{name}: stacks"), &by_stack.len(), &snapshot.stacks.len());
    for (row, stack) in by_stack.iter().zip(&snapshot.stacks) {
        let live = snapshot.objects.iter().zip(&reckoned.shallow).filter(|(o, _)| o.trace == stack[0] && o.trace != 0);
        let (count, size) = live.fold((0, 0), |(count, sum), (_, size)| (count + 1, sum + size));
        let got = (row.count, row.size, row.live_count, u128::from(row.live_size));
        tally.number(|| format!("{name}: stack {}", stack[0]), &got, &(stack[2], stack[3], count, size));
    }
    for row in allocations::by_function(graph, heap) {
        let function = (graph.texts.get(row.function.name), graph.texts.get(row.function.script_name));
        let of_it = |stack: &&[u64; 4]| {
            let known = snapshot.functions.get(stack[1] as usize);
            known.is_some_and(|f| (&*f.0, &*f.1, f.2) == (function.0, function.1, u64::from(row.function.line)))
        };
        let bytes: u64 = snapshot.stacks.iter().filter(of_it).map(|stack| stack[3]).sum();
        tally.number(|| format!("{name}: {function:?}"), &row.allocated.size, &bytes);
    }
}

/// The same over time, in the sizes of the file.
fn series(tally: &mut Tally, name: &str, snapshot: &Snapshot, recording: &Recording) {
    let Some(series) = recording.series.first() else {
        return tally.number(|| format!("{name}: no series"), &snapshot.samples.len(), &0);
    };
    let mut before = None;
    let want = snapshot.samples.iter().map(|sample| {
        let is_in = |id: u64| id % 2 == 1 && id <= sample[1] && before.is_none_or(|last| id > last);
        let sum: u128 = snapshot.objects.iter().filter(|o| is_in(o.id)).map(|o| o.size).sum();
        before = before.max(Some(sample[1]));
        (sample[0] as i64 * 1_000, sum as f64)
    });
    let want: Vec<_> = want.collect();
    let got: Vec<_> = series.at_ns.iter().zip(series.value.iter()).collect();
    tally.number(|| format!("{name}: series"), &got, &want);
}

/// Allocation stacks are a profile of what was allocated where.
fn profile(tally: &mut Tally, name: &str, snapshot: &Snapshot, recording: &Recording) {
    let sums = |at: usize| snapshot.stacks.iter().map(|stack| stack[at]).sum::<u64>() as i64;
    let live = |object: &&readers::heap::Object| snapshot.stacks.iter().any(|stack| stack[0] == object.trace);
    let live: Vec<_> = snapshot.objects.iter().filter(|o| o.trace != 0).filter(live).collect();
    let live_size = live.iter().map(|o| o.size).sum::<u128>() as i64;
    let want = [sums(3), sums(2), live_size, live.len() as i64];
    let Some(profile) = recording.profiles.first() else {
        return tally.number(|| format!("{name}: no profile"), &want, &[0; 4]);
    };
    let values = profile.values.iter().map(|value| match &value.weights {
        Weights::Each(weights) => weights.iter().sum::<i64>(),
        Weights::Owned => 0,
    });
    tally.number(|| format!("{name}: profile"), &values.collect::<Vec<_>>().as_slice(), &want.as_slice());
    let name_of = |row: &[u64; 4]| snapshot.functions.get(row[1] as usize).map(|f| f.0.clone());
    for (at, stack) in snapshot.stacks.iter().enumerate().filter(|(_, stack)| stack[3] > 0 || stack[2] > 0) {
        let Some(function) = name_of(stack).filter(|function| !function.is_empty()) else { continue };
        let has_frame = profile.samples.stack.iter().any(|id| {
            let frame = recording.stacks.frame(id);
            recording.name(recording.function_of(frame)) == function
        });
        tally.hold(has_frame, || format!("{name}: stack {at} of {function}"));
    }
}

/// What the program prints.
fn printed(tally: &mut Tally, case: &Case, snapshot: &Snapshot, reckoned: &Reckoned) {
    let name = &case.name;
    let line = common::summary(&case.file).unwrap_or_else(|e| panic!("{name}: {e}"));
    let heap = &line["heap"];
    let sums = snapshot.sums(&reckoned.shallow);
    let number = |key: &str| heap[key].as_u64().map(u128::from);
    let pairs = [
        ("objects", snapshot.objects.len() as u128),
        ("edges", snapshot.edge_count as u128),
        ("total_bytes", reckoned.retained[0]),
        ("native_bytes", sums.native),
        ("typed_array_bytes", sums.typed_arrays),
        ("code_bytes", sums.code),
        ("string_bytes", sums.strings),
        ("array_bytes", sums.arrays),
        ("system_bytes", sums.system),
        ("constructors", reckoned.classes.iter().filter(|class| class.count > 0).count() as u128),
    ];
    for (key, want) in pairs {
        tally.number(|| format!("{name}: {key}"), &number(key), &Some(want));
    }
    let rows = heap["classes"].as_array().expect("it has constructors");
    for class in reckoned.classes.iter().filter(|class| class.count > 0) {
        let is_it = |row: &&Value| {
            let place = ["script_id", "line", "column"].map(|key| row[key].as_u64());
            let [script, line, column] = class.place.map_or([None; 3], |[s, l, c]| [Some(s), Some(l + 1), Some(c + 1)]);
            row["name"] == *class.name && place == [script, line, column]
        };
        let Some(row) = rows.iter().find(is_it) else {
            // Long names are cut.
            tally.hold(class.name.chars().count() > 200, || format!("{name}: no constructor {}", class.name));
            continue;
        };
        let got = ["count", "shallow_bytes", "retained_bytes"].map(|key| row[key].as_u64().map(u128::from));
        let want = [u128::from(class.count), class.shallow, class.retained].map(Some);
        tally.number(|| format!("{name}: {} printed", class.name), &got, &want);
        tally.number(|| format!("{name}: {} printed", class.name), &row["distance"].as_u64(), &class.distance);
    }
    for row in heap["largest"].as_array().into_iter().flatten() {
        way_is_right(tally, name, snapshot, row);
    }
}

/// A way leads from a root to the object over references that are there, as many as its distance says.
fn way_is_right(tally: &mut Tally, name: &str, snapshot: &Snapshot, row: &Value) {
    let find = |id: &Value| snapshot.objects.iter().position(|o| Some(o.id) == id.as_u64());
    let path = row["path"].as_array().cloned().unwrap_or_default();
    let stops: Vec<Option<usize>> = path.iter().map(|step| find(&step["id"])).chain([find(&row["id"])]).collect();
    for (pair, step) in stops.windows(2).zip(&path) {
        let (Some(from), Some(to)) = (pair[0], pair[1]) else { panic!("{name}: a step of nobody") };
        let is_there = snapshot.objects[from].edges.iter().any(|edge| {
            let reference = step["reference"].as_str().unwrap_or_default();
            edge.to == to && (reference.contains(&edge.name) || edge.name.chars().count() > 200)
        });
        tally.hold(is_there, || format!("{name}: no reference {step} on the way to {}", row["id"]));
    }
    let distance = row["distance"].as_u64().unwrap_or(0);
    let steps = if distance >= 100_000_000 { distance - 100_000_000 } else { distance.saturating_sub(1) };
    if steps <= 50 {
        tally.number(|| format!("{name}: way to {}", row["id"]), &(path.len() as u64), &steps);
    }
}

#[test]
fn what_grew_is_a_sheet_once_there_is_another_heap() {
    let cases = [corpus(), fixtures()].concat();
    let find = |part: &str| cases.iter().find(|case| case.name.contains(part)).map(open);
    let (Some(before), Some(after)) = (find("leak-before"), find("leak-after")) else { return };
    let (mut before, mut after) = (Engine::new(before), Engine::new(after));
    let alone = rows(&mut before, "heap-changes", "", None, TreeChange::Keep);
    assert!(alone.rows.rows.is_empty() && alone.note.contains("Open a second heap"), "{}", alone.note);
    before.set_peer(after.aggregate(&Scope::default()));
    let sheet = rows(&mut before, "heap-changes", "session", None, TreeChange::Keep);
    let told: Vec<&str> = sheet.rows.rows[0].cells.iter().map(|cell| cell.text.as_str()).collect();
    assert_eq!(told, ["Session", "600", "0", "600", "28,800\u{202f}B", "0\u{202f}B", "28,800\u{202f}B"]);
    assert!(sheet.note.contains("told apart"), "{}", sheet.note);
    // Against a heap of another process only numbers count.
    let mut other = Engine::new(find("made-program").expect("it is a fixture"));
    before.set_peer(other.aggregate(&Scope::default()));
    let sheet = rows(&mut before, "heap-changes", "session", None, TreeChange::Keep);
    let told: Vec<&str> = sheet.rows.rows[0].cells.iter().take(4).map(|cell| cell.text.as_str()).collect();
    assert_eq!(told, ["Session", "2", "0", "2"]);
    let sheet = rows(&mut before, "heap-changes", "function", None, TreeChange::Keep);
    let row = sheet.rows.rows.iter().find(|row| row.cells[0].text == "Function").expect("it has fewer functions");
    assert_eq!(row.cells[1].text, "0");
    assert_eq!(row.cells[3].text, format!("\u{2212}{}", row.cells[2].text));
    assert!(sheet.note.contains("different processes"), "{}", sheet.note);
}

/// All rows of a sheet, as far as it is expanded.
fn rows(engine: &mut Engine, sheet: &str, search: &str, sort: Option<(u32, bool)>, change: TreeChange) -> Sheet {
    let query = |from, change| Query::Sheet {
        sheet: sheet.into(),
        scope: Scope::default(),
        search: search.into(),
        sort,
        change,
        from,
        count: 500,
    };
    let mut ask = |from, change| match engine.answer(&query(from, change)) {
        Ok(Answer::Sheet(sheet)) => sheet,
        other => panic!("{sheet}: {other:?}"),
    };
    let mut all = ask(0, change);
    while all.rows.rows.len() < all.rows.all as usize {
        let next = ask(all.rows.rows.len() as u32, TreeChange::Keep);
        assert!(!next.rows.rows.is_empty(), "{sheet}: rows are missing");
        all.rows.rows.extend(next.rows.rows);
    }
    for row in &all.rows.rows {
        assert_eq!(row.cells.len(), all.columns.len(), "{sheet}: a cell for each column");
    }
    all
}

/// The number that a cell states exactly.
fn number(cell: &Cell) -> u128 {
    let digits: String = cell.text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(u128::MAX)
}

#[test]
fn sheets_hold_the_numbers_of_the_independent_reader() {
    let mut tally = Tally::default();
    for case in corpus().iter().chain(&fixtures()) {
        tally.file();
        let text = unpack::text(&unpack::read(&case.file).unwrap_or_else(|e| panic!("{}: {e}", case.name)));
        let snapshot = read(&text).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let reckoned = snapshot.reckon();
        let mut engine = Engine::new(open(case));
        let sheets = engine.overview(0.0).sheets;
        let has_detached = reckoned.detached.iter().any(|is_detached| *is_detached);
        let listed = |id: &str| sheets.iter().any(|sheet| sheet.id == id && sheet.tab == "memory");
        tally.hold(listed("heap-constructors") && listed("heap-strings"), || format!("{}: sheets", case.name));
        tally.hold(!has_detached || listed("heap-detached"), || format!("{}: detached", case.name));
        tally.hold(!listed("heap-retainers"), || format!("{}: retainers are of a row", case.name));
        constructors(&mut tally, &case.name, &mut engine, (&snapshot, &reckoned));
        dominators(&mut tally, &case.name, &mut engine, (&snapshot, &reckoned));
        retainers(&mut tally, &case.name, &mut engine, &snapshot);
        if listed("heap-detached") {
            let detached = rows(&mut engine, "heap-detached", "", None, TreeChange::Keep);
            let want = reckoned.detached.iter().filter(|is_detached| **is_detached).count();
            tally.number(|| format!("{}: detached", case.name), &detached.rows.rows.len(), &want);
        }
        let duplicates = snapshot.duplicates(&reckoned.shallow);
        let strings = rows(&mut engine, "heap-strings", "", None, TreeChange::Keep).rows.rows;
        tally.number(|| format!("{}: strings", case.name), &strings.len(), &duplicates.len().min(10_000));
        let wasted: u128 = strings.iter().map(|row| number(&row.cells[3])).sum();
        let want: u128 = duplicates.values().map(|row| row.2).sum();
        tally.hold(wasted == want || duplicates.len() > 10_000, || format!("{}: {wasted} of {want}", case.name));
    }
    tally.finish("sheets of heaps");
}

fn constructors(tally: &mut Tally, name: &str, engine: &mut Engine, (snapshot, reckoned): (&Snapshot, &Reckoned)) {
    let sheet = rows(engine, "heap-constructors", "", None, TreeChange::Keep).rows.rows;
    let told = |row: &SheetRow| [1, 3, 4].map(|at| number(&row.cells[at]));
    let mut got: Vec<_> = sheet.iter().map(told).collect();
    let is_sorted = got.windows(2).all(|pair| pair[0][2] >= pair[1][2]);
    tally.hold(is_sorted, || format!("{name}: constructors by retained size"));
    let with_objects = reckoned.classes.iter().filter(|class| class.count > 0);
    let mut want: Vec<_> = with_objects.map(|class| [u128::from(class.count), class.shallow, class.retained]).collect();
    got.sort_unstable();
    want.sort_unstable();
    tally.number(|| format!("{name}: constructors"), &got, &want);
    let by_name = rows(engine, "heap-constructors", "", Some((0, true)), TreeChange::Keep).rows.rows;
    let names: Vec<&str> = by_name.iter().map(|row| row.cells[0].text.as_str()).collect();
    tally.hold(names.is_sorted() && names.len() == want.len(), || format!("{name}: constructors by name"));
    // Below a constructor, its objects; below an object, what it refers to.
    let Some(open) = sheet.iter().find(|row| number(&row.cells[1]) < 10_000) else { return };
    let after = rows(engine, "heap-constructors", "", None, TreeChange::Expand(open.node)).rows.rows;
    let at = after.iter().position(|row| row.node == open.node).expect("the row is still there");
    let below: Vec<&SheetRow> = after[at + 1..].iter().take_while(|row| row.depth == 1).collect();
    tally.number(|| format!("{name}: objects below"), &(below.len() as u128), &number(&open.cells[1]));
    let own: u128 = below.iter().map(|row| number(&row.cells[3])).sum();
    tally.number(|| format!("{name}: objects below"), &own, &number(&open.cells[3]));
    let first = below[0];
    let object = snapshot.objects.iter().find(|object| format!("@{}", object.id) == first.key).expect("it exists");
    let deeper = rows(engine, "heap-constructors", "", None, TreeChange::Expand(first.node)).rows.rows;
    let fields = deeper.iter().filter(|row| row.depth == 2).count();
    tally.number(|| format!("{name}: fields"), &fields.min(10_000), &object.edges.len().min(10_000));
    let found = rows(engine, "heap-constructors", &first.key, None, TreeChange::Keep).rows.rows;
    tally.number(|| format!("{name}: found"), &found.first().map(|row| &row.key), &Some(&first.key));
    let closed = rows(engine, "heap-constructors", "", None, TreeChange::CollapseAll).rows.rows;
    tally.number(|| format!("{name}: collapsed"), &closed.len(), &sheet.len());
}

fn dominators(tally: &mut Tally, name: &str, engine: &mut Engine, (snapshot, reckoned): (&Snapshot, &Reckoned)) {
    let sheet = rows(engine, "heap-dominators", "", None, TreeChange::ExpandHeaviest(None)).rows.rows;
    for pair in sheet.windows(2).filter(|pair| pair[1].depth == pair[0].depth + 1) {
        let of = |row: &SheetRow| snapshot.objects.iter().position(|o| format!("@{}", o.id) == row.key);
        let (Some(above), Some(below)) = (of(&pair[0]), of(&pair[1])) else { continue };
        tally.number(|| format!("{name}: {} hangs on", pair[1].key), &reckoned.dominator[below], &above);
    }
    let sum: u128 = sheet.iter().filter(|row| row.depth == 0).map(|row| number(&row.cells[3])).sum();
    let is_cut = sheet.iter().any(|row| row.cells[0].text.starts_with("… and "));
    let root = reckoned.retained[0] - reckoned.shallow[0];
    tally.hold(is_cut || sum == root, || format!("{name}: {sum} of {root} hang on the root"));
}

/// Rows say who refers to an object; from the beginning the nearest way to a root is expanded.
fn retainers(tally: &mut Tally, name: &str, engine: &mut Engine, snapshot: &Snapshot) {
    let step = (snapshot.objects.len() / 40).max(1);
    for (at, object) in snapshot.objects.iter().enumerate().step_by(step) {
        // Of objects with one id the first is meant.
        if snapshot.objects[..at].iter().any(|other| other.id == object.id) {
            continue;
        }
        let sheet = format!("heap-retainers/@{}", object.id);
        let shown = rows(engine, &sheet, "", None, TreeChange::Keep).rows.rows;
        let edges = snapshot.objects.iter().flat_map(|from| &from.edges);
        let want = edges.filter(|edge| edge.to == at && edge.kind != "weak").count();
        let got = shown.iter().filter(|row| row.depth == 0 && !row.cells[0].text.starts_with('…')).count();
        tally.number(|| format!("{name}: {sheet}"), &got, &want.min(10_000));
        let far = |row: &SheetRow| match row.cells[1].text.as_str() {
            "–" => u128::MAX,
            _ => number(&row.cells[1]),
        };
        for pair in shown.windows(2).filter(|pair| pair[1].depth == pair[0].depth + 1) {
            let is_nearer = far(&pair[1]) < far(&pair[0]) || far(&pair[1]) == u128::MAX;
            tally.hold(is_nearer, || format!("{name}: {sheet} leads away"));
        }
    }
}

#[test]
fn what_no_heap_has_cannot_be_asked_for() {
    let cases = fixtures();
    let mut engine = Engine::new(open(&cases[0]));
    for sheet in ["", "heap", "heap-retainers", "heap-retainers/@999999999", "heap-retainers/x", "load"] {
        let scope = Scope::default();
        let (search, change) = (String::new(), TreeChange::Expand(77));
        let query =
            Query::Sheet { sheet: sheet.into(), scope, search, sort: Some((99, true)), change, from: 9, count: 9 };
        assert!(engine.answer(&query).is_err(), "{sheet}");
    }
}

/// The leak that was built into a program: what is new in its second snapshot is what it kept.
#[test]
fn a_leak_shows_between_two_snapshots() {
    let cases = corpus();
    let find = |part: &str| cases.iter().find(|case| case.name.contains(part));
    let (Some(before), Some(after)) = (find("leak-before"), find("leak-after")) else { return };
    let identities = |case| {
        let recording = open(case);
        let graph = recording.heap.as_ref().expect("it is a heap");
        compare::Identities::of("x", graph, &Heap::of(graph))
    };
    let (before, after) = (identities(before), identities(after));
    let changes = compare::changes(&before, &after);
    assert!(changes.is_by_object, "the snapshots are of one process");
    let rows = changes.rows;
    let of = |name: &str| {
        let row = rows.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("nothing changed of {name}"));
        (row.new_count, row.deleted_count, row.size_delta())
    };
    assert_eq!(of("Session"), (600, 0, 600 * 48));
    assert_eq!(of("{name, mail}"), (600, 0, 600 * 40));
    assert_eq!(rows[0].name, "Array", "most of what grew are the histories of the sessions");
    let back = compare::changes(&after, &before).rows;
    let row = back.iter().find(|row| row.name == "Session").expect("it changed");
    assert_eq!((row.new_count, row.deleted_count), (0, 600));
    assert!(compare::changes(&after, &after).rows.is_empty());
}
