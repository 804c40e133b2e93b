//! One opened recording in workers of its own.
//!
//! A [`Session`] is the page's end of the line: it opens files, asks questions, hands canvases over
//! and asks for pictures. It holds no profile data. Requests that supersede each other share a
//! [`Lane`]: at most one of a lane is on its way, and of those that wait only the latest is sent,
//! so a slow worker is never flooded and an old reply never follows a newer one.

use std::sync::Arc;

use leptos::prelude::*;
use web_sys::{MessagePort, OffscreenCanvas};

use super::workers::{Program, Seat, Word, Workers};
use crate::model::vocab::{Path, Scope};
use crate::protocol::{
    Answer, CanvasId, Direction, Failure, FlameView, FromWorker, OpenOptions, Overview, Painted, Picture, Query, Reply,
    Request, RequestId, Theme, Tip, ToWorker,
};
use crate::state::FileRef;
use crate::web::files::Named;
use crate::web::timing;
use crate::web::wire::Extra;

/// How far opening is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Opening {
    /// Format and why it was recognised, once it was.
    pub recognised: Option<Recognised>,
    /// `fetching`, `reading` or `building`; empty before the first word.
    pub phase: String,
    /// Bytes read.
    pub read: u64,
    /// Bytes of the file.
    pub size: u64,
    /// Milliseconds since opening began.
    pub millis: f64,
}

/// The format of a file that is being opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// Its title.
    pub title: String,
    /// Why, as a part of a sentence.
    pub why: String,
}

/// Where a recording stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Being opened.
    Opening(Opening),
    /// Open.
    Open(Arc<Overview>),
    /// The file cannot be opened.
    Failed(Failure),
    /// The worker is gone, and the recording with it.
    Died(String),
    /// Closed by the person.
    Closed,
}

/// Requests that supersede each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    Query(&'static str),
    Paint(CanvasId),
    Hit(CanvasId),
    Step,
}

type OnReply = Box<dyn FnOnce(Reply)>;

/// A request that waits for its turn in a lane.
struct Waiting {
    request: Request,
    on_reply: OnReply,
}

#[derive(Default)]
struct Link {
    seat: Option<Seat>,
    sources: Vec<Named>,
    /// Source maps that may belong to it.
    maps: Vec<Named>,
    options: OpenOptions,
    last_id: RequestId,
    /// Requests that were sent and not answered yet: a handful.
    on_way: Vec<(RequestId, Option<Lane>, OnReply)>,
    /// Lanes with a request on its way, and the one that waits behind it.
    lanes: Vec<(Lane, Option<Waiting>)>,
}

/// Called when opening has ended, well or not, or when an open recording is lost.
type OnChange = Arc<dyn Fn(Session) + Send + Sync>;

/// One opened recording. Cheap to copy; a copy that outlives the recording is harmless.
#[derive(Clone, Copy)]
pub struct Session {
    number: u32,
    /// How the recording is named in the address. Its fingerprint is filled in once it is known.
    pub file: RwSignal<FileRef>,
    /// Size of its files, bytes; 0 while they are being fetched.
    pub size: RwSignal<u64>,
    /// Where it stands.
    pub phase: RwSignal<Phase>,
    /// What was last painted on the flame graph's canvas.
    pub flame: RwSignal<Option<Painted>>,
    /// What was last painted on the timeline's canvas.
    pub timeline: RwSignal<Option<Painted>>,
    /// How many aggregates have arrived from the recording that it is compared with.
    pub peered: RwSignal<u32>,
    link: StoredValue<Link, LocalStorage>,
    on_change: StoredValue<OnChange>,
}

impl PartialEq for Session {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Session {}

impl std::hash::Hash for Session {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.number)
    }
}

impl Session {
    /// A session whose files are still on their way. `number` is unique on the page.
    pub fn new(number: u32, file: FileRef, on_change: impl Fn(Session) + Send + Sync + 'static) -> Self {
        Self {
            number,
            file: RwSignal::new(file),
            size: RwSignal::new(0),
            phase: RwSignal::new(Phase::Opening(Opening::default())),
            flame: RwSignal::new(None),
            timeline: RwSignal::new(None),
            peered: RwSignal::new(0),
            link: StoredValue::new_local(Link::default()),
            on_change: StoredValue::new(Arc::new(on_change)),
        }
    }

    /// A number that no other session of the page has; a key for lists and canvases.
    pub fn number(self) -> u32 {
        self.number
    }

    /// Opens files as one recording in workers of its own, with source maps that may belong to it.
    pub fn open(self, workers: Workers, sources: Vec<Named>, maps: Vec<Named>, options: OpenOptions, theme: Theme) {
        self.size.set(sources.iter().map(|source| source.blob.size() as u64).sum());
        self.link.update_value(|link| {
            link.sources = sources;
            link.maps = maps;
            link.options = options;
        });
        workers.take(Program::First, move |seat| match seat {
            Ok(seat) => self.sit_down(seat, workers, theme),
            Err(problem) => self.end(Phase::Died(problem)),
        });
    }

    /// Goes to workers of the full program, since those of the first do not decode its files.
    fn move_on(self, workers: Workers, theme: Theme) {
        if let Some(seat) = self.leave() {
            workers.give_back(seat);
        }
        self.phase.update(|phase| {
            if let Phase::Opening(opening) = phase {
                opening.phase = "fetching".to_owned();
            }
        });
        workers.take(Program::Full, move |seat| match seat {
            Ok(seat) => self.sit_down(seat, workers, theme),
            Err(problem) => self.fail(Failure {
                file: self.file.with_untracked(|file| file.name.clone()),
                message: format!("What decodes it cannot be fetched from this site: {problem}."),
                offset: None,
                head: Vec::new(),
            }),
        });
    }

    /// Its file is being fetched from the site.
    pub fn is_fetched(self) {
        let fetching = Opening { phase: "fetching".to_owned(), ..Opening::default() };
        self.phase.set(Phase::Opening(fetching));
    }

    /// The open recording's overview, reactively.
    pub fn overview(self) -> Option<Arc<Overview>> {
        self.phase.with(|phase| match phase {
            Phase::Open(overview) => Some(overview.clone()),
            _ => None,
        })
    }

    /// Whether it is open, reactively.
    pub fn is_open(self) -> bool {
        self.phase.with(|phase| matches!(phase, Phase::Open(_)))
    }

    /// The files it was opened from, to open them again.
    pub fn sources(self) -> Vec<Named> {
        self.link.with_value(|link| link.sources.clone())
    }

    /// The choices it was opened with.
    pub fn options(self) -> OpenOptions {
        self.link.with_value(|link| link.options.clone())
    }

    /// Asks a question. `lane` names who asks: a newer question in the same lane supersedes the one
    /// that waits, whose `on_answer` is then never called.
    pub fn ask(self, lane: &'static str, query: Query, on_answer: impl FnOnce(Result<Answer, Failure>) + 'static) {
        let on_reply = Box::new(move |reply| answer_of(reply, on_answer));
        self.send_latest(Lane::Query(lane), Request::Query(query), on_reply);
    }

    /// Asks a question that no other supersedes, such as one that changes what a tree shows.
    pub fn ask_each(self, query: Query, on_answer: impl FnOnce(Result<Answer, Failure>) + 'static) {
        let on_reply = Box::new(move |reply| answer_of(reply, on_answer));
        self.send(Request::Query(query), &[], None, on_reply);
    }

    /// Gives a canvas to the worker, which paints it from now on.
    pub fn transfer_canvas(self, id: CanvasId, canvas: OffscreenCanvas) {
        self.tell(Request::Canvas(id), &[Extra::Canvas(canvas)]);
    }

    /// Asks for a picture; while one is painted only the latest waits. What was painted is in
    /// [`Session::flame`] and [`Session::timeline`].
    pub fn paint(self, picture: Picture) {
        let lane = Lane::Paint(picture.canvas);
        let on_reply = Box::new(move |reply| match reply {
            Reply::Painted(painted) => self.was_painted(painted),
            Reply::Partly(CanvasId::Flame) => timing::mark_again("culprit:partly", &[]),
            _ => {}
        });
        self.send_latest(lane, Request::Paint(picture), on_reply);
    }

    /// A picture is complete. One that lacks something is told later, unasked.
    fn was_painted(self, painted: Painted) {
        self.mark_painted(&painted);
        match painted.canvas {
            CanvasId::Flame => self.flame.set(Some(painted)),
            CanvasId::Timeline => self.timeline.set(Some(painted)),
        }
    }

    /// The frame next to another in the flame graph, if there is one.
    pub fn step(self, flame: FlameView, at: Path, to: Direction, on_path: impl FnOnce(Option<Path>) + 'static) {
        let on_reply = Box::new(move |reply| match reply {
            Reply::Moved(path) => on_path(path),
            _ => on_path(None),
        });
        self.send_latest(Lane::Step, Request::Move { flame, at, to }, on_reply);
    }

    /// Asks what lies under a point of a canvas, CSS pixels.
    pub fn hit(self, canvas: CanvasId, x: f64, y: f64, on_tip: impl FnOnce(Option<Tip>) + 'static) {
        let on_reply = Box::new(move |reply| {
            if let Reply::Hit(tip) = reply {
                on_tip(tip);
            }
        });
        self.send_latest(Lane::Hit(canvas), Request::Hit { canvas, x, y }, on_reply);
    }

    /// Tells the worker the colours and fonts of the page.
    pub fn set_theme(self, theme: Theme) {
        self.tell(Request::Theme(theme), &[]);
    }

    /// Receives what another recording's worker sends through the port, and answers
    /// [`Query::Compare`] with it from then on.
    pub fn receive_peer(self, port: MessagePort) {
        let on_reply = Box::new(move |reply| self.hear_progress(reply));
        self.send(Request::Peer { send: None }, &[Extra::Port(port)], None, on_reply);
    }

    /// Sends its aggregate under `scope` to another recording's worker: through the port, or
    /// through the one that was given before.
    pub fn send_to_peer(self, port: Option<MessagePort>, scope: Scope) {
        let port: Vec<Extra> = port.map(Extra::Port).into_iter().collect();
        self.tell(Request::Peer { send: Some(scope) }, &port);
    }

    /// Ends the worker at once and gives its memory back; the files are forgotten.
    pub fn close(self) {
        self.phase.set(Phase::Closed);
        let link = self.link.try_update_value(std::mem::take);
        retire(link.and_then(|link| link.seat));
    }

    /// Opening is hopeless before a worker was asked, for instance since the file cannot be fetched.
    pub fn fail(self, failure: Failure) {
        self.end(Phase::Failed(failure));
    }

    fn sit_down(self, seat: Seat, workers: Workers, theme: Theme) {
        if self.phase.with_untracked(|phase| *phase == Phase::Closed) {
            return; // cancelled while the worker started
        }
        seat.listen(move |word| self.hear(word));
        let (mut sources, options) = (self.sources(), self.options());
        self.link.update_value(|link| {
            link.seat = Some(seat);
            sources.extend(link.maps.iter().cloned());
        });
        let names = sources.iter().map(|source| source.name.clone()).collect();
        let blobs: Vec<Extra> = sources.into_iter().map(|source| Extra::Blob(source.blob)).collect();
        let again = theme.clone();
        let on_reply = Box::new(move |reply| match reply {
            Reply::Elsewhere => self.move_on(workers, again),
            reply => self.opening_ended(reply),
        });
        self.send(Request::Open { names, options }, &blobs, None, on_reply);
        self.set_theme(theme);
    }

    fn opening_ended(self, reply: Reply) {
        match reply {
            Reply::Opened(overview) => {
                self.mark_opened(&overview);
                let print = &overview.fingerprint;
                self.file.update(|file| *file = file.clone().with_print(print));
                self.end_with_link(Phase::Open(Arc::new(overview)));
            }
            Reply::Failed(failure) => self.end(Phase::Failed(failure)),
            // Anything else is a bug of the worker's; it must not leave a card that waits for ever.
            // Named and not printed: how every answer is printed would be a fiftieth of what a first visit fetches.
            _ => self.end(Phase::Died("an answer that was not asked for".to_owned())),
        }
    }

    fn mark_opened(self, overview: &Overview) {
        let samples = overview.threads.first().map_or(0, |busiest| busiest.samples);
        let facts = [
            ("recording", self.number.into()),
            ("tableBytes", overview.table_bytes as f64),
            ("samples", samples as f64),
        ];
        timing::mark("culprit:opened", &facts);
    }

    /// A flame graph is on its canvas: the first one of the recording, and each.
    fn mark_painted(self, painted: &Painted) {
        if painted.canvas != CanvasId::Flame {
            return;
        }
        let recording = ("recording", f64::from(self.number));
        if self.flame.with_untracked(Option::is_none) {
            timing::mark("culprit:painted", &[recording]);
        }
        let facts = [recording, ("boxes", painted.boxes.into()), ("merged", painted.merged as f64)];
        timing::mark_again("culprit:picture", &facts);
    }

    fn hear(self, word: Word) {
        match word {
            Word::Said(FromWorker { reply: Reply::Died { message }, .. }) | Word::Broke(message) => {
                self.end(Phase::Died(message));
            }
            Word::Said(FromWorker { id: 0, reply }) => self.hear_progress(reply),
            Word::Said(FromWorker { id, reply }) => self.hear_reply(id, reply),
        }
    }

    fn hear_progress(self, reply: Reply) {
        match reply {
            Reply::Peered => return self.peered.update(|times| *times += 1),
            Reply::Painted(painted) => return self.was_painted(painted),
            _ => {}
        }
        self.phase.update(|phase| {
            let Phase::Opening(opening) = phase else { return };
            match reply {
                Reply::Recognised { title, why, .. } => {
                    opening.recognised = Some(Recognised { title, why });
                }
                Reply::Progress { phase, read, size, millis } => {
                    *opening = Opening { recognised: opening.recognised.take(), phase, read, size, millis };
                }
                _ => {}
            }
        });
    }

    /// The one place where replies meet their requests. Progress of opening repeats the number of
    /// its request too, and does not end it.
    fn hear_reply(self, id: RequestId, reply: Reply) {
        if matches!(reply, Reply::Recognised { .. } | Reply::Progress { .. }) {
            return self.hear_progress(reply);
        }
        let take = |link: &mut Link| {
            let place = link.on_way.iter().position(|sent| sent.0 == id)?;
            Some(link.on_way.swap_remove(place))
        };
        let taken = self.link.try_update_value(take).flatten();
        let Some((_, lane, on_reply)) = taken else { return };
        if matches!(reply, Reply::Answer(_)) {
            timing::mark_again("culprit:answered", &[("recording", self.number.into())]);
        }
        on_reply(reply);
        if let Some(lane) = lane {
            self.next_in_lane(lane);
        }
    }

    fn send_latest(self, lane: Lane, request: Request, on_reply: OnReply) {
        let free = self.link.try_update_value(|link| {
            link.seat.as_ref()?;
            if let Some((_, waiting)) = link.lanes.iter_mut().find(|busy| busy.0 == lane) {
                *waiting = Some(Waiting { request, on_reply });
                return None;
            }
            link.lanes.push((lane, None));
            Some((request, on_reply))
        });
        if let Some((request, on_reply)) = free.flatten() {
            self.send(request, &[], Some(lane), on_reply);
        }
    }

    fn next_in_lane(self, lane: Lane) {
        let take = |link: &mut Link| {
            let place = link.lanes.iter().position(|busy| busy.0 == lane)?;
            link.lanes.swap_remove(place).1
        };
        let waiting = self.link.try_update_value(take).flatten();
        if let Some(Waiting { request, on_reply }) = waiting {
            self.send_latest(lane, request, on_reply);
        }
    }

    /// Sends what has no answer.
    fn tell(self, request: Request, extras: &[Extra]) {
        self.post(request, extras);
    }

    fn send(self, request: Request, extras: &[Extra], lane: Option<Lane>, on_reply: OnReply) {
        if let Some(id) = self.post(request, extras) {
            self.link.update_value(|link| {
                link.on_way.push((id, lane, on_reply));
            });
        }
    }

    /// `None` where there is no worker, or none any more.
    fn post(self, request: Request, extras: &[Extra]) -> Option<RequestId> {
        let posted = self.link.try_update_value(|link| {
            let seat = link.seat.as_ref()?;
            link.last_id += 1;
            let id = link.last_id;
            Some(seat.post(&ToWorker { id, request }, extras).map(|()| id))
        });
        match posted.flatten()? {
            Ok(id) => Some(id),
            Err(problem) => {
                self.end(Phase::Died(problem));
                None
            }
        }
    }

    /// The recording is lost or was never there: the worker goes, the files stay for another try.
    fn end(self, phase: Phase) {
        let ended =
            self.phase.with_untracked(|phase| matches!(phase, Phase::Closed | Phase::Failed(_) | Phase::Died(_)));
        if ended {
            return; // a panic is reported by the worker and by the browser
        }
        retire(self.leave());
        self.end_with_link(phase);
    }

    /// Its workers, of which it knows nothing any more.
    fn leave(self) -> Option<Seat> {
        let seat = self.link.try_update_value(|link| {
            link.on_way.clear();
            link.lanes.clear();
            link.seat.take()
        });
        seat.flatten()
    }

    fn end_with_link(self, phase: Phase) {
        if matches!(phase, Phase::Failed(_) | Phase::Died(_)) {
            timing::mark("culprit:failed", &[("recording", self.number.into())]);
        }
        self.phase.set(phase);
        let on_change = self.on_change.get_value();
        on_change(self);
    }
}

/// Ends a worker, but not in the middle of its own callback.
fn retire(seat: Option<Seat>) {
    leptos::task::spawn_local(async move { drop(seat) });
}

fn answer_of(reply: Reply, on_answer: impl FnOnce(Result<Answer, Failure>)) {
    match reply {
        Reply::Answer(answer) => on_answer(Ok(answer)),
        Reply::Failed(failure) => on_answer(Err(failure)),
        _ => {}
    }
}
