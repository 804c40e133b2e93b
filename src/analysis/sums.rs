//! Value and number of samples per stack: one pass over the samples, reused by every filter.

use crate::model::vocab::TimeRange;
use crate::model::{Profile, Recording, Samples, StackId, Tag, Time, Weights};

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
    /// Nothing yet, in this many rows.
    pub fn new(rows: usize) -> Self {
        Self { value: vec![0; rows], samples: vec![0; rows] }
    }

    /// Adds one profile's value over the samples inside `range` (all when `None`).
    ///
    /// Samples that own a stretch count for the part of it inside the range; samples with a value of
    /// their own count when their moment is inside.
    pub fn add_profile(&mut self, profile: &Profile, value: usize, range: Option<TimeRange>) {
        let rows = self.value.len();
        each_run(profile, value, range, |stack, weight, count| self.add(row(stack, rows), weight, count));
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

/// Sums of one profile's value: see [`StackSums::add_profile`].
pub fn sums(recording: &Recording, profile: &Profile, value: usize, range: Option<TimeRange>) -> StackSums {
    let mut out = StackSums::new(recording.stacks.len() + 1);
    out.add_profile(profile, value, range);
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
    each_run(profile, value, range, |stack, weight, count| {
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

/// Visits the samples inside a range, those with the same stack as the one before them together:
/// (stack, value, number of samples).
fn each_run(profile: &Profile, value: usize, range: Option<TimeRange>, mut visit: impl FnMut(StackId, i64, u64)) {
    match (&profile.values[value].weights, &profile.time, &profile.samples.count) {
        (Weights::Owned, Some(_), None) => {
            runs(
                profile,
                value,
                range,
                |stack| stack,
                |run| visit(run.class, run.end_ns - run.start_ns, run.rows as u64),
            );
        }
        _ => walk(profile, value, range, |_, stack, weight, count| visit(stack, weight, count)),
    }
}

/// Samples in a row that are of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<C> {
    /// What they have in common.
    pub class: C,
    /// When the first one begins, nanoseconds.
    pub start_ns: i64,
    /// When the last one ends, nanoseconds.
    pub end_ns: i64,
    /// How many they are.
    pub rows: usize,
}

/// Visits the samples inside a range that own time, in order and cut at its edges; those that follow
/// each other and whose stacks are of one class come as one run. Most samples cost a look at their
/// stack and at its class, and no more. Nothing where samples own no time.
pub fn runs<C: Copy + PartialEq>(
    profile: &Profile,
    value: usize,
    range: Option<TimeRange>,
    class: impl Fn(StackId) -> C,
    mut visit: impl FnMut(Run<C>),
) {
    let (Weights::Owned, Some(time)) = (&profile.values[value].weights, &profile.time) else { return };
    let (from, to) = rows_in(profile, value, range);
    if from >= to {
        return;
    }
    // Only the first and the last may reach over the edges of the range.
    let (first_ns, last_ns) = range.map_or((i64::MIN, i64::MAX), |r| (r.from_ns, r.to_ns));
    let start_ns = time.at_ns.get(from).max(first_ns);
    let mut open = Run { class: class(profile.samples.stack.get(from)), start_ns, end_ns: start_ns, rows: 0 };
    let mut end_ns = start_ns;
    for part in parts(&profile.samples, time, from, to) {
        runs_of_part(&part, &mut open, &class, &mut visit);
        end_ns = part.end_ns;
    }
    visit(Run { end_ns: end_ns.min(last_ns), ..open });
}

/// A function of its own, called once per part: a browser translates code anew once it was called
/// often enough, and never in the middle of a loop.
#[inline(never)]
fn runs_of_part<C: Copy + PartialEq>(
    part: &Part<'_>,
    open: &mut Run<C>,
    class: &impl Fn(StackId) -> C,
    visit: &mut impl FnMut(Run<C>),
) {
    let mut run = *open;
    // Row of the part in which the run began, the rows of earlier parts counted backwards.
    let mut first = 0usize.wrapping_sub(run.rows);
    for (i, (&stack, &start_ns)) in part.stacks.iter().zip(part.starts).enumerate() {
        let class = class(stack);
        if class != run.class {
            visit(Run { end_ns: start_ns, rows: i.wrapping_sub(first), ..run });
            (run.class, run.start_ns, first) = (class, start_ns, i);
        }
    }
    run.rows = part.stacks.len().wrapping_sub(first);
    *open = run;
}

/// Samples in a row, as slices: for loops over millions of them.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Index of the first one.
    pub first: usize,
    /// Their stacks.
    pub stacks: &'a [StackId],
    /// When each begins; where the next begins it ends.
    pub starts: &'a [i64],
    /// When the last one ends.
    pub end_ns: i64,
}

/// Samples `from..to` in order as slices.
pub fn parts<'a>(samples: &'a Samples, time: &'a Time, from: usize, to: usize) -> impl Iterator<Item = Part<'a>> {
    let len = time.at_ns.len();
    samples.stack.slices(from, to.min(len)).filter_map(move |(first, stacks)| {
        // Columns are cut at the same rows.
        let (_, starts) = time.at_ns.slices(first, first + stacks.len()).next()?;
        let behind = first + stacks.len();
        let end_ns = if behind < len { time.at_ns.get(behind) } else { starts[starts.len() - 1] + time.last_ns };
        Some(Part { first, stacks, starts, end_ns })
    })
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
            for Part { first, stacks, starts, end_ns } in parts(samples, time, from, to) {
                let ends = starts[1..].iter().copied().chain(std::iter::once(end_ns));
                for (i, ((&stack, &start), end)) in (first..).zip(stacks.iter().zip(starts).zip(ends)) {
                    let is_edge = i == from || i + 1 == to;
                    visit(i, stack, if is_edge { clip(start, end) } else { end - start }, samples.count(i));
                }
            }
        }
        (Weights::Owned, None) => {}
        (Weights::Each(weights), _) => {
            for (first, stacks) in samples.stack.slices(from, to) {
                let Some((_, weights)) = weights.slices(first, first + stacks.len()).next() else { return };
                for (i, (&stack, &weight)) in (first..).zip(stacks.iter().zip(weights)) {
                    visit(i, stack, weight, samples.count(i));
                }
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
