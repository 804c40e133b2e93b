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
