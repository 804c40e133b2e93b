//! Holds the arrows of ARCHITECTURE.md: each room uses only those that the document allows, and no
//! format knows another.

#![expect(clippy::print_stdout, reason = "a test says what it looked at")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The table of arrows, read from the document, so that document and test cannot differ.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the document is there");
    let block = text.split("Arrows (each room").nth(1).expect("the document has the arrows");
    let block = block.split("```").nth(1).expect("the arrows stand in a block");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    block
        .lines()
        .map(words)
        .filter(|line| !line.is_empty())
        .map(|line| (line[0].clone(), line[1..].iter().filter(|w| *w != "–").cloned().collect()))
        .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a path.
fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.flatten().flat_map(|e| rust_files(&e.path())).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "rs"));
    files.sort();
    files
}

/// Code without comments, and without the tests at its foot: tests may build pictures from any room.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a source file can be read");
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or("").to_owned();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or(""));
    lines.collect::<Vec<_>>().join("\n")
}

/// The rooms that a piece of code names after `crate::`, also inside braces.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(list) => rooms.extend(items(list).iter().map(|item| first_word(item))),
            None => {
                rooms.insert(first_word(after));
            }
        }
    }
    rooms
}

/// The items of a list in braces, whose opening brace was read.
fn items(list: &str) -> Vec<String> {
    let mut depth = 0;
    let mut items = vec![String::new()];
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(String::new()),
            _ => {}
        }
        if let Some(item) = items.last_mut().filter(|_| c != ',' || depth > 0) {
            item.push(c);
        }
    }
    items
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn rooms_use_only_what_the_document_allows() {
    let arrows = arrows();
    let mut wrong = Vec::new();
    let mut files_seen = 0;
    for (room, allowed) in &arrows {
        let folder = root().join("src").join(room);
        let file = root().join("src").join(format!("{room}.rs"));
        let files: Vec<PathBuf> = [folder, file].iter().flat_map(|p| rust_files(p)).collect();
        assert!(!files.is_empty(), "the room {room} of the document has no source");
        for file in files {
            files_seen += 1;
            for used in rooms_named(&code(&file)) {
                if arrows.contains_key(&used) && used != *room && !allowed.contains(&used) {
                    wrong.push(format!("{} uses {used}, which {room} may not", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("architecture: {} rooms, {files_seen} files", arrows.len());
}

#[test]
fn every_room_is_in_the_document() {
    let arrows = arrows();
    let lib = fs::read_to_string(root().join("src/lib.rs")).expect("the map is there");
    for line in lib.lines().filter_map(|l| l.strip_prefix("pub mod ")) {
        let room = line.trim_end_matches(';');
        assert!(arrows.contains_key(room), "the room {room} is missing from ARCHITECTURE.md");
    }
}

#[test]
fn no_format_knows_another() {
    let formats = root().join("src/formats");
    let names: Vec<String> = fs::read_dir(&formats)
        .expect("the room is there")
        .flatten()
        .map(|e| e.path().file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned()))
        .filter(|name| name != "mod" && name != "common")
        .collect();
    assert!(names.len() >= 3, "there are formats: {names:?}");
    for file in rust_files(&formats) {
        let own = file.strip_prefix(&formats).expect("it lies in the room").to_string_lossy().into_owned();
        if own == "mod.rs" {
            continue;
        }
        let code = code(&file);
        for other in names.iter().filter(|n| !own.starts_with(n.as_str())) {
            for path in [format!("formats::{other}"), format!("super::{other}::")] {
                assert!(!code.contains(&path), "{own} knows {other}");
            }
        }
    }
}

#[test]
fn the_page_links_no_decoder() {
    let page = code(&root().join("src/bin/page.rs"));
    for room in ["formats", "input", "analysis", "engine"] {
        assert!(!page.contains(&format!("culprit::{room}")), "the page uses {room}");
    }
}

#[test]
fn reads_lists_of_rooms() {
    let rooms = |code: &str| rooms_named(code).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(rooms("use crate::model::{Column, units};"), "model");
    assert_eq!(rooms("use crate::{model::vocab::Path, units, draw::{a, b}};"), "draw model units");
    assert_eq!(rooms("let x = crate::engine::label();"), "engine");
}
