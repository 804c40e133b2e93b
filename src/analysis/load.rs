//! Load tests: the figures by which two of them are compared, whatever tool made them.

use serde::{Deserialize, Serialize};

use crate::model::{Distribution, Recording, Role, Total};

/// One load test. Times are nanoseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadTest {
    /// What was tested: an address or a title, or empty.
    pub group: String,
    /// Requests that were answered.
    pub requests: Option<f64>,
    /// Requests per second.
    pub rate: Option<f64>,
    /// Requests that failed.
    pub errors: Option<f64>,
    /// Half of the requests took no longer.
    pub p50_ns: Option<f64>,
    /// Nine of ten took no longer.
    pub p90_ns: Option<f64>,
    /// Ninety-nine of a hundred took no longer.
    pub p99_ns: Option<f64>,
    /// The longest.
    pub max_ns: Option<f64>,
    /// Mean.
    pub mean_ns: Option<f64>,
}

/// A figure of two load tests.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// `p50`, `p90`, `p99`, `max`, `mean`, `rate`, `requests`, `errors`.
    pub name: &'static str,
    /// Whether it is a time in nanoseconds; else it is a plain number.
    pub is_time: bool,
    /// Before.
    pub before: Option<f64>,
    /// After.
    pub after: Option<f64>,
    /// After as a multiple of before; `None` where either is missing or before is zero.
    pub ratio: Option<f64>,
    /// Whether after is better; `None` where they are equal, or where more or less is neither.
    pub is_better: Option<bool>,
}

/// The load tests of a recording: one for each whole distribution of latencies.
pub fn tests(recording: &Recording) -> Vec<LoadTest> {
    let latencies = recording.distributions.iter().filter(|d| d.role == Role::Latency);
    latencies.map(|latency| of_group(recording, latency)).collect()
}

fn of_group(recording: &Recording, latency: &Distribution) -> LoadTest {
    let total = |role: Role| {
        let of_role = |total: &&Total| total.role == role && total.group == latency.group;
        recording.totals.iter().find(of_role)
    };
    let requests = total(Role::Requests);
    let is_rate = |d: &&Distribution| d.role == Role::Rate && d.group == latency.group;
    let rate = recording.distributions.iter().find(is_rate).and_then(|rate| rate.mean);
    LoadTest {
        group: latency.group.clone(),
        requests: requests.map(|total| total.amount).or(latency.count.map(|n| n as f64)),
        rate: requests.and_then(|total| total.per_second).or(rate),
        errors: total(Role::Errors).map(|total| total.amount),
        p50_ns: latency.percentile(50.0),
        p90_ns: latency.percentile(90.0),
        p99_ns: latency.percentile(99.0),
        max_ns: latency.max,
        mean_ns: latency.mean,
    }
}

/// Two load tests side by side: times first, then what was done in them.
pub fn compare(before: &LoadTest, after: &LoadTest) -> Vec<Row> {
    /// What is better: less, more, or neither.
    #[derive(Clone, Copy)]
    enum Better {
        Less,
        More,
        Neither,
    }
    type Figure = fn(&LoadTest) -> Option<f64>;
    let figures: [(&'static str, bool, Better, Figure); 8] = [
        ("p50", true, Better::Less, |t| t.p50_ns),
        ("p90", true, Better::Less, |t| t.p90_ns),
        ("p99", true, Better::Less, |t| t.p99_ns),
        ("max", true, Better::Less, |t| t.max_ns),
        ("mean", true, Better::Less, |t| t.mean_ns),
        ("rate", false, Better::More, |t| t.rate),
        ("requests", false, Better::Neither, |t| t.requests),
        ("errors", false, Better::Less, |t| t.errors),
    ];
    let row = |(name, is_time, better, figure): (&'static str, bool, Better, Figure)| {
        let (before, after) = (figure(before), figure(after));
        let both = before.zip(after);
        Row {
            name,
            is_time,
            before,
            after,
            ratio: both.filter(|b| b.0 != 0.0).map(|(before, after)| after / before),
            is_better: both.filter(|(before, after)| before != after).and_then(|(before, after)| match better {
                Better::Less => Some(after < before),
                Better::More => Some(after > before),
                Better::Neither => None,
            }),
        }
    };
    figures.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Unit;

    #[test]
    fn figures_are_found_by_their_roles() {
        let latency = Distribution {
            role: Role::Latency,
            group: "a".into(),
            percentiles: vec![(50.0, 2.0), (99.0, 9.0)],
            max: Some(10.0),
            ..Distribution::default()
        };
        let requests = Total { per_second: Some(4.0), ..Total::new("n", "a", Unit::Count, 40.0) };
        let errors = Total::new("n", "b", Unit::Count, 3.0).with_role(Role::Errors);
        let recording = Recording {
            distributions: vec![Distribution::default(), latency],
            totals: vec![requests.with_role(Role::Requests), errors],
            ..Recording::default()
        };
        let [test] = &tests(&recording)[..] else { panic!("one test") };
        assert_eq!((test.p50_ns, test.p90_ns, test.p99_ns), (Some(2.0), None, Some(9.0)));
        assert_eq!((test.requests, test.rate, test.errors), (Some(40.0), Some(4.0), None));
        let after = LoadTest { p50_ns: Some(1.0), rate: Some(2.0), requests: Some(80.0), ..LoadTest::default() };
        let rows = compare(test, &after);
        let of = |name: &str| rows.iter().find(|row| row.name == name).expect("the row is there");
        assert_eq!((of("p50").ratio, of("p50").is_better), (Some(0.5), Some(true)));
        assert_eq!((of("rate").ratio, of("rate").is_better), (Some(0.5), Some(false)));
        assert_eq!((of("requests").ratio, of("requests").is_better), (Some(2.0), None));
        assert_eq!((of("p99").ratio, of("errors").before), (None, None));
    }
}
