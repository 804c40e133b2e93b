//! A rehearsal while nobody waits.
//!
//! Browsers compile each function of a program when it is called for the first time, and once more,
//! for speed, after it was busy for a while. So the first file of a visit would pay for what no other
//! does: about a quarter of a second of processor time, however small it is. Once the page has been
//! there for a moment, a made-up profile is opened, asked about and painted in workers of its own,
//! which end then; what was compiled stays with the program, and serves all workers.
//!
//! Nothing of it is seen, and nothing is lost if it fails.

use std::cell::RefCell;
use std::time::Duration;

use js_sys::Array;
use leptos::prelude::*;
use web_sys::{Blob, OffscreenCanvas};

use super::workers::{Word, Workers};
use crate::model::vocab::{Order, Scope, Sort};
use crate::protocol::{
    CanvasId, Content, FlameView, OpenOptions, Picture, Query, Reply, Request, TimelineView, ToWorker,
};
use crate::web::wire::Extra;
use crate::web::{theme, timing};

/// How long the page has to be there: what a visitor sees comes first.
const QUIET: Duration = Duration::from_millis(500);

/// By then it is over, or something is wrong with it.
const LONGEST: Duration = Duration::from_secs(20);

/// Size of the pictures, CSS pixels.
const SIZE: (f64, f64) = (1_200.0, 600.0);

/// Rehearses soon, unless a file is opened before. A file that is opened in the middle ends it.
pub fn plan(workers: Workers) {
    set_timeout(move || begin(workers), QUIET);
}

fn begin(workers: Workers) {
    // What is still to come: each of it is answered once.
    let acts = RefCell::new(acts().into_iter());
    let listener = move |word| {
        let goes_on = match word {
            Word::Said(said) => match said.reply {
                Reply::Opened(_) | Reply::Answer(_) | Reply::Painted(_) | Reply::Hit(_) => {
                    let act = acts.borrow_mut().next();
                    if act.is_none() {
                        timing::mark("culprit:rehearsed", &[]);
                    }
                    act.is_some_and(|act| post(workers, act))
                }
                Reply::Failed(_) | Reply::Died { .. } => false,
                _ => true,
            },
            Word::Broke(_) => false,
        };
        if !goes_on {
            // After the workers have been heard to the end.
            set_timeout(move || workers.rest(), Duration::ZERO);
        }
    };
    if workers.rehearse(listener).is_none() {
        return;
    }
    let has_begun = opening().is_some_and(|acts| acts.into_iter().all(|act| post(workers, act)));
    set_timeout(move || workers.rest(), if has_begun { LONGEST } else { Duration::ZERO });
}

/// A request and what crosses beside it.
type Act = (Request, Vec<Extra>);

fn post(workers: Workers, (request, extras): Act) -> bool {
    workers.post_rehearsing(&ToWorker { id: 1, request }, &extras)
}

/// Gives the workers all that they need.
fn opening() -> Option<Vec<Act>> {
    let parts = made_up().iter().map(wasm_bindgen::JsValue::from).collect::<Array>();
    let blob = Blob::new_with_str_sequence(&parts).ok()?;
    let canvas = |id| Some((Request::Canvas(id), vec![Extra::Canvas(OffscreenCanvas::new(1, 1).ok()?)]));
    let open = Request::Open { names: vec!["rehearsal".to_owned()], options: OpenOptions::default() };
    Some(vec![
        (Request::Theme(theme::read("module")), Vec::new()),
        canvas(CanvasId::Flame)?,
        canvas(CanvasId::Timeline)?,
        (open, vec![Extra::Blob(blob)]),
    ])
}

/// What is done to an opened file, one after the other.
fn acts() -> Vec<Act> {
    let picture = |canvas, content| Picture { canvas, width: SIZE.0, height: SIZE.1, ratio: 1.0, content };
    let flame = |order| Content::Flame(FlameView { order, ..FlameView::default() });
    let rows =
        Query::Functions { scope: Scope::default(), search: String::new(), sort: Sort::default(), from: 0, count: 40 };
    let requests = [
        Request::Paint(picture(CanvasId::Flame, flame(Order::Weight))),
        Request::Query(Query::Summary(Scope::default())),
        Request::Paint(picture(CanvasId::Timeline, Content::Timeline(TimelineView::default()))),
        Request::Query(Query::Stalls { scope: Scope::default(), threshold_ms: 50 }),
        Request::Query(rows),
        Request::Paint(picture(CanvasId::Flame, flame(Order::Time))),
        Request::Hit { canvas: CanvasId::Flame, x: SIZE.0 / 2.0, y: 30.0 },
    ];
    requests.map(|request| (request, Vec::new())).into()
}

/// A V8 CPU profile of a megabyte: enough for a browser to find out which loops are worth its time.
fn made_up() -> [String; 5] {
    const FRAMES: u32 = 24;
    const TURNS: usize = 20_000;
    let frame = |id: u32| {
        let (name, url) = match id {
            1 => ("(root)".to_owned(), ""),
            2 => ("(idle)".to_owned(), ""),
            id if id % 3 == 0 => (format!("read{id}"), "node:fs"),
            id => (format!("work{id}"), "file:///app/server.js"),
        };
        let children = match id {
            1 => "2,3".to_owned(),
            2 | FRAMES => String::new(),
            id => (id + 1).to_string(),
        };
        format!(
            "{{\"id\":{id},\"callFrame\":{{\"functionName\":\"{name}\",\"scriptId\":\"1\",\"url\":\"{url}\",\
             \"lineNumber\":{id},\"columnNumber\":1}},\"hitCount\":1,\"children\":[{children}]}}"
        )
    };
    let nodes: Vec<String> = (1..=FRAMES).map(frame).collect();
    [
        format!("{{\"nodes\":[{}],\"startTime\":1000,\"endTime\":300000000,\"samples\":[2", nodes.join(",")),
        ",5,9,9,24,17,2".repeat(TURNS),
        "],\"timeDeltas\":[0".to_owned(),
        ",1250,998,1001,1000,61000,1027".repeat(TURNS),
        "]}".to_owned(),
    ]
}
