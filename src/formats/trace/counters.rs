//! Counters: numbers that a trace gives now and then.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::arguments::Arguments;
use super::building::Span;
use super::threads::{Id, Threads};
use crate::model::{Builder, CPU_TIME_SERIES, Column, LabelValue, Series, SeriesKind, StringId};
use crate::units::Unit;

/// Which numbers are one series.
type Key = (Id, StringId, Id, StringId);

/// All counters of a trace.
#[derive(Debug, Default)]
pub(super) struct Counters {
    rows: HashMap<Key, usize, FixedState>,
    series: Vec<(Key, Column<(i64, f64)>)>,
    /// By thread: moments, and how long it had run until then, nanoseconds.
    thread_times: HashMap<u32, Column<(i64, i64)>, FixedState>,
}

impl Counters {
    /// Takes the numbers of an event.
    pub(super) fn take(&mut self, pid: Id, id: Id, name: StringId, at: i64, arguments: &Arguments, builder: &Builder) {
        for label in &arguments.labels {
            let value = match label.value {
                LabelValue::Number(number, _) => number as f64,
                LabelValue::Text(text) => match builder.strings.get(text).parse() {
                    Ok(number) => number,
                    Err(_) => continue,
                },
            };
            let key = (pid, name, id, label.key);
            let row = *self.rows.entry(key).or_insert_with(|| {
                self.series.push((key, Column::new()));
                self.series.len() - 1
            });
            if value.is_finite() {
                self.series[row].1.push((at, value));
            }
        }
    }

    /// The moments of all numbers.
    pub(super) fn moments(&self) -> impl Iterator<Item = i64> + '_ {
        self.series.iter().flat_map(|(_, points)| points.iter().map(|point| point.0))
    }

    /// How long a thread had run at a moment.
    pub(super) fn thread_time(&mut self, thread: u32, at: i64, thread_time: i64) {
        self.thread_times.entry(thread).or_default().push((at, thread_time));
    }

    /// Makes series of them; only the main thread's own clock is kept.
    pub(super) fn finish(mut self, threads: &Threads, main: Option<usize>, span: Span, builder: &mut Builder) {
        for (key, points) in self.series {
            let series = named(key, threads, builder);
            push_sorted(series, points.iter(), span, builder);
        }
        let own = main.and_then(|row| self.thread_times.remove(&(row as u32)));
        if let (Some(points), Some(row)) = (own, main) {
            let group = threads.thread_name(row, builder);
            let series = Series::new(CPU_TIME_SERIES, group, Unit::Nanos, SeriesKind::Gauge);
            push_sorted(series, points.iter().map(|(at, value)| (at, value as f64)), span, builder);
        }
    }
}

fn named((pid, name, id, key): Key, threads: &Threads, builder: &Builder) -> Series {
    let (event, part) = (builder.strings.get(name), builder.strings.get(key));
    let (title, unit) = match (event, part) {
        ("UpdateCounters", "jsHeapSizeUsed") => ("JS heap used".to_owned(), Unit::Bytes),
        ("UpdateCounters", "jsEventListeners") => ("Event listeners".to_owned(), Unit::Count),
        ("UpdateCounters", "nodes") => ("DOM nodes".to_owned(), Unit::Count),
        ("UpdateCounters", "documents") => ("Documents".to_owned(), Unit::Count),
        ("UpdateCounters", "gpuMemoryLimitKB") => ("GPU memory limit (KB)".to_owned(), Unit::Count),
        (event, part) if part == "value" || part == event => (event.to_owned(), Unit::Count),
        ("", part) => (part.to_owned(), Unit::Count),
        (event, part) => (format!("{event}: {part}"), Unit::Count),
    };
    let title = match id {
        Id::None => title,
        Id::Number(number) => format!("{title} #{number}"),
        Id::Text(text) => format!("{title} #{}", builder.strings.get(text)),
    };
    let group = match (threads.process_name(pid, builder), pid.number()) {
        (name, Some(pid)) if name.is_empty() => format!("process {pid}"),
        (name, Some(pid)) => format!("{name} {pid}"),
        (name, None) => name,
    };
    Series::new(title, group, unit, SeriesKind::Gauge)
}

/// Adds a series in the order of time; equal moments keep their order.
fn push_sorted(mut series: Series, points: impl Iterator<Item = (i64, f64)>, span: Span, builder: &mut Builder) {
    let mut points: Vec<(i64, f64)> = points.filter(|(at, _)| span.holds(*at)).collect();
    points.sort_by_key(|point| point.0);
    points.into_iter().for_each(|(at, value)| series.push(at.saturating_sub(span.start), value));
    if !series.is_empty() {
        builder.series.push(series);
    }
}
