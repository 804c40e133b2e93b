//! Functions: own value and total, recursion counted once.

use super::modules::Modules;
use super::scoped::Scoped;
use crate::model::SortFew as _;
use crate::model::vocab::{Sort, SortColumn};
use crate::model::{FunctionId, Recording};

/// What a function weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weight {
    /// Value of samples in which it is the innermost function.
    pub self_value: i64,
    /// Value of samples that hold it at least once.
    pub total: i64,
    /// Number of samples in which it is the innermost function.
    pub self_samples: u64,
    /// Number of samples that hold it at least once.
    pub total_samples: u64,
    /// Call paths that end in it.
    pub places: u32,
    /// Whether it calls itself, directly or further down.
    pub is_recursive: bool,
}

impl Weight {
    /// Whether any sample holds it.
    pub fn is_present(&self) -> bool {
        self.total_samples > 0 || self.total != 0 || self.self_value != 0
    }
}

/// The weight of every function, by index. Linear in the nodes of the tree: a node's total counts
/// for its function only where the function is not already among the node's callers.
pub fn weights(recording: &Recording, scoped: &Scoped) -> Vec<Weight> {
    let tree = &scoped.tree;
    let mut weights = vec![Weight::default(); recording.functions.len()];
    tree.visit_with_recursion(recording.functions.len(), |node, function, is_inner| {
        let i = node as usize;
        if !tree.is_present(node) {
            return;
        }
        let weight = &mut weights[function.index()];
        weight.self_value = weight.self_value.saturating_add(tree.self_value.get(i));
        weight.self_samples += tree.self_samples.get(i);
        weight.places += 1;
        if is_inner {
            weight.is_recursive = true;
        } else {
            weight.total = weight.total.saturating_add(tree.total.get(i));
            weight.total_samples += tree.total_samples.get(i);
        }
    });
    weights
}

/// The functions that are present and pass `keep`: how many they are, and of those in order the ones
/// from `from` on, `count` at most. Ties fall to the other value, then to name, file and line, so that
/// equal input gives equal order. Linear but for what is handed out: only that is sorted.
pub fn sorted(
    recording: &Recording,
    modules: &Modules,
    weights: &[Weight],
    sort: Sort,
    keep: impl Fn(FunctionId) -> bool,
    (from, count): (usize, usize),
) -> (usize, Vec<FunctionId>) {
    let mut ids: Vec<FunctionId> = (0..weights.len())
        .filter(|&i| weights[i].is_present())
        .map(FunctionId::from_index)
        .filter(|&id| keep(id))
        .collect();
    let weight = |id: FunctionId| &weights[id.index()];
    let by_value = |a: FunctionId, b: FunctionId| {
        let (a, b) = (weight(a), weight(b));
        (b.self_value, b.total).cmp(&(a.self_value, a.total))
    };
    let order = |&a: &FunctionId, &b: &FunctionId| {
        let first = match sort.column {
            SortColumn::Total => (weight(b).total, weight(b).self_value).cmp(&(weight(a).total, weight(a).self_value)),
            SortColumn::Samples => weight(b).self_samples.cmp(&weight(a).self_samples),
            SortColumn::Name => by_name(recording, a, b),
            SortColumn::Module => modules.place(a).cmp(modules.place(b)),
            _ => by_value(a, b),
        };
        let first = if sort.ascending { first.reverse() } else { first };
        // Names run forward unless turned over; values run down unless turned over.
        first.then_with(|| by_value(a, b)).then_with(|| by_name(recording, a, b)).then(a.cmp(&b))
    };
    let all = ids.len();
    let (from, to) = (from.min(all), from.saturating_add(count).min(all));
    if to < all {
        ids.select_nth_unstable_by(to, order);
        ids.truncate(to);
    }
    if from > 0 && from < to {
        ids.select_nth_unstable_by(from, order);
    }
    let mut window = ids.split_off(from.min(ids.len()));
    window.sort_unstable_by(order);
    (all, window)
}

/// Order by name, file, line.
pub fn by_name(recording: &Recording, a: FunctionId, b: FunctionId) -> std::cmp::Ordering {
    let key = |id| (recording.name(id), recording.file(id), recording.function(id).line);
    key(a).cmp(&key(b))
}

/// Callers or callees of a function, merged by function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// The other function; `None` for the root: the function was called from outside.
    pub function: Option<FunctionId>,
    /// Value that passes between the two. Recursion counted once: inner calls do not count again.
    pub value: i64,
    /// Number of samples that pass between the two.
    pub samples: u64,
}

/// Who calls a function and what it calls, over its outermost occurrences, heaviest first.
///
/// The callers' values add up to the function's total. The callees' values and the function's own
/// value (as itself) add up to it too: what an inner call of the function spends is found below.
pub fn neighbours(recording: &Recording, scoped: &Scoped, function: FunctionId) -> (Vec<Neighbour>, Vec<Neighbour>) {
    let tree = &scoped.tree;
    let mut callers = Neighbours::new(recording.functions.len());
    let mut callees = Neighbours::new(recording.functions.len());
    // Nodes below an outermost occurrence, so that inner ones are not counted again.
    let mut inside = vec![false; tree.shape.len()];
    for (node, parent, f) in tree.shape.iter() {
        let i = node as usize;
        inside[i] = inside[parent as usize];
        if f != function || inside[i] {
            continue;
        }
        inside[i] = true;
        if !tree.is_present(node) {
            continue;
        }
        callers.add(tree.shape.function(parent), tree.total.get(i), tree.total_samples.get(i));
        callees.add(Some(function), tree.self_value.get(i), tree.self_samples.get(i));
        for child in tree.children(node) {
            let c = child as usize;
            callees.add(tree.shape.function(child), tree.total.get(c), tree.total_samples.get(c));
        }
    }
    let (mut callers, mut callees) = (callers.list, callees.list);
    for list in [&mut callers, &mut callees] {
        list.retain(|n| n.samples > 0 || n.value != 0);
        list.sort_few_by(|a, b| {
            b.value.cmp(&a.value).then_with(|| match (a.function, b.function) {
                (Some(a), Some(b)) => by_name(recording, a, b),
                (a, b) => a.cmp(&b),
            })
        });
    }
    (callers, callees)
}

/// Neighbours while they are collected.
struct Neighbours {
    list: Vec<Neighbour>,
    /// Place in the list by function, the last one for the root.
    place: Vec<u32>,
}

impl Neighbours {
    fn new(functions: usize) -> Self {
        Self { list: Vec::new(), place: vec![u32::MAX; functions + 1] }
    }

    fn add(&mut self, function: Option<FunctionId>, value: i64, samples: u64) {
        let root = self.place.len() - 1;
        let place = &mut self.place[function.map_or(root, FunctionId::index)];
        if let Some(known) = self.list.get_mut(*place as usize) {
            known.value = known.value.saturating_add(value);
            known.samples += samples;
        } else {
            *place = self.list.len() as u32;
            self.list.push(Neighbour { function, value, samples });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::picture;
    use crate::model::vocab::Scope;

    fn table(picture: &str) -> Vec<(String, i64, i64, u64)> {
        let recording = picture::recording(picture);
        let modules = Modules::of(&recording);
        let scoped = Scoped::new(&recording, &modules, &Scope::default());
        let weights = weights(&recording, &scoped);
        sorted(&recording, &modules, &weights, Sort::default(), |_| true, (0, usize::MAX))
            .1
            .into_iter()
            .map(|id| {
                let w = weights[id.index()];
                (recording.name(id).to_owned(), w.self_value, w.total, w.total_samples)
            })
            .collect()
    }

    #[test]
    fn recursion_counts_once() {
        assert_eq!(table("f f f 7"), [("f".into(), 7, 7, 1)]);
        assert_eq!(table("a b a 3"), [("a".into(), 3, 3, 1), ("b".into(), 0, 3, 1)]);
    }

    #[test]
    fn two_branches_of_a_recursive_function() {
        let rows = table("f a f 1\nf b f 2\nf 4");
        assert_eq!(rows[0], ("f".into(), 7, 7, 3));
        assert_eq!(rows[1], ("b".into(), 0, 2, 1));
    }

    #[test]
    fn neighbours_add_up_to_the_total() {
        let recording = picture::recording("a f b 4\nc f 3\nf f b 2\na f c f 1");
        let modules = Modules::of(&recording);
        let scoped = Scoped::new(&recording, &modules, &Scope::default());
        let f = FunctionId::from_index(1);
        assert_eq!(recording.name(f), "f");
        let (callers, callees) = neighbours(&recording, &scoped, f);
        let total = weights(&recording, &scoped)[f.index()].total;
        assert_eq!(total, 10);
        assert_eq!(callers.iter().map(|n| n.value).sum::<i64>(), total);
        assert_eq!(callees.iter().map(|n| n.value).sum::<i64>(), total);
    }
}
