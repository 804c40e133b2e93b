//! Which stack each sample has.

use super::tree::{Tree, UNKNOWN};
use crate::error::Result;
use crate::formats::common::ids::IdTable;
use crate::input::json::Json;
use crate::model::{Builder, Column, StackId};

/// The samples in the order of the file.
#[derive(Debug, Default)]
pub(in crate::formats) struct Samples {
    /// A stack each; while the tree is not known, a row of `early` each.
    stack: Column<StackId>,
    /// Node ids that came before the tree.
    early: Option<Early>,
    /// Samples of nodes that do not exist; their stack is [`StackId::NONE`].
    unknown: u64,
}

/// Distinct ids in the order in which they were first seen.
#[derive(Debug, Default)]
struct Early {
    rows: IdTable,
    ids: Column<i64>,
}

impl Early {
    fn row(&mut self, id: i64) -> u32 {
        if let Some(row) = self.rows.get(id) {
            return row;
        }
        let row = u32::try_from(self.ids.len()).expect("4 billion ids do not fit into the memory of a worker");
        self.rows.insert(id, row);
        self.ids.push(id);
        row
    }
}

impl Samples {
    /// Number of samples.
    pub(in crate::formats) fn len(&self) -> usize {
        self.stack.len()
    }

    /// Reads the array of node ids. With the tree known, ids become stacks at once.
    pub(in crate::formats) fn read(&mut self, json: &mut Json<'_>, tree: Option<&Tree>) -> Result<()> {
        let stack = &mut self.stack;
        let Some(tree) = tree else {
            let early = self.early.insert(Early::default());
            json.batches_of_i64(0, |ids, _| stack.extend_mapped(ids, |id| StackId(early.row(id))))?;
            return Ok(());
        };
        let mut unknown = 0;
        let read = json.batches_of_i64(0, |ids, _| {
            stack.extend_mapped(ids, |id| {
                let known = tree.stack_of(id).unwrap_or(StackId::NONE);
                unknown += u64::from(known.is_none());
                known
            });
        });
        self.unknown = unknown;
        read.map(|_| ())
    }

    /// The stacks of the first `count` samples.
    pub(in crate::formats) fn finish(mut self, tree: &Tree, count: usize, builder: &mut Builder) -> Column<StackId> {
        self.stack.truncate(count);
        if let Some(early) = self.early.take() {
            let stacks: Vec<_> = early.ids.iter().map(|id| tree.stack_of(id).unwrap_or(StackId::NONE)).collect();
            self.replace(|row| stacks[row.index()]);
            self.unknown = stacks.iter().filter(|stack| stack.is_none()).count() as u64;
        }
        if self.unknown > 0 {
            self.name_unknown(builder);
        }
        self.stack
    }

    fn name_unknown(&mut self, builder: &mut Builder) {
        let frame = builder.frame_named(UNKNOWN);
        let stack = builder.stack(StackId::NONE, frame);
        let mut count = 0;
        self.replace(|known| {
            count += u64::from(known.is_none());
            if known.is_none() { stack } else { known }
        });
        builder.note("unknown-node", count, "Some samples refer to nodes that do not exist; they count as (unknown).");
    }

    fn replace(&mut self, mut with: impl FnMut(StackId) -> StackId) {
        for row in 0..self.stack.len() {
            let stack = self.stack.get_mut(row);
            *stack = with(*stack);
        }
    }
}
