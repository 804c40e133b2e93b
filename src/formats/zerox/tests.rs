//! Whole files in, recordings out.

use crate::error::Error;
use crate::formats::{Options, open};
use crate::input::{Named, SliceSource};
use crate::model::Recording;

fn try_read(text: &str) -> Result<Recording, Error> {
    let named = Named { name: "x.json".into(), source: Box::new(SliceSource::new(text.as_bytes())) };
    open(vec![named], &Options::default(), None, &mut ())
}

/// Each row: the path of frames and its ticks.
fn rows(text: &str) -> Vec<String> {
    let recording = try_read(text).unwrap_or_else(|error| panic!("{error}"));
    let profile = &recording.profiles[0];
    let row = |i: usize| {
        let stack = recording.stacks.walk(profile.samples.stack.get(i));
        let mut names: Vec<&str> = stack.map(|frame| recording.frame_text(frame)).collect();
        names.reverse();
        format!("{} {}", names.join(";"), profile.weight(0, i))
    };
    (0..profile.samples.len()).map(row).collect()
}

const MERGED: &str = r#""merged":{"name":"all stacks","value":6,"top":1,"children":[{"S":1,"name":"main /a.js:1:1 [INIT]","value":5,"top":2,"children":[{"S":2,"name":"spin /a.js:9:2","value":3,"top":3}]}]}"#;
const UNMERGED: &str = r#""unmerged":{"name":"all stacks","value":6,"top":1,"children":[{"S":1,"name":"~main /a.js:1:1 [INIT]","value":5,"top":2,"children":[{"S":2,"name":"*spin /a.js:9:2","value":2,"top":2},{"S":1,"name":"~spin /a.js:9:2","value":1,"top":1,"fn":"f"}]}]}"#;

#[test]
fn the_tree_that_tells_more() {
    let both = ["(program) 1", "~main 2", "~main;*spin 2", "~main;~spin 1"];
    assert_eq!(rows(&format!("{{{MERGED},{UNMERGED}}}")), both);
    assert_eq!(rows(&format!("{{{UNMERGED},{MERGED}}}")), both);
    let merged = ["(program) 1", "main 2", "main;spin 3"];
    assert_eq!(rows(&format!("{{{MERGED}}}")), merged);
    let cut = format!("{{{MERGED},{UNMERGED}}}");
    assert_eq!(rows(&cut[..cut.find("*spin").expect("it is there")]), merged);
}

#[test]
fn every_tick_counts() {
    let text = r#"[[],[{"name":"main /a.js:1:1","type":"JS","kind":"Unopt"},{"name":"memcpy","type":"CPP"}],[{"name":"main /a.js:1:1","type":"JS","kind":"Opt","source":{"fns":[]}},{"name":"^a$","type":"CODE","kind":"RegExp"}],[{"name":"/lib/libc.so.6","type":"SHARED_LIB"}]]"#;
    let expected = ["(program) 1", "~main;memcpy 1", "*main;RegExp: ^a$ 1", "libc.so.6 1"];
    assert_eq!(rows(text), expected);
    assert_eq!(rows(&text[..text.find("^a$").expect("it is there")]), expected[..2]);
}

#[test]
fn what_is_missing_is_said() {
    let error = try_read(r#"{"merged":{"name":"all stacks","value":0,"top":0}}"#).expect_err("nothing was sampled");
    assert!(error.problem.contains("no ticks"), "{error}");
    let error = try_read(&format!("{{{MERGED},{MERGED}}}")).expect_err("which one?");
    assert!(error.problem.contains("twice"), "{error}");
    assert!(try_read("[[],[]]").is_err());
}
