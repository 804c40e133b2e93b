//! The flame graph: boxes where the numbers put them, in the colours of their modules, and the ways
//! through it.

use serde_json::json;

use crate::harness::{Browser, in_every_browser};
use crate::numbers::{Printed, number};
use crate::page::{FLAME, ROW_PX, Sample, Tip, example, fixture};

in_every_browser!(made_boxes, recorded_boxes, events_in_time);

/// Half of it in `send`, three tenths in `check`, the rest in `main` itself. In the order of names
/// `check` comes first.
const MADE: &str = "shop::main;audit::check 30\nshop::main;db::query;wire::send 50\nshop::main 20\n";

/// The boxes of the made file, heaviest left: middle as a share of the width, row, name, total.
const PLACES: [(f64, usize, &str, &str); 6] = [
    (0.02, 1, "shop::main", "100 100.0 %"),
    (0.98, 1, "shop::main", "100 100.0 %"),
    (0.03, 2, "db::query", "50 50.0 %"),
    (0.48, 2, "db::query", "50 50.0 %"),
    (0.65, 2, "audit::check", "30 30.0 %"),
    (0.25, 3, "wire::send", "50 50.0 %"),
];

/// Where no box is: right of what `main` calls, and below `check`.
const BLANKS: [(f64, usize); 3] = [(0.9, 2), (0.65, 3), (0.5, 5)];

/// The samples that a list of places and tokens gives in the theme of the moment.
async fn samples(browser: &Browser, places: &[(f64, usize, String, String)]) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (x, row, token, of) in places {
        samples.push(Sample { x: *x, row: *row, colour: browser.token(token).await, of: of.clone() });
    }
    samples
}

async fn blanks(browser: &Browser) -> Vec<(f64, usize, String, String)> {
    let width = browser.flame_width().await;
    BLANKS.map(|(part, row)| (part * width, row, "--surface-1".to_owned(), "nothing".to_owned())).into()
}

/// Chooses light or dark with the button in the header.
pub(crate) async fn choose_theme(browser: &Browser, theme: &str) {
    for _ in 0..3 {
        let now = browser.script("return document.documentElement.dataset.theme ?? ''", &[]).await;
        if now == theme {
            return;
        }
        browser.click(".top button[aria-label^='Theme']").await;
        browser.settle().await;
    }
    panic!("the theme does not become {theme}");
}

/// The tip of a place that must be of this function, here with this total.
async fn named(browser: &Browser, x: f64, row: usize, name: &str) -> Tip {
    let tip = browser.tip_at(x, row).await;
    assert_eq!(tip.name, name, "at {x} in row {row}: {tip:?}");
    assert!(!tip.token.is_empty(), "{tip:?} has no colour");
    tip
}

async fn way(browser: &Browser, names: &[&str]) {
    let wanted = json!(names);
    let way =
        "JSON.stringify([...document.querySelectorAll('.crumbs .crumb-btn')].map((crumb) => crumb.innerText.trim()))";
    browser.wait_until(&format!("the way is {wanted}"), &format!("{way} === {:?}", wanted.to_string())).await;
}

async fn made_boxes(browser: Browser) {
    browser.open("").await;
    browser.drop_file("body", "made.folded", MADE.as_bytes()).await;
    browser.wait_for_recording("made.folded").await;
    let width = browser.flame_width().await;
    let everything = colours_in_both_themes(&browser, width).await;
    zooming(&browser, width, &everything).await;
    searching(&browser, width).await;
    orders(&browser, width).await;
}

/// Every box is where its numbers put it, and is painted in the colour that its name has.
async fn colours_in_both_themes(browser: &Browser, width: f64) -> Vec<(f64, usize, String, String)> {
    let mut places = blanks(browser).await;
    for (part, row, name, total) in PLACES {
        let tip = named(browser, part * width, row, name).await;
        assert_eq!(tip.cell("total", "here").replace('\u{202f}', " "), total, "{tip:?}");
        places.push((part * width, row, tip.token, name.to_owned()));
    }
    for (x, row, _, _) in &places[..1] {
        assert_eq!(browser.tip_if_any(*x, *row).await, None, "at {x} in row {row} there is no box");
    }
    let root = named_root(browser, width).await;
    places.push((0.5 * width, 0, "--surface-3".to_owned(), root));
    let mut shown = Vec::new();
    for theme in ["light", "dark"] {
        choose_theme(browser, theme).await;
        let samples = samples(browser, &places).await;
        browser.wait_for_samples(&samples).await;
        let mut colours: Vec<_> = samples.iter().map(|sample| sample.colour.0).collect();
        colours.sort_unstable();
        colours.dedup();
        assert_eq!(colours.len(), 6, "four modules, the root and the ground differ: {samples:?}");
        shown.push(colours);
    }
    assert_ne!(shown[0], shown[1], "light and dark differ");
    choose_theme(browser, "light").await;
    places
}

/// The box that holds everything has no module.
async fn named_root(browser: &Browser, width: f64) -> String {
    let tip = browser.tip_at(0.5 * width, 0).await;
    assert_eq!((tip.name.as_str(), tip.token.as_str()), ("all", ""));
    tip.name
}

/// In by double click and by Enter; out by a key, by the way above, and by the button.
async fn zooming(browser: &Browser, width: f64, everything: &[(f64, usize, String, String)]) {
    let token_of = |name: &str| {
        let place = everything.iter().find(|place| place.3 == name);
        place.expect("it was found before").2.clone()
    };
    way(browser, &["all"]).await;
    browser.double_click_at(FLAME, (0.25 * width, 2.5 * ROW_PX)).await;
    way(browser, &["all", "shop::main", "db::query"]).await;
    browser.wait_for_tip(0.95 * width, 2, "db::query").await;
    browser.wait_for_tip(0.95 * width, 3, "wire::send").await;
    browser.press("Escape").await;
    let zoomed = [
        (0.95 * width, 2, token_of("db::query"), "db::query".to_owned()),
        (0.05 * width, 3, token_of("wire::send"), "wire::send".to_owned()),
        (0.95 * width, 3, token_of("wire::send"), "wire::send".to_owned()),
    ];
    browser.wait_for_samples(&samples(browser, &zoomed).await).await;

    browser.press("Backspace").await;
    way(browser, &["all"]).await;
    browser.wait_for_samples(&samples(browser, everything).await).await;

    browser.click_at(FLAME, (0.65 * width, 2.5 * ROW_PX)).await;
    browser.wait_for_text(".details h2", "audit::check").await;
    browser.press("Enter").await;
    way(browser, &["all", "shop::main", "audit::check"]).await;
    browser.wait_for_tip(0.02 * width, 2, "audit::check").await;
    browser.click(".crumbs .crumb-btn[title='shop::main']").await;
    way(browser, &["all", "shop::main"]).await;
    browser.wait_for_tip(0.02 * width, 2, "db::query").await;
    browser.click(".viewbar .fit").await;
    way(browser, &["all"]).await;
    browser.press("Escape").await;
    browser.wait_until("nothing is selected", "!document.querySelector('.details .figs')").await;
    browser.wait_for_samples(&samples(browser, everything).await).await;
}

/// What matches is underlined, the rest is dimmed, and the line above says how much it is.
async fn searching(browser: &Browser, width: f64) {
    browser.press("/").await;
    browser.type_text("send").await;
    let found = browser.wait_for_text(".found", "1 function").await.replace('\u{202f}', " ");
    assert_eq!(found, "50.0 % · 50 · 1 function, 1 frame");
    let marked = [
        (0.25 * width, 3, "--flame-selected".to_owned(), "the line under send".to_owned()),
        (0.25 * width, 2, "--flame-dim".to_owned(), "query, dimmed".to_owned()),
        (0.65 * width, 2, "--flame-dim".to_owned(), "check, dimmed".to_owned()),
        (0.9 * width, 2, "--surface-1".to_owned(), "nothing".to_owned()),
    ];
    browser.wait_for_samples(&samples(browser, &marked).await).await;
    // Samples with both on their stacks count once.
    browser.type_text("|query").await;
    browser.press("Escape").await;
    browser.wait_until("nothing is searched for", "!document.querySelector('.found')").await;
    browser.type_text("/send|query|check/").await;
    let found = browser.wait_for_text(".found", "3 functions").await.replace('\u{202f}', " ");
    assert_eq!(found, "80.0 % · 80 · 3 functions, 3 frames");
    browser.press("Escape").await;
    browser.wait_until("nothing is searched for", "!document.querySelector('.found')").await;
    browser.press("Escape").await;
    let left = "document.activeElement?.id !== 'search'";
    browser.wait_until("the field is left", left).await;
}

async fn press_order(browser: &Browser, label: &str) {
    let script = r#"
        const buttons = [...document.querySelectorAll("[aria-label='Order of siblings'] button")];
        buttons.find((button) => button.innerText.trim() === arguments[0]).click();"#;
    browser.script(script, &[label.into()]).await;
}

/// By name, callers first, and why there is no order of time.
async fn orders(browser: &Browser, width: f64) {
    press_order(browser, "Name").await;
    browser.wait_for_tip(0.15 * width, 2, "audit::check").await;
    named(browser, 0.55 * width, 2, "db::query").await;
    named(browser, 0.55 * width, 3, "wire::send").await;
    press_order(browser, "Weight").await;
    browser.wait_for_tip(0.15 * width, 2, "db::query").await;

    browser.press("i").await;
    browser.wait_for_tip(0.25 * width, 1, "wire::send").await;
    named(browser, 0.25 * width, 2, "db::query").await;
    named(browser, 0.25 * width, 3, "shop::main").await;
    named(browser, 0.65 * width, 1, "audit::check").await;
    named(browser, 0.9 * width, 1, "shop::main").await;
    browser.press("i").await;
    browser.wait_for_tip(0.02 * width, 1, "shop::main").await;

    press_order(browser, "Time").await;
    browser.wait_for_text(".toasts", "This recording has no time").await;
}

/// A recorded server: each sampled box is in the colour of its module, in every order and theme.
async fn recorded_boxes(browser: Browser) {
    let printed = Printed::of(&example("node-server-blocked.cpuprofile"));
    browser.open("").await;
    browser.press_example("A blocked server").await;
    browser.wait_for_recording("node-server-blocked.cpuprofile").await;
    let width = browser.flame_width().await;
    let mut places = Vec::new();
    let mut names = Vec::new();
    for (row, part) in [(1, 0.1), (2, 0.3), (3, 0.2), (3, 0.6), (4, 0.1), (5, 0.35), (6, 0.05), (7, 0.2), (8, 0.12)] {
        let Some(tip) = browser.tip_if_any(part * width, row).await else { continue };
        // Several small boxes in one have no name, a collection's box is hatched.
        if tip.token.is_empty() {
            continue;
        }
        names.push(tip.name.clone());
        places.push((part * width, row, tip.token, tip.name));
    }
    let mut tokens: Vec<_> = places.iter().map(|place| place.2.clone()).collect();
    tokens.sort_unstable();
    tokens.dedup();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() >= 5 && tokens.len() >= 3, "too few to mean anything: {places:?}");
    for theme in ["dark", "light"] {
        choose_theme(&browser, theme).await;
        browser.wait_for_samples(&samples(&browser, &places).await).await;
    }
    in_time(&browser, width, &printed).await;
    // The picture above the views.
    browser.wait_for_text(".timeline", "main thread").await;
    browser.wait_for_colours(".timeline canvas", 4).await;
}

/// In the order of time the longest stall is where it was, with what it ran on the stack.
async fn in_time(browser: &Browser, width: f64, printed: &Printed) {
    press_order(browser, "Time").await;
    let stall = &printed.worst()[0];
    let path = stall["path"].as_array().expect("the longest stall has a path");
    let first: Vec<&str> = path.iter().filter_map(|place| place["name"].as_str()).take(3).collect();
    let middle = number(&stall["start_ns"]) - printed.number("start_ns") + number(&stall["duration_ns"]) / 2.0;
    let x = middle / printed.number("duration_ns") * width;
    let mut stack = Vec::new();
    let mut places = Vec::new();
    for row in 1..16 {
        let Some(tip) = browser.tip_if_any(x, row).await else { break };
        if first.contains(&tip.name.as_str()) {
            assert_eq!(tip.rows[0], ["", "this call", "everywhere"]);
            places.push((x, row, tip.token, tip.name.clone()));
        }
        stack.push(tip.name);
        if places.len() == first.len() {
            break;
        }
    }
    stack.retain(|name| first.contains(&name.as_str()));
    assert_eq!(stack, first, "at {x} of {width}, in the middle of the longest stall");
    browser.wait_for_samples(&samples(browser, &places).await).await;
}

/// Events of a trace are boxes in the order of time: the only way to look at what was not sampled at
/// first, and above the samples where there are some.
async fn events_in_time(browser: Browser) {
    browser.open("").await;
    browser.open_recording(&fixture("trace-event/made-build.json")).await;
    let pressed = "document.querySelector('.seg [aria-pressed=true]:last-child')?.innerText === 'Time'";
    browser.wait_until("time is the order at first", pressed).await;
    let width = browser.flame_width().await;
    // 1.2 ms in all: below everything two heads with a row each, then the track of what overlaps.
    assert_eq!(browser.wait_for_tip(0.5 * width, 1, "build · critical path · pid 1").await.token, "");
    let made = browser.wait_for_tip(0.2 * width, 4, "compile a.cc").await;
    assert_eq!(made.place, "action", "{made:?}");
    let tip = browser.wait_for_tip(0.8 * width, 6, "overlaps").await;
    assert_eq!((tip.place.as_str(), tip.token.is_empty()), ("event", false), "{tip:?}");
    assert_eq!(tip.cell("total", "this call").replace('\u{202f}', " "), "500 µs 41.7 %", "{tip:?}");
    let begin = "document.querySelector('.tip')?.innerText.includes('begins at 0.700')";
    browser.wait_until("the tip says when it begins", begin).await;
    browser.click_at(FLAME, (0.8 * width, 6.5 * ROW_PX)).await;
    browser.wait_for_text(".details h2", "overlaps").await;
    browser.press("Backspace").await;

    browser.open("").await;
    browser.open_recording(&fixture("chrome-trace/made-page.json")).await;
    let time = "[...document.querySelectorAll('.seg button')].find((b) => b.innerText === 'Time').click()";
    browser.script(time, &[]).await;
    let width = browser.flame_width().await;
    // A timer's task of 120 ms, 200 ms after the start of 1.11 s, and what it ran, sampled.
    browser.wait_for_tip(0.22 * width, 2, "RunTask").await;
    browser.wait_for_tip(0.22 * width, 4, "FunctionCall").await;
    browser.wait_for_tip(0.25 * width, 7, "render").await;
    let operation = browser.wait_for_tip(0.2 * width, 14, "load cart").await;
    assert_eq!(operation.cell("total", "this call").replace('\u{202f}', " "), "300 ms 27.0 %", "{operation:?}");
}
