//! Frames: what pointing, panning and zooming cost in a flame graph in the order of time, with
//! 100,000 boxes and with five million.
//!
//! Real input events, one at a time: the page's threads are read before an event is sent, and again
//! once they rest. So a step holds all that one event causes: its handlers, the question what lies
//! under the pointer, the picture and the tip.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Bench;
use crate::browser::{Chrome, WINDOW, log_file};
use crate::inputs::Kind;
use crate::open::{OURS, measure};
use crate::process::{PageCpu, Threads};
use crate::table::{Figure, Goal, Row, Unit};

/// Boxes that must be painted one by one, or the cost would say little.
const BOXES_MIN: u64 = 2_000;

/// The kinds of step.
const SCENES: [&str; 3] = ["hover", "pan", "zoom"];

/// How long the page has to be quiet for a step to count as done.
const QUIET: Duration = Duration::from_millis(15);
/// Work below which it is quiet, milliseconds.
const QUIET_MS: f64 = 0.15;
/// A turn of the wheel that zooms by an eighth.
const ZOOM: f64 = 10.0;
/// So many of them show half of everything, which leaves room to pan.
const ROOM_STEPS: usize = 6;
/// The modifier that makes a turn of the wheel a zoom.
const CTRL: u32 = 2;
/// The longest that a step is waited for.
const STEP_MAX: Duration = Duration::from_secs(3);

/// The flame graph.
pub(crate) const FLAME: &str = ".flame canvas";

/// What one file gave.
#[derive(Debug, Default)]
struct Frames {
    /// Boxes in the order of time.
    boxes: u64,
    /// Boxes painted one by one before the first step, and the least in any step.
    painted: u64,
    painted_min: u64,
    /// Page and worker for each step of each scene, milliseconds.
    steps: [Vec<f64>; SCENES.len()],
    /// What of it was the page's own thread.
    page: [Vec<f64>; SCENES.len()],
    /// How many pictures the steps of each scene brought.
    pictures: [u64; SCENES.len()],
    /// The same where nothing happens: the price of looking.
    idle: Vec<f64>,
}

/// The lines about frames.
pub(crate) async fn rows(bench: &mut Bench) -> Vec<Row> {
    let ids: Vec<String> = SCENES.iter().map(|scene| format!("frame/{scene}")).collect();
    if !ids.iter().any(|id| bench.wants(id)) {
        return Vec::new();
    }
    let (few, many) = match both(bench).await {
        Ok(both) => both,
        Err(problem) => return vec![Row::new("frame", "frames").note(problem)],
    };
    let mut rows = Vec::new();
    for (i, id) in ids.iter().enumerate().filter(|(_, id)| bench.wants(id)) {
        rows.extend(scene(id, SCENES[i], &few, &many, i));
    }
    rows
}

/// Median, 99th percentile, and growth from few boxes to many.
fn scene(id: &str, name: &str, few: &Frames, many: &Frames, i: usize) -> [Row; 3] {
    let at = |frames: &Frames, rank| Figure::ranked(Unit::CpuMillis, frames.steps[i].iter().copied(), rank);
    let work = format!("{name}, {} boxes, page + workers each step", counted(many.boxes));
    let idle = Figure::median(Unit::CpuMillis, many.idle.iter().copied());
    let page = Figure::median(Unit::CpuMillis, many.page[i].iter().copied());
    let text = |figure: Option<Figure>| figure.map_or_else(String::new, |figure| figure.text());
    let told = format!(
        "of the median {} on the page's thread; {} pictures in {} steps, {} with {} boxes; at least {} boxes \
         painted one by one, at least {} of {}; a step in which nothing happens costs {}",
        text(page),
        many.pictures[i],
        many.steps[i].len(),
        few.pictures[i],
        counted(few.boxes),
        many.painted_min,
        few.painted_min,
        counted(few.boxes),
        text(idle),
    );
    [
        Row::new(&format!("{id}/median"), format!("{work}: median"))
            .ours(at(many, 0.5))
            .goal(Goal::Most(4.0))
            .note(&told),
        Row::new(&format!("{id}/worst"), format!("{work}: 99th percentile"))
            .ours(at(many, 0.99))
            .goal(Goal::Most(8.0))
            .note(&told),
        Row::new(&format!("{id}/growth"), format!("{work}: growth"))
            .ours(at(many, 0.5))
            .against(format!("{} boxes", counted(few.boxes)), at(few, 0.5))
            .goal(Goal::Ratio(1.2))
            .note(&told),
    ]
}

/// `5.0 million`, `104,000`.
fn counted(boxes: u64) -> String {
    match boxes {
        0..1_000 => boxes.to_string(),
        1_000..1_000_000 => format!("{},000", (boxes + 500) / 1_000),
        _ => format!("{:.1} million", boxes as f64 / 1e6),
    }
}

/// Few boxes, and many of which as many are painted.
async fn both(bench: &Bench) -> Result<(Frames, Frames), String> {
    let few = of_file(bench, 1.27, BOXES_MIN + BOXES_MIN / 4).await?;
    let many = of_file(bench, bench.size(63.5, 12.7), few.painted).await?;
    Ok((few, many))
}

async fn of_file(bench: &Bench, mb: f64, painted: u64) -> Result<Frames, String> {
    let file = bench.inputs.file(Kind::CpuProfile, mb)?;
    let chrome = Chrome::open(&bench.dist, &OURS, &log_file(&bench.out)).await?;
    let frames = of_page(&chrome, &file, painted, bench.size(200, 40)).await;
    chrome.close().await;
    frames
}

async fn of_page(chrome: &Chrome, file: &Path, painted: u64, steps: usize) -> Result<Frames, String> {
    measure(chrome, file, OURS.field, true).await?;
    let boxes = show_in_time(chrome).await?;
    let mut stage = Stage::new(chrome).await?;
    let painted = stage.zoom_until(painted).await?;
    let mut frames = Frames { boxes, painted, painted_min: painted, ..Frames::default() };
    for _ in 0..steps.min(30) {
        frames.idle.push(stage.step(None).await?.both_ms());
    }
    for (i, scene) in SCENES.iter().enumerate() {
        let before = stage.pictures().await?;
        for n in 0..steps {
            let spent = stage.step(Some(stage.event(scene, n))).await?;
            frames.steps[i].push(spent.both_ms());
            frames.page[i].push(spent.page as f64 / 1e6);
            frames.painted_min = frames.painted_min.min(stage.painted().await?);
        }
        frames.pictures[i] = stage.pictures().await? - before;
    }
    if frames.painted_min < BOXES_MIN {
        let least = frames.painted_min;
        return Err(format!("only {least} boxes were painted one by one, at least {BOXES_MIN} should be"));
    }
    Ok(frames)
}

/// Puts the boxes into the order of time, and counts them in a window that is high enough for all.
pub(crate) async fn show_in_time(chrome: &Chrome) -> Result<u64, String> {
    let script = "[...document.querySelectorAll(\"[aria-label='Order of siblings'] button\")]\
                  .find((button) => button.innerText.trim() === 'Time').click(); return null";
    chrome.read::<Value>(script, &[]).await?;
    chrome.rest().await?;
    let screen = json!({ "width": WINDOW.0, "height": 4_000, "deviceScaleFactor": 1, "mobile": false });
    chrome.tell("Emulation.setDeviceMetricsOverride", screen).await?;
    chrome.rest().await?;
    let mark = chrome.last_mark("picture").await?.ok_or("nothing was painted")?;
    chrome.tell("Emulation.clearDeviceMetricsOverride", json!({})).await?;
    chrome.rest().await?;
    Ok(mark.boxes + mark.merged)
}

/// The flame graph's canvas in the window, and the threads behind it.
#[derive(Debug)]
pub(crate) struct Stage<'c> {
    pub(crate) chrome: &'c Chrome,
    threads: Threads,
    /// CSS pixels: left, top, width, height.
    pub(crate) canvas: [f64; 4],
}

impl<'c> Stage<'c> {
    pub(crate) async fn new(chrome: &'c Chrome) -> Result<Stage<'c>, String> {
        let canvas = chrome.area(FLAME).await?;
        Ok(Stage { chrome, threads: Threads::of(chrome.renderer), canvas })
    }

    /// The input event of a step: something moves in every one.
    fn event(&self, scene: &str, n: usize) -> Value {
        let [left, top, width, height] = self.canvas;
        match scene {
            // Along a row, then along the next one.
            "hover" => {
                let (along, row) = (n % 25, n / 25);
                let x = left + (along as f64 + 0.5) / 25.0 * width;
                let y = top + ((row % 8) as f64 * 2.0 + 2.5) * 20.0;
                json!({ "type": "mouseMoved", "x": x, "y": y.min(top + height - 4.0) })
            }
            "pan" => self.wheel(if n % 12 < 6 { 40.0 } else { -40.0 }, 0.0, 0),
            _ => self.wheel(0.0, if n % 6 < 3 { -ZOOM } else { ZOOM }, CTRL),
        }
    }

    /// Where the wheel is turned: CSS pixels of the window.
    pub(crate) fn middle(&self) -> (f64, f64) {
        let [left, top, width, _] = self.canvas;
        (left + width / 2.0, top + 100.0)
    }

    /// A turn of the wheel.
    fn wheel(&self, right: f64, down: f64, modifiers: u32) -> Value {
        let (x, y) = self.middle();
        json!({ "type": "mouseWheel", "x": x, "y": y, "deltaX": right, "deltaY": down, "modifiers": modifiers })
    }

    /// Zooms in until there is room to pan and so many boxes are painted, and says how many are.
    pub(crate) async fn zoom_until(&mut self, wanted: u64) -> Result<u64, String> {
        for n in 0..120 {
            let painted = self.painted().await?;
            if n >= ROOM_STEPS && painted >= wanted {
                return Ok(painted);
            }
            self.step(Some(self.wheel(0.0, -ZOOM, CTRL))).await?;
        }
        Err(format!("no zoom shows {wanted} boxes"))
    }

    /// How many pictures there were.
    async fn pictures(&self) -> Result<u64, String> {
        self.chrome.read("return benchMarks.filter(({ what }) => what === 'picture').length", &[]).await
    }

    /// Boxes of the last picture that were painted one by one.
    async fn painted(&self) -> Result<u64, String> {
        let script = "return benchMarks.findLast(({ what }) => what === 'picture').boxes";
        self.chrome.read(script, &[]).await
    }

    /// Sends an event, and says what was spent until the page is quiet again.
    async fn step(&mut self, event: Option<Value>) -> Result<PageCpu, String> {
        let before = self.threads.cpu();
        if let Some(event) = event {
            self.chrome.tell("Input.dispatchMouseEvent", event).await?;
        }
        let begin = Instant::now();
        // The longest way is: event, question, answer, picture, and each may wait for a frame.
        tokio::time::sleep(Duration::from_millis(40)).await;
        let mut last = self.threads.cpu();
        while begin.elapsed() < STEP_MAX {
            tokio::time::sleep(QUIET).await;
            let now = self.threads.cpu();
            if now.since(last).both_ms() < QUIET_MS && !self.threads.wants_to_run() {
                return Ok(now.since(before));
            }
            last = now;
        }
        Ok(last.since(before))
    }
}
