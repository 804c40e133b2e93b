//! The worker of the engine: opens, answers questions, and gives the stage what its pictures lack.
//!
//! Messages are taken in as they come and handled one at a time, what is seen first: what the stage
//! wants before questions.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{Blob, MessagePort};

use super::blob::BlobSource;
use super::wake::{Wake, listen};
use super::{crossing, failed, now, say, scope};
use crate::engine::Engine;
use crate::error::Error;
use crate::formats::{Options, Recognised, Watch, open};
use crate::input::{Bundle, Limits, Memory, Named, Report, Source};
use crate::model::vocab::Scope;
use crate::protocol::{Failure, OpenOptions, Query, Reply, Request, RequestId, ToWorker};
use crate::stage::{Given, Want};
use crate::web::wire;

/// Shortest time between two reports of progress, milliseconds.
const REPORT_MILLIS: f64 = 50.0;

/// How long questions about something new wait for the stage, milliseconds: page, stage and engine
/// are two messages apart.
const NEWS_MILLIS: i32 = 4;

/// How long questions wait for the first picture, milliseconds: page, browser and both workers have
/// enough to do until it stands, and may have two processors. Longer than laying out the panels takes.
const OPENED_MILLIS: i32 = 250;

/// Everything that the worker holds.
pub(super) struct EngineSide {
    engine: Option<Engine>,
    stage: MessagePort,
    control: VecDeque<(ToWorker, Vec<JsValue>)>,
    wants: VecDeque<Want>,
    questions: VecDeque<(RequestId, Query)>,
    wake: Wake,
    /// Whether questions wait, since a picture is about to be wanted.
    rests: bool,
    /// Whether the first picture was not painted yet.
    is_new: bool,
    /// Ends the rest.
    on_rested: js_sys::Function,
    peer: Option<MessagePort>,
}

impl EngineSide {
    /// An engine whose stage is at the other end of `port`.
    pub(super) fn new(port: MessagePort) -> Rc<RefCell<Self>> {
        Rc::new_cyclic(|this: &std::rc::Weak<RefCell<Self>>| {
            let (stepping, taking, resting) = (this.clone(), this.clone(), this.clone());
            let wake = Wake::new(move || {
                if let Some(this) = stepping.upgrade() {
                    Self::step(&this);
                }
            });
            listen(&port, move |data| {
                let Some(this) = taking.upgrade() else { return };
                match crossing::wanted(&data) {
                    Ok(want) => {
                        let mut this = this.borrow_mut();
                        this.wants.push_back(want);
                        this.wake.up();
                    }
                    Err(problem) => say(0, Reply::Died { message: problem }),
                }
            });
            let on_rested = Closure::<dyn FnMut()>::new(move || {
                if let Some(this) = resting.upgrade() {
                    let mut this = this.borrow_mut();
                    (this.rests, this.is_new) = (false, false);
                    this.wake.up();
                }
            });
            RefCell::new(Self {
                engine: None,
                stage: port,
                control: VecDeque::new(),
                wants: VecDeque::new(),
                questions: VecDeque::new(),
                wake,
                rests: false,
                is_new: false,
                on_rested: on_rested.into_js_value().unchecked_into(),
                peer: None,
            })
        })
    }

    /// Files a message and asks to be woken.
    pub(super) fn take(&mut self, message: ToWorker, extras: Vec<JsValue>) {
        match message.request {
            Request::Query(query) => {
                // A new scope is shown too: its picture comes first, as soon as the stage wants it.
                let is_news = self.engine.as_ref().is_some_and(|engine| !engine.knows(query.scope()));
                if is_news && self.questions.is_empty() {
                    self.rest(NEWS_MILLIS);
                }
                self.questions.push_back((message.id, query));
            }
            _ => self.control.push_back((message, extras)),
        }
        self.wake.up();
    }

    /// Does one thing; more is done after the messages that arrived meanwhile were filed.
    fn step(state: &Rc<RefCell<Self>>) {
        let mut this = state.borrow_mut();
        if let Some((message, extras)) = this.control.pop_front() {
            this.control(message, extras, state);
        } else if this.engine.is_some()
            && let Some(want) = this.wants.pop_front()
        {
            this.give(&want);
        } else if !this.rests
            && let Some((id, query)) = this.questions.pop_front()
        {
            this.answer(id, &query);
        }
        let has_wants = this.engine.is_some() && !this.wants.is_empty();
        if !this.control.is_empty() || has_wants || (!this.rests && !this.questions.is_empty()) {
            this.wake.up();
        }
    }

    /// Lets no question through for a while, or until a picture was given.
    fn rest(&mut self, millis: i32) {
        if !self.rests {
            self.rests = true;
            let _ = scope().set_timeout_with_callback_and_timeout_and_arguments_0(&self.on_rested, millis);
        }
    }

    fn give(&mut self, want: &Want) {
        let Some(engine) = &mut self.engine else { return };
        if let Some(given) = engine.give(want)
            && let Err(problem) = crossing::give(&self.stage, given)
        {
            say(0, Reply::Died { message: problem });
        }
        match want {
            Want::Answers => (self.rests, self.is_new) = (false, false),
            Want::Flame(_) if !self.is_new => self.rests = false,
            _ => {}
        }
    }

    fn answer(&mut self, id: RequestId, query: &Query) {
        let reply = match &mut self.engine {
            None => failed("Nothing is open here."),
            Some(engine) => match engine.answer(query) {
                Ok(answer) => Reply::Answer(answer),
                Err(failure) => Reply::Failed(failure),
            },
        };
        say(id, reply);
    }

    fn control(&mut self, message: ToWorker, mut extras: Vec<JsValue>, state: &Rc<RefCell<Self>>) {
        let id = message.id;
        match message.request {
            Request::Open { names, options } => self.open(id, names, extras, &options),
            Request::Peer { send } => self.meet(id, send, extras.pop(), state),
            _ => say(id, failed("This worker does not paint.")),
        }
    }

    fn open(&mut self, id: RequestId, names: Vec<String>, blobs: Vec<JsValue>, options: &OpenOptions) {
        let begun = now();
        let head = blobs.first().map(head_of).unwrap_or_default();
        let mut told = Told { id, is_elsewhere: false };
        let reply = match read(&mut told, names, blobs, options, begun) {
            Ok(recording) if !Engine::shows_all(&recording) => Reply::Elsewhere,
            Ok(recording) => {
                let engine = Engine::new(recording);
                let overview = engine.overview(now() - begun);
                // While the page is laying out its panels, the first picture is made ready.
                let first = engine.first_want();
                let given = crossing::give(&self.stage, engine.labels())
                    .and_then(|()| crossing::give(&self.stage, Given::Coming(first.clone())));
                if let Err(problem) = given {
                    say(0, Reply::Died { message: problem });
                }
                self.wants.push_back(first);
                self.is_new = true;
                self.rest(OPENED_MILLIS);
                self.engine = Some(engine);
                Reply::Opened(overview)
            }
            Err(_) if told.is_elsewhere => Reply::Elsewhere,
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
    fn meet(&mut self, id: RequestId, send: Option<Scope>, port: Option<JsValue>, state: &Rc<RefCell<Self>>) {
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
                let is_sent = matches!(sent, Ok(Ok(())));
                say(id, if is_sent { Reply::Peered } else { failed("The comparison could not be sent.") });
            }
            (Some(_), None) => say(id, failed("Nothing is open here.")),
            (None, _) => {
                let state = Rc::clone(state);
                let mut answer = id;
                listen(port, move |data| {
                    if let Ok(aggregate) = wire::from_bytes(&data)
                        && let Some(engine) = &mut state.borrow_mut().engine
                    {
                        engine.set_peer(aggregate);
                        say(std::mem::take(&mut answer), Reply::Peered);
                    }
                });
            }
        }
    }
}

/// All the memory that a worker can have is 4 GiB. What is left above this is for tables that grow, the
/// largest of which is doubled in one piece, and for what is worked out afterwards.
const MEMORY: Memory =
    Memory { used: || core::arch::wasm32::memory_size::<0>() as u64 * PAGE_BYTES, max: 3_000_000_000 };

/// Bytes of a page of wasm's memory.
const PAGE_BYTES: u64 = 64 << 10;

/// Reads the blobs as one recording, telling the page how far it got.
fn read(
    told: &mut Told,
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
    let (id, last) = (told.id, std::cell::Cell::new(f64::MIN));
    let report: Report = Rc::new(move |read| {
        let at = now();
        if at - last.get() >= REPORT_MILLIS {
            last.set(at);
            say(id, Reply::Progress { phase: "reading".into(), read, size, millis: at - begun });
        }
    });
    let mut limits = Limits { memory: Some(MEMORY), ..Limits::default() };
    if let Some(max) = options.unpacked_max {
        limits.unpacked_min = max;
        limits.unpacked_per_byte = 0;
    }
    open(bundle, &Options { limits, prune: options.prune }, Some(report), told)
}

/// Tells the page what was recognised.
struct Told {
    id: RequestId,
    /// Whether this program does not carry its decoder.
    is_elsewhere: bool,
}

impl Watch for Told {
    fn recognised(&mut self, what: &Recognised) {
        let Recognised { format, title, why } = what.clone();
        say(self.id, Reply::Recognised { format, title, why });
    }

    fn elsewhere(&mut self) {
        self.is_elsewhere = true;
    }
}

/// The first bytes of a blob, for the error card.
fn head_of(blob: &JsValue) -> Vec<u8> {
    let mut head = vec![0; 200];
    let Some(blob) = blob.dyn_ref::<Blob>() else { return Vec::new() };
    let Ok(part) = blob.slice_with_f64_and_f64(0.0, head.len() as f64) else { return Vec::new() };
    let Ok(mut source) = BlobSource::new(part) else { return Vec::new() };
    let n = source.read_at(0, &mut head).unwrap_or(0);
    head.truncate(n);
    head
}
