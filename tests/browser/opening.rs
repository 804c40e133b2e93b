//! Opening: the examples, files by every way there is, files that are none, and several at once.

use std::fs;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::engines::Engine;
use crate::figures::Figure;
use crate::harness::{Browser, in_every_browser};
use crate::numbers::{Printed, number, plain};
use crate::page::{example, fixture};

in_every_browser!(examples, files, wrong_files);

/// Only this driver can drop a folder as another program would.
#[test]
fn folders_chrome() {
    crate::harness::run(Engine::Chrome, "opening::folders", folders);
}

/// A folder is one recording, by the name of the folder.
async fn folders(browser: Browser) {
    browser.open("").await;
    let folder = fixture("clinic/waits.clinic-doctor");
    let data = json!({ "items": [], "files": [folder.display().to_string()], "dragOperationsMask": 1 });
    for kind in ["dragEnter", "dragOver", "drop"] {
        let event = json!({ "type": kind, "x": 400, "y": 300, "data": data });
        let told = browser.driver.cdp().send_raw("Input.dispatchDragEvent", event).await;
        told.unwrap_or_else(|e| panic!("a folder cannot be dropped: {e}"));
    }
    let title =
        "document.title.startsWith('waits.clinic-doctor') && document.querySelector('#tab-series[aria-selected=true]')";
    browser.wait_until("the folder is a recording", title).await;
    let name = browser.wait_for_text(".details", "waits.clinic-doctor").await;
    assert!(!name.contains("more"), "{name}");
}

/// What `performance` says was fetched of the large example.
const LARGE: &str =
    "performance.getEntriesByType('resource').filter((entry) => entry.name.includes('generated-')).length";

/// How often a recording is opened at most until it is caught being read.
const ATTEMPTS: u32 = 5;

async fn examples(browser: Browser) {
    browser.open("").await;
    browser.element(".examples .example").await;
    let fetched =
        "performance.getEntriesByType('resource').filter((entry) => entry.name.includes('/examples/')).length";
    assert_eq!(browser.script(&format!("return {fetched}"), &[]).await, 0, "examples are fetched on request");

    cancelled(&browser).await;
    browser.press_example("A blocked server").await;
    browser.wait_for_recording("node-server-blocked.cpuprofile").await;
    assert_whole(&browser, &Printed::of(&example("node-server-blocked.cpuprofile")), "duration_ns").await;
    close(&browser, "node-server-blocked.cpuprofile").await;

    browser.press_example("Did the fix work?").await;
    compared(&browser).await;
    close(&browser, "node-server-blocked.cpuprofile").await;
    browser.wait_for_recording("node-server-fixed.cpuprofile").await;
    close(&browser, "node-server-fixed.cpuprofile").await;

    browser.press_example("A labelled service").await;
    browser.wait_for_recording("go-labels.pb.gz").await;
    browser.wait_for_text(".status", "cpu in the recording").await;
    close(&browser, "go-labels.pb.gz").await;

    browser.press_example("A large one").await;
    browser.wait_for_recording("generated-22mb.cpuprofile").await;
    browser.wait_for_colours(".flame canvas", 6).await;
}

/// The large example is cancelled while its worker reads it.
async fn cancelled(browser: &Browser) {
    for attempt in 1..=ATTEMPTS {
        if cancelled_in_time(browser, attempt).await {
            return;
        }
        println!("attempt {attempt}: it was read before it could be cancelled");
        close(browser, "generated-22mb.cpuprofile").await;
    }
    panic!("it is never cancelled");
}

/// Whether it was not read before. It is fetched once each time it is asked for.
async fn cancelled_in_time(browser: &Browser, asked: u32) -> bool {
    let script = r#"
        window.cancelled = "";
        const look = () => {
            const card = document.querySelector(".card.load");
            const says = card?.querySelector("[role=status]").textContent ?? "";
            // Only a worker that has begun to read knows what it is.
            if (!says.includes("V8 CPU profile")) return;
            watch.disconnect();
            window.cancelled = says;
            card.querySelector(".danger").click();
        };
        const watch = new MutationObserver(look);
        watch.observe(document.body, { childList: true, subtree: true, characterData: true });"#;
    browser.script(script, &[]).await;
    browser.press_example("A large one").await;
    let is_open = "document.title.startsWith('generated-') && document.querySelector('.sum[aria-busy=false] .big')";
    browser.wait_until("it is cancelled or read", &format!("window.cancelled || ({is_open})")).await;
    if browser.script("return window.cancelled", &[]).await == "" {
        return false;
    }
    let is_back =
        "document.querySelector('.examples') && !document.querySelector('.card.load') && document.title === 'Culprit'";
    browser.wait_until("the start page is back", is_back).await;
    assert_eq!(browser.script(&format!("return {LARGE}"), &[]).await, asked, "it was fetched once it was asked for");
    browser.settle().await;
    assert_eq!(browser.texts(".toast").await, Vec::<String>::new(), "whoever cancels knows it");
    true
}

async fn assert_whole(browser: &Browser, printed: &Printed, field: &str) {
    let whole = plain(&browser.text(".sum .big").await);
    assert!(Figure::of(&whole).is(printed.number(field)), "{whole} is not {}", printed.number(field));
}

/// Closes a recording with its button in the list of recordings.
async fn close(browser: &Browser, name: &str) {
    browser.click(".top button[aria-label='Recording']").await;
    browser.click(&format!(".menu button[aria-label='Close {name}']")).await;
    browser.wait_until("the list is closed", "!document.querySelector('.menu')").await;
    let is_gone = format!("document.title !== {:?}", format!("{name} – Culprit"));
    browser.wait_until(&format!("{name} is closed"), &is_gone).await;
}

/// A row of the comparison.
#[derive(Debug, Deserialize)]
struct Compared {
    name: String,
    before: String,
    after: String,
    difference: String,
}

async fn compared_rows(browser: &Browser) -> Vec<Compared> {
    let script = r#"
        const rows = [...document.querySelectorAll(".compare .vt-row")];
        return rows.map((row) => {
            const [before, after, difference] = [...row.querySelectorAll(".c-value")].map((cell) => cell.innerText.trim());
            return { name: row.querySelector(".c-name code").innerText, before, after, difference };
        });"#;
    browser.read(script, &[]).await
}

/// The numbers of two recordings side by side are the ones that each has alone.
async fn compared(browser: &Browser) {
    let files = ["node-server-blocked.cpuprofile", "node-server-fixed.cpuprofile"];
    let printed = files.map(|file| Printed::of(&example(file)));
    browser
        .wait_until("the comparison has its rows", "document.querySelectorAll('.compare .vt-row').length >= 10")
        .await;
    let sides = browser.texts(".pair .side b.num").await;
    assert_eq!(sides.len(), printed.len(), "{sides:?}");
    for (side, printed) in sides.iter().zip(&printed) {
        assert!(Figure::of(side).is(printed.total(None)), "{side} is not {}", printed.total(None));
    }
    let rows = compared_rows(browser).await;
    let mut last = f64::INFINITY;
    for row in rows.iter().take(10) {
        let exact = match row.name.as_str() {
            // A state is printed as one.
            "(garbage collector)" => printed[1].state("gc_ns") - printed[0].state("gc_ns"),
            "(program)" => printed[1].state("program_ns") - printed[0].state("program_ns"),
            _ => exact_of(row, &printed).unwrap_or_else(|| panic!("{row:?} is in neither")),
        };
        assert!(Figure::of(&row.difference).is(exact), "{row:?} is not {exact}");
        assert!(exact.abs() <= last, "{row:?} comes too late");
        last = exact.abs();
    }
    assert_eq!(rows[0].name, "formatAmount", "what was fixed has changed most");

    browser.press("x").await;
    let first = "document.querySelector('.compare .vt-row .c-delta')?.innerText.startsWith('+')";
    browser.wait_until("before and after are swapped", first).await;
    let swapped = compared_rows(browser).await;
    assert_eq!((&swapped[0].before, &swapped[0].after), (&rows[0].after, &rows[0].before));
    browser.press("x").await;
    let back = "document.querySelector('.compare .vt-row .c-delta')?.innerText.startsWith('−')";
    browser.wait_until("they are swapped back", back).await;
    // What was shown before gets its picture again.
    browser.wait_for_colours(".timeline canvas", 4).await;
}

/// The difference of the function that a row shows; several have one name.
fn exact_of(row: &Compared, printed: &[Printed; 2]) -> Option<f64> {
    let own = |printed: &Printed, wanted: &Value| {
        let same = |other: &&Value| ["name", "file", "line"].iter().all(|field| other.get(field) == wanted.get(field));
        printed.functions(None).iter().find(same).map(|function| number(&function["self"]))
    };
    let fits = |shown: &str, exact: Option<f64>| match exact {
        None => shown == "none",
        Some(exact) => Figure::of(shown).is(exact),
    };
    let all = printed.iter().flat_map(|printed| printed.functions(None));
    all.filter(|function| function["name"] == row.name.as_str()).find_map(|function| {
        let (before, after) = (own(&printed[0], function), own(&printed[1], function));
        (fits(&row.before, before) && fits(&row.after, after))
            .then(|| after.unwrap_or_default() - before.unwrap_or_default())
    })
}

/// By the field, by dropping, by pasting; one, several, one twice; and from one to another.
async fn files(browser: Browser) {
    browser.open("").await;
    let pair = [fixture("folded/py-spy-raw.txt"), fixture("pprof/go-heap.pb.gz")];
    browser.choose_files("#files", &[&pair[0], &pair[1]]).await;
    browser.wait_for_recording("py-spy-raw.txt").await;
    assert_eq!(plain(&browser.text(".sum .big").await), "769");

    let dropped: [(&str, &[u8]); 2] = [("one.folded", b"a;b 3\na 4\n"), ("two.folded", b"c;d 5\n")];
    browser.drop_files("body", &dropped).await;
    browser.wait_for_recording("one.folded").await;
    assert_eq!(plain(&browser.text(".sum .big").await), "7");

    pasted(&browser, "main;pasted 11\nmain 2\n").await;
    browser.wait_for_recording("pasted.txt").await;
    assert_eq!(plain(&browser.text(".sum .big").await), "13");

    // The same content again is the recording that is open already.
    browser.drop_file("body", "one.folded", b"a;b 3\na 4\n").await;
    browser.wait_for_text(".toasts", "one.folded is open already.").await;
    browser.wait_for_recording("one.folded").await;

    for (name, whole) in
        [("go-heap.pb.gz", 543_449.0), ("two.folded", 5.0), ("py-spy-raw.txt", 769.0), ("pasted.txt", 13.0)]
    {
        choose(&browser, name).await;
        let shown = browser.text(".sum .big").await;
        assert!(Figure::of(&shown).is(whole), "{name} holds {whole}, not {shown}");
    }
    let listed = recordings(&browser).await;
    assert_eq!(listed, ["py-spy-raw.txt", "go-heap.pb.gz", "one.folded", "two.folded", "pasted.txt"]);
}

/// Copies a text from a field of our own and pastes it where nothing is typed.
async fn pasted(browser: &Browser, text: &str) {
    let script = r#"
        const field = Object.assign(document.createElement("textarea"), { id: "copied", value: arguments[0] });
        document.body.append(field);
        field.focus();
        field.select();"#;
    browser.script(script, &[text.into()]).await;
    browser.press("Control+c").await;
    browser.script("document.getElementById('copied').remove()", &[]).await;
    browser.press("Control+v").await;
}

/// The open recordings in the header's list.
async fn recordings(browser: &Browser) -> Vec<String> {
    browser.click(".top button[aria-label='Recording']").await;
    browser.element(".menu").await;
    let names = browser.texts(".menu .menu-row:has([aria-label^='Close ']) .menu-label").await;
    browser.press("Escape").await;
    browser.wait_until("the list is closed", "!document.querySelector('.menu')").await;
    names
}

/// Shows another of the open recordings.
async fn choose(browser: &Browser, name: &str) {
    browser.click(".top button[aria-label='Recording']").await;
    let script = r#"
        const rows = [...document.querySelectorAll(".menu .menu-label")];
        rows.find((row) => row.innerText === arguments[0]).click();"#;
    browser.element(".menu").await;
    browser.script(script, &[name.into()]).await;
    browser.wait_for_recording(name).await;
}

/// Each ends in one sentence about that file; what is open stays as it is.
async fn wrong_files(browser: Browser) {
    browser.open("").await;
    browser.drop_file("body", "good.folded", b"main;work 12\n").await;
    browser.wait_for_recording("good.folded").await;

    let whole = fs::read(fixture("pprof/go-heap.pb.gz")).expect("a fixture can be read");
    let jpeg = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xdb\x00\x43\x00\x08\x06";
    let wrong: [(&str, &[u8], &str); 3] = [
        ("holiday.jpg", jpeg, "binary"),
        ("empty.cpuprofile", b"", "empty"),
        ("cut.pb.gz", &whole[..whole.len() / 2], "cut short"),
    ];
    for (name, content, word) in wrong {
        browser.drop_file("body", name, content).await;
        let card = browser.wait_for_text(".card.err", name).await;
        assert!(card.starts_with("This file cannot be opened"), "{card}");
        let sentence = browser.text(".card.err .problem-text").await;
        let is_clear = sentence.ends_with('.') && sentence.contains(word) && !sentence.contains('\n');
        assert!(is_clear && sentence.len() < 300, "{name}: {sentence:?} should say {word}");
        assert!(!sentence.contains("panic") && !sentence.contains("Error"), "{sentence}");
        choose(&browser, "good.folded").await;
        assert_eq!(plain(&browser.text(".sum .big").await), "12");
        browser.wait_for_tip(200.0, 2, "work").await;
    }
    // One of several does not keep the others out.
    browser.drop_files("body", &[("again.jpg", jpeg), ("fine.folded", b"x;y 5\n")]).await;
    browser.wait_for_text(".card.err", "again.jpg").await;
    browser.click(".card.err .ghost").await;
    choose(&browser, "fine.folded").await;
    assert_eq!(plain(&browser.text(".sum .big").await), "5");
}
