//! `culprit summary` beside native programs that read the same files.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Bench;
use crate::inputs::{Kind, megabytes, warm};
use crate::open::Contestant;
use crate::process::Cost;
use crate::table::{Figure, Goal, Row, Unit, figure};

/// The lines about folded stacks and pprof.
pub(crate) async fn rows(bench: &mut Bench) -> Vec<Row> {
    let mut rows = folded(bench).await;
    rows.extend(pprof_beside_go(bench));
    if bench.wants("pprof/browser") {
        rows.push(pprof_in_browser(bench).await);
    }
    rows
}

/// Folded stacks against inferno, natively and in the browser.
async fn folded(bench: &mut Bench) -> Vec<Row> {
    let ids = ["folded/native", "folded/browser", "folded/speedscope"];
    if !ids.iter().any(|id| bench.wants(id)) {
        return Vec::new();
    }
    let mb = bench.size(100.0, 10.0);
    let file = match bench.inputs.file(Kind::Folded, mb) {
        Ok(file) => file,
        Err(problem) => return vec![Row::new("folded", format!("{mb} MB folded")).note(problem)],
    };
    warm(&file);
    let inferno = inferno(bench, &file);
    let against = "inferno-flamegraph 0.12.8, native";
    let mut rows = Vec::new();
    if bench.wants(ids[0]) {
        let (ours, problem) = figure(&bench.summary(&file), Unit::CpuSeconds, |cost| cost.cpu_s);
        let row = Row::new(ids[0], format!("{mb} MB folded, native: file → all tables")).ours(ours);
        let row = row.against(against, inferno.0.clone()).goal(Goal::Ratio(0.5));
        rows.push(row.note(problem).note(&inferno.1));
    }
    let mut contestants = vec![Contestant::Culprit];
    contestants.extend(bench.wants(ids[2]).then_some(Contestant::Speedscope));
    if bench.wants(ids[1]) || bench.wants(ids[2]) {
        bench.open(&file, &contestants).await;
    }
    let cpu = |opened: &crate::open::Opened| opened.both_ms / 1e3;
    let (ours, problem) = figure(&bench.opened(&file, Contestant::Culprit), Unit::CpuSeconds, cpu);
    let work = format!("{mb} MB folded: file chosen → first flame graph, page + workers");
    if bench.wants(ids[1]) {
        let row = Row::new(ids[1], &work).ours(ours.clone()).against(against, inferno.0).goal(Goal::Ratio(1.0));
        rows.push(row.note(&problem).note(&inferno.1));
    }
    if bench.wants(ids[2]) {
        let theirs = figure(&bench.opened(&file, Contestant::Speedscope), Unit::CpuSeconds, cpu);
        let row = Row::new(ids[2], &work).ours(ours).against(Contestant::Speedscope.name(), theirs.0);
        rows.push(row.goal(Goal::Ratio(0.1)).note(&problem).note(theirs.1));
    }
    rows
}

/// What inferno needs from folded stacks to its picture.
fn inferno(bench: &mut Bench, file: &Path) -> (Option<Figure>, String) {
    let program = bench.out.join("inferno/bin/inferno-flamegraph");
    if !program.is_file() {
        return (None, "inferno is not installed".to_owned());
    }
    let costs = bench.cost(&[program.as_os_str(), OsStr::new("--quiet"), file.as_os_str()]);
    figure(&costs, Unit::CpuSeconds, |cost| cost.cpu_s)
}

/// A packed pprof file, named by its size: 5 MB hold 46 MB.
fn pprof(bench: &Bench, mb: f64) -> Result<(PathBuf, String), String> {
    let file = bench.inputs.file(Kind::Pprof, mb)?;
    warm(&file);
    let name = format!("{:.1} MB gzipped pprof ({mb} MB inside)", megabytes(&file));
    Ok((file, name))
}

/// `culprit summary` and `go tool pprof -top`: processor time and memory.
fn pprof_beside_go(bench: &mut Bench) -> Vec<Row> {
    let ids = ["pprof/cpu", "pprof/memory"];
    if !ids.iter().any(|id| bench.wants(id)) {
        return Vec::new();
    }
    let (file, name) = match pprof(bench, bench.size(46.0, 5.0)) {
        Ok(found) => found,
        Err(problem) => return vec![Row::new("pprof", "gzipped pprof").note(problem)],
    };
    let ours = bench.summary(&file);
    let theirs = go(bench, &file);
    let work = format!("{name}, native summary");
    let row = |id: &str, what: &str, unit: Unit, of: fn(&Cost) -> f64| {
        let (ours, theirs) = (figure(&ours, unit, of), figure(&theirs, unit, of));
        let once = match &theirs.0 {
            Some(figure) if figure.runs.len() == 1 => "one run of the reference, it takes long",
            _ => "",
        };
        Row::new(id, format!("{work}: {what}"))
            .ours(ours.0)
            .against("go tool pprof -top", theirs.0)
            .goal(Goal::Ratio(0.05))
            .note(ours.1)
            .note(theirs.1)
            .note(once)
    };
    let all = [
        row(ids[0], "processor time", Unit::CpuSeconds, |cost| cost.cpu_s),
        row(ids[1], "peak memory", Unit::Bytes, |cost| cost.peak_bytes),
    ];
    all.into_iter().filter(|row| bench.wants(&row.id)).collect()
}

fn go(bench: &mut Bench, file: &Path) -> Result<Vec<Cost>, String> {
    // The tool itself, so that Go is not charged for looking whether it is up to date.
    let tool = Command::new("go").args(["tool", "-n", "pprof"]).output();
    let tool = tool.ok().filter(|output| output.status.success()).ok_or("go tool pprof is not installed")?;
    let tool = String::from_utf8_lossy(&tool.stdout).trim().to_owned();
    let command = [OsStr::new(&tool), OsStr::new("-top"), file.as_os_str()];
    bench.cost(&command).map_err(|problem| format!("go tool pprof could not be measured: {problem}"))
}

/// A large pprof file in the browser against our own native program.
async fn pprof_in_browser(bench: &mut Bench) -> Row {
    let (file, name) = match pprof(bench, bench.size(466.0, 46.0)) {
        Ok(found) => found,
        Err(problem) => return Row::new("pprof/browser", "gzipped pprof").note(problem),
    };
    bench.open(&file, &[Contestant::Culprit]).await;
    let opened = bench.opened(&file, Contestant::Culprit);
    let ours = figure(&opened, Unit::CpuSeconds, |opened| opened.both_ms / 1e3);
    let native = figure(&bench.summary(&file), Unit::CpuSeconds, |cost| cost.cpu_s);
    let memory = figure(&opened, Unit::Bytes, |opened| opened.worker_bytes).0;
    let memory = memory.map_or_else(String::new, |figure| format!("memory of the workers {}", figure.text()));
    Row::new("pprof/browser", format!("{name}: file chosen → first flame graph, page + workers"))
        .ours(ours.0)
        .against("culprit summary, native", native.0)
        .goal(Goal::Ratio(2.5))
        .note(ours.1)
        .note(native.1)
        .note(memory)
}
