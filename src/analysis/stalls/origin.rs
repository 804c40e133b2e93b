//! Where a callback came from, as far as its outermost frame tells.

use crate::model::{FunctionId, Recording};

/// Outermost functions of the runtime by name. The exact place that scheduled a callback is not in
/// a CPU profile.
const BY_NAME: &[(&str, &str)] = &[
    ("processTimers", "timer"),
    ("listOnTimeout", "timer"),
    ("processImmediate", "setImmediate"),
    ("processTicksAndRejections", "promise or nextTick"),
    ("parserOnHeadersComplete", "HTTP request"),
    ("parserOnIncoming", "HTTP request"),
    ("onStreamRead", "socket"),
];

/// Outermost functions of the runtime by the start of their file.
const BY_FILE: &[(&str, &str)] =
    &[("node:fs", "fs"), ("node:internal/fs/", "fs"), ("node:internal/worker", "worker message")];

/// The kind of origin that an outermost function stands for.
pub(super) fn origin(recording: &Recording, outer: FunctionId) -> Option<&'static str> {
    let (name, file) = (recording.name(outer), recording.file(outer));
    if !file.is_empty() && !file.starts_with("node:") {
        return None;
    }
    let by_name = BY_NAME.iter().find(|(n, _)| *n == name).map(|(_, origin)| *origin);
    let is_fs = name.starts_with("readFileAfter");
    by_name
        .or(is_fs.then_some("fs"))
        .or_else(|| BY_FILE.iter().find(|(f, _)| file.starts_with(f)).map(|(_, origin)| *origin))
}

/// Whether this is the frame under which a program's modules are loaded: nobody waits yet.
pub(super) fn is_start_up(recording: &Recording, outer: FunctionId) -> bool {
    let file = recording.file(outer);
    file.contains("run_main_module") || file.starts_with("node:internal/bootstrap")
}
