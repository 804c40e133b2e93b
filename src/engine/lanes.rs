//! Lanes below the timeline: which there are, and what they show. A tab's tables come with its lanes.

use super::Engine;
use crate::analysis::lanes::{self, Columns};
use crate::analysis::{outline, vitals};
use crate::model::vocab::TimeRange;
use crate::model::{Role, Series, SortFew as _, TrackKind};
use crate::stage::{Lane, StripWant};
use crate::units::Unit;

/// Most lanes of a tab: more would leave no room for its table.
const LANES_MAX: usize = 6;

/// Between the name of a thing and what it belongs to, in the key of its row.
const OF: char = '\u{1f}';

/// What a lane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Series(usize),
    Track(usize),
    Vitals,
}

/// What a row about a series or a track is known by.
pub(super) fn key(name: &str, place: &str) -> String {
    format!("{name}{OF}{place}")
}

impl Engine {
    /// How many lanes each tab has.
    pub(super) fn lane_counts(&self) -> Vec<(String, u32)> {
        if !crate::IS_FULL {
            return Vec::new(); // what has any is decoded by the full program only
        }
        let spans = &self.recording.spans;
        let count = |tab: &str| match tab {
            // Told before the first picture: which tracks they are costs a look at every span.
            "trace" => {
                let tracks = (0..spans.tracks.len()).filter(|&track| !spans.rows_of(track).is_empty()).count();
                (tracks + usize::from(self.has_sheet("vitals"))).min(LANES_MAX)
            }
            tab => self.shown_lanes(tab, "").len(),
        };
        let count = |tab: &str| (tab.to_owned(), count(tab) as u32);
        ["memory", "series", "trace"].map(count).into_iter().filter(|(_, count)| *count > 0).collect()
    }

    /// How many series stand on no clock of the rest, so that people may move them.
    pub(super) fn adrift(&self) -> u32 {
        self.recording.series.iter().filter(|series| series.is_adrift).count() as u32
    }

    /// The time that lanes alone have, with those moved that stand on no clock of the rest.
    pub(super) fn time_of_lanes(&self, moved_ns: i64) -> Option<TimeRange> {
        if !crate::IS_FULL {
            return None;
        }
        let series = self.recording.series.iter().filter_map(|series| {
            let end = series.at_ns.last()?;
            Some(if series.is_adrift { end.saturating_add(moved_ns) } else { end })
        });
        let end = series.chain(self.spans_end()).max()?;
        Some(TimeRange { from_ns: 0, to_ns: end.max(1) })
    }

    /// When the last span ends. Asked for with every stretch that is looked at.
    pub(super) fn spans_end(&self) -> Option<i64> {
        let spans = &self.recording.spans;
        *self.spans_end.get_or_init(|| spans.ends(0..spans.len()).max())
    }

    /// The lanes of a tab in a stretch, among them that of a chosen row.
    pub(super) fn lanes(&self, want: &StripWant, columns: Columns) -> Vec<Lane> {
        if !crate::IS_FULL {
            return Vec::new();
        }
        let lane = |shown: &Shown| match *shown {
            Shown::Series(at) => of_series(&self.recording.series[at], columns, want.moved_ns),
            Shown::Track(at) => {
                let track = &self.recording.spans.tracks[at];
                let (name, place) = (track.name.clone(), track.process.clone());
                let levels = lanes::of_track(&self.recording, at, columns);
                Lane { name, place, unit: None, scale: (0.0, 1.0), levels, marks: Vec::new() }
            }
            Shown::Vitals => {
                let marks = self.vital_marks.get_or_init(|| vital_marks(&vitals::vitals(&self.recording))).clone();
                Lane { name: "Web vitals".into(), marks, scale: (0.0, 1.0), ..Lane::default() }
            }
        };
        self.shown_lanes(&want.tab, &want.row).iter().map(lane).collect()
    }

    fn shown_lanes(&self, tab: &str, row: &str) -> Vec<Shown> {
        let recording = &self.recording;
        let mut shown: Vec<Shown> = match tab {
            "series" => ordered(&recording.series, |_| true),
            "memory" => ordered(&recording.series, |series| series.unit == Unit::Bytes),
            "trace" => {
                let vitals = self.has_sheet("vitals").then_some(Shown::Vitals);
                vitals.into_iter().chain(self.track_lanes().iter().map(|&track| Shown::Track(track))).collect()
            }
            _ => Vec::new(),
        };
        let is_chosen = |shown: &Shown| match *shown {
            Shown::Series(at) => row == key(&recording.series[at].name, &recording.series[at].group),
            Shown::Track(at) => row == key(&recording.spans.tracks[at].name, &recording.spans.tracks[at].process),
            Shown::Vitals => false,
        };
        if let Some(at) = shown.iter().position(is_chosen).filter(|&at| at >= LANES_MAX) {
            let chosen = shown.remove(at);
            shown.insert(LANES_MAX - 1, chosen);
        }
        shown.truncate(LANES_MAX);
        shown
    }

    /// Tracks with spans: those that people wait for, then other threads, then what overlaps; the
    /// busiest first.
    fn track_lanes(&self) -> &[usize] {
        self.track_lanes.get_or_init(|| {
            let sums = outline::tracks(&self.recording);
            let mut order: Vec<usize> = (0..sums.len()).filter(|&at| sums[at].count > 0).collect();
            let is_async = |at: usize| self.recording.spans.tracks[at].kind == TrackKind::Async;
            order.sort_few_by_key(|&at| (!sums[at].main, is_async(at), std::cmp::Reverse(sums[at].total_ns), at));
            order
        })
    }
}

fn of_series(series: &Series, columns: Columns, moved_ns: i64) -> Lane {
    let columns = if series.is_adrift { columns.earlier(moved_ns) } else { columns };
    Lane {
        name: series.name.clone(),
        place: series.group.clone(),
        unit: Some(series.unit.clone()),
        scale: lanes::scale(series),
        levels: lanes::of_series(series, columns),
        marks: Vec::new(),
    }
}

/// Those that rules ask for come first, in the order of the file.
fn ordered(all: &[Series], is_it: impl Fn(&Series) -> bool) -> Vec<Shown> {
    let mut order: Vec<usize> = (0..all.len()).filter(|&at| !all[at].is_empty() && is_it(&all[at])).collect();
    order.sort_few_by_key(|&at| (all[at].role == Role::Other, at));
    order.into_iter().map(Shown::Series).collect()
}

/// When paints and the slowest interaction were, in the order of time.
fn vital_marks(pages: &[vitals::Navigation]) -> Vec<(i64, String)> {
    let of_page = |page: &vitals::Navigation| {
        let named = [("FCP", &page.fcp), ("LCP", &page.lcp), ("INP", &page.inp), ("CLS", &page.cls)];
        let marks = named.map(|(name, vital)| vital.at_ns.map(|at| (at, name.to_owned())));
        std::iter::once((page.start_ns, "navigation".to_owned())).chain(marks.into_iter().flatten()).collect::<Vec<_>>()
    };
    let mut marks: Vec<(i64, String)> = pages.iter().flat_map(of_page).collect();
    marks.sort_few();
    marks.dedup_by(|(at, name), (at_before, before)| {
        let is_same = at == at_before;
        if is_same {
            before.push_str(&format!(", {name}"));
        }
        is_same
    });
    marks
}
