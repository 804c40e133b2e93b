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

use crate::model::{LabelSets, LabelValue, Recording, SortFew as _, SpanId, StackId, StringId};

/// The label by which operations are known.
pub const LABEL: &str = "asyncId";

/// Stacks that created operations, by the operation's number.
#[derive(Debug, Default)]
pub struct Creations {
    by_id: HashMap<i64, StackId, FixedState>,
    label: Option<StringId>,
}

/// Operations of one kind that one stack created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The stack; none where nobody tells it.
    pub stack: StackId,
    /// The kind, as the trace names it: `Timeout`, `FSREQPROMISE`.
    pub kind: StringId,
    /// Operations, as far as the trace tells when they began.
    pub operations: u64,
    /// Those of them that were answered by a callback.
    pub answered: u64,
    /// Time from the begin of each to its first callback, added up, nanoseconds. Operations wait at the
    /// same time, so this may be longer than the recording.
    pub waiting_ns: i64,
    /// The longest of these waits, nanoseconds.
    pub longest_ns: i64,
    /// Callbacks.
    pub callbacks: u64,
    /// Time in those, nanoseconds; those inside others of the same group count once.
    pub time_ns: i64,
}

/// What the name of a callback ends with, behind the kind of its operation.
const CALLBACK: &str = "_CALLBACK";

/// An operation while its spans are looked at.
#[derive(Debug, Clone, Copy, Default)]
struct Operation {
    began: Option<i64>,
    first_callback: Option<i64>,
    group: usize,
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
}

/// Whether a trace tells of operations.
pub fn is_told(recording: &Recording) -> bool {
    let Some(label) = recording.strings.find(LABEL) else { return false };
    recording.spans.labels.iter().any(|row| id(&recording.label_sets, label, row).is_some())
}

/// Operations by kind and by the stack that created them: those that waited the longest in all first.
/// Linear in spans.
pub fn groups(recording: &Recording) -> Vec<Group> {
    let creations = Creations::of(recording);
    let Some(label) = recording.strings.find(LABEL) else { return Vec::new() };
    let spans = &recording.spans;
    let mut groups: Vec<Group> = Vec::new();
    let mut by_key: BTreeMap<(StackId, StringId), usize> = BTreeMap::new();
    let mut operations: BTreeMap<i64, Operation> = BTreeMap::new();
    let number = |row: usize| id(&recording.label_sets, label, spans.labels.get(row));
    for row in 0..spans.len() {
        let Some(id) = number(row) else { continue };
        let (name, at) = (recording.text(spans.name.get(row)), spans.at_ns.get(row));
        let of_kind = name.strip_suffix(CALLBACK);
        let kind = match of_kind {
            // The operation itself may have begun before the recording did.
            Some(kind) => recording.strings.find(kind).unwrap_or(spans.name.get(row)),
            None => spans.name.get(row),
        };
        let stack = creations.by_id.get(&id).copied().unwrap_or(StackId::NONE);
        let group = *by_key.entry((stack, kind)).or_insert_with(|| {
            groups.push(Group {
                stack,
                kind,
                operations: 0,
                answered: 0,
                waiting_ns: 0,
                longest_ns: 0,
                callbacks: 0,
                time_ns: 0,
            });
            groups.len() - 1
        });
        let operation = operations.entry(id).or_default();
        operation.group = group;
        if of_kind.is_none() {
            operation.began = Some(operation.began.map_or(at, |began| began.min(at)));
            continue;
        }
        operation.first_callback = Some(operation.first_callback.map_or(at, |first| first.min(at)));
        groups[group].callbacks += 1;
        let parent = spans.parent.get(row);
        let is_inside = !parent.is_none() && number(parent.index()) == Some(id) && is_callback(recording, parent);
        if !is_inside {
            groups[group].time_ns = groups[group].time_ns.saturating_add(spans.length_ns.get(row));
        }
    }
    for operation in operations.values() {
        let Some(began) = operation.began else { continue };
        let group = &mut groups[operation.group];
        group.operations += 1;
        if let Some(first) = operation.first_callback.filter(|first| *first >= began) {
            group.answered += 1;
            group.waiting_ns = group.waiting_ns.saturating_add(first - began);
            group.longest_ns = group.longest_ns.max(first - began);
        }
    }
    groups.sort_few_by_key(|group| (Reverse(group.waiting_ns), Reverse(group.time_ns), group.stack, group.kind));
    groups
}

fn is_callback(recording: &Recording, span: SpanId) -> bool {
    recording.text(recording.spans.name.get(span.index())).ends_with(CALLBACK)
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

    /// Operations 1 and 2 of one stack and 3 of another; 9 of none. 1 and 3 are called back, 1 twice and
    /// once within itself; 2 waits for ever; of 9 only a callback is known.
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
        let track = Track { name, process, pid: None, tid: None, kind: TrackKind::Async, is_main: false };
        builder.spans.tracks.push(track);
        let rows = [
            (1, "Timeout", 0, 100, SpanId::NONE),
            (2, "Timeout", 5, 100, SpanId::NONE),
            (3, "Timeout", 10, 100, SpanId::NONE),
            (1, "Timeout_CALLBACK", 30, 10, SpanId::from_index(0)),
            (1, "Timeout_CALLBACK", 32, 4, SpanId::from_index(3)),
            (3, "Timeout_CALLBACK", 50, 7, SpanId::NONE),
            (1, "Timeout_CALLBACK", 60, 1, SpanId::NONE),
            (9, "Immediate_CALLBACK", 70, 9, SpanId::NONE),
        ];
        for (id, name, at, length, parent) in rows {
            let labels = label(id, &mut builder);
            let name = builder.strings.intern(name);
            let spans = &mut builder.spans;
            spans.track.push(0);
            spans.at_ns.push(at);
            spans.length_ns.push(length);
            spans.parent.push(parent);
            spans.name.push(name);
            spans.category.push(StringId::EMPTY);
            spans.labels.push(labels);
        }
        builder.finish(Origin::default())
    }

    #[test]
    fn operations_are_joined_with_who_scheduled_them() {
        let recording = recording();
        let creations = Creations::of(&recording);
        let name = |stack: StackId| recording.frame_text(recording.stacks.frame(stack)).to_owned();
        let of = |row| creations.of_span(&recording, SpanId::from_index(row)).map(name);
        assert_eq!([0, 2, 5, 7].map(of), [Some("a".into()), Some("b".into()), Some("b".into()), None]);
        let told = |group: &Group| {
            let stack = if group.stack.is_none() { "nobody".to_owned() } else { name(group.stack) };
            let counts = [group.operations, group.answered, group.callbacks];
            (stack, recording.text(group.kind).to_owned(), counts, [group.waiting_ns, group.longest_ns, group.time_ns])
        };
        let groups: Vec<_> = groups(&recording).iter().map(told).collect();
        assert_eq!(
            groups,
            [
                ("b".into(), "Timeout".into(), [1, 1, 1], [40, 40, 7]),
                ("a".into(), "Timeout".into(), [2, 1, 3], [30, 30, 11]),
                ("nobody".into(), "Immediate_CALLBACK".into(), [0, 0, 1], [0, 0, 9]),
            ]
        );
        assert!(is_told(&recording) && !is_told(&Recording::default()));
    }
}
