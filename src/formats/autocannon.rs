//! autocannon: what `autocannon --json` prints of a load test, one line of JSON for each test.
//!
//! Latencies in whole milliseconds from a histogram (0 is below one millisecond), requests and bytes
//! of each second; no moments. Keys of percentiles write the point as `_`: `p97_5`.
//! Definition: <https://github.com/mcollina/autocannon#readme>. Left out: `average` (the mean once
//! more), `1xx` to `5xx` (the codes one by one say more), `sampleInt`.

use std::collections::BTreeMap;

use super::common::json::{float, note_replaced, scaled, words};
use super::common::when;
use super::{Access, Context, Fit, Format, Head, Recipe, in_full};
use crate::error::{Error, Result};
use crate::input::Window;
use crate::input::json::{Json, Kind, glimpse};
use crate::model::SortFew as _;
use crate::model::{Builder, Distribution, Role, SpanId, StringId, Table, Total, Track, TrackKind};
use crate::units::{Unit, nanos};

/// Results of load tests.
pub const FORMAT: Format = Format {
    id: "autocannon-json",
    title: "autocannon result",
    tools: &["autocannon"],
    extensions: &["json"],
    recipes: &[Recipe {
        symptom: "",
        tool: "autocannon",
        group: "Load tests",
        command: "npx autocannon --json -c 10 -d 10 http://localhost:3000 > load.json",
        note: "Latencies, requests per second and errors as others feel them; record a CPU profile meanwhile.",
    }],
    access: Access::Forward,
    detect,
    decode: in_full(decode),
};

fn detect(head: &Head<'_>) -> Fit {
    let Some(top) = glimpse(head.bytes) else { return Fit::No };
    let has = |key: &str, inner: &str| top.get(key).is_some_and(|value| value.has(inner));
    if has("latency", "p97_5") && (has("requests", "sent") || has("requests", "p97_5")) {
        return Fit::Yes("starts with \"latency\", \"p97_5\": result of autocannon".into());
    }
    Fit::No
}

fn decode(window: &mut Window, builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    let mut json = Json::new(window);
    let mut results = Vec::new();
    loop {
        let mut result = LoadTest::default();
        let read = result.read(&mut json);
        match read {
            Err(_) if json.is_cut() && !results.is_empty() => {
                builder.note("cut", 1, "The file ends early; the results before its end were kept.");
                break;
            }
            read => read?,
        }
        results.push(result);
        if !json.has_more()? {
            break;
        }
    }
    note_replaced(&json, builder);
    // Tests of one address are told apart by their number.
    let began = results.iter().filter_map(|result| result.start).min();
    builder.clock.unix_ns = began;
    let track = began.map(|began| (began, track(builder)));
    results.sort_few_by_key(|result| result.start);
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for result in results {
        let number = met.entry(result.name().to_owned()).and_modify(|n| *n += 1).or_insert(1);
        let group = if *number == 1 { result.name().to_owned() } else { format!("{} ({number})", result.name()) };
        result.finish(group, track, builder)?;
    }
    Ok(())
}

/// One result.
#[derive(Debug, Default)]
struct LoadTest {
    title: String,
    url: String,
    facts: Vec<(&'static str, String)>,
    start: Option<i64>,
    length: Option<i64>,
    latency: Option<Numbers>,
    requests: Option<Numbers>,
    throughput: Option<Numbers>,
    counts: [Option<f64>; COUNTS.len()],
    statuses: Vec<(String, f64)>,
}

/// What is counted besides: key and name.
const COUNTS: [(&str, &str); 5] = [
    ("errors", "Connection errors, time-outs among them"),
    ("timeouts", "Time-outs"),
    ("mismatches", "Unexpected answers"),
    ("non2xx", "Answers other than 2xx"),
    ("resets", "Connections reset"),
];
/// Those of the above that a person calls failed requests; time-outs are among the first.
const FAILURES: [usize; 3] = [0, 2, 3];
/// Facts: key and name.
const FACTS: [(&str, &str); 5] = [
    ("connections", "Connections"),
    ("pipelining", "Pipelined requests"),
    ("workers", "Workers"),
    ("start", "Began"),
    ("finish", "Ended"),
];

impl LoadTest {
    fn read(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            self.member(&key, json)?;
        }
        Ok(())
    }

    fn member(&mut self, key: &str, json: &mut Json<'_>) -> Result<()> {
        if let Some(at) = COUNTS.iter().position(|count| count.0 == key) {
            self.counts[at] = float(json)?;
            return Ok(());
        }
        if let Some(fact) = FACTS.iter().find(|fact| fact.0 == key) {
            let text = words(json)?;
            if key == "start" {
                self.start = when::unix_ns(text.as_bytes());
            }
            self.facts.push((fact.1, text));
            return Ok(());
        }
        match key {
            "title" => self.title = words(json)?,
            "url" => self.url = words(json)?,
            "duration" => {
                self.length = scaled(json, 9)?.filter(|&ns| ns >= 0);
                self.facts.push(("Duration", self.length.map_or_else(String::new, |ns| nanos(ns).to_string())));
            }
            "latency" => self.latency = Numbers::read(json)?,
            "requests" => self.requests = Numbers::read(json)?,
            "throughput" => self.throughput = Numbers::read(json)?,
            "statusCodeStats" => self.statuses(json)?,
            _ => json.skip_value()?,
        }
        Ok(())
    }

    /// `{"200": {"count": 944}}`
    fn statuses(&mut self, json: &mut Json<'_>) -> Result<()> {
        if json.kind()? != Kind::Object {
            return json.skip_value();
        }
        json.begin_object()?;
        while let Some(code) = json.next_key()?.map(str::to_owned) {
            if json.kind()? != Kind::Object {
                json.skip_value()?;
                continue;
            }
            json.begin_object()?;
            while let Some(is_count) = json.next_key()?.map(|key| key == "count") {
                let count = float(json)?.filter(|_| is_count);
                self.statuses.extend(count.map(|count| (code.clone(), count)));
            }
        }
        Ok(())
    }

    fn name(&self) -> &str {
        if self.title.is_empty() { &self.url } else { &self.title }
    }

    fn finish(self, group: String, track: Option<(i64, u32)>, builder: &mut Builder) -> Result<()> {
        let (Some(latency), Some(requests)) = (self.latency, self.requests) else {
            return Err(Error::whole("a result has no latencies or no requests", "Run the test again."));
        };
        if let (Some(start), Some((began, track)), Some(length)) = (self.start, track, self.length) {
            on_track(track, &group, start.saturating_sub(began), length, builder);
        }
        let seconds = requests.total.zip(requests.mean).filter(|t| t.1 > 0.0).map(|(total, mean)| total / mean);
        let answered = requests.total.or(latency.count);
        let total = |name: &str, unit: Unit, amount: f64| Total::new(name, group.clone(), unit, amount);
        if let Some(amount) = answered {
            let per_second = requests.mean;
            let requests = Total { per_second, ..total("Requests", Unit::Count, amount) };
            builder.totals.push(requests.with_role(Role::Requests));
        }
        if let Some(sent) = requests.sent {
            builder.totals.push(total("Requests sent", Unit::Count, sent));
            let in_flight = answered.map(|answered| (sent - answered).max(0.0));
            builder.totals.extend(in_flight.map(|n| total("In flight at the end", Unit::Count, n)));
        }
        let failed: f64 = FAILURES.iter().filter_map(|&i| self.counts[i]).sum();
        if self.counts.iter().any(Option::is_some) {
            let of = answered.map(|answered| answered + self.counts[0].unwrap_or(0.0));
            let per_second = seconds.map(|seconds| failed / seconds);
            let failed = Total { of, per_second, ..total("Failed requests", Unit::Count, failed) };
            builder.totals.push(failed.with_role(Role::Errors));
        }
        let counted = COUNTS.iter().zip(self.counts).filter_map(|(count, amount)| Some((count.1, amount?)));
        builder.totals.extend(counted.map(|(name, amount)| total(name, Unit::Count, amount)));
        let statuses = self.statuses.iter();
        builder.totals.extend(statuses.map(|(code, n)| total(&format!("Status {code}"), Unit::Count, *n)));
        if let Some(bytes) = self.throughput.as_ref().and_then(|t| t.total) {
            builder.totals.push(total("Received", Unit::Bytes, bytes));
        }
        let mut facts = Table::of_facts(if group.is_empty() { "Load test".to_owned() } else { group.clone() });
        facts.fact("Address", self.url);
        self.facts.into_iter().for_each(|(name, value)| facts.fact(name, value));
        builder.tables.push(facts);
        builder.distributions.push(latency.distribution("Latency", Role::Latency, &group, Unit::Nanos, 1e6));
        let rate = Unit::Other("requests/s".into());
        builder.distributions.push(requests.distribution("Requests per second", Role::Rate, &group, rate, 1.0));
        if let Some(bytes) = self.throughput {
            let rate = Unit::Other("bytes/s".into());
            builder.distributions.push(bytes.distribution("Received per second", Role::Other, &group, rate, 1.0));
        }
        Ok(())
    }
}

/// A track for the stretches of the tests of a file, which are all that is known of their course.
fn track(builder: &mut Builder) -> u32 {
    let tracks = &mut builder.spans.tracks;
    let (pid, tid, kind) = (None, None, TrackKind::Async);
    tracks.push(Track { name: "Load test".into(), process: String::new(), pid, tid, kind, is_main: false });
    (tracks.len() - 1) as u32
}

fn on_track(track: u32, name: &str, at_ns: i64, length_ns: i64, builder: &mut Builder) {
    let name = builder.strings.intern(name);
    let spans = &mut builder.spans;
    spans.track.push(track);
    spans.at_ns.push(at_ns);
    spans.length_ns.push(length_ns);
    spans.parent.push(SpanId::NONE);
    spans.name.push(name);
    spans.category.push(StringId::EMPTY);
    spans.labels.push(0);
}

/// Figures of a histogram.
#[derive(Debug, Default)]
struct Numbers {
    count: Option<f64>,
    total: Option<f64>,
    sent: Option<f64>,
    mean: Option<f64>,
    deviation: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    percentiles: Vec<(f64, f64)>,
}

/// Percentiles that one histogram can have; more are not written by any version.
const PERCENTILES_MAX: usize = 64;

impl Numbers {
    fn read(json: &mut Json<'_>) -> Result<Option<Self>> {
        if json.kind()? != Kind::Object {
            json.skip_value()?;
            return Ok(None);
        }
        let mut numbers = Self::default();
        json.begin_object()?;
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            let value = float(json)?;
            match key.as_str() {
                "totalCount" => numbers.count = value,
                "total" => numbers.total = value,
                "sent" => numbers.sent = value,
                "mean" => numbers.mean = value,
                "stddev" => numbers.deviation = value,
                "min" => numbers.min = value,
                "max" => numbers.max = value,
                key => {
                    let place = value.zip(percent(key)).filter(|_| numbers.percentiles.len() < PERCENTILES_MAX);
                    numbers.percentiles.extend(place.map(|(value, percent)| (percent, value)));
                }
            }
        }
        numbers.percentiles.sort_few_by(|a, b| a.0.total_cmp(&b.0));
        Ok(Some(numbers))
    }

    fn distribution(&self, name: &str, role: Role, group: &str, unit: Unit, factor: f64) -> Distribution {
        let scaled = |value: Option<f64>| value.map(|value| value * factor);
        // Of rates, the file does not tell how many seconds were looked at.
        let count = self.count.filter(|n| *n >= 0.0).map(|n| n as u64);
        Distribution {
            name: name.into(),
            role,
            group: group.into(),
            unit: Some(unit),
            count,
            min: scaled(self.min),
            max: scaled(self.max),
            mean: scaled(self.mean),
            deviation: scaled(self.deviation),
            percentiles: self.percentiles.iter().map(|&(percent, value)| (percent, value * factor)).collect(),
            is_exact: false,
        }
    }
}

/// `p97_5` is 97.5.
fn percent(key: &str) -> Option<f64> {
    let digits = key.strip_prefix('p').filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))?;
    digits.replacen('_', ".", 1).parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Options;
    use crate::model::{Origin, Recording};

    const RESULT: &str = r#"{"url":"http://a/","connections":10,"duration":6.02,"start":"2026-11-22T08:02:12.105Z",
        "errors":2,"timeouts":1,"mismatches":0,"non2xx":3,"statusCodeStats":{"200":{"count":941},"500":{"count":3}},
        "latency":{"mean":62.72,"stddev":27.67,"min":25,"max":296,"p50":53,"p97_5":131,"p0_001":25,"totalCount":944},
        "requests":{"mean":157.34,"min":89,"max":189,"total":944,"p97_5":189,"sent":956},
        "throughput":{"mean":23446,"total":140656,"p50":25791}}"#;

    fn open(text: &str) -> Result<Recording> {
        let mut builder = Builder::new();
        let options = Options::default();
        let context = Context { name: "x", options: &options };
        decode(&mut Window::over(text.as_bytes()), &mut builder, &context)?;
        Ok(builder.finish(Origin::default()))
    }

    #[test]
    fn latencies_are_nanoseconds_and_failures_add_up() {
        let recording = open(RESULT).expect("it is whole");
        let [latency, rate, _] = &recording.distributions[..] else { panic!("three distributions") };
        assert_eq!((latency.count, latency.max), (Some(944), Some(296e6)));
        assert_eq!(latency.percentiles, [(0.001, 25e6), (50.0, 53e6), (97.5, 131e6)]);
        assert_eq!((rate.mean, rate.unit.as_ref().map(Unit::word)), (Some(157.34), Some("requests/s")));
        let total = |role: Role| recording.totals.iter().find(|t| t.role == role).expect("it is there");
        assert_eq!((total(Role::Errors).amount, total(Role::Errors).of), (5.0, Some(946.0)));
        let named = |name: &str| recording.totals.iter().find(|t| t.name == name).map(|t| t.amount);
        assert_eq!((named("In flight at the end"), named("Status 500")), (Some(12.0), Some(3.0)));
        assert_eq!(recording.clock.unix_ns, Some(1_795_334_532_105_000_000));
        assert_eq!((recording.spans.at_ns.get(0), recording.spans.length_ns.get(0)), (0, 6_020_000_000));
    }

    #[test]
    fn several_results_stand_side_by_side() {
        let recording = open(&format!("{RESULT}\n{RESULT}\n")).expect("both are whole");
        let groups: Vec<&str> = recording.tables.iter().map(|t| t.title.as_str()).collect();
        assert_eq!(groups, ["http://a/", "http://a/ (2)"]);
        let cut = format!("{RESULT}\n{}", &RESULT[..200]);
        assert_eq!(open(&cut).expect("one is whole").notes[0].code, "cut");
        assert!(open(&RESULT[..200]).is_err());
        assert!(open("{\"latency\":{\"p97_5\":1}}").is_err());
    }
}
