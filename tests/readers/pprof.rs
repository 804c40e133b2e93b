//! A small reader of pprof profiles: a walk over the protobuf fields with plain loops.
//!
//! Drop and keep patterns are applied as `go tool pprof` does: both must match the whole name, less
//! its argument list; of every location whose lines match, the outermost matching line and the lines
//! it calls go away; of every stack, what follows the first such location after a frame that stays.

use std::collections::{BTreeMap, BTreeSet};

use regex_lite::Regex;

use super::{Frame, Function, Reading, Record, unit};

/// A profile as the file has it, strings looked up.
pub(crate) struct Profile {
    /// Name and unit of every value.
    pub(crate) sample_types: Vec<(String, String)>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) locations: BTreeMap<u64, Location>,
    mappings: BTreeMap<u64, Mapping>,
    pub(crate) period_type: Option<(String, String)>,
    pub(crate) period: i64,
    pub(crate) time_nanos: i64,
    pub(crate) duration_nanos: i64,
    pub(crate) default_sample_type: String,
    drop_frames: String,
    keep_frames: String,
}

/// A stack with its values.
pub(crate) struct Sample {
    /// Locations, leaf first.
    pub(crate) locations: Vec<u64>,
    /// One value per sample type, as written.
    pub(crate) values: Vec<i64>,
    /// Keys of its labels.
    pub(crate) labels: BTreeSet<String>,
    /// Its label `end_timestamp_ns`.
    moment: Option<i64>,
}

/// When a profile was recorded and how often, in nanoseconds.
struct Clock {
    start: Option<i128>,
    duration: Option<i128>,
    interval: Option<i128>,
}

/// A place in the program; several lines when functions were inlined there.
#[derive(Clone)]
pub(crate) struct Location {
    mapping: u64,
    address: u64,
    /// Innermost first.
    lines: Vec<Line>,
}

#[derive(Clone)]
struct Line {
    function: Option<Symbol>,
    line: i64,
}

#[derive(Clone, Default)]
struct Symbol {
    name: String,
    system_name: String,
    file: String,
    start_line: i64,
}

#[derive(Default)]
struct Mapping {
    start: u64,
    limit: u64,
    offset: u64,
    file: String,
}

/// Reads a profile from its unpacked bytes.
///
/// # Errors
/// Says what in the encoding is wrong.
pub(crate) fn read(bytes: &[u8]) -> Result<Profile, String> {
    let message = Message::parse(bytes)?;
    let strings: Vec<String> = message.bodies(6).map(|b| String::from_utf8_lossy(b).into_owned()).collect();
    let text = |index: u64| usize::try_from(index).ok().and_then(|i| strings.get(i)).cloned().unwrap_or_default();
    let value_type = |body: &[u8]| Message::parse(body).map(|m| (text(m.number(1)), text(m.number(2))));

    let mut functions = BTreeMap::new();
    for body in message.bodies(5) {
        let m = Message::parse(body)?;
        let symbol = Symbol {
            name: text(m.number(2)),
            system_name: text(m.number(3)),
            file: text(m.number(4)),
            start_line: m.number(5).cast_signed(),
        };
        // An exporter for .NET leaves the ids out and counts from 1 where it refers to them.
        let id = if m.number(1) == 0 { functions.len() as u64 + 1 } else { m.number(1) };
        functions.insert(id, symbol);
    }
    let mut mappings = BTreeMap::new();
    for body in message.bodies(3) {
        let m = Message::parse(body)?;
        mappings.insert(
            m.number(1),
            Mapping { start: m.number(2), limit: m.number(3), offset: m.number(4), file: text(m.number(5)) },
        );
    }
    let mut locations = BTreeMap::new();
    for body in message.bodies(4) {
        let m = Message::parse(body)?;
        let line = |body| {
            Message::parse(body)
                .map(|l| Line { function: functions.get(&l.number(1)).cloned(), line: l.number(2).cast_signed() })
        };
        let lines = m.bodies(4).map(line).collect::<Result<_, _>>()?;
        locations.insert(m.number(1), Location { mapping: m.number(2), address: m.number(3), lines });
    }
    let mut samples = Vec::new();
    for body in message.bodies(2) {
        let m = Message::parse(body)?;
        let labels = m.bodies(3).map(Message::parse).collect::<Result<Vec<_>, _>>()?;
        let moment = labels.iter().find(|l| text(l.number(1)) == "end_timestamp_ns").map(|l| l.number(3).cast_signed());
        let labels = labels.iter().map(|l| text(l.number(1))).collect();
        let values = m.numbers(2)?.into_iter().map(u64::cast_signed).collect();
        samples.push(Sample { locations: m.numbers(1)?, values, labels, moment });
    }
    Ok(Profile {
        sample_types: message
            .bodies(1)
            .enumerate()
            .map(|(i, body)| {
                // A value without a name is called by its place.
                let (name, unit) = value_type(body)?;
                Ok((if name.is_empty() { format!("value {}", i + 1) } else { name }, unit))
            })
            .collect::<Result<_, String>>()?,
        samples,
        locations,
        mappings,
        period_type: message.bodies(11).next().map(value_type).transpose()?,
        period: message.number(12).cast_signed(),
        time_nanos: message.number(9).cast_signed(),
        duration_nanos: message.number(10).cast_signed(),
        default_sample_type: text(message.number(14)),
        drop_frames: text(message.number(7)),
        keep_frames: text(message.number(8)),
    })
}

/// Whether bytes are a profile: known fields with the right wire types, sample types that hold only
/// numbers, and an empty first string.
pub(crate) fn looks_like_pprof(bytes: &[u8]) -> bool {
    let Ok(message) = Message::parse(bytes) else {
        return false;
    };
    let right = |(field, value): &(u64, Field<'_>)| match value {
        Field::Number(_) => matches!(field, 7..=10 | 12..=14),
        Field::Body(_) => matches!(field, 1..=6 | 11 | 13 | 15),
    };
    let numbers_only = |body| {
        Message::parse(body)
            .is_ok_and(|m| m.fields.iter().all(|(f, v)| (1..=2).contains(f) && matches!(v, Field::Number(_))))
    };
    let mut types = message.bodies(1).peekable();
    message.fields.iter().all(right)
        && types.peek().is_some()
        && types.all(numbers_only)
        && message.bodies(6).next() == Some(&[])
}

impl Profile {
    /// Every value with its numbers, pruned as the file asks for.
    ///
    /// # Errors
    /// Says which pattern cannot be read.
    pub(crate) fn readings(&mut self) -> Result<Vec<Reading>, String> {
        self.prune()?;
        let mut frames = Frames::default();
        let records: Vec<Record> = self.samples.iter().map(|sample| self.record(sample, &mut frames)).collect();
        let clock = self.timeline().unwrap_or_else(|| Clock {
            start: (self.time_nanos != 0).then_some(self.time_nanos.into()),
            duration: (self.duration_nanos != 0).then_some(self.duration_nanos.into()),
            interval: self.interval_ns(),
        });
        let numbers = |(i, (name, word)): (usize, &(String, String))| Reading {
            value: name.clone(),
            unit: unit(word).0,
            start: clock.start,
            duration: clock.duration,
            interval: clock.interval,
            ..Reading::sum(&frames.list, &records, i, 0)
        };
        Ok(self.sample_types.iter().enumerate().map(numbers).collect())
    }

    /// The clock of an event list, in which every sample has a moment: it starts where the file says,
    /// unless that is no possible start of these samples, and lasts until the last of them at least.
    fn timeline(&self) -> Option<Clock> {
        const LEAD_IN_MAX_NS: i128 = 3_600_000_000_000;
        let mut moments: Vec<i128> = self.samples.iter().map(|s| s.moment.map(i128::from)).collect::<Option<_>>()?;
        moments.sort_unstable();
        let (first, last) = (*moments.first()?, *moments.last()?);
        let duration = i128::from(self.duration_nanos);
        let lead_in = first - i128::from(self.time_nanos);
        let possible = self.time_nanos > 0 && (0..=duration.max(last - first).max(LEAD_IN_MAX_NS)).contains(&lead_in);
        let lead_in = if possible { lead_in } else { 0 };
        let mut steps: Vec<i128> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_unstable();
        Some(Clock {
            start: Some(first - lead_in),
            duration: Some(duration.max(last - first + lead_in)),
            interval: steps.get(steps.len() / 2).copied(),
        })
    }

    /// The period, when it is a time.
    fn interval_ns(&self) -> Option<i128> {
        let (_, word) = self.period_type.as_ref()?;
        let (unit, factor) = unit(word);
        (unit == "ns" && self.period > 0).then(|| i128::from(self.period) * factor)
    }

    fn record(&self, sample: &Sample, frames: &mut Frames) -> Record {
        let root_first = sample.locations.iter().rev();
        let stack = root_first.flat_map(|id| self.frames_of(*id)).map(|frame| frames.id(frame)).collect();
        let factors = self.sample_types.iter().map(|(_, word)| unit(word).1);
        let weights =
            factors.enumerate().map(|(i, factor)| i128::from(sample.values.get(i).copied().unwrap_or(0)) * factor);
        Record { stack, weights: weights.collect(), samples: 1, in_total: true }
    }

    /// The frames of a location, outermost first.
    fn frames_of(&self, id: u64) -> Vec<Function> {
        let Some(location) = self.locations.get(&id) else {
            return vec![Function { name: "(unknown)".into(), ..Function::default() }];
        };
        if location.lines.is_empty() {
            return vec![self.unsymbolised(location)];
        }
        location.lines.iter().rev().map(|line| self.function(location, line)).collect()
    }

    fn function(&self, location: &Location, line: &Line) -> Function {
        let Some(symbol) = &line.function else {
            return self.unsymbolised(location);
        };
        let file = (!symbol.file.is_empty()).then(|| symbol.file.clone());
        let start = (symbol.start_line > 0).then_some(symbol.start_line.into());
        let name = [&symbol.name, &symbol.system_name].into_iter().find(|n| !n.is_empty()).cloned();
        match (name, &file) {
            (Some(name), _) => Function { name, file, line: start },
            (None, Some(path)) => Function { name: format!("{path}:{}", line.line), file, line: start },
            (None, None) => self.unsymbolised(location),
        }
    }

    /// A name made of the module and the offset in its file, or of the bare address.
    fn unsymbolised(&self, location: &Location) -> Function {
        let module = self.mappings.get(&location.mapping).filter(|m| !m.file.is_empty());
        let name = match module {
            Some(m) => {
                // Addresses outside their mapping are offsets already, or wrong: they stay as they are.
                let inside = location.address >= m.start && (m.limit == 0 || location.address < m.limit);
                let offset = if inside { location.address - m.start + m.offset } else { location.address };
                format!("{}+{offset:#x}", m.file.rsplit(['/', '\\']).next().unwrap_or_default())
            }
            None => format!("{:#x}", location.address),
        };
        Function { name, ..Function::default() }
    }

    fn prune(&mut self) -> Result<(), String> {
        if self.drop_frames.is_empty() {
            return Ok(());
        }
        let whole = |pattern: &str| Regex::new(&format!("^(?:{pattern})$")).map_err(|e| format!("{pattern}: {e}"));
        let drop = whole(&self.drop_frames)?;
        let keep = if self.keep_frames.is_empty() { None } else { Some(whole(&self.keep_frames)?) };
        let goes = |line: &Line| {
            let Some(symbol) = line.function.as_ref().filter(|s| !s.name.is_empty()) else {
                return false;
            };
            let name = without_arguments(&symbol.name);
            drop.is_match(name) && !keep.as_ref().is_some_and(|keep| keep.is_match(name))
        };
        // A location of which every line goes, and one of which the outer lines stay.
        let (mut gone, mut cut) = (BTreeSet::new(), BTreeSet::new());
        for (&id, location) in &mut self.locations {
            let Some(outermost) = location.lines.iter().rposition(goes) else {
                continue;
            };
            if outermost + 1 == location.lines.len() {
                gone.insert(id);
            } else {
                location.lines.drain(..=outermost);
                cut.insert(id);
            }
        }
        for sample in &mut self.samples {
            let matches = |id: &u64| gone.contains(id) || cut.contains(id);
            // Leaf first: the last location that matches nothing is the outermost frame that stays.
            let Some(stays) = sample.locations.iter().rposition(|id| !matches(id)) else {
                continue;
            };
            let Some(at) = sample.locations[..stays].iter().rposition(matches) else {
                continue;
            };
            let from = if gone.contains(&sample.locations[at]) { at + 1 } else { at };
            sample.locations.drain(..from);
        }
        Ok(())
    }

    /// Every stack as `go tool pprof -raw` prints its locations, without their numbers, with the sums
    /// of its values; stacks without a frame or a value are left out there, and here.
    pub(crate) fn raw(&self) -> BTreeMap<Vec<String>, Vec<i128>> {
        let mut sums: BTreeMap<Vec<String>, Vec<i128>> = BTreeMap::new();
        for sample in &self.samples {
            if sample.locations.is_empty() || sample.values.iter().all(|&v| v == 0) {
                continue;
            }
            let stack = sample
                .locations
                .iter()
                .map(|id| self.locations.get(id).map_or_else(String::new, raw_location))
                .collect();
            let sum = sums.entry(stack).or_insert_with(|| vec![0; sample.values.len()]);
            sum.iter_mut().zip(&sample.values).for_each(|(sum, &v)| *sum += i128::from(v));
        }
        sums
    }
}

fn raw_location(location: &Location) -> String {
    let line = |line: &Line| {
        let Some(symbol) = &line.function else {
            return "??".to_owned();
        };
        let system =
            if symbol.name == symbol.system_name { String::new() } else { format!("({})", symbol.system_name) };
        format!("{} {}:{} s={}{system}", symbol.name, symbol.file, line.line, symbol.start_line)
    };
    let lines: Vec<String> = location.lines.iter().map(line).collect();
    format!("{:#x} {}", location.address, lines.join("\n"))
}

/// The same sums from recorded output of `go tool pprof -raw`.
///
/// # Errors
/// Says which line is not understood.
pub(crate) fn parse_raw(text: &str) -> Result<BTreeMap<Vec<String>, Vec<i128>>, String> {
    let section = |name: &'static str, next: &'static str| {
        text.lines().skip_while(move |l| *l != name).skip(1).take_while(move |l| *l != next)
    };
    let locations = parse_raw_locations(section("Locations", "Mappings"))?;
    let mut sums: BTreeMap<Vec<String>, Vec<i128>> = BTreeMap::new();
    // The first line names the values; label lines hold more than numbers.
    for line in section("Samples:", "Locations").skip(1) {
        let Some((values, ids)) = line.split_once(':') else {
            continue;
        };
        let Ok(values) = values.split_whitespace().map(str::parse).collect::<Result<Vec<i128>, _>>() else {
            continue;
        };
        let Ok(ids) = ids.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>() else {
            continue;
        };
        let stack = ids.iter().map(|id| locations.get(id).cloned().ok_or_else(|| format!("no location {id}")));
        let sum = sums.entry(stack.collect::<Result<_, _>>()?).or_insert_with(|| vec![0; values.len()]);
        sum.iter_mut().zip(&values).for_each(|(sum, v)| *sum += v);
    }
    Ok(sums)
}

/// `id: 0xaddress M=mapping name file:line s=start(system name)`, inlined lines indented below.
fn parse_raw_locations<'a>(lines: impl Iterator<Item = &'a str>) -> Result<BTreeMap<u64, String>, String> {
    let mut locations: BTreeMap<u64, String> = BTreeMap::new();
    let mut current = 0;
    for line in lines {
        if let Some(inlined) = line.strip_prefix("             ") {
            let location = locations.get_mut(&current).ok_or("an inlined line before any location")?;
            location.push('\n');
            location.push_str(inlined);
            continue;
        }
        let (id, rest) = line.trim_start().split_once(": ").ok_or_else(|| format!("not a location: {line}"))?;
        current = id.parse().map_err(|e| format!("{id}: {e}"))?;
        let (address, mut rest) = rest.split_once(' ').unwrap_or((rest, ""));
        if rest.starts_with("M=") {
            rest = rest.split_once(' ').map_or("", |(_, rest)| rest);
        }
        locations.insert(current, format!("{address} {}", rest.strip_prefix("[F] ").unwrap_or(rest)));
    }
    Ok(locations)
}

/// A name up to its argument list; two constructs of C++ hold brackets that open no such list.
fn without_arguments(name: &str) -> &str {
    const PART_OF_NAME: [&str; 2] = ["(anonymous namespace)", "operator()"];
    let name = name.strip_prefix('.').unwrap_or(name);
    let mut from = 0;
    while let Some(at) = name[from..].find('(').map(|at| from + at) {
        let inner = |text: &&str| {
            let bracket = text.find('(').unwrap_or(0);
            at.checked_sub(bracket).and_then(|start| name.get(start..)).is_some_and(|rest| rest.starts_with(*text))
        };
        match PART_OF_NAME.iter().find(|text| inner(text)) {
            Some(text) => from = at - text.find('(').unwrap_or(0) + text.len(),
            None => return &name[..at],
        }
    }
    name
}

/// Frames met so far.
#[derive(Default)]
struct Frames {
    list: Vec<Frame>,
    ids: BTreeMap<Function, usize>,
}

impl Frames {
    fn id(&mut self, function: Function) -> usize {
        let next = self.list.len();
        let id = *self.ids.entry(function.clone()).or_insert(next);
        if id == next {
            self.list.push(Frame { text: function.name.clone(), function: Some(function) });
        }
        id
    }
}

/// The fields of a protobuf message in their order.
struct Message<'a> {
    fields: Vec<(u64, Field<'a>)>,
}

enum Field<'a> {
    Number(u64),
    Body(&'a [u8]),
}

impl<'a> Message<'a> {
    fn parse(mut bytes: &'a [u8]) -> Result<Self, String> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let tag = varint(&mut bytes)?;
            let field = match tag & 7 {
                0 => Field::Number(varint(&mut bytes)?),
                1 => {
                    Field::Number(u64::from_le_bytes(take(&mut bytes, 8)?.try_into().expect("eight bytes were taken")))
                }
                2 => {
                    let length = varint(&mut bytes)?;
                    Field::Body(take(&mut bytes, length)?)
                }
                5 => Field::Number(
                    u32::from_le_bytes(take(&mut bytes, 4)?.try_into().expect("four bytes were taken")).into(),
                ),
                other => return Err(format!("wire type {other}")),
            };
            fields.push((tag >> 3, field));
        }
        Ok(Self { fields })
    }

    /// The last number of a field, 0 when absent.
    fn number(&self, field: u64) -> u64 {
        let number = |(f, v): &(u64, Field<'_>)| match v {
            Field::Number(n) if *f == field => Some(*n),
            _ => None,
        };
        self.fields.iter().rev().find_map(number).unwrap_or(0)
    }

    fn bodies(&self, field: u64) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().filter_map(move |(f, v)| match v {
            Field::Body(body) if *f == field => Some(*body),
            _ => None,
        })
    }

    /// A repeated number, packed or not.
    fn numbers(&self, field: u64) -> Result<Vec<u64>, String> {
        let mut all = Vec::new();
        for (_, value) in self.fields.iter().filter(|(f, _)| *f == field) {
            match value {
                Field::Number(n) => all.push(*n),
                Field::Body(body) => {
                    let mut rest = *body;
                    while !rest.is_empty() {
                        all.push(varint(&mut rest)?);
                    }
                }
            }
        }
        Ok(all)
    }
}

fn varint(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or("a number is cut short")?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a number of more than ten bytes".into())
}

fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Result<&'a [u8], String> {
    let length = usize::try_from(length).map_err(|e| e.to_string())?;
    let (head, rest) = bytes.split_at_checked(length).ok_or("a field is cut short")?;
    *bytes = rest;
    Ok(head)
}

#[test]
fn argument_lists_go() {
    assert_eq!(without_arguments("std::sort(int*, int*)"), "std::sort");
    assert_eq!(without_arguments("(anonymous namespace)::f(int)"), "(anonymous namespace)::f");
    assert_eq!(without_arguments("A::operator()(int) const"), "A::operator()");
    assert_eq!(without_arguments("runtime.main"), "runtime.main");
}

/// Stacks of one line per location, written `leaf..root`; `drop` is the pattern.
#[cfg(test)]
fn pruned(stack: &[&str], drop: &str, keep: &str) -> Vec<String> {
    let location = |name: &&str| {
        let inlined = name
            .split('+')
            .map(|name| Line { function: Some(Symbol { name: name.into(), ..Symbol::default() }), line: 0 });
        Location { mapping: 0, address: 0, lines: inlined.collect() }
    };
    let ids: Vec<u64> = (1..=stack.len() as u64).collect();
    let mut profile = Profile {
        sample_types: vec![("samples".into(), "count".into())],
        samples: vec![Sample { locations: ids.clone(), values: vec![1], labels: BTreeSet::new(), moment: None }],
        locations: ids.into_iter().zip(stack.iter().map(location)).collect(),
        mappings: BTreeMap::new(),
        period_type: None,
        period: 0,
        time_nanos: 0,
        duration_nanos: 0,
        default_sample_type: String::new(),
        drop_frames: drop.into(),
        keep_frames: keep.into(),
    };
    profile.readings().expect("the patterns are valid")[0].folded.clone()
}

#[test]
fn pruning_follows_go_tool_pprof() {
    assert_eq!(pruned(&["leaf", "malloc", "user", "main"], "malloc", ""), ["main;user 1"]);
    assert_eq!(pruned(&["leaf", "malloc", "main"], "mal", ""), ["main;malloc;leaf 1"], "the whole name must match");
    assert_eq!(pruned(&["leaf", "malloc", "main"], "malloc", "mal.*"), ["main;malloc;leaf 1"], "keep wins");
    assert_eq!(pruned(&["leaf", "main"], "main", ""), ["main;leaf 1"], "nothing goes before a frame that stays");
    assert_eq!(pruned(&["leaf", "main", "start"], "main", ""), ["start 1"]);
    assert_eq!(
        pruned(&["leaf", "inner+drop+outer", "main"], "drop", ""),
        ["main;outer 1"],
        "what it calls goes, what calls it stays"
    );
    assert_eq!(
        pruned(&["leaf", "inner+drop+outer"], "drop", ""),
        ["outer;leaf 1"],
        "lines go even at the root, frames do not"
    );
}
