//! `[[{"name": …, "type": …}, …], …]`: one list of frames for each tick, the outermost first.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::stacks::program;
use crate::error::{Error, Result};
use crate::formats::common::json::note_replaced;
use crate::formats::common::v8_code::{Named, frame_of, mark_of};
use crate::formats::{Context, Fit, Head};
use crate::input::Window;
use crate::input::json::{Json, Kind, glimpse};
use crate::model::{Builder, Column, FrameId, Profile, Samples, StackId, StringId, Strings, Value, Weights};
use crate::units::Unit;

/// The answer of the format: by the first frame. Ticks without frames may stand before it.
pub(super) fn detect(head: &Head<'_>) -> Fit {
    let Some(top) = glimpse(head.bytes).filter(|top| top.kind == Kind::Array) else { return Fit::No };
    let mut ticks = top.elements().take_while(|tick| tick.kind == Kind::Array);
    let first = ticks.find_map(|tick| tick.elements().next());
    match first {
        Some(frame) if frame.has("name") && frame.has("type") => {
            Fit::Yes("starts with lists of \"name\", \"type\": ticks of 0x".into())
        }
        _ => Fit::No,
    }
}

pub(super) fn decode(window: &mut Window, builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    let mut json = Json::new(window);
    let mut frames = Frames::default();
    let mut stacks = Column::new();
    match read(&mut json, &mut frames, &mut stacks, builder).and_then(|()| json.end()) {
        Err(_) if json.is_cut() && !stacks.is_empty() => {
            builder.note("cut", 1, "The file ends early; the ticks that it holds were kept.");
        }
        read => read?,
    }
    note_replaced(&json, builder);
    if stacks.is_empty() {
        return Err(Error::whole("it holds no ticks: nothing was sampled", "Record it again, for longer."));
    }
    super::remark(builder);
    let weights = Weights::Each(Column::filled(1, stacks.len()));
    builder.profile(Profile {
        name: "main thread".into(),
        samples: Samples { stack: stacks, ..Samples::default() },
        values: vec![Value { name: "ticks".into(), unit: Unit::Count, decimals: 0, weights }],
        ..Profile::default()
    });
    Ok(())
}

/// A function of its own for each tick, so that browsers translate it anew.
fn read(json: &mut Json<'_>, frames: &mut Frames, stacks: &mut Column<StackId>, builder: &mut Builder) -> Result<()> {
    json.begin_array()?;
    while json.next_element()? {
        stacks.push(frames.tick(json, builder)?);
    }
    Ok(())
}

/// Frames by name, type and kind.
#[derive(Debug)]
struct Frames {
    texts: Strings,
    known: HashMap<[StringId; 3], FrameId, FixedState>,
}

impl Default for Frames {
    fn default() -> Self {
        Self { texts: Strings::new(), known: HashMap::default() }
    }
}

impl Frames {
    #[inline(never)]
    fn tick(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<StackId> {
        let mut stack = StackId::NONE;
        json.begin_array()?;
        while json.next_element()? {
            let frame = self.frame(json, builder)?;
            stack = builder.stack(stack, frame);
        }
        Ok(if stack.is_none() { program(builder) } else { stack })
    }

    fn frame(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<FrameId> {
        let mut texts = [StringId::EMPTY; 3];
        json.begin_object()?;
        let of = |key: &[u8]| [b"name".as_slice(), b"type", b"kind"].iter().position(|known| *known == key);
        while let Some(key) = json.next_key_as(of)? {
            match key {
                Some(key) if json.kind()? == Kind::Text => texts[key] = self.texts.intern(json.text()?),
                _ => json.skip_value()?,
            }
        }
        let [name, type_of, kind] = texts.map(|text| self.texts.get(text));
        Ok(*self.known.entry(texts).or_insert_with(|| {
            let named = match (type_of, kind) {
                ("JS", kind) => Named::Script(mark_of(kind)),
                ("SHARED_LIB", _) => Named::Library,
                ("CPP", _) | (_, "Builtin" | "") => Named::Native,
                (_, kind) => Named::Engine(kind),
            };
            frame_of(name, named, builder)
        }))
    }
}
