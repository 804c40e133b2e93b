//! The browser's history and the address. Each entry carries its position in the tab's history, so
//! that the page knows which way Back and Forward went.

use wasm_bindgen::prelude::*;
use web_sys::{History, PopStateEvent};

use super::window;

/// The fragment of the address, without `#`.
pub fn fragment() -> String {
    let hash = window().location().hash().unwrap_or_default();
    hash.strip_prefix('#').unwrap_or(&hash).to_owned()
}

/// The whole address, to be copied.
pub fn address() -> String {
    window().location().href().unwrap_or_default()
}

/// The position that the current entry carries, if it is one of ours.
pub fn position() -> Option<u32> {
    position_of(&history()?.state().ok()?)
}

/// Adds an entry.
pub fn push(position: u32, fragment: &str) {
    if let Some(history) = history() {
        // Browsers refuse to write too often or too much; the page works on without.
        let _ = history.push_state_with_url(&position.into(), "", Some(&target(fragment)));
    }
}

/// Rewrites the current entry.
pub fn replace(position: u32, fragment: &str) {
    if let Some(history) = history() {
        let _ = history.replace_state_with_url(&position.into(), "", Some(&target(fragment)));
    }
}

/// Goes `by` entries; the answer comes through [`on_walk`].
pub fn go(by: i32) {
    if let Some(history) = history() {
        let _ = history.go_with_delta(by);
    }
}

/// Calls `on_walk` after each walk along the history, with the position that the entry carries:
/// `None` for an address that the person wrote. Lasts as long as the page.
pub fn on_walk(mut on_walk: impl FnMut(Option<u32>) + 'static) {
    let heard = move |event: PopStateEvent| on_walk(position_of(&event.state()));
    let heard = Closure::<dyn FnMut(PopStateEvent)>::new(heard);
    window().set_onpopstate(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}

fn history() -> Option<History> {
    window().history().ok()
}

/// An empty fragment is no fragment: the plain address of the page.
fn target(fragment: &str) -> String {
    if !fragment.is_empty() {
        return format!("#{fragment}");
    }
    let location = window().location();
    let (path, query) = (location.pathname(), location.search());
    format!("{}{}", path.unwrap_or_default(), query.unwrap_or_default())
}

fn position_of(state: &JsValue) -> Option<u32> {
    let position = state.as_f64()?;
    let is_whole = position >= 0.0 && position.fract() == 0.0 && position < f64::from(u32::MAX);
    is_whole.then_some(position as u32)
}
