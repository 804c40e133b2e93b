//! `--prof-process --preprocess`: JSON with all pieces of code (`code`) and the ticks, each with the
//! pieces on its stack.
//!
//! Ignored: `functions` (which pieces are the same function; names say it), `scripts`, and in a piece of
//! code its `source` and `deopts` (places inside the function).

use super::log::Numbering;
use super::ticks::Ticks;
use crate::error::{Error, Result};
use crate::formats::common::json::note_replaced;
use crate::formats::common::v8_code::{Codes, Kind, States, mark_of};
use crate::formats::{Context, Fit, Head};
use crate::input::Window;
use crate::input::json::{self, Json, glimpse};
use crate::model::{Builder, Column, FrameId};

/// The answer of the format: by the pieces of code, or by the ticks where those come first.
pub(super) fn detect(head: &Head<'_>) -> Fit {
    let Some(top) = glimpse(&head.bytes[warnings_len(head.bytes)..]) else { return Fit::No };
    let first = |key: &str| top.get(key).and_then(|list| list.elements().next());
    let yes = |keys: &str| Fit::Yes(format!("starts with {keys}: ticks of V8, preprocessed"));
    if first("code").is_some_and(|code| code.has("name") && code.has("type")) {
        return yes("\"code\", \"name\", \"type\"");
    }
    let has_ticks = first("ticks").is_some_and(|tick| tick.has("tm") && tick.has("s"));
    if has_ticks { yes("\"ticks\", \"tm\", \"s\"") } else { Fit::No }
}

/// Length of the warnings before the document, which Node.js prints on the other channel:
/// `(node:123) ExperimentalWarning: …` and `(Use …)`.
fn warnings_len(head: &[u8]) -> usize {
    let mut len = 0;
    while head[len..].starts_with(b"(node:") || head[len..].starts_with(b"(Use ") {
        match memchr::memchr(b'\n', &head[len..]) {
            Some(end) => len += end + 1,
            None => return 0,
        }
    }
    len
}

/// Bytes in which the warnings end.
const WARNINGS_BYTES: usize = 16 << 10;

pub(super) fn decode(window: &mut Window, builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    let warnings = warnings_len(window.want(WARNINGS_BYTES)?);
    window.consume(warnings);
    let mut json = Json::new(window);
    let mut document = Document::default();
    match document.read(&mut json).and_then(|()| json.end()) {
        Err(error) if json.is_cut() => document.end_early(error, builder)?,
        read => read?,
    }
    note_replaced(&json, builder);
    let states = States::new(builder);
    let ticks = document.ticks(&states, builder)?;
    let mut profile = ticks.finish(states.idle, builder);
    profile.name = "main thread".into();
    builder.profile(profile);
    Ok(())
}

/// What the file holds, in whatever order it came.
#[derive(Debug, Default)]
struct Document {
    codes: Codes,
    ticks: Column<Tick>,
    /// The numbers of all ticks' stacks: a piece of code and an offset in it, innermost first.
    stacks: Column<i64>,
}

#[derive(Debug, Clone, Copy)]
struct Tick {
    at_us: u64,
    state: u64,
    /// End of its numbers in `stacks`.
    end: u32,
}

#[derive(Debug, Clone, Copy)]
enum CodeKey {
    Name,
    Type,
    Kind,
    Other,
}

#[derive(Debug, Clone, Copy)]
enum TickKey {
    Time,
    State,
    Stack,
    Other,
}

impl Document {
    fn read(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key()? {
            match key {
                "code" => self.read_codes(json)?,
                "ticks" => self.read_ticks(json)?,
                _ => json.skip_value()?,
            }
        }
        Ok(())
    }

    fn read_codes(&mut self, json: &mut Json<'_>) -> Result<()> {
        let (mut name, mut type_of, mut kind) = (String::new(), String::new(), String::new());
        json.begin_array()?;
        while json.next_element()? {
            [&mut name, &mut type_of, &mut kind].into_iter().for_each(String::clear);
            json.begin_object()?;
            let of = |key: &[u8]| match key {
                b"name" => CodeKey::Name,
                b"type" => CodeKey::Type,
                b"kind" => CodeKey::Kind,
                _ => CodeKey::Other,
            };
            while let Some(key) = json.next_key_as(of)? {
                let text = match key {
                    CodeKey::Name => &mut name,
                    CodeKey::Type => &mut type_of,
                    CodeKey::Kind => &mut kind,
                    CodeKey::Other => {
                        json.skip_value()?;
                        continue;
                    }
                };
                if json.kind()? == json::Kind::Text {
                    text.push_str(json.text()?);
                } else {
                    json.skip_value()?;
                }
            }
            let kind = match type_of.as_str() {
                "JS" => Kind::Script(mark_of(&kind)),
                "CPP" => Kind::Native,
                "SHARED_LIB" => Kind::Library,
                _ => self.codes.engine(&kind),
            };
            self.codes.add(&name, kind);
        }
        Ok(())
    }

    fn read_ticks(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_array()?;
        while json.next_element()? {
            let (mut at_us, mut state) = (0, 0);
            json.begin_object()?;
            let of = |key: &[u8]| match key {
                b"tm" => TickKey::Time,
                b"vm" => TickKey::State,
                b"s" => TickKey::Stack,
                _ => TickKey::Other,
            };
            while let Some(key) = json.next_key_as(of)? {
                match key {
                    TickKey::Time => at_us = whole(json)?,
                    TickKey::State => state = whole(json)?,
                    TickKey::Stack => {
                        json.batches_of_i64(0, |numbers, _| self.stacks.extend_mapped(numbers, |number| number))?;
                    }
                    TickKey::Other => json.skip_value()?,
                }
            }
            let end = u32::try_from(self.stacks.len()).expect("4 billion frames do not fit into memory");
            self.ticks.push(Tick { at_us, state, end });
        }
        Ok(())
    }

    /// Takes the document as it is although it ends early, if it holds ticks.
    ///
    /// # Errors
    /// Gives `error` back if not.
    fn end_early(&self, error: Error, builder: &mut Builder) -> Result<()> {
        builder.note(
            "cut",
            u64::from(!self.ticks.is_empty()),
            "The file ends early; the ticks that it holds were kept.",
        );
        if self.ticks.is_empty() { Err(error) } else { Ok(()) }
    }

    fn ticks(mut self, states: &States, builder: &mut Builder) -> Result<Ticks> {
        if self.ticks.is_empty() {
            return Err(Error::whole(
                "it holds no ticks: nothing was sampled",
                "Record it again, and let the program run for longer than a few milliseconds.",
            ));
        }
        let mut ticks = Ticks::default();
        let mut frames = Vec::new();
        let (mut from, mut missing) = (0, 0);
        for tick in self.ticks.iter() {
            let numbers = self.stacks.range(from, tick.end as usize);
            frames.clear();
            for code in numbers.step_by(2) {
                let row = u32::try_from(code).ok().filter(|&row| (row as usize) < self.codes.len());
                missing += u64::from(row.is_none() && code != -1);
                frames.push(row);
            }
            from = tick.end as usize;
            let stack = if Numbering::NEW.is_idle(tick.state, frames.len() > 1) {
                states.idle
            } else if Numbering::NEW.is_gc(tick.state) {
                states.gc
            } else {
                let known: Vec<Option<FrameId>> =
                    frames.iter().map(|row| row.map(|row| self.codes.frame(row, builder))).collect();
                states.stack(&known, builder)
            };
            ticks.push(tick.at_us, stack);
        }
        builder.note(
            "unknown-code",
            missing,
            "Some ticks refer to pieces of code that the file does not hold; they count as unknown.",
        );
        Ok(ticks)
    }
}

/// A count, 0 when it is none.
fn whole(json: &mut Json<'_>) -> Result<u64> {
    if json.kind()? == json::Kind::Null {
        return json.null().map(|()| 0);
    }
    Ok(u64::try_from(json.decimal()?.scaled(0).value).unwrap_or(0))
}
