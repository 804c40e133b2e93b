//! Puts pictures on a canvas in a worker.
//!
//! The pixels are filled by [`Raster`]; here are the canvas that they are copied to, the browser's
//! fonts as masks of letters, and texts that the browser has to shape. What is painted where was
//! decided in `draw`.

use js_sys::{Object, Reflect};
use wasm_bindgen::Clamped;
use wasm_bindgen::prelude::*;
use web_sys::{ImageData, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use crate::draw::{Align, Face, Letters, Mask, Metrics, PHASES, PaintList, Palette, Raster, TextKind, is_plain};
use crate::protocol::Theme;

/// A canvas, its pixels, its colours and its fonts.
#[derive(Debug)]
pub struct Painter {
    canvas: OffscreenCanvas,
    context: OffscreenCanvasRenderingContext2d,
    palette: Palette,
    metrics: Metrics,
    raster: Raster,
    pen: Pen,
}

impl Painter {
    /// Takes a canvas over, with the colours and fonts that it is painted with.
    ///
    /// # Errors
    /// One sentence: the canvas gives no 2D context, or the theme lacks colours.
    pub fn new(canvas: OffscreenCanvas, theme: &Theme) -> Result<Self, String> {
        // Opaque: blending with the page is not needed.
        let context = context_of(&canvas, false).map_err(|thrown| refused(&thrown))?;
        let pen = Pen::new(theme).map_err(|thrown| refused(&thrown))?;
        let metrics = measure(&context, &pen.fonts);
        Ok(Self { canvas, context, palette: palette_of(theme)?, metrics, raster: Raster::new(), pen })
    }

    /// Changes colours and fonts; what is on the canvas stays until it is painted again.
    ///
    /// # Errors
    /// One sentence: the theme lacks colours. The theme before stays.
    pub fn set_theme(&mut self, theme: &Theme) -> Result<(), String> {
        self.palette = palette_of(theme)?;
        let fonts = Fonts::of(theme);
        if self.pen.fonts != fonts {
            self.pen.fonts = fonts;
            self.raster.forget_letters();
            self.metrics = measure(&self.context, &self.pen.fonts);
        }
        Ok(())
    }

    /// Widths of its fonts, for laying out what it is to paint.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Paints a picture in place of what was there, and sizes the canvas for it.
    ///
    /// # Errors
    /// One sentence, where the browser refuses a step.
    pub fn paint(&mut self, list: &PaintList) -> Result<(), String> {
        self.raster.paint(list, &self.palette, &self.metrics, &mut self.pen);
        self.resize();
        self.copy().and_then(|()| self.shaped(list)).map_err(|thrown| refused(&thrown))
    }

    /// Sets the size in device pixels, which empties the canvas, only when it is another one.
    fn resize(&self) {
        let (width, height) = (self.raster.width() as u32, self.raster.height() as u32);
        if self.canvas.width() != width {
            self.canvas.set_width(width);
        }
        if self.canvas.height() != height {
            self.canvas.set_height(height);
        }
    }

    fn copy(&self) -> Result<(), JsValue> {
        let bytes = Clamped(self.raster.bytes());
        let image = ImageData::new_with_u8_clamped_array(bytes, self.raster.width() as u32)?;
        self.context.put_image_data(&image, 0.0, 0.0)
    }

    /// Texts that are more than single letters in a row.
    fn shaped(&self, list: &PaintList) -> Result<(), JsValue> {
        let texts =
            TextKind::ALL.into_iter().flat_map(|kind| list.texts(kind).map(move |(text, words)| (kind, text, words)));
        let mut of_kind = None;
        for (kind, text, words) in texts.filter(|(.., words)| !is_plain(words)) {
            if of_kind.replace(kind) != Some(kind) {
                self.context.set_transform(list.ratio, 0.0, 0.0, list.ratio, 0.0, 0.0)?;
                self.context.set_text_baseline("middle");
                self.context.set_font(self.pen.fonts.of_kind(kind));
                self.context.set_text_align(align(kind));
            }
            self.context.set_fill_style_str(&self.palette.css(text.paint));
            // The width was a guess: letters are squeezed rather than left to stick out.
            let (x, y, room) = (f64::from(text.x), f64::from(text.y), f64::from(text.width_max));
            self.context.fill_text_with_max_width(words, x, y, room)?;
        }
        Ok(())
    }
}

/// The fonts of a theme as a canvas takes them, by kind of text.
#[derive(Debug, PartialEq, Eq)]
struct Fonts([String; TextKind::ALL.len()]);

impl Fonts {
    fn of(theme: &Theme) -> Self {
        Self(TextKind::ALL.map(|kind| {
            let (face, weight, size) = kind.font();
            let family = match face {
                Face::Mono => &theme.mono,
                Face::Sans => &theme.sans,
            };
            format!("{weight} {size}px {family}")
        }))
    }

    fn of_kind(&self, kind: TextKind) -> &str {
        &self.0[kind as usize]
    }
}

/// Draws single letters, to be kept as masks.
#[derive(Debug)]
struct Pen {
    fonts: Fonts,
    canvas: OffscreenCanvas,
    context: OffscreenCanvasRenderingContext2d,
}

/// Room for a letter, and where it stands in it, CSS pixels. Letters are 11 px high.
const CELL_PX: f64 = 32.0;
const ORIGIN_PX: f64 = 10.0;

impl Pen {
    fn new(theme: &Theme) -> Result<Self, JsValue> {
        let canvas = OffscreenCanvas::new(1, 1)?;
        // What is transparent tells how much of a pixel is covered.
        let context = context_of(&canvas, true)?;
        Ok(Self { fonts: Fonts::of(theme), canvas, context })
    }

    fn try_draw(&self, kind: TextKind, letter: char, ratio: f64) -> Result<[Mask; PHASES], JsValue> {
        let cell = (CELL_PX * ratio).ceil() as usize;
        let origin = (ORIGIN_PX * ratio).round();
        let (width, height) = ((cell * PHASES) as u32, cell as u32);
        if (self.canvas.width(), self.canvas.height()) != (width, height) {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        }
        let context = &self.context;
        context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0)?;
        context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        context.set_font(self.fonts.of_kind(kind));
        context.set_text_baseline("middle");
        let letter = letter.encode_utf8(&mut [0; 4]).to_owned();
        for phase in 0..PHASES {
            let left = (phase * cell) as f64 + origin + phase as f64 / PHASES as f64;
            context.set_transform(ratio, 0.0, 0.0, ratio, left, origin)?;
            context.fill_text(&letter, 0.0, 0.0)?;
        }
        let drawn = context.get_image_data(0.0, 0.0, f64::from(width), f64::from(height))?.data();
        Ok(std::array::from_fn(|phase| {
            let row = |y: usize| (y * PHASES + phase) * cell;
            let alphas = |from: usize| drawn[4 * from..4 * (from + cell)].chunks_exact(4).map(|pixel| pixel[3]);
            let field: Vec<u8> = (0..cell).flat_map(|y| alphas(row(y))).collect();
            Mask::cut_out(&field, cell, (origin as i32, origin as i32))
        }))
    }
}

impl Letters for Pen {
    fn draw(&mut self, kind: TextKind, letter: char, ratio: f64) -> [Mask; PHASES] {
        // A canvas of a few thousand pixels is refused by no browser; without it letters are blank.
        self.try_draw(kind, letter, ratio).unwrap_or_default()
    }
}

/// A context in plain memory, where its pixels come from and go to.
fn context_of(canvas: &OffscreenCanvas, alpha: bool) -> Result<OffscreenCanvasRenderingContext2d, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"alpha".into(), &alpha.into())?;
    Reflect::set(&options, &"willReadFrequently".into(), &JsValue::TRUE)?;
    let context = canvas.get_context_with_context_options("2d", &options)?;
    Ok(context.ok_or("no 2d context")?.unchecked_into())
}

fn palette_of(theme: &Theme) -> Result<Palette, String> {
    Palette::new(&theme.colours).map_err(|missing| format!("The theme lacks {}.", missing.join(", ")))
}

fn refused(thrown: &JsValue) -> String {
    format!("The browser refuses to paint: {thrown:?}.")
}

fn measure(context: &OffscreenCanvasRenderingContext2d, fonts: &Fonts) -> Metrics {
    let width = |kind: TextKind| {
        move |text: &str| {
            context.set_font(fonts.of_kind(kind));
            // Fails on a canvas without a context only, and this is one.
            context.measure_text(text).map_or(0.0, |measured| measured.width())
        }
    };
    Metrics::measure(width(TextKind::Name), width(TextKind::Figure))
}

fn align(kind: TextKind) -> &'static str {
    match kind.align() {
        Align::Left => "left",
        Align::Right => "right",
        Align::Centre => "center",
    }
}
