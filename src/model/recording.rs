//! What one opened file (or folder) holds, and the builder that decoders fill.

use serde::{Deserialize, Serialize};

use crate::error::printable;

use super::{
    Column, Distribution, Frame, FrameId, Function, FunctionId, HeapGraph, Interner, LabelSets, Profile, Series, Spans,
    StackId, StackInterner, Stacks, StringId, Strings, Table, Tag, Total,
    parts::{self, Counts, Part},
};

/// Something that was repaired, estimated or left out while reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Stable word for programs: `order-repaired`, `packed-cut`. One that starts with `about-` is a
    /// remark: nothing was repaired, estimated or left out.
    pub code: String,
    /// How many things it concerns.
    pub count: u64,
    /// One sentence for people.
    pub text: String,
}

impl Note {
    /// A remark stands among the notes, but is no news that anybody has to be told at once.
    pub fn is_remark(&self) -> bool {
        self.code.starts_with("about-")
    }
}

/// Where a recording came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The file's name, or the folder's.
    pub name: String,
    /// Size of the file as it lies on the disk, bytes.
    pub size: u64,
    /// SHA-256 over size, first and last MiB, in lower-case hex.
    pub fingerprint: String,
    /// Id of the format.
    pub format: String,
    /// Why it was recognised, for people.
    pub detected_by: String,
}

/// Ticks of one line of a function's body, as counted by the profiler itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineTicks {
    /// The function.
    pub function: FunctionId,
    /// Line in its file, 1-based.
    pub line: u32,
    /// Ticks counted on it.
    pub ticks: u64,
}

/// How moments of a recording relate to other clocks, so that several files of one run can be laid
/// over each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clock {
    /// The recording's start on the file's own clock (mostly one that never jumps), nanoseconds.
    pub start_ns: Option<i64>,
    /// The recording's start as wall-clock time, nanoseconds since 1970 in UTC.
    pub unix_ns: Option<i64>,
}

/// Everything that one opened file holds; immutable once built.
#[derive(Debug, Default)]
pub struct Recording {
    /// Where it came from.
    pub origin: Origin,
    /// All texts.
    pub strings: Strings,
    /// All functions.
    pub functions: Column<Function>,
    /// All frames.
    pub frames: Column<Frame>,
    /// All call stacks.
    pub stacks: Stacks,
    /// All sets of labels.
    pub label_sets: LabelSets,
    /// One per thread.
    pub profiles: Vec<Profile>,
    /// Ticks per line where the profiler counted them.
    pub line_ticks: Column<LineTicks>,
    /// The objects of a heap, where the file is a picture of one.
    pub heap: Option<HeapGraph>,
    /// What was repaired, estimated or left out.
    pub notes: Vec<Note>,
    /// Facts of the file for people, in its order: period, comments, host.
    pub meta: Vec<(String, String)>,
    /// Moments of spans and series count from here.
    pub clock: Clock,
    /// What traces hold.
    pub spans: Spans,
    /// Numbers over time.
    pub series: Vec<Series>,
    /// Latencies and the like.
    pub distributions: Vec<Distribution>,
    /// Sums of load tests: requests, errors, bytes.
    pub totals: Vec<Total>,
    /// Facts in tables, for people.
    pub tables: Vec<Table>,
    /// Functions of scripts that were made of others, as the file has them, and their originals: a
    /// function that was named before its source map came is found by its former name.
    pub made: Column<(Function, FunctionId)>,
}

impl Recording {
    /// Whether it holds nothing besides profiles.
    pub fn is_profiles_alone(&self) -> bool {
        self.heap.is_none()
            && self.spans.is_empty()
            && self.series.is_empty()
            && self.distributions.is_empty()
            && self.totals.is_empty()
            && self.tables.is_empty()
    }

    /// The function of a frame.
    #[inline]
    pub fn function_of(&self, frame: FrameId) -> FunctionId {
        self.frames.get(frame.index()).function
    }

    /// A function's row.
    #[inline]
    pub fn function(&self, id: FunctionId) -> Function {
        self.functions.get(id.index())
    }

    /// A function's name.
    pub fn name(&self, id: FunctionId) -> &str {
        self.strings.get(self.function(id).name)
    }

    /// A function's file, `""` when unknown.
    pub fn file(&self, id: FunctionId) -> &str {
        self.strings.get(self.function(id).file)
    }

    /// A frame as the file writes it: its function's name, with annotations where there are any.
    pub fn frame_text(&self, id: FrameId) -> &str {
        let frame = self.frames.get(id.index());
        if frame.text == StringId::EMPTY { self.name(frame.function) } else { self.strings.get(frame.text) }
    }

    /// A text.
    pub fn text(&self, id: StringId) -> &str {
        self.strings.get(id)
    }

    /// Bytes of heap memory held by the tables.
    pub fn heap_bytes(&self) -> usize {
        let samples = |p: &Profile| {
            let time = p.time.as_ref().map_or(0, |t| t.at_ns.heap_bytes());
            let values: usize = p
                .values
                .iter()
                .map(|v| match &v.weights {
                    super::Weights::Owned => 0,
                    super::Weights::Each(column) => column.heap_bytes(),
                })
                .sum();
            p.samples.stack.heap_bytes() + time + values
        };
        self.strings.heap_bytes()
            + self.functions.heap_bytes()
            + self.frames.heap_bytes()
            + self.stacks.heap_bytes()
            + self.profiles.iter().map(samples).sum::<usize>()
            + self.heap.as_ref().map_or(0, HeapGraph::heap_bytes)
            + self.label_sets.heap_bytes()
            + self.spans.heap_bytes()
            + self.series.iter().map(Series::heap_bytes).sum::<usize>()
            + self.tables.iter().map(Table::heap_bytes).sum::<usize>()
            + self.made.heap_bytes()
    }

    /// Whether the file held nothing that can be looked at.
    pub fn is_empty(&self) -> bool {
        self.profiles.is_empty()
            && self.heap.is_none()
            && self.spans.is_empty()
            && self.series.iter().all(Series::is_empty)
            && self.distributions.is_empty()
            && self.totals.is_empty()
            && self.tables.is_empty()
    }
}

/// Most samples that a thread can have: some 10,000 years of a sample each millisecond.
const SAMPLES_MAX: u64 = 1 << 48;

/// Collects a [`Recording`]. Decoders intern into it and push profiles.
#[derive(Debug)]
pub struct Builder {
    /// All texts.
    pub strings: Strings,
    /// All sets of labels.
    pub label_sets: LabelSets,
    /// Ticks per line.
    pub line_ticks: Column<LineTicks>,
    /// The objects of a heap.
    pub heap: Option<HeapGraph>,
    /// Facts of the file for people.
    pub meta: Vec<(String, String)>,
    /// What the moments of the file that is being read count from: each file of a bundle has its own
    /// until all are put on one.
    pub clock: Clock,
    /// What traces hold.
    pub spans: Spans,
    /// Numbers over time.
    pub series: Vec<Series>,
    /// Latencies and the like.
    pub distributions: Vec<Distribution>,
    /// Sums of load tests.
    pub totals: Vec<Total>,
    /// Facts in tables.
    pub tables: Vec<Table>,
    /// Whether functions that differ by their columns alone are told apart.
    tells_columns: bool,
    /// What makes a function one: name, file, line, column where it is told, and whether it is a state.
    function_keys: Interner<(StringId, StringId, u32, u32, bool)>,
    functions: Column<Function>,
    frames: Interner<Frame>,
    stacks: StackInterner,
    profiles: Vec<Profile>,
    notes: Vec<Note>,
    /// What each file added, and its clock.
    parts: Vec<Part>,
    /// Whether the file that was read last has nothing to look at, rightly.
    has_nothing: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// An empty recording.
    pub fn new() -> Self {
        Self {
            strings: Strings::new(),
            label_sets: LabelSets::new(),
            line_ticks: Column::new(),
            heap: None,
            meta: Vec::new(),
            clock: Clock::default(),
            spans: Spans::default(),
            series: Vec::new(),
            distributions: Vec::new(),
            totals: Vec::new(),
            tables: Vec::new(),
            tells_columns: false,
            function_keys: Interner::default(),
            functions: Column::new(),
            frames: Interner::default(),
            stacks: StackInterner::default(),
            profiles: Vec::new(),
            notes: Vec::new(),
            parts: Vec::new(),
            has_nothing: false,
        }
    }

    /// Tells functions apart that differ by their columns alone, as those of a minified script do, until
    /// their originals are put in.
    pub fn tell_columns(&mut self) {
        self.tells_columns = true;
    }

    /// The function with these properties. An empty name becomes `(anonymous)`.
    pub fn function(&mut self, name: StringId, file: StringId, line: u32, column: u32, tag: Tag) -> FunctionId {
        let name = if name == StringId::EMPTY { self.strings.intern("(anonymous)") } else { name };
        self.function_as_written(Function { name, file, line, column, tag })
    }

    /// The function with these properties, whose name may be empty because it is a frame's whole text.
    ///
    /// Functions with equal name, file and line are one, and a state is never a function. Column and
    /// tag are those of the first one seen: nobody can tell two functions on one line apart by them.
    pub fn function_as_written(&mut self, function: Function) -> FunctionId {
        let column = if self.tells_columns { function.column } else { 0 };
        let key = (function.name, function.file, function.line, column, function.tag.is_state());
        let row = self.function_keys.intern(key);
        if row == self.functions.len() {
            self.functions.push(function);
        }
        FunctionId::from_index(row)
    }

    /// The frame of `function` at `line` (1-based, 0 unknown).
    pub fn frame(&mut self, function: FunctionId, line: u32, inlined: bool) -> FrameId {
        self.frame_as_written(Frame { function, line, inlined, text: StringId::EMPTY })
    }

    /// The frame with these properties, whose text may be more than its function's name.
    pub fn frame_as_written(&mut self, frame: Frame) -> FrameId {
        FrameId::from_index(self.frames.intern(frame))
    }

    /// A frame's row.
    pub fn frame_row(&self, id: FrameId) -> Frame {
        self.frames.rows().get(id.index())
    }

    /// A frame as the file writes it: its function's name, with annotations where there are any.
    pub fn frame_text(&self, id: FrameId) -> &str {
        let frame = self.frame_row(id);
        let name = self.functions.get(frame.function.index()).name;
        self.strings.get(if frame.text == StringId::EMPTY { name } else { frame.text })
    }

    /// The frame of a function known by its name alone: for text formats and tests.
    pub fn frame_named(&mut self, name: &str) -> FrameId {
        let name = self.strings.intern(name);
        let function = self.function(name, StringId::EMPTY, 0, 0, Tag::Code);
        self.frame(function, 0, false)
    }

    /// The stack in which `parent` calls `frame`; `parent` is [`StackId::NONE`] for a root.
    #[inline]
    pub fn stack(&mut self, parent: StackId, frame: FrameId) -> StackId {
        self.stacks.intern(parent, frame)
    }

    /// Whether the innermost frame of a stack is the state of a thread that waits.
    pub fn is_idle(&self, stack: StackId) -> bool {
        let function = self.frame_row(self.stacks().frame(stack)).function;
        self.functions.get(function.index()).tag == Tag::Idle
    }

    /// The stacks so far.
    pub fn stacks(&self) -> &Stacks {
        self.stacks.stacks()
    }

    /// Adds the samples of a thread.
    ///
    /// More than 2^48 of them were never taken: a file that says so is damaged, and then each
    /// row counts as one, so that sums of counts need no care.
    pub fn profile(&mut self, mut profile: Profile) {
        let count = profile.samples.count.as_ref();
        let all = count.map_or(0, |count| count.iter().fold(0, u64::saturating_add));
        if all > SAMPLES_MAX {
            profile.samples.count = None;
            self.note("counts-absurd", 1, "The numbers of samples are absurd; each row counts as one sample.");
        }
        debug_assert!(!profile.values.is_empty(), "a profile measures something");
        debug_assert!(profile.default_value < profile.values.len(), "the default is one of the values");
        self.profiles.push(profile);
    }

    /// Notes that `count` things were repaired, estimated or left out; nothing when it is 0.
    /// The same code twice adds up.
    pub fn note(&mut self, code: &str, count: u64, text: impl Into<String>) {
        if count == 0 {
            return;
        }
        let text = printable(&text.into()).into_owned();
        match self.notes.iter_mut().find(|n| n.code == code && n.text == text) {
            Some(note) => note.count = note.count.saturating_add(count),
            None => self.notes.push(Note { code: code.to_owned(), count, text }),
        }
    }

    /// Number of profiles so far.
    pub fn profile_count(&self) -> usize {
        self.profiles.len()
    }

    /// Rows so far.
    fn counts(&self) -> Counts {
        Counts {
            profiles: self.profiles.len(),
            spans: self.spans.len(),
            tracks: self.spans.tracks.len(),
            marks: self.spans.marks.at_ns.len(),
            flows: self.spans.flows.len(),
            series: self.series.len(),
            distributions: self.distributions.len(),
            totals: self.totals.len(),
            tables: self.tables.len(),
            heaps: usize::from(self.heap.is_some()),
        }
    }

    /// Rows at the end of the file before the one that is being read.
    fn since(&self) -> Counts {
        self.parts.last().map_or_else(Counts::default, |part| part.to)
    }

    /// Whether the file that is being read added anything to look at.
    pub fn has_added(&self) -> bool {
        self.counts() != self.since()
    }

    /// Whether the file that is being read added samples.
    pub fn has_samples(&self) -> bool {
        self.counts().profiles > self.since().profiles
    }

    /// The file that is being read is whole and holds nothing to look at, for this reason.
    pub fn nothing_to_show(&mut self, why: &str) {
        self.note("nothing", 1, why);
        self.has_nothing = true;
    }

    /// Whether that was said since this was last asked.
    pub fn had_nothing_to_show(&mut self) -> bool {
        std::mem::take(&mut self.has_nothing)
    }

    /// Ends what one file of a bundle added; the next one has a clock of its own.
    pub fn end_file(&mut self) {
        let part = Part { from: self.since(), to: self.counts(), clock: std::mem::take(&mut self.clock) };
        self.parts.push(part);
    }

    /// Takes out what the file that is being read added to look at: it turned out to be damaged.
    pub fn drop_file(&mut self) {
        let since = self.since();
        self.clock = Clock::default();
        self.profiles.truncate(since.profiles);
        self.series.truncate(since.series);
        self.distributions.truncate(since.distributions);
        self.totals.truncate(since.totals);
        self.tables.truncate(since.tables);
        if since.heaps == 0 {
            self.heap = None;
        }
        self.spans.truncate(since.tracks, since.spans, since.marks, since.flows);
    }

    /// Ends the collection: all files are put on one clock, as far as they tell theirs.
    pub fn finish(mut self, origin: Origin) -> Recording {
        self.end_file();
        let parts = std::mem::take(&mut self.parts);
        let stacks = self.stacks.finish();
        let clock = parts::align(&parts, &mut self.profiles, &mut self.spans, &mut self.series);
        let mut recording = Recording {
            origin,
            strings: self.strings,
            functions: self.functions,
            frames: self.frames.into_rows(),
            stacks,
            label_sets: self.label_sets,
            profiles: self.profiles,
            line_ticks: self.line_ticks,
            heap: self.heap,
            notes: self.notes,
            meta: self.meta,
            clock: clock.clock,
            spans: self.spans,
            series: self.series,
            distributions: self.distributions,
            totals: self.totals,
            tables: self.tables,
            made: Column::new(),
        };
        recording.notes.extend(clock.notes);
        if parts.iter().filter(|part| part.to.profiles > part.from.profiles).count() > 1 {
            parts::busiest_first(&mut recording);
        }
        recording
    }
}
