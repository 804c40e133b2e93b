//! Compares a [`Reading`], whoever made it, with the numbers of an `index.json`.
//!
//! Where a rule differs from the index's the difference is worked out, never tolerated: the index
//! gives the last sample of a V8 profile no time, so the time that it owns here is taken away.

use serde_json::Value;

use super::{Cost, Reading, cpuprofile, exact, heapprofile, prof, unit, zerox};
use crate::common::Tally;

/// The numbers of a V8 profile that the program prints.
pub(crate) fn v8(tally: &mut Tally, name: &str, reading: &Reading, facts: &cpuprofile::Profile, expected: &Value) {
    let mut number = |what: &str, got: i128, key: &Value| {
        if let Some(want) = key.as_i64() {
            tally.number(|| format!("{name}: {what}"), &got, &want.into());
        }
    };
    let Some(states) = reading.states else {
        return tally.fail(format!("{name}: no states"));
    };
    let (last_key, last_ns) = facts.last.clone().unwrap_or_default();
    let without_last = |key: &str, ns: i128| if key == last_key { ns - last_ns } else { ns };
    // The index goes by the name alone: a function that is really called so is in its sum.
    let namesakes = |name: &str| reading.by_name(name).iter().map(|c| c.own).sum::<i128>();
    let pseudo = |name: &str, ns: i128| without_last(&format!("{name}||-1"), ns) + namesakes(name);
    number("samples", reading.samples.into(), &expected["samples"]);
    number("duration", micros(reading.duration.unwrap_or(-1)), &expected["duration_us"]);
    let sampled = states.active + states.idle + states.gc + states.program - last_ns;
    number("sampled", micros(sampled) - last_is_late_us(name), &expected["sampled_us"]);
    number("first delta", micros(states.before_first), &expected["first_delta_us"]);
    number("idle", micros(pseudo("(idle)", states.idle)), &expected["idle_us"]);
    number("program", micros(pseudo("(program)", states.program)), &expected["program_us"]);
    number("gc", micros(pseudo("(garbage collector)", states.gc)), &expected["gc_us"]);

    let listed = expected["self_us_forward"].as_array().map_or(&[][..], Vec::as_slice);
    let own = |wanted: &str| -> i128 {
        let rows = reading.functions.iter().filter(|(f, _)| cpuprofile::key(f) == wanted);
        let functions: i128 = rows.map(|(_, cost)| cost.own).sum();
        functions
            + match wanted {
                "(idle)||-1" => states.idle,
                "(program)||-1" => states.program,
                "(garbage collector)||-1" => states.gc,
                _ => 0,
            }
    };
    for row in listed {
        let key = row[0].as_str().unwrap_or_default();
        number(&format!("self of {key}"), micros(without_last(key, own(key))), &row[1]);
    }
    // The list holds the eight largest: nothing that is missing in it may be larger.
    let smallest = listed.iter().filter_map(|row| row[1].as_i64()).min().map_or(i128::MAX, i128::from);
    let keys: Vec<&str> = listed.iter().filter_map(|row| row[0].as_str()).collect();
    for (function, cost) in &reading.functions {
        let key = cpuprofile::key(function);
        let larger = micros(without_last(&key, cost.own)) > smallest;
        tally.hold(!larger || keys.contains(&key.as_str()), || {
            format!("{name}: {key} has more self time than the index lists")
        });
    }
}

/// What the entry of a derived file copies from the file that it was made of: its last sample was made
/// late by 3 ms, and the length between first and last sample is still the original's.
fn last_is_late_us(name: &str) -> i128 {
    if name.ends_with("derived-negative-deltas.cpuprofile") { 3_000 } else { 0 }
}

/// The numbers of a V8 profile that only its own content gives.
pub(crate) fn v8_file(tally: &mut Tally, name: &str, facts: &cpuprofile::Profile, expected: &Value) {
    let mut number = |what: &str, got: i128, key: &Value| {
        if let Some(want) = key.as_i64() {
            tally.number(|| format!("{name}: {what}"), &got, &want.into());
        }
    };
    number("nodes", facts.nodes as i128, &expected["nodes"]);
    number("depth", facts.depth_max as i128, &expected["max_depth"]);
    number("first delta", facts.first_delta_us, &expected["first_delta_us"]);
    number("largest delta", facts.delta_max_us, &expected["max_delta_us"]);
    number("negative deltas", facts.negative_deltas.into(), &expected["negative_deltas"]);
    number("hit counts", facts.hit_count_sum, &expected["hit_count_sum"]);
    for row in expected["self_us_estimated"].as_array().into_iter().flatten() {
        let key = row[0].as_str().unwrap_or_default();
        let rows = facts.reading.functions.iter().filter(|(f, _)| cpuprofile::key(f) == key);
        let idle = facts.reading.states.filter(|_| key == "(idle)||-1").map_or(0, |s| s.idle);
        number(
            &format!("estimated self of {key}"),
            micros(rows.map(|(_, cost)| cost.own).sum::<i128>() + idle),
            &row[1],
        );
    }
    for row in expected["self_us_backward"].as_array().into_iter().flatten() {
        let key = row[0].as_str().unwrap_or_default();
        number(&format!("backward self of {key}"), facts.backward_us.get(key).copied().unwrap_or(0), &row[1]);
    }
}

/// The numbers of a heap profile that the program prints.
pub(crate) fn heap(
    tally: &mut Tally,
    name: &str,
    readings: &[Reading],
    facts: &heapprofile::Profile,
    expected: &Value,
) {
    let Some(size) = readings.first() else {
        return tally.fail(format!("{name}: nothing was read"));
    };
    if let Some(want) = expected["total_self_bytes"].as_i64() {
        tally.number(|| format!("{name}: bytes"), &size.total, &want.into());
    }
    if let Some(want) = expected["samples"].as_u64() {
        tally.number(|| format!("{name}: samples"), &(size.samples + facts.left_out), &want);
        tally.number(
            || format!("{name}: sum of samples"),
            &readings.last().map(|r| r.total),
            &Some(size.samples.into()),
        );
    }
    let key = |f: &super::Function| format!("{}|{}", f.name, f.file.as_deref().unwrap_or_default());
    for row in expected["top_self"].as_array().into_iter().flatten() {
        let wanted = row[0].as_str().unwrap_or_default();
        let own = size.functions.iter().filter(|(f, _)| key(f) == wanted).map(|(_, cost)| cost.own).sum::<i128>();
        tally.number(|| format!("{name}: self of {wanted}"), &Some(own), &row[1].as_i64().map(i128::from));
    }
}

/// The numbers of a heap profile that only its own content gives.
pub(crate) fn heap_file(tally: &mut Tally, name: &str, facts: &heapprofile::Profile, expected: &Value) {
    let mut number = |what: &str, got: i128, key: &Value| {
        if let Some(want) = key.as_i64() {
            tally.number(|| format!("{name}: {what}"), &got, &want.into());
        }
    };
    number("nodes", facts.nodes as i128, &expected["nodes"]);
    number("depth", facts.depth_max as i128, &expected["max_depth"]);
    number("largest id", facts.id_max, &expected["max_node_id"]);
    number("samples", facts.samples.into(), &expected["samples"]);
    number("bytes of samples", facts.samples_bytes, &expected["samples_bytes"]);
    number("children of the root", facts.head_children as i128, &expected["head_children"]);
}

/// The numbers of ticks that the program prints. The engine's own processor gives the ticks of waits and
/// collections to what was on the stack, and here they are states: what those hide is added again.
pub(crate) fn prof(tally: &mut Tally, name: &str, reading: &Reading, facts: &prof::Profile, expected: &Value) {
    if let Some(want) = expected["ticks"].as_u64() {
        tally.number(|| format!("{name}: ticks"), &reading.samples, &want);
    }
    for row in expected["top_of_stack"].as_array().into_iter().flatten() {
        let label = row[0].as_str().unwrap_or_default();
        let Some(function) = prof::top(label) else { continue };
        let own = reading.functions.iter().filter(|(f, _)| *f == function).map(|(_, cost)| cost.own_samples);
        let hidden = facts.hidden.get(&function).copied().unwrap_or(0);
        let want = of_function(&facts.tops, &function);
        tally.number(|| format!("{name}: ticks of {label}"), &(own.sum::<u64>() + hidden), &want);
    }
    if let Some(first) = expected["first_line"].as_str() {
        let inside = first.rsplit_once('(').map_or("", |(_, inside)| inside);
        let numbers: Vec<i128> = inside.split(", ").filter_map(|n| n.split(' ').next()?.parse().ok()).collect();
        tally.number(|| format!("{name}: ticks"), &Some(&reading.total), &numbers.first());
        let unknown: i128 = reading.by_name("(unknown)").iter().map(|cost| cost.own).sum();
        tally.number(|| format!("{name}: unaccounted"), &Some(&unknown), &numbers.get(1));
    }
}

/// Ticks of a function however it ran, of which the index lists each by itself.
fn of_function(tops: &std::collections::BTreeMap<String, u64>, function: &super::Function) -> u64 {
    tops.iter().filter(|(label, _)| prof::top(label).as_ref() == Some(function)).map(|(_, ticks)| ticks).sum()
}

/// The numbers of ticks that only the file's own content gives.
pub(crate) fn prof_file(tally: &mut Tally, name: &str, facts: &prof::Profile, expected: &Value) {
    for (kind, want) in expected["lines_by_kind"].as_object().into_iter().flatten() {
        tally.number(|| format!("{name}: lines of {kind}"), &facts.lines.get(kind).copied(), &want.as_u64());
    }
    let mut number = |what: &str, got: u64, key: &Value| {
        if let Some(want) = key.as_u64() {
            tally.number(|| format!("{name}: {what}"), &got, &want);
        }
    };
    number("pieces of code", facts.codes, &expected["code"]);
    number("functions", facts.functions, &expected["functions"]);
    for row in expected["top_of_stack"].as_array().into_iter().flatten() {
        let label = row[0].as_str().unwrap_or_default();
        number(label, facts.tops.get(label).copied().unwrap_or(0), &row[1]);
    }
}

/// The numbers of what 0x writes.
pub(crate) fn zerox(tally: &mut Tally, name: &str, reading: &Reading, facts: &zerox::Profile, expected: &Value) {
    let mut number = |what: &str, got: i128, key: &Value| {
        if let Some(want) = key.as_i64() {
            tally.number(|| format!("{name}: {what}"), &got, &want.into());
        }
    };
    number("ticks", reading.total, &expected["ticks"]);
    number("ticks without frames", facts.empty.into(), &expected["empty"]);
    number("ticks of the merged tree", facts.merged, &expected["merged_value"]);
    number("ticks of the tree", reading.total, &expected["unmerged_value"]);
    for row in expected["top_of_stack"].as_array().into_iter().flatten() {
        let label = row[0].as_str().unwrap_or_default();
        let Some(function) = prof::top(label) else { continue };
        let own = reading.functions.iter().filter(|(f, _)| *f == function).map(|(_, cost)| cost.own_samples);
        number(label, facts.tops.get(label).copied().unwrap_or(0).into(), &row[1]);
        number(label, own.sum::<u64>().into(), &of_function(&facts.tops, &function).into());
    }
}

fn micros(ns: i128) -> i128 {
    assert!(ns % 1000 == 0, "{ns} ns is no whole number of microseconds");
    ns / 1000
}

/// The numbers of a pprof profile: values, totals, what `go tool pprof -top` printed.
pub(crate) fn pprof(tally: &mut Tally, name: &str, readings: &[Reading], expected: &Value) {
    let types: Vec<&str> =
        expected["sample_types"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    tally.number(|| format!("{name}: number of values"), &readings.len(), &types.len());
    for (reading, written) in readings.iter().zip(types) {
        let (value, word) = written.split_once('/').unwrap_or((written, ""));
        let (unit, factor) = unit(word);
        tally.hold(reading.value == value && reading.unit == unit, || {
            format!("{name}: {}/{} for {written}", reading.value, reading.unit)
        });
        if let Some(total) = expected["totals"][written].as_i64() {
            tally.number(|| format!("{name}: total of {written}"), &reading.total, &(i128::from(total) * factor));
        }
        if let Some(samples) = expected["samples_in_file"].as_u64() {
            tally.number(|| format!("{name}: samples"), &reading.samples, &samples);
        }
        pprof_clock(tally, name, reading, expected);
    }
    let chosen = expected["default_sample_type"].as_str().and_then(|t| t.split('/').next());
    if let Some(default) = default_of(readings, chosen.unwrap_or_default()) {
        for line in expected["top8"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            top_line(tally, name, default, line);
        }
    }
}

/// The value that is shown first: the one that the file names, otherwise the last.
pub(crate) fn default_of<'a>(readings: &'a [Reading], named: &str) -> Option<&'a Reading> {
    readings.iter().find(|r| r.value == named).or(readings.last())
}

fn pprof_clock(tally: &mut Tally, name: &str, reading: &Reading, expected: &Value) {
    // Where every sample has its own moment, the moments tell more than the fields that the index has.
    if expected["label_keys"]["end_timestamp_ns"].as_u64() == expected["samples_in_file"].as_u64() {
        return;
    }
    // The index has the first four characters of the duration, in seconds or else in milliseconds.
    if let (Some(head), Some(ns)) = (expected["Duration"].as_str(), reading.duration) {
        let (unit, digits) = if ns >= 1_000_000_000 { (1_000_000_000, 9) } else { (1_000_000, 6) };
        let whole = format!("{}.{:0digits$}", ns / unit, ns % unit);
        tally.number(|| format!("{name}: duration"), &whole.get(..head.len()).unwrap_or_default(), &head);
    }
    let (word, factor) = unit(expected["PeriodType"].as_str().and_then(|t| t.rsplit(' ').next()).unwrap_or_default());
    let period =
        expected["Period"].as_str().and_then(|p| p.parse::<i128>().ok()).filter(|_| word == "ns").map(|p| p * factor);
    tally.number(|| format!("{name}: period"), &reading.interval, &period);
}

/// `800ms 48.78% 48.78% 800ms 48.78% runtime.asyncPreempt`: self, its share, the running sum, total,
/// its share, name. Figures are compared as they are printed there.
fn top_line(tally: &mut Tally, name: &str, reading: &Reading, line: &str) {
    let (columns, function) = top_columns(line);
    top_figures(tally, name, reading, line);
    let costs = reading.by_name(function);
    let own = costs.iter().map(|c| c.own).sum();
    tally.number(|| format!("{name}: share of {function}"), &percent(own, reading.total), &columns[1].to_owned());
    if let [Cost { total, .. }] = costs[..] {
        tally.number(
            || format!("{name}: share of {function}"),
            &percent(*total, reading.total),
            &columns[4].to_owned(),
        );
    }
}

/// The five figures of a line and the name of the function.
fn top_columns(line: &str) -> (Vec<&str>, &str) {
    let mut rest = line;
    let mut columns = Vec::new();
    for _ in 0..5 {
        let (column, after) = rest.trim_start().split_once(' ').unwrap_or((rest, ""));
        columns.push(column);
        rest = after;
    }
    (columns, rest.trim_start().trim_end_matches(" (inline)").trim_end_matches(" (partial-inline)"))
}

/// Self and total of a line of `go tool pprof -top`.
fn top_figures(tally: &mut Tally, name: &str, reading: &Reading, line: &str) {
    let (columns, function) = top_columns(line);
    let costs = reading.by_name(function);
    tally.hold(!costs.is_empty(), || format!("{name}: no function {function}"));
    let own = costs.iter().map(|c| c.own).sum();
    tally.number(|| format!("{name}: self of {function}"), &as_printed(own, columns[0]), &columns[0].to_owned());
    // Functions of one name in several files may share a stack: their totals do not add up.
    if let [Cost { total, .. }] = costs[..] {
        tally.number(
            || format!("{name}: total of {function}"),
            &as_printed(*total, columns[3]),
            &columns[3].to_owned(),
        );
    }
}

/// Recorded output of `go tool pprof -top`: the value that it chose, and self and total of every
/// function that it lists. What has no symbol goes there by its module, `[libc.so.6]` or `<unknown>`,
/// and by module and offset here; its stacks are compared with the output of `-raw`.
pub(crate) fn top(tally: &mut Tally, name: &str, default: &Reading, text: &str) {
    let chosen = text.lines().find_map(|line| line.strip_prefix("Type: ")).unwrap_or_default();
    tally.hold(default.value == chosen, || format!("{name}: {} is chosen, expected {chosen}", default.value));
    let rows = text.lines().skip_while(|line| !line.trim_start().starts_with("flat ")).skip(1);
    let has_symbol = |line: &&str| {
        let function = top_columns(line).1;
        !function.starts_with('[') && function != "<unknown>"
    };
    rows.filter(has_symbol).for_each(|line| top_figures(tally, name, default, line));
}

/// `amount` in the unit of `like`, with two decimals unless they are zero.
fn as_printed(amount: i128, like: &str) -> String {
    const UNITS: [(&str, f64); 7] = [
        ("ms", 1e6),
        ("us", 1e3),
        ("ns", 1.0),
        ("s", 1e9),
        ("kB", 1024.0),
        ("MB", 1_048_576.0),
        ("GB", 1_073_741_824.0),
    ];
    let (suffix, scale) = UNITS.into_iter().find(|(suffix, _)| like.ends_with(suffix)).unwrap_or(("", 1.0));
    if amount == 0 {
        return "0".into();
    }
    let figure = format!("{:.2}", amount as f64 / scale);
    format!("{}{suffix}", figure.strip_suffix(".00").unwrap_or(&figure))
}

/// A share as `go tool pprof` prints it: two decimals, below 1 % two significant digits.
fn percent(part: i128, whole: i128) -> String {
    let share = if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 };
    match share.abs() {
        size if (99.95..=100.05).contains(&size) => "100%".into(),
        size if size >= 1.0 => format!("{share:.2}%"),
        _ => format!("{}%", two_digits(share)),
    }
}

/// Two significant digits without trailing zeros.
fn two_digits(share: f64) -> String {
    if share == 0.0 {
        return "0".into();
    }
    let decimals = (1.0 - share.abs().log10().floor()).max(0.0) as usize;
    let text = format!("{share:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The numbers of folded stacks.
pub(crate) fn folded(tally: &mut Tally, name: &str, readings: &[Reading], expected: &Value) {
    let total = |value: &str| readings.iter().find(|r| r.value == value).map(|r| exact(r.total, r.decimals));
    let sums = [
        ("before", "before"),
        ("after", "after"),
        ("sum", "samples"),
        ("total_weight", "samples"),
        ("samples", "samples"),
    ];
    for (key, value) in sums {
        if let Some(want) = expected[key].as_f64() {
            tally.number(|| format!("{name}: {key}"), &total(value), &Some(want.to_string()));
        }
    }
    if let Some(sum) = expected["metric_sums"][0].as_i64() {
        // The index has austin's own microseconds, or bytes.
        let mode = expected["metadata"]["mode"].as_str().unwrap_or_default();
        let factor = if mode == "memory" { 1 } else { 1000 };
        tally.number(|| format!("{name}: sum of {mode}"), &total(mode), &Some((sum * factor).to_string()));
    }
    let Some(reading) = readings.first() else {
        return tally.fail(format!("{name}: nothing was read"));
    };
    // Lines that a name with a line break tore apart are no stacks.
    let torn = expected["unparsable_lines"].as_u64().unwrap_or(0);
    for key in ["stacks", "lines"] {
        if let Some(want) = expected[key].as_u64().map(|lines| lines - torn) {
            tally.number(|| format!("{name}: {key}"), &reading.samples, &want);
        }
    }
    // A stack without a frame has a weight and no function; the index lists it under the empty name.
    let frameless = reading.total - reading.functions.iter().map(|(_, cost)| cost.own).sum::<i128>();
    let cost = |key: &str, name: &str| -> i128 {
        let costs = reading.by_name(name);
        let sum = |of: fn(&Cost) -> i128| costs.iter().map(|c| of(c)).sum::<i128>();
        let rest = if name.is_empty() { frameless } else { 0 };
        rest + if key == "top_self" { sum(|c| c.own) } else { sum(|c| c.total) }
    };
    for key in ["top_self", "top_total"] {
        for row in expected[key].as_array().into_iter().flatten() {
            let function = row[0].as_str().unwrap_or_default();
            let want = row[1].as_i64().map(i128::from).unwrap_or_default();
            tally.number(|| format!("{name}: {key} of {function}"), &cost(key, function), &want);
        }
    }
}

/// What the importer of speedscope makes of a file, one of its profiles; its unit is turned into ours
/// by `factor`.
///
/// Its frames have a line of their own rule, so functions are compared by name and file. It gives the
/// last sample of a V8 profile no time, and leaves idle samples out.
pub(crate) fn speedscope(tally: &mut Tally, name: &str, reading: &Reading, profile: &Value, factor: i128) {
    for frame in profile["frames"].as_array().into_iter().flatten() {
        let function = frame["name"].as_str().unwrap_or_default();
        let file = frame["file"].as_str().filter(|f| !f.is_empty());
        let same = |f: &super::Function| f.name == plain(function) && f.file.as_deref() == file;
        let rows: Vec<&Cost> = reading.functions.iter().filter(|(f, _)| same(f)).map(|(_, cost)| cost).collect();
        let [cost] = rows[..] else {
            // Annotated names of one function are several frames there; the stacks below tell them apart.
            tally.hold(!rows.is_empty(), || format!("{name}: no function {function}"));
            continue;
        };
        if plain(function) != function {
            continue;
        }
        let want = |key: &str| frame[key].as_i64().map(|n| i128::from(n) * factor);
        tally.number(|| format!("{name}: self of {function}"), &Some(cost.own), &want("self"));
        tally.number(|| format!("{name}: total of {function}"), &Some(cost.total), &want("total"));
    }
    let stacks = profile["folded"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let split = |line: &str| line.rsplit_once(' ').map(|(stack, weight)| (stack.to_owned(), weight.to_owned()));
    for (stack, weight) in stacks.filter_map(split).filter(|(stack, _)| !stack.is_empty()) {
        let want = weight.parse().map(|w: i128| (w * factor).to_string()).unwrap_or(weight);
        let line = format!("{stack} {want}");
        tally.hold(reading.folded.contains(&line), || format!("{name}: no stack {line}"));
        tally.equal_numbers(usize::from(reading.folded.contains(&line)));
    }
}

/// What the importer of speedscope makes of a heap profile. It tells functions apart by their column
/// too, gives those without a name the place as a name, and keeps the root as a frame.
pub(crate) fn speedscope_heap(tally: &mut Tally, name: &str, reading: &Reading, profile: &Value) {
    let mut sums: std::collections::BTreeMap<(String, String, i128), (i128, i128, usize)> = Default::default();
    for frame in profile["frames"].as_array().into_iter().flatten() {
        let text = |key: &str| frame[key].as_str().unwrap_or_default().to_owned();
        let whole = |key: &str| frame[key].as_i64().map_or(0, i128::from);
        let function = text("name");
        if function == "(root)" {
            tally.number(|| format!("{name}: total"), &reading.total, &whole("total"));
            continue;
        }
        let function = if function.starts_with("(anonymous") { "(anonymous)".to_owned() } else { function };
        let sum = sums.entry((function, text("file"), whole("line"))).or_default();
        *sum = (sum.0 + whole("self"), sum.1 + whole("total"), sum.2 + 1);
    }
    tally.hold(!sums.is_empty(), || format!("{name}: no frames"));
    for ((function, file, line), (own, total, frames)) in sums {
        // Lines are the file's there, which count from 0.
        let is_it = |f: &super::Function| {
            f.name == function && f.file.as_deref().unwrap_or_default() == file && f.line.unwrap_or(0) == line + 1
        };
        let rows: Vec<&Cost> = reading.functions.iter().filter(|(f, _)| is_it(f)).map(|(_, cost)| cost).collect();
        let [cost] = rows[..] else {
            tally.hold(own == 0 && total == 0, || format!("{name}: {} functions {function} {file}:{line}", rows.len()));
            continue;
        };
        tally.number(|| format!("{name}: self of {function}"), &cost.own, &own);
        // Several of one name may share a stack.
        if frames == 1 {
            tally.number(|| format!("{name}: total of {function}"), &cost.total, &total);
        }
    }
}

/// A name without the annotation of its kind.
fn plain(name: &str) -> &str {
    ["_[k]", "_[j]", "_[i]"].into_iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name)
}

/// What an index says of a trace: counts of its events, the page's main thread, its long tasks.
pub(crate) fn trace(tally: &mut Tally, name: &str, facts: &super::trace::Facts, expected: &Value) {
    let whole = |value: &Value| value.as_u64();
    if let Some(events) = whole(&expected["events"]) {
        tally.number(|| format!("{name}: events"), &(facts.events as u64), &events);
    }
    for phases in [&expected["by_phase"], &expected["by_ph"]] {
        for (phase, count) in phases.as_object().into_iter().flatten() {
            tally.number(|| format!("{name}: events {phase}"), &facts.by_phase.get(phase).copied(), &whole(count));
        }
    }
    for row in expected["top"].as_array().into_iter().flatten() {
        let of_name = facts.names.get(row[0].as_str().unwrap_or_default()).copied();
        tally.number(|| format!("{name}: {}", row[0]), &of_name, &whole(&row[1]));
    }
    if let Some(main) = expected["renderer_main"].as_object() {
        let want = (main["pid"].to_string(), main["tid"].to_string());
        tally.number(|| format!("{name}: main thread"), &facts.main, &Some(want));
    }
    if let Some(list) = expected["long_tasks_over_50ms"]["list"].as_array() {
        let pair =
            |task: &Value| (task["ts"].as_i64().map_or(0, i128::from), task["dur"].as_i64().map_or(0, i128::from));
        let want: Vec<(i128, i128)> = list.iter().map(pair).collect();
        tally.number(|| format!("{name}: long tasks"), &facts.long_tasks, &want);
    }
    for (bound, ours) in [("ts_min", facts.first_us), ("ts_max", facts.last_us)] {
        if let Some(want) = expected[bound].as_f64() {
            tally.number(|| format!("{name}: {bound}"), &ours, &want);
        }
    }
}

/// Tracks and series of the program's line against what the reader counted.
pub(crate) fn tracks(tally: &mut Tally, name: &str, line: &Value, facts: &super::trace::Facts) {
    let tracks = || line["spans"].as_array().into_iter().flatten();
    let is_thread = |track: &&Value| track["kind"] == "thread";
    tally.number(|| format!("{name}: threads"), &tracks().filter(is_thread).count(), &facts.threads.len());
    for track in tracks().filter(is_thread) {
        // What is no number is the name.
        let id = |id: &Value, name: &Value| {
            id.as_u64().map_or_else(|| name.as_str().unwrap_or("").to_owned(), |n| n.to_string())
        };
        let key = (id(&track["pid"], &track["process"]), id(&track["tid"], &track["name"]));
        let numbers = |track: &Value| {
            Some(super::trace::Track {
                count: track["count"].as_u64()?,
                marks: track["marks"].as_u64()?,
                total: i128::from(track["total_ns"].as_i64()?),
            })
        };
        tally.number(|| format!("{name}: thread {key:?}"), &numbers(track), &facts.threads.get(&key).copied());
        tally.number(
            || format!("{name}: main {key:?}"),
            &(track["main"] == true),
            &(facts.main.as_ref() == Some(&key)),
        );
    }
    let is_overlap = |track: &Value| track["name"].as_str().is_some_and(|name| name.ends_with(", overlapping"));
    let of_operations = tracks().filter(|t| t["kind"] == "async" && !is_overlap(t)).filter_map(|t| t["count"].as_u64());
    tally.number(|| format!("{name}: operations"), &of_operations.sum::<u64>(), &facts.operations);
    let points = line["series"].as_array().into_iter().flatten();
    let of_counters = points.filter(|s| s["name"] != "CPU time of the thread").filter_map(|s| s["points"].as_u64());
    tally.number(
        || format!("{name}: points of counters"),
        &of_counters.sum::<u64>(),
        &facts.counters.values().sum::<u64>(),
    );
}
