//! Value and number of samples per stack: one pass over the samples, reused by every filter.

use crate::model::vocab::TimeRange;
use crate::model::{Profile, Recording, Samples, StackId, Tag, Weights};

/// Stacks that samples were moved to because garbage collection is nested under what ran before:
/// row `k` is the collector called from `parents[k]`, addressed as stack number `stacks + k`.
#[derive(Debug, Default)]
pub struct NestedGc {
    /// The stack under which the collector is drawn.
    pub parents: Vec<StackId>,
    /// The collector's own stack.
    pub gc: Option<StackId>,
    of_stack: Vec<u32>,
}

/// Sums per stack.
#[derive(Debug)]
pub struct StackSums {
    /// Value per stack; the last row is for samples without a stack. Saturates.
    pub value: Vec<i64>,
    /// Number of samples per stack.
    pub samples: Vec<u64>,
}

impl StackSums {
    fn new(rows: usize) -> Self {
        Self { value: vec![0; rows], samples: vec![0; rows] }
    }

    #[inline]
    fn add(&mut self, row: usize, value: i64, samples: u64) {
        self.value[row] = self.value[row].saturating_add(value);
        self.samples[row] += samples;
    }
}

/// Row of a stack in [`StackSums`]: its own, or the one for no stack.
#[inline]
fn row(stack: StackId, rows: usize) -> usize {
    if stack.is_none() { rows - 1 } else { stack.index() }
}

/// Sums of one profile's value over the samples inside `range` (all when `None`).
///
/// Samples that own a stretch count for the part of it inside the range; samples with a value of
/// their own count when their moment is inside.
pub fn sums(recording: &Recording, profile: &Profile, value: usize, range: Option<TimeRange>) -> StackSums {
    let mut out = StackSums::new(recording.stacks.len() + 1);
    add(profile, value, range, &mut out, |_, stack| stack);
    out
}

/// The same with garbage collection under the stack before it.
pub fn sums_nested(
    recording: &Recording,
    profile: &Profile,
    value: usize,
    range: Option<TimeRange>,
    nested: &mut NestedGc,
) -> StackSums {
    let stacks = recording.stacks.len();
    nested.of_stack.resize(stacks, u32::MAX);
    let mut out = StackSums::new(stacks + 1);
    let mut extra: Vec<(i64, u64)> = vec![(0, 0); nested.parents.len()];
    let mut before = StackId::NONE;
    walk(profile, value, range, |_, stack, weight, count| {
        if stack.is_none() || !is_gc(recording, stack) {
            before = stack;
            out.add(row(stack, stacks + 1), weight, count);
            return;
        }
        nested.gc = Some(stack);
        if before.is_none() || is_state(recording, before) {
            out.add(stack.index(), weight, count);
            return;
        }
        let slot = &mut nested.of_stack[before.index()];
        if *slot == u32::MAX {
            *slot = nested.parents.len() as u32;
            nested.parents.push(before);
            extra.push((0, 0));
        }
        let sum = &mut extra[*slot as usize];
        *sum = (sum.0.saturating_add(weight), sum.1 + count);
    });
    let none = (out.value.pop().unwrap_or(0), out.samples.pop().unwrap_or(0));
    out.value.extend(extra.iter().map(|e| e.0));
    out.samples.extend(extra.iter().map(|e| e.1));
    out.value.push(none.0);
    out.samples.push(none.1);
    out
}

/// The state that a stack of a single frame stands for, if it is one.
pub fn state_of(recording: &Recording, stack: StackId) -> Option<Tag> {
    if stack.is_none() || !recording.stacks.parent(stack).is_none() {
        return None;
    }
    let tag = recording.function(recording.function_of(recording.stacks.frame(stack))).tag;
    tag.is_state().then_some(tag)
}

fn is_gc(recording: &Recording, stack: StackId) -> bool {
    state_of(recording, stack) == Some(Tag::Gc)
}

fn is_state(recording: &Recording, stack: StackId) -> bool {
    state_of(recording, stack).is_some()
}

fn add(
    profile: &Profile,
    value: usize,
    range: Option<TimeRange>,
    out: &mut StackSums,
    map: impl Fn(usize, StackId) -> StackId,
) {
    let rows = out.value.len();
    walk(profile, value, range, |i, stack, weight, count| out.add(row(map(i, stack), rows), weight, count));
}

/// Visits the samples inside a range with the part of their value that lies inside it:
/// (index, stack, value, number of samples). Linear in the samples of the range.
pub fn walk(
    profile: &Profile,
    value: usize,
    range: Option<TimeRange>,
    mut visit: impl FnMut(usize, StackId, i64, u64),
) {
    let samples = &profile.samples;
    let (from, to) = rows_in(profile, value, range);
    match (&profile.values[value].weights, &profile.time) {
        (Weights::Owned, Some(time)) => {
            // Only the first and the last may reach over the edges of the range.
            let clip = |start: i64, end: i64| match range {
                Some(r) => (end.min(r.to_ns) - start.max(r.from_ns)).max(0),
                None => end - start,
            };
            for (first, stacks) in samples.stack.slices(from, to) {
                // Columns are cut at the same rows.
                let Some((_, starts)) = time.at_ns.slices(first, first + stacks.len()).next() else { return };
                let behind = first + stacks.len();
                let is_last = behind >= time.at_ns.len();
                let last_end = if is_last { starts[starts.len() - 1] + time.last_ns } else { time.at_ns.get(behind) };
                let ends = starts[1..].iter().copied().chain(std::iter::once(last_end));
                for (i, ((&stack, &start), end)) in (first..).zip(stacks.iter().zip(starts).zip(ends)) {
                    let is_edge = i == from || i + 1 == to;
                    visit(i, stack, if is_edge { clip(start, end) } else { end - start }, samples.count(i));
                }
            }
        }
        (Weights::Owned, None) => {}
        (Weights::Each(weights), _) => {
            for i in from..to {
                visit(i, samples.stack.get(i), weights.get(i), samples.count(i));
            }
        }
    }
}

/// The rows of the samples that have a part inside a range.
pub fn rows_in(profile: &Profile, value: usize, range: Option<TimeRange>) -> (usize, usize) {
    let all = Samples::len(&profile.samples);
    let (Some(range), Some(time)) = (range, &profile.time) else { return (0, all) };
    let first = time.at_ns.partition_point(|at| at < range.from_ns);
    let to = time.at_ns.partition_point(|at| at < range.to_ns);
    let from = match profile.values[value].weights {
        // The sample before the range may reach into it.
        Weights::Owned if first > 0 && time.at_ns.get(first - 1) + time.owned_ns(first - 1) > range.from_ns => {
            first - 1
        }
        _ => first,
    };
    (from.min(to), to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::picture;

    #[test]
    fn a_range_cuts_the_samples_at_its_edges() {
        let recording = picture::timed("a 10\nb 10\na 10");
        let sums =
            |from_ns, to_ns| sums(&recording, &recording.profiles[0], 0, Some(TimeRange { from_ns, to_ns })).value;
        assert_eq!(sums(5, 15), [5, 5, 0]);
        assert_eq!(sums(12, 13), [0, 1, 0]);
        assert_eq!(sums(0, 30), [20, 10, 0]);
        assert_eq!(sums(25, 99), [5, 0, 0]);
        assert_eq!(sums(40, 99), [0, 0, 0]);
    }

    #[test]
    fn collection_goes_under_what_ran() {
        let recording = picture::timed("a b 10\n(gc) 5\n(gc) 1\n(idle) 4\n(gc) 2");
        let mut nested = NestedGc::default();
        let sums = sums_nested(&recording, &recording.profiles[0], 0, None, &mut nested);
        // Stacks: a, a b, (gc), (idle), then the nested one, then none.
        assert_eq!(sums.value, [0, 10, 2, 4, 6, 0]);
        assert_eq!(nested.parents.len(), 1);
    }
}
