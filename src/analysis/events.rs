//! Events of a trace by name.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::model::vocab::TimeRange;
use crate::model::{SpanId, Spans, StringId};

/// What events of one name add up to. All times are nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventSum {
    /// Category of the first one.
    pub category: StringId,
    /// How many there are.
    pub count: u64,
    /// Their lengths, added up.
    pub length_ns: i64,
    /// Their lengths without those of the events right inside them.
    pub self_ns: i64,
    /// Time in them: an event within another of its name counts once.
    pub total_ns: i64,
    /// The longest.
    pub longest_ns: i64,
}

/// Sums by name over the spans of the tracks that are `wanted`, as far as they lie in a stretch of time
/// (all of it for `None`). One pass; spans must be in their order: by track, then start, parents first.
pub fn events(spans: &Spans, range: Option<TimeRange>, wanted: &[bool]) -> HashMap<StringId, EventSum, FixedState> {
    let mut sums: HashMap<StringId, EventSum, FixedState> = HashMap::default();
    // The spans around the one at hand, with what is left of their length for themselves.
    let mut open: Vec<Open> = Vec::new();
    // How many of a name are open.
    let mut names: HashMap<StringId, u32, FixedState> = HashMap::default();
    for row in 0..spans.len() {
        if !wanted.get(spans.track.get(row) as usize).copied().unwrap_or(false) {
            continue;
        }
        let parent = spans.parent.get(row);
        while open.last().is_some_and(|last| parent.is_none() || last.span != parent) {
            close(&mut open, &mut names, &mut sums);
        }
        let Some(length_ns) = inside(spans, row, range) else { continue };
        if let Some(around) = open.last_mut() {
            around.self_ns = around.self_ns.saturating_sub(length_ns);
        }
        let name = spans.name.get(row);
        let category = spans.category.get(row);
        let new = EventSum { category, count: 0, length_ns: 0, self_ns: 0, total_ns: 0, longest_ns: 0 };
        let sum = sums.entry(name).or_insert(new);
        sum.count += 1;
        sum.length_ns = sum.length_ns.saturating_add(length_ns);
        sum.longest_ns = sum.longest_ns.max(length_ns);
        let same = names.entry(name).or_insert(0);
        if *same == 0 {
            sum.total_ns = sum.total_ns.saturating_add(length_ns);
        }
        *same += 1;
        open.push(Open { span: SpanId::from_index(row), name, self_ns: length_ns });
    }
    while !open.is_empty() {
        close(&mut open, &mut names, &mut sums);
    }
    sums
}

/// A span whose children pass by.
struct Open {
    span: SpanId,
    name: StringId,
    self_ns: i64,
}

fn close(
    open: &mut Vec<Open>,
    names: &mut HashMap<StringId, u32, FixedState>,
    sums: &mut HashMap<StringId, EventSum, FixedState>,
) {
    let Some(last) = open.pop() else { return };
    if let Some(same) = names.get_mut(&last.name) {
        *same -= 1;
    }
    if let Some(sum) = sums.get_mut(&last.name) {
        sum.self_ns = sum.self_ns.saturating_add(last.self_ns.max(0));
    }
}

/// How much of a span lies in a stretch; `None` when it lies outside.
fn inside(spans: &Spans, row: usize, range: Option<TimeRange>) -> Option<i64> {
    let (from, length) = (spans.at_ns.get(row), spans.length_ns.get(row));
    let Some(range) = range else { return Some(length) };
    let to = from.saturating_add(length);
    let is_inside = from < range.to_ns && (to > range.from_ns || from >= range.from_ns);
    is_inside.then(|| to.min(range.to_ns).saturating_sub(from.max(range.from_ns)).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Builder;

    /// `a` of 10 ns with `b` of 4 and in it `a` of 3, then `b` of 2 by itself.
    fn spans(builder: &mut Builder) -> Spans {
        let mut spans = Spans::default();
        let rows = [("a", 0, 10, None), ("b", 1, 4, Some(0)), ("a", 2, 3, Some(1)), ("b", 20, 2, None)];
        for (name, at, length, parent) in rows {
            spans.track.push(0);
            spans.at_ns.push(at);
            spans.length_ns.push(length);
            spans.parent.push(parent.map_or(SpanId::NONE, SpanId::from_index));
            spans.name.push(builder.strings.intern(name));
            spans.category.push(StringId::EMPTY);
            spans.labels.push(0);
        }
        spans
    }

    fn of(range: Option<TimeRange>, wanted: &[bool]) -> Vec<(u64, i64, i64, i64)> {
        let mut builder = Builder::new();
        let spans = spans(&mut builder);
        let sums = events(&spans, range, wanted);
        let mut rows = Vec::new();
        for name in ["a", "b"] {
            let name = builder.strings.intern(name);
            rows.extend(sums.get(&name).map(|s| (s.count, s.self_ns, s.total_ns, s.longest_ns)));
        }
        rows
    }

    #[test]
    fn a_name_within_itself_counts_once() {
        assert_eq!(of(None, &[true]), [(2, 6 + 3, 10, 10), (2, 1 + 2, 6, 4)]);
        assert_eq!(of(None, &[false]), []);
    }

    #[test]
    fn a_range_cuts_what_reaches_over_it() {
        let range = TimeRange { from_ns: 3, to_ns: 21 };
        assert_eq!(of(Some(range), &[true]), [(2, 5 + 2, 7, 7), (2, 1, 3, 2)]);
    }
}
