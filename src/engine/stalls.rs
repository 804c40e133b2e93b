//! Stalls of the event loop, as the page shows them.

use std::rc::Rc;

use super::Engine;
use super::label::{label, time};
use super::prepared::Prepared;
use crate::analysis::stalls::{self, Handler, Stall, StallKind, Stalls, delays};
use crate::model::vocab::{Filter, Scope, TimeRange};
use crate::protocol::{Amount, FunctionRow, StallDetails, StallReport, StallRow};
use crate::units;

/// Stalls that one answer carries; the list of a busy server may be much longer.
const STALLS_MAX: usize = 2_000;

/// Names at each end of a path that a row shows.
const STEPS_END: usize = 2;

/// The stalls that were asked for last.
#[derive(Debug)]
pub(super) struct Kept {
    /// Number of the report.
    number: u32,
    profile: usize,
    threshold_ms: u32,
    found: Rc<Stalls>,
}

impl Engine {
    /// Why stalls cannot be told in this recording, if so.
    pub(super) fn no_stalls(&self) -> Option<String> {
        if self.recording.profiles.is_empty() {
            let late = "How late the loop was is under Series; who held it is not in this file: record a CPU profile.";
            let none = "It holds no call stacks over time: record a CPU profile.";
            let is_late = crate::IS_FULL && delays::is_measured(&self.recording);
            return Some(if is_late { late } else { none }.to_owned());
        }
        let reason = |p| stalls::why_none(&self.recording, p);
        let first = reason(0)?;
        (1..self.recording.profiles.len()).all(|p| reason(p).is_some()).then(|| first.to_owned())
    }

    /// Stalls of one thread.
    pub(super) fn find_stalls(&self, profile: usize, threshold_ms: u32) -> Stalls {
        let threshold_ns = i64::from(threshold_ms.max(1)) * 1_000_000;
        stalls::find(&self.recording, profile, &self.modules, threshold_ns)
    }

    /// Stalls of the chosen thread, or of the busiest one that has a loop.
    pub(super) fn stalls(&mut self, scope: &Scope, threshold_ms: u32) -> StallReport {
        let Some((profile, _)) = self.stall_profile(scope) else { return StallReport::default() };
        let (number, found) = self.cached_stalls(profile, threshold_ms);
        StallReport { number, ..self.report(&found, profile, threshold_ms) }
    }

    /// The profile whose loop is looked at.
    pub(super) fn loop_profile(&self, prepared: &Prepared) -> Option<usize> {
        let profiles = &prepared.scoped.profiles;
        let has_loop = |&&p: &&usize| self.recording.profiles[p].time.as_ref().is_some_and(|t| t.has_idle);
        profiles.iter().find(has_loop).or_else(|| profiles.first()).copied()
    }

    /// The stalls of a thread, found anew only when something else was asked for meanwhile.
    fn cached_stalls(&mut self, profile: usize, threshold_ms: u32) -> (u32, Rc<Stalls>) {
        let is_same = |kept: &&Kept| (kept.profile, kept.threshold_ms) == (profile, threshold_ms);
        if let Some(kept) = self.stalls_kept.as_ref().filter(is_same) {
            return (kept.number, Rc::clone(&kept.found));
        }
        let number = self.stalls_kept.as_ref().map_or(1, |kept| kept.number.wrapping_add(1));
        let found = Rc::new(self.find_stalls(profile, threshold_ms));
        self.stalls_kept = Some(Kept { number, profile, threshold_ms, found: Rc::clone(&found) });
        (number, found)
    }

    /// The stalls of a report that was given before, if they are still those of this thread.
    pub(super) fn reported_stalls(&self, profile: usize, report: u32) -> Option<Rc<Stalls>> {
        let is_same = |kept: &&Kept| (kept.profile, kept.number) == (profile, report);
        self.stalls_kept.as_ref().filter(is_same).map(|kept| Rc::clone(&kept.found))
    }

    /// The thread whose stalls are known at a threshold.
    pub(super) fn known_stalls(&self, threshold_ms: u32) -> Option<(usize, Rc<Stalls>)> {
        let kept = self.stalls_kept.as_ref().filter(|kept| kept.threshold_ms == threshold_ms)?;
        Some((kept.profile, Rc::clone(&kept.found)))
    }

    fn report(&self, found: &Stalls, profile: usize, threshold_ms: u32) -> StallReport {
        let wall = self.recording.profiles[profile].time.as_ref().map_or(0, |t| t.duration_ns);
        let of_kind = |busy: bool| {
            let list = found.stalls.iter().filter(|s| matches!(s.kind, StallKind::LoopBusy { .. }) == busy);
            list.fold((0u32, 0i64), |sum, s| (sum.0 + 1, sum.1.saturating_add(s.duration_ns)))
        };
        let (count, total) = of_kind(false);
        let (busy_count, busy_total) = of_kind(true);
        let threshold_ns = i64::from(threshold_ms.max(1)) * 1_000_000;
        StallReport {
            stalls: found
                .stalls
                .iter()
                .take(STALLS_MAX)
                .enumerate()
                .map(|(i, s)| self.stall_row(s, i as u32 + 1, threshold_ns, wall))
                .collect(),
            count,
            total: time(total, wall, u64::from(count)),
            busy_count,
            busy_total: time(busy_total, wall, u64::from(busy_count)),
            turns: found.turns.iter().map(|t| (t.0, t.1, u32::try_from(t.2).unwrap_or(u32::MAX))).collect(),
            why_empty: self.why_empty(found, threshold_ms),
            rule: found.rule.clone(),
            number: 0,
        }
    }

    fn why_empty(&self, found: &Stalls, threshold_ms: u32) -> String {
        match &found.why_empty {
            Some(why) => why.clone(),
            None if found.stalls.is_empty() => {
                let longest = units::nanos(found.longest_turn_ns);
                format!("No turn of the loop took {threshold_ms} ms or more; the longest took {longest}.")
            }
            None => String::new(),
        }
    }

    /// Everything about the stall that lies in a stretch.
    pub(super) fn stall(&mut self, scope: &Scope, threshold_ms: u32, range: TimeRange) -> Option<StallDetails> {
        let (profile, wall) = self.stall_profile(scope)?;
        let (_, found) = self.cached_stalls(profile, threshold_ms);
        let lies_there = |s: &&Stall| s.range() == range;
        let (rank, stall) = (1u32..).zip(&found.stalls).find(|(_, stall)| lies_there(stall))?;
        let threshold_ns = i64::from(threshold_ms.max(1)) * 1_000_000;
        let label = |f| label(&self.recording, &self.modules, f);
        let part = |ns| time(ns, stall.duration_ns, 0);
        let over_ns = (stall.duration_ns - threshold_ns).max(1);
        let over = |label, ns| FunctionRow {
            label,
            self_value: time(ns, over_ns, 0),
            total: Amount::default(),
            plus_minus: String::new(),
        };
        Some(StallDetails {
            row: self.stall_row(stall, rank, threshold_ns, wall),
            count: u32::try_from(found.stalls.len()).unwrap_or(u32::MAX),
            path: stall.path.iter().map(|&f| label(f)).collect(),
            blame: stall.blame.iter().map(|&(f, ns)| over(label(f), ns)).collect(),
            blame_rest: Some(stall.blame_rest)
                .filter(|rest| rest.0 > 0)
                .map(|(count, ns)| (count, time(ns, over_ns, 0))),
            gc: part(stall.gc_ns),
            program: part(stall.program_ns),
            why: stall.why.clone(),
        })
    }

    /// A row of the list: small, since a busy server has thousands.
    fn stall_row(&self, stall: &Stall, rank: u32, threshold_ns: i64, wall: i64) -> StallRow {
        let (kind, calls) = match stall.kind {
            StallKind::Stall => ("stall", None),
            StallKind::LoopBusy { calls, median_ns } => ("loop-busy", Some((calls, median_ns))),
        };
        let culprit = stall.culprit.as_ref();
        let inside = culprit.and_then(|c| c.inside);
        let left_out = stall.path.len().saturating_sub(2 * STEPS_END);
        let left_out = if left_out == 0 { 0..0 } else { STEPS_END..STEPS_END + left_out };
        let shown = || stall.path.iter().enumerate().filter(|(i, _)| !left_out.contains(i)).map(|(_, &f)| f);
        StallRow {
            rank,
            range: Some(stall.range()),
            start: Some(units::nanos(stall.start_ns)),
            length: time(stall.duration_ns, wall, stall.samples),
            over: time((stall.duration_ns - threshold_ns).max(0), stall.duration_ns, 0),
            kind: kind.into(),
            source: stall.source.word().into(),
            origin: stall.origin.as_deref().unwrap_or("").to_owned(),
            origin_frame: stall.origin_function.map_or_else(String::new, |f| self.recording.name(f).to_owned()),
            culprit: culprit.map(|c| label(&self.recording, &self.modules, c.function)),
            handler: stall.handler.as_ref().map_or_else(String::new, handler),
            inside: inside.map_or_else(String::new, |f| format!("in {}", self.recording.name(f))),
            share: culprit.map_or(0.0, |c| c.share),
            steps: shown().map(|f| self.recording.name(f).to_owned()).collect(),
            steps_left_out: left_out.len() as u32,
            culprit_step: shown().position(|f| culprit.is_some_and(|c| c.function == f)).map(|i| i as u32),
            calls,
            samples: stall.samples,
        }
    }

    /// The thread whose stalls are looked at, and the length of its recording.
    fn stall_profile(&mut self, scope: &Scope) -> Option<(usize, i64)> {
        let threads = scope.filters.iter().filter(|f| matches!(f, Filter::Thread(_))).cloned().collect();
        let prepared = self.prepared(&Scope { filters: threads, value: None, nest_gc: false });
        let profile = self.loop_profile(&prepared)?;
        Some((profile, self.recording.profiles[profile].time.as_ref().map_or(0, |t| t.duration_ns)))
    }
}

/// `poll app.js:3`
fn handler(handler: &Handler) -> String {
    let Handler { name, file, line } = handler;
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
    match line {
        _ if file.is_empty() || file == name => name.clone(),
        0 => format!("{name} {file}"),
        line => format!("{name} {file}:{line}"),
    }
}
