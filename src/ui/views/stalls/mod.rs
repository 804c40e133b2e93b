//! Stalls of the event loop: the list, how long the turns of the loop took, and everything about the
//! chosen one. Choosing a stall narrows every view to its stretch of time.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;

mod details;
mod histogram;
mod list;
mod tools;

pub use details::{brief, details, has_details};
pub use tools::tools;

use crate::model::vocab::{TimeRange, ViewId};
use crate::protocol::{StallReport, StallRow};
use crate::state::Action;
use crate::state::keys::Command;
use crate::ui::format;
use crate::ui::load::Load;
use crate::ui::parts::figure_of;
use crate::ui::parts::rows::{Far, Scroll, VirtualRows};
use crate::ui::signals::{live, memo};
use crate::ui::store::Store;

/// Height of a row, CSS pixels, as in the style sheet: for pointers, and for fingers.
const ROW_PX: (f64, f64) = (24.0, 36.0);

/// The view.
pub fn view(store: Store) -> AnyView {
    let by_start = RwSignal::new(false);
    let list = move |is_narrow: bool| {
        let scroll = Scroll::new(if is_narrow { ROW_PX.1 } else { ROW_PX.0 });
        Stalls { store, scroll, by_start }.view()
    };
    super::each(move || Some(store.is_narrow.get()), list)
}

/// The list and its order. Cheap to copy.
#[derive(Clone, Copy)]
struct Stalls {
    store: Store,
    scroll: Scroll,
    /// In the order of time; otherwise the longest first.
    by_start: RwSignal<bool>,
}

/// The places of ranges in the order of their begin; equal ones as they stand.
pub(in crate::ui) fn by_start(ranges: &[Option<TimeRange>]) -> Vec<usize> {
    let starts = ranges.iter().map(|range| range.map(|range| range.from_ns));
    let mut places: Vec<(Option<i64>, usize)> = starts.zip(0..).collect();
    places.sort_unstable();
    places.into_iter().map(|(_, place)| place).collect()
}

impl Stalls {
    fn view(self) -> AnyView {
        let Self { store, scroll, .. } = self;
        store.on_command(move |command| self.command(command));
        let rows = self.rows();
        let chosen = self.chosen();
        let count = memo(move || rows.with(|rows| rows.len() as u32));
        let window = scroll.window();
        let shown = live(move || {
            let (from, count) = window.get();
            rows.with(|rows| list::window(self, rows, from as usize, count as usize, chosen))
        });
        let cursor = move || {
            let range = chosen.get()?;
            rows.with(|rows| rows.iter().position(|row| row.range == Some(range)))
        };
        let empty = live(move || store.stalls.with(why_empty).map(|why| empty(store, why)));
        view! {
            <div class="view">
                <div class="viewbar">
                    {live(move || store.stalls.with(|load| load.value().map(|report| headline(&report))))}
                    <span class="grow"></span>
                    <span class="narrow">{tools::threshold(store)}</span>
                </div>
                <div
                    class="vt stalls"
                    role="grid"
                    tabindex="0"
                    aria-label="Stalls"
                    aria-rowcount=move || count.get() + 1
                    aria-activedescendant=move || cursor().map(list::row_id)
                    on:keydown=move |event| self.key(&event)
                >
                    {list::head(self.by_start)}
                    <VirtualRows scroll=scroll count=count>{shown}</VirtualRows>
                    {empty}
                </div>
                {histogram::histogram(store)}
            </div>
        }
        .into_any()
    }

    /// The stalls in the chosen order.
    fn rows(self) -> Memo<Vec<Arc<StallRow>>> {
        memo(move || {
            let report = self.store.stalls.with(Load::value);
            let rows: Vec<Arc<StallRow>> =
                report.map(|report| report.stalls.iter().cloned().map(Arc::new).collect()).unwrap_or_default();
            if !self.by_start.get() {
                return rows;
            }
            let ranges: Vec<Option<TimeRange>> = rows.iter().map(|row| row.range).collect();
            by_start(&ranges).into_iter().map(|place| rows[place].clone()).collect()
        })
    }

    fn chosen(self) -> Memo<Option<TimeRange>> {
        self.store.part(|state| state.stall)
    }

    /// Chooses a stall; the chosen one again, and all the time is looked at again.
    fn choose(self, range: Option<TimeRange>) {
        let is_chosen = self.store.state.with_untracked(|state| state.stall == range);
        self.store.dispatch(Action::Stall(range.filter(|_| !is_chosen)));
    }

    fn command(self, command: Command) -> bool {
        match command {
            Command::MoveUp => self.step(-1),
            Command::MoveDown => self.step(1),
            Command::ZoomToSelection => {
                let is_chosen = self.store.state.with_untracked(|state| state.stall.is_some());
                if is_chosen {
                    self.store.dispatch(Action::View(ViewId::Flame));
                }
                return is_chosen;
            }
            _ => return false,
        }
        true
    }

    fn step(self, by: isize) {
        let rows = self.in_order();
        let chosen = self.store.state.with_untracked(|state| state.stall);
        let here = chosen.and_then(|range| rows.iter().position(|row| *row == Some(range)));
        let next = match here {
            Some(here) => here.saturating_add_signed(by),
            None => 0,
        };
        self.go_to(next);
    }

    /// Ranges in the order of the list.
    fn in_order(self) -> Vec<Option<TimeRange>> {
        let report = self.store.stalls.with_untracked(Load::value);
        let rows: Vec<Option<TimeRange>> =
            report.map(|report| report.stalls.iter().map(|row| row.range).collect()).unwrap_or_default();
        if !self.by_start.get_untracked() {
            return rows;
        }
        by_start(&rows).into_iter().map(|place| rows[place]).collect()
    }

    fn go_to(self, index: usize) {
        let rows = self.in_order();
        let Some(last) = rows.len().checked_sub(1) else { return };
        let index = index.min(last);
        self.scroll.reveal(index as u32);
        if self.store.state.with_untracked(|state| state.stall != rows[index]) {
            self.store.dispatch(Action::Stall(rows[index]));
        }
    }

    fn key(self, event: &ev::KeyboardEvent) {
        match self.scroll.far(event) {
            Some(Far::To(row)) => self.go_to(row as usize),
            Some(Far::By(rows)) => self.step(rows as isize),
            None => return,
        }
        event.prevent_default();
    }
}

fn why_empty(load: &Load<StallReport>) -> Option<String> {
    match load {
        Load::Failed(failure) => Some(failure.message.clone()),
        Load::Ready(report) if report.stalls.is_empty() => Some(report.why_empty.clone()),
        _ => None,
    }
}

/// What there is, in one line.
fn headline(report: &StallReport) -> AnyView {
    let stalls = format::plural(report.count.into(), "stall", "stalls");
    let blocked = (report.count > 0).then(|| {
        view! { " · "<b>{figure_of(&report.total)}</b>" blocked, "{report.total.share.clone()}" of wall" }
    });
    let busy = (report.busy_count > 0).then(|| {
        let times = format::plural(report.busy_count.into(), "stretch", "stretches");
        view! { " · loop busy in "{times}", "{figure_of(&report.busy_total)} }
    });
    view! { <span class="headline num"><b>{stalls}</b>{blocked}{busy}</span> }.into_any()
}

/// No turn was that long, or stalls cannot be told here: why, and what would tell.
fn empty(store: Store, why: String) -> AnyView {
    let lower = store.state.with(|state| state.threshold_ms > 16).then(|| {
        view! {
            <button type="button" class="btn" on:click=move |_| store.dispatch(Action::Threshold(16))>"Look for 16 ms and more"</button>
        }
    });
    view! { <div class="nothing"><h2>"No stalls"</h2><p>{why}</p><div class="row">{lower}</div></div> }.into_any()
}
