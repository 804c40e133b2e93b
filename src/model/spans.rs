//! Spans: stretches of time with a name, on tracks; marks beside them; arrows between them.
//!
//! What traces hold: tasks of a thread, garbage collections, requests, asynchronous operations. All
//! moments are nanoseconds since the recording's start, so that spans, samples and series of one
//! recording share a clock.

use std::ops::Range;

use super::{Column, StringId};

/// Number of a row of [`Spans`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(u32);

impl SpanId {
    /// No span: a root's parent.
    pub const NONE: Self = Self(u32::MAX);

    /// The span in row `index`.
    pub fn from_index(index: usize) -> Self {
        Self(u32::try_from(index).expect("4 billion spans do not fit into memory"))
    }

    /// Its row.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// Whether it is [`SpanId::NONE`].
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

impl Default for SpanId {
    fn default() -> Self {
        Self::NONE
    }
}

/// What the spans of a track have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrackKind {
    /// What a thread did: its spans nest and never overlap otherwise.
    Thread,
    /// Operations that overlap as they like: requests, promises, interactions.
    Async,
}

/// A row of a trace: a thread, or a group of asynchronous operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Name for people: `CrRendererMain`, `Network`.
    pub name: String,
    /// The process's name, or empty.
    pub process: String,
    /// Process id, if the file tells.
    pub pid: Option<u64>,
    /// Thread id, if the file tells.
    pub tid: Option<u64>,
    /// What its spans have in common.
    pub kind: TrackKind,
    /// Whether it is the thread whose stalls people feel: a page's main thread, the thread of the
    /// event loop.
    pub is_main: bool,
}

/// Spans of all tracks. Rows are in the order of tracks, then of starts, parents before children.
#[derive(Debug, Default)]
pub struct Spans {
    /// The tracks, in the order in which they are shown.
    pub tracks: Vec<Track>,
    /// Row of `tracks` of each span.
    pub track: Column<u32>,
    /// When each began, nanoseconds since the recording's start.
    pub at_ns: Column<i64>,
    /// How long each lasted, nanoseconds, never negative.
    pub length_ns: Column<i64>,
    /// The span around each, on the same track.
    pub parent: Column<SpanId>,
    /// Name of each.
    pub name: Column<StringId>,
    /// Category, kind or service of each, or empty.
    pub category: Column<StringId>,
    /// Row of [`super::LabelSets`] of each: its arguments or attributes, as far as they are kept.
    pub labels: Column<u32>,
    /// Points in time.
    pub marks: Marks,
    /// From one span to another that it caused.
    pub flows: Column<(SpanId, SpanId)>,
}

/// Points in time with a name: first paint, a user's mark, a message.
#[derive(Debug, Default)]
pub struct Marks {
    /// Row of [`Spans::tracks`] of each.
    pub track: Column<u32>,
    /// When, nanoseconds since the recording's start, never decreasing.
    pub at_ns: Column<i64>,
    /// Name of each.
    pub name: Column<StringId>,
    /// Category of each, or empty.
    pub category: Column<StringId>,
    /// Row of [`super::LabelSets`] of each.
    pub labels: Column<u32>,
}

impl Spans {
    /// The rows of a track's spans.
    pub fn rows_of(&self, track: usize) -> Range<usize> {
        let track = track as u32;
        self.track.partition_point(|t| t < track)..self.track.partition_point(|t| t <= track)
    }

    /// Number of spans.
    pub fn len(&self) -> usize {
        self.at_ns.len()
    }

    /// Whether there are neither spans nor marks.
    pub fn is_empty(&self) -> bool {
        self.at_ns.is_empty() && self.marks.at_ns.is_empty()
    }

    /// When a span ended, nanoseconds since the recording's start.
    pub fn end_ns(&self, span: SpanId) -> i64 {
        self.at_ns.get(span.index()).saturating_add(self.length_ns.get(span.index()))
    }

    /// When each of these spans ended.
    pub fn ends(&self, rows: Range<usize>) -> impl Iterator<Item = i64> + '_ {
        rows.map(|row| self.end_ns(SpanId::from_index(row)))
    }

    /// Keeps the first rows of each table.
    pub(super) fn truncate(&mut self, tracks: usize, spans: usize, marks: usize, flows: usize) {
        self.tracks.truncate(tracks);
        self.track.truncate(spans);
        self.at_ns.truncate(spans);
        self.length_ns.truncate(spans);
        self.parent.truncate(spans);
        self.name.truncate(spans);
        self.category.truncate(spans);
        self.labels.truncate(spans);
        self.marks.track.truncate(marks);
        self.marks.at_ns.truncate(marks);
        self.marks.name.truncate(marks);
        self.marks.category.truncate(marks);
        self.marks.labels.truncate(marks);
        self.flows.truncate(flows);
    }

    /// Bytes of heap memory held by the columns.
    pub fn heap_bytes(&self) -> usize {
        let spans = self.track.heap_bytes()
            + self.at_ns.heap_bytes()
            + self.length_ns.heap_bytes()
            + self.parent.heap_bytes()
            + self.name.heap_bytes()
            + self.category.heap_bytes()
            + self.labels.heap_bytes()
            + self.flows.heap_bytes();
        let marks = &self.marks;
        spans
            + marks.track.heap_bytes()
            + marks.at_ns.heap_bytes()
            + marks.name.heap_bytes()
            + marks.category.heap_bytes()
            + marks.labels.heap_bytes()
    }
}
