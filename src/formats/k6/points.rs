//! `--out json`: definitions of metrics, and points with their time, value and tags.
//!
//! Values of trends are kept by metric and set of tags, eight bytes each; everything else is added up
//! as it comes.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::exact::{Ranks, Sorted};
use super::metric::{Checks, Contains, Kind, Thresholds, name_and_group, percent, role};
use super::seconds::{Latencies, Seconds, amounts, levels, second};
use crate::error::Result;
use crate::formats::common::json::float;
use crate::formats::common::ndjson::each_line;
use crate::formats::common::when;
use crate::formats::{Context, Fit, Head};
use crate::input::Window;
use crate::input::json::{Json, Kind as Json_, glimpse};
use crate::model::SortFew as _;
use crate::model::{Builder, Column, Distribution, Role, Series, SeriesKind, StringId, Strings, Total};
use crate::units::Unit;

/// The answer of the format: by the keys of the first line.
pub(super) fn detect(head: &Head<'_>) -> Fit {
    let Some(first) = glimpse(head.bytes).filter(|top| top.kind == Json_::Object) else { return Fit::No };
    let data = first.get("data").filter(|data| data.kind == Json_::Object);
    let is_line = first.has("metric") && first.has("type");
    let is_data = data.is_some_and(|data| data.has("time") || data.has("type") || data.has("contains"));
    if is_line && is_data {
        Fit::Yes("lines with \"metric\", \"type\", \"data\": measurements of k6".into())
    } else {
        Fit::No
    }
}

pub(super) fn decode(window: &mut Window, builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    let mut points = Points::default();
    let lines = each_line(window, |json| points.line(json))?;
    if points.first.is_none() {
        return Err(lines.nothing("it defines metrics, but holds no measurement"));
    }
    lines.note(builder);
    points.finish(builder);
    Ok(())
}

/// Tags by which distributions are told apart, in the order in which they are shown.
const TAGS: [&str; 6] = ["name", "method", "status", "group", "scenario", "check"];
const CHECK: usize = 5;
/// Sets of values that are shown of each tag, those with the most first.
const GROUPS_MAX: usize = 50;
/// Percentiles that are worked out.
const PERCENTILES: [f64; 8] = [10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9];

type Tags = [StringId; TAGS.len()];

/// What a line tells besides its metric.
#[derive(Debug, Default)]
struct Data {
    kind: Option<Kind>,
    contains: Option<Contains>,
    thresholds: Vec<String>,
    at_ns: Option<i64>,
    value: Option<f64>,
    tags: Tags,
}

#[derive(Debug)]
struct Metric {
    name: StringId,
    kind: Kind,
    contains: Contains,
    thresholds: Vec<String>,
    /// Whether its values are told apart by tags.
    has_groups: bool,
    /// The set of tags that was met last, which mostly comes again.
    before: Option<(Tags, u32)>,
    seconds: Seconds,
    /// Kept for how long things took.
    latencies: Option<Latencies>,
}

/// Points of one metric with equal tags.
#[derive(Debug, Default)]
struct Class {
    metric: u32,
    tags: Tags,
    count: u64,
    sum: f64,
    /// How many were not zero.
    hits: u64,
    last: f64,
    /// Of trends only.
    values: Column<f64>,
}

#[derive(Debug)]
struct Points {
    texts: Strings,
    metrics: Vec<Metric>,
    by_name: HashMap<StringId, u32, FixedState>,
    classes: Vec<Class>,
    by_tags: HashMap<(u32, Tags), u32, FixedState>,
    first: Option<i64>,
    last: i64,
}

impl Default for Points {
    fn default() -> Self {
        Self {
            texts: Strings::new(),
            metrics: Vec::new(),
            by_name: HashMap::default(),
            classes: Vec::new(),
            by_tags: HashMap::default(),
            first: None,
            last: i64::MIN,
        }
    }
}

impl Points {
    /// Never inlined: browsers translate a loop anew when its function is called again.
    #[inline(never)]
    fn line(&mut self, json: &mut Json<'_>) -> Result<()> {
        let (mut metric, mut is_point, mut is_definition) = (StringId::EMPTY, false, false);
        let mut data = Data::default();
        json.begin_object()?;
        let of = |key: &[u8]| [b"metric".as_slice(), b"type", b"data"].iter().position(|known| *known == key);
        while let Some(key) = json.next_key_as(of)? {
            match (key, json.kind()?) {
                (Some(0), Json_::Text) => metric = self.text(json)?,
                (Some(1), Json_::Text) => {
                    let word = json.text()?;
                    (is_point, is_definition) = (word == "Point", word == "Metric");
                }
                (Some(2), Json_::Object) => self.data(json, &mut data)?,
                _ => json.skip_value()?,
            }
        }
        json.end()?;
        match (is_point, data.at_ns, data.value) {
            (true, Some(at), Some(value)) => self.point(metric, at, value, data.tags),
            (true, ..) => return Err(json.misplaced("a point without a time or a value")),
            _ if is_definition && metric != StringId::EMPTY => self.define(metric, data),
            _ => return Err(json.misplaced("neither a point nor a definition of a metric")),
        }
        Ok(())
    }

    fn text(&mut self, json: &mut Json<'_>) -> Result<StringId> {
        if let Some(plain) = json.plain_text() {
            return Ok(self.texts.intern_bytes(plain));
        }
        Ok(self.texts.intern(json.text()?))
    }

    fn data(&mut self, json: &mut Json<'_>, data: &mut Data) -> Result<()> {
        json.begin_object()?;
        let keys = [b"time".as_slice(), b"value", b"tags", b"type", b"contains", b"thresholds"];
        while let Some(key) = json.next_key_as(|key| keys.iter().position(|known| *known == key))? {
            match (key, json.kind()?) {
                (Some(0), Json_::Text) => {
                    data.at_ns = match json.plain_text() {
                        Some(plain) => when::unix_ns(plain),
                        None => when::unix_ns(json.text()?.as_bytes()),
                    };
                }
                (Some(1), _) => data.value = float(json)?,
                (Some(2), Json_::Object) => self.tags(json, &mut data.tags)?,
                (Some(3), Json_::Text) => data.kind = Kind::of(json.text()?),
                (Some(4), Json_::Text) => data.contains = Some(Contains::of(json.text()?)),
                (Some(5), Json_::Array) => {
                    json.begin_array()?;
                    while json.next_element()? {
                        if json.kind()? == Json_::Text {
                            data.thresholds.push(json.text()?.to_owned());
                        } else {
                            json.skip_value()?;
                        }
                    }
                }
                _ => json.skip_value()?,
            }
        }
        Ok(())
    }

    fn tags(&mut self, json: &mut Json<'_>, tags: &mut Tags) -> Result<()> {
        // Tests name requests to many addresses alike; without a name, the address is one.
        const URL: usize = TAGS.len();
        let mut url = StringId::EMPTY;
        json.begin_object()?;
        let of = |key: &[u8]| match key {
            b"url" => Some(URL),
            key => TAGS.iter().position(|tag| tag.as_bytes() == key),
        };
        while let Some(key) = json.next_key_as(of)? {
            match (key, json.kind()?) {
                (Some(URL), Json_::Text) => url = self.text(json)?,
                (Some(tag), Json_::Text) => tags[tag] = self.text(json)?,
                _ => json.skip_value()?,
            }
        }
        if tags[0] == StringId::EMPTY {
            tags[0] = url;
        }
        Ok(())
    }

    fn define(&mut self, name: StringId, data: Data) {
        let row = self.metric(name);
        let metric = &mut self.metrics[row as usize];
        // A definition behind points of the metric cannot change what was made of them.
        if metric.before.is_none() {
            metric.kind = data.kind.unwrap_or(metric.kind);
            metric.contains = data.contains.unwrap_or(metric.contains);
        }
        metric.thresholds.extend(data.thresholds);
    }

    fn metric(&mut self, name: StringId) -> u32 {
        if let Some(&row) = self.by_name.get(&name) {
            return row;
        }
        let text = self.texts.get(name);
        let is_length = text.ends_with("_duration");
        let metric = Metric {
            name,
            kind: Kind::guess(text),
            contains: Contains::guess(text),
            thresholds: Vec::new(),
            // The phases of a request are told as they are in all.
            has_groups: is_length || !text.starts_with("http_req_") || text == "http_req_failed",
            before: None,
            seconds: Seconds::default(),
            latencies: is_length.then(Latencies::default),
        };
        let row = u32::try_from(self.metrics.len()).expect("4 billion metrics do not fit into memory");
        self.metrics.push(metric);
        self.by_name.insert(name, row);
        row
    }

    fn point(&mut self, name: StringId, at_ns: i64, value: f64, tags: Tags) {
        self.first = Some(self.first.map_or(at_ns, |first| first.min(at_ns)));
        self.last = self.last.max(at_ns);
        let row = self.metric(name);
        let metric = &mut self.metrics[row as usize];
        let tags = if metric.has_groups { tags } else { Tags::default() };
        let class = match metric.before {
            Some((before, class)) if before == tags => class,
            _ => *self.by_tags.entry((row, tags)).or_insert_with(|| {
                self.classes.push(Class { metric: row, tags, ..Class::default() });
                u32::try_from(self.classes.len() - 1).expect("4 billion sets of tags do not fit into memory")
            }),
        };
        metric.before = Some((tags, class));
        let second = second(at_ns);
        let class = &mut self.classes[class as usize];
        class.count += 1;
        class.sum += value;
        class.hits += u64::from(value != 0.0);
        class.last = value;
        if metric.kind == Kind::Trend {
            class.values.push(value);
            if let Some(latencies) = &mut metric.latencies {
                latencies.add(second, value);
            }
        } else {
            metric.seconds.add(second, value);
        }
    }

    fn finish(self, builder: &mut Builder) {
        let start = self.first.unwrap_or(0);
        builder.clock.unix_ns = Some(start);
        let seconds = (self.last.saturating_sub(start)) as f64 / 1e9;
        let mut of_metric: Vec<Vec<Class>> = self.metrics.iter().map(|_| Vec::new()).collect();
        for class in self.classes {
            of_metric[class.metric as usize].push(class);
        }
        let (mut thresholds, mut checks, mut hidden) = (Thresholds::default(), Checks::default(), 0);
        let mut late = 0;
        for (metric, classes) in self.metrics.into_iter().zip(of_metric) {
            let name = self.texts.get(metric.name).to_owned();
            let end = End { name: &name, classes, texts: &self.texts, start, seconds };
            let conditions = metric.thresholds.clone();
            late += metric.latencies.as_ref().map_or(0, |latencies| latencies.late);
            let answers = end.add(metric, &mut checks, &mut hidden, builder);
            for condition in conditions {
                // Conditions on some tags are metrics of their own, without points of their own.
                let is_whole = name_and_group(&name).1.is_empty();
                let held = answers.as_ref().filter(|_| is_whole).and_then(|answers| answers.holds(&condition));
                thresholds.add(&name, &condition, held);
            }
        }
        builder.note(
            "about-groups",
            hidden,
            format!("Of tags with more than {GROUPS_MAX} values, those with the most measurements are listed."),
        );
        builder.note(
            "late-points",
            late,
            "Some measurements were written more than ten seconds late; they are missing in latencies over time.",
        );
        thresholds.finish(builder);
        checks.finish(builder);
    }
}

/// A metric at the end of the file.
struct End<'a> {
    name: &'a str,
    classes: Vec<Class>,
    texts: &'a Strings,
    start: i64,
    /// From the first to the last point of the file.
    seconds: f64,
}

/// What conditions may ask of a metric.
struct Answers<'a> {
    ranks: Ranks<'a>,
    /// Of what is no trend.
    amount: f64,
    of: f64,
    seconds: f64,
}

impl End<'_> {
    /// Adds what the metric tells, and answers conditions on it.
    fn add(self, metric: Metric, checks: &mut Checks, hidden: &mut u64, builder: &mut Builder) -> Option<Held> {
        if self.classes.is_empty() {
            return None;
        }
        match metric.kind {
            Kind::Trend => Some(self.trend(metric, hidden, builder)),
            Kind::Counter => Some(self.counter(metric, hidden, builder)),
            Kind::Rate => Some(self.rate(metric, checks, builder)),
            Kind::Gauge => Some(self.gauge(metric, builder)),
        }
    }

    fn trend(mut self, metric: Metric, hidden: &mut u64, builder: &mut Builder) -> Held {
        let (unit, factor) = (metric.contains.unit(), metric.contains.factor());
        let sets: Vec<Sorted> =
            self.classes.iter_mut().map(|class| Sorted::of(std::mem::take(&mut class.values))).collect();
        let all = Ranks::of(sets.iter());
        builder.distributions.push(distribution(self.name, "", role(self.name), &unit, factor, &all));
        for (group, rows) in self.groups(hidden) {
            let some = Ranks::of(rows.iter().map(|&row| &sets[row]));
            builder.distributions.push(distribution(self.name, &group, Role::Other, &unit, factor, &some));
        }
        if let Some(latencies) = metric.latencies {
            let mut series = ["p50", "p95", "max"].map(|which| {
                let role = if which == "p95" { role(self.name) } else { Role::Other };
                let series = Series::new(format!("{} {which}", self.name), self.name, unit.clone(), SeriesKind::Gauge);
                series.with_role(role)
            });
            latencies.finish(self.start, factor, &mut series);
            builder.series.extend(series.into_iter().filter(|s| !s.is_empty()));
        }
        let answers = Answers { ranks: all, amount: 0.0, of: 0.0, seconds: self.seconds };
        Held::of(&metric.thresholds, |condition| answers.trend(condition))
    }

    fn counter(self, metric: Metric, hidden: &mut u64, builder: &mut Builder) -> Held {
        let unit = metric.contains.unit();
        let amount: f64 = self.classes.iter().map(|class| class.sum).sum();
        let per_second = Some(amount / self.seconds).filter(|rate| rate.is_finite());
        let total = Total { per_second, ..Total::new(self.name, "", unit.clone(), amount) };
        builder.totals.push(total.with_role(role(self.name)));
        for (group, rows) in self.groups(hidden) {
            let amount = rows.iter().map(|&row| self.classes[row].sum).sum();
            builder.totals.push(Total::new(self.name, group, unit.clone(), amount));
        }
        let (what, role) = match self.name {
            "http_reqs" => ("requests", Role::Rate),
            _ => ("", Role::Other),
        };
        let rate = match unit {
            Unit::Bytes => "bytes/s".to_owned(),
            _ if what.is_empty() => "/s".to_owned(),
            _ => format!("{what}/s"),
        };
        let mut series =
            Series::new(format!("{} per second", self.name), "", Unit::Other(rate), SeriesKind::Amount).with_role(role);
        amounts(&metric.seconds.finish(), self.start, &mut series, |bucket| bucket.sum);
        builder.series.push(series);
        let answers = Answers { ranks: Ranks::default(), amount, of: 0.0, seconds: self.seconds };
        Held::of(&metric.thresholds, |condition| answers.counter(condition))
    }

    fn rate(self, metric: Metric, checks: &mut Checks, builder: &mut Builder) -> Held {
        let hits: u64 = self.classes.iter().map(|class| class.hits).sum();
        let count: u64 = self.classes.iter().map(|class| class.count).sum();
        let total = Total::new(self.name, "", Unit::Count, hits as f64);
        builder.totals.push(Total { of: Some(count as f64), ..total }.with_role(role(self.name)));
        if self.name == "checks" {
            // In the order of the file, once for each check of each group.
            let mut by_check: Vec<((StringId, StringId), [u64; 2])> = Vec::new();
            let mut rows: BTreeMap<(StringId, StringId), usize> = BTreeMap::new();
            for class in &self.classes {
                let key = (class.tags[CHECK], class.tags[3]);
                let row = *rows.entry(key).or_insert_with(|| {
                    by_check.push((key, [0; 2]));
                    by_check.len() - 1
                });
                by_check[row].1[0] += class.hits;
                by_check[row].1[1] += class.count - class.hits;
            }
            for ((check, group), [passes, fails]) in by_check {
                let (check, group) = (self.texts.get(check), self.texts.get(group));
                checks.add(check, group, passes as f64, fails as f64, builder);
            }
        }
        let buckets = metric.seconds.finish();
        let mut share = Series::new(self.name, "", Unit::Other("share".into()), SeriesKind::Gauge);
        levels(&buckets, self.start, &mut share, |bucket| bucket.hits as f64 / bucket.count as f64);
        if self.name == "http_req_failed" {
            let unit = Unit::Other("requests/s".into());
            let mut failed =
                Series::new("Failed requests per second", "", unit, SeriesKind::Amount).with_role(Role::Errors);
            amounts(&buckets, self.start, &mut failed, |bucket| bucket.hits as f64);
            builder.series.push(failed);
        }
        builder.series.push(share);
        let answers = Answers { ranks: Ranks::default(), amount: hits as f64, of: count as f64, seconds: self.seconds };
        Held::of(&metric.thresholds, |condition| answers.rate(condition))
    }

    fn gauge(self, metric: Metric, builder: &mut Builder) -> Held {
        let (unit, factor) = (metric.contains.unit(), metric.contains.factor());
        let last = self.classes.iter().map(|class| class.last).next_back().unwrap_or(0.0);
        builder.totals.push(Total::new(self.name, "", unit.clone(), last * factor));
        let mut series = Series::new(self.name, "", unit, SeriesKind::Gauge);
        levels(&metric.seconds.finish(), self.start, &mut series, |bucket| bucket.last * factor);
        builder.series.push(series);
        let answers = Answers { ranks: Ranks::default(), amount: last, of: 0.0, seconds: self.seconds };
        Held::of(&metric.thresholds, |condition| answers.gauge(condition))
    }

    /// The classes with each value of each tag, where a tag has several: `status: 200`.
    fn groups(&self, hidden: &mut u64) -> Vec<(String, Vec<usize>)> {
        let mut groups = Vec::new();
        for (tag, title) in TAGS.iter().enumerate() {
            let mut by_value: BTreeMap<StringId, Vec<usize>> = BTreeMap::new();
            for (row, class) in self.classes.iter().enumerate() {
                by_value.entry(class.tags[tag]).or_default().push(row);
            }
            if by_value.len() < 2 {
                continue;
            }
            let count = |rows: &Vec<usize>| rows.iter().map(|&row| self.classes[row].count).sum::<u64>();
            let mut values: Vec<(StringId, Vec<usize>)> = by_value.into_iter().collect();
            values.sort_few_by_key(|(value, rows)| (std::cmp::Reverse(count(rows)), *value));
            *hidden += values.len().saturating_sub(GROUPS_MAX) as u64;
            values.truncate(GROUPS_MAX);
            let named = |value: StringId| match self.texts.get(value) {
                "" => format!("{title}: –"),
                text => format!("{title}: {text}"),
            };
            groups.extend(values.into_iter().map(|(value, rows)| (named(value), rows)));
        }
        groups
    }
}

fn distribution(name: &str, group: &str, role: Role, unit: &Unit, factor: f64, ranks: &Ranks<'_>) -> Distribution {
    let scaled = |value: Option<f64>| value.map(|value| value * factor);
    Distribution {
        name: name.into(),
        role,
        group: group.into(),
        unit: Some(unit.clone()),
        count: Some(ranks.count),
        min: scaled(ranks.percentile(0.0)),
        max: scaled(ranks.percentile(100.0)),
        mean: Some(ranks.mean() * factor).filter(|mean| mean.is_finite()),
        deviation: None,
        percentiles: PERCENTILES.iter().filter_map(|&p| Some((p, scaled(ranks.percentile(p))?))).collect(),
        is_exact: true,
    }
}

/// Whether each condition of a metric held, in their order.
struct Held(Vec<(String, Option<bool>)>);

impl Held {
    fn of(conditions: &[String], held: impl Fn(&str) -> Option<bool>) -> Self {
        Self(conditions.iter().map(|condition| (condition.clone(), held(condition))).collect())
    }

    fn holds(&self, condition: &str) -> Option<bool> {
        self.0.iter().find(|(known, _)| known == condition)?.1
    }
}

impl Answers<'_> {
    fn trend(&self, condition: &str) -> Option<bool> {
        holds(condition, |what| match what {
            "avg" => Some(self.ranks.mean()),
            "min" => self.ranks.percentile(0.0),
            "max" => self.ranks.percentile(100.0),
            "count" => Some(self.ranks.count as f64),
            what => self.ranks.percentile(percent(what)?),
        })
    }

    fn counter(&self, condition: &str) -> Option<bool> {
        holds(condition, |what| match what {
            "count" => Some(self.amount),
            "rate" => Some(self.amount / self.seconds),
            _ => None,
        })
    }

    fn rate(&self, condition: &str) -> Option<bool> {
        holds(condition, |what| (what == "rate").then_some(self.amount / self.of))
    }

    fn gauge(&self, condition: &str) -> Option<bool> {
        holds(condition, |what| (what == "value").then_some(self.amount))
    }
}

/// Whether a condition such as `p(95)<500` or `rate <= 0.01` holds; `None` for what is no condition.
fn holds(condition: &str, value: impl Fn(&str) -> Option<f64>) -> Option<bool> {
    let at = condition.find(['<', '>', '=', '!'])?;
    let (what, rest) = condition.split_at(at);
    let sign = rest.len() - rest.trim_start_matches(['<', '>', '=', '!']).len();
    let (sign, limit) = rest.split_at(sign);
    let (value, limit) = (value(what.trim())?, limit.trim().parse::<f64>().ok()?);
    Some(match sign {
        "<" => value < limit,
        "<=" => value <= limit,
        ">" => value > limit,
        ">=" => value >= limit,
        "==" | "===" => value == limit,
        "!=" | "!==" => value != limit,
        _ => return None,
    })
}
