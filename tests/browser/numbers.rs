//! The page shows the numbers that the command line prints, and shows a number alike everywhere.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::figures::Figure;
use crate::harness::{Browser, in_every_browser};
use crate::page::{Tip, example, fixture};

in_every_browser!(page_shows_what_the_program_prints, a_function_has_one_self_time);

/// What `culprit summary --json` prints of a file.
#[derive(Debug)]
pub(crate) struct Printed(Value);

impl Printed {
    pub(crate) fn of(file: &Path) -> Printed {
        let mut program = Command::new(env!("CARGO_BIN_EXE_culprit"));
        let output = program
            .args(["summary", "--json", "--top", "100000", "--stalls", "1000"])
            .arg(file)
            .output()
            .expect("the program runs");
        assert!(output.status.success(), "{}: {output:?}", file.display());
        Printed(serde_json::from_slice(&output.stdout).expect("it prints JSON"))
    }

    /// Everything.
    pub(crate) fn json(&self) -> &Value {
        &self.0
    }

    /// The profile of a value; the first for no name.
    fn profile(&self, value: Option<&str>) -> &Value {
        let profiles = self.0["profiles"].as_array().expect("a list of profiles");
        let found = profiles.iter().find(|profile| value.is_none_or(|value| profile["value"] == value));
        found.unwrap_or_else(|| panic!("there is no {value:?}"))
    }

    /// The value of all samples.
    pub(crate) fn total(&self, value: Option<&str>) -> f64 {
        number(&self.profile(value)["total"])
    }

    /// What 100 % is: the sum of all own values, of negative ones without their sign.
    fn base(&self, value: Option<&str>) -> f64 {
        let own = self.functions(value).iter().map(|function| number(&function["self"]));
        self.total(value) - 2.0 * own.filter(|own| *own < 0.0).sum::<f64>()
    }

    /// A number of the first profile.
    pub(crate) fn number(&self, field: &str) -> f64 {
        number(&self.profile(None)[field])
    }

    /// The time of a state of the first profile.
    pub(crate) fn state(&self, field: &str) -> f64 {
        number(&self.profile(None)["states"][field])
    }

    /// Functions by own value.
    pub(crate) fn functions(&self, value: Option<&str>) -> &[Value] {
        self.profile(value)["functions"].as_array().expect("a list of functions")
    }

    /// What is said of stalls; `None` where there can be none.
    fn stalls(&self) -> Option<&Value> {
        self.0.get("stalls")?.get(0)
    }

    /// The longest stalls.
    pub(crate) fn worst(&self) -> &[Value] {
        self.stalls().and_then(|stalls| stalls["worst"].as_array()).expect("a list of stalls")
    }
}

pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// A text with plain blanks.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
}

/// A row of the table of functions.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) own: String,
    pub(crate) own_share: String,
    pub(crate) total: String,
    pub(crate) total_share: String,
    pub(crate) own_samples: String,
}

const ROWS: &str = r#"
    const text = (row, css) => row.querySelector(css).innerText.trim();
    return [...document.querySelectorAll(".vt-row")].map((row) => ({
        name: text(row, ".c-name code"),
        own: text(row, ".c-self"),
        own_share: text(row, ".c-share"),
        total: text(row, ".c-total"),
        total_share: text(row, ".c-total-share"),
        own_samples: text(row, ".c-n"),
    }));"#;

/// What stands in the table of functions now, from the first row on.
pub(crate) async fn rows(browser: &Browser) -> Vec<Row> {
    browser.read(ROWS, &[]).await
}

/// A file, and the value of it that is shown first.
fn files() -> Vec<(PathBuf, &'static str)> {
    vec![
        (example("node-server-blocked.cpuprofile"), "time"),
        (fixture("v8-cpuprofile/gc-heavy.cpuprofile"), "time"),
        (fixture("stalls/catalog.cpuprofile"), "time"),
        (fixture("folded/py-spy-raw.txt"), "samples"),
        (fixture("folded/made-floats.folded"), "samples"),
        (fixture("pprof/go-cpu-labels-after.pb.gz"), "cpu"),
        (fixture("pprof/go-heap.pb.gz"), "inuse_space"),
        (fixture("pprof/made-timeline.pb"), "wall-time"),
        (fixture("v8-heapprofile/leak.heapprofile"), "size"),
        (fixture("v8-prof-log/reduced-stalls-v8.log.gz"), "time"),
    ]
}

async fn page_shows_what_the_program_prints(browser: Browser) {
    browser.open("").await;
    for (file, value) in files() {
        let printed = Printed::of(&file);
        browser.open_recording(&file).await;
        let about = format!("{}: ", file.display());
        summary_line(&browser, &printed, value, &about).await;
        hundred_percent(&browser, &printed, value, &about).await;
        table(&browser, &printed, value, &about).await;
        stalls(&browser, &printed, &about).await;
    }
}

/// The whole, and its parts, which add up in print.
async fn summary_line(browser: &Browser, printed: &Printed, value: &str, about: &str) {
    #[derive(Debug, Deserialize)]
    struct Line {
        digits: String,
        unit: String,
        parts: Vec<(String, String)>,
    }
    let script = r#"
        const line = document.querySelector(".sum .eq");
        const big = line.querySelector(".big");
        return {
            digits: big.firstChild.textContent,
            unit: big.querySelector(".unit").textContent,
            parts: [...line.querySelectorAll(".term")].map((term) =>
                [term.querySelector("em").textContent, term.querySelector("b").textContent]),
        };"#;
    let line: Line = browser.read(script, &[]).await;
    let profile = printed.profile(Some(value));
    let whole = profile.get("states").map_or(&profile["total"], |_| &profile["duration_ns"]);
    let figure = |digits: &str| Figure::of(&format!("{digits}{}", line.unit));
    assert!(figure(&line.digits).is(number(whole)), "{about}the whole is {line:?}, not {whole}");
    let hundredths = |digits: &str| -> i64 {
        let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
        format!("{}{after:0<6}", before.replace(',', "").replace('−', "-")).parse().expect("digits")
    };
    let sum: i64 = line.parts.iter().map(|(_, digits)| hundredths(digits)).sum();
    assert_eq!(sum, hundredths(&line.digits), "{about}the parts add up to the whole: {line:?}");

    let Some(states) = profile.get("states") else { return };
    let of = |label: &str| line.parts.iter().find(|(name, _)| name == label).map_or("0", |(_, digits)| digits);
    for (label, field) in [
        ("idle", "idle_ns"),
        ("GC", "gc_ns"),
        ("native or unknown", "program_ns"),
        ("before the first sample", "before_first_ns"),
        ("after the last sample", "after_last_ns"),
    ] {
        let exact = number(&states[field]);
        assert!(figure(of(label)).is_nearly(exact), "{about}{label} is {}, not {exact}: {line:?}", of(label));
    }
}

/// What every share is a share of.
async fn hundred_percent(browser: &Browser, printed: &Printed, value: &str, about: &str) {
    browser.show("flame").await;
    let profile = printed.profile(Some(value));
    let texts = browser.texts(".status > .lg").await;
    let label = plain(&texts[0]).strip_prefix("100 % = ").expect("it says what 100 % is").to_owned();
    let total = printed.base(Some(value));
    assert!(Figure::of(&label).is(total), "{about}100 % is {label}, not {total}");
    let samples = Figure::of(&texts[1]);
    assert!(samples.is(number(&profile["samples"])), "{about}{:?} is not {}", texts[1], profile["samples"]);
    let picture = "plain === document.querySelector('.flame canvas').ariaLabel.replace(/\\s/g, ' ')";
    let picture = picture.replace("plain", &format!("{:?}", format!("Flame graph: {label}")));
    browser.wait_until("the picture is named by the same", &picture).await;
}

/// The heaviest functions: own value, total, shares and samples.
async fn table(browser: &Browser, printed: &Printed, value: &str, about: &str) {
    browser.show("table").await;
    let functions = printed.functions(Some(value));
    let first = functions[0]["name"].as_str().expect("a name");
    let script = format!(
        "[...document.querySelectorAll('.vt-row .c-name code')].some((name) => name.textContent === {first:?})"
    );
    browser.wait_until(&format!("{first} is in the table"), &script).await;
    let rows = rows(browser).await;
    // States have rows of their own, which the program prints as states.
    let rows = rows.iter().filter(|row| !["(garbage collector)", "(program)", "(idle)"].contains(&row.name.as_str()));
    let total = printed.base(Some(value));
    let mut count = 0;
    for (row, function) in rows.zip(functions).take(12) {
        count += 1;
        assert_eq!(row.name, function["name"].as_str().expect("a name"), "{about}row {count}");
        let (own, all) = (number(&function["self"]), number(&function["total"]));
        assert!(Figure::of(&row.own).is(own), "{about}{row:?} is not {function}");
        assert!(Figure::of(&row.total).is(all), "{about}{row:?} is not {function}");
        for (share, exact) in [(&row.own_share, own), (&row.total_share, all)] {
            let fits = if exact == 0.0 { share.is_empty() } else { Figure::of(share).is(exact / total * 100.0) };
            assert!(fits, "{about}{share:?} of {row:?} is not {exact} of {total}");
        }
        let samples = number(&function["self_samples"]);
        let shown = if row.own_samples.is_empty() { "0" } else { &row.own_samples };
        assert!(Figure::of(shown).is(samples), "{about}{row:?} is not {function}");
    }
    assert_eq!(count, functions.len().min(12), "{about}as many rows as functions");
}

/// A row of the list of stalls.
#[derive(Debug, Deserialize)]
struct StallShown {
    start: String,
    length: String,
    over: String,
    blame: String,
    origin: String,
    path: String,
}

const STALLS: &str = r#"
    const text = (row, css) => row.querySelector(css).innerText.trim();
    return [...document.querySelectorAll(".stalls .vt-row")].map((row) => ({
        start: text(row, ".c-start"),
        length: text(row, ".c-length"),
        over: text(row, ".c-over"),
        blame: text(row, ".c-blame"),
        origin: text(row, ".c-origin"),
        path: text(row, ".c-path"),
    }));"#;

/// How many, how long, where, and whose fault; or why there can be none.
async fn stalls(browser: &Browser, printed: &Printed, about: &str) {
    browser.show("stalls").await;
    let Some(all) = printed.stalls() else {
        let why = browser.text(".why").await;
        assert!(why.contains("Stalls: nothing to show") && why.len() > 60, "{about}{why}");
        let is_off = "document.querySelector('#tab-stalls').ariaDisabled === 'true'";
        return browser.wait_until("the tab says that there are none", is_off).await;
    };
    let count = number(&all["count"]);
    let headline = plain(&browser.wait_for_text(".headline", "blocked").await);
    assert!(Figure::of(&headline).is(count), "{about}{headline} is not {count}");
    let blocked = headline.split(" · ").nth(1).expect("how long it was blocked");
    assert!(Figure::of(blocked).is(number(&all["total_ns"])), "{about}{headline} is not {}", all["total_ns"]);
    let share = blocked.split(", ").nth(1).expect("its share");
    let exact = number(&all["total_ns"]) / printed.number("duration_ns") * 100.0;
    assert!(Figure::of(share).is(exact), "{about}{share} is not {exact}");
    let busy = headline.split_once("loop busy in ").map_or("0", |(_, busy)| busy);
    assert!(Figure::of(busy).is(number(&all["loop_busy_count"])), "{about}{headline}: {}", all["loop_busy_count"]);
    let on_tab = browser.text("#tab-stalls .count").await;
    assert!(Figure::of(&on_tab).is(count), "{about}{on_tab} on the tab");
    let shown: Vec<StallShown> = browser.read(STALLS, &[]).await;
    let worst = printed.worst();
    assert!(shown.len() >= worst.len().min(8), "{about}{} rows for {} stalls", shown.len(), worst.len());
    for (row, stall) in shown.iter().zip(worst).take(8) {
        let length = number(&stall["duration_ns"]);
        assert!(Figure::of(&row.length).is(length), "{about}{row:?} is not {stall}");
        assert!(Figure::of(&row.start).is(number(&stall["start_ns"]) - printed.number("start_ns")), "{about}{row:?}");
        let over = row.over.trim_start_matches('+').trim_start();
        assert!(Figure::of(over).is(length - number(&all["threshold_ns"])), "{about}{row:?}");
        let name = |field: &str| stall[field]["name"].as_str();
        match name("culprit") {
            Some(culprit) => assert!(row.blame.starts_with(culprit), "{about}{row:?} is not {stall}"),
            None => assert!(row.blame.starts_with("no single function"), "{about}{row:?} is not {stall}"),
        }
        if let Some(helper) = name("helper") {
            assert!(row.blame.contains(&format!("in {helper}")), "{about}{row:?} is not {stall}");
        }
        assert!(row.origin.starts_with(stall["origin"].as_str().unwrap_or("")), "{about}{row:?} is not {stall}");
        if let Some(calls) = stall.get("calls") {
            assert!(row.path.contains(&format!("{calls} call")), "{about}{row:?} is not {stall}");
        }
    }
}

/// One function's numbers in the table, the details and the flame graph's tip.
async fn a_function_has_one_self_time(browser: Browser) {
    let file = example("node-server-blocked.cpuprofile");
    let printed = Printed::of(&file);
    let function = &printed.functions(None)[0];
    let name = function["name"].as_str().expect("a name");
    browser.open("").await;
    browser.open_recording(&file).await;

    browser.show("table").await;
    let row = format!("[...document.querySelectorAll('.vt-row')].find((row) => row.innerText.includes({name:?}))");
    browser.wait_until("it is in the table", &row).await;
    browser.script(&format!("{row}.click()"), &[]).await;
    browser.wait_for_text(".details h2", name).await;
    let figures: Vec<String> = browser.texts(".figs b, .figs .quiet").await.iter().map(|text| plain(text)).collect();
    let [own, own_more, total, total_more] = &figures[..] else { panic!("two figures: {figures:?}") };
    assert!(Figure::of(own).is(number(&function["self"])), "{own} is not {function}");
    assert!(Figure::of(total).is(number(&function["total"])), "{total} is not {function}");
    // `60.2 % · ± 9.0 · n 2,121`
    let (share, samples) = (first_of(own_more), last_of(own_more));
    assert!(Figure::of(samples.trim_start_matches("n ")).is(number(&function["self_samples"])), "{own_more}");
    assert_eq!((first_of(total_more), last_of(total_more)), (share.clone(), samples.clone()), "it calls nothing");

    browser.wait_until("its row is marked", "document.querySelector('.vt-row.sel')").await;
    let row = rows(&browser).await.into_iter().find(|row| row.name == name).expect("a row");
    assert_eq!(plain(&row.own), *own);
    assert_eq!(plain(&row.total), *total);
    assert_eq!(format!("{} %", row.own_share), share);
    assert_eq!(format!("n {}", row.own_samples), samples);

    let tip = tip_of_heaviest(&browser, name).await;
    assert_eq!(plain(tip.cell("self", "everywhere")), format!("{own} {share}"));
    assert_eq!(plain(tip.cell("total", "everywhere")), format!("{total} {share}"));
    assert_eq!(format!("n {}", tip.cell("n self", "everywhere")), samples);
    assert_eq!(browser.text(".details .file-line").await, format!("{}:{}", text(&function["file"]), function["line"]));
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn first_of(parts: &str) -> String {
    parts.split(" · ").next().unwrap_or_default().to_owned()
}

fn last_of(parts: &str) -> String {
    parts.rsplit(" · ").next().unwrap_or_default().to_owned()
}

/// The tip of the selected function where the flame graph has most of it.
async fn tip_of_heaviest(browser: &Browser, name: &str) -> Tip {
    browser.show("flame").await;
    let script = "[...document.querySelectorAll('.details .link')]
        .find((link) => link.textContent.includes('heaviest place')).click();
        document.querySelector('.flame canvas').focus();";
    browser.script(script, &[]).await;
    browser.press("Enter").await;
    let zoomed = format!(
        "[...document.querySelectorAll('.crumbs [aria-current]')].some((crumb) => crumb.innerText.trim() === {name:?})"
    );
    browser.wait_until("it is zoomed to", &zoomed).await;
    let middle = browser.flame_width().await / 2.0;
    for row in 1..30 {
        let tip = browser.tip_at(middle, row).await;
        if tip.name == name {
            return tip;
        }
    }
    panic!("{name} is not in the flame graph that is zoomed to it");
}
