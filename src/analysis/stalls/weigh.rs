//! What a stretch of samples was spent on: own time and total of every function in it.

use std::cmp::Reverse;

use super::facts::{Class, Facts};
use super::turns::{Clock, Shown, Turn};
use crate::model::{FunctionId, Recording, StackId};

/// A function in a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) function: FunctionId,
    /// Time with the function innermost.
    pub(super) own_ns: i64,
    /// Time with the function anywhere on the stack, recursion counted once.
    pub(super) total_ns: i64,
}

/// How long each stack of an own function ran below the own function that called it.
#[derive(Debug)]
pub(super) struct Callers {
    by_stack: Vec<i64>,
}

impl Callers {
    pub(super) fn new(recording: &Recording) -> Self {
        Self { by_stack: vec![0; recording.stacks.len()] }
    }

    /// By function, whether it serves several callers: two have at least a part of its time that
    /// `is_notable` of (that part, the whole).
    pub(super) fn serve_several(
        &self,
        facts: &Facts,
        functions: usize,
        is_notable: impl Fn(i64, i64) -> bool,
    ) -> Vec<bool> {
        let mut rows: Vec<(FunctionId, Option<FunctionId>, i64)> = Vec::new();
        for (i, &ns) in self.by_stack.iter().enumerate().filter(|(_, ns)| **ns != 0) {
            let stack = StackId::from_index(i);
            let parent = facts.parent(stack);
            let caller = if parent.is_none() { StackId::NONE } else { facts.own(parent) };
            rows.push((facts.function(stack), (!caller.is_none()).then(|| facts.function(caller)), ns));
        }
        rows.sort_unstable();
        let mut out = vec![false; functions];
        for of_function in rows.chunk_by(|a, b| a.0 == b.0) {
            let sum = |rows: &[(_, _, i64)]| rows.iter().fold(0i64, |sum, row| sum.saturating_add(row.2));
            let whole = sum(of_function);
            let notable = of_function.chunk_by(|a, b| a.1 == b.1).filter(|rows| is_notable(sum(rows), whole)).count();
            out[of_function[0].0.index()] = notable > 1;
        }
        out
    }
}

/// Tables that are filled for one stretch after the other; only what a stretch touched is cleared.
pub(super) struct Scales<'a> {
    facts: &'a Facts,
    clock: Clock<'a>,
    /// Time per stack, own at first, then with callees.
    weight: Vec<i64>,
    is_touched: Vec<bool>,
    /// The stacks of the stretch and their callers, callers first.
    stacks: Vec<StackId>,
    own: Vec<i64>,
    total: Vec<i64>,
    has_load: Vec<bool>,
    functions: Vec<FunctionId>,
    /// Garbage collection in the stretch.
    pub(super) gc_ns: i64,
    /// Native or unknown in the stretch.
    pub(super) program_ns: i64,
}

impl<'a> Scales<'a> {
    pub(super) fn new(recording: &Recording, facts: &'a Facts, clock: Clock<'a>) -> Self {
        let (stacks, functions) = (recording.stacks.len(), recording.functions.len());
        Self {
            facts,
            clock,
            weight: vec![0; stacks],
            is_touched: vec![false; stacks],
            stacks: Vec::new(),
            own: vec![0; functions],
            total: vec![0; functions],
            has_load: vec![false; functions],
            functions: Vec::new(),
            gc_ns: 0,
            program_ns: 0,
        }
    }

    /// Weighs a turn as the rule judges it: a sample owns the time around it, half way to the next;
    /// garbage collection and stacks that could not be walked count for the code before them, or
    /// after them at the start. Linear in samples and in the frames that they touch.
    ///
    /// `bounds` are begin and end of the turn where these were measured.
    pub(super) fn weigh_nested(&mut self, turn: Turn, bounds: Option<(i64, i64)>) {
        self.clear();
        let (mut from, to) = bounds.unwrap_or_else(|| (self.clock.edge(turn.first), self.clock.edge(turn.end)));
        let mut owner = StackId::NONE;
        let mut waiting = 0;
        for piece in self.clock.pieces(turn) {
            let until = if piece.end < turn.end { self.clock.middle(piece.end - 1).min(to) } else { to };
            let ns = until - from;
            from = until;
            match piece.shown {
                Shown::Code(stack) => {
                    owner = stack;
                    self.add(stack, ns + std::mem::take(&mut waiting));
                }
                Shown::Through if owner.is_none() => waiting += ns,
                Shown::Through => self.add(owner, ns),
                Shown::Between | Shown::Idle => self.add(self.clock.stack(piece.first), ns),
            }
        }
        if waiting > 0 {
            self.add(self.clock.stack(turn.first), waiting);
        }
        self.roll_up();
    }

    /// Weighs a turn as every other view does: a sample owns the time up to the next one, clipped to
    /// the turn.
    pub(super) fn weigh_owned(&mut self, turn: Turn, bounds: Option<(i64, i64)>) {
        self.clear();
        let (from, to) = bounds.unwrap_or_else(|| (self.clock.edge(turn.first), self.clock.edge(turn.end)));
        // The sample before the turn reaches into it.
        if let Some(before) = turn.first.checked_sub(1) {
            self.add_owned(before, turn.first, (from, to));
        }
        for piece in self.clock.pieces(turn) {
            self.add_owned(piece.first, piece.end, (from, to));
        }
        self.roll_up();
    }

    /// Adds samples of one stack with what they own of a stretch of time.
    fn add_owned(&mut self, first: usize, end: usize, (from, to): (i64, i64)) {
        let ns = self.clock.at(end).min(to) - self.clock.at(first).max(from);
        if ns <= 0 {
            return;
        }
        let stack = self.clock.stack(first);
        match self.facts.class(stack) {
            Class::Gc => self.gc_ns += ns,
            Class::Program => self.program_ns += ns,
            Class::Idle | Class::Code => {}
        }
        self.add(stack, ns);
    }

    /// The functions of the stretch, in no particular order.
    pub(super) fn loads(&self) -> impl Iterator<Item = Load> + '_ {
        self.functions.iter().map(|&function| self.load(function))
    }

    /// One function in the stretch.
    pub(super) fn load(&self, function: FunctionId) -> Load {
        Load { function, own_ns: self.own[function.index()], total_ns: self.total[function.index()] }
    }

    /// Mean place on the stack, counted from outside, of the outermost calls of each of these
    /// functions, in thousandths, with the functions, which it sorts. One pass over the stacks of the
    /// stretch.
    pub(super) fn with_depths(&self, mut loads: Vec<Load>) -> Vec<(u64, Load)> {
        loads.sort_unstable_by_key(|l| l.function);
        // Time by place on the stack: their product, summed.
        let mut sums = vec![0i128; loads.len()];
        for &stack in &self.stacks {
            let function = self.facts.function(stack);
            if let Ok(i) = loads.binary_search_by_key(&function, |l| l.function)
                && self.facts.is_outermost(stack)
            {
                sums[i] += i128::from(self.weight[stack.index()]) * i128::from(self.facts.depth(stack));
            }
        }
        let mean = |sum: i128, load: &Load| u64::try_from(sum * 1000 / i128::from(load.total_ns.max(1))).unwrap_or(0);
        sums.into_iter().zip(loads).map(|(sum, load)| (mean(sum, &load), load)).collect()
    }

    /// The frame through which one's own code was entered for most of the time, or the outermost
    /// frame with the most time when none was.
    pub(super) fn entry(&self) -> Option<StackId> {
        let heaviest = |is_it: &dyn Fn(StackId) -> bool| {
            let all = self.stacks.iter().copied().filter(|&s| self.facts.class(s) == Class::Code && is_it(s));
            all.max_by_key(|s| (self.weight[s.index()], Reverse(*s)))
        };
        heaviest(&|s| self.facts.entry(s) == s).or_else(|| heaviest(&|s| self.facts.outer(s) == s))
    }

    /// Whether any function below the outermost, or a state, holds this much time.
    pub(super) fn is_held(&self, least_ns: i64) -> bool {
        let is_below = |s: &StackId| self.facts.class(*s) != Class::Code || self.facts.outer(*s) != *s;
        self.stacks.iter().any(|s| is_below(s) && self.total[self.facts.function(*s).index()] >= least_ns)
    }

    /// Adds the time of one's own functions by the own function that called them.
    pub(super) fn add_callers(&self, callers: &mut Callers) {
        for &stack in &self.stacks {
            if self.facts.own(stack) == stack && self.facts.is_outermost(stack) {
                let sum = &mut callers.by_stack[stack.index()];
                *sum = sum.saturating_add(self.weight[stack.index()]);
            }
        }
    }

    fn add(&mut self, stack: StackId, ns: i64) {
        if stack.is_none() {
            return;
        }
        self.weight[stack.index()] += ns;
        let known = self.stacks.len();
        let mut at = stack;
        while !at.is_none() && !self.is_touched[at.index()] {
            self.is_touched[at.index()] = true;
            self.stacks.push(at);
            at = self.facts.parent(at);
        }
        // Callers first.
        self.stacks[known..].reverse();
    }

    fn roll_up(&mut self) {
        for &stack in self.stacks.iter().rev() {
            let (f, weight) = (self.facts.function(stack), self.weight[stack.index()]);
            let i = f.index();
            if !self.has_load[i] {
                self.has_load[i] = true;
                self.functions.push(f);
            }
            // Callees come later in the list: their time has been added to this row already, and
            // taken from its own time.
            self.own[i] += weight;
            let parent = self.facts.parent(stack);
            if !parent.is_none() {
                self.weight[parent.index()] += weight;
                self.own[self.facts.function(parent).index()] -= weight;
            }
            if self.facts.is_outermost(stack) {
                self.total[i] += weight;
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
            (self.own[i], self.total[i], self.has_load[i]) = (0, 0, false);
        }
        (self.gc_ns, self.program_ns) = (0, 0);
    }
}

/// Where the runtime entered one's own code: the function, and one of its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) function: FunctionId,
    pub(super) stack: StackId,
}

/// Finds where one's own code was entered for most samples of a turn.
pub(super) struct Entries {
    /// Samples by function.
    weight: Vec<u64>,
    touched: Vec<Entry>,
}

impl Entries {
    pub(super) fn new(recording: &Recording) -> Self {
        Self { weight: vec![0; recording.functions.len()], touched: Vec::new() }
    }

    /// The entry of a turn; `None` when no code of one's own ran.
    pub(super) fn of(&mut self, facts: &Facts, clock: Clock<'_>, turn: Turn) -> Option<Entry> {
        for piece in clock.pieces(turn) {
            let Shown::Code(stack) = piece.shown else { continue };
            if facts.own(stack).is_none() {
                continue;
            }
            let entry = Entry { function: facts.entry_function(stack), stack: facts.entry(stack) };
            let weight = &mut self.weight[entry.function.index()];
            if *weight == 0 {
                self.touched.push(entry);
            }
            *weight += piece.len() as u64;
        }
        let weight = &mut self.weight;
        let heaviest = self.touched.iter().copied().max_by_key(|e| (weight[e.function.index()], Reverse(e.function)));
        self.touched.drain(..).for_each(|e| weight[e.function.index()] = 0);
        heaviest
    }
}
