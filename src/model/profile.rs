//! Samples of one thread: stacks, values, time and labels.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;

use super::{Column, Index, StackId, StringId};
use crate::units::Unit;

/// Samples of one thread (or of a whole file that does not tell threads apart).
#[derive(Debug, Default)]
pub struct Profile {
    /// The thread's name for people: `main`, `worker 3`, or the file's name.
    pub name: String,
    /// Process id, if the file tells.
    pub pid: Option<u64>,
    /// Thread id, if the file tells.
    pub tid: Option<u64>,
    /// One row per sample (or per aggregated row of the file), in the order of time where there is time.
    pub samples: Samples,
    /// When the samples were taken; `None` for aggregated files.
    pub time: Option<Time>,
    /// What the file tells of the recording as a whole, whether or not its samples carry time.
    pub extent: Extent,
    /// What was measured. At least one.
    pub values: Vec<Value>,
    /// Index into `values` of the one that is shown first.
    pub default_value: usize,
    /// What the samples were made of, where nobody took them.
    pub made_of: Option<MadeOf>,
}

/// The spans of a track, of whose stretches of own time a profile was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeOf {
    /// Row of [`super::Spans::tracks`].
    pub track: u32,
    /// Whether spans are among them whose end the file does not tell.
    pub has_unended: bool,
}

/// When a recording was made, as a fact of its own: aggregated files have no time per sample.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Start on the file's own clock, nanoseconds.
    pub start_ns: Option<i64>,
    /// Length, nanoseconds.
    pub duration_ns: Option<i64>,
    /// Nominal time between two samples, nanoseconds.
    pub interval_ns: Option<i64>,
}

/// The columns that every sample has.
#[derive(Debug, Default)]
pub struct Samples {
    /// The stack of each sample; [`StackId::NONE`] for a sample without frames.
    pub stack: Column<StackId>,
    /// How many samples a row stands for; `None` means one each.
    pub count: Option<Column<u64>>,
    /// Row of [`LabelSets`] of each sample; `None` when no sample has labels.
    pub labels: Option<Column<u32>>,
}

impl Samples {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.stack.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.stack.is_empty()
    }

    /// Number of samples that row `i` stands for.
    #[inline]
    pub fn count(&self, i: usize) -> u64 {
        self.count.as_ref().map_or(1, |c| c.get(i))
    }
}

/// The moments of the samples. Sample i owns the stretch from its moment to that of sample i + 1;
/// the last one owns [`Time::last_ns`].
#[derive(Debug, Default, Clone)]
pub struct Time {
    /// Moment of each sample, nanoseconds since `start_ns`, never decreasing.
    pub at_ns: Column<i64>,
    /// Start of the recording on the file's own clock, in nanoseconds.
    pub start_ns: i64,
    /// Length of the recording, nanoseconds.
    pub duration_ns: i64,
    /// What the last sample owns, nanoseconds.
    pub last_ns: i64,
    /// Median distance between samples, nanoseconds; 0 when unknown.
    pub interval_ns: i64,
    /// Whether the file says when the thread was idle, so that stalls can be told from waiting.
    pub has_idle: bool,
}

impl Time {
    /// When the last sample's stretch ends, nanoseconds; 0 where there are no samples.
    pub fn end_ns(&self) -> i64 {
        self.at_ns.last().map_or(0, |at| at.saturating_add(self.last_ns))
    }

    /// The stretch that sample `i` owns, nanoseconds.
    #[inline]
    pub fn owned_ns(&self, i: usize) -> i64 {
        if i + 1 < self.at_ns.len() { self.at_ns.get(i + 1) - self.at_ns.get(i) } else { self.last_ns }
    }
}

/// One thing that was measured, for every sample.
#[derive(Debug)]
pub struct Value {
    /// The file's name for it: `cpu`, `alloc_space`, `time`.
    pub name: String,
    /// What the numbers measure.
    pub unit: Unit,
    /// The numbers are stored multiplied by 10^decimals, so that decimal fractions stay exact.
    pub decimals: u8,
    /// The numbers.
    pub weights: Weights,
}

/// The numbers of a value, one per sample.
#[derive(Debug)]
pub enum Weights {
    /// The stretch of time that the sample owns; nothing is stored.
    Owned,
    /// A number per sample.
    Each(Column<i64>),
}

impl Profile {
    /// The weight of sample `i` under value `value`.
    #[inline]
    pub fn weight(&self, value: usize, i: usize) -> i64 {
        match &self.values[value].weights {
            Weights::Owned => self.time.as_ref().map_or(0, |time| time.owned_ns(i)),
            Weights::Each(column) => column.get(i),
        }
    }
}

/// One label: a key with a text or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LabelValue {
    /// A text.
    Text(StringId),
    /// A number and its unit (empty when the file gives none).
    Number(i64, StringId),
}

/// Sets of labels, each distinct set once. Row 0 is the empty set.
#[derive(Debug, Default)]
pub struct LabelSets {
    /// End of each set in `pairs`.
    ends: Column<u32>,
    pairs: Column<(StringId, LabelValue)>,
    table: Index,
    hasher: FixedState,
}

impl LabelSets {
    /// A table with the empty set.
    pub fn new() -> Self {
        let mut sets = Self::default();
        sets.intern(&[]);
        sets
    }

    /// The row of a set of labels, in the order given.
    pub fn intern(&mut self, labels: &[(StringId, LabelValue)]) -> u32 {
        let hash = hash_of(&self.hasher, labels.iter().copied());
        if let Some(row) = self.table.find(hash, |row| self.get(row).eq(labels.iter().copied())) {
            return row;
        }
        let row = u32::try_from(self.ends.len()).expect("4 billion label sets do not fit into memory");
        labels.iter().for_each(|&pair| self.pairs.push(pair));
        self.ends.push(u32::try_from(self.pairs.len()).expect("4 billion labels do not fit into memory"));
        let (ends, pairs, hasher) = (&self.ends, &self.pairs, &self.hasher);
        self.table.insert(hash, row, |row| hash_of(hasher, labels_of(ends, pairs, row)));
        row
    }

    /// The labels of a row.
    pub fn get(&self, row: u32) -> impl Iterator<Item = (StringId, LabelValue)> + '_ {
        labels_of(&self.ends, &self.pairs, row)
    }

    /// Bytes of heap memory held.
    pub fn heap_bytes(&self) -> usize {
        self.ends.heap_bytes() + self.pairs.heap_bytes() + self.table.heap_bytes()
    }

    /// Number of distinct sets.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether not even the empty set is there.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

fn labels_of<'a>(
    ends: &Column<u32>,
    pairs: &'a Column<(StringId, LabelValue)>,
    row: u32,
) -> impl Iterator<Item = (StringId, LabelValue)> + 'a {
    let end = ends.get(row as usize) as usize;
    let start = (row as usize).checked_sub(1).map_or(0, |before| ends.get(before) as usize);
    pairs.range(start, end)
}

fn hash_of(hasher: &FixedState, labels: impl Iterator<Item = (StringId, LabelValue)>) -> u64 {
    let mut state = hasher.build_hasher();
    labels.for_each(|label| label.hash(&mut state));
    state.finish()
}
