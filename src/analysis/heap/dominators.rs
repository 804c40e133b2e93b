//! What every object hangs on, after Lengauer and Tarjan, "A fast algorithm for finding dominators in
//! a flowgraph" (1979), with path compression: the number of edges times a logarithm at worst.
//!
//! Made for little memory. Objects are numbered in the order of a depth-first walk, and all tables are
//! columns of such numbers, of three bytes each where these suffice; several serve two purposes one
//! after the other. Of the references to an object only those from later numbers are collected, for a
//! part of the objects at a time; those from earlier ones are the earlier number itself.

use std::ops::Range;

use super::Sizes;
use super::bits::Bits;
use super::essential::Essential;
use super::numbers::{Number, ThreeBytes};
use super::words::Words;
use crate::model::{HeapGraph, Packed, PackedSizes, SEGMENT_ROWS};

/// What every object hangs on.
pub(super) struct Tree {
    /// The immediate dominator of each object; of the root, the root. Objects that no essential
    /// reference reaches hang on the root; so does what hangs on them alone.
    pub(super) dominator: Packed,
    /// Objects that are reached, each after the one that it hangs on.
    order: Packed,
}

impl Tree {
    pub(super) fn of(graph: &HeapGraph, words: &Words) -> Self {
        let few = (graph.len() < ThreeBytes::NONE as usize).then(|| Walk::<ThreeBytes>::tree(graph, words));
        few.flatten().or_else(|| Walk::<u32>::tree(graph, words)).expect("references have numbers of 32 bits")
    }

    /// The sizes that all objects retain, of their own sizes, and the dominators.
    pub(super) fn retained(self, graph: &HeapGraph, mut sizes: Sizes) -> (PackedSizes, Packed) {
        let Self { dominator, order } = self;
        let root = graph.root.index();
        let mut is_reached = Bits::new(graph.len());
        for node in (0..order.len()).rev().map(|number| order.get(number) as usize) {
            is_reached.set(node);
            if node != root {
                sizes.add(node, dominator.get(node) as usize);
            }
        }
        (0..graph.len()).filter(|&node| !is_reached.get(node) && node != root).for_each(|node| sizes.add(node, root));
        ((0..sizes.len()).map(|node| sizes.get(node)).collect(), dominator)
    }
}

/// A depth-first walk over essential edges: from the root, then from every object that nothing
/// essential leads to, as if the root did.
pub(super) struct Walk<N> {
    /// Number of each object, none where the walk did not come.
    number: Vec<N>,
    /// What is known of each number.
    known: Vec<Known<N>>,
    /// Objects that it came to.
    seen: Bits,
    /// Objects on the way with edges that are left.
    way: Way,
    /// Whether more references lead to an object than there are numbers.
    is_full: bool,
}

/// Objects on the way of a walk, and edges of each. A way may be as long as there are objects, so it grows
/// without being copied.
#[derive(Default)]
struct Way {
    last: Vec<(u32, Range<u32>)>,
    before: Vec<Vec<(u32, Range<u32>)>>,
    /// Kept for the next time: a way goes up and down at any length.
    spare: Vec<(u32, Range<u32>)>,
}

impl Way {
    fn push(&mut self, step: (u32, Range<u32>)) {
        if self.last.len() == SEGMENT_ROWS {
            let mut next = std::mem::take(&mut self.spare);
            next.reserve_exact(SEGMENT_ROWS);
            self.before.push(std::mem::replace(&mut self.last, next));
        }
        self.last.push(step);
    }

    fn pop(&mut self) -> Option<(u32, Range<u32>)> {
        if self.last.is_empty() {
            let before = self.before.pop()?;
            self.spare = std::mem::replace(&mut self.last, before);
        }
        self.last.pop()
    }
}

/// What is known of a number, side by side: whoever asks for one part asks for all.
#[derive(Clone, Copy)]
struct Known<N> {
    /// An ancestor in the tree of the walk: the number from which it was first reached, until the way up
    /// was shortened. 0 of the root.
    ancestor: N,
    /// The earliest number from which an edge leads to it; once it is done, the earliest from which a
    /// way over later numbers does.
    semi: N,
    /// Before the number is done, how many later numbers lead to it, then where their list ends; when it
    /// is done, the number with the least `semi` on the way that was left out.
    label: N,
}

/// Memory for references from later numbers, at least and in parts of all numbers: the fewer fit, the
/// more often all references are gone through.
const LATER_MIN: usize = if cfg!(test) { 4 } else { 1 << 22 };
const LATER_SHARE: usize = 4;

impl<N: Number> Walk<N> {
    /// None when the numbers do not suffice.
    pub(super) fn tree(graph: &HeapGraph, words: &Words) -> Option<Tree> {
        let essential = Essential::of(graph, words);
        let walk = Self::of(graph, &essential);
        (!walk.is_full).then(|| walk.dominators(graph, &essential))
    }

    fn of(graph: &HeapGraph, essential: &Essential<'_>) -> Self {
        let known = Vec::with_capacity(graph.len());
        let (number, seen) = (vec![N::of(N::NONE); graph.len()], Bits::new(graph.len()));
        let mut walk = Self { number, known, seen, way: Way::default(), is_full: false };
        walk.descend(graph, essential, graph.root.index());
        if walk.known.len() < graph.len() {
            let held = held(graph, essential);
            for node in 0..graph.len() {
                if !walk.seen.get(node) && !held.get(node) {
                    walk.descend(graph, essential, node);
                }
            }
        }
        (walk.way, walk.seen) = Default::default();
        walk.learn(graph, essential);
        walk
    }

    fn reach(&mut self, node: usize, parent: u32) -> u32 {
        let number = self.known.len() as u32;
        self.number[node] = N::of(number);
        let parent = N::of(parent);
        self.known.push(Known { ancestor: parent, semi: parent, label: N::of(0) });
        number
    }

    fn descend(&mut self, graph: &HeapGraph, essential: &Essential<'_>, start: usize) {
        self.seen.set(start);
        let mut at = self.reach(start, 0);
        let mut node = start;
        let mut edges = graph.edge_range(node);
        loop {
            let mut new = None;
            while !edges.is_empty() && new.is_none() {
                let (edge, behind) = graph.raw_edge(node, edges.start);
                new = essential.target(node, &edge).filter(|&to| self.seen.set(to));
                edges.start = behind;
            }
            if let Some(to) = new {
                if !edges.is_empty() {
                    self.way.push((node as u32, edges));
                }
                at = self.reach(to, at);
                node = to;
                edges = graph.edge_range(node);
            } else {
                let Some((above, left)) = self.way.pop() else { return };
                node = above as usize;
                at = self.number[node].get();
                edges = left;
            }
        }
    }

    /// Has every number know of the edges to it. Not while walking: that has to wait for each edge, but here
    /// they do not depend on each other.
    fn learn(&mut self, graph: &HeapGraph, essential: &Essential<'_>) {
        let Self { number, known, is_full, .. } = self;
        for (node, from) in number.iter().map(|from| from.get()).enumerate().filter(|(_, from)| *from != N::NONE) {
            for edge in graph.raw_edges(node) {
                let Some(object) = essential.target(node, &edge) else { continue };
                let to = number[object].get();
                let known = &mut known[to as usize];
                if to < from {
                    let count = known.label.get();
                    *is_full |= count == N::NONE;
                    known.label = N::of(count.saturating_add(1));
                } else if from < known.semi.get() {
                    known.semi = N::of(from);
                }
            }
        }
    }

    /// The object of each number, and the number of the dominator of each number.
    fn dominators(self, graph: &HeapGraph, essential: &Essential<'_>) -> Tree {
        let Self { number, known, .. } = self;
        let count = known.len();
        let mut forest = Forest { known, path: Vec::new() };
        // Until a number is done, the first of those that wait for it; of those that wait, the next one.
        let mut dominator = vec![N::of(N::NONE); count];
        let mut later = Later { numbers: Vec::new(), first: count as u32 };
        for at in (0..count as u32).rev() {
            if at < later.first {
                later.collect(graph, essential, &number, &mut forest.known);
            }
            let Known { ancestor: parent, semi, .. } = forest.known[at as usize];
            let mut semi = semi.get();
            let list = later.list(at, &forest.known);
            forest.known[at as usize].label = N::of(at);
            forest.settle(at, &mut dominator);
            if at == 0 {
                break;
            }
            for from in &later.numbers[list] {
                // Nothing is earlier than the root: what all objects share is mostly held by it.
                if semi == 0 {
                    break;
                }
                let best = forest.best(from.get(), at);
                semi = semi.min(forest.known[best as usize].semi.get());
            }
            forest.known[at as usize].semi = N::of(semi);
            // What the walk came to from the earliest of all hangs on that; all others wait for theirs.
            dominator[at as usize] = match semi == parent.get() {
                true => N::of(semi),
                false => std::mem::replace(&mut dominator[semi as usize], N::of(at)),
            };
        }
        drop(later);
        for at in 1..count {
            if dominator[at].get() != forest.known[at].semi.get() {
                dominator[at] = dominator[dominator[at].get() as usize];
            }
        }
        drop(forest);
        let mut order = vec![N::of(0); count];
        for (node, at) in number.iter().enumerate().filter(|(_, at)| at.get() != N::NONE) {
            order[at.get() as usize] = N::of(node as u32);
        }
        let above = |at: &N| match at.get() {
            at if at == 0 || at == N::NONE => graph.root.0,
            at => order[dominator[at as usize].get() as usize].get(),
        };
        let packed = number.iter().map(above).collect();
        drop((number, dominator));
        Tree { dominator: packed, order: order.iter().map(|node| node.get()).collect() }
    }
}

/// For some numbers, the later numbers from which essential edges lead to them.
struct Later<N> {
    /// One list behind the other. Each ends where its number's label says, and the next one starts there.
    numbers: Vec<N>,
    /// The first number that has a list.
    first: u32,
}

impl<N: Number> Later<N> {
    /// Where the list of `at` stands.
    #[inline]
    fn list(&self, at: u32, known: &[Known<N>]) -> Range<usize> {
        let start = if at == self.first { 0 } else { known[at as usize - 1].label.get() };
        start as usize..known[at as usize].label.get() as usize
    }

    /// Collects the lists of the numbers before the first, as many as there is memory for.
    fn collect(&mut self, graph: &HeapGraph, essential: &Essential<'_>, number: &[N], known: &mut [Known<N>]) {
        let most = LATER_MIN.max(known.len() / LATER_SHARE).min(N::NONE as usize);
        let end = self.first as usize;
        let (mut first, mut sum) = (end, 0);
        while first > 0 && (first == end || sum + known[first - 1].label.get() as usize <= most) {
            first -= 1;
            sum += known[first].label.get() as usize;
        }
        let mut start = 0;
        for known in &mut known[first..end] {
            let count = known.label.get();
            known.label = N::of(start);
            start += count;
        }
        // Each label moves from the start of its list to the end while that is filled.
        self.numbers.clear();
        self.numbers.resize(sum, N::of(0));
        self.first = first as u32;
        for (node, from) in number.iter().enumerate() {
            let from = from.get();
            if from == N::NONE || from <= self.first {
                continue;
            }
            for edge in graph.raw_edges(node) {
                let Some(object) = essential.target(node, &edge) else { continue };
                let to = number[object].get();
                if to < from && (first..end).contains(&(to as usize)) {
                    let place = known[to as usize].label.get();
                    self.numbers[place as usize] = N::of(from);
                    known[to as usize].label = N::of(place + 1);
                }
            }
        }
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
struct Forest<N> {
    known: Vec<Known<N>>,
    path: Vec<u32>,
}

impl<N: Number> Forest<N> {
    /// The number with the least `semi` on the way from `from`, which is done, up to the first that is
    /// not: `at` or one before it.
    #[inline]
    fn best(&mut self, from: u32, at: u32) -> u32 {
        if self.known[from as usize].ancestor.get() > at {
            self.shorten(from, at);
        }
        self.known[from as usize].label.get()
    }

    fn shorten(&mut self, from: u32, at: u32) {
        let Self { known, path } = self;
        let mut top = from;
        while known[top as usize].ancestor.get() > at {
            path.push(top);
            top = known[top as usize].ancestor.get();
        }
        while let Some(step) = path.pop() {
            let Known { ancestor, label, .. } = known[step as usize];
            let above = known[ancestor.get() as usize];
            if known[above.label.get() as usize].semi.get() < known[label.get() as usize].semi.get() {
                known[step as usize].label = above.label;
            }
            known[step as usize].ancestor = above.ancestor;
        }
    }

    /// Names the dominators of those that wait for `at`, or the number whose dominator is theirs.
    fn settle(&mut self, at: u32, dominator: &mut [N]) {
        let mut next = std::mem::replace(&mut dominator[at as usize], N::of(N::NONE)).get();
        while next != N::NONE {
            let waiting = next;
            let best = self.best(waiting, at);
            next = dominator[waiting as usize].get();
            let is_earlier = self.known[best as usize].semi.get() < at;
            dominator[waiting as usize] = N::of(if is_earlier { best } else { at });
        }
    }
}
