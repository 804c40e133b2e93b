//! The engine: holds one recording, answers requests, keeps what it worked out.
//!
//! It is pure: the worker carries messages to it, tests and the command line call it directly. What
//! pictures are painted from goes to the stage, which has a worker of its own.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::analysis::compare::Aggregate;
use crate::analysis::modules::Modules;
use crate::formats::FORMATS;
use crate::model::Recording;
use crate::model::vocab::{FormatInfo, Scope};
use crate::protocol::{Answer, Failure, Query};

mod compare;
mod details;
mod events;
mod findings;
mod flame;
mod heap;
mod in_time;
mod label;
mod lanes;
mod measures;
mod prepared;
mod sheets;
mod stalls;
mod summary;
mod tables;
mod timeline;

use prepared::{Prepared, Scopes};
use sheets::Asked;

/// One open recording and everything that was worked out of it.
#[derive(Debug)]
pub struct Engine {
    recording: Recording,
    modules: Modules,
    /// Title of the format.
    title: String,
    scopes: Scopes,
    open_trees: Vec<tables::OpenTree>,
    stalls_kept: Option<stalls::Kept>,
    findings_kept: Option<findings::Kept>,
    /// What the compared recording sent.
    peer: Option<Aggregate>,
    /// What was worked out of the heap.
    heap: OnceCell<heap::Known>,
    /// What the compared recording's heap has anew.
    heap_changes: OnceCell<heap::Compared>,
    /// What is expanded of which sheet.
    expanded: sheets::AllExpanded,
    /// Lines of short sheets, the last used first.
    lines: Vec<sheets::Kept>,
    /// Ids of the sheets that the recording has.
    sheets: OnceCell<Vec<&'static str>>,
    /// The tracks of a trace in the order of their lanes.
    track_lanes: OnceCell<Vec<usize>>,
    /// When the last span ends, if there are any.
    spans_end: OnceCell<Option<i64>>,
    /// When paints and the slowest interaction were, with their names.
    vital_marks: OnceCell<Vec<(i64, String)>>,
    /// How the events of a trace are shown.
    event_labels: OnceCell<events::EventLabels>,
}

impl Engine {
    /// Takes a recording in. Profilers that write a dozen values leave some at zero: when the file's
    /// default is one of those, the first value with numbers is shown in its place.
    pub fn new(mut recording: Recording) -> Self {
        for profile in &mut recording.profiles {
            profile.default_value = shown_first(profile);
        }
        let modules = Modules::of(&recording);
        let format = FORMATS.iter().find(|f| f.id == recording.origin.format);
        let title = format.map_or_else(|| recording.origin.format.clone(), |f| f.title.to_owned());
        Self {
            recording,
            modules,
            title,
            scopes: Scopes::default(),
            open_trees: Vec::new(),
            stalls_kept: None,
            findings_kept: None,
            peer: None,
            heap: OnceCell::new(),
            heap_changes: OnceCell::new(),
            expanded: sheets::AllExpanded::default(),
            lines: Vec::new(),
            sheets: OnceCell::new(),
            track_lanes: OnceCell::new(),
            spans_end: OnceCell::new(),
            vital_marks: OnceCell::new(),
            event_labels: OnceCell::new(),
        }
    }

    /// Whether this program can show all that a recording holds.
    pub fn shows_all(recording: &Recording) -> bool {
        crate::IS_FULL || recording.is_profiles_alone()
    }

    /// The recording.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Whose code each function is.
    pub fn modules(&self) -> &Modules {
        &self.modules
    }

    /// Takes what the compared recording sent.
    pub fn set_peer(&mut self, peer: Aggregate) {
        self.peer = Some(peer);
        self.heap_changes = OnceCell::new();
        // Some of them compare.
        self.lines.clear();
    }

    /// Answers a question.
    ///
    /// # Errors
    /// One sentence, when the question cannot be answered; the recording stays as it is.
    pub fn answer(&mut self, query: &Query) -> Result<Answer, Failure> {
        self.try_answer(query).map_err(|message| Failure {
            file: self.recording.origin.name.clone(),
            message,
            offset: None,
            head: Vec::new(),
        })
    }

    fn try_answer(&mut self, query: &Query) -> Result<Answer, String> {
        Ok(match query {
            Query::Summary(scope) => Answer::Summary(self.summary(scope)),
            Query::Findings { threshold_ms, .. } => Answer::Findings(self.findings(*threshold_ms)),
            Query::Functions { scope, search, sort, from, count } => {
                Answer::Functions(self.functions(scope, search, *sort, *from, *count)?)
            }
            Query::Tree { scope, callers, sort, change, search, from, count } => {
                Answer::Tree(self.tree(scope, *callers, *sort, change, search, *from, *count)?)
            }
            Query::Details { scope, function, path } => Answer::Details(self.details(scope, function, path.as_ref())),
            Query::Stalls { scope, threshold_ms } => Answer::Stalls(self.stalls(scope, *threshold_ms)),
            Query::Stall { scope, threshold_ms, range } => {
                Answer::Stall(self.stall(scope, *threshold_ms, *range).map(Box::new))
            }
            Query::Search { scope, text, step, at } => Answer::Search(self.search(scope, text, *step, at.as_ref())),
            Query::Compare { scope, search, sort, from, count } => {
                Answer::Sheet(self.compare(scope, search, *sort, *from, *count)?)
            }
            Query::Sheet { sheet, scope, search, sort, change, from, count } => {
                let (sort, from, count) = (*sort, *from, *count);
                Answer::Sheet(self.sheet(Asked { sheet, key: "", scope, search, sort, change, from, count })?)
            }
        })
    }

    /// Whether a scope was looked at lately, so that its numbers need little work.
    pub fn knows(&self, scope: &Scope) -> bool {
        self.scopes.knows(scope)
    }

    fn prepared(&mut self, scope: &Scope) -> Rc<Prepared> {
        self.scopes.get(&self.recording, &self.modules, scope)
    }
}

/// The default value of a profile, or the first that is not all zero.
fn shown_first(profile: &crate::model::Profile) -> usize {
    let has_numbers = |&value: &usize| match &profile.values[value].weights {
        crate::model::Weights::Owned => true,
        crate::model::Weights::Each(column) => column.iter().any(|v| v != 0),
    };
    let default = profile.default_value;
    std::iter::once(default).chain(0..profile.values.len()).find(has_numbers).unwrap_or(default)
}

/// The catalogue of formats, for the start page.
pub fn formats() -> Vec<FormatInfo> {
    FORMATS.iter().map(crate::formats::Format::info).collect()
}

#[cfg(test)]
mod tests;
