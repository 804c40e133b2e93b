//! The header: which recording, which thread, which value, search, share.

use leptos::ev;
use leptos::prelude::*;

use crate::state::Action;
use crate::state::keys::{Command, key_of};
use crate::ui::commands::SEARCH_FIELD;
use crate::ui::parts::{Choice, Picker, icon, keycaps};
use crate::ui::session::{Phase, Session};
use crate::ui::signals::{live, memo};
use crate::ui::store::{Menu, Store, ThemeChoice};

/// The header.
#[component]
pub fn Header() -> impl IntoView {
    let store = expect_context::<Store>();
    let has_any = memo(move || store.state.with(|state| !state.files.is_empty()) || !store.sessions.read().is_empty());
    let is_open = memo(move || store.overview.with(Option::is_some));
    let searches = RwSignal::new(false);
    view! {
        <header class="top" class:searching=move || searches.get()>
            {brand()}
            <Show when=move || has_any.get() && !store.is_narrow.get()>
                <span class="vr"></span>
                {recordings(store)}
            </Show>
            <Show when=move || is_open.get()>
                <span class="wide">{compare_button(store)}</span>
                {threads(store)}
                {values(store)}
            </Show>
            <span class="grow"></span>
            <Show when=move || is_open.get()>{search(store, searches)}</Show>
            <span class="lock" title="Files are read in this tab; nothing is sent anywhere.">
                {icon("lock")}
                <span>"stays in this tab"</span>
            </span>
            <Show when=move || is_open.get()>{share_button(store)}</Show>
            {theme_button(store)}
            {help_button(store)}
            {more(store)}
        </header>
    }
}

fn brand() -> AnyView {
    view! {
        <span class="brand">
            <svg class="logo" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
                <rect x="2" y="3" width="16" height="3.6" rx="1"></rect>
                <rect x="2" y="8.2" width="10" height="3.6" rx="1"></rect>
                <rect class="hit" x="8.4" y="13.4" width="9.6" height="3.6" rx="1"></rect>
            </svg>
            <span>"culprit"</span>
        </span>
    }
    .into_any()
}

/// The picker of recordings; narrow pages show it under the header.
pub(super) fn recordings(store: Store) -> AnyView {
    let name = move || {
        store.state.with(|state| {
            state.files.get(state.active).map(|file| file.name.clone()).unwrap_or_else(|| "open a file".to_owned())
        })
    };
    let face = view! { <span class="mono file-name">{name}</span>{icon("down")} }.into_any();
    view! {
        <Picker
            what="Recording"
            is_open=is_menu(store, Menu::Recordings)
            set_open=set_menu(store, Menu::Recordings)
            face
            choices=Callback::new(move |()| recording_choices(store))
        />
    }
    .into_any()
}

fn recording_choices(store: Store) -> Vec<Choice> {
    let (files, active) = store.state.with_untracked(|state| (state.files.clone(), state.active));
    let mut choices: Vec<Choice> = files
        .iter()
        .enumerate()
        .map(|(index, file)| Choice {
            extra: Some((format!("Close {}", file.name), Callback::new(move |()| store.close(index)))),
            ..Choice::new(file.name.clone(), move || store.dispatch(Action::Activate(index)))
                .with_note(standing(untrack(|| store.session_of(file))))
                .chosen(index == active)
        })
        .collect();
    choices.push(Choice::new("Open files…", move || store.pick_files()).apart());
    choices.push(Choice::new("Compare two…", move || store.run(Command::Compare)));
    choices.push(Choice::new("Facts and notes", move || store.run(Command::Notes)));
    choices
}

fn standing(session: Option<Session>) -> String {
    let Some(session) = session else { return "not open here".to_owned() };
    session.phase.with_untracked(|phase| match phase {
        Phase::Opening(_) => "opening".to_owned(),
        Phase::Open(overview) => overview.title.clone(),
        Phase::Failed(_) => "could not be opened".to_owned(),
        Phase::Died(_) => "lost".to_owned(),
        Phase::Closed => String::new(),
    })
}

fn compare_button(store: Store) -> AnyView {
    view! {
        <button type="button" class="btn ghost" on:click=move |_| store.run(Command::Compare)>
            {icon("plus")}
            "Compare…"
        </button>
    }
    .into_any()
}

fn threads(store: Store) -> AnyView {
    let has_choice = memo(move || store.overview.with(|o| o.as_ref().is_some_and(|o| o.threads.len() > 1)));
    let name = move || thread_name(store);
    let face = move || view! { <em>"Thread"</em><span>{name}</span>{icon("down")} }.into_any();
    view! {
        <Show when=move || has_choice.get()>
            <span class="vr wide"></span>
            <Picker
                what="Thread"
                is_open=is_menu(store, Menu::Threads)
                set_open=set_menu(store, Menu::Threads)
                class="pick wide"
                face=face()
                choices=Callback::new(move |()| thread_choices(store))
            />
        </Show>
    }
    .into_any()
}

fn thread_name(store: Store) -> String {
    let Some(key) = store.state.with(|state| state.thread().cloned()) else { return "All".to_owned() };
    let label = store.overview.with(|overview| {
        let threads = &overview.as_ref()?.threads;
        threads.iter().find(|thread| thread.key == key).map(|thread| thread.label.clone())
    });
    label.unwrap_or(key.name)
}

fn thread_choices(store: Store) -> Vec<Choice> {
    let Some(overview) = store.overview.get_untracked() else { return Vec::new() };
    let chosen = store.state.with_untracked(|state| state.thread().cloned());
    let all = Choice::new("All threads", move || store.dispatch(Action::Thread(None))).chosen(chosen.is_none());
    let each = overview.threads.iter().map(|thread| {
        let key = thread.key.clone();
        let note = crate::protocol::samples(thread.samples);
        let is_on = chosen.as_ref() == Some(&key);
        Choice::new(thread.label.clone(), move || store.dispatch(Action::Thread(Some(key.clone()))))
            .with_note(note)
            .chosen(is_on)
    });
    std::iter::once(all).chain(each).collect()
}

fn values(store: Store) -> AnyView {
    let has_choice = memo(move || store.overview.with(|o| o.as_ref().is_some_and(|o| o.values.len() > 1)));
    let name = move || store.value().map(|value| value.label).unwrap_or_default();
    let face = move || view! { <em>"Value"</em><span>{name}</span>{icon("down")} }.into_any();
    view! {
        <Show when=move || has_choice.get()>
            <Picker
                what="Value"
                is_open=is_menu(store, Menu::Values)
                set_open=set_menu(store, Menu::Values)
                class="pick wide"
                face=face()
                choices=Callback::new(move |()| value_choices(store))
            />
        </Show>
    }
    .into_any()
}

fn value_choices(store: Store) -> Vec<Choice> {
    let Some(overview) = store.overview.get_untracked() else { return Vec::new() };
    let shown = untrack(move || store.value()).map(|value| value.name);
    let each = overview.values.iter().map(|value| {
        let name = value.name.clone();
        Choice::new(value.label.clone(), move || store.dispatch(Action::Value(Some(name.clone()))))
            .with_note(value.unit.word())
            .chosen(Some(&value.name) == shown.as_ref())
    });
    each.collect()
}

fn search(store: Store, searches: RwSignal<bool>) -> AnyView {
    let text = store.part(|state| state.search.clone());
    let type_in = move |event| store.dispatch(Action::Search(event_target_value(&event)));
    let key_down = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "Enter" => {
            event.prevent_default();
            let back = event.shift_key();
            store.run(if back { Command::PreviousMatch } else { Command::NextMatch });
        }
        "Escape" => {
            searches.set(false);
            if text.with_untracked(String::is_empty)
                && let Some(field) = event.target()
            {
                let field: web_sys::HtmlElement = wasm_bindgen::JsCast::unchecked_into(field);
                let _ = field.blur();
            }
        }
        _ => {}
    };
    let show_field = move |_| {
        searches.set(true);
        request_animation_frame(move || store.run(Command::Search));
    };
    view! {
        <button type="button" class="icon narrow" aria-label="Search" on:click=show_field>{icon("search")}</button>
        <label class="search">
            {icon("search")}
            <input
                id=SEARCH_FIELD
                type="text"
                placeholder="Search functions, files"
                title="Words that all must match; /expression/i; file: module: thread: label.key: narrow the place; - before a word excludes it."
                aria-label="Search"
                autocomplete="off"
                spellcheck="false"
                prop:value=move || text.get()
                on:input=type_in
                on:keydown=key_down
                on:blur=move |_| searches.set(false)
            />
            {keycaps(key_of(Command::Search))}
        </label>
    }
    .into_any()
}

fn share_button(store: Store) -> AnyView {
    view! {
        <button
            type="button"
            class="btn share-btn"
            title="Copy the address of this view. It names the file and what you look at; it holds no data."
            on:click=move |_| store.run(Command::Share)
        >
            {icon("share")}
            <span>"Share"</span>
        </button>
    }
    .into_any()
}

fn theme_button(store: Store) -> AnyView {
    let name = move || match store.theme.get() {
        ThemeChoice::Auto => "theme",
        ThemeChoice::Light => "light",
        ThemeChoice::Dark => "dark",
    };
    let label = move || match store.theme.get() {
        ThemeChoice::Auto => "Theme: as the system",
        ThemeChoice::Light => "Theme: light",
        ThemeChoice::Dark => "Theme: dark",
    };
    view! {
        <button type="button" class="icon wide" aria-label=label title=label on:click=move |_| store.run(Command::Theme)>
            {live(move || icon(name()))}
        </button>
    }
    .into_any()
}

fn help_button(store: Store) -> AnyView {
    view! {
        <button type="button" class="icon wide" aria-label="Keyboard help" title="Keyboard help" on:click=move |_| store.run(Command::Help)>
            {icon("help")}
        </button>
    }
    .into_any()
}

/// On a narrow page: everything that has no place of its own.
fn more(store: Store) -> AnyView {
    view! {
        <span class="narrow">
            <Picker
                what="More"
                is_open=is_menu(store, Menu::More)
                set_open=set_menu(store, Menu::More)
                class="icon"
                face=icon("more")
                choices=Callback::new(move |()| more_choices(store))
            />
        </span>
    }
    .into_any()
}

fn more_choices(store: Store) -> Vec<Choice> {
    let run = move |label: &str, command| Choice::new(label, move || store.run(command));
    let mut choices = vec![run("Open files…", Command::Open)];
    if store.active.get_untracked().is_some() {
        choices.push(run("Compare two…", Command::Compare));
        choices.push(run("Facts and notes", Command::Notes));
        choices.push(run("My code only", Command::OwnCode));
    }
    if store.overview.with_untracked(|o| o.as_ref().is_some_and(|o| o.threads.len() > 1)) {
        choices.extend(apart(thread_choices(store)));
    }
    if store.overview.with_untracked(|o| o.as_ref().is_some_and(|o| o.values.len() > 1)) {
        choices.extend(apart(value_choices(store)));
    }
    choices.push(run("Light, dark or as the system", Command::Theme).apart());
    choices.push(run("Keyboard", Command::Help));
    choices
}

fn apart(mut choices: Vec<Choice>) -> Vec<Choice> {
    if let Some(first) = choices.first_mut() {
        first.is_apart = true;
    }
    choices
}

fn is_menu(store: Store, menu: Menu) -> Signal<bool> {
    Signal::derive(move || store.menu.get() == Some(menu))
}

fn set_menu(store: Store, menu: Menu) -> Callback<bool> {
    Callback::new(move |is_open: bool| {
        let open = store.menu.get_untracked();
        if is_open {
            store.menu.set(Some(menu));
        } else if open == Some(menu) {
            store.menu.set(None);
        }
    })
}
