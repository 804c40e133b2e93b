//! The tabs of the views. One without data stays focusable and says why.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::model::vocab::ViewId;
use crate::state::Action;
use crate::state::keys::{Command, key_of};
use crate::ui::signals::{live, memo};
use crate::ui::store::Store;
use crate::ui::views::{VIEWS, ViewEntry, entry};

/// The row of tabs with the chosen view's switches.
pub fn tabs(store: Store) -> AnyView {
    let chosen = store.part(|state| state.view);
    let tabs = VIEWS.iter().map(|entry| tab(store, entry, chosen)).collect_view();
    let is_empty = memo(move || {
        let overview = store.overview.get();
        overview.is_some_and(|overview| (entry(chosen.get()).available)(&overview).is_err())
    });
    let tools = live(move || {
        // What is chosen is read before what follows from it: an effect that asks a memo for a memo
        // below it, finds the upper one unchanged and then asks the lower one, takes it for
        // unchanged too.
        let entry = entry(chosen.get());
        (!is_empty.get()).then(|| (entry.tools)(store))
    });
    view! {
        <div class="tabs">
            <div class="tablist" role="tablist" aria-label="Views" on:keydown=walk>{tabs}</div>
            <span class="grow"></span>
            <div class="tools">{tools}</div>
        </div>
    }
    .into_any()
}

fn tab(store: Store, entry: &'static ViewEntry, chosen: Memo<ViewId>) -> AnyView {
    let is_chosen = move || chosen.get() == entry.id;
    let reason = memo(move || {
        let overview = store.overview.get()?;
        (entry.available)(&overview).err()
    });
    let count = (entry.id == ViewId::Stalls).then(|| stall_count(store));
    let key = key_of(Command::View(entry.id));
    view! {
        <button
            type="button"
            role="tab"
            id=tab_id(entry.id)
            aria-controls="view"
            aria-selected=move || is_chosen().to_string()
            aria-disabled=move || reason.with(Option::is_some).then_some("true")
            tabindex=move || if is_chosen() { "0" } else { "-1" }
            title=move || reason.get()
            aria-keyshortcuts=key
            on:click=move |_| store.dispatch(Action::View(entry.id))
        >
            {entry.title}
            {count}
            <kbd class="wide" aria-hidden="true">{key}</kbd>
        </button>
    }
    .into_any()
}

fn stall_count(store: Store) -> AnyView {
    let count = memo(move || store.stalls.with(|load| load.value()).map_or(0, |report| report.count));
    view! {
        <Show when=move || { count.get() > 0 }>
            <span class="count num">{live(move || count.get())}</span>
        </Show>
    }
    .into_any()
}

/// Id of a view's tab, which labels the view.
pub(super) fn tab_id(view: ViewId) -> &'static str {
    match view {
        ViewId::Flame => "tab-flame",
        ViewId::Table => "tab-table",
        ViewId::Stalls => "tab-stalls",
        ViewId::Memory => "tab-memory",
        ViewId::Trace => "tab-trace",
        ViewId::Series => "tab-series",
        ViewId::Compare => "tab-compare",
    }
}

/// Arrows move the focus along the tabs; Enter and space choose, as on any button.
fn walk(event: ev::KeyboardEvent) {
    let focused = crate::web::document().active_element();
    let next = focused.and_then(|tab| match event.key().as_str() {
        "ArrowRight" => tab.next_element_sibling(),
        "ArrowLeft" => tab.previous_element_sibling(),
        "Home" => tab.parent_element()?.first_element_child(),
        "End" => tab.parent_element()?.last_element_child(),
        _ => None,
    });
    if let Some(tab) = next.and_then(|tab| tab.dyn_into::<HtmlElement>().ok()) {
        let _ = tab.focus();
        event.prevent_default();
    }
}
