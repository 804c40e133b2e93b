//! The one error: which file, where in it, what is wrong, what to do.
//!
//! Errors are for input that cannot be read. Input that could be repaired is a
//! [`Note`](crate::model::Note) on the recording instead; our own bugs are assertions.
//!
//! Sentences quote the file, which anybody may have written: [`printable`] keeps what they quote from
//! doing anything where they are shown.

use std::borrow::Cow;
use std::fmt;

/// Where in a file something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Offset from the start of the unpacked content, in bytes.
    Byte(u64),
    /// Line number, 1-based.
    Line(u64),
    /// A path into a structured document, such as `nodes[17].children`.
    Path(String),
    /// The file as a whole.
    Whole,
}

/// Input that could not be read, as one sentence and one remedy for the person who opened it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Name of the file as the person knows it; empty until [`Error::in_file`] fills it in.
    pub file: String,
    /// Where in the file.
    pub place: Place,
    /// Byte offset of the reader when the problem was met, if it is known besides `place`.
    pub offset: Option<u64>,
    /// What was expected and what was found, without a final full stop.
    pub problem: String,
    /// What the person can do about it: a full sentence, possibly empty.
    pub remedy: String,
}

/// The result of everything that reads input.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A problem at `place`; the file's name is filled in by whoever knows it.
    #[cold]
    pub fn new(place: Place, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        let offset = match place {
            Place::Byte(at) => Some(at),
            _ => None,
        };
        Self { file: String::new(), place, offset, problem: problem.into(), remedy: remedy.into() }
    }

    /// A problem at a byte offset of the unpacked content.
    #[cold]
    pub fn at(offset: u64, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Place::Byte(offset), problem, remedy)
    }

    /// A problem with the file as a whole.
    #[cold]
    pub fn whole(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Place::Whole, problem, remedy)
    }

    /// The same error with the file's name, unless it already has one.
    #[must_use]
    pub fn in_file(mut self, file: &str) -> Self {
        if self.file.is_empty() {
            self.file = file.to_owned();
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = if self.file.is_empty() { "the input" } else { &self.file };
        f.write_str(&printable(file))?;
        match &self.place {
            Place::Byte(at) => write!(f, ", at byte {at}")?,
            Place::Line(line) => write!(f, ", line {line}")?,
            Place::Path(path) => write!(f, ", at {}", printable(path))?,
            Place::Whole => {}
        }
        write!(f, ": {}.", printable(&self.problem))?;
        if !self.remedy.is_empty() {
            write!(f, " {}", printable(&self.remedy))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// One line of text that does nothing but stand there: characters that steer a terminal, end a line
/// or turn the direction of the text around them are escaped as in `\u{1b}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_steering) {
        return Cow::Borrowed(text);
    }
    let escaped = |c: char| if is_steering(c) { c.escape_unicode().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escaped).collect())
}

/// Control characters, line and paragraph separators, and the marks, embeddings, overrides and isolates
/// of bidirectional text.
fn is_steering(c: char) -> bool {
    let bidirectional =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || bidirectional || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_a_sentence() {
        let error = Error::at(17, "node 90 does not exist", "Record it again.").in_file("a.cpuprofile");
        assert_eq!(error.to_string(), "a.cpuprofile, at byte 17: node 90 does not exist. Record it again.");
        assert_eq!(error.offset, Some(17));
    }

    #[test]
    fn what_it_quotes_does_nothing() {
        let path = Place::Path("nodes[2].\u{1b}[2J".into());
        let error = Error::new(path, "found `\u{202e}`\n\u{9b}1m", "").in_file("a\r.cpuprofile");
        assert_eq!(error.to_string(), r"a\u{d}.cpuprofile, at nodes[2].\u{1b}[2J: found `\u{202e}`\u{a}\u{9b}1m.");
        assert!(matches!(printable("größer → 5\u{202f}ms"), Cow::Borrowed(_)));
    }
}
