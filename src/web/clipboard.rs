//! The clipboard: text and files in, text out.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ClipboardEvent, HtmlElement, HtmlTextAreaElement};

use super::files::{Picked, of_list};
use super::{document, window};

/// Puts a text on the clipboard. `false` where the browser does not allow it.
pub async fn write(text: &str) -> bool {
    let clipboard = window().navigator().clipboard();
    // Pages on plain http have no clipboard at all: the property is undefined there.
    if clipboard.is_undefined() {
        return write_by_selection(text);
    }
    JsFuture::from(clipboard.write_text(text)).await.is_ok() || write_by_selection(text)
}

/// The files of a paste, or else its text.
pub fn pasted(event: &ClipboardEvent) -> Option<Picked> {
    let data = event.clipboard_data()?;
    let files = of_list(data.files());
    if !files.is_empty() {
        return Some(Picked::Files(files));
    }
    let text = data.get_data("text/plain").ok()?;
    (!text.trim().is_empty()).then_some(Picked::Text(text))
}

/// The text on the clipboard, where the browser lets a button read it.
pub async fn read_text() -> Option<String> {
    let clipboard = window().navigator().clipboard();
    if clipboard.is_undefined() {
        return None;
    }
    let text = JsFuture::from(clipboard.read_text()).await.ok()?;
    text.as_string().filter(|text| !text.trim().is_empty())
}

/// The way from before there was a clipboard to ask: select a text and copy the selection.
fn write_by_selection(text: &str) -> bool {
    let document = document();
    let Ok(field) = document.create_element("textarea") else { return false };
    let field: HtmlTextAreaElement = field.unchecked_into();
    field.set_value(text);
    field.set_class_name("offscreen");
    let Some(body) = document.body() else { return false };
    let focused = document.active_element();
    let _ = body.append_child(&field);
    field.select();
    let copy = js_sys::Reflect::get(&document, &"execCommand".into());
    let copied = copy
        .ok()
        .and_then(|f| f.dyn_into::<js_sys::Function>().ok())
        .and_then(|f| f.call1(&document, &"copy".into()).ok())
        .is_some_and(|done| done.is_truthy());
    field.remove();
    if let Some(focused) = focused.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = focused.focus();
    }
    copied
}
