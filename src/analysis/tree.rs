//! Call trees merged by function, with self and total values.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::cell::OnceCell;
use std::hash::BuildHasher;
use std::rc::Rc;

use crate::model::{Children, Column, FunctionId};

/// The root node of every tree: everything that is looked at.
pub const ROOT: u32 = 0;

/// No node: what a filter dropped.
pub const DROPPED: u32 = u32::MAX;

/// The shape of a call tree: nodes are distinct call paths of functions. Parents come before
/// children; node 0 is the root and has no function. Copies share it: filters that only choose
/// samples leave the shape as it is.
#[derive(Debug, Clone)]
pub struct Shape(Rc<Nodes>);

#[derive(Debug)]
struct Nodes {
    parent: Column<u32>,
    function: Column<FunctionId>,
    depth: Column<u32>,
    children: OnceCell<Children>,
}

impl Shape {
    /// Number of nodes, the root among them.
    pub fn len(&self) -> usize {
        self.0.parent.len()
    }

    /// Whether there is nothing but the root.
    pub fn is_empty(&self) -> bool {
        self.len() <= 1
    }

    /// The caller's node; the root is its own.
    #[inline]
    pub fn parent(&self, node: u32) -> u32 {
        self.0.parent.get(node as usize)
    }

    /// The parent of every node.
    pub fn parents(&self) -> &Column<u32> {
        &self.0.parent
    }

    /// The function of a node; `None` for the root.
    #[inline]
    pub fn function(&self, node: u32) -> Option<FunctionId> {
        (node != ROOT).then(|| self.0.function.get(node as usize))
    }

    /// Number of functions on the path to a node; 0 for the root.
    #[inline]
    pub fn depth(&self, node: u32) -> u32 {
        self.0.depth.get(node as usize)
    }

    /// All nodes but the root, callers first: (node, parent, function).
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, u32, FunctionId)> + '_ {
        (1..self.len()).map(|i| (i as u32, self.0.parent.get(i), self.0.function.get(i)))
    }

    /// The functions from the outermost to `node`.
    pub fn path(&self, node: u32) -> Vec<FunctionId> {
        let mut path: Vec<_> = self.upwards(node).map(|n| self.0.function.get(n as usize)).collect();
        path.reverse();
        path
    }

    /// The nodes from `node` to its outermost caller, without the root.
    pub fn upwards(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(Some(node), |&n| Some(self.parent(n))).take_while(|&n| n != ROOT)
    }

    fn children(&self) -> &Children {
        // The root is its own parent, and nobody's child.
        let parents = std::iter::once(u32::MAX).chain(self.0.parent.iter().skip(1));
        self.0.children.get_or_init(|| Children::new(self.len(), parents))
    }
}

/// Collects a [`Shape`]: equal (parent, function) pairs become one node.
#[derive(Debug)]
pub struct ShapeBuilder {
    nodes: Nodes,
    table: HashTable<u32>,
    hasher: FixedState,
}

impl Default for ShapeBuilder {
    fn default() -> Self {
        let mut nodes =
            Nodes { parent: Column::new(), function: Column::new(), depth: Column::new(), children: OnceCell::new() };
        nodes.push(ROOT, FunctionId::from_index(u32::MAX as usize), 0);
        Self { nodes, table: HashTable::new(), hasher: FixedState::default() }
    }
}

impl ShapeBuilder {
    /// The node in which `parent` calls `function`.
    pub fn child(&mut self, parent: u32, function: FunctionId) -> u32 {
        let hash = self.hasher.hash_one((parent, function));
        let nodes = &self.nodes;
        let found = self
            .table
            .find(hash, |&i| nodes.parent.get(i as usize) == parent && nodes.function.get(i as usize) == function);
        if let Some(&node) = found {
            return node;
        }
        let node = self.new_child(parent, function);
        let (nodes, hasher) = (&self.nodes, &self.hasher);
        self.table.insert_unique(hash, node, |&i| {
            hasher.hash_one((nodes.parent.get(i as usize), nodes.function.get(i as usize)))
        });
        node
    }

    /// The node in which `parent` calls `function`, where the caller knows that there is none yet and
    /// that nobody will ask for it by its function.
    pub fn new_child(&mut self, parent: u32, function: FunctionId) -> u32 {
        let node = u32::try_from(self.nodes.parent.len()).expect("stacks are counted in 32 bits");
        let depth = self.nodes.depth.get(parent as usize) + 1;
        self.nodes.push(parent, function, depth);
        node
    }

    /// Ends the collection.
    pub fn finish(self) -> Shape {
        Shape(Rc::new(self.nodes))
    }
}

impl Nodes {
    fn push(&mut self, parent: u32, function: FunctionId, depth: u32) {
        self.parent.push(parent);
        self.function.push(function);
        self.depth.push(depth);
    }
}

/// A call tree with values.
#[derive(Debug)]
pub struct Tree {
    /// The nodes.
    pub shape: Shape,
    /// Value of the samples whose innermost frame is the node.
    pub self_value: Column<i64>,
    /// Value of the samples whose stack passes through the node.
    pub total: Column<i64>,
    /// Sum of |self| over the subtree: what a box's width means. Equal to `total` unless values are
    /// negative, as in differences.
    pub width: Column<i64>,
    /// Number of samples whose innermost frame is the node.
    pub self_samples: Column<u64>,
    /// Number of samples whose stack passes through the node.
    pub total_samples: Column<u64>,
}

impl Tree {
    /// Rolls own values up: one backward pass, since parents come before children.
    /// Sums saturate at the ends of 64 bits.
    pub fn new(shape: Shape, self_value: Column<i64>, self_samples: Column<u64>) -> Self {
        debug_assert_eq!(shape.len(), self_value.len(), "a value per node");
        let mut total = self_value.clone();
        let mut total_samples = self_samples.clone();
        let is_signed = self_value.iter().any(|v| v < 0);
        let mut width = if is_signed { self_value.iter().map(i64::saturating_abs).collect() } else { Column::new() };
        for node in (1..shape.len()).rev() {
            let parent = shape.parent(node as u32) as usize;
            let up = total.get(parent).saturating_add(total.get(node));
            total.set(parent, up);
            let up = total_samples.get(parent).saturating_add(total_samples.get(node));
            total_samples.set(parent, up);
            if is_signed {
                let up = width.get(parent).saturating_add(width.get(node));
                width.set(parent, up);
            }
        }
        if !is_signed {
            width = total.clone();
        }
        Self { shape, self_value, total, width, self_samples, total_samples }
    }

    /// The 100 % of every share: the sum of |self| over all nodes.
    pub fn base(&self) -> i64 {
        self.width.get(ROOT as usize)
    }

    /// Whether any sample passes through the node.
    pub fn is_present(&self, node: u32) -> bool {
        self.total_samples.get(node as usize) > 0 || self.width.get(node as usize) != 0
    }

    /// The node's children in the order in which they were first seen, empty ones left out.
    pub fn children(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        self.shape.children().of(node).iter().copied().filter(|&child| self.is_present(child))
    }

    /// The node's child for a function.
    pub fn child(&self, node: u32, function: FunctionId) -> Option<u32> {
        self.children(node).find(|&child| self.shape.function(child) == Some(function))
    }

    /// The node's heaviest child; of equals the first seen.
    pub fn heaviest_child(&self, node: u32) -> Option<u32> {
        self.children(node).fold(None, |best: Option<u32>, child| match best {
            Some(b) if self.width.get(b as usize) >= self.width.get(child as usize) => Some(b),
            _ => Some(child),
        })
    }

    /// The heaviest path downwards from a node, without the node itself: each step goes to the
    /// heaviest child and stops where the node's own value weighs more than any child.
    pub fn heaviest_path(&self, node: u32) -> Vec<u32> {
        let mut path = Vec::new();
        let mut at = node;
        while let Some(child) = self.heaviest_child(at) {
            if at != ROOT && self.self_value.get(at as usize).saturating_abs() > self.width.get(child as usize) {
                break;
            }
            path.push(child);
            at = child;
        }
        path
    }

    /// Visits all nodes callers first and tells for each whether its function is already on the
    /// path above it (a recursive call). Iterative: stacks may be as deep as they like.
    pub fn visit_with_recursion(&self, functions: usize, mut visit: impl FnMut(u32, FunctionId, bool)) {
        let mut on_path = vec![0u32; functions];
        // A node is pushed twice: to enter it, and to leave it.
        let mut pending: Vec<(u32, bool)> = self.shape.children().of(ROOT).iter().map(|&c| (c, true)).collect();
        while let Some((node, entering)) = pending.pop() {
            let Some(function) = self.shape.function(node) else { continue };
            let open = &mut on_path[function.index()];
            if !entering {
                *open -= 1;
                continue;
            }
            visit(node, function, *open > 0);
            *open += 1;
            pending.push((node, false));
            pending.extend(self.shape.children().of(node).iter().map(|&c| (c, true)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `paths` as in `a b c` with a value each.
    pub(crate) fn tree(paths: &[(&str, i64)]) -> (Tree, Vec<String>) {
        let mut names: Vec<String> = Vec::new();
        let mut builder = ShapeBuilder::default();
        let leaves: Vec<u32> = paths
            .iter()
            .map(|(path, _)| {
                path.split_whitespace().fold(ROOT, |node, name| {
                    let id = names.iter().position(|n| n == name).unwrap_or_else(|| {
                        names.push(name.to_owned());
                        names.len() - 1
                    });
                    builder.child(node, FunctionId::from_index(id))
                })
            })
            .collect();
        let shape = builder.finish();
        let mut own = Column::filled(0, shape.len());
        let mut samples = Column::filled(0, shape.len());
        for (&leaf, (_, value)) in leaves.iter().zip(paths) {
            *own.get_mut(leaf as usize) += value;
            *samples.get_mut(leaf as usize) += 1;
        }
        (Tree::new(shape, own, samples), names)
    }

    #[test]
    fn totals_roll_up() {
        let (tree, _) = tree(&[("a b c", 3), ("a b", 1), ("a d", 2)]);
        let totals: Vec<i64> = tree.total.iter().collect();
        assert_eq!(totals, [6, 6, 4, 3, 2]);
        assert_eq!(tree.heaviest_path(ROOT), [1, 2, 3]);
        assert_eq!(tree.base(), 6);
    }

    #[test]
    fn negative_values_keep_their_width() {
        let (tree, _) = tree(&[("a b", 5), ("a c", -5)]);
        assert_eq!((tree.total.get(0), tree.base()), (0, 10));
    }

    #[test]
    fn recursion_is_told() {
        let (tree, _) = tree(&[("f g f", 1), ("f f", 1)]);
        let mut seen = Vec::new();
        tree.visit_with_recursion(2, |node, _, again| seen.push((node, again)));
        seen.sort_unstable();
        assert_eq!(seen, [(1, false), (2, false), (3, true), (4, true)]);
    }
}
