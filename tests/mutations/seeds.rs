//! What is mutated: the unpacked content of small fixtures, by the format that opens them.

use std::path::Path;

use culprit::error::Result;
use culprit::formats;
use culprit::input::{FileSource, Limits, Source, Window};

use crate::common::{files_below, package};
use crate::{frames, json, lines, proto};

/// Largest content that is used: thousands of copies of it are decoded.
const SEED_BYTES_MAX: usize = 16 << 10;

/// Content to mutate.
pub(crate) struct Seed {
    /// File name, for messages.
    pub(crate) name: String,
    /// Unpacked bytes.
    pub(crate) bytes: Vec<u8>,
    /// Its parts, as far as its structure is known here.
    pub(crate) structure: Structure,
}

/// How content is built, told from the content alone, so that a new format needs nothing here.
pub(crate) enum Structure {
    Json(json::Document),
    Proto(proto::Document),
    Lines(lines::Document),
    Frames(frames::Document),
}

/// The small fixtures that open as `format`.
pub(crate) fn of(format: &str) -> Vec<Seed> {
    let files = files_below(&package().join("tests/fixtures"));
    files.iter().filter_map(|file| read(file, format).ok().flatten()).collect()
}

/// The source maps among the fixtures, which belong to recordings and are none.
pub(crate) fn maps() -> Vec<Seed> {
    let files = files_below(&package().join("tests/fixtures/source-maps"));
    let maps = files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "map"));
    maps.filter_map(|file| {
        let bytes = std::fs::read(file).expect("a fixture can be read");
        let name = file.to_string_lossy().into_owned();
        structure(&bytes).filter(|_| bytes.len() <= SEED_BYTES_MAX).map(|structure| Seed { name, bytes, structure })
    })
    .collect()
}

fn read(file: &Path, format: &str) -> Result<Option<Seed>> {
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let source = FileSource::open(file).expect("a fixture can be read");
    if source.size() > SEED_BYTES_MAX as u64 {
        return Ok(None);
    }
    let mut window = Window::open(Box::new(source), &Limits::default(), None)?;
    let bytes = window.want(SEED_BYTES_MAX + 1)?.to_vec();
    if bytes.len() > SEED_BYTES_MAX || formats::detect(&name, &mut window)?.0.id != format {
        return Ok(None);
    }
    Ok(structure(&bytes).map(|structure| Seed { name, bytes, structure }))
}

fn structure(bytes: &[u8]) -> Option<Structure> {
    None.or_else(|| json::Document::read(bytes).map(Structure::Json))
        .or_else(|| proto::Document::read(bytes).map(Structure::Proto))
        .or_else(|| lines::Document::read(bytes).map(Structure::Lines))
        .or_else(|| frames::Document::read(bytes).map(Structure::Frames))
}
