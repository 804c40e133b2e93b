//! The document, event by event.

use super::Flavour;
use super::arguments::{Arguments, short_text};
use super::asynchronous::{Operations, Turn};
use super::chunks::{Chunks, Mark};
use super::counters::Counters;
use super::events::{Event, Events};
use super::flows::{Flows, Way};
use super::hermes::Hermes;
use super::threads::{Id, Threads};
use crate::error::{Error, Result};
use crate::input::json::{Decimal, Json, Kind};
use crate::model::{Builder, LabelValue, StringId};

/// Decimals that turn microseconds into nanoseconds.
const MICROS: u8 = 3;

/// A trace while it is read.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) flavour: Flavour,
    pub(super) threads: Threads,
    /// Complete events; `extra` is their length.
    pub(super) complete: Events,
    /// Begins and ends; `extra` is 1 for an end.
    pub(super) edges: Events,
    /// Points in time.
    pub(super) marks: Events,
    pub(super) operations: Operations,
    pub(super) flows: Flows,
    pub(super) counters: Counters,
    pub(super) chunks: Chunks,
    pub(super) hermes: Hermes,
    pub(super) words: Words,
    /// Wall-clock time of the start, as DevTools writes it.
    pub(super) started: Option<String>,
    /// Whether names hold places: `f (file:3)`.
    pub(super) is_viztracer: bool,
    pub(super) facts: Vec<(String, String)>,
    counts: Counts,
    arguments: Arguments,
    is_cut: bool,
    is_in_event: bool,
    events: u64,
    /// Arguments that were too many, without those of metadata, of which none is missed.
    many_before: u64,
}

/// What was left out or repaired.
#[derive(Debug, Default)]
struct Counts {
    unknown: u64,
    no_event: u64,
    no_time: u64,
    negative: u64,
    pictures: u64,
    dumps: u64,
}

/// Texts that mean something.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) name: StringId,
    labels: StringId,
    sort_index: StringId,
    source: StringId,
    thread_name: StringId,
    process_name: StringId,
    process_labels: StringId,
    thread_sort_index: StringId,
    process_sort_index: StringId,
    started: StringId,
    committed: StringId,
    update_counters: StringId,
    screenshot: StringId,
    chunk: StringId,
    whole_profile: StringId,
    profile: StringId,
    id: StringId,
    scripts: [StringId; 3],
}

impl Words {
    fn new(builder: &mut Builder) -> Self {
        let mut word = |text: &str| builder.strings.intern(text);
        Self {
            name: word("name"),
            labels: word("labels"),
            sort_index: word("sort_index"),
            source: word("source"),
            thread_name: word("thread_name"),
            process_name: word("process_name"),
            process_labels: word("process_labels"),
            thread_sort_index: word("thread_sort_index"),
            process_sort_index: word("process_sort_index"),
            started: word("TracingStartedInBrowser"),
            committed: word("FrameCommittedInBrowser"),
            update_counters: word("UpdateCounters"),
            screenshot: word("Screenshot"),
            chunk: word("ProfileChunk"),
            whole_profile: word("CpuProfile"),
            profile: word("Profile"),
            id: word("id"),
            scripts: [word("FunctionCall"), word("EvaluateScript"), word("v8.run")],
        }
    }
}

/// The members of an event that is read.
#[derive(Debug, Clone, Copy, Default)]
struct Draft {
    phase: u8,
    name: Option<StringId>,
    category: Option<StringId>,
    pid: Id,
    tid: Id,
    at: Option<i64>,
    length: Option<i64>,
    thread_time: Option<i64>,
    id: Id,
    /// Whether the id counts for the process alone.
    is_local: bool,
    scope: Option<StringId>,
    bind: Id,
    is_flow_out: bool,
    is_flow_in: bool,
    /// Whether an arrow ends in the span around the moment.
    binds_around: bool,
    chunk: Option<Mark>,
}

/// The keys of an event.
#[derive(Debug, Clone, Copy)]
enum Key {
    Phase,
    Name,
    Category,
    Pid,
    Tid,
    At,
    Length,
    ThreadTime,
    Arguments,
    Id,
    Id2,
    Scope,
    Bind,
    FlowOut,
    FlowIn,
    BindingPoint,
    File,
    Line,
    Other,
}

impl Key {
    fn of(key: &[u8]) -> Self {
        match key {
            b"ph" => Self::Phase,
            b"name" => Self::Name,
            b"cat" => Self::Category,
            b"pid" => Self::Pid,
            b"tid" => Self::Tid,
            b"ts" => Self::At,
            b"dur" => Self::Length,
            b"tts" => Self::ThreadTime,
            b"args" => Self::Arguments,
            b"id" => Self::Id,
            b"id2" => Self::Id2,
            b"scope" => Self::Scope,
            b"bind_id" => Self::Bind,
            b"flow_out" => Self::FlowOut,
            b"flow_in" => Self::FlowIn,
            b"bp" => Self::BindingPoint,
            b".file" => Self::File,
            b".line" => Self::Line,
            _ => Self::Other,
        }
    }
}

/// The keys of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Top {
    Events,
    Metadata,
    StackFrames,
    Samples,
    Viztracer,
    Other,
}

impl Top {
    fn of(key: &[u8]) -> Self {
        match key {
            b"traceEvents" => Self::Events,
            b"metadata" => Self::Metadata,
            b"stackFrames" => Self::StackFrames,
            b"samples" => Self::Samples,
            b"viztracer_metadata" => Self::Viztracer,
            _ => Self::Other,
        }
    }
}

impl Trace {
    pub(super) fn new(flavour: Flavour, builder: &mut Builder) -> Self {
        Self {
            flavour,
            threads: Threads::default(),
            complete: Events::default(),
            edges: Events::default(),
            marks: Events::default(),
            operations: Operations::default(),
            flows: Flows::default(),
            counters: Counters::default(),
            chunks: Chunks::default(),
            hermes: Hermes::default(),
            words: Words::new(builder),
            started: None,
            is_viztracer: false,
            facts: Vec::new(),
            counts: Counts::default(),
            arguments: Arguments::default(),
            is_cut: false,
            is_in_event: false,
            events: 0,
            many_before: 0,
        }
    }

    /// Reads the document.
    pub(super) fn read(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        if json.kind()? == Kind::Array {
            return self.read_events(json, builder);
        }
        json.begin_object()?;
        while let Some(key) = json.next_key_as(Top::of)? {
            match (key, json.kind()?) {
                (Top::Events, Kind::Array) => self.read_events(json, builder)?,
                (Top::Metadata, Kind::Object) => self.read_metadata(json)?,
                (Top::StackFrames, Kind::Object) => self.hermes.read_frames(json, builder)?,
                (Top::Samples, Kind::Array) => self.hermes.read_samples(json, builder, &mut self.threads)?,
                (Top::Viztracer, Kind::Object) => {
                    self.is_viztracer = true;
                    self.read_viztracer(json, builder)?;
                }
                _ => json.skip_value()?,
            }
        }
        Ok(())
    }

    /// Takes the document as it is although it ends early, if events have begun.
    ///
    /// # Errors
    /// Gives `error` back if not.
    pub(super) fn end_early(&mut self, error: Error) -> Result<()> {
        self.is_cut = true;
        if self.events > 0 { Ok(()) } else { Err(error) }
    }

    /// What was left out or repaired while reading.
    pub(super) fn note(&mut self, builder: &mut Builder) {
        let counts = &self.counts;
        if self.is_cut && self.is_in_event {
            builder.note("cut", 1, "The file ends early; the events before its end were kept.");
        } else if self.is_cut {
            builder.note(
                "about-open-end",
                1,
                "The list of events is not closed, which is allowed; whatever wrote it may have been stopped.",
            );
        }
        builder.note(
            "event-unknown",
            counts.unknown,
            "Some events are of a kind that is not known; they were left out.",
        );
        builder.note("no-event", counts.no_event, "Some entries among the events are none; they were left out.");
        builder.note("event-without-time", counts.no_time, "Some events have no time; they were left out.");
        builder.note("length-negative", counts.negative, "Some events have a length below zero; it counts as zero.");
        builder.note(
            "about-pictures",
            counts.pictures,
            "The pictures of the screen were left out; the times at which they were taken are kept.",
        );
        builder.note("about-memory-dumps", counts.dumps, "The contents of memory dumps were left out.");
        builder.note(
            "about-long-arguments",
            self.arguments.large,
            "Some arguments of events are longer than 1,000 bytes (sources, pictures); they were left out.",
        );
        builder.note(
            "about-many-arguments",
            self.arguments.many,
            "Some events have more than 24 arguments; the others were left out.",
        );
    }

    fn read_events(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        json.begin_array()?;
        while json.next_element()? {
            // What cannot be told from an unfinished event ends the file early.
            self.is_in_event = true;
            if json.kind()? == Kind::Object {
                self.read_event(json, builder)?;
            } else {
                self.counts.no_event += 1;
                json.skip_value()?;
            }
            self.is_in_event = false;
        }
        Ok(())
    }

    fn read_event(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        let mut draft = Draft { chunk: None, ..Draft::default() };
        self.arguments.clear();
        self.chunks.begin_event();
        json.begin_object()?;
        while let Some(key) = json.next_key_as(Key::of)? {
            match key {
                Key::Phase => draft.phase = letter(json)?,
                Key::Name => draft.name = text(json, builder)?,
                Key::Category => draft.category = text(json, builder)?,
                Key::Pid => draft.pid = id(json, builder)?,
                Key::Tid => draft.tid = id(json, builder)?,
                Key::At => draft.at = nanos(json)?,
                Key::Length => draft.length = nanos(json)?,
                Key::ThreadTime => draft.thread_time = nanos(json)?,
                Key::Arguments => {
                    let mark = self.chunks.mark();
                    self.arguments.read(json, builder, &mut self.chunks, self.flavour)?;
                    draft.chunk = Some(mark);
                }
                Key::Id => draft.id = id(json, builder)?,
                Key::Id2 => (draft.id, draft.is_local) = id_two(json, builder)?,
                Key::Scope => draft.scope = text(json, builder)?,
                Key::Bind => draft.bind = id(json, builder)?,
                Key::FlowOut => draft.is_flow_out = is_true(json)?,
                Key::FlowIn => draft.is_flow_in = is_true(json)?,
                Key::BindingPoint => draft.binds_around = letter(json)? == b'e',
                Key::File | Key::Line => self.read_place(json, builder, key)?,
                Key::Other => json.skip_value()?,
            }
        }
        self.events += 1;
        self.take(draft, builder);
        Ok(())
    }

    /// The place in the source that Rust's tracing writes beside the arguments.
    fn read_place(&mut self, json: &mut Json<'_>, builder: &mut Builder, key: Key) -> Result<()> {
        let value = match json.kind()? {
            Kind::Text => short_text(json, builder)?.map(LabelValue::Text),
            Kind::Number => Some(LabelValue::Number(json.decimal()?.scaled(0).value, StringId::EMPTY)),
            _ => return json.skip_value(),
        };
        let key = builder.strings.intern(if matches!(key, Key::File) { "file" } else { "line" });
        if let Some(value) = value {
            self.arguments.add(key, value);
        }
        Ok(())
    }

    /// Puts an event where it belongs.
    fn take(&mut self, draft: Draft, builder: &mut Builder) {
        let name = draft.name.unwrap_or(StringId::EMPTY);
        if draft.phase == b'M' {
            self.arguments.many = self.many_before;
            return self.take_metadata(&draft, name, builder);
        }
        self.many_before = self.arguments.many;
        if draft.phase == 0 {
            self.counts.no_event += 1;
            return;
        }
        if !is_known(draft.phase) {
            self.counts.unknown += 1;
            return;
        }
        let Some(at) = draft.at else {
            self.counts.no_time += 1;
            return;
        };
        let thread = self.threads.row(draft.pid, draft.tid);
        self.threads.seen(thread, at);
        if self.flavour == Flavour::Node
            && let Some(thread_time) = draft.thread_time
        {
            self.counters.thread_time(thread, at, thread_time);
        }
        if draft.phase == b'C' {
            return self.counters.take(draft.pid, draft.id, name, at, &self.arguments, builder);
        }
        let labels = self.arguments.intern(builder);
        let category = draft.category.unwrap_or(StringId::EMPTY);
        let event = Event { thread, at, extra: 0, name, category, labels };
        match draft.phase {
            b'X' => self.take_complete(event, &draft),
            b'B' => _ = self.edges.push(event),
            b'E' => _ = self.edges.push(Event { extra: 1, ..event }),
            b'b' | b'S' => self.take_operation(event, &draft, Turn::Begin, builder),
            b'e' | b'F' => self.take_operation(event, &draft, Turn::End, builder),
            b'n' | b'T' | b'p' => self.take_operation(event, &draft, Turn::Point, builder),
            b's' => self.flows.push(event, draft.id, Way::Out, true),
            b't' => self.flows.push(event, draft.id, Way::Through, true),
            b'f' => self.flows.push(event, draft.id, Way::In, draft.binds_around),
            b'P' => self.take_profiler(event, &draft),
            _ => self.take_mark(event, &draft, builder),
        }
        if matches!(draft.phase, b'X' | b'B') && draft.bind != Id::None {
            let way = match (draft.is_flow_in, draft.is_flow_out) {
                (true, true) => Way::Through,
                (true, false) => Way::In,
                (false, true) => Way::Out,
                (false, false) => return,
            };
            // All arrows of one number belong together, whatever the events are called.
            let event = Event { name: StringId::EMPTY, category: StringId::EMPTY, ..event };
            self.flows.push(event, draft.bind, way, true);
        }
    }

    fn take_complete(&mut self, event: Event, draft: &Draft) {
        let length = draft.length.unwrap_or(0);
        self.counts.negative += u64::from(length < 0);
        let length = length.max(0);
        let end = event.at.saturating_add(length);
        self.threads.seen(event.thread, end);
        let thread = &mut self.threads.rows[event.thread as usize];
        thread.complete(event.at, end);
        if self.words.scripts.contains(&event.name) {
            thread.script_ns = thread.script_ns.saturating_add(length);
        }
        self.complete.push(Event { extra: length, ..event });
    }

    fn take_operation(&mut self, event: Event, draft: &Draft, turn: Turn, builder: &mut Builder) {
        if self.flavour == Flavour::Node && turn != Turn::Point {
            let labels = self.with_id(event.labels, draft.id, builder);
            let event = Event { labels, ..event };
            // Before and after of a callback: the thread itself was in it.
            if builder.strings.get(event.name).ends_with("_CALLBACK") {
                let thread = &mut self.threads.rows[event.thread as usize];
                thread.script_ns = thread.script_ns.saturating_add(1);
                self.edges.push(Event { extra: i64::from(turn == Turn::End), ..event });
            } else {
                // Every thread counts its own operations.
                let own = Id::Number(i64::from(event.thread));
                self.operations.push(event, draft.id, own, StringId::EMPTY, turn);
            }
            return;
        }
        let own = if draft.is_local { draft.pid } else { Id::None };
        self.operations.push(event, draft.id, own, draft.scope.unwrap_or(StringId::EMPTY), turn);
    }

    /// The labels with the number of the operation, by which others refer to it.
    fn with_id(&mut self, labels: u32, id: Id, builder: &mut Builder) -> u32 {
        let Id::Number(number) = id else { return labels };
        self.arguments.add(self.words.id, LabelValue::Number(number, StringId::EMPTY));
        self.arguments.intern(builder)
    }

    fn take_profiler(&mut self, event: Event, draft: &Draft) {
        let profiler = (draft.pid, draft.id);
        match draft.chunk {
            Some(from) if event.name == self.words.chunk => self.chunks.chunk(profiler, event.thread, event.at, from),
            _ if event.name == self.words.profile => {
                let source = self.arguments.text(self.words.source).unwrap_or(StringId::EMPTY);
                self.chunks.start(profiler, event.thread, event.at, source);
            }
            _ => self.counts.unknown += 1,
        }
    }

    fn take_mark(&mut self, event: Event, draft: &Draft, builder: &mut Builder) {
        if event.name == self.words.update_counters {
            let group = (draft.pid, Id::None);
            return self.counters.take(group.0, group.1, event.name, event.at, &self.arguments, builder);
        }
        if event.name == self.words.whole_profile
            && let Some(from) = draft.chunk
        {
            return self.chunks.whole((draft.pid, draft.tid), event.thread, event.at, from);
        }
        if event.name == self.words.started || event.name == self.words.committed {
            for &process in &self.arguments.pages {
                self.threads.page(Id::Number(process));
            }
        }
        self.counts.pictures += u64::from(event.name == self.words.screenshot);
        self.counts.dumps += u64::from(matches!(draft.phase, b'v' | b'V'));
        self.marks.push(event);
    }

    fn take_metadata(&mut self, draft: &Draft, name: StringId, builder: &mut Builder) {
        let words = &self.words;
        let text = self.arguments.text(words.name);
        let sort = self.arguments.number(words.sort_index);
        if name == words.thread_name {
            if let Some(text) = text {
                let row = self.threads.row(draft.pid, draft.tid);
                self.threads.name_thread(row, text);
            }
        } else if name == words.process_name {
            if let Some(text) = text {
                self.threads.name_process(draft.pid, text);
            }
        } else if name == words.process_labels {
            if let Some(labels) = self.arguments.text(words.labels).filter(|&text| text != StringId::EMPTY) {
                self.threads.label_process(draft.pid, labels);
            }
        } else if name == words.thread_sort_index {
            if let Some(sort) = sort {
                let row = self.threads.row(draft.pid, draft.tid);
                self.threads.sort_thread(row, sort);
            }
        } else if name == words.process_sort_index
            && let Some(sort) = sort
        {
            self.threads.sort_process(draft.pid, sort);
        } else if builder.strings.get(name) == "version" && self.flavour == Flavour::Node {
            let node = self.arguments.labels.iter().find(|label| builder.strings.get(label.key) == "node");
            if let Some(LabelValue::Text(version)) = node.map(|label| label.value) {
                self.fact("Node.js", builder.strings.get(version).to_owned());
            }
        }
    }

    fn fact(&mut self, key: &str, value: String) {
        if !self.facts.iter().any(|(known, _)| known == key) {
            self.facts.push((key.to_owned(), value));
        }
    }

    /// What DevTools says of the recording.
    fn read_metadata(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key_as(|key| (key == b"startTime", key == b"source"))? {
            match (key, json.kind()?) {
                ((true, _), Kind::Text) => self.started = Some(json.text()?.chars().take(64).collect()),
                ((_, true), Kind::Text) => {
                    let source: String = json.text()?.chars().take(64).collect();
                    self.fact("Saved by", source);
                }
                _ => json.skip_value()?,
            }
        }
        Ok(())
    }

    fn read_viztracer(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key_as(|key| (key == b"overflow", key == b"version"))? {
            match (key, json.kind()?) {
                ((true, _), Kind::Bool) => {
                    let is_full = json.bool()?;
                    builder.note(
                        "calls-lost",
                        u64::from(is_full),
                        "The tracer's buffer was full: the oldest calls are missing, though outer ones that ended late are there.",
                    );
                }
                ((_, true), Kind::Text) => {
                    let version: String = json.text()?.chars().take(64).collect();
                    self.fact("viztracer", version);
                }
                _ => json.skip_value()?,
            }
        }
        Ok(())
    }
}

fn is_known(phase: u8) -> bool {
    b"XBEbneSTpFstfIiRPNODCvV".contains(&phase) || matches!(phase, b'(' | b')' | b'c')
}

/// The first byte of a text; 0 for anything else.
fn letter(json: &mut Json<'_>) -> Result<u8> {
    if let Some(plain) = json.plain_text() {
        return Ok(plain.first().copied().unwrap_or(0));
    }
    if json.kind()? == Kind::Text {
        return Ok(json.text()?.bytes().next().unwrap_or(0));
    }
    json.skip_value()?;
    Ok(0)
}

/// A text. One that is too long for a name is cut.
fn text(json: &mut Json<'_>, builder: &mut Builder) -> Result<Option<StringId>> {
    const NAME_MAX: usize = 1 << 16;
    if let Some(plain) = json.plain_text()
        && plain.len() <= NAME_MAX
    {
        return Ok(Some(builder.strings.intern_bytes(plain)));
    }
    if json.kind()? != Kind::Text {
        json.skip_value()?;
        return Ok(None);
    }
    let text = json.text()?;
    Ok(Some(builder.strings.intern(&text[..text.floor_char_boundary(NAME_MAX)])))
}

fn is_true(json: &mut Json<'_>) -> Result<bool> {
    if json.kind()? == Kind::Bool {
        return json.bool();
    }
    json.skip_value()?;
    Ok(false)
}

/// A number of a process, thread or operation: a number, or a text, mostly one in hexadecimal digits.
pub(super) fn id(json: &mut Json<'_>, builder: &mut Builder) -> Result<Id> {
    if let Some(number) = json.short_number() {
        return Ok(Id::Number(number));
    }
    match json.kind()? {
        Kind::Number => Ok(Id::Number(json.decimal()?.scaled(0).value)),
        Kind::Text => {
            if let Some(plain) = json.plain_text() {
                let number = number_in(plain);
                return Ok(number.map_or_else(|| Id::Text(builder.strings.intern_bytes(plain)), Id::Number));
            }
            Ok(Id::Text(builder.strings.intern(json.text()?)))
        }
        _ => {
            json.skip_value()?;
            Ok(Id::None)
        }
    }
}

/// The number that a text is, all of it.
fn number_in(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    match text.strip_prefix("0x") {
        // Addresses may have their highest bit set.
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(u64::cast_signed),
        None => text.parse().ok(),
    }
}

/// `{"local": "0x1"}` or `{"global": "0x1"}`.
fn id_two(json: &mut Json<'_>, builder: &mut Builder) -> Result<(Id, bool)> {
    let mut found = (Id::None, false);
    if json.kind()? != Kind::Object {
        json.skip_value()?;
        return Ok(found);
    }
    json.begin_object()?;
    while let Some((is_local, is_global)) = json.next_key_as(|key| (key == b"local", key == b"global"))? {
        if is_local || is_global {
            found = (id(json, builder)?, is_local);
        } else {
            json.skip_value()?;
        }
    }
    Ok(found)
}

/// A time in microseconds as nanoseconds; some producers write it as a text.
pub(super) fn nanos(json: &mut Json<'_>) -> Result<Option<i64>> {
    if let Some(short) = json.short_number() {
        return Ok(Some(short * 1_000));
    }
    match json.kind()? {
        Kind::Number => Ok(Some(json.decimal()?.scaled(MICROS).value)),
        Kind::Text => {
            let text = json.text()?.trim();
            Ok(Decimal::parse(text.as_bytes()).map(|number| number.scaled(MICROS).value))
        }
        _ => {
            json.skip_value()?;
            Ok(None)
        }
    }
}
