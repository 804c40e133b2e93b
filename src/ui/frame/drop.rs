//! The whole window takes files: dropped anywhere, pasted, or picked.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use crate::ui::commands::FILE_FIELD;
use crate::ui::parts::icon;
use crate::ui::store::Store;
use crate::web::clipboard;
use crate::web::files::{self, Picked};

/// Listens to the window; shows where to drop while something is dragged over it.
#[component]
pub fn DropZone() -> impl IntoView {
    let store = expect_context::<Store>();
    let is_over = RwSignal::new(false);
    listen(store, is_over);
    let pick = move |event| store.open_files(files::picked(&event_target::<HtmlInputElement>(&event)));
    view! {
        <input
            id=FILE_FIELD
            class="offscreen"
            type="file"
            multiple=true
            tabindex="-1"
            aria-label="Open files"
            on:change=pick
        />
        <Show when=move || is_over.get()>
            <div class="drop-over" aria-hidden="true">
                <div>{icon("file")}<b>"Drop to open"</b><span>"Several files open as several recordings, those of a folder as one."</span></div>
            </div>
        </Show>
    }
}

fn listen(store: Store, is_over: RwSignal<bool>) {
    let over = window_event_listener(ev::dragover, move |event| {
        if files::holds_files(&event) {
            event.prevent_default();
            is_over.set(true);
        }
    });
    // Leaving the window leads nowhere; leaving an element leads to another one.
    let leave = window_event_listener(ev::dragleave, move |event| {
        if event.related_target().is_none() {
            is_over.set(false);
        }
    });
    let dropped = window_event_listener(ev::drop, move |event| {
        event.prevent_default();
        is_over.set(false);
        files::dropped(&event, move |files| store.open_files(files));
    });
    let pasted = window_event_listener(ev::paste, move |event: web_sys::ClipboardEvent| {
        if is_typing(&event) {
            return;
        }
        match clipboard::pasted(&event) {
            Some(Picked::Files(files)) => store.open_files(files),
            Some(Picked::Text(text)) => store.open_text(&text),
            None => {}
        }
    });
    on_cleanup(move || {
        over.remove();
        leave.remove();
        dropped.remove();
        pasted.remove();
    });
}

fn is_typing(event: &web_sys::ClipboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA"))
}
