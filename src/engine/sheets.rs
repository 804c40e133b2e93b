//! Sheets: tables of what is neither function nor call. The page has one view for all of them; what a
//! sheet holds stands in the registry, one entry each.
//!
//! A short sheet is a list of [`Line`]s, which are searched, sorted and cut here. A long or nested one
//! is an [`Outline`], of which only the rows that are expanded are worked out.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use foldhash::fast::FixedState;

use super::tables::window;
use super::{Engine, heap, measures};
use crate::model::Recording;
use crate::model::SortFew as _;
use crate::model::vocab::Scope;
use crate::protocol::{Cell, Rows, Sheet, SheetColumn, SheetInfo, SheetRow, Tone, TreeChange};
use crate::units::{self, Unit};

/// All sheets, in the order in which they are shown.
pub(super) static SHEETS: &[SheetKind] = &[
    heap::sheets::CONTENTS.in_full(),
    heap::sheets::CONSTRUCTORS.in_full(),
    heap::sheets::DOMINATORS.in_full(),
    heap::sheets::STRINGS.in_full(),
    heap::sheets::DETACHED.in_full(),
    heap::sheets::CHANGES.in_full(),
    heap::sheets::RETAINERS.in_full(),
    measures::VITALS.in_full(),
    measures::EVENTS.in_full(),
    measures::OPERATIONS.in_full(),
    measures::TRACKS.in_full(),
    measures::MARKS.in_full(),
    measures::LOAD.in_full(),
    measures::LOAD_COMPARED.in_full(),
    measures::PERCENTILES.in_full(),
    measures::TOTALS.in_full(),
    measures::DOCTOR.in_full(),
    measures::DELAYS.in_full(),
    measures::SERIES.in_full(),
    measures::FACTS.in_full(),
];

/// A sheet: one entry of the registry.
pub(super) struct SheetKind {
    /// Stable; in questions and addresses.
    pub id: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// Where it is shown; empty for what is only shown beside another's chosen row.
    pub tab: &'static str,
    /// What it shows, in one sentence.
    pub note: &'static str,
    /// Id of the sheet that tells more of a chosen row; empty for none.
    pub detail: &'static str,
    /// Whether a recording has it.
    pub exists: fn(&Recording) -> bool,
    /// Where its rows come from.
    pub source: Source,
}

/// Where the rows of a sheet come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// All of them at once; kept, so that scrolling, searching and sorting do not ask again.
    Lines(fn(&mut Engine, &Asked<'_>) -> Result<Lines, String>),
    /// Those that are asked for.
    Outline(fn(&mut Engine, &Asked<'_>) -> Result<Sheet, String>),
}

impl SheetKind {
    /// A sheet that only the full program carries: what it is of is not decoded elsewhere.
    const fn in_full(self) -> Self {
        let nothing = Source::Lines(|_, _| Err(String::new()));
        if crate::IS_FULL { self } else { Self { exists: |_| false, source: nothing, ..self } }
    }
}

/// What is asked of a sheet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The sheet with its key.
    pub sheet: &'a str,
    /// What stands behind the id of a sheet that is about one thing.
    pub key: &'a str,
    pub scope: &'a Scope,
    pub search: &'a str,
    pub sort: Option<(u32, bool)>,
    pub change: &'a TreeChange,
    pub from: u32,
    pub count: u32,
}

/// A column, as sheets state it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ColumnKind {
    pub label: &'static str,
    pub unit_note: &'static str,
    pub is_number: bool,
    pub tip: &'static str,
}

/// Most rows below one row; how many there are beside them is said.
const BELOW_MAX: usize = 10_000;

impl Engine {
    /// The sheets of the recording.
    pub(super) fn sheet_infos(&self) -> Vec<SheetInfo> {
        let is_shown = |kind: &&SheetKind| !kind.tab.is_empty() && self.has_sheet(kind.id);
        let label = |id: &str| SHEETS.iter().find(|kind| kind.id == id).map_or("", |kind| kind.label);
        let info = |kind: &SheetKind| SheetInfo {
            id: kind.id.into(),
            label: kind.label.into(),
            tab: kind.tab.into(),
            note: kind.note.into(),
            detail: (!kind.detail.is_empty()).then(|| (kind.detail.into(), label(kind.detail).into())),
        };
        SHEETS.iter().filter(is_shown).map(info).collect()
    }

    /// Rows of a sheet.
    pub(super) fn sheet(&mut self, asked: Asked<'_>) -> Result<Sheet, String> {
        let (id, key) = asked.sheet.split_once('/').unwrap_or((asked.sheet, ""));
        let kind = SHEETS.iter().find(|kind| kind.id == id && self.has_sheet(kind.id));
        let kind = kind.ok_or("This recording has no such table.")?;
        let asked = Asked { key, ..asked };
        let read = match kind.source {
            Source::Outline(answer) => return answer(self, &asked),
            Source::Lines(read) => read,
        };
        let kept = self.lines.iter().position(|kept| kept.sheet == asked.sheet && kept.scope == *asked.scope);
        let kept = match kept {
            Some(at) => self.lines.remove(at),
            None => {
                let lines = read(self, &asked)?;
                Kept { sheet: asked.sheet.to_owned(), scope: asked.scope.clone(), lines }
            }
        };
        let sheet = kept.lines.sheet(&asked);
        self.lines.truncate(LINES_KEPT - 1);
        self.lines.insert(0, kept);
        Ok(sheet)
    }

    /// Whether the recording has a sheet; found out once.
    pub(super) fn has_sheet(&self, id: &str) -> bool {
        let kinds = self
            .sheets
            .get_or_init(|| SHEETS.iter().filter(|kind| (kind.exists)(&self.recording)).map(|kind| kind.id).collect());
        kinds.contains(&id)
    }
}

/// Short sheets whose lines are kept.
const LINES_KEPT: usize = 4;

/// The lines of a short sheet, and of what they were asked.
#[derive(Debug)]
pub(super) struct Kept {
    sheet: String,
    scope: Scope,
    lines: Lines,
}

/// A value of a short sheet, by which its rows are sorted too.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Words.
    Text(String),
    /// Words that are set apart.
    Marked(String, Tone),
    /// A number times 10^-`decimals`, and its share of the whole for a bar.
    Number {
        /// The number.
        raw: i64,
        /// Power of ten that it is a multiple of.
        decimals: u8,
        /// What it counts.
        unit: Unit,
        /// Share, 0..1; 0 for no bar.
        part: f64,
    },
    /// A share of a whole, written in percent and drawn as a bar.
    Share(i64, i64),
}

impl Value {
    /// A number of things.
    pub fn count(count: u64) -> Self {
        Self::Number { raw: whole(count), decimals: 0, unit: Unit::Count, part: 0.0 }
    }

    /// Bytes.
    pub fn bytes(bytes: u64) -> Self {
        Self::Number { raw: whole(bytes), decimals: 0, unit: Unit::Bytes, part: 0.0 }
    }

    /// How it is shown.
    pub fn cell(&self) -> Cell {
        match self {
            Self::Text(text) => Cell { text: text.clone(), ..Cell::default() },
            Self::Marked(text, tone) => Cell { text: text.clone(), tone: *tone, ..Cell::default() },
            Self::Number { raw, decimals, unit, part } => Cell {
                text: exact(*raw, *decimals, unit),
                figure: Some(units::figure(*raw, *decimals, unit)),
                part: *part,
                tone: Tone::Plain,
            },
            Self::Share(part, all) => Cell {
                text: units::percent_text(*part, *all),
                part: if *all == 0 { 0.0 } else { *part as f64 / *all as f64 },
                ..Cell::default()
            },
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a) | Self::Marked(a, _), Self::Text(b) | Self::Marked(b, _)) => a.cmp(b),
            (a, b) => a.number().total_cmp(&b.number()),
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::Text(_) | Self::Marked(..) => f64::NEG_INFINITY,
            Self::Number { raw, decimals, .. } => *raw as f64 / 10f64.powi(i32::from(*decimals)),
            Self::Share(part, all) => *part as f64 / (*all).max(1) as f64,
        }
    }
}

/// A number as figures take it.
pub(super) fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The exact number with its unit.
fn exact(raw: i64, decimals: u8, unit: &Unit) -> String {
    let digits = if decimals == 0 { units::grouped(raw) } else { units::exact(raw, decimals) };
    match unit {
        Unit::Count => digits,
        Unit::Bytes => format!("{digits}{}B", units::THIN),
        other => format!("{digits}{}{}", units::THIN, other.word()),
    }
}

/// A row of a short sheet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// What it shows, by content; empty when nobody can ask for it.
    pub key: String,
    /// One for each column.
    pub values: Vec<Value>,
}

/// A short sheet whole.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lines {
    pub columns: Vec<ColumnKind>,
    pub lines: Vec<Line>,
    /// What is said of all of them.
    pub note: String,
}

impl Lines {
    /// The window that is asked for.
    fn sheet(&self, asked: &Asked<'_>) -> Sheet {
        let Self { columns, lines, note } = self;
        let wanted = asked.search.to_lowercase();
        let has_it = |value: &Value| match value {
            Value::Text(text) | Value::Marked(text, _) => text.to_lowercase().contains(&wanted),
            Value::Number { .. } | Value::Share(..) => false,
        };
        let mut order: Vec<usize> =
            (0..lines.len()).filter(|&at| wanted.is_empty() || lines[at].values.iter().any(has_it)).collect();
        if let Some((column, ascending)) = asked.sort {
            let value = |at: usize| lines[at].values.get(column as usize);
            order.sort_few_by(|&a, &b| {
                let order = value(a).zip(value(b)).map_or(Ordering::Equal, |(a, b)| a.order(b));
                if ascending { order } else { order.reverse() }
            });
        }
        let row = |&at: &usize| SheetRow {
            node: at as u32,
            depth: 0,
            expandable: None,
            key: lines[at].key.clone(),
            who: None,
            cells: lines[at].values.iter().map(Value::cell).collect(),
        };
        let (from, shown) = window(&order, asked.from, asked.count);
        let rows = shown.iter().map(row).collect();
        sheet(columns, (order.len(), from, rows), None, note.clone())
    }
}

fn sheet(
    columns: &[ColumnKind],
    (all, from, rows): (usize, u32, Vec<SheetRow>),
    scroll_to: Option<u32>,
    note: String,
) -> Sheet {
    let column = |kind: &ColumnKind| SheetColumn {
        label: kind.label.into(),
        unit_note: kind.unit_note.into(),
        is_number: kind.is_number,
        tip: kind.tip.into(),
        ..SheetColumn::default()
    };
    let rows = Rows { all: all as u32, from, rows, max_self: 0, max_total: 0, scroll_to };
    Sheet { columns: columns.iter().map(column).collect(), rows, note }
}

/// A thing of an outline: a number that only the outline understands.
pub(super) type Item = u64;

/// Things in order, and how many more there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Below {
    pub items: Vec<Item>,
    pub left_out: u64,
}

/// A sheet whose rows have rows below them.
pub(super) trait Outline {
    /// The first rows (`None`) or those below a row, in the wanted order, at most [`BELOW_MAX`].
    fn below(&self, item: Option<Item>, sort: Option<(u32, bool)>) -> Below;
    /// Whether there are rows below a row.
    fn has_below(&self, item: Item) -> bool;
    /// A row's key and cells.
    fn row(&self, item: Item) -> (String, Vec<Cell>);
    /// Which of the rows below a row (or of the first ones) is on the heaviest path, if any is.
    fn heaviest(&self, item: Option<Item>, below: &[Item]) -> Option<Item> {
        let _ = item;
        below.first().copied()
    }
    /// Whether the heaviest path is shown from the beginning.
    fn is_opened_at_first(&self) -> bool {
        false
    }
}

/// The first [`BELOW_MAX`] of the things, in order.
pub(super) fn first_by(items: impl Iterator<Item = Item>, order: impl Fn(Item, Item) -> Ordering) -> Below {
    let order = |a: &Item, b: &Item| order(*a, *b).then(a.cmp(b));
    let mut kept: Vec<Item> = Vec::new();
    let (mut all, mut last) = (0u64, None);
    for item in items {
        all += 1;
        if last.is_some_and(|last| order(&item, &last).is_ge()) {
            continue;
        }
        kept.push(item);
        if kept.len() == 2 * BELOW_MAX {
            keep_first(&mut kept, &order);
            last = kept.last().copied();
        }
    }
    keep_first(&mut kept, &order);
    Below { left_out: all - kept.len() as u64, items: kept }
}

/// One function whatever the order: what sorts is large.
fn keep_first(kept: &mut Vec<Item>, order: &dyn Fn(&Item, &Item) -> Ordering) {
    kept.sort_unstable_by(order);
    kept.truncate(BELOW_MAX);
}

/// Steps of the heaviest path that are expanded at once.
const STEPS_MAX: usize = 100;

/// The parent of the first rows.
const TOP: u32 = u32::MAX;

/// What is expanded of a sheet.
#[derive(Debug)]
pub(super) struct Expanded {
    sheet: String,
    search: String,
    sort: Option<(u32, bool)>,
    places: Vec<Place>,
    /// Number of each place, which it keeps in whatever order the rows stand.
    numbers: HashMap<(u32, Item), u32, FixedState>,
    /// What lies below the rows that are expanded.
    below: HashMap<u32, (Vec<u32>, u64), FixedState>,
    open: BTreeSet<u32>,
}

/// A thing at its place: the same thing may lie below several others.
#[derive(Debug, Clone, Copy)]
struct Place {
    item: Item,
    parent: u32,
    depth: u32,
}

/// A row that is shown.
#[derive(Debug, Clone, Copy)]
enum Shown {
    Place(u32),
    /// What is left out below a place, and its depth.
    LeftOut(u64, u32),
}

/// Sheets whose expansion is kept.
const EXPANDED_KEPT: usize = 4;

/// The expansions that are kept, the last used at the end.
#[derive(Debug, Default)]
pub(super) struct AllExpanded(Vec<Expanded>);

impl AllExpanded {
    /// Gives up those that are not about this sheet, and gives the one that is, and whether it is new.
    pub fn take(&mut self, asked: &Asked<'_>) -> Expanded {
        if let Some(at) = self.0.iter().position(|known| known.sheet == asked.sheet) {
            return self.0.remove(at);
        }
        Expanded {
            sheet: asked.sheet.to_owned(),
            search: asked.search.to_owned(),
            sort: asked.sort,
            places: Vec::new(),
            numbers: HashMap::default(),
            below: HashMap::default(),
            open: BTreeSet::new(),
        }
    }

    /// Keeps an expansion for the next question.
    pub fn keep(&mut self, expanded: Expanded) {
        if self.0.len() >= EXPANDED_KEPT {
            self.0.remove(0);
        }
        self.0.push(expanded);
    }
}

impl Expanded {
    /// The window of an outline that is asked for.
    pub fn sheet(&mut self, outline: &dyn Outline, columns: &[ColumnKind], note: String, asked: &Asked<'_>) -> Sheet {
        let is_new = self.places.is_empty() && outline.is_opened_at_first();
        if self.search != asked.search || self.sort != asked.sort {
            self.search = asked.search.to_owned();
            self.sort = asked.sort;
            self.below.clear();
        }
        let mut scroll_to = self.change(outline, asked.change);
        if is_new {
            self.expand_heaviest(outline, None);
            scroll_to = None;
        }
        let rows = self.rows(outline);
        let is_it = |row: &Shown| matches!(row, Shown::Place(place) if Some(*place) == scroll_to);
        let scroll_to = rows.iter().position(is_it).map(|at| at as u32);
        let (from, shown) = window(&rows, asked.from, asked.count);
        let shown = shown.iter().map(|row| self.row(outline, columns.len(), *row)).collect();
        sheet(columns, (rows.len(), from, shown), scroll_to, note)
    }

    fn row(&self, outline: &dyn Outline, columns: usize, row: Shown) -> SheetRow {
        match row {
            Shown::Place(node) => {
                let place = self.places[node as usize];
                let (key, cells) = outline.row(place.item);
                debug_assert_eq!(cells.len(), columns, "a cell for each column");
                let expandable = outline.has_below(place.item).then(|| self.open.contains(&node));
                SheetRow { node, depth: place.depth, expandable, key, who: None, cells }
            }
            Shown::LeftOut(count, depth) => {
                let text = format!("… and {} more", units::grouped(whole(count)));
                let mut cells = vec![Cell { text, tone: Tone::Quiet, ..Cell::default() }];
                cells.resize(columns, Cell::default());
                SheetRow { node: TOP, depth, cells, ..SheetRow::default() }
            }
        }
    }

    /// Applies a change and gives the row to scroll to.
    fn change(&mut self, outline: &dyn Outline, change: &TreeChange) -> Option<u32> {
        match change {
            TreeChange::Keep | TreeChange::Reveal(_) => None,
            TreeChange::Expand(node) => {
                if (*node as usize) < self.places.len() {
                    self.open.insert(*node);
                }
                None
            }
            TreeChange::Collapse(node) => {
                self.open.remove(node);
                None
            }
            TreeChange::CollapseAll => {
                self.open.clear();
                None
            }
            TreeChange::ExpandHeaviest(from) => {
                self.expand_heaviest(outline, from.filter(|&node| (node as usize) < self.places.len()))
            }
        }
    }

    fn expand_heaviest(&mut self, outline: &dyn Outline, from: Option<u32>) -> Option<u32> {
        let mut at = from;
        for _ in 0..STEPS_MAX {
            let item = at.map(|node| self.places[node as usize].item);
            if item.is_some_and(|item| !outline.has_below(item)) {
                break;
            }
            let below = self.below(outline, at.unwrap_or(TOP)).0.clone();
            let items: Vec<Item> = below.iter().map(|&node| self.places[node as usize].item).collect();
            let Some(next) = outline.heaviest(item, &items) else { break };
            if let Some(node) = at {
                self.open.insert(node);
            }
            at = items.iter().position(|item| *item == next).map(|place| below[place]);
        }
        at
    }

    /// The rows below a place, worked out when they are first asked for.
    fn below(&mut self, outline: &dyn Outline, node: u32) -> &(Vec<u32>, u64) {
        if !self.below.contains_key(&node) {
            let place = self.places.get(node as usize).copied();
            let depth = place.map_or(0, |place| place.depth + 1);
            let found = outline.below(place.map(|place| place.item), self.sort);
            let number = |item: Item| self.number(Place { item, parent: node, depth });
            let numbers = found.items.into_iter().map(number).collect();
            self.below.insert(node, (numbers, found.left_out));
        }
        &self.below[&node]
    }

    fn number(&mut self, place: Place) -> u32 {
        let next = self.places.len() as u32;
        let number = *self.numbers.entry((place.parent, place.item)).or_insert(next);
        if number == next {
            self.places.push(place);
        }
        number
    }

    /// The rows shown, in order.
    fn rows(&mut self, outline: &dyn Outline) -> Vec<Shown> {
        let mut rows = Vec::new();
        let mut pending = Vec::new();
        self.lay_out(outline, TOP, &mut pending);
        while let Some(row) = pending.pop() {
            rows.push(row);
            if let Shown::Place(node) = row
                && self.open.contains(&node)
            {
                self.lay_out(outline, node, &mut pending);
            }
        }
        rows
    }

    /// Puts the rows below a place on the pile, the first on top.
    fn lay_out(&mut self, outline: &dyn Outline, node: u32, pending: &mut Vec<Shown>) {
        let depth = self.places.get(node as usize).map_or(0, |place| place.depth + 1);
        let (below, left_out) = self.below(outline, node);
        if *left_out > 0 {
            pending.push(Shown::LeftOut(*left_out, depth));
        }
        pending.extend(below.iter().rev().map(|&node| Shown::Place(node)));
    }
}
