//! Documents of a few objects, whole and damaged.

use super::{SNAPSHOT, TIMELINE};
use crate::error::{Error, Place};
use crate::formats::{Options, open};
use crate::input::{Named, SliceSource};
use crate::model::heap::{Detachedness, EdgeKind, ObjectKind, TextId};
use crate::model::{HeapGraph, Recording};

const META: &str = r#""meta":{"node_fields":["type","name","id","self_size","edge_count","trace_node_id","detachedness"],
"node_types":[["synthetic","object","native","quantum"],"string","number","number","number","number","number"],
"edge_fields":["type","name_or_index","to_node"],"edge_types":[["context","element","property","weak"],"string_or_number","node"],
"trace_function_info_fields":["function_id","name","script_name","script_id","line","column"],
"trace_node_fields":["id","function_info_index","count","size","children"],
"sample_fields":["timestamp_us","last_assigned_id"],"location_fields":["object_index","script_id","line","column"]}"#;
const NODES: &str = "[0,0,1,0,1,0,0,\n1,1,3,16,2,0,0,\n2,2,5,32,1,0,2]";
const EDGES: &str = "[1,1,7,\n2,3,14,1,9,0,\n3,3,7]";
const STRINGS: &str = r#"["","A","B","link \ud800"]"#;

fn part(key: &str, value: &str) -> String {
    format!("\"{key}\":{value}")
}

fn header(rest: &str) -> String {
    part("snapshot", &format!("{{{META}{rest}}}"))
}

fn document(parts: &[&str]) -> String {
    format!("{{{}}}", parts.join(",\n"))
}

fn whole() -> String {
    with(&header(""), NODES, EDGES, STRINGS)
}

fn with(header: &str, nodes: &str, edges: &str, strings: &str) -> String {
    document(&[header, &part("nodes", nodes), &part("edges", edges), &part("strings", strings)])
}

fn read(text: &str) -> Result<Recording, Error> {
    let source = Box::new(SliceSource::new(text.as_bytes().to_vec()));
    open(vec![Named { name: "x".into(), source }], &Options::default(), None, &mut ())
}

fn graph(text: &str) -> (HeapGraph, Vec<(String, u64)>) {
    let recording = read(text).expect("it opens");
    let notes = recording.notes.iter().map(|note| (note.code.clone(), note.count)).collect();
    (recording.heap.expect("it is a heap"), notes)
}

fn error(text: &str) -> Error {
    read(text).expect_err("it does not open")
}

/// Everything that a graph holds, as text.
fn told(graph: &HeapGraph) -> String {
    let mut told = String::new();
    for node in graph.nodes() {
        let kind = graph.kind_name(graph.kind(node));
        told += &format!("{} {kind} {} {}:", graph.texts.get(graph.name(node)), graph.id(node), graph.size(node));
        for edge in graph.edges(node) {
            let name = edge.name().map_or_else(|| edge.name_or_index.to_string(), |name| graph.texts.get(name).into());
            told += &format!(" {} {name} {}", edge.kind.name(), edge.to.index());
        }
        told.push('\n');
    }
    told
}

const TOLD: &str = " synthetic 1 0: element 1 1
A object 3 16: property link \u{fffd} 2 element 9 0
B native 5 32: weak link \u{fffd} 1
";

#[test]
fn a_graph_is_read() {
    let (graph, notes) = graph(&whole());
    assert_eq!(told(&graph), TOLD);
    assert_eq!(notes, [("bad-utf8".to_owned(), 1)]);
    let states: Vec<_> = graph.nodes().map(|node| graph.detachedness(node)).collect();
    assert_eq!(states, [Detachedness::Unknown, Detachedness::Unknown, Detachedness::Detached]);
    assert!(!graph.has_traces() && graph.moments.is_empty());
}

#[test]
fn parts_may_stand_in_any_order() {
    let parts = [header(""), part("nodes", NODES), part("edges", EDGES), part("strings", STRINGS)];
    for order in 0..24 {
        let mut left: Vec<&str> = parts.iter().map(String::as_str).collect();
        let chosen: Vec<&str> = [order / 6, order / 2 % 3, order % 2, 0].iter().map(|&at| left.remove(at)).collect();
        assert_eq!(told(&graph(&document(&chosen)).0), TOLD, "{order}");
    }
}

#[test]
fn fields_are_found_by_their_names() {
    let header = r#""snapshot":{"meta":{"node_fields":["edge_count","new","self_size","id","name","type"],
        "node_types":["number","number","number","number","string",["object","synthetic"]],
        "edge_fields":["to_node","type","name_or_index"],"edge_types":["node",["property","element"],"string_or_number"]}}"#;
    let text = with(header, "[1,8,0,1,0,1, 1,8,16,3,1,0]", "[6,1,4, 0,0,1]", r#"["r","A"]"#);
    let (graph, _) = graph(&text);
    assert_eq!(told(&graph), "r synthetic 1 0: element 4 1\nA object 3 16: property A 0\n");
    assert!(!graph.has_detachedness);
}

#[test]
fn counts_in_the_header_may_lie() {
    let text = with(&header(r#","node_count":1000000000,"edge_count":4"#), NODES, EDGES, STRINGS);
    let (graph, notes) = graph(&text);
    assert_eq!(told(&graph), TOLD);
    assert!(notes.contains(&("about-counts".to_owned(), 1)), "{notes:?}");
}

#[test]
fn places_samples_and_stacks_are_read() {
    let rest = [
        part("locations", "[7,4,10,2, 99,1,1,1, 14,4,11,3, 7,4,12,2, 7]"),
        part("samples", "[0,3, 250,5]"),
        part("trace_function_infos", "[0,1,0,0,0,0, 7,2,3,4,10,5]"),
        part("trace_tree", "[1,0,0,0,[2,1,3,48,[3,1,1,8,[]],5,1,2,16,[]]]"),
    ];
    let nodes = NODES.replace("32,1,0,2", "32,1,3,2");
    let text = with(&header(r#","trace_function_count":2"#), &nodes, EDGES, STRINGS);
    let text = document(&[&text[1..text.len() - 1], &rest.join(",")]);
    let (graph, notes) = graph(&text);
    assert_eq!(graph.locations().iter().map(|l| (l.node.index(), l.line)).collect::<Vec<_>>(), [(1, 12), (2, 11)]);
    assert_eq!(graph.moments.iter().map(|m| (m.at_us, m.last_id)).collect::<Vec<_>>(), [(0, 3), (250, 5)]);
    let function = graph.trace_functions[1];
    assert_eq!((function.name, function.script, function.line, function.column), (TextId::from_index(2), 4, 10, 5));
    let stacks: Vec<_> = graph.trace_stacks.iter().map(|s| (s.id, s.caller, s.count, s.size)).collect();
    assert_eq!(stacks, [(1, u32::MAX, 0, 0), (2, 0, 3, 48), (3, 1, 1, 8), (5, 0, 2, 16)]);
    assert_eq!(graph.nodes().map(|node| graph.trace(node)).collect::<Vec<_>>(), [0, 0, 3]);
    assert!(notes.contains(&("unknown-object".to_owned(), 1)) && notes.contains(&("ragged".to_owned(), 1)));
}

#[test]
fn stacks_may_be_deep_and_odd() {
    let depth = 100_000;
    let tree = format!("{}{}", "[1,0,1,8,".repeat(depth), "[]".to_owned() + &"]".repeat(depth));
    let text = whole();
    let deep = document(&[&text[1..text.len() - 1], &part("trace_tree", &tree)]);
    assert_eq!(graph(&deep).0.trace_stacks.len(), depth);
    for (odd, stacks) in [("[]", 0), ("[[]]", 1), ("[[[1]],2]", 3), ("[1,0,2,\"x\",null,9]", 2), ("[[],[[],[]]]", 2)] {
        let text = document(&[&text[1..text.len() - 1], &part("trace_tree", odd)]);
        assert_eq!(graph(&text).0.trace_stacks.len(), stacks, "{odd}");
    }
}

#[test]
fn what_does_not_fit_is_one_clear_error() {
    let cases = [
        (
            with(&part("snapshot", r#"{"node_count":3,"edge_count":1}"#), NODES, EDGES, STRINGS),
            "snapshot.meta",
            "missing",
        ),
        (
            with(&header("").replace("self_size", "size"), NODES, EDGES, STRINGS),
            "snapshot.meta.node_fields",
            "`self_size`",
        ),
        (with(&header("").replace("to_node", "to"), NODES, EDGES, STRINGS), "snapshot.meta.edge_fields", "`to_node`"),
        (with(&header("").replace("edge_types", "types"), NODES, EDGES, STRINGS), "snapshot.meta.edge_types", "types"),
        (with(&header(""), "[]", "[]", STRINGS), "nodes", "no objects"),
        (with(&header(""), "[0,0,1,0,1,0]", EDGES, STRINGS), "nodes", "within an object"),
        (with(&header(""), NODES, "[1,1,7,2]", STRINGS), "edges", "within an edge"),
        (with(&header(""), NODES, "[1,1,7]", STRINGS), "edges", "have 4 edges together, but the list holds 1"),
        (with(&header(""), NODES, &EDGES.replace(",14,", ",15,"), STRINGS), "edges, edge 1", "15 is not the start"),
        (with(&header(""), NODES, &EDGES.replace(",14,", ",-7,"), STRINGS), "edges, edge 1", "-7 is not the start"),
        (with(&header(""), NODES, &EDGES.replace(",14,", ",700,"), STRINGS), "edges, edge 1", "700 lies behind"),
        (with(&header(r#","root_index":3"#), NODES, EDGES, STRINGS), "snapshot.root_index", "no such object"),
    ];
    for (text, place, problem) in cases {
        let error = error(&text);
        assert_eq!(error.place, Place::Path(place.into()), "{error}");
        assert!(error.problem.contains(problem), "{error}");
    }
    let twice = document(&[&header(""), &part("nodes", NODES), &part("nodes", NODES)]);
    assert!(error(&twice).problem.contains("twice"));
    let words = with(&header(""), "[\"a\"]", EDGES, STRINGS);
    assert_eq!(error(&words).place, Place::Path("nodes[0]".into()));
}

#[test]
fn what_can_be_repaired_is_noted() {
    let cases = [
        (NODES.replace("1,1,3,16", "77,1,3,16"), EDGES.to_owned(), "unknown-kind", 1),
        (NODES.replace("1,1,3,16", "1,99,3,16"), EDGES.to_owned(), "bad-name", 1),
        (NODES.replace("1,1,3,16", "1,1,-3,16"), EDGES.to_owned(), "odd-number", 1),
        (NODES.replace("1,1,3,16", "1,1,3,1.5"), EDGES.to_owned(), "odd-number", 1),
        (NODES.to_owned(), EDGES.replace("2,3,14", "2,99,14"), "bad-name", 1),
        (NODES.to_owned(), EDGES.replace("2,3,14", "9,3,14"), "unknown-edge-kind", 1),
        (NODES.to_owned(), EDGES.replace("3,3,7]", "3,3,7,1,1,7]"), "unowned-edges", 1),
    ];
    for (nodes, edges, code, count) in cases {
        let (graph, notes) = graph(&with(&header(""), &nodes, &edges, STRINGS));
        assert!(notes.contains(&(code.to_owned(), count)), "{code}: {notes:?}");
        assert_eq!((graph.len(), graph.edge_count()), (3, 4), "{code}");
    }
    let (graph, _) = graph(&with(&header(""), &NODES.replace("1,1,3,16", "3,99,3,16"), EDGES, STRINGS));
    let node = crate::model::heap::NodeId::from_index(1);
    assert_eq!((graph.kind(node), graph.kind_name(graph.kind(node))), (ObjectKind::Other(0), "quantum"));
    assert_eq!(graph.texts.get(graph.name(node)), "(unknown)");
    assert_eq!(graph.edges(crate::model::heap::NodeId::from_index(2)).last().expect("it has one").kind, EdgeKind::Weak);
}

#[test]
fn a_file_that_ends_early_needs_a_whole_graph() {
    let text = whole();
    for end in 1..text.len() {
        match read(&text[..end]) {
            Ok(recording) => {
                let graph = recording.heap.expect("it is a heap");
                assert_eq!((graph.len(), graph.edge_count()), (3, 4), "cut at {end}");
                assert!(end > text.find("strings").expect("it has strings"), "cut at {end}");
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    let cut = text.find("\"B\"").expect("it has a B");
    let (graph, notes) = graph(&text[..cut]);
    assert!(notes.contains(&("cut".to_owned(), 1)) && notes.iter().any(|(code, _)| code == "bad-name"), "{notes:?}");
    assert_eq!(graph.texts.len(), 2);
}

#[test]
fn snapshots_and_timelines_are_read_alike() {
    let both = SNAPSHOT.decode.zip(TIMELINE.decode);
    assert!(both.is_some_and(|(one, other)| std::ptr::fn_addr_eq(one, other)));
    assert_eq!(read(&whole()).expect("it opens").origin.format, SNAPSHOT.id);
    let traced = with(&header(r#","trace_function_count":2"#), NODES, EDGES, STRINGS);
    let recording = read(&traced).expect("it opens");
    assert_eq!(recording.origin.format, TIMELINE.id);
    assert_eq!(told(&recording.heap.expect("it is a heap")), TOLD);
}
