//! What every object hangs on, after Lengauer and Tarjan, "A fast algorithm for finding dominators in
//! a flowgraph" (1979), with path compression: the number of edges times a logarithm at worst.
//!
//! Made for little memory. Objects are numbered in the order of a depth-first walk, and all tables are
//! columns of 32 bits in that order, of which several serve two purposes one after the other. Of the
//! references to an object only those from later numbers are collected; those from earlier ones are
//! the earlier number itself.

use super::Sizes;
use super::bits::Bits;
use super::essential::Essential;
use super::words::Words;
use crate::model::{Column, HeapGraph};

/// No number, no object.
const NONE: u32 = u32::MAX;

/// The immediate dominator of each object, and the sizes that they retain. Objects that no essential
/// reference reaches hang on the root; so does what hangs on them alone.
pub(super) fn dominators(graph: &HeapGraph, words: &Words, shallow: &Sizes) -> (Vec<u32>, Sizes) {
    let essential = Essential::of(graph, words);
    let walk = Walk::of(graph, &essential);
    let (order, of_number) = walk.dominators();
    let mut retained = shallow.clone();
    let root = graph.root.index();
    let mut dominator = vec![graph.root.0; graph.len()];
    for number in (1..order.len()).rev() {
        let (node, above) = (order[number] as usize, order[of_number[number] as usize]);
        dominator[node] = above;
        retained.add(node, above as usize);
    }
    let mut is_reached = Bits::new(graph.len());
    order.iter().for_each(|&node| {
        is_reached.set(node as usize);
    });
    (0..graph.len()).filter(|&node| !is_reached.get(node) && node != root).for_each(|node| retained.add(node, root));
    (dominator, retained)
}

/// A depth-first walk over essential edges: from the root, then from every object that nothing
/// essential leads to, as if the root did. Each edge is looked at once: what is needed of it later is
/// collected on the way.
struct Walk {
    /// Number of each object, [`NONE`] where the walk did not come.
    number: Vec<u32>,
    /// Object of each number.
    order: Vec<u32>,
    /// Number of the object from which each was first reached; 0 of the root.
    parent: Vec<u32>,
    /// The earliest number from which an edge leads to each.
    semi: Vec<u32>,
    later: Later,
    /// The next edge of each object on the way.
    cursors: Vec<u32>,
}

/// For each number, the later numbers from which essential edges lead to it, as lists.
#[derive(Default)]
struct Later {
    /// The first place in `from` of each number, [`NONE`] for none.
    first: Vec<u32>,
    /// A later number, and the next place.
    from: Column<(u32, u32)>,
}

impl Walk {
    fn of(graph: &HeapGraph, essential: &Essential<'_>) -> Self {
        let column = || Vec::with_capacity(graph.len());
        let later = Later { first: column(), from: Column::new() };
        let (order, parent, semi) = (column(), column(), column());
        let mut walk = Self { number: vec![NONE; graph.len()], order, parent, semi, later, cursors: Vec::new() };
        walk.descend(graph, essential, graph.root.index());
        if walk.order.len() < graph.len() {
            let held = held(graph, essential);
            for node in 0..graph.len() {
                if walk.number[node] == NONE && !held.get(node) {
                    walk.descend(graph, essential, node);
                }
            }
        }
        walk
    }

    fn reach(&mut self, graph: &HeapGraph, node: usize, parent: u32) -> u32 {
        let number = self.order.len() as u32;
        self.number[node] = number;
        self.order.push(node as u32);
        self.parent.push(parent);
        self.semi.push(parent);
        self.later.first.push(NONE);
        self.cursors.push(graph.edge_range(node).start as u32);
        number
    }

    fn descend(&mut self, graph: &HeapGraph, essential: &Essential<'_>, start: usize) {
        let mut at = self.reach(graph, start, 0);
        while let Some(&cursor) = self.cursors.last() {
            let node = self.order[at as usize] as usize;
            let edges = cursor as usize..graph.edge_range(node).end;
            let new = |edge: usize| {
                let to = essential.target(node, edge).filter(|&to| self.is_new(at, to))?;
                Some((edge, to))
            };
            match edges.into_iter().find_map(new) {
                Some((edge, to)) => {
                    if let Some(cursor) = self.cursors.last_mut() {
                        *cursor = edge as u32 + 1;
                    }
                    at = self.reach(graph, to, at);
                }
                None => {
                    self.cursors.pop();
                    at = self.parent[at as usize];
                }
            }
        }
    }

    /// Whether the walk did not come to an object yet. If it did, the edge from `at` is collected.
    #[inline]
    fn is_new(&mut self, at: u32, object: usize) -> bool {
        let to = self.number[object];
        if to == NONE {
            return true;
        }
        if to < at {
            let place = self.later.from.len() as u32;
            let next = std::mem::replace(&mut self.later.first[to as usize], place);
            self.later.from.push((at, next));
        } else {
            let semi = &mut self.semi[to as usize];
            *semi = (*semi).min(at);
        }
        false
    }

    /// The object of each number, and the number of the dominator of each number.
    fn dominators(self) -> (Vec<u32>, Vec<u32>) {
        let Self { number, order, parent, semi, later, .. } = self;
        drop(number);
        let Later { first, from } = later;
        let count = order.len();
        let mut forest = Forest { ancestor: parent, semi, label: first, path: Vec::new() };
        // Until a number is done, the first of those that wait for it; of those that wait, the next one.
        let mut dominator = vec![NONE; count];
        for at in (0..count as u32).rev() {
            let mut place = std::mem::replace(&mut forest.label[at as usize], at);
            forest.settle(at, &mut dominator);
            if at == 0 {
                break;
            }
            let mut semi = forest.semi[at as usize];
            while place != NONE {
                let (later, next) = from.get(place as usize);
                let best = forest.best(later, at);
                semi = semi.min(forest.semi[best as usize]);
                place = next;
            }
            forest.semi[at as usize] = semi;
            // What the walk came to from the earliest of all hangs on that; all others wait for theirs.
            dominator[at as usize] = match semi == forest.ancestor[at as usize] {
                true => semi,
                false => std::mem::replace(&mut dominator[semi as usize], at),
            };
        }
        drop(from);
        for at in 1..count {
            if dominator[at] != forest.semi[at] {
                dominator[at] = dominator[dominator[at] as usize];
            }
        }
        (order, dominator)
    }
}

/// Objects that an essential edge of another leads to.
fn held(graph: &HeapGraph, essential: &Essential<'_>) -> Bits {
    let mut held = Bits::new(graph.len());
    for from in 0..graph.len() {
        for edge in graph.edge_range(from) {
            if let Some(to) = essential.target(from, edge) {
                held.set(to);
            }
        }
    }
    held
}

/// The part of the tree that is done: everything with a number above the current one.
struct Forest {
    /// An ancestor in the tree: the parent, until the way up was shortened.
    ancestor: Vec<u32>,
    semi: Vec<u32>,
    /// The number with the least `semi` on the way that was left out; before a number is done, the
    /// first place of its list in [`Later`].
    label: Vec<u32>,
    path: Vec<u32>,
}

impl Forest {
    /// The number with the least `semi` on the way from `from`, which is done, up to the first that is
    /// not: `at` or one before it.
    #[inline]
    fn best(&mut self, from: u32, at: u32) -> u32 {
        if self.ancestor[from as usize] > at {
            self.shorten(from, at);
        }
        self.label[from as usize]
    }

    fn shorten(&mut self, from: u32, at: u32) {
        let Self { ancestor, semi, label, path } = self;
        let mut top = from;
        while ancestor[top as usize] > at {
            path.push(top);
            top = ancestor[top as usize];
        }
        while let Some(step) = path.pop() {
            let above = ancestor[step as usize] as usize;
            if semi[label[above] as usize] < semi[label[step as usize] as usize] {
                label[step as usize] = label[above];
            }
            ancestor[step as usize] = ancestor[above];
        }
    }

    /// Names the dominators of those that wait for `at`, or the number whose dominator is theirs.
    fn settle(&mut self, at: u32, dominator: &mut [u32]) {
        let mut next = std::mem::replace(&mut dominator[at as usize], NONE);
        while next != NONE {
            let waiting = next;
            let best = self.best(waiting, at);
            next = dominator[waiting as usize];
            dominator[waiting as usize] = if self.semi[best as usize] < at { best } else { at };
        }
    }
}
