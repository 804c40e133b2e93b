//! Writes one large synthetic profile, for benchmarks and for the page's big example.
//!
//! Uses nothing but the standard library, so that the compiler alone builds it in seconds:
//!
//! ```sh
//! rustc --edition 2024 -O benches/generate/generate.rs -o target/generate
//! target/generate --format cpuprofile --size 100MB --seed 1 --out big.cpuprofile
//! ```
//!
//! The same options give the same bytes on every machine: nothing here reads the clock, the
//! machine or a random source. README.md in this folder describes the shape of the data.

mod formats;
mod heap;
mod program;

use formats::Sink;
use program::{Program, Shape};
use std::io::{self, Write};
use std::process::ExitCode;

const USAGE: &str =
    "usage: generate --format cpuprofile|heapprofile|prof-log|chrome-trace|folded|pprof|heapsnapshot --out FILE [options]
  --size 100MB        bytes of the file to write (k, MB, GB are decimal; default 10MB)
  --seed 1            same seed and options: same bytes
  --functions 4000    distinct functions
  --nodes N           call-tree nodes, i.e. distinct stacks (default depends on format and size)
  --max-depth 48      deepest stack
  --interval-us 200   sampling interval";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    CpuProfile,
    HeapProfile,
    ProfLog,
    ChromeTrace,
    Folded,
    Pprof,
    HeapSnapshot,
}

/// What the command line asked for.
struct Options {
    format: Format,
    out: String,
    bytes: u64,
    seed: u64,
    functions: u32,
    nodes: Option<u32>,
    depth_max: u16,
    interval_us: u32,
}

fn main() -> ExitCode {
    match options(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(summary) => {
            // A closed pipe on standard output does not undo the file.
            let _ = writeln!(io::stdout(), "{summary}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            let _ = writeln!(io::stderr(), "{problem}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<String, String> {
    if options.format == Format::HeapSnapshot {
        return run_heap(options);
    }
    let program = Program::grow(&Shape {
        seed: options.seed,
        functions: options.functions,
        nodes: options.nodes.unwrap_or_else(|| default_nodes(options)),
        depth_max: options.depth_max,
    });
    let failed = |error: io::Error| format!("{}: {error}", options.out);
    let mut sink = Sink::create(&options.out, options.bytes).map_err(failed)?;
    let mut walk = program.walk(options.seed);
    let counts = match options.format {
        Format::CpuProfile => formats::cpuprofile(&mut walk, options.seed, options.interval_us, &mut sink),
        Format::HeapProfile => formats::heapprofile(&program, options.seed, &mut sink),
        Format::ProfLog => formats::prof_log(&mut walk, options.seed, options.interval_us, &mut sink),
        Format::ChromeTrace => formats::chrome_trace(&mut walk, options.seed, options.interval_us, &mut sink),
        Format::Folded => formats::folded(&program, options.seed, &mut sink),
        Format::Pprof => formats::pprof(&mut walk, options.seed, &mut sink),
        Format::HeapSnapshot => unreachable!("a heap has no call tree"),
    }
    .map_err(failed)?;
    let bytes = sink.finish().map_err(failed)?;
    Ok(format!(
        "{{\"bytes\":{bytes},\"functions\":{},\"nodes\":{},\"mean_depth\":{:.1},\"max_depth\":{},\
         \"records\":{},\"mean_sampled_depth\":{:.1},\"late\":{},\"negative\":{},\"idle\":{},\"gc\":{}}}",
        program.functions.len(),
        program.nodes(),
        program.depth_mean(),
        program.depth_max(),
        counts.records,
        counts.depth_sum as f64 / counts.records.max(1) as f64,
        counts.late,
        counts.negative,
        counts.idle,
        counts.gc,
    ))
}

fn run_heap(options: &Options) -> Result<String, String> {
    let failed = |error: io::Error| format!("{}: {error}", options.out);
    let mut sink = Sink::create(&options.out, options.bytes).map_err(failed)?;
    let counts = heap::snapshot(options.seed, &mut sink).map_err(failed)?;
    let bytes = sink.finish().map_err(failed)?;
    let heap::Counts { objects, edges, texts } = counts;
    Ok(format!("{{\"bytes\":{bytes},\"objects\":{objects},\"edges\":{edges},\"texts\":{texts}}}"))
}

/// A stack for every 2000 bytes of samples, or one per line of about 160 bytes.
fn default_nodes(options: &Options) -> u32 {
    let nodes = match options.format {
        Format::CpuProfile => (options.bytes / 2000).clamp(500, 100_000),
        Format::HeapProfile => options.bytes / 250 + 2,
        Format::ProfLog => (options.bytes / 2000).clamp(500, 100_000),
        Format::ChromeTrace => 20_000,
        Format::Folded => options.bytes / 120 + 2,
        Format::Pprof | Format::HeapSnapshot => 50_000,
    };
    u32::try_from(nodes).unwrap_or(u32::MAX)
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut format = None;
    let mut options = Options {
        format: Format::CpuProfile,
        out: String::new(),
        bytes: 10_000_000,
        seed: 1,
        functions: 4000,
        nodes: None,
        depth_max: 48,
        interval_us: 200,
    };
    while let Some(name) = args.next() {
        let value = args.next().ok_or(USAGE)?;
        match name.as_str() {
            "--format" => format = Some(format_named(&value)?),
            "--out" => options.out = value,
            "--size" => options.bytes = size(&value)?,
            "--seed" => options.seed = number(&value)?,
            "--functions" => options.functions = number::<u32>(&value)?.max(2),
            "--nodes" => options.nodes = Some(number::<u32>(&value)?.max(2)),
            "--max-depth" => options.depth_max = number::<u16>(&value)?.max(2),
            "--interval-us" => options.interval_us = number::<u32>(&value)?.max(4),
            _ => return Err(USAGE.to_owned()),
        }
    }
    options.format = format.ok_or(USAGE)?;
    if options.out.is_empty() {
        return Err(USAGE.to_owned());
    }
    Ok(options)
}

fn format_named(name: &str) -> Result<Format, String> {
    match name {
        "cpuprofile" => Ok(Format::CpuProfile),
        "heapprofile" => Ok(Format::HeapProfile),
        "prof-log" => Ok(Format::ProfLog),
        "chrome-trace" => Ok(Format::ChromeTrace),
        "folded" => Ok(Format::Folded),
        "pprof" => Ok(Format::Pprof),
        "heapsnapshot" => Ok(Format::HeapSnapshot),
        _ => Err(format!("unknown format {name}\n{USAGE}")),
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("not a number that fits: {text}"))
}

/// `22MB`, `1.5GB`, `800k` or plain bytes.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        other => return Err(format!("unknown unit {other}")),
    };
    Ok((number::<f64>(digits)? * unit) as u64)
}
