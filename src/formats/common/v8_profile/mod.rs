//! Samples of V8's CPU profiler: call tree, samples and their times, wherever they are written.
//!
//! Nodes are linked by id, from either side ([`nodes`], [`tree`]); samples are node ids ([`samples`]);
//! distances in microseconds become moments ([`time`]).

pub(in crate::formats) mod nodes;
pub(in crate::formats) mod samples;
pub(in crate::formats) mod time;
pub(in crate::formats) mod tree;
