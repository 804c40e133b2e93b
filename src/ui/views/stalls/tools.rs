//! The threshold from which on a turn of the loop is a stall.

use leptos::ev;
use leptos::prelude::*;

use crate::state::Action;
use crate::state::keys::{Command, key_of};
use crate::state::update::THRESHOLD_MS;
use crate::ui::parts::{Choice, Picker, icon, keycaps};
use crate::ui::store::Store;

/// Lengths that mean something: a frame of a screen, a long task, what a person notices.
const PRESETS: [(u32, &str); 5] = [
    (16, "one frame of a screen"),
    (50, "a long task"),
    (100, "a person notices"),
    (250, "a slow answer"),
    (1000, "a timeout nears"),
];

/// The switches, right of the tabs.
pub fn tools(store: Store) -> AnyView {
    view! {
        <span class="quiet stall-keys">
            {keycaps(key_of(Command::PreviousStall))}
            {keycaps(key_of(Command::NextStall))}
            " previous, next"
        </span>
        {threshold(store)}
    }
    .into_any()
}

/// The threshold: a number, and presets.
pub(super) fn threshold(store: Store) -> AnyView {
    let now = store.part(|state| state.threshold_ms);
    let is_open = RwSignal::new(false);
    let set = move |event: ev::Event| {
        if let Ok(ms) = event_target_value(&event).trim().parse::<u32>() {
            store.dispatch(Action::Threshold(ms));
        }
    };
    let choices = move |()| {
        let choice = |(ms, why): (u32, &str)| {
            let label = format!("{ms} ms");
            let choice = Choice::new(label, move || store.dispatch(Action::Threshold(ms)));
            choice.with_note(why).chosen(now.get_untracked() == ms)
        };
        PRESETS.into_iter().map(choice).collect()
    };
    view! {
        <span class="threshold">
            <label>
                <em>"Over"</em>
                <input
                    type="number"
                    inputmode="numeric"
                    min=THRESHOLD_MS.0
                    max=THRESHOLD_MS.1
                    step="1"
                    prop:value=move || now.get().to_string()
                    on:change=set
                />
                "ms"
            </label>
            <Picker
                what="Usual thresholds"
                is_open=is_open
                set_open=Callback::new(move |open| is_open.set(open))
                class="icon"
                face=icon("down")
                choices=Callback::new(choices)
            />
        </span>
    }
    .into_any()
}
