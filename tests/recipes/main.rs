//! Every recording command that is shown to people has been run: here, word for word, or by hand with
//! a reason why it cannot be run here.
//!
//! Each command runs in a folder of its own beside small programs of our own, and the file that it
//! writes must open as the format whose recipe it is, with samples. The tools are installed by
//! `make test` (`scripts/lib.sh` says which); a tool that is missing fails the test.
#![allow(clippy::print_stdout, reason = "a test says what it ran")]

#[path = "../common/mod.rs"]
mod common;
mod stage;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::{iter, thread};

use culprit::formats::{FORMATS, Recipe};

use stage::{Stage, Step};

/// Commands that run at the same time.
const AT_ONCE: usize = 3;

/// How a command is run.
struct Run {
    command: &'static str,
    /// Programs that it and its stage need, for the message when one is missing.
    needs: &'static [&'static str],
    /// What has to be there first.
    step: Step,
    /// The file that it writes; after `*`, the ending of its name.
    writes: &'static str,
}

const RUN: &[Run] = &[
    Run { command: "node --cpu-prof app.js", needs: &["node"], step: Step::Nothing, writes: "*.cpuprofile" },
    Run {
        command: "node --heap-prof --heap-prof-interval=16384 app.js",
        needs: &["node"],
        step: Step::Nothing,
        writes: "*.heapprofile",
    },
    Run {
        command: "node --trace-event-categories v8,node,node.async_hooks app.js",
        needs: &["node"],
        step: Step::Nothing,
        writes: "*_trace.1.log",
    },
    Run { command: "node --prof app.js", needs: &["node"], step: Step::Nothing, writes: "*-v8.log" },
    Run {
        command: "node --prof app.js && node --prof-process --preprocess isolate-*-v8.log > ticks.json",
        needs: &["node"],
        step: Step::Nothing,
        writes: "ticks.json",
    },
    Run {
        command: "node --prof app.js && node --prof-process isolate-*-v8.log > report.txt",
        needs: &["node"],
        step: Step::Nothing,
        writes: "report.txt",
    },
    Run { command: "node inspect -p PID", needs: &["node"], step: Step::Inspect, writes: "x.cpuprofile" },
    Run {
        command: "node --heapsnapshot-signal=SIGUSR2 app.js",
        needs: &["node"],
        step: Step::Signal,
        writes: "*.heapsnapshot",
    },
    Run {
        command: "node -e \"require('./app.js'); require('v8').writeHeapSnapshot('app.heapsnapshot')\"",
        needs: &["node"],
        step: Step::Nothing,
        writes: "app.heapsnapshot",
    },
    Run {
        command: "curl -o cpu.pb.gz 'http://localhost:6060/debug/pprof/profile?seconds=10'",
        needs: &["go", "curl"],
        step: Step::Service,
        writes: "cpu.pb.gz",
    },
    Run {
        command: "curl -o heap.pb.gz http://localhost:6060/debug/pprof/heap",
        needs: &["go", "curl"],
        step: Step::Service,
        writes: "heap.pb.gz",
    },
    Run {
        command: "curl -o goroutine.pb.gz http://localhost:6060/debug/pprof/goroutine",
        needs: &["go", "curl"],
        step: Step::Service,
        writes: "goroutine.pb.gz",
    },
    Run {
        command: "curl -o mutex.pb.gz http://localhost:6060/debug/pprof/mutex",
        needs: &["go", "curl"],
        step: Step::Service,
        writes: "mutex.pb.gz",
    },
    Run {
        command: "go test -cpuprofile cpu.pb.gz -bench .",
        needs: &["go"],
        step: Step::Benchmark,
        writes: "cpu.pb.gz",
    },
    Run {
        command: "CPUPROFILE=cpu.prof LD_PRELOAD=libprofiler.so.0 ./app && go tool pprof -proto -output=cpu.pb.gz ./app cpu.prof",
        needs: &["cc", "go"],
        step: Step::Compile,
        writes: "cpu.pb.gz",
    },
    Run {
        command: "py-spy record -f raw -o stacks.txt -- python3 app.py",
        needs: &["py-spy", "python3"],
        step: Step::Nothing,
        writes: "stacks.txt",
    },
    Run {
        command: "austin -i 10ms -o stacks.austin python3 app.py",
        needs: &["austin", "python3"],
        step: Step::Nothing,
        writes: "stacks.austin",
    },
    Run {
        command: "heaptrack -o app ./app && heaptrack_print -f app.zst -F stacks.txt --flamegraph-cost-type allocations",
        needs: &["cc", "heaptrack", "heaptrack_print"],
        step: Step::Compile,
        writes: "stacks.txt",
    },
    Run {
        command: "inferno-diff-folded before.folded after.folded > diff.folded",
        needs: &["inferno-diff-folded"],
        step: Step::Nothing,
        writes: "diff.folded",
    },
];

/// Commands that are not run here, and why. Each was run by hand, and its file opened.
const BY_HAND: &[(&str, &str)] = &[
    (
        "perf record -F 99 -g -- ./app && perf script | inferno-collapse-perf > stacks.folded",
        "the kernel decides who may record with perf, and in most containers nobody may",
    ),
    (
        "npx 0x --collect-only --tree-debug -- node app.js",
        "npx fetches the tool at its first run; nothing is fetched here",
    ),
    (
        "npx autocannon --json -c 10 -d 10 http://localhost:3000 > load.json",
        "npx fetches the tool at its first run; nothing is fetched here",
    ),
    (
        "npx clinic doctor --collect-only -- node app.js",
        "npx fetches the tool at its first run; nothing is fetched here",
    ),
    (
        "npx clinic bubbleprof --collect-only -- node app.js",
        "npx fetches the tool at its first run; nothing is fetched here",
    ),
    ("node --report-on-signal app.js", "somebody has to send the signal while it runs"),
    (
        "npx 0x --collect-only --write-ticks -- node app.js",
        "npx fetches the tool at its first run; nothing is fetched here",
    ),
];

fn recipes() -> impl Iterator<Item = (&'static str, &'static Recipe)> {
    FORMATS.iter().flat_map(|format| format.recipes.iter().map(move |recipe| (format.id, recipe)))
}

/// Each recipe stands in exactly one of the lists above, and nothing else does.
#[test]
fn every_recipe_is_run_or_has_a_reason() {
    let run = RUN.iter().map(|run| run.command);
    let mut listed: Vec<&str> = run.chain(BY_HAND.iter().map(|by_hand| by_hand.0)).collect();
    let mut shown: Vec<&str> = recipes().map(|(_, recipe)| recipe.command).collect();
    listed.sort_unstable();
    shown.sort_unstable();
    assert_eq!(shown, listed, "left: what people are shown; right: what is run or has a reason");
}

#[test]
fn every_command_records_what_opens() {
    let missing: Vec<&str> = RUN.iter().flat_map(|run| run.needs).copied().filter(|tool| !stage::has(tool)).collect();
    assert!(missing.is_empty(), "these are missing, and `make test` installs them: {missing:?}");
    let stage = Stage::new();
    let next = AtomicUsize::new(0);
    // Programs that share their processor with many others are hardly sampled.
    let in_turn = || {
        let mine = iter::from_fn(|| RUN.get(next.fetch_add(1, Ordering::Relaxed)));
        mine.filter_map(|run| record(&stage, run).err()).collect::<Vec<String>>()
    };
    let problems: Vec<String> = thread::scope(|scope| {
        let runs: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(in_turn)).collect();
        runs.into_iter().flat_map(|run| run.join().expect("what goes wrong is an answer")).collect()
    });
    assert!(problems.is_empty(), "{} of {} commands failed:\n{}", problems.len(), RUN.len(), problems.join("\n"));
}

/// Runs a command and opens what it writes.
fn record(stage: &Stage, run: &Run) -> Result<(), String> {
    let failed = |problem: String| format!("`{}`: {problem}", run.command);
    let file = stage.run(run.command, run.step, run.writes).map_err(failed)?;
    let line = common::summary(&file).map_err(failed)?;
    if let Some(error) = common::error_of(&line) {
        return Err(failed(error.to_owned()));
    }
    let (format, _) =
        recipes().find(|(_, recipe)| recipe.command == run.command).ok_or_else(|| failed("no recipe".into()))?;
    let profiles = line["profiles"].as_array().cloned().unwrap_or_default();
    let samples = profiles.iter().filter_map(|p| p["samples"].as_u64()).max().unwrap_or(0);
    let named = profiles.iter().flat_map(|p| p["functions"].as_array().into_iter().flatten()).count();
    let objects = line["heap"]["objects"].as_u64().unwrap_or(0);
    println!("`{}`: {}, {samples} samples, {named} functions, {objects} objects", run.command, line["format"]);
    match line["format"].as_str() {
        Some(found) if found != format => Err(failed(format!("it opens as {found} and not as {format}"))),
        _ if objects == 0 && (samples == 0 || named == 0) => {
            Err(failed(format!("{samples} samples, {named} functions: {line}")))
        }
        _ => Ok(()),
    }
}
