//! Quantities: what a number measures, and how it is written for people.
//!
//! Figures have three significant digits, a thin no-break space before a quiet unit, and the true
//! minus sign. Everything here is pure text; whoever shows a figure also states its base.

use serde::{Deserialize, Serialize};

/// Thin no-break space between a figure and its unit.
pub const THIN: char = '\u{202f}';

/// What the values of a column measure.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unit {
    /// Nanoseconds.
    Nanos,
    /// Bytes.
    Bytes,
    /// A number of things: samples, calls, objects.
    Count,
    /// The file's own word, kept as it is written there.
    Other(String),
}

impl Unit {
    /// The word used in JSON: `ns`, `bytes`, `count` or the file's own.
    pub fn word(&self) -> &str {
        match self {
            Self::Nanos => "ns",
            Self::Bytes => "bytes",
            Self::Count => "count",
            Self::Other(word) => word,
        }
    }

    /// The unit that a file's word stands for and the factor that turns its numbers into it:
    /// `ms` is nanoseconds times 1,000,000. Unknown words keep their numbers.
    pub fn parse(word: &str) -> (Self, i64) {
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "ns" | "nanosecond" | "nanoseconds" => (Self::Nanos, 1),
            "us" | "µs" | "μs" | "microsecond" | "microseconds" => (Self::Nanos, 1_000),
            "ms" | "millisecond" | "milliseconds" => (Self::Nanos, 1_000_000),
            "s" | "sec" | "second" | "seconds" => (Self::Nanos, 1_000_000_000),
            "b" | "byte" | "bytes" => (Self::Bytes, 1),
            "kb" | "kib" | "kilobyte" | "kilobytes" | "kibibyte" | "kibibytes" => (Self::Bytes, 1 << 10),
            "mb" | "mib" | "megabyte" | "megabytes" | "mebibyte" | "mebibytes" => (Self::Bytes, 1 << 20),
            "gb" | "gib" | "gigabyte" | "gigabytes" | "gibibyte" | "gibibytes" => (Self::Bytes, 1 << 30),
            "" | "count" | "counts" | "samples" | "objects" => (Self::Count, 1),
            _ => (Self::Other(word.to_owned()), 1),
        }
    }
}

/// A measured number as a whole one and its power of ten: small ones keep three digits of a fraction.
pub fn measured(value: f64) -> (i64, u8) {
    let decimals = if value.abs() < 1_000.0 && value.fract() != 0.0 { 3 } else { 0 };
    ((value * if decimals == 3 { 1e3 } else { 1.0 }).round() as i64, decimals)
}

/// A measured number for people; of the unit `share` in percent.
pub fn measured_text(value: f64, unit: &Unit) -> String {
    if unit.word() == "share" {
        return percent_text((value * 1e6) as i64, 1_000_000);
    }
    let (raw, decimals) = measured(value);
    figure(raw, decimals, unit).to_string()
}

/// A figure as it is written: the digits apart from the unit, so that the page can quieten the unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// The digits, with sign: `1.33`, `−12`, `1,954`.
    pub digits: String,
    /// The unit, `""` for plain counts.
    pub unit: String,
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.digits)?;
        if !self.unit.is_empty() {
            write!(f, "{THIN}{}", self.unit)?;
        }
        Ok(())
    }
}

/// `amount` × 10^-`decimals` of `unit`, for people: `1.33 s`, `4.02 MiB`, `1,954`.
pub fn figure(amount: i64, decimals: u8, unit: &Unit) -> Figure {
    let value = amount as f64 / 10f64.powi(i32::from(decimals));
    match unit {
        Unit::Nanos => scaled(value, &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")]),
        Unit::Bytes => scaled(
            value,
            &[
                (1024.0 * 1024.0 * 1024.0 * 1024.0, "TiB"),
                (1024.0 * 1024.0 * 1024.0, "GiB"),
                (1024.0 * 1024.0, "MiB"),
                (1024.0, "KiB"),
                (1.0, "B"),
            ],
        ),
        Unit::Count => Figure { digits: count(amount, decimals), unit: String::new() },
        Unit::Other(word) => Figure { digits: count(amount, decimals), unit: word.clone() },
    }
}

/// Nanoseconds for people.
pub fn nanos(amount: i64) -> Figure {
    figure(amount, 0, &Unit::Nanos)
}

/// A moment, to the microsecond: `1,234.567 ms`.
pub fn moment(at_ns: i64) -> String {
    format!("{}.{:03}{THIN}ms", grouped(at_ns / 1_000_000), (at_ns / 1_000 % 1_000).unsigned_abs())
}

/// `part` of `whole` in percent with one decimal, `None` when there is no whole.
pub fn percent(part: i64, whole: i64) -> Option<f64> {
    (whole != 0).then(|| part as f64 * 100.0 / whole as f64)
}

/// A percentage as it is written: `38.2 %`; below 0.05 but not zero, `< 0.1 %`.
pub fn percent_text(part: i64, whole: i64) -> String {
    match percent(part, whole) {
        None => "–".to_owned(),
        Some(p) if p != 0.0 && p.abs() < 0.05 => format!("< 0.1{THIN}%"),
        Some(p) => format!("{}{THIN}%", minus(&format!("{p:.1}"))),
    }
}

/// An integer with thousands separated by commas, exact at any size.
pub fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if n < 0 {
        out.push('\u{2212}');
    }
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// The exact decimal number `amount` × 10^-`decimals`, in ASCII: `-12.5`, `9007199254740993`.
pub fn exact(amount: impl Into<i128>, decimals: u8) -> String {
    let amount = amount.into();
    if decimals == 0 {
        return amount.to_string();
    }
    let width = usize::from(decimals) + 1;
    let digits = format!("{:0width$}", amount.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(decimals));
    let fraction = fraction.trim_end_matches('0');
    let sign = if amount < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn count(amount: i64, decimals: u8) -> String {
    if decimals == 0 {
        return grouped(amount);
    }
    let scale = 10i64.pow(u32::from(decimals.min(18)));
    let rest = exact((amount % scale).abs(), decimals);
    let fraction = rest.strip_prefix('0').unwrap_or("");
    let sign = if amount < 0 && amount / scale == 0 { "\u{2212}" } else { "" };
    format!("{sign}{}{fraction}", grouped(amount / scale))
}

fn scaled(value: f64, steps: &[(f64, &str)]) -> Figure {
    if value == 0.0 {
        return Figure { digits: "0".into(), unit: steps.last().map_or("", |s| s.1).into() };
    }
    // A value that rounds up to the next unit's 1 is written in that unit: 999.6 µs is 1.00 ms.
    let (scale, unit) = steps
        .iter()
        .copied()
        .find(|(scale, _)| value.abs() >= scale * 0.9995)
        .unwrap_or((1.0, steps.last().map_or("", |s| s.1)));
    let v = value / scale;
    let digits = if scale == 1.0 && v.fract() == 0.0 && v.abs() < 1e15 {
        grouped(v as i64)
    } else if v.abs() < 9.995 {
        minus(&format!("{v:.2}"))
    } else if v.abs() < 99.95 {
        minus(&format!("{v:.1}"))
    } else {
        grouped(v.round() as i64)
    };
    Figure { digits, unit: unit.into() }
}

fn minus(text: &str) -> String {
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_significant_digits() {
        let text = |ns| nanos(ns).to_string().replace(THIN, " ");
        assert_eq!(text(0), "0 ns");
        assert_eq!(text(999), "999 ns");
        assert_eq!(text(1_318_699_000), "1.32 s");
        assert_eq!(text(999_960), "1.00 ms");
        assert_eq!(text(16_687_000), "16.7 ms");
        assert_eq!(text(-420_000_000), "\u{2212}420 ms");
        assert_eq!(text(4_260_000_000_000), "4,260 s");
    }

    #[test]
    fn bytes_are_binary() {
        assert_eq!(figure(543_449, 0, &Unit::Bytes).to_string().replace(THIN, " "), "531 KiB");
    }

    #[test]
    fn exact_decimals() {
        assert_eq!(exact(-125, 1), "-12.5");
        assert_eq!(exact(5, 3), "0.005");
        assert_eq!(exact(1200, 2), "12");
        assert_eq!(exact(i64::MIN, 0), "-9223372036854775808");
        assert_eq!(figure(-125, 2, &Unit::Count).to_string(), "\u{2212}1.25");
        assert_eq!(figure(1_234_567_891, 3, &Unit::Count).to_string(), "1,234,567.891");
        assert_eq!(figure(-25, 2, &Unit::Count).to_string(), "\u{2212}0.25");
    }

    #[test]
    fn units_of_files() {
        assert_eq!(Unit::parse("milliseconds"), (Unit::Nanos, 1_000_000));
        assert_eq!(Unit::parse("contentions").0.word(), "contentions");
    }

    #[test]
    fn small_shares_are_not_zero() {
        assert_eq!(percent_text(1, 100_000).replace(THIN, " "), "< 0.1 %");
        assert_eq!(percent_text(0, 100), "0.0\u{202f}%");
        assert_eq!(percent_text(1, 0), "–");
    }
}
