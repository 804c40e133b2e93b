//! How numbers from the worker are written as text. Everything is given; nothing is computed.

use crate::model::vocab::TimeRange;
use crate::protocol::{Amount, Details, FunctionLabel};
use crate::units::{THIN, grouped};

/// The figure of an amount: `1.33 s`; a dash where there is none.
pub fn figure(amount: &Amount) -> String {
    amount.figure.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string)
}

/// `2,710`.
pub fn count(n: u64) -> String {
    grouped(i64::try_from(n).unwrap_or(i64::MAX))
}

/// `1 note`, `3 notes`.
pub fn plural(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// The kind of a function in words.
pub fn kind(label: &FunctionLabel) -> &'static str {
    match label.kind.as_str() {
        "own" => "my code",
        "dependency" => "dependency",
        "runtime" => "runtime",
        "native" => "native",
        "kernel" => "kernel",
        "gc" => "garbage collection",
        "program" => "native or unknown",
        "idle" => "idle",
        _ => "event",
    }
}

/// Name of a function; one without a name says so.
pub fn name(label: &FunctionLabel) -> String {
    name_or_anonymous(&label.key.name)
}

/// A name; where there is none, that is said.
pub fn name_or_anonymous(name: &str) -> String {
    if name.is_empty() { "(anonymous)".to_owned() } else { name.to_owned() }
}

/// A function as lines of text, to be copied.
pub fn details_as_text(details: &Details) -> String {
    let (own, total) = &details.everywhere;
    let line = |what: &str, amount: &Amount| format!("{what}\t{}\t{}", figure(amount), amount.share_and_samples());
    let label = &details.label;
    [format!("{}\t{}", name(label), label.place), line("self", own), line("total", total)].join("\n")
}

/// A stretch of time in one unit: `1.20–3.45 s`, `436–856 ms`. Both ends get as many decimals as
/// the length needs to be told.
pub fn time_range(range: TimeRange) -> String {
    let length_ns = range.to_ns.saturating_sub(range.from_ns).max(1) as f64;
    let (unit_ns, unit) = match range.to_ns.max(range.from_ns.saturating_abs()) {
        ns if ns >= 1_000_000_000 => (1e9, "s"),
        ns if ns >= 1_000_000 => (1e6, "ms"),
        ns if ns >= 1_000 => (1e3, "µs"),
        _ => (1.0, "ns"),
    };
    // Two significant digits of the length, and at least two decimals of a second.
    let digits = (2.0 - js_sys::Math::log10(length_ns / unit_ns)).ceil().clamp(0.0, 9.0) as usize;
    let digits = if unit == "s" { digits.max(2) } else { digits };
    let end = |ns: i64| format!("{:.digits$}", ns as f64 / unit_ns).replace('-', "\u{2212}");
    format!("{}–{}{THIN}{unit}", end(range.from_ns), end(range.to_ns))
}

/// Why a format was recognised, without the title that it may end with.
pub fn why<'a>(why: &'a str, title: &str) -> &'a str {
    let (reason, end) = why.rsplit_once(": ").unwrap_or((why, ""));
    if end.eq_ignore_ascii_case(title) { reason } else { why }
}

/// A size as files are listed: `212 MB` (of 1,000,000 bytes).
pub fn file_size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        b if b >= 1_000_000_000 => (1e9, "GB"),
        b if b >= 1_000_000 => (1e6, "MB"),
        b if b >= 1_000 => (1e3, "kB"),
        _ => return format!("{bytes}{THIN}B"),
    };
    let value = bytes as f64 / unit;
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$}{THIN}{name}")
}

/// Bytes read per second, `164 MB/s`; empty before there is anything to say.
pub fn speed(read: u64, millis: f64) -> String {
    if read == 0 || millis < 1.0 {
        return String::new();
    }
    let per_second = read as f64 * 1000.0 / millis;
    format!("{}/s", file_size(per_second as u64))
}

/// Milliseconds as seconds: `0.82 s`.
pub fn seconds(millis: f64) -> String {
    format!("{:.2}{THIN}s", millis / 1000.0)
}

/// The first bytes of a file, 16 a line: offset, hexadecimal, and what is printable.
pub fn hex_lines(bytes: &[u8]) -> Vec<(String, String, String)> {
    let line = |(index, chunk): (usize, &[u8])| {
        let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String = chunk.iter().map(|&byte| printable(byte)).collect();
        (format!("{:04x}", index * 16), hex.join(" "), text)
    };
    bytes.chunks(16).enumerate().map(line).collect()
}

fn printable(byte: u8) -> char {
    if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '·' }
}
