//! A table whose columns, rows and tree come from the engine; only the rows in view are here.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;

use super::table::{branch, is_twisty, sort_button};
use crate::protocol::{Answer, Cell, Query, Sheet, SheetColumn, SheetRow, Tone, TreeChange};
use crate::state::keys::Command;
use crate::state::{Action, Selection};
use crate::ui::parts::rows::{Far, Scroll, VirtualRows, at_row};
use crate::ui::parts::{figure, swatch};
use crate::ui::session::Session;
use crate::ui::signals::{effect, live, memo};
use crate::ui::store::Store;
use crate::web::marked_text;

/// Lane of a table below another's.
pub(super) const DETAIL: &str = "sheet-detail";

/// What is known: a window of rows, or why there is none.
pub(super) type Known = Option<Arc<Result<Sheet, String>>>;

/// From a window of rows and a change to the question for them, and to whom it goes.
pub(super) type Ask = dyn Fn((u32, u32), TreeChange) -> Option<(Session, Query)> + Send + Sync;

/// Where a table's rows come from, and what it is called.
pub(super) struct Source {
    /// A name of the asker's own, also the beginning of the ids of its elements.
    pub(super) lane: &'static str,
    /// Further classes of its element.
    pub(super) class: &'static str,
    /// Name for people.
    pub(super) label: String,
    /// Said until the first rows are there.
    pub(super) waiting: &'static str,
    /// Height of a row, CSS pixels.
    pub(super) row_px: f64,
    /// The question for a window of rows, reactively; `None` while there is nothing to ask.
    pub(super) ask: Box<Ask>,
    /// What it is sorted by: index of the column, and whether the smallest come first.
    pub(super) sort: Signal<Option<(u32, bool)>>,
    /// Called with the column that it is to be sorted by, and whether that holds numbers.
    pub(super) sort_by: Callback<(u32, bool)>,
    /// Called with the key of a row that was chosen.
    pub(super) on_row: Option<Callback<String>>,
}

/// A table on the page. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    store: Store,
    source: StoredValue<Source>,
    lane: &'static str,
    scroll: Scroll,
    known: RwSignal<Known>,
    /// The row that keys and pointer were at last.
    at: RwSignal<Option<u32>>,
    /// A row to choose once it is there.
    wanted: StoredValue<Option<u32>>,
}

impl Grid {
    pub(super) fn new(store: Store, source: Source) -> Self {
        Self {
            store,
            lane: source.lane,
            scroll: Scroll::new(source.row_px),
            source: StoredValue::new(source),
            known: RwSignal::new(None),
            at: RwSignal::new(None),
            wanted: StoredValue::new(None),
        }
    }

    /// The rows at hand.
    pub(super) fn known(self) -> Memo<Known> {
        memo(move || self.known.get())
    }

    pub(super) fn view(self) -> AnyView {
        self.store.on_command(move |command| self.command(command));
        let window = self.scroll.window();
        effect(move || self.ask(window.get()));
        let count = memo(move || self.known.with(|known| sheet_of(known).map_or(0, |sheet| sheet.rows.all)));
        let columns = memo(move || self.known.with(|known| sheet_of(known).map(|sheet| sheet.columns.clone())));
        let widths = move || columns.with(|columns| columns.as_deref().and_then(widths));
        let cursor = self.cursor();
        let rows = move || self.known.with(|known| sheet_of(known).map(|sheet| self.rows(sheet, cursor)));
        let active = move || cursor.get().map(|row| self.row_id(row));
        let (class, label) = self.source.with_value(|source| (source.class, source.label.clone()));
        view! {
            <div
                id=self.lane
                class=class
                role="treegrid"
                tabindex="0"
                aria-label=label
                aria-rowcount=move || count.get() + 1
                aria-activedescendant=active
                style:--cols=widths
                on:keydown=move |event| self.key(&event)
            >
                {live(move || columns.get().map(|columns| self.head(columns)))}
                <VirtualRows scroll=self.scroll count=count>{rows}</VirtualRows>
                {live(move || self.note())}
            </div>
        }
        .into_any()
    }

    /// Row of the selected function where rows are about functions, else the one chosen last.
    fn cursor(self) -> Memo<Option<u32>> {
        let selected = self.store.part(|state| state.selection.as_ref().and_then(Selection::function).cloned());
        memo(move || {
            let at = self.at.get();
            self.known.with(|known| {
                let Some(rows) = sheet_of(known).map(|sheet| &sheet.rows) else { return at };
                if rows.rows.iter().all(|row| row.who.is_none()) {
                    return at;
                }
                let key = selected.get()?;
                let place = rows.rows.iter().position(|row| row.who.as_ref().is_some_and(|who| who.key == key))?;
                Some(rows.from + place as u32)
            })
        })
    }

    fn ask(self, window: (u32, u32)) {
        let question = self.source.with_value(|source| (source.ask)(window, TreeChange::Keep));
        if let Some((session, query)) = question {
            session.ask(self.lane, query, move |answer| self.take(answer));
        }
    }

    fn take(self, answer: Result<Answer, crate::protocol::Failure>) {
        let known = match answer {
            Ok(Answer::Sheet(sheet)) => Ok(sheet),
            Ok(_) => return,
            Err(failure) => Err(failure.message),
        };
        // The table may have been left by now.
        if self.known.try_set(Some(Arc::new(known))).is_some() {
            return;
        }
        if let Some(row) = self.wanted.get_value().filter(|&row| self.line(row).is_some()) {
            self.wanted.set_value(None);
            self.choose(row, true);
        }
    }

    fn change(self, change: TreeChange) {
        let window = self.scroll.window().get_untracked();
        let question = untrack(|| self.source.with_value(|source| (source.ask)(window, change)));
        if let Some((session, query)) = question {
            session.ask_each(query, move |answer| self.take(answer));
        }
    }

    fn head(self, columns: Vec<SheetColumn>) -> AnyView {
        let (sort, sort_by) = self.source.with_value(|source| (source.sort, source.sort_by));
        let heads = (0..).zip(columns).map(|(index, column)| {
            let SheetColumn { label, unit_note, is_number, tip, class, is_fixed, .. } = column;
            let direction = move || match sort.get() {
                Some((by, true)) if by == index => "ascending",
                Some((by, false)) if by == index => "descending",
                _ => "none",
            };
            let press = move || {
                sort_by.run((index, is_number));
                self.scroll.to_top();
            };
            let note = (!unit_note.is_empty()).then(|| view! { <span class="quiet">{unit_note}</span> });
            let name = if is_fixed { label.into_any() } else { sort_button(label, direction, press) };
            view! {
                <span class=class class:num=is_number role="columnheader" title=tip aria-sort=direction>
                    {name}
                    {note}
                </span>
            }
            .into_any()
        });
        view! { <div class="vt-head" role="row" aria-rowindex="1">{heads.collect_view()}</div> }.into_any()
    }

    fn rows(self, sheet: &Sheet, cursor: Memo<Option<u32>>) -> AnyView {
        let rows = (sheet.rows.from..).zip(&sheet.rows.rows);
        rows.map(|(index, row)| self.row(index, row, &sheet.columns, cursor)).collect_view().into_any()
    }

    fn row(self, index: u32, row: &SheetRow, columns: &[SheetColumn], cursor: Memo<Option<u32>>) -> AnyView {
        let is_chosen = move || cursor.get() == Some(index);
        let cells = row.cells.iter().zip(columns).enumerate().map(|(place, (cell, column))| {
            if place == 0 { name_view(row, cell, column) } else { cell_view(cell, column) }
        });
        view! {
            <div
                id=self.row_id(index)
                class="vt-row"
                class:sel=is_chosen
                role="row"
                aria-rowindex=index + 2
                attr:aria-level=row.depth + 1
                aria-selected=move || is_chosen().to_string()
                aria-expanded=row.expandable.map(|is_open| is_open.to_string())
                style:top=at_row(self.scroll, index)
                on:click=move |event| self.press(&event, index)
            >
                {cells.collect_view()}
            </div>
        }
        .into_any()
    }

    /// What a reader must know: why there are no rows, or what to make of them.
    fn note(self) -> Option<AnyView> {
        self.known.with(|known| match known.as_deref() {
            None => {
                let waiting = self.source.with_value(|source| source.waiting);
                Some(view! { <p class="vt-note quiet" role="status">{waiting}</p> }.into_any())
            }
            Some(Err(problem)) => {
                Some(view! { <p class="vt-note problem" role="alert">{problem.clone()}</p> }.into_any())
            }
            Some(Ok(sheet)) if sheet.rows.all == 0 => {
                let why = if sheet.note.is_empty() { "Nothing matches." } else { &sheet.note };
                Some(view! { <p class="vt-note quiet" role="status">{why.to_owned()}</p> }.into_any())
            }
            Some(Ok(sheet)) => (!sheet.note.is_empty())
                .then(|| view! { <p class="sheet-foot quiet">{sheet.note.clone()}</p> }.into_any()),
        })
    }

    fn press(self, event: &ev::MouseEvent, index: u32) {
        self.choose(index, false);
        if is_twisty(event) {
            self.toggle();
        }
    }

    /// The row that keys act on.
    fn here(self) -> Option<SheetRow> {
        self.line(self.at.get_untracked()?)
    }

    /// A row, if it is at hand.
    fn line(self, index: u32) -> Option<SheetRow> {
        self.known.with_untracked(|known| {
            let rows = &sheet_of(known)?.rows;
            rows.rows.get(index.checked_sub(rows.from)? as usize).cloned()
        })
    }

    /// Chooses a row: its function is selected, its detail shown.
    fn choose(self, index: u32, is_passing: bool) {
        self.at.set(Some(index));
        let Some(row) = self.line(index) else { return };
        if let Some(who) = row.who {
            let selection = Selection::Function(who.key);
            let action = if is_passing { Action::Glance(selection) } else { Action::Select(Some(selection)) };
            self.store.dispatch(action);
        } else {
            let heads = self.known.with_untracked(|known| sheet_of(known).map(|sheet| sheet.columns.clone()));
            let heads = heads.into_iter().flatten().map(|column| column.label);
            self.store.row.set(heads.zip(row.cells.iter().cloned()).collect());
        }
        if let Some(on_row) = self.source.with_value(|source| source.on_row).filter(|_| !row.key.is_empty()) {
            on_row.run(row.key);
        }
    }

    fn go_to(self, index: u32) {
        let all = self.known.with_untracked(|known| sheet_of(known).map_or(0, |sheet| sheet.rows.all));
        let Some(last) = all.checked_sub(1) else { return };
        let index = index.min(last);
        self.scroll.reveal(index);
        self.wanted.set_value(self.line(index).is_none().then_some(index));
        self.choose(index, true);
    }

    fn step(self, by: i64) {
        let to = self.at.get_untracked().map_or(0, |at| (i64::from(at) + by).max(0));
        self.go_to(u32::try_from(to).unwrap_or(u32::MAX));
    }

    /// Opens or closes the row; whether it can be.
    fn toggle(self) -> bool {
        let Some(row) = self.here() else { return false };
        match row.expandable {
            Some(true) => self.change(TreeChange::Collapse(row.node)),
            Some(false) => self.change(TreeChange::Expand(row.node)),
            None => return false,
        }
        true
    }

    fn command(self, command: Command) -> bool {
        // Of two tables the upper one has the keys, unless the lower one has the focus.
        let focused = crate::web::document().active_element();
        if self.lane == DETAIL && focused.is_none_or(|element| element.id() != DETAIL) {
            return false;
        }
        let expanded = self.here().and_then(|row| row.expandable);
        match command {
            Command::MoveUp => self.step(-1),
            Command::MoveDown => self.step(1),
            Command::MoveRight if expanded == Some(false) => return self.toggle(),
            Command::MoveRight => self.step(1),
            Command::MoveLeft if expanded == Some(true) => return self.toggle(),
            Command::MoveLeft => self.outwards(),
            Command::ZoomToSelection => return self.toggle(),
            Command::Copy if marked_text().trim().is_empty() => match self.here() {
                Some(row) => self.store.copy(text(&row), "Row"),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// To the row around this one.
    fn outwards(self) {
        let (Some(at), Some(row)) = (self.at.get_untracked(), self.here()) else { return };
        let around = (0..at).rev().find(|&above| self.line(above).is_none_or(|above| above.depth < row.depth));
        if let Some(above) = around {
            self.go_to(above);
        }
    }

    /// Keys that only a long list needs.
    fn key(self, event: &ev::KeyboardEvent) {
        match self.scroll.far(event) {
            Some(Far::To(row)) => self.go_to(row),
            Some(Far::By(rows)) => self.step(rows),
            None => return,
        }
        event.prevent_default();
    }

    fn row_id(self, index: u32) -> String {
        format!("{}-{index}", self.lane)
    }
}

/// What is known, as far as it is rows.
pub(super) fn sheet_of(known: &Known) -> Option<&Sheet> {
    known.as_deref()?.as_ref().ok()
}

/// Names get what numbers leave. Tables whose columns have roles are laid out by the style sheet.
fn widths(columns: &[SheetColumn]) -> Option<String> {
    let width = |(place, column): (usize, &SheetColumn)| match (place, column.is_number) {
        (0, _) => "minmax(min(180px, 40%), 3fr) ",
        (_, true) => "minmax(min(86px, 15%), 1fr) ",
        (_, false) => "minmax(0, 2fr) ",
    };
    columns.iter().all(|column| column.class.is_empty()).then(|| columns.iter().enumerate().map(width).collect())
}

/// The first cell: what the row is about, and what opens and closes it.
fn name_view(row: &SheetRow, cell: &Cell, column: &SheetColumn) -> AnyView {
    let tree =
        column.class.is_empty().then(|| branch(row.depth, row.expandable.is_some(), row.expandable == Some(true)));
    let who = row.who.as_ref();
    view! {
        <span class=format!("c-name{}", tone(cell)) role="gridcell" title=cell.text.clone()>
            {tree}
            {who.map(|who| swatch(&who.token))}
            <code>{cell.text.clone()}</code>
            {who.map(|who| view! { <span class="quiet">{who.place.clone()}</span> })}
        </span>
    }
    .into_any()
}

fn cell_view(cell: &Cell, column: &SheetColumn) -> AnyView {
    // Around a middle, or behind the number.
    let is_difference = column.class == "c-bar";
    let bar = (cell.part != 0.0).then(|| {
        let most = if is_difference { 50.0 } else { 100.0 };
        let width = format!("{:.2}%", cell.part.abs().min(1.0) * most);
        let kind = match (is_difference, cell.part < 0.0) {
            (true, true) => "d-less",
            (true, false) => "d-more",
            (false, _) => "bar total",
        };
        view! { <i class=kind style:width=width></i> }.into_any()
    });
    let content = match &cell.figure {
        Some(known) => figure(known),
        None => view! { <span>{cell.text.clone()}</span> }.into_any(),
    };
    let class = match (column.class.is_empty(), column.is_number) {
        (false, _) => column.class.as_str(),
        (true, true) => "barcell",
        (true, false) => "",
    };
    view! {
        <span class=format!("{class}{}", tone(cell)) class:num=column.is_number role="gridcell" title=cell.text.clone()>
            {bar}
            {content}
        </span>
    }
    .into_any()
}

/// Class of a cell that is set apart.
fn tone(cell: &Cell) -> &'static str {
    match cell.tone {
        Tone::Plain => "",
        Tone::Quiet => " q",
        Tone::Strong => " strong",
        Tone::Good => " good",
        Tone::Warn => " warn",
        Tone::Bad => " bad",
        Tone::Less => " delta-less",
        Tone::More => " delta-more",
    }
}

/// A row for a spreadsheet: exact numbers, as far as they are told.
fn text(row: &SheetRow) -> String {
    let cells: Vec<String> = row
        .cells
        .iter()
        .map(|cell| match &cell.figure {
            Some(figure) if cell.text.is_empty() => figure.to_string(),
            _ => cell.text.clone(),
        })
        .collect();
    cells.join("\t")
}
