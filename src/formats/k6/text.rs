//! The summary as k6 prints it: `name....: avg=46.44ms min=3.01ms`, in any version and among whatever
//! else was printed.
//!
//! Durations and sizes are rounded to what is shown. Left out: progress, and lists of options.

use super::metric::{Checks, Kind, Sums, Thresholds};
use crate::error::{Error, Result};
use crate::formats::{Context, Fit, Head};
use crate::input::{Lines, Window};
use crate::model::Builder;
use crate::units::Unit;

/// The answer of the format: two lines of metrics that nobody else writes.
pub(super) fn detect(head: &Head<'_>) -> Fit {
    if head.bytes.iter().take(512).any(|&b| b < 9) {
        return Fit::No;
    }
    let lines = head.bytes.split(|&b| b == b'\n').map(|line| String::from_utf8_lossy(line));
    let known = lines.filter(|line| metric_line(line).is_some_and(|(name, _)| is_usual(name)));
    if known.take(2).count() == 2 {
        return Fit::Maybe("has lines such as `http_reqs....: 120`: printed summary of k6".into());
    }
    Fit::No
}

/// Metrics that every test has some of.
fn is_usual(name: &str) -> bool {
    let starts = ["http_req", "iteration", "vus", "data_", "checks", "grpc_req", "ws_", "browser_"];
    starts.iter().any(|start| name.starts_with(start))
}

pub(super) fn decode(window: &mut Window, builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    let mut text = Text::default();
    let mut lines = Lines::new(window);
    while let Some(line) = lines.next_line()? {
        text.line(&String::from_utf8_lossy(line.bytes), builder);
    }
    if text.metrics == 0 {
        return Err(Error::whole("it holds no metrics", "Copy the whole summary that k6 prints."));
    }
    text.thresholds.finish(builder);
    text.checks.finish(builder);
    Ok(())
}

#[derive(Debug, Default)]
struct Text {
    /// The metric above, whose parts stand in braces below it.
    above: String,
    /// The metric whose thresholds follow.
    of: String,
    thresholds: Thresholds,
    checks: Checks,
    metrics: u64,
    /// Checks that were just named as broken: how often follows on the next line.
    broken: Option<String>,
}

impl Text {
    #[inline(never)]
    fn line(&mut self, line: &str, builder: &mut Builder) {
        if let Some((name, rest)) = metric_line(line) {
            let name = match name.strip_prefix('{') {
                Some(tags) => format!("{}{{{}", self.above, tags.trim_start()),
                None => {
                    name.clone_into(&mut self.above);
                    name.to_owned()
                }
            };
            if add(&name, rest, builder) {
                self.metrics += 1;
            }
            return;
        }
        let text = line.trim();
        match text.chars().next() {
            Some(mark @ ('✓' | '✗')) => self.marked(mark == '✓', text[mark.len_utf8()..].trim()),
            Some('↳') => self.broken_check(text, builder),
            _ if text.chars().all(|c| c.is_ascii_alphanumeric() || "_{}:,/.".contains(c)) && !text.is_empty() => {
                text.clone_into(&mut self.of);
            }
            _ => {}
        }
    }

    /// A threshold, `'p(95)<500' p(95)=543.77ms`, or a check by its name.
    fn marked(&mut self, is_good: bool, text: &str) {
        if let Some((condition, _)) = text.strip_prefix('\'').and_then(|text| text.split_once('\'')) {
            self.thresholds.add(&self.of, condition, Some(is_good));
        } else if is_good {
            // How often it was made, the text does not tell.
            self.checks.add_passed(text);
        } else {
            self.broken = Some(text.to_owned());
        }
    }

    /// `↳  95% — ✓ 114 / ✗ 6`
    fn broken_check(&mut self, text: &str, builder: &mut Builder) {
        let number = |mark: char| text.split(mark).nth(1)?.split_whitespace().next()?.parse::<f64>().ok();
        if let (Some(name), Some(passes), Some(fails)) = (self.broken.take(), number('✓'), number('✗')) {
            self.checks.add(&name, "", passes, fails, builder);
        }
    }
}

/// Name and values of a line such as `✗ http_reqs......: 120 9.97/s`.
fn metric_line(line: &str) -> Option<(&str, &str)> {
    let text = line.trim_start_matches([' ', '\t', '✓', '✗']);
    let at = text.find("..").or_else(|| text.find(".:"))?;
    let rest = text[at..].trim_start_matches('.');
    let values = rest.strip_prefix(':').filter(|values| values.starts_with(' '))?;
    let name = text[..at].trim_end();
    let is_name = !name.is_empty() && name.len() < 200;
    is_name.then_some((name, values.trim()))
}

/// Adds the values of a metric; `false` when they make no sense.
fn add(name: &str, text: &str, builder: &mut Builder) -> bool {
    let mut sums = Sums::default();
    let mut unit = None;
    let words: Vec<&str> = text.split_whitespace().filter(|word| !matches!(*word, "✓" | "✗" | "out" | "of")).collect();
    if words.first().is_some_and(|word| word.contains('=')) {
        for (key, value) in words.iter().filter_map(|word| word.split_once('=')) {
            let Some((number, of)) = amount(value) else { continue };
            unit.get_or_insert(of);
            sums.numbers.push((key.to_owned(), number));
        }
        let found = !sums.numbers.is_empty();
        if found {
            sums.add(name, Kind::Trend, unit.unwrap_or(Unit::Count), 1.0, builder);
        }
        return found;
    }
    if let Some(share) = words.first().and_then(|word| word.strip_suffix('%')).and_then(|n| n.parse::<f64>().ok()) {
        let counts: Vec<f64> = words[1..].iter().filter_map(|word| word.parse::<f64>().ok()).collect();
        match (counts[..].first(), counts.get(1), text.contains("out of")) {
            (Some(&hits), Some(&all), true) => push(&mut sums, &[("passes", hits), ("fails", all - hits)]),
            (Some(&passes), Some(&fails), false) => push(&mut sums, &[("passes", passes), ("fails", fails)]),
            _ => push(&mut sums, &[("rate", share / 100.0)]),
        }
        sums.add(name, Kind::Rate, Unit::Count, 1.0, builder);
        return true;
    }
    // A size is two words: `22 kB`.
    let (first, rest) = match words[..] {
        [number, size, ..] if bytes_of(size).is_some() => (format!("{number}{size}"), &words[2..]),
        [number, ..] => (number.to_owned(), &words[1..]),
        [] => return false,
    };
    let Some((count, of)) = amount(&first) else { return false };
    sums.numbers.push(("count".to_owned(), count));
    let rate = rest.join("");
    if let Some((rate, _)) = rate.split_once("/s").and_then(|(rate, _)| amount(rate)) {
        sums.numbers.push(("rate".to_owned(), rate));
    }
    sums.add(name, Kind::Counter, of, 1.0, builder);
    true
}

fn push(sums: &mut Sums, numbers: &[(&str, f64)]) {
    sums.numbers.extend(numbers.iter().map(|&(key, number)| (key.to_owned(), number)));
}

/// A number with its unit: `46.44ms`, `1m30.5s`, `22kB`, `120`.
fn amount(text: &str) -> Option<(f64, Unit)> {
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some((number, Unit::Count));
    }
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))?;
    if let Some(factor) = bytes_of(&text[digits..]) {
        return Some((text[..digits].parse::<f64>().ok()? * factor, Unit::Bytes));
    }
    duration(text).map(|ns| (ns, Unit::Nanos))
}

/// Bytes of a unit; k6 counts in thousands.
fn bytes_of(unit: &str) -> Option<f64> {
    let power = ["B", "kB", "MB", "GB", "TB"].iter().position(|known| *known == unit)?;
    Some(1000f64.powi(power as i32))
}

/// Nanoseconds of a duration as Go writes it: parts of falling units.
fn duration(text: &str) -> Option<f64> {
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number = rest[..digits].parse::<f64>().ok()?;
        let unit = &rest[digits..];
        let width = unit.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(unit.len());
        sum += number
            * match &unit[..width] {
                "ns" => 1.0,
                "µs" | "μs" | "us" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3600e9,
                _ => return None,
            };
        rest = &unit[width..];
    }
    (!text.is_empty() && sum.is_finite()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_with_their_units() {
        assert_eq!(amount("46.44ms"), Some((46.44e6, Unit::Nanos)));
        assert_eq!(amount("1m30.5s"), Some((90.5e9, Unit::Nanos)));
        assert_eq!(amount("7.35µs"), Some((7.35e3, Unit::Nanos)));
        assert_eq!(amount("22kB"), Some((22e3, Unit::Bytes)));
        assert_eq!(amount("120"), Some((120.0, Unit::Count)));
        for text in ["", "ms", "1x", "1.2.3ms", "NaN", "-"] {
            assert_eq!(amount(text), None, "{text}");
        }
    }

    #[test]
    fn lines_of_metrics() {
        assert_eq!(metric_line("   ✗ http_reqs......: 120  9/s "), Some(("http_reqs", "120  9/s")));
        assert_eq!(metric_line("  { status:200 }...: avg=1ms"), Some(("{ status:200 }", "avg=1ms")));
        assert_eq!(metric_line("running (0m01.0s), 12/12 VUs"), None);
        assert_eq!(metric_line("see ...: "), None.or(Some(("see", ""))));
    }
}
