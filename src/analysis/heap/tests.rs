//! Small graphs whose answers are known, and random ones held against plain computations.

use super::dominators::Walk;
use super::numbers::ThreeBytes;
use super::retainers::{paths, retainers, written};
use super::*;
use crate::model::heap::{Detachedness, EdgeKind, Location, Moment, Object, TextId, TraceFunction, TraceNode};

/// A graph out of lines `name kind size [detachedness]: edge-kind label target, …`, the first of which
/// is the root; ids are 1, 3, 5 and so on in their order.
fn picture(text: &str) -> HeapGraph {
    let lines: Vec<(&str, &str)> = text.lines().map(|line| line.split_once(':').unwrap_or((line, ""))).collect();
    let heads: Vec<Vec<&str>> = lines.iter().map(|(head, _)| head.split('|').map(str::trim).collect()).collect();
    let mut graph = HeapGraph::default();
    graph.has_detachedness = true;
    let mut texts: Vec<String> = Vec::new();
    let mut number = |text: &str| {
        let at = texts.iter().position(|known| known == text).unwrap_or_else(|| {
            texts.push(text.to_owned());
            texts.len() - 1
        });
        TextId(at as u32)
    };
    let row_of = |name: &str| heads.iter().position(|head| head[0] == name).expect("a target is an object");
    let mut edges = Vec::new();
    for ((at, head), (_, tail)) in heads.iter().enumerate().zip(&lines) {
        let parts: Vec<&str> = tail.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        let detachedness = match head.get(3) {
            Some(&"attached") => Detachedness::Attached,
            Some(&"detached") => Detachedness::Detached,
            _ => Detachedness::Unknown,
        };
        graph.push_object(&Object {
            kind: ObjectKind::of_name(head[1]).expect("a kind"),
            name: number(head[0].trim_end_matches('\'')),
            id: at as u32 * 2 + 1,
            size: head[2].parse().expect("a size"),
            edges: parts.len() as u32,
            detachedness,
        });
        for part in parts {
            let words: Vec<&str> = part.split('~').map(str::trim).collect();
            let kind = EdgeKind::of_name(words[0]);
            let label = if kind.has_name() { number(words[1]).0 } else { words[1].parse().expect("an index") };
            edges.push((kind, label, row_of(words[2]) as u32));
        }
    }
    edges.into_iter().for_each(|(kind, label, to)| assert!(graph.push_edge(kind, label, to)));
    graph.end_edges();
    texts.iter().for_each(|text| {
        graph.texts.push(text).expect("few texts");
    });
    graph
}

fn node(graph: &HeapGraph, name: &str) -> NodeId {
    graph.nodes().find(|&node| graph.texts.get(graph.name(node)) == name).expect("there is such an object")
}

/// Names of objects.
fn names(graph: &HeapGraph, nodes: impl IntoIterator<Item = NodeId>) -> Vec<String> {
    nodes.into_iter().map(|node| graph.texts.get(graph.name(node)).to_owned()).collect()
}

const DIAMOND: &str = "root | synthetic | 0: shortcut ~ g ~ global
global | object | 10: property ~ a ~ A, property ~ b ~ B
A | object | 20: property ~ c ~ C
B | object | 40: property ~ c ~ C, property ~ self ~ B
C | object | 80: property ~ back ~ A, weak ~ w ~ D
D | object | 160";

#[test]
fn what_two_hold_hangs_on_what_holds_both() {
    let graph = picture(DIAMOND);
    let heap = Heap::of(&graph);
    let retained: Vec<u64> = graph.nodes().map(|node| heap.retained(node)).collect();
    // Nothing but a weak reference leads to D: it hangs on the root.
    assert_eq!(retained, [310, 150, 20, 40, 80, 160]);
    let above: Vec<u32> = graph.nodes().map(|node| heap.dominator(node).0).collect();
    assert_eq!(above, [0, 0, 1, 1, 1, 0]);
    let distances: Vec<u32> = graph.nodes().map(|node| heap.distance(node)).collect();
    assert_eq!(distances, [BASE_DISTANCE, 1, 2, 2, 3, UNREACHED]);
    assert_eq!(names(&graph, heap.dominated_by(node(&graph, "global"))), ["A", "B", "C"]);
    let dominating = heap.dominating(&graph);
    assert_eq!(names(&graph, dominating.ones().map(NodeId)), ["root", "global"]);
    assert_eq!(names(&graph, heap.largest(2, |node| node != graph.root)), ["D", "global"]);
}

#[test]
fn the_way_from_a_root_is_told() {
    let graph = picture(DIAMOND);
    let heap = Heap::of(&graph);
    let [c, d] = ["C", "D"].map(|name| node(&graph, name));
    let ways = paths(&graph, &heap, &[c, node(&graph, "global"), d, graph.root]);
    let told: Vec<String> = ways[0].iter().map(|step| written(&graph, &step.edge)).collect();
    assert_eq!(told, [".a", ".c"]);
    assert_eq!(names(&graph, ways[0].iter().map(|step| step.from)), ["global", "A"]);
    assert!(ways[1..].iter().all(Vec::is_empty));
    let found = retainers(&graph, &heap, c);
    assert_eq!(names(&graph, found.iter().map(|r| r.from)), ["B", "A"], "equally near, B retains more");
    assert!(retainers(&graph, &heap, d).is_empty(), "weak references retain nothing");
}

#[test]
fn parts_give_their_size_to_their_only_owner() {
    let graph = picture(
        "root | synthetic | 0: shortcut ~ g ~ global, element ~ 1 ~ groups
groups | synthetic | 0: element ~ 1 ~ rooted
rooted | array | 7
global | object | 1: internal ~ elements ~ table, property ~ o ~ other, internal ~ shared ~ both
table | array | 10: hidden ~ 1 ~ inner
inner | hidden | 100
both | array | 1000
other | object | 1: internal ~ shared ~ both, weak ~ w ~ inner",
    );
    let heap = Heap::of(&graph);
    let shallow: Vec<u64> = graph.nodes().map(|node| heap.shallow(node)).collect();
    assert_eq!(shallow, [0, 0, 7, 111, 0, 0, 1000, 1]);
}

#[test]
fn the_value_of_an_entry_hangs_on_its_key() {
    let entry = |n| format!("{n} / part of key (K @7) -> value (V @9) pair in WeakMap (table @5)");
    let graph = picture(&format!(
        "root | synthetic | 0: shortcut ~ g ~ global
global | object | 1: property ~ map ~ table, property ~ key ~ K
table | array | 1: internal ~ {} ~ V
K | object | 1: internal ~ {} ~ V
V | object | 50",
        entry(1),
        entry(2)
    ));
    let heap = Heap::of(&graph);
    assert_eq!(heap.dominator(node(&graph, "V")), node(&graph, "K"));
    assert_eq!(heap.retained(node(&graph, "K")), 51);
    assert_eq!(heap.distance(node(&graph, "V")), 3);
}

#[test]
fn what_holds_the_page_from_outside_does_not_count() {
    let graph = picture(
        "root | synthetic | 0: shortcut ~ g ~ global, element ~ 1 ~ debugger
debugger | synthetic | 0: element ~ 1 ~ A
global | object | 1: property ~ a ~ A
A | object | 8",
    );
    assert_eq!(Heap::of(&graph).retained(node(&graph, "global")), 9);
}

#[test]
fn plain_objects_are_grouped_by_their_properties() {
    let mut lines = vec!["root | synthetic | 0: shortcut ~ g ~ global".to_owned()];
    let mut held = Vec::new();
    let objects = ["x y", "x y", "y x z", "x y z", "x y z", "q,r", "q,r", "only", ""];
    for (i, properties) in objects.iter().enumerate() {
        // A comma in a property's name would part the edges of the picture.
        let edges: Vec<String> = properties
            .split(' ')
            .filter(|p| !p.is_empty())
            .map(|p| format!("property ~ {} ~ v", p.replace(',', ";")))
            .collect();
        lines.push(format!("Object{} | object | 8: {}", "'".repeat(i), edges.join(", ")));
        held.push(format!("element ~ {i} ~ Object{}", "'".repeat(i)));
    }
    lines.push(format!("global | object | 8: {}", held.join(", ")));
    lines.push("v | number | 8".into());
    let graph = picture(&lines.join("\n"));
    let heap = Heap::of(&graph);
    let of = |at: usize| heap.classes()[heap.class(NodeId(at as u32 + 1))].name.as_str();
    let expected = ["{x, y}", "{x, y}", "{x, y, z}", "{x, y, z}", "{x, y, z}", "{q;r}", "{q;r}", "Object", "Object"];
    assert_eq!((0..objects.len()).map(of).collect::<Vec<_>>(), expected);
}

#[test]
fn constructors_are_told_apart_by_their_place() {
    let mut graph = picture(
        "root | synthetic | 0: shortcut ~ g ~ global
global | object | 1: element ~ 1 ~ Box, element ~ 2 ~ Box', element ~ 3 ~ Box'', element ~ 4 ~ f
Box | object | 10: element ~ 1 ~ Box''
Box' | object | 10: element ~ 1 ~ inner
Box'' | object | 10
f | closure | 5
inner | object | 3",
    );
    let at = |node, line| Location { node: NodeId(node), script: 1, line, column: 0 };
    graph.set_locations([at(2, 5), at(3, 7), at(4, 5), at(5, 9)].into_iter().collect());
    let heap = Heap::of(&graph);
    let rows: Vec<_> = classes::sorted(&heap).into_iter().map(|at| &heap.classes()[at]).collect();
    let told: Vec<_> = rows.iter().map(|c| (c.name.as_str(), c.place.map(|p| p.1), c.count, c.retained)).collect();
    let expected = [
        ("global", None, 1, 39),
        ("Box", Some(5), 2, 20),
        ("Box", Some(7), 1, 13),
        ("Function", None, 1, 5),
        ("inner", None, 1, 3),
    ];
    assert_eq!(told, expected);
}

#[test]
fn elements_of_the_page_hand_their_state_on() {
    let graph = picture(
        "root | synthetic | 0: shortcut ~ g ~ global, element ~ 1 ~ Document
global | object | 1: property ~ kept ~ <div id=\"a\">
Document | native | 5 | attached: element ~ 1 ~ <p>
<p> | native | 5
<div id=\"a\"> | native | 5 | detached: element ~ 1 ~ <b>, element ~ 2 ~ js, element ~ 3 ~ <p>
<b> | native | 5
js | object | 5: element ~ 1 ~ <i>
<i> | native | 5",
    );
    let heap = Heap::of(&graph);
    assert_eq!(names(&graph, heap.detached()), ["<div id=\"a\">", "<b>"]);
    assert_eq!(heap.name(&graph, node(&graph, "<b>")), "Detached <b>");
    let class = heap.class(node(&graph, "<div id=\"a\">"));
    assert_eq!(heap.classes()[class].name, "Detached <div>");
}

#[test]
fn equal_strings_are_found_however_they_were_made() {
    let graph = picture(
        "root | synthetic | 0: shortcut ~ g ~ global
global | object | 1: element ~ 1 ~ ab, element ~ 2 ~ ab', element ~ 3 ~ joined, element ~ 4 ~ flat, element ~ 5 ~ one
ab | string | 24
ab' | string | 16
a | string | 16
b | string | 16
 | string | 16
joined | concatenated string | 32: internal ~ first ~ a, internal ~ second ~ b
flat | concatenated string | 32: internal ~ first ~ ab, internal ~ second ~ 
one | string | 0",
    );
    let heap = Heap::of(&graph);
    let found = heap.duplicates(&graph);
    assert_eq!(found.len(), 1);
    let row = &found[0];
    assert_eq!((row.text(&graph), row.count, row.shallow, row.wasted, row.is_cut), ("ab", 3, 72, 56, false));
    assert_eq!(heap.name(&graph, node(&graph, "joined")), "ab");
}

#[test]
fn a_comparison_tells_new_and_deleted() {
    let of = |text: &str| {
        let graph = picture(text);
        compare::Identities::of("x", &graph, &Heap::of(&graph))
    };
    let before =
        of("root | synthetic | 0: shortcut ~ g ~ global\nglobal | object | 1\nA | object | 10\nB | object | 20");
    let now = of(
        "root | synthetic | 0: shortcut ~ g ~ global\nglobal | object | 1\nA | object | 10\nC | object | 5\nA' | object | 7",
    );
    assert!(compare::changes(&before, &before).rows.is_empty());
    let rows = compare::changes(&before, &now).rows;
    let told: Vec<_> = rows.iter().map(|r| (r.name.as_str(), r.new_count, r.deleted_count, r.size_delta())).collect();
    assert_eq!(told, [("A", 1, 0, 7), ("C", 1, 0, 5), ("B", 0, 1, -20)]);
}

#[test]
fn allocations_have_their_moment_and_their_stack() {
    let mut graph = picture(
        "root | synthetic | 0: shortcut ~ g ~ global\nglobal | object | 1: element ~ 1 ~ A, element ~ 2 ~ B\nA | object | 10\nB | object | 20",
    );
    graph.moments =
        [(0, 3), (500, 3), (900, 5)].map(|(at_us, last_id)| Moment { at_us, last_id }).into_iter().collect();
    [0, 0, 2, 3].into_iter().for_each(|trace| graph.push_trace(trace));
    let function = |name| TraceFunction { name: TextId(name), script_name: TextId(0), script: 1, line: 1, column: 1 };
    graph.trace_functions = vec![function(0), function(2)];
    let stack = |id, function, caller, count| TraceNode { id, function, caller, count, size: count * 10 };
    graph.trace_stacks =
        [stack(1, 0, TraceNode::NO_CALLER, 0), stack(2, 1, 0, 4), stack(3, 1, 1, 1)].into_iter().collect();
    let heap = Heap::of(&graph);
    let told: Vec<_> = allocations::over_time(&graph, &heap).iter().map(|i| (i.to_us, i.count, i.size)).collect();
    assert_eq!(told, [(0, 1, 1), (500, 0, 0), (900, 1, 10)]);
    let rows = allocations::by_function(&graph, &heap);
    let expected = allocations::Allocated { count: 5, size: 50, live_count: 2, live_size: 30 };
    assert_eq!(rows.iter().map(|row| row.allocated).collect::<Vec<_>>(), [expected]);
    let functions = allocations::stack_of(&graph, node(&graph, "B"));
    assert_eq!(functions, [function(2), function(2), function(0)]);
}

/// Numbers that come again with every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n.max(1)
    }
}

/// A graph of up to `most` objects, of every kind of edge, with clusters that nothing reaches.
fn random(dice: &mut Dice, most: u64) -> HeapGraph {
    let mut graph = HeapGraph::default();
    let objects = 1 + dice.below(most);
    let mut edges = Vec::new();
    for at in 0..objects {
        let count = dice.below(4);
        let is_group = at == 0 || dice.below(12) == 0;
        graph.push_object(&Object {
            kind: if is_group { ObjectKind::Synthetic } else { ObjectKind::Object },
            name: TextId(0),
            id: at as u32 * 2 + 1,
            size: dice.below(100),
            edges: count as u32,
            detachedness: Detachedness::Unknown,
        });
        for _ in 0..count {
            let kinds = [EdgeKind::Property, EdgeKind::Element, EdgeKind::Internal, EdgeKind::Weak, EdgeKind::Shortcut];
            // Mostly along a line, so that there are long chains with ways round.
            let to = if dice.below(3) > 0 { (at + 1 + dice.below(3)).min(objects - 1) } else { dice.below(objects) };
            edges.push((kinds[[0, 0, 1, 2, 3, 4][dice.below(6) as usize]], 0, to as u32));
        }
    }
    edges.into_iter().for_each(|(kind, label, to)| assert!(graph.push_edge(kind, label, to)));
    graph.end_edges();
    graph.texts.push("x").expect("one text");
    graph
}

/// Objects that are reached without `avoided`: from the root, and from those that nothing essential
/// leads to.
fn reached(graph: &HeapGraph, avoided: Option<usize>) -> Vec<bool> {
    let words = Words::of(graph);
    let essential = essential::Essential::of(graph, &words);
    let targets =
        |from: usize| graph.raw_edges(from).filter_map(|edge| essential.target(from, &edge)).collect::<Vec<_>>();
    let mut is_held = vec![false; graph.len()];
    (0..graph.len()).flat_map(targets).for_each(|to| is_held[to] = true);
    let mut open: Vec<usize> = (0..graph.len()).filter(|&at| at == 0 || !is_held[at]).collect();
    let mut reached = vec![false; graph.len()];
    while let Some(at) = open.pop() {
        if Some(at) != avoided && !std::mem::replace(&mut reached[at], true) {
            open.extend(targets(at));
        }
    }
    reached
}

/// An object retains what can no longer be reached when it is avoided.
#[test]
fn retained_sizes_are_what_cannot_be_reached_without() {
    let mut dice = Dice(7);
    let mut unreached = 0;
    for round in 0..3_000 {
        let graph = random(&mut dice, if round % 10 == 0 { 60 } else { 12 });
        let heap = Heap::of(&graph);
        let size = |at: usize| heap.shallow(NodeId(at as u32));
        let all = reached(&graph, None);
        for at in 1..graph.len() {
            if !all[at] {
                // What only holds itself in a circle hangs on the root, each object alone.
                unreached += 1;
                assert_eq!((heap.dominator(NodeId(at as u32)).0, heap.retained(NodeId(at as u32))), (0, size(at)));
                continue;
            }
            let without = reached(&graph, Some(at));
            let lost: u64 = (0..graph.len()).filter(|&other| all[other] && !without[other]).map(size).sum();
            assert_eq!(heap.retained(NodeId(at as u32)), lost, "object {at} in round {round}");
        }
        assert_eq!(heap.retained(graph.root), (0..graph.len()).map(size).sum::<u64>());
    }
    assert!(unreached > 100, "there were circles that nothing reaches: {unreached}");
}

/// Heaps of any size take the same way.
#[test]
fn the_bytes_of_numbers_do_not_matter() {
    let mut dice = Dice(3);
    for _ in 0..300 {
        let graph = random(&mut dice, 40);
        let words = words::Words::of(&graph);
        let [few, many] = [Walk::<ThreeBytes>::tree(&graph, &words), Walk::<u32>::tree(&graph, &words)];
        let dominators = [few, many].map(|tree| tree.expect("few numbers").dominator.iter().collect::<Vec<_>>());
        assert_eq!(dominators[0], dominators[1]);
    }
}

/// What the objects of a constructor retain is what is below any of them, once.
#[test]
fn constructors_retain_what_is_below_any_of_their_objects() {
    let mut dice = Dice(11);
    for _ in 0..500 {
        let graph = random(&mut dice, 40);
        let heap = Heap::of(&graph);
        for (at, class) in heap.classes().iter().enumerate() {
            let is_of_it = |node: NodeId| heap.class(node) == at && heap.shallow(node) > 0;
            let is_below = |mut node: NodeId| loop {
                if is_of_it(node) {
                    return true;
                }
                if node == graph.root {
                    return false;
                }
                node = heap.dominator(node);
            };
            let sum: u64 = graph.nodes().filter(|&node| is_below(node)).map(|node| heap.shallow(node)).sum();
            assert_eq!(class.retained, sum, "{}", class.name);
        }
    }
}

/// A list of a million objects, in whose last one many hang that the first holds too: what is quadratic
/// anywhere would not end.
#[test]
fn long_lists_take_linear_time() {
    let (list, leaves) = (1_000_000u32, 200_000);
    let mut graph = HeapGraph::default();
    let object = |id, edges| Object {
        kind: ObjectKind::Object,
        name: TextId(0),
        id,
        size: 16,
        edges,
        detachedness: Detachedness::Unknown,
    };
    for at in 0..list {
        graph.push_object(&object(at, 1 + if at == 1 || at + 1 == list { leaves } else { 0 }));
    }
    (0..leaves).for_each(|leaf| graph.push_object(&object(list + leaf, 0)));
    for at in 0..list {
        assert!(graph.push_edge(EdgeKind::Property, 0, (at + 1) % list));
        if at == 1 || at + 1 == list {
            (0..leaves).for_each(|leaf| assert!(graph.push_edge(EdgeKind::Property, 0, list + leaf)));
        }
    }
    graph.end_edges();
    graph.texts.push("Node").expect("one text");
    let heap = Heap::of(&graph);
    assert_eq!(heap.retained(NodeId(1)), u64::from(list - 1 + leaves) * 16);
    assert_eq!(heap.retained(NodeId(2)), u64::from(list - 2) * 16);
    assert_eq!(heap.dominator(NodeId(list)), NodeId(1));
    assert_eq!(heap.distance(NodeId(list - 1)), list - 1);
}
