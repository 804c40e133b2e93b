//! Input: bytes from anywhere, unpacked, in a window of bounded size.
//!
//! A decoder is ordinary Rust over a [`Window`]; native programs feed it from a slice or a file,
//! the worker from a blob. **Invariant:** nothing here holds a whole file. Memory follows what was
//! read, never a length that a file claims.

pub mod json;
mod limits;
mod lines;
mod source;
mod unpack;
mod window;

pub use limits::{Limits, Memory};
pub use lines::{Line, Lines};
#[cfg(not(target_arch = "wasm32"))]
pub use source::FileSource;
pub use source::{Bundle, Named, SliceSource, Source, fingerprint};
pub use window::{Report, Window};
