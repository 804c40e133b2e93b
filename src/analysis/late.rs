//! How much rests on long gaps between samples.
//!
//! A sampler that was held up gives all the time of the gap to the sample before it. Cutting such
//! gaps would shorten real stalls, so nothing is cut; of a gap longer than 1.5 median intervals and
//! 3 ms, what exceeds 1.2 median intervals is *also* counted here: an *of which*, never a term of a
//! sum.

use super::scoped::Scoped;
use super::sums::{Part, parts, rows_in};
use super::tree::DROPPED;
use crate::model::vocab::TimeRange;
use crate::model::{Profile, Recording, StackId, Time};

/// Shortest gap that can be long, nanoseconds.
const GAP_MIN_NS: i64 = 3_000_000;

/// Time that rests on long gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Late {
    /// Excess over the usual, nanoseconds.
    pub excess_ns: i64,
    /// Number of long gaps.
    pub gaps: u64,
}

/// Which gaps between samples are long, and by how much.
#[derive(Debug, Clone, Copy)]
struct Rule {
    /// Shortest long gap.
    least_ns: i64,
    /// What of a long gap is usual.
    usual_ns: i64,
}

impl Rule {
    /// The rule of a profile; `None` where the usual gap is not known.
    fn of(time: &Time) -> Option<Self> {
        let median = time.interval_ns;
        // More than 1.5 median intervals and more than the shortest; in whole numbers of thirds.
        let least_ns = (median / 2 + 1).saturating_mul(3).max(GAP_MIN_NS + 1);
        (median > 0).then(|| Self { least_ns, usual_ns: median.saturating_mul(6) / 5 })
    }

    /// Hands every long gap of a part to `found`: row in the part, and the excess.
    #[inline(never)]
    fn each(self, part: &Part<'_>, mut found: impl FnMut(usize, i64)) {
        let Some((&last, _)) = part.starts.split_last() else { return };
        for (i, pair) in part.starts.windows(2).enumerate() {
            let gap = pair[1] - pair[0];
            if gap >= self.least_ns {
                found(i, gap - self.usual_ns);
            }
        }
        if part.end_ns - last >= self.least_ns {
            found(part.starts.len() - 1, part.end_ns - last - self.usual_ns);
        }
    }
}

/// Hands every long gap between samples inside a range to `found`: the stack before it, and the excess.
fn each_gap(profile: &Profile, value: usize, range: Option<TimeRange>, mut found: impl FnMut(StackId, i64)) {
    let Some((time, rule)) = profile.time.as_ref().and_then(|time| Some((time, Rule::of(time)?))) else { return };
    let (from, to) = rows_in(profile, value, range);
    // What the last sample owns lies behind it and is no gap between samples.
    let to = to.min(profile.samples.len().saturating_sub(1));
    for part in parts(&profile.samples, time, from, to) {
        rule.each(&part, |row, excess| found(part.stacks[row], excess));
    }
}

/// Long gaps of a profile inside a range, whatever ran.
pub fn of_profile(profile: &Profile, value: usize, range: Option<TimeRange>) -> Late {
    let mut late = Late::default();
    each_gap(profile, value, range, |_, excess| late.add(excess));
    late
}

/// Long gaps per function of their innermost frame, by index of function.
pub fn by_function(recording: &Recording, scoped: &Scoped) -> Vec<Late> {
    let mut out = vec![Late::default(); recording.functions.len()];
    for (profile, value) in scoped.each(recording) {
        each_gap(profile, value, scoped.range, |stack, excess| {
            let node = scoped.node(stack);
            let function = if node == DROPPED { None } else { scoped.tree.shape.function(node) };
            if let Some(function) = function {
                out[function.index()].add(excess);
            }
        });
    }
    out
}

impl Late {
    fn add(&mut self, excess_ns: i64) {
        self.excess_ns = self.excess_ns.saturating_add(excess_ns);
        self.gaps += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::picture;

    #[test]
    fn only_the_excess_of_long_gaps_counts() {
        // Median 1 ms; 3.0 ms is not longer than 3 ms; 10 ms is 8.8 over 1.2 ms.
        let recording = picture::timed("a 1000000\na 1000000\na 3000000\nb 10000000\na 1000000");
        let late = of_profile(&recording.profiles[0], 0, None);
        assert_eq!(late, Late { excess_ns: 8_800_000, gaps: 1 });
    }
}
