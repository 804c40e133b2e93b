//! The hot-path table: functions, the call tree, or the callers of each function. Only the rows in
//! view are here; the others stay in the worker.

use leptos::ev;
use leptos::prelude::*;

mod columns;
mod copying;
mod lines;
mod tools;

pub(in crate::ui::views) use columns::{branch, is_twisty, sort_button};
pub use tools::tools;

use super::frame_menu::{Target, menu};
use crate::model::vocab::{Path, ViewId};
use crate::protocol::TreeChange;
use crate::state::keys::Command;
use crate::state::{Action, Selection, TableMode};
use crate::ui::parts::menu::{ContextMenu, MenuAt};
use crate::ui::parts::rows::{Far, Scroll, VirtualRows, at_row};
use crate::ui::session::Session;
use crate::ui::signals::{live, memo};
use crate::ui::store::Store;
use lines::{Asker, Fetched, Line};

/// Height of a row, CSS pixels, as in the style sheet: for pointers, and for fingers.
const ROW_PX: (f64, f64) = (22.0, 36.0);

/// The view.
pub fn view(store: Store) -> AnyView {
    let mode = store.part(|state| state.table);
    let subject = move || Some((store.active.get()?, mode.get(), store.is_narrow.get()));
    super::each(subject, move |(session, mode, is_narrow)| Table::new(store, session, mode, is_narrow).view())
}

/// One table of one recording. Cheap to copy.
#[derive(Clone, Copy)]
struct Table {
    store: Store,
    mode: TableMode,
    has_plus_minus: bool,
    scroll: Scroll,
    asker: Asker,
    /// The row that was picked last in a callers tree, where a function stands in many rows.
    picked: RwSignal<Option<u32>>,
    /// Where the selection was last, for arrows after it has been scrolled away.
    last: StoredValue<u32>,
    /// A row to select once it is there.
    wanted: StoredValue<Option<u32>>,
    menu: RwSignal<Option<MenuAt>>,
}

impl Table {
    fn new(store: Store, session: Session, mode: TableMode, is_narrow: bool) -> Self {
        let scroll = Scroll::new(if is_narrow { ROW_PX.1 } else { ROW_PX.0 });
        Self {
            store,
            mode,
            has_plus_minus: columns::has_plus_minus(store, mode),
            scroll,
            asker: Asker::new(store, session, mode, scroll),
            picked: RwSignal::new(None),
            last: StoredValue::new(0),
            wanted: StoredValue::new(None),
            menu: RwSignal::new(None),
        }
    }

    fn view(self) -> AnyView {
        let Self { store, scroll, asker, .. } = self;
        store.on_command(move |command| self.command(command));
        asker.start(Callback::new(move |scroll_to| self.arrived(scroll_to)));
        let cursor = self.cursor();
        let is_tree = self.mode != TableMode::Functions;
        let rows = move || {
            let fetched = asker.fetched.get()?;
            Some(self.rows(&fetched, cursor))
        };
        let empty = live(move || {
            let fetched = asker.fetched.get()?;
            (fetched.all == 0).then(|| self.empty(fetched.problem.as_deref()))
        });
        let active = move || cursor.get().map(row_id);
        view! {
            <div class="view">
                {tools::bar(store)}
                <div
                    class="vt"
                    class:is-tree=is_tree
                    class:no-pm=!self.has_plus_minus
                    role=if is_tree { "treegrid" } else { "grid" }
                    tabindex="0"
                    aria-label=mode_name(self.mode)
                    aria-rowcount=move || asker.count().get() + 1
                    aria-activedescendant=active
                    on:keydown=move |event| self.key(&event)
                >
                    {columns::head(store, self.mode)}
                    <VirtualRows scroll=scroll count=asker.count()>{rows}</VirtualRows>
                    {empty}
                </div>
            </div>
            <ContextMenu open=self.menu/>
        }
        .into_any()
    }

    fn rows(self, fetched: &Fetched, cursor: Memo<Option<u32>>) -> AnyView {
        let most = (fetched.max_self, fetched.max_total);
        let rows = (fetched.from..).zip(&fetched.lines).map(|(index, line)| self.row(index, line, most, cursor));
        rows.collect_view().into_any()
    }

    fn row(self, index: u32, line: &Line, most: (i64, i64), cursor: Memo<Option<u32>>) -> AnyView {
        let is_chosen = move || cursor.get() == Some(index);
        let tree = line.tree.as_ref();
        let (pressed, opened, asked) = (line.clone(), line.clone(), line.clone());
        view! {
            <div
                id=row_id(index)
                class="vt-row"
                class:sel=is_chosen
                class:heavy=tree.is_some_and(|tree| tree.is_heaviest)
                class:hit=tree.is_some_and(|tree| tree.is_match)
                role="row"
                aria-rowindex=index + 2
                aria-selected=move || is_chosen().to_string()
                attr:aria-level=tree.map(|tree| tree.depth + 1)
                aria-expanded=tree.filter(|tree| tree.has_children).map(|tree| tree.is_expanded.to_string())
                style:top=at_row(self.scroll, index)
                on:click=move |event| self.press(&event, index, &pressed)
                on:dblclick=move |_| self.show_in_flame(&opened)
                on:contextmenu=move |event| self.open_menu(&event, index, &asked)
            >
                {columns::cells(line, most, self.has_plus_minus)}
            </div>
        }
        .into_any()
    }

    /// Row of the selection, as far as it is among those at hand.
    fn cursor(self) -> Memo<Option<u32>> {
        let selection = self.store.part(|state| state.selection.clone());
        memo(move || {
            let picked = self.picked.get();
            self.asker.fetched.with(|fetched| {
                let fetched = fetched.as_ref()?;
                let place = selection.with(|selection| {
                    let selection = selection.as_ref()?;
                    fetched.lines.iter().position(|line| self.is_selected(line, selection, picked))
                })?;
                Some(fetched.from + place as u32)
            })
        })
    }

    fn is_selected(self, line: &Line, selection: &Selection, picked: Option<u32>) -> bool {
        let is_function = selection.function() == Some(&line.label.key);
        match (&line.tree, selection) {
            (None, _) => is_function,
            (Some(tree), Selection::Frame(path)) if self.mode == TableMode::Tree => tree.path == *path,
            (Some(tree), _) => is_function && picked.is_none_or(|picked| picked == tree.node),
        }
    }

    /// What a row selects. The call tree's rows are frames of the flame graph, unless that shows
    /// callers; all others are functions.
    fn selection(self, line: &Line) -> Selection {
        let is_turned = self.store.state.with_untracked(|state| state.callers);
        match &line.tree {
            Some(tree) if self.mode == TableMode::Tree && !is_turned && !tree.path.is_empty() => {
                Selection::Frame(tree.path.clone())
            }
            _ => Selection::Function(line.label.key.clone()),
        }
    }

    fn press(self, event: &ev::MouseEvent, index: u32, line: &Line) {
        self.last.set_value(index);
        if columns::is_twisty(event) {
            return self.toggle(line);
        }
        self.picked.set(line.tree.as_ref().map(|tree| tree.node));
        self.store.dispatch(Action::Select(Some(self.selection(line))));
    }

    fn glance(self, index: u32, line: &Line) {
        self.last.set_value(index);
        self.picked.set(line.tree.as_ref().map(|tree| tree.node));
        self.store.dispatch(Action::Glance(self.selection(line)));
    }

    fn toggle(self, line: &Line) {
        let Some(tree) = line.tree.as_ref().filter(|tree| tree.has_children) else { return };
        let change = if tree.is_expanded { TreeChange::Collapse(tree.node) } else { TreeChange::Expand(tree.node) };
        self.asker.change(change);
    }

    /// New rows are there: a row that was asked for is selected, one that was revealed is shown.
    fn arrived(self, scroll_to: Option<u32>) {
        if let Some(row) = scroll_to {
            self.scroll.centre(row);
            self.last.set_value(row);
        }
        let Some(wanted) = self.wanted.get_value() else { return };
        if let Some(line) = self.asker.line(wanted) {
            self.wanted.set_value(None);
            self.glance(wanted, &line);
        }
    }

    fn go_to(self, index: u32) {
        let Some(last) = self.asker.count().get_untracked().checked_sub(1) else { return };
        let index = index.min(last);
        self.scroll.reveal(index);
        match self.asker.line(index) {
            Some(line) => self.glance(index, &line),
            None => self.wanted.set_value(Some(index)),
        }
    }

    fn here(self) -> u32 {
        let fetched = self.asker.fetched.get_untracked();
        let selection = self.store.state.with_untracked(|state| state.selection.clone());
        let picked = self.picked.get_untracked();
        let place = fetched.zip(selection).and_then(|(fetched, selection)| {
            let place = fetched.lines.iter().position(|line| self.is_selected(line, &selection, picked))?;
            Some(fetched.from + place as u32)
        });
        place.unwrap_or_else(|| self.last.get_value())
    }

    fn has_cursor(self) -> bool {
        self.store.state.with_untracked(|state| state.selection.is_some())
    }

    fn step(self, by: i64) {
        let here = i64::from(self.here());
        let to = if self.has_cursor() { here + by } else { here };
        self.go_to(u32::try_from(to.max(0)).unwrap_or(u32::MAX));
    }

    fn command(self, command: Command) -> bool {
        let line = || self.asker.line(self.here()).filter(|_| self.has_cursor());
        match command {
            Command::MoveUp => self.step(-1),
            Command::MoveDown => self.step(1),
            Command::MoveRight => self.inwards(),
            Command::MoveLeft => self.outwards(),
            Command::ZoomToSelection => match line() {
                Some(line) => self.show_in_flame(&line),
                None => return false,
            },
            Command::HeaviestPath if self.mode != TableMode::Functions => {
                let node = line().and_then(|line| line.tree).filter(|tree| tree.has_children).map(|tree| tree.node);
                self.asker.change(TreeChange::ExpandHeaviest(node));
            }
            Command::Copy => return self.copy_row(line()),
            _ => return false,
        }
        true
    }

    /// Opens a row, or goes to the first one inside.
    fn inwards(self) {
        let here = self.here();
        let Some(tree) = self.asker.line(here).and_then(|line| line.tree) else { return };
        if tree.has_children && !tree.is_expanded {
            self.asker.change(TreeChange::Expand(tree.node));
        } else if tree.has_children {
            self.go_to(here + 1);
        }
    }

    /// Closes a row, or goes to the one around it.
    fn outwards(self) {
        let here = self.here();
        let Some(tree) = self.asker.line(here).and_then(|line| line.tree) else { return };
        if tree.is_expanded {
            return self.asker.change(TreeChange::Collapse(tree.node));
        }
        let around = (0..here).rev().find(|&row| {
            // Above the rows at hand nothing is known: the first of them is a step on the way.
            self.asker.line(row).is_none_or(|line| line.tree.is_none_or(|around| around.depth < tree.depth))
        });
        if let Some(row) = around {
            self.go_to(row);
        }
    }

    /// Keys that only a long list needs.
    fn key(self, event: &ev::KeyboardEvent) {
        match (self.scroll.far(event), event.key().as_str()) {
            (Some(Far::To(row)), _) => self.go_to(row),
            (Some(Far::By(rows)), _) => self.step(rows),
            (None, "ContextMenu") => self.menu_by_key(),
            (None, "F10") if event.shift_key() => self.menu_by_key(),
            (None, _) => return,
        }
        event.prevent_default();
    }

    /// The row in the flame graph: its frame zoomed to, or its function outlined.
    fn show_in_flame(self, line: &Line) {
        let selection = self.selection(line);
        let path = match &selection {
            Selection::Frame(path) => path.clone(),
            Selection::Function(_) => Path::new(),
        };
        self.store.dispatch(Action::Select(Some(selection)));
        self.store.dispatch(Action::View(ViewId::Flame));
        if !path.is_empty() {
            self.store.dispatch(Action::Zoom(path));
        }
    }

    fn target(self, line: &Line) -> Target {
        let path = match self.selection(line) {
            Selection::Frame(path) => path,
            Selection::Function(_) => Path::new(),
        };
        let amounts = (line.self_value.clone(), line.total.clone());
        let is_everywhere = line.tree.is_none();
        Target {
            label: line.label.clone(),
            path,
            here: (!is_everywhere).then(|| amounts.clone()),
            everywhere: is_everywhere.then_some(amounts),
        }
    }

    fn open_menu(self, event: &ev::MouseEvent, index: u32, line: &Line) {
        event.prevent_default();
        self.last.set_value(index);
        self.picked.set(line.tree.as_ref().map(|tree| tree.node));
        self.store.dispatch(Action::Select(Some(self.selection(line))));
        let at = (f64::from(event.client_x()) + 2.0, f64::from(event.client_y()) + 2.0);
        self.menu.set(Some(menu(self.store, &self.target(line), at)));
    }

    fn menu_by_key(self) {
        let row = self.here();
        let Some(line) = self.asker.line(row).filter(|_| self.has_cursor()) else { return };
        let element = crate::web::document().get_element_by_id(&row_id(row));
        let Some(rect) = element.map(|element| element.get_bounding_client_rect()) else { return };
        self.menu.set(Some(menu(self.store, &self.target(&line), (rect.left() + 40.0, rect.bottom()))));
    }

    fn empty(self, problem: Option<&str>) -> AnyView {
        if let Some(problem) = problem {
            return view! { <p class="vt-note problem" role="alert">{problem.to_owned()}</p> }.into_any();
        }
        let search = self.store.state.with(|state| state.search.clone());
        if self.mode == TableMode::Functions && !search.trim().is_empty() {
            return view! { <p class="vt-note quiet">"No function matches “"{search}"”."</p> }.into_any();
        }
        super::flame::nothing_left(self.store)
    }
}

fn row_id(index: u32) -> String {
    format!("row-{index}")
}

/// Name of what a table shows.
fn mode_name(mode: TableMode) -> &'static str {
    match mode {
        TableMode::Functions => "Functions",
        TableMode::Tree => "Call tree",
        TableMode::Callers => "Callers",
    }
}
