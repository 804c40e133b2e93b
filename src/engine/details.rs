//! Everything about one function, and searching.

use super::Engine;
use super::label::{amount, label, time};
use super::prepared::Prepared;
use crate::analysis::activity::spark;
use crate::analysis::functions::{Neighbour, neighbours};
use crate::analysis::modules::{find, key};
use crate::analysis::scoped::Scoped;
use crate::analysis::search::{Matches, step, weigh};
use crate::analysis::sums::walk;
use crate::analysis::tree::{DROPPED, ROOT};
use crate::model::SortFew as _;
use crate::model::vocab::{FrameKey, Path, Scope, TimeRange};
use crate::model::{FunctionId, LabelValue};
use crate::protocol::{Amount, Details, FunctionRow, LateGaps, SearchResult};

/// Callers and callees listed.
const NEIGHBOURS: usize = 20;
/// Slices of the sparkline.
const SLICES: usize = 100;
/// Labels listed.
const LABELS: usize = 20;

impl Engine {
    /// Everything about a function, and the frame at a path.
    pub(super) fn details(&mut self, scope: &Scope, function: &FrameKey, path: Option<&Path>) -> Option<Details> {
        let prepared = self.prepared(&Scope { nest_gc: false, ..scope.clone() });
        let Some(id) = find(&self.recording, function) else { return self.event_details(scope, function) };
        let weight = *prepared.weights(&self.recording).get(id.index())?;
        let base = prepared.base();
        let tree = &prepared.scoped.tree;
        let at = |raw, samples| amount(raw, base, &prepared.shown, samples);
        let here = path.and_then(|p| prepared.scoped.node_at(&self.recording, p)).map(|node| {
            let i = node as usize;
            (at(tree.self_value.get(i), tree.self_samples.get(i)), at(tree.total.get(i), tree.total_samples.get(i)))
        });
        let (callers, callees) = neighbours(&self.recording, &prepared.scoped, id);
        let late = prepared.late(&self.recording)[id.index()];
        Some(Details {
            label: label(&self.recording, &self.modules, id),
            here,
            everywhere: (at(weight.self_value, weight.self_samples), at(weight.total, weight.total_samples)),
            plus_minus: prepared.plus_minus(&self.recording, &[id]).pop().unwrap_or_default(),
            late: (late.gaps > 0)
                .then(|| LateGaps { amount: time(late.excess_ns, weight.self_value, late.gaps), count: late.gaps }),
            callers: self.neighbour_rows(&prepared, &callers),
            callees: self.neighbour_rows(&prepared, &callees),
            places: weight.places,
            is_recursive: weight.is_recursive,
            heaviest: self.heaviest_place(&prepared.scoped, id),
            lines: self.line_ticks(id),
            labels: self.labels_of(&prepared, id),
            spark: self.spark(&prepared, id),
        })
    }

    fn neighbour_rows(&self, prepared: &Prepared, list: &[Neighbour]) -> (Vec<FunctionRow>, u32) {
        let rows = list.iter().take(NEIGHBOURS).map(|n| {
            let value = amount(n.value, prepared.base(), &prepared.shown, n.samples);
            FunctionRow {
                label: n.function.map(|f| label(&self.recording, &self.modules, f)).unwrap_or_default(),
                self_value: Amount::default(),
                total: value,
                plus_minus: String::new(),
            }
        });
        (rows.collect(), list.len() as u32)
    }

    /// Path to the place where the function weighs most.
    fn heaviest_place(&self, scoped: &Scoped, function: FunctionId) -> Path {
        let tree = &scoped.tree;
        let best = tree
            .shape
            .iter()
            .filter(|&(_, _, f)| f == function)
            .map(|(node, _, _)| node)
            .max_by_key(|&n| (tree.width.get(n as usize), std::cmp::Reverse(n)));
        best.map_or_else(Path::new, |node| self.keys(&tree.shape.path(node)))
    }

    /// The keys of functions.
    pub(super) fn keys(&self, functions: &[FunctionId]) -> Path {
        functions.iter().map(|&f| key(&self.recording, f)).collect()
    }

    /// Ticks by line, added up and in the order of lines.
    fn line_ticks(&self, function: FunctionId) -> Vec<(u32, u64)> {
        let mut lines: std::collections::BTreeMap<u32, u64> = std::collections::BTreeMap::new();
        for ticks in self.recording.line_ticks.iter().filter(|t| t.function == function) {
            *lines.entry(ticks.line).or_default() += ticks.ticks;
        }
        lines.into_iter().collect()
    }

    /// Labels of the samples that hold the function, by weight.
    fn labels_of(&self, prepared: &Prepared, function: FunctionId) -> Vec<(String, String, Amount)> {
        let scoped = &prepared.scoped;
        if scoped.each(&self.recording).all(|(profile, _)| profile.samples.labels.is_none()) {
            return Vec::new();
        }
        let tree = &scoped.tree;
        let mut holds = vec![false; tree.shape.len()];
        for (node, parent, f) in tree.shape.iter() {
            holds[node as usize] = holds[parent as usize] || f == function;
        }
        let mut by_set = vec![(0i64, 0u64); self.recording.label_sets.len()];
        for (profile, value) in scoped.each(&self.recording) {
            let Some(labels) = &profile.samples.labels else { continue };
            walk(profile, value, scoped.range, |i, stack, weight, count| {
                let node = scoped.node(stack);
                if node != DROPPED && holds[node as usize] {
                    let slot = &mut by_set[labels.get(i) as usize];
                    slot.0 = slot.0.saturating_add(weight);
                    slot.1 += count;
                }
            });
        }
        self.labels_by_weight(prepared, &by_set)
    }

    fn labels_by_weight(&self, prepared: &Prepared, by_set: &[(i64, u64)]) -> Vec<(String, String, Amount)> {
        let mut by_label: std::collections::BTreeMap<(String, String), (i64, u64)> = std::collections::BTreeMap::new();
        for (set, &(value, samples)) in by_set.iter().enumerate().filter(|(_, s)| s.1 > 0) {
            for (name, label) in self.recording.label_sets.get(set as u32) {
                let text = match label {
                    LabelValue::Text(id) => self.recording.text(id).to_owned(),
                    LabelValue::Number(n, unit) => format!("{n} {}", self.recording.text(unit)).trim_end().to_owned(),
                };
                let slot = by_label.entry((self.recording.text(name).to_owned(), text)).or_default();
                slot.0 = slot.0.saturating_add(value);
                slot.1 += samples;
            }
        }
        let mut list: Vec<_> = by_label.into_iter().collect();
        list.sort_few_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
        list.truncate(LABELS);
        list.into_iter()
            .map(|((name, text), (value, samples))| {
                (name, text, amount(value, prepared.base(), &prepared.shown, samples))
            })
            .collect()
    }

    fn spark(&self, prepared: &Prepared, function: FunctionId) -> Vec<f32> {
        let Some((profile, value)) = prepared.scoped.each(&self.recording).next() else { return Vec::new() };
        let Some(time) = &profile.time else { return Vec::new() };
        let range = TimeRange { from_ns: 0, to_ns: time.duration_ns };
        spark(&self.recording, profile, value, function, range, SLICES)
    }

    /// How much a text matches, and the next match.
    pub(super) fn search(&mut self, scope: &Scope, text: &str, to: i32, at: Option<&Path>) -> SearchResult {
        let prepared = self.prepared(scope);
        let matches = match Matches::of(&self.recording, &self.modules, text) {
            Ok(matches) => matches,
            Err(problem) => return SearchResult { problem: Some(problem), ..SearchResult::default() },
        };
        if matches.is_empty {
            return SearchResult::default();
        }
        let weight = weigh(&prepared.scoped, &matches);
        let from = at.and_then(|p| prepared.scoped.node_at(&self.recording, p)).filter(|&n| n != ROOT);
        let next = if to == 0 { None } else { step(&prepared.scoped, &matches, from, to > 0) };
        SearchResult {
            total: amount(weight.value, prepared.base(), &prepared.shown, weight.samples),
            functions: matches.functions(),
            frames: weight.frames,
            at: next.map(|node| self.keys(&prepared.scoped.tree.shape.path(node))),
            problem: None,
        }
    }
}
