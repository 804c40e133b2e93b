//! Reads what V8's tick profiler leaves: the raw log, its preprocessed form, and the printed report.
//!
//! Ticks of state 8 (5 before V8 6.1) are waits, those of state 1 garbage collection. A wait begins one
//! interval after the tick before it, because it is reported when it ends. Otherwise a tick has the
//! frames whose addresses are known, and `(unknown)` for an unknown innermost one; where nothing is
//! known it is `(program)`. Times follow the rule for CPU profiles.

use std::collections::BTreeMap;

use serde_json::Value;

use super::cpuprofile::late_ns;
use super::{Frame, Function, Reading, Record, States};

/// What a file tells.
#[derive(Clone, Default)]
pub(crate) struct Profile {
    pub(crate) reading: Reading,
    /// Lines of the log by their first word.
    pub(crate) lines: BTreeMap<String, u64>,
    /// Pieces of code and functions of the preprocessed form.
    pub(crate) codes: u64,
    pub(crate) functions: u64,
    /// Innermost frames of all ticks, waits and collections among them, as the index names them.
    pub(crate) tops: BTreeMap<String, u64>,
    /// The same by function, of waits and collections alone.
    pub(crate) hidden: BTreeMap<Function, u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Runs,
    Waits,
    Collects,
}

struct Tick {
    us: i128,
    state: State,
    /// Innermost first; what is unknown is `None`.
    frames: Vec<Option<Frame>>,
}

/// A piece of code that lies somewhere.
struct Placed {
    start: u64,
    size: u64,
    frame: Frame,
    is_script: bool,
}

pub(crate) fn looks_like_log(text: &str) -> bool {
    text.starts_with("v8-version,") && text.contains("\ntick,")
}

pub(crate) fn looks_like_report(text: &str) -> bool {
    text.lines().take(3).any(|line| line.starts_with("Statistical profiling result from "))
}

pub(crate) fn looks_preprocessed(text: &str) -> bool {
    preprocessed(text).is_ok()
}

/// Reads the raw log.
///
/// # Errors
/// Says what is missing.
pub(crate) fn log(text: &str) -> Result<Profile, String> {
    let mut profile = Profile::default();
    let (mut code, mut libraries): (Vec<Placed>, Vec<Placed>) = (Vec::new(), Vec::new());
    let (mut ticks, mut interval, mut is_old) = (Vec::new(), None, false);
    for line in text.lines().filter(|line| !line.is_empty()) {
        let fields = fields(line);
        let word = |i: usize| fields.get(i).map_or("", String::as_str);
        *profile.lines.entry(word(0).to_owned()).or_default() += 1;
        match word(0) {
            "v8-version" => {
                let number = |i: usize| word(i).parse::<u32>().unwrap_or(0);
                is_old = (number(1), number(2)) < (6, 1);
            }
            "profiler" if word(1) == "begin" => interval = word(2).parse::<i128>().ok(),
            "shared-library" => {
                let (start, end) = (number(word(2))?, number(word(3))?);
                let name = word(1).rsplit('/').next().unwrap_or_default();
                put(
                    &mut libraries,
                    Placed { start, size: end - start, frame: native(name, word(1)), is_script: false },
                );
            }
            "code-creation" => {
                let at = (2..5).find(|&i| word(i).starts_with("0x")).ok_or_else(|| format!("no address: {line}"))?;
                let (start, size, name) = (number(word(at))?, number(word(at + 1))?, word(at + 2));
                let is_script = fields.len() > at + 3 && word(1) != "RegExp";
                let frame = if is_script { script(name, word(at + 4)) } else { engine(name, word(1)) };
                put(&mut code, Placed { start, size, frame, is_script });
            }
            "code-move" => {
                let (from, to) = (number(word(1))?, number(word(2))?);
                let row = code.iter().position(|p| p.start == from).ok_or("a move of nothing")?;
                let moved = code.remove(row);
                put(&mut code, Placed { start: to, ..moved });
            }
            "code-delete" => {
                let start = number(word(1))?;
                code.retain(|p| p.start != start);
            }
            "tick" => ticks.push(tick(&fields, &code, &libraries, is_old)?),
            _ => {}
        }
    }
    finish(profile, ticks, interval)
}

fn tick(fields: &[String], code: &[Placed], libraries: &[Placed], is_old: bool) -> Result<Tick, String> {
    let known = |address: u64| find(code, address).or_else(|| find(libraries, address));
    let (counter, top) = (number(&fields[1])?, number(&fields[4])?);
    let is_callback = fields[3] != "0";
    let mut addresses = vec![if is_callback { top } else { counter }];
    if !is_callback && find(code, top).is_some_and(|p| p.is_script) {
        addresses.push(top);
    }
    let mut before = addresses[0];
    for field in fields.iter().skip(6).filter(|f| *f != "overflow") {
        before = match (field.strip_prefix('+'), field.strip_prefix('-')) {
            (Some(offset), _) => before + number(offset)?,
            (_, Some(offset)) => before - number(offset)?,
            _ => number(field)?,
        };
        addresses.push(before);
    }
    let state = match fields[5].as_str() {
        "1" => State::Collects,
        "5" if is_old => State::Waits,
        "8" if !is_old => State::Waits,
        _ => State::Runs,
    };
    let frames = addresses.into_iter().map(|address| known(address).map(|p| p.frame.clone())).collect();
    Ok(Tick { us: fields[2].parse().map_err(|_| "no time")?, state, frames })
}

/// What overlaps is gone.
fn put(all: &mut Vec<Placed>, new: Placed) {
    all.retain(|p| p.start >= new.start + new.size || p.start + p.size <= new.start);
    all.push(new);
}

fn find(all: &[Placed], address: u64) -> Option<&Placed> {
    all.iter().find(|p| (p.start..p.start + p.size).contains(&address))
}

fn number(text: &str) -> Result<u64, String> {
    let parsed = text.strip_prefix("0x").map_or_else(|| text.parse(), |hex| u64::from_str_radix(hex, 16));
    parsed.map_err(|_| format!("no number: {text}"))
}

/// Fields of a line; in old logs some are in quotes, in new ones commas are escaped.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars().peekable();
    let mut is_quoted = false;
    while let Some(c) = chars.next() {
        let field = fields.last_mut().expect("there is always one");
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => field.push(chars.next().unwrap_or('"')),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            c => field.push(c),
        }
    }
    fields.iter().map(|field| unescaped(field)).collect()
}

fn unescaped(field: &str) -> String {
    let mut out = String::new();
    let mut rest = field;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let hex = |range: std::ops::Range<usize>| {
            let digits = escape.get(range).unwrap_or_default();
            u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
        };
        let (c, len) = match escape.chars().next() {
            Some('n') => ('\n', 1),
            Some('x') => (hex(1..3), 3),
            Some('u') => (hex(1..5), 5),
            _ => ('\\', 1),
        };
        out.push(c);
        rest = escape.get(len..).unwrap_or_default();
    }
    out + rest
}

/// A script's function as V8 names it, `name path:line:column`, and the mark of how it ran.
pub(crate) fn script(text: &str, mark: &str) -> Frame {
    let parts: Vec<&str> = text.rsplitn(3, ':').collect();
    let line = match parts[..] {
        [column, line, _] if column.parse::<u32>().is_ok() => line.parse::<i128>().ok(),
        _ => None,
    };
    let (name, file) = match (line, parts.last()) {
        (Some(_), Some(rest)) => name_and_file(rest),
        _ => (text, ""),
    };
    let name = if name.trim().is_empty() { "(anonymous)" } else { name.trim() };
    let file = (!file.is_empty()).then(|| file.to_owned());
    let function = Function { name: name.to_owned(), file, line: line.filter(|&line| line > 0) };
    Frame { function: Some(function), text: format!("{mark}{name}") }
}

/// The path begins behind the first blank where one can begin, otherwise behind the last.
fn name_and_file(text: &str) -> (&str, &str) {
    let is_path = |path: &str| {
        let scheme = path.split(':').next().filter(|s| s.len() < path.len() && !s.is_empty());
        path.starts_with('/')
            || path.starts_with('\\')
            || path.starts_with("./")
            || scheme.is_some_and(|s| s.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)))
    };
    let blanks: Vec<usize> = text.match_indices(' ').map(|(at, _)| at).collect();
    let at = blanks.iter().copied().find(|&at| is_path(&text[at + 1..])).or(blanks.last().copied());
    match at {
        Some(at) => (&text[..at], &text[at + 1..]),
        None if is_path(text) => ("", text),
        None => (text, ""),
    }
}

pub(crate) fn native(name: &str, file: &str) -> Frame {
    let file = (!file.is_empty()).then(|| file.to_owned());
    let name = if name.is_empty() { "(anonymous)" } else { name };
    Frame { function: Some(Function { name: name.to_owned(), file, line: None }), text: name.to_owned() }
}

/// Built-ins have the names that scripts know; other parts of the engine say what they are.
pub(crate) fn engine(name: &str, word: &str) -> Frame {
    if word == "Builtin" { native(name, "") } else { native(&format!("{word}: {name}"), "") }
}

/// Reads the preprocessed form.
///
/// # Errors
/// Says what is missing.
pub(crate) fn preprocessed(text: &str) -> Result<Profile, String> {
    let start = text.match_indices('{').map(|(at, _)| at).find(|&at| at == 0 || text[..at].ends_with('\n'));
    let document: Value = serde_json::from_str(&text[start.ok_or("no document")?..]).map_err(|e| e.to_string())?;
    let code = document["code"].as_array().ok_or("no code")?;
    let mut profile = Profile {
        codes: code.len() as u64,
        functions: document["functions"].as_array().map_or(0, |list| list.len() as u64),
        ..Profile::default()
    };
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let frame = |piece: &Value| {
        let (name, kind) = (word(&piece["name"]), word(&piece["kind"]));
        match piece["type"].as_str() {
            Some("JS") => {
                let marks = [("Unopt", "~"), ("Sparkplug", "^"), ("Baseline", "^"), ("Maglev", "+"), ("Opt", "*")];
                script(&name, marks.iter().find(|m| m.0 == kind).map_or("", |m| m.1))
            }
            Some("CPP") => native(&name, ""),
            Some("SHARED_LIB") => native(name.rsplit('/').next().unwrap_or_default(), &name),
            _ => engine(&name, &kind),
        }
    };
    let frames: Vec<Frame> = code.iter().map(frame).collect();
    let mut ticks = Vec::new();
    for tick in document["ticks"].as_array().ok_or("no ticks")? {
        let rows = tick["s"].as_array().ok_or("no stack")?.iter().step_by(2);
        let rows: Vec<Option<usize>> = rows.map(|row| row.as_u64().map(|row| row as usize)).collect();
        let label = |row: usize| {
            let kind = code[row]["kind"].as_str().map_or_else(String::new, |kind| format!(":{kind}"));
            format!("{} {}{kind}", word(&code[row]["name"]), word(&code[row]["type"]))
        };
        *profile.tops.entry(rows[0].map_or("(none)".to_owned(), label)).or_default() += 1;
        let state = match tick["vm"].as_u64() {
            Some(1) => State::Collects,
            Some(8) => State::Waits,
            _ => State::Runs,
        };
        let us = tick["tm"].as_i64().ok_or("no time")?.into();
        let frames = rows.into_iter().map(|row| row.and_then(|row| frames.get(row).cloned())).collect();
        ticks.push(Tick { us, state, frames });
    }
    finish(profile, ticks, None)
}

/// The frames of all ticks, each once, with the states of the thread among them.
fn finish(mut profile: Profile, mut ticks: Vec<Tick>, interval: Option<i128>) -> Result<Profile, String> {
    if ticks.is_empty() {
        return Err("no ticks".to_owned());
    }
    ticks.sort_by_key(|tick| tick.us);
    for tick in ticks.iter().filter(|tick| tick.state != State::Runs) {
        if let Some(Frame { function: Some(function), .. }) = tick.frames.first().cloned().flatten() {
            *profile.hidden.entry(function).or_default() += 1;
        }
    }
    let median = |times: &[i128]| {
        let mut gaps: Vec<i128> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        gaps.sort_unstable();
        gaps.get(gaps.len() / 2).copied().unwrap_or(0)
    };
    let times: Vec<i128> = ticks.iter().map(|tick| tick.us).collect();
    let interval = interval.unwrap_or_else(|| median(&times));
    let middle = median(&times);
    // A wait is two rows: where it begins, which is no tick, and the tick where it ends.
    let mut rows: Vec<(Tick, u64)> = Vec::new();
    for tick in ticks {
        let begin =
            rows.last().filter(|(before, _)| before.state != State::Waits).map(|(before, _)| before.us + interval);
        if let Some(us) = begin.filter(|&us| tick.state == State::Waits && us < tick.us) {
            rows.push((Tick { us, state: State::Waits, frames: Vec::new() }, 0));
        }
        rows.push((tick, 1));
    }
    let times: Vec<i128> = rows.iter().map(|(tick, _)| tick.us).collect();
    let (mut frames, mut records) = (Frames::default(), Vec::new());
    let mut states = States { before_first: times[0] * 1000, ..States::default() };
    for (i, (tick, samples)) in rows.into_iter().enumerate() {
        let us = times.get(i + 1).map_or(0, |next| next - times[i]);
        states.late_sample += if i + 1 < times.len() { late_ns(us, middle) } else { 0 };
        let is_unknown = tick.frames.iter().all(Option::is_none);
        let (stack, sum) = match tick.state {
            State::Waits => (vec![pseudo("(idle)")], &mut states.idle),
            State::Collects => (vec![pseudo("(garbage collector)")], &mut states.gc),
            State::Runs if is_unknown => (vec![pseudo("(program)")], &mut states.program),
            State::Runs => {
                let mut stack: Vec<Frame> = tick.frames.iter().skip(1).rev().flatten().cloned().collect();
                stack.push(tick.frames[0].clone().unwrap_or_else(|| native("(unknown)", "")));
                (stack, &mut states.active)
            }
        };
        *sum += us * 1000;
        let stack = stack.into_iter().map(|frame| frames.row(frame)).collect();
        records.push(Record { stack, weights: vec![us * 1000], samples, in_total: tick.state != State::Waits });
    }
    profile.reading = Reading {
        value: "time".into(),
        unit: "ns".into(),
        start: Some(0),
        duration: times.last().map(|us| us * 1000),
        interval: (middle > 0).then_some(middle * 1000),
        states: Some(states),
        ..Reading::sum(&frames.rows, &records, 0, 0)
    };
    Ok(profile)
}

/// The function that an index means by `name TYPE` or `name TYPE:kind`; none for what is unknown.
pub(crate) fn top(label: &str) -> Option<Function> {
    let (name, type_of) = label.rsplit_once(' ')?;
    let frame = match type_of.split(':').collect::<Vec<_>>()[..] {
        ["JS", ..] => script(name, ""),
        ["CPP"] => native(name, ""),
        ["SHARED_LIB"] => native(name.rsplit('/').next().unwrap_or_default(), name),
        [_, word] => engine(name, word),
        _ => return None,
    };
    frame.function
}

pub(crate) fn pseudo(name: &str) -> Frame {
    Frame { function: None, text: name.to_owned() }
}

/// Frames in the order of their first use.
#[derive(Default)]
pub(crate) struct Frames {
    pub(crate) rows: Vec<Frame>,
    index: BTreeMap<Frame, usize>,
}

impl Frames {
    pub(crate) fn row(&mut self, frame: Frame) -> usize {
        let next = self.rows.len();
        let row = *self.index.entry(frame.clone()).or_insert(next);
        if row == next {
            self.rows.push(frame);
        }
        row
    }
}

/// Reads the printed report: the tree of callers, and what only the lists of own ticks have.
///
/// # Errors
/// Says what is missing.
pub(crate) fn report(text: &str) -> Result<Profile, String> {
    // Section, level in the tree, ticks, name.
    let mut rows: Vec<(&str, usize, i128, &str)> = Vec::new();
    let mut section = "";
    for line in text.lines() {
        if let Some(title) = line.strip_prefix(" [") {
            section = title.trim_end_matches("]:");
            continue;
        }
        let mut words = line.split_whitespace();
        let (Some(ticks), Some(share)) = (words.next(), words.next()) else { continue };
        let (Ok(ticks), true) = (ticks.parse(), share.ends_with('%')) else { continue };
        let last = if section == "Bottom up (heavy) profile" { line.find('%') } else { line.rfind("%  ") };
        let rest = &line[last.ok_or("a row without a share")? + 1..];
        let name = rest.trim();
        rows.push((section, (rest.len() - rest.trim_start().len() - 2) / 2, ticks, name));
    }
    let lists = ["Shared libraries", "JavaScript", "C++"];
    let kinds: BTreeMap<&str, &str> = rows.iter().filter(|r| lists.contains(&r.0)).map(|r| (r.3, r.0)).collect();
    let tree: Vec<_> = rows.iter().filter(|r| r.0 == "Bottom up (heavy) profile").collect();
    let (mut frames, mut records) = (Frames::default(), Vec::new());
    let mut add = |stack: Vec<&str>, ticks: i128| {
        let stack =
            stack.into_iter().map(|name| frames.row(listed(name, kinds.get(name).copied().unwrap_or("")))).collect();
        records.push(Record { stack, weights: vec![ticks], samples: ticks as u64, in_total: true });
    };
    for (i, &&(_, level, ticks, name)) in tree.iter().enumerate() {
        let below = tree[i + 1..].iter().take_while(|r| r.1 > level);
        let own = ticks - below.filter(|r| r.1 == level + 1).map(|r| r.2).sum::<i128>();
        let mut stack = vec![name];
        let mut wanted = level;
        for row in tree[..i].iter().rev() {
            if row.1 + 1 == wanted {
                stack.push(row.3);
                wanted = row.1;
            }
        }
        if own > 0 {
            add(stack, own);
        }
    }
    for &(_, _, ticks, name) in rows.iter().filter(|r| lists.contains(&r.0)) {
        let shown: i128 = tree.iter().filter(|r| r.1 == 0 && r.3 == name).map(|r| r.2).sum();
        if ticks > shown {
            add(vec![name], ticks - shown);
        }
    }
    if records.is_empty() {
        return Err("no ticks".to_owned());
    }
    let reading = Reading { value: "ticks".into(), unit: "count".into(), ..Reading::sum(&frames.rows, &records, 0, 0) };
    Ok(Profile { reading, ..Profile::default() })
}

/// A frame as a report names it.
fn listed(name: &str, section: &str) -> Frame {
    let (word, rest) = name.split_once(": ").unwrap_or(("", name));
    match word {
        "JS" | "LazyCompile" | "Function" | "Script" | "Eval" => {
            let mark = rest.get(..1).filter(|mark| ["~", "^", "+", "*"].contains(mark)).unwrap_or_default();
            script(rest[mark.len()..].trim_start_matches("<anonymous>"), mark)
        }
        "Builtin" => native(rest, ""),
        _ if name == "UNKNOWN" => native("(unknown)", ""),
        _ if section == "Shared libraries" => native(name.rsplit('/').next().unwrap_or_default(), name),
        _ => native(name, ""),
    }
}

#[test]
fn fields_are_escaped_or_quoted() {
    assert_eq!(fields(r#"a,"b,""c""",\x2C\\\u00f6,"#), ["a", "b,\"c\"", ",\\ö", ""]);
}

#[test]
fn four_ticks() {
    let text = "v8-version,11,3\nprofiler,begin,1000\nshared-library,/lib/c.so,0x100,0x200,0\n\
                code-creation,JS,10,5,0x1000,16,f /a b.js:3:4,0x1,~\n\
                tick,0x1001,1000,0,0x0,0\ntick,0x101,2000,0,0x0,6,0x1002\ntick,0x101,50000,0,0x0,8\ntick,0x5,51000,0,0x0,0,0x1002\n";
    let profile = log(text).expect("it is whole");
    let reading = profile.reading;
    assert_eq!(reading.folded, ["(idle) 48000000", "~f 1000000", "~f;(unknown) 0", "~f;c.so 1000000"]);
    let states = reading.states.expect("ticks have states");
    assert_eq!((states.before_first, states.idle, states.active), (1_000_000, 48_000_000, 2_000_000));
    assert_eq!((reading.samples, reading.total, profile.lines["tick"]), (4, 2_000_000, 4));
    let (f, cost) = reading.functions.iter().find(|(f, _)| f.name == "f").expect("it ran");
    assert_eq!((f.file.as_deref(), f.line, cost.own_samples, cost.total_samples), (Some("/a b.js"), Some(3), 1, 3));
    assert_eq!(profile.hidden.values().sum::<u64>(), 1);
}
