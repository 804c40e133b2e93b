//! Visits: uninterrupted stretches of samples with a function on the stack.

use super::facts::{Class, Facts, function};
use super::turns::Clock;
use crate::model::{FunctionId, Recording, StackId};

/// The visits of some functions over a whole recording.
#[derive(Debug, Default)]
pub(super) struct Visits {
    /// Row of each function in `of`, or `u32::MAX`.
    row: Vec<u32>,
    /// (start, length) of every visit in order, by row.
    of: Vec<Vec<(i64, i64)>>,
}

impl Visits {
    /// Collects the visits of `functions`. One pass over samples; where the functions on the stack
    /// do not change, a sample costs one comparison.
    pub(super) fn of(recording: &Recording, facts: &Facts, clock: Clock<'_>, functions: &[FunctionId]) -> Self {
        let mut visits = Self { row: vec![u32::MAX; recording.functions.len()], of: Vec::new() };
        for &f in functions {
            if visits.row[f.index()] == u32::MAX {
                visits.row[f.index()] = visits.of.len() as u32;
                visits.of.push(Vec::new());
            }
        }
        let nearest = visits.nearest(recording, facts);
        visits.collect(recording, facts, clock, &nearest);
        visits
    }

    /// Number of visits and their median length.
    pub(super) fn median(&self, function: FunctionId) -> (usize, i64) {
        let mut lengths: Vec<i64> = self.list(function).iter().map(|v| v.1).collect();
        let middle = lengths.len() / 2;
        if lengths.is_empty() {
            return (0, 0);
        }
        (lengths.len(), *lengths.select_nth_unstable(middle).1)
    }

    /// Number of visits that begin in a stretch or last into it.
    pub(super) fn within(&self, function: FunctionId, from: i64, to: i64) -> u64 {
        let list = self.list(function);
        let first = list.partition_point(|v| v.0 + v.1 <= from);
        let end = list.partition_point(|v| v.0 < to);
        end.saturating_sub(first) as u64
    }

    fn list(&self, function: FunctionId) -> &[(i64, i64)] {
        self.of.get(self.row[function.index()] as usize).map_or(&[], Vec::as_slice)
    }

    /// For every stack the innermost frame of one of the functions, its first call only.
    fn nearest(&self, recording: &Recording, facts: &Facts) -> Vec<StackId> {
        let mut nearest: Vec<StackId> = Vec::with_capacity(recording.stacks.len());
        for (i, (parent, frame)) in recording.stacks.iter().enumerate() {
            let id = StackId::from_index(i);
            let is_asked = self.row[recording.function_of(frame).index()] != u32::MAX && facts.is_outermost(id);
            let above = if parent.is_none() { StackId::NONE } else { nearest[parent.index()] };
            nearest.push(if is_asked { id } else { above });
        }
        nearest
    }

    fn collect(&mut self, recording: &Recording, facts: &Facts, clock: Clock<'_>, nearest: &[StackId]) {
        let mut open: Vec<Option<i64>> = vec![None; self.of.len()];
        let mut is_on = vec![false; self.of.len()];
        let mut last = StackId::NONE;
        for i in 0..clock.len() {
            let stack = clock.stack(i);
            if facts.class(stack) == Class::Gc {
                continue;
            }
            let top = nearest.get(stack.index()).copied().unwrap_or(StackId::NONE);
            if top == last {
                continue;
            }
            last = top;
            is_on.fill(false);
            let mut at = top;
            while !at.is_none() {
                is_on[self.row[function(recording, at).index()] as usize] = true;
                let parent = recording.stacks.parent(at);
                at = if parent.is_none() { StackId::NONE } else { nearest[parent.index()] };
            }
            self.change(&mut open, &is_on, clock.edge(i));
        }
        is_on.fill(false);
        self.change(&mut open, &is_on, clock.edge(clock.len()));
    }

    fn change(&mut self, open: &mut [Option<i64>], is_on: &[bool], now: i64) {
        for ((open, &is_on), list) in open.iter_mut().zip(is_on).zip(&mut self.of) {
            match (*open, is_on) {
                (None, true) => *open = Some(now),
                (Some(start), false) => {
                    list.push((start, now - start));
                    *open = None;
                }
                _ => {}
            }
        }
    }
}
