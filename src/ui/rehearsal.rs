//! A rehearsal while nobody waits.
//!
//! Browsers compile each function of a program when it is called for the first time, and once more,
//! for speed, after it was busy for a while. So the first file of a visit would pay for what no other
//! does: about a quarter of a second of processor time, however small it is. Once the page has been
//! quiet for a moment, a made-up profile is opened, asked about and painted in workers of its own,
//! which end then; what was compiled stays with the program, and serves all workers.
//!
//! Nothing of it is seen, and nothing is lost if it fails.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::Array;
use leptos::prelude::*;
use web_sys::{Blob, OffscreenCanvas};

use super::workers::{Seat, Word, Workers};
use crate::model::vocab::{Order, Scope, Sort};
use crate::protocol::{
    CanvasId, Content, FlameView, OpenOptions, Picture, Query, Reply, Request, TimelineView, ToWorker,
};
use crate::web::wire::Extra;
use crate::web::{theme, timing};

/// How long the page has to be there: whoever drops a file at once is not to share the processor.
const QUIET: Duration = Duration::from_millis(1_000);

/// By then it is over, or something is wrong with it.
const LONGEST: Duration = Duration::from_secs(20);

/// Size of the pictures, CSS pixels.
const SIZE: (f64, f64) = (1_200.0, 600.0);

/// Rehearses soon, unless a file is opened before.
pub fn plan(workers: Workers) {
    set_timeout(
        move || {
            if let Some(seat) = workers.beside() {
                rehearse(seat);
            }
        },
        QUIET,
    );
}

type Stage = Rc<RefCell<Option<Seat>>>;

fn rehearse(seat: Seat) {
    let stage = Stage::new(RefCell::new(Some(seat)));
    let heard = Rc::clone(&stage);
    // What is still to come: each of it is answered once.
    let mut acts = acts().into_iter();
    let next = RefCell::new(move || acts.next());
    if let Some(seat) = &*stage.borrow() {
        seat.listen(move |word| {
            let goes_on = match word {
                Word::Said(said) => match said.reply {
                    Reply::Opened(_) | Reply::Answer(_) | Reply::Painted(_) | Reply::Hit(_) => {
                        let act = (next.borrow_mut())();
                        if act.is_none() {
                            timing::mark("culprit:rehearsed", &[]);
                        }
                        act.is_some_and(|act| post(&heard, act))
                    }
                    Reply::Failed(_) | Reply::Died { .. } => false,
                    _ => true,
                },
                Word::Broke(_) => false,
            };
            if !goes_on {
                end(&heard);
            }
        });
    }
    let begun = opening().is_some_and(|acts| acts.into_iter().all(|act| post(&stage, act)));
    if !begun {
        end(&stage);
    }
    set_timeout(move || end(&stage), LONGEST);
}

/// Ends the workers, after whatever they were just heard to say.
fn end(stage: &Stage) {
    let stage = Rc::clone(stage);
    set_timeout(move || drop(stage.borrow_mut().take()), Duration::ZERO);
}

/// A request and what crosses beside it.
type Act = (Request, Vec<Extra>);

fn post(stage: &Stage, (request, extras): Act) -> bool {
    stage.borrow().as_ref().is_some_and(|seat| seat.post(&ToWorker { id: 1, request }, &extras).is_ok())
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
