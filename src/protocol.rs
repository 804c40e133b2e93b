//! Everything that crosses between the page and a worker.
//!
//! Messages are small and sized by the screen; rows come in windows, pictures are painted in the
//! worker. Each request carries an id that its reply repeats. Bulk (blobs, canvases, ports) crosses
//! beside the message as transferred objects.

use serde::{Deserialize, Serialize};

use crate::model::Note;
use crate::model::vocab::{FormatInfo, FrameKey, Order, Path, Scope, Sort, ThreadKey, TimeRange, ViewId};
use crate::units::{self, Figure, Unit};

/// Number of a request, unique per worker; its reply repeats it.
pub type RequestId = u32;

/// A message to a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToWorker {
    /// Number that the reply repeats.
    pub id: RequestId,
    /// What is asked.
    pub request: Request,
}

/// A message from a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FromWorker {
    /// Number of the request that this answers; 0 for what the worker says by itself.
    pub id: RequestId,
    /// The answer.
    pub reply: Reply,
}

/// The two workers of a recording: pictures follow the pointer whatever the engine is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Holds the recording and answers questions.
    Engine,
    /// Holds what pictures are painted from, paints them, and tells what lies under a point.
    Stage,
}

/// What the page asks of a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// The first message: what the worker is for. The port to the other worker of the recording
    /// crosses beside it.
    Begin(Role),
    /// Open the blobs that cross beside this message, under these names, as one recording.
    Open {
        /// A name per blob.
        names: Vec<String>,
        /// Choices of the person.
        options: OpenOptions,
    },
    /// Numbers and rows for the page's HTML.
    Query(Query),
    /// Paint a canvas with this picture. Answered by [`Reply::Painted`].
    Paint(Picture),
    /// What lies under a point of a painted canvas. Answered by [`Reply::Hit`].
    Hit {
        /// Which canvas.
        canvas: CanvasId,
        /// CSS pixels from its left edge.
        x: f64,
        /// CSS pixels from its top edge.
        y: f64,
    },
    /// The frame next to another in the flame graph, for the arrow keys. Answered by
    /// [`Reply::Moved`].
    Move {
        /// The picture that the arrows move in.
        flame: FlameView,
        /// From where.
        at: Path,
        /// Where to.
        to: Direction,
    },
    /// A canvas crosses beside this message (an `OffscreenCanvas`); it is painted from now on.
    Canvas(CanvasId),
    /// The colours of the theme and the fonts, by token name, as the style sheet has them.
    Theme(Theme),
    /// Meet another recording's worker, to be compared. With a scope, this worker sends its
    /// aggregate under it through the port that crosses beside this message (or, when none
    /// crosses, through the one that came before). Without one, it keeps the port and takes what
    /// arrives as the other side of [`Query::Compare`]. Answered by [`Reply::Peered`]; the
    /// receiving worker says it again, with id 0, whenever a newer aggregate arrives.
    Peer {
        /// What this worker sends of itself; `None` when it receives.
        send: Option<Scope>,
    },
}

impl Request {
    /// The worker that a request is for.
    pub fn role(&self) -> Role {
        match self {
            Self::Begin(role) => *role,
            Self::Open { .. } | Self::Query(_) | Self::Peer { .. } => Role::Engine,
            Self::Paint(_) | Self::Hit { .. } | Self::Move { .. } | Self::Canvas(_) | Self::Theme(_) => Role::Stage,
        }
    }
}

/// Choices made when opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOptions {
    /// Whether a pprof file's own drop and keep patterns are applied.
    pub prune: bool,
    /// Largest unpacked size of a packed file, bytes; `None` for the default.
    pub unpacked_max: Option<u64>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { prune: true, unpacked_max: None }
    }
}

/// What a worker says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// The worker listens. Carries the catalogue of formats for the start page.
    Ready {
        /// All formats that can be opened.
        formats: Vec<FormatInfo>,
    },
    /// The format was recognised.
    Recognised {
        /// Id of the format.
        format: String,
        /// Title of the format.
        title: String,
        /// Why, as a part of a sentence.
        why: String,
    },
    /// How far reading got; at most 20 times a second.
    Progress {
        /// `reading` or `building`.
        phase: String,
        /// Bytes of the file read.
        read: u64,
        /// Bytes of the file.
        size: u64,
        /// Milliseconds since opening began.
        millis: f64,
    },
    /// The recording is open.
    Opened(Overview),
    /// What was recognised is decoded by the full program only. Nothing was opened.
    Elsewhere,
    /// The answer to a query.
    Answer(Answer),
    /// A canvas was painted.
    Painted(Painted),
    /// A picture was painted from what there was; [`Reply::Painted`] comes once the rest is there.
    Partly(CanvasId),
    /// A picture was not painted: a newer one overtook it, or there is nothing of it or no canvas for
    /// it yet.
    Skipped,
    /// The port is connected (sender: the aggregate is on its way; receiver: one has arrived).
    Peered,
    /// What lies under a point.
    Hit(Option<Tip>),
    /// The frame that an arrow key leads to.
    Moved(Option<Path>),
    /// The request could not be answered; the recording stays as it is.
    Failed(Failure),
    /// The worker ends: a panic or no memory. The recording is lost, the page lives on.
    Died {
        /// What happened.
        message: String,
    },
}

/// An error as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which file.
    pub file: String,
    /// One sentence: where, what is wrong, what to do.
    pub message: String,
    /// Byte offset, if known.
    pub offset: Option<u64>,
    /// The first bytes of the file, at most 200, for a look at what it really is.
    pub head: Vec<u8>,
}

/// What an open recording is, independent of any selection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// File name.
    pub name: String,
    /// Size of the file, bytes.
    pub size: u64,
    /// SHA-256 over size, first and last MiB.
    pub fingerprint: String,
    /// Id of the format.
    pub format: String,
    /// Title of the format.
    pub title: String,
    /// Why it was recognised.
    pub detected_by: String,
    /// What was repaired, estimated or left out.
    pub notes: Vec<Note>,
    /// Facts of the file.
    pub meta: Vec<(String, String)>,
    /// The threads, busiest first.
    pub threads: Vec<ThreadInfo>,
    /// What was measured.
    pub values: Vec<ValueInfo>,
    /// Index into `values` of the one shown first.
    pub default_value: usize,
    /// Whether samples have times.
    pub has_time: bool,
    /// Why there are no stalls to show and what to record instead, if so.
    pub no_stalls: Option<String>,
    /// Whether it has functions that source maps may know.
    pub has_scripts: bool,
    /// Whether it has events that the order of time shows.
    pub has_events: bool,
    /// How the flame graph is ordered at first.
    pub order: Order,
    /// The tables that it has beside those of functions and calls, in the order in which they are shown.
    pub sheets: Vec<SheetInfo>,
    /// Tabs below whose timeline more is drawn, and how many lanes.
    pub lanes: Vec<(String, u32)>,
    /// How many series stand on no clock of the rest, so that people may move them.
    pub adrift: u32,
    /// Milliseconds from the request to here.
    pub millis: f64,
    /// Bytes of memory held by the tables.
    pub table_bytes: u64,
}

/// A thread in the list of threads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThreadInfo {
    /// How it is named in filters and addresses.
    pub key: ThreadKey,
    /// How it is shown.
    pub label: String,
    /// Number of samples.
    pub samples: u64,
    /// Its share of all threads' default value, 0..1.
    pub share: f64,
}

/// A value that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueInfo {
    /// The file's word, used in addresses.
    pub name: String,
    /// Name for people.
    pub label: String,
    /// What it measures.
    pub unit: Unit,
}

/// A question for numbers or rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Query {
    /// The summary line.
    Summary(Scope),
    /// What is found in the whole recording, whatever is looked at.
    Findings {
        /// Left aside; every question has one.
        scope: Scope,
        /// Shortest stall, milliseconds.
        threshold_ms: u32,
    },
    /// Rows `from..from + count` of the table of functions.
    Functions {
        /// What is looked at.
        scope: Scope,
        /// Only functions whose name or file matches.
        search: String,
        /// Column and direction.
        sort: Sort,
        /// First row.
        from: u32,
        /// Number of rows.
        count: u32,
    },
    /// Rows of a call tree as far as it is expanded.
    Tree {
        /// What is looked at.
        scope: Scope,
        /// Callees from the roots (`false`), or callers from each function (`true`).
        callers: bool,
        /// Order of siblings.
        sort: Sort,
        /// What to do to the expansion before answering.
        change: TreeChange,
        /// Matches are marked.
        search: String,
        /// First row.
        from: u32,
        /// Number of rows.
        count: u32,
    },
    /// Everything about a function, or a frame at a path, for the details panel.
    Details {
        /// What is looked at.
        scope: Scope,
        /// The function.
        function: FrameKey,
        /// The call path that ends in it, when one frame is selected and not the function everywhere.
        path: Option<Path>,
    },
    /// Stalls of the loop at or above a threshold.
    Stalls {
        /// What is looked at; of its filters only threads and time apply.
        scope: Scope,
        /// Milliseconds.
        threshold_ms: u32,
    },
    /// Everything about one stall.
    Stall {
        /// As in [`Query::Stalls`].
        scope: Scope,
        /// Milliseconds.
        threshold_ms: u32,
        /// Where it lies, as its row says.
        range: TimeRange,
    },
    /// How much a search text matches.
    Search {
        /// What is looked at.
        scope: Scope,
        /// The text.
        text: String,
        /// Direction to the next match from `at`: +1, -1, or 0 to only count.
        step: i32,
        /// Path of the frame that the step starts from.
        at: Option<Path>,
    },
    /// Functions of this recording (before) and of the peer (after) side by side.
    Compare {
        /// What is looked at in this recording; the peer sent its own.
        scope: Scope,
        /// Only matching functions.
        search: String,
        /// Column and direction.
        sort: Sort,
        /// First row.
        from: u32,
        /// Number of rows.
        count: u32,
    },
    /// Rows `from..from + count` of a sheet, as far as it is expanded.
    Sheet {
        /// Id of the sheet: one of [`Overview::sheets`], or [`SheetInfo::detail`] of one with the
        /// chosen row's [`SheetRow::key`] behind a slash.
        sheet: String,
        /// What is looked at; sheets of what no filter applies to leave it aside.
        scope: Scope,
        /// Only rows that match.
        search: String,
        /// Index of the column, and whether the smallest come first; `None` for the sheet's own order.
        sort: Option<(u32, bool)>,
        /// What to do to the expansion before answering.
        change: TreeChange,
        /// First row.
        from: u32,
        /// Number of rows.
        count: u32,
    },
}

impl Query {
    /// What is looked at.
    pub fn scope(&self) -> &Scope {
        match self {
            Self::Summary(scope)
            | Self::Findings { scope, .. }
            | Self::Functions { scope, .. }
            | Self::Tree { scope, .. }
            | Self::Details { scope, .. }
            | Self::Stalls { scope, .. }
            | Self::Stall { scope, .. }
            | Self::Search { scope, .. }
            | Self::Compare { scope, .. }
            | Self::Sheet { scope, .. } => scope,
        }
    }
}

/// Directions as drawn in the flame graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// To the caller.
    Parent,
    /// To the heaviest callee.
    Child,
    /// To the sibling on the left.
    Left,
    /// To the sibling on the right.
    Right,
}

/// Changes of a tree's expansion. Rows are named by the numbers that [`TreeRow::node`] gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum TreeChange {
    /// None.
    #[default]
    Keep,
    /// Show the children of a row.
    Expand(u32),
    /// Hide them.
    Collapse(u32),
    /// Show the heaviest path from a row, or from the roots.
    ExpandHeaviest(Option<u32>),
    /// Show the rows that lead to a path.
    Reveal(Path),
    /// Back to the roots.
    CollapseAll,
}

/// Answers to [`Query`], one variant each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "messages are few and short-lived; on wasm32 they are small enough")]
pub enum Answer {
    /// To [`Query::Summary`].
    Summary(Summary),
    /// To [`Query::Findings`], what matters most first.
    Findings(Vec<FindingRow>),
    /// To [`Query::Functions`].
    Functions(Rows<FunctionRow>),
    /// To [`Query::Tree`].
    Tree(Rows<TreeRow>),
    /// To [`Query::Details`]; `None` when the selection holds no such function.
    Details(Option<Details>),
    /// To [`Query::Stalls`].
    Stalls(StallReport),
    /// To [`Query::Stall`]; `None` when none lies there.
    Stall(Option<Box<StallDetails>>),
    /// To [`Query::Search`].
    Search(SearchResult),
    /// To [`Query::Sheet`] and [`Query::Compare`].
    Sheet(Sheet),
}

/// A number of samples: `n 2,710`.
pub fn samples(samples: u64) -> String {
    format!("n{}{}", units::THIN, units::grouped(i64::try_from(samples).unwrap_or(i64::MAX)))
}

/// A number with all that is said of it: exact, for people, and its share of the stated base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Amount {
    /// Exact, in the value's base unit times 10^decimals.
    pub raw: i64,
    /// For people.
    pub figure: Option<Figure>,
    /// Share of the base (see [`Summary::base`]) as text, `38.2 %`; empty when there is none.
    pub share: String,
    /// Share of the base, 0..1 (may be negative for differences).
    pub part: f64,
    /// Number of samples (rows of the file where it is aggregated).
    pub samples: u64,
}

impl Amount {
    /// A number, `raw` times 10^-`decimals` of `unit`, with its share of `base` and its samples.
    pub fn new(raw: i64, base: i64, unit: &Unit, decimals: u8, samples: u64) -> Self {
        Self {
            raw,
            figure: Some(units::figure(raw, decimals, unit)),
            share: if base == 0 { String::new() } else { units::percent_text(raw, base) },
            part: if base == 0 { 0.0 } else { raw as f64 / base as f64 },
            samples,
        }
    }

    /// `38.2 % · n 2,710`, the share only where there is one.
    pub fn share_and_samples(&self) -> String {
        let samples = samples(self.samples);
        if self.share.is_empty() { samples } else { format!("{} · {samples}", self.share) }
    }
}

/// One part of the summary line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// `own`, `dependency`, `runtime`, `native`, `kernel`, `gc`, `program`, `idle`, `before`, `after`:
    /// also the name of its colour.
    pub key: String,
    /// For people: `my code`.
    pub label: String,
    /// Nanoseconds (or the value's unit).
    pub amount: Amount,
    /// Digits in the unit of the whole, rounded so that the printed parts add up to the printed whole.
    pub printed: String,
}

/// The summary line of a scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The whole: wall time of the selection where there is time, else the total of the value.
    pub whole: Amount,
    /// Digits of the whole, to the same precision as the parts.
    pub printed: String,
    /// Unit of the printed digits.
    pub unit: String,
    /// `wall`, `selected`, `on 2 threads`, or the value's name.
    pub whole_label: String,
    /// The parts; they add up to the whole exactly, and in print.
    pub parts: Vec<Part>,
    /// What 100 % is in every share: the total of the flame graph.
    pub base: Amount,
    /// What 100 % is, in words: `4.78 s of active time in the selection`.
    pub base_label: String,
    /// How much rests on long gaps between samples.
    pub late: Option<LateGaps>,
    /// Number of samples in the selection.
    pub samples: u64,
    /// Whether `samples` are rows of an aggregated file instead.
    pub is_aggregated: bool,
    /// Median distance of samples, nanoseconds; 0 when unknown.
    pub interval_ns: i64,
    /// Length of the whole recording, nanoseconds; 0 without time.
    pub duration_ns: i64,
    /// Modules in the selection by weight, for the legend, at most twelve.
    pub legend: Vec<LegendEntry>,
    /// What the filters did that a person should know: `hid 3 functions`.
    pub filter_notes: Vec<String>,
}

/// Something that was found, with what it rests on and where it is seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct FindingRow {
    /// What it is, in a few words with its number; names stand between backticks.
    pub title: String,
    /// Whether it says that something is in order.
    pub is_health: bool,
    /// `measured`, `inferred` or `estimated`.
    pub certainty: String,
    /// Why so sure and not more.
    pub reason: String,
    /// What it rests on: what it is, and the number with its base.
    pub evidence: Vec<(String, String)>,
    /// What to do next.
    pub next: String,
    /// The function to blame.
    pub function: Option<FrameKey>,
    /// The thread, where there are several.
    pub thread: Option<ThreadKey>,
    /// Where it is well seen.
    pub range: Option<TimeRange>,
    /// The view in which it is looked at; `None` for whichever is shown.
    pub view: Option<ViewId>,
    /// The sheet of that view, or empty.
    pub sheet: String,
}

/// Time that rests on long gaps between samples: of every gap longer than 1.5 median intervals and
/// 3 ms, what exceeds 1.2 median intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LateGaps {
    /// Excess of the gaps, nanoseconds: an *of which*, never a term of the sum.
    pub amount: Amount,
    /// How many gaps.
    pub count: u64,
}

/// A module and its colour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LegendEntry {
    /// Name of the module.
    pub module: String,
    /// Name of the colour token, such as `--flame-own-03`.
    pub token: String,
    /// Its own value in the selection.
    pub amount: Amount,
}

/// How a function is shown wherever it appears.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct FunctionLabel {
    /// By content.
    pub key: FrameKey,
    /// Module, as in the legend.
    pub module: String,
    /// Short place: `sync_middleware.js:12`, `node:fs:441`, or `native`.
    pub place: String,
    /// `own`, `dependency`, `runtime`, `native`, `kernel`, `gc`, `program`, `idle`.
    pub kind: String,
    /// Name of the colour token.
    pub token: String,
}

/// A row of the table of functions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct FunctionRow {
    /// Who.
    pub label: FunctionLabel,
    /// Own value.
    pub self_value: Amount,
    /// With callees, recursion counted once.
    pub total: Amount,
    /// Half width of the 95 % interval of the own share from time blocks, in percent points:
    /// `± 9.0`; empty when there are too few blocks.
    pub plus_minus: String,
}

/// A row of a call tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TreeRow {
    /// Number of the row's node for [`TreeChange`]; valid for this scope and direction.
    pub node: u32,
    /// Depth, 0 for roots.
    pub depth: u32,
    /// Who.
    pub label: FunctionLabel,
    /// Own value.
    pub self_value: Amount,
    /// With callees (or: value of the callers' paths).
    pub total: Amount,
    /// Whether it has children.
    pub has_children: bool,
    /// Whether they are shown.
    pub is_expanded: bool,
    /// Whether it lies on the heaviest path from the roots.
    pub is_heaviest: bool,
    /// Whether the search text matches.
    pub is_match: bool,
    /// Call path from the outermost function (in a callers tree: from the root function outwards).
    /// Empty where it would be very long: such a row stands for its function.
    pub path: Path,
}

/// A window of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rows<T> {
    /// Number of all rows.
    pub all: u32,
    /// First row given.
    pub from: u32,
    /// The rows.
    pub rows: Vec<T>,
    /// Largest own value of all rows, for the bars.
    pub max_self: i64,
    /// Largest total of all rows.
    pub max_total: i64,
    /// Row to scroll to after a change (reveal, heaviest path).
    pub scroll_to: Option<u32>,
}

/// A table that a recording has beside those of functions and calls: constructors of a heap, results
/// of a load test, web vitals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetInfo {
    /// Stable; in questions and addresses.
    pub id: String,
    /// Name for people.
    pub label: String,
    /// Where it is shown: `memory`, `load`, `vitals`, `report`.
    pub tab: String,
    /// What it shows, in one sentence.
    pub note: String,
    /// The sheet that tells more of a chosen row, as the beginning of an id, and its name for people.
    pub detail: Option<(String, String)>,
}

/// A window of a sheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// The columns, the first of which names the row and carries the expansion.
    pub columns: Vec<SheetColumn>,
    /// Rows.
    pub rows: Rows<SheetRow>,
    /// What a person should know of the rows, or why there are none; empty when there is nothing to say.
    pub note: String,
}

/// A column of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct SheetColumn {
    /// Its head.
    pub label: String,
    /// What its numbers count in, beside the head; empty where figures carry their unit.
    pub unit_note: String,
    /// Whether it holds numbers, which stand at the right and sort largest first.
    pub is_number: bool,
    /// What it shows, in one sentence.
    pub tip: String,
    /// What its numbers come to, where that is more than the rows tell.
    pub total: Option<Figure>,
    /// Role of the column in the look of its table, or empty.
    pub class: String,
    /// Whether rows cannot be sorted by it.
    pub is_fixed: bool,
}

/// A row of a sheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct SheetRow {
    /// Number by which [`TreeChange`] names the row.
    pub node: u32,
    /// How many rows it lies below.
    pub depth: u32,
    /// Whether it is expanded; `None` when nothing is below it.
    pub expandable: Option<bool>,
    /// What it shows, by content, for [`SheetInfo::detail`] and addresses; empty when it cannot be asked for.
    pub key: String,
    /// The function that it is about, which is selected with it.
    pub who: Option<FunctionLabel>,
    /// One for each column.
    pub cells: Vec<Cell>,
}

/// A cell of a sheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Cell {
    /// What is written, or beside a figure the exact number, for tips and copies.
    pub text: String,
    /// The number for people.
    pub figure: Option<Figure>,
    /// Share of the whole, 0..1, for a bar; negative for what became less; 0 for none.
    pub part: f64,
    /// How it is set apart.
    pub tone: Tone,
}

/// How something is set apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum Tone {
    /// Not at all.
    #[default]
    Plain,
    /// What matters less.
    Quiet,
    /// What matters most.
    Strong,
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Not as it should be.
    Bad,
    /// Less than before.
    Less,
    /// More than before.
    More,
}

/// Everything about a function or a frame.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Details {
    /// Who.
    pub label: FunctionLabel,
    /// The frame at the path, if one is selected.
    pub here: Option<(Amount, Amount)>,
    /// Own value and total of the function everywhere.
    pub everywhere: (Amount, Amount),
    /// ± of the own share, as in [`FunctionRow::plus_minus`].
    pub plus_minus: String,
    /// How much of its own time rests on long gaps.
    pub late: Option<LateGaps>,
    /// Callers by weight, at most 20, and how many there are.
    pub callers: (Vec<FunctionRow>, u32),
    /// Callees by weight, the function's own time among them as itself, at most 20, and how many.
    pub callees: (Vec<FunctionRow>, u32),
    /// Places in the tree.
    pub places: u32,
    /// Whether it calls itself, directly or further down.
    pub is_recursive: bool,
    /// Path of the heaviest place.
    pub heaviest: Path,
    /// Own ticks by line, where the profiler counted them: (line, ticks).
    pub lines: Vec<(u32, u64)>,
    /// Labels of its samples by weight, at most 20: key, value, amount.
    pub labels: Vec<(String, String, Amount)>,
    /// Own time in up to 100 equal slices of the recording, each 0..1 of its slice; empty without time.
    pub spark: Vec<f32>,
}

/// How much a search text matches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct SearchResult {
    /// Total of the matches, overlaps counted once.
    pub total: Amount,
    /// Matching functions.
    pub functions: u32,
    /// Matching frames of the tree.
    pub frames: u32,
    /// The frame stepped to.
    pub at: Option<Path>,
    /// Why the text is not a valid search, if so.
    pub problem: Option<String>,
}

/// Stalls of the event loop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct StallReport {
    /// The list, longest first.
    pub stalls: Vec<StallRow>,
    /// Number of stalls proper.
    pub count: u32,
    /// Their total length, nanoseconds, and its share of wall time.
    pub total: Amount,
    /// Number of stretches in which the loop was merely busy with many short calls.
    pub busy_count: u32,
    /// Their total length.
    pub busy_total: Amount,
    /// Turns of the loop by length: (lower bound in ms, upper bound in ms, count), bounds doubling.
    pub turns: Vec<(u32, u32, u32)>,
    /// Why there is nothing, and what to record instead; empty when there is something.
    pub why_empty: String,
    /// The rule in one sentence and its precision, for the status line.
    pub rule: String,
    /// Number of this report, from 1 on; the timeline marks the stalls of the report that it names.
    pub number: u32,
}

/// One stall, as a row of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct StallRow {
    /// Number by length, 1 is the longest.
    pub rank: u32,
    /// Where it lies.
    pub range: Option<TimeRange>,
    /// Start, for people.
    pub start: Option<Figure>,
    /// Length.
    pub length: Amount,
    /// Length over the threshold.
    pub over: Amount,
    /// `stall` or `loop-busy`.
    pub kind: String,
    /// `inferred` or `measured`.
    pub source: String,
    /// Where it came from: `timer`, `HTTP request`; empty when unknown.
    pub origin: String,
    /// The function of the runtime that says so: `parserOnHeadersComplete`.
    pub origin_frame: String,
    /// The function to blame; `None` when no single function has 60 %.
    pub culprit: Option<FunctionLabel>,
    /// The function that was called for most of it, as the trace tells: `poll app.js:3`; empty when
    /// none is told.
    pub handler: String,
    /// Helper in which a shared function spent the time: `in spin`; empty otherwise.
    pub inside: String,
    /// Share of the stall with the culprit on the stack, 0..1.
    pub share: f64,
    /// Names on the path to the culprit, outermost first; of a long path its first and last two.
    pub steps: Vec<String>,
    /// How many names are left out in the middle of them.
    pub steps_left_out: u32,
    /// Which of them is the culprit.
    pub culprit_step: Option<u32>,
    /// For `loop-busy`: number of calls and their median length in nanoseconds.
    pub calls: Option<(u64, i64)>,
    /// Number of samples inside.
    pub samples: u64,
}

/// Everything about one stall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct StallDetails {
    /// As in the list.
    pub row: StallRow,
    /// How many stalls and busy stretches there are.
    pub count: u32,
    /// The path of own functions on at least 60 % of it, outermost first, ending in the culprit.
    pub path: Vec<FunctionLabel>,
    /// Own shares of the excess over the threshold, by function, largest first.
    pub blame: Vec<FunctionRow>,
    /// How many further functions there are and what they share; with it the shares add up.
    pub blame_rest: Option<(u32, Amount)>,
    /// Garbage collection inside.
    pub gc: Amount,
    /// Native or unknown inside.
    pub program: Amount,
    /// In words: which rule named the culprit.
    pub why: String,
}

/// The canvases of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CanvasId {
    /// The flame graph.
    Flame,
    /// The timeline above the views.
    Timeline,
}

/// A picture to paint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Which canvas.
    pub canvas: CanvasId,
    /// Width in CSS pixels.
    pub width: f64,
    /// Height in CSS pixels.
    pub height: f64,
    /// Device pixels per CSS pixel.
    pub ratio: f64,
    /// What is on it.
    pub content: Content,
}

/// What a canvas shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// A flame graph.
    Flame(FlameView),
    /// The timeline.
    Timeline(TimelineView),
}

/// A flame graph and what is looked at in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct FlameView {
    /// What is looked at.
    pub scope: Scope,
    /// Order of siblings.
    pub order: Order,
    /// Callers from each function instead of callees from the roots.
    pub callers: bool,
    /// Root at the bottom instead of the top.
    pub upwards: bool,
    /// The frame that is zoomed to, by path; empty for all.
    pub zoom: Path,
    /// Left edge of the visible part, 0..1 of the zoomed frame's width; negative values are clamped.
    pub x0: f64,
    /// Right edge, 0..1.
    pub x1: f64,
    /// CSS pixels scrolled down.
    pub scroll: f64,
    /// The selected frame, if any.
    pub selected: Option<Path>,
    /// The selected function: its other occurrences get an outline.
    pub function: Option<FrameKey>,
    /// The frame under the pointer.
    pub hovered: Option<Path>,
    /// Search text: what matches is underlined, the rest is dimmed.
    pub search: String,
}

/// The timeline and what is looked at in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TimelineView {
    /// What is looked at; its time filters are drawn as the selected range, not applied.
    pub scope: Scope,
    /// The visible stretch; `None` for all.
    pub visible: Option<TimeRange>,
    /// A range that is being dragged.
    pub brush: Option<TimeRange>,
    /// Number of the report whose stalls are marked: the picture does not wait for them. 0 is none.
    pub report: u32,
    /// The chosen stall.
    pub stall: Option<TimeRange>,
    /// How many lanes there is room for below.
    pub lanes: u32,
    /// The tab whose lanes they are; empty for none.
    pub tab: String,
    /// Key of the row whose lane is among them; empty for none.
    pub row: String,
    /// How much later series are shown that stand on no clock of the rest, nanoseconds.
    pub moved_ns: i64,
}

/// What was painted, for scroll bars and tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Painted {
    /// Which canvas.
    pub canvas: CanvasId,
    /// Height of the whole content, CSS pixels.
    pub content_height: f64,
    /// Boxes painted.
    pub boxes: u32,
    /// Boxes that were merged because they were smaller than a pixel.
    pub merged: u64,
    /// Names of the frames on the way to the zoomed one, outermost first, for the breadcrumb.
    pub crumbs: Path,
    /// Matches of the search in the painted part.
    pub matches: u32,
    /// Height of a row, CSS pixels; 0 on the timeline.
    pub row_px: f64,
    /// Where the selected frame lies: left and right edge, 0..1 of the zoomed frame's width and
    /// beyond it for what lies beside it. `None` without one and in the order of time.
    pub selected: Option<(f64, f64)>,
    /// [`path_print`] of the selected frame, so that the asker knows whose edges these are.
    pub selected_print: Option<u32>,
    /// The stretch of time that the timeline's width shows.
    pub visible: Option<TimeRange>,
    /// All the time that the timeline could show.
    pub whole: Option<TimeRange>,
    /// The thread that the timeline shows, for people.
    pub thread: String,
    /// The lanes below the timeline: name, and what their heights mean.
    pub lanes: Vec<(String, String)>,
}

/// A short print of a call path: pictures of two frames differ in it (FNV-1a).
pub fn path_print(path: &[FrameKey]) -> u32 {
    let mut print = 0x811c_9dc5_u32;
    let mut take = |byte: u8| print = (print ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    for key in path {
        key.name.bytes().chain([0]).chain(key.file.bytes()).chain(key.line.to_le_bytes()).for_each(&mut take);
    }
    print
}

/// What lies under a point, for the tip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tip {
    /// Who; `None` for merged small frames and for the timeline.
    pub label: Option<FunctionLabel>,
    /// One line for what is not a function: `12 small frames`, `1.20 s: 80 % my code`.
    pub text: String,
    /// The frame by path; empty for what is not a frame.
    pub path: Path,
    /// Own value and total here.
    pub here: Option<(Amount, Amount)>,
    /// Own value and total of the function everywhere.
    pub everywhere: Option<(Amount, Amount)>,
    /// The box in CSS pixels of the canvas: left, top, width, height.
    pub rect: (f64, f64, f64, f64),
    /// Time under the pointer, nanoseconds since the start, on the timeline and in time order.
    pub at_ns: Option<i64>,
    /// Name of the colour token that the box is filled with.
    pub token: String,
}

/// Colours by token and fonts, as the style sheet has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Theme {
    /// Token name (`--flame-own-01`) and CSS colour.
    pub colours: Vec<(String, String)>,
    /// Font family of names.
    pub mono: String,
    /// Font family of figures.
    pub sans: String,
    /// Hue by module (`module`) or by own share (`heat`).
    pub colour_by: String,
}
