//! A profile of a thread that was not sampled, made of its spans: a row for each uninterrupted stretch
//! of own time, with the nesting of the spans as its stack.

use super::frames::Frames;
use crate::model::{Builder, Column, FrameId, LabelValue, SpanId, StackId, StringId, Tag, Time};

/// Stacks and their moments.
#[derive(Debug)]
pub(super) struct Stretches {
    pub(super) stacks: Column<StackId>,
    pub(super) time: Time,
    /// Time in spans, nanoseconds.
    pub(super) busy_ns: i64,
}

/// What makes rows of spans.
pub(super) struct Maker<'a> {
    pub(super) frames: &'a mut Frames,
    pub(super) idle: StackId,
    /// Spans with this label are passed over: nobody knows when they ended.
    pub(super) left_out: Option<(StringId, LabelValue)>,
    /// Length of the recording, nanoseconds.
    pub(super) duration_ns: i64,
}

impl Maker<'_> {
    /// The profile of the spans in rows `from..to`, which are those of one thread; none when all are of
    /// no length. Between outermost spans the thread is idle.
    pub(super) fn make(&mut self, from: usize, to: usize, builder: &mut Builder) -> Option<Stretches> {
        let mut rows = Rows { at: Column::new(), stack: Column::new() };
        let mut open: Vec<(SpanId, i64, StackId)> = Vec::new();
        let mut busy_ns = 0i64;
        for row in from..to {
            let span = SpanId::from_index(row);
            let (at, length) = (builder.spans.at_ns.get(row), builder.spans.length_ns.get(row));
            if length <= 0 || self.is_left_out(row, builder) {
                continue;
            }
            self.close(&mut open, &mut rows, at);
            let outer = open.last().map_or(StackId::NONE, |open| open.2);
            if outer.is_none() {
                busy_ns = busy_ns.saturating_add(length);
            }
            let frame = self.frame(row, builder);
            let stack = builder.stack(outer, frame);
            rows.push(at, stack);
            open.push((span, at.saturating_add(length), stack));
        }
        self.close(&mut open, &mut rows, i64::MAX);
        let end = rows.finish()?;
        let last = rows.at.last().unwrap_or(end);
        let time = Time {
            at_ns: rows.at,
            start_ns: builder.clock.start_ns.unwrap_or(0),
            duration_ns: self.duration_ns.max(end),
            last_ns: end - last,
            interval_ns: 0,
            has_idle: true,
        };
        Some(Stretches { stacks: rows.stack, time, busy_ns })
    }

    /// Ends the spans that are over at a moment.
    fn close(&self, open: &mut Vec<(SpanId, i64, StackId)>, rows: &mut Rows, at: i64) {
        while let Some(&(_, end, _)) = open.last().filter(|open| open.1 <= at) {
            open.pop();
            rows.push(end, open.last().map_or(self.idle, |open| open.2));
        }
    }

    fn frame(&mut self, row: usize, builder: &mut Builder) -> FrameId {
        let (name, labels) = (builder.spans.name.get(row), builder.spans.labels.get(row));
        self.frames.of(name, labels, builder)
    }

    fn is_left_out(&self, row: usize, builder: &Builder) -> bool {
        let labels = builder.spans.labels.get(row);
        let Some(left_out) = self.left_out.filter(|_| labels != 0) else { return false };
        builder.label_sets.get(labels).any(|label| label == left_out)
    }
}

/// Rows while they are made: at one moment the last one counts.
struct Rows {
    at: Column<i64>,
    stack: Column<StackId>,
}

impl Rows {
    fn push(&mut self, at: i64, stack: StackId) {
        if self.at.last() == Some(at) {
            self.at.truncate(self.at.len() - 1);
            self.stack.truncate(self.stack.len() - 1);
        }
        if self.stack.last() != Some(stack) {
            self.at.push(at);
            self.stack.push(stack);
        }
    }

    /// Takes the idle row behind the last span away: it only tells where that ended.
    fn finish(&mut self) -> Option<i64> {
        let end = self.at.last()?;
        let len = self.at.len() - 1;
        self.at.truncate(len);
        self.stack.truncate(len);
        (len > 0).then_some(end)
    }
}

/// The stack of a thread that waits.
pub(super) fn idle(builder: &mut Builder) -> StackId {
    let name = builder.strings.intern("(idle)");
    let function = builder.function(name, StringId::EMPTY, 0, 0, Tag::Idle);
    let frame = builder.frame(function, 0, false);
    builder.stack(StackId::NONE, frame)
}
