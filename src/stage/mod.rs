//! The stage: paints what the engine worked out, and tells what lies under a point.
//!
//! It lives in a worker of its own, apart from the recording, so that pictures follow the pointer
//! whatever the engine is busy with. It holds finished boxes, names and figures and nothing that has
//! to be worked out: what a picture lacks is a [`Want`], which the engine answers with a [`Given`].
//! Until that arrives the picture shows what there is. It is pure; tests join it to an engine
//! directly.

use std::collections::BTreeMap;

use crate::draw::{Metrics, PaintList};
use crate::model::vocab::{Order, Path};
use crate::protocol::{CanvasId, Content, Direction, FlameView, Painted, Picture, Tip};

mod flame;
mod labels;
mod look;
mod parcel;
mod scene;
mod strip;

use flame::FlameStage;
pub use labels::{LabelRow, Labels};
pub use parcel::{Head, Piece};
pub use scene::{FigureColumns, Figures, FlameWant, Measure, Nodes, SceneColumns, SceneHead, callers_unit, head_node};
use strip::StripStage;
pub use strip::{Lane, Strip, StripWant};

/// What the engine has to work out before a picture can be painted as it was asked for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Want {
    /// The boxes of a flame graph.
    Flame(FlameWant),
    /// What a thread did.
    Strip(StripWant),
    /// Which functions a search text matches.
    Marks(String),
    /// Nothing: the first picture stands, so that the page's questions are next. Never given.
    Answers,
}

const FLAME: u8 = 0;
const STRIP: u8 = 1;
const MARKS: u8 = 2;
const ANSWERS: u8 = 3;

impl Want {
    /// Number of its kind; of each kind one is on its way at a time.
    fn kind(&self) -> u8 {
        match self {
            Self::Flame(_) => FLAME,
            Self::Strip(_) => STRIP,
            Self::Marks(_) => MARKS,
            Self::Answers => ANSWERS,
        }
    }

    /// The canvas that lacks it.
    fn canvas(&self) -> CanvasId {
        match self {
            Self::Strip(_) => CanvasId::Timeline,
            Self::Flame(_) | Self::Marks(_) | Self::Answers => CanvasId::Flame,
        }
    }

    /// What a recording is shown by at first: everything.
    pub fn first(order: Order) -> Self {
        Self::Flame(FlameWant { order, part: 1.0, ..FlameWant::default() })
    }
}

/// What the engine worked out.
#[derive(Debug)]
pub enum Given {
    /// How the functions of the recording are shown: comes first, and again when that changes.
    Labels(Labels),
    /// This comes next, unasked: a picture that lacks it waits.
    Coming(Want),
    /// To [`Want::Flame`].
    Flame(Box<SceneColumns>),
    /// To [`Want::Strip`].
    Strip(Strip),
    /// To [`Want::Marks`].
    Marks(Marks),
}

/// The functions that a search text matches.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Marks {
    /// The text.
    pub search: String,
    /// Numbers of the matching functions, ascending.
    pub functions: Vec<u32>,
}

impl Marks {
    /// Whether a function matches.
    pub fn function(&self, function: u32) -> bool {
        self.functions.binary_search(&function).is_ok()
    }
}

/// A picture laid down.
#[derive(Debug)]
pub struct Laid<'a> {
    /// What to paint.
    pub list: &'a PaintList,
    /// What was laid down, when it is what was asked for. Otherwise the list shows what there is
    /// until the engine has given the rest, or nothing.
    pub painted: Option<Painted>,
}

/// Everything that pictures are painted from.
#[derive(Debug, Default)]
pub struct Stage {
    labels: Labels,
    flame: FlameStage,
    strip: StripStage,
    /// The pictures asked for last, for hit tests.
    last: BTreeMap<CanvasId, Picture>,
    /// Lists, used again.
    lists: BTreeMap<CanvasId, PaintList>,
    /// What is on its way, by kind.
    asked: BTreeMap<u8, Want>,
    /// What is lacking and was not asked for yet.
    lacking: Vec<Want>,
}

impl Stage {
    /// An empty stage.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lays a picture down as a paint list; what it lacks is among the next [`Stage::wants`].
    pub fn picture(&mut self, picture: &Picture, metrics: &Metrics) -> Laid<'_> {
        let mut list = self.lists.remove(&picture.canvas).unwrap_or_default();
        let mut wants = Vec::new();
        let painted = match &picture.content {
            Content::Flame(view) => self.flame.paint(&self.labels, picture, view, metrics, &mut list, &mut wants),
            Content::Timeline(view) => self.strip.paint(picture, view, metrics, &mut list, &mut wants),
        };
        let painted = painted.filter(|_| wants.is_empty());
        wants.into_iter().for_each(|want| self.lack(want));
        self.last.insert(picture.canvas, picture.clone());
        Laid { list: self.lists.entry(picture.canvas).or_insert(list), painted }
    }

    /// What lies under a point of the picture that was laid down last on a canvas.
    pub fn hit(&mut self, canvas: CanvasId, x: f64, y: f64) -> Option<Tip> {
        let picture = self.last.get(&canvas)?;
        match &picture.content {
            Content::Flame(view) => self.flame.hit(&self.labels, picture, view, x, y),
            Content::Timeline(_) => self.strip.hit(picture, x, y),
        }
    }

    /// The frame next to another in a flame graph, for the arrow keys; `Err` while the engine has
    /// not given that flame graph yet.
    ///
    /// # Errors
    /// Nothing is wrong: the same question has to be put again after [`Stage::take`].
    pub fn moved(&mut self, view: &FlameView, at: &Path, to: Direction) -> Result<Option<Path>, Waits> {
        let mut wants = Vec::new();
        let moved = self.flame.moved(&self.labels, view, at, to, &mut wants);
        if wants.is_empty() {
            return Ok(moved);
        }
        wants.into_iter().for_each(|want| self.lack(want));
        Err(Waits)
    }

    /// What is to be asked of the engine now. Of each kind one want is on its way at a time: a
    /// picture that wants another by then wants it again when it is laid down again.
    pub fn wants(&mut self) -> Vec<Want> {
        let asked = &self.asked;
        let free: Vec<Want> = self.lacking.drain(..).filter(|want| !asked.contains_key(&want.kind())).collect();
        self.asked.extend(free.iter().map(|want| (want.kind(), want.clone())));
        free
    }

    /// Takes what the engine gave, and tells which canvas to paint again.
    pub fn take(&mut self, given: Given) -> CanvasId {
        match given {
            Given::Labels(labels) => {
                self.labels = labels;
                self.flame.forget_names();
                CanvasId::Flame
            }
            Given::Coming(want) => {
                let canvas = want.canvas();
                self.asked.insert(want.kind(), want);
                canvas
            }
            Given::Flame(scene) => {
                self.asked.remove(&FLAME);
                self.flame.take(*scene);
                CanvasId::Flame
            }
            Given::Strip(strip) => {
                let asked = self.asked.remove(&STRIP);
                self.strip.take(strip, asked);
                CanvasId::Timeline
            }
            Given::Marks(marks) => {
                self.asked.remove(&MARKS);
                self.flame.mark(marks);
                CanvasId::Flame
            }
        }
    }

    /// Hue by own share (`heat`) instead of by module.
    pub fn set_colour_by(&mut self, what: &str) {
        self.flame.set_colour_by_heat(what == "heat");
    }

    fn lack(&mut self, want: Want) {
        self.lacking.retain(|w| w.kind() != want.kind());
        self.lacking.push(want);
    }
}

/// The engine has not given yet what an answer needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits;
