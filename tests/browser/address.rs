//! The address holds the view: copied, opened elsewhere, walked back and forth, and damaged.

use serde::Deserialize;

use crate::harness::{Browser, in_every_browser};
use crate::page::example;

in_every_browser!(a_copied_address_shows_the_same, back_and_forth, strange_addresses);

/// What a person sees of the view state.
#[derive(Debug, PartialEq, Deserialize)]
struct Seen {
    tab: String,
    chips: Vec<String>,
    search: String,
    found: String,
    summary: String,
    selected: String,
    /// The way to the zoomed frame.
    way: Vec<String>,
    /// Names of the first rows of the table, and its columns' orders.
    rows: Vec<String>,
    sorts: Vec<String>,
    /// Threshold, headline and chosen row of the stalls.
    stalls: Vec<String>,
}

/// Looks through all views; the table is shown in the end.
async fn see(browser: &Browser) -> Seen {
    browser.show("stalls").await;
    browser.wait_until("the chosen stall is marked", "document.querySelector('.stalls .vt-row.sel')").await;
    let script = r#"return [
        document.querySelector(".threshold input").value,
        document.querySelector(".headline").innerText,
        document.querySelector(".stalls .vt-row.sel").innerText,
    ]"#;
    let stalls = browser.read(script, &[]).await;
    browser.show("flame").await;
    browser.element(".crumbs .crumb-btn").await;
    let way = browser.texts(".crumbs .crumb-btn").await;
    browser.show("table").await;
    browser.wait_until("the rows are there", "document.querySelectorAll('.vt-row').length > 3").await;
    browser.wait_until("the matches are counted", "document.querySelector('.found b')").await;
    browser.element(".details .figs").await;
    let script = r#"
        const all = (css) => [...document.querySelectorAll(css)];
        const text = (css) => document.querySelector(css)?.innerText.trim() ?? "";
        return {
            tab: text("[role=tab][aria-selected=true]"),
            chips: all(".chip").map((chip) => chip.innerText.trim()),
            search: document.getElementById("search").value,
            found: text(".found"),
            summary: text(".sum"),
            selected: text(".details h2"),
            rows: all(".vt-row").slice(0, 8).map((row) => row.querySelector("code").innerText),
            sorts: all("[aria-sort]").map((head) => head.ariaSort ?? head.getAttribute("aria-sort")),
            way: [],
            stalls: [],
        };"#;
    let seen: Seen = browser.read(script, &[]).await;
    Seen { way, stalls, ..seen }
}

/// What the clipboard holds, as a person finds out: by pasting.
async fn clipboard(browser: &Browser) -> String {
    let script = r#"
        const field = Object.assign(document.createElement("textarea"), { id: "paste" });
        document.body.append(field);
        field.focus();"#;
    browser.script(script, &[]).await;
    browser.press("Control+v").await;
    browser.wait_until("it is pasted", "document.getElementById('paste').value").await;
    let text: String = browser.read("return document.getElementById('paste').value", &[]).await;
    browser.script("document.getElementById('paste').remove()", &[]).await;
    text
}

async fn a_copied_address_shows_the_same(browser: Browser) {
    let file = example("node-server-blocked.cpuprofile");
    browser.open("").await;
    browser.open_recording(&file).await;
    browser.show("stalls").await;
    browser.click(".tabs .threshold .picker button").await;
    browser
        .script("[...document.querySelectorAll('.menu-label')].find((row) => row.innerText === '100 ms').click()", &[])
        .await;
    browser.wait_for_text("#tab-stalls .count", "").await;
    browser.wait_until("fewer are stalls", "Number(document.querySelector('#tab-stalls .count').innerText) < 30").await;
    browser.click(".stalls .vt-row:nth-child(2)").await;
    browser.show("flame").await;
    browser.script("document.activeElement.blur()", &[]).await;
    let mut last = String::new();
    for _ in 0..4 {
        browser.press("ArrowDown").await;
        let next = format!(
            "![{last:?}, undefined].includes(document.querySelector('.function-details:has(.figs) h2')?.innerText)"
        );
        browser.wait_until("the next frame is selected", &next).await;
        last = browser.text(".details h2").await;
    }
    browser.press("Enter").await;
    browser.wait_until("it is zoomed", "document.querySelectorAll('.crumb-btn').length > 2").await;
    browser.press("/").await;
    browser.type_text("file:template").await;
    browser.show("table").await;
    browser
        .script(
            "[...document.querySelectorAll('.tools button')].find((b) => b.innerText.trim() === 'Functions').click()",
            &[],
        )
        .await;
    browser.click(".c-total .sorter").await;
    browser.click(".c-total .sorter").await;
    browser
        .wait_until("it is sorted", "document.querySelector('.c-total').getAttribute('aria-sort') === 'ascending'")
        .await;
    let before = see(&browser).await;
    assert!(before.chips.len() == 1 && before.sorts.contains(&"ascending".to_owned()), "{before:?}");
    assert!(before.way.len() > 2 && before.search == "file:template", "{before:?}");

    browser.click(".share-btn").await;
    browser.wait_for_text(".toasts", "Address copied.").await;
    let copied = clipboard(&browser).await;
    let shown: String = browser.read("return location.href", &[]).await;
    assert_eq!(copied, shown);
    assert!(copied.contains("#v1.") && copied.len() < 2_000, "{} characters", copied.len());

    browser.open_address("about:blank").await;
    browser.open_site(&copied).await;
    let card = browser.wait_for_text(".card.err", "node-server-blocked.cpuprofile").await;
    assert!(card.starts_with("This address shows a view of a file that you have"), "{card}");
    // Under another name it is known by its content.
    let content = std::fs::read(&file).expect("an example can be read");
    browser.drop_file("body", "renamed", &content).await;
    browser.element(".sum .big").await;
    let after = see(&browser).await;
    assert_eq!(after, before);
}

async fn tab(browser: &Browser, view: &str) {
    browser.element(&format!("#tab-{view}[aria-selected=true]")).await;
}

/// The browser's own buttons, and a comparison that is loaded again.
async fn back_and_forth(browser: Browser) {
    browser.open("").await;
    browser.press_example("Did the fix work?").await;
    browser.element(".compare .vt-row").await;
    // Opening writes into the address too, as late.
    let rests = "(window.hash === location.hash || (window.hash = location.hash, window.since = Date.now(), false)) \
                 && Date.now() - window.since > 1500";
    browser.wait_until("the address rests", rests).await;
    browser.click(".compare .c-name .sorter").await;
    browser
        .wait_until(
            "it is sorted by name",
            "document.querySelector('.compare .c-name').getAttribute('aria-sort') === 'ascending'",
        )
        .await;
    let rows = "[...document.querySelectorAll('.compare .vt-row')].slice(0, 10).map((row) => row.innerText)";
    let by_name = "![undefined, 'formatAmount'].includes(document.querySelector('.compare .vt-row code')?.innerText)";
    browser.wait_until("the rows are sorted by name", by_name).await;
    // Passing changes reach the address once they rest, and so have the rows then.
    browser.wait_until("the address is written", "location.hash !== hash").await;
    let sorted = browser.script(&format!("return {rows}"), &[]).await;
    browser.reload().await;
    browser.element(".compare .vt-row").await;
    browser.wait_for_value("the same comparison is shown", rows, &sorted).await;

    browser.show("flame").await;
    browser.show("table").await;
    browser.show("stalls").await;
    browser.driver.back().await.expect("there is a way back");
    tab(&browser, "table").await;
    browser.driver.back().await.expect("there is a way back");
    tab(&browser, "flame").await;
    browser.element(".flame canvas").await;
    browser.driver.back().await.expect("there is a way back");
    tab(&browser, "compare").await;
    for view in ["flame", "table", "stalls"] {
        browser.driver.forward().await.expect("there is a way forward");
        tab(&browser, view).await;
    }
    browser.press("]").await;
    browser.element(".chip").await;
    browser.driver.back().await.expect("there is a way back");
    browser.wait_until("the filter is gone", "!document.querySelector('.chip')").await;
    tab(&browser, "stalls").await;
}

/// A sentence each, and a page that works.
async fn strange_addresses(browser: Browser) {
    let strange = [
        ("#v1.abcdef", "damaged or cut short"),
        ("#v2.abcdef", "a later version of Culprit (v2)"),
        ("#main", "is not a view of Culprit"),
        // `{"a":3}`: the fourth of no recordings.
        ("#v1.q1ZKVLIyrgUA", "cannot be shown"),
    ];
    for (fragment, says) in strange {
        browser.open_address("about:blank").await;
        browser.open(fragment).await;
        browser.wait_for_text(".banner", says).await;
        browser.element(".examples .example").await;
    }
    browser.drop_file("body", "fine.folded", b"main;work 12\n").await;
    browser.wait_for_recording("fine.folded").await;
    browser.wait_until("the sentence is gone", "!document.querySelector('.banner')").await;
    // Written into the address of an open page.
    browser.script("location.hash = '#v9.later'", &[]).await;
    browser.wait_for_text(".banner", "a later version of Culprit (v9)").await;
    // Back itself passes over what no person did.
    browser.script("history.back()", &[]).await;
    browser.wait_for_recording("fine.folded").await;
}
