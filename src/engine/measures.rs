//! The sheets of what is measured besides stacks: loads, latencies, numbers over time, facts, and the
//! events of traces.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::Engine;
use super::label::label;
use super::lanes::key;
use super::sheets::{Asked, ColumnKind, Line, Lines, SheetKind, Source, Value, whole};
use crate::analysis::doctor::{self, Verdict};
use crate::analysis::events::{EventSum, events};
use crate::analysis::load::{self, LoadTest};
use crate::analysis::modules::Kind;
use crate::analysis::stalls::delays;
use crate::analysis::vitals::{self, Rating, Vital};
use crate::analysis::{asynchronous, outline};
use crate::model::vocab::{Filter, Scope, ThreadKey, TimeRange};
use crate::model::{Recording, Series, SortFew as _, StackId, StringId};
use crate::protocol::Tone;
use crate::units::{self, Unit};

/// A column of words.
const fn words(label: &'static str, tip: &'static str) -> ColumnKind {
    ColumnKind { label, unit_note: "", is_number: false, tip }
}

/// A column of numbers.
const fn numbers(label: &'static str, tip: &'static str) -> ColumnKind {
    ColumnKind { label, unit_note: "", is_number: true, tip }
}

/// A sheet of short lines, without more to tell of one.
const fn short(
    (id, label, tab): (&'static str, &'static str, &'static str),
    note: &'static str,
    exists: fn(&Recording) -> bool,
    read: fn(&mut Engine, &Asked<'_>) -> Result<Lines, String>,
) -> SheetKind {
    SheetKind { id, label, tab, note, detail: "", exists, source: Source::Lines(read) }
}

/// What load tests say, in a line each.
pub(super) const LOAD: SheetKind = short(
    ("load", "Load", "series"),
    "Load tests: how many requests were answered, how fast, and how long they took.",
    |recording| !load::tests(recording).is_empty(),
    load_tests,
);

/// Two load tests.
pub(super) const LOAD_COMPARED: SheetKind = short(
    ("load-compared", "Before and after", "series"),
    "The load test of this recording, before, and of the one it is compared with, after.",
    |recording| !load::tests(recording).is_empty(),
    loads_compared,
);

/// Latencies and the like, by percentile.
pub(super) const PERCENTILES: SheetKind = short(
    ("percentiles", "Percentiles", "series"),
    "How many of a hundred took no longer, or were no more.",
    |recording| recording.distributions.iter().any(|d| !d.percentiles.is_empty()),
    percentiles,
);

/// Sums.
pub(super) const TOTALS: SheetKind =
    short(("totals", "Totals", "series"), "What was counted in all.", |recording| !recording.totals.is_empty(), totals);

/// Numbers over time.
pub(super) const SERIES: SheetKind = short(
    ("series", "Over time", "series"),
    "What was measured again and again: its extremes, its mean and what it was last.",
    |recording| recording.series.iter().any(|series| !series.is_empty()),
    series,
);

/// When the loop was late.
pub(super) const DELAYS: SheetKind = short(
    ("delays", "Delays", "series"),
    "Stretches of at least 50 ms in which the event loop was late, as measured; who held it is not in such a file.",
    delays::is_measured,
    late,
);

/// The rules of clinic doctor.
pub(super) const DOCTOR: SheetKind = short(
    ("doctor", "Doctor", "series"),
    "What the rules of clinic doctor say, first of the stretch under load as they guess it, then of everything.",
    doctor::is_measured,
    judged,
);

/// Tables of the file itself.
pub(super) const FACTS: SheetKind = short(
    ("facts", "Facts", "series"),
    "What the file says in words.",
    |recording| !recording.tables.is_empty(),
    facts,
);

/// Core Web Vitals.
pub(super) const VITALS: SheetKind = short(
    ("vitals", "Web vitals", "trace"),
    "How the page felt, by the published thresholds; parts and reasons beside each.",
    vitals::is_measured,
    vital_signs,
);

/// Events of a trace by name.
pub(super) const EVENTS: SheetKind = short(
    ("events", "Events", "trace"),
    "Events by name. Self is without the events inside; the same name within itself counts once in the total.",
    |recording| !recording.spans.at_ns.is_empty(),
    by_name,
);

/// What was waited for.
pub(super) const OPERATIONS: SheetKind = short(
    ("operations", "Waiting", "trace"),
    "Asynchronous operations by kind and by who began them: how long they waited for their first callback, and how \
     long the callbacks took. Operations wait at the same time, so their waits may add up to more than the recording.",
    asynchronous::is_told,
    operations,
);

/// Tracks of a trace.
pub(super) const TRACKS: SheetKind = short(
    ("tracks", "Tracks", "trace"),
    "Threads, and groups of operations that overlap.",
    |recording| !recording.spans.tracks.is_empty(),
    tracks,
);

/// Marks of a trace.
pub(super) const MARKS: SheetKind = short(
    ("marks", "Marks", "trace"),
    "Points in time, in their order.",
    |recording| !recording.spans.marks.at_ns.is_empty(),
    marks,
);

/// A number with its unit, as exactly as a person can use it.
fn amount(value: f64, unit: &Unit) -> Value {
    if unit.word() == "share" {
        return Value::Share((value * 1e6) as i64, 1_000_000);
    }
    let (raw, decimals) = units::measured(value);
    Value::Number { raw, decimals, unit: unit.clone(), part: 0.0 }
}

/// Nothing where there is no number.
fn maybe(value: Option<f64>, unit: &Unit) -> Value {
    value.map_or_else(|| text(""), |value| amount(value, unit))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn time(ns: i64) -> Value {
    Value::Number { raw: ns, decimals: 0, unit: Unit::Nanos, part: 0.0 }
}

fn line(values: Vec<Value>) -> Line {
    Line { key: String::new(), values }
}

fn shown(columns: &[ColumnKind], lines: impl Iterator<Item = Vec<Value>>) -> Result<Lines, String> {
    Ok(Lines { columns: columns.to_vec(), lines: lines.map(line).collect(), note: String::new() })
}

/// A sheet that has nothing to show, and why.
fn nothing(columns: &[ColumnKind], note: &str) -> Result<Lines, String> {
    Ok(Lines { columns: columns.to_vec(), lines: Vec::new(), note: note.to_owned() })
}

fn load_tests(engine: &mut Engine, _: &Asked<'_>) -> Result<Lines, String> {
    let columns = [
        words("Tested", "Address or title"),
        numbers("Requests", "Requests that were answered"),
        numbers("Per second", "Requests in a second"),
        numbers("Errors", "Requests that failed"),
        numbers("p50", "Half of the requests took no longer"),
        numbers("p90", "Nine of ten took no longer"),
        numbers("p99", "Ninety-nine of a hundred took no longer"),
        numbers("Longest", "The longest request"),
        numbers("Mean", "Mean of all"),
    ];
    let ns = |value| maybe(value, &Unit::Nanos);
    let count = |value| maybe(value, &Unit::Count);
    let tests = load::tests(&engine.recording).into_iter().map(|test| {
        let LoadTest { group, requests, rate, errors, p50_ns, p90_ns, p99_ns, max_ns, mean_ns } = test;
        let name = || match engine.recording.profiles.is_empty() {
            true => engine.recording.origin.name.clone(),
            // The recording is called after the profile that was brought with it.
            false => "load test".to_owned(),
        };
        let group = if group.is_empty() { name() } else { group };
        let times = [p50_ns, p90_ns, p99_ns, max_ns, mean_ns].map(ns);
        [Value::Text(group)].into_iter().chain([requests, rate, errors].map(count)).chain(times).collect()
    });
    shown(&columns, tests)
}

fn loads_compared(engine: &mut Engine, _: &Asked<'_>) -> Result<Lines, String> {
    let columns = [
        words("Figure", "What is compared"),
        numbers("Before", "This recording"),
        numbers("After", "The one it is compared with"),
        numbers("Times", "After as a multiple of before"),
        words("Verdict", "Whether after is better"),
    ];
    let before = load::tests(&engine.recording);
    let after = engine.peer.as_ref().map_or(&[][..], |peer| &peer.loads);
    let (Some(before), Some(after)) = (before.first(), after.first()) else {
        let note = "Open a second load test and choose Compare: both stand side by side here.";
        return nothing(&columns, note);
    };
    let rows = load::compare(before, after).into_iter().map(|row| {
        let unit = if row.is_time { Unit::Nanos } else { Unit::Count };
        let verdict = match row.is_better {
            Some(true) => Value::Marked("better".into(), Tone::Good),
            Some(false) => Value::Marked("worse".into(), Tone::Bad),
            None => text(""),
        };
        let times = row.ratio.map_or_else(
            || text(""),
            |ratio| Value::Number { raw: (ratio * 1e3).round() as i64, decimals: 3, unit: Unit::Count, part: 0.0 },
        );
        vec![text(row.name), maybe(row.before, &unit), maybe(row.after, &unit), times, verdict]
    });
    shown(&columns, rows)
}

fn percentiles(engine: &mut Engine, _: &Asked<'_>) -> Result<Lines, String> {
    let columns = [
        words("Of what", "What was measured"),
        words("Where", "What it belongs to"),
        numbers("Percent", "So many of a hundred are no larger"),
        numbers("Value", "Value of the percentile; the bar is its part of the largest"),
        words("From", "Whether the file tells it or it was worked out here from each measurement"),
    ];
    let rows = engine.recording.distributions.iter().flat_map(|distribution| {
        let unit = distribution.unit.clone().unwrap_or(Unit::Count);
        let most = distribution.percentiles.iter().map(|p| p.1).fold(0.0, f64::max);
        distribution.percentiles.iter().map(move |&(percent, value)| {
            let bar = match amount(value, &unit) {
                Value::Number { raw, decimals, unit, .. } => {
                    Value::Number { raw, decimals, unit, part: if most > 0.0 { value / most } else { 0.0 } }
                }
                other => other,
            };
            let from = if distribution.is_exact { "worked out here" } else { "the file" };
            vec![text(&distribution.name), text(&distribution.group), amount(percent, &Unit::Count), bar, text(from)]
        })
    });
    shown(&columns, rows)
}

fn totals(engine: &mut Engine, _: &Asked<'_>) -> Result<Lines, String> {
    let columns = [
        words("Of what", "What was counted"),
        words("Where", "What it belongs to"),
        numbers("Amount", "How much in all"),
        numbers("Share", "Of everything of its kind, where the file tells that"),
        numbers("Per second", "How much in a second, where the file tells that"),
    ];
    let rows = engine.recording.totals.iter().map(|total| {
        let share =
            total.of.filter(|of| *of != 0.0).map(|of| Value::Share((total.amount * 1e3) as i64, (of * 1e3) as i64));
        vec![
            text(&total.name),
            text(&total.group),
            amount(total.amount, &total.unit),
            share.unwrap_or_else(|| text("")),
            maybe(total.per_second, &total.unit),
        ]
    });
    shown(&columns, rows)
}

fn series(engine: &mut Engine, asked: &Asked<'_>) -> Result<Lines, String> {
    let columns = [
        words("Of what", "What was measured"),
        words("Where", "What it belongs to"),
        numbers("Points", "How often it was measured"),
        numbers("Least", "The smallest value"),
        numbers("Mean", "Mean of the values, each counted once"),
        numbers("Most", "The largest value"),
        numbers("Last", "The value of the last moment"),
    ];
    let range = time_of(asked.scope);
    let rows = engine.recording.series.iter().filter_map(|series| {
        let inside = Inside::of(series, range)?;
        let values = [inside.least, inside.mean, inside.most, inside.last].map(|value| amount(value, &series.unit));
        let head = [text(&series.name), text(&series.group), Value::count(inside.points)];
        Some(Line { key: key(&series.name, &series.group), values: head.into_iter().chain(values).collect() })
    });
    Ok(Lines { columns: columns.to_vec(), lines: rows.collect(), note: String::new() })
}

/// What a series is within a stretch of time.
struct Inside {
    points: u64,
    least: f64,
    mean: f64,
    most: f64,
    last: f64,
}

impl Inside {
    fn of(series: &Series, range: Option<TimeRange>) -> Option<Self> {
        let mut found: Option<Self> = None;
        for (at, value) in series.at_ns.iter().zip(series.value.iter()) {
            if range.is_some_and(|range| at < range.from_ns || at >= range.to_ns) {
                continue;
            }
            let one = found.get_or_insert(Self { points: 0, least: value, mean: 0.0, most: value, last: value });
            one.points += 1;
            (one.least, one.most, one.last) = (one.least.min(value), one.most.max(value), value);
            // A running mean does not overflow.
            one.mean += (value - one.mean) / one.points as f64;
        }
        found
    }
}

fn late(engine: &mut Engine, _: &Asked<'_>) -> Result<Lines, String> {
    let columns = [
        words("Measured by", "The series that tells it"),
        numbers("At", "Where it begins at the latest, from the start of the recording"),
        numbers("Length", "How long the loop was late"),
        numbers("± earlier", "By how much it may have begun earlier"),
    ];
    let found = delays::find(&engine.recording, LATE_NS);
    let longest = found.iter().map(|delay| delay.duration_ns).max().unwrap_or(1).max(1);
    let rows = found.iter().map(|delay| {
        let part = delay.duration_ns as f64 / longest as f64;
        let length = Value::Number { raw: delay.duration_ns, decimals: 0, unit: Unit::Nanos, part };
        vec![text(&engine.recording.series[delay.series].name), time(delay.start_ns), length, time(delay.earlier_ns)]
    });
    shown(&columns, rows)
}

/// The shortest delay that is told, as of stalls.
const LATE_NS: i64 = 50_000_000;

fn judged(engine: &mut Engine, _: &Asked<'_>) -> Result<Lines, String> {
    let columns = [
        words("Measure", "What the rule looks at"),
        words("Stretch", "Under load, as doctor guesses it, or everything"),
        words("Verdict", "What the rule says"),
        words("Figures", "What it was asked of"),
        words("Rule", "The rule itself"),
    ];
    let Some((load, all)) = doctor::judge(&engine.recording) else {
        return nothing(&columns, "");
    };
    let rows = [(load, "under load"), (all, "everything")].into_iter().flat_map(|(judgement, stretch)| {
        let category = judgement.category.word();
        let tone = if category == "none" { Tone::Good } else { Tone::Strong };
        let verdict = vec![
            Value::Marked("in all".into(), Tone::Strong),
            text(stretch),
            Value::Marked(category.into(), tone),
            Value::Text(stretch_of(judgement.from_ns, judgement.to_ns)),
            text("What the verdicts below amount to"),
        ];
        let checks = judgement.checks.into_iter().map(move |check| {
            let tone = match check.verdict {
                Verdict::Performance => Tone::Bad,
                Verdict::None => Tone::Good,
                Verdict::Data | Verdict::Absent => Tone::Quiet,
            };
            let figures: Vec<String> =
                check.figures.iter().map(|(name, value)| told(check.measure, name, *value)).collect();
            vec![
                text(check.measure),
                text(stretch),
                Value::Marked(check.verdict.word().into(), tone),
                Value::Text(figures.join(" · ")),
                text(check.rule),
            ]
        });
        std::iter::once(verdict).chain(checks)
    });
    shown(&columns, rows)
}

fn stretch_of(from_ns: i64, to_ns: i64) -> String {
    let figure = |ns| units::figure(ns, 0, &Unit::Nanos);
    format!("{} to {}", figure(from_ns), figure(to_ns))
}

/// A figure that a rule was asked of: times where delays and collections are measured, shares where
/// processors and loops are.
fn told(measure: &str, name: &str, value: f64) -> String {
    let figure = match measure {
        // How often something was measured, or a number that counts nothing else.
        _ if name == "measurements" => units::grouped(value as i64),
        "delay" | "memory" => units::figure(value as i64, 0, &Unit::Nanos).to_string(),
        "cpu" | "utilisation" => units::percent_text((value * 1e6) as i64, 1_000_000),
        _ => units::exact((value * 1e3).round() as i64, 3),
    };
    format!("{name} {figure}")
}

fn facts(engine: &mut Engine, _: &Asked<'_>) -> Result<Lines, String> {
    let columns =
        [words("Fact", "What it is about"), words("Table", "Where the file says it"), words("Value", "What it says")];
    let rows = engine.recording.tables.iter().flat_map(|table| {
        table.rows.iter().map(|row| {
            let (name, others) = row.split_first().map_or(("", &[][..]), |(name, others)| (name.as_str(), others));
            let is_plain = table.columns.len() <= 2;
            let others: Vec<String> = others
                .iter()
                .zip(table.columns.iter().skip(1))
                .filter(|(value, _)| !value.is_empty())
                .map(|(value, head)| if is_plain { value.clone() } else { format!("{head} {value}") })
                .collect();
            vec![text(name), text(&table.title), Value::Text(others.join(" · "))]
        })
    });
    shown(&columns, rows)
}

fn vital_signs(engine: &mut Engine, _: &Asked<'_>) -> Result<Lines, String> {
    let columns = [
        words("Vital", "What is measured"),
        numbers("Value", "Milliseconds; of layout shift the score"),
        words("Rating", "By the published thresholds"),
        words("Of what", "The element or kind of event, or why there is no value"),
        words("Parts", "What it consists of"),
        numbers("At", "When it was, from the start of the recording"),
        words("Page", "Address of the page"),
    ];
    let navigations = vitals::vitals(&engine.recording);
    let rows = navigations.iter().flat_map(|page| {
        let time = |value: f64| maybe(Some(value * 1e6), &Unit::Nanos);
        let score =
            |value: f64| Value::Number { raw: (value * 1e4).round() as i64, decimals: 4, unit: Unit::Count, part: 0.0 };
        let row = |name: &str, vital: &Vital, value: &dyn Fn(f64) -> Value| vital_row(name, vital, value, &page.url);
        [
            row("Largest Contentful Paint", &page.lcp, &time),
            row("Interaction to Next Paint", &page.inp, &time),
            row("Cumulative Layout Shift", &page.cls, &score),
            row("First Contentful Paint", &page.fcp, &time),
            row("Total Blocking Time", &page.tbt, &time),
        ]
    });
    shown(&columns, rows)
}

fn vital_row(name: &str, vital: &Vital, value: &dyn Fn(f64) -> Value, url: &str) -> Vec<Value> {
    let rating = match vital.rating {
        Some(Rating::Good) => Value::Marked("good".into(), Tone::Good),
        Some(Rating::NeedsImprovement) => Value::Marked("needs improvement".into(), Tone::Warn),
        Some(Rating::Poor) => Value::Marked("poor".into(), Tone::Bad),
        None => text(""),
    };
    let parts: Vec<String> = vital
        .parts
        .iter()
        .map(|(name, ms)| format!("{name} {}", units::figure((ms * 1e6).round() as i64, 0, &Unit::Nanos)))
        .collect();
    vec![
        Value::Marked(name.to_owned(), Tone::Strong),
        vital.value.map_or_else(|| text(""), value),
        rating,
        text(vital.reason.unwrap_or(&vital.what)),
        Value::Text(parts.join(" · ")),
        vital.at_ns.map_or_else(|| text(""), self::time),
        text(url),
    ]
}

fn by_name(engine: &mut Engine, asked: &Asked<'_>) -> Result<Lines, String> {
    let columns = [
        words("Event", "Its name"),
        words("Category", "Category of the first one"),
        numbers("Count", "How many there are"),
        numbers("Self", "Time in them and in no event inside; the bar is its part of the largest"),
        numbers("Total", "Time in them, counted once where the same name lies within itself"),
        numbers("Mean", "Mean length"),
        numbers("Longest", "The longest one"),
    ];
    let recording = &engine.recording;
    let tracks = tracks_of(recording, asked.scope);
    let sums: HashMap<StringId, EventSum, FixedState> = events(&recording.spans, time_of(asked.scope), &tracks);
    let mut sums: Vec<(StringId, EventSum)> = sums.into_iter().collect();
    sums.sort_few_by_key(|(name, sum)| (std::cmp::Reverse(sum.self_ns), *name));
    let largest = sums.first().map_or(1, |(_, sum)| sum.self_ns.max(1));
    let rows = sums.iter().map(|(name, sum)| {
        let own = Value::Number {
            raw: sum.self_ns,
            decimals: 0,
            unit: Unit::Nanos,
            part: sum.self_ns as f64 / largest as f64,
        };
        vec![
            text(recording.text(*name)),
            text(recording.text(sum.category)),
            Value::count(sum.count),
            own,
            time(sum.total_ns),
            time(sum.length_ns / whole(sum.count).max(1)),
            time(sum.longest_ns),
        ]
    });
    shown(&columns, rows)
}

fn operations(engine: &mut Engine, _: &Asked<'_>) -> Result<Lines, String> {
    let columns = [
        words(
            "Begun by",
            "The innermost function of one's own on the stack that began them, where a file tells the stacks",
        ),
        words("Kind", "As Node.js names it"),
        numbers("Operations", "How many began in the recording"),
        numbers(
            "Waiting",
            "From the begin of each to its first callback, added up; the bar is its part of the largest",
        ),
        numbers("Longest", "The longest of these waits"),
        numbers("Callbacks", "How many callbacks there were"),
        numbers("In callbacks", "Time in them"),
    ];
    let groups = asynchronous::groups(&engine.recording);
    let largest = groups.first().map_or(1, |group| group.waiting_ns.max(1));
    let rows = groups.iter().map(|group| {
        let part = group.waiting_ns as f64 / largest as f64;
        vec![
            Value::Text(engine.beginner(group.stack)),
            text(engine.recording.text(group.kind)),
            Value::count(group.operations),
            Value::Number { raw: group.waiting_ns, decimals: 0, unit: Unit::Nanos, part },
            time(group.longest_ns),
            Value::count(group.callbacks),
            time(group.time_ns),
        ]
    });
    shown(&columns, rows)
}

impl Engine {
    /// Who began an operation: the innermost function of one's own, or the innermost of all.
    fn beginner(&self, stack: StackId) -> String {
        let recording = &self.recording;
        let outwards = || recording.stacks.walk(stack).map(|frame| recording.function_of(frame));
        let own = outwards().find(|&function| self.modules.kind(function) == Kind::Own);
        own.or_else(|| outwards().next()).map_or_else(String::new, |function| {
            let label = label(recording, &self.modules, function);
            format!("{} {}", label.key.name, label.place)
        })
    }
}

fn tracks(engine: &mut Engine, _: &Asked<'_>) -> Result<Lines, String> {
    let columns = [
        words("Track", "Thread, or group of operations"),
        words("Process", "The process"),
        words("Kind", "Whether its events nest, or overlap as they like"),
        numbers("Process id", "Number of the process"),
        numbers("Thread id", "Number of the thread"),
        numbers("Events", "How many events it has"),
        numbers("Marks", "How many points in time it has"),
        numbers("Busy", "Time in its outermost events"),
        numbers("Longest", "The longest event"),
    ];
    let number = |id: Option<u64>| id.map_or_else(|| text(""), |id| Value::Text(id.to_string()));
    let sums = outline::tracks(&engine.recording);
    let rows = sums.iter().map(|track| {
        let name = if track.main { Value::Marked(track.name.to_owned(), Tone::Strong) } else { text(track.name) };
        let values = vec![
            name,
            text(track.process),
            text(track.kind),
            number(track.pid),
            number(track.tid),
            Value::count(track.count),
            Value::count(track.marks),
            time(track.total_ns),
            time(track.longest_ns),
        ];
        Line { key: key(track.name, track.process), values }
    });
    Ok(Lines { columns: columns.to_vec(), lines: rows.collect(), note: String::new() })
}

fn marks(engine: &mut Engine, asked: &Asked<'_>) -> Result<Lines, String> {
    let columns = [
        words("Mark", "Its name"),
        words("Category", "Its category"),
        words("Track", "Thread, or group of operations"),
        numbers("At", "When, from the start of the recording"),
    ];
    let recording = &engine.recording;
    let all = &recording.spans.marks;
    let (range, wanted) = (time_of(asked.scope), tracks_of(recording, asked.scope));
    let rows = (0..all.at_ns.len()).filter_map(|mark| {
        let (at, track) = (all.at_ns.get(mark), all.track.get(mark) as usize);
        let is_inside = range.is_none_or(|range| at >= range.from_ns && at < range.to_ns) && wanted[track];
        is_inside.then(|| {
            vec![
                text(recording.text(all.name.get(mark))),
                text(recording.text(all.category.get(mark))),
                text(&recording.spans.tracks[track].name),
                time(at),
            ]
        })
    });
    shown(&columns, rows)
}

/// The stretch of time that is looked at.
pub(super) fn time_of(scope: &Scope) -> Option<TimeRange> {
    scope.filters.iter().rev().find_map(|filter| match filter {
        Filter::Time(range) => Some(*range),
        _ => None,
    })
}

/// Which tracks are looked at: those of the chosen thread, or all where it has none.
pub(super) fn tracks_of(recording: &Recording, scope: &Scope) -> Vec<bool> {
    let thread = scope.filters.iter().find_map(|filter| match filter {
        Filter::Thread(key) => Some(key),
        _ => None,
    });
    let is_of =
        |key: &ThreadKey, (pid, tid): (Option<u64>, Option<u64>)| key.tid.is_some() && key.tid == tid && key.pid == pid;
    let tracks = || recording.spans.tracks.iter();
    let chosen: Vec<bool> = tracks().map(|track| thread.is_none_or(|key| is_of(key, (track.pid, track.tid)))).collect();
    if chosen.contains(&true) { chosen } else { vec![true; chosen.len()] }
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn figures_of_rules_say_what_they_are() {
        let shown = |measure, name, value| told(measure, name, value).replace(crate::units::THIN, " ");
        assert_eq!(shown("cpu", "measurements", 2.0), "measurements 2", "a number of things is no share");
        assert_eq!(shown("cpu", "p90", 0.039), "p90 3.9 %");
        assert_eq!(shown("delay", "max", 405e6), "max 405 ms");
        assert_eq!(shown("handles", "rises", 1.0), "rises 1");
    }
}
