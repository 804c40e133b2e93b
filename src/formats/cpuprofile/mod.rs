//! V8 CPU profile: `.cpuprofile`, as Node.js, Deno, Chrome and the inspector protocol write it.
//!
//! JSON with a call tree (`nodes`), a node id per sample (`samples`) and the time between samples
//! (`timeDeltas`, microseconds). Read in any order of keys, bare or wrapped in a protocol answer
//! (`{"id":1,"result":{"profile":…}}`); also the layout before Node.js 8 and Chrome 58, a nested
//! tree (`head`) with absolute `timestamps`. Definition:
//! <https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile>.
//!
//! Ignored: `scriptId` (the URL says the same), `deoptReason` and `bailoutReason` (advice, no
//! measurement), `title`, `callUID`, and `$`-extensions of editors.

mod detect;
mod document;
#[cfg(test)]
mod tests;

use super::common::json::note_replaced;
use super::{Access, Context, Format, Recipe};
use crate::error::Result;
use crate::input::Window;
use crate::input::json::Json;
use crate::model::Builder;
use document::Document;

/// V8 CPU profile.
pub const FORMAT: Format = Format {
    id: "v8-cpuprofile",
    title: "V8 CPU profile",
    tools: &["Node.js", "Deno", "Chrome DevTools", "VS Code"],
    extensions: &["cpuprofile"],
    recipes: RECIPES,
    access: Access::Forward,
    detect: detect::detect,
    decode: Some(decode),
};

const RECIPES: &[Recipe] = &[
    Recipe {
        symptom: "a script is slow",
        tool: "node --cpu-prof",
        group: "Node.js",
        command: "node --cpu-prof app.js",
        note: "The file is written when the program ends in an orderly way; ended by SIGTERM, it writes nothing.",
    },
    Recipe {
        symptom: "a running job hangs",
        tool: "node inspect",
        group: "Node.js",
        command: "node inspect -p PID",
        note: "At its prompt type profile, wait, then profileEnd and profiles[0].save('x.cpuprofile'); nothing is restarted.",
    },
];

fn decode(window: &mut Window, builder: &mut Builder, context: &Context<'_>) -> Result<()> {
    let mut json = Json::new(window);
    let mut document = Document::default();
    match document.read(&mut json, builder).and_then(|()| json.end()) {
        Err(error) if json.is_cut() => document.end_early(error)?,
        read => read?,
    }
    note_replaced(&json, builder);
    let profile = document.finish(builder, context.name)?;
    // Files made by hand begin at 0, which is no moment of any clock.
    builder.clock.start_ns = profile.time.as_ref().map(|time| time.start_ns).filter(|&start| start > 0);
    builder.profile(profile);
    Ok(())
}
