//! Functions, frames and stacks: who can be called, from where, and every distinct call path.

use foldhash::fast::FixedState;
use std::hash::{BuildHasher, Hash};

use super::{Column, Index, StringId};

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// The index as a number.
            #[inline]
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The id of a row number of the same table.
            #[inline]
            pub fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).expect("4 billion rows do not fit into the memory of a worker"))
            }
        }
    };
}

index!(
    /// Index of a row in [`Functions`].
    FunctionId
);
index!(
    /// Index of a row in [`Frames`].
    FrameId
);
index!(
    /// Index of a row in [`Stacks`].
    StackId
);

impl StackId {
    /// No stack: the parent of a root frame, and the stack of a sample without frames.
    pub const NONE: Self = Self(u32::MAX);

    /// Whether there is no stack.
    #[inline]
    pub fn is_none(self) -> bool {
        self.0 == u32::MAX
    }
}

/// What the file itself says a function is. What we conclude from names and paths (own code,
/// dependency, runtime) is worked out in `analysis`, not stored here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Tag {
    /// Code of any kind.
    #[default]
    Code,
    /// Compiled while running (`_[j]`).
    Jit,
    /// Machine code without a script: a built-in, a shared library.
    Native,
    /// The operating system's kernel (`_[k]`).
    Kernel,
    /// A state of the thread, not a function: the loop waits.
    Idle,
    /// A state: native code with no script on the stack, or a stack that could not be walked.
    Program,
    /// A state: the garbage collector.
    Gc,
    /// A state: the file's own root node, sampled by itself.
    Root,
}

impl Tag {
    /// Whether this is a state of the thread and not a function.
    pub fn is_state(self) -> bool {
        matches!(self, Self::Idle | Self::Program | Self::Gc | Self::Root)
    }
}

/// A function: the same name in the same file at the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Function {
    /// As shown. A function without a name is `(anonymous)`; only an empty frame of folded stacks,
    /// whose text is its name, has the empty one.
    pub name: StringId,
    /// Path or URL of the file, or empty.
    pub file: StringId,
    /// Line of the definition, 1-based; 0 when unknown.
    pub line: u32,
    /// Column of the definition, 1-based; 0 when unknown.
    pub column: u32,
    /// What the file says it is.
    pub tag: Tag,
}

/// A function at a place of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Frame {
    /// What runs.
    pub function: FunctionId,
    /// Line inside the function, 1-based; 0 when unknown.
    pub line: u32,
    /// Whether the compiler put it into its caller.
    pub inlined: bool,
    /// The frame as the file writes it where that is more than the function's name (`read_[k]`);
    /// empty otherwise. Exports give it back.
    pub text: StringId,
}

/// Rows that are stored once each, in the order in which they were first seen.
#[derive(Debug)]
pub struct Interner<T> {
    rows: Column<T>,
    table: Index,
    hasher: FixedState,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { rows: Column::default(), table: Index::default(), hasher: FixedState::default() }
    }
}

impl<T: Copy + Eq + Hash> Interner<T> {
    /// The row number of `row`, added if it is new.
    pub fn intern(&mut self, row: T) -> usize {
        let hash = self.hasher.hash_one(row);
        if let Some(i) = self.table.find(hash, |i| self.rows.get(i as usize) == row) {
            return i as usize;
        }
        let index = self.rows.len();
        let id = u32::try_from(index).expect("4 billion rows do not fit into the memory of a worker");
        self.rows.push(row);
        let (rows, hasher) = (&self.rows, &self.hasher);
        self.table.insert(hash, id, |i| hasher.hash_one(rows.get(i as usize)));
        index
    }

    /// The rows.
    pub fn rows(&self) -> &Column<T> {
        &self.rows
    }

    /// Gives up the hash table; nothing can be interned afterwards without duplicates.
    pub fn into_rows(self) -> Column<T> {
        self.rows
    }
}

/// Call stacks as a tree. A row's parent has a smaller index, so one forward pass visits callers
/// before callees and one backward pass rolls totals up.
#[derive(Debug, Default, Clone)]
pub struct Stacks {
    parent: Column<StackId>,
    frame: Column<FrameId>,
}

impl Stacks {
    /// Number of distinct stacks.
    pub fn len(&self) -> usize {
        self.parent.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parent.is_empty()
    }

    /// The caller's stack, or [`StackId::NONE`].
    #[inline]
    pub fn parent(&self, stack: StackId) -> StackId {
        self.parent.get(stack.index())
    }

    /// The innermost frame.
    #[inline]
    pub fn frame(&self, stack: StackId) -> FrameId {
        self.frame.get(stack.index())
    }

    /// All rows in order: (parent, frame).
    pub fn iter(&self) -> impl Iterator<Item = (StackId, FrameId)> + Clone + '_ {
        self.parent.iter().zip(self.frame.iter())
    }

    /// The frames from the innermost outwards.
    pub fn walk(&self, stack: StackId) -> impl Iterator<Item = FrameId> + '_ {
        let mut at = stack;
        std::iter::from_fn(move || {
            if at.is_none() {
                return None;
            }
            let frame = self.frame(at);
            at = self.parent(at);
            Some(frame)
        })
    }

    /// Bytes of heap memory held.
    pub fn heap_bytes(&self) -> usize {
        self.parent.heap_bytes() + self.frame.heap_bytes()
    }

    /// Appends a row whose parent is an earlier row or none.
    fn push(&mut self, parent: StackId, frame: FrameId) -> StackId {
        debug_assert!(parent.is_none() || parent.index() < self.len(), "parents come before children");
        let id = StackId::from_index(self.len());
        self.parent.push(parent);
        self.frame.push(frame);
        id
    }
}

/// Stacks while they are collected: equal (parent, frame) pairs become one row.
#[derive(Debug, Default)]
pub struct StackInterner {
    stacks: Stacks,
    table: Index,
    hasher: FixedState,
}

impl StackInterner {
    /// The stack `parent` with `frame` called from it.
    pub fn intern(&mut self, parent: StackId, frame: FrameId) -> StackId {
        let hash = self.hasher.hash_one((parent.0, frame.0));
        let same = |i: u32| {
            let id = StackId(i);
            self.stacks.parent(id) == parent && self.stacks.frame(id) == frame
        };
        if let Some(i) = self.table.find(hash, same) {
            return StackId(i);
        }
        let id = self.stacks.push(parent, frame);
        let (stacks, hasher) = (&self.stacks, &self.hasher);
        self.table.insert(hash, id.0, |i| {
            let id = StackId(i);
            hasher.hash_one((stacks.parent(id).0, stacks.frame(id).0))
        });
        id
    }

    /// The stacks so far.
    pub fn stacks(&self) -> &Stacks {
        &self.stacks
    }

    /// Ends the collection.
    pub fn finish(self) -> Stacks {
        self.stacks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_paths_are_one_stack() {
        let mut stacks = StackInterner::default();
        let a = stacks.intern(StackId::NONE, FrameId(0));
        let ab = stacks.intern(a, FrameId(1));
        assert_eq!(stacks.intern(a, FrameId(1)), ab);
        assert_ne!(stacks.intern(StackId::NONE, FrameId(1)), ab);
        assert_eq!(stacks.stacks().walk(ab).collect::<Vec<_>>(), [FrameId(1), FrameId(0)]);
        assert_eq!(stacks.finish().len(), 3);
    }
}
