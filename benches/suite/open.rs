//! Opening files: from the choice of a file to the first flame graph on the screen, in our page and
//! in those of others.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Bench;
use crate::browser::{Chrome, Mark, Page, log_file};
use crate::inputs::Kind;
use crate::process::{Sampler, peak_bytes};
use crate::table::{Figure, Goal, Row, Unit, figure};

/// Whose page opens a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contestant {
    /// Ours.
    Culprit,
    /// A page that does nothing but `JSON.parse(await file.text())`.
    Parse,
    CpuPro,
    Speedscope,
}

/// Versions that `scripts/bench.sh` installs, as they are named in the table.
const CPUPRO: &str = "CPUpro 0.7.0";
const SPEEDSCOPE: &str = "speedscope 1.25.0";

/// The longest that a page may take for one file.
const LIMIT: Duration = Duration::from_secs(180);

macro_rules! script {
    ($file:literal) => {
        concat!(include_str!("marks.js"), include_str!($file))
    };
}

/// Our own page.
pub(crate) const OURS: Page = Page {
    name: "",
    script: script!("culprit.js"),
    // What a page does once while nobody waits is over.
    is_ready: "performance.getEntriesByName('culprit:rehearsed').length === 1",
    field: Some("input[type=file]"),
    flags: &[],
};

const PARSE: Page = Page {
    name: "parse.html",
    script: include_str!("marks.js"),
    is_ready: "document.readyState === 'complete'",
    field: Some("input[type=file]"),
    flags: &[],
};

const CPUPRO_PAGE: Page = Page {
    name: "app.html",
    script: script!("cpupro.js"),
    is_ready: "document.readyState === 'complete'",
    field: None,
    flags: &[],
};

/// It paints with WebGL, which without a graphics card needs a flag.
const SPEEDSCOPE_PAGE: Page = Page {
    name: "",
    script: script!("speedscope.js"),
    is_ready: "document.querySelector('input#file')",
    field: Some("input#file"),
    flags: &["--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
};

impl Contestant {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Contestant::Culprit => "Culprit",
            Contestant::Parse => "JSON.parse",
            Contestant::CpuPro => CPUPRO,
            Contestant::Speedscope => SPEEDSCOPE,
        }
    }

    fn page(self) -> Page {
        match self {
            Contestant::Culprit => OURS,
            Contestant::Parse => PARSE,
            Contestant::CpuPro => CPUPRO_PAGE,
            Contestant::Speedscope => SPEEDSCOPE_PAGE,
        }
    }

    fn folder(self, bench: &Bench) -> PathBuf {
        let packages = bench.out.join("peers/node_modules");
        match self {
            Contestant::Culprit => bench.dist.clone(),
            Contestant::Parse => Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/suite/pages"),
            Contestant::CpuPro => packages.join("cpupro/build"),
            Contestant::Speedscope => packages.join("speedscope/dist/release"),
        }
    }
}

/// One opening of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
    /// Processor time of page and workers until the first picture, milliseconds.
    pub(crate) both_ms: f64,
    /// Of it, the page's own thread.
    pub(crate) page_ms: f64,
    /// The same for all threads of the process.
    pub(crate) all_ms: f64,
    /// On the clock until the picture was painted.
    pub(crate) painted_ms: f64,
    /// On the clock until it was on the screen: the end of the next frame.
    pub(crate) shown_ms: f64,
    /// Memory of the recording's workers, which never shrinks, once everything that the page asks
    /// by itself was answered: of all together and of the largest, bytes.
    pub(crate) worker_bytes: f64,
    pub(crate) largest_bytes: f64,
    /// The longest task of the page's own thread from the choice of the file on, of those over
    /// 50 ms, milliseconds; 0 where there is none.
    pub(crate) long_ms: f64,
    /// Of it, what the tables hold.
    pub(crate) table_bytes: f64,
    /// Samples of the busiest thread.
    pub(crate) samples: f64,
    /// Most memory of the page's process, bytes.
    pub(crate) process_bytes: f64,
}

/// Opens a file in a browser of its own.
///
/// # Errors
/// One sentence.
pub(crate) async fn open(bench: &Bench, contestant: Contestant, file: &Path) -> Result<Opened, String> {
    let (folder, page) = (contestant.folder(bench), contestant.page());
    if !folder.is_dir() {
        return Err(format!("{} is not installed", contestant.name()));
    }
    let chrome = Chrome::open(&folder, &page, &log_file(&bench.out)).await?;
    let opened = measure(&chrome, file, page.field, contestant == Contestant::Culprit).await;
    chrome.close().await;
    opened
}

/// Brings a file to the page and waits for its first picture.
///
/// # Errors
/// One sentence.
pub(crate) async fn measure(
    chrome: &Chrome,
    file: &Path,
    field: Option<&str>,
    is_ours: bool,
) -> Result<Opened, String> {
    let skew = chrome.skew_ms().await?;
    let sampler = Sampler::start(chrome.renderer);
    let marks = match chrome.bring(file, field).await {
        Ok(()) => chrome.wait_for(if is_ours { "shown" } else { "painted" }, LIMIT).await,
        Err(problem) => Err(problem),
    };
    let trace = sampler.stop();
    let marks = marks?;
    // A page may have opened another file before.
    let chosen = marks.iter().rposition(|mark| mark.what == "chosen").ok_or("the page met no file")?;
    let at = |what: &str| marks[chosen..].iter().find(|mark| mark.what == what);
    let start = marks[chosen].at;
    let painted = at("painted").ok_or("the page painted nothing")?.at;
    let shown = at("shown").map_or(painted, |mark| mark.at);
    let cpu = trace.between(start - skew, painted - skew);
    let mut opened = Opened {
        both_ms: cpu.both_ms(),
        page_ms: cpu.page as f64 / 1e6,
        all_ms: cpu.all_ms(),
        painted_ms: painted - start,
        shown_ms: shown - start,
        worker_bytes: 0.0,
        largest_bytes: 0.0,
        long_ms: 0.0,
        table_bytes: at("opened").map_or(0.0, |mark: &Mark| mark.table_bytes),
        samples: at("opened").map_or(0.0, |mark: &Mark| mark.samples),
        process_bytes: peak_bytes(chrome.renderer),
    };
    if is_ours {
        chrome.rest().await?;
        let sizes = worker_sizes(chrome).await?;
        opened.worker_bytes = sizes.iter().sum();
        opened.largest_bytes = sizes.into_iter().fold(0.0, f64::max);
        opened.long_ms = longest_task_ms(&chrome.marks().await?, start);
        opened.process_bytes = peak_bytes(chrome.renderer);
    }
    Ok(opened)
}

/// Memory of each worker that has a recording, bytes.
async fn worker_sizes(chrome: &Chrome) -> Result<Vec<f64>, String> {
    let sizes: Vec<f64> = chrome.read_later("const [done] = arguments; benchMemory().then(done)").await?;
    if sizes.iter().any(|size| *size > 0.0) { Ok(sizes) } else { Err("no worker tells its memory".to_owned()) }
}

/// The longest task of the page's own thread from a moment on: of those over 50 ms, or 0.
pub(crate) fn longest_task_ms(marks: &[Mark], from_ms: f64) -> f64 {
    let long = marks.iter().filter(|mark| mark.what == "long" && mark.at + mark.millis > from_ms);
    long.map(|mark| mark.millis).fold(0.0, f64::max)
}

fn cpu_s(opened: &Opened) -> f64 {
    opened.both_ms / 1e3
}

/// The lines about opening V8 CPU profiles.
pub(crate) async fn rows(bench: &mut Bench) -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(beside_others(bench).await);
    if bench.wants("drop") {
        rows.push(dropped(bench).await);
    }
    rows
}

async fn beside_others(bench: &mut Bench) -> Vec<Row> {
    let all = [
        ("open/json-parse", Contestant::Parse, Goal::Ratio(0.5)),
        ("open/cpupro", Contestant::CpuPro, Goal::Ratio(1.0 / 8.0)),
        ("open/speedscope", Contestant::Speedscope, Goal::Ratio(0.01)),
    ];
    let wanted: Vec<_> = all.into_iter().filter(|(id, ..)| bench.wants(id)).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let mb = bench.size(100.0, 10.0);
    let file = match bench.inputs.file(Kind::CpuProfile, mb) {
        Ok(file) => file,
        Err(problem) => return vec![Row::new("open", format!("{mb} MB .cpuprofile")).note(problem)],
    };
    let mut contestants = vec![Contestant::Culprit];
    contestants.extend(wanted.iter().map(|(_, contestant, _)| *contestant));
    bench.open(&file, &contestants).await;
    let work = format!("{mb} MB .cpuprofile: file chosen → first flame graph, page + workers");
    let ours = bench.opened(&file, Contestant::Culprit);
    let row = |(id, contestant, goal): (&str, Contestant, Goal)| {
        let theirs = bench.opened(&file, contestant);
        let ((figure_ours, problem), (figure_theirs, their_problem)) =
            (figure(&ours, Unit::CpuSeconds, cpu_s), figure(&theirs, Unit::CpuSeconds, cpu_s));
        let name = match contestant {
            Contestant::Parse => "JSON.parse(await file.text())",
            other => other.name(),
        };
        Row::new(id, &work)
            .ours(figure_ours)
            .against(name, figure_theirs)
            .goal(goal)
            .note(problem)
            .note(their_problem)
            .note(all_threads(&ours, &theirs))
    };
    wanted.into_iter().map(row).collect()
}

/// What the whole process spent, helpers for compiling and collecting garbage among it.
fn all_threads(ours: &Result<Vec<Opened>, String>, theirs: &Result<Vec<Opened>, String>) -> String {
    let all = |list: &Result<Vec<Opened>, String>| figure(list, Unit::CpuSeconds, |opened| opened.all_ms / 1e3).0;
    let page = figure(ours, Unit::CpuSeconds, |opened| opened.page_ms / 1e3).0;
    match (all(ours), all(theirs), page) {
        (Some(ours), Some(theirs), Some(page)) => {
            let runs = |count: usize| if count == 1 { " (one run)" } else { "" };
            let (ours, theirs, runs) = (ours.text(), theirs.text(), runs(theirs.runs.len()));
            let page = page.text();
            format!(
                "{page} of ours in the page's own thread; with all threads of its process {ours} against {theirs}{runs}"
            )
        }
        _ => String::new(),
    }
}

/// A file dropped onto a page that has opened one before.
async fn dropped(bench: &mut Bench) -> Row {
    let mb = bench.size(20.0, 5.0);
    let row = Row::new("drop", format!("{mb} MB .cpuprofile dropped on a warm page → on the screen, clock"))
        .goal(Goal::Most(300.0));
    let files = bench.inputs.file(Kind::CpuProfile, 1.0).and_then(|first| {
        let second = bench.inputs.file(Kind::CpuProfile, mb)?;
        Ok((first, second))
    });
    let (first, second) = match files {
        Ok(files) => files,
        Err(problem) => return row.note(problem),
    };
    crate::inputs::warm(&second);
    let mut runs = Vec::new();
    for _ in 0..bench.runs() {
        match drop_once(bench, &first, &second).await {
            Ok(opened) => runs.push(opened),
            Err(problem) => return row.note(problem),
        }
    }
    let painted = Figure::median(Unit::Millis, runs.iter().map(|opened| opened.painted_ms));
    let cpu = Figure::median(Unit::CpuMillis, runs.iter().map(|opened| opened.both_ms));
    let text = |figure: Option<Figure>| figure.map_or_else(String::new, |figure| figure.text());
    row.ours(Figure::median(Unit::Millis, runs.iter().map(|opened| opened.shown_ms))).note(format!(
        "painted after {}, page + workers spent {}",
        text(painted),
        text(cpu)
    ))
}

async fn drop_once(bench: &Bench, first: &Path, second: &Path) -> Result<Opened, String> {
    let chrome = Chrome::open(&bench.dist, &OURS, &log_file(&bench.out)).await?;
    let opened = async {
        measure(&chrome, first, OURS.field, true).await?;
        chrome.forget_marks().await?;
        measure(&chrome, second, None, true).await
    };
    let opened = opened.await;
    chrome.close().await;
    opened
}
