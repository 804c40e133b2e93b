//! The browser, wrapped once each: workers, files, clipboard, storage, history, the canvas.
//!
//! Everything here is thin. It knows the browser and knows neither profiles nor the page's
//! components, so that the rooms above it hold no `JsValue` longer than a line.

pub mod clipboard;
pub mod dialog;
pub mod files;
pub mod history;
pub mod painter;
pub mod size;
pub mod storage;
pub mod theme;
pub mod timing;
pub mod wire;
pub mod worker_client;

use wasm_bindgen::JsCast;
use web_sys::{Document, Window};

/// The window.
pub fn window() -> Window {
    web_sys::window().expect("these functions are called on a page, which has a window")
}

/// The document.
pub fn document() -> Document {
    window().document().expect("a window that runs the page has a document")
}

/// Width of the window, CSS pixels.
pub fn window_width() -> f64 {
    let width = window().inner_width().ok().and_then(|width| width.as_f64());
    width.unwrap_or_default()
}

/// Width and height of the page in the window, CSS pixels.
pub fn window_size() -> (f64, f64) {
    let root = document().document_element();
    root.map_or((0.0, 0.0), |root| (root.client_width().into(), root.client_height().into()))
}

/// The text that the person has marked on the page.
pub fn marked_text() -> String {
    let selection = js_sys::Reflect::get(&window(), &"getSelection".into()).ok();
    let selection = selection.and_then(|f| f.dyn_into::<js_sys::Function>().ok());
    let selection = selection.and_then(|f| f.call0(&window()).ok());
    let text = selection.and_then(|selection| selection.dyn_into::<js_sys::Object>().ok());
    text.map(|text| String::from(text.to_string())).unwrap_or_default()
}

/// Scrolls as little as is needed to show an element.
pub fn reveal(element: &web_sys::Element) {
    let options = web_sys::ScrollIntoViewOptions::new();
    // Setting a property of a plain object does not fail.
    let _ = js_sys::Reflect::set(&options, &"block".into(), &"nearest".into());
    element.scroll_into_view_with_scroll_into_view_options(&options);
}
