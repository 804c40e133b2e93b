//! When and where live objects were allocated, for timelines.

use std::cmp::Reverse;

use super::Map;

use super::Heap;
use crate::model::HeapGraph;
use crate::model::SortFew as _;
use crate::model::heap::{NodeId, TraceFunction, TraceNode};

/// A stretch of a timeline, and what was allocated in it and is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Microseconds since the recording began; the end of the interval before, or 0.
    pub from_us: u64,
    /// Microseconds since the recording began.
    pub to_us: u64,
    /// Live objects.
    pub count: u64,
    /// Their own sizes together, bytes.
    pub size: u64,
}

/// The intervals of a timeline; none for snapshots. Only objects of the heap count, whose ids are odd:
/// those of the engine's roots, with ids before the first sample, are in the first interval, and what
/// the profiler itself allocated after the last is in none.
pub fn over_time(graph: &HeapGraph, heap: &Heap) -> Vec<Interval> {
    let mut from_us = 0;
    let interval = |moment: crate::model::heap::Moment| {
        let to_us = moment.at_us;
        Interval { from_us: std::mem::replace(&mut from_us, to_us), to_us, count: 0, size: 0 }
    };
    let mut intervals: Vec<Interval> = graph.moments.iter().map(interval).collect();
    for node in graph.nodes() {
        if let Some(at) = graph.moment_of(node) {
            intervals[at].count += u64::from(heap.shallow(node) > 0);
            intervals[at].size = intervals[at].size.saturating_add(heap.shallow(node));
        }
    }
    intervals
}

/// What was allocated at a stack, or by a function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allocated {
    /// Objects in all.
    pub count: u64,
    /// Their size, bytes.
    pub size: u64,
    /// Objects that are still there.
    pub live_count: u64,
    /// Their own sizes together, bytes.
    pub live_size: u64,
}

impl Allocated {
    fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.size = self.size.saturating_add(other.size);
        self.live_count += other.live_count;
        self.live_size = self.live_size.saturating_add(other.live_size);
    }
}

/// A function that allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocator {
    /// The function.
    pub function: TraceFunction,
    /// What it allocated itself.
    pub allocated: Allocated,
}

/// What was allocated at each stack of the recording, in its order.
pub fn by_stack(graph: &HeapGraph, heap: &Heap) -> Vec<Allocated> {
    let stacks = &graph.trace_stacks;
    let told = |stack: TraceNode| Allocated { count: stack.count, size: stack.size, ..Allocated::default() };
    let mut rows: Vec<Allocated> = stacks.iter().map(told).collect();
    let row_of: Map<u32, usize> = stacks.iter().enumerate().map(|(row, stack)| (stack.id, row)).collect();
    for node in graph.nodes().filter(|&node| graph.trace(node) != 0) {
        if let Some(&row) = row_of.get(&graph.trace(node)) {
            rows[row].live_count += 1;
            rows[row].live_size = rows[row].live_size.saturating_add(heap.shallow(node));
        }
    }
    rows
}

/// Functions by what they allocated themselves, live bytes first. Functions that allocated nothing are
/// left out.
pub fn by_function(graph: &HeapGraph, heap: &Heap) -> Vec<Allocator> {
    let mut sums = vec![Allocated::default(); graph.trace_functions.len()];
    for (stack, allocated) in graph.trace_stacks.iter().zip(by_stack(graph, heap)) {
        if let Some(sum) = sums.get_mut(stack.function as usize) {
            sum.add(&allocated);
        }
    }
    let functions = graph.trace_functions.iter().zip(sums);
    let mut rows: Vec<Allocator> = functions
        .map(|(&function, allocated)| Allocator { function, allocated })
        .filter(|row| row.allocated.count > 0 || row.allocated.live_count > 0)
        .collect();
    rows.sort_few_by_key(|row| {
        let Allocated { count, size, live_size, .. } = row.allocated;
        (Reverse(live_size), Reverse(size), Reverse(count))
    });
    rows
}

/// The functions of the stack at which an object was allocated, innermost first; empty when it is not
/// known.
pub fn stack_of(graph: &HeapGraph, node: NodeId) -> Vec<TraceFunction> {
    let trace = graph.trace(node);
    let mut at = graph.trace_stacks.iter().position(|stack| trace != 0 && stack.id == trace);
    let mut functions = Vec::new();
    // A caller has a smaller row, so this ends.
    while let Some(row) = at {
        let stack = graph.trace_stacks.get(row);
        functions.extend(graph.trace_functions.get(stack.function as usize).copied());
        at = (stack.caller != TraceNode::NO_CALLER).then_some(stack.caller as usize);
    }
    functions
}
