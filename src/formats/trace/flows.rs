//! Arrows: from a span to one that it caused.

use super::building::Span;
use super::events::{Event, Events};
use super::threads::Id;
use crate::model::{Builder, Interner, SpanId, Spans, StringId};

/// Where a point of an arrow stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Out,
    Through,
    In,
}

/// The points of all arrows.
#[derive(Debug, Default)]
pub(super) struct Flows {
    keys: Interner<(StringId, StringId, Id)>,
    /// `extra` is four times the row of the key, plus what the point is.
    points: Events,
}

/// Bits of a point below its key.
const BITS: u32 = 3;
/// Spans around a moment that are looked at: an arrow ends in one near the surface of the stack.
const CLIMB_MAX: usize = 256;

impl Flows {
    pub(super) fn push(&mut self, event: Event, id: Id, way: Way, is_around: bool) {
        let key = self.keys.intern((event.category, event.name, id)) as i64;
        let way = match way {
            Way::Out => 0,
            Way::Through => 1,
            Way::In => 2,
        };
        self.points.push(Event { extra: key << BITS | way << 1 | i64::from(is_around), ..event });
    }

    /// Adds the arrows; `rows` are the rows of each thread's spans. Gives the number of points that
    /// found no partner.
    pub(super) fn finish(self, rows: &[(usize, usize)], span: Span, builder: &mut Builder) {
        let mut order: Vec<u32> = (0..self.points.len() as u32).collect();
        order.sort_by_key(|&row| (self.points.extra(row) >> BITS, self.points.at(row)));
        let mut before: Option<(i64, SpanId)> = None;
        let mut loose = 0;
        for row in order {
            let point = self.points.get(row);
            let (key, way) = (point.extra >> BITS, point.extra >> 1 & 3);
            let at = point.at.saturating_sub(span.start);
            let around = if span.holds(point.at) {
                bound(&builder.spans, rows[point.thread as usize], at, point.extra & 1 == 1)
            } else {
                SpanId::NONE
            };
            let from = before.filter(|known| known.0 == key && way != 0).map(|known| known.1);
            match from {
                Some(from) if !around.is_none() => builder.spans.flows.push((from, around)),
                Some(_) => loose += 1,
                None => loose += u64::from(way != 0),
            }
            before = (way != 2 && !around.is_none()).then_some((key, around));
        }
        builder.note("about-loose-arrows", loose, "Some arrows between spans have no span at one of their ends.");
    }
}

/// The innermost span around a moment, or the first one that begins there or later.
fn bound(spans: &Spans, (from, to): (usize, usize), at: i64, is_around: bool) -> SpanId {
    let (mut low, mut high) = (from, to);
    while low < high {
        let middle = low + (high - low) / 2;
        let start = spans.at_ns.get(middle);
        if start < at || is_around && start == at {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if !is_around {
        return if low < to { SpanId::from_index(low) } else { SpanId::NONE };
    }
    let mut span = if low > from { SpanId::from_index(low - 1) } else { SpanId::NONE };
    for _ in 0..CLIMB_MAX {
        if span.is_none() || spans.end_ns(span) >= at {
            return span;
        }
        span = spans.parent.get(span.index());
    }
    SpanId::NONE
}
