//! Whether a file that is ten times as large costs ten times as much, and not more.

use std::path::Path;

use super::Bench;
use crate::inputs::{Kind, megabytes, warm};
use crate::open::Contestant;
use crate::table::{Figure, Goal, Row, Unit, figure};

/// What a million bytes may cost more at the next size.
const MOST: f64 = 1.15;

/// The lines about growth.
pub(crate) async fn rows(bench: &mut Bench) -> Vec<Row> {
    let mut rows = Vec::new();
    let kinds = [
        ("cpuprofile", Kind::CpuProfile, ".cpuprofile"),
        ("folded", Kind::Folded, "folded"),
        ("chrome-trace", Kind::ChromeTrace, "Chrome trace"),
    ];
    for (id, kind, name) in kinds {
        for place in ["native", "browser"] {
            let id = format!("growth/{id}/{place}");
            if bench.wants(&id) {
                rows.extend(steps(bench, &id, kind, name, place == "browser").await);
            }
        }
    }
    rows
}

/// One line for each step from a size to the next.
async fn steps(bench: &mut Bench, id: &str, kind: Kind, name: &str, in_browser: bool) -> Vec<Row> {
    let sizes = bench.size(&[10.0, 100.0, 1000.0][..], &[5.0, 20.0][..]);
    let mut figures = Vec::new();
    for &mb in sizes {
        let figure = match bench.inputs.file(kind, mb) {
            Ok(file) => each_mb(bench, &file, in_browser).await,
            Err(problem) => (None, problem),
        };
        figures.push((mb, figure));
    }
    let place = if in_browser { "file chosen → first flame graph" } else { "native summary" };
    let step = |pair: &[(f64, (Option<Figure>, String))]| {
        let [(small, before), (large, after)] = pair else { return None };
        let row = Row::new(&format!("{id}/{large}"), format!("{large} MB {name}, {place}: growth"))
            .ours(after.0.clone())
            .against(format!("{small} MB"), before.0.clone())
            .goal(Goal::Ratio(MOST));
        Some(row.note(&before.1).note(&after.1))
    };
    figures.windows(2).filter_map(step).collect()
}

/// What each million bytes of a file costs.
async fn each_mb(bench: &mut Bench, file: &Path, in_browser: bool) -> (Option<Figure>, String) {
    let mb = megabytes(file);
    if in_browser {
        bench.open(file, &[Contestant::Culprit]).await;
        let opened = bench.opened(file, Contestant::Culprit);
        return figure(&opened, Unit::MillisPerMb, |opened| opened.both_ms / mb);
    }
    warm(file);
    figure(&bench.summary(file), Unit::MillisPerMb, |cost| cost.cpu_s * 1e3 / mb)
}
