//! A canvas that is painted elsewhere: it is given away once, and from then on only its size, its
//! pointers and its keys are here.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlCanvasElement, OffscreenCanvas};

use super::gesture::{Gesture, Gestures, Wheel};
use crate::web::size::{Size, SizeWatch};

/// A canvas that fills its parent.
#[component]
pub fn Canvas(
    /// Reference to the element.
    node: NodeRef<html::Canvas>,
    /// What it shows, for those who do not see it.
    #[prop(into)]
    label: Signal<String>,
    /// Id of the text that says how to use it.
    described_by: &'static str,
    /// Its size, kept up to date here.
    size: RwSignal<Size>,
    /// Called once, with the canvas to paint on.
    on_canvas: Callback<OffscreenCanvas>,
    /// Its pointers.
    gestures: Gestures,
    /// Called when the wheel turns over it.
    on_wheel: Callback<Wheel>,
    /// Called when a key goes down while it has the focus.
    #[prop(optional)]
    on_key: Option<Callback<ev::KeyboardEvent>>,
) -> impl IntoView {
    let watch = StoredValue::new_local(None::<SizeWatch>);
    node.on_load(move |canvas: HtmlCanvasElement| {
        // Fails where the canvas was given away before, which it never is: it is made here.
        if let Ok(offscreen) = canvas.transfer_control_to_offscreen() {
            on_canvas.run(offscreen);
        }
        let watching = SizeWatch::start(&canvas, move |new| {
            let _ = size.try_set(new);
        });
        let _ = watch.try_set_value(Some(watching));
    });
    let turn = move |event: ev::WheelEvent| {
        let element = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
        if let Some(element) = element {
            event.prevent_default();
            on_wheel.run(Wheel::of(&event, &element));
        }
    };
    let key_down = move |event: ev::KeyboardEvent| {
        if let Some(on_key) = on_key {
            on_key.run(event);
        }
    };
    view! {
        <canvas
            node_ref=node
            class="picture"
            role="img"
            tabindex="0"
            aria-label=move || label.get()
            aria-describedby=described_by
            on:pointerdown=move |event| gestures.down(&event)
            on:pointermove=move |event| gestures.moved(&event)
            on:pointerup=move |event| gestures.up(&event)
            on:pointercancel=move |event| gestures.cancelled(&event)
            on:pointerleave=move |_| gestures.left()
            on:contextmenu=move |event| gestures.menu(&event)
            on:wheel=turn
            on:keydown=key_down
        ></canvas>
    }
}

/// Whether anything of a gesture moves a pointer; then what was said at its old place goes.
pub fn is_move(gesture: &Gesture) -> bool {
    !matches!(gesture, Gesture::Hover(_) | Gesture::Leave)
}
