//! Keys that go down anywhere on the page.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent};

use super::store::Store;
use crate::state::keys::{Command, KeyPress, Place, lookup};

/// Listens as long as the page lives.
pub fn listen(store: Store) {
    let handle = window_event_listener(ev::keydown, move |event| key_down(store, &event));
    std::mem::forget(handle);
}

fn key_down(store: Store, event: &KeyboardEvent) {
    // What a component has acted upon, what is being composed, and what a dialog is for.
    if event.default_prevented() || event.is_composing() || store.dialog.get_untracked().is_some() {
        return;
    }
    let press = KeyPress {
        key: event.key(),
        code: event.code(),
        ctrl: event.ctrl_key() || event.meta_key(),
        alt: event.alt_key(),
        shift: event.shift_key(),
    };
    let place = event.target().and_then(|target| target.dyn_into().ok());
    let place = place.map_or(Place::Page, |element: Element| place_of(&element));
    let letters = store.letters.get_untracked();
    // A paste comes as an event of its own, with what was copied.
    let command = lookup(&press, place, letters).filter(|command| *command != Command::Paste);
    if command.is_some_and(|command| store.act(command)) {
        event.prevent_default();
    }
}

fn place_of(element: &Element) -> Place {
    if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
        let is_switch = matches!(input.type_().as_str(), "checkbox" | "radio" | "button" | "range");
        return if is_switch { Place::Control } else { Place::Field };
    }
    let is_editable = element.dyn_ref::<HtmlElement>().is_some_and(HtmlElement::is_content_editable);
    if is_editable || matches!(element.tag_name().as_str(), "TEXTAREA" | "SELECT") {
        return Place::Field;
    }
    let acts = "button, a[href], summary, [role=tab], [role=option], [role=separator], [role=menuitem]";
    if element.closest(acts).ok().flatten().is_some() { Place::Control } else { Place::Page }
}
