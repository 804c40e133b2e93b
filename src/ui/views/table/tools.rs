//! The switches of the table.

use leptos::prelude::*;

use super::copying::{Style, copy_table};
use crate::state::keys::{Command, key_of};
use crate::state::{Action, TableMode};
use crate::ui::parts::{Choice, Picker, Segment, icon, keycaps, segments};
use crate::ui::store::Store;

/// The switches, right of the tabs.
pub fn tools(store: Store) -> AnyView {
    let is_open = RwSignal::new(false);
    let choices = move |()| {
        vec![
            Choice::new("As Markdown", move || copy_table(store, Style::Markdown)),
            Choice::new("Tab-separated", move || copy_table(store, Style::Tabs)),
        ]
    };
    view! {
        {modes(store)}
        {heaviest(store)}
        <Picker
            what="Copy the table"
            is_open=is_open
            set_open=Callback::new(move |open| is_open.set(open))
            class="pick sm"
            face=view! { {icon("copy")}<span>"Copy"</span>{icon("down")} }.into_any()
            choices=Callback::new(choices)
        />
    }
    .into_any()
}

/// The same on a narrow page, where the tabs leave no room.
pub(super) fn bar(store: Store) -> AnyView {
    view! { <div class="viewbar narrow">{modes(store)}<span class="grow"></span>{heaviest(store)}</div> }.into_any()
}

fn modes(store: Store) -> AnyView {
    let chosen = store.part(|state| state.table);
    let mode = |label: &str, mode| Segment {
        label: label.to_owned(),
        is_on: Signal::derive(move || chosen.get() == mode),
        on_press: Callback::new(move |()| store.dispatch(Action::SetTable(mode))),
    };
    let modes = vec![
        mode("Functions", TableMode::Functions),
        mode("Call tree", TableMode::Tree),
        mode("Callers", TableMode::Callers),
    ];
    segments("What the table shows", modes)
}

fn heaviest(store: Store) -> AnyView {
    view! {
        <button
            type="button"
            class="btn sm on"
            title="Open the call tree along its heaviest path"
            on:click=move |_| {
                store.run(Command::HeaviestPath);
            }
        >
            "Heaviest path"
            {keycaps(key_of(Command::HeaviestPath))}
        </button>
    }
    .into_any()
}
