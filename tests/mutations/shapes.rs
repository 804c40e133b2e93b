//! Files in which every byte asks for as much as it can: the most rows, the deepest stacks, the most
//! repetitions of what is written once. They are made here, at a size where the multiple shows.

use crate::proto::{bytes_field, number_field};

/// About the size of each.
const BYTES: usize = 1 << 19;

/// The format that a shape is of, its name and its content.
pub(crate) type Shape = (&'static str, &'static str, Vec<u8>);

pub(crate) fn all() -> Vec<Shape> {
    profiles().into_iter().chain(measures()).collect()
}

/// What holds series, distributions and facts.
fn measures() -> Vec<Shape> {
    let (cannon, points, text) = ("autocannon-json", "k6-json-output", "k6-end-of-test-text");
    let (summary, export, delays) = ("k6-handle-summary", "k6-summary-export", "perf-hooks-ndjson");
    let (stat, stacks, system) = ("clinic-doctor-processstat", "clinic-bubbleprof-stacktrace", "clinic-systeminfo");
    let (page, report) = ("clinic-html", "node-report");
    vec![
        (cannon, "many results", r#"{"latency":{"p97_5":1},"requests":{"sent":1}}"#.repeat(BYTES / 45).into_bytes()),
        (
            cannon,
            "a status for each answer",
            format!(
                r#"{{"latency":{{"p97_5":1}},"requests":{{"sent":1}},"statusCodeStats":{{{}}}}}"#,
                many(|i| format!(r#""{i}":{{"count":1}}"#))
            )
            .into_bytes(),
        ),
        (
            points,
            "the shortest points",
            k6(|_| r#"{"metric":"m","type":"Point","data":{"time":"2026-01-05T10:00:00Z","value":1}}"#.into()),
        ),
        (
            points,
            "a metric for each point",
            k6(|i| format!(r#"{{"metric":"{i}","type":"Point","data":{{"time":"2026-01-05T10:00:00Z","value":1}}}}"#)),
        ),
        (
            points,
            "tags of their own for each point",
            k6(|i| {
                format!(
                    r#"{{"metric":"m","type":"Point","data":{{"time":"2026-01-05T10:00:00Z","value":1,"tags":{{"name":"{i}","status":"{i}"}}}}}}"#
                )
            }),
        ),
        (
            points,
            "a second for each point",
            k6(|i| {
                let (hours, minutes, seconds) = (i / 3600 % 24, i / 60 % 60, i % 60);
                format!(
                    r#"{{"metric":"a_duration","type":"Point","data":{{"time":"20{:02}-01-05T{hours:02}:{minutes:02}:{seconds:02}Z","value":1}}}}"#,
                    26 + i % 50
                )
            }),
        ),
        (
            summary,
            "a metric of one value each",
            format!(r#"{{"metrics":{{{}}}}}"#, many(|i| format!(r#""{i}":{{"type":"trend","values":{{"avg":1}}}}"#)))
                .into_bytes(),
        ),
        (
            summary,
            "groups within groups",
            format!(
                r#"{{"metrics":{{"a":{{"type":"trend","values":{{"avg":1}}}}}},"root_group":{}{}}}"#,
                r#"{"groups":["#.repeat(BYTES / 13),
                "]}".repeat(BYTES / 13)
            )
            .into_bytes(),
        ),
        (
            export,
            "a check for each name",
            format!(
                r#"{{"metrics":{{"a":{{"avg":1}}}},"root_group":{{"checks":{{{}}}}}}}"#,
                many(|i| format!(r#""{i}":{{"passes":1}}"#))
            )
            .into_bytes(),
        ),
        (text, "a metric on each line", [b"  vus...: 1\n".repeat(2), lines(|i| format!("a{i}..: 1\n"))].concat()),
        (text, "a check on each line", [b"  vus...: 1\n".repeat(2), "✓ a\n".repeat(BYTES / 6).into_bytes()].concat()),
        (
            delays,
            "the shortest rows",
            lines(|i| format!(r#"{{"ts":{i},"min":1,"max":1,"mean":1,"percentiles":{{}}}}{}"#, "\n")),
        ),
        (
            delays,
            "collections",
            format!(
                r#"{{"ts":1,"min":1,"max":1,"mean":1,"percentiles":{{}},"gc":[{}]}}"#,
                [r#"{"start":1,"dur":1}"#; BYTES / 20].join(",")
            )
            .into_bytes(),
        ),
        (stat, "the shortest measurements", measurement().repeat(BYTES / measurement().len())),
        (stat, "halves of measurements", [measurement(), measurement()[..30].repeat(BYTES / 30)].concat()),
        (stacks, "operations without a stack", operation(&[]).repeat(BYTES / 13)),
        (stacks, "one deep stack", operation(&[0x12, 0].repeat(BYTES / 2))),
        (
            stacks,
            "a function for each operation",
            (0..BYTES / 30)
                .flat_map(|i| operation(&bytes_field(2, &bytes_field(1, format!("{i}").as_bytes()))))
                .collect(),
        ),
        (
            system,
            "one long text",
            format!(r#"{{"pathSeparator":"/","mainDirectory":"{}"}}"#, "a".repeat(BYTES)).into_bytes(),
        ),
        (
            page,
            "the shortest measurements",
            html(&format!(r#""processStat":[{}]"#, [r#"{"timestamp":1795334774667}"#; BYTES / 28].join(","))),
        ),
        (
            page,
            "the shortest operations",
            html(&format!(r#""data":[{{"nodes":[{{"sources":[{}]}}]}}]"#, ["{}"; BYTES / 3].join(","))),
        ),
        (
            page,
            "one deep stack",
            html(&format!(r#""data":[{{"nodes":[{{"frames":[{}],"sources":[{{}}]}}]}}]"#, ["{}"; BYTES / 3].join(","))),
        ),
        (report, "the shortest handles", node_report(&format!(r#""libuv":[{}]"#, ["{}"; BYTES / 3].join(",")))),
        (
            report,
            "workers",
            node_report(&format!(
                r#""workers":[{}]"#,
                [r#"{"javascriptStack":{"stack":["at a"]}}"#; BYTES / 39].join(",")
            )),
        ),
        (
            report,
            "one deep stack",
            node_report(&format!(r#""javascriptStack":{{"stack":[{}]}}"#, [r#""at ""#; BYTES / 6].join(","))),
        ),
        (
            report,
            "spaces",
            node_report(&format!(r#""javascriptHeap":{{"heapSpaces":{{{}}}}}"#, many(|i| format!(r#""{i}":{{}}"#)))),
        ),
    ]
}

fn k6(line: fn(usize) -> String) -> Vec<u8> {
    let count = BYTES / (line(BYTES / 64).len() + 1);
    (0..count).flat_map(|i| format!("{}\n", line(i)).into_bytes()).collect()
}

/// A measurement of doctor: time, delay, processor, memory.
fn measurement() -> Vec<u8> {
    let double = |number: u8, value: f64| [&[number << 3 | 1][..], &value.to_le_bytes()].concat();
    let body = [double(1, 1_795_334_774_667.0), double(2, 1.0), double(3, 0.5), bytes_field(4, &[])].concat();
    [&(body.len() as u16).to_be_bytes()[..], &body].concat()
}

/// An operation of bubbleprof with these frames.
fn operation(frames: &[u8]) -> Vec<u8> {
    let length = (frames.len() + 9) as u32;
    [&length.to_be_bytes()[..], &[9], &7f64.to_le_bytes(), frames].concat()
}

fn html(data: &str) -> Vec<u8> {
    format!("<html><script id=\"clinic-data\">{{{data}}}</script></html>").into_bytes()
}

fn node_report(rest: &str) -> Vec<u8> {
    format!(r#"{{"header":{{"reportVersion":4}},{rest}}}"#).into_bytes()
}

fn profiles() -> Vec<Shape> {
    let (v8, heap, pprof, folded) = ("v8-cpuprofile", "v8-heapprofile", "pprof", "folded");
    let (stacks, list) = ("0x-stacks", "0x-ticks");
    let (chrome, node, other) = ("chrome-trace", "node-trace-events", "trace-event");
    let (log, ticks, report) = ("v8-prof-log", "v8-prof-preprocessed", "v8-prof-text");
    let (snapshot, timeline) = ("v8-heapsnapshot", "v8-heaptimeline");
    vec![
        (v8, "samples of one digit", short_samples()),
        (v8, "nodes of one name", short_nodes(false)),
        (v8, "one chain of nodes", short_nodes(true)),
        (v8, "a turn of the loop in every other sample", many_turns()),
        (v8, "ticks on every line", line_ticks()),
        (heap, "paths without a name", heapprofile(&["{\"selfSize\":1}"; BYTES / 15].join(","), "")),
        (heap, "one chain of paths", heap_chain()),
        (
            heap,
            "functions of one call each",
            heapprofile(&many(|i| format!(r#"{{"callFrame":{{"functionName":"{i}"}},"selfSize":1}}"#)), ""),
        ),
        (
            heap,
            "samples of paths that are not there",
            heapprofile("{\"selfSize\":1,\"id\":1}", &many(|i| format!(r#"{{"nodeId":{i}}}"#))),
        ),
        (log, "the shortest ticks", prof_log("", |_| "tick,1,1,0,0,0\n".into())),
        (
            log,
            "a function for each tick",
            prof_log("", |i| format!("code-creation,JS,0x{i:x},1,f{i}:1:1,0,*\ntick,{i},1,0,0,0\n")),
        ),
        (log, "libraries", prof_log("tick,1,1,0,0,0\n", |i| format!("shared-library,{i},{i},{}\n", i + 1))),
        (
            log,
            "code that covers all before it",
            prof_log("tick,1,1,0,0,0\n", |i| format!("code-creation,S,0x{:x},9999999,a\n", BYTES - i)),
        ),
        (
            log,
            "one deep stack",
            [
                prof_log("code-creation,S,0x1,1,a\n", |_| String::new()),
                b"tick,1,1,0,0,0".to_vec(),
                b",1".repeat(BYTES / 2),
                b"\n".to_vec(),
            ]
            .concat(),
        ),
        (ticks, "the shortest ticks", prof_json("", &["{\"s\":[0]}"; BYTES / 10].join(","))),
        (ticks, "pieces of code without a name", prof_json(&["{}"; BYTES / 3].join(","), "{\"s\":[0]}")),
        (
            ticks,
            "a piece of code for each tick",
            prof_json(
                &many(|i| format!(r#"{{"name":"{i}","type":"JS"}}"#)),
                &many(|i| format!(r#"{{"s":[{i},0,{},0]}}"#, i / 2)),
            ),
        ),
        (
            ticks,
            "one deep stack",
            prof_json("{\"name\":\"a\"}", &format!("{{\"s\":[{}]}}", ["0,0"; BYTES / 4].join(","))),
        ),
        (report, "a function for each row", report_rows(|i| format!("1 1% {i}\n"))),
        (report, "one deep path", report_rows(|i| format!("1 1%{} a\n", " ".repeat(i)))),
        (
            report,
            "many callers of one function",
            report_rows(|i| format!("9 1%  {}\n", if i == 0 { "a".into() } else { format!("  {i}") })),
        ),
        (stacks, "nodes without a name", zerox(&["{\"top\":1}"; BYTES / 10].join(","))),
        (
            stacks,
            "one chain of nodes",
            zerox(&["{\"top\":1,\"children\":[".repeat(BYTES / 23), "]}".repeat(BYTES / 23)].concat()),
        ),
        (stacks, "a function for each node", zerox(&many(|i| format!(r#"{{"name":"{i}","top":1}}"#)))),
        (
            list,
            "ticks without frames",
            format!(r#"[[{{"name":"a","type":""}}],{}]"#, ["[]"; BYTES / 3].join(",")).into_bytes(),
        ),
        (
            list,
            "a function for each tick",
            format!("[{}]", many(|i| format!(r#"[{{"name":"{i}","type":"JS"}}]"#))).into_bytes(),
        ),
        (
            list,
            "one deep stack",
            format!(r#"[[{{"name":"a","type":""}},{}]]"#, ["{}"; BYTES / 3].join(",")).into_bytes(),
        ),
        (snapshot, "objects without references", snapshot_of(0, "0,0,0,0,0", "", "[]")),
        (snapshot, "references of one object", snapshot_of(BYTES / 6, "0,0,0,0,0", "0,0,0", "[]")),
        (snapshot, "a chain of objects", snapshot_chain()),
        (snapshot, "texts of one letter", snapshot_of(1, "0,0,0,0,0", "0,0,0", &letters())),
        (snapshot, "plain objects of one property", snapshot_plain()),
        (snapshot, "parts joined with themselves", snapshot_joined()),
        (timeline, "a deep allocation stack", timeline_of("", &deep_trace())),
        (timeline, "a moment for every object", timeline_of(&vec!["1"; BYTES / 2].join(","), "[]")),
        (chrome, "tasks without a name", trace("blink", &["{\"ph\":\"X\",\"ts\":1}"; BYTES / 18].join(","))),
        (chrome, "a thread for each mark", trace("blink", &many(|i| format!(r#"{{"ph":"I","ts":1,"tid":{i}}}"#)))),
        (
            chrome,
            "a profiler for each chunk",
            trace(
                "blink",
                &many(|i| {
                    format!(
                        r#"{{"ph":"P","name":"ProfileChunk","id":{i},"ts":1,"args":{{"cpuProfile":{{"nodes":[{{"id":1}}],"samples":[1]}},"timeDeltas":[1]}}}}"#
                    )
                }),
            ),
        ),
        (
            node,
            "a callback that never ends",
            trace("node", &["{\"ph\":\"b\",\"ts\":1,\"name\":\"_CALLBACK\"}"; BYTES / 37].join(",")),
        ),
        (node, "an operation for each event", trace("node", &many(|i| format!(r#"{{"ph":"b","ts":{i},"id":{i}}}"#)))),
        (other, "one deep stack", trace("", &many(|i| format!(r#"{{"ph":"B","ts":{i}}}"#)))),
        (
            other,
            "a function for each span",
            trace("", &many(|i| format!(r#"{{"ph":"X","ts":{i},"dur":1,"name":"{i}"}}"#))),
        ),
        (
            other,
            "an argument for each span",
            trace("", &many(|i| format!(r#"{{"ph":"i","ts":{i},"args":{{"a":{i}}}}}"#))),
        ),
        (other, "a track for each operation", trace("", &many(|i| format!(r#"{{"ph":"b","ts":1,"cat":"{i}"}}"#)))),
        (
            other,
            "a series for each counter",
            trace("", &many(|i| format!(r#"{{"ph":"C","ts":1,"args":{{"{i}":1}}}}"#))),
        ),
        (other, "spans that overlap", trace("", &many(|i| format!(r#"{{"ph":"X","ts":{},"dur":99999}}"#, i * 2)))),
        (other, "arrows to one span", trace("", &["{\"ph\":\"t\",\"ts\":2}"; BYTES / 18].join(","))),
        (pprof, "one byte for each frame of one stack", deep_stack()),
        (pprof, "one byte for each frame of many stacks", wide_stacks()),
        (pprof, "calls inlined into calls", inlined(BYTES / 4)),
        (pprof, "a few calls inlined into calls", inlined(8 << 10)),
        (pprof, "sixty-four values", many_values()),
        (pprof, "a label for each sample", many_labels()),
        (pprof, "costly patterns over long names", patterns()),
        (pprof, "a long name on a deep stack", long_name()),
        (pprof, "nothing but empty samples", empty_samples()),
        (folded, "one deep stack", [b"a;".repeat(BYTES / 2).as_slice(), b"b 1\n"].concat()),
        (folded, "a thread for each line", threads()),
        (folded, "the shortest lines", b"a;b 1\n".repeat(BYTES / 6)),
        (folded, "a function for each line", lines(|i| format!("f{i};g 1\n"))),
        (folded, "stacks that share nothing", lines(|i| format!("{i};{i};{i};{i} 1\n"))),
        (folded, "one long name", [b"a;b 1\na;".as_slice(), &b"x".repeat(BYTES), b" 1\n"].concat()),
    ]
}

fn cpuprofile(nodes: &str, samples: &str, deltas: &str) -> Vec<u8> {
    format!(
        r#"{{"nodes":[{nodes}],"startTime":0,"endTime":99999999999,"samples":[{samples}],"timeDeltas":[{deltas}]}}"#
    )
    .into_bytes()
}

fn node(id: usize, name: &str, rest: &str) -> String {
    format!(r#"{{"id":{id},"callFrame":{{"functionName":"{name}"}}{rest}}}"#)
}

fn short_samples() -> Vec<u8> {
    let nodes = [node(1, "(root)", r#","children":[2,3]"#), node(2, "(idle)", ""), node(3, "a", "")].join(",");
    let n = BYTES / 4;
    cpuprofile(&nodes, &vec!["3"; n].join(","), &vec!["1"; n].join(","))
}

/// Children of the root, or each the child of the one before.
fn short_nodes(chain: bool) -> Vec<u8> {
    let n = BYTES / 64;
    let parent = |id: usize| if chain { id - 1 } else { 1 };
    let nodes: Vec<String> = (2..n).map(|id| node(id, "a", &format!(r#","parent":{}"#, parent(id)))).collect();
    let samples: Vec<String> = (2..n).map(|id| id.to_string()).collect();
    cpuprofile(&[node(1, "(root)", ""), nodes.join(",")].join(","), &samples.join(","), &vec!["7"; n - 2].join(","))
}

fn many_turns() -> Vec<u8> {
    let nodes = [node(1, "(root)", r#","children":[2,3]"#), node(2, "(idle)", ""), node(3, "a", "")].join(",");
    let n = BYTES / 16;
    cpuprofile(&nodes, &vec!["2,3"; n].join(","), &vec!["60000,60000"; n].join(","))
}

fn line_ticks() -> Vec<u8> {
    let ticks: Vec<String> = (1..BYTES / 24).map(|line| format!(r#"{{"line":{line},"ticks":1}}"#)).collect();
    let last = node(2, "a", &format!(r#","positionTicks":[{}]"#, ticks.join(",")));
    cpuprofile(&[node(1, "(root)", r#","children":[2]"#), last].join(","), "2,2,2", "1,1,1")
}

fn heapprofile(children: &str, samples: &str) -> Vec<u8> {
    format!(r#"{{"head":{{"selfSize":0,"children":[{children}]}},"samples":[{samples}]}}"#).into_bytes()
}

fn heap_chain() -> Vec<u8> {
    let depth = BYTES / 28;
    heapprofile(&[r#"{"selfSize":1,"children":["#.repeat(depth), "]}".repeat(depth)].concat(), "")
}

fn prof_log(first: &str, line: fn(usize) -> String) -> Vec<u8> {
    let first = format!("v8-version,11,3\n{first}").into_bytes();
    if line(0).is_empty() { first } else { [first, lines(line)].concat() }
}

fn trace(category: &str, events: &str) -> Vec<u8> {
    format!(r#"[{{"ph":"X","pid":0,"tid":0,"cat":"{category}","ts":1,"dur":9}},{events}]"#).into_bytes()
}

fn zerox(children: &str) -> Vec<u8> {
    format!(r#"{{"merged":{{"name":"all stacks","value":1,"top":0,"children":[{children}]}}}}"#).into_bytes()
}

fn prof_json(code: &str, ticks: &str) -> Vec<u8> {
    format!(r#"{{"ticks":[{{"tm":1,"s":[]}},{ticks}],"code":[{code}]}}"#).into_bytes()
}

fn report_rows(row: fn(usize) -> String) -> Vec<u8> {
    let first = b"Statistical profiling result from a, (9 ticks).\n [Bottom up (heavy) profile]:\n".to_vec();
    [first, lines(row)].concat()
}

/// Elements of an array, each made of its number.
fn many(element: fn(usize) -> String) -> String {
    let elements: Vec<String> = (0..BYTES / element(BYTES / 16).len()).map(element).collect();
    elements.join(",")
}

const SNAPSHOT_META: &str = r#""meta":{"node_fields":["type","name","id","self_size","edge_count"],
"node_types":[["object","concatenated string","string","synthetic"]],"edge_fields":["type","name_or_index","to_node"],
"edge_types":[["property","internal"]],"sample_fields":["timestamp_us","last_assigned_id"],
"trace_node_fields":["id","function_info_index","count","size","children"]}"#;

fn snapshot(count: u32, nodes: &str, edges: &str, strings: &str, more: &str) -> Vec<u8> {
    format!(
        r#"{{"snapshot":{{{SNAPSHOT_META},"trace_function_count":{count}}},"nodes":[{nodes}],"edges":[{edges}],"strings":{strings}{more}}}"#
    )
    .into_bytes()
}

/// A root with so many references to itself, and as many equal objects as fit when there are none.
fn snapshot_of(edges: usize, node: &str, edge: &str, strings: &str) -> Vec<u8> {
    let nodes = if edges == 0 { vec![node; BYTES / 10].join(",") } else { format!("3,0,1,0,{edges}") };
    snapshot(0, &nodes, &vec![edge; edges].join(","), strings, "")
}

fn letters() -> String {
    format!("[{}]", vec!["\"\""; BYTES / 3].join(","))
}

/// Each object holds the next one.
fn snapshot_chain() -> Vec<u8> {
    let n = BYTES / 24;
    let nodes: Vec<String> = (0..n).map(|at| format!("0,0,{at},8,1")).collect();
    let edges: Vec<String> = (1..=n).map(|at| format!("0,0,{}", at % n * 5)).collect();
    snapshot(0, &nodes.join(","), &edges.join(","), "[]", "")
}

/// Objects with a property each that no other has.
fn snapshot_plain() -> Vec<u8> {
    let n = BYTES / 28;
    let nodes: Vec<String> = (0..n).map(|at| format!("0,0,{at},8,2")).collect();
    let edges: Vec<String> = (0..n).map(|at| format!("0,{},0,0,{},{}", 1 + at / 2, 1 + at, (at + 1) % n * 5)).collect();
    let texts: Vec<String> = (0..n).map(|at| format!("\"{at}\"")).collect();
    snapshot(0, &nodes.join(","), &edges.join(","), &format!("[\"Object\",{}]", texts.join(",")), "")
}

/// Strings whose two halves are the string before, down to one that is its own half.
fn snapshot_joined() -> Vec<u8> {
    let n = BYTES / 40;
    let nodes: Vec<String> = (0..n).map(|at| format!("1,0,{at},8,2")).collect();
    let edges: Vec<String> =
        (0..n).map(|at: usize| at.saturating_sub(1) * 5).map(|to| format!("1,0,{to},1,1,{to}")).collect();
    snapshot(0, &nodes.join(","), &edges.join(","), r#"["first","second"]"#, "")
}

fn timeline_of(samples: &str, tree: &str) -> Vec<u8> {
    snapshot(1, "3,0,1,0,0", "", "[]", &format!(r#","samples":[{samples}],"trace_tree":{tree}"#))
}

fn deep_trace() -> String {
    let depth = BYTES / 11;
    format!("{}[]{}", "[1,0,0,0,".repeat(depth), "]".repeat(depth))
}

const TEXTS: [&str; 8] = ["", "samples", "count", "f", "a.go", "(idle)", "end_timestamp_ns", "label"];

/// A profile of `types` values with one location and function of its own; the texts above are followed
/// by `texts`.
fn profile(types: usize, texts: &[&str], rest: &[Vec<u8>]) -> Vec<u8> {
    let value_type = [number_field(1, 1), number_field(2, 2)].concat();
    let line = [number_field(1, 1), number_field(2, 7)].concat();
    let location = [number_field(1, 1), bytes_field(4, &line)].concat();
    let function = [number_field(1, 1), number_field(2, 3), number_field(4, 4)].concat();
    let mut out = bytes_field(1, &value_type).repeat(types);
    out.extend(bytes_field(4, &location));
    out.extend(bytes_field(5, &function));
    TEXTS.iter().chain(texts).for_each(|text| out.extend(bytes_field(6, text.as_bytes())));
    rest.iter().for_each(|part| out.extend(part));
    out
}

fn sample(locations: &[u8], values: &[u8]) -> Vec<u8> {
    bytes_field(2, &[bytes_field(1, locations), bytes_field(2, values)].concat())
}

fn deep_stack() -> Vec<u8> {
    profile(1, &[], &[sample(&[1].repeat(BYTES), &[1])])
}

/// Stacks that differ at their roots, so that they share nothing.
fn wide_stacks() -> Vec<u8> {
    let other = bytes_field(4, &[number_field(1, 2), number_field(3, 4096)].concat());
    let stacks = (0..256_u32).map(|i| {
        let root: Vec<u8> = (0..8).map(|bit| 1 + (i >> bit & 1) as u8).collect();
        sample(&[[1].repeat(BYTES / 256), root].concat(), &[1])
    });
    profile(1, &[], &std::iter::once(other).chain(stacks).collect::<Vec<_>>())
}

/// A location of many lines, many times on one stack.
fn inlined(bytes: usize) -> Vec<u8> {
    let line = bytes_field(4, &number_field(1, 1));
    let location = bytes_field(4, &[number_field(1, 2), line.repeat(bytes / 8)].concat());
    profile(1, &[], &[location, sample(&[2].repeat(bytes / 2), &[1])])
}

fn many_values() -> Vec<u8> {
    let part = sample(&[1], &[1; 64]);
    let deep = sample(&[1].repeat(BYTES / 64), &[1; 64]);
    profile(64, &[], &[deep, part.repeat(BYTES / part.len() / 2)])
}

fn many_labels() -> Vec<u8> {
    let one = |i: usize| {
        let label = bytes_field(3, &[number_field(1, 7), number_field(3, i as u64)].concat());
        bytes_field(2, &[bytes_field(1, &[1]), bytes_field(2, &[1]), label].concat())
    };
    profile(1, &[], &(0..BYTES / 18).map(one).collect::<Vec<_>>())
}

/// A pattern of many alternatives against names that nearly match.
fn patterns() -> Vec<u8> {
    let name = "a".repeat(BYTES / 2);
    let pattern = format!("({}x)*", "a?".repeat(400));
    let function = bytes_field(5, &[number_field(1, 2), number_field(2, 8)].concat());
    let line = bytes_field(4, &number_field(1, 2));
    let location = bytes_field(4, &[number_field(1, 2), line].concat());
    let rest = [function, location, number_field(7, 9), sample(&[2, 1], &[1])];
    profile(1, &[&name, &pattern], &rest)
}

/// A name of half the file on each frame of a stack of the other half, in samples with times, so that
/// whatever prints paths prints it often.
fn long_name() -> Vec<u8> {
    let name = "n".repeat(BYTES / 2);
    let function = [bytes_field(5, &[number_field(1, 2), number_field(2, 8)].concat()), idle_function()].concat();
    let location = |id: u64| bytes_field(4, &[number_field(1, id), bytes_field(4, &number_field(1, id))].concat());
    let mut rest = vec![function, location(2), location(3)];
    for i in 0..40_u64 {
        let locations = if i % 2 == 0 { [2].repeat(BYTES / 40) } else { vec![3] };
        let label = [number_field(1, 6), number_field(3, 1_700_000_000_000_000_000 + i * 100_000_000)].concat();
        rest.push(bytes_field(2, &[bytes_field(1, &locations), bytes_field(2, &[1]), bytes_field(3, &label)].concat()));
    }
    profile(1, &[&name], &rest)
}

fn idle_function() -> Vec<u8> {
    bytes_field(5, &[number_field(1, 3), number_field(2, 5)].concat())
}

fn empty_samples() -> Vec<u8> {
    profile(1, &[], &[[0x12, 0].repeat(BYTES / 2)])
}

fn lines(line: fn(usize) -> String) -> Vec<u8> {
    let mut out = String::new();
    (0..)
        .map(line)
        .take_while(|line| {
            out.push_str(line);
            out.len() < BYTES
        })
        .for_each(drop);
    out.into_bytes()
}

/// Threads as austin writes them.
fn threads() -> Vec<u8> {
    [b"# austin: 3.7.0\n# mode: wall\n".to_vec(), lines(|i| format!("P1;T0:{i};a.py:f{i}:1 1\n"))].concat()
}
