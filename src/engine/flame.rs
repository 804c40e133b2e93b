//! Flame graphs for the stage: boxes of a scope, what they stand for, and their figures.

use std::collections::HashMap;

use super::Engine;
use super::events::EventLabels;
use super::label::label_row;
use crate::analysis::callers::Callers;
use crate::analysis::functions::{Weight, by_name};
use crate::analysis::search::Matches;
use crate::analysis::tree::{ROOT, Tree};
use crate::draw::{ALL, BoxColumns, BoxRows};
use crate::model::vocab::Order;
use crate::model::{Column, FunctionId, Recording};
use crate::stage::{
    Figures, FlameWant, Given, LabelRow, Labels, Marks, Measure, Nodes, SceneColumns, SceneHead, Want, callers_unit,
};
use crate::units::Unit;

/// Most boxes in time order; beyond it the deepest rows are left out, which the picture says.
const TIME_BOXES_MAX: usize = 40_000_000;
/// Most nodes of a bottom-up flame graph.
const CALLERS_NODES_MAX: usize = 400_000;

impl Engine {
    /// How every function is shown.
    pub fn labels(&self) -> Given {
        let functions = (0..self.recording.functions.len()).map(FunctionId::from_index);
        let functions = functions.map(|function| label_row(&self.recording, &self.modules, function));
        let events = self.has_events().then(|| self.event_labels());
        // What was made of events is nowhere in a file: its category stands there.
        let categories = events.map_or_else(HashMap::default, EventLabels::by_name);
        let functions = functions.map(|row| match row.place {
            "" => LabelRow {
                place: self
                    .recording
                    .strings
                    .find(row.name)
                    .and_then(|name| categories.get(&name))
                    .copied()
                    .unwrap_or(""),
                ..row
            },
            _ => row,
        });
        let events = events.map(|events| events.labels(&self.recording));
        Given::Labels(Labels::new(functions.chain(events.into_iter().flatten())))
    }

    /// Works out what a picture lacks.
    pub fn give(&mut self, want: &Want) -> Option<Given> {
        match want {
            Want::Flame(want) => Some(Given::Flame(Box::new(self.scene(want)))),
            Want::Strip(want) => Some(Given::Strip(self.strip(want))),
            Want::Marks(search) => Some(Given::Marks(self.marks(search))),
            Want::Answers => None,
        }
    }

    /// The functions that a search text matches; none for a text that is no valid search.
    fn marks(&self, search: &str) -> Marks {
        let matches = Matches::of(&self.recording, &self.modules, search).unwrap_or_default();
        let is_match = |&i: &usize| !matches.is_empty && matches.function(FunctionId::from_index(i));
        let functions = (0..self.recording.functions.len()).filter(is_match).map(|i| i as u32);
        let functions = functions.chain(self.event_matches(search)).collect();
        Marks { search: search.to_owned(), functions }
    }

    fn scene(&mut self, want: &FlameWant) -> SceneColumns {
        let prepared = self.prepared(&want.scope);
        let tree = &prepared.scoped.tree;
        let base = prepared.base();
        let unit = callers_unit(base, want.part);
        let (mut is_cut, mut tracks) = (false, Vec::new());
        let is_time = want.order == Order::Time && !want.callers;
        let (boxes, nodes) = if want.callers {
            callers(tree, unit)
        } else {
            let parent = parents(tree);
            let (boxes, events) = match want.order {
                Order::Time => {
                    let chart = self.in_time(&prepared, &parent, TIME_BOXES_MAX);
                    (is_cut, tracks) = (chart.is_cut, chart.tracks);
                    (chart.boxes, chart.events)
                }
                order => (merged(&self.recording, tree, &parent, order), Column::new()),
            };
            (boxes, nodes(tree, parent, &events))
        };
        let weights = prepared.weights(&self.recording);
        let events = if is_time && self.has_events() { self.event_figures(&want.scope) } else { Vec::new() };
        let measure = Measure {
            // Where there are no values at all, lengths are all that is shown.
            unit: if prepared.scoped.profiles.is_empty() { Unit::Nanos } else { prepared.shown.unit.clone() },
            decimals: prepared.shown.decimals,
            words: value_words(&prepared.shown.name),
        };
        let head = SceneHead {
            want: want.clone(),
            unit,
            measure,
            base,
            root: figures(tree, ROOT as usize),
            is_cut,
            tracks,
            functions: self.recording.functions.len() as u32,
            hottest: weights.iter().map(|w| w.self_value.saturating_abs()).max().unwrap_or(0).max(1),
        };
        let everywhere = |w: &Weight| Figures {
            self_value: w.self_value,
            self_samples: w.self_samples,
            total: w.total,
            total_samples: w.total_samples,
        };
        let weights = weights.iter().map(everywhere).chain(events).collect();
        SceneColumns { head, rows: BoxRows::new(boxes), nodes, weights }
    }
}

fn value_words(name: &str) -> String {
    if name == "time" { "not idle".to_owned() } else { super::summary::value_label(name) }
}

/// Parents of the boxes. Box k is node k + 1 of the tree; the one behind the last is what stands on
/// the root itself.
fn parents(tree: &Tree) -> Column<u32> {
    let parents = tree.shape.iter().map(|(_, parent, _)| if parent == ROOT { ALL } else { parent - 1 });
    parents.chain(std::iter::once(ALL)).collect()
}

/// What a node of the tree weighs.
fn figures(tree: &Tree, node: usize) -> Figures {
    Figures {
        self_value: tree.self_value.get(node),
        self_samples: tree.self_samples.get(node),
        total: tree.total.get(node),
        total_samples: tree.total_samples.get(node),
    }
}

/// What the boxes of [`parents`] stand for, and behind them events: the node around each and its label.
/// What an event weighs is its length.
fn nodes(tree: &Tree, mut parent: Column<u32>, events: &Column<(u32, u32)>) -> Nodes {
    let functions = tree.shape.iter().map(|(_, _, function)| function.index() as u32);
    let root = figures(tree, ROOT as usize);
    let on_root = Figures { total: root.self_value, total_samples: root.self_samples, ..root };
    let weighed = (1..tree.shape.len()).map(|node| figures(tree, node));
    events.iter().for_each(|(around, _)| parent.push(around));
    let events = events.iter().map(|(_, label)| label);
    Nodes {
        parent,
        function: functions.chain(std::iter::once(ALL)).chain(events).collect(),
        figures: weighed.chain(std::iter::once(on_root)).collect(),
    }
}

/// Boxes with equal calls merged.
fn merged(recording: &Recording, tree: &Tree, parent: &Column<u32>, order: Order) -> BoxColumns {
    let on_root = tree.self_value.get(0).saturating_abs();
    let width: Column<i64> = tree.width.iter().skip(1).chain(std::iter::once(on_root)).collect();
    let name = |node: u32| tree.shape.function(node + 1);
    let last = parent.len() as u32 - 1;
    BoxColumns::from_tree(parent, &width, |a, b| {
        let by_weight = || width.get(b as usize).cmp(&width.get(a as usize));
        match order {
            Order::Name if a != last && b != last => match (name(a), name(b)) {
                (Some(x), Some(y)) => by_name(recording, x, y),
                _ => by_weight(),
            },
            _ => by_weight(),
        }
    })
}

/// Bottom-up boxes, expanded down to `unit` of value.
fn callers(tree: &Tree, unit: i64) -> (BoxColumns, Nodes) {
    let mut callers = Callers::new(tree);
    let mut frontier: Vec<u32> = callers.roots().to_vec();
    while let Some(node) = frontier.pop() {
        if callers.width(node) >= unit.max(1) && callers.len() < CALLERS_NODES_MAX {
            frontier.extend(callers.children(tree, node));
        }
    }
    let all = || 0..callers.len() as u32;
    let width: Column<i64> = all().map(|n| callers.width(n)).collect();
    let figures = |n: u32| {
        let (total, total_samples) = (callers.value(n), callers.samples(n));
        // Only roots have a value of their own: what is above them called them.
        let (self_value, self_samples) = if callers.parent(n).is_none() { (total, total_samples) } else { (0, 0) };
        Figures { self_value, self_samples, total, total_samples }
    };
    let nodes = Nodes {
        parent: all().map(|n| callers.parent(n).unwrap_or(ALL)).collect(),
        function: all().map(|n| callers.function(n).map_or(ALL, |f| f.index() as u32)).collect(),
        figures: all().map(figures).collect(),
    };
    let by_weight = |a: u32, b: u32| width.get(b as usize).cmp(&width.get(a as usize));
    (BoxColumns::from_tree(&nodes.parent, &width, by_weight), nodes)
}
