//! What the test programs share: where the reference corpus lies, how the program is run under
//! limits, and how compared numbers are counted.
#![allow(dead_code, reason = "each test program uses its own part")]
#![allow(clippy::print_stdout, reason = "a test says what it compared")]

use std::ffi::OsStr;
use std::fmt::{Debug, Write as _};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Address space that the program may use, in KiB: far above what any file of the corpus needs, far
/// below what a decompression bomb would fill.
const MEMORY_KIB: u32 = 2_000_000;

/// How long one run may take; a debug build on a loaded machine needs a fraction of it.
const PATIENCE: Duration = Duration::from_secs(120);

/// The folder of this package.
pub(crate) fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of the reference corpus: `CULPRIT_SHARED`, or `shared` beside the package.
///
/// Without it the caller prints that it skipped `files` files; with `CULPRIT_REQUIRE_CORPUS=1` that
/// is a failure.
pub(crate) fn shared(files: usize) -> Option<PathBuf> {
    let given = std::env::var_os("CULPRIT_SHARED").map(PathBuf::from);
    let shared = given.unwrap_or_else(|| package().join("../shared"));
    if shared.join("corpus").is_dir() {
        return Some(shared);
    }
    let required = std::env::var("CULPRIT_REQUIRE_CORPUS").is_ok_and(|v| v == "1");
    assert!(!required, "no shared corpus at {}", shared.display());
    println!("SKIPPED: no shared corpus ({files} files)");
    None
}

/// One entry of an `index.json`: the file on disk and what the index says of it.
pub(crate) struct Entry {
    /// Where the file lies.
    pub(crate) file: PathBuf,
    /// The file relative to the shared folder, for messages.
    pub(crate) name: String,
    /// The entry itself.
    pub(crate) index: Value,
}

impl Entry {
    /// The format that the index gives, or the empty text.
    pub(crate) fn format(&self) -> &str {
        self.index["format_id"].as_str().or_else(|| self.index["format"].as_str()).unwrap_or_default()
    }

    /// The `expected` part of the entry, `null` when there is none.
    pub(crate) fn expected(&self) -> &Value {
        &self.index["expected"]
    }
}

/// The entries of `<shared>/<index>`; `list` is the key of the array, empty when it is the document,
/// `key` names the path in an entry, and `folder` is where such paths start.
pub(crate) fn entries(shared: &Path, index: &str, list: &str, key: &str, folder: &str) -> Vec<Entry> {
    let text = std::fs::read_to_string(shared.join(index)).unwrap_or_else(|e| panic!("{index}: {e}"));
    let document: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{index}: {e}"));
    let array = if list.is_empty() { &document } else { &document[list] };
    let items = array.as_array().unwrap_or_else(|| panic!("{index}: no list of files"));
    let entry = |item: &Value| {
        // What an index only points to, without a copy, has no such key.
        let name = format!("{folder}/{}", item[key].as_str()?);
        Some(Entry { file: shared.join(&name), name, index: item.clone() })
    };
    let entries: Vec<Entry> = items.iter().filter_map(entry).collect();
    assert!(!entries.is_empty(), "{index}: no entry names a file");
    entries
}

/// The entries of the recorded corpus.
pub(crate) fn corpus(shared: &Path) -> Vec<Entry> {
    let rooms = ["node", "systems", "python"];
    rooms
        .iter()
        .flat_map(|room| entries(shared, &format!("corpus/{room}/index.json"), "", "path", &format!("corpus/{room}")))
        .collect()
}

/// The damaged and hostile inputs.
pub(crate) fn bad(shared: &Path) -> Vec<Entry> {
    let rooms = ["node", "systems", "python"];
    rooms
        .iter()
        .flat_map(|room| entries(shared, &format!("bad/{room}/index.json"), "", "path", &format!("bad/{room}")))
        .collect()
}

/// Public fixtures of other projects.
pub(crate) fn peers(shared: &Path) -> Vec<Entry> {
    entries(shared, "peers/index.json", "", "copied", "peers")
}

/// The sample profiles of speedscope, with what its importer makes of each.
pub(crate) fn speedscope_samples(shared: &Path) -> Vec<Entry> {
    entries(shared, "peers/speedscope-samples/index.json", "files", "path", "peers/speedscope-samples/files")
}

/// Every file below `folder`, sorted; none when the folder is missing.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(listing) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in listing.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// What one run of the program gave.
pub(crate) struct Run {
    /// Everything on standard output.
    pub(crate) stdout: Vec<u8>,
    /// Everything on standard error, lossily as text.
    pub(crate) stderr: String,
    /// The exit code; `None` when a signal ended the program or its time was up.
    pub(crate) code: Option<i32>,
}

impl Run {
    /// The JSON lines of standard output.
    ///
    /// # Errors
    /// Says which line is not JSON.
    pub(crate) fn lines(&self) -> Result<Vec<Value>, String> {
        let text = std::str::from_utf8(&self.stdout).map_err(|e| format!("standard output is not UTF-8: {e}"))?;
        text.lines().map(|line| serde_json::from_str(line).map_err(|e| format!("{e} in {}", clip(line)))).collect()
    }

    /// Exit code and standard error, for messages.
    pub(crate) fn ending(&self) -> String {
        let code =
            self.code.map_or_else(|| "no exit code (signal or time-out)".to_owned(), |c| format!("exit code {c}"));
        format!("{code}, standard error: {}", clip(self.stderr.trim()))
    }
}

/// Runs `culprit` with `arguments` under limits of memory and time.
pub(crate) fn culprit<S: AsRef<OsStr>>(arguments: &[S]) -> Run {
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\""))
        .arg(env!("CARGO_BIN_EXE_culprit"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell can be started");
    let stdout = drain(child.stdout.take().expect("standard output is piped"));
    let stderr = drain(child.stderr.take().expect("standard error is piped"));
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            break Some(status);
        }
        if started.elapsed() > PATIENCE {
            child.kill().expect("the child is ours");
            child.wait().expect("the child was killed");
            break None;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    Run {
        stdout: stdout.join().expect("reading a pipe does not panic"),
        stderr: String::from_utf8_lossy(&stderr.join().expect("reading a pipe does not panic")).into_owned(),
        code: status.and_then(|s| s.code()),
    }
}

/// `culprit summary --json` for one file with every function and stall listed.
///
/// # Errors
/// Says how the program ended when it did not print exactly one line of JSON and end with the code
/// that belongs to that line: 0, or 2 with an error.
pub(crate) fn summary(file: &Path) -> Result<Value, String> {
    let arguments = ["summary", "--json", "--top", "1000000", "--stalls", "1000000"].map(OsStr::new);
    let run = culprit(&[&arguments[..], &[file.as_os_str()]].concat());
    let lines = run.lines().map_err(|e| format!("{e}; {}", run.ending()))?;
    let [line] = &lines[..] else {
        return Err(format!("{} lines for one file; {}", lines.len(), run.ending()));
    };
    let code = if line.get("error").is_some() { 2 } else { 0 };
    if run.code == Some(code) { Ok(line.clone()) } else { Err(format!("expected exit code {code}; {}", run.ending())) }
}

/// The message of an error line.
pub(crate) fn error_of(line: &Value) -> Option<&str> {
    line["error"]["message"].as_str()
}

fn drain(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // A pipe that breaks ends the output; what came before is still judged.
        pipe.read_to_end(&mut bytes).ok();
        bytes
    })
}

/// The head of a long text, for messages.
pub(crate) fn clip(text: &str) -> String {
    const SHOWN: usize = 300;
    let head: String = text.chars().take(SHOWN).collect();
    if head.len() < text.len() { format!("{head}… ({} bytes)", text.len()) } else { head }
}

/// Counts comparisons and collects every difference, so that one run shows them all.
#[derive(Default)]
pub(crate) struct Tally {
    files: usize,
    numbers: u64,
    failures: Vec<String>,
}

impl Tally {
    /// One more file was compared.
    pub(crate) fn file(&mut self) {
        self.files += 1;
    }

    /// `numbers` more were equal.
    pub(crate) fn equal_numbers(&mut self, numbers: usize) {
        self.numbers += numbers as u64;
    }

    /// Compares one number; `what` says which.
    pub(crate) fn number<T: PartialEq + Debug>(&mut self, what: impl FnOnce() -> String, got: &T, want: &T) {
        if got == want {
            self.numbers += 1;
        } else {
            self.fail(format!("{}: {got:?}, expected {want:?}", what()));
        }
    }

    /// Asks for something that is not a number.
    pub(crate) fn hold(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.fail(what());
        }
    }

    /// Records a difference.
    pub(crate) fn fail(&mut self, what: String) {
        self.failures.push(what);
    }

    /// Prints the counts and fails with every difference when there was one.
    pub(crate) fn finish(self, title: &str) {
        println!("{title}: {} files, {} numbers equal", self.files, grouped(self.numbers));
        let mut list = String::new();
        for failure in &self.failures {
            writeln!(list, "  {failure}").expect("a string can be written to");
        }
        assert!(self.failures.is_empty(), "{title}: {} differences\n{list}", self.failures.len());
    }
}

/// `18233` as `18,233`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
