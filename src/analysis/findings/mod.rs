//! Findings: what a recording says about why something is slow, in plain words with its numbers.
//!
//! Each rule is a pure function in a file of its own and an entry of [`FINDINGS`]. A rule says how sure
//! it is and why, what it rests on, what to do next, and where to look. Thresholds are constants with
//! their reason; where a program is in order, no rule but that of an idle loop says anything.
//!
//! All are about whole recordings: they do not follow filters.

mod busy;
mod case;
mod detached;
mod duplicates;
mod gc;
mod holder;
mod hot;
mod late_loop;
mod layout;
mod lines;
mod microtasks;
mod not_the_loop;
mod stalls;
mod sync_io;
mod timers;
mod vitals;
mod workers;

use std::cmp::Reverse;
use std::collections::BTreeSet;

pub use case::Case;
pub(super) use lines::{FindingLine, json, text};

use crate::model::FunctionId;
use crate::model::vocab::TimeRange;
use crate::units::{self, Unit};

/// A rule: one entry of the registry.
#[derive(Debug)]
pub struct Rule {
    /// Stable word for programs.
    pub id: &'static str,
    /// Whether it says nothing of a function that a finding of another rule blames.
    gives_way: bool,
    find: fn(&Case<'_>) -> Vec<Finding>,
}

const fn rule(id: &'static str, find: fn(&Case<'_>) -> Vec<Finding>) -> Rule {
    Rule { id, gives_way: false, find }
}

/// A rule about what only the full program reads: traces, numbers over time, heaps. Nothing of it is
/// linked elsewhere.
const fn in_full(id: &'static str, find: fn(&Case<'_>) -> Vec<Finding>) -> Rule {
    rule(id, if crate::IS_FULL { find } else { nothing })
}

fn nothing(_: &Case<'_>) -> Vec<Finding> {
    Vec::new()
}

/// All rules. Findings of equal cost stand in this order.
pub static FINDINGS: &[Rule] = &[
    rule("stalls", stalls::find),
    rule("loop-busy", busy::find),
    in_full("microtasks", microtasks::find),
    in_full("timers", timers::find),
    in_full("late-loop", late_loop::find),
    rule("sync-io", sync_io::find),
    rule("gc", gc::find),
    in_full("layout", layout::find),
    rule("idle-workers", workers::find),
    in_full("vitals", vitals::find),
    Rule { id: "hot", gives_way: true, find: hot::find },
    rule("not-the-loop", not_the_loop::find),
    in_full("heap-holder", holder::find),
    in_full("heap-strings", duplicates::find),
    in_full("heap-detached", detached::find),
];

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// The file says so.
    Measured,
    /// It follows from samples, within their precision.
    Inferred,
    /// Likely, by a rule of thumb.
    Estimated,
}

impl Certainty {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Inferred => "inferred",
            Self::Estimated => "estimated",
        }
    }
}

/// Where a finding is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Wherever functions are.
    Functions,
    /// In the list of stalls.
    Stalls,
    /// In a table, by its id.
    Sheet(&'static str),
}

/// A number that a finding rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// What it is.
    pub label: String,
    /// The number, times 10^`decimals`.
    pub raw: i64,
    /// Power of ten that it is a multiple of.
    pub decimals: u8,
    /// What it counts.
    pub unit: Unit,
    /// What it is a part of, in the same unit, and what that is.
    pub of: Option<(i64, &'static str)>,
}

impl Evidence {
    fn time(label: impl Into<String>, ns: i64) -> Self {
        Self { label: label.into(), raw: ns, decimals: 0, unit: Unit::Nanos, of: None }
    }

    fn count(label: impl Into<String>, count: u64) -> Self {
        Self { unit: Unit::Count, ..Self::time(label, i64::try_from(count).unwrap_or(i64::MAX)) }
    }

    fn bytes(label: impl Into<String>, bytes: u64) -> Self {
        Self { unit: Unit::Bytes, ..Self::count(label, bytes) }
    }

    fn of(self, base: i64, what: &'static str) -> Self {
        Self { of: Some((base, what)), ..self }
    }

    /// The number with its base, for people: `1.24 s, 16.8 % of 7.38 s active`.
    pub fn words(&self) -> String {
        let figure = |raw| units::figure(raw, self.decimals, &self.unit);
        match self.of {
            None => figure(self.raw).to_string(),
            Some((base, what)) => {
                let share = units::percent_text(self.raw, base);
                format!("{}, {share} of {} {what}", figure(self.raw), figure(base)).trim_end().to_owned()
            }
        }
    }
}

/// Something that a rule found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What it is, in a few words with its number. Names stand between backticks.
    pub title: String,
    /// Whether it says that something is in order.
    pub is_health: bool,
    /// How sure it is.
    pub certainty: Certainty,
    /// Why so sure and not more: where the numbers come from.
    pub reason: String,
    /// The time that it costs, by which findings are ordered, nanoseconds; 0 for what is not time.
    pub cost_ns: i64,
    /// What it rests on, what matters most first.
    pub evidence: Vec<Evidence>,
    /// What to do next.
    pub next: String,
    /// The functions to blame, the first most of all.
    pub functions: Vec<FunctionId>,
    /// The thread that it is about.
    pub profile: Option<usize>,
    /// A stretch in which it is well seen.
    pub range: Option<TimeRange>,
    /// Where to look at it.
    pub shown: Shown,
}

/// What all rules find, the costliest first; where nothing is a matter of time, in the order of the
/// registry.
pub fn findings(case: &Case<'_>) -> Vec<(&'static Rule, Finding)> {
    let all = FINDINGS.iter().flat_map(|rule| (rule.find)(case).into_iter().map(move |finding| (rule, finding)));
    let mut all: Vec<(&'static Rule, Finding)> = all.collect();
    let others = all.iter().filter(|(rule, _)| !rule.gives_way);
    let blamed: BTreeSet<FunctionId> = others.flat_map(|(_, finding)| finding.functions.iter().copied()).collect();
    let is_told = |finding: &Finding| finding.functions.first().is_some_and(|first| blamed.contains(first));
    all.retain(|(rule, finding)| !(rule.gives_way && is_told(finding)));
    all.sort_by_key(|(_, finding)| Reverse(finding.cost_ns));
    all
}

/// Whether `part` is at least so many hundredths of `whole`.
fn is_share(part: i64, hundredths: i64, whole: i64) -> bool {
    i128::from(part) * 100 >= i128::from(whole) * i128::from(hundredths)
}

/// A number of things: `1 stall`, `7 stalls`.
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", units::grouped(i64::try_from(count).unwrap_or(i64::MAX)), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
