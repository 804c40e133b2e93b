//! What V8's tick profiler leaves behind: `node --prof` and `node --prof-process`.
//!
//! - [`LOG`]: the raw log, `isolate-0x…-v8.log`: where code was put, moved and dropped, and one line
//!   for each tick with the addresses on the stack. Read from Node.js 8 (V8 6) on; 0x writes the same.
//! - [`PREPROCESSED`]: what `--prof-process --preprocess` makes of it, JSON with names in place of
//!   addresses.
//! - [`REPORT`]: what `--prof-process` prints, without times and with the callers cut.
//!
//! The rules that all share: an idle tick and a tick of garbage collection are states of the thread,
//! whatever was on the stack; a tick whose addresses are all unknown is `(program)`; an unknown
//! innermost address is `(unknown)`, an unknown caller is left out, as V8's own processor does. How a
//! function ran (`~` interpreted, `^` baseline, `+` and `*` optimised) is no part of its name; the frame
//! keeps it.

mod address;
mod fields;
mod log;
mod preprocessed;
mod report;
#[cfg(test)]
mod tests;
mod ticks;

use super::{Access, Format, Recipe, in_full};

/// The raw log.
pub const LOG: Format = Format {
    id: "v8-prof-log",
    title: "V8 tick log",
    tools: &["Node.js", "0x"],
    extensions: &["log"],
    recipes: &[Recipe {
        symptom: "",
        tool: "node --prof",
        group: "Node.js",
        command: "node --prof app.js",
        note: "It knows built-ins and native libraries; for one's own functions --cpu-prof tells more.",
    }],
    access: Access::Forward,
    detect: log::detect,
    decode: in_full(log::decode),
};

/// The log with names in place of addresses.
pub const PREPROCESSED: Format = Format {
    id: "v8-prof-preprocessed",
    title: "V8 tick log, preprocessed",
    tools: &["Node.js", "0x"],
    extensions: &["json"],
    recipes: &[Recipe {
        symptom: "",
        tool: "node --prof-process --preprocess",
        group: "Node.js",
        command: "node --prof app.js && node --prof-process --preprocess isolate-*-v8.log > ticks.json",
        note: "Run it where the log was recorded: it looks the names of native functions up in the libraries.",
    }],
    access: Access::Forward,
    detect: preprocessed::detect,
    decode: in_full(preprocessed::decode),
};

/// The printed report.
pub const REPORT: Format = Format {
    id: "v8-prof-text",
    title: "V8 tick report",
    tools: &["Node.js"],
    extensions: &["txt"],
    recipes: &[Recipe {
        symptom: "",
        tool: "node --prof-process",
        group: "Node.js",
        command: "node --prof app.js && node --prof-process isolate-*-v8.log > report.txt",
        note: "A report holds no times and not all callers; the log itself opens too, and tells more.",
    }],
    access: Access::Forward,
    detect: report::detect,
    decode: in_full(report::decode),
};
