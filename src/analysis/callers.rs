//! The bottom-up tree: callers of each function, expanded as far as it is looked at.
//!
//! A root is a function with own value; its total is that own value summed over all places. Its
//! children are the callers on the paths that lead there. A full inverted tree is far larger than
//! the original, so nodes expand on demand.

use super::tree::{ROOT, Tree};
use crate::model::FunctionId;
use crate::model::SortFew as _;

/// One node of the bottom-up tree.
#[derive(Debug, Clone)]
struct Node {
    parent: Option<u32>,
    function: Option<FunctionId>,
    value: i64,
    width: i64,
    samples: u64,
    depth: u32,
    /// The places that the node stands for: (node whose own value it is, node that has been reached upwards).
    places: Vec<(u32, u32)>,
    children: Option<Vec<u32>>,
}

/// A bottom-up tree that grows as it is expanded.
#[derive(Debug)]
pub struct Callers {
    nodes: Vec<Node>,
    roots: Vec<u32>,
}

impl Callers {
    /// The roots: every function with own value, heaviest first.
    pub fn new(tree: &Tree) -> Self {
        let mut callers = Self { nodes: Vec::new(), roots: Vec::new() };
        let own = tree.self_value.iter().zip(tree.self_samples.iter());
        let has_own = (0u32..).zip(own).filter(|(_, (value, samples))| *value != 0 || *samples > 0);
        let places: Vec<(u32, u32)> = has_own.map(|(n, _)| (n, n)).collect();
        callers.roots = callers.group(tree, None, &places);
        callers
    }

    /// The root nodes, heaviest first.
    pub fn roots(&self) -> &[u32] {
        &self.roots
    }

    /// The callers of a node, heaviest first, worked out when first asked for.
    pub fn children(&mut self, tree: &Tree, node: u32) -> Vec<u32> {
        let known = &self.nodes[node as usize];
        if let Some(children) = &known.children {
            return children.clone();
        }
        let up: Vec<(u32, u32)> = known
            .places
            .iter()
            .filter(|&&(_, at)| at != ROOT && tree.shape.parent(at) != ROOT)
            .map(|&(leaf, at)| (leaf, tree.shape.parent(at)))
            .collect();
        let children = self.group(tree, Some(node), &up);
        let known = &mut self.nodes[node as usize];
        known.children = Some(children.clone());
        // Paths through a deep tree would otherwise be held once for each of their frames.
        known.places = Vec::new();
        children
    }

    /// Whether a node has callers.
    pub fn has_children(&self, tree: &Tree, node: u32) -> bool {
        let known = &self.nodes[node as usize];
        match &known.children {
            Some(children) => !children.is_empty(),
            None => known.places.iter().any(|&(_, at)| at != ROOT && tree.shape.parent(at) != ROOT),
        }
    }

    /// Number of nodes so far.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing has a value of its own.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node at the end of a path from a root outwards, as far as it is expanded.
    pub fn find<K>(&self, is_named: impl Fn(FunctionId, &K) -> bool, path: &[K]) -> Option<u32> {
        let mut level: &[u32] = &self.roots;
        let mut found = None;
        for step in path {
            let named = |n: &&u32| self.function(**n).is_some_and(|f| is_named(f, step));
            let node = *level.iter().find(named)?;
            found = Some(node);
            level = self.nodes[node as usize].children.as_deref().unwrap_or(&[]);
        }
        found
    }

    /// Whether there is such a node.
    pub fn is_node(&self, node: u32) -> bool {
        (node as usize) < self.nodes.len()
    }

    /// The node's function; `None` for samples without a frame.
    pub fn function(&self, node: u32) -> Option<FunctionId> {
        self.nodes[node as usize].function
    }

    /// Own value of the root function that reaches it through this path of callers.
    pub fn value(&self, node: u32) -> i64 {
        self.nodes[node as usize].value
    }

    /// Sum of |own values|, for widths.
    pub fn width(&self, node: u32) -> i64 {
        self.nodes[node as usize].width
    }

    /// Number of samples.
    pub fn samples(&self, node: u32) -> u64 {
        self.nodes[node as usize].samples
    }

    /// Depth, 0 for roots.
    pub fn depth(&self, node: u32) -> u32 {
        self.nodes[node as usize].depth
    }

    /// The node that this one calls; `None` for roots.
    pub fn parent(&self, node: u32) -> Option<u32> {
        self.nodes[node as usize].parent
    }

    /// Functions from the root of the bottom-up tree to the node.
    pub fn path(&self, node: u32) -> Vec<FunctionId> {
        let mut path: Vec<FunctionId> =
            std::iter::successors(Some(node), |&n| self.parent(n)).filter_map(|n| self.function(n)).collect();
        path.reverse();
        path
    }

    fn group(&mut self, tree: &Tree, parent: Option<u32>, places: &[(u32, u32)]) -> Vec<u32> {
        // By function, those without one first; by leaf within it. One number each is sorted much
        // faster than places that are looked up at every comparison.
        let key = |&(leaf, at): &(u32, u32)| {
            let function = tree.shape.function(at).map_or(0, |f| f.index() as u64 + 1);
            (function << 32 | u64::from(leaf), at)
        };
        let mut keyed: Vec<(u64, u32)> = places.iter().map(key).collect();
        keyed.sort_unstable();
        let depth = parent.map_or(0, |p| self.nodes[p as usize].depth + 1);
        let mut out = Vec::new();
        for same in keyed.chunk_by(|a, b| a.0 >> 32 == b.0 >> 32) {
            let places: Vec<(u32, u32)> = same.iter().map(|&(key, at)| (key as u32, at)).collect();
            out.push(u32::try_from(self.nodes.len()).expect("nodes are expanded by hand or by pixel"));
            self.nodes.push(Node {
                parent,
                function: tree.shape.function(places[0].1),
                depth,
                children: None,
                ..Node::of(tree, places)
            });
        }
        out.sort_few_by_key(|&n| (std::cmp::Reverse(self.width(n)), n));
        out
    }
}

impl Node {
    /// A node with what its places weigh.
    fn of(tree: &Tree, places: Vec<(u32, u32)>) -> Self {
        let mut node = Self {
            parent: None,
            function: None,
            value: 0,
            width: 0,
            samples: 0,
            depth: 0,
            places: Vec::new(),
            children: None,
        };
        for &(leaf, _) in &places {
            let value = tree.self_value.get(leaf as usize);
            node.value = node.value.saturating_add(value);
            node.width = node.width.saturating_add(value.saturating_abs());
            node.samples += tree.self_samples.get(leaf as usize);
        }
        Self { places, ..node }
    }
}

#[cfg(test)]
mod tests {
    use super::super::modules::Modules;
    use super::super::scoped::Scoped;
    use super::*;
    use crate::model::picture;
    use crate::model::vocab::Scope;

    #[test]
    fn callers_of_each_function() {
        let recording = picture::recording("a b 4\nc b 3\na 1\nb b 2");
        let modules = Modules::of(&recording);
        let scoped = Scoped::new(&recording, &modules, &Scope::default());
        let tree = &scoped.tree;
        let mut callers = Callers::new(tree);
        let name = |c: &Callers, n| recording.name(c.function(n).expect("every sample has a frame")).to_owned();
        let roots: Vec<_> = callers.roots().iter().map(|&n| (name(&callers, n), callers.value(n))).collect();
        assert_eq!(roots, [("b".to_owned(), 9), ("a".to_owned(), 1)]);
        let root = callers.roots()[0];
        let above: Vec<_> =
            callers.children(tree, root).into_iter().map(|n| (name(&callers, n), callers.value(n))).collect();
        assert_eq!(above, [("a".to_owned(), 4), ("c".to_owned(), 3), ("b".to_owned(), 2)]);
        assert!(!callers.has_children(tree, callers.roots()[1]));
    }
}
