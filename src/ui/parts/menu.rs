//! A menu at a place of the page.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node};

use super::keycaps;
use crate::ui::signals::{effect, live};

/// Least distance from the edge of the window, CSS pixels.
const MARGIN_PX: f64 = 8.0;

/// One line of a menu.
#[derive(Clone)]
pub struct MenuItem {
    label: String,
    key: &'static str,
    is_apart: bool,
    why_not: Option<&'static str>,
    act: Callback<()>,
}

impl MenuItem {
    /// A line that does something.
    pub fn new(label: impl Into<String>, key: &'static str, act: impl Fn() + Send + Sync + 'static) -> Self {
        let act = Callback::new(move |()| act());
        Self { label: label.into(), key, is_apart: false, why_not: None, act }
    }

    /// Under a line.
    pub fn apart(mut self) -> Self {
        self.is_apart = true;
        self
    }

    /// Not to be chosen, and why, if there is a reason.
    pub fn unless(mut self, why_not: Option<&'static str>) -> Self {
        self.why_not = why_not;
        self
    }
}

/// A menu that is open.
#[derive(Clone)]
pub struct MenuAt {
    /// What it is about, above its lines.
    pub title: String,
    /// Its upper left corner in the window, CSS pixels; it gives way at the edges.
    pub at: (f64, f64),
    /// Its lines.
    pub items: Vec<MenuItem>,
}

/// Shows the menu while there is one. Arrows move in it, Enter chooses, Escape and a press beside it
/// close it, and the focus goes back.
#[component]
pub fn ContextMenu(
    /// What is open.
    open: RwSignal<Option<MenuAt>>,
) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let before = StoredValue::new_local(None::<Element>);
    let close = move || {
        if open.with_untracked(Option::is_some) {
            open.set(None);
            focus(before.try_update_value(Option::take).flatten());
        }
    };
    let beside = window_event_listener(ev::pointerdown, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
        if node.get_untracked().is_some_and(|node| !node.contains(target.as_ref())) {
            close();
        }
    });
    let resized = window_event_listener(ev::resize, move |_| close());
    on_cleanup(move || {
        beside.remove();
        resized.remove();
    });
    // Each time a menu has come onto the page: only then its size is known.
    effect(move || {
        let Some(menu) = node.get() else { return };
        let at = open.with_untracked(|open| open.as_ref().map_or((0.0, 0.0), |open| open.at));
        put(&menu, at);
        if before.with_value(Option::is_none) {
            before.set_value(crate::web::document().active_element());
        }
        focus(menu.query_selector("[role=menuitem]").ok().flatten());
    });
    let key_down = move |event: ev::KeyboardEvent| {
        // A menu is modal for the keyboard: no key reaches the page behind it.
        event.stop_propagation();
        match event.key().as_str() {
            "Escape" | "Tab" => close(),
            "ArrowDown" => step(node, 1),
            "ArrowUp" => step(node, -1),
            "Home" => focus(item(node, 0)),
            "End" => focus(item(node, -1)),
            _ => return,
        }
        event.prevent_default();
    };
    let menu = live(move || {
        let shown = open.get()?;
        let title = shown.title.clone();
        let rows = shown.items.into_iter().map(|item| row(item, Callback::new(move |()| close()))).collect_view();
        Some(view! {
            <div
                node_ref=node
                class="ctx"
                role="menu"
                aria-label=title
                on:keydown=key_down
                on:contextmenu=|event| event.prevent_default()
            >
                <p class="ctx-title mono" aria-hidden="true">{shown.title}</p>
                {rows}
            </div>
        })
    });
    view! { {menu} }
}

fn row(item: MenuItem, close: Callback<()>) -> AnyView {
    let MenuItem { label, key, is_apart, why_not, act } = item;
    let choose = move |_| {
        if why_not.is_none() {
            close.run(());
            act.run(());
        }
    };
    view! {
        <button
            type="button"
            role="menuitem"
            class="ctx-row"
            class:apart=is_apart
            tabindex="-1"
            aria-disabled=why_not.is_some().then_some("true")
            title=why_not
            on:click=choose
        >
            <span>{label}</span>
            {why_not.map(|why| view! { <em>{why}</em> })}
            {keycaps(key)}
        </button>
    }
    .into_any()
}

/// Puts the menu where it lies in the window as a whole.
fn put(menu: &HtmlElement, at: (f64, f64)) {
    let rect = menu.get_bounding_client_rect();
    let (width, height) = crate::web::window_size();
    let fit = |at: f64, length: f64, room: f64| at.min(room - length - MARGIN_PX).max(MARGIN_PX);
    let place = [("left", fit(at.0, rect.width(), width)), ("top", fit(at.1, rect.height(), height))];
    for (edge, px) in place {
        // Fails on a malformed name only.
        let _ = menu.style().set_property(edge, &format!("{px}px"));
    }
}

fn items(node: NodeRef<html::Div>) -> Vec<Element> {
    let list = node.get_untracked().and_then(|node| node.query_selector_all("[role=menuitem]").ok());
    let Some(list) = list else { return Vec::new() };
    (0..list.length()).filter_map(|i| list.item(i)?.dyn_into().ok()).collect()
}

/// An item by number; negative numbers count from the end.
fn item(node: NodeRef<html::Div>, number: isize) -> Option<Element> {
    let items = items(node);
    let index = number.rem_euclid(isize::try_from(items.len().max(1)).ok()?);
    items.into_iter().nth(index.unsigned_abs())
}

fn step(node: NodeRef<html::Div>, by: isize) {
    let focused = crate::web::document().active_element();
    let at = items(node).iter().position(|item| Some(item) == focused.as_ref());
    let next = at.and_then(|at| isize::try_from(at).ok()).map_or(0, |at| at + by);
    focus(item(node, next));
}

fn focus(element: Option<Element>) {
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}
