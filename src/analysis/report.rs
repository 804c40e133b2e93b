//! What `culprit summary` prints: the numbers of the page as one JSON line or as text.
//!
//! The JSON follows `docs/summary.schema.json`; equal files give equal bytes. Integers are exact,
//! whatever their size, and fractions are written with the digits that they have.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::findings::{self, Case, FindingLine};
use super::functions::{Weight, sorted, weights};
use super::heap::report::HeapReport;
use super::heap::{Heap, Totals};
use super::measures::{self, Measures, measures};
use super::modules::{Kind, Modules};
use super::outline::{self, TrackSum};
use super::scoped::Scoped;
use super::stalls::{self, Culprit, Handler, Stall, StallKind, Stalls};
use super::states::{States, states};
use super::vitals::{self, Navigation, Vital};
use crate::error::{Error, printable};
use crate::model::vocab::Sort;
use crate::model::{FunctionId, Note, Profile, Recording, StringId};
use crate::units;

/// How much is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Functions per profile.
    pub top: usize,
    /// Stalls per thread.
    pub stalls: usize,
    /// Shortest stall, nanoseconds.
    pub threshold_ns: i64,
}

impl Default for Options {
    fn default() -> Self {
        Self { top: 50, stalls: 20, threshold_ns: 50_000_000 }
    }
}

const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct FileLine<'a> {
    schema: u32,
    file: &'a str,
    format: &'a str,
    detected_by: &'a str,
    fingerprint: &'a str,
    notes: &'a [Note],
    profiles: Vec<ProfileLine<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stalls: Vec<StallsLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heap: Option<HeapReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    spans: Vec<TrackSum<'a>>,
    #[serde(flatten)]
    measures: Measures<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vitals: Vec<VitalsLine>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<FindingLine>,
}

#[derive(Serialize)]
struct ProfileLine<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tid: Option<u64>,
    value: &'a str,
    unit: &'a str,
    samples: u64,
    total: Exact,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_ns: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ns: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval_ns: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    states: Option<StatesLine>,
    functions: Vec<FunctionLine<'a>>,
}

#[derive(Serialize)]
struct StatesLine {
    before_first_ns: i64,
    active_ns: i64,
    idle_ns: i64,
    gc_ns: i64,
    program_ns: i64,
    after_last_ns: i64,
    late_sample_ns: i64,
}

#[derive(Serialize)]
struct FunctionLine<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    #[serde(rename = "self")]
    self_value: Exact,
    total: Exact,
    self_samples: u64,
    total_samples: u64,
}

#[derive(Serialize)]
struct Place<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

#[derive(Serialize)]
struct StallsLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tid: Option<u64>,
    source: &'static str,
    threshold_ns: i64,
    count: u64,
    total_ns: i64,
    loop_busy_count: u64,
    worst: Vec<StallLine<'a>>,
}

#[derive(Serialize)]
struct StallLine<'a> {
    start_ns: i64,
    duration_ns: i64,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    chain: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handler: Option<HandlerLine>,
    gc_ns: i64,
    program_ns: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_ns: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    culprit: Option<BlamedLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    helper: Option<Place<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    largest: Vec<BlamedLine<'a>>,
    path: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct VitalsLine {
    url: String,
    start_ns: i64,
    fcp: VitalLine,
    lcp: VitalLine,
    cls: VitalLine,
    inp: VitalLine,
    tbt: VitalLine,
    long_tasks: u64,
    long_tasks_ns: i64,
}

#[derive(Serialize)]
struct VitalLine {
    value: Option<f64>,
    #[serde(flatten)]
    rest: Vital,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parts_ms: BTreeMap<&'static str, f64>,
}

impl VitalsLine {
    fn of(row: Navigation) -> Self {
        let Navigation { url, start_ns, fcp, lcp, cls, inp, tbt, long_tasks } = row;
        let [fcp, lcp, cls, inp, tbt] = [fcp, lcp, cls, inp, tbt].map(VitalLine::of);
        let (long_tasks, long_tasks_ns) = long_tasks;
        Self { url, start_ns, fcp, lcp, cls, inp, tbt, long_tasks, long_tasks_ns }
    }
}

impl VitalLine {
    fn of(vital: Vital) -> Self {
        let parts_ms = vital.parts.iter().copied().collect();
        Self { value: vital.value, parts_ms, rest: vital }
    }
}

#[derive(Serialize)]
struct HandlerLine {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

impl HandlerLine {
    fn of(handler: Handler) -> Self {
        Self { name: handler.name, file: handler.file, line: (handler.line > 0).then_some(handler.line) }
    }
}

#[derive(Serialize)]
struct BlamedLine<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    self_ns: i64,
    total_ns: i64,
    share: f64,
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    schema: u32,
    file: &'a str,
    error: ErrorBody,
}

#[derive(Serialize)]
struct ErrorBody {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
}

/// A number with all its digits: an integer times 10^-decimals.
struct Exact(i64, u8);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.1 == 0 {
            return serializer.serialize_i64(self.0);
        }
        let digits = RawValue::from_string(units::exact(self.0, self.1)).expect("digits are a JSON number");
        digits.serialize(serializer)
    }
}

/// One JSON object, without a line end.
pub fn json_line(recording: &Recording, file: &str, options: &Options) -> String {
    let modules = Modules::of(recording);
    let heap = known_heap(recording);
    let case = case(recording, &modules, options, heap.as_ref());
    let line = FileLine {
        schema: SCHEMA,
        file,
        format: &recording.origin.format,
        detected_by: &recording.origin.detected_by,
        fingerprint: &recording.origin.fingerprint,
        notes: &recording.notes,
        profiles: each_value(recording).map(|(p, v)| profile_line(recording, &modules, p, v, options)).collect(),
        heap: heap_report(recording, heap.as_ref(), options),
        measures: measures(recording, options.threshold_ns, options.stalls),
        stalls: (0..recording.profiles.len()).flat_map(|p| stalls_lines(recording, &modules, p, options)).collect(),
        spans: outline::tracks(recording),
        vitals: vitals::vitals(recording).into_iter().map(VitalsLine::of).collect(),
        findings: findings::json(&case),
    };
    serde_json::to_string(&line).expect("plain data can be written as JSON")
}

/// What is worked out of a heap, once for all that is printed of it.
fn known_heap(recording: &Recording) -> Option<(Heap, Totals)> {
    let graph = recording.heap.as_ref()?;
    let heap = Heap::of(graph);
    let totals = Totals::of(graph, &heap);
    Some((heap, totals))
}

fn heap_report(recording: &Recording, heap: Option<&(Heap, Totals)>, options: &Options) -> Option<HeapReport> {
    let (graph, (heap, totals)) = recording.heap.as_ref().zip(heap)?;
    Some(HeapReport::of(graph, heap, totals, options.top))
}

fn case<'a>(
    recording: &'a Recording,
    modules: &'a Modules,
    options: &Options,
    heap: Option<&'a (Heap, Totals)>,
) -> Case<'a> {
    let case = Case::new(recording, modules, options.threshold_ns);
    match heap {
        Some((heap, totals)) => case.with_heap(heap, totals),
        None => case,
    }
}

/// The JSON object of a file that could not be read.
pub fn error_line(error: &Error, file: &str) -> String {
    let body = ErrorBody { message: error.to_string(), offset: error.offset };
    serde_json::to_string(&ErrorLine { schema: SCHEMA, file, error: body }).expect("plain data can be written as JSON")
}

/// Every value of every profile.
fn each_value(recording: &Recording) -> impl Iterator<Item = (usize, usize)> {
    let profiles = recording.profiles.iter().enumerate();
    profiles.flat_map(|(p, profile)| (0..profile.values.len()).map(move |v| (p, v)))
}

fn profile_line<'a>(
    recording: &'a Recording,
    modules: &Modules,
    index: usize,
    value: usize,
    options: &Options,
) -> ProfileLine<'a> {
    let profile = &recording.profiles[index];
    let scoped = Scoped::single(recording, index, value);
    let measured = &profile.values[value];
    let states = states(recording, modules, &scoped);
    ProfileLine {
        name: &profile.name,
        pid: profile.pid,
        tid: profile.tid,
        value: &measured.name,
        unit: measured.unit.word(),
        samples: samples(profile),
        total: Exact(scoped.tree.total.get(0), measured.decimals),
        start_ns: profile.time.as_ref().map(|t| t.start_ns).or(profile.extent.start_ns),
        duration_ns: states.as_ref().map(|s| s.duration_ns).or_else(|| duration(profile)),
        interval_ns: profile.time.as_ref().map(|t| t.interval_ns).filter(|&ns| ns > 0).or(profile.extent.interval_ns),
        states: states.as_ref().map(states_line),
        functions: function_lines(recording, modules, &scoped, measured.decimals, options.top),
    }
}

fn duration(profile: &Profile) -> Option<i64> {
    profile.time.as_ref().map(|t| t.duration_ns).or(profile.extent.duration_ns)
}

fn samples(profile: &Profile) -> u64 {
    (0..profile.samples.len()).map(|i| profile.samples.count(i)).sum()
}

fn states_line(states: &States) -> StatesLine {
    StatesLine {
        before_first_ns: states.before_first_ns,
        active_ns: states.active_ns(),
        idle_ns: states.of(Kind::Idle),
        gc_ns: states.of(Kind::Gc),
        program_ns: states.of(Kind::Program),
        after_last_ns: states.after_last_ns,
        late_sample_ns: states.late.excess_ns,
    }
}

/// The functions with the most own weight; states are not among them.
fn top(recording: &Recording, modules: &Modules, weights: &[Weight], most: usize) -> Vec<FunctionId> {
    let is_code = |f: FunctionId| !recording.function(f).tag.is_state();
    sorted(recording, modules, weights, Sort::default(), is_code, (0, most)).1
}

fn function_lines<'a>(
    recording: &'a Recording,
    modules: &Modules,
    scoped: &Scoped,
    decimals: u8,
    most: usize,
) -> Vec<FunctionLine<'a>> {
    let weights = weights(recording, scoped);
    top(recording, modules, &weights, most)
        .into_iter()
        .map(|id| {
            let weight = weights[id.index()];
            FunctionLine {
                place: place(recording, id),
                self_value: Exact(weight.self_value, decimals),
                total: Exact(weight.total, decimals),
                self_samples: weight.self_samples,
                total_samples: weight.total_samples,
            }
        })
        .collect()
}

fn place(recording: &Recording, id: FunctionId) -> Place<'_> {
    let row = recording.function(id);
    Place {
        name: recording.text(row.name),
        file: (row.file != StringId::EMPTY).then(|| recording.text(row.file)),
        line: (row.line > 0).then_some(row.line),
    }
}

/// A line for each source that tells stalls of a thread.
fn stalls_lines<'a>(
    recording: &'a Recording,
    modules: &Modules,
    index: usize,
    options: &Options,
) -> Vec<StallsLine<'a>> {
    let profile = &recording.profiles[index];
    let Some(start_ns) = profile.time.as_ref().map(|time| time.start_ns) else { return Vec::new() };
    let all = stalls::find_all(recording, index, modules, options.threshold_ns);
    let told = all.into_iter().filter(|(_, found)| found.why_empty.is_none());
    let is_busy = |s: &&Stall| matches!(s.kind, StallKind::LoopBusy { .. });
    told.map(|(source, mut found)| {
        let proper = || found.stalls.iter().filter(|s| !is_busy(s));
        let (count, total_ns) = (proper().count() as u64, proper().map(|s| s.duration_ns).sum());
        let loop_busy_count = found.stalls.iter().filter(is_busy).count() as u64;
        found.stalls.truncate(options.stalls);
        StallsLine {
            pid: profile.pid,
            tid: profile.tid,
            source: source.word(),
            threshold_ns: options.threshold_ns,
            count,
            total_ns,
            loop_busy_count,
            worst: found.stalls.into_iter().map(|s| stall_line(recording, s, start_ns)).collect(),
        }
    })
    .collect()
}

fn stall_line(recording: &Recording, stall: Stall, start_ns: i64) -> StallLine<'_> {
    let (kind, calls) = match stall.kind {
        StallKind::Stall => ("stall", None),
        StallKind::LoopBusy { calls, median_ns } => ("loop-busy", Some((calls, median_ns))),
    };
    let place = |&id: &FunctionId| place(recording, id);
    StallLine {
        start_ns: start_ns.saturating_add(stall.start_ns),
        duration_ns: stall.duration_ns,
        kind,
        origin: stall.origin,
        chain: stall.chain,
        handler: stall.handler.map(HandlerLine::of),
        gc_ns: stall.gc_ns,
        program_ns: stall.program_ns,
        calls: calls.map(|c| c.0),
        call_ns: calls.map(|c| c.1),
        culprit: stall.culprit.as_ref().map(|c| blamed(recording, c)),
        helper: stall.culprit.as_ref().and_then(|c| c.inside.as_ref()).map(place),
        largest: stall.largest.iter().take(3).map(|c| blamed(recording, c)).collect(),
        path: stall.path.iter().map(place).collect(),
    }
}

fn blamed<'a>(recording: &'a Recording, culprit: &Culprit) -> BlamedLine<'a> {
    BlamedLine {
        place: place(recording, culprit.function),
        self_ns: culprit.self_ns,
        total_ns: culprit.total_ns,
        share: culprit.share,
    }
}

/// Lines for a terminal. Names come from files, which anybody may have written, so nothing in them
/// reaches the terminal as a command.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, words: fmt::Arguments<'_>) {
        self.0.push_str(&printable(&words.to_string()));
        self.0.push('\n');
    }
}

/// The same for people: the findings, a block per value of each thread, the stalls, the heap and the notes.
pub fn text(recording: &Recording, file: &str, options: &Options) -> String {
    let modules = Modules::of(recording);
    let mut out = Lines::default();
    out.line(format_args!("{file}: {} ({})", recording.origin.format, recording.origin.detected_by));
    let heap = known_heap(recording);
    for line in findings::text(&case(recording, &modules, options, heap.as_ref())) {
        out.line(format_args!("{line}"));
    }
    for (index, value) in each_value(recording) {
        text_of_value(&mut out, recording, &modules, index, value, options);
    }
    for index in 0..recording.profiles.len() {
        let found = stalls::find(recording, index, &modules, options.threshold_ns);
        text_of_stalls(&mut out, recording, &found, options);
    }
    if let Some(report) = heap_report(recording, heap.as_ref(), options) {
        let lines = report.lines();
        lines.iter().for_each(|line| out.line(format_args!("{line}")));
    }
    for line in measures::lines(recording, options.threshold_ns, options.stalls) {
        out.line(format_args!("{line}"));
    }
    for note in &recording.notes {
        out.line(format_args!("  note: {}", note.text));
    }
    out.0
}

fn text_of_value(
    out: &mut Lines,
    recording: &Recording,
    modules: &Modules,
    index: usize,
    value: usize,
    options: &Options,
) {
    let profile = &recording.profiles[index];
    let measured = &profile.values[value];
    let scoped = Scoped::single(recording, index, value);
    let figure = |amount| units::figure(amount, measured.decimals, &measured.unit);
    let base = scoped.tree.base();
    let samples = units::grouped(i64::try_from(samples(profile)).unwrap_or(i64::MAX));
    out.line(format_args!("  {} · {}: {} in {samples} samples", profile.name, measured.name, figure(base)));
    if let Some(states) = states(recording, modules, &scoped) {
        let wall = units::nanos(states.duration_ns);
        let part = |ns: i64, what: &str| (ns > 0).then(|| format!("{} {what}", units::nanos(ns)));
        let kinds = states.kinds.iter().map(|k| part(k.1, k.0.label()));
        let edges = [part(states.before_first_ns, "before"), part(states.after_last_ns, "after")];
        let parts: Vec<String> = kinds.chain(edges).flatten().collect();
        out.line(format_args!("    {wall} wall = {}", parts.join(" + ")));
        if states.late.gaps > 0 {
            let late = units::nanos(states.late.excess_ns);
            out.line(format_args!("    of which {late} rest on {} long gaps between samples", states.late.gaps));
        }
    }
    let weights = weights(recording, &scoped);
    for id in top(recording, modules, &weights, options.top) {
        let weight = weights[id.index()];
        let (own, total) = (figure(weight.self_value).to_string(), figure(weight.total).to_string());
        let share = units::percent_text(weight.self_value, base);
        let (name, place) = (recording.name(id), modules.place(id));
        out.line(format_args!("    {own:>10} {share:>8} self {total:>10} total  {name}  {place}"));
    }
}

fn text_of_stalls(out: &mut Lines, recording: &Recording, found: &Stalls, options: &Options) {
    if found.why_empty.is_some() || found.stalls.is_empty() {
        return;
    }
    out.line(format_args!("  stalls of {} and more:", units::nanos(options.threshold_ns)));
    for stall in found.stalls.iter().take(options.stalls) {
        let who = match &stall.culprit {
            Some(culprit) => recording.name(culprit.function),
            None => "no single function",
        };
        let kind = match stall.kind {
            StallKind::Stall => String::new(),
            StallKind::LoopBusy { calls, median_ns } => {
                format!(" (loop busy: {calls} calls of about {})", units::nanos(median_ns))
            }
        };
        let (start, length) = (units::nanos(stall.start_ns).to_string(), units::nanos(stall.duration_ns).to_string());
        let origin = stall.origin.as_deref().unwrap_or("unknown origin");
        out.line(format_args!("    {start:>10} {length:>10}  {who}  from {origin}{kind}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::picture;

    #[test]
    fn numbers_are_exact() {
        let recording = picture::recording("f g 9007199254740993\nf 2");
        let line = json_line(&recording, "x", &Options::default());
        assert!(line.contains(r#""total":9007199254740995"#), "{line}");
        assert!(line.contains(r#""name":"g","self":9007199254740993"#), "{line}");
        let fraction = serde_json::to_string(&Exact(-125, 2)).expect("digits");
        assert_eq!(fraction, "-1.25");
    }

    #[test]
    fn states_are_not_functions() {
        let recording = picture::timed("a 10\n(idle) 5\n(gc) 2\n(program) 3");
        let line = json_line(&recording, "x", &Options::default());
        assert!(line.contains(r#""active_ns":10,"idle_ns":5,"gc_ns":2,"program_ns":3"#), "{line}");
        assert_eq!(line.matches(r#""self_samples""#).count(), 1, "{line}");
    }

    #[test]
    fn errors_have_a_line_too() {
        let error = Error::at(7, "no nodes", "Record it again.").in_file("a");
        assert_eq!(
            error_line(&error, "a"),
            r#"{"schema":1,"file":"a","error":{"message":"a, at byte 7: no nodes. Record it again.","offset":7}}"#
        );
    }

    /// Names that would clear the screen, forge lines or turn the text around are shown as what they are.
    #[test]
    fn names_do_not_steer_a_terminal() {
        let mut recording = picture::timed("a 10\nb 90");
        let name = "\u{1b}[2J\u{9b}31m\u{202e}gpj.exe\u{2069}\u{2028}\r\nforged\t\0\u{7f}é→";
        let mut strings = crate::model::Strings::default();
        let id = strings.intern(name);
        recording.strings = strings;
        for at in 0..recording.functions.len() {
            let mut row = recording.functions.get(at);
            (row.name, row.file) = (id, id);
            recording.functions.set(at, row);
        }
        recording.profiles[0].name = name.into();
        recording.notes.push(Note { code: "x".into(), count: 1, text: name.into() });
        let options = Options { threshold_ns: 0, ..Options::default() };
        let text = text(&recording, name, &options);
        let shown = r"\u{1b}[2J\u{9b}31m\u{202e}gpj.exe\u{2069}\u{2028}\u{d}\u{a}forged\u{9}\u{0}\u{7f}é→";
        assert!(text.matches(shown).count() >= 5, "{text}");
        assert!(text.lines().all(|line| printable(line) == line), "{text:?}");
        assert!(text.lines().all(|line| !line.starts_with("forged")), "{text}");
        // JSON has escapes of its own and keeps every name as it is.
        let line: serde_json::Value =
            serde_json::from_str(&json_line(&recording, name, &options)).expect("the line is JSON");
        assert_eq!(line["file"].as_str(), Some(name));
        assert_eq!(line["profiles"][0]["functions"][0]["name"].as_str(), Some(name));
    }
}
