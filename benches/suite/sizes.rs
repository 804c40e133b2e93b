//! What a first visit fetches: programs and scripts of the built site, packed as hosts send them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Bench;
use crate::table::{Figure, Goal, Row, Unit};

/// Whose files: what begins their names, and what they may weigh, bytes.
const PARTS: [(&str, &str, &[&str], f64); 2] = [
    ("size/page", "first visit, page: wasm and script, brotli", &["page", "start"], 350e3),
    ("size/worker", "the worker with every decoder: wasm and script, brotli", &["worker"], 600e3),
];

/// The lines about sizes.
pub(crate) fn rows(bench: &Bench) -> Vec<Row> {
    let wanted = PARTS.into_iter().filter(|(id, ..)| bench.wants(id));
    let row = |(id, work, names, most): (&str, &str, &[&str], f64)| {
        let row = Row::new(id, work).goal(Goal::Most(most));
        match packed(&bench.dist, names) {
            Ok(files) if files.is_empty() => row.note("the site has no such file"),
            Ok(files) => {
                let each: Vec<String> =
                    files.iter().map(|(name, bytes)| format!("{name} {:.1} kB", *bytes as f64 / 1e3)).collect();
                let sum = files.iter().map(|(_, bytes)| *bytes as f64).sum();
                row.ours(Figure::median(Unit::Kilobytes, [sum])).note(each.join(", "))
            }
            Err(problem) => row.note(format!("{}: {problem}", bench.dist.display())),
        }
    };
    wanted.map(row).collect()
}

/// Name and packed size of each program and script whose name begins like this.
fn packed(dist: &Path, names: &[&str]) -> io::Result<Vec<(String, u64)>> {
    let mut found = Vec::new();
    for path in files_below(dist)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_code = name.ends_with(".wasm") || name.ends_with(".js");
        if is_code && names.iter().any(|begin| name.starts_with(begin)) {
            found.push((name, packed_bytes(&fs::read(path)?)?));
        }
    }
    found.sort();
    Ok(found)
}

fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    Ok(found)
}

/// Size at the strongest setting, which is what is kept for files that never change.
fn packed_bytes(bytes: &[u8]) -> io::Result<u64> {
    let options = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 24, ..Default::default() };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut out, &options)?;
    Ok(out.len() as u64)
}
