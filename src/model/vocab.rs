//! The words that all rooms speak: how frames, filters, ranges and views are named between the
//! page, the worker, the address and the command line.
//!
//! Everything here names things by content, never by index, so that a view survives reloading.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

/// A function named by what it is: two recordings that hold the same function give equal keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Default)]
pub struct FrameKey {
    /// Name of the function.
    #[serde(rename = "n")]
    pub name: String,
    /// Path or URL of its file, or empty.
    #[serde(rename = "f", default)]
    pub file: String,
    /// Line of its definition, 1-based; 0 when unknown.
    #[serde(rename = "l", default)]
    pub line: u32,
}

/// What is unknown is left out where fields have names, as in addresses, which are to be short.
/// Between page and worker fields are known by their place, and none may be missing.
impl Serialize for FrameKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let all = !to.is_human_readable();
        let (file, line) = (all || !self.file.is_empty(), all || self.line != 0);
        let mut fields = to.serialize_struct("FrameKey", 1 + usize::from(file) + usize::from(line))?;
        fields.serialize_field("n", &self.name)?;
        if file {
            fields.serialize_field("f", &self.file)?;
        }
        if line {
            fields.serialize_field("l", &self.line)?;
        }
        fields.end()
    }
}

/// A call path from the outermost function inwards.
pub type Path = Vec<FrameKey>;

/// A stretch of time, nanoseconds since the recording's start, `from <= to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimeRange {
    /// First moment inside.
    pub from_ns: i64,
    /// First moment outside.
    pub to_ns: i64,
}

/// One step of the filter stack. Steps apply in their order; they do not commute.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Filter {
    /// Only what lies in this stretch; a sample at its edge counts for the part inside.
    Time(TimeRange),
    /// Only the thread of this name (see [`ThreadKey`]).
    Thread(ThreadKey),
    /// Only samples that hold the function; its callers are cut off.
    Focus(FrameKey),
    /// Only samples below this call path; the callers above its last frame are cut off.
    FocusPath(Path),
    /// The function's frames vanish and their time goes to the caller.
    Hide(FrameKey),
    /// The frames of a whole module vanish and their time goes to the caller.
    HideModule(String),
    /// Samples that hold the function are dropped.
    Drop(FrameKey),
    /// Only samples with a frame that matches the search text.
    Keep(String),
    /// Samples with a frame that matches the search text are dropped.
    Without(String),
    /// Calls of a function from itself, directly or further down, become one frame.
    CollapseRecursion(FrameKey),
    /// Runtime and dependencies vanish, their time goes to the caller in one's own code.
    OwnCode,
}

/// A thread by content: process, thread and name as far as the file tells.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, Default)]
pub struct ThreadKey {
    /// Process id.
    #[serde(default)]
    pub pid: Option<u64>,
    /// Thread id.
    #[serde(default)]
    pub tid: Option<u64>,
    /// Name for people.
    #[serde(default)]
    pub name: String,
}

/// As a [`FrameKey`] is written.
impl Serialize for ThreadKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let all = !to.is_human_readable();
        let (pid, tid, name) = (all || self.pid.is_some(), all || self.tid.is_some(), all || !self.name.is_empty());
        let count = usize::from(pid) + usize::from(tid) + usize::from(name);
        let mut fields = to.serialize_struct("ThreadKey", count)?;
        if pid {
            fields.serialize_field("pid", &self.pid)?;
        }
        if tid {
            fields.serialize_field("tid", &self.tid)?;
        }
        if name {
            fields.serialize_field("name", &self.name)?;
        }
        fields.end()
    }
}

/// The views, in the order of their tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
pub enum ViewId {
    /// Flame graph.
    #[default]
    Flame,
    /// Hot-path table: functions, call tree, callers.
    Table,
    /// Event-loop stalls.
    Stalls,
    /// Heaps: what holds the memory.
    Memory,
    /// Traces: web vitals, events by name.
    Trace,
    /// Numbers over time, latencies, reports.
    Series,
    /// Two recordings side by side.
    Compare,
}

/// Order of siblings in the flame graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub enum Order {
    /// Heaviest left; equal calls merged.
    #[default]
    Weight,
    /// By name; equal calls merged.
    Name,
    /// In the order of time; nothing is merged.
    Time,
}

/// What is looked at: every number on the page is a function of this and the recording.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub struct Scope {
    /// The filter stack, in order. Threads are a filter too.
    pub filters: Vec<Filter>,
    /// The value by its name; `None` for the default.
    pub value: Option<String>,
    /// Whether garbage collection is nested under the stack before it (drawn and in the tree only).
    pub nest_gc: bool,
}

/// A column of a table and its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sort {
    /// By what.
    pub column: SortColumn,
    /// Whether the smallest comes first.
    pub ascending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { column: SortColumn::SelfValue, ascending: false }
    }
}

/// Columns that tables sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SortColumn {
    /// Own value.
    SelfValue,
    /// Value with callees.
    Total,
    /// Number of own samples.
    Samples,
    /// Name.
    Name,
    /// Module.
    Module,
    /// Compare: value before.
    Before,
    /// Compare: value after.
    After,
    /// Compare: difference.
    Difference,
}

/// What a format is, for start page, help and tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormatInfo {
    /// Stable; appears in addresses, fixtures and messages.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Who writes it.
    pub tools: Vec<String>,
    /// Usual endings of file names, without the dot.
    pub extensions: Vec<String>,
    /// Commands that record such a file.
    pub recipes: Vec<Recipe>,
}

/// A command that writes a file which opens here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// What the person notices: `a script is slow`; empty for a plain entry of the list by tool.
    pub symptom: String,
    /// The tool.
    pub tool: String,
    /// Group of the list by tool: `Node.js`, `Python`, `Linux, Go, Rust`.
    pub group: String,
    /// The command, ready to paste.
    pub command: String,
    /// What to know about it, one sentence, or empty.
    pub note: String,
}

/// Part of a bundle that opens as one recording.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being done: `reading`, `building`.
    pub phase: String,
    /// Bytes of the file read so far, before unpacking.
    pub read: u64,
    /// Bytes of the file.
    pub size: u64,
}

/// Whether a file belongs to recordings and is none itself, by its name: scripts and source maps.
pub fn is_companion(name: &str) -> bool {
    [".map", ".js", ".mjs", ".cjs"].iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_left_out_of_addresses_and_not_of_messages() {
        let keys = [
            FrameKey { name: "parse".into(), file: String::new(), line: 0 },
            FrameKey { name: String::new(), file: "a.js".into(), line: u32::MAX },
        ];
        let threads = [
            ThreadKey::default(),
            ThreadKey { pid: None, tid: Some(u64::MAX), name: String::new() },
            ThreadKey { pid: Some(1), tid: None, name: "main".into() },
        ];
        let json = serde_json::to_string(&(&keys, &threads)).expect("plain data can be written as JSON");
        assert_eq!(
            json,
            r#"[[{"n":"parse"},{"n":"","f":"a.js","l":4294967295}],[{},{"tid":18446744073709551615},{"pid":1,"name":"main"}]]"#
        );
        assert_eq!(serde_json::from_str(&json).ok(), Some((keys.clone(), threads.clone())));
        let bytes = postcard::to_allocvec(&(&keys, &threads)).expect("plain data can be written as bytes");
        assert_eq!(postcard::from_bytes(&bytes), Ok((keys, threads)));
    }
}
