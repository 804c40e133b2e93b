//! The flame graph: rows of boxes and a viewport become a paint list, and a point becomes a box.
//!
//! A row is laid out in device pixels from left to right. A box of at least a pixel is an item of
//! its own; a run of smaller ones without a visible gap is one small item, at least 1.5 pixels wide
//! so that it never vanishes, however little it holds. What it covers beyond its own share it takes
//! from its neighbour; a neighbour that would lose its last pixel joins it. So items never overlap,
//! and every box in view lies in exactly one of them. Painting and hit test share this layout.

use super::list::{Layer, Line, PaintList, Rect, TextKind};
use super::metrics::{ELLIPSIS, Metrics};
use super::rows::{FlameBox, Rows, box_at, ending_after, starting_from};
use super::theme::Paint;
use crate::units;

/// Height of a row, of which [`GAP_PX`] stays free.
pub const ROW_PX: f64 = 20.0;
/// Gap to the right of a box and below it.
pub const GAP_PX: f64 = 1.0;
/// Least width of a small box.
const SMALL_PX: f64 = 1.5;
/// Least width of a box with a text.
const TEXT_PX: f64 = 24.0;
/// Least width of a box with rounded corners.
const ROUND_PX: f32 = 6.0;
const RADIUS_PX: f32 = 2.0;
const HATCH_PITCH_PX: f32 = 6.0;

/// A stretch of data space; fractions occur while zooming.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Left edge.
    pub from: f64,
    /// Right edge, behind `from`.
    pub to: f64,
}

impl Span {
    /// The part `x0..x1` of a stretch, each 0 to 1 from its start to its end. What lies outside is
    /// clamped, what is empty or less than one unit wide becomes one unit.
    pub fn part(start: i64, end: i64, x0: f64, x1: f64) -> Self {
        let (start, length) = (start as f64, (end.saturating_sub(start)).max(1) as f64);
        let clamp = |x: f64, or: f64| if x.is_finite() { x.clamp(0.0, 1.0) } else { or };
        let (x0, x1) = (clamp(x0, 0.0), clamp(x1, 1.0));
        let wide = ((x1 - x0) * length).max(1.0);
        let from = start + (x0 * length).min(length - wide).max(0.0);
        Self { from, to: from + wide }
    }

    /// Between two stretches, for a smooth zoom: `at` is 0 at `a` and 1 at `b`. The width changes by
    /// equal factors, which looks even, and the picture stays on its way in a straight line.
    pub fn between(a: Self, b: Self, at: f64) -> Self {
        let (wide_a, wide_b) = (a.to - a.from, b.to - b.from);
        let wide = wide_a * (wide_b / wide_a).powf(at);
        // How far the width has come of its way, so that edges move as the width does.
        let moved = if (wide_b - wide_a).abs() > 1e-9 * wide_a { (wide - wide_a) / (wide_b - wide_a) } else { at };
        let from = a.from + (b.from - a.from) * moved;
        Self { from, to: from + wide }
    }
}

/// What of a flame graph is in view, and where.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Viewport {
    /// Size of the canvas, CSS pixels.
    pub size: (f64, f64),
    /// Device pixels per CSS pixel.
    pub ratio: f64,
    /// What the width of the canvas shows.
    pub span: Span,
    /// CSS pixels scrolled away from the root: down in an icicle, up when the root is at the bottom.
    pub scroll: f64,
    /// Whether the root is at the bottom.
    pub upwards: bool,
    /// Depth of the box that is zoomed to; the rows before it, its callers, are painted fainter.
    pub zoom_depth: usize,
}

impl Viewport {
    /// Where a moment or an amount of data space lies, CSS pixels from the left edge.
    pub fn x_of(&self, data: f64) -> f64 {
        (data - self.span.from) / (self.span.to - self.span.from) * self.size.0
    }

    /// What lies at a place, in data space.
    pub fn data_at(&self, x: f64) -> f64 {
        self.span.from + x / self.size.0 * (self.span.to - self.span.from)
    }

    /// Height of `depths` rows, CSS pixels.
    pub fn content_height(depths: usize) -> f64 {
        depths as f64 * ROW_PX
    }

    /// Upper edge of a row, CSS pixels.
    fn top_of(&self, depth: usize) -> f64 {
        let from_root = depth as f64 * ROW_PX - self.scroll();
        if self.upwards { self.size.1 - from_root - ROW_PX } else { from_root }
    }

    fn scroll(&self) -> f64 {
        if self.scroll.is_finite() { self.scroll.max(0.0) } else { 0.0 }
    }
}

/// How boxes look and what is known about them. All of it is asked for every painted box, so it
/// should be looked up, not computed.
pub trait Look {
    /// Name of the function; `all` for [`super::ALL`].
    fn name(&self, node: u32) -> &str;

    /// Appends where it is: `server.js:12`. Nothing when unknown.
    fn write_place(&self, node: u32, out: &mut String);

    /// Appends its figure: `4.10 s · 76.0 %`.
    fn write_figure(&self, at: &FlameBox, out: &mut String);

    /// Its colour role.
    fn fill(&self, node: u32) -> Paint;

    /// What is special about it.
    fn marks(&self, at: &FlameBox) -> Marks;

    /// Whether there is a search: boxes that do not match are then dimmed.
    fn has_search(&self) -> bool {
        false
    }

    /// Row and position of the selected box, so that it is outlined even as part of a small box.
    fn selected(&self) -> Option<(usize, usize)> {
        None
    }
}

/// What is special about a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// The selected box.
    pub is_selected: bool,
    /// Another box of the selected function.
    pub is_same_function: bool,
    /// It matches the search.
    pub is_match: bool,
    /// It is under the pointer.
    pub is_hovered: bool,
}

/// What lies under a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hit {
    /// A box and its rectangle.
    Box(FlameBox, Rect),
    /// Several boxes of less than a pixel each.
    Small(SmallBoxes, Rect),
}

impl Hit {
    /// The painted rectangle.
    pub fn rect(&self) -> Rect {
        match self {
            Self::Box(_, rect) | Self::Small(_, rect) => *rect,
        }
    }
}

/// Boxes of a row that share one small box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmallBoxes {
    /// Row.
    pub depth: usize,
    /// Position of the first.
    pub index: usize,
    /// How many.
    pub count: usize,
    /// Where the first begins in data space: zooming to here and to `end` opens them.
    pub start: i64,
    /// Where the last ends.
    pub end: i64,
}

/// Lays the boxes in view down in `list`. Its cost follows what is painted, not what there is.
pub fn flame<R, L>(rows: &R, look: &L, view: &Viewport, metrics: &Metrics, list: &mut PaintList)
where
    R: Rows + ?Sized,
    L: Look + ?Sized,
{
    list.clear(view.size, view.ratio);
    list.content_height = Viewport::content_height(rows.depths());
    let Some(grid) = Grid::new(view) else { return };
    let mut pen = Pen { rows, look, metrics, list, has_search: look.has_search() };
    for depth in rows_in_view(view, rows.depths()) {
        let line = grid.line(view, depth);
        lay_out(rows, depth, &grid, |item| pen.item(depth, item, grid.rect(item, &line)));
        if depth < view.zoom_depth {
            pen.list.rect(Layer::Over, Paint::FADE, grid.row_rect(&line));
        }
    }
}

/// Writes a line of text behind the last row of a picture that was laid down, as high as a row.
pub fn line_behind(text: &str, depths: usize, view: &Viewport, list: &mut PaintList) {
    let y = view.top_of(depths) + ROW_PX / 2.0;
    let mark = list.mark();
    list.letters().push_str(text);
    list.keep(mark, TextKind::Label, Paint::TEXT_AXIS, (TEXT_PX / 3.0, y), view.size.0);
    list.content_height = Viewport::content_height(depths + 1);
}

/// What lies under a point of the picture, CSS pixels from its upper left corner. A gap belongs to
/// the box at its left or above.
pub fn hit<R: Rows + ?Sized>(rows: &R, view: &Viewport, x: f64, y: f64) -> Option<Hit> {
    let grid = Grid::new(view)?;
    let (at, at_row) = ((x * grid.ratio).floor(), (y * grid.ratio).floor());
    let mut in_view = rows_in_view(view, rows.depths()).map(|depth| (depth, grid.line(view, depth)));
    let (depth, line) = in_view.find(|(_, line)| (line.top..line.end).contains(&at_row))?;
    let mut hit = None;
    lay_out(rows, depth, &grid, |item| {
        if (f64::from(item.left)..f64::from(item.right)).contains(&at) {
            hit = Some(as_hit(rows, depth, item, grid.rect(item, &line)));
        }
    });
    hit?
}

/// Where a box is painted, CSS pixels, if it is in view and not part of a small box.
pub fn rect_of<R: Rows + ?Sized>(rows: &R, view: &Viewport, depth: usize, index: usize) -> Option<Rect> {
    let grid = Grid::new(view)?;
    (depth < rows.depths()).then_some(())?;
    let line = grid.line(view, depth);
    let mut found = None;
    lay_out(rows, depth, &grid, |item| {
        if item.count() == 1 && item.first == index {
            found = Some(grid.rect(item, &line));
        }
    });
    found
}

fn as_hit<R: Rows + ?Sized>(rows: &R, depth: usize, item: Item, rect: Rect) -> Option<Hit> {
    if item.count() == 1 {
        return box_at(rows, depth, item.first).map(|b| Hit::Box(b, rect));
    }
    let (start, end) = (rows.start(depth, item.first), rows.end(depth, item.end - 1));
    Some(Hit::Small(SmallBoxes { depth, index: item.first, count: item.count(), start, end }, rect))
}

fn rows_in_view(view: &Viewport, depths: usize) -> std::ops::Range<usize> {
    let first = (view.scroll() / ROW_PX) as usize;
    let end = ((view.scroll() + view.size.1) / ROW_PX).ceil() as usize;
    first.min(depths)..end.min(depths)
}

/// A box, or a run of small ones, in device pixels: `left..right`, the gap included.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Item {
    /// Boxes `first..end` of the row.
    first: usize,
    end: usize,
    left: i32,
    right: i32,
    /// Whether it holds boxes of less than a pixel.
    is_small: bool,
}

impl Item {
    fn count(&self) -> usize {
        self.end - self.first
    }

    fn width(&self) -> i32 {
        self.right - self.left
    }
}

/// The grid of device pixels, and what of data space falls onto it.
struct Grid {
    ratio: f64,
    width: i32,
    small: i32,
    gap: i32,
    span: Span,
    /// Device pixels per unit.
    scale: f64,
    /// Width in data space from which on a box is no small one.
    unit: i64,
}

/// Upper edges of a row and of what comes below it, device pixels.
struct RowLine {
    top: f64,
    end: f64,
}

impl Grid {
    /// `None` when the canvas is too small, or its measures are no numbers.
    fn new(view: &Viewport) -> Option<Self> {
        let ratio = view.ratio;
        let (width, wide) = ((view.size.0 * ratio).round(), view.span.to - view.span.from);
        let small = (SMALL_PX * ratio).round().max(1.0);
        let has_span = wide > 0.0 && wide.is_finite() && view.span.from.is_finite();
        let has_size = width > 2.0 * small && width < 1e6 && view.size.1 > 0.0 && view.size.1 < 1e6;
        if !(ratio > 0.0 && has_span && has_size) {
            return None;
        }
        let scale = width / wide;
        // A pixel is a CSS pixel, or a device pixel where those are larger.
        let unit = (ratio.max(1.0) / scale).ceil().max(1.0);
        Some(Self {
            ratio,
            width: width as i32,
            small: small as i32,
            gap: (GAP_PX * ratio).round().max(1.0) as i32,
            span: view.span,
            scale,
            unit: unit as i64,
        })
    }

    fn x(&self, data: i64) -> i32 {
        ((data as f64 - self.span.from) * self.scale).round().clamp(0.0, f64::from(self.width)) as i32
    }

    fn line(&self, view: &Viewport, depth: usize) -> RowLine {
        let top = view.top_of(depth);
        RowLine { top: (top * self.ratio).round(), end: ((top + ROW_PX) * self.ratio).round() }
    }

    /// A whole row without its gap.
    fn row_rect(&self, line: &RowLine) -> Rect {
        let css = |device: f64| (device / self.ratio) as f32;
        let h = css(line.end - line.top - f64::from(self.gap));
        Rect { x: 0.0, y: css(line.top), w: css(f64::from(self.width)), h, radius: 0.0 }
    }

    /// The painted part of an item: without its gap, as far as it can spare one.
    fn rect(&self, item: Item, line: &RowLine) -> Rect {
        let gap = match item.width() {
            w if w > 3 * self.gap => self.gap,
            w if w > 1 => 1,
            _ => 0,
        };
        let w = (f64::from(item.width() - gap) / self.ratio) as f32;
        Rect {
            x: (f64::from(item.left) / self.ratio) as f32,
            w,
            radius: if w >= ROUND_PX { RADIUS_PX } else { 0.0 },
            ..self.row_rect(line)
        }
    }
}

/// Calls `visit` with the items of a row from left to right.
fn lay_out<R: Rows + ?Sized>(rows: &R, depth: usize, grid: &Grid, mut visit: impl FnMut(Item)) {
    let Some(whole) = box_at(rows, 0, 0) else { return };
    let first = ending_after(rows, depth, grid.span.from.max(whole.start as f64));
    let end = starting_from(rows, depth, first, grid.span.to.min(whole.end as f64));
    let mut placed: Option<Item> = None;
    let mut at = first;
    while at < end {
        let (left, mut right) = (rows.start(depth, at), rows.end(depth, at));
        let is_small = right - left < grid.unit;
        let mut next = at + 1;
        if is_small {
            next = rows.run_end(depth, at, grid.unit).clamp(next, end);
            right = rows.end(depth, next - 1);
        }
        let item = Item { first: at, end: next, left: grid.x(left), right: grid.x(right), is_small };
        at = next;
        placed = Some(place(item, placed, grid, &mut visit));
    }
    placed.into_iter().for_each(visit);
}

/// Places an item behind the one before, which is final then and visited, or becomes part of it.
fn place(mut item: Item, before: Option<Item>, grid: &Grid, visit: &mut impl FnMut(Item)) -> Item {
    let least = if item.is_small { grid.small } else { 1 };
    let Some(mut before) = before else {
        item.left = item.left.min(grid.width - least);
        item.right = item.right.max(item.left + least);
        return item;
    };
    let is_covered = if item.is_small { item.left < before.right } else { item.right <= before.right };
    if before.is_small && is_covered {
        return Item { end: item.end, right: before.right.max(item.right), ..before };
    }
    item.left = item.left.max(before.right);
    if item.left + least > grid.width {
        // At the right edge there is room only at the cost of what stands there.
        item.left = grid.width - least;
        before.right = before.right.min(item.left);
        if before.width() < 1 {
            return Item {
                first: before.first,
                left: before.left.min(item.left),
                right: grid.width,
                is_small: true,
                ..item
            };
        }
    }
    item.right = item.right.max(item.left + least);
    visit(before);
    item
}

/// Turns items into rectangles and texts.
struct Pen<'a, R: ?Sized, L: ?Sized> {
    rows: &'a R,
    look: &'a L,
    metrics: &'a Metrics,
    list: &'a mut PaintList,
    has_search: bool,
}

impl<R: Rows + ?Sized, L: Look + ?Sized> Pen<'_, R, L> {
    fn item(&mut self, depth: usize, item: Item, rect: Rect) {
        if item.count() > 1 {
            self.small(depth, item, rect);
        } else if let Some(at) = box_at(self.rows, depth, item.first) {
            self.frame(&at, rect);
        }
    }

    fn small(&mut self, depth: usize, item: Item, rect: Rect) {
        self.list.merged += item.count() as u64;
        let fill = if self.has_search { Paint::DIM } else { Paint::SMALL };
        self.list.rect(Layer::Under, fill, rect);
        if self.look.selected().is_some_and(|(d, i)| d == depth && (item.first..item.end).contains(&i)) {
            self.outline(rect, 2.0);
        }
        if f64::from(rect.w) < TEXT_PX {
            return;
        }
        let mark = self.list.mark();
        self.list.letters().push_str(&units::grouped(item.count() as i64));
        self.list.letters().push_str(" small frames");
        let (_, paint) = fill.texts(false);
        let room = f64::from(rect.w) - 12.0;
        if self.metrics.sans_width(self.list.since(mark)) <= room {
            self.list.keep(mark, TextKind::Label, paint, (f64::from(rect.x) + 6.0, middle(rect)), room);
        } else {
            self.list.drop_since(mark);
        }
    }

    fn frame(&mut self, at: &FlameBox, rect: Rect) {
        self.list.boxes += 1;
        let marks = self.look.marks(at);
        let is_dimmed = self.has_search && !marks.is_match;
        let fill = if is_dimmed { Paint::DIM } else { self.look.fill(at.node) };
        self.list.rect(Layer::Under, fill, rect);
        if fill == Paint::GC {
            hatch(rect, self.list);
        }
        if marks.is_hovered {
            self.list.rect(Layer::Over, Paint::HOVER, rect);
        }
        if marks.is_selected {
            self.outline(rect, 2.0);
        } else if marks.is_same_function {
            self.outline(rect, 1.0);
        }
        if marks.is_match && self.has_search {
            self.list.matches += 1;
            let h = snapped(2.0, self.list.ratio);
            self.list.rect(Layer::Top, Paint::INK, Rect { y: rect.y + rect.h - h, h, radius: 0.0, ..rect });
        }
        if f64::from(rect.w) >= TEXT_PX {
            self.label(at, rect, fill, marks);
        }
    }

    /// Name on the left, figure on the right, place between, as far as each fits.
    fn label(&mut self, at: &FlameBox, rect: Rect, fill: Paint, marks: Marks) {
        let inset = if marks.is_selected { 7.0 } else { 6.0 };
        let room = f64::from(rect.w) - 2.0 * inset;
        let (left, y) = (f64::from(rect.x) + inset, middle(rect));
        let (strong, quiet) = fill.texts(marks.is_hovered);
        let name = self.look.name(at.node);
        let Some(fit) = self.metrics.fit_mono(name, room) else { return };
        let mark = self.list.mark();
        self.list.letters().push_str(&name[..fit.end]);
        if fit.is_cut {
            self.list.letters().push(ELLIPSIS);
        }
        let kind = if marks.is_selected { TextKind::NameStrong } else { TextKind::Name };
        self.patch(fill, rect, left, fit.width);
        self.list.keep(mark, kind, strong, (left, y), room);
        if fit.is_cut {
            return;
        }
        let figure = self.figure(at, rect, fill, quiet, (left, room, fit.width));
        let free = room - fit.width - figure - 12.0;
        if free > 60.0 {
            self.place(at.node, quiet, (left + fit.width + 10.0, y), free);
        }
    }

    /// Writes the figure if name, figure and 18 pixels fit; gives the room that it takes.
    fn figure(&mut self, at: &FlameBox, rect: Rect, fill: Paint, paint: Paint, name: (f64, f64, f64)) -> f64 {
        const FIGURE_MIN: f64 = 20.0;
        let (left, room, name_width) = name;
        let free = room - name_width - 18.0;
        if free < FIGURE_MIN {
            return 0.0;
        }
        let mark = self.list.mark();
        self.look.write_figure(at, self.list.letters());
        let width = self.metrics.sans_width(self.list.since(mark));
        if width > free || width <= 0.0 {
            self.list.drop_since(mark);
            return 0.0;
        }
        self.patch(fill, rect, left + room - width, width);
        self.list.keep(mark, TextKind::Figure, paint, (left + room, middle(rect)), width + 1.0);
        width + 16.0
    }

    fn place(&mut self, node: u32, paint: Paint, at: (f64, f64), room: f64) {
        let mark = self.list.mark();
        self.look.write_place(node, self.list.letters());
        let Some(fit) = self.metrics.fit_sans(self.list.since(mark), room) else {
            return self.list.drop_since(mark);
        };
        self.list.drop_since(mark + fit.end);
        if fit.is_cut {
            self.list.letters().push(ELLIPSIS);
        }
        self.list.keep(mark, TextKind::Label, paint, at, room);
    }

    /// Plain fill behind text on a hatch, so that no line crosses letters.
    fn patch(&mut self, fill: Paint, rect: Rect, left: f64, width: f64) {
        if fill == Paint::GC {
            let (x, w) = ((left - 3.0) as f32, (width + 6.0) as f32);
            let patch = Rect { x, y: rect.y + 3.0, w, h: rect.h - 6.0, radius: 0.0 };
            self.list.rect(Layer::Over, fill, patch);
        }
    }

    /// A frame of ink inside a box. Four bars: unlike a stroke they are crisp at any ratio.
    fn outline(&mut self, rect: Rect, thickness: f64) {
        outline(self.list, rect, thickness, Paint::INK);
    }
}

fn middle(rect: Rect) -> f64 {
    f64::from(rect.y + rect.h / 2.0) + 0.5
}

/// A frame inside a rectangle, in whole device pixels; the whole rectangle where that is too narrow.
pub(super) fn outline(list: &mut PaintList, rect: Rect, thickness: f64, paint: Paint) {
    let t = snapped(thickness, list.ratio);
    let mut bar = |x, y, w, h| list.rect(Layer::Top, paint, Rect { x, y, w, h, radius: 0.0 });
    if rect.w <= 2.0 * t || rect.h <= 2.0 * t {
        return bar(rect.x, rect.y, rect.w, rect.h);
    }
    bar(rect.x, rect.y, rect.w, t);
    bar(rect.x, rect.y + rect.h - t, rect.w, t);
    bar(rect.x, rect.y + t, t, rect.h - 2.0 * t);
    bar(rect.x + rect.w - t, rect.y + t, t, rect.h - 2.0 * t);
}

/// A thickness in whole device pixels, at least one.
pub(super) fn snapped(thickness: f64, ratio: f64) -> f32 {
    ((thickness * ratio).round().max(1.0) / ratio) as f32
}

/// Lines at 45°, cut to the rectangle. They hang on its left edge, so that they move with it.
fn hatch(rect: Rect, list: &mut PaintList) {
    let (w, h) = (rect.w, rect.h);
    let point = |x: f32, y: f32| (rect.x + x, rect.y + y);
    // On a line x + y is constant.
    let mut sum = HATCH_PITCH_PX / 2.0;
    while sum < w + h {
        let from = point((sum - h).max(0.0), sum.min(h));
        let to = point(sum.min(w), (sum - w).max(0.0));
        list.line(Line { from, to });
        sum += HATCH_PITCH_PX;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::testing::{Plain, Tree, picture};

    fn view(width: f64, to: f64) -> Viewport {
        let span = Span { from: 0.0, to };
        Viewport { size: (width, 100.0), ratio: 1.0, span, scroll: 0.0, upwards: false, zoom_depth: 0 }
    }

    fn painted(tree: &Tree, look: &Plain<'_>, view: &Viewport) -> PaintList {
        let mut list = PaintList::new();
        flame(&tree.by_weight(), look, view, &Metrics::fixed(6.0, 5.0), &mut list);
        list
    }

    #[test]
    fn a_picture() {
        let tree = picture("parse lex 60\nparse 20\n(gc) 20");
        let list = painted(&tree, &Plain::of(&tree), &view(300.0, 100.0));
        assert_eq!(
            list.snapshot(),
            "Under --surface-3 0,0 299×19 r2\n\
             Under --flame-gc 240,20 59×19 r2\n\
             Under --flame-own-01 0,20 239×19 r2\n\
             Under --flame-own-01 0,40 179×19 r2\n\
             Hatch 13 lines\n\
             Over --flame-gc 243,23 30×13\n\
             Name --flame-text 6,10 \"all\"\n\
             Name --flame-text 6,30 \"parse\"\n\
             Name --flame-text 246,30 \"(gc)\"\n\
             Name --flame-text 6,50 \"lex\"\n\
             Label --flame-text-2 46,30 \"file.js:0\"\n\
             Label --flame-text-2 34,50 \"file.js:1\"\n\
             Figure --flame-text-2 293,10 \"100\"\n\
             Figure --flame-text-2 233,30 \"80\"\n\
             Figure --flame-text-2 173,50 \"60\"\n"
        );
        assert_eq!((list.boxes, list.merged, list.content_height), (4, 0, 60.0));
    }

    #[test]
    fn texts_fit_or_are_cut_or_dropped() {
        let tree = picture("handler 1");
        let texts = |width: f64| {
            let list = painted(&tree, &Plain::of(&tree), &Viewport { scroll: 20.0, ..view(width, 1.0) });
            let all = TextKind::ALL.map(|kind| list.texts(kind).map(|(_, t)| t.to_owned()).collect::<String>());
            all.into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" | ")
        };
        // One pixel of the width is the gap, twelve are the insets.
        assert_eq!(texts(24.0), "", "narrower than 24 pixels");
        assert_eq!(texts(30.0), "", "not even two letters");
        assert_eq!(texts(31.0), "ha…");
        assert_eq!(texts(54.0), "handl…");
        assert_eq!(texts(55.0), "handler");
        assert_eq!(texts(74.0), "handler", "not enough for name, figure and 18 pixels");
        assert_eq!(texts(75.0 + 18.0), "handler | 1");
        assert_eq!(texts(13.0 + 42.0 + 21.0 + 12.0 + 60.0), "handler | 1");
        assert_eq!(texts(13.0 + 42.0 + 21.0 + 12.0 + 61.0), "handler | file.js:0 | 1");
    }

    #[test]
    fn small_boxes_share_one_and_say_how_many() {
        let many: String = (0..400).map(|i| format!("A f{i} 1\n")).collect();
        let tree = picture(&(many + "A 100\nB 500"));
        let list = painted(&tree, &Plain::of(&tree), &view(300.0, 1000.0));
        assert_eq!((list.boxes, list.merged), (3, 400));
        let text = list.snapshot();
        assert!(text.contains("Under --flame-small 0,40 119×19 r2\n"), "{text}");
        assert!(text.contains("Label --flame-text-2 6,50 \"400 small frames\""), "{text}");
        let hit = hit(&tree.by_weight(), &view(300.0, 1000.0), 70.0, 45.0).expect("the small box");
        let small = SmallBoxes { depth: 2, index: 0, count: 400, start: 0, end: 400 };
        assert_eq!(hit, Hit::Small(small, Rect { x: 0.0, y: 40.0, w: 119.0, h: 19.0, radius: 2.0 }));
    }

    #[test]
    fn what_holds_next_to_nothing_is_still_seen() {
        let tree = picture("A 999999\nB 1");
        let list = painted(&tree, &Plain::of(&tree), &view(300.0, 1e6));
        // The one small box keeps its colour; it takes its two pixels from A.
        assert!(list.snapshot().contains("--flame-own-01 0,20 297×19 r2\nUnder --flame-own-01 298,20 1×19\n"));
        let tree = picture("A 500000\nB 1\nC 499999");
        let by_name = tree.by_name();
        let mut list = PaintList::new();
        let middle = view(300.0, 1e6);
        flame(&by_name, &Plain::of(&tree), &middle, &Metrics::fixed(6.0, 5.0), &mut list);
        assert_eq!(list.boxes, 4);
        let at = |x: f64| hit(&by_name, &middle, x, 25.0).map(|h| (h.rect().x, h.rect().w));
        assert_eq!([at(149.9), at(150.0), at(152.0)], [Some((0.0, 149.0)), Some((150.0, 1.0)), Some((152.0, 147.0))]);
    }

    #[test]
    fn marks_are_laid_on() {
        let tree = picture("A B 50\nC A' 30\nD 20");
        let look = Plain { selected: "A", hovered: "C", ..Plain::of(&tree) };
        let text = painted(&tree, &look, &view(300.0, 100.0)).snapshot();
        assert!(text.contains("Over --flame-selected 0.14 150,20 89×19 r2\n"), "{text}");
        let top: Vec<_> = text.lines().filter(|l| l.starts_with("Top")).collect();
        assert_eq!(
            top,
            [
                "Top --flame-selected 0,20 149×2",
                "Top --flame-selected 0,37 149×2",
                "Top --flame-selected 0,22 2×15",
                "Top --flame-selected 147,22 2×15",
                "Top --flame-selected 150,40 89×1",
                "Top --flame-selected 150,58 89×1",
                "Top --flame-selected 150,41 1×17",
                "Top --flame-selected 238,41 1×17",
            ]
        );
        assert!(text.contains("NameStrong --flame-text 7,30 \"A\""));
    }

    #[test]
    fn a_search_dims_what_does_not_match() {
        let tree = picture("render 60\n(gc) 40");
        let look = Plain { search: "ren", ..Plain::of(&tree) };
        let list = painted(&tree, &look, &view(300.0, 100.0));
        assert_eq!(list.matches, 1);
        let text = list.snapshot();
        assert!(text.contains("Under --flame-dim 180,20 119×19 r2"), "{text}");
        assert!(text.contains("Name --flame-dim-text 186,30 \"(gc)\""), "{text}");
        assert!(text.contains("Top --flame-selected 0,37 179×2"), "{text}");
        assert!(!text.contains("Hatch"), "a dimmed box has no hatch");
    }

    #[test]
    fn a_zoomed_box_is_full_width_under_its_callers() {
        let tree = picture("A B C 10\nA D 30\nE 60");
        let rows = tree.by_name();
        let (start, end) = (rows.start(2, 0), rows.end(2, 0));
        let zoomed = Viewport { span: Span::part(start, end, 0.0, 1.0), zoom_depth: 2, ..view(200.0, 0.0) };
        let mut list = PaintList::new();
        flame(&rows, &Plain::of(&tree), &zoomed, &Metrics::fixed(6.0, 5.0), &mut list);
        let text = list.snapshot();
        let fills: Vec<_> = text.lines().filter(|l| l.starts_with("Under") || l.starts_with("Over")).collect();
        assert_eq!(
            fills,
            [
                "Under --surface-3 0,0 199×19 r2",
                "Under --flame-own-01 0,20 199×19 r2",
                "Under --flame-own-01 0,40 199×19 r2",
                "Under --flame-own-01 0,60 199×19 r2",
                "Over --surface-1 0.35 0,0 200×19",
                "Over --surface-1 0.35 0,20 200×19",
            ]
        );
    }

    #[test]
    fn upwards_the_root_is_at_the_bottom() {
        let tree = picture("A B 1");
        let up = Viewport { upwards: true, ..view(200.0, 1.0) };
        let list = painted(&tree, &Plain::of(&tree), &up);
        let text = list.snapshot();
        assert!(text.contains("--surface-3 0,80 199×19 r2"), "{text}");
        assert!(text.contains("--flame-own-01 0,40 199×19 r2"), "{text}");
        let depth = |y| match hit(&tree.by_weight(), &up, 5.0, y) {
            Some(Hit::Box(b, _)) => Some(b.depth),
            _ => None,
        };
        assert_eq!([10.0, 40.0, 59.0, 60.0, 99.0].map(depth), [None, Some(2), Some(2), Some(1), Some(0)]);
        let scrolled = Viewport { scroll: 20.0, ..up };
        assert!(painted(&tree, &Plain::of(&tree), &scrolled).snapshot().contains("--flame-own-01 0,80 199×19"));
    }

    #[test]
    fn a_line_stands_behind_the_last_row() {
        let tree = picture("A B 1");
        let mut list = painted(&tree, &Plain::of(&tree), &view(200.0, 1.0));
        line_behind("more", 3, &view(200.0, 1.0), &mut list);
        assert!(list.snapshot().contains("8,70 \"more\""), "{}", list.snapshot());
        assert_eq!(list.content_height, 80.0, "a row more to scroll to");
    }

    #[test]
    fn scrolling_leaves_out_what_is_not_in_view() {
        let tree = picture("a b c d e f g h i j k l 1");
        let list = painted(&tree, &Plain::of(&tree), &Viewport { scroll: 110.0, ..view(200.0, 1.0) });
        assert_eq!(list.boxes, 6, "half a row at either edge");
        assert_eq!(list.content_height, 260.0);
        let far = painted(&tree, &Plain::of(&tree), &Viewport { scroll: 1e300, ..view(200.0, 1.0) });
        assert_eq!(far.boxes, 0);
    }

    #[test]
    fn edges_lie_on_device_pixels() {
        let tree = picture("A 1\nB 1\nC 1");
        for ratio in [0.75, 1.0, 1.25, 1.5, 2.0, 3.0] {
            let list = painted(&tree, &Plain::of(&tree), &Viewport { ratio, scroll: 3.3, ..view(250.0, 3.0) });
            for (_, rects) in Layer::ALL.into_iter().flat_map(|layer| list.rects(layer)) {
                for r in rects {
                    for edge in [r.x, r.y, r.x + r.w, r.y + r.h] {
                        let device = f64::from(edge) * ratio;
                        assert!((device - device.round()).abs() < 1e-3, "{r:?} at {ratio}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_selected_small_box_is_outlined() {
        let many: String = (0..400).map(|i| format!("f{i} 1\n")).collect();
        let tree = picture(&many);
        let look = Plain { selected_at: Some((1, 77)), ..Plain::of(&tree) };
        let text = painted(&tree, &look, &view(100.0, 400.0)).snapshot();
        assert!(text.contains("Top --flame-selected 0,20 99×2\n"), "{text}");
    }

    #[test]
    fn a_hatch_stays_inside_its_box() {
        let mut list = PaintList::new();
        for w in [1.0, 5.0, 19.0, 40.0] {
            list.clear((100.0, 100.0), 1.0);
            hatch(Rect { x: 10.0, y: 20.0, w, h: 19.0, radius: 0.0 }, &mut list);
            assert!(!list.hatch().is_empty());
            for (x, y) in list.hatch().iter().flat_map(|line| [line.from, line.to]) {
                assert!((10.0..=10.0 + w).contains(&x) && (20.0..=39.0).contains(&y), "{x},{y}");
            }
            for line in list.hatch() {
                let slope = (line.to.1 - line.from.1) / (line.to.0 - line.from.0);
                assert!((slope + 1.0).abs() < 1e-3, "{line:?}");
            }
        }
    }

    #[test]
    fn spans_are_clamped_and_blend() {
        assert_eq!(Span::part(100, 200, 0.0, 1.0), Span { from: 100.0, to: 200.0 });
        assert_eq!(Span::part(100, 200, -3.0, 0.5), Span { from: 100.0, to: 150.0 });
        assert_eq!(Span::part(100, 200, 0.9, 0.2), Span { from: 190.0, to: 191.0 });
        assert_eq!(Span::part(100, 200, 1.0, 1.0), Span { from: 199.0, to: 200.0 });
        assert_eq!(Span::part(100, 200, f64::NAN, f64::INFINITY), Span { from: 100.0, to: 200.0 });
        assert_eq!(Span::part(7, 7, 0.0, 1.0), Span { from: 7.0, to: 8.0 });
        let (a, b) = (Span { from: 0.0, to: 1000.0 }, Span { from: 400.0, to: 410.0 });
        assert_eq!(Span::between(a, b, 0.0), a);
        let end = Span::between(a, b, 1.0);
        assert!((end.from - b.from).abs() < 1e-9 && (end.to - b.to).abs() < 1e-9);
        let half = Span::between(a, b, 0.5);
        assert!((half.to - half.from - 100.0).abs() < 1e-9, "a tenth, then another tenth");
        assert!(half.from > 0.0 && half.to < 1000.0 && half.from < 400.0 && half.to > 410.0);
        assert_eq!(Span::between(a, Span { from: 100.0, to: 1100.0 }, 0.5).from, 50.0);
    }

    #[test]
    fn no_size_and_no_width_is_no_picture() {
        let tree = picture("A 1");
        for broken in [
            view(0.0, 1.0),
            view(f64::NAN, 1.0),
            view(f64::INFINITY, 1.0),
            view(100.0, 0.0),
            view(100.0, f64::NAN),
            Viewport { ratio: 0.0, ..view(100.0, 1.0) },
            Viewport { ratio: f64::NAN, ..view(100.0, 1.0) },
            Viewport { size: (100.0, 0.0), ..view(100.0, 1.0) },
        ] {
            assert_eq!(painted(&tree, &Plain::of(&tree), &broken).boxes, 0);
            assert_eq!(hit(&tree.by_weight(), &broken, 1.0, 1.0), None);
        }
        let list = painted(&tree, &Plain::of(&tree), &Viewport { scroll: f64::NAN, ..view(100.0, 1.0) });
        assert_eq!(list.boxes, 2);
    }
}
