//! Stalls of the event loop, grouped by whom they are blamed on.

use std::collections::BTreeMap;

use super::case::{Case, Loop};
use super::{Certainty, Evidence, Finding, Shown, counted, is_share, microtasks};
use crate::analysis::modules;
use crate::analysis::stalls::{Source, Stall, StallKind};
use crate::analysis::sums::state_of;
use crate::model::vocab::{FrameKey, TimeRange};
use crate::model::{FunctionId, Recording, Tag};
use crate::units::nanos;

/// Stalls matter when they are so many hundredths of the recording, or one of them is twice as long as
/// is let pass: below that, whoever waits hardly notices.
const PART_MIN: i64 = 1;
const WORST_FACTOR: i64 = 2;
/// Samples that an inferred stall has on the average: those at both ends may be a neighbour's, and three
/// are the least that a majority can be seen in.
const SAMPLES_MIN: u64 = 5;
/// Hundredths of inferred stalls that samples at their usual distance saw. What remains rests on late
/// samples: where nearly all does, the machine had no time for sampler and program alike. In recordings
/// with known stalls these are 30 or more, on an overloaded machine without stalls 6.
const SEEN_MIN: i64 = 20;
/// A gap between samples that is longer than so many medians, times two, and than so many nanoseconds is
/// late: as for what rests on late samples.
const LATE_HALVES: i64 = 3;
const LATE_MIN_NS: i64 = 3_000_000;

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    case.loops().iter().flat_map(|one| of_loop(case, one)).collect()
}

/// Who holds a stall, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Function(FunctionId),
    /// Name, file and line, as a trace has them.
    Handler(String, String, u32),
    Origin(String),
}

impl Who {
    fn of(stall: &Stall) -> Self {
        match (&stall.culprit, &stall.handler) {
            (Some(culprit), _) => Self::Function(culprit.function),
            (None, Some(handler)) => Self::Handler(handler.name.clone(), handler.file.clone(), handler.line),
            (None, None) => Self::Origin(stall.origin.as_deref().unwrap_or("unknown").to_owned()),
        }
    }
}

/// Stalls that have something in common, added up.
#[derive(Debug)]
pub(super) struct Group<'s> {
    stalls: Vec<&'s Stall>,
    pub count: u64,
    pub total_ns: i64,
    worst: &'s Stall,
    is_measured: bool,
    /// Parts of all that samples of code saw, nanoseconds, and the largest such part of one.
    seen_ns: (i64, i64),
}

impl<'s> Group<'s> {
    /// `None` without stalls. They are sorted, the longest first.
    pub fn of(case: &Case<'_>, one: &Loop<'_>, stalls: Vec<&'s Stall>) -> Option<Self> {
        let worst = *stalls.first()?;
        let sum = |part: fn(&Stall) -> i64| stalls.iter().fold(0i64, |sum, stall| sum.saturating_add(part(stall)));
        let seen = stalls.iter().map(|stall| seen_ns(case.recording, one, stall));
        let seen_ns = seen.fold((0i64, 0i64), |(all, most), ns| (all.saturating_add(ns), most.max(ns)));
        let (count, total_ns) = (stalls.len() as u64, sum(|stall| stall.duration_ns));
        let is_measured = worst.source == Source::Measured;
        Some(Self { stalls, count, total_ns, worst, is_measured, seen_ns })
    }

    fn sum(&self, part: fn(&Stall) -> i64) -> i64 {
        self.stalls.iter().fold(0i64, |sum, stall| sum.saturating_add(part(stall)))
    }

    /// Whether they are long enough to matter.
    fn is_worth(&self, case: &Case<'_>, one: &Loop<'_>) -> bool {
        let is_long = self.worst.duration_ns >= case.threshold_ns.saturating_mul(WORST_FACTOR);
        is_long || is_share(self.total_ns, PART_MIN, one.wall_ns())
    }

    /// Whether they were seen well enough to be told. Where nobody holds a stretch, it may be many short
    /// callbacks without a sample between them: then one must be long by what was seen of it alone.
    pub fn is_clear(&self, case: &Case<'_>, one: &Loop<'_>, has_culprit: bool) -> bool {
        let samples: u64 = self.stalls.iter().map(|stall| stall.samples).sum();
        let is_seen = samples >= SAMPLES_MIN * self.count && is_share(self.seen_ns.0, SEEN_MIN, self.total_ns);
        let is_long = self.worst.duration_ns >= case.threshold_ns.saturating_mul(WORST_FACTOR);
        let is_told = (self.count > 1 || is_long) && self.seen_ns.1 >= case.threshold_ns;
        self.is_worth(case, one) && (self.is_measured || is_seen && (has_culprit || is_told))
    }

    pub fn certainty(&self) -> Certainty {
        if self.is_measured { Certainty::Measured } else { Certainty::Inferred }
    }

    pub fn evidence(&self, case: &Case<'_>, one: &Loop<'_>) -> Vec<Evidence> {
        let over = |stall: &&Stall| stall.duration_ns - case.threshold_ns.min(stall.duration_ns);
        let over = self.stalls.iter().map(over).fold(0i64, i64::saturating_add);
        let (gc, program) = (self.sum(|stall| stall.gc_ns), self.sum(|stall| stall.program_ns));
        let samples = self.stalls.iter().map(|stall| stall.samples).sum();
        let mut rows = vec![
            Evidence::time("in all", self.total_ns).of(one.wall_ns(), "recorded"),
            Evidence::time("longest", self.worst.duration_ns),
            Evidence::time(format!("over the threshold of {}", nanos(case.threshold_ns)), over),
        ];
        let inside = |label: &str, ns| (ns > 0).then(|| Evidence::time(label, ns).of(self.total_ns, "of stalls"));
        rows.extend(inside("garbage collection inside", gc));
        rows.extend(inside("native or unknown inside", program));
        rows.extend((samples > 0).then(|| Evidence::count("samples inside", samples)));
        rows
    }

    pub fn range(&self) -> TimeRange {
        self.worst.range()
    }

    /// The helper in which all of them were, if it is one.
    fn inside(&self) -> Option<FunctionId> {
        let mut helpers = self.stalls.iter().map(|stall| stall.culprit.as_ref().and_then(|c| c.inside));
        let first = helpers.next()??;
        helpers.all(|helper| helper == Some(first)).then_some(first)
    }
}

fn of_loop(case: &Case<'_>, one: &Loop<'_>) -> Vec<Finding> {
    let found = one.stalls();
    let mut groups: BTreeMap<Who, Vec<&Stall>> = BTreeMap::new();
    let mut all = 0;
    for stall in found.stalls.iter().filter(|stall| stall.kind == StallKind::Stall) {
        all += 1;
        if !microtasks::is_chain(case, one, stall) {
            groups.entry(Who::of(stall)).or_default().push(stall);
        }
    }
    let groups = groups.into_iter().filter_map(|(who, stalls)| Some((who, Group::of(case, one, stalls)?)));
    let clear = groups.filter(|(who, group)| group.is_clear(case, one, !matches!(who, Who::Origin(_))));
    clear.map(|(who, group)| tell(case, one, &who, &group, all)).collect()
}

fn tell(case: &Case<'_>, one: &Loop<'_>, who: &Who, group: &Group<'_>, all: u64) -> Finding {
    let (functions, name) = blamed(case, who, group.inside());
    Finding {
        title: title(one, who, group, all, &name),
        is_health: false,
        certainty: group.certainty(),
        reason: reason(one),
        cost_ns: group.total_ns,
        evidence: group.evidence(case, one),
        next: next(one, who).to_owned(),
        functions,
        profile: Some(one.profile),
        range: Some(group.range()),
        shown: Shown::Stalls,
    }
}

/// How stalls of a thread are known, without the word for it.
pub(super) fn reason(one: &Loop<'_>) -> String {
    let rule = &one.stalls().rule;
    let rest = ["Measured: ", "Inferred from samples: "].iter().find_map(|word| rule.strip_prefix(word));
    let rest = rest.unwrap_or(rule);
    let (first, others) = rest.split_at(rest.chars().next().map_or(0, char::len_utf8));
    format!("{}{others}", first.to_uppercase())
}

fn blamed(case: &Case<'_>, who: &Who, inside: Option<FunctionId>) -> (Vec<FunctionId>, String) {
    match who {
        Who::Function(function) => {
            let name = case.name(*function);
            let name = inside.map_or_else(|| name.clone(), |helper| format!("{} under {name}", case.name(helper)));
            (std::iter::once(*function).chain(inside).collect(), name)
        }
        Who::Handler(name, file, line) => {
            let key = FrameKey { name: name.clone(), file: file.clone(), line: *line };
            let function = modules::find(case.recording, &key);
            (function.into_iter().collect(), format!("`{name}`"))
        }
        Who::Origin(_) => (Vec::new(), String::new()),
    }
}

fn title(one: &Loop<'_>, who: &Who, group: &Group<'_>, all: u64, name: &str) -> String {
    let total = nanos(group.total_ns);
    let is_helper = matches!(who, Who::Function(_)) && group.inside().is_some();
    let within = if is_helper { "" } else { "in " };
    let count = match (group.count, all) {
        (1, _) => format!("1 stall of {total}"),
        (count, all) if count < all => format!("{count} of {all} stalls, {total}"),
        (count, _) => format!("{}, {total}", counted(count, "stall", "stalls")),
    };
    match who {
        Who::Origin(origin) if one.is_sampled => {
            let from = if origin == "unknown" { String::new() } else { format!(" from {origin}") };
            format!("{count}{from}, no single function")
        }
        Who::Origin(origin) if origin == "unknown" => format!("{count}, nobody knows by whom"),
        Who::Origin(origin) => format!("{count}, called back from {origin}"),
        _ if group.count > 1 && group.count == all => format!("{count}, all {within}{name}"),
        _ => format!("{count}, {within}{name}"),
    }
}

fn next(one: &Loop<'_>, who: &Who) -> &'static str {
    match who {
        Who::Function(_) => {
            "Stalls shows its path and who shares the blame. Do the work elsewhere (a worker), in pieces, \
             asynchronously, or once instead of each time."
        }
        Who::Handler(..) => "Record with JavaScript samples to see which function below the handler takes the time.",
        Who::Origin(_) if one.is_sampled => {
            "Look at what ran in it: several short functions, or the browser and the engine themselves."
        }
        Who::Origin(_) => "Record a CPU profile of the same to see who it is: node --cpu-prof app.js",
    }
}

/// How much of a stall samples of code saw at their usual distance, nanoseconds. What is native or unknown
/// is not among it: it may be the loop that waits.
fn seen_ns(recording: &Recording, one: &Loop<'_>, stall: &Stall) -> i64 {
    let Some(time) = one.row().time.as_ref().filter(|time| time.interval_ns > 0) else { return 0 };
    let late = (time.interval_ns / 2).saturating_mul(LATE_HALVES).max(LATE_MIN_NS);
    let to = stall.range().to_ns;
    let first = time.at_ns.partition_point(|at| at <= stall.start_ns).saturating_sub(1);
    let mut seen = 0i64;
    for i in first..time.at_ns.len() {
        let at = time.at_ns.get(i);
        if at >= to {
            break;
        }
        let owned = to.min(at.saturating_add(time.owned_ns(i))).saturating_sub(at.max(stall.start_ns));
        let state = state_of(recording, one.row().samples.stack.get(i));
        if state.is_none() || state == Some(Tag::Gc) {
            let usual = if owned > late { time.interval_ns / 5 * 6 } else { owned };
            seen = seen.saturating_add(usual.max(0));
        }
    }
    seen
}
