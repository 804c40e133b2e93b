//! The findings of the recording: what matters most in a row, each one click from where it is seen; all
//! of them with what they rest on below it, when asked for.

use std::sync::Arc;

use leptos::prelude::*;

use crate::model::vocab::{Filter, Scope, ViewId};
use crate::protocol::{Answer, FindingRow, Query};
use crate::state::{Action, Selection};
use crate::ui::ask::use_answer;
use crate::ui::load::Load;
use crate::ui::parts::icon;
use crate::ui::signals::memo;
use crate::ui::store::Store;

/// How many stand in the row; on a narrow page one does.
const SHOWN: usize = 3;

/// The row. It keeps its place even where there is nothing to say: what lies below would move under
/// the pointer when that becomes known.
pub fn findings(store: Store) -> AnyView {
    let threshold = store.part(|state| state.threshold_ms);
    let found = use_answer(
        "findings",
        move || {
            let query = Query::Findings { scope: Scope::default(), threshold_ms: threshold.get() };
            Some((store.active.get()?, query))
        },
        |answer| match answer {
            Answer::Findings(rows) => Some(rows),
            _ => None,
        },
    );
    let rows = memo(move || match found.get() {
        Load::Ready(rows) | Load::Waiting(Some(rows)) => Some(rows),
        Load::Waiting(None) => None,
        _ => Some(Arc::default()),
    });
    let is_open = RwSignal::new(false);
    let content = move || match rows.get() {
        Some(rows) if rows.is_empty() => {
            view! { <p class="findings none quiet">"Nothing stands out: none of the rules finds anything in it."</p> }
                .into_any()
        }
        Some(rows) => row(store, rows, is_open),
        None => view! { <div class="findings"></div> }.into_any(),
    };
    content.into_any()
}

fn row(store: Store, rows: Arc<Vec<FindingRow>>, is_open: RwSignal<bool>) -> AnyView {
    let shown = if store.is_narrow.get() { 1 } else { SHOWN };
    let cards = rows.iter().take(shown).cloned().enumerate().map(|(at, row)| card(store, at, row)).collect_view();
    let more = rows.len().saturating_sub(shown);
    let words = if more > 0 { format!("{more} more") } else { "Evidence".to_owned() };
    let all = move || is_open.get().then(|| list(store, &rows));
    view! {
        <section class="findings" aria-label="Findings">
            {cards}
            <button
                type="button"
                class="more"
                aria-controls="all-findings"
                aria-expanded=move || is_open.get().to_string()
                on:click=move |_| is_open.update(|open| *open = !*open)
            >
                {words}
                {icon("down")}
            </button>
        </section>
        {all}
    }
    .into_any()
}

fn card(store: Store, at: usize, row: FindingRow) -> AnyView {
    let severity = if row.is_health { "fnum sev-good" } else { "fnum sev-high" };
    let function = row.function.clone();
    let is_on = store.part(move |state| {
        function.is_some() && state.selection.as_ref().and_then(Selection::function) == function.as_ref()
    });
    let first = row.evidence.first().map(|(label, number)| format!(" · {label} {number}"));
    let (title, certainty, reason) = (coded(&row.title), row.certainty.clone(), row.reason.clone());
    view! {
        <button type="button" class="finding" class:on=move || is_on.get() title=reason on:click=move |_| go(store, &row)>
            <span class=severity>{at + 1}</span>
            <span class="ft"><b>{title}</b><span>{certainty}<span class="clip">{first}</span></span></span>
            <span class="wide">{icon("right")}</span>
        </button>
    }
    .into_any()
}

/// All of them, with everything that is said of each.
fn list(store: Store, rows: &[FindingRow]) -> AnyView {
    let item = |row: &FindingRow| {
        let title = coded(&row.title);
        let evidence = row.evidence.iter().map(|(label, number)| {
            view! { <li>{coded(label)}": "<b class="num">{number.clone()}</b></li> }
        });
        let (evidence, why) = (evidence.collect_view(), format!("{} – {}", row.certainty, row.reason));
        let (next, row) = (row.next.clone(), row.clone());
        view! {
            <li>
                <button type="button" class="link" on:click=move |_| go(store, &row)>{title}</button>
                <ul>{evidence}</ul>
                <p>{next}</p>
                <p class="quiet">{why}</p>
            </li>
        }
        .into_any()
    };
    view! { <ol id="all-findings" class="all-findings" aria-label="All findings">{rows.iter().map(item).collect_view()}</ol> }
        .into_any()
}

/// A text in which names stand between backticks.
fn coded(text: &str) -> Vec<AnyView> {
    let part = |(at, part): (usize, &str)| {
        let part = part.to_owned();
        if at % 2 == 1 {
            view! { <code class="clip">{part}</code> }.into_any()
        } else {
            view! { <span>{part}</span> }.into_any()
        }
    };
    text.split('`').enumerate().map(part).collect()
}

/// Shows what a finding points at.
fn go(store: Store, row: &FindingRow) {
    if let Some(thread) = &row.thread {
        store.dispatch(Action::Thread(Some(thread.clone())));
    }
    if let Some(view) = row.view {
        store.dispatch(Action::View(view));
    }
    if !row.sheet.is_empty() {
        store.dispatch(Action::Sheet(row.sheet.clone()));
    }
    if let Some(range) = row.range {
        store.dispatch(match row.view {
            Some(ViewId::Stalls) => Action::Stall(Some(range)),
            _ => Action::AddFilter(Filter::Time(range)),
        });
    }
    if let Some(function) = &row.function {
        store.select_function(function.clone());
    }
}
