//! The tree of call paths as the file has it: one row per node, callers before callees.

use crate::error::Result;
use crate::formats::common::json::{read_nested, skip, text, whole};
use crate::input::json::{Json, Kind};
use crate::model::{Builder, Column, FunctionId, StackId, StringId, Tag};

/// The id of a node that has none.
pub(super) const NO_ID: i64 = i64::MIN;
/// The name of a node that does not even have an empty one.
const NAMELESS: StringId = StringId(u32::MAX);
/// The caller of a root.
const NOBODY: u32 = u32::MAX;
/// The line or column of a function that has none.
const NOWHERE: i64 = -1;

/// All nodes in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    pub(super) id: Column<i64>,
    /// Bytes, estimated, without those of callees.
    pub(super) size: Column<i64>,
    caller: Column<u32>,
    name: Column<StringId>,
    url: Column<StringId>,
    /// 0-based line of the definition.
    line: Column<i64>,
    /// 0-based column of the definition.
    column: Column<i64>,
}

/// The keys of a node and of its call frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Id,
    SelfSize,
    CallFrame,
    Children,
    FunctionName,
    Url,
    LineNumber,
    ColumnNumber,
    Other,
}

impl Key {
    fn of(key: &[u8]) -> Self {
        match key {
            b"id" => Self::Id,
            b"selfSize" => Self::SelfSize,
            b"callFrame" => Self::CallFrame,
            b"children" => Self::Children,
            b"functionName" => Self::FunctionName,
            b"url" => Self::Url,
            b"lineNumber" => Self::LineNumber,
            b"columnNumber" => Self::ColumnNumber,
            _ => Self::Other,
        }
    }
}

impl Nodes {
    /// Number of nodes.
    pub(super) fn len(&self) -> usize {
        self.id.len()
    }

    /// Reads a node that holds the nodes that it calls, which hold theirs, to any depth.
    pub(super) fn read(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        read_nested(json, self, Key::of, Key::Children, Self::push, |nodes, json, row, key| {
            nodes.read_member(json, builder, row, key)
        })
    }

    /// A new row with nothing known.
    fn push(&mut self, caller: Option<u32>) -> u32 {
        let row = u32::try_from(self.len()).expect("4 billion nodes do not fit into the memory of a worker");
        self.id.push(NO_ID);
        self.size.push(0);
        self.caller.push(caller.unwrap_or(NOBODY));
        self.name.push(NAMELESS);
        self.url.push(StringId::EMPTY);
        self.line.push(NOWHERE);
        self.column.push(NOWHERE);
        row
    }

    fn read_member(&mut self, json: &mut Json<'_>, builder: &mut Builder, row: u32, key: Key) -> Result<()> {
        let at = row as usize;
        if json.kind()? == Kind::Null {
            return json.null();
        }
        match key {
            Key::Id => self.id.set(at, whole(json)?),
            Key::SelfSize => self.size.set(at, whole(json)?),
            Key::FunctionName => self.name.set(at, text(json, builder)?),
            Key::Url => self.url.set(at, text(json, builder)?),
            Key::LineNumber => self.line.set(at, whole(json)?),
            Key::ColumnNumber => self.column.set(at, whole(json)?),
            Key::CallFrame => self.read_call_frame(json, builder, row)?,
            Key::Children | Key::Other => skip(json)?,
        }
        Ok(())
    }

    fn read_call_frame(&mut self, json: &mut Json<'_>, builder: &mut Builder, row: u32) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key_as(Key::of)? {
            match key {
                Key::FunctionName | Key::Url | Key::LineNumber | Key::ColumnNumber => {
                    self.read_member(json, builder, row, key)?;
                }
                _ => skip(json)?,
            }
        }
        Ok(())
    }

    /// The stack of every node, without the root's frame, which stands alone in its own samples.
    pub(super) fn stacks(&self, builder: &mut Builder) -> Vec<StackId> {
        let mut stacks: Vec<StackId> = Vec::new();
        let mut unnamed = 0;
        let mut root = None;
        for (row, caller) in self.caller.iter().enumerate() {
            unnamed += u64::from(self.name.get(row) == NAMELESS);
            let (function, tag) = self.function(row, builder);
            let frame = builder.frame(function, 0, false);
            if tag == Tag::Root {
                root = Some(row as u32);
            }
            let outer = if caller == NOBODY || root == Some(caller) { StackId::NONE } else { stacks[caller as usize] };
            stacks.push(builder.stack(outer, frame));
        }
        builder.note("no-call-frame", unnamed, "Some call paths do not say which function they end in.");
        stacks
    }

    fn function(&self, row: usize, builder: &mut Builder) -> (FunctionId, Tag) {
        let url = self.url.get(row);
        let name = match self.name.get(row) {
            NAMELESS => builder.strings.intern("(unknown)"),
            name => name,
        };
        let is_nowhere = url == StringId::EMPTY && self.line.get(row) < 0;
        let tag = match builder.strings.get(name) {
            "(root)" if is_nowhere && self.caller.get(row) == NOBODY => Tag::Root,
            _ if is_nowhere => Tag::Native,
            _ => Tag::Code,
        };
        let place = |at: i64| u32::try_from(at.saturating_add(1)).unwrap_or(0);
        let (line, column) = (place(self.line.get(row)), place(self.column.get(row)));
        (builder.function(name, url, line, column, tag), tag)
    }
}
