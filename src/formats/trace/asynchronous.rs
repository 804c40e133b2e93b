//! Asynchronous operations: begins and ends that belong together by category, number and name, on
//! whatever threads they are written.

use super::Flavour;
use super::building::Span;
use super::events::{Event, Events};
use super::nest;
use super::pairs::{missing_end, with_label};
use super::threads::{Id, Threads};
use crate::model::{Builder, Interner, LabelValue, SpanId, StringId};

/// What a point of an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Begin,
    End,
    Point,
}

/// Ends of one moment that wait for a begin.
const WAITING_MAX: usize = 64;
/// Bits of a point below its key.
const BITS: u32 = 2;

/// The operations of a trace while they are read.
#[derive(Debug, Default)]
pub(super) struct Operations {
    keys: Interner<Key>,
    /// `extra` is four times the row of the key, plus the turn.
    points: Events,
}

/// What makes points belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    group: Group,
    name: StringId,
}

/// Operations of one number lie inside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Group {
    category: StringId,
    id: Id,
    own: Id,
    scope: StringId,
}

/// Whole operations, by track.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub(super) tracks: Vec<Place>,
    /// `extra` is the length.
    spans: Events,
    /// By row of `spans`: track and group.
    of: Vec<(u32, u32)>,
    /// Points without a length; `extra` is the track.
    pub(super) marks: Events,
}

/// A track of operations: of a process (in Node.js of a thread), under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) pid: Id,
    pub(super) thread: Option<u32>,
    pub(super) name: &'static str,
    pub(super) category: StringId,
}

impl Operations {
    pub(super) fn push(&mut self, event: Event, id: Id, own: Id, scope: StringId, turn: Turn) {
        let group = Group { category: event.category, id, own, scope };
        let key = self.keys.intern(Key { group, name: event.name }) as i64;
        let turn = match turn {
            Turn::Begin => 0,
            Turn::End => 1,
            Turn::Point => 2,
        };
        self.points.push(Event { extra: key << BITS | turn, ..event });
    }

    /// All moments.
    pub(super) fn moments(&self) -> impl Iterator<Item = i64> + '_ {
        self.points.moments()
    }

    /// Pairs begins and ends. What did not end ends with the thread that began it.
    pub(super) fn pair(self, flavour: Flavour, threads: &Threads, span: Span, builder: &mut Builder) -> Whole {
        let mut order: Vec<u32> = (0..self.points.len() as u32).filter(|&row| span.near(self.points.at(row))).collect();
        order.sort_by_key(|&row| (self.points.extra(row) >> BITS, self.points.at(row)));
        let mut pairing = Pairing {
            keys: self.keys,
            flavour,
            threads,
            places: Interner::default(),
            groups: Interner::default(),
            whole: Whole::default(),
            open: Vec::new(),
            waiting: Vec::new(),
            unended: 0,
            stray: 0,
            builder,
        };
        let runs = order.chunk_by(|&a, &b| self.points.extra(a) >> BITS == self.points.extra(b) >> BITS);
        for run in runs {
            pairing.run(run.iter().map(|&row| self.points.get(row)), span);
        }
        pairing.finish()
    }
}

/// Pairing of the points of one key after the other.
struct Pairing<'a> {
    keys: Interner<Key>,
    flavour: Flavour,
    threads: &'a Threads,
    places: Interner<(Id, Option<u32>, &'static str, StringId)>,
    groups: Interner<Group>,
    whole: Whole,
    open: Vec<Event>,
    waiting: Vec<Event>,
    unended: u64,
    stray: u64,
    builder: &'a mut Builder,
}

impl Pairing<'_> {
    fn run(&mut self, points: impl Iterator<Item = Event>, span: Span) {
        for point in points {
            match point.extra & 3 {
                0 => self.begin(point),
                1 => match self.open.pop() {
                    Some(begin) => self.add(begin, point.at),
                    None => self.end_nothing(point),
                },
                _ => {
                    let track = self.place(&point);
                    self.whole.marks.push(Event { extra: i64::from(track), ..point });
                }
            }
        }
        self.waiting.clear();
        while let Some(begin) = self.open.pop() {
            self.unended += 1;
            let last = self.threads.rows[begin.thread as usize].last.min(span.end).max(begin.at);
            let missing = missing_end(self.builder);
            let labels = with_label(begin.labels, missing, self.builder);
            self.add(Event { labels, ..begin }, last);
        }
    }

    fn begin(&mut self, point: Event) {
        // In the file an end may stand before the begin of its moment.
        match self.waiting.iter().position(|end| end.at == point.at) {
            Some(at) => {
                self.waiting.swap_remove(at);
                self.stray -= 1;
                self.add(point, point.at);
            }
            None => self.open.push(point),
        }
    }

    fn end_nothing(&mut self, point: Event) {
        self.stray += 1;
        self.waiting.retain(|end| end.at == point.at);
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push(point);
        }
    }

    fn add(&mut self, begin: Event, end: i64) {
        let group = self.keys.rows().get((begin.extra >> BITS) as usize).group;
        let begin = Event { labels: self.numbered(&begin, group), ..begin };
        let (track, group) = (self.place(&begin), self.groups.intern(group) as u32);
        self.whole.of.push((track, group));
        self.whole.spans.push(Event { extra: end.saturating_sub(begin.at).max(0), ..begin });
    }

    /// The labels of an operation of Node.js, with its number, by which others know it.
    fn numbered(&mut self, begin: &Event, group: Group) -> u32 {
        match group.id {
            Id::Number(id)
                if self.flavour == Flavour::Node && is_of_hooks(self.builder.strings.get(group.category)) =>
            {
                let key = self.builder.strings.intern("asyncId");
                with_label(begin.labels, (key, LabelValue::Number(id, StringId::EMPTY)), self.builder)
            }
            _ => begin.labels,
        }
    }

    fn place(&mut self, point: &Event) -> u32 {
        let (category, name) = (self.builder.strings.get(point.category), self.builder.strings.get(point.name));
        let title = title(self.flavour, category, name);
        let pid = self.threads.rows[point.thread as usize].pid;
        let thread = (self.flavour == Flavour::Node).then_some(point.thread);
        let category = if title.is_empty() { point.category } else { StringId::EMPTY };
        let row = self.places.intern((pid, thread, title, category));
        if row == self.whole.tracks.len() {
            self.whole.tracks.push(Place { pid, thread, name: title, category });
        }
        row as u32
    }

    fn finish(self) -> Whole {
        self.builder.note(
            "about-open-operations",
            self.unended,
            "Some asynchronous operations have a begin and no end: they went on, or nobody said so. They end with the thread that began them.",
        );
        self.builder.note(
            "operation-begin-missing",
            self.stray,
            "Some asynchronous operations have an end and no begin; they were left out.",
        );
        self.whole
    }
}

/// What operations are shown under; empty for their category.
fn title(flavour: Flavour, category: &str, name: &str) -> &'static str {
    match flavour {
        Flavour::Chrome if category.contains("blink.user_timing") => "User timing",
        Flavour::Chrome if name == "EventTiming" => "Interactions",
        Flavour::Chrome if name.starts_with("AnimationFrame") => "Animation frames",
        Flavour::Chrome if category.starts_with("cc,") => "Frames of the compositor",
        Flavour::Chrome if category.starts_with("loading") => "Loading",
        Flavour::Node if is_of_hooks(category) => "Asynchronous operations",
        _ => "",
    }
}

fn is_of_hooks(category: &str) -> bool {
    category.contains("async_hooks")
}

impl Whole {
    /// Rows of spans by track.
    pub(super) fn rows(&self) -> Vec<Vec<u32>> {
        let mut rows = vec![Vec::new(); self.tracks.len()];
        for (row, (track, _)) in self.of.iter().enumerate() {
            rows[*track as usize].push(row as u32);
        }
        rows
    }

    /// Adds the spans of a track. Operations of one number lie inside each other where they do.
    pub(super) fn push(&self, mut rows: Vec<u32>, track: u32, start: i64, parents: &mut [u32], builder: &mut Builder) {
        let (at, end) = (|row: u32| self.spans.at(row), |row: u32| self.spans.at(row) + self.spans.extra(row));
        let in_time = |row: u32| (at(row), std::cmp::Reverse(end(row)), row);
        rows.sort_by_cached_key(|&row| (self.of[row as usize].1, in_time(row)));
        let mut open: Vec<u32> = Vec::new();
        for &row in &rows {
            let is_around = |&around: &u32| {
                self.of[around as usize].1 == self.of[row as usize].1
                    && end(around) >= end(row)
                    && end(around) > at(row)
            };
            while open.last().is_some_and(|around| !is_around(around)) {
                open.pop();
            }
            parents[row as usize] = open.last().copied().unwrap_or(u32::MAX);
            open.push(row);
        }
        rows.sort_by_cached_key(|&row| in_time(row));
        for &row in &rows {
            let parent = match parents[row as usize] {
                u32::MAX => SpanId::NONE,
                // Rows of spans are put where rows of operations stood as soon as they are added.
                around => SpanId::from_index(parents[around as usize] as usize),
            };
            let span = nest::push(&self.spans.get(row), end(row), track, start, parent, builder);
            parents[row as usize] = span.index() as u32;
        }
    }

    /// Number of spans.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }
}
