//! Widths of text without a browser: measured once per font, then looked up.

use unicode_width::UnicodeWidthChar;

use super::list::{Face, TextKind};

/// Characters of figures and labels beyond ASCII whose width is measured too.
const MEASURED: [char; 10] = ['…', '·', '\u{202f}', '−', 'µ', '–', '×', '±', '≥', '›'];
/// First and last printing character of ASCII.
const ASCII: std::ops::RangeInclusive<char> = ' '..='~';
const ASCII_COUNT: usize = 95;

/// What cuts a text that does not fit.
pub(super) const ELLIPSIS: char = '…';

/// Widths of the two fonts of a picture at their fixed sizes, CSS pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    mono: f64,
    sans: [f64; ASCII_COUNT],
    sans_other: [f64; MEASURED.len()],
}

/// How much of a text fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit {
    /// Bytes of the text that are shown.
    pub end: usize,
    /// Whether the text goes on behind them, to be marked by an ellipsis.
    pub is_cut: bool,
    /// Width of what is shown, the ellipsis included.
    pub width: f64,
}

/// The place of a character among those that are measured, below [`Metrics::LETTERS`].
pub(super) fn letter_number(c: char) -> Option<usize> {
    if ASCII.contains(&c) {
        return Some(c as usize - ' ' as usize);
    }
    MEASURED.iter().position(|&measured| measured == c).map(|at| ASCII_COUNT + at)
}

impl Metrics {
    /// How many characters are measured.
    pub(super) const LETTERS: usize = ASCII_COUNT + MEASURED.len();

    /// Width of a text of this kind.
    pub(super) fn width(&self, kind: TextKind, text: &str) -> f64 {
        text.chars().map(|c| self.advance(kind, c)).sum()
    }

    /// How far behind a character of a text of this kind the next one stands.
    pub(super) fn advance(&self, kind: TextKind, c: char) -> f64 {
        match kind.font().0 {
            Face::Mono => self.mono_char(c),
            Face::Sans => self.sans_char(c),
        }
    }

    /// Measures the fonts: each function gives the width of a text in CSS pixels, `mono` in the
    /// font of names, `sans` in the font of figures.
    pub fn measure(mut mono: impl FnMut(&str) -> f64, mut sans: impl FnMut(&str) -> f64) -> Self {
        let mut one = |c: char| sans(c.encode_utf8(&mut [0; 4]));
        let mut ascii = ASCII;
        Self {
            mono: mono("mmmmmmmmmm") / 10.0,
            sans: std::array::from_fn(|_| ascii.next().map_or(0.0, &mut one)),
            sans_other: MEASURED.map(&mut one),
        }
    }

    /// Metrics for where there is no font: all characters equally wide.
    pub fn fixed(mono: f64, sans: f64) -> Self {
        Self { mono, sans: [sans; ASCII_COUNT], sans_other: [sans; MEASURED.len()] }
    }

    /// Width of a name in the monospaced font.
    pub fn mono_width(&self, text: &str) -> f64 {
        text.chars().map(|c| self.mono_char(c)).sum()
    }

    /// Width of a figure or a label in the proportional font.
    pub fn sans_width(&self, text: &str) -> f64 {
        text.chars().map(|c| self.sans_char(c)).sum()
    }

    /// As much of a name as fits into `room`.
    pub(super) fn fit_mono(&self, text: &str, room: f64) -> Option<Fit> {
        fit(text, room, |c| self.mono_char(c))
    }

    /// As much of a label as fits into `room`.
    pub(super) fn fit_sans(&self, text: &str, room: f64) -> Option<Fit> {
        fit(text, room, |c| self.sans_char(c))
    }

    fn mono_char(&self, c: char) -> f64 {
        if ASCII.contains(&c) { self.mono } else { self.mono * cells(c) }
    }

    fn sans_char(&self, c: char) -> f64 {
        if ASCII.contains(&c) {
            return self.sans[c as usize - ' ' as usize];
        }
        // Letters of other scripts are rarely wider than a monospaced cell.
        let known = MEASURED.iter().position(|&m| m == c);
        known.map_or_else(|| self.mono * cells(c), |i| self.sans_other[i])
    }
}

/// Columns of a terminal that a character takes; a control character is shown as one box.
fn cells(c: char) -> f64 {
    c.width().map_or(1.0, |cells| cells as f64)
}

/// Looks at no more of the text than fits: names of a megabyte cost no more than short ones.
fn fit(text: &str, room: f64, width_of: impl Fn(char) -> f64) -> Option<Fit> {
    const LETTERS_MIN: usize = 2;
    let ellipsis = width_of(ELLIPSIS);
    let mut width = 0.0;
    let mut letters = 0;
    let mut cut = Fit { end: 0, is_cut: true, width: ellipsis };
    let mut letters_cut = 0;
    for (at, c) in text.char_indices() {
        let next = width_of(c);
        // A cut stands before a letter, never between a letter and its accents.
        if next > 0.0 && width + ellipsis <= room {
            cut = Fit { end: at, is_cut: true, width: width + ellipsis };
            letters_cut = letters;
        }
        width += next;
        letters += usize::from(next > 0.0);
        if width > room {
            return (letters_cut >= LETTERS_MIN).then_some(cut);
        }
    }
    (!text.is_empty()).then_some(Fit { end: text.len(), is_cut: false, width })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, room: f64) -> String {
        let metrics = Metrics::fixed(10.0, 5.0);
        metrics.fit_mono(text, room).map_or_else(String::new, |fit| {
            let ellipsis = if fit.is_cut { "…" } else { "" };
            format!("{}{ellipsis} {}", &text[..fit.end], fit.width)
        })
    }

    #[test]
    fn cuts_at_the_end() {
        assert_eq!(shown("parse", 50.0), "parse 50");
        assert_eq!(shown("parse", 49.0), "par… 40");
        assert_eq!(shown("parse", 30.0), "pa… 30");
        assert_eq!(shown("parse", 29.0), "");
        assert_eq!(shown("h", 10.0), "h 10");
        assert_eq!(shown("", 10.0), "");
    }

    #[test]
    fn wide_letters_and_accents() {
        // Each ideograph takes two cells.
        assert_eq!(shown("解析する", 80.0), "解析する 80");
        assert_eq!(shown("解析する", 79.0), "解析す… 70");
        // The accent stays with its letter.
        assert_eq!(shown("ae\u{301}o\u{308}u", 40.0), "ae\u{301}o\u{308}u 40");
        assert_eq!(shown("ae\u{301}o\u{308}u", 39.0), "ae\u{301}… 30");
        assert_eq!(shown("a\u{7}b", 30.0), "a\u{7}b 30");
    }

    #[test]
    fn measures_each_character_once() {
        let metrics = Metrics::measure(|t| t.len() as f64 * 6.5, |t| t.len() as f64);
        assert_eq!(metrics.mono_width("ab解"), 4.0 * 6.5);
        assert_eq!(metrics.sans_width("1.2 s"), 5.0);
        assert_eq!(metrics.sans_width("·"), 2.0);
    }
}
