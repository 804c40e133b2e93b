//! Icons, drawn from the symbols that stand once on the page.

use leptos::prelude::*;

/// An icon by name; it is decoration, so its button carries the label.
pub fn icon(name: &'static str) -> AnyView {
    let symbol = format!("#i-{name}");
    view! { <svg class="ic" aria-hidden="true"><use href=symbol></use></svg> }.into_any()
}

/// All symbols, once on the page.
pub fn symbols() -> AnyView {
    view! {
        <svg class="symbols" aria-hidden="true">
            <symbol id="i-search" viewBox="0 0 16 16"><circle cx="7" cy="7" r="4.2"></circle><path d="M10.2 10.2 13.5 13.5"></path></symbol>
            <symbol id="i-lock" viewBox="0 0 16 16"><rect x="3.5" y="7" width="9" height="6.5" rx="1.5"></rect><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"></path></symbol>
            <symbol id="i-share" viewBox="0 0 16 16"><path d="M8 10V2.5M5.2 5 8 2.3 10.8 5"></path><path d="M3.5 8.5v4a1 1 0 0 0 1 1h7a1 1 0 0 0 1-1v-4"></path></symbol>
            <symbol id="i-help" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5.8"></circle><path d="M6.4 6.4a1.7 1.7 0 1 1 2.4 1.6c-.5.2-.8.6-.8 1.1v.3M8 11.4v.1"></path></symbol>
            <symbol id="i-theme" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5.5"></circle><path class="solid" d="M8 2.5v11a5.5 5.5 0 0 0 0-11z"></path></symbol>
            <symbol id="i-light" viewBox="0 0 16 16"><circle cx="8" cy="8" r="2.8"></circle><path d="M8 2v1.4M8 12.6V14M2 8h1.4M12.6 8H14M3.8 3.8l1 1M11.2 11.2l1 1M12.2 3.8l-1 1M4.8 11.2l-1 1"></path></symbol>
            <symbol id="i-dark" viewBox="0 0 16 16"><path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z"></path></symbol>
            <symbol id="i-down" viewBox="0 0 16 16"><path d="m4.5 6.5 3.5 3.5 3.5-3.5"></path></symbol>
            <symbol id="i-right" viewBox="0 0 16 16"><path d="m6.5 4.5 3.5 3.5-3.5 3.5"></path></symbol>
            <symbol id="i-left" viewBox="0 0 16 16"><path d="M9.5 4.5 6 8l3.5 3.5"></path></symbol>
            <symbol id="i-x" viewBox="0 0 16 16"><path d="m4.5 4.5 7 7M11.5 4.5l-7 7"></path></symbol>
            <symbol id="i-plus" viewBox="0 0 16 16"><path d="M8 3.5v9M3.5 8h9"></path></symbol>
            <symbol id="i-swap" viewBox="0 0 16 16"><path d="M3 5.5h9M9.5 3 12 5.5 9.5 8M13 10.5H4M6.5 8 4 10.5 6.5 13"></path></symbol>
            <symbol id="i-undo" viewBox="0 0 16 16"><path d="M5.5 4 3 6.5 5.5 9"></path><path d="M3 6.5h6a3.5 3.5 0 0 1 0 7H6"></path></symbol>
            <symbol id="i-redo" viewBox="0 0 16 16"><path d="M10.5 4 13 6.5 10.5 9"></path><path d="M13 6.5H7a3.5 3.5 0 0 0 0 7h3"></path></symbol>
            <symbol id="i-copy" viewBox="0 0 16 16"><rect x="5.5" y="5.5" width="8" height="8" rx="1.5"></rect><path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5"></path></symbol>
            <symbol id="i-file" viewBox="0 0 16 16"><path d="M4 2.5h5l3.5 3.5v7.5H4z"></path><path d="M9 2.5V6h3.5"></path></symbol>
            <symbol id="i-check" viewBox="0 0 16 16"><path d="m3.5 8.5 3 3 6-7"></path></symbol>
            <symbol id="i-more" viewBox="0 0 16 16"><circle class="solid" cx="3.5" cy="8" r=".9"></circle><circle class="solid" cx="8" cy="8" r=".9"></circle><circle class="solid" cx="12.5" cy="8" r=".9"></circle></symbol>
            <symbol id="i-filter" viewBox="0 0 16 16"><path d="M2.5 4h11M4.5 8h7M6.5 12h3"></path></symbol>
            <symbol id="i-sort" viewBox="0 0 16 16"><path d="M8 3.5v9M4.8 9.5 8 12.7l3.2-3.2"></path></symbol>
            <symbol id="i-info" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5.8"></circle><path d="M8 7.3v3.6M8 5.1v.1"></path></symbol>
            <symbol id="i-alert" viewBox="0 0 16 16"><path d="M8 2.5 14 13H2z"></path><path d="M8 6.5v3M8 11.2v.1"></path></symbol>
            <symbol id="i-list" viewBox="0 0 16 16"><path d="M3 4.5h10M3 8h10M3 11.5h6"></path></symbol>
            <symbol id="i-fn" viewBox="0 0 16 16"><path d="M10.5 3c-2 0-2 1.5-2.3 3.2L7.3 11c-.3 1.5-.8 2-2.3 2M5 7h5.5"></path></symbol>
            <symbol id="i-keys" viewBox="0 0 16 16"><rect x="2" y="4" width="12" height="8" rx="1.5"></rect><path d="M4.5 6.5h.1M7 6.5h.1M9.5 6.5h.1M12 6.5h-.1M5 9.5h6"></path></symbol>
        </svg>
    }
    .into_any()
}
