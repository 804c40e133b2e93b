//! Whether pictures keep coming while a person zooms and the engine has something else to do: five
//! million boxes in the order of time, and a wheel that turns all the while.
//!
//! It zooms in all the way: a filter shows everything again, of which there is nothing to the left and
//! to the right, and no more to zoom out to.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::Bench;
use crate::browser::{Chrome, Mark, log_file};
use crate::frames::{Stage, show_in_time};
use crate::inputs::Kind;
use crate::open::{OURS, measure};
use crate::process::{PageCpu, Threads};
use crate::table::{Figure, Goal, Row, Unit};

/// What begins in the middle of the zooming: id and name, and as scripts how it begins and is taken
/// back.
const SCENES: [(&str, &str, &str, &str); 3] = [
    ("live/alone", "nothing else goes on", "", ""),
    ("live/filter", "a filter is set", "benchKey(document.body, 'f')", "benchKey(document.body, 'z')"),
    (
        "live/range",
        "a range of time is selected",
        "benchKey(TIMELINE, 'ArrowRight')",
        "benchKey(TIMELINE, 'Backspace')",
    ),
];

/// What the scripts use.
const KEYS: &str = "window.benchKey = (where, key) => \
                    where.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })); \
                    window.TIMELINE = document.querySelector('.timeline canvas'); \
                    window.benchTurn = (canvas, clientX, clientY, left) => requestAnimationFrame(() => { \
                        if (left === 0) return benchNote('turned'); \
                        canvas.dispatchEvent(new WheelEvent('wheel', \
                            { deltaY: -2, ctrlKey: true, bubbles: true, cancelable: true, clientX, clientY })); \
                        benchTurn(canvas, clientX, clientY, left - 1); \
                    }); return null";

/// Turns of the wheel, all of them inwards, one for each frame of the browser.
const TURNS: usize = 96;
/// How long all of them may take.
const TURNS_MAX: Duration = Duration::from_secs(60);

/// When the other thing begins after the wheel, milliseconds.
const BEGIN_MS: f64 = 500.0;

/// The longest gap: two frames of a screen, so that no more than one is missed at a time.
const GAP_MAX_MS: f64 = 34.0;

/// A stretch of zooming: from the beginning of the other thing until it is answered.
#[derive(Clone, Copy, Debug)]
struct Zoomed {
    /// The longest time without a new picture, milliseconds.
    gap_ms: f64,
    /// Pictures each second.
    rate: f64,
    /// How long it took to be answered, milliseconds; everything after the beginning where nothing
    /// was asked.
    length_ms: f64,
    /// Turns of the wheel that the page met each second.
    turns: f64,
    cpu: PageCpu,
    seconds: f64,
}

/// Several stretches with the same thing in the middle.
#[derive(Debug)]
struct Scene {
    boxes: u64,
    /// Those that were measured; why none was.
    found: Result<Vec<Zoomed>, String>,
    /// What is to be said of the others.
    failed: String,
}

impl Scene {
    fn new(boxes: u64, found: Vec<Result<Zoomed, String>>) -> Scene {
        let count = found.len();
        let (mut list, mut problems) = (Vec::new(), Vec::new());
        for one in found {
            match one {
                Ok(one) => list.push(one),
                Err(problem) => problems.push(problem),
            }
        }
        let Some(problem) = problems.first() else { return Scene { boxes, found: Ok(list), failed: String::new() } };
        if list.is_empty() {
            return Scene { boxes, found: Err(problem.clone()), failed: String::new() };
        }
        let failed = format!("{} of {count} were not measured: {problem}", problems.len());
        Scene { boxes, found: Ok(list), failed }
    }
}

/// The lines about zooming.
pub(crate) async fn rows(bench: &mut Bench) -> Vec<Row> {
    if !SCENES.iter().any(|(id, ..)| bench.wants(id)) {
        return Vec::new();
    }
    let scenes = match of_file(bench).await {
        Ok(scenes) => scenes,
        Err(problem) => return vec![Row::new("live", "pictures while zooming").note(problem)],
    };
    let all = SCENES.iter().zip(scenes);
    all.filter(|((id, ..), _)| bench.wants(id)).map(|((id, name, ..), scene)| line(id, name, scene)).collect()
}

fn line(id: &str, name: &str, scene: Scene) -> Row {
    let boxes = scene.boxes as f64 / 1e6;
    let row = Row::new(id, format!("zooming {boxes:.1} million boxes while {name}: longest time without a picture"));
    let row = row.goal(Goal::Most(GAP_MAX_MS));
    match scene.found {
        Ok(list) => {
            let row = row.ours(Figure::median(Unit::Millis, list.iter().map(|one| one.gap_ms))).note(told(&list));
            row.note(scene.failed)
        }
        Err(problem) => row.note(problem),
    }
}

fn told(list: &[Zoomed]) -> String {
    let median = |of: &dyn Fn(&Zoomed) -> f64| {
        Figure::median(Unit::Millis, list.iter().map(of)).map_or(0.0, |figure| figure.value())
    };
    let each_s = |nanos: &dyn Fn(&Zoomed) -> u64| median(&|one| nanos(one) as f64 / 1e6 / one.seconds);
    format!(
        "at worst {:.0} ms; {:.0} pictures a second during {:.0} ms; {:.0} turns of the wheel a second reached the page, \
         whose thread spent {:.0} ms of each second and its workers {:.0}",
        list.iter().map(|one| one.gap_ms).fold(0.0, f64::max),
        median(&|one| one.rate),
        median(&|one| one.length_ms),
        median(&|one| one.turns),
        each_s(&|one| one.cpu.page),
        each_s(&|one| one.cpu.workers),
    )
}

async fn of_file(bench: &Bench) -> Result<Vec<Scene>, String> {
    let file = bench.inputs.file(Kind::CpuProfile, bench.size(63.5, 12.7))?;
    let chrome = Chrome::open(&bench.dist, &OURS, &log_file(&bench.out)).await?;
    let found = of_page(&chrome, &file, bench.runs()).await;
    chrome.close().await;
    found
}

async fn of_page(chrome: &Chrome, file: &Path, runs: usize) -> Result<Vec<Scene>, String> {
    measure(chrome, file, OURS.field, true).await?;
    let boxes = show_in_time(chrome).await?;
    let mut stage = Stage::new(chrome).await?;
    let mut scenes = Vec::new();
    chrome.read::<Value>(KEYS, &[]).await?;
    for (_, _, begin, end) in SCENES {
        let mut found = Vec::new();
        for n in 0..runs {
            found.push(match prepare(&mut stage, n).await {
                Ok(()) => zoomed(&stage, begin).await,
                Err(problem) => Err(problem),
            });
            chrome.read::<Value>(&format!("{end}; return null"), &[]).await?;
            chrome.rest().await?;
        }
        scenes.push(Scene::new(boxes, found));
    }
    Ok(scenes)
}

/// Shows the middle of everything, with room on both sides. Another frame is selected and another
/// stretch of the timeline shown each time, so that nothing that is asked was asked before.
async fn prepare(stage: &mut Stage<'_>, n: usize) -> Result<(), String> {
    let chrome = stage.chrome;
    chrome.press("0").await?;
    stage.zoom_until(0).await?;
    // By keys: where millions of boxes are in view, what lies under a point is seldom one of them.
    chrome.press("Escape").await?;
    for _ in 0..=n {
        chrome.press("ArrowDown").await?;
        chrome.rest().await?;
    }
    let is_selected = "return Boolean(document.querySelector('.details .figs'))";
    if chrome.read(is_selected, &[]).await? {
        show_less_time(chrome, n).await
    } else {
        Err("no frame could be selected".to_owned())
    }
}

async fn show_less_time(chrome: &Chrome, n: usize) -> Result<(), String> {
    let zoom = format!("for (let n = 0; n <= {n}; n += 1) benchKey(TIMELINE, '+'); return null");
    chrome.read::<Value>(&zoom, &[]).await?;
    chrome.rest().await
}

async fn zoomed(stage: &Stage<'_>, beside: &str) -> Result<Zoomed, String> {
    let chrome = stage.chrome;
    chrome.forget_marks().await?;
    let script = format!(
        "addEventListener('wheel', () => setTimeout(() => {{ benchNote('begin'); {beside} }}, {BEGIN_MS}), \
         {{ capture: true, once: true, passive: true }}); return null"
    );
    chrome.read::<Value>(&script, &[]).await?;
    let mut threads = Threads::of(chrome.renderer);
    let before = threads.cpu();
    let (x, y) = stage.middle();
    let turns = format!("benchTurn(document.querySelector('.flame canvas'), {x}, {y}, {TURNS}); return null");
    chrome.read::<Value>(&turns, &[]).await?;
    chrome.wait_for("turned", TURNS_MAX).await?;
    let cpu = threads.cpu().since(before);
    chrome.rest().await?;
    during(&chrome.marks().await?, cpu, !beside.is_empty())
}

/// What happened from the beginning of the other thing until it was answered.
fn during(marks: &[Mark], cpu: PageCpu, is_asked: bool) -> Result<Zoomed, String> {
    let all = |is: &dyn Fn(&str) -> bool| marks.iter().filter(|mark| is(&mark.what)).map(|mark| mark.at).collect();
    let times = |what: &'static str| -> Vec<f64> { all(&|is| is == what) };
    let (turns, answers) = (times("turn"), times("answered"));
    // Those before the answer show what there is, at the place where the wheel has brought them.
    let pictures: Vec<f64> = all(&|is| is == "picture" || is == "partly");
    let (Some(first_turn), Some(last_turn)) = (turns.first(), turns.last()) else {
        return Err("the wheel did not reach the page".to_owned());
    };
    let seconds = (last_turn - first_turn) / 1e3;
    let begin = *times("begin").first().ok_or("nothing began in the middle")?;
    let answered = answers.last().filter(|at| **at > begin);
    let end = match (is_asked, answered) {
        (false, _) => *last_turn,
        (true, Some(answered)) => answered.min(*last_turn),
        (true, None) => return Err("nothing was answered".to_owned()),
    };
    // The gap may have begun before; it ends with the first picture afterwards, or is not over.
    let first = pictures.partition_point(|at| *at < begin).saturating_sub(1);
    let last = (pictures.partition_point(|at| *at <= end) + 1).min(pictures.len());
    let around: Vec<f64> =
        pictures[first..last].iter().copied().chain((last == pictures.len()).then_some(end)).collect();
    let gap_ms = around.windows(2).map(|pair| pair[1] - pair[0]).reduce(f64::max).ok_or("nothing was painted")?;
    let count = pictures.iter().filter(|at| (begin..=end).contains(*at)).count();
    Ok(Zoomed {
        gap_ms,
        rate: count as f64 / (end - begin) * 1e3,
        length_ms: end - begin,
        turns: turns.len() as f64 / seconds,
        cpu,
        seconds,
    })
}
