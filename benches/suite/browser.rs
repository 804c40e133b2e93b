//! Headless Chromium with one measured page in it: files come in as a person brings them, and what
//! the page's process spends is read from the system.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thirtyfour::ChromiumLikeCapabilities;
use thirtyfour::prelude::*;

use crate::engines::{Driver, Engine};
use crate::process::{Threads, descendants, epoch_ms};
use crate::site::{Site, serve};

/// Size of the window's content, CSS pixels.
pub(crate) const WINDOW: (u32, u32) = (1440, 900);

/// How long a page may take to be ready.
const READY_MAX: Duration = Duration::from_secs(60);

/// Between two looks at something that is waited for.
const PAUSE: Duration = Duration::from_millis(100);

/// A page with its script for the bench.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// File name in its folder, `` for the folder itself.
    pub(crate) name: &'static str,
    /// Put first into the page.
    pub(crate) script: &'static str,
    /// A JavaScript expression that is true once files can be brought.
    pub(crate) is_ready: &'static str,
    /// Selector of the field for files; pages without one get files dropped.
    pub(crate) field: Option<&'static str>,
    /// More flags for Chromium.
    pub(crate) flags: &'static [&'static str],
}

/// Something that a page noted, see `marks.js`.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mark {
    pub(crate) what: String,
    /// Milliseconds since 1970.
    pub(crate) at: f64,
    /// Why the file does not open.
    #[serde(default)]
    pub(crate) message: String,
    /// Bytes of the recording's tables.
    #[serde(default)]
    pub(crate) table_bytes: f64,
    /// Samples of the busiest thread.
    #[serde(default)]
    pub(crate) samples: f64,
    /// Boxes of a picture that were painted one by one.
    #[serde(default)]
    pub(crate) boxes: u64,
    /// Boxes of a picture that were too small for that.
    #[serde(default)]
    pub(crate) merged: u64,
    /// Length of a long task.
    #[serde(default)]
    pub(crate) millis: f64,
}

/// A running browser that shows one page.
#[derive(Debug)]
pub(crate) struct Chrome {
    driver: WebDriver,
    _program: Driver,
    /// The process that shows the page.
    pub(crate) renderer: u32,
}

/// What went wrong, for `?`.
pub(crate) fn said(what: &'static str) -> impl Fn(WebDriverError) -> String {
    move |error| format!("{what}: {}", error.to_string().lines().next().unwrap_or_default())
}

/// Serves a folder on a loopback port as long as this program runs, and says where.
///
/// # Errors
/// One sentence.
pub(crate) fn serve_folder(root: &Path, script: &'static str) -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| format!("no port is free: {e}"))?;
    let port = listener.local_addr().map_err(|e| format!("no port is free: {e}"))?.port();
    let site = Site { root: root.to_owned(), prefix: "/".to_owned(), first_script: Some(script) };
    std::thread::spawn(move || serve(&listener, site));
    Ok(format!("http://127.0.0.1:{port}/"))
}

impl Chrome {
    /// Starts a browser and opens a page of `folder` in it.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn open(folder: &Path, page: &Page, log: &Path) -> Result<Chrome, String> {
        let address = serve_folder(folder, page.script)?;
        let program = Driver::start(Engine::Chrome, log);
        let capabilities = capabilities(page.flags).map_err(said("flags"))?;
        let driver = WebDriver::new(program.address.as_str(), capabilities).await;
        let driver = driver.map_err(said("Chromium does not start"))?;
        let mut chrome = Chrome { driver, _program: program, renderer: 0 };
        let opened = chrome.show(&format!("{address}{}", page.name), page.is_ready).await;
        match opened {
            Ok(()) => Ok(chrome),
            Err(problem) => {
                chrome.close().await;
                Err(problem)
            }
        }
    }

    async fn show(&mut self, address: &str, is_ready: &str) -> Result<(), String> {
        let times = TimeoutConfiguration::new(Some(Duration::from_secs(600)), Some(READY_MAX), None);
        self.driver.update_timeouts(times).await.map_err(said("time limits"))?;
        self.driver.goto(address).await.map_err(said("the page does not open"))?;
        let ready = format!("return Boolean({is_ready})");
        let begin = Instant::now();
        while !self.read::<bool>(&ready, &[]).await.unwrap_or(false) {
            if begin.elapsed() > READY_MAX {
                return Err(format!("the page is not ready after {READY_MAX:?}: {is_ready}"));
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.renderer = self.find_renderer().await?;
        self.rest().await
    }

    /// Ends the browser.
    pub(crate) async fn close(self) {
        // Its driver ends it too.
        let _ = tokio::time::timeout(Duration::from_secs(20), self.driver.quit()).await;
    }

    /// The process whose main thread works whenever the page does.
    async fn find_renderer(&self) -> Result<u32, String> {
        let all = descendants(std::process::id());
        // The browser's own surface and extensions are pages too.
        let is_page = |arguments: &str| {
            let is_own = ["--top-chrome-webui", "--extension-process"].iter().any(|flag| arguments.contains(flag));
            arguments.contains("--type=renderer") && !is_own
        };
        let pages: Vec<u32> = all.into_iter().filter(|(_, arguments)| is_page(arguments)).map(|(pid, _)| pid).collect();
        // Another page may have work of its own, but not each time.
        for _ in 0..10 {
            let now = |pid: u32| Threads::of(pid).cpu().page;
            let before: Vec<u64> = pages.iter().map(|pid| now(*pid)).collect();
            let work = "const end = performance.now() + 100; while (performance.now() < end); return null";
            self.read::<Value>(work, &[]).await?;
            // The system adds up what a thread has spent when it stops.
            tokio::time::sleep(PAUSE).await;
            let spent = pages.iter().zip(before).map(|(pid, before)| (now(*pid).saturating_sub(before), *pid));
            let mut spent: Vec<(u64, u32)> = spent.collect();
            spent.sort_unstable_by(|a, b| b.cmp(a));
            let second = spent.get(1).map_or(0, |(nanos, _)| *nanos);
            match spent.first() {
                Some(&(nanos, pid)) if nanos > 20_000_000 && nanos / 4 > second => return Ok(pid),
                _ => {}
            }
        }
        Err("it is unknown which process shows the page".to_owned())
    }

    /// Waits until the page has nothing to do: for a fifth of a second less than 4 ms of work, and none
    /// at its end.
    ///
    /// # Errors
    /// One sentence, where it never rests.
    pub(crate) async fn rest(&self) -> Result<(), String> {
        let begin = Instant::now();
        let mut threads = Threads::of(self.renderer);
        let mut before = threads.cpu();
        while begin.elapsed() < Duration::from_secs(120) {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = threads.cpu();
            if now.since(before).all_ms() < 4.0 && !threads.wants_to_run() {
                return Ok(());
            }
            before = now;
        }
        Err("the page never rests".to_owned())
    }

    /// Brings a file: chosen in the page's field, or dropped onto its middle.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn bring(&self, file: &Path, field: Option<&str>) -> Result<(), String> {
        match field {
            Some(css) => {
                let field = self.driver.find(By::Css(css)).await.map_err(said("the page has no such field"))?;
                field.send_keys(file.to_string_lossy()).await.map_err(said("the file cannot be chosen"))
            }
            None => self.drop_file(file).await,
        }
    }

    /// Drops a file onto the page's middle, as if it came from another program.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn drop_file(&self, file: &Path) -> Result<(), String> {
        let data = json!({ "items": [], "files": [file.to_string_lossy()], "dragOperationsMask": 1 });
        let (x, y) = (f64::from(WINDOW.0) / 2.0, f64::from(WINDOW.1) / 2.0);
        for step in ["dragEnter", "dragOver", "drop"] {
            self.tell("Input.dispatchDragEvent", json!({ "type": step, "x": x, "y": y, "data": data })).await?;
        }
        Ok(())
    }

    /// Presses and releases a key, such as `f` or `Escape`. Letters are typed.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn press(&self, key: &str) -> Result<(), String> {
        let mut event = json!({ "type": "keyDown", "key": key });
        if key.chars().count() == 1 {
            event["text"] = json!(key);
        }
        self.tell("Input.dispatchKeyEvent", event).await?;
        self.tell("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": key })).await.map(drop)
    }

    /// Presses the pointer's button at one place, moves it, and releases it at another.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn drag(&self, from: (f64, f64), to: (f64, f64)) -> Result<(), String> {
        const MOVES: usize = 4;
        let event = |kind: &str, part: f64, is_down: bool| {
            let (x, y) = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
            json!({ "type": kind, "x": x, "y": y, "button": "left", "buttons": u8::from(is_down), "clickCount": 1 })
        };
        self.tell("Input.dispatchMouseEvent", json!({ "type": "mouseMoved", "x": from.0, "y": from.1 })).await?;
        self.tell("Input.dispatchMouseEvent", event("mousePressed", 0.0, true)).await?;
        if from != to {
            for n in 1..=MOVES {
                self.tell("Input.dispatchMouseEvent", event("mouseMoved", n as f64 / MOVES as f64, true)).await?;
            }
        }
        self.tell("Input.dispatchMouseEvent", event("mouseReleased", 1.0, false)).await.map(drop)
    }

    /// Where an element lies in the window, CSS pixels: left, top, width, height.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn area(&self, css: &str) -> Result<[f64; 4], String> {
        let script = "const box = document.querySelector(arguments[0])?.getBoundingClientRect(); \
                      return box && [box.x, box.y, box.width, box.height]";
        let area: Option<[f64; 4]> = self.read(script, &[css.into()]).await?;
        area.ok_or_else(|| format!("the page has no {css}"))
    }

    /// Sends a command of the DevTools protocol.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn tell(&self, method: &'static str, parameters: Value) -> Result<Value, String> {
        self.driver.cdp().send_raw(method, parameters).await.map_err(said(method))
    }

    /// What a function with this body returns.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn read<T: DeserializeOwned>(&self, body: &str, given: &[Value]) -> Result<T, String> {
        let returned = self.driver.execute(body, given.to_vec()).await.map_err(said("a script failed"))?;
        serde_json::from_value(returned.json().clone()).map_err(|e| format!("a script returned something else: {e}"))
    }

    /// The same for a function that calls its last argument with the result.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn read_later<T: DeserializeOwned>(&self, body: &str) -> Result<T, String> {
        let returned = self.driver.execute_async(body, Vec::new()).await.map_err(said("a script failed"))?;
        serde_json::from_value(returned.json().clone()).map_err(|e| format!("a script returned something else: {e}"))
    }

    /// Everything that the page noted so far.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn marks(&self) -> Result<Vec<Mark>, String> {
        self.read("return window.benchMarks", &[]).await
    }

    /// The last thing that the page noted under this name.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn last_mark(&self, what: &str) -> Result<Option<Mark>, String> {
        Ok(self.marks().await?.into_iter().rfind(|mark| mark.what == what))
    }

    /// Forgets what the page noted so far.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn forget_marks(&self) -> Result<(), String> {
        self.read::<Value>("window.benchMarks = []; return null", &[]).await.map(drop)
    }

    /// Waits until the page notes something, and returns all that it noted.
    ///
    /// # Errors
    /// One sentence: it failed, is gone, or takes longer than `limit`.
    pub(crate) async fn wait_for(&self, what: &str, limit: Duration) -> Result<Vec<Mark>, String> {
        let begin = Instant::now();
        let mut met = Vec::new();
        while begin.elapsed() < limit {
            // A page that works does not answer, so the question itself has a limit.
            let left = limit.saturating_sub(begin.elapsed()).max(PAUSE);
            let asked = tokio::time::timeout(left, self.marks()).await;
            let marks = asked.map_err(|_| format!("not {what} after {} s", limit.as_secs()))??;
            if let Some(failed) = marks.iter().find(|mark| mark.what == "failed") {
                return Err(format!("the page says: {}", failed.message));
            }
            if marks.iter().any(|mark| mark.what == what) {
                return Ok(marks);
            }
            met = marks.into_iter().map(|mark| mark.what).collect();
            tokio::time::sleep(PAUSE).await;
        }
        Err(format!("not {what} after {} s, only {}", limit.as_secs(), met.join(", ")))
    }

    /// By how much the page's clock is ahead of ours, milliseconds.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn skew_ms(&self) -> Result<f64, String> {
        let mut best = (f64::MAX, 0.0);
        for _ in 0..5 {
            let before = epoch_ms();
            let page: f64 = self.read("return performance.timeOrigin + performance.now()", &[]).await?;
            let after = epoch_ms();
            if after - before < best.0 {
                best = (after - before, page - f64::midpoint(before, after));
            }
        }
        Ok(best.1)
    }
}

fn capabilities(more: &[&str]) -> WebDriverResult<Capabilities> {
    let mut wanted = DesiredCapabilities::chrome();
    // Containers have small shared memory and no user namespaces for the sandbox.
    for flag in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] {
        wanted.add_arg(flag)?;
    }
    wanted.add_arg(&format!("--window-size={},{}", WINDOW.0, WINDOW.1))?;
    for flag in more {
        wanted.add_arg(flag)?;
    }
    Ok(wanted.into())
}

/// Where the browser's driver writes what it has to say.
pub(crate) fn log_file(out: &Path) -> PathBuf {
    out.join("chromedriver.log")
}
