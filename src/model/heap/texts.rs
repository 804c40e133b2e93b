//! The texts of a heap, by number: not interned, since the engine writes each one once.

use crate::model::Packed;

/// Index of a text in [`Texts`]; may lie outside in damaged files, and then has a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextId(pub(crate) u32);

impl TextId {
    /// The text with this number in the file.
    pub fn from_index(index: u32) -> Self {
        Self(index)
    }

    /// The index as a number.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Bits of the offset in a block.
const BLOCK_BITS: u32 = 20;
/// Bytes of a block, and of the longest text that is kept whole.
const BLOCK_BYTES: usize = 1 << BLOCK_BITS;

/// Texts in blocks of a mebibyte: growth copies little, and a text's place fits into four bytes.
#[derive(Debug, Default)]
pub struct Texts {
    blocks: Vec<String>,
    /// Block and offset of each text, which ends where the next one in its block starts.
    starts: Packed,
}

impl Texts {
    /// Adds a text, and whether it was kept whole: texts longer than a block are cut.
    ///
    /// # Errors
    /// When there are more bytes than numbers for their places.
    pub(crate) fn push(&mut self, text: &str) -> Result<bool, Full> {
        let kept = &text[..text.floor_char_boundary(BLOCK_BYTES - 1)];
        let fits = self.blocks.last().is_some_and(|block| block.len() + kept.len() < BLOCK_BYTES);
        if !fits {
            if self.blocks.len() == 1 << (u32::BITS - BLOCK_BITS) {
                return Err(Full);
            }
            // The first block grows by itself, so that small files stay small.
            let room = if self.blocks.is_empty() { 0 } else { BLOCK_BYTES };
            self.blocks.push(String::with_capacity(room));
        }
        let block = self.blocks.len() - 1;
        let start = self.blocks[block].len();
        self.blocks[block].push_str(kept);
        self.starts.push((block as u32) << BLOCK_BITS | start as u32);
        Ok(kept.len() == text.len())
    }

    /// The text with this number; a placeholder when there is none.
    pub fn get(&self, id: TextId) -> &str {
        let at = id.index();
        if at >= self.starts.len() {
            return "(unknown)";
        }
        let is_last = at + 1 == self.starts.len();
        let (start, next) = if is_last { (self.starts.get(at), u32::MAX) } else { self.starts.pair(at) };
        let ((block, start), (next, end)) = (split(start), split(next));
        let whole = &self.blocks[block];
        if next == block && !is_last { &whole[start..end] } else { &whole[start..] }
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there are no texts.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// All texts in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (TextId, &str)> {
        (0..self.len() as u32).map(|at| (TextId(at), self.get(TextId(at))))
    }

    /// Bytes of memory held.
    pub fn heap_bytes(&self) -> usize {
        self.blocks.iter().map(String::capacity).sum::<usize>() + self.starts.heap_bytes()
    }
}

/// There is no number left for the place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

fn split(place: u32) -> (usize, usize) {
    ((place >> BLOCK_BITS) as usize, (place as usize) & (BLOCK_BYTES - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_all_lengths_come_back() {
        let mut texts = Texts::default();
        let long = "é".repeat(BLOCK_BYTES / 2 - 1);
        let many: Vec<String> = (0..3_000).map(|i| format!("{i}-{}", "x".repeat(i % 1_024))).collect();
        let all: Vec<&str> = ["", "a", &long, "", "b"].into_iter().chain(many.iter().map(String::as_str)).collect();
        for text in &all {
            assert_eq!(texts.push(text), Ok(true));
        }
        assert_eq!(texts.len(), all.len());
        assert!(texts.iter().map(|(_, text)| text).eq(all.iter().copied()));
        assert_eq!(texts.get(TextId(u32::MAX)), "(unknown)");
    }

    #[test]
    fn what_is_longer_than_a_block_is_cut() {
        let mut texts = Texts::default();
        assert_eq!(texts.push(&"é".repeat(BLOCK_BYTES)), Ok(false));
        assert_eq!(texts.push("after"), Ok(true));
        assert_eq!(texts.get(TextId(0)).len(), BLOCK_BYTES - 2);
        assert_eq!(texts.get(TextId(1)), "after");
    }
}
