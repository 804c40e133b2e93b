//! The verdict row: the heaviest functions and the stalls, each one click from its evidence.

use std::sync::Arc;

use leptos::prelude::*;

use crate::model::vocab::ViewId;
use crate::protocol::{FunctionRow, StallReport, samples};
use crate::state::{Action, Selection};
use crate::ui::format;
use crate::ui::parts::{figure_of, icon};
use crate::ui::signals::memo;
use crate::ui::store::Store;

/// How many there are room for.
const FINDINGS_MAX: usize = 4;

/// What a finding leads to.
#[derive(Clone, PartialEq)]
enum Finding {
    Function(Box<FunctionRow>),
    Stalls(Arc<StallReport>),
}

/// The row. On a narrow page it shows one at a time.
pub fn findings(store: Store) -> AnyView {
    let findings = memo(move || list(store));
    let turn = RwSignal::new(0_usize);
    let cards = move || {
        let findings = findings.get();
        let count = findings.len();
        let shown = turn.get() % count.max(1);
        let cards = findings.into_iter().enumerate().map(|(index, finding)| {
            let is_shown = index == shown;
            card(store, index, finding, is_shown)
        });
        let cards = cards.collect_view();
        let more = (count > 1).then(|| {
            view! {
                <button type="button" class="more narrow" aria-label="Next finding" on:click=move |_| turn.update(|t| *t += 1)>
                    {format!("{} of {count}", shown + 1)}{icon("right")}
                </button>
            }
        });
        view! { {cards}{more} }
    };
    view! { <section class="findings" aria-label="Findings">{cards}</section> }.into_any()
}

fn list(store: Store) -> Vec<Finding> {
    let top = store.summary.get().value().map(|summary| summary.top.clone()).unwrap_or_default();
    let has_own = |row: &FunctionRow| row.self_value.raw > 0;
    let mut findings: Vec<_> = top.into_iter().filter(has_own).map(|row| Finding::Function(Box::new(row))).collect();
    let stalls = store.stalls.get().value().filter(|report| report.count > 0);
    if let Some(report) = stalls {
        findings.insert(findings.len().min(1), Finding::Stalls(report));
    }
    findings.truncate(FINDINGS_MAX);
    findings
}

fn card(store: Store, index: usize, finding: Finding, is_shown: bool) -> AnyView {
    let (severity, is_on, title, text) = match &finding {
        Finding::Function(row) => {
            let key = row.label.key.clone();
            let selected =
                store.part(move |state| state.selection.as_ref().and_then(Selection::function) == Some(&key));
            let (title, text) = function_words(row);
            ("sev-low", selected, title, text)
        }
        Finding::Stalls(report) => {
            let is_on = store.part(|state| state.view == ViewId::Stalls);
            let (title, text) = stall_words(store, report);
            ("sev-high", is_on, title, text)
        }
    };
    let choose = move |_| match &finding {
        Finding::Function(row) => store.select_function(row.label.key.clone()),
        Finding::Stalls(_) => store.dispatch(Action::View(ViewId::Stalls)),
    };
    view! {
        <button type="button" class="finding" class:on=move || is_on.get() class:shown=is_shown on:click=choose>
            <span class=format!("fnum {severity}")>{index + 1}</span>
            <span class="ft"><b>{title}</b><span class="ft-text">{text}</span></span>
            <span class="wide">{icon("right")}</span>
        </button>
    }
    .into_any()
}

/// Own time includes built-ins that have no frame; the title says so.
fn function_words(row: &FunctionRow) -> (AnyView, AnyView) {
    let name = format::name(&row.label);
    let share = row.self_value.share.clone();
    let own = match share.is_empty() {
        true => figure_of(&row.self_value),
        false => view! { <span class="num">{share}</span> }.into_any(),
    };
    let title = view! {
        <code class="clip">{name}</code>
        <span title="Itself, or in built-ins that it calls and that have no frame.">{own}" self"</span>
    };
    let plus_minus = (!row.plus_minus.is_empty()).then(|| format!("{} · ", row.plus_minus));
    let samples = samples(row.self_value.samples);
    let place = (!row.label.place.is_empty()).then(|| format!(" · {}", row.label.place));
    let text =
        view! { <span>{plus_minus}{figure_of(&row.self_value)}" · "{samples}</span><span class="clip">{place}</span> };
    (title.into_any(), text.into_any())
}

fn stall_words(store: Store, report: &StallReport) -> (AnyView, AnyView) {
    let count = format::plural(report.count.into(), "stall", "stalls");
    let threshold = store.state.with(|state| state.threshold_ms);
    let worst = report.stalls.iter().find(|stall| stall.kind == "stall");
    let length = worst.map(|stall| figure_of(&stall.length));
    let title = view! { <span>{count}" ≥ "{threshold}"\u{202f}ms, worst "{length}</span> };
    let blamed = worst.and_then(|stall| stall.culprit.as_ref()).map(|label| {
        let name = format::name(label);
        view! { <span>" · worst by "</span><code class="clip">{name}</code> }
    });
    let text = view! { <span>{figure_of(&report.total)}" blocked"</span>{blamed} };
    (title.into_any(), text.into_any())
}
