//! Lines of a text, one after the other, without holding more than one.

use memchr::memchr;

use super::Window;
use crate::error::Result;

/// A line without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// The bytes without `\n` or `\r\n`. They should be UTF-8 but may be anything.
    pub bytes: &'a [u8],
    /// Number of the line, 1-based.
    pub number: u64,
    /// Offset of its first byte in the unpacked content.
    pub offset: u64,
}

/// Reads a [`Window`] line by line. A line lasts until the next one is asked for.
///
/// A line that is longer than the limit on single texts is an error of the window; memory follows
/// the longest line.
#[derive(Debug)]
pub struct Lines<'w> {
    window: &'w mut Window,
    /// Bytes of the line that was given out last, with its end.
    given: usize,
    number: u64,
}

impl<'w> Lines<'w> {
    /// The lines from the window's position on.
    pub fn new(window: &'w mut Window) -> Self {
        Self { window, given: 0, number: 0 }
    }

    /// The next line, `None` at the end. The last line need not end in a line feed.
    ///
    /// # Errors
    /// When the source cannot be read or the line is too long.
    #[inline]
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>> {
        self.window.consume(self.given);
        self.given = 0;
        let found = memchr(b'\n', self.window.data());
        let length = match found {
            Some(at) => at,
            None => self.search_on()?,
        };
        let offset = self.window.position();
        let data = self.window.data();
        if length == data.len() && length == 0 {
            return Ok(None);
        }
        self.given = (length + 1).min(data.len());
        self.number += 1;
        let line = &data[..length];
        let bytes = line.strip_suffix(b"\r").unwrap_or(line);
        Ok(Some(Line { bytes, number: self.number, offset }))
    }

    /// Length of a line that ends beyond the bytes in the window.
    #[cold]
    fn search_on(&mut self) -> Result<usize> {
        loop {
            let seen = self.window.data().len();
            if !self.window.fill()? {
                return Ok(seen);
            }
            if let Some(at) = memchr(b'\n', &self.window.data()[seen..]) {
                return Ok(seen + at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Limits, SliceSource};

    fn all(bytes: &[u8]) -> Vec<(String, u64, u64)> {
        let mut window = Window::over(bytes);
        let mut lines = Lines::new(&mut window);
        let mut out = Vec::new();
        while let Some(line) = lines.next_line().expect("memory can be read") {
            out.push((String::from_utf8_lossy(line.bytes).into_owned(), line.number, line.offset));
        }
        out
    }

    #[test]
    fn ends_of_lines() {
        let line = |text: &str, number, offset| (text.to_owned(), number, offset);
        assert_eq!(all(b"a\nb\r\n\nc"), [line("a", 1, 0), line("b", 2, 2), line("", 3, 5), line("c", 4, 6)]);
        assert_eq!(all(b"a\n"), [line("a", 1, 0)]);
        assert_eq!(all(b"a\rb\r\r\n"), [line("a\rb\r", 1, 0)]);
        assert_eq!(all(b""), []);
        assert_eq!(all(b"\n"), [line("", 1, 0)]);
    }

    #[test]
    fn lines_across_refills() {
        let text: Vec<String> = (0..60_000).map(|i| "x".repeat(i % 97)).collect();
        let got: Vec<String> = all(text.join("\n").as_bytes()).into_iter().map(|(line, ..)| line).collect();
        assert_eq!(got, text[..text.len() - usize::from(text.last().is_some_and(String::is_empty))]);
    }

    #[test]
    fn a_long_line_and_one_too_long() {
        let text = format!("{}\nend", "y".repeat(3 << 20));
        assert_eq!(all(text.as_bytes())[1], ("end".to_owned(), 2, (3 << 20) + 1));
        let limits = Limits { token_bytes_max: 1 << 20, ..Limits::default() };
        let source = Box::new(SliceSource::new(text.into_bytes()));
        let mut window = Window::open(source, &limits, None).expect("memory can be read");
        assert!(Lines::new(&mut window).next_line().is_err());
    }
}
