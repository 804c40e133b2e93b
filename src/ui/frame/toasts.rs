//! Short notes at the bottom that go by themselves; never the only place of what they say.

use std::time::Duration;

use leptos::prelude::*;

use crate::ui::parts::{icon, numbered};
use crate::ui::store::{Store, Toast};

/// How long a note stays while nobody looks at it.
const STAY: Duration = Duration::from_secs(6);

/// The notes.
#[component]
pub fn Toasts() -> impl IntoView {
    let store = expect_context::<Store>();
    let of_number = move |number| {
        let of_number = |toasts: &Vec<Toast>| toasts.iter().find(|toast| toast.number == number).cloned();
        store.toasts.with_untracked(of_number).map(|toast| one(store, toast)).into_any()
    };
    view! {
        <div class="toasts" role="status" aria-live="polite">
            {numbered(move || store.toasts.with(|toasts| toasts.iter().map(|toast| toast.number).collect()), of_number)}
        </div>
    }
}

fn one(store: Store, toast: Toast) -> AnyView {
    let Toast { number, text, more } = toast;
    let dismiss = move || store.toasts.update(|toasts| toasts.retain(|toast| toast.number != number));
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let hold = move || {
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    };
    let go_on = move || {
        hold();
        timer.set_value(set_timeout_with_handle(dismiss, STAY).ok());
    };
    go_on();
    on_cleanup(hold);
    let more = more.map(|dialog| {
        let show = move |_| {
            dismiss();
            store.dialog.set(Some(dialog));
        };
        view! { <button type="button" class="link" on:click=show>"Show"</button> }
    });
    view! {
        <div
            class="toast"
            on:pointerenter=move |_| hold()
            on:pointerleave=move |_| go_on()
            on:focusin=move |_| hold()
            on:focusout=move |_| go_on()
        >
            {icon("info")}
            <span>{text}</span>
            {more}
            <button type="button" class="icon" aria-label="Dismiss" on:click=move |_| dismiss()>{icon("x")}</button>
        </div>
    }
    .into_any()
}
