//! Whole files in, recordings out.

use crate::error::Error;
use crate::formats::{Options, open};
use crate::input::{Named, SliceSource};
use crate::model::Recording;

fn try_read(name: &str, text: &str) -> Result<Recording, Error> {
    let named = Named { name: name.into(), source: Box::new(SliceSource::new(text.as_bytes())) };
    open(vec![named], &Options::default(), None, &mut ())
}

fn read(text: &str) -> Recording {
    try_read("x", text).unwrap_or_else(|error| panic!("{error}"))
}

/// Each row: the path of frames and its weight, in microseconds where it is time.
fn rows(recording: &Recording) -> Vec<String> {
    let profile = &recording.profiles[0];
    let scale = if profile.time.is_some() { 1000 } else { 1 };
    let row = |i: usize| {
        let stack = recording.stacks.walk(profile.samples.stack.get(i));
        let mut names: Vec<&str> = stack.map(|frame| recording.frame_text(frame)).collect();
        names.reverse();
        format!("{} {}", names.join(";"), profile.weight(0, i) / scale)
    };
    (0..profile.samples.len()).map(row).collect()
}

fn codes(recording: &Recording) -> Vec<&str> {
    recording.notes.iter().map(|note| note.code.as_str()).collect()
}

const LOG: &str = "\
v8-version,11,3,244,8,-node.38,0
v8-platform,linux,linux
shared-library,/usr/bin/node,0x1000,0x2000,0
shared-library,/usr/bin/node,0x1000,0x9000,0
shared-library,/usr/lib/libc.so.6,0x20000,0x30000,0
profiler,begin,1000
code-creation,Builtin,2,100,0x8000,256,ArrayMap
code-creation,JS,10,200,0x50000,64, /srv/a\\x2Cb.js:1:1,0x77,~
code-creation,JS,10,200,0x50040,64,work /srv/a\\x2Cb.js:3:10,0x78,~
tick,0x20010,1000,0,0x0,6
tick,0x50050,2000,0,0x0,0,0x50001
tick,0x8010,3000,0,0x50050,0,0x50001,0x3
code-creation,JS,10,200,0x60000,64,work /srv/a\\x2Cb.js:3:10,0x78,*
tick,0x60001,4000,0,0x0,0,0x50001,overflow
code-move,0x60000,0x70000
code-delete,0x50040
tick,0x70001,5000,0,0x0,0,0x50001
tick,0x50050,6000,0,0x0,0,0x50001
tick,0x20010,7000,1,0x8000,6,0x50001
tick,0x20010,8000,0,0x0,1,0x50001
tick,0x20010,99000,0,0x0,8
tick,0x3,100000,0,0x0,5
tick,0x3,101000,0,0x0,0,+0x4fffe
profiler,end
";

#[test]
fn ticks_find_what_was_there_then() {
    let recording = read(LOG);
    let expected = [
        "libc.so.6 1000",
        "~(anonymous);~work 1000",
        "~(anonymous);~work;ArrayMap 1000",
        "~(anonymous);*work 1000",
        "~(anonymous);*work 1000",
        "~(anonymous);(unknown) 1000",
        "~(anonymous);ArrayMap 1000",
        "(garbage collector) 1000",
        "(idle) 90000",
        "(idle) 1000",
        "(program) 1000",
        "~(anonymous);(unknown) 0",
    ];
    assert_eq!(rows(&recording), expected);
    assert_eq!(codes(&recording), ["about-native", "about-waits"]);
    let work = recording.functions.iter().find(|f| recording.text(f.name) == "work").expect("it is there");
    assert_eq!((recording.text(work.file), work.line, work.column), ("/srv/a,b.js", 3, 10));
    assert_eq!(recording.functions.iter().filter(|f| recording.text(f.name) == "work").count(), 1);
    assert_eq!(recording.meta[0], ("V8".into(), "11.3.244.8-node.38".into()));
}

#[test]
fn logs_of_old_engines() {
    let recording = read(
        "v8-version,6,0,287,53,0\nshared-library,\"/usr/local/bin/node\",0x100003200,0x1008b3cba,0\nprofiler,\"begin\",1000\n\
         code-creation,LazyCompile,5,14007,0x500,166,\"go a.js:1:1\",0x4555f887960,\n\
         code-creation,Function,20,116753,0x500,296,\"go \"\"a\"\".js:86:42\",0x3406263c32a0,~\n\
         tick,0x501,10,0,0x0,0\ntick,0x100003201,20,0,0x0,5\ntick,0x100003201,30,0,0x0,4\nprofiler,\"end\"\n",
    );
    assert_eq!(rows(&recording), ["~go 10", "(idle) 10", "node 0"]);
    let go = recording.functions.iter().find(|f| recording.text(f.name) == "go").expect("it is there");
    assert_eq!((recording.text(go.file), go.line), ("\"a\".js", 86));
}

#[test]
fn a_log_without_ticks_is_an_error() {
    let error = try_read("x", "v8-version,11,3,244\nprofiler,begin,1000\n").expect_err("nothing was sampled");
    assert!(error.problem.contains("no ticks"), "{error}");
    let error = try_read("x", "v8-version,11,3\ntick,zzz,1\n").expect_err("nothing was sampled");
    assert!(error.to_string().contains("line 2"), "{error}");
    let recording = read("v8-version,11,3\ntick,zzz,1\ntick,0x1,2,0,0x0,0,overflow\ncode-creation,Function\n");
    assert_eq!(rows(&recording), ["(program) 0"]);
    assert_eq!(codes(&recording)[0], "damaged-lines");
}

#[test]
fn the_files_name_tells_the_process() {
    let recording = try_read("d/isolate-0x5f3a-1234-v8.log", LOG).expect("it opens");
    assert_eq!((recording.profiles[0].name.as_str(), recording.profiles[0].pid), ("isolate 0x5f3a", Some(1234)));
}

#[test]
fn preprocessed_in_any_order() {
    let code = r#""code":[{"name":"/usr/bin/node","type":"SHARED_LIB"},{"name":"epoll_wait","type":"CPP"},{"name":"work /a.js:3:10","type":"JS","kind":"Opt","func":0,"source":{"fns":[]}},{"name":"^a$","type":"CODE","kind":"RegExp"},{"name":" /a.js:1:1","type":"JS","kind":"Unopt"}]"#;
    let ticks = r#""ticks":[{"tm":1000,"vm":0,"s":[2,5,4,7]},{"tm":2000,"vm":0,"s":[3,0,-1,9,2,5]},{"tm":3000,"vm":6,"s":[-1,5]},{"tm":4000,"vm":1,"s":[1,5]},{"tm":90000,"vm":8,"s":[1,5]},{"tm":91000,"vm":0,"s":[-1,5,99,1,4,1]}]"#;
    let expected = [
        "~(anonymous);*work 1000",
        "*work;RegExp: ^a$ 1000",
        "(program) 1000",
        "(garbage collector) 1000",
        "(idle) 85000",
        "(idle) 1000",
        "~(anonymous);(unknown) 0",
    ];
    let warning = "(node:7) ExperimentalWarning: x\n(Use `node --trace-warnings ...`)\n";
    for text in [format!("{{{code},{ticks}}}"), format!("{{{ticks},{code}}}"), format!("{warning}{{{code},{ticks}}}")] {
        let recording = read(&text);
        assert_eq!(rows(&recording), expected);
        assert_eq!(codes(&recording), ["unknown-code", "about-waits"]);
    }
    let cut = format!("{{{code},{ticks}}}");
    let recording = read(&cut[..cut.find(",{\"tm\":4000").expect("it is there") + 9]);
    assert_eq!((rows(&recording).len(), codes(&recording)), (3, vec!["cut"]));
}

const REPORT: &str = "\
Statistical profiling result from x.log, (20 ticks, 3 unaccounted, 0 excluded).

 [Shared libraries]:
   ticks  total  nonlib   name
      2   10.0%          /usr/lib/libc.so.6

 [JavaScript]:
   ticks  total  nonlib   name
     10   50.0%   55.6%  JS: *work /srv/a.js:3:10
      1    5.0%    5.6%  RegExp: ^a: b$

 [C++]:
   ticks  total  nonlib   name
      4   20.0%   22.2%  node::Do(int, char const*)

 [Summary]:
   ticks  total  nonlib   name
     11   55.0%   61.1%  JavaScript

 [Bottom up (heavy) profile]:
  Note: percentage shows a share of a particular caller in the total
  amount of its parent calls.
  Callers occupying less than 1.0% are not shown.

   ticks parent  name
     10   50.0%  JS: *work /srv/a.js:3:10
      6   60.0%    JS: ~<anonymous> /srv/a.js:1:1
      4   66.7%      Builtin: ArrayMap
      3   30.0%    JS: ^load /srv/a.js:9:1

      3   15.0%  UNKNOWN
      1   33.3%    JS: ~<anonymous> /srv/a.js:1:1
";

#[test]
fn a_report_has_own_ticks_and_some_callers() {
    let recording = read(REPORT);
    let mut found = rows(&recording);
    found.sort();
    let mut expected = [
        "ArrayMap;~(anonymous);*work 4",
        "~(anonymous);*work 2",
        "^load;*work 3",
        "*work 1",
        "(unknown) 2",
        "~(anonymous);(unknown) 1",
        "libc.so.6 2",
        "RegExp: ^a: b$ 1",
        "node::Do(int, char const*) 4",
    ];
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(codes(&recording), ["about-report"]);
    let differing = read(&REPORT.replace("(20 ticks", "(25 ticks"));
    assert_eq!(codes(&differing), ["about-report", "ticks-differ"]);
    let error = try_read("x", "Statistical profiling result from x.log, (0 ticks).\n").expect_err("nothing in it");
    assert!(error.problem.contains("no ticks"), "{error}");
}
