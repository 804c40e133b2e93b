//! Two snapshots of one process: what is new, what is gone.
//!
//! Objects are the same when their ids are: the engine keeps them. Objects of the heap have odd ids,
//! which are never given twice; those of the browser have even ones, which mostly stay the same.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::{Heap, Map, Sizes};
use crate::model::HeapGraph;
use crate::model::SortFew as _;

/// What one snapshot tells another about its objects: enough to compare, in 12 bytes each, and in four
/// or five where it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identities {
    /// Name of the recording.
    pub name: String,
    /// Constructors: name, and script, line and column of the definition.
    classes: Vec<Key>,
    /// Ids of objects with a size, ascending: each less the one before.
    id_gaps: Vec<u32>,
    /// Index of the constructor of each.
    class: Vec<u32>,
    /// Own size of each, bytes.
    size: Sizes,
}

/// What makes constructors of two snapshots the same.
type Key = (String, Option<(u32, u32, u32)>);

/// How the objects of a constructor changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassChange {
    /// Name of the constructor.
    pub name: String,
    /// Where it is defined: script, line and column, both 0-based.
    pub place: Option<(u32, u32, u32)>,
    /// Objects that only the later snapshot has.
    pub new_count: u64,
    /// Objects that only the earlier snapshot has.
    pub deleted_count: u64,
    /// Own sizes of the new ones, bytes.
    pub new_size: u64,
    /// Own sizes of those that are gone, bytes.
    pub deleted_size: u64,
}

impl ClassChange {
    /// New objects less those that are gone.
    pub fn count_delta(&self) -> i64 {
        delta(self.new_count, self.deleted_count)
    }

    /// Of two processes only the difference says something.
    fn keep_difference(&mut self) {
        let (count, size) = (self.new_count.min(self.deleted_count), self.new_size.min(self.deleted_size));
        self.new_count -= count;
        self.deleted_count -= count;
        self.new_size -= size;
        self.deleted_size -= size;
    }

    /// Bytes of new objects less those of objects that are gone.
    pub fn size_delta(&self) -> i64 {
        delta(self.new_size, self.deleted_size)
    }
}

fn delta(new: u64, deleted: u64) -> i64 {
    let difference = i128::from(new) - i128::from(deleted);
    i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
}

/// What changed between two snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Constructors with a change, largest growth first.
    pub rows: Vec<ClassChange>,
    /// Whether objects were told apart by their ids; otherwise only numbers of objects and sums were
    /// compared, since the snapshots are of two processes.
    pub is_by_object: bool,
}

/// One of so many objects with the same id may have another constructor: the engine moves a few
/// objects to other shapes, and gives ids of what the browser holds anew.
const STRANGERS: u64 = 10;

impl Identities {
    /// Those of a heap.
    pub fn of(name: &str, graph: &HeapGraph, heap: &Heap) -> Self {
        let mut order: Vec<_> = graph.nodes().filter(|&node| heap.shallow(node) > 0).collect();
        order.sort_by_key(|&node| (graph.id(node), node));
        let mut last = 0;
        let gap = |&node: &_| graph.id(node) - std::mem::replace(&mut last, graph.id(node));
        let sum = order.iter().fold(0u64, |sum, &node| sum.saturating_add(heap.shallow(node)));
        Self {
            name: name.to_owned(),
            classes: heap.classes().iter().map(|class| (class.name.clone(), class.place)).collect(),
            id_gaps: order.iter().map(gap).collect(),
            class: order.iter().map(|&node| heap.class(node) as u32).collect(),
            size: Sizes::of(order.iter().map(|&node| heap.shallow(node)), sum),
        }
    }

    /// Id, index of the constructor and size of each object; ids ascend.
    fn objects(&self) -> impl Iterator<Item = Known> + '_ {
        let mut id = 0u32;
        // What comes from another worker was written by the same program, but is looked at like a file.
        let rows = self.id_gaps.iter().zip(&self.class).take(self.size.len()).enumerate();
        rows.map(move |(at, (gap, class))| {
            id = id.saturating_add(*gap);
            Known { id, class: *class as usize, size: self.size.get(at) }
        })
    }
}

/// An object of one snapshot.
#[derive(Debug, Clone, Copy)]
struct Known {
    id: u32,
    class: usize,
    size: u64,
}

/// What changed from `before` to `now`, per constructor. An object that changed its constructor is gone
/// there and new here.
pub fn changes(before: &Identities, now: &Identities) -> Changes {
    let mut table = Table::default();
    let rows_before: Vec<usize> = before.classes.iter().map(|key| table.row_of(key)).collect();
    let rows_now: Vec<usize> = now.classes.iter().map(|key| table.row_of(key)).collect();
    let Table { mut rows, .. } = table;
    let row = |rows: &[usize], known: &Known| rows.get(known.class).copied();
    let (mut both, mut strangers) = (0u64, 0u64);
    each_pair(before, now, |was, is| {
        let (from, to) = (was.and_then(|was| row(&rows_before, &was)), is.and_then(|is| row(&rows_now, &is)));
        both += u64::from(was.is_some() && is.is_some());
        if was.is_some() && is.is_some() && from == to {
            return;
        }
        strangers += u64::from(was.is_some() && is.is_some());
        if let Some((was, from)) = was.zip(from) {
            rows[from].deleted_count += 1;
            rows[from].deleted_size = rows[from].deleted_size.saturating_add(was.size);
        }
        if let Some((is, to)) = is.zip(to) {
            rows[to].new_count += 1;
            rows[to].new_size = rows[to].new_size.saturating_add(is.size);
        }
    });
    let is_by_object = both > 0 && strangers <= both / STRANGERS;
    if !is_by_object {
        rows.iter_mut().for_each(ClassChange::keep_difference);
    }
    rows.retain(|row| row.new_count > 0 || row.deleted_count > 0 || row.new_size != row.deleted_size);
    rows.sort_few_by(|a, b| {
        let key = |row: &ClassChange| (Reverse(row.size_delta()), Reverse(row.new_size));
        key(a).cmp(&key(b)).then_with(|| (&a.name, a.place).cmp(&(&b.name, b.place)))
    });
    Changes { rows, is_by_object }
}

/// Constructors of both snapshots.
#[derive(Default)]
struct Table<'a> {
    rows: Vec<ClassChange>,
    of_key: Map<&'a Key, usize>,
}

impl<'a> Table<'a> {
    fn row_of(&mut self, key: &'a Key) -> usize {
        let rows = &mut self.rows;
        *self.of_key.entry(key).or_insert_with(|| {
            let (name, place) = key.clone();
            rows.push(ClassChange { name, place, new_count: 0, deleted_count: 0, new_size: 0, deleted_size: 0 });
            rows.len() - 1
        })
    }
}

/// Hands on objects of both snapshots in the order of their ids, those with the same id together.
fn each_pair(before: &Identities, now: &Identities, mut take: impl FnMut(Option<Known>, Option<Known>)) {
    let (mut a, mut b) = (before.objects().peekable(), now.objects().peekable());
    loop {
        let (was, is) = (a.peek().copied(), b.peek().copied());
        let (Some(first), Some(second)) = (was, is) else {
            if was.is_none() && is.is_none() {
                return;
            }
            take(a.next(), b.next());
            continue;
        };
        let was = if first.id <= second.id { a.next() } else { None };
        let is = if second.id <= first.id { b.next() } else { None };
        take(was, is);
    }
}
