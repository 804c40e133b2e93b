//! What stands around the views: header, filters, summary, tabs, details, status; and what stands
//! in their place while there is no open recording.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

mod cards;
mod chips;
mod compare;
mod details;
mod drop;
mod findings;
mod found;
mod header;
mod help;
mod landing;
mod missing;
mod notes;
mod palette;
mod recipes;
mod status;
mod summary;
mod tabs;
mod toasts;
mod workspace;

use super::parts::icon::symbols;
use super::session::{Phase, Session};
use super::store::{Dialog, Store};
use crate::ui::signals::{effect, live, memo};

/// What fills the page.
#[derive(Clone, PartialEq)]
enum Stage {
    /// Nothing is open.
    Landing,
    /// The view names a recording that the page does not have.
    Missing,
    /// The recording is being opened.
    Opening(Session),
    /// It could not be opened, or was lost.
    Failed(Session),
    /// It is open.
    Open,
}

impl Stage {
    fn of(store: Store) -> Self {
        let Some(session) = store.active.get() else {
            let names_any = store.state.with(|state| !state.files.is_empty());
            return if names_any { Self::Missing } else { Self::Landing };
        };
        session.phase.with(|phase| match phase {
            Phase::Opening(_) => Self::Opening(session),
            Phase::Open(_) => Self::Open,
            Phase::Failed(_) | Phase::Died(_) | Phase::Closed => Self::Failed(session),
        })
    }
}

/// The page.
#[component]
pub fn Page() -> impl IntoView {
    let store = expect_context::<Store>();
    let stage = memo(move || Stage::of(store));
    let content = live(move || match stage.get() {
        Stage::Landing => landing::landing(store),
        Stage::Missing => missing::missing(store),
        Stage::Opening(session) => cards::opening(store, session),
        Stage::Failed(session) => cards::failed(store, session),
        Stage::Open => workspace::workspace(store),
    });
    follow_stage(store, stage);
    view! {
        {symbols()}
        <a class="skip" href="#content" on:click=skip_to_content>"Skip to the content"</a>
        <header::Header/>
        {live(move || problem_of_address(store))}
        <main id="content" tabindex="-1">{content}</main>
        <drop::DropZone/>
        <toasts::Toasts/>
        <span class="offscreen" role="status">{live(move || store.announcement.get())}</span>
        {live(move || dialog(store))}
    }
}

/// The title names what is shown. And when what had the focus is gone with its stage, the focus goes
/// to the content instead of back to the top of the page.
fn follow_stage(store: Store, stage: Memo<Stage>) {
    let name = store.part(|state| state.files.get(state.active).map(|file| file.name.clone()));
    effect(move || {
        let title = name.get().map_or_else(|| "Culprit".to_owned(), |name| format!("{name} – Culprit"));
        crate::web::document().set_title(&title);
    });
    Effect::new(move |former: Option<Stage>| {
        let stage = stage.get();
        if former.is_some_and(|former| former != stage) {
            request_animation_frame(focus_content_if_lost);
        }
        stage
    });
}

fn focus_content_if_lost() {
    let focused = crate::web::document().active_element();
    if focused.is_none_or(|element| element.tag_name() == "BODY") {
        focus_content();
    }
}

fn focus_content() {
    let main = crate::web::document().get_element_by_id("content");
    if let Some(main) = main.and_then(|main| main.dyn_into::<HtmlElement>().ok()) {
        let _ = main.focus();
    }
}

/// The fragment is the view's address, so the link must not become one.
fn skip_to_content(event: leptos::ev::MouseEvent) {
    event.prevent_default();
    focus_content();
}

fn problem_of_address(store: Store) -> AnyView {
    let Some(problem) = store.address_problem.get() else { return ().into_any() };
    view! {
        <p class="banner" role="alert">
            {super::parts::icon("alert")}
            <span>{problem}" The page works as usual; open a file to go on."</span>
            <button type="button" class="icon" aria-label="Dismiss" on:click=move |_| store.address_problem.set(None)>
                {super::parts::icon("x")}
            </button>
        </p>
    }
    .into_any()
}

fn dialog(store: Store) -> AnyView {
    match store.dialog.get() {
        None => ().into_any(),
        Some(Dialog::Help) => help::help(store),
        Some(Dialog::Palette) => palette::palette(store),
        Some(Dialog::Compare) => compare::compare(store),
        Some(Dialog::Notes) => notes::notes(store),
    }
}

/// Closes whatever dialog is open.
fn close_dialog(store: Store) -> Callback<()> {
    Callback::new(move |()| store.dialog.set(None))
}
