//! Where a callback came from, as far as the frames of the runtime above one's own code tell. The
//! place that scheduled it is not in a CPU profile.

use super::facts::Facts;
use crate::model::{FunctionId, Recording, StackId};

/// Functions of the runtime by name: the one nearest to one's own code decides.
const BY_NAME: &[(&str, &str)] = &[
    ("afterWriteDispatched", "socket"),
    ("afterConnect", "socket"),
    ("endReadableNT", "stream"),
    ("listOnTimeout", "timer"),
    ("onStreamRead", "socket"),
    ("onconnection", "socket"),
    ("onwrite", "stream"),
    ("parserOnBody", "HTTP request"),
    ("parserOnHeadersComplete", "HTTP request"),
    ("parserOnIncoming", "HTTP request"),
    ("parserOnMessageComplete", "HTTP request"),
    ("processImmediate", "setImmediate"),
    ("processTicksAndRejections", "promise or nextTick"),
    ("processTimers", "timer"),
    ("runMicrotasks", "promise"),
    ("runNextTicks", "promise or nextTick"),
];

/// Functions of the runtime by the start of their file.
const BY_FILE: &[(&str, &str)] = &[
    ("node:dgram", "socket"),
    ("node:dns", "DNS"),
    ("node:fs", "fs"),
    ("node:internal/child_process", "child process"),
    ("node:internal/crypto/", "crypto"),
    ("node:internal/dns/", "DNS"),
    ("node:internal/fs/", "fs"),
    ("node:internal/per_context/messageport", "worker message"),
    ("node:internal/streams/", "stream"),
    ("node:internal/worker", "worker message"),
    ("node:zlib", "zlib"),
];

/// The kind of origin of what one's own code did below `entry`, and the function that tells it.
///
/// Own code that nothing called is a continuation of a promise: Node runs those without a frame of
/// its own. In a browser it may be anything.
pub(super) fn origin(recording: &Recording, facts: &Facts, entry: StackId) -> (Option<&'static str>, FunctionId) {
    let mut at = entry;
    while !at.is_none() {
        let at_function = facts.function(at);
        if let Some(origin) = of_function(recording, at_function) {
            return (Some(origin), at_function);
        }
        at = if facts.outer(at) == at { StackId::NONE } else { facts.parent(at) };
    }
    let outer = facts.outer(entry);
    let is_continuation = outer == entry && facts.own(entry) == entry && facts.is_node();
    (is_continuation.then_some("promise"), facts.function(outer))
}

/// Whether the callback waits for something outside the program, which the runtime must fetch and
/// answer. Timers, immediates and promises do not.
pub(super) fn waits_outside(recording: &Recording, facts: &Facts, entry: StackId) -> bool {
    let inside = ["timer", "setImmediate", "promise", "promise or nextTick"];
    origin(recording, facts, entry).0.is_none_or(|origin| !inside.contains(&origin))
}

fn of_function(recording: &Recording, id: FunctionId) -> Option<&'static str> {
    let (name, file) = (recording.name(id), recording.file(id));
    if !file.starts_with("node:") {
        return (name == "runMicrotasks" && file.is_empty()).then_some("promise");
    }
    let by_name = BY_NAME.iter().find(|(n, _)| *n == name).map(|(_, origin)| *origin);
    let by_file = || BY_FILE.iter().find(|(f, _)| file.starts_with(f)).map(|(_, origin)| *origin);
    by_name.or_else(by_file)
}
