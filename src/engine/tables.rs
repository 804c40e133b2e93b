//! Rows of the tables: functions, call trees as far as they are expanded, and the comparison.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::Engine;
use super::label::{amount, label};
use super::prepared::Prepared;
use crate::analysis::callers::Callers;
use crate::analysis::compare::{Aggregate, aggregate};
use crate::analysis::functions::{by_name, sorted};
use crate::analysis::search::Matches;
use crate::analysis::tree::{ROOT, Tree};
use crate::model::SortFew as _;
use crate::model::vocab::{FrameKey, Path, Scope, Sort, SortColumn};
use crate::model::{FunctionId, Recording};
use crate::protocol::{FunctionRow, Rows, TreeChange, TreeRow};

/// Most rows that one answer carries.
const ROWS_MAX: u32 = 500;

impl Engine {
    /// Rows of the given functions.
    pub(super) fn function_rows(&self, prepared: &Prepared, ids: &[FunctionId]) -> Vec<FunctionRow> {
        let weights = prepared.weights(&self.recording);
        let plus_minus = prepared.plus_minus(&self.recording, ids);
        let base = prepared.base();
        ids.iter()
            .zip(plus_minus)
            .map(|(&id, plus_minus)| {
                let w = weights[id.index()];
                FunctionRow {
                    label: label(&self.recording, &self.modules, id),
                    self_value: amount(w.self_value, base, &prepared.shown, w.self_samples),
                    total: amount(w.total, base, &prepared.shown, w.total_samples),
                    plus_minus,
                }
            })
            .collect()
    }

    /// The table of functions.
    pub(super) fn functions(
        &mut self,
        scope: &Scope,
        search: &str,
        sort: Sort,
        from: u32,
        count: u32,
    ) -> Result<Rows<FunctionRow>, String> {
        let prepared = self.prepared(&Scope { nest_gc: false, ..scope.clone() });
        let matches = Matches::of(&self.recording, &self.modules, search)?;
        let weights = prepared.weights(&self.recording);
        let keep = |f: FunctionId| matches.is_empty || matches.function(f);
        let wanted = (from as usize, count.min(ROWS_MAX) as usize);
        let (all, ids) = sorted(&self.recording, &self.modules, weights, sort, keep, wanted);
        let most = |value: fn(&crate::analysis::functions::Weight) -> i64| {
            weights.iter().map(|w| value(w).saturating_abs()).max().unwrap_or(0)
        };
        Ok(Rows {
            all: all as u32,
            from: from.min(all as u32),
            rows: self.function_rows(&prepared, &ids),
            max_self: most(|w| w.self_value),
            max_total: most(|w| w.total),
            scroll_to: None,
        })
    }

    /// The aggregate that goes to the other recording's worker.
    pub fn aggregate(&mut self, scope: &Scope) -> Aggregate {
        Aggregate { heap: self.identities(), ..self.functions_aggregate(scope) }
    }

    pub(super) fn functions_aggregate(&mut self, scope: &Scope) -> Aggregate {
        let prepared = self.prepared(&Scope { nest_gc: false, ..scope.clone() });
        aggregate(&self.recording, &self.modules, &prepared.scoped, prepared.weights(&self.recording))
    }

    /// A call tree as far as it is expanded.
    #[expect(clippy::too_many_arguments, reason = "the fields of one query")]
    pub(super) fn tree(
        &mut self,
        scope: &Scope,
        callers: bool,
        sort: Sort,
        change: &TreeChange,
        search: &str,
        from: u32,
        count: u32,
    ) -> Result<Rows<TreeRow>, String> {
        let prepared = self.prepared(scope);
        let matches = Matches::of(&self.recording, &self.modules, search)?;
        let mut open = self.take_open(&prepared, callers);
        let scroll_to = open.change(&self.recording, &prepared.scoped.tree, change);
        let rows = open.rows(&self.recording, &prepared.scoped.tree, sort);
        let scroll_to = scroll_to.and_then(|node| rows.iter().position(|&n| n == node)).map(|row| row as u32);
        let heaviest = open.heaviest(&prepared.scoped.tree);
        let window = window(&rows, from, count);
        let out = Rows {
            all: rows.len() as u32,
            from: window.0,
            rows: window.1.iter().map(|&node| self.tree_row(&prepared, &mut open, node, &heaviest, &matches)).collect(),
            max_self: prepared.scoped.tree.self_value.iter().map(i64::saturating_abs).max().unwrap_or(0),
            max_total: prepared.base(),
            scroll_to,
        };
        self.open_trees.push(open);
        Ok(out)
    }

    fn take_open(&mut self, prepared: &Rc<Prepared>, callers: bool) -> OpenTree {
        let same = |o: &OpenTree| o.callers.is_some() == callers && Rc::ptr_eq(&o.prepared, prepared);
        if let Some(at) = self.open_trees.iter().position(same) {
            return self.open_trees.remove(at);
        }
        // Expansion is kept for the scope shown and the one before, in both directions.
        if self.open_trees.len() >= 4 {
            self.open_trees.remove(0);
        }
        OpenTree {
            prepared: Rc::clone(prepared),
            callers: callers.then(|| Callers::new(&prepared.scoped.tree)),
            expanded: BTreeSet::new(),
        }
    }

    fn tree_row(
        &self,
        prepared: &Prepared,
        open: &mut OpenTree,
        node: u32,
        heaviest: &BTreeSet<u32>,
        matches: &Matches,
    ) -> TreeRow {
        let tree = &prepared.scoped.tree;
        let base = prepared.base();
        let values = open.values(tree, node);
        let function = open.function(tree, node);
        TreeRow {
            node,
            depth: open.depth(tree, node),
            label: function.map(|f| label(&self.recording, &self.modules, f)).unwrap_or_default(),
            self_value: amount(values.0, base, &prepared.shown, values.1),
            total: amount(values.2, base, &prepared.shown, values.3),
            has_children: open.has_children(tree, node),
            is_expanded: open.expanded.contains(&node),
            is_heaviest: heaviest.contains(&node),
            is_match: function.is_some_and(|f| matches.function(f)),
            path: self.short_path(&open.path(tree, node)),
        }
    }

    /// The keys of a path; none where they would be so much text that a window of rows could not
    /// carry it.
    fn short_path(&self, path: &[FunctionId]) -> Path {
        let bytes = |&f: &FunctionId| self.recording.name(f).len() + self.recording.file(f).len();
        match path.len() <= PATH_FUNCTIONS_MAX && path.iter().map(bytes).sum::<usize>() <= PATH_BYTES_MAX {
            true => self.keys(path),
            false => Path::new(),
        }
    }
}

/// Longest path that a row of a tree carries, functions and bytes of their names. Stacks may be
/// 100,000 deep and names a megabyte long, and every row has a path of its own.
const PATH_FUNCTIONS_MAX: usize = 1_024;
const PATH_BYTES_MAX: usize = 64 * 1_024;

/// Rows `from..from + count` as far as there are any, and where they begin.
pub(super) fn window<T>(all: &[T], from: u32, count: u32) -> (u32, &[T]) {
    let from = (from as usize).min(all.len());
    let to = from.saturating_add(count.min(ROWS_MAX) as usize).min(all.len());
    (from as u32, &all[from..to])
}

/// What is expanded of a call tree, in one direction.
#[derive(Debug)]
pub(super) struct OpenTree {
    prepared: Rc<Prepared>,
    /// The bottom-up tree; `None` for the one from the roots.
    callers: Option<Callers>,
    expanded: BTreeSet<u32>,
}

impl OpenTree {
    fn roots(&self, tree: &Tree) -> Vec<u32> {
        match &self.callers {
            Some(callers) => callers.roots().to_vec(),
            None => tree.children(ROOT).collect(),
        }
    }

    fn children(&mut self, tree: &Tree, node: u32) -> Vec<u32> {
        match &mut self.callers {
            Some(callers) => callers.children(tree, node),
            None => tree.children(node).collect(),
        }
    }

    fn has_children(&self, tree: &Tree, node: u32) -> bool {
        match &self.callers {
            Some(callers) => callers.has_children(tree, node),
            None => tree.children(node).next().is_some(),
        }
    }

    fn function(&self, tree: &Tree, node: u32) -> Option<FunctionId> {
        match &self.callers {
            Some(callers) => callers.function(node),
            None => tree.shape.function(node),
        }
    }

    fn depth(&self, tree: &Tree, node: u32) -> u32 {
        match &self.callers {
            Some(callers) => callers.depth(node),
            None => tree.shape.depth(node) - 1,
        }
    }

    fn path(&self, tree: &Tree, node: u32) -> Vec<FunctionId> {
        match &self.callers {
            Some(callers) => callers.path(node),
            None => tree.shape.path(node),
        }
    }

    /// Own value, own samples, total, samples. In a callers tree only roots have an own value.
    fn values(&self, tree: &Tree, node: u32) -> (i64, u64, i64, u64) {
        match &self.callers {
            Some(callers) => {
                let (value, samples) = (callers.value(node), callers.samples(node));
                if callers.parent(node).is_none() { (value, samples, value, samples) } else { (0, 0, value, samples) }
            }
            None => {
                let i = node as usize;
                let own = (tree.self_value.get(i), tree.self_samples.get(i));
                (own.0, own.1, tree.total.get(i), tree.total_samples.get(i))
            }
        }
    }

    fn weight(&self, tree: &Tree, node: u32) -> i64 {
        match &self.callers {
            Some(callers) => callers.width(node),
            None => tree.width.get(node as usize),
        }
    }

    fn heaviest_of(&self, tree: &Tree, nodes: &[u32]) -> Option<u32> {
        nodes.iter().copied().max_by_key(|&n| (self.weight(tree, n), std::cmp::Reverse(n)))
    }

    /// Nodes of the heaviest path from the roots, as far as it is known without expanding.
    fn heaviest(&self, tree: &Tree) -> BTreeSet<u32> {
        match &self.callers {
            Some(callers) => callers.roots().first().copied().into_iter().collect(),
            None => tree.heaviest_path(ROOT).into_iter().collect(),
        }
    }

    /// Applies a change and gives the node to scroll to.
    fn change(&mut self, recording: &Recording, tree: &Tree, change: &TreeChange) -> Option<u32> {
        match change {
            TreeChange::Keep => None,
            TreeChange::Expand(node) => {
                if self.is_node(tree, *node) {
                    self.expanded.insert(*node);
                }
                None
            }
            TreeChange::Collapse(node) => {
                self.expanded.remove(node);
                None
            }
            TreeChange::CollapseAll => {
                self.expanded.clear();
                None
            }
            TreeChange::ExpandHeaviest(from) => self.expand_heaviest(tree, *from),
            TreeChange::Reveal(path) => self.reveal(recording, tree, path),
        }
    }

    fn is_node(&self, tree: &Tree, node: u32) -> bool {
        match &self.callers {
            Some(callers) => callers.is_node(node),
            None => node != ROOT && (node as usize) < tree.shape.len(),
        }
    }

    fn expand_heaviest(&mut self, tree: &Tree, from: Option<u32>) -> Option<u32> {
        let start = match from.filter(|&n| self.is_node(tree, n)) {
            Some(node) => node,
            None => self.heaviest_of(tree, &self.roots(tree))?,
        };
        let mut at = start;
        loop {
            let children = self.children(tree, at);
            let Some(next) = self.heaviest_of(tree, &children) else { break };
            // Where the function's own value weighs more than any callee, the path has arrived.
            let own = self.values(tree, at).0.saturating_abs();
            if self.callers.is_none() && own > self.weight(tree, next) {
                break;
            }
            self.expanded.insert(at);
            at = next;
        }
        Some(at)
    }

    fn reveal(&mut self, recording: &Recording, tree: &Tree, path: &[FrameKey]) -> Option<u32> {
        let mut level = self.roots(tree);
        let mut found = None;
        for step in path {
            let named =
                |n: u32| self.function(tree, n).is_some_and(|f| crate::analysis::scoped::is_named(recording, f, step));
            let node = level.iter().copied().find(|&n| named(n))?;
            if let Some(above) = found.replace(node) {
                self.expanded.insert(above);
            }
            level = self.children(tree, node);
        }
        found
    }

    /// The nodes shown, in order.
    fn rows(&mut self, recording: &Recording, tree: &Tree, sort: Sort) -> Vec<u32> {
        let mut rows = Vec::new();
        let roots = self.roots(tree);
        let mut pending = self.sorted(recording, tree, sort, roots);
        pending.reverse();
        while let Some(node) = pending.pop() {
            rows.push(node);
            if self.expanded.contains(&node) {
                let children = self.children(tree, node);
                let children = self.sorted(recording, tree, sort, children);
                pending.extend(children.into_iter().rev());
            }
        }
        rows
    }

    fn sorted(&self, recording: &Recording, tree: &Tree, sort: Sort, mut nodes: Vec<u32>) -> Vec<u32> {
        nodes.sort_few_by(|&a, &b| {
            let (x, y) = (self.values(tree, a), self.values(tree, b));
            let order = match sort.column {
                SortColumn::SelfValue => (y.0, y.2).cmp(&(x.0, x.2)),
                SortColumn::Samples => y.1.cmp(&x.1),
                SortColumn::Name | SortColumn::Module => match (self.function(tree, a), self.function(tree, b)) {
                    (Some(a), Some(b)) => by_name(recording, a, b),
                    (a, b) => a.cmp(&b),
                },
                _ => self.weight(tree, b).cmp(&self.weight(tree, a)),
            };
            let order = if sort.ascending { order.reverse() } else { order };
            order.then(a.cmp(&b))
        });
        nodes
    }
}
