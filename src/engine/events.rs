//! The events of a trace as boxes in the order of time: what they are called, which call paths they
//! are, and what they add up to. Their labels follow those of the functions.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::Engine;
use super::measures::{time_of, tracks_of};
use super::prepared::Prepared;
use crate::analysis::events::events;
use crate::analysis::labels::Labels;
use crate::analysis::nesting::{NONE, Nesting};
use crate::analysis::search::matching;
use crate::analysis::tree::{DROPPED, Shape};
use crate::draw::{ALL, BoxColumns, Hue, Paint};
use crate::model::vocab::{Filter, FrameKey, Order, Scope, TimeRange};
use crate::model::{Column, Interner, Profile, Recording, StringId, TrackKind};
use crate::protocol::{Amount, Details, FunctionLabel};
use crate::stage::{Figures, LabelRow, Want};
use crate::units::Unit;

/// The labels of events, each once.
#[derive(Debug, Default)]
pub(super) struct EventLabels {
    /// Row of `rows` of each span.
    of: Column<u32>,
    /// Name, category, and whether the file does not tell the end.
    rows: Column<(StringId, StringId, bool)>,
    /// What stands for the categories: `blink.user_timing`, or with the end missing.
    places: Vec<String>,
}

impl EventLabels {
    /// One pass over the spans.
    fn new(recording: &Recording) -> Self {
        let labels = Labels::of(recording);
        let spans = &recording.spans;
        let mut rows = Interner::default();
        let row = |span| (spans.name.get(span), spans.category.get(span), labels.is_unended(span));
        let of = (0..spans.len()).map(|span| rows.intern(row(span)) as u32).collect();
        let rows = rows.into_rows();
        let place = |(_, category, is_unended)| {
            let category = Some(recording.text(category)).filter(|text| !text.is_empty()).unwrap_or("event");
            if is_unended { format!("{category}, no end") } else { category.to_owned() }
        };
        Self { of, places: rows.iter().map(place).collect(), rows }
    }

    /// The place of the first label of each name.
    pub(super) fn by_name(&self) -> HashMap<StringId, &str, FixedState> {
        let mut by_name = HashMap::default();
        for ((name, _, _), place) in self.rows.iter().zip(&self.places) {
            by_name.entry(name).or_insert(place.as_str());
        }
        by_name
    }

    fn name<'a>(&self, recording: &'a Recording, row: usize) -> &'a str {
        recording.text(self.rows.get(row).0)
    }

    /// How each is shown.
    pub(super) fn labels<'a>(&'a self, recording: &'a Recording) -> impl Iterator<Item = LabelRow<'a>> {
        (0..self.places.len()).map(|row| {
            let (name, place) = (self.name(recording, row), self.places[row].as_str());
            let category = recording.text(self.rows.get(row).1);
            LabelRow {
                name,
                file: place,
                line: 0,
                module: place,
                place,
                kind: "",
                paint: paint(name, category),
                has_heat: false,
            }
        })
    }

    fn label(&self, recording: &Recording, row: usize) -> FunctionLabel {
        let (name, place) = (self.name(recording, row).to_owned(), self.places[row].clone());
        let token = paint(&name, recording.text(self.rows.get(row).1)).token().to_owned();
        let key = FrameKey { name, file: place.clone(), line: 0 };
        FunctionLabel { key, module: place.clone(), place, kind: String::new(), token }
    }

    fn find(&self, recording: &Recording, key: &FrameKey) -> Option<usize> {
        let is_it = |&row: &usize| self.places[row] == key.file && self.name(recording, row) == key.name;
        (0..self.places.len()).filter(|_| key.line == 0).find(is_it)
    }
}

/// The fill of events: hue by category, pale as what others wrote; what a person measured is their own.
fn paint(name: &str, category: &str) -> Paint {
    match category {
        _ if name.ends_with("GC") || name.starts_with("V8.GC") => Paint::GC,
        "blink.user_timing" | "node.perf.usertiming" => Paint::own(Hue::of(category)),
        _ => Paint::dependency(Hue::of(category)),
    }
}

/// Call paths of events that are none of the call tree.
#[derive(Debug, Default)]
pub(super) struct EventNodes {
    /// Node around, and label.
    rows: Interner<(u32, u32)>,
}

impl EventNodes {
    /// The nodes' parents and labels.
    pub(super) fn into_rows(self) -> Column<(u32, u32)> {
        self.rows.into_rows()
    }
}

/// What a chart of events is made of.
pub(super) struct Drawer<'e> {
    pub(super) recording: &'e Recording,
    pub(super) labels: &'e EventLabels,
    /// Number of the call tree's nodes, behind which those of events stand.
    pub(super) tree_nodes: u32,
    pub(super) range: TimeRange,
    pub(super) nodes: EventNodes,
}

/// The call paths of a profile that was made of a track: its spans are calls of that.
pub(super) struct Made<'e> {
    pub(super) profile: &'e Profile,
    pub(super) prepared: &'e Prepared,
}

impl Drawer<'_> {
    /// The spans of a track in rows, and the node of each.
    pub(super) fn track(&mut self, track: usize, made: Option<&Made<'_>>) -> (Nesting, Vec<u32>) {
        let nesting = Nesting::of(&self.recording.spans, track, self.range);
        let mut calls = made.map(|made| Calls::new(made, self.recording));
        let mut nodes = vec![ALL; nesting.row.len()];
        for span in 0..nodes.len() {
            let is_drawn = nesting.row[span] != NONE;
            let call = calls.as_mut().and_then(|calls| calls.next(nesting.first + span));
            if is_drawn {
                let around = nesting.around[span];
                let around = if around == NONE { ALL } else { nodes[around as usize] };
                nodes[span] = call.unwrap_or_else(|| self.node(around, nesting.first + span));
            }
        }
        (nesting, nodes)
    }

    fn node(&mut self, around: u32, span: usize) -> u32 {
        let label = self.recording.functions.len() as u32 + self.labels.of.get(span);
        self.tree_nodes + self.nodes.rows.intern((around, label)) as u32
    }

    /// Appends the rows of a track, the deepest left out where there are more than so many boxes; gives
    /// the number of boxes, and whether some were left out.
    pub(super) fn append(
        &self,
        nesting: &Nesting,
        nodes: &[u32],
        boxes_max: usize,
        to: &mut BoxColumns,
    ) -> (usize, bool) {
        let spans = &self.recording.spans;
        let order = nesting.by_row();
        let mut drawn = 0;
        for (row, &count) in (0u32..).zip(&nesting.counts) {
            let count = count as usize;
            if drawn + count > boxes_max {
                return (drawn, true);
            }
            if nesting.lanes.binary_search(&row).is_ok() {
                to.begin_lane();
            }
            for &span in &order[drawn..drawn + count] {
                let at = spans.at_ns.get(nesting.first + span as usize);
                let end = at.saturating_add(spans.length_ns.get(nesting.first + span as usize)).min(self.range.to_ns);
                let at = at.max(self.range.from_ns);
                to.push(nodes[span as usize], at, end - at);
            }
            to.end_row();
            drawn += count;
        }
        (drawn, nesting.is_cut)
    }
}

/// The calls that the spans of a track are in the profile that was made of them, in their order.
struct Calls<'e> {
    made: &'e Made<'e>,
    recording: &'e Recording,
    labels: Labels<'e>,
    shape: &'e Shape,
    /// Whether spans without an end are in the profile.
    has_unended: bool,
    /// The sample at hand.
    sample: usize,
    /// When the spans end that are open in the profile.
    open: Vec<i64>,
}

impl<'e> Calls<'e> {
    fn new(made: &'e Made<'e>, recording: &'e Recording) -> Self {
        let shape = &made.prepared.scoped.tree.shape;
        let has_unended = made.profile.made_of.is_some_and(|made_of| made_of.has_unended);
        Self { made, recording, labels: Labels::of(recording), shape, has_unended, sample: 0, open: Vec::new() }
    }

    /// The node of a span, as boxes of the call tree are numbered; none for what the profile leaves out.
    /// At its begin the profile's stack holds it, as deep as spans are open around it.
    fn next(&mut self, span: usize) -> Option<u32> {
        let (at, length) = (self.recording.spans.at_ns.get(span), self.recording.spans.length_ns.get(span));
        let time = self.made.profile.time.as_ref()?;
        while self.open.last().is_some_and(|&end| end <= at) {
            self.open.pop();
        }
        while self.sample + 1 < time.at_ns.len() && time.at_ns.get(self.sample + 1) <= at {
            self.sample += 1;
        }
        if length <= 0 || (!self.has_unended && self.labels.is_unended(span)) {
            return None;
        }
        self.open.push(at.saturating_add(length));
        let mut node = self.made.prepared.scoped.node(self.made.profile.samples.stack.get(self.sample));
        let depth = self.open.len() as u32;
        if node == DROPPED || self.shape.depth(node) < depth {
            return None;
        }
        while self.shape.depth(node) > depth {
            node = self.shape.parent(node);
        }
        node.checked_sub(1)
    }
}

impl Engine {
    /// How events are shown.
    pub(super) fn event_labels(&self) -> &EventLabels {
        self.event_labels.get_or_init(|| EventLabels::new(&self.recording))
    }

    /// Whether there are events to be drawn in the order of time. The course of a load test is none.
    pub(super) fn has_events(&self) -> bool {
        let spans = &self.recording.spans;
        let is_of_program = |track: u32| {
            let track = &spans.tracks[track as usize];
            track.kind == TrackKind::Thread || track.pid.is_some()
        };
        crate::IS_FULL && spans.track.last().is_some_and(is_of_program)
    }

    /// The order in which the flame graph is shown at first: of time where nothing was sampled, so that
    /// there is no weight but that of events.
    pub fn first_order(&self) -> Order {
        let is_sampled = self.recording.profiles.iter().any(|profile| profile.made_of.is_none());
        if self.has_events() && !is_sampled { Order::Time } else { Order::default() }
    }

    /// What the recording is shown by at first.
    pub fn first_want(&self) -> Want {
        Want::first(self.first_order())
    }

    /// Numbers of the event labels that a search text matches.
    pub(super) fn event_matches(&self, search: &str) -> Vec<u32> {
        if !self.has_events() {
            return Vec::new();
        }
        let labels = self.event_labels();
        let rows = (0..labels.places.len()).map(|row| (labels.name(&self.recording, row), labels.places[row].as_str()));
        let first = self.recording.functions.len() as u32;
        let found = (first..).zip(matching(search, rows)).filter(|(_, is_match)| *is_match);
        found.map(|(label, _)| label).collect()
    }

    /// What all events of each label's name add up to: the numbers of the sheet of events.
    pub(super) fn event_figures(&self, scope: &Scope) -> Vec<Figures> {
        let sums = events(&self.recording.spans, time_of(scope), &tracks_of(&self.recording, scope));
        let figures = |(name, _, _)| {
            sums.get(&name).map_or_else(Figures::default, |sum| Figures {
                self_value: sum.self_ns,
                self_samples: sum.count,
                total: sum.total_ns,
                total_samples: sum.count,
            })
        };
        self.event_labels().rows.iter().map(figures).collect()
    }

    /// What there is to say of events of a name: what the sheet of events says.
    pub(super) fn event_details(&self, scope: &Scope, key: &FrameKey) -> Option<Details> {
        if !self.has_events() {
            return None;
        }
        let row = self.event_labels().find(&self.recording, key)?;
        let figures = self.event_figures(scope)[row];
        let range = self.chart_range(scope);
        let amount = |raw, count| Amount::new(raw, range.to_ns - range.from_ns, &Unit::Nanos, 0, count);
        Some(Details {
            label: self.event_labels().label(&self.recording, row),
            everywhere: (
                amount(figures.self_value, figures.self_samples),
                amount(figures.total, figures.total_samples),
            ),
            places: u32::from(figures.total_samples > 0),
            ..Details::default()
        })
    }

    /// The stretch that events and samples are drawn in: all of the recording, or what is looked at.
    pub(super) fn chart_range(&self, scope: &Scope) -> TimeRange {
        let of_profiles = self.recording.profiles.iter().filter_map(|profile| Some(profile.time.as_ref()?.end_ns()));
        let end = of_profiles.chain(self.spans_end()).max().unwrap_or(0);
        let range = time_of(scope).unwrap_or(TimeRange { from_ns: 0, to_ns: end });
        TimeRange { from_ns: range.from_ns.max(0), to_ns: range.to_ns.min(end) }
    }
}

/// Whether a scope looks at some functions only, of which events know nothing.
pub(super) fn narrows_functions(scope: &Scope) -> bool {
    scope.filters.iter().any(|filter| !matches!(filter, Filter::Time(_) | Filter::Thread(_)))
}

#[cfg(test)]
mod tests;
