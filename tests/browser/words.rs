//! The harness itself, on a small page of its own: what a test says happens, and what goes wrong on
//! a page is seen.

use std::fs;

use crate::harness::{Browser, in_every_browser, serve_folder};
use crate::picture::Colour;

in_every_browser!(people_can_use_a_page, problems_are_seen, colours_are_seen);

/// Says in `#said` what was done to it last.
const PAGE: &str = r#"<!doctype html>
<title>Words</title>
<link rel="icon" href="data:,">
<body>
<p id="said">nothing</p>
<button id="button">Press me</button>
<button id="wrong">Go wrong</button>
<input id="text">
<input id="files" type="file" multiple hidden>
<script>
  const say = (text) => document.getElementById("said").textContent = text;
  const names = (files) => Promise.all([...files].map(async (file) =>
    `${file.name}=${await file.text()}`)).then((texts) => say(texts.join(" ")));
  document.getElementById("button").onclick = () => say("clicked");
  document.getElementById("files").onchange = (event) => names(event.target.files);
  document.body.ondragover = (event) => event.preventDefault();
  document.body.ondrop = (event) => names(event.dataTransfer.files);
  document.onkeydown = (event) => {
    const held = [event.ctrlKey && "control ", event.shiftKey && "shift "].filter(Boolean);
    say(`key ${held.join("")}${event.key}`);
  };
  document.getElementById("wrong").onclick = () => {
    console.error("one");
    setTimeout(() => { throw new Error("two") });
    setTimeout(() => { Promise.reject(new Error("three")) });
    document.body.append(Object.assign(new Image(), { src: "./four.png" }));
    const worker = "setTimeout(() => { throw new Error('five') })";
    new Worker(URL.createObjectURL(new Blob([worker])));
  };
  document.title = `Words ${location.hash}`;
</script>
</body>"#;

async fn open_page(browser: &Browser) {
    let folder = browser.folder("site");
    fs::write(folder.join("index.html"), PAGE).expect("files can be written");
    let address = serve_folder(&folder, "/a/b/");
    browser.open_address(&format!("{address}#there")).await;
}

async fn people_can_use_a_page(browser: Browser) {
    open_page(&browser).await;
    assert_eq!(browser.text("#said").await, "nothing");
    browser.click("#button").await;
    browser.wait_for_text("#said", "clicked").await;
    browser.press("j").await;
    browser.wait_for_text("#said", "key j").await;
    browser.press("Shift+Z").await;
    browser.wait_for_text("#said", "key shift Z").await;
    browser.press("+").await;
    browser.wait_for_text("#said", "+").await;
    browser.press("Control+Shift+ArrowLeft").await;
    browser.wait_for_text("#said", "key control shift ArrowLeft").await;
    browser.press("Escape").await;
    browser.wait_for_text("#said", "key Escape").await;
    browser.click("#text").await;
    browser.type_text("a b+C").await;
    let value = "document.getElementById('text').value === 'a b+C'";
    browser.wait_until("the text is typed", value).await;

    let folder = browser.folder("files");
    let files = [("a.txt", "one"), ("b.txt", "two")].map(|(name, text)| {
        let file = folder.join(name);
        fs::write(&file, text).expect("files can be written");
        file
    });
    browser.choose_files("#files", &[&files[0], &files[1]]).await;
    browser.wait_for_text("#said", "a.txt=one b.txt=two").await;
    browser.drop_file("body", "c.bin", b"three").await;
    browser.wait_for_text("#said", "c.bin=three").await;

    browser.reload().await;
    browser.wait_for_text("#said", "nothing").await;
    let title = "document.title === 'Words #there'";
    browser.wait_until("the title has the fragment", title).await;
    for size in [(700, 800), (1280, 900)] {
        browser.resize(size.0, size.1).await;
        let inner = browser.script("return [innerWidth, innerHeight]", &[]).await;
        assert_eq!(inner, serde_json::json!([size.0, size.1]));
    }
}

async fn problems_are_seen(browser: Browser) {
    open_page(&browser).await;
    assert_eq!(browser.take_problems().await, Vec::<String>::new());
    browser.click("#wrong").await;
    let kept = "JSON.parse(sessionStorage.getItem('test-problems') ?? '[]').length >= 5";
    browser.wait_until("five problems are kept", kept).await;
    // A reload must not lose any.
    browser.reload().await;
    let problems = browser.take_problems().await.join("\n");
    for number in ["console: one", "two", "three", "four.png", "five"] {
        assert!(problems.contains(number), "{number} is not in {problems}");
    }
    assert_eq!(browser.take_problems().await, Vec::<String>::new());
}

/// The colours of the four quarters, clockwise from the upper left.
const QUARTERS: [((f64, f64), &str); 4] =
    [((0.25, 0.25), "#c2410c"), ((0.75, 0.25), "#0f766e"), ((0.75, 0.75), "#1d4ed8"), ((0.25, 0.75), "#a16207")];

/// A worker paints on a canvas that was handed over to it, as ours do.
async fn colours_are_seen(browser: Browser) {
    open_page(&browser).await;
    let script = r#"
        const [fills] = arguments;
        const paint = ({ data: { canvas, fills } }) => {
            const context = canvas.getContext("2d");
            for (const [[x, y], fill] of fills) {
                context.fillStyle = fill;
                context.fillRect((x - 0.25) * canvas.width, (y - 0.25) * canvas.height, canvas.width / 2, canvas.height / 2);
            }
        };
        const element = Object.assign(document.createElement("canvas"), { id: "picture", width: 320, height: 160 });
        document.body.append(element);
        const canvas = element.transferControlToOffscreen();
        const worker = new Worker(URL.createObjectURL(new Blob([`onmessage = ${paint}`])));
        worker.postMessage({ canvas, fills }, [canvas]);"#;
    browser.script(script, &[serde_json::json!(QUARTERS)]).await;
    for (place, colour) in QUARTERS {
        browser.wait_for_colour("#picture", place, Colour::hex(colour)).await;
    }
    browser.wait_for_colours("#picture", 4).await;
    assert!(!browser.colour_at("#button", (0.5, 0.5)).await.is_about(Colour::hex(QUARTERS[0].1)));
}
