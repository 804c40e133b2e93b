//! What the engine gives, taken apart for crossing to the worker of the stage: a small head that is
//! written out, and columns that cross as they are.

use serde::{Deserialize, Serialize};

use super::labels::Labels;
use super::scene::{FigureColumns, Nodes, SceneColumns, SceneHead};
use super::strip::Strip;
use super::{Given, Marks, Want};
use crate::draw::{BoxColumns, BoxRows};
use crate::model::Column;

/// A column that crosses as it is.
#[derive(Debug)]
pub enum Piece {
    /// Numbers of things.
    U32(Column<u32>),
    /// Values.
    I64(Column<i64>),
    /// Letters.
    Text(String),
}

/// What says what the pieces are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "there is one of it at a time; on wasm32 it is small enough")]
pub enum Head {
    /// [`Given::Labels`].
    Labels,
    /// [`Given::Flame`], its columns behind it: where its rows begin, which of them begin a track and
    /// which a lane, and how many of the columns are those of the index that skips runs of small boxes.
    Flame(SceneHead, [Vec<u32>; 3], usize),
    /// [`Given::Strip`]; no pieces.
    Strip(Strip),
    /// [`Given::Marks`]; no pieces.
    Marks(Marks),
    /// [`Given::Coming`]; no pieces.
    Coming(Want),
}

impl Given {
    /// Takes it apart.
    pub fn apart(self) -> (Head, Vec<Piece>) {
        match self {
            Self::Strip(strip) => (Head::Strip(strip), Vec::new()),
            Self::Marks(marks) => (Head::Marks(marks), Vec::new()),
            Self::Coming(want) => (Head::Coming(want), Vec::new()),
            Self::Labels(labels) => {
                let Labels { text, ends, name, file, line, module, place, kind, paint } = labels;
                let columns = [ends, name, file, line, module, place, kind, paint].map(Piece::U32);
                (Head::Labels, std::iter::once(Piece::Text(text)).chain(columns).collect())
            }
            Self::Flame(scene) => {
                let SceneColumns { head, rows, nodes, weights } = *scene;
                let (BoxColumns { first, start, width, node, tops, lanes }, runs) = rows.apart();
                let numbers = [node, nodes.parent, nodes.function].map(Piece::U32);
                let levels = runs.len();
                let figures = [nodes.figures, weights].into_iter().flat_map(columns);
                let values = [start, width].into_iter().chain(figures).chain(runs);
                let values = values.map(Piece::I64);
                (Head::Flame(head, [first, tops, lanes], levels), numbers.into_iter().chain(values).collect())
            }
        }
    }

    /// Puts it together again.
    ///
    /// # Errors
    /// One sentence, where the pieces are not those of the head.
    pub fn together(head: Head, pieces: Vec<Piece>) -> Result<Self, String> {
        let mut pieces = Pieces(pieces.into_iter());
        let given = match head {
            Head::Strip(strip) => Some(Self::Strip(strip)),
            Head::Marks(marks) => Some(Self::Marks(marks)),
            Head::Coming(want) => Some(Self::Coming(want)),
            Head::Labels => pieces.labels().map(Self::Labels),
            Head::Flame(head, rows, levels) => {
                pieces.scene(head, rows, levels).map(|scene| Self::Flame(Box::new(scene)))
            }
        };
        given.ok_or_else(|| "A picture could not be read; reload the page.".to_owned())
    }
}

fn columns(figures: FigureColumns) -> [Column<i64>; 4] {
    let FigureColumns { self_value, self_samples, total, total_samples } = figures;
    [self_value, self_samples, total, total_samples]
}

/// Pieces in the order in which they were taken apart.
struct Pieces(std::vec::IntoIter<Piece>);

impl Pieces {
    fn text(&mut self) -> Option<String> {
        match self.0.next()? {
            Piece::Text(text) => Some(text),
            _ => None,
        }
    }

    fn u32(&mut self) -> Option<Column<u32>> {
        match self.0.next()? {
            Piece::U32(column) => Some(column),
            _ => None,
        }
    }

    fn i64(&mut self) -> Option<Column<i64>> {
        match self.0.next()? {
            Piece::I64(column) => Some(column),
            _ => None,
        }
    }

    fn labels(&mut self) -> Option<Labels> {
        Some(Labels {
            text: self.text()?,
            ends: self.u32()?,
            name: self.u32()?,
            file: self.u32()?,
            line: self.u32()?,
            module: self.u32()?,
            place: self.u32()?,
            kind: self.u32()?,
            paint: self.u32()?,
        })
    }

    fn figures(&mut self) -> Option<FigureColumns> {
        Some(FigureColumns {
            self_value: self.i64()?,
            self_samples: self.i64()?,
            total: self.i64()?,
            total_samples: self.i64()?,
        })
    }

    fn scene(&mut self, head: SceneHead, [first, tops, lanes]: [Vec<u32>; 3], levels: usize) -> Option<SceneColumns> {
        let (node, parent, function) = (self.u32()?, self.u32()?, self.u32()?);
        let boxes = BoxColumns { first, start: self.i64()?, width: self.i64()?, node, tops, lanes };
        let nodes = Nodes { parent, function, figures: self.figures()? };
        let weights = self.figures()?;
        let runs = (0..levels).map(|_| self.i64()).collect::<Option<_>>()?;
        Some(SceneColumns { head, rows: BoxRows::together(boxes, runs), nodes, weights })
    }
}
