//! The timeline above the views.

use leptos::prelude::*;

use crate::ui::store::Store;

/// Shown where the recording has time; fills its slot.
pub fn view(_store: Store) -> AnyView {
    view! { <div></div> }.into_any()
}
