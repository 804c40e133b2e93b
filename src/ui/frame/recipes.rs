//! How to record: by symptom first, then by tool. The commands come from the formats themselves,
//! with the first word of a worker.

use leptos::prelude::*;

use crate::model::vocab::{FormatInfo, Recipe};
use crate::ui::parts::{CopyButton, icon};
use crate::ui::store::Store;

/// Both lists; nothing until a worker has told the formats.
pub fn recipes(store: Store) -> AnyView {
    let catalogue = store.workers.catalogue;
    let lists = move || {
        let formats = catalogue.get();
        if formats.is_empty() {
            return ().into_any();
        }
        view! { {by_symptom(&formats)}{by_tool(&formats)}{all_formats(&formats)} }.into_any()
    };
    lists.into_any()
}

fn by_symptom(formats: &[FormatInfo]) -> AnyView {
    let recipes = all(formats).filter(|recipe| !recipe.symptom.is_empty());
    let groups = grouped(recipes, |recipe| &recipe.symptom);
    let cards = groups.into_iter().map(|(symptom, recipes)| {
        let rows = recipes.into_iter().map(symptom_row).collect_view();
        view! { <section class="symptom"><h3>{sentence(&symptom)}</h3>{rows}</section> }
    });
    view! { <h2 class="lh">"What is wrong?"</h2><div class="symptoms">{cards.collect_view()}</div> }.into_any()
}

fn symptom_row(recipe: Recipe) -> AnyView {
    let note = (!recipe.note.is_empty()).then(|| view! { <p class="quiet">{recipe.note.clone()}</p> });
    view! {
        <div class="cmd">
            <span class="cmd-tool">{recipe.tool.clone()}</span>
            <code title=recipe.command.clone()>{recipe.command.clone()}</code>
            <CopyButton text=recipe.command what="command"/>
        </div>
        {note}
    }
    .into_any()
}

fn by_tool(formats: &[FormatInfo]) -> AnyView {
    let groups = grouped(all(formats), |recipe| &recipe.group);
    let sections = groups.into_iter().map(|(group, recipes)| {
        let count = recipes.len();
        let rows = recipes.into_iter().map(tool_row).collect_view();
        view! {
            <details class="tool-group" open=true>
                <summary>{group}<span class="quiet num">{count}</span>{icon("down")}</summary>
                {rows}
            </details>
        }
    });
    view! { <h2 class="lh">"By tool"</h2><div class="formats">{sections.collect_view()}</div> }.into_any()
}

fn tool_row(recipe: Recipe) -> AnyView {
    let title = match recipe.note.is_empty() {
        true => recipe.command.clone(),
        false => format!("{}\n{}", recipe.command, recipe.note),
    };
    view! {
        <div class="fmt">
            <span>{recipe.tool.clone()}</span>
            <code title=title>{recipe.command.clone()}</code>
            <CopyButton text=recipe.command what="command"/>
        </div>
    }
    .into_any()
}

fn all_formats(formats: &[FormatInfo]) -> AnyView {
    let names = formats.iter().map(|format| {
        let tools = format.tools.join(", ");
        view! { <li><b>{format.title.clone()}</b>" "<span class="quiet">{tools}</span></li> }
    });
    view! { <h2 class="lh">"What can be opened"</h2><ul class="can-open">{names.collect_view()}</ul> }.into_any()
}

fn all(formats: &[FormatInfo]) -> impl Iterator<Item = &Recipe> {
    formats.iter().flat_map(|format| &format.recipes)
}

/// Groups in the order in which they first occur; one command stands once in its group.
fn grouped<'a>(recipes: impl Iterator<Item = &'a Recipe>, group: fn(&Recipe) -> &String) -> Vec<(String, Vec<Recipe>)> {
    let mut groups: Vec<(String, Vec<Recipe>)> = Vec::new();
    for recipe in recipes {
        let name = group(recipe);
        let place = groups.iter().position(|group| group.0 == *name).unwrap_or_else(|| {
            groups.push((name.clone(), Vec::new()));
            groups.len() - 1
        });
        if !groups[place].1.iter().any(|other| other.command == recipe.command) {
            groups[place].1.push(recipe.clone());
        }
    }
    groups
}

/// With a capital.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| std::iter::once(first.to_ascii_uppercase()).chain(letters).collect())
}
