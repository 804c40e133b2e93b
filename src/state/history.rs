//! The past of the view state: one list, which the browser's own history mirrors.
//!
//! Back and Forward walk along the list. Undo and redo of a filter walk along the same list, to the
//! nearest entry whose filters differ: there is no second list that could disagree. They bring back
//! that entry's filters and what depends on them, and leave the tab, the table and the search where
//! they are: whoever undoes a filter wants to see its effect on what is in front of them.

use super::ViewState;

/// Entries kept in memory. The browser keeps about as many; older ones are read from addresses.
const ENTRIES_MAX: usize = 100;

/// The remembered entries. Positions count from the first entry of the browser tab and survive
/// reloading the page; what lies outside memory is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Position of the first entry in memory.
    first: u32,
    /// Position of the current entry.
    at: u32,
    entries: Vec<ViewState>,
}

/// A walk along the history.
#[derive(Debug, Clone, PartialEq)]
pub struct Jump {
    /// How many entries: negative is back.
    pub by: i32,
    /// What the entry there becomes.
    pub state: ViewState,
}

impl History {
    /// A history that knows its current entry only.
    pub fn start(at: u32, state: ViewState) -> Self {
        Self { first: at, at, entries: vec![state] }
    }

    /// Position of the current entry.
    pub fn at(&self) -> u32 {
        self.at
    }

    /// State of the current entry.
    pub fn current(&self) -> &ViewState {
        &self.entries[self.index()]
    }

    /// Adds an entry behind the current one; what lay ahead is gone. Returns its position.
    pub fn push(&mut self, state: ViewState) -> u32 {
        self.entries.truncate(self.index() + 1);
        self.entries.push(state);
        self.at += 1;
        if self.entries.len() > ENTRIES_MAX {
            self.entries.remove(0);
            self.first += 1;
        }
        self.at
    }

    /// Rewrites the current entry.
    pub fn replace(&mut self, state: ViewState) {
        let index = self.index();
        self.entries[index] = state;
    }

    /// Goes to a position that the browser went to. Returns its state, or `None` where it is not in
    /// memory: the address then has to be read, and [`History::arrive`] told.
    pub fn go(&mut self, at: u32) -> Option<&ViewState> {
        let index = usize::try_from(at.checked_sub(self.first)?).ok()?;
        let state = self.entries.get(index)?;
        self.at = at;
        Some(state)
    }

    /// Stands at a position outside memory with the state that its address gave. Neighbours stay
    /// remembered where they border on it.
    pub fn arrive(&mut self, at: u32, state: ViewState) {
        if at.checked_add(1) == Some(self.first) {
            self.entries.insert(0, state);
            self.entries.truncate(ENTRIES_MAX);
            (self.first, self.at) = (at, at);
        } else {
            *self = Self::start(at, state);
        }
    }

    /// The way back over the last change of a filter, if there is one in this recording.
    pub fn undo(&self) -> Option<Jump> {
        let index = self.index();
        self.jump_to_other_filters(self.entries[..index].iter().rev(), -1)
    }

    /// The way forward over the next change of a filter, if there is one in this recording.
    pub fn redo(&self) -> Option<Jump> {
        let index = self.index();
        self.jump_to_other_filters(self.entries[index + 1..].iter(), 1)
    }

    fn jump_to_other_filters<'a>(&self, entries: impl Iterator<Item = &'a ViewState>, direction: i32) -> Option<Jump> {
        let here = self.current();
        let same_recording = |other: &&ViewState| other.files.get(other.active) == here.files.get(here.active);
        let mut steps = 0;
        for entry in entries.take_while(same_recording) {
            steps += direction;
            if entry.filters != here.filters {
                return Some(Jump { by: steps, state: with_filters_of(here, entry) });
            }
        }
        None
    }

    fn index(&self) -> usize {
        usize::try_from(self.at - self.first).expect("entries in memory are few")
    }
}

/// What is in front of the person, under the filters of another entry.
fn with_filters_of(here: &ViewState, entry: &ViewState) -> ViewState {
    ViewState {
        filters: entry.filters.clone(),
        stall: entry.stall,
        zoom: entry.zoom.clone(),
        span: entry.span,
        scroll: entry.scroll,
        ..here.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::vocab::{Filter, ViewId};
    use crate::state::FileRef;

    fn hiding(names: &[&str]) -> ViewState {
        let filters = names.iter().map(|name| Filter::Keep((*name).to_owned())).collect();
        ViewState { filters, ..ViewState::default() }
    }

    fn in_table(state: ViewState) -> ViewState {
        ViewState { view: ViewId::Table, ..state }
    }

    /// Does what the browser does with a jump.
    fn follow(history: &mut History, jump: Jump) {
        let at = history.at().checked_add_signed(jump.by).expect("stays in the list");
        assert!(history.go(at).is_some());
        history.replace(jump.state);
    }

    #[test]
    fn back_and_forward() {
        let mut history = History::start(0, hiding(&[]));
        assert_eq!(history.push(hiding(&["a"])), 1);
        history.replace(hiding(&["b"]));
        assert_eq!(history.push(hiding(&["c"])), 2);
        assert_eq!(history.go(1), Some(&hiding(&["b"])));
        assert_eq!(history.go(2), Some(&hiding(&["c"])));
        assert_eq!(history.go(3), None);
        history.go(0);
        history.push(hiding(&["d"]));
        assert_eq!(history.go(2), None, "a new step ends what lay ahead");
    }

    #[test]
    fn undo_skips_what_is_no_filter_and_keeps_the_tab() {
        let mut history = History::start(0, hiding(&[]));
        history.push(hiding(&["a"]));
        history.push(hiding(&["a", "b"]));
        history.push(in_table(hiding(&["a", "b"])));
        let jump = history.undo().expect("there are filters to undo");
        assert_eq!(jump, Jump { by: -2, state: in_table(hiding(&["a"])) });
        follow(&mut history, jump);
        let jump = history.undo().expect("one is left");
        assert_eq!(jump, Jump { by: -1, state: in_table(hiding(&[])) });
        follow(&mut history, jump);
        assert_eq!(history.undo(), None);
        let jump = history.redo().expect("the way is known");
        assert_eq!(jump, Jump { by: 1, state: in_table(hiding(&["a"])) });
        follow(&mut history, jump);
        let jump = history.redo().expect("one more");
        assert_eq!(jump, Jump { by: 1, state: in_table(hiding(&["a", "b"])) });
        follow(&mut history, jump);
        assert_eq!(history.redo(), None);
    }

    #[test]
    fn undo_stays_in_the_recording() {
        let of = |name: &str, state| ViewState { files: vec![FileRef::named(name)], ..state };
        let mut history = History::start(0, of("one", hiding(&["a"])));
        history.push(of("two", hiding(&[])));
        assert_eq!(history.undo(), None);
        history.push(of("two", hiding(&["b"])));
        assert_eq!(history.undo().map(|jump| jump.by), Some(-1));
    }

    #[test]
    fn what_is_not_in_memory_is_read_from_the_address() {
        let mut history = History::start(5, hiding(&["now"]));
        assert_eq!(history.go(4), None);
        history.arrive(4, hiding(&["before"]));
        assert_eq!(history.at(), 4);
        assert_eq!(history.go(5), Some(&hiding(&["now"])));
        history.arrive(1, hiding(&["far"]));
        assert_eq!(history.go(5), None, "what lies between is not known");
        assert_eq!(history.go(1), Some(&hiding(&["far"])));
    }

    #[test]
    fn memory_is_bounded() {
        let mut history = History::start(0, hiding(&[]));
        for _ in 0..1000 {
            history.push(hiding(&["a"]));
        }
        assert_eq!((history.at(), history.entries.len()), (1000, ENTRIES_MAX));
        assert!(history.go(0).is_none());
        assert!(history.go(950).is_some());
    }
}
