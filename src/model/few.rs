//! Sorting where it is not what takes the time.
//!
//! The standard library's sorts are compiled anew for each type and each way to compare, seven
//! kilobytes each time: once they were a fifth of the worker. One function sorts places here, for all
//! lists that are short or rarely sorted. Long lists and those in a hot loop keep the library's.

use std::cmp::Ordering;

/// Sorts of the shared kind, for slices. They are stable.
pub trait SortFew<T> {
    /// By a comparison.
    fn sort_few_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// By a key, which is worked out for each comparison.
    fn sort_few_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.sort_few_by(|a, b| key(a).cmp(&key(b)));
    }

    /// By the order of the type.
    fn sort_few(&mut self)
    where
        T: Ord,
    {
        self.sort_few_by(T::cmp);
    }
}

impl<T> SortFew<T> for [T] {
    fn sort_few_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let order = ordered(self.len(), &mut |a, b| compare(&self[a as usize], &self[b as usize]));
        arrange(order, &mut |a, b| self.swap(a as usize, b as usize));
    }
}

/// The places `0..len` in order.
#[inline(never)]
fn ordered(len: usize, compare: &mut dyn FnMut(u32, u32) -> Ordering) -> Vec<u32> {
    let len = u32::try_from(len).expect("no list of so many is sorted");
    let mut order: Vec<u32> = (0..len).collect();
    order.sort_by(|&a, &b| compare(a, b));
    order
}

/// Moves what stood at `order[i]` to `i`, for each `i`: circle by circle, along which each swap brings
/// one thing to its place.
#[inline(never)]
fn arrange(mut order: Vec<u32>, swap: &mut dyn FnMut(u32, u32)) {
    for first in 0..order.len() as u32 {
        let mut at = first;
        loop {
            let from = std::mem::replace(&mut order[at as usize], at);
            if from == first || from == at {
                break;
            }
            swap(at, from);
            at = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_as_the_library_does() {
        let mut state = 7u64;
        let mut dice = |faces: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % faces
        };
        for len in [0, 1, 2, 3, 20, 21, 500, 3000] {
            for faces in [1, 3, 1 << 20] {
                let list: Vec<(u64, usize)> = (0..len).map(|at| (dice(faces), at)).collect();
                let (mut ours, mut theirs) = (list.clone(), list);
                ours.sort_few_by_key(|item| std::cmp::Reverse(item.0));
                theirs.sort_by_key(|item| std::cmp::Reverse(item.0));
                assert_eq!(ours, theirs, "{len} of {faces}");
                ours.sort_few();
                theirs.sort();
                assert_eq!(ours, theirs, "{len} of {faces}");
            }
        }
    }
}
