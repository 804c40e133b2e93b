//! How much rests on long gaps between samples.
//!
//! A sampler that was held up gives all the time of the gap to the sample before it. Cutting such
//! gaps would shorten real stalls, so nothing is cut; of a gap longer than 1.5 median intervals and
//! 3 ms, what exceeds 1.2 median intervals is *also* counted here: an *of which*, never a term of a
//! sum.

use super::scoped::Scoped;
use super::sums::{rows_in, walk};
use super::tree::DROPPED;
use crate::model::vocab::TimeRange;
use crate::model::{Profile, Recording, Time};

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

/// Part of an owned stretch that rests on one late sample; `None` for a usual one.
#[inline]
pub fn excess(time: &Time, owned_ns: i64) -> Option<i64> {
    let median = time.interval_ns;
    let is_long = median > 0 && owned_ns > GAP_MIN_NS && owned_ns / 3 * 2 > median;
    is_long.then(|| owned_ns - median.saturating_mul(6) / 5)
}

/// Long gaps of a profile inside a range, whatever ran.
pub fn of_profile(profile: &Profile, value: usize, range: Option<TimeRange>) -> Late {
    let Some(time) = &profile.time else { return Late::default() };
    let (from, to) = rows_in(profile, value, range);
    // What the last sample owns lies behind it and is no gap between samples.
    let to = to.min(profile.samples.len().saturating_sub(1));
    (from..to.max(from)).filter_map(|i| excess(time, time.owned_ns(i))).fold(Late::default(), |late, more| Late {
        excess_ns: late.excess_ns.saturating_add(more),
        gaps: late.gaps + 1,
    })
}

/// Long gaps per function of their innermost frame, by index of function.
pub fn by_function(recording: &Recording, scoped: &Scoped) -> Vec<Late> {
    let mut out = vec![Late::default(); recording.functions.len()];
    for (profile, value) in scoped.each(recording) {
        let Some(time) = &profile.time else { continue };
        walk(profile, value, scoped.range, |i, stack, _, _| {
            if i + 1 == time.at_ns.len() {
                return;
            }
            let Some(more) = excess(time, time.owned_ns(i)) else { return };
            let node = scoped.node(stack);
            if node == DROPPED {
                return;
            }
            if let Some(function) = scoped.tree.shape.function(node) {
                let late = &mut out[function.index()];
                late.excess_ns = late.excess_ns.saturating_add(more);
                late.gaps += 1;
            }
        });
    }
    out
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
