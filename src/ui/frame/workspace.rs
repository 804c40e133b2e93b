//! An open recording: filters, summary, findings, timeline, tabs, view and details.

use leptos::ev;
use leptos::prelude::*;

use super::{chips, details, findings, status, summary, tabs};
use crate::state::keys::Command;
use crate::ui::parts::icon;
use crate::ui::signals::{live, memo};
use crate::ui::store::Store;
use crate::ui::views::{self, timeline};
use crate::web::storage;

/// Least, usual and greatest width of the details, CSS pixels.
const DETAILS_PX: (f64, f64, f64) = (280.0, 344.0, 520.0);

/// How far an arrow key moves the splitter, CSS pixels.
const STEP_PX: f64 = 16.0;

/// The workspace of the active recording.
pub fn workspace(store: Store) -> AnyView {
    let has_time = memo(move || store.overview.with(|o| o.as_ref().is_some_and(|o| o.has_time || !o.lanes.is_empty())));
    let has_activity = memo(move || store.overview.with(|o| o.as_ref().is_some_and(|o| o.has_time)));
    let lanes = memo(move || timeline::lanes(store).map_or(0, |lanes| lanes.1));
    // Of recordings without call stacks there is nothing to sum up.
    let has_stacks = memo(move || store.overview.with(|o| o.as_ref().is_none_or(|o| !o.threads.is_empty())));
    view! {
        <div class="workspace">
            {chips::chips(store)}
            <Show when=move || has_stacks.get()>
                {summary::summary(store)}
            </Show>
            {findings::findings(store)}
            <Show when=move || has_time.get()>
                <section
                    class="timeline"
                    class:bare=move || !has_activity.get()
                    style=("--lanes", move || lanes.get().to_string())
                    aria-label="Timeline"
                >
                    {timeline::view(store)}
                </section>
            </Show>
            {tabs::tabs(store)}
            {split(store)}
            <Show when=move || has_stacks.get()>{status::status(store)}</Show>
        </div>
    }
    .into_any()
}

fn split(store: Store) -> AnyView {
    let width = RwSignal::new(kept_width());
    let side = live(move || match store.is_narrow.get() {
        true => details::sheet(store),
        false => view! { {splitter(width)}{details::panel(store, width)} }.into_any(),
    });
    view! { <div class="split">{pane(store)}{side}</div> }.into_any()
}

fn pane(store: Store) -> AnyView {
    let chosen = store.part(|state| state.view);
    let reason = memo(move || {
        let overview = store.overview.get()?;
        (views::entry(chosen.get()).available)(&overview).err()
    });
    let content = live(move || {
        // Before the reason, which depends on it: in the other order a change of the view that
        // leaves the reason as it is would be taken for none.
        let entry = views::entry(chosen.get());
        match reason.get() {
            Some(reason) => empty(store, entry.title, reason),
            None => (entry.component)(store),
        }
    });
    view! {
        <section id="view" class="pane" role="tabpanel" aria-labelledby=move || tabs::tab_id(chosen.get())>
            {content}
        </section>
    }
    .into_any()
}

/// Why there is nothing, and what to record instead.
fn empty(store: Store, title: &'static str, reason: String) -> AnyView {
    view! {
        <div class="center">
            <div class="why">
                <h2>{title}": nothing to show"</h2>
                <p>{reason}</p>
                <button type="button" class="btn" on:click=move |_| store.run(Command::Open)>
                    {icon("file")}
                    "Open another file"
                </button>
            </div>
        </div>
    }
    .into_any()
}

fn splitter(width: RwSignal<f64>) -> AnyView {
    let set = move |px: f64| {
        width.set(px.clamp(DETAILS_PX.0, DETAILS_PX.2));
        storage::write("details", Some(&width.get_untracked().round().to_string()));
    };
    let is_held = StoredValue::new(false);
    let drag = move |event: ev::PointerEvent| {
        if is_held.get_value() {
            set(crate::web::window_width() - f64::from(event.client_x()));
        }
    };
    let hold = move |event: ev::PointerEvent| {
        is_held.set_value(true);
        let bar: web_sys::Element = event_target(&event);
        let _ = bar.set_pointer_capture(event.pointer_id());
    };
    let key_down = move |event: ev::KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowLeft" => STEP_PX,
            "ArrowRight" => -STEP_PX,
            _ => return,
        };
        event.prevent_default();
        set(width.get_untracked() + step);
    };
    view! {
        <div
            class="splitter"
            role="separator"
            tabindex="0"
            aria-orientation="vertical"
            aria-label="Width of the details"
            aria-valuemin=DETAILS_PX.0
            aria-valuemax=DETAILS_PX.2
            aria-valuenow=move || width.get()
            on:pointerdown=hold
            on:pointermove=drag
            on:pointerup=move |_| is_held.set_value(false)
            on:dblclick=move |_| set(DETAILS_PX.1)
            on:keydown=key_down
        ></div>
    }
    .into_any()
}

fn kept_width() -> f64 {
    // Whole pixels: reading fractions would bring 20 KB of tables along.
    let kept = storage::read("details").and_then(|text| text.split('.').next()?.parse::<u16>().ok());
    kept.map_or(DETAILS_PX.1, f64::from).clamp(DETAILS_PX.0, DETAILS_PX.2)
}
