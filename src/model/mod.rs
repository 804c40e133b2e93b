//! The model: columns that every format fills and every view reads.
//!
//! A [`Recording`] holds stacks, samples with values, times and labels, the objects of a heap, and
//! what was noted while reading. It knows no format and no view. Rows are addressed by `u32` newtypes, parents come
//! before children, and nothing changes after [`Builder::finish`].

mod children;
mod column;
mod facts;
mod few;
pub mod heap;
mod index;
mod memory;
mod packed;
mod parts;
mod profile;
mod recording;
mod series;
mod spans;
mod strings;
mod tables;
pub mod vocab;

pub(crate) use children::Children;
pub(crate) use column::first_false;
pub use column::{Column, SEGMENT_ROWS};
pub use facts::Table;
pub use few::SortFew;
pub use heap::HeapGraph;
pub(crate) use index::Index;
pub(crate) use memory::grow_ahead;
pub use packed::{Packed, PackedSizes};
pub use profile::{Extent, LabelSets, LabelValue, MadeOf, Profile, Samples, Time, Value, Weights};
pub use recording::{Builder, Clock, LineTicks, Note, Origin, Recording};
pub use series::{CPU_TIME_SERIES, Distribution, Role, Series, SeriesKind, Total};
pub use spans::{Marks, SpanId, Spans, Track, TrackKind};
pub(crate) use strings::is_same;
pub use strings::{StringId, Strings};
pub use tables::{Frame, FrameId, Function, FunctionId, Interner, StackId, StackInterner, Stacks, Tag};
pub mod picture;
pub mod query;
