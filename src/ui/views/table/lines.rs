//! Rows of the table on their way from the worker.

use std::sync::Arc;

use leptos::prelude::*;

use crate::model::vocab::{Path, Scope, Sort};
use crate::protocol::{Amount, Answer, FunctionLabel, FunctionRow, Query, Rows, TreeChange, TreeRow};
use crate::state::{Selection, TableMode, ViewState};
use crate::ui::parts::rows::Scroll;
use crate::ui::session::Session;
use crate::ui::signals::memo;
use crate::ui::store::Store;

/// A row of any of the tables.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) label: FunctionLabel,
    pub(super) self_value: Amount,
    pub(super) total: Amount,
    pub(super) plus_minus: String,
    /// Its place in a tree; `None` in the list of functions.
    pub(super) tree: Option<Branch>,
}

/// A row's place in a tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Branch {
    pub(super) node: u32,
    pub(super) depth: u32,
    pub(super) has_children: bool,
    pub(super) is_expanded: bool,
    pub(super) is_heaviest: bool,
    pub(super) is_match: bool,
    pub(super) path: Path,
}

/// A window of rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Fetched {
    pub(super) all: u32,
    pub(super) from: u32,
    pub(super) lines: Vec<Line>,
    pub(super) max_self: i64,
    pub(super) max_total: i64,
    /// Why there are none, if asking failed.
    pub(super) problem: Option<String>,
}

/// What the rows depend on, but for the window.
#[derive(Debug, Clone, PartialEq)]
struct Subject {
    scope: Scope,
    sort: Sort,
    search: String,
}

impl Subject {
    fn of(state: &ViewState) -> Self {
        Self { scope: state.scope(), sort: state.sort, search: state.search.trim().to_owned() }
    }

    fn query(&self, mode: TableMode, (from, count): (u32, u32), change: TreeChange) -> Query {
        let Self { scope, sort, search } = self.clone();
        match mode {
            TableMode::Functions => Query::Functions { scope, search, sort, from, count },
            TableMode::Tree | TableMode::Callers => {
                Query::Tree { scope, callers: mode == TableMode::Callers, sort, change, search, from, count }
            }
        }
    }
}

/// The question for a window of the rows as they are now.
pub(super) fn query_of(state: &ViewState, window: (u32, u32)) -> Query {
    Subject::of(state).query(state.table, window, TreeChange::Keep)
}

/// Asks for the rows in view, again whenever something changes. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Asker {
    store: Store,
    session: Session,
    mode: TableMode,
    scroll: Scroll,
    /// The newest rows; those of the former question stay until the next are there.
    pub(super) fetched: RwSignal<Option<Arc<Fetched>>>,
    count: Memo<u32>,
    subject: Memo<Subject>,
    window: Memo<(u32, u32)>,
    on_rows: StoredValue<Option<Callback<Option<u32>>>>,
}

impl Asker {
    pub(super) fn new(store: Store, session: Session, mode: TableMode, scroll: Scroll) -> Self {
        let fetched = RwSignal::new(None::<Arc<Fetched>>);
        let subject = memo(move || store.state.with(Subject::of));
        Self {
            store,
            session,
            mode,
            scroll,
            fetched,
            count: memo(move || fetched.with(|fetched| fetched.as_ref().map_or(0, |fetched| fetched.all))),
            subject,
            window: scroll.window(),
            on_rows: StoredValue::new(None),
        }
    }

    /// Number of all rows.
    pub(super) fn count(self) -> Memo<u32> {
        self.count
    }

    /// Begins to ask. `on_rows` is called with every window, and the row to scroll to.
    pub(super) fn start(self, on_rows: Callback<Option<u32>>) {
        self.on_rows.set_value(Some(on_rows));
        Effect::new(move |shown: Option<(Subject, (u32, u32))>| {
            let (subject, window) = (self.subject.get(), self.window.get());
            let is_new_scope = shown.as_ref().is_none_or(|(shown, _)| shown.scope != subject.scope);
            let is_new_order =
                shown.is_some_and(|(shown, _)| shown.sort != subject.sort || shown.search != subject.search);
            if is_new_order {
                self.scroll.to_top();
            }
            if is_new_scope && self.mode != TableMode::Functions {
                self.change(self.first_change());
            } else {
                let query = subject.query(self.mode, window, TreeChange::Keep);
                let asked = subject.clone();
                self.session.ask("table", query, move |answer| self.take(&asked, answer));
            }
            (subject, window)
        });
    }

    /// What a tree shows at first: the way to the selected frame, or the heaviest one.
    fn first_change(self) -> TreeChange {
        let selection = self.store.state.with_untracked(|state| (state.selection.clone(), state.callers));
        match selection {
            (Some(Selection::Frame(path)), false) if self.mode == TableMode::Tree => TreeChange::Reveal(path),
            _ => TreeChange::ExpandHeaviest(None),
        }
    }

    /// Opens or closes rows of a tree.
    pub(super) fn change(self, change: TreeChange) {
        let asked = self.subject.get_untracked();
        let query = asked.query(self.mode, self.window.get_untracked(), change);
        self.session.ask_each(query, move |answer| self.take(&asked, answer));
    }

    /// A row, if it is at hand.
    pub(super) fn line(self, index: u32) -> Option<Line> {
        self.fetched.with_untracked(|fetched| {
            let fetched = fetched.as_ref()?;
            fetched.lines.get(index.checked_sub(fetched.from)? as usize).cloned()
        })
    }

    /// Takes an answer, unless something else is asked by now.
    fn take(self, asked: &Subject, answer: Result<Answer, crate::protocol::Failure>) {
        if self.subject.try_get_untracked().as_ref() != Some(asked) {
            return;
        }
        let (fetched, scroll_to) = match answer {
            Ok(answer) => match fetched_of(answer) {
                Some(both) => both,
                None => return,
            },
            Err(failure) => (Fetched { problem: Some(failure.message), ..Fetched::default() }, None),
        };
        self.fetched.set(Some(Arc::new(fetched)));
        if let Some(on_rows) = self.on_rows.get_value() {
            on_rows.run(scroll_to);
        }
    }
}

/// Rows of either kind of answer, and the row to scroll to.
pub(super) fn fetched_of(answer: Answer) -> Option<(Fetched, Option<u32>)> {
    match answer {
        Answer::Functions(rows) => Some(window(rows, line_of_function)),
        Answer::Tree(rows) => Some(window(rows, line_of_tree)),
        _ => None,
    }
}

fn window<T>(rows: Rows<T>, line: fn(T) -> Line) -> (Fetched, Option<u32>) {
    let fetched = Fetched {
        all: rows.all,
        from: rows.from,
        lines: rows.rows.into_iter().map(line).collect(),
        max_self: rows.max_self,
        max_total: rows.max_total,
        problem: None,
    };
    (fetched, rows.scroll_to)
}

fn line_of_function(row: FunctionRow) -> Line {
    let FunctionRow { label, self_value, total, plus_minus } = row;
    Line { label, self_value, total, plus_minus, tree: None }
}

fn line_of_tree(row: TreeRow) -> Line {
    let branch = Branch {
        node: row.node,
        depth: row.depth,
        has_children: row.has_children,
        is_expanded: row.is_expanded,
        is_heaviest: row.is_heaviest,
        is_match: row.is_match,
        path: row.path,
    };
    Line {
        label: row.label,
        self_value: row.self_value,
        total: row.total,
        plus_minus: String::new(),
        tree: Some(branch),
    }
}
