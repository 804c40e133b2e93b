//! What `culprit summary` prints of series, distributions, totals, facts and delays.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::doctor::{self, Judgement};
use super::stalls::delays;
use crate::model::SortFew as _;
use crate::model::{Clock, Distribution, Recording, Series, SeriesKind, Table, Total};
use crate::units::{self, Figure, Unit};

/// A number that is written as an integer where it is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number(pub(super) f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Below 2^53, doubles hold every integer.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if self.0.fract() == 0.0 && self.0.abs() < EXACT {
            return serializer.serialize_i64(self.0 as i64);
        }
        serializer.serialize_f64(self.0)
    }
}

/// A number, if there is one that JSON can write.
fn number(value: Option<f64>) -> Option<Number> {
    value.filter(|value| value.is_finite()).map(Number)
}

fn is_empty(text: &&str) -> bool {
    text.is_empty()
}

/// The keys that a recording's line has besides stacks.
#[derive(Serialize)]
pub(super) struct Measures<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<ClockLine>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    series: Vec<SeriesLine<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    distributions: Vec<DistributionLine<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    totals: Vec<TotalLine<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tables: Vec<TableLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delays: Option<DelaysLine<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    doctor: Vec<JudgementLine>,
}

#[derive(Serialize)]
struct ClockLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    start_ns: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unix_ns: Option<i64>,
}

#[derive(Serialize)]
struct SeriesLine<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "is_empty")]
    group: &'a str,
    unit: &'a str,
    kind: &'static str,
    points: u64,
    min: Number,
    max: Number,
    mean: Number,
    last: Number,
    first_ns: i64,
    last_ns: i64,
}

#[derive(Serialize)]
struct DistributionLine<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "is_empty")]
    group: &'a str,
    unit: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deviation: Option<Number>,
    exact: bool,
    percentiles: Percentiles<'a>,
}

struct Percentiles<'a>(&'a [(f64, f64)]);

impl Serialize for Percentiles<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for &(percent, value) in self.0.iter().filter(|p| p.1.is_finite()) {
            map.serialize_entry(&percent.to_string(), &Number(value))?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct TotalLine<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "is_empty")]
    group: &'a str,
    unit: &'a str,
    amount: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_second: Option<Number>,
}

#[derive(Serialize)]
struct TableLine<'a> {
    title: &'a str,
    columns: &'a [String],
    rows: &'a [Vec<String>],
}

#[derive(Serialize)]
struct DelaysLine<'a> {
    threshold_ns: i64,
    count: u64,
    total_ns: i64,
    worst: Vec<DelayLine<'a>>,
}

#[derive(Serialize)]
struct DelayLine<'a> {
    start_ns: i64,
    duration_ns: i64,
    earlier_ns: i64,
    series: &'a str,
}

#[derive(Serialize)]
struct JudgementLine {
    stretch: &'static str,
    from_ns: i64,
    to_ns: i64,
    category: &'static str,
    checks: Vec<CheckLine>,
}

#[derive(Serialize)]
struct CheckLine {
    measure: &'static str,
    verdict: &'static str,
    rule: &'static str,
    figures: Figures,
}

struct Figures(Vec<(&'static str, f64)>);

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let figures = self.0.iter().filter(|f| f.1.is_finite());
        serializer.collect_map(figures.map(|&(name, value)| (name, Number(value))))
    }
}

/// What there is besides stacks: at most so many delays, of at least so many nanoseconds.
pub(super) fn measures(recording: &Recording, threshold_ns: i64, delays: usize) -> Measures<'_> {
    Measures {
        clock: clock(recording.clock),
        series: recording.series.iter().filter_map(series_line).collect(),
        distributions: recording.distributions.iter().map(distribution_line).collect(),
        totals: recording.totals.iter().filter_map(total_line).collect(),
        tables: recording.tables.iter().map(table_line).collect(),
        delays: delays_line(recording, threshold_ns, delays),
        doctor: doctor::judge(recording).map_or_else(Vec::new, |(guessed, whole)| {
            vec![judgement_line("guessed", guessed), judgement_line("whole", whole)]
        }),
    }
}

fn clock(clock: Clock) -> Option<ClockLine> {
    let is_told = clock.start_ns.is_some() || clock.unix_ns.is_some();
    is_told.then_some(ClockLine { start_ns: clock.start_ns, unix_ns: clock.unix_ns })
}

/// Least, largest, mean and last of the numbers of a series; `None` when it has none.
fn extremes(series: &Series) -> Option<[f64; 4]> {
    let last = series.value.last()?;
    let (mut least, mut most, mut mean) = (last, last, 0.0);
    for (i, value) in series.value.iter().enumerate() {
        least = value.min(least);
        most = value.max(most);
        // In this way the sum of very large numbers is never infinite.
        mean += value / (i + 1) as f64 - mean / (i + 1) as f64;
    }
    Some([least, most, mean, last])
}

fn series_line(series: &Series) -> Option<SeriesLine<'_>> {
    let [min, max, mean, last] = extremes(series)?.map(Number);
    let kind = match series.kind {
        SeriesKind::Gauge => "gauge",
        SeriesKind::Amount => "amount",
        SeriesKind::Delay => "delay",
    };
    Some(SeriesLine {
        name: &series.name,
        group: &series.group,
        unit: series.unit.word(),
        kind,
        points: series.len() as u64,
        min,
        max,
        mean,
        last,
        first_ns: series.at_ns.iter().next()?,
        last_ns: series.at_ns.last()?,
    })
}

fn distribution_line(distribution: &Distribution) -> DistributionLine<'_> {
    DistributionLine {
        name: &distribution.name,
        group: &distribution.group,
        unit: distribution.unit.as_ref().map_or("count", Unit::word),
        count: distribution.count,
        min: number(distribution.min),
        max: number(distribution.max),
        mean: number(distribution.mean),
        deviation: number(distribution.deviation),
        exact: distribution.is_exact,
        percentiles: Percentiles(&distribution.percentiles),
    }
}

fn total_line(total: &Total) -> Option<TotalLine<'_>> {
    Some(TotalLine {
        name: &total.name,
        group: &total.group,
        unit: total.unit.word(),
        amount: number(Some(total.amount))?,
        of: number(total.of),
        per_second: number(total.per_second),
    })
}

fn table_line(table: &Table) -> TableLine<'_> {
    TableLine { title: &table.title, columns: &table.columns, rows: &table.rows }
}

fn delays_line(recording: &Recording, threshold_ns: i64, most: usize) -> Option<DelaysLine<'_>> {
    if !delays::is_measured(recording) {
        return None;
    }
    let mut found = delays::find(recording, threshold_ns);
    let (count, total_ns) = (found.len() as u64, found.iter().fold(0i64, |sum, d| sum.saturating_add(d.duration_ns)));
    found.sort_few_by_key(|delay| (std::cmp::Reverse(delay.duration_ns), delay.start_ns));
    let line = |delay: &delays::Delay| DelayLine {
        start_ns: delay.start_ns,
        duration_ns: delay.duration_ns,
        earlier_ns: delay.earlier_ns,
        series: &recording.series[delay.series].name,
    };
    Some(DelaysLine { threshold_ns, count, total_ns, worst: found.iter().take(most).map(line).collect() })
}

fn judgement_line(stretch: &'static str, judgement: Judgement) -> JudgementLine {
    let check = |check: doctor::Check| CheckLine {
        measure: check.measure,
        verdict: check.verdict.word(),
        rule: check.rule,
        figures: Figures(check.figures),
    };
    JudgementLine {
        stretch,
        from_ns: judgement.from_ns,
        to_ns: judgement.to_ns,
        category: judgement.category.word(),
        checks: judgement.checks.into_iter().map(check).collect(),
    }
}

/// The same for people, a line for each.
pub(super) fn lines(recording: &Recording, threshold_ns: i64, delays: usize) -> Vec<String> {
    let mut out = Vec::new();
    for series in &recording.series {
        let Some(of) = extremes(series) else { continue };
        let [min, max, mean, last] = of.map(|value| figure(value, &series.unit));
        let name = titled(&series.name, &series.group);
        let points = series.len();
        out.push(format!("  {name}: {min} to {max}, mean {mean}, last {last} ({points} points)"));
    }
    for distribution in &recording.distributions {
        let unit = distribution.unit.clone().unwrap_or(Unit::Count);
        let mut parts: Vec<String> = Vec::new();
        let mut part =
            |name: &str, value: Option<f64>| parts.extend(value.map(|v| format!("{name} {}", figure(v, &unit))));
        part("min", distribution.min);
        for percent in [50.0, 90.0, 95.0, 99.0] {
            part(&format!("p{percent}"), distribution.percentile(percent));
        }
        part("max", distribution.max);
        part("mean", distribution.mean);
        out.push(format!("  {}: {}", titled(&distribution.name, &distribution.group), parts.join(", ")));
    }
    for total in &recording.totals {
        let of = total.of.map_or_else(String::new, |of| format!(" of {}", figure(of, &total.unit)));
        let rate =
            total.per_second.map_or_else(String::new, |rate| format!(", {} per second", figure(rate, &total.unit)));
        out.push(format!("  {}: {}{of}{rate}", titled(&total.name, &total.group), figure(total.amount, &total.unit)));
    }
    for table in &recording.tables {
        out.push(format!("  {}: {}", table.title, table.columns.join(" · ")));
        out.extend(table.rows.iter().map(|row| format!("    {}", row.join(" · "))));
    }
    if let Some(found) = delays_line(recording, threshold_ns, delays) {
        let (shortest, total) = (units::nanos(found.threshold_ns), units::nanos(found.total_ns));
        out.push(format!("  the loop was late by {shortest} or more {} times, {total} in all", found.count));
        for delay in &found.worst {
            let (start, length) =
                (units::nanos(delay.start_ns).to_string(), units::nanos(delay.duration_ns).to_string());
            out.push(format!("    {start:>10} {length:>10}  {}", delay.series));
        }
    }
    if let Some((guessed, _)) = doctor::judge(recording) {
        out.push(format!("  by the rules of clinic doctor: {}", guessed.category.word()));
        let fired = guessed.checks.iter().filter(|check| check.verdict == doctor::Verdict::Performance);
        out.extend(fired.map(|check| format!("    {}: {}", check.measure, check.rule)));
    }
    out
}

fn titled(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name} ({group})") }
}

/// A number for people: up to three decimals where it is small.
fn figure(value: f64, unit: &Unit) -> Figure {
    let decimals: u8 =
        if matches!(unit, Unit::Nanos | Unit::Bytes) || value.fract() == 0.0 || value.abs() > 1e12 { 0 } else { 3 };
    units::figure((value * 10f64.powi(i32::from(decimals))).round() as i64, decimals, unit)
}
