//! What a thread did over time: shares of kinds in equal bins, for the timeline and sparklines.

use super::cut::Cut;
use super::modules::{Kind, Modules};
use super::sums::{rows_in, walk};
use crate::model::vocab::TimeRange;
use crate::model::{FunctionId, Profile, Recording, Weights};

/// Nanoseconds per kind in each of `bins` equal parts of a range.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Activity {
    /// The range that the bins divide.
    pub range: Option<TimeRange>,
    /// Per bin: nanoseconds by kind, in the order of [`Kind::ALL`].
    pub bins: Vec<[i64; Kind::ALL.len()]>,
    /// Per bin: nanoseconds of an *of which*: resting on late samples.
    pub late: Vec<i64>,
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
    let mut out = Activity { range: Some(range), bins: vec![[0; Kind::ALL.len()]; bins], late: vec![0; bins] };
    let Some(time) = &profile.time else { return out };
    if !matches!(profile.values[value].weights, Weights::Owned) || bins == 0 || range.to_ns <= range.from_ns {
        return out;
    }
    let kinds: Vec<Kind> = (0..recording.stacks.len())
        .map(|i| modules.kind(recording.function_of(recording.stacks.frame(crate::model::StackId::from_index(i)))))
        .collect();
    let length = range.to_ns - range.from_ns;
    let mut cut = Cut::new(range.from_ns, length, bins);
    // Late parts lie apart: a cursor of their own leaves the other one where it is.
    let mut late_cut = cut.clone();
    walk(profile, value, Some(range), |i, stack, weight, _| {
        let kind = if stack.is_none() { Kind::Program } else { kinds[stack.index()] };
        let start = time.at_ns.get(i).max(range.from_ns);
        cut.split(start, weight, |bin, part| out.bins[bin][kind as usize] += part);
        if let Some(late) = super::late::excess(time, time.owned_ns(i)) {
            // The late part is the end of the stretch.
            let late = late.min(weight);
            late_cut.split(start + weight - late, late, |bin, part| out.late[bin] += part);
        }
    });
    out
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
    let Some(time) = &profile.time else { return Vec::new() };
    if !matches!(profile.values[value].weights, Weights::Owned) || bins == 0 || range.to_ns <= range.from_ns {
        return Vec::new();
    }
    let is_own: Vec<bool> = (0..recording.stacks.len())
        .map(|i| recording.function_of(recording.stacks.frame(crate::model::StackId::from_index(i))) == function)
        .collect();
    let length = range.to_ns - range.from_ns;
    let mut cut = Cut::new(range.from_ns, length, bins);
    let mut own = vec![0i64; bins];
    let (first, last) = rows_in(profile, value, Some(range));
    debug_assert!(first <= last, "rows come in order");
    walk(profile, value, Some(range), |i, stack, weight, _| {
        if !stack.is_none() && is_own[stack.index()] {
            cut.split(time.at_ns.get(i).max(range.from_ns), weight, |bin, part| own[bin] += part);
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
