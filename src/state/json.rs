//! The little JSON that an address holds: a value, read within a depth, written without blanks.
//!
//! Reading into types by serde costs the page several times this room, and tables for numbers that
//! are a twentieth of its program.

/// Deepest nesting that is read.
const DEPTH_MAX: u32 = 64;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object, in the order of its text.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a whole text; `None` where it is no JSON, or nested too deeply.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let mut reader = Reader { rest: std::str::from_utf8(text).ok()? };
        let value = reader.value(0)?;
        reader.skip_blanks();
        reader.rest.is_empty().then_some(value)
    }

    /// Writes the value behind a text.
    pub(super) fn write(&self, to: &mut String) {
        match self {
            Self::Null => to.push_str("null"),
            Self::Bool(true) => to.push_str("true"),
            Self::Bool(false) => to.push_str("false"),
            Self::Number(digits) => to.push_str(digits),
            Self::Text(text) => write_text(text, to),
            Self::List(items) => {
                to.push('[');
                for (at, item) in items.iter().enumerate() {
                    to.push_str(if at == 0 { "" } else { "," });
                    item.write(to);
                }
                to.push(']');
            }
            Self::Object(fields) => {
                to.push('{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    to.push_str(if at == 0 { "" } else { "," });
                    write_text(name, to);
                    to.push(':');
                    value.write(to);
                }
                to.push('}');
            }
        }
    }
}

fn write_text(text: &str, to: &mut String) {
    to.push('"');
    for letter in text.chars() {
        match letter {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '\u{0}'..='\u{1f}' => {
                let code = letter as u32;
                let digit = |digit| char::from_digit(digit, 16).unwrap_or('0');
                to.push_str("\\u00");
                to.extend([digit(code >> 4), digit(code & 15)]);
            }
            _ => to.push(letter),
        }
    }
    to.push('"');
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    /// Takes a text if it comes next.
    fn takes(&mut self, text: &str) -> bool {
        let behind = self.rest.strip_prefix(text);
        self.rest = behind.unwrap_or(self.rest);
        behind.is_some()
    }

    fn is_next(&mut self, text: &str) -> bool {
        self.skip_blanks();
        self.takes(text)
    }

    /// The nesting is bounded, so this may call itself.
    fn value(&mut self, depth: u32) -> Option<Json> {
        if depth > DEPTH_MAX {
            return None;
        }
        if self.is_next("{") {
            return self
                .items("}", |this| {
                    let name = this.is_next("\"").then(|| this.text())??;
                    let value = this.is_next(":").then(|| this.value(depth + 1))??;
                    Some((name, value))
                })
                .map(Json::Object);
        }
        if self.takes("[") {
            return self.items("]", |this| this.value(depth + 1)).map(Json::List);
        }
        if self.takes("\"") {
            return self.text().map(Json::Text);
        }
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))] {
            if self.takes(word) {
                return Some(value);
            }
        }
        self.number().map(Json::Number)
    }

    /// What stands between commas up to the closing bracket.
    fn items<T>(&mut self, end: &str, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        if self.is_next(end) {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            if self.is_next(end) {
                return Some(items);
            }
            self.takes(",").then_some(())?;
        }
    }

    /// What stands before a closing quote.
    fn text(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            let plain = self.rest.find(['"', '\\']).filter(|end| !self.rest[..*end].contains(|c| c < ' '))?;
            text.push_str(&self.rest[..plain]);
            let is_end = self.rest.as_bytes()[plain] == b'"';
            self.rest = &self.rest[plain + 1..];
            if is_end {
                return Some(text);
            }
            text.push(self.escaped()?);
        }
    }

    /// The character that stands behind a backslash.
    fn escaped(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.rest = &self.rest[letter.len_utf8()..];
        Some(match letter {
            '"' | '\\' | '/' => letter,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let unit = self.four_digits()?;
                if !(0xd800..0xdc00).contains(&unit) {
                    return char::from_u32(unit);
                }
                let low = self.takes("\\u").then(|| self.four_digits())??;
                let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                return char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + low);
            }
            _ => return None,
        })
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.rest.get(..4)?;
        self.rest = &self.rest[4..];
        digits.chars().try_fold(0, |number, digit| Some(number * 16 + digit.to_digit(16)?))
    }

    fn number(&mut self) -> Option<String> {
        let text = self.rest;
        self.takes("-");
        if !self.takes("0") {
            self.digits()?;
        }
        if self.takes(".") {
            self.digits()?;
        }
        if self.takes("e") || self.takes("E") {
            let _ = self.takes("+") || self.takes("-");
            self.digits()?;
        }
        Some(text[..text.len() - self.rest.len()].to_owned())
    }

    /// Passes over one digit or more.
    fn digits(&mut self) -> Option<()> {
        let behind = self.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_any = behind.len() < self.rest.len();
        self.rest = behind;
        is_any.then_some(())
    }
}

/// The number that JSON digits write, to the last bit; beyond 19 digits or some 38 decimals, nearly.
/// `None` where it is too large.
pub(super) fn number(digits: &str) -> Option<f64> {
    let (is_negative, digits) = match digits.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, digits),
    };
    let (digits, power) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let mut power: i32 = power.strip_prefix('+').unwrap_or(power).parse().ok()?;
    let (mut whole, mut is_fraction) = (0_u64, false);
    for digit in digits.bytes() {
        if digit == b'.' {
            is_fraction = true;
        } else if whole < 10_u64.pow(18) {
            whole = whole * 10 + u64::from(digit - b'0');
            power = power.saturating_sub(i32::from(is_fraction));
        } else {
            power = power.saturating_add(i32::from(!is_fraction));
        }
    }
    let size = match power {
        _ if whole == 0 => 0.0,
        -38..0 => quotient(whole, 10_u128.pow(power.unsigned_abs())),
        _ => whole as f64 * 10_f64.powi(power),
    };
    size.is_finite().then_some(if is_negative { -size } else { size })
}

/// A quotient to the last bit: 62 binary digits, the last of which stands for all that follow.
fn quotient(dividend: u64, mut divisor: u128) -> f64 {
    let (mut rest, mut power) = (u128::from(dividend), 0);
    while rest < divisor {
        rest <<= 1;
        power -= 1;
    }
    while rest >= divisor << 1 {
        divisor <<= 1;
        power += 1;
    }
    let mut bits = 0_u64;
    for _ in 0..62 {
        bits <<= 1;
        if rest >= divisor {
            rest -= divisor;
            bits |= 1;
        }
        rest <<= 1;
    }
    bits |= u64::from(rest > 0);
    bits as f64 * 2_f64.powi(power - 61)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dice(seed: &mut u64) -> u64 {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *seed >> 11
    }

    #[test]
    fn numbers_are_read_to_the_last_bit() {
        let mut seed = 1;
        for _ in 0..100_000 {
            let part = dice(&mut seed) as f64 / 9_007_199_254_740_992.0;
            let small = part * 2_f64.powi(-((dice(&mut seed) % 60) as i32));
            let large = part * 2_f64.powi((dice(&mut seed) % 60) as i32);
            for value in [part, small, -large, large.floor()] {
                let digits = format!("{value}");
                if digits.len() < 39 {
                    assert_eq!(number(&digits), Some(value), "{digits}");
                }
            }
        }
        for (digits, value) in [("0", 0.0), ("-0.0", 0.0), ("12.5e-1", 1.25), ("1E+3", 1e3), ("5e-7", 5e-7)] {
            assert_eq!(number(digits), Some(value));
        }
        assert_eq!(number("1e400"), None);
        assert_eq!(number("1e99999999999"), None);
        assert!(
            number("123456789012345678901234567890").is_some_and(|n| (n / 1.2345678901234568e29 - 1.0).abs() < 1e-15)
        );
    }

    /// Checked against a reader for any JSON.
    #[test]
    fn reads_what_is_json_and_nothing_else() {
        let texts = [
            r#"{"a":[1,-2.5e3,"x\"\\\/\b\f\n\r\t\u00e9\ud83d\udd25",null,true,false,{},[]],"":{"b":" "}}"#,
            " [ 1 , { \"a\" : \n2 } ] ",
            "0",
            "\"\u{7f}\"",
            "-0.5E-7",
        ];
        let mut seed = 3;
        for text in texts {
            for round in 0..20_000 {
                let mut bytes = text.as_bytes().to_vec();
                if round > 0 {
                    let at = dice(&mut seed) as usize % bytes.len();
                    bytes[at] = b"{}[]\",:\\u0189-+.eE \nntd\x00\xc3"[dice(&mut seed) as usize % 25];
                }
                let theirs = serde_json::from_slice::<serde_json::Value>(&bytes);
                let ours = Json::read(&bytes);
                let shown = String::from_utf8_lossy(&bytes);
                // A number beyond all bounds is a number all the same.
                let is_huge = theirs.as_ref().is_err_and(|e| e.to_string().contains("out of range"));
                assert!(is_huge || ours.is_some() == theirs.is_ok(), "{shown}: {ours:?} {theirs:?}");
                if let (Some(ours), Ok(theirs)) = (ours, theirs) {
                    let mut again = String::new();
                    ours.write(&mut again);
                    let again: serde_json::Value = serde_json::from_str(&again).expect("what is written is JSON");
                    assert_eq!(again, theirs, "{shown}");
                }
            }
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::read(nested(60).as_bytes()).is_some());
        assert!(Json::read(nested(100_000).as_bytes()).is_none());
    }
}
