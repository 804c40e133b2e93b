//! From linked nodes to call stacks.

use super::nodes::{NAMELESS, NO_ID, NOWHERE, Nodes};
use crate::error::{Error, Place, Result};
use crate::formats::common::ids::IdTable;
use crate::model::{Builder, FunctionId, LineTicks, StackId, StringId, Tag};

/// The stack of every node.
#[derive(Debug)]
pub(in crate::formats) struct Tree {
    /// By row of the node.
    stacks: Vec<StackId>,
    by_id: IdTable,
    /// Whether the profiler knows when the thread was idle.
    pub(in crate::formats) has_idle: bool,
}

/// Name of a node without a call frame, and of the samples of nodes that do not exist.
pub(in crate::formats) const UNKNOWN: &str = "(unknown)";
const NOBODY: u32 = u32::MAX;

impl Tree {
    /// Links the nodes and interns their stacks, without the root's frame.
    ///
    /// # Errors
    /// Names a node of a cycle, if there is one.
    pub(in crate::formats) fn of(nodes: &Nodes, builder: &mut Builder) -> Result<Self> {
        let links = Links::of(nodes, builder);
        let order = links.order().map_err(|row| cycle(nodes, row, builder))?;
        let naming = Naming::of(nodes, &links.caller, builder);
        let mut tree =
            Self { stacks: vec![StackId::NONE; nodes.len()], by_id: IdTable::default(), has_idle: naming.has_idle };
        // Root frames are left out of the stacks below them and stand alone in their own samples.
        let mut below = vec![StackId::NONE; nodes.len()];
        for &row in &order {
            let at = row as usize;
            let tag = naming.tags[at];
            let caller = links.caller[at];
            let outer = if caller == NOBODY || tag.is_state() { StackId::NONE } else { below[caller as usize] };
            let frame = builder.frame(naming.functions[at], 0, false);
            tree.stacks[at] = builder.stack(outer, frame);
            below[at] = if tag == Tag::Root { StackId::NONE } else { tree.stacks[at] };
        }
        for (row, id) in nodes.id.iter().enumerate().filter(|(_, id)| *id != NO_ID) {
            tree.by_id.insert(id, tree.stacks[row].0);
        }
        for ticks in nodes.ticks.iter() {
            let function = naming.functions[ticks.row as usize];
            builder.line_ticks.push(LineTicks { function, line: ticks.line, ticks: ticks.ticks });
        }
        Ok(tree)
    }

    /// The stack of the node with this id.
    #[inline]
    pub(in crate::formats) fn stack_of(&self, id: i64) -> Option<StackId> {
        self.by_id.get(id).map(StackId)
    }

    /// The stack of the node in this row.
    pub(in crate::formats) fn stack(&self, row: usize) -> StackId {
        self.stacks[row]
    }
}

/// Who calls whom, by row.
struct Links {
    /// The first caller that the file names for each node.
    caller: Vec<u32>,
    /// All pairs of caller and callee.
    pairs: Vec<(u32, u32)>,
}

impl Links {
    fn of(nodes: &Nodes, builder: &mut Builder) -> Self {
        let mut rows = IdTable::default();
        let with_id = nodes.id.iter().enumerate().filter(|(_, id)| *id != NO_ID);
        let twice = with_id.filter(|&(row, id)| !rows.insert(id, row as u32)).count();
        builder.note(
            "duplicate-node",
            twice as u64,
            "Some nodes of the call tree have an id that an earlier one has; samples were given to the first.",
        );
        let mut links = Self { caller: vec![NOBODY; nodes.len()], pairs: nodes.nested.iter().collect() };
        let by_child = nodes.children.iter().map(|(row, id)| (Some(row), rows.get(id)));
        let by_parent = nodes.parents.iter().map(|(row, id)| (rows.get(id), Some(row)));
        // A root may name itself as its parent: that is no call.
        let linked = by_child.chain(by_parent.filter(|(caller, callee)| caller != callee));
        let (mut missing, mut several) = (0, 0);
        for pair in linked {
            match pair {
                (Some(caller), Some(callee)) => links.pairs.push((caller, callee)),
                _ => missing += 1,
            }
        }
        for &(caller, callee) in &links.pairs {
            match &mut links.caller[callee as usize] {
                first @ &mut NOBODY => *first = caller,
                first => several += u64::from(*first != caller),
            }
        }
        builder.note("missing-node", missing, "Some nodes of the call tree refer to nodes that do not exist.");
        builder.note(
            "several-callers",
            several,
            "Some nodes of the call tree are listed under more than one caller; the first one counts.",
        );
        links
    }

    /// All rows, callers before callees; else a row of a cycle.
    fn order(&self) -> std::result::Result<Vec<u32>, u32> {
        let count = self.caller.len();
        // How many callers of each node have not been placed yet, and the callees of each node as a
        // stretch of one list.
        let mut waiting = vec![0u32; count];
        let mut starts = vec![0u32; count + 1];
        for &(caller, callee) in &self.pairs {
            waiting[callee as usize] += 1;
            starts[caller as usize + 1] += 1;
        }
        for row in 0..count {
            starts[row + 1] += starts[row];
        }
        let mut callees = vec![0u32; self.pairs.len()];
        let mut next = starts.clone();
        for &(caller, callee) in &self.pairs {
            let place = &mut next[caller as usize];
            callees[*place as usize] = callee;
            *place += 1;
        }
        let mut order: Vec<u32> = (0..count as u32).filter(|&row| waiting[row as usize] == 0).collect();
        let mut done = 0;
        while let Some(&row) = order.get(done) {
            done += 1;
            for &callee in &callees[starts[row as usize] as usize..starts[row as usize + 1] as usize] {
                waiting[callee as usize] -= 1;
                if waiting[callee as usize] == 0 {
                    order.push(callee);
                }
            }
        }
        if order.len() == count { Ok(order) } else { Err(self.on_cycle(&waiting)) }
    }

    /// A row of a cycle, among those that still wait for a caller.
    fn on_cycle(&self, waiting: &[u32]) -> u32 {
        let is_waiting = |row: u32| waiting[row as usize] > 0;
        let mut caller = vec![NOBODY; waiting.len()];
        for &(from, to) in self.pairs.iter().filter(|(from, to)| is_waiting(*from) && is_waiting(*to)) {
            caller[to as usize] = from;
        }
        // Every waiting node has a waiting caller: after as many steps as there are nodes the walk
        // goes round.
        let mut row = (0..waiting.len() as u32).find(|&row| is_waiting(row)).unwrap_or(0);
        for _ in 0..waiting.len() {
            row = caller[row as usize];
        }
        row
    }
}

#[cold]
fn cycle(nodes: &Nodes, row: u32, builder: &Builder) -> Error {
    let name = match nodes.name.get(row as usize) {
        NAMELESS => UNKNOWN,
        StringId::EMPTY => "(anonymous)",
        name => builder.strings.get(name),
    };
    Error::new(
        Place::Path(format!("nodes[{row}]")),
        format!("the call tree has a cycle: node {} ({name}) is among its own callers", nodes.id.get(row as usize)),
        "The file is damaged or was edited: record it again.",
    )
}

/// What each node's function is.
struct Naming {
    functions: Vec<FunctionId>,
    tags: Vec<Tag>,
    has_idle: bool,
}

impl Naming {
    fn of(nodes: &Nodes, callers: &[u32], builder: &mut Builder) -> Self {
        let is_zero_based = !nodes.is_nested || counts_from_zero(nodes);
        let mut naming = Self { functions: Vec::new(), tags: Vec::new(), has_idle: false };
        let mut unnamed = 0;
        for (row, &caller) in callers.iter().enumerate() {
            let is_top = caller == NOBODY || callers[caller as usize] == NOBODY;
            let url = nodes.url.get(row);
            let mut name = nodes.name.get(row);
            if name == NAMELESS {
                unnamed += 1;
                name = builder.strings.intern(UNKNOWN);
            }
            let (line, column) = (nodes.line.get(row), nodes.column.get(row));
            let state = (is_top && url == StringId::EMPTY).then(|| state(builder.strings.get(name), caller)).flatten();
            let is_native = url == StringId::EMPTY && line < i32::from(!is_zero_based);
            let tag = state.unwrap_or(if is_native { Tag::Native } else { Tag::Code });
            let place = |at: i32| one_based(if tag.is_state() { NOWHERE } else { at }, is_zero_based);
            naming.functions.push(builder.function(name, url, place(line), place(column), tag));
            naming.tags.push(tag);
            naming.has_idle |= tag == Tag::Idle;
        }
        builder.note("no-call-frame", unnamed, "Some nodes of the call tree do not say which function they are.");
        naming
    }
}

/// The state that a node without a URL at the top of the tree stands for. A function may bear the
/// same name, but it has a file or a caller.
fn state(name: &str, caller: u32) -> Option<Tag> {
    match name {
        "(root)" if caller == NOBODY => Some(Tag::Root),
        "(idle)" => Some(Tag::Idle),
        "(program)" => Some(Tag::Program),
        "(garbage collector)" => Some(Tag::Gc),
        _ => None,
    }
}

/// Whether the old layout counts lines from 0: then what has no line has -1, and a file's first line
/// is 0. Old browsers counted from 1, with 0 for no line.
fn counts_from_zero(nodes: &Nodes) -> bool {
    let mut lines = nodes.line.iter().zip(nodes.url.iter()).zip(nodes.name.iter());
    lines.any(|((line, url), name)| name != NAMELESS && (line < 0 || (line == 0 && url != StringId::EMPTY)))
}

fn one_based(at: i32, is_zero_based: bool) -> u32 {
    u32::try_from(at.saturating_add(i32::from(is_zero_based))).unwrap_or(0)
}
