//! The arguments of an event: what is kept of them as labels, and what else hides in them.
//!
//! They mostly stand before the event's name, so that they are read without knowing what they belong to.

use super::Flavour;
use super::chunks::Chunks;
use crate::error::Result;
use crate::formats::common::json::whole;
use crate::input::json::{Json, Kind, Number};
use crate::model::{Builder, LabelValue, StringId};

/// Labels kept of one event.
const LABELS_MAX: usize = 24;
/// Longest text that is kept, bytes; sources of scripts and pictures are longer.
const TEXT_MAX: usize = 1_000;
/// Objects inside each other that are looked into.
const DEPTH_MAX: usize = 4;
/// Longest key that is kept, bytes.
const KEY_MAX: usize = 40;
/// Frames of a stack that are kept.
const FRAMES_MAX: usize = 8;

/// The arguments of the event that is read.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) labels: Vec<Label>,
    /// Processes of frames that no other frame is around.
    pub(super) pages: Vec<i64>,
    /// Texts that were too long, and labels that were too many.
    pub(super) large: u64,
    pub(super) many: u64,
    stack: String,
}

/// A label and whether it is kept whatever the event is; others are for counters only.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    pub(super) key: StringId,
    pub(super) value: LabelValue,
    is_kept: bool,
}

/// A short key, copied.
#[derive(Debug, Clone, Copy)]
struct Short {
    bytes: [u8; KEY_MAX],
    len: u8,
}

/// What a key leads to.
#[derive(Debug, Clone, Copy)]
enum Key {
    CpuProfile,
    TimeDeltas,
    Lines,
    EndTime,
    StackTrace,
    Frames,
    ProcessId,
    Label(Short),
    /// Only a number may be wanted.
    Number(Short),
    Other,
}

impl Key {
    fn of(key: &[u8], flavour: Flavour) -> Self {
        match (key, flavour) {
            (b"cpuProfile", _) => Self::CpuProfile,
            (b"timeDeltas", _) => Self::TimeDeltas,
            (b"lines", _) => Self::Lines,
            (b"endTime", _) => Self::EndTime,
            (b"stackTrace", _) => Self::StackTrace,
            (b"frames", Flavour::Chrome) => Self::Frames,
            (b"processId", Flavour::Chrome) => Self::ProcessId,
            (_, Flavour::Chrome) if !is_wanted(key) => Short::of(key).map_or(Self::Other, Self::Number),
            _ => Short::of(key).map_or(Self::Other, Self::Label),
        }
    }
}

impl Short {
    #[inline]
    fn of(key: &[u8]) -> Option<Self> {
        let mut bytes = [0; KEY_MAX];
        bytes.get_mut(..key.len())?.copy_from_slice(key);
        Some(Self { bytes, len: key.len() as u8 })
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// What is kept of Chrome's arguments: what says which function, which element, which request, timer,
/// frame or page it was, and what web vitals are made of.
fn is_wanted(key: &[u8]) -> bool {
    matches!(
        key,
        b"name"
            | b"labels"
            | b"sort_index"
            | b"type"
            | b"url"
            | b"functionName"
            | b"lineNumber"
            | b"columnNumber"
            | b"timerId"
            | b"timeout"
            | b"singleShot"
            | b"sampleTraceId"
            | b"requestId"
            | b"frame"
            | b"parentFrame"
            | b"navigationId"
            | b"documentLoaderURL"
            | b"isMainFrame"
            | b"isOutermostMainFrame"
            | b"isLoadingMainFrame"
            | b"is_main_frame"
            | b"candidateIndex"
            | b"size"
            | b"nodeName"
            | b"nodeId"
            | b"DOMNodeId"
            | b"imageUrl"
            | b"score"
            | b"weighted_score_delta"
            | b"had_recent_input"
            | b"interactionId"
            | b"duration"
            | b"timeStamp"
            | b"processingStart"
            | b"processingEnd"
            | b"statusCode"
            | b"mimeType"
            | b"resourceType"
            | b"priority"
            | b"requestMethod"
            | b"protocol"
            | b"encodedDataLength"
            | b"decodedBodyLength"
            | b"fromCache"
            | b"didFail"
            | b"elementCount"
            | b"dirtyObjects"
            | b"totalObjects"
            | b"usedHeapSizeBefore"
            | b"usedHeapSizeAfter"
            | b"reason"
            | b"message"
            | b"fileName"
            | b"taskName"
            | b"workerId"
            | b"workerThreadId"
            | b"src_file"
            | b"src_func"
            | b"allottedMilliseconds"
            | b"timedOut"
            | b"id"
            | b"startLine"
            | b"endLine"
            | b"source"
            | b"startTime"
            | b"callTime"
            | b"detail"
            | b"traceId"
            | b"invoker_type"
            | b"blocking_duration_ms"
            | b"debug_name"
            | b"renderBlocking"
            | b"initiator"
            | b"key"
            | b"readyState"
            | b"receiveHeadersEnd"
            | b"requestTime"
            | b"finishTime"
    )
}

impl Arguments {
    /// Forgets the last event's.
    pub(super) fn clear(&mut self) {
        self.labels.clear();
        self.pages.clear();
    }

    /// Reads a value, whatever it is.
    pub(super) fn read(
        &mut self,
        json: &mut Json<'_>,
        builder: &mut Builder,
        chunks: &mut Chunks,
        flavour: Flavour,
    ) -> Result<()> {
        if json.kind()? != Kind::Object {
            return json.skip_value();
        }
        json.begin_object()?;
        let mut depth = 1;
        while depth > 0 {
            let Some(key) = json.next_key_as(|key| Key::of(key, flavour))? else {
                depth -= 1;
                continue;
            };
            let kind = json.kind()?;
            if kind == Kind::Object && depth < DEPTH_MAX && !matches!(key, Key::CpuProfile) {
                json.begin_object()?;
                depth += 1;
            } else {
                self.member(json, builder, chunks, key, kind)?;
            }
        }
        Ok(())
    }

    fn member(
        &mut self,
        json: &mut Json<'_>,
        builder: &mut Builder,
        chunks: &mut Chunks,
        key: Key,
        kind: Kind,
    ) -> Result<()> {
        match (key, kind) {
            (Key::CpuProfile, Kind::Object) => chunks.read_profile(json, builder),
            (Key::TimeDeltas, Kind::Array) => chunks.read_deltas(json),
            (Key::Lines, Kind::Array) => chunks.read_lines(json),
            (Key::EndTime, Kind::Number) => chunks.read_end(json),
            (Key::StackTrace, Kind::Array) => self.read_stack(json, builder),
            (Key::Frames, Kind::Array) => self.read_frames(json),
            (Key::ProcessId, Kind::Number) => {
                self.pages.push(whole(json)?);
                Ok(())
            }
            (Key::Label(key), _) => self.label(json, builder, key, kind),
            (Key::Number(key), Kind::Number) => {
                let value = number(json, builder)?;
                self.push(builder, key, value, false);
                Ok(())
            }
            _ => json.skip_value(),
        }
    }

    fn label(&mut self, json: &mut Json<'_>, builder: &mut Builder, key: Short, kind: Kind) -> Result<()> {
        let value = match kind {
            Kind::Number => number(json, builder)?,
            Kind::Bool => {
                let is_true = json.bool()?;
                LabelValue::Text(builder.strings.intern(if is_true { "true" } else { "false" }))
            }
            Kind::Text => match short_text(json, builder)? {
                Some(text) => LabelValue::Text(text),
                None => {
                    self.large += 1;
                    return Ok(());
                }
            },
            Kind::Object | Kind::Array | Kind::Null => return json.skip_value(),
        };
        self.push(builder, key, value, true);
        Ok(())
    }

    /// Adds a label. Where objects inside each other have equal keys, the first counts.
    fn push(&mut self, builder: &mut Builder, key: Short, value: LabelValue, is_kept: bool) {
        if self.labels.len() >= LABELS_MAX {
            self.many += u64::from(is_kept);
            return;
        }
        let key = builder.strings.intern_bytes(key.bytes());
        if self.labels.iter().all(|label| label.key != key) {
            self.labels.push(Label { key, value, is_kept });
        }
    }

    /// The value of a label.
    pub(super) fn get(&self, key: StringId) -> Option<LabelValue> {
        self.labels.iter().find(|label| label.key == key).map(|label| label.value)
    }

    /// The text of a label.
    pub(super) fn text(&self, key: StringId) -> Option<StringId> {
        match self.get(key)? {
            LabelValue::Text(text) => Some(text),
            LabelValue::Number(..) => None,
        }
    }

    /// The number of a label.
    pub(super) fn number(&self, key: StringId) -> Option<i64> {
        match self.get(key)? {
            LabelValue::Number(number, _) => Some(number),
            LabelValue::Text(_) => None,
        }
    }

    /// Adds a label that is none of the arguments.
    pub(super) fn add(&mut self, key: StringId, value: LabelValue) {
        if self.labels.iter().all(|label| label.key != key) {
            self.labels.push(Label { key, value, is_kept: true });
        }
    }

    /// What is kept as the row of a set of labels.
    pub(super) fn intern(&self, builder: &mut Builder) -> u32 {
        if self.labels.iter().all(|label| !label.is_kept) {
            return 0;
        }
        let mut kept = [(StringId::EMPTY, LabelValue::Text(StringId::EMPTY)); LABELS_MAX + 2];
        let mut count = 0;
        for label in self.labels.iter().filter(|label| label.is_kept).take(kept.len()) {
            kept[count] = (label.key, label.value);
            count += 1;
        }
        builder.label_sets.intern(&kept[..count])
    }

    /// Frames of a stack as one text, innermost first.
    fn read_stack(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        self.stack.clear();
        let mut frames = 0;
        json.begin_array()?;
        while json.next_element()? {
            frames += 1;
            if frames > FRAMES_MAX || json.kind()? != Kind::Object {
                json.skip_value()?;
            } else {
                self.read_stack_frame(json)?;
            }
        }
        if !self.stack.is_empty() {
            let (key, text) = (builder.strings.intern("stackTrace"), builder.strings.intern(&self.stack));
            self.add_stack(key, text);
        }
        Ok(())
    }

    fn add_stack(&mut self, key: StringId, text: StringId) {
        if self.labels.len() < LABELS_MAX {
            self.add(key, LabelValue::Text(text));
        }
    }

    fn read_stack_frame(&mut self, json: &mut Json<'_>) -> Result<()> {
        let (mut name, mut url) = (String::new(), String::new());
        let (mut line, mut column) = (0, 0);
        json.begin_object()?;
        while let Some(key) = json.next_key_as(StackKey::of)? {
            match (key, json.kind()?) {
                (StackKey::Name, Kind::Text) => shortened_into(json.text()?, &mut name),
                (StackKey::Url, Kind::Text) => shortened_into(json.text()?, &mut url),
                (StackKey::Line, Kind::Number) => line = whole(json)?,
                (StackKey::Column, Kind::Number) => column = whole(json)?,
                _ => json.skip_value()?,
            }
        }
        if self.stack.len() < TEXT_MAX {
            let between = if self.stack.is_empty() { "" } else { "\n" };
            let name = if name.is_empty() { "(anonymous)" } else { &name };
            self.stack.push_str(&format!("{between}{name} ({url}:{line}:{column})"));
        }
        Ok(())
    }

    /// Processes of the frames that a browser shows.
    fn read_frames(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_array()?;
        while json.next_element()? {
            if json.kind()? != Kind::Object {
                json.skip_value()?;
                continue;
            }
            let (mut process, mut is_inside) = (None, false);
            json.begin_object()?;
            while let Some(key) = json.next_key_as(|key| (key == b"processId", key == b"parent"))? {
                match (key, json.kind()?) {
                    ((true, _), Kind::Number) => process = Some(whole(json)?),
                    ((_, is_parent), _) => {
                        is_inside |= is_parent;
                        json.skip_value()?;
                    }
                }
            }
            if !is_inside && self.pages.len() < LABELS_MAX {
                self.pages.extend(process);
            }
        }
        Ok(())
    }
}

/// The keys of a frame of a stack.
#[derive(Debug, Clone, Copy)]
enum StackKey {
    Name,
    Url,
    Line,
    Column,
    Other,
}

impl StackKey {
    fn of(key: &[u8]) -> Self {
        match key {
            b"functionName" => Self::Name,
            b"url" => Self::Url,
            b"lineNumber" => Self::Line,
            b"columnNumber" => Self::Column,
            _ => Self::Other,
        }
    }
}

fn shortened_into(text: &str, into: &mut String) {
    into.push_str(&text[..text.floor_char_boundary(TEXT_MAX / 4)]);
}

/// A text; none when it is too long to be kept.
pub(super) fn short_text(json: &mut Json<'_>, builder: &mut Builder) -> Result<Option<StringId>> {
    if let Some(plain) = json.plain_text() {
        return Ok((plain.len() <= TEXT_MAX).then(|| builder.strings.intern_bytes(plain)));
    }
    let text = json.text()?;
    Ok((text.len() <= TEXT_MAX).then(|| builder.strings.intern(text)))
}

/// A number; a fraction as the text that it is.
fn number(json: &mut Json<'_>, builder: &mut Builder) -> Result<LabelValue> {
    if let Some(short) = json.short_number() {
        return Ok(LabelValue::Number(short, StringId::EMPTY));
    }
    Ok(match json.number()? {
        Number::Int(whole) => LabelValue::Number(whole, StringId::EMPTY),
        Number::Uint(whole) => LabelValue::Text(builder.strings.intern(&whole.to_string())),
        Number::Float(fraction) => LabelValue::Text(builder.strings.intern(&fraction.to_string())),
    })
}
