//! The sheets of a heap.

use std::cmp::Ordering;

use super::{Compared, Known};
use crate::analysis::heap::compare::ClassChange;
use crate::analysis::heap::retainers::{self, written};
use crate::analysis::heap::texts::{Duplicates, containing};
use crate::analysis::heap::{BASE_DISTANCE, UNREACHED, classes};
use crate::engine::Engine;
use crate::engine::sheets::{
    Asked, Below, ColumnKind, Item, Line, Lines, Outline, SheetKind, Source, Value, first_by, whole,
};
use crate::model::heap::{Edge, EdgeId, EdgeKind, NodeId, ObjectKind};
use crate::model::{HeapGraph, Recording};
use crate::protocol::{Cell, Sheet, Tone};
use crate::units::{self, Unit};

/// What the heap consists of.
pub(in crate::engine) const CONTENTS: SheetKind = SheetKind {
    id: "heap-contents",
    label: "Contents",
    tab: "memory",
    note: "What the memory is used for.",
    detail: "",
    exists: has_heap,
    source: Source::Lines(contents),
};

/// Objects by constructor.
pub(in crate::engine) const CONSTRUCTORS: SheetKind = SheetKind {
    id: "heap-constructors",
    label: "Constructors",
    tab: "memory",
    note: "Objects by constructor; plain objects by their properties.",
    detail: RETAINERS.id,
    exists: has_heap,
    source: Source::Outline(|engine, asked| outline(engine, asked, View::Constructors)),
};

/// What retains the most.
pub(in crate::engine) const DOMINATORS: SheetKind = SheetKind {
    id: "heap-dominators",
    label: "Retained",
    tab: "memory",
    note: "Objects by what would become free with them; below each, what hangs on it alone.",
    detail: RETAINERS.id,
    exists: has_heap,
    source: Source::Outline(|engine, asked| outline(engine, asked, View::Dominators)),
};

/// Equal strings.
pub(in crate::engine) const STRINGS: SheetKind = SheetKind {
    id: "heap-strings",
    label: "Duplicated strings",
    tab: "memory",
    note: "Strings that are there more than once, and what all but one of each take.",
    detail: RETAINERS.id,
    exists: has_heap,
    source: Source::Lines(strings),
};

/// What left the page and is still held.
pub(in crate::engine) const DETACHED: SheetKind = SheetKind {
    id: "heap-detached",
    label: "Detached",
    tab: "memory",
    note: "Objects that were part of a page, no longer are, and are still held.",
    detail: RETAINERS.id,
    exists: has_page,
    source: Source::Outline(|engine, asked| outline(engine, asked, View::Detached)),
};

/// Why an object is still there.
pub(in crate::engine) const RETAINERS: SheetKind = SheetKind {
    id: "heap-retainers",
    label: "Retainers",
    tab: "",
    note: "What refers to an object, nearest to a root first, and what refers to that.",
    detail: "heap-retainers",
    exists: has_heap,
    source: Source::Outline(|engine, asked| outline(engine, asked, View::Retainers)),
};

/// What is new and what is gone in another heap.
pub(in crate::engine) const CHANGES: SheetKind = SheetKind {
    id: "heap-changes",
    label: "Compared",
    tab: "memory",
    note: "What is new and what is gone in the heap that this one is compared with, by constructor.",
    detail: "",
    exists: has_heap,
    source: Source::Lines(changes),
};

fn has_heap(recording: &Recording) -> bool {
    recording.heap.is_some()
}

/// Whether the heap is that of a page: others have nothing to detach.
fn has_page(recording: &Recording) -> bool {
    recording.heap.as_ref().is_some_and(HeapGraph::has_page)
}

const NO_HEAP: &str = "This recording has no heap.";

fn column(label: &'static str, is_number: bool, tip: &'static str) -> ColumnKind {
    ColumnKind { label, unit_note: "", is_number, tip }
}

fn contents(engine: &mut Engine, _: &Asked<'_>) -> Result<Lines, String> {
    let (_, known) = engine.heap().ok_or(NO_HEAP)?;
    let totals = &known.totals;
    let line = |name: &str, bytes: u64| Line {
        key: String::new(),
        values: vec![Value::Text(name.into()), Value::bytes(bytes), Value::Share(whole(bytes), whole(totals.total))],
    };
    let lines = vec![
        line("code", totals.code),
        line("strings", totals.strings),
        line("arrays", totals.arrays),
        line("typed arrays", totals.typed_arrays),
        line("native, other", totals.native.saturating_sub(totals.typed_arrays)),
        line("engine", totals.system),
        line("objects, functions and all else", totals.rest()),
    ];
    let columns = [
        column("What", false, "What the memory is used for."),
        column("Own size", true, "Bytes of the objects themselves."),
        column("Share", true, "Share of the whole heap."),
    ];
    let note = format!(
        "{} in {} objects with {} references.",
        units::figure(whole(totals.total), 0, &Unit::Bytes),
        units::grouped(whole(totals.objects)),
        units::grouped(whole(totals.edges)),
    );
    Ok(Lines { columns: columns.to_vec(), lines, note })
}

fn changes(engine: &mut Engine, _: &Asked<'_>) -> Result<Lines, String> {
    let columns = [
        column("Constructor", false, "Constructor, or the group of objects."),
        column("New", true, "Objects that only the other heap has."),
        column("Gone", true, "Objects that only this heap has."),
        column("Objects ±", true, "New objects less those that are gone."),
        column("New size", true, "Own sizes of the new objects."),
        column("Gone size", true, "Own sizes of those that are gone."),
        column("Size ±", true, "Bytes of new objects less those of objects that are gone."),
    ];
    let Some(Compared { changes, with }) = engine.heap_changes() else {
        let note = "Open a second heap and compare the two: then this says what grew.";
        return Ok(Lines { columns: columns.to_vec(), lines: Vec::new(), note: note.into() });
    };
    let largest = changes.rows.iter().map(|row| row.size_delta().unsigned_abs()).max().unwrap_or(0).max(1);
    let signed = |raw: i64, unit: Unit, part: f64| Value::Number { raw, decimals: 0, unit, part };
    let line = |row: &ClassChange| Line {
        key: String::new(),
        values: vec![
            Value::Text(cut(&row.name)),
            Value::count(row.new_count),
            Value::count(row.deleted_count),
            signed(row.count_delta(), Unit::Count, 0.0),
            Value::bytes(row.new_size),
            Value::bytes(row.deleted_size),
            signed(row.size_delta(), Unit::Bytes, row.size_delta() as f64 / largest as f64),
        ],
    };
    let how = if changes.is_by_object {
        "objects are told apart by the numbers that the engine gave them"
    } else {
        "the two are of different processes, so only numbers and sums are compared"
    };
    let note = format!("From {} to {with}: {how}.", engine.recording.origin.name);
    Ok(Lines { columns: columns.to_vec(), lines: changes.rows.iter().map(line).collect(), note })
}

/// Longest string that a row shows, in characters.
const TEXT_CHARS_MAX: usize = 200;

fn strings(engine: &mut Engine, _: &Asked<'_>) -> Result<Lines, String> {
    let (graph, known) = engine.heap().ok_or(NO_HEAP)?;
    let all = known.heap.duplicates(graph);
    let wasted = all.iter().fold(0u64, |sum, row| sum.saturating_add(row.wasted));
    let line = |row: &Duplicates| Line {
        key: key(graph, row.example),
        values: vec![
            Value::Text(quoted(row.text(graph))),
            Value::count(row.count),
            Value::bytes(row.shallow),
            Value::bytes(row.wasted),
            Value::Share(whole(row.wasted), whole(known.totals.total)),
        ],
    };
    let lines: Vec<Line> = all.iter().take(STRINGS_MAX).map(line).collect();
    let columns = [
        column("String", false, "What they say, as far as the file tells."),
        column("Copies", true, "How many equal strings there are."),
        column("Own size", true, "Bytes of all of them."),
        column("Wasted", true, "Bytes of all but the smallest of them."),
        column("Share", true, "Share of the whole heap that is wasted."),
    ];
    let mut note = match all.len() {
        0 => "No string is there twice.".to_owned(),
        groups => format!(
            "{} strings are there more than once and waste {}.",
            units::grouped(whole(groups as u64)),
            units::figure(whole(wasted), 0, &Unit::Bytes)
        ),
    };
    if all.len() > STRINGS_MAX {
        note.push_str(&format!(" Shown are the {} that waste the most.", units::grouped(whole(STRINGS_MAX as u64))));
    }
    Ok(Lines { columns: columns.to_vec(), lines, note })
}

/// Most groups of equal strings that are listed.
const STRINGS_MAX: usize = 10_000;

/// Which outline of the heap is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Constructors,
    Dominators,
    Detached,
    Retainers,
}

/// What a column shows of an object or a constructor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Count,
    Distance,
    Own,
    Retained,
    Share,
}

impl Field {
    fn kind(self, view: View) -> ColumnKind {
        match self {
            Self::Name if view == View::Constructors => column("Constructor", false, "Constructor, or the object."),
            Self::Name if view == View::Retainers => column("Reference", false, "The reference and what holds it."),
            Self::Name => column("Object", false, "The object, with the number that the engine gave it."),
            Self::Count => column("Objects", true, "How many objects it has."),
            Self::Distance => {
                column("Distance", true, "References on the shortest way from a global object of the program.")
            }
            Self::Own => column("Own size", true, "Bytes of the object itself."),
            Self::Retained => column("Retained", true, "Bytes that would become free if it went."),
            Self::Share => column("Share", true, "What it retains, as a share of the whole heap."),
        }
    }
}

const OF_CONSTRUCTORS: &[Field] =
    &[Field::Name, Field::Count, Field::Distance, Field::Own, Field::Retained, Field::Share];
const OF_OBJECTS: &[Field] = &[Field::Name, Field::Distance, Field::Own, Field::Retained, Field::Share];

fn outline(engine: &mut Engine, asked: &Asked<'_>, view: View) -> Result<Sheet, String> {
    let mut expanded = engine.expanded.take(asked);
    let made = (|| {
        let (graph, known) = engine.heap().ok_or(NO_HEAP)?;
        let chosen = match view {
            View::Retainers => Some(object(graph, asked.key).ok_or("There is no such object in the heap.")?),
            _ => None,
        };
        let fields = if view == View::Constructors { OF_CONSTRUCTORS } else { OF_OBJECTS };
        let objects = Objects { graph, known, view, fields, search: asked.search.trim(), chosen };
        let columns: Vec<ColumnKind> = fields.iter().map(|field| field.kind(view)).collect();
        Ok(expanded.sheet(&objects, &columns, objects.note(), asked))
    })();
    engine.expanded.keep(expanded);
    made
}

/// The object that a key names.
fn object(graph: &HeapGraph, key: &str) -> Option<NodeId> {
    let id = key.strip_prefix('@')?.parse().ok()?;
    graph.with_id(id)
}

fn key(graph: &HeapGraph, node: NodeId) -> String {
    format!("@{}", graph.id(node))
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("\"{}…\"", &text[..end]),
        None => format!("\"{text}\""),
    }
}

/// A row of an outline of the heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    /// A constructor, by its index.
    Class(usize),
    /// An object.
    Object(NodeId),
    /// What an edge leads to.
    Field(EdgeId),
    /// What an edge comes from.
    Referrer(EdgeId),
}

impl Row {
    fn item(self) -> Item {
        let (tag, at) = match self {
            Self::Class(at) => (0, at),
            Self::Object(node) => (1, node.index()),
            Self::Field(edge) => (2, edge.index()),
            Self::Referrer(edge) => (3, edge.index()),
        };
        tag << 32 | at as u64
    }

    fn of(item: Item) -> Self {
        let at = item as u32;
        match item >> 32 {
            0 => Self::Class(at as usize),
            1 => Self::Object(NodeId(at)),
            2 => Self::Field(EdgeId(at)),
            _ => Self::Referrer(EdgeId(at)),
        }
    }
}

/// An outline of the heap.
struct Objects<'a> {
    graph: &'a HeapGraph,
    known: &'a Known,
    view: View,
    fields: &'static [Field],
    search: &'a str,
    /// The object whose retainers are asked for.
    chosen: Option<NodeId>,
}

impl Outline for Objects<'_> {
    fn below(&self, item: Option<Item>, sort: Option<(u32, bool)>) -> Below {
        let (graph, heap) = (self.graph, &self.known.heap);
        let objects = |nodes: &mut dyn Iterator<Item = NodeId>| self.ordered(&mut nodes.map(Row::Object), sort);
        match (item.map(Row::of), self.view) {
            (None, View::Retainers) => self.referrers(self.chosen, sort),
            (None, _) if self.search.starts_with('@') => objects(&mut object(graph, self.search).into_iter()),
            (None, View::Constructors) => {
                let wanted = self.search.to_lowercase();
                let is_wanted = |at: &usize| heap.classes()[*at].name.to_lowercase().contains(&wanted);
                self.ordered(&mut classes::sorted(heap).into_iter().filter(is_wanted).map(Row::Class), sort)
            }
            (None, View::Detached) => {
                let is_wanted = |node: &NodeId| self.search.is_empty() || self.is_found(*node);
                objects(&mut self.known.detached().iter().copied().filter(is_wanted))
            }
            (None, View::Dominators) if self.search.is_empty() => objects(&mut heap.dominated_by(graph.root)),
            (None, View::Dominators) => {
                let found = containing(graph, &self.search.to_lowercase());
                objects(&mut graph.nodes().filter(|node| found.get(graph.name(*node).index())))
            }
            (Some(Row::Class(class)), _) => {
                objects(&mut graph.nodes().filter(|node| heap.class(*node) == class && heap.shallow(*node) > 0))
            }
            (Some(Row::Object(node)), View::Dominators) => objects(&mut heap.dominated_by(node)),
            (Some(Row::Object(node)), _) => self.ordered(&mut self.edges(node), sort),
            (Some(Row::Field(edge)), _) => self.ordered(&mut self.edges(graph.edge(edge).to), sort),
            (Some(Row::Referrer(edge)), _) => self.referrers(Some(graph.owner(edge)), sort),
        }
    }

    fn has_below(&self, item: Item) -> bool {
        let has_edges = |node: NodeId| self.graph.has_edges(node);
        match Row::of(item) {
            Row::Class(_) => true,
            Row::Object(node) if self.view == View::Dominators => self.known.dominating(self.graph).get(node.index()),
            Row::Object(node) => has_edges(node),
            Row::Field(edge) => has_edges(self.graph.edge(edge).to),
            Row::Referrer(edge) => self.known.referred(self.graph).get(self.graph.owner(edge).index()),
        }
    }

    fn row(&self, item: Item) -> (String, Vec<Cell>) {
        let row = Row::of(item);
        let key = self.node(row).map_or_else(String::new, |node| key(self.graph, node));
        (key, self.fields.iter().map(|field| self.cell(row, *field)).collect())
    }

    fn heaviest(&self, item: Option<Item>, below: &[Item]) -> Option<Item> {
        let (heap, first) = (&self.known.heap, *below.first()?);
        match (item.map(Row::of), self.view) {
            // To a root, each step nearer than the one before.
            (Some(Row::Referrer(edge)), _) => {
                let least =
                    below.iter().copied().min_by_key(|item| (self.number(Row::of(*item), Field::Distance), *item))?;
                let here = heap.distance(self.graph.owner(edge));
                let is_nearer = self.number(Row::of(least), Field::Distance) < u64::from(here);
                (is_nearer && !matches!(here, 0 | 1 | BASE_DISTANCE)).then_some(least)
            }
            // As long as one part is most of it.
            (Some(row), View::Dominators) => {
                let largest = below.iter().copied().max_by_key(|item| self.number(Row::of(*item), Field::Retained))?;
                let share = self.number(Row::of(largest), Field::Retained);
                (share >= self.number(row, Field::Retained) / 2).then_some(largest)
            }
            (Some(Row::Object(_) | Row::Field(_)), _) => None,
            _ => Some(first),
        }
    }

    fn is_opened_at_first(&self) -> bool {
        self.view == View::Retainers
    }
}

impl Objects<'_> {
    fn note(&self) -> String {
        let heap = &self.known.heap;
        match self.view {
            View::Retainers => match self.chosen {
                Some(node) => format!("What refers to {}.", self.label(node)),
                None => String::new(),
            },
            View::Detached if self.known.detached().is_empty() => "Nothing that left the page is still held.".into(),
            View::Detached => {
                let nodes = self.known.detached();
                let own = nodes.iter().fold(0u64, |sum, node| sum.saturating_add(heap.shallow(*node)));
                let figure = units::figure(whole(own), 0, &Unit::Bytes);
                format!("{} objects of {figure} are detached.", units::grouped(whole(nodes.len() as u64)))
            }
            View::Constructors | View::Dominators => String::new(),
        }
    }

    /// The object that a row shows.
    fn node(&self, row: Row) -> Option<NodeId> {
        match row {
            Row::Class(_) => None,
            Row::Object(node) => Some(node),
            Row::Field(edge) => Some(self.graph.edge(edge).to),
            Row::Referrer(edge) => Some(self.graph.owner(edge)),
        }
    }

    fn edges(&self, node: NodeId) -> impl Iterator<Item = Row> {
        self.graph.edges(node).map(|edge| Row::Field(edge.id))
    }

    fn referrers(&self, node: Option<NodeId>, sort: Option<(u32, bool)>) -> Below {
        let Some(node) = node else { return Below::default() };
        let edges = retainers::referrers(self.graph, node);
        // The nearest to a root first, of those what retains the most.
        let sort = sort.or_else(|| Some((self.column(Field::Distance), true)));
        self.ordered(&mut edges.into_iter().map(Row::Referrer), sort)
    }

    fn column(&self, field: Field) -> u32 {
        self.fields.iter().position(|known| *known == field).map_or(0, |at| at as u32)
    }

    /// Rows in the wanted order, or largest retained size first.
    fn ordered(&self, rows: &mut dyn Iterator<Item = Row>, sort: Option<(u32, bool)>) -> Below {
        let (column, ascending) = sort.unwrap_or((self.column(Field::Retained), false));
        let field = self.fields.get(column as usize).copied().unwrap_or(Field::Retained);
        first_by(rows.map(Row::item), |a, b| {
            let order = self.compare(Row::of(a), Row::of(b), field);
            let order = if ascending { order } else { order.reverse() };
            order.then_with(|| self.compare(Row::of(b), Row::of(a), Field::Retained))
        })
    }

    fn compare(&self, a: Row, b: Row, field: Field) -> Ordering {
        match field {
            Field::Name => self.sort_name(a).cmp(&self.sort_name(b)),
            _ => self.number(a, field).cmp(&self.number(b, field)),
        }
    }

    /// What rows are sorted by when sorted by name: the reference, or the name; indices as numbers.
    fn sort_name(&self, row: Row) -> (u32, &str) {
        let text = |id| self.graph.texts.get(id);
        match row {
            Row::Class(class) => (0, self.known.heap.classes()[class].name.as_str()),
            Row::Object(node) => (0, text(self.graph.name(node))),
            Row::Field(edge) | Row::Referrer(edge) => match self.graph.edge(edge) {
                edge if edge.kind.has_name() => (u32::MAX, edge.name().map_or("", text)),
                edge => (edge.name_or_index, ""),
            },
        }
    }

    fn number(&self, row: Row, field: Field) -> u64 {
        let heap = &self.known.heap;
        let class = match row {
            Row::Class(class) => Some(&heap.classes()[class]),
            _ => None,
        };
        let node = self.node(row).unwrap_or(self.graph.root);
        match field {
            Field::Name => 0,
            Field::Count => class.map_or(0, |class| class.count),
            Field::Distance => u64::from(class.map_or_else(|| heap.distance(node), |class| class.distance)),
            Field::Own => class.map_or_else(|| heap.shallow(node), |class| class.shallow),
            Field::Retained | Field::Share => class.map_or_else(|| heap.retained(node), |class| class.retained),
        }
    }

    fn cell(&self, row: Row, field: Field) -> Cell {
        let number = self.number(row, field);
        match field {
            Field::Name => self.named(row),
            Field::Count if !matches!(row, Row::Class(_)) => Cell::default(),
            Field::Count => Value::count(number).cell(),
            // Only the engine's own objects are so far away.
            Field::Distance if number >= u64::from(BASE_DISTANCE) => {
                Cell { text: "–".into(), tone: Tone::Quiet, ..Cell::default() }
            }
            Field::Distance => Value::count(number).cell(),
            Field::Own | Field::Retained => Value::bytes(number).cell(),
            Field::Share => Value::Share(whole(number), whole(self.known.totals.total)).cell(),
        }
    }

    fn named(&self, row: Row) -> Cell {
        let heap = &self.known.heap;
        let text = match row {
            Row::Class(class) => cut(&heap.classes()[class].name),
            Row::Object(node) => self.label(node),
            Row::Field(edge) => {
                let edge = self.graph.edge(edge);
                format!("{}: {}", cut(&written(self.graph, &edge)), self.label(edge.to))
            }
            Row::Referrer(edge) => {
                let (edge, from) = (self.graph.edge(edge), self.graph.owner(edge));
                format!("{} in {}", cut(&written(self.graph, &edge)), self.label(from))
            }
        };
        Cell { text, tone: self.tone(row), ..Cell::default() }
    }

    fn tone(&self, row: Row) -> Tone {
        let is_quiet = |edge: Edge| matches!(edge.kind, EdgeKind::Weak | EdgeKind::Hidden | EdgeKind::Internal);
        let node = self.node(row);
        match row {
            _ if node.is_some_and(|node| self.known.heap.is_detached(node)) => Tone::Warn,
            Row::Field(edge) | Row::Referrer(edge) if is_quiet(self.graph.edge(edge)) => Tone::Quiet,
            _ if node.is_some_and(|node| self.known.heap.distance(node) == UNREACHED) => Tone::Quiet,
            _ => Tone::Plain,
        }
    }

    /// An object as rows write it: strings in quotes, functions with brackets, each with its number.
    fn label(&self, node: NodeId) -> String {
        let (graph, heap) = (self.graph, &self.known.heap);
        let name = heap.name(graph, node);
        let name = match graph.kind(node) {
            ObjectKind::Text | ObjectKind::ConsText | ObjectKind::SlicedText => quoted(&name),
            ObjectKind::Closure => format!("{}()", cut(&name)),
            ObjectKind::Object => cut(&heap.classes()[heap.class(node)].name),
            _ => cut(&name),
        };
        format!("{name} @{}", graph.id(node))
    }

    fn is_found(&self, node: NodeId) -> bool {
        self.label(node).to_lowercase().contains(&self.search.to_lowercase())
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
