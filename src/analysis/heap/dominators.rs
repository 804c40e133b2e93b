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
use crate::model::HeapGraph;

/// No number, no object.
const NONE: u32 = u32::MAX;

/// The immediate dominator of each object, and the sizes that they retain. Objects that no essential
/// reference reaches hang on the root; so does what hangs on them alone.
pub(super) fn dominators(graph: &HeapGraph, words: &Words, shallow: &Sizes) -> (Vec<u32>, Sizes) {
    let essential = Essential::of(graph, words);
    let walk = Walk::of(graph, &essential);
    let (order, of_number) = walk.dominators(graph, &essential);
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
/// essential leads to, as if the root did.
struct Walk {
    /// Number of each object, [`NONE`] where the walk did not come.
    number: Vec<u32>,
    /// Object of each number.
    order: Vec<u32>,
    /// Number of the object from which each was first reached; 0 of the root.
    parent: Vec<u32>,
}

impl Walk {
    fn of(graph: &HeapGraph, essential: &Essential<'_>) -> Self {
        let mut walk = Self { number: vec![NONE; graph.len()], order: Vec::new(), parent: Vec::new() };
        walk.order.reserve_exact(graph.len());
        walk.parent.reserve_exact(graph.len());
        // The next edge of each object on the way.
        let mut cursor = Vec::with_capacity(graph.len());
        walk.descend(graph, essential, graph.root.index(), &mut cursor);
        if walk.order.len() < graph.len() {
            let held = held(graph, essential);
            for node in 0..graph.len() {
                if walk.number[node] == NONE && !held.get(node) {
                    walk.descend(graph, essential, node, &mut cursor);
                }
            }
        }
        walk
    }

    fn reach(&mut self, graph: &HeapGraph, node: usize, parent: u32, cursor: &mut Vec<u32>) -> u32 {
        let number = self.order.len() as u32;
        self.number[node] = number;
        self.order.push(node as u32);
        self.parent.push(parent);
        cursor.push(graph.edge_range(node).start as u32);
        number
    }

    fn descend(&mut self, graph: &HeapGraph, essential: &Essential<'_>, start: usize, cursor: &mut Vec<u32>) {
        let first = self.reach(graph, start, 0, cursor);
        let mut at = first;
        loop {
            let node = self.order[at as usize] as usize;
            let edges = cursor[at as usize] as usize..graph.edge_range(node).end;
            let new = |edge: usize| {
                let to = essential.target(node, edge).filter(|&to| self.number[to] == NONE)?;
                Some((edge, to))
            };
            match edges.into_iter().find_map(new) {
                Some((edge, to)) => {
                    cursor[at as usize] = edge as u32 + 1;
                    at = self.reach(graph, to, at, cursor);
                }
                None if at == first => return,
                None => {
                    cursor[at as usize] = u32::MAX;
                    at = self.parent[at as usize];
                }
            }
        }
    }

    /// The object of each number, and the number of the dominator of each number.
    fn dominators(self, graph: &HeapGraph, essential: &Essential<'_>) -> (Vec<u32>, Vec<u32>) {
        let Self { number, order, parent } = self;
        // The tree's own edges lead from earlier to later numbers, too.
        let mut semi = parent.clone();
        let later = Later::of(graph, essential, &number, &order, &mut semi);
        drop(number);
        let count = order.len();
        let mut forest = Forest { ancestor: parent, semi, label: vec![NONE; count], path: Vec::new() };
        let mut dominator = vec![NONE; count];
        for at in (0..count as u32).rev() {
            forest.settle(at, &mut dominator);
            if at == 0 {
                break;
            }
            let mut semi = forest.semi[at as usize];
            for &from in later.of_number(at) {
                let best = forest.best(from, at);
                semi = semi.min(forest.semi[best as usize]);
            }
            forest.semi[at as usize] = semi;
            // Whoever waits for the same object is linked through the table of results, the first one
            // through that of labels, which that object does not need yet.
            dominator[at as usize] = std::mem::replace(&mut forest.label[semi as usize], at);
        }
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

/// For each number, the later numbers from which essential edges lead to it.
struct Later {
    /// Where those of each number start in `from`; one more than there are numbers.
    first: Vec<u32>,
    from: Vec<u32>,
}

impl Later {
    /// Collects them, and lowers `semi` to the earliest number from which an edge leads to each.
    fn of(graph: &HeapGraph, essential: &Essential<'_>, number: &[u32], order: &[u32], semi: &mut [u32]) -> Self {
        let mut first = vec![0u32; order.len() + 1];
        let each = |mut take: &mut dyn FnMut(u32, u32)| {
            for (at, &node) in order.iter().enumerate() {
                edges_of(graph, essential, number, (at as u32, node as usize), &mut take);
            }
        };
        each(&mut |from, to| {
            if from > to {
                first[to as usize] += 1;
            } else {
                let semi = &mut semi[to as usize];
                *semi = (*semi).min(from);
            }
        });
        let mut sum = 0;
        for place in &mut first {
            sum += std::mem::replace(place, sum);
        }
        let mut from = vec![0; sum as usize];
        // Each start moves to its end while it is filled, which is the start of the next.
        each(&mut |later, to| {
            if later > to {
                let place = &mut first[to as usize];
                from[*place as usize] = later;
                *place += 1;
            }
        });
        first.rotate_right(1);
        first[0] = 0;
        Self { first, from }
    }

    fn of_number(&self, at: u32) -> &[u32] {
        &self.from[self.first[at as usize] as usize..self.first[at as usize + 1] as usize]
    }
}

/// Hands on every essential edge of an object to another that was reached, as numbers.
fn edges_of(
    graph: &HeapGraph,
    essential: &Essential<'_>,
    number: &[u32],
    (at, node): (u32, usize),
    take: &mut impl FnMut(u32, u32),
) {
    for edge in graph.edge_range(node) {
        if let Some(to) = essential.target(node, edge) {
            take(at, number[to]);
        }
    }
}

/// The part of the tree that is done: everything with a number above the current one.
struct Forest {
    /// An ancestor in the tree: the parent, until the way up was shortened.
    ancestor: Vec<u32>,
    semi: Vec<u32>,
    /// The number with the least `semi` on the way that was left out; before a number is done, the
    /// first of those that wait for it.
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

    /// Names the dominators of those that wait for `at`, or the number whose dominator is theirs, and
    /// makes `at` a number that is done.
    fn settle(&mut self, at: u32, dominator: &mut [u32]) {
        let mut next = std::mem::replace(&mut self.label[at as usize], at);
        while next != NONE {
            let waiting = next;
            let best = self.best(waiting, at);
            next = dominator[waiting as usize];
            dominator[waiting as usize] = if self.semi[best as usize] < at { best } else { at };
        }
    }
}
