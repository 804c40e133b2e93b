//! Runs a scenario in a real browser: driver, session, site, and words for what a person does.
//!
//! A scenario is an `async fn(Browser)` that panics when something is wrong. [`in_every_browser!`]
//! makes a test of it for each engine. Whatever happens, the browser is closed; at the end the page
//! must have reported no problem; a failure leaves a screenshot and the driver's log behind.

use std::env;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use thirtyfour::error::WebDriverErrorInner;
use thirtyfour::prelude::*;

use crate::engines::{Driver, Engine};
use crate::picture::{Area, Colour, Picture};
use crate::site::{Site, serve};

/// Makes one test per engine of each scenario: `start::paints::firefox`.
macro_rules! in_every_browser {
    ($($scenario:ident),+ $(,)?) => {$(
        mod $scenario {
            use crate::engines::Engine;
            #[test]
            fn chrome() {
                crate::harness::run(Engine::Chrome, module_path!(), super::$scenario);
            }
            #[test]
            fn firefox() {
                crate::harness::run(Engine::Firefox, module_path!(), super::$scenario);
            }
            #[test]
            fn webkit() {
                crate::harness::run(Engine::WebKit, module_path!(), super::$scenario);
            }
        }
    )+};
}
pub(crate) use in_every_browser;

/// How long a scenario may take as a whole.
const SCENARIO_MAX: Duration = Duration::from_secs(300);

/// How long anything that is waited for may take. Two cores may be shared by many.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(60);

/// Between two looks at something that is waited for.
pub(crate) const PAUSE: Duration = Duration::from_millis(30);

/// The window's size in CSS pixels at the start.
const WINDOW: (u32, u32) = (1280, 900);

/// The site's place on its host: as deep as any that a static host gives.
const PREFIX: &str = "/some/where/";

/// Scenarios of a run that may fail once: drivers lose keys and browsers die on a busy machine. More
/// than these, and something is wrong with the page or with the tests.
const AGAIN_MAX: usize = 2;

/// Scenarios that failed once.
static AGAIN: AtomicUsize = AtomicUsize::new(0);

/// Runs `scenario` in `engine`; `test` names the files that a failure leaves behind. One that fails
/// is told and run once more, as long as few do.
pub(crate) fn run<S: AsyncFnOnce(Browser) + Copy + 'static>(engine: Engine, test: &str, scenario: S) {
    let once = || run_once(engine, test, scenario);
    let Err(failure) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(once)) else { return };
    if AGAIN.fetch_add(1, Ordering::Relaxed) >= AGAIN_MAX {
        std::panic::resume_unwind(failure);
    }
    println!("AGAIN: {test} in {} failed once, see above", engine.name());
    once();
}

fn run_once(engine: Engine, test: &str, scenario: impl AsyncFnOnce(Browser) + 'static) {
    if !engine.is_wanted() {
        println!("left out: {} is not in BROWSERS", engine.name());
        return;
    }
    let name = format!("{}-{}", test.trim_start_matches("browser::").replace("::", "-"), engine.name());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be made");
    tokio::task::LocalSet::new().block_on(&runtime, run_named(engine, name, scenario));
}

async fn run_named(engine: Engine, name: String, scenario: impl AsyncFnOnce(Browser) + 'static) {
    let driver = Driver::start(engine, &output_file(&name, "driver.log"));
    let browser = Browser::new(engine, &driver, name).await;
    let scenario = {
        let browser = browser.clone();
        async move {
            scenario(browser.clone()).await;
            let problems = browser.take_problems().await;
            assert!(problems.is_empty(), "the page reported problems: {problems:#?}");
        }
    };
    // A task of its own, so that a panic ends it and not the clean-up behind it.
    let task = tokio::task::spawn_local(tokio::time::timeout(SCENARIO_MAX, scenario));
    let outcome = task.await;
    if !matches!(outcome, Ok(Ok(()))) {
        browser.leave_traces().await;
    }
    let closed = tokio::time::timeout(WAIT_MAX, browser.driver.clone().quit()).await;
    drop(driver);
    match outcome {
        Ok(Ok(())) => closed.expect("closes in time").expect("the browser closes"),
        Ok(Err(_)) => panic!("the scenario took longer than {SCENARIO_MAX:?}"),
        Err(failure) => std::panic::resume_unwind(failure.into_panic()),
    }
}

/// Where tests leave files: `target/tmp/browser/`.
pub(crate) fn output_file(name: &str, kind: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    std::fs::create_dir_all(&folder).expect("the folder for test output can be made");
    folder.join(format!("{name}.{kind}"))
}

/// The built site: `dist/`, or the folder that `CULPRIT_DIST` names.
pub(crate) fn dist() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dist = env::var_os("CULPRIT_DIST").map_or_else(|| root.join("dist"), PathBuf::from);
    assert!(
        dist.join("index.html").is_file(),
        "the site is not built: run `make test`, which builds it first (or `make site`)"
    );
    dist
}

/// The address of the served site, ending in `/`.
fn site_address() -> &'static str {
    static ADDRESS: OnceLock<String> = OnceLock::new();
    ADDRESS.get_or_init(|| serve_folder(&dist(), PREFIX))
}

/// Serves `root` under `prefix` as long as the test program runs, and says where. The tests' own
/// script is the first on every page.
pub(crate) fn serve_folder(root: &Path, prefix: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    let site =
        Site { root: root.to_owned(), prefix: prefix.to_owned(), first_script: Some(include_str!("first_script.js")) };
    std::thread::spawn(move || serve(&listener, site));
    format!("http://127.0.0.1:{port}{prefix}")
}

/// One browser window. Cheap to clone; every clone is the same window.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    /// Which engine this is.
    pub(crate) engine: Engine,
    /// For what has no word below.
    pub(crate) driver: WebDriver,
    name: Rc<str>,
}

/// What people do with a page and see of it. Everything waits, for at most [`WAIT_MAX`], until it
/// can be done, and panics with what it waited for. Elements are named by CSS selectors.
impl Browser {
    async fn new(engine: Engine, driver: &Driver, name: String) -> Browser {
        let wanted = engine.capabilities().expect("capabilities are plain values");
        let driver = WebDriver::new(driver.address.as_str(), wanted).await;
        let driver = driver.unwrap_or_else(|e| panic!("{engine:?} does not start: {e}"));
        let browser = Browser { engine, driver, name: name.into() };
        browser.resize(WINDOW.0, WINDOW.1).await;
        browser
    }

    /// Opens the site and waits until its program runs; `rest` is what stands behind its address,
    /// for instance `#v1.…` or nothing.
    pub(crate) async fn open(&self, rest: &str) {
        self.open_site(&format!("{}{rest}", site_address())).await;
    }

    /// The same for a site at another address.
    pub(crate) async fn open_site(&self, address: &str) {
        self.open_address(address).await;
        self.element("body.is-ready").await;
    }

    /// Opens any address.
    pub(crate) async fn open_address(&self, address: &str) {
        self.driver.goto(address).await.unwrap_or_else(|e| panic!("cannot open {address}: {e}"));
    }

    /// Loads the page again, as F5 does.
    pub(crate) async fn reload(&self) {
        self.driver.refresh().await.expect("a page can be loaded again");
    }

    /// Sets the size of the window's content, in CSS pixels.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        // Drivers set the outer size. What the frame takes is known only afterwards.
        let (mut outer_width, mut outer_height) = (width, height);
        for _ in 0..3 {
            let set = self.driver.set_window_rect(0, 0, outer_width, outer_height).await;
            set.expect("a window has a size");
            self.settle().await;
            let inner = self.script("return [innerWidth, innerHeight]", &[]).await;
            let inner: (u32, u32) = serde_json::from_value(inner).expect("two numbers");
            if inner == (width, height) {
                return;
            }
            outer_width = (outer_width + width).saturating_sub(inner.0);
            outer_height = (outer_height + height).saturating_sub(inner.1);
        }
    }

    /// The element that `css` names.
    pub(crate) async fn element(&self, css: &str) -> WebElement {
        let begin = Instant::now();
        loop {
            match self.driver.find(By::Css(css)).await {
                Ok(element) => return element,
                Err(e) if begin.elapsed() > WAIT_MAX => panic!("there is no {css}: {e}"),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// The text of an element, as it is rendered; empty where it is not.
    pub(crate) async fn text(&self, css: &str) -> String {
        self.element(css).await;
        self.text_now(css).await
    }

    /// Waits until the text of an element holds `part`, and returns it whole.
    pub(crate) async fn wait_for_text(&self, css: &str, part: &str) -> String {
        let begin = Instant::now();
        loop {
            self.element(css).await;
            let text = self.text_now(css).await;
            if text.contains(part) {
                return text;
            }
            assert!(begin.elapsed() < WAIT_MAX, "{css} says {text:?}, not {part:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Not the driver's own word for it: WebKitGTK's takes every text that could be clipped for
    /// hidden.
    async fn text_now(&self, css: &str) -> String {
        // An element may be replaced between finding and reading it.
        let script = "const element = document.querySelector(arguments[0]); \
                      return element && element.checkVisibility?.() !== false ? element.innerText.trim() : ''";
        self.read(script, &[css.into()]).await
    }

    /// Waits until a JavaScript expression is true. `what` says it in words.
    pub(crate) async fn wait_until(&self, what: &str, expression: &str) {
        let begin = Instant::now();
        let script = format!("return Boolean({expression})");
        while self.script(&script, &[]).await != Value::Bool(true) {
            assert!(begin.elapsed() < WAIT_MAX, "waited in vain until {what}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until a JavaScript expression has a value. A failure shows what it has instead.
    pub(crate) async fn wait_for_value(&self, what: &str, expression: &str, expected: &Value) {
        let begin = Instant::now();
        let script = format!("return {expression}");
        loop {
            let value = self.script(&script, &[]).await;
            if value == *expected {
                return;
            }
            if begin.elapsed() >= WAIT_MAX {
                assert_eq!(value, *expected, "waited in vain until {what}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Clicks an element in its middle.
    pub(crate) async fn click(&self, css: &str) {
        let begin = Instant::now();
        loop {
            let clicked = self.element(css).await.click().await;
            let Err(failure) = clicked else { return };
            // Between finding an element and clicking it the page may replace or move it. The driver
            // then says so and has not clicked (WebDriver, 12.5.1), and a person would try again.
            let moved = matches!(
                failure.as_inner(),
                WebDriverErrorInner::StaleElementReference(_)
                    | WebDriverErrorInner::ElementClickIntercepted(_)
                    | WebDriverErrorInner::ElementNotInteractable(_)
                    | WebDriverErrorInner::NoSuchElement(_)
            );
            assert!(moved && begin.elapsed() < WAIT_MAX, "cannot click {css}: {failure}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Presses one key wherever the focus is, with modifiers held: `press("/")`, `press("Enter")`,
    /// `press("Control+Shift+ArrowLeft")`. Names are those of `KeyboardEvent.key`; a letter with
    /// Shift is written as it comes out, `press("Shift+Z")`.
    pub(crate) async fn press(&self, keys: &str) {
        // The plus key is the one name that holds the separator.
        let (modifiers, last) = match keys.strip_suffix('+') {
            Some(before) => (before, "+"),
            None => keys.rsplit_once('+').unwrap_or(("", keys)),
        };
        let held: Vec<char> = modifiers.split('+').filter(|name| !name.is_empty()).map(key).collect();
        let mut chain = self.driver.action_chain();
        for &modifier in &held {
            chain = chain.key_down(modifier);
        }
        chain = chain.key_down(key(last)).key_up(key(last));
        for &modifier in held.iter().rev() {
            chain = chain.key_up(modifier);
        }
        chain.perform().await.unwrap_or_else(|e| panic!("cannot press {keys}: {e}"));
    }

    /// Types text wherever the focus is.
    pub(crate) async fn type_text(&self, text: &str) {
        let chain = self.driver.action_chain().send_keys(text);
        chain.perform().await.unwrap_or_else(|e| panic!("cannot type {text:?}: {e}"));
    }

    /// Chooses files in an `<input type="file">`, which may be hidden.
    pub(crate) async fn choose_files(&self, css: &str, files: &[&Path]) {
        let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let element = self.element(css).await;
        // Drivers add to what was chosen before.
        self.script("document.querySelector(arguments[0]).value = ''", &[css.into()]).await;
        let sent = element.send_keys(names.join("\n")).await;
        sent.unwrap_or_else(|e| panic!("cannot choose {names:?} in {css}: {e}"));
    }

    /// Drops one file with this content onto an element, as if it came from another program.
    pub(crate) async fn drop_file(&self, css: &str, name: &str, content: &[u8]) {
        self.drop_files(css, &[(name, content)]).await;
    }

    /// Drops several files at once.
    pub(crate) async fn drop_files(&self, css: &str, files: &[(&str, &[u8])]) {
        self.element(css).await;
        let script = r#"
            const [css, files] = arguments;
            const dataTransfer = new DataTransfer();
            for (const [name, text] of files) {
                const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
                dataTransfer.items.add(new File([bytes], name));
            }
            const target = document.querySelector(css);
            for (const type of ["dragenter", "dragover", "drop"]) {
                const options = { bubbles: true, cancelable: true, composed: true, dataTransfer };
                target.dispatchEvent(new DragEvent(type, options));
            }"#;
        let files: Vec<_> =
            files.iter().map(|(name, content)| (*name, data_encoding::BASE64.encode(content))).collect();
        self.script(script, &[css.into(), serde_json::json!(files)]).await;
    }

    /// Moves the pointer to a place inside an element, CSS pixels from its upper left.
    pub(crate) async fn point_at(&self, css: &str, place: (f64, f64)) {
        let (x, y) = self.in_window(css, place).await;
        let moved = self.driver.action_chain().move_to(x, y).perform().await;
        moved.unwrap_or_else(|e| panic!("cannot point at {place:?} of {css}: {e}"));
    }

    /// Clicks a place inside an element, CSS pixels from its upper left.
    pub(crate) async fn click_at(&self, css: &str, place: (f64, f64)) {
        let (x, y) = self.in_window(css, place).await;
        let clicked = self.driver.action_chain().move_to(x, y).click().perform().await;
        clicked.unwrap_or_else(|e| panic!("cannot click {place:?} of {css}: {e}"));
    }

    /// Clicks a place inside an element twice in a row.
    pub(crate) async fn double_click_at(&self, css: &str, place: (f64, f64)) {
        let (x, y) = self.in_window(css, place).await;
        let clicked = self.driver.action_chain().move_to(x, y).click().click().perform().await;
        clicked.unwrap_or_else(|e| panic!("cannot double click {place:?} of {css}: {e}"));
    }

    /// A place inside an element as one of the window, CSS pixels.
    async fn in_window(&self, css: &str, (x, y): (f64, f64)) -> (i64, i64) {
        self.element(css).await;
        let script = "const box = document.querySelector(arguments[0]).getBoundingClientRect(); return [box.x, box.y]";
        let (left, top): (f64, f64) = self.read(script, &[css.into()]).await;
        ((left + x).floor() as i64, (top + y).floor() as i64)
    }

    /// What the body of a function returns, as a value of Rust's.
    pub(crate) async fn read<T: serde::de::DeserializeOwned>(&self, body: &str, args: &[Value]) -> T {
        let returned = self.script(body, args).await;
        let text = returned.to_string();
        serde_json::from_value(returned).unwrap_or_else(|e| panic!("the script {body:?} returned {text}: {e}"))
    }

    /// Runs the body of a function with `args` as its `arguments`, and returns what it returns.
    pub(crate) async fn script(&self, body: &str, args: &[Value]) -> Value {
        let returned = self.driver.execute(body, args.to_vec()).await;
        returned.unwrap_or_else(|e| panic!("the script {body:?} failed: {e}")).json().clone()
    }

    /// The same for a function that calls its last argument with the result, once there is one.
    pub(crate) async fn script_async(&self, body: &str, args: &[Value]) -> Value {
        let returned = self.driver.execute_async(body, args.to_vec()).await;
        returned.unwrap_or_else(|e| panic!("the script {body:?} failed: {e}")).json().clone()
    }

    /// Waits until the browser has painted what the page holds now: two animation frames.
    pub(crate) async fn settle(&self) {
        let script = "const [done] = arguments; \
                      requestAnimationFrame(() => requestAnimationFrame(() => done()))";
        self.script_async(script, &[]).await;
    }

    /// What the window shows now.
    pub(crate) async fn screenshot(&self) -> Picture {
        self.settle().await;
        let bytes = self.driver.screenshot_as_png().await.expect("a window can be photographed");
        Picture::from_png(&bytes)
    }

    /// Waits until the pixel at a place inside an element has this colour. `place` is a share of
    /// the element's width and height from its upper left: `(0.5, 0.5)` is its middle.
    pub(crate) async fn wait_for_colour(&self, css: &str, place: (f64, f64), colour: Colour) {
        let begin = Instant::now();
        loop {
            // A worker paints on its own time, and WebKitGTK may show an older frame.
            let seen = self.colour_at(css, place).await;
            if seen.is_about(colour) {
                return;
            }
            assert!(begin.elapsed() < WAIT_MAX, "{css} at {place:?} is {seen:?}, not {colour:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The colour now at a place inside an element, which must be inside the window.
    pub(crate) async fn colour_at(&self, css: &str, place: (f64, f64)) -> Colour {
        let (picture, area) = self.picture_of(css).await;
        let [x, y] = area.place(place);
        picture.at(x, y)
    }

    /// Waits until an element shows at least so many different colours.
    pub(crate) async fn wait_for_colours(&self, css: &str, count: usize) {
        let begin = Instant::now();
        loop {
            let (picture, area) = self.picture_of(css).await;
            let seen = picture.colours(&area);
            if seen >= count {
                return;
            }
            assert!(begin.elapsed() < WAIT_MAX, "{css} shows {seen} colours, not {count}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What the window shows now, and where in it an element is.
    pub(crate) async fn picture_of(&self, css: &str) -> (Picture, Area) {
        self.element(css).await;
        let script = "const box = document.querySelector(arguments[0]).getBoundingClientRect(); \
                      return [box.x, box.y, box.width, box.height, innerWidth]";
        let numbers = self.script(script, &[css.into()]).await;
        let [x, y, width, height, window]: [f64; 5] = serde_json::from_value(numbers).expect("five numbers");
        let picture = self.screenshot().await;
        let scale = picture.width as f64 / window;
        let area = Area { x: x * scale, y: y * scale, width: width * scale, height: height * scale };
        (picture, area)
    }

    /// What went wrong on the page since it was first opened or since the last call: console
    /// errors, uncaught exceptions, refused requests, failed workers. A scenario that provokes one
    /// takes it, otherwise it fails at its end.
    pub(crate) async fn take_problems(&self) -> Vec<String> {
        let mut problems = self.take_kept("test-problems").await;
        if self.engine == Engine::Chrome {
            let log = self.driver.browser_log().await.expect("chromedriver keeps a log");
            let severe = log.into_iter().filter(|entry| entry.level == "SEVERE");
            problems.extend(severe.map(|entry| format!("log: {}", entry.message)));
        }
        problems
    }

    /// The URL of every worker that the page started since the last call.
    pub(crate) async fn take_workers(&self) -> Vec<String> {
        self.take_kept("test-workers").await
    }

    /// Empties one of the lists of `first_script.js`.
    async fn take_kept(&self, list: &str) -> Vec<String> {
        // A page without storage (about:blank) is not ours and keeps nothing.
        let script = "try { const [list] = arguments; const kept = sessionStorage.getItem(list); \
                      sessionStorage.removeItem(list); return JSON.parse(kept ?? '[]'); } \
                      catch { return []; }";
        let kept = self.script(script, &[list.into()]).await;
        serde_json::from_value(kept).expect("a list of texts")
    }

    /// An empty folder for files of this test.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let folder = output_file(&self.name, name);
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).expect("a folder for test files can be made");
        folder
    }

    /// For whoever has to find out why a scenario failed.
    async fn leave_traces(&self) {
        println!("in {:?}, driver log: {}", self.engine, output_file(&self.name, "driver.log").display());
        if let Ok(png) = self.driver.screenshot_as_png().await {
            let file = output_file(&self.name, "png");
            if std::fs::write(&file, png).is_ok() {
                println!("screenshot: {}", file.display());
            }
        }
        if let Ok(address) = self.driver.current_url().await {
            println!("address: {address}");
        }
        let reads = "return [document.body?.innerText ?? '', \
                     (() => { try { return sessionStorage.getItem('test-problems') } catch { } })()]";
        if let Ok(read) = self.driver.execute(reads, Vec::new()).await {
            println!("text and problems: {:#}", read.json());
        }
        for entry in self.driver.browser_log().await.unwrap_or_default() {
            println!("{}: {}", entry.level, entry.message);
        }
    }
}

/// The code by which WebDriver knows a key.
fn key(name: &str) -> char {
    let named = match name {
        "Alt" => Key::Alt,
        "ArrowDown" => Key::Down,
        "ArrowLeft" => Key::Left,
        "ArrowRight" => Key::Right,
        "ArrowUp" => Key::Up,
        "Backspace" => Key::Backspace,
        "Control" => Key::Control,
        "Delete" => Key::Delete,
        "End" => Key::End,
        "Enter" => Key::Enter,
        "Escape" => Key::Escape,
        "F10" => Key::F10,
        "Home" => Key::Home,
        "Meta" => Key::Meta,
        "PageDown" => Key::PageDown,
        "PageUp" => Key::PageUp,
        "Shift" => Key::Shift,
        "Tab" => Key::Tab,
        _ => {
            let mut characters = name.chars();
            return match (characters.next(), characters.next()) {
                (Some(character), None) => character,
                _ => panic!("{name:?} is no key; add it here if it should be one"),
            };
        }
    };
    named.value()
}
