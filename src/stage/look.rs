//! How the boxes of a flame graph look.

use super::Marks;
use super::labels::Labels;
use super::scene::Scene;
use crate::draw::{self, ALL, FlameBox, Look, Paint};
use crate::protocol::FlameView;
use crate::units;

/// The look of a scene in a view.
pub(super) struct FlameLook<'a> {
    labels: &'a Labels,
    scene: &'a Scene,
    marks: Option<&'a Marks>,
    selected: Option<u32>,
    /// Where the selected box stands; `None` in the order of time, where there are many of it.
    selected_at: Option<FlameBox>,
    hovered: Option<u32>,
    function: Option<u32>,
    by_heat: bool,
    /// Width of the box of all.
    whole: i64,
}

impl<'a> FlameLook<'a> {
    pub(super) fn new(
        labels: &'a Labels,
        scene: &'a Scene,
        marks: Option<&'a Marks>,
        view: &FlameView,
        function: Option<u32>,
        by_heat: bool,
    ) -> Self {
        let (from, to) = scene.whole();
        let selected = view.selected.as_ref();
        Self {
            labels,
            scene,
            marks: marks.filter(|marks| !marks.functions.is_empty()),
            selected: selected.and_then(|path| scene.node_at(labels, path)),
            selected_at: selected.and_then(|path| scene.box_of(labels, path)),
            hovered: view.hovered.as_ref().and_then(|path| scene.node_at(labels, path)),
            function,
            by_heat,
            whole: to - from,
        }
    }

    /// The selected box.
    pub(super) fn selected_box(&self) -> Option<FlameBox> {
        self.selected_at
    }
}

impl Look for FlameLook<'_> {
    fn name(&self, node: u32) -> &str {
        match self.scene.function(node) {
            Some(function) => self.labels.name(function),
            None if node == ALL => "all",
            None => self.scene.track(node).unwrap_or("(no frame)"),
        }
    }

    fn write_place(&self, node: u32, out: &mut String) {
        if let Some(function) = self.scene.function(node) {
            out.push_str(self.labels.place(function));
        }
    }

    fn write_figure(&self, at: &FlameBox, out: &mut String) {
        use std::fmt::Write;
        let measure = &self.scene.head.measure;
        let figure = units::figure(at.end - at.start, measure.decimals, &measure.unit);
        let _ = match at.node {
            // The order of time holds the waiting too.
            ALL if self.scene.head.is_time() => write!(out, "{figure} of time"),
            ALL => write!(out, "{figure} {}", measure.words),
            node if self.scene.track(node).is_some() => Ok(()),
            _ => write!(out, "{figure} · {}", units::percent_text(at.end - at.start, self.whole)),
        };
    }

    fn fill(&self, node: u32) -> Paint {
        let Some(function) = self.scene.function(node) else {
            let is_head = node == ALL || self.scene.track(node).is_some();
            return if is_head { Paint::ROOT } else { Paint::PROGRAM };
        };
        match self.labels.paint(function) {
            (_, true) if self.by_heat => Paint::heat(self.scene.heat(function)),
            (paint, _) => paint,
        }
    }

    fn marks(&self, at: &FlameBox) -> draw::Marks {
        let function = self.scene.function(at.node);
        let is_selected = self.selected == Some(at.node);
        // In time order every visit of the selected path is one of its occurrences.
        let is_time = self.scene.head.is_time();
        draw::Marks {
            is_selected: is_selected && !is_time,
            is_same_function: (function.is_some() && function == self.function && !is_selected)
                || (is_selected && is_time),
            is_match: function.is_some_and(|f| self.marks.is_some_and(|marks| marks.function(f))),
            is_hovered: self.hovered == Some(at.node),
        }
    }

    fn selected(&self) -> Option<(usize, usize)> {
        self.selected_at.map(|at| (at.depth, at.index))
    }

    fn has_search(&self) -> bool {
        self.marks.is_some()
    }
}
