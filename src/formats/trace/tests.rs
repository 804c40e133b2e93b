//! Small traces, event by event.

use crate::error::Error;
use crate::formats::{Options, open};
use crate::input::{Named, SliceSource};
use crate::model::{Recording, SpanId, TrackKind};

fn try_read(text: &str) -> Result<Recording, Error> {
    let named = Named { name: "x.json".into(), source: Box::new(SliceSource::new(text.as_bytes())) };
    open(vec![named], &Options::default(), None, &mut ())
}

fn read(events: &str) -> Recording {
    let text = format!("[{events}]");
    try_read(&text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn events(list: &[(&str, &str, i64, i64)]) -> String {
    let event = |(phase, name, at, length): &(&str, &str, i64, i64)| {
        let length = if *phase == "X" { format!(r#","dur":{length}"#) } else { String::new() };
        format!(
            r#"{{"ph":"{phase}","name":"{name}","pid":1,"tid":2,"ts":{at}{length},"cat":"c","id":{length_id}}}"#,
            length_id = 7
        )
    };
    list.iter().map(event).collect::<Vec<_>>().join(",")
}

/// Depth, name, start and length in microseconds of every span.
fn told(recording: &Recording) -> Vec<(usize, String, i64, i64)> {
    let spans = &recording.spans;
    let depth = |row: usize| {
        std::iter::successors(Some(SpanId::from_index(row)), |span| {
            Some(spans.parent.get(span.index())).filter(|span| !span.is_none())
        })
        .count()
    };
    (0..spans.len())
        .map(|row| {
            let name = recording.text(spans.name.get(row)).to_owned();
            (depth(row), name, spans.at_ns.get(row) / 1000, spans.length_ns.get(row) / 1000)
        })
        .collect()
}

fn expect(list: &[(&str, &str, i64, i64)], want: &[(usize, &str, i64, i64)]) -> Vec<String> {
    let recording = read(&events(list));
    let want: Vec<_> = want.iter().map(|(d, n, a, l)| (*d, (*n).to_owned(), *a, *l)).collect();
    assert_eq!(told(&recording), want, "{list:?}");
    recording.notes.into_iter().map(|note| note.code).collect()
}

#[test]
fn events_of_a_thread_lie_inside_each_other() {
    let in_order = expect(
        &[("X", "a", 10, 100), ("X", "b", 20, 30), ("X", "c", 50, 10), ("X", "d", 110, 5)],
        &[(1, "a", 0, 100), (2, "b", 10, 30), (2, "c", 40, 10), (1, "d", 100, 5)],
    );
    assert!(in_order.is_empty());
    // Written when they end; of two equal ones the later is around the other.
    expect(
        &[("X", "leaf", 21, 5), ("X", "b", 20, 30), ("X", "a", 20, 30), ("X", "c", 50, 1)],
        &[(1, "a", 0, 30), (2, "b", 0, 30), (3, "leaf", 1, 5), (1, "c", 30, 1)],
    );
    // Written when they begin: the other way round.
    expect(
        &[("X", "a", 20, 30), ("X", "b", 20, 30), ("X", "c", 21, 1), ("X", "d", 30, 1)],
        &[(1, "a", 0, 30), (2, "b", 0, 30), (3, "c", 1, 1), (3, "d", 10, 1)],
    );
}

#[test]
fn begins_and_ends_are_paired_by_name() {
    expect(&[("B", "a", 1, 0), ("B", "b", 2, 0), ("E", "b", 3, 0), ("E", "", 9, 0)], &[(1, "a", 0, 8), (2, "b", 1, 1)]);
    let stray = expect(&[("B", "a", 1, 0), ("E", "x", 3, 0), ("E", "a", 9, 0)], &[(1, "a", 0, 8)]);
    assert_eq!(stray, ["begin-missing"]);
    let open = expect(
        &[("B", "a", 1, 0), ("B", "b", 2, 0), ("X", "c", 4, 3)],
        &[(1, "a", 0, 6), (2, "b", 1, 5), (3, "c", 3, 3)],
    );
    assert_eq!(open, ["end-missing"]);
    let crossed = expect(
        &[("B", "a", 1, 0), ("B", "b", 2, 0), ("E", "a", 5, 0), ("E", "b", 9, 0)],
        &[(1, "a", 0, 4), (2, "b", 1, 3)],
    );
    assert_eq!(crossed, ["spans-crossed"]);
    // At one moment the file's order may be any.
    let swapped = expect(
        &[("B", "a", 1, 0), ("B", "b", 1, 0), ("E", "a", 5, 0), ("E", "b", 5, 0), ("E", "c", 7, 0), ("B", "c", 7, 0)],
        &[(1, "a", 0, 4), (2, "b", 0, 4), (1, "c", 6, 0)],
    );
    assert!(swapped.is_empty(), "{swapped:?}");
}

#[test]
fn what_overlaps_has_a_track_of_its_own() {
    let notes = expect(
        &[("X", "a", 0, 100), ("X", "b", 50, 100), ("X", "c", 99, 11), ("X", "d", 120, 5)],
        // A microsecond is rounding.
        &[(1, "a", 0, 99), (1, "c", 99, 11), (1, "d", 120, 5), (1, "b", 50, 100)],
    );
    assert_eq!(notes, ["spans-overlap"]);
    let recording = read(&events(&[("X", "a", 0, 100), ("X", "b", 50, 100)]));
    assert_eq!(recording.spans.tracks[1].kind, TrackKind::Async);
    assert_eq!(recording.profiles.len(), 1);
}

#[test]
fn operations_are_paired_by_number() {
    let recording = read(
        r#"{"ph":"b","cat":"c","id":"0x1","name":"a","pid":1,"tid":1,"ts":1},
        {"ph":"b","cat":"c","id":2,"name":"a","pid":1,"tid":1,"ts":2},
        {"ph":"b","cat":"c","id":"0x1","name":"part","pid":1,"tid":2,"ts":3},
        {"ph":"e","cat":"c","id":"1","name":"a","pid":1,"tid":2,"ts":9},
        {"ph":"e","cat":"c","id":1,"name":"part","pid":1,"tid":2,"ts":5},
        {"ph":"e","cat":"c","id":2,"name":"a","pid":1,"tid":2,"ts":4},
        {"ph":"b","cat":"c","id2":{"local":3},"name":"l","pid":1,"tid":2,"ts":4},
        {"ph":"e","cat":"c","id2":{"local":3},"name":"l","pid":9,"tid":2,"ts":6},
        {"ph":"n","cat":"c","id":2,"name":"a","pid":1,"tid":2,"ts":3}"#,
    );
    let want = [(1, "a", 0, 8), (1, "a", 1, 2), (2, "part", 2, 2), (1, "l", 3, 5)];
    assert_eq!(told(&recording), want.map(|(d, n, a, l)| (d, n.to_owned(), a, l)));
    let codes: Vec<&str> = recording.notes.iter().map(|note| note.code.as_str()).collect();
    assert_eq!(codes, ["about-open-operations", "operation-begin-missing"]);
    assert_eq!((recording.spans.marks.at_ns.len(), recording.profiles.len()), (1, 0));
}

#[test]
fn arrows_lead_from_span_to_span() {
    let recording = read(
        r#"{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":10},{"ph":"X","name":"b","pid":1,"tid":1,"ts":2,"dur":3},
        {"ph":"X","name":"c","pid":1,"tid":2,"ts":20,"dur":10},{"ph":"X","name":"d","pid":1,"tid":2,"ts":40,"dur":10},
        {"ph":"s","id":1,"cat":"f","name":"n","pid":1,"tid":1,"ts":3},{"ph":"t","id":1,"cat":"f","name":"n","pid":1,"tid":2,"ts":25},
        {"ph":"f","id":1,"cat":"f","name":"n","pid":1,"tid":2,"ts":31},
        {"ph":"f","bp":"e","id":2,"cat":"f","name":"n","pid":1,"tid":2,"ts":31}"#,
    );
    let name = |span: SpanId| recording.text(recording.spans.name.get(span.index()));
    let flows: Vec<_> = recording.spans.flows.iter().map(|(from, to)| (name(from), name(to))).collect();
    assert_eq!(flows, [("b", "c"), ("c", "d")]);
}

#[test]
fn spans_make_a_profile() {
    let recording =
        read(&events(&[("X", "a (/x.py:3)", 10, 100), ("X", "b (/x.py:9)", 20, 30), ("X", "a (/x.py:3)", 200, 50)]));
    let profile = &recording.profiles[0];
    let time = profile.time.as_ref().expect("it has time");
    let rows: Vec<_> = (0..profile.samples.len())
        .map(|row| {
            let frame = recording.stacks.frame(profile.samples.stack.get(row));
            let function = recording.function_of(frame);
            (recording.name(function), recording.file(function), time.at_ns.get(row) / 1000, time.owned_ns(row) / 1000)
        })
        .collect();
    let want = [
        ("a", "/x.py", 0, 10),
        ("b", "/x.py", 10, 30),
        ("a", "/x.py", 40, 60),
        ("(idle)", "", 100, 90),
        ("a", "/x.py", 190, 50),
    ];
    assert_eq!(rows, want);
    assert!(time.has_idle);
    assert_eq!((time.start_ns, time.duration_ns), (10_000, 240_000));
}

#[test]
fn counters_become_series() {
    let recording = read(
        r#"{"ph":"C","name":"load","pid":1,"tid":1,"ts":5,"args":{"cpu":2.5,"io":1}},
        {"ph":"C","name":"load","pid":1,"tid":1,"ts":3,"args":{"cpu":"1.5","io":"x"}}"#,
    );
    let told: Vec<_> = recording.series.iter().map(|s| (s.name.as_str(), s.value.iter().collect::<Vec<_>>())).collect();
    assert_eq!(told, [("load: cpu", vec![1.5, 2.5]), ("load: io", vec![1.0])]);
    assert_eq!(recording.series[0].at_ns.iter().collect::<Vec<_>>(), [0, 2000]);
}

#[test]
fn what_has_no_time_or_an_absurd_one_is_left_out() {
    let recording = try_read(
        r#"{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":1},{"ph":"X","name":"b","pid":1,"tid":1,"ts":9000000000,"dur":1000},
        {"ph":"X","name":"c","pid":1,"tid":1,"dur":1},{"ph":"?","ts":1},null,{"ph":"I","name":"z","pid":1,"tid":1,"ts":"9000000500.5"}]}"#,
    )
    .expect("it opens");
    assert_eq!(told(&recording), [(1, "b".to_owned(), 0, 1000)]);
    assert_eq!(recording.spans.marks.at_ns.iter().collect::<Vec<_>>(), [500_500]);
    let codes: Vec<&str> = recording.notes.iter().map(|note| note.code.as_str()).collect();
    assert_eq!(codes, ["event-unknown", "no-event", "event-without-time", "time-absurd"]);
    let absurd = read(&events(&[("X", "a", 5, 5), ("X", "b", 1_000_000_000_000_000_000, 5), ("X", "c", 7, i64::MAX)]));
    assert!(absurd.spans.length_ns.iter().all(|length| length >= 0));
}

#[test]
fn a_list_need_not_be_closed() {
    let whole = events(&[("X", "a", 5, 5), ("X", "b", 20, 5)]);
    for (text, note) in [
        (format!("[{whole}"), "about-open-end"),
        (format!("[{whole},\n"), "about-open-end"),
        (format!("{{\"traceEvents\":[{whole}"), "about-open-end"),
        (format!("[{whole},{{\"ph\":\"X\",\"na"), "cut"),
    ] {
        let recording = try_read(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!((recording.spans.len(), recording.notes[0].code.as_str()), (2, note), "{text}");
    }
    assert!(try_read("{\"traceEvents\":[{\"ph\":\"X\",\"na").is_err());
}
