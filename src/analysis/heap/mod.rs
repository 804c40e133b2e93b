//! What keeps the objects of a heap alive, and how much each of them keeps alive.
//!
//! The rules are those of Chrome DevTools, so that the numbers can be compared: sizes of hidden parts
//! count with their only owner ([`shallow`]), only some references keep something alive
//! ([`essential`]), an object retains what it dominates ([`dominators`]), and objects are grouped by
//! constructor, plain ones by their properties ([`classes`]).
//!
//! Everything works on columns with loops of its own: a heap holds linked lists of millions. What stays is
//! packed, some nine bytes for an object.

pub mod allocations;
pub mod bits;
pub mod classes;
pub mod compare;
mod detached;
mod distances;
mod dominators;
mod essential;
mod numbers;
pub mod report;
pub mod retainers;
mod shallow;
mod sizes;
#[cfg(test)]
mod tests;
pub mod texts;
mod totals;
mod words;

use std::cell::OnceCell;

pub use bits::Bits;
pub use classes::Class;
pub use distances::{BASE_DISTANCE, UNREACHED};
pub use sizes::Sizes;
pub use totals::Totals;

use crate::model::SortFew as _;
use crate::model::heap::{NodeId, ObjectKind};
use crate::model::{HeapGraph, Packed, PackedSizes};
use distances::Distances;
use dominators::Tree;
use texts::Duplicates;
use words::Words;

/// Tables by numbers and texts of a file, equal for equal files.
type Map<K, V> = std::collections::HashMap<K, V, foldhash::fast::FixedState>;
type Set<K> = std::collections::HashSet<K, foldhash::fast::FixedState>;

/// Everything that is worked out of a graph once.
#[derive(Debug)]
pub struct Heap {
    /// Own sizes, with those of parts that belong to an object alone.
    shallow: PackedSizes,
    /// Sizes of what would go if an object went, its own included.
    retained: PackedSizes,
    /// The object that each object hangs on; the root hangs on itself.
    dominator: Packed,
    /// Least number of references from a root of the program; see [`Heap::distance`].
    distance: Distances,
    /// Constructor of each object.
    class: Packed,
    classes: Vec<Class>,
    detached: Bits,
    words: Words,
    duplicates: OnceCell<Vec<Duplicates>>,
}

impl Heap {
    /// Works it out: about the number of edges times the logarithm of their number at worst, mostly
    /// linear.
    pub fn of(graph: &HeapGraph) -> Self {
        let words = Words::of(graph);
        // What needs the most memory comes first, when there is nothing else yet; its place is used again.
        let tree = Tree::of(graph, &words);
        let sizes = shallow::shallow(graph, &words);
        let shallow = (0..sizes.len()).map(|node| sizes.get(node)).collect();
        let (retained, dominator) = tree.retained(graph, sizes);
        let distance = distances::distances(graph, &words);
        let detached = detached::detached(graph);
        let (class, names) = classes::classes(graph, &words, &detached);
        let mut heap = Self {
            shallow,
            retained,
            dominator,
            distance,
            class,
            classes: names,
            detached,
            words,
            duplicates: OnceCell::new(),
        };
        classes::sum_up(graph, &mut heap);
        heap
    }

    /// Own size in bytes, with that of hidden parts which belong to the object alone.
    #[inline]
    pub fn shallow(&self, node: NodeId) -> u64 {
        self.shallow.get(node.index())
    }

    /// Bytes that would become free if the object went.
    #[inline]
    pub fn retained(&self, node: NodeId) -> u64 {
        self.retained.get(node.index())
    }

    /// The nearest object without which this one would go; of the root, the root.
    #[inline]
    pub fn dominator(&self, node: NodeId) -> NodeId {
        NodeId(self.dominator.get(node.index()))
    }

    /// References on the shortest way from a global object: 1 for those themselves. Objects that only
    /// the engine itself reaches have [`BASE_DISTANCE`] more than references from the root, and those
    /// that nothing reaches have [`UNREACHED`].
    #[inline]
    pub fn distance(&self, node: NodeId) -> u32 {
        self.distance.get(node.index())
    }

    /// Index of the object's constructor in [`Heap::classes`].
    #[inline]
    pub fn class(&self, node: NodeId) -> usize {
        self.class.get(node.index()) as usize
    }

    /// All constructors, some of which no object with a size has.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// Whether the object was part of a page and no longer is.
    pub fn is_detached(&self, node: NodeId) -> bool {
        self.detached.get(node.index())
    }

    /// Objects that the object dominates directly, in the order of the file. One pass over all objects.
    pub fn dominated_by(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let is_below = move |&(at, dominator): &(usize, u32)| dominator == node.0 && at != node.index();
        let rows = self.dominator.iter().enumerate().filter(is_below);
        rows.map(|(at, _)| NodeId(at as u32))
    }

    /// Objects that dominate others.
    pub fn dominating(&self, graph: &HeapGraph) -> Bits {
        let mut dominating = Bits::new(self.dominator.len());
        for (at, dominator) in self.dominator.iter().enumerate() {
            if at != graph.root.index() {
                dominating.set(dominator as usize);
            }
        }
        dominating
    }

    /// The `count` objects that retain the most, of those for which `keep` holds.
    pub fn largest(&self, count: usize, keep: impl Fn(NodeId) -> bool) -> Vec<NodeId> {
        largest_by(self.dominator.len(), count, |node| self.retained(node), keep)
    }

    /// Detached objects, largest retained size first.
    pub fn detached(&self) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = self.detached.ones().map(NodeId).collect();
        nodes.sort_few_by_key(|&node| (std::cmp::Reverse(self.retained(node)), node));
        nodes
    }

    /// All strings that are there more than once, those that waste the most first; compared when they are
    /// first asked for.
    pub fn duplicates(&self, graph: &HeapGraph) -> &[Duplicates] {
        self.duplicates.get_or_init(|| texts::duplicates(graph, self))
    }

    /// The object's name for people: joined strings joined, and what is detached says so.
    pub fn name(&self, graph: &HeapGraph, node: NodeId) -> String {
        if graph.kind(node) == ObjectKind::ConsText {
            return texts::joined(graph, &self.words, node);
        }
        let name = graph.texts.get(graph.name(node));
        if self.is_detached(node) && !name.starts_with("Detached ") { format!("Detached {name}") } else { name.into() }
    }

    /// Bytes of memory held.
    pub fn heap_bytes(&self) -> usize {
        self.shallow.heap_bytes()
            + self.retained.heap_bytes()
            + self.dominator.heap_bytes()
            + self.distance.heap_bytes()
            + self.class.heap_bytes()
    }
}

/// The `count` objects with the largest `size`, equal ones in the order of the file.
fn largest_by(
    objects: usize,
    count: usize,
    size: impl Fn(NodeId) -> u64,
    keep: impl Fn(NodeId) -> bool,
) -> Vec<NodeId> {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;
    // The smallest of those kept is on top.
    let mut kept: BinaryHeap<(Reverse<u64>, u32)> = BinaryHeap::new();
    for at in 0..objects as u32 {
        let size = size(NodeId(at));
        let is_full = kept.len() >= count;
        if is_full && kept.peek().is_none_or(|least| size <= least.0.0) || !keep(NodeId(at)) {
            continue;
        }
        kept.push((Reverse(size), at));
        if kept.len() > count {
            kept.pop();
        }
    }
    kept.into_sorted_vec().into_iter().map(|(_, at)| NodeId(at)).collect()
}
