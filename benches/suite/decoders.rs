//! What `culprit summary` costs for files of each further decoder, beside what Node.js needs to parse
//! their JSON alone, and what a heap takes of memory.

use std::ffi::OsStr;
use std::path::Path;

use super::Bench;
use crate::inputs::{Kind, megabytes, warm};
use crate::process::Cost;
use crate::table::{Goal, Row, Unit, figure};

/// A decoder that is measured.
struct Measured {
    id: &'static str,
    kind: Kind,
    name: &'static str,
    /// Whether the file is one JSON document.
    is_json: bool,
    /// What it may cost, times what parsing costs.
    goal: Goal,
}

const ALL: &[Measured] = &[
    Measured {
        id: "chrome-trace",
        kind: Kind::ChromeTrace,
        name: "Chrome trace",
        is_json: true,
        goal: Goal::Ratio(1.5),
    },
    Measured { id: "heapsnapshot", kind: Kind::HeapSnapshot, name: "heap snapshot", is_json: true, goal: Goal::None },
    Measured { id: "heapprofile", kind: Kind::HeapProfile, name: "heap profile", is_json: true, goal: Goal::None },
    Measured { id: "prof-log", kind: Kind::ProfLog, name: "raw --prof log", is_json: false, goal: Goal::None },
];

/// What a heap may take, times the size of its file.
const HEAP_MOST: f64 = 0.6;

/// The lines about decoders.
pub(crate) fn rows(bench: &mut Bench) -> Vec<Row> {
    let mut rows = Vec::new();
    for measured in ALL {
        let (cost, memory) = (format!("decoder/{}", measured.id), format!("decoder/{}/memory", measured.id));
        let has_memory = measured.kind == Kind::HeapSnapshot && bench.wants(&memory);
        if !bench.wants(&cost) && !has_memory {
            continue;
        }
        let mb = bench.size(100.0, 10.0);
        let work = format!("{mb} MB {}, native: file → all tables", measured.name);
        let file = match bench.inputs.file(measured.kind, mb) {
            Ok(file) => file,
            Err(problem) => {
                rows.push(Row::new(&cost, work).note(problem));
                continue;
            }
        };
        warm(&file);
        let ours = bench.summary(&file);
        if bench.wants(&cost) {
            let (each, problem) = figure(&ours, Unit::MillisPerMb, each_mb(&file));
            let row = Row::new(&cost, &work).ours(each).note(problem);
            rows.push(if measured.is_json { beside_parsing(bench, &file, row, measured.goal) } else { row });
        }
        if has_memory {
            let (peak, problem) = figure(&ours, Unit::Bytes, |cost| cost.peak_bytes);
            let size = figure(&Ok(vec![megabytes(&file) * 1e6]), Unit::Bytes, |size| *size).0;
            let row = Row::new(&memory, format!("{work}: peak memory")).ours(peak).against("the file", size);
            rows.push(row.goal(Goal::Ratio(HEAP_MOST)).note(problem));
        }
    }
    rows
}

fn each_mb(file: &Path) -> impl Fn(&Cost) -> f64 {
    let mb = megabytes(file);
    move |cost| cost.cpu_s * 1e3 / mb
}

/// Holds a row against `JSON.parse` of the same file.
fn beside_parsing(bench: &mut Bench, file: &Path, row: Row, goal: Goal) -> Row {
    let script = OsStr::new("JSON.parse(require('fs').readFileSync(process.argv[1], 'utf8'))");
    let command = [OsStr::new("node"), OsStr::new("-e"), script, file.as_os_str()];
    let (theirs, problem) = figure(&bench.cost(&command), Unit::MillisPerMb, each_mb(file));
    let row = row.against("JSON.parse in Node.js", theirs).goal(goal);
    if problem.is_empty() { row } else { row.note(format!("Node.js could not be measured: {problem}")) }
}
