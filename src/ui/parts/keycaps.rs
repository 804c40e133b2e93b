//! Keys as caps.

use leptos::prelude::*;

use crate::state::keys::caps;

/// A key such as `Ctrl+K`, cap by cap; nothing for an empty one.
pub fn keycaps(key: &str) -> AnyView {
    if key.is_empty() {
        return ().into_any();
    }
    let caps = caps(key).into_iter().map(|cap| view! { <kbd>{cap}</kbd> }).collect_view();
    view! { <span class="caps" aria-hidden="true">{caps}</span> }.into_any()
}
