//! The document, in whatever order its parts stand, and the graph that they make.

use crate::error::{Error, Place, Result};
use crate::input::json::{Json, Kind};
use crate::model::heap::{
    Detachedness, EdgeKind, HeapGraph, Location, Moment, NodeId, Object, ObjectKind, TextId, TraceFunction,
};
use crate::model::{Builder, Column};

use super::layout::{EDGE_FIELDS, Header, Layout, NODE_FIELDS};
use super::rows::{Rows, VALUES, rows_of, small};
use super::tokens::Tokens;

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Document {
    header: Header,
    graph: HeapGraph,
    nodes: Nodes,
    edges: Edges,
    /// Numbers that came before the header that says what they mean, and edges that came before the
    /// objects that they start from.
    early_nodes: Option<Column<i64>>,
    early_edges: Option<Column<i64>>,
    /// Whether the objects are in the graph.
    has_nodes: bool,
    locations: Column<i64>,
    samples: Column<i64>,
    trace_functions: Column<i64>,
    trace_tree: Tokens,
    /// Keys that were met; each may stand only once.
    met: Vec<&'static str>,
    /// Texts that were cut because they are too long.
    texts_cut: u64,
    rounded: u64,
    is_cut: bool,
}

/// What is counted while objects are read.
#[derive(Debug, Default)]
struct Nodes {
    rows: Rows,
    kinds: Vec<ObjectKind>,
    width: usize,
    has_traces: bool,
    /// Edges that they claim.
    edges: u64,
    unknown_kinds: u64,
    odd_numbers: u64,
    has_trace: bool,
    highest_name: u32,
}

/// What is counted while edges are read.
#[derive(Debug, Default)]
struct Edges {
    rows: Rows,
    kinds: Vec<EdgeKind>,
    /// Numbers of an object's row, by which targets are counted.
    node_width: i64,
    unknown_kinds: u64,
    /// The first edge whose target is no multiple of that, and its target.
    unaligned: Option<(u64, i64)>,
    /// The first of the edges with the highest target.
    highest: Option<(u64, u32)>,
    highest_name: u32,
    /// Edges that were read, and those of them that are in the graph.
    seen: u64,
    kept: u64,
}

/// Parts of the document.
const PARTS: [&str; 8] =
    ["snapshot", "nodes", "edges", "strings", "locations", "samples", "trace_function_infos", "trace_tree"];
/// Most objects and most edges: their numbers have 32 bits.
const ROWS_MAX: u64 = u32::MAX as u64 - 1;
const RECORD_AGAIN: &str = "The file is damaged or was edited: record it again.";

impl Document {
    pub(super) fn read(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_object()?;
        loop {
            let Some(key) = json.next_key()?.map(|key| PARTS.iter().find(|part| **part == key).copied()) else {
                return Ok(());
            };
            match key {
                Some(part) if json.kind()? != Kind::Null => self.read_part(json, part)?,
                _ => json.skip_value()?,
            }
        }
    }

    fn read_part(&mut self, json: &mut Json<'_>, part: &'static str) -> Result<()> {
        if self.met.contains(&part) {
            return Err(json.misplaced("this part of a snapshot is there twice"));
        }
        self.met.push(part);
        match part {
            "snapshot" => {
                self.header.read(json)?;
                self.header_is_known()
            }
            "nodes" => self.read_nodes(json),
            "edges" => self.read_edges(json),
            "strings" => self.read_texts(json),
            "locations" => keep(json, &mut self.locations),
            "samples" => keep(json, &mut self.samples),
            "trace_function_infos" => keep(json, &mut self.trace_functions),
            _ => self.trace_tree.read(json),
        }
    }

    /// The header is there: what came before it can be understood now.
    fn header_is_known(&mut self) -> Result<()> {
        if !self.header.has_meta {
            return Err(no_meta());
        }
        let Layout { nodes, node_kinds, other_kinds, edges, edge_kinds, has_detachedness, has_traces } =
            self.header.meta.layout()?;
        self.graph.has_detachedness = has_detachedness;
        self.graph.other_kinds = other_kinds;
        self.nodes.width = nodes.width();
        self.nodes.has_traces = has_traces;
        self.nodes.kinds = node_kinds;
        self.edges.node_width = nodes.width() as i64;
        self.edges.kinds = edge_kinds;
        self.nodes.rows = Rows::new(nodes);
        self.edges.rows = Rows::new(edges);
        if let Some(early) = self.early_nodes.take() {
            early.into_segments().for_each(|values| self.nodes.take(&values, &mut self.graph));
            self.nodes_are_known();
        }
        Ok(())
    }

    /// The objects are there: what came before them can be understood now.
    fn nodes_are_known(&mut self) {
        self.has_nodes = true;
        for values in self.early_edges.take().into_iter().flat_map(Column::into_segments) {
            self.edges.take(&values, &mut self.graph);
        }
    }

    fn read_nodes(&mut self, json: &mut Json<'_>) -> Result<()> {
        if !self.header.has_meta {
            return keep(json, self.early_nodes.insert(Column::new()));
        }
        let Self { nodes, graph, .. } = self;
        let bulk = json.batches_of_i64(0, |values, _| nodes.take(values, graph))?;
        self.rounded += bulk.rounded + bulk.clamped;
        self.nodes_are_known();
        Ok(())
    }

    fn read_edges(&mut self, json: &mut Json<'_>) -> Result<()> {
        if !self.has_nodes {
            return keep(json, self.early_edges.insert(Column::new()));
        }
        let Self { edges, graph, .. } = self;
        let bulk = json.batches_of_i64(0, |values, _| edges.take(values, graph))?;
        self.rounded += bulk.rounded + bulk.clamped;
        Ok(())
    }

    fn read_texts(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_array()?;
        while json.next_element()? {
            let is_text = json.kind()? == Kind::Text;
            let pushed = if is_text {
                self.graph.texts.push(json.text()?)
            } else {
                json.skip_value()?;
                self.graph.texts.push("")
            };
            match pushed {
                Ok(is_whole) => self.texts_cut += u64::from(!is_whole),
                Err(_) => return Err(json.misplaced("the texts are longer than 4 GiB together")),
            }
        }
        Ok(())
    }

    /// Takes the document as it is although it ends early, if the graph is complete.
    ///
    /// # Errors
    /// Gives `error` back if not.
    pub(super) fn end_early(&mut self, error: Error) -> Result<()> {
        let has_graph = ["snapshot", "nodes", "edges"].iter().all(|part| self.met.contains(part));
        let is_after = self.met.last().is_some_and(|last| !["snapshot", "nodes", "edges"].contains(last));
        self.is_cut = has_graph && is_after && self.header.has_meta;
        if self.is_cut { Ok(()) } else { Err(error) }
    }

    /// The graph.
    ///
    /// # Errors
    /// When objects and edges do not fit together.
    pub(super) fn finish(mut self, builder: &mut Builder) -> Result<HeapGraph> {
        if !self.header.has_meta {
            return Err(no_meta());
        }
        self.check_nodes()?;
        self.check_edges()?;
        self.graph.end_edges();
        let unowned = self.edges.seen - self.nodes.edges;
        self.take_in_rest(builder)?;
        self.note(builder, unowned);
        Ok(self.graph)
    }

    fn check_nodes(&self) -> Result<()> {
        let place = || Place::Path("nodes".into());
        if self.nodes.rows.left() > 0 {
            let problem = format!("the list ends within an object, which has {} numbers", self.nodes.width);
            return Err(Error::new(place(), problem, RECORD_AGAIN));
        }
        if self.graph.is_empty() {
            return Err(Error::new(place(), "there are no objects", "Record it again."));
        }
        if self.graph.len() as u64 > ROWS_MAX || self.nodes.edges > ROWS_MAX {
            return Err(Error::new(place(), "there are more than four billion objects or references", RECORD_AGAIN));
        }
        Ok(())
    }

    fn check_edges(&self) -> Result<()> {
        let place = || Place::Path("edges".into());
        let width = self.edges.node_width;
        let has = self.edges.seen;
        if self.edges.rows.left() > 0 {
            return Err(Error::new(place(), "the list ends within an edge", RECORD_AGAIN));
        }
        if self.edges.kept < has.min(self.nodes.edges) {
            return Err(Error::new(
                place(),
                "there are more references than memory for them",
                "Take a smaller snapshot.",
            ));
        }
        if has < self.nodes.edges {
            let problem = format!("the objects have {} edges together, but the list holds {has}", self.nodes.edges);
            return Err(Error::new(place(), problem, RECORD_AGAIN));
        }
        if let Some((edge, target)) = self.edges.unaligned {
            let problem = format!("its target {target} is not the start of an object, which has {width} numbers");
            return Err(Error::new(Place::Path(format!("edges, edge {edge}")), problem, RECORD_AGAIN));
        }
        match self.edges.highest.filter(|(_, to)| *to as usize >= self.graph.len()) {
            Some((edge, to)) => {
                let target = i64::from(to).saturating_mul(width);
                let problem = format!("its target {target} lies behind the last of {} objects", self.graph.len());
                Err(Error::new(Place::Path(format!("edges, edge {edge}")), problem, RECORD_AGAIN))
            }
            None => Ok(()),
        }
    }

    /// Takes in what was kept as numbers.
    fn take_in_rest(&mut self, builder: &mut Builder) -> Result<()> {
        let Self { header, graph, nodes, .. } = self;
        let width = nodes.width as i64;
        let objects = graph.len();
        let row_of = |index: i64| {
            let row = usize::try_from(index / width).ok().filter(|row| index % width == 0 && *row < objects)?;
            Some(NodeId::from_index(row))
        };
        graph.root = row_of(header.root_index).ok_or_else(|| {
            Error::new(Place::Path("snapshot.root_index".into()), "there is no such object", RECORD_AGAIN)
        })?;
        graph.extra_native_bytes = u64::try_from(header.extra_native_bytes).unwrap_or(0);
        let (mut astray, mut ragged) = (0, 0);
        let mut locations = Column::new();
        let wanted = ["object_index", "script_id", "line", "column"];
        ragged += rows_of(&std::mem::take(&mut self.locations), &header.meta.location_fields, &wanted, |row| {
            match row_of(row[0]) {
                Some(node) => {
                    let (script, line, column) = (small(row[1]), small(row[2]), small(row[3]));
                    locations.push(Location { node, script, line, column });
                }
                None => astray += 1,
            }
        });
        graph.set_locations(locations);
        let samples = std::mem::take(&mut self.samples);
        let wanted = ["timestamp_us", "last_assigned_id"];
        ragged += rows_of(&samples, &header.meta.sample_fields, &wanted, |row| {
            graph.moments.push(Moment { at_us: u64::try_from(row[0]).unwrap_or(0), last_id: small(row[1]) });
        });
        let wanted = ["name", "script_name", "script_id", "line", "column"];
        let fields = &header.meta.trace_function_info_fields;
        ragged += rows_of(&std::mem::take(&mut self.trace_functions), fields, &wanted, |row| {
            let [name, script_name] = [row[0], row[1]].map(|text| TextId::from_index(small(text)));
            let [script, line, column] = [row[2], row[3], row[4]].map(small);
            graph.trace_functions.push(TraceFunction { name, script_name, script, line, column });
        });
        graph.trace_stacks = std::mem::take(&mut self.trace_tree).stacks(&header.meta.trace_node_fields);
        if !nodes.has_trace {
            graph.drop_traces();
        }
        builder.note("unknown-object", astray, "Some places of functions are of objects that do not exist.");
        builder.note(
            "ragged",
            ragged,
            "Some lists end within a row, or do not say what their numbers mean; these were left out.",
        );
        Ok(())
    }

    fn note(&self, builder: &mut Builder, unowned: u64) {
        if self.is_cut {
            builder.note("cut", 1, "The file ends early; objects and references are complete, some names are missing.");
        }
        let counts = [(self.header.node_count, self.graph.len()), (self.header.edge_count, self.graph.edge_count())];
        let differing = counts.iter().filter(|(told, is)| told.is_some_and(|told| told != *is as i64)).count();
        builder.note(
            "about-counts",
            differing as u64,
            "The counts in the file's header are not those of its lists; the lists count.",
        );
        builder.note("unowned-edges", unowned, "Some edges at the end of the list belong to no object; left out.");
        let (nodes, edges) = (&self.nodes, &self.edges);
        builder.note("unknown-kind", nodes.unknown_kinds, "Some objects are of a kind that the file does not name.");
        builder.note(
            "unknown-edge-kind",
            edges.unknown_kinds,
            "Some references are of a kind that the file does not name.",
        );
        builder.note(
            "odd-number",
            nodes.odd_numbers + self.rounded,
            "Some numbers cannot be what they stand for; the nearest that can was taken.",
        );
        builder.note("long-text", self.texts_cut, "Texts longer than a mebibyte were cut.");
        if nodes.highest_name.max(edges.highest_name) as usize >= self.graph.texts.len() {
            builder.note(
                "bad-name",
                self.nameless(),
                "Some names are not among the file's texts; (unknown) stands for them.",
            );
        }
    }

    /// Objects and edges whose names do not exist.
    fn nameless(&self) -> u64 {
        let graph = &self.graph;
        let is_missing = |text: TextId| text.index() >= graph.texts.len();
        let nodes = graph.nodes().filter(|node| is_missing(graph.name(*node))).count();
        let edges =
            graph.nodes().flat_map(|node| graph.edges(node)).filter(|e| e.name().is_some_and(is_missing)).count();
        nodes as u64 + edges as u64
    }
}

fn no_meta() -> Error {
    Error::new(
        Place::Path("snapshot.meta".into()),
        "it is missing, and only it says what the numbers of a heap snapshot mean",
        RECORD_AGAIN,
    )
}

/// Keeps a list as numbers.
fn keep(json: &mut Json<'_>, list: &mut Column<i64>) -> Result<()> {
    json.batches_of_i64(0, |values, _| list.extend_mapped(values, |value| value)).map(|_| ())
}

impl Nodes {
    fn take(&mut self, values: &[i64], graph: &mut HeapGraph) {
        debug_assert_eq!(NODE_FIELDS[4], "edge_count", "rows have the order of the fields");
        let Self { rows, kinds, has_traces, edges, unknown_kinds, odd_numbers, has_trace, highest_name, .. } = self;
        rows.take(values, |row: &[i64; VALUES]| {
            let kind = usize::try_from(row[0]).ok().and_then(|at| kinds.get(at)).copied();
            *unknown_kinds += u64::from(kind.is_none());
            let is_odd = row[2] != i64::from(small(row[2])) || row[3] < 0 || row[4] < 0;
            *odd_numbers += u64::from(is_odd);
            let claimed = u32::try_from(row[4].max(0)).unwrap_or(u32::MAX);
            *edges = edges.saturating_add(u64::from(claimed));
            let name = small(row[1]);
            *highest_name = (*highest_name).max(name);
            graph.push_object(&Object {
                kind: kind.unwrap_or(ObjectKind::Other(u8::MAX)),
                name: TextId::from_index(name),
                id: small(row[2]),
                size: u64::try_from(row[3]).unwrap_or(0),
                edges: claimed,
                detachedness: Detachedness::of_code(u8::try_from(row[6]).unwrap_or(0)),
            });
            if *has_traces {
                let trace = small(row[5]);
                *has_trace |= trace != 0;
                graph.push_trace(trace);
            }
        });
    }
}

impl Edges {
    fn take(&mut self, values: &[i64], graph: &mut HeapGraph) {
        debug_assert_eq!(EDGE_FIELDS[2], "to_node", "rows have the order of the fields");
        let Self { rows, kinds, node_width, unknown_kinds, unaligned, highest, highest_name, seen, kept } = self;
        let width = u32::try_from(*node_width).unwrap_or(1).max(1);
        let mut highest_to = highest.map_or(0, |(_, to)| to);
        rows.take(values, |row: &[i64; VALUES]| {
            let kind = usize::try_from(row[0]).ok().and_then(|at| kinds.get(at)).copied();
            *unknown_kinds += u64::from(kind.is_none());
            let kind = kind.unwrap_or(EdgeKind::Other);
            let name = small(row[1]);
            if kind.has_name() {
                *highest_name = (*highest_name).max(name);
            }
            let to = match u32::try_from(row[2]) {
                Ok(index) if index % width == 0 => index / width,
                _ => {
                    unaligned.get_or_insert((*seen, row[2]));
                    0
                }
            };
            if to >= highest_to && (to > highest_to || highest.is_none()) {
                highest_to = to;
                *highest = Some((*seen, to));
            }
            *seen += 1;
            *kept += u64::from(graph.push_edge(kind, name, to));
        });
    }
}
