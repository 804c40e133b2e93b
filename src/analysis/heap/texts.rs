//! Strings of the heap: what joined ones say, and which are there several times.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use super::Heap;
use super::words::Words;
use crate::model::HeapGraph;
use crate::model::heap::{EdgeKind, NodeId, ObjectKind, TextId};

/// UTF-16 units after which nothing more is joined, which is where the engine itself cuts strings.
const JOINED_UNITS: usize = 1_024;

/// What a joined string says, as far as it is told.
pub(super) fn joined(graph: &HeapGraph, words: &Words, node: NodeId) -> String {
    let mut text = String::new();
    let (mut units, mut open) = (0, vec![node]);
    // Parts of parts, the first one on top. A damaged file may join a string with itself.
    let mut steps = 0;
    while let Some(part) = open.pop() {
        steps += 1;
        if units >= JOINED_UNITS || steps > 16 * JOINED_UNITS {
            break;
        }
        if graph.kind(part) != ObjectKind::ConsText {
            let piece = graph.texts.get(graph.name(part));
            units += piece.encode_utf16().count();
            text.push_str(piece);
            continue;
        }
        open.extend(target(graph, part, words.second));
        open.extend(target(graph, part, words.first));
    }
    text
}

/// The target of the object's own link of this name.
fn target(graph: &HeapGraph, node: NodeId, name: Option<TextId>) -> Option<NodeId> {
    let is_it = |edge: &crate::model::heap::Edge| edge.kind == EdgeKind::Internal && edge.name() == name;
    name?;
    graph.edges(node).find(is_it).map(|edge| edge.to)
}

/// Equal strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicates {
    /// What they say, as far as the file tells; see [`Duplicates::is_cut`].
    pub text: String,
    /// One of them.
    pub example: NodeId,
    /// How many there are, at least 2.
    pub count: u64,
    /// Their own sizes together, bytes.
    pub shallow: u64,
    /// Bytes of all but the smallest of them.
    pub wasted: u64,
    /// What they retain together, bytes.
    pub retained: u64,
    /// Whether only their beginnings are known: equal ones may differ further on.
    pub is_cut: bool,
}

/// A string among those that are compared.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    hash: u64,
    node: NodeId,
}

/// All strings that are there more than once, those that waste the most first. Strings that the engine
/// joined with nothing are not counted: they stand for their other part.
pub fn duplicates(graph: &HeapGraph, heap: &Heap) -> Vec<Duplicates> {
    let words = &heap.words;
    let mut candidates = Vec::new();
    for node in graph.nodes().filter(|&node| heap.shallow(node) > 0) {
        let hash = match graph.kind(node) {
            ObjectKind::Text => hash(graph.texts.get(graph.name(node))),
            ObjectKind::ConsText if !is_flat(graph, words, node) => hash(&joined(graph, words, node)),
            _ => continue,
        };
        candidates.push(Candidate { hash, node });
    }
    candidates.sort_unstable_by_key(|c| (c.hash, c.node));
    let mut all = Vec::new();
    for group in candidates.chunk_by(|a, b| a.hash == b.hash).filter(|group| group.len() > 1) {
        by_text(graph, heap, group, &mut all);
    }
    all.sort_by(|a, b| (b.wasted, b.count, &a.text, a.example).cmp(&(a.wasted, a.count, &b.text, b.example)));
    all
}

fn hash(text: &str) -> u64 {
    FixedState::default().hash_one(text.as_bytes())
}

/// Takes candidates apart that only have the same hash.
fn by_text(graph: &HeapGraph, heap: &Heap, group: &[Candidate], all: &mut Vec<Duplicates>) {
    let mut same: Vec<(Says, Duplicates)> = Vec::new();
    for candidate in group {
        let node = candidate.node;
        let says = Says::of(graph, &heap.words, node);
        let (shallow, retained) = (heap.shallow(node), heap.retained(node));
        if let Some((_, row)) = same.iter_mut().find(|(known, _)| known.is_same(graph, &says)) {
            row.count += 1;
            row.shallow = row.shallow.saturating_add(shallow);
            // Until the end, the smallest.
            row.wasted = row.wasted.min(shallow);
            row.retained = row.retained.saturating_add(retained);
            continue;
        }
        let is_cut = says.rest.is_some();
        let row =
            Duplicates { text: String::new(), example: node, count: 1, shallow, wasted: shallow, retained, is_cut };
        same.push((says, row));
    }
    for (says, row) in same.into_iter().filter(|(_, row)| row.count > 1) {
        let text = says.text(graph).to_owned();
        all.push(Duplicates { text, wasted: row.shallow - row.wasted, ..row });
    }
}

/// What a string says.
struct Says {
    text: Piece,
    /// Length and hash of the whole where the file has only its beginning.
    rest: Option<(Option<TextId>, Option<TextId>)>,
}

enum Piece {
    Text(TextId),
    Joined(String),
}

impl Says {
    fn of(graph: &HeapGraph, words: &Words, node: NodeId) -> Self {
        let text = match graph.kind(node) {
            ObjectKind::ConsText => Piece::Joined(joined(graph, words, node)),
            _ => Piece::Text(graph.name(node)),
        };
        let value = |name| target(graph, node, name).and_then(|number| target_value(graph, number));
        let is_cut = target(graph, node, words.truncated).is_some_and(|flag| is_true(graph, flag));
        Self { text, rest: is_cut.then(|| (value(words.length), value(words.hash))) }
    }

    fn text<'a>(&'a self, graph: &'a HeapGraph) -> &'a str {
        match &self.text {
            Piece::Text(id) => graph.texts.get(*id),
            Piece::Joined(text) => text,
        }
    }

    fn is_same(&self, graph: &HeapGraph, other: &Self) -> bool {
        let is_one = matches!((&self.text, &other.text), (Piece::Text(a), Piece::Text(b)) if a == b);
        self.rest == other.rest && (is_one || self.text(graph) == other.text(graph))
    }
}

/// The text by which a number object says its value.
fn target_value(graph: &HeapGraph, number: NodeId) -> Option<TextId> {
    let value = graph.edges(number).find(|edge| edge.kind == EdgeKind::Internal && says(graph, edge, "value"));
    value.map(|edge| graph.name(edge.to))
}

fn is_true(graph: &HeapGraph, flag: NodeId) -> bool {
    let text = target_value(graph, flag).unwrap_or_else(|| graph.name(flag));
    graph.texts.get(text) == "true"
}

fn says(graph: &HeapGraph, edge: &crate::model::heap::Edge, name: &str) -> bool {
    edge.name().is_some_and(|text| graph.texts.get(text) == name)
}

/// Whether the engine joined a string with nothing, after it had copied it elsewhere.
fn is_flat(graph: &HeapGraph, words: &Words, node: NodeId) -> bool {
    let is_part = |edge: &crate::model::heap::Edge| {
        edge.kind == EdgeKind::Internal
            && edge.name().is_some_and(|name| Some(name) == words.first || Some(name) == words.second)
    };
    let says_nothing = |part: NodeId| match graph.kind(part) {
        ObjectKind::ConsText => joined(graph, words, part).is_empty(),
        _ => graph.texts.get(graph.name(part)).is_empty(),
    };
    graph.edges(node).filter(is_part).any(|edge| says_nothing(edge.to))
}
