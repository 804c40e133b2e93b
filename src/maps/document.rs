//! A source map as it is written: JSON with lists and one long text of segments.
//!
//! The document is read by the reader of the house and not by the crate: that one multiplies the root
//! of the sources with their number, and holds whatever a document has. Segments and looking up are the
//! crate's.

use std::cell::OnceCell;
use std::sync::Arc;

use sourcemap::{RawToken, SourceMap};

use super::lexer::Lexed;
use crate::error::{Error, Place, Result};
use crate::input::json::{Json, Kind};
use crate::input::{Limits, SliceSource, Window};

/// What a token has not.
const NONE: u32 = u32::MAX;

/// A map that was read.
#[derive(Debug)]
pub(super) struct Map {
    /// Originals as the map names them, and the root that each stands under.
    pub(super) sources: Vec<Source>,
    /// Texts of the originals, as far as the map holds them.
    contents: Vec<Option<Box<str>>>,
    /// The same, taken apart when first asked for.
    lexed: Vec<OnceCell<Box<Lexed>>>,
    table: SourceMap,
    /// Lines of the script, and the original line if all of one has the same.
    lines: Vec<(u32, Option<(u32, u32)>)>,
}

/// An original.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Its path or URL.
    name: Arc<str>,
    /// What stands before it unless it is whole, or empty.
    root: Arc<str>,
}

impl Source {
    /// Path or URL, as seen from the script.
    pub(super) fn path(&self) -> String {
        let is_whole = self.name.starts_with('/') || self.name.contains("://");
        if self.root.is_empty() || is_whole {
            return self.name.as_ref().to_owned();
        }
        format!("{}/{}", self.root.trim_end_matches('/'), self.name)
    }
}

/// Where something was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin<'a> {
    /// Row of [`Map::sources`].
    pub(super) source: u32,
    /// 0-based.
    pub(super) line: u32,
    /// 0-based, UTF-16 units.
    pub(super) column: u32,
    /// What the map calls it.
    pub(super) name: Option<&'a str>,
    /// Column of the script where this begins, 0-based.
    pub(super) begins: u32,
}

impl Map {
    /// Reads a map.
    pub(super) fn read(bytes: Vec<u8>, limits: &Limits) -> Result<Self> {
        let mut window = Window::open(Box::new(SliceSource::new(bytes)), limits, None)?;
        // Some servers put a line before the document that keeps it from being a script.
        if matches!(window.want(1)?.first(), Some(b')' | b']' | b'}')) {
            skip_line(&mut window)?;
        }
        let mut parts = Parts::default();
        let mut json = Json::new(&mut window);
        parts.read(&mut json, (0, 0), true)?;
        json.end()?;
        Ok(parts.finish())
    }

    /// The original of a place of the script, 0-based: that of the token which covers it on its line.
    pub(super) fn origin(&self, line: u32, column: u32) -> Option<Origin<'_>> {
        let token = self.table.lookup_token(line, column).filter(|token| token.get_dst_line() == line)?;
        token.has_source().then(|| Origin {
            source: token.get_src_id(),
            line: token.get_src_line(),
            column: token.get_src_col(),
            name: token.get_name().filter(|name| !name.is_empty()),
            begins: token.get_dst_col(),
        })
    }

    /// Source and line that everything on a line of the script comes from, all 0-based; `None` where it
    /// comes from several or from nowhere.
    pub(super) fn line_origin(&self, line: u32) -> Option<(u32, u32)> {
        let at = self.lines.binary_search_by_key(&line, |row| row.0).ok()?;
        self.lines[at].1
    }

    /// The tokens of an original's text.
    pub(super) fn lexed(&self, source: u32) -> Option<(&str, &Lexed)> {
        let text = self.contents.get(source as usize)?.as_deref()?;
        Some((text, self.lexed[source as usize].get_or_init(|| Box::new(Lexed::of(text)))))
    }
}

/// The lists of a map while it is read, those of its sections one after the other.
#[derive(Debug, Default)]
struct Parts {
    sources: Vec<Source>,
    contents: Vec<Option<Box<str>>>,
    names: Vec<Arc<str>>,
    tokens: Vec<RawToken>,
}

impl Parts {
    /// Reads a map, or one of a section that begins at `offset`.
    fn read(&mut self, json: &mut Json<'_>, offset: (u32, u32), is_outer: bool) -> Result<()> {
        let mut root: Arc<str> = "".into();
        let unrooted = root.clone();
        let (sources, names, tokens) = (self.sources.len(), self.names.len(), self.tokens.len());
        json.begin_object()?;
        while let Some(key) = json.next_key_as(Key::of)? {
            match (key, json.kind()?) {
                (Key::Root, Kind::Text) => {
                    root = Some(json.text()?).filter(|root| root.len() <= ROOT_MAX).unwrap_or("").into()
                }
                (Key::Sources, Kind::Array) => texts(json, |text| {
                    self.sources.push(Source { name: text.unwrap_or("").into(), root: unrooted.clone() });
                })?,
                (Key::Contents, Kind::Array) => texts(json, |text| self.contents.push(text.map(Into::into)))?,
                (Key::Names, Kind::Array) => texts(json, |text| self.names.push(text.unwrap_or("").into()))?,
                (Key::Mappings, Kind::Text) => segments(json.text()?, offset, &mut self.tokens)?,
                (Key::Sections, Kind::Array) if is_outer => self.sections(json)?,
                (Key::Sections, Kind::Array) => return Err(damaged("a section holds sections")),
                _ => json.skip_value()?,
            }
        }
        self.contents.resize(self.sources.len(), None);
        self.sources[sources..].iter_mut().for_each(|source| source.root = root.clone());
        let known = ((self.sources.len() - sources) as u32, (self.names.len() - names) as u32);
        for token in &mut self.tokens[tokens..] {
            moved(&mut token.src_id, known.0, sources, "an original")?;
            moved(&mut token.name_id, known.1, names, "a name")?;
        }
        Ok(())
    }

    fn sections(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_array()?;
        while json.next_element()? {
            let mut offset = (0, 0);
            json.begin_object()?;
            while let Some(key) = json.next_key_as(Key::of)? {
                match (key, json.kind()?) {
                    (Key::Offset, Kind::Object) => offset = place(json)?,
                    (Key::Map, Kind::Object) => self.read(json, offset, false)?,
                    _ => json.skip_value()?,
                }
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Map {
        // Of several tokens at one place the last one counts that has a name, or else the last one.
        self.tokens.sort_by_key(|token| (token.dst_line, token.dst_col));
        self.tokens.dedup_by(|later, kept| {
            let is_same = (later.dst_line, later.dst_col) == (kept.dst_line, kept.dst_col);
            if is_same && (kept.name_id == NONE || later.name_id != NONE) && later.src_id != NONE {
                *kept = *later;
            }
            is_same
        });
        let mut lines: Vec<(u32, Option<(u32, u32)>)> = Vec::new();
        for token in self.tokens.iter() {
            let origin = (token.src_id != NONE).then_some((token.src_id, token.src_line));
            match lines.last_mut().filter(|line| line.0 == token.dst_line) {
                Some(line) if origin.is_some() && line.1 != origin => line.1 = None,
                Some(_) => {}
                None => lines.push((token.dst_line, origin)),
            }
        }
        let lexed = self.sources.iter().map(|_| OnceCell::new()).collect();
        let names = self.sources.iter().map(|source| source.name.clone()).collect();
        let table = SourceMap::new(None, self.tokens, self.names, names, None);
        Map { sources: self.sources, contents: self.contents, lexed, table, lines }
    }
}

/// Longest root of sources: it is put before each of them that is used.
const ROOT_MAX: usize = 4 << 10;

/// The keys of maps, sections and offsets.
#[derive(Debug, Clone, Copy)]
enum Key {
    Root,
    Sources,
    Contents,
    Names,
    Mappings,
    Sections,
    Offset,
    Map,
    Line,
    Column,
    File,
    Other,
}

impl Key {
    fn of(key: &[u8]) -> Self {
        match key {
            b"sourceRoot" => Self::Root,
            b"sources" => Self::Sources,
            b"sourcesContent" => Self::Contents,
            b"names" => Self::Names,
            b"mappings" => Self::Mappings,
            b"sections" => Self::Sections,
            b"offset" => Self::Offset,
            b"map" => Self::Map,
            b"line" => Self::Line,
            b"column" => Self::Column,
            b"file" => Self::File,
            _ => Self::Other,
        }
    }
}

/// The script that a map says it is of, if it does; nothing else of it is kept.
pub(super) fn file_of(source: SliceSource, limits: &Limits) -> Result<Option<String>> {
    let mut window = Window::open(Box::new(source), limits, None)?;
    if matches!(window.want(1)?.first(), Some(b')' | b']' | b'}')) {
        skip_line(&mut window)?;
    }
    let mut json = Json::new(&mut window);
    json.begin_object()?;
    while let Some(key) = json.next_key_as(Key::of)? {
        match (key, json.kind()?) {
            (Key::File, Kind::Text) => return Ok(Some(json.text()?.to_owned())),
            _ => json.skip_value()?,
        }
    }
    Ok(None)
}

fn skip_line(window: &mut Window) -> Result<()> {
    while !window.want(1)?.is_empty() {
        let end = memchr::memchr(b'\n', window.data());
        let n = end.map_or(window.data().len(), |at| at + 1);
        window.consume(n);
        if end.is_some() {
            break;
        }
    }
    Ok(())
}

/// Reads a list of texts; `None` for whatever else stands in it.
fn texts(json: &mut Json<'_>, mut each: impl FnMut(Option<&str>)) -> Result<()> {
    json.begin_array()?;
    while json.next_element()? {
        if json.kind()? == Kind::Text {
            each(Some(json.text()?));
        } else {
            json.skip_value()?;
            each(None);
        }
    }
    Ok(())
}

fn place(json: &mut Json<'_>) -> Result<(u32, u32)> {
    let mut place = (0, 0);
    json.begin_object()?;
    while let Some(key) = json.next_key_as(Key::of)? {
        let number = |json: &mut Json<'_>| Ok(u32::try_from(json.i64()?).unwrap_or(NONE));
        match (key, json.kind()?) {
            (Key::Line, Kind::Number) => place.0 = number(json)?,
            (Key::Column, Kind::Number) => place.1 = number(json)?,
            _ => json.skip_value()?,
        }
    }
    Ok(place)
}

/// Moves an index of a section's own list to where that list begins.
fn moved(index: &mut u32, known: u32, by: usize, what: &str) -> Result<()> {
    if *index == NONE {
        return Ok(());
    }
    if *index >= known {
        return Err(damaged(&format!("its mappings refer to {what} that it does not have")));
    }
    *index = index.saturating_add(by as u32);
    Ok(())
}

/// Reads the segments of a map whose script begins at `offset`. Each number is the difference to the
/// one before: the column to that on the same line, the others to those anywhere before.
fn segments(mappings: &str, offset: (u32, u32), tokens: &mut Vec<RawToken>) -> Result<()> {
    let (mut source, mut src_line, mut src_col, mut name) = (0i64, 0i64, 0i64, 0i64);
    for (row, line) in mappings.split(';').enumerate() {
        let mut column = if row == 0 { i64::from(offset.1) } else { 0 };
        let row = offset.0.saturating_add(u32::try_from(row).unwrap_or(NONE));
        for segment in line.split(',').filter(|segment| !segment.is_empty()) {
            let numbers = sourcemap::vlq::parse_vlq_segment(segment);
            let numbers = numbers.map_err(|_| damaged("a segment of its mappings cannot be read"))?;
            column = column.saturating_add(numbers[0]);
            let mut token = RawToken {
                dst_line: row,
                dst_col: small(column)?,
                src_line: NONE,
                src_col: NONE,
                src_id: NONE,
                name_id: NONE,
                is_range: false,
            };
            if let [_, a, b, c, rest @ ..] = &numbers[..] {
                source = source.saturating_add(*a);
                src_line = src_line.saturating_add(*b);
                src_col = src_col.saturating_add(*c);
                (token.src_id, token.src_line, token.src_col) = (small(source)?, small(src_line)?, small(src_col)?);
                if let [d] = rest {
                    name = name.saturating_add(*d);
                    token.name_id = small(name)?;
                }
            }
            if !matches!(numbers.len(), 1 | 4 | 5) {
                return Err(damaged("a segment of its mappings has an odd number of parts"));
            }
            tokens.push(token);
        }
    }
    Ok(())
}

/// A line, a column or an index.
fn small(number: i64) -> Result<u32> {
    u32::try_from(number).ok().filter(|n| *n < NONE / 2).ok_or_else(|| damaged("its mappings lead outside of any file"))
}

#[cold]
fn damaged(problem: &str) -> Error {
    Error::new(Place::Whole, problem, "Build it again.")
}
