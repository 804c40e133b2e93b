//! ± of own shares from blocks of time.
//!
//! Samples of one call follow each other, so a binomial interval over samples is several times too
//! narrow. Here the selection is cut into equal blocks of time, each at least ten mean runs of the
//! function long; the spread of the block values gives the interval. Too few blocks: no ±.

use super::cut::Cut;
use super::scoped::Scoped;
use super::sums::{Run, rows_in, runs};
use super::tree::DROPPED;
use crate::model::{FunctionId, Recording, StackId, Weights};

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
    let end = (time.at_ns.get(end_row - 1) + time.owned_ns(end_row - 1)).min(to_ns);
    let length = end - start;
    if length < BLOCKS_MIN as i64 {
        return nothing;
    }
    let columns = columns_of(recording, scoped, functions);
    let of_none = columns[columns.len() - 1];
    let column = |stack: StackId| columns.get(stack.index()).copied().unwrap_or(of_none);
    let mut sums = Blocks::new(functions.len(), start, length);
    runs(profile, value, scoped.range, column, |run| sums.add(run));
    (0..functions.len()).map(|k| sums.half_width(k)).collect()
}

/// Stands for a function that was not asked for.
const OTHER: u32 = u32::MAX;
/// Stands for what is not in the tree.
const OUTSIDE: u32 = u32::MAX - 1;

/// The column of each stack's innermost function; in the last row of samples without a stack.
fn columns_of(recording: &Recording, scoped: &Scoped, functions: &[FunctionId]) -> Vec<u32> {
    let mut of_function = vec![OTHER; recording.functions.len()];
    functions.iter().enumerate().for_each(|(k, f)| of_function[f.index()] = k as u32);
    let of_node = |node| scoped.tree.shape.function(node).map_or(OTHER, |function| of_function[function.index()]);
    scoped.node_of_stack.iter().map(|&node| if node == DROPPED { OUTSIDE } else { of_node(node) }).collect()
}

struct Blocks {
    cut: Cut,
    length: i64,
    /// Value of everything in the tree per block.
    base: Vec<f64>,
    /// Value per function and block.
    own: Vec<f64>,
    /// Runs per function.
    runs: Vec<u64>,
}

impl Blocks {
    fn new(functions: usize, start: i64, length: i64) -> Self {
        Self {
            cut: Cut::new(start, length, BLOCKS_MAX),
            length,
            base: vec![0.0; BLOCKS_MAX],
            own: vec![0.0; BLOCKS_MAX * functions],
            runs: vec![0; functions],
        }
    }

    /// The stretch of a run may cross blocks; it is split where it does.
    #[inline]
    fn add(&mut self, run: Run<u32>) {
        let (column, is_own) = (run.class as usize, run.class < OUTSIDE);
        if run.class == OUTSIDE {
            return;
        }
        let Self { cut, base, own, .. } = self;
        cut.split(run.start_ns, run.end_ns - run.start_ns, |block, part| {
            base[block] += part as f64;
            if is_own {
                own[column * BLOCKS_MAX + block] += part as f64;
            }
        });
        if is_own {
            self.runs[column] += 1;
        }
    }

    /// The ratio estimator over blocks: residuals of own − share × base.
    fn half_width(&self, function: usize) -> Option<f64> {
        let own = &self.own[function * BLOCKS_MAX..(function + 1) * BLOCKS_MAX];
        let (total, base): (f64, f64) = (own.iter().sum(), self.base.iter().sum());
        if total <= 0.0 || base <= 0.0 || self.runs[function] == 0 {
            return None;
        }
        let run = total / self.runs[function] as f64;
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
