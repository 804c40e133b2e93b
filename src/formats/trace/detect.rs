//! Whether a head is that of a trace, and whose.

use super::Flavour;
use crate::formats::{Fit, Head};
use crate::input::json::{Glimpse, Kind, glimpse};

/// Events that are looked at.
const EVENTS_MAX: usize = 400;

/// Whether the head is that of a trace of this kind.
pub(super) fn fit(head: &Head<'_>, flavour: Flavour) -> Fit {
    match whose(head) {
        Some((found, why)) if found == flavour => Fit::Yes(why),
        _ => Fit::No,
    }
}

/// Whose trace it is, and why.
fn whose(head: &Head<'_>) -> Option<(Flavour, String)> {
    let top = glimpse(head.bytes)?;
    let list = if top.kind == Kind::Array { Some(top) } else { top.get("traceEvents") };
    let is_saved = || top.get("metadata").is_some_and(|metadata| is_text(&metadata, "source", b"DevTools"));
    let Some(list) = list.filter(|list| list.kind == Kind::Array) else {
        // Source maps may stand before the events.
        let saved = top.kind == Kind::Object && !head.is_whole && is_saved();
        return saved.then(|| (Flavour::Chrome, "starts with \"metadata\", \"source\": \"DevTools\"".to_owned()));
    };
    let events = || list.elements().take(EVENTS_MAX).filter(|event| event.kind == Kind::Object);
    let is_object = top.kind == Kind::Object;
    if !is_object && !events().take(4).any(|event| event.has("ph") && (event.has("ts") || event.has("pid"))) {
        return None;
    }
    let start = if is_object { "starts with \"traceEvents\"" } else { "starts with a list of events with \"ph\"" };
    let found =
        events().find_map(|event| by_event(&event)).or_else(|| is_saved().then_some((Flavour::Chrome, "DevTools")));
    let (flavour, sign) = found.unwrap_or((Flavour::Other, ""));
    let kind = match flavour {
        Flavour::Chrome => "Chrome performance trace",
        Flavour::Node => "Node.js trace events",
        Flavour::Other => "trace events",
    };
    let sign = if sign.is_empty() { String::new() } else { format!(", {sign}") };
    Some((flavour, format!("{start}{sign}: {kind}")))
}

/// What one event gives away.
fn by_event(event: &Glimpse<'_>) -> Option<(Flavour, &'static str)> {
    if is_nodes_order(event) {
        return Some((Flavour::Node, "keys in the order of Node.js"));
    }
    let category = event.get("cat").map_or(&b""[..], |cat| cat.inner());
    if category.split(|&b| b == b',').any(|part| part == b"node" || part.starts_with(b"node.")) {
        return Some((Flavour::Node, "category \"node\""));
    }
    const OF_CHROME: [&[u8]; 9] = [
        b"devtools.timeline",
        b"disabled-by-default-devtools",
        b"disabled-by-default-v8.cpu_profiler",
        b"blink",
        b"toplevel",
        b"benchmark",
        b"loading",
        b"blink.user_timing",
        b"cc",
    ];
    if category.split(|&b| b == b',').any(|part| OF_CHROME.contains(&part)) {
        return Some((Flavour::Chrome, "categories of Chrome"));
    }
    let name = event.get("args").filter(|args| args.kind == Kind::Object).and_then(|args| args.get("name"));
    const THREADS: [&[u8]; 5] =
        [b"CrRendererMain", b"CrBrowserMain", b"CrGpuMain", b"CrUtilityMain", b"Chrome_ChildIOThread"];
    let is_thread = name.is_some_and(|name| THREADS.contains(&name.inner()));
    is_thread.then_some((Flavour::Chrome, "threads of Chrome"))
}

/// Node.js alone writes its keys in this order, and a length on every event.
fn is_nodes_order(event: &Glimpse<'_>) -> bool {
    const ORDER: [&str; 7] = ["pid", "tid", "ts", "tts", "ph", "cat", "name"];
    let mut keys = event.members().map(|(key, _)| key);
    ORDER.iter().all(|wanted| keys.next().is_some_and(|key| key == *wanted))
        && keys.next().is_some_and(|key| key == "dur" || key == "id")
}

fn is_text(value: &Glimpse<'_>, key: &str, text: &[u8]) -> bool {
    value.kind == Kind::Object && value.get(key).is_some_and(|found| found.kind == Kind::Text && found.inner() == text)
}
