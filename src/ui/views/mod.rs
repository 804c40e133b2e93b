//! The views, one file each, and their registry: tabs, keys and the view slot read it.

use leptos::prelude::*;

use super::parts::numbered;
use super::store::Store;
use crate::model::vocab::ViewId;
use crate::protocol::Overview;

pub mod compare;
pub mod flame;
mod frame_menu;
mod grid;
mod picture;
mod sheets;
pub mod stalls;
pub mod table;
pub mod timeline;

/// A view and how the frame shows it.
pub struct ViewEntry {
    /// Which view.
    pub id: ViewId,
    /// On its tab.
    pub title: &'static str,
    /// The view. It fills its slot: a box with `position: relative`, as large as the page leaves.
    pub component: fn(Store) -> AnyView,
    /// Its switches, right of the tabs.
    pub tools: fn(Store) -> AnyView,
    /// Whether the recording has what it shows; if not, why not and what to record instead.
    pub available: fn(&Overview) -> Result<(), String>,
}

/// All views, in the order of their tabs.
pub static VIEWS: &[ViewEntry] = &[
    ViewEntry {
        id: ViewId::Flame,
        title: "Flame",
        component: flame::view,
        tools: flame::tools,
        available: |overview| if overview.has_events { Ok(()) } else { has_stacks(overview) },
    },
    ViewEntry { id: ViewId::Table, title: "Table", component: table::view, tools: table::tools, available: has_stacks },
    ViewEntry {
        id: ViewId::Stalls,
        title: "Stalls",
        component: stalls::view,
        tools: stalls::tools,
        available: |overview| overview.no_stalls.clone().map_or(Ok(()), Err),
    },
    ViewEntry {
        id: ViewId::Memory,
        title: "Memory",
        component: |store| sheets::view(store, MEMORY),
        tools: sheets::tools,
        available: |overview| {
            has_sheets(overview, MEMORY, "It holds no heap. Record one with node --heapsnapshot-signal=SIGUSR2 app.js.")
        },
    },
    ViewEntry {
        id: ViewId::Series,
        title: "Series",
        component: |store| sheets::view(store, SERIES),
        tools: sheets::tools,
        available: |overview| {
            has_sheets(
                overview,
                SERIES,
                "It holds no numbers over time and no latencies. Record them with autocannon --json, k6 or clinic doctor.",
            )
        },
    },
    ViewEntry {
        id: ViewId::Trace,
        title: "Trace",
        component: |store| sheets::view(store, TRACE),
        tools: sheets::tools,
        available: |overview| {
            has_sheets(
                overview,
                TRACE,
                "It holds no events. Record a trace in the Performance panel of Chrome DevTools.",
            )
        },
    },
    ViewEntry {
        id: ViewId::Compare,
        title: "Compare",
        component: compare::view,
        tools: compare::tools,
        available: |_| Ok(()),
    },
];

/// Tabs of sheets, as [`crate::protocol::SheetInfo::tab`] names them.
const MEMORY: &str = "memory";
const TRACE: &str = "trace";
/// The tab of numbers over time and of load tests.
pub const SERIES: &str = "series";

/// The tab of sheets that a view is; empty for views that are none.
pub fn tab_of(view: ViewId) -> &'static str {
    match view {
        ViewId::Memory => MEMORY,
        ViewId::Trace => TRACE,
        ViewId::Series => SERIES,
        _ => "",
    }
}

fn has_stacks(overview: &Overview) -> Result<(), String> {
    let none = "It holds no call stacks: there is nothing to draw a flame graph of, and no function to list.";
    if overview.threads.is_empty() { Err(none.to_owned()) } else { Ok(()) }
}

/// The first view that has something to show.
pub fn first_of(overview: &Overview) -> ViewId {
    VIEWS.iter().find(|entry| (entry.available)(overview).is_ok()).map_or(ViewId::Flame, |entry| entry.id)
}

fn has_sheets(overview: &Overview, tab: &str, or: &str) -> Result<(), String> {
    if overview.sheets.iter().any(|sheet| sheet.tab == tab) { Ok(()) } else { Err(or.to_owned()) }
}

/// A view of one subject at a time: another subject gets a view of its own, elements and all. If
/// elements were used again, a canvas that was given to one worker would stay with it.
fn each<T: Copy + Eq + Send + Sync + 'static>(
    subject: impl Fn() -> Option<T> + Send + Sync + 'static,
    view: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    // The subject, and how many there were before it.
    let shown = StoredValue::new((0, None));
    let number = move || {
        let Some(subject) = subject() else { return Vec::new() };
        let (number, before) = shown.get_value();
        let is_new = before != Some(subject);
        let number = if is_new { number + 1 } else { number };
        shown.set_value((number, Some(subject)));
        vec![number]
    };
    numbered(number, move |_| shown.get_value().1.map(&view).into_any())
}

/// The entry of a view.
pub fn entry(id: ViewId) -> &'static ViewEntry {
    VIEWS.iter().find(|entry| entry.id == id).expect("every view stands in the registry")
}
