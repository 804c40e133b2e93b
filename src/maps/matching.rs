//! Which map belongs to which script.
//!
//! A map is a candidate for a script when its file's name is the script's with `.map` behind it, when it
//! says itself that it is of a file of that name, or when a script of that name was brought which names
//! it or holds it. Of several candidates the one wins whose path has the most parts in common with the
//! script's, counted from the end; and a map goes to the scripts with which it has the most in common.
//! Where that leaves several, none is used: a wrong map would give wrong names.

use super::document::{Map, file_of};
use super::paths::{common, file_name, parts_from_end, path_of, percent_decoded, resolved};
use super::{Maps, listed, note, whole};
use crate::error::{Error, Result};
use crate::input::{Limits, Named, SliceSource};
use crate::model::Note;
use std::collections::BTreeMap;

/// What was chosen for a script.
pub(super) enum Choice {
    /// This map.
    Map(Candidate),
    /// There is none.
    None,
    /// Several fit equally well.
    Several,
}

/// A map, which is read when it is first taken.
#[derive(Clone)]
pub(super) struct Candidate(std::rc::Rc<std::cell::RefCell<Content>>);

struct Content {
    name: String,
    state: State,
}

enum State {
    File(Named),
    Bytes(Vec<u8>),
    /// Row of the maps that were read.
    Read(usize),
    Failed,
}

/// What was found for all scripts.
pub(super) struct Found {
    /// One for each script.
    pub(super) choices: Vec<Choice>,
    pub(super) notes: Vec<Note>,
}

impl Candidate {
    fn new(name: &str, state: State) -> Self {
        Self(std::rc::Rc::new(std::cell::RefCell::new(Content { name: name.to_owned(), state })))
    }

    /// The name of the file that holds it.
    pub(super) fn name(&self) -> String {
        self.0.borrow().name.clone()
    }

    /// The row of the map in `maps`, where it is put when it is read; `None` when it cannot be read.
    pub(super) fn take(&self, limits: &Limits, maps: &mut Vec<Map>, notes: &mut Vec<Note>) -> Option<usize> {
        let mut content = self.0.borrow_mut();
        if let State::Read(row) = content.state {
            return Some(row);
        }
        let read = content.bytes(limits).and_then(|bytes| Map::read(bytes, limits));
        match read {
            Ok(map) => {
                content.state = State::Read(maps.len());
                maps.push(map);
                Some(maps.len() - 1)
            }
            Err(error) => {
                content.failed(&error, notes);
                None
            }
        }
    }
}

impl Content {
    fn bytes(&mut self, limits: &Limits) -> Result<Vec<u8>> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::File(named) => whole(named, limits),
            State::Bytes(bytes) => Ok(bytes),
            State::Read(_) | State::Failed => Err(Error::whole("it could not be read before", "")),
        }
    }

    fn failed(&mut self, error: &Error, notes: &mut Vec<Note>) {
        let was_told = notes.iter().any(|note| note.code == "map-unreadable" && note.text.starts_with(&self.name));
        if !was_told {
            let name = &self.name;
            note(notes, "map-unreadable", 1, || format!("{name} was not used: {}.", error.problem));
        }
        self.state = State::Failed;
    }
}

/// A path that a script may have, and the map that it would have.
struct Claim {
    path: String,
    map: usize,
}

/// Chooses a map for each script.
pub(super) fn choose(maps: Maps, scripts: &[String], limits: &Limits) -> Found {
    let mut notes = Vec::new();
    let wanted: BTreeMap<String, Vec<usize>> = by_name(scripts);
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut claims = Vec::new();
    let mut paths: Vec<String> = Vec::new();
    for named in maps.maps {
        let map = candidates.len();
        let path = named.name.clone();
        let script = path[..path.len() - ".map".len()].to_owned();
        let is_wanted = wanted.contains_key(&file_name(&script));
        claims.push(Claim { path: script, map });
        let state =
            if is_wanted { State::File(named) } else { renamed(named, map, &path, limits, &mut claims, &mut notes) };
        candidates.push(Candidate::new(&path, state));
        paths.push(path);
    }
    for named in maps.scripts {
        let path = named.name.clone();
        if !wanted.contains_key(&file_name(&path)) {
            continue;
        }
        match whole(named, limits).map(|bytes| reference(&bytes)) {
            Ok(Some(Reference::Inline(bytes))) => {
                claims.push(Claim { path: path.clone(), map: candidates.len() });
                candidates.push(Candidate::new(&path, State::Bytes(bytes)));
                paths.push(path);
            }
            Ok(Some(Reference::Path(to))) => {
                let to = resolved(&path, &to);
                let exact = paths.iter().position(|path| *path == to);
                let map = exact.or_else(|| only(paths.iter().map(|path| file_name(path) == file_name(&to))));
                claims.extend(map.map(|map| Claim { path, map }));
            }
            Ok(None) => {}
            Err(error) => note(&mut notes, "map-unreadable", 1, || format!("{path} was not used: {}.", error.problem)),
        }
    }
    let best = best(scripts, &wanted, &claims, candidates.len());
    let mut is_used = vec![false; paths.len()];
    best.iter().flatten().for_each(|map| is_used[*map] = true);
    let idle: Vec<&str> = paths.iter().zip(&is_used).filter(|(_, is)| !**is).map(|(path, _)| path.as_str()).collect();
    note(&mut notes, "about-unused-maps", idle.len() as u64, || {
        format!("No script of the recording belongs to {}.", listed(&idle))
    });
    let choices = best.into_iter().map(|chosen| match chosen[..] {
        [] => Choice::None,
        [map] => Choice::Map(candidates[map].clone()),
        _ => Choice::Several,
    });
    Found { choices: choices.collect(), notes }
}

/// Scripts by the names of their files.
fn by_name(scripts: &[String]) -> BTreeMap<String, Vec<usize>> {
    let mut rows: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (row, script) in scripts.iter().enumerate() {
        rows.entry(file_name(path_of(script))).or_default().push(row);
    }
    rows
}

/// A map that is not named after a script may say which one it is of: that is the only thing that it is
/// read for now.
fn renamed(
    named: Named,
    map: usize,
    path: &str,
    limits: &Limits,
    claims: &mut Vec<Claim>,
    notes: &mut Vec<Note>,
) -> State {
    let read = whole(named, limits).and_then(|bytes| Ok((file_of(SliceSource::new(bytes.clone()), limits)?, bytes)));
    match read {
        Ok((file, bytes)) => {
            claims.extend(file.map(|file| Claim { path: resolved(path, &file), map }));
            State::Bytes(bytes)
        }
        Err(error) => {
            note(notes, "map-unreadable", 1, || format!("{path} was not used: {}.", error.problem));
            State::Failed
        }
    }
}

/// For each script the maps that fit it best, and it them.
fn best(scripts: &[String], wanted: &BTreeMap<String, Vec<usize>>, claims: &[Claim], maps: usize) -> Vec<Vec<usize>> {
    let mut fits: Vec<BTreeMap<usize, usize>> = vec![BTreeMap::new(); scripts.len()];
    let mut most = vec![0; maps];
    let parts = |path| parts_from_end(path).collect::<Vec<_>>();
    let of_scripts: Vec<Vec<String>> = scripts.iter().map(|script| parts(path_of(script))).collect();
    for claim in claims {
        let of_claim = parts(&claim.path);
        for &script in wanted.get(&file_name(&claim.path)).into_iter().flatten() {
            let score = common(&of_scripts[script], &of_claim);
            let fit = fits[script].entry(claim.map).or_default();
            *fit = score.max(*fit);
            most[claim.map] = score.max(most[claim.map]);
        }
    }
    // A map that several scripts claim with equal right leaves each of them in doubt, unless they are one
    // file: the same path with another query, scheme or host.
    let mut owner: Vec<Option<&str>> = vec![None; maps];
    let mut is_doubted = vec![false; maps];
    let mut chosen: Vec<Vec<usize>> = Vec::new();
    for (fits, script) in fits.iter().zip(scripts) {
        let mutual = || fits.iter().filter(|(map, score)| **score == most[**map]);
        let top = mutual().map(|(_, score)| *score).max();
        let maps: Vec<usize> = mutual().filter(|(_, score)| Some(**score) == top).map(|(map, _)| *map).collect();
        for &map in &maps {
            let path = path_of(script);
            is_doubted[map] |= *owner[map].get_or_insert(path) != path;
        }
        chosen.push(maps);
    }
    for maps in &mut chosen {
        if let [map] = maps[..]
            && is_doubted[map]
        {
            maps.push(map);
        }
    }
    chosen
}

/// The one place where something holds.
fn only(holds: impl Iterator<Item = bool>) -> Option<usize> {
    let mut places = holds.enumerate().filter(|(_, holds)| *holds).map(|(at, _)| at);
    places.next().filter(|_| places.next().is_none())
}

/// How a script tells where its map is.
#[derive(Debug, PartialEq, Eq)]
enum Reference {
    Path(String),
    Inline(Vec<u8>),
}

/// The last mark of a script that names its map, if it has any.
fn reference(script: &[u8]) -> Option<Reference> {
    let mark = b"# sourceMappingURL=";
    let old = b"@ sourceMappingURL=";
    let at = memchr::memmem::rfind(script, mark).or_else(|| memchr::memmem::rfind(script, old))?;
    let rest = &script[at + mark.len()..];
    let end = rest.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'*' | b'`'));
    let url = &rest[..end.unwrap_or(rest.len())];
    let Some(data) = url.strip_prefix(b"data:") else {
        return Some(Reference::Path(String::from_utf8_lossy(url).into_owned()));
    };
    let comma = memchr::memchr(b',', data)?;
    let (kind, content) = (&data[..comma], &data[comma + 1..]);
    if !kind.ends_with(b";base64") {
        return Some(Reference::Inline(percent_decoded(content)));
    }
    let end = content.iter().rposition(|b| *b != b'=').map_or(0, |last| last + 1);
    data_encoding::BASE64_NOPAD.decode(&content[..end]).ok().map(Reference::Inline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_tell_where_their_maps_are() {
        let path = |text: &str| Some(Reference::Path(text.to_owned()));
        assert_eq!(reference(b"f();\n//# sourceMappingURL=a.js.map\n"), path("a.js.map"));
        assert_eq!(reference(b"//# sourceMappingURL=b\nf();//@ sourceMappingURL=a"), path("b"));
        assert_eq!(reference(b"f();/*# sourceMappingURL=a.js.map*/"), path("a.js.map"));
        assert_eq!(reference(b"f();"), None);
        let inline = |text: &[u8]| reference(&[b"//# sourceMappingURL=data:application/json", text].concat());
        assert_eq!(inline(b";charset=utf-8;base64,e30="), Some(Reference::Inline(b"{}".to_vec())));
        assert_eq!(inline(b";base64,e30"), Some(Reference::Inline(b"{}".to_vec())));
        assert_eq!(inline(b",%7B%7D"), Some(Reference::Inline(b"{}".to_vec())));
        assert_eq!(inline(b";base64,!"), None);
        assert_eq!(inline(b""), None);
    }

    fn chosen(maps: &[(&str, &str)], scripts: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut bundle = maps.iter().map(|(name, text)| Named {
            name: (*name).to_owned(),
            source: Box::new(SliceSource::new(text.as_bytes())),
        });
        let maps = Maps::out_of(&mut bundle.by_ref().collect());
        let scripts: Vec<String> = scripts.iter().map(|s| (*s).to_owned()).collect();
        let found = choose(maps, &scripts, &Limits::default());
        let choices = found.choices.iter().map(|choice| match choice {
            Choice::Map(candidate) => candidate.0.borrow().name.clone(),
            Choice::None => "none".into(),
            Choice::Several => "several".into(),
        });
        (choices.collect(), found.notes.into_iter().map(|note| note.code).collect())
    }

    #[test]
    fn the_longest_common_path_wins() {
        let maps = [("a/index.js.map", "{}"), ("b/index.js.map", "{}"), ("app.js.map", "{}")];
        let (choices, notes) =
            chosen(&maps, &["file:///srv/b/index.js", "/srv/a/index.js", "https://x/app.js?v=2", "c.js"]);
        assert_eq!(choices, ["b/index.js.map", "a/index.js.map", "app.js.map", "none"]);
        assert_eq!(notes, [""; 0]);
        // Neither map has more in common with the script, nor either script with the map.
        assert_eq!(chosen(&maps[..2], &["/srv/index.js"]).0, ["several"]);
        assert_eq!(chosen(&[("index.js.map", "{}")], &["/a/index.js", "/b/index.js"]).0, ["several", "several"]);
        assert_eq!(chosen(&maps[..1], &["/a/index.js", "/c/index.js"]).0, ["a/index.js.map", "none"]);
        assert_eq!(chosen(&maps[2..], &["/app.js?v=1", "/app.js?v=2"]).0, ["app.js.map"; 2]);
    }

    #[test]
    fn maps_are_known_by_what_they_say_and_by_scripts() {
        let renamed = ("maps/17.map", r#"{"version":3,"mappings":"","file":"../js/app.js"}"#);
        assert_eq!(chosen(&[renamed], &["/srv/js/app.js"]).0, ["maps/17.map"]);
        let named = [("js/app.js", "f()\n//# sourceMappingURL=../m/x.map"), ("m/x.map", "{}"), ("n/x.map", "{}")];
        assert_eq!(
            chosen(&named, &["/srv/js/app.js"]),
            (vec!["m/x.map".to_owned()], vec!["about-unused-maps".to_owned()])
        );
        let inline = ("app.js", "f()\n//# sourceMappingURL=data:application/json;base64,e30=");
        assert_eq!(chosen(&[inline], &["/srv/js/app.js"]).0, ["app.js"]);
        assert_eq!(
            chosen(&[("style.css.map", "{}"), ("other.js", "f()")], &["/app.js"]),
            (vec!["none".to_owned()], vec![])
        );
    }
}
