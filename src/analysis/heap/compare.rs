//! Two snapshots of one process: what is new, what is gone.
//!
//! Objects are the same when their ids are: the engine keeps them. Objects of the heap have odd ids,
//! which are never given twice; those of the browser have even ones, which mostly stay the same.

use std::cmp::Reverse;

use super::Map;
use serde::{Deserialize, Serialize};

use super::Heap;
use crate::model::HeapGraph;

/// What one snapshot tells another about its objects: enough to compare, in 20 bytes each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identities {
    /// Constructors: name, and script, line and column of the definition.
    classes: Vec<Key>,
    /// Ids of objects with a size, ascending.
    ids: Vec<u32>,
    /// Index of the constructor of each.
    class: Vec<u32>,
    /// Own size of each, bytes.
    size: Vec<u64>,
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

    /// Bytes of new objects less those of objects that are gone.
    pub fn size_delta(&self) -> i64 {
        delta(self.new_size, self.deleted_size)
    }
}

fn delta(new: u64, deleted: u64) -> i64 {
    let difference = i128::from(new) - i128::from(deleted);
    i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
}

impl Identities {
    /// Those of a heap.
    pub fn of(graph: &HeapGraph, heap: &Heap) -> Self {
        let mut order: Vec<_> = graph.nodes().filter(|&node| heap.shallow(node) > 0).collect();
        order.sort_by_key(|&node| (graph.id(node), node));
        Self {
            classes: heap.classes().iter().map(|class| (class.name.clone(), class.place)).collect(),
            ids: order.iter().map(|&node| graph.id(node)).collect(),
            class: order.iter().map(|&node| heap.class(node) as u32).collect(),
            size: order.iter().map(|&node| heap.shallow(node)).collect(),
        }
    }
}

/// What changed from `before` to `now`, per constructor: those with a change, largest growth first. An
/// object that changed its constructor is gone there and new here.
pub fn changes(before: &Identities, now: &Identities) -> Vec<ClassChange> {
    let mut rows: Vec<ClassChange> = Vec::new();
    let mut of_key: Map<&Key, usize> = Map::default();
    let mut row_of = |key| {
        *of_key.entry(key).or_insert_with(|| {
            let (name, place) = key.clone();
            let (new_count, deleted_count, new_size, deleted_size) = (0, 0, 0, 0);
            rows.push(ClassChange { name, place, new_count, deleted_count, new_size, deleted_size });
            rows.len() - 1
        })
    };
    let before_rows: Vec<usize> = before.classes.iter().map(&mut row_of).collect();
    let now_rows: Vec<usize> = now.classes.iter().map(&mut row_of).collect();
    let (mut a, mut b) = (0, 0);
    while a < before.ids.len() || b < now.ids.len() {
        let (was, is) = (before.ids.get(a), now.ids.get(b));
        let is_gone = is.is_none_or(|is| was.is_some_and(|was| was < is));
        let is_new = was.is_none_or(|was| is.is_some_and(|is| is < was));
        let (from, to) = (before_rows.get(class_at(before, a)), now_rows.get(class_at(now, b)));
        let is_other = !is_gone && !is_new && from != to;
        if let Some(&row) = from.filter(|_| is_gone || is_other) {
            rows[row].deleted_count += 1;
            rows[row].deleted_size = rows[row].deleted_size.saturating_add(before.size[a]);
        }
        if let Some(&row) = to.filter(|_| is_new || is_other) {
            rows[row].new_count += 1;
            rows[row].new_size = rows[row].new_size.saturating_add(now.size[b]);
        }
        a += usize::from(!is_new);
        b += usize::from(!is_gone);
    }
    rows.retain(|row| row.new_count > 0 || row.deleted_count > 0);
    rows.sort_by(|a, b| {
        let key = |row: &ClassChange| (Reverse(row.size_delta()), Reverse(row.new_size));
        key(a).cmp(&key(b)).then_with(|| (&a.name, a.place).cmp(&(&b.name, b.place)))
    });
    rows
}

fn class_at(identities: &Identities, at: usize) -> usize {
    identities.class.get(at).map_or(usize::MAX, |class| *class as usize)
}
