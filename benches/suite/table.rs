//! What was measured, as a table for people, as Markdown and as JSON.

use serde_json::{Value, json};

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Seconds of processor time.
    CpuSeconds,
    /// Milliseconds of processor time.
    CpuMillis,
    /// Milliseconds on the clock.
    Millis,
    /// Bytes of memory.
    Bytes,
    /// Bytes for each sample or box.
    BytesEach,
    /// Milliseconds of processor time for each million bytes of the file.
    MillisPerMb,
    /// Thousands of bytes; the value is in bytes.
    Kilobytes,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Unit::CpuSeconds => "cpu_s",
            Unit::CpuMillis => "cpu_ms",
            Unit::Millis => "ms",
            Unit::Bytes => "bytes",
            Unit::BytesEach => "bytes_each",
            Unit::MillisPerMb => "cpu_ms_per_mb",
            Unit::Kilobytes => "bytes",
        }
    }

    fn text(self, value: f64) -> String {
        match self {
            Unit::CpuSeconds => format!("{} s", rounded(value)),
            Unit::CpuMillis | Unit::Millis => format!("{} ms", rounded(value)),
            Unit::Bytes => format!("{} MB", rounded(value / 1e6)),
            Unit::BytesEach => format!("{} B", rounded(value)),
            Unit::MillisPerMb => format!("{} ms/MB", rounded(value)),
            Unit::Kilobytes => format!("{} kB", rounded(value / 1e3)),
        }
    }
}

/// Three digits that mean something.
fn rounded(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

/// One quantity, measured several times.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) unit: Unit,
    /// In the order in which they were measured.
    pub(crate) runs: Vec<f64>,
    /// What of the runs counts, 0 to 1: 0.5 is the median.
    pub(crate) rank: f64,
}

impl Figure {
    /// The median of some runs; `None` of none.
    pub(crate) fn median(unit: Unit, runs: impl IntoIterator<Item = f64>) -> Option<Figure> {
        Figure::ranked(unit, runs, 0.5)
    }

    /// Another part of the runs than the middle.
    pub(crate) fn ranked(unit: Unit, runs: impl IntoIterator<Item = f64>, rank: f64) -> Option<Figure> {
        let runs: Vec<f64> = runs.into_iter().collect();
        (!runs.is_empty()).then_some(Figure { unit, runs, rank })
    }

    /// What counts of it.
    pub(crate) fn value(&self) -> f64 {
        let mut sorted = self.runs.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len() - 1;
        let at = self.rank * last as f64;
        let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
        below + (above - below) * at.fract()
    }

    pub(crate) fn text(&self) -> String {
        self.unit.text(self.value())
    }

    fn json(&self) -> Value {
        let runs: Vec<f64> = self.runs.iter().map(|run| trimmed(*run)).collect();
        json!({ "value": trimmed(self.value()), "unit": self.unit.name(), "rank": self.rank, "runs": runs })
    }
}

/// The median of what some runs give, or why there is none.
pub(crate) fn figure<T>(runs: &Result<Vec<T>, String>, unit: Unit, of: impl Fn(&T) -> f64) -> (Option<Figure>, String) {
    match runs {
        Ok(list) => (Figure::median(unit, list.iter().map(of)), String::new()),
        Err(problem) => (None, problem.clone()),
    }
}

/// Without digits that mean nothing.
fn trimmed(value: f64) -> f64 {
    format!("{value:.6}").parse().unwrap_or(value)
}

/// What is to be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// Ours is at most so many times the reference.
    Ratio(f64),
    /// Ours is at most this, in the figure's unit.
    Most(f64),
    /// It is only told.
    None,
}

/// A line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Stable, for comparing results: `open-cpuprofile/json-parse`.
    pub(crate) id: String,
    /// What is done.
    pub(crate) work: String,
    pub(crate) ours: Option<Figure>,
    /// Who else does it, or what else it is held against.
    pub(crate) against: String,
    pub(crate) reference: Option<Figure>,
    pub(crate) goal: Goal,
    /// Why something is missing, or what has to be known.
    pub(crate) note: String,
}

impl Row {
    /// A line that is still to be filled.
    pub(crate) fn new(id: &str, work: impl Into<String>) -> Row {
        Row {
            id: id.to_owned(),
            work: work.into(),
            ours: None,
            against: String::new(),
            reference: None,
            goal: Goal::None,
            note: String::new(),
        }
    }

    pub(crate) fn ours(mut self, figure: Option<Figure>) -> Row {
        self.ours = figure;
        self
    }

    pub(crate) fn against(mut self, who: impl Into<String>, figure: Option<Figure>) -> Row {
        self.against = who.into();
        self.reference = figure;
        self
    }

    pub(crate) fn goal(mut self, goal: Goal) -> Row {
        self.goal = goal;
        self
    }

    pub(crate) fn note(mut self, note: impl AsRef<str>) -> Row {
        if !note.as_ref().is_empty() {
            let gap = if self.note.is_empty() { "" } else { "; " };
            self.note = format!("{}{gap}{}", self.note, note.as_ref());
        }
        self
    }

    pub(crate) fn ratio(&self) -> Option<f64> {
        let (ours, reference) = (self.ours.as_ref()?, self.reference.as_ref()?);
        (reference.value() > 0.0).then(|| ours.value() / reference.value())
    }

    /// `None` where there is no goal, or nothing to hold against it.
    pub(crate) fn is_reached(&self) -> Option<bool> {
        match self.goal {
            Goal::Ratio(most) => Some(self.ratio()? <= most),
            Goal::Most(most) => Some(self.ours.as_ref()?.value() <= most),
            Goal::None => None,
        }
    }

    fn goal_text(&self) -> String {
        match (self.goal, self.ours.as_ref()) {
            // Small ratios are told the way people say them.
            (Goal::Ratio(most), _) if most < 0.15 => format!("{}× less", (1.0 / most).round()),
            (Goal::Ratio(most), _) => format!("≤ {most}×"),
            (Goal::Most(most), Some(figure)) => format!("≤ {}", figure.unit.text(most)),
            (Goal::Most(most), None) => format!("≤ {most}"),
            (Goal::None, _) => "–".to_owned(),
        }
    }

    fn ratio_text(&self) -> String {
        match self.ratio() {
            Some(ratio) if ratio < 0.15 => format!("{}× less", rounded(1.0 / ratio)),
            Some(ratio) => format!("{}×", rounded(ratio)),
            None => "–".to_owned(),
        }
    }

    fn verdict(&self) -> &'static str {
        match self.is_reached() {
            Some(true) => "reached",
            Some(false) => "missed",
            None => "–",
        }
    }

    fn cells(&self) -> [String; 6] {
        let figure = |figure: &Option<Figure>| figure.as_ref().map_or_else(|| "–".to_owned(), Figure::text);
        let reference = match (&self.reference, self.against.is_empty()) {
            (_, true) => "–".to_owned(),
            (None, false) => format!("{}: –", self.against),
            (Some(figure), false) => format!("{}: {}", self.against, figure.text()),
        };
        [
            self.work.clone(),
            figure(&self.ours),
            reference,
            self.ratio_text(),
            self.goal_text(),
            self.verdict().to_owned(),
        ]
    }

    fn json(&self) -> Value {
        let goal = match self.goal {
            Goal::Ratio(most) => json!({ "ratio_at_most": most }),
            Goal::Most(most) => json!({ "at_most": most }),
            Goal::None => Value::Null,
        };
        json!({
            "id": self.id,
            "work": self.work,
            "ours": self.ours.as_ref().map(Figure::json),
            "reference": self.reference.as_ref().map(Figure::json),
            "reference_is": self.against,
            "ratio": self.ratio().map(trimmed),
            "goal": goal,
            "reached": self.is_reached(),
            "note": self.note,
        })
    }
}

const HEADS: [&str; 6] = ["work", "ours", "reference", "ratio", "goal", ""];

/// The table in columns of equal width, notes below it.
pub(crate) fn text(rows: &[Row]) -> String {
    let cells: Vec<[String; 6]> = rows.iter().map(Row::cells).collect();
    let wide = |i: usize| {
        let lens = cells.iter().map(|row| row[i].chars().count());
        lens.max().unwrap_or(0).max(HEADS[i].chars().count())
    };
    let widths: Vec<usize> = (0..HEADS.len()).map(wide).collect();
    let line = |row: &[String; 6]| {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let heads = HEADS.map(str::to_owned);
    let mut lines = vec![line(&heads), widths.iter().map(|w| "-".repeat(*w)).collect::<Vec<_>>().join("  ")];
    lines.extend(cells.iter().map(line));
    let notes = notes(rows);
    if !notes.is_empty() {
        lines.push(String::new());
        lines.extend(notes.iter().map(|note| format!("- {note}")));
    }
    lines.join("\n") + "\n"
}

/// The table as Markdown, notes below it.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let line = |cells: &[String; 6]| format!("| {} |\n", cells.join(" | "));
    let mut out = line(&HEADS.map(str::to_owned));
    out += "|---|---|---|---|---|---|\n";
    for row in rows {
        out += &line(&row.cells());
    }
    for note in notes(rows) {
        out += &format!("\n- {note}");
    }
    out + "\n"
}

/// Each note once, with the lines that it is about.
fn notes(rows: &[Row]) -> Vec<String> {
    let mut notes: Vec<(String, Vec<&str>)> = Vec::new();
    for row in rows.iter().filter(|row| !row.note.is_empty()) {
        match notes.iter_mut().find(|(note, _)| *note == row.note) {
            Some((_, works)) => works.push(&row.work),
            None => notes.push((row.note.clone(), vec![&row.work])),
        }
    }
    let line = |(note, works): (String, Vec<&str>)| {
        let more = if works.len() > 1 { format!(" (and {} more)", works.len() - 1) } else { String::new() };
        format!("{}{more}: {note}.", works[0])
    };
    notes.into_iter().map(line).collect()
}

/// The rows as JSON.
pub(crate) fn json(rows: &[Row]) -> Vec<Value> {
    rows.iter().map(Row::json).collect()
}
