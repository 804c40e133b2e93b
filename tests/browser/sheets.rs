//! Sheets show what the command line prints, and a recording without call stacks is shown by them.

use std::path::Path;

use serde_json::Value;

use crate::figures::Figure;
use crate::harness::{Browser, in_every_browser};
use crate::numbers::{Printed, number};
use crate::page::fixture;

in_every_browser!(heaps, load_tests, load_with_profile, web_vitals);

/// The rows of a table as texts, a cell each.
const ROWS: &str = "return [...document.querySelectorAll(`${arguments[0]} .vt-row`)]\
                    .map((row) => [...row.children].map((cell) => cell.innerText.trim()))";

/// Opens a recording that its sheets show.
async fn open(browser: &Browser, file: &Path, tab: &str) {
    browser.open("").await;
    browser.choose_files("#files", &[file]).await;
    let name = file.file_name().expect("a file has a name").to_string_lossy().into_owned();
    let title = format!("document.title === {:?}", format!("{name} – Culprit"));
    browser.wait_until(&format!("{name} is shown"), &title).await;
    browser.element(&format!("#tab-{tab}[aria-selected=true]")).await;
}

/// Shows a sheet by the name on its switch, and gives its rows once they are there.
async fn sheet(browser: &Browser, name: &str, first: &str) -> Vec<Vec<String>> {
    let press = format!(
        "[...document.querySelectorAll('.tools .seg button')].find((b) => b.innerText.trim() === {name:?})?.click()"
    );
    browser.script(&press, &[]).await;
    browser.wait_for_text("#sheet .vt-row", first).await;
    browser.read(ROWS, &["#sheet".into()]).await
}

/// Constructors with their numbers, and who holds what is chosen.
async fn heaps(browser: Browser) {
    let file = fixture("v8-heapsnapshot/made-program.heapsnapshot");
    let printed = Printed::of(&file);
    open(&browser, &file, "memory").await;
    for tab in ["flame", "table", "stalls"] {
        browser.element(&format!("#tab-{tab}[aria-disabled=true]")).await;
    }
    let classes = printed.json()["heap"]["classes"].as_array().expect("a list of constructors").clone();
    let first = classes[0]["name"].as_str().expect("a constructor has a name");
    let rows = sheet(&browser, "Constructors", first).await;
    assert_eq!(rows.len(), classes.len(), "{rows:?}");
    for row in &rows {
        let is_it = |class: &&Value| class["name"] == *row[0];
        let class = classes.iter().find(is_it).unwrap_or_else(|| panic!("{row:?} is not printed"));
        for (cell, field) in [(1, "count"), (3, "shallow_bytes"), (4, "retained_bytes")] {
            assert!(Figure::of(&row[cell]).is(number(&class[field])), "{row:?} is not {class}");
        }
    }
    // By keys: the first row is chosen, opened, and left for its first object, whose holders show.
    browser.click("#sheet").await;
    browser.press("ArrowDown").await;
    browser.press("ArrowRight").await;
    browser.wait_until("the row is open", "document.querySelector('#sheet .vt-row[aria-expanded=true]')").await;
    browser.press("ArrowRight").await;
    browser.element("#sheet-detail .vt-row").await;
}

/// The figures of a load test.
async fn load_tests(browser: Browser) {
    let file = fixture("autocannon/compute-before.autocannon.json");
    let printed = Printed::of(&file);
    open(&browser, &file, "series").await;
    let latency = &printed.json()["distributions"][0];
    let rows = sheet(&browser, "Load", latency["group"].as_str().expect("an address")).await;
    let requests = number(&printed.json()["totals"][0]["amount"]);
    assert!(Figure::of(&rows[0][1]).is(requests), "{rows:?}");
    for (cell, percent) in [(4, "50"), (5, "90"), (6, "99")] {
        let exact = number(&latency["percentiles"][percent]);
        assert!(Figure::of(&rows[0][cell]).is(exact), "{rows:?} is not {latency}");
    }
    let rows = sheet(&browser, "Percentiles", "Latency").await;
    let all: &Value = &latency["percentiles"];
    assert!(rows.len() >= all.as_object().map_or(0, serde_json::Map::len), "{} rows", rows.len());
}

/// A load test and a profile that are brought together become one recording, whose clocks are brought
/// together by hand.
async fn load_with_profile(browser: Browser) {
    let [profile, load] = ["v8-cpuprofile/stalls-10ms.cpuprofile", "k6/made-points.ndjson"].map(fixture);
    let printed = Printed::of(&profile);
    browser.open("").await;
    browser.choose_files("#files", &[&load, &profile]).await;
    let joined = "document.title.startsWith('stalls-10ms.cpuprofile') && document.querySelector('.sum[aria-busy=false] .big') \
                  && document.querySelector('#tab-series')?.getAttribute('aria-disabled') !== 'true'";
    browser.wait_until("both are one recording", joined).await;
    browser.show("series").await;
    let whole = browser.text(".sum .big").await;
    assert!(Figure::of(&whole.replace('\n', " ")).is(printed.number("duration_ns")), "{whole}");
    let rows = sheet(&browser, "Load", "load test").await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let before: String = browser.read("return location.hash", &[]).await;
    browser.click(".tools input[type=number]").await;
    browser.press("Control+a").await;
    browser.type_text("-1.5").await;
    browser.press("Enter").await;
    browser.wait_until("the address says how far they are moved", &format!("location.hash !== {before:?}")).await;
}

/// Web vitals of a page, beside a flame graph and stalls that were measured.
async fn web_vitals(browser: Browser) {
    let file = fixture("chrome-trace/made-page.json");
    let printed = Printed::of(&file);
    open(&browser, &file, "flame").await;
    browser.show("trace").await;
    let rows = sheet(&browser, "Web vitals", "Largest").await;
    let page = &printed.json()["vitals"][0];
    for (row, vital) in rows.iter().zip(["lcp", "inp", "cls", "fcp", "tbt"]) {
        let exact = number(&page[vital]["value"]) * if vital == "cls" { 1.0 } else { 1e6 };
        assert!(Figure::of(&row[1]).is(exact), "{row:?} is not {}", page[vital]);
        assert_eq!(row[2], page[vital]["rating"].as_str().unwrap_or_default(), "{row:?}");
    }
    browser.show("stalls").await;
    let stalls = &printed.json()["stalls"][0];
    let count = format!("document.querySelectorAll('.stalls .vt-row').length === {}", number(&stalls["count"]));
    browser.wait_until("all measured stalls are listed", &count).await;
}
