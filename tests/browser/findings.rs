//! What was found is told below the summary line, with its numbers, and leads to where it is seen.

use serde_json::Value;

use crate::harness::{Browser, in_every_browser};
use crate::numbers::{Printed, plain};
use crate::page::{example, fixture};

in_every_browser!(findings_lead_to_what_they_tell);

/// How many there is room for.
const SHOWN: usize = 3;

/// What is printed of a file, with titles as they are shown.
fn printed(printed: &Printed) -> Vec<(String, Value)> {
    let all = printed.json()["findings"].as_array().cloned().unwrap_or_default();
    let title = |finding: &Value| plain(finding["title"].as_str().expect("a title")).replace('`', "");
    all.into_iter().map(|finding| (title(&finding), finding)).collect()
}

/// Texts as they are written: names in them are boxes of their own.
async fn texts(browser: &Browser, css: &str) -> Vec<String> {
    let script = "return [...document.querySelectorAll(arguments[0])].map((element) => element.textContent)";
    let texts: Vec<String> = browser.read(script, &[css.into()]).await;
    texts.iter().map(|text| plain(text)).collect()
}

/// The titles in the row.
async fn titles(browser: &Browser) -> Vec<String> {
    texts(browser, ".finding .ft > b").await
}

async fn findings_lead_to_what_they_tell(browser: Browser) {
    let file = example("node-server-blocked.cpuprofile");
    let all = printed(&Printed::of(&file));
    assert!(all.len() > SHOWN, "{all:?}");
    browser.open("").await;
    browser.open_recording(&file).await;
    browser.element(".finding").await;
    let wanted: Vec<&str> = all.iter().take(SHOWN).map(|(title, _)| title.as_str()).collect();
    assert_eq!(titles(&browser).await, wanted);
    let certainty = all[0].1["certainty"].as_str().expect("a word");
    assert!(browser.text(".finding .ft > span").await.starts_with(certainty));

    // All of them with what they rest on.
    let more = format!("{} more", all.len() - SHOWN);
    assert_eq!(browser.text(".findings .more").await, more);
    browser.click(".findings .more[aria-expanded=false]").await;
    browser.element(".findings .more[aria-expanded=true]").await;
    let listed = texts(&browser, "#all-findings > li").await;
    assert_eq!(listed.len(), all.len());
    for (text, (_, finding)) in listed.iter().zip(&all) {
        let rows = finding["evidence"].as_array().expect("what it rests on").iter();
        let said = rows.map(|row| &row["label"]).chain([&finding["next"], &finding["reason"]]);
        for part in said.map(|said| plain(said.as_str().expect("a text")).replace('`', "")) {
            assert!(text.contains(&part), "{part:?} is not in {text:?}");
        }
    }
    browser.click(".findings .more").await;
    browser.wait_until("the list is gone", "!document.querySelector('#all-findings')").await;

    // By keys: the worst stall of the first is shown with the function to blame.
    browser.script("document.querySelector('.finding').focus()", &[]).await;
    browser.press("Enter").await;
    browser.element("#tab-stalls[aria-selected=true]").await;
    let blamed = all[0].1["functions"][0]["name"].as_str().expect("a function");
    browser.wait_for_text(".details h2", blamed).await;
    browser.wait_until("the range is a filter", "document.querySelector('.chip')").await;
    assert_eq!(titles(&browser).await, wanted, "findings are of the whole recording");

    // Narrow: one, and the others one press away.
    browser.resize(400, 800).await;
    browser.wait_until("there is room for one", "document.querySelectorAll('.finding').length === 1").await;
    assert_eq!(browser.text(".findings .more").await, format!("{} more", all.len() - 1));
    browser.resize(1280, 800).await;

    // What is in order is told, and that there is nothing to tell; what lies below keeps its place.
    let fixed = example("node-server-fixed.cpuprofile");
    browser.open_recording(&fixed).await;
    let only = printed(&Printed::of(&fixed));
    let [(title, finding)] = &only[..] else { panic!("{only:?}") };
    assert!(finding["health"] == true, "{finding}");
    browser.wait_for_text(".finding .ft > b", "idle").await;
    assert_eq!(titles(&browser).await, [title.as_str()]);
    browser.open_recording(&fixture("folded/inferno-perf-script-after.folded")).await;
    browser.wait_for_text(".findings.none", "Nothing stands out").await;
    let height = "return document.querySelector('.findings').getBoundingClientRect().height";
    let none: f64 = browser.read(height, &[]).await;
    browser.open_recording(&fixed).await;
    browser.element(".finding").await;
    let some: f64 = browser.read(height, &[]).await;
    assert!((none - some).abs() < 1.0, "{none} px without findings, {some} px with some");
}
