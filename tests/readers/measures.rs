//! Reads what holds series, distributions and facts, straight from the descriptions of the formats:
//! whole files in memory, one value at a time, percentiles from one sorted list.

use std::collections::BTreeMap;

use serde_json::Value;

/// Identifier, the identifiers that an index gives its files, and whether content is of it.
pub(crate) type Format = (&'static str, &'static [&'static str], fn(&[u8]) -> bool);

/// Formats of this kind.
pub(crate) const FORMATS: [Format; 11] = [
    ("autocannon-json", &["autocannon-json"], |b| autocannon(b).is_some()),
    ("k6-json-output", &["k6-json-output"], |b| {
        lines(b).next().is_some_and(|l| l["metric"].is_string() && l["data"].is_object())
    }),
    ("k6-handle-summary", &["k6-handle-summary"], |b| summary(b).is_some_and(|s| has_values(&s))),
    ("k6-summary-export", &["k6-summary-export"], |b| {
        summary(b).is_some_and(|s| !has_values(&s) && s["root_group"].is_object())
    }),
    ("k6-end-of-test-text", &["k6-end-of-test-text"], |b| {
        String::from_utf8_lossy(b).lines().any(|l| l.contains("...: "))
    }),
    ("perf-hooks-ndjson", &["perf-hooks-ndjson"], |b| {
        lines(b).next().is_some_and(|l| l["resolution_ms"].is_number() || l["percentiles"].is_object())
    }),
    ("clinic-doctor-processstat", &["clinic-doctor-processstat"], |b| !process(b).records.is_empty()),
    ("clinic-bubbleprof-stacktrace", &["clinic-bubbleprof-stacktrace"], |b| !stacks(b).is_empty()),
    (
        "clinic-systeminfo",
        &["clinic-doctor-systeminfo", "clinic-bubbleprof-systeminfo", "clinic-flame-systeminfo"],
        |b| {
            serde_json::from_slice::<Value>(b)
                .is_ok_and(|v| v["clock"]["hrtime"].is_array() || v["mainDirectory"].is_string())
        },
    ),
    ("clinic-html", &["clinic-html"], |b| page(b).is_some()),
    ("node-report", &["node-report"], |b| {
        serde_json::from_slice::<Value>(b).is_ok_and(|v| v["header"]["dumpEventTime"].is_string())
    }),
];

/// The lines of a file that are JSON.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = Value> + '_ {
    bytes.split(|&b| b == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}

/// The results of autocannon in a file.
pub(crate) fn autocannon(bytes: &[u8]) -> Option<Vec<Value>> {
    let all: Vec<Value> = serde_json::Deserializer::from_slice(bytes).into_iter().collect::<Result<_, _>>().ok()?;
    (!all.is_empty() && all.iter().all(|r| r["latency"]["p97_5"].is_number())).then_some(all)
}

fn summary(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice::<Value>(bytes).ok().filter(|v| v["metrics"].is_object())
}

fn has_values(summary: &Value) -> bool {
    summary["metrics"].as_object().into_iter().flatten().any(|(_, metric)| metric["values"].is_object())
}

/// A point of k6.
pub(crate) struct Point {
    pub(crate) metric: String,
    pub(crate) at_ns: i128,
    pub(crate) value: f64,
    pub(crate) tags: BTreeMap<String, String>,
}

/// The points of a file, in its order.
pub(crate) fn points(bytes: &[u8]) -> Vec<Point> {
    let of = |line: Value| {
        let data = &line["data"];
        let tags = data["tags"].as_object().into_iter().flatten();
        let mut tags: BTreeMap<String, String> =
            tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
        if let (None, Some(url)) = (tags.get("name"), tags.get("url").cloned()) {
            tags.insert("name".into(), url);
        }
        let metric = line["metric"].as_str()?.to_owned();
        let at_ns = unix_ns(data["time"].as_str()?);
        (line["type"] == "Point").then_some(Point { metric, at_ns, value: data["value"].as_f64()?, tags })
    };
    lines(bytes).filter_map(of).collect()
}

/// The slow way: a day after the other.
fn unix_ns(text: &str) -> i128 {
    let number = |from: usize, to: usize| text[from..to].parse::<i128>().expect("digits of a moment");
    let is_leap = |year: i128| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let mut days = day - 1;
    days += (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum::<i128>();
    let lengths = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days += lengths[..month as usize - 1].iter().sum::<i128>();
    let rest = &text[19..];
    let zone = rest.find(['Z', '+', '-']).expect("a moment has a zone");
    let fraction = format!("{:0<9}", rest[..zone].trim_start_matches('.'));
    let ahead = match &rest[zone..] {
        "Z" => 0,
        zone => {
            let minutes =
                zone[1..3].parse::<i128>().expect("hours") * 60 + zone[4..6].parse::<i128>().expect("minutes");
            if zone.starts_with('-') { -minutes } else { minutes }
        }
    };
    let seconds = days * 86_400 + number(11, 13) * 3600 + number(14, 16) * 60 + number(17, 19) - ahead * 60;
    seconds * 1_000_000_000 + fraction[..9].parse::<i128>().expect("digits of a fraction")
}

/// k6's percentile of values.
pub(crate) fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).expect("no value is no number"));
    let rank = percent / 100.0 * (sorted.len() as f64 - 1.0);
    let (below, above) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
    below + (above - below) * (rank - rank.floor())
}

/// A measurement of doctor.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) timestamp: f64,
    pub(crate) delay: f64,
    pub(crate) cpu: f64,
    pub(crate) handles: u64,
    pub(crate) utilisation: Option<u64>,
    pub(crate) memory: [f64; 5],
}

pub(crate) struct Process {
    pub(crate) records: Vec<Record>,
    pub(crate) skipped: u64,
}

/// Frames of doctor; a byte that begins none is passed.
pub(crate) fn process(bytes: &[u8]) -> Process {
    let (mut records, mut skipped, mut at) = (Vec::new(), 0, 0);
    while at + 2 <= bytes.len() {
        let length = usize::from(bytes[at]) << 8 | usize::from(bytes[at + 1]);
        let body = bytes.get(at + 2..at + 2 + length);
        match body.and_then(record) {
            Some(record) => {
                records.push(record);
                at += 2 + length;
            }
            None => {
                at += 1;
                skipped += 1;
            }
        }
    }
    Process { records, skipped: skipped + (bytes.len() - at) as u64 }
}

fn record(body: &[u8]) -> Option<Record> {
    let fields = message(body)?;
    let memory = message(fields.get(&4)?.bytes()?)?;
    let of_memory = |n: u64| memory.get(&n).and_then(Field::double).unwrap_or(0.0);
    let record = Record {
        timestamp: fields.get(&1)?.double()?,
        delay: fields.get(&2)?.double()?,
        cpu: fields.get(&3)?.double()?,
        handles: fields.get(&5).and_then(Field::number).unwrap_or(0),
        utilisation: fields.get(&6).and_then(Field::number),
        memory: [1, 2, 3, 4, 5].map(of_memory),
    };
    (record.timestamp > 1e12 && record.timestamp < 1e13 && record.delay >= 0.0).then_some(record)
}

/// A stack of bubbleprof: its number and its frames, innermost first: name, file, line.
pub(crate) type Stack = (f64, Vec<(String, String, u64)>);

/// The whole stacks of a file; empty when its beginning is none.
pub(crate) fn stacks(bytes: &[u8]) -> Vec<Stack> {
    let mut stacks = Vec::new();
    let mut at = 0;
    while at + 4 <= bytes.len() {
        let length = bytes[at..at + 4].iter().fold(0usize, |sum, &b| sum << 8 | usize::from(b));
        let read = (0..11).find_map(|more| {
            let end = at + 4 + length + (more << 16);
            Some((end, stack(bytes.get(at + 4..end)?)?))
        });
        let Some((end, stack)) = read else { break };
        stacks.push(stack);
        at = end;
    }
    stacks
}

fn stack(body: &[u8]) -> Option<Stack> {
    let mut id = None;
    let mut frames = Vec::new();
    for (number, field) in fields(body)? {
        match number {
            1 => id = field.double(),
            2 => {
                let frame = message(field.bytes()?)?;
                let text = |n: u64| {
                    frame
                        .get(&n)
                        .and_then(Field::bytes)
                        .map_or_else(String::new, |b| String::from_utf8_lossy(b).into_owned())
                };
                frames.push((text(1), text(8), frame.get(&9).and_then(Field::number).unwrap_or(0)));
            }
            _ => {}
        }
    }
    Some((id?, frames))
}

enum Field<'a> {
    Number(u64),
    Double(f64),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn number(&self) -> Option<u64> {
        if let Self::Number(n) = self { Some(*n) } else { None }
    }

    fn double(&self) -> Option<f64> {
        if let Self::Double(n) = self { Some(*n) } else { None }
    }

    fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(b) = self { Some(b) } else { None }
    }
}

fn message(bytes: &[u8]) -> Option<BTreeMap<u64, Field<'_>>> {
    Some(fields(bytes)?.into_iter().collect())
}

fn fields(bytes: &[u8]) -> Option<Vec<(u64, Field<'_>)>> {
    let mut out = Vec::new();
    let mut at = 0;
    let varint = |at: &mut usize| {
        let mut value = 0u64;
        for shift in 0..10 {
            let byte = *bytes.get(*at)?;
            *at += 1;
            value |= u64::from(byte & 127).checked_shl(7 * shift)?;
            if byte < 128 {
                return Some(value);
            }
        }
        None
    };
    while at < bytes.len() {
        let tag = varint(&mut at)?;
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut at)?),
            1 => {
                let eight = bytes.get(at..at + 8)?;
                at += 8;
                Field::Double(f64::from_le_bytes(eight.try_into().ok()?))
            }
            2 => {
                let length = usize::try_from(varint(&mut at)?).ok()?;
                let body = bytes.get(at..at.checked_add(length)?)?;
                at += length;
                Field::Bytes(body)
            }
            _ => return None,
        };
        if tag >> 3 == 0 {
            return None;
        }
        out.push((tag >> 3, field));
    }
    Some(out)
}

/// The data of a page of clinic.
pub(crate) fn page(bytes: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(bytes);
    let after = text.split("id=\"clinic-data\"").nth(1)?;
    let data = after.split_once('>')?.1;
    serde_json::Deserializer::from_str(data).into_iter().next()?.ok()
}
