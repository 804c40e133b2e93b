//! The table view.

use leptos::prelude::*;

use crate::ui::store::Store;

/// The view.
pub fn view(_store: Store) -> AnyView {
    view! { <div></div> }.into_any()
}

/// Its switches, right of the tabs.
pub fn tools(_store: Store) -> AnyView {
    ().into_any()
}
