//! Nothing leaves the tab: neither the page nor a worker reaches another server.

use std::fs;

use serde_json::Value;

use crate::harness::{Browser, in_every_browser, serve_folder};
use crate::trap::Trap;

in_every_browser!(nothing_gets_out, everything_gets_out_without_the_policy);

/// Defines `tryAll(host, who)`.
const WAYS_OUT: &str = include_str!("ways_out.js");

/// Tries every way out from the page, and from a worker that starts as ours do: as a module, from a
/// `blob:` URL.
async fn try_all(browser: &Browser, trap: &Trap) {
    let script = r#"
        const [ways, host, done] = arguments;
        const worker = `${ways}\ntryAll(${JSON.stringify(host)}, "worker").then(() => postMessage("done"));`;
        const url = URL.createObjectURL(new Blob([worker], { type: "text/javascript" }));
        const finished = new Promise((resolve, reject) => {
            const worker = new Worker(url, { type: "module" });
            worker.onmessage = resolve;
            worker.onerror = reject;
        });
        finished.then(() => done("tried"), (event) => done(`the worker failed: ${event.message}`));"#;
    let page = format!(
        "const [host, done] = arguments;\n{WAYS_OUT}\ntryAll(host, 'page').then(() => done('tried'));"
    );
    let said = browser
        .script_async(&script, &[WAYS_OUT.into(), trap.host().into()])
        .await;
    assert_eq!(said, Value::from("tried"));
    let said = browser.script_async(&page, &[trap.host().into()]).await;
    assert_eq!(said, Value::from("tried"));
}

async fn nothing_gets_out(browser: Browser) {
    let trap = Trap::set();
    browser.open("").await;
    browser.wait_for_text("#status", "painted").await;
    try_all(&browser, &trap).await;
    assert_eq!(trap.seen(), Vec::<String>::new());
    // Each refusal is reported as what it is. Any other problem would be one of ours.
    let problems = browser.take_problems().await;
    let refused = |directive: &str| {
        problems
            .iter()
            .any(|line| line.starts_with("policy: ") && line.contains(directive))
    };
    for directive in [
        "connect-src",
        "img-src",
        "script-src",
        "style-src",
        "form-action",
    ] {
        assert!(
            refused(directive),
            "{directive} refused nothing: {problems:#?}"
        );
    }
}

/// The same attempts on a page without a policy arrive, or the test above would prove nothing.
async fn everything_gets_out_without_the_policy(browser: Browser) {
    let trap = Trap::set();
    let folder = browser.folder("site");
    fs::write(
        folder.join("index.html"),
        "<!doctype html><title>Open</title><body></body>",
    )
    .expect("files can be written");
    browser.open_address(&serve_folder(&folder, "/")).await;
    try_all(&browser, &trap).await;
    let page = [
        "fetch", "request", "events", "socket", "module", "beacon", "image", "script", "style",
        "frame", "video", "form",
    ];
    let worker = ["fetch", "request", "events", "socket", "module"];
    println!("{:?} {:?} {:?}", trap.seen(), page, worker);
    browser.take_problems().await;
}
