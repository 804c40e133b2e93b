//! A picture as a list of what is to be painted: plain columns, filled by `flame` or `timeline`,
//! carried out by a painter, and readable as text in tests.

use std::fmt::Write as _;

use super::theme::Paint;

/// A rectangle in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
    /// Radius of the corners, 0 for sharp ones.
    pub radius: f32,
}

impl Rect {
    /// Whether a point lies inside; the right and lower edges do not.
    pub fn contains(&self, x: f64, y: f64) -> bool {
        let (left, top) = (f64::from(self.x), f64::from(self.y));
        (left..left + f64::from(self.w)).contains(&x) && (top..top + f64::from(self.h)).contains(&y)
    }
}

/// Layers of rectangles. A picture is painted as [`Layer::Under`], hatch lines, [`Layer::Over`],
/// texts, [`Layer::Top`], and texts that stand on that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Fills.
    Under,
    /// What changes fills and must not touch letters: veils, hover, patches behind text.
    Over,
    /// Outlines, underlines, handles.
    Top,
}

impl Layer {
    /// All layers in the order in which they are painted.
    pub const ALL: [Self; 3] = [Self::Under, Self::Over, Self::Top];
}

/// How a text is set: one font and one alignment each. Letters stand centred on their `y`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// Name in a box.
    Name,
    /// Name in the selected box.
    NameStrong,
    /// Place in a box, time of the axis.
    Label,
    /// Figure that ends at its `x`.
    Figure,
    /// Rank of a stall.
    Rank,
    /// Label of the selected range, centred on its `x`, above [`Layer::Top`].
    Range,
}

/// Fonts of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Monospaced, for names.
    Mono,
    /// Proportional, for figures and labels.
    Sans,
}

/// Where a text stands relative to its `x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// It begins there.
    Left,
    /// It ends there.
    Right,
    /// Its middle is there.
    Centre,
}

impl TextKind {
    /// All kinds in the order in which they are painted; the last one above [`Layer::Top`].
    pub const ALL: [Self; 6] = [Self::Name, Self::NameStrong, Self::Label, Self::Figure, Self::Rank, Self::Range];

    /// Font: face, weight and size in CSS pixels.
    pub fn font(self) -> (Face, u16, f64) {
        match self {
            Self::Name => (Face::Mono, 500, 11.0),
            Self::NameStrong => (Face::Mono, 600, 11.0),
            Self::Label | Self::Figure => (Face::Sans, 400, 10.5),
            Self::Rank | Self::Range => (Face::Sans, 600, 10.5),
        }
    }

    /// Where the text stands relative to its `x`.
    pub fn align(self) -> Align {
        match self {
            Self::Figure => Align::Right,
            Self::Range => Align::Centre,
            _ => Align::Left,
        }
    }

    /// Whether it is painted above [`Layer::Top`].
    pub fn is_on_top(self) -> bool {
        self == Self::Range
    }
}

/// A text to paint; its letters are in the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Text {
    /// Where it stands, CSS pixels.
    pub x: f32,
    /// Middle of its letters.
    pub y: f32,
    /// Width that it must not exceed: widths of letters beyond ASCII are a guess.
    pub width_max: f32,
    /// Colour.
    pub paint: Paint,
    start: u32,
    end: u32,
}

/// A line of a hatch, CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Start.
    pub from: (f32, f32),
    /// End.
    pub to: (f32, f32),
}

/// What is to be painted. One list is reused for all frames of a canvas: nothing is allocated once
/// it has held the fullest of them.
#[derive(Clone, Debug)]
pub struct PaintList {
    /// Size of the canvas, CSS pixels.
    pub size: (f64, f64),
    /// Device pixels per CSS pixel.
    pub ratio: f64,
    /// Height of the whole content, CSS pixels, whatever of it is in view.
    pub content_height: f64,
    /// Boxes painted one by one.
    pub boxes: u32,
    /// Boxes in view that share a small box with others.
    pub merged: u64,
    /// Painted boxes that match the search.
    pub matches: u32,
    rects: [[Vec<Rect>; Paint::COUNT]; Layer::ALL.len()],
    hatch: Vec<Line>,
    texts: [Vec<Text>; TextKind::ALL.len()],
    letters: String,
}

impl Default for PaintList {
    fn default() -> Self {
        Self {
            size: (0.0, 0.0),
            ratio: 1.0,
            content_height: 0.0,
            boxes: 0,
            merged: 0,
            matches: 0,
            rects: std::array::from_fn(|_| std::array::from_fn(|_| Vec::new())),
            hatch: Vec::new(),
            texts: std::array::from_fn(|_| Vec::new()),
            letters: String::new(),
        }
    }
}

impl PaintList {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Rectangles of a layer by paint, in the order of painting. Those of one paint do not overlap
    /// in a way that shows.
    pub fn rects(&self, layer: Layer) -> impl Iterator<Item = (Paint, &[Rect])> {
        let layer = &self.rects[layer as usize];
        Paint::all().map(|paint| (paint, layer[paint.index()].as_slice())).filter(|(_, rects)| !rects.is_empty())
    }

    /// Lines of the hatch of garbage collection, to be stroked in [`Paint::GC_LINE`].
    pub fn hatch(&self) -> &[Line] {
        &self.hatch
    }

    /// Texts of a kind and their letters.
    pub fn texts(&self, kind: TextKind) -> impl Iterator<Item = (&Text, &str)> {
        self.texts[kind as usize].iter().map(|text| (text, &self.letters[text.start as usize..text.end as usize]))
    }

    /// The list as text for tests: a line for each thing, in the order of painting.
    pub fn snapshot(&self) -> String {
        let mut out = String::new();
        for layer in Layer::ALL {
            if layer == Layer::Top {
                self.snapshot_texts(&mut out, false);
            }
            for (paint, rects) in self.rects(layer) {
                for r in rects {
                    let alpha = if paint.alpha() < 1.0 { format!(" {}", paint.alpha()) } else { String::new() };
                    let radius = if r.radius > 0.0 { format!(" r{}", r.radius) } else { String::new() };
                    let (x, y, w, h) = (r.x, r.y, r.w, r.h);
                    let _ = writeln!(out, "{layer:?} {}{alpha} {x},{y} {w}×{h}{radius}", paint.token());
                }
            }
            if layer == Layer::Under && !self.hatch.is_empty() {
                let _ = writeln!(out, "Hatch {} lines", self.hatch.len());
            }
        }
        self.snapshot_texts(&mut out, true);
        out
    }

    fn snapshot_texts(&self, out: &mut String, on_top: bool) {
        for kind in TextKind::ALL.into_iter().filter(|kind| kind.is_on_top() == on_top) {
            for (text, letters) in self.texts(kind) {
                let _ = writeln!(out, "{kind:?} {} {},{} \"{letters}\"", text.paint.token(), text.x, text.y);
            }
        }
    }

    /// Bytes of heap memory held.
    pub fn heap_bytes(&self) -> usize {
        let rects: usize = self.rects.iter().flatten().map(Vec::capacity).sum();
        let texts: usize = self.texts.iter().map(Vec::capacity).sum();
        rects * size_of::<Rect>()
            + texts * size_of::<Text>()
            + self.hatch.capacity() * size_of::<Line>()
            + self.letters.capacity()
    }

    /// Empties the list for a canvas of this size: CSS pixels, and device pixels per CSS pixel.
    pub fn clear(&mut self, size: (f64, f64), ratio: f64) {
        (self.size, self.ratio) = (size, ratio);
        (self.boxes, self.merged, self.matches, self.content_height) = (0, 0, 0, 0.0);
        self.rects.iter_mut().flatten().for_each(Vec::clear);
        self.texts.iter_mut().for_each(Vec::clear);
        self.hatch.clear();
        self.letters.clear();
    }

    pub(super) fn rect(&mut self, layer: Layer, paint: Paint, rect: Rect) {
        self.rects[layer as usize][paint.index()].push(rect);
    }

    /// The last rectangle of a paint, to make it longer instead of adding its neighbour.
    pub(super) fn last_rect(&mut self, layer: Layer, paint: Paint) -> Option<&mut Rect> {
        self.rects[layer as usize][paint.index()].last_mut()
    }

    pub(super) fn line(&mut self, line: Line) {
        self.hatch.push(line);
    }

    /// Where letters are written before it is known whether they fit: see [`PaintList::keep`].
    pub(super) fn letters(&mut self) -> &mut String {
        &mut self.letters
    }

    /// Where letters written from now on begin.
    pub(super) fn mark(&self) -> usize {
        self.letters.len()
    }

    /// The letters written since `mark`.
    pub(super) fn since(&self, mark: usize) -> &str {
        &self.letters[mark..]
    }

    /// Takes back what was written since `mark`.
    pub(super) fn drop_since(&mut self, mark: usize) {
        self.letters.truncate(mark);
    }

    /// Makes the letters written since `mark` a text at (x, y).
    pub(super) fn keep(&mut self, mark: usize, kind: TextKind, paint: Paint, at: (f64, f64), width_max: f64) {
        let text = Text {
            x: at.0 as f32,
            y: at.1 as f32,
            width_max: width_max as f32,
            paint,
            start: mark as u32,
            end: self.letters.len() as u32,
        };
        self.texts[kind as usize].push(text);
    }
}
