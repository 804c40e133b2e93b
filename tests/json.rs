//! The reader of JSON against another one, `serde_json`: every recording that is JSON, and documents
//! made from seeds, in windows of odd sizes.

mod common;

use culprit::error::{Error, Result};
use culprit::input::json::{Json, Kind, Number};
use culprit::input::{Limits, Source, Window};
use serde_json::Value;

use common::{Tally, corpus, files_below, package, shared};

/// Hands out so many bytes at a time, so that any token may meet the window's end.
struct Dribble {
    bytes: Vec<u8>,
    step: usize,
}

impl Source for Dribble {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> std::io::Result<usize> {
        let rest = &self.bytes[(offset as usize).min(self.bytes.len())..];
        let n = rest.len().min(buf.len()).min(self.step);
        buf[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
}

/// Reads a whole document and compares every value in it; gives the number of values, or the first
/// difference.
fn compared(bytes: &[u8], step: usize, expected: &Value) -> std::result::Result<usize, String> {
    let told = |error: Error| error.to_string();
    let mut window = window(bytes, step);
    let mut json = Json::new(&mut window);
    let mut values = 0;
    let same = value(&mut json, expected, &mut values).map_err(told)?;
    if !same {
        return Err(format!("at {}: another value than {expected:.60}", json.path()));
    }
    json.end().map_err(told)?;
    Ok(values)
}

fn window(bytes: &[u8], step: usize) -> Window {
    let source = Dribble { bytes: bytes.to_vec(), step };
    Window::open(Box::new(source), &Limits::default(), None).expect("memory can be read")
}

/// Whether the next value is the expected one. Documents here are nested a few levels deep, and
/// stops at the first difference.
fn value(json: &mut Json<'_>, expected: &Value, values: &mut usize) -> Result<bool> {
    *values += 1;
    Ok(match expected {
        Value::Object(members) => {
            json.begin_object()?;
            let mut met = 0;
            while let Some(key) = json.next_key()? {
                let Some(member) = members.get(key) else { return Ok(false) };
                met += 1;
                if !value(json, member, values)? {
                    return Ok(false);
                }
            }
            met == members.len()
        }
        // Long lists of numbers have a loop of their own.
        Value::Array(list) if list.iter().all(Value::is_number) => numbers(json, list, values)?,
        Value::Array(list) => {
            json.begin_array()?;
            for element in list {
                if !json.next_element()? || !value(json, element, values)? {
                    return Ok(false);
                }
            }
            !json.next_element()?
        }
        Value::String(text) => json.text()? == text,
        Value::Bool(is_true) => json.bool()? == *is_true,
        Value::Null => json.kind()? == Kind::Null && json.null().is_ok(),
        Value::Number(number) => equals(json.number()?, number),
    })
}

/// A list of numbers, read in batches and scaled; to how many decimals changes from list to list.
fn numbers(json: &mut Json<'_>, list: &[Value], values: &mut usize) -> Result<bool> {
    let decimals = [0, 3, 6, 9][list.len() % 4];
    let mut found = Vec::with_capacity(list.len());
    let bulk = json.batches_of_i64(decimals, |batch, by| found.extend(batch.iter().map(|n| n * by)))?;
    *values += found.len();
    let is_same = |(found, expected): (&i64, &Value)| is_scaled(*found, expected, decimals);
    Ok(bulk.count == list.len() as u64 && found.len() == list.len() && found.iter().zip(list).all(is_same))
}

/// Whether this is the number × 10^`decimals`: what is not whole is rounded, what does not fit is
/// clamped.
fn is_scaled(found: i64, number: &Value, decimals: u8) -> bool {
    if let Some(whole) = number.as_i64() {
        let scaled = i128::from(whole) * 10i128.pow(u32::from(decimals));
        return i128::from(found) == scaled.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    }
    let Some(float) = number.as_f64() else { return false };
    let scaled = (float * 10f64.powi(i32::from(decimals))).clamp(i64::MIN as f64, i64::MAX as f64);
    // Doubles keep 53 bits of a number, and halves may be rounded to either side.
    (found as f64 - scaled).abs() <= 0.5 + scaled.abs() * 2e-15
}

fn equals(found: Number, expected: &serde_json::Number) -> bool {
    match found {
        Number::Int(n) if expected.is_i64() => expected.as_i64() == Some(n),
        Number::Uint(n) if expected.is_u64() => expected.as_u64() == Some(n),
        Number::Int(n) => expected.as_f64().is_some_and(|float| is_near(n as f64, float)),
        Number::Uint(n) => expected.as_f64().is_some_and(|float| is_near(n as f64, float)),
        Number::Float(n) => expected.as_f64().is_some_and(|float| is_near(n, float)),
    }
}

/// Equal but for the last bit: the other reader rounds some doubles to a neighbour.
fn is_near(a: f64, b: f64) -> bool {
    a == b || (a.is_sign_positive() == b.is_sign_positive() && a.to_bits().abs_diff(b.to_bits()) <= 1)
}

/// The files of the repository and of the reference corpus that are JSON by another reader's word.
#[test]
fn recordings_are_read_as_another_reader_reads_them() {
    let mut files = files_below(&package().join("tests/fixtures"));
    files.extend(files_below(&package().join("examples")));
    if let Some(shared) = shared(100) {
        files.extend(corpus(&shared).into_iter().map(|entry| entry.file));
    }
    files.sort();
    files.dedup();
    let mut tally = Tally::default();
    for file in files {
        let bytes = std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let Ok(expected) = serde_json::from_slice::<Value>(&bytes) else { continue };
        tally.file();
        // Single bytes cost time, so that only small files get them.
        let steps: &[usize] = if bytes.len() < 20_000 { &[1, 7, 61] } else { &[4_093, 1 << 20] };
        for &step in steps {
            match compared(&bytes, step, &expected) {
                Ok(values) => tally.equal_numbers(values),
                Err(difference) => tally.fail(format!("{}, {step} bytes at a time: {difference}", file.display())),
            }
        }
    }
    tally.finish("JSON of recordings");
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.roll(list.len() as u64) as usize]
    }
}

/// Writes JSON as no program would, but as the standard allows it.
struct Writer {
    dice: Dice,
    out: String,
}

impl Writer {
    fn space(&mut self) {
        if self.dice.roll(4) == 0 {
            self.out += self.dice.pick(&[" ", "\n", "\r\n\t", "  ", "\t \n "]);
        }
    }

    fn value(&mut self, depth: u64) {
        self.space();
        match self.dice.roll(if depth == 0 { 6 } else { 10 }) {
            0 => self.out += self.dice.pick(&["true", "false", "null"]),
            1..3 => self.text(),
            3..6 => self.number(),
            6 => self.integers(),
            7 => self.array(depth),
            _ => self.object(depth),
        }
        self.space();
    }

    fn array(&mut self, depth: u64) {
        self.out.push('[');
        for i in 0..self.dice.roll(6) {
            self.comma(i);
            self.value(depth - 1);
        }
        self.space();
        self.out.push(']');
    }

    fn object(&mut self, depth: u64) {
        self.out.push('{');
        self.space();
        for i in 0..self.dice.roll(6) {
            self.comma(i);
            self.space();
            // No key twice: readers differ in which one counts.
            self.out += &format!("\"{i}");
            self.letters();
            self.out.push('"');
            self.space();
            self.out.push(':');
            self.value(depth - 1);
        }
        self.out.push('}');
    }

    fn comma(&mut self, i: u64) {
        if i > 0 {
            self.out.push(',');
        }
    }

    /// A long list as profiles have them: plain whole numbers, now and then something else. Some are
    /// longer than a batch, and some have spaces or lines between their numbers.
    fn integers(&mut self) {
        let longest = self.dice.pick(&["9", "70", "400", "400", "3000"]);
        let between = self.dice.pick(&["", "", "", " ", "\n      "]);
        self.out.push('[');
        for i in 0..self.dice.roll(longest.parse().expect("a number")) {
            self.comma(i);
            self.out += between;
            match self.dice.roll(40) {
                0 => self.number(),
                1 => self.space(),
                _ => {}
            }
            if !self.out.ends_with(|c: char| c.is_ascii_digit()) {
                self.integer();
            }
        }
        self.out.push(']');
    }

    /// Up to 18 digits, all lengths alike.
    fn integer(&mut self) {
        let digits = 10_u64.pow(self.dice.roll(19) as u32);
        let sign = if self.dice.roll(5) == 0 { "-" } else { "" };
        let size = self.dice.roll(1 << 31) << 31 | self.dice.roll(1 << 31);
        self.out += &format!("{sign}{}", size % digits);
    }

    /// Whole numbers at every limit, fractions, exponents of both signs.
    fn number(&mut self) {
        const WHOLE: [&str; 12] = [
            "0",
            "7",
            "10",
            "4294967296",
            "9007199254740993",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "18446744073709551616",
            "123456789012345678901234567890",
            "99999999",
            "100000000",
        ];
        if self.dice.roll(3) == 0 {
            self.out.push('-');
        }
        self.out += self.dice.pick(&WHOLE);
        if self.dice.roll(3) == 0 {
            self.out += self.dice.pick(&[".0", ".5", ".25", ".000", ".10", ".123456789", ".99999999999999999999"]);
        }
        if self.dice.roll(4) == 0 {
            self.out += self.dice.pick(&["e0", "E1", "e+2", "e-3", "E-007", "e+18", "e-40", "e200", "e-200"]);
        }
    }

    fn text(&mut self) {
        self.out.push('"');
        self.letters();
        self.out.push('"');
    }

    fn letters(&mut self) {
        const PARTS: [&str; 16] = [
            "plain",
            "é",
            "漢字",
            "😀",
            "\\\"",
            "\\\\",
            "\\/",
            "\\b",
            "\\f",
            "\\n",
            "\\r",
            "\\t",
            "\\u0041",
            "\\uD83D\\ude00",
            "\\u00e9",
            "node:internal/timers",
        ];
        for _ in 0..self.dice.roll(9) {
            self.out += self.dice.pick(&PARTS);
        }
    }
}

/// Single bytes, odd numbers of them, and everything at once.
const STEPS: [usize; 8] = [1, 3, 13, 63, 64, 65, 997, usize::MAX];

#[test]
fn made_documents_are_read_as_another_reader_reads_them() {
    const DOCUMENTS: u64 = 600;
    let mut tally = Tally::default();
    for seed in 0..DOCUMENTS {
        let mut writer = Writer { dice: Dice(seed), out: String::new() };
        writer.value(6);
        let text = writer.out;
        let expected: Value =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("seed {seed} is no JSON ({e}): {text}"));
        tally.file();
        for step in STEPS {
            match compared(text.as_bytes(), step, &expected) {
                Ok(values) => tally.equal_numbers(values),
                Err(difference) => tally.fail(format!("seed {seed}, {step} bytes at a time: {difference}")),
            }
        }
    }
    tally.finish("made JSON");
}

/// A document in which a few bytes were taken out, doubled or replaced, or whose end is missing;
/// `None` where it is no UTF-8 any more, which readers may repair.
fn damaged(text: &str, dice: &mut Dice) -> Option<Vec<u8>> {
    const BYTES: &[u8] = b",,:[]{}\"\\-+.eE0129 tfnu";
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=dice.roll(2) {
        let at = dice.roll(bytes.len().max(1) as u64) as usize;
        let byte = *bytes.get(at)?;
        match dice.roll(8) {
            0 => bytes.truncate(at),
            1 | 2 => drop(bytes.remove(at)),
            3 | 4 => bytes.insert(at, byte),
            _ => bytes[at] = BYTES[dice.roll(BYTES.len() as u64) as usize],
        }
    }
    std::str::from_utf8(&bytes).is_ok().then_some(bytes)
}

/// Whether our reader takes a document, whatever it holds: value by value, or passing over it.
fn is_taken(bytes: &[u8], step: usize, skips: bool) -> bool {
    let mut window = window(bytes, step);
    let mut json = Json::new(&mut window);
    let read = if skips { json.skip_value() } else { any(&mut json) };
    read.and_then(|()| json.end()).is_ok()
}

fn any(json: &mut Json<'_>) -> Result<()> {
    match json.kind()? {
        Kind::Object => {
            json.begin_object()?;
            while json.next_key()?.is_some() {
                any(json)?;
            }
        }
        Kind::Array => {
            json.begin_array()?;
            while json.next_element()? {
                any(json)?;
            }
        }
        Kind::Text => json.text().map(drop)?,
        Kind::Number => json.number().map(drop)?,
        Kind::Bool => json.bool().map(drop)?,
        Kind::Null => json.null()?,
    }
    Ok(())
}

/// Whether the readers may differ: ours takes control characters in texts and lone surrogates, and
/// passes over escapes and numbers that it would refuse to hand out.
fn may_differ(problem: &serde_json::Error, skips: bool) -> bool {
    let problem = problem.to_string();
    let lenient = ["control character", "surrogate", "unexpected end of hex escape"];
    let unread = ["invalid escape", "number out of range"];
    lenient.iter().any(|word| problem.contains(word)) || skips && unread.iter().any(|word| problem.contains(word))
}

#[test]
fn damaged_documents_are_refused_where_another_reader_refuses_them() {
    const DOCUMENTS: u64 = 1_500;
    let mut tally = Tally::default();
    let mut refused = 0;
    for seed in 0..DOCUMENTS {
        let mut writer = Writer { dice: Dice(seed), out: String::new() };
        writer.value(3);
        let Some(bytes) = damaged(&writer.out, &mut writer.dice) else { continue };
        let verdict = serde_json::from_slice::<Value>(&bytes);
        tally.file();
        refused += usize::from(verdict.is_err());
        for (step, skips) in [(1, false), (1, true), (65, false), (65, true), (usize::MAX, false), (usize::MAX, true)] {
            if verdict.as_ref().is_err_and(|problem| may_differ(problem, skips)) {
                continue;
            }
            tally.equal_numbers(1);
            if is_taken(&bytes, step, skips) != verdict.is_ok() {
                let other = verdict.as_ref().err().map_or_else(|| "takes it".to_owned(), ToString::to_string);
                let text = String::from_utf8_lossy(&bytes);
                tally.fail(format!(
                    "seed {seed}, {step} bytes at a time, skips: {skips}; the other: {other}: {text:.300}"
                ));
            }
        }
    }
    assert!(refused > DOCUMENTS as usize / 4, "damage should be felt: {refused} of {DOCUMENTS} were refused");
    tally.finish("damaged JSON");
}

/// The loop over whole numbers sees no grammar but its own, so damage in long lists is looked at by
/// itself.
#[test]
fn damaged_lists_of_numbers_are_read_or_refused_as_another_reader_does() {
    const LISTS: u64 = 1_500;
    let mut tally = Tally::default();
    for seed in 0..LISTS {
        let mut writer = Writer { dice: Dice(seed), out: String::new() };
        writer.integers();
        let Some(bytes) = damaged(&writer.out, &mut writer.dice) else { continue };
        let verdict = serde_json::from_slice::<Value>(&bytes);
        if verdict.as_ref().is_err_and(|problem| problem.to_string().contains("out of range")) {
            continue;
        }
        // Texts and lists in the list are not numbers, which this loop refuses.
        let expected =
            verdict.ok().filter(|value| value.as_array().is_some_and(|list| list.iter().all(Value::is_number)));
        tally.file();
        for step in STEPS {
            let mut window = window(&bytes, step);
            let mut json = Json::new(&mut window);
            let mut values = 0;
            let list = expected.as_ref().and_then(Value::as_array);
            let read = numbers(&mut json, list.map_or(&[], Vec::as_slice), &mut values);
            let is_same = match (list, read.and_then(|same| json.end().map(|()| same))) {
                (Some(_), Ok(same)) => same,
                (None, Err(_)) => true,
                _ => false,
            };
            tally.equal_numbers(values);
            if !is_same {
                let text = String::from_utf8_lossy(&bytes);
                let verdict = if list.is_some() { "takes" } else { "refuses" };
                tally.fail(format!("seed {seed}, {step} bytes at a time; the other reader {verdict} it: {text:.300}"));
            }
        }
    }
    tally.finish("damaged lists");
}
