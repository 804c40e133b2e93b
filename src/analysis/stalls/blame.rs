//! Who is to blame for a stretch.

use std::cmp::Reverse;

use super::facts::is_own;
use super::weigh::{Callers, Load, Scales};
use crate::analysis::modules::Modules;
use crate::model::{FunctionId, Recording};

/// Whoever holds at least this many hundredths of a stall may be blamed for it.
const SHARE: i64 = 60;
/// A function serves several callers when two of them have at least this many hundredths of its time.
const CALLER_SHARE: i64 = 10;

/// The least time that holds a stretch.
pub(super) fn least(length_ns: i64) -> i64 {
    // Rounded up: exactly 60 % is enough.
    (i128::from(length_ns) * i128::from(SHARE)).div_euclid(100) as i64 + i64::from(length_ns % 5 != 0)
}

/// The functions of one's own and of dependencies that hold the stretch last weighed, outermost first.
pub(super) fn path(scales: &Scales<'_>, modules: &Modules, length_ns: i64) -> Vec<FunctionId> {
    let least = least(length_ns);
    let mut path: Vec<Load> = scales.loads().filter(|l| l.total_ns >= least && is_own(modules, l.function)).collect();
    path.sort_unstable_by_key(|l| (l.depth, Reverse(l.total_ns), l.function));
    path.into_iter().map(|l| l.function).collect()
}

/// The largest functions of the stretch last weighed by total: one's own, or any when there are none.
pub(super) fn largest(scales: &Scales<'_>, recording: &Recording, modules: &Modules) -> Vec<Load> {
    let is_code = |l: &Load| l.total_ns > 0 && !recording.function(l.function).tag.is_state();
    let mut all: Vec<Load> = scales.loads().filter(is_code).collect();
    if all.iter().any(|l| is_own(modules, l.function)) {
        all.retain(|l| is_own(modules, l.function));
    }
    all.sort_unstable_by_key(|l| (Reverse(l.total_ns), Reverse(l.depth), l.function));
    all.truncate(3);
    all
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
pub(super) fn blamed(path: &[FunctionId], recording: &Recording, callers: &Callers) -> Option<Blamed> {
    let mut blamed = Blamed { at: path.len().checked_sub(1)?, is_helper_moved: false, is_name_moved: false };
    while blamed.at > 0 && serves_several(path[blamed.at], callers) {
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

fn serves_several(function: FunctionId, callers: &Callers) -> bool {
    let of_function = || callers.range((function, None)..).take_while(|(k, _)| k.0 == function).map(|(_, &ns)| ns);
    let whole: i64 = of_function().fold(0, i64::saturating_add);
    let is_notable = |ns: &i64| i128::from(*ns) * 100 >= i128::from(whole) * i128::from(CALLER_SHARE);
    of_function().filter(is_notable).count() > 1
}

/// Own shares of `over_ns` by the largest remainder, so that they add up to it exactly: a function
/// that has a part of the stretch has the same part of what makes it too long.
pub(super) fn shares(scales: &Scales<'_>, over_ns: i64) -> Vec<(FunctionId, i64)> {
    let loads: Vec<Load> = scales.loads().filter(|l| l.own_ns > 0).collect();
    let whole: i128 = loads.iter().map(|l| i128::from(l.own_ns)).sum();
    if whole == 0 || over_ns <= 0 {
        return Vec::new();
    }
    let part = |l: &Load| i128::from(l.own_ns) * i128::from(over_ns);
    let mut parts: Vec<(FunctionId, i64, i128)> =
        loads.iter().map(|l| (l.function, (part(l) / whole) as i64, part(l) % whole)).collect();
    let missing = over_ns - parts.iter().map(|p| p.1).sum::<i64>();
    parts.sort_unstable_by_key(|p| (Reverse(p.2), p.0));
    parts.iter_mut().take(usize::try_from(missing).unwrap_or(0)).for_each(|p| p.1 += 1);
    parts.retain(|p| p.1 > 0);
    parts.sort_unstable_by_key(|p| (Reverse(p.1), p.0));
    parts.into_iter().map(|p| (p.0, p.1)).collect()
}
