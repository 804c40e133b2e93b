//! One opening under watch: panics are caught, time is limited, memory is measured.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use peak_alloc::PeakAlloc;

/// Counts what the whole program holds: only one opening is under way at a time.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// A thousand times what an opening takes: only what never ends takes as long.
const PATIENCE: Duration = Duration::from_secs(20);
/// The stack of a worker in the browser. Deep content must not go deep here.
const STACK_BYTES: usize = 1 << 20;

/// How an opening ended.
pub(crate) struct Ended<T> {
    /// What it gave.
    pub(crate) outcome: T,
    /// Most memory that it held at once, the file's own bytes included.
    pub(crate) peak_bytes: usize,
    /// Most memory that what ran [`aside`] held besides.
    pub(crate) aside_bytes: usize,
}

/// Most that was held before and while something ran aside.
static BEFORE_ASIDE: AtomicUsize = AtomicUsize::new(0);
static ASIDE: AtomicUsize = AtomicUsize::new(0);

/// Does something whose memory is counted apart: pictures are bounded by the screen and not by the
/// file. Called from the watched thread.
pub(crate) fn aside<T>(work: impl FnOnce() -> T) -> T {
    BEFORE_ASIDE.fetch_max(MEMORY.peak_usage(), Ordering::Relaxed);
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let done = work();
    ASIDE.fetch_max(MEMORY.peak_usage().saturating_sub(before), Ordering::Relaxed);
    MEMORY.reset_peak_usage();
    done
}

/// A thread that opens one file after the other.
pub(crate) struct Watched<T> {
    work: Sender<Vec<u8>>,
    done: Receiver<Result<Ended<T>, String>>,
}

impl<T: Send + 'static> Watched<T> {
    /// Starts a thread that does `open` with all that it is given.
    pub(crate) fn new(open: fn(Vec<u8>) -> T) -> Self {
        let (work, todo) = channel::<Vec<u8>>();
        let (tell, done) = channel();
        let run = move || {
            for bytes in todo {
                let before = MEMORY.current_usage() - bytes.capacity();
                MEMORY.reset_peak_usage();
                let outcome = catch_unwind(AssertUnwindSafe(|| open(bytes)));
                let peak = MEMORY.peak_usage().max(BEFORE_ASIDE.swap(0, Ordering::Relaxed));
                let peak_bytes = peak.saturating_sub(before);
                let aside_bytes = ASIDE.swap(0, Ordering::Relaxed);
                let ended =
                    outcome.map(|outcome| Ended { outcome, peak_bytes, aside_bytes }).map_err(|panic| words(&*panic));
                if tell.send(ended).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().stack_size(STACK_BYTES).spawn(run).expect("a thread can be started");
        Self { work, done }
    }

    /// Opens `bytes`.
    ///
    /// # Errors
    /// A panic, or no end.
    pub(crate) fn open(&self, bytes: Vec<u8>) -> Result<Ended<T>, String> {
        self.work.send(bytes).map_err(|_| "the thread is gone".to_owned())?;
        match self.done.recv_timeout(PATIENCE) {
            Ok(ended) => ended,
            Err(RecvTimeoutError::Timeout) => Err(format!("no end after {} s", PATIENCE.as_secs())),
            Err(RecvTimeoutError::Disconnected) => Err("the thread is gone".to_owned()),
        }
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|t| (*t).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panic: {}", text.unwrap_or_else(|| "without words".to_owned()))
}
