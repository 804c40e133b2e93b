//! Processes and threads: how files number and name them, and which one people wait for.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::Flavour;
use crate::model::{Builder, Interner, StringId};

/// A number of a process, a thread or an operation, as files write it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Id {
    /// None is given.
    #[default]
    None,
    /// A number, or a text that is one.
    Number(i64),
    /// Another text.
    Text(StringId),
}

impl Id {
    /// As the model has it.
    pub(super) fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => u64::try_from(number).ok(),
            Self::None | Self::Text(_) => None,
        }
    }
}

/// What is known of a thread.
#[derive(Debug, Default)]
pub(super) struct Thread {
    pub(super) pid: Id,
    pub(super) tid: Id,
    /// Its name, or the empty text.
    pub(super) name: StringId,
    sort: Option<i64>,
    /// Its last moment, nanoseconds on the file's clock.
    pub(super) last: i64,
    /// The moment and the end of the complete event before, and how often either was later than the
    /// next one's: producers write events when they begin, or when they end.
    before: (i64, i64),
    late_starts: u32,
    late_ends: u32,
    /// Time in scripts, which tells a page's main thread from others of that name.
    pub(super) script_ns: i64,
}

impl Thread {
    /// Takes in a complete event.
    pub(super) fn complete(&mut self, at: i64, end: i64) {
        self.late_starts = self.late_starts.saturating_add(u32::from(at < self.before.0));
        self.late_ends = self.late_ends.saturating_add(u32::from(end < self.before.1));
        self.before = (at, end);
    }

    /// Whether events are written when they end, so that of two equal ones the later is around the other.
    pub(super) fn is_by_end(&self) -> bool {
        self.late_starts > self.late_ends
    }
}

/// What is known of a process.
#[derive(Debug, Default)]
struct Process {
    name: Option<StringId>,
    labels: Option<StringId>,
    sort: Option<i64>,
}

/// All threads in the order in which they were first met.
#[derive(Debug, Default)]
pub(super) struct Threads {
    keys: Interner<(Id, Id)>,
    last: Option<((Id, Id), u32)>,
    pub(super) rows: Vec<Thread>,
    processes: HashMap<Id, Process, FixedState>,
    /// Processes that show a page, by the browser's own word.
    pub(super) pages: Vec<Id>,
}

/// Processes that the browser names as those of pages; more are not remembered.
const PAGES_MAX: usize = 64;

impl Threads {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row of a thread.
    pub(super) fn row(&mut self, pid: Id, tid: Id) -> u32 {
        match self.last {
            Some((key, row)) if key == (pid, tid) => return row,
            _ => {}
        }
        let row = self.keys.intern((pid, tid));
        if row == self.rows.len() {
            self.rows.push(Thread { pid, tid, last: i64::MIN, before: (i64::MIN, i64::MIN), ..Thread::default() });
        }
        let row = row as u32;
        self.last = Some(((pid, tid), row));
        row
    }

    /// The thread's last moment is not before this one.
    pub(super) fn seen(&mut self, row: u32, at: i64) {
        let last = &mut self.rows[row as usize].last;
        *last = (*last).max(at);
    }

    pub(super) fn name_thread(&mut self, row: u32, name: StringId) {
        self.rows[row as usize].name = name;
    }

    pub(super) fn sort_thread(&mut self, row: u32, sort: i64) {
        self.rows[row as usize].sort = Some(sort);
    }

    pub(super) fn name_process(&mut self, pid: Id, name: StringId) {
        self.processes.entry(pid).or_default().name = Some(name);
    }

    pub(super) fn label_process(&mut self, pid: Id, labels: StringId) {
        self.processes.entry(pid).or_default().labels = Some(labels);
    }

    pub(super) fn sort_process(&mut self, pid: Id, sort: i64) {
        self.processes.entry(pid).or_default().sort = Some(sort);
    }

    pub(super) fn page(&mut self, pid: Id) {
        if pid != Id::None && self.pages.len() < PAGES_MAX && !self.pages.contains(&pid) {
            self.pages.push(pid);
        }
    }

    /// A process's name for people, with what it shows; empty when the file has none.
    pub(super) fn process_name(&self, pid: Id, builder: &Builder) -> String {
        let text = |id: Option<StringId>| id.map_or("", |id| builder.strings.get(id));
        let Some(process) = self.processes.get(&pid) else { return text_of(pid, builder) };
        match (text(process.name), text(process.labels)) {
            ("", "") => text_of(pid, builder),
            (name, "") => name.to_owned(),
            ("", labels) => labels.to_owned(),
            (name, labels) => format!("{name} ({labels})"),
        }
    }

    /// A thread's name for people.
    pub(super) fn thread_name(&self, row: usize, builder: &Builder) -> String {
        let thread = &self.rows[row];
        let name = builder.strings.get(thread.name);
        match thread.tid {
            _ if !name.is_empty() => name.to_owned(),
            Id::Text(id) => builder.strings.get(id).to_owned(),
            Id::Number(tid) if thread.pid == thread.tid && tid > 0 => "main thread".to_owned(),
            Id::Number(tid) => format!("thread {tid}"),
            Id::None => "thread".to_owned(),
        }
    }

    /// The thread whose stalls people feel: a page's main thread, the thread of Node's event loop.
    ///
    /// In Chrome it is the main thread of the process that the browser names as the page's; among
    /// several, or where none is named, the one that ran scripts longest.
    pub(super) fn main(&self, flavour: Flavour, builder: &Builder) -> Option<usize> {
        let named = |name: &'static str| {
            let id = builder.strings.find(name);
            move |thread: &Thread| id.is_some_and(|id| thread.name == id)
        };
        let best = |is_it: &dyn Fn(&Thread) -> bool| {
            let candidates = self.rows.iter().enumerate().filter(|(_, thread)| is_it(thread));
            candidates.max_by_key(|(row, thread)| (thread.script_ns, std::cmp::Reverse(*row))).map(|(row, _)| row)
        };
        let is_page = |thread: &Thread| self.pages.contains(&thread.pid);
        let is_first = |thread: &Thread| thread.pid == thread.tid && thread.pid != Id::None;
        match flavour {
            Flavour::Chrome => {
                let is_main = named("CrRendererMain");
                best(&|thread| is_page(thread) && is_main(thread))
                    .or_else(|| best(&|thread| is_main(thread)))
                    .or_else(|| best(&|thread| is_page(thread) && is_first(thread)))
                    .or_else(|| best(&|thread| thread.script_ns > 0))
            }
            Flavour::Node => {
                let is_main = named("JavaScriptMainThread");
                best(&|thread| is_main(thread) && is_first(thread))
                    .or_else(|| best(&|thread| is_main(thread)))
                    .or_else(|| best(&|thread| is_first(thread)))
                    .or_else(|| best(&|thread| thread.script_ns > 0))
            }
            Flavour::Other => None,
        }
    }

    /// All rows in the order in which they are shown: the main thread and its process first, then as
    /// the file asks for, then by number.
    pub(super) fn order(&self, main: Option<usize>) -> Vec<usize> {
        let first = main.map(|row| self.rows[row].pid);
        let key = |row: usize| {
            let thread = &self.rows[row];
            let of_process = self.processes.get(&thread.pid).and_then(|process| process.sort).unwrap_or(0);
            let process = (Some(thread.pid) != first, of_process, thread.pid);
            (process, Some(row) != main, thread.sort.unwrap_or(0), thread.tid, row)
        };
        let mut rows: Vec<usize> = (0..self.len()).collect();
        rows.sort_by_cached_key(|&row| key(row));
        rows
    }
}

fn text_of(id: Id, builder: &Builder) -> String {
    match id {
        Id::Text(id) => builder.strings.get(id).to_owned(),
        Id::None | Id::Number(_) => String::new(),
    }
}
