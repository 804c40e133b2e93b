//! The one function that changes the view state.

use super::{Action, FileRef, Selection, TableMode, ViewState};
use crate::model::vocab::{Filter, Order, Path, Sort, SortColumn, ThreadKey, TimeRange, ViewId};

/// Least and greatest threshold of stalls, milliseconds.
pub const THRESHOLD_MS: (u32, u32) = (1, 60_000);

/// Furthest that a series can be moved, milliseconds: a day.
pub const MOVED_MS: i64 = 86_400_000;

/// Narrowest visible part of a zoomed frame: beyond it, positions in `f64` begin to jump.
const SPAN_MIN: f64 = 1e-9;

/// How a change enters the browser's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A committed step: Back undoes it.
    Push,
    /// A passing change: the current entry is rewritten.
    Replace,
    /// Nothing changed.
    None,
}

/// Applies an action and says how it enters the history. An action that changes nothing, or that
/// names a recording or a filter which is not there, is [`Step::None`].
pub fn update(state: &mut ViewState, action: Action) -> Step {
    let before = state.clone();
    let step = step_of(&action);
    apply(state, action);
    if *state == before { Step::None } else { step }
}

fn step_of(action: &Action) -> Step {
    match action {
        Action::Opened(..)
        | Action::Glance(_)
        | Action::Search(_)
        | Action::Pan { .. }
        | Action::SortBy(_)
        | Action::SortCompareBy(_)
        | Action::ToggleUpwards
        | Action::SetColourBy(_)
        | Action::Threshold(_)
        | Action::Visible(_)
        | Action::Moved(_)
        | Action::Row(_)
        | Action::Restore(_) => Step::Replace,
        Action::Opening(_)
        | Action::Closed(_)
        | Action::Activate(_)
        | Action::Compare(_)
        | Action::SwapCompared
        | Action::View(_)
        | Action::Value(_)
        | Action::AddFilter(_)
        | Action::RemoveFilter(_)
        | Action::ClearFilters
        | Action::Thread(_)
        | Action::ToggleOwnCode
        | Action::Select(_)
        | Action::Zoom(_)
        | Action::ZoomOut
        | Action::ZoomReset
        | Action::SetOrder(_)
        | Action::ToggleCallers
        | Action::ToggleNestGc
        | Action::SetTable(_)
        | Action::Sheet(_)
        | Action::Stall(_) => Step::Push,
    }
}

fn apply(state: &mut ViewState, action: Action) {
    match action {
        Action::Opening(files) => opening(state, files),
        Action::Opened(index, file) => opened(state, index, file),
        Action::Closed(index) => closed(state, index),
        Action::Activate(index) => activate(state, index),
        Action::Compare(pair) => compare(state, pair),
        Action::SwapCompared => swap_compared(state),
        Action::View(view) => state.view = view,
        Action::Value(value) => state.value = value,
        Action::AddFilter(filter) => add_filter(state, filter),
        Action::RemoveFilter(index) => remove_filter(state, index),
        Action::ClearFilters => clear_filters(state),
        Action::Thread(thread) => choose_thread(state, thread),
        Action::ToggleOwnCode => toggle_own_code(state),
        Action::Select(selection) => state.selection = selection.filter(is_something),
        Action::Glance(selection) => state.selection = Some(selection).filter(is_something),
        Action::Search(text) => state.search = text,
        Action::Zoom(path) => zoom(state, path),
        Action::ZoomOut => zoom_out(state),
        Action::ZoomReset => zoom(state, Path::new()),
        Action::Pan { span, scroll } => pan(state, span, scroll),
        Action::SetOrder(order) => set_order(state, order),
        Action::ToggleCallers => toggle_callers(state),
        Action::ToggleUpwards => state.upwards = !state.upwards,
        Action::SetColourBy(colour_by) => state.colour_by = colour_by,
        Action::ToggleNestGc => toggle_nest_gc(state),
        Action::SetTable(table) => set_table(state, table),
        Action::SortBy(column) => state.sort = sorted_by(state.sort, column),
        Action::SortCompareBy(column) => state.compare_sort = sorted_by(state.compare_sort, column),
        Action::Threshold(ms) => state.threshold_ms = ms.clamp(THRESHOLD_MS.0, THRESHOLD_MS.1),
        Action::Stall(range) => choose_stall(state, range),
        Action::Visible(range) => state.visible = range,
        Action::Moved(ms) => state.moved_ms = ms.clamp(-MOVED_MS, MOVED_MS),
        Action::Sheet(sheet) => (state.sheet, state.row) = (sheet, String::new()),
        Action::Row(row) => state.row = row,
        Action::Restore(other) => *state = *other,
    }
}

fn opening(state: &mut ViewState, files: Vec<FileRef>) {
    if files.is_empty() {
        return;
    }
    state.active = state.files.len();
    state.files.extend(files);
    widen(state);
    state.filters.clear();
    state.search.clear();
    state.selection = None;
    state.value = None;
    if state.view == ViewId::Compare {
        state.view = ViewId::Flame;
    }
}

fn opened(state: &mut ViewState, index: usize, file: FileRef) {
    if let Some(entry) = state.files.get_mut(index) {
        *entry = file;
    }
}

fn closed(state: &mut ViewState, index: usize) {
    if index >= state.files.len() {
        return;
    }
    state.files.remove(index);
    state.compare = state
        .compare
        .filter(|&(before, after)| before != index && after != index)
        .map(|(before, after)| (shifted(before, index), shifted(after, index)));
    leave_comparison_without_pair(state);
    if state.active == index {
        state.active = index.min(state.files.len().saturating_sub(1));
        leave_recording(state);
    } else {
        state.active = shifted(state.active, index);
    }
}

/// Where a position is once the one at `removed` is gone.
fn shifted(position: usize, removed: usize) -> usize {
    if position > removed { position - 1 } else { position }
}

fn activate(state: &mut ViewState, index: usize) {
    if index < state.files.len() && index != state.active {
        state.active = index;
        leave_recording(state);
    }
}

fn compare(state: &mut ViewState, pair: Option<(usize, usize)>) {
    let known = |index: usize| index < state.files.len();
    match pair {
        Some((before, after)) if before != after && known(before) && known(after) => {
            activate(state, before);
            state.compare = pair;
            state.view = ViewId::Compare;
        }
        Some(_) => {}
        None => {
            state.compare = None;
            leave_comparison_without_pair(state);
        }
    }
}

fn leave_comparison_without_pair(state: &mut ViewState) {
    if state.compare.is_none() && state.view == ViewId::Compare {
        state.view = ViewId::Flame;
    }
}

fn swap_compared(state: &mut ViewState) {
    if let Some((before, after)) = state.compare {
        activate(state, after);
        state.compare = Some((after, before));
    }
}

/// Filters that name functions make sense in another recording of the same program; stretches of
/// time and threads do not.
fn leave_recording(state: &mut ViewState) {
    state.filters.retain(|f| !matches!(f, Filter::Time(_) | Filter::Thread(_)));
    state.value = None;
    widen(state);
}

fn widen(state: &mut ViewState) {
    zoom(state, Path::new());
    state.stall = None;
    state.visible = None;
    state.moved_ms = 0;
    state.row = String::new();
}

fn add_filter(state: &mut ViewState, filter: Filter) {
    if let Filter::Time(range) = filter {
        state.stall = state.stall.filter(|stall| *stall == range);
    }
    let place = state.filters.iter().position(|other| replaces(&filter, other));
    match place {
        Some(place) => state.filters[place] = filter,
        None if state.filters.last() == Some(&filter) => {}
        None => {
            forget_paths_if(changes_paths(&filter), state);
            state.filters.push(filter);
        }
    }
}

/// There is one stretch of time, one thread and one choice of one's own code; a second of these
/// takes the place of the first.
fn replaces(filter: &Filter, other: &Filter) -> bool {
    matches!(
        (filter, other),
        (Filter::Time(_), Filter::Time(_))
            | (Filter::Thread(_), Filter::Thread(_))
            | (Filter::OwnCode, Filter::OwnCode)
    )
}

/// Whether a filter gives the remaining frames other call paths.
fn changes_paths(filter: &Filter) -> bool {
    match filter {
        Filter::Time(_) | Filter::Thread(_) | Filter::Drop(_) | Filter::Keep(_) | Filter::Without(_) => false,
        Filter::Focus(_)
        | Filter::FocusPath(_)
        | Filter::Hide(_)
        | Filter::HideModule(_)
        | Filter::CollapseRecursion(_)
        | Filter::OwnCode => true,
    }
}

/// Paths that lead nowhere any more: the zoom goes, a selected frame becomes its function.
fn forget_paths_if(changed: bool, state: &mut ViewState) {
    if !changed {
        return;
    }
    zoom(state, Path::new());
    if let Some(Selection::Frame(path)) = &mut state.selection {
        state.selection = path.pop().map(Selection::Function);
    }
}

fn remove_filter(state: &mut ViewState, index: usize) {
    if index >= state.filters.len() {
        return;
    }
    let removed = state.filters.remove(index);
    forget_paths_if(changes_paths(&removed), state);
    if matches!(removed, Filter::Time(_)) {
        state.stall = None;
    }
}

fn clear_filters(state: &mut ViewState) {
    while let Some(last) = state.filters.len().checked_sub(1) {
        remove_filter(state, last);
    }
}

fn choose_thread(state: &mut ViewState, thread: Option<ThreadKey>) {
    match thread {
        Some(key) => add_filter(state, Filter::Thread(key)),
        None => state.filters.retain(|f| !matches!(f, Filter::Thread(_))),
    }
}

fn toggle_own_code(state: &mut ViewState) {
    match state.filters.iter().position(|f| *f == Filter::OwnCode) {
        Some(index) => remove_filter(state, index),
        None => add_filter(state, Filter::OwnCode),
    }
}

/// The root has no name: an empty path selects nothing.
fn is_something(selection: &Selection) -> bool {
    selection.function().is_some()
}

fn zoom(state: &mut ViewState, path: Path) {
    state.zoom = path;
    state.span = (0.0, 1.0);
    state.scroll = 0.0;
}

/// From a part of a frame to the whole frame, from there to its caller.
fn zoom_out(state: &mut ViewState) {
    let mut path = std::mem::take(&mut state.zoom);
    if state.span == (0.0, 1.0) {
        path.pop();
    }
    zoom(state, path);
}

fn pan(state: &mut ViewState, span: (f64, f64), scroll: f64) {
    let (left, right) = span;
    if left.is_finite() && right.is_finite() && right - left >= SPAN_MIN {
        state.span = (left.clamp(0.0, 1.0 - SPAN_MIN), right.clamp(SPAN_MIN, 1.0));
    }
    if scroll.is_finite() {
        state.scroll = scroll.max(0.0);
    }
}

/// In the order of time nothing is merged, so that a part of the width means something else.
fn set_order(state: &mut ViewState, order: Order) {
    if state.order != order {
        state.order = order;
        (state.span, state.scroll) = ((0.0, 1.0), 0.0);
    }
}

fn toggle_callers(state: &mut ViewState) {
    state.callers = !state.callers;
    forget_paths_if(true, state);
}

fn toggle_nest_gc(state: &mut ViewState) {
    state.nest_gc = !state.nest_gc;
    forget_paths_if(true, state);
}

/// A list of functions is read by own value, a tree by total: whoever has not sorted by something
/// else gets the order that is usual there.
fn set_table(state: &mut ViewState, table: TableMode) {
    if state.sort == usual_sort(state.table) {
        state.sort = usual_sort(table);
    }
    state.table = table;
}

fn usual_sort(table: TableMode) -> Sort {
    let column = match table {
        TableMode::Functions | TableMode::Callers => SortColumn::SelfValue,
        TableMode::Tree => SortColumn::Total,
    };
    Sort { column, ascending: false }
}

/// The same column again turns the order over; another starts with what is read first there: the
/// largest number, the first name.
fn sorted_by(sort: Sort, column: SortColumn) -> Sort {
    let is_text = matches!(column, SortColumn::Name | SortColumn::Module);
    let ascending = if sort.column == column { !sort.ascending } else { is_text };
    Sort { column, ascending }
}

fn choose_stall(state: &mut ViewState, range: Option<TimeRange>) {
    match range {
        Some(range) => {
            add_filter(state, Filter::Time(range));
            state.stall = Some(range);
        }
        None => {
            let stall = state.stall.take();
            let is_stall = |f: &Filter| matches!(f, Filter::Time(range) if Some(*range) == stall);
            state.filters.retain(|f| !is_stall(f));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::vocab::FrameKey;
    use crate::state::ColourBy;

    fn key(name: &str) -> FrameKey {
        FrameKey { name: name.to_owned(), ..FrameKey::default() }
    }

    fn path(names: &[&str]) -> Path {
        names.iter().map(|name| key(name)).collect()
    }

    fn range(from_ns: i64, to_ns: i64) -> TimeRange {
        TimeRange { from_ns, to_ns }
    }

    fn thread(name: &str) -> ThreadKey {
        ThreadKey { name: name.to_owned(), ..ThreadKey::default() }
    }

    fn with_files(names: &[&str]) -> ViewState {
        let files = names.iter().map(|name| FileRef::named(name)).collect();
        ViewState { files, ..ViewState::default() }
    }

    /// Applies actions one after the other and returns the state and the last step.
    fn after(mut state: ViewState, actions: Vec<Action>) -> (ViewState, Step) {
        let mut step = Step::None;
        for action in actions {
            step = update(&mut state, action);
        }
        (state, step)
    }

    #[test]
    fn a_new_recording_is_shown_in_full() {
        let mut old = with_files(&["a"]);
        old.filters = vec![Filter::Time(range(1, 2)), Filter::Hide(key("f"))];
        old.search = "f".into();
        old.value = Some("cpu".into());
        old.zoom = path(&["f"]);
        old.selection = Some(Selection::Function(key("f")));
        old.view = ViewId::Table;
        let (state, step) = after(old, vec![Action::Opening(vec![FileRef::named("b"), FileRef::named("c")])]);
        assert_eq!(step, Step::Push);
        assert_eq!((state.files.len(), state.active), (3, 1));
        let expected = ViewState { files: state.files.clone(), active: 1, view: ViewId::Table, ..ViewState::default() };
        assert_eq!(state, expected);
    }

    #[test]
    fn opening_nothing_changes_nothing() {
        assert_eq!(after(ViewState::default(), vec![Action::Opening(vec![])]).1, Step::None);
    }

    #[test]
    fn an_opened_recording_gets_its_fingerprint_in_place() {
        let file = FileRef::named("b").with_print("0123456789abcdef0123");
        let (state, step) = after(with_files(&["a", "b"]), vec![Action::Opened(1, file)]);
        assert_eq!(step, Step::Replace);
        assert_eq!(state.files[1].print, "0123456789abcdef");
        assert_eq!(after(state, vec![Action::Opened(7, FileRef::named("x"))]).1, Step::None);
    }

    #[test]
    fn closing_moves_positions_up() {
        let state =
            ViewState { active: 2, compare: Some((1, 2)), view: ViewId::Compare, ..with_files(&["a", "b", "c"]) };
        let (state, step) = after(state, vec![Action::Closed(0)]);
        assert_eq!(step, Step::Push);
        assert_eq!((state.active, state.compare), (1, Some((0, 1))));
        assert_eq!(state.view, ViewId::Compare);
        let (state, _) = after(state, vec![Action::Closed(1)]);
        assert_eq!((state.active, state.compare, state.view), (0, None, ViewId::Flame));
        let (state, _) = after(state, vec![Action::Closed(0)]);
        assert_eq!((state.active, state.files.len()), (0, 0));
        assert_eq!(after(state, vec![Action::Closed(0)]).1, Step::None);
    }

    #[test]
    fn another_recording_keeps_the_filters_that_name_functions() {
        let mut state = with_files(&["a", "b"]);
        state.filters = vec![Filter::Time(range(0, 9)), Filter::Hide(key("f")), Filter::Thread(thread("main"))];
        state.stall = Some(range(0, 9));
        state.visible = Some(range(0, 100));
        let (state, step) = after(state, vec![Action::Activate(1)]);
        assert_eq!((step, state.active), (Step::Push, 1));
        assert_eq!(state.filters, vec![Filter::Hide(key("f"))]);
        assert_eq!((state.stall, state.visible), (None, None));
        assert_eq!(after(state, vec![Action::Activate(5)]).1, Step::None);
    }

    #[test]
    fn two_recordings_are_compared_and_swapped() {
        let (state, step) = after(with_files(&["a", "b"]), vec![Action::Compare(Some((0, 1)))]);
        assert_eq!((step, state.view), (Step::Push, ViewId::Compare));
        let (state, _) = after(state, vec![Action::SwapCompared]);
        assert_eq!((state.compare, state.active), (Some((1, 0)), 1));
        for wrong in [(0, 0), (0, 2), (3, 1)] {
            assert_eq!(after(state.clone(), vec![Action::Compare(Some(wrong))]).1, Step::None);
        }
        let (state, _) = after(state, vec![Action::Compare(None)]);
        assert_eq!((state.compare, state.view), (None, ViewId::Flame));
        assert_eq!(after(state, vec![Action::SwapCompared]).1, Step::None);
    }

    #[test]
    fn time_and_thread_filters_take_the_place_of_their_kind() {
        let (state, step) = after(
            ViewState::default(),
            vec![
                Action::AddFilter(Filter::Time(range(0, 9))),
                Action::AddFilter(Filter::Hide(key("f"))),
                Action::Thread(Some(thread("main"))),
                Action::AddFilter(Filter::Time(range(2, 3))),
                Action::Thread(Some(thread("worker"))),
            ],
        );
        assert_eq!(step, Step::Push);
        let expected = vec![Filter::Time(range(2, 3)), Filter::Hide(key("f")), Filter::Thread(thread("worker"))];
        assert_eq!(state.filters, expected);
        assert_eq!((state.time(), state.thread()), (Some(range(2, 3)), Some(&thread("worker"))));
        let (state, _) = after(state, vec![Action::Thread(None)]);
        assert_eq!(state.filters, &expected[..2]);
    }

    #[test]
    fn the_same_filter_twice_in_a_row_is_one() {
        let hide = || Action::AddFilter(Filter::Hide(key("f")));
        let (state, step) = after(ViewState::default(), vec![hide(), hide()]);
        assert_eq!((state.filters.len(), step), (1, Step::None));
        let focus = Action::AddFilter(Filter::Focus(key("f")));
        let (state, _) = after(state, vec![focus, hide()]);
        assert_eq!(state.filters.len(), 3, "filters do not commute");
    }

    #[test]
    fn a_filter_that_changes_paths_ends_the_zoom() {
        let zoomed = ViewState {
            zoom: path(&["a", "b"]),
            span: (0.2, 0.4),
            selection: Some(Selection::Frame(path(&["a", "b"]))),
            ..ViewState::default()
        };
        let keep = Action::AddFilter(Filter::Keep("b".into()));
        let (state, _) = after(zoomed.clone(), vec![keep]);
        assert_eq!((state.zoom, state.selection), (zoomed.zoom.clone(), zoomed.selection.clone()));
        for action in [
            Action::AddFilter(Filter::Focus(key("b"))),
            Action::ToggleOwnCode,
            Action::ToggleCallers,
            Action::ToggleNestGc,
        ] {
            let (state, _) = after(zoomed.clone(), vec![action]);
            assert_eq!((state.zoom, state.span), (Path::new(), (0.0, 1.0)));
            assert_eq!(state.selection, Some(Selection::Function(key("b"))));
        }
    }

    #[test]
    fn filters_are_removed_one_by_one_or_all() {
        let state = ViewState {
            filters: vec![Filter::Time(range(0, 9)), Filter::Keep("x".into()), Filter::OwnCode],
            stall: Some(range(0, 9)),
            ..ViewState::default()
        };
        let (one_less, step) = after(state.clone(), vec![Action::RemoveFilter(0)]);
        assert_eq!((step, one_less.stall), (Step::Push, None));
        assert_eq!(one_less.filters, vec![Filter::Keep("x".into()), Filter::OwnCode]);
        assert_eq!(after(one_less, vec![Action::RemoveFilter(2)]).1, Step::None);
        let (state, _) = after(state, vec![Action::ClearFilters]);
        assert_eq!((state.filters.len(), state.stall), (0, None));
        assert_eq!(after(state, vec![Action::ClearFilters]).1, Step::None);
    }

    #[test]
    fn own_code_is_a_switch() {
        let (state, _) = after(ViewState::default(), vec![Action::ToggleOwnCode]);
        assert_eq!(state.filters, vec![Filter::OwnCode]);
        let (state, _) = after(state, vec![Action::ToggleOwnCode]);
        assert!(state.filters.is_empty());
    }

    #[test]
    fn a_stall_narrows_and_widens_again() {
        let hidden = Filter::Hide(key("f"));
        let start = ViewState { filters: vec![hidden.clone()], ..ViewState::default() };
        let (state, step) = after(start, vec![Action::Stall(Some(range(5, 9)))]);
        assert_eq!(step, Step::Push);
        assert_eq!(state.filters, vec![hidden.clone(), Filter::Time(range(5, 9))]);
        assert_eq!(state.stall, Some(range(5, 9)));
        let (other, _) = after(state.clone(), vec![Action::Stall(Some(range(20, 29)))]);
        assert_eq!(other.filters, vec![hidden.clone(), Filter::Time(range(20, 29))]);
        let (wide, _) = after(state.clone(), vec![Action::Stall(None)]);
        assert_eq!((wide.filters, wide.stall), (vec![hidden], None));
        let brushed = Action::AddFilter(Filter::Time(range(0, 50)));
        let (brushed, _) = after(state, vec![brushed]);
        assert_eq!(brushed.stall, None, "a range of one's own is not the stall's");
    }

    #[test]
    fn selecting_is_a_step_and_passing_by_is_not() {
        let frame = Selection::Frame(path(&["a", "b"]));
        let select = Action::Select(Some(frame.clone()));
        let (state, step) = after(ViewState::default(), vec![select.clone()]);
        assert_eq!((step, state.selection.as_ref()), (Step::Push, Some(&frame)));
        assert_eq!(after(state.clone(), vec![select]).1, Step::None);
        let glance = Action::Glance(Selection::Function(key("c")));
        assert_eq!(after(state.clone(), vec![glance]).1, Step::Replace);
        let nothing = Action::Select(Some(Selection::Frame(Path::new())));
        assert_eq!(after(state, vec![nothing]).0.selection, None);
    }

    #[test]
    fn zoom_goes_out_step_by_step() {
        let (state, step) = after(
            ViewState::default(),
            vec![Action::Zoom(path(&["a", "b"])), Action::Pan { span: (0.1, 0.2), scroll: 40.0 }],
        );
        assert_eq!((step, state.span, state.scroll), (Step::Replace, (0.1, 0.2), 40.0));
        let (state, step) = after(state, vec![Action::ZoomOut]);
        assert_eq!((step, state.span, &state.zoom), (Step::Push, (0.0, 1.0), &path(&["a", "b"])));
        let (state, _) = after(state, vec![Action::ZoomOut]);
        assert_eq!(state.zoom, path(&["a"]));
        let (state, _) = after(state, vec![Action::ZoomReset]);
        assert_eq!(after(state, vec![Action::ZoomOut]).1, Step::None);
    }

    #[test]
    fn panning_never_leaves_the_picture() {
        for (span, scroll) in [
            ((f64::NAN, 1.0), f64::NAN),
            ((0.0, f64::INFINITY), -3.0),
            ((0.5, 0.5), 0.0),
            ((0.7, 0.2), 0.0),
            ((-1.0, 2.0), 0.0),
        ] {
            let (state, _) = after(ViewState::default(), vec![Action::Pan { span, scroll }]);
            assert_eq!((state.span, state.scroll), ((0.0, 1.0), 0.0), "{span:?}");
        }
    }

    #[test]
    fn each_table_begins_in_its_usual_order() {
        let by = |column| Sort { column, ascending: false };
        let tree = || Action::SetTable(TableMode::Tree);
        let (state, _) = after(ViewState::default(), vec![tree()]);
        assert_eq!((state.table, state.sort), (TableMode::Tree, by(SortColumn::Total)));
        let (state, _) = after(state, vec![Action::SetTable(TableMode::Callers)]);
        assert_eq!(state.sort, by(SortColumn::SelfValue));
        let (state, _) = after(state, vec![Action::SortBy(SortColumn::Samples), tree()]);
        assert_eq!(state.sort, by(SortColumn::Samples), "an order of one's own stays");
    }

    #[test]
    fn choices_of_the_views() {
        let start = ViewState::default();
        for (action, step) in [
            (Action::View(ViewId::Table), Step::Push),
            (Action::Value(Some("alloc_space".into())), Step::Push),
            (Action::Search("x".into()), Step::Replace),
            (Action::SetOrder(Order::Time), Step::Push),
            (Action::ToggleUpwards, Step::Replace),
            (Action::SetColourBy(ColourBy::Heat), Step::Replace),
            (Action::SetTable(TableMode::Tree), Step::Push),
            (Action::Threshold(100), Step::Replace),
            (Action::Visible(Some(range(0, 5))), Step::Replace),
            (Action::View(ViewId::Flame), Step::None),
        ] {
            assert_eq!(after(start.clone(), vec![action.clone()]).1, step, "{action:?}");
        }
        assert_eq!(after(start, vec![Action::Threshold(0)]).0.threshold_ms, 1);
    }

    #[test]
    fn a_column_sorts_by_what_is_read_first() {
        let sort = |column, ascending| Sort { column, ascending };
        let by = |columns: &[SortColumn]| {
            let actions = columns.iter().map(|column| Action::SortBy(*column)).collect();
            after(ViewState::default(), actions).0.sort
        };
        assert_eq!(by(&[SortColumn::SelfValue]), sort(SortColumn::SelfValue, true));
        assert_eq!(by(&[SortColumn::Total]), sort(SortColumn::Total, false));
        assert_eq!(by(&[SortColumn::Name]), sort(SortColumn::Name, true));
        assert_eq!(by(&[SortColumn::Name, SortColumn::Name]), sort(SortColumn::Name, false));
        let (state, step) = after(ViewState::default(), vec![Action::SortCompareBy(SortColumn::After)]);
        assert_eq!((step, state.compare_sort), (Step::Replace, sort(SortColumn::After, false)));
    }

    #[test]
    fn a_whole_state_is_restored() {
        let other = ViewState { view: ViewId::Stalls, ..with_files(&["a"]) };
        let (state, step) = after(ViewState::default(), vec![Action::Restore(Box::new(other.clone()))]);
        assert_eq!((state, step), (other, Step::Replace));
    }

    #[test]
    fn files_are_the_same_by_example_print_or_name() {
        let name = FileRef::named("a.cpuprofile");
        let print = |text: &str| name.clone().with_print(text);
        assert!(name.is_same(&print("11")), "one print is not known yet");
        assert!(!print("11").is_same(&print("22")));
        assert!(print("11").is_same(&FileRef { name: "b".into(), ..print("11") }));
        let example = FileRef { example: Some("go".into()), ..name.clone() };
        assert!(!example.is_same(&name));
        assert!(example.is_same(&FileRef { example: Some("go".into()), ..FileRef::default() }));
    }
}
