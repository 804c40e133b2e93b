//! Boxes in the order of time, for the stage: all threads in scope and all tracks of events below each
//! other, on one clock.

use super::Engine;
use super::events::{Drawer, EventNodes, Made, narrows_functions};
use super::prepared::Prepared;
use super::summary::thread_label;
use crate::analysis::in_time::bridged;
use crate::analysis::nesting::{NONE, Nesting};
use crate::analysis::tree::{DROPPED, ROOT};
use crate::draw::{ALL, BoxColumns, TimeRows};
use crate::model::vocab::{Filter, Scope, TimeRange};
use crate::model::{Column, Profile, Time, Track, TrackKind};
use crate::stage::head_node;

/// A flame chart.
#[derive(Debug, Default)]
pub(super) struct Chart {
    pub(super) boxes: BoxColumns,
    /// Names of the tracks when there is more than one.
    pub(super) tracks: Vec<String>,
    /// Call paths of events: the node around each, and its label. They stand behind the call tree's.
    pub(super) events: Column<(u32, u32)>,
    /// Whether the deepest rows are not among the boxes.
    pub(super) is_cut: bool,
}

/// What stands below a head.
enum Group<'r> {
    /// A thread's samples.
    Samples { profile: &'r Profile, time: &'r Time, name: String },
    /// A track's events in rows, and their nodes.
    Events { nesting: Nesting, nodes: Vec<u32>, name: String },
}

impl Engine {
    /// The flame chart of what is looked at: `parent` is the call tree's, whose last row stands for samples
    /// without a frame. A single thread or track has no head. The samples of a thread stand below its
    /// events, and where they were made of these, the events stand for them. Of more than about
    /// `boxes_max` boxes the deepest rows are left out, those of later threads first.
    pub(super) fn in_time(&self, prepared: &Prepared, parent: &Column<u32>, boxes_max: usize) -> Chart {
        let range = self.range_in_time(prepared);
        let mut chart = Chart { boxes: BoxColumns::whole(range.from_ns, range.to_ns), ..Chart::default() };
        if range.to_ns <= range.from_ns {
            return chart;
        }
        let (groups, drawer) = self.groups(prepared, parent.len() as u32, range);
        let has_heads = groups.len() > 1;
        let mut left = boxes_max;
        for group in groups {
            if has_heads {
                let (Group::Samples { name, .. } | Group::Events { name, .. }) = &group;
                chart.boxes.begin_track(head_node(chart.tracks.len()), range.from_ns, range.to_ns);
                chart.tracks.push(name.clone());
            }
            let (boxes, is_cut) = match group {
                Group::Samples { profile, time, .. } => {
                    self.append_samples(prepared, (profile, time), parent, left, &mut chart.boxes, range)
                }
                Group::Events { nesting, nodes, .. } => drawer.append(&nesting, &nodes, left, &mut chart.boxes),
            };
            left = left.saturating_sub(boxes);
            chart.is_cut |= is_cut;
        }
        chart.events = drawer.nodes.into_rows();
        chart
    }

    fn range_in_time(&self, prepared: &Prepared) -> TimeRange {
        if self.has_events() {
            return self.chart_range(&prepared.scope);
        }
        let times = prepared.scoped.each(&self.recording).filter_map(|(profile, _)| profile.time.as_ref());
        let end = times.map(Time::end_ns).max().unwrap_or(0);
        let whole = TimeRange { from_ns: 0, to_ns: end };
        prepared.scoped.range.map_or(whole, |r| TimeRange { from_ns: r.from_ns.max(0), to_ns: r.to_ns.min(end) })
    }

    /// What is shown, in its order: a thread's samples below its events, and those of threads without
    /// events at last.
    fn groups<'e>(&'e self, prepared: &Prepared, tree_nodes: u32, range: TimeRange) -> (Vec<Group<'e>>, Drawer<'e>) {
        let recording = &self.recording;
        let scope = &prepared.scope;
        let labels = self.event_labels();
        let mut drawer = Drawer { recording, labels, tree_nodes, range, nodes: EventNodes::default() };
        let mut left: Vec<&Profile> = prepared.scoped.profiles.iter().map(|&p| &recording.profiles[p]).collect();
        let mut groups = Vec::new();
        let tracks = if self.has_events() { recording.spans.tracks.as_slice() } else { &[] };
        for (at, track) in tracks.iter().enumerate().filter(|(_, track)| is_in_scope(track, scope)) {
            let made = left.iter().position(|profile| profile.made_of.is_some_and(|made| made.track as usize == at));
            if made.is_some() && narrows_functions(scope) {
                groups.extend(samples(left.remove(made.unwrap_or(0)), ""));
                continue;
            }
            let made = made.map(|made| Made { profile: left.remove(made), prepared });
            let (nesting, nodes) = drawer.track(at, made.as_ref());
            let sampled: Vec<usize> = (0..left.len()).filter(|&p| is_of(left[p], track)).collect();
            let has_events = nesting.row.iter().any(|&row| row != NONE);
            if has_events {
                groups.push(Group::Events { nesting, nodes, name: track_label(track) });
            }
            let what = if has_events { " · samples" } else { "" };
            for p in sampled.into_iter().rev() {
                groups.extend(samples(left.remove(p), what));
            }
        }
        groups.extend(left.into_iter().filter_map(|profile| samples(profile, "")));
        (groups, drawer)
    }

    /// Appends the boxes of a thread's samples; gives their number, and whether some were left out.
    fn append_samples(
        &self,
        prepared: &Prepared,
        (profile, time): (&Profile, &Time),
        parent: &Column<u32>,
        boxes_max: usize,
        to: &mut BoxColumns,
        range: TimeRange,
    ) -> (usize, bool) {
        let scoped = &prepared.scoped;
        let without_frame = parent.len() as u32 - 1;
        let nodes = bridged(&self.recording, &profile.samples.stack, |stack| match scoped.node(stack) {
            DROPPED => ALL,
            ROOT => without_frame,
            node => node - 1,
        });
        let rows = TimeRows::build(nodes, parent, &time.at_ns, time.end_ns(), boxes_max);
        let told = (rows.boxes(), rows.cut_below().is_some());
        rows.append(&time.at_ns, range.from_ns, range.to_ns, to);
        told
    }
}

fn samples<'r>(profile: &'r Profile, what: &str) -> Option<Group<'r>> {
    let name = format!("{}{what}", thread_label(profile));
    profile.time.as_ref().map(|time| Group::Samples { profile, time, name })
}

/// Whether samples are those of the thread that a track is of.
fn is_of(profile: &Profile, track: &Track) -> bool {
    track.kind == TrackKind::Thread && track.tid.is_some() && (profile.pid, profile.tid) == (track.pid, track.tid)
}

/// Whether a track is looked at: with a thread chosen, only what is that thread's.
fn is_in_scope(track: &Track, scope: &Scope) -> bool {
    scope.filters.iter().all(|filter| match filter {
        Filter::Thread(key) => (key.pid, key.tid) == (track.pid, track.tid),
        _ => true,
    })
}

/// A track as a thread is named.
fn track_label(track: &Track) -> String {
    let named = [track.process.as_str(), track.name.as_str()].map(str::to_owned);
    let pid = track.pid.map_or_else(String::new, |pid| format!("pid {pid}"));
    let parts: Vec<String> = named.into_iter().chain([pid]).filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}
