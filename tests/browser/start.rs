//! The page starts, starts a worker, and what the worker paints is on the screen.

use std::fs;

use crate::figures::Figure;
use crate::harness::{Browser, PAUSE, WAIT_MAX, dist, in_every_browser, serve_folder};
use crate::numbers::{Printed, number};
use crate::page::fixture;

in_every_browser!(
    worker_paints,
    rehearses,
    fetches_what_files_need,
    starts_where_wasm_has_no_media_type,
    says_that_a_file_is_missing,
    says_that_the_full_worker_is_missing,
);

/// What the page says once a worker runs: only workers know what can be opened.
async fn wait_for_worker(browser: &Browser) {
    browser.wait_for_text(".drop", ".cpuprofile").await;
    let workers = browser.take_workers().await;
    assert!(!workers.is_empty(), "nobody but a worker knows the formats");
    for url in workers {
        assert!(url.starts_with("blob:"), "{url} would not be under the page's policy");
    }
}

/// A canvas that stays blank fails; which colours belong where is the flame graph's own test.
async fn worker_paints(browser: Browser) {
    browser.open("").await;
    wait_for_worker(&browser).await;
    browser.drop_file("body", "small.folded", b"main;alpha 30\nmain;beta;gamma 50\nmain 20\n").await;
    browser.element("canvas").await;
    browser.wait_for_colours("canvas", 4).await;
}

/// A page that is left alone opens a made-up file to its end, and nothing of it is seen.
async fn rehearses(browser: Browser) {
    browser.open("").await;
    wait_for_worker(&browser).await;
    let is_over = "performance.getEntriesByName('culprit:rehearsed').length === 1";
    browser.wait_until("it has rehearsed", is_over).await;
    browser.element(".example").await;
    assert!(browser.texts(".sum, .card, .toast").await.is_empty(), "nobody opened anything");
}

/// The programs that were fetched, by name; how often the last of them, the full worker's, was.
async fn programs(browser: &Browser) -> (Vec<String>, usize) {
    let script = r#"
        const files = performance.getEntriesByType("resource").map(({ name }) => name.split("/").pop());
        const names = files.filter((file) => file.endsWith(".wasm")).map((file) => file.replace(/-[0-9a-f]+_bg.wasm$/, ""));
        return [[...new Set(names)].sort().reverse(), names.filter((name) => name === "full-worker").length];"#;
    browser.read(script, &[]).await
}

/// A visit fetches the page and the first worker, whatever it opens that those can decode; the full
/// worker is fetched when a file needs it, and once. Recordings in both are compared.
async fn fetches_what_files_need(browser: Browser) {
    browser.open("").await;
    wait_for_worker(&browser).await;
    browser.wait_until("it has rehearsed", "performance.getEntriesByName('culprit:rehearsed').length === 1").await;
    let profile = fixture("v8-cpuprofile/stalls-1000us.cpuprofile");
    for file in [fixture("pprof/go-heap.pb.gz"), fixture("folded/py-spy-raw.txt"), profile.clone()] {
        browser.open_recording(&file).await;
    }
    for view in ["table", "stalls", "flame"] {
        browser.show(view).await;
    }
    assert_eq!(programs(&browser).await, (vec!["worker".to_owned(), "page".to_owned()], 0));

    let trace = fixture("chrome-trace/shop-minimal-devtools-saved.json.gz");
    browser.open_recording(&trace).await;
    browser.show("compare").await;
    browser.click(".nothing .btn.primary").await;
    browser
        .script(
            "const [, after] = document.querySelectorAll('.comparing select'); after.selectedIndex = 2; \
                    after.dispatchEvent(new Event('change', { bubbles: true }))",
            &[],
        )
        .await;
    browser.click(".comparing .btn.primary").await;
    let printed = [&trace, &profile].map(|file| Printed::of(file));
    are_compared(&browser, [&printed[0], &printed[1]]).await;
    browser.press("x").await;
    are_compared(&browser, [&printed[1], &printed[0]]).await;

    browser.choose_files("#files", &[&fixture("v8-heapsnapshot/made-program.heapsnapshot")]).await;
    browser.element("#tab-memory[aria-selected=true]").await;
    let all = ["worker", "page", "full-worker"].map(str::to_owned).to_vec();
    assert_eq!(programs(&browser).await, (all, 1));
    for url in browser.take_workers().await {
        assert!(url.starts_with("blob:"), "{url} would not be under the page's policy");
    }
}

/// Both sides have rows and the totals that are printed of all threads.
async fn are_compared(browser: &Browser, printed: [&Printed; 2]) {
    browser.element(".compare .vt-row").await;
    let whole = |printed: &Printed| {
        let profiles = printed.json()["profiles"].as_array().expect("a list of profiles").iter();
        profiles.filter(|profile| profile["value"] == "time").map(|profile| number(&profile["total"])).sum::<f64>()
    };
    let expected = printed.map(whole);
    let begin = std::time::Instant::now();
    loop {
        let sides = browser.texts(".pair .side b.num").await;
        let is_it = |(side, exact): (&String, &f64)| Figure::of(side).is(*exact);
        if sides.len() == 2 && sides.iter().zip(&expected).all(is_it) {
            return;
        }
        assert!(begin.elapsed() < WAIT_MAX, "{sides:?} are not {expected:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// A host that knows no wasm: the page must not depend on compiling while the bytes arrive.
async fn starts_where_wasm_has_no_media_type(browser: Browser) {
    let copy = copy_of_site(&browser, |name| Some(format!("{name}.bin")));
    browser.open_site(&copy).await;
    wait_for_worker(&browser).await;
}

/// An old page on a host that holds a newer release.
async fn says_that_a_file_is_missing(browser: Browser) {
    let copy = copy_of_site(&browser, |name| (!name.starts_with("worker-")).then(|| name.to_owned()));
    browser.open_site(&copy).await;
    browser.wait_for_text("[role=alert]", "reload the page").await;
    // A browser says by itself that a file is missing, and that is right.
    browser.take_problems().await;
}

/// The same for the program that a file needs: the others are not touched, and trying again is offered.
async fn says_that_the_full_worker_is_missing(browser: Browser) {
    let copy = copy_of_site(&browser, |name| (!name.starts_with("full-worker-")).then(|| name.to_owned()));
    browser.open_site(&copy).await;
    browser.choose_files("#files", &[&fixture("v8-heapsnapshot/made-program.heapsnapshot")]).await;
    let sentence = browser.wait_for_text(".card.err .problem-text", "reload the page").await;
    assert!(sentence.starts_with("What decodes it cannot be fetched"), "{sentence}");
    browser.element(".card.err .btn.primary").await;
    browser.drop_file("body", "small.folded", b"main;alpha 30\n").await;
    browser.wait_for_recording("small.folded").await;
    browser.take_problems().await;
}

/// A copy of the site at an address of its own, whose wasm files have other names or are missing.
fn copy_of_site(browser: &Browser, renamed: impl Fn(&str) -> Option<String>) -> String {
    let folder = browser.folder("site");
    let mut page = fs::read_to_string(dist().join("index.html")).expect("the site has a page");
    for entry in fs::read_dir(dist()).expect("the site is a folder") {
        let entry = entry.expect("its entries can be read");
        let name = entry.file_name().into_string().expect("names are plain text");
        let is_wasm = name.ends_with(".wasm");
        let other = if is_wasm { renamed(&name) } else { Some(name.clone()) };
        if let Some(other) = other.filter(|_| entry.path().is_file()) {
            page = page.replace(&name, &other);
            fs::copy(entry.path(), folder.join(other)).expect("files can be copied");
        }
    }
    fs::write(folder.join("index.html"), page).expect("files can be written");
    serve_folder(&folder, "/")
}
