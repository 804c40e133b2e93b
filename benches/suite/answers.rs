//! Questions: how long the page takes from a key or a click until everything on it shows the answer,
//! with five million samples.
//!
//! Each step asks something that was not asked before, so that nothing comes out of a cache, and is
//! over with the last answer or picture that it causes.

use std::path::Path;

use serde_json::Value;

use super::Bench;
use crate::browser::{Chrome, log_file};
use crate::frames::FLAME;
use crate::inputs::Kind;
use crate::open::{OURS, longest_task_ms, measure};
use crate::process::Threads;
use crate::table::{Figure, Goal, Row, Unit};

/// The kinds of question, and what is done.
const SCENES: [(&str, &str); 4] = [
    ("answer/filter", "focus on a function"),
    ("answer/search", "a letter in the search field"),
    ("answer/range", "a range of time selected"),
    ("answer/invert", "callers instead of callees"),
];

const BLOCKED: &str = "answer/blocked";

/// Height of a row of the flame graph, CSS pixels.
const ROW_PX: f64 = 20.0;

/// What is typed, letter by letter.
const WORDS: [&str; 5] = ["read", "parse", "on:", "async", "src/m"];

const TIMELINE: &str = ".timeline canvas";

/// One question.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// On the clock, until the last answer or picture.
    millis: f64,
    /// Processor time of page and workers.
    cpu_ms: f64,
    /// The page's longest task over 50 ms, or 0.
    long_ms: f64,
}

/// The lines about questions.
pub(crate) async fn rows(bench: &mut Bench) -> Vec<Row> {
    if !SCENES.iter().any(|(id, _)| bench.wants(id)) && !bench.wants(BLOCKED) {
        return Vec::new();
    }
    let mb = bench.size(53.4, 10.0);
    match of_file(bench, mb).await {
        Ok((samples, opening_ms, scenes)) => lines(bench, samples, opening_ms, &scenes),
        Err(problem) => vec![Row::new("answer", "questions").note(problem)],
    }
}

fn lines(bench: &Bench, samples: f64, opening_ms: f64, scenes: &[Result<Vec<Step>, String>]) -> Vec<Row> {
    let count = format!("{:.1} million samples", samples / 1e6);
    let mut rows = Vec::new();
    for ((id, name), steps) in SCENES.iter().zip(scenes) {
        let row = Row::new(id, format!("{name}, {count}: event → answered and painted, clock")).goal(Goal::Most(100.0));
        rows.push(match steps {
            Ok(steps) => {
                let worst = steps.iter().map(|step| step.millis).fold(0.0, f64::max);
                let cpu = Figure::median(Unit::CpuMillis, steps.iter().map(|step| step.cpu_ms));
                let cpu = cpu.map_or_else(String::new, |figure| figure.text());
                row.ours(Figure::median(Unit::Millis, steps.iter().map(|step| step.millis))).note(format!(
                    "{} times, at worst {worst:.0} ms; page + workers spent {cpu} each time at the median",
                    steps.len()
                ))
            }
            Err(problem) => row.note(problem),
        });
    }
    let steps = || scenes.iter().flatten().flatten();
    if steps().next().is_some() {
        let long = steps().map(|step| step.long_ms).fold(0.0, f64::max);
        let name = format!("longest task of the page's own thread in all of these, {count}");
        rows.push(Row::new(BLOCKED, name).ours(Figure::median(Unit::Millis, [long])).goal(Goal::Most(50.0)).note(
            format!(
                "the browser tells of tasks over 50 ms, 0 stands for none; while the file opened: {opening_ms:.0} ms"
            ),
        ));
    }
    rows.retain(|row| bench.wants(&row.id));
    rows
}

/// Samples of the file, the longest task while it opened, and the steps of each scene.
async fn of_file(bench: &Bench, mb: f64) -> Result<(f64, f64, Vec<Result<Vec<Step>, String>>), String> {
    let file = bench.inputs.file(Kind::CpuProfile, mb)?;
    let chrome = Chrome::open(&bench.dist, &OURS, &log_file(&bench.out)).await?;
    let found = of_page(&chrome, &file, bench.size(15, 5)).await;
    chrome.close().await;
    found
}

async fn of_page(
    chrome: &Chrome,
    file: &Path,
    times: usize,
) -> Result<(f64, f64, Vec<Result<Vec<Step>, String>>), String> {
    let opened = measure(chrome, file, OURS.field, true).await?;
    let mut scenes = Vec::new();
    for (id, _) in SCENES {
        scenes.push(scene(chrome, id, times).await);
        // Whatever went wrong, the next scene begins with everything in view.
        for _ in 0..3 {
            chrome.press("Escape").await?;
        }
        chrome.rest().await?;
    }
    Ok((opened.samples, opened.long_ms, scenes))
}

async fn scene(chrome: &Chrome, id: &str, times: usize) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    for n in 0..times {
        steps.push(match id {
            "answer/filter" => filter(chrome, n).await?,
            "answer/search" => search(chrome, n).await?,
            "answer/range" => range(chrome, n).await?,
            _ => invert(chrome, n).await?,
        });
    }
    Ok(steps)
}

/// Focuses on the function under another place each time, and undoes it.
async fn filter(chrome: &Chrome, n: usize) -> Result<Step, String> {
    let [left, top, width, _] = chrome.area(FLAME).await?;
    let part = (n as f64 * 0.618_034 + 0.1).fract() * 0.9;
    let place = (left + part * width, top + (n % 4 + 2) as f64 * ROW_PX + ROW_PX / 2.0);
    chrome.drag(place, place).await?;
    chrome.rest().await?;
    let before = chips(chrome).await?;
    let asked = begin(chrome).await?;
    chrome.press("f").await?;
    let step = asked.end().await?;
    if chips(chrome).await? != before + 1 {
        return Err(format!("nothing was filtered at {place:?}"));
    }
    chrome.press("z").await?;
    chrome.rest().await?;
    Ok(step)
}

async fn chips(chrome: &Chrome) -> Result<usize, String> {
    chrome.read("return document.querySelectorAll('.chip').length", &[]).await
}

/// Types one letter of a word, and empties the field once the word is complete.
async fn search(chrome: &Chrome, n: usize) -> Result<Step, String> {
    let letters: Vec<(usize, char)> = WORDS.iter().flat_map(|word| word.chars().enumerate()).collect();
    let (place, letter) = letters[n % letters.len()];
    if place == 0 {
        if n > 0 {
            chrome.press("Escape").await?;
            chrome.rest().await?;
        }
        let clear = "const field = document.querySelector('.search input'); field.focus(); field.select(); return null";
        chrome.read::<Value>(clear, &[]).await?;
        chrome.rest().await?;
    }
    let asked = begin(chrome).await?;
    chrome.press(&letter.to_string()).await?;
    let step = asked.end().await?;
    let text: String = chrome.read("return document.querySelector('.search input').value", &[]).await?;
    if text.ends_with(letter) { Ok(step) } else { Err(format!("{letter} was typed, and the field holds {text:?}")) }
}

/// Selects another fifth of the time by dragging on the timeline.
async fn range(chrome: &Chrome, n: usize) -> Result<Step, String> {
    let [left, top, width, height] = chrome.area(TIMELINE).await?;
    let from = 0.05 + (n as f64 * 0.618_034).fract() * 0.7;
    let place = |part: f64| (left + part * width, top + height / 2.0);
    let asked = begin(chrome).await?;
    chrome.drag(place(from), place(from + 0.2)).await?;
    asked.end().await
}

/// Turns the tree over in another range each time, and back.
async fn invert(chrome: &Chrome, n: usize) -> Result<Step, String> {
    range(chrome, n).await?;
    let asked = begin(chrome).await?;
    chrome.press("i").await?;
    let step = asked.end().await?;
    let pressed = "return [...document.querySelectorAll('button[aria-pressed=true]')]\
                   .some((button) => button.innerText.includes('Callers'))";
    if !chrome.read::<bool>(pressed, &[]).await? {
        return Err("the key did not turn the tree over".to_owned());
    }
    chrome.press("i").await?;
    chrome.rest().await?;
    Ok(step)
}

/// A question on its way.
struct Asked<'c> {
    chrome: &'c Chrome,
    threads: Threads,
    before: crate::process::PageCpu,
}

async fn begin(chrome: &Chrome) -> Result<Asked<'_>, String> {
    chrome.forget_marks().await?;
    let mut threads = Threads::of(chrome.renderer);
    let before = threads.cpu();
    Ok(Asked { chrome, threads, before })
}

impl Asked<'_> {
    /// Waits until nothing happens any more: the last event began it, the last answer or picture
    /// ended it.
    async fn end(mut self) -> Result<Step, String> {
        self.chrome.rest().await?;
        let cpu_ms = self.threads.cpu().since(self.before).both_ms();
        let marks = self.chrome.marks().await?;
        let event = marks.iter().rfind(|mark| mark.what == "event").ok_or("the page met no event")?;
        let is_answer = |what: &str| what == "answered" || what == "picture";
        let last = marks.iter().rfind(|mark| is_answer(&mark.what) && mark.at >= event.at);
        let last = last.ok_or("nothing was answered and nothing painted")?;
        Ok(Step { millis: last.at - event.at, cpu_ms, long_ms: longest_task_ms(&marks, event.at) })
    }
}
