//! Stalls that a trace measured: spans of the thread that people wait for.
//!
//! In a page a task that is too long is a stall; where the trace has no tasks, the outermost spans stand
//! for them. In Node.js the loop is held by its phases and by callbacks; what lies between two events in
//! which the thread ran on without writing any is a stall without a name. Where the thread was sampled
//! too, the samples inside tell who is to blame.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::search::Search;
use super::turns::{Clock, Turn};
use super::{Handler, Source, Stall, StallKind, Stalls};
use crate::analysis::labels::Labels;
use crate::model::SortFew as _;
use crate::model::{CPU_TIME_SERIES, Profile, Recording, StringId};
use crate::units::nanos;

/// Tasks of a page's thread, in the order of trust.
pub(in crate::analysis) const TASKS: &[&str] = &["RunTask", "ThreadControllerImpl::RunTask", "MessageLoop::RunTask"];
/// Phases of Node's loop that call one's own code.
const PHASES: &[&str] = &["RunTimers", "CheckImmediate", "RunAndClearNativeImmediates"];
/// What makes a page run a script, by the name of the span.
const ORIGINS: &[(&str, &str)] = &[
    ("TimerFire", "timer"),
    ("EventDispatch", "event"),
    ("EvaluateScript", "script"),
    ("FireAnimationFrame", "animation frame"),
    ("FireIdleCallback", "idle callback"),
    ("HandlePostMessage", "message"),
    ("XHRReadyStateChange", "request"),
    ("RunMicrotasks", "promise"),
];
/// What makes Node call back, by the type of the operation.
const TYPES: &[(&str, &str)] = &[
    ("FILEHANDLE", "fs"),
    ("FSREQCALLBACK", "fs"),
    ("FSREQPROMISE", "fs"),
    ("GETADDRINFOREQWRAP", "DNS"),
    ("HTTPINCOMINGMESSAGE", "HTTP request"),
    ("HTTPCLIENTREQUEST", "HTTP request"),
    ("Immediate", "setImmediate"),
    ("MESSAGEPORT", "worker message"),
    ("PROMISE", "promise"),
    ("TCPCONNECTWRAP", "socket"),
    ("TCPSERVERWRAP", "socket"),
    ("TCPWRAP", "socket"),
    ("TickObject", "nextTick"),
    ("Timeout", "timer"),
    ("ZLIB", "zlib"),
];
/// Steps of a chain of operations that are told.
const CHAIN_MAX: usize = 8;
/// A pair of events tells a stall when the thread ran for so long between them, nanoseconds …
const RAN_MIN_NS: i64 = 25_000_000;
/// … and for so many hundredths of the time.
const RAN_PART: i64 = 35;

/// A stretch in which the thread was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    from: i64,
    to: i64,
    /// First and last row of its spans; none where no span tells it.
    rows: Option<(usize, usize)>,
}

/// What holds the thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tasks,
    Outermost,
    Loop,
}

/// The spans of the main thread.
pub(super) struct Measured<'a> {
    recording: &'a Recording,
    labels: Labels<'a>,
    rows: (usize, usize),
    kind: Kind,
}

impl<'a> Measured<'a> {
    /// The spans of a profile's thread, if it is the one that people wait for.
    pub(super) fn of(recording: &'a Recording, profile: &Profile) -> Option<Self> {
        let rows = rows_of_main(recording, profile)?;
        let has = |is_it: &dyn Fn(usize) -> bool| (rows.0..rows.1).any(is_it);
        let names =
            |list: &[&str]| -> Vec<StringId> { list.iter().filter_map(|n| recording.strings.find(n)).collect() };
        let spans = &recording.spans;
        let (tasks, phases) = (names(TASKS), names(PHASES));
        let is_callback = |row: usize| {
            let is_phase = phases.contains(&spans.name.get(row));
            is_phase || recording.text(spans.name.get(row)).ends_with("_CALLBACK")
        };
        let kind = if has(&|row| tasks.contains(&spans.name.get(row))) {
            Kind::Tasks
        } else if has(&is_callback) {
            Kind::Loop
        } else {
            Kind::Outermost
        };
        Some(Self { recording, labels: Labels::of(recording), rows, kind })
    }

    /// All stretches in order; two that touch are one in Node's loop, where nothing else runs between.
    fn stretches(&self) -> Vec<Stretch> {
        let spans = &self.recording.spans;
        let mut found: Vec<Stretch> = Vec::new();
        for row in self.rows.0..self.rows.1 {
            let (from, length) = (spans.at_ns.get(row), spans.length_ns.get(row));
            if length <= 0 || self.labels.is_unended(row) || !self.holds(row) {
                continue;
            }
            let to = from.saturating_add(length);
            match found.last_mut() {
                // Inside the one before, or together with it.
                Some(last) if from < last.to || self.kind == Kind::Loop && from <= last.to => {
                    last.to = last.to.max(to);
                    last.rows = last.rows.map(|(first, _)| (first, row));
                }
                _ => found.push(Stretch { from, to, rows: Some((row, row)) }),
            }
        }
        // The spans inside belong to them, whatever they are.
        for stretch in &mut found {
            if let Some((_, last)) = &mut stretch.rows {
                while *last + 1 < self.rows.1 && spans.at_ns.get(*last + 1) < stretch.to {
                    *last += 1;
                }
            }
        }
        found
    }

    fn holds(&self, row: usize) -> bool {
        let name = self.recording.text(self.recording.spans.name.get(row));
        match self.kind {
            Kind::Tasks => TASKS.contains(&name),
            Kind::Loop => PHASES.contains(&name) || name.ends_with("_CALLBACK"),
            Kind::Outermost => true,
        }
    }

    /// Stretches between two events in which no span was open and the thread ran all the same.
    fn unnamed(&self, known: &[Stretch], threshold_ns: i64) -> Vec<Stretch> {
        let series = self.recording.series.iter().find(|series| series.name == CPU_TIME_SERIES);
        let Some(series) = series.filter(|_| self.kind == Kind::Loop) else { return Vec::new() };
        let begin = self.loop_start();
        let mut found = Vec::new();
        let (mut next, mut held_until) = (0, i64::MIN);
        for row in 1..series.len() {
            let (from, to) = (series.at_ns.get(row - 1), series.at_ns.get(row));
            while next < known.len() && known[next].from <= from {
                held_until = held_until.max(known[next].to);
                next += 1;
            }
            // The event that a span begins with is at its begin.
            let from = from.max(held_until);
            let is_covered = known.get(next).is_some_and(|stretch| stretch.from < to);
            let ran = (series.value.get(row) - series.value.get(row - 1)) as i64;
            let is_long = to - from >= threshold_ns && ran >= RAN_MIN_NS.max((to - from) / 100 * RAN_PART);
            if is_long && !is_covered && from >= begin {
                found.push(Stretch { from, to, rows: None });
            }
        }
        found
    }

    /// When the loop began to turn; before, nobody waits.
    fn loop_start(&self) -> i64 {
        let marks = &self.recording.spans.marks;
        let Some(name) = self.recording.strings.find("loopStart") else { return 0 };
        marks.name.iter().zip(marks.at_ns.iter()).find(|(found, _)| *found == name).map_or(0, |(_, at)| at)
    }

    /// The stalls of at least `threshold_ns`. `search` blames for what samples saw.
    pub(super) fn find(&self, search: &Search<'_>, clock: Clock<'_>, threshold_ns: i64) -> Stalls {
        let mut all = self.stretches();
        let unnamed = self.unnamed(&all, threshold_ns);
        all.extend(unnamed);
        let mut out = Stalls { threshold_ns, rule: self.rule(), ..Stalls::default() };
        let mut histogram = Vec::new();
        for stretch in &all {
            super::search::count(&mut histogram, stretch.to - stretch.from);
            out.longest_turn_ns = out.longest_turn_ns.max(stretch.to - stretch.from);
        }
        out.turns = super::search::bounds(&histogram);
        all.retain(|stretch| stretch.to - stretch.from >= threshold_ns);
        let turns: Vec<(Turn, i64, i64)> = all
            .iter()
            .filter_map(|stretch| {
                Some((clock.within(stretch.from, stretch.to)?, stretch.from, stretch.to - stretch.from))
            })
            .collect();
        let mut blamed: BTreeMap<i64, Stall> =
            search.measured(&turns).into_iter().map(|stall| (stall.start_ns, stall)).collect();
        let mut threads = Chains::of(self);
        for stretch in &all {
            let stall = blamed.remove(&stretch.from).unwrap_or_else(|| unseen(stretch));
            out.stalls.push(self.tell(stall, stretch, &mut threads));
        }
        out.stalls.sort_few_by_key(|stall| (Reverse(stall.duration_ns), stall.start_ns));
        out
    }

    /// Adds what the spans tell: where it came from, and which handler ran.
    fn tell(&self, stall: Stall, stretch: &Stretch, chains: &mut Chains<'_>) -> Stall {
        let Some(rows) = stretch.rows else {
            let why = "No event tells what ran: nothing was written for so long, but the thread's own clock ran on. A CPU profile would name it.";
            return Stall { why: why.to_owned(), source: Source::Measured, ..stall };
        };
        let longest = |is_it: &dyn Fn(usize) -> bool| {
            let inside = (rows.0..=rows.1).filter(|&row| is_it(row));
            inside.max_by_key(|&row| (self.recording.spans.length_ns.get(row), Reverse(row)))
        };
        let name = |row: usize| self.recording.text(self.recording.spans.name.get(row));
        let handler = longest(&|row| matches!(name(row), "FunctionCall" | "EvaluateScript"));
        let (origin, chain) = if self.kind == Kind::Loop {
            let callback = longest(&|row| name(row).ends_with("_CALLBACK"));
            let phase = longest(&|row| PHASES.contains(&name(row)));
            self.origin_in_loop(callback, phase, chains)
        } else {
            let origin = longest(&|row| ORIGINS.iter().any(|(known, _)| *known == name(row)));
            self.origin_in_page(origin, chains)
        };
        let handler = handler.and_then(|row| self.handler(row)).or_else(|| self.outermost(&stall));
        let why = self.why(&stall, handler.as_ref(), &chain);
        Stall { origin: origin.or(stall.origin), chain, handler, why, source: Source::Measured, ..stall }
    }

    fn why(&self, stall: &Stall, handler: Option<&Handler>, chain: &[String]) -> String {
        let mut why = match (&stall.culprit, handler) {
            (None, Some(handler)) => format!("{} was called for most of it.", handler.name),
            _ => stall.why.clone(),
        };
        if let Some(first) = chain.first() {
            let between = if why.is_empty() { "" } else { " " };
            why.push_str(&format!("{between}{first}"));
        }
        why
    }

    /// What goes on after an `await` is called by no event: the samples know it.
    fn outermost(&self, stall: &Stall) -> Option<Handler> {
        let function = stall.path.iter().copied().find(|&function| !self.recording.file(function).is_empty())?;
        let (name, file) = (self.recording.name(function), self.recording.file(function));
        let line = self.recording.function(function).line;
        Some(Handler { name: name.to_owned(), file: file.to_owned(), line })
    }

    fn handler(&self, row: usize) -> Option<Handler> {
        let labels = self.recording.spans.labels.get(row);
        let url = self.labels.text(labels, "url").unwrap_or_default();
        let name = match self.labels.text(labels, "functionName") {
            Some("") => "(anonymous)",
            Some(name) => name,
            None if url.is_empty() => return None,
            None => url,
        };
        let line = self.labels.number(labels, "lineNumber").and_then(|line| u32::try_from(line).ok()).unwrap_or(0);
        Some(Handler { name: name.to_owned(), file: url.to_owned(), line })
    }

    fn origin_in_page(&self, row: Option<usize>, chains: &mut Chains<'_>) -> (Option<Cow<'static, str>>, Vec<String>) {
        let Some(row) = row else { return (None, Vec::new()) };
        let name = self.recording.text(self.recording.spans.name.get(row));
        let labels = self.recording.spans.labels.get(row);
        let word = ORIGINS.iter().find(|(known, _)| *known == name).map_or("", |(_, word)| *word);
        match word {
            "event" => {
                let kind = self.labels.text(labels, "type").unwrap_or("unknown");
                (Some(format!("{kind} event").into()), Vec::new())
            }
            "timer" => {
                let installed = self.labels.number(labels, "timerId");
                let at = self.recording.spans.at_ns.get(row);
                (Some(word.into()), installed.and_then(|id| chains.timer(id, at)).into_iter().collect())
            }
            _ => (Some(word.into()), Vec::new()),
        }
    }

    fn origin_in_loop(
        &self,
        callback: Option<usize>,
        phase: Option<usize>,
        chains: &mut Chains<'_>,
    ) -> (Option<Cow<'static, str>>, Vec<String>) {
        let name = |row: usize| self.recording.text(self.recording.spans.name.get(row));
        let Some(row) = callback else {
            let word = phase.map(|row| if name(row) == "RunTimers" { "timer" } else { "setImmediate" });
            return (word.map(Cow::Borrowed), Vec::new());
        };
        let kind = name(row).trim_end_matches("_CALLBACK");
        let word = TYPES.iter().find(|(known, _)| *known == kind).map(|(_, word)| Cow::Borrowed(*word));
        let id = self.labels.number(self.recording.spans.labels.get(row), "id");
        let chain = id.and_then(|id| chains.operation(id)).into_iter().collect();
        (Some(word.unwrap_or_else(|| Cow::Owned(kind.to_owned()))), chain)
    }

    fn rule(&self) -> String {
        match self.kind {
            Kind::Tasks => "Measured: tasks of the thread, from their begin to their end. Besides the function that is blamed a task holds style, layout and other handlers.".to_owned(),
            Kind::Outermost => "Measured: the outermost spans of the thread, as the recording holds no tasks.".to_owned(),
            Kind::Loop => format!(
                "Measured: phases of the loop and callbacks; and stretches between two events in which nothing was written \
                 while the thread ran for at least {} and {RAN_PART} % of the time, which have no name.",
                nanos(RAN_MIN_NS)
            ),
        }
    }
}

/// A stall that nobody sampled.
fn unseen(stretch: &Stretch) -> Stall {
    Stall {
        start_ns: stretch.from,
        duration_ns: stretch.to - stretch.from,
        kind: StallKind::Stall,
        source: Source::Measured,
        origin: None,
        chain: Vec::new(),
        handler: None,
        origin_function: None,
        culprit: None,
        path: Vec::new(),
        largest: Vec::new(),
        blame: Vec::new(),
        blame_rest: (0, 0),
        gc_ns: 0,
        program_ns: 0,
        samples: 0,
        why: String::new(),
    }
}

/// The rows of the main thread's spans, if the profile is of that thread.
pub(super) fn rows_of_main(recording: &Recording, profile: &Profile) -> Option<(usize, usize)> {
    let is_it = |track: &crate::model::Track| track.is_main && (track.pid, track.tid) == (profile.pid, profile.tid);
    let rows = recording.spans.rows_of(recording.spans.tracks.iter().position(is_it)?);
    (!rows.is_empty()).then_some((rows.start, rows.end))
}

/// Who asked for what: timers of pages, operations of Node. Looked up when first asked for.
struct Chains<'a> {
    measured: &'a Measured<'a>,
    timers: Option<BTreeMap<i64, Vec<(i64, u32)>>>,
    operations: Option<BTreeMap<i64, (StringId, i64)>>,
}

impl<'a> Chains<'a> {
    fn of(measured: &'a Measured<'a>) -> Self {
        Self { measured, timers: None, operations: None }
    }

    /// Who set a timer that fires at a moment.
    fn timer(&mut self, id: i64, at: i64) -> Option<String> {
        let measured = self.measured;
        let timers = self.timers.get_or_insert_with(|| {
            let marks = &measured.recording.spans.marks;
            let mut timers: BTreeMap<i64, Vec<(i64, u32)>> = BTreeMap::new();
            let Some(name) = measured.recording.strings.find("TimerInstall") else { return timers };
            for row in (0..marks.at_ns.len()).filter(|&row| marks.name.get(row) == name) {
                let labels = marks.labels.get(row);
                if let Some(id) = measured.labels.number(labels, "timerId") {
                    timers.entry(id).or_default().push((marks.at_ns.get(row), labels));
                }
            }
            timers
        });
        let installed = timers.get(&id)?;
        let before = installed.partition_point(|(set_at, _)| *set_at <= at).checked_sub(1)?;
        let labels = installed[before].1;
        let stack = measured.labels.text(labels, "stackTrace")?;
        let timeout = measured.labels.number(labels, "timeout");
        let after = timeout.map_or_else(String::new, |ms| format!(" of {ms} ms"));
        Some(format!("The timer{after} was set by {}.", stack.lines().collect::<Vec<_>>().join(" ← ")))
    }

    /// The operations that led to one.
    fn operation(&mut self, id: i64) -> Option<String> {
        let measured = self.measured;
        let operations = self.operations.get_or_insert_with(|| {
            let spans = &measured.recording.spans;
            let mut operations = BTreeMap::new();
            for row in 0..spans.len() {
                let labels = spans.labels.get(row);
                if let (Some(id), Some(trigger)) =
                    (measured.labels.number(labels, "id"), measured.labels.number(labels, "triggerAsyncId"))
                {
                    operations.entry(id).or_insert((spans.name.get(row), trigger));
                }
            }
            operations
        });
        let mut chain = Vec::new();
        let mut at = id;
        while let Some(&(name, trigger)) = operations.get(&at).filter(|_| chain.len() < CHAIN_MAX) {
            chain.push(format!("{} {at}", measured.recording.text(name)));
            at = trigger;
        }
        (!chain.is_empty()).then(|| format!("It continued {}.", chain.join(" ← ")))
    }
}
