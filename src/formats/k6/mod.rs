//! k6: what it writes of a load test while it runs and when it ends.
//!
//! - [`POINTS`]: `--out json`, every measurement with its time and tags, one line of JSON each.
//! - [`SUMMARY`]: what `handleSummary()` is given, written as JSON.
//! - [`EXPORT`]: `--summary-export`, an older layout of the same.
//! - [`TEXT`]: what it prints at the end.
//!
//! Times are milliseconds. Percentiles of points are worked out by k6's own rule: rank p × (n − 1),
//! between two ranks in proportion. Definitions: <https://grafana.com/docs/k6/latest/results-output/>.

mod exact;
mod metric;
mod points;
mod seconds;
mod summary;
mod text;

use super::{Access, Format, Recipe, in_full};

/// Single measurements.
pub const POINTS: Format = Format {
    id: "k6-json-output",
    title: "k6 measurements",
    tools: &["k6"],
    extensions: &["json", "ndjson"],
    recipes: &[],
    access: Access::Forward,
    detect: points::detect,
    decode: in_full(points::decode),
};

/// The summary as scripts get it.
pub const SUMMARY: Format = Format {
    id: "k6-handle-summary",
    title: "k6 summary",
    tools: &["k6"],
    extensions: &["json"],
    recipes: RECIPES,
    access: Access::Forward,
    detect: summary::detect,
    decode: in_full(summary::decode),
};

/// The summary as an option writes it.
pub const EXPORT: Format = Format {
    id: "k6-summary-export",
    title: "k6 exported summary",
    tools: &["k6"],
    extensions: &["json"],
    recipes: &[],
    access: Access::Forward,
    detect: summary::detect_export,
    decode: in_full(summary::decode),
};

/// The summary as it is printed.
pub const TEXT: Format = Format {
    id: "k6-end-of-test-text",
    title: "k6 printed summary",
    tools: &["k6"],
    extensions: &["txt", "log"],
    recipes: &[],
    access: Access::Forward,
    detect: text::detect,
    decode: in_full(text::decode),
};

/// None of its commands could be run where this was written, so none is recommended.
const RECIPES: &[Recipe] = &[];
