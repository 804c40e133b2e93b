//! Boxes in the order of time: equal calls are merged only while they go on without a break.

use super::rows::{ALL, BoxColumns};
use crate::model::Column;

/// Boxes in the order of time, by depth. A box is a stretch of samples: 12 bytes, and the moments
/// stay where they are, in the recording's own column. [`TimeRows::into_columns`] brings the two
/// together.
#[derive(Debug, Default)]
pub struct TimeRows {
    /// The call tree's rows; its depth 0 is row 1 of the picture, below the box of all.
    rows: Vec<Column<Stretch>>,
    cut_below: Option<usize>,
}

/// A box: from the start of one sample to the start of another.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    start: u32,
    end: u32,
    node: u32,
}

impl TimeRows {
    /// Sweeps once over the samples: `nodes` gives each one's node in the call tree whose `parent`
    /// column is given ([`ALL`] for roots; parents come before children), or [`ALL`] where the
    /// thread was idle or the sample is filtered out, which ends all boxes. Sample i owns the time
    /// from `at_ns[i]` to `at_ns[i + 1]`, the last one up to `end_ns`. Neighbouring samples below
    /// the same node are one box of it; what owns no time has no box.
    ///
    /// Linear in samples and boxes. Of more than about `boxes_max` boxes the deepest rows are left
    /// out: see [`TimeRows::cut_below`].
    pub fn build(
        nodes: impl IntoIterator<Item = u32>,
        parent: &Column<u32>,
        at_ns: &Column<i64>,
        end_ns: i64,
        boxes_max: usize,
    ) -> Self {
        let mut sweep = Sweep::new(parent, at_ns.len(), boxes_max);
        let mut nodes = nodes.into_iter();
        for (first, moments) in at_ns.slices(0, at_ns.len()) {
            sweep.portion(index(first), moments, end_ns, &mut nodes);
        }
        sweep.close(0, index(at_ns.len()), end_ns);
        sweep.into_rows()
    }

    /// The rows as boxes that hold their own edges, as far as they lie in a stretch of time and cut
    /// there.
    pub fn into_columns(self, at_ns: &Column<i64>, from_ns: i64, to_ns: i64) -> BoxColumns {
        let mut columns = BoxColumns::whole(from_ns, to_ns);
        if from_ns < to_ns {
            self.append(at_ns, from_ns, to_ns, &mut columns);
        }
        columns
    }

    /// The same behind rows that are there already. Rows are given up one by one as they are copied.
    pub fn append(self, at_ns: &Column<i64>, from_ns: i64, to_ns: i64, columns: &mut BoxColumns) {
        let moments = Moments { at_ns, from_ns, end_ns: to_ns };
        for row in self.rows {
            for stretch in row.into_segments().flatten() {
                let (start, end) = (moments.of(stretch.start), moments.of(stretch.end));
                if start < end {
                    columns.push(stretch.node, start, end - start);
                }
            }
            columns.end_row();
        }
    }

    /// Number of boxes.
    pub fn boxes(&self) -> usize {
        self.rows.iter().map(Column::len).sum()
    }

    /// Depth of the call tree from which on boxes were left out because there were too many.
    pub fn cut_below(&self) -> Option<usize> {
        self.cut_below
    }
}

/// Moments of samples, cut to a stretch of time.
#[derive(Debug, Clone, Copy)]
struct Moments<'a> {
    at_ns: &'a Column<i64>,
    from_ns: i64,
    end_ns: i64,
}

impl Moments<'_> {
    /// When a sample begins; behind the last one, when that ends.
    #[inline]
    fn of(&self, sample: u32) -> i64 {
        let sample = sample as usize;
        let at = if sample < self.at_ns.len() { self.at_ns.get(sample) } else { self.end_ns };
        at.min(self.end_ns).max(self.from_ns)
    }
}

/// The number of a sample in 32 bits.
fn index(sample: usize) -> u32 {
    u32::try_from(sample).expect("4 billion samples do not fit into memory")
}

/// The boxes that are open while the samples pass by, one per depth.
struct Sweep {
    parent: Vec<u32>,
    depth: Vec<u32>,
    samples: usize,
    open: Vec<Open>,
    /// Nodes to open for the sample at hand, innermost first.
    new: Vec<u32>,
    last: u32,
    rows: Vec<Column<Stretch>>,
    boxes: usize,
    boxes_max: usize,
    /// Number of rows that are kept, once some were left out, and each node's ancestor in them.
    kept: Option<(usize, Vec<u32>)>,
    cuts: u32,
}

/// A box that has begun.
#[derive(Debug, Clone, Copy)]
struct Open {
    node: u32,
    sample: u32,
    at_ns: i64,
}

impl Sweep {
    fn new(parent: &Column<u32>, samples: usize, boxes_max: usize) -> Self {
        let parent: Vec<u32> = parent.iter().collect();
        Self {
            depth: depths(&parent),
            parent,
            samples,
            open: Vec::new(),
            new: Vec::new(),
            last: ALL,
            rows: Vec::new(),
            boxes: 0,
            boxes_max,
            kept: None,
            cuts: 0,
        }
    }

    /// Takes samples in a row. A function of its own, called once per portion: a browser translates
    /// code anew once it was called often enough, and never in the middle of a loop.
    #[inline(never)]
    fn portion(&mut self, first: u32, moments: &[i64], end_ns: i64, nodes: &mut impl Iterator<Item = u32>) {
        for (sample, &at_ns) in (first..).zip(moments) {
            let Some(node) = nodes.next() else { return };
            if node != self.last {
                self.step(sample, at_ns.min(end_ns), node);
            }
        }
    }

    #[inline]
    fn step(&mut self, sample: u32, at_ns: i64, node: u32) {
        let node = match &self.kept {
            Some((_, ancestor)) if node != ALL => ancestor[node as usize],
            _ => node,
        };
        if node == self.last {
            return;
        }
        self.last = node;
        let common = self.climb(node);
        self.close(common, sample, at_ns);
        while let Some(node) = self.new.pop() {
            self.open.push(Open { node, sample, at_ns });
        }
        if self.boxes + self.open.len() > self.boxes_max.max(1) && self.rows.len() > 1 {
            self.cut();
        }
    }

    /// Lists what of a node's path is not open yet and gives the depth up to which it is. One equal
    /// node means equal paths up to it, since a node is a path.
    #[inline]
    fn climb(&mut self, node: u32) -> usize {
        let (mut at, mut levels) = (node, if node == ALL { 0 } else { self.depth[node as usize] as usize + 1 });
        while levels > 0 && self.open.get(levels - 1).is_none_or(|open| open.node != at) {
            self.new.push(at);
            at = self.parent[at as usize];
            levels -= 1;
        }
        levels
    }

    /// Ends the boxes from a depth on before a sample.
    #[inline]
    fn close(&mut self, depth: usize, sample: u32, end_ns: i64) {
        while self.open.len() > depth {
            let Some(open) = self.open.pop() else { return };
            if open.at_ns < end_ns {
                self.push(self.open.len(), Stretch { start: open.sample, end: sample, node: open.node });
            }
        }
    }

    #[inline]
    fn push(&mut self, depth: usize, stretch: Stretch) {
        if depth >= self.rows.len() {
            self.rows.resize_with(depth + 1, Column::new);
        }
        self.rows[depth].push(stretch);
        self.boxes += 1;
    }

    /// Leaves the deepest rows out: half of the boxes go. A file made to be deep at every sample
    /// would do this over and over, so after a few times so few rows stay that it cannot recur.
    #[cold]
    fn cut(&mut self) {
        const HALVINGS_MAX: u32 = 4;
        self.cuts += 1;
        let most = match self.cuts {
            ..=HALVINGS_MAX => self.rows.len() - 1,
            _ => self.boxes_max / (2 * self.samples.max(1)),
        };
        while self.rows.len() > 1 && (self.rows.len() > most || self.boxes > self.boxes_max / 2) {
            self.boxes -= self.rows.pop().map_or(0, |row| row.len());
        }
        let kept = self.rows.len();
        self.open.truncate(kept);
        let ancestor = ancestors(&self.parent, &self.depth, kept);
        if self.last != ALL {
            self.last = ancestor[self.last as usize];
        }
        self.kept = Some((kept, ancestor));
    }

    fn into_rows(self) -> TimeRows {
        TimeRows { rows: self.rows, cut_below: self.kept.map(|(kept, _)| kept) }
    }
}

/// Depth of each node, 0 for roots.
fn depths(parent: &[u32]) -> Vec<u32> {
    let mut depth: Vec<u32> = Vec::with_capacity(parent.len());
    for &p in parent {
        depth.push(if p == ALL { 0 } else { depth[p as usize] + 1 });
    }
    depth
}

/// For each node itself or its ancestor in the first `kept` rows.
fn ancestors(parent: &[u32], depth: &[u32], kept: usize) -> Vec<u32> {
    let mut ancestor: Vec<u32> = Vec::with_capacity(parent.len());
    for (node, (&p, &d)) in (0u32..).zip(parent.iter().zip(depth)) {
        ancestor.push(if (d as usize) < kept { node } else { ancestor[p as usize] });
    }
    ancestor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::rows::{BoxRows, Rows, box_at};
    use crate::draw::testing::{Random, Tree, picture, random_tree, samples};

    fn moments(steps: &[i64]) -> (Column<i64>, i64) {
        let mut at = 0;
        let mut next = |step| {
            at += step;
            at - step
        };
        let column = steps.iter().map(|&step| next(step)).collect();
        (column, at)
    }

    fn drawn(tree: &Tree, nodes: &[u32], steps: &[i64]) -> String {
        let (at_ns, end_ns) = moments(steps);
        let rows = TimeRows::build(nodes.iter().copied(), &tree.parent, &at_ns, end_ns, 1000);
        tree.text(&BoxRows::new(rows.into_columns(&at_ns, 0, end_ns)))
    }

    fn boxes(rows: &TimeRows) -> usize {
        rows.rows.iter().map(Column::len).sum()
    }

    #[test]
    fn neighbours_are_one_box_and_idle_ends_it() {
        let text = "A B 1\nA B 1\nA C 1\n 1\nA C 1\nD 1";
        assert_eq!(
            drawn(&picture(text), &samples(text), &[10, 10, 10, 10, 10, 10]),
            "all 0-60\nA 0-30 A 40-50 D 50-60\nB 0-20 C 20-30 C 40-50"
        );
    }

    #[test]
    fn what_owns_no_time_has_no_box() {
        let text = "A B 1\nA C 1\nA 1";
        assert_eq!(drawn(&picture(text), &samples(text), &[10, 0, 5]), "all 0-15\nA 0-15\nB 0-10");
    }

    #[test]
    fn a_stretch_cuts_boxes_at_its_edges() {
        let text = "A B 1\nC 1\nA 1";
        let (tree, (at_ns, end_ns)) = (picture(text), moments(&[10, 10, 10]));
        let within = |from, to| {
            let rows = TimeRows::build(samples(text), &tree.parent, &at_ns, end_ns, 1000);
            BoxRows::new(rows.into_columns(&at_ns, from, to))
        };
        let view = within(5, 25);
        assert_eq!(tree.text(&view), "all 5-25\nA 5-10 C 10-20 A 20-25\nB 5-10");
        assert_eq!(view.run_end(1, 0, 6), 1, "C is wide");
        assert_eq!(view.run_end(1, 1, 6), 3, "the cut A is not");
        assert_eq!(within(7, 7).depths(), 0);
    }

    /// The boxes by a plain rule: for each depth, runs of samples with the same ancestor there.
    fn plain(tree: &Tree, nodes: &[u32], at_ns: &Column<i64>, end_ns: i64) -> Vec<Vec<(u32, i64, i64)>> {
        let depth = depths(&tree.parent.iter().collect::<Vec<_>>());
        let deepest = nodes.iter().filter(|&&n| n != ALL).map(|&n| depth[n as usize]).max();
        let above = |mut node: u32, d: u32| {
            while node != ALL && depth[node as usize] > d {
                node = tree.parent.get(node as usize);
            }
            if node != ALL && depth[node as usize] == d { node } else { ALL }
        };
        let end_of = |i: usize| if i + 1 < at_ns.len() { at_ns.get(i + 1) } else { end_ns };
        let row = |d| {
            let mut row: Vec<(u32, i64, i64)> = Vec::new();
            let mut before = ALL;
            for (i, &node) in nodes.iter().enumerate() {
                let node = above(node, d);
                match row.last_mut() {
                    Some(last) if node != ALL && node == before => last.2 = end_of(i),
                    _ if node != ALL => row.push((node, at_ns.get(i), end_of(i))),
                    _ => {}
                }
                before = node;
            }
            row.retain(|b| b.1 < b.2);
            row
        };
        deepest.map_or_else(Vec::new, |deepest| (0..=deepest).map(row).collect())
    }

    #[test]
    fn equals_a_plain_rule_on_random_samples() {
        for seed in 0..60 {
            let mut random = Random::new(seed);
            let tree = random_tree(seed, 60);
            let len = random.below(500) as usize;
            let nodes: Vec<u32> =
                (0..len).map(|_| if random.below(6) == 0 { ALL } else { random.below(60) as u32 }).collect();
            let steps: Vec<i64> = (0..len).map(|_| random.below(4) as i64).collect();
            let (at_ns, end_ns) = moments(&steps);
            let rows = TimeRows::build(nodes.iter().copied(), &tree.parent, &at_ns, end_ns, usize::MAX);
            let mut expected = plain(&tree, &nodes, &at_ns, end_ns);
            expected.truncate(expected.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1));
            assert_eq!(rows.rows.len(), expected.len(), "seed {seed}");
            assert_eq!(boxes(&rows), expected.iter().map(Vec::len).sum::<usize>());
            let view = BoxRows::new(rows.into_columns(&at_ns, 0, end_ns));
            for (depth, row) in expected.iter().enumerate() {
                let boxes: Vec<_> = (0..view.len(depth + 1))
                    .filter_map(|i| box_at(&view, depth + 1, i))
                    .map(|b| (b.node, b.start, b.end))
                    .collect();
                assert_eq!(&boxes, row, "seed {seed}, depth {depth}");
                assert_runs(&view, depth + 1);
            }
        }
    }

    fn assert_runs(view: &BoxRows, depth: usize) {
        for unit in [1, 2, 3, 7] {
            for i in 0..view.len(depth) {
                let breaks = |k: &usize| {
                    view.end(depth, *k) - view.start(depth, *k) >= unit
                        || view.start(depth, *k) - view.end(depth, *k - 1) >= unit
                };
                let plain = (i + 1..view.len(depth)).find(breaks).unwrap_or(view.len(depth));
                assert_eq!(view.run_end(depth, i, unit), plain);
            }
        }
    }

    #[test]
    fn too_many_boxes_cost_the_deepest_rows() {
        // Two chains of 50 that alternate: 50 new boxes with every sample.
        let parent: Column<u32> = (0..100).map(|i: u32| if i.is_multiple_of(50) { ALL } else { i - 1 }).collect();
        let nodes = |len: u32| (0..len).map(|i| if i % 2 == 0 { 49 } else { 99 });
        let (at_ns, end_ns) = moments(&[1; 2000]);
        let all = TimeRows::build(nodes(2000), &parent, &at_ns, end_ns, usize::MAX);
        assert_eq!((boxes(&all), all.cut_below()), (100_000, None));
        for boxes_max in [40_000, 5_000, 100, 1] {
            let rows = TimeRows::build(nodes(2000), &parent, &at_ns, end_ns, boxes_max);
            let kept = rows.cut_below().expect("some were left out");
            assert_eq!(boxes(&rows), kept * 2000, "the rows that stay are whole");
            assert!(boxes(&rows) <= boxes_max.max(2000), "{} boxes of {boxes_max}", boxes(&rows));
        }
    }
}
