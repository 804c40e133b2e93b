//! The flame graph on the stage: pictures, tips and steps.

use std::rc::Rc;

use super::labels::Labels;
use super::look::FlameLook;
use super::scene::{FlameWant, Scene, SceneColumns};
use super::{Marks, Want};
use crate::draw::{self, ALL, FlameBox, Hit, Metrics, Paint, PaintList, Rows, Span, Viewport};
use crate::model::vocab::{FrameKey, Path};
use crate::protocol::{CanvasId, Direction, FlameView, Painted, Picture, Tip, path_print};
use crate::units;

/// Scenes kept: two are enough to switch to and fro.
const SCENES_KEPT: usize = 2;

/// Scenes of more bytes are not kept beside another.
const SCENE_BYTES_KEPT: usize = 64 << 20;

/// What stands below the last row when deeper ones were left out.
const CUT: &str = "Deeper calls are left out here: there are too many boxes. Select a shorter time to see them.";

/// The flame graphs that were given.
#[derive(Debug, Default)]
pub(super) struct FlameStage {
    /// The newest last.
    scenes: Vec<Rc<Scene>>,
    /// What the last picture was painted from.
    shown: Option<Rc<Scene>>,
    marks: Marks,
    by_heat: bool,
    /// The selected function and its number, looked up once.
    function: Option<(FrameKey, Option<u32>)>,
}

impl FlameStage {
    /// Takes a scene in.
    pub(super) fn take(&mut self, scene: SceneColumns) {
        self.scenes.retain(|kept| kept.heap_bytes() <= SCENE_BYTES_KEPT);
        if self.scenes.len() >= SCENES_KEPT {
            self.scenes.remove(0);
        }
        self.scenes.push(Rc::new(Scene::new(scene)));
    }

    pub(super) fn mark(&mut self, marks: Marks) {
        self.marks = marks;
    }

    pub(super) fn set_colour_by_heat(&mut self, by_heat: bool) {
        self.by_heat = by_heat;
    }

    pub(super) fn forget_names(&mut self) {
        self.function = None;
        self.scenes.iter().for_each(|scene| scene.forget_names());
    }

    /// The scene that shows a view, or else what to ask for.
    fn scene(&mut self, labels: &Labels, view: &FlameView, wants: &mut Vec<Want>) -> Option<Rc<Scene>> {
        let at = self.scenes.iter().position(|scene| scene.serves(labels, view)).or_else(|| {
            let want = self.want(labels, view);
            // Where that was given already, nothing finer is to be had.
            let given = self.scenes.iter().position(|scene| scene.head.want == want);
            if given.is_none() {
                wants.push(Want::Flame(want));
            }
            given
        })?;
        let found = self.scenes.remove(at);
        self.scenes.push(Rc::clone(&found));
        Some(found)
    }

    /// What to ask for to show a view.
    fn want(&self, labels: &Labels, view: &FlameView) -> FlameWant {
        let is_alike = |want: &FlameWant| want.callers && want.scope == view.scope;
        let part = match (view.callers, self.scenes.iter().find(|scene| is_alike(&scene.head.want))) {
            (true, Some(scene)) => scene.part_of(labels, view),
            (true, None) => (view.x1 - view.x0).clamp(1e-9, 1.0),
            _ => 1.0,
        };
        FlameWant { scope: view.scope.clone(), order: view.order, callers: view.callers, part }
    }

    /// Paints into the list what there is of a view. `None` when there is nothing yet.
    pub(super) fn paint(
        &mut self,
        labels: &Labels,
        picture: &Picture,
        view: &FlameView,
        metrics: &Metrics,
        list: &mut PaintList,
        wants: &mut Vec<Want>,
    ) -> Option<Painted> {
        let found = self.scene(labels, view, wants);
        if !view.search.trim().is_empty() && self.marks.search != view.search {
            wants.push(Want::Marks(view.search.clone()));
        }
        if let Some(scene) = found {
            self.shown = Some(scene);
        }
        let Some(scene) = self.shown.clone() else {
            list.clear((picture.width, picture.height), picture.ratio);
            return None;
        };
        let function = self.function(labels, view.function.as_ref());
        let marks = Some(&self.marks).filter(|_| !view.search.trim().is_empty());
        let look = FlameLook::new(labels, &scene, marks, view, function, self.by_heat);
        let (viewport, zoomed) = viewport(&scene, labels, picture, view);
        draw::flame(&scene.rows, &look, &viewport, metrics, list);
        if scene.head.is_cut {
            draw::line_behind(CUT, scene.rows.depths(), &viewport, list);
        }
        let selected = look.selected_box().and_then(|selected| {
            let zoomed = zoomed.or_else(|| draw::box_at(&scene.rows, 0, 0))?;
            let part = |at: i64| (at - zoomed.start) as f64 / (zoomed.end - zoomed.start).max(1) as f64;
            Some((part(selected.start), part(selected.end)))
        });
        Some(Painted {
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
            lanes: Vec::new(),
            thread: String::new(),
        })
    }

    /// What lies under a point of the picture painted last.
    pub(super) fn hit(&self, labels: &Labels, picture: &Picture, view: &FlameView, x: f64, y: f64) -> Option<Tip> {
        let scene = self.shown.as_ref()?;
        let (viewport, _) = viewport(scene, labels, picture, view);
        let hit = draw::hit(&scene.rows, &viewport, x, y)?;
        Some(tip(scene, labels, &hit))
    }

    /// The frame next to another.
    pub(super) fn moved(
        &mut self,
        labels: &Labels,
        view: &FlameView,
        at: &Path,
        to: Direction,
        wants: &mut Vec<Want>,
    ) -> Option<Path> {
        let scene = self.scene(labels, view, wants)?;
        let to = match to {
            Direction::Parent => draw::Direction::Parent,
            Direction::Child => draw::Direction::Child,
            Direction::Left => draw::Direction::Left,
            Direction::Right => draw::Direction::Right,
        };
        let (depth, index) = match scene.node_at(labels, at) {
            Some(node) => {
                let path = scene.nodes_to(node);
                let found = match scene.head.is_time() {
                    true => draw::find_node(&scene.rows, node, path.len()),
                    false => draw::find_path(&scene.rows, &path),
                }?;
                (found.depth, found.index)
            }
            None => (0, 0),
        };
        if scene.rows.depths() == 0 {
            return None;
        }
        let mut next = draw::neighbour(&scene.rows, depth, index, to)?;
        // The head of a track is no frame, and another visit of this one is not told apart from it: on to
        // what is behind.
        let here = scene.rows.node(depth, index);
        while next.node == here || scene.track(next.node).is_some() {
            next = draw::neighbour(&scene.rows, next.depth, next.index, to)?;
        }
        Some(scene.path(labels, next.node)).filter(|path| !path.is_empty())
    }

    /// The number of the selected function.
    fn function(&mut self, labels: &Labels, key: Option<&FrameKey>) -> Option<u32> {
        let key = key?;
        if self.function.as_ref().is_none_or(|(known, _)| known != key) {
            self.function = Some((key.clone(), labels.find(key)));
        }
        self.function.as_ref().and_then(|&(_, number)| number)
    }
}

fn tip(scene: &Scene, labels: &Labels, hit: &Hit) -> Tip {
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
    // In time order a box is one visit: what it shows is its own length.
    let is_time = scene.head.is_time();
    let length = at.end - at.start;
    let here = match scene.function(at.node) {
        Some(function) if scene.is_event(function) => (scene.part(0, 0), scene.part(length, 0)),
        _ if is_time => (scene.amount(0, 0), scene.amount(length, 0)),
        _ => scene.figures(at.node),
    };
    let Some(function) = scene.function(at.node) else {
        let text = match scene.track(at.node) {
            Some(track) => track,
            None if at.node == ALL => "all",
            None => "samples without a frame",
        };
        return Tip { text: text.into(), here: Some(here), token: Paint::ROOT.token().into(), ..empty };
    };
    let label = labels.label(function);
    Tip {
        token: label.token.clone(),
        text: if is_time { format!("begins at {}", units::moment(at.start)) } else { String::new() },
        label: Some(label),
        path: scene.path(labels, at.node),
        here: Some(here),
        everywhere: Some(scene.figures_everywhere(function)),
        at_ns: is_time.then_some(at.start),
        ..empty
    }
}

/// What of a scene is in view, and the box that is zoomed to.
fn viewport(scene: &Scene, labels: &Labels, picture: &Picture, view: &FlameView) -> (Viewport, Option<FlameBox>) {
    let all = scene.whole();
    let zoomed = scene.box_of(labels, &view.zoom);
    let (from, to, zoom_depth) = zoomed.map_or((all.0, all.1, 0), |b| (b.start, b.end, b.depth));
    let viewport = Viewport {
        size: (picture.width, picture.height),
        ratio: picture.ratio,
        span: Span::part(from, to, view.x0, view.x1),
        scroll: view.scroll,
        upwards: view.upwards,
        zoom_depth,
    };
    (viewport, zoomed)
}
