//! A modal dialog: focus stays inside, Escape and a click beside it close it, focus goes back.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::icon;
use crate::web::dialog;

/// A dialog that is open as long as it is on the page.
#[component]
pub fn Modal(
    /// Its heading.
    title: &'static str,
    /// Its class, for its width.
    class: &'static str,
    /// Whether the heading is shown, or only told to screen readers.
    #[prop(default = true)]
    has_heading: bool,
    /// Called when it wants to close.
    on_close: Callback<()>,
    /// Right of the heading.
    #[prop(optional, into)]
    tools: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    node.on_load(|element| dialog::show_modal(&element));
    let close_beside = move |event: ev::MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        // The backdrop belongs to the dialog's element; what is inside lies in children.
        if target.is_some_and(|target| target.tag_name() == "DIALOG") {
            on_close.run(());
        }
    };
    let heading = has_heading.then(|| {
        view! {
            <header class="dlg-h">
                <h2>{title}</h2>
                <span class="grow"></span>
                {tools}
                <button type="button" class="icon" aria-label="Close" on:click=move |_| on_close.run(())>
                    {icon("x")}
                </button>
            </header>
        }
    });
    view! {
        <dialog node_ref=node class=format!("dialog {class}") aria-label=title on:click=close_beside on:close=move |_| on_close.run(())>
            <div class="dlg-b">{heading}{children()}</div>
        </dialog>
    }
}
