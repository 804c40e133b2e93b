//! The heap of a JavaScript engine: every object and every reference, at one moment.
//!
//! What each column costs, in bytes per row:
//!
//! | of each object | bytes | of each edge | bytes |
//! |---|---|---|---|
//! | kind and detachedness | 1 | kind and lengths | 1 |
//! | name, as a text | about 2.5 | name or index | 1 or 2 |
//! | id of the engine | about 1 | target | 1 to 3 |
//! | own size | about 1.5 | | |
//! | first edge | about 1.5 | | |
//! | allocation stack, where recorded | at most 4 | | |
//!
//! So about 8 bytes for an object and less than 5 for an edge, where a snapshot of a
//! gigabyte spends about 30 and 17. Numbers of neighbours are mostly near each other, so they are packed:
//! [`Packed`]. A text costs its bytes and about 2 more, the place of a constructor or
//! function about 5. Rare numbers that do not fit (objects of 4 GiB) stand in
//! a short list beside the column. Who refers to an object is not stored: edges are found by their
//! targets in one pass, and that many more bytes would be a third again.

mod edges;
mod kinds;
mod locations;
mod texts;

pub(crate) use edges::RawEdge;
pub use kinds::{Detachedness, EdgeKind, ObjectKind};
pub use locations::{Location, Locations};
pub use texts::{TextId, Texts};

use super::{Column, Packed, PackedSizes};
use edges::Edges;

/// Index of an object in [`HeapGraph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The object at this index.
    pub fn from_index(index: usize) -> Self {
        Self(u32::try_from(index).expect("a graph has fewer than 4 billion objects"))
    }

    /// The index as a number.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An edge in [`HeapGraph`]: where it is stored, in the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EdgeId(pub(crate) u32);

impl EdgeId {
    /// The index as a number.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A reference from one object to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Which edge it is.
    pub id: EdgeId,
    /// What kind of reference.
    pub kind: EdgeKind,
    /// The name, where [`EdgeKind::has_name`], as a text; otherwise an index.
    pub name_or_index: u32,
    /// The object that is referred to.
    pub to: NodeId,
}

impl Edge {
    /// The name, where the edge has one.
    pub fn name(&self) -> Option<TextId> {
        self.kind.has_name().then_some(TextId(self.name_or_index))
    }
}

/// An object as a decoder hands it over.
#[derive(Debug, Clone, Copy)]
pub struct Object {
    /// What kind of object, or the number of a kind that only the file knows.
    pub kind: ObjectKind,
    /// Its name.
    pub name: TextId,
    /// The engine's own id, which stays with the object for its life.
    pub id: u32,
    /// Own size, bytes.
    pub size: u64,
    /// Number of its edges, which follow those of the object before.
    pub edges: u32,
    /// Whether it is part of the page, for objects of the browser.
    pub detachedness: Detachedness,
}

/// A moment of an allocation timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Microseconds since the recording began.
    pub at_us: u64,
    /// The last id that was given to an object by then.
    pub last_id: u32,
}

/// A function on allocation stacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceFunction {
    /// Its name.
    pub name: TextId,
    /// Name of its script.
    pub script_name: TextId,
    /// The engine's id of the script.
    pub script: u32,
    /// Line as the file has it, 1-based; 0 when unknown.
    pub line: u32,
    /// Column as the file has it, 1-based; 0 when unknown.
    pub column: u32,
}

/// A call stack at which objects were allocated. Its caller has a smaller index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceNode {
    /// What objects name it by.
    pub id: u32,
    /// Row of the innermost function.
    pub function: u32,
    /// Row of the caller's stack, [`TraceNode::NO_CALLER`] for the root.
    pub caller: u32,
    /// Objects that were allocated here in all.
    pub count: u64,
    /// Their size, bytes.
    pub size: u64,
}

impl TraceNode {
    /// The caller of a stack that has none.
    pub const NO_CALLER: u32 = u32::MAX;
}

/// What a heap held; immutable once built.
#[derive(Debug, Default)]
pub struct HeapGraph {
    /// Kind in the low five bits, detachedness above.
    marks: Column<u8>,
    names: Packed,
    ids: Packed,
    sizes: PackedSizes,
    /// How many edges each object has, until they are all there.
    edge_counts: Packed,
    /// Where the edges of each object start, and where the last ones end.
    first_edge: Packed,
    /// How many edges of the last object whose edges have begun are still to come.
    awaited: u32,
    traces: Packed,
    edges: Edges,
    /// The object from which all others are reached.
    pub root: NodeId,
    /// All texts, in the order of the file.
    pub texts: Texts,
    /// Names of kinds that are not among the known ones: [`ObjectKind::Other`].
    pub other_kinds: Vec<String>,
    pub(crate) locations: Locations,
    /// Moments of an allocation timeline, empty for snapshots.
    pub moments: Column<Moment>,
    /// Functions on allocation stacks.
    pub trace_functions: Vec<TraceFunction>,
    /// Allocation stacks.
    pub trace_stacks: Column<TraceNode>,
    /// Whether the file says which objects are part of the page.
    pub has_detachedness: bool,
    /// Bytes outside the heap that belong to it, as the file states them.
    pub extra_native_bytes: u64,
}

impl HeapGraph {
    /// Takes an object in.
    #[inline]
    pub(crate) fn push_object(&mut self, object: &Object) {
        self.marks.push(object.kind.code() | (object.detachedness as u8) << kinds::KIND_BITS);
        self.names.push(object.name.0);
        self.ids.push(object.id);
        self.sizes.push(object.size);
        self.edge_counts.push(object.edges);
    }

    /// Takes the allocation stack of the next object in; for all objects or for none.
    #[inline]
    pub(crate) fn push_trace(&mut self, trace: u32) {
        self.traces.push(trace);
    }

    /// Takes an edge in, in the order of the objects that they start from, which must all be there.
    /// False when the objects have no more edges, or there is no place for one.
    #[inline]
    pub(crate) fn push_edge(&mut self, kind: EdgeKind, name_or_index: u32, to: u32) -> bool {
        while self.awaited == 0 {
            if self.first_edge.len() == self.len() {
                return false;
            }
            self.begin_edges();
        }
        self.awaited -= 1;
        self.edges.push(self.first_edge.len() as u32 - 1, kind, name_or_index, to)
    }

    /// The edges of the next object begin.
    #[inline]
    fn begin_edges(&mut self) {
        self.awaited = self.edge_counts.get(self.first_edge.len());
        self.first_edge.push(self.edges.end());
    }

    /// All edges are there; those that objects still lack never come.
    pub(crate) fn end_edges(&mut self) {
        while self.first_edge.len() < self.len() {
            self.begin_edges();
        }
        self.first_edge.push(self.edges.end());
        self.edge_counts = Packed::new();
    }

    /// Drops allocation stacks that say nothing.
    pub(crate) fn drop_traces(&mut self) {
        self.traces = Packed::new();
    }

    /// Takes the locations in, of which the last counts where an object has several.
    pub(crate) fn set_locations(&mut self, locations: Column<Location>) {
        self.locations = Locations::of(locations);
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Number of edges.
    pub fn edge_count(&self) -> usize {
        self.edges.len()
    }

    /// All objects.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = NodeId> + Clone + use<> {
        (0..self.len() as u32).map(NodeId)
    }

    /// What kind of object it is.
    #[inline]
    pub fn kind(&self, node: NodeId) -> ObjectKind {
        ObjectKind::of_code(self.marks.get(node.index()))
    }

    /// Name of a kind, in the words of the engine.
    pub fn kind_name(&self, kind: ObjectKind) -> &str {
        match kind {
            ObjectKind::Other(at) => {
                let name = self.other_kinds.get(usize::from(at)).filter(|name| !name.is_empty());
                name.map_or("unknown", String::as_str)
            }
            known => known.name(),
        }
    }

    /// Whether the file says that the object is part of the page, or no longer.
    #[inline]
    pub fn detachedness(&self, node: NodeId) -> Detachedness {
        Detachedness::of_code(self.marks.get(node.index()) >> kinds::KIND_BITS)
    }

    /// The object's name as the file has it.
    #[inline]
    pub fn name(&self, node: NodeId) -> TextId {
        TextId(self.names.get(node.index()))
    }

    /// The engine's id: odd for objects of the heap, even for others. The same in all snapshots of one
    /// process.
    #[inline]
    pub fn id(&self, node: NodeId) -> u32 {
        self.ids.get(node.index())
    }

    /// The first object with this id of the engine. One pass over all objects.
    pub fn with_id(&self, id: u32) -> Option<NodeId> {
        self.ids.iter().position(|known| known == id).map(NodeId::from_index)
    }

    /// Whether the heap is that of a page, whose objects are part of it or no longer.
    pub fn has_page(&self) -> bool {
        match self.has_detachedness {
            true => self.marks.iter().any(|mark| mark >> kinds::KIND_BITS != 0),
            // Old files say it in names.
            false => self.texts.iter().any(|(_, text)| text.starts_with("Detached ")),
        }
    }

    /// Own size in bytes, as the file has it.
    #[inline]
    pub fn size(&self, node: NodeId) -> u64 {
        self.sizes.get(node.index())
    }

    /// Sum of all own sizes, saturating.
    pub fn size_sum(&self) -> u64 {
        self.nodes().fold(0, |sum: u64, node| sum.saturating_add(self.size(node)))
    }

    /// Id of the stack at which the object was allocated, 0 when it is not known.
    #[inline]
    pub fn trace(&self, node: NodeId) -> u32 {
        if self.traces.is_empty() { 0 } else { self.traces.get(node.index()) }
    }

    /// Where the edges of an object start and end.
    #[inline]
    pub(crate) fn edge_range(&self, node: usize) -> std::ops::Range<u32> {
        let (start, end) = self.first_edge.pair(node);
        start..end
    }

    /// An edge of an object, by its place, and the place behind it.
    #[inline]
    pub(crate) fn raw_edge(&self, node: usize, at: u32) -> (RawEdge, u32) {
        self.edges.read(at, node)
    }

    /// The edges that start from an object, as they are stored.
    #[inline]
    pub(crate) fn raw_edges(&self, node: usize) -> impl Iterator<Item = RawEdge> + '_ {
        let std::ops::Range { start: mut at, end } = self.edge_range(node);
        std::iter::from_fn(move || {
            let (edge, next) = (at < end).then(|| self.edges.read(at, node))?;
            at = next;
            Some(edge)
        })
    }

    /// Whether an object refers to others.
    pub fn has_edges(&self, node: NodeId) -> bool {
        !self.edge_range(node.index()).is_empty()
    }

    /// An edge.
    pub fn edge(&self, id: EdgeId) -> Edge {
        told(&self.edges.read(id.0, self.owner(id).index()).0)
    }

    /// The edges that start from an object, in the order of the file.
    pub fn edges(&self, node: NodeId) -> impl Iterator<Item = Edge> + '_ {
        self.raw_edges(node.index()).map(|edge| told(&edge))
    }

    /// The object that an edge starts from.
    pub fn owner(&self, edge: EdgeId) -> NodeId {
        let after = self.first_edge.partition_point(|first| first <= edge.0);
        NodeId(after.saturating_sub(1) as u32)
    }

    /// Where an object's constructor or a function is defined.
    pub fn location(&self, node: NodeId) -> Option<Location> {
        self.locations.of_node(node)
    }

    /// All locations, sorted by object.
    pub fn locations(&self) -> &Locations {
        &self.locations
    }

    /// Index of the moment of a timeline by which the object was allocated. Only objects of the heap
    /// have one, whose ids are odd, and only those that the profiler did not allocate itself at the end.
    pub fn moment_of(&self, node: NodeId) -> Option<usize> {
        let id = self.id(node);
        let at = self.moments.partition_point(|moment| moment.last_id < id);
        (id % 2 == 1 && at < self.moments.len()).then_some(at)
    }

    /// Whether objects say at which stack they were allocated.
    pub fn has_traces(&self) -> bool {
        !self.trace_stacks.is_empty()
    }

    /// Bytes of memory held by the tables.
    pub fn heap_bytes(&self) -> usize {
        self.marks.heap_bytes()
            + self.names.heap_bytes()
            + self.ids.heap_bytes()
            + self.sizes.heap_bytes()
            + self.edge_counts.heap_bytes()
            + self.first_edge.heap_bytes()
            + self.traces.heap_bytes()
            + self.edges.heap_bytes()
            + self.texts.heap_bytes()
            + self.locations.heap_bytes()
            + self.moments.heap_bytes()
            + self.trace_stacks.heap_bytes()
    }
}

/// An edge as it is told.
pub(crate) fn told(edge: &RawEdge) -> Edge {
    let (kind, name_or_index) = (edge.kind(), edge.name_or_index());
    Edge { id: EdgeId(edge.at), kind, name_or_index, to: NodeId(edge.to as u32) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(size: u64, edges: u32) -> Object {
        Object { kind: ObjectKind::Object, name: TextId(0), id: 1, size, edges, detachedness: Detachedness::Detached }
    }

    #[test]
    fn rare_numbers_are_kept_exactly() {
        let mut graph = HeapGraph::default();
        for size in [8, u64::from(u32::MAX) - 1, u64::from(u32::MAX), u64::MAX] {
            graph.push_object(&object(size, 1));
        }
        for index in [7, 1 << 29, u32::MAX - 1, u32::MAX] {
            assert!(graph.push_edge(EdgeKind::Element, index, 3));
        }
        assert!(!graph.push_edge(EdgeKind::Element, 1, 3));
        graph.end_edges();
        let sizes: Vec<u64> = graph.nodes().map(|node| graph.size(node)).collect();
        assert_eq!(sizes, [8, u64::from(u32::MAX) - 1, u64::from(u32::MAX), u64::MAX]);
        assert_eq!(graph.size_sum(), u64::MAX);
        let edges: Vec<Edge> = graph.nodes().flat_map(|node| graph.edges(node).collect::<Vec<_>>()).collect();
        assert_eq!(edges.iter().map(|e| e.name_or_index).collect::<Vec<_>>(), [7, 1 << 29, u32::MAX - 1, u32::MAX]);
        assert!(edges.iter().all(|e| e.kind == EdgeKind::Element && e.to == NodeId(3) && e.name().is_none()));
        assert_eq!(graph.detachedness(NodeId(2)), Detachedness::Detached);
    }

    #[test]
    fn edges_know_their_owner() {
        let mut graph = HeapGraph::default();
        for edges in [0, 2, 0, 0, 1] {
            graph.push_object(&object(8, edges));
        }
        (0..3).for_each(|to| assert!(graph.push_edge(EdgeKind::Property, 0, to)));
        graph.end_edges();
        let edges: Vec<Edge> = graph.nodes().flat_map(|node| graph.edges(node).collect::<Vec<_>>()).collect();
        let told: Vec<(u32, u32)> = edges.iter().map(|edge| (graph.owner(edge.id).0, edge.to.0)).collect();
        assert_eq!(told, [(1, 0), (1, 1), (4, 2)]);
        assert!(edges.iter().all(|edge| graph.edge(edge.id) == *edge));
    }

    #[test]
    fn the_last_location_of_an_object_counts() {
        let mut graph = HeapGraph::default();
        let at = |node, line| Location { node: NodeId(node), script: 1, line, column: 0 };
        graph.set_locations([at(3, 1), at(1, 2), at(3, 4)].into_iter().collect());
        assert_eq!(graph.location(NodeId(3)), Some(at(3, 4)));
        assert_eq!(graph.location(NodeId(1)), Some(at(1, 2)));
        assert_eq!(graph.location(NodeId(2)), None);
        assert_eq!(graph.locations().len(), 2);
    }
}
