//! Culprit: reads what a profiler wrote and shows what is slow, why, and whether a change fixed it.
//!
//! This file is the map, one public module per room; see `ARCHITECTURE.md` for what each room is
//! for, what it must not know, and which way the arrows point.

pub mod analysis;
pub mod draw;
pub mod engine;
pub mod error;
pub mod export;
pub mod formats;
pub mod input;
pub mod maps;
pub mod model;
pub mod protocol;
pub mod stage;
pub mod state;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
pub mod ui;
pub mod units;
#[cfg(target_arch = "wasm32")]
pub mod web;
#[cfg(target_arch = "wasm32")]
pub mod worker;

/// Whether this program carries every format and every analysis. The worker that a first visit fetches
/// does not: it tells what a file is, whatever it is, and leaves to the full one what few first files
/// need. A condition on this is known to the compiler: nothing behind it is linked where it is false.
pub const IS_FULL: bool = cfg!(feature = "every-format");
