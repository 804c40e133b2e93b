//! The filter stack as chips, undo and redo; on the right what the search found.

use leptos::prelude::*;

use crate::model::vocab::Filter;
use crate::state::Action;
use crate::state::keys::{Command, key_of};
use crate::ui::format;
use crate::ui::parts::{icon, keycaps};
use crate::ui::store::Store;

use super::{found, header};
use crate::ui::signals::live;

/// The bar of chips.
pub fn chips(store: Store) -> AnyView {
    let filters = store.part(|state| (state.filters.clone(), state.stall));
    let list = live(move || {
        let (filters, stall) = filters.get();
        let chips = filters.iter().enumerate().map(|(index, filter)| {
            let is_stall = matches!(filter, Filter::Time(range) if Some(*range) == stall);
            chip(store, index, filter, is_stall)
        });
        chips.collect_view()
    });
    let is_empty = move || filters.with(|(filters, _)| filters.is_empty());
    let hint = live(move || {
        is_empty().then(|| {
            view! { <span class="quiet wide">"No filter: everything that was recorded counts."</span> }
        })
    });
    view! {
        <div class="chips" role="region" aria-label="Filters">
            // Two pickers on one list would close each other's.
            <Show when=move || store.is_narrow.get()>{header::recordings(store)}</Show>
            <span class="chips-icon wide">{icon("filter")}</span>
            <span class="chip-list">{list}{hint}</span>
            {walk(store, Command::Undo, "Undo", "undo", Signal::derive(move || store.address.can_undo()))}
            {walk(store, Command::Redo, "Redo", "redo", Signal::derive(move || store.address.can_redo()))}
            <span class="grow"></span>
            {found::found(store)}
        </div>
    }
    .into_any()
}

fn chip(store: Store, index: usize, filter: &Filter, is_stall: bool) -> AnyView {
    let (kind, value) = words(store, filter, is_stall);
    let label = format!("Remove the filter {kind} {value}");
    let remove = move |_| match is_stall {
        true => store.dispatch(Action::Stall(None)),
        false => store.dispatch(Action::RemoveFilter(index)),
    };
    view! {
        <span class="chip">
            <em>{kind}</em>
            <span class="chip-value" title=value.clone()>{value.clone()}</span>
            <button type="button" aria-label=label on:click=remove>{icon("x")}</button>
        </span>
    }
    .into_any()
}

fn words(store: Store, filter: &Filter, is_stall: bool) -> (&'static str, String) {
    match filter {
        Filter::Time(range) => (if is_stall { "stall" } else { "time" }, format::time_range(*range)),
        Filter::Thread(key) => {
            let label = store.overview.with_untracked(|overview| {
                let threads = &overview.as_ref()?.threads;
                threads.iter().find(|thread| thread.key == *key).map(|thread| thread.label.clone())
            });
            ("thread", label.unwrap_or_else(|| key.name.clone()))
        }
        Filter::Focus(function) => ("focus", function.name.clone()),
        Filter::FocusPath(path) => ("subtree", path.last().map(|function| function.name.clone()).unwrap_or_default()),
        Filter::Hide(function) => ("merge", function.name.clone()),
        Filter::HideModule(module) => ("merge module", module.clone()),
        Filter::Drop(function) => ("drop", function.name.clone()),
        Filter::Keep(text) => ("keep", text.clone()),
        Filter::Without(text) => ("drop", text.clone()),
        Filter::CollapseRecursion(function) => ("one frame", function.name.clone()),
        Filter::OwnCode => ("only", "my code".to_owned()),
    }
}

fn walk(store: Store, command: Command, label: &'static str, symbol: &'static str, can: Signal<bool>) -> AnyView {
    view! {
        <Show when=move || can.get()>
            <button type="button" class="link" on:click=move |_| store.run(command)>
                {icon(symbol)}
                <span class="wide">{label}{keycaps(key_of(command))}</span>
            </button>
        </Show>
    }
    .into_any()
}
