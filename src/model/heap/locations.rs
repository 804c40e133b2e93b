//! Where constructors and functions are defined.

use super::NodeId;
use crate::model::{Column, Packed};

/// Where an object's constructor or a function is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The object.
    pub node: NodeId,
    /// The engine's id of the script.
    pub script: u32,
    /// Line, 0-based.
    pub line: u32,
    /// Column, 0-based.
    pub column: u32,
}

/// Places sorted by object, one each.
#[derive(Debug, Default)]
pub struct Locations {
    nodes: Packed,
    scripts: Packed,
    lines: Packed,
    columns: Packed,
}

impl Locations {
    /// The last place of each object.
    pub(super) fn of(rows: Column<Location>) -> Self {
        let mut locations = Self::default();
        if rows.iter().zip(rows.iter().skip(1)).all(|(a, b)| a.node < b.node) {
            rows.into_segments().flatten().for_each(|row| locations.push(row));
            return locations;
        }
        let mut sorted: Vec<Location> = rows.iter().collect();
        drop(rows);
        sorted.sort_by_key(|row| row.node);
        for (i, row) in sorted.iter().enumerate() {
            if sorted.get(i + 1).is_none_or(|next| next.node != row.node) {
                locations.push(*row);
            }
        }
        locations
    }

    fn push(&mut self, location: Location) {
        self.nodes.push(location.node.0);
        self.scripts.push(location.script);
        self.lines.push(location.line);
        self.columns.push(location.column);
    }

    /// Number of objects that have one.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no object has one.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn get(&self, at: usize) -> Location {
        let (script, line, column) = (self.scripts.get(at), self.lines.get(at), self.columns.get(at));
        Location { node: NodeId(self.nodes.get(at)), script, line, column }
    }

    /// All of them, sorted by object.
    pub fn iter(&self) -> impl Iterator<Item = Location> + '_ {
        (0..self.len()).map(|at| self.get(at))
    }

    /// That of an object.
    pub(super) fn of_node(&self, node: NodeId) -> Option<Location> {
        let at = self.nodes.partition_point(|row| row < node.0);
        (at < self.len()).then(|| self.get(at)).filter(|row| row.node == node)
    }

    /// Bytes of memory held.
    pub(super) fn heap_bytes(&self) -> usize {
        self.nodes.heap_bytes() + self.scripts.heap_bytes() + self.lines.heap_bytes() + self.columns.heap_bytes()
    }
}
