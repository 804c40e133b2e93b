//! Whole files in, recordings out.

use crate::error::Error;
use crate::formats::{Options, open};
use crate::input::{Named, SliceSource};
use crate::model::{Recording, Tag};

fn try_read(text: &str) -> Result<Recording, Error> {
    let named = Named { name: "x.heapprofile".into(), source: Box::new(SliceSource::new(text.as_bytes())) };
    open(vec![named], &Options::default(), None, &mut ())
}

fn read(text: &str) -> Recording {
    try_read(text).unwrap_or_else(|error| panic!("{error}"))
}

fn node(id: i64, name: &str, size: &str, children: &[String]) -> String {
    let place = if name.starts_with('(') { r#""url":"","lineNumber":-1"# } else { r#""url":"a.js","lineNumber":4"# };
    format!(
        r#"{{"callFrame":{{"functionName":"{name}","scriptId":"1",{place},"columnNumber":7}},"selfSize":{size},"id":{id},"children":[{}]}}"#,
        children.join(",")
    )
}

/// `(root)` calls `main` (2), which calls `fill` (3), and `(V8 API)` (4).
fn tree() -> String {
    let fill = node(3, "fill", "400", &[]);
    node(1, "(root)", "0", &[node(2, "main", "100", &[fill]), node(4, "(V8 API)", "24", &[])])
}

/// Each row: the path of names, then size and samples.
fn rows(recording: &Recording) -> Vec<String> {
    let profile = &recording.profiles[0];
    let row = |i: usize| {
        let stack = recording.stacks.walk(profile.samples.stack.get(i));
        let mut names: Vec<&str> = stack.map(|frame| recording.frame_text(frame)).collect();
        names.reverse();
        format!("{} {} {}", names.join(";"), profile.weight(0, i), profile.samples.count(i))
    };
    (0..profile.samples.len()).map(row).collect()
}

fn codes(recording: &Recording) -> Vec<&str> {
    recording.notes.iter().map(|note| note.code.as_str()).collect()
}

#[test]
fn sizes_are_of_the_tree_and_samples_are_counted() {
    let samples = r#"[{"size":400,"nodeId":3,"ordinal":9},{"size":60,"nodeId":2,"ordinal":4},{"size":1,"nodeId":3,"ordinal":5},{"size":24,"nodeId":4,"ordinal":1}]"#;
    let expected = ["main 100 1", "main;fill 400 2", "(V8 API) 24 1"];
    for text in [
        format!(r#"{{"head":{},"samples":{samples}}}"#, tree()),
        format!(r#"{{"samples":{samples},"head":{}}}"#, tree()),
        format!(r#"{{"id":4,"result":{{"profile":{{"head":{},"samples":{samples}}}}}}}"#, tree()),
    ] {
        let recording = read(&text);
        assert_eq!(rows(&recording), expected, "{text}");
        assert_eq!(codes(&recording), ["about-estimate"]);
        let names: Vec<&str> = recording.profiles[0].values.iter().map(|value| value.name.as_str()).collect();
        assert_eq!(names, ["size", "samples"]);
    }
}

#[test]
fn without_samples_each_path_counts_as_one() {
    let recording = read(&format!(r#"{{"head":{}}}"#, tree()));
    assert_eq!(rows(&recording), ["main 100 1", "main;fill 400 1", "(V8 API) 24 1"]);
    assert_eq!(codes(&recording), ["about-estimate", "about-no-samples"]);
    assert_eq!(recording.profiles[0].values.len(), 1);
}

#[test]
fn what_is_native_and_where_functions_are() {
    let recording = read(&format!(r#"{{"head":{}}}"#, tree()));
    let all: Vec<_> = recording.functions.iter().map(|f| (recording.text(f.name), f.line, f.column, f.tag)).collect();
    let expected = [
        ("(root)", 0, 8, Tag::Root),
        ("main", 5, 8, Tag::Code),
        ("fill", 5, 8, Tag::Code),
        ("(V8 API)", 0, 8, Tag::Native),
    ];
    assert_eq!(all, expected);
}

#[test]
fn samples_of_no_path_are_left_out() {
    let recording = read(&format!(
        r#"{{"head":{},"samples":[{{"size":5,"nodeId":99,"ordinal":1}},{{"size":400,"nodeId":3}}]}}"#,
        tree()
    ));
    assert_eq!(rows(&recording), ["main 100 1", "main;fill 400 1", "(V8 API) 24 1"]);
    assert_eq!(codes(&recording), ["about-late-samples", "about-estimate"]);
    let many = [r#"{"nodeId":99}"#; 9].join(",");
    assert_eq!(codes(&read(&format!(r#"{{"head":{},"samples":[{many}]}}"#, tree())))[0], "unknown-node");
}

#[test]
fn depth_is_no_limit() {
    let depth = 100_000;
    let open = r#"{"callFrame":{"functionName":"f","url":"a.js","lineNumber":1},"selfSize":8,"id":2,"children":["#;
    let text = format!(r#"{{"head":{}{}}}"#, open.repeat(depth), "]}".repeat(depth));
    assert_eq!(read(&text).profiles[0].samples.len(), depth);
}

#[test]
fn a_cut_file_keeps_what_it_holds() {
    let text = format!(r#"{{"head":{}}}"#, tree());
    let recording = read(&text[..text.find(r#""id":3"#).expect("it is there")]);
    assert_eq!(rows(&recording), ["main 100 1", "main;fill 400 1"]);
    assert_eq!(codes(&recording)[0], "cut");
    let error = try_read(&text[..text.find("100").expect("it is there")]).expect_err("nothing is in it yet");
    assert!(error.to_string().contains("ends early") || error.to_string().contains("end"), "{error}");
}

#[test]
fn absurd_numbers_are_kept_in_range() {
    let head =
        node(1, "(root)", "1e300", &[node(-5, "a", "-7.6", &[]), node(i64::MAX, "b", "9223372036854775808", &[])]);
    let recording = read(&format!(r#"{{"head":{head}}}"#));
    assert_eq!(rows(&recording), [format!("(root) {} 1", i64::MAX), "a -8 1".into(), format!("b {} 1", i64::MAX)]);
}

#[test]
fn what_is_missing_is_said() {
    let error = try_read(r#"{"samples":[{"size":1,"nodeId":3}]}"#).expect_err("there is no tree");
    assert!(error.problem.contains("`head`"), "{error}");
    let twice = try_read(&format!(r#"{{"head":{},"head":{}}}"#, tree(), tree())).expect_err("two trees");
    assert!(twice.problem.contains("twice"), "{twice}");
}
