//! What is on the screen, as pixels.

use std::collections::BTreeSet;
use std::fmt;

/// A colour as it stands on the screen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) [u8; 3]);

impl Colour {
    /// From `#rrggbb`.
    pub(crate) fn hex(text: &str) -> Colour {
        let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("a colour #rrggbb");
        Colour([byte(1), byte(3), byte(5)])
    }

    /// Equal up to what colour management and smoothing do: at most 3 of 255 per channel.
    pub(crate) fn is_about(self, other: Colour) -> bool {
        self.0.iter().zip(other.0).all(|(a, b)| a.abs_diff(b) <= 3)
    }
}

impl fmt::Debug for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// A rectangle on a screenshot, in device pixels from the upper left.
#[derive(Debug)]
pub(crate) struct Area {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Area {
    /// The pixel at a share of the width and of the height.
    pub(crate) fn place(&self, (across, down): (f64, f64)) -> [usize; 2] {
        [self.x + across * self.width, self.y + down * self.height].map(|at| at.floor() as usize)
    }
}

/// A decoded screenshot.
#[derive(Debug)]
pub(crate) struct Picture {
    /// In device pixels.
    pub(crate) width: usize,
    /// In device pixels.
    pub(crate) height: usize,
    rows: Vec<u8>,
    bytes_per_pixel: usize,
}

impl Picture {
    pub(crate) fn from_png(bytes: &[u8]) -> Picture {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().expect("a screenshot is a PNG");
        let size = reader.output_buffer_size().expect("a screenshot fits into memory");
        let mut rows = vec![0; size];
        let info = reader.next_frame(&mut rows).expect("a screenshot is a whole PNG");
        let bytes_per_pixel = info.color_type.samples();
        assert!(bytes_per_pixel >= 3, "a screenshot has colours");
        Picture {
            width: usize::try_from(info.width).expect("a screen's width"),
            height: usize::try_from(info.height).expect("a screen's height"),
            rows,
            bytes_per_pixel,
        }
    }

    /// The colour at a place in device pixels from the upper left.
    pub(crate) fn at(&self, x: usize, y: usize) -> Colour {
        assert!(x < self.width && y < self.height, "({x}, {y}) is outside of the screenshot");
        let start = (y * self.width + x) * self.bytes_per_pixel;
        Colour([self.rows[start], self.rows[start + 1], self.rows[start + 2]])
    }

    /// How many different colours there are in the part of `area` that is on the screen.
    pub(crate) fn colours(&self, area: &Area) -> usize {
        let ([left, top], [right, bottom]) = (area.place((0.0, 0.0)), area.place((1.0, 1.0)));
        let rows = top..bottom.min(self.height);
        let pixels = rows.flat_map(|y| (left..right.min(self.width)).map(move |x| self.at(x, y).0));
        pixels.collect::<BTreeSet<_>>().len()
    }
}
