//! Findings as `culprit summary` prints them.

use serde::Serialize;

use super::{Case, Evidence, Finding, Rule, Shown, findings};
use crate::analysis::measures::Number;
use crate::model::{FunctionId, Recording};

/// A finding; follows `docs/summary.schema.json`.
#[derive(Debug, Serialize)]
pub(crate) struct FindingLine {
    rule: &'static str,
    title: String,
    health: bool,
    certainty: &'static str,
    reason: String,
    #[serde(skip_serializing_if = "is_zero")]
    cost_ns: i64,
    evidence: Vec<EvidenceLine>,
    next: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    functions: Vec<FunctionLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tid: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<RangeLine>,
    shown: &'static str,
}

#[derive(Debug, Serialize)]
struct EvidenceLine {
    label: String,
    value: Number,
    unit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<Number>,
    #[serde(skip_serializing_if = "str::is_empty")]
    of_what: &'static str,
}

#[derive(Debug, Serialize)]
struct FunctionLine {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

#[derive(Debug, Serialize)]
struct RangeLine {
    start_ns: i64,
    end_ns: i64,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// All findings, for programs.
pub(crate) fn json(case: &Case<'_>) -> Vec<FindingLine> {
    findings(case).into_iter().map(|(rule, finding)| line(case.recording, rule, finding)).collect()
}

fn line(recording: &Recording, rule: &Rule, finding: Finding) -> FindingLine {
    let profile = finding.profile.map(|profile| &recording.profiles[profile]);
    // Moments on the file's own clock, as everywhere in the summary.
    let start = profile.and_then(|profile| profile.time.as_ref()).map_or(0, |time| time.start_ns);
    let range = finding.range.map(|range| RangeLine {
        start_ns: start.saturating_add(range.from_ns),
        end_ns: start.saturating_add(range.to_ns),
    });
    FindingLine {
        rule: rule.id,
        title: finding.title,
        health: finding.is_health,
        certainty: finding.certainty.word(),
        reason: finding.reason,
        cost_ns: finding.cost_ns,
        evidence: finding.evidence.into_iter().map(evidence_line).collect(),
        next: finding.next,
        functions: finding.functions.into_iter().map(|id| function_line(recording, id)).collect(),
        pid: profile.and_then(|profile| profile.pid),
        tid: profile.and_then(|profile| profile.tid),
        range,
        shown: match finding.shown {
            Shown::Functions => "functions",
            Shown::Stalls => "stalls",
            Shown::Sheet(id) => id,
        },
    }
}

fn evidence_line(evidence: Evidence) -> EvidenceLine {
    let number = |raw: i64| Number(raw as f64 / 10f64.powi(i32::from(evidence.decimals)));
    EvidenceLine {
        value: number(evidence.raw),
        unit: evidence.unit.word().to_owned(),
        of: evidence.of.map(|(base, _)| number(base)),
        of_what: evidence.of.map_or("", |(_, what)| what),
        label: evidence.label,
    }
}

fn function_line(recording: &Recording, id: FunctionId) -> FunctionLine {
    let row = recording.function(id);
    let (name, file) = (recording.text(row.name).to_owned(), recording.text(row.file).to_owned());
    FunctionLine { name, file, line: (row.line > 0).then_some(row.line) }
}

/// All findings, for people, a line each and more below it.
pub(crate) fn text(case: &Case<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (_, finding) in findings(case) {
        lines.push(format!("  {} ({})", finding.title, finding.certainty.word()));
        let rows = finding.evidence.iter().map(|row| format!("      {}: {}", row.label, row.words()));
        lines.extend(rows);
        lines.push(format!("      next: {}", finding.next));
    }
    lines
}
