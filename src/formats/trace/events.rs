//! Events while they are read: columns, and their order by thread and time.

use crate::model::{Column, StringId};

/// Events of one kind, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Events {
    thread: Column<u32>,
    at: Column<i64>,
    extra: Column<i64>,
    name: Column<StringId>,
    category: Column<StringId>,
    labels: Column<u32>,
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    /// Row of the thread that it is written under.
    pub(super) thread: u32,
    /// When, nanoseconds on the file's clock.
    pub(super) at: i64,
    /// What its kind needs: a length, or a key.
    pub(super) extra: i64,
    /// Its name.
    pub(super) name: StringId,
    /// Its categories, as one text.
    pub(super) category: StringId,
    /// Row of its labels.
    pub(super) labels: u32,
}

impl Events {
    pub(super) fn len(&self) -> usize {
        self.at.len()
    }

    pub(super) fn push(&mut self, event: Event) -> u32 {
        let row = u32::try_from(self.len()).expect("4 billion events do not fit into memory");
        self.thread.push(event.thread);
        self.at.push(event.at);
        self.extra.push(event.extra);
        self.name.push(event.name);
        self.category.push(event.category);
        self.labels.push(event.labels);
        row
    }

    pub(super) fn get(&self, row: u32) -> Event {
        let row = row as usize;
        Event {
            thread: self.thread.get(row),
            at: self.at.get(row),
            extra: self.extra.get(row),
            name: self.name.get(row),
            category: self.category.get(row),
            labels: self.labels.get(row),
        }
    }

    #[inline]
    pub(super) fn at(&self, row: u32) -> i64 {
        self.at.get(row as usize)
    }

    #[inline]
    pub(super) fn extra(&self, row: u32) -> i64 {
        self.extra.get(row as usize)
    }

    pub(super) fn set_extra(&mut self, row: u32, extra: i64) {
        self.extra.set(row as usize, extra);
    }

    pub(super) fn set_labels(&mut self, row: u32, labels: u32) {
        self.labels.set(row as usize, labels);
    }

    /// All moments in the order of the file.
    pub(super) fn moments(&self) -> impl Iterator<Item = i64> + '_ {
        self.at.iter()
    }

    /// The rows of each thread for which `keep` holds, in the order of the file.
    pub(super) fn by_thread(&self, threads: usize, mut keep: impl FnMut(i64) -> bool) -> Lists {
        let mut starts = vec![0u32; threads + 1];
        let kept = || self.thread.iter().zip(self.at.iter());
        for (thread, _) in kept().filter(|(_, at)| keep(*at)) {
            starts[thread as usize + 1] += 1;
        }
        for thread in 0..threads {
            starts[thread + 1] += starts[thread];
        }
        let mut rows = vec![0u32; starts[threads] as usize];
        let mut next = starts.clone();
        for (row, (thread, _)) in kept().enumerate().filter(|(_, (_, at))| keep(*at)) {
            let place = &mut next[thread as usize];
            rows[*place as usize] = row as u32;
            *place += 1;
        }
        Lists { rows, starts }
    }
}

/// Rows of events, thread by thread.
#[derive(Debug)]
pub(super) struct Lists {
    rows: Vec<u32>,
    starts: Vec<u32>,
}

impl Lists {
    /// The rows of a thread.
    pub(super) fn of(&mut self, thread: usize) -> &mut [u32] {
        &mut self.rows[self.starts[thread] as usize..self.starts[thread + 1] as usize]
    }

    /// Whether a thread has none.
    pub(super) fn is_empty(&self, thread: usize) -> bool {
        self.starts[thread] == self.starts[thread + 1]
    }
}
