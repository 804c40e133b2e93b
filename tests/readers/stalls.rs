//! Scores stalls that the program found against stalls that a program had built in.
//!
//! Recorded programs bracketed every call that they made on purpose with the clock that the profile
//! uses. A call of at least 50 ms is a true stall; so are the two adjacent timers of the program
//! `stalls`, 30 and 45 ms, which are one stall for whoever waits.

use std::fmt::Write as _;

use serde_json::Value;

/// Shortest stretch that is a stall, in nanoseconds.
const THRESHOLD_NS: i128 = 50_000_000;

/// What a recording holds.
pub(crate) struct Truth {
    /// Calls that must be found.
    pub(crate) stalls: Vec<Call>,
    /// Every bracketed call, as far as the file lists them.
    calls: Vec<Call>,
    /// What to expect: `stalls`, `loop busy, no stall` or `no stall`.
    pub(crate) expectation: String,
}

/// A call whose begin and end were measured, in nanoseconds of the profile's clock.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The function that would have to change.
    pub(crate) function: String,
    /// Helpers that only this function calls: blaming one of them is right as well.
    also: Vec<String>,
    start: i128,
    length: i128,
}

impl Call {
    fn end(&self) -> i128 {
        self.start + self.length
    }

    fn is_named(&self, name: &str) -> bool {
        self.function == name || self.also.iter().any(|other| other == name)
    }
}

/// A stall of the program's JSON.
#[derive(Debug, Clone, Default)]
pub(crate) struct Finding {
    start: i128,
    length: i128,
    is_stall: bool,
    pub(crate) culprit: String,
    path: Vec<String>,
}

impl Finding {
    fn end(&self) -> i128 {
        self.start + self.length
    }

    fn overlap(&self, call: &Call) -> i128 {
        (self.end().min(call.end()) - self.start.max(call.start)).max(0)
    }
}

/// How findings and truth agree.
#[derive(Debug, Default)]
pub(crate) struct Score {
    pub(crate) truths: usize,
    pub(crate) inside: usize,
    pub(crate) on_path: usize,
    pub(crate) blamed: usize,
    pub(crate) found: usize,
    pub(crate) loop_busy: u64,
    /// Findings that hold no true stall, each with what it does hold.
    pub(crate) extra: Vec<String>,
    /// True stalls that were missed or misnamed.
    pub(crate) missed: Vec<String>,
    /// Errors of length with what may be allowed for each, in nanoseconds.
    errors: Vec<(i128, i128)>,
}

impl Truth {
    /// From `ground_truth_stalls` of a corpus entry.
    ///
    /// # Errors
    /// Says what the entry lacks.
    pub(crate) fn of_index(truth: &Value) -> Result<Self, String> {
        let mut stalls = Vec::new();
        for item in truth["list"].as_array().ok_or("no list of stalls")? {
            let mut call = call(item, &Value::Null)?;
            if item["origin"].as_str().is_some_and(|o| o.ends_with("(pair)")) {
                // The list has the second of the pair; the sum of both is with the function.
                let both = micros(&truth["functions"][&call.function]["total_us"])?;
                call = Call { start: call.end() - both, length: both, ..call };
            }
            if call.length >= THRESHOLD_NS {
                stalls.push(call);
            }
        }
        let expectation = if stalls.is_empty() { "loop busy, no stall" } else { "stalls" };
        Ok(Self { calls: stalls.clone(), stalls, expectation: expectation.into() })
    }

    /// From a `*.truth.json` beside a recording.
    ///
    /// # Errors
    /// Says what the file lacks.
    pub(crate) fn of_file(text: &str) -> Result<Self, String> {
        let truth: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let list = truth["calls"].as_array().ok_or("no list of calls")?;
        let calls = list.iter().map(|item| call(item, &truth["also"])).collect::<Result<Vec<_>, _>>()?;
        let stalls = calls.iter().filter(|c| c.length >= THRESHOLD_NS).cloned().collect();
        let expectation = truth["expectation"].as_str().ok_or("no expectation")?.to_owned();
        Ok(Self { stalls, calls, expectation })
    }
}

fn call(item: &Value, also: &Value) -> Result<Call, String> {
    let function = item["function"].as_str().ok_or("a call without a function")?.to_owned();
    let helpers = also[&function].as_array().into_iter().flatten();
    Ok(Call {
        also: helpers.filter_map(|h| h.as_str().map(str::to_owned)).collect(),
        function,
        start: micros(&item["start_us"])?,
        length: micros(&item["dur_us"])?,
    })
}

fn micros(value: &Value) -> Result<i128, String> {
    value.as_i64().map(|us| i128::from(us) * 1000).ok_or_else(|| format!("not a time: {value}"))
}

/// The findings of a JSON line, of every thread, with the number of busy stretches.
pub(crate) fn findings(line: &Value) -> (Vec<Finding>, u64) {
    let threads = || line["stalls"].as_array().into_iter().flatten();
    let finding = |item: &Value| Finding {
        start: item["start_ns"].as_i64().unwrap_or(0).into(),
        length: item["duration_ns"].as_i64().unwrap_or(0).into(),
        is_stall: item["kind"] == "stall",
        culprit: item["culprit"]["name"].as_str().unwrap_or_default().to_owned(),
        path: item["path"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|p| p["name"].as_str().map(str::to_owned))
            .collect(),
    };
    let all = threads().flat_map(|t| t["worst"].as_array().into_iter().flatten()).map(finding).collect();
    (all, threads().filter_map(|t| t["loop_busy_count"].as_u64()).sum())
}

/// What the profile can know of time.
pub(crate) struct Clock<'a> {
    /// Moments of its samples in order, in nanoseconds.
    pub(crate) moments: &'a [i128],
    /// Its sampling interval, in nanoseconds.
    pub(crate) interval: i128,
}

impl Clock<'_> {
    /// Whether no sample lies strictly between two moments, so that nobody can tell them apart.
    fn cannot_tell(&self, a: i128, b: i128) -> bool {
        let (from, to) = (a.min(b), a.max(b));
        self.moments.get(self.moments.partition_point(|&t| t <= from)).is_none_or(|&t| t >= to)
    }

    /// Whether a call lies inside a finding. A boundary may be off by one sampling interval and 5 % of
    /// the call, and by as much as the sampler was late there.
    fn is_inside(&self, found: &Finding, call: &Call) -> bool {
        let allowed = self.allowed(call);
        let begins = found.start <= call.start + allowed || self.cannot_tell(call.start, found.start);
        let ends = call.end() <= found.end() + allowed || self.cannot_tell(found.end(), call.end());
        begins && ends
    }

    fn allowed(&self, call: &Call) -> i128 {
        self.interval + call.length / 20
    }
}

/// Compares findings with the truth.
pub(crate) fn score(truth: &Truth, all: &[Finding], loop_busy: u64, clock: &Clock<'_>) -> Score {
    let stalls: Vec<&Finding> = all.iter().filter(|f| f.is_stall).collect();
    let mut score = Score { truths: truth.stalls.len(), found: stalls.len(), loop_busy, ..Score::default() };
    for call in &truth.stalls {
        let Some(found) = stalls.iter().max_by_key(|f| f.overlap(call)).filter(|f| f.overlap(call) > 0) else {
            score.missed.push(format!("{} of {} is in no finding", call.function, ms(call.length)));
            continue;
        };
        let inside = clock.is_inside(found, call);
        let on_path = found.path.contains(&call.function);
        let blamed = call.is_named(&found.culprit);
        score.inside += usize::from(inside);
        score.on_path += usize::from(on_path);
        score.blamed += usize::from(blamed);
        score.errors.push((found.length - call.length, clock.allowed(call)));
        if !(inside && on_path && blamed) {
            let place = if inside { "inside" } else { "not inside" };
            score.missed.push(format!(
                "{} of {} is {place} a finding of {} that blames `{}` on {:?}",
                call.function,
                ms(call.length),
                ms(found.length),
                found.culprit,
                found.path
            ));
        }
    }
    let held = |f: &Finding| truth.stalls.iter().map(|c| f.overlap(c)).sum::<i128>();
    score.extra = stalls.iter().filter(|f| held(f) * 2 < f.length).map(|f| explain(truth, f)).collect();
    score
}

impl Score {
    /// Median and largest error of length, in nanoseconds.
    pub(crate) fn errors(&self) -> Option<(i128, i128)> {
        let mut sizes: Vec<i128> = self.errors.iter().map(|(error, _)| error.abs()).collect();
        sizes.sort_unstable();
        let largest = self.errors.iter().map(|e| e.0).max_by_key(|e| e.abs())?;
        Some((*sizes.get(sizes.len() / 2)?, largest))
    }

    /// Whether the median error is at most one sampling interval and 5 % of the call.
    pub(crate) fn lengths_are_right(&self) -> bool {
        let mut over: Vec<i128> = self.errors.iter().map(|(error, allowed)| error.abs() - allowed).collect();
        over.sort_unstable();
        over.get(over.len() / 2).is_none_or(|&median| median <= 0)
    }

    /// One line for people, with what was missed and what was too much below it.
    pub(crate) fn report(&self, name: &str) -> String {
        let (median, largest) = self.errors().unwrap_or_default();
        let mut text = format!(
            "{name}: {} true, {} found, {} inside, {} on the path, {} blamed, {} busy stretches; length error median {}, largest {}",
            self.truths,
            self.found,
            self.inside,
            self.on_path,
            self.blamed,
            self.loop_busy,
            ms(median),
            ms(largest)
        );
        for line in self.missed.iter().chain(&self.extra) {
            write!(text, "\n    {line}").expect("a string can be written to");
        }
        text
    }
}

/// What a finding without a true stall holds: often short calls that follow each other at once.
fn explain(truth: &Truth, finding: &Finding) -> String {
    let within: Vec<String> = truth
        .calls
        .iter()
        .filter(|c| finding.overlap(c) > 0)
        .map(|c| format!("{} {}", c.function, ms(c.length)))
        .collect();
    format!(
        "extra: {} at {} blames `{}`; bracketed calls in it: {}",
        ms(finding.length),
        ms(finding.start),
        finding.culprit,
        within.join(", ")
    )
}

fn ms(ns: i128) -> String {
    format!("{:.1} ms", ns as f64 / 1e6)
}

#[test]
fn scores_by_hand() {
    let text = r#"{"expectation":"stalls","also":{"slow":["helper"]},"calls":[
        {"function":"slow","origin":"timer","start_us":1000000,"dur_us":100000},
        {"function":"late","origin":"timer","start_us":2000000,"dur_us":60000},
        {"function":"short","origin":"timer","start_us":3000000,"dur_us":30000}]}"#;
    let truth = Truth::of_file(text).expect("the truth is whole");
    assert_eq!(truth.stalls.len(), 2);
    let finding = |start_us: i128, us: i128, culprit: &str| Finding {
        start: start_us * 1000,
        length: us * 1000,
        is_stall: true,
        culprit: culprit.into(),
        path: vec!["slow".into(), "helper".into()],
    };
    let all = [finding(999_000, 103_000, "helper"), finding(3_000_000, 55_000, "short")];
    let clock = Clock { moments: &[], interval: 1_000_000 };
    let score = score(&truth, &all, 0, &clock);
    assert_eq!((score.truths, score.inside, score.on_path, score.blamed, score.extra.len()), (2, 1, 1, 1, 1));
    assert!(score.missed[0].starts_with("late of 60.0 ms is in no finding"));
    assert!(score.lengths_are_right());
}

#[test]
fn a_late_sampler_cannot_know_a_boundary() {
    let call = Call { function: "slow".into(), also: Vec::new(), start: 1_000_000, length: 100_000_000 };
    let found = Finding { start: 9_000_000, length: 92_000_000, is_stall: true, ..Finding::default() };
    let inside = |moments: &[i128]| Clock { moments, interval: 1_000_000 }.is_inside(&found, &call);
    assert!(inside(&[0, 17_000_000]));
    assert!(!inside(&[0, 2_000_000, 17_000_000]));
}

#[test]
fn an_adjacent_pair_is_one_stall() {
    let truth: Value = serde_json::json!({
        "functions": { "sortLedger": { "n": 2, "total_us": 76_000 } },
        "list": [{ "function": "sortLedger", "origin": "Timeout(pair)", "start_us": 1_030_000, "dur_us": 46_000 }],
    });
    let truth = Truth::of_index(&truth).expect("the truth is whole");
    assert_eq!((truth.stalls[0].start, truth.stalls[0].length), (1_000_000_000, 76_000_000));
}
