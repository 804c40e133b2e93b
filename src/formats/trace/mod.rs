//! Trace Event Format: what Chrome's tracing writes, and everybody who wanted that viewer.
//!
//! A JSON object with `traceEvents`, or the bare array of events, whose closing bracket may be
//! missing. Three formats that differ in what is made of the events: traces of Chrome and Chromium
//! (saved by DevTools or not), those of Node.js, and those of all others (viztracer, py-spy, ninja,
//! clang, Bazel, PyTorch, JAX, Perfetto, …). Definition:
//! <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>.
//!
//! What becomes of the phases: `X` and pairs of `B`/`E` are spans of a thread; pairs of `b`/`e` (and
//! the older `S`/`F`) spans of asynchronous operations; `I`/`i`/`R`, `n`, `T`/`p`, `N`/`O`/`D` and
//! `v`/`V` marks; `s`/`t`/`f` and `bind_id` arrows between spans; `C` and Chrome's `UpdateCounters`
//! series; `P` samples of V8's profiler; `M` names. A thread without samples gets a profile made of its
//! spans, so that every view of profiles works on it.
//!
//! Ignored: thread clocks (`tts`, `tdur`; Node's main thread keeps its as a series), `s` (how far a mark
//! reaches), colours, contents of memory dumps and of screenshots, sources of scripts.

mod arguments;
mod asynchronous;
mod building;
mod chunks;
mod counters;
mod detect;
mod events;
mod flows;
mod frames;
mod hermes;
mod nest;
mod pairs;
mod reader;
mod span_profile;
#[cfg(test)]
mod tests;
mod threads;

use super::common::json::note_replaced;
use super::{Access, Format, Recipe, in_full};
use crate::error::Result;
use crate::input::Window;
use crate::input::json::Json;
use crate::model::Builder;

/// Who wrote a trace, as far as it decides what is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flavour {
    /// Chrome, Chromium, Electron, or DevTools.
    Chrome,
    /// Node.js.
    Node,
    /// Anybody else.
    Other,
}

/// Traces of Chrome.
pub const CHROME: Format = Format {
    id: "chrome-trace",
    title: "Chrome performance trace",
    tools: &["Chrome DevTools", "chrome://tracing", "Puppeteer", "Playwright", "Lighthouse"],
    extensions: &["json", "json.gz"],
    recipes: &[],
    access: Access::Forward,
    detect: |head| detect::fit(head, Flavour::Chrome),
    decode: in_full(|window, builder, _| decode(window, builder, Flavour::Chrome)),
};

/// Traces of Node.js.
pub const NODE: Format = Format {
    id: "node-trace-events",
    title: "Node.js trace events",
    tools: &["Node.js", "clinic.js"],
    extensions: &["log", "json"],
    recipes: &[Recipe {
        symptom: "the event loop stalls and a profile names nobody",
        tool: "node --trace-event-categories",
        group: "Node.js",
        command: "node --trace-event-categories v8,node,node.async_hooks app.js",
        note: "Writes node_trace.1.log into the current folder, with every callback and what asked for it.",
    }],
    access: Access::Forward,
    detect: |head| detect::fit(head, Flavour::Node),
    decode: in_full(|window, builder, _| decode(window, builder, Flavour::Node)),
};

/// Traces of everybody else.
pub const OTHER: Format = Format {
    id: "trace-event",
    title: "Trace events",
    tools: &["viztracer", "py-spy", "ninja", "clang", "Bazel", "PyTorch", "JAX", "Perfetto"],
    extensions: &["json", "json.gz"],
    recipes: &[],
    access: Access::Forward,
    detect: |head| detect::fit(head, Flavour::Other),
    decode: in_full(|window, builder, _| decode(window, builder, Flavour::Other)),
};

fn decode(window: &mut Window, builder: &mut Builder, flavour: Flavour) -> Result<()> {
    let mut json = Json::new(window);
    let mut trace = reader::Trace::new(flavour, builder);
    match trace.read(&mut json, builder).and_then(|()| json.end()) {
        Err(error) if json.is_cut() => trace.end_early(error)?,
        read => read?,
    }
    note_replaced(&json, builder);
    let is_whole = !json.is_cut();
    trace.finish(builder)?;
    if is_whole && !builder.has_added() {
        builder.nothing_to_show("Nothing was recorded: it holds no event that is known.");
    }
    Ok(())
}
