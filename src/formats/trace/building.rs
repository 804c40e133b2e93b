//! From what was read to a recording: one clock, tracks, spans, marks, arrows, series, profiles.

use super::Flavour;
use super::asynchronous::Whole;
use super::chunks::Sampled;
use super::events::Events;
use super::frames::Frames;
use super::nest;
use super::pairs;
use super::reader::Trace;
use super::span_profile::{Maker, Stretches, idle};
use super::threads::Threads;
use crate::error::Result;
use crate::model::SortFew as _;
use crate::model::{Builder, Column, Extent, MadeOf, Profile, StackId, Time, Track, TrackKind, Value, Weights};
use crate::units::Unit;

/// No recording is as long as a year.
const YEAR_NS: i64 = 366 * 86_400 * 1_000_000_000;
/// A moment at or below zero, with all others so much later, is none.
const HOUR_NS: i64 = 3_600_000_000_000;

/// The recording's stretch on the file's clock, nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: i64,
    pub(super) end: i64,
}

impl Span {
    /// Whether a moment lies in it.
    #[inline]
    pub(super) fn holds(self, at: i64) -> bool {
        at >= self.start && at <= self.end
    }

    /// Whether a moment lies in it or, as asynchronous operations may have begun earlier, not long before.
    #[inline]
    pub(super) fn near(self, at: i64) -> bool {
        at >= self.start.saturating_sub(HOUR_NS) && at <= self.end
    }

    /// From the first moment to the last. Chrome tells of operations that began before the recording, so
    /// that there the first thing that a thread did is its start.
    fn of(trace: &Trace) -> Option<(Self, u64)> {
        let of_threads = || {
            let events = [&trace.complete, &trace.edges, &trace.marks].into_iter().flat_map(Events::moments);
            events.chain(trace.chunks.moments()).chain(trace.hermes.moments())
        };
        let all = || of_threads().chain(trace.operations.moments()).chain(trace.counters.moments());
        let has_threads = trace.flavour == Flavour::Chrome && of_threads().next().is_some();
        let floor = floor(all());
        let bounds = |moments: &mut dyn Iterator<Item = i64>| {
            let (mut least, mut most) = (i64::MAX, i64::MIN);
            moments.filter(|&at| at >= floor).for_each(|at| (least, most) = (least.min(at), most.max(at)));
            (least, most)
        };
        all().next()?;
        let start = if has_threads { bounds(&mut of_threads()).0 } else { bounds(&mut all()).0 };
        let last = bounds(&mut all()).1.max(start);
        if last.saturating_sub(start) <= YEAR_NS {
            let ends = (0..trace.complete.len() as u32)
                .map(|row| trace.complete.at(row).saturating_add(trace.complete.extra(row)));
            let end = ends.filter(|end| end.saturating_sub(start) <= YEAR_NS).max().unwrap_or(last).max(last);
            let span = Self { start, end };
            let outside = of_threads().filter(|&at| !span.holds(at)).count();
            return Some((span, outside as u64));
        }
        // Some moment is absurd: what lies around the median is kept.
        let mut moments: Vec<i64> = all().filter(|&at| at >= floor).collect();
        let middle = moments.len() / 2;
        let median = moments.select_nth_unstable(middle).1;
        let around = *median;
        let is_near = |at: &i64| at.abs_diff(around) <= YEAR_NS.unsigned_abs() / 2;
        let start = moments.iter().copied().filter(is_near).min().unwrap_or(around);
        let end = moments.iter().copied().filter(is_near).max().unwrap_or(around);
        let span = Self { start, end };
        let outside = all().filter(|&at| !span.holds(at)).count();
        Some((span, outside as u64))
    }
}

/// The first moment that is one: zero stands for none where the others are long after it.
fn floor(moments: impl Iterator<Item = i64>) -> i64 {
    let mut least = i64::MAX;
    let mut has_zero = false;
    for at in moments {
        if at > 0 {
            least = least.min(at);
        } else {
            has_zero = true;
        }
    }
    if has_zero && least != i64::MAX && least > HOUR_NS { 1 } else { i64::MIN }
}

impl Trace {
    /// Makes the recording.
    pub(super) fn finish(mut self, builder: &mut Builder) -> Result<()> {
        self.note(builder);
        let Some((mut span, outside)) = Span::of(&self) else { return Ok(()) };
        builder.note(
            "time-absurd",
            outside,
            "The times of some events are no times of this recording (zero, or years away); they were left out.",
        );
        self.cut_lengths(span, builder);
        pairs::close(&self.edges, &mut self.complete, &self.threads, span, builder);
        let main = self.threads.main(self.flavour, builder);
        let mut sampled = std::mem::take(&mut self.chunks).finish(&self.threads, span.end, builder);
        let mut moved = 0;
        for one in &mut sampled {
            if !span.near(one.time.start_ns) {
                one.time.start_ns = span.start;
                moved += 1;
            }
            span.start = span.start.min(one.time.start_ns);
            span.end = span.end.max(one.time.start_ns.saturating_add(one.time.duration_ns));
        }
        builder.note(
            "profile-start-absurd",
            moved,
            "The start of a profiler lies far outside of the recording; its samples begin with that.",
        );
        builder.clock.start_ns = Some(span.start);
        builder.clock.unix_ns = self.started.as_deref().and_then(unix_ns);
        builder.meta.append(&mut self.facts);
        let rows = self.add_spans(main, span, builder);
        std::mem::take(&mut self.flows).finish(&rows, span, builder);
        std::mem::take(&mut self.counters).finish(&self.threads, main, span, builder);
        self.add_profiles(sampled, &rows, main, span, builder);
        Ok(())
    }

    /// Lengths that reach beyond the end are no lengths.
    fn cut_lengths(&mut self, span: Span, builder: &mut Builder) {
        let mut cut = 0;
        for row in 0..self.complete.len() as u32 {
            let at = self.complete.at(row);
            if span.holds(at) && at.saturating_add(self.complete.extra(row)) > span.end {
                self.complete.set_extra(row, 0);
                cut += 1;
            }
        }
        builder.note("length-absurd", cut, "Some events last for years; their length counts as zero.");
    }

    /// Adds all tracks with their spans and marks; gives the rows of each thread's spans.
    fn add_spans(&mut self, main: Option<usize>, span: Span, builder: &mut Builder) -> Vec<(usize, usize)> {
        let operations = std::mem::take(&mut self.operations);
        let whole = operations.pair(self.flavour, &self.threads, span, builder);
        let mut of_operations = whole.rows();
        let mut parents = vec![u32::MAX; whole.len()];
        let mut lists = self.complete.by_thread(self.threads.len(), |at| span.holds(at));
        let has_marks = self.threads_with_marks(span);
        let mut layout = Layout {
            ranges: vec![(0, 0); self.threads.len()],
            of_thread: vec![u32::MAX; self.threads.len()],
            of_operation: vec![u32::MAX; whole.tracks.len()],
            overlapping: 0,
        };
        for place in places(&self.threads, &whole, main, builder) {
            let track = builder.spans.tracks.len() as u32;
            match place {
                Row::Thread(thread) => {
                    if lists.is_empty(thread) && !has_marks[thread] {
                        continue;
                    }
                    builder.spans.tracks.push(self.thread_track(thread, main, builder));
                    layout.of_thread[thread] = track;
                    let from = builder.spans.len();
                    let is_by_end = self.threads.rows[thread].is_by_end();
                    let left = nest::nest(&self.complete, lists.of(thread), is_by_end, track, span.start, builder);
                    layout.ranges[thread] = (from, builder.spans.len());
                    self.add_overlapping(thread, &left, span, &mut layout, builder);
                }
                Row::Operations(row) => {
                    builder.spans.tracks.push(self.operation_track(&whole, row, builder));
                    layout.of_operation[row] = track;
                    let rows = std::mem::take(&mut of_operations[row]);
                    whole.push(rows, track, span.start, &mut parents, builder);
                }
            }
        }
        builder.note(
            "spans-overlap",
            layout.overlapping,
            "Some spans of a thread overlap others without lying inside them; they are on a track of their own.",
        );
        self.add_marks(&whole, span, &layout, builder);
        layout.ranges
    }

    fn threads_with_marks(&self, span: Span) -> Vec<bool> {
        let mut has_marks = vec![false; self.threads.len()];
        for row in 0..self.marks.len() as u32 {
            let mark = self.marks.get(row);
            has_marks[mark.thread as usize] |= span.holds(mark.at);
        }
        has_marks
    }

    fn thread_track(&self, thread: usize, main: Option<usize>, builder: &Builder) -> Track {
        let row = &self.threads.rows[thread];
        Track {
            name: self.threads.thread_name(thread, builder),
            process: self.threads.process_name(row.pid, builder),
            pid: row.pid.number(),
            tid: row.tid.number(),
            kind: TrackKind::Thread,
            is_main: main == Some(thread),
        }
    }

    fn add_overlapping(&self, thread: usize, left: &[u32], span: Span, layout: &mut Layout, builder: &mut Builder) {
        if left.is_empty() {
            return;
        }
        let track = builder.spans.tracks.len() as u32;
        let own = self.thread_track(thread, None, builder);
        builder.spans.tracks.push(Track { name: format!("{}, overlapping", own.name), kind: TrackKind::Async, ..own });
        for &row in left {
            let event = self.complete.get(row);
            let end = event.at.saturating_add(event.extra);
            nest::push(&event, end, track, span.start, crate::model::SpanId::NONE, builder);
        }
        layout.overlapping += left.len() as u64;
    }

    fn operation_track(&self, whole: &Whole, row: usize, builder: &Builder) -> Track {
        let place = &whole.tracks[row];
        let category = builder.strings.get(place.category);
        let title = match (place.name, category) {
            ("", "") => "Asynchronous operations",
            ("", category) => category,
            (name, _) => name,
        };
        let thread = place.thread.map(|thread| &self.threads.rows[thread as usize]);
        Track {
            name: title.to_owned(),
            process: self.threads.process_name(place.pid, builder),
            pid: place.pid.number(),
            tid: thread.and_then(|thread| thread.tid.number()),
            kind: TrackKind::Async,
            is_main: false,
        }
    }

    /// Adds the marks of all tracks in the order of time.
    fn add_marks(&self, whole: &Whole, span: Span, layout: &Layout, builder: &mut Builder) {
        let of_threads = (0..self.marks.len() as u32).map(|row| (self.marks.get(row), None));
        let of_operations = (0..whole.marks.len() as u32).map(|row| {
            let mark = whole.marks.get(row);
            (mark, Some(mark.extra as usize))
        });
        let mut marks: Vec<_> = of_threads.chain(of_operations).filter(|(mark, _)| span.holds(mark.at)).collect();
        marks.sort_by_key(|(mark, _)| mark.at);
        for (mark, operation) in marks {
            let track = match operation {
                Some(row) => layout.of_operation[row],
                None => layout.of_thread[mark.thread as usize],
            };
            let to = &mut builder.spans.marks;
            to.track.push(track);
            to.at_ns.push(mark.at.saturating_sub(span.start));
            to.name.push(mark.name);
            to.category.push(mark.category);
            to.labels.push(mark.labels);
        }
    }

    /// Adds the profiles: samples first, those of the main thread before all; then those made of spans,
    /// the main thread's first and the others by how long they were busy.
    ///
    /// Where there are samples, what is made of spans is another value, so that the two are never added.
    fn add_profiles(
        &mut self,
        sampled: Vec<Sampled>,
        rows: &[(usize, usize)],
        main: Option<usize>,
        span: Span,
        builder: &mut Builder,
    ) {
        let hermes = std::mem::take(&mut self.hermes);
        let has_samples = !sampled.is_empty() || !hermes.is_empty();
        let mut has_profile = vec![false; self.threads.len()];
        let mut profiles: Vec<(usize, i64, Profile)> = Vec::new();
        for one in sampled {
            let thread = one.thread as usize;
            has_profile[thread] = true;
            let time = rebased(one.time, span);
            let busy = busy_ns(&one.stacks, &time, builder);
            profiles.push((thread, busy, self.profile(thread, one.stacks, time, "time", builder)));
        }
        for one in hermes.finish(builder) {
            let thread = one.thread as usize;
            if has_profile[thread] {
                continue;
            }
            has_profile[thread] = true;
            let time = time_of(&one.at, span);
            profiles.push((thread, time.duration_ns, self.profile(thread, one.stacks, time, "time", builder)));
        }
        sort(&mut profiles, main);
        profiles.into_iter().for_each(|(_, _, profile)| builder.profile(profile));

        let mut frames = Frames::new(self.flavour, self.is_viztracer, builder);
        let left_out = (self.flavour != Flavour::Other).then(|| pairs::missing_end(builder));
        let idle = idle(builder);
        let mut maker = Maker { frames: &mut frames, idle, left_out, duration_ns: span.end.saturating_sub(span.start) };
        let mut made: Vec<(usize, i64, Profile)> = Vec::new();
        for (thread, &(from, to)) in rows.iter().enumerate().filter(|(thread, _)| !has_profile[*thread]) {
            let Some(Stretches { stacks, time, busy_ns }) = maker.make(from, to, builder) else { continue };
            let value = if has_samples { "spans" } else { "time" };
            let made_of = Some(MadeOf { track: builder.spans.track.get(from), has_unended: left_out.is_none() });
            let profile = Profile { made_of, ..self.profile(thread, stacks, time, value, builder) };
            made.push((thread, busy_ns, profile));
        }
        sort(&mut made, main);
        made.into_iter().for_each(|(_, _, profile)| builder.profile(profile));
    }

    fn profile(&self, thread: usize, stacks: Column<StackId>, time: Time, value: &str, builder: &Builder) -> Profile {
        let row = &self.threads.rows[thread];
        let name = self.threads.thread_name(thread, builder);
        let process = self.threads.process_name(row.pid, builder);
        let name = if process.is_empty() { name } else { format!("{process} · {name}") };
        let extent = Extent {
            start_ns: Some(time.start_ns),
            duration_ns: Some(time.duration_ns),
            interval_ns: (time.interval_ns > 0).then_some(time.interval_ns),
        };
        let mut profile = Profile { name, pid: row.pid.number(), tid: row.tid.number(), extent, ..Profile::default() };
        profile.samples.stack = stacks;
        profile.time = Some(time);
        profile.values.push(Value { name: value.into(), unit: Unit::Nanos, decimals: 0, weights: Weights::Owned });
        profile
    }
}

/// Where everything of a trace is shown.
struct Layout {
    /// Rows of each thread's spans.
    ranges: Vec<(usize, usize)>,
    of_thread: Vec<u32>,
    of_operation: Vec<u32>,
    overlapping: u64,
}

/// What a track is made of.
#[derive(Debug, Clone, Copy)]
enum Row {
    Thread(usize),
    Operations(usize),
}

/// All tracks in the order in which they are shown: of each process the threads, and then its
/// operations; those of the main thread's process behind the main thread itself.
fn places(threads: &Threads, whole: &Whole, main: Option<usize>, builder: &Builder) -> Vec<Row> {
    let order = threads.order(main);
    let mut operations: Vec<usize> = (0..whole.tracks.len()).collect();
    operations.sort_by_cached_key(|&row| {
        let place = &whole.tracks[row];
        let tid = place.thread.map(|thread| threads.rows[thread as usize].tid);
        (place.pid, place.name.is_empty(), place.name, builder.strings.get(place.category), tid, row)
    });
    let of_process = |pid| {
        let from = operations.partition_point(|&row| whole.tracks[row].pid < pid);
        let to = operations.partition_point(|&row| whole.tracks[row].pid <= pid);
        operations[from..to].iter().map(|&row| Row::Operations(row))
    };
    let mut rows = Vec::with_capacity(order.len() + operations.len());
    for (i, &thread) in order.iter().enumerate() {
        let pid = threads.rows[thread].pid;
        rows.push(Row::Thread(thread));
        let is_last = order.get(i + 1).is_none_or(|&next| threads.rows[next].pid != pid);
        let is_of_main = main.is_some_and(|main| threads.rows[main].pid == pid);
        if Some(thread) == main || is_last && !is_of_main {
            rows.extend(of_process(pid));
        }
    }
    rows
}

/// The main thread first, then the busiest.
fn sort(profiles: &mut [(usize, i64, Profile)], main: Option<usize>) {
    profiles.sort_few_by_key(|(thread, busy, _)| (Some(*thread) != main, std::cmp::Reverse(*busy), *thread));
}

/// Moments that count from the recording's start, as all of a trace do.
fn rebased(mut time: Time, span: Span) -> Time {
    let shift = time.start_ns.saturating_sub(span.start);
    if shift != 0 {
        for row in 0..time.at_ns.len() {
            let at = time.at_ns.get_mut(row);
            *at = at.saturating_add(shift);
        }
    }
    time.start_ns = span.start;
    time.duration_ns = span.end.saturating_sub(span.start);
    time
}

/// Time of samples that have moments and nothing else.
fn time_of(at: &Column<i64>, span: Span) -> Time {
    let at_ns: Column<i64> = at.iter().map(|at| at.clamp(span.start, span.end).saturating_sub(span.start)).collect();
    let mut distances: Vec<i64> = at_ns.iter().skip(1).zip(at_ns.iter()).map(|(next, at)| next - at).collect();
    distances.sort_unstable();
    let interval_ns = distances.get(distances.len() / 2).copied().unwrap_or(0);
    let duration_ns = span.end.saturating_sub(span.start);
    let last = at_ns.last().unwrap_or(0);
    let last_ns = (duration_ns - last).min(interval_ns.saturating_mul(5) / 2);
    Time { at_ns, start_ns: span.start, duration_ns, last_ns, interval_ns, has_idle: false }
}

/// Time of a thread outside of idle.
fn busy_ns(stacks: &Column<StackId>, time: &Time, builder: &Builder) -> i64 {
    let mut idle: Option<StackId> = None;
    let mut busy = 0i64;
    for (row, stack) in stacks.iter().enumerate() {
        if idle == Some(stack) {
            continue;
        }
        if !stack.is_none() && builder.is_idle(stack) {
            idle = Some(stack);
        } else {
            busy = busy.saturating_add(time.owned_ns(row));
        }
    }
    busy
}

/// `2026-01-05T10:00:00.000Z` as nanoseconds since 1970.
fn unix_ns(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok().filter(|n| *n >= 0);
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let millis = text.get(19..).filter(|rest| rest.starts_with('.')).and_then(|_| number(20, 23)).unwrap_or(0);
    if !text.ends_with('Z') || !(1..=12).contains(&month) || !(1..=31).contains(&day) || year < 1970 {
        return None;
    }
    // Days since 1970 by a calendar in which the year begins in March.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    seconds.checked_mul(1_000)?.checked_add(millis)?.checked_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_clock_times_are_read() {
        assert_eq!(unix_ns("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(unix_ns("2026-01-05T10:00:00.250Z"), Some(1_767_607_200_250_000_000));
        assert_eq!(unix_ns("2024-02-29T23:59:59.999Z"), Some(1_709_251_199_999_000_000));
        for text in ["", "2026", "2026-13-05T10:00:00Z", "2026-01-05T10:00:00+01:00", "é026-01-05T10:00:00.000Z"] {
            assert_eq!(unix_ns(text), None, "{text}");
        }
    }
}
