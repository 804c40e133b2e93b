//! The one error: which file, where in it, what is wrong, what to do.
//!
//! Errors are for input that cannot be read. Input that could be repaired is a
//! [`Note`](crate::model::Note) on the recording instead; our own bugs are assertions.

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
        write!(f, "{file}")?;
        match &self.place {
            Place::Byte(at) => write!(f, ", at byte {at}")?,
            Place::Line(line) => write!(f, ", line {line}")?,
            Place::Path(path) => write!(f, ", at {path}")?,
            Place::Whole => {}
        }
        write!(f, ": {}.", self.problem)?;
        if !self.remedy.is_empty() {
            write!(f, " {}", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_a_sentence() {
        let error = Error::at(17, "node 90 does not exist", "Record it again.").in_file("a.cpuprofile");
        assert_eq!(error.to_string(), "a.cpuprofile, at byte 17: node 90 does not exist. Record it again.");
        assert_eq!(error.offset, Some(17));
    }
}
