//! Some bytes of a block at once: which of them are what. One bit each, lowest first.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wide {
    use std::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, u8x16_sub, u64x2, v128, v128_or};

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

    /// What does not simply stand for itself in a text: quotes, backslashes, and all that is not ASCII.
    #[inline]
    pub(in super::super) fn special(bytes: v128) -> u64 {
        let ends = v128_or(u8x16_eq(bytes, u8x16_splat(b'"')), u8x16_eq(bytes, u8x16_splat(b'\\')));
        u64::from(u8x16_bitmask(v128_or(ends, bytes)))
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

    /// What does not simply stand for itself in a text: quotes, backslashes, and all that is not ASCII.
    #[inline]
    pub(in super::super) fn special(bytes: u64) -> u64 {
        equal(bytes, b'"') | equal(bytes, b'\\') | bits(bytes)
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

/// How many bytes of a text come before its first special one, if there is one: a quote, a backslash,
/// or part of a character that is not ASCII.
#[inline]
pub(super) fn plain_len(data: &[u8]) -> Option<usize> {
    let (chunks, rest) = data.as_chunks::<COUNT>();
    for (i, chunk) in chunks.iter().enumerate() {
        let special = wide::special(load(chunk));
        if special != 0 {
            return Some(i * COUNT + special.trailing_zeros() as usize);
        }
    }
    let is_special = |b: &u8| matches!(b, b'"' | b'\\' | 0x80..);
    rest.iter().position(is_special).map(|at| chunks.len() * COUNT + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_is_found() {
        for byte in 0..=255 {
            for place in 0..50 {
                let mut text = vec![b'a'; 50];
                text[place] = byte;
                let is_special = matches!(byte, b'"' | b'\\' | 0x80..);
                assert_eq!(plain_len(&text), is_special.then_some(place));
            }
        }
    }
}
