//! Trees from pictures and from seeds, for the tests of this room.

use std::fmt::Write as _;

use super::flame::{Look, Marks};
use super::rows::{ALL, BoxRows, FlameBox, Rows};
use super::theme::{Hue, Paint};
use crate::model::{Column, FrameId, StackId, picture as recordings};

/// A call tree with names, as `analysis` would hand it over.
pub(super) struct Tree {
    pub parent: Column<u32>,
    pub total: Column<i64>,
    pub names: Vec<String>,
}

impl Tree {
    pub(super) fn by_weight(&self) -> BoxRows {
        let total = |node: u32| self.total.get(node as usize);
        BoxRows::from_tree(&self.parent, &self.total, |a, b| total(b).cmp(&total(a)))
    }

    pub(super) fn by_name(&self) -> BoxRows {
        BoxRows::from_tree(&self.parent, &self.total, |a, b| self.name(b).cmp(self.name(a)).reverse())
    }

    pub(super) fn name(&self, node: u32) -> &str {
        self.names.get(node as usize).map_or("all", String::as_str)
    }

    pub(super) fn label(&self, node: u32) -> String {
        self.name(node).to_owned()
    }

    /// A line per row: `name start-end` for each box.
    pub(super) fn text(&self, rows: &impl Rows) -> String {
        let one = |d, i| format!("{} {}-{}", self.name(rows.node(d, i)), rows.start(d, i), rows.end(d, i));
        let row = |d| (0..rows.len(d)).map(|i| one(d, i)).collect::<Vec<_>>().join(" ");
        (0..rows.depths()).map(row).collect::<Vec<_>>().join("\n")
    }
}

/// The tree of a picture of samples: see [`crate::model::picture`].
pub(super) fn picture(text: &str) -> Tree {
    let recording = recordings::recording(text);
    let profile = &recording.profiles[0];
    let stacks = &recording.stacks;
    let mut total = Column::filled(0i64, stacks.len());
    for (i, stack) in profile.samples.stack.iter().enumerate() {
        let mut at = stack;
        while !at.is_none() {
            *total.get_mut(at.index()) += profile.weight(0, i);
            at = stacks.parent(at);
        }
    }
    let name = |frame: FrameId| {
        let function = recording.frames.get(frame.index()).function;
        recording.strings.get(recording.functions.get(function.index()).name).to_owned()
    };
    Tree {
        parent: stacks.iter().map(|(parent, _)| number(parent)).collect(),
        total,
        names: stacks.iter().map(|(_, frame)| name(frame)).collect(),
    }
}

/// The node of each sample of a picture, for time order.
pub(super) fn samples(text: &str) -> Vec<u32> {
    recordings::recording(text).profiles[0].samples.stack.iter().map(number).collect()
}

fn number(stack: StackId) -> u32 {
    if stack.is_none() { ALL } else { stack.index() as u32 }
}

/// A tree of `nodes` nodes with widths from 1 to millions and own time in some.
pub(super) fn random_tree(seed: u64, nodes: u32) -> Tree {
    let mut random = Random::new(seed);
    let parent: Column<u32> = (0..nodes)
        .map(|i| {
            // Mostly near the end, so that trees get deep; sometimes anywhere, so that they get wide.
            let back = if random.below(3) == 0 { u64::from(i) + 1 } else { 4 };
            let p = u64::from(i).checked_sub(random.below(back) + 1);
            p.map_or(ALL, |p| p as u32)
        })
        .collect();
    let mut own = || {
        let most = 1 << random.below(20);
        1 + random.below(most) as i64
    };
    let mut total: Column<i64> = (0..nodes).map(|_| own()).collect();
    for i in (0..nodes as usize).rev().filter(|&i| parent.get(i) != ALL) {
        let add = total.get(i);
        *total.get_mut(parent.get(i) as usize) += add;
    }
    Tree { parent, total, names: (0..nodes).map(|i| format!("function{i}")).collect() }
}

/// Numbers that look random and are the same in every run.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    /// A number from 0 to 1.
    pub(super) fn part(&mut self) -> f64 {
        self.below(1 << 52) as f64 / (1u64 << 52) as f64
    }
}

/// A plain look: names of the tree, figures in units, everything painted as one's own code.
pub(super) struct Plain<'a> {
    pub tree: &'a Tree,
    /// Names of the selected, the hovered and the garbage collector's node.
    pub selected: &'a str,
    pub hovered: &'a str,
    /// What names must contain, if there is a search.
    pub search: &'a str,
    pub selected_at: Option<(usize, usize)>,
}

impl<'a> Plain<'a> {
    pub(super) fn of(tree: &'a Tree) -> Self {
        Self { tree, selected: "", hovered: "", search: "", selected_at: None }
    }
}

impl Look for Plain<'_> {
    fn name(&self, node: u32) -> &str {
        self.tree.name(node)
    }

    fn write_place(&self, node: u32, out: &mut String) {
        if node != ALL {
            let _ = write!(out, "file.js:{node}");
        }
    }

    fn write_figure(&self, at: &FlameBox, out: &mut String) {
        let _ = write!(out, "{}", at.end - at.start);
    }

    fn fill(&self, node: u32) -> Paint {
        match self.name(node) {
            "all" => Paint::ROOT,
            "(gc)" => Paint::GC,
            _ => Paint::own(Hue::new(1)),
        }
    }

    fn marks(&self, at: &FlameBox) -> Marks {
        let name = self.name(at.node);
        Marks {
            is_selected: name == self.selected,
            is_same_function: name.trim_end_matches('\'') == self.selected,
            is_match: name.contains(self.search),
            is_hovered: name == self.hovered,
        }
    }

    fn has_search(&self) -> bool {
        !self.search.is_empty()
    }

    fn selected(&self) -> Option<(usize, usize)> {
        self.selected_at
    }
}
