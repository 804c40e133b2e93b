//! Whole files in, recordings out.

use crate::error::{Error, Place};
use crate::formats::{Options, open};
use crate::input::{Named, SliceSource};
use crate::model::{Profile, Recording, StackId, Tag, Time, Weights};

fn read_as(name: &str, text: &[u8]) -> Result<Recording, Error> {
    let named = Named { name: name.into(), source: Box::new(SliceSource::new(text)) };
    open(vec![named], &Options::default(), None, &mut ())
}

fn try_read(text: &str) -> Result<Recording, Error> {
    read_as("x.cpuprofile", text.as_bytes())
}

fn read(text: &str) -> Recording {
    try_read(text).unwrap_or_else(|error| panic!("{error}"))
}

fn fails(text: &str) -> String {
    try_read(text).err().unwrap_or_else(|| panic!("it opens: {text}")).to_string()
}

/// A node: `"3 work a.js:9 4,5"` is node 3, function work of a.js, on 0-based line 9, which calls 4 and 5.
fn node(picture: &str) -> String {
    let mut words = picture.split(' ');
    let mut word = || words.next().unwrap_or("");
    let (id, name, place, children) = (word(), word(), word(), word());
    let (url, line) = place.split_once(':').unwrap_or(("", "-1"));
    let name = name.replace('_', " ");
    format!(
        r#"{{"id":{id},"callFrame":{{"functionName":"{name}","scriptId":"1","url":"{url}","lineNumber":{line},"columnNumber":{line}}},"children":[{children}]}}"#
    )
}

fn nodes(pictures: &[&str]) -> String {
    format!(r#""nodes":[{}]"#, pictures.iter().map(|p| node(p)).collect::<Vec<_>>().join(","))
}

/// `(root)` with `main` (2), which calls `work` (3); and the states (4 idle, 5 program, 6 gc).
fn usual() -> String {
    nodes(&[
        "1 (root)  2,4,5,6",
        "2 main a.js:0 3",
        "3 work a.js:9",
        "4 (idle)",
        "5 (program)",
        "6 (garbage_collector)",
    ])
}

/// A file of the usual tree from 1000 to 2000 µs, with samples and deltas.
fn timed(samples: &str, deltas: &str) -> String {
    format!(r#"{{{},"startTime":1000,"endTime":2000,"samples":[{samples}],"timeDeltas":[{deltas}]}}"#, usual())
}

fn only(recording: &Recording) -> &Profile {
    assert_eq!(recording.profiles.len(), 1);
    &recording.profiles[0]
}

fn time(recording: &Recording) -> &Time {
    only(recording).time.as_ref().expect("it has a timeline")
}

/// The frames of a stack, root first.
fn frames(recording: &Recording, stack: StackId) -> String {
    let mut names: Vec<&str> = recording.stacks.walk(stack).map(|f| recording.name(recording.function_of(f))).collect();
    names.reverse();
    names.join(";")
}

/// One line per sample: its frames and its weight.
fn lines(recording: &Recording) -> Vec<String> {
    let profile = only(recording);
    let line = |i| format!("{} {}", frames(recording, profile.samples.stack.get(i)), profile.weight(0, i));
    (0..profile.samples.len()).map(line).collect()
}

/// Codes and counts of the notes.
fn notes(recording: &Recording) -> Vec<String> {
    recording.notes.iter().map(|note| format!("{} {}", note.code, note.count)).collect()
}

fn tag(recording: &Recording, name: &str) -> Tag {
    let mut found = recording.functions.iter().filter(|f| recording.text(f.name) == name);
    found.next().unwrap_or_else(|| panic!("{name} is there")).tag
}

#[test]
fn a_sample_owns_the_time_to_the_next() {
    let recording = read(&timed("2,3,4,3", "100,50,70,30"));
    assert_eq!(lines(&recording), ["main 50000", "main;work 70000", "(idle) 30000", "main;work 125000"]);
    let time = time(&recording);
    assert_eq!(time.at_ns.iter().collect::<Vec<_>>(), [100_000, 150_000, 220_000, 250_000]);
    assert_eq!((time.start_ns, time.duration_ns, time.interval_ns), (1_000_000, 1_000_000, 50_000));
    // The end is 750 µs after the last sample: more than two and a half times the median of 50 µs.
    assert_eq!(time.last_ns, 125_000);
    assert!(time.has_idle);
    assert!(matches!(only(&recording).values[0].weights, Weights::Owned));
    assert_eq!(notes(&recording), [] as [&str; 0]);
    let work = recording.functions.iter().find(|f| recording.text(f.name) == "work").expect("it was sampled");
    assert_eq!((recording.text(work.file), work.line, work.column, work.tag), ("a.js", 10, 10, Tag::Code));
    assert_eq!(recording.origin.detected_by, "starts with \"nodes\", \"callFrame\": V8 CPU profile");
}

/// Recursion, one (program), one collection, a long idle sample, one sample out of order.
#[test]
fn eleven_samples() {
    let tree = nodes(&[
        "1 (root)  2,6,7,8",
        "2 main a.js:0 3",
        "3 work a.js:9 4",
        "4 work a.js:9",
        "6 (program)",
        "7 (idle)",
        "8 (garbage_collector)",
    ]);
    let recording = read(&format!(
        r#"{{{tree},"startTime":1000000,"endTime":1022250,"samples":[3,4,6,3,8,3,7,7,3,4,3],"timeDeltas":[1000,1250,1250,1250,1250,1250,1250,10000,1250,-200,1450]}}"#
    ));
    // Moments in µs after the start: 1000, 2250, 3500, 4750, 6000, 7250, 8500, 18500, 19750, 19550,
    // 21000. Sorted, the last three are 19550 (node 4), 19750 (node 3), 21000 (node 3). The distances
    // are six times 1250, then 10000, 1050, 200, 1250; in order 200, 1050, 1250 × 7, 10000, of
    // which the one at 10 / 2 = 5 is 1250. The end is 1250 after the last sample, which is less than
    // 2.5 × 1250.
    let sum = |name: &str| -> i64 {
        let profile = only(&recording);
        (0..profile.samples.len())
            .filter(|&i| frames(&recording, profile.samples.stack.get(i)).ends_with(name))
            .map(|i| profile.weight(0, i))
            .sum()
    };
    assert_eq!(time(&recording).interval_ns, 1_250_000);
    assert_eq!(time(&recording).last_ns, 1_250_000);
    assert_eq!(sum("work"), 1_000 * (4 * 1_250 + 200 + 1_250 + 1_250));
    assert_eq!(sum("(program)"), 1_250_000);
    assert_eq!(sum("(garbage collector)"), 1_250_000);
    assert_eq!(sum("(idle)"), 1_000 * (10_000 + 1_050));
    assert_eq!(1_000_000 + sum(""), time(&recording).duration_ns);
    assert_eq!(notes(&recording), ["order-repaired 1"]);
}

#[test]
fn keys_come_in_any_order() {
    let (samples, deltas) = (r#""samples":[2,3,4,77,3]"#, r#""timeDeltas":[100,50,70,-30,9]"#);
    let (start, end) = (r#""startTime":1000"#, r#""endTime":2000"#);
    let tree = usual();
    let expected = read(&format!("{{{tree},{start},{end},{samples},{deltas}}}"));
    assert_eq!(notes(&expected), ["unknown-node 1", "order-repaired 1"]);
    for order in [
        [samples, deltas, &tree, start, end],
        [deltas, samples, end, start, &tree],
        [samples, start, end, &tree, deltas],
        [end, deltas, &tree, samples, start],
    ] {
        let recording = read(&format!("{{{}}}", order.join(",")));
        assert_eq!(lines(&recording), lines(&expected));
        assert_eq!(notes(&recording), notes(&expected));
        assert_eq!(time(&recording).duration_ns, 1_000_000);
    }
}

#[test]
fn the_tree_may_come_after_many_samples() {
    const COUNT: usize = 600_000;
    let list = |number: &str| vec![number; COUNT].join(",");
    let text = format!(r#"{{"samples":[{}],"timeDeltas":[{}],{}}}"#, list("3"), list("100"), usual());
    let recording = read(&text);
    assert_eq!(recording.origin.detected_by, "starts with a long list of numbers, \"samples\", as V8 CPU profiles may");
    assert_eq!(only(&recording).samples.len(), COUNT);
    let middle = only(&recording).samples.stack.get(COUNT / 2);
    assert_eq!((frames(&recording, middle).as_str(), only(&recording).weight(0, COUNT / 2)), ("main;work", 100_000));
}

#[test]
fn the_tree_may_be_linked_by_children_or_parents() {
    let linked = |nodes: &str| {
        let text = format!(
            r#"{{"nodes":[{nodes}],"startTime":0,"endTime":40,"samples":[1,2,3,4],"timeDeltas":[0,10,10,10]}}"#
        );
        lines(&read(&text))
    };
    let frame = |name: &str| format!(r#""callFrame":{{"functionName":"{name}","url":"","lineNumber":-1}}"#);
    let (root, a, b, c) = (frame("(root)"), frame("a"), frame("b"), frame("c"));
    let expected = ["(root) 10000", "a 10000", "a;b 10000", "a;b;c 10000"];
    // Parents, parents before callers, and a mixture.
    assert_eq!(
        linked(&format!(
            r#"{{"id":1,{root}}},{{"id":2,"parent":1,{a}}},{{"id":3,"parent":2,{b}}},{{"id":4,{c},"parent":3}}"#
        )),
        expected
    );
    assert_eq!(
        linked(&format!(
            r#"{{"id":4,"parent":3,{c}}},{{"id":3,"parent":2,{b}}},{{"id":2,"parent":1,{a}}},{{"id":1,{root}}}"#
        )),
        expected
    );
    assert_eq!(
        linked(&format!(
            r#"{{"id":1,{root},"children":[2],"parent":null}},{{"id":2,{a}}},{{"id":3,"parent":2,{b},"children":[4]}},{{"id":4,"parent":3,{c}}}"#
        )),
        expected
    );
}

#[test]
fn states_stand_below_the_root_without_a_file() {
    let tree = nodes(&["1 (root)  2,3,4", "2 (idle) a.js:4 5", "3 (idle)", "4 f a.js:1 6", "5 (program)", "6 (idle)"]);
    let recording =
        read(&format!(r#"{{{tree},"startTime":0,"endTime":60,"samples":[1,2,3,4,5,6],"timeDeltas":[0,1,1,1,1,1]}}"#));
    let tags: Vec<(String, Tag)> = only(&recording)
        .samples
        .stack
        .iter()
        .map(|stack| {
            let function = recording.function(recording.function_of(recording.stacks.frame(stack)));
            (frames(&recording, stack), function.tag)
        })
        .collect();
    let expected = [
        ("(root)", Tag::Root),
        ("(idle)", Tag::Code),
        ("(idle)", Tag::Idle),
        ("f", Tag::Code),
        ("(idle);(program)", Tag::Native),
        ("f;(idle)", Tag::Native),
    ];
    assert_eq!(tags, expected.map(|(name, tag)| (name.to_owned(), tag)));
    let recording = read(&timed("2", "5").replace("(idle)", "idle"));
    assert!(!time(&recording).has_idle);
}

#[test]
fn functions_without_name_or_file() {
    let tree = nodes(&["1 (root)  2,3,4", "2  a.js:4", "3  :0", "4 writev"]);
    let recording = read(&format!(r#"{{{tree},"startTime":0,"endTime":60,"samples":[2,3,4],"timeDeltas":[0,1,1]}}"#));
    assert_eq!(lines(&recording)[0], "(anonymous) 1000");
    let functions: Vec<_> = recording.functions.iter().map(|f| (recording.text(f.file), f.line, f.tag)).collect();
    // Compiled by `new Function`: no file, but a line. A built-in has neither.
    assert_eq!(functions[1..], [("a.js", 5, Tag::Code), ("", 1, Tag::Code), ("", 0, Tag::Native)]);
}

#[test]
fn ids_may_be_anything() {
    let (small, deltas) = (usual(), r#""startTime":0,"endTime":40,"timeDeltas":[0,10,10,10]"#);
    let expected = lines(&read(&format!(r#"{{{small},"samples":[2,3,4,6],{deltas}}}"#)));
    for factor in [-1, 1_000_000_000_000, -3_000_000_000] {
        let id = |n: i64| (n * factor).to_string();
        let tree = nodes(&[
            &format!("{} (root)  {},{},{}", id(1), id(2), id(4), id(6)),
            &format!("{} main a.js:0 {}", id(2), id(3)),
            &format!("{} work a.js:9", id(3)),
            &format!("{} (idle)", id(4)),
            &format!("{} (garbage_collector)", id(6)),
        ]);
        let samples = [2, 3, 4, 6].map(id).join(",");
        let recording = read(&format!(r#"{{{tree},"samples":[{samples}],{deltas}}}"#));
        assert_eq!(lines(&recording), expected);
    }
}

#[test]
fn broken_links_are_repaired_or_named() {
    let file = |tree: &str, samples: &str| {
        format!(r#"{{{tree},"startTime":0,"endTime":30,"samples":[{samples}],"timeDeltas":[0,10,10]}}"#)
    };
    let twice = nodes(&["1 (root)  2,3", "2 a", "2 b", "3 c"]);
    let recording = read(&file(&twice, "2,3,9"));
    assert_eq!(lines(&recording), ["a 10000", "c 10000", "(unknown) 10000"]);
    assert_eq!(notes(&recording), ["duplicate-node 1", "unknown-node 1"]);
    assert_eq!(tag(&recording, "(unknown)"), Tag::Code);
    let recording = read(&file(&nodes(&["1 (root)  2,7,2", "2 a  3", "3 b", "4 c  3"]), "2,3,4"));
    assert_eq!(lines(&recording), ["a 10000", "a;b 10000", "c 10000"]);
    assert_eq!(notes(&recording), ["missing-node 1", "several-callers 1"]);
    assert!(fails(&file(&nodes(&["1 (root)  2", "2 a  3", "3 b  2"]), "1,2,3")).contains("cycle"));
    assert!(fails(&file(&nodes(&["1 (root)  2", "2 a  3", "3 b  4", "4 c  1"]), "1,2,3")).contains("cycle"));
    let error = fails(&file(&nodes(&["1 (root)  2", "2 a", "8 spin  8"]), "1,2,3"));
    assert!(
        error.contains("at nodes[2]: the call tree has a cycle: node 8 (spin) is among its own callers"),
        "{error}"
    );
    let parents = usual().replacen(r#""id":2,"#, r#""id":2,"parent":3,"#, 1).replacen("[2,4,5,6]", "[4,5,6]", 1);
    assert!(fails(&file(&parents, "1,2,3")).contains("cycle"));
    let own = usual().replacen(r#""id":1,"#, r#""id":1,"parent":1,"#, 1);
    assert_eq!(lines(&read(&file(&own, "1,2,3"))), ["(root) 10000", "main 10000", "main;work 10000"]);
    let recording =
        read(r#"{"nodes":[{"id":1},{"callFrame":{}}],"startTime":0,"endTime":9,"samples":[1],"timeDeltas":[1]}"#);
    assert_eq!(notes(&recording), ["no-call-frame 2"]);
}

#[test]
fn deep_trees_need_no_recursion() {
    const DEPTH: usize = 100_000;
    let file =
        |tree: String| format!(r#"{{{tree},"startTime":1,"endTime":3,"samples":[{DEPTH},2],"timeDeltas":[0,1]}}"#);
    let depth = |text: String| {
        let recording = read(&text);
        recording.stacks.walk(only(&recording).samples.stack.get(0)).count()
    };
    let flat: Vec<String> = (1..=DEPTH).map(|id| format!("{id} r r.js:1 {}", id + 1)).collect();
    let flat: Vec<&str> = flat.iter().map(String::as_str).collect();
    assert_eq!(depth(file(nodes(&flat))), DEPTH);
    let opening = |id: usize| format!(r#"{{"functionName":"r","url":"r.js","lineNumber":1,"id":{id},"children":["#);
    let nested: String = (1..=DEPTH).map(opening).collect::<String>() + &"]}".repeat(DEPTH);
    assert_eq!(depth(file(format!(r#""head":{nested}"#))), DEPTH);
    let hostile = opening(1).repeat(3) + &"[".repeat(2_000);
    assert!(fails(&format!(r#"{{"head":{hostile}"#)).contains("expected an object, found an array"));
    let hostile = format!(r#"{{"head":{}"x":{}"#, opening(1).replace(r#""children":["#, ""), "[".repeat(2_000));
    assert!(fails(&hostile).contains("nested more than 1000 levels"));
}

#[test]
fn times_are_repaired() {
    let recording = read(&timed("2,3,4,3", ""));
    assert_eq!(notes(&recording), ["even-spacing 4"]);
    assert_eq!(lines(&recording), ["main 250000", "main;work 250000", "(idle) 250000", "main;work 250000"]);
    let recording = read(&timed("2,3,4,3", "100,100"));
    assert_eq!(notes(&recording), ["lengths-differ 2"]);
    assert_eq!(lines(&recording), ["main 100000", "main;work 250000"]);
    let recording = read(&timed("2,3", "100,100").replace(r#""endTime":2000"#, r#""endTime":900"#));
    assert_eq!(notes(&recording), ["end-repaired 1"]);
    assert_eq!((time(&recording).duration_ns, time(&recording).last_ns), (200_000, 0));
    let recording = read(&timed("2,3,2", "100,-9007199254740991,100"));
    assert_eq!(notes(&recording), ["time-absurd 1"]);
    assert_eq!(lines(&recording), ["main 0", "main;work 100000", "main 250000"]);
    let recording = read(&format!(r#"{{{},"samples":[2,3]}}"#, usual()));
    assert_eq!(notes(&recording), ["no-time 2"]);
    assert_eq!(lines(&recording), ["main 1", "main;work 1"]);
    assert!(only(&recording).time.is_none());
    let recording = read(&timed("", ""));
    assert_eq!((time(&recording).duration_ns, only(&recording).samples.len()), (1_000_000, 0));
}

#[test]
fn exact_beyond_doubles() {
    let recording =
        read(&timed("2,3", "1,0.001").replace("1000", "1790000000000001").replace("2000", "1790000000000003"));
    let time = time(&recording);
    assert_eq!((time.start_ns, time.duration_ns), (1_790_000_000_000_001_000, 2_000));
    assert_eq!(lines(&recording)[0], "main 1");
}

#[test]
fn hit_counts_stand_in_for_samples() {
    let hits = |text: &str| {
        text.replace(r#""id":2,"#, r#""id":2,"hitCount":2,"#).replace(r#""id":3,"#, r#""id":3,"hitCount":1,"#)
    };
    let tree = hits(&usual());
    let recording = read(&format!(r#"{{{tree},"startTime":1000,"endTime":2000}}"#));
    assert_eq!(notes(&recording), ["estimated 2"]);
    assert_eq!(lines(&recording), ["main 666666", "main;work 333333"]);
    let profile = only(&recording);
    assert!(profile.time.is_none());
    assert_eq!((profile.samples.count(0), profile.samples.count(1)), (2, 1));
    assert_eq!((profile.extent.start_ns, profile.extent.duration_ns), (Some(1_000_000), Some(1_000_000)));
    let recording = read(&format!(r#"{{{tree},"samples":[],"timeDeltas":[]}}"#));
    assert_eq!(lines(&recording), ["main 2", "main;work 1"]);
    let recording = read(&hits(&timed("2,3,3,3", "1,1,1,1")));
    assert_eq!(notes(&recording), ["hit-count-differs 1"]);
    assert!(recording.notes[0].text.contains("add up to 3, but there are 4 samples"));
    assert_eq!(notes(&read(&hits(&timed("2,3,3", "1,1,1")))), [] as [&str; 0]);
}

#[test]
fn the_old_layout() {
    let leaf = |name: &str, url: &str, line: i32, id: u32, children: &str| {
        format!(
            r#"{{"functionName":"{name}","url":"{url}","lineNumber":{line},"columnNumber":{line},"callUID":9,"id":{id},"hitCount":0,"children":[{children}]}}"#
        )
    };
    let tree = |first: i32| {
        let work = leaf("work", "a.js", 10 - first, 3, "");
        let main = leaf("main", "a.js", 1 - first, 2, &work);
        leaf("(root)", "", -first, 1, &[main, leaf("(idle)", "", -first, 4, "")].join(","))
    };
    for first in [0, 1] {
        let recording = read(&format!(
            r#"{{"head":{},"startTime":163140.5,"endTime":163140.6,"samples":[2,3,4],"timestamps":[163140510000,163140510100,163140510250]}}"#,
            tree(first)
        ));
        assert_eq!(lines(&recording), ["main 100000", "main;work 150000", "(idle) 375000"]);
        let time = time(&recording);
        assert_eq!((time.start_ns, time.at_ns.get(0)), (163_140_500_000_000, 10_000_000));
        assert_eq!((time.duration_ns, time.has_idle), (100_000_000, true));
        assert_eq!(notes(&recording), ["hit-count-differs 3"]);
        let places: Vec<_> = recording.functions.iter().map(|f| (recording.text(f.name), f.line, f.column)).collect();
        assert!(places.contains(&("main", 1, 1)) && places.contains(&("work", 10, 10)), "{places:?}");
        assert!(places.contains(&("(root)", 0, 0)), "{places:?}");
    }
    // Start and end in whole seconds cannot hold a short recording: its end is taken from the samples.
    let recording = read(&format!(
        r#"{{"head":{},"startTime":163140,"endTime":163140,"samples":[2,3],"timestamps":[163140599286,163140610861,163140611921]}}"#,
        tree(1)
    ));
    assert_eq!(notes(&recording), ["hit-count-differs 2", "lengths-differ 1", "end-repaired 1"]);
    assert_eq!((time(&recording).at_ns.get(0), time(&recording).duration_ns), (599_286_000, 610_861_000));
    // Some writers of the old tree use microseconds throughout.
    let recording = read(&format!(
        r#"{{"head":{},"startTime":5000,"endTime":5400,"samples":[2,3],"timestamps":[5100,5200]}}"#,
        tree(1)
    ));
    assert_eq!((time(&recording).start_ns, time(&recording).duration_ns), (5_000_000, 400_000));
}

#[test]
fn answers_of_the_protocol_are_unwrapped() {
    let bare = timed("2,3", "100,50");
    for wrapped in [
        format!(r#"{{"profile":{bare}}}"#),
        format!(r#"{{"id":7,"result":{{"profile":{bare}}}}}"#),
        format!(r#"{{"result":{{"profile":{bare},"title":"x"}},"id":7}}"#),
    ] {
        assert_eq!(lines(&read(&wrapped)), lines(&read(&bare)));
    }
}

#[test]
fn ticks_of_lines_are_kept() {
    let text = timed("2,3", "100,50").replacen(
        r#""id":3,"#,
        r#""id":3,"positionTicks":[{"line":11,"ticks":4},{"ticks":2,"line":12},{"line":0,"ticks":1},{"line":5,"ticks":-1}],"#,
        1,
    );
    let recording = read(&text);
    let ticks: Vec<_> = recording.line_ticks.iter().map(|t| (recording.name(t.function), t.line, t.ticks)).collect();
    assert_eq!(ticks, [("work", 11, 4), ("work", 12, 2)]);
}

#[test]
fn threads_are_told_from_file_names() {
    let thread = |name: &str| {
        let recording = read_as(name, timed("2", "1").as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let profile = only(&recording);
        (profile.name.clone(), profile.pid, profile.tid)
    };
    let main = |pid, tid| ("main thread".to_owned(), pid, tid);
    assert_eq!(thread("CPU.20261122.080352.31302.0.001.cpuprofile"), main(Some(31302), Some(0)));
    let worker = ("worker 10".to_owned(), Some(31302), Some(10));
    assert_eq!(thread("run/CPU.20261122.080352.31302.10.011.cpuprofile.gz"), worker);
    assert_eq!(thread("x.cpuprofile"), main(None, None));
    assert_eq!(thread("CPU.backup.2.3.4.5"), main(None, None));
    assert_eq!(thread("CPU.20261122.080352.99999999999999999999999.0.1"), main(None, None));
}

#[test]
fn a_file_that_ends_early() {
    let whole = timed("2,3,4,3", "100,50,70,30");
    let brace = &whole[..whole.len() - 1];
    let recording = read(brace);
    assert_eq!(notes(&recording), ["cut 1"]);
    assert_eq!(lines(&recording), lines(&read(&whole)));
    let recording = read(&whole[..whole.len() - "0,30]}".len()]);
    assert_eq!(notes(&recording), ["cut 2"]);
    assert_eq!(lines(&recording), ["main 50000", "main;work 125000"]);
    let in_samples = whole.find("4,3]").expect("the samples are there");
    let error = try_read(&whole[..in_samples]).expect_err("no time is there");
    assert_eq!(error.offset, Some(in_samples as u64));
    assert!(error.to_string().contains("ends before the JSON document does, in `samples[2]`"), "{error}");
    assert!(fails(&whole[..200]).contains("in `nodes["));
    // Whatever the place, it opens or says that it is cut.
    let mut opened = 0;
    for len in 60..whole.len() {
        match try_read(&whole[..len]) {
            Ok(recording) => {
                assert!(notes(&recording)[0].starts_with("cut"), "{len}");
                opened += 1;
            }
            Err(error) => assert_eq!(error.offset, Some(len as u64), "{error}"),
        }
    }
    assert_eq!(opened, "100,50,70,30]".len() - "100".len());
}

#[test]
fn errors_name_the_place() {
    let whole = timed("2,3", "100,50");
    let error = |from: &str, to: &str| {
        assert!(whole.contains(from));
        fails(&whole.replacen(from, to, 1))
    };
    assert!(error("[2,3]", "[2,\"3\"]").contains("at samples[1]: expected a number, found a text"));
    assert!(error("[100,50]", "[100,null]").contains("at timeDeltas[1]: expected a number, found null"));
    assert!(error("[100,50]", "{}").contains("at timeDeltas: expected an array, found an object"));
    assert!(error("1000", "NaN").contains("`NaN` is not JSON, in `startTime`"));
    assert!(error("2000", "1e999").contains("at endTime: `1e999` is too large"));
    assert!(error("\"main\"", "7").contains("at nodes[1].callFrame.functionName: expected a text, found a number"));
    assert!(error("\"id\":3", "\"id\":3.5").contains("at nodes[2].id: expected a whole number"));
    assert!(
        error("\"startTime\"", "\"samples\":[1],\"x\"").contains("at samples: this part of a profile is there twice")
    );
    assert!(fails(r#"{"nodes":[],"samples":[1],"timeDeltas":[1]}"#).contains("no `nodes`"));
    assert!(fails(r#"{"samples":[1],"timeDeltas":[1]}"#).contains("no `nodes`"));
    let error = try_read(r#"{"nodes":{"0":1},"samples":[1],"timeDeltas":[1]}"#).expect_err("nodes is an object");
    assert_eq!(error.place, Place::Path("nodes".into()));
    assert!(fails(&[whole.as_str(), "{}"].concat()).contains("more follows"));
}

#[test]
fn names_that_are_not_text_are_replaced() {
    let mut bytes = timed("2,3", "100,50").into_bytes();
    let at = bytes.windows(4).position(|w| w == b"main").expect("it is there");
    bytes[at] = 0xff;
    let recording = read_as("x", &bytes).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(notes(&recording), ["bad-utf8 1"]);
    assert_eq!(lines(&recording)[0], "\u{fffd}ain 50000");
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % sides as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.roll(from.len())]
    }
}

/// Where the numbers and the texts in quotes of a document are.
fn tokens(text: &str) -> Vec<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let is_part = |b: &u8| b.is_ascii_digit() || matches!(b, b'-' | b'.');
        let len = match bytes[at] {
            b'"' => text[at + 1..].find('"').map_or(1, |n| n + 2),
            b if is_part(&b) => bytes[at..].iter().take_while(|b| is_part(b)).count(),
            _ => {
                at += 1;
                continue;
            }
        };
        found.push(at..at + len);
        at += len;
    }
    found
}

/// Damaged files end in a recording whose numbers hold together, or in one error; never in a panic.
#[test]
fn mutations_end_in_a_recording_or_an_error() {
    const VALUES: [&str; 20] = [
        "0",
        "-1",
        "1",
        "2",
        "3",
        "99999",
        "1e3",
        "0.5",
        "-0",
        "9007199254740993",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551616",
        "1e308",
        "1e999",
        "null",
        "true",
        "\"\"",
        "[]",
        "{}",
    ];
    const KEYS: [&str; 14] = [
        "\"id\"",
        "\"parent\"",
        "\"children\"",
        "\"callFrame\"",
        "\"hitCount\"",
        "\"nodes\"",
        "\"head\"",
        "\"samples\"",
        "\"timeDeltas\"",
        "\"timestamps\"",
        "\"startTime\"",
        "\"endTime\"",
        "\"profile\"",
        "\"url\"",
    ];
    let leaf = r#"{"functionName":"a","url":"a.js","lineNumber":3,"id":2,"hitCount":2,"children":[]}"#;
    let seeds = [
        timed("2,3,4,77,3,5,6", "100,50,-70,30,20,20,20")
            .replace(r#""id":3,"#, r#""id":3,"hitCount":4,"positionTicks":[{"line":3,"ticks":2}],"#),
        format!(
            r#"{{"samples":[2,1,2],"timestamps":[5100000,5200000,5300000],"startTime":5,"endTime":6,"head":{{"functionName":"(root)","url":"","lineNumber":0,"id":1,"children":[{leaf},{leaf}]}}}}"#
        ),
    ];
    let mut dice = Dice(20_20);
    let (mut opened, mut refused) = (0, 0);
    for round in 0..500 {
        let seed = &seeds[round % 2];
        let mut bytes = seed.clone().into_bytes();
        for _ in 0..=dice.roll(2) {
            match dice.roll(6) {
                0 => bytes.truncate(dice.roll(bytes.len() + 1)),
                1 | 2 if !bytes.is_empty() => {
                    let at = dice.roll(bytes.len());
                    bytes[at] = dice.roll(256) as u8;
                }
                _ => {
                    let Ok(text) = String::from_utf8(bytes.clone()) else { continue };
                    let tokens = tokens(&text);
                    if let Some(token) = tokens.get(dice.roll(tokens.len().max(1))) {
                        let is_key = text[token.clone()].starts_with('"');
                        let new = if is_key { dice.pick(&KEYS) } else { dice.pick(&VALUES) };
                        bytes.splice(token.clone(), new.bytes());
                    }
                }
            }
        }
        match read_as("x.cpuprofile", &bytes) {
            Ok(recording) => {
                holds_together(&recording);
                opened += 1;
            }
            Err(error) => {
                assert!(!error.problem.is_empty() && !error.remedy.is_empty(), "{error}");
                refused += 1;
            }
        }
    }
    assert!(opened > 100 && refused > 100, "both ends were met: {opened} and {refused}");
}

fn holds_together(recording: &Recording) {
    for profile in &recording.profiles {
        let stacks = || profile.samples.stack.iter();
        assert!(stacks().all(|stack| !stack.is_none() && stack.index() < recording.stacks.len()));
        let weights = (0..profile.samples.len()).map(|i| profile.weight(0, i));
        let total = weights.fold(0i64, |sum, weight| {
            assert!(weight >= 0);
            sum.saturating_add(weight)
        });
        let Some(time) = &profile.time else { continue };
        assert_eq!(time.at_ns.len(), profile.samples.len());
        let first = if time.at_ns.is_empty() { 0 } else { time.at_ns.get(0) };
        assert!(first >= 0 && first + total <= time.duration_ns, "{time:?}");
    }
}
