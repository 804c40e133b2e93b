//! The document around tree, samples and times, and the profile that they make.

use super::detect::WRAPPERS;
use crate::error::{Error, Result};
use crate::formats::common::threads::named;
use crate::formats::common::v8_profile::nodes::Nodes;
use crate::formats::common::v8_profile::samples::Samples;
use crate::formats::common::v8_profile::time::{Bounds, Clock};
use crate::formats::common::v8_profile::tree::Tree;
use crate::input::json::{Decimal, Json, Kind};
use crate::model::{Builder, Column, Extent, Profile, Value, Weights};
use crate::units::Unit;

/// What a file holds, in whatever order it came.
#[derive(Debug, Default)]
pub(super) struct Document {
    nodes: Nodes,
    tree: Option<Tree>,
    samples: Option<Samples>,
    clock: Option<Clock>,
    /// In the file's unit: microseconds, in the old layout seconds.
    start: Option<Decimal>,
    end: Option<Decimal>,
    is_cut: bool,
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Wrapper,
    Nodes,
    Head,
    Samples,
    TimeDeltas,
    Timestamps,
    StartTime,
    EndTime,
    Other,
}

impl Key {
    fn of(key: &str) -> Self {
        match key {
            "nodes" => Self::Nodes,
            "head" => Self::Head,
            "samples" => Self::Samples,
            "timeDeltas" => Self::TimeDeltas,
            "timestamps" => Self::Timestamps,
            "startTime" => Self::StartTime,
            "endTime" => Self::EndTime,
            key if WRAPPERS.contains(&key) => Self::Wrapper,
            _ => Self::Other,
        }
    }
}

impl Document {
    /// Reads the document, whatever it is wrapped in.
    pub(super) fn read(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        json.begin_object()?;
        let mut open = 1;
        while open > 0 {
            match json.next_key()?.map(Key::of) {
                None => open -= 1,
                Some(Key::Wrapper) if json.kind()? == Kind::Object => {
                    json.begin_object()?;
                    open += 1;
                }
                Some(key) => self.read_member(json, builder, key)?,
            }
        }
        Ok(())
    }

    fn read_member(&mut self, json: &mut Json<'_>, builder: &mut Builder, key: Key) -> Result<()> {
        let is_null = json.kind()? == Kind::Null;
        match key {
            _ if is_null => json.null(),
            Key::Nodes | Key::Head => {
                let is_first = self.tree.is_none();
                once(is_first, json)?;
                match key {
                    Key::Nodes => self.nodes.read_list(json, builder)?,
                    _ => self.nodes.read_nested(json, builder)?,
                }
                self.tree = Some(Tree::of(&self.nodes, builder)?);
                Ok(())
            }
            Key::Samples => {
                once(self.samples.is_none(), json)?;
                self.samples.insert(Samples::default()).read(json, self.tree.as_ref())
            }
            Key::TimeDeltas | Key::Timestamps => {
                once(self.clock.is_none(), json)?;
                let clock = self.clock.insert(Clock::default());
                if matches!(key, Key::TimeDeltas) { clock.read_deltas(json) } else { clock.read_timestamps(json) }
            }
            Key::StartTime => {
                self.start = Some(json.decimal()?);
                Ok(())
            }
            Key::EndTime => {
                self.end = Some(json.decimal()?);
                Ok(())
            }
            Key::Wrapper | Key::Other => json.skip_value(),
        }
    }

    /// Takes the document as it is although it ends early, if samples and their times have begun.
    ///
    /// # Errors
    /// Gives `error` back if not.
    pub(super) fn end_early(&mut self, error: Error) -> Result<()> {
        let has_some = self.samples.as_ref().is_some_and(|samples| samples.len() > 0)
            && self.clock.as_ref().is_some_and(|clock| clock.len() > 0);
        self.is_cut = self.tree.is_some() && has_some;
        if self.is_cut { Ok(()) } else { Err(error) }
    }

    /// The profile, of the thread that the file's name tells.
    pub(super) fn finish(mut self, builder: &mut Builder, file: &str) -> Result<Profile> {
        let Some(tree) = self.tree.take().filter(|_| self.nodes.len() > 0) else {
            return Err(Error::whole("it has no `nodes`: the call tree is missing", "Record it again."));
        };
        let samples = self.samples.take().unwrap_or_default();
        let clock = self.clock.take().unwrap_or_default();
        self.note_hits(samples.len() as u64, builder);
        let bounds = self.bounds(&clock);
        let profile = if samples.len() == 0 && self.nodes.hit_sum() > 0 {
            self.by_hits(&tree, bounds, builder)
        } else if clock.len() == 0 && samples.len() > 0 {
            spread(samples, &tree, bounds, builder)
        } else {
            self.timed(samples, clock, &tree, bounds, builder)
        };
        Ok(named(file, "CPU", profile))
    }

    /// The profiler counts by itself how often each node was sampled. In nearly every file the two
    /// differ by a few at its ends; by more than one in a hundred, something is wrong.
    fn note_hits(&self, samples: u64, builder: &mut Builder) {
        let hits = self.nodes.hit_sum();
        if self.nodes.has_hits && samples > 0 {
            let differing = hits.abs_diff(samples);
            let is_usual = differing <= samples / 100;
            builder.note(
                if is_usual { "about-hit-counts" } else { "hit-count-differs" },
                differing,
                format!(
                    "The profiler's own counts add up to {hits}, but there are {samples} samples; the samples count."
                ),
            );
        }
    }

    /// Start and end in nanoseconds. The old layout has seconds where the newer one has microseconds;
    /// where the samples have times of their own, the unit that brings the start closer to them is meant.
    fn bounds(&self, clock: &Clock) -> Bounds {
        const SECONDS: u8 = 9;
        const MICROS: u8 = 3;
        let usual = if self.nodes.is_nested { [SECONDS, MICROS] } else { [MICROS, SECONDS] };
        let distance = |decimals: u8| match (clock.first, self.start) {
            (Some(first), Some(start)) => first.abs_diff(start.scaled(decimals).value),
            _ => 0,
        };
        let decimals = if distance(usual[1]) < distance(usual[0]) { usual[1] } else { usual[0] };
        let nanos = |time: Option<Decimal>| time.map(|time| time.scaled(decimals).value);
        Bounds { start: nanos(self.start), end: nanos(self.end) }
    }

    fn timed(&self, samples: Samples, clock: Clock, tree: &Tree, bounds: Bounds, builder: &mut Builder) -> Profile {
        let count = samples.len().min(clock.len());
        let left_out = samples.len().abs_diff(clock.len()) as u64;
        if self.is_cut {
            builder.note("cut", left_out.max(1), "The file ends early; the samples whose times it holds were kept.");
        } else {
            builder.note(
                "lengths-differ",
                left_out,
                "The file has not as many samples as times; what has no partner was left out.",
            );
        }
        from_clock(samples, clock, count, tree, bounds, builder)
    }

    /// Without samples, the recording is shared out by the profiler's own counts.
    fn by_hits(&self, tree: &Tree, bounds: Bounds, builder: &mut Builder) -> Profile {
        let all = self.nodes.hit_sum();
        let length = bounds.length().filter(|&length| length > 0);
        let (mut profile, mut counts, mut weights) = (Profile::default(), Column::new(), Column::new());
        for (row, hits) in self.nodes.hits.iter().enumerate().filter(|(_, hits)| *hits > 0) {
            profile.samples.stack.push(tree.stack(row));
            counts.push(hits);
            let share =
                length.map_or(i128::from(hits), |length| i128::from(hits) * i128::from(length) / i128::from(all));
            weights.push(i64::try_from(share).unwrap_or(i64::MAX));
        }
        builder.note(
            "estimated",
            counts.len() as u64,
            "Times are estimated from hit counts: the file has no samples, so there is no timeline.",
        );
        profile.samples.count = Some(counts);
        profile.extent = Extent { start_ns: bounds.start, duration_ns: length, interval_ns: None };
        profile.values.push(if length.is_some() { time(Weights::Each(weights)) } else { count(weights) });
        profile
    }
}

/// A key that may stand only once.
fn once(is_first: bool, json: &Json<'_>) -> Result<()> {
    if is_first { Ok(()) } else { Err(json.misplaced("this part of a profile is there twice")) }
}

/// Samples without times, evenly over the recording.
fn spread(samples: Samples, tree: &Tree, bounds: Bounds, builder: &mut Builder) -> Profile {
    let count = samples.len();
    if let Some(length) = bounds.length().filter(|&length| length > 0) {
        builder.note(
            "even-spacing",
            count as u64,
            "The file has no times of its samples; they were spread evenly over the recording.",
        );
        return from_clock(samples, Clock::evenly(count, length), count, tree, bounds, builder);
    }
    builder.note("no-time", count as u64, "The file has no times; every sample counts as one.");
    let mut profile = Profile::default();
    profile.samples.stack = samples.finish(tree, count, builder);
    profile.values.push(self::count(Column::filled(1, count)));
    profile
}

/// The first `wanted` samples with their times.
fn from_clock(
    samples: Samples,
    clock: Clock,
    wanted: usize,
    tree: &Tree,
    bounds: Bounds,
    builder: &mut Builder,
) -> Profile {
    let mut profile = Profile::default();
    profile.samples.stack = samples.finish(tree, wanted, builder);
    let mut at = clock.finish(bounds, &mut profile.samples.stack, builder);
    at.has_idle = tree.has_idle;
    profile.extent = Extent {
        start_ns: Some(at.start_ns),
        duration_ns: Some(at.duration_ns),
        interval_ns: (at.interval_ns > 0).then_some(at.interval_ns),
    };
    profile.time = Some(at);
    profile.values.push(time(Weights::Owned));
    profile
}

fn time(weights: Weights) -> Value {
    Value { name: "time".into(), unit: Unit::Nanos, decimals: 0, weights }
}

fn count(weights: Column<i64>) -> Value {
    Value { name: "samples".into(), unit: Unit::Count, decimals: 0, weights: Weights::Each(weights) }
}
