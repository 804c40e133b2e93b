//! Each rule against the least that makes it speak, and the least that keeps it silent.

use super::{Case, Certainty, Finding, Shown, findings};
use crate::analysis::modules::Modules;
use crate::model::{
    Builder, LabelValue, Origin, Profile, Recording, Role, Series, SeriesKind, SpanId, StackId, StringId, Tag, Time,
    Track, TrackKind, Value, Weights, picture,
};
use crate::units::Unit;

const MS: i64 = 1_000_000;
const TIMER: &str = "processTimers@node:internal/timers listOnTimeout@node:internal/timers";
const HTTP: &str = "parserOnHeadersComplete@node:_http_common emit@node:events";

/// `(stack, n)`: n samples of one millisecond each, between two that wait.
fn sampled(parts: &[(&str, usize)]) -> Recording {
    let idle = [("(idle)", 1)];
    let parts = idle.iter().chain(parts).chain(&idle);
    let lines: String = parts.map(|(stack, n)| format!("{stack} {MS}\n").repeat(*n)).collect();
    picture::timed(&lines)
}

fn found(recording: &Recording) -> Vec<(&'static str, Finding)> {
    let modules = Modules::of(recording);
    let case = Case::new(recording, &modules, 50 * MS);
    findings(&case).into_iter().map(|(rule, finding)| (rule.id, finding)).collect()
}

/// Rules and titles.
fn told(recording: &Recording) -> Vec<(&'static str, String)> {
    found(recording).into_iter().map(|(rule, finding)| (rule, finding.title.replace('\u{202f}', " "))).collect()
}

fn expect(recording: &Recording, want: &[(&'static str, &str)]) {
    let want: Vec<(&str, String)> = want.iter().map(|(rule, title)| (*rule, (*title).to_owned())).collect();
    assert_eq!(told(recording), want);
}

#[test]
fn stalls_are_grouped_by_whom_they_are_blamed_on() {
    let (a, b) = (format!("{TIMER} a@/a.js"), format!("{TIMER} b@/a.js"));
    let recording = sampled(&[(&a, 80), ("(idle)", 5), (&b, 60), ("(idle)", 5), (&a, 90)]);
    let all = found(&recording);
    let titles: Vec<String> = all.iter().map(|(_, f)| f.title.replace('\u{202f}', " ")).collect();
    assert_eq!(titles, ["2 of 3 stalls, 170 ms, in `a`", "1 stall of 60.0 ms, in `b`"]);
    let (rule, first) = &all[0];
    assert_eq!((*rule, first.certainty, first.shown), ("stalls", Certainty::Inferred, Shown::Stalls));
    assert_eq!((first.cost_ns, first.evidence[1].raw, first.evidence[2].raw), (170 * MS, 90 * MS, 70 * MS));
    let range = first.range.expect("the longest");
    assert_eq!(range.to_ns - range.from_ns, 90 * MS);
    assert_eq!(recording.name(first.functions[0]), "a");
}

#[test]
fn helpers_stand_under_whom_they_serve() {
    let below = |caller: &str| format!("{TIMER} {caller}@/a.js spin@/a.js");
    let recording = sampled(&[(&below("a"), 60), ("(idle)", 5), (&below("b"), 70)]);
    expect(
        &recording,
        &[("stalls", "1 stall of 70.0 ms, `spin` under `b`"), ("stalls", "1 stall of 60.0 ms, `spin` under `a`")],
    );
}

/// One sample before a gap of 100 ms: the machine stood still, or the program did, and nobody can tell.
#[test]
fn a_stall_that_nobody_saw_is_not_told() {
    let a = format!("{TIMER} a@/a.js");
    let mut lines = format!("(idle) {MS}\n").repeat(200);
    lines.push_str(&format!("{a} {MS}\n").repeat(2));
    lines.push_str(&format!("{a} {}\n{a} {MS}\n(idle) {MS}\n", 100 * MS));
    expect(&picture::timed(&lines), &[]);
}

#[test]
fn a_loop_without_a_pause() {
    let work = format!("{HTTP} onRequest@/a.js work@/a.js");
    let end = format!("{HTTP} end@node:_http_outgoing");
    let parts: Vec<(&str, usize)> = (0..40).flat_map(|_| [(work.as_str(), 10), (end.as_str(), 1)]).collect();
    let all = told(&sampled(&parts));
    let [(rule, title)] = &all[..] else { panic!("{all:?}") };
    assert!(*rule == "loop-busy" && title.contains("`work`") && title.starts_with("No pause, "), "{title}");
}

#[test]
fn it_is_not_the_loop() {
    let work = format!("{TIMER} a@/a.js");
    let parts: Vec<(&str, usize)> = (0..20).flat_map(|_| [(work.as_str(), 3), ("(idle)", 47)]).collect();
    let recording = sampled(&parts);
    expect(&recording, &[("not-the-loop", "The loop is idle 94.0 %: nothing here blocks it")]);
    assert!(found(&recording)[0].1.is_health);
    // Too short to say anything of waiting.
    expect(&sampled(&[(&work, 3), ("(idle)", 47)]), &[]);
}

#[test]
fn collections_inside_stalls_are_pressure_and_others_are_not() {
    let a = format!("{TIMER} a@/a.js");
    let in_stalls: Vec<(&str, usize)> =
        (0..6).flat_map(|_| [(a.as_str(), 70), ("(gc)", 20), (a.as_str(), 10), ("(idle)", 100)]).collect();
    let all = told(&sampled(&in_stalls));
    let rules: Vec<&str> = all.iter().map(|row| row.0).collect();
    assert_eq!(rules, ["stalls", "gc"], "{all:?}");
    assert!(all[1].1.starts_with("GC takes 20.0 % of the active time, mostly below `a`"));
    let beside: Vec<(&str, usize)> = (0..60).flat_map(|_| [(a.as_str(), 8), ("(gc)", 2), ("(idle)", 10)]).collect();
    expect(&sampled(&beside), &[]);
}

#[test]
fn synchronous_calls_but_not_those_of_the_start() {
    let read = "handler@/a.js readFileSync@node:fs open@node:fs";
    let (request, other) = (format!("{HTTP} {read}"), format!("{HTTP} b@/a.js"));
    let parts: Vec<(&str, usize)> =
        (0..20).flat_map(|_| [(request.as_str(), 5), (other.as_str(), 5), ("(idle)", 10)]).collect();
    let title = "Synchronous calls, 100 ms: `readFileSync` under `handler`";
    expect(&sampled(&parts), &[("sync-io", title)]);
    let started = format!("(anonymous)@node:internal/main/run_main_module {read}");
    let parts: Vec<(&str, usize)> = (0..20).flat_map(|_| [(started.as_str(), 5), ("(idle)", 5)]).collect();
    expect(&sampled(&parts), &[]);
}

#[test]
fn a_hot_function_is_told_where_no_other_rule_blames_it() {
    let (a, b) = (format!("{HTTP} a@/a.js"), format!("{HTTP} b@/a.js"));
    let parts: Vec<(&str, usize)> = (0..30).flat_map(|_| [(a.as_str(), 6), (b.as_str(), 4), ("(idle)", 5)]).collect();
    expect(&sampled(&parts), &[("hot", "`a` takes 60.0 % of the active time itself")]);
    // A loop that mostly waits has no function that costs anybody much.
    let parts: Vec<(&str, usize)> = (0..30).flat_map(|_| [(a.as_str(), 6), ("(idle)", 10)]).collect();
    expect(&sampled(&parts), &[]);
    expect(&picture::recording("main@/a.go f@/a.go 9"), &[]);
    let mut recording = picture::recording(&"main@/a.go f@/a.go 5\n".repeat(20));
    recording.profiles[0].values[0].unit = Unit::Bytes;
    expect(&recording, &[("hot", "`f` allocates 100.0 % of 100 B itself")]);
}

#[test]
fn a_loop_that_was_late() {
    let mut delay = Series::new("Event-loop delay", "", Unit::Nanos, SeriesKind::Delay).with_role(Role::LoopDelay);
    (1..100).for_each(|i| delay.push(i * 10 * MS, if i % 40 == 0 { 60e6 } else { 1e6 }));
    let recording = Recording { series: vec![delay], ..Recording::default() };
    expect(&recording, &[("late-loop", "The loop was late 2 times, 120 ms in all")]);
}

#[test]
fn a_process_that_measures_that_it_waits() {
    let mut delay = Series::new("Event-loop delay", "", Unit::Nanos, SeriesKind::Delay).with_role(Role::LoopDelay);
    let mut used =
        Series::new("Utilisation", "", Unit::Other("share".into()), SeriesKind::Gauge).with_role(Role::LoopUtilisation);
    (1..100).for_each(|i| {
        delay.push(i * 10 * MS, 1e6);
        used.push(i * 10 * MS, 0.03);
    });
    let recording = Recording { series: vec![delay, used], ..Recording::default() };
    expect(&recording, &[("not-the-loop", "The loop is idle 97.0 %: nothing here blocks it")]);
}

/// Samples of a millisecond each, as stacks.
fn thread(name: &str, stacks: Vec<StackId>) -> Profile {
    let mut profile = Profile { name: name.into(), pid: Some(1), tid: Some(2), ..Profile::default() };
    let mut time = Time { last_ns: MS, interval_ns: MS, has_idle: true, ..Time::default() };
    for stack in stacks {
        time.at_ns.push(time.duration_ns);
        time.duration_ns += MS;
        profile.samples.stack.push(stack);
    }
    profile.time = Some(time);
    profile.values.push(Value { name: "time".into(), unit: Unit::Nanos, decimals: 0, weights: Weights::Owned });
    profile
}

fn stack(builder: &mut Builder, name: &str, tag: Tag) -> StackId {
    let (name, file) = (builder.strings.intern(name), builder.strings.intern("/a.js"));
    let function = builder.function(name, file, 1, 0, tag);
    let frame = builder.frame(function, 0, false);
    builder.stack(StackId::NONE, frame)
}

/// A page's main thread that waits by its samples: name, start and length of its spans in microseconds,
/// the row of the one around, and the number of a timer (0 for none). Timers are set at the begin, to
/// fire after a millisecond.
fn page(rows: &[(&str, i64, i64, Option<usize>, i64)]) -> Recording {
    let mut builder = Builder::new();
    let idle = stack(&mut builder, "(idle)", Tag::Idle);
    builder.profile(thread("CrRendererMain", vec![idle; 400]));
    builder.spans.tracks.push(Track {
        name: "CrRendererMain".into(),
        process: String::new(),
        pid: Some(1),
        tid: Some(2),
        kind: TrackKind::Thread,
        is_main: true,
    });
    let [id, timeout, install] = ["timerId", "timeout", "TimerInstall"].map(|text| builder.strings.intern(text));
    let number = |number| LabelValue::Number(number, StringId::EMPTY);
    builder.label_sets.intern(&[]);
    for &(name, at, length, parent, timer) in rows {
        let labels = if timer == 0 { 0 } else { builder.label_sets.intern(&[(id, number(timer))]) };
        let name = builder.strings.intern(name);
        let spans = &mut builder.spans;
        spans.track.push(0);
        spans.at_ns.push(at * 1_000);
        spans.length_ns.push(length * 1_000);
        spans.parent.push(parent.map_or(SpanId::NONE, SpanId::from_index));
        spans.name.push(name);
        spans.category.push(StringId::EMPTY);
        spans.labels.push(labels);
        if timer > 0 {
            let labels = builder.label_sets.intern(&[(id, number(timer)), (timeout, number(1))]);
            let marks = &mut builder.spans.marks;
            marks.track.push(0);
            marks.at_ns.push(0);
            marks.name.push(install);
            marks.category.push(StringId::EMPTY);
            marks.labels.push(labels);
        }
    }
    builder.finish(Origin::default())
}

#[test]
fn scripts_that_make_a_page_lay_itself_out_again_and_again() {
    let thrash = |layouts: i64| {
        let mut rows = vec![("RunTask", 0, 45_000, None, 0), ("FunctionCall", 0, 45_000, Some(0), 0)];
        rows.extend((0..layouts).map(|i| ("Layout", i * 2_000, 1_900, Some(1), 0)));
        page(&rows)
    };
    expect(&thrash(20), &[("layout", "20 forced layouts, 38.0 ms: a script")]);
    expect(&thrash(9), &[]);
}

#[test]
fn chains_of_microtasks_are_no_single_stall() {
    let chain = |links: i64| {
        let mut rows = vec![("RunTask", 0, 80_000, None, 0), ("RunMicrotasks", 0, 79_000, Some(0), 0)];
        let each = 78_000 / links;
        rows.extend((0..links).map(|i| ("FunctionCall", i * each, each, Some(1), 0)));
        page(&rows)
    };
    expect(&chain(20), &[("microtasks", "1 chain of microtasks held the loop, 80.0 ms in all")]);
    let single = told(&chain(1));
    assert_eq!(single.iter().map(|row| row.0).collect::<Vec<_>>(), ["stalls"], "{single:?}");
}

#[test]
fn timers_pile_up() {
    let late: Vec<_> = (0..12).map(|i| ("TimerFire", 100_000 + i * 1_000, 500, None, i + 1)).collect();
    expect(&page(&late), &[("timers", "Timers pile up: 12 were due at once, up to 110 ms late")]);
    expect(&page(&late[..9]), &[]);
    let many: Vec<_> = (0..600).map(|i| ("TimerFire", i * 600, 300, None, 0)).collect();
    expect(&page(&many), &[("timers", "Timers pile up: 600 fired within a second")]);
    expect(&page(&many[..400]), &[]);
}

#[test]
fn workers_that_wait_beside_a_full_thread() {
    let with = |working: usize| {
        let mut builder = Builder::new();
        let (idle, work) = (stack(&mut builder, "(idle)", Tag::Idle), stack(&mut builder, "work", Tag::Code));
        builder.profile(thread("main thread", [vec![idle; 50], vec![work; 950]].concat()));
        builder.profile(thread("worker 1", [vec![idle; 1_000 - working], vec![work; working]].concat()));
        told(&builder.finish(Origin::default()))
    };
    let title = "The main thread is busy 95.0 % while its worker is idle 98.0 %".to_owned();
    assert!(with(20).contains(&("idle-workers", title)), "{:?}", with(20));
    assert!(with(200).iter().all(|(rule, _)| *rule != "idle-workers"));
}
