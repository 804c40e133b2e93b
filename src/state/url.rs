//! The view state as the fragment of an address: `v1.` and the base64url text of the deflated JSON
//! of what differs from the defaults.
//!
//! The names in that JSON are a contract: addresses that were copied once work in every later
//! release. A field may be added; one that changes its meaning makes a new version, and the old one
//! gets an upgrader. What an address says is checked as any input is: its length and what it
//! inflates to have limits, positions must exist, numbers must be in range.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;

use super::ViewState;
use super::deflate::{Problem, deflate, inflate};
use super::json::Json;
use super::update::{MOVED_MS, THRESHOLD_MS};
use crate::model::vocab::Filter;

mod v1;

/// The version that is written.
pub const VERSION: u32 = 1;

/// Longest fragment that is read, characters.
pub const FRAGMENT_MAX: usize = 256 * 1024;

/// Longest JSON that is read, bytes: far more than any fragment of honest use inflates to.
const JSON_MAX: usize = 4 * 1024 * 1024;

/// Most recordings that an address names.
const FILES_MAX: usize = 64;

/// Most filters that an address names.
const FILTERS_MAX: usize = 256;

/// One upgrader per version before [`VERSION`]: the first turns the JSON of version 1 into that of
/// version 2, and so on.
static UPGRADERS: [fn(Json) -> Json; VERSION as usize - 1] = [];

/// Why a fragment gives no view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressError {
    /// It is not one of ours at all.
    Foreign,
    /// It was made by a later version of the program.
    Later(u32),
    /// It is cut short, or a character changed on the way.
    Damaged,
    /// It is longer than any view needs.
    TooLong,
    /// It says something impossible, in words.
    Impossible(String),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("The part of this address after # is not a view of Culprit."),
            Self::Later(version) => write!(
                f,
                "This address was made by a later version of Culprit (v{version}); reload the page to get it."
            ),
            Self::Damaged => f.write_str("This address is damaged or cut short; copy it again as a whole."),
            Self::TooLong => f.write_str("This address is too long to be a view of Culprit."),
            Self::Impossible(what) => write!(f, "This address cannot be shown: {what}."),
        }
    }
}

/// Writes a state as a fragment without `#`; empty for the state that an empty page has.
pub fn encode(state: &ViewState) -> String {
    if *state == ViewState::default() {
        return String::new();
    }
    let mut json = String::new();
    v1::write(state).write(&mut json);
    format!("v{VERSION}.{}", BASE64URL_NOPAD.encode(&deflate(json.as_bytes())))
}

/// Reads a fragment without `#`.
///
/// # Errors
/// Why it gives no view, as a sentence for people.
pub fn decode(fragment: &str) -> Result<ViewState, AddressError> {
    if fragment.is_empty() {
        return Ok(ViewState::default());
    }
    if fragment.len() > FRAGMENT_MAX {
        return Err(AddressError::TooLong);
    }
    let (version, body) = split_version(fragment)?;
    let deflated = BASE64URL_NOPAD.decode(body.as_bytes());
    let json = inflate(&deflated.map_err(|_| AddressError::Damaged)?, JSON_MAX).map_err(|problem| match problem {
        Problem::Damaged => AddressError::Damaged,
        Problem::TooLong => AddressError::TooLong,
    })?;
    let mut value = Json::read(&json).filter(|value| matches!(value, Json::Object(_))).ok_or(AddressError::Damaged)?;
    for upgrade in UPGRADERS.iter().skip(version as usize - 1) {
        value = upgrade(value);
    }
    let read = v1::read(&value);
    let read = read.map_err(|what| AddressError::Impossible(format!("a part of it is not understood ({what})")))?;
    checked(read)
}

fn split_version(fragment: &str) -> Result<(u32, &str), AddressError> {
    let (version, body) =
        fragment.strip_prefix('v').and_then(|rest| rest.split_once('.')).ok_or(AddressError::Foreign)?;
    let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    match version.parse() {
        Ok(version @ 1..=VERSION) => Ok((version, body)),
        Ok(0) => Err(AddressError::Foreign),
        Ok(later) if is_number => Err(AddressError::Later(later)),
        _ => Err(AddressError::Foreign),
    }
}

/// What no page of ours writes is refused, or put right where nothing is lost by it.
fn checked(mut state: ViewState) -> Result<ViewState, AddressError> {
    let impossible = |what: &str| Err(AddressError::Impossible(what.to_owned()));
    if state.files.len() > FILES_MAX {
        return impossible("it names too many recordings");
    }
    if state.filters.len() > FILTERS_MAX {
        return impossible("it has too many filters");
    }
    let count = state.files.len();
    if state.active >= count.max(1) {
        return impossible("it shows a recording that it does not name");
    }
    if state.compare.is_some_and(|(a, b)| a >= count || b >= count || a == b) {
        return impossible("it compares recordings that it does not name");
    }
    let times = state.filters.iter().filter_map(|filter| match filter {
        Filter::Time(range) => Some(*range),
        _ => None,
    });
    if times.chain(state.stall).chain(state.visible).any(|range| range.from_ns > range.to_ns) {
        return impossible("a stretch of time ends before it begins");
    }
    let (left, right) = state.span;
    if !(0.0 <= left && left < right && right <= 1.0) {
        state.span = (0.0, 1.0);
    }
    state.scroll = if state.scroll.is_finite() { state.scroll.max(0.0) } else { 0.0 };
    state.threshold_ms = state.threshold_ms.clamp(THRESHOLD_MS.0, THRESHOLD_MS.1);
    state.moved_ms = state.moved_ms.clamp(-MOVED_MS, MOVED_MS);
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::vocab::{FrameKey, Order, Path, Sort, SortColumn, ThreadKey, TimeRange, ViewId};
    use crate::state::{ColourBy, FileRef, Selection, TableMode};

    /// A small repeatable generator, so that a failure can be repeated.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % sides
        }

        fn coin(&mut self) -> bool {
            self.roll(2) == 0
        }

        fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
            self.coin().then(|| make(self))
        }

        fn many<T>(&mut self, most: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
            (0..self.roll(most + 1)).map(|_| make(self)).collect()
        }

        fn text(&mut self) -> String {
            const PIECES: [&str; 8] =
                ["parse", "Größe", "関数", "🔥", "a b", "\"\\/", "\u{0}\u{7f}", "node:internal/x"];
            self.many(3, |dice| PIECES[dice.roll(8) as usize]).concat()
        }

        fn key(&mut self) -> FrameKey {
            let line = if self.coin() { 0 } else { self.roll(1 << 31) as u32 };
            FrameKey { name: self.text(), file: self.text(), line }
        }

        fn range(&mut self) -> TimeRange {
            let from_ns = self.roll(1 << 31) as i64 * 4_000_000_007 - (1 << 40);
            TimeRange { from_ns, to_ns: if self.coin() { i64::MAX } else { from_ns } }
        }

        fn thread(&mut self) -> ThreadKey {
            ThreadKey { pid: self.maybe(|_| u64::MAX), tid: self.maybe(|d| d.roll(9)), name: self.text() }
        }

        fn filter(&mut self) -> Filter {
            match self.roll(11) {
                0 => Filter::Time(self.range()),
                1 => Filter::Thread(self.thread()),
                2 => Filter::Focus(self.key()),
                3 => Filter::FocusPath(self.many(5, Self::key)),
                4 => Filter::Hide(self.key()),
                5 => Filter::HideModule(self.text()),
                6 => Filter::Drop(self.key()),
                7 => Filter::Keep(self.text()),
                8 => Filter::Without(self.text()),
                9 => Filter::CollapseRecursion(self.key()),
                _ => Filter::OwnCode,
            }
        }

        fn sort(&mut self) -> Sort {
            let columns = [SortColumn::SelfValue, SortColumn::Name, SortColumn::Difference];
            Sort { column: columns[self.roll(3) as usize], ascending: self.coin() }
        }

        fn file(&mut self) -> FileRef {
            let name = self.text();
            FileRef { name, print: "0123456789abcdef".into(), example: self.maybe(Self::text), number: 0 }
        }

        fn state(&mut self) -> ViewState {
            let mut files = self.many(4, Self::file);
            files.push(self.file());
            let count = files.len();
            ViewState {
                active: self.roll(count as u64) as usize,
                compare: (count > 1).then_some((count - 1, 0)),
                files,
                view: [
                    ViewId::Flame,
                    ViewId::Table,
                    ViewId::Stalls,
                    ViewId::Memory,
                    ViewId::Trace,
                    ViewId::Series,
                    ViewId::Compare,
                ][self.roll(7) as usize],
                filters: self.many(6, Self::filter),
                value: self.maybe(Self::text),
                selection: self.maybe(|d| {
                    if d.coin() { Selection::Function(d.key()) } else { Selection::Frame(d.many(40, Self::key)) }
                }),
                search: self.text(),
                zoom: self.many(40, Self::key),
                span: (self.roll(1000) as f64 / 2003.0, 1.0 - self.roll(1000) as f64 / 2003.0),
                scroll: self.roll(100_000) as f64 / 7.0,
                order: [Order::Weight, Order::Name, Order::Time][self.roll(3) as usize],
                callers: self.coin(),
                upwards: self.coin(),
                colour_by: if self.coin() { ColourBy::Heat } else { ColourBy::Module },
                nest_gc: self.coin(),
                table: [TableMode::Functions, TableMode::Tree, TableMode::Callers][self.roll(3) as usize],
                sort: self.sort(),
                compare_sort: self.sort(),
                threshold_ms: 1 + self.roll(60_000) as u32,
                stall: self.maybe(Self::range),
                visible: self.maybe(Self::range),
                moved_ms: self.roll(2_000) as i64 - 1_000,
                sheet: self.text(),
                row: self.text(),
            }
        }
    }

    fn address_of(version: &str, json: &str) -> String {
        use std::io::Write;
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        let deflated = encoder.write_all(json.as_bytes()).and_then(|()| encoder.finish());
        format!("{version}.{}", BASE64URL_NOPAD.encode(&deflated.expect("memory takes it")))
    }

    #[test]
    fn every_state_comes_back() {
        let mut dice = Dice(7);
        for _ in 0..500 {
            let state = dice.state();
            let fragment = encode(&state);
            assert!(fragment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
            assert_eq!(decode(&fragment), Ok(state), "{fragment}");
        }
    }

    #[test]
    fn the_plain_page_has_a_plain_address() {
        assert_eq!(encode(&ViewState::default()), "");
        assert_eq!(decode(""), Ok(ViewState::default()));
    }

    #[test]
    fn an_address_copied_once_works_for_ever() {
        // Written by the first release. If this fails, make a new version with an upgrader.
        let json = r#"{"f":[{"n":"app.cpuprofile","p":"0011223344556677"},{"e":"go-labels"}],"a":1,
            "ab":[0,1],"t":"Table","s":[{"Time":{"from_ns":5,"to_ns":9}},{"Thread":{"tid":7,"name":"main"}},
            {"Focus":{"n":"f","f":"a.js","l":3}},{"FocusPath":[{"n":"a"}]},{"Hide":{"n":"g"}},
            {"HideModule":"m"},{"Drop":{"n":"h"}},{"Keep":"x"},{"Without":"y"},
            {"CollapseRecursion":{"n":"r"}},"OwnCode"],"v":"alloc_space","sel":{"Frame":[{"n":"a"},{"n":"b"}]},
            "q":"parse","z":[{"n":"a"}],"zx":[0.25,0.5],"zy":12.5,"o":"Time","i":true,"up":true,"c":"Heat",
            "gc":true,"tt":"Callers","ts":{"column":"Name","ascending":true},
            "cs":{"column":"After","ascending":false},"ms":100,"st":{"from_ns":5,"to_ns":9},
            "tv":{"from_ns":0,"to_ns":99}}"#;
        let key = |name: &str| FrameKey { name: name.into(), ..FrameKey::default() };
        let expected = ViewState {
            files: vec![
                FileRef { print: "0011223344556677".into(), ..FileRef::named("app.cpuprofile") },
                FileRef { example: Some("go-labels".into()), ..FileRef::default() },
            ],
            active: 1,
            compare: Some((0, 1)),
            view: ViewId::Table,
            filters: vec![
                Filter::Time(TimeRange { from_ns: 5, to_ns: 9 }),
                Filter::Thread(ThreadKey { pid: None, tid: Some(7), name: "main".into() }),
                Filter::Focus(FrameKey { name: "f".into(), file: "a.js".into(), line: 3 }),
                Filter::FocusPath(vec![key("a")]),
                Filter::Hide(key("g")),
                Filter::HideModule("m".into()),
                Filter::Drop(key("h")),
                Filter::Keep("x".into()),
                Filter::Without("y".into()),
                Filter::CollapseRecursion(key("r")),
                Filter::OwnCode,
            ],
            value: Some("alloc_space".into()),
            selection: Some(Selection::Frame(vec![key("a"), key("b")])),
            search: "parse".into(),
            zoom: vec![key("a")],
            span: (0.25, 0.5),
            scroll: 12.5,
            order: Order::Time,
            callers: true,
            upwards: true,
            colour_by: ColourBy::Heat,
            nest_gc: true,
            table: TableMode::Callers,
            sort: Sort { column: SortColumn::Name, ascending: true },
            compare_sort: Sort { column: SortColumn::After, ascending: false },
            threshold_ms: 100,
            stall: Some(TimeRange { from_ns: 5, to_ns: 9 }),
            visible: Some(TimeRange { from_ns: 0, to_ns: 99 }),
            moved_ms: 0,
            sheet: String::new(),
            row: String::new(),
        };
        assert_eq!(decode(&address_of("v1", json)), Ok(expected.clone()));
        assert_eq!(decode(&encode(&expected)), Ok(expected));
    }

    #[test]
    fn what_a_later_release_adds_is_passed_over() {
        let state = decode(&address_of("v1", r#"{"q":"x","new":{"a":1}}"#));
        assert_eq!(state, Ok(ViewState { search: "x".into(), ..ViewState::default() }));
    }

    #[test]
    fn other_versions_and_foreign_fragments() {
        assert_eq!(decode("v2.abc"), Err(AddressError::Later(2)));
        assert_eq!(decode("v4000000000.x"), Err(AddressError::Later(4_000_000_000)));
        for foreign in ["main", "v1", "v0.x", "v.x", "vx.y", "v-1.x", "v99999999999999999999.x", "=", "ü"] {
            assert_eq!(decode(foreign), Err(AddressError::Foreign), "{foreign}");
        }
    }

    #[test]
    fn a_damaged_address_is_told_from_a_whole_one() {
        let mut state = Dice(3).state();
        state.search = "something to write".into();
        let whole = encode(&state);
        for length in 3..whole.len() {
            assert!(decode(&whole[..length]).is_err(), "cut at {length}");
        }
        assert_eq!(decode("v1.!!!"), Err(AddressError::Damaged));
        assert_eq!(decode(&address_of("v1", "{\"q\":")), Err(AddressError::Damaged));
        assert_eq!(decode("v1."), Err(AddressError::Damaged));
    }

    #[test]
    fn any_characters_end_in_a_state_or_a_sentence() {
        let mut dice = Dice(11);
        let whole = encode(&dice.state()).into_bytes();
        for _ in 0..5_000 {
            let mut bytes = whole.clone();
            for _ in 0..1 + dice.roll(4) {
                let at = dice.roll(bytes.len() as u64) as usize;
                bytes[at] = b' ' + dice.roll(95) as u8;
            }
            let text = String::from_utf8(bytes).expect("these are plain characters");
            if let Err(error) = decode(&text) {
                assert!(error.to_string().ends_with(['.', ';']) || !error.to_string().is_empty());
            }
        }
    }

    #[test]
    fn nothing_inflates_beyond_its_limit() {
        let bomb = address_of("v1", &format!("{{\"q\":\"{}\"}}", " ".repeat(64 << 20)));
        assert!(bomb.len() < FRAGMENT_MAX);
        assert_eq!(decode(&bomb), Err(AddressError::TooLong));
        assert_eq!(decode(&"v".repeat(FRAGMENT_MAX + 1)), Err(AddressError::TooLong));
        let deep = address_of("v1", &format!("{{\"x\":{}", "[".repeat(100_000)));
        assert_eq!(decode(&deep), Err(AddressError::Damaged));
    }

    #[test]
    fn impossible_positions_are_refused_and_odd_numbers_put_right() {
        for json in [
            r#"{"a":1}"#,
            r#"{"f":[{"n":"x"}],"a":1}"#,
            r#"{"f":[{"n":"x"}],"ab":[0,1]}"#,
            r#"{"f":[{"n":"x"},{"n":"y"}],"ab":[1,1]}"#,
            r#"{"s":[{"Time":{"from_ns":9,"to_ns":5}}]}"#,
            r#"{"st":{"from_ns":9,"to_ns":5}}"#,
            r#"{"t":"Nowhere"}"#,
            r#"{"a":-1}"#,
            r#"{"ms":"soon"}"#,
        ] {
            let error = decode(&address_of("v1", json)).expect_err(json);
            assert!(matches!(error, AddressError::Impossible(_)), "{json}: {error}");
        }
        let odd =
            decode(&address_of("v1", r#"{"zx":[0.9,0.1],"zy":-5,"ms":0,"mv":-999999999999}"#)).expect("is readable");
        assert_eq!((odd.span, odd.scroll, odd.threshold_ms), ((0.0, 1.0), 0.0, 1));
        assert_eq!(odd.moved_ms, -MOVED_MS);
    }

    #[test]
    fn addresses_stay_short() {
        let key = |name: &str| FrameKey { name: name.into(), file: "file:///srv/app/src/server.js".into(), line: 12 };
        let path: Path = (0..20).map(|i| key(&format!("handler{i}"))).collect();
        let state = ViewState {
            files: vec![FileRef { print: "0123456789abcdef".into(), ..FileRef::named("app.cpuprofile") }],
            selection: Some(Selection::Frame(path.clone())),
            zoom: path,
            ..ViewState::default()
        };
        let length = encode(&state).len();
        assert!(length < 500, "{length} characters for a zoom and a selection twenty calls deep");
    }
}
