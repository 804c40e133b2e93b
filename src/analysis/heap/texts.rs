//! Strings of the heap: what joined ones say, and which are there several times.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use super::words::Words;
use super::{Bits, Heap, Map};
use crate::model::HeapGraph;
use crate::model::SortFew as _;
use crate::model::heap::{EdgeKind, NodeId, ObjectKind, TextId};

/// UTF-16 units after which nothing more is joined, which is where the engine itself cuts strings.
const JOINED_UNITS: usize = 1_024;

/// What a joined string says, as far as it is told.
pub(super) fn joined(graph: &HeapGraph, words: &Words, node: NodeId) -> String {
    Joined::default().text(graph, words, node)
}

/// What joined strings say. A program that appends makes lists of millions of them, each the one
/// before and a little more, and nobody should walk down all of it for each: where a part says nothing,
/// or the first alone says all that is told, a string is known as its other or first part.
#[derive(Default)]
struct Joined(Map<u32, Part>);

/// What is known of a joined string.
#[derive(Clone, Copy)]
struct Part {
    /// A string that says the same.
    same: u32,
    /// UTF-16 units, as far as they are told; 0 while its parts are looked at, so that a damaged file
    /// may join a string with itself.
    units: usize,
}

impl Joined {
    /// What is known of a string, once [`Joined::learn`] was there.
    fn part(&self, graph: &HeapGraph, node: NodeId) -> Part {
        match self.0.get(&node.0) {
            Some(part) => *part,
            None if graph.kind(node) == ObjectKind::ConsText => Part { same: node.0, units: 0 },
            None => {
                let units = graph.texts.get(graph.name(node)).encode_utf16().take(JOINED_UNITS).count();
                Part { same: node.0, units }
            }
        }
    }

    /// Learns of all strings below one, parts first.
    fn learn(&mut self, graph: &HeapGraph, words: &Words, node: NodeId) {
        let mut open = vec![(node, false)];
        while let Some((at, is_ready)) = open.pop() {
            if graph.kind(at) != ObjectKind::ConsText || self.0.contains_key(&at.0) && !is_ready {
                continue;
            }
            let parts = [words.first, words.second].map(|name| target(graph, at, name));
            if !is_ready {
                self.0.insert(at.0, Part { same: at.0, units: 0 });
                open.push((at, true));
                open.extend(parts.into_iter().flatten().map(|part| (part, false)));
                continue;
            }
            let [first, second] = parts.map(|part| part.map(|part| self.part(graph, part)));
            let units = |part: Option<Part>| part.map_or(0, |part| part.units);
            let same = match (first, second) {
                (Some(part), _) if part.units >= JOINED_UNITS || units(second) == 0 => part.same,
                (_, Some(part)) if units(first) == 0 => part.same,
                _ => at.0,
            };
            self.0.insert(at.0, Part { same, units: JOINED_UNITS.min(units(first) + units(second)) });
        }
    }

    /// What a string says, as far as it is told: every step down adds something.
    fn text(&mut self, graph: &HeapGraph, words: &Words, node: NodeId) -> String {
        self.learn(graph, words, node);
        let mut text = String::new();
        let (mut units, mut open) = (0, vec![node]);
        while let Some(at) = open.pop() {
            let part = self.part(graph, at);
            if units >= JOINED_UNITS {
                break;
            }
            if part.units == 0 {
                continue;
            }
            let same = NodeId(part.same);
            if graph.kind(same) != ObjectKind::ConsText {
                let piece = graph.texts.get(graph.name(same));
                units += piece.encode_utf16().count();
                text.push_str(piece);
                continue;
            }
            open.extend([words.second, words.first].into_iter().filter_map(|name| target(graph, same, name)));
        }
        text
    }
}

/// The target of the object's own link of this name.
fn target(graph: &HeapGraph, node: NodeId, name: Option<TextId>) -> Option<NodeId> {
    let is_it = |edge: &crate::model::heap::Edge| edge.kind == EdgeKind::Internal && edge.name() == name;
    name?;
    graph.edges(node).find(is_it).map(|edge| edge.to)
}

/// Texts of the file that contain `wanted`, which is in lower case, whatever their case.
pub fn containing(graph: &HeapGraph, wanted: &str) -> Bits {
    let mut found = Bits::new(graph.texts.len());
    graph.texts.iter().filter(|(_, text)| text.to_lowercase().contains(wanted)).for_each(|(id, _)| {
        found.set(id.index());
    });
    found
}

/// Equal strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicates {
    says: Said,
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

impl Duplicates {
    /// What they say, as far as the file tells; see [`Duplicates::is_cut`].
    pub fn text<'a>(&'a self, graph: &'a HeapGraph) -> &'a str {
        match &self.says {
            Said::Text(id) => graph.texts.get(*id),
            Said::Joined(text) => text,
        }
    }
}

/// What a string says: a text of the file, or joined ones.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Text(TextId),
    Joined(Box<str>),
}

/// A string among those that are compared.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    hash: u64,
    node: NodeId,
}

/// All strings that are there more than once, those that waste the most first. Strings that the engine
/// joined with nothing are not counted: they stand for their other part.
pub(super) fn duplicates(graph: &HeapGraph, heap: &Heap) -> Vec<Duplicates> {
    let words = &heap.words;
    let mut all_joined = Joined::default();
    let mut hashes: Map<u32, u64> = Map::default();
    let is_text = |node: &NodeId| matches!(graph.kind(*node), ObjectKind::Text | ObjectKind::ConsText);
    let mut candidates = Vec::with_capacity(graph.nodes().filter(is_text).count());
    for node in graph.nodes().filter(|&node| heap.shallow(node) > 0) {
        let hash = match graph.kind(node) {
            ObjectKind::Text => hash(graph.texts.get(graph.name(node))),
            ObjectKind::ConsText => {
                all_joined.learn(graph, words, node);
                if is_flat(graph, words, &all_joined, node) {
                    continue;
                }
                let same = all_joined.part(graph, node).same;
                *hashes.entry(same).or_insert_with(|| hash(&all_joined.text(graph, words, NodeId(same))))
            }
            _ => continue,
        };
        candidates.push(Candidate { hash, node });
    }
    candidates.sort_unstable_by_key(|c| (c.hash, c.node));
    let mut all = Vec::new();
    for group in candidates.chunk_by(|a, b| a.hash == b.hash).filter(|group| group.len() > 1) {
        by_text(graph, heap, &mut all_joined, group, &mut all);
    }
    drop((candidates, hashes, all_joined));
    let by_text = |a: &Duplicates, b: &Duplicates| a.text(graph).cmp(b.text(graph)).then(a.example.cmp(&b.example));
    all.sort_few_by(|a, b| (b.wasted, b.count).cmp(&(a.wasted, a.count)).then_with(|| by_text(a, b)));
    all.shrink_to_fit();
    all
}

fn hash(text: &str) -> u64 {
    FixedState::default().hash_one(text.as_bytes())
}

/// Takes candidates apart that only have the same hash.
fn by_text(graph: &HeapGraph, heap: &Heap, all_joined: &mut Joined, group: &[Candidate], all: &mut Vec<Duplicates>) {
    let mut same: Vec<(Says, Duplicates)> = Vec::new();
    for candidate in group {
        let node = candidate.node;
        let says = Says::of(graph, &heap.words, all_joined, node);
        let (shallow, retained) = (heap.shallow(node), heap.retained(node));
        if let Some((_, row)) = same.iter_mut().find(|(known, _)| known.is_same(graph, &says)) {
            row.count += 1;
            row.shallow = row.shallow.saturating_add(shallow);
            // Until the end, the smallest.
            row.wasted = row.wasted.min(shallow);
            row.retained = row.retained.saturating_add(retained);
            continue;
        }
        let (is_cut, nothing) = (says.rest.is_some(), Said::Text(graph.name(node)));
        let row = Duplicates { says: nothing, example: node, count: 1, shallow, wasted: shallow, retained, is_cut };
        same.push((says, row));
    }
    for (says, row) in same.into_iter().filter(|(_, row)| row.count > 1) {
        let says = match says.text {
            Piece::Text(id) => Said::Text(id),
            Piece::Joined(_, text) => Said::Joined(text.into()),
        };
        all.push(Duplicates { says, wasted: row.shallow - row.wasted, ..row });
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
    Joined(NodeId, String),
}

impl Says {
    fn of(graph: &HeapGraph, words: &Words, all_joined: &mut Joined, node: NodeId) -> Self {
        all_joined.learn(graph, words, node);
        let same = NodeId(all_joined.part(graph, node).same);
        let text = match graph.kind(same) {
            ObjectKind::ConsText => Piece::Joined(same, all_joined.text(graph, words, same)),
            _ => Piece::Text(graph.name(same)),
        };
        let value = |name| target(graph, node, name).and_then(|number| target_value(graph, number));
        let is_cut = target(graph, node, words.truncated).is_some_and(|flag| is_true(graph, flag));
        Self { text, rest: is_cut.then(|| (value(words.length), value(words.hash))) }
    }

    fn text<'a>(&'a self, graph: &'a HeapGraph) -> &'a str {
        match &self.text {
            Piece::Text(id) => graph.texts.get(*id),
            Piece::Joined(_, text) => text,
        }
    }

    fn is_same(&self, graph: &HeapGraph, other: &Self) -> bool {
        let is_one = match (&self.text, &other.text) {
            (Piece::Text(a), Piece::Text(b)) => a == b,
            (Piece::Joined(a, _), Piece::Joined(b, _)) => a == b,
            _ => false,
        };
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
fn is_flat(graph: &HeapGraph, words: &Words, all_joined: &Joined, node: NodeId) -> bool {
    let is_part = |edge: &crate::model::heap::Edge| {
        edge.kind == EdgeKind::Internal
            && edge.name().is_some_and(|name| Some(name) == words.first || Some(name) == words.second)
    };
    let says_nothing = |part: NodeId| all_joined.part(graph, part).units == 0;
    graph.edges(node).filter(is_part).any(|edge| says_nothing(edge.to))
}
