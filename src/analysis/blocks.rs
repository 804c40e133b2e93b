//! ± of own shares from blocks of time.
//!
//! Samples of one call follow each other, so a binomial interval over samples is several times too
//! narrow. Here the selection is cut into equal blocks of time, each at least ten mean runs of the
//! function long; the spread of the block values gives the interval. Too few blocks: no ±.

use super::cut::Cut;
use super::scoped::Scoped;
use super::sums::{Part, parts, rows_in};
use super::tree::DROPPED;
use crate::model::{FunctionId, Recording, Samples, StackId, Time, Weights};

/// Blocks at the finest cut.
const BLOCKS_MAX: usize = 50;
/// Fewest blocks that give an interval.
const BLOCKS_MIN: usize = 20;
/// Shortest block in mean runs.
const RUNS_PER_BLOCK: f64 = 10.0;
/// Two-sided 95 % quantile of Student's t for 20 to 50 blocks (19 to 49 degrees of freedom).
const T_95: f64 = 2.05;

/// Half width of the 95 % interval of each function's own share, in 0..1 of the tree's base;
/// `None` where there are too few blocks. One pass over the samples for all functions asked for.
pub fn half_widths(recording: &Recording, scoped: &Scoped, functions: &[FunctionId]) -> Vec<Option<f64>> {
    let nothing = vec![None; functions.len()];
    let Some((profile, value)) = scoped.each(recording).next() else { return nothing };
    // Blocks of several threads are not independent: one thread at a time.
    let (Some(time), Weights::Owned, 1) = (&profile.time, &profile.values[value].weights, scoped.profiles.len()) else {
        return nothing;
    };
    let (first, end_row) = rows_in(profile, value, scoped.range);
    if first >= end_row {
        return nothing;
    }
    // The blocks divide what is looked at: a sample at its edge has only a part in it.
    let (from_ns, to_ns) = scoped.range.map_or((i64::MIN, i64::MAX), |r| (r.from_ns, r.to_ns));
    let start = time.at_ns.get(first).max(from_ns);
    let length = (time.at_ns.get(end_row - 1) + time.owned_ns(end_row - 1)).min(to_ns) - start;
    if length < BLOCKS_MIN as i64 {
        return nothing;
    }
    let columns = columns_of(recording, scoped, functions);
    let mut blocks = Blocks::new(functions.len(), length);
    let mut filling = Filling::new(&profile.samples, time, &columns, functions.len());
    let (mut row, mut from) = (first, start);
    for block in 0..BLOCKS_MAX {
        let to = start + Cut::new(start, length, BLOCKS_MAX).end_of(block);
        let is_last = block + 1 == BLOCKS_MAX;
        let end = if is_last { end_row } else { time.at_ns.partition_point(|at| at < to).min(end_row) };
        filling.fill((row, end.max(row)), (from, to));
        blocks.take(block, &mut filling.cells);
        (row, from) = (end.max(row), to);
    }
    (0..functions.len()).map(|k| blocks.half_width(k, filling.cells[k].runs)).collect()
}

/// The column of each stack's innermost function, in the last row of samples without a stack. Behind
/// the functions asked for come one column for the others and one for what is not in the tree.
fn columns_of(recording: &Recording, scoped: &Scoped, functions: &[FunctionId]) -> Vec<u32> {
    let other = functions.len() as u32;
    let mut of_function = vec![other; recording.functions.len()];
    functions.iter().enumerate().for_each(|(k, f)| of_function[f.index()] = k as u32);
    let of_node = |node| scoped.tree.shape.function(node).map_or(other, |function| of_function[function.index()]);
    scoped.node_of_stack.iter().map(|&node| if node == DROPPED { other + 1 } else { of_node(node) }).collect()
}

/// One block after the other while they are filled.
struct Filling<'a> {
    samples: &'a Samples,
    time: &'a Time,
    columns: &'a [u32],
    cells: Vec<Cell>,
    /// Column of the sample before, and what it owns behind the end of its block.
    last: usize,
    over_ns: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    /// Value in the block.
    ns: i64,
    /// Runs so far, in all blocks.
    runs: u64,
}

impl<'a> Filling<'a> {
    fn new(samples: &'a Samples, time: &'a Time, columns: &'a [u32], functions: usize) -> Self {
        Self { samples, time, columns, cells: vec![Cell::default(); functions + 2], last: usize::MAX, over_ns: 0 }
    }

    /// Fills the block between two moments with the samples that begin in it, and with what the one
    /// before them left over. Only the very first sample may begin before its block.
    fn fill(&mut self, (first, end): (usize, usize), (from_ns, to_ns): (i64, i64)) {
        if self.over_ns > 0 {
            let inside = self.over_ns.min(to_ns - from_ns);
            self.cells[self.last].ns += inside;
            self.over_ns -= inside;
        }
        for part in parts(self.samples, self.time, first, end) {
            let early_ns = (from_ns - part.starts[0]).max(0);
            self.add(&part);
            self.over_ns = (part.end_ns - to_ns).max(0);
            if part.first == first {
                let column = self.column(part.stacks[0]);
                self.cells[column].ns -= early_ns;
            }
        }
        if first < end {
            self.cells[self.last].ns -= self.over_ns;
        }
    }

    #[inline]
    fn column(&self, stack: StackId) -> usize {
        self.columns[stack.index().min(self.columns.len() - 1)] as usize
    }

    /// Adds samples with all that they own: no question is asked on the way, since what follows what
    /// cannot be foreseen. Called once per part, see [`super::sums::runs`].
    #[inline(never)]
    fn add(&mut self, part: &Part<'_>) {
        let ends = part.starts[1..].iter().copied().chain(std::iter::once(part.end_ns));
        let mut last = self.last;
        for ((&stack, &start), end) in part.stacks.iter().zip(part.starts).zip(ends) {
            let column = self.column(stack);
            let cell = &mut self.cells[column];
            cell.ns += end - start;
            cell.runs += u64::from(column != last);
            last = column;
        }
        self.last = last;
    }
}

struct Blocks {
    length: i64,
    /// Value of everything in the tree per block.
    base: Vec<f64>,
    /// Value per function and block.
    own: Vec<f64>,
}

impl Blocks {
    fn new(functions: usize, length: i64) -> Self {
        Self { length, base: vec![0.0; BLOCKS_MAX], own: vec![0.0; BLOCKS_MAX * functions] }
    }

    /// Takes the values of a block and clears its cells.
    fn take(&mut self, block: usize, cells: &mut [Cell]) {
        let in_tree = cells.len() - 1;
        self.base[block] = cells[..in_tree].iter().map(|cell| cell.ns).sum::<i64>() as f64;
        for (own, cell) in self.own.chunks_exact_mut(BLOCKS_MAX).zip(&*cells) {
            own[block] = cell.ns as f64;
        }
        cells.iter_mut().for_each(|cell| cell.ns = 0);
    }

    /// The ratio estimator over blocks: residuals of own − share × base.
    fn half_width(&self, function: usize, runs: u64) -> Option<f64> {
        let own = &self.own[function * BLOCKS_MAX..(function + 1) * BLOCKS_MAX];
        let (total, base): (f64, f64) = (own.iter().sum(), self.base.iter().sum());
        if total <= 0.0 || base <= 0.0 || runs == 0 {
            return None;
        }
        let run = total / runs as f64;
        let blocks = (self.length as f64 / (run * RUNS_PER_BLOCK)).floor().min(BLOCKS_MAX as f64) as usize;
        // Whole numbers of the finest blocks are joined, so that the cut stays equal.
        let join = BLOCKS_MAX.div_ceil(blocks.max(1));
        let blocks = BLOCKS_MAX / join;
        if blocks < BLOCKS_MIN {
            return None;
        }
        let share = total / base;
        let squares: f64 = (0..blocks)
            .map(|b| {
                let part = b * join..((b + 1) * join).min(BLOCKS_MAX);
                let rest = own[part.clone()].iter().sum::<f64>() - share * self.base[part].iter().sum::<f64>();
                rest * rest
            })
            .sum();
        let n = blocks as f64;
        Some(T_95 * (n / (n - 1.0) * squares).sqrt() / base)
    }
}

#[cfg(test)]
mod tests {
    use super::super::modules::Modules;
    use super::*;
    use crate::model::picture;
    use crate::model::vocab::Scope;

    fn width(picture: &str) -> Option<f64> {
        let recording = picture::timed(picture);
        let modules = Modules::of(&recording);
        let scoped = Scoped::new(&recording, &modules, &Scope::default());
        half_widths(&recording, &scoped, &[FunctionId::from_index(0)])[0]
    }

    #[test]
    fn a_steady_share_is_narrow() {
        let steady = "a 10\nb 10\n".repeat(2_000);
        assert!(width(&steady).expect("there are enough blocks") < 0.01);
    }

    #[test]
    fn a_share_that_comes_in_one_piece_has_none() {
        let one = format!("{}{}", "a 10\n".repeat(500), "b 10\n".repeat(500));
        assert_eq!(width(&one), None);
    }

    #[test]
    fn too_few_samples_have_none() {
        assert_eq!(width("a 10\nb 10"), None);
    }
}
