//! Elements of a page that were taken out of it and are still held.

use super::case::Case;
use super::{Certainty, Evidence, Finding, Shown, counted};
use crate::units::{Unit, figure};

/// Elements below which it may be what is about to be shown again.
const ELEMENTS_MIN: usize = 100;

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    elements(case).into_iter().collect()
}

fn elements(case: &Case<'_>) -> Option<Finding> {
    let (graph, heap, totals) = case.heap().filter(|(graph, ..)| graph.has_page())?;
    let all = heap.detached();
    if all.len() < ELEMENTS_MIN {
        return None;
    }
    let own = all.iter().fold(0u64, |sum, &node| sum.saturating_add(heap.shallow(node)));
    let most = *all.first()?;
    let retained = heap.retained(most);
    let whole = i64::try_from(totals.total).ok()?;
    let count = counted(all.len() as u64, "element", "elements");
    Some(Finding {
        title: format!(
            "{count} detached from the page, the largest `{}` holds {}",
            heap.name(graph, most),
            figure(i64::try_from(retained).ok()?, 0, &Unit::Bytes)
        ),
        is_health: false,
        certainty: Certainty::Measured,
        reason: "The snapshot says which elements are no longer in a page; all of them are still reachable.".to_owned(),
        cost_ns: 0,
        evidence: vec![
            Evidence::count("elements", all.len() as u64),
            Evidence::bytes("they are themselves", own).of(whole, "in all"),
            Evidence::bytes("held by the largest", retained).of(whole, "in all"),
        ],
        next: "Its retainers show who keeps it: listeners, closures, lists that nobody clears.".to_owned(),
        functions: Vec::new(),
        profile: None,
        range: None,
        shown: Shown::Sheet("heap-detached"),
    })
}
