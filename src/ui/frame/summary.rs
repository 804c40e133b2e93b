//! The summary line: the whole, its parts, and how much rests on long gaps.

use leptos::prelude::*;

use crate::protocol::{Part, Summary};
use crate::ui::format;
use crate::ui::load::Load;
use crate::ui::parts::figure_of;
use crate::ui::signals::live;
use crate::ui::store::Store;
use crate::units::{THIN, nanos};

/// The summary line; empty of its height until the first answer.
pub fn summary(store: Store) -> AnyView {
    let line = live(move || match store.summary.get() {
        Load::Failed(failure) => view! { <p class="problem" role="alert">{failure.message}</p> }.into_any(),
        other => other.value().map(|summary| line(&summary)).into_any(),
    });
    let is_waiting = move || store.summary.with(Load::is_waiting);
    view! { <section class="sum" aria-label="Summary" aria-busy=move || is_waiting().to_string()>{line}</section> }
        .into_any()
}

fn line(summary: &Summary) -> AnyView {
    let unit = (!summary.unit.is_empty()).then(|| format!("{THIN}{}", summary.unit));
    let terms = summary.parts.iter().enumerate().map(|(index, part)| term(index, part));
    view! {
        <p class="eq">
            <b class="num big">{summary.printed.clone()}<span class="unit">{unit}</span></b>
            <em>{summary.whole_label.clone()}</em>
            {(!summary.parts.is_empty()).then(|| view! { <span class="op wide">"="</span> })}
            <span class="terms">{terms.collect_view()}</span>
        </p>
        {bar(&summary.parts)}
        <span class="grow"></span>
        {rest(summary)}
    }
    .into_any()
}

fn term(index: usize, part: &Part) -> AnyView {
    let title = format!("{}: {}, {}", part.label, format::figure(&part.amount), part.amount.share_and_samples());
    view! {
        {(index > 0).then(|| view! { <span class="op wide">"+"</span> })}
        <span class="term" title=title>
            <i class=format!("st st-{}", part.key) aria-hidden="true"></i>
            <b class="num">{part.printed.clone()}</b>
            <em>{part.label.clone()}</em>
        </span>
    }
    .into_any()
}

/// The parts as lengths; the figures beside it say the same.
fn bar(parts: &[Part]) -> AnyView {
    let pieces = parts.iter().filter(|part| part.amount.raw > 0).map(|part| {
        let class = format!("st-{}", part.key);
        view! { <i class=class style:flex-grow=part.amount.raw.to_string()></i> }
    });
    view! { <span class="sumbar" aria-hidden="true">{pieces.collect_view()}</span> }.into_any()
}

fn rest(summary: &Summary) -> AnyView {
    let is_part = summary.duration_ns > 0 && summary.whole.raw != summary.duration_ns;
    let recorded = is_part.then(|| format!("of {} recorded", nanos(summary.duration_ns)));
    let late = summary.late.as_ref().map(|late| {
        let title = "The sampler was late: what ran there is known only from its ends.";
        let gaps = format::plural(late.count, "long gap", "long gaps");
        view! { <span title=title>{figure_of(&late.amount)}" rest on "{gaps}</span> }
    });
    let notes = summary.filter_notes.join(" · ");
    let notes = (!notes.is_empty()).then_some(notes);
    view! {
        <span class="sum-rest quiet">
            {late}
            {recorded.map(|text| view! { <span>{text}</span> })}
            {notes.map(|text| view! { <span>{text}</span> })}
        </span>
    }
    .into_any()
}
