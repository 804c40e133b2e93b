//! The switches of the flame graph, right of the tabs; on a narrow page, one list.

use leptos::prelude::*;

use crate::model::vocab::{Filter, Order};
use crate::state::keys::{Command, key_of};
use crate::state::{Action, ColourBy};
use crate::ui::parts::{Choice, Picker, Segment, Toggle, icon, keycaps, segments};
use crate::ui::signals::memo;
use crate::ui::store::Store;

/// Why there is no order of time.
const NO_TIME: &str = "This recording has no time: its samples were added up when it was written.";

/// The switches.
pub fn tools(store: Store) -> AnyView {
    let upwards = store.part(|state| state.upwards);
    let turn = move |wanted: bool| {
        Callback::new(move |()| {
            if upwards.get_untracked() != wanted {
                store.dispatch(Action::ToggleUpwards);
            }
        })
    };
    let ways = vec![
        Segment { label: "Icicle".to_owned(), is_on: Signal::derive(move || !upwards.get()), on_press: turn(false) },
        Segment { label: "Flame".to_owned(), is_on: upwards.into(), on_press: turn(true) },
    ];
    let callers = store.part(|state| state.callers);
    view! {
        {segments("Root", ways)}
        {orders(store)}
        <button
            type="button"
            class="btn sm"
            class:on=move || callers.get()
            aria-pressed=move || callers.get().to_string()
            title="Callers of each function instead of what it calls"
            on:click=move |_| store.dispatch(Action::ToggleCallers)
        >
            "Callers"
            {keycaps(key_of(Command::Invert))}
        </button>
        {own_code(store)}
        {colours(store)}
    }
    .into_any()
}

/// The orders of siblings. The one of time stays in its place where there is none, and says why.
fn orders(store: Store) -> AnyView {
    let chosen = store.part(|state| state.order);
    let callers = store.part(|state| state.callers);
    let why_not = memo(move || why_no_time(store, callers.get()));
    let order = move |label: &'static str, order: Order| {
        let reason = memo(move || if order == Order::Time { why_not.get() } else { why_only_time(store) });
        let press = move |_| match reason.get_untracked() {
            Some(why) => store.toast(why, None),
            None => store.dispatch(Action::SetOrder(order)),
        };
        view! {
            <button
                type="button"
                aria-pressed=move || (chosen.get() == order).to_string()
                aria-disabled=move || reason.get().map(|_| "true")
                title=move || reason.get()
                on:click=press
            >
                {label}
            </button>
        }
    };
    view! {
        <span class="seg" role="group" aria-label="Order of siblings">
            {order("Weight", Order::Weight)}
            {order("Name", Order::Name)}
            {order("Time", Order::Time)}
        </span>
    }
    .into_any()
}

/// Why there is no order but that of time.
fn why_only_time(store: Store) -> Option<&'static str> {
    let is_bare = store.overview.with(|o| o.as_ref().is_some_and(|o| o.has_events && o.threads.is_empty()));
    is_bare.then_some("This recording has events and no samples: they stand in the order of time.")
}

fn why_no_time(store: Store, callers: bool) -> Option<&'static str> {
    let has_time = store.overview.with(|overview| overview.as_ref().is_none_or(|o| o.has_time || o.has_events));
    if !has_time {
        Some(NO_TIME)
    } else if callers {
        Some("Callers have no order of time: calls from many moments stand in one box.")
    } else {
        None
    }
}

fn own_code(store: Store) -> AnyView {
    let is_on = store.part(|state| state.filters.contains(&Filter::OwnCode));
    view! {
        <Toggle
            label="My code only"
            is_on=is_on
            on_press=Callback::new(move |()| store.dispatch(Action::ToggleOwnCode))
        />
    }
    .into_any()
}

/// Hue, and what is chosen rarely.
fn colours(store: Store) -> AnyView {
    let by = store.part(|state| state.colour_by);
    let face = view! {
        <em>"Colour"</em>
        <span>{move || colour_name(by.get())}</span>
        {icon("down")}
    };
    picker(store, "Colour and more", face.into_any(), colour_choices)
}

/// Everything in one list, for a narrow page.
pub(super) fn options(store: Store) -> AnyView {
    let face = view! { <em>"View"</em>{icon("down")} };
    picker(store, "View options", face.into_any(), |store| {
        let mut choices = drawing_choices(store);
        choices.extend(colour_choices(store));
        choices
    })
}

fn picker(store: Store, what: &'static str, face: AnyView, choices: fn(Store) -> Vec<Choice>) -> AnyView {
    let is_open = RwSignal::new(false);
    view! {
        <Picker
            what=what
            is_open=is_open
            set_open=Callback::new(move |open| is_open.set(open))
            class="pick sm"
            face=face
            choices=Callback::new(move |()| choices(store))
        />
    }
    .into_any()
}

fn drawing_choices(store: Store) -> Vec<Choice> {
    let state = store.state.get_untracked();
    let turn = move |wanted: bool| {
        move || {
            if store.state.with_untracked(|state| state.upwards) != wanted {
                store.dispatch(Action::ToggleUpwards);
            }
        }
    };
    let order = move |order| move || store.dispatch(Action::SetOrder(order));
    let is_own = state.filters.contains(&Filter::OwnCode);
    let mut choices = vec![
        Choice::new("Root at the top", turn(false)).chosen(!state.upwards),
        Choice::new("Root at the bottom", turn(true)).chosen(state.upwards),
        Choice::new("Heaviest left", order(Order::Weight)).chosen(state.order == Order::Weight).apart(),
        Choice::new("By name", order(Order::Name)).chosen(state.order == Order::Name),
    ];
    if why_no_time(store, state.callers).is_none() {
        choices.push(Choice::new("By time", order(Order::Time)).chosen(state.order == Order::Time));
    }
    choices.push(Choice::new("Callers", move || store.dispatch(Action::ToggleCallers)).chosen(state.callers).apart());
    choices.push(Choice::new("My code only", move || store.dispatch(Action::ToggleOwnCode)).chosen(is_own));
    choices
}

fn colour_choices(store: Store) -> Vec<Choice> {
    let state = store.state.get_untracked();
    let colour = move |by| {
        let choice =
            Choice::new(format!("Colour by {}", colour_words(by)), move || store.dispatch(Action::SetColourBy(by)));
        choice.chosen(state.colour_by == by)
    };
    let mut choices = vec![colour(ColourBy::Module).apart(), colour(ColourBy::Heat)];
    // Where collections fall into is told by the samples around them: without time there are none.
    if store.overview.with_untracked(|overview| overview.as_ref().is_some_and(|overview| overview.has_time)) {
        let nest = Choice::new("Garbage collection under its caller", move || store.dispatch(Action::ToggleNestGc));
        choices.push(nest.chosen(state.nest_gc).apart());
    }
    choices
}

fn colour_name(by: ColourBy) -> &'static str {
    match by {
        ColourBy::Module => "Module",
        ColourBy::Heat => "Heat",
    }
}

fn colour_words(by: ColourBy) -> &'static str {
    match by {
        ColourBy::Module => "module",
        ColourBy::Heat => "own share (heat)",
    }
}
