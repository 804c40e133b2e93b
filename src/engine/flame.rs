//! Flame graphs: geometry of a scope, how its boxes look, what lies under a point.

use std::rc::Rc;

use super::Engine;
use super::label::{amount, fill, label};
use super::prepared::Prepared;
use crate::analysis::callers::Callers;
use crate::analysis::functions::by_name;
use crate::analysis::modules::Kind;
use crate::analysis::search::Matches;
use crate::analysis::tree::{DROPPED, ROOT, Tree};
use crate::draw::{
    self, ALL, FlameBox, Hit, Look, Marks, MergedRows, Metrics, Paint, PaintList, Rows, Span, TimeRows, Viewport,
};
use crate::model::vocab::{Order, Path};
use crate::model::{Column, FunctionId, Recording};
use crate::protocol::{CanvasId, Direction, FlameView, Painted, Picture, Tip, path_print};
use crate::units;

/// Most boxes in time order; beyond it the deepest rows are left out, and said so.
const TIME_BOXES_MAX: usize = 40_000_000;
/// Parts of the visible width below which a bottom-up node is not expanded: under half a pixel.
const CALLERS_PARTS: i64 = 8_192;
/// Most nodes of a bottom-up flame graph.
const CALLERS_NODES_MAX: usize = 400_000;

/// The boxes of a flame graph in data space, and which node each stands for.
#[derive(Debug)]
pub(super) struct Geometry {
    prepared: Rc<Prepared>,
    order: Order,
    kind: GeometryKind,
}

#[derive(Debug)]
enum GeometryKind {
    /// Equal calls merged; box k is node k + 1 of the tree, the box behind the last one is what
    /// stands on the root itself.
    Merged(MergedRows),
    /// Bottom-up; boxes are nodes of `Callers`, expanded down to `unit` of value.
    Callers { rows: MergedRows, callers: Callers, unit: i64 },
    /// In the order of time; boxes are numbered as for `Merged`.
    Time { rows: TimeRows, profile: usize, from: i64, to: i64 },
}

impl Geometry {
    /// Calls `with` with the rows, whatever their kind.
    fn rows<T>(&self, recording: &Recording, with: impl FnOnce(&dyn Rows) -> T) -> T {
        match &self.kind {
            GeometryKind::Merged(rows) | GeometryKind::Callers { rows, .. } => with(rows),
            GeometryKind::Time { rows, profile, from, to } => match &recording.profiles[*profile].time {
                Some(time) => with(&rows.view(&time.at_ns, *from, *to)),
                None => with(&MergedRows::default()),
            },
        }
    }

    /// The function of a box; `None` for the box of all and for samples without a frame.
    fn function(&self, node: u32) -> Option<FunctionId> {
        match &self.kind {
            _ if node == ALL => None,
            GeometryKind::Callers { callers, .. } => callers.function(node),
            _ if node as usize + 1 >= self.prepared.scoped.tree.shape.len() => None,
            _ => self.prepared.scoped.tree.shape.function(node + 1),
        }
    }

    /// Functions on the way to a box.
    fn path(&self, node: u32) -> Vec<FunctionId> {
        match &self.kind {
            _ if node == ALL => Vec::new(),
            GeometryKind::Callers { callers, .. } => callers.path(node),
            _ if node as usize + 1 >= self.prepared.scoped.tree.shape.len() => Vec::new(),
            _ => self.prepared.scoped.tree.shape.path(node + 1),
        }
    }

    /// The boxes' nodes from the outermost call to `node`.
    fn nodes_to(&self, node: u32) -> Vec<u32> {
        let mut nodes: Vec<u32> = match &self.kind {
            GeometryKind::Callers { callers, .. } => {
                std::iter::successors(Some(node), |&n| callers.parent(n)).collect()
            }
            _ if node as usize + 1 >= self.prepared.scoped.tree.shape.len() => vec![node],
            _ => self.prepared.scoped.tree.shape.upwards(node + 1).map(|n| n - 1).collect(),
        };
        nodes.reverse();
        nodes
    }

    /// The box at the end of a path and its row.
    fn node_at(&self, recording: &Recording, path: &Path) -> Option<(u32, usize)> {
        if path.is_empty() {
            return None;
        }
        match &self.kind {
            GeometryKind::Callers { callers, .. } => {
                let node = callers.find(|f, key| crate::analysis::scoped::is_named(recording, f, key), path)?;
                Some((node, path.len()))
            }
            _ => self.prepared.scoped.node_at(recording, path).map(|node| (node - 1, path.len())),
        }
    }

    /// Own value, own samples, total, samples of a box.
    fn values(&self, node: u32) -> (i64, u64, i64, u64) {
        let tree = &self.prepared.scoped.tree;
        match &self.kind {
            GeometryKind::Callers { callers, .. } if node != ALL => {
                let (value, samples) = (callers.value(node), callers.samples(node));
                if callers.parent(node).is_none() { (value, samples, value, samples) } else { (0, 0, value, samples) }
            }
            _ if node == ALL => {
                let own = (tree.self_value.get(0), tree.self_samples.get(0));
                (own.0, own.1, tree.total.get(0), tree.total_samples.get(0))
            }
            _ if node as usize + 1 >= tree.shape.len() => {
                let own = (tree.self_value.get(0), tree.self_samples.get(0));
                (own.0, own.1, own.0, own.1)
            }
            _ => {
                let i = node as usize + 1;
                (tree.self_value.get(i), tree.self_samples.get(i), tree.total.get(i), tree.total_samples.get(i))
            }
        }
    }
}

/// Whether the geometry kept can show a view.
fn serves(geometry: &Geometry, prepared: &Rc<Prepared>, view: &FlameView, unit: i64) -> bool {
    let same_kind = match &geometry.kind {
        GeometryKind::Callers { unit: known, .. } => view.callers && *known <= unit,
        GeometryKind::Merged(_) => !view.callers && view.order != Order::Time,
        GeometryKind::Time { .. } => !view.callers && view.order == Order::Time,
    };
    same_kind && Rc::ptr_eq(&geometry.prepared, prepared) && (view.callers || geometry.order == view.order)
}

impl Engine {
    /// Makes the geometry of a view ready; kept until another scope, order or direction is shown.
    fn geometry(&mut self, view: &FlameView) -> Rc<Geometry> {
        let prepared = self.prepared(&view.scope);
        // Panning changes the part by little: powers of two keep the geometry for many frames.
        let part = (view.x1 - view.x0).clamp(1e-9, 1.0) * zoom_part(&prepared, self, view);
        let unit = ((prepared.base() as f64 * part / CALLERS_PARTS as f64) as u64).next_power_of_two() as i64 / 2;
        if let Some(at) = self.geometries.iter().position(|g| serves(g, &prepared, view, unit)) {
            let found = self.geometries.remove(at);
            self.geometries.push(Rc::clone(&found));
            return found;
        }
        let kind = if view.callers {
            callers_rows(&prepared.scoped.tree, unit)
        } else if view.order == Order::Time {
            time_rows(&self.recording, &prepared)
        } else {
            GeometryKind::Merged(merged_rows(&self.recording, &prepared.scoped.tree, view.order))
        };
        let geometry = Rc::new(Geometry { prepared, order: view.order, kind });
        // Time order is large; two geometries are enough to switch to and fro.
        if self.geometries.len() >= 2 {
            self.geometries.remove(0);
        }
        self.geometries.push(Rc::clone(&geometry));
        geometry
    }

    /// Paints a flame graph into the list.
    pub(super) fn flame(
        &mut self,
        picture: &Picture,
        view: &FlameView,
        metrics: &Metrics,
        list: &mut PaintList,
    ) -> Painted {
        let geometry = self.geometry(view);
        let matches = Matches::of(&self.recording, &self.modules, &view.search).unwrap_or_default();
        let look = self.look(&geometry, view, &matches);
        let selected = geometry.rows(&self.recording, |rows| {
            let viewport = viewport(rows, &geometry, &self.recording, picture, view);
            draw::flame(rows, &look, &viewport, metrics, list);
            selected_part(rows, &geometry, &self.recording, view)
        });
        Painted {
            canvas: CanvasId::Flame,
            content_height: list.content_height,
            boxes: list.boxes,
            merged: list.merged,
            crumbs: view.zoom.clone(),
            matches: list.matches,
            row_px: draw::ROW_PX,
            selected,
            selected_print: view.selected.as_ref().map(|path| path_print(path)),
            visible: None,
            whole: None,
            thread: String::new(),
        }
    }

    /// What lies under a point of a flame graph.
    pub(super) fn flame_hit(&mut self, picture: &Picture, view: &FlameView, x: f64, y: f64) -> Option<Tip> {
        let geometry = self.geometry(view);
        let hit = geometry.rows(&self.recording, |rows| {
            let viewport = viewport(rows, &geometry, &self.recording, picture, view);
            draw::hit(rows, &viewport, x, y)
        })?;
        Some(self.tip(&geometry, view, &hit))
    }

    /// The box next to another, for the arrow keys.
    pub(super) fn moved(&mut self, view: &FlameView, at: &Path, to: Direction) -> Option<Path> {
        let geometry = self.geometry(view);
        let to = match to {
            Direction::Parent => draw::Direction::Parent,
            Direction::Child => draw::Direction::Child,
            Direction::Left => draw::Direction::Left,
            Direction::Right => draw::Direction::Right,
        };
        let next = geometry.rows(&self.recording, |rows| {
            let (depth, index) = match geometry.node_at(&self.recording, at) {
                Some((node, _)) => {
                    let found = draw::find_path(rows, geometry.nodes_to(node))?;
                    (found.depth, found.index)
                }
                _ => (0, 0),
            };
            if rows.depths() == 0 { None } else { draw::neighbour(rows, depth, index, to) }
        })?;
        let path = geometry.path(next.node);
        (!path.is_empty()).then(|| self.keys(&path))
    }

    fn look<'a>(&'a self, geometry: &'a Geometry, view: &FlameView, matches: &'a Matches) -> FlameLook<'a> {
        let by_heat = self.colour_by_heat;
        let weights = geometry.prepared.weights(&self.recording);
        let hottest = weights.iter().map(|w| w.self_value.saturating_abs()).max().unwrap_or(0).max(1);
        let node = |path: &Option<Path>| {
            path.as_ref().and_then(|p| geometry.node_at(&self.recording, p)).map(|(node, _)| node)
        };
        FlameLook {
            engine: self,
            geometry,
            matches,
            selected: node(&view.selected),
            selected_at: view
                .selected
                .as_ref()
                .and_then(|path| geometry.rows(&self.recording, |rows| box_of(rows, geometry, &self.recording, path))),
            hovered: node(&view.hovered),
            function: view.function.as_ref().and_then(|key| crate::analysis::modules::find(&self.recording, key)),
            hottest: by_heat.then_some(hottest),
        }
    }

    fn tip(&self, geometry: &Geometry, view: &FlameView, hit: &Hit) -> Tip {
        let rect = hit.rect();
        let rect = (f64::from(rect.x), f64::from(rect.y), f64::from(rect.w), f64::from(rect.h));
        let empty = Tip {
            label: None,
            text: String::new(),
            path: Path::new(),
            here: None,
            everywhere: None,
            rect,
            at_ns: None,
            token: Paint::SMALL.token().to_owned(),
        };
        let at = match hit {
            Hit::Small(small, _) => {
                return Tip { text: format!("{} small frames", units::grouped(small.count as i64)), ..empty };
            }
            Hit::Box(at, _) => *at,
        };
        let prepared = &geometry.prepared;
        let base = prepared.base();
        let values = geometry.values(at.node);
        let amount = |raw, samples| amount(raw, base, &prepared.shown, samples);
        let width = at.end - at.start;
        // In time order a box is one visit: what it shows is its own length.
        let is_time = matches!(geometry.kind, GeometryKind::Time { .. });
        let here = if is_time {
            (amount(0, 0), amount(width, 0))
        } else {
            (amount(values.0, values.1), amount(values.2, values.3))
        };
        let Some(function) = geometry.function(at.node) else {
            let text = if at.node == ALL { "all" } else { "samples without a frame" };
            return Tip { text: text.into(), here: Some(here), token: Paint::ROOT.token().into(), ..empty };
        };
        let weight = prepared.weights(&self.recording)[function.index()];
        let label = label(&self.recording, &self.modules, function);
        Tip {
            token: label.token.clone(),
            label: Some(label),
            path: self.keys(&geometry.path(at.node)),
            here: Some(here),
            everywhere: Some((
                amount(weight.self_value, weight.self_samples),
                amount(weight.total, weight.total_samples),
            )),
            at_ns: (view.order == Order::Time && is_time).then_some(at.start),
            ..empty
        }
    }
}

/// Part of everything that the zoomed frame holds, 0..1.
fn zoom_part(prepared: &Prepared, engine: &Engine, view: &FlameView) -> f64 {
    if view.zoom.is_empty() || !view.callers {
        return 1.0;
    }
    // The root function of a bottom-up path bounds its width; deeper paths only make it finer.
    let weights = prepared.weights(&engine.recording);
    let root = view.zoom.first().and_then(|key| crate::analysis::modules::find(&engine.recording, key));
    let own = root.map_or(0, |f| weights[f.index()].self_value.saturating_abs());
    let depth = view.zoom.len() as i32;
    (own as f64 / prepared.base().max(1) as f64 / f64::from(depth)).clamp(1e-6, 1.0)
}

/// The box at the end of a path, where equal calls are merged. Looks only beside the path.
fn box_of(rows: &dyn Rows, geometry: &Geometry, recording: &Recording, path: &Path) -> Option<FlameBox> {
    if matches!(geometry.kind, GeometryKind::Time { .. }) {
        return None;
    }
    let (node, _) = geometry.node_at(recording, path)?;
    draw::find_path(rows, geometry.nodes_to(node))
}

/// Edges of the selected box as parts of the zoomed one's width.
fn selected_part(rows: &dyn Rows, geometry: &Geometry, recording: &Recording, view: &FlameView) -> Option<(f64, f64)> {
    let selected = box_of(rows, geometry, recording, view.selected.as_ref()?)?;
    let zoomed = box_of(rows, geometry, recording, &view.zoom).or_else(|| draw::box_at(rows, 0, 0))?;
    let part = |at: i64| (at - zoomed.start) as f64 / (zoomed.end - zoomed.start).max(1) as f64;
    Some((part(selected.start), part(selected.end)))
}

fn viewport(
    rows: &dyn Rows,
    geometry: &Geometry,
    recording: &Recording,
    picture: &Picture,
    view: &FlameView,
) -> Viewport {
    let all = if rows.depths() > 0 { (rows.start(0, 0), rows.end(0, 0)) } else { (0, 1) };
    let zoomed = box_of(rows, geometry, recording, &view.zoom);
    let (from, to, zoom_depth) = zoomed.map_or((all.0, all.1, 0), |b| (b.start, b.end, b.depth));
    Viewport {
        size: (picture.width, picture.height),
        ratio: picture.ratio,
        span: Span::part(from, to, view.x0, view.x1),
        scroll: view.scroll,
        upwards: view.upwards,
        zoom_depth,
    }
}

/// The tree's nodes but the root, and one more for what stands on the root itself.
fn columns(tree: &Tree) -> (Column<u32>, Column<i64>) {
    let parents = tree.shape.iter().map(|(_, parent, _)| if parent == ROOT { ALL } else { parent - 1 });
    let parent: Column<u32> = parents.chain(std::iter::once(ALL)).collect();
    let width = (1..tree.shape.len()).map(|i| tree.width.get(i));
    let own = tree.self_value.get(0).saturating_abs();
    (parent, width.chain(std::iter::once(own)).collect())
}

fn merged_rows(recording: &Recording, tree: &Tree, order: Order) -> MergedRows {
    let (parent, width) = columns(tree);
    let name = |node: u32| tree.shape.function(node + 1);
    let last = parent.len() as u32 - 1;
    MergedRows::from_tree(&parent, &width, |a, b| {
        let by_weight = || width.get(b as usize).cmp(&width.get(a as usize));
        match order {
            Order::Name if a != last && b != last => match (name(a), name(b)) {
                (Some(x), Some(y)) => by_name(recording, x, y),
                _ => by_weight(),
            },
            _ => by_weight(),
        }
    })
}

fn callers_rows(tree: &Tree, unit: i64) -> GeometryKind {
    let mut callers = Callers::new(tree);
    let mut frontier: Vec<u32> = callers.roots().to_vec();
    while let Some(node) = frontier.pop() {
        if callers.width(node) >= unit.max(1) && callers.len() < CALLERS_NODES_MAX {
            frontier.extend(callers.children(tree, node));
        }
    }
    let parent: Column<u32> = (0..callers.len() as u32).map(|n| callers.parent(n).unwrap_or(ALL)).collect();
    let width: Column<i64> = (0..callers.len() as u32).map(|n| callers.width(n)).collect();
    let rows = MergedRows::from_tree(&parent, &width, |a, b| width.get(b as usize).cmp(&width.get(a as usize)));
    GeometryKind::Callers { rows, callers, unit }
}

/// Boxes in the order of time, of the first thread in scope that has time.
fn time_rows(recording: &Recording, prepared: &Prepared) -> GeometryKind {
    let scoped = &prepared.scoped;
    let profile = scoped.profiles.iter().copied().find(|&p| recording.profiles[p].time.is_some());
    let Some((profile, time)) = profile.and_then(|p| recording.profiles[p].time.as_ref().map(|t| (p, t))) else {
        return GeometryKind::Merged(MergedRows::default());
    };
    let (parent, _) = columns(&scoped.tree);
    let without_frame = parent.len() as u32 - 1;
    let stacks = &recording.profiles[profile].samples.stack;
    let bridged = Bridged::new(recording, stacks);
    let nodes = bridged.map(|stack| match scoped.node(stack) {
        DROPPED => ALL,
        ROOT => without_frame,
        node => node - 1,
    });
    let end = time.at_ns.last().map_or(0, |at| at + time.last_ns);
    let rows = TimeRows::build(nodes, &parent, &time.at_ns, end, TIME_BOXES_MAX);
    let (from, to) = scoped.range.map_or((0, end), |r| (r.from_ns.max(0), r.to_ns.min(end)));
    GeometryKind::Time { rows, profile, from, to }
}

/// Stacks in the order of time, with a single `(program)` sample between two equal stacks replaced
/// by them: a failed stack walk would tear every box apart. Totals never use this.
struct Bridged<'a> {
    recording: &'a Recording,
    stacks: &'a Column<crate::model::StackId>,
    at: usize,
    before: crate::model::StackId,
}

impl<'a> Bridged<'a> {
    fn new(recording: &'a Recording, stacks: &'a Column<crate::model::StackId>) -> Self {
        Self { recording, stacks, at: 0, before: crate::model::StackId::NONE }
    }
}

impl Iterator for Bridged<'_> {
    type Item = crate::model::StackId;

    fn next(&mut self) -> Option<Self::Item> {
        use crate::analysis::sums::state_of;
        if self.at >= self.stacks.len() {
            return None;
        }
        let stack = self.stacks.get(self.at);
        self.at += 1;
        let is_gap = stack != self.before
            && !self.before.is_none()
            && self.at < self.stacks.len()
            && self.stacks.get(self.at) == self.before
            && state_of(self.recording, stack) == Some(crate::model::Tag::Program)
            && state_of(self.recording, self.before).is_none();
        if !is_gap {
            self.before = stack;
        }
        Some(self.before)
    }
}

/// How the boxes of a flame graph look.
struct FlameLook<'a> {
    engine: &'a Engine,
    geometry: &'a Geometry,
    matches: &'a Matches,
    selected: Option<u32>,
    /// Where the selected box stands; `None` in the order of time, where there are many of it.
    selected_at: Option<FlameBox>,
    hovered: Option<u32>,
    function: Option<FunctionId>,
    /// Largest own value of a function, when hue shows own share.
    hottest: Option<i64>,
}

impl Look for FlameLook<'_> {
    fn name(&self, node: u32) -> &str {
        match self.geometry.function(node) {
            Some(function) => self.engine.recording.name(function),
            None if node == ALL => "all",
            None => "(no frame)",
        }
    }

    fn write_place(&self, node: u32, out: &mut String) {
        if let Some(function) = self.geometry.function(node) {
            out.push_str(self.engine.modules.place(function));
        }
    }

    fn write_figure(&self, at: &FlameBox, out: &mut String) {
        use std::fmt::Write;
        let prepared = &self.geometry.prepared;
        let figure = units::figure(at.end - at.start, prepared.shown.decimals, &prepared.shown.unit);
        let all = self
            .geometry
            .rows(&self.engine.recording, |rows| if rows.depths() > 0 { rows.end(0, 0) - rows.start(0, 0) } else { 0 });
        let _ = match at.node {
            // The order of time holds the waiting too.
            ALL if matches!(self.geometry.kind, GeometryKind::Time { .. }) => write!(out, "{figure} of time"),
            ALL => write!(out, "{figure} {}", self.engine.value_words(prepared)),
            _ => write!(out, "{figure} · {}", units::percent_text(at.end - at.start, all)),
        };
    }

    fn fill(&self, node: u32) -> Paint {
        let Some(function) = self.geometry.function(node) else {
            return if node == ALL { Paint::ROOT } else { Paint::PROGRAM };
        };
        let kind = self.engine.modules.kind(function);
        match self.hottest {
            Some(hottest) if !matches!(kind, Kind::Gc | Kind::Program | Kind::Idle) => {
                let weights = self.geometry.prepared.weights(&self.engine.recording);
                Paint::heat(weights[function.index()].self_value as f64 / hottest as f64)
            }
            _ => fill(kind, self.engine.modules.module_name(function)),
        }
    }

    fn marks(&self, at: &FlameBox) -> Marks {
        let function = self.geometry.function(at.node);
        let is_selected = self.selected == Some(at.node);
        // In time order every visit of the selected path is one of its occurrences.
        let is_time = matches!(self.geometry.kind, GeometryKind::Time { .. });
        Marks {
            is_selected: is_selected && !is_time,
            is_same_function: (function.is_some() && function == self.function && !is_selected)
                || (is_selected && is_time),
            is_match: function.is_some_and(|f| self.matches.function(f)),
            is_hovered: self.hovered == Some(at.node),
        }
    }

    fn selected(&self) -> Option<(usize, usize)> {
        self.selected_at.map(|at| (at.depth, at.index))
    }

    fn has_search(&self) -> bool {
        !self.matches.is_empty && self.matches.functions() > 0
    }
}

impl Engine {
    fn value_words(&self, prepared: &Prepared) -> String {
        if prepared.shown.name == "time" {
            "not idle".to_owned()
        } else {
            super::summary::value_label(&prepared.shown.name)
        }
    }
}
