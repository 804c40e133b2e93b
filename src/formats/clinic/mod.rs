//! clinic.js: the parts of its folders that no other tool writes, and its pages.
//!
//! - [`PROCESS`]: doctor's `*-processstat`: delay of the event loop, processor, memory and handles,
//!   every ten milliseconds.
//! - [`STACKS`]: bubbleprof's `*-stacktrace`: the stack that created each asynchronous operation.
//! - [`SYSTEM`]: `*-systeminfo` of all tools: versions, and with doctor the relation of two clocks.
//! - [`PAGE`]: the HTML that clinic makes of doctor's and bubbleprof's folders.
//!
//! The other parts are what their tools call them: traces of Node.js, ticks of 0x, heap profiles.
//! Layouts: <https://github.com/clinicjs/node-clinic-doctor>,
//! <https://github.com/clinicjs/node-clinic-bubbleprof>.

mod page;
mod process;
mod records;
mod stacks;
mod system;

use super::{Access, Format, Recipe, in_full};

/// Doctor's measurements.
pub const PROCESS: Format = Format {
    id: "clinic-doctor-processstat",
    title: "clinic doctor measurements",
    tools: &["clinic doctor"],
    extensions: &["clinic-doctor-processstat"],
    recipes: &[Recipe {
        symptom: "",
        tool: "clinic doctor",
        group: "Node.js",
        command: "npx clinic doctor --collect-only -- node app.js",
        note: "Drop all files of its folder together.",
    }],
    access: Access::Forward,
    detect: process::detect,
    decode: in_full(process::decode),
};

/// Bubbleprof's stacks.
pub const STACKS: Format = Format {
    id: "clinic-bubbleprof-stacktrace",
    title: "clinic bubbleprof stacks",
    tools: &["clinic bubbleprof"],
    extensions: &["clinic-bubbleprof-stacktrace"],
    recipes: &[Recipe {
        symptom: "",
        tool: "clinic bubbleprof",
        group: "Node.js",
        command: "npx clinic bubbleprof --collect-only -- node app.js",
        note: "Drop all files of its folder together.",
    }],
    access: Access::Forward,
    detect: stacks::detect,
    decode: in_full(stacks::decode),
};

/// What a recording was made on.
pub const SYSTEM: Format = Format {
    id: "clinic-systeminfo",
    title: "clinic system information",
    tools: &["clinic doctor", "clinic bubbleprof", "clinic flame"],
    extensions: &["clinic-doctor-systeminfo", "clinic-bubbleprof-systeminfo", "clinic-flame-systeminfo"],
    recipes: &[],
    access: Access::Forward,
    detect: system::detect,
    decode: in_full(system::decode),
};

/// Reports.
pub const PAGE: Format = Format {
    id: "clinic-html",
    title: "clinic report",
    tools: &["clinic doctor", "clinic bubbleprof"],
    extensions: &["clinic-doctor.html", "clinic-bubbleprof.html"],
    recipes: &[],
    access: Access::Forward,
    detect: page::detect,
    decode: in_full(page::decode),
};
