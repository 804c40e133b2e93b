//! JSON, read forward through a window: a pull reader that never holds the document.
//!
//! A decoder asks for what it expects (`begin_object`, `next_key`, `text`, `decimal`, …) and skips
//! the rest with [`Json::skip_value`]. Numbers keep every digit that fits into 64 bits, long arrays
//! of numbers have a loop of their own ([`Json::batches_of_i64`]), nothing recurses, and whatever a
//! document lacks or has too much of is one [`Error`] with its byte and its path.
//!
//! More lenient than the standard in one point only: control characters may stand inside texts.
//! `NaN` and `Infinity` are refused, and a number too large for a double is an error, never infinite.
//!
//! [`glimpse`] is the other half: a look at the possibly cut first bytes of a document, for detection.

mod glimpse;
mod lanes;
mod number;
mod text;

use super::Window;
use crate::error::{Error, Place, Result};

pub use glimpse::{Glimpse, glimpse};
use lanes::plain_len;
use number::{Batch, batch, run_of_integers, short_number};
pub use number::{Decimal, Scaled};
use text::{decode, quote_or_backslash};

/// What a value is, told from its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`
    Null,
}

impl Kind {
    fn of(first: u8) -> Option<Self> {
        Some(match first {
            b'{' => Self::Object,
            b'[' => Self::Array,
            b'"' => Self::Text,
            b'-' | b'0'..=b'9' => Self::Number,
            b't' | b'f' => Self::Bool,
            b'n' => Self::Null,
            _ => return None,
        })
    }

    /// With its article, for sentences.
    fn words(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Null => "null",
        }
    }
}

/// A number for whoever has no use for [`Decimal`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Whole and in the range of `i64`.
    Int(i64),
    /// Whole and beyond `i64`.
    Uint(u64),
    /// Anything else; finite.
    Float(f64),
}

/// What [`Json::batches_of_i64`] met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bulk {
    /// Numbers handed on.
    pub count: u64,
    /// Of these, rounded ones.
    pub rounded: u64,
    /// Of these, those that did not fit into 64 bits.
    pub clamped: u64,
}

/// An open object or array.
#[derive(Debug, Clone, Copy)]
struct Level {
    is_array: bool,
    /// Where this object's current key starts in `Json::keys`, once it is there.
    key_at: u32,
    /// Members or elements begun.
    begun: u64,
}

/// A complete text in the window, from its opening quote on.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// Bytes between the quotes.
    inside: usize,
    /// Bytes to move on by.
    whole: usize,
    is_escaped: bool,
}

/// The reader. Calls follow the document: misuse, such as `next_key` in an array, is a defect of ours.
#[derive(Debug)]
pub struct Json<'w> {
    window: &'w mut Window,
    /// Bytes of the window that are read already. While a token is incomplete this stays on its
    /// first byte, so that the window keeps it when it reads on.
    at: usize,
    levels: Vec<Level>,
    /// The current keys of all open objects, one after the other; of the innermost one only while
    /// `key_len` is [`KEPT`].
    keys: Vec<u8>,
    /// The first bytes of the innermost object's current key.
    key: [u8; KEY_SHOWN],
    key_len: usize,
    /// The last text that could not be borrowed from the window.
    text: String,
    /// Where runs of numbers are collected; made with the first.
    batch: Option<Box<Batch>>,
    replaced: u64,
    is_cut: bool,
    /// Most levels that may be open now.
    levels_max: usize,
    nesting_max: usize,
}

/// Elements of an array that are read one by one.
const FEW: u64 = 3;
/// Bytes of a key that are kept for paths.
const KEY_SHOWN: usize = 48;
/// Bytes in which a short key ends.
const SHORT_KEY: usize = 16;
/// Instead of a length: the innermost object's key is among the others, or there is none.
const KEPT: usize = usize::MAX;
/// Levels at either end of a path that are shown when it is long.
const LEVELS_SHOWN: usize = 6;

const RECORD_AGAIN: &str = "Record it again and let the tool finish, or copy the file again.";
const DAMAGED: &str = "The file is damaged, or not what its beginning promises: record or download it again.";

impl<'w> Json<'w> {
    /// A reader of the document that starts at the window's next byte.
    pub fn new(window: &'w mut Window) -> Self {
        let nesting_max = window.limits.nesting_max;
        Self {
            window,
            at: 0,
            levels: Vec::new(),
            keys: Vec::new(),
            key: [0; KEY_SHOWN],
            key_len: KEPT,
            text: String::new(),
            batch: None,
            replaced: 0,
            is_cut: false,
            levels_max: nesting_max,
            nesting_max,
        }
    }

    /// What the next value is.
    #[inline]
    pub fn kind(&mut self) -> Result<Kind> {
        let first = self.token()?;
        match Kind::of(first) {
            Some(kind) => Ok(kind),
            None => Err(self.unexpected("a value")),
        }
    }

    /// Enters an object.
    pub fn begin_object(&mut self) -> Result<()> {
        self.begin(Kind::Object)
    }

    /// The next key of the current object, after which its value is due; `None` leaves the object.
    pub fn next_key(&mut self) -> Result<Option<&str>> {
        if !self.advance(b'}')? {
            return Ok(None);
        }
        let span = self.key_span()?;
        self.forget_key();
        let (from, position) = self.pass(span);
        let Self { window, text, key: kept, key_len, replaced, .. } = self;
        let bytes = &window.data()[from..from + span.inside];
        let key = decode(bytes, span.is_escaped, text, replaced).map_err(|bad| bad_escape(position, bad))?;
        let shown = shortened(key, KEY_SHOWN).as_bytes();
        kept[..shown.len()].copy_from_slice(shown);
        *key_len = shown.len();
        Ok(Some(key))
    }

    /// As [`Json::next_key`], with what `of` makes of the key's bytes. Faster, where keys are many.
    #[inline]
    pub fn next_key_as<K>(&mut self, of: impl Fn(&[u8]) -> K) -> Result<Option<K>> {
        if let Some((from, len)) = self.short_key() {
            return Ok(Some(of(&self.window.data()[from..from + len])));
        }
        Ok(self.next_key()?.map(|key| of(key.as_bytes())))
    }

    /// Enters an array.
    pub fn begin_array(&mut self) -> Result<()> {
        self.begin(Kind::Array)
    }

    /// Moves to the next element of the current array; `false` leaves the array.
    #[inline]
    pub fn next_element(&mut self) -> Result<bool> {
        self.advance(b']')
    }

    /// A text. Bytes that are not UTF-8 and unpaired surrogates become U+FFFD, see [`Json::replaced`].
    pub fn text(&mut self) -> Result<&str> {
        self.expect(Kind::Text)?;
        let span = self.text_span()?;
        let (from, position) = self.pass(span);
        let Self { window, text, replaced, .. } = self;
        let bytes = &window.data()[from..from + span.inside];
        decode(bytes, span.is_escaped, text, replaced).map_err(|bad| bad_escape(position, bad))
    }

    /// The bytes of a text that need no second look: all are ASCII, none is escaped, and the text
    /// follows at once and is in the window as a whole. `None`, and nothing is read, for any other.
    #[inline]
    pub fn plain_text(&mut self) -> Option<&[u8]> {
        let inside = self.data().strip_prefix(b"\"")?;
        let len = plain_len(inside).filter(|&len| inside[len] == b'"')?;
        let from = self.at + 1;
        self.at += len + 2;
        Some(&self.window.data()[from..from + len])
    }

    /// A whole number of a few digits, not below zero, that follows at once; `None`, and nothing is
    /// read, for any other.
    #[inline]
    pub fn short_number(&mut self) -> Option<i64> {
        let (number, len) = short_number(self.data())?;
        self.at += len;
        Some(number)
    }

    /// A number with its digits.
    pub fn decimal(&mut self) -> Result<Decimal> {
        let (len, decimal) = self.number_token()?;
        self.at += len;
        Ok(decimal)
    }

    /// A number in the type that holds it.
    pub fn number(&mut self) -> Result<Number> {
        let (len, decimal) = self.number_token()?;
        let number = match (decimal.to_i64(), decimal.to_u64()) {
            (Some(n), _) => Number::Int(n),
            (None, Some(n)) => Number::Uint(n),
            (None, None) => Number::Float(self.float(len)?),
        };
        self.at += len;
        Ok(number)
    }

    /// A number as a double; finite.
    pub fn f64(&mut self) -> Result<f64> {
        let (len, _) = self.number_token()?;
        let float = self.float(len)?;
        self.at += len;
        Ok(float)
    }

    /// A whole number.
    pub fn i64(&mut self) -> Result<i64> {
        if let Some(number) = self.short_number() {
            return Ok(number);
        }
        let (len, decimal) = self.number_token()?;
        let Some(whole) = decimal.to_i64() else {
            let found = self.shown(len);
            return Err(self.misplaced(format!("expected a whole number of 64 bits, found {found}")));
        };
        self.at += len;
        Ok(whole)
    }

    /// `true` or `false`.
    pub fn bool(&mut self) -> Result<bool> {
        self.expect(Kind::Bool)?;
        let is_true = self.token()? == b't';
        self.literal(if is_true { b"true" } else { b"false" })?;
        Ok(is_true)
    }

    /// `null`.
    pub fn null(&mut self) -> Result<()> {
        self.expect(Kind::Null)?;
        self.literal(b"null")
    }

    /// Passes over a value, whatever it holds.
    pub fn skip_value(&mut self) -> Result<()> {
        let depth = self.levels.len();
        loop {
            self.skip_start()?;
            while self.levels.len() > depth && !self.skip_to_next()? {}
            if self.levels.len() == depth {
                return Ok(());
            }
        }
    }

    /// Every number of an array, in order. Much faster than one call per number; they come in batches
    /// of any length, each with what it is to be multiplied by: 10^`decimals` (at most 9) for whole
    /// numbers, 1 for numbers that were multiplied already. The products fit into 64 bits; numbers that
    /// need it are rounded or clamped, which is counted.
    pub fn batches_of_i64(&mut self, decimals: u8, mut each: impl FnMut(&[i64], i64)) -> Result<Bulk> {
        self.batches(decimals, &mut each)
    }

    // What is done with a batch is called and not inlined here: this function runs but once.
    fn batches(&mut self, decimals: u8, each: &mut dyn FnMut(&[i64], i64)) -> Result<Bulk> {
        debug_assert!(decimals <= 9, "short numbers times 10^decimals fit into 64 bits");
        let scale = 10i64.pow(u32::from(decimals.min(9)));
        let mut bulk = Bulk::default();
        self.begin_array()?;
        while self.next_element()? {
            // Many arrays are short, and then looking far ahead does not pay.
            if bulk.count >= FEW {
                bulk.count += self.run_of_integers(scale, each);
            }
            let scaled = self.decimal()?.scaled(decimals);
            bulk.count += 1;
            bulk.rounded += u64::from(scaled.is_rounded);
            bulk.clamped += u64::from(scaled.is_clamped);
            each(&[scaled.value], 1);
        }
        Ok(bulk)
    }

    /// The end of the document: only white space may follow.
    pub fn end(&mut self) -> Result<()> {
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(Error::at(
                self.position(),
                "more follows after the end of the JSON document",
                "If files were joined, open them one by one.",
            )),
        }
    }

    /// Whether another document follows the one that was just read.
    pub fn has_more(&mut self) -> Result<bool> {
        debug_assert!(self.levels.is_empty(), "a document is over when all that it opened is closed");
        Ok(self.peek()?.is_some())
    }

    /// From here on a format nests on purpose: the limit on nesting counts anew.
    pub fn nest_on_purpose(&mut self) {
        self.levels_max = self.levels.len().saturating_add(self.nesting_max);
    }

    /// Offset of the next byte, in unpacked bytes.
    pub fn position(&self) -> u64 {
        self.window.position() + self.at as u64
    }

    /// Characters that were replaced in texts because they were not valid.
    pub fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Whether the document ended before its end.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Where the reader is: `nodes[17].children`, or an empty text at the top.
    pub fn path(&self) -> String {
        let mut path = String::new();
        let count = self.levels.len();
        for (i, level) in self.levels.iter().enumerate() {
            if i < LEVELS_SHOWN || i + LEVELS_SHOWN >= count {
                self.push_step(i, level, &mut path);
            } else if i == LEVELS_SHOWN {
                path.push('…');
            }
        }
        path
    }

    /// An error about the value that is due or was just read.
    #[cold]
    pub fn misplaced(&self, problem: impl Into<String>) -> Error {
        let path = self.path();
        let place = if path.is_empty() { Place::Whole } else { Place::Path(path) };
        Error { offset: Some(self.position()), ..Error::new(place, problem, DAMAGED) }
    }

    fn push_step(&self, i: usize, level: &Level, path: &mut String) {
        if level.begun == 0 {
            return;
        }
        if level.is_array {
            path.push_str(&format!("[{}]", level.begun - 1));
            return;
        }
        if !path.is_empty() {
            path.push('.');
        }
        let end = self.levels.get(i + 1).map_or(self.keys.len(), |next| next.key_at as usize);
        let key = match self.key.get(..self.key_len) {
            Some(key) if i + 1 == self.levels.len() => key,
            _ => &self.keys[level.key_at as usize..end],
        };
        path.push_str(&String::from_utf8_lossy(key));
    }

    fn data(&self) -> &[u8] {
        &self.window.data()[self.at..]
    }

    /// Reads on; what is read already leaves the window. False at the end of the file.
    fn more(&mut self) -> Result<bool> {
        self.window.consume(self.at);
        self.at = 0;
        self.window.fill()
    }

    /// The next byte that is not white space.
    #[inline]
    fn peek(&mut self) -> Result<Option<u8>> {
        loop {
            let data = self.window.data();
            while let Some(&byte) = data.get(self.at) {
                if !is_space(byte) {
                    return Ok(Some(byte));
                }
                self.at += 1;
            }
            if !self.more()? {
                return Ok(None);
            }
        }
    }

    /// The next byte that is not white space, where the document cannot end.
    #[inline]
    fn token(&mut self) -> Result<u8> {
        match self.peek()? {
            Some(byte) => Ok(byte),
            None => Err(self.cut()),
        }
    }

    fn expect(&mut self, kind: Kind) -> Result<()> {
        let found = self.kind()?;
        if found == kind {
            return Ok(());
        }
        Err(self.misplaced(format!("expected {}, found {}", kind.words(), found.words())))
    }

    fn begin(&mut self, kind: Kind) -> Result<()> {
        self.expect(kind)?;
        if let Some(key) = self.key.get(..self.key_len) {
            self.keys.extend_from_slice(key);
            self.key_len = KEPT;
        }
        let key_at = u32::try_from(self.keys.len()).ok().filter(|_| self.levels.len() < self.levels_max);
        let Some(key_at) = key_at else {
            return Err(self.misplaced(format!("nested more than {} levels deep", self.nesting_max)));
        };
        self.at += 1;
        self.levels.push(Level { is_array: kind == Kind::Array, key_at, begun: 0 });
        Ok(())
    }

    /// Moves to the next member or element of the innermost level; false closes it.
    #[inline]
    fn advance(&mut self, close: u8) -> Result<bool> {
        let first = self.token()?;
        let level = self.levels.last_mut().expect("a level was begun before it is walked");
        debug_assert_eq!(level.is_array, close == b']', "objects have keys, arrays have elements");
        if first == close {
            self.at += 1;
            self.forget_key();
            self.levels.pop();
            return Ok(false);
        }
        let is_first = level.begun == 0;
        level.begun += 1;
        if !is_first {
            self.comma(first, close)?;
        }
        Ok(true)
    }

    fn comma(&mut self, found: u8, close: u8) -> Result<()> {
        if found != b',' {
            return Err(self.unexpected(if close == b']' { "`,` or `]`" } else { "`,` or `}`" }));
        }
        self.at += 1;
        if self.token()? == close {
            return Err(self.unexpected("something after the comma"));
        }
        Ok(())
    }

    /// Enters a container or passes a plain value.
    fn skip_start(&mut self) -> Result<()> {
        match self.kind()? {
            Kind::Object => self.begin_object(),
            Kind::Array => self.begin_array(),
            Kind::Number => self.decimal().map(|_| ()),
            Kind::Bool => self.bool().map(|_| ()),
            Kind::Null => self.null(),
            Kind::Text => {
                let span = self.text_span()?;
                self.at += span.whole;
                Ok(())
            }
        }
    }

    /// Passes to the next value of the innermost level; false when that level ended instead.
    fn skip_to_next(&mut self) -> Result<bool> {
        if !self.levels.last().is_some_and(|level| level.is_array) {
            return Ok(self.next_key()?.is_some());
        }
        let has_next = self.next_element()?;
        if has_next && self.kind()? == Kind::Number {
            self.run_of_integers(1, &mut |_, _| ());
        }
        Ok(has_next)
    }

    /// Hands on plain whole numbers that are followed by a comma, as far as the window reaches.
    /// Starts and ends where a value is due.
    fn run_of_integers(&mut self, scale: i64, each: &mut dyn FnMut(&[i64], i64)) -> u64 {
        // Taken out, because the window is borrowed meanwhile.
        let mut room = self.batch.take().unwrap_or_else(batch);
        let mut count = 0;
        loop {
            let run = run_of_integers(self.data(), scale, &mut room);
            self.at += run.used;
            count += run.count as u64;
            if run.count > 0 {
                each(&room[..run.count], scale);
            }
            if !run.goes_on {
                break;
            }
        }
        self.batch = Some(room);
        if let Some(level) = self.levels.last_mut() {
            level.begun += count;
        }
        count
    }

    /// Moves behind a key, with the comma before it and the colon behind it, if they follow at once
    /// and the key is short and plain. Answers where it is in the window.
    #[inline]
    fn short_key(&mut self) -> Option<(usize, usize)> {
        let level = self.levels.last_mut()?;
        debug_assert!(!level.is_array, "objects have keys");
        let is_first = level.begun == 0;
        let data = self.window.data().get(self.at..)?;
        let data = if is_first { data } else { data.strip_prefix(b",")? };
        let inside = data.strip_prefix(b"\"")?.first_chunk::<{ SHORT_KEY + 2 }>()?;
        let len = plain_len(&inside[..SHORT_KEY])?;
        if inside[len] != b'"' || inside[len + 1] != b':' {
            return None;
        }
        level.begun += 1;
        let key_at = level.key_at as usize;
        self.keys.truncate(key_at);
        self.key[..SHORT_KEY].copy_from_slice(&inside[..SHORT_KEY]);
        self.key_len = len;
        let from = self.at + usize::from(!is_first) + 1;
        self.at = from + len + 2;
        Some((from, len))
    }

    /// The innermost object's current key is no longer current.
    #[inline]
    fn forget_key(&mut self) {
        let key_at = self.levels.last().map_or(0, |level| level.key_at as usize);
        self.keys.truncate(key_at);
        self.key_len = KEPT;
    }

    /// A key at the reader's place, up to and with its colon.
    fn key_span(&mut self) -> Result<Span> {
        if self.token()? != b'"' {
            return Err(self.unexpected("a key in quotes"));
        }
        let mut span = self.text_span()?;
        loop {
            match self.data().get(span.whole).copied() {
                Some(byte) if is_space(byte) => span.whole += 1,
                Some(b':') => break,
                Some(_) => {
                    self.at += span.whole;
                    return Err(self.unexpected("`:` after the key"));
                }
                None => {
                    if !self.more()? {
                        return Err(self.cut());
                    }
                }
            }
        }
        span.whole += 1;
        Ok(span)
    }

    /// Finds the end of the text at the reader's place.
    fn text_span(&mut self) -> Result<Span> {
        let mut looked = 1;
        let mut is_escaped = false;
        loop {
            let data = self.data();
            match data.get(looked..).and_then(quote_or_backslash) {
                Some(n) if data[looked + n] == b'"' => {
                    let inside = looked + n - 1;
                    return Ok(Span { inside, whole: inside + 2, is_escaped });
                }
                // The byte after a backslash belongs to the text, even if it is a quote.
                Some(n) => {
                    is_escaped = true;
                    looked += n + 2;
                }
                None => {
                    looked = looked.max(data.len());
                    if !self.more()? {
                        return Err(self.cut());
                    }
                }
            }
        }
    }

    /// Moves behind a text: where its inside starts in the window, and in the file.
    fn pass(&mut self, span: Span) -> (usize, u64) {
        let (from, position) = (self.at + 1, self.position() + 1);
        self.at += span.whole;
        (from, position)
    }

    /// The number at the reader's place and its length.
    fn number_token(&mut self) -> Result<(usize, Decimal)> {
        self.expect(Kind::Number)?;
        let len = self.number_len()?;
        match Decimal::parse(&self.data()[..len]) {
            Some(decimal) if !decimal.is_too_large() => Ok((len, decimal)),
            Some(_) => {
                let found = self.shown(len);
                Err(self.misplaced(format!("{found} is too large for a number")))
            }
            None if self.data()[..len] == *b"-" => {
                self.at += 1;
                Err(self.unexpected("a digit after the minus sign"))
            }
            None => {
                let found = self.shown(len);
                Err(self.misplaced(format!("{found} is not a number in JSON")))
            }
        }
    }

    fn number_len(&mut self) -> Result<usize> {
        let mut len = 0;
        loop {
            let rest = &self.data()[len..];
            let end = rest.iter().position(|b| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
            if let Some(end) = end {
                return Ok(len + end);
            }
            len += rest.len();
            if !self.more()? {
                // Inside anything, more digits may be missing.
                return if self.levels.is_empty() { Ok(len) } else { Err(self.cut()) };
            }
        }
    }

    fn float(&self, len: usize) -> Result<f64> {
        let float = std::str::from_utf8(&self.data()[..len]).ok().and_then(|text| text.parse::<f64>().ok());
        float
            .filter(|float| float.is_finite())
            .ok_or_else(|| self.misplaced(format!("{} is too large for a number", self.shown(len))))
    }

    fn literal(&mut self, word: &[u8]) -> Result<()> {
        while self.data().len() < word.len() {
            if !word.starts_with(self.data()) {
                break;
            }
            if !self.more()? {
                return Err(self.cut());
            }
        }
        if !self.data().starts_with(word) {
            return Err(self.unexpected("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    /// The next `len` bytes for a sentence.
    fn shown(&self, len: usize) -> String {
        let text = String::from_utf8_lossy(&self.data()[..len.min(self.data().len())]);
        format!("`{}`", shortened(&text, 24))
    }

    /// An error about the byte at the reader's place.
    #[cold]
    fn unexpected(&self, expected: &str) -> Error {
        let data = self.data();
        let word = ["NaN", "Infinity", "undefined"].into_iter().find(|word| data.starts_with(word.as_bytes()));
        let problem = match (word, data.first()) {
            (Some(word), _) => format!("`{word}` is not JSON"),
            (None, Some(byte)) if byte.is_ascii_graphic() => {
                format!("expected {expected}, found `{}`", char::from(*byte))
            }
            (None, Some(byte)) => format!("expected {expected}, found the byte {byte:#04x}"),
            (None, None) => format!("expected {expected}"),
        };
        Error::at(self.position(), format!("{problem}{}", self.inside()), DAMAGED)
    }

    #[cold]
    fn cut(&mut self) -> Error {
        self.is_cut = true;
        let what = match self.window.layers().first() {
            Some(layer) if self.window.is_cut() => format!("the {layer} stream is cut or damaged: its content"),
            _ => "the file".to_owned(),
        };
        let end = self.position() + self.data().len() as u64;
        Error::at(end, format!("{what} ends before the JSON document does{}", self.inside()), RECORD_AGAIN)
    }

    fn inside(&self) -> String {
        let path = self.path();
        if path.is_empty() { path } else { format!(", in `{path}`") }
    }
}

/// A one in every byte of eight, for steps of eight bytes at a time.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The highest bit of every byte of eight.
const HIGHS: u64 = 0x8080_8080_8080_8080;

#[inline]
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// The first characters of a text, at most `bytes_max` bytes.
fn shortened(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cold]
fn bad_escape(position: u64, at: usize) -> Error {
    Error::at(position + at as u64, "an unknown escape sequence in a text", DAMAGED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Limits, Source};
    use serde_json::Value;

    /// A source that gives a few bytes at a time, so that every token meets the window's end.
    struct Dribble(Vec<u8>, usize);

    impl Source for Dribble {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> std::io::Result<usize> {
            let rest = &self.0[(offset as usize).min(self.0.len())..];
            let n = rest.len().min(buf.len()).min(self.1);
            buf[..n].copy_from_slice(&rest[..n]);
            Ok(n)
        }
    }

    fn dribble(bytes: &[u8], step: usize) -> Window {
        Window::open(Box::new(Dribble(bytes.to_vec(), step)), &Limits::default(), None).expect("memory can be read")
    }

    /// The same numbers in every run.
    pub(super) struct Dice(pub(super) u64);

    impl Dice {
        pub(super) fn roll(&mut self, sides: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % sides
        }
    }

    /// Reads any document through the public calls.
    fn read(json: &mut Json<'_>) -> Result<Value> {
        Ok(match json.kind()? {
            Kind::Object => {
                json.begin_object()?;
                let mut members = serde_json::Map::new();
                while let Some(key) = json.next_key()? {
                    let key = key.to_owned();
                    members.insert(key, read(json)?);
                }
                Value::Object(members)
            }
            Kind::Array => {
                json.begin_array()?;
                let mut elements = Vec::new();
                while json.next_element()? {
                    elements.push(read(json)?);
                }
                Value::Array(elements)
            }
            Kind::Text => json.text()?.into(),
            Kind::Bool => json.bool()?.into(),
            Kind::Null => {
                json.null()?;
                Value::Null
            }
            Kind::Number => match json.number()? {
                Number::Int(n) => n.into(),
                Number::Uint(n) => n.into(),
                Number::Float(n) => n.into(),
            },
        })
    }

    fn document(bytes: &[u8]) -> Result<Value> {
        let mut window = Window::over(bytes);
        let mut json = Json::new(&mut window);
        let value = read(&mut json)?;
        json.end()?;
        Ok(value)
    }

    fn fails(text: &str) -> String {
        document(text.as_bytes()).expect_err(text).to_string()
    }

    pub(super) const DOCUMENT: &str = r#" {"nodes" : [ {"id":1, "name":"a\"\\\u0416\ud83d\ude00\n", "at":[ ] } , {} ],
        "time":-12.5e-1,"big":18446744073709551615,"all":[true,false,null,9007199254740993,0,-7],"":{"x":{}} } "#;

    #[test]
    fn reads_what_another_reader_reads() {
        let expected: Value = serde_json::from_str(DOCUMENT).expect("the document is valid");
        for step in [1, 2, 3, 7, 1000] {
            let mut window = dribble(DOCUMENT.as_bytes(), step);
            let mut json = Json::new(&mut window);
            assert_eq!(read(&mut json).expect("the document is valid"), expected);
            json.end().expect("nothing follows");
            let mut window = dribble(DOCUMENT.as_bytes(), step);
            let mut json = Json::new(&mut window);
            json.skip_value().expect("the document is valid");
            json.end().expect("nothing follows");
        }
    }

    #[test]
    fn accepts_and_refuses_as_another_reader_does() {
        let mut dice = Dice(7);
        let plain = DOCUMENT.replace(r#"a\"\\\u0416\ud83d\ude00\n"#, "abc");
        let (mut good, mut bad) = (0, 0);
        for _ in 0..20_000 {
            let mut bytes = plain.clone().into_bytes();
            for _ in 0..=dice.roll(2) {
                let at = dice.roll(bytes.len() as u64) as usize;
                let set = b"{}[]:,\"0159-+.eE trufalsn";
                bytes[at] = set[dice.roll(set.len() as u64) as usize];
            }
            let expected = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok();
            let mut window = Window::over(&bytes);
            let mut json = Json::new(&mut window);
            let found = json.skip_value().and_then(|()| json.end());
            if found.as_ref().is_err_and(|e| e.problem.contains("too large")) {
                // The other reader does not look at the size of what it ignores.
                continue;
            }
            assert_eq!(found.is_ok(), expected, "{} {found:?}", String::from_utf8_lossy(&bytes));
            good += u32::from(expected);
            bad += u32::from(!expected);
        }
        assert!(good > 1000 && bad > 1000, "both kinds were met: {good} and {bad}");
    }

    #[test]
    fn a_cut_document_says_where_it_ends() {
        let whole = DOCUMENT.trim();
        for len in 0..whole.len() {
            if !whole.is_char_boundary(len) {
                continue;
            }
            let mut window = Window::over(&whole.as_bytes()[..len]);
            let mut json = Json::new(&mut window);
            let error = read(&mut json).expect_err("the document is cut");
            assert!(json.is_cut(), "{error}");
            assert_eq!(error.offset, Some(len as u64), "{error}");
        }
        let problem = fails(r#"{"nodes":[{"id":1},{"id":2,"children":[3,"#);
        assert!(problem.contains("byte 41") && problem.contains("`nodes[1].children[1]`"), "{problem}");
    }

    #[test]
    fn numbers_keep_their_digits() {
        let number = |text: &str| {
            let mut window = Window::over(text.as_bytes());
            Json::new(&mut window).number().expect(text)
        };
        assert_eq!(number("9007199254740993"), Number::Int(9_007_199_254_740_993));
        assert_eq!(number("-9223372036854775808"), Number::Int(i64::MIN));
        assert_eq!(number("9223372036854775808"), Number::Uint(1 << 63));
        assert_eq!(number("18446744073709551616"), Number::Float(18_446_744_073_709_551_616.0));
        assert_eq!(number("-0"), Number::Int(0));
        assert_eq!(number("1e3"), Number::Int(1000));
        assert_eq!(number("1.0"), Number::Int(1));
        assert_eq!(number("12.50e1"), Number::Int(125));
        assert_eq!(number("1.5"), Number::Float(1.5));
        assert_eq!(number("1e-400"), Number::Float(0.0));
        assert_eq!(number("0.00000000000000000000000000000000000000001"), Number::Float(1e-41));
        assert_eq!(number("100000000000000000000000.0e-22"), Number::Int(10));
    }

    #[test]
    fn what_is_not_a_number_in_json_is_refused() {
        assert!(fails("NaN").contains("`NaN` is not JSON"));
        assert!(fails("[-Infinity]").contains("`Infinity` is not JSON, in `[0]`"));
        assert!(fails(r#"{"a":1e999}"#).contains("at a: `1e999` is too large"));
        assert!(fails("1.8e308").contains("is too large"));
        for text in ["01", "1.", ".5", "+1", "1e", "1e+-2", "--1", "1-1", "-", "0x10", "1_000"] {
            fails(text);
        }
    }

    #[test]
    fn long_arrays_are_read_as_single_numbers_are() {
        let mut dice = Dice(3);
        for step in [5, 64, 100_000] {
            let (mut text, mut expected) = (String::from("["), Vec::new());
            for i in 0..3000 {
                let size = 10i64.pow(dice.roll(19) as u32);
                let n = dice.roll(u64::MAX) as i64 % size * if dice.roll(3) == 0 { -1 } else { 1 };
                expected.push(n);
                text += &match dice.roll(20) {
                    0 => format!("{n}.0"),
                    1 => format!("\n {n} "),
                    _ => n.to_string(),
                };
                text += if i < 2999 { "," } else { " ] x" };
            }
            let mut window = dribble(text.as_bytes(), step);
            let mut json = Json::new(&mut window);
            let mut found = Vec::new();
            let bulk =
                json.batches_of_i64(0, |n, by| found.extend(n.iter().map(|n| n * by))).expect("the array is valid");
            assert_eq!(found, expected);
            assert_eq!(bulk, Bulk { count: 3000, rounded: 0, clamped: 0 });
            assert_eq!(json.position(), text.len() as u64 - 2);
        }
    }

    #[test]
    fn bulk_counts_what_it_had_to_change() {
        let mut window = Window::over(b"[1.25, 1.2345, 1e30, -3, 10000000000000000000]");
        let mut found = Vec::new();
        let bulk = Json::new(&mut window)
            .batches_of_i64(3, |n, by| found.extend(n.iter().map(|n| n * by)))
            .expect("the array is valid");
        assert_eq!(found, [1250, 1235, i64::MAX, -3000, i64::MAX]);
        assert_eq!(bulk, Bulk { count: 5, rounded: 1, clamped: 2 });
        let error = |text: &[u8]| {
            let mut window = Window::over(text);
            Json::new(&mut window).batches_of_i64(0, |_, _| ()).expect_err("a bad array").to_string()
        };
        assert!(error(b"[1,2,\"3\"]").contains("at [2]: expected a number, found a text"));
        assert!(error(b"[1,2,]").contains("found `]`"));
        assert!(error(b"[1 2]").contains("expected `,` or `]`, found `2`"));
        assert!(error(b"7").contains("expected an array, found a number"));
    }

    #[test]
    fn the_last_number_of_a_cut_array_is_not_trusted() {
        let mut window = Window::over(b"[1,22,333");
        let mut json = Json::new(&mut window);
        let mut found = Vec::new();
        json.batches_of_i64(0, |n, by| found.extend(n.iter().map(|n| n * by))).expect_err("the array is cut");
        assert!(json.is_cut());
        assert_eq!(found, [1, 22]);
    }

    #[test]
    fn texts_that_need_repair() {
        let text = |bytes: &[u8]| {
            let mut window = Window::over(bytes);
            let mut json = Json::new(&mut window);
            (json.text().expect("the text is repaired").to_owned(), json.replaced())
        };
        assert_eq!(text(b"\"plain\""), ("plain".into(), 0));
        assert_eq!(text(b"\"\\ud83d\\ude00\\u00e9\""), ("😀é".into(), 0));
        assert_eq!(text(b"\"a\\ud83d!\""), ("a\u{fffd}!".into(), 1));
        assert_eq!(text(b"\"\\ude00\\ud83d\\ud83d\\ude00\""), ("\u{fffd}\u{fffd}😀".into(), 2));
        assert_eq!(text(b"\"\xc3(\xff)\""), ("\u{fffd}(\u{fffd})".into(), 2));
        assert_eq!(text(b"\"\\/\\b\\f\\t\xff\\\"\""), ("/\u{8}\u{c}\t\u{fffd}\"".into(), 1));
        assert!(fails(r#""\x41""#).contains("byte 1: an unknown escape"));
        fails(r#""\u12g4""#);
        fails(r#""\u12""#);
    }

    #[test]
    fn nesting_has_a_limit_and_needs_no_stack() {
        let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
        let skip = |text: String| {
            let mut window = Window::over(text.as_bytes());
            Json::new(&mut window).skip_value()
        };
        skip(nested(1000)).expect("as deep as allowed");
        let error = skip(nested(100_000)).expect_err("too deep");
        assert!(error.to_string().contains("nested more than 1000 levels"), "{error}");
        assert_eq!(error.offset, Some(1000));
        assert!(error.to_string().len() < 300, "{error}");
        let text = nested(100_000);
        let mut window = Window::over(text.as_bytes());
        let mut json = Json::new(&mut window);
        for _ in 0..50_000 {
            json.nest_on_purpose();
            json.begin_array().expect("nested on purpose");
            json.next_element().expect("nested on purpose");
        }
        json.skip_value().expect_err("the limit counts from the last place on");
    }

    #[test]
    fn paths_name_the_place() {
        let error = fails(r#"{"nodes":[{"id":1},{"callFrame":{"url":tru}}]}"#);
        assert!(error.contains("`nodes[1].callFrame.url`"), "{error}");
        let mut window = Window::over(br#"{"a":{"b":1},"c":[[2]]}"#);
        let mut json = Json::new(&mut window);
        json.begin_object().expect("valid");
        json.next_key().expect("valid");
        json.skip_value().expect("valid");
        json.next_key().expect("valid");
        assert_eq!(json.path(), "c");
        let error = json.text().expect_err("it is an array");
        assert_eq!(error.to_string(), format!("the input, at c: expected a text, found an array. {DAMAGED}"));
    }

    #[test]
    fn a_second_document_is_refused() {
        assert!(fails("{} {}").contains("byte 3: more follows"));
        assert!(fails("42 x").contains("more follows"));
    }
}
