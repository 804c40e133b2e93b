//! The engine from outside: requests in, replies out.

use super::Engine;
use crate::draw::{Metrics, PaintList};
use crate::model::picture;
use crate::model::vocab::{Filter, FrameKey, Order, Path, Scope, Sort, SortColumn, TimeRange, ViewId};
use crate::protocol::{
    Answer, CanvasId, Content, Direction, FlameView, Painted, Picture, Query, Rows, SheetRow, TimelineView, TreeChange,
    TreeRow,
};
use crate::stage::{Given, Stage, Want};

const MS: i64 = 1_000_000;

/// Ten turns of a loop: `work` calls `parse` for 80 ms, then the loop waits for 20 ms.
fn server() -> Engine {
    let turn = "work parse 60000000\nwork 19000000\n(gc) 1000000\n(idle) 20000000\n";
    Engine::new(picture::timed(&turn.repeat(10)))
}

fn key(name: &str) -> FrameKey {
    FrameKey { name: name.into(), ..FrameKey::default() }
}

fn ask(engine: &mut Engine, query: &Query) -> Answer {
    engine.answer(query).unwrap_or_else(|f| panic!("{query:?}: {}", f.message))
}

/// A stage that is joined to an engine, as the workers of a recording are.
struct Joined {
    engine: Engine,
    stage: Stage,
    /// What crossed.
    wants: Vec<Want>,
}

impl Joined {
    fn new(engine: Engine) -> Self {
        let mut joined = Self { engine, stage: Stage::new(), wants: Vec::new() };
        let labels = joined.engine.labels();
        joined.cross(labels);
        joined
    }

    /// What the engine gives arrives in pieces.
    fn cross(&mut self, given: Given) -> CanvasId {
        let (head, pieces) = given.apart();
        let given = Given::together(head, pieces).expect("the pieces are those of the head");
        self.stage.take(given)
    }

    fn serve(&mut self) -> usize {
        let wants = self.stage.wants();
        for want in &wants {
            let given = self.engine.give(want).expect("the stage waits for it");
            self.cross(given);
        }
        self.wants.extend(wants.iter().cloned());
        wants.len()
    }

    fn picture(&mut self, picture: &Picture) -> (PaintList, Painted) {
        let metrics = Metrics::fixed(6.6, 5.5);
        for _ in 0..5 {
            let laid = self.stage.picture(picture, &metrics);
            if let Some(painted) = laid.painted {
                return (laid.list.clone(), painted);
            }
            assert!(self.serve() > 0, "what is lacking is asked for");
        }
        panic!("{picture:?} wants ever more");
    }

    fn moved(&mut self, view: &FlameView, at: &Path, to: Direction) -> Option<Path> {
        while self.stage.moved(view, at, to).is_err() {
            assert!(self.serve() > 0, "what is lacking is asked for");
        }
        self.stage.moved(view, at, to).expect("it was given")
    }
}

fn flame_picture(view: FlameView) -> Picture {
    Picture { canvas: CanvasId::Flame, width: 800.0, height: 400.0, ratio: 1.0, content: Content::Flame(view) }
}

fn whole() -> FlameView {
    FlameView { x1: 1.0, ..FlameView::default() }
}

#[test]
fn the_summary_adds_up_exactly_and_in_print() {
    let mut engine = server();
    for filters in
        [vec![], vec![Filter::Time(TimeRange { from_ns: 7 * MS, to_ns: 333 * MS })], vec![Filter::Drop(key("parse"))]]
    {
        let scope = Scope { filters, ..Scope::default() };
        let Answer::Summary(summary) = ask(&mut engine, &Query::Summary(scope)) else { panic!("a summary") };
        let parts: i64 = summary.parts.iter().map(|p| p.amount.raw).sum();
        assert_eq!(parts, summary.whole.raw);
        let number = |text: &str| text.replace(',', "").parse::<f64>().expect("a number");
        let printed: f64 = summary.parts.iter().map(|p| number(&p.printed)).sum();
        assert!((printed - number(&summary.printed)).abs() < 1e-9, "{summary:?}");
    }
}

#[test]
fn the_table_and_the_details_agree() {
    let mut engine = server();
    let scope = Scope::default();
    let query =
        Query::Functions { scope: scope.clone(), search: String::new(), sort: Sort::default(), from: 0, count: 10 };
    let Answer::Functions(rows) = ask(&mut engine, &query) else { panic!("functions") };
    assert_eq!(rows.rows[0].label.key.name, "parse");
    assert_eq!(rows.rows[0].self_value.raw, 600 * MS);
    for row in &rows.rows {
        let query = Query::Details { scope: scope.clone(), function: row.label.key.clone(), path: None };
        let Answer::Details(Some(details)) = ask(&mut engine, &query) else { panic!("details") };
        assert_eq!(details.everywhere, (row.self_value.clone(), row.total.clone()));
        let callees: i64 = details.callees.0.iter().map(|c| c.total.raw).sum();
        assert_eq!(callees, row.total.raw);
    }
}

#[test]
fn painted_boxes_and_tips_agree() {
    let mut joined = Joined::new(server());
    for (order, callers) in [(Order::Weight, false), (Order::Name, false), (Order::Time, false), (Order::Weight, true)]
    {
        let view = FlameView { order, callers, ..whole() };
        let (list, painted) = joined.picture(&flame_picture(view));
        assert!(list.boxes > 2, "{order:?} {callers}");
        assert!(painted.content_height >= 40.0);
        let tip = joined.stage.hit(CanvasId::Flame, 20.0, 30.0).expect("a box lies under the second row");
        let label = tip.label.expect("it is a function");
        assert_eq!(label.key.name, if callers { "parse" } else { "work" }, "{order:?}");
        assert_eq!(tip.path.len(), 1);
        assert_eq!(tip.token, label.token);
    }
}

#[test]
fn a_picture_tells_where_the_selected_frame_lies() {
    let mut joined = Joined::new(server());
    let mut part = |zoom: &[&str], selected: &[&str], order| {
        let path = |names: &[&str]| names.iter().map(|name| key(name)).collect::<Vec<_>>();
        let view = FlameView { zoom: path(zoom), selected: Some(path(selected)), order, ..whole() };
        let (_, painted) = joined.picture(&flame_picture(view));
        assert_eq!(painted.row_px, 20.0);
        painted.selected
    };
    assert_eq!(part(&[], &["work", "parse"], Order::Weight), Some((0.0, 0.75)));
    assert_eq!(part(&["work"], &["work", "parse"], Order::Weight), Some((0.0, 600.0 / 790.0)));
    assert_eq!(part(&["work"], &["(gc)"], Order::Weight), Some((1.0, 800.0 / 790.0)), "beside the zoomed frame");
    assert_eq!(part(&[], &["nobody"], Order::Weight), None);
    assert_eq!(part(&[], &["work"], Order::Time), None, "there are many of it");
}

#[test]
fn threads_stand_below_each_other_in_the_order_of_time() {
    let text = "work parse 60000000\n(idle) 20000000\n";
    let mut recording = picture::timed(text);
    let mut other = picture::timed(text).profiles;
    other[0].name = "worker 7".into();
    recording.profiles.append(&mut other);
    let mut joined = Joined::new(Engine::new(recording));
    let view = FlameView { order: Order::Time, ..whole() };
    let (list, painted) = joined.picture(&flame_picture(view.clone()));
    // All, and for each thread its head and two frames.
    assert_eq!((painted.boxes, painted.content_height), (7, 140.0));
    let text = list.snapshot();
    assert_eq!(text.matches("\"parse\"").count(), 2, "{text}");
    assert!(text.contains("\"worker 7\""), "{text}");
    let tip = joined.stage.hit(CanvasId::Flame, 400.0, 90.0).expect("a head lies there");
    assert_eq!((tip.text.as_str(), tip.label), ("worker 7", None));
    let path = joined.moved(&view, &vec![], Direction::Child).expect("heads are passed by");
    assert_eq!(path.iter().map(|k| k.name.as_str()).collect::<Vec<_>>(), ["work"]);
    assert_eq!(joined.moved(&view, &path, Direction::Parent), None);
}

#[test]
fn arrows_walk_the_tree() {
    let mut joined = Joined::new(server());
    let mut at = vec![];
    for (to, expected) in [
        (Direction::Child, vec!["work"]),
        (Direction::Child, vec!["work", "parse"]),
        (Direction::Parent, vec!["work"]),
        (Direction::Right, vec!["(gc)"]),
        (Direction::Left, vec!["work"]),
    ] {
        let path = joined.moved(&whole(), &at, to).unwrap_or_else(|| panic!("{to:?} leads somewhere"));
        assert_eq!(path.iter().map(|k| k.name.as_str()).collect::<Vec<_>>(), expected);
        at = path;
    }
}

fn tree(engine: &mut Engine, callers: bool, change: TreeChange) -> Rows<TreeRow> {
    let sort = Sort { column: SortColumn::Total, ascending: false };
    let query =
        Query::Tree { scope: Scope::default(), callers, sort, change, search: String::new(), from: 0, count: 50 };
    match ask(engine, &query) {
        Answer::Tree(rows) => rows,
        other => panic!("a tree, not {other:?}"),
    }
}

#[test]
fn trees_expand_by_hand_and_by_the_heaviest_path() {
    let mut engine = server();
    let names = |rows: &Rows<TreeRow>| {
        rows.rows.iter().map(|r| format!("{}{}", "-".repeat(r.depth as usize), r.label.key.name)).collect::<Vec<_>>()
    };
    let rows = tree(&mut engine, false, TreeChange::Keep);
    assert_eq!(names(&rows), ["work", "(gc)"]);
    assert!(rows.rows[0].has_children && rows.rows[0].is_heaviest && !rows.rows[1].is_heaviest);
    let rows = tree(&mut engine, false, TreeChange::ExpandHeaviest(None));
    assert_eq!(names(&rows), ["work", "-parse", "(gc)"]);
    assert_eq!(rows.scroll_to, Some(1));
    let rows = tree(&mut engine, false, TreeChange::Collapse(rows.rows[0].node));
    assert_eq!(names(&rows), ["work", "(gc)"]);
    let rows = tree(&mut engine, false, TreeChange::Reveal(vec![key("work"), key("parse")]));
    assert_eq!(names(&rows), ["work", "-parse", "(gc)"]);
    let rows = tree(&mut engine, true, TreeChange::Keep);
    assert_eq!(names(&rows), ["parse", "work", "(gc)"]);
    let parse = rows.rows[0].node;
    let rows = tree(&mut engine, true, TreeChange::Expand(parse));
    assert_eq!(names(&rows), ["parse", "-work", "work", "(gc)"]);
    assert_eq!((rows.rows[1].self_value.raw, rows.rows[1].total.raw), (0, 600 * MS));
}

#[test]
fn rows_of_a_very_deep_tree_stay_small() {
    let deep: String = (0..3_000).map(|i| format!("f{i} ")).collect();
    let mut engine = Engine::new(picture::recording(&format!("{deep}5")));
    tree(&mut engine, false, TreeChange::ExpandHeaviest(None));
    let at = |from| Query::Tree {
        scope: Scope::default(),
        callers: false,
        sort: Sort { column: SortColumn::Total, ascending: false },
        change: TreeChange::Keep,
        search: String::new(),
        from,
        count: 50,
    };
    for (from, is_short) in [(0, true), (2_900, false)] {
        let Answer::Tree(rows) = ask(&mut engine, &at(from)) else { panic!("a tree") };
        let path = &rows.rows[7].path;
        assert_eq!(path.len(), if is_short { from as usize + 8 } else { 0 });
        assert_eq!(rows.rows[7].label.key.name, format!("f{}", from + 7));
    }
}

#[test]
fn two_recordings_meet() {
    let mut before = Engine::new(picture::recording("a 5\nb 3"));
    let mut after = Engine::new(picture::recording("a 1\nc 2"));
    let query = Query::Compare {
        scope: Scope::default(),
        search: String::new(),
        sort: Sort { column: SortColumn::Difference, ascending: false },
        from: 0,
        count: 10,
    };
    assert!(before.answer(&query).is_err());
    before.set_peer(after.aggregate(&Scope::default()));
    let Answer::Sheet(compared) = ask(&mut before, &query) else { panic!("a comparison") };
    let text = |row: &SheetRow, cell: usize| {
        let cell = &row.cells[cell];
        cell.figure.as_ref().map_or_else(|| cell.text.clone(), ToString::to_string)
    };
    let rows: Vec<String> =
        compared.rows.rows.iter().map(|row| (0..7).map(|i| text(row, i)).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(rows, ["a 5 1  −4 5 1", "b 3 none  −3 3 none", "c none 2  +2 none 2"]);
    let bars: Vec<f64> = compared.rows.rows.iter().map(|row| row.cells[3].part).collect();
    assert_eq!(bars, [-1.0, -0.75, 0.5]);
}

#[test]
fn the_timeline_tells_what_ran() {
    let mut joined = Joined::new(server());
    let picture = |report| {
        let content = Content::Timeline(TimelineView { report, ..TimelineView::default() });
        Picture { canvas: CanvasId::Timeline, width: 1000.0, height: 96.0, ratio: 2.0, content }
    };
    let (list, _) = joined.picture(&picture(0));
    assert!(list.snapshot().contains("--state-active"));
    assert!(!list.snapshot().contains("--sev-high"), "no stalls were asked for yet");
    let query = Query::Stalls { scope: Scope::default(), threshold_ms: 50 };
    let Answer::Stalls(report) = ask(&mut joined.engine, &query) else { panic!("stalls") };
    assert_eq!(report.count, 9, "all turns but the first, which is start-up");
    let (list, painted) = joined.picture(&picture(report.number));
    assert!(list.snapshot().contains("--sev-high"));
    assert_eq!(painted.visible, Some(TimeRange { from_ns: 0, to_ns: 1000 * MS }));
    assert_eq!(painted.thread, "main");
    let busy = joined.stage.hit(CanvasId::Timeline, 20.0, 50.0).expect("a moment");
    assert!(busy.text.contains("my code"), "{}", busy.text);
    let idle = joined.stage.hit(CanvasId::Timeline, 90.0, 50.0).expect("a moment");
    assert!(idle.text.contains("idle"), "{}", idle.text);
}

#[test]
fn a_picture_shows_what_there_is_until_the_rest_is_given() {
    let mut joined = Joined::new(server());
    let metrics = Metrics::fixed(6.6, 5.5);
    let (whole_list, _) = joined.picture(&flame_picture(whole()));
    let filtered = Scope { filters: vec![Filter::Drop(key("parse"))], ..Scope::default() };
    let picture = flame_picture(FlameView { scope: filtered.clone(), ..whole() });
    let laid = joined.stage.picture(&picture, &metrics);
    assert!(laid.painted.is_none());
    assert_eq!(laid.list.snapshot(), whole_list.snapshot(), "the picture before, laid out as is asked");
    let asked = joined.stage.wants();
    assert!(matches!(&asked[..], [Want::Flame(want)] if want.scope == filtered), "{asked:?}");
    // Further frames of the same view do not ask again, nor does another view while one is on its way.
    assert!(joined.stage.picture(&picture, &metrics).painted.is_none());
    assert!(
        joined.stage.picture(&flame_picture(FlameView { order: Order::Time, ..whole() }), &metrics).painted.is_none()
    );
    assert_eq!(joined.stage.wants(), []);
    let given = joined.engine.give(&asked[0]).expect("it was asked for");
    assert_eq!(joined.cross(given), CanvasId::Flame);
    let (list, _) = joined.picture(&picture);
    assert_ne!(list.snapshot(), whole_list.snapshot());
    assert!(!list.snapshot().contains("parse"));
}

#[test]
fn what_comes_unasked_is_not_asked_for() {
    let mut joined = Joined::new(server());
    let metrics = Metrics::fixed(6.6, 5.5);
    assert_eq!(joined.cross(Given::Coming(Want::first(Order::Weight))), CanvasId::Flame);
    let picture = flame_picture(whole());
    assert!(joined.stage.picture(&picture, &metrics).painted.is_none());
    assert_eq!(joined.stage.wants(), [], "it is on its way");
    let given = joined.engine.give(&Want::first(Order::Weight)).expect("a flame graph is given");
    joined.cross(given);
    assert!(joined.stage.picture(&picture, &metrics).painted.is_some(), "it is all that the first picture needs");
    assert_eq!(joined.stage.wants(), []);
}

#[test]
fn pointing_and_panning_ask_for_nothing() {
    let mut joined = Joined::new(server());
    for (order, callers) in [(Order::Weight, false), (Order::Time, false), (Order::Weight, true)] {
        let view = FlameView { order, callers, ..whole() };
        joined.picture(&flame_picture(view.clone()));
        let tip = joined.stage.hit(CanvasId::Flame, 20.0, 30.0).expect("a box");
        joined.wants.clear();
        let near = FlameView { hovered: Some(tip.path.clone()), x0: 0.1, x1: 0.9, selected: Some(tip.path), ..view };
        joined.picture(&flame_picture(near));
        // Bottom-up trees grow as they are looked into.
        assert!(callers || joined.wants.is_empty(), "{order:?}: {:?}", joined.wants);
    }
}

#[test]
fn a_search_marks_what_the_engine_finds() {
    let mut joined = Joined::new(server());
    let marked = |search: &str| flame_picture(FlameView { search: search.into(), ..whole() });
    assert_eq!(joined.picture(&marked("pars")).1.matches, 1);
    assert_eq!(joined.picture(&marked("/(/")).1.matches, 0, "no valid search marks nothing");
    assert_eq!(joined.picture(&marked(" ")).1.matches, 0);
}

#[test]
fn a_strip_is_stretched_until_the_finer_one_is_given() {
    let mut joined = Joined::new(server());
    let picture = |visible| {
        let content = Content::Timeline(TimelineView { visible, ..TimelineView::default() });
        Picture { canvas: CanvasId::Timeline, width: 1000.0, height: 96.0, ratio: 1.0, content }
    };
    joined.picture(&picture(None));
    let part = picture(Some(TimeRange { from_ns: 0, to_ns: 100 * MS }));
    let metrics = Metrics::fixed(6.6, 5.5);
    assert!(joined.stage.picture(&part, &metrics).painted.is_none());
    // One turn fills the width: 60 ms of parsing, 20 ms of other work, and waiting.
    let tip = |joined: &mut Joined, x| joined.stage.hit(CanvasId::Timeline, x, 50.0).expect("a moment").text;
    assert!(tip(&mut joined, 300.0).contains("my code"));
    assert!(tip(&mut joined, 900.0).ends_with("idle"));
    let stretched: Vec<String> = (0..100).map(|x| tip(&mut joined, f64::from(x) * 10.0 + 5.0)).collect();
    joined.picture(&part);
    let exact: Vec<String> = (0..100).map(|x| tip(&mut joined, f64::from(x) * 10.0 + 5.0)).collect();
    assert_eq!(stretched, exact, "columns of 1 ms divide the turn evenly");
}

#[test]
fn findings_say_where_they_are_seen() {
    let turn = "work@/a.js parse@/a.js 1000000\n".repeat(80) + "(idle) 20000000\n";
    let mut engine = Engine::new(picture::timed(&turn.repeat(10)));
    let findings = |engine: &mut Engine| {
        let Answer::Findings(rows) = ask(engine, &Query::Findings { scope: Scope::default(), threshold_ms: 50 }) else {
            panic!("findings were asked for")
        };
        rows
    };
    let rows = findings(&mut engine);
    let [stalls] = &rows[..] else { panic!("{rows:?}") };
    assert!(stalls.title.starts_with("10 stalls, "), "{}", stalls.title);
    assert_eq!((stalls.view, stalls.sheet.as_str()), (Some(ViewId::Stalls), ""));
    assert_eq!(stalls.function, Some(FrameKey { file: "/a.js".into(), ..key("parse") }));
    assert!(stalls.thread.is_none(), "there is but one");
    // The stretch is one of the stalls of the list.
    let Answer::Stalls(report) = ask(&mut engine, &Query::Stalls { scope: Scope::default(), threshold_ms: 50 }) else {
        panic!("stalls were asked for")
    };
    assert!(report.stalls.iter().any(|stall| stall.range == stalls.range));
    assert_eq!(findings(&mut engine), rows, "asked again they are the same");
    let none = ask(&mut engine, &Query::Findings { scope: Scope::default(), threshold_ms: 500 });
    let Answer::Findings(none) = none else { panic!("findings were asked for") };
    assert!(none.iter().all(|row| row.view != Some(ViewId::Stalls)), "{none:?}");
}
