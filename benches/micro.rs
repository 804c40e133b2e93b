//! The parts one by one, so that a regression has an address: `cargo bench --bench micro`, or a part
//! by its name: `cargo bench --bench micro -- stalls`.
//!
//! Inputs come from the generator beside this file, the same in every run. Throughput is told in
//! bytes, samples, nodes or boxes, whatever the part counts.

#![allow(dead_code, reason = "of the generator each use takes its part")]
#![expect(clippy::cast_possible_truncation, reason = "four million bytes fit into anything")]

#[path = "generate/formats.rs"]
mod generated;
#[path = "generate/program.rs"]
mod program;

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::LazyLock;

use culprit::analysis::modules::Modules;
use culprit::analysis::scoped::Scoped;
use culprit::analysis::tree::{ROOT, ShapeBuilder, Tree};
use culprit::analysis::{stalls, states};
use culprit::draw::{ALL, BoxRows, Letters, Mask, Metrics, PHASES, Palette, Raster, TextKind, TimeRows};
use culprit::engine::Engine;
use culprit::formats::{Options, open};
use culprit::input::json::Json;
use culprit::input::{Named, SliceSource, Window};
use culprit::model::vocab::{Order, Scope};
use culprit::model::{Column, Recording, StackId, StackInterner, Strings};
use culprit::protocol::{CanvasId, Content, FlameView, Picture};
use culprit::stage::Stage;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};

fn main() {
    divan::main();
}

/// Bytes of each input.
const SIZE: u64 = 4_000_000;

/// What the generator writes in this format.
fn input(format: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("micro-{}-{format}", std::process::id()));
    let nodes = match format {
        "folded" => SIZE as u32 / 120,
        "heapprofile" => SIZE as u32 / 250,
        _ => 2_000,
    };
    let shape = program::Shape { seed: 1, functions: 4_000, nodes, depth_max: 48 };
    let program = program::Program::grow(&shape);
    let text = path.to_str().expect("the path of a build folder is text");
    let mut sink = generated::Sink::create(text, SIZE).expect("the build folder can be written");
    let mut walk = program.walk(1);
    let written = match format {
        "cpuprofile" => generated::cpuprofile(&mut walk, 1, 200, &mut sink),
        "heapprofile" => generated::heapprofile(&program, 1, &mut sink),
        "chrome-trace" => generated::chrome_trace(&mut walk, 1, 200, &mut sink),
        "prof-log" => generated::prof_log(&mut walk, 1, 1000, &mut sink),
        "folded" => generated::folded(&program, 1, &mut sink),
        _ => generated::pprof(&mut walk, 1, &mut sink),
    };
    written.and_then(|_| sink.finish()).expect("the build folder can be written");
    let bytes = std::fs::read(&path).expect("it was just written");
    std::fs::remove_file(&path).expect("it was just written");
    bytes
}

fn decoded(name: &str, bytes: &[u8]) -> Recording {
    let bundle = vec![Named { name: name.to_owned(), source: Box::new(SliceSource::new(bytes)) }];
    open(bundle, &Options::default(), None, &mut ()).expect("the generator writes files that open")
}

static CPUPROFILE: LazyLock<Vec<u8>> = LazyLock::new(|| input("cpuprofile"));

fn recording() -> Recording {
    decoded("a.cpuprofile", &CPUPROFILE)
}

/// Whole decoders, from bytes to tables.
#[divan::bench(args = ["cpuprofile", "heapprofile", "prof-log", "chrome-trace", "folded", "pprof"])]
fn decode(bencher: Bencher<'_, '_>, format: &str) {
    let bytes = input(format);
    bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| decoded(&format!("a.{format}"), black_box(&bytes)));
}

mod json {
    use super::*;

    /// The loop over long arrays of short numbers, as sample ids are.
    #[divan::bench]
    fn numbers(bencher: Bencher<'_, '_>) {
        let list: Vec<String> = (0..500_000_u64).map(|i| (i * 7_919 % 50_021).to_string()).collect();
        let text = format!("[{}]", list.join(","));
        bencher.counter(BytesCount::of_str(&text)).bench_local(|| {
            let mut window = Window::over(text.as_bytes());
            let mut sum = 0_i64;
            let mut add = |batch: &[i64], by: i64| sum = batch.iter().fold(sum, |sum, n| sum.wrapping_add(n * by));
            Json::new(&mut window).batches_of_i64(0, &mut add).expect("these are numbers");
            sum
        });
    }

    /// Passing over whatever a decoder has no use for.
    #[divan::bench]
    fn skip(bencher: Bencher<'_, '_>) {
        bencher.counter(BytesCount::of_slice(&*CPUPROFILE)).bench_local(|| {
            let mut window = Window::over(&CPUPROFILE);
            Json::new(&mut window).skip_value().expect("the generator writes JSON")
        });
    }
}

mod intern {
    use super::*;

    /// A name of four thousand, mostly seen before.
    #[divan::bench]
    fn strings(bencher: Bencher<'_, '_>) {
        let names: Vec<String> =
            (0..4_000).map(|i| format!("handle_request_{i} src/server/routes_{}.js", i % 97)).collect();
        let order: Vec<usize> = (0..200_000_usize).map(|i| i * 7_919 % names.len()).collect();
        bencher.counter(ItemsCount::new(order.len())).bench_local(|| {
            let mut strings = Strings::new();
            order.iter().map(|&i| strings.intern(&names[i]).index()).sum::<usize>()
        });
    }

    /// Stacks, from the outermost frame in.
    #[divan::bench]
    fn stacks(bencher: Bencher<'_, '_>) {
        let recording = recording();
        let rows: Vec<_> = recording.stacks.iter().collect();
        const ROUNDS: usize = 50;
        bencher.counter(ItemsCount::new(rows.len() * ROUNDS)).bench_local(|| {
            let mut stacks = StackInterner::default();
            for _ in 0..ROUNDS {
                for &(parent, frame) in &rows {
                    black_box(stacks.intern(parent, frame));
                }
            }
            stacks
        });
    }
}

/// A recording with everything that is worked out of it.
struct Worked {
    recording: Recording,
    modules: Modules,
    scoped: Scoped,
}

fn worked() -> Worked {
    let recording = recording();
    let modules = Modules::of(&recording);
    let scoped = Scoped::new(&recording, &modules, &Scope::default());
    Worked { recording, modules, scoped }
}

fn samples(recording: &Recording) -> ItemsCount {
    ItemsCount::new(recording.profiles[0].samples.len())
}

mod totals {
    use super::*;

    /// Samples narrowed to a scope, merged by function and rolled up.
    #[divan::bench]
    fn scope(bencher: Bencher<'_, '_>) {
        let Worked { recording, modules, .. } = worked();
        bencher
            .counter(samples(&recording))
            .bench_local(|| Scoped::new(black_box(&recording), &modules, &Scope::default()));
    }

    /// Rolling up alone, in a tree of 200,000 nodes.
    #[divan::bench]
    fn roll_up(bencher: Bencher<'_, '_>) {
        let mut builder = ShapeBuilder::default();
        let functions: Vec<_> = (0..1_000).map(culprit::model::FunctionId::from_index).collect();
        let mut nodes = vec![ROOT];
        for i in 0..200_000_usize {
            nodes.push(builder.child(nodes[i / 3], functions[i * 31 % functions.len()]));
        }
        let shape = builder.finish();
        let values: Column<i64> = (0..shape.len() as i64).collect();
        let counts: Column<u64> = (0..shape.len() as u64).collect();
        bencher
            .counter(ItemsCount::new(shape.len()))
            .with_inputs(|| (shape.clone(), values.clone(), counts.clone()))
            .bench_local_values(|(shape, values, counts)| Tree::new(shape, values, counts));
    }

    /// The parts of the time.
    #[divan::bench]
    fn time_by_kind(bencher: Bencher<'_, '_>) {
        let Worked { recording, modules, scoped } = worked();
        bencher.counter(samples(&recording)).bench_local(|| states::states(black_box(&recording), &modules, &scoped));
    }
}

/// Stalls of the whole recording.
#[divan::bench]
fn stalls_of_50_ms(bencher: Bencher<'_, '_>) {
    let Worked { recording, modules, .. } = worked();
    bencher.counter(samples(&recording)).bench_local(|| stalls::find(black_box(&recording), 0, &modules, 50_000_000));
}

mod layout {
    use super::*;

    /// Boxes of merged calls, by weight.
    #[divan::bench]
    fn by_weight(bencher: Bencher<'_, '_>) {
        let Worked { scoped, .. } = worked();
        let tree = &scoped.tree;
        // Rows know no root: their own box of all stands for it.
        let parent: Column<u32> =
            tree.shape.iter().map(|(_, parent, _)| if parent == ROOT { ALL } else { parent - 1 }).collect();
        let width: Column<i64> = tree.width.iter().skip(1).collect();
        bencher.counter(ItemsCount::new(parent.len())).bench_local(|| {
            BoxRows::from_tree(&parent, &width, |a, b| width.get(b as usize).cmp(&width.get(a as usize)))
        });
    }

    /// Boxes in the order of time.
    #[divan::bench]
    fn by_time(bencher: Bencher<'_, '_>) {
        let recording = recording();
        let profile = &recording.profiles[0];
        let time = profile.time.as_ref().expect("the generator writes times");
        let node = |stack: StackId| if stack.is_none() { ALL } else { stack.index() as u32 };
        let parent: Column<u32> = recording.stacks.iter().map(|(parent, _)| node(parent)).collect();
        let nodes: Vec<u32> = profile.samples.stack.iter().map(node).collect();
        let end = time.duration_ns;
        let lay_out = || {
            let rows = TimeRows::build(nodes.iter().copied(), &parent, &time.at_ns, end, usize::MAX);
            BoxRows::new(rows.into_columns(&time.at_ns, 0, end))
        };
        bencher.counter(ItemsCount::new(lay_out().boxes())).bench_local(lay_out);
    }
}

/// The paint list of one frame over boxes that are there already, and the box under the pointer.
mod paint {
    use super::*;

    fn picture(order: Order, x1: f64) -> Picture {
        let view = FlameView { order, x1, ..FlameView::default() };
        Picture { canvas: CanvasId::Flame, width: 1_200.0, height: 700.0, ratio: 1.0, content: Content::Flame(view) }
    }

    fn metrics() -> Metrics {
        Metrics::fixed(6.6, 5.5)
    }

    /// A stage that has everything for a picture, and the number of boxes in it.
    fn stage(picture: &Picture) -> (Stage, u32) {
        let mut engine = Engine::new(recording());
        let mut stage = Stage::new();
        stage.take(engine.labels());
        loop {
            if let Some(painted) = stage.picture(picture, &metrics()).painted {
                return (stage, painted.boxes);
            }
            for want in stage.wants() {
                if let Some(given) = engine.give(&want) {
                    stage.take(given);
                }
            }
        }
    }

    /// Everything in view, and a twentieth of it.
    #[divan::bench(args = [("weight", 1.0), ("weight", 0.05), ("time", 1.0), ("time", 0.05)])]
    fn list(bencher: Bencher<'_, '_>, (order, part): (&str, f64)) {
        let picture = picture(if order == "time" { Order::Time } else { Order::Weight }, part);
        let (mut stage, boxes) = stage(&picture);
        let metrics = metrics();
        bencher.counter(ItemsCount::new(boxes)).bench_local(|| stage.picture(black_box(&picture), &metrics).painted);
    }

    /// Letters as large as those of a font, wholly covered within.
    struct Blocks;

    impl Letters for Blocks {
        fn draw(&mut self, _: TextKind, _: char, _: f64) -> [Mask; PHASES] {
            let mask = Mask { left: 0, top: -4, width: 7, coverage: vec![120; 63] };
            std::array::from_fn(|_| mask.clone())
        }
    }

    /// The pixels of the same pictures.
    #[divan::bench(args = [("weight", 1.0), ("weight", 0.05), ("time", 1.0), ("time", 0.05)])]
    fn pixels(bencher: Bencher<'_, '_>, (order, part): (&str, f64)) {
        let picture = picture(if order == "time" { Order::Time } else { Order::Weight }, part);
        let (mut stage, boxes) = stage(&picture);
        let metrics = metrics();
        let list = stage.picture(&picture, &metrics).list.clone();
        let tokens: Vec<_> =
            Palette::tokens().into_iter().map(|name| (name.to_owned(), "#406080".to_owned())).collect();
        let palette = Palette::new(&tokens).expect("every token has a colour");
        let mut raster = Raster::new();
        bencher.counter(ItemsCount::new(boxes)).bench_local(|| {
            raster.paint(black_box(&list), &palette, &metrics, &mut Blocks);
            raster.bytes().len()
        });
    }

    /// What lies under a point.
    #[divan::bench]
    fn hit(bencher: Bencher<'_, '_>) {
        let (mut stage, _) = stage(&picture(Order::Time, 0.05));
        let mut x = 0.0;
        bencher.bench_local(|| {
            x = (x + 37.0) % 1_200.0;
            stage.hit(CanvasId::Flame, x, 150.0)
        });
    }
}
