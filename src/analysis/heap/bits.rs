//! One bit for each object or text.

/// A set of indices below a length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// A set of indices below `len` that holds none.
    pub(super) fn new(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)] }
    }

    /// Whether `at` is in the set; nothing outside is.
    #[inline]
    pub fn get(&self, at: usize) -> bool {
        self.words.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// Adds `at`, and whether it is new.
    #[inline]
    pub(super) fn set(&mut self, at: usize) -> bool {
        let (word, bit) = (&mut self.words[at / 64], 1 << (at % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// The indices in the set, ascending.
    pub fn ones(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let bits = std::iter::successors(Some(word), |word| Some(word & (word.wrapping_sub(1))));
            bits.take_while(|word| *word != 0).map(move |word| at as u32 * 64 + word.trailing_zeros())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_a_set() {
        let mut bits = Bits::new(200);
        assert!([3, 64, 199, 0].into_iter().all(|at| bits.set(at)));
        assert!(!bits.set(64));
        assert_eq!(bits.ones().collect::<Vec<_>>(), [0, 3, 64, 199]);
        assert!(bits.get(199) && !bits.get(198) && !bits.get(100_000));
    }
}
