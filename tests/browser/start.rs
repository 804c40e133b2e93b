//! The page starts, starts a worker, and what the worker paints is on the screen.

use std::fs;

use crate::harness::{Browser, dist, in_every_browser, serve_folder};

in_every_browser!(worker_paints, rehearses, starts_where_wasm_has_no_media_type, says_that_a_file_is_missing);

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
