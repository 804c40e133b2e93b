//! Doctor's measurements as series, whichever file they stand in.

use crate::model::SortFew as _;
use crate::model::{Builder, Role, Series, SeriesKind};
use crate::units::Unit;

/// One measurement.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Record {
    /// Milliseconds since 1970, at the end of the delay.
    pub(super) timestamp: f64,
    /// How much later than asked for the measurement came, milliseconds.
    pub(super) delay: f64,
    /// Processor time per wall time since the measurement before.
    pub(super) cpu: Option<f64>,
    /// Bytes, in the order of [`MEMORY`].
    pub(super) memory: [Option<f64>; MEMORY.len()],
    /// Open handles.
    pub(super) handles: Option<f64>,
    /// Percent of the time since the start in which the loop ran.
    pub(super) utilisation: Option<f64>,
}

/// Keys, names and roles of memory.
pub(super) const MEMORY: [(&str, &str, Role); 5] = [
    ("rss", "Resident memory", Role::Resident),
    ("heapTotal", "Heap", Role::HeapTotal),
    ("heapUsed", "Heap used", Role::HeapUsed),
    ("external", "External memory", Role::Other),
    ("arrayBuffers", "Array buffers", Role::Other),
];

/// Milliseconds since 1970 of the years 2001 to 2096, which is what tells a measurement from chance.
pub(super) fn is_moment(ms: f64) -> bool {
    ms > 1e12 && ms < 4e12
}

/// Adds the series of measurements, and the moments and lengths of collections in milliseconds since
/// 1970, to the builder.
pub(super) fn add(mut records: Vec<Record>, mut collections: Vec<(f64, f64)>, builder: &mut Builder) {
    let drops = records.windows(2).filter(|pair| pair[0].timestamp > pair[1].timestamp).count();
    builder.note(
        "order-repaired",
        drops as u64,
        "Measurements were out of order; all were put into the order of time.",
    );
    records.sort_few_by(|a, b| a.timestamp.total_cmp(&b.timestamp));
    collections.sort_few_by(|a, b| a.0.total_cmp(&b.0));
    let begins = records.iter().map(|r| r.timestamp - r.delay).chain(collections.iter().map(|gc| gc.0 - gc.1));
    let Some(start) = begins.filter(|&ms| is_moment(ms)).min_by(f64::total_cmp) else { return };
    let start_ns = (start * 1e6) as i64;
    let since = |ms: f64| ((ms * 1e6) as i64).saturating_sub(start_ns);
    builder.clock.unix_ns = Some(start_ns);
    let new =
        |name: &str, unit: Unit, kind: SeriesKind, role: Role| Series::new(name, "process", unit, kind).with_role(role);
    let share = || Unit::Other("share".into());
    let mut delay = new("Event-loop delay", Unit::Nanos, SeriesKind::Delay, Role::LoopDelay);
    let mut cpu = new("Processor", Unit::Other("cores".into()), SeriesKind::Gauge, Role::Cpu);
    let mut used = new("Event-loop utilisation since the start", share(), SeriesKind::Gauge, Role::LoopUtilisation);
    let mut memory = MEMORY.map(|(_, name, role)| new(name, Unit::Bytes, SeriesKind::Gauge, role));
    let mut handles = new("Handles", Unit::Count, SeriesKind::Gauge, Role::Handles);
    for record in &records {
        let at = since(record.timestamp);
        delay.push(at, record.delay * 1e6);
        cpu.push(at, record.cpu.unwrap_or(f64::NAN));
        used.push(at, record.utilisation.map_or(f64::NAN, |percent| percent / 100.0));
        handles.push(at, record.handles.unwrap_or(f64::NAN));
        for (series, bytes) in memory.iter_mut().zip(record.memory) {
            series.push(at, bytes.unwrap_or(f64::NAN));
        }
    }
    let mut pauses = new("Garbage collections", Unit::Nanos, SeriesKind::Amount, Role::GcPause);
    collections.iter().for_each(|&(end, length)| pauses.push(since(end), length * 1e6));
    let all = [delay, cpu, used, handles, pauses].into_iter().chain(memory);
    builder.series.extend(all.filter(|series| !series.is_empty()));
}
