//! Strings that a heap holds many times over.

use super::case::Case;
use super::{Certainty, Evidence, Finding, Shown, counted, is_share};
use crate::units::{Unit, figure, percent_text};

/// Hundredths of the heap that are copies …
const PART_MIN: i64 = 10;
/// … and bytes: copies are common and cheap to keep, until they are much.
const BYTES_MIN: u64 = 1 << 20;
/// Strings are compared unasked only in heaps of so many objects at most: of larger ones it takes seconds
/// and memory, and their table tells it when asked.
const OBJECTS_MAX: usize = 4_000_000;
/// Characters of a string that are shown.
const SHOWN: usize = 40;

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    copies(case).into_iter().collect()
}

fn copies(case: &Case<'_>) -> Option<Finding> {
    let (graph, heap, totals) = case.heap()?;
    let whole = i64::try_from(totals.total).ok()?;
    let can_be = is_share(i64::try_from(totals.strings).ok()?, PART_MIN, whole) && totals.strings >= BYTES_MIN;
    if graph.len() > OBJECTS_MAX || !can_be {
        return None;
    }
    let all = heap.duplicates(graph);
    let wasted = all.iter().fold(0u64, |sum, row| sum.saturating_add(row.wasted));
    let bytes = i64::try_from(wasted).ok()?;
    if wasted < BYTES_MIN || !is_share(bytes, PART_MIN, whole) {
        return None;
    }
    let first = all.first()?;
    let text: String = first.text(graph).chars().take(SHOWN).collect();
    let copies = counted(all.iter().map(|row| row.count - 1).sum(), "copy", "copies");
    Some(Finding {
        title: format!(
            "Equal strings take {} of the heap: {} in {copies}",
            percent_text(bytes, whole),
            figure(bytes, 0, &Unit::Bytes)
        ),
        is_health: false,
        certainty: Certainty::Measured,
        reason: "All strings of the snapshot, compared; one of each is left out.".to_owned(),
        cost_ns: 0,
        evidence: vec![
            Evidence::bytes("wasted", wasted).of(whole, "in all"),
            Evidence::count("different strings", all.len() as u64),
            Evidence::bytes(format!("“{text}”, {} times", first.count), first.wasted).of(bytes, "wasted"),
        ],
        next:
            "Keep one of each, for instance in a Map, where they are made: parsing the same text again makes new ones."
                .to_owned(),
        functions: Vec::new(),
        profile: None,
        range: None,
        shown: Shown::Sheet("heap-strings"),
    })
}
