//! The supply of workers: a program is fetched and compiled once, and one spare pair of workers
//! waits, so that a dropped file is met at once.
//!
//! There are two programs. Every visit fetches the first. The full one has what few first files need
//! besides, and is fetched when a file needs it.
//!
//! A recording has two workers, the engine and the stage, with a channel between them. Here they
//! become one [`Seat`]: each request goes to the worker that it is for.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use leptos::prelude::*;
use web_sys::MessageChannel;

use super::rehearsal;
use crate::model::vocab::FormatInfo;
use crate::protocol::{FromWorker, Reply, Request, Role, ToWorker};
use crate::web::wire::{Extra, pack, unpack_reply};
use crate::web::worker_client::{WorkerClient, WorkerProgram};

/// What a worker says, or why it will say nothing more.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "words are few and short-lived")]
pub enum Word {
    /// A message.
    Said(FromWorker),
    /// The worker broke, one sentence.
    Broke(String),
}

type Listener = Rc<dyn Fn(Word)>;

/// Where the words of a worker go: nowhere while it is spare.
#[derive(Clone, Default)]
struct Route(Rc<RefCell<Option<Listener>>>);

impl Route {
    fn send(&self, word: Word) {
        // The borrow ends before the listener runs: it may give the worker back.
        let listener = self.0.borrow().clone();
        if let Some(listener) = listener {
            listener(word);
        }
    }
}

/// The running workers of a recording with someone who listens. Dropping it ends them at once.
pub struct Seat {
    engine: WorkerClient,
    stage: WorkerClient,
    route: Route,
}

impl Seat {
    /// Posts a message and what crosses beside it.
    ///
    /// # Errors
    /// One sentence, where it cannot be posted.
    pub fn post(&self, message: &ToWorker, extras: &[Extra]) -> Result<(), String> {
        let envelope = pack(message, extras)?;
        let client = match message.request.role() {
            Role::Engine => &self.engine,
            Role::Stage => &self.stage,
        };
        if envelope.transfer.length() == 0 {
            client.post(&envelope.message)
        } else {
            client.post_with_transfer(&envelope.message, &envelope.transfer)
        }
    }

    /// Joins the two workers.
    fn join(&self) -> Result<(), String> {
        let channel = MessageChannel::new().map_err(|_| "the browser has no channels".to_owned())?;
        for (role, port) in [(Role::Engine, channel.port1()), (Role::Stage, channel.port2())] {
            self.post(&ToWorker { id: 0, request: Request::Begin(role) }, &[Extra::Port(port)])?;
        }
        Ok(())
    }

    /// From now on `listener` hears every word of the workers.
    pub fn listen(&self, listener: impl Fn(Word) + 'static) {
        *self.route.0.borrow_mut() = Some(Rc::new(listener));
    }
}

/// What workers can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// What every visit fetches.
    First,
    /// With every format and every analysis.
    Full,
}

impl Program {
    /// How the page names it.
    fn name(self) -> &'static str {
        match self {
            Self::First => "worker",
            Self::Full => "full-worker",
        }
    }
}

type Taker = Box<dyn FnOnce(Result<Seat, String>)>;

/// A program on its way.
#[derive(Default)]
struct Fetched {
    is_asked_for: bool,
    program: Option<Result<WorkerProgram, String>>,
    takers: VecDeque<Taker>,
}

#[derive(Default)]
struct Supply {
    /// One for each [`Program`].
    fetched: [Fetched; 2],
    spare: Option<Seat>,
    /// The pair that rehearses.
    rehearsing: Option<Seat>,
    /// Whether a pair was ever asked for.
    is_used: bool,
}

/// The supply of workers. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Workers {
    supply: StoredValue<Supply, LocalStorage>,
    /// All formats that can be opened, once the first worker has told them.
    pub catalogue: RwSignal<Vec<FormatInfo>>,
    /// Why no worker can be started, if so.
    pub problem: RwSignal<Option<String>>,
}

impl Workers {
    /// Begins to fetch the first program; a spare pair starts once it is there.
    pub fn start() -> Self {
        let workers = Self {
            supply: StoredValue::new_local(Supply::default()),
            catalogue: RwSignal::default(),
            problem: RwSignal::default(),
        };
        workers.fetch(Program::First);
        workers
    }

    /// Fetches a program, unless that was begun already.
    fn fetch(self, program: Program) {
        let was_begun =
            |supply: &mut Supply| std::mem::replace(&mut supply.fetched[program as usize].is_asked_for, true);
        if self.supply.try_update_value(was_begun) != Some(false) {
            return;
        }
        leptos::task::spawn_local(async move {
            let fetched = WorkerProgram::load(program.name()).await;
            let problem = fetched.as_ref().err().cloned();
            let is_there = problem.is_none();
            self.supply.update_value(|supply| supply.fetched[program as usize].program = Some(fetched));
            self.serve_takers(program);
            match program {
                Program::First => {
                    self.problem.set(problem);
                    self.keep_spare();
                    rehearsal::plan(self);
                }
                Program::Full if is_there => {}
                // The next file that needs it tries again.
                Program::Full => {
                    self.supply.update_value(|supply| supply.fetched[program as usize] = Fetched::default());
                }
            }
        });
    }

    /// Gives `taker` a pair of workers: the spare one, a new one, or, while the program is being fetched,
    /// one as soon as that is done. One sentence instead where none can be started.
    pub fn take(self, program: Program, taker: impl FnOnce(Result<Seat, String>) + 'static) {
        let spare = self.supply.try_update_value(|supply| {
            supply.is_used = true;
            // Whoever waits comes first.
            supply.rehearsing = None;
            if program == Program::First { supply.spare.take() } else { None }
        });
        match spare.flatten() {
            Some(seat) => taker(Ok(seat)),
            None => {
                let queue =
                    |supply: &mut Supply| supply.fetched[program as usize].takers.push_back(Box::new(taker) as Taker);
                self.supply.update_value(queue);
                self.fetch(program);
                self.serve_takers(program);
            }
        }
    }

    /// Takes a pair of the first program back that has opened nothing.
    pub fn give_back(self, seat: Seat) {
        *seat.route.0.borrow_mut() = None;
        self.supply.update_value(|supply| supply.spare = Some(seat));
    }

    /// Starts a spare pair, unless one waits.
    pub fn keep_spare(self) {
        if self.supply.with_value(|supply| supply.spare.is_none())
            && let Some(Ok(seat)) = self.new_seat(Program::First)
        {
            self.supply.update_value(|supply| supply.spare = Some(seat));
        }
    }

    /// Starts a pair beside the spare one, which lasts until one is needed or [`Workers::rest`].
    /// `None` when one was needed before, or there is none.
    pub fn rehearse(self, listener: impl Fn(Word) + 'static) -> Option<()> {
        let is_used = self.supply.try_with_value(|supply| supply.is_used)?;
        let seat = if is_used { None } else { self.new_seat(Program::First)?.ok() }?;
        seat.listen(listener);
        self.supply.try_update_value(|supply| supply.rehearsing = Some(seat))
    }

    /// Posts a message to the pair that rehearses, and tells whether there is one.
    pub fn post_rehearsing(self, message: &ToWorker, extras: &[Extra]) -> bool {
        let posted =
            self.supply.try_with_value(|supply| supply.rehearsing.as_ref().map(|seat| seat.post(message, extras)));
        matches!(posted.flatten(), Some(Ok(())))
    }

    /// Ends the pair that rehearses.
    pub fn rest(self) {
        self.supply.try_update_value(|supply| supply.rehearsing = None);
    }

    fn serve_takers(self, program: Program) {
        let next = |supply: &mut Supply| {
            let fetched = &mut supply.fetched[program as usize];
            if fetched.program.is_some() { fetched.takers.pop_front() } else { None }
        };
        while let Some(taker) = self.supply.try_update_value(next).flatten() {
            if let Some(seat) = self.new_seat(program) {
                taker(seat);
            }
        }
    }

    /// `None` while the program is being fetched.
    fn new_seat(self, program: Program) -> Option<Result<Seat, String>> {
        let program = self.supply.with_value(|supply| supply.fetched[program as usize].program.clone())?;
        let started = program.and_then(|program| {
            let route = Route::default();
            let (engine, stage) = (self.start_one(&program, &route)?, self.start_one(&program, &route)?);
            let seat = Seat { engine, stage, route };
            seat.join()?;
            Ok(seat)
        });
        Some(started)
    }

    fn start_one(self, program: &WorkerProgram, route: &Route) -> Result<WorkerClient, String> {
        let (said, broke) = (route.clone(), route.clone());
        program.start(
            move |data| match unpack_reply(&data) {
                Ok(message) => self.hear(&said, message),
                Err(problem) => said.send(Word::Broke(problem)),
            },
            move |problem| broke.send(Word::Broke(problem)),
        )
    }

    fn hear(self, route: &Route, message: FromWorker) {
        match message.reply {
            Reply::Ready { formats } => {
                if self.catalogue.with_untracked(Vec::is_empty) {
                    self.catalogue.set(formats);
                }
            }
            _ => route.send(Word::Said(message)),
        }
    }
}
