//! Two recordings side by side: a plain table of functions, before, after, and the difference. Its
//! rows come from two workers.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;

use super::table::{direction, sort_button};
use crate::model::vocab::{Filter, Scope, SortColumn};
use crate::protocol::{Amount, Answer, CompareRow, CompareRows, Failure, Query};
use crate::state::keys::{Command, key_of};
use crate::state::{Action, Selection};
use crate::ui::format;
use crate::ui::load::Load;
use crate::ui::parts::rows::{Scroll, VirtualRows, at_row};
use crate::ui::parts::{Choice, Picker, figure_of, icon, keycaps, swatch};
use crate::ui::session::Session;
use crate::ui::signals::{effect, memo};
use crate::ui::store::Store;

/// Height of a row, CSS pixels, as in the style sheet: for pointers, and for fingers.
const ROW_PX: (f64, f64) = (25.0, 36.0);

/// The view.
pub fn view(store: Store) -> AnyView {
    let has_two = store.part(|state| state.files.len() > 1);
    super::each(
        move || Some((store.pair.get(), has_two.get(), store.is_narrow.get())),
        move |subject| match subject {
            (Some(pair), _, is_narrow) => Comparison::new(store, pair, is_narrow).view(),
            (None, true, _) => choose_two(store),
            (None, false, _) => open_another(store),
        },
    )
}

/// Its switches, right of the tabs.
pub fn tools(store: Store) -> AnyView {
    let has_pair = store.part(|state| state.compare.is_some());
    view! {
        <Show when=move || has_pair.get()>
            <button type="button" class="btn sm" title="Swap before and after" on:click=move |_| store.dispatch(Action::SwapCompared)>
                {icon("swap")}
                "Swap"
                {keycaps(key_of(Command::Swap))}
            </button>
        </Show>
    }
    .into_any()
}

fn open_another(store: Store) -> AnyView {
    view! {
        <div class="nothing">
            <h2>"One recording is open"</h2>
            <p>"Open a second one, of the same program before or after a change, and both stand side by side."</p>
            <div class="row">
                <button type="button" class="btn primary" on:click=move |_| store.pick_files()>
                    {icon("file")}
                    "Open another"
                </button>
            </div>
        </div>
    }
    .into_any()
}

/// Two are open, or being opened, and none are chosen.
fn choose_two(store: Store) -> AnyView {
    let waits = store.state.with(|state| state.compare.is_some());
    if waits {
        return view! { <p class="vt-note quiet" role="status">"Waiting for both recordings to be open."</p> }
            .into_any();
    }
    view! {
        <div class="nothing">
            <h2>"Which two?"</h2>
            <p>"Choose the recording before a change and the one after it."</p>
            <div class="row">
                <button
                    type="button"
                    class="btn primary"
                    on:click=move |_| {
                        store.run(Command::Compare);
                    }
                >
                    "Choose two recordings"
                </button>
            </div>
        </div>
    }
    .into_any()
}

/// Stretches of time and threads name things of one recording only: both are looked at in full.
fn in_full(mut scope: Scope) -> Scope {
    scope.filters.retain(|filter| !matches!(filter, Filter::Time(_) | Filter::Thread(_)));
    scope
}

/// A comparison of two recordings. Cheap to copy.
#[derive(Clone, Copy)]
struct Comparison {
    store: Store,
    scroll: Scroll,
    answer: Memo<Load<CompareRows>>,
    last: StoredValue<u32>,
    wanted: StoredValue<Option<u32>>,
}

impl Comparison {
    fn new(store: Store, (before, _): (Session, Session), is_narrow: bool) -> Self {
        let scroll = Scroll::new(if is_narrow { ROW_PX.1 } else { ROW_PX.0 });
        let window = scroll.window();
        let scope = memo(move || in_full(store.scope.get()));
        let sort = store.part(|state| state.compare_sort);
        let search = store.part(|state| state.search.trim().to_owned());
        let question = move || {
            // Without the other's functions there is nothing to compare with.
            let has_met = before.peered.get() > 0;
            let (from, count) = window.get();
            let (scope, search, sort) = (scope.get(), search.get(), sort.get());
            has_met.then_some((before, Query::Compare { scope, search, sort, from, count }))
        };
        let answer = crate::ui::use_answer("compare", question, |answer| match answer {
            Answer::Compare(rows) => Some(rows),
            _ => None,
        });
        Self { store, scroll, answer, last: StoredValue::new(0), wanted: StoredValue::new(None) }
    }

    fn view(self) -> AnyView {
        let Self { store, scroll, .. } = self;
        store.on_command(move |command| self.command(command));
        self.select_what_arrives();
        let rows = memo(move || self.answer.with(Load::value));
        let count = memo(move || rows.with(|rows| rows.as_ref().map_or(0, |rows| rows.rows.all)));
        let selected = store.part(|state| state.selection.as_ref().and_then(Selection::function).cloned());
        let shown = move || rows.get().map(|rows| self.rows(&rows, selected));
        let active = move || {
            let rows = rows.get()?;
            let key = selected.get()?;
            let place = rows.rows.rows.iter().position(|row| row.label.key == key)?;
            Some(row_id(rows.rows.from + place as u32))
        };
        view! {
            <div class="view">
                {self.bar()}
                {move || self.note()}
                <div
                    class="vt compare"
                    role="grid"
                    tabindex="0"
                    aria-label="Functions before and after"
                    aria-rowcount=move || count.get() + 1
                    aria-activedescendant=active
                    on:keydown=move |event| self.key(&event)
                >
                    {head(store)}
                    <VirtualRows scroll=scroll count=count>{shown}</VirtualRows>
                    {move || self.empty()}
                </div>
            </div>
        }
        .into_any()
    }

    /// Which two, and their totals.
    fn bar(self) -> AnyView {
        let store = self.store;
        let totals = move || self.answer.with(Load::value).map(|rows| rows.totals.clone());
        let total = move |pick: fn(&(Amount, Amount)) -> &Amount| {
            move || {
                totals().map(|totals| {
                    let amount = pick(&totals);
                    view! { <b class="num">{figure_of(amount)}</b> }
                })
            }
        };
        let swap = move |_| store.dispatch(Action::SwapCompared);
        view! {
            <div class="viewbar pair">
                <span class="side"><b class="ab" aria-hidden="true">"A"</b>{side(store, Side::Before)}{total(|t| &t.0)}</span>
                <button type="button" class="icon" aria-label="Swap before and after" title="Swap before and after" on:click=swap>
                    {icon("swap")}
                </button>
                <span class="side"><b class="ab b" aria-hidden="true">"B"</b>{side(store, Side::After)}{total(|t| &t.1)}</span>
                <span class="grow"></span>
                <span class="quiet wide">"own values · "<i class="diff-key d-less"></i>"less in B "<i class="diff-key d-more"></i>"more in B"</span>
            </div>
        }
        .into_any()
    }

    /// What a reader of the rows must know.
    fn note(self) -> Option<AnyView> {
        if let Some(problem) = self.answer.with(Load::value).and_then(|rows| rows.problem.clone()) {
            return Some(view! { <p class="vt-note problem" role="alert">{problem}</p> }.into_any());
        }
        let is_wide = self
            .store
            .state
            .with(|state| state.filters.iter().any(|filter| matches!(filter, Filter::Time(_) | Filter::Thread(_))));
        is_wide.then(|| {
            view! { <p class="vt-note quiet">"Both are compared in full: a time range or a thread belongs to one recording."</p> }
                .into_any()
        })
    }

    fn empty(self) -> Option<AnyView> {
        match self.answer.get() {
            Load::Empty | Load::Waiting(None) => Some(
                view! { <p class="vt-note quiet" role="status">"The two recordings are being joined."</p> }.into_any(),
            ),
            Load::Failed(Failure { message, .. }) => {
                Some(view! { <p class="vt-note problem" role="alert">{message}</p> }.into_any())
            }
            Load::Ready(rows) if rows.rows.all == 0 && rows.problem.is_none() => {
                Some(view! { <p class="vt-note quiet">"No function matches."</p> }.into_any())
            }
            _ => None,
        }
    }

    fn rows(self, shown: &Arc<CompareRows>, selected: Memo<Option<crate::model::vocab::FrameKey>>) -> AnyView {
        let most = shown.rows.max_self;
        let rows = (shown.rows.from..).zip(&shown.rows.rows);
        rows.map(|(index, line)| self.row(index, line, most, selected)).collect_view().into_any()
    }

    fn row(
        self,
        index: u32,
        line: &CompareRow,
        most: i64,
        selected: Memo<Option<crate::model::vocab::FrameKey>>,
    ) -> AnyView {
        let key = line.label.key.clone();
        let own_key = key.clone();
        let is_chosen = memo(move || selected.with(|selected| selected.as_ref() == Some(&own_key)));
        let press = move |_| {
            self.last.set_value(index);
            self.store.select_function(key.clone());
        };
        let is_less = line.difference.raw < 0;
        view! {
            <div
                id=row_id(index)
                class="vt-row"
                class:sel=move || is_chosen.get()
                role="row"
                aria-rowindex=index + 2
                aria-selected=move || is_chosen.get().to_string()
                style:top=at_row(self.scroll, index)
                on:click=press
            >
                <span class="c-name" role="gridcell">
                    {swatch(&line.label.token)}
                    <code>{format::name(&line.label)}</code>
                    <span class="quiet">{line.label.place.clone()}</span>
                </span>
                <span class="c-value num" role="gridcell">{side_value(line.before.as_ref())}</span>
                <span class="c-value num" role="gridcell">{side_value(line.after.as_ref())}</span>
                <span class="c-bar" role="presentation" aria-hidden="true">{bar(&line.difference, most)}</span>
                <span class="c-value c-delta num" class:delta-less=is_less class:delta-more=line.difference.raw.is_positive() role="gridcell">
                    {difference(&line.difference)}
                </span>
                <span class="c-value c-totals num q" role="gridcell">{side_value(line.before_total.as_ref())}</span>
                <span class="c-value c-totals num q" role="gridcell">{side_value(line.after_total.as_ref())}</span>
            </div>
        }
        .into_any()
    }

    fn line(self, index: u32) -> Option<CompareRow> {
        let rows = self.answer.with_untracked(Load::value)?;
        rows.rows.rows.get(index.checked_sub(rows.rows.from)? as usize).cloned()
    }

    fn count(self) -> u32 {
        self.answer.with_untracked(Load::value).map_or(0, |rows| rows.rows.all)
    }

    fn here(self) -> Option<u32> {
        let selected = self.store.state.with_untracked(|state| state.selection.as_ref()?.function().cloned())?;
        let rows = self.answer.with_untracked(Load::value)?;
        let place = rows.rows.rows.iter().position(|row| row.label.key == selected);
        Some(place.map_or_else(|| self.last.get_value(), |place| rows.rows.from + place as u32))
    }

    fn go_to(self, index: u32) {
        let Some(last) = self.count().checked_sub(1) else { return };
        let index = index.min(last);
        self.scroll.reveal(index);
        match self.line(index) {
            Some(line) => self.glance(index, line),
            None => self.wanted.set_value(Some(index)),
        }
    }

    fn glance(self, index: u32, line: CompareRow) {
        self.last.set_value(index);
        self.store.dispatch(Action::Glance(Selection::Function(line.label.key)));
    }

    /// A row that a key went to before it was at hand is selected once it is.
    fn select_what_arrives(self) {
        effect(move || {
            self.answer.track();
            let Some(wanted) = self.wanted.get_value() else { return };
            if let Some(line) = self.line(wanted) {
                self.wanted.set_value(None);
                self.glance(wanted, line);
            }
        });
    }

    fn step(self, by: i64) {
        let to = self.here().map_or(0, |here| (i64::from(here) + by).max(0));
        self.go_to(u32::try_from(to).unwrap_or(u32::MAX));
    }

    fn command(self, command: Command) -> bool {
        match command {
            Command::MoveUp => self.step(-1),
            Command::MoveDown => self.step(1),
            _ => return false,
        }
        true
    }

    fn key(self, event: &ev::KeyboardEvent) {
        let page = i64::from(self.scroll.page());
        match event.key().as_str() {
            "Home" => self.go_to(0),
            "End" => self.go_to(u32::MAX),
            "PageDown" => self.step(page),
            "PageUp" => self.step(-page),
            _ => return,
        }
        event.prevent_default();
    }
}

fn row_id(index: u32) -> String {
    format!("compared-{index}")
}

fn head(store: Store) -> AnyView {
    let sort = store.part(|state| state.compare_sort);
    let of = move |column| move || direction(sort.get(), column);
    let press = move |column| move || store.dispatch(Action::SortCompareBy(column));
    let column = move |label, column| sort_button(String::from(label), of(column), press(column));
    view! {
        <div class="vt-head" role="row" aria-rowindex="1">
            <span class="c-name" role="columnheader" aria-sort=of(SortColumn::Name)>{column("Function", SortColumn::Name)}</span>
            <span class="c-value num" role="columnheader" aria-sort=of(SortColumn::Before)>{column("Self before", SortColumn::Before)}</span>
            <span class="c-value num" role="columnheader" aria-sort=of(SortColumn::After)>{column("Self after", SortColumn::After)}</span>
            <span class="c-bar" role="presentation"></span>
            <span class="c-value c-delta num" role="columnheader" aria-sort=of(SortColumn::Difference)>
                {column("Difference", SortColumn::Difference)}
            </span>
            <span class="c-value c-totals num" role="columnheader">"Total before"</span>
            <span class="c-value c-totals num" role="columnheader">"Total after"</span>
        </div>
    }
    .into_any()
}

fn side_value(amount: Option<&Amount>) -> AnyView {
    match amount {
        None => view! { <span class="quiet">"none"</span> }.into_any(),
        Some(amount) if amount.raw == 0 => view! { <span class="q">"0"</span> }.into_any(),
        Some(amount) => view! { <span title=format::share_and_samples(amount)>{figure_of(amount)}</span> }.into_any(),
    }
}

/// A difference carries its sign.
fn difference(amount: &Amount) -> AnyView {
    let plus = (amount.raw > 0).then_some("+");
    match amount.raw {
        0 => view! { <span class="q">"0"</span> }.into_any(),
        _ => view! { <b>{plus}{figure_of(amount)}</b> }.into_any(),
    }
}

/// To the left for less, to the right for more.
fn bar(difference: &Amount, most: i64) -> AnyView {
    let part = difference.raw.unsigned_abs() as f64 / most.unsigned_abs().max(1) as f64;
    let width = format!("{:.2}%", part.min(1.0) * 50.0);
    let class = if difference.raw < 0 { "d-less" } else { "d-more" };
    view! { <i class=class style:width=width></i> }.into_any()
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

impl Side {
    fn label(self) -> &'static str {
        match self {
            Self::Before => "Recording before",
            Self::After => "Recording after",
        }
    }

    fn of(self, pair: (usize, usize)) -> usize {
        match self {
            Self::Before => pair.0,
            Self::After => pair.1,
        }
    }

    /// The pair with another recording on this side; the other side's gives way by a swap.
    fn with(self, pair: (usize, usize), chosen: usize) -> (usize, usize) {
        match self {
            _ if chosen == self.of(pair) => pair,
            Self::Before if chosen == pair.1 => (pair.1, pair.0),
            Self::After if chosen == pair.0 => (pair.1, pair.0),
            Self::Before => (chosen, pair.1),
            Self::After => (pair.0, chosen),
        }
    }
}

/// The list from which a side is chosen.
fn side(store: Store, side: Side) -> AnyView {
    let pair = store.part(|state| state.compare);
    let name = move || {
        let index = pair.get().map(|pair| side.of(pair))?;
        store.state.with(|state| state.files.get(index).map(|file| file.name.clone()))
    };
    let is_open = RwSignal::new(false);
    let choices = move |()| {
        let Some(pair) = pair.get_untracked() else { return Vec::new() };
        let files = store.state.with_untracked(|state| state.files.clone());
        let choice = |(index, file): (usize, crate::state::FileRef)| {
            let choose = move || store.dispatch(Action::Compare(Some(side.with(pair, index))));
            Choice::new(file.name, choose).chosen(index == side.of(pair))
        };
        files.into_iter().enumerate().map(choice).collect()
    };
    view! {
        <Picker
            what=side.label()
            is_open=is_open
            set_open=Callback::new(move |open| is_open.set(open))
            face=view! { <span class="mono file-name">{name}</span>{icon("down")} }.into_any()
            choices=Callback::new(choices)
        />
    }
    .into_any()
}
