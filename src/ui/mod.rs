//! The page: Leptos components that show one view state and send actions.
//!
//! - [`store`] is what components share; [`session`] is one opened recording in its worker;
//!   [`ask`] asks it whatever follows the view.
//! - `frame/` is what stands around the views: header, filters, summary, tabs, details, status.
//! - `views/` holds one file per view and their registry [`views::VIEWS`].
//! - `parts/` knows nothing of profiles.
//!
//! Components format what they are given and compute nothing.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

pub mod address;
pub mod ask;
mod commands;
pub mod examples;
pub mod format;
mod frame;
mod keyboard;
pub mod load;
mod opening;
pub mod parts;
mod rehearsal;
pub mod session;
mod signals;
pub mod store;
pub mod views;
pub mod workers;

pub use ask::use_answer;
pub use load::Load;
pub use session::{Phase, Session};
pub use store::{Dialog, Menu, Store};

/// Puts the page into the document's body. What stands there until then is for browsers in which
/// the program does not start.
pub fn start() {
    if let Some(waiting) = crate::web::document().get_element_by_id("status") {
        waiting.remove();
    }
    leptos::mount::mount_to_body(App);
    if let Some(body) = crate::web::document().body() {
        body.unchecked_into::<web_sys::Element>().class_list().add_1("is-ready").ok();
    }
}

#[component]
fn App() -> impl IntoView {
    let store = Store::start();
    provide_context(store);
    keyboard::listen(store);
    store.fetch_missing_examples();
    view! { <frame::Page/> }
}
