//! The browser's own modal dialog: it traps the focus, makes the page behind it inert, closes on
//! Escape and gives the focus back.

use js_sys::{Function, Reflect};
use wasm_bindgen::JsCast;
use web_sys::Element;

/// Shows a `<dialog>` over the page.
pub fn show_modal(dialog: &Element) {
    call(dialog, "showModal");
}

/// Closes a `<dialog>`.
pub fn close(dialog: &Element) {
    call(dialog, "close");
}

fn call(dialog: &Element, method: &str) {
    let function = Reflect::get(dialog, &method.into()).ok();
    if let Some(function) = function.and_then(|f| f.dyn_into::<Function>().ok()) {
        // It throws where the dialog is already shown, or no longer on the page.
        let _ = function.call0(dialog);
    }
}
