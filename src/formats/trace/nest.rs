//! Complete events of a thread become spans inside each other.

use super::events::{Event, Events};
use crate::model::{Builder, SpanId};

/// By so much may the ends of neighbours disagree: producers round to microseconds.
const ROUNDING_NS: i64 = 1_000;

/// Adds the spans of a thread as those of a track. `rows` are put into the order of time; those that
/// overlap others without lying inside them are left over, in that order.
///
/// Of two spans of the same begin and end the one that is written first is around the other, unless the
/// thread's events are written when they end. A span of no length holds nothing.
pub(super) fn nest(
    complete: &Events,
    rows: &mut [u32],
    is_by_end: bool,
    track: u32,
    start: i64,
    builder: &mut Builder,
) -> Vec<u32> {
    let end_of = |event: &Event| event.at.saturating_add(event.extra);
    let key = |row: u32| {
        let at = complete.at(row);
        let tie = if is_by_end { u32::MAX - row } else { row };
        (at, std::cmp::Reverse(at.saturating_add(complete.extra(row))), tie)
    };
    if !rows.is_sorted_by_key(|&row| key(row)) {
        rows.sort_by_cached_key(|&row| key(row));
    }
    let mut left = Vec::new();
    let mut open: Vec<(SpanId, i64)> = Vec::new();
    for &row in rows.iter() {
        let event = complete.get(row);
        let mut end = end_of(&event);
        while let Some(&(span, around)) = open.last() {
            if around <= event.at {
                open.pop();
            } else if end > around && around - event.at <= ROUNDING_NS {
                // A neighbour that begins a moment too early.
                let length = event.at - start - builder.spans.at_ns.get(span.index());
                builder.spans.length_ns.set(span.index(), length);
                open.pop();
            } else {
                break;
            }
        }
        if let Some(&(_, around)) = open.last()
            && end > around
        {
            if end - around > ROUNDING_NS {
                left.push(row);
                continue;
            }
            end = around;
        }
        let parent = open.last().map_or(SpanId::NONE, |open| open.0);
        let span = push(&event, end, track, start, parent, builder);
        open.push((span, end));
    }
    left
}

/// Adds a span.
pub(super) fn push(event: &Event, end: i64, track: u32, start: i64, parent: SpanId, builder: &mut Builder) -> SpanId {
    let spans = &mut builder.spans;
    let id = SpanId::from_index(spans.len());
    spans.track.push(track);
    spans.at_ns.push(event.at.saturating_sub(start));
    spans.length_ns.push(end - event.at);
    spans.parent.push(parent);
    spans.name.push(event.name);
    spans.category.push(event.category);
    spans.labels.push(event.labels);
    id
}
