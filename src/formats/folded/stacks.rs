//! Texts of stacks to interned stacks.
//!
//! Two things make this fast. Files are often written in the order of a walk through the call tree,
//! so that a line shares its beginning with the line before: those frames are not looked at again.
//! And a frame's text is hashed once; what it means is worked out only for the first of its kind.

use std::borrow::Cow;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use memchr::memchr;

use crate::model::{Builder, Frame, FrameId, Function, FunctionId, StackId, StringId, Tag, is_same};

/// How frames are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// A name, perhaps with an annotation.
    Names,
    /// `file:function:line`.
    Places,
}

/// A frame that was met before, by its bytes as they are in the file.
#[derive(Debug)]
struct Known {
    hash: u64,
    bytes: Box<[u8]>,
    frame: FrameId,
}

/// Interns stacks into a builder.
#[derive(Debug)]
pub(super) struct Stacks<'b> {
    pub(super) builder: &'b mut Builder,
    pub(super) style: Style,
    known: HashTable<Known>,
    /// Number of different frames whose bytes are not UTF-8.
    pub(super) replaced: u64,
    /// Functions by name and file: what a frame's annotation says does not make it another one.
    functions: HashMap<(StringId, StringId), FunctionId, FixedState>,
    hasher: FixedState,
    /// The last stack's text.
    previous: Vec<u8>,
    /// End of each of its frames in the text, and the stack up to there.
    path: Vec<(usize, StackId)>,
}

impl<'b> Stacks<'b> {
    pub(super) fn new(builder: &'b mut Builder) -> Self {
        Self {
            builder,
            style: Style::Names,
            known: HashTable::new(),
            replaced: 0,
            functions: HashMap::default(),
            hasher: FixedState::default(),
            previous: Vec::new(),
            path: Vec::new(),
        }
    }

    /// The stack of this text; none for the empty one.
    #[inline]
    pub(super) fn intern(&mut self, text: &[u8]) -> StackId {
        if text.is_empty() {
            return StackId::NONE;
        }
        let shared = common_prefix(&self.previous, text);
        self.previous.truncate(shared);
        self.previous.extend_from_slice(&text[shared..]);
        let is_whole_frame = |end: usize| end < shared || end == shared && text.get(end).is_none_or(|&b| b == b';');
        while self.path.last().is_some_and(|&(end, _)| !is_whole_frame(end)) {
            self.path.pop();
        }
        let (mut start, mut stack) = self.path.last().map_or((0, StackId::NONE), |&(end, stack)| (end + 1, stack));
        while start <= text.len() {
            let end = memchr(b';', &text[start..]).map_or(text.len(), |at| start + at);
            let frame = self.frame(&text[start..end]);
            stack = self.builder.stack(stack, frame);
            self.path.push((end, stack));
            start = end + 1;
        }
        stack
    }

    /// The same stack with `tail` behind the text of its innermost frame.
    pub(super) fn with_longer_leaf(&mut self, stack: StackId, tail: &str) -> StackId {
        let (parent, leaf) = if stack.is_none() {
            (StackId::NONE, "")
        } else {
            let stacks = self.builder.stacks();
            (stacks.parent(stack), self.builder.frame_text(stacks.frame(stack)))
        };
        let text = format!("{leaf}{tail}");
        let frame = self.frame(text.as_bytes());
        self.builder.stack(parent, frame)
    }

    #[inline]
    fn frame(&mut self, bytes: &[u8]) -> FrameId {
        let hash = self.hasher.hash_one(bytes);
        match self.known.find(hash, |known| known.hash == hash && is_same(&known.bytes, bytes)) {
            Some(known) => known.frame,
            None => self.new_frame(bytes, hash),
        }
    }

    #[cold]
    fn new_frame(&mut self, bytes: &[u8], hash: u64) -> FrameId {
        let text = String::from_utf8_lossy(bytes);
        self.replaced += u64::from(matches!(text, Cow::Owned(_)));
        let frame = match place(&text).filter(|_| self.style == Style::Places) {
            Some((file, name, line)) => self.placed_frame(&text, file, name, line),
            None => self.named_frame(&text),
        };
        self.known.insert_unique(hash, Known { hash, bytes: bytes.into(), frame }, |known| known.hash);
        frame
    }

    fn named_frame(&mut self, text: &str) -> FrameId {
        let (name, tag, is_inlined) = annotation(text);
        let written = if name.len() < text.len() { self.builder.strings.intern(text) } else { StringId::EMPTY };
        let function = self.function(name, "", tag);
        self.builder.frame_as_written(Frame { function, line: 0, inlined: is_inlined, text: written })
    }

    fn placed_frame(&mut self, text: &str, file: &str, name: &str, line: u32) -> FrameId {
        let written = self.builder.strings.intern(text);
        let function = self.function(name, file, Tag::Code);
        self.builder.frame_as_written(Frame { function, line, inlined: false, text: written })
    }

    fn function(&mut self, name: &str, file: &str, tag: Tag) -> FunctionId {
        let name = self.builder.strings.intern(name);
        let file = self.builder.strings.intern(file);
        let function = Function { name, file, line: 0, column: 0, tag };
        *self.functions.entry((name, file)).or_insert_with(|| self.builder.function_as_written(function))
    }
}

/// A frame's name without the annotation at its end, what that says, and whether it says inlined.
///
/// `_[k]` is kernel, `_[j]` compiled while running, `_[i]` inlined, `_[w]` the waker's stack;
/// async-profiler adds `_[0]` for interpreted and `_[1]` for code of the first compiler.
fn annotation(text: &str) -> (&str, Tag, bool) {
    let Some(name) = text.get(..text.len().saturating_sub(4)).filter(|name| !name.is_empty()) else {
        return (text, Tag::Code, false);
    };
    match &text[name.len()..] {
        "_[k]" => (name, Tag::Kernel, false),
        "_[j]" | "_[1]" => (name, Tag::Jit, false),
        "_[i]" => (name, Tag::Code, true),
        "_[w]" | "_[0]" => (name, Tag::Code, false),
        _ => (text, Tag::Code, false),
    }
}

/// File, function and line of `file:function:line`; files may hold colons, functions do not.
fn place(text: &str) -> Option<(&str, &str, u32)> {
    let (rest, line) = text.rsplit_once(':')?;
    let (file, name) = rest.rsplit_once(':')?;
    let is_place = !file.is_empty() && !name.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
    Some((file, name, line.parse().ok()?)).filter(|_| is_place)
}

/// Number of bytes that two texts begin with alike.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    let mut at = 0;
    for (a, b) in words {
        let differing = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differing != 0 {
            return at + differing.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + a[at..].iter().zip(&b[at..]).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_no_part_of_names() {
        assert_eq!(annotation("vfs_read_[k]"), ("vfs_read", Tag::Kernel, false));
        assert_eq!(annotation("A:.b_[i]"), ("A:.b", Tag::Code, true));
        assert_eq!(annotation("A:.b_[1]"), ("A:.b", Tag::Jit, false));
        assert_eq!(annotation("_[k]"), ("_[k]", Tag::Code, false));
        assert_eq!(annotation("ü_[x]"), ("ü_[x]", Tag::Code, false));
        assert_eq!(annotation("a€]"), ("a€]", Tag::Code, false));
    }

    #[test]
    fn places_of_python() {
        assert_eq!(place("<frozen site>:main:599"), Some(("<frozen site>", "main", 599)));
        assert_eq!(place("C:\\a.py:f:1"), Some(("C:\\a.py", "f", 1)));
        for text in ["P1", "T0:14037", "T0:x:14037a", "<GC>", "a:b:", "a::3", ":b:3", "a:b:99999999999"] {
            assert_eq!(place(text), None, "{text}");
        }
    }

    #[test]
    fn prefixes_of_all_lengths() {
        let a = vec![7; 200];
        for end in 0..200 {
            let mut b = a.clone();
            b[end] = 8;
            assert_eq!(common_prefix(&a, &b), end);
            assert_eq!(common_prefix(&a[..end], &a), end);
        }
    }

    /// Whatever was read before, a stack is its frames.
    #[test]
    fn shared_beginnings_change_nothing() {
        let texts =
            ["a", "a;b", "a;bc", "a;b;", "a;b;;", ";", ";;", "", "a;b;c;d", "a;b;c", "ab;c", "a", ";a", "a;;b", "a;b"];
        for first in texts {
            for second in texts {
                let mut builder = Builder::new();
                let mut stacks = Stacks::new(&mut builder);
                stacks.intern(first.as_bytes());
                let stack = stacks.intern(second.as_bytes());
                let frames: Vec<FrameId> = builder.stacks().walk(stack).collect();
                let names: Vec<&str> = frames.iter().rev().map(|&frame| builder.frame_text(frame)).collect();
                let expected: Vec<&str> = if second.is_empty() { vec![] } else { second.split(';').collect() };
                assert_eq!(names, expected, "{second:?} after {first:?}");
            }
        }
    }

    #[test]
    fn one_function_however_it_ran() {
        let mut builder = Builder::new();
        let mut stacks = Stacks::new(&mut builder);
        let plain = stacks.intern(b"read");
        let kernel = stacks.intern(b"read_[k]");
        assert_ne!(plain, kernel);
        let frame = |stack| builder.frame_row(builder.stacks().frame(stack));
        assert_eq!(frame(plain).function, frame(kernel).function);
    }
}
