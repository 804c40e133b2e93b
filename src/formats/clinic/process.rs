//! `*-processstat`: frames of a 16-bit length, the high byte first, and a protobuf message.
//!
//! Worker threads load the same collector as the program and write into the same file, each from its
//! start. So whatever is no frame is passed byte by byte until one follows: see [`Frame::at`].

use super::records::{self, MEMORY, Record, is_moment};
use crate::error::{Error, Result};
use crate::formats::{Context, Fit, Head};
use crate::input::Window;
use crate::model::Builder;

/// A measurement.
#[derive(Clone, PartialEq, prost::Message)]
struct ProcessStat {
    #[prost(double, tag = "1")]
    timestamp: f64,
    #[prost(double, tag = "2")]
    delay: f64,
    #[prost(double, tag = "3")]
    cpu: f64,
    #[prost(message, optional, tag = "4")]
    memory: Option<Memory>,
    #[prost(int32, tag = "5")]
    handles: i32,
    #[prost(int32, optional, tag = "6")]
    utilisation: Option<i32>,
}

/// Bytes.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Memory {
    #[prost(double, tag = "1")]
    rss: f64,
    #[prost(double, tag = "2")]
    heap_total: f64,
    #[prost(double, tag = "3")]
    heap_used: f64,
    #[prost(double, tag = "4")]
    external: f64,
    #[prost(double, optional, tag = "5")]
    array_buffers: Option<f64>,
}

/// Bytes of a length.
const LENGTH: usize = 2;
/// A message with all of its fields has 78 bytes; without the optional ones, with larger numbers or
/// fields of later versions it differs by a few.
const SHORTEST: usize = 20;
const LONGEST: usize = 255;
/// Tag of the timestamp, which is written first.
const TIMESTAMP: u8 = 0x09;

/// A frame at the start of bytes.
#[derive(Debug)]
struct Frame {
    record: Record,
    /// Bytes with the length.
    size: usize,
}

impl Frame {
    /// The frame at the start of `bytes`: a length that a message can have, a message that fills it, and
    /// numbers that a measurement can have. By chance, random bytes pass once in 10^12 places.
    fn at(bytes: &[u8]) -> Option<Self> {
        let [high, low, TIMESTAMP, ..] = *bytes else { return None };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let body = bytes.get(LENGTH..LENGTH + length).filter(|_| (SHORTEST..=LONGEST).contains(&length))?;
        let stat = <ProcessStat as prost::Message>::decode(body).ok()?;
        let record = record(&stat)?;
        Some(Self { record, size: LENGTH + length })
    }
}

fn record(stat: &ProcessStat) -> Option<Record> {
    // Longer delays than a day are no measurement.
    let is_delay = stat.delay >= 0.0 && stat.delay < 86_400_000.0;
    let memory = stat.memory.as_ref().filter(|_| is_moment(stat.timestamp) && is_delay)?;
    let bytes = [
        Some(memory.rss),
        Some(memory.heap_total),
        Some(memory.heap_used),
        Some(memory.external),
        memory.array_buffers,
    ];
    debug_assert_eq!(bytes.len(), MEMORY.len());
    Some(Record {
        timestamp: stat.timestamp,
        delay: stat.delay,
        cpu: Some(stat.cpu),
        memory: bytes,
        handles: Some(f64::from(stat.handles)),
        // Before anything was measured, a share of nothing was cast to an integer: any number.
        utilisation: stat.utilisation.filter(|percent| (0..=100).contains(percent)).map(f64::from),
    })
}

/// The answer of the format: a whole frame at the start, or behind what another thread left of one.
pub(super) fn detect(head: &Head<'_>) -> Fit {
    if Frame::at(head.bytes).is_some() {
        return Fit::Yes("starts with a measurement of clinic doctor".into());
    }
    // Holes that a file of several writers has are full of zeros or of halves of frames.
    let is_binary = head.bytes.iter().take(4096).any(|&b| b == 0);
    let later = is_binary && (1..head.bytes.len()).any(|at| Frame::at(&head.bytes[at..]).is_some());
    if later { Fit::Maybe("holds measurements of clinic doctor".into()) } else { Fit::No }
}

pub(super) fn decode(window: &mut Window, builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    let mut records = Vec::new();
    let (mut skipped, mut gaps, mut is_in_gap) = (0u64, 0u64, false);
    loop {
        if window.want(LENGTH + LONGEST)?.is_empty() {
            break;
        }
        let step = batch(window.data(), &mut records);
        skipped += step.skipped as u64;
        let goes_on = is_in_gap && step.used == step.skipped;
        gaps += u64::from(step.skipped > 0 && !goes_on);
        is_in_gap = step.skipped > 0;
        window.consume(step.used);
    }
    let last = if is_in_gap { skipped.min(LONGEST as u64) } else { 0 };
    if records.is_empty() {
        return Err(Error::whole("it has no measurement", "Let the program run until clinic ends by itself."));
    }
    if skipped > 0 && gaps == 1 && skipped == last {
        builder.note("cut", 1, "The file ends inside a measurement, which was left out.");
    } else if skipped > 0 {
        builder.note(
            "mixed",
            skipped,
            "Bytes between the measurements are none and were passed: worker threads write into the file of their \
             program and overwrite it, so that of some stretches nothing may be left.",
        );
    }
    records::add(records, Vec::new(), builder);
    Ok(())
}

/// What became of some bytes.
#[derive(Debug, Default)]
struct Step {
    used: usize,
    skipped: usize,
}

/// Reads frames up to and with a gap, as far as they are in memory. Never inlined: browsers translate
/// a loop anew when its function is called again.
#[inline(never)]
fn batch(bytes: &[u8], records: &mut Vec<Record>) -> Step {
    let mut step = Step::default();
    while let Some(frame) = Frame::at(&bytes[step.used..]) {
        records.push(frame.record);
        step.used += frame.size;
    }
    // What may be the start of a longer frame is looked at again when more is there.
    let is_last = bytes.len() < LENGTH + LONGEST;
    let limit = if is_last { bytes.len() } else { bytes.len() - (LENGTH + LONGEST) + 1 };
    while step.used < limit && Frame::at(&bytes[step.used..]).is_none() {
        step.used += 1;
        step.skipped += 1;
    }
    step
}
