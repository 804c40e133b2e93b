//! Some bytes of a block at once: which of them are what. One bit each, lowest first.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wide {
    use std::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, u8x16_sub, u64x2, v128};

    pub(in super::super) const COUNT: usize = 16;

    #[inline]
    pub(in super::super) fn load(bytes: &[u8; COUNT]) -> v128 {
        let [low, high] = [0, 8].map(|at| u64::from_le_bytes(*bytes[at..].first_chunk().expect("half of them")));
        u64x2(low, high)
    }

    #[inline]
    pub(in super::super) fn equal(bytes: v128, to: u8) -> u64 {
        u64::from(u8x16_bitmask(u8x16_eq(bytes, u8x16_splat(to))))
    }

    #[inline]
    pub(in super::super) fn digits(bytes: v128) -> u64 {
        u64::from(u8x16_bitmask(u8x16_lt(u8x16_sub(bytes, u8x16_splat(b'0')), u8x16_splat(10))))
    }
}

/// Eight bytes in a word. (The wide registers of other processors are not to be had without `unsafe`.)
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod wide {
    use super::super::{HIGHS, ONES};

    pub(in super::super) const COUNT: usize = 8;

    #[inline]
    pub(in super::super) fn load(bytes: &[u8; COUNT]) -> u64 {
        u64::from_le_bytes(*bytes)
    }

    #[inline]
    pub(in super::super) fn equal(bytes: u64, to: u8) -> u64 {
        // What is equal is now zero: adding 0x7f sets the high bit of every other byte.
        let x = bytes ^ (ONES * u64::from(to));
        bits(!(((x & !HIGHS) + 0x7f * ONES) | x))
    }

    #[inline]
    pub(in super::super) fn digits(bytes: u64) -> u64 {
        // A digit is now 0..=9: adding 0x76 carries 10 and more into the high bit, and bytes that had
        // it already keep it.
        let x = bytes ^ (ONES * u64::from(b'0'));
        bits(!(((x & !HIGHS) + 0x76 * ONES) | x))
    }

    /// The high bits of all bytes, side by side.
    #[inline]
    fn bits(bytes: u64) -> u64 {
        // The product moves bit 8k to bit 56 + k, and nothing else comes to lie there.
        ((bytes & HIGHS) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    }
}

pub(super) use wide::{COUNT, digits, equal, load};
