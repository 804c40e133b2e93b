//! The address and the browser's history, kept in step with the view state from one place.

use std::time::Duration;

use leptos::prelude::*;

use super::store::Store;
use crate::state::url::{decode, encode};
use crate::state::{History, Jump, Step, ViewState};
use crate::web::history;

/// Browsers refuse more than some 100 rewrites in 30 s; passing changes are written once they rest.
const REST: Duration = Duration::from_millis(350);

/// Keeps the past and writes the address. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Address {
    past: RwSignal<History>,
    /// Whether the current entry's address is behind the state.
    is_behind: StoredValue<bool>,
    timer: StoredValue<Option<TimeoutHandle>>,
    /// What the entry becomes that an undo or redo is on its way to.
    arriving: StoredValue<Option<ViewState>>,
}

impl Address {
    /// The state that the page's address gives, or the plain one and why.
    pub(super) fn read() -> (ViewState, Option<String>) {
        match decode(&history::fragment()) {
            Ok(state) => (state, None),
            Err(problem) => (ViewState::default(), Some(problem.to_string())),
        }
    }

    /// Begins with the entry that the browser stands on. Its address stays as it is, be it
    /// malformed, until the view changes.
    pub(super) fn start(state: &ViewState) -> Self {
        let at = history::position().unwrap_or(0);
        history::replace(at, &history::fragment());
        Self {
            past: RwSignal::new(History::start(at, state.clone())),
            is_behind: StoredValue::new(false),
            timer: StoredValue::new(None),
            arriving: StoredValue::new(None),
        }
    }

    /// The address of the view as it stands, to be copied.
    pub fn current(self) -> String {
        self.write_now();
        history::address()
    }

    /// Whether a filter can be undone, reactively.
    pub fn can_undo(self) -> bool {
        self.past.with(|past| past.undo().is_some())
    }

    /// Whether a filter can be redone, reactively.
    pub fn can_redo(self) -> bool {
        self.past.with(|past| past.redo().is_some())
    }

    /// Walks back over the last change of a filter.
    pub fn undo(self) {
        self.walk(self.past.with_untracked(History::undo));
    }

    /// Walks forward over the next change of a filter.
    pub fn redo(self) {
        self.walk(self.past.with_untracked(History::redo));
    }

    /// Takes a changed state into the history.
    pub(super) fn record(self, step: Step, state: &ViewState) {
        match step {
            Step::Push => {
                self.write_now();
                let at = self.past.try_update(|past| past.push(state.clone()));
                history::push(at.unwrap_or_default(), &encode(state));
            }
            Step::Replace => {
                self.past.update(|past| past.replace(state.clone()));
                self.write_later();
            }
            Step::None => {}
        }
    }

    /// From now on `store` follows the browser's Back and Forward, and addresses that are written
    /// by hand.
    pub(super) fn follow(self, store: Store) {
        history::on_walk(move |position| self.arrive(store, position));
    }

    fn walk(self, jump: Option<Jump>) {
        if let Some(Jump { by, state }) = jump {
            self.write_now();
            self.arriving.set_value(Some(state));
            history::go(by);
        }
    }

    fn arrive(self, store: Store, position: Option<u32>) {
        self.drop_timer();
        self.is_behind.set_value(false);
        let state = match position {
            Some(at) => self.at_entry(store, at),
            None => self.at_new_address(store),
        };
        store.set_state.set(state);
        store.fetch_missing_examples();
    }

    fn at_entry(self, store: Store, at: u32) -> ViewState {
        let known = self.past.try_update(|past| past.go(at).cloned()).flatten();
        let arriving = self.arriving.try_update_value(Option::take).flatten();
        match (arriving, known) {
            (Some(state), Some(_)) => {
                self.past.update(|past| past.replace(state.clone()));
                history::replace(at, &encode(&state));
                state
            }
            (_, Some(state)) => state,
            (_, None) => {
                let state = self.read_into(store);
                self.past.update(|past| past.arrive(at, state.clone()));
                state
            }
        }
    }

    fn at_new_address(self, store: Store) -> ViewState {
        let state = self.read_into(store);
        let at = self.past.try_update(|past| past.push(state.clone()));
        history::replace(at.unwrap_or_default(), &history::fragment());
        state
    }

    fn read_into(self, store: Store) -> ViewState {
        let (state, problem) = Self::read();
        store.address_problem.set(problem);
        state
    }

    fn write_later(self) {
        self.is_behind.set_value(true);
        self.drop_timer();
        let timer = set_timeout_with_handle(move || self.write_now(), REST);
        self.timer.set_value(timer.ok());
    }

    fn write_now(self) {
        self.drop_timer();
        if self.is_behind.try_update_value(std::mem::take) == Some(true) {
            let (at, state) = self.past.with_untracked(|past| (past.at(), past.current().clone()));
            history::replace(at, &encode(&state));
        }
    }

    fn drop_timer(self) {
        if let Some(timer) = self.timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    }
}
