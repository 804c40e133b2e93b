//! What a file may cost before it is refused.

/// Limits of one opening; all adjustable.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Unpacked bytes that any packed file may have, whatever its own size.
    pub unpacked_min: u64,
    /// Unpacked bytes allowed per packed byte above that. Profiles pack 5 to 60 times; deflate can
    /// reach 1,032 and zstd far more, but only with content that holds nothing.
    pub unpacked_per_byte: u64,
    /// Longest single text (a name, a line) in bytes.
    pub token_bytes_max: usize,
    /// Deepest nesting of a structured document outside the places that a format defines.
    pub nesting_max: usize,
    /// Memory that the tables may take, where less is to be had than a file may need.
    pub memory: Option<Memory>,
}

/// Memory that is not to be exceeded.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Bytes that are in use now.
    pub used: fn() -> u64,
    /// Most bytes that may be in use while there is more to read. Tables still grow by what was read
    /// since the last look, so that there has to be room above.
    pub max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            unpacked_min: 64 << 20,
            unpacked_per_byte: 200,
            token_bytes_max: 64 << 20,
            nesting_max: 1_000,
            memory: None,
        }
    }
}

impl Limits {
    /// Most bytes that a packed file of `size` bytes may unpack to.
    pub fn unpacked_max(&self, size: u64) -> u64 {
        self.unpacked_min.max(size.saturating_mul(self.unpacked_per_byte))
    }
}
