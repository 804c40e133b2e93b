//! What is told at the end: the table, its JSON, and `benches/RESULTS.md`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::json;

use super::Bench;
use crate::table::{self, Row};

/// When and on what was measured.
#[derive(Debug)]
pub(crate) struct About {
    begin: Instant,
    date: String,
    machine: String,
    load: String,
    browser: String,
}

impl About {
    pub(crate) fn begin() -> About {
        About {
            begin: Instant::now(),
            date: said_by("date", &["-u", "+%Y-%m-%d"]),
            machine: machine(),
            load: load(),
            browser: said_by("chromedriver", &["--version"]).split_whitespace().take(2).collect::<Vec<_>>().join(" "),
        }
    }

    /// One sentence on how the figures came about.
    fn method(&self, bench: &Bench) -> String {
        format!(
            "{}; {}; load {} at the beginning, {} at the end. Medians of {} runs; processor time is user and \
             system; pages take turns, each in a new headless browser ({})",
            self.date,
            self.machine,
            self.load,
            load(),
            bench.runs(),
            self.browser,
        )
    }
}

fn said_by(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(|_| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// Cores, model and memory.
fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown processor");
    let model = model.trim_start_matches([' ', '\t', ':']);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib =
        memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse::<f64>().ok());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} cores of {model}, {:.0} GB of memory", kib.unwrap_or(0.0) * 1024.0 / 1e9)
}

/// What is not measured, and why.
const LEFT_OUT: &str = "Left out: perf script and speedscope, since these formats do not open yet; Firefox \
     Profiler, of which no build is released; Perfetto, which opens none of these formats.";

/// Prints the table and writes it to `results.json`; with `--record` also into `benches/RESULTS.md`.
///
/// # Errors
/// One sentence, where a file cannot be written.
pub(crate) fn write(bench: &Bench, about: &About, rows: &[Row]) -> Result<(), String> {
    let method = about.method(bench);
    println!("{}\n{method}.\n{LEFT_OUT}", table::text(rows));
    if bench.options.is_quick {
        println!("A quick look: the goals are set for the full sizes.");
    }
    save(bench, about, rows)?;
    println!("As JSON: {}; {} s.", file(bench).display(), about.begin.elapsed().as_secs());
    if bench.options.records {
        record(&method, rows)?;
    }
    Ok(())
}

fn file(bench: &Bench) -> PathBuf {
    bench.out.join("results.json")
}

/// Writes `results.json`.
///
/// # Errors
/// One sentence, where it cannot be written.
pub(crate) fn save(bench: &Bench, about: &About, rows: &[Row]) -> Result<(), String> {
    let document = json!({
        "date": about.date,
        "method": about.method(bench),
        "is_quick": bench.options.is_quick,
        "seconds": about.begin.elapsed().as_secs(),
        "rows": table::json(rows),
    });
    put(&file(bench), &format!("{document:#}\n"))
}

/// What stands below this line is kept by hand.
const MARKER: &str = "<!-- Above this line `make bench RECORD=1` writes; below it people do. -->";

/// Puts the table in place of the one before.
fn record(method: &str, rows: &[Row]) -> Result<(), String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/RESULTS.md");
    let before = fs::read_to_string(&file).unwrap_or_default();
    let by_hand = before.split_once(MARKER).map_or("\n", |(_, by_hand)| by_hand);
    let table = table::markdown(rows);
    put(&file, &format!("# Results\n\n{method}.\n\n{table}\n{LEFT_OUT}\n\n{MARKER}{by_hand}"))
}

fn put(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|e| format!("{} cannot be written: {e}", file.display()))
}
