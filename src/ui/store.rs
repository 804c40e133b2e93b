//! What every component shares: the view state, the open recordings, and a few signals of the page.
//!
//! Components read signals and memos of the [`Store`] and change the view through
//! [`Store::dispatch`] alone. Whatever the address should remember is in the view state; whatever
//! belongs to one component stays in it. Effects reach outside (worker, canvas, storage) and never
//! write a signal.

use std::sync::Arc;

use leptos::prelude::*;

use super::address::Address;
use super::ask::use_answer;
use super::load::Load;
use super::session::{Phase, Session};
use super::workers::Workers;
use crate::model::vocab::{FrameKey, Scope, ViewId};
use crate::protocol::{
    Answer, Cell, Details, Overview, Query, SearchResult, StallDetails, StallReport, Summary, Theme, ValueInfo,
};
use crate::state::keys::Command;
use crate::state::{Action, ColourBy, FileRef, Selection, ViewState, update};
use crate::ui::signals::{effect, memo};
use crate::web::files::Named;
use crate::web::{storage, theme};

/// What lies over the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialog {
    /// All keys.
    Help,
    /// Every command by name.
    Palette,
    /// Which two recordings to compare.
    Compare,
    /// Facts and notes of the recording.
    Notes,
}

/// A list that opens under its button in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Menu {
    /// The open recordings.
    Recordings,
    /// The threads.
    Threads,
    /// The values.
    Values,
    /// What does not fit into a narrow header.
    More,
}

/// A short note that goes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// Unique on the page.
    pub number: u32,
    /// What happened.
    pub text: String,
    /// Where to read more.
    pub more: Option<Dialog>,
}

/// Light, dark, or as the system has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeChoice {
    /// As the system has it.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl ThemeChoice {
    /// The word in the style sheet and in storage; `None` for the system's.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Auto => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }

    /// The next choice of the theme button.
    pub fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }

    fn kept() -> Self {
        match storage::read("theme").as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::Auto,
        }
    }
}

type Commands = Vec<(u32, Box<dyn Fn(Command) -> bool>)>;

/// Below this width the details become a sheet.
const NARROW: &str = "(max-width: 899px)";

/// What every component shares. Cheap to copy; get it with `expect_context::<Store>()`.
#[derive(Clone, Copy)]
pub struct Store {
    /// The view state. Read it; change it through [`Store::dispatch`].
    pub state: ReadSignal<ViewState>,
    pub(super) set_state: WriteSignal<ViewState>,
    /// All recordings of the page, opening, open, failed; also those that the view does not name.
    pub sessions: ReadSignal<Vec<Session>>,
    pub(super) set_sessions: WriteSignal<Vec<Session>>,
    /// The supply of workers, and the catalogue of formats.
    pub workers: Workers,
    /// The past, and the address.
    pub address: Address,
    /// Recordings of files that were brought together, until it is known whether they belong together.
    pub(super) together: StoredValue<Vec<Session>>,
    /// Source maps that were brought, and scripts that name or hold theirs.
    pub(super) maps: StoredValue<Vec<Named>, LocalStorage>,
    /// Why the address that the page was opened with gives no view.
    pub address_problem: RwSignal<Option<String>>,
    /// What lies over the page.
    pub dialog: RwSignal<Option<Dialog>>,
    /// Which list of the header is open.
    pub menu: RwSignal<Option<Menu>>,
    /// Notes that go by themselves, oldest first.
    pub toasts: RwSignal<Vec<Toast>>,
    /// What a screen reader is told next; for changes that sight sees by itself.
    pub announcement: RwSignal<String>,
    /// The chosen row of a table that is not of functions: heads and cells.
    pub row: RwSignal<Vec<(String, Cell)>>,
    /// The frame under the pointer in any view, so that others can point at it too.
    pub hovered: RwSignal<Option<FrameKey>>,
    /// Light or dark.
    pub theme: RwSignal<ThemeChoice>,
    /// Whether the system is dark.
    pub is_system_dark: RwSignal<bool>,
    /// Whether single letters act.
    pub letters: RwSignal<bool>,
    /// Whether the window is narrow: one column, details in a sheet.
    pub is_narrow: RwSignal<bool>,
    /// The recording that is shown, whatever its phase; `None` when none is named by the view or
    /// the one named is not there.
    pub active: Memo<Option<Session>>,
    /// Its overview, once it is open.
    pub overview: Memo<Option<Arc<Overview>>>,
    /// What every query of the active recording is about.
    pub scope: Memo<Scope>,
    /// The two that are compared (before, after), once both are open.
    pub pair: Memo<Option<(Session, Session)>>,
    /// The summary line of the scope.
    pub summary: Memo<Load<Summary>>,
    /// Everything about the selected function.
    pub details: Memo<Load<Option<Details>>>,
    /// The stalls at the chosen threshold.
    pub stalls: Memo<Load<StallReport>>,
    /// Everything about the chosen stall, while stalls are shown.
    pub stall: Memo<Load<Option<Box<StallDetails>>>>,
    /// How much the search text matches.
    pub found: Memo<Load<SearchResult>>,
    commands: StoredValue<Commands, LocalStorage>,
    last_number: StoredValue<u32>,
    owner: StoredValue<Owner>,
}

impl Store {
    /// The page's store. Reads the address, keeps the history, and begins to fetch the worker.
    pub fn start() -> Self {
        let (initial, address_problem) = Address::read();
        let address = Address::start(&initial);
        let (state, set_state) = signal(initial);
        let (sessions, set_sessions) = signal(Vec::new());
        let active = memo(move || {
            let file = state.with(|state| state.files.get(state.active).cloned())?;
            sessions.with(|sessions| session_of(sessions, &file))
        });
        let scope = memo(move || state.with(ViewState::scope));
        let around = around_stalls(scope, state);
        let pair = memo(move || open_pair(&state.read(), &sessions.read()));
        let store = Self {
            state,
            set_state,
            sessions,
            set_sessions,
            workers: Workers::start(),
            address,
            together: StoredValue::new(Vec::new()),
            maps: StoredValue::new_local(Vec::new()),
            address_problem: RwSignal::new(address_problem),
            dialog: RwSignal::new(None),
            menu: RwSignal::new(None),
            toasts: RwSignal::default(),
            announcement: RwSignal::default(),
            row: RwSignal::default(),
            hovered: RwSignal::new(None),
            theme: RwSignal::new(ThemeChoice::kept()),
            is_system_dark: RwSignal::new(theme::holds("(prefers-color-scheme: dark)")),
            letters: RwSignal::new(storage::read("letters").as_deref() != Some("off")),
            is_narrow: RwSignal::new(theme::holds(NARROW)),
            active,
            overview: memo(move || active.get().and_then(Session::overview)),
            scope,
            pair,
            summary: ask_summary(active, scope),
            details: ask_details(active, scope, state),
            stalls: ask_stalls(active, around, state),
            stall: ask_stall(active, around, state),
            found: ask_search(active, scope, state),
            commands: StoredValue::new_local(Vec::new()),
            last_number: StoredValue::new(0),
            owner: StoredValue::new(Owner::current().expect("the store starts inside the app")),
        };
        theme::watch("(prefers-color-scheme: dark)", move |is| store.is_system_dark.set(is));
        theme::watch(NARROW, move |is| store.is_narrow.set(is));
        address.follow(store);
        store.reach_outside();
        store
    }

    /// Changes the view: the one way to do so. Committed steps become entries of the browser's
    /// history, passing ones rewrite the current entry.
    pub fn dispatch(self, action: Action) {
        let mut next = self.state.get_untracked();
        let step = update(&mut next, action);
        self.address.record(step, &next);
        if step != crate::state::Step::None {
            self.set_state.set(next);
        }
    }

    /// A part of the view state as a memo: whoever reads it is woken by changes of that part only.
    pub fn part<T: PartialEq + Send + Sync + 'static>(
        self,
        part: impl Fn(&ViewState) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        memo(move || self.state.with(&part))
    }

    /// Asks the active recording for whatever `query` gives, again whenever it changes. `lane` is a
    /// name of the asker's own. See [`use_answer`].
    pub fn answer<T: Send + Sync + 'static>(
        self,
        lane: &'static str,
        query: impl Fn(Scope) -> Option<Query> + Send + Sync + 'static,
        pick: fn(Answer) -> Option<T>,
    ) -> Memo<Load<T>> {
        use_answer(lane, move || Some((self.active.get()?, query(self.scope.get())?)), pick)
    }

    /// The recording of a file, if the page has it.
    pub fn session_of(self, file: &FileRef) -> Option<Session> {
        self.sessions.with(|sessions| session_of(sessions, file))
    }

    /// The value that is shown.
    pub fn value(self) -> Option<ValueInfo> {
        let overview = self.overview.get()?;
        let chosen = self.state.with(|state| state.value.clone());
        let chosen = overview.values.iter().find(|value| Some(&value.name) == chosen.as_ref());
        chosen.or_else(|| overview.values.get(overview.default_value)).cloned()
    }

    /// Selects a function everywhere.
    pub fn select_function(self, function: FrameKey) {
        self.dispatch(Action::Select(Some(Selection::Function(function))));
    }

    /// Shows a short note.
    pub fn toast(self, text: impl Into<String>, more: Option<Dialog>) {
        let toast = Toast { number: self.next_number(), text: text.into(), more };
        self.toasts.update(|toasts| toasts.push(toast));
    }

    /// Sends commands to a component as long as it lives: the last to ask is asked first, and says
    /// whether it did something. What nobody does, the page does.
    pub fn on_command(self, act: impl Fn(Command) -> bool + 'static) {
        let number = self.next_number();
        self.commands.update_value(|commands| commands.push((number, Box::new(act))));
        on_cleanup(move || {
            self.commands.try_update_value(|commands| commands.retain(|(n, _)| *n != number));
        });
    }

    /// Whether a component took the command.
    pub(super) fn offer(self, command: Command) -> bool {
        self.commands.with_value(|commands| commands.iter().rev().any(|(_, act)| act(command)))
    }

    /// A number that nothing else on the page has.
    pub(super) fn next_number(self) -> u32 {
        self.last_number.update_value(|number| *number += 1);
        self.last_number.get_value()
    }

    /// Runs `make` so that its signals live as long as the page.
    pub(super) fn for_good<T>(self, make: impl FnOnce() -> T) -> T {
        self.owner.get_value().with(make)
    }

    /// The colours and fonts of the page now.
    pub(super) fn theme_now(self) -> Theme {
        let colour_by = self.state.with_untracked(|state| state.colour_by);
        theme::read(colour_word(colour_by))
    }

    fn reach_outside(self) {
        effect(move || {
            let choice = self.theme.get();
            theme::choose(choice.word());
            storage::write("theme", choice.word());
        });
        effect(move || {
            storage::write("letters", (!self.letters.get()).then_some("off"));
        });
        // After the effect that sets the theme: what is read here must be the new one.
        let colour_by = self.part(|state| state.colour_by);
        effect(move || {
            self.theme.track();
            self.is_system_dark.track();
            let colours = theme::read(colour_word(colour_by.get()));
            for session in self.sessions.get_untracked() {
                session.set_theme(colours.clone());
            }
        });
        self.connect_compared();
    }

    /// Connects the workers of the two that are compared, and sends the second one's aggregate
    /// again whenever what is looked at changes.
    fn connect_compared(self) {
        let peer_scope = memo(move || peer_scope(self.scope.get()));
        Effect::new(move |connected: Option<Option<(Session, Session)>>| {
            let pair = self.pair.get();
            let scope = peer_scope.get();
            if let Some((before, after)) = pair {
                let is_new = connected.flatten() != pair;
                let channel = is_new.then(web_sys::MessageChannel::new).and_then(Result::ok);
                if let Some(channel) = &channel {
                    before.receive_peer(channel.port1());
                }
                after.send_to_peer(channel.map(|channel| channel.port2()), scope);
            }
            pair
        });
    }
}

/// Stretches of time and threads name things of one recording; the other is looked at in full.
fn peer_scope(mut scope: Scope) -> Scope {
    use crate::model::vocab::Filter;
    scope.filters.retain(|filter| !matches!(filter, Filter::Time(_) | Filter::Thread(_)));
    scope
}

fn colour_word(colour_by: ColourBy) -> &'static str {
    match colour_by {
        ColourBy::Module => "module",
        ColourBy::Heat => "heat",
    }
}

fn session_of(sessions: &[Session], file: &FileRef) -> Option<Session> {
    sessions.iter().copied().find(|session| session.file.with(|other| other.is_same(file)))
}

fn open_pair(state: &ViewState, sessions: &[Session]) -> Option<(Session, Session)> {
    let (before, after) = state.compare?;
    let open = |index: usize| {
        let session = session_of(sessions, state.files.get(index)?)?;
        session.phase.with(|phase| matches!(phase, Phase::Open(_))).then_some(session)
    };
    Some((open(before)?, open(after)?))
}

fn ask_summary(active: Memo<Option<Session>>, scope: Memo<Scope>) -> Memo<Load<Summary>> {
    use_answer(
        "summary",
        move || Some((active.get()?, Query::Summary(scope.get()))),
        |answer| match answer {
            Answer::Summary(summary) => Some(summary),
            _ => None,
        },
    )
}

fn ask_details(
    active: Memo<Option<Session>>,
    scope: Memo<Scope>,
    state: ReadSignal<ViewState>,
) -> Memo<Load<Option<Details>>> {
    let selected = memo(move || {
        state.with(|state| {
            let selection = state.selection.clone()?;
            let function = selection.function()?.clone();
            let path = match selection {
                Selection::Frame(path) if !state.callers => Some(path),
                _ => None,
            };
            Some((function, path))
        })
    });
    use_answer(
        "details",
        move || {
            let (function, path) = selected.get()?;
            Some((active.get()?, Query::Details { scope: scope.get(), function, path }))
        },
        |answer| match answer {
            Answer::Details(details) => Some(details),
            _ => None,
        },
    )
}

/// The scope of the stalls: choosing one narrows the view to it, and must not remove the others from
/// their list.
fn around_stalls(scope: Memo<Scope>, state: ReadSignal<ViewState>) -> Memo<Scope> {
    memo(move || {
        let stall = state.with(|state| state.stall);
        let mut scope = scope.get();
        scope.filters.retain(|filter| match filter {
            crate::model::vocab::Filter::Time(range) => Some(*range) != stall,
            crate::model::vocab::Filter::Thread(_) => true,
            _ => false,
        });
        scope
    })
}

/// The stalls of the whole recording.
fn ask_stalls(
    active: Memo<Option<Session>>,
    around: Memo<Scope>,
    state: ReadSignal<ViewState>,
) -> Memo<Load<StallReport>> {
    let threshold = memo(move || state.with(|state| state.threshold_ms));
    use_answer(
        "stalls",
        move || {
            let session = active.get()?;
            session.overview()?.has_time.then_some(())?;
            let query = Query::Stalls { scope: around.get(), threshold_ms: threshold.get() };
            Some((session, query))
        },
        |answer| match answer {
            Answer::Stalls(report) => Some(report),
            _ => None,
        },
    )
}

/// Everything about the chosen stall.
fn ask_stall(
    active: Memo<Option<Session>>,
    around: Memo<Scope>,
    state: ReadSignal<ViewState>,
) -> Memo<Load<Option<Box<StallDetails>>>> {
    let chosen =
        memo(move || state.with(|state| (state.stall.filter(|_| state.view == ViewId::Stalls), state.threshold_ms)));
    use_answer(
        "stall",
        move || {
            let (range, threshold_ms) = chosen.get();
            Some((active.get()?, Query::Stall { scope: around.get(), threshold_ms, range: range? }))
        },
        |answer| match answer {
            Answer::Stall(stall) => Some(stall),
            _ => None,
        },
    )
}

fn ask_search(
    active: Memo<Option<Session>>,
    scope: Memo<Scope>,
    state: ReadSignal<ViewState>,
) -> Memo<Load<SearchResult>> {
    let text = memo(move || state.with(|state| state.search.trim().to_owned()));
    use_answer(
        "search",
        move || {
            let text = Some(text.get()).filter(|text| !text.is_empty())?;
            Some((active.get()?, Query::Search { scope: scope.get(), text, step: 0, at: None }))
        },
        |answer| match answer {
            Answer::Search(result) => Some(result),
            _ => None,
        },
    )
}
