//! The table as text: for a spreadsheet, or for an issue.

use leptos::prelude::*;

use super::lines::{Line, fetched_of, query_of};
use super::{Table, columns};
use crate::state::{TableMode, ViewState};
use crate::ui::format;
use crate::ui::session::Session;
use crate::ui::store::Store;
use crate::ui::views::frame_menu::escaped;
use crate::web::marked_text;

/// Most rows that are copied at once, and how many are fetched at a time.
const ROWS_MAX: u32 = 2_000;
const WINDOW: u32 = 500;

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Tabs between the cells.
    Tabs,
    /// A table of Markdown.
    Markdown,
}

impl Table {
    /// Copies the selected row. A marked text is the browser's to copy.
    pub(super) fn copy_row(self, line: Option<Line>) -> bool {
        let Some(line) = line.filter(|_| marked_text().trim().is_empty()) else { return false };
        self.store.copy(text(&[line], self.mode, Style::Tabs), "Row");
        true
    }
}

/// Copies the rows as they are sorted, filtered and opened now.
pub(super) fn copy_table(store: Store, style: Style) {
    if let Some(session) = store.active.get_untracked() {
        fetch_on(store, session, store.state.get_untracked(), style, Vec::new());
    }
}

fn fetch_on(store: Store, session: Session, state: ViewState, style: Style, mut lines: Vec<Line>) {
    let from = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    session.ask_each(query_of(&state, (from, WINDOW)), move |answer| {
        let Some((fetched, _)) = answer.ok().and_then(fetched_of) else {
            return store.toast("The table could not be copied.", None);
        };
        let is_last = fetched.lines.is_empty();
        let all = fetched.all;
        lines.extend(fetched.lines);
        let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        if !is_last && count < all.min(ROWS_MAX) {
            return fetch_on(store, session, state, style, lines);
        }
        let what = if count < all { "The first 2,000 rows" } else { "Table" };
        store.copy(text(&lines, state.table, style), what);
    });
}

fn text(lines: &[Line], mode: TableMode, style: Style) -> String {
    let has_plus_minus = mode == TableMode::Functions;
    let mut heads = vec!["Function", "Self", "Self %", "Total", "Total %", "n self", "n total", "Module"];
    if has_plus_minus {
        heads.insert(3, "±");
    }
    let mut out = Vec::with_capacity(lines.len() + 2);
    let heads: Vec<String> = heads.into_iter().map(str::to_owned).collect();
    out.push(joined(&heads, style));
    if style == Style::Markdown {
        let rule = |head: &String| if head == "Function" || head == "Module" { "---" } else { "--:" }.to_owned();
        out.push(joined(&heads.iter().map(rule).collect::<Vec<_>>(), style));
    }
    out.extend(lines.iter().map(|line| joined(&cells(line, has_plus_minus, style), style)));
    out.join("\n")
}

fn cells(line: &Line, has_plus_minus: bool, style: Style) -> Vec<String> {
    let depth = line.tree.as_ref().map_or(0, |tree| tree.depth as usize);
    // Markdown drops spaces at the beginning of a cell.
    let indent = if style == Style::Markdown { "· " } else { "  " }.repeat(depth);
    let clean = |text: &str| match style {
        Style::Markdown => escaped(text),
        Style::Tabs => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
    };
    let (own, total) = (&line.self_value, &line.total);
    let mut cells = vec![
        format!("{indent}{}", clean(&columns::name(&line.label))),
        format::figure(own),
        own.share.clone(),
        format::figure(total),
        total.share.clone(),
        own.samples.to_string(),
        total.samples.to_string(),
        clean(&line.label.place),
    ];
    if has_plus_minus {
        cells.insert(3, line.plus_minus.clone());
    }
    cells
}

fn joined(cells: &[String], style: Style) -> String {
    match style {
        Style::Tabs => cells.join("\t"),
        Style::Markdown => format!("| {} |", cells.join(" | ")),
    }
}
