//! `{"merged": …, "unmerged": …}`: nodes with a name, their ticks with callees (`value`), their own
//! (`top`), and callees (`children`).
//!
//! Names end in what the code is: ` [CPP]`, ` [SHARED_LIB]`, ` [CODE:RegExp]`, ` [INIT]`; in the second
//! tree they begin with how it ran. Ignored: `value`, which is a sum, `S` (how it ran, again), `fn`.

use crate::error::{Error, Result};
use crate::formats::common::json::{note_replaced, read_nested};
use crate::formats::common::v8_code::{Named, frame_of, marked};
use crate::formats::{Context, Fit, Head};
use crate::input::Window;
use crate::input::json::{Json, Kind, glimpse};
use crate::model::{Builder, Column, FrameId, Profile, Samples, StackId, StringId, Strings, Tag, Value, Weights};
use crate::units::Unit;

/// The answer of the format: by the first tree.
pub(super) fn detect(head: &Head<'_>) -> Fit {
    let Some(top) = glimpse(head.bytes) else { return Fit::No };
    for key in ["unmerged", "merged"] {
        if top.get(key).is_some_and(|tree| tree.has("name") && tree.has("value") && tree.has("top")) {
            return Fit::Yes(format!("starts with \"{key}\", \"name\", \"value\", \"top\": stacks of 0x"));
        }
    }
    Fit::No
}

pub(super) fn decode(window: &mut Window, builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    let mut json = Json::new(window);
    let mut document = Document::default();
    match document.read(&mut json).and_then(|()| json.end()) {
        Err(_) if json.is_cut() && document.has_ticks() => {
            builder.note("cut", 1, "The file ends early; the call paths that it holds were kept.");
        }
        read => read?,
    }
    note_replaced(&json, builder);
    let profile = document.finish(builder)?;
    super::remark(builder);
    builder.profile(profile);
    Ok(())
}

#[derive(Debug, Default)]
struct Document {
    merged: Tree,
    unmerged: Tree,
}

/// Callers before callees.
#[derive(Debug)]
struct Tree {
    names: Strings,
    nodes: Column<Node>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// Row of the caller; the root is its own.
    caller: u32,
    name: StringId,
    /// Ticks without those of callees.
    own: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    Top,
    Children,
    Other,
}

impl Key {
    fn of(key: &[u8]) -> Self {
        match key {
            b"name" => Self::Name,
            b"top" => Self::Top,
            b"children" => Self::Children,
            _ => Self::Other,
        }
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self { names: Strings::new(), nodes: Column::new() }
    }
}

impl Document {
    fn read(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key()? {
            let tree = match key {
                "merged" => Some(&mut self.merged),
                "unmerged" => Some(&mut self.unmerged),
                _ => None,
            };
            match tree {
                Some(tree) if json.kind()? == Kind::Object => {
                    if !tree.nodes.is_empty() {
                        return Err(json.misplaced("this tree is there twice"));
                    }
                    tree.read(json)?;
                }
                _ => json.skip_value()?,
            }
        }
        Ok(())
    }

    fn has_ticks(&self) -> bool {
        self.merged.ticks() > 0 || self.unmerged.ticks() > 0
    }

    fn finish(self, builder: &mut Builder) -> Result<Profile> {
        // A cut may have left less of the second tree than of the first.
        let is_whole = self.unmerged.ticks() >= self.merged.ticks();
        let tree = if is_whole { &self.unmerged } else { &self.merged };
        if tree.ticks() == 0 {
            return Err(Error::whole("it holds no ticks: nothing was sampled", "Record it again, for longer."));
        }
        Ok(tree.profile(builder))
    }
}

impl Tree {
    fn ticks(&self) -> i64 {
        self.nodes.iter().fold(0, |sum, node| sum.saturating_add(node.own))
    }

    /// Reads a node that holds the nodes that it calls, which hold theirs, to any depth.
    fn read(&mut self, json: &mut Json<'_>) -> Result<()> {
        read_nested(json, self, Key::of, Key::Children, Self::push, |tree, json, row, key| {
            let kind = json.kind()?;
            match key {
                Key::Name if kind == Kind::Text => {
                    let name = tree.names.intern(json.text()?);
                    tree.nodes.get_mut(row as usize).name = name;
                }
                Key::Top if kind == Kind::Number => {
                    tree.nodes.get_mut(row as usize).own = json.decimal()?.scaled(0).value.max(0);
                }
                _ => json.skip_value()?,
            }
            Ok(())
        })
    }

    fn push(&mut self, caller: Option<u32>) -> u32 {
        let row = u32::try_from(self.nodes.len()).expect("4 billion nodes do not fit into the memory of a worker");
        self.nodes.push(Node { caller: caller.unwrap_or(0), name: StringId::EMPTY, own: 0 });
        row
    }

    fn profile(&self, builder: &mut Builder) -> Profile {
        let mut frames: Vec<Option<FrameId>> = vec![None; self.names.len()];
        let (mut stacks, mut ticks): (Column<StackId>, Column<i64>) = (Column::new(), Column::new());
        // The root is no function: its own ticks are those without a stack.
        let mut of_row = vec![StackId::NONE];
        for (row, node) in self.nodes.iter().enumerate() {
            if row > 0 {
                let frame = *frames[node.name.index()].get_or_insert_with(|| frame(self.names.get(node.name), builder));
                of_row.push(builder.stack(of_row[node.caller as usize], frame));
            }
            if node.own > 0 {
                stacks.push(if row > 0 { of_row[row] } else { program(builder) });
                ticks.push(node.own);
            }
        }
        let count = ticks.iter().map(i64::unsigned_abs).collect();
        let value = Value { name: "ticks".into(), unit: Unit::Count, decimals: 0, weights: Weights::Each(ticks) };
        Profile {
            name: "main thread".into(),
            samples: Samples { stack: stacks, count: Some(count), labels: None },
            values: vec![value],
            ..Profile::default()
        }
    }
}

/// The stack of ticks without frames.
pub(super) fn program(builder: &mut Builder) -> StackId {
    let name = builder.strings.intern("(program)");
    let function = builder.function(name, StringId::EMPTY, 0, 0, Tag::Program);
    let frame = builder.frame(function, 0, false);
    builder.stack(StackId::NONE, frame)
}

/// The frame of a name with the words around it.
fn frame(name: &str, builder: &mut Builder) -> FrameId {
    let (mut name, mut named) = (name, None);
    while let Some((rest, word)) = name.strip_suffix(']').and_then(|rest| rest.rsplit_once(" [")) {
        named = match word.split_once(':') {
            None if word == "CPP" => Some(Named::Native),
            None if word == "SHARED_LIB" => Some(Named::Library),
            Some(("CODE", "Builtin")) => Some(Named::Native),
            Some(("CODE", kind)) => Some(Named::Engine(kind)),
            _ if matches!(word, "INIT" | "INLINABLE") || word.starts_with("WASM") => named,
            // A part of the name.
            _ => break,
        };
        name = rest;
    }
    let (mark, plain) = marked(name);
    match named {
        Some(named) => frame_of(name, named, builder),
        None => frame_of(plain, Named::Script(mark), builder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_around_names() {
        let mut builder = Builder::new();
        let mut shown = |name: &str| {
            let frame = frame(name, &mut builder);
            builder.frame_text(frame).to_owned()
        };
        assert_eq!(shown("*spin /srv/a.js:9:15"), "*spin");
        assert_eq!(shown("~(anonymous) node:internal/main:1:1 [INIT]"), "~(anonymous)");
        assert_eq!(shown("f a.js:1:1 [INIT] [INLINABLE]"), "f");
        assert_eq!(shown("/usr/lib/libc.so.6 [SHARED_LIB]"), "libc.so.6");
        assert_eq!(shown("operator new[] [CPP]"), "operator new[]");
        assert_eq!(shown("^[a] [b]$ [CODE:RegExp]"), "RegExp: ^[a] [b]$");
        assert_eq!(shown("a [b]"), "a [b]");
    }
}
