//! What a trace holds, in a line per track.

use serde::Serialize;

use crate::model::{Recording, SpanId, TrackKind};

/// A track with what its spans add up to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackSum<'a> {
    /// Name for people.
    pub name: &'a str,
    /// The process's name.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub process: &'a str,
    /// Process id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u64>,
    /// Thread id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tid: Option<u64>,
    /// `thread` or `async`.
    pub kind: &'static str,
    /// Whether it is the thread whose stalls people feel.
    pub main: bool,
    /// Number of spans.
    pub count: u64,
    /// Number of marks.
    pub marks: u64,
    /// Time in spans that no other of the track is around, nanoseconds; where such spans overlap, it
    /// counts for each.
    pub total_ns: i64,
    /// The longest span, nanoseconds.
    pub longest_ns: i64,
}

/// The tracks in their order. One pass over spans and marks.
pub fn tracks(recording: &Recording) -> Vec<TrackSum<'_>> {
    let spans = &recording.spans;
    let mut sums: Vec<TrackSum<'_>> = spans
        .tracks
        .iter()
        .map(|track| TrackSum {
            name: &track.name,
            process: &track.process,
            pid: track.pid,
            tid: track.tid,
            kind: match track.kind {
                TrackKind::Thread => "thread",
                TrackKind::Async => "async",
            },
            main: track.is_main,
            count: 0,
            marks: 0,
            total_ns: 0,
            longest_ns: 0,
        })
        .collect();
    let rows = spans.track.iter().zip(spans.length_ns.iter()).zip(spans.parent.iter());
    for ((track, length), parent) in rows {
        let sum = &mut sums[track as usize];
        sum.count += 1;
        sum.longest_ns = sum.longest_ns.max(length);
        if parent == SpanId::NONE {
            sum.total_ns = sum.total_ns.saturating_add(length);
        }
    }
    spans.marks.track.iter().for_each(|track| sums[track as usize].marks += 1);
    sums
}
