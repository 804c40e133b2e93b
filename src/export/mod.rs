//! Exports: a recording as a file that other tools read. Each is a pure function in its own file.
//!
//! Knows the model, never a format that is read and never a view.

pub mod folded;
