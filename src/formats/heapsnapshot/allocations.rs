//! What a timeline tells beside the heap: what was allocated when, as a series, and who allocated, as
//! a profile. Sizes are those of the file: what hidden parts take counts with them.

use crate::formats::common::ids::IdTable;
use crate::formats::common::threads::named;
use crate::model::heap::{HeapGraph, TraceFunction, TraceNode};
use crate::model::{Builder, Column, Profile, Samples, Series, SeriesKind, StackId, StringId, Tag, Value, Weights};
use crate::units::Unit;

/// Adds to `builder` what the allocations of a timeline say; nothing for snapshots.
pub(super) fn add(graph: &HeapGraph, builder: &mut Builder, file: &str) {
    if !graph.moments.is_empty() {
        builder.series.push(over_time(graph));
    }
    if graph.trace_stacks.iter().any(|stack| stack.count > 0 || stack.size > 0) {
        let profile = by_stack(graph, builder);
        builder.profile(named(file, "Heap", profile));
    }
}

/// Bytes of live objects by the stretch in which they were allocated.
fn over_time(graph: &HeapGraph) -> Series {
    let mut live = vec![0u64; graph.moments.len()];
    for node in graph.nodes() {
        if let Some(at) = graph.moment_of(node) {
            live[at] = live[at].saturating_add(graph.size(node));
        }
    }
    let mut series = Series::new("Allocated and still alive", "Heap", Unit::Bytes, SeriesKind::Amount);
    let mut latest = 0;
    for (moment, bytes) in graph.moments.iter().zip(live) {
        latest = latest.max(i64::try_from(moment.at_us).unwrap_or(i64::MAX).saturating_mul(1_000));
        series.push(latest, bytes as f64);
    }
    series
}

/// Bytes and objects that each stack allocated, and those of them that are still there.
fn by_stack(graph: &HeapGraph, builder: &mut Builder) -> Profile {
    let stacks = stacks(graph, builder);
    let live = live(graph);
    let mut columns: [Column<i64>; 4] = Default::default();
    let mut stack = Column::new();
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    for (row, told) in graph.trace_stacks.iter().enumerate() {
        let numbers = [told.size, told.count, live[row].0, live[row].1];
        if numbers.iter().any(|number| *number > 0) {
            stack.push(stacks[row]);
            columns.iter_mut().zip(numbers).for_each(|(column, number)| column.push(whole(number)));
        }
    }
    let names = [
        ("allocated_size", Unit::Bytes),
        ("allocated_objects", Unit::Count),
        ("live_size", Unit::Bytes),
        ("live_objects", Unit::Count),
    ];
    let value = |((name, unit), weights): ((&str, Unit), Column<i64>)| Value {
        name: name.into(),
        unit,
        decimals: 0,
        weights: Weights::Each(weights),
    };
    let values = names.into_iter().zip(columns).map(value).collect();
    Profile { samples: Samples { stack, count: None, labels: None }, values, ..Profile::default() }
}

/// Bytes and number of the objects of each stack that are still there.
fn live(graph: &HeapGraph) -> Vec<(u64, u64)> {
    let mut rows = IdTable::default();
    for (row, stack) in graph.trace_stacks.iter().enumerate() {
        rows.insert(i64::from(stack.id), row as u32);
    }
    let mut live = vec![(0u64, 0u64); graph.trace_stacks.len()];
    for node in graph.nodes().filter(|node| graph.trace(*node) != 0) {
        if let Some(row) = rows.get(i64::from(graph.trace(node))) {
            let (bytes, objects) = &mut live[row as usize];
            *bytes = bytes.saturating_add(graph.size(node));
            *objects += 1;
        }
    }
    live
}

/// The stack of each row, without the root's frame, which stands alone in its own samples.
fn stacks(graph: &HeapGraph, builder: &mut Builder) -> Vec<StackId> {
    let mut stacks: Vec<StackId> = Vec::with_capacity(graph.trace_stacks.len());
    let mut is_root: Vec<bool> = Vec::with_capacity(graph.trace_stacks.len());
    for row in graph.trace_stacks.iter() {
        let function = graph.trace_functions.get(row.function as usize);
        let has_caller = row.caller != TraceNode::NO_CALLER;
        let text = |id| graph.texts.get(id);
        let tag = match function {
            Some(function) if !has_caller && text(function.name) == "(root)" => Tag::Root,
            Some(function) if text(function.script_name).is_empty() => Tag::Native,
            _ => Tag::Code,
        };
        let (name, file) = match function {
            Some(TraceFunction { name, script_name, .. }) => {
                (builder.strings.intern(text(*name)), builder.strings.intern(text(*script_name)))
            }
            None => (builder.strings.intern("(unknown)"), StringId::EMPTY),
        };
        let (line, column) = function.map_or((0, 0), |function| (function.line, function.column));
        let function = builder.function(name, file, line, column, tag);
        let frame = builder.frame(function, 0, false);
        let has_outer = has_caller && !is_root[row.caller as usize];
        let outer = if has_outer { stacks[row.caller as usize] } else { StackId::NONE };
        stacks.push(builder.stack(outer, frame));
        is_root.push(tag == Tag::Root);
    }
    stacks
}
