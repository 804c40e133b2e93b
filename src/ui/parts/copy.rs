//! A button that copies a text.

use std::time::Duration;

use leptos::prelude::*;

use super::icon;
use crate::ui::signals::live;
use crate::web::clipboard;

/// Copies `text`; for a moment it shows that it did.
#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    text: Signal<String>,
    /// What it is, for the label: `command`.
    what: &'static str,
) -> impl IntoView {
    let is_done = RwSignal::new(false);
    let copy = move |_| {
        let text = text.get_untracked();
        leptos::task::spawn_local(async move {
            if clipboard::write(&text).await {
                is_done.set(true);
                set_timeout(move || is_done.set(false), Duration::from_millis(1500));
            }
        });
    };
    let label = move || if is_done.get() { format!("{what} copied") } else { format!("Copy {what}") };
    view! {
        <button type="button" class="icon" aria-label=label title=label on:click=copy>
            {live(move || icon(if is_done.get() { "check" } else { "copy" }))}
        </button>
    }
}
