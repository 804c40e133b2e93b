//! The views, one file each, and their registry: tabs, keys and the view slot read it.

use leptos::prelude::*;

use super::parts::numbered;
use super::store::Store;
use crate::model::vocab::ViewId;
use crate::protocol::Overview;
use crate::state::keys::Command;

pub mod compare;
pub mod flame;
mod frame_menu;
mod picture;
pub mod stalls;
pub mod table;
pub mod timeline;

/// A view and how the frame shows it.
pub struct ViewEntry {
    /// Which view.
    pub id: ViewId,
    /// On its tab.
    pub title: &'static str,
    /// The command that shows it; its key is on the tab.
    pub command: Command,
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
        command: Command::ViewFlame,
        component: flame::view,
        tools: flame::tools,
        available: |_| Ok(()),
    },
    ViewEntry {
        id: ViewId::Table,
        title: "Table",
        command: Command::ViewTable,
        component: table::view,
        tools: table::tools,
        available: |_| Ok(()),
    },
    ViewEntry {
        id: ViewId::Stalls,
        title: "Stalls",
        command: Command::ViewStalls,
        component: stalls::view,
        tools: stalls::tools,
        available: |overview| overview.no_stalls.clone().map_or(Ok(()), Err),
    },
    ViewEntry {
        id: ViewId::Compare,
        title: "Compare",
        command: Command::ViewCompare,
        component: compare::view,
        tools: compare::tools,
        available: |_| Ok(()),
    },
];

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
