//! The address names a recording that is not open here: which, and how to go on.

use leptos::prelude::*;

use super::landing;
use crate::state::{Action, FileRef};
use crate::ui::examples::example_file;
use crate::ui::parts::icon;
use crate::ui::signals::live;
use crate::ui::store::Store;

/// Asks for the files that the view needs.
pub fn missing(store: Store) -> AnyView {
    let rows = live(move || {
        let missing = store.missing();
        missing.into_iter().map(|(index, file)| row(store, index, &file)).collect_view()
    });
    let start_anew = move |_| store.dispatch(Action::Restore(Box::default()));
    view! {
        <div class="center top-third">
            {landing::pending(store)}
            <section class="card err">
                <div class="lhd">
                    <span class="fic">{icon("file")}</span>
                    <div>
                        <h2>"This address shows a view of a file that you have"</h2>
                        <p class="quiet">"An address holds the view, never the data. Drop the file anywhere; the view then continues from here."</p>
                    </div>
                </div>
                <ul class="missing">{rows}</ul>
                <div class="lft">
                    <button type="button" class="btn primary" on:click=move |_| store.pick_files()>"Open files"</button>
                    <span class="grow"></span>
                    <button type="button" class="btn ghost" on:click=start_anew>"Start without it"</button>
                </div>
            </section>
        </div>
    }
    .into_any()
}

fn row(store: Store, index: usize, file: &FileRef) -> AnyView {
    let print =
        (!file.print.is_empty()).then(|| view! { <span class="quiet mono">"sha-256 "{file.print.clone()}"…"</span> });
    let example = file.example.as_deref().and_then(example_file);
    let fetch = example.map(|example| {
        let size = example.size.map(|size| format!(" ({size})")).unwrap_or_default();
        view! {
            <button type="button" class="btn sm" on:click=move |_| store.fetch_example(index, example)>
                {format!("Fetch the example{size}")}
            </button>
        }
    });
    let name = match (file.name.is_empty(), example) {
        (true, Some(example)) => example.name.to_owned(),
        (true, None) => "a file without a name".to_owned(),
        (false, _) => file.name.clone(),
    };
    view! {
        <li>
            <span>"open "<b class="mono">{name}</b></span>
            {print}
            <span class="grow"></span>
            {fetch}
        </li>
    }
    .into_any()
}
