//! The worker: carries messages to the [`Engine`] and its pictures to canvases. One recording lives
//! in it; ending the worker gives all of its memory back.
//!
//! Messages are taken in as they come and handled one at a time, what is seen first: pictures
//! before hits, hits before questions. Of several pictures for one canvas only the last is painted.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, DedicatedWorkerGlobalScope, MessageChannel, MessageEvent, MessagePort, OffscreenCanvas};

use crate::engine::{Engine, formats};
use crate::error::Error;
use crate::formats::{Options, Recognised, Watch, open};
use crate::input::{Bundle, Limits, Named, Report, Source};
use crate::protocol::{CanvasId, Failure, FromWorker, OpenOptions, Picture, Reply, Request, RequestId, ToWorker};
use crate::web::painter::Painter;
use crate::web::wire::{self, Envelope};

mod blob;

use blob::BlobSource;

/// Starts listening and tells the page what can be opened.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        say(0, Reply::Died { message: format!("Culprit failed while working on this file: {panic}") });
        console_error_panic_hook::hook(panic);
    }));
    let state = Rc::new(RefCell::new(State::new()));
    listen(&state);
    say(0, Reply::Ready { formats: formats() });
}

/// Shortest time between two reports of progress, milliseconds.
const REPORT_MILLIS: f64 = 50.0;

/// Longest wait for a frame, milliseconds.
const REST_MILLIS: i32 = 40;

/// Everything that the worker holds.
struct State {
    engine: Option<Engine>,
    painters: BTreeMap<CanvasId, Painter>,
    /// Canvases that came before the theme.
    bare: BTreeMap<CanvasId, OffscreenCanvas>,
    theme: Option<crate::protocol::Theme>,
    /// What was asked for last on each canvas.
    last: BTreeMap<CanvasId, Picture>,
    queue: Queue,
    /// Wakes the loop up behind the messages that have already arrived.
    wake: MessagePort,
    is_awake: bool,
    /// Whether a picture was painted that is not on the screen yet. A picture gets there between two
    /// tasks, so that a question, which may take seconds, waits for a frame.
    rests: bool,
    /// Ends the rest.
    on_frame: Option<js_sys::Function>,
    peer: Option<MessagePort>,
}

/// What waits to be done.
#[derive(Default)]
struct Queue {
    paints: BTreeMap<CanvasId, (RequestId, Picture)>,
    hit: Option<(RequestId, CanvasId, f64, f64)>,
    others: VecDeque<(ToWorker, Vec<JsValue>)>,
}

impl State {
    fn new() -> Self {
        let channel = MessageChannel::new().expect("every browser that runs wasm has channels");
        let state = Self {
            engine: None,
            painters: BTreeMap::new(),
            bare: BTreeMap::new(),
            theme: None,
            last: BTreeMap::new(),
            queue: Queue::default(),
            wake: channel.port1(),
            is_awake: false,
            rests: false,
            on_frame: None,
            peer: None,
        };
        WAKE.with(|w| *w.borrow_mut() = Some(channel.port2()));
        state
    }

    /// Files a message and asks to be woken.
    fn take(&mut self, message: ToWorker, extras: Vec<JsValue>) {
        match message.request {
            Request::Paint(picture) => {
                if let Some((id, _)) = self.queue.paints.insert(picture.canvas, (message.id, picture)) {
                    say(id, Reply::Skipped);
                }
            }
            Request::Hit { canvas, x, y } => {
                if let Some((id, ..)) = self.queue.hit.replace((message.id, canvas, x, y)) {
                    say(id, Reply::Hit(None));
                }
            }
            _ => self.queue.others.push_back((message, extras)),
        }
        self.wake_up();
    }

    fn wake_up(&mut self) {
        if !self.is_awake {
            self.is_awake = true;
            let _ = self.wake.post_message(&JsValue::NULL);
        }
    }

    /// Does one thing; more is done after the messages that arrived meanwhile were filed.
    fn step(state: &Rc<RefCell<Self>>) {
        let mut this = state.borrow_mut();
        this.is_awake = false;
        // Canvases, themes and opening come before pictures that need them, wherever they stand among
        // the questions.
        let control = this.queue.others.iter().position(|(m, _)| !matches!(m.request, Request::Query(_)));
        if let Some((message, extras)) = control.and_then(|at| this.queue.others.remove(at)) {
            this.control(message, extras, state);
        } else if let Some((_, (id, picture))) = this.queue.paints.pop_first() {
            this.paint(id, &picture);
        } else if let Some((id, canvas, x, y)) = this.queue.hit.take() {
            let tip = this.engine.as_mut().and_then(|engine| engine.hit(canvas, x, y));
            say(id, Reply::Hit(tip));
        } else if !this.rests
            && let Some((message, _)) = this.queue.others.pop_front()
        {
            this.query(message);
        }
        let queue = &this.queue;
        if !queue.paints.is_empty() || queue.hit.is_some() || (!this.rests && !queue.others.is_empty()) {
            this.wake_up();
        }
    }

    /// Lets no question through before the next frame.
    fn rest(&mut self) {
        let Some(on_frame) = self.on_frame.as_ref().filter(|_| !self.rests) else { return };
        self.rests = true;
        let scope = scope();
        // The frame is painted behind the callback, so a task is asked for from there; a page that
        // nobody sees has no frames.
        let _ = scope.request_animation_frame(on_frame);
        let _ = scope.set_timeout_with_callback_and_timeout_and_arguments_0(on_frame, REST_MILLIS);
    }

    fn query(&mut self, message: ToWorker) {
        let Request::Query(query) = message.request else { return };
        let reply = match &mut self.engine {
            None => failed("Nothing is open here."),
            Some(engine) => match engine.answer(&query) {
                Ok(answer) => Reply::Answer(answer),
                Err(failure) => Reply::Failed(failure),
            },
        };
        say(message.id, reply);
    }

    fn control(&mut self, message: ToWorker, mut extras: Vec<JsValue>, state: &Rc<RefCell<Self>>) {
        let id = message.id;
        match message.request {
            Request::Open { names, options } => self.open(id, names, extras, &options),
            Request::Canvas(canvas) => {
                if let Some(offscreen) = extras.pop() {
                    self.bare.insert(canvas, offscreen.unchecked_into());
                    self.prepare_canvases(id);
                }
            }
            Request::Theme(theme) => self.dress(id, theme),
            Request::Peer { send } => self.meet(id, send, extras.pop(), state),
            Request::Query(_) | Request::Paint(_) | Request::Hit { .. } => {}
        }
    }

    fn dress(&mut self, id: RequestId, theme: crate::protocol::Theme) {
        if let Some(engine) = &mut self.engine {
            engine.set_colour_by(&theme.colour_by);
        }
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
        new.into_iter().for_each(|canvas| self.repaint(canvas));
    }

    /// Paints what was asked for last on a canvas that came later than the question: a page that
    /// shows a recording again makes new canvases, and may ask before it hands them over.
    fn repaint(&mut self, canvas: CanvasId) {
        let Some(picture) = self.last.get(&canvas) else { return };
        if let (Some(engine), Some(painter)) = (&mut self.engine, self.painters.get_mut(&canvas)) {
            let (list, _) = engine.picture(picture, painter.metrics());
            // If it fails, so does the next picture that is asked for, and that is told.
            let _ = painter.paint(list);
            self.rest();
        }
    }

    fn paint(&mut self, id: RequestId, picture: &Picture) {
        self.last.insert(picture.canvas, picture.clone());
        let (Some(engine), Some(painter)) = (&mut self.engine, self.painters.get_mut(&picture.canvas)) else {
            say(id, Reply::Skipped);
            return;
        };
        let (list, painted) = engine.picture(picture, painter.metrics());
        match painter.paint(list) {
            Ok(()) => say(id, Reply::Painted(painted)),
            Err(problem) => say(id, failed(&problem)),
        }
        self.rest();
    }

    fn open(&mut self, id: RequestId, names: Vec<String>, blobs: Vec<JsValue>, options: &OpenOptions) {
        let begun = now();
        let head = blobs.first().map(head_of).unwrap_or_default();
        let reply = match read(id, names, blobs, options, begun) {
            Ok(recording) => {
                let mut engine = Engine::new(recording);
                if let Some(theme) = &self.theme {
                    engine.set_colour_by(&theme.colour_by);
                }
                let overview = engine.overview(now() - begun);
                self.engine = Some(engine);
                Reply::Opened(overview)
            }
            Err(error) => Reply::Failed(Failure {
                file: error.file.clone(),
                message: error.to_string(),
                offset: error.offset,
                head,
            }),
        };
        say(id, reply);
    }

    /// Sends this recording's aggregate, or keeps the port that the other's comes through.
    fn meet(
        &mut self,
        id: RequestId,
        send: Option<crate::model::vocab::Scope>,
        port: Option<JsValue>,
        state: &Rc<RefCell<Self>>,
    ) {
        if let Some(port) = port {
            self.peer = Some(port.unchecked_into());
        }
        let Some(port) = &self.peer else {
            say(id, failed("The other recording is gone."));
            return;
        };
        match (send, &mut self.engine) {
            (Some(scope), Some(engine)) => {
                let sent = wire::to_bytes(&engine.aggregate(&scope)).map(|aggregate| port.post_message(&aggregate));
                say(
                    id,
                    if matches!(sent, Ok(Ok(()))) {
                        Reply::Peered
                    } else {
                        failed("The comparison could not be sent.")
                    },
                );
            }
            (Some(_), None) => say(id, failed("Nothing is open here.")),
            (None, _) => {
                let state = Rc::clone(state);
                let mut answer = id;
                let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                    if let Ok(aggregate) = wire::from_bytes(&event.data())
                        && let Some(engine) = &mut state.borrow_mut().engine
                    {
                        engine.set_peer(aggregate);
                        say(std::mem::take(&mut answer), Reply::Peered);
                    }
                });
                port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
                on_message.forget();
            }
        }
    }
}

thread_local! {
    static WAKE: RefCell<Option<MessagePort>> = const { RefCell::new(None) };
}

fn listen(state: &Rc<RefCell<State>>) {
    let taking = Rc::clone(state);
    let on_message =
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| match wire::unpack(&event.data()) {
            Ok((message, extras)) => taking.borrow_mut().take(message, extras),
            Err(problem) => say(0, Reply::Died { message: problem }),
        });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    let resting = Rc::clone(state);
    let on_frame = Closure::<dyn FnMut()>::new(move || {
        let mut this = resting.borrow_mut();
        if std::mem::take(&mut this.rests) {
            this.wake_up();
        }
    });
    state.borrow_mut().on_frame = Some(on_frame.into_js_value().unchecked_into());
    let stepping = Rc::clone(state);
    let on_wake = Closure::<dyn FnMut(MessageEvent)>::new(move |_: MessageEvent| State::step(&stepping));
    WAKE.with(|port| {
        if let Some(port) = &*port.borrow() {
            port.set_onmessage(Some(on_wake.as_ref().unchecked_ref()));
        }
    });
    on_wake.forget();
}

/// Reads the blobs as one recording, telling the page how far it got.
fn read(
    id: RequestId,
    names: Vec<String>,
    blobs: Vec<JsValue>,
    options: &OpenOptions,
    begun: f64,
) -> Result<crate::model::Recording, Error> {
    let mut bundle = Bundle::new();
    for (name, blob) in names.into_iter().zip(blobs) {
        let source = BlobSource::new(blob.unchecked_into()).map_err(|e| Error::whole(e, "Use another browser."))?;
        bundle.push(Named { name, source: Box::new(source) });
    }
    let size: u64 = bundle.iter().map(|named| named.source.size()).sum();
    let last = std::cell::Cell::new(f64::MIN);
    let report: Report = Rc::new(move |read| {
        let at = now();
        if at - last.get() >= REPORT_MILLIS {
            last.set(at);
            say(id, Reply::Progress { phase: "reading".into(), read, size, millis: at - begun });
        }
    });
    let mut limits = Limits::default();
    if let Some(max) = options.unpacked_max {
        limits.unpacked_min = max;
        limits.unpacked_per_byte = 0;
    }
    open(bundle, &Options { limits, prune: options.prune }, Some(report), &mut Told(id))
}

/// Tells the page what was recognised.
struct Told(RequestId);

impl Watch for Told {
    fn recognised(&mut self, what: &Recognised) {
        let Recognised { format, title, why } = what.clone();
        say(self.0, Reply::Recognised { format, title, why });
    }
}

/// The first bytes of a blob, for the error card.
fn head_of(blob: &JsValue) -> Vec<u8> {
    let Some(blob) = blob.dyn_ref::<Blob>() else { return Vec::new() };
    let Ok(mut source) = BlobSource::new(blob.clone()) else { return Vec::new() };
    let mut head = vec![0; 200];
    let n = source.read_at(0, &mut head).unwrap_or(0);
    head.truncate(n);
    head
}

fn failed(message: &str) -> Reply {
    Reply::Failed(Failure { file: String::new(), message: message.to_owned(), offset: None, head: Vec::new() })
}

fn say(id: RequestId, reply: Reply) {
    if let Ok(Envelope { message, transfer }) = wire::pack_reply(&FromWorker { id, reply }) {
        // A page that is gone needs no answer.
        let _ = scope().post_message_with_transfer(&message, &transfer);
    }
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Milliseconds since the worker began.
fn now() -> f64 {
    Reflect::get(&js_sys::global(), &"performance".into())
        .ok()
        .and_then(|p| p.dyn_into::<web_sys::Performance>().ok())
        .map_or(0.0, |p| p.now())
}
