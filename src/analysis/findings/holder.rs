//! One object that holds a large part of a heap: a cache without a limit, a list that only grows.

use super::case::Case;
use super::{Certainty, Evidence, Finding, Shown, is_share};
use crate::analysis::heap::UNREACHED;
use crate::model::heap::{NodeId, ObjectKind};
use crate::units::{Unit, figure, percent_text};

/// Hundredths of the heap: what else there is, is code, texts and what every program has.
const PART_MIN: i64 = 33;
/// Bytes below which nobody needs to care.
const BYTES_MIN: u64 = 1 << 20;
/// Objects that are looked at: those on the way from the global one to what holds the most.
const LOOKED_AT: usize = 16;

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    held(case).into_iter().collect()
}

fn held(case: &Case<'_>) -> Option<Finding> {
    let (graph, heap, totals) = case.heap()?;
    let whole = i64::try_from(totals.total).ok()?;
    let is_kept = |node: NodeId| {
        let name = graph.texts.get(graph.name(node));
        // Global objects hold everything, and the engine's own parts are named after what owns them.
        let is_global = heap.distance(node) <= 1 || heap.distance(node) == UNREACHED;
        graph.kind(node) == ObjectKind::Object && !is_global && !name.starts_with("system /")
    };
    let node = *heap.largest(LOOKED_AT, is_kept).first()?;
    let retained = heap.retained(node);
    let bytes = i64::try_from(retained).ok()?;
    if retained < BYTES_MIN || !is_share(bytes, PART_MIN, whole) {
        return None;
    }
    let name = heap.name(graph, node);
    let held = figure(bytes, 0, &Unit::Bytes);
    Some(Finding {
        title: format!("One `{name}` holds {} of the heap: {held}", percent_text(bytes, whole)),
        is_health: false,
        certainty: Certainty::Measured,
        reason: "Worked out of all references: so much would become free if this object went. Whether it is meant to hold \
                 so much, a heap cannot tell."
            .to_owned(),
        cost_ns: 0,
        evidence: vec![
            Evidence::bytes("held", retained).of(whole, "in all"),
            Evidence::bytes("itself", heap.shallow(node)),
            Evidence::count("references from a global object", u64::from(heap.distance(node))),
        ],
        next: "The dominator tree shows what it holds and who holds it; a second snapshot some time later shows whether it \
               grows."
            .to_owned(),
        functions: Vec::new(),
        profile: None,
        range: None,
        shown: Shown::Sheet("heap-dominators"),
    })
}
