//! What a metric of k6 is, and what is made of its sums.

use crate::model::SortFew as _;
use crate::model::{Builder, Distribution, Role, Table, Total};
use crate::units::Unit;

/// How a metric adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A sum.
    Counter,
    /// The last value.
    Gauge,
    /// How many values are not zero.
    Rate,
    /// Their distribution.
    Trend,
}

/// What its values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contains {
    /// Milliseconds.
    Time,
    /// Bytes.
    Data,
    /// Plain numbers.
    Plain,
}

impl Kind {
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "rate" => Self::Rate,
            "trend" => Self::Trend,
            _ => return None,
        })
    }

    /// That of a metric of this name which the file does not define.
    pub(super) fn guess(name: &str) -> Self {
        match name {
            "http_reqs" | "iterations" | "dropped_iterations" | "data_sent" | "data_received" | "ws_sessions"
            | "ws_msgs_sent" | "ws_msgs_received" | "grpc_streams" => Self::Counter,
            "checks" | "http_req_failed" => Self::Rate,
            "vus" | "vus_max" => Self::Gauge,
            _ => Self::Trend,
        }
    }
}

impl Contains {
    pub(super) fn of(word: &str) -> Self {
        match word {
            "time" => Self::Time,
            "data" => Self::Data,
            _ => Self::Plain,
        }
    }

    /// That of a metric of this name which the file does not define.
    pub(super) fn guess(name: &str) -> Self {
        let is_time = name.ends_with("_duration") || name.starts_with("http_req_") || name.ends_with("_connecting");
        match name {
            "http_req_failed" => Self::Plain,
            "data_sent" | "data_received" => Self::Data,
            _ if is_time => Self::Time,
            _ => Self::Plain,
        }
    }

    pub(super) fn unit(self) -> Unit {
        match self {
            Self::Time => Unit::Nanos,
            Self::Data => Unit::Bytes,
            Self::Plain => Unit::Count,
        }
    }

    /// What brings its values into that unit.
    pub(super) fn factor(self) -> f64 {
        if self == Self::Time { 1e6 } else { 1.0 }
    }
}

/// What a metric is to whoever compares load tests.
pub(super) fn role(name: &str) -> Role {
    match name {
        "http_req_duration" | "grpc_req_duration" => Role::Latency,
        "http_reqs" => Role::Requests,
        "http_req_failed" => Role::Errors,
        _ => Role::Other,
    }
}

/// A metric and the tags that its key tells: `http_req_duration{status:200}`.
pub(super) fn name_and_group(key: &str) -> (&str, &str) {
    match key.split_once('{') {
        Some((name, rest)) => (name.trim(), rest.trim_end().trim_end_matches('}').trim()),
        None => (key.trim(), ""),
    }
}

/// Sums of a metric as k6 itself tells them, by its own words: `avg`, `p(95)`, `passes`.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) numbers: Vec<(String, f64)>,
}

impl Sums {
    pub(super) fn get(&self, key: &str) -> Option<f64> {
        self.numbers.iter().find(|number| number.0 == key).map(|number| number.1)
    }

    /// How it adds up, from what is told of it.
    pub(super) fn kind(&self) -> Kind {
        let has = |key: &str| self.get(key).is_some();
        match () {
            () if has("passes") || has("fails") => Kind::Rate,
            () if has("avg") || has("med") || self.numbers.iter().any(|n| n.0.starts_with("p(")) => Kind::Trend,
            () if has("count") => Kind::Counter,
            () => Kind::Gauge,
        }
    }

    /// Adds what they tell to the builder. `unit` is that of the numbers, which are multiplied by `factor`.
    pub(super) fn add(&self, key: &str, kind: Kind, unit: Unit, factor: f64, builder: &mut Builder) {
        let (name, group) = name_and_group(key);
        let scaled = |key: &str| self.get(key).map(|n| n * factor);
        match kind {
            Kind::Trend => {
                let mut percentiles: Vec<(f64, f64)> =
                    self.numbers.iter().filter_map(|(key, n)| Some((percent(key)?, n * factor))).collect();
                percentiles.sort_few_by(|a, b| a.0.total_cmp(&b.0));
                percentiles.dedup_by(|a, b| a.0 == b.0);
                builder.distributions.push(Distribution {
                    name: name.into(),
                    role: if group.is_empty() { role(name) } else { Role::Other },
                    group: group.into(),
                    unit: Some(unit),
                    count: self.get("count").filter(|n| (0.0..1e15).contains(n)).map(|n| n as u64),
                    min: scaled("min"),
                    max: scaled("max"),
                    mean: scaled("avg"),
                    deviation: None,
                    percentiles,
                    is_exact: false,
                });
            }
            Kind::Counter | Kind::Gauge => {
                let amount = scaled("count").or_else(|| scaled("value"));
                let total = |amount| Total { per_second: scaled("rate"), ..Total::new(name, group, unit, amount) };
                let role = if group.is_empty() { role(name) } else { Role::Other };
                builder.totals.extend(amount.map(|amount| total(amount).with_role(role)));
            }
            Kind::Rate => {
                let (passes, fails) = (self.get("passes"), self.get("fails"));
                let of = passes.zip(fails).map(|(passes, fails)| passes + fails);
                let share = self.get("rate").or_else(|| self.get("value"));
                // Where only the share is told, it is of one.
                let (amount, of) = if passes.is_some() { (passes, of) } else { (share, share.map(|_| 1.0)) };
                let role = if group.is_empty() { role(name) } else { Role::Other };
                let total = |amount| Total { of, ..Total::new(name, group, Unit::Count, amount) };
                builder.totals.extend(amount.map(|amount| total(amount).with_role(role)));
            }
        }
    }
}

/// `med` is 50, `p(99.9)` is 99.9.
pub(super) fn percent(key: &str) -> Option<f64> {
    if key == "med" {
        return Some(50.0);
    }
    let digits = key.strip_prefix("p(")?.strip_suffix(')')?;
    digits.parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent))
}

/// Conditions that the test set itself.
#[derive(Debug)]
pub(super) struct Thresholds(Table);

impl Default for Thresholds {
    fn default() -> Self {
        Self(Table::new("Thresholds", ["Metric", "Threshold", "Verdict"]))
    }
}

impl Thresholds {
    /// Adds one and whether it held; `None` when nobody can tell.
    pub(super) fn add(&mut self, metric: &str, condition: &str, held: Option<bool>) {
        let verdict = match held {
            Some(true) => "held",
            Some(false) => "broken",
            None => "not told",
        };
        self.0.row([metric.to_owned(), condition.to_owned(), verdict.to_owned()]);
    }

    pub(super) fn finish(self, builder: &mut Builder) {
        if !self.0.rows.is_empty() {
            builder.tables.push(self.0);
        }
    }
}

/// What the test checked of answers.
#[derive(Debug)]
pub(super) struct Checks(Table);

impl Default for Checks {
    fn default() -> Self {
        Self(Table::new("Checks", ["Check", "Group", "Passed", "Failed"]))
    }
}

impl Checks {
    /// Adds one and how often it passed and failed.
    pub(super) fn add(&mut self, name: &str, group: &str, passes: f64, fails: f64, builder: &mut Builder) {
        self.0.row([name.to_owned(), group.to_owned(), passes.to_string(), fails.to_string()]);
        let total = Total::new(format!("check: {name}"), group, Unit::Count, passes);
        builder.totals.push(Total { of: Some(passes + fails), ..total });
    }

    /// Adds one of which only is known that it always passed.
    pub(super) fn add_passed(&mut self, name: &str) {
        self.0.row([name.to_owned(), String::new(), "always".to_owned(), "0".to_owned()]);
    }

    pub(super) fn finish(self, builder: &mut Builder) {
        if !self.0.rows.is_empty() {
            builder.tables.push(self.0);
        }
    }
}
