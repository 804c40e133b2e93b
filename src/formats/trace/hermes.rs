//! Samples beside the events: `samples` and `stackFrames` of the document, as Hermes writes them.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::frames::split;
use super::reader::{id, nanos};
use super::threads::{Id, Threads};
use crate::error::Result;
use crate::formats::common::json::text;
use crate::input::json::{Json, Kind};
use crate::model::{Builder, Column, StackId, StringId, Tag};

/// Frames and samples, whichever comes first.
#[derive(Debug, Default)]
pub(super) struct Hermes {
    frames: HashMap<Id, Frame, FixedState>,
    samples: Column<Sample>,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    name: StringId,
    category: StringId,
    parent: Id,
    state: State,
}

/// How far a frame's stack is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    /// On the way from a frame to its outermost caller.
    Walked,
    Known(StackId),
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    thread: u32,
    at: i64,
    frame: Id,
}

/// Samples of a thread in the order of time.
#[derive(Debug)]
pub(super) struct Samples {
    pub(super) thread: u32,
    pub(super) at: Column<i64>,
    pub(super) stacks: Column<StackId>,
}

impl Hermes {
    pub(super) fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// All moments.
    pub(super) fn moments(&self) -> impl Iterator<Item = i64> + '_ {
        self.samples.iter().map(|sample| sample.at)
    }

    pub(super) fn read_frames(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        json.begin_object()?;
        loop {
            // The key is a number mostly, and may be any text.
            let Some(key) = json.next_key()?.map(|key| key.parse().map_err(|_| key.to_owned())) else { return Ok(()) };
            let key = match key {
                Ok(number) => Id::Number(number),
                Err(text) => Id::Text(builder.strings.intern(&text)),
            };
            if json.kind()? != Kind::Object {
                json.skip_value()?;
                continue;
            }
            let mut frame =
                Frame { name: StringId::EMPTY, category: StringId::EMPTY, parent: Id::None, state: State::New };
            json.begin_object()?;
            while let Some(member) = json.next_key_as(Member::of)? {
                match (member, json.kind()?) {
                    (Member::Name, Kind::Text) => frame.name = text(json, builder)?,
                    (Member::Category, Kind::Text) => frame.category = text(json, builder)?,
                    (Member::Parent, _) => frame.parent = id(json, builder)?,
                    _ => json.skip_value()?,
                }
            }
            self.frames.insert(key, frame);
        }
    }

    pub(super) fn read_samples(
        &mut self,
        json: &mut Json<'_>,
        builder: &mut Builder,
        threads: &mut Threads,
    ) -> Result<()> {
        json.begin_array()?;
        while json.next_element()? {
            if json.kind()? != Kind::Object {
                json.skip_value()?;
                continue;
            }
            let (mut pid, mut tid, mut frame, mut at) = (Id::None, Id::None, Id::None, None);
            json.begin_object()?;
            while let Some(member) = json.next_key_as(Member::of)? {
                match member {
                    Member::Pid => pid = id(json, builder)?,
                    Member::Tid => tid = id(json, builder)?,
                    Member::Frame => frame = id(json, builder)?,
                    Member::At => at = nanos(json)?,
                    _ => json.skip_value()?,
                }
            }
            if let Some(at) = at {
                let thread = threads.row(pid, tid);
                threads.seen(thread, at);
                self.samples.push(Sample { thread, at, frame });
            }
        }
        Ok(())
    }

    /// The samples of each thread.
    pub(super) fn finish(mut self, builder: &mut Builder) -> Vec<Samples> {
        let mut order: Vec<u32> = (0..self.samples.len() as u32).collect();
        order.sort_by_key(|&row| {
            let sample = self.samples.get(row as usize);
            (sample.thread, sample.at)
        });
        let mut all: Vec<Samples> = Vec::new();
        for row in order {
            let sample = self.samples.get(row as usize);
            if all.last().is_none_or(|last| last.thread != sample.thread) {
                all.push(Samples { thread: sample.thread, at: Column::new(), stacks: Column::new() });
            }
            let stack = self.stack(sample.frame, builder);
            let last = all.last_mut().expect("one was pushed");
            last.at.push(sample.at);
            last.stacks.push(stack);
        }
        all
    }

    /// The stack of a frame. A frame among its own callers is called by nobody.
    fn stack(&mut self, frame: Id, builder: &mut Builder) -> StackId {
        let mut way = Vec::new();
        let (mut at, mut stack) = (frame, StackId::NONE);
        while let Some(row) = self.frames.get_mut(&at) {
            match row.state {
                State::Known(known) => {
                    stack = known;
                    break;
                }
                State::Walked => break,
                State::New => {
                    row.state = State::Walked;
                    way.push(at);
                    at = row.parent;
                }
            }
        }
        for id in way.into_iter().rev() {
            let Some(&Frame { name, category, .. }) = self.frames.get(&id) else { continue };
            let is_root = builder.strings.get(category) == "root";
            if !is_root {
                let frame = frame_of(name, builder);
                stack = builder.stack(stack, frame);
            }
            if let Some(row) = self.frames.get_mut(&id) {
                row.state = State::Known(stack);
            }
        }
        stack
    }
}

/// `name(file:line:column)`, or a name alone.
fn frame_of(name: StringId, builder: &mut Builder) -> crate::model::FrameId {
    let text = builder.strings.get(name).to_owned();
    let spaced = text.replacen('(', " (", 1);
    let placed = spaced.strip_suffix(')').and_then(|inside| inside.rsplit_once(':')).and_then(|(rest, column)| {
        let rest = format!("{rest})");
        let column: u32 = column.parse().ok()?;
        split(&rest).map(|(name, file, line)| (name.trim().to_owned(), file.to_owned(), line, column))
    });
    let function = match placed {
        Some((name, file, line, column)) => {
            let (name, file) = (builder.strings.intern(&name), builder.strings.intern(&file));
            builder.function(name, file, line, column, Tag::Code)
        }
        None => builder.function(name, StringId::EMPTY, 0, 0, Tag::Native),
    };
    builder.frame(function, 0, false)
}

/// The keys of frames and samples.
#[derive(Debug, Clone, Copy)]
enum Member {
    Name,
    Category,
    Parent,
    Pid,
    Tid,
    At,
    Frame,
    Other,
}

impl Member {
    fn of(key: &[u8]) -> Self {
        match key {
            b"name" => Self::Name,
            b"category" => Self::Category,
            b"parent" => Self::Parent,
            b"pid" => Self::Pid,
            b"tid" => Self::Tid,
            b"ts" => Self::At,
            b"sf" => Self::Frame,
            _ => Self::Other,
        }
    }
}
