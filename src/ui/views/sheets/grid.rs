//! A table whose columns, rows and tree come from the engine; only the rows in view are here.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;

use crate::protocol::{Answer, Cell, Query, Sheet, SheetColumn, SheetRow, Tone, TreeChange};
use crate::state::Action;
use crate::state::keys::Command;
use crate::ui::parts::figure;
use crate::ui::parts::rows::{Scroll, VirtualRows, at_row};
use crate::ui::session::Session;
use crate::ui::signals::{effect, memo};
use crate::ui::store::Store;
use crate::ui::views::table::{branch, is_twisty, sort_button};
use crate::web::marked_text;

/// What is known: a window of rows, or why there is none.
type Known = Option<Arc<Result<Sheet, String>>>;

/// One sheet on the page. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    store: Store,
    session: Session,
    id: StoredValue<String>,
    label: StoredValue<String>,
    scroll: Scroll,
    search: Memo<String>,
    sort: RwSignal<Option<(u32, bool)>>,
    known: RwSignal<Known>,
    /// The row that keys and pointer were at last.
    at: RwSignal<Option<u32>>,
    /// Whether it is the view's own and not a row's detail.
    is_main: bool,
}

impl Grid {
    pub(super) fn new(
        store: Store,
        session: Session,
        id: String,
        label: String,
        scroll: Scroll,
        search: Memo<String>,
        is_main: bool,
    ) -> Self {
        Self {
            store,
            session,
            id: StoredValue::new(id),
            label: StoredValue::new(label),
            scroll,
            search,
            sort: RwSignal::new(None),
            known: RwSignal::new(None),
            at: RwSignal::new(None),
            is_main,
        }
    }

    pub(super) fn view(self) -> AnyView {
        self.store.on_command(move |command| self.command(command));
        let window = self.scroll.window();
        effect(move || {
            let query = self.query(window.get(), TreeChange::Keep);
            self.session
                .ask(if self.is_main { "sheet" } else { "sheet-detail" }, query, move |answer| self.take(answer));
        });
        let count = memo(move || self.known.with(|known| sheet_of(known).map_or(0, |sheet| sheet.rows.all)));
        let columns = memo(move || self.known.with(|known| sheet_of(known).map(|sheet| sheet.columns.clone())));
        let widths = move || columns.with(|columns| columns.as_deref().map_or(String::new(), widths));
        let rows = move || self.known.with(|known| sheet_of(known).map(|sheet| self.rows(sheet)));
        let active = move || self.at.get().map(|row| self.row_id(row));
        view! {
            <div
                id=self.dom_id()
                class="vt sheet"
                class:is-detail=!self.is_main
                role="treegrid"
                tabindex="0"
                aria-label=self.label.get_value()
                aria-rowcount=move || count.get() + 1
                aria-activedescendant=active
                style:--cols=widths
                on:keydown=move |event| self.key(&event)
            >
                {move || columns.get().map(|columns| self.head(columns))}
                <VirtualRows scroll=self.scroll count=count>{rows}</VirtualRows>
                {move || self.note()}
            </div>
        }
        .into_any()
    }

    fn query(self, (from, count): (u32, u32), change: TreeChange) -> Query {
        Query::Sheet {
            sheet: self.id.get_value(),
            scope: self.store.scope.get(),
            search: self.search.get(),
            sort: self.sort.get(),
            change,
            from,
            count,
        }
    }

    fn take(self, answer: Result<Answer, crate::protocol::Failure>) {
        let known = match answer {
            Ok(Answer::Sheet(sheet)) => Ok(sheet),
            Ok(_) => return,
            Err(failure) => Err(failure.message),
        };
        // The sheet may have been left by now.
        let _ = self.known.try_set(Some(Arc::new(known)));
    }

    fn change(self, change: TreeChange) {
        let query = untrack(|| self.query(self.scroll.window().get(), change));
        self.session.ask_each(query, move |answer| self.take(answer));
    }

    fn head(self, columns: Vec<SheetColumn>) -> AnyView {
        let heads = (0..).zip(columns).map(|(index, column)| {
            let SheetColumn { label, unit_note, is_number, tip } = column;
            let direction = move || match self.sort.get() {
                Some((by, true)) if by == index => "ascending",
                Some((by, false)) if by == index => "descending",
                _ => "none",
            };
            // What is largest is asked for first, of names the first.
            let press = move || {
                let next = match self.sort.get_untracked() {
                    Some((by, ascending)) if by == index => !ascending,
                    _ => !is_number,
                };
                self.sort.set(Some((index, next)));
                self.scroll.to_top();
            };
            let note = (!unit_note.is_empty()).then(|| view! { <span class="quiet">{unit_note}</span> });
            view! {
                <span class:num=is_number role="columnheader" title=tip aria-sort=direction>
                    {sort_button(label, direction, press)}
                    {note}
                </span>
            }
            .into_any()
        });
        view! { <div class="vt-head" role="row" aria-rowindex="1">{heads.collect_view()}</div> }.into_any()
    }

    fn rows(self, sheet: &Sheet) -> AnyView {
        let is_number: Vec<bool> = sheet.columns.iter().map(|column| column.is_number).collect();
        let rows = (sheet.rows.from..).zip(&sheet.rows.rows).map(|(index, row)| self.row(index, row, &is_number));
        rows.collect_view().into_any()
    }

    fn row(self, index: u32, row: &SheetRow, is_number: &[bool]) -> AnyView {
        let is_chosen = move || self.at.get() == Some(index);
        let cells = row.cells.iter().zip(is_number).enumerate().map(|(column, (cell, &is_number))| {
            let tree = (column == 0).then(|| branch(row.depth, row.expandable.is_some(), row.expandable == Some(true)));
            cell_view(cell, is_number, tree)
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
        self.known.with(|known| match known.as_deref()? {
            Err(problem) => Some(view! { <p class="vt-note problem" role="alert">{problem.clone()}</p> }.into_any()),
            Ok(sheet) if sheet.rows.all == 0 => {
                let why = if sheet.note.is_empty() { "Nothing matches." } else { &sheet.note };
                Some(view! { <p class="vt-note quiet" role="status">{why.to_owned()}</p> }.into_any())
            }
            Ok(sheet) => (!sheet.note.is_empty())
                .then(|| view! { <p class="sheet-foot quiet">{sheet.note.clone()}</p> }.into_any()),
        })
    }

    fn press(self, event: &ev::MouseEvent, index: u32) {
        self.go_to(index);
        if is_twisty(event) {
            self.toggle();
        }
    }

    /// The row that keys act on, as far as it is at hand.
    fn here(self) -> Option<SheetRow> {
        let at = self.at.get_untracked()?;
        self.line(at)
    }

    fn line(self, index: u32) -> Option<SheetRow> {
        self.known.with_untracked(|known| {
            let rows = &sheet_of(known)?.rows;
            rows.rows.get(index.checked_sub(rows.from)? as usize).cloned()
        })
    }

    fn go_to(self, index: u32) {
        let all = self.known.with_untracked(|known| sheet_of(known).map_or(0, |sheet| sheet.rows.all));
        let Some(last) = all.checked_sub(1) else { return };
        let index = index.min(last);
        self.scroll.reveal(index);
        self.at.set(Some(index));
        if let Some(row) = self.line(index).filter(|row| self.is_main && !row.key.is_empty()) {
            self.store.dispatch(Action::Row(row.key));
        }
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
        // Of two tables the view's own has the keys, unless the other has the focus.
        let focused = crate::web::document().active_element();
        if !self.is_main && focused.is_none_or(|element| element.id() != self.dom_id()) {
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
        let page = i64::from(self.scroll.page());
        match event.key().as_str() {
            "Home" => self.go_to(0),
            "End" => self.go_to(u32::MAX),
            "PageDown" => self.step(page),
            "PageUp" => self.step(-page),
            _ => return,
        }
        event.prevent_default();
    }

    fn dom_id(self) -> &'static str {
        if self.is_main { "sheet" } else { "sheet-detail" }
    }

    fn row_id(self, index: u32) -> String {
        format!("{}-{index}", self.dom_id())
    }
}

fn sheet_of(known: &Known) -> Option<&Sheet> {
    known.as_deref()?.as_ref().ok()
}

/// Names get what numbers leave.
fn widths(columns: &[SheetColumn]) -> String {
    let width = |(place, column): (usize, &SheetColumn)| match (place, column.is_number) {
        (0, _) => "minmax(min(180px, 40%), 3fr) ",
        (_, true) => "minmax(min(86px, 15%), 1fr) ",
        (_, false) => "minmax(0, 2fr) ",
    };
    columns.iter().enumerate().map(width).collect()
}

fn cell_view(cell: &Cell, is_number: bool, tree: Option<AnyView>) -> AnyView {
    let bar = (cell.part != 0.0).then(|| {
        let width = format!("{:.2}%", cell.part.abs().min(1.0) * 100.0);
        let kind = if cell.part < 0.0 { "bar less" } else { "bar total" };
        view! { <i class=kind style:width=width></i> }.into_any()
    });
    let content = match &cell.figure {
        Some(known) => figure(known),
        None => view! { <code>{cell.text.clone()}</code> }.into_any(),
    };
    let tone = match cell.tone {
        Tone::Plain => "",
        Tone::Quiet => " q",
        Tone::Strong => " strong",
        Tone::Good => " good",
        Tone::Warn => " warn",
        Tone::Bad => " bad",
    };
    let kind = match (tree.is_some(), is_number) {
        (true, _) => "c-name",
        (_, true) => "num barcell",
        _ => "mono",
    };
    view! { <span class=format!("{kind}{tone}") role="gridcell" title=cell.text.clone()>{bar}{tree}{content}</span> }
        .into_any()
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
