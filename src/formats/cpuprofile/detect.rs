//! Whether a file is a V8 CPU profile.

use crate::formats::{Fit, Head};
use crate::input::json::{Glimpse, Kind, glimpse};

/// Keys at the top of other formats, some of which hold such a tree further down.
const OTHERS: [&str; 4] = ["traceEvents", "snapshot", "shared", "$schema"];
/// Keys of a profile besides its tree, and what their values are.
const KEYS: [(&str, Kind); 5] = [
    ("samples", Kind::Array),
    ("timeDeltas", Kind::Array),
    ("timestamps", Kind::Array),
    ("startTime", Kind::Number),
    ("endTime", Kind::Number),
];
/// Objects that hold a profile: an answer of the inspector protocol has a `profile` in its `result`,
/// an event has it in its `params`.
pub(super) const WRAPPERS: [&str; 3] = ["result", "profile", "params"];

/// The answer of the format: by the tree if it is in the head, else by the keys beside it.
pub(super) fn detect(head: &Head<'_>) -> Fit {
    let Some(mut top) = glimpse(head.bytes).filter(|top| top.kind == Kind::Object) else { return Fit::No };
    let mut path = String::new();
    for _ in 0..WRAPPERS.len() {
        if OTHERS.iter().any(|key| top.has(key)) {
            return Fit::No;
        }
        let fit = profile(&top, &path);
        let inner = WRAPPERS.iter().find_map(|key| Some((key, top.get(key)?)));
        match inner.filter(|(_, inner)| fit == Fit::No && inner.kind == Kind::Object) {
            Some((key, inner)) => {
                path = format!("{path}\"{key}\", ");
                top = inner;
            }
            None => return fit,
        }
    }
    profile(&top, &path)
}

fn profile(top: &Glimpse<'_>, path: &str) -> Fit {
    match tree(top) {
        Tree::Cpu(keys) => return yes(path, keys),
        Tree::Other => return Fit::No,
        Tree::OutOfSight => {}
    }
    let has = |(key, kind): &(&str, Kind)| top.get(key).is_some_and(|value| value.kind == *kind && is_plain(&value));
    let found: Vec<&str> = KEYS.iter().filter(|key| has(key)).map(|(key, _)| *key).collect();
    let is_only_samples = found == ["samples"] && top.members().count() == 1;
    match found[..] {
        [first @ ("samples" | "timeDeltas"), second, ..] => yes(path, &format!("\"{first}\", \"{second}\"")),
        ["timeDeltas"] => yes(path, "\"timeDeltas\""),
        _ if is_only_samples => {
            Fit::Maybe("starts with a long list of numbers, \"samples\", as V8 CPU profiles may".into())
        }
        _ => Fit::No,
    }
}

fn yes(path: &str, keys: &str) -> Fit {
    Fit::Yes(format!("starts with {path}{keys}: V8 CPU profile"))
}

/// What can be told from the call tree.
enum Tree {
    /// These keys give a CPU profile away.
    Cpu(&'static str),
    /// A tree of another kind: those of heap profiles have sizes.
    Other,
    OutOfSight,
}

fn tree(top: &Glimpse<'_>) -> Tree {
    if let Some(head) = top.get("head").filter(|head| head.kind == Kind::Object) {
        let is_old = head.has("functionName") && !head.has("selfSize");
        return if is_old { Tree::Cpu("\"head\", \"functionName\"") } else { Tree::Other };
    }
    match top.get("nodes").and_then(|nodes| nodes.elements().next()) {
        Some(node) if node.has("selfSize") => Tree::Other,
        Some(node) if node.has("callFrame") => Tree::Cpu("\"nodes\", \"callFrame\""),
        _ => Tree::OutOfSight,
    }
}

/// Whether a value is no array, or one of numbers as far as its first element tells.
fn is_plain(value: &Glimpse<'_>) -> bool {
    value.elements().next().is_none_or(|element| element.kind == Kind::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(text: &str) -> Fit {
        detect(&Head { name: "x", bytes: text.as_bytes(), is_whole: false })
    }

    fn why(text: &str) -> String {
        match fit(text) {
            Fit::Yes(why) => why,
            other => panic!("{text} gives {other:?}"),
        }
    }

    #[test]
    fn trees_are_recognised() {
        let node = r#"{"nodes":[{"id":1,"callFrame":{"functionName":"(root)"#;
        assert_eq!(why(node), "starts with \"nodes\", \"callFrame\": V8 CPU profile");
        assert_eq!(
            why(&format!(r#"{{"id":7,"result":{{"profile":{node}"#)),
            "starts with \"result\", \"profile\", \"nodes\", \"callFrame\": V8 CPU profile"
        );
        assert!(why(&format!(r#" {{"profile" : {node}"#)).contains("\"profile\""));
        assert!(why(r#"{"head":{"functionName":"(root)","url":"","lineNumber":-1,"id":1"#).contains("\"head\""));
    }

    #[test]
    fn keys_suffice_when_the_tree_is_far_away() {
        assert!(why(r#"{"startTime":1,"samples":[1,2],"timeDeltas":[3"#).contains("\"samples\", \"timeDeltas\""));
        assert!(why(r#"{"timeDeltas":[3"#).contains("\"timeDeltas\""));
        assert!(why(r#"{"nodes":[],"startTime":1,"samples":[]"#).contains("\"samples\", \"startTime\""));
        assert!(why(r#"{"nodes":{"0":{}},"startTime":1,"samples":[]"#).contains("\"samples\""));
        assert!(matches!(fit(r#"{"samples":[1,2,3,"#), Fit::Maybe(_)));
    }

    #[test]
    fn other_files_are_left_alone() {
        for text in [
            "",
            "null",
            "42",
            "[]",
            "{}",
            "main;work 3",
            r#"{"traceEvents":[],"nodes":[{"id":1,"callFrame":{}}]}"#,
            r#"{"head":{"callFrame":{"functionName":"(root)"},"selfSize":0,"id":1,"children":[]},"samples":[]}"#,
            r#"{"head":{"children":[{"functionName":"a"}],"startTime":1,"endTime":2}"#,
            r#"{"snapshot":{"meta":{"node_fields":["type"]}},"nodes":[9,1],"samples":[]}"#,
            r#"{"samples":[{"size":1}],"startTime":5"#,
            r#"{"startTime":5,"endTime":6}"#,
            r#"{"$schema":"https://www.speedscope.app/file-format-schema.json","profiles":[]}"#,
            r#"{"nodes":[{"id":1,"label":"a"}],"edges":[]}"#,
            r#"{"profile":{"profile":{"profile":{"profile":{"timeDeltas":[1]}}}}}"#,
        ] {
            assert_eq!(fit(text), Fit::No, "{text}");
        }
    }
}
