//! Pictures: what a canvas shows, and what lies under its points.

use std::collections::BTreeMap;

use super::Engine;
use crate::draw::{Metrics, PaintList};
use crate::protocol::{CanvasId, Content, Painted, Picture, Tip};

/// The pictures painted last, for hit tests, and the lists they are painted from, used again.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    last: BTreeMap<CanvasId, Picture>,
    lists: BTreeMap<CanvasId, PaintList>,
}

impl Engine {
    /// Lays a picture down as a paint list.
    pub fn picture(&mut self, picture: &Picture, metrics: &Metrics) -> (&PaintList, Painted) {
        let mut list = self.pictures.lists.remove(&picture.canvas).unwrap_or_default();
        let painted = match &picture.content {
            Content::Flame(view) => self.flame(picture, view, metrics, &mut list),
            Content::Timeline(view) => self.timeline(picture, view, metrics, &mut list),
        };
        self.pictures.last.insert(picture.canvas, picture.clone());
        let list = self.pictures.lists.entry(picture.canvas).or_insert(list);
        (list, painted)
    }

    /// What lies under a point of the picture painted last on a canvas.
    pub fn hit(&mut self, canvas: CanvasId, x: f64, y: f64) -> Option<Tip> {
        let picture = self.pictures.last.get(&canvas)?.clone();
        match &picture.content {
            Content::Flame(view) => self.flame_hit(&picture, view, x, y),
            Content::Timeline(view) => self.timeline_hit(&picture, view, x, y),
        }
    }

    /// Hue by own share (`heat`) instead of by module.
    pub fn set_colour_by(&mut self, what: &str) {
        self.colour_by_heat = what == "heat";
    }
}
