//! What the rule asks of a stack, worked out once per distinct stack.

use super::super::modules::{Kind, Modules};
use crate::model::{FunctionId, Recording, StackId, Tag};

/// What a stack shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// The thread waited.
    Idle,
    /// No function was on the stack: native code between two callbacks, or a stack that could not
    /// be walked.
    Program,
    /// It collected garbage.
    Gc,
    /// Functions were running.
    Code,
}

/// Files of the runtime that take callbacks apart and put them together: what one's own code calls
/// there ends a callback (a response is written) or asks for another one (a timer is set).
const PLUMBING: &[&str] = &[
    "node:_http_",
    "node:_stream",
    "node:_tls",
    "node:async_hooks",
    "node:dgram",
    "node:http",
    "node:internal/async_hooks",
    "node:internal/http2",
    "node:internal/process/promises",
    "node:internal/process/task_queues",
    "node:internal/stream",
    "node:internal/timers",
    "node:net",
    "node:stream",
    "node:timers",
    "node:tls",
];

/// Files of the runtime that run a program's main module: nobody waits for the loop yet.
const START_UP: &[&str] = &["node:internal/main/run_main_module", "node:internal/modules/run_main"];

/// Runs promise reactions and `process.nextTick` callbacks after a callback, before the loop turns.
const MICROTASKS: &str = "processTicksAndRejections";

/// Facts by stack.
#[derive(Debug)]
pub(super) struct Facts {
    class: Vec<Class>,
    /// The innermost function, and the caller's stack.
    function: Vec<FunctionId>,
    parent: Vec<StackId>,
    /// The outermost frame, the file's own root left out.
    outer: Vec<StackId>,
    /// The frame below it, or itself.
    second: Vec<StackId>,
    depth: Vec<u32>,
    /// The innermost and the outermost frame of one's own code or of a dependency.
    own: Vec<StackId>,
    entry: Vec<StackId>,
    entry_function: Vec<FunctionId>,
    /// The outermost such function below the entry that is another one.
    branch: Vec<Option<FunctionId>>,
    /// Whether the outermost frame runs microtasks.
    is_microtask: Vec<bool>,
    is_plumbing: Vec<bool>,
    /// Whether a program's modules are being loaded.
    is_start_up: Vec<bool>,
    /// Position of each stack when the tree is walked callers first, and the first position behind
    /// its callees.
    span: Vec<(u32, u32)>,
    /// Whether the frame's function is not on the stack above it.
    is_outermost: Vec<bool>,
    /// Whether the program ran on Node.
    is_node: bool,
}

impl Facts {
    /// Linear in stacks and functions.
    pub(super) fn of(recording: &Recording, modules: &Modules) -> Self {
        let len = recording.stacks.len();
        let mut facts = Self {
            class: Vec::with_capacity(len),
            function: Vec::with_capacity(len),
            parent: Vec::with_capacity(len),
            outer: Vec::with_capacity(len),
            second: Vec::with_capacity(len),
            depth: Vec::with_capacity(len),
            own: Vec::with_capacity(len),
            entry: Vec::with_capacity(len),
            entry_function: Vec::with_capacity(len),
            is_microtask: Vec::with_capacity(len),
            branch: Vec::with_capacity(len),
            is_plumbing: Vec::with_capacity(len),
            is_start_up: Vec::with_capacity(len),
            span: vec![(0, 0); len],
            is_outermost: vec![false; len],
            is_node: recording.functions.iter().any(|f| recording.text(f.file).starts_with("node:")),
        };
        let plumbing = in_files(recording, PLUMBING);
        let start_up = in_files(recording, START_UP);
        let microtasks = recording.strings.find(MICROTASKS);
        for (i, (parent, frame)) in recording.stacks.iter().enumerate() {
            let function = recording.function_of(frame);
            facts.push(recording, StackId::from_index(i), parent, function);
            let is_below = !parent.is_none() && facts.is_start_up[parent.index()];
            facts.is_start_up.push(is_below || start_up[function.index()]);
            let outer = facts.function(facts.outer[i]);
            facts.is_microtask.push(Some(recording.function(outer).name) == microtasks);
            facts.push_own(StackId::from_index(i), parent, function, modules, &plumbing);
        }
        facts.number(recording.functions.len());
        facts
    }

    /// What a sample with this stack shows; one without a stack shows nothing.
    #[inline]
    pub(super) fn class(&self, stack: StackId) -> Class {
        self.class.get(stack.index()).copied().unwrap_or(Class::Program)
    }

    /// The innermost function.
    #[inline]
    pub(super) fn function(&self, stack: StackId) -> FunctionId {
        self.function[stack.index()]
    }

    /// The caller's stack.
    #[inline]
    pub(super) fn parent(&self, stack: StackId) -> StackId {
        self.parent[stack.index()]
    }

    /// The outermost frame below the file's root.
    #[inline]
    pub(super) fn outer(&self, stack: StackId) -> StackId {
        self.outer[stack.index()]
    }

    /// The frame below the outermost, or the outermost itself.
    #[inline]
    pub(super) fn second(&self, stack: StackId) -> StackId {
        self.second[stack.index()]
    }

    /// Number of frames.
    #[inline]
    pub(super) fn depth(&self, stack: StackId) -> u32 {
        self.depth[stack.index()]
    }

    /// The innermost frame of one's own code or of a dependency, at or above this one.
    #[inline]
    pub(super) fn own(&self, stack: StackId) -> StackId {
        self.own.get(stack.index()).copied().unwrap_or(StackId::NONE)
    }

    /// The frame through which the runtime entered one's own code.
    #[inline]
    pub(super) fn entry(&self, stack: StackId) -> StackId {
        self.entry[stack.index()]
    }

    /// The function of the entry; only for stacks that have one.
    #[inline]
    pub(super) fn entry_function(&self, stack: StackId) -> FunctionId {
        self.entry_function[stack.index()]
    }

    /// The first other function of one's own that the entry called.
    #[inline]
    pub(super) fn branch(&self, stack: StackId) -> Option<FunctionId> {
        self.branch[stack.index()]
    }

    /// Whether the outermost frame runs what was to be done before the loop turns.
    #[inline]
    pub(super) fn is_microtask(&self, stack: StackId) -> bool {
        self.is_microtask[stack.index()]
    }

    /// Whether the stack is outside one's own code, or in what takes callbacks apart.
    #[inline]
    pub(super) fn is_plumbing(&self, stack: StackId) -> bool {
        self.is_plumbing[stack.index()]
    }

    /// Whether a program's modules are being loaded.
    #[inline]
    pub(super) fn is_start_up(&self, stack: StackId) -> bool {
        self.is_start_up[stack.index()]
    }

    /// Whether `below` is `above` or called from it.
    #[inline]
    pub(super) fn is_within(&self, below: StackId, above: StackId) -> bool {
        let Some(&(at, _)) = self.span.get(below.index()) else { return false };
        let (from, to) = self.span[above.index()];
        from <= at && at < to
    }

    /// Whether the innermost function is not already on the stack above.
    #[inline]
    pub(super) fn is_outermost(&self, stack: StackId) -> bool {
        self.is_outermost[stack.index()]
    }

    /// Whether the program ran on Node.
    pub(super) fn is_node(&self) -> bool {
        self.is_node
    }

    fn push(&mut self, recording: &Recording, id: StackId, parent: StackId, own: FunctionId) {
        self.class.push(class(recording.function(own).tag));
        self.function.push(own);
        self.parent.push(parent);
        let is_top = parent.is_none() || recording.function(self.function(parent)).tag == Tag::Root;
        let is_second = is_top || self.outer[parent.index()] == parent;
        self.outer.push(if is_top { id } else { self.outer[parent.index()] });
        self.second.push(if is_second { id } else { self.second[parent.index()] });
        self.depth.push(if parent.is_none() { 1 } else { self.depth[parent.index()] + 1 });
    }

    fn push_own(&mut self, id: StackId, parent: StackId, at: FunctionId, modules: &Modules, plumbing: &[bool]) {
        let above = |list: &[StackId]| if parent.is_none() { StackId::NONE } else { list[parent.index()] };
        let is_own = is_own(modules, at);
        let (own, entry) = (above(&self.own), above(&self.entry));
        let entry = if is_own && entry.is_none() { id } else { entry };
        let entry_function = if entry.is_none() { at } else { self.function(entry) };
        let branch = if parent.is_none() { None } else { self.branch[parent.index()] };
        let is_plumbing = !is_own
            && match own {
                own if own.is_none() => true,
                own if own == parent => plumbing[at.index()],
                _ => self.is_plumbing[parent.index()],
            };
        self.own.push(if is_own { id } else { own });
        self.entry.push(entry);
        self.entry_function.push(entry_function);
        self.branch.push(branch.or((is_own && entry_function != at).then_some(at)));
        self.is_plumbing.push(is_plumbing);
    }

    /// Walks the tree callers first, without recursion: stacks may be as deep as they like.
    fn number(&mut self, functions: usize) {
        let children = Children::of(&self.parent);
        let mut open = vec![0u32; functions];
        let mut next = 0;
        let mut at = children.first_root;
        while !at.is_none() {
            let function = self.function(at).index();
            self.span[at.index()].0 = next;
            self.is_outermost[at.index()] = open[function] == 0;
            open[function] += 1;
            next += 1;
            let child = children.first[at.index()];
            at = if child.is_none() { self.leave(&children, at, next, &mut open) } else { child };
        }
    }

    /// Leaves `from` and every caller whose last callee it was; the next stack to enter.
    fn leave(&mut self, children: &Children, from: StackId, end: u32, open: &mut [u32]) -> StackId {
        let mut at = from;
        while !at.is_none() {
            self.span[at.index()].1 = end;
            open[self.function(at).index()] -= 1;
            let sibling = children.next[at.index()];
            if !sibling.is_none() {
                return sibling;
            }
            at = self.parent(at);
        }
        StackId::NONE
    }
}

/// Whether a function can be blamed: one's own, or one that was installed.
#[inline]
pub(super) fn is_own(modules: &Modules, function: FunctionId) -> bool {
    matches!(modules.kind(function), Kind::Own | Kind::Dependency)
}

fn class(tag: Tag) -> Class {
    match tag {
        Tag::Idle => Class::Idle,
        Tag::Program | Tag::Root => Class::Program,
        Tag::Gc => Class::Gc,
        Tag::Code | Tag::Jit | Tag::Native | Tag::Kernel => Class::Code,
    }
}

/// Which functions are defined in files that begin like this.
fn in_files(recording: &Recording, starts: &[&str]) -> Vec<bool> {
    let file = |i| recording.file(FunctionId::from_index(i));
    (0..recording.functions.len()).map(|i| starts.iter().any(|start| file(i).starts_with(start))).collect()
}

/// First callee and next sibling of every stack.
struct Children {
    first_root: StackId,
    first: Vec<StackId>,
    next: Vec<StackId>,
}

impl Children {
    fn of(parents: &[StackId]) -> Self {
        let len = parents.len();
        let mut children =
            Self { first_root: StackId::NONE, first: vec![StackId::NONE; len], next: vec![StackId::NONE; len] };
        for (i, &parent) in parents.iter().enumerate().rev() {
            let id = StackId::from_index(i);
            let first = if parent.is_none() { &mut children.first_root } else { &mut children.first[parent.index()] };
            children.next[i] = std::mem::replace(first, id);
        }
        children
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::picture;

    fn facts(picture: &str) -> Facts {
        let recording = picture::recording(picture);
        Facts::of(&recording, &Modules::of(&recording))
    }

    #[test]
    fn stacks_know_their_place() {
        let facts = facts("a b a c 1\na d 1\n(idle) 1");
        let [a, ab, aba, abac, ad, idle] = std::array::from_fn(StackId::from_index);
        assert_eq!((facts.outer(abac), facts.depth(abac)), (a, 4));
        assert_eq!(
            (facts.entry_function(abac), facts.branch(abac)),
            (FunctionId::from_index(0), Some(FunctionId::from_index(1)))
        );
        assert!(facts.is_within(abac, ab) && facts.is_within(ab, ab) && !facts.is_within(ad, ab));
        assert!(!facts.is_within(StackId::NONE, a));
        assert!(facts.is_outermost(ab) && !facts.is_outermost(aba) && facts.is_outermost(ad));
        let classes = [idle, ad, StackId::NONE].map(|s| facts.class(s));
        assert_eq!(classes, [Class::Idle, Class::Code, Class::Program]);
    }

    #[test]
    fn plumbing_is_what_own_code_calls_first() {
        let facts = facts(
            "tick@node:internal/timers on@/a.js end@node:_http_outgoing copy@node:buffer 1\n\
             tick@node:internal/timers on@/a.js log@node:internal/console write@node:net 1",
        );
        let [tick, on, _, copy, _, write] = std::array::from_fn(StackId::from_index);
        assert!(facts.is_plumbing(tick) && facts.is_plumbing(copy));
        assert!(!facts.is_plumbing(on) && !facts.is_plumbing(write), "writing a log does not end a callback");
        assert_eq!((facts.own(copy), facts.entry(copy), facts.own(tick)), (on, on, StackId::NONE));
    }
}
