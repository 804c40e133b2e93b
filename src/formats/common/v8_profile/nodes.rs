//! The call tree as the file has it: one row per node, links by id.

use crate::error::Result;
use crate::formats::common::json::{read_nested, skip, text, whole};
use crate::input::json::{Json, Kind};
use crate::model::{Builder, Column, StringId};

/// The id of a node that has none.
pub(in crate::formats) const NO_ID: i64 = i64::MIN;
/// The name of a node that does not even have an empty one.
pub(in crate::formats) const NAMELESS: StringId = StringId(u32::MAX);
/// The line or column of a function that has none.
pub(in crate::formats) const NOWHERE: i32 = -1;

/// All nodes in the order of the file.
#[derive(Debug, Default)]
pub(in crate::formats) struct Nodes {
    pub(in crate::formats) id: Column<i64>,
    /// Name of the function; [`NAMELESS`] when the node has no call frame.
    pub(in crate::formats) name: Column<StringId>,
    pub(in crate::formats) url: Column<StringId>,
    /// Line of the definition as the file counts it.
    pub(in crate::formats) line: Column<i32>,
    /// Column of the definition as the file counts it.
    pub(in crate::formats) column: Column<i32>,
    /// Samples that the profiler itself counted for the node.
    pub(in crate::formats) hits: Column<u64>,
    /// Whether any node has such a count.
    pub(in crate::formats) has_hits: bool,
    /// A node's row and the id of a node that it calls.
    pub(in crate::formats) children: Column<(u32, i64)>,
    /// A node's row and the id of the node that calls it.
    pub(in crate::formats) parents: Column<(u32, i64)>,
    /// Rows of a node and of one nested in it.
    pub(in crate::formats) nested: Column<(u32, u32)>,
    /// Ticks per line.
    pub(in crate::formats) ticks: Column<Ticks>,
    /// Whether this is the old layout, in which nodes stand inside each other.
    pub(in crate::formats) is_nested: bool,
}

/// Ticks that the profiler counted on one line of a node.
#[derive(Debug, Clone, Copy)]
pub(in crate::formats) struct Ticks {
    pub(in crate::formats) row: u32,
    /// 1-based.
    pub(in crate::formats) line: u32,
    pub(in crate::formats) ticks: u64,
}

/// The keys of a node and of its call frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Id,
    CallFrame,
    HitCount,
    Children,
    Parent,
    PositionTicks,
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
            b"callFrame" => Self::CallFrame,
            b"hitCount" => Self::HitCount,
            b"children" => Self::Children,
            b"parent" => Self::Parent,
            b"positionTicks" => Self::PositionTicks,
            b"functionName" => Self::FunctionName,
            b"url" => Self::Url,
            b"lineNumber" => Self::LineNumber,
            b"columnNumber" => Self::ColumnNumber,
            _ => Self::Other,
        }
    }
}

/// The keys of the ticks of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TickKey {
    Line,
    Ticks,
    Other,
}

impl TickKey {
    fn of(key: &[u8]) -> Self {
        match key {
            b"line" => Self::Line,
            b"ticks" => Self::Ticks,
            _ => Self::Other,
        }
    }
}

/// How many rows the tables of nodes have.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::formats) struct Rows {
    nodes: usize,
    children: usize,
    parents: usize,
    ticks: usize,
}

impl Nodes {
    /// How many rows there are.
    pub(in crate::formats) fn rows(&self) -> Rows {
        Rows { nodes: self.len(), children: self.children.len(), parents: self.parents.len(), ticks: self.ticks.len() }
    }

    /// Takes over the rows of another table that came after `from` and up to `to`. They do not stand
    /// inside each other.
    pub(in crate::formats) fn append(&mut self, other: &Self, from: Rows, to: Rows) {
        let first = self.len();
        let moved = |row: u32| (row as usize - from.nodes + first) as u32;
        for row in from.nodes..to.nodes {
            let new = self.push() as usize;
            self.id.set(new, other.id.get(row));
            self.name.set(new, other.name.get(row));
            self.url.set(new, other.url.get(row));
            self.line.set(new, other.line.get(row));
            self.column.set(new, other.column.get(row));
            self.hits.set(new, other.hits.get(row));
        }
        other.children.range(from.children, to.children).for_each(|(row, id)| self.children.push((moved(row), id)));
        other.parents.range(from.parents, to.parents).for_each(|(row, id)| self.parents.push((moved(row), id)));
        let ticks = other.ticks.range(from.ticks, to.ticks);
        ticks.for_each(|ticks| self.ticks.push(Ticks { row: moved(ticks.row), ..ticks }));
    }

    /// Number of nodes.
    pub(in crate::formats) fn len(&self) -> usize {
        self.id.len()
    }

    /// Sum of the profiler's own counts.
    pub(in crate::formats) fn hit_sum(&self) -> u64 {
        self.hits.iter().fold(0, u64::saturating_add)
    }

    /// Reads the array of nodes that link each other by id.
    pub(in crate::formats) fn read_list(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        json.begin_array()?;
        while json.next_element()? {
            json.begin_object()?;
            let row = self.push();
            while let Some(key) = json.next_key_as(Key::of)? {
                self.read_member(json, builder, row, key)?;
            }
        }
        Ok(())
    }

    /// Reads a node that holds the nodes that it calls, which hold theirs, to any depth.
    pub(in crate::formats) fn read_nested(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        self.is_nested = true;
        let enter = |nodes: &mut Self, caller: Option<u32>| {
            let row = nodes.push();
            if let Some(caller) = caller {
                nodes.nested.push((caller, row));
            }
            row
        };
        read_nested(json, self, Key::of, Key::Children, enter, |nodes, json, row, key| {
            nodes.read_member(json, builder, row, key)
        })
    }

    /// A new row with nothing known.
    fn push(&mut self) -> u32 {
        let row = u32::try_from(self.len()).expect("4 billion nodes do not fit into the memory of a worker");
        self.id.push(NO_ID);
        self.name.push(NAMELESS);
        self.url.push(StringId::EMPTY);
        self.line.push(NOWHERE);
        self.column.push(NOWHERE);
        self.hits.push(0);
        row
    }

    fn read_member(&mut self, json: &mut Json<'_>, builder: &mut Builder, row: u32, key: Key) -> Result<()> {
        let at = row as usize;
        if json.kind()? == Kind::Null {
            return json.null();
        }
        match key {
            Key::Id => self.id.set(at, json.i64()?),
            Key::FunctionName => self.name.set(at, text(json, builder)?),
            Key::Url => self.url.set(at, text(json, builder)?),
            Key::LineNumber => self.line.set(at, place(json)?),
            Key::ColumnNumber => self.column.set(at, place(json)?),
            Key::Parent => self.parents.push((row, json.i64()?)),
            Key::Children => _ = json.batches_of_i64(0, |ids, _| self.children.extend_mapped(ids, |id| (row, id)))?,
            Key::HitCount => {
                self.has_hits = true;
                self.hits.set(at, u64::try_from(whole(json)?).unwrap_or(0));
            }
            Key::PositionTicks => self.read_ticks(json, row)?,
            Key::CallFrame => self.read_call_frame(json, builder, row)?,
            Key::Other => skip(json)?,
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

    fn read_ticks(&mut self, json: &mut Json<'_>, row: u32) -> Result<()> {
        json.begin_array()?;
        while json.next_element()? {
            let (mut line, mut ticks) = (0, 0);
            json.begin_object()?;
            while let Some(key) = json.next_key_as(TickKey::of)? {
                match key {
                    TickKey::Line => line = whole(json)?,
                    TickKey::Ticks => ticks = whole(json)?,
                    TickKey::Other => json.skip_value()?,
                }
            }
            if let (Ok(line @ 1..), Ok(ticks @ 1..)) = (u32::try_from(line), u64::try_from(ticks)) {
                self.ticks.push(Ticks { row, line, ticks });
            }
        }
        Ok(())
    }
}

/// A line or a column; nowhere when it is absurd.
fn place(json: &mut Json<'_>) -> Result<i32> {
    Ok(i32::try_from(whole(json)?).unwrap_or(NOWHERE))
}
