//! What visits fetch: programs and scripts of the built site as brotli packs them, by the
//! program that holds every build to its budget.

use std::process::Command;

use super::Bench;
use crate::table::{Figure, Goal, Row, Unit};

/// The lines of the budget that are told: id, name there, and what it is.
const PARTS: [(&str, &str, &str); 3] = [
    ("size/page", "page", "first visit: wasm and script of the page, brotli"),
    ("size/worker", "worker", "first visit: wasm and script of the worker, brotli"),
    ("size/full", "full", "the worker with every decoder, fetched when needed: wasm and script, brotli"),
];

/// The lines about sizes.
pub(crate) fn rows(bench: &Bench) -> Vec<Row> {
    let wanted: Vec<_> = PARTS.into_iter().filter(|(id, ..)| bench.wants(id)).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let said = said(bench);
    let row = |(id, name, work): (&str, &str, &str)| {
        let row = Row::new(id, work);
        let found = said.as_ref().map_err(String::clone).and_then(|said| {
            let sum = sum(said, name);
            sum.ok_or_else(|| format!("{} has no sum for {name}", bench.sizes.display()))
        });
        match found {
            Ok((bytes, budget)) => row.ours(Figure::median(Unit::Kilobytes, [bytes])).goal(Goal::Most(budget)),
            Err(problem) => row.note(problem),
        }
    };
    wanted.into_iter().map(row).collect()
}

/// What the program prints of the site. It fails where a budget is crossed, which is for the table
/// to tell.
fn said(bench: &Bench) -> Result<String, String> {
    let budget = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("size-budget.txt");
    let output = Command::new(&bench.sizes).arg(&bench.dist).arg(budget).output();
    let output = output.map_err(|e| format!("{} cannot be started: {e}", bench.sizes.display()))?;
    match output.stdout.is_empty() {
        true => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        false => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
    }
}

/// Packed bytes and budget: the last two numbers of the line `= NAME …`.
fn sum(said: &str, name: &str) -> Option<(f64, f64)> {
    let line = said.lines().find(|line| line.split_whitespace().take(2).eq(["=", name]))?;
    let mut numbers = line.split_whitespace().rev().map_while(|word| word.parse::<f64>().ok());
    let budget = numbers.next()?;
    Some((numbers.next()?, budget))
}
