//! What a profile says of itself: the fields that stand once.

use super::names::Names;
use super::schema;
use crate::error::{Error, Result};
use crate::formats::common::proto::{Malformed, packed};
use crate::model::{Builder, Extent, Strings};
use crate::units::{self, Unit};

/// Comments that are kept, and the longest piece of each, in bytes.
const COMMENTS_MAX: usize = 50;
const TEXT_BYTES_MAX: usize = 2_000;

/// The fields that stand once. Texts are indices into the string table, 0 where there is none.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) drop_frames: i64,
    pub(super) keep_frames: i64,
    /// Unix nanoseconds, 0 when unknown.
    pub(super) start_ns: i64,
    /// Nanoseconds, 0 when unknown.
    pub(super) duration_ns: i64,
    pub(super) period_type: Option<schema::ValueType>,
    pub(super) period: i64,
    pub(super) comments: Vec<i64>,
    pub(super) default_type: i64,
    pub(super) doc_url: i64,
}

impl Header {
    /// Takes a number; `false` when the field is none of these.
    ///
    /// # Errors
    /// When a second profile begins, which shows by a second start.
    pub(super) fn take(&mut self, field: u32, value: i64, offset: u64) -> Result<bool> {
        match field {
            7 => self.drop_frames = value,
            8 => self.keep_frames = value,
            9 if self.start_ns != 0 => return Err(concatenated(offset)),
            9 => self.start_ns = value,
            10 => self.duration_ns = value,
            12 => self.period = value,
            13 => self.comment(value),
            14 => self.default_type = value,
            15 => self.doc_url = value,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Takes several comments.
    pub(super) fn take_comments(&mut self, list: &[u8]) -> std::result::Result<(), Malformed> {
        for comment in packed(list) {
            self.comment(comment?.cast_signed());
        }
        Ok(())
    }

    fn comment(&mut self, index: i64) {
        if self.comments.len() < COMMENTS_MAX {
            self.comments.push(index);
        }
    }

    /// When the recording was made, as far as the file tells.
    pub(super) fn extent(&self, names: &mut Names, strings: &Strings) -> Extent {
        let interval_ns = self.period_type.and_then(|period| {
            let (unit, factor) = Unit::parse(strings.get(names.id(period.unit)));
            (unit == Unit::Nanos && self.period > 0).then(|| self.period.saturating_mul(factor))
        });
        Extent {
            start_ns: (self.start_ns != 0).then_some(self.start_ns),
            duration_ns: (self.duration_ns > 0).then_some(self.duration_ns),
            interval_ns,
        }
    }

    /// Adds the facts for people; `program` is the mapping of the program itself.
    pub(super) fn facts(&self, names: &mut Names, program: Option<schema::Mapping>, builder: &mut Builder) {
        let mut facts = Vec::new();
        let mut add = |key: &str, text: String| {
            if !text.is_empty() {
                facts.push((key.to_owned(), text));
            }
        };
        if self.start_ns != 0 {
            add("Recorded", date(self.start_ns));
        }
        if self.duration_ns > 0 {
            add("Duration", units::nanos(self.duration_ns).to_string());
        }
        let mut text = |index| short(builder.strings.get(names.id(index)));
        if let Some(period) = self.period_type.filter(|_| self.period > 1) {
            let (unit, factor) = Unit::parse(&text(period.unit));
            let figure = units::figure(self.period.saturating_mul(factor), 0, &unit);
            add("Period", format!("one sample per {figure} of {}", text(period.name)));
        }
        if let Some(program) = program {
            add("Program", text(program.file));
            add("Build id", text(program.build_id));
        }
        for &comment in &self.comments {
            add("Comment", text(comment));
        }
        add("Documentation", text(self.doc_url));
        builder.meta.append(&mut facts);
    }
}

#[cold]
fn concatenated(offset: u64) -> Error {
    Error::at(
        offset,
        "a second profile begins here: several were written one after the other into one file",
        "Open them one by one, or merge them first with go tool pprof -proto.",
    )
}

/// The start of a text, without control characters.
fn short(text: &str) -> String {
    let end = (0..=text.len().min(TEXT_BYTES_MAX)).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let mut out: String = text[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if end < text.len() {
        out.push('…');
    }
    out
}

/// Unix nanoseconds as `2026-11-22 07:59:44 UTC`.
fn date(unix_ns: i64) -> String {
    let seconds = unix_ns.div_euclid(1_000_000_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{:02} UTC", second % 60)
}

/// Year, month and day of a number of days since 1970-01-01. Moments of 64 bits lie within 300 years.
fn civil(days: i64) -> (i64, usize, i64) {
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let year_days = |year| 365 + i64::from(is_leap(year));
    let (mut year, mut day) = (1970, days);
    while day < 0 {
        year -= 1;
        day += year_days(year);
    }
    while day >= year_days(year) {
        day -= year_days(year);
        year += 1;
    }
    let february = 28 + i64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (year, month, day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(1_704_067_200_000_000_000), "2024-01-01 00:00:00 UTC");
        assert_eq!(date(951_782_399_999_999_999), "2000-02-28 23:59:59 UTC");
        assert_eq!(date(951_782_400_000_000_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(date(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!(date(i64::MAX), "2262-04-11 23:47:16 UTC");
        assert_eq!(date(i64::MIN), "1677-09-21 00:12:43 UTC");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = short(&"é".repeat(TEXT_BYTES_MAX));
        assert_eq!(text.chars().count(), TEXT_BYTES_MAX / 2 + 1);
        assert_eq!(short("a\nb"), "a b");
    }
}
