//! Where a recording command runs: a folder with our programs, the tools on the path, and whatever has
//! to run beside it.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{clip, package};

/// How long a command may take; the longest records for ten seconds.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long a job is profiled by hand.
const PROFILED: Duration = Duration::from_secs(1);

/// What has to be there before a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The programs alone.
    Nothing,
    /// The C program, compiled.
    Compile,
    /// A Go package with a benchmark, in which the command runs.
    Benchmark,
    /// The Go service.
    Service,
    /// A running job, whose number stands for `PID`, and a person at the prompt.
    Inspect,
    /// The job as the program, which is then sent the signal that its command speaks of.
    Signal,
}

/// Folders and processes of the commands; ends and removes them when dropped.
pub(crate) struct Stage {
    folder: PathBuf,
    folders: AtomicUsize,
    service: OnceLock<Result<(), String>>,
    running: Mutex<Vec<Running>>,
}

/// The path with the tools that the project installs for itself.
fn path() -> OsString {
    let tools = package().join(".tools");
    let ours = [tools.join("python/bin"), tools.join("bin")];
    let given = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(ours.into_iter().chain(std::env::split_paths(&given))).expect("they were joined before")
}

/// Whether there is such a program.
pub(crate) fn has(tool: &str) -> bool {
    std::env::split_paths(&path()).any(|folder| folder.join(tool).is_file())
}

impl Stage {
    /// An empty stage.
    pub(crate) fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("recipes-{}", std::process::id()));
        Self { folder, folders: AtomicUsize::new(0), service: OnceLock::new(), running: Mutex::default() }
    }

    /// Runs `command` and names the file that it wrote; `writes` is the file's name, or `*` and its ending.
    ///
    /// # Errors
    /// What went wrong, with the end of what was printed.
    pub(crate) fn run(&self, command: &str, step: Step, writes: &str) -> Result<PathBuf, String> {
        let folder = self.folder_of_programs()?;
        match step {
            Step::Nothing => end_of(start("sh", &["-c", command], &folder)?)?,
            Step::Compile => {
                end_of(start("cc", &["-O1", "-g", "-fno-omit-frame-pointer", "-o", "app", "app.c"], &folder)?)?;
                end_of(start("sh", &["-c", command], &folder)?)?;
            }
            Step::Benchmark => {
                let folder = folder.join("bench");
                end_of(start("sh", &["-c", command], &folder)?)?;
                return written(&folder, writes);
            }
            Step::Service => {
                self.service.get_or_init(|| self.start_service(&folder)).clone()?;
                end_of(start("sh", &["-c", command], &folder)?)?;
            }
            Step::Inspect => self.inspect(command, &folder)?,
            Step::Signal => self.signal(command, &folder, writes)?,
        }
        written(&folder, writes)
    }

    fn folder_of_programs(&self) -> Result<PathBuf, String> {
        let folder = self.folder.join(self.folders.fetch_add(1, Ordering::Relaxed).to_string());
        copy(&package().join("tests/recipes/programs"), &folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        Ok(folder)
    }

    fn keep(&self, running: Running) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).push(running);
    }

    /// Builds and starts the service that the recipes speak of, and waits until it listens.
    fn start_service(&self, folder: &Path) -> Result<(), String> {
        free("localhost:6060")?;
        let folder = folder.join("service");
        end_of(start("go", &["build", "-o", "service", "."], &folder)?)?;
        self.keep(start("./service", &[], &folder)?);
        await_true(|| "the service does not listen".to_owned(), || TcpStream::connect("localhost:6060").is_ok())?;
        // Some work is done before anything is recorded.
        thread::sleep(PROFILED);
        Ok(())
    }

    /// Starts the job, then does at the prompt what the recipe tells people to do.
    fn inspect(&self, command: &str, folder: &Path) -> Result<(), String> {
        free("localhost:9229")?;
        tell_when_begun(folder, "job.js")?;
        let job = start("node", &["job.js"], folder)?;
        let command = command.replace("PID", &job.child.id().to_string());
        self.keep(job);
        // The debugger begins with a signal.
        await_begun(folder)?;
        let mut prompt = start("sh", &["-c", &command], folder)?;
        let typed = prompt.type_in(&[
            ("", Duration::ZERO, "debug>"),
            ("profile", Duration::ZERO, "debug>"),
            ("profileEnd", PROFILED, "[Profile"),
            ("profiles[0].save('x.cpuprofile')", Duration::ZERO, "Saved"),
        ]);
        typed.and_then(|()| end_of(prompt))
    }

    /// Starts the job as the program of the command, then does what the recipe tells people to do.
    fn signal(&self, command: &str, folder: &Path, writes: &str) -> Result<(), String> {
        tell_when_begun(folder, "app.js")?;
        let job = start("sh", &["-c", &format!("exec {command}")], folder)?;
        let number = job.child.id().to_string();
        self.keep(job);
        await_begun(folder)?;
        end_of(start("kill", &["-USR2", &number], folder)?)?;
        let is_whole = |file: &PathBuf| fs::read(file).is_ok_and(|bytes| bytes.trim_ascii_end().ends_with(b"}"));
        await_true(|| format!("no whole {writes}"), || written(folder, writes).is_ok_and(|file| is_whole(&file)))
    }
}

/// Lets the job, as the program `name`, say when it begins.
fn tell_when_begun(folder: &Path, name: &str) -> Result<(), String> {
    let job = fs::read_to_string(folder.join("job.js")).map_err(|e| e.to_string())?;
    let telling = format!("require('fs').writeFileSync('.begun', '');\n{job}");
    fs::write(folder.join(name), telling).map_err(|e| e.to_string())
}

/// Waits for that: a signal that nobody listens for yet ends the program, and node listens once the
/// program runs.
fn await_begun(folder: &Path) -> Result<(), String> {
    await_true(|| "the program did not begin".to_owned(), || folder.join(".begun").exists())
}

/// A command that was started, with what it prints in a file: a pipe would keep its readers waiting
/// for whatever it leaves running.
struct Running {
    child: Child,
    output: PathBuf,
}

impl Running {
    /// All that was printed so far.
    fn shown(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.output).unwrap_or_default()).into_owned()
    }

    /// For each line: waits, types it, and goes on when the answer was shown.
    fn type_in(&mut self, lines: &[(&str, Duration, &str)]) -> Result<(), String> {
        let mut keys = self.child.stdin.take().expect("standard input is piped");
        for (line, pause, answer) in lines {
            thread::sleep(*pause);
            let before = self.shown().len();
            if !line.is_empty() {
                writeln!(keys, "{line}").and_then(|()| keys.flush()).map_err(|e| format!("{line}: {e}"))?;
            }
            let is_answered = || self.shown().get(before..).is_some_and(|new| new.contains(answer));
            let shown = || format!("no {answer:?} after {line:?}: {}", clip(&self.shown()));
            await_true(shown, is_answered)?;
        }
        Ok(())
    }
}

/// Nothing is left running, whatever the command started.
impl Drop for Running {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let kill = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        kill.and_then(|_| self.child.wait()).ok();
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clear();
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// The recipes name these ports; whoever has one now may be another test run.
fn free(port: &str) -> Result<(), String> {
    let taken = || format!("{port} is taken by another program: end that one");
    await_true(taken, || TcpStream::connect(port).is_err())
}

fn await_true(problem: impl Fn() -> String, holds: impl Fn() -> bool) -> Result<(), String> {
    let started = Instant::now();
    while !holds() {
        if started.elapsed() > PATIENCE {
            return Err(problem());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn start(program: &str, arguments: &[&str], folder: &Path) -> Result<Running, String> {
    let failed = |e: std::io::Error| format!("{program} does not start: {e}");
    let output = folder.join(format!(".output-of-{}", program.trim_start_matches("./")));
    let file = fs::File::create(&output).map_err(failed)?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env("PATH", path()).process_group(0);
    command.stdin(Stdio::piped()).stdout(file.try_clone().map_err(failed)?).stderr(file);
    Ok(Running { child: command.spawn().map_err(failed)?, output })
}

/// Waits for the end, which must be a good one.
fn end_of(mut running: Running) -> Result<(), String> {
    drop(running.child.stdin.take());
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        match running.child.try_wait().map_err(|e| e.to_string())? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(format!("{status}: {}", clip(&running.shown()))),
            None => thread::sleep(Duration::from_millis(20)),
        }
    }
    Err(format!("no end after {} s: {}", PATIENCE.as_secs(), clip(&running.shown())))
}

/// The file of this name, or the one with this ending.
fn written(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let listing = fs::read_dir(folder).map_err(|e| e.to_string())?;
    let names: Vec<PathBuf> = listing.flatten().map(|entry| entry.path()).collect();
    let is_meant = |path: &&PathBuf| {
        let found = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        name.strip_prefix('*').map_or(found == name, |ending| found.ends_with(ending))
    };
    names.iter().find(is_meant).cloned().ok_or_else(|| format!("it wrote no {name}, but there are {names:?}"))
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
