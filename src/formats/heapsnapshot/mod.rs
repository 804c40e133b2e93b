//! V8 heap snapshots and allocation timelines: `.heapsnapshot` and `.heaptimeline`, as Node.js, Deno,
//! Chrome and the inspector protocol write them.
//!
//! JSON with two flat lists of whole numbers, `nodes` and `edges`, the `strings` that they name, and
//! in `snapshot.meta` the order of their fields, which alone says where what stands. A timeline has
//! `samples` besides (which ids were given by when) and, where stacks were recorded,
//! `trace_function_infos` and `trace_tree`. Read in any order of keys. Written by V8's
//! `HeapSnapshotJSONSerializer`; Chrome leaves `trace_node_id` or `detachedness` out at times.
//!
//! Ignored: the counts in the header but for a remark, which may lie; the engine's `function_id`; and
//! fields that newer versions add (scopes of closures).

mod allocations;
mod detect;
mod document;
mod layout;
mod rows;
#[cfg(test)]
mod tests;
mod tokens;

use super::{Access, Context, Format, Recipe, in_full};
use crate::error::{Error, Result};
use crate::input::Window;
use crate::input::json::Json;
use crate::model::Builder;
use document::Document;

/// V8 heap snapshot.
pub const SNAPSHOT: Format = Format {
    id: "v8-heapsnapshot",
    title: "V8 heap snapshot",
    tools: &["Node.js", "Deno", "Chrome DevTools"],
    extensions: &["heapsnapshot"],
    recipes: SNAPSHOT_RECIPES,
    access: Access::Forward,
    detect: detect::snapshot,
    decode: in_full(decode),
};

/// V8 allocation timeline.
pub const TIMELINE: Format = Format {
    id: "v8-heaptimeline",
    title: "V8 allocation timeline",
    tools: &["Node.js", "Chrome DevTools"],
    extensions: &["heaptimeline"],
    recipes: &[],
    access: Access::Forward,
    detect: detect::timeline,
    decode: in_full(decode),
};

const SNAPSHOT_RECIPES: &[Recipe] = &[
    Recipe {
        symptom: "memory grows",
        tool: "node --heapsnapshot-signal",
        group: "Node.js",
        command: "node --heapsnapshot-signal=SIGUSR2 app.js",
        note: "Each `kill -USR2` of the process writes one; two of one process can be compared. They hold environment variables and texts of the program.",
    },
    Recipe {
        symptom: "memory grows",
        tool: "node v8.writeHeapSnapshot",
        group: "Node.js",
        command: "node -e \"require('./app.js'); require('v8').writeHeapSnapshot('app.heapsnapshot')\"",
        note: "What the program holds when it is done. It holds environment variables and texts of the program.",
    },
];

fn decode(window: &mut Window, builder: &mut Builder, context: &Context<'_>) -> Result<()> {
    if builder.heap.is_some() {
        return Err(Error::whole("it is a second heap", "Open each heap by itself, then compare the two."));
    }
    let mut json = Json::new(window);
    let mut document = Document::default();
    match document.read(&mut json).and_then(|()| json.end()) {
        Err(error) if json.is_cut() => document.end_early(error)?,
        read => read?,
    }
    builder.note("bad-utf8", json.replaced(), "Some texts are not valid; U+FFFD stands for what could not be read.");
    let graph = document.finish(builder)?;
    allocations::add(&graph, builder, context.name);
    builder.heap = Some(graph);
    Ok(())
}
