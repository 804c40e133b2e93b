//! What other programs cost: processor time and memory of a program that runs to its end, and of
//! the threads of one that goes on.
//!
//! Processor time is user and system time together. The clock on the wall says little on a machine
//! that others use too.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a program cost from its start to its end, with all that it started itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Seconds of processor time.
    pub(crate) cpu_s: f64,
    /// Most memory that it held at a time, bytes.
    pub(crate) peak_bytes: f64,
}

/// The first argument with which this program measures another one instead.
pub(crate) const METER: &str = "--measure-program";

/// Runs a program, throws away what it prints, and says what it cost.
///
/// The system keeps sums over all ended children of a process, so each program is run by a process
/// that has no other child: this one, started once more.
///
/// # Errors
/// One sentence, where the program cannot be started or does not end well.
pub(crate) fn cost(command: &[&OsStr]) -> Result<Cost, String> {
    let ourselves = std::env::current_exe().map_err(|e| format!("this program cannot find itself: {e}"))?;
    let output = Command::new(ourselves).arg(METER).args(command).stdin(Stdio::null()).output();
    let output = output.map_err(|e| format!("this program cannot be started once more: {e}"))?;
    let name = command.first().map(|name| name.to_string_lossy()).unwrap_or_default();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name} failed: {}", said.trim().lines().last().unwrap_or("it said nothing")));
    }
    let words = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = words.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [cpu_s, peak_bytes] => Ok(Cost { cpu_s, peak_bytes }),
        _ => Err(format!("{name} was not measured: {words}")),
    }
}

/// The other side of [`cost`]: runs the program and prints its seconds and bytes.
#[cfg(unix)]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "it speaks to the process that started it")]
pub(crate) fn meter(mut command: impl Iterator<Item = OsString>) -> ExitCode {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let Some(program) = command.next() else { return ExitCode::FAILURE };
    let run = Command::new(program).args(command).stdin(Stdio::null()).stdout(Stdio::null()).status();
    match run {
        Ok(status) if status.success() => {}
        Ok(status) => {
            eprintln!("it ended with {status}");
            return ExitCode::FAILURE;
        }
        Err(problem) => {
            eprintln!("it cannot be started: {problem}");
            return ExitCode::FAILURE;
        }
    }
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return ExitCode::FAILURE };
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    // Kibibytes here, bytes on macOS.
    let unit = if cfg!(target_os = "macos") { 1.0 } else { 1024.0 };
    println!("{} {}", micros as f64 / 1e6, usage.max_rss() as f64 * unit);
    ExitCode::SUCCESS
}

#[cfg(not(unix))]
pub(crate) fn meter(_command: impl Iterator<Item = OsString>) -> ExitCode {
    ExitCode::FAILURE
}

/// Milliseconds since 1970, which browsers count in too.
pub(crate) fn epoch_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1e3)
}

/// The processes that a process started, and those that they started, each with its arguments.
pub(crate) fn descendants(of: u32) -> Vec<(u32, String)> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        // The name stands in brackets and may hold anything: the numbers begin behind the last one.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        if let Some(parent) = parent {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut open = vec![of];
    while let Some(pid) = open.pop() {
        for &child in children.get(&pid).into_iter().flatten() {
            let arguments = fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
            found.push((child, String::from_utf8_lossy(&arguments).replace('\0', " ")));
            open.push(child);
        }
    }
    found
}

/// Most memory that a process has held so far, bytes.
pub(crate) fn peak_bytes(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) * 1024.0
}

/// Processor time of a browser's page, nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PageCpu {
    /// The page's own thread.
    pub(crate) page: u64,
    /// All threads of its workers.
    pub(crate) workers: u64,
    /// All threads of the process, those for compiling and for collecting garbage among them.
    pub(crate) all: u64,
}

impl PageCpu {
    /// Page and workers, milliseconds.
    pub(crate) fn both_ms(self) -> f64 {
        (self.page + self.workers) as f64 / 1e6
    }

    /// All threads, milliseconds.
    pub(crate) fn all_ms(self) -> f64 {
        self.all as f64 / 1e6
    }

    pub(crate) fn since(self, before: PageCpu) -> PageCpu {
        PageCpu {
            page: self.page.saturating_sub(before.page),
            workers: self.workers.saturating_sub(before.workers),
            all: self.all.saturating_sub(before.all),
        }
    }
}

/// The threads of a process that shows a page. Threads that end keep what they had cost.
#[derive(Debug)]
pub(crate) struct Threads {
    pid: u32,
    known: BTreeMap<u32, (bool, u64)>,
}

impl Threads {
    pub(crate) fn of(pid: u32) -> Threads {
        Threads { pid, known: BTreeMap::new() }
    }

    /// What they have cost so far.
    pub(crate) fn cpu(&mut self) -> PageCpu {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid));
        for task in tasks.into_iter().flatten().flatten() {
            let Some(tid) = task.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            let folder = format!("/proc/{}/task/{tid}", self.pid);
            let Ok(schedule) = fs::read_to_string(format!("{folder}/schedstat")) else { continue };
            let nanos = schedule.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0);
            // A thread gets its name shortly after its birth.
            let known = self.known.entry(tid).or_insert((false, 0));
            if known.1 == 0 || !known.0 && nanos < 50_000_000 {
                let name = fs::read_to_string(format!("{folder}/comm")).unwrap_or_default();
                known.0 = name.starts_with("DedicatedWorker");
            }
            known.1 = known.1.max(nanos);
        }
        let sum = |of: &dyn Fn(u32, bool) -> bool| {
            self.known.iter().filter(|(tid, (is_worker, _))| of(**tid, *is_worker)).map(|(_, (_, nanos))| nanos).sum()
        };
        PageCpu {
            page: sum(&|tid, _| tid == self.pid),
            workers: sum(&|_, is_worker| is_worker),
            all: sum(&|_, _| true),
        }
    }

    /// Whether a thread of the page or of its workers runs at this moment, or would if it were let:
    /// on a machine that has other work, one that spends nothing may still have something to do.
    pub(crate) fn wants_to_run(&self) -> bool {
        let wants = |(tid, (is_worker, _)): (&u32, &(bool, u64))| {
            let stat = fs::read_to_string(format!("/proc/{}/task/{tid}/stat", self.pid)).unwrap_or_default();
            // The name stands in brackets and may hold anything: the state follows the last one.
            let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().next());
            (*is_worker || *tid == self.pid) && state == Some("R")
        };
        self.known.iter().any(wants)
    }
}

/// Time between two looks of a [`Sampler`].
const PAUSE: Duration = Duration::from_millis(4);

/// Looks at a page's processor time all the while, so that what happened between two moments that
/// the page itself names can be told afterwards.
#[derive(Debug)]
pub(crate) struct Sampler {
    ends: Arc<AtomicBool>,
    thread: JoinHandle<Vec<(f64, PageCpu)>>,
}

impl Sampler {
    pub(crate) fn start(pid: u32) -> Sampler {
        let ends = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            let mut threads = Threads::of(pid);
            let mut looks = Vec::new();
            while !told.load(Ordering::Relaxed) {
                let before = epoch_ms();
                let cpu = threads.cpu();
                looks.push((f64::midpoint(before, epoch_ms()), cpu));
                std::thread::sleep(PAUSE);
            }
            looks
        });
        Sampler { ends, thread }
    }

    /// Ends the looking.
    pub(crate) fn stop(self) -> Trace {
        self.ends.store(true, Ordering::Relaxed);
        Trace { looks: self.thread.join().unwrap_or_default() }
    }
}

/// What a [`Sampler`] saw.
#[derive(Debug)]
pub(crate) struct Trace {
    looks: Vec<(f64, PageCpu)>,
}

impl Trace {
    /// What was spent between two moments, in milliseconds since 1970.
    pub(crate) fn between(&self, from_ms: f64, to_ms: f64) -> PageCpu {
        self.at(to_ms).since(self.at(from_ms))
    }

    /// What had been spent at a moment, evenly divided between the looks before and after it.
    fn at(&self, moment_ms: f64) -> PageCpu {
        let next = self.looks.partition_point(|(at, _)| *at < moment_ms);
        let (Some(after), Some(before)) = (self.looks.get(next), self.looks.get(next.saturating_sub(1))) else {
            return self.looks.last().map(|look| look.1).unwrap_or_default();
        };
        let part =
            if after.0 > before.0 { ((moment_ms - before.0) / (after.0 - before.0)).clamp(0.0, 1.0) } else { 0.0 };
        let mix = |a: u64, b: u64| a + ((b - a) as f64 * part) as u64;
        PageCpu {
            page: mix(before.1.page, after.1.page),
            workers: mix(before.1.workers, after.1.workers),
            all: mix(before.1.all, after.1.all),
        }
    }
}
