//! Diagnostic reports of Node.js: `report.<date>.<time>.<process>.<thread>.<number>.json`.
//!
//! One moment of a process: the JavaScript stack and the native one, each as a profile of one sample,
//! and tables of the heap's spaces, the event loop's handles, limits and used resources. Definition:
//! <https://nodejs.org/api/report.html>. Left out on purpose: environment variables, which may hold
//! secrets, and network interfaces; besides, shared objects and versions of libraries.

use super::common::json::{each_object, float, note_replaced, scaled, words};
use super::common::v8_code::{Named, frame_of};
use super::{Access, Context, Fit, Format, Head, Recipe, in_full};
use crate::error::Result;
use crate::input::Window;
use crate::input::json::{Json, Kind, glimpse};
use crate::model::{Builder, Column, FrameId, Profile, Samples, StackId, Table, Tag, Value, Weights};
use crate::units::{Unit, figure, grouped};

/// Reports.
pub const FORMAT: Format = Format {
    id: "node-report",
    title: "Node.js diagnostic report",
    tools: &["Node.js"],
    extensions: &["json"],
    recipes: &[Recipe {
        symptom: "",
        tool: "node --report-on-signal",
        group: "Node.js",
        command: "node --report-on-signal app.js",
        note: "On kill -USR2 PID the process writes report.*.json and goes on: stack, heap, handles, limits.",
    }],
    access: Access::Forward,
    detect,
    decode: in_full(decode),
};

fn detect(head: &Head<'_>) -> Fit {
    let Some(top) = glimpse(head.bytes) else { return Fit::No };
    let header = top.get("header").filter(|header| header.kind == Kind::Object);
    let is_report = header.is_some_and(|h| h.has("reportVersion") || h.has("dumpEventTime"));
    if is_report { Fit::Yes("starts with \"header\", \"reportVersion\": Node.js report".into()) } else { Fit::No }
}

fn decode(window: &mut Window, builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    let mut json = Json::new(window);
    let mut report = Report::default();
    let read = report.read(&mut json, builder, true).and_then(|()| json.end());
    match read {
        Err(_) if json.is_cut() && report.has_something => {
            builder.note("cut", 1, "The file ends early; what it holds was kept.");
        }
        read => read?,
    }
    note_replaced(&json, builder);
    report.finish(builder);
    Ok(())
}

/// What is read of a process or of a worker.
#[derive(Debug, Default)]
struct Report {
    header: Vec<(String, String)>,
    pid: Option<u64>,
    tid: Option<u64>,
    resources: Vec<(String, String)>,
    script: Vec<String>,
    message: String,
    native: Vec<String>,
    tables: Vec<Table>,
    /// Whether anything was read that is worth to be shown.
    has_something: bool,
}

/// Facts of the header: key and name.
const HEADER: [(&str, &str); 12] = [
    ("event", "Event"),
    ("trigger", "Written by"),
    ("dumpEventTime", "Written at"),
    ("commandLine", "Command"),
    ("cwd", "Folder"),
    ("nodejsVersion", "Node.js"),
    ("arch", "Processor"),
    ("platform", "Platform"),
    ("osName", "System"),
    ("osRelease", "Release"),
    ("host", "Host"),
    ("threadId", "Thread"),
];

impl Report {
    fn read(&mut self, json: &mut Json<'_>, builder: &mut Builder, is_process: bool) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            match (key.as_str(), json.kind()?) {
                ("header", Kind::Object) => self.head(json)?,
                ("javascriptStack", Kind::Object) => self.script(json)?,
                ("nativeStack", Kind::Array) => each_object(json, |json| self.native(json))?,
                ("javascriptHeap", Kind::Object) => self.heap(json)?,
                ("libuv", Kind::Array) => self.handles(json)?,
                ("resourceUsage" | "uvthreadResourceUsage", Kind::Object) => {
                    let of = if key == "resourceUsage" { "Process" } else { "Event loop's thread" };
                    self.used(json, of)?;
                }
                ("userLimits", Kind::Object) => self.limits(json)?,
                // Workers have no workers of their own in a report.
                ("workers", Kind::Array) if is_process => {
                    json.begin_array()?;
                    while json.next_element()? {
                        if json.kind()? != Kind::Object {
                            json.skip_value()?;
                            continue;
                        }
                        let mut worker = Self::default();
                        let read = worker.read(json, builder, false);
                        self.has_something |= worker.has_something;
                        worker.finish(builder);
                        read?;
                    }
                }
                _ => json.skip_value()?,
            }
        }
        Ok(())
    }

    fn head(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            let fact = HEADER.iter().find(|fact| fact.0 == key);
            match key.as_str() {
                "processId" => self.pid = scaled(json, 0)?.and_then(|pid| u64::try_from(pid).ok()),
                _ if fact.is_some() => {
                    let value = words(json)?;
                    if key == "threadId" {
                        self.tid = value.parse().ok();
                    }
                    self.header.extend(fact.map(|fact| (fact.1.to_owned(), value)));
                }
                _ => json.skip_value()?,
            }
        }
        self.has_something = true;
        Ok(())
    }

    fn script(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            match (key.as_str(), json.kind()?) {
                ("message", _) => self.message = words(json)?,
                ("stack", Kind::Array) => {
                    json.begin_array()?;
                    while json.next_element()? {
                        let line = words(json)?;
                        self.script.push(line);
                    }
                }
                _ => json.skip_value()?,
            }
        }
        Ok(())
    }

    fn native(&mut self, json: &mut Json<'_>) -> Result<()> {
        let (mut symbol, mut address) = (String::new(), String::new());
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            match key.as_str() {
                "symbol" => symbol = words(json)?,
                "pc" => address = words(json)?,
                _ => json.skip_value()?,
            }
        }
        self.native.push(if symbol.trim().is_empty() { address } else { symbol });
        Ok(())
    }

    fn heap(&mut self, json: &mut Json<'_>) -> Result<()> {
        let mut facts = Table::of_facts("JavaScript heap");
        let mut spaces = Table::new("Heap spaces", ["Space", "Used", "Capacity", "Committed", "Available"]);
        json.begin_object()?;
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            if key == "heapSpaces" && json.kind()? == Kind::Object {
                json.begin_object()?;
                while let Some(space) = json.next_key()?.map(str::to_owned) {
                    if json.kind()? != Kind::Object {
                        json.skip_value()?;
                        continue;
                    }
                    let mut sizes = [const { String::new() }; 4];
                    json.begin_object()?;
                    while let Some(key) = json.next_key()?.map(str::to_owned) {
                        let size = float(json)?.map_or_else(String::new, bytes);
                        let order = ["used", "capacity", "committedMemory", "available"];
                        if let Some(at) = order.iter().position(|known| *known == key) {
                            sizes[at] = size;
                        }
                    }
                    let [used, capacity, committed, available] = sizes;
                    spaces.row([spaced(&space), used, capacity, committed, available]);
                }
                continue;
            }
            let is_count = key.ends_with("Count") || key == "doesZapGarbage";
            let amount = float(json)?;
            let text = amount.map_or_else(String::new, |n| if is_count { whole(n) } else { bytes(n) });
            facts.fact(&spaced(&key), text);
        }
        self.tables.extend([facts, spaces].into_iter().filter(|table| !table.rows.is_empty()));
        Ok(())
    }

    fn handles(&mut self, json: &mut Json<'_>) -> Result<()> {
        let mut table = Table::new("Handles of the event loop", ["Kind", "Active", "Keeps the process", "Details"]);
        let mut idle = None;
        each_object(json, |json| {
            let (mut kind, mut active, mut referenced, mut details) = Default::default();
            while let Some(key) = json.next_key()?.map(str::to_owned) {
                match (key.as_str(), json.kind()?) {
                    ("type", _) => kind = words(json)?,
                    ("is_active", _) => active = words(json)?,
                    ("is_referenced", _) => referenced = words(json)?,
                    ("loopIdleTimeSeconds", _) => idle = scaled(json, 9)?,
                    ("address", _) => json.skip_value()?,
                    (_, Kind::Object) => {
                        let endpoint = endpoint(json)?;
                        add(&mut details, &spaced(&key), &endpoint);
                    }
                    _ => {
                        let value = words(json)?;
                        add(&mut details, &spaced(&key), &value);
                    }
                }
            }
            table.row([kind, active, referenced, details]);
            Ok(())
        })?;
        let idle = idle.map(|ns| ("Event loop waited".to_owned(), figure(ns, 0, &Unit::Nanos).to_string()));
        self.resources.extend(idle);
        self.tables.push(table);
        Ok(())
    }

    fn used(&mut self, json: &mut Json<'_>, of: &str) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            if json.kind()? == Kind::Object {
                json.begin_object()?;
                while let Some(inner) = json.next_key()?.map(str::to_owned) {
                    let value = words(json)?;
                    self.resources.push((format!("{of}: {}, {}", spaced(&key), spaced(&inner)), value));
                }
                continue;
            }
            let amount = float(json)?;
            let is_bytes = key.ends_with("memory") || key.ends_with("ss");
            let text = amount.map_or_else(String::new, |n| match key.as_str() {
                // Without a limit, the largest number of 64 bits stands there.
                "constrained_memory" if n > 1e18 => "none".into(),
                _ if is_bytes => bytes(n),
                key if key.ends_with("Seconds") => figure((n * 1e9) as i64, 0, &Unit::Nanos).to_string(),
                _ => n.to_string(),
            });
            self.resources.push((format!("{of}: {}", spaced(&key)), text));
        }
        Ok(())
    }

    fn limits(&mut self, json: &mut Json<'_>) -> Result<()> {
        let mut table = Table::new("Limits", ["Limit", "Soft", "Hard"]);
        json.begin_object()?;
        while let Some(name) = json.next_key()?.map(str::to_owned) {
            if json.kind()? != Kind::Object {
                json.skip_value()?;
                continue;
            }
            let (mut soft, mut hard) = (String::new(), String::new());
            json.begin_object()?;
            while let Some(key) = json.next_key()?.map(str::to_owned) {
                let value = words(json)?;
                match key.as_str() {
                    "soft" => soft = value,
                    "hard" => hard = value,
                    _ => {}
                }
            }
            table.row([spaced(&name), soft, hard]);
        }
        self.tables.push(table);
        Ok(())
    }

    fn finish(self, builder: &mut Builder) {
        let thread = match self.tid {
            Some(tid) if tid > 0 => format!("worker {tid}"),
            _ => "main thread".to_owned(),
        };
        let titled = |title: &str| if self.tid > Some(0) { format!("{title} ({thread})") } else { title.to_owned() };
        let mut facts = Table::of_facts(titled("Report"));
        facts.fact("Message", self.message);
        let pid = self.pid.map_or_else(String::new, |pid| pid.to_string());
        facts.fact("Process", pid);
        self.header.iter().for_each(|(name, value)| facts.fact(name, value.as_str()));
        let mut used = Table::of_facts(titled("Used resources"));
        self.resources.iter().for_each(|(name, value)| used.fact(name, value.as_str()));
        let tables = [facts, used].into_iter().filter(|table| !table.rows.is_empty());
        builder.tables.extend(tables);
        for mut table in self.tables {
            table.title = titled(&table.title);
            builder.tables.push(table);
        }
        let script: Vec<FrameId> = self.script.iter().filter_map(|line| script_frame(line, builder)).collect();
        let native: Vec<FrameId> = self.native.iter().map(|symbol| native_frame(symbol, builder)).collect();
        for (frames, name) in [(script, thread.clone()), (native, format!("{thread}, native"))] {
            if !frames.is_empty() {
                let mut profile = one_sample(&frames, builder);
                (profile.name, profile.pid, profile.tid) = (name, self.pid, self.tid);
                builder.profile(profile);
            }
        }
    }
}

/// A profile of one stack, innermost frame first.
fn one_sample(frames: &[FrameId], builder: &mut Builder) -> Profile {
    let stack = frames.iter().rev().fold(StackId::NONE, |stack, &frame| builder.stack(stack, frame));
    let value =
        Value { name: "samples".into(), unit: Unit::Count, decimals: 0, weights: Weights::Each(Column::filled(1, 1)) };
    let samples = Samples { stack: Column::filled(stack, 1), ..Samples::default() };
    Profile { samples, values: vec![value], ..Profile::default() }
}

/// `at name (file:line:column)` or `at file:line:column`; other lines are no frames.
fn script_frame(line: &str, builder: &mut Builder) -> Option<FrameId> {
    let text = line.trim().strip_prefix("at ")?;
    let (name, place) = match text.strip_suffix(')').and_then(|text| text.rsplit_once('(')) {
        Some((name, place)) => (name.trim(), place),
        None => ("", text),
    };
    let mut parts = place.rsplitn(3, ':');
    let (_column, line, file) = (parts.next(), parts.next(), parts.next());
    let (file, line) = match (file, line.and_then(|line| line.parse::<u32>().ok())) {
        (Some(file), Some(line)) => (file, line),
        _ => (place, 0),
    };
    let (name, file) = (builder.strings.intern(name), builder.strings.intern(file));
    let function = builder.function(name, file, 0, 0, Tag::Code);
    Some(builder.frame(function, line, false))
}

/// `name [library]`
fn native_frame(symbol: &str, builder: &mut Builder) -> FrameId {
    let (name, library) = match symbol.trim_end().strip_suffix(']').and_then(|text| text.rsplit_once('[')) {
        Some((name, library)) => (name.trim(), library),
        None => (symbol.trim(), ""),
    };
    if name.is_empty() { frame_of(library, Named::Library, builder) } else { frame_of(name, Named::Native, builder) }
}

/// `{"host": "::", "port": 3000}`
fn endpoint(json: &mut Json<'_>) -> Result<String> {
    let (mut host, mut port) = (String::new(), String::new());
    json.begin_object()?;
    while let Some(key) = json.next_key()?.map(str::to_owned) {
        match key.as_str() {
            "host" => host = words(json)?,
            "port" => port = words(json)?,
            _ => json.skip_value()?,
        }
    }
    Ok(if port.is_empty() { host } else { format!("{host} port {port}") })
}

fn add(details: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        let gap = if details.is_empty() { "" } else { ", " };
        details.push_str(&format!("{gap}{name} {value}"));
    }
}

fn bytes(n: f64) -> String {
    figure(n as i64, 0, &Unit::Bytes).to_string()
}

fn whole(n: f64) -> String {
    grouped(n as i64)
}

/// `usedGlobalHandlesMemory` and `open_files` as words.
fn spaced(key: &str) -> String {
    let mut out = String::with_capacity(key.len() + 4);
    for c in key.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.push(if c == '_' { ' ' } else { c.to_ascii_lowercase() });
    }
    out
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

    fn stack(recording: &Recording, profile: usize) -> Vec<(String, String, u32)> {
        let frames = recording.stacks.walk(recording.profiles[profile].samples.stack.get(0));
        let of = |frame: FrameId| {
            let function = recording.function_of(frame);
            (
                recording.name(function).to_owned(),
                recording.file(function).to_owned(),
                recording.frames.get(frame.index()).line,
            )
        };
        frames.map(of).collect()
    }

    #[test]
    fn stacks_and_tables() {
        let text = r#"{"header":{"reportVersion":4,"event":"Signal","processId":7,"threadId":0},
            "javascriptStack":{"message":"No stack.","stack":["at f (/srv/a b.js:3:62)","at node:internal/timers:581:17","Unavailable"]},
            "javascriptHeap":{"usedMemory":1048576,"nativeContextCount":2,"heapSpaces":{"old_space":{"used":1024,"capacity":2048,"committedMemory":0,"available":0}}},
            "nativeStack":[{"pc":"0x1","symbol":"node::f(int) [node]"},{"pc":"0x2","symbol":""}],
            "libuv":[{"type":"tcp","is_active":true,"is_referenced":false,"address":"0x1","localEndpoint":{"host":"::","port":80},"fd":9},{"type":"loop","loopIdleTimeSeconds":0.5}],
            "userLimits":{"open_files":{"soft":20000,"hard":"unlimited"}},
            "workers":[{"header":{"processId":7,"threadId":1},"javascriptStack":{"stack":["at w (b.js:1:1)"]}}]}"#;
        let recording = open(text).expect("it is whole");
        let names: Vec<&str> = recording.profiles.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["worker 1", "main thread", "main thread, native"]);
        assert_eq!(stack(&recording, 1)[0], ("f".into(), "/srv/a b.js".into(), 3));
        assert_eq!(stack(&recording, 1)[1], ("(anonymous)".into(), "node:internal/timers".into(), 581));
        assert_eq!(stack(&recording, 2).iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), ["node::f(int)", "0x2"]);
        let table = |title: &str| recording.tables.iter().find(|t| t.title == title).expect("it is there");
        assert_eq!(table("Heap spaces").rows[0][..2], ["old space", "1.00\u{202f}KiB"]);
        assert_eq!(table("Handles of the event loop").rows[0], ["tcp", "yes", "no", "local endpoint :: port 80, fd 9"]);
        assert_eq!(table("Limits").rows[0], ["open files", "20000", "unlimited"]);
        assert!(table("Used resources").rows[0][1].contains("500"));
    }

    #[test]
    fn a_cut_report_keeps_what_it_has() {
        let recording = open(r#"{"header":{"event":"Signal","nodejsVersion":"v20"},"javascriptStack":{"mess"#);
        assert_eq!(recording.expect("the header is there").notes[0].code, "cut");
        assert!(open(r#"{"header":{"event":"#).is_err());
    }
}
