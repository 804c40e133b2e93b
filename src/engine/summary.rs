//! The overview of a recording and the summary line of a scope.

use super::Engine;
use super::label::{amount, label, time};
use super::prepared::Prepared;
use crate::analysis::modules::Kind;
use crate::analysis::scoped::thread_key;
use crate::analysis::states::{States, printed_parts};
use crate::model::SortFew as _;
use crate::model::vocab::Scope;
use crate::model::{FunctionId, Profile};
use crate::protocol::{LateGaps, LegendEntry, Overview, Part, Summary, ThreadInfo, ValueInfo};
use crate::units::{self, Unit};

/// Modules in the legend.
const LEGEND: usize = 12;

impl Engine {
    /// What the recording is, whatever is looked at.
    pub fn overview(&self, millis: f64) -> Overview {
        let recording = &self.recording;
        Overview {
            name: recording.origin.name.clone(),
            size: recording.origin.size,
            fingerprint: recording.origin.fingerprint.clone(),
            format: recording.origin.format.clone(),
            title: self.title.clone(),
            detected_by: recording.origin.detected_by.clone(),
            notes: recording.notes.clone(),
            meta: recording.meta.clone(),
            threads: self.threads(),
            values: self.values(),
            default_value: recording.profiles.first().map_or(0, |p| p.default_value),
            has_time: recording.profiles.iter().any(|p| p.time.is_some()),
            no_stalls: self.no_stalls(),
            has_scripts: recording.functions.iter().any(|function| function.column > 0),
            has_events: self.has_events(),
            order: self.first_order(),
            sheets: self.sheet_infos(),
            lanes: self.lane_counts(),
            adrift: self.adrift(),
            millis,
            table_bytes: recording.heap_bytes() as u64,
        }
    }

    /// What was measured: the first thread's values, then those that only others have.
    fn values(&self) -> Vec<ValueInfo> {
        let mut values: Vec<ValueInfo> = Vec::new();
        for value in self.recording.profiles.iter().flat_map(|profile| &profile.values) {
            if !values.iter().any(|known| known.name == value.name) {
                let (name, unit) = (value.name.clone(), value.unit.clone());
                values.push(ValueInfo { label: value_label(&name), name, unit });
            }
        }
        values
    }

    fn threads(&self) -> Vec<ThreadInfo> {
        // A single thread has nothing to be compared with.
        let busy: Vec<i64> = match &self.recording.profiles[..] {
            [_] => vec![1],
            profiles => profiles.iter().map(|p| self.busy(p)).collect(),
        };
        let all = busy.iter().fold(0i64, |sum, b| sum.saturating_add(*b)).max(1);
        let mut order: Vec<usize> = (0..busy.len()).collect();
        order.sort_few_by_key(|&i| (std::cmp::Reverse(busy[i]), i));
        order
            .into_iter()
            .map(|i| {
                let profile = &self.recording.profiles[i];
                let samples = match &profile.samples.count {
                    Some(counts) => counts.iter().sum(),
                    None => profile.samples.len() as u64,
                };
                ThreadInfo {
                    key: thread_key(profile),
                    label: thread_label(profile),
                    samples,
                    share: busy[i] as f64 / all as f64,
                }
            })
            .collect()
    }

    /// Value of a thread without idle.
    fn busy(&self, profile: &Profile) -> i64 {
        let sums = crate::analysis::sums::sums(&self.recording, profile, profile.default_value, None);
        let stacks = self.recording.stacks.len();
        (0..=stacks)
            .filter(|&i| {
                i == stacks
                    || crate::analysis::sums::state_of(&self.recording, crate::model::StackId::from_index(i))
                        != Some(crate::model::Tag::Idle)
            })
            .fold(0i64, |sum, i| sum.saturating_add(sums.value[i].saturating_abs()))
    }

    /// The summary line.
    pub(super) fn summary(&mut self, scope: &Scope) -> Summary {
        let prepared = self.prepared(&Scope { nest_gc: false, ..scope.clone() });
        let states = prepared.states(&self.recording, &self.modules);
        let base = prepared.base();
        let tree = &prepared.scoped.tree;
        let samples = tree.total_samples.get(0);
        let lines = match states {
            Some(states) => time_parts(states, scope, prepared.scoped.profiles.len()),
            None => value_parts(self, &prepared),
        };
        let scale = scale_of(lines.whole, &prepared.shown.unit, prepared.shown.decimals);
        let raw: Vec<i64> = lines.parts.iter().map(|p| p.2).collect();
        let (printed, parts_printed) = printed_parts(&raw, lines.whole, scale.0, scale.2);
        let parts = lines
            .parts
            .iter()
            .zip(parts_printed)
            .map(|(part, printed)| Part {
                key: part.0.clone(),
                label: part.1.clone(),
                amount: amount(part.2, lines.whole, &prepared.shown, part.3),
                printed,
            })
            .collect();
        let first = prepared.scoped.each(&self.recording).next();
        Summary {
            whole: amount(lines.whole, lines.whole, &prepared.shown, samples + prepared.scoped.idle_samples),
            printed,
            unit: scale.1,
            whole_label: lines.label,
            parts,
            base: amount(base, base, &prepared.shown, samples),
            base_label: base_label(&prepared, states.is_some(), scope),
            late: states
                .filter(|s| s.late.gaps > 0)
                .map(|s| LateGaps { amount: time(s.late.excess_ns, s.duration_ns, s.late.gaps), count: s.late.gaps }),
            samples: samples + prepared.scoped.idle_samples,
            is_aggregated: first.is_none_or(|(p, _)| p.time.is_none()),
            interval_ns: first.and_then(|(p, _)| p.time.as_ref()).map_or(0, |t| t.interval_ns),
            duration_ns: first.and_then(|(p, _)| p.time.as_ref()).map_or(0, |t| t.duration_ns),
            legend: self.legend(&prepared),
            filter_notes: prepared.scoped.problems.clone(),
        }
    }

    /// Modules by own value.
    fn legend(&self, prepared: &Prepared) -> Vec<LegendEntry> {
        let weights = prepared.weights(&self.recording);
        let mut own = vec![(0i64, 0u64, None); self.modules.names().len()];
        for (i, weight) in weights.iter().enumerate() {
            let id = FunctionId::from_index(i);
            let slot = &mut own[self.modules.module(id)];
            slot.0 = slot.0.saturating_add(weight.self_value);
            slot.1 += weight.self_samples;
            if weight.is_present() {
                slot.2.get_or_insert(id);
            }
        }
        let mut entries: Vec<(i64, u64, FunctionId)> =
            own.into_iter().filter_map(|(value, samples, id)| id.map(|id| (value, samples, id))).collect();
        entries.sort_few_by_key(|e| (std::cmp::Reverse(e.0.saturating_abs()), e.2));
        entries.truncate(LEGEND);
        entries
            .into_iter()
            .map(|(value, samples, id)| {
                let label = label(&self.recording, &self.modules, id);
                LegendEntry {
                    module: label.module,
                    token: label.token,
                    amount: amount(value, prepared.base(), &prepared.shown, samples),
                }
            })
            .collect()
    }
}

/// Key, label, value and samples of each part, and the whole that they add up to.
struct Lines {
    whole: i64,
    label: String,
    parts: Vec<(String, String, i64, u64)>,
}

fn time_parts(states: &States, scope: &Scope, threads: usize) -> Lines {
    let is_selected = scope.filters.iter().any(|f| matches!(f, crate::model::vocab::Filter::Time(_)));
    let mut parts: Vec<(String, String, i64, u64)> = states
        .kinds
        .iter()
        .filter(|k| k.1 != 0 || k.2 > 0)
        .map(|&(kind, ns, samples)| (kind.word().to_owned(), kind.label().to_owned(), ns, samples))
        .collect();
    let extra = [
        ("filtered", "filtered out", states.filtered_ns),
        ("before", "before the first sample", states.before_first_ns),
        ("after", "after the last sample", states.after_last_ns),
    ];
    let extra = extra.into_iter().filter(|e| e.2 != 0).map(|(key, label, ns)| (key.into(), label.into(), ns, 0));
    parts.extend(extra);
    let label = match (threads, is_selected) {
        (0 | 1, true) => "selected".to_owned(),
        (0 | 1, false) => "wall".to_owned(),
        // Their times are added up.
        (threads, true) => format!("selected on {threads} threads"),
        (threads, false) => format!("on {threads} threads"),
    };
    Lines { whole: states.duration_ns, label, parts }
}

fn value_parts(engine: &Engine, prepared: &Prepared) -> Lines {
    let kinds = prepared.scoped.kinds(&engine.modules);
    let mut parts: Vec<(String, String, i64, u64)> = kinds
        .into_iter()
        .filter(|k| k.1 != 0 || (k.2 > 0 && k.0 != Kind::Idle))
        .map(|(kind, value, samples)| (kind.word().to_owned(), kind.label().to_owned(), value, samples))
        .collect();
    if prepared.scoped.filtered != 0 {
        let samples = prepared.scoped.filtered_samples;
        parts.push(("filtered".into(), "filtered out".into(), prepared.scoped.filtered, samples));
    }
    let whole = parts.iter().fold(0i64, |sum, p| sum.saturating_add(p.2));
    Lines { whole, label: value_label(&prepared.shown.name), parts }
}

/// Scale, unit and decimals in which a whole and its parts are printed.
fn scale_of(whole: i64, unit: &Unit, decimals: u8) -> (i64, String, u32) {
    let size = whole.unsigned_abs();
    let step = |scale: i64, unit: &str, decimals| (scale, unit.to_owned(), decimals);
    match unit {
        Unit::Nanos if decimals == 0 => match size {
            0..1_000_000 => step(1_000, "µs", 2),
            1_000_000..1_000_000_000 => step(1_000_000, "ms", 1),
            1_000_000_000..1_000_000_000_000 => step(1_000_000_000, "s", 2),
            _ => step(1_000_000_000, "s", 0),
        },
        Unit::Bytes if decimals == 0 => match size {
            0..1_048_576 => step(1, "B", 0),
            // Kibibytes are not powers of ten: the largest unit without fractions keeps the sum exact.
            1_048_576..1_073_741_824 => step(1_024, "KiB", 0),
            _ => step(1_048_576, "MiB", 0),
        },
        Unit::Count => (10i64.saturating_pow(u32::from(decimals)), String::new(), 0),
        other => (10i64.saturating_pow(u32::from(decimals)), other.word().to_owned(), 0),
    }
}

fn base_label(prepared: &Prepared, is_time: bool, scope: &Scope) -> String {
    let figure = units::figure(prepared.base(), prepared.shown.decimals, &prepared.shown.unit);
    let of = if scope.filters.is_empty() { "the recording" } else { "the selection" };
    if is_time {
        format!("{figure} not idle in {of}")
    } else {
        format!("{figure} {} in {of}", value_label(&prepared.shown.name))
    }
}

/// Name of a value for people: `alloc_space` is `alloc space`.
pub(super) fn value_label(name: &str) -> String {
    match name {
        "time" => "time on the thread".to_owned(),
        _ => name.replace('_', " "),
    }
}

pub(super) fn thread_label(profile: &Profile) -> String {
    match (profile.pid, profile.name.is_empty()) {
        (_, true) => "all samples".to_owned(),
        (Some(pid), false) => format!("{} · pid {pid}", profile.name),
        (None, false) => profile.name.clone(),
    }
}
