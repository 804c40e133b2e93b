//! Events as boxes: where they stand, what they are called, and that they add up to what the sheet of
//! events says.

use std::collections::BTreeMap;

use super::Engine;
use crate::analysis::events::events;
use crate::draw::{BoxRows, Metrics, PaintList, Rows};
use crate::formats::{self, Options};
use crate::input::{Bundle, Named, SliceSource};
use crate::model::vocab::{Filter, FrameKey, Order, Path, Scope, ThreadKey, TimeRange};
use crate::protocol::{CanvasId, Content, Direction, FlameView, Painted, Picture, Tip};
use crate::stage::{FlameWant, Given, SceneColumns, Stage, Want, head_node};

const MS: i64 = 1_000_000;

/// The recording of a file of `tests/fixtures/`.
fn fixture(name: &str) -> Engine {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    open(name.rsplit('/').next().unwrap_or(name), bytes)
}

fn open(name: &str, bytes: Vec<u8>) -> Engine {
    let bundle: Bundle = vec![Named { name: name.to_owned(), source: Box::new(SliceSource::new(bytes)) }];
    let recording = formats::open(bundle, &Options::default(), None, &mut ()).unwrap_or_else(|e| panic!("{name}: {e}"));
    Engine::new(recording)
}

fn scene(engine: &mut Engine, scope: Scope) -> SceneColumns {
    let want = FlameWant { scope, order: Order::Time, callers: false, part: 1.0 };
    let Some(Given::Flame(scene)) = engine.give(&Want::Flame(want)) else { panic!("a flame graph is given") };
    *scene
}

/// The boxes of a head's rows, by the number of their node.
fn boxes(rows: &BoxRows, head: Option<usize>) -> Vec<(usize, u32, i64, i64)> {
    let top = |at: usize| rows.tops().get(at).map(|&top| top as usize);
    let (first, end) = match head {
        Some(head) => (top(head).expect("it has a head") + 1, top(head + 1).unwrap_or(rows.depths())),
        None => (1, rows.depths()),
    };
    let of_row = |depth: usize| (0..rows.len(depth)).map(move |i| (depth, i));
    let all = (first..end).flat_map(of_row);
    all.map(|(depth, i)| (depth - first, rows.node(depth, i), rows.start(depth, i), rows.end(depth, i))).collect()
}

#[test]
fn boxes_of_a_name_add_up_to_the_sheet() {
    for file in [
        "chrome-trace/made-page.json",
        "chrome-trace/made-few-categories.json",
        "node-trace-events/made-shapes.node_trace.1.log",
        "node-trace-events/stalls-env.node_trace.1.log.gz",
        "trace-event/made-build.json",
        "trace-event/made-viztracer.json",
        "trace-event/threads_mixed.json.gz",
    ] {
        let mut engine = fixture(file);
        let drawn = scene(&mut engine, Scope::default());
        assert!(!drawn.head.is_cut, "{file}");
        let recording = engine.recording();
        let has_spans =
            |track: &usize| recording.spans.rows_of(*track).any(|row| recording.spans.length_ns.get(row) > 0);
        let tracks: Vec<usize> = (0..recording.spans.tracks.len()).filter(has_spans).collect();
        let heads = &drawn.head.tracks;
        let mut heads =
            (0..heads.len().max(1)).filter(|&head| heads.get(head).is_none_or(|name| !name.ends_with("samples")));
        for track in tracks {
            let mut wanted = vec![false; recording.spans.tracks.len()];
            wanted[track] = true;
            let name = |text| recording.text(text).to_owned();
            let sums = events(&recording.spans, None, &wanted);
            let sums: BTreeMap<String, i64> = sums.into_iter().map(|(text, sum)| (name(text), sum.length_ns)).collect();
            let head = heads.next().expect("every track is drawn");
            let of_head = boxes(&drawn.rows, (!drawn.head.tracks.is_empty()).then_some(head));
            let all: i64 = of_head.iter().map(|(_, _, start, end)| end - start).sum();
            assert_eq!(all, sums.values().sum::<i64>(), "{file}: track {track}");
            // Calls of a profile that was made of the track are named by their functions.
            let label = |node: u32| drawn.nodes.function.get(node as usize).checked_sub(drawn.head.functions);
            let mut by_name: BTreeMap<String, i64> = BTreeMap::new();
            for (_, node, start, end) in of_head {
                if let Some(row) = label(node) {
                    *by_name.entry(name(engine.event_labels().rows.get(row as usize).0)).or_default() += end - start;
                }
            }
            for (name, length) in &by_name {
                assert_eq!(sums.get(name), Some(length), "{file}: {name} of track {track}");
            }
            let is_made = recording.profiles.iter().any(|p| p.made_of.is_some_and(|made| made.track as usize == track));
            assert!(is_made || by_name.len() == sums.values().filter(|sum| **sum > 0).count(), "{file}: track {track}");
        }
        assert_eq!(heads.next(), None, "{file}: nothing else is drawn");
    }
}

/// A page's main thread was sampled: its tasks stand above its samples, on the same clock.
#[test]
fn tasks_stand_above_the_samples_taken_in_them() {
    let mut engine = fixture("chrome-trace/made-page.json");
    let drawn = scene(&mut engine, Scope::default());
    let heads = &drawn.head.tracks;
    let at =
        |name: &str| heads.iter().position(|head| head.ends_with(name)).unwrap_or_else(|| panic!("{name}: {heads:?}"));
    assert_eq!(at("samples"), at("CrRendererMain · pid 40") + 1, "{heads:?}");
    let name = |node: u32| {
        let function = drawn.nodes.function.get(node as usize);
        match function.checked_sub(drawn.head.functions) {
            Some(row) => engine.event_labels().name(engine.recording(), row as usize).to_owned(),
            None => engine.recording().name(crate::model::FunctionId::from_index(function as usize)).to_owned(),
        }
    };
    let named = |head, wanted: &str| -> Vec<(usize, i64, i64)> {
        let of_head = boxes(&drawn.rows, Some(head)).into_iter();
        of_head.filter(|(_, node, _, _)| name(*node) == wanted).map(|(row, _, start, end)| (row, start, end)).collect()
    };
    let tasks = named(0, "RunTask");
    assert_eq!(
        tasks.iter().map(|task| (task.0, task.2 - task.1)).collect::<Vec<_>>(),
        [(0, 80 * MS), (0, 120 * MS), (0, 60 * MS)]
    );
    assert_eq!(named(0, "Layout")[0].0, 3, "in a call, in a timer, in a task");
    let rendered = named(1, "render");
    assert!(!rendered.is_empty());
    // A sample owns the time to the next one, which may be taken a moment after the task.
    let is_inside = |&(_, start, end): &(usize, i64, i64)| start > tasks[1].1 - MS && end < tasks[1].2 + 5 * MS;
    assert!(rendered.iter().all(is_inside), "{rendered:?} in {tasks:?}");
}

/// A stage that an engine answers.
struct Joined {
    engine: Engine,
    stage: Stage,
}

impl Joined {
    fn of(engine: Engine) -> Self {
        let mut stage = Stage::new();
        let (head, pieces) = engine.labels().apart();
        stage.take(Given::together(head, pieces).expect("labels"));
        Self { engine, stage }
    }

    fn serve(&mut self) {
        for want in self.stage.wants() {
            let (head, pieces) = self.engine.give(&want).expect("it is asked for").apart();
            self.stage.take(Given::together(head, pieces).expect("what was given"));
        }
    }

    fn picture(&mut self, view: &FlameView) -> (PaintList, Painted) {
        let content = Content::Flame(view.clone());
        let picture = Picture { canvas: CanvasId::Flame, width: 1000.0, height: 2000.0, ratio: 1.0, content };
        let metrics = Metrics::fixed(6.6, 5.5);
        for _ in 0..4 {
            let laid = self.stage.picture(&picture, &metrics);
            if let Some(painted) = laid.painted {
                return (laid.list.clone(), painted);
            }
            self.serve();
        }
        panic!("the picture wants ever more");
    }

    fn tip(&mut self, x: f64, row: f64) -> Option<Tip> {
        self.stage.hit(CanvasId::Flame, x, row * 20.0 + 10.0)
    }

    fn moved(&mut self, view: &FlameView, at: &Path, to: Direction) -> Option<Path> {
        if self.stage.moved(view, at, to).is_err() {
            self.serve();
        }
        self.stage.moved(view, at, to).expect("it was given")
    }
}

fn view() -> FlameView {
    FlameView { order: Order::Time, x1: 1.0, ..FlameView::default() }
}

fn names(path: &Path) -> Vec<&str> {
    path.iter().map(|key| key.name.as_str()).collect()
}

/// Tasks of a thread with calls in them, one of no length; operations that overlap, one without an end.
fn made() -> Engine {
    let one = |name: &str, ts: i64, dur: i64| {
        format!(r#"{{"ph":"X","name":"{name}","cat":"work","pid":1,"tid":1,"ts":{ts},"dur":{dur}}}"#)
    };
    let point = |ph: &str, name: &str, ts: i64, id: i64| {
        format!(r#"{{"ph":"{ph}","name":"{name}","cat":"net","pid":1,"tid":1,"ts":{ts},"id":{id}}}"#)
    };
    let events = [
        one("task", 0, 60_000),
        one("call", 10_000, 20_000),
        one("mark", 15_000, 0),
        one("task", 60_000, 40_000),
        one("call", 70_000, 10_000),
        point("b", "wait", 0, 1),
        point("e", "wait", 50_000, 1),
        point("b", "wait", 20_000, 2),
        point("e", "wait", 70_000, 2),
        point("b", "fetch", 90_000, 3),
    ];
    open("made.json", format!(r#"{{"traceEvents":[{}]}}"#, events.join(",")).into_bytes())
}

#[test]
fn boxes_of_events_are_hit_and_told() {
    let mut joined = Joined::of(made());
    let (list, painted) = joined.picture(&view());
    let text = list.snapshot();
    // All, the head of the thread, tasks and calls, the head of operations, and two lanes of them.
    assert_eq!(painted.content_height, 7.0 * 20.0, "{text}");
    let tip = joined.tip(5.0, 2.0).expect("a task lies there");
    let label = tip.label.expect("it has a name");
    assert_eq!(
        (label.key.name.as_str(), tip.text.replace(crate::units::THIN, " ").as_str()),
        ("task", "begins at 0.000 ms")
    );
    let length = tip.here.expect("it has a length").1;
    assert_eq!((length.raw, length.share.replace(crate::units::THIN, " ").as_str()), (60 * MS, "60.0 %"));
    let second = joined.tip(605.0, 2.0).expect("the next task is a box of its own");
    assert_eq!((second.here.expect("a length").1.raw, second.at_ns), (40 * MS, Some(60 * MS)));
    assert_eq!(label.place, "work", "what was made of events tells its category");
    let call = joined.tip(150.0, 3.0).expect("a call in the task");
    assert_eq!(names(&call.path), ["task", "call"]);
    assert!(joined.tip(400.0, 3.0).is_none(), "no call there");
    let head = joined.tip(500.0, 4.0).expect("the head of operations");
    assert_eq!((head.label, head.text.ends_with("pid 1")), (None, true), "{}", head.text);
    let first = joined.tip(5.0, 5.0).expect("an operation");
    let lane = joined.tip(400.0, 6.0).expect("what overlaps stands in its own lane");
    assert_eq!([first.here, lane.here].map(|here| here.expect("a length").1.raw), [50 * MS; 2]);
    assert_eq!((lane.at_ns, names(&lane.path)), (Some(20 * MS), vec!["wait"]));
    let label = lane.label.expect("it has a name");
    assert_eq!((label.place.as_str(), label.key.file.as_str()), ("net", "net"), "its category stands beside the name");
    let everywhere = lane.everywhere.expect("all of its name").1;
    assert_eq!((everywhere.raw, everywhere.samples), (100 * MS, 2));
    let open = joined.tip(950.0, 5.0).expect("what never ended is shown to the end");
    assert_eq!((open.label.expect("a name").place.as_str(), open.at_ns), ("net, no end", Some(90 * MS)));
}

#[test]
fn events_are_walked_marked_and_selected_like_calls() {
    let mut joined = Joined::of(made());
    let go = |joined: &mut Joined, from: &Path, to| joined.moved(&view(), from, to);
    joined.picture(&view());
    let task = go(&mut joined, &vec![], Direction::Child).expect("into the first track");
    assert_eq!(names(&task), ["task"]);
    let call = go(&mut joined, &task, Direction::Child).expect("into the task");
    assert_eq!(names(&call), ["task", "call"]);
    assert_eq!(go(&mut joined, &call, Direction::Parent), Some(task.clone()));
    let wait = joined.tip(5.0, 5.0).expect("an operation").path;
    let fetch = go(&mut joined, &wait, Direction::Right).expect("behind it");
    assert_eq!(names(&fetch), ["fetch"]);
    assert_eq!(go(&mut joined, &fetch, Direction::Left), Some(wait.clone()));
    let marked =
        |joined: &mut Joined, search: &str| joined.picture(&FlameView { search: search.into(), ..view() }).1.matches;
    assert_eq!(
        [marked(&mut joined, "wait"), marked(&mut joined, "module:net"), marked(&mut joined, "call")],
        [2, 3, 2]
    );
    assert_eq!(marked(&mut joined, "nothing"), 0);
    let shown =
        |joined: &mut Joined, selected: Option<Path>| joined.picture(&FlameView { selected, ..view() }).0.snapshot();
    assert_ne!(shown(&mut joined, Some(wait.clone())), shown(&mut joined, None), "it is outlined");
    let key = wait.last().expect("a path has an end");
    let details = joined.engine.details(&Scope::default(), key, Some(&wait)).expect("what the sheet says of it");
    assert_eq!((details.everywhere.1.raw, details.label.place.as_str()), (100 * MS, "net"));
    let key = FrameKey { name: "nobody".into(), ..key.clone() };
    assert_eq!(joined.engine.details(&Scope::default(), &key, None), None);
}

#[test]
fn a_range_a_thread_and_filters_of_functions_narrow_it() {
    let mut engine = made();
    let filtered = |filter| Scope { filters: vec![filter], ..Scope::default() };
    let range = TimeRange { from_ns: 15 * MS, to_ns: 65 * MS };
    let drawn = scene(&mut engine, filtered(Filter::Time(range)));
    assert_eq!((drawn.rows.start(0, 0), drawn.rows.end(0, 0)), (range.from_ns, range.to_ns));
    let widths = |drawn: &SceneColumns, head| {
        boxes(&drawn.rows, head).iter().map(|(_, _, start, end)| (end - start) / MS).collect::<Vec<_>>()
    };
    assert_eq!(widths(&drawn, Some(0)), [45, 5, 15]);
    assert_eq!(widths(&drawn, Some(1)), [35, 45]);
    let thread = ThreadKey { pid: Some(1), tid: Some(1), name: String::new() };
    let drawn = scene(&mut engine, filtered(Filter::Thread(thread)));
    assert_eq!(
        (drawn.head.tracks.len(), widths(&drawn, None)),
        (0, vec![60, 40, 20, 10]),
        "operations are the process's"
    );
    // What was made of the track's events is filtered as samples are.
    let call = FrameKey { name: "call".into(), ..FrameKey::default() };
    let drawn = scene(&mut engine, filtered(Filter::Hide(call)));
    assert_eq!(widths(&drawn, Some(0))[..1], [100], "neighbours of one stack are one box again");
}

#[test]
fn heads_are_apart_from_nodes() {
    let drawn = scene(&mut made(), Scope::default());
    assert_eq!(drawn.rows.node(1, 0), head_node(0));
    assert!((head_node(1) as usize) > drawn.nodes.function.len());
    assert_eq!(drawn.nodes.function.len(), drawn.nodes.parent.len());
}

#[test]
fn what_was_not_sampled_is_shown_in_the_order_of_time_at_first() {
    assert_eq!(made().first_order(), Order::Time);
    assert_eq!(fixture("chrome-trace/made-few-categories.json").first_order(), Order::Time);
    assert_eq!(fixture("chrome-trace/made-page.json").first_order(), Order::Weight, "it has samples");
    let load = fixture("autocannon/compute-before.autocannon.json");
    assert_eq!((load.has_events(), load.first_order()), (false, Order::Weight), "a load test is no program");
}
