//! Whether a file is a V8 sampling heap profile.

use crate::formats::{Fit, Head};
use crate::input::json::{Glimpse, Kind, glimpse};

/// Objects that hold a profile: an answer of the inspector protocol has a `profile` in its `result`.
pub(super) const WRAPPERS: [&str; 3] = ["result", "profile", "params"];

/// The answer of the format: by the sizes in the tree, or by the list of samples before it.
pub(super) fn detect(head: &Head<'_>) -> Fit {
    let Some(mut top) = glimpse(head.bytes) else { return Fit::No };
    let mut path = String::new();
    for _ in 0..=WRAPPERS.len() {
        if let Some(keys) = keys(&top) {
            return Fit::Yes(format!("starts with {path}{keys}: V8 heap profile"));
        }
        let Some((key, inner)) = WRAPPERS.iter().find_map(|key| Some((key, top.get(key)?))) else { break };
        path = format!("{path}\"{key}\", ");
        top = inner;
    }
    Fit::No
}

/// The keys that give a profile away.
fn keys(top: &Glimpse<'_>) -> Option<&'static str> {
    if let Some(head) = top.get("head").filter(|head| head.kind == Kind::Object) {
        let is_heap = head.has("selfSize") || head.has("callFrame") && !head.has("functionName");
        return is_heap.then_some("\"head\", \"selfSize\"");
    }
    let sample = top.get("samples")?.elements().next()?;
    (sample.has("size") && sample.has("nodeId")).then_some("\"samples\", \"nodeId\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(text: &str) -> Fit {
        detect(&Head { name: "x", bytes: text.as_bytes(), is_whole: false })
    }

    #[test]
    fn trees_and_samples_are_recognised() {
        for text in [
            r#"{"head":{"callFrame":{"functionName":"(root)"},"selfSize":0,"id":1,"children":[{"#,
            r#"{"head":{"callFrame":{"functionName":"(ro"#,
            r#" {"head" : {"selfSize":0"#,
            r#"{"samples":[{"size":1,"nodeId":3,"ordinal":1},"#,
            r#"{"id":7,"result":{"profile":{"head":{"callFrame":{},"selfSize":0"#,
        ] {
            assert!(matches!(fit(text), Fit::Yes(_)), "{text}");
        }
    }

    #[test]
    fn other_files_are_left_alone() {
        for text in [
            "",
            "[]",
            "{}",
            "main;work 3",
            r#"{"head":{"functionName":"(root)","id":1,"callUID":3"#,
            r#"{"head":[1]}"#,
            r#"{"samples":[1,2],"timeDeltas":[3"#,
            r#"{"samples":[{"size":1}]"#,
            r#"{"nodes":[{"id":1,"selfSize":4,"callFrame":{}}]}"#,
            r#"{"snapshot":{"meta":{}}}"#,
        ] {
            assert_eq!(fit(text), Fit::No, "{text}");
        }
    }
}
