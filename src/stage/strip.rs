//! The timeline on the stage: what a thread did, its stalls, and the range that is looked at.

use serde::{Deserialize, Serialize};

use super::Want;
use crate::draw::{self, ACTIVITIES, DrawnLane, Metrics, PaintList, Span, StallMark, Track, TrackView};
use crate::model::SortFew as _;
use crate::model::vocab::{Filter, Path, Scope, TimeRange};
use crate::protocol::{CanvasId, Painted, Picture, TimelineView, Tip};
use crate::units::{self, Unit};

/// Which stretch of which thread is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StripWant {
    /// The thread filters; no others apply.
    pub threads: Vec<Filter>,
    /// The visible stretch; `None` for all.
    pub visible: Option<TimeRange>,
    /// Number of columns that divide it.
    pub columns: u32,
    /// Number of the report whose stalls are marked; 0 is none.
    pub report: u32,
    /// The tab whose lanes are drawn; empty for none.
    pub tab: String,
    /// Key of the row whose lane is among them; empty for none.
    pub row: String,
    /// How much later series are shown that stand on no clock of the rest, nanoseconds.
    pub moved_ns: i64,
}

/// A lane below the activity.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Lane {
    /// What it shows.
    pub name: String,
    /// What it belongs to; may be empty.
    pub place: String,
    /// What its numbers measure; `None` for shares of a column's time.
    pub unit: Option<Unit>,
    /// The value at the lower edge and at the upper one.
    pub scale: (f64, f64),
    /// Smallest and largest value in each column; not a number where nothing is known.
    pub levels: Vec<(f32, f32)>,
    /// Points in time with a name, in their order.
    pub marks: Vec<(i64, String)>,
}

/// What a thread did in a stretch of time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Strip {
    /// What it was asked for by.
    pub want: StripWant,
    /// All the time that can be shown; `None` when there is no time.
    pub whole: Option<TimeRange>,
    /// The stretch that the columns divide.
    pub visible: Option<TimeRange>,
    /// The thread, for people.
    pub thread: String,
    /// Share of each kind of activity in each column, 0..1; the rest is idle.
    pub shares: Vec<[f32; ACTIVITIES]>,
    /// Names of the kinds of activity for people.
    pub kinds: Vec<String>,
    /// Stalls in the order of time: from, to, whether the loop was merely busy, rank by length.
    pub stalls: Vec<(i64, i64, bool, u32)>,
    /// What is drawn below.
    pub lanes: Vec<Lane>,
}

impl Lane {
    /// Its levels as parts of its height, in `columns` equal parts of another stretch; `known` is the
    /// stretch of these.
    fn over(&self, known: TimeRange, visible: TimeRange, columns: usize) -> Vec<(f32, f32)> {
        let (low, high) = self.scale;
        let part = |value: f32| ((f64::from(value) - low) / (high - low)).clamp(0.0, 1.0) as f32;
        // Where a track was not busy nothing is drawn; a number that is zero is there.
        let is_drawn = |level: &(f32, f32)| self.unit.is_some() || level.1 > 0.0;
        let parts = |level: &(f32, f32)| {
            if is_drawn(level) { (part(level.0), part(level.1)) } else { (f32::NAN, f32::NAN) }
        };
        if known == visible && columns == self.levels.len() {
            return self.levels.iter().map(parts).collect();
        }
        let known_width = (known.to_ns - known.from_ns) as f64 / self.levels.len().max(1) as f64;
        let width = (visible.to_ns - visible.from_ns) as f64 / columns.max(1) as f64;
        let at = |column: usize| {
            let ns = visible.from_ns as f64 + (column as f64 + 0.5) * width - known.from_ns as f64;
            self.levels.get((ns / known_width) as usize).filter(|_| ns >= 0.0).map_or((f32::NAN, f32::NAN), parts)
        };
        (0..columns).map(at).collect()
    }

    /// What its height means.
    fn note(&self) -> String {
        let place = if self.place.is_empty() { String::new() } else { format!(" · {}", self.place) };
        match &self.unit {
            Some(unit) => format!("to {}{place}", units::measured_text(self.scale.1, unit)),
            None => self.place.clone(),
        }
    }

    /// What it says at a column.
    fn words(&self, column: usize, near: Option<&str>) -> String {
        let value = |value: f32| match &self.unit {
            Some(unit) => units::measured_text(value.into(), unit),
            None => format!("{:.0}{}% busy", value * 100.0, units::THIN),
        };
        let level = match self.levels.get(column) {
            Some((low, high)) if low < high => format!("{} to {}", value(*low), value(*high)),
            Some((level, _)) if !level.is_nan() => value(*level),
            _ => "–".to_owned(),
        };
        let what = if self.marks.is_empty() { &level } else { near.unwrap_or("–") };
        format!("{} {what}", self.name)
    }
}

impl Strip {
    /// The activity in `columns` equal parts of another stretch, as well as these columns tell it:
    /// within a column it is taken to be even.
    fn over(&self, visible: TimeRange, columns: usize) -> Vec<[f32; ACTIVITIES]> {
        let Some(known) = self.visible.filter(|known| known.to_ns > known.from_ns && !self.shares.is_empty()) else {
            return vec![[0.0; ACTIVITIES]; columns];
        };
        let known_width = (known.to_ns - known.from_ns) as f64 / self.shares.len() as f64;
        let width = (visible.to_ns - visible.from_ns) as f64 / columns.max(1) as f64;
        let place = |ns: f64| ((ns - known.from_ns as f64) / known_width).clamp(0.0, self.shares.len() as f64);
        (0..columns)
            .map(|column| {
                let from = visible.from_ns as f64 + column as f64 * width;
                let (from, to) = (place(from), place(from + width));
                let mut sum = [0.0; ACTIVITIES];
                for i in from as usize..(to.ceil() as usize).min(self.shares.len()) {
                    let part = (to.min(i as f64 + 1.0) - from.max(i as f64)) * known_width / width;
                    sum.iter_mut().zip(&self.shares[i]).for_each(|(sum, share)| *sum += share * part.max(0.0) as f32);
                }
                sum
            })
            .collect()
    }

    fn marks(&self) -> Vec<StallMark> {
        let mark =
            |&(from_ns, to_ns, is_busy, rank): &(i64, i64, bool, u32)| StallMark { from_ns, to_ns, is_busy, rank };
        self.stalls.iter().map(mark).collect()
    }

    /// The visible stretch of a view, within the time that there is.
    fn visible(&self, view: &TimelineView) -> Option<TimeRange> {
        let whole = self.whole?;
        let visible = view.visible.unwrap_or(whole);
        let from_ns = visible.from_ns.clamp(0, whole.to_ns - 1);
        Some(TimeRange { from_ns, to_ns: visible.to_ns.clamp(from_ns + 1, whole.to_ns) })
    }
}

/// What a picture shows, for hit tests.
#[derive(Debug)]
struct Laid {
    visible: TimeRange,
    shares: Vec<[f32; ACTIVITIES]>,
    stalls: Vec<StallMark>,
    lanes: Vec<Lane>,
}

/// The strips that were given.
#[derive(Debug, Default)]
pub(super) struct StripStage {
    /// All of the thread, to be shown while a part of it is on its way.
    all: Option<Strip>,
    /// The newest.
    newest: Option<Strip>,
    /// What was painted last.
    laid: Option<Laid>,
    /// What the newest was given for.
    answered: Option<StripWant>,
}

impl StripStage {
    /// Takes a strip in, and what it was asked for by.
    pub(super) fn take(&mut self, strip: Strip, asked: Option<Want>) {
        if strip.want.visible.is_none() {
            self.all = Some(strip.clone());
        }
        self.newest = Some(strip);
        self.answered = match asked {
            Some(Want::Strip(want)) => Some(want),
            _ => None,
        };
    }

    /// Paints into the list what there is of a view. `None` when there is nothing yet.
    pub(super) fn paint(
        &mut self,
        picture: &Picture,
        view: &TimelineView,
        metrics: &Metrics,
        list: &mut PaintList,
        wants: &mut Vec<Want>,
    ) -> Option<Painted> {
        list.clear((picture.width, picture.height), picture.ratio);
        let is_thread = |f: &&Filter| matches!(f, Filter::Thread(_));
        let threads: Vec<Filter> = view.scope.filters.iter().filter(is_thread).cloned().collect();
        // The number of columns does not depend on the stretch.
        let columns = track_view(picture, TimeRange { from_ns: 0, to_ns: 1 }).columns();
        let (columns, report) = (columns as u32, view.report);
        let (tab, row) = (view.tab.clone(), view.row.clone());
        let want = StripWant { threads, visible: view.visible, columns, report, tab, row, moved_ns: view.moved_ns };
        if self.answered.as_ref() != Some(&want) {
            wants.push(Want::Strip(want.clone()));
        }
        let best = self.best(&want)?.clone();
        let shown = &best.lanes[..best.lanes.len().min(view.lanes as usize)];
        if let Some(visible) = best.visible(view) {
            let track_view = TrackView { lanes: shown.len(), ..track_view(picture, visible) };
            let is_exact = best.want == want;
            let shares = if is_exact { best.shares.clone() } else { best.over(visible, track_view.columns()) };
            let range = |r: TimeRange| (r.from_ns, r.to_ns);
            let stalls = best.marks();
            let known = best.visible.unwrap_or(visible);
            let lane = |lane: &Lane| DrawnLane {
                columns: if lane.marks.is_empty() {
                    lane.over(known, visible, track_view.columns())
                } else {
                    Vec::new()
                },
                marks: lane.marks.clone(),
                is_solid: lane.unit.is_none(),
            };
            let lanes: Vec<DrawnLane> = shown.iter().map(lane).collect();
            let track = Track {
                columns: &shares,
                has_activity: !best.kinds.is_empty(),
                lanes: &lanes,
                stalls: &stalls,
                selected: selected(&view.scope).map(range),
                brush: view.brush.map(range),
                chosen: view.stall.map(range),
            };
            draw::timeline(&track, &track_view, metrics, list);
            self.laid = Some(Laid { visible, shares, stalls, lanes: shown.to_vec() });
        }
        Some(Painted {
            canvas: CanvasId::Timeline,
            content_height: list.content_height,
            boxes: list.boxes,
            merged: 0,
            crumbs: Path::new(),
            matches: 0,
            row_px: 0.0,
            selected: None,
            selected_print: None,
            visible: best.visible(view),
            whole: best.whole,
            lanes: shown.iter().map(|lane| (lane.name.clone(), lane.note())).collect(),
            thread: best.thread,
        })
    }

    /// What the thread did at a point, and the stall there.
    pub(super) fn hit(&self, picture: &Picture, x: f64, y: f64) -> Option<Tip> {
        let strip = self.newest.as_ref()?;
        let laid = self.laid.as_ref()?;
        let track_view = TrackView { lanes: laid.lanes.len(), ..track_view(picture, laid.visible) };
        let at_ns = track_view.time_at(x);
        let column = (x.max(0.0) as usize).min(track_view.columns().saturating_sub(1));
        if let Some(lane) = track_view.lane_at(y).and_then(|lane| laid.lanes.get(lane)) {
            let near = |mark: &&(i64, String)| (track_view.x_of(mark.0) - x).abs() <= MARK_NEAR_PX;
            let near = lane.marks.iter().find(near).map(|mark| mark.1.as_str());
            return Some(tip(format!("{}: {}", units::nanos(at_ns), lane.words(column, near)), at_ns, x, picture));
        }
        let stall = track_view.stall_at(&laid.stalls, x).map(|i| laid.stalls[i]);
        let activity = words(&strip.kinds, laid.shares.get(column)?);
        let text = format!("{}: {activity}{}", units::nanos(at_ns), stall_words(stall));
        let token = stall.map_or("--state-active", |_| "--sev-high").to_owned();
        Some(Tip { token, ..tip(text, at_ns, x, picture) })
    }

    /// What comes nearest to what is wanted: the newest, unless only the whole covers it.
    fn best(&self, want: &StripWant) -> Option<&Strip> {
        let of = |want: &StripWant| (want.threads.clone(), want.tab.clone());
        let same = |strip: &&Strip| of(&strip.want) == of(want);
        let newest = self.newest.as_ref().filter(same);
        let covers = |strip: &&Strip| match (strip.visible, want.visible) {
            (Some(has), Some(wanted)) => has.from_ns <= wanted.from_ns && wanted.to_ns <= has.to_ns,
            _ => false,
        };
        let exact = newest.filter(|strip| strip.want == *want);
        exact.or_else(|| newest.filter(covers)).or_else(|| self.all.as_ref().filter(same)).or(newest)
    }
}

/// How near the pointer must be to a mark, CSS pixels.
const MARK_NEAR_PX: f64 = 8.0;

fn tip(text: String, at_ns: i64, x: f64, picture: &Picture) -> Tip {
    Tip {
        label: None,
        text,
        path: Path::new(),
        here: None,
        everywhere: None,
        rect: (x.floor(), 0.0, 1.0, picture.height),
        at_ns: Some(at_ns),
        token: "--state-native".to_owned(),
    }
}

/// The most of what ran in a column.
fn words(kinds: &[String], shares: &[f32; ACTIVITIES]) -> String {
    let mut parts: Vec<(f32, &String)> =
        shares.iter().copied().zip(kinds).filter(|(share, _)| *share >= 0.005).collect();
    parts.sort_few_by(|a, b| b.0.total_cmp(&a.0));
    if parts.is_empty() {
        return "idle".to_owned();
    }
    let word = |(share, label): &(f32, &String)| format!("{:.0}{}% {label}", share * 100.0, units::THIN);
    parts.iter().take(3).map(word).collect::<Vec<_>>().join(", ")
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
        lanes: 0,
    }
}

fn stall_words(stall: Option<StallMark>) -> String {
    stall.map_or_else(String::new, |s| {
        let what = if s.is_busy { "loop busy" } else { "stall" };
        format!(" · {what} {} of {}", s.rank, units::nanos(s.to_ns - s.from_ns))
    })
}
