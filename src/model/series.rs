//! Series: numbers over time. Distributions: how often a number was how large. Totals: plain sums.

use super::Column;
use crate::units::Unit;

/// What the numbers of a series are, which decides how they are drawn and summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeriesKind {
    /// A level at a moment: memory in use, open handles, a share.
    Gauge,
    /// What happened in the stretch that ends at the moment: requests, bytes sent.
    Amount,
    /// A lateness measured at its end: the loop was held up for so long before the moment.
    Delay,
}

/// What a series, a distribution or a total is to whoever judges or compares recordings, whatever the
/// file calls it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Nothing that any rule asks for.
    #[default]
    Other,
    /// How long requests took.
    Latency,
    /// Requests per second.
    Rate,
    /// Requests that were answered.
    Requests,
    /// Requests that failed, in whatever way.
    Errors,
    /// How late the event loop was.
    LoopDelay,
    /// The share of its time in which the event loop ran, since it began or in a stretch.
    LoopUtilisation,
    /// Processor time per wall time: 1 is one core.
    Cpu,
    /// Garbage collections that stop the program: their lengths, each at its end.
    GcPause,
    /// Bytes of the heap in use.
    HeapUsed,
    /// Bytes of the heap.
    HeapTotal,
    /// Bytes of the process in physical memory.
    Resident,
    /// Open handles: sockets, timers, files.
    Handles,
}

/// Name of the series that tells how long the main thread had run at a moment.
pub const CPU_TIME_SERIES: &str = "CPU time of the thread";

/// A number over time.
#[derive(Debug)]
pub struct Series {
    /// Name for people: `Heap used`, `Event-loop delay`.
    pub name: String,
    /// What it is to rules.
    pub role: Role,
    /// What it belongs to: a process, a thread, a file; or empty. Series of one group are drawn together.
    pub group: String,
    /// What the numbers measure. Times are in nanoseconds, shares between 0 and 1 with the unit `share`.
    pub unit: Unit,
    /// What the numbers are.
    pub kind: SeriesKind,
    /// Whether nobody can tell when it was measured beside the rest of the recording: another file on
    /// another clock. It begins where the recording begins, and people may move it.
    pub is_adrift: bool,
    /// Moments, nanoseconds since the recording's start, never decreasing.
    pub at_ns: Column<i64>,
    /// The numbers; none is infinite or not a number.
    pub value: Column<f64>,
}

/// How often something was how large: latencies of requests, sizes of answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Distribution {
    /// Name for people: `Latency`, `http_req_duration`.
    pub name: String,
    /// What it is to rules.
    pub role: Role,
    /// What it belongs to, or empty.
    pub group: String,
    /// What was measured; `None` for plain counts.
    pub unit: Option<Unit>,
    /// How many were measured, if the file tells.
    pub count: Option<u64>,
    /// Smallest, if the file tells.
    pub min: Option<f64>,
    /// Largest, if the file tells.
    pub max: Option<f64>,
    /// Mean, if the file tells.
    pub mean: Option<f64>,
    /// Standard deviation, if the file tells.
    pub deviation: Option<f64>,
    /// Percent (0..100, rising) and the value that so many of a hundred do not exceed.
    pub percentiles: Vec<(f64, f64)>,
    /// Whether the percentiles were worked out here from single measurements, and not told by the file.
    pub is_exact: bool,
}

/// How often something happened in all, or how much of it there was: requests, errors, bytes sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Total {
    /// Name for people: `Requests`, `http_reqs`.
    pub name: String,
    /// What it is to rules.
    pub role: Role,
    /// What it belongs to, or empty.
    pub group: String,
    /// What was counted.
    pub unit: Unit,
    /// How much.
    pub amount: f64,
    /// Out of how much, where it is a part of something: failed requests of all requests.
    pub of: Option<f64>,
    /// How much in a second, if the file tells.
    pub per_second: Option<f64>,
}

impl Total {
    /// A number of things that is no part of anything.
    pub fn new(name: impl Into<String>, group: impl Into<String>, unit: Unit, amount: f64) -> Self {
        Self { name: name.into(), role: Role::Other, group: group.into(), unit, amount, of: None, per_second: None }
    }

    /// The same with a role.
    #[must_use]
    pub fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }
}

impl Distribution {
    /// The value that `percent` of a hundred do not exceed, if it is among those that are kept.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        self.percentiles.iter().find(|p| (p.0 - percent).abs() < 1e-9).map(|p| p.1)
    }
}

impl Series {
    /// An empty series.
    pub fn new(name: impl Into<String>, group: impl Into<String>, unit: Unit, kind: SeriesKind) -> Self {
        let (name, group) = (name.into(), group.into());
        Self {
            name,
            role: Role::Other,
            group,
            unit,
            kind,
            is_adrift: false,
            at_ns: Column::new(),
            value: Column::new(),
        }
    }

    /// The same with a role.
    #[must_use]
    pub fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// Adds a number unless it is none.
    pub fn push(&mut self, at_ns: i64, value: f64) {
        if value.is_finite() {
            self.at_ns.push(at_ns);
            self.value.push(value);
        }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.at_ns.len()
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.at_ns.is_empty()
    }

    /// Bytes of heap memory held by the columns.
    pub fn heap_bytes(&self) -> usize {
        self.at_ns.heap_bytes() + self.value.heap_bytes()
    }
}
