//! Recordings from pictures, for tests and documentation.
//!
//! ```
//! // One line per sample: the frames root first, then the weight.
//! let recording = culprit::model::picture::recording("A B C 3\nA B D 1");
//! assert_eq!(recording.profiles[0].samples.len(), 2);
//! ```

use super::{Builder, Column, Origin, Profile, Recording, StackId, Tag, Time, Value, Weights};
use crate::units::Unit;

/// A recording of one thread without time: `A B C 3` is one sample of weight 3.
/// The words `(idle)`, `(program)`, `(gc)` and `(root)` are states; `A@/srv/a.js` is A of that file.
pub fn recording(picture: &str) -> Recording {
    build(picture, None)
}

/// The same with time: the weights are the nanoseconds that the samples own, one after the other.
pub fn timed(picture: &str) -> Recording {
    build(picture, Some(0))
}

fn build(picture: &str, start: Option<i64>) -> Recording {
    let mut builder = Builder::new();
    let mut profile = Profile { name: "main".into(), ..Profile::default() };
    let mut weights = Column::new();
    for line in picture.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let (path, weight) = line.rsplit_once(' ').unwrap_or(("", line));
        let mut stack = StackId::NONE;
        for name in path.split_whitespace() {
            let frame = frame(&mut builder, name);
            stack = builder.stack(stack, frame);
        }
        profile.samples.stack.push(stack);
        weights.push(weight.parse::<i64>().expect("a picture's line ends in its weight"));
    }
    let unit = if start.is_some() { Unit::Nanos } else { Unit::Count };
    let weights = match start {
        Some(start_ns) => {
            profile.time = Some(time(&weights, start_ns));
            Weights::Owned
        }
        None => Weights::Each(weights),
    };
    profile.values.push(Value { name: "time".into(), unit, decimals: 0, weights });
    builder.profile(profile);
    builder.finish(Origin { name: "picture".into(), format: "picture".into(), ..Origin::default() })
}

fn time(weights: &Column<i64>, start_ns: i64) -> Time {
    let mut at = 0;
    let mut time = Time { start_ns, has_idle: true, ..Time::default() };
    for owned in weights.iter() {
        time.at_ns.push(at);
        at += owned;
    }
    let mut sorted: Vec<i64> = weights.iter().collect();
    sorted.sort_unstable();
    time.interval_ns = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    time.last_ns = weights.last().unwrap_or(0);
    time.duration_ns = at;
    time
}

fn frame(builder: &mut Builder, name: &str) -> super::FrameId {
    let tag = match name {
        "(idle)" => Tag::Idle,
        "(program)" => Tag::Program,
        "(gc)" => Tag::Gc,
        "(root)" => Tag::Root,
        _ => Tag::Code,
    };
    let (name, file) = name.split_once('@').unwrap_or((name, ""));
    let (name, file) = (builder.strings.intern(name), builder.strings.intern(file));
    let function = builder.function(name, file, 0, 0, tag);
    builder.frame(function, 0, false)
}
