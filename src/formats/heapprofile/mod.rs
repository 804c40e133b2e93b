//! V8 sampling heap profile: `.heapprofile`, as `node --heap-prof`, the inspector's
//! `HeapProfiler.stopSampling`, Chrome's "Allocation sampling" and clinic's heapprofiler write it.
//!
//! JSON with one nested tree of call paths (`head`), each with the bytes that its own allocations are
//! estimated to hold (`selfSize`), and in newer files the sampled allocations themselves (`samples`).
//! Read in any order of keys, bare or wrapped in a protocol answer. Definition:
//! <https://chromedevtools.github.io/devtools-protocol/tot/HeapProfiler/#type-SamplingHeapProfile>.
//!
//! The sizes are estimates that V8 has scaled up already, so nothing is multiplied here, and they are
//! of what was still alive, unless the recorder asked for what was collected too, which the file does
//! not say. `samples` say how often each path was sampled; their sizes add up to something else,
//! because they are taken one by one, and their `ordinal` is an order and no time, so there is no
//! timeline.
//!
//! Ignored: `scriptId` (the URL says the same), `ordinal`, and the sizes of single samples.

mod detect;
mod nodes;
#[cfg(test)]
mod tests;

use super::common::ids::IdTable;
use super::common::json::{note_replaced, whole};
use super::common::threads::named;
use super::{Access, Context, Format, Recipe};
use crate::error::{Error, Result};
use crate::input::Window;
use crate::input::json::{Json, Kind};
use crate::model::{Builder, Column, Profile, Samples, StackId, Value, Weights};
use crate::units::Unit;
use detect::WRAPPERS;
use nodes::{NO_ID, Nodes};

/// V8 sampling heap profile.
pub const FORMAT: Format = Format {
    id: "v8-heapprofile",
    title: "V8 heap profile",
    tools: &["Node.js", "Chrome DevTools", "clinic heapprofiler"],
    extensions: &["heapprofile", "clinic-heapprofiler"],
    recipes: RECIPES,
    access: Access::Forward,
    detect: detect::detect,
    decode: Some(decode),
};

const RECIPES: &[Recipe] = &[Recipe {
    symptom: "memory grows",
    tool: "node --heap-prof",
    group: "Node.js",
    command: "node --heap-prof --heap-prof-interval=16384 app.js",
    note: "The file is written when the program ends; without the interval one allocation in 512 KiB is sampled, too few for a small program.",
}];

fn decode(window: &mut Window, builder: &mut Builder, context: &Context<'_>) -> Result<()> {
    let mut json = Json::new(window);
    let mut document = Document::default();
    match document.read(&mut json, builder).and_then(|()| json.end()) {
        Err(error) if json.is_cut() => document.end_early(error)?,
        read => read?,
    }
    note_replaced(&json, builder);
    let profile = document.finish(builder, context.name)?;
    builder.profile(profile);
    Ok(())
}

/// What a file holds, in whatever order it came.
#[derive(Debug, Default)]
struct Document {
    nodes: Nodes,
    has_tree: bool,
    samples: Option<Sampled>,
    is_cut: bool,
}

/// How often each node was sampled.
#[derive(Debug, Default)]
struct Sampled {
    /// A row of `counts` for each node id.
    rows: IdTable,
    /// Node ids with their numbers of samples, in the order in which they were first seen.
    counts: Column<(i64, u64)>,
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Wrapper,
    Head,
    Samples,
    Other,
}

impl Key {
    fn of(key: &str) -> Self {
        match key {
            "head" => Self::Head,
            "samples" => Self::Samples,
            key if WRAPPERS.contains(&key) => Self::Wrapper,
            _ => Self::Other,
        }
    }
}

impl Document {
    /// Reads the document, whatever it is wrapped in.
    fn read(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        json.begin_object()?;
        let mut open = 1;
        while open > 0 {
            match json.next_key()?.map(Key::of) {
                None => open -= 1,
                Some(_) if json.kind()? == Kind::Null => json.null()?,
                Some(Key::Wrapper) if json.kind()? == Kind::Object => {
                    json.begin_object()?;
                    open += 1;
                }
                Some(Key::Head) => {
                    once(!self.has_tree, json)?;
                    self.has_tree = true;
                    self.nodes.read(json, builder)?;
                }
                Some(Key::Samples) => {
                    once(self.samples.is_none(), json)?;
                    self.samples.insert(Sampled::default()).read(json)?;
                }
                Some(Key::Wrapper | Key::Other) => json.skip_value()?,
            }
        }
        Ok(())
    }

    /// Takes the document as it is although it ends early, if the tree holds anything.
    ///
    /// # Errors
    /// Gives `error` back if not.
    fn end_early(&mut self, error: Error) -> Result<()> {
        self.is_cut = self.nodes.size.iter().any(|size| size != 0);
        if self.is_cut { Ok(()) } else { Err(error) }
    }

    fn finish(self, builder: &mut Builder, file: &str) -> Result<Profile> {
        if !self.has_tree {
            return Err(Error::whole("it has no `head`: the tree of call paths is missing", "Record it again."));
        }
        builder.note("cut", u64::from(self.is_cut), "The file ends early; the call paths that it holds were kept.");
        let stacks = self.nodes.stacks(builder);
        let counts = self.samples.as_ref().map(|samples| self.count(samples, builder));
        remark(builder, counts.is_some());
        Ok(self.profile(&stacks, counts.as_deref(), file))
    }

    /// The number of samples of each row of the tree.
    fn count(&self, samples: &Sampled, builder: &mut Builder) -> Vec<u64> {
        let mut rows = IdTable::default();
        let with_id = self.nodes.id.iter().enumerate().filter(|(_, id)| *id != NO_ID);
        let twice = with_id.filter(|&(row, id)| !rows.insert(id, row as u32)).count();
        let mut counts = vec![0; self.nodes.len()];
        let mut left_out = 0;
        for (id, count) in samples.counts.iter() {
            match rows.get(id) {
                Some(row) => counts[row as usize] += count,
                None => left_out += count,
            }
        }
        builder.note(
            "duplicate-node",
            twice as u64,
            "Some call paths have an id that an earlier one has; samples were counted for the first.",
        );
        // V8 writes the tree before the samples, and allocates meanwhile.
        builder.note(
            if left_out <= 1 + samples.len() / 100 { "about-late-samples" } else { "unknown-node" },
            left_out,
            "Some samples belong to call paths that are not in the tree; they were left out.",
        );
        counts
    }

    fn profile(&self, stacks: &[StackId], counts: Option<&[u64]>, file: &str) -> Profile {
        let (mut stack, mut sizes, mut counted) = (Column::new(), Column::new(), Column::new());
        for (row, size) in self.nodes.size.iter().enumerate() {
            let count = counts.map(|counts| counts[row]);
            if size != 0 || count.unwrap_or(0) > 0 {
                stack.push(stacks[row]);
                sizes.push(size);
                // A size that was sampled is of at least one sample, whatever the list says.
                counted.push(count.unwrap_or(1).max(1));
            }
        }
        let value =
            |name: &str, unit, weights| Value { name: name.into(), unit, decimals: 0, weights: Weights::Each(weights) };
        let mut values = vec![value("size", Unit::Bytes, sizes)];
        if counts.is_some() {
            let amounts = counted.iter().map(|count| i64::try_from(count).unwrap_or(i64::MAX)).collect();
            values.push(value("samples", Unit::Count, amounts));
        }
        let samples = Samples { stack, count: counts.map(|_| counted), labels: None };
        named(file, "Heap", Profile { samples, values, ..Profile::default() })
    }
}

/// What the numbers are, which nobody could see from them.
fn remark(builder: &mut Builder, has_samples: bool) {
    builder.note(
        "about-estimate",
        1,
        "Sizes are V8's estimates from samples, of what was alive at the end unless the recorder asked for what was collected too.",
    );
    builder.note(
        "about-no-samples",
        u64::from(!has_samples),
        "The file does not say how often each call path was sampled; each counts as one.",
    );
}

/// A key that may stand only once.
fn once(is_first: bool, json: &Json<'_>) -> Result<()> {
    if is_first { Ok(()) } else { Err(json.misplaced("this part of a profile is there twice")) }
}

impl Sampled {
    fn len(&self) -> u64 {
        self.counts.iter().fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// Reads the array of sampled allocations.
    fn read(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_array()?;
        while json.next_element()? {
            self.read_one(json)?;
        }
        Ok(())
    }

    fn read_one(&mut self, json: &mut Json<'_>) -> Result<()> {
        let mut node = NO_ID;
        json.begin_object()?;
        while let Some(is_node) = json.next_key_as(|key| key == b"nodeId")? {
            if is_node && json.kind()? == Kind::Number {
                node = whole(json)?;
            } else if json.short_number().is_none() {
                json.skip_value()?;
            }
        }
        match self.rows.get(node) {
            Some(row) => self.counts.get_mut(row as usize).1 += 1,
            None => {
                let row = u32::try_from(self.counts.len()).expect("4 billion ids do not fit into memory");
                self.rows.insert(node, row);
                self.counts.push((node, 1));
            }
        }
        Ok(())
    }
}
