//! Fills the pixels of a picture from its list.
//!
//! A browser without a graphics processor fills a canvas on the thread that paints, and needs a
//! multiple of what the same boxes cost here: it keeps a record of each call, cuts paths into
//! spans, and shapes each text anew. Boxes end between device pixels and letters repeat, so what
//! is left are runs of equal pixels and a few hundred small masks.
//!
//! Letters come as masks of coverage, each once per font, size and place between two pixels, from
//! whoever knows fonts ([`Letters`]). Texts that are more than a row of single letters, such as
//! joined scripts, are left to that painter: see [`Raster::paint`].

use super::list::{Layer, Line, PaintList, Rect, Text, TextKind};
use super::metrics::Metrics;
use super::theme::{Paint, Palette};
use super::{Align, letter_number};

/// Width of the lines of a hatch, CSS pixels.
const HATCH_PX: f64 = 1.6;

/// Places between two pixels that a letter may stand at.
pub const PHASES: usize = 4;

/// Edges this near to a device pixel's lie on it: coordinates are single precision.
const NEAR: f64 = 1.0 / 64.0;

/// Fonts of [`TextKind`]: name, selected name, label and figure, rank and range.
const FONTS: usize = 4;

/// Red, green, blue and opacity, each 0 to 255, in the order of memory.
pub type Pixel = u32;

/// How much of each pixel a letter covers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mask {
    /// Left edge, device pixels right of the letter's place.
    pub left: i32,
    /// Upper edge, device pixels below the middle of the line.
    pub top: i32,
    /// Pixels in a row; 0 for a blank.
    pub width: usize,
    /// Row after row, 0 for none and 255 for all of a pixel.
    pub coverage: Vec<u8>,
}

impl Mask {
    /// The part of a field of pixels that a letter covers. `origin` is the pixel of the field at
    /// the letter's place in the middle of the line.
    pub fn cut_out(field: &[u8], width: usize, origin: (i32, i32)) -> Self {
        let rows = || field.chunks_exact(width.max(1));
        let Some(top) = rows().position(|row| row.iter().any(|&c| c > 0)) else { return Self::default() };
        let end = rows().rposition(|row| row.iter().any(|&c| c > 0)).map_or(top, |last| last + 1);
        let covered = |x: &usize| rows().any(|row| row[*x] > 0);
        let left = (0..width).find(covered).unwrap_or(0);
        let right = (0..width).rfind(covered).map_or(left, |last| last + 1);
        let coverage = rows().take(end).skip(top).flat_map(|row| &row[left..right]).copied().collect();
        Self { left: left as i32 - origin.0, top: top as i32 - origin.1, width: right - left, coverage }
    }
}

/// Knows fonts.
pub trait Letters {
    /// The masks of a letter at each of [`PHASES`] places from one pixel to the next, that many
    /// device pixels per CSS pixel.
    fn draw(&mut self, kind: TextKind, letter: char, ratio: f64) -> [Mask; PHASES];
}

/// The pixels of a canvas.
#[derive(Debug, Default)]
pub struct Raster {
    pixels: Vec<Pixel>,
    width: usize,
    height: usize,
    ratio: f64,
    masks: Masks,
    corners: Vec<Corner>,
}

impl Raster {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Width in device pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in device pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Row after row from the upper left corner: red, green, blue and opacity of each pixel.
    pub fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.pixels)
    }

    /// Forgets how letters look: the fonts are others now.
    pub fn forget_letters(&mut self) {
        self.masks = Masks::default();
    }

    /// Paints a picture over all of what was there. Texts with a character that
    /// [`Metrics`] did not measure are left out: they have to be shaped.
    pub fn paint(&mut self, list: &PaintList, palette: &Palette, metrics: &Metrics, letters: &mut dyn Letters) {
        self.clear(list, palette);
        self.fills(list, Layer::Under, palette);
        list.hatch().iter().for_each(|line| self.stroke(line, palette.rgb(Paint::GC_LINE)));
        self.fills(list, Layer::Over, palette);
        self.texts(list, false, palette, metrics, letters);
        self.fills(list, Layer::Top, palette);
        self.texts(list, true, palette, metrics, letters);
    }

    fn clear(&mut self, list: &PaintList, palette: &Palette) {
        if self.ratio != list.ratio {
            self.forget_letters();
            self.corners.clear();
        }
        let device = |css: f64| (css * list.ratio).round().clamp(1.0, f64::from(SIDE_MAX)) as usize;
        (self.width, self.height, self.ratio) = (device(list.size.0), device(list.size.1), list.ratio);
        self.pixels.clear();
        self.pixels.resize(self.width * self.height, opaque(palette.rgb(Paint::GROUND)));
    }

    fn fills(&mut self, list: &PaintList, layer: Layer, palette: &Palette) {
        for (paint, rects) in list.rects(layer) {
            let (colour, alpha) = (palette.rgb(paint), (paint.alpha() * 255.0).round() as u32);
            rects.iter().for_each(|rect| self.rect(rect, colour, alpha));
        }
    }

    fn rect(&mut self, rect: &Rect, colour: [u8; 3], alpha: u32) {
        let edges = [rect.x, rect.y, rect.x + rect.w, rect.y + rect.h].map(|edge| f64::from(edge) * self.ratio);
        let whole = edges.map(f64::round_ties_even);
        let is_whole = edges.iter().zip(whole).all(|(edge, whole)| (edge - whole).abs() < NEAR);
        let [left, top, right, bottom] = whole.map(|edge| edge as i32);
        if rect.radius > 0.0 {
            self.round(Area { left, top, right, bottom }, f64::from(rect.radius) * self.ratio, colour, alpha);
        } else if is_whole {
            self.area(Area { left, top, right, bottom }, colour, alpha);
        } else {
            self.between_pixels(edges, colour, alpha);
        }
    }

    /// The part of an area that lies on the canvas, as columns and rows.
    fn clip(&self, area: Area) -> Option<[usize; 4]> {
        let clip = |at: i32, most: usize| usize::try_from(at).unwrap_or(0).min(most);
        let [left, right] = [area.left, area.right].map(|x| clip(x, self.width));
        let [top, bottom] = [area.top, area.bottom].map(|y| clip(y, self.height));
        (left < right && top < bottom).then_some([left, top, right, bottom])
    }

    fn area(&mut self, area: Area, colour: [u8; 3], alpha: u32) {
        let Some([left, top, right, bottom]) = self.clip(area) else { return };
        let pixel = opaque(colour);
        let mut start = top * self.width + left;
        for _ in top..bottom {
            let run = &mut self.pixels[start..start + right - left];
            if alpha >= 255 {
                run.fill(pixel);
            } else {
                run.iter_mut().for_each(|under| *under = laid(pixel, *under, alpha));
            }
            start += self.width;
        }
    }

    /// A rectangle with rounded corners, between whole pixels.
    fn round(&mut self, area: Area, radius: f64, colour: [u8; 3], alpha: u32) {
        let most = f64::from((area.right - area.left).min(area.bottom - area.top)) / 2.0;
        let radius = radius.min(most).max(0.0);
        let number = self.corners.iter().position(|corner| corner.radius == radius).unwrap_or_else(|| {
            self.corners.push(Corner::new(radius));
            self.corners.len() - 1
        });
        let side = self.corners[number].side as i32;
        let Area { left, top, right, bottom } = area;
        self.area(Area { left: left + side, right: right - side, ..area }, colour, alpha);
        for (from, to) in [(left, left + side), (right - side, right)] {
            self.area(Area { left: from, right: to, top: top + side, bottom: bottom - side }, colour, alpha);
        }
        for y in 0..side {
            for x in 0..side {
                let alpha = divided(alpha * self.corners[number].at(x, y));
                let (at_right, at_bottom) = (right - 1 - x, bottom - 1 - y);
                for at in [(left + x, top + y), (at_right, top + y), (left + x, at_bottom), (at_right, at_bottom)] {
                    self.dot(at, colour, alpha);
                }
            }
        }
    }

    fn dot(&mut self, (x, y): (i32, i32), colour: [u8; 3], alpha: u32) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x < self.width && y < self.height {
            let under = &mut self.pixels[y * self.width + x];
            *under = laid(opaque(colour), *under, alpha);
        }
    }

    /// A rectangle whose edges lie within pixels: those are covered by parts.
    fn between_pixels(&mut self, [left, top, right, bottom]: [f64; 4], colour: [u8; 3], alpha: u32) {
        let outer = Area {
            left: left.floor() as i32,
            top: top.floor() as i32,
            right: right.ceil() as i32,
            bottom: bottom.ceil() as i32,
        };
        let Some([from_x, from_y, to_x, to_y]) = self.clip(outer) else { return };
        let part = |at: usize, from: f64, to: f64| (to.min(at as f64 + 1.0) - from.max(at as f64)).clamp(0.0, 1.0);
        for y in from_y..to_y {
            let down = part(y, top, bottom) * f64::from(alpha);
            for x in from_x..to_x {
                let alpha = (down * part(x, left, right)).round() as u32;
                self.dot((x as i32, y as i32), colour, alpha);
            }
        }
    }

    /// A line of a hatch: a pixel is covered by what its middle lies within the line's width.
    fn stroke(&mut self, line: &Line, colour: [u8; 3]) {
        let scaled = |(x, y): (f32, f32)| (f64::from(x) * self.ratio, f64::from(y) * self.ratio);
        let (from, to) = (scaled(line.from), scaled(line.to));
        let half = HATCH_PX * self.ratio / 2.0;
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        if !(length > 0.0 && length < f64::from(SIDE_MAX)) {
            return;
        }
        let reach = half + 1.0;
        let Some([left, top, right, bottom]) = self.clip(Area {
            left: (from.0.min(to.0) - reach).floor() as i32,
            top: (from.1.min(to.1) - reach).floor() as i32,
            right: (from.0.max(to.0) + reach).ceil() as i32,
            bottom: (from.1.max(to.1) + reach).ceil() as i32,
        }) else {
            return;
        };
        for y in top..bottom {
            for x in left..right {
                let (px, py) = (x as f64 + 0.5 - from.0, y as f64 + 0.5 - from.1);
                let along = (px * dx + py * dy) / length;
                let aside = ((px * dy - py * dx) / length).abs();
                let within = |room: f64| (room + 0.5).clamp(0.0, 1.0);
                let covered = within(half - aside) * within(along).min(within(length - along));
                self.dot((x as i32, y as i32), colour, (covered * 255.0).round() as u32);
            }
        }
    }

    fn texts(
        &mut self,
        list: &PaintList,
        on_top: bool,
        palette: &Palette,
        metrics: &Metrics,
        letters: &mut dyn Letters,
    ) {
        for kind in TextKind::ALL.into_iter().filter(|kind| kind.is_on_top() == on_top) {
            for (text, words) in list.texts(kind).filter(|(_, words)| is_plain(words)) {
                self.text(kind, text, words, palette.rgb(text.paint), metrics, letters);
            }
        }
    }

    fn text(
        &mut self,
        kind: TextKind,
        text: &Text,
        words: &str,
        colour: [u8; 3],
        metrics: &Metrics,
        letters: &mut dyn Letters,
    ) {
        let start = match kind.align() {
            Align::Left => 0.0,
            Align::Right => metrics.width(kind, words),
            Align::Centre => metrics.width(kind, words) / 2.0,
        };
        let y = (f64::from(text.y) * self.ratio).round() as i32;
        let mut x = (f64::from(text.x) - start) * self.ratio;
        for letter in words.chars() {
            // The nearest place that there is a mask for.
            let quarters = (x * PHASES as f64).round_ties_even() as i32;
            let (pixel, phase) = (quarters.div_euclid(PHASES as i32), quarters.rem_euclid(PHASES as i32));
            let place = self.masks.place(kind, letter, phase as usize, self.ratio, letters);
            let width = self.width;
            self.masks.lay(place, (pixel, y), opaque(colour), &mut self.pixels, width);
            x += metrics.advance(kind, letter) * self.ratio;
        }
    }
}

/// Longest side of a canvas, device pixels; browsers allow no more.
const SIDE_MAX: i32 = 16_384;

/// Whether a text is a row of letters that stand for themselves, each of a known width.
pub fn is_plain(text: &str) -> bool {
    text.chars().all(|letter| letter_number(letter).is_some())
}

/// Device pixels, the right and lower edge not included.
#[derive(Debug, Clone, Copy)]
struct Area {
    left: i32,
    top: i32,
    right: i32,
    bottom: i32,
}

/// The upper left corner of a rounded rectangle.
#[derive(Debug)]
struct Corner {
    radius: f64,
    side: usize,
    coverage: Vec<u8>,
}

impl Corner {
    /// Counts points of a fine grid inside the circle.
    fn new(radius: f64) -> Self {
        const FINE: usize = 16;
        let side = radius.ceil() as usize;
        let fine = |pixel: usize, n: usize| pixel as f64 + (n as f64 + 0.5) / FINE as f64;
        let inside = |x: f64, y: f64| (x >= radius || y >= radius) || (radius - x).hypot(radius - y) <= radius;
        let cover = |x: usize, y: usize| {
            let points = (0..FINE * FINE).filter(|n| inside(fine(x, n % FINE), fine(y, n / FINE))).count();
            (points * 255 / (FINE * FINE)) as u8
        };
        let coverage = (0..side * side).map(|n| cover(n % side, n / side)).collect();
        Self { radius, side, coverage }
    }

    fn at(&self, x: i32, y: i32) -> u32 {
        u32::from(self.coverage[y as usize * self.side + x as usize])
    }
}

/// The masks of letters that were needed so far.
#[derive(Debug, Default)]
struct Masks {
    /// By font, letter and phase; `None` before it was drawn.
    places: Vec<Option<Place>>,
    coverage: Vec<u8>,
}

/// Where a mask lies among all.
#[derive(Debug, Clone, Copy)]
struct Place {
    left: i32,
    top: i32,
    width: usize,
    start: usize,
    end: usize,
}

impl Masks {
    fn place(&mut self, kind: TextKind, letter: char, phase: usize, ratio: f64, letters: &mut dyn Letters) -> Place {
        if self.places.is_empty() {
            self.places.resize(FONTS * Metrics::LETTERS * PHASES, None);
        }
        let number = letter_number(letter).unwrap_or_default();
        let first = (font(kind) * Metrics::LETTERS + number) * PHASES;
        if let Some(place) = self.places[first + phase] {
            return place;
        }
        for (mask, at) in letters.draw(kind, letter, ratio).into_iter().zip(first..) {
            let start = self.coverage.len();
            self.coverage.extend_from_slice(&mask.coverage);
            let end = self.coverage.len();
            self.places[at] = Some(Place { left: mask.left, top: mask.top, width: mask.width, start, end });
        }
        self.places[first + phase].unwrap_or(Place { left: 0, top: 0, width: 0, start: 0, end: 0 })
    }

    fn lay(&self, place: Place, (x, y): (i32, i32), colour: Pixel, pixels: &mut [Pixel], width: usize) {
        if place.width == 0 {
            return;
        }
        let left = x.saturating_add(place.left);
        let (skip, left) = (usize::try_from(-left).unwrap_or(0), usize::try_from(left).unwrap_or(0));
        let run = place.width.min((width + skip).saturating_sub(left)).saturating_sub(skip);
        let mask = self.coverage[place.start..place.end].chunks_exact(place.width);
        for (row, at) in mask.zip(y.saturating_add(place.top)..) {
            let Ok(at) = usize::try_from(at) else { continue };
            let Some(under) = pixels.get_mut(at * width + left..).and_then(|rest| rest.get_mut(..run)) else { return };
            for (pixel, &covered) in under.iter_mut().zip(&row[skip.min(row.len())..]) {
                *pixel = laid(colour, *pixel, u32::from(covered));
            }
        }
    }
}

fn font(kind: TextKind) -> usize {
    match kind {
        TextKind::Name => 0,
        TextKind::NameStrong => 1,
        TextKind::Label | TextKind::Figure => 2,
        TextKind::Rank | TextKind::Range => 3,
    }
}

fn opaque([red, green, blue]: [u8; 3]) -> Pixel {
    Pixel::from_ne_bytes([red, green, blue, 255])
}

/// What is seen of a pixel under an opaque one laid on by `alpha`, 0 to 255.
#[inline]
fn laid(over: Pixel, under: Pixel, alpha: u32) -> Pixel {
    // Two parts at a time in the halves of a word.
    const HALVES: u32 = 0x00ff_00ff;
    let halves = |over: u32, under: u32| {
        let sum = (over & HALVES) * alpha + (under & HALVES) * (255 - alpha) + 0x0080_0080;
        ((sum + ((sum >> 8) & HALVES)) >> 8) & HALVES
    };
    halves(over, under) | halves(over >> 8, under >> 8) << 8
}

/// A product of two numbers up to 255 as one of them, rounded.
fn divided(product: u32) -> u32 {
    (product + 127) / 255
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::testing::Random;
    use crate::draw::theme::mix;

    /// Every letter is a block of two by three pixels, half covered where it stands between pixels.
    struct Blocks {
        drawn: usize,
    }

    impl Letters for Blocks {
        fn draw(&mut self, _: TextKind, letter: char, _: f64) -> [Mask; PHASES] {
            self.drawn += 1;
            std::array::from_fn(|phase| {
                let covered = if phase == 0 { 255 } else { 128 };
                let width = if letter == ' ' { 0 } else { 2 };
                Mask { left: 1, top: -1, width, coverage: vec![covered; width * 3] }
            })
        }
    }

    fn palette() -> Palette {
        let tokens = Palette::tokens().into_iter().enumerate();
        let colour = |i: usize| format!("#{:02x}{:02x}{:02x}", 11 * i % 256, 250 - i, 3 * i % 200);
        Palette::new(&tokens.map(|(i, token)| (token.to_owned(), colour(i))).collect::<Vec<_>>()).expect("all there")
    }

    fn painted(list: &PaintList) -> Raster {
        let mut raster = Raster::new();
        raster.paint(list, &palette(), &Metrics::fixed(6.0, 5.0), &mut Blocks { drawn: 0 });
        raster
    }

    fn list(width: f64, height: f64, ratio: f64) -> PaintList {
        let mut list = PaintList::new();
        list.clear((width, height), ratio);
        list
    }

    fn rect(x: f32, y: f32, w: f32, h: f32, radius: f32) -> Rect {
        Rect { x, y, w, h, radius }
    }

    fn at(raster: &Raster, x: usize, y: usize) -> Pixel {
        raster.pixels[y * raster.width() + x]
    }

    fn rows(raster: &Raster, full: Pixel) -> Vec<String> {
        let ground = at(raster, 0, raster.height() - 1);
        let sign = |pixel: &Pixel| match *pixel {
            p if p == full => '#',
            p if p == ground => '.',
            _ => '+',
        };
        raster.pixels.chunks(raster.width()).map(|row| row.iter().map(sign).collect()).collect()
    }

    #[test]
    fn fills_whole_pixels() {
        let mut list = list(6.0, 4.0, 1.0);
        list.rect(Layer::Under, Paint::ROOT, rect(1.0, 0.0, 2.0, 2.0, 0.0));
        // What lies outside is cut off.
        list.rect(Layer::Under, Paint::ROOT, rect(4.0, -3.0, 9.0, 4.0, 0.0));
        let raster = painted(&list);
        assert_eq!(rows(&raster, opaque(palette().rgb(Paint::ROOT))), [".##.##", ".##...", "......", "......"]);
        assert!(raster.bytes().chunks(4).all(|pixel| pixel[3] == 255), "everything is opaque");
    }

    #[test]
    fn a_device_pixel_is_a_part_of_a_css_pixel() {
        let mut list = list(3.0, 2.0, 2.0);
        list.rect(Layer::Under, Paint::ROOT, rect(0.5, 0.0, 1.0, 0.5, 0.0));
        let raster = painted(&list);
        assert_eq!((raster.width(), raster.height()), (6, 4));
        assert_eq!(rows(&raster, opaque(palette().rgb(Paint::ROOT))), [".##...", "......", "......", "......"]);
    }

    #[test]
    fn corners_are_round_and_alike() {
        let mut list = list(10.0, 8.0, 1.0);
        list.rect(Layer::Under, Paint::ROOT, rect(1.0, 1.0, 8.0, 6.0, 2.0));
        let raster = painted(&list);
        let shown = rows(&raster, opaque(palette().rgb(Paint::ROOT)));
        assert_eq!(
            shown,
            [
                "..........",
                ".++####++.",
                ".+######+.",
                ".########.",
                ".########.",
                ".+######+.",
                ".++####++.",
                ".........."
            ]
        );
        // The corner itself is covered by less than its neighbour, which nearly is by all.
        let corner = Corner::new(2.0);
        assert_eq!(corner.coverage.len(), 4);
        let area: u32 = corner.coverage.iter().map(|&c| u32::from(c)).sum();
        let quarter = std::f64::consts::PI * 255.0;
        assert!((f64::from(area) - quarter).abs() < 4.0, "a quarter of a circle is {quarter}, not {area}");
    }

    #[test]
    fn edges_within_pixels_cover_them_by_parts() {
        let mut list = list(4.0, 3.0, 1.0);
        list.rect(Layer::Under, Paint::ROOT, rect(0.5, 0.0, 2.0, 1.25, 0.0));
        let raster = painted(&list);
        let (over, ground) = (palette().rgb(Paint::ROOT), palette().rgb(Paint::GROUND));
        let part = |colour: [u8; 3]| colour.map(|c| f64::from(c) / 255.0);
        for (x, y, alpha) in [(0, 0, 0.5), (1, 0, 1.0), (2, 0, 0.5), (3, 0, 0.0), (1, 1, 0.25), (0, 1, 0.125)] {
            let wanted = mix(part(over), part(ground), alpha).map(|c| c * 255.0);
            let got = at(&raster, x, y).to_ne_bytes();
            assert!((0..3).all(|i| (wanted[i] - f64::from(got[i])).abs() <= 1.0), "{x},{y}: {got:?}, not {wanted:?}");
        }
    }

    #[test]
    fn laying_a_colour_rounds_to_the_nearest() {
        for (over, under, alpha) in [(200u8, 20u8, 0u32), (200, 20, 255), (255, 0, 128), (7, 250, 31), (0, 255, 254)] {
            let pixel = laid(opaque([over; 3]), opaque([under; 3]), alpha).to_ne_bytes();
            let wanted = (f64::from(over) * f64::from(alpha) + f64::from(under) * f64::from(255 - alpha)) / 255.0;
            assert!((f64::from(pixel[0]) - wanted).abs() <= 0.5, "{over} over {under} at {alpha}: {pixel:?}");
            assert_eq!([pixel[0], pixel[0], pixel[0], 255], pixel);
        }
    }

    #[test]
    fn a_hatch_is_as_wide_as_it_should_be() {
        let mut list = list(40.0, 20.0, 1.0);
        list.line(Line { from: (10.0, 20.0), to: (30.0, 0.0) });
        let raster = painted(&list);
        let line = palette().rgb(Paint::GC_LINE);
        let ground = palette().rgb(Paint::GROUND);
        let red = |colour: u8| f64::from(colour) - f64::from(ground[0]);
        let part = |pixel: &Pixel| red(pixel.to_ne_bytes()[0]) / red(line[0]);
        // In the middle a row is crossed by the line's width times √2.
        let crossed: f64 = raster.pixels.chunks(40).nth(10).expect("a row").iter().map(part).sum();
        assert!((crossed - HATCH_PX * std::f64::consts::SQRT_2).abs() < 0.2, "{crossed}");
    }

    #[test]
    fn letters_are_drawn_once_and_cut_at_the_edges() {
        let mut list = list(20.0, 6.0, 1.0);
        let text = |list: &mut PaintList, words: &str, kind: TextKind, x: f64| {
            let mark = list.mark();
            list.letters().push_str(words);
            list.keep(mark, kind, Paint::TEXT, (x, 3.0), 20.0);
        };
        text(&mut list, "aa", TextKind::Name, 0.0);
        text(&mut list, "a a", TextKind::Name, -2.0);
        text(&mut list, "a", TextKind::Figure, 20.0);
        // Joined letters are the painter's.
        text(&mut list, "ك", TextKind::Name, 12.0);
        let mut raster = Raster::new();
        let mut blocks = Blocks { drawn: 0 };
        raster.paint(&list, &palette(), &Metrics::fixed(6.0, 5.0), &mut blocks);
        assert_eq!(blocks.drawn, 3, "`a` and the blank among names, `a` among figures");
        let shown = rows(&raster, opaque(palette().rgb(Paint::TEXT)));
        let line = "###....##..##...##..".to_owned();
        assert_eq!(shown[1..5], [".".repeat(20), line.clone(), line.clone(), line].map(|l| l)[..]);
        raster.paint(&list, &palette(), &Metrics::fixed(6.0, 5.0), &mut blocks);
        assert_eq!(blocks.drawn, 3, "a second picture needs no new ones");
    }

    #[test]
    fn a_mask_is_what_is_covered() {
        let field = [0, 0, 0, 0, 0, 9, 0, 0, 0, 7, 8, 0, 0, 0, 0, 0];
        let mask = Mask::cut_out(&field, 4, (2, 1));
        assert_eq!(mask, Mask { left: -1, top: 0, width: 2, coverage: vec![9, 0, 7, 8] });
        assert_eq!(Mask::cut_out(&[0; 9], 3, (0, 0)), Mask::default());
        assert_eq!(Mask::cut_out(&[], 0, (0, 0)), Mask::default());
    }

    /// Rectangles of any place and size leave every pixel opaque and nothing outside touched: the
    /// slices would panic.
    #[test]
    fn nothing_lies_outside() {
        let mut random = Random::new(5);
        for _ in 0..200 {
            let ratio = [1.0, 1.25, 1.5, 2.0, 3.0][random.below(5) as usize];
            let mut list = list(30.0, 20.0, ratio);
            for _ in 0..20 {
                let mut any = |size: f64| ((random.part() - 0.3) * size * 2.0) as f32;
                let (x, y, w, h, radius) = (any(30.0), any(20.0), any(30.0), any(20.0), any(3.0));
                let layer = if radius > 0.0 { Layer::Under } else { Layer::Over };
                let paint = if radius > 1.0 { Paint::VEIL } else { Paint::ROOT };
                list.rect(layer, paint, rect(x, y, w, h, radius.max(0.0)));
                list.line(Line { from: (x, y), to: (x + h, y - h) });
                let mark = list.mark();
                list.letters().push_str("a … µs");
                list.keep(mark, TextKind::Range, Paint::TEXT, (f64::from(x), f64::from(y)), 20.0);
            }
            let raster = painted(&list);
            assert!(raster.bytes().chunks(4).all(|pixel| pixel[3] == 255));
        }
    }
}
