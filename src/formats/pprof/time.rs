//! Time from moments: an event list is put into its order and gets a time axis.

use super::header::Header;
use crate::formats::common::order::median_distance;
use crate::model::{Column, Time};

/// Longest stretch between the start that a file names and its first sample, unless it says that it
/// is longer or its samples span more: one hour. A start further off belongs to something else.
const LEAD_IN_MAX_NS: i64 = 3_600_000_000_000;

/// Samples in the order of time.
#[derive(Debug)]
pub(super) struct Ordered {
    pub(super) time: Time,
    /// The sample of the file at each place; `None` when the file has them in order.
    pub(super) order: Option<Vec<u32>>,
    /// Samples that came after a later one.
    pub(super) out_of_order: u64,
}

/// The time axis of samples with these moments, `None` when they lie further apart than 64 bits of
/// nanoseconds reach. There is at least one.
pub(super) fn order(moments: &Column<i64>, header: &Header) -> Option<Ordered> {
    let out_of_order = out_of_order(moments);
    let order = (out_of_order > 0).then(|| sorted(moments));
    let moment = |place: usize| order.as_ref().map_or(place, |order| order[place] as usize);
    let first = moments.get(moment(0));
    let last = moments.get(moment(moments.len() - 1));
    let span = last.checked_sub(first)?;
    let duration = header.duration_ns.max(0);
    let lead_in = first.checked_sub(header.start_ns).filter(|_| header.start_ns > 0);
    let lead_in_max = duration.max(span).max(LEAD_IN_MAX_NS);
    let lead_in = lead_in.filter(|ns| (0..=lead_in_max).contains(ns)).unwrap_or(0);
    let duration = duration.max(span.checked_add(lead_in)?);
    let mut time = Time { start_ns: first - lead_in, duration_ns: duration, ..Time::default() };
    for place in 0..moments.len() {
        time.at_ns.push(moments.get(moment(place)) - time.start_ns);
    }
    time.interval_ns = median_distance(&time.at_ns);
    // The last sample owns what is left, but no more than two and a half usual steps.
    let most = time.interval_ns.saturating_mul(5) / 2;
    time.last_ns = (duration - span - lead_in).clamp(0, most);
    Some(Ordered { time, order, out_of_order })
}

fn out_of_order(moments: &Column<i64>) -> u64 {
    let mut latest = i64::MIN;
    let mut count = 0;
    for at in moments.iter() {
        count += u64::from(at < latest);
        latest = latest.max(at);
    }
    count
}

fn sorted(moments: &Column<i64>) -> Vec<u32> {
    let rows = u32::try_from(moments.len()).expect("4 billion samples do not fit into the memory of a worker");
    let mut order: Vec<u32> = (0..rows).collect();
    order.sort_by_key(|&row| moments.get(row as usize));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(moments: &[i64], start_ns: i64, duration_ns: i64) -> Option<Ordered> {
        let header = Header { start_ns, duration_ns, ..Header::default() };
        order(&moments.iter().copied().collect(), &header)
    }

    #[test]
    fn moments_are_sorted_and_counted_from_the_start() {
        let result = ordered(&[1_010, 1_030, 1_020, 1_020], 1_000, 40).expect("the moments are near");
        assert_eq!(result.time.at_ns.iter().collect::<Vec<_>>(), [10, 20, 20, 30]);
        assert_eq!(result.order, Some(vec![0, 2, 3, 1]));
        assert_eq!((result.out_of_order, result.time.start_ns, result.time.duration_ns), (2, 1_000, 40));
        assert_eq!((result.time.interval_ns, result.time.last_ns), (10, 10));
    }

    #[test]
    fn a_start_that_cannot_be_one_is_left_out() {
        for start_ns in [0, -5, 2_000, 1] {
            let moments = [1 << 60, (1 << 60) + 7];
            let time = ordered(&moments, start_ns, 0).expect("the moments are near").time;
            assert_eq!((time.start_ns, time.duration_ns, time.last_ns), (1 << 60, 7, 0));
        }
        assert!(ordered(&[i64::MIN, i64::MAX], 0, 0).is_none());
        assert_eq!(ordered(&[5], 0, 0).expect("one is enough").time.interval_ns, 0);
    }
}
