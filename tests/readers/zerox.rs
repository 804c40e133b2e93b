//! Reads what 0x writes: trees of call paths with their ticks, and lists of the frames of each tick.
//!
//! Of the two trees the one counts that tells how functions ran, where it is there.

use std::collections::BTreeMap;

use serde_json::Value;

use super::prof::{Frames, engine, native, pseudo, script};
use super::{Frame, Reading, Record};

/// What a file tells.
#[derive(Clone, Default)]
pub(crate) struct Profile {
    pub(crate) reading: Reading,
    /// Ticks of each tree, as its root gives them.
    pub(crate) merged: i128,
    pub(crate) unmerged: i128,
    /// Ticks without frames.
    pub(crate) empty: u64,
    /// Innermost frames of all ticks, as the index names them.
    pub(crate) tops: BTreeMap<String, u64>,
}

/// Reads the trees.
///
/// # Errors
/// Says what is missing.
pub(crate) fn stacks(text: &str) -> Result<Profile, String> {
    let document: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let tree = ["unmerged", "merged"].into_iter().map(|key| &document[key]).find(|tree| tree["top"].is_number());
    let mut frames = Frames::default();
    let mut records = Vec::new();
    let mut open = vec![(tree.ok_or("no tree")?, Vec::new())];
    while let Some((node, stack)) = open.pop() {
        let own = node["top"].as_i64().ok_or("a node without ticks")?;
        if own > 0 {
            let row = if stack.is_empty() { vec![frames.row(pseudo("(program)"))] } else { stack.clone() };
            records.push(Record { stack: row, weights: vec![own.into()], samples: own.unsigned_abs(), in_total: true });
        }
        for child in node["children"].as_array().into_iter().flatten() {
            let name = child["name"].as_str().ok_or("a node without a name")?;
            open.push((child, [stack.clone(), vec![frames.row(named(name))]].concat()));
        }
    }
    let ticks = |key: &str| document[key]["value"].as_i64().map_or(0, i128::from);
    finish(&frames, &records, Profile { merged: ticks("merged"), unmerged: ticks("unmerged"), ..Profile::default() })
}

/// `*spin /srv/a.js:9:15 [INIT]`, `memcpy [CPP]`, `^a$ [CODE:RegExp]`.
fn named(name: &str) -> Frame {
    let known = [" [INIT]", " [INLINABLE]"];
    let name = known.iter().fold(name, |name, word| name.strip_suffix(word).unwrap_or(name));
    if let Some(name) = name.strip_suffix(" [CPP]") {
        return native(name, "");
    }
    if let Some(path) = name.strip_suffix(" [SHARED_LIB]") {
        return native(path.rsplit('/').next().unwrap_or_default(), path);
    }
    if let Some((name, word)) = name.strip_suffix(']').and_then(|name| name.rsplit_once(" [CODE:")) {
        return engine(name, word);
    }
    let mark = name.get(..1).filter(|mark| "~^+*".contains(mark)).unwrap_or_default();
    script(&name[mark.len()..], mark)
}

/// Reads the list of ticks.
///
/// # Errors
/// Says what is missing.
pub(crate) fn ticks(text: &str) -> Result<Profile, String> {
    let document: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let mut frames = Frames::default();
    let mut records = Vec::new();
    let mut profile = Profile::default();
    for tick in document.as_array().ok_or("no list")? {
        let tick = tick.as_array().ok_or("a tick that is no list")?;
        let mut stack = Vec::new();
        for frame in tick {
            let word = |key: &str| frame[key].as_str().unwrap_or_default();
            let name = frame["name"].as_str().ok_or("a frame without a name")?;
            let marks = [("Unopt", "~"), ("Sparkplug", "^"), ("Baseline", "^"), ("Maglev", "+"), ("Opt", "*")];
            let mark = marks.iter().find(|m| m.0 == word("kind")).map_or("", |m| m.1);
            stack.push(frames.row(match word("type") {
                "JS" => script(name, mark),
                "CPP" => native(name, ""),
                "SHARED_LIB" => native(name.rsplit('/').next().unwrap_or_default(), name),
                _ => engine(name, word("kind")),
            }));
        }
        let top = tick.last().map_or("(empty)".to_owned(), |frame| {
            let word = |key: &str| frame[key].as_str().unwrap_or_default();
            let kind = frame["kind"].as_str().map_or_else(String::new, |kind| format!(":{kind}"));
            format!("{} {}{kind}", word("name"), word("type"))
        });
        *profile.tops.entry(top).or_default() += 1;
        if stack.is_empty() {
            profile.empty += 1;
            stack.push(frames.row(pseudo("(program)")));
        }
        records.push(Record { stack, weights: vec![1], samples: 1, in_total: true });
    }
    if profile.empty == records.len() as u64 {
        return Err("no frames".to_owned());
    }
    finish(&frames, &records, profile)
}

fn finish(frames: &Frames, records: &[Record], profile: Profile) -> Result<Profile, String> {
    if records.is_empty() {
        return Err("no ticks".to_owned());
    }
    let reading = Reading { value: "ticks".into(), unit: "count".into(), ..Reading::sum(&frames.rows, records, 0, 0) };
    Ok(Profile { reading, ..profile })
}

#[test]
fn two_trees_and_a_list() {
    let tree = |mark: &str| {
        format!(
            r#"{{"name":"all stacks","value":4,"top":1,"children":[{{"name":"{mark}f /a.js:1:2 [INIT]","value":3,"top":2,"children":[{{"name":"c [CPP]","value":1,"top":1}}]}}]}}"#
        )
    };
    let both = format!(r#"{{"merged":{},"unmerged":{}}}"#, tree(""), tree("~"));
    let profile = stacks(&both).expect("it is whole");
    assert_eq!(profile.reading.folded, ["(program) 1", "~f 2", "~f;c 1"]);
    assert_eq!((profile.merged, profile.unmerged, profile.reading.total), (4, 4, 4));
    let list = r#"[[],[{"name":"f /a.js:1:2","type":"JS","kind":"Opt"},{"name":"x","type":"CODE","kind":"Stub"}]]"#;
    let profile = ticks(list).expect("it is whole");
    assert_eq!((profile.reading.folded, profile.empty), (vec!["(program) 1".to_owned(), "*f;Stub: x 1".into()], 1));
}
