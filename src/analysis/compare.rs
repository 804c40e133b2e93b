//! Two recordings side by side, by content.

use serde::{Deserialize, Serialize};

use super::functions::Weight;
use super::heap::compare::Identities;
use super::load::{self, LoadTest};
use super::modules::{Modules, key};
use super::scoped::Scoped;
use crate::model::SortFew as _;
use crate::model::vocab::{FrameKey, Sort, SortColumn};
use crate::model::{FunctionId, Recording};
use crate::units::Unit;

/// What one recording sends to be compared: its functions by content, in order of their keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    /// Name of the recording.
    pub name: String,
    /// Name of the value.
    pub value: String,
    /// What it measures.
    pub unit: Unit,
    /// Numbers are multiplied by 10^decimals.
    pub decimals: u8,
    /// The 100 % of this side.
    pub base: i64,
    /// Number of samples.
    pub samples: u64,
    /// The functions, sorted by key; functions that differ only by column are one.
    pub functions: Vec<Side>,
    /// The objects of its heap, where it has one.
    pub heap: Option<Identities>,
    /// Its load tests.
    pub loads: Vec<LoadTest>,
}

/// A function on one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// By content.
    pub key: FrameKey,
    /// Its module.
    pub module: String,
    /// Short place.
    pub place: String,
    /// Whose code.
    pub kind: String,
    /// Own value.
    pub self_value: i64,
    /// With callees, recursion counted once.
    pub total: i64,
    /// Own samples.
    pub self_samples: u64,
    /// Samples that hold it.
    pub total_samples: u64,
}

/// The aggregate of a scope.
pub fn aggregate(recording: &Recording, modules: &Modules, scoped: &Scoped, weights: &[Weight]) -> Aggregate {
    let shown = scoped.shown(recording);
    let mut functions: Vec<Side> = (0..weights.len())
        .filter(|&i| weights[i].is_present())
        .map(|i| side(recording, modules, FunctionId::from_index(i), &weights[i]))
        .collect();
    functions.sort_few_by(|a, b| a.key.cmp(&b.key));
    functions.dedup_by(|next, first| {
        let same = next.key == first.key;
        if same {
            first.self_value = first.self_value.saturating_add(next.self_value);
            first.total = first.total.saturating_add(next.total);
            first.self_samples += next.self_samples;
            first.total_samples += next.total_samples;
        }
        same
    });
    Aggregate {
        name: recording.origin.name.clone(),
        value: shown.name,
        unit: shown.unit,
        decimals: shown.decimals,
        base: scoped.tree.base(),
        samples: scoped.tree.total_samples.get(0),
        functions,
        heap: None,
        loads: load::tests(recording),
    }
}

fn side(recording: &Recording, modules: &Modules, id: FunctionId, weight: &Weight) -> Side {
    Side {
        key: key(recording, id),
        module: modules.module_name(id).to_owned(),
        place: modules.place(id).to_owned(),
        kind: modules.kind(id).word().to_owned(),
        self_value: weight.self_value,
        total: weight.total,
        self_samples: weight.self_samples,
        total_samples: weight.total_samples,
    }
}

/// A function before and after; at least one of the two is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair<'a> {
    /// Before.
    pub before: Option<&'a Side>,
    /// After.
    pub after: Option<&'a Side>,
}

impl<'a> Pair<'a> {
    /// Whichever side there is, for name and place.
    pub fn either(&self) -> &'a Side {
        self.after.or(self.before).expect("a pair has at least one side")
    }

    /// Own value after minus before.
    pub fn difference(&self) -> i64 {
        let own = |side: Option<&Side>| side.map_or(0, |s| s.self_value);
        own(self.after).saturating_sub(own(self.before))
    }
}

/// Why two aggregates cannot be subtracted, if so.
pub fn problem(before: &Aggregate, after: &Aggregate) -> Option<String> {
    if before.unit != after.unit {
        return Some(format!(
            "“{}” is measured in {} and “{}” in {}: choose the same kind of value on both sides.",
            before.name,
            before.unit.word(),
            after.name,
            after.unit.word()
        ));
    }
    (before.decimals != after.decimals).then(|| {
        format!("“{}” and “{}” have numbers of different precision and cannot be subtracted.", before.name, after.name)
    })
}

/// All functions of two aggregates, joined by key and sorted. One merge of two sorted lists.
pub fn join<'a>(
    before: &'a Aggregate,
    after: &'a Aggregate,
    sort: Sort,
    keep: impl Fn(&Side) -> bool,
) -> Vec<Pair<'a>> {
    let (mut a, mut b) = (before.functions.iter().peekable(), after.functions.iter().peekable());
    let mut pairs = Vec::new();
    loop {
        let pair = match (a.peek(), b.peek()) {
            (None, None) => break,
            (Some(x), Some(y)) if x.key == y.key => Pair { before: a.next(), after: b.next() },
            (Some(x), Some(y)) if x.key < y.key => Pair { before: a.next(), after: None },
            (Some(_), None) => Pair { before: a.next(), after: None },
            _ => Pair { before: None, after: b.next() },
        };
        if keep(pair.either()) {
            pairs.push(pair);
        }
    }
    let own = |side: Option<&Side>| side.map_or(0, |s| s.self_value);
    pairs.sort_few_by(|x, y| {
        let order = match sort.column {
            SortColumn::Before => own(y.before).cmp(&own(x.before)),
            SortColumn::After => own(y.after).cmp(&own(x.after)),
            SortColumn::Name => x.either().key.cmp(&y.either().key),
            SortColumn::Module => x.either().place.cmp(&y.either().place),
            _ => y.difference().saturating_abs().cmp(&x.difference().saturating_abs()),
        };
        let order = if sort.ascending { order.reverse() } else { order };
        order.then_with(|| x.either().key.cmp(&y.either().key))
    });
    pairs
}

#[cfg(test)]
mod tests {
    use super::super::functions::weights;
    use super::*;
    use crate::model::picture;
    use crate::model::vocab::Scope;

    fn of(picture: &str) -> Aggregate {
        let recording = picture::recording(picture);
        let modules = Modules::of(&recording);
        let scoped = Scoped::new(&recording, &modules, &Scope::default());
        let weights = weights(&recording, &scoped);
        aggregate(&recording, &modules, &scoped, &weights)
    }

    fn rows(before: &str, after: &str) -> Vec<(String, i64)> {
        let (before, after) = (of(before), of(after));
        let sort = Sort { column: SortColumn::Difference, ascending: false };
        join(&before, &after, sort, |_| true).iter().map(|p| (p.either().key.name.clone(), p.difference())).collect()
    }

    #[test]
    fn functions_meet_by_content() {
        assert_eq!(
            rows("a 5\nb 3\ngone 1", "new 2\na 1\nb 3"),
            [("a".into(), -4), ("new".into(), 2), ("gone".into(), -1), ("b".into(), 0)]
        );
    }

    #[test]
    fn equals_differ_by_nothing() {
        assert!(rows("a b 5\nc 3", "a b 5\nc 3").iter().all(|r| r.1 == 0));
    }
}
