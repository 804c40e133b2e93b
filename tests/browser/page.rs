//! What people do with Culprit's page, and what they read on it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use crate::harness::{Browser, PAUSE, WAIT_MAX};
use crate::picture::Colour;

/// The flame graph.
pub(crate) const FLAME: &str = ".flame canvas";

/// Height of a row of the flame graph, CSS pixels.
pub(crate) const ROW_PX: f64 = 20.0;

/// From the upper edge of a row to where its box is painted and its text is not.
const BELOW_TEXT_PX: f64 = 18.0;

/// How often a tab is pressed at most.
const PRESSES: u32 = 3;

/// Where nothing follows the pointer.
const ELSEWHERE: &str = ".brand";

/// A file of `tests/fixtures/`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A file of `examples/`.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// The tip of a frame.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Tip {
    /// Name of the function, or what it says instead.
    pub(crate) name: String,
    /// Its short place.
    pub(crate) place: String,
    /// Name of the colour of the square beside the name; empty where there is none.
    pub(crate) token: String,
    /// The cells of the table, row by row: what, here, everywhere.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Tip {
    /// A cell of the table: the row `self` or `n total`, the column `here` or `everywhere`.
    pub(crate) fn cell(&self, row: &str, column: &str) -> &str {
        let head = self.rows.first().expect("the tip of a function has a table");
        let place = head.iter().position(|cell| cell == column);
        let line = self.rows.iter().find(|cells| cells[0] == row);
        let cell = place.zip(line).and_then(|(place, line)| line.get(place));
        cell.unwrap_or_else(|| panic!("there is no {row} {column} in {self:?}"))
    }
}

/// A place on the flame graph and the colour that belongs there.
#[derive(Debug)]
pub(crate) struct Sample {
    /// CSS pixels from the left edge.
    pub(crate) x: f64,
    /// Number of the row, the root's is 0.
    pub(crate) row: usize,
    /// What should be there.
    pub(crate) colour: Colour,
    /// Whose colour it is.
    pub(crate) of: String,
}

/// Reads texts as they are rendered, without the blanks between elements.
const TIP: &str = r#"
    const tip = document.querySelector(".tip");
    if (!tip) return null;
    const text = (element) => element?.innerText.trim() ?? "";
    const square = tip.querySelector(".sw");
    return {
        name: text(tip.querySelector(".tip-h b")),
        place: text(tip.querySelector(".tip-h .mono.quiet")),
        token: square?.style.backgroundColor.match(/var\((--[^)]+)\)/)?.[1] ?? "",
        rows: [...tip.querySelectorAll("tr")].map((row) => [...row.cells].map(text)),
    };"#;

impl Browser {
    /// Opens a file from disk as a recording and waits until its numbers are there.
    pub(crate) async fn open_recording(&self, file: &Path) {
        self.choose_files("#files", &[file]).await;
        let name = file.file_name().expect("a file has a name").to_string_lossy();
        self.wait_for_recording(&name).await;
    }

    /// Waits until a recording of this name is shown with its numbers.
    pub(crate) async fn wait_for_recording(&self, name: &str) {
        let shown = format!(
            "document.title === {:?} && document.querySelector('.sum[aria-busy=false] .big')",
            format!("{name} – Culprit")
        );
        self.wait_until(&format!("{name} is shown"), &shown).await;
    }

    /// Presses the card of an example of the start page.
    pub(crate) async fn press_example(&self, title: &str) {
        let script = r#"
            const cards = [...document.querySelectorAll(".example")];
            const index = cards.findIndex((card) => card.querySelector("b").textContent === arguments[0]);
            return index + 1;"#;
        let number: usize = self.read(script, &[title.into()]).await;
        assert!(number > 0, "there is no example {title:?}");
        self.click(&format!(".examples li:nth-child({number}) .example")).await;
    }

    /// Shows a view by its tab: `flame`, `table`, `stalls` or `compare`.
    pub(crate) async fn show(&self, view: &str) {
        let shown = format!("return Boolean(document.querySelector('#tab-{view}[aria-selected=true]'))");
        // The summary line may grow by a line between the moment at which a driver finds a tab and the
        // one at which it presses: then, as a person would, once more.
        for _ in 0..PRESSES {
            self.click(&format!("#tab-{view}")).await;
            let begin = Instant::now();
            while begin.elapsed() < WAIT_MAX / PRESSES {
                if self.script(&shown, &[]).await == Value::Bool(true) {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        panic!("{view} is not shown");
    }

    /// The texts of all elements that `css` names, as they are rendered.
    pub(crate) async fn texts(&self, css: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])].map((element) => element.innerText.trim())";
        self.read(script, &[css.into()]).await
    }

    /// The width of the flame graph, CSS pixels.
    pub(crate) async fn flame_width(&self) -> f64 {
        self.element(FLAME).await;
        self.read("return document.querySelector(arguments[0]).getBoundingClientRect().width", &[FLAME.into()]).await
    }

    /// Takes the pointer off every picture, and waits until nothing is said of what it was on.
    pub(crate) async fn point_elsewhere(&self) {
        self.point_at(ELSEWHERE, (4.0, 4.0)).await;
        self.wait_until("the tip is gone", "!document.querySelector('.tip')").await;
    }

    /// What the tip says of a place on the flame graph.
    pub(crate) async fn tip_at(&self, x: f64, row: usize) -> Tip {
        let place = (x, (row as f64 + 0.5) * ROW_PX);
        let begin = Instant::now();
        loop {
            self.point_elsewhere().await;
            self.point_at(FLAME, place).await;
            if let Some(tip) = self.tip_within(Duration::from_secs(3)).await {
                return tip;
            }
            // A picture that came meanwhile takes the tip away, and the pointer has to move again.
            assert!(begin.elapsed() < WAIT_MAX, "no tip comes at {place:?}");
        }
    }

    /// The same for a place where there may be no box.
    pub(crate) async fn tip_if_any(&self, x: f64, row: usize) -> Option<Tip> {
        self.point_elsewhere().await;
        self.point_at(FLAME, (x, (row as f64 + 0.5) * ROW_PX)).await;
        self.tip_within(Duration::from_millis(900)).await
    }

    async fn tip_within(&self, time: Duration) -> Option<Tip> {
        let begin = Instant::now();
        while begin.elapsed() < time {
            let tip: Option<Tip> = self.read(TIP, &[]).await;
            if tip.is_some() {
                return tip;
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }

    /// Waits until the tip of a place names a function, such as after a zoom.
    pub(crate) async fn wait_for_tip(&self, x: f64, row: usize, name: &str) -> Tip {
        let begin = Instant::now();
        loop {
            let tip = self.tip_at(x, row).await;
            if tip.name == name {
                return tip;
            }
            assert!(begin.elapsed() < WAIT_MAX, "at {x} in row {row} is {:?}, not {name:?}", tip.name);
        }
    }

    /// Waits until the flame graph shows these colours at these places.
    pub(crate) async fn wait_for_samples(&self, samples: &[Sample]) {
        self.point_elsewhere().await;
        let begin = Instant::now();
        loop {
            let (picture, area) = self.picture_of(FLAME).await;
            let scale = area.width / self.flame_width().await;
            let wrong = samples.iter().find_map(|sample| {
                let y = (sample.row as f64 * ROW_PX + BELOW_TEXT_PX + 0.5) * scale + area.y;
                // A place may be the gap between two boxes: its neighbours count too.
                let seen = (-3..=3).map(|by| {
                    let x = (sample.x + f64::from(by)) * scale + area.x;
                    picture.at(x.floor() as usize, y.floor() as usize)
                });
                let seen: Vec<Colour> = seen.collect();
                let fitting = seen.iter().filter(|seen| seen.is_about(sample.colour)).count();
                let Sample { x, row, colour, of } = sample;
                (fitting < 3).then(|| format!("{of} at {x} in row {row} is {seen:?}, not {colour:?}"))
            });
            let Some(wrong) = wrong else { return };
            assert!(begin.elapsed() < WAIT_MAX, "{wrong}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The colour that the style sheet gives a token now.
    pub(crate) async fn token(&self, name: &str) -> Colour {
        let script = "return getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim()";
        let text: String = self.read(script, &[name.into()]).await;
        assert!(text.starts_with('#'), "{name} is {text:?}");
        Colour::hex(&text)
    }
}
