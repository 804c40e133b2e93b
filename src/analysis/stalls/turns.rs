//! Cuts a thread's samples into turns of the loop, and long turns into calls of one's own code.

use super::facts::{Class, Facts};
use crate::model::{Column, FunctionId, Profile, Recording, StackId, Time};

/// A stack that could not be walked shows as one sample without a stack between two related ones
/// this close to each other.
const FAILED_WALK_NS: i64 = 4_000_000;

/// A function writes a stream when more than one in this many of its samples is in plumbing.
const STREAM_PART: u64 = 4;

/// Samples `first..end` of a profile with no visible pause between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) first: usize,
    pub(super) end: usize,
    /// Number of the piece that begins with `first`.
    pub(super) piece: usize,
    /// Outermost frame of the callback; none when no function was seen.
    pub(super) outer: StackId,
    /// Number of pauses before it.
    pub(super) run: u32,
    /// Whether a program's modules were loaded in it.
    pub(super) is_start_up: bool,
}

/// What a sample means for the turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The loop waited.
    Idle,
    /// Native code outside any function: most likely between two callbacks.
    Between,
    /// Nothing about turns: garbage collection, or a stack that could not be walked.
    Through,
    /// This code ran.
    Code(StackId),
}

/// Samples of the same stack in a row. They show the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Number of the piece.
    pub(super) at: usize,
    pub(super) first: usize,
    pub(super) end: usize,
    pub(super) shown: Shown,
}

impl Piece {
    /// Number of samples.
    #[inline]
    pub(super) fn len(self) -> usize {
        self.end - self.first
    }
}

/// What the samples show, piece by piece: every pass reads only this.
pub(super) struct Shows {
    codes: Vec<u32>,
    /// First sample of each piece, and the number of samples.
    starts: Vec<u32>,
}

const IDLE: u32 = u32::MAX;
const BETWEEN: u32 = u32::MAX - 1;
const THROUGH: u32 = u32::MAX - 2;

impl Shows {
    /// Two passes over the stacks: the table is as large as it must be.
    pub(super) fn of(profile: &Profile, time: &Time, facts: &Facts) -> Self {
        let stacks = &profile.samples.stack;
        let len = stacks.len().min(time.at_ns.len());
        let starts = piece_starts(stacks, len);
        let code = |piece: &[u32]| {
            let (first, end) = (piece[0] as usize, piece[1] as usize);
            let stack = stacks.get(first);
            match facts.class(stack) {
                Class::Idle => IDLE,
                Class::Gc => THROUGH,
                Class::Program if end - first == 1 && is_failed_walk(stacks, time, facts, first) => THROUGH,
                Class::Program => BETWEEN,
                Class::Code => u32::try_from(stack.index()).unwrap_or(BETWEEN),
            }
        };
        Self { codes: starts.windows(2).map(code).collect(), starts }
    }

    #[inline]
    fn shown(&self, piece: usize) -> Shown {
        match self.codes[piece] {
            IDLE => Shown::Idle,
            BETWEEN => Shown::Between,
            THROUGH => Shown::Through,
            stack => Shown::Code(StackId::from_index(stack as usize)),
        }
    }
}

/// Where stacks change, and the number of samples behind them.
fn piece_starts(stacks: &Column<StackId>, len: usize) -> Vec<u32> {
    let index = |i: usize| u32::try_from(i).expect("4 billion samples do not fit into memory");
    let mut count = 0;
    each_change(stacks, len, |_| count += 1);
    let mut starts = Vec::with_capacity(count + 1);
    each_change(stacks, len, |i| starts.push(index(i)));
    starts.push(index(len));
    starts
}

/// Hands the index of each sample with another stack than the one before to `visit`.
fn each_change(stacks: &Column<StackId>, len: usize, mut visit: impl FnMut(usize)) {
    let mut last = None;
    for (first, part) in stacks.slices(0, len) {
        changes_in(first, part, &mut last, &mut visit);
    }
}

/// Called per slice: see [`Clock::each_piece`].
#[inline(never)]
fn changes_in(first: usize, part: &[StackId], last: &mut Option<StackId>, visit: &mut impl FnMut(usize)) {
    let Some((&head, &tail)) = part.first().zip(part.last()) else { return };
    if *last != Some(head) {
        visit(first);
    }
    for (i, pair) in part.windows(2).enumerate() {
        if pair[0] != pair[1] {
            visit(first + i + 1);
        }
    }
    *last = Some(tail);
}

/// Whether one of the two stacks around sample `i` is the other or called from it, within the same
/// call of one's own code: then it did not return in between.
fn is_failed_walk(stacks: &Column<StackId>, time: &Time, facts: &Facts, i: usize) -> bool {
    let at = |k: usize| time.at_ns.get(k);
    if i == 0 || i + 1 >= stacks.len().min(time.at_ns.len()) || at(i + 1) - at(i - 1) >= FAILED_WALK_NS {
        return false;
    }
    let (a, b) = (stacks.get(i - 1), stacks.get(i + 1));
    if facts.class(a) != Class::Code || facts.class(b) != Class::Code {
        return false;
    }
    let has_own = |above: StackId| !facts.own(above).is_none();
    a == b || (facts.is_within(a, b) && has_own(b)) || (facts.is_within(b, a) && has_own(a))
}

/// The samples of a profile on the clock.
#[derive(Clone, Copy)]
pub(super) struct Clock<'a> {
    stack: &'a Column<StackId>,
    time: &'a Time,
    shows: &'a Shows,
    /// Whether stacks changed at the very moments of the samples.
    is_exact: bool,
}

impl<'a> Clock<'a> {
    pub(super) fn of(profile: &'a Profile, time: &'a Time, shows: &'a Shows, is_exact: bool) -> Self {
        Self { stack: &profile.samples.stack, time, shows, is_exact }
    }

    /// The samples in a stretch of time, from the first change of the stack inside it on.
    pub(super) fn within(self, from: i64, to: i64) -> Option<Turn> {
        let (_, starts) = self.shows.starts.split_last()?;
        let piece = starts.partition_point(|&first| self.at(first as usize) < from);
        let first = *starts.get(piece)? as usize;
        let end = self.time.at_ns.partition_point(|at| at < to).min(self.len());
        let outer = StackId::NONE;
        (first < end).then_some(Turn { first, end, piece, outer, run: 0, is_start_up: false })
    }

    /// Usual time between two samples; 0 when unknown.
    pub(super) fn interval_ns(self) -> i64 {
        self.time.interval_ns.max(0)
    }

    /// Number of samples.
    #[inline]
    pub(super) fn len(self) -> usize {
        self.shows.starts[self.shows.starts.len() - 1] as usize
    }

    #[inline]
    pub(super) fn stack(self, i: usize) -> StackId {
        self.stack.get(i)
    }

    /// The moment of sample `i`, or the end of the last one.
    #[inline]
    pub(super) fn at(self, i: usize) -> i64 {
        match self.len() {
            len if i < len => self.time.at_ns.get(i),
            len => self.time.at_ns.get(len - 1).saturating_add(self.time.last_ns.max(0)),
        }
    }

    /// The boundary before sample `i`: half a sampling interval behind the sample before it, or
    /// half way between the two when they are closer.
    ///
    /// A late sampler does not stretch this. Of 64 measured begins and ends of calls that fell into a
    /// gap between an idle sample and one of the call, 48 lay within one interval of the sample before
    /// the gap and 55 in its earlier half: it is the change itself that delays the sampler.
    #[inline]
    pub(super) fn edge(self, i: usize) -> i64 {
        if i == 0 || i >= self.len() || self.is_exact {
            return self.at(i);
        }
        let gap = self.at(i) - self.at(i - 1);
        let usual = if self.time.interval_ns > 0 { gap.min(self.time.interval_ns) } else { gap };
        self.at(i - 1) + usual / 2
    }

    /// Half way between sample `i` and the next.
    #[inline]
    pub(super) fn middle(self, i: usize) -> i64 {
        if self.is_exact {
            return self.at(i + 1);
        }
        self.at(i) + (self.at(i + 1) - self.at(i)) / 2
    }

    /// Length of samples `first..end`.
    #[inline]
    pub(super) fn between(self, first: usize, end: usize) -> i64 {
        self.edge(end).saturating_sub(self.edge(first))
    }

    /// The pieces of a turn; the last one is cut where it ends.
    #[inline]
    pub(super) fn pieces(self, turn: Turn) -> impl Iterator<Item = Piece> + 'a {
        let starts = &self.shows.starts;
        (turn.piece..).take_while(move |&at| (starts[at] as usize) < turn.end).map(move |at| self.piece(at, turn.end))
    }

    #[inline]
    fn piece(self, at: usize, end: usize) -> Piece {
        let starts = &self.shows.starts;
        Piece { at, first: starts[at] as usize, end: end.min(starts[at + 1] as usize), shown: self.shows.shown(at) }
    }

    /// Visits all pieces in order.
    ///
    /// Portion by portion, each with a call: a browser translates code anew once it was called often
    /// enough, and never in the middle of a loop over millions.
    pub(super) fn each_piece(self, mut visit: impl FnMut(Piece)) {
        const PORTION: usize = 1 << 14;
        let len = self.shows.codes.len();
        (0..len).step_by(PORTION).for_each(|from| self.portion(from, len.min(from + PORTION), &mut visit));
    }

    #[inline(never)]
    fn portion(self, from: usize, to: usize, visit: &mut impl FnMut(Piece)) {
        (from..to).for_each(|at| visit(self.piece(at, usize::MAX)));
    }
}

/// Finds the turns of a profile in order and hands each to `found`. One pass.
///
/// A turn ends where the thread waited, where the outermost function changes, where code comes back
/// after native code outside any function, and where a callback comes back after the microtasks of
/// the one before. Microtasks belong to the callback that they follow.
pub(super) fn turns(facts: &Facts, clock: Clock<'_>, mut found: impl FnMut(Turn)) {
    let mut cutter = Cutter { facts, open: None, between: 0, in_microtasks: false, run: 0 };
    clock.each_piece(|piece| {
        if let Some(turn) = cutter.step(piece) {
            found(turn);
        }
    });
    if let Some(turn) = cutter.close(clock.len()) {
        found(turn);
    }
}

struct Cutter<'a> {
    facts: &'a Facts,
    open: Option<Turn>,
    /// Samples outside any function since the last one inside.
    between: usize,
    /// Whether microtasks have run in this turn.
    in_microtasks: bool,
    run: u32,
}

impl Cutter<'_> {
    /// Takes a piece; the turn that it ends, if any.
    #[inline]
    fn step(&mut self, piece: Piece) -> Option<Turn> {
        match piece.shown {
            Shown::Idle => {
                self.run = self.run.saturating_add(1);
                self.close(piece.first)
            }
            Shown::Through => {
                self.open_at(piece);
                None
            }
            Shown::Between => {
                self.open_at(piece);
                self.between += piece.len();
                None
            }
            Shown::Code(stack) => self.step_code(piece, stack),
        }
    }

    #[inline]
    fn step_code(&mut self, piece: Piece, stack: StackId) -> Option<Turn> {
        let outer = self.facts.outer(stack);
        let is_microtask = self.facts.is_microtask(stack);
        let ended = self.end_before(piece.first, outer, is_microtask).and_then(|end| self.close(end));
        self.between = 0;
        self.open_at(piece);
        self.in_microtasks |= is_microtask;
        if let Some(turn) = &mut self.open {
            turn.is_start_up |= self.facts.is_start_up(stack);
            if !is_microtask || turn.outer.is_none() {
                turn.outer = outer;
            }
        }
        ended
    }

    /// Where the open turn ends if a callback with this outermost frame does not belong to it.
    fn end_before(&self, i: usize, outer: StackId, is_microtask: bool) -> Option<usize> {
        let turn = self.open.filter(|t| !t.outer.is_none())?;
        if !is_microtask && outer != turn.outer {
            return Some(i);
        }
        if self.between > 0 {
            return Some(i - self.between);
        }
        (self.in_microtasks && !is_microtask).then_some(i)
    }

    fn open_at(&mut self, piece: Piece) {
        self.open.get_or_insert(Turn {
            first: piece.first,
            end: piece.first,
            piece: piece.at,
            outer: StackId::NONE,
            run: self.run,
            is_start_up: false,
        });
    }

    fn close(&mut self, end: usize) -> Option<Turn> {
        self.between = 0;
        self.in_microtasks = false;
        self.open.take().map(|turn| Turn { end, ..turn })
    }
}

/// Functions of one's own that have more than a quarter of their samples in plumbing that they call
/// themselves, by function: they write a stream piece by piece. One pass over samples and stacks.
pub(super) fn streams(recording: &Recording, facts: &Facts, clock: Clock<'_>) -> Vec<bool> {
    let mut weight = vec![0u64; recording.stacks.len()];
    clock.each_piece(|piece| {
        if let Shown::Code(stack) = piece.shown {
            weight[stack.index()] += piece.len() as u64;
        }
    });
    let mut total = vec![0u64; recording.functions.len()];
    let mut in_plumbing = vec![0u64; recording.functions.len()];
    for i in (0..weight.len()).rev() {
        let (stack, samples) = (StackId::from_index(i), weight[i]);
        let parent = facts.parent(stack);
        let own = facts.own(stack);
        if own == stack && facts.is_outermost(stack) {
            total[facts.function(stack).index()] += samples;
        } else if !own.is_none() && parent == own && facts.is_plumbing(stack) {
            in_plumbing[facts.function(own).index()] += samples;
        }
        if !parent.is_none() {
            weight[parent.index()] += samples;
        }
    }
    total.iter().zip(&in_plumbing).map(|(all, part)| part.saturating_mul(STREAM_PART) > *all).collect()
}

/// Cuts a turn where one's own code comes back after plumbing: a response was written, the next
/// request was parsed. What runs outside one's own code in between, and at the end, is a part of its
/// own. A function that writes a stream calls plumbing again and again: only leaving it is an end.
pub(super) fn calls(facts: &Facts, streams: &[bool], clock: Clock<'_>, turn: Turn, mut found: impl FnMut(Turn)) {
    let (mut first, mut piece) = (turn.first, turn.piece);
    let mut part = |end: Piece| {
        if end.first > first {
            found(Turn { first, end: end.first, piece, ..turn });
            (first, piece) = (end.first, end.at);
        }
    };
    let mut has_code = false;
    let mut gap = Gap::None;
    let mut left: Option<Piece> = None;
    for here in clock.pieces(turn) {
        let Shown::Code(stack) = here.shown else { continue };
        if facts.is_plumbing(stack) {
            if has_code {
                let own = facts.own(stack);
                let is_stream = !own.is_none() && streams[facts.function(own).index()];
                gap = gap.and(facts, if is_stream { Gap::Stream(own) } else { Gap::Cut });
                if own.is_none() {
                    left.get_or_insert(here);
                }
            }
            continue;
        }
        if gap.is_cut(facts, stack) {
            if let Some(end) = left {
                part(end);
            }
            part(here);
        }
        (has_code, gap, left) = (true, Gap::None, None);
    }
    if let Some(end) = left {
        part(end);
    }
    if turn.end > first {
        found(Turn { first, piece, ..turn });
    }
}

/// What was seen since one's own code ran last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    /// Plumbing that this frame called, which calls it again and again.
    Stream(StackId),
    Cut,
}

impl Gap {
    fn and(self, facts: &Facts, other: Self) -> Self {
        match (self, other) {
            (Self::None, gap) => gap,
            (Self::Stream(a), Self::Stream(b)) if facts.is_within(a, b) => self,
            (Self::Stream(a), Self::Stream(b)) if facts.is_within(b, a) => other,
            _ => Self::Cut,
        }
    }

    /// Whether a call ended in the gap, now that this code runs.
    fn is_cut(self, facts: &Facts, stack: StackId) -> bool {
        match self {
            Self::None => false,
            Self::Stream(frame) => !facts.is_within(stack, frame),
            Self::Cut => true,
        }
    }
}

/// Where a turn was: the entry of one's own code and the function that it called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) entry: FunctionId,
    pub(super) branch: FunctionId,
}

/// Hands the places of a stretch in order to `found`, each with its first piece. A place of one
/// sample is not one: stacks are sometimes walked wrong.
pub(super) fn places(facts: &Facts, clock: Clock<'_>, turn: Turn, mut found: impl FnMut(Piece, Place)) {
    let mut open: Option<(Place, Piece, bool)> = None;
    let mut last: Option<Place> = None;
    for piece in clock.pieces(turn) {
        let Shown::Code(stack) = piece.shown else { continue };
        let Some(branch) = facts.branch(stack) else { continue };
        let place = Place { entry: facts.entry_function(stack), branch };
        let is_more = open.is_some_and(|(same, ..)| same == place);
        if !is_more {
            open = Some((place, piece, false));
        }
        if let Some((_, first, is_told)) = &mut open
            && (is_more || piece.len() > 1)
        {
            if !*is_told && last != Some(place) {
                found(*first, place);
            }
            *is_told = true;
            last = Some(place);
        }
    }
}

/// Splits a stretch where another function was entered, if at least two of the parts are as long
/// as `shortest_ns`: microtasks and timers that follow each other are one turn, but two long ones
/// have two reasons.
pub(super) fn by_entry(facts: &Facts, clock: Clock<'_>, turn: Turn, shortest_ns: i64, mut found: impl FnMut(Turn)) {
    let mut starts: Vec<(usize, usize, FunctionId)> = Vec::new();
    for piece in clock.pieces(turn) {
        let Shown::Code(stack) = piece.shown else { continue };
        if facts.own(stack).is_none() {
            continue;
        }
        let entry = facts.entry_function(stack);
        if starts.last().is_none_or(|s| s.2 != entry) {
            let at = if starts.is_empty() { (turn.first, turn.piece) } else { (piece.first, piece.at) };
            starts.push((at.0, at.1, entry));
        }
    }
    let end_of = |k: usize| starts.get(k + 1).map_or(turn.end, |s| s.0);
    let is_long = |k: &usize| clock.between(starts[*k].0, end_of(*k)) >= shortest_ns;
    let (mut first, mut piece) = (turn.first, turn.piece);
    for k in (0..starts.len()).filter(is_long).skip(1) {
        found(Turn { first, piece, end: starts[k].0, ..turn });
        (first, piece) = (starts[k].0, starts[k].1);
    }
    found(Turn { first, piece, ..turn });
}

/// Number of callbacks in a stretch, as far as the two outermost frames tell them apart.
pub(super) fn groups(facts: &Facts, clock: Clock<'_>, turn: Turn) -> u64 {
    let mut last = StackId::NONE;
    let mut groups = 0;
    for piece in clock.pieces(turn) {
        let Shown::Code(stack) = piece.shown else { continue };
        let second = facts.second(stack);
        groups += u64::from(second != last);
        last = second;
    }
    groups
}
