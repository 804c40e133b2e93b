//! What the program does with a file, and whether what comes out may be shown to a person.

use std::io::{self, Write};
use std::sync::LazyLock;

use culprit::analysis::report;
use culprit::draw::Metrics;
use culprit::engine::Engine;
use culprit::error::{Error, Place};
use culprit::export::{Choice, folded::folded};
use culprit::formats::{self, Options, Recognised, Watch};
use culprit::input::{Named, SliceSource};
use culprit::model::vocab::{Order, Scope, Sort};
use culprit::model::{Note, Recording};
use culprit::protocol::{Answer, CanvasId, Content, FlameView, Picture, Query, SheetInfo, TimelineView, TreeChange};
use culprit::stage::{Given, Stage};
use data_encoding::BASE64;
use jsonschema::Validator;
use serde_json::Value;

use crate::common::package;
use crate::watched::aside;

/// What came out of a file.
pub(crate) struct Opened {
    /// Id of the format that was recognised.
    pub(crate) recognised: Option<String>,
    /// What is shown of it, or the error.
    pub(crate) result: Result<Shown, Error>,
}

/// What is shown of a recording.
pub(crate) struct Shown {
    notes: Vec<Note>,
    line: String,
    text: String,
    /// A question of the page that was refused, and with which words.
    refused: Option<String>,
}

/// Bytes of an export that are taken.
const PIPE_BYTES: usize = 8 << 20;

/// A reader that has had enough after so many bytes, as `head` has.
struct Pipe(usize);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Default)]
struct Seen(Option<String>);

impl Watch for Seen {
    fn recognised(&mut self, what: &Recognised) {
        self.0 = Some(what.format.clone());
    }
}

/// Opens `bytes`, analyses them and prints them, as `culprit summary` does.
pub(crate) fn print(bytes: Vec<u8>) -> Opened {
    open(bytes, false)
}

/// The same, and asks what the page asks first.
pub(crate) fn print_and_ask(bytes: Vec<u8>) -> Opened {
    open(bytes, true)
}

fn open(bytes: Vec<u8>, asks: bool) -> Opened {
    let mut seen = Seen::default();
    // Half of them with every stretch as a stall, which is the most that can be asked for.
    let threshold_ns = if bytes.len().is_multiple_of(2) { 50_000_000 } else { 0 };
    let named = Named { name: "mutated".into(), source: Box::new(SliceSource::new(bytes)) };
    let result = formats::open(vec![named], &Options::default(), None, &mut seen);
    Opened { recognised: seen.0, result: result.map(|recording| show(recording, threshold_ns, asks)) }
}

/// Opens a recording that is whole with a source map of these bytes, and prints it.
pub(crate) fn print_with_map(bytes: Vec<u8>) -> Opened {
    const RECORDING: &[u8] = include_bytes!("../fixtures/source-maps/made-minified.cpuprofile");
    let named = |name: &str, bytes| Named { name: name.into(), source: Box::new(SliceSource::new(bytes)) };
    // Now and then the map lies in its script.
    let is_inline = bytes.len().is_multiple_of(8);
    let map = if is_inline {
        let script = format!("f()\n//# sourceMappingURL=data:application/json;base64,{}", BASE64.encode(&bytes));
        named("esbuild/server.js", script.into_bytes())
    } else {
        named("esbuild/server.js.map", bytes)
    };
    let mut seen = Seen::default();
    let bundle = vec![named("mutated", RECORDING.to_vec()), map];
    let result = formats::open(bundle, &Options::default(), None, &mut seen);
    Opened { recognised: seen.0, result: result.map(|recording| show(recording, 0, false)) }
}

fn show(recording: Recording, threshold_ns: i64, asks: bool) -> Shown {
    let options = report::Options { threshold_ns, ..report::Options::default() };
    let line = report::json_line(&recording, "mutated", &options);
    let text = report::text(&recording, "mutated", &options);
    let notes = recording.notes.clone();
    if let Ok(stacks) = folded(&recording, &Choice::default()) {
        // A deep stack of long names is written out for each sample, which is as large as it is.
        stacks.write(&mut Pipe(PIPE_BYTES)).ok();
    }
    let refused = if asks { ask(recording).err() } else { None };
    Shown { notes, line, text, refused }
}

/// Whether it may be shown to a person like this.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(opened: &Opened) -> Result<(), String> {
    let shown = match &opened.result {
        Err(error) => return is_clear(error),
        Ok(shown) => shown,
    };
    if let Some(note) = shown.notes.iter().find(|n| n.text.chars().any(is_unprintable) || !n.text.ends_with('.')) {
        return Err(format!("the note is no sentence: {:?}", note.text));
    }
    if let Some(c) = shown.text.chars().find(|&c| c != '\n' && is_unprintable(c)) {
        return Err(format!("the text holds {c:?}"));
    }
    line_is_right(&shown.line)?;
    shown.refused.clone().map_or(Ok(()), Err)
}

/// One sentence, and where or what to do.
fn is_clear(error: &Error) -> Result<(), String> {
    let text = error.to_string();
    let bad = |what: &str| Err(format!("the error {what}: {text:?}"));
    match () {
        () if error.problem.trim().is_empty() => bad("says nothing"),
        () if text.chars().any(is_unprintable) => bad("has characters that cannot be printed"),
        () if error.problem.ends_with('.') || !text.ends_with(['.', ')']) => bad("is no sentence"),
        () if error.file != "mutated" => bad("names no file"),
        () if error.remedy.is_empty() && error.place == Place::Whole => bad("says neither where nor what to do"),
        () if text.len() > 600 => bad("is long"),
        () => Ok(()),
    }
}

/// Characters that would do something to a terminal or to the order of the text around them.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

static CONTRACT: LazyLock<Validator> = LazyLock::new(|| {
    let text = std::fs::read_to_string(package().join("docs/summary.schema.json")).expect("the contract is there");
    let contract: Value = serde_json::from_str(&text).expect("the contract is JSON");
    jsonschema::draft202012::new(&contract).expect("the contract is a schema")
});

/// It follows the contract, which a quarter of them is held against, and the parts of wall time are its sum.
fn line_is_right(text: &str) -> Result<(), String> {
    let line: Value = serde_json::from_str(text).map_err(|e| format!("no JSON: {e}"))?;
    if text.len().is_multiple_of(4) && !CONTRACT.is_valid(&line) {
        let problems: Vec<String> =
            CONTRACT.iter_errors(&line).map(|e| e.to_string().chars().take(300).collect()).collect();
        return Err(format!("the line breaks the contract: {problems:?}"));
    }
    for profile in line["profiles"].as_array().into_iter().flatten() {
        let Some(states) = profile.get("states") else { continue };
        let terms = ["before_first_ns", "active_ns", "idle_ns", "gc_ns", "program_ns", "after_last_ns"];
        let terms = terms.map(|term| states[term].as_i64().map(i128::from).unwrap_or(i128::MIN));
        let sum: i128 = terms.iter().sum();
        if profile["duration_ns"].as_i64().map(i128::from) != Some(sum) || terms.iter().any(|&t| t < 0) {
            return Err(format!("the states do not add up: {terms:?} against {}", profile["duration_ns"]));
        }
    }
    Ok(())
}

/// What the page asks of a sheet: its rows, the first of them expanded, some of them found, and more of
/// the first.
fn ask_sheet(engine: &mut Engine, info: &SheetInfo) -> Result<(), String> {
    let mut ask = |sheet: &str, search: &str, sort, change| {
        let (scope, search, sheet) = (Scope::default(), search.into(), sheet.into());
        match engine.answer(&Query::Sheet { sheet, scope, search, sort, change, from: 0, count: 50 }) {
            Ok(Answer::Sheet(sheet)) => Ok(sheet),
            Ok(other) => Err(format!("{}: {other:?}", info.id)),
            Err(failure) => Err(format!("{}: {}", info.id, failure.message)),
        }
    };
    let first = ask(&info.id, "", None, TreeChange::Keep)?;
    ask(&info.id, "", Some((1, true)), TreeChange::ExpandHeaviest(None))?;
    ask(&info.id, "a", Some((0, false)), TreeChange::Keep)?;
    let Some(row) = first.rows.rows.first() else { return Ok(()) };
    ask(&info.id, "", None, TreeChange::Expand(row.node))?;
    if let Some((detail, _)) = info.detail.as_ref().filter(|_| !row.key.is_empty()) {
        ask(&format!("{detail}/{}", row.key), "", None, TreeChange::Keep)?;
    }
    Ok(())
}

/// What the page asks first of a recording.
fn ask(recording: Recording) -> Result<(), String> {
    let mut engine = Engine::new(recording);
    let sheets = engine.overview(0.0).sheets;
    let (from, count) = (0, 50);
    let scope = Scope { nest_gc: true, ..Scope::default() };
    let queries = [
        Query::Summary(scope.clone()),
        Query::Findings { scope: scope.clone(), threshold_ms: 50 },
        Query::Functions { scope: scope.clone(), search: String::new(), sort: Sort::default(), from, count },
        Query::Functions { scope: scope.clone(), search: "a -b".into(), sort: Sort::default(), from, count },
        Query::Tree {
            scope: scope.clone(),
            callers: false,
            sort: Sort::default(),
            change: TreeChange::ExpandHeaviest(None),
            search: String::new(),
            from,
            count,
        },
        Query::Stalls { scope: scope.clone(), threshold_ms: 1 },
    ];
    for query in &queries {
        if let Err(failure) = engine.answer(query) {
            return Err(format!("{query:?}: {}", failure.message));
        }
    }
    sheets.iter().try_for_each(|info| ask_sheet(&mut engine, info))?;
    if let Ok(Answer::Functions(rows)) = engine.answer(&queries[1])
        && let Some(first) = rows.rows.first()
    {
        let details = Query::Details { scope: scope.clone(), function: first.label.key.clone(), path: None };
        engine.answer(&details).map_err(|failure| failure.message)?;
    }
    if let Ok(Answer::Stalls(report)) = engine.answer(&queries[4])
        && let Some(range) = report.stalls.first().and_then(|row| row.range)
    {
        let query = Query::Stall { scope: scope.clone(), threshold_ms: 1, range };
        if !matches!(engine.answer(&query), Ok(Answer::Stall(Some(_)))) {
            return Err(format!("no details of the stall at {range:?}"));
        }
    }
    aside(|| paint(&mut engine, &scope))?;
    let other = engine.aggregate(&scope);
    engine.set_peer(other);
    let compare = Query::Compare { scope, search: String::new(), sort: Sort::default(), from, count };
    engine.answer(&compare).map(drop).map_err(|failure| failure.message)
}

/// What the page paints first of a recording, and what lies in the middle of it.
fn paint(engine: &mut Engine, scope: &Scope) -> Result<(), String> {
    let mut stage = Stage::new();
    stage.take(engine.labels());
    let flame = |order, callers| {
        let view = FlameView { scope: scope.clone(), order, callers, x1: 1.0, ..FlameView::default() };
        (CanvasId::Flame, Content::Flame(view))
    };
    let timeline = TimelineView { scope: scope.clone(), ..TimelineView::default() };
    let contents = [
        flame(Order::Weight, false),
        flame(Order::Time, false),
        flame(Order::Weight, true),
        (CanvasId::Timeline, Content::Timeline(timeline)),
    ];
    for (canvas, content) in contents {
        let picture = Picture { canvas, width: 300.0, height: 200.0, ratio: 1.0, content };
        let metrics = Metrics::fixed(6.6, 5.5);
        // First what is wanted is given, then all is there.
        if stage.picture(&picture, &metrics).painted.is_none() {
            for want in stage.wants() {
                let Some(given) = engine.give(&want) else { continue };
                let (head, pieces) = given.apart();
                stage.take(Given::together(head, pieces)?);
            }
            if stage.picture(&picture, &metrics).painted.is_none() && !stage.wants().is_empty() {
                return Err(format!("{picture:?} wants ever more"));
            }
        }
        stage.hit(canvas, 150.0, 30.0);
    }
    Ok(())
}

impl Shown {
    /// Whether a note with this code stands on it.
    pub(crate) fn has_note(&self, code: &str) -> bool {
        self.notes.iter().any(|note| note.code == code)
    }

    /// Whether something was repaired, estimated or left out.
    pub(crate) fn is_repaired(&self) -> bool {
        !self.notes.is_empty()
    }
}
