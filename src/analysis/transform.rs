//! Filters as rewritings of a call tree: each is one pass over its nodes, callers first.

use super::tree::{DROPPED, ROOT, Shape, ShapeBuilder};
use crate::model::FunctionId;

/// A filter that was resolved against a recording: names became functions.
pub enum Step<'a> {
    /// Only what runs below the function; its callers are cut off.
    Focus(FunctionId),
    /// Only what runs below this call path.
    FocusPath(Vec<FunctionId>),
    /// These functions vanish; their time goes to the caller.
    Hide(&'a dyn Fn(FunctionId) -> bool),
    /// Samples with such a function are dropped.
    Drop(&'a dyn Fn(FunctionId) -> bool),
    /// Samples without such a function are dropped.
    Keep(&'a dyn Fn(FunctionId) -> bool),
    /// Inner calls of the function melt into the outermost one, with all that they call.
    Collapse(FunctionId),
}

/// The rewritten tree, and for each old node where its own samples go.
pub struct Rewritten {
    /// The new tree.
    pub shape: Shape,
    /// New node per old node, or [`DROPPED`].
    pub node_of: Vec<u32>,
}

/// Applies one step.
pub fn rewrite(shape: &Shape, step: &Step<'_>) -> Rewritten {
    match step {
        Step::Focus(function) => focus(shape, |_, f| f == *function),
        Step::FocusPath(path) => match find(shape, path) {
            Some(target) => focus(shape, |node, _| node == target),
            None => nothing(shape),
        },
        Step::Hide(is_hidden) => hide(shape, is_hidden),
        Step::Drop(is_dropped) => keep(shape, |marked| !marked, is_dropped),
        Step::Keep(is_kept) => keep(shape, |marked| marked, is_kept),
        Step::Collapse(function) => collapse(shape, *function),
    }
}

/// The node at the end of a call path.
pub fn find(shape: &Shape, path: &[FunctionId]) -> Option<u32> {
    let mut at = ROOT;
    for (node, parent, function) in shape.iter() {
        // Children come after their parent, so one pass finds the whole path.
        let depth = shape.depth(at) as usize;
        if depth < path.len() && parent == at && function == path[depth] {
            at = node;
        }
    }
    (shape.depth(at) as usize == path.len()).then_some(at)
}

fn nothing(shape: &Shape) -> Rewritten {
    Rewritten { shape: ShapeBuilder::default().finish(), node_of: vec![DROPPED; shape.len()] }
}

fn focus(shape: &Shape, is_target: impl Fn(u32, FunctionId) -> bool) -> Rewritten {
    let mut builder = ShapeBuilder::default();
    let mut node_of = vec![DROPPED; shape.len()];
    for (node, parent, function) in shape.iter() {
        let above = node_of[parent as usize];
        if above != DROPPED {
            node_of[node as usize] = builder.child(above, function);
        } else if is_target(node, function) {
            node_of[node as usize] = builder.child(ROOT, function);
        }
    }
    Rewritten { shape: builder.finish(), node_of }
}

fn hide(shape: &Shape, is_hidden: impl Fn(FunctionId) -> bool) -> Rewritten {
    let mut builder = ShapeBuilder::default();
    let mut node_of = vec![ROOT; shape.len()];
    for (node, parent, function) in shape.iter() {
        let above = node_of[parent as usize];
        node_of[node as usize] = if is_hidden(function) { above } else { builder.child(above, function) };
    }
    Rewritten { shape: builder.finish(), node_of }
}

fn keep(shape: &Shape, wanted: impl Fn(bool) -> bool, is_marked: impl Fn(FunctionId) -> bool) -> Rewritten {
    let mut marked = vec![false; shape.len()];
    for (node, parent, function) in shape.iter() {
        marked[node as usize] = marked[parent as usize] || is_marked(function);
    }
    let node_of = (0..shape.len()).map(|n| if wanted(marked[n]) { n as u32 } else { DROPPED }).collect();
    Rewritten { shape: shape.clone(), node_of }
}

fn collapse(shape: &Shape, collapsed: FunctionId) -> Rewritten {
    let mut builder = ShapeBuilder::default();
    let mut node_of = vec![ROOT; shape.len()];
    // For each node: the new node of the outermost call of the function above it, if there is one.
    let mut outer = vec![DROPPED; shape.len()];
    for (node, parent, function) in shape.iter() {
        let (n, p) = (node as usize, parent as usize);
        outer[n] = outer[p];
        if function != collapsed {
            node_of[n] = builder.child(node_of[p], function);
        } else if outer[p] == DROPPED {
            node_of[n] = builder.child(node_of[p], function);
            outer[n] = node_of[n];
        } else {
            node_of[n] = outer[p];
        }
    }
    Rewritten { shape: builder.finish(), node_of }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f(letter: char) -> FunctionId {
        FunctionId::from_index(letter as usize)
    }

    fn shape(paths: &[&str]) -> (Shape, Vec<u32>) {
        let mut builder = ShapeBuilder::default();
        let leaves = paths.iter().map(|p| p.chars().fold(ROOT, |n, c| builder.child(n, f(c)))).collect();
        (builder.finish(), leaves)
    }

    /// Where the samples of each path go after a step.
    fn after(paths: &[&str], step: &Step<'_>) -> Vec<String> {
        let (shape, leaves) = shape(paths);
        let new = rewrite(&shape, step);
        leaves
            .iter()
            .map(|&leaf| match new.node_of[leaf as usize] {
                DROPPED => "-".to_owned(),
                node => new.shape.path(node).iter().map(|f| char::from(f.index() as u8)).collect(),
            })
            .collect()
    }

    #[test]
    fn focus_cuts_callers_and_drops_the_rest() {
        assert_eq!(after(&["abc", "ab", "ad", "cbab"], &Step::Focus(f('b'))), ["bc", "b", "-", "bab"]);
        assert_eq!(after(&["abc", "cb", "a"], &Step::FocusPath(vec![f('a'), f('b')])), ["bc", "-", "-"]);
        assert_eq!(after(&["abc"], &Step::FocusPath(vec![f('x')])), ["-"]);
    }

    #[test]
    fn hidden_time_goes_to_the_caller() {
        assert_eq!(after(&["abc", "ab", "b"], &Step::Hide(&|x| x == f('b'))), ["ac", "a", ""]);
    }

    #[test]
    fn drop_and_keep_are_about_samples() {
        assert_eq!(after(&["abc", "a", "b"], &Step::Drop(&|x| x == f('b'))), ["-", "a", "-"]);
        assert_eq!(after(&["abc", "a", "b"], &Step::Keep(&|x| x == f('b'))), ["abc", "-", "b"]);
    }

    #[test]
    fn recursion_melts_into_the_outermost_call() {
        assert_eq!(after(&["abac", "ab", "aa", "xaba"], &Step::Collapse(f('a'))), ["ac", "ab", "a", "xa"]);
    }
}
