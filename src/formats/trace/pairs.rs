//! Begins and ends of a thread become complete events.
//!
//! An end closes the innermost open begin of its name, or the innermost of all when it has no name. What
//! was open inside it ends there, too. Begins without an end end with their thread; ends without a begin
//! are left out.

use super::building::Span;
use super::events::{Event, Events};
use super::threads::Threads;
use crate::model::{Builder, LabelValue, StringId};

/// Open begins that an end is compared with: deeper ones are not looked for.
const SEARCH_MAX: usize = 64;
/// Ends of one moment that wait for a begin.
const WAITING_MAX: usize = 64;

/// What was repaired.
#[derive(Debug, Default)]
struct Repairs {
    unended: u64,
    stray: u64,
    crossed: u64,
}

/// Adds a complete event for each pair. Its row tells when it began among others of its moment.
///
/// What never ended gets the label `end: missing`.
pub(super) fn close(edges: &Events, complete: &mut Events, threads: &Threads, span: Span, builder: &mut Builder) {
    let mut lists = edges.by_thread(threads.len(), |at| span.holds(at));
    let mut repairs = Repairs::default();
    let missing = missing_end(builder);
    for thread in 0..threads.len() {
        if lists.is_empty(thread) {
            continue;
        }
        let rows = lists.of(thread);
        if !rows.is_sorted_by_key(|&row| edges.at(row)) {
            rows.sort_by_key(|&row| edges.at(row));
        }
        let last = threads.rows[thread].last.min(span.end);
        let mut open = Open {
            complete: &mut *complete,
            builder: &mut *builder,
            repairs: &mut repairs,
            rows: Vec::new(),
            ended: Vec::new(),
            waiting: Vec::new(),
        };
        for &row in rows.iter() {
            let event = edges.get(row);
            if event.extra == 0 { open.begin(event) } else { open.end(event) }
        }
        open.finish(last, missing);
    }
    builder.note(
        "end-missing",
        repairs.unended,
        "Some spans have a begin and no end; they end with the span around them, or with their thread.",
    );
    builder.note("begin-missing", repairs.stray, "Some ends of spans have no begin; they were left out.");
    builder.note(
        "spans-crossed",
        repairs.crossed,
        "Some spans ended after the span around them; they were cut where that ended.",
    );
}

/// The label of what has no end.
pub(super) fn missing_end(builder: &mut Builder) -> (StringId, LabelValue) {
    (builder.strings.intern("end"), LabelValue::Text(builder.strings.intern("missing")))
}

/// The labels of a row and one more.
pub(super) fn with_label(row: u32, label: (StringId, LabelValue), builder: &mut Builder) -> u32 {
    let mut all: Vec<_> = builder.label_sets.get(row).collect();
    all.push(label);
    builder.label_sets.intern(&all)
}

/// The open begins of a thread.
struct Open<'a> {
    complete: &'a mut Events,
    builder: &'a mut Builder,
    repairs: &'a mut Repairs,
    /// Name and row in `complete` of each.
    rows: Vec<(StringId, u32)>,
    /// Begins that ended with the one around them, and when; their own end may still come.
    ended: Vec<(StringId, i64)>,
    /// Ends of the last moment without a begin: that may stand behind them in the file.
    waiting: Vec<Event>,
}

impl Open<'_> {
    fn begin(&mut self, event: Event) {
        let row = self.complete.push(Event { extra: 0, ..event });
        let is_it = |end: &Event| end.at == event.at && end.name == event.name;
        match self.waiting.iter().position(is_it) {
            Some(at) => {
                let end = self.waiting.swap_remove(at);
                self.repairs.stray -= 1;
                self.merge_labels(row, end.labels);
            }
            None => self.rows.push((event.name, row)),
        }
    }

    fn end(&mut self, event: Event) {
        let is_it = |(name, _): &(StringId, u32)| event.name == StringId::EMPTY || *name == event.name;
        let Some(above) = self.rows.iter().rev().take(SEARCH_MAX).position(is_it) else {
            return self.end_nothing(event);
        };
        for _ in 0..above {
            let Some((name, row)) = self.rows.pop() else { break };
            self.set_end(row, event.at);
            self.repairs.unended += 1;
            if self.ended.len() >= WAITING_MAX {
                self.ended.remove(0);
            }
            self.ended.push((name, event.at));
        }
        if let Some((_, row)) = self.rows.pop() {
            self.set_end(row, event.at);
            self.merge_labels(row, event.labels);
        }
    }

    /// An end whose begin is not open: ended with the one around it, still to come, or not there.
    fn end_nothing(&mut self, event: Event) {
        if let Some(at) = self.ended.iter().rposition(|(name, _)| *name == event.name) {
            let (_, at) = self.ended.remove(at);
            self.repairs.unended -= 1;
            self.repairs.crossed += u64::from(at < event.at);
            return;
        }
        self.repairs.stray += 1;
        self.waiting.retain(|end| end.at == event.at);
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push(event);
        }
    }

    fn set_end(&mut self, row: u32, at: i64) {
        let length = at.saturating_sub(self.complete.at(row)).max(0);
        self.complete.set_extra(row, length);
    }

    /// What an end tells is added to what the begin told.
    fn merge_labels(&mut self, row: u32, labels: u32) {
        if labels == 0 {
            return;
        }
        let own = self.complete.get(row).labels;
        if own == 0 {
            return self.complete.set_labels(row, labels);
        }
        if own == labels {
            return;
        }
        let mut all: Vec<_> = self.builder.label_sets.get(own).collect();
        for (key, value) in self.builder.label_sets.get(labels).collect::<Vec<_>>() {
            if all.iter().all(|(known, _)| *known != key) {
                all.push((key, value));
            }
        }
        let merged = self.builder.label_sets.intern(&all);
        self.complete.set_labels(row, merged);
    }

    fn finish(mut self, last: i64, missing: (StringId, LabelValue)) {
        for (_, row) in std::mem::take(&mut self.rows) {
            self.set_end(row, last);
            self.repairs.unended += 1;
            let labels = with_label(self.complete.get(row).labels, missing, self.builder);
            self.complete.set_labels(row, labels);
        }
    }
}
