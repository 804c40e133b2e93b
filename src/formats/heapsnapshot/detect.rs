//! Whether a file is a heap snapshot, and whether it is one of an allocation timeline.

use crate::formats::{Fit, Head};
use crate::input::json::{Glimpse, Kind, glimpse};

/// The answer of the format for snapshots.
pub(super) fn snapshot(head: &Head<'_>) -> Fit {
    match look(head) {
        Look::Snapshot => Fit::Yes("starts with \"snapshot\", \"meta\", \"node_fields\": V8 heap snapshot".into()),
        Look::Perhaps => Fit::Maybe("has \"nodes\" and \"edges\" of numbers, as V8 heap snapshots do".into()),
        Look::Timeline | Look::Other => Fit::No,
    }
}

/// The answer of the format for timelines.
pub(super) fn timeline(head: &Head<'_>) -> Fit {
    match look(head) {
        Look::Timeline => {
            Fit::Yes("starts with \"snapshot\", \"meta\", \"node_fields\": V8 allocation timeline".into())
        }
        _ => Fit::No,
    }
}

/// What can be told from the head.
enum Look {
    Snapshot,
    Timeline,
    Perhaps,
    Other,
}

/// A timeline is a snapshot whose samples stand far away. It shows in the header if it has allocation
/// stacks, otherwise only the name breaks the doubt; it is read the same way.
fn look(head: &Head<'_>) -> Look {
    let Some(top) = glimpse(head.bytes).filter(|top| top.kind == Kind::Object) else { return Look::Other };
    let header = top.get("snapshot").filter(|header| header.kind == Kind::Object);
    let meta = header.and_then(|header| header.get("meta"));
    if let (Some(header), Some(_)) = (header, meta.and_then(|meta| meta.get("node_fields"))) {
        let has_stacks = header.get("trace_function_count").and_then(|count| count.whole()).is_some_and(|n| n > 0);
        return if has_stacks || head.name.contains(".heaptimeline") { Look::Timeline } else { Look::Snapshot };
    }
    let has_lists = is_numbers(&top, "nodes") && is_numbers(&top, "edges");
    let has_counts = header.is_some_and(|header| header.has("node_count") && header.has("edge_count"));
    if has_lists || has_counts { Look::Perhaps } else { Look::Other }
}

fn is_numbers(top: &Glimpse<'_>, key: &str) -> bool {
    top.get(key).is_some_and(|list| list.elements().next().is_some_and(|first| first.kind == Kind::Number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(name: &str, text: &str) -> (Fit, Fit) {
        let head = Head { name, bytes: text.as_bytes(), is_whole: false };
        (snapshot(&head), timeline(&head))
    }

    const META: &str = r#"{"snapshot":{"meta":{"node_fields":["type"]},"node_count":3,"#;

    #[test]
    fn stacks_or_the_name_tell_a_timeline() {
        let plain = format!(r#"{META}"trace_function_count":0}},"nodes":["#);
        assert!(matches!(fits("x", &plain), (Fit::Yes(_), Fit::No)));
        assert!(matches!(fits("x.heaptimeline.gz", &plain), (Fit::No, Fit::Yes(_))));
        let traced = format!(r#"{META}"trace_function_count":7}},"nodes":["#);
        assert!(matches!(fits("x.heapsnapshot", &traced), (Fit::No, Fit::Yes(_))));
        assert!(matches!(fits("x", META), (Fit::Yes(_), Fit::No)));
    }

    #[test]
    fn what_only_looks_like_one_is_a_guess() {
        assert!(matches!(fits("x", r#"{"nodes":[9,1],"edges":[1,"#), (Fit::Maybe(_), Fit::No)));
        assert!(matches!(fits("x", r#"{"snapshot":{"node_count":3,"edge_count":3},"#), (Fit::Maybe(_), Fit::No)));
        for text in ["", "[]", "{}", r#"{"snapshot":{}}"#, r#"{"nodes":[{"id":1}],"edges":[]}"#, r#"{"nodes":[1]}"#] {
            assert_eq!(fits("x.heaptimeline", text), (Fit::No, Fit::No), "{text}");
        }
    }
}
