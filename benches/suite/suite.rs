//! `make bench`: measures this program beside others, natively and in headless Chromium, and prints
//! one table. README.md in the folder above says what is measured and how.
//!
//! `scripts/bench.sh` builds and installs everything that this program expects below `target/bench`.

#![expect(clippy::print_stdout, reason = "it prints a table")]

mod answers;
mod browser;
mod decoders;
#[allow(dead_code, reason = "the tests' drivers know more browsers than are measured")]
#[path = "../../tests/browser/engines.rs"]
mod engines;
mod frames;
mod growth;
mod inputs;
mod live;
mod memory;
mod native;
mod open;
mod process;
mod report;
#[path = "../../tests/browser/site.rs"]
mod site;
mod sizes;
mod table;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use inputs::Inputs;
use open::{Contestant, Opened};
use process::Cost;
use table::Row;

const USAGE: &str = "usage: bench [--quick] [--record] [--only TEXT]
  --quick      small sizes and three runs instead of five: two minutes
  --record     writes the table into benches/RESULTS.md too
  --only TEXT  leaves out the lines whose id does not contain TEXT";

/// A run that takes longer than this many seconds of processor time is not repeated.
const LONG_S: f64 = 20.0;

/// What the command line asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) is_quick: bool,
    pub(crate) records: bool,
    only: Option<String>,
}

/// What all measurements share: where things are, and what was measured already.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) options: Options,
    /// Everything that the bench writes: `target/bench`.
    pub(crate) out: PathBuf,
    /// The built site.
    pub(crate) dist: PathBuf,
    /// The built program.
    pub(crate) program: PathBuf,
    /// The program that weighs the site.
    pub(crate) sizes: PathBuf,
    pub(crate) inputs: Inputs,
    opens: BTreeMap<(Contestant, PathBuf), Result<Vec<Opened>, String>>,
    costs: BTreeMap<Vec<OsString>, Result<Vec<Cost>, String>>,
}

impl Bench {
    fn new(options: Options) -> Bench {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let given = |name| std::env::var_os(name).map(PathBuf::from);
        let out = given("BENCH_OUT").unwrap_or_else(|| root.join("target/bench"));
        Bench {
            options,
            dist: given("CULPRIT_DIST").unwrap_or_else(|| out.join("dist")),
            program: given("CULPRIT_PROGRAM").unwrap_or_else(|| root.join("target/release/culprit")),
            sizes: out.join("sizes/release/sizes"),
            inputs: Inputs::new(&out),
            out,
            opens: BTreeMap::new(),
            costs: BTreeMap::new(),
        }
    }

    /// How often each thing is measured.
    pub(crate) fn runs(&self) -> usize {
        if self.options.is_quick { 3 } else { 5 }
    }

    /// One of two values: for everything, or for a quick look.
    pub(crate) fn size<T>(&self, full: T, quick: T) -> T {
        if self.options.is_quick { quick } else { full }
    }

    /// Whether a line of this id is asked for.
    pub(crate) fn wants(&self, id: &str) -> bool {
        self.options.only.as_ref().is_none_or(|text| id.contains(text.as_str()))
    }

    /// What a program costs, measured several times. What was measured once is not measured again.
    pub(crate) fn cost(&mut self, command: &[&OsStr]) -> Result<Vec<Cost>, String> {
        let key: Vec<OsString> = command.iter().map(|word| (*word).to_owned()).collect();
        if let Some(known) = self.costs.get(&key) {
            return known.clone();
        }
        let mut costs = Vec::new();
        let measured = loop {
            match process::cost(command) {
                Ok(cost) => costs.push(cost),
                Err(problem) => break Err(problem),
            }
            if costs.len() >= self.runs() || costs.iter().any(|cost| cost.cpu_s > LONG_S) {
                break Ok(costs);
            }
        };
        self.costs.insert(key, measured.clone());
        measured
    }

    /// What `culprit summary` costs for a file.
    pub(crate) fn summary(&mut self, file: &Path) -> Result<Vec<Cost>, String> {
        let program = self.program.clone();
        self.cost(&[program.as_os_str(), OsStr::new("summary"), file.as_os_str()])
    }

    /// What opening a file costs several pages. They take turns, so that a machine that slows down
    /// slows all of them down. What was measured once is not measured again.
    pub(crate) async fn open(&mut self, file: &Path, contestants: &[Contestant]) {
        let key = |contestant: Contestant| (contestant, file.to_owned());
        let mut left: Vec<Contestant> =
            contestants.iter().copied().filter(|c| !self.opens.contains_key(&key(*c))).collect();
        inputs::warm(file);
        for _ in 0..self.runs() {
            let mut again = Vec::new();
            for &contestant in &left {
                let opened = open::open(self, contestant, file).await;
                let is_long = opened.as_ref().is_ok_and(|opened| opened.all_ms > LONG_S * 1e3);
                let known = self.opens.entry(key(contestant)).or_insert(Ok(Vec::new()));
                match (opened, &mut *known) {
                    (Ok(opened), Ok(list)) => list.push(opened),
                    (Ok(_), Err(_)) => {}
                    (Err(problem), _) => *known = Err(problem),
                }
                if !is_long && known.is_ok() {
                    again.push(contestant);
                }
            }
            left = again;
        }
    }

    /// What [`Bench::open`] measured.
    pub(crate) fn opened(&self, file: &Path, contestant: Contestant) -> Result<Vec<Opened>, String> {
        let known = self.opens.get(&(contestant, file.to_owned()));
        known.cloned().unwrap_or_else(|| Err("it was not measured".to_owned()))
    }
}

/// What is measured together, in this order: the longest runs last.
#[derive(Clone, Copy, Debug)]
enum Part {
    Sizes,
    Open,
    Answers,
    Frames,
    Live,
    Native,
    Decoders,
    Memory,
    Growth,
}

const PARTS: [Part; 9] = [
    Part::Sizes,
    Part::Open,
    Part::Answers,
    Part::Frames,
    Part::Live,
    Part::Native,
    Part::Decoders,
    Part::Memory,
    Part::Growth,
];

fn options(args: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    let mut args = args;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => options.is_quick = true,
            "--record" => options.records = true,
            "--only" => options.only = Some(args.next().ok_or(USAGE)?),
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).peekable();
    if args.next_if(|arg| arg == process::METER).is_some() {
        return process::meter(args);
    }
    let options = match options(args.map(|arg| arg.to_string_lossy().into_owned())) {
        Ok(options) => options,
        Err(problem) => {
            println!("{problem}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.map_err(|e| e.to_string()).and_then(|runtime| runtime.block_on(run(Bench::new(options))));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("{problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(mut bench: Bench) -> Result<(), String> {
    for (what, path) in [("program", &bench.program), ("site", &bench.dist.join("index.html"))] {
        if !path.is_file() {
            return Err(format!("the {what} is not built: {} (run `make bench`)", path.display()));
        }
    }
    let about = report::About::begin();
    let mut rows: Vec<Row> = Vec::new();
    for part in PARTS {
        let begin = Instant::now();
        let new = match part {
            Part::Sizes => sizes::rows(&bench),
            Part::Open => open::rows(&mut bench).await,
            Part::Native => native::rows(&mut bench).await,
            Part::Decoders => decoders::rows(&mut bench),
            Part::Growth => growth::rows(&mut bench).await,
            Part::Memory => memory::rows(&mut bench).await,
            Part::Frames => frames::rows(&mut bench).await,
            Part::Live => live::rows(&mut bench).await,
            Part::Answers => answers::rows(&mut bench).await,
        };
        if new.is_empty() {
            continue;
        }
        let shown = table::text(&new);
        rows.extend(new);
        // Whatever happens to the rest, this much is kept.
        report::save(&bench, &about, &rows)?;
        println!("== {part:?}: {} s\n{shown}", begin.elapsed().as_secs());
    }
    report::write(&bench, &about, &rows)
}
