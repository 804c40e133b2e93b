//! Poor web vitals, with the function to blame where one was running.

use super::case::{Case, Loop};
use super::{Certainty, Evidence, Finding, Shown};
use crate::analysis::stalls::{Source, Stall};
use crate::analysis::vitals::{Navigation, Rating, Vital, vitals};
use crate::model::FunctionId;
use crate::model::vocab::{FrameKey, TimeRange};
use crate::units::{Unit, nanos};

/// Milliseconds in nanoseconds.
const MS: f64 = 1e6;

pub(super) fn find(case: &Case<'_>) -> Vec<Finding> {
    if case.recording.spans.is_empty() {
        return Vec::new();
    }
    vitals(case.recording).iter().flat_map(|navigation| of_navigation(case, navigation)).collect()
}

/// Total Blocking Time is not among them: it is the stalls, which say by whom.
fn of_navigation(case: &Case<'_>, navigation: &Navigation) -> Vec<Finding> {
    let Navigation { lcp, cls, inp, .. } = navigation;
    let is_poor = |vital: &&Vital| vital.rating == Some(Rating::Poor);
    let lcp = Some(lcp).filter(is_poor).and_then(|vital| {
        let next = "The largest part above says where: the server, the loading of the image, or scripts and styles that \
                    hold up the painting.";
        timed(case, "Largest Contentful Paint", vital, Some(navigation.start_ns), next)
    });
    let inp = Some(inp).filter(is_poor).and_then(|vital| {
        let next = "Do what the person sees at once and the rest later; the input delay is what ran before, the \
                    processing is the handlers, the presentation delay is style, layout and paint.";
        timed(case, "Interaction to Next Paint", vital, vital.at_ns, next)
    });
    let cls = Some(cls).filter(is_poor).and_then(shifted);
    [lcp, inp, cls].into_iter().flatten().collect()
}

fn timed(case: &Case<'_>, name: &str, vital: &Vital, from_ns: Option<i64>, next: &str) -> Option<Finding> {
    let length = (vital.value? * MS).round() as i64;
    let range = from_ns.map(|from_ns| TimeRange { from_ns, to_ns: from_ns.saturating_add(length) });
    let blamed = range.and_then(|range| longest(case, range));
    let functions: Vec<FunctionId> = blamed.and_then(|stall| function_of(case, stall)).into_iter().collect();
    let what = if vital.what.is_empty() { String::new() } else { format!(", {}", vital.what) };
    let who = functions.first().map_or_else(String::new, |&first| format!(", held up by {}", case.name(first)));
    let mut evidence = vec![Evidence::time("in all", length)];
    evidence.extend(vital.parts.iter().map(|&(part, ms)| {
        let ns = (ms * MS).round() as i64;
        Evidence::time(part, ns).of(length, "in all")
    }));
    evidence.extend(blamed.map(|stall| Evidence::time("longest stall in it", stall.duration_ns)));
    Some(Finding {
        title: format!("{name} is poor: {}{what}{who}", nanos(length)),
        is_health: false,
        certainty: Certainty::Measured,
        reason: "The browser's own marks in the trace, by the published thresholds.".to_owned(),
        cost_ns: length,
        evidence,
        next: next.to_owned(),
        functions,
        profile: None,
        range,
        shown: Shown::Sheet("vitals"),
    })
}

fn shifted(vital: &Vital) -> Option<Finding> {
    let score = (vital.value? * 1_000.0).round() as i64;
    let number = |label: &str, raw| Evidence { decimals: 3, unit: Unit::Count, ..Evidence::time(label, raw) };
    let digits = crate::units::exact(score, 3);
    Some(Finding {
        title: format!("Cumulative Layout Shift is poor: {digits}"),
        is_health: false,
        certainty: Certainty::Measured,
        reason: "The browser's own marks in the trace, by the published thresholds.".to_owned(),
        cost_ns: 0,
        evidence: vec![number("largest session window", score), number("good up to", 100)],
        next: "Give what comes later its place beforehand: sizes of images, room for banners.".to_owned(),
        functions: Vec::new(),
        profile: None,
        range: None,
        shown: Shown::Sheet("vitals"),
    })
}

/// The longest stall that overlaps a stretch.
fn longest<'c>(case: &'c Case<'_>, range: TimeRange) -> Option<&'c Stall> {
    let overlaps = |stall: &&Stall| {
        stall.start_ns < range.to_ns && stall.start_ns.saturating_add(stall.duration_ns) > range.from_ns
    };
    let all = |one: &'c Loop<'_>| one.stalls().stalls.iter();
    case.loops().iter().flat_map(all).filter(|stall| stall.source == Source::Measured).find(overlaps)
}

fn function_of(case: &Case<'_>, stall: &Stall) -> Option<FunctionId> {
    let culprit = stall.culprit.as_ref().map(|culprit| culprit.function);
    culprit.or_else(|| {
        let handler = stall.handler.as_ref()?;
        let key = FrameKey { name: handler.name.clone(), file: handler.file.clone(), line: handler.line };
        crate::analysis::modules::find(case.recording, &key)
    })
}
