//! Which function a span is.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::Flavour;
use crate::model::{Builder, Frame, FrameId, LabelValue, StringId, Tag};

/// Frames of spans, by what they are made of.
#[derive(Debug)]
pub(super) struct Frames {
    flavour: Flavour,
    is_viztracer: bool,
    by_name: HashMap<StringId, FrameId, FixedState>,
    /// By name and row of labels that tell a place.
    by_place: HashMap<(StringId, u32), FrameId, FixedState>,
    keys: Keys,
}

/// Keys of labels that tell a place.
#[derive(Debug)]
struct Keys {
    function: StringId,
    url: StringId,
    line: StringId,
    column: StringId,
    definition_line: StringId,
    definition_column: StringId,
    file_name: StringId,
    file: StringId,
    line_of_file: StringId,
}

/// A place as labels tell it.
#[derive(Debug, Default, Clone, Copy)]
struct Place {
    function: Option<StringId>,
    url: Option<StringId>,
    line: u32,
    column: u32,
    definition: (u32, u32),
    file_name: Option<StringId>,
    file: Option<StringId>,
    line_of_file: u32,
}

impl Frames {
    pub(super) fn new(flavour: Flavour, is_viztracer: bool, builder: &mut Builder) -> Self {
        let mut key = |text: &str| builder.strings.intern(text);
        let keys = Keys {
            function: key("functionName"),
            url: key("url"),
            line: key("lineNumber"),
            column: key("columnNumber"),
            definition_line: key("funcLine"),
            definition_column: key("funcColumn"),
            file_name: key("filename"),
            file: key("file"),
            line_of_file: key("line"),
        };
        Self { flavour, is_viztracer, by_name: HashMap::default(), by_place: HashMap::default(), keys }
    }

    /// The frame of a span.
    pub(super) fn of(&mut self, name: StringId, labels: u32, builder: &mut Builder) -> FrameId {
        if labels == 0 {
            return self.by_name(name, builder);
        }
        if let Some(&frame) = self.by_place.get(&(name, labels)) {
            return frame;
        }
        let place = self.place(labels, builder);
        let frame = match self.placed(name, &place, builder) {
            Some(frame) => frame,
            None => self.by_name(name, builder),
        };
        self.by_place.insert((name, labels), frame);
        frame
    }

    fn by_name(&mut self, name: StringId, builder: &mut Builder) -> FrameId {
        if let Some(&frame) = self.by_name.get(&name) {
            return frame;
        }
        let text = builder.strings.get(name).to_owned();
        let frame = match split(&text).filter(|_| self.flavour == Flavour::Other) {
            Some((function, file, line)) => {
                let (function, file) = (builder.strings.intern(function), builder.strings.intern(file));
                let function = builder.function(function, file, line, 0, Tag::Code);
                builder.frame(function, 0, false)
            }
            // Parts of an engine, and built-in functions of Python, have no place.
            None => {
                let is_engine = self.flavour != Flavour::Other || self.is_viztracer;
                let tag = if is_engine { Tag::Native } else { Tag::Code };
                let function = builder.function(name, StringId::EMPTY, 0, 0, tag);
                builder.frame(function, 0, false)
            }
        };
        self.by_name.insert(name, frame);
        frame
    }

    fn place(&self, labels: u32, builder: &Builder) -> Place {
        let mut place = Place::default();
        let number = |value| match value {
            LabelValue::Number(number, _) => u32::try_from(number).unwrap_or(0),
            LabelValue::Text(text) => builder.strings.get(text).parse().unwrap_or(0),
        };
        for (key, value) in builder.label_sets.get(labels) {
            let keys = &self.keys;
            match value {
                LabelValue::Text(text) if key == keys.function => place.function = Some(text),
                LabelValue::Text(text) if key == keys.url => place.url = Some(text),
                LabelValue::Text(text) if key == keys.file_name => place.file_name = Some(text),
                LabelValue::Text(text) if key == keys.file => place.file = Some(text),
                value if key == keys.line => place.line = number(value),
                value if key == keys.column => place.column = number(value),
                value if key == keys.definition_line => place.definition.0 = number(value),
                value if key == keys.definition_column => place.definition.1 = number(value),
                value if key == keys.line_of_file => place.line_of_file = number(value),
                _ => {}
            }
        }
        place
    }

    /// The frame of a function that the labels tell. Chrome counts lines of calls from 1, unlike those of
    /// samples.
    fn placed(&self, name: StringId, place: &Place, builder: &mut Builder) -> Option<FrameId> {
        let is_call = builder.strings.get(name) == "FunctionCall";
        let function = match (self.flavour, place) {
            (Flavour::Chrome, Place { url: Some(url), function, line, column, .. }) if is_call => {
                builder.function(function.unwrap_or(StringId::EMPTY), *url, *line, *column, Tag::Code)
            }
            // Hermes: the line is that of the call inside.
            (Flavour::Other, Place { url: Some(url), definition: (line, column), .. }) if *line > 0 => {
                builder.function(name, *url, *line, *column, Tag::Code)
            }
            // py-spy: the line is the one that ran.
            (Flavour::Other, Place { file_name: Some(file), line_of_file, .. }) => {
                let function = builder.function(name, *file, 0, 0, Tag::Code);
                let frame = Frame { function, line: *line_of_file, inlined: false, text: StringId::EMPTY };
                return Some(builder.frame_as_written(frame));
            }
            (Flavour::Other, Place { file: Some(file), line_of_file, .. }) if *line_of_file > 0 => {
                builder.function(name, *file, *line_of_file, 0, Tag::Code)
            }
            _ => return None,
        };
        Some(builder.frame(function, 0, false))
    }
}

/// `qualname (/path/file.py:12)` as name, file and line.
pub(super) fn split(text: &str) -> Option<(&str, &str, u32)> {
    let inside = text.strip_suffix(')')?;
    let (place, line) = inside.rsplit_once(':')?;
    let line = line.parse().ok().filter(|_| line.bytes().all(|b| b.is_ascii_digit()))?;
    let (name, file) = place.rsplit_once(" (")?;
    (!name.is_empty() && !file.is_empty()).then_some((name, file, line))
}
