//! Core Web Vitals of a page, from the marks and operations of its trace, one row per navigation.
//!
//! Largest Contentful Paint is the last candidate of the navigation; First Contentful Paint its first
//! paint. Cumulative Layout Shift is the largest session window: shifts less than a second apart, at most
//! five seconds long, those after input left out. Interaction to Next Paint is the longest interaction (of
//! every fifty the worst is passed over), each the longest of its events. Total Blocking Time is what tasks
//! take beyond 50 ms, from the first paint on.
//!
//! What the trace does not hold is not zero: then a reason stands in its place.

use serde::Serialize;

use super::labels::Labels;
use super::stalls::TASKS;
use crate::model::SortFew as _;
use crate::model::{Recording, SpanId};

const MS: f64 = 1e6;
/// A task above this blocks, nanoseconds.
const LONG_TASK_NS: i64 = 50_000_000;
/// Shifts further apart belong to different windows, nanoseconds …
const GAP_NS: i64 = 1_000_000_000;
/// … and no window is longer.
const WINDOW_NS: i64 = 5_000_000_000;
/// Of so many interactions one is passed over, at most nine.
const INTERACTIONS_PER_OUTLIER: usize = 50;
const OUTLIERS_MAX: usize = 9;

/// How good a number is by the published thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rating {
    /// At or below the lower threshold.
    Good,
    /// Between the two.
    NeedsImprovement,
    /// Above the upper one.
    Poor,
}

/// A vital, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Vital {
    /// Milliseconds; for layout shift the score.
    #[serde(skip)]
    pub value: Option<f64>,
    /// How good it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// Why there is no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// When it was, nanoseconds since the recording's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_ns: Option<i64>,
    /// What it is of: an element, a kind of event.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// Its parts in their order: name and milliseconds.
    #[serde(skip)]
    pub parts: Vec<(&'static str, f64)>,
}

/// The vitals of one navigation.
#[derive(Debug, Clone, PartialEq)]
pub struct Navigation {
    /// The page's address.
    pub url: String,
    /// When it began, nanoseconds since the recording's start.
    pub start_ns: i64,
    /// First Contentful Paint.
    pub fcp: Vital,
    /// Largest Contentful Paint.
    pub lcp: Vital,
    /// Cumulative Layout Shift.
    pub cls: Vital,
    /// Interaction to Next Paint.
    pub inp: Vital,
    /// Total Blocking Time.
    pub tbt: Vital,
    /// Tasks of the page's main thread above 50 ms: number and sum, nanoseconds.
    pub long_tasks: (u64, i64),
}

/// A navigation of a page's main frame.
#[derive(Debug)]
struct Begin {
    at: i64,
    /// When the next one began, or the recording ends.
    until: i64,
    id: Option<String>,
    frame: Option<String>,
    url: String,
}

/// The vitals of every navigation that loaded a page; none when the trace is of no page.
///
/// One pass over marks for the navigations, then one per kind of number; a page has few navigations.
pub fn vitals(recording: &Recording) -> Vec<Navigation> {
    let page = Page::of(recording);
    let begins = page.navigations();
    begins.iter().map(|begin| page.vitals(begin)).collect()
}

/// Whether there are any.
pub fn is_measured(recording: &Recording) -> bool {
    recording.strings.find(NAVIGATION).is_some() && !Page::of(recording).navigations().is_empty()
}

/// The mark with which a navigation begins.
const NAVIGATION: &str = "navigationStart";

/// Marks by name, in the order of time, and the long tasks.
struct Page<'a> {
    recording: &'a Recording,
    labels: Labels<'a>,
    paints: Vec<usize>,
    candidates: Vec<usize>,
    shifts: Vec<usize>,
    starts: Vec<usize>,
    requests: Vec<usize>,
    images: Vec<usize>,
    sent: Vec<usize>,
    finished: Vec<usize>,
    interactions: Vec<usize>,
    tasks: Option<Vec<(i64, i64)>>,
}

impl<'a> Page<'a> {
    fn of(recording: &'a Recording) -> Self {
        let marks = &recording.spans.marks;
        let mut page = Self {
            recording,
            labels: Labels::of(recording),
            paints: Vec::new(),
            candidates: Vec::new(),
            shifts: Vec::new(),
            starts: Vec::new(),
            requests: Vec::new(),
            images: Vec::new(),
            sent: Vec::new(),
            finished: Vec::new(),
            interactions: Vec::new(),
            tasks: None,
        };
        let id = |name| recording.strings.find(name);
        let wanted = [
            NAVIGATION,
            "firstContentfulPaint",
            "largestContentfulPaint::Candidate",
            "LayoutShift",
            "ResourceReceiveResponse",
            "LargestImagePaint::Candidate",
            "ResourceSendRequest",
            "ResourceFinish",
        ]
        .map(id);
        for (row, name) in marks.name.iter().enumerate() {
            let list = match wanted.iter().position(|wanted| *wanted == Some(name)) {
                Some(0) => &mut page.starts,
                Some(1) => &mut page.paints,
                Some(2) => &mut page.candidates,
                Some(3) => &mut page.shifts,
                Some(4) => &mut page.requests,
                Some(5) => &mut page.images,
                Some(6) => &mut page.sent,
                Some(7) => &mut page.finished,
                _ => continue,
            };
            list.push(row);
        }
        let timing = id("EventTiming");
        let tasks: Vec<_> = TASKS.iter().filter_map(|name| id(name)).collect();
        let spans = &recording.spans;
        let main = spans.tracks.iter().position(|track| track.is_main).map(|track| track as u32);
        let mut has_tasks = false;
        let mut long = Vec::new();
        for (row, name) in spans.name.iter().enumerate() {
            if Some(name) == timing {
                page.interactions.push(row);
            } else if tasks.contains(&name) && Some(spans.track.get(row)) == main && !page.labels.is_unended(row) {
                has_tasks = true;
                let length = spans.length_ns.get(row);
                // A task inside another one blocks no more than that.
                if length > LONG_TASK_NS && !is_inside_task(recording, row, &tasks) {
                    long.push((spans.at_ns.get(row), length));
                }
            }
        }
        page.tasks = has_tasks.then_some(long);
        page
    }

    fn navigations(&self) -> Vec<Begin> {
        let marks = &self.recording.spans.marks;
        let mut begins: Vec<Begin> = Vec::new();
        for &row in &self.starts {
            let labels = marks.labels.get(row);
            let url = self.labels.text(labels, "documentLoaderURL").unwrap_or_default();
            let is_main = |key| self.labels.text(labels, key).is_none_or(|text| text == "true");
            let is_page = url.starts_with("http") || url.starts_with("file:");
            if !is_page || !is_main("isLoadingMainFrame") || !is_main("isOutermostMainFrame") {
                continue;
            }
            let at = marks.at_ns.get(row);
            if let Some(before) = begins.last_mut() {
                before.until = at;
            }
            let text = |key| self.labels.text(labels, key).map(str::to_owned);
            begins.push(Begin {
                at,
                until: i64::MAX,
                id: text("navigationId"),
                frame: text("frame"),
                url: url.to_owned(),
            });
        }
        begins
    }

    fn vitals(&self, begin: &Begin) -> Navigation {
        let fcp = self.paint(begin);
        let tasks = self.tasks.iter().flatten().filter(|(at, length)| at + length > begin.at && *at < begin.until);
        let long_tasks = tasks.fold((0, 0i64), |sum, (_, length)| (sum.0 + 1, sum.1.saturating_add(*length)));
        Navigation {
            url: begin.url.clone(),
            start_ns: begin.at,
            lcp: self.largest_paint(begin),
            cls: self.shift(begin),
            inp: self.interaction(begin),
            tbt: self.blocking(begin, fcp.at_ns),
            fcp,
            long_tasks,
        }
    }

    /// Whether a mark is of this navigation: by its id, else by its frame and time.
    fn is_of(&self, begin: &Begin, row: usize) -> bool {
        let marks = &self.recording.spans.marks;
        let (at, labels) = (marks.at_ns.get(row), marks.labels.get(row));
        match (self.labels.text(labels, "navigationId"), &begin.id) {
            (Some(found), Some(id)) => found == id && at >= begin.at,
            _ => at >= begin.at && at < begin.until && self.is_of_frame(begin, labels),
        }
    }

    fn is_of_frame(&self, begin: &Begin, labels: u32) -> bool {
        match (self.labels.text(labels, "frame"), &begin.frame) {
            (Some(found), Some(frame)) => found == frame,
            _ => true,
        }
    }

    fn paint(&self, begin: &Begin) -> Vital {
        let at = self
            .paints
            .iter()
            .find(|&&row| self.is_of(begin, row))
            .map(|&row| self.recording.spans.marks.at_ns.get(row));
        match at {
            Some(at) => Vital::at((at - begin.at) as f64 / MS, (1_800.0, 3_000.0), at),
            None => Vital::none(
                "The trace holds no first contentful paint: it was recorded after the page had loaded, or without the category \"loading\".",
            ),
        }
    }

    fn largest_paint(&self, begin: &Begin) -> Vital {
        let marks = &self.recording.spans.marks;
        let of_it = self.candidates.iter().copied().filter(|&row| self.is_of(begin, row));
        let last = of_it
            .max_by_key(|&row| (self.labels.number(marks.labels.get(row), "candidateIndex"), marks.at_ns.get(row)));
        let Some(row) = last else {
            return Vital::none(
                "The trace holds no candidate of the largest contentful paint: it was recorded after the page had loaded, or without the category \"loading\".",
            );
        };
        let (at, labels) = (marks.at_ns.get(row), marks.labels.get(row));
        let mut vital = Vital::at((at - begin.at) as f64 / MS, (2_500.0, 4_000.0), at);
        vital.what = self.labels.text(labels, "nodeName").unwrap_or_default().to_owned();
        vital.parts = self.parts_of_paint(begin, at, labels);
        vital
    }

    /// Time to the first byte of the document, then of an image until it is asked for and until it is there,
    /// then until it is shown.
    fn parts_of_paint(&self, begin: &Begin, at: i64, labels: u32) -> Vec<(&'static str, f64)> {
        let marks = &self.recording.spans.marks;
        let document = self.requests.iter().copied().find(|&row| {
            begin.id.is_some() && self.labels.text(marks.labels.get(row), "requestId") == begin.id.as_deref()
        });
        let Some(first_byte) = document.and_then(|row| self.first_byte(begin, row)) else { return Vec::new() };
        let first_byte = first_byte.clamp(begin.at, at);
        let ms = |from: i64, to: i64| (to - from) as f64 / MS;
        let Some((sent, finished)) = self.image(begin, at, labels) else {
            let rest = if self.labels.text(labels, "type") == Some("text") {
                "element render delay"
            } else {
                "loading and rendering"
            };
            return vec![("time to first byte", ms(begin.at, first_byte)), (rest, ms(first_byte, at))];
        };
        // In this order, whatever the clocks of network and page say.
        let sent = sent.clamp(first_byte, at);
        let finished = finished.clamp(sent, at);
        vec![
            ("time to first byte", ms(begin.at, first_byte)),
            ("resource load delay", ms(first_byte, sent)),
            ("resource load duration", ms(sent, finished)),
            ("element render delay", ms(finished, at)),
        ]
    }

    /// When the image of a candidate was asked for, and when all of it had come.
    fn image(&self, begin: &Begin, at: i64, labels: u32) -> Option<(i64, i64)> {
        let marks = &self.recording.spans.marks;
        let label = |row: usize| marks.labels.get(row);
        let index = self.labels.number(labels, "candidateIndex");
        let is_it = |row: &&usize| {
            marks.at_ns.get(**row) >= begin.at
                && marks.at_ns.get(**row) <= at
                && self.labels.number(label(**row), "candidateIndex") == index
        };
        let url = self.images.iter().rev().find(is_it).and_then(|&row| self.labels.text(label(row), "imageUrl"))?;
        let is_sent = |row: &&usize| self.labels.text(label(**row), "url") == Some(url);
        let sent = self.sent.iter().filter(|&&row| marks.at_ns.get(row) <= at).rev().find(is_sent)?;
        let id = self.labels.text(label(*sent), "requestId")?;
        let is_finished = |row: &&usize| self.labels.text(label(**row), "requestId") == Some(id);
        let finished = self.finished.iter().find(is_finished)?;
        Some((marks.at_ns.get(*sent), marks.at_ns.get(*finished)))
    }

    /// When the headers of an answer came: the moment of the request and what passed since are told.
    fn first_byte(&self, begin: &Begin, row: usize) -> Option<i64> {
        let labels = self.recording.spans.marks.labels.get(row);
        let asked = self.labels.float(labels, "requestTime")?;
        let passed = self.labels.float(labels, "receiveHeadersEnd")?;
        let start = self.recording.clock.start_ns?;
        let at = (asked * 1e9 + passed * MS) - start as f64;
        (at >= begin.at as f64 && at < begin.until as f64).then_some(at.round() as i64)
    }

    fn shift(&self, begin: &Begin) -> Vital {
        let marks = &self.recording.spans.marks;
        if self.shifts.is_empty() && self.paints.is_empty() {
            return Vital::none(
                "The trace holds no layout shifts and no paints: it was recorded without the category \"loading\".",
            );
        }
        // First and last moment, and sum, of the window; and the worst so far.
        let mut window: Option<(i64, i64, f64)> = None;
        let mut worst: Option<(i64, f64)> = None;
        for &row in &self.shifts {
            let (at, labels) = (marks.at_ns.get(row), marks.labels.get(row));
            let is_input = self.labels.text(labels, "had_recent_input") == Some("true");
            let score =
                self.labels.float(labels, "weighted_score_delta").or_else(|| self.labels.float(labels, "score"));
            let Some(score) = score.filter(|_| !is_input && at >= begin.at && at < begin.until) else { continue };
            let next = match window {
                Some((first, last, sum)) if at - last < GAP_NS && at - first <= WINDOW_NS => (first, at, sum + score),
                _ => (at, at, score),
            };
            window = Some(next);
            if worst.is_none_or(|worst| next.2 > worst.1) {
                worst = Some((next.0, next.2));
            }
        }
        match worst {
            Some((at, score)) => Vital::at(score, (0.1, 0.25), at),
            None => Vital::plain(0.0, (0.1, 0.25)),
        }
    }

    fn interaction(&self, begin: &Begin) -> Vital {
        let spans = &self.recording.spans;
        let is_of = |row: usize| spans.at_ns.get(row) >= begin.at && spans.at_ns.get(row) < begin.until;
        // The longest event of each interaction.
        let mut longest: Vec<(i64, usize)> = Vec::new();
        for &row in self.interactions.iter().filter(|&&row| is_of(row)) {
            let id = self.labels.number(spans.labels.get(row), "interactionId").filter(|&id| id != 0);
            if let Some(id) = id.filter(|_| !self.labels.is_unended(row)) {
                longest.push((id, row));
            }
        }
        longest.sort_few_by_key(|&(id, row)| (id, std::cmp::Reverse(spans.length_ns.get(row)), row));
        longest.dedup_by_key(|event| event.0);
        longest.sort_few_by_key(|&(_, row)| (std::cmp::Reverse(spans.length_ns.get(row)), row));
        let passed_over = (longest.len() / INTERACTIONS_PER_OUTLIER).min(OUTLIERS_MAX);
        match longest.get(passed_over) {
            Some(&(id, row)) => self.interaction_of(id, row),
            None if self.interactions.is_empty() => Vital::none(
                "The trace holds no timings of events. That does not mean that there was no interaction: the browser may not have written them.",
            ),
            None => Vital::none("There was no interaction after this navigation."),
        }
    }

    /// An interaction by its longest event. Events of it that end together are shown together: what was
    /// processed for any of them is processing.
    fn interaction_of(&self, id: i64, row: usize) -> Vital {
        let spans = &self.recording.spans;
        let (at, length, labels) = (spans.at_ns.get(row), spans.length_ns.get(row), spans.labels.get(row));
        let mut vital = Vital::at(length as f64 / MS, (200.0, 500.0), at);
        vital.what = self.labels.text(labels, "type").unwrap_or_default().to_owned();
        let end = spans.end_ns(SpanId::from_index(row));
        let is_together = |row: usize| {
            self.labels.number(spans.labels.get(row), "interactionId") == Some(id)
                && spans.end_ns(SpanId::from_index(row)) == end
        };
        let together: Vec<usize> = self.interactions.iter().copied().filter(|&row| is_together(row)).collect();
        let numbers = |key| together.iter().filter_map(move |&row| self.labels.float(spans.labels.get(row), key));
        let stamp = self.labels.float(labels, "timeStamp");
        let (start, done) = (numbers("processingStart").reduce(f64::min), numbers("processingEnd").reduce(f64::max));
        if let (Some(stamp), Some(start), Some(end)) = (stamp, start, done) {
            let (delay, processing) = ((start - stamp).max(0.0), (end - start).max(0.0));
            let rest = (length as f64 / MS - delay - processing).max(0.0);
            vital.parts = vec![("input delay", delay), ("processing", processing), ("presentation delay", rest)];
        }
        vital
    }

    fn blocking(&self, begin: &Begin, first_paint: Option<i64>) -> Vital {
        let Some(tasks) = &self.tasks else {
            return Vital::none(
                "The trace holds no tasks: record with the category \"disabled-by-default-devtools.timeline\".",
            );
        };
        let from = first_paint.unwrap_or(begin.at);
        let beyond = |&(at, length): &(i64, i64)| {
            let (start, end) = (at.max(from), (at + length).min(begin.until));
            (end - start - LONG_TASK_NS).max(0)
        };
        let sum: i64 = tasks.iter().map(beyond).fold(0, i64::saturating_add);
        Vital::plain(sum as f64 / MS, (200.0, 600.0))
    }
}

/// Whether another task is around the one in this row.
fn is_inside_task(recording: &Recording, row: usize, tasks: &[crate::model::StringId]) -> bool {
    const CLIMB_MAX: usize = 64;
    let spans = &recording.spans;
    let mut around = spans.parent.get(row);
    for _ in 0..CLIMB_MAX {
        if around == SpanId::NONE {
            return false;
        }
        if tasks.contains(&spans.name.get(around.index())) && spans.length_ns.get(around.index()) < i64::MAX {
            let labels = Labels::of(recording);
            if !labels.is_unended(around.index()) {
                return true;
            }
        }
        around = spans.parent.get(around.index());
    }
    false
}

impl Vital {
    fn plain(value: f64, (good, poor): (f64, f64)) -> Self {
        let rating = match value {
            value if value <= good => Rating::Good,
            value if value <= poor => Rating::NeedsImprovement,
            _ => Rating::Poor,
        };
        Self { value: Some(value), rating: Some(rating), ..Self::none("") }.without_reason()
    }

    fn at(value: f64, thresholds: (f64, f64), at: i64) -> Self {
        Self { at_ns: Some(at), ..Self::plain(value, thresholds) }
    }

    fn none(reason: &'static str) -> Self {
        Self { value: None, rating: None, reason: Some(reason), at_ns: None, what: String::new(), parts: Vec::new() }
    }

    fn without_reason(self) -> Self {
        Self { reason: None, ..self }
    }
}
