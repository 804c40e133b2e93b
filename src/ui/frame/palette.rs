//! Every command by name, and functions of the recording.

use leptos::ev;
use leptos::prelude::*;

use super::close_dialog;
use crate::model::vocab::{Sort, SortColumn};
use crate::protocol::{Answer, FunctionRow, Query};
use crate::state::keys::{Command, KEYS, KeyRow, key_of};
use crate::ui::format;
use crate::ui::parts::{Modal, figure_of, icon, keycaps};
use crate::ui::signals::{live, memo};
use crate::ui::store::Store;

/// Most functions that are offered.
const FUNCTIONS_MAX: u32 = 6;

/// One line of the list.
#[derive(Clone)]
enum Line {
    Command(&'static KeyRow),
    Function(Box<FunctionRow>),
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Command(one), Self::Command(other)) => one.command == other.command,
            (Self::Function(one), Self::Function(other)) => one == other,
            _ => false,
        }
    }
}

/// The palette.
pub fn palette(store: Store) -> AnyView {
    let text = RwSignal::new(String::new());
    let functions = functions(store, text);
    let lines = memo(move || lines(store, &text.get(), functions.get()));
    let at = RwSignal::new(0_usize);
    let run_at = move |index: usize| {
        if let Some(line) = lines.with_untracked(|lines| lines.get(index).cloned()) {
            store.dialog.set(None);
            run(store, &line);
        }
    };
    let key_down = move |event: ev::KeyboardEvent| {
        let count = lines.with_untracked(Vec::len).max(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => at.update(|at| *at = (*at + count - 1) % count),
            "Enter" => run_at(at.get_untracked()),
            _ => return,
        }
        event.prevent_default();
        show_chosen();
    };
    let type_in = move |event| {
        at.set(0);
        text.set(event_target_value(&event));
    };
    let list = live(move || {
        let lines = lines.get();
        let rows = lines.iter().enumerate().map(|(index, line)| {
            let is_first = index == 0 || heading(&lines[index - 1]) != heading(line);
            row(line, index, is_first, at, Callback::new(run_at))
        });
        rows.collect_view()
    });
    view! {
        <Modal title="Command palette" class="pal" has_heading=false on_close=close_dialog(store)>
            <label class="pin">
                {icon("search")}
                <input
                    type="text"
                    role="combobox"
                    aria-expanded="true"
                    aria-controls="palette-list"
                    aria-activedescendant=move || format!("palette-{}", at.get())
                    aria-label="Command or function"
                    placeholder="A command, or a function"
                    autocomplete="off"
                    spellcheck="false"
                    autofocus
                    prop:value=move || text.get()
                    on:input=type_in
                    on:keydown=key_down
                />
                {keycaps(key_of(Command::Escape))}
            </label>
            <div id="palette-list" class="plist" role="listbox" aria-label="Commands">{list}</div>
        </Modal>
    }
    .into_any()
}

fn lines(store: Store, text: &str, functions: Vec<FunctionRow>) -> Vec<Line> {
    let has_recording = store.overview.with(Option::is_some);
    let words: Vec<String> = text.trim_start_matches('>').split_whitespace().map(str::to_ascii_lowercase).collect();
    let fits = |row: &&KeyRow| {
        let name = name_of(row).to_ascii_lowercase();
        words.iter().all(|word| name.contains(word)) && (has_recording || works_without_recording(row.command))
    };
    // What begins with the text comes before what merely holds it.
    let begins = |row: &&KeyRow| {
        let name = name_of(row).to_ascii_lowercase();
        words.first().is_some_and(|first| name.split(' ').any(|word| word.starts_with(first.as_str())))
    };
    let fitting = KEYS.iter().filter(|row| row.command != Command::Palette).filter(fits);
    let (first, then): (Vec<_>, Vec<_>) = fitting.partition(begins);
    let commands = first.into_iter().chain(then).map(Line::Command);
    commands.chain(functions.into_iter().map(|row| Line::Function(Box::new(row)))).collect()
}

fn works_without_recording(command: Command) -> bool {
    use Command::{Help, Letters, Open, Paste, Theme};
    matches!(command, Open | Paste | Theme | Letters | Help)
}

/// Functions whose name holds the text, heaviest first.
fn functions(store: Store, text: RwSignal<String>) -> Memo<Vec<FunctionRow>> {
    let answer = store.answer(
        "palette",
        move |scope| {
            let search = text.get().trim().to_owned();
            if search.is_empty() || search.starts_with('>') {
                return None;
            }
            let sort = Sort { column: SortColumn::Total, ascending: false };
            Some(Query::Functions { scope, search, sort, from: 0, count: FUNCTIONS_MAX })
        },
        |answer| match answer {
            Answer::Functions(rows) => Some(rows),
            _ => None,
        },
    );
    memo(move || answer.get().value().map(|rows| rows.rows.clone()).unwrap_or_default())
}

fn heading(line: &Line) -> &'static str {
    match line {
        Line::Command(row) => row.group.title(),
        Line::Function(_) => "Functions",
    }
}

/// Its words, so that it reads as something to do.
fn name_of(row: &KeyRow) -> String {
    let is_view = matches!(row.command, Command::View(_));
    if is_view { format!("show the {}", row.text) } else { row.text.to_owned() }
}

fn row(line: &Line, index: usize, is_first: bool, at: RwSignal<usize>, run_at: Callback<usize>) -> AnyView {
    let heading = is_first.then(|| view! { <h3 role="presentation">{heading(line)}</h3> });
    let content = match line {
        Line::Command(row) => view! { {icon("right")}<span class="pname">{name_of(row)}</span><span class="grow"></span>{row.keys.first().map(|key| keycaps(key))} }.into_any(),
        Line::Function(row) => view! {
            {icon("fn")}
            <span class="mono">{format::name(&row.label)}</span>
            <em>{row.label.place.clone()}" · total "{figure_of(&row.total)}</em>
        }
        .into_any(),
    };
    view! {
        {heading}
        <div
            class="prow"
            class:on=move || at.get() == index
            id=format!("palette-{index}")
            role="option"
            aria-selected=move || (at.get() == index).to_string()
            on:pointermove=move |_| at.set(index)
            on:click=move |_| run_at.run(index)
        >
            {content}
        </div>
    }
    .into_any()
}

fn run(store: Store, line: &Line) {
    match line {
        Line::Command(row) => {
            let command = row.command;
            // After the dialog is gone and the focus is back where it was.
            request_animation_frame(move || {
                if !store.act(command) {
                    store.toast("There is nothing to do that with: select a frame or a row first.", None);
                }
            });
        }
        Line::Function(row) => store.select_function(row.label.key.clone()),
    }
}

fn show_chosen() {
    request_animation_frame(|| {
        if let Ok(Some(chosen)) = crate::web::document().query_selector(".prow.on") {
            crate::web::reveal(&chosen);
        }
    });
}
