//! Hostile proof: thousands of damaged files for each format end in a recording or in one clear error,
//! without a panic, without a hang, in memory bounded by a multiple of what was read.
//!
//! The damage is seeded, so that a failure happens again; the file that failed is kept and named.
//! Everything is done as the program does it: unpack, detect, decode, then the analysis and what is
//! printed of it; now and then also what the page asks for.
#![allow(clippy::print_stdout, reason = "a test says what it measured")]

mod blind;
#[path = "../common/mod.rs"]
mod common;
mod dice;
mod frames;
mod json;
mod lines;
mod opening;
mod proto;
mod seeds;
mod shapes;
mod watched;

use std::num::NonZero;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use culprit::formats::FORMATS;

use dice::Dice;
use opening::{Opened, Shown, check, print, print_and_ask, print_with_map};
use seeds::{Seed, Structure};
use watched::{Ended, Watched};

/// Mutations of each format; every other one knows the structure.
const MUTATIONS: u64 = 10_000;
/// Mutations of source maps.
const MAP_MUTATIONS: u64 = 3_000;
/// Of the structured ones, one in so many repeats one part until the file is [`GROWN_BYTES`] large.
const GROWN_EVERY: u64 = 50;
/// Of all, one in so many is asked what the page asks, too.
const ASKED_EVERY: u64 = 8;
/// Size of a grown file.
const GROWN_BYTES: usize = 100 << 10;

/// Most memory that opening and analysing may hold at once: this many bytes for each byte read …
const MEMORY_PER_BYTE: usize = 200;
/// … and this many whatever the file: the window of the reader and the first blocks of the tables.
const MEMORY_ALWAYS: usize = 2 << 20;
/// Most memory that the pictures of a damaged file may take: a bottom-up flame graph is cut at
/// 400,000 nodes.
const PICTURES_BYTES: usize = 128 << 20;

/// What became of the mutations of one format.
#[derive(Default)]
struct Count {
    opened: u64,
    repaired: u64,
    refused: u64,
    recognised: u64,
    /// Bytes held at once, for the largest of all and the largest multiple among grown files.
    peak: usize,
    multiple: f64,
}

impl Count {
    fn add(&mut self, format: &str, opened: &Opened) {
        self.opened += u64::from(opened.result.is_ok());
        self.refused += u64::from(opened.result.is_err());
        self.repaired += u64::from(opened.result.as_ref().is_ok_and(Shown::is_repaired));
        self.recognised += u64::from(opened.recognised.as_deref() == Some(format));
    }
}

/// Memory is counted for the whole program, so one test at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Names the one format that this run of the program is about.
const FORMAT: &str = "CULPRIT_MUTATED_FORMAT";

/// Memory is counted for a whole program, so each format has one of its own: as many at a time as
/// there are processors.
#[test]
fn every_format_survives_its_mutations() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Ok(id) = std::env::var(FORMAT) {
        return survives(&id);
    }
    let left = Mutex::new(FORMATS.iter().map(|format| format.id));
    let work = || {
        let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
        while let Some(id) = next() {
            survives_alone(id);
        }
    };
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| (0..processors).for_each(|_| drop(scope.spawn(work))));
}

/// Runs this test once more, for one format.
fn survives_alone(id: &str) {
    let mut program = Command::new(std::env::current_exe().expect("this program has a file"));
    program.args(["--exact", "every_format_survives_its_mutations", "--show-output"]).env(FORMAT, id);
    let output = program.output().expect("this program can be run again");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{id}: {printed}{}", String::from_utf8_lossy(&output.stderr));
    let told: Vec<&str> = printed.lines().filter(|line| line.starts_with(id)).collect();
    assert_eq!(told.len(), 2, "{id} was not tested: {printed}");
    println!("{}", told.join("\n"));
}

/// All mutations of one format.
fn survives(id: &str) {
    let format = FORMATS.iter().find(|format| format.id == id).expect("the format is one of ours");
    let seeds = seeds::of(format.id);
    assert!(seeds.len() >= 3, "{}: only {} small fixtures", format.id, seeds.len());
    let (mut blind, mut structured) = (Count::default(), Count::default());
    let (printed, asked) = (Watched::new(print), Watched::new(print_and_ask));
    for number in 0..MUTATIONS {
        let (name, bytes) = mutation(format.id, &seeds, number);
        let count = if number % 2 == 0 { &mut blind } else { &mut structured };
        let watched = if (number / 2).is_multiple_of(ASKED_EVERY) { &asked } else { &printed };
        judge(watched, format.id, number, &name, &bytes, count);
    }
    for (half, count) in [("blind", &blind), ("structured", &structured)] {
        println!(
            "{} {half}: {} opened, {} of them repaired, {} refused; {} taken for this format; at most {} bytes held, {:.0} for a byte read",
            format.id, count.opened, count.repaired, count.refused, count.recognised, count.peak, count.multiple,
        );
        let all = count.opened + count.refused;
        assert!(
            count.opened * 10 > all && count.refused * 50 > all && count.recognised * 2 > all,
            "{} {half}: one-sided",
            format.id
        );
    }
}

/// A source map is used or said to be unreadable; the recording opens either way.
#[test]
fn source_maps_survive_their_mutations() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let seeds = seeds::maps();
    assert!(seeds.len() >= 3, "only {} small source maps", seeds.len());
    let watched = Watched::new(print_with_map);
    let (mut count, mut used, mut unreadable) = (Count::default(), 0, 0);
    for number in 0..MAP_MUTATIONS {
        let (name, bytes) = mutation("source-map", &seeds, number);
        let shown = judge(&watched, "v8-cpuprofile", number, &name, &bytes, &mut count);
        let has = |code| u64::from(shown.as_ref().is_some_and(|shown| shown.has_note(code)));
        used += has("mapped");
        unreadable += has("map-unreadable");
    }
    println!(
        "source maps: {used} used, {unreadable} unreadable; at most {} bytes held, {:.0} for a byte read",
        count.peak, count.multiple
    );
    assert_eq!((count.opened, count.recognised), (MAP_MUTATIONS, MAP_MUTATIONS), "the recording is whole");
    assert!(used * 10 > MAP_MUTATIONS && unreadable * 10 > MAP_MUTATIONS, "one-sided");
}

/// What asks for the most with the fewest bytes, made for each format.
#[test]
fn every_byte_asks_for_little() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let watched = Watched::new(print);
    let mut worst: f64 = 0.0;
    let shapes = shapes::all();
    for format in FORMATS {
        assert!(shapes.iter().any(|s| s.0 == format.id), "{}: no shape", format.id);
    }
    for (number, (format, name, bytes)) in shapes.iter().enumerate() {
        let mut count = Count::default();
        judge(&watched, format, number as u64, name, bytes, &mut count);
        println!(
            "{format}, {name}: {} bytes, {} recordings, {:.0} bytes held for each",
            bytes.len(),
            count.opened,
            count.multiple
        );
        assert_eq!(count.recognised, 1, "{format}, {name}: taken for another format");
        worst = worst.max(count.multiple);
    }
    println!("at most {worst:.0} bytes held for a byte read, beside {MEMORY_ALWAYS} for any file");
}

/// The mutation of this number: the seed's name and the damaged bytes.
fn mutation(format: &str, seeds: &[Seed], number: u64) -> (String, Vec<u8>) {
    let mut dice = Dice::new(format, number);
    let seed = dice.pick(seeds);
    if number.is_multiple_of(2) {
        let other = dice.pick(seeds);
        return (seed.name.clone(), blind::mutate(&seed.bytes, &other.bytes, &mut dice));
    }
    let grown = (number / 2).is_multiple_of(GROWN_EVERY);
    let bytes = match (&seed.structure, grown) {
        (Structure::Json(document), false) => document.mutate(&mut dice),
        (Structure::Json(document), true) => document.grow(&mut dice),
        (Structure::Proto(document), false) => document.mutate(&mut dice),
        (Structure::Proto(document), true) => document.grow(&mut dice),
        (Structure::Lines(document), false) => document.mutate(&mut dice),
        (Structure::Lines(document), true) => document.grow(&mut dice),
        (Structure::Frames(document), false) => document.mutate(&mut dice),
        (Structure::Frames(document), true) => document.grow(&mut dice),
    };
    (seed.name.clone(), bytes)
}

fn judge(
    watched: &Watched<Opened>,
    format: &str,
    number: u64,
    name: &str,
    bytes: &[u8],
    count: &mut Count,
) -> Option<Shown> {
    let allowed = MEMORY_ALWAYS + MEMORY_PER_BYTE * bytes.len();
    let mut shown = None;
    let problem = match watched.open(bytes.to_vec()) {
        Err(problem) => Some(problem),
        Ok(ended) => {
            count.peak = count.peak.max(ended.peak_bytes);
            let above = ended.peak_bytes.saturating_sub(MEMORY_ALWAYS);
            count.multiple = count.multiple.max(above as f64 / bytes.len().max(1) as f64);
            count.add(format, &ended.outcome);
            let is_small = ended.peak_bytes <= allowed && ended.aside_bytes <= PICTURES_BYTES;
            let large = || {
                let Ended { peak_bytes, aside_bytes, .. } = ended;
                format!("{peak_bytes} bytes held, {allowed} allowed, and {aside_bytes} for pictures")
            };
            let problem = check(&ended.outcome).err().or_else(|| (!is_small).then(large));
            shown = ended.outcome.result.ok();
            problem
        }
    };
    if let Some(problem) = problem {
        let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{format}-{number}"));
        std::fs::write(&kept, bytes).expect("the folder for temporary files can be written to");
        panic!("{format}, mutation {number}, of {name}: {problem}\nthe file: {}", kept.display());
    }
    shown
}
