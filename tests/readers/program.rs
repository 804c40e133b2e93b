//! What the program prints, as [`Reading`]s, and the comparison with an independent reader's.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Cost, Function, Reading, States, exact};
use crate::common::{Tally, clip};

/// The profiles of a JSON line; weights are times 10^`decimals`, which is the reader's.
///
/// # Errors
/// Says which number is missing or no exact multiple.
pub(crate) fn readings(line: &Value, decimals: u32) -> Result<Vec<Reading>, String> {
    let profiles = line["profiles"].as_array().ok_or("no profiles")?;
    profiles.iter().map(|profile| reading(profile, decimals)).collect()
}

fn reading(profile: &Value, decimals: u32) -> Result<Reading, String> {
    let functions = profile["functions"].as_array().ok_or("no functions")?;
    Ok(Reading {
        value: text(&profile["value"])?,
        unit: text(&profile["unit"])?,
        decimals,
        samples: count(&profile["samples"])?,
        total: weight(&profile["total"], decimals)?,
        start: profile.get("start_ns").map(whole).transpose()?,
        duration: profile.get("duration_ns").map(whole).transpose()?,
        interval: profile.get("interval_ns").map(whole).transpose()?,
        states: profile.get("states").map(states).transpose()?,
        functions: functions.iter().map(|f| function(f, decimals)).collect::<Result<_, _>>()?,
        folded: Vec::new(),
    })
}

fn states(states: &Value) -> Result<States, String> {
    Ok(States {
        before_first: whole(&states["before_first_ns"])?,
        active: whole(&states["active_ns"])?,
        idle: whole(&states["idle_ns"])?,
        gc: whole(&states["gc_ns"])?,
        program: whole(&states["program_ns"])?,
        after_last: whole(&states["after_last_ns"])?,
        late_sample: whole(&states["late_sample_ns"])?,
    })
}

fn function(function: &Value, decimals: u32) -> Result<(Function, Cost), String> {
    let named = Function {
        name: text(&function["name"])?,
        file: function.get("file").map(text).transpose()?,
        line: function.get("line").map(whole).transpose()?,
    };
    let cost = Cost {
        own: weight(&function["self"], decimals)?,
        total: weight(&function["total"], decimals)?,
        own_samples: count(&function["self_samples"])?,
        total_samples: count(&function["total_samples"])?,
    };
    Ok((named, cost))
}

fn text(value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("not a text: {value}"))
}

fn count(value: &Value) -> Result<u64, String> {
    value.as_u64().ok_or_else(|| format!("not a count: {value}"))
}

fn whole(value: &Value) -> Result<i128, String> {
    value.as_i64().map(i128::from).ok_or_else(|| format!("not a whole number: {value}"))
}

/// A number as it is written, times 10^`decimals`.
fn weight(value: &Value, decimals: u32) -> Result<i128, String> {
    let written = if value.is_number() {
        value.to_string()
    } else {
        return Err(format!("not a number: {value}"));
    };
    let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
    let padding = (decimals as usize).checked_sub(fraction.len());
    let digits = padding.map(|zeros| format!("{whole}{fraction}{}", "0".repeat(zeros)));
    digits.and_then(|d| d.parse().ok()).ok_or_else(|| format!("{written} has more than {decimals} decimals"))
}

/// Compares every number of two lists of readings; `ours` is the program's.
pub(crate) fn compare(tally: &mut Tally, name: &str, ours: &[Reading], reader: &[Reading]) {
    tally.number(|| format!("{name}: number of profiles"), &ours.len(), &reader.len());
    for (our, read) in ours.iter().zip(reader) {
        let at = format!("{name} [{}]", read.value);
        tally.hold(our.value == read.value, || format!("{at}: value {}", our.value));
        tally.hold(our.unit == read.unit, || format!("{at}: unit {}, expected {}", our.unit, read.unit));
        tally.number(|| format!("{at}: samples"), &our.samples, &read.samples);
        tally.number(|| format!("{at}: total"), &our.total, &read.total);
        tally.number(|| format!("{at}: start"), &our.start, &read.start);
        tally.number(|| format!("{at}: duration"), &our.duration, &read.duration);
        tally.number(|| format!("{at}: interval"), &our.interval, &read.interval);
        tally.number(|| format!("{at}: states"), &our.states, &read.states);
        tally.equal_numbers(if our.states == read.states && our.states.is_some() { 6 } else { 0 });
        functions(tally, &at, our, read);
    }
}

fn functions(tally: &mut Tally, at: &str, our: &Reading, read: &Reading) {
    const NUMBERS_OF_A_ROW: usize = 4;
    const SHOWN: usize = 5;
    tally.number(|| format!("{at}: number of functions"), &our.functions.len(), &read.functions.len());
    let rows = || our.functions.iter().zip(&read.functions);
    tally.equal_numbers(rows().filter(|(a, b)| a == b).count() * NUMBERS_OF_A_ROW);
    for (row, (ours, reads)) in rows().enumerate().filter(|(_, (a, b))| a != b).take(SHOWN) {
        tally.fail(format!("{at}: function {row} is {ours:?}, expected {reads:?}"));
    }
}

/// Compares folded output with a reader's, byte by byte, and shows the first lines that differ.
pub(crate) fn compare_folded(tally: &mut Tally, name: &str, output: &[u8], read: &Reading) {
    const SHOWN: usize = 3;
    let mut want = read.folded.join("\n");
    if !read.folded.is_empty() {
        want.push('\n');
    }
    if output == want.as_bytes() {
        return tally.equal_numbers(read.folded.len());
    }
    let output = String::from_utf8_lossy(output);
    let at = format!("{name} [{}]", read.value);
    let (ours, reads): (BTreeSet<&str>, BTreeSet<&str>) =
        (output.lines().collect(), read.folded.iter().map(String::as_str).collect());
    tally.number(|| format!("{at}: number of stacks"), &output.lines().count(), &read.folded.len());
    for line in ours.difference(&reads).take(SHOWN) {
        tally.fail(format!("{at}: {} is no stack of the file", clip(line)));
    }
    for line in reads.difference(&ours).take(SHOWN) {
        tally.fail(format!("{at}: the stack {} is missing", clip(line)));
    }
    tally.hold(ours != reads, || format!("{at}: the stacks are right, but their order or the ends of lines are not"));
}

#[test]
fn weights_keep_their_digits() {
    let number = |text: &str| serde_json::from_str::<Value>(text).expect("a number");
    assert_eq!(weight(&number("9007199254740993"), 0), Ok(9_007_199_254_740_993));
    assert_eq!(weight(&number("-12.5"), 3), Ok(-12_500));
    assert!(weight(&number("0.125"), 2).is_err());
    assert_eq!(exact(9_007_199_254_740_993, 0), "9007199254740993");
}
