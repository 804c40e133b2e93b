//! Everything by keyboard alone.

use culprit::state::keys::KEYS;
use serde::Deserialize;
use serde_json::json;

use crate::harness::{Browser, in_every_browser};
use crate::numbers::{Printed, number, plain};
use crate::page::example;

in_every_browser!(every_control_is_reached, keys_do_what_the_help_says);

/// What Tab can reach, by name, and what it does reach.
#[derive(Debug, Deserialize)]
struct Reached {
    wanted: usize,
    missed: Vec<String>,
    /// Reached, but nobody sees it.
    unseen: Vec<String>,
    nameless: Vec<String>,
}

const FOLLOW: &str = r#"
    const css = "a[href], button, input, select, textarea, summary, [tabindex]";
    const name = (element) => (element.ariaLabel ?? element.labels?.[0]?.textContent ?? element.innerText ?? "").trim();
    const show = (element) => `<${element.tagName.toLowerCase()} class="${element.className}"> ${name(element)}`;
    const all = [...document.querySelectorAll(css)];
    const wanted = all.filter((element) => element.tabIndex >= 0 && !element.disabled
        && element.checkVisibility({ visibilityProperty: true }));
    const reached = new Set();
    const unseen = new Set();
    // Tab goes on from where the focus was: before everything.
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    window.follow = (event) => {
        reached.add(event.target);
        // The ring may be around the box that a field lies in.
        const rings = [event.target, event.target.parentElement].map((element) => getComputedStyle(element));
        const isSeen = rings.some((ring) => ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) >= 1);
        if (!isSeen) unseen.add(show(event.target));
    };
    addEventListener("focusin", window.follow);
    window.reached = () => ({
        wanted: wanted.length,
        missed: wanted.filter((element) => !reached.has(element)).map(show),
        unseen: [...unseen],
        nameless: wanted.filter((element) => !name(element)).map(show),
    });
    return wanted.length;"#;

/// Tabs through the whole page: nothing that can be used is left out, unnamed, or focused unseen.
async fn tab_through(browser: &Browser, least: usize) {
    // Tab may have left for the browser's own controls.
    browser.click(".brand").await;
    let count: usize = browser.read(FOLLOW, &[]).await;
    // In portions: engines take their time for each. Exactly as many as there are.
    for first in (0..count).step_by(20) {
        browser.type_text(&"\u{e004}".repeat(20.min(count - first))).await;
    }
    let reached: Reached = browser.read("removeEventListener('focusin', follow); return reached()", &[]).await;
    assert!(reached.wanted >= least, "there is little to reach: {reached:?}");
    assert!(reached.missed.is_empty(), "Tab does not reach {:#?}", reached.missed);
    assert!(reached.nameless.is_empty(), "without a name: {:#?}", reached.nameless);
    assert!(reached.unseen.is_empty(), "without a ring: {:#?}", reached.unseen);
}

async fn every_control_is_reached(browser: Browser) {
    browser.open("").await;
    browser.element(".tool-group .cmd, .tool-group .fmt").await;
    tab_through(&browser, 20).await;

    browser.drop_file("body", "made.folded", MADE.as_bytes()).await;
    browser.wait_for_recording("made.folded").await;
    select(&browser, &TO_QUERY).await;
    tab_through(&browser, 30).await;

    // Arrows go from tab to tab, and Enter chooses.
    browser.script("document.getElementById('tab-flame').focus()", &[]).await;
    browser.press("ArrowRight").await;
    browser.press("Enter").await;
    browser.element("#tab-table[aria-selected=true]").await;
    browser.element(".vt-row").await;
    tab_through(&browser, 30).await;
}

const MADE: &str = "shop::main;audit::check 30\nshop::main;db::query;wire::send 50\nshop::main 20\n";

/// Presses keys on the page, one after the other, and waits until the details tell each function.
async fn select(browser: &Browser, steps: &[(&str, &str)]) {
    for (key, name) in steps {
        browser.press(key).await;
        browser.wait_for_text(".details h2", name).await;
    }
}

/// From nothing to the second frame.
const TO_QUERY: [(&str, &str); 2] = [("ArrowDown", "shop::main"), ("ArrowDown", "db::query")];

/// Leaves whatever has the focus.
async fn leave(browser: &Browser) {
    browser.script("document.activeElement?.blur()", &[]).await;
}

async fn whole(browser: &Browser, wanted: &str) {
    let is =
        format!("document.querySelector('.sum[aria-busy=false] .big')?.innerText.replace(/\\s/g, ' ') === {wanted:?}");
    browser.wait_until(&format!("the whole is {wanted}"), &is).await;
}

async fn chips(browser: &Browser, wanted: &[&str]) {
    let wanted = json!(wanted).to_string();
    let chips = "JSON.stringify([...document.querySelectorAll('.chip')].map((chip) => chip.innerText.replace(/\\s+/g, ' ').trim()))";
    browser.wait_until(&format!("the filters are {wanted}"), &format!("{chips} === {wanted:?}")).await;
}

async fn keys_do_what_the_help_says(browser: Browser) {
    browser.open("").await;
    browser.element(".example").await;
    let is_there = "document.activeElement?.classList.contains('example')";
    for _ in 0..20 {
        browser.press("Tab").await;
        if browser.script(&format!("return {is_there}"), &[]).await == true {
            break;
        }
    }
    browser.press("Enter").await;
    browser.wait_for_recording("node-server-blocked.cpuprofile").await;
    views(&browser).await;
    stalls(&browser).await;
    help_and_palette(&browser).await;

    browser.drop_file("body", "made.folded", MADE.as_bytes()).await;
    browser.wait_for_recording("made.folded").await;
    browser.press("1").await;
    moving(&browser).await;
    searching(&browser).await;
    filters(&browser).await;
    table(&browser).await;
}

async fn views(browser: &Browser) {
    for (key, view) in [("3", "table"), ("4", "stalls"), ("6", "compare"), ("1", "flame")] {
        browser.press(key).await;
        browser.element(&format!("#tab-{view}[aria-selected=true]")).await;
    }
    browser.element(".flame canvas").await;
}

/// From stall to stall in the order of time, and back to all the time.
async fn stalls(browser: &Browser) {
    let printed = Printed::of(&example("node-server-blocked.cpuprofile"));
    let mut ranges: Vec<(f64, f64)> = printed
        .worst()
        .iter()
        .map(|stall| (number(&stall["start_ns"]) - printed.number("start_ns"), number(&stall["duration_ns"])))
        .collect();
    ranges.sort_by(|a, b| a.0.total_cmp(&b.0));
    let shown = |(start, length): (f64, f64)| format!("stall {:.3}–{:.3} s", start / 1e9, (start + length) / 1e9);
    // Keys that go from stall to stall have nowhere to go before the stalls are known.
    let known = "/\\d{2}/.test(document.querySelector('#tab-stalls').innerText)";
    browser.wait_until("the stalls are counted", known).await;
    browser.press("]").await;
    let first = chip(browser).await;
    assert_eq!(rounded(&first), rounded(&shown(ranges[0])), "the first stall in time");
    browser.press("]").await;
    browser
        .wait_until(
            "another one is chosen",
            &format!("document.querySelector('.chip')?.innerText.replace(/\\s+/g, ' ').trim() !== {first:?}"),
        )
        .await;
    let second = chip(browser).await;
    assert_eq!(rounded(&second), rounded(&shown(ranges[1])), "the second one");
    browser.press("[").await;
    chips(browser, &[&first]).await;
    browser.wait_for_text(".sum", "selected").await;
    // Each choice is a step back.
    for before in [&[second.as_str()][..], &[&first], &[]] {
        browser.press("z").await;
        chips(browser, before).await;
    }
}

async fn chip(browser: &Browser) -> String {
    browser.element(".chip").await;
    plain(&browser.texts(".chip").await.join(" ").replace('\n', " "))
}

/// Seconds with two decimals, however they are written: `436–856 ms` is `0.44 0.86`.
fn rounded(chip: &str) -> String {
    let unit = if chip.ends_with("ms") { 1000.0 } else { 1.0 };
    let numbers = chip.split(|c: char| !(c.is_ascii_digit() || c == '.')).filter_map(|part| part.parse::<f64>().ok());
    numbers.map(|number| format!("{:.2} ", number / unit)).collect()
}

async fn help_and_palette(browser: &Browser) {
    browser.press("?").await;
    let help = browser.wait_for_text("dialog", "Keyboard").await;
    for row in KEYS.iter().filter(|row| !row.keys.is_empty()) {
        assert!(help.contains(row.text), "the help does not tell {:?}", row.text);
    }
    // A letter does nothing behind a dialog.
    browser.press("3").await;
    browser.press("Escape").await;
    browser.wait_until("the help is closed", "!document.querySelector('dialog')").await;
    browser.element("#tab-flame[aria-selected=true]").await;

    browser.press("Control+k").await;
    browser.element("dialog [role=combobox]").await;
    browser.type_text("show the table").await;
    browser.wait_until("it is found", "document.querySelectorAll('.prow').length === 1").await;
    browser.press("Enter").await;
    browser.element("#tab-table[aria-selected=true]").await;
    browser.press(">").await;
    browser.element("dialog [role=combobox]").await;
    browser.type_text("pbkdf2Sync").await;
    browser.wait_for_text(".prow.on", "pbkdf2Sync").await;
    browser.press("Enter").await;
    browser.wait_for_text(".details h2", "pbkdf2Sync").await;

    // Letters can be switched off, and everything else still works.
    letters(browser).await;
    browser.press("1").await;
    browser.press("Control+k").await;
    browser.element("dialog [role=combobox]").await;
    browser.press("Escape").await;
    browser.wait_until("the palette is closed", "!document.querySelector('dialog')").await;
    browser.element("#tab-table[aria-selected=true]").await;
    letters(browser).await;
    browser.press("1").await;
    browser.element("#tab-flame[aria-selected=true]").await;
}

/// Switches single letters off or on.
async fn letters(browser: &Browser) {
    browser.press("Control+k").await;
    browser.element("dialog [role=combobox]").await;
    browser.type_text("single letters").await;
    browser.wait_until("it is found", "document.querySelectorAll('.prow').length === 1").await;
    browser.press("Enter").await;
    browser.wait_until("the palette is closed", "!document.querySelector('dialog')").await;
    browser.settle().await;
}

/// Arrows go from frame to frame, Enter zooms, other keys zoom, pan and fit.
async fn moving(browser: &Browser) {
    leave(browser).await;
    select(browser, &TO_QUERY).await;
    let around = [
        ("ArrowRight", "audit::check"),
        ("ArrowLeft", "db::query"),
        ("ArrowDown", "wire::send"),
        ("ArrowUp", "db::query"),
    ];
    select(browser, &around).await;
    browser.press("Enter").await;
    browser.wait_for_text(".crumbs", "db::query").await;
    browser.press("Backspace").await;
    browser.wait_until("it is zoomed out", "document.querySelectorAll('.crumb-btn').length === 1").await;

    browser.press("+").await;
    browser.element(".hbar i").await;
    let left = "parseFloat(document.querySelector('.hbar i')?.style.transform.match(/translateX\\(([^%]+)%/)[1])";
    // A press in the middle of a glide goes on from there.
    let mut presses = 0;
    while browser.script(&format!("return {left} === 0"), &[]).await != true {
        browser.press("a").await;
        browser.settle().await;
        presses += 1;
        assert!(presses < 60, "the left edge is not reached");
    }
    browser.press("d").await;
    browser.wait_until("it is panned right", &format!("{left} > 5")).await;
    browser.press("0").await;
    browser.wait_until("everything is shown", "!document.querySelector('.hbar')").await;
    browser.press("Escape").await;
    browser.wait_until("nothing is selected", "!document.querySelector('.details .figs')").await;
}

async fn searching(browser: &Browser) {
    browser.press("/").await;
    browser.wait_until("the field has the focus", "document.activeElement?.id === 'search'").await;
    browser.type_text("e").await;
    browser.wait_for_text(".found", "3 functions").await;
    browser.press("Enter").await;
    browser.wait_until("a match is selected", "document.querySelector('.details .figs')").await;
    let first = browser.text(".details h2").await;
    leave(browser).await;
    browser.press("n").await;
    let other = format!("![{first:?}, ''].includes(document.querySelector('.details h2').innerText)");
    browser.wait_until("the next match is selected", &other).await;
    browser.press("Shift+N").await;
    browser.wait_for_text(".details h2", &first).await;
    browser.press("#").await;
    browser
        .wait_until("its name is searched for", &format!("document.querySelector('#search').value.includes({first:?})"))
        .await;
    browser.press("Escape").await;
    browser.wait_until("the search is cleared", "document.querySelector('#search').value === ''").await;
    browser.press("Escape").await;
    browser.wait_until("nothing is selected", "!document.querySelector('.details .figs')").await;
}

/// Every filter key, and the way back and forth.
async fn filters(browser: &Browser) {
    whole(browser, "100").await;
    select(browser, &TO_QUERY).await;
    browser.press("f").await;
    chips(browser, &["focus db::query"]).await;
    whole_base(browser, "50").await;
    browser.press("z").await;
    chips(browser, &[]).await;
    whole_base(browser, "100").await;
    browser.press("Shift+Z").await;
    chips(browser, &["focus db::query"]).await;
    browser.press("Control+z").await;
    chips(browser, &[]).await;
    for (key, chip, base) in [
        ("Shift+H", "drop db::query", "50"),
        ("h", "merge db::query", "100"),
        ("m", "merge db::query", "100"),
        ("Alt+h", "merge module db", "100"),
        ("c", "one frame db::query", "100"),
    ] {
        browser.wait_until("something is selected", "document.querySelector('.details .figs')").await;
        browser.press(key).await;
        chips(browser, &[chip]).await;
        whole_base(browser, base).await;
        browser.press("z").await;
        chips(browser, &[]).await;
        whole_base(browser, "100").await;
    }
    browser.press("Escape").await;
    select(browser, &TO_QUERY).await;
    select(browser, &[("ArrowDown", "wire::send")]).await;
    browser.press("Shift+F").await;
    chips(browser, &["subtree wire::send"]).await;
    browser.press("z").await;
    chips(browser, &[]).await;
    browser.press("Escape").await;
}

/// What 100 % is now.
async fn whole_base(browser: &Browser, wanted: &str) {
    let label = "document.querySelector('.flame canvas').ariaLabel";
    let is = format!("{label}.startsWith({:?})", format!("Flame graph: {wanted} samples in"));
    browser.wait_until(&format!("100 % is {wanted}"), &is).await;
}

/// Rows by arrows, the heaviest path, opening and closing.
async fn table(browser: &Browser) {
    browser.press("3").await;
    browser.element(".vt-row").await;
    leave(browser).await;
    browser.press("ArrowDown").await;
    browser.wait_for_text(".vt-row.sel", "wire::send").await;
    browser.press("ArrowDown").await;
    browser.wait_for_text(".vt-row.sel", "audit::check").await;
    browser.press("*").await;
    browser.element("[role=treegrid]").await;
    browser.wait_until("the heaviest path is open", "document.querySelectorAll('.vt-row.heavy').length === 3").await;
    leave(browser).await;
    browser.press("Escape").await;
    // From where the path ends.
    select(browser, &[("ArrowDown", "wire::send")]).await;
    select(browser, &[("ArrowUp", "db::query"), ("ArrowUp", "shop::main")]).await;
    browser.press("ArrowLeft").await;
    browser.wait_until("it is closed", "document.querySelectorAll('.vt-row').length === 1").await;
    browser.press("ArrowRight").await;
    browser.wait_until("it is open", "document.querySelectorAll('.vt-row').length > 1").await;
    browser.press("ArrowRight").await;
    browser.wait_for_text(".vt-row.sel", "db::query").await;
    browser.press("Enter").await;
    browser.element("#tab-flame[aria-selected=true]").await;
    browser.wait_for_text(".crumbs", "db::query").await;
}
