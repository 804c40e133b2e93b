//! The timeline for the stage: what a thread did in a stretch, and its stalls.

use super::Engine;
use crate::analysis::activity::{Activity, activity};
use crate::analysis::lanes::Columns;
use crate::analysis::modules::Kind;
use crate::analysis::stalls::StallKind;
use crate::draw::ACTIVITIES;
use crate::model::SortFew as _;
use crate::model::vocab::{Scope, TimeRange};
use crate::stage::{Strip, StripWant};

impl Engine {
    /// What the thread did in the stretch that is looked at.
    pub(super) fn strip(&mut self, want: &StripWant) -> Strip {
        let scope = Scope { filters: want.threads.clone(), value: None, nest_gc: false };
        let prepared = self.prepared(&scope);
        let profile = self.loop_profile(&prepared).filter(|&p| self.recording.profiles[p].time.is_some());
        let whole = match profile {
            Some(profile) => self.time_of(profile),
            None => self.time_of_lanes(want.moved_ns),
        };
        let Some(whole) = whole else { return Strip { want: want.clone(), ..Strip::default() } };
        let visible = want.visible.unwrap_or(whole);
        let from_ns = visible.from_ns.clamp(0, whole.to_ns - 1);
        let visible = TimeRange { from_ns, to_ns: visible.to_ns.clamp(from_ns + 1, whole.to_ns) };
        let count = want.columns.min(COLUMNS_MAX) as usize;
        let columns = Columns { from_ns, to_ns: visible.to_ns, count };
        let bare = Strip {
            want: want.clone(),
            whole: Some(whole),
            visible: Some(visible),
            lanes: self.lanes(want, columns),
            ..Strip::default()
        };
        let Some(profile) = profile else { return bare };
        let of = &self.recording.profiles[profile];
        let activity = activity(&self.recording, &self.modules, of, of.default_value, visible, count);
        Strip {
            thread: super::summary::thread_label(of),
            shares: shares(&activity, visible, count),
            kinds: Kind::ALL.into_iter().take(ACTIVITIES).map(|kind| kind.label().to_owned()).collect(),
            stalls: self.stall_marks(profile, want.report),
            ..bare
        }
    }

    fn time_of(&self, profile: usize) -> Option<TimeRange> {
        let time = self.recording.profiles[profile].time.as_ref()?;
        let end = time.duration_ns.max(time.end_ns()).max(1);
        Some(TimeRange { from_ns: 0, to_ns: end })
    }

    /// Stalls in the order of time: from, to, whether the loop was merely busy, rank by length.
    fn stall_marks(&self, profile: usize, report: u32) -> Vec<(i64, i64, bool, u32)> {
        let Some(found) = self.reported_stalls(profile, report) else { return Vec::new() };
        let ranked = (1u32..).zip(&found.stalls);
        let mut marks: Vec<(i64, i64, bool, u32)> = ranked
            .map(|(rank, stall)| {
                let is_busy = matches!(stall.kind, StallKind::LoopBusy { .. });
                (stall.start_ns, stall.start_ns + stall.duration_ns, is_busy, rank)
            })
            .collect();
        marks.sort_few_by_key(|m| (m.0, m.1));
        marks
    }
}

/// Most columns of a strip: wider than any screen.
const COLUMNS_MAX: u32 = 1 << 16;

/// Shares of the kinds in each column; idle is what is left.
fn shares(activity: &Activity, visible: TimeRange, columns: usize) -> Vec<[f32; ACTIVITIES]> {
    let column_ns = (visible.to_ns - visible.from_ns) as f64 / columns.max(1) as f64;
    let share = |ns: i64| (ns as f64 / column_ns.max(f64::MIN_POSITIVE)).min(1.0) as f32;
    activity.bins.iter().map(|bin| std::array::from_fn(|kind| share(bin[kind]))).collect()
}
