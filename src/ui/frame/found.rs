//! What the search found, and what can be done with it.

use leptos::prelude::*;

use crate::protocol::SearchResult;
use crate::state::keys::{Command, key_of};
use crate::ui::format;
use crate::ui::load::Load;
use crate::ui::parts::{figure_of, icon, keycaps};
use crate::ui::signals::memo;
use crate::ui::store::Store;

/// Nothing while nothing is searched for.
pub fn found(store: Store) -> AnyView {
    let is_asked = memo(move || !matches!(store.found.get(), Load::Empty));
    let result = move || match store.found.get() {
        Load::Failed(failure) => view! { <span class="problem">{failure.message}</span> }.into_any(),
        other => other.value().map(|found| words(&found)).into_any(),
    };
    view! {
        <Show when=move || is_asked.get()>
            <span class="found" role="status">{result}</span>
            {button(store, Command::PreviousMatch, "Previous match", "left")}
            {button(store, Command::NextMatch, "Next match", "right")}
            <button type="button" class="btn sm" on:click=move |_| store.run(Command::KeepMatches)>"Keep only"</button>
            <button type="button" class="btn sm" on:click=move |_| store.run(Command::DropMatches)>"Drop"</button>
        </Show>
    }
    .into_any()
}

fn words(found: &SearchResult) -> AnyView {
    if let Some(problem) = found.problem.clone() {
        return view! { <span class="problem">{problem}</span> }.into_any();
    }
    if found.frames == 0 {
        return "no match".into_any();
    }
    let share = found.total.share.clone();
    let frames = format::plural(found.frames.into(), "frame", "frames");
    let functions = format::plural(found.functions.into(), "function", "functions");
    let title = "Samples with a match on their stack; those with several matches count once.";
    view! {
        <span title=title>
            <b class="num">{share}</b>" · "{figure_of(&found.total)}" · "{functions}", "{frames}
        </span>
    }
    .into_any()
}

fn button(store: Store, command: Command, label: &'static str, symbol: &'static str) -> AnyView {
    view! {
        <button type="button" class="icon" aria-label=label title=label on:click=move |_| store.run(command)>
            {icon(symbol)}
            <span class="offscreen">{keycaps(key_of(command))}</span>
        </button>
    }
    .into_any()
}
