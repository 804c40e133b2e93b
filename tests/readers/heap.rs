//! Heap snapshots, read whole and reckoned with the plainest means: lists of texts, walks without end
//! marks, dominators by repeating until nothing changes (Cooper, Harvey and Kennedy).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use serde_json::Value;

/// A reference.
pub(crate) struct Edge {
    pub(crate) kind: String,
    /// Its name, or its index as text.
    pub(crate) name: String,
    pub(crate) to: usize,
}

/// An object.
pub(crate) struct Object {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) id: u64,
    pub(crate) size: u128,
    pub(crate) trace: u64,
    /// 0 unknown, 1 attached, 2 detached.
    pub(crate) state: u64,
    pub(crate) edges: Vec<Edge>,
    /// Script, line and column, as in the file.
    pub(crate) place: Option<[u64; 3]>,
}

/// A file as it is.
pub(crate) struct Snapshot {
    pub(crate) objects: Vec<Object>,
    pub(crate) edge_count: usize,
    /// Moments of a timeline: microseconds and the last id.
    pub(crate) samples: Vec<[u64; 2]>,
    /// Name, script name and line of each function on allocation stacks.
    pub(crate) functions: Vec<(String, String, u64)>,
    /// Id, function, objects and bytes of each allocation stack.
    pub(crate) stacks: Vec<[u64; 4]>,
    has_state: bool,
}

/// What a constructor's objects add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) name: String,
    pub(crate) place: Option<[u64; 3]>,
    pub(crate) count: u64,
    pub(crate) shallow: u128,
    pub(crate) retained: u128,
    pub(crate) distance: Option<u64>,
}

/// What is worked out.
pub(crate) struct Reckoned {
    pub(crate) shallow: Vec<u128>,
    pub(crate) retained: Vec<u128>,
    pub(crate) dominator: Vec<usize>,
    pub(crate) distance: Vec<Option<u64>>,
    pub(crate) class: Vec<String>,
    pub(crate) detached: Vec<bool>,
    pub(crate) classes: Vec<Class>,
}

/// Bytes by what they are for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) native: u128,
    pub(crate) typed_arrays: u128,
    pub(crate) code: u128,
    pub(crate) strings: u128,
    pub(crate) arrays: u128,
    pub(crate) system: u128,
}

const BASE: u64 = 100_000_000;

/// Numbers of a list, cut into rows of the named fields.
struct Table<'a> {
    rows: Vec<&'a [Value]>,
    fields: Vec<&'a str>,
}

impl<'a> Table<'a> {
    fn of(list: &'a Value, fields: &'a Value) -> Self {
        let fields: Vec<&str> = fields.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let numbers = list.as_array().map_or(&[][..], Vec::as_slice);
        let rows = if fields.is_empty() { Vec::new() } else { numbers.chunks(fields.len()).collect() };
        Self { rows, fields }
    }

    fn get(&self, row: usize, field: &str) -> u64 {
        let at = self.fields.iter().position(|f| *f == field);
        at.and_then(|at| self.rows[row][at].as_u64()).unwrap_or(0)
    }
}

/// Reads a file.
///
/// # Errors
/// When it is no snapshot.
pub(crate) fn read(text: &str) -> Result<Snapshot, String> {
    let file: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let meta = &file["snapshot"]["meta"];
    let strings: Vec<&str> = file["strings"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let text = |at: u64| strings.get(at as usize).map_or("?".to_owned(), |s| (*s).to_owned());
    let nodes = Table::of(&file["nodes"], &meta["node_fields"]);
    let edges = Table::of(&file["edges"], &meta["edge_fields"]);
    let names_of = |types: &Value, table: &Table<'_>| -> Vec<String> {
        let at = table.fields.iter().position(|f| *f == "type").unwrap_or(0);
        types[at].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (node_kinds, edge_kinds) = (names_of(&meta["node_types"], &nodes), names_of(&meta["edge_types"], &edges));
    let width = nodes.fields.len() as u64;
    let mut next = 0;
    let mut objects: Vec<Object> = Vec::new();
    for row in 0..nodes.rows.len() {
        let owned = next..next + nodes.get(row, "edge_count") as usize;
        next = owned.end;
        let edge = |at: usize| {
            let kind = edge_kinds[edges.get(at, "type") as usize].clone();
            let label = edges.get(at, "name_or_index");
            let name = if kind == "element" || kind == "hidden" { label.to_string() } else { text(label) };
            Edge { kind, name, to: (edges.get(at, "to_node") / width) as usize }
        };
        objects.push(Object {
            kind: node_kinds[nodes.get(row, "type") as usize].clone(),
            name: text(nodes.get(row, "name")),
            id: nodes.get(row, "id"),
            size: u128::from(nodes.get(row, "self_size")),
            trace: nodes.get(row, "trace_node_id"),
            state: nodes.get(row, "detachedness"),
            edges: owned.map(edge).collect(),
            place: None,
        });
    }
    let places = Table::of(&file["locations"], &meta["location_fields"]);
    for row in 0..places.rows.len() {
        let place = ["script_id", "line", "column"].map(|field| places.get(row, field));
        objects[(places.get(row, "object_index") / width) as usize].place = Some(place);
    }
    let samples = Table::of(&file["samples"], &meta["sample_fields"]);
    let functions = Table::of(&file["trace_function_infos"], &meta["trace_function_info_fields"]);
    let mut stacks = Vec::new();
    collect_stacks(&file["trace_tree"], &mut stacks);
    Ok(Snapshot {
        edge_count: edges.rows.len(),
        samples: (0..samples.rows.len())
            .map(|row| ["timestamp_us", "last_assigned_id"].map(|f| samples.get(row, f)))
            .collect(),
        functions: (0..functions.rows.len())
            .map(|row| {
                (text(functions.get(row, "name")), text(functions.get(row, "script_name")), functions.get(row, "line"))
            })
            .collect(),
        stacks,
        has_state: nodes.fields.contains(&"detachedness"),
        objects,
    })
}

fn collect_stacks(list: &Value, stacks: &mut Vec<[u64; 4]>) {
    for row in list.as_array().into_iter().flatten().collect::<Vec<_>>().chunks(5) {
        stacks.push([0, 1, 2, 3].map(|at| row[at].as_u64().unwrap_or(0)));
        collect_stacks(row[4], stacks);
    }
}

/// What both references to the value of a weak map's entry share, and the table's id.
fn entry(name: &str) -> Option<(String, u64)> {
    let part = name.trim_start_matches(|c: char| c.is_ascii_digit());
    let table = part.rsplit_once("pair in WeakMap (table @")?.1.strip_suffix(')')?;
    (part.len() < name.len() && part.starts_with(" / part of key ("))
        .then(|| Some((part.to_owned(), table.parse().ok()?)))?
}

impl Snapshot {
    fn is_documents(&self, at: usize) -> bool {
        self.objects[at].kind == "synthetic" && self.objects[at].name == "(Document DOM trees)"
    }

    fn user_roots(&self) -> Vec<usize> {
        let targets = self.objects[0].edges.iter().map(|edge| edge.to);
        targets.filter(|&to| self.objects[to].kind != "synthetic" || self.is_documents(to)).collect()
    }

    fn is_part(&self, at: usize) -> bool {
        let Object { kind, name, .. } = &self.objects[at];
        kind == "hidden" || kind == "array" || kind == "native" && name == "system / ExternalStringData"
    }

    /// Who refers to each object, in any way but weakly.
    fn holders(&self) -> Vec<Vec<usize>> {
        let mut holders = vec![Vec::new(); self.objects.len()];
        for (from, object) in self.objects.iter().enumerate() {
            object.edges.iter().filter(|e| e.kind != "weak").for_each(|e| holders[e.to].push(from));
        }
        holders
    }

    /// Sizes after parts gave theirs to the one object that is behind all who hold them.
    fn shallow(&self) -> Vec<u128> {
        let mut sizes: Vec<u128> = self.objects.iter().map(|o| o.size).collect();
        if self.user_roots().is_empty() {
            return sizes;
        }
        let holders = self.holders();
        for at in (0..self.objects.len()).filter(|&at| self.is_part(at)) {
            let (mut owners, mut seen, mut open) = (BTreeSet::new(), HashSet::new(), vec![at]);
            while let Some(part) = open.pop() {
                for &holder in &holders[part] {
                    if owners.len() > 1 {
                        break;
                    } else if !self.is_part(holder) {
                        owners.insert(holder);
                    } else if seen.insert(holder) {
                        open.push(holder);
                    }
                }
            }
            let owner = owners.first().copied().filter(|_| owners.len() == 1);
            if let Some(owner) = owner.filter(|&o| o != 0 && self.objects[o].kind != "synthetic") {
                sizes[owner] += self.objects[at].size;
                sizes[at] = 0;
            }
        }
        sizes
    }

    /// Objects that are reached from the page's own roots.
    fn page(&self) -> Vec<bool> {
        let mut page = vec![false; self.objects.len()];
        let entries = self.objects[0]
            .edges
            .iter()
            .filter(|e| e.kind == "shortcut" || e.kind == "element" && self.is_documents(e.to));
        let mut open: Vec<usize> = entries.map(|e| e.to).collect();
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut page[at], true) {
                open.extend(self.objects[at].edges.iter().filter(|e| e.kind != "weak").map(|e| e.to));
            }
        }
        page
    }

    /// What keeps what alive.
    fn essential(&self) -> Vec<Vec<usize>> {
        let page = self.page();
        let keeps = |from: usize, e: &Edge| {
            let is_from_table =
                e.kind == "internal" && entry(&e.name).is_some_and(|(_, table)| table == self.objects[from].id);
            let is_from_outside = from != 0 && (e.kind == "shortcut" || page[e.to] && !page[from]);
            e.kind != "weak" && e.to != from && !is_from_table && !is_from_outside
        };
        let targets =
            |from: usize, object: &Object| object.edges.iter().filter(|e| keeps(from, e)).map(|e| e.to).collect();
        self.objects.iter().enumerate().map(|(from, object)| targets(from, object)).collect()
    }

    /// The dominator of each object; the root's for what nothing reaches.
    fn dominators(&self) -> Vec<usize> {
        let mut targets = self.essential();
        let held: HashSet<usize> = targets.iter().flatten().copied().collect();
        targets[0].extend((1..self.objects.len()).filter(|at| !held.contains(at)));
        // Reverse postorder, by a walk that remembers how far it is with each object.
        let (mut order, mut number) = (Vec::new(), vec![usize::MAX; targets.len()]);
        let (mut seen, mut open) = (vec![false; targets.len()], vec![(0, 0)]);
        seen[0] = true;
        while let Some((at, done)) = open.last_mut() {
            match targets[*at].get(*done) {
                Some(&to) => {
                    *done += 1;
                    if !std::mem::replace(&mut seen[to], true) {
                        open.push((to, 0));
                    }
                }
                None => {
                    order.push(*at);
                    open.pop();
                }
            }
        }
        order.reverse();
        order.iter().enumerate().for_each(|(i, &at)| number[at] = i);
        let mut from = vec![Vec::new(); targets.len()];
        for &at in &order {
            targets[at].iter().for_each(|&to| from[to].push(at));
        }
        let mut dominator: Vec<Option<usize>> = vec![None; targets.len()];
        dominator[0] = Some(0);
        let meet = |dominator: &[Option<usize>], mut a: usize, mut b: usize| {
            while a != b {
                let later = if number[a] > number[b] { &mut a } else { &mut b };
                *later = dominator[*later].expect("what was reached has one");
            }
            a
        };
        loop {
            let mut is_changed = false;
            for &at in &order[1..] {
                let known = from[at].iter().copied().filter(|&f| dominator[f].is_some());
                let new = known.reduce(|a, b| meet(&dominator, a, b));
                is_changed |= new != dominator[at];
                dominator[at] = new;
            }
            if !is_changed {
                return dominator.into_iter().map(|d| d.unwrap_or(0)).collect();
            }
        }
    }

    fn distances(&self) -> Vec<Option<u64>> {
        let mut distance = vec![None; self.objects.len()];
        let mut met: HashSet<String> = HashSet::new();
        let roots = self.user_roots();
        roots.iter().for_each(|&at| distance[at] = Some(1));
        let base = if roots.is_empty() { 0 } else { BASE };
        for (start, first) in [(roots, None), (vec![0], Some(base))] {
            if first.is_some() {
                distance[0] = first;
            }
            let mut open: VecDeque<usize> = start.into();
            while let Some(at) = open.pop_front() {
                let from = &self.objects[at];
                for edge in &from.edges {
                    if edge.kind == "weak" || distance[edge.to].is_some() || !counts(from, edge, &mut met) {
                        continue;
                    }
                    distance[edge.to] = distance[at].map(|d| d + 1);
                    open.push_back(edge.to);
                }
            }
        }
        distance
    }

    fn detached(&self) -> Vec<bool> {
        let is_native = |at: usize| self.objects[at].kind == "native";
        if !self.has_state {
            let is_named = |at| is_native(at) && self.objects[at].name.starts_with("Detached ");
            return (0..self.objects.len()).map(is_named).collect();
        }
        let mut state: Vec<u64> = self.objects.iter().map(|o| o.state).collect();
        for value in [1, 2] {
            let mut open: Vec<usize> = (0..state.len()).filter(|&at| state[at] == value && is_native(at)).collect();
            while let Some(at) = open.pop() {
                for edge in self.objects[at].edges.iter().filter(|e| e.kind != "weak" && e.kind != "hidden") {
                    if state[edge.to] == 0 && is_native(edge.to) {
                        state[edge.to] = value;
                        open.push(edge.to);
                    }
                }
            }
        }
        (0..state.len()).map(|at| state[at] == 2 && is_native(at)).collect()
    }

    fn properties(&self, at: usize) -> Vec<&str> {
        self.objects[at].edges.iter().filter(|e| e.kind == "property").map(|e| e.name.as_str()).collect()
    }

    /// Names and properties of common shapes of plain objects, the most frequent first.
    fn shapes(&self, plain: &[usize]) -> Vec<(String, BTreeSet<String>)> {
        let mut found: Vec<(String, BTreeSet<String>, usize)> = Vec::new();
        for &at in plain {
            let (mut name, mut properties) = ("{".to_owned(), BTreeSet::new());
            for property in self.properties(at).into_iter().filter(|p| *p != "__proto__") {
                let spelt = match property.contains([',', '\'', '"', '{', '}']) {
                    true => Value::from(property).to_string(),
                    false => property.to_owned(),
                };
                let units = |text: &str| text.encode_utf16().count();
                if name.len() > 1 && units(&name) + units(&spelt) > 120 {
                    break;
                }
                name += &format!("{}{spelt}", if name.len() > 1 { ", " } else { "" });
                properties.insert(property.to_owned());
            }
            name.push('}');
            match found.iter_mut().find(|(known, ..)| *known == name) {
                Some((_, _, count)) => *count += 1,
                None if properties.is_empty() => {}
                None => found.push((name, properties, 1)),
            }
        }
        found.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
        let is_common = |count: usize| count >= 2 && count * 1_000 >= plain.len();
        found.into_iter().filter(|row| is_common(row.2)).map(|(name, properties, _)| (name, properties)).collect()
    }

    fn class_names(&self, detached: &[bool]) -> Vec<String> {
        let is_plain = |&at: &usize| self.objects[at].kind == "object" && self.objects[at].name == "Object";
        let plain: Vec<usize> = (0..self.objects.len()).filter(is_plain).collect();
        let shapes = self.shapes(&plain);
        let shape_of = |at: usize| {
            let has: BTreeSet<String> = self.properties(at).into_iter().map(str::to_owned).collect();
            let mut best: Option<&(String, BTreeSet<String>)> = None;
            for shape in shapes.iter().filter(|shape| shape.1.is_subset(&has)) {
                if best.is_none_or(|best| shape.1.len() > best.1.len()) {
                    best = Some(shape);
                }
            }
            best.map_or("Object".to_owned(), |shape| shape.0.clone())
        };
        let name = |at: usize| {
            let Object { kind, name, .. } = &self.objects[at];
            match kind.as_str() {
                "hidden" => "(system)".to_owned(),
                "code" => "(compiled code)".to_owned(),
                "closure" => "Function".to_owned(),
                "regexp" => "RegExp".to_owned(),
                "object" if name == "Object" => shape_of(at),
                "object" | "native" => {
                    let is_marked = detached[at] && !name.starts_with("Detached ");
                    let name = format!("{}{name}", if is_marked { "Detached " } else { "" });
                    let tag = name.strip_prefix("Detached ").unwrap_or(&name);
                    match tag.starts_with('<').then(|| tag.split_once(' ')).flatten() {
                        Some((head, _)) => format!("{}{head}>", &name[..name.len() - tag.len()]),
                        None => name,
                    }
                }
                kind => format!("({kind})"),
            }
        };
        (0..self.objects.len()).map(name).collect()
    }

    /// Works everything out.
    pub(crate) fn reckon(&self) -> Reckoned {
        let (shallow, dominator, distance) = (self.shallow(), self.dominators(), self.distances());
        let detached = self.detached();
        let class = self.class_names(&detached);
        let place = |at: usize| self.objects[at].place.filter(|_| self.objects[at].kind == "object");
        let key = |at: usize| (class[at].as_str(), place(at));
        let mut retained = shallow.clone();
        let mut classes: BTreeMap<(&str, Option<[u64; 3]>), Class> = BTreeMap::new();
        for (at, &size) in shallow.iter().enumerate() {
            let mut above = Vec::new();
            let mut walk = at;
            while walk != 0 {
                walk = dominator[walk];
                retained[walk] += size;
                above.push(walk);
            }
            if size == 0 {
                continue;
            }
            let row = classes.entry(key(at)).or_insert_with(|| {
                let (name, place) = key(at);
                Class { name: name.to_owned(), place, count: 0, shallow: 0, retained: 0, distance: None }
            });
            row.count += 1;
            row.shallow += size;
            row.distance = row.distance.into_iter().chain(distance[at]).min();
            // Its size belongs to every constructor that stands above it, once, and to its own.
            let keys: BTreeSet<_> = above.iter().copied().chain([at]).filter(|&a| shallow[a] > 0).map(key).collect();
            for key in keys {
                let (name, place) = (key.0.to_owned(), key.1);
                let empty = Class { name, place, count: 0, shallow: 0, retained: 0, distance: None };
                classes.entry(key).or_insert(empty).retained += size;
            }
        }
        let classes = classes.into_values().collect();
        Reckoned { shallow, retained, dominator, distance, class, detached, classes }
    }

    /// Sums by what bytes are for.
    pub(crate) fn sums(&self, shallow: &[u128]) -> Sums {
        let mut referred: HashMap<usize, usize> = HashMap::new();
        self.objects.iter().flat_map(|o| &o.edges).for_each(|e| *referred.entry(e.to).or_default() += 1);
        let mut sums = Sums::default();
        for (object, &size) in self.objects.iter().zip(shallow) {
            match object.kind.as_str() {
                "hidden" => sums.system += size,
                "native" => {
                    sums.native += size;
                    sums.typed_arrays += if object.name == "system / JSArrayBufferData" { size } else { 0 };
                }
                "code" => sums.code += size,
                "string" | "concatenated string" | "sliced string" => sums.strings += size,
                _ if object.name == "Array" => {
                    let elements = object.edges.iter().find(|e| e.kind == "internal" && e.name == "elements");
                    let own = elements.filter(|e| referred[&e.to] == 1).map_or(0, |e| shallow[e.to]);
                    sums.arrays += size + own;
                }
                _ => {}
            }
        }
        sums
    }

    fn says(&self, at: usize) -> String {
        let object = &self.objects[at];
        if object.kind != "concatenated string" {
            return object.name.clone();
        }
        let part = |name: &str| object.edges.iter().find(|e| e.kind == "internal" && e.name == name);
        ["first", "second"].iter().filter_map(|name| part(name)).map(|e| self.says(e.to)).collect()
    }

    /// Strings that are there several times: how many, their sizes, and what all but the smallest take.
    pub(crate) fn duplicates(&self, shallow: &[u128]) -> BTreeMap<String, (u64, u128, u128)> {
        let mut sizes: BTreeMap<String, Vec<u128>> = BTreeMap::new();
        for (at, object) in self.objects.iter().enumerate().filter(|(at, _)| shallow[*at] > 0) {
            let is_joined = object.kind == "concatenated string";
            let is_empty_part = |e: &Edge| {
                e.kind == "internal" && ["first", "second"].contains(&&*e.name) && self.says(e.to).is_empty()
            };
            if object.kind == "string" || is_joined && !object.edges.iter().any(is_empty_part) {
                sizes.entry(self.says(at).chars().take(1_024).collect()).or_default().push(shallow[at]);
            }
        }
        let row = |sizes: Vec<u128>| {
            let sum: u128 = sizes.iter().sum();
            (sizes.len() as u64, sum, sum - sizes.iter().min().copied().unwrap_or(0))
        };
        sizes.into_iter().filter(|(_, sizes)| sizes.len() > 1).map(|(text, sizes)| (text, row(sizes))).collect()
    }
}

/// Whether a reference counts for distances.
fn counts(from: &Object, edge: &Edge, met: &mut HashSet<String>) -> bool {
    if from.kind == "hidden" && from.name == "system / NativeContext" && edge.name == "sloppy_function_map" {
        return false;
    }
    if from.kind == "array" && from.name == "(map descriptors)" {
        let digits: String = edge.name.chars().take_while(char::is_ascii_digit).collect();
        return digits.parse::<u64>().map_or(true, |index| index < 2 || index % 3 != 1);
    }
    match entry(&edge.name).filter(|_| edge.kind == "internal") {
        // The value of a weak map's entry is as far as the later of its two holders.
        Some((part, _)) if !met.remove(&part) => {
            met.insert(part);
            false
        }
        _ => true,
    }
}
