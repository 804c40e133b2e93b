//! Reads V8 sampling heap profiles: a nested tree of call paths with the bytes of each, and a list of
//! sampled allocations that name a path by its number.
//!
//! Two values: the bytes of the tree, which the engine has scaled up already, and the number of
//! sampled allocations of each path. Allocations of a path that the tree does not hold count nowhere.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Frame, Function, Reading, Record};

/// A profile with what the program prints and what only an index of expected numbers asks for.
#[derive(Clone)]
pub(crate) struct Profile {
    pub(crate) readings: Vec<Reading>,
    pub(crate) nodes: usize,
    /// Steps from the root to the deepest node.
    pub(crate) depth_max: usize,
    pub(crate) id_max: i128,
    pub(crate) head_children: usize,
    /// Entries of the list of samples, and the sum of their sizes.
    pub(crate) samples: u64,
    pub(crate) samples_bytes: i128,
    /// Entries whose path is not in the tree.
    pub(crate) left_out: u64,
}

struct Node {
    frame: Frame,
    size: i128,
    id: Option<i64>,
    caller: Option<usize>,
    depth: usize,
}

/// Reads a profile from the text of the file.
///
/// # Errors
/// Says what is missing.
pub(crate) fn read(text: &str) -> Result<Profile, String> {
    let document: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let wrapped = [&document["result"]["profile"], &document["profile"]];
    let profile = wrapped.into_iter().find(|p| p.is_object()).unwrap_or(&document);
    let nodes = nodes(&profile["head"])?;
    let mut by_id: BTreeMap<i64, usize> = BTreeMap::new();
    for (row, node) in nodes.iter().enumerate() {
        if let Some(id) = node.id {
            by_id.entry(id).or_insert(row);
        }
    }
    let samples = profile["samples"].as_array();
    let mut counts = vec![0_u64; nodes.len()];
    let (mut bytes, mut left_out) = (0, 0);
    for sample in samples.into_iter().flatten() {
        bytes += i128::from(sample["size"].as_i64().unwrap_or(0));
        match sample["nodeId"].as_i64().and_then(|id| by_id.get(&id)) {
            Some(&row) => counts[row] += 1,
            None => left_out += 1,
        }
    }
    Ok(Profile {
        readings: readings(&nodes, samples.map(|_| &counts[..])),
        nodes: nodes.len(),
        depth_max: nodes.iter().map(|n| n.depth).max().unwrap_or(0),
        id_max: nodes.iter().filter_map(|n| n.id).max().map_or(0, i128::from),
        head_children: nodes.iter().filter(|n| n.depth == 1).count(),
        samples: samples.map_or(0, |s| s.len() as u64),
        samples_bytes: bytes,
        left_out,
    })
}

/// Callers before callees.
fn nodes(head: &Value) -> Result<Vec<Node>, String> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut open = vec![(head, None, 0)];
    while let Some((value, caller, depth)) = open.pop() {
        let row = nodes.len();
        let size = value["selfSize"].as_i64().ok_or("a node without a size")?;
        let frame = frame(&value["callFrame"], depth == 0);
        nodes.push(Node { frame, size: size.into(), id: value["id"].as_i64(), caller, depth });
        open.extend(value["children"].as_array().into_iter().flatten().map(|child| (child, Some(row), depth + 1)));
    }
    Ok(nodes)
}

fn frame(call: &Value, is_head: bool) -> Frame {
    let text = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
    let (name, url) = (text("functionName"), text("url"));
    let line = call["lineNumber"].as_i64().map(|line| i128::from(line) + 1);
    let name = if name.is_empty() { "(anonymous)".to_owned() } else { name };
    let is_root = is_head && name == "(root)";
    let file = (!url.is_empty()).then_some(url);
    let function = Function { name: name.clone(), file, line: line.filter(|&line| line > 0) };
    Frame { function: (!is_root).then_some(function), text: name }
}

fn readings(nodes: &[Node], counts: Option<&[u64]>) -> Vec<Reading> {
    let frames: Vec<Frame> = nodes.iter().map(|n| n.frame.clone()).collect();
    let mut records = Vec::new();
    for (row, node) in nodes.iter().enumerate() {
        let count = counts.map_or(1, |counts| counts[row]);
        if node.size == 0 && (counts.is_none() || count == 0) {
            continue;
        }
        let path = std::iter::successors(Some(row), |&at| nodes[at].caller);
        let mut stack: Vec<usize> = path.filter(|&at| at == row || nodes[at].frame.function.is_some()).collect();
        stack.reverse();
        // What has a size was sampled at least once.
        let samples = count.max(1);
        records.push(Record { stack, weights: vec![node.size, samples.into()], samples, in_total: true });
    }
    let values = [("size", "bytes"), ("samples", "count")];
    let wanted = if counts.is_some() { 2 } else { 1 };
    let reading = |(i, (value, unit)): (usize, (&str, &str))| Reading {
        value: value.into(),
        unit: unit.into(),
        ..Reading::sum(&frames, &records, i, 0)
    };
    values.into_iter().take(wanted).enumerate().map(reading).collect()
}

#[test]
fn five_nodes() {
    let node = |id: u32, name: &str, size: u32, children: &str| {
        format!(
            r#"{{"callFrame":{{"functionName":"{name}","url":"a.js","lineNumber":{id}}},"selfSize":{size},"id":{id},"children":[{children}]}}"#
        )
    };
    let tree = node(2, "f", 10, &node(3, "f", 20, &node(4, "g", 0, "")));
    let head = format!(
        r#"{{"callFrame":{{"functionName":"(root)","url":"","lineNumber":-1}},"selfSize":0,"id":1,"children":[{tree}]}}"#
    );
    let text = format!(
        r#"{{"head":{head},"samples":[{{"size":5,"nodeId":3}},{{"size":6,"nodeId":3}},{{"size":7,"nodeId":8}}]}}"#
    );
    let profile = read(&text).expect("the profile is whole");
    let [size, samples] = &profile.readings[..] else { panic!("two values") };
    assert_eq!((size.total, size.samples, samples.total, profile.left_out), (30, 3, 3, 1));
    assert_eq!(size.folded, ["f 10", "f;f 20"]);
    assert_eq!((profile.nodes, profile.depth_max, profile.id_max, profile.samples_bytes), (4, 3, 4, 18));
}
