//! What can be done with a frame or a function, as a menu: the same in every view.

use leptos::prelude::*;

use crate::model::vocab::{Filter, FrameKey, Path, ViewId};
use crate::protocol::{Amount, Details, FunctionLabel, Tip};
use crate::state::keys::{Command, key_of};
use crate::state::{Action, Selection};
use crate::ui::format;
use crate::ui::parts::menu::{MenuAt, MenuItem};
use crate::ui::store::Store;

/// What a menu is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The function.
    pub label: FunctionLabel,
    /// The frame by path, as the flame graph draws it; empty for the function everywhere.
    pub path: Path,
    /// Own value and total of the frame.
    pub here: Option<(Amount, Amount)>,
    /// Own value and total of the function everywhere.
    pub everywhere: Option<(Amount, Amount)>,
}

impl Target {
    /// What lies under the pointer, if it is a function.
    pub fn of_tip(tip: &Tip) -> Option<Self> {
        Some(Self {
            label: tip.label.clone()?,
            path: tip.path.clone(),
            here: tip.here.clone(),
            everywhere: tip.everywhere.clone(),
        })
    }

    /// What is selected, once it is known.
    pub fn of_selection(selection: &Selection, details: &Details) -> Self {
        let path = match selection {
            Selection::Frame(path) => path.clone(),
            Selection::Function(_) => Path::new(),
        };
        Self {
            label: details.label.clone(),
            path,
            here: details.here.clone(),
            everywhere: Some(details.everywhere.clone()),
        }
    }

    /// The menu is about this, so it is selected.
    pub fn selection(&self) -> Selection {
        if self.path.is_empty() {
            Selection::Function(self.label.key.clone())
        } else {
            Selection::Frame(self.path.clone())
        }
    }

    fn has_own(&self) -> bool {
        self.everywhere.as_ref().is_none_or(|(own, _)| own.raw != 0)
    }
}

/// The menu of a target at a place of the window.
pub fn menu(store: Store, target: &Target, at: (f64, f64)) -> MenuAt {
    let mut items = Vec::new();
    items.extend(zooming(store, target));
    items.extend(filtering(store, target));
    items.extend(copying(store, target));
    MenuAt { title: format::name(&target.label), at, items }
}

fn zooming(store: Store, target: &Target) -> Vec<MenuItem> {
    let mut items = Vec::new();
    if !target.path.is_empty() {
        let path = target.path.clone();
        items.push(MenuItem::new("Zoom to it", key_of(Command::ZoomToSelection), move || {
            store.dispatch(Action::View(ViewId::Flame));
            store.dispatch(Action::Zoom(path.clone()));
        }));
    }
    let key = target.label.key.clone();
    let why_not = (!target.has_own()).then_some("no own value");
    let callers = MenuItem::new("Show its callers", "", move || show_callers(store, &key)).unless(why_not);
    items.push(callers);
    items.push(MenuItem::new("Find it everywhere", key_of(Command::HighlightFunction), move || {
        store.run(Command::HighlightFunction);
    }));
    items
}

/// Whether the flame graph shows callers.
fn is_turned(store: Store) -> bool {
    store.state.with_untracked(|state| state.callers)
}

/// The flame graph turned over, zoomed to the function: what stands on it are its callers.
fn show_callers(store: Store, function: &FrameKey) {
    store.dispatch(Action::View(ViewId::Flame));
    if !is_turned(store) {
        store.dispatch(Action::ToggleCallers);
    }
    let path = vec![function.clone()];
    store.dispatch(Action::Zoom(path.clone()));
    store.dispatch(Action::Select(Some(Selection::Frame(path))));
}

fn filtering(store: Store, target: &Target) -> Vec<MenuItem> {
    let filter = |label: String, command, filter: Filter| {
        MenuItem::new(label, key_of(command), move || store.dispatch(Action::AddFilter(filter.clone())))
    };
    let key = || target.label.key.clone();
    let mut items = vec![filter("Focus on the function".into(), Command::Focus, Filter::Focus(key())).apart()];
    if !target.path.is_empty() && !is_turned(store) {
        let subtree = Filter::FocusPath(target.path.clone());
        items.push(filter("Focus on this subtree".into(), Command::FocusSubtree, subtree));
    }
    items.push(filter("Merge it into its callers".into(), Command::Hide, Filter::Hide(key())));
    let module = &target.label.module;
    if !module.is_empty() {
        let label = format!("Merge {} into its callers", shortened(module));
        items.push(filter(label, Command::HideModule, Filter::HideModule(module.clone())));
    }
    items.push(filter("Drop the samples that hold it".into(), Command::Drop, Filter::Drop(key())));
    let collapse = Filter::CollapseRecursion(key());
    items.push(filter("Collapse its recursion".into(), Command::CollapseRecursion, collapse));
    items
}

fn copying(store: Store, target: &Target) -> Vec<MenuItem> {
    let name = target.label.key.name.clone();
    let row = row_as_markdown(target);
    let mut items = vec![MenuItem::new("Copy the name", "", move || store.copy(name.clone(), "Name")).apart()];
    if !target.path.is_empty() {
        let stack = stack_as_text(&target.path, is_turned(store));
        items.push(MenuItem::new("Copy the stack", "", move || store.copy(stack.clone(), "Stack")));
    }
    items.push(MenuItem::new("Copy as Markdown", "", move || store.copy(row.clone(), "Row")));
    items
}

/// A stack as tools print it: the innermost call first, one per line.
fn stack_as_text(path: &Path, is_callers: bool) -> String {
    let line = |key: &FrameKey| match (key.file.as_str(), key.line) {
        ("", _) => key.name.clone(),
        (file, 0) => format!("{} ({file})", key.name),
        (file, line) => format!("{} ({file}:{line})", key.name),
    };
    // A path of callers begins with the innermost one already.
    let mut lines: Vec<String> = path.iter().map(line).collect();
    if !is_callers {
        lines.reverse();
    }
    lines.join("\n")
}

fn row_as_markdown(target: &Target) -> String {
    let mut lines =
        vec!["| where | self | % | n | total | % | n |".to_owned(), "|---|--:|--:|--:|--:|--:|--:|".to_owned()];
    let mut line = |what: &str, amounts: &Option<(Amount, Amount)>| {
        if let Some((own, total)) = amounts {
            let cells = |a: &Amount| format!("{} | {} | {}", format::figure(a), a.share, format::count(a.samples));
            lines.push(format!("| {what} | {} | {} |", cells(own), cells(total)));
        }
    };
    line("here", &target.here);
    line("everywhere", &target.everywhere);
    let label = &target.label;
    format!("**{}** {}\n\n{}", escaped(&format::name(label)), escaped(&label.place), lines.join("\n"))
}

/// Signs that Markdown would take for its own.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '<' | '>') {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}

/// The end of a long name, where names of modules differ.
fn shortened(name: &str) -> String {
    const LETTERS: usize = 28;
    let count = name.chars().count();
    if count <= LETTERS {
        return name.to_owned();
    }
    format!("…{}", name.chars().skip(count - LETTERS + 1).collect::<String>())
}
