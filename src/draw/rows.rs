//! Boxes by depth: what a flame graph is drawn from, and how a row of millions is skipped through.

use std::cmp::Ordering;

use crate::model::{Children, Column};

/// The box that holds everything. As a node's parent it says "none", as a sample's node "nothing".
pub const ALL: u32 = u32::MAX;

/// Boxes by depth in data space: nanoseconds, bytes, samples.
///
/// Depth 0 is the one box [`ALL`], unless there is nothing at all. Boxes of a row are sorted by
/// start and do not overlap; a box lies inside one of the row before and is at least one unit wide.
pub trait Rows {
    /// Number of rows.
    fn depths(&self) -> usize;

    /// Number of boxes in a row.
    fn len(&self, depth: usize) -> usize;

    /// Where a box begins.
    fn start(&self, depth: usize, index: usize) -> i64;

    /// Where it ends.
    fn end(&self, depth: usize, index: usize) -> i64;

    /// The node of the call tree that it stands for.
    fn node(&self, depth: usize, index: usize) -> u32;

    /// First box behind `index` that is at least `unit` wide or comes after a gap of at least
    /// `unit`; the row's length when there is none. What lies between looks like one box when
    /// `unit` is a pixel, so that a row costs what is seen of it and not what is in it.
    fn run_end(&self, depth: usize, index: usize, unit: i64) -> usize;

    /// Rows whose boxes lie inside the box of all and not of the row before: the heads of tracks that
    /// stand below each other. None where all is one tree.
    fn tops(&self) -> &[u32] {
        &[]
    }

    /// Rows whose boxes lie inside the head of their track and not of the row before: lanes of what
    /// overlaps. The first lane of a track is none of them.
    fn lanes(&self) -> &[u32] {
        &[]
    }
}

/// The row that the boxes of a row lie inside of.
fn around<R: Rows + ?Sized>(rows: &R, depth: usize) -> Option<usize> {
    let is_one_of = |list: &[u32]| list.binary_search(&(depth as u32)).is_ok();
    match depth {
        _ if is_one_of(rows.tops()) => Some(0),
        _ if is_one_of(rows.lanes()) => Some(head_of(rows, depth)),
        _ => depth.checked_sub(1),
    }
}

/// The head of the track that a row is of; the row of all where there are no heads.
fn head_of<R: Rows + ?Sized>(rows: &R, depth: usize) -> usize {
    let tops = rows.tops();
    let behind = tops.partition_point(|&top| top as usize <= depth);
    behind.checked_sub(1).map_or(0, |at| tops[at] as usize)
}

/// The row inside the boxes of a row; several where tracks stand below each other.
fn inside<R: Rows + ?Sized>(rows: &R, depth: usize) -> Option<usize> {
    (depth + 1 < rows.depths() && around(rows, depth + 1) == Some(depth)).then_some(depth + 1)
}

/// A box and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlameBox {
    /// Row, 0 is the root's.
    pub depth: usize,
    /// Position in the row.
    pub index: usize,
    /// Node of the call tree, or [`ALL`].
    pub node: u32,
    /// Where it begins in data space.
    pub start: i64,
    /// Where it ends.
    pub end: i64,
}

/// Directions as drawn, root on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the caller.
    Parent,
    /// To the widest callee.
    Child,
    /// To the sibling on the left.
    Left,
    /// To the sibling on the right.
    Right,
}

/// The box at a position, if there is one.
pub fn box_at<R: Rows + ?Sized>(rows: &R, depth: usize, index: usize) -> Option<FlameBox> {
    (depth < rows.depths() && index < rows.len(depth)).then(|| FlameBox {
        depth,
        index,
        node: rows.node(depth, index),
        start: rows.start(depth, index),
        end: rows.end(depth, index),
    })
}

/// The widest box of `node` in a row between `from` and `to`. Linear in the boxes between them: for
/// what a person does, not for what a frame does.
pub fn find<R: Rows + ?Sized>(rows: &R, depth: usize, node: u32, from: i64, to: i64) -> Option<FlameBox> {
    widest(rows, depth, from, to, |i| rows.node(depth, i) == node)
}

/// The box at the end of a path of nodes, outermost first, where equal calls are merged. Looks at the
/// boxes beside those of the path only.
pub fn find_path<R: Rows + ?Sized>(rows: &R, path: &[u32]) -> Option<FlameBox> {
    let below = |above: FlameBox, &node: &u32| find(rows, inside(rows, above.depth)?, node, above.start, above.end);
    path.iter().try_fold(box_at(rows, 0, 0)?, below)
}

/// The widest box of a node in the first row that has one; no row is looked at that is less than `depth`
/// rows below the first. Linear in the boxes of these rows: for what a person does.
pub fn find_node<R: Rows + ?Sized>(rows: &R, node: u32, depth: usize) -> Option<FlameBox> {
    (depth..rows.depths()).find_map(|depth| find(rows, depth, node, i64::MIN, i64::MAX))
}

/// The box next to another, for the arrow keys; `None` at the end of the way.
/// The way down is linear in the callees, the others need a few binary searches.
pub fn neighbour<R: Rows + ?Sized>(rows: &R, depth: usize, index: usize, to: Direction) -> Option<FlameBox> {
    let here = box_at(rows, depth, index)?;
    match to {
        Direction::Parent => parent(rows, &here),
        Direction::Child => widest(rows, inside(rows, depth)?, here.start, here.end, |_| true),
        Direction::Left => index.checked_sub(1).and_then(|index| sibling(rows, &here, index)),
        Direction::Right => sibling(rows, &here, index + 1),
    }
    .or_else(|| next_track(rows, depth, to))
    .or_else(|| next_lane(rows, depth, to))
}

/// From the outermost boxes of a lane to the first one of the lane behind, or of the one before.
fn next_lane<R: Rows + ?Sized>(rows: &R, depth: usize, to: Direction) -> Option<FlameBox> {
    let lanes = rows.lanes();
    let behind = lanes.partition_point(|&lane| lane as usize <= depth);
    let lane = |at: usize| lanes.get(at).map(|&lane| lane as usize);
    let head = around(rows, depth)?;
    let next = match to {
        Direction::Right => lane(behind)?,
        // Behind the lane before, if that is one of the list; else to the first, which is none.
        Direction::Left if behind.checked_sub(1).and_then(lane) == Some(depth) => {
            behind.checked_sub(2).and_then(lane).filter(|&lane| lane > head).unwrap_or(head + 1)
        }
        _ => return None,
    };
    (around(rows, next) == Some(head)).then(|| box_at(rows, next, 0))?
}

/// From the head of a track to that of the one before or behind.
fn next_track<R: Rows + ?Sized>(rows: &R, depth: usize, to: Direction) -> Option<FlameBox> {
    let tops = rows.tops();
    let at = tops.binary_search(&(depth as u32)).ok()?;
    let next = match to {
        Direction::Left => at.checked_sub(1)?,
        Direction::Right => at + 1,
        Direction::Parent | Direction::Child => return None,
    };
    box_at(rows, *tops.get(next)? as usize, 0)
}

fn sibling<R: Rows + ?Sized>(rows: &R, here: &FlameBox, index: usize) -> Option<FlameBox> {
    let other = box_at(rows, here.depth, index)?;
    (parent(rows, &other) == parent(rows, here)).then_some(other)
}

fn parent<R: Rows + ?Sized>(rows: &R, here: &FlameBox) -> Option<FlameBox> {
    let depth = around(rows, here.depth)?;
    box_at(rows, depth, ending_after(rows, depth, here.start as f64))
}

fn widest<R: Rows + ?Sized>(
    rows: &R,
    depth: usize,
    from: i64,
    to: i64,
    wanted: impl Fn(usize) -> bool,
) -> Option<FlameBox> {
    if depth >= rows.depths() {
        return None;
    }
    let first = ending_after(rows, depth, from as f64);
    let inside = (first..rows.len(depth)).take_while(|&i| rows.start(depth, i) < to);
    // Of equally wide boxes the leftmost.
    let key = |&i: &usize| (rows.end(depth, i) - rows.start(depth, i), std::cmp::Reverse(i));
    box_at(rows, depth, inside.filter(|&i| wanted(i)).max_by_key(key)?)
}

/// First box of a row that ends behind `at`.
pub(super) fn ending_after<R: Rows + ?Sized>(rows: &R, depth: usize, at: f64) -> usize {
    partition(0, rows.len(depth), |i| rows.end(depth, i) as f64 <= at)
}

/// First box of a row, from `first` on, that does not begin before `at`.
pub(super) fn starting_from<R: Rows + ?Sized>(rows: &R, depth: usize, first: usize, at: f64) -> usize {
    partition(first, rows.len(depth), |i| (rows.start(depth, i) as f64) < at)
}

fn partition(mut low: usize, mut high: usize, pred: impl Fn(usize) -> bool) -> usize {
    while low < high {
        let middle = low + (high - low) / 2;
        if pred(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// Skips runs of small boxes: a tree of maxima over what each box adds to a row, the larger of its
/// width and the gap before it. Eight boxes share an entry, so it costs little more than a byte a box.
#[derive(Debug, Default, Clone)]
pub(super) struct RunIndex {
    levels: Vec<Column<i64>>,
}

const FAN_OUT: usize = 8;

impl RunIndex {
    /// The index of `len` boxes; `extent` is the larger of a box's width and the gap before it.
    pub(super) fn new(len: usize, extent: impl Fn(usize) -> i64) -> Self {
        let mut levels = Vec::new();
        let mut level = maxima(len, extent);
        while !level.is_empty() {
            let above = maxima(level.len(), |i| level.get(i));
            levels.push(std::mem::replace(&mut level, above));
        }
        Self { levels }
    }

    /// First box from `from` on whose extent is at least `unit`, or `len`. It looks at no more than
    /// a few entries per level, whatever the distance.
    pub(super) fn next(&self, from: usize, len: usize, unit: i64, extent: impl Fn(usize) -> i64) -> usize {
        let (mut level, mut at) = (0, from);
        loop {
            probes::count();
            let (value, level_len) = match level {
                0 => (if at < len { extent(at) } else { 0 }, len),
                _ => {
                    let column = &self.levels[level - 1];
                    (if at < column.len() { column.get(at) } else { 0 }, column.len())
                }
            };
            if at >= level_len {
                return len;
            }
            if value >= unit && level == 0 {
                return at;
            }
            if value >= unit {
                (level, at) = (level - 1, at * FAN_OUT);
                continue;
            }
            at += 1;
            while at % FAN_OUT == 0 && level < self.levels.len() {
                (level, at) = (level + 1, at / FAN_OUT);
            }
        }
    }

    fn heap_bytes(&self) -> usize {
        self.levels.iter().map(Column::heap_bytes).sum()
    }
}

/// The largest extent of each group; nothing where there is only one group.
fn maxima(len: usize, extent: impl Fn(usize) -> i64) -> Column<i64> {
    if len <= FAN_OUT {
        return Column::new();
    }
    let largest = |first: usize| (first..len.min(first + FAN_OUT)).map(&extent).fold(i64::MIN, i64::max);
    (0..len).step_by(FAN_OUT).map(largest).collect()
}

/// Counts the entries that are looked at, so that tests can hold the cost of a frame.
pub(super) mod probes {
    #[cfg(test)]
    thread_local! {
        static COUNT: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
    }

    #[cfg(test)]
    pub(crate) fn count() {
        COUNT.with(|count| count.set(count.get() + 1));
    }

    #[cfg(not(test))]
    #[inline(always)]
    pub(crate) fn count() {}

    #[cfg(test)]
    pub(crate) fn take() -> u64 {
        COUNT.with(|count| count.replace(0))
    }
}

/// The boxes of all rows as plain columns, row by row: what crosses between workers.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct BoxColumns {
    /// First box of each row, and the number of all boxes; empty when there is nothing.
    pub first: Vec<u32>,
    /// Where each box begins in data space.
    pub start: Column<i64>,
    /// How wide it is.
    pub width: Column<i64>,
    /// Which node of the call tree it stands for.
    pub node: Column<u32>,
    /// See [`Rows::tops`].
    pub tops: Vec<u32>,
    /// See [`Rows::lanes`].
    pub lanes: Vec<u32>,
}

impl BoxColumns {
    /// Lays out a tree given by each node's parent ([`ALL`] for roots; parents come before
    /// children) and width. Siblings stand in the given order from their parent's start; equal ones
    /// by number. Nodes of no or negative width have no box, nor has anything below them, and a
    /// child ends where its parent ends.
    ///
    /// A box of [`ALL`] that is as wide as all roots is row 0. Linear but for sorting siblings.
    pub fn from_tree(parent: &Column<u32>, width: &Column<i64>, order: impl FnMut(u32, u32) -> Ordering) -> Self {
        let siblings = Siblings::new(parent, width, order);
        let whole = siblings.below(ALL).map(|(_, width)| width.max(0)).fold(0, i64::saturating_add);
        let mut rows = Self { first: vec![0], ..Self::default() };
        if whole > 0 {
            rows.push(ALL, 0, whole);
        }
        let mut row = 0..rows.node.len();
        while !row.is_empty() {
            rows.end_row();
            row.for_each(|i| rows.push_children(i, &siblings));
            row = rows.last_end()..rows.node.len();
        }
        rows
    }

    fn push_children(&mut self, i: usize, siblings: &Siblings) {
        let mut at = self.start.get(i);
        let end = at + self.width.get(i);
        for (child, width) in siblings.below(self.node.get(i)) {
            let width = width.min(end - at);
            if width > 0 {
                self.push(child, at, width);
                at += width;
            }
        }
    }

    /// Only the box of all, from one moment to another; nothing where there is no time between them.
    pub fn whole(from: i64, to: i64) -> Self {
        let mut columns = Self { first: vec![0], ..Self::default() };
        if from < to {
            columns.push(ALL, from, to - from);
            columns.end_row();
        }
        columns
    }

    /// Begins a track: a row with one box, below which its rows follow.
    pub fn begin_track(&mut self, node: u32, from: i64, to: i64) {
        self.tops.push(self.row());
        self.push(node, from, to - from);
        self.end_row();
    }

    /// Says that the row at hand begins a lane of its own in the track at hand.
    pub fn begin_lane(&mut self) {
        self.lanes.push(self.row());
    }

    /// Number of the row at hand.
    fn row(&self) -> u32 {
        u32::try_from(self.first.len() - 1).expect("4 billion rows do not fit into memory")
    }

    /// Appends a box to the row at hand.
    pub fn push(&mut self, node: u32, start: i64, width: i64) {
        self.node.push(node);
        self.start.push(start);
        self.width.push(width);
    }

    /// Ends the row at hand.
    pub fn end_row(&mut self) {
        self.first.push(u32::try_from(self.node.len()).expect("4 billion boxes do not fit into memory"));
    }

    fn last_end(&self) -> usize {
        self.first.last().map_or(0, |&end| end as usize)
    }

    /// The larger of a box's width and the gap before it. The last box of a row ends behind where
    /// the first of the next one begins: that gap is negative and says nothing.
    fn extent(&self, i: usize) -> i64 {
        let gap = i.checked_sub(1).map_or(0, |b| self.start.get(i) - (self.start.get(b) + self.width.get(b)));
        gap.max(self.width.get(i))
    }
}

/// Rows of boxes that hold their own edges: 20 bytes a box, and one for skipping runs.
#[derive(Debug, Default, Clone)]
pub struct BoxRows {
    columns: BoxColumns,
    runs: RunIndex,
}

impl BoxRows {
    /// Rows that skip runs of small boxes. Linear in boxes.
    pub fn new(columns: BoxColumns) -> Self {
        let runs = RunIndex::new(columns.node.len(), |i| columns.extent(i));
        Self { columns, runs }
    }

    /// The columns, and those of the index that skips runs: what crosses between workers.
    pub fn apart(self) -> (BoxColumns, Vec<Column<i64>>) {
        (self.columns, self.runs.levels)
    }

    /// Rows from what [`BoxRows::apart`] gave; nothing is worked out.
    pub fn together(columns: BoxColumns, levels: Vec<Column<i64>>) -> Self {
        Self { columns, runs: RunIndex { levels } }
    }

    /// [`BoxColumns::from_tree`], ready to be drawn.
    pub fn from_tree(parent: &Column<u32>, width: &Column<i64>, order: impl FnMut(u32, u32) -> Ordering) -> Self {
        Self::new(BoxColumns::from_tree(parent, width, order))
    }

    /// Number of boxes, that of all among them.
    pub fn boxes(&self) -> usize {
        self.columns.node.len()
    }

    fn at(&self, depth: usize, index: usize) -> usize {
        probes::count();
        self.columns.first[depth] as usize + index
    }

    /// Bytes of heap memory held.
    pub fn heap_bytes(&self) -> usize {
        let BoxColumns { first, start, width, node, tops, lanes } = &self.columns;
        let edges = start.heap_bytes() + width.heap_bytes();
        (first.capacity() + tops.capacity() + lanes.capacity()) * size_of::<u32>()
            + edges
            + node.heap_bytes()
            + self.runs.heap_bytes()
    }
}

impl Rows for BoxRows {
    fn depths(&self) -> usize {
        self.columns.first.len().saturating_sub(1)
    }

    fn len(&self, depth: usize) -> usize {
        (self.columns.first[depth + 1] - self.columns.first[depth]) as usize
    }

    fn start(&self, depth: usize, index: usize) -> i64 {
        self.columns.start.get(self.at(depth, index))
    }

    fn end(&self, depth: usize, index: usize) -> i64 {
        let i = self.at(depth, index);
        self.columns.start.get(i) + self.columns.width.get(i)
    }

    fn node(&self, depth: usize, index: usize) -> u32 {
        self.columns.node.get(self.at(depth, index))
    }

    fn tops(&self) -> &[u32] {
        &self.columns.tops
    }

    fn lanes(&self) -> &[u32] {
        &self.columns.lanes
    }

    fn run_end(&self, depth: usize, index: usize, unit: i64) -> usize {
        let (first, end) = (self.columns.first[depth] as usize, self.columns.first[depth + 1] as usize);
        self.runs.next(first + index + 1, end, unit, |i| self.columns.extent(i)) - first
    }
}

/// The children of each node and their widths in the order of the lists, so that laying a parent out
/// reads one place of memory and not one per child.
struct Siblings {
    children: Children,
    widths: Vec<i64>,
}

impl Siblings {
    fn new(parent: &Column<u32>, width: &Column<i64>, order: impl FnMut(u32, u32) -> Ordering) -> Self {
        let mut children = Children::new(parent.len(), parent.iter());
        children.sort(order);
        let widths = children.all().iter().map(|&node| width.get(node as usize)).collect();
        Self { children, widths }
    }

    /// The children of a node, or the roots for [`ALL`], and their widths.
    fn below(&self, node: u32) -> impl Iterator<Item = (u32, i64)> {
        let list = self.children.range(node);
        self.children.all()[list.clone()].iter().copied().zip(self.widths[list].iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::testing::{Random, picture, random_tree};

    #[test]
    fn lays_out_by_weight() {
        let tree = picture("A B 3\nA C D 5\nE 1\nA C 2");
        let rows = tree.by_weight();
        assert_eq!(tree.text(&rows), "all 0-11\nA 0-10 E 10-11\nC 0-7 B 7-10\nD 0-5");
        let by_name = BoxRows::from_tree(&tree.parent, &tree.total, |a, b| tree.name(a).cmp(tree.name(b)));
        assert_eq!(tree.text(&by_name), "all 0-11\nA 0-10 E 10-11\nB 0-3 C 3-10\nD 3-8");
    }

    #[test]
    fn nothing_is_no_box() {
        let rows = BoxRows::from_tree(&Column::new(), &Column::new(), |a, b| a.cmp(&b));
        assert_eq!(rows.depths(), 0);
        let zero: Column<i64> = [0, -5, 7].into_iter().collect();
        let parent: Column<u32> = [ALL, ALL, 1].into_iter().collect();
        let rows = BoxRows::from_tree(&parent, &zero, |a, b| a.cmp(&b));
        assert_eq!(rows.depths(), 0, "what lies below a node without width has no place");
    }

    #[test]
    fn a_child_ends_where_its_parent_ends() {
        // Weights of differences may be negative: siblings may then exceed their parent.
        let parent: Column<u32> = [ALL, 0, 0, 0].into_iter().collect();
        let width: Column<i64> = [4, 3, 3, -2].into_iter().collect();
        let rows = BoxRows::from_tree(&parent, &width, |a, b| a.cmp(&b));
        let ends: Vec<_> = (0..rows.len(2)).map(|i| (rows.start(2, i), rows.end(2, i))).collect();
        assert_eq!(ends, [(0, 3), (3, 4)]);
    }

    #[test]
    fn a_deep_tree_is_no_recursion() {
        let n = 100_000;
        let parent: Column<u32> = (0..n).map(|i: u32| i.checked_sub(1).unwrap_or(ALL)).collect();
        let rows = BoxRows::from_tree(&parent, &Column::filled(1, n as usize), |a, b| a.cmp(&b));
        assert_eq!(rows.depths(), 100_001);
        assert_eq!(rows.node(100_000, 0), n - 1);
    }

    #[test]
    fn random_trees_nest() {
        for seed in 0..50 {
            let tree = random_tree(seed, 400);
            let rows = tree.by_weight();
            let boxes: usize = (0..rows.depths()).map(|d| rows.len(d)).sum();
            assert_eq!(boxes, tree.parent.len() + 1, "one box per node and one for all");
            for depth in 1..rows.depths() {
                for i in 0..rows.len(depth) {
                    let here = box_at(&rows, depth, i).expect("it is in the row");
                    let above = parent(&rows, &here).expect("every box has one above");
                    assert_eq!(above.node, tree.parent.get(here.node as usize));
                    assert!(above.start <= here.start && here.end <= above.end);
                    assert_eq!(here.end - here.start, tree.total.get(here.node as usize));
                    assert!(i == 0 || rows.end(depth, i - 1) <= here.start);
                }
            }
        }
    }

    #[test]
    fn runs_end_where_a_plain_scan_ends_them() {
        let mut random = Random::new(7);
        for _ in 0..200 {
            let len = random.below(3000) as usize;
            let extents: Vec<i64> = (0..len).map(|_| 1 << random.below(12)).collect();
            let index = RunIndex::new(len, |i| extents[i]);
            for _ in 0..30 {
                let (from, unit) = (random.below(len as u64 + 2) as usize, 1 << random.below(13));
                let end = from + random.below((len + 1).saturating_sub(from).max(1) as u64) as usize;
                let plain = (from..end).find(|&i| extents[i] >= unit).unwrap_or(end.max(from));
                assert_eq!(index.next(from, end.max(from), unit, |i| extents[i]), plain);
            }
        }
    }

    #[test]
    fn runs_end_at_wide_boxes_and_gaps() {
        // Tiny boxes under two roots: between them lies own time of the first root.
        let tree = picture("A x 1\nA y 1\nA z 1\nA 50\nB u 1\nB v 1\nB w 9\nB 2");
        let rows = tree.by_name();
        assert_eq!(tree.text(&rows).lines().last(), Some("x 0-1 y 1-2 z 2-3 u 53-54 v 54-55 w 55-64"));
        assert_eq!(rows.run_end(2, 0, 5), 3, "before the gap");
        assert_eq!(rows.run_end(2, 3, 5), 5, "before w, which is wide");
        assert_eq!(rows.run_end(2, 3, 100), 6);
        assert_eq!(rows.run_end(2, 5, 5), 6, "a row ends its runs");
    }

    #[test]
    fn arrows_move_as_drawn() {
        let tree = picture("A B 3\nA C D 5\nE F 1\nA 2");
        let rows = tree.by_weight();
        let go = |depth, index, to| neighbour(&rows, depth, index, to).map(|b| tree.label(b.node));
        assert_eq!(go(0, 0, Direction::Child).as_deref(), Some("A"));
        assert_eq!(go(1, 0, Direction::Child).as_deref(), Some("C"));
        assert_eq!(go(1, 0, Direction::Right).as_deref(), Some("E"));
        assert_eq!(go(2, 1, Direction::Left).as_deref(), Some("C"));
        assert_eq!(go(2, 1, Direction::Right), None, "F is no sibling of B");
        assert_eq!(go(3, 0, Direction::Parent).as_deref(), Some("C"));
        assert_eq!(go(1, 0, Direction::Parent).as_deref(), Some("all"));
        assert_eq!(go(0, 0, Direction::Parent), None);
        assert_eq!(go(3, 0, Direction::Child), None);
        assert_eq!(go(9, 9, Direction::Left), None);
    }

    #[test]
    fn tracks_stand_below_each_other() {
        let mut columns = BoxColumns::whole(0, 10);
        for (head, calls) in [(7, [(1, 0, 4)].as_slice()), (8, &[]), (9, &[(1, 2, 6), (2, 8, 1)])] {
            columns.begin_track(head, 0, 10);
            calls.iter().for_each(|&(node, start, width)| columns.push(node, start, width));
            if !calls.is_empty() {
                columns.end_row();
            }
        }
        let rows = BoxRows::new(columns);
        assert_eq!((rows.depths(), rows.tops()), (6, [1, 3, 4].as_slice()));
        assert_eq!(find_node(&rows, 1, 1), box_at(&rows, 2, 0), "of the first track that has it");
        assert_eq!(
            [find_node(&rows, 2, 1), find_node(&rows, 2, 6), find_node(&rows, 3, 1)],
            [box_at(&rows, 5, 1), None, None]
        );
        let go = |depth, index, to| neighbour(&rows, depth, index, to).map(|b| (b.depth, b.index));
        use Direction::{Child, Left, Parent, Right};
        assert_eq!([go(0, 0, Child), go(1, 0, Child), go(2, 0, Child)], [Some((1, 0)), Some((2, 0)), None]);
        assert_eq!([go(3, 0, Child), go(4, 0, Child)], [None, Some((5, 0))], "the second track is empty");
        assert_eq!([go(5, 1, Parent), go(4, 0, Parent), go(0, 0, Parent)], [Some((4, 0)), Some((0, 0)), None]);
        assert_eq!([go(1, 0, Right), go(4, 0, Left), go(4, 0, Right)], [Some((3, 0)), Some((3, 0)), None]);
        assert_eq!([go(5, 0, Right), go(5, 0, Left)], [Some((5, 1)), None]);
    }

    #[test]
    fn lanes_of_a_track_follow_each_other() {
        for heads in [0, 1] {
            let mut columns = BoxColumns::whole(0, 10);
            for track in 0..=heads {
                if heads > 0 {
                    columns.begin_track(7 + track, 0, 10);
                }
                for (is_lane, calls) in
                    [(false, [0, 5].as_slice()), (false, &[1]), (true, &[2, 6]), (false, &[3]), (true, &[4])]
                {
                    if is_lane {
                        columns.begin_lane();
                    }
                    calls.iter().for_each(|&start| columns.push(1, start, 2));
                    columns.end_row();
                }
            }
            let rows = BoxRows::new(columns);
            let go = |depth, index, to| {
                neighbour(&rows, depth + heads as usize, index, to).map(|b| (b.depth - heads as usize, b.index))
            };
            use Direction::{Child, Left, Parent, Right};
            assert_eq!([go(1, 0, Right), go(1, 1, Right), go(3, 1, Right)], [Some((1, 1)), Some((3, 0)), Some((5, 0))]);
            assert_eq!([go(5, 0, Right), go(5, 0, Left), go(3, 0, Left)], [None, Some((3, 0)), Some((1, 0))]);
            assert_eq!([go(1, 0, Left), go(2, 0, Left), go(2, 0, Right)], [None; 3]);
            assert_eq!([go(3, 0, Child), go(2, 0, Child), go(4, 0, Child)], [Some((4, 0)), None, None]);
            assert_eq!([go(3, 0, Parent), go(4, 0, Parent)], [Some((0, 0)), Some((3, 0))]);
        }
    }

    #[test]
    fn finds_the_widest_box_of_a_node() {
        let tree = picture("A B 3\nE B 1");
        let rows = tree.by_weight();
        let b = (0..rows.len(2)).map(|i| rows.node(2, i)).collect::<Vec<_>>();
        assert_eq!(find(&rows, 2, b[1], 0, 4).map(|b| (b.start, b.end)), Some((3, 4)));
        assert_eq!(find(&rows, 2, b[1], 0, 3), None, "outside the stretch");
        assert_eq!(find(&rows, 7, b[1], 0, 4), None);
        let path = [rows.node(1, 1), b[1]];
        assert_eq!(find_path(&rows, &path), box_at(&rows, 2, 1));
        assert_eq!(find_path(&rows, &[]), box_at(&rows, 0, 0));
        assert_eq!(find_path(&rows, &[b[1]]), None);
        assert_eq!(find_path(&BoxRows::default(), &[]), None);
    }
}
