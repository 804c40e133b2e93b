//! Everything about the chosen stall, for the details panel.

use leptos::prelude::*;

use super::list::whole_percent;
use crate::model::vocab::{TimeRange, ViewId};
use crate::protocol::{Amount, FunctionLabel, FunctionRow, StallDetails, StallRow};
use crate::state::Action;
use crate::state::keys::Command;
use crate::ui::format;
use crate::ui::load::Load;
use crate::ui::parts::{figure, figure_of, icon, swatch};
use crate::ui::signals::live;
use crate::ui::store::Store;
use crate::ui::views::frame_menu::escaped;
use crate::units::{self, THIN};

/// Whether a stall is chosen and its view is shown, reactively.
pub fn has_details(store: Store) -> bool {
    store.state.with(|state| state.view == ViewId::Stalls && state.stall.is_some())
}

/// The chosen stall.
pub fn details(store: Store) -> AnyView {
    live(move || {
        let stall = chosen(store)?;
        let (range, threshold_ms) = (stall.row.range?, store.state.with(|state| state.threshold_ms));
        Some(content(store, &stall, range, threshold_ms))
    })
    .into_any()
}

/// The chosen stall in one line.
pub fn brief(store: Store) -> AnyView {
    live(move || {
        let stall = chosen(store)?;
        let dot = if is_busy(&stall.row) { "st st-busy" } else { "st st-stall" };
        Some(view! { <i class=dot></i><b>{title(&stall.row)}</b> })
    })
    .into_any()
}

/// The chosen stall, reactively; `None` while the answer on screen is that of another.
fn chosen(store: Store) -> Option<Box<StallDetails>> {
    let range = store.state.with(|state| state.stall)?;
    let answer = store.stall.with(Load::value)?;
    Option::clone(&answer).filter(|stall| stall.row.range == Some(range))
}

fn content(store: Store, stall: &StallDetails, range: TimeRange, threshold_ms: u32) -> AnyView {
    view! {
        <div class="stall-details">
            {head(store, &stall.row, range, stall.count)}
            <h2>{title(&stall.row)}</h2>
            <p class="quiet">{reason(stall)}</p>
            {blame(store, stall, threshold_ms)}
            {path(store, stall)}
            {inside(stall)}
            {waits(&stall.row)}
            {acts(store, stall, range)}
        </div>
    }
    .into_any()
}

fn head(store: Store, stall: &StallRow, range: TimeRange, count: u32) -> AnyView {
    let go = move |command: Command| {
        move |_| {
            store.run(command);
        }
    };
    let what = if is_busy(stall) { "Busy stretch" } else { "Stall" };
    view! {
        <div class="dh">
            <span class="crumb">
                <i class=if is_busy(stall) { "st st-busy" } else { "st st-stall" }></i>
                <span class="num">{format!("{what} {} of {}", stall.rank, format::count(u64::from(count)))}</span>
                <span class="dot">"·"</span>
                <span class="num">{span(range)}</span>
            </span>
            <span>
                <button type="button" class="icon" aria-label="Previous stall" title="Previous stall" on:click=go(Command::PreviousStall)>
                    {icon("left")}
                </button>
                <button type="button" class="icon" aria-label="Next stall" title="Next stall" on:click=go(Command::NextStall)>
                    {icon("right")}
                </button>
            </span>
        </div>
    }
    .into_any()
}

fn is_busy(stall: &StallRow) -> bool {
    stall.kind == "loop-busy"
}

/// `1.436–1.856 s`.
fn span(range: TimeRange) -> String {
    let seconds = |ns: i64| ns as f64 / 1e9;
    format!("{:.3}–{:.3}{THIN}s", seconds(range.from_ns), seconds(range.to_ns))
}

fn title(stall: &StallRow) -> AnyView {
    let length = figure_of(&stall.length);
    match (&stall.culprit, is_busy(stall)) {
        (Some(culprit), true) => view! { {length}" busy with "<code>{format::name(culprit)}</code> }.into_any(),
        (Some(culprit), false) => view! { {length}" blocked by "<code>{format::name(culprit)}</code> }.into_any(),
        (None, true) => view! { {length}" busy with many short calls" }.into_any(),
        (None, false) if !stall.handler.is_empty() => {
            view! { {length}" blocked in "<code>{stall.handler.clone()}</code> }.into_any()
        }
        (None, false) => view! { {length}" blocked, by no single function" }.into_any(),
    }
}

/// Where it came from, how it is known, and which rule named the culprit.
fn reason(details: &StallDetails) -> AnyView {
    let stall = &details.row;
    let entered = (!stall.origin.is_empty()).then(|| {
        let frame =
            (!stall.origin_frame.is_empty()).then(|| view! { " ("<code>{stall.origin_frame.clone()}</code>")" });
        view! { "It began in: "<b>{stall.origin.clone()}</b>{frame}". " }
    });
    let calls = stall.calls.map(|(calls, median_ns)| {
        view! { {format::plural(calls, "call", "calls")}", median "{figure(&units::nanos(median_ns))}". " }
    });
    let known = if stall.source == "measured" { "Measured" } else { "Inferred" };
    let samples = format::plural(stall.samples, "sample", "samples");
    let held = stall.culprit.as_ref().map(|_| format!(", {} with it on the stack", whole_percent(stall.share)));
    let why = (!details.why.is_empty()).then(|| view! { " "{ended(&details.why)} });
    view! { {entered}{calls}<b>{known}</b>" from "{samples}{held}"."{why} }.into_any()
}

/// A sentence with its full stop. It may begin with a name, which is written as it is.
fn ended(text: &str) -> String {
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{text}{end}")
}

/// Own shares of what exceeds the threshold; they add up to it.
fn blame(store: Store, stall: &StallDetails, threshold_ms: u32) -> AnyView {
    if stall.blame.is_empty() {
        return ().into_any();
    }
    let most = stall.blame.iter().map(|row| row.self_value.raw).max().unwrap_or(1).max(1);
    let rows = stall.blame.iter().map(|row| blame_row(store, row, most)).collect_view();
    let rest = stall.blame_rest.as_ref().map(|(count, amount)| {
        let name = format::plural(u64::from(*count), "other function", "other functions");
        view! {
            <tr>
                <td class="nm"><span class="quiet first">{name}</span></td>
                <td class="num barcell" title=amount.share.clone()>{figure_of(amount)}</td>
            </tr>
        }
    });
    view! {
        <section>
            <h3>"Blame "
                <span class="quiet">{format!("own time over {threshold_ms}{THIN}ms, adds up to ")}{figure_of(&stall.row.over)}</span>
            </h3>
            <table class="mini"><tbody>{rows}{rest}</tbody></table>
        </section>
    }
    .into_any()
}

fn blame_row(store: Store, row: &FunctionRow, most: i64) -> AnyView {
    let width = format!("{:.2}%", row.self_value.raw as f64 / most as f64 * 100.0);
    view! {
        <tr>
            <td class="nm">{function(store, &row.label)}</td>
            <td class="num barcell" title=row.self_value.share.clone()>
                <i class="bar total" style:width=width></i>
                {figure_of(&row.self_value)}
            </td>
        </tr>
    }
    .into_any()
}

fn function(store: Store, label: &FunctionLabel) -> AnyView {
    let key = label.key.clone();
    view! {
        {swatch(&label.token)}
        <button type="button" class="fn-link" on:click=move |_| store.select_function(key.clone())>
            <code>{format::name(label)}</code>
        </button>
        <span class="quiet">{label.place.clone()}</span>
    }
    .into_any()
}

fn path(store: Store, stall: &StallDetails) -> AnyView {
    if stall.path.is_empty() {
        return ().into_any();
    }
    let steps = stall.path.iter().enumerate().map(|(depth, label)| {
        let is_culprit = stall.row.culprit.as_ref().is_some_and(|culprit| culprit.key == label.key);
        let indent = format!("{}px", depth.min(12) * 10);
        view! { <li class="nm" class:on=is_culprit style:padding-left=indent>{function(store, label)}</li> }
    });
    view! {
        <section>
            <h3>"Path "<span class="quiet">"on the stack for 60 % of it or more"</span></h3>
            <ol class="stackl">{steps.collect_view()}</ol>
        </section>
    }
    .into_any()
}

fn inside(stall: &StallDetails) -> AnyView {
    let line = |what: &'static str, class: &'static str, amount: &Amount| {
        (amount.raw > 0).then(|| {
            view! {
                <tr>
                    <td><i class=class></i>" "{what}</td>
                    <td class="num">{figure_of(amount)}" "<span class="quiet">{amount.share.clone()}</span></td>
                </tr>
            }
        })
    };
    let gc = line("garbage collection", "st st-gc", &stall.gc);
    let program = line("native or unknown", "st st-program", &stall.program);
    if gc.is_none() && program.is_none() {
        return ().into_any();
    }
    view! { <section><h3>"Inside it"</h3><table class="mini"><tbody>{gc}{program}</tbody></table></section> }.into_any()
}

fn waits(stall: &StallRow) -> AnyView {
    let text = if is_busy(stall) {
        view! { "The loop turned, but had no pause: timers, sockets and other requests queued behind its calls." }
            .into_any()
    } else {
        view! {
            "Whatever became due in this stretch was late by up to "{figure_of(&stall.length)}
            ": timers, sockets and other requests."
        }
        .into_any()
    };
    view! { <section><h3>"What waits"</h3><p class="quiet">{text}</p></section> }.into_any()
}

fn acts(store: Store, stall: &StallDetails, range: TimeRange) -> AnyView {
    let text = as_markdown(stall, range);
    view! {
        <div class="acts">
            <button type="button" class="btn" on:click=move |_| store.dispatch(Action::View(ViewId::Flame))>"Flame graph of it"</button>
            <button type="button" class="btn" on:click=move |_| store.dispatch(Action::Stall(None))>"All the time"</button>
            <button type="button" class="btn" on:click=move |_| store.copy(text.clone(), "Stall")>"Copy as Markdown"</button>
        </div>
    }
    .into_any()
}

fn as_markdown(stall: &StallDetails, range: TimeRange) -> String {
    let row = &stall.row;
    let nobody = if row.handler.is_empty() { "no single function" } else { &row.handler };
    let who = row.culprit.as_ref().map_or_else(|| nobody.to_owned(), format::name);
    let what = if is_busy(row) { "busy with" } else { "blocked by" };
    let path: Vec<String> = stall.path.iter().map(|label| escaped(&format::name(label))).collect();
    let blame = stall.blame.iter().map(|row| {
        let name = escaped(&format::name(&row.label));
        format!("| {name} | {} | {} |", escaped(&row.label.place), format::figure(&row.self_value))
    });
    let mut lines = vec![
        format!("**{} {what} {}** at {} ({})", format::figure(&row.length), escaped(&who), span(range), row.source),
        String::new(),
        format!("Path: {}", path.join(" › ")),
        String::new(),
        "| function | place | own time over the threshold |".to_owned(),
        "|---|---|--:|".to_owned(),
    ];
    lines.extend(blame);
    lines.extend(stall.blame_rest.as_ref().map(|(count, amount)| {
        let name = format::plural(u64::from(*count), "other function", "other functions");
        format!("| {name} | | {} |", format::figure(amount))
    }));
    lines.join("\n")
}
