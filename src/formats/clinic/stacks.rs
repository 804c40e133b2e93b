//! `*-stacktrace`: frames of a 32-bit length, the highest byte first, and a protobuf message: the stack
//! that created an asynchronous operation, innermost frame first.
//!
//! Old writers kept 16 bits of the length. So when a message does not end where its length says, it is
//! read again 64 KiB longer, and again, up to ten times.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::error::{Error, Result};
use crate::formats::common::proto::{Value as Wire, fields};
use crate::formats::{Context, Fit, Head};
use crate::input::Window;
use crate::model::{Builder, Column, FrameId, LabelValue, Profile, Samples, StackId, StringId, Tag, Value, Weights};
use crate::units::Unit;

/// A frame of a stack.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Frame {
    #[prost(string, tag = "1")]
    pub(super) function: String,
    #[prost(string, tag = "2")]
    pub(super) of_type: String,
    #[prost(bool, tag = "3")]
    pub(super) is_eval: bool,
    #[prost(bool, tag = "4")]
    pub(super) is_constructor: bool,
    #[prost(bool, tag = "5")]
    pub(super) is_native: bool,
    #[prost(string, tag = "8")]
    pub(super) file: String,
    #[prost(uint32, tag = "9")]
    pub(super) line: u32,
    #[prost(uint32, tag = "10")]
    pub(super) column: u32,
}

const LENGTH: usize = 4;
/// How often a length that was cut to 16 bits is tried longer.
const TRIES: u64 = 11;
const LOST: u64 = 1 << 16;
/// The first field is the operation's number.
const ID: u8 = 0x09;

/// The answer of the format: a length, a number, and a frame or the next length behind it.
pub(super) fn detect(head: &Head<'_>) -> Fit {
    let Some((length, rest)) = length(head.bytes) else { return Fit::No };
    let Some((&ID, rest)) = rest.split_first() else { return Fit::No };
    let Some((number, rest)) = rest.split_first_chunk::<8>() else { return Fit::No };
    let id = f64::from_le_bytes(*number);
    let is_id = (0.0..9e15).contains(&id) && id.fract() == 0.0;
    let is_frame = match rest {
        // A message that is over after its number: the next one follows.
        _ if length == 9 => rest.is_empty() && head.is_whole || rest.get(LENGTH) == Some(&ID),
        [0x12, ..] => true,
        _ => false,
    };
    if is_id && is_frame && length >= 9 {
        return Fit::Yes("starts with a stack of clinic bubbleprof".into());
    }
    Fit::No
}

fn length(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
    Some((u64::from(u32::from_be_bytes(*length)), rest))
}

pub(super) fn decode(window: &mut Window, builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    let mut operations = Operations::new(builder);
    let mut longer = 0u64;
    let is_cut = loop {
        let offset = window.position();
        let Some((claimed, _)) = length(window.want(LENGTH)?) else {
            break !window.data().is_empty();
        };
        let mut outcome = Err(None);
        for tried in 0..TRIES {
            let size = LENGTH as u64 + claimed + tried * LOST;
            let Some(wanted) = usize::try_from(size).ok().filter(|&n| n <= window.limits.token_bytes_max) else {
                break;
            };
            if window.want(wanted)?.len() < wanted {
                break;
            }
            outcome = operations.read(&window.data()[LENGTH..wanted], builder).map_err(Some);
            if outcome.is_ok() {
                longer += u64::from(tried > 0);
                window.consume(wanted);
                break;
            }
        }
        match outcome {
            Ok(()) => {}
            // Longer than the file: its end is missing.
            Err(None) => break true,
            Err(Some(problem)) => return Err(Error::at(offset, problem, "The file is damaged: record it again.")),
        }
    };
    if operations.stack.is_empty() {
        return Err(Error::whole("it holds no whole stack", "Let the program run until clinic ends by itself."));
    }
    builder.note("lengths-repaired", longer, "Lengths that had lost their upper half were repaired.");
    if is_cut {
        builder.note("cut", 1, "The file ends inside a stack, which was left out.");
    }
    builder.profile(operations.finish());
    Ok(())
}

/// Operations with the stacks that created them.
pub(super) struct Operations {
    pub(super) stack: Column<StackId>,
    pub(super) labels: Column<u32>,
    key: StringId,
    /// Frames by name, file and line.
    known: HashMap<(StringId, StringId, u32), FrameId, FixedState>,
    frames: Vec<FrameId>,
}

impl Operations {
    pub(super) fn new(builder: &mut Builder) -> Self {
        let key = builder.strings.intern("asyncId");
        Self { stack: Column::new(), labels: Column::new(), key, known: HashMap::default(), frames: Vec::new() }
    }

    /// Reads a message.
    ///
    /// # Errors
    /// What is wrong, when it is no message; nothing was added then.
    fn read(&mut self, bytes: &[u8], builder: &mut Builder) -> std::result::Result<(), String> {
        let mut id = 0.0;
        self.frames.clear();
        for field in fields(bytes) {
            match field.map_err(|malformed| malformed.problem())? {
                (1, Wire::Fixed64(bits)) => id = f64::from_bits(bits),
                (2, Wire::Bytes(frame)) => {
                    let frame = <Frame as prost::Message>::decode(frame).map_err(|e| e.to_string())?;
                    let frame = self.frame(&frame, builder);
                    self.frames.push(frame);
                }
                (1 | 2, _) => return Err("a stack is not as this format writes it".into()),
                _ => {}
            }
        }
        self.push(id, builder);
        Ok(())
    }

    /// A frame; its line is that of the call, as that of the definition is not told.
    pub(super) fn frame(&mut self, frame: &Frame, builder: &mut Builder) -> FrameId {
        let name = name(frame);
        let (name, file) = (builder.strings.intern(&name), builder.strings.intern(&frame.file));
        *self.known.entry((name, file, frame.line)).or_insert_with(|| {
            let function = builder.function(name, file, 0, 0, Tag::Code);
            builder.frame(function, frame.line, false)
        })
    }

    /// Adds an operation that the collected frames created, innermost first.
    pub(super) fn push(&mut self, id: f64, builder: &mut Builder) {
        let mut stack = StackId::NONE;
        for &frame in self.frames.iter().rev() {
            stack = builder.stack(stack, frame);
        }
        if stack.is_none() {
            let name = builder.strings.intern("(no stack)");
            let function = builder.function(name, StringId::EMPTY, 0, 0, Tag::Native);
            let frame = builder.frame(function, 0, false);
            stack = builder.stack(StackId::NONE, frame);
        }
        let number = LabelValue::Number(id as i64, StringId::EMPTY);
        self.stack.push(stack);
        self.labels.push(builder.label_sets.intern(&[(self.key, number)]));
    }

    /// The frames of the next operation, innermost first.
    pub(super) fn frames(&mut self) -> &mut Vec<FrameId> {
        &mut self.frames
    }

    /// A profile that counts operations.
    pub(super) fn finish(self) -> Profile {
        let weights = Weights::Each(Column::filled(1, self.stack.len()));
        Profile {
            name: "asynchronous operations".into(),
            samples: Samples { stack: self.stack, labels: Some(self.labels), count: None },
            values: vec![Value { name: "operations".into(), unit: Unit::Count, decimals: 0, weights }],
            ..Profile::default()
        }
    }
}

/// `Type.method`, as stacks are printed.
fn name(frame: &Frame) -> String {
    match (frame.is_constructor, frame.function.as_str()) {
        (true, "") => format!("new {}", if frame.of_type.is_empty() { "(anonymous)" } else { &frame.of_type }),
        (true, function) => format!("new {function}"),
        (false, function) => function.to_owned(),
    }
}
