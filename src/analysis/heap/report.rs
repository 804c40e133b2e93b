//! What `culprit summary` says of a heap, as plain rows that follow `docs/summary.schema.json`.

use serde::Serialize;

use super::retainers::{paths, written};
use super::{Heap, Totals, UNREACHED, allocations, classes};
use crate::model::HeapGraph;
use crate::model::heap::{NodeId, ObjectKind};
use crate::units::{self, Unit};

/// The heap of a recording.
#[derive(Debug, Serialize)]
pub struct HeapReport {
    objects: u64,
    edges: u64,
    total_bytes: u64,
    native_bytes: u64,
    typed_array_bytes: u64,
    code_bytes: u64,
    string_bytes: u64,
    array_bytes: u64,
    system_bytes: u64,
    /// All constructors with objects.
    constructors: u64,
    classes: Vec<ClassRow>,
    largest: Vec<ObjectRow>,
    detached: Detached,
    duplicates: DuplicateTexts,
    #[serde(skip_serializing_if = "Option::is_none")]
    allocations: Option<Allocations>,
}

#[derive(Debug, Serialize)]
struct ClassRow {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    script_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    count: u64,
    shallow_bytes: u64,
    retained_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    distance: Option<u32>,
}

#[derive(Debug, Serialize)]
struct ObjectRow {
    id: u32,
    name: String,
    class: String,
    kind: String,
    shallow_bytes: u64,
    retained_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    distance: Option<u32>,
    path: Vec<StepRow>,
}

#[derive(Debug, Serialize)]
struct StepRow {
    id: u32,
    name: String,
    reference: String,
}

#[derive(Debug, Serialize)]
struct Detached {
    count: u64,
    shallow_bytes: u64,
    largest: Vec<ObjectRow>,
}

#[derive(Debug, Serialize)]
struct DuplicateTexts {
    groups: u64,
    wasted_bytes: u64,
    largest: Vec<DuplicateRow>,
}

#[derive(Debug, Serialize)]
struct DuplicateRow {
    text: String,
    example_id: u32,
    count: u64,
    shallow_bytes: u64,
    wasted_bytes: u64,
    retained_bytes: u64,
    is_cut: bool,
}

#[derive(Debug, Serialize)]
struct Allocations {
    intervals: Vec<IntervalRow>,
    functions: Vec<AllocatorRow>,
}

#[derive(Debug, Serialize)]
struct IntervalRow {
    from_us: u64,
    to_us: u64,
    live_count: u64,
    live_bytes: u64,
}

#[derive(Debug, Serialize)]
struct AllocatorRow {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    count: u64,
    bytes: u64,
    live_count: u64,
    live_bytes: u64,
}

/// Largest objects of which the way to a root is told.
const LARGEST_MAX: usize = 20;
/// Steps of a way that are told: the last ones.
const STEPS_MAX: usize = 50;
/// Longest name and longest piece of a string that is told, in characters.
const NAME_CHARS_MAX: usize = 200;

impl HeapReport {
    /// The report, with `top` rows in each list.
    pub fn of(graph: &HeapGraph, heap: &Heap, totals: &Totals, top: usize) -> Self {
        let order = classes::sorted(heap);
        Self {
            objects: totals.objects,
            edges: totals.edges,
            total_bytes: totals.total,
            native_bytes: totals.native,
            typed_array_bytes: totals.typed_arrays,
            code_bytes: totals.code,
            string_bytes: totals.strings,
            array_bytes: totals.arrays,
            system_bytes: totals.system,
            constructors: order.len() as u64,
            classes: order.into_iter().take(top).map(|at| class_row(heap, at)).collect(),
            largest: object_rows(graph, heap, &largest(graph, heap, top.min(LARGEST_MAX))),
            detached: detached(graph, heap, top.min(LARGEST_MAX)),
            duplicates: duplicate_texts(graph, heap, top),
            allocations: allocated(graph, heap, top),
        }
    }

    /// The same for people, a line each.
    pub fn lines(&self) -> Vec<String> {
        let bytes = |n: u64| units::figure(i64::try_from(n).unwrap_or(i64::MAX), 0, &Unit::Bytes).to_string();
        let count = |n: u64| units::grouped(i64::try_from(n).unwrap_or(i64::MAX));
        let mut lines = vec![format!(
            "  heap: {} in {} objects with {} references",
            bytes(self.total_bytes),
            count(self.objects),
            count(self.edges)
        )];
        let parts = [
            (self.code_bytes, "code"),
            (self.string_bytes, "strings"),
            (self.array_bytes, "arrays"),
            (self.native_bytes, "native"),
            (self.system_bytes, "system"),
        ];
        let parts: Vec<String> = parts.iter().map(|(size, what)| format!("{} {what}", bytes(*size))).collect();
        lines.push(format!("    of which {}", parts.join(", ")));
        lines.push(format!("  constructors by retained size, {} in all:", count(self.constructors)));
        for class in &self.classes {
            let (retained, own) = (bytes(class.retained_bytes), bytes(class.shallow_bytes));
            lines.push(format!(
                "    {retained:>10} retained {own:>10} own {:>9} ×  {}",
                count(class.count),
                class.name
            ));
        }
        lines.push("  objects by retained size:".into());
        lines.extend(self.largest.iter().flat_map(|object| object_lines(object, &bytes)));
        if self.detached.count > 0 {
            let size = bytes(self.detached.shallow_bytes);
            lines.push(format!("  detached from the page: {} objects, {size}", count(self.detached.count)));
            lines.extend(self.detached.largest.iter().flat_map(|object| object_lines(object, &bytes)));
        }
        if self.duplicates.groups > 0 {
            let (groups, wasted) = (count(self.duplicates.groups), bytes(self.duplicates.wasted_bytes));
            lines.push(format!("  strings that are there more than once: {groups}, wasting {wasted}"));
        }
        for row in &self.duplicates.largest {
            let (wasted, example) = (bytes(row.wasted_bytes), row.example_id);
            lines.push(format!("    {wasted:>10} wasted {:>9} ×  @{example} \"{}\"", count(row.count), row.text));
        }
        if let Some(allocations) = &self.allocations {
            lines.push(format!(
                "  live objects by when they were allocated, {} intervals:",
                allocations.intervals.len()
            ));
            for row in &allocations.intervals {
                let at = units::nanos(i64::try_from(row.to_us).unwrap_or(i64::MAX).saturating_mul(1_000)).to_string();
                lines.push(format!(
                    "    until {at:>8} {:>10} in {} objects",
                    bytes(row.live_bytes),
                    count(row.live_count)
                ));
            }
            for row in &allocations.functions {
                let (live, all) = (bytes(row.live_bytes), bytes(row.bytes));
                lines.push(format!("    {live:>10} live of {all:>10} allocated by {}  {}", row.name, row.file));
            }
        }
        lines
    }
}

fn object_lines(object: &ObjectRow, bytes: &impl Fn(u64) -> String) -> Vec<String> {
    let (retained, own) = (bytes(object.retained_bytes), bytes(object.shallow_bytes));
    let mut lines = vec![format!("    {retained:>10} retained {own:>10} own  {} @{}", object.name, object.id)];
    if !object.path.is_empty() {
        let first = object.path.first().map_or("", |step| &step.name);
        let way: String = object.path.iter().map(|step| step.reference.as_str()).collect();
        lines.push(format!("               {first}{way}"));
    }
    lines
}

fn class_row(heap: &Heap, at: usize) -> ClassRow {
    let class = &heap.classes()[at];
    ClassRow {
        name: shortened(class.name.clone()),
        script_id: class.place.map(|place| place.0),
        line: class.place.map(|place| place.1.saturating_add(1)),
        column: class.place.map(|place| place.2.saturating_add(1)),
        count: class.count,
        shallow_bytes: class.shallow,
        retained_bytes: class.retained,
        distance: known(class.distance),
    }
}

/// The objects that retain the most, without the groups that a snapshot adds.
fn largest(graph: &HeapGraph, heap: &Heap, count: usize) -> Vec<NodeId> {
    heap.largest(count, |node| node != graph.root && graph.kind(node) != ObjectKind::Synthetic)
}

fn object_rows(graph: &HeapGraph, heap: &Heap, nodes: &[NodeId]) -> Vec<ObjectRow> {
    let paths = paths(graph, heap, nodes);
    nodes
        .iter()
        .zip(paths)
        .map(|(&node, path)| ObjectRow {
            id: graph.id(node),
            name: shortened(heap.name(graph, node)),
            class: shortened(heap.classes()[heap.class(node)].name.clone()),
            kind: graph.kind_name(graph.kind(node)).to_owned(),
            shallow_bytes: heap.shallow(node),
            retained_bytes: heap.retained(node),
            distance: known(heap.distance(node)),
            path: path[path.len().saturating_sub(STEPS_MAX)..]
                .iter()
                .map(|step| StepRow {
                    id: graph.id(step.from),
                    name: shortened(heap.name(graph, step.from)),
                    reference: shortened(written(graph, &step.edge)),
                })
                .collect(),
        })
        .collect()
}

fn detached(graph: &HeapGraph, heap: &Heap, top: usize) -> Detached {
    let nodes = heap.detached();
    let size = nodes.iter().fold(0u64, |sum, &node| sum.saturating_add(heap.shallow(node)));
    Detached {
        count: nodes.len() as u64,
        shallow_bytes: size,
        largest: object_rows(graph, heap, &nodes[..nodes.len().min(top)]),
    }
}

fn duplicate_texts(graph: &HeapGraph, heap: &Heap, top: usize) -> DuplicateTexts {
    let all = heap.duplicates(graph);
    let (groups, wasted) = (all.len() as u64, all.iter().fold(0u64, |sum, row| sum.saturating_add(row.wasted)));
    let row = |row: &super::texts::Duplicates| DuplicateRow {
        text: shortened(row.text(graph).to_owned()),
        example_id: graph.id(row.example),
        count: row.count,
        shallow_bytes: row.shallow,
        wasted_bytes: row.wasted,
        retained_bytes: row.retained,
        is_cut: row.is_cut,
    };
    DuplicateTexts { groups, wasted_bytes: wasted, largest: all.iter().take(top).map(row).collect() }
}

/// Intervals that are told; of more, neighbours are joined.
const INTERVALS_MAX: usize = 100;

fn allocated(graph: &HeapGraph, heap: &Heap, top: usize) -> Option<Allocations> {
    let intervals = allocations::over_time(graph, heap);
    if intervals.is_empty() && !graph.has_traces() {
        return None;
    }
    let together = intervals.len().div_ceil(INTERVALS_MAX).max(1);
    let interval = |part: &[allocations::Interval]| IntervalRow {
        from_us: part[0].from_us,
        to_us: part[part.len() - 1].to_us,
        live_count: part.iter().map(|row| row.count).sum(),
        live_bytes: part.iter().fold(0, |sum, row| sum.saturating_add(row.size)),
    };
    let text = |id| shortened(graph.texts.get(id).to_owned());
    let function = |row: allocations::Allocator| AllocatorRow {
        name: if graph.texts.get(row.function.name).is_empty() {
            "(anonymous)".into()
        } else {
            text(row.function.name)
        },
        file: text(row.function.script_name),
        line: Some(row.function.line).filter(|&line| line > 0),
        count: row.allocated.count,
        bytes: row.allocated.size,
        live_count: row.allocated.live_count,
        live_bytes: row.allocated.live_size,
    };
    Some(Allocations {
        intervals: intervals.chunks(together).map(interval).collect(),
        functions: allocations::by_function(graph, heap).into_iter().take(top).map(function).collect(),
    })
}

/// A distance; of what only the engine reaches, with the engine's own count.
fn known(distance: u32) -> Option<u32> {
    (distance != UNREACHED).then_some(distance)
}

fn shortened(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(NAME_CHARS_MAX) {
        text.truncate(at);
        text.push('…');
    }
    text
}
