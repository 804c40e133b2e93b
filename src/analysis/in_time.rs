//! The samples of a thread in the order of time, as a picture of it wants them: failed stack walks
//! bridged. Totals never use this.

use super::sums::state_of;
use crate::model::{Column, Recording, StackId, Tag};

/// A number per sample, from its stack, in the order of time. A single `(program)` sample between two
/// equal stacks counts as one more of them: a failed stack walk would tear every box apart.
pub fn bridged<'a>(
    recording: &Recording,
    stacks: &'a Column<StackId>,
    number: impl Fn(StackId) -> u32,
) -> impl Iterator<Item = u32> + 'a {
    let all = (0..recording.stacks.len()).map(StackId::from_index);
    let kind = |stack| match state_of(recording, stack) {
        None => Kind::Code,
        Some(Tag::Program) => Kind::Program,
        Some(_) => Kind::State,
    };
    Bridged {
        stacks,
        rows: all.map(|stack| (number(stack), kind(stack))).collect(),
        none: number(StackId::NONE),
        part: &[],
        behind: 0,
        at: 0,
        before: (StackId::NONE, number(StackId::NONE), Kind::State),
    }
}

/// What a stack can be for a bridge: its ends, or what it leads over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Program,
    State,
}

struct Bridged<'a> {
    stacks: &'a Column<StackId>,
    /// Number and kind by stack.
    rows: Vec<(u32, Kind)>,
    /// Number of samples without a stack.
    none: u32,
    /// The slice at hand, the index of the first sample behind it, and the place in it.
    part: &'a [StackId],
    behind: usize,
    at: usize,
    before: (StackId, u32, Kind),
}

impl Bridged<'_> {
    #[cold]
    fn next_part(&mut self) -> Option<()> {
        let (first, part) = self.stacks.slices(self.behind, self.stacks.len()).next()?;
        (self.part, self.behind, self.at) = (part, first + part.len(), 0);
        Some(())
    }

    /// The stack of the sample behind the one at hand.
    fn next_stack(&self) -> Option<StackId> {
        let in_next = || (self.behind < self.stacks.len()).then(|| self.stacks.get(self.behind));
        self.part.get(self.at).copied().or_else(in_next)
    }
}

impl Iterator for Bridged<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.at == self.part.len() {
            self.next_part()?;
        }
        let stack = self.part[self.at];
        self.at += 1;
        let (before, number, kind) = self.before;
        if stack == before {
            return Some(number);
        }
        let row = self.rows.get(stack.index()).copied().unwrap_or((self.none, Kind::State));
        if row.1 == Kind::Program && kind == Kind::Code && self.next_stack() == Some(before) {
            return Some(number);
        }
        self.before = (stack, row.0, row.1);
        Some(row.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::picture;

    #[test]
    fn one_failed_walk_is_bridged() {
        let recording =
            picture::timed("a 1\n(program) 1\na 1\n(program) 1\n(program) 1\na 1\n(gc) 1\na 1\n(program) 1\nb 1");
        let stacks = &recording.profiles[0].samples.stack;
        let numbers: Vec<u32> = bridged(&recording, stacks, |s| s.index() as u32).collect();
        assert_eq!(numbers, [0, 0, 0, 1, 1, 0, 2, 0, 1, 3]);
    }
}
