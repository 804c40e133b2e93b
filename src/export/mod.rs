//! Exports: a recording as a file that other tools read. Each is a pure function in its own file, and
//! a line in [`EXPORTS`].
//!
//! Knows the model, never a format that is read and never a view.

use std::io::{self, Write};

use crate::model::Recording;

pub mod folded;

/// A format that recordings are written in.
#[derive(Debug)]
pub struct Export {
    /// Short and stable: what `--to` takes.
    pub id: &'static str,
    /// What it is, in a sentence without its period.
    pub title: &'static str,
    /// Writes what was chosen.
    pub write: WriteTo,
}

/// Writes what was chosen of a recording and tells what could not be written as it is, one sentence
/// each.
pub type WriteTo = fn(&Recording, &Choice, &mut dyn Write) -> Result<Vec<String>, Failed>;

/// All of them, in the order of lists.
pub static EXPORTS: &[Export] = &[folded::EXPORT];

/// What to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Name of a value; unless given, the one that is shown first.
    pub value: Option<String>,
    /// Name or id of a thread; unless given, all of them are merged.
    pub thread: Option<String>,
}

/// Why nothing can be written: the names that could have been chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// There is no such thread, but these.
    Thread(Vec<String>),
    /// The thread has no such value, but these.
    Value(Vec<String>),
}

/// Why nothing was written, or not all.
#[derive(Debug)]
pub enum Failed {
    /// What was chosen is not there.
    Missing(Missing),
    /// The output took no more.
    Output(io::Error),
}

impl From<Missing> for Failed {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
