//! What a stretch of samples was spent on: own time and total of every function in it.

use super::facts::{Class, Facts, function};
use super::turns::Clock;
use crate::model::{FunctionId, Recording, StackId};

/// A function in a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) function: FunctionId,
    /// Time with the function innermost.
    pub(super) own_ns: i64,
    /// Time with the function anywhere on the stack, recursion counted once.
    pub(super) total_ns: i64,
    /// Deepest place on the stack, counted from outside, of its outermost calls.
    pub(super) depth: u32,
}

/// Tables that are filled for one stretch after the other; only what a stretch touched is cleared.
pub(super) struct Scales<'a> {
    recording: &'a Recording,
    facts: &'a Facts,
    clock: Clock<'a>,
    /// Time per stack, own at first, then with callees.
    weight: Vec<i64>,
    is_touched: Vec<bool>,
    /// The stacks of the stretch and their callers, callers first.
    stacks: Vec<StackId>,
    own: Vec<i64>,
    total: Vec<i64>,
    depth: Vec<u32>,
    has_load: Vec<bool>,
    functions: Vec<FunctionId>,
    /// Occurrence of the function that [`Scales::find`] looked for, per stack.
    occurrence: Vec<StackId>,
    pub(super) gc_ns: i64,
    pub(super) program_ns: i64,
}

impl<'a> Scales<'a> {
    pub(super) fn new(recording: &'a Recording, facts: &'a Facts, clock: Clock<'a>) -> Self {
        let (stacks, functions) = (recording.stacks.len(), recording.functions.len());
        Self {
            recording,
            facts,
            clock,
            weight: vec![0; stacks],
            is_touched: vec![false; stacks],
            stacks: Vec::new(),
            own: vec![0; functions],
            total: vec![0; functions],
            depth: vec![0; functions],
            has_load: vec![false; functions],
            functions: Vec::new(),
            occurrence: vec![StackId::NONE; stacks],
            gc_ns: 0,
            program_ns: 0,
        }
    }

    /// Weighs samples `first..end`. Linear in them and in the frames they touch, sorted once.
    pub(super) fn weigh(&mut self, first: usize, end: usize) {
        self.clear();
        for i in first..end {
            let (stack, owned) = (self.clock.stack(i), self.clock.between(i, i + 1));
            match self.facts.class(stack) {
                Class::Gc => self.gc_ns += owned,
                Class::Program => self.program_ns += owned,
                Class::Idle | Class::Code => {}
            }
            if !stack.is_none() {
                self.touch(stack);
                self.weight[stack.index()] += owned;
            }
        }
        self.stacks.sort_unstable();
        self.roll_up();
    }

    /// The functions of the stretch, in no particular order.
    pub(super) fn loads(&self) -> impl Iterator<Item = Load> + '_ {
        self.functions.iter().map(|&function| {
            let i = function.index();
            Load { function, own_ns: self.own[i], total_ns: self.total[i], depth: self.depth[i] }
        })
    }

    /// Looks where `wanted` stands on the stacks of the stretch: [`Scales::occurrence`] tells.
    pub(super) fn find(&mut self, wanted: FunctionId) {
        for &stack in &self.stacks {
            let parent = self.recording.stacks.parent(stack);
            let above = if parent.is_none() { StackId::NONE } else { self.occurrence[parent.index()] };
            let is_here = above.is_none() && function(self.recording, stack) == wanted;
            self.occurrence[stack.index()] = if is_here { stack } else { above };
        }
    }

    /// The outermost call of the function last looked for on a stack of the stretch.
    #[inline]
    pub(super) fn occurrence(&self, stack: StackId) -> StackId {
        self.occurrence.get(stack.index()).copied().unwrap_or(StackId::NONE)
    }

    fn touch(&mut self, stack: StackId) {
        let mut at = stack;
        while !at.is_none() && !self.is_touched[at.index()] {
            self.is_touched[at.index()] = true;
            self.stacks.push(at);
            at = self.recording.stacks.parent(at);
        }
    }

    fn roll_up(&mut self) {
        for &stack in self.stacks.iter().rev() {
            let function = function(self.recording, stack);
            let (i, weight) = (function.index(), self.weight[stack.index()]);
            if !self.has_load[i] {
                self.has_load[i] = true;
                self.functions.push(function);
            }
            // Callees come later in the table: their time has been added to this row already.
            self.own[i] += weight;
            let parent = self.recording.stacks.parent(stack);
            if !parent.is_none() {
                self.weight[parent.index()] += weight;
                self.own[super::facts::function(self.recording, parent).index()] -= weight;
            }
            if self.facts.is_outermost(stack) {
                self.total[i] += weight;
                self.depth[i] = self.depth[i].max(self.facts.depth(stack));
            }
        }
    }

    fn clear(&mut self) {
        for stack in self.stacks.drain(..) {
            self.weight[stack.index()] = 0;
            self.is_touched[stack.index()] = false;
        }
        for function in self.functions.drain(..) {
            let i = function.index();
            (self.own[i], self.total[i], self.depth[i], self.has_load[i]) = (0, 0, 0, false);
        }
        (self.gc_ns, self.program_ns) = (0, 0);
    }
}
