//! A button that opens a list of choices under it.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node};

use super::icon;
use crate::ui::signals::live;

/// One entry of a list.
#[derive(Clone)]
pub struct Choice {
    /// What it says.
    pub label: String,
    /// Quiet words behind it.
    pub note: String,
    /// Whether it is the chosen one.
    pub is_on: bool,
    /// Whether a line stands above it.
    pub is_apart: bool,
    /// Called when it is chosen.
    pub choose: Callback<()>,
    /// What its small button on the right does, and its label.
    pub extra: Option<(String, Callback<()>)>,
}

impl Choice {
    /// A plain entry.
    pub fn new(label: impl Into<String>, choose: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            label: label.into(),
            note: String::new(),
            is_on: false,
            is_apart: false,
            choose: Callback::new(move |()| choose()),
            extra: None,
        }
    }

    /// With quiet words behind it.
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Chosen, or not.
    pub fn chosen(mut self, is_on: bool) -> Self {
        self.is_on = is_on;
        self
    }

    /// Under a line.
    pub fn apart(mut self) -> Self {
        self.is_apart = true;
        self
    }
}

/// A button that opens a list. Arrows move in it, Enter chooses, Escape closes it.
#[component]
pub fn Picker(
    /// What is chosen, for the label of button and list.
    what: &'static str,
    /// Whether the list is open.
    #[prop(into)]
    is_open: Signal<bool>,
    /// Called when it wants to open or close.
    set_open: Callback<bool>,
    /// Class of the button.
    #[prop(default = "pick")]
    class: &'static str,
    /// What the button shows.
    face: AnyView,
    /// The list, made when it opens.
    choices: Callback<(), Vec<Choice>>,
) -> impl IntoView {
    let wrap = NodeRef::<html::Span>::new();
    let close_beside = window_event_listener(ev::pointerdown, move |event| {
        if is_open.get_untracked() && !holds(wrap, event.target()) {
            set_open.run(false);
        }
    });
    on_cleanup(move || close_beside.remove());
    let key_down = move |event: ev::KeyboardEvent| {
        if is_open.get_untracked() && move_in_list(wrap, &event.key(), set_open) {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    let leave = move |event: ev::FocusEvent| {
        // Focus that goes to another part of the page takes the list away; one that goes nowhere
        // is a click on something that takes no focus.
        if event.related_target().is_some() && !holds(wrap, event.related_target()) {
            set_open.run(false);
        }
    };
    let list = live(move || {
        is_open.get().then(|| {
            let choices = choices.run(());
            list_of(what, choices, set_open, wrap)
        })
    });
    view! {
        <span class="picker" node_ref=wrap on:keydown=key_down on:focusout=leave>
            <button
                type="button"
                class=class
                aria-label=what
                title=what
                aria-haspopup="menu"
                aria-expanded=move || is_open.get().to_string()
                on:click=move |_| set_open.run(!is_open.get_untracked())
            >
                {face}
            </button>
            {list}
        </span>
    }
}

fn list_of(what: &'static str, choices: Vec<Choice>, set_open: Callback<bool>, wrap: NodeRef<html::Span>) -> AnyView {
    request_animation_frame(move || {
        focus_at(wrap, "[role^=menuitem][aria-checked=true], [role^=menuitem]");
    });
    let rows = choices.into_iter().map(|choice| row(choice, set_open)).collect_view();
    view! { <div class="menu" role="menu" aria-label=what>{rows}</div> }.into_any()
}

fn row(choice: Choice, set_open: Callback<bool>) -> AnyView {
    let Choice { label, note, is_on, is_apart, choose, extra } = choice;
    let extra = extra.map(|(label, act)| {
        view! {
            <button type="button" class="icon" role="menuitem" aria-label=label.clone() title=label on:click=move |_| { set_open.run(false); act.run(()) }>
                {icon("x")}
            </button>
        }
    });
    view! {
        <div class="menu-row" class:apart=is_apart role="none">
            <button
                type="button"
                role="menuitemradio"
                aria-checked=is_on.to_string()
                on:click=move |_| {
                    set_open.run(false);
                    choose.run(());
                }
            >
                <span class="menu-check" aria-hidden="true">{is_on.then(|| icon("check"))}</span>
                <span class="menu-label">{label}</span>
                <em>{note}</em>
            </button>
            {extra}
        </div>
    }
    .into_any()
}

fn holds(wrap: NodeRef<html::Span>, target: Option<web_sys::EventTarget>) -> bool {
    let target = target.and_then(|target| target.dyn_into::<Node>().ok());
    wrap.get_untracked().is_some_and(|wrap| wrap.contains(target.as_ref()))
}

/// Whether the key meant something in an open list.
fn move_in_list(wrap: NodeRef<html::Span>, key: &str, set_open: Callback<bool>) -> bool {
    match key {
        "Escape" => {
            set_open.run(false);
            focus_at(wrap, "button");
            true
        }
        "ArrowDown" => step_focus(wrap, 1),
        "ArrowUp" => step_focus(wrap, -1),
        "Home" => focus_at(wrap, "[role^=menuitem]"),
        "End" => focus_at(wrap, ".menu-row:last-child [role^=menuitem]"),
        _ => false,
    }
}

fn focus_at(wrap: NodeRef<html::Span>, selector: &str) -> bool {
    // Asked for in the next frame, when the list may be gone with all around it.
    let wrap = wrap.try_get_untracked().flatten();
    let found = wrap.and_then(|wrap| wrap.query_selector(selector).ok().flatten());
    found.is_some_and(focus)
}

fn step_focus(wrap: NodeRef<html::Span>, step: i32) -> bool {
    let Some(wrap) = wrap.get_untracked() else { return false };
    let Ok(items) = wrap.query_selector_all("[role^=menuitem]") else { return false };
    let count = items.length() as i32;
    let focused = crate::web::document().active_element();
    let at = (0..count).find(|&index| {
        let item = items.item(index as u32).and_then(|item| item.dyn_into::<Element>().ok());
        item.is_some() && item == focused
    });
    let next = at.map_or(0, |at| (at + step).rem_euclid(count.max(1)));
    let item = items.item(next as u32).and_then(|item| item.dyn_into::<Element>().ok());
    item.is_some_and(focus)
}

fn focus(element: Element) -> bool {
    element.dyn_into::<HtmlElement>().is_ok_and(|element| element.focus().is_ok())
}
