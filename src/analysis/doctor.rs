//! What clinic doctor would conclude from a process's measurements, with the rule that fired.
//!
//! The rules are doctor's, so that its users find their verdict again, and each is told with its figure.
//! Two differences: processor use is parted into two modes by their distance alone, without a model of
//! how they follow each other; and what was not measured is said to be missing.

use crate::model::SortFew as _;
use crate::model::{Recording, Role, Series};

/// What a rule says of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to be seen.
    None,
    /// It is a reason for slowness.
    Performance,
    /// Too little was measured.
    Data,
    /// It was not measured at all.
    Absent,
}

impl Verdict {
    /// Doctor's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Performance => "performance",
            Self::Data => "data",
            Self::Absent => "absent",
        }
    }

    fn of(fires: bool) -> Self {
        if fires { Self::Performance } else { Self::None }
    }
}

/// What is most likely the matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// Nothing.
    None,
    /// Too little was measured to tell.
    Data,
    /// The event loop is held.
    EventLoop,
    /// Garbage collection.
    Gc,
    /// Waiting for something outside: files, the network, other services.
    Io,
    /// Several at once.
    Unknown,
}

impl Category {
    /// Doctor's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Data => "data",
            Self::EventLoop => "event-loop",
            Self::Gc => "gc",
            Self::Io => "io",
            Self::Unknown => "unknown",
        }
    }
}

/// A measure with its verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// `delay`, `utilisation`, `cpu`, `memory`, `handles`.
    pub measure: &'static str,
    /// What the rule says.
    pub verdict: Verdict,
    /// The rule, in one sentence.
    pub rule: &'static str,
    /// The figures that it was asked of: name and value, times in nanoseconds, shares between 0 and 1.
    pub figures: Vec<(&'static str, f64)>,
}

/// Verdicts on a stretch of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Start of the stretch, nanoseconds since the start of the recording.
    pub from_ns: i64,
    /// Its end; measurements at both ends are in it.
    pub to_ns: i64,
    /// One for each measure.
    pub checks: Vec<Check>,
    /// What they amount to.
    pub category: Category,
}

/// What doctor says of the stretch in which it thinks that there was load, told from the number of open
/// handles, and what its rules say of the whole recording. `None` when neither delay nor utilisation of
/// the event loop was measured.
pub fn judge(recording: &Recording) -> Option<(Judgement, Judgement)> {
    let measured = series(recording, Role::LoopDelay).or_else(|| series(recording, Role::LoopUtilisation))?;
    let whole = (measured.at_ns.iter().next()?, measured.at_ns.last()?);
    let guessed = series(recording, Role::Handles).and_then(loaded).unwrap_or(whole);
    Some((within(recording, guessed), within(recording, whole)))
}

/// Whether it says anything.
pub fn is_measured(recording: &Recording) -> bool {
    [Role::LoopDelay, Role::LoopUtilisation].into_iter().any(|role| series(recording, role).is_some())
}

/// The first series with a role.
fn series(recording: &Recording, role: Role) -> Option<&Series> {
    recording.series.iter().find(|series| series.role == role && !series.is_empty())
}

/// The rules, asked of a stretch.
pub fn within(recording: &Recording, (from_ns, to_ns): (i64, i64)) -> Judgement {
    let values = |role: Role| {
        series(recording, role).map(|series| {
            let points = series.at_ns.iter().zip(series.value.iter());
            points.filter(|(at, _)| (from_ns..=to_ns).contains(at)).map(|(_, value)| value).collect::<Vec<f64>>()
        })
    };
    let checks = vec![
        delay(values(Role::LoopDelay)),
        utilisation(values(Role::LoopUtilisation)),
        cpu(values(Role::Cpu)),
        memory(recording, from_ns, to_ns),
        handles(values(Role::Handles)),
    ];
    let category = category(&checks);
    Judgement { from_ns, to_ns, checks, category }
}

fn category(checks: &[Check]) -> Category {
    let fires = |measure: &str| checks.iter().any(|c| c.measure == measure && c.verdict == Verdict::Performance);
    let (delay, cpu, memory, handles) = (fires("delay"), fires("cpu"), fires("memory"), fires("handles"));
    let is_held = delay || fires("utilisation");
    match () {
        () if checks.iter().any(|check| check.verdict == Verdict::Data) => Category::Data,
        () if memory && !cpu && !handles => Category::Gc,
        () if is_held && !memory && !cpu && !handles => Category::EventLoop,
        () if (cpu || handles) && !memory && !delay => Category::Io,
        () if !is_held && !memory && !cpu && !handles => Category::None,
        () => Category::Unknown,
    }
}

const MS: f64 = 1e6;

fn check(
    measure: &'static str,
    rule: &'static str,
    values: Option<Vec<f64>>,
    judge: impl FnOnce(Vec<f64>) -> (Verdict, Vec<(&'static str, f64)>),
) -> Check {
    let (verdict, figures) = match values {
        None => (Verdict::Absent, Vec::new()),
        Some(values) if values.is_empty() => (Verdict::Data, Vec::new()),
        Some(values) => judge(values),
    };
    Check { measure, verdict, rule, figures }
}

fn delay(values: Option<Vec<f64>>) -> Check {
    const RULE: &str = "The event loop is late by 10 ms or more half of the time, or once by 100 ms or more.";
    check("delay", RULE, values, |values| {
        let sorted = sorted(values);
        let (median, most) = (quantile(&sorted, 0.5), quantile(&sorted, 1.0));
        (Verdict::of(median >= 10.0 * MS || most >= 100.0 * MS), vec![("median", median), ("max", most)])
    })
}

fn utilisation(values: Option<Vec<f64>>) -> Check {
    const RULE: &str = "Half of the time, the event loop runs 95 % of the time or more.";
    check("utilisation", RULE, values, |values| {
        let median = quantile(&sorted(values), 0.5);
        (Verdict::of(median >= 0.95), vec![("median", median)])
    })
}

/// Measurements of one mode that are too few to be a mode.
const MODE_MIN: usize = 4;

fn cpu(values: Option<Vec<f64>>) -> Check {
    const RULE: &str = "While the program itself runs, it uses less than 0.9 of a core nine times of ten: it waits.";
    check("cpu", RULE, values, |values| {
        if values.len() < MODE_MIN {
            return (Verdict::Data, vec![("measurements", values.len() as f64)]);
        }
        let of_program = sorted(mode_of_program(values));
        let used = quantile(&of_program, 0.9);
        (Verdict::of(used < 0.9), vec![("p90", used)])
    })
}

/// The engine's own threads use a second core while they compile and collect. So where two modes can be
/// told apart, the lower one is the program.
fn mode_of_program(values: Vec<f64>) -> Vec<f64> {
    let all = sorted(values);
    let mut border = all.len() / 2;
    for _ in 0..100 {
        let middle = (mean(&all[..border]) + mean(&all[border..])) / 2.0;
        let next = all.partition_point(|&value| value <= middle);
        if next == border || next == 0 || next == all.len() {
            break;
        }
        border = next;
    }
    let (low, high) = all.split_at(border);
    let spread = 2.0 * (deviation(low) + deviation(high));
    let is_apart = low.len() >= MODE_MIN && high.len() >= MODE_MIN && (mean(high) - mean(low)) >= spread;
    if is_apart { low.to_vec() } else { all }
}

/// Names of collections that stop the program, in traces.
const BLOCKING: [&str; 3] = ["V8.GCScavenger", "V8.GCFinalizeMC", "V8.GCIncrementalMarkingFinalize"];

fn memory(recording: &Recording, from_ns: i64, to_ns: i64) -> Check {
    const RULE: &str = "Collections that stop the program take 100 ms or more within one second.";
    const SECOND: i64 = 1_000_000_000;
    let mut pauses: Vec<(i64, f64)> = match series(recording, Role::GcPause) {
        Some(series) => series.at_ns.iter().zip(series.value.iter()).collect(),
        None => in_spans(recording),
    };
    pauses.retain(|&(end, length)| end.saturating_sub(length as i64) >= from_ns && end <= to_ns);
    pauses.sort_few_by_key(|&(end, _)| end);
    let (mut worst, mut sum, mut first) = (0.0f64, 0.0, 0);
    for &(end, length) in &pauses {
        sum += length;
        while pauses[first].0 < end.saturating_sub(SECOND) {
            sum -= pauses[first].1;
            first += 1;
        }
        worst = worst.max(sum);
    }
    // No collection is as good a measurement as any.
    let verdict = Verdict::of(worst >= 100.0 * MS);
    Check { measure: "memory", verdict, rule: RULE, figures: vec![("worst-second", worst)] }
}

fn in_spans(recording: &Recording) -> Vec<(i64, f64)> {
    let spans = &recording.spans;
    let rows = (0..spans.len()).filter(|&row| BLOCKING.contains(&recording.text(spans.name.get(row))));
    rows.map(|row| {
        let length = spans.length_ns.get(row);
        (spans.at_ns.get(row).saturating_add(length), length as f64)
    })
    .collect()
}

/// Standard scores that chance exceeds, on either side, once in ten million times …
const ONCE_IN_1E7: f64 = 5.326_724;
/// … and once in ten thousand million times.
const ONCE_IN_1E10: f64 = 6.466_951;

fn handles(values: Option<Vec<f64>>) -> Check {
    const RULE: &str = "Open handles rise in many small steps and fall in few large ones, or the other way round.";
    check("handles", RULE, values, |values| {
        let steps: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step != 0.0).collect();
        let rises = steps.iter().filter(|step| **step > 0.0).count() as f64;
        let falls = steps.len() as f64 - rises;
        let sign = ((rises - falls).abs() - 1.0).max(0.0) / (rises + falls).max(1.0).sqrt();
        let skew = skewness_score(&steps).abs();
        let fires = sign > ONCE_IN_1E7 || skew > ONCE_IN_1E10;
        (Verdict::of(fires), vec![("rises", rises), ("falls", falls), ("skewness-score", skew)])
    })
}

/// How far the skewness of a sample is from that of a normal one, as a standard score (D'Agostino 1970);
/// 0 for samples that are too small for it.
fn skewness_score(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let spread = deviation(values);
    if values.len() < 8 || spread == 0.0 {
        return 0.0;
    }
    let mean = mean(values);
    let skewness = values.iter().map(|v| (v - mean).powi(3)).sum::<f64>() / n / spread.powi(3);
    let scaled = skewness * ((n + 1.0) * (n + 3.0) / (6.0 * (n - 2.0))).sqrt();
    let kurtosis =
        3.0 * (n * n + 27.0 * n - 70.0) * (n + 1.0) * (n + 3.0) / ((n - 2.0) * (n + 5.0) * (n + 7.0) * (n + 9.0));
    let squared = (2.0 * (kurtosis - 1.0)).sqrt() - 1.0;
    (scaled / (2.0 / (squared - 1.0)).sqrt()).asinh() / (0.5 * squared.ln()).sqrt()
}

/// The stretch with load: handles are split into three pieces with the least squared distance from the
/// mean of each, and the middle one is taken. `None` when there are not three points.
fn loaded(handles: &Series) -> Option<(i64, i64)> {
    // Trying all pairs of borders is quadratic: long recordings are looked at in so many steps.
    const STEPS: usize = 1_024;
    let step = handles.len().div_ceil(STEPS).max(1);
    let sums = Sums::of(handles);
    let last = handles.len();
    let borders = || (step..last).step_by(step);
    let cost = |from: usize, to: usize| sums.distance(from, to);
    let pairs = borders().flat_map(|i| borders().filter(move |&j| j > i).map(move |j| (i, j)));
    let costs = pairs.map(|(i, j)| (cost(0, i) + cost(i, j) + cost(j, last), i, j));
    let (_, from, to) = costs.min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some((handles.at_ns.get(from), handles.at_ns.get(to - 1)))
}

/// Sums of values and of their squares up to each row.
struct Sums(Vec<(f64, f64)>);

impl Sums {
    fn of(series: &Series) -> Self {
        let mut sums = vec![(0.0, 0.0)];
        let mut now = (0.0, 0.0);
        for value in series.value.iter() {
            now = (now.0 + value, now.1 + value * value);
            sums.push(now);
        }
        Self(sums)
    }

    /// Squared distance of rows from their mean.
    fn distance(&self, from: usize, to: usize) -> f64 {
        let (a, b) = (self.0[from], self.0[to]);
        let sum = b.0 - a.0;
        (b.1 - a.1) - sum * sum / (to - from).max(1) as f64
    }
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The value at a share of the way through sorted values, between two in proportion.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = share * last as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SeriesKind;
    use crate::units::Unit;

    fn recording(all: &[(Role, &dyn Fn(i64) -> f64)]) -> Recording {
        let series = all.iter().map(|(role, value)| {
            let mut series = Series::new("x", "", Unit::Count, SeriesKind::Gauge).with_role(*role);
            (0..300).for_each(|i| series.push(i * 10_000_000, value(i)));
            series
        });
        Recording { series: series.collect(), ..Recording::default() }
    }

    fn verdicts(judgement: &Judgement) -> Vec<&'static str> {
        judgement.checks.iter().map(|check| check.verdict.word()).collect()
    }

    /// Handles that rise when load comes and fall when it goes.
    fn load(i: i64) -> f64 {
        if (100..200).contains(&i) { 14.0 } else { 4.0 }
    }

    #[test]
    fn a_held_loop_under_load() {
        let delay = |i: i64| if (100..200).contains(&i) { 40.0 * MS } else { 0.1 * MS };
        let recording = recording(&[
            (Role::LoopDelay, &delay),
            (Role::Cpu, &|_| 1.0),
            (Role::Handles, &load),
            (Role::LoopUtilisation, &|_| 0.5),
        ]);
        let (guessed, whole) = judge(&recording).expect("delays were measured");
        assert_eq!((guessed.from_ns, guessed.to_ns), (1_000_000_000, 1_990_000_000));
        assert_eq!(verdicts(&guessed), ["performance", "none", "none", "none", "none"]);
        assert_eq!(guessed.category, Category::EventLoop);
        assert_eq!((verdicts(&whole)[0], whole.category), ("none", Category::None));
    }

    #[test]
    fn a_program_that_waits() {
        let cpu = |i: i64| if i % 3 == 0 { 1.6 + (i % 7) as f64 / 100.0 } else { 0.2 + (i % 5) as f64 / 100.0 };
        let recording = recording(&[(Role::LoopDelay, &|_| 0.0), (Role::Cpu, &cpu)]);
        let (_, whole) = judge(&recording).expect("delays were measured");
        assert_eq!(verdicts(&whole), ["none", "absent", "performance", "none", "absent"]);
        assert_eq!(whole.category, Category::Io);
        assert!(whole.checks[2].figures[0].1 < 0.3);
    }

    #[test]
    fn collections_within_a_second_add_up() {
        // 12 ms every 100 ms: 132 ms end within any second, ends included.
        let pauses = |i: i64| if i % 10 == 0 { 12.0 * MS } else { 0.0 };
        let recording = recording(&[(Role::LoopDelay, &|_| 0.0), (Role::GcPause, &pauses)]);
        let (_, whole) = judge(&recording).expect("delays were measured");
        assert_eq!((whole.checks[3].verdict, whole.category), (Verdict::Performance, Category::Gc));
        assert_eq!(whole.checks[3].figures[0].1, 132.0 * MS);
    }

    #[test]
    fn handles_like_the_teeth_of_a_saw() {
        let recording = recording(&[(Role::LoopDelay, &|_| 0.0), (Role::Handles, &|i| (i % 30) as f64)]);
        let (_, whole) = judge(&recording).expect("delays were measured");
        assert_eq!((verdicts(&whole)[4], whole.category), ("performance", Category::Io));
    }

    #[test]
    fn a_normal_sample_has_no_skewness() {
        // Symmetric: the score is zero, and that of its exponential is large.
        let symmetric: Vec<f64> = (-200..=200).map(f64::from).collect();
        assert!(skewness_score(&symmetric).abs() < 1e-9);
        let skewed: Vec<f64> = symmetric.iter().map(|x| (x / 60.0).exp()).collect();
        assert!(skewness_score(&skewed) > ONCE_IN_1E10);
    }
}
