//! Who scheduled an asynchronous operation: what a trace tells of its callbacks, joined with the stacks
//! that created operations.
//!
//! Both sides name an operation by its number: samples of a profile of operations and spans of a trace
//! have it as their label `asyncId`, a whole number. Node.js gives each operation of a process another
//! one; so the two must be of one process, as the files of one folder are.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::model::{LabelSets, LabelValue, Recording, SpanId, StackId, StringId};

/// The label by which operations are known.
pub const LABEL: &str = "asyncId";

/// Stacks that created operations, by the operation's number.
#[derive(Debug, Default)]
pub struct Creations {
    by_id: HashMap<i64, StackId, FixedState>,
    label: Option<StringId>,
}

/// Operations that one stack created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The stack.
    pub stack: StackId,
    /// Operations that it created.
    pub operations: u64,
    /// Spans of a trace that are callbacks of these operations.
    pub spans: u64,
    /// Time in those spans, nanoseconds; spans inside others of the same operation count once.
    pub time_ns: i64,
}

impl Creations {
    /// The stacks that a recording holds. Linear in samples.
    pub fn of(recording: &Recording) -> Self {
        let Some(label) = recording.strings.find(LABEL) else { return Self::default() };
        let mut by_id = HashMap::default();
        for profile in &recording.profiles {
            let Some(labels) = &profile.samples.labels else { continue };
            for (stack, row) in profile.samples.stack.iter().zip(labels.iter()) {
                if let Some(id) = id(&recording.label_sets, label, row) {
                    // A number that is there twice was given again by another process; the first counts.
                    by_id.entry(id).or_insert(stack);
                }
            }
        }
        Self { by_id, label: Some(label) }
    }

    /// Whether there is nothing to join with.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The stack that created the operation of a span.
    pub fn of_span(&self, recording: &Recording, span: SpanId) -> Option<StackId> {
        let id = id(&recording.label_sets, self.label?, recording.spans.labels.get(span.index()))?;
        self.by_id.get(&id).copied()
    }

    /// Operations by the stack that created them: those whose callbacks took longest first, then those
    /// of which there are most. Linear in spans.
    pub fn groups(&self, recording: &Recording) -> Vec<Group> {
        let mut groups: BTreeMap<StackId, Group> = BTreeMap::new();
        let of = |stack: StackId| Group { stack, operations: 0, spans: 0, time_ns: 0 };
        // They are counted, in whatever order they come.
        for &stack in self.by_id.values() {
            groups.entry(stack).or_insert_with(|| of(stack)).operations += 1;
        }
        for row in 0..recording.spans.len() {
            let span = SpanId::from_index(row);
            let Some(stack) = self.of_span(recording, span) else { continue };
            let group = groups.entry(stack).or_insert_with(|| of(stack));
            group.spans += 1;
            let parent = recording.spans.parent.get(row);
            let is_inside = !parent.is_none() && self.of_span(recording, parent) == Some(stack);
            if !is_inside {
                group.time_ns = group.time_ns.saturating_add(recording.spans.length_ns.get(row));
            }
        }
        let mut groups: Vec<Group> = groups.into_values().collect();
        groups.sort_by_key(|group| (Reverse(group.time_ns), Reverse(group.operations), group.stack));
        groups
    }
}

/// The operation's number in a set of labels.
fn id(sets: &LabelSets, label: StringId, row: u32) -> Option<i64> {
    sets.get(row).find(|(key, _)| *key == label).and_then(|(_, value)| match value {
        LabelValue::Number(id, _) => Some(id),
        LabelValue::Text(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Builder, Column, Origin, Profile, Samples, Track, TrackKind, Value, Weights};
    use crate::units::Unit;

    /// Operations 1 and 2 of one stack and 3 of another; callbacks of 1 (with one inside), of 3 and of 9.
    fn recording() -> Recording {
        let mut builder = Builder::new();
        let key = builder.strings.intern(LABEL);
        let label = |id: i64, builder: &mut Builder| {
            builder.label_sets.intern(&[(key, LabelValue::Number(id, StringId::EMPTY))])
        };
        let [a, b] = ["a", "b"].map(|name| {
            let frame = builder.frame_named(name);
            builder.stack(StackId::NONE, frame)
        });
        let labels: Column<u32> = [1, 2, 3].map(|id| label(id, &mut builder)).into_iter().collect();
        let weights = Weights::Each(Column::filled(1, 3));
        builder.profile(Profile {
            samples: Samples { stack: [a, a, b].into_iter().collect(), labels: Some(labels), count: None },
            values: vec![Value { name: "operations".into(), unit: Unit::Count, decimals: 0, weights }],
            ..Profile::default()
        });
        let (name, process) = (String::new(), String::new());
        builder.spans.tracks.push(Track {
            name,
            process,
            pid: None,
            tid: None,
            kind: TrackKind::Async,
            is_main: false,
        });
        for (id, length, parent) in
            [(1, 10, SpanId::NONE), (1, 4, SpanId::from_index(0)), (3, 7, SpanId::NONE), (9, 9, SpanId::NONE)]
        {
            let labels = label(id, &mut builder);
            let spans = &mut builder.spans;
            spans.track.push(0);
            spans.at_ns.push(0);
            spans.length_ns.push(length);
            spans.parent.push(parent);
            spans.name.push(StringId::EMPTY);
            spans.category.push(StringId::EMPTY);
            spans.labels.push(labels);
        }
        builder.finish(Origin::default())
    }

    #[test]
    fn callbacks_are_joined_with_who_scheduled_them() {
        let recording = recording();
        let creations = Creations::of(&recording);
        let name = |stack: StackId| recording.frame_text(recording.stacks.frame(stack)).to_owned();
        let of: Vec<Option<String>> =
            (0..4).map(|row| creations.of_span(&recording, SpanId::from_index(row)).map(name)).collect();
        assert_eq!(of, [Some("a".into()), Some("a".into()), Some("b".into()), None]);
        let groups: Vec<(String, u64, u64, i64)> =
            creations.groups(&recording).iter().map(|g| (name(g.stack), g.operations, g.spans, g.time_ns)).collect();
        assert_eq!(groups, [("a".into(), 2, 2, 10), ("b".into(), 1, 1, 7)]);
        assert!(Creations::of(&Recording::default()).is_empty());
    }
}
