//! Numbers of objects in as few bytes as the highest of all needs: of sixteen million objects, three. Tables
//! of all objects are what an analysis takes its memory for.

/// A number as it is kept.
pub(super) trait Number: Copy {
    /// Stands for no number.
    const NONE: u32;

    /// The number, which must be less than that or that.
    fn of(number: u32) -> Self;

    /// The number that it is.
    fn get(self) -> u32;
}

impl Number for u32 {
    const NONE: u32 = u32::MAX;

    #[inline]
    fn of(number: u32) -> Self {
        number
    }

    #[inline]
    fn get(self) -> u32 {
        self
    }
}

/// A number of 24 bits.
#[derive(Clone, Copy)]
pub(super) struct ThreeBytes([u8; 3]);

impl Number for ThreeBytes {
    const NONE: u32 = (1 << 24) - 1;

    #[inline]
    fn of(number: u32) -> Self {
        let [a, b, c, _] = number.to_le_bytes();
        Self([a, b, c])
    }

    #[inline]
    fn get(self) -> u32 {
        let [a, b, c] = self.0;
        u32::from_le_bytes([a, b, c, 0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 255, 256, 65_536, ThreeBytes::NONE - 1, ThreeBytes::NONE] {
            assert_eq!(ThreeBytes::of(number).get(), number);
            assert_eq!(<u32 as Number>::of(number).get(), number);
        }
    }
}
