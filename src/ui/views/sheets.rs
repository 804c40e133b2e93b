//! Sheets: the tables that a recording has beside those of functions and calls. What there is to show
//! and how comes from the engine, so one table here shows constructors and latencies alike.

use leptos::ev;
use leptos::prelude::*;
use web_sys::HtmlInputElement;

use super::grid::{DETAIL, Grid, Source};
use crate::model::vocab::ViewId;
use crate::protocol::{Query, SheetInfo};
use crate::state::Action;
use crate::ui::parts::{Segment, segments};
use crate::ui::session::Session;
use crate::ui::signals::{live, memo};
use crate::ui::store::Store;

/// Height of a row, CSS pixels, as in the style sheet: for pointers, and for fingers.
const ROW_PX: (f64, f64) = (22.0, 36.0);

/// The sheets of a tab, as [`SheetInfo::tab`] names it.
pub fn view(store: Store, tab: &'static str) -> AnyView {
    let chosen = store.part(|state| state.sheet.clone());
    // The chosen one by its place: what is open stays the same while the recording does.
    let place = move || {
        let overview = store.overview.get()?;
        let of_tab = |sheet: &&SheetInfo| sheet.tab == tab;
        let is_chosen = |sheet: &SheetInfo| sheet.tab == tab && chosen.with(|chosen| *chosen == sheet.id);
        let first = overview.sheets.iter().position(|sheet| of_tab(&sheet));
        overview.sheets.iter().position(is_chosen).or(first)
    };
    let subject = move || Some((store.active.get()?, place()?, store.is_narrow.get()));
    super::each(subject, move |(session, place, is_narrow)| {
        store.row.set(Vec::new());
        let info = store.overview.with_untracked(|overview| overview.as_ref()?.sheets.get(place).cloned());
        info.map(|info| sheet(store, session, info, is_narrow)).into_any()
    })
}

/// Which of them, right of the tabs.
pub fn tools(store: Store) -> AnyView {
    let tab = store.part(|state| state.view);
    let sheets = memo(move || {
        let tab = super::tab_of(tab.get());
        let all = store.overview.with(|overview| overview.as_ref().map_or(Vec::new(), |o| o.sheets.clone()));
        all.into_iter().filter(|sheet| sheet.tab == tab).collect::<Vec<_>>()
    });
    let chosen = store.part(|state| state.sheet.clone());
    let choices = move || {
        let sheets = sheets.get();
        if sheets.len() < 2 {
            return None;
        }
        let first = sheets[0].id.clone();
        let segment = |sheet: SheetInfo| {
            let (id, first, known) = (sheet.id.clone(), first.clone(), sheets.clone());
            let is_on = move || {
                let chosen = chosen.get();
                let is_known = known.iter().any(|sheet| sheet.id == chosen);
                id == if is_known { &chosen } else { &first }.as_str()
            };
            Segment {
                label: sheet.label,
                is_on: Signal::derive(is_on),
                on_press: Callback::new(move |()| store.dispatch(Action::Sheet(sheet.id.clone()))),
            }
        };
        Some(segments("What is shown", sheets.iter().cloned().map(segment).collect()))
    };
    let moved = live(move || {
        let is_adrift = store.overview.with(|overview| overview.as_ref().is_some_and(|o| o.adrift > 0));
        (is_adrift && tab.get() == ViewId::Series).then(|| moved(store))
    });
    view! { {moved}{choices} }.into_any()
}

/// How much later series are shown whose clock nobody knows, in seconds.
fn moved(store: Store) -> AnyView {
    let now = store.part(|state| state.moved_ms);
    let set = move |event: ev::Event| {
        // Read by the browser: a reader of decimals would be a part of the page.
        let seconds = event_target::<HtmlInputElement>(&event).value_as_number();
        if seconds.is_finite() {
            store.dispatch(Action::Moved((seconds * 1e3).round() as i64));
        }
    };
    view! {
        <span class="threshold" title="No clock says when these series began: they begin with the recording, until you move them.">
            <label>
                <em>"Moved by"</em>
                <input type="number" step="0.1" prop:value=move || (now.get() as f64 / 1e3).to_string() on:change=set />
                "s"
            </label>
        </span>
    }
    .into_any()
}

/// A sheet, and below it what there is to tell of the chosen row.
fn sheet(store: Store, session: Session, info: SheetInfo, is_narrow: bool) -> AnyView {
    let row_px = if is_narrow { ROW_PX.1 } else { ROW_PX.0 };
    let search = store.part(|state| state.search.trim().to_owned());
    let on_row = Callback::new(move |key| store.dispatch(Action::Row(key)));
    let main = source(store, session, "sheet", info.id, info.label, row_px, search);
    let main = Grid::new(store, Source { on_row: Some(on_row), ..main });
    let row = store.part(|state| state.row.clone());
    let detail = live(move || {
        let (prefix, label) = info.detail.clone()?;
        let row = row.get();
        (!row.is_empty()).then(|| {
            let source =
                source(store, session, DETAIL, format!("{prefix}/{row}"), label.clone(), row_px, memo(String::new));
            let grid = Grid::new(store, Source { class: "vt plain is-detail", ..source });
            view! { <h3 class="sheet-detail">{label}</h3>{grid.view()} }.into_any()
        })
    });
    view! {
        <div class="view">
            <div class="viewbar narrow sheets">{tools(store)}</div>
            <p class="sheet-note quiet">{info.note}</p>
            {main.view()}
            {detail}
        </div>
    }
    .into_any()
}

fn source(
    store: Store,
    session: Session,
    lane: &'static str,
    id: String,
    label: String,
    row_px: f64,
    search: Memo<String>,
) -> Source {
    let sort = RwSignal::new(None::<(u32, bool)>);
    // What is largest is asked for first, of names the first.
    let sort_by = move |(column, is_number): (u32, bool)| {
        sort.update(|sort| {
            *sort = match *sort {
                Some((by, ascending)) if by == column => Some((column, !ascending)),
                _ => Some((column, !is_number)),
            }
        });
    };
    let ask = move |(from, count), change| {
        let (scope, search, sort) = (store.scope.get(), search.get(), sort.get());
        Some((session, Query::Sheet { sheet: id.clone(), scope, search, sort, change, from, count }))
    };
    Source {
        lane,
        class: "vt plain",
        label,
        waiting: "",
        row_px,
        ask: Box::new(ask),
        sort: sort.into(),
        sort_by: Callback::new(sort_by),
        on_row: None,
    }
}
