//! Sizes of all objects, in as few bytes as their sum needs.

use serde::{Deserialize, Serialize};

/// A column of bytes: 32 bits each while the sum of all fits into them, otherwise 64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sizes {
    /// None exceeds 32 bits, nor does their sum.
    Small(Vec<u32>),
    /// Any; sums saturate.
    Large(Vec<u64>),
}

impl Default for Sizes {
    fn default() -> Self {
        Self::Small(Vec::new())
    }
}

impl Sizes {
    /// The sizes, whose sum is `sum`.
    pub(super) fn of(sizes: impl Iterator<Item = u64>, sum: u64) -> Self {
        if u32::try_from(sum).is_ok() {
            Self::Small(sizes.map(|size| size as u32).collect())
        } else {
            Self::Large(sizes.collect())
        }
    }

    /// The size at `at`.
    #[inline]
    pub fn get(&self, at: usize) -> u64 {
        match self {
            Self::Small(sizes) => u64::from(sizes[at]),
            Self::Large(sizes) => sizes[at],
        }
    }

    /// Number of sizes.
    pub fn len(&self) -> usize {
        match self {
            Self::Small(sizes) => sizes.len(),
            Self::Large(sizes) => sizes.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the size at `from` to that at `to`.
    #[inline]
    pub(super) fn add(&mut self, from: usize, to: usize) {
        match self {
            Self::Small(sizes) => sizes[to] = sizes[to].saturating_add(sizes[from]),
            Self::Large(sizes) => sizes[to] = sizes[to].saturating_add(sizes[from]),
        }
    }

    /// Sets the size at `at` to nothing.
    #[inline]
    pub(super) fn clear(&mut self, at: usize) {
        match self {
            Self::Small(sizes) => sizes[at] = 0,
            Self::Large(sizes) => sizes[at] = 0,
        }
    }
}
