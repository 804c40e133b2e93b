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
    /// What is known of each number.
    known: Vec<Known>,
    /// Objects on the way, and the next edge of each.
    way: Vec<(u32, u32)>,
}

/// What is known of a number, side by side: whoever asks for one part asks for all.
#[derive(Clone, Copy)]
struct Known {
    /// An ancestor in the tree of the walk: the number from which it was first reached, until the way up
    /// was shortened. 0 of the root.
    ancestor: u32,
    /// The earliest number from which an edge leads to it; once it is done, the earliest from which a
    /// way over later numbers does.
    semi: u32,
    /// Before the number is done, how many later numbers lead to it, then where their list ends; when it
    /// is done, the number with the least `semi` on the way that was left out.
    label: u32,
}

impl Walk {
    fn of(graph: &HeapGraph, essential: &Essential<'_>) -> Self {
        let known = Vec::with_capacity(graph.len());
        let mut walk = Self { number: vec![NONE; graph.len()], known, way: Vec::new() };
        walk.descend(graph, essential, graph.root.index());
        if walk.known.len() < graph.len() {
            let held = held(graph, essential);
            for node in 0..graph.len() {
                if walk.number[node] == NONE && !held.get(node) {
                    walk.descend(graph, essential, node);
                }
            }
        }
        walk.way = Vec::new();
        walk
    }

    fn reach(&mut self, graph: &HeapGraph, node: usize, parent: u32) -> u32 {
        let number = self.known.len() as u32;
        self.number[node] = number;
        self.known.push(Known { ancestor: parent, semi: parent, label: 0 });
        self.way.push((node as u32, graph.edge_range(node).start));
        number
    }

    fn descend(&mut self, graph: &HeapGraph, essential: &Essential<'_>, start: usize) {
        let mut at = self.reach(graph, start, 0);
        while let Some(&(node, mut next)) = self.way.last() {
            let node = node as usize;
            let end = graph.edge_range(node).end;
            let mut new = None;
            while next < end && new.is_none() {
                let (edge, behind) = graph.raw_edge(node, next);
                new = essential.target(node, &edge).filter(|&to| self.is_new(at, to));
                next = behind;
            }
            match new {
                Some(to) => {
                    if let Some((_, cursor)) = self.way.last_mut() {
                        *cursor = next;
                    }
                    at = self.reach(graph, to, at);
                }
                None => {
                    self.way.pop();
                    at = self.known[at as usize].ancestor;
                }
            }
        }
    }

    /// Whether the walk did not come to an object yet. If it did, it learns of the edge from `at`.
    #[inline]
    fn is_new(&mut self, at: u32, object: usize) -> bool {
        let to = self.number[object];
        if to == NONE {
            return true;
        }
        let known = &mut self.known[to as usize];
        if to < at {
            known.label += 1;
        } else {
            known.semi = known.semi.min(at);
        }
        false
    }

    /// For each number, the later numbers from which essential edges lead to it: one list behind the
    /// other. Each ends where its number's label says, and the next one starts there.
    fn later(&mut self, graph: &HeapGraph, essential: &Essential<'_>) -> Vec<u32> {
        let mut sum = 0;
        for known in &mut self.known {
            sum += std::mem::replace(&mut known.label, sum);
        }
        // Each label moves from the start of its list to the end while that is filled.
        let mut later = vec![0; sum as usize];
        for (node, &at) in self.number.iter().enumerate().filter(|(_, at)| **at != NONE) {
            for edge in graph.raw_edges(node) {
                let Some(object) = essential.target(node, &edge) else { continue };
                let to = self.number[object];
                if to < at {
                    let place = &mut self.known[to as usize].label;
                    later[*place as usize] = at;
                    *place += 1;
                }
            }
        }
        later
    }

    /// The object of each number, and the number of the dominator of each number.
    fn dominators(mut self, graph: &HeapGraph, essential: &Essential<'_>) -> (Vec<u32>, Vec<u32>) {
        let later = self.later(graph, essential);
        let Self { number, known, .. } = self;
        let count = known.len();
        let mut forest = Forest { known, path: Vec::new() };
        // Until a number is done, the first of those that wait for it; of those that wait, the next one.
        let mut dominator = vec![NONE; count];
        for at in (0..count as u32).rev() {
            let Known { ancestor: parent, mut semi, label: end } = forest.known[at as usize];
            forest.known[at as usize].label = at;
            forest.settle(at, &mut dominator);
            if at == 0 {
                break;
            }
            let start = forest.known[at as usize - 1].label;
            for &from in &later[start as usize..end as usize] {
                // Nothing is earlier than the root: what all objects share is mostly held by it.
                if semi == 0 {
                    break;
                }
                let best = forest.best(from, at);
                semi = semi.min(forest.known[best as usize].semi);
            }
            forest.known[at as usize].semi = semi;
            // What the walk came to from the earliest of all hangs on that; all others wait for theirs.
            dominator[at as usize] = match semi == parent {
                true => semi,
                false => std::mem::replace(&mut dominator[semi as usize], at),
            };
        }
        drop(later);
        for at in 1..count {
            if dominator[at] != forest.known[at].semi {
                dominator[at] = dominator[dominator[at] as usize];
            }
        }
        drop(forest);
        let mut order = vec![0; count];
        for (node, &at) in number.iter().enumerate().filter(|(_, at)| **at != NONE) {
            order[at as usize] = node as u32;
        }
        (order, dominator)
    }
}

/// Objects that an essential edge of another leads to.
fn held(graph: &HeapGraph, essential: &Essential<'_>) -> Bits {
    let mut held = Bits::new(graph.len());
    for from in 0..graph.len() {
        for edge in graph.raw_edges(from) {
            if let Some(to) = essential.target(from, &edge) {
                held.set(to);
            }
        }
    }
    held
}

/// The part of the tree that is done: everything with a number above the current one.
struct Forest {
    known: Vec<Known>,
    path: Vec<u32>,
}

impl Forest {
    /// The number with the least `semi` on the way from `from`, which is done, up to the first that is
    /// not: `at` or one before it.
    #[inline]
    fn best(&mut self, from: u32, at: u32) -> u32 {
        if self.known[from as usize].ancestor > at {
            self.shorten(from, at);
        }
        self.known[from as usize].label
    }

    fn shorten(&mut self, from: u32, at: u32) {
        let Self { known, path } = self;
        let mut top = from;
        while known[top as usize].ancestor > at {
            path.push(top);
            top = known[top as usize].ancestor;
        }
        while let Some(step) = path.pop() {
            let Known { ancestor, label, .. } = known[step as usize];
            let above = known[ancestor as usize];
            if known[above.label as usize].semi < known[label as usize].semi {
                known[step as usize].label = above.label;
            }
            known[step as usize].ancestor = above.ancestor;
        }
    }

    /// Names the dominators of those that wait for `at`, or the number whose dominator is theirs.
    fn settle(&mut self, at: u32, dominator: &mut [u32]) {
        let mut next = std::mem::replace(&mut dominator[at as usize], NONE);
        while next != NONE {
            let waiting = next;
            let best = self.best(waiting, at);
            next = dominator[waiting as usize];
            dominator[waiting as usize] = if self.known[best as usize].semi < at { best } else { at };
        }
    }
}
