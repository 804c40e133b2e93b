//! The view state: one [`ViewState`], one [`Action`], one pure [`update`].
//!
//! The state is the address: [`url`] writes it into the fragment and reads it back. It names
//! recordings, frames and values by content. [`History`] remembers its past, [`keys`] lists what
//! the keyboard and the command palette can do. This room knows no browser and no analysis.

use serde::{Deserialize, Serialize};

use crate::model::vocab::{Filter, FrameKey, Order, Path, Scope, Sort, SortColumn, ThreadKey, TimeRange, ViewId};

mod deflate;
pub mod history;
mod json;
pub mod keys;
pub mod span;
pub mod update;
pub mod url;

pub use history::{History, Jump};
pub use update::{Step, update};

/// A recording by content, as far as an address can name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct FileRef {
    /// File name.
    pub name: String,
    /// The first 16 hex digits of its fingerprint; empty until it is known.
    pub print: String,
    /// Id of a built-in example, if it is one.
    pub example: Option<String>,
    /// Number under which this page opened it; 0 in an address.
    #[serde(skip)]
    pub number: u32,
}

/// Hex digits of a fingerprint that an address carries.
const PRINT_DIGITS: usize = 16;

impl FileRef {
    /// A file that is about to be opened: its name is all that is known.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// With the fingerprint that its recording states, shortened.
    pub fn with_print(mut self, fingerprint: &str) -> Self {
        self.print = fingerprint.chars().take(PRINT_DIGITS).collect();
        self
    }

    /// Whether both name the same recording, as far as both tell: the number, else the example,
    /// else the fingerprint where both have one, else the name.
    pub fn is_same(&self, other: &Self) -> bool {
        if self.number != 0 && other.number != 0 {
            return self.number == other.number;
        }
        if self.example.is_some() || other.example.is_some() {
            return self.example == other.example;
        }
        if self.print.is_empty() || other.print.is_empty() {
            return self.name == other.name;
        }
        self.print == other.print
    }
}

/// What a table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub enum TableMode {
    /// Functions, flat.
    #[default]
    Functions,
    /// Call tree from the roots.
    Tree,
    /// Callers of each function.
    Callers,
}

/// What is selected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Selection {
    /// A function, everywhere.
    Function(FrameKey),
    /// One frame, by its call path; the function's other occurrences get an outline.
    Frame(Path),
}

impl Selection {
    /// The selected function.
    pub fn function(&self) -> Option<&FrameKey> {
        match self {
            Self::Function(key) => Some(key),
            Self::Frame(path) => path.last(),
        }
    }
}

/// Hue of the flame graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub enum ColourBy {
    /// By module.
    #[default]
    Module,
    /// By own share.
    Heat,
}

/// Everything that a copied address restores. Cheap to clone, compared by value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViewState {
    /// The open recordings, in the order of opening.
    pub files: Vec<FileRef>,
    /// Index into `files` of the one shown.
    pub active: usize,
    /// Indices of the two that are compared: before, after.
    pub compare: Option<(usize, usize)>,
    /// The chosen view.
    pub view: ViewId,
    /// The filter stack, in order; threads and time among them.
    pub filters: Vec<Filter>,
    /// The value by name; `None` for the recording's default.
    pub value: Option<String>,
    /// What is selected.
    pub selection: Option<Selection>,
    /// Search text.
    pub search: String,
    /// Flame: the frame zoomed to, by path.
    pub zoom: Path,
    /// Flame: visible part of the zoomed frame, 0..1.
    pub span: (f64, f64),
    /// Flame: CSS pixels scrolled down.
    pub scroll: f64,
    /// Flame: order of siblings.
    pub order: Order,
    /// Flame: callers instead of callees.
    pub callers: bool,
    /// Flame: root at the bottom.
    pub upwards: bool,
    /// Flame: hue.
    pub colour_by: ColourBy,
    /// Whether garbage collection is nested under the stack before it.
    pub nest_gc: bool,
    /// Table: what it shows.
    pub table: TableMode,
    /// Table: column and direction.
    pub sort: Sort,
    /// Comparison: column and direction.
    pub compare_sort: Sort,
    /// Stalls: threshold in milliseconds.
    pub threshold_ms: u32,
    /// Stalls: the chosen one, by its range.
    pub stall: Option<TimeRange>,
    /// Timeline: visible stretch; `None` for all.
    pub visible: Option<TimeRange>,
    /// Timeline: how much later series are shown that stand on no clock of the rest, milliseconds.
    pub moved_ms: i64,
    /// Sheets: id of the chosen one; empty for the first of its tab.
    pub sheet: String,
    /// Sheets: the chosen row, by its key.
    pub row: String,
}

impl Default for ViewState {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            active: 0,
            compare: None,
            view: ViewId::default(),
            filters: Vec::new(),
            value: None,
            selection: None,
            search: String::new(),
            zoom: Path::new(),
            span: (0.0, 1.0),
            scroll: 0.0,
            order: Order::default(),
            callers: false,
            upwards: false,
            colour_by: ColourBy::default(),
            nest_gc: false,
            table: TableMode::default(),
            sort: Sort::default(),
            compare_sort: Sort { column: SortColumn::Difference, ascending: false },
            threshold_ms: 50,
            stall: None,
            visible: None,
            moved_ms: 0,
            sheet: String::new(),
            row: String::new(),
        }
    }
}

impl ViewState {
    /// What every query of the active recording is about.
    pub fn scope(&self) -> Scope {
        Scope { filters: self.filters.clone(), value: self.value.clone(), nest_gc: self.nest_gc }
    }

    /// The chosen thread, if one is.
    pub fn thread(&self) -> Option<&ThreadKey> {
        self.filters.iter().find_map(|f| match f {
            Filter::Thread(key) => Some(key),
            _ => None,
        })
    }

    /// The chosen time range, if one is.
    pub fn time(&self) -> Option<TimeRange> {
        self.filters.iter().rev().find_map(|f| match f {
            Filter::Time(range) => Some(*range),
            _ => None,
        })
    }
}

/// Everything that a person can do to the view.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// New recordings are being opened; the first of them is shown.
    Opening(Vec<FileRef>),
    /// The recording at a position is open: its fingerprint and its final name are known.
    Opened(usize, FileRef),
    /// The recording at a position was closed, or could not be opened.
    Closed(usize),
    /// Show another recording.
    Activate(usize),
    /// Compare two recordings (before, after) in the comparison's view, or stop.
    Compare(Option<(usize, usize)>),
    /// Swap before and after.
    SwapCompared,
    /// Show a view.
    View(ViewId),
    /// Choose a value.
    Value(Option<String>),
    /// Add a filter at the end; a time range or thread replaces the one of its kind in its place.
    AddFilter(Filter),
    /// Remove the filter at a position.
    RemoveFilter(usize),
    /// Remove all filters.
    ClearFilters,
    /// Show the chosen thread only, or all.
    Thread(Option<ThreadKey>),
    /// Merge runtime and dependencies into one's own code, or no longer.
    ToggleOwnCode,
    /// Select something, or nothing.
    Select(Option<Selection>),
    /// Select the next thing on the way, as arrow keys do (not a step of the history).
    Glance(Selection),
    /// Search for a text.
    Search(String),
    /// Zoom to a frame (committed: becomes a step of the history).
    Zoom(Path),
    /// Zoom out to the caller of the zoomed frame.
    ZoomOut,
    /// Fit everything.
    ZoomReset,
    /// Pan or zoom smoothly: the visible part and the scroll (not a step of the history).
    Pan {
        /// Left and right edge, 0..1 of the zoomed frame.
        span: (f64, f64),
        /// CSS pixels scrolled down.
        scroll: f64,
    },
    /// Order of siblings.
    SetOrder(Order),
    /// Turn callers on or off.
    ToggleCallers,
    /// Turn the flame graph over.
    ToggleUpwards,
    /// Hue of the flame graph.
    SetColourBy(ColourBy),
    /// Nest garbage collection, or not.
    ToggleNestGc,
    /// What the table shows.
    SetTable(TableMode),
    /// Sort the table; the same column again turns it over.
    SortBy(SortColumn),
    /// Sort the comparison.
    SortCompareBy(SortColumn),
    /// Threshold of stalls, milliseconds.
    Threshold(u32),
    /// Choose a stall: every view narrows to it; `None` widens again.
    Stall(Option<TimeRange>),
    /// Visible stretch of the timeline.
    Visible(Option<TimeRange>),
    /// Timeline: so many milliseconds later are series shown that stand on no clock of the rest.
    Moved(i64),
    /// Show a sheet.
    Sheet(String),
    /// Choose a row of a sheet, by its key.
    Row(String),
    /// A whole state from an address or the history.
    Restore(Box<ViewState>),
}
