//! The timeline: what the thread did, its stalls, and the range that is looked at.

use std::rc::Rc;

use super::Engine;
use crate::analysis::activity::{Activity, activity};
use crate::analysis::modules::Kind;
use crate::analysis::stalls::StallKind;
use crate::draw::{self, ACTIVITIES, Metrics, PaintList, Span, StallMark, Track, TrackView};
use crate::model::vocab::{Filter, Path, Scope, TimeRange};
use crate::protocol::{CanvasId, Painted, Picture, TimelineView, Tip};
use crate::units;

/// The activity of a stretch at a width, kept while the pointer moves over it.
#[derive(Debug)]
pub(super) struct Kept {
    profile: usize,
    visible: TimeRange,
    columns: usize,
    shares: Vec<[f32; ACTIVITIES]>,
}

impl Engine {
    /// Paints the timeline into the list.
    pub(super) fn timeline(
        &mut self,
        picture: &Picture,
        view: &TimelineView,
        metrics: &Metrics,
        list: &mut PaintList,
    ) -> Painted {
        let shown = self.timeline_of(view);
        list.clear((picture.width, picture.height), picture.ratio);
        if let Some((profile, visible)) = shown {
            let track_view = track_view(picture, visible);
            let kept = self.shares(profile, visible, track_view.columns());
            let stalls = self.marks(profile, view.report);
            let range = |r: TimeRange| (r.from_ns, r.to_ns);
            let track = Track {
                columns: &kept.shares,
                stalls: &stalls,
                selected: selected(&view.scope).map(range),
                brush: view.brush.map(range),
                chosen: view.stall.map(range),
            };
            draw::timeline(&track, &track_view, metrics, list);
        }
        Painted {
            canvas: CanvasId::Timeline,
            content_height: list.content_height,
            boxes: list.boxes,
            merged: 0,
            crumbs: Path::new(),
            matches: 0,
            row_px: 0.0,
            selected: None,
            selected_print: None,
            visible: shown.map(|(_, visible)| visible),
            whole: shown.and_then(|(profile, _)| self.whole_time(profile)),
            thread: shown.map_or_else(String::new, |(p, _)| super::summary::thread_label(&self.recording.profiles[p])),
        }
    }

    /// What the thread did at a point, and the stall there.
    pub(super) fn timeline_hit(&mut self, picture: &Picture, view: &TimelineView, x: f64, _y: f64) -> Option<Tip> {
        let (profile, visible) = self.timeline_of(view)?;
        let track_view = track_view(picture, visible);
        let kept = self.shares(profile, visible, track_view.columns());
        let at_ns = track_view.time_at(x);
        let stalls = self.marks(profile, view.report);
        let stall = track_view.stall_at(&stalls, x).map(|i| stalls[i]);
        let column = (x.max(0.0) as usize).min(kept.shares.len().saturating_sub(1));
        let shares = kept.shares.get(column)?;
        Some(Tip {
            label: None,
            text: format!("{}: {}{}", units::nanos(at_ns), activity_words(shares), stall_words(stall)),
            path: Path::new(),
            here: None,
            everywhere: None,
            rect: (x.floor(), 0.0, 1.0, picture.height),
            at_ns: Some(at_ns),
            token: stall.map_or("--state-active", |_| "--sev-high").to_owned(),
        })
    }

    /// The thread that the timeline shows and its visible stretch.
    fn timeline_of(&mut self, view: &TimelineView) -> Option<(usize, TimeRange)> {
        let threads = view.scope.filters.iter().filter(|f| matches!(f, Filter::Thread(_))).cloned().collect();
        let prepared = self.prepared(&Scope { filters: threads, value: None, nest_gc: false });
        let profile = self.loop_profile(&prepared)?;
        let whole = self.whole_time(profile)?;
        let end = whole.to_ns;
        let visible = view.visible.unwrap_or(whole);
        let from_ns = visible.from_ns.clamp(0, end - 1);
        Some((profile, TimeRange { from_ns, to_ns: visible.to_ns.clamp(from_ns + 1, end) }))
    }

    fn whole_time(&self, profile: usize) -> Option<TimeRange> {
        let time = self.recording.profiles[profile].time.as_ref()?;
        let end = time.duration_ns.max(time.at_ns.last().unwrap_or(0) + time.last_ns).max(1);
        Some(TimeRange { from_ns: 0, to_ns: end })
    }

    fn shares(&mut self, profile: usize, visible: TimeRange, columns: usize) -> Rc<Kept> {
        let is_same = |k: &&Rc<Kept>| (k.profile, k.visible, k.columns) == (profile, visible, columns);
        if let Some(kept) = self.activity_kept.as_ref().filter(is_same) {
            return Rc::clone(kept);
        }
        let value = self.recording.profiles[profile].default_value;
        let activity =
            activity(&self.recording, &self.modules, &self.recording.profiles[profile], value, visible, columns);
        let kept = Rc::new(Kept { profile, visible, columns, shares: shares(&activity, visible, columns) });
        self.activity_kept = Some(Rc::clone(&kept));
        kept
    }

    /// Stalls as marks in the order of time.
    fn marks(&self, profile: usize, report: u32) -> Vec<StallMark> {
        let Some(found) = self.reported_stalls(profile, report) else { return Vec::new() };
        let mut marks: Vec<StallMark> = (1u32..)
            .zip(&found.stalls)
            .map(|(rank, stall)| StallMark {
                from_ns: stall.start_ns,
                to_ns: stall.start_ns + stall.duration_ns,
                is_busy: matches!(stall.kind, StallKind::LoopBusy { .. }),
                rank,
            })
            .collect();
        marks.sort_by_key(|m| (m.from_ns, m.to_ns));
        marks
    }
}

fn selected(scope: &Scope) -> Option<TimeRange> {
    scope.filters.iter().rev().find_map(|f| match f {
        Filter::Time(range) => Some(*range),
        _ => None,
    })
}

fn track_view(picture: &Picture, visible: TimeRange) -> TrackView {
    TrackView {
        size: (picture.width, picture.height),
        ratio: picture.ratio,
        span: Span { from: visible.from_ns as f64, to: visible.to_ns as f64 },
    }
}

/// Shares of the kinds in each column; idle is what is left.
fn shares(activity: &Activity, visible: TimeRange, columns: usize) -> Vec<[f32; ACTIVITIES]> {
    let column_ns = (visible.to_ns - visible.from_ns) as f64 / columns.max(1) as f64;
    let share = |ns: i64| (ns as f64 / column_ns.max(f64::MIN_POSITIVE)).min(1.0) as f32;
    activity.bins.iter().map(|bin| std::array::from_fn(|kind| share(bin[kind]))).collect()
}

fn activity_words(shares: &[f32; ACTIVITIES]) -> String {
    let mut parts: Vec<(f32, &str)> =
        shares.iter().zip(Kind::ALL).filter(|(s, _)| **s >= 0.005).map(|(s, kind)| (*s, kind.label())).collect();
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    if parts.is_empty() {
        return "idle".to_owned();
    }
    let words: Vec<String> =
        parts.iter().take(3).map(|(share, label)| format!("{:.0}{}% {label}", share * 100.0, units::THIN)).collect();
    words.join(", ")
}

fn stall_words(stall: Option<StallMark>) -> String {
    stall.map_or_else(String::new, |s| {
        let what = if s.is_busy { "loop busy" } else { "stall" };
        format!(" · {what} {} of {}", s.rank, units::nanos(s.to_ns - s.from_ns))
    })
}
