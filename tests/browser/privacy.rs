//! Nothing leaves the tab: neither the page nor a worker reaches another server.

use std::fs;

use serde_json::Value;

use crate::harness::{Browser, in_every_browser, serve_folder};
use crate::trap::Trap;

in_every_browser!(nothing_gets_out, everything_gets_out_without_the_policy);

/// Defines `tryAll(host, documentHost, who)`.
const WAYS_OUT: &str = include_str!("ways_out.js");

/// Two servers of other origins. Requests must not even lead to a connection. For what would load a
/// document Chromium opens a connection in advance, before it asks the policy and refuses: nothing
/// is sent on it.
struct Traps {
    requests: Trap,
    documents: Trap,
}

/// Tries every way out from the page and from a worker that starts as ours do, from a `blob:` URL.
async fn try_all(browser: &Browser) -> Traps {
    let traps = Traps { requests: Trap::set(), documents: Trap::set() };
    let script = r#"
        const [ways, host, documentHost, done] = arguments;
        const text = `${ways}; onmessage = ({ data }) => tryAll(...data).then(() => postMessage(0))`;
        const worker = new Worker(URL.createObjectURL(new Blob([text])));
        const finished = new Promise((resolve, reject) => {
            worker.onmessage = resolve;
            worker.onerror = reject;
        });
        worker.postMessage([host, documentHost, "worker"]);"#;
    let script = format!(
        "{script}\n{WAYS_OUT}\nPromise.all([finished, tryAll(host, documentHost, 'page')])
        .then(() => done('tried'), (event) => done(event.message));"
    );
    let hosts = [&traps.requests, &traps.documents].map(|trap| Value::from(trap.host()));
    let [host, document_host] = hosts;
    let args = [WAYS_OUT.into(), host, document_host];
    assert_eq!(browser.script_async(&script, &args).await, "tried");
    traps
}

async fn nothing_gets_out(browser: Browser) {
    browser.open("").await;
    let traps = try_all(&browser).await;
    assert_eq!(traps.requests.seen(), Vec::<String>::new());
    let mut requests = traps.documents.seen();
    requests.retain(|path| path != Trap::NOTHING_ASKED);
    assert_eq!(requests, Vec::<String>::new());
    // Each refusal is reported as what it is. Any other problem would be one of ours.
    let problems = browser.take_problems().await;
    for directive in ["connect-src", "img-src", "script-src", "style-src", "form-action"] {
        let refusal = format!("policy: {directive}");
        assert!(problems.iter().any(|line| line.starts_with(&refusal)), "{directive} refused nothing: {problems:#?}");
    }
}

/// The same attempts on a page without a policy arrive, or the test above would prove nothing.
async fn everything_gets_out_without_the_policy(browser: Browser) {
    let folder = browser.folder("site");
    let page = "<!doctype html><title>Open</title><body></body>";
    fs::write(folder.join("index.html"), page).expect("files can be written");
    browser.open_address(&serve_folder(&folder, "/")).await;
    let traps = try_all(&browser).await;
    for way in ["fetch", "request", "events", "socket", "module"] {
        traps.requests.wait_for(&format!("/worker-{way}")).await;
        traps.requests.wait_for(&format!("/page-{way}")).await;
    }
    for way in ["beacon", "image", "script", "style", "video"] {
        traps.requests.wait_for(&format!("/page-{way}")).await;
    }
    for way in ["frame", "form"] {
        traps.documents.wait_for(&format!("/page-{way}")).await;
    }
    // The answers are empty, and not every element is content with that.
    browser.take_problems().await;
}
