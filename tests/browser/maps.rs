//! Source maps: brought before, with and after the recording that they belong to.

use std::fs;

use crate::harness::{Browser, in_every_browser};
use crate::page::fixture;

in_every_browser!(maps_after, maps_before);

/// The rows of the table as texts: the name first, the place last.
const ROWS: &str = "return [...document.querySelectorAll('.vt-row')].map((row) => row.innerText.trim().split('\\n'))";

/// Waits until a row of the table has a name.
async fn wait_for_row(browser: &Browser, name: &str) {
    let has = format!("[...document.querySelectorAll('.vt-row code')].some((code) => code.innerText === {name:?})");
    browser.wait_until(&format!("{name} is in the table"), &has).await;
}

/// An open recording gets the original names, and what was chosen stays chosen.
async fn maps_after(browser: Browser) {
    browser.open("").await;
    browser.open_recording(&fixture("source-maps/esbuild.cpuprofile.gz")).await;
    browser.show("table").await;
    wait_for_row(&browser, "padded").await;
    let rows: Vec<Vec<String>> = browser.read(ROWS, &[]).await;
    assert!(rows.iter().flatten().all(|text| text != "distance"), "{rows:?}");
    let row = "[...document.querySelectorAll('.vt-row')].find((row) => row.querySelector('code').innerText === 'd')";
    browser.script(&format!("{row}.click()"), &[]).await;
    browser.wait_for_text(".details h2", "d").await;

    browser.choose_files("#files", &[&fixture("source-maps/esbuild/server.js.map")]).await;
    wait_for_row(&browser, "distance").await;
    browser.wait_for_text(".details h2", "distance").await;
    browser.wait_for_text(".toast", "One script was mapped to its original sources.").await;
    let rows: Vec<Vec<String>> = browser.read(ROWS, &[]).await;
    let distance = rows.iter().find(|row| row[0] == "distance").expect("the row is there");
    assert_eq!(distance.last().map(String::as_str), Some("src/search/ranker.ts:55"));
}

/// Maps wait for recordings, and come with them.
async fn maps_before(browser: Browser) {
    browser.open("").await;
    browser.choose_files("#files", &[&fixture("source-maps/terser/server.js.map")]).await;
    browser.wait_for_text(".toast", "kept for the recordings").await;
    browser.open_recording(&fixture("source-maps/terser.cpuprofile.gz")).await;
    browser.show("table").await;
    wait_for_row(&browser, "parseLine").await;

    browser.open("").await;
    let read = |name: &str| fs::read(fixture(&format!("source-maps/{name}"))).expect("a fixture can be read");
    let (script, recording) = (read("inline/server.js"), read("inline.cpuprofile.gz"));
    browser.drop_files("body", &[("server.js", &script), ("inline.cpuprofile.gz", &recording)]).await;
    browser.wait_for_recording("inline.cpuprofile.gz").await;
    browser.show("table").await;
    wait_for_row(&browser, "distance").await;
}
