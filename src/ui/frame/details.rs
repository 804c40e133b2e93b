//! The details of what is selected: the HTML equal of the canvas. A panel on the right, or a sheet
//! at the bottom of a narrow page.

use leptos::ev;
use leptos::prelude::*;

use super::notes;
use crate::protocol::{Amount, Cell, Details, FunctionLabel, FunctionRow, samples};
use crate::state::keys::{Command, key_of};
use crate::state::{Action, Selection};
use crate::ui::format;
use crate::ui::load::Load;
use crate::ui::parts::{self, CopyButton, figure_of, icon, keycaps, swatch};
use crate::ui::signals::{live, memo};
use crate::ui::store::Store;
use crate::ui::views::{stalls, tab_of};

/// The panel.
pub fn panel(store: Store, width: RwSignal<f64>) -> AnyView {
    view! {
        <aside class="details" aria-label="Details" style:width=move || format!("{}px", width.get())>
            {content(store)}
        </aside>
    }
    .into_any()
}

/// How far the sheet is out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pull {
    Peek,
    Half,
    Full,
}

impl Pull {
    fn next(self) -> Self {
        match self {
            Self::Peek => Self::Half,
            Self::Half => Self::Full,
            Self::Full => Self::Peek,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Peek => "sheet peek",
            Self::Half => "sheet half",
            Self::Full => "sheet full",
        }
    }
}

/// The sheet: its handle is a button, and can be dragged.
pub fn sheet(store: Store) -> AnyView {
    let pull = RwSignal::new(Pull::Peek);
    let start = StoredValue::new(None::<i32>);
    let hold = move |event: ev::PointerEvent| {
        start.set_value(Some(event.client_y()));
        let bar: web_sys::Element = event_target(&event);
        let _ = bar.set_pointer_capture(event.pointer_id());
    };
    let release = move |event: ev::PointerEvent| {
        let Some(from) = start.try_update_value(Option::take).flatten() else { return };
        pull.update(|pull| *pull = pulled(*pull, from - event.client_y()));
    };
    let press = move |event: ev::MouseEvent| {
        // A press of a key comes as a click without a pointer before it.
        if event.detail() == 0 {
            pull.update(|pull| *pull = pull.next());
        }
    };
    let is_out = move || pull.get() != Pull::Peek;
    view! {
        {live(move || is_out().then(|| view! { <div class="scrim" on:click=move |_| pull.set(Pull::Peek)></div> }))}
        <aside class=move || pull.get().class() aria-label="Details">
            <button
                type="button"
                class="grab"
                aria-label="Details: more or less"
                aria-expanded=move || is_out().to_string()
                on:pointerdown=hold
                on:pointerup=release
                on:click=press
            ></button>
            {live(move || if is_out() { view! { <div class="details">{content(store)}</div> }.into_any() } else { peek(store, pull) })}
        </aside>
    }
    .into_any()
}

/// A tap goes one further; a drag goes the way it went.
fn pulled(pull: Pull, up_px: i32) -> Pull {
    const DRAG_PX: i32 = 24;
    match (pull, up_px) {
        (Pull::Peek, up) if up > DRAG_PX => Pull::Half,
        (Pull::Half | Pull::Full, up) if up > DRAG_PX => Pull::Full,
        (Pull::Full, up) if up < -DRAG_PX => Pull::Half,
        (Pull::Half | Pull::Peek, up) if up < -DRAG_PX => Pull::Peek,
        (pull, _) => pull.next(),
    }
}

fn peek(store: Store, pull: RwSignal<Pull>) -> AnyView {
    let row = live(move || match selected(store) {
        _ if stalls::has_details(store) => stalls::brief(store),
        None if is_of_rows(store) && !store.row.with(Vec::is_empty) => {
            view! { <b class="mono">{store.row.with(|cells| cells[0].1.text.clone())}</b> }.into_any()
        }
        Some(details) => {
            let own = &details.here.as_ref().unwrap_or(&details.everywhere).0;
            view! {
                {swatch(&details.label.token)}
                <b class="mono">{format::name(&details.label)}</b>
                <span class="grow"></span>
                {figure_of(own)}
                <span class="quiet num">{own.share.clone()}</span>
            }
            .into_any()
        }
        None => view! { <span class="quiet">"Tap a frame, or pull for facts of the recording"</span> }.into_any(),
    });
    view! { <button type="button" class="shead" on:click=move |_| pull.set(Pull::Half)>{row}</button> }.into_any()
}

fn selected(store: Store) -> Option<Details> {
    store.details.get().value().and_then(|details| (*details).clone())
}

/// The chosen stall, where its view is shown, and what is selected.
fn content(store: Store) -> AnyView {
    let has_stall = memo(move || stalls::has_details(store));
    view! {
        <Show when=move || has_stall.get()>{move || stalls::details(store)}</Show>
        {move || row(store)}
        <div class="function-details">{selection(store, has_stall)}</div>
    }
    .into_any()
}

/// The chosen row of a table, whole: its columns may be too narrow for what they say.
fn row(store: Store) -> AnyView {
    let cells = if is_of_rows(store) { store.row.get() } else { Vec::new() };
    let mut cells = cells.into_iter().filter(|(_, cell)| !cell.text.is_empty());
    let Some((_, name)) = cells.next() else { return ().into_any() };
    let line = |(head, cell): (String, Cell)| {
        let short = cell.figure.as_ref().filter(|figure| figure.digits != cell.text);
        let short = short.map(|figure| view! { <b>{parts::figure(figure)}</b>" " });
        view! { <tr><th>{head}</th><td>{short}{cell.text}</td></tr> }
    };
    let lines = cells.map(line).collect_view();
    view! {
        <section><h2 class="mono">{name.text}</h2><table class="kv"><tbody>{lines}</tbody></table></section>
    }
    .into_any()
}

/// Whether the view shows tables whose rows are no functions, reactively.
fn is_of_rows(store: Store) -> bool {
    !tab_of(store.state.with(|state| state.view)).is_empty()
}

fn selection(store: Store, has_stall: Memo<bool>) -> AnyView {
    let content = memo(move || store.details.get());
    live(move || match content.get() {
        Load::Empty if has_stall.get() => ().into_any(),
        Load::Empty => notes::facts(store),
        Load::Failed(failure) => view! { <p class="problem" role="alert">{failure.message}</p> }.into_any(),
        load => match load.value().as_deref() {
            Some(Some(details)) if details.places > 0 => view(store, details),
            Some(_) => absent(store),
            None => ().into_any(),
        },
    })
    .into_any()
}

/// The filters leave nothing of what is selected.
fn absent(store: Store) -> AnyView {
    let name = store.state.with_untracked(|state| {
        let function = state.selection.as_ref().and_then(Selection::function);
        function.map(|function| function.name.clone()).unwrap_or_default()
    });
    view! {
        <h2 class="mono">{name}</h2>
        <p class="quiet">"It does not occur in what the filters leave."</p>
        <div class="acts">
            {act(store, Command::Undo, "Undo")}
            <button type="button" class="btn" on:click=move |_| store.dispatch(Action::ClearFilters)>"Remove all filters"</button>
        </div>
    }
    .into_any()
}

fn view(store: Store, details: &Details) -> AnyView {
    view! {
        {head(details)}
        {figures(details)}
        {spark(&details.spark)}
        // Events are no functions: filters and callers are none of theirs.
        {(!details.label.kind.is_empty()).then(|| of_function(store, details))}
    }
    .into_any()
}

fn of_function(store: Store, details: &Details) -> AnyView {
    view! {
        {acts(store, details)}
        {lines(details)}
        {relatives(store, details, "Called by", &details.callers, "caller", "callers")}
        {relatives(store, details, "Calls", &details.callees, "entry: where its total goes", "entries: where its total goes")}
        {labels(details)}
        {everywhere(store, details)}
    }
    .into_any()
}

fn head(details: &Details) -> AnyView {
    let label = &details.label;
    let place = (!label.place.is_empty())
        .then(|| view! { <span class="dot">"·"</span><span class="mono">{label.place.clone()}</span> });
    let text = format::details_as_text(details);
    let full = if label.key.file.is_empty() {
        format::name(label)
    } else {
        format!("{} {}", format::name(label), label.key.file)
    };
    view! {
        <div class="dh">
            <span class="crumb">{swatch(&label.token)}<span>{format::kind(label)}</span>{place}</span>
            <CopyButton text what="function"/>
        </div>
        <h2 class="mono" title=full>{format::name(label)}</h2>
    }
    .into_any()
}

/// Own time and total: of the selected frame where one is, and of the function everywhere where
/// that is another number.
fn figures(details: &Details) -> AnyView {
    let (own, total) = details.here.as_ref().unwrap_or(&details.everywhere);
    let late = details.late.as_ref().map(|late| {
        let gaps = format::plural(late.count, "long gap", "long gaps");
        view! { <p class="quiet late">{figure_of(&late.amount)}" of its own time rest on "{gaps}"."</p> }
    });
    let differs = details.here.as_ref().is_some_and(|here| *here != details.everywhere);
    let all = differs.then(|| {
        let (own, total) = &details.everywhere;
        view! {
            <p class="quiet">
                "This function everywhere: self "{figure_of(own)}" "{own.share.clone()}
                ", total "{figure_of(total)}" "{total.share.clone()}"."
            </p>
        }
    });
    view! {
        <div class="figs">
            {fig("Self", "Itself, or in built-ins that it calls and that have no frame.", own, &details.plus_minus)}
            {fig("Total", "Itself and all that it calls; recursion counts once.", total, "")}
        </div>
        {all}
        {late}
    }
    .into_any()
}

fn fig(name: &'static str, meaning: &'static str, amount: &Amount, plus_minus: &str) -> AnyView {
    let parts = [amount.share.as_str(), plus_minus, &samples(amount.samples)];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    view! {
        <div>
            <em title=meaning>{name}</em>
            <b class="fig">{figure_of(amount)}</b>
            <span class="quiet num">{parts.join(" · ")}</span>
        </div>
    }
    .into_any()
}

/// Own time over the recording, as small bars.
fn spark(slices: &[f32]) -> AnyView {
    if slices.is_empty() {
        return ().into_any();
    }
    let bars = slices.iter().enumerate().filter(|(_, part)| **part > 0.0).map(|(index, part)| {
        let height = f64::from(part.clamp(0.02, 1.0));
        view! { <rect x=index width="0.8" y=1.0 - height height=height></rect> }
    });
    let box_ = format!("0 0 {} 1", slices.len());
    view! {
        <svg class="spark" viewBox=box_ preserveAspectRatio="none" role="img" aria-label="Own time over the recording">
            {bars.collect_view()}
        </svg>
    }
    .into_any()
}

fn acts(store: Store, details: &Details) -> AnyView {
    let recursion = details.is_recursive.then(|| act(store, Command::CollapseRecursion, "One frame"));
    view! {
        <div class="acts">
            {act(store, Command::Focus, "Focus")}
            {act(store, Command::Hide, "Merge")}
            {act(store, Command::Drop, "Drop")}
            {act(store, Command::HighlightFunction, "Find")}
            {recursion}
        </div>
    }
    .into_any()
}

fn act(store: Store, command: Command, label: &'static str) -> AnyView {
    let row = crate::state::keys::KEYS.iter().find(|row| row.command == command);
    let text = row.map(|row| row.text).unwrap_or_default();
    view! {
        <button type="button" class="btn" title=text on:click=move |_| store.run(command)>
            {label}
            {keycaps(key_of(command))}
        </button>
    }
    .into_any()
}

fn lines(details: &Details) -> AnyView {
    if details.lines.is_empty() {
        return ().into_any();
    }
    let most = details.lines.iter().map(|(_, ticks)| *ticks).max().unwrap_or(1).max(1);
    let rows = details.lines.iter().map(|(line, ticks)| {
        let share = *ticks as f64 / most as f64;
        view! {
            <tr>
                <td class="num q">{*line}</td>
                <td class="num barcell">{bar(share, "self")}<span>{format::count(*ticks)}</span></td>
            </tr>
        }
    });
    view! {
        <section>
            <h3>"Lines "<span class="quiet">"own ticks, as the profiler counted them"</span></h3>
            <table class="mini lines"><tbody>{rows.collect_view()}</tbody></table>
        </section>
    }
    .into_any()
}

fn relatives(
    store: Store,
    details: &Details,
    title: &'static str,
    (rows, all): &(Vec<FunctionRow>, u32),
    one: &'static str,
    many: &'static str,
) -> AnyView {
    if rows.is_empty() {
        return ().into_any();
    }
    let most = rows.iter().map(|row| row.total.part).fold(0.0, f64::max);
    let left_out = u64::from(*all).saturating_sub(rows.len() as u64);
    let more = (left_out > 0).then(|| view! { <p class="quiet">"and "{format::count(left_out)}" more"</p> });
    let list = rows.iter().map(|row| relative(store, details, row, most)).collect_view();
    view! {
        <section>
            <h3>{title}" "<span class="quiet">{format::plural((*all).into(), one, many)}</span></h3>
            <table class="mini"><tbody>{list}</tbody></table>
            {more}
        </section>
    }
    .into_any()
}

fn relative(store: Store, details: &Details, row: &FunctionRow, most: f64) -> AnyView {
    let key = row.label.key.clone();
    let share = if most > 0.0 { row.total.part / most } else { 0.0 };
    if row.label.token.is_empty() {
        // No function: the stack begins here.
        return view! {
            <tr>
                <td class="nm"><span class="quiet first">"nobody: it begins here"</span></td>
                <td class="num barcell" title=row.total.share_and_samples()>{bar(share, "total")}{figure_of(&row.total)}</td>
            </tr>
        }
        .into_any();
    }
    if key == details.label.key {
        let (name, title) = match details.is_recursive {
            true => ("itself", "Its own value, and the calls of itself"),
            false => ("itself", "Its own value"),
        };
        return view! {
            <tr>
                <td class="nm"><span class="nm-line" title=title>{swatch(&row.label.token)}<span class="itself">{name}</span></span></td>
                <td class="num barcell" title=row.total.share_and_samples()>{bar(share, "self")}{figure_of(&row.total)}</td>
            </tr>
        }
        .into_any();
    }
    view! {
        <tr>
            <td class="nm">
                <span class="nm-line">
                    {swatch(&row.label.token)}
                    <button type="button" class="fn-link" on:click=move |_| store.select_function(key.clone())>
                        <code>{format::name(&row.label)}</code>
                    </button>
                    <span class="quiet">{row.label.place.clone()}</span>
                </span>
            </td>
            <td class="num barcell" title=row.total.share_and_samples()>{bar(share, "total")}{figure_of(&row.total)}</td>
        </tr>
    }
    .into_any()
}

fn bar(share: f64, kind: &'static str) -> AnyView {
    let width = format!("{:.2}%", share.clamp(0.0, 1.0) * 100.0);
    view! { <i class=format!("bar {kind}") style:width=width></i> }.into_any()
}

fn labels(details: &Details) -> AnyView {
    if details.labels.is_empty() {
        return ().into_any();
    }
    let rows = details.labels.iter().map(|(key, value, amount)| {
        view! {
            <tr>
                <td class="nm"><span class="quiet first">{key.clone()}</span><code>{value.clone()}</code></td>
                <td class="num barcell" title=amount.share_and_samples()>{bar(amount.part, "total")}{figure_of(amount)}</td>
            </tr>
        }
    });
    view! {
        <section>
            <h3>"Labels "<span class="quiet">"of its samples"</span></h3>
            <table class="mini"><tbody>{rows.collect_view()}</tbody></table>
        </section>
    }
    .into_any()
}

fn everywhere(store: Store, details: &Details) -> AnyView {
    let places = format::plural(details.places.into(), "place in the tree", "places in the tree");
    let recursion = if details.is_recursive { "It calls itself, directly or further down." } else { "No recursion." };
    let heaviest = details.heaviest.clone();
    let show = move |_| store.dispatch(Action::Select(Some(Selection::Frame(heaviest.clone()))));
    let has_heaviest = !details.heaviest.is_empty();
    view! {
        <section>
            <h3>"Everywhere "<span class="quiet">{places}</span></h3>
            <p class="quiet">{recursion}</p>
            {has_heaviest.then(|| view! {
                <button type="button" class="link" on:click=show>{icon("right")}"Go to its heaviest place"</button>
            })}
            {file_line(&details.label)}
        </section>
    }
    .into_any()
}

fn file_line(label: &FunctionLabel) -> AnyView {
    if label.key.file.is_empty() {
        return ().into_any();
    }
    let line = if label.key.line > 0 { format!(":{}", label.key.line) } else { String::new() };
    view! { <p class="quiet mono file-line">{format!("{}{line}", label.key.file)}</p> }.into_any()
}
