//! Light and dark: the choice on the page's root element, and the colours that a painter needs.

use wasm_bindgen::prelude::*;
use web_sys::MediaQueryList;

use super::{document, window};
use crate::draw::theme::Palette;
use crate::protocol::Theme;

/// Sets the page's theme; `None` follows the system.
pub fn choose(theme: Option<&str>) {
    let Some(root) = document().document_element() else { return };
    // These two fail on a malformed name only.
    let _ = match theme {
        Some(theme) => root.set_attribute("data-theme", theme),
        None => root.remove_attribute("data-theme"),
    };
}

/// Colours and fonts as the style sheet has them now. `colour_by` is `module` or `heat`.
pub fn read(colour_by: &str) -> Theme {
    let root = document().document_element();
    let style = root.and_then(|root| window().get_computed_style(&root).ok().flatten());
    let token = |name: &str| {
        let value = style.as_ref().and_then(|style| style.get_property_value(name).ok());
        value.unwrap_or_default().trim().to_owned()
    };
    Theme {
        colours: Palette::tokens().iter().map(|name| ((*name).to_owned(), token(name))).collect(),
        mono: token("--font-mono"),
        sans: token("--font-sans"),
        colour_by: colour_by.to_owned(),
    }
}

/// Whether a media query such as `(max-width: 899px)` holds.
pub fn holds(query: &str) -> bool {
    media(query).is_some_and(|media| media.matches())
}

/// Calls `on_change` whenever a media query begins or ceases to hold. Lasts as long as the page.
pub fn watch(query: &str, on_change: impl Fn(bool) + 'static) {
    let Some(media) = media(query) else { return };
    let watched = media.clone();
    let heard = Closure::<dyn Fn()>::new(move || on_change(watched.matches()));
    media.set_onchange(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}

fn media(query: &str) -> Option<MediaQueryList> {
    window().match_media(query).ok().flatten()
}
