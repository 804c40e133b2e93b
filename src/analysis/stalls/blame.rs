//! Who is to blame for a stretch.

use std::cmp::Reverse;

use super::facts::{Facts, is_own};
use super::weigh::{Callers, Load, Scales};
use crate::analysis::modules::Modules;
use crate::model::SortFew as _;
use crate::model::{FunctionId, Recording};

/// Whoever holds at least this many hundredths of a stall may be blamed for it.
const SHARE: i64 = 60;
/// A function serves several callers when two of them have at least this many hundredths of its time.
const CALLER_SHARE: i64 = 10;
/// Functions among which the blame is dealt out by name; the others are added up.
const BLAME_MAX: usize = 24;
/// Functions told where nobody holds a stretch.
const LARGEST: usize = 3;

/// The least time that holds a stretch.
pub(super) fn least(length_ns: i64) -> i64 {
    // Rounded up: exactly 60 % is enough.
    (i128::from(length_ns) * i128::from(SHARE)).div_euclid(100) as i64 + i64::from(length_ns % 5 != 0)
}

/// The functions of one's own and of dependencies that hold the stretch last weighed, outermost first.
pub(super) fn path(scales: &Scales<'_>, modules: &Modules, length_ns: i64) -> Vec<FunctionId> {
    let least = least(length_ns);
    let holds = scales.loads().filter(|l| l.total_ns >= least && is_own(modules, l.function));
    let mut path = scales.with_depths(holds.collect());
    path.sort_few_by_key(|(depth, l)| (*depth, Reverse(l.total_ns), l.function));
    path.into_iter().map(|(_, l)| l.function).collect()
}

/// The largest functions of the stretch last weighed by total: one's own, or any when there are none.
pub(super) fn largest(scales: &Scales<'_>, recording: &Recording, modules: &Modules) -> Vec<Load> {
    let is_code = |l: &Load| l.total_ns > 0 && !recording.function(l.function).tag.is_state();
    let mut all: Vec<Load> = scales.loads().filter(is_code).collect();
    if all.iter().any(|l| is_own(modules, l.function)) {
        all.retain(|l| is_own(modules, l.function));
    }
    if all.len() > LARGEST {
        all.select_nth_unstable_by_key(LARGEST - 1, |l| Reverse(l.total_ns));
    }
    // Only where totals are equal does the place on the stack decide.
    let third = all.get(LARGEST - 1).map_or(0, |l| l.total_ns);
    all.retain(|l| l.total_ns >= third);
    let mut all = scales.with_depths(all);
    all.sort_few_by_key(|(depth, l)| (Reverse(l.total_ns), Reverse(*depth), l.function));
    all.truncate(LARGEST);
    all.into_iter().map(|(_, l)| l).collect()
}

/// Who is blamed of a path, and why.
pub(super) struct Blamed {
    /// Index into the path.
    pub(super) at: usize,
    pub(super) is_helper_moved: bool,
    pub(super) is_name_moved: bool,
}

/// The deepest function of the path, or the first one above it that serves one caller only and has
/// a name.
pub(super) fn blamed(path: &[FunctionId], recording: &Recording, serve_several: &[bool]) -> Option<Blamed> {
    let mut blamed = Blamed { at: path.len().checked_sub(1)?, is_helper_moved: false, is_name_moved: false };
    while blamed.at > 0 && serve_several[path[blamed.at].index()] {
        blamed.at -= 1;
        blamed.is_helper_moved = true;
    }
    while blamed.at > 0 && is_anonymous(recording, path[blamed.at]) {
        blamed.at -= 1;
        blamed.is_name_moved = true;
    }
    Some(blamed)
}

fn is_anonymous(recording: &Recording, function: FunctionId) -> bool {
    matches!(recording.name(function), "" | "(anonymous)")
}

/// By function, whether it serves several callers.
pub(super) fn serve_several(callers: &Callers, facts: &Facts, recording: &Recording) -> Vec<bool> {
    let is_notable = |ns: i64, whole: i64| i128::from(ns) * 100 >= i128::from(whole) * i128::from(CALLER_SHARE);
    callers.serve_several(facts, recording.functions.len(), is_notable)
}

/// Own shares of `over_ns` by the largest remainder, so that they add up to it exactly: a function
/// that has a part of the stretch has the same part of what makes it too long. The largest, and
/// number and sum of the others.
pub(super) fn shares(scales: &Scales<'_>, over_ns: i64) -> (Vec<(FunctionId, i64)>, (u32, i64)) {
    let own = || scales.loads().filter(|l| l.own_ns > 0);
    // They are disjoint parts of one stretch.
    let whole = own().fold(0i64, |sum, l| sum.saturating_add(l.own_ns));
    if whole == 0 || over_ns <= 0 {
        return (Vec::new(), (0, 0));
    }
    let mut rests: Vec<(Reverse<i64>, FunctionId, i64)> = own()
        .map(|l| {
            let (part, rest) = part_of(l.own_ns, over_ns, whole);
            (Reverse(rest), l.function, part)
        })
        .collect();
    let missing = over_ns - rests.iter().map(|p| p.2).sum::<i64>();
    let missing = usize::try_from(missing).unwrap_or(0).min(rests.len());
    if missing > 0 {
        rests.select_nth_unstable(missing - 1);
        rests.iter_mut().take(missing).for_each(|p| p.2 += 1);
    }
    let mut parts: Vec<(Reverse<i64>, FunctionId)> =
        rests.into_iter().filter(|p| p.2 > 0).map(|p| (Reverse(p.2), p.1)).collect();
    let mut others = (0, 0);
    if parts.len() > BLAME_MAX {
        parts.select_nth_unstable(BLAME_MAX);
        others = ((parts.len() - BLAME_MAX) as u32, parts[BLAME_MAX..].iter().map(|p| p.0.0).sum());
        parts.truncate(BLAME_MAX);
    }
    parts.sort_few();
    (parts.into_iter().map(|(Reverse(ns), function)| (function, ns)).collect(), others)
}

/// `ns · over_ns / whole` and what is left over. Stalls of hours do not fit into 64 bits, all others
/// do, and are divided several times faster.
fn part_of(ns: i64, over_ns: i64, whole: i64) -> (i64, i64) {
    match ns.checked_mul(over_ns) {
        Some(product) => (product / whole, product % whole),
        None => {
            let product = i128::from(ns) * i128::from(over_ns);
            ((product / i128::from(whole)) as i64, (product % i128::from(whole)) as i64)
        }
    }
}
