//! Delays of the event loop from Node.js' `perf_hooks`, one line of JSON for each stretch of time.
//!
//! There is no common file format for them. Lines are read that hold what
//! `monitorEventLoopDelay()` gives under its own keys: `min`, `max`, `mean`, `stddev`, `percentiles`
//! (nanoseconds), with `ts` (milliseconds since `timeOrigin`), `count`, and what was measured beside it:
//! `elu` (`eventLoopUtilization()`), `memory` (`process.memoryUsage()`), `gc` (entries of a
//! `PerformanceObserver`). A first line of type `header` may tell resolution, length of the stretches
//! and how `ts` relates to other clocks.
//!
//! A measured delay holds the resolution of the timer that measures it, so the loop was late by that
//! much less. And the row itself was late when the loop was held: by its distance to the row before,
//! less the length of a stretch. Where a stalled loop empties its histogram, only that can be seen.

use super::common::json::{float, scaled};
use super::common::ndjson::each_line;
use super::{Access, Context, Fit, Format, Head, in_full};
use crate::error::Result;
use crate::input::Window;
use crate::input::json::{Json, Kind, glimpse};
use crate::model::SortFew as _;
use crate::model::{Builder, Distribution, Role, Series, SeriesKind};
use crate::units::Unit;

/// Delays over time.
pub const FORMAT: Format = Format {
    id: "perf-hooks-ndjson",
    title: "event-loop delays",
    tools: &["Node.js perf_hooks"],
    extensions: &["ndjson", "jsonl"],
    recipes: &[],
    access: Access::Forward,
    detect,
    decode: in_full(decode),
};

fn detect(head: &Head<'_>) -> Fit {
    let Some(first) = glimpse(head.bytes).filter(|top| top.kind == Kind::Object) else { return Fit::No };
    if first.has("resolution_ms") && first.has("format") && first.has("window_ms") {
        return Fit::Yes("starts with a line with \"resolution_ms\": event-loop delays of perf_hooks".into());
    }
    let is_row = first.get("percentiles").is_some_and(|p| p.kind == Kind::Object)
        && ["min", "max", "mean", "ts"].iter().all(|key| first.has(key));
    if is_row { Fit::Yes("lines with \"min\", \"max\", \"percentiles\": event-loop delays".into()) } else { Fit::No }
}

fn decode(window: &mut Window, builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    let mut file = File::default();
    let lines = each_line(window, |json| file.line(json))?;
    if file.rows.is_empty() {
        return Err(lines.nothing("it has no row with a delay"));
    }
    lines.note(builder);
    file.finish(builder);
    Ok(())
}

/// One nanosecond of a millisecond with six decimals.
const MILLIS: u8 = 6;
const MICROS: u8 = 3;
/// What `monitorEventLoopDelay()` uses unless told otherwise.
const USUAL_RESOLUTION_NS: i64 = 10_000_000;

/// What the first line tells.
#[derive(Debug, Default)]
struct Header {
    resolution_ns: Option<i64>,
    stretch_ns: Option<i64>,
    /// Wall clock at `ts` = 0.
    origin_ns: Option<i64>,
    /// `ts` of the header.
    start_ns: Option<i64>,
    /// The monotonic clock at the header.
    monotonic_ns: Option<i64>,
    pid: Option<i64>,
    node: Option<String>,
}

/// A stretch of time.
#[derive(Debug, Default, Clone, Copy)]
struct Row {
    ts_ns: i64,
    count: Option<i64>,
    min: Option<f64>,
    max: Option<f64>,
    mean: Option<f64>,
    p50: Option<f64>,
    p99: Option<f64>,
    utilisation: Option<f64>,
    memory: [Option<f64>; MEMORY.len()],
}

/// Keys, names and roles of memory.
const MEMORY: [(&str, &str, Role); 5] = [
    ("rss", "Resident memory", Role::Resident),
    ("heapTotal", "Heap", Role::HeapTotal),
    ("heapUsed", "Heap used", Role::HeapUsed),
    ("external", "External memory", Role::Other),
    ("arrayBuffers", "Array buffers", Role::Other),
];

#[derive(Debug, Default)]
struct File {
    header: Header,
    rows: Vec<Row>,
    /// End and length of collections, nanoseconds.
    collections: Vec<(i64, f64)>,
}

impl File {
    fn line(&mut self, json: &mut Json<'_>) -> Result<()> {
        let (mut row, mut header) = (Row::default(), Header::default());
        let (mut has_ts, mut is_header, mut is_row) = (false, false, false);
        json.begin_object()?;
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            match key.as_str() {
                "resolution_ms" => {
                    header.resolution_ns = scaled(json, MILLIS)?;
                    is_header = true;
                }
                "window_ms" => header.stretch_ns = scaled(json, MILLIS)?,
                "timeOrigin" => header.origin_ns = scaled(json, MILLIS)?,
                "start" => header.start_ns = scaled(json, MILLIS)?,
                "hrtime_us" => header.monotonic_ns = scaled(json, MICROS)?,
                "pid" => header.pid = scaled(json, 0)?,
                "node" if json.kind()? == Kind::Text => header.node = Some(json.text()?.to_owned()),
                "ts" => {
                    let ts = scaled(json, MILLIS)?;
                    has_ts = ts.is_some();
                    row.ts_ns = ts.unwrap_or(0);
                }
                "count" => row.count = scaled(json, 0)?,
                "min" => row.min = float(json)?,
                "max" => {
                    row.max = float(json)?;
                    is_row = true;
                }
                "mean" => row.mean = float(json)?,
                "percentiles" if json.kind()? == Kind::Object => percentiles(json, &mut row)?,
                "elu" if json.kind()? == Kind::Object => {
                    json.begin_object()?;
                    while let Some(is_it) = json.next_key()?.map(|key| key == "utilization") {
                        row.utilisation = float(json)?.filter(|_| is_it).or(row.utilisation);
                    }
                }
                "memory" if json.kind()? == Kind::Object => {
                    json.begin_object()?;
                    while let Some(at) = json.next_key()?.map(|key| MEMORY.iter().position(|m| m.0 == key)) {
                        let bytes = float(json)?;
                        if let Some(at) = at {
                            row.memory[at] = bytes;
                        }
                    }
                }
                "gc" if json.kind()? == Kind::Array => self.collections(json)?,
                _ => json.skip_value()?,
            }
        }
        if is_row && has_ts {
            self.rows.push(row);
        } else if is_header && self.rows.is_empty() {
            self.header = header;
        }
        Ok(())
    }

    fn collections(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_array()?;
        while json.next_element()? {
            if json.kind()? != Kind::Object {
                json.skip_value()?;
                continue;
            }
            let (mut start, mut length) = (None, None);
            json.begin_object()?;
            while let Some(key) = json.next_key_as(|key| (key == b"start") as u8 + 2 * (key == b"dur") as u8)? {
                match key {
                    1 => start = scaled(json, MILLIS)?,
                    2 => length = scaled(json, MILLIS)?,
                    _ => json.skip_value()?,
                }
            }
            if let Some((start, length)) = start.zip(length).filter(|gc| gc.1 >= 0) {
                self.collections.push((start.saturating_add(length), length as f64));
            }
        }
        Ok(())
    }

    fn finish(mut self, builder: &mut Builder) {
        self.sort(builder);
        let header = &self.header;
        let stretch = header.stretch_ns.filter(|&ns| ns > 0);
        // Without a header, the first row stands one stretch after the start.
        let usual = stretch.or_else(|| median(&self.rows)).unwrap_or(0);
        let start = header.start_ns.unwrap_or_else(|| self.rows[0].ts_ns.saturating_sub(usual)).min(self.rows[0].ts_ns);
        let since = |ts: i64| ts.saturating_sub(start);
        builder.clock.unix_ns = header.origin_ns.map(|origin| origin.saturating_add(start));
        let at_header = header.start_ns.map_or(0, |at| start.saturating_sub(at));
        builder.clock.start_ns = header.monotonic_ns.map(|monotonic| monotonic.saturating_add(at_header));
        let resolution = header.resolution_ns.filter(|&ns| ns > 0).unwrap_or_else(|| {
            builder.note(
                "resolution-assumed",
                1,
                "The file does not tell the resolution of the delays; 10 ms, the usual one, was taken off.",
            );
            USUAL_RESOLUTION_NS
        });
        let group = header.pid.map_or_else(|| "process".to_owned(), |pid| format!("process {pid}"));
        if let Some(node) = &header.node {
            builder.meta.push(("node".into(), node.clone()));
        }
        let series = |name: &str, unit: Unit, kind: SeriesKind, role: Role| {
            Series::new(name, group.clone(), unit, kind).with_role(role)
        };
        let mut late = series("Event-loop delay", Unit::Nanos, SeriesKind::Delay, Role::LoopDelay);
        let mut rows_late = series("Lateness of the row", Unit::Nanos, SeriesKind::Delay, Role::LoopDelay);
        let mut all = [("Delay, mean", Role::Other), ("Delay, p50", Role::Other), ("Delay, p99", Role::Other)]
            .map(|(name, role)| series(name, Unit::Nanos, SeriesKind::Gauge, role));
        let mut used =
            series("Event-loop utilisation", Unit::Other("share".into()), SeriesKind::Gauge, Role::LoopUtilisation);
        let mut memory = MEMORY.map(|(_, name, role)| series(name, Unit::Bytes, SeriesKind::Gauge, role));
        let mut before = start;
        for row in &self.rows {
            let at = since(row.ts_ns);
            if row.count != Some(0) {
                late.push(at, row.max.map_or(f64::NAN, |max| (max - resolution as f64).max(0.0)));
                for (series, value) in all.iter_mut().zip([row.mean, row.p50, row.p99]) {
                    series.push(at, value.unwrap_or(f64::NAN));
                }
            }
            if let Some(stretch) = stretch {
                let lateness = row.ts_ns.saturating_sub(before).saturating_sub(stretch);
                rows_late.push(at, lateness.max(0) as f64);
            }
            before = row.ts_ns;
            used.push(at, row.utilisation.unwrap_or(f64::NAN));
            for (series, value) in memory.iter_mut().zip(row.memory) {
                series.push(at, value.unwrap_or(f64::NAN));
            }
        }
        let mut collections = series("Garbage collections", Unit::Nanos, SeriesKind::Amount, Role::GcPause);
        self.collections.iter().for_each(|&(end, length)| collections.push(since(end).max(0), length));
        builder.distributions.push(overall(&self.rows, &group));
        let [rss, total, heap, external, buffers] = memory;
        let [mean, p50, p99] = all;
        let order = [late, rows_late, used, mean, p50, p99, collections, rss, total, heap, external, buffers];
        builder.series.extend(order.into_iter().filter(|series| !series.is_empty()));
    }

    /// Rows and collections are in the order of time, unless the file is damaged.
    fn sort(&mut self, builder: &mut Builder) {
        let drops = self.rows.windows(2).filter(|pair| pair[0].ts_ns > pair[1].ts_ns).count();
        builder.note("order-repaired", drops as u64, "Rows were out of order; all were put into the order of time.");
        self.rows.sort_few_by_key(|row| row.ts_ns);
        self.collections.sort_few_by_key(|gc| gc.0);
    }
}

/// Half and ninety-nine hundredths of a row's delays.
fn percentiles(json: &mut Json<'_>, row: &mut Row) -> Result<()> {
    json.begin_object()?;
    while let Some(key) = json.next_key_as(|key| (key == b"50") as u8 + 2 * (key == b"99") as u8)? {
        let value = float(json)?;
        match key {
            1 => row.p50 = value,
            2 => row.p99 = value,
            _ => {}
        }
    }
    Ok(())
}

/// The usual distance between rows.
fn median(rows: &[Row]) -> Option<i64> {
    let mut steps: Vec<i64> = rows.windows(2).map(|pair| pair[1].ts_ns.saturating_sub(pair[0].ts_ns)).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied()
}

/// The delays of all rows together, with the resolution in them, as the file gives them.
fn overall(rows: &[Row], group: &str) -> Distribution {
    let measured = || rows.iter().filter(|row| row.count != Some(0));
    let least = measured().filter_map(|row| row.min).min_by(f64::total_cmp);
    let most = measured().filter_map(|row| row.max).max_by(f64::total_cmp);
    let counts = measured().map(|row| row.count.unwrap_or(0).max(0));
    let count = counts.fold(0i64, i64::saturating_add);
    let weighed = measured().filter_map(|row| Some((row.mean?, row.count.unwrap_or(0).max(0) as f64)));
    let sum: f64 = weighed.map(|(mean, count)| mean * count).sum();
    Distribution {
        name: "Event-loop delay, with the resolution".into(),
        group: group.into(),
        unit: Some(Unit::Nanos),
        count: Some(count.unsigned_abs()).filter(|&n| n > 0),
        min: least,
        max: most,
        mean: Some(sum / count as f64).filter(|mean| mean.is_finite()),
        ..Distribution::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Options;
    use crate::model::{Origin, Recording};

    fn open(text: &str) -> Result<Recording> {
        let mut builder = Builder::new();
        let options = Options::default();
        decode(&mut Window::over(text.as_bytes()), &mut builder, &Context { name: "x", options: &options })?;
        Ok(builder.finish(Origin::default()))
    }

    fn points(recording: &Recording, name: &str) -> Vec<(i64, f64)> {
        let series = recording.series.iter().find(|s| s.name == name).expect("the series is there");
        series.at_ns.iter().map(|at| at / 1_000_000).zip(series.value.iter()).collect()
    }

    const HEADER: &str = r#"{"type":"header","format":"perf_hooks-ndjson","pid":7,"resolution_ms":10,"window_ms":100,"timeOrigin":1000,"start":50,"hrtime_us":70}"#;

    #[test]
    fn resolution_is_no_delay_and_late_rows_are() {
        let rows = r#"{"ts":151.5,"count":3,"min":10000000,"max":96000000,"mean":2e7,"percentiles":{"50":1e7,"99":9e7},"elu":{"utilization":0.5},"memory":{"rss":9},"gc":[{"start":60,"dur":2.5}]}
{"ts":1351.5,"count":0,"min":null,"max":0,"mean":null,"percentiles":{},"elu":{"utilization":1}}
{"type":"end","ts":1400}"#;
        let recording = open(&format!("{HEADER}\n{rows}\n")).expect("it is whole");
        assert_eq!(points(&recording, "Event-loop delay"), [(101, 86e6)]);
        assert_eq!(points(&recording, "Lateness of the row"), [(101, 1.5e6), (1301, 1_100e6)]);
        assert_eq!(points(&recording, "Garbage collections"), [(12, 2.5e6)]);
        assert_eq!(points(&recording, "Event-loop utilisation"), [(101, 0.5), (1301, 1.0)]);
        assert_eq!(recording.clock.unix_ns, Some(1_050_000_000));
        assert_eq!(recording.clock.start_ns, Some(70_000));
        assert_eq!((recording.distributions[0].count, recording.distributions[0].max), (Some(3), Some(96e6)));
    }

    #[test]
    fn rows_without_a_header_and_without_sense() {
        let row = |ts: u32| format!(r#"{{"ts":{ts},"count":1,"min":1,"max":30000000,"mean":1,"percentiles":{{}}}}"#);
        let recording = open(&[row(300), row(200), row(400), "x".into()].join("\n")).expect("rows are enough");
        assert_eq!(points(&recording, "Event-loop delay"), [(100, 20e6), (200, 20e6), (300, 20e6)]);
        let codes: Vec<&str> = recording.notes.iter().map(|n| n.code.as_str()).collect();
        assert_eq!(codes, ["cut", "order-repaired", "resolution-assumed"]);
        assert!(open(HEADER).is_err());
    }
}
