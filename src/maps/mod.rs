//! Source maps: from what ran to what was written.
//!
//! Bundlers, minifiers and compilers write a map beside the script that they make. [`Maps`] takes such
//! maps, and scripts that name or hold theirs, and turns a recording of the made scripts into one of the
//! originals: names of functions, files, lines, ticks per line, places in traces and in heaps. Functions
//! whose originals are equal become one.
//!
//! **Invariant:** memory and time follow what was read, whatever a map claims; a map that is damaged
//! anywhere is not used at all, so that no name is ever a guess.

mod document;
mod lexer;
mod matching;
mod naming;
mod paths;
mod rewrite;

use crate::error::Result;
use crate::input::{Limits, Named, Window};
use crate::model::vocab::is_companion;
use crate::model::{Note, Recording, Table};
use matching::{Choice, Found};

/// What a file that is no recording tells of scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A source map.
    Map,
    /// A script, which may name or hold its map.
    Script,
    /// The map of what does not run: style sheets, declarations.
    Aside,
}

fn kind(name: &str) -> Option<Kind> {
    let is_aside = [".css.map", ".d.ts.map", ".d.mts.map", ".d.cts.map"].iter().any(|ending| name.ends_with(ending));
    is_companion(name).then_some(match () {
        () if is_aside => Kind::Aside,
        () if name.ends_with(".map") => Kind::Map,
        () => Kind::Script,
    })
}

/// The maps that were brought with recordings, not read yet.
#[derive(Debug, Default)]
pub struct Maps {
    maps: Vec<Named>,
    scripts: Vec<Named>,
}

/// Names in one note; the table of scripts has more of them.
const NAMES_SHOWN: usize = 5;
/// Scripts in the table.
const ROWS_MAX: usize = 10_000;

impl Maps {
    /// Takes the scripts and source maps out of a bundle.
    pub fn out_of(bundle: &mut Vec<Named>) -> Self {
        let mut maps = Self::default();
        for named in std::mem::take(bundle) {
            match kind(&named.name) {
                Some(Kind::Map) => maps.maps.push(named),
                Some(Kind::Script) => maps.scripts.push(named),
                Some(Kind::Aside) => {}
                None => bundle.push(named),
            }
        }
        maps
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.maps.is_empty() && self.scripts.is_empty()
    }

    /// The recording of the originals, with notes on what was mapped and what could not be.
    ///
    /// The recording must tell functions apart by their columns (`Builder::tell_columns`): a minified
    /// script is one line.
    pub fn apply(self, recording: Recording, limits: &Limits) -> Recording {
        if recording.functions.iter().all(|function| function.column == 0) {
            // Nothing that a map could know, and nothing that was told apart.
            return recording;
        }
        let scripts = rewrite::scripts(&recording);
        let Found { choices, mut notes } = matching::choose(self, &scripts.paths, limits);
        let mut maps = Vec::new();
        let mut map_of = Vec::new();
        for choice in &choices {
            map_of.push(match choice {
                Choice::Map(candidate) => candidate.take(limits, &mut maps, &mut notes),
                Choice::None | Choice::Several => None,
            });
        }
        let scripts_table = table(&choices, &scripts.paths, &map_of);
        about_scripts(&choices, &scripts.paths, map_of.iter().flatten().count() as u64, &mut notes);
        let mut recording = rewrite::rewritten(recording, &scripts, &map_of, &maps, notes);
        recording.tables.extend(Some(scripts_table).filter(|table| !table.rows.is_empty()));
        recording
    }
}

/// Which map each script has.
fn table(choices: &[Choice], scripts: &[String], map_of: &[Option<usize>]) -> Table {
    let mut table = Table::new("Scripts", ["Script", "Source map"]);
    for ((choice, script), map) in choices.iter().zip(scripts).zip(map_of).take(ROWS_MAX) {
        let map = match choice {
            Choice::Map(candidate) if map.is_none() => format!("{} cannot be used", candidate.name()),
            Choice::Map(candidate) => candidate.name(),
            Choice::None => "none".to_owned(),
            Choice::Several => "several fit equally well".to_owned(),
        };
        table.row([script.clone(), map]);
    }
    table
}

/// Notes how many scripts were mapped, and names those that were not.
fn about_scripts(choices: &[Choice], scripts: &[String], mapped: u64, notes: &mut Vec<Note>) {
    let named = |is_it: fn(&Choice) -> bool| -> Vec<&str> {
        let all = choices.iter().zip(scripts).filter(|(choice, _)| is_it(choice));
        all.map(|(_, script)| script.as_str()).collect()
    };
    let several = named(|choice| matches!(choice, Choice::Several));
    note(notes, "maps-ambiguous", several.len() as u64, || {
        format!("Several source maps fit equally well, so none was used, for {}.", listed(&several))
    });
    let without = named(|choice| matches!(choice, Choice::None));
    note(notes, "unmapped", without.len() as u64, || format!("No source map belongs to {}.", listed(&without)));
    note(notes, "mapped", mapped, || match mapped {
        1 => "One script was mapped to its original sources.".to_owned(),
        _ => format!("{mapped} scripts were mapped to their original sources."),
    });
    // What was asked for comes first.
    notes.reverse();
}

fn note(notes: &mut Vec<Note>, code: &str, count: u64, text: impl FnOnce() -> String) {
    if count > 0 {
        let text = crate::error::printable(&text()).into_owned();
        notes.push(Note { code: code.to_owned(), count, text });
    }
}

/// Names as a list, and how many more there are.
fn listed(names: &[&str]) -> String {
    let shown: Vec<&str> = names.iter().map(|name| &name[..name.floor_char_boundary(100)]).take(NAMES_SHOWN).collect();
    let more = match names.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}

/// All bytes of a file, unpacked.
fn whole(named: Named, limits: &Limits) -> Result<Vec<u8>> {
    let mut window = Window::open(named.source, limits, None)?;
    let mut bytes = Vec::new();
    while !window.want(1)?.is_empty() {
        bytes.extend_from_slice(window.data());
        let read = window.data().len();
        window.consume(read);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
