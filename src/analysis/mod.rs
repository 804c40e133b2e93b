//! Analysis: pure functions over the model. Every number on the screen is computed here, once.
//!
//! Same input, same output, same order: no clock, no randomness, no browser. Loops over samples are
//! linear; work per change of filter is linear in distinct stacks, not in samples.

pub mod activity;
pub mod asynchronous;
pub mod blocks;
pub mod callers;
pub mod compare;
mod cut;
pub mod doctor;
pub mod events;
pub mod findings;
pub mod functions;
pub mod heap;
pub mod in_time;
pub mod labels;
pub mod lanes;
pub mod late;
pub mod load;
mod measures;
pub mod modules;
pub mod nesting;
pub mod outline;
pub mod report;
pub mod scoped;
pub mod search;
pub mod stalls;
pub mod states;
pub mod sums;
pub mod transform;
pub mod tree;
pub mod vitals;
