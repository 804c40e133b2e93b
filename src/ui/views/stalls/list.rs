//! Rows of the list of stalls.

use std::sync::Arc;

use leptos::prelude::*;

use super::Stalls;
use crate::model::vocab::TimeRange;
use crate::protocol::{FunctionLabel, StallRow};
use crate::ui::format;
use crate::ui::parts::rows::at_row;
use crate::ui::parts::{figure, figure_of, swatch};
use crate::ui::views::table::sort_button;
use crate::units;

/// The row of heads.
pub(super) fn head(by_start: RwSignal<bool>) -> AnyView {
    let of_start = move || if by_start.get() { "ascending" } else { "none" };
    let of_length = move || if by_start.get() { "none" } else { "descending" };
    view! {
        <div class="vt-head" role="row" aria-rowindex="1">
            <span class="c-rank num" role="columnheader">"#"</span>
            <span class="c-start num" role="columnheader" aria-sort=of_start>
                {sort_button("Start".to_owned(), of_start, move || by_start.set(true))}
            </span>
            <span class="c-length num" role="columnheader" aria-sort=of_length>
                {sort_button("Length".to_owned(), of_length, move || by_start.set(false))}
            </span>
            <span class="c-over num" role="columnheader">"Over"</span>
            <span class="c-blame" role="columnheader">"Blame"</span>
            <span class="c-origin" role="columnheader">"Origin"</span>
            <span class="c-path" role="columnheader">"Path"</span>
        </div>
    }
    .into_any()
}

/// The rows at hand.
pub(super) fn window(
    stalls: Stalls,
    rows: &[Arc<StallRow>],
    from: usize,
    count: usize,
    chosen: Memo<Option<TimeRange>>,
) -> AnyView {
    let longest = rows.iter().map(|row| row.length.raw).max().unwrap_or(1).max(1);
    let shown = rows.iter().enumerate().skip(from).take(count);
    shown.map(|(index, stall)| row(stalls, index, stall, longest, chosen)).collect_view().into_any()
}

fn row(stalls: Stalls, index: usize, stall: &StallRow, longest: i64, chosen: Memo<Option<TimeRange>>) -> AnyView {
    let range = stall.range;
    let is_chosen = move || range.is_some() && chosen.get() == range;
    let bar = format!("{:.2}%", stall.length.raw as f64 / longest as f64 * 100.0);
    let is_busy = stall.kind == "loop-busy";
    view! {
        <div
            id=row_id(index)
            class="vt-row"
            class:sel=is_chosen
            class:busy=is_busy
            role="row"
            aria-rowindex=index + 2
            aria-selected=move || is_chosen().to_string()
            style:top=at_row(stalls.scroll, index as u32)
            on:click=move |_| stalls.choose(range)
        >
            <span class="c-rank num q" role="gridcell">{stall.rank}</span>
            <span class="c-start num" role="gridcell">{stall.start.as_ref().map(figure)}</span>
            <span class="c-length num barcell" role="gridcell">
                <i class=if is_busy { "bar medium" } else { "bar high" } style:width=bar></i>
                <b>{figure_of(&stall.length)}</b>
            </span>
            <span class="c-over num q" role="gridcell">"+ "{figure_of(&stall.over)}</span>
            <span class="c-blame" role="gridcell">{blame(stall)}</span>
            <span class="c-origin" role="gridcell">{origin(stall)}</span>
            <span class="c-path mono" role="gridcell">{path(stall)}</span>
        </div>
    }
    .into_any()
}

/// Id of a row.
pub(super) fn row_id(index: usize) -> String {
    format!("stall-{index}")
}

/// Who is to blame, or that nobody is.
fn blame(stall: &StallRow) -> AnyView {
    let Some(culprit) = &stall.culprit else {
        return match stall.handler.as_str() {
            "" => view! { <span class="quiet">"no single function"</span> }.into_any(),
            handler => view! { <span class="quiet">"in "</span><code>{handler.to_owned()}</code> }.into_any(),
        };
    };
    let inside = (!stall.inside.is_empty()).then(|| stall.inside.clone());
    view! {
        {swatch(&culprit.token)}
        <code title=full_name(culprit)>{format::name(culprit)}</code>
        <span class="quiet">{inside}</span>
        <span class="quiet num share">{whole_percent(stall.share)}</span>
    }
    .into_any()
}

fn full_name(label: &FunctionLabel) -> String {
    if label.place.is_empty() { format::name(label) } else { format!("{} {}", format::name(label), label.place) }
}

/// `94 %`.
pub(super) fn whole_percent(share: f64) -> String {
    format!("{:.0}{}%", share * 100.0, units::THIN)
}

fn origin(stall: &StallRow) -> AnyView {
    let origin = (!stall.origin.is_empty())
        .then(|| view! { <span class="tag" title=stall.origin_frame.clone()>{stall.origin.clone()}</span> });
    let measured = (stall.source == "measured").then(|| view! { <span class="tag">"measured"</span> });
    view! { {origin}{measured} }.into_any()
}

/// The path to the culprit; of a busy loop, its calls.
fn path(stall: &StallRow) -> AnyView {
    if let Some((calls, median_ns)) = stall.calls {
        let median = units::nanos(median_ns);
        return view! {
            <span class="tag busy-tag">"loop busy"</span>
            <span class="plain">{format::plural(calls, "call", "calls")}", median "{figure(&median)}</span>
        }
        .into_any();
    }
    let gap_at = (stall.steps_left_out > 0).then_some(stall.steps.len() / 2);
    let parts = stall.steps.iter().enumerate().map(|(index, name)| {
        let gap = (gap_at == Some(index)).then(|| view! { <i>"›"</i>"…" });
        let is_culprit = stall.culprit_step == Some(index as u32);
        view! {
            {gap}
            {(index > 0).then(|| view! { <i>"›"</i> })}
            <span class:on=is_culprit>{format::name_or_anonymous(name)}</span>
        }
    });
    parts.collect_view().into_any()
}
