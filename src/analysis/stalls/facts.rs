//! What the rule asks of a stack, worked out once per distinct stack.

use crate::model::{FunctionId, Recording, StackId, Tag};

/// What the thread was doing at a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// It waited.
    Idle,
    /// No function was on the stack: native code between two callbacks, or a stack that could not
    /// be walked.
    Program,
    /// It collected garbage.
    Gc,
    /// Functions were running.
    Code,
}

/// Facts by stack. The stack [`StackId::NONE`] has the last row.
#[derive(Debug)]
pub(super) struct Facts {
    class: Vec<Class>,
    /// The outermost frame of each stack, the file's own root left out.
    outer: Vec<StackId>,
    depth: Vec<u32>,
    /// Position of each stack when the tree is walked callers first, and the first position behind
    /// its callees.
    span: Vec<(u32, u32)>,
    /// Whether the frame's function is not on the stack above it.
    is_outermost: Vec<bool>,
}

impl Facts {
    /// Linear in stacks.
    pub(super) fn of(recording: &Recording) -> Self {
        let len = recording.stacks.len();
        let mut facts = Self {
            class: Vec::with_capacity(len + 1),
            outer: Vec::with_capacity(len),
            depth: Vec::with_capacity(len),
            span: vec![(0, 0); len],
            is_outermost: vec![false; len],
        };
        for (i, (parent, frame)) in recording.stacks.iter().enumerate() {
            let tag = recording.function(recording.function_of(frame)).tag;
            facts.class.push(class(tag));
            let is_top = parent.is_none() || is_root(recording, parent);
            facts.outer.push(if is_top { StackId::from_index(i) } else { facts.outer[parent.index()] });
            facts.depth.push(if parent.is_none() { 1 } else { facts.depth[parent.index()] + 1 });
        }
        facts.class.push(Class::Program);
        facts.number(recording);
        facts
    }

    /// What a sample with this stack shows.
    #[inline]
    pub(super) fn class(&self, stack: StackId) -> Class {
        self.class[stack.index().min(self.class.len() - 1)]
    }

    /// The outermost frame below the file's root.
    #[inline]
    pub(super) fn outer(&self, stack: StackId) -> StackId {
        self.outer[stack.index()]
    }

    /// Number of frames.
    #[inline]
    pub(super) fn depth(&self, stack: StackId) -> u32 {
        self.depth[stack.index()]
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

    /// Walks the tree callers first, without recursion: stacks may be as deep as they like.
    fn number(&mut self, recording: &Recording) {
        let children = Children::of(recording);
        let mut open = vec![0u32; recording.functions.len()];
        let mut next = 0;
        let mut at = children.first_root;
        while !at.is_none() {
            let function = function(recording, at).index();
            self.span[at.index()].0 = next;
            self.is_outermost[at.index()] = open[function] == 0;
            open[function] += 1;
            next += 1;
            at = match children.first[at.index()] {
                child if child.is_none() => self.leave(recording, &children, at, next, &mut open),
                child => child,
            };
        }
    }

    /// Leaves `from` and every caller whose last callee it was; the next stack to enter.
    fn leave(
        &mut self,
        recording: &Recording,
        children: &Children,
        from: StackId,
        end: u32,
        open: &mut [u32],
    ) -> StackId {
        let mut at = from;
        while !at.is_none() {
            self.span[at.index()].1 = end;
            open[function(recording, at).index()] -= 1;
            let sibling = children.next[at.index()];
            if !sibling.is_none() {
                return sibling;
            }
            at = recording.stacks.parent(at);
        }
        StackId::NONE
    }
}

/// The function of a stack's innermost frame.
#[inline]
pub(super) fn function(recording: &Recording, stack: StackId) -> FunctionId {
    recording.function_of(recording.stacks.frame(stack))
}

fn is_root(recording: &Recording, stack: StackId) -> bool {
    recording.function(function(recording, stack)).tag == Tag::Root
}

fn class(tag: Tag) -> Class {
    match tag {
        Tag::Idle => Class::Idle,
        Tag::Program | Tag::Root => Class::Program,
        Tag::Gc => Class::Gc,
        Tag::Code | Tag::Jit | Tag::Native | Tag::Kernel => Class::Code,
    }
}

/// First callee and next sibling of every stack.
struct Children {
    first_root: StackId,
    first: Vec<StackId>,
    next: Vec<StackId>,
}

impl Children {
    fn of(recording: &Recording) -> Self {
        let len = recording.stacks.len();
        let mut children =
            Self { first_root: StackId::NONE, first: vec![StackId::NONE; len], next: vec![StackId::NONE; len] };
        for i in (0..len).rev() {
            let id = StackId::from_index(i);
            let parent = recording.stacks.parent(id);
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

    #[test]
    fn stacks_know_their_place() {
        let recording = picture::recording("a b a c 1\na d 1\n(idle) 1");
        let facts = Facts::of(&recording);
        let [a, ab, aba, abac, ad, idle] = std::array::from_fn(StackId::from_index);
        assert_eq!((facts.outer(abac), facts.depth(abac)), (a, 4));
        assert!(facts.is_within(abac, ab) && facts.is_within(ab, ab) && !facts.is_within(ad, ab));
        assert!(!facts.is_within(StackId::NONE, a));
        assert!(facts.is_outermost(ab) && !facts.is_outermost(aba) && facts.is_outermost(ad));
        assert_eq!((facts.class(idle), facts.class(ad), facts.class(StackId::NONE)), (
            Class::Idle,
            Class::Code,
            Class::Program
        ));
    }
}
