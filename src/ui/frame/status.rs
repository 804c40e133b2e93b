//! The line at the bottom: legend of the colours, what 100 % is, how dense the samples are.

use leptos::prelude::*;

use crate::protocol::{LegendEntry, Summary};
use crate::ui::format;
use crate::ui::parts::{icon, swatch};
use crate::ui::signals::live;
use crate::ui::store::Store;
use crate::units::nanos;

/// The status line.
pub fn status(store: Store) -> AnyView {
    let summary = move || store.summary.get().value();
    let legend = live(move || summary().map(|summary| legend(&summary.legend)));
    let base = live(move || summary().map(|summary| base(&summary)));
    view! {
        <footer class="status">
            <span class="legend">{legend}</span>
            <span class="grow"></span>
            {base}
        </footer>
    }
    .into_any()
}

fn legend(entries: &[LegendEntry]) -> AnyView {
    let entries = entries.iter().map(|entry| {
        let title = format!("{}: {}", entry.module, format::figure(&entry.amount));
        view! { <span class="lg" title=title>{swatch(&entry.token)}{entry.module.clone()}</span> }
    });
    entries.collect_view().into_any()
}

fn base(summary: &Summary) -> AnyView {
    let rows = match summary.is_aggregated {
        true => format::plural(summary.samples, "row of an aggregated file", "rows of an aggregated file"),
        false => format::plural(summary.samples, "sample", "samples"),
    };
    let interval = (summary.interval_ns > 0).then(|| format!(", median interval {}", nanos(summary.interval_ns)));
    view! {
        <span class="lg wide">"100\u{202f}% = "{summary.base_label.clone()}</span>
        <span class="lg">{icon("check")}{rows}{interval}</span>
    }
    .into_any()
}
