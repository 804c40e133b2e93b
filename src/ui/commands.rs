//! What the page does for each command; a view that takes one for itself is asked first.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::store::{Dialog, Menu, Store};
use super::views::stalls::by_start;
use crate::model::vocab::{Filter, FrameKey, Order, Path, TimeRange, ViewId};
use crate::protocol::{Answer, Details, Query};
use crate::state::keys::Command;
use crate::state::{Action, ColourBy, Selection, TableMode};
use crate::ui::format;
use crate::web::{clipboard, document, files};

/// Id of the search field.
pub const SEARCH_FIELD: &str = "search";

/// Id of the field that picks files. It is on the page as long as the page is, out of sight.
pub const FILE_FIELD: &str = "files";

impl Store {
    /// Does what a command asks for, if there is anything to do.
    pub fn run(self, command: Command) {
        self.act(command);
    }

    /// Does what a command asks for. `false` where there is nothing to do.
    pub fn act(self, command: Command) -> bool {
        self.offer(command) || self.run_on_page(command) || self.run_on_view(command) || self.run_on_selection(command)
    }

    /// Copies a text and says so.
    pub fn copy(self, text: String, what: &'static str) {
        leptos::task::spawn_local(async move {
            let is_done = clipboard::write(&text).await;
            let said =
                if is_done { format!("{what} copied.") } else { "The browser does not let this page copy.".to_owned() };
            self.toast(said, None);
        });
    }

    /// Lets the person pick files.
    pub fn pick_files(self) {
        let field = document().get_element_by_id(FILE_FIELD);
        if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok()) {
            files::pick(&field);
        }
    }

    /// Opens what is on the clipboard, where the browser lets a button read it.
    pub fn paste(self) {
        leptos::task::spawn_local(async move {
            match clipboard::read_text().await {
                Some(text) => self.open_text(&text),
                None => self.toast("Press Ctrl+V: the browser gives this page only what you paste yourself.", None),
            }
        });
    }

    fn run_on_page(self, command: Command) -> bool {
        match command {
            Command::Open => self.pick_files(),
            Command::Paste => self.paste(),
            Command::Help => self.dialog.set(Some(Dialog::Help)),
            Command::Palette => self.dialog.set(Some(Dialog::Palette)),
            Command::Theme => self.theme.update(|theme| *theme = theme.next()),
            Command::Letters => self.letters.update(|letters| *letters = !*letters),
            Command::Escape => return self.escape(),
            _ => return self.active.get_untracked().is_some() && self.run_on_recording(command),
        }
        true
    }

    fn run_on_recording(self, command: Command) -> bool {
        match command {
            Command::Close => self.close(self.state.with_untracked(|state| state.active)),
            Command::Compare => self.dialog.set(Some(Dialog::Compare)),
            Command::Swap => self.dispatch(Action::SwapCompared),
            Command::Notes => self.dialog.set(Some(Dialog::Notes)),
            Command::Share => self.share(),
            Command::Recordings => self.menu.set(Some(Menu::Recordings)),
            Command::Threads => self.menu.set(Some(Menu::Threads)),
            Command::Values => self.menu.set(Some(Menu::Values)),
            Command::NextThread => self.step_thread(1),
            Command::PreviousThread => self.step_thread(-1),
            _ => return false,
        }
        true
    }

    fn run_on_view(self, command: Command) -> bool {
        match command {
            Command::View(view) => self.dispatch(Action::View(view)),
            Command::Search => focus_search(),
            Command::NextMatch => return self.step_match(1),
            Command::PreviousMatch => return self.step_match(-1),
            Command::NextStall => return self.step_stall(1),
            Command::PreviousStall => return self.step_stall(-1),
            Command::HeaviestPath => self.open_heaviest_path(),
            Command::KeepMatches => return self.filter_matches(Filter::Keep),
            Command::DropMatches => return self.filter_matches(Filter::Without),
            Command::OwnCode => self.dispatch(Action::ToggleOwnCode),
            Command::Undo => self.address.undo(),
            Command::Redo => self.address.redo(),
            Command::ClearFilters => self.dispatch(Action::ClearFilters),
            Command::Invert => self.dispatch(Action::ToggleCallers),
            Command::OrderByWeight => self.dispatch(Action::SetOrder(Order::Weight)),
            Command::OrderByName => self.dispatch(Action::SetOrder(Order::Name)),
            Command::OrderByTime => self.dispatch(Action::SetOrder(Order::Time)),
            Command::Upwards => self.dispatch(Action::ToggleUpwards),
            Command::ColourByModule => self.dispatch(Action::SetColourBy(ColourBy::Module)),
            Command::ColourByHeat => self.dispatch(Action::SetColourBy(ColourBy::Heat)),
            Command::NestGc => self.dispatch(Action::ToggleNestGc),
            _ => return false,
        }
        true
    }

    fn run_on_selection(self, command: Command) -> bool {
        let selection = self.state.with_untracked(|state| state.selection.clone());
        let Some(selection) = selection else { return false };
        let Some(function) = selection.function().cloned() else { return false };
        let filter = match command {
            Command::Focus => Filter::Focus(function),
            Command::FocusSubtree => match selection {
                Selection::Frame(path) => Filter::FocusPath(path),
                Selection::Function(function) => Filter::Focus(function),
            },
            Command::Hide => Filter::Hide(function),
            Command::Drop => Filter::Drop(function),
            Command::CollapseRecursion => Filter::CollapseRecursion(function),
            Command::HideModule => match self.selected_module() {
                Some(module) => Filter::HideModule(module),
                None => return false,
            },
            Command::HighlightFunction => {
                self.dispatch(Action::Search(search_for(&function)));
                return true;
            }
            Command::Copy => return self.copy_selection(),
            _ => return false,
        };
        self.dispatch(Action::AddFilter(filter));
        true
    }

    /// Everything about the selected function, if it has arrived and is the selected one's.
    fn selected_details(self) -> Option<Details> {
        let details = self.details.with_untracked(|load| load.value())?;
        let details = (*details).clone()?;
        let is_selected = self
            .state
            .with_untracked(|state| state.selection.as_ref().and_then(Selection::function) == Some(&details.label.key));
        is_selected.then_some(details)
    }

    fn selected_module(self) -> Option<String> {
        self.selected_details().map(|details| details.label.module).filter(|module| !module.is_empty())
    }

    /// A marked text is the browser's to copy.
    fn copy_selection(self) -> bool {
        if is_text_marked() {
            return false;
        }
        match self.selected_details() {
            Some(details) => {
                self.copy(format::details_as_text(&details), "Function");
                true
            }
            None => false,
        }
    }

    fn share(self) {
        self.copy(self.address.current(), "Address");
    }

    /// Closes what is open, else clears the search, else the selection.
    fn escape(self) -> bool {
        if self.menu.get_untracked().is_some() {
            self.menu.set(None);
        } else if self.dialog.get_untracked().is_some() {
            self.dialog.set(None);
        } else if self.state.with_untracked(|state| !state.search.is_empty()) {
            self.dispatch(Action::Search(String::new()));
        } else if self.state.with_untracked(|state| state.selection.is_some()) {
            self.dispatch(Action::Select(None));
        } else {
            return false;
        }
        true
    }

    /// From all threads to the first, from thread to thread, and back to all.
    fn step_thread(self, step: isize) {
        let Some(overview) = self.overview.get_untracked() else { return };
        let chosen = self.state.with_untracked(|state| state.thread().cloned());
        let place = chosen.and_then(|key| overview.threads.iter().position(|thread| thread.key == key));
        let count = overview.threads.len() as isize + 1;
        let now = place.map_or(0, |place| place as isize + 1);
        let next = (now + step).rem_euclid(count);
        let thread = usize::try_from(next - 1).ok().and_then(|place| overview.threads.get(place));
        self.dispatch(Action::Thread(thread.map(|thread| thread.key.clone())));
    }

    fn step_match(self, step: i32) -> bool {
        let Some(session) = self.active.get_untracked() else { return false };
        let (text, at) = self.state.with_untracked(|state| {
            let at = match &state.selection {
                Some(Selection::Frame(path)) => Some(path.clone()),
                _ => None,
            };
            (state.search.clone(), at)
        });
        if text.trim().is_empty() {
            return false;
        }
        let query = Query::Search { scope: self.scope.get_untracked(), text, step, at };
        session.ask("step", query, move |answer| {
            if let Ok(Answer::Search(found)) = answer
                && let Some(path) = found.at
            {
                self.glance_at(path);
            }
        });
        true
    }

    fn glance_at(self, path: Path) {
        if let Some(function) = path.last() {
            self.announcement.set(function.name.clone());
        }
        self.dispatch(Action::Glance(Selection::Frame(path)));
    }

    /// The next stall in time, from the chosen one; without one, the first or the last.
    fn step_stall(self, step: isize) -> bool {
        let Some(report) = self.stalls.with_untracked(|load| load.value()) else { return false };
        let ranges: Vec<Option<TimeRange>> = report.stalls.iter().map(|stall| stall.range).collect();
        let ranges: Vec<TimeRange> = by_start(&ranges).into_iter().filter_map(|place| ranges[place]).collect();
        let chosen = self.state.with_untracked(|state| state.stall);
        let place = chosen.and_then(|stall| ranges.iter().position(|range| *range == stall));
        let next = match place {
            Some(place) => (place as isize + step).rem_euclid(ranges.len() as isize) as usize,
            None if step > 0 => 0,
            None => ranges.len().saturating_sub(1),
        };
        let Some(range) = ranges.get(next) else { return false };
        self.dispatch(Action::Stall(Some(*range)));
        true
    }

    /// The table opens it itself; when it is not there yet, it is asked once it stands.
    fn open_heaviest_path(self) {
        self.dispatch(Action::SetTable(TableMode::Tree));
        self.dispatch(Action::View(ViewId::Table));
        request_animation_frame(move || {
            self.offer(Command::HeaviestPath);
        });
    }

    fn filter_matches(self, filter: fn(String) -> Filter) -> bool {
        let text = self.state.with_untracked(|state| state.search.trim().to_owned());
        if text.is_empty() {
            return false;
        }
        self.dispatch(Action::AddFilter(filter(text)));
        self.dispatch(Action::Search(String::new()));
        true
    }
}

fn focus_search() {
    let field = document().get_element_by_id(SEARCH_FIELD);
    if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok()) {
        let _ = field.focus();
        field.select();
    }
}

fn is_text_marked() -> bool {
    let selection = crate::web::marked_text();
    !selection.trim().is_empty()
}

/// A search text that finds the function's name as it is.
fn search_for(function: &FrameKey) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_.$<>:#~*&".contains(c);
    let has_prefix = ["file:", "module:", "thread:", "label."].iter().any(|p| function.name.starts_with(p));
    if function.name.chars().all(is_plain) && !has_prefix {
        function.name.clone()
    } else {
        format!("\"{}\"", function.name.replace('"', ""))
    }
}
