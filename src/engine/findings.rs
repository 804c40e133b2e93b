//! Findings, as the page shows them.

use super::Engine;
use super::sheets::SHEETS;
use crate::analysis::findings::{Case, Finding, Shown, findings};
use crate::analysis::modules::key;
use crate::analysis::scoped::thread_key;
use crate::model::vocab::ViewId;
use crate::protocol::FindingRow;

/// The findings that were asked for last: they do not follow filters, so they seldom change.
#[derive(Debug)]
pub(super) struct Kept {
    threshold_ms: u32,
    rows: Vec<FindingRow>,
}

impl Engine {
    /// What is found in the recording. Worked out when it is first asked for, and kept.
    pub(super) fn findings(&mut self, threshold_ms: u32) -> Vec<FindingRow> {
        if let Some(kept) = self.findings_kept.as_ref().filter(|kept| kept.threshold_ms == threshold_ms) {
            return kept.rows.clone();
        }
        let mut case = Case::new(&self.recording, &self.modules, i64::from(threshold_ms.max(1)) * 1_000_000);
        if let Some((profile, found)) = self.known_stalls(threshold_ms) {
            case = case.with_stalls(profile, found);
        }
        if let Some((_, known)) = self.heap() {
            let (heap, totals) = known.parts();
            case = case.with_heap(heap, totals);
        }
        let rows: Vec<FindingRow> = findings(&case).into_iter().map(|(_, finding)| self.row(finding)).collect();
        drop(case);
        self.findings_kept = Some(Kept { threshold_ms, rows: rows.clone() });
        rows
    }

    fn row(&self, finding: Finding) -> FindingRow {
        let (view, sheet) = self.place(finding.shown);
        let profile = finding.profile.filter(|_| self.recording.profiles.len() > 1);
        FindingRow {
            is_health: finding.is_health,
            certainty: finding.certainty.word().to_owned(),
            reason: finding.reason,
            evidence: finding.evidence.iter().map(|row| (row.label.clone(), row.words())).collect(),
            next: finding.next,
            function: finding.functions.first().map(|&function| key(&self.recording, function)),
            thread: profile.map(|profile| thread_key(&self.recording.profiles[profile])),
            // Without samples nothing can be narrowed to a stretch.
            range: finding.range.filter(|_| !self.recording.profiles.is_empty()),
            title: finding.title,
            view,
            sheet,
        }
    }

    /// The view and the sheet in which something is looked at.
    fn place(&self, shown: Shown) -> (Option<ViewId>, String) {
        let id = match shown {
            Shown::Functions => return (None, String::new()),
            Shown::Stalls => return (Some(ViewId::Stalls), String::new()),
            Shown::Sheet(id) => id,
        };
        let sheet = SHEETS.iter().find(|sheet| sheet.id == id && self.has_sheet(id));
        let view = match sheet.map_or("", |sheet| sheet.tab) {
            "memory" => ViewId::Memory,
            "trace" => ViewId::Trace,
            "series" => ViewId::Series,
            _ => return (None, String::new()),
        };
        (Some(view), id.to_owned())
    }
}
