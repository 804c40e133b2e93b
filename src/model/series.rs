//! Series: numbers over time. Distributions: how often a number was how large.

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

/// A number over time.
#[derive(Debug)]
pub struct Series {
    /// Name for people: `Heap used`, `Event-loop delay`.
    pub name: String,
    /// What it belongs to: a process, a thread, a file; or empty. Series of one group are drawn together.
    pub group: String,
    /// What the numbers measure. Times are in nanoseconds, shares between 0 and 1 with the unit `share`.
    pub unit: Unit,
    /// What the numbers are.
    pub kind: SeriesKind,
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

impl Series {
    /// An empty series.
    pub fn new(name: impl Into<String>, group: impl Into<String>, unit: Unit, kind: SeriesKind) -> Self {
        Self { name: name.into(), group: group.into(), unit, kind, at_ns: Column::new(), value: Column::new() }
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
