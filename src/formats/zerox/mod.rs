//! What 0x and clinic flame make of V8's ticks: trees and lists of stacks, without times.
//!
//! - [`STACKS`]: `stacks.<process>.json` of `0x --tree-debug`, two trees of call paths with their ticks.
//!   The one that tells apart how functions ran is read.
//! - [`TICKS`]: `ticks.json` of `0x --write-ticks`, and clinic flame's samples: every tick with its
//!   frames, in the order of time, about a millisecond of running apart.
//!
//! 0x has taken its own frames out, and knows no waits: a tick without frames is `(program)`. The raw
//! log and its preprocessed form in the same folder open as what they are.

mod stacks;
#[cfg(test)]
mod tests;
mod ticks;

use super::{Access, Format, Recipe, in_full};
use crate::model::Builder;

/// Trees of call paths.
pub const STACKS: Format = Format {
    id: "0x-stacks",
    title: "0x stacks",
    tools: &["0x"],
    extensions: &["json"],
    recipes: &[Recipe {
        symptom: "",
        tool: "0x",
        group: "Node.js",
        command: "npx 0x --collect-only --tree-debug -- node app.js",
        note: "In its folder, stacks.*.json has the ticks of each path.",
    }],
    access: Access::Forward,
    detect: stacks::detect,
    decode: in_full(stacks::decode),
};

/// A list of ticks.
pub const TICKS: Format = Format {
    id: "0x-ticks",
    title: "0x ticks",
    tools: &["0x", "clinic flame"],
    extensions: &["json", "clinic-flame-samples"],
    recipes: &[Recipe {
        symptom: "",
        tool: "0x",
        group: "Node.js",
        command: "npx 0x --collect-only --write-ticks -- node app.js",
        note: "In its folder, ticks.json has the stacks and isolate-*-v8.log also the times; both open.",
    }],
    access: Access::Forward,
    detect: ticks::detect,
    decode: in_full(ticks::decode),
};

/// What the numbers are not.
fn remark(builder: &mut Builder) {
    builder.note(
        "about-no-times",
        1,
        "0x keeps ticks and no times: there is no timeline, and waits are not told apart.",
    );
}
