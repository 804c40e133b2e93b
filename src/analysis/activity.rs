//! What a thread did over time: shares of kinds in equal bins, for the timeline and sparklines.

use super::cut::Cut;
use super::modules::{Kind, Modules};
use super::sums::runs;
use crate::model::vocab::TimeRange;
use crate::model::{FunctionId, Profile, Recording, StackId, Weights};

/// Nanoseconds per kind in each of `bins` equal parts of a range.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Activity {
    /// The range that the bins divide.
    pub range: Option<TimeRange>,
    /// Per bin: nanoseconds by kind, in the order of [`Kind::ALL`].
    pub bins: Vec<[i64; Kind::ALL.len()]>,
}

/// The activity of a profile whose samples own time; empty otherwise. The kind of a sample is that
/// of its innermost function.
pub fn activity(
    recording: &Recording,
    modules: &Modules,
    profile: &Profile,
    value: usize,
    range: TimeRange,
    bins: usize,
) -> Activity {
    let mut out = Activity { range: Some(range), bins: vec![[0; Kind::ALL.len()]; bins] };
    if !owns_time(profile, value) || bins == 0 || range.to_ns <= range.from_ns {
        return out;
    }
    let of_frame = |frame| modules.kind(recording.function_of(frame)) as u8;
    let kinds: Vec<u8> = recording.stacks.iter().map(|(_, frame)| of_frame(frame)).collect();
    // A sample without a stack has no entry.
    let kind = |stack: StackId| kinds.get(stack.index()).copied().unwrap_or(Kind::Program as u8);
    let mut cut = Cut::new(range.from_ns, range.to_ns - range.from_ns, bins);
    runs(profile, value, Some(range), kind, |run| {
        cut.split(run.start_ns, run.end_ns - run.start_ns, |bin, part| out.bins[bin][usize::from(run.class)] += part);
    });
    out
}

/// Whether the samples of a profile own the time up to the next one under this value.
fn owns_time(profile: &Profile, value: usize) -> bool {
    profile.time.is_some() && matches!(profile.values[value].weights, Weights::Owned)
}

/// Own time of one function in equal bins of a range, 0..1 of each bin.
pub fn spark(
    recording: &Recording,
    profile: &Profile,
    value: usize,
    function: FunctionId,
    range: TimeRange,
    bins: usize,
) -> Vec<f32> {
    if !owns_time(profile, value) || bins == 0 || range.to_ns <= range.from_ns {
        return Vec::new();
    }
    let is_own: Vec<bool> =
        recording.stacks.iter().map(|(_, frame)| recording.function_of(frame) == function).collect();
    let class = |stack: StackId| is_own.get(stack.index()).copied().unwrap_or(false);
    let length = range.to_ns - range.from_ns;
    let mut cut = Cut::new(range.from_ns, length, bins);
    let mut own = vec![0i64; bins];
    runs(profile, value, Some(range), class, |run| {
        if run.class {
            cut.split(run.start_ns, run.end_ns - run.start_ns, |bin, part| own[bin] += part);
        }
    });
    let bin_ns = length as f64 / bins as f64;
    own.into_iter().map(|ns| (ns as f64 / bin_ns).min(1.0) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::picture;

    #[test]
    fn bins_hold_all_of_the_time() {
        let recording = picture::timed("a 10\n(idle) 5\n(gc) 7\nb 8");
        let modules = Modules::of(&recording);
        let range = TimeRange { from_ns: 0, to_ns: 30 };
        for bins in [1, 4, 7, 30, 100] {
            let activity = activity(&recording, &modules, &recording.profiles[0], 0, range, bins);
            let sum = |kind: Kind| activity.bins.iter().map(|b| b[kind as usize]).sum::<i64>();
            assert_eq!((sum(Kind::Own), sum(Kind::Idle), sum(Kind::Gc)), (18, 5, 7), "{bins} bins");
        }
        let spark = spark(&recording, &recording.profiles[0], 0, FunctionId::from_index(0), range, 3);
        assert_eq!(spark, [1.0, 0.0, 0.0]);
    }
}
