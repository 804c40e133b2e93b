//! Carries out paint lists on a canvas in a worker.
//!
//! All fills of one colour are one path, and fonts are set once per kind of text, since a canvas
//! spends its time on changes of state. What is painted where was decided in `draw`.

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use crate::draw::{Align, Face, Layer, Metrics, Paint, PaintList, Palette, Rect, Text, TextKind};
use crate::protocol::Theme;

/// Width of the lines of a hatch, CSS pixels.
const HATCH_PX: f64 = 1.6;

/// A canvas, its colours and its fonts.
#[derive(Debug)]
pub struct Painter {
    canvas: OffscreenCanvas,
    context: OffscreenCanvasRenderingContext2d,
    palette: Palette,
    mono: String,
    sans: String,
    metrics: Metrics,
}

impl Painter {
    /// Takes a canvas over, with the colours and fonts that it is painted with.
    ///
    /// # Errors
    /// One sentence: the canvas gives no 2D context, or the theme lacks colours.
    pub fn new(canvas: OffscreenCanvas, theme: &Theme) -> Result<Self, String> {
        let context = context_of(&canvas).map_err(|thrown| refused(&thrown))?;
        let metrics = measure(&context, &theme.mono, &theme.sans);
        let (mono, sans) = (theme.mono.clone(), theme.sans.clone());
        Ok(Self { canvas, context, palette: palette_of(theme)?, mono, sans, metrics })
    }

    /// Changes colours and fonts; what is on the canvas stays until it is painted again.
    ///
    /// # Errors
    /// One sentence: the theme lacks colours. The theme before stays.
    pub fn set_theme(&mut self, theme: &Theme) -> Result<(), String> {
        self.palette = palette_of(theme)?;
        if self.mono != theme.mono || self.sans != theme.sans {
            (self.mono, self.sans) = (theme.mono.clone(), theme.sans.clone());
            self.metrics = measure(&self.context, &self.mono, &self.sans);
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
    pub fn paint(&self, list: &PaintList) -> Result<(), String> {
        self.resize(list);
        self.carry_out(list).map_err(|thrown| refused(&thrown))
    }

    fn carry_out(&self, list: &PaintList) -> Result<(), JsValue> {
        self.context.set_transform(list.ratio, 0.0, 0.0, list.ratio, 0.0, 0.0)?;
        self.ground(list);
        self.fills(list, Layer::Under)?;
        self.hatch(list);
        self.fills(list, Layer::Over)?;
        self.texts(list, false)?;
        self.fills(list, Layer::Top)?;
        self.texts(list, true)
    }

    /// Sets the size in device pixels, which empties the canvas, only when it is another one.
    fn resize(&self, list: &PaintList) {
        let device = |css: f64| (css * list.ratio).round().max(1.0) as u32;
        let (width, height) = (device(list.size.0), device(list.size.1));
        if self.canvas.width() != width {
            self.canvas.set_width(width);
        }
        if self.canvas.height() != height {
            self.canvas.set_height(height);
        }
    }

    fn ground(&self, list: &PaintList) {
        self.context.set_global_alpha(1.0);
        self.context.set_fill_style_str(self.palette.colour(Paint::GROUND));
        // A pixel more than the size, which may end between two device pixels.
        self.context.fill_rect(0.0, 0.0, list.size.0 + 1.0, list.size.1 + 1.0);
    }

    fn fills(&self, list: &PaintList, layer: Layer) -> Result<(), JsValue> {
        for (paint, rects) in list.rects(layer) {
            self.context.set_global_alpha(paint.alpha());
            self.context.set_fill_style_str(self.palette.colour(paint));
            self.context.begin_path();
            for rect in rects {
                self.trace(rect)?;
            }
            self.context.fill();
        }
        self.context.set_global_alpha(1.0);
        Ok(())
    }

    fn trace(&self, rect: &Rect) -> Result<(), JsValue> {
        let (x, y, w, h) = (f64::from(rect.x), f64::from(rect.y), f64::from(rect.w), f64::from(rect.h));
        if rect.radius > 0.0 {
            return self.context.round_rect_with_f64(x, y, w, h, f64::from(rect.radius));
        }
        self.context.rect(x, y, w, h);
        Ok(())
    }

    fn hatch(&self, list: &PaintList) {
        if list.hatch().is_empty() {
            return;
        }
        self.context.set_stroke_style_str(self.palette.colour(Paint::GC_LINE));
        self.context.set_line_width(HATCH_PX);
        self.context.begin_path();
        for line in list.hatch() {
            self.context.move_to(f64::from(line.from.0), f64::from(line.from.1));
            self.context.line_to(f64::from(line.to.0), f64::from(line.to.1));
        }
        self.context.stroke();
    }

    fn texts(&self, list: &PaintList, on_top: bool) -> Result<(), JsValue> {
        self.context.set_text_baseline("middle");
        for kind in TextKind::ALL.into_iter().filter(|kind| kind.is_on_top() == on_top) {
            let mut texts = list.texts(kind).peekable();
            if texts.peek().is_some() {
                self.context.set_font(&font(kind, &self.mono, &self.sans));
                self.context.set_text_align(align(kind));
                self.letters(texts)?;
            }
        }
        Ok(())
    }

    fn letters<'a>(&self, texts: impl Iterator<Item = (&'a Text, &'a str)>) -> Result<(), JsValue> {
        let mut paint = None;
        for (text, letters) in texts {
            if paint.replace(text.paint) != Some(text.paint) {
                self.context.set_fill_style_str(self.palette.colour(text.paint));
            }
            let (x, y) = (f64::from(text.x), f64::from(text.y));
            // Beyond ASCII the width was a guess: letters are squeezed rather than left to stick out.
            if letters.is_ascii() {
                self.context.fill_text(letters, x, y)?;
            } else {
                self.context.fill_text_with_max_width(letters, x, y, f64::from(text.width_max))?;
            }
        }
        Ok(())
    }
}

/// An opaque context: blending with the page is not needed, and letters are sharper without.
fn context_of(canvas: &OffscreenCanvas) -> Result<OffscreenCanvasRenderingContext2d, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"alpha".into(), &JsValue::FALSE)?;
    let context = canvas.get_context_with_context_options("2d", &options)?;
    Ok(context.ok_or("no 2d context")?.unchecked_into())
}

fn palette_of(theme: &Theme) -> Result<Palette, String> {
    Palette::new(&theme.colours).map_err(|missing| format!("The theme lacks {}.", missing.join(", ")))
}

fn refused(thrown: &JsValue) -> String {
    format!("The browser refuses to paint: {thrown:?}.")
}

fn measure(context: &OffscreenCanvasRenderingContext2d, mono: &str, sans: &str) -> Metrics {
    let width = |kind: TextKind| {
        let font = font(kind, mono, sans);
        move |text: &str| {
            context.set_font(&font);
            // Fails on a canvas without a context only, and this is one.
            context.measure_text(text).map_or(0.0, |measured| measured.width())
        }
    };
    Metrics::measure(width(TextKind::Name), width(TextKind::Figure))
}

fn font(kind: TextKind, mono: &str, sans: &str) -> String {
    let (face, weight, size) = kind.font();
    let family = match face {
        Face::Mono => mono,
        Face::Sans => sans,
    };
    format!("{weight} {size}px {family}")
}

fn align(kind: TextKind) -> &'static str {
    match kind.align() {
        Align::Left => "left",
        Align::Right => "right",
        Align::Centre => "center",
    }
}
