//! What a stretch of samples was spent on: own time and total of every function in it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::facts::{Class, Facts, function};
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
    /// Mean place on the stack, counted from outside, of its outermost calls, in thousandths.
    pub(super) depth: u64,
}

/// How long functions were on the stack below each of their callers.
pub(super) type Callers = BTreeMap<(FunctionId, Option<FunctionId>), i64>;

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
    /// Time by place on the stack: their product, summed.
    depth: Vec<i128>,
    has_load: Vec<bool>,
    functions: Vec<FunctionId>,
    /// Garbage collection in the stretch.
    pub(super) gc_ns: i64,
    /// Native or unknown in the stretch.
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
            gc_ns: 0,
            program_ns: 0,
        }
    }

    /// Weighs a turn as the rule judges it: a sample owns the time around it, half way to the next;
    /// garbage collection and stacks that could not be walked count for the code before them, or
    /// after them at the start. Linear in samples and in the frames that they touch, which are
    /// sorted once.
    pub(super) fn weigh_nested(&mut self, turn: Turn) {
        self.clear();
        let (mut from, to) = (self.clock.edge(turn.first), self.clock.edge(turn.end));
        let mut owner = StackId::NONE;
        let mut waiting = 0;
        for i in turn.first..turn.end {
            let until = if i + 1 < turn.end { self.clock.middle(i) } else { to };
            let ns = until - from;
            from = until;
            match self.clock.shown(i) {
                Shown::Code(stack) => {
                    owner = stack;
                    self.add(stack, ns + std::mem::take(&mut waiting));
                }
                Shown::Through if owner.is_none() => waiting += ns,
                Shown::Through => self.add(owner, ns),
                Shown::Between | Shown::Idle => self.add(self.clock.stack(i), ns),
            }
        }
        if waiting > 0 {
            self.add(self.clock.stack(turn.first), waiting);
        }
        self.roll_up();
    }

    /// Weighs a turn as every other view does: a sample owns the time up to the next one, clipped to
    /// the turn.
    pub(super) fn weigh_owned(&mut self, turn: Turn) {
        self.clear();
        let (from, to) = (self.clock.edge(turn.first), self.clock.edge(turn.end));
        for i in turn.first.saturating_sub(1)..turn.end {
            let ns = self.clock.at(i + 1).min(to) - self.clock.at(i).max(from);
            if ns <= 0 {
                continue;
            }
            let stack = self.clock.stack(i);
            match self.facts.class(stack) {
                Class::Gc => self.gc_ns += ns,
                Class::Program => self.program_ns += ns,
                Class::Idle | Class::Code => {}
            }
            self.add(stack, ns);
        }
        self.roll_up();
    }

    /// The functions of the stretch, in no particular order.
    pub(super) fn loads(&self) -> impl Iterator<Item = Load> + '_ {
        self.functions.iter().map(|&function| self.load(function))
    }

    /// One function in the stretch.
    pub(super) fn load(&self, function: FunctionId) -> Load {
        let i = function.index();
        let depth = self.depth[i] * 1000 / i128::from(self.total[i].max(1));
        Load { function, own_ns: self.own[i], total_ns: self.total[i], depth: u64::try_from(depth).unwrap_or(0) }
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
        self.stacks.iter().any(|s| is_below(s) && self.total[function(self.recording, *s).index()] >= least_ns)
    }

    /// Adds the time of one's own functions by the own function that called them.
    pub(super) fn add_callers(&self, callers: &mut Callers) {
        for &stack in &self.stacks {
            let weight = self.weight[stack.index()];
            if weight == 0 || self.facts.own(stack) != stack || !self.facts.is_outermost(stack) {
                continue;
            }
            let caller = self.facts.own(self.recording.stacks.parent(stack));
            let caller = (!caller.is_none()).then(|| function(self.recording, caller));
            let sum = callers.entry((function(self.recording, stack), caller)).or_default();
            *sum = sum.saturating_add(weight);
        }
    }

    fn add(&mut self, stack: StackId, ns: i64) {
        if stack.is_none() {
            return;
        }
        self.weight[stack.index()] += ns;
        let mut at = stack;
        while !at.is_none() && !self.is_touched[at.index()] {
            self.is_touched[at.index()] = true;
            self.stacks.push(at);
            at = self.recording.stacks.parent(at);
        }
    }

    fn roll_up(&mut self) {
        self.stacks.sort_unstable();
        for &stack in self.stacks.iter().rev() {
            let (f, weight) = (function(self.recording, stack), self.weight[stack.index()]);
            let i = f.index();
            if !self.has_load[i] {
                self.has_load[i] = true;
                self.functions.push(f);
            }
            // Callees come later in the table: their time has been added to this row already, and
            // taken from its own time.
            self.own[i] += weight;
            let parent = self.recording.stacks.parent(stack);
            if !parent.is_none() {
                self.weight[parent.index()] += weight;
                self.own[function(self.recording, parent).index()] -= weight;
            }
            if self.facts.is_outermost(stack) {
                self.total[i] += weight;
                self.depth[i] += i128::from(weight) * i128::from(self.facts.depth(stack));
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
        for i in turn.first..turn.end {
            let Shown::Code(stack) = clock.shown(i) else { continue };
            if facts.own(stack).is_none() {
                continue;
            }
            let entry = Entry { function: facts.entry_function(stack), stack: facts.entry(stack) };
            let weight = &mut self.weight[entry.function.index()];
            if *weight == 0 {
                self.touched.push(entry);
            }
            *weight += 1;
        }
        let weight = &mut self.weight;
        let heaviest = self.touched.iter().copied().max_by_key(|e| (weight[e.function.index()], Reverse(e.function)));
        self.touched.drain(..).for_each(|e| weight[e.function.index()] = 0);
        heaviest
    }
}
