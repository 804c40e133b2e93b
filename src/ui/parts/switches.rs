//! A switch, and a choice of two to four.

use leptos::prelude::*;

/// A switch with its label.
#[component]
pub fn Toggle(
    /// What it switches.
    #[prop(into)]
    label: String,
    /// Whether it is on.
    #[prop(into)]
    is_on: Signal<bool>,
    /// Called when it is pressed.
    on_press: Callback<()>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="toggle"
            role="switch"
            aria-checked=move || is_on.get().to_string()
            on:click=move |_| on_press.run(())
        >
            <i aria-hidden="true"></i>
            {label}
        </button>
    }
}

/// One of several choices.
pub struct Segment {
    /// On the button.
    pub label: String,
    /// Whether it is chosen.
    pub is_on: Signal<bool>,
    /// Called when it is pressed.
    pub on_press: Callback<()>,
}

/// A row of two to four choices of which one is chosen; `label` says what is chosen.
pub fn segments(label: &'static str, choices: Vec<Segment>) -> AnyView {
    let buttons = choices.into_iter().map(|choice| {
        let Segment { label, is_on, on_press } = choice;
        view! {
            <button type="button" aria-pressed=move || is_on.get().to_string() on:click=move |_| on_press.run(())>
                {label}
            </button>
        }
    });
    view! { <span class="seg" role="group" aria-label=label>{buttons.collect_view()}</span> }.into_any()
}
