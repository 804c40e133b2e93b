//! How long the turns of the loop took: bars that double in length, and the threshold as a line.

use js_sys::Math::log2;
use leptos::prelude::*;

use crate::protocol::StallReport;
use crate::ui::format;
use crate::ui::load::Load;
use crate::ui::signals::live;
use crate::ui::store::Store;
use crate::units::{THIN, grouped};

/// The turns of the loop by length.
pub(super) fn histogram(store: Store) -> AnyView {
    let threshold = store.part(|state| state.threshold_ms);
    let bars = live(move || {
        let report = store.stalls.with(Load::value)?;
        (!report.turns.is_empty()).then(|| figure(&report, threshold.get()))
    });
    view! { {bars} }.into_any()
}

fn figure(report: &StallReport, threshold_ms: u32) -> AnyView {
    let turns = &report.turns;
    let most = turns.iter().map(|turn| turn.2).max().unwrap_or(1).max(1);
    let bars = turns.iter().map(|&(from, to, count)| bar(from, to, count, most, threshold_ms)).collect_view();
    let place = place(turns, threshold_ms);
    let meaning = match place {
        Some(_) => " of the loop by length; right of the line they are stalls",
        None => " of the loop by length; none is a stall",
    };
    let line = place.map(|part| {
        // The words stand left of the line where there is no room on its right.
        let is_late = part > 0.8;
        view! {
            <div class="hist-line" class:late=is_late style:left=format!("{:.3}%", part * 100.0)>
                <span>{format!("{}{THIN}ms", grouped(threshold_ms.into()))}": a stall"</span>
            </div>
        }
    });
    let all: u64 = turns.iter().map(|turn| u64::from(turn.2)).sum();
    view! {
        <figure class="hist">
            <figcaption>
                <b>"Turn lengths"</b>
                <span class="quiet">{format::plural(all, "turn", "turns")}{meaning}</span>
            </figcaption>
            <div class="hist-plot">
                <ol class="hist-bars">{bars}</ol>
                {line}
            </div>
        </figure>
    }
    .into_any()
}

fn bar(from: u32, to: u32, count: u32, most: u32, threshold_ms: u32) -> AnyView {
    let part = f64::from(count) / f64::from(most) * 100.0;
    let is_over = from >= threshold_ms;
    let number = (count > 0).then(|| format::count(count.into()));
    view! {
        <li class:over=is_over>
            <span class="hist-room">
                <span class="num">{number}</span>
                <i style:height=format!("{part:.2}%") class:some=count != 0></i>
            </span>
            <span class="hist-name num quiet">{span(from, to)}</span>
        </li>
    }
    .into_any()
}

/// `32–64 ms`, `1–2 s`.
fn span(from: u32, to: u32) -> String {
    let seconds = |ms: u32| f64::from(ms) / 1000.0;
    if from >= 1000 {
        format!("{:.1}–{:.1}{THIN}s", seconds(from), seconds(to))
    } else {
        format!("{}–{}{THIN}ms", grouped(from.into()), grouped(to.into()))
    }
}

/// Where a length lies on the axis of the bars, 0 to 1.
fn place(turns: &[(u32, u32, u32)], threshold_ms: u32) -> Option<f64> {
    let index = turns.iter().position(|&(from, to, _)| (from..to).contains(&threshold_ms))?;
    let (from, to, _) = turns[index];
    // Within a bar lengths double from edge to edge; the first one begins at nothing.
    let inside = if from == 0 {
        f64::from(threshold_ms) / f64::from(to)
    } else {
        log2(f64::from(threshold_ms) / f64::from(from)) / log2(f64::from(to) / f64::from(from))
    };
    Some((index as f64 + inside) / turns.len() as f64)
}
