//! A small reader of V8 CPU profiles.
//!
//! The rule for time: sample i stands for the stretch from its own time to the next sample's; the
//! last stands for what is left of the recording, at most 2.5 median intervals. The median interval
//! is the one at index n/2 of all n distances between neighbouring samples in ascending order. A file
//! with hit counts and no samples shares the length of the recording out by them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Frame, Function, Reading, Record, States};

/// A profile with what the program prints and what only an index of expected numbers asks for.
#[derive(Clone)]
pub(crate) struct Profile {
    pub(crate) reading: Reading,
    pub(crate) nodes: usize,
    pub(crate) depth_max: usize,
    pub(crate) first_delta_us: i128,
    pub(crate) delta_max_us: i128,
    pub(crate) negative_deltas: u64,
    pub(crate) hit_count_sum: i128,
    /// Moments of the samples in the order of time, in nanoseconds.
    pub(crate) moments: Vec<i128>,
    /// The innermost frame of the last sample and the weight that it owns.
    pub(crate) last: Option<(Key, i128)>,
    /// Own time in microseconds when a sample owns the time before it instead.
    pub(crate) backward_us: BTreeMap<Key, i128>,
}

/// A function as an index names it: name, file and 0-based line, `-1` when there is none.
pub(crate) type Key = String;

/// The key of a function.
pub(crate) fn key(function: &Function) -> Key {
    let line = function.line.map_or(-1, |line| line - 1);
    format!("{}|{}|{line}", function.name, function.file.as_deref().unwrap_or_default())
}

/// What a node of the call tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Function,
    Root,
    Idle,
    Program,
    Gc,
}

struct Node {
    frame: Frame,
    kind: Kind,
    parent: Option<usize>,
    hits: i128,
}

/// Call tree, samples and clock of any of the three layouts.
struct Parts {
    nodes: Vec<Node>,
    start_us: i128,
    end_us: i128,
    deltas: Vec<i128>,
    /// Time and node of every sample, in the order of the file.
    samples: Vec<(i128, usize)>,
}

/// Reads a profile from the text of the file.
///
/// # Errors
/// Says what is missing.
pub(crate) fn read(text: &str) -> Result<Profile, String> {
    let document: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let wrapped = [&document["result"]["profile"], &document["profile"]];
    let profile = wrapped.into_iter().find(|p| p.is_object()).unwrap_or(&document);
    let parts = if profile["head"].is_object() { legacy(profile)? } else { current(profile)? };
    Ok(weigh(parts))
}

/// `nodes`, `samples` and `timeDeltas`.
fn current(profile: &Value) -> Result<Parts, String> {
    let list = profile["nodes"].as_array().ok_or("no nodes")?;
    let mut nodes: Vec<Node> = list.iter().map(|n| node(&n["callFrame"], &n["hitCount"], 1)).collect();
    let by_id: BTreeMap<String, usize> = list.iter().enumerate().map(|(i, n)| (n["id"].to_string(), i)).collect();
    for (i, n) in list.iter().enumerate() {
        if let Some(&parent) = by_id.get(&n["parent"].to_string()) {
            nodes[i].parent = Some(parent);
        }
        for child in n["children"].as_array().into_iter().flatten() {
            let child = *by_id.get(&child.to_string()).ok_or("a child that is no node")?;
            nodes[child].parent = Some(i);
        }
    }
    let start_us = whole(&profile["startTime"]);
    let deltas: Vec<i128> = profile["timeDeltas"].as_array().into_iter().flatten().map(whole).collect();
    let times = deltas.iter().scan(start_us, |t, delta| {
        *t += delta;
        Some(*t)
    });
    let ids = profile["samples"].as_array().into_iter().flatten();
    let samples = times.zip(ids).map(|(t, id)| Ok((t, *by_id.get(&id.to_string()).ok_or("a sample of no node")?)));
    let samples = samples.collect::<Result<_, String>>()?;
    Ok(Parts { nodes, start_us, end_us: whole(&profile["endTime"]), deltas, samples })
}

/// `head`, a nested tree, and `timestamps`; the clock of start and end counts seconds.
///
/// Lines are 1-based in the files of old browsers; writers that copied the newer engine's numbers
/// into the old layout count from 0, and give themselves away by a function on line 0. (Pseudo frames
/// are on line 0 in both.)
fn legacy(profile: &Value) -> Result<Parts, String> {
    let mut flat = Vec::new();
    let mut open = vec![(&profile["head"], None)];
    while let Some((value, parent)) = open.pop() {
        let at = flat.len();
        flat.push((value, parent));
        open.extend(value["children"].as_array().into_iter().flatten().map(|child| (child, Some(at))));
    }
    let is_pseudo =
        |name: &Value| ["(root)", "(program)", "(idle)", "(garbage collector)"].iter().any(|pseudo| name == pseudo);
    let from_zero = flat.iter().any(|(value, _)| value["lineNumber"] == 0 && !is_pseudo(&value["functionName"]));
    let mut nodes = Vec::new();
    let mut by_id = BTreeMap::new();
    for &(value, parent) in &flat {
        by_id.insert(value["id"].to_string(), nodes.len());
        nodes.push(Node { parent, ..node(value, &value["hitCount"], i128::from(from_zero)) });
    }
    let seconds = |v: &Value| v.as_f64().map(|s| (s * 1e6).round() as i128).ok_or("no time");
    let times = profile["timestamps"].as_array().into_iter().flatten().map(whole);
    let ids = profile["samples"].as_array().into_iter().flatten();
    let samples: Vec<(i128, usize)> =
        times.zip(ids).filter_map(|(t, id)| Some((t, *by_id.get(&id.to_string())?))).collect();
    let (start_us, end_us) = (seconds(&profile["startTime"])?, seconds(&profile["endTime"])?);
    let times = || samples.iter().map(|s| s.0);
    let deltas = std::iter::once(start_us).chain(times()).zip(times()).map(|(before, t)| t - before).collect();
    Ok(Parts { nodes, start_us, end_us, deltas, samples })
}

/// A node from a call frame; `first_line` is what turns the file's lines into 1-based ones.
fn node(call: &Value, hits: &Value, first_line: i128) -> Node {
    let text = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
    let (name, url) = (text("functionName"), text("url"));
    let line = call["lineNumber"].as_i64().map(|line| i128::from(line) + first_line);
    let name = if name.is_empty() { "(anonymous)".to_owned() } else { name };
    let file = (!url.is_empty()).then_some(url);
    let function = Function { name: name.clone(), file, line: line.filter(|&line| line > 0) };
    Node {
        frame: Frame { function: Some(function), text: name },
        kind: Kind::Function,
        parent: None,
        hits: whole(hits),
    }
}

/// Pseudo frames stand at the root and have no file.
fn mark_states(nodes: &mut [Node]) {
    let at_root: Vec<bool> = nodes.iter().map(|n| n.parent.is_none_or(|p| nodes[p].parent.is_none())).collect();
    for (node, at_root) in nodes.iter_mut().zip(at_root) {
        let without_file = node.frame.function.as_ref().is_some_and(|f| f.file.is_none());
        let kind = match node.frame.text.as_str() {
            "(root)" if node.parent.is_none() => Kind::Root,
            "(idle)" => Kind::Idle,
            "(program)" => Kind::Program,
            "(garbage collector)" => Kind::Gc,
            _ => continue,
        };
        if at_root && without_file {
            node.kind = kind;
            node.frame.function = None;
        }
    }
}

fn whole(value: &Value) -> i128 {
    value.as_i64().map_or_else(|| value.as_f64().map_or(0, |f| f.round() as i128), i128::from)
}

/// Gives every sample its time and sums.
fn weigh(mut parts: Parts) -> Profile {
    mark_states(&mut parts.nodes);
    let mut ordered = parts.samples.clone();
    ordered.sort_by_key(|&(t, _)| t);
    let gaps: Vec<i128> = ordered.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let median_us = median(&gaps);
    let first = ordered.first().map_or(parts.start_us, |s| s.0);
    let last = ordered.last().map_or(parts.start_us, |s| s.0);
    let (start, end) = (parts.start_us.min(first), parts.end_us.max(last));
    let last_ns = ((end - last) * 1000).min(median_us * 2500);

    let mut by_node: BTreeMap<usize, (i128, u64)> = BTreeMap::new();
    for (i, &(_, node)) in ordered.iter().enumerate() {
        let sum = by_node.entry(node).or_default();
        sum.0 += gaps.get(i).map_or(last_ns, |gap| gap * 1000);
        sum.1 += 1;
    }
    let mut states = States {
        before_first: (first - start) * 1000,
        after_last: (end - last) * 1000 - last_ns,
        late_sample: gaps.iter().map(|&gap| late_ns(gap, median_us)).sum(),
        ..States::default()
    };
    if ordered.is_empty() {
        by_node = by_hit_count(&parts.nodes, (end - start) * 1000);
        states.after_last = (end - start) * 1000 - by_node.values().map(|(ns, _)| ns).sum::<i128>();
    }
    for (&node, &(ns, _)) in &by_node {
        *state_of(&mut states, parts.nodes[node].kind) += ns;
    }
    let frames: Vec<Frame> = parts.nodes.iter().map(|n| n.frame.clone()).collect();
    let records: Vec<Record> =
        by_node.iter().map(|(&node, &(ns, samples))| record(&parts.nodes, node, ns, samples)).collect();
    let reading = Reading {
        value: "time".into(),
        unit: "ns".into(),
        start: Some(start * 1000),
        duration: Some((end - start) * 1000),
        interval: (!gaps.is_empty()).then_some(median_us * 1000),
        states: Some(states),
        ..Reading::sum(&frames, &records, 0, 0)
    };
    Profile {
        nodes: parts.nodes.len(),
        depth_max: depth_max(&parts.nodes),
        first_delta_us: parts.deltas.first().copied().unwrap_or(0),
        delta_max_us: parts.deltas.iter().copied().max().unwrap_or(0),
        negative_deltas: parts.deltas.iter().filter(|&&d| d < 0).count() as u64,
        hit_count_sum: parts.nodes.iter().map(|n| n.hits).sum(),
        moments: ordered.iter().map(|&(t, _)| t * 1000).collect(),
        last: ordered.last().map(|&(_, node)| (node_key(&parts.nodes[node]), last_ns)),
        backward_us: backward(&parts),
        reading,
    }
}

/// The length of the recording, shared out by hit counts; what is lost by rounding down is left over.
fn by_hit_count(nodes: &[Node], duration_ns: i128) -> BTreeMap<usize, (i128, u64)> {
    let all: i128 = nodes.iter().map(|n| n.hits).sum();
    let hit = nodes.iter().enumerate().filter(|(_, n)| n.hits > 0);
    hit.map(|(i, n)| (i, (n.hits * duration_ns / all, n.hits as u64))).collect()
}

fn state_of(states: &mut States, kind: Kind) -> &mut i128 {
    match kind {
        Kind::Function => &mut states.active,
        Kind::Idle => &mut states.idle,
        Kind::Gc => &mut states.gc,
        Kind::Program | Kind::Root => &mut states.program,
    }
}

fn median(gaps: &[i128]) -> i128 {
    let mut sorted = gaps.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

/// What of a distance of `gap_us` rests on the one sample before it, in nanoseconds.
pub(crate) fn late_ns(gap_us: i128, median_us: i128) -> i128 {
    let long = gap_us * 1000 > (median_us * 1500).max(3_000_000);
    if long { gap_us * 1000 - median_us * 1200 } else { 0 }
}

/// Nodes from `node` up to the root.
fn path(nodes: &[Node], node: usize) -> Vec<usize> {
    std::iter::successors(Some(node), |&n| nodes[n].parent).collect()
}

/// The largest number of steps from a node to its root.
fn depth_max(nodes: &[Node]) -> usize {
    let mut depth: Vec<Option<usize>> = vec![None; nodes.len()];
    for node in 0..nodes.len() {
        let unknown: Vec<usize> =
            std::iter::successors(Some(node), |&n| nodes[n].parent).take_while(|&n| depth[n].is_none()).collect();
        for n in unknown.into_iter().rev() {
            depth[n] = Some(nodes[n].parent.and_then(|p| depth[p]).map_or(0, |d| d + 1));
        }
    }
    depth.into_iter().flatten().max().unwrap_or(0)
}

fn record(nodes: &[Node], node: usize, ns: i128, samples: u64) -> Record {
    let mut stack = path(nodes, node);
    stack.reverse();
    // The root itself is no frame, unless it is all that the stack has.
    if stack.len() > 1 && nodes[stack[0]].kind == Kind::Root {
        stack.remove(0);
    }
    Record { stack, weights: vec![ns], samples, in_total: nodes[node].kind != Kind::Idle }
}

fn node_key(node: &Node) -> Key {
    let pseudo = || format!("{}||-1", node.frame.text);
    node.frame.function.as_ref().map_or_else(pseudo, key)
}

fn backward(parts: &Parts) -> BTreeMap<Key, i128> {
    let mut sums = BTreeMap::new();
    for (&(_, node), delta) in parts.samples.iter().zip(&parts.deltas) {
        *sums.entry(node_key(&parts.nodes[node])).or_default() += delta;
    }
    sums
}

/// Eleven samples with a recursive function, one (program), one garbage collection, a long idle
/// sample and one sample out of order; every number below was worked out by hand.
#[test]
fn eleven_samples() {
    let frame = |name: &str, url: &str, line: i32| {
        format!(r#"{{"functionName":"{name}","scriptId":"0","url":"{url}","lineNumber":{line},"columnNumber":0}}"#)
    };
    let node =
        |id: u32, call: &str, children: &str| format!(r#"{{"id":{id},"callFrame":{call},"children":[{children}]}}"#);
    let nodes = [
        node(1, &frame("(root)", "", -1), "2,6,7,8"),
        node(2, &frame("main", "a.js", 0), "3"),
        node(3, &frame("work", "a.js", 9), "4"),
        node(4, &frame("work", "a.js", 9), ""),
        node(6, &frame("(program)", "", -1), ""),
        node(7, &frame("(idle)", "", -1), ""),
        node(8, &frame("(garbage collector)", "", -1), ""),
    ];
    let text = format!(
        r#"{{"nodes":[{}],"startTime":1000000,"endTime":1022250,"samples":[3,4,6,3,8,3,7,7,3,4,3],"timeDeltas":[1000,1250,1250,1250,1250,1250,1250,10000,1250,-200,1450]}}"#,
        nodes.join(",")
    );
    let profile = read(&text).expect("the profile is whole");
    let states = profile.reading.states.expect("a V8 profile has states");
    assert_eq!(profile.negative_deltas, 1);
    // Times in ms: 1, 2.25, 3.5, 4.75, 6, 7.25, 8.5, 18.5, 19.75, 19.55, 21; the end is 22.25.
    // In order the distances are 1.25 × 6, 10, 1.05, 0.2, 1.25; the median is 1.25.
    assert_eq!(profile.reading.interval, Some(1_250_000));
    assert_eq!(states.before_first, 1_000_000);
    assert_eq!((states.gc, states.program, states.idle), (1_250_000, 1_250_000, 11_050_000));
    // work: 3, 4, 3, 3 of 1.25 each, then 0.2 and 1.25, and 1.25 for the last.
    assert_eq!(states.active, 7_700_000);
    assert_eq!(states.after_last, 0);
    assert_eq!(states.late_sample, 8_500_000);
    let work = profile.reading.by_name("work")[0];
    assert_eq!((work.own, work.total, work.own_samples), (7_700_000, 7_700_000, 7));
    assert_eq!(profile.reading.functions[0].0.line, Some(10));
    assert_eq!(profile.reading.total, 7_700_000 + 1_250_000 + 1_250_000);
    assert_eq!(profile.reading.folded[0], "(garbage collector) 1250000");
    assert!(profile.reading.folded.contains(&"main;work;work 1450000".to_owned()), "{:?}", profile.reading.folded);
}
