//! The worker of the stage: paints, and tells what lies under a point.
//!
//! Messages are taken in as they come and handled one at a time, what is seen first: pictures before
//! steps before hits before a portion of what the engine gave. Of several pictures for one canvas only the last is painted. A picture that
//! lacks something is painted as far as it goes, answered by [`Reply::Partly`], and painted again
//! once the engine has given the rest: then it is told unasked.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{MessagePort, OffscreenCanvas};

use super::crossing::{self, Arrival, Progress};
use super::wake::{Wake, listen};
use super::{failed, say};
use crate::model::vocab::Path;
use crate::protocol::{CanvasId, Direction, FlameView, Picture, Reply, Request, RequestId, Theme, ToWorker};
use crate::stage::{Given, Stage, Want};
use crate::web::painter::Painter;

/// Everything that the worker holds.
pub(super) struct StageSide {
    stage: Stage,
    engine: MessagePort,
    painters: BTreeMap<CanvasId, Painter>,
    /// Canvases that came before the theme.
    bare: BTreeMap<CanvasId, OffscreenCanvas>,
    theme: Option<Theme>,
    /// Whether a flame graph stands, which the engine waits for with the page's first questions.
    has_flame: bool,
    /// What was asked for last on each canvas.
    last: BTreeMap<CanvasId, Picture>,
    queue: Queue,
    wake: Wake,
}

/// What waits to be done.
#[derive(Default)]
struct Queue {
    control: VecDeque<(ToWorker, Vec<JsValue>)>,
    given: VecDeque<JsValue>,
    /// What is being taken in.
    arrival: Option<Arrival>,
    paints: BTreeMap<CanvasId, (RequestId, Picture)>,
    moves: VecDeque<(RequestId, FlameView, Path, Direction)>,
    /// Whether the first of the moves waits for the engine.
    moves_wait: bool,
    hit: Option<(RequestId, CanvasId, f64, f64)>,
}

impl StageSide {
    /// A stage whose engine is at the other end of `port`.
    pub(super) fn new(port: MessagePort) -> Rc<RefCell<Self>> {
        Rc::new_cyclic(|this: &std::rc::Weak<RefCell<Self>>| {
            let (stepping, taking) = (this.clone(), this.clone());
            let wake = Wake::new(move || {
                if let Some(this) = stepping.upgrade() {
                    this.borrow_mut().step();
                }
            });
            listen(&port, move |data| {
                if let Some(this) = taking.upgrade() {
                    let mut this = this.borrow_mut();
                    this.queue.given.push_back(data);
                    this.wake.up();
                }
            });
            RefCell::new(Self {
                stage: Stage::new(),
                engine: port,
                painters: BTreeMap::new(),
                bare: BTreeMap::new(),
                theme: None,
                has_flame: false,
                last: BTreeMap::new(),
                queue: Queue::default(),
                wake,
            })
        })
    }

    /// Files a message and asks to be woken.
    pub(super) fn take(&mut self, message: ToWorker, extras: Vec<JsValue>) {
        let id = message.id;
        match message.request {
            Request::Paint(picture) => {
                if let Some((id, _)) = self.queue.paints.insert(picture.canvas, (id, picture)) {
                    say(id, Reply::Skipped);
                }
            }
            Request::Hit { canvas, x, y } => {
                if let Some((id, ..)) = self.queue.hit.replace((id, canvas, x, y)) {
                    say(id, Reply::Hit(None));
                }
            }
            Request::Move { flame, at, to } => self.queue.moves.push_back((id, flame, at, to)),
            _ => self.queue.control.push_back((message, extras)),
        }
        self.wake.up();
    }

    /// Does one thing; more is done after the messages that arrived meanwhile were filed.
    fn step(&mut self) {
        // Canvases and themes come before pictures that need them, wherever they stand.
        if let Some((message, extras)) = self.queue.control.pop_front() {
            self.control(message, extras);
        } else if let Some((_, (id, picture))) = self.queue.paints.pop_first() {
            self.paint(id, picture);
        } else if let Some((id, flame, at, to)) = self.next_move() {
            match self.stage.moved(&flame, &at, to) {
                Ok(path) => say(id, Reply::Moved(path)),
                Err(_) => {
                    self.queue.moves.push_front((id, flame, at, to));
                    self.queue.moves_wait = true;
                }
            }
        } else if let Some((id, canvas, x, y)) = self.queue.hit.take() {
            say(id, Reply::Hit(self.stage.hit(canvas, x, y)));
        } else if let Err(problem) = self.take_in() {
            say(0, Reply::Died { message: problem });
        }
        self.ask();
        let queue = &self.queue;
        let has_moves = !queue.moves.is_empty() && !queue.moves_wait;
        let is_busy = !(queue.control.is_empty() && queue.given.is_empty() && queue.paints.is_empty());
        if is_busy || has_moves || queue.hit.is_some() || queue.arrival.is_some() {
            self.wake.up();
        }
    }

    fn next_move(&mut self) -> Option<(RequestId, FlameView, Path, Direction)> {
        if self.queue.moves_wait { None } else { self.queue.moves.pop_front() }
    }

    /// Asks the engine for what is lacking.
    fn ask(&mut self) {
        self.stage.wants().iter().for_each(|want| self.tell_engine(want));
    }

    /// Takes a portion in of what the engine gave.
    fn take_in(&mut self) -> Result<(), String> {
        let begun = match (self.queue.arrival.take(), self.queue.given.pop_front()) {
            (Some(arrival), next) => {
                next.into_iter().for_each(|next| self.queue.given.push_front(next));
                arrival
            }
            (None, Some(data)) => Arrival::new(&data)?,
            (None, None) => return Ok(()),
        };
        match begun.advance()? {
            Progress::Part(rest) => self.queue.arrival = Some(rest),
            Progress::Complete(given) => self.show(given),
        }
        Ok(())
    }

    fn show(&mut self, given: Given) {
        let is_new_picture = !matches!(given, Given::Labels(_) | Given::Coming(_));
        let canvas = self.stage.take(given);
        self.queue.moves_wait = false;
        // A picture that waits to be painted is newer.
        if is_new_picture && !self.queue.paints.contains_key(&canvas) {
            self.repaint(canvas);
        }
    }

    fn control(&mut self, message: ToWorker, mut extras: Vec<JsValue>) {
        match message.request {
            Request::Canvas(canvas) => {
                if let Some(offscreen) = extras.pop() {
                    self.bare.insert(canvas, offscreen.unchecked_into());
                    self.prepare_canvases(message.id);
                }
            }
            Request::Theme(theme) => self.dress(message.id, theme),
            _ => say(message.id, failed("This worker only paints.")),
        }
    }

    fn dress(&mut self, id: RequestId, theme: Theme) {
        self.stage.set_colour_by(&theme.colour_by);
        let changed: Result<(), String> = self.painters.values_mut().try_for_each(|p| p.set_theme(&theme));
        if let Err(problem) = changed {
            say(id, failed(&problem));
        }
        self.theme = Some(theme);
        self.prepare_canvases(id);
    }

    /// Makes painters of the canvases that came, once there is a theme.
    fn prepare_canvases(&mut self, id: RequestId) {
        let Some(theme) = &self.theme else { return };
        let mut new = Vec::new();
        while let Some((canvas, offscreen)) = self.bare.pop_first() {
            match Painter::new(offscreen, theme) {
                Ok(painter) => {
                    self.painters.insert(canvas, painter);
                    new.push(canvas);
                }
                Err(problem) => say(id, failed(&problem)),
            }
        }
        // A page that shows a recording again makes new canvases, and may ask before it hands them over.
        new.into_iter().for_each(|canvas| self.repaint(canvas));
    }

    /// Paints what was asked for last on a canvas once more, and tells it when it is complete.
    fn repaint(&mut self, canvas: CanvasId) {
        if let Some(picture) = self.last.get(&canvas).cloned()
            && let Reply::Painted(painted) = self.painted(&picture)
        {
            say(0, Reply::Painted(painted));
        }
    }

    fn paint(&mut self, id: RequestId, picture: Picture) {
        let reply = self.painted(&picture);
        self.last.insert(picture.canvas, picture);
        say(id, reply);
    }

    fn painted(&mut self, picture: &Picture) -> Reply {
        let Some(painter) = self.painters.get_mut(&picture.canvas) else { return Reply::Skipped };
        let laid = self.stage.picture(picture, painter.metrics());
        let has_boxes = laid.list.boxes > 0;
        match (painter.paint(laid.list), laid.painted) {
            (Ok(()), Some(painted)) => {
                self.flame_stands(painted.canvas);
                Reply::Painted(painted)
            }
            (Ok(()), None) if has_boxes => Reply::Partly(picture.canvas),
            (Ok(()), None) => Reply::Skipped,
            (Err(problem), _) => failed(&problem),
        }
    }

    fn flame_stands(&mut self, canvas: CanvasId) {
        if canvas == CanvasId::Flame && !std::mem::replace(&mut self.has_flame, true) {
            self.tell_engine(&Want::Answers);
        }
    }

    fn tell_engine(&self, want: &Want) {
        if let Err(problem) = crossing::want(&self.engine, want) {
            say(0, failed(&problem));
        }
    }
}
