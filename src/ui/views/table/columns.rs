//! Heads and cells of the table.

use leptos::ev;
use std::sync::Arc;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::lines::Line;
use crate::model::vocab::SortColumn;
use crate::protocol::{Amount, FunctionLabel};
use crate::state::{Action, TableMode};
use crate::ui::format;
use crate::ui::parts::{figure_of, icon, swatch};
use crate::ui::signals::live;
use crate::ui::store::Store;

/// Most levels of indentation: deeper rows say how deep they are.
const INDENT_MAX: u32 = 20;

/// The row of heads.
pub(super) fn head(store: Store, mode: TableMode) -> AnyView {
    let base = move || {
        let base = store.summary.with(|load| load.value().map(|summary| summary.base_label.clone()));
        base.map(|base| view! { <span class="quiet">"% of "{base}</span> })
    };
    let name = if mode == TableMode::Callers { "Function, called by" } else { "Function" };
    let plus_minus = has_plus_minus(store, mode)
        .then(|| view! { <span class="c-pm num" role="columnheader" title="Half width of the 95 % interval, from blocks of time">"±"</span> });
    view! {
        <div class="vt-head" role="row" aria-rowindex="1">
            <span class="c-name" role="columnheader" aria-sort=sorted(store, SortColumn::Name)>
                {sorter(store, SortColumn::Name, name)}
                {base}
            </span>
            <span class="c-self num" role="columnheader" aria-sort=sorted(store, SortColumn::SelfValue)>
                {sorter(store, SortColumn::SelfValue, "Self")}
            </span>
            <span class="c-share num" role="columnheader">"%"</span>
            {plus_minus}
            <span class="c-total num" role="columnheader" aria-sort=sorted(store, SortColumn::Total)>
                {sorter(store, SortColumn::Total, "Total")}
            </span>
            <span class="c-share c-total-share num" role="columnheader">"%"</span>
            <span class="c-n num" role="columnheader" aria-sort=sorted(store, SortColumn::Samples) title="Number of own samples">
                {sorter(store, SortColumn::Samples, "n self")}
            </span>
            <span class="c-place" role="columnheader" aria-sort=sorted(store, SortColumn::Module)>
                {sorter(store, SortColumn::Module, "Module")}
            </span>
        </div>
    }
    .into_any()
}

/// Blocks of time make a ±: call sites have none of their own, recordings without time none at all.
pub(super) fn has_plus_minus(store: Store, mode: TableMode) -> bool {
    let has_time =
        store.overview.with_untracked(|overview| overview.as_ref().is_some_and(|overview| overview.has_time));
    has_time && mode == TableMode::Functions
}

fn sorted(store: Store, column: SortColumn) -> impl Fn() -> &'static str + Send + Clone + 'static {
    move || direction(store.state.with(|state| state.sort), column)
}

/// The word of `aria-sort`.
fn direction(sort: crate::model::vocab::Sort, column: SortColumn) -> &'static str {
    match (sort.column == column, sort.ascending) {
        (true, true) => "ascending",
        (true, false) => "descending",
        (false, _) => "none",
    }
}

fn sorter(store: Store, column: SortColumn, label: &'static str) -> AnyView {
    let direction = sorted(store, column);
    sort_button(label.to_owned(), direction, move || store.dispatch(Action::SortBy(column)))
}

/// The button of a head: the arrow points to where the largest is.
pub(in crate::ui::views) fn sort_button(
    label: String,
    direction: impl Fn() -> &'static str + Send + Sync + 'static,
    press: impl Fn() + 'static,
) -> AnyView {
    sort_button_of(label, Arc::new(direction), Box::new(press))
}

fn sort_button_of(
    label: String,
    direction: Arc<dyn Fn() -> &'static str + Send + Sync>,
    press: Box<dyn Fn()>,
) -> AnyView {
    let arrow = {
        let direction = direction.clone();
        live(move || (direction() != "none").then(|| icon("sort")))
    };
    view! {
        <button type="button" class="sorter" class:up=move || direction() == "ascending" on:click=move |_| press()>
            {label}
            {arrow}
        </button>
    }
    .into_any()
}

/// The cells of a row. `most` are the largest own value and total of all rows.
pub(super) fn cells(line: &Line, most: (i64, i64), has_plus_minus: bool) -> AnyView {
    let plus_minus =
        has_plus_minus.then(|| view! { <span class="c-pm num q" role="gridcell">{line.plus_minus.clone()}</span> });
    let (own, total) = (&line.self_value, &line.total);
    let own_samples = if own.samples == 0 { String::new() } else { format::count(own.samples) };
    view! {
        <span class="c-name" role="gridcell">
            {line.tree.as_ref().map(|tree| branch(tree.depth, tree.has_children, tree.is_expanded))}
            {swatch(&line.label.token)}
            <code title=full_name(line)>{name(&line.label)}</code>
        </span>
        <span class="c-self num barcell" role="gridcell">{bar(own, most.0, "self")}{value(own)}</span>
        <span class="c-share num q" role="gridcell">{share(own)}</span>
        {plus_minus}
        <span class="c-total num barcell" role="gridcell">{bar(total, most.1, "total")}{value(total)}</span>
        <span class="c-share c-total-share num q" role="gridcell">{share(total)}</span>
        <span class="c-n num q" role="gridcell">{own_samples}</span>
        <span class="c-place mono q" role="gridcell">{line.label.place.clone()}</span>
    }
    .into_any()
}

/// Name of a function; samples on which no frame is left have none.
pub(super) fn name(label: &FunctionLabel) -> String {
    if label.kind.is_empty() { "(no frame)".to_owned() } else { format::name(label) }
}

fn full_name(line: &Line) -> String {
    let key = &line.label.key;
    match (key.file.as_str(), key.line) {
        ("", _) => key.name.clone(),
        (file, 0) => format!("{} {file}", key.name),
        (file, line) => format!("{} {file}:{line}", key.name),
    }
}

fn value(amount: &Amount) -> AnyView {
    if amount.raw == 0 { view! { <span class="q">"0"</span> }.into_any() } else { figure_of(amount) }
}

/// The share without its sign, which stands in the head.
fn share(amount: &Amount) -> String {
    if amount.raw == 0 {
        return String::new();
    }
    amount.share.trim_end_matches('%').trim_end().to_owned()
}

fn bar(amount: &Amount, most: i64, kind: &'static str) -> Option<AnyView> {
    let part = amount.raw.unsigned_abs() as f64 / most.unsigned_abs().max(1) as f64;
    let width = format!("{:.2}%", part.min(1.0) * 100.0);
    (part > 0.0).then(|| view! { <i class=format!("bar {kind}") style:width=width></i> }.into_any())
}

/// Indentation with guides, and what opens and closes.
pub(in crate::ui::views) fn branch(depth: u32, has_children: bool, is_expanded: bool) -> AnyView {
    let indent = format!("calc({} * var(--indent))", depth.min(INDENT_MAX));
    let deep = (depth > INDENT_MAX).then(|| view! { <span class="deep quiet">{depth}</span> });
    let twisty = match (has_children, is_expanded) {
        (true, true) => view! { <i class="twisty">{icon("down")}</i> }.into_any(),
        (true, false) => view! { <i class="twisty">{icon("right")}</i> }.into_any(),
        (false, _) => view! { <i class="twisty none"></i> }.into_any(),
    };
    view! {
        <i class="guides" aria-hidden="true" style:width=indent></i>
        {deep}
        {twisty}
    }
    .into_any()
}

/// Whether the sign that opens and closes was hit.
pub(in crate::ui::views) fn is_twisty(event: &ev::MouseEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.and_then(|target| target.closest(".twisty:not(.none)").ok().flatten()).is_some()
}
