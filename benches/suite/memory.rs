//! Memory: what the worker holds of a file.

use std::path::Path;

use culprit::draw::{ALL, BoxRows, TimeRows};
use culprit::formats;
use culprit::input::{FileSource, Named};
use culprit::model::{Column, StackId};

use super::Bench;
use crate::inputs::Kind;
use crate::open::Contestant;
use crate::table::{Figure, Goal, Row, Unit, figure};

/// The lines about memory.
pub(crate) async fn rows(bench: &mut Bench) -> Vec<Row> {
    let ids = ["memory/worker", "memory/sample", "memory/largest-cpuprofile", "memory/largest-folded", "memory/box"];
    let mut rows = Vec::new();
    let mb = bench.size(100.0, 10.0);
    if bench.wants(ids[0]) || bench.wants(ids[1]) {
        rows.extend(of_cpuprofile(bench, mb, [ids[0], ids[1]]).await);
    }
    if bench.wants(ids[4]) {
        rows.push(of_boxes(bench, ids[4]));
    }
    if !bench.options.is_quick {
        for (id, kind, mb) in [(ids[2], Kind::CpuProfile, 1000.0), (ids[3], Kind::Folded, 2500.0)] {
            if bench.wants(id) {
                rows.push(largest(bench, id, kind, mb).await);
            }
        }
    }
    rows.retain(|row| bench.wants(&row.id));
    rows
}

async fn of_cpuprofile(bench: &mut Bench, mb: f64, ids: [&str; 2]) -> Vec<Row> {
    let works = [
        format!("{mb} MB .cpuprofile: peak of the workers beyond the tables"),
        format!("{mb} MB .cpuprofile: tables, each sample"),
    ];
    let file = match bench.inputs.file(Kind::CpuProfile, mb) {
        Ok(file) => file,
        Err(problem) => return vec![Row::new(ids[0], &works[0]).note(problem)],
    };
    bench.open(&file, &[Contestant::Culprit]).await;
    let opened = bench.opened(&file, Contestant::Culprit);
    let whole = figure(&opened, Unit::Bytes, |opened| opened.worker_bytes);
    let largest = figure(&opened, Unit::Bytes, |opened| opened.largest_bytes);
    let process = figure(&opened, Unit::Bytes, |opened| opened.process_bytes);
    let beyond = figure(&opened, Unit::Bytes, |opened| opened.worker_bytes - opened.table_bytes);
    let each = figure(&opened, Unit::BytesEach, |opened| opened.table_bytes / opened.samples.max(1.0));
    let told = match (whole.0, largest.0, process.0) {
        (Some(whole), Some(largest), Some(process)) => format!(
            "the workers' memory is {}, {} of it in the largest; the page's process peaked at {}",
            whole.text(),
            largest.text(),
            process.text()
        ),
        _ => String::new(),
    };
    vec![
        Row::new(ids[0], &works[0]).ours(beyond.0).goal(Goal::Most(64e6)).note(beyond.1).note(told),
        Row::new(ids[1], &works[1]).ours(each.0).goal(Goal::Most(14.0)).note(each.1),
    ]
}

/// The largest files that are to open; their peak is only told.
async fn largest(bench: &mut Bench, id: &str, kind: Kind, mb: f64) -> Row {
    let name = if kind == Kind::Folded { "folded" } else { ".cpuprofile" };
    let row = Row::new(id, format!("{mb} MB {name} opens in the browser: memory of its workers"));
    let file = match bench.inputs.file(kind, mb) {
        Ok(file) => file,
        Err(problem) => return row.note(problem),
    };
    // One opening shows it.
    let opened = match bench.opened(&file, Contestant::Culprit) {
        Ok(known) => Ok(known),
        Err(_) => crate::open::open(bench, Contestant::Culprit, &file).await.map(|opened| vec![opened]),
    };
    let (peak, problem) = figure(&opened, Unit::Bytes, |opened| opened.worker_bytes);
    let process = figure(&opened, Unit::Bytes, |opened| opened.process_bytes).0;
    let process = process.map_or_else(String::new, |figure| format!("the page's process peaked at {}", figure.text()));
    row.ours(peak).note(problem).note(process)
}

/// What each box in the order of time takes where it is painted from, counted by the code that lays
/// them out.
fn of_boxes(bench: &Bench, id: &str) -> Row {
    let mb = bench.size(63.5, 12.7);
    let row = Row::new(id, format!("{mb} MB .cpuprofile: boxes in the order of time, each box")).goal(Goal::Most(24.0));
    match bench.inputs.file(Kind::CpuProfile, mb).and_then(|file| boxes(&file)) {
        Ok((boxes, bytes)) => {
            let each = Figure::median(Unit::BytesEach, [bytes as f64 / boxes.max(1) as f64]);
            row.ours(each).note(format!("{:.1} million boxes", boxes as f64 / 1e6))
        }
        Err(problem) => row.note(problem),
    }
}

/// Number of boxes of a file, and the bytes that they take.
fn boxes(file: &Path) -> Result<(usize, usize), String> {
    let source = FileSource::open(file).map_err(|e| e.to_string())?;
    let bundle = vec![Named { name: "a.cpuprofile".to_owned(), source: Box::new(source) }];
    let opened = formats::open(bundle, &formats::Options::default(), None, &mut ());
    let recording = opened.map_err(|e| e.to_string())?;
    let profile = recording.profiles.first().ok_or("no profile")?;
    let time = profile.time.as_ref().ok_or("no times")?;
    let node = |stack: StackId| if stack.is_none() { ALL } else { stack.index() as u32 };
    let parent: Column<u32> = recording.stacks.iter().map(|(parent, _)| node(parent)).collect();
    let nodes = profile.samples.stack.iter().map(node);
    let end_ns = time.duration_ns;
    let rows = TimeRows::build(nodes, &parent, &time.at_ns, end_ns, usize::MAX);
    let drawn = BoxRows::new(rows.into_columns(&time.at_ns, 0, end_ns));
    Ok((drawn.boxes(), drawn.heap_bytes()))
}
