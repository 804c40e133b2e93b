//! Pages of doctor and bubbleprof: HTML with the data as JSON in one script element.

use memchr::memmem;

use super::records::{self, MEMORY, Record, is_moment};
use super::stacks::{Frame, Operations};
use crate::error::{Error, Result};
use crate::formats::common::json::{each_object, float, note_replaced, words};
use crate::formats::{Context, Fit, Head};
use crate::input::Window;
use crate::input::json::{Json, Kind};
use crate::model::{Builder, Table};

/// The element's id; what follows the tag's end is the document.
const MARK: &[u8] = b"id=\"clinic-data\"";

/// The answer of the format: HTML with the element, or of a name that clinic gives its pages when the
/// element stands further down.
pub(super) fn detect(head: &Head<'_>) -> Fit {
    if !is_html(head.bytes) {
        return Fit::No;
    }
    if memmem::find(head.bytes, MARK).is_some() {
        return Fit::Yes("a web page with the data of clinic".into());
    }
    let titles: [&[u8]; 2] = [b"<title>Clinic Doctor", b"<title>Clinic Bubbleprof"];
    if titles.iter().any(|title| memmem::find(head.bytes, title).is_some()) {
        return Fit::Yes("a web page with the title of clinic".into());
    }
    Fit::No
}

fn is_html(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    let begins = |word: &[u8]| start.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    begins(b"<!doctype html") || begins(b"<html")
}

pub(super) fn decode(window: &mut Window, builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    seek(window, MARK)?;
    seek(window, b">")?;
    let mut json = Json::new(window);
    let mut page = Page::new(builder);
    let read = page.read(&mut json, builder);
    match read {
        Err(_) if json.is_cut() && !page.is_empty() => {
            builder.note("cut", 1, "The file ends early; what it holds was kept.");
        }
        read => read?,
    }
    note_replaced(&json, builder);
    if page.is_empty() {
        return Err(Error::whole("the data in it holds no measurement and no operation", "Record it again."));
    }
    page.finish(builder);
    Ok(())
}

/// Passes everything up to and with `mark`.
fn seek(window: &mut Window, mark: &[u8]) -> Result<()> {
    loop {
        if let Some(at) = memmem::find(window.data(), mark) {
            window.consume(at + mark.len());
            return Ok(());
        }
        let keep = window.data().len().min(mark.len() - 1);
        window.consume(window.data().len() - keep);
        if !window.fill()? {
            return Err(Error::whole(
                "the page has no data element: pages of clinic flame and heapprofiler keep theirs inside a program",
                "Open the files of clinic's folder instead.",
            ));
        }
    }
}

struct Page {
    records: Vec<Record>,
    /// End and length of collections, milliseconds.
    collections: Vec<(f64, f64)>,
    operations: Operations,
    verdict: Table,
}

/// Collections that stop the program.
const BLOCKING: [&str; 3] = ["V8.GCScavenger", "V8.GCFinalizeMC", "V8.GCIncrementalMarkingFinalize"];

impl Page {
    fn new(builder: &mut Builder) -> Self {
        Self {
            records: Vec::new(),
            collections: Vec::new(),
            operations: Operations::new(builder),
            verdict: Table::of_facts("Verdict of clinic doctor"),
        }
    }

    fn is_empty(&self) -> bool {
        self.records.is_empty() && self.operations.stack.is_empty()
    }

    fn read(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            match (key.as_str(), json.kind()?) {
                ("traceEvent", Kind::Array) => each_object(json, |json| self.event(json))?,
                ("processStat", Kind::Array) => each_object(json, |json| self.record(json))?,
                ("analysis", Kind::Object) => self.analysis(json)?,
                ("data", Kind::Array) => each_object(json, |json| self.cluster(json, builder))?,
                _ => json.skip_value()?,
            }
        }
        Ok(())
    }

    fn event(&mut self, json: &mut Json<'_>) -> Result<()> {
        let (mut is_blocking, mut times) = (false, [None; 2]);
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            match (key.as_str(), json.kind()?) {
                ("name", Kind::Text) => is_blocking = BLOCKING.contains(&json.text()?),
                ("args", Kind::Object) => {
                    json.begin_object()?;
                    while let Some(key) = json.next_key()?.map(str::to_owned) {
                        let value = float(json)?;
                        match key.as_str() {
                            "startTimestamp" => times[0] = value,
                            "endTimestamp" => times[1] = value,
                            _ => {}
                        }
                    }
                }
                _ => json.skip_value()?,
            }
        }
        if let [Some(start), Some(end)] = times
            && is_blocking
            && is_moment(start)
            && is_moment(end)
            && end >= start
        {
            self.collections.push((end, end - start));
        }
        Ok(())
    }

    fn record(&mut self, json: &mut Json<'_>) -> Result<()> {
        let mut record = Record::default();
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            match key.as_str() {
                "timestamp" => record.timestamp = float(json)?.unwrap_or(0.0),
                "delay" => record.delay = float(json)?.unwrap_or(-1.0),
                "cpu" => record.cpu = float(json)?,
                "handles" => record.handles = float(json)?,
                "loopUtilization" => {
                    record.utilisation = float(json)?.filter(|percent| (0.0..=100.0).contains(percent))
                }
                "memory" if json.kind()? == Kind::Object => {
                    json.begin_object()?;
                    while let Some(at) = json.next_key()?.map(|key| MEMORY.iter().position(|m| m.0 == key)) {
                        let bytes = float(json)?;
                        if let Some(at) = at {
                            record.memory[at] = bytes;
                        }
                    }
                }
                _ => json.skip_value()?,
            }
        }
        if is_moment(record.timestamp) && (0.0..86_400_000.0).contains(&record.delay) {
            self.records.push(record);
        }
        Ok(())
    }

    /// What doctor itself concluded.
    fn analysis(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            match (key.as_str(), json.kind()?) {
                ("issueCategory", _) => self.verdict.fact("Category", words(json)?),
                ("issues", Kind::Object) => {
                    json.begin_object()?;
                    while let Some(issue) = json.next_key()?.map(str::to_owned) {
                        if json.kind()? != Kind::Object {
                            self.verdict.fact(&issue, words(json)?);
                            continue;
                        }
                        json.begin_object()?;
                        while let Some(part) = json.next_key()?.map(str::to_owned) {
                            let value = words(json)?;
                            self.verdict.fact(&format!("{issue}, {part}"), value);
                        }
                    }
                }
                _ => json.skip_value()?,
            }
        }
        Ok(())
    }

    /// A bubble of bubbleprof: operations that belong together.
    fn cluster(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        while let Some(is_nodes) = json.next_key()?.map(|key| key == "nodes") {
            if is_nodes && json.kind()? == Kind::Array {
                each_object(json, |json| self.node(json, builder))?;
            } else {
                json.skip_value()?;
            }
        }
        Ok(())
    }

    /// Operations of one creation stack.
    fn node(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        let mut ids = Vec::new();
        self.operations.frames().clear();
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            match (key.as_str(), json.kind()?) {
                ("frames", Kind::Array) => each_object(json, |json| {
                    let frame = frame(json)?;
                    let frame = self.operations.frame(&frame, builder);
                    self.operations.frames().push(frame);
                    Ok(())
                })?,
                ("sources", Kind::Array) => each_object(json, |json| {
                    let mut id = 0.0;
                    while let Some(is_id) = json.next_key()?.map(|key| key == "asyncId") {
                        if is_id { id = float(json)?.unwrap_or(0.0) } else { json.skip_value()? }
                    }
                    ids.push(id);
                    Ok(())
                })?,
                _ => json.skip_value()?,
            }
        }
        ids.into_iter().for_each(|id| self.operations.push(id, builder));
        Ok(())
    }

    fn finish(self, builder: &mut Builder) {
        if !self.records.is_empty() {
            records::add(self.records, self.collections, builder);
        }
        if !self.verdict.rows.is_empty() {
            builder.tables.push(self.verdict);
        }
        if !self.operations.stack.is_empty() {
            builder.profile(self.operations.finish());
        }
    }
}

fn frame(json: &mut Json<'_>) -> Result<Frame> {
    let mut frame = Frame::default();
    while let Some(key) = json.next_key()?.map(str::to_owned) {
        match key.as_str() {
            "functionName" => frame.function = words(json)?,
            "typeName" => frame.of_type = words(json)?,
            "fileName" => frame.file = words(json)?,
            "isConstructor" => frame.is_constructor = words(json)? == "yes",
            "lineNumber" => {
                let line = float(json)?.filter(|line| (0.0..4e9).contains(line));
                frame.line = line.map_or(0, |line| line as u32);
            }
            _ => json.skip_value()?,
        }
    }
    Ok(frame)
}
