//! Samples of V8's profiler, which come in chunks: nodes, samples and distances of each are parts of
//! common columns until all are read. Chunks are put into the order of their moments, not of the file.

use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::threads::{Id, Thread, Threads};
use crate::error::Result;
use crate::formats::common::v8_profile::nodes::{Nodes, Rows};
use crate::formats::common::v8_profile::time::{Bounds, Clock};
use crate::formats::common::v8_profile::tree::{Tree, UNKNOWN};
use crate::input::json::{Json, Kind};
use crate::model::SortFew as _;
use crate::model::{Builder, Column, FunctionId, LineTicks, StackId, StringId, Time};

/// Decimals that turn microseconds into nanoseconds.
const MICROS: u8 = 3;
const HOUR_NS: i64 = 3_600_000_000_000;

/// Everything of profilers that a trace holds.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    nodes: Nodes,
    samples: Column<i64>,
    deltas: Column<i64>,
    lines: Column<u32>,
    /// Start and end that the event which is read gives, nanoseconds on the file's clock.
    start: Option<i64>,
    end: Option<i64>,
    /// Whether it gave distances and lines: some producers write them twice.
    has_deltas: bool,
    has_lines: bool,
    chunks: Vec<Chunk>,
    starts: Vec<Start>,
}

/// How long the columns are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    nodes: Rows,
    samples: usize,
    deltas: usize,
    lines: usize,
}

/// The parts of the columns that one event added.
#[derive(Debug)]
struct Chunk {
    profiler: (Id, Id),
    thread: u32,
    at: i64,
    from: Mark,
    to: Mark,
    end: Option<i64>,
}

/// A profiler begins.
#[derive(Debug, Clone, Copy)]
struct Start {
    profiler: (Id, Id),
    thread: u32,
    at: i64,
    source: StringId,
}

/// Samples of one thread.
#[derive(Debug)]
pub(super) struct Sampled {
    pub(super) thread: u32,
    pub(super) stacks: Column<StackId>,
    pub(super) time: Time,
    is_internal: bool,
}

impl Chunks {
    pub(super) fn mark(&self) -> Mark {
        Mark {
            nodes: self.nodes.rows(),
            samples: self.samples.len(),
            deltas: self.deltas.len(),
            lines: self.lines.len(),
        }
    }

    /// The moments of the events that brought them.
    pub(super) fn moments(&self) -> impl Iterator<Item = i64> + '_ {
        self.starts.iter().map(|start| start.at).chain(self.chunks.iter().map(|chunk| chunk.at))
    }

    pub(super) fn begin_event(&mut self) {
        (self.start, self.end, self.has_deltas, self.has_lines) = (None, None, false, false);
    }

    /// A profiler begins to sample the thread.
    pub(super) fn start(&mut self, profiler: (Id, Id), thread: u32, at: i64, source: StringId) {
        self.starts.push(Start { profiler, thread, at, source });
    }

    /// The parts added since `from` are a chunk.
    pub(super) fn chunk(&mut self, profiler: (Id, Id), thread: u32, at: i64, from: Mark) {
        let to = self.mark();
        self.chunks.push(Chunk { profiler, thread, at, from, to, end: self.end });
    }

    /// The parts added since `from` are a whole profile, as old browsers wrote them.
    pub(super) fn whole(&mut self, profiler: (Id, Id), thread: u32, at: i64, from: Mark) {
        self.start(profiler, thread, self.start.unwrap_or(at), StringId::EMPTY);
        self.chunk(profiler, thread, at, from);
    }

    pub(super) fn read_profile(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key_as(Key::of)? {
            match (key, json.kind()?) {
                (Key::Nodes, Kind::Array) => self.nodes.read_list(json, builder)?,
                (Key::Samples, Kind::Array) => {
                    let samples = &mut self.samples;
                    json.batches_of_i64(0, |ids, _| samples.extend_mapped(ids, |id| id))?;
                }
                (Key::Deltas, Kind::Array) => self.read_deltas(json)?,
                (Key::Lines, Kind::Array) => self.read_lines(json)?,
                (Key::Start, Kind::Number) => self.start = Some(json.decimal()?.scaled(MICROS).value),
                (Key::End, Kind::Number) => self.read_end(json)?,
                _ => json.skip_value()?,
            }
        }
        Ok(())
    }

    pub(super) fn read_deltas(&mut self, json: &mut Json<'_>) -> Result<()> {
        if std::mem::replace(&mut self.has_deltas, true) {
            return json.skip_value();
        }
        let deltas = &mut self.deltas;
        json.batches_of_i64(MICROS, |numbers, unit| deltas.extend_mapped(numbers, |number| number * unit))?;
        Ok(())
    }

    pub(super) fn read_lines(&mut self, json: &mut Json<'_>) -> Result<()> {
        if std::mem::replace(&mut self.has_lines, true) {
            return json.skip_value();
        }
        let lines = &mut self.lines;
        json.batches_of_i64(0, |numbers, _| lines.extend_mapped(numbers, |line| u32::try_from(line).unwrap_or(0)))?;
        Ok(())
    }

    pub(super) fn read_end(&mut self, json: &mut Json<'_>) -> Result<()> {
        self.end = Some(json.decimal()?.scaled(MICROS).value);
        Ok(())
    }

    /// One profile per sampled thread. Where several profilers looked at one thread, DevTools' own
    /// counts, else the one with most samples.
    pub(super) fn finish(mut self, threads: &Threads, end: i64, builder: &mut Builder) -> Vec<Sampled> {
        let mut profiles: Vec<Sampled> = Vec::new();
        let internal = builder.strings.find("Internal");
        let mut several = 0;
        self.chunks.sort_few_by_key(|chunk| (chunk.profiler, chunk.at));
        let starts: HashMap<(Id, Id), Start, FixedState> =
            self.starts.iter().rev().map(|start| (start.profiler, *start)).collect();
        let mut claimed: Vec<u32> = starts.values().map(|start| start.thread).collect();
        claimed.sort_few();
        let mains = main_threads(threads);
        let mut by_thread: HashMap<u32, usize, FixedState> = HashMap::default();
        let runs = self.chunks.chunk_by(|a, b| a.profiler == b.profiler);
        for run in runs {
            let start = starts.get(&run[0].profiler).copied();
            let Some(mut sampled) = self.profile(run, start, end, builder) else { continue };
            sampled.is_internal = start.is_some_and(|start| Some(start.source) == internal);
            if start.is_none() {
                // The main thread of the process, unless another profiler looks at it.
                let wrote = run[0].thread;
                let main = mains.get(&threads.rows[wrote as usize].pid).copied();
                sampled.thread = main.filter(|row| claimed.binary_search(row).is_err()).unwrap_or(wrote);
            }
            let rank = |sampled: &Sampled| (sampled.is_internal, sampled.stacks.len());
            match by_thread.entry(sampled.thread) {
                Entry::Occupied(at) => {
                    several += 1;
                    let known = &mut profiles[*at.get()];
                    if rank(&sampled) > rank(known) {
                        *known = sampled;
                    }
                }
                Entry::Vacant(at) => {
                    at.insert(profiles.len());
                    profiles.push(sampled);
                }
            }
        }
        builder.note(
            "several-profilers",
            several,
            "More than one profiler looked at a thread; DevTools' own counts, or the one with most samples.",
        );
        profiles
    }

    fn profile(&self, run: &[Chunk], start: Option<Start>, end: i64, builder: &mut Builder) -> Option<Sampled> {
        let mut own = Nodes::default();
        // With one profiler the columns are its own, in whatever order.
        let nodes = if run.len() == self.chunks.len() {
            &self.nodes
        } else {
            run.iter().for_each(|chunk| own.append(&self.nodes, chunk.from.nodes, chunk.to.nodes));
            &own
        };
        let Ok(tree) = Tree::of(nodes, builder) else {
            builder.note("profile-damaged", 1, "A profile's call tree has a cycle; its samples were left out.");
            return None;
        };
        let (mut stacks, mut clock, mut differ, mut unknown) = (Column::new(), Clock::default(), 0, 0);
        let mut ticks = Ticks::default();
        for chunk in run {
            let samples = chunk.from.samples..chunk.to.samples;
            let deltas = chunk.from.deltas..chunk.to.deltas;
            differ += samples.len().abs_diff(deltas.len());
            let count = samples.len().min(deltas.len());
            clock.push_deltas(self.deltas.range(deltas.start, deltas.start + count));
            let first = stacks.len();
            for id in self.samples.range(samples.start, samples.start + count) {
                let stack = tree.stack_of(id).unwrap_or(StackId::NONE);
                unknown += u64::from(stack.is_none());
                stacks.push(stack);
            }
            self.count_lines(chunk, &stacks, first, builder, &mut ticks);
        }
        if stacks.is_empty() {
            return None;
        }
        builder.note(
            "lengths-differ",
            differ as u64,
            "A chunk of samples has not as many samples as times; what has no partner was left out.",
        );
        name_unknown(&mut stacks, unknown, builder);
        ticks.finish(builder);
        let begin = start.map_or_else(|| self.begin_of(&run[0]), |start| start.at);
        builder.note(
            "profile-without-start",
            u64::from(start.is_none()),
            "The event that tells when a profiler began is missing: its start was worked out from its first chunk.",
        );
        // Some producers write the end on another clock.
        let is_near = |at: &i64| *at <= end.saturating_add(HOUR_NS);
        let last = run.iter().filter_map(|chunk| chunk.end).filter(is_near).max().unwrap_or(end);
        let bounds = Bounds { start: Some(begin), end: Some(last.max(begin.saturating_add(clock.latest()))) };
        let mut time = clock.finish(bounds, &mut stacks, builder);
        time.has_idle = tree.has_idle;
        Some(Sampled { thread: start.map_or(run[0].thread, |start| start.thread), stacks, time, is_internal: false })
    }

    /// A chunk is written when its last sample was taken.
    fn begin_of(&self, chunk: &Chunk) -> i64 {
        let deltas = self.deltas.range(chunk.from.deltas, chunk.to.deltas);
        chunk.at.saturating_sub(deltas.fold(0, i64::saturating_add))
    }

    fn count_lines(&self, chunk: &Chunk, stacks: &Column<StackId>, first: usize, builder: &Builder, ticks: &mut Ticks) {
        let lines: Range<usize> = chunk.from.lines..chunk.to.lines;
        if lines.len() != stacks.len() - first {
            return;
        }
        for (stack, line) in stacks.range(first, stacks.len()).zip(self.lines.range(lines.start, lines.end)) {
            if line > 0 && !stack.is_none() {
                ticks.add(stack, line, builder);
            }
        }
    }
}

/// The main thread of each process.
fn main_threads(threads: &Threads) -> HashMap<Id, u32, FixedState> {
    let is_main = |thread: &Thread| thread.pid == thread.tid && thread.pid != Id::None;
    let rows = (0u32..).zip(&threads.rows).filter(|(_, thread)| is_main(thread));
    rows.map(|(row, thread)| (thread.pid, row)).collect()
}

fn name_unknown(stacks: &mut Column<StackId>, unknown: u64, builder: &mut Builder) {
    if unknown == 0 {
        return;
    }
    let frame = builder.frame_named(UNKNOWN);
    let stack = builder.stack(StackId::NONE, frame);
    for row in 0..stacks.len() {
        let known = stacks.get_mut(row);
        if known.is_none() {
            *known = stack;
        }
    }
    builder.note("unknown-node", unknown, "Some samples refer to nodes that do not exist; they count as (unknown).");
}

/// Ticks per line, counted in runs of equal samples.
#[derive(Debug, Default)]
struct Ticks {
    counts: HashMap<(FunctionId, u32), u64, FixedState>,
    run: Option<((StackId, u32), u64)>,
}

impl Ticks {
    #[inline]
    fn add(&mut self, stack: StackId, line: u32, builder: &Builder) {
        match &mut self.run {
            Some((key, count)) if *key == (stack, line) => *count += 1,
            _ => {
                self.settle(builder);
                self.run = Some(((stack, line), 1));
            }
        }
    }

    fn settle(&mut self, builder: &Builder) {
        if let Some(((stack, line), count)) = self.run.take() {
            let function = builder.frame_row(builder.stacks().frame(stack)).function;
            *self.counts.entry((function, line)).or_default() += count;
        }
    }

    fn finish(mut self, builder: &mut Builder) {
        self.settle(builder);
        let mut rows: Vec<_> = self.counts.into_iter().collect();
        rows.sort_unstable();
        for ((function, line), ticks) in rows {
            builder.line_ticks.push(LineTicks { function, line, ticks });
        }
    }
}

/// The keys of a chunk's profile.
#[derive(Debug, Clone, Copy)]
enum Key {
    Nodes,
    Samples,
    Deltas,
    Lines,
    Start,
    End,
    Other,
}

impl Key {
    fn of(key: &[u8]) -> Self {
        match key {
            b"nodes" => Self::Nodes,
            b"samples" => Self::Samples,
            b"timeDeltas" => Self::Deltas,
            b"lines" => Self::Lines,
            b"startTime" => Self::Start,
            b"endTime" => Self::End,
            _ => Self::Other,
        }
    }
}
