//! Objects by constructor.
//!
//! An object's constructor is its name, told apart by where the constructor is defined. Functions,
//! code, strings and the like are one group each. Plain objects are grouped by their properties: the
//! lists of properties that are common, in the order of their objects, are shapes, and an object
//! belongs to the one with the most properties among those of which it has all.

use std::cmp::Reverse;

use super::Map;

use super::Heap;
use super::bits::Bits;
use super::numbers::{Number, ThreeBytes};
use super::words::Words;
use crate::model::SortFew as _;
use crate::model::heap::{EdgeKind, Location, NodeId, ObjectKind, TextId};
use crate::model::{HeapGraph, Interner, Packed, StringId, Strings};

/// Objects with the same constructor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Name of the constructor, or of the group: `Map`, `{name, mail}`, `(string)`.
    pub name: String,
    /// Where it is defined: script, line and column, both 0-based. Functions with equal names are told
    /// apart by it.
    pub place: Option<(u32, u32, u32)>,
    /// Objects of it that have a size.
    pub count: u64,
    /// Sum of their own sizes, bytes.
    pub shallow: u64,
    /// Bytes that would become free if all of them went; what they retain of each other counts once.
    pub retained: u64,
    /// The least distance among them.
    pub distance: u32,
}

/// Longest list of properties that is spelt out, in UTF-16 units; the first property always is.
const NAME_UNITS_MAX: usize = 120;
/// Objects that a shape needs at least.
const SHAPE_OBJECTS_MIN: u64 = 2;
/// It also needs one of so many plain objects.
const SHAPE_SHARE: u64 = 1_000;

/// Name of a constructor and the place of its definition.
type Key = (StringId, Option<(u32, u32, u32)>);

/// The constructor of each object, and all constructors, without numbers.
pub(super) fn classes(graph: &HeapGraph, words: &Words, detached: &Bits) -> (Packed, Vec<Class>) {
    let shapes = Shapes::of(graph, words);
    let mut naming = Naming::new(graph, words, shapes);
    let mut keys: Interner<Key> = Interner::default();
    let mut class = Packed::new();
    let mut locations = graph.locations().iter().peekable();
    for node in graph.nodes() {
        while locations.next_if(|location| location.node < node).is_some() {}
        let name = naming.of(node, detached.get(node.index()));
        let is_object = graph.kind(node) == ObjectKind::Object;
        let place = locations.peek().filter(|location| is_object && location.node == node).map(place);
        class.push(keys.intern((name, place)) as u32);
    }
    let named = |(name, place): Key| Class {
        name: naming.names.get(name).to_owned(),
        place,
        count: 0,
        shallow: 0,
        retained: 0,
        distance: super::UNREACHED,
    };
    (class, keys.into_rows().iter().map(named).collect())
}

fn place(location: &Location) -> (u32, u32, u32) {
    (location.script, location.line, location.column)
}

/// Names of constructors.
struct Naming<'a> {
    graph: &'a HeapGraph,
    words: &'a Words,
    names: Strings,
    /// Names by text, and whether its object is detached.
    of_text: Map<(TextId, bool), StringId>,
    of_kind: Map<ObjectKind, StringId>,
    shapes: Shapes,
    properties: Vec<TextId>,
}

impl<'a> Naming<'a> {
    fn new(graph: &'a HeapGraph, words: &'a Words, shapes: Shapes) -> Self {
        let (of_text, of_kind) = Default::default();
        Self { graph, words, names: Strings::new(), of_text, of_kind, shapes, properties: Vec::new() }
    }

    fn of(&mut self, node: NodeId, is_detached: bool) -> StringId {
        let kind = self.graph.kind(node);
        let text = self.graph.name(node);
        match kind {
            ObjectKind::Object if Some(text) == self.words.object => self.of_plain(node),
            ObjectKind::Object | ObjectKind::Native => self.of_constructor(text, is_detached),
            _ => {
                let Self { graph, names, .. } = self;
                *self.of_kind.entry(kind).or_insert_with(|| names.intern(&group(graph, kind)))
            }
        }
    }

    /// Elements of the page are named as in its source; what counts is the tag.
    fn of_constructor(&mut self, text: TextId, is_detached: bool) -> StringId {
        let Self { graph, names, of_text, .. } = self;
        *of_text.entry((text, is_detached)).or_insert_with(|| {
            let name = graph.texts.get(text);
            let prefix = if is_detached && !name.starts_with("Detached ") { "Detached " } else { "" };
            let name = format!("{prefix}{name}");
            let tag_at = if name.starts_with("Detached <") { Some(10) } else { name.starts_with('<').then_some(0) };
            match tag_at.and_then(|from| Some(from + name[from..].find(' ')?)) {
                Some(space) => names.intern(&format!("{}>", &name[..space])),
                None => names.intern(&name),
            }
        })
    }

    fn of_plain(&mut self, node: NodeId) -> StringId {
        self.properties.clear();
        let named = self.graph.edges(node).filter(|edge| edge.kind == EdgeKind::Property);
        self.properties.extend(named.filter_map(|edge| edge.name()));
        self.properties.sort_unstable();
        self.names.intern(self.shapes.best(&self.properties).unwrap_or("Object"))
    }
}

/// Name of the group of all objects of a kind that have no constructor.
fn group(graph: &HeapGraph, kind: ObjectKind) -> String {
    match kind {
        ObjectKind::Hidden => "(system)".into(),
        ObjectKind::Code => "(compiled code)".into(),
        ObjectKind::Closure => "Function".into(),
        ObjectKind::RegExp => "RegExp".into(),
        kind => format!("({})", graph.kind_name(kind)),
    }
}

/// Common lists of properties, as a tree: each step adds a property, in the order of their texts.
#[derive(Debug, Default)]
struct Shapes {
    names: Vec<String>,
    /// Step from a place in the tree with a property.
    next: Map<(u32, TextId), u32>,
    /// The shape that ends at each place: its properties, how far down the list it stands, its name.
    ends: Vec<Option<(usize, Reverse<u32>)>>,
    /// The last property that leads on from each place.
    last: Vec<Option<TextId>>,
    places: Vec<u32>,
    found: Map<Box<[TextId]>, Option<u32>>,
}

/// Lists of properties whose shape is kept once it was found.
const FOUND_MAX: usize = 100_000;

impl Shapes {
    /// The most frequent lists first.
    fn of(graph: &HeapGraph, words: &Words) -> Self {
        let mut lists: Map<Box<[TextId]>, (u64, u32)> = Map::default();
        let mut list = Vec::new();
        let mut objects = 0;
        for node in graph.nodes() {
            let is_plain = graph.kind(node) == ObjectKind::Object && Some(graph.name(node)) == words.object;
            if !is_plain {
                continue;
            }
            objects += 1;
            spelt_out(graph, words, node, &mut list);
            if list.is_empty() {
                continue;
            }
            if let Some((count, _)) = lists.get_mut(&list[..]) {
                *count += 1;
            } else {
                let next = lists.len() as u32;
                lists.insert(list.as_slice().into(), (1, next));
            }
        }
        let least = SHAPE_OBJECTS_MIN.max(objects_min(objects));
        let mut common: Vec<(u64, u32, Box<[TextId]>)> = lists
            .into_iter()
            .filter(|(_, (count, _))| *count >= least)
            .map(|(list, (count, first))| (count, first, list))
            .collect();
        common.sort_few_by_key(|&(count, first, _)| (Reverse(count), first));
        let mut shapes = Self { ends: vec![None], last: vec![None], ..Self::default() };
        common.iter().for_each(|(_, _, list)| shapes.add(graph, list));
        shapes
    }

    fn add(&mut self, graph: &HeapGraph, list: &[TextId]) {
        let names: Vec<_> = list.iter().map(|name| spelling(graph.texts.get(*name))).collect();
        let rank = Reverse(self.names.len() as u32);
        self.names.push(format!("{{{}}}", names.join(", ")));
        let mut sorted = list.to_vec();
        sorted.sort_unstable();
        let mut at = 0u32;
        for property in sorted {
            let new = self.ends.len() as u32;
            let next = *self.next.entry((at, property)).or_insert(new);
            if next == new {
                self.ends.push(None);
                self.last.push(None);
                let last = &mut self.last[at as usize];
                *last = (*last).max(Some(property));
            }
            at = next;
        }
        self.ends[at as usize].get_or_insert((list.len(), rank));
    }

    /// The shape with the most properties that are all among `properties`, which are sorted; the more
    /// frequent one of two.
    fn best(&mut self, properties: &[TextId]) -> Option<&str> {
        let found = match self.found.get(properties) {
            Some(found) => *found,
            None => {
                let found = self.search(properties);
                if self.found.len() < FOUND_MAX {
                    self.found.insert(properties.into(), found);
                }
                found
            }
        };
        found.map(|at| self.names[at as usize].as_str())
    }

    fn search(&mut self, properties: &[TextId]) -> Option<u32> {
        let mut places = std::mem::take(&mut self.places);
        places.clear();
        places.push(0);
        let mut best = None;
        for (at, &property) in properties.iter().enumerate() {
            // Each place has one way to it, so only a repeated property can lead there again.
            let is_repeated = at > 0 && properties[at - 1] == property;
            for i in 0..places.len() {
                if let Some(&next) = self.next.get(&(places[i], property))
                    && !(is_repeated && places.contains(&next))
                {
                    places.push(next);
                    best = best.max(self.ends[next as usize]);
                }
            }
            // Places from which nothing later leads on are done.
            places.retain(|&place| self.last[place as usize].is_some_and(|last| last >= property));
        }
        self.places = places;
        best.map(|(_, Reverse(rank))| rank)
    }
}

/// A thousandth, rounded up.
fn objects_min(objects: u64) -> u64 {
    objects.div_ceil(SHAPE_SHARE)
}

/// The properties of a plain object, as far as they are spelt out in the name of its shape.
fn spelt_out(graph: &HeapGraph, words: &Words, node: NodeId, list: &mut Vec<TextId>) {
    list.clear();
    let mut units = 1;
    for edge in graph.edges(node).filter(|edge| edge.kind == EdgeKind::Property) {
        let Some(name) = edge.name().filter(|name| Some(*name) != words.proto) else { continue };
        let added = spelt_units(graph.texts.get(name));
        if units > 1 && units + added > NAME_UNITS_MAX {
            return;
        }
        units += added + if units > 1 { 2 } else { 0 };
        list.push(name);
    }
}

/// A property's name, in quotes where it could be mistaken for several.
fn spelling(name: &str) -> std::borrow::Cow<'_, str> {
    if name.contains([',', '\'', '"', '{', '}']) {
        serde_json::to_string(name).expect("a text can be written as JSON").into()
    } else {
        name.into()
    }
}

fn spelt_units(name: &str) -> usize {
    if name.is_ascii() && !name.bytes().any(|b| matches!(b, b',' | b'\'' | b'"' | b'{' | b'}')) {
        return name.len();
    }
    spelling(name).encode_utf16().count()
}

/// Fills the numbers of all constructors in.
pub(super) fn sum_up(graph: &HeapGraph, heap: &mut Heap) {
    for node in graph.nodes() {
        let size = heap.shallow(node);
        if size == 0 {
            continue;
        }
        let distance = heap.distance(node);
        let class = &mut heap.classes[heap.class.get(node.index()) as usize];
        class.count += 1;
        class.shallow = class.shallow.saturating_add(size);
        class.distance = class.distance.min(distance);
    }
    for (class, retained) in retained(graph, heap).into_iter().enumerate() {
        heap.classes[class].retained = retained;
    }
}

/// What each constructor's objects retain together. Down the tree of dominators, an object counts
/// unless it is below another of its constructor.
fn retained(graph: &HeapGraph, heap: &Heap) -> Vec<u64> {
    match graph.len() < ThreeBytes::NONE as usize {
        true => retained_in::<ThreeBytes>(graph, heap),
        false => retained_in::<u32>(graph, heap),
    }
}

fn retained_in<N: Number>(graph: &HeapGraph, heap: &Heap) -> Vec<u64> {
    const NONE: u32 = u32::MAX;
    let mut sums = vec![0u64; heap.classes.len()];
    // The object below which a constructor is counted already.
    let mut inside = vec![NONE; heap.classes.len()];
    let none = N::of(N::NONE);
    let (mut first, mut next) = (vec![none; graph.len()], vec![none; graph.len()]);
    for node in (0..graph.len()).rev().filter(|node| *node != graph.root.index()) {
        let above = heap.dominator.get(node) as usize;
        next[node] = std::mem::replace(&mut first[above], N::of(node as u32));
    }
    let mut at = graph.root;
    loop {
        let class = heap.class(at);
        if inside[class] == NONE && heap.shallow(at) > 0 {
            sums[class] = sums[class].saturating_add(heap.retained(at));
            inside[class] = at.0;
        }
        let mut down = first[at.index()].get();
        while down == N::NONE {
            let class = heap.class(at);
            if inside[class] == at.0 {
                inside[class] = NONE;
            }
            if at == graph.root {
                return sums;
            }
            down = next[at.index()].get();
            if down == N::NONE {
                at = heap.dominator(at);
            }
        }
        at = NodeId(down);
    }
}

/// Constructors in the order of what they retain, then of their own sizes and names; those without
/// objects are left out.
pub fn sorted(heap: &Heap) -> Vec<usize> {
    let mut order: Vec<usize> = (0..heap.classes.len()).filter(|&at| heap.classes[at].count > 0).collect();
    let key = |at: usize| {
        let class = &heap.classes[at];
        (Reverse(class.retained), Reverse(class.shallow), &class.name, class.place)
    };
    order.sort_few_by(|&a, &b| key(a).cmp(&key(b)));
    order
}
