//! What the threads were doing: parts that add up to wall time exactly.

use super::late::{Late, of_profile};
use super::modules::{Kind, Modules};
use super::scoped::Scoped;
use crate::model::SortFew as _;
use crate::model::{Recording, Weights};

/// Parts of the recorded time. Nanoseconds; they add up to `duration_ns`:
/// `before_first + Σ kinds + filtered + after_last = duration`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct States {
    /// Length of what is looked at (the selected range, or the recording), summed over threads.
    pub duration_ns: i64,
    /// Before the first sample.
    pub before_first_ns: i64,
    /// Behind what the last sample owns.
    pub after_last_ns: i64,
    /// Dropped by filters.
    pub filtered_ns: i64,
    /// Own time by kind of the innermost function: (kind, nanoseconds, samples), idle last.
    pub kinds: Vec<(Kind, i64, u64)>,
    /// Of which resting on long gaps, idle among it.
    pub late: Late,
}

impl States {
    /// Time of one kind, nanoseconds.
    pub fn of(&self, kind: Kind) -> i64 {
        self.kinds.iter().find(|k| k.0 == kind).map_or(0, |k| k.1)
    }

    /// Time in functions: everything sampled but idle, collection and native or unknown.
    pub fn active_ns(&self) -> i64 {
        let is_active = |k: Kind| !matches!(k, Kind::Idle | Kind::Gc | Kind::Program);
        self.kinds.iter().filter(|k| is_active(k.0)).fold(0i64, |sum, k| sum.saturating_add(k.1))
    }
}

/// The parts of the time that a scope looks at; `None` when its samples own no time.
pub fn states(recording: &Recording, modules: &Modules, scoped: &Scoped) -> Option<States> {
    let mut out = States { kinds: scoped.kinds(modules), filtered_ns: scoped.filtered, ..States::default() };
    let mut any = false;
    for (profile, value) in scoped.each(recording) {
        any = true;
        let (Some(time), Weights::Owned) = (&profile.time, &profile.values[value].weights) else {
            out.duration_ns += estimated_ns(recording, profile, value)?;
            continue;
        };
        let first = if time.at_ns.is_empty() { time.duration_ns } else { time.at_ns.get(0) };
        let last = time.at_ns.last().map_or(first, |at| at + time.last_ns);
        let end = time.duration_ns.max(last);
        let (from, to) = match scoped.range {
            Some(range) => (range.from_ns.clamp(0, end), range.to_ns.clamp(0, end)),
            None => (0, end),
        };
        out.duration_ns += to - from;
        out.before_first_ns += first.min(to).saturating_sub(from).max(0);
        out.after_last_ns += to.saturating_sub(last.max(from)).max(0);
        let late = of_profile(profile, value, scoped.range);
        out.late.excess_ns = out.late.excess_ns.saturating_add(late.excess_ns);
        out.late.gaps += late.gaps;
    }
    if scoped.each(recording).any(|(profile, _)| profile.time.is_none()) {
        // What rounding left over of an estimate stands behind its end.
        let parts = out.kinds.iter().fold(out.filtered_ns, |sum, k| sum.saturating_add(k.1));
        out.after_last_ns = out.duration_ns.saturating_sub(parts).saturating_sub(out.before_first_ns);
    }
    any.then_some(out)
}

/// Length of a recording whose times are estimated from counts: its states are known, its moments
/// are not. `None` where the values are no shares of wall time.
fn estimated_ns(recording: &Recording, profile: &crate::model::Profile, value: usize) -> Option<i64> {
    let is_time = profile.values[value].unit == crate::units::Unit::Nanos;
    let has_states = recording.functions.iter().any(|f| f.tag.is_state());
    profile.extent.duration_ns.filter(|_| is_time && has_states && profile.time.is_none())
}

/// Writes parts with `decimals` digits so that the printed parts add up to the printed whole:
/// each is rounded down and the largest remainders get the missing units.
pub fn printed_parts(parts: &[i64], whole: i64, scale: i64, decimals: u32) -> (String, Vec<String>) {
    let step = (scale / 10i64.pow(decimals)).max(1);
    let target = whole.saturating_add(step / 2).div_euclid(step);
    let mut units: Vec<i64> = parts.iter().map(|p| p.div_euclid(step)).collect();
    let mut by_rest: Vec<usize> = (0..parts.len()).collect();
    by_rest.sort_few_by_key(|&i| (std::cmp::Reverse(parts[i].rem_euclid(step)), i));
    // Parts of a sum that was too large may add up to more than 64 bits hold.
    let printed: i128 = units.iter().map(|&n| i128::from(n)).sum();
    let missing = usize::try_from(i128::from(target) - printed).unwrap_or(0);
    by_rest.iter().take(missing).for_each(|&i| units[i] += 1);
    let text = |n: i64| {
        let digits = crate::units::exact(n, decimals as u8);
        let (whole, rest) = digits.split_once('.').unwrap_or((&digits, ""));
        let whole = whole.parse().map_or_else(|_| whole.to_owned(), crate::units::grouped);
        if decimals == 0 { whole } else { format!("{whole}.{rest:0<width$}", width = decimals as usize) }
    };
    (text(target), units.into_iter().map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::picture;
    use crate::model::vocab::{Filter, FrameKey, Scope, TimeRange};

    fn sum(states: &States) -> i64 {
        states.before_first_ns
            + states.after_last_ns
            + states.filtered_ns
            + states.kinds.iter().map(|k| k.1).sum::<i64>()
    }

    #[test]
    fn parts_add_up_under_every_filter() {
        let mut recording = picture::timed("a b 10\n(idle) 5\n(gc) 2\n(program) 3\nc 4");
        let time = recording.profiles[0].time.as_mut().expect("it is timed");
        time.at_ns = time.at_ns.iter().map(|at| at + 7).collect();
        time.duration_ns = 40;
        let modules = Modules::of(&recording);
        let key = FrameKey { name: "b".into(), ..FrameKey::default() };
        for range in [(0, 40), (3, 9), (9, 20), (20, 40), (35, 40)] {
            for drop in [false, true] {
                let mut filters = vec![Filter::Time(TimeRange { from_ns: range.0, to_ns: range.1 })];
                if drop {
                    filters.push(Filter::Drop(key.clone()));
                }
                let scoped = Scoped::new(&recording, &modules, &Scope { filters, ..Scope::default() });
                let states = states(&recording, &modules, &scoped).expect("it is timed");
                assert_eq!(
                    (states.duration_ns, sum(&states)),
                    (range.1 - range.0, range.1 - range.0),
                    "{range:?} {drop}"
                );
            }
        }
    }

    #[test]
    fn printed_parts_add_up_in_print() {
        let (whole, parts) = printed_parts(&[333, 333, 334], 1000, 100, 0);
        assert_eq!((whole.as_str(), parts.join("+").as_str()), ("10", "3+3+4"));
        let (whole, _) = printed_parts(&[i64::MAX, i64::MAX, i64::MIN, 1], i64::MAX, 1, 0);
        assert_eq!(whole, "9,223,372,036,854,775,807");
        let (whole, parts) = printed_parts(&[1_004_000, 1_004_000, 1_004_000], 3_012_000, 1_000_000, 2);
        assert_eq!((whole.as_str(), parts.join("+").as_str()), ("3.01", "1.01+1.00+1.00"));
    }
}
