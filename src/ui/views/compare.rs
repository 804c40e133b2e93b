//! Two recordings side by side: a plain table of functions, before, after, and the difference. Its
//! rows come from two workers.

use leptos::prelude::*;

use super::grid::{Grid, Source, sheet_of};
use crate::model::vocab::{Filter, Scope, SortColumn};
use crate::protocol::Query;
use crate::state::Action;
use crate::state::keys::{Command, key_of};
use crate::ui::parts::{Choice, Picker, figure, icon, keycaps};
use crate::ui::session::Session;
use crate::ui::signals::{live, memo};
use crate::ui::store::Store;

/// Height of a row, CSS pixels, as in the style sheet: for pointers, and for fingers.
const ROW_PX: (f64, f64) = (25.0, 36.0);

/// The view.
pub fn view(store: Store) -> AnyView {
    let has_two = store.part(|state| state.files.len() > 1);
    super::each(
        move || Some((store.pair.get(), has_two.get(), store.is_narrow.get())),
        move |subject| match subject {
            (Some(pair), _, is_narrow) => comparison(store, pair, is_narrow),
            (None, true, _) => choose_two(store),
            (None, false, _) => open_another(store),
        },
    )
}

/// Its switches, right of the tabs.
pub fn tools(store: Store) -> AnyView {
    let has_pair = store.part(|state| state.compare.is_some());
    view! {
        <Show when=move || has_pair.get()>
            <button type="button" class="btn sm" title="Swap before and after" on:click=move |_| store.dispatch(Action::SwapCompared)>
                {icon("swap")}
                "Swap"
                {keycaps(key_of(Command::Swap))}
            </button>
        </Show>
    }
    .into_any()
}

fn open_another(store: Store) -> AnyView {
    view! {
        <div class="nothing">
            <h2>"One recording is open"</h2>
            <p>"Open a second one, of the same program before or after a change, and both stand side by side."</p>
            <div class="row">
                <button type="button" class="btn primary" on:click=move |_| store.pick_files()>
                    {icon("file")}
                    "Open another"
                </button>
            </div>
        </div>
    }
    .into_any()
}

/// Two are open, or being opened, and none are chosen.
fn choose_two(store: Store) -> AnyView {
    let waits = store.state.with(|state| state.compare.is_some());
    if waits {
        return view! { <p class="vt-note quiet" role="status">"Waiting for both recordings to be open."</p> }
            .into_any();
    }
    view! {
        <div class="nothing">
            <h2>"Which two?"</h2>
            <p>"Choose the recording before a change and the one after it."</p>
            <div class="row">
                <button
                    type="button"
                    class="btn primary"
                    on:click=move |_| {
                        store.run(Command::Compare);
                    }
                >
                    "Choose two recordings"
                </button>
            </div>
        </div>
    }
    .into_any()
}

/// Stretches of time and threads name things of one recording only: both are looked at in full.
fn in_full(mut scope: Scope) -> Scope {
    scope.filters.retain(|filter| !matches!(filter, Filter::Time(_) | Filter::Thread(_)));
    scope
}

/// A comparison of two recordings.
fn comparison(store: Store, (before, _): (Session, Session), is_narrow: bool) -> AnyView {
    let scope = memo(move || in_full(store.scope.get()));
    let sort = store.part(|state| state.compare_sort);
    let search = store.part(|state| state.search.trim().to_owned());
    let ask = move |(from, count), _| {
        // Without the other's functions there is nothing to compare with.
        let has_met = before.peered.get() > 0;
        let (scope, search, sort) = (scope.get(), search.get(), sort.get());
        has_met.then_some((before, Query::Compare { scope, search, sort, from, count }))
    };
    let sorted = move || {
        let sort = sort.get();
        let column = COLUMNS.iter().position(|column| *column == Some(sort.column))?;
        Some((column as u32, sort.ascending))
    };
    let sort_by = move |(column, _): (u32, bool)| {
        if let Some(&Some(column)) = COLUMNS.get(column as usize) {
            store.dispatch(Action::SortCompareBy(column));
        }
    };
    let grid = Grid::new(
        store,
        Source {
            lane: "compare",
            class: "vt compare",
            label: "Functions before and after".to_owned(),
            waiting: "The two recordings are being joined.",
            row_px: if is_narrow { ROW_PX.1 } else { ROW_PX.0 },
            ask: Box::new(ask),
            sort: Signal::derive(sorted),
            sort_by: Callback::new(sort_by),
            on_row: None,
        },
    );
    view! {
        <div class="view">
            {bar(store, grid)}
            {live(move || note(store))}
            {grid.view()}
        </div>
    }
    .into_any()
}

/// What the table's columns are to the order of its rows.
const COLUMNS: [Option<SortColumn>; 5] =
    [Some(SortColumn::Name), Some(SortColumn::Before), Some(SortColumn::After), None, Some(SortColumn::Difference)];

/// Which two, and their totals.
fn bar(store: Store, grid: Grid) -> AnyView {
    let known = grid.known();
    let total = move |column: usize| {
        move || {
            let total = known.with(|known| sheet_of(known)?.columns.get(column)?.total.clone());
            total.map(|total| view! { <b class="num">{figure(&total)}</b> })
        }
    };
    let swap = move |_| store.dispatch(Action::SwapCompared);
    view! {
        <div class="viewbar pair">
            <span class="side"><b class="ab" aria-hidden="true">"A"</b>{side(store, Side::Before)}{total(1)}</span>
            <button type="button" class="icon" aria-label="Swap before and after" title="Swap before and after" on:click=swap>
                {icon("swap")}
            </button>
            <span class="side"><b class="ab b" aria-hidden="true">"B"</b>{side(store, Side::After)}{total(2)}</span>
            <span class="grow"></span>
            <span class="quiet wide">"own values · "<i class="diff-key d-less"></i>"less in B "<i class="diff-key d-more"></i>"more in B"</span>
        </div>
    }
    .into_any()
}

/// What a reader of the rows must know.
fn note(store: Store) -> Option<AnyView> {
    let is_wide = store
        .state
        .with(|state| state.filters.iter().any(|filter| matches!(filter, Filter::Time(_) | Filter::Thread(_))));
    is_wide.then(|| {
        view! { <p class="vt-note quiet">"Both are compared in full: a time range or a thread belongs to one recording."</p> }
            .into_any()
    })
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

impl Side {
    fn label(self) -> &'static str {
        match self {
            Self::Before => "Recording before",
            Self::After => "Recording after",
        }
    }

    fn of(self, pair: (usize, usize)) -> usize {
        match self {
            Self::Before => pair.0,
            Self::After => pair.1,
        }
    }

    /// The pair with another recording on this side; the other side's gives way by a swap.
    fn with(self, pair: (usize, usize), chosen: usize) -> (usize, usize) {
        match self {
            _ if chosen == self.of(pair) => pair,
            Self::Before if chosen == pair.1 => (pair.1, pair.0),
            Self::After if chosen == pair.0 => (pair.1, pair.0),
            Self::Before => (chosen, pair.1),
            Self::After => (pair.0, chosen),
        }
    }
}

/// The list from which a side is chosen.
fn side(store: Store, side: Side) -> AnyView {
    let pair = store.part(|state| state.compare);
    let name = live(move || {
        let index = pair.get().map(|pair| side.of(pair))?;
        store.state.with(|state| state.files.get(index).map(|file| file.name.clone()))
    });
    let is_open = RwSignal::new(false);
    let choices = move |()| {
        let Some(pair) = pair.get_untracked() else { return Vec::new() };
        let files = store.state.with_untracked(|state| state.files.clone());
        let choice = |(index, file): (usize, crate::state::FileRef)| {
            let choose = move || store.dispatch(Action::Compare(Some(side.with(pair, index))));
            Choice::new(file.name, choose).chosen(index == side.of(pair))
        };
        files.into_iter().enumerate().map(choice).collect()
    };
    view! {
        <Picker
            what=side.label()
            is_open=is_open
            set_open=Callback::new(move |open| is_open.set(open))
            face=view! { <span class="mono file-name">{name}</span>{icon("down")} }.into_any()
            choices=Callback::new(choices)
        />
    }
    .into_any()
}
