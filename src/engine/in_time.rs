//! Boxes in the order of time, for the stage: all threads in scope below each other, on one clock.

use super::prepared::Prepared;
use super::summary::thread_label;
use crate::analysis::in_time::bridged;
use crate::analysis::tree::{DROPPED, ROOT};
use crate::draw::{ALL, BoxColumns, TimeRows};
use crate::model::{Column, Profile, Recording, Time};

/// A flame chart.
#[derive(Debug, Default)]
pub(super) struct Chart {
    pub(super) boxes: BoxColumns,
    /// Names of the tracks when there is more than one. The head of track k is the box of the node
    /// that stands k behind the call tree's.
    pub(super) tracks: Vec<String>,
    /// Whether the deepest rows are not among the boxes.
    pub(super) is_cut: bool,
}

/// A thread's samples.
struct Thread<'r> {
    profile: &'r Profile,
    time: &'r Time,
}

impl Thread<'_> {
    /// When its last sample ends.
    fn end_ns(&self) -> i64 {
        self.time.at_ns.last().map_or(0, |at| at.saturating_add(self.time.last_ns))
    }
}

/// The flame chart of what is looked at: `parent` is the call tree's, whose last row stands for samples
/// without a frame. A single thread has no head. Of more than about `boxes_max` boxes the deepest rows
/// are left out, those of later threads first.
pub(super) fn in_time(recording: &Recording, prepared: &Prepared, parent: &Column<u32>, boxes_max: usize) -> Chart {
    let scoped = &prepared.scoped;
    let with_time = |&p: &usize| {
        let profile = &recording.profiles[p];
        profile.time.as_ref().map(|time| Thread { profile, time })
    };
    let threads: Vec<Thread> = scoped.profiles.iter().filter_map(with_time).collect();
    let end = threads.iter().map(Thread::end_ns).max().unwrap_or(0);
    let (from, to) = scoped.range.map_or((0, end), |r| (r.from_ns.max(0), r.to_ns.min(end)));
    let mut chart = Chart { boxes: BoxColumns::whole(from, to), ..Chart::default() };
    if to <= from {
        return chart;
    }
    let without_frame = parent.len() as u32 - 1;
    let has_heads = threads.len() > 1;
    let mut left = boxes_max;
    for thread in &threads {
        if has_heads {
            let head = (parent.len() + chart.tracks.len()) as u32;
            chart.tracks.push(thread_label(thread.profile));
            chart.boxes.begin_track(head, from, to);
        }
        let nodes = bridged(recording, &thread.profile.samples.stack, |stack| match scoped.node(stack) {
            DROPPED => ALL,
            ROOT => without_frame,
            node => node - 1,
        });
        let rows = TimeRows::build(nodes, parent, &thread.time.at_ns, thread.end_ns(), left);
        left = left.saturating_sub(rows.boxes());
        chart.is_cut |= rows.cut_below().is_some();
        rows.append(&thread.time.at_ns, from, to, &mut chart.boxes);
    }
    chart
}
