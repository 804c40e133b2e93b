//! What a flame graph is painted from: boxes, the call paths that they stand for, and figures.

use std::cell::{OnceCell, RefCell};

use serde::{Deserialize, Serialize};

use super::labels::Labels;
use crate::draw::{self, ALL, BoxRows, FlameBox, Rows};
use crate::model::vocab::{FrameKey, Order, Path, Scope};
use crate::model::{Children, Column};
use crate::protocol::{Amount, FlameView};
use crate::units::Unit;

/// Parts of the visible width below which a bottom-up node is not expanded: under half a pixel.
const CALLERS_PARTS: i64 = 8_192;

/// Which boxes are asked for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FlameWant {
    /// What is looked at.
    pub scope: Scope,
    /// Order of siblings.
    pub order: Order,
    /// Callers from each function instead of callees from the roots.
    pub callers: bool,
    /// Part of the whole width that is in view, 0..1: bottom-up trees grow as they are looked into.
    pub part: f64,
}

/// The width below which a bottom-up node is not expanded when `part` of `base` is in view. Panning
/// changes the part by little: powers of two serve many frames.
pub fn callers_unit(base: i64, part: f64) -> i64 {
    ((base as f64 * part / CALLERS_PARTS as f64) as u64).next_power_of_two() as i64 / 2
}

/// What figures are in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Their unit.
    pub unit: Unit,
    /// Decimal digits of the raw numbers.
    pub decimals: u8,
    /// What the whole is, in words: `not idle`.
    pub words: String,
}

impl Default for Measure {
    fn default() -> Self {
        Self { unit: Unit::Count, decimals: 0, words: String::new() }
    }
}

/// What a call path, a function or everything weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Own value; of everything, the value without a frame.
    pub self_value: i64,
    /// Own samples.
    pub self_samples: u64,
    /// Value with what is below it; of a function, the value of the samples that hold it.
    pub total: i64,
    /// Number of those samples.
    pub total_samples: u64,
}

/// [`Figures`] by node or by function, as columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FigureColumns {
    pub(super) self_value: Column<i64>,
    pub(super) self_samples: Column<i64>,
    pub(super) total: Column<i64>,
    pub(super) total_samples: Column<i64>,
}

impl FigureColumns {
    /// Those of a row; zeros where there is none.
    fn get(&self, row: u32) -> Figures {
        Figures {
            self_value: at(&self.self_value, row),
            self_samples: at(&self.self_samples, row) as u64,
            total: at(&self.total, row),
            total_samples: at(&self.total_samples, row) as u64,
        }
    }

    fn heap_bytes(&self) -> usize {
        let Self { self_value, self_samples, total, total_samples } = self;
        [self_value, self_samples, total, total_samples].map(Column::heap_bytes).iter().sum()
    }
}

impl FromIterator<Figures> for FigureColumns {
    fn from_iter<I: IntoIterator<Item = Figures>>(rows: I) -> Self {
        // What crosses is signed.
        let count = |samples: u64| i64::try_from(samples).unwrap_or(i64::MAX);
        let mut columns = Self::default();
        for row in rows {
            columns.self_value.push(row.self_value);
            columns.self_samples.push(count(row.self_samples));
            columns.total.push(row.total);
            columns.total_samples.push(count(row.total_samples));
        }
        columns
    }
}

/// What is known of a flame graph besides its columns.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SceneHead {
    /// What it was asked for by.
    pub want: FlameWant,
    /// Width down to which bottom-up nodes are expanded.
    pub unit: i64,
    /// Unit of the figures.
    pub measure: Measure,
    /// The 100 % of every share.
    pub base: i64,
    /// What the box of all holds.
    pub root: Figures,
    /// Largest own value of a function.
    pub hottest: i64,
    /// Whether deeper rows were left out, since there were too many boxes.
    pub is_cut: bool,
    /// Names of the tracks that stand below each other in the order of time; their boxes are of the
    /// nodes that [`head_node`] tells.
    pub tracks: Vec<String>,
    /// Number of functions: labels from there on are those of events.
    pub functions: u32,
}

/// The node of the box that is the head of a track. It stands apart from those of call paths.
pub fn head_node(track: usize) -> u32 {
    ALL - 1 - u32::try_from(track).expect("4 billion tracks do not fit into memory")
}

impl SceneHead {
    /// Whether boxes are visits in the order of time.
    pub(super) fn is_time(&self) -> bool {
        !self.want.callers && self.want.order == Order::Time
    }
}

/// The call paths that boxes stand for, by node. Parents come before children.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Nodes {
    /// The node's parent, [`ALL`] for roots.
    pub parent: Column<u32>,
    /// Its function, [`ALL`] for samples without a frame.
    pub function: Column<u32>,
    /// What it weighs.
    pub figures: FigureColumns,
}

/// A flame graph as the engine gives it: columns that cross as they are.
#[derive(Debug, Default)]
pub struct SceneColumns {
    /// What is known besides.
    pub head: SceneHead,
    /// The boxes.
    pub rows: BoxRows,
    /// What they stand for.
    pub nodes: Nodes,
    /// What functions weigh everywhere, by function.
    pub weights: FigureColumns,
}

/// A flame graph ready to be painted.
#[derive(Debug, Default)]
pub(super) struct Scene {
    pub(super) head: SceneHead,
    pub(super) rows: BoxRows,
    pub(super) nodes: Nodes,
    pub(super) weights: FigureColumns,
    children: OnceCell<Children>,
    /// Paths that were looked up and their nodes, the last used ones last: the same few come with
    /// every frame.
    known: RefCell<Vec<(Path, Option<u32>)>>,
}

/// Paths kept with their nodes: hovered, selected and zoomed, and those before.
const KNOWN_MAX: usize = 6;

impl Scene {
    /// Makes columns ready to be painted; nothing is worked out, so that no frame waits for it.
    pub(super) fn new(columns: SceneColumns) -> Self {
        let SceneColumns { head, rows, nodes, weights } = columns;
        Self { head, rows, nodes, weights, ..Self::default() }
    }

    /// Bytes of heap memory held.
    pub(super) fn heap_bytes(&self) -> usize {
        let Nodes { parent, function, figures } = &self.nodes;
        let nodes = parent.heap_bytes() + function.heap_bytes() + figures.heap_bytes();
        self.rows.heap_bytes() + nodes + self.weights.heap_bytes()
    }

    /// Whether it shows what a view looks at, finely enough.
    pub(super) fn serves(&self, labels: &Labels, view: &FlameView) -> bool {
        let SceneHead { want, unit, base, .. } = &self.head;
        let same = want.callers == view.callers && (view.callers || want.order == view.order);
        same && want.scope == view.scope && (!view.callers || *unit <= callers_unit(*base, self.part_of(labels, view)))
    }

    /// Part of the whole width that a view shows.
    pub(super) fn part_of(&self, labels: &Labels, view: &FlameView) -> f64 {
        let visible = (view.x1 - view.x0).clamp(1e-9, 1.0);
        let Some(root) = view.zoom.first().filter(|_| view.callers && self.head.want.callers) else { return visible };
        // The root function of a bottom-up path bounds its width; deeper paths only make it finer.
        let root = self.node_at(labels, std::slice::from_ref(root));
        let own = root.map_or(0, |node| at(&self.nodes.figures.total, node).saturating_abs());
        let part = own as f64 / self.head.base.max(1) as f64 / view.zoom.len() as f64;
        visible * part.clamp(1e-6, 1.0)
    }

    /// Everything there is, in data space.
    pub(super) fn whole(&self) -> (i64, i64) {
        if self.rows.depths() > 0 { (self.rows.start(0, 0), self.rows.end(0, 0)) } else { (0, 1) }
    }

    /// The function of a box; `None` for the box of all and for samples without a frame.
    pub(super) fn function(&self, node: u32) -> Option<u32> {
        let is_node = node != ALL && (node as usize) < self.nodes.function.len();
        is_node.then(|| self.nodes.function.get(node as usize)).filter(|&function| function != ALL)
    }

    /// Name of the track whose head a node is.
    pub(super) fn track(&self, node: u32) -> Option<&str> {
        let track = (ALL - 1).checked_sub(node)?;
        self.head.tracks.get(track as usize).map(String::as_str)
    }

    /// The nodes from the outermost call to `node`.
    pub(super) fn nodes_to(&self, node: u32) -> Vec<u32> {
        let above = |&n: &u32| Some(self.nodes.parent.get(n as usize)).filter(|&parent| parent != ALL);
        let is_node = (node as usize) < self.nodes.parent.len();
        let mut nodes: Vec<u32> = std::iter::successors(is_node.then_some(node), above).collect();
        nodes.reverse();
        nodes
    }

    /// The functions on the way to a box, as the page names them.
    pub(super) fn path(&self, labels: &Labels, node: u32) -> Path {
        let functions = self.nodes_to(node).into_iter().filter_map(|n| self.function(n));
        let path: Path = functions.map(|function| labels.key(function)).collect();
        // What is under the pointer is asked for by its path with the next frame.
        self.remember(path.clone(), Some(node).filter(|_| !path.is_empty()));
        path
    }

    /// The node at the end of a path.
    pub(super) fn node_at(&self, labels: &Labels, path: &[FrameKey]) -> Option<u32> {
        if path.is_empty() {
            return None;
        }
        if let Some(node) = self.recall(path) {
            return node;
        }
        let children = self.children.get_or_init(|| Children::new(self.nodes.parent.len(), self.nodes.parent.iter()));
        let step = |above: u32, key| {
            let is_it = |n: &u32| self.function(*n).is_some_and(|function| labels.is_named(function, key));
            children.of(above).iter().copied().find(is_it)
        };
        let node = path.iter().try_fold(ALL, step);
        self.remember(path.to_vec(), node);
        node
    }

    /// Forgets what rests on names.
    pub(super) fn forget_names(&self) {
        self.known.borrow_mut().clear();
    }

    /// What was found for a path, which becomes the last used one.
    fn recall(&self, path: &[FrameKey]) -> Option<Option<u32>> {
        let mut known = self.known.borrow_mut();
        let at = known.iter().position(|(p, _)| p == path)?;
        known[at..].rotate_left(1);
        known.last().map(|&(_, node)| node)
    }

    fn remember(&self, path: Path, node: Option<u32>) {
        let mut known = self.known.borrow_mut();
        if known.iter().any(|(p, _)| *p == path) {
            return;
        }
        if known.len() >= KNOWN_MAX {
            known.remove(0);
        }
        known.push((path, node));
    }

    /// The box at the end of a path, where equal calls are merged. Looks only beside the path.
    pub(super) fn box_of(&self, labels: &Labels, path: &Path) -> Option<FlameBox> {
        if self.head.is_time() {
            return None;
        }
        draw::find_path(&self.rows, &self.nodes_to(self.node_at(labels, path)?))
    }

    /// Own value and total of a box.
    pub(super) fn figures(&self, node: u32) -> (Amount, Amount) {
        self.pair(if node == ALL { self.head.root } else { self.nodes.figures.get(node) })
    }

    /// Own value and total of a function everywhere.
    pub(super) fn figures_everywhere(&self, function: u32) -> (Amount, Amount) {
        let of = self.weights.get(function);
        if self.is_event(function) {
            return (self.part(of.self_value, of.self_samples), self.part(of.total, of.total_samples));
        }
        self.pair(of)
    }

    /// Whether a label is that of events.
    pub(super) fn is_event(&self, function: u32) -> bool {
        function >= self.head.functions
    }

    /// A number of the scene for people.
    pub(super) fn amount(&self, raw: i64, samples: u64) -> Amount {
        let measure = &self.head.measure;
        Amount::new(raw, self.head.base, &measure.unit, measure.decimals, samples)
    }

    /// A length as a part of the whole width: of everything, whether something ran or not.
    pub(super) fn part(&self, raw: i64, samples: u64) -> Amount {
        let (from, to) = self.whole();
        Amount::new(raw, to - from, &Unit::Nanos, 0, samples)
    }

    /// Part of the hottest function's own value that a function has, 0..1.
    pub(super) fn heat(&self, function: u32) -> f64 {
        at(&self.weights.self_value, function) as f64 / self.head.hottest.max(1) as f64
    }

    fn pair(&self, of: Figures) -> (Amount, Amount) {
        (self.amount(of.self_value, of.self_samples), self.amount(of.total, of.total_samples))
    }
}

/// A row of a column; 0 where there is none.
fn at(column: &Column<i64>, row: u32) -> i64 {
    if (row as usize) < column.len() { column.get(row as usize) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::labels::LabelRow;
    use super::*;
    use crate::draw::Paint;

    #[test]
    fn paths_of_every_frame_stay_known_while_the_pointer_moves() {
        let row = |line| LabelRow {
            name: "f",
            file: "",
            line,
            module: "",
            place: "",
            kind: "",
            paint: Paint::GC,
            has_heat: false,
        };
        let labels = Labels::new((0..20).map(row));
        let (parent, function) = (Column::filled(ALL, 20), (0..20).collect());
        let nodes = Nodes { parent, function, figures: FigureColumns::default() };
        let scene = Scene::new(SceneColumns { nodes, ..SceneColumns::default() });
        let (zoomed, selected) = ([labels.key(0)], [labels.key(1)]);
        assert_eq!([scene.node_at(&labels, &zoomed), scene.node_at(&labels, &selected)], [Some(0), Some(1)]);
        for hovered in 2..20 {
            scene.path(&labels, hovered);
            assert_eq!([scene.recall(&zoomed), scene.recall(&selected)], [Some(Some(0)), Some(Some(1))]);
        }
        assert_eq!(scene.known.borrow().len(), KNOWN_MAX);
    }
}
