//! From lists of locations to stacks: identifiers looked up, inlined calls unfolded, and what the
//! file's own patterns leave out taken away.
//!
//! Order: a list is leaf first, and so are the lines of a location, of which the last one is the
//! function that is really there and the others were inlined into it.
//!
//! Leaving out, as `go tool pprof` does it. Of a location that holds a matching line, the outermost
//! matching line and all further in go. Of a stack, scanned from the root, everything from the first
//! location that goes as a whole towards the leaf goes, or everything beyond the first one that goes
//! in part; but nothing goes before the first location that has no matching line, so that a stack is
//! never emptied by its root.

use super::prune::Patterns;
use super::samples::Samples;
use super::symbols::{Shown, Symbols};
use crate::error::{Error, Result};
use crate::formats::common::proto::packed;
use crate::model::{Builder, Column, FrameId, StackId, StringId, Tag};

/// A location that does not exist.
const MISSING: u32 = u32::MAX;
/// Frames that the stacks of any file may have, and per location that was read. Inlining unfolds a
/// location into several frames: four on average is much.
const FRAMES_MIN: u64 = 1 << 14;
const FRAMES_PER_LOCATION: u64 = 16;

/// What became of the distinct lists, by their rows.
#[derive(Debug, Default)]
pub(super) struct Stacks {
    /// The stack of each.
    pub(super) stack: Column<StackId>,
    /// Frames that the file's patterns took away, where there are patterns.
    pub(super) pruned: Column<u32>,
    /// Whether a location does not exist.
    pub(super) is_broken: Column<bool>,
}

/// What patterns do to a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// No line matches.
    Stays,
    /// This many lines, from the innermost on, go.
    Partly(u32),
    /// The outermost line matches: it goes as a whole.
    Goes,
}

/// Frames of a location that was met, in a table of all.
#[derive(Debug, Clone, Copy)]
struct Frames {
    /// First frame, outermost first; [`MISSING`] while the location was not met.
    first: u32,
    count: u32,
    fate: Fate,
}

struct Resolver<'a> {
    symbols: &'a mut Symbols,
    patterns: Option<&'a Patterns>,
    builder: &'a mut Builder,
    /// By row of the location.
    met: Column<Frames>,
    frames: Column<FrameId>,
    /// Whether patterns match a name, by the name.
    matched: hashbrown::HashMap<StringId, bool, foldhash::fast::FixedState>,
    unknown: Option<FrameId>,
    /// Frames that may still be put on stacks.
    budget: u64,
    /// Locations of the list at hand, leaf first.
    rows: Vec<u32>,
    /// The stack built last, root first: neighbouring lists often begin alike.
    path: Vec<(u32, StackId)>,
}

/// Turns every distinct list into a stack.
///
/// # Errors
/// When inlining unfolds into more frames than any real file's would.
pub(super) fn resolve(
    samples: &Samples,
    symbols: &mut Symbols,
    patterns: Option<&Patterns>,
    builder: &mut Builder,
) -> Result<Stacks> {
    let unmet = Frames { first: MISSING, count: 0, fate: Fate::Stays };
    let mut resolver = Resolver {
        met: Column::filled(unmet, symbols.location_count()),
        symbols,
        patterns,
        builder,
        frames: Column::new(),
        matched: hashbrown::HashMap::default(),
        unknown: None,
        budget: FRAMES_MIN.saturating_add(samples.location_count.saturating_mul(FRAMES_PER_LOCATION)),
        rows: Vec::new(),
        path: Vec::new(),
    };
    let mut stacks = Stacks::default();
    for list in samples.lists.iter() {
        let pruned = resolver.read(list);
        stacks.stack.push(resolver.build()?);
        stacks.is_broken.push(resolver.rows.contains(&MISSING));
        if patterns.is_some() {
            stacks.pruned.push(pruned);
        }
    }
    Ok(stacks)
}

impl Resolver<'_> {
    /// Looks the locations of a list up and leaves out what goes. Answers how many frames went.
    // Not inlined, as the next one, because browsers optimise only functions that are called again.
    #[inline(never)]
    fn read(&mut self, list: &[u8]) -> u32 {
        self.rows.clear();
        for id in packed(list).flatten() {
            let row = self.symbols.location(id).unwrap_or(MISSING);
            self.rows.push(row);
        }
        for at in 0..self.rows.len() {
            self.meet(self.rows[at]);
        }
        if self.patterns.is_some() { self.prune() } else { 0 }
    }

    /// Makes the frames of a location, once.
    fn meet(&mut self, row: u32) {
        if row == MISSING || self.met.get(row as usize).first != MISSING {
            return;
        }
        let fate = self.fate(row);
        let lines = self.symbols.line_count(row);
        let gone = if let Fate::Partly(lines) = fate { lines } else { 0 };
        let first = u32::try_from(self.frames.len()).expect("4 billion frames do not fit into memory");
        if lines == 0 {
            let shown = self.symbols.address(row, &mut self.builder.strings);
            self.frame(shown, false);
        }
        for line in (gone..lines).rev() {
            let shown = self.symbols.shown(row, line, &mut self.builder.strings);
            self.frame(shown, line + 1 != lines);
        }
        let count = self.frames.len() as u32 - first;
        self.met.set(row as usize, Frames { first, count, fate });
    }

    fn frame(&mut self, shown: Shown, is_inlined: bool) {
        let function = self.builder.function(shown.name, shown.file, shown.start_line, 0, shown.tag);
        let frame = self.builder.frame(function, shown.line, is_inlined);
        self.frames.push(frame);
    }

    fn fate(&mut self, row: u32) -> Fate {
        let Some(patterns) = self.patterns else { return Fate::Stays };
        let lines = self.symbols.line_count(row);
        for line in (0..lines).rev() {
            let name = self.symbols.name(row, line);
            let strings = &self.builder.strings;
            let is_hit = name != StringId::EMPTY
                && *self.matched.entry(name).or_insert_with(|| patterns.matches(strings.get(name)));
            if is_hit {
                return if line + 1 == lines { Fate::Goes } else { Fate::Partly(line + 1) };
            }
        }
        Fate::Stays
    }

    /// Leaves the locations out that go. Answers how many frames went, those of lines included.
    fn prune(&mut self) -> u32 {
        let fate = |row: u32| if row == MISSING { Fate::Stays } else { self.met.get(row as usize).fate };
        let mut after_staying = self.rows.iter().rposition(|&row| fate(row) == Fate::Stays).unwrap_or(0);
        let mut kept_from = 0;
        while let Some(at) = after_staying.checked_sub(1) {
            match fate(self.rows[at]) {
                Fate::Stays => after_staying = at,
                Fate::Goes => {
                    kept_from = at + 1;
                    break;
                }
                Fate::Partly(_) => {
                    kept_from = at;
                    break;
                }
            }
        }
        let lines_of = |row: u32| if row == MISSING { 1 } else { self.symbols.line_count(row).max(1) };
        let (gone, kept) = self.rows.split_at(kept_from);
        let whole = gone.iter().map(|&row| u64::from(lines_of(row)));
        let part = kept.iter().map(|&row| if let Fate::Partly(lines) = fate(row) { u64::from(lines) } else { 0 });
        let frames: u64 = whole.chain(part).sum();
        self.rows.drain(..kept_from);
        u32::try_from(frames).unwrap_or(u32::MAX)
    }

    /// The stack of the locations at hand.
    #[inline(never)]
    fn build(&mut self) -> Result<StackId> {
        let shared = self.rows.iter().rev().zip(&self.path).take_while(|(row, (before, _))| *row == before).count();
        self.path.truncate(shared);
        let mut stack = self.path.last().map_or(StackId::NONE, |&(_, stack)| stack);
        for at in (0..self.rows.len() - shared).rev() {
            let row = self.rows[at];
            stack = self.extend(stack, row)?;
            self.path.push((row, stack));
        }
        Ok(stack)
    }

    fn extend(&mut self, mut stack: StackId, row: u32) -> Result<StackId> {
        if row == MISSING {
            let frame = self.unknown();
            return Ok(self.builder.stack(stack, frame));
        }
        let Frames { first, count, .. } = self.met.get(row as usize);
        self.budget = self.budget.checked_sub(u64::from(count)).ok_or_else(too_deep)?;
        for frame in first..first + count {
            stack = self.builder.stack(stack, self.frames.get(frame as usize));
        }
        Ok(stack)
    }

    fn unknown(&mut self) -> FrameId {
        let Some(frame) = self.unknown else {
            let name = self.builder.strings.intern("(unknown)");
            let function = self.builder.function(name, StringId::EMPTY, 0, 0, Tag::Native);
            let frame = self.builder.frame(function, 0, false);
            self.unknown = Some(frame);
            return frame;
        };
        frame
    }
}

#[cold]
fn too_deep() -> Error {
    Error::whole(
        "its inlined calls unfold into more frames than any real profile has",
        "The file is damaged: copy or record it again.",
    )
}
