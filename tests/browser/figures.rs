//! Figures as people read them, turned back into numbers.

/// A number that was printed, and how coarse the print is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure {
    /// Nanoseconds, bytes, percent, or a count.
    value: f64,
    /// Distance to the next number that could have been printed.
    step: f64,
}

impl Figure {
    /// Reads `1.33 s`, `−12.5`, `4.02 MiB`, `1,954`, `38.2 %` or `< 0.1 %`. A unit that is not
    /// known is a word of the file's own for what it counts.
    pub(crate) fn of(text: &str) -> Figure {
        let plain: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        let plain = plain.trim();
        if let Some(bound) = plain.strip_prefix("< ") {
            // Whatever rounds to nothing, to either side of it.
            return Figure { value: 0.0, step: Figure::of(bound).value };
        }
        let end = plain.find(|c: char| !(c.is_ascii_digit() || "−+-.,".contains(c))).unwrap_or(plain.len());
        let (digits, unit) = plain.split_at(end);
        let digits = digits.replace(',', "").replace('−', "-");
        let value: f64 = digits.parse().unwrap_or_else(|_| panic!("{text:?} is no figure"));
        let decimals = digits.split_once('.').map_or(0, |(_, after)| after.len());
        // More words may follow: `5.03 s not idle`.
        let factor = factor(unit.split_whitespace().next().unwrap_or_default().trim_end_matches(','));
        Figure { value: value * factor, step: factor * 10f64.powi(-(decimals as i32)) }
    }

    /// Whether it is what is printed of this number.
    pub(crate) fn is(self, exact: f64) -> bool {
        (self.value - exact).abs() <= self.step * 0.501
    }

    /// Whether it is this number but for the last digit, which sums that must add up give way in.
    pub(crate) fn is_nearly(self, exact: f64) -> bool {
        (self.value - exact).abs() <= self.step * 1.001
    }
}

fn factor(unit: &str) -> f64 {
    match unit {
        "s" => 1e9,
        "ms" => 1e6,
        "µs" => 1e3,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        _ => 1.0,
    }
}

#[test]
fn figures_are_read_as_they_are_printed() {
    assert!(Figure::of("1.33\u{202f}s").is(1_334_900_000.0));
    assert!(!Figure::of("1.33\u{202f}s").is(1_336_000_000.0));
    assert!(Figure::of("1,954").is(1954.0));
    assert!(!Figure::of("1,954").is(1955.0));
    assert!(Figure::of("−420 ms").is(-420_400_000.0));
    assert!(Figure::of("531 KiB").is(543_449.0));
    assert!(Figure::of("38.2 %").is(38.249));
    assert!(Figure::of("< 0.1 %").is(0.01));
    assert!(Figure::of("< 0.1 %").is(-0.01));
    assert!(!Figure::of("< 0.1 %").is(0.06));
    assert!(Figure::of("12.5 lines").is(12.5));
}
