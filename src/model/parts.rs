//! Files of one run, put on one clock.
//!
//! Each file's moments count from its own start. Where that start is known on a clock that two files
//! share, both are moved onto it: the monotonic clock of the machine, or the wall clock, or either by
//! way of a file that tells both at one moment. The earliest start becomes the recording's.

use super::few::SortFew as _;
use super::recording::{Clock, Note, Recording};
use super::{Column, FrameId, Profile, Series, Spans, Tag, Weights};

/// Rows of the tables that files add to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) profiles: usize,
    pub(super) spans: usize,
    pub(super) tracks: usize,
    pub(super) marks: usize,
    pub(super) flows: usize,
    pub(super) series: usize,
    pub(super) distributions: usize,
    pub(super) totals: usize,
    pub(super) tables: usize,
    pub(super) heaps: usize,
}

/// What one file added, and its clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) from: Counts,
    pub(super) to: Counts,
    pub(super) clock: Clock,
}

/// The clock of a recording, and what is to be said of it.
#[derive(Debug, Default)]
pub(super) struct Aligned {
    pub(super) clock: Clock,
    pub(super) notes: Vec<Note>,
}

/// Files whose recordings lie further apart than this are no files of one run.
const APART_NS: i64 = 3_600 * 1_000_000_000;

impl Part {
    /// Whether anything that it added stands in time.
    fn has_moments(&self, profiles: &[Profile]) -> bool {
        let (from, to) = (self.from, self.to);
        self.has_samples(profiles) || to.spans > from.spans || to.marks > from.marks || to.series > from.series
    }

    /// Whether it has samples in time.
    fn has_samples(&self, profiles: &[Profile]) -> bool {
        profiles[self.from.profiles..self.to.profiles].iter().any(|profile| profile.time.is_some())
    }

    /// What it measured stands on no clock of the others.
    fn set_adrift(&self, series: &mut [Series]) {
        series[self.from.series..self.to.series].iter_mut().for_each(|one| one.is_adrift = true);
    }

    /// From its start to its last moment.
    fn length(&self, profiles: &[Profile], spans: &Spans, series: &[Series]) -> i64 {
        let of_profile = |p: &Profile| p.time.as_ref().map_or(0, |t| t.duration_ns);
        let profiles = profiles[self.from.profiles..self.to.profiles].iter().map(of_profile);
        let series = series[self.from.series..self.to.series].iter().filter_map(|s| s.at_ns.last());
        let ends = spans.ends(self.from.spans..self.to.spans);
        let marks = spans.marks.at_ns.range(self.from.marks, self.to.marks);
        profiles.chain(series).chain(ends).chain(marks).max().unwrap_or(0).max(0)
    }
}

/// Puts all parts on one clock.
pub(super) fn align(parts: &[Part], profiles: &mut [Profile], spans: &mut Spans, series: &mut [Series]) -> Aligned {
    // Nanoseconds that the wall clock is ahead of the other.
    let both = parts.iter().find_map(|part| part.clock.start_ns.zip(part.clock.unix_ns));
    let ahead = both.map(|(start, unix)| unix.saturating_sub(start));
    let timed: Vec<&Part> = parts.iter().filter(|part| part.has_moments(profiles)).collect();
    let [first, others @ ..] = &timed[..] else {
        // Nothing has a moment: whatever clock was told belongs to facts.
        return Aligned { clock: parts.first().map_or_else(Clock::default, |p| p.clock), ..Aligned::default() };
    };
    if others.is_empty() {
        return Aligned { clock: completed(first.clock, ahead), ..Aligned::default() };
    }
    let monotonic = |part: &&Part| completed(part.clock, ahead).start_ns;
    let wall = |part: &&Part| completed(part.clock, ahead).unix_ns;
    let told = |of: &dyn Fn(&&Part) -> Option<i64>| timed.iter().filter(|part| of(part).is_some()).count();
    let is_wall = told(&wall) > told(&monotonic);
    let starts: Vec<Option<i64>> = timed.iter().map(|p| if is_wall { wall(p) } else { monotonic(p) }).collect();
    let silent = starts.iter().filter(|start| start.is_none()).count();
    let mut aligned = Aligned::default();
    if silent > 0 {
        aligned.notes.push(Note {
            code: "about-clocks".into(),
            count: silent as u64,
            text: "Of some files nobody can tell when they were recorded; they begin where the recording begins. \
                   Their series can be moved by hand."
                .into(),
        });
    }
    let anchor = timed.iter().position(|part| part.has_samples(profiles)).unwrap_or(0);
    // Without a clock two files share nothing, not even with each other.
    let is_adrift = |at: usize| at != anchor && (starts[at].is_none() || starts[anchor].is_none());
    timed.iter().enumerate().filter(|(at, _)| is_adrift(*at)).for_each(|(_, part)| part.set_adrift(series));
    let mut stretches: Vec<(i64, i64)> =
        starts.iter().zip(&timed).filter_map(|(s, p)| Some(((*s)?, p.length(profiles, spans, series)))).collect();
    stretches.sort_few();
    if lie_apart(&stretches) {
        aligned.notes.push(Note {
            code: "about-clocks".into(),
            count: stretches.len() as u64,
            text: "The files were recorded more than an hour apart; each begins where the recording begins.".into(),
        });
        timed.iter().enumerate().filter(|(at, _)| *at != anchor).for_each(|(_, part)| part.set_adrift(series));
        return aligned;
    }
    let Some(base) = stretches.first().map(|s| s.0) else { return aligned };
    for (start, part) in starts.iter().zip(&timed) {
        let by = start.map_or(0, |start| start.saturating_sub(base));
        if by > 0 {
            shift(part, by, profiles, spans, series);
        }
    }
    sort_marks(spans);
    let told = if is_wall {
        Clock { start_ns: None, unix_ns: Some(base) }
    } else {
        Clock { start_ns: Some(base), unix_ns: None }
    };
    Aligned { clock: completed(told, ahead), ..aligned }
}

/// The clock with what can be told by way of the other one.
fn completed(clock: Clock, ahead: Option<i64>) -> Clock {
    Clock {
        start_ns: clock.start_ns.or_else(|| Some(clock.unix_ns?.saturating_sub(ahead?))),
        unix_ns: clock.unix_ns.or_else(|| Some(clock.start_ns?.saturating_add(ahead?))),
    }
}

/// Whether more than an hour lies between one stretch (start and length) and all before it.
fn lie_apart(sorted: &[(i64, i64)]) -> bool {
    let mut end: Option<i64> = None;
    sorted.iter().any(|&(start, length)| {
        let is_apart = end.is_some_and(|end| start.saturating_sub(end) > APART_NS);
        end = Some(end.unwrap_or(i64::MIN).max(start.saturating_add(length)));
        is_apart
    })
}

fn shift(part: &Part, by: i64, profiles: &mut [Profile], spans: &mut Spans, series: &mut [Series]) {
    let later = |column: &mut Column<i64>, from: usize, to: usize| {
        for row in from..to {
            let at = column.get_mut(row);
            *at = at.saturating_add(by);
        }
    };
    for time in profiles[part.from.profiles..part.to.profiles].iter_mut().filter_map(|p| p.time.as_mut()) {
        let rows = time.at_ns.len();
        later(&mut time.at_ns, 0, rows);
        // What lies before the first sample begins with the recording.
        time.start_ns = time.start_ns.saturating_sub(by);
        time.duration_ns = time.duration_ns.saturating_add(by);
    }
    for one in &mut series[part.from.series..part.to.series] {
        let rows = one.at_ns.len();
        later(&mut one.at_ns, 0, rows);
    }
    later(&mut spans.at_ns, part.from.spans, part.to.spans);
    later(&mut spans.marks.at_ns, part.from.marks, part.to.marks);
}

/// Brings marks of several files into one order.
fn sort_marks(spans: &mut Spans) {
    let at = &spans.marks.at_ns;
    if at.iter().zip(at.iter().skip(1)).all(|(before, at)| before <= at) {
        return;
    }
    let mut order: Vec<usize> = (0..at.len()).collect();
    order.sort_by_key(|&row| at.get(row));
    let marks = &mut spans.marks;
    marks.track = order.iter().map(|&row| marks.track.get(row)).collect();
    marks.name = order.iter().map(|&row| marks.name.get(row)).collect();
    marks.category = order.iter().map(|&row| marks.category.get(row)).collect();
    marks.labels = order.iter().map(|&row| marks.labels.get(row)).collect();
    marks.at_ns = order.iter().map(|&row| marks.at_ns.get(row)).collect();
}

/// Puts the threads of several files into the order of the time in which they did not wait.
pub(super) fn busiest_first(recording: &mut Recording) {
    let is_idle = |frame: FrameId| recording.function(recording.function_of(frame)).tag == Tag::Idle;
    let mut waits = vec![false; recording.stacks.len()];
    for (row, slot) in waits.iter_mut().enumerate() {
        *slot = is_idle(recording.stacks.frame(super::StackId::from_index(row)));
    }
    let busy = |profile: &Profile| -> i64 {
        let is_time = matches!(profile.values[profile.default_value].weights, Weights::Owned);
        let rows = 0..if is_time { profile.samples.len() } else { 0 };
        let ran = rows.filter(|&row| {
            let stack = profile.samples.stack.get(row);
            stack.is_none() || !waits[stack.index()]
        });
        ran.fold(0, |sum, row| sum.saturating_add(profile.weight(profile.default_value, row)))
    };
    let mut order: Vec<(i64, Profile)> = Vec::with_capacity(recording.profiles.len());
    for profile in std::mem::take(&mut recording.profiles) {
        order.push((busy(&profile), profile));
    }
    order.sort_few_by_key(|(busy, _)| std::cmp::Reverse(*busy));
    recording.profiles = order.into_iter().map(|(_, profile)| profile).collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Builder, Origin, SeriesKind, Time, Value};
    use crate::units::Unit;

    fn file(builder: &mut Builder, name: &str, clock: Clock) {
        let mut series = Series::new(name, "", Unit::Count, SeriesKind::Gauge);
        series.push(0, 1.0);
        series.push(10, 2.0);
        builder.series.push(series);
        builder.clock = clock;
        builder.end_file();
    }

    fn starts(builder: Builder) -> (Vec<(String, i64)>, Clock, Vec<String>) {
        let recording = builder.finish(Origin::default());
        let starts = recording.series.iter().map(|s| (s.name.clone(), s.at_ns.get(0))).collect();
        (starts, recording.clock, recording.notes.into_iter().map(|n| n.code).collect())
    }

    fn clock(start_ns: Option<i64>, unix_ns: Option<i64>) -> Clock {
        Clock { start_ns, unix_ns }
    }

    #[test]
    fn a_file_that_tells_both_clocks_joins_the_others() {
        let orders: [[usize; 3]; 3] = [[0, 1, 2], [2, 0, 1], [1, 2, 0]];
        for order in orders {
            let mut builder = Builder::new();
            for which in order {
                match which {
                    0 => file(&mut builder, "trace", clock(Some(1_000), None)),
                    1 => file(&mut builder, "stat", clock(None, Some(5_400))),
                    _ => {
                        builder.clock = clock(Some(900), Some(5_000));
                        builder.end_file();
                    }
                }
            }
            let (mut starts, clock, notes) = starts(builder);
            starts.sort();
            assert_eq!(starts, [("stat".to_owned(), 300), ("trace".to_owned(), 0)]);
            assert_eq!(clock, Clock { start_ns: Some(1_000), unix_ns: Some(5_100) });
            assert_eq!(notes, [""; 0]);
        }
    }

    #[test]
    fn what_cannot_be_told_is_said() {
        let mut builder = Builder::new();
        file(&mut builder, "a", clock(Some(7), None));
        file(&mut builder, "b", clock(None, None));
        assert_eq!(starts(builder).2, ["about-clocks"]);
        let mut builder = Builder::new();
        file(&mut builder, "a", clock(Some(7), None));
        file(&mut builder, "b", clock(Some(APART_NS * 2), None));
        let (starts, clock, notes) = starts(builder);
        assert_eq!((starts[1].1, clock, notes.len()), (0, Clock::default(), 1));
    }

    #[test]
    fn what_stands_on_no_clock_of_the_samples_can_be_moved() {
        let adrift = |of_samples: Clock, of_load: Clock| {
            let mut builder = Builder::new();
            file(&mut builder, "load", of_load);
            let time = Time { at_ns: [5].into_iter().collect(), ..Time::default() };
            builder.profile(Profile { time: Some(time), values: vec![count()], ..Profile::default() });
            builder.clock = of_samples;
            builder.end_file();
            builder.finish(Origin::default()).series[0].is_adrift
        };
        assert!(adrift(clock(Some(7), None), clock(None, Some(5))), "a clock of its own is no help");
        assert!(adrift(clock(None, None), clock(None, Some(5))));
        assert!(adrift(clock(None, None), clock(None, None)));
        assert!(adrift(clock(Some(0), None), clock(Some(APART_NS * 2), None)));
        assert!(!adrift(clock(Some(7), None), clock(Some(9), None)));
    }

    #[test]
    fn what_has_no_moments_needs_no_clock() {
        let mut builder = Builder::new();
        file(&mut builder, "a", clock(Some(7), None));
        builder.profile(Profile { values: vec![count()], ..Profile::default() });
        builder.end_file();
        let (starts, told, notes) = starts(builder);
        assert_eq!((starts[0].1, told, notes.len()), (0, clock(Some(7), None), 0));
    }

    fn count() -> Value {
        Value { name: "samples".into(), unit: Unit::Count, decimals: 0, weights: Weights::Each(Column::new()) }
    }

    #[test]
    fn one_file_keeps_its_moments() {
        let mut builder = Builder::new();
        file(&mut builder, "a", clock(Some(7), None));
        let (starts, told, _) = starts(builder);
        assert_eq!((starts[0].1, told), (0, clock(Some(7), None)));
    }

    #[test]
    fn a_file_that_turns_out_to_be_damaged_leaves_nothing() {
        let mut builder = Builder::new();
        file(&mut builder, "a", clock(Some(7), None));
        builder.series.push(Series::new("b", "", Unit::Count, SeriesKind::Gauge));
        builder.tables.push(crate::model::Table::of_facts("b"));
        builder.clock = clock(Some(3), None);
        assert!(builder.has_added());
        builder.drop_file();
        assert!(!builder.has_added());
        let recording = builder.finish(Origin::default());
        assert_eq!((recording.series.len(), recording.tables.len(), recording.clock.start_ns), (1, 0, Some(7)));
    }
}
