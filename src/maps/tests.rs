//! Maps and recordings together.

use super::*;
use crate::input::SliceSource;
use crate::model::{
    Builder, Function, FunctionId, LabelValue, LineTicks, Origin, Profile, Samples, StackId, StringId, Tag, Value,
    Weights,
};
use crate::units::Unit;

const SCRIPT: &str = "file:///srv/dist/app.js";

/// The original of all maps here. `run` begins in line 2, the arrow function in line 3.
const TEXT: &str = "// a\nfunction run(list: number[]) {\n  return list.map((item) => item + 1);\n}\n";

/// Segments of a map, each with the column of the script and then source, line, column and name of the
/// original; lines are separated by `None`.
fn mappings(segments: &[Option<&[i64]>]) -> String {
    let mut text = String::new();
    let mut last = [0i64; 5];
    let mut is_first = true;
    for segment in segments {
        let Some(segment) = segment else {
            text.push(';');
            (last[0], is_first) = (0, true);
            continue;
        };
        let differences: Vec<i64> = segment.iter().zip(&last).map(|(now, before)| now - before).collect();
        last[..segment.len()].copy_from_slice(segment);
        text.push_str(if is_first { "" } else { "," });
        text.push_str(&sourcemap::vlq::generate_vlq_segment(&differences).expect("numbers can be written"));
        is_first = false;
    }
    text
}

/// `function a(b){return b.map(b=>b+1)}` on one line.
fn minified() -> String {
    mappings(&[
        Some(&[0, 0, 1, 0]),
        Some(&[9, 0, 1, 9, 0]),
        Some(&[11, 0, 1, 13, 1]),
        Some(&[14, 0, 2, 2]),
        Some(&[27, 0, 2, 19]),
    ])
}

fn map(rest: &str) -> String {
    let text = serde_json::to_string(TEXT).expect("a text can be written");
    format!(
        r#"{{"version":3,"sources":["../src/app.ts"],"sourcesContent":[{text}],"names":["run","list"],"mappings":"{}"{rest}}}"#,
        minified()
    )
}

/// A recording of the script: `a` at 1:11, an arrow function at 1:28, and labels of a call.
fn recording() -> Recording {
    let mut builder = Builder::new();
    builder.tell_columns();
    let file = builder.strings.intern(SCRIPT);
    let name = builder.strings.intern("a");
    let run = builder.function(name, file, 1, 11, Tag::Code);
    let arrow = builder.function(StringId::EMPTY, file, 1, 28, Tag::Code);
    let other = builder.function(name, file, 1, 2000, Tag::Code);
    assert_eq!((arrow.index(), other.index()), (1, 2), "columns tell functions of one line apart");
    let mut at = StackId::NONE;
    for function in [run, arrow, run] {
        let frame = builder.frame(function, 0, false);
        at = builder.stack(at, frame);
    }
    builder.line_ticks.push(LineTicks { function: run, line: 1, ticks: 3 });
    let key = |builder: &mut Builder, text: &str| builder.strings.intern(text);
    let set = [
        (key(&mut builder, "functionName"), LabelValue::Text(name)),
        (key(&mut builder, "url"), LabelValue::Text(file)),
        (key(&mut builder, "lineNumber"), LabelValue::Number(1, StringId::EMPTY)),
        (key(&mut builder, "columnNumber"), LabelValue::Number(11, StringId::EMPTY)),
        (
            key(&mut builder, "stackTrace"),
            LabelValue::Text(key(&mut builder, &format!("a ({SCRIPT}:1:11)\nx (other.js:1:2)"))),
        ),
    ];
    let labels = builder.label_sets.intern(&set);
    builder.profile(Profile {
        samples: Samples {
            stack: [at].into_iter().collect(),
            labels: Some([labels].into_iter().collect()),
            count: None,
        },
        values: vec![Value {
            name: "samples".into(),
            unit: Unit::Count,
            decimals: 0,
            weights: Weights::Each([1].into_iter().collect()),
        }],
        ..Profile::default()
    });
    builder.finish(Origin::default())
}

fn mapped(files: &[(&str, &[u8])]) -> Recording {
    let mut bundle: Vec<Named> = files
        .iter()
        .map(|(name, bytes)| Named { name: (*name).to_owned(), source: Box::new(SliceSource::new(*bytes)) })
        .collect();
    Maps::out_of(&mut bundle).apply(recording(), &Limits::default())
}

fn places(recording: &Recording) -> Vec<String> {
    let place = |f: Function| format!("{} {}:{}", recording.text(f.name), recording.text(f.file), f.line);
    recording.functions.iter().map(place).collect()
}

fn codes(recording: &Recording) -> Vec<&str> {
    recording.notes.iter().map(|note| note.code.as_str()).collect()
}

/// The last one stands where the map knows nothing any more, and so keeps its name.
const ORIGINALS: [&str; 3] =
    ["run file:///srv/src/app.ts:2", "(anonymous) file:///srv/src/app.ts:3", "a file:///srv/src/app.ts:3"];

#[test]
fn everything_that_names_a_place_is_mapped() {
    let recording = mapped(&[("app.js.map", map("").as_bytes())]);
    assert_eq!(places(&recording), ORIGINALS);
    let walk: Vec<FunctionId> =
        recording.stacks.walk(recording.profiles[0].samples.stack.get(0)).map(|f| recording.function_of(f)).collect();
    assert_eq!(walk.iter().map(|f| f.index()).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!(codes(&recording), ["mapped", "about-map-names", "about-map-lines"]);
    let made = recording.made.iter().map(|(made, original)| (made.column, original.index()));
    assert_eq!(made.collect::<Vec<_>>(), [(11, 0), (28, 1), (2000, 2)]);
    assert!(recording.line_ticks.is_empty(), "the line of the script has two originals");
    let labels = recording.profiles[0].samples.labels.as_ref().expect("labels stay").get(0);
    let texts: Vec<String> = recording
        .label_sets
        .get(labels)
        .map(|(_, value)| match value {
            LabelValue::Text(text) => recording.text(text).to_owned(),
            LabelValue::Number(number, _) => number.to_string(),
        })
        .collect();
    let stack = "run (file:///srv/src/app.ts:2:10)\nx (other.js:1:2)";
    assert_eq!(texts, ["run", "file:///srv/src/app.ts", "2", "10", stack]);
}

#[test]
fn a_line_with_one_original_keeps_its_ticks() {
    let line = mappings(&[Some(&[0, 0, 4, 0]), Some(&[9, 0, 4, 9])]);
    let text = format!(r#"{{"version":3,"sourceRoot":"/root/","sources":["app.ts"],"names":[],"mappings":"{line}"}}"#);
    let recording = mapped(&[("app.js.map", text.as_bytes())]);
    assert_eq!(places(&recording), ["a file:///root/app.ts:5", "(anonymous) file:///root/app.ts:5"]);
    let ticks: Vec<(u32, u64)> = recording.line_ticks.iter().map(|t| (t.line, t.ticks)).collect();
    assert_eq!(ticks, [(5, 3)]);
    assert_eq!(codes(&recording), ["mapped", "about-map-names"]);
}

#[test]
fn maps_of_sections_and_behind_a_line_of_refusal() {
    let section = map("");
    let text = format!(
        r#"{{"version":3,"sections":[{{"offset":{{"line":0,"column":0}},"map":{{"version":3,"sources":["x.ts"],"names":[],"mappings":""}}}},{{"offset":{{"line":0,"column":0}},"map":{section}}}]}}"#
    );
    let text = format!(")]}}'\n{text}");
    assert_eq!(places(&mapped(&[("app.js.map", text.as_bytes())])), ORIGINALS);
    let base64 = data_encoding::BASE64.encode(map("").as_bytes());
    let script =
        format!("function a(b){{}}\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,{base64}\n");
    assert_eq!(places(&mapped(&[("dist/app.js", script.as_bytes())])), ORIGINALS);
}

/// A map that is wrong anywhere gives no names at all, and says so.
#[test]
fn damaged_maps_are_not_used() {
    let with = |mappings: &str| format!(r#"{{"version":3,"sources":["a.ts"],"names":["b"],"mappings":"{mappings}"}}"#);
    let deep = "[".repeat(100_000);
    let nested = format!(r#"{{"sections":[{{"map":{}}}]}}"#, r#"{"sections":[]}"#);
    for text in [
        "".to_owned(),
        "[]".to_owned(),
        "{".to_owned(),
        deep.clone(),
        format!(r#"{{"sections":{deep}"#),
        nested,
        with("A?"),
        with("AA"),
        with("AAAAAA"),
        with("ACAA"),
        with("AAAAC"),
        with("D"),
        with("ADAA"),
        with("////////////////////////"),
        with("AAggggggggggggEAA"),
        with("é"),
        map(r#","mappings":"AAAAE""#),
        format!("{} {{}}", map("")),
    ] {
        let shown = &text[..text.len().min(60)];
        let recording = mapped(&[("app.js.map", text.as_bytes())]);
        assert!(codes(&recording).contains(&"map-unreadable"), "{shown}: {:?}", recording.notes);
        assert!(places(&recording).iter().all(|place| place.contains(SCRIPT)), "{shown}");
        assert_eq!(places(&recording).len(), 2, "{shown}: functions of one line are one again");
    }
}

#[test]
fn what_claims_much_takes_little() {
    // A root for each of many sources, one place for all segments, names that nobody has.
    let root = "r".repeat(1 << 20);
    let sources = vec![r#""""#; 100_000].join(",");
    let segments = vec!["AAAA"; 200_000].join(",");
    let text =
        format!(r#"{{"sourceRoot":"{root}","sources":[{sources}],"mappings":"{segments}","names":[1,null,{{}}]}}"#);
    let recording = mapped(&[("app.js.map", text.as_bytes())]);
    assert_eq!(codes(&recording), ["mapped", "about-map-names"]);
    assert!(places(&recording).iter().all(|place| place.len() < 100), "{:?}", places(&recording));
}
