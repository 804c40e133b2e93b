//! Interned text: every distinct name is stored once.

use foldhash::fast::FixedState;
use std::hash::BuildHasher;

use super::{Column, Index};

/// Index of a text in [`Strings`]; 0 is the empty text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct StringId(pub(crate) u32);

impl StringId {
    /// The empty text, which stands for "not known".
    pub const EMPTY: Self = Self(0);

    /// The index as a number.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Bytes of a block; longer texts get a block of their own.
const BLOCK_BYTES: usize = 1 << 16;

/// Where a text lies: block, offset, length.
#[derive(Debug, Clone, Copy)]
struct Span {
    block: u32,
    start: u32,
    len: u32,
}

/// The table of texts. Blocks never move, so growth does not copy.
#[derive(Debug, Default)]
pub struct Strings {
    blocks: Vec<String>,
    spans: Column<Span>,
    table: Index,
    hasher: FixedState,
}

impl Strings {
    /// A table that holds the empty text.
    pub fn new() -> Self {
        let mut strings = Self::default();
        strings.intern("");
        strings
    }

    /// The id of `text`, added if it is new.
    pub fn intern(&mut self, text: &str) -> StringId {
        let hash = self.hasher.hash_one(text.as_bytes());
        self.look_up(text.as_bytes(), hash).unwrap_or_else(|| self.add(text, hash))
    }

    fn look_up(&self, text: &[u8], hash: u64) -> Option<StringId> {
        let found = self.table.find(hash, |i| is_same(get(&self.blocks, self.spans.get(i as usize)).as_bytes(), text));
        found.map(StringId)
    }

    fn add(&mut self, text: &str, hash: u64) -> StringId {
        let id = u32::try_from(self.spans.len()).expect("4 billion names do not fit into the memory of a worker");
        let span = self.store(text);
        self.spans.push(span);
        let (blocks, spans, hasher) = (&self.blocks, &self.spans, &self.hasher);
        self.table.insert(hash, id, |i| hasher.hash_one(get(blocks, spans.get(i as usize)).as_bytes()));
        StringId(id)
    }

    /// The id of bytes that should be UTF-8; what is not becomes U+FFFD.
    pub fn intern_bytes(&mut self, bytes: &[u8]) -> StringId {
        let hash = self.hasher.hash_one(bytes);
        // What is there already needs no second look at its bytes.
        if let Some(id) = self.look_up(bytes, hash) {
            return id;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => self.add(text, hash),
            Err(_) => self.intern(&String::from_utf8_lossy(bytes)),
        }
    }

    /// The id of `text` if it is in the table.
    pub fn find(&self, text: &str) -> Option<StringId> {
        self.look_up(text.as_bytes(), self.hasher.hash_one(text.as_bytes()))
    }

    /// The text of an id of this table.
    pub fn get(&self, id: StringId) -> &str {
        get(&self.blocks, self.spans.get(id.index()))
    }

    /// Number of distinct texts.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether not even the empty text is there.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// All texts in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.spans.iter().map(|span| get(&self.blocks, span))
    }

    /// Bytes of heap memory held.
    pub fn heap_bytes(&self) -> usize {
        self.blocks.iter().map(String::capacity).sum::<usize>() + self.spans.heap_bytes() + self.table.heap_bytes()
    }

    fn store(&mut self, text: &str) -> Span {
        let fits = self.blocks.last().is_some_and(|b| b.capacity() - b.len() >= text.len());
        if !fits {
            self.blocks.push(String::with_capacity(text.len().max(BLOCK_BYTES)));
        }
        let block = self.blocks.len() - 1;
        let start = self.blocks[block].len();
        self.blocks[block].push_str(text);
        let small = |n: usize| u32::try_from(n).expect("a block and a name are shorter than 4 GiB");
        Span { block: small(block), start: small(start), len: small(text.len()) }
    }
}

fn get(blocks: &[String], span: Span) -> &str {
    &blocks[span.block as usize][span.start as usize..span.start as usize + span.len as usize]
}

/// Whether two texts are the same, eight bytes at a time: in wasm, `==` calls a function that
/// compares byte by byte.
#[inline]
pub(crate) fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (words_a, rest_a) = a.as_chunks::<8>();
    let (words_b, rest_b) = b.as_chunks::<8>();
    words_a.iter().zip(words_b).all(|(a, b)| u64::from_le_bytes(*a) == u64::from_le_bytes(*b))
        && rest_a.iter().zip(rest_b).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_id_for_one_text() {
        let mut strings = Strings::new();
        let a = strings.intern("parse");
        let long = "x".repeat(BLOCK_BYTES * 2);
        let b = strings.intern(&long);
        assert_eq!(strings.intern("parse"), a);
        assert_eq!(strings.get(b), long);
        assert_eq!(strings.get(StringId::EMPTY), "");
        assert_eq!(strings.find("nothing"), None);
        assert_eq!(strings.len(), 3);
    }

    #[test]
    fn texts_of_all_lengths_are_told_apart() {
        for len in 0..40 {
            let text: Vec<u8> = (0..len).collect();
            assert!(is_same(&text, &text.clone()));
            assert!(!is_same(&text, &[&text[..], b"x"].concat()));
            for at in 0..text.len() {
                let mut other = text.clone();
                other[at] ^= 0x80;
                assert!(!is_same(&text, &other));
            }
        }
    }

    #[test]
    fn bad_bytes_are_replaced() {
        let mut strings = Strings::new();
        let id = strings.intern_bytes(b"a\xffb");
        assert_eq!(strings.get(id), "a\u{fffd}b");
        assert_eq!(strings.intern_bytes(b"a\xffb"), id);
        assert_eq!(strings.intern_bytes("a\u{fffd}b".as_bytes()), id);
        assert_eq!(strings.intern_bytes(b"c"), strings.intern("c"));
        assert_eq!(strings.find("c"), Some(strings.intern("c")));
    }
}
