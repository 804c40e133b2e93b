//! A sliding window over the unpacked content of one file.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::rc::Rc;

use super::unpack::{Notes, unpack};
use super::{Limits, Source};
use crate::error::{Error, Result};
use crate::model::Note;
use crate::model::grow_ahead;

/// Told how many bytes of the file were read so far, before unpacking.
pub type Report = Rc<dyn Fn(u64)>;

/// Bytes asked for at a time. Large enough that a blob is read at full speed, small beside the tables.
const READ_BYTES: usize = 1 << 20;

/// Forward reading with look-ahead. The unread bytes in the window are [`Window::data`]; a decoder
/// consumes some and asks for more. Offsets count unpacked bytes from the start of the content.
pub struct Window {
    stream: Box<dyn Read>,
    buf: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset of `buf[0]`.
    base: u64,
    ended: bool,
    /// The true end of what is in memory while only a part of it may be seen.
    fenced: Option<usize>,
    layers: Vec<&'static str>,
    notes: Notes,
    unpacked_max: u64,
    token_max: usize,
    /// Decoders and readers that need the limits find them here.
    pub limits: Limits,
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window").field("position", &self.position()).field("layers", &self.layers).finish()
    }
}

impl Window {
    /// Opens a source and peels its layers off.
    pub fn open(source: Box<dyn Source>, limits: &Limits, report: Option<Report>) -> Result<Self> {
        let size = source.size();
        let notes: Notes = Rc::new(RefCell::new(Vec::new()));
        let raw = Forward { source, at: 0, report, told: Cell::new(0) };
        let (stream, layers) = unpack(Box::new(raw), &notes).map_err(|e| unreadable(0, &e))?;
        let unpacked_max = if layers.is_empty() { u64::MAX } else { limits.unpacked_max(size) };
        Ok(Self {
            stream,
            buf: Vec::new(),
            start: 0,
            end: 0,
            base: 0,
            ended: false,
            fenced: None,
            layers,
            notes,
            unpacked_max,
            token_max: limits.token_bytes_max,
            limits: limits.clone(),
        })
    }

    /// A window over bytes in memory, for tests and small texts.
    pub fn over(bytes: &[u8]) -> Self {
        Self::open(Box::new(super::SliceSource::new(bytes)), &Limits::default(), None).expect("memory can be read")
    }

    /// The unread bytes that are in memory.
    #[inline]
    pub fn data(&self) -> &[u8] {
        &self.buf[self.start..self.end]
    }

    /// Marks the first `n` unread bytes as read.
    #[inline]
    pub fn consume(&mut self, n: usize) {
        debug_assert!(n <= self.end - self.start, "only what is in the window can be consumed");
        self.start = (self.start + n).min(self.end);
    }

    /// Offset of the first unread byte, in unpacked bytes.
    #[inline]
    pub fn position(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Reads more behind the unread bytes, which keep their contents but may move. False at the end.
    pub fn fill(&mut self) -> Result<bool> {
        if self.ended || self.fenced.is_some() {
            return Ok(false);
        }
        self.make_room()?;
        self.check_memory()?;
        // For the tables of what is read next.
        grow_ahead();
        let n = self.read_some()?;
        self.end += n;
        self.ended = n == 0;
        if self.base + self.end as u64 > self.unpacked_max {
            return Err(Error::whole(
                format!(
                    "unpacks to more than {} bytes, which is more than a profile of its size holds",
                    self.unpacked_max
                ),
                "If it is a real profile, unpack it first and open the result.",
            ));
        }
        Ok(n > 0)
    }

    /// Tries to have at least `n` unread bytes; fewer only at the end.
    pub fn want(&mut self, n: usize) -> Result<&[u8]> {
        while self.end - self.start < n && self.fill()? {}
        Ok(self.data())
    }

    /// Until [`Window::unfence`], the content ends behind the first `n` unread bytes, which are in
    /// memory: a line is read as a document of its own.
    pub fn fence(&mut self, n: usize) {
        debug_assert!(self.fenced.is_none() && n <= self.end - self.start, "a part of what is in the window");
        self.fenced = Some(self.end);
        self.end = self.end.min(self.start + n);
    }

    /// Shows what is behind the fence again, and passes what is left before it.
    pub fn unfence(&mut self) {
        if let Some(end) = self.fenced.take() {
            self.start = self.end;
            self.end = end;
        }
    }

    /// Whether everything was read.
    pub fn is_at_end(&mut self) -> Result<bool> {
        Ok(self.want(1)?.is_empty())
    }

    /// The layers that were peeled off, outermost first.
    pub fn layers(&self) -> &[&'static str] {
        &self.layers
    }

    /// What the layers had to report so far: cut, damaged, trailing bytes.
    pub fn notes(&self) -> Vec<Note> {
        self.notes.borrow().clone()
    }

    /// Whether a layer ended before its end, so that the content is only a first part.
    pub fn is_cut(&self) -> bool {
        self.notes.borrow().iter().any(|n| n.code == "packed-cut" || n.code == "packed-damaged")
    }

    fn make_room(&mut self) -> Result<()> {
        if self.start > 0 {
            self.buf.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        if self.end >= self.token_max {
            return Err(Error::at(
                self.position(),
                format!("a single name or number is longer than {} bytes", self.token_max),
                "The file is probably not what its beginning promises.",
            ));
        }
        // Unread bytes are at most what was read, so doubling follows the file and not a length field.
        let want = (self.end + READ_BYTES / 4).max(READ_BYTES.min(self.end * 2));
        if self.buf.len() < want {
            // Zeroed by the allocator, which costs nothing, where growing in place would write every byte.
            let mut larger = vec![0; want.max(2 * self.buf.len()).max(64 << 10)];
            larger[..self.end].copy_from_slice(&self.buf[..self.end]);
            self.buf = larger;
        }
        Ok(())
    }

    /// Ends the reading while there is still memory to say so.
    fn check_memory(&self) -> Result<()> {
        let Some(memory) = self.limits.memory else { return Ok(()) };
        if (memory.used)() <= memory.max {
            return Ok(());
        }
        let read = self.base + self.end as u64;
        Err(Error::at(
            read,
            format!(
                "it holds more than fits into {} MB of memory: they are full after {} MB of it",
                memory.max / 1_000_000,
                read / 1_000_000
            ),
            "`culprit summary` on the command line has no such limit; a shorter recording or fewer samples per second make a smaller file.",
        ))
    }

    fn read_some(&mut self) -> Result<usize> {
        let offset = self.base + self.end as u64;
        loop {
            match self.stream.read(&mut self.buf[self.end..]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(unreadable(offset, &e)),
                Ok(n) => return Ok(n),
            }
        }
    }
}

fn unreadable(offset: u64, error: &io::Error) -> Error {
    Error::at(
        offset,
        format!("the file could not be read any further ({error})"),
        "It may have changed or moved since it was opened: drop it again.",
    )
}

/// A source read from its start on.
struct Forward {
    source: Box<dyn Source>,
    at: u64,
    report: Option<Report>,
    told: Cell<u64>,
}

/// Bytes between two reports of progress.
const REPORT_BYTES: u64 = 1 << 20;

impl Read for Forward {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read_at(self.at, buf)?;
        self.at += n as u64;
        if let Some(report) = &self.report
            && (self.at - self.told.get() >= REPORT_BYTES || n == 0)
        {
            self.told.set(self.at);
            report(self.at);
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Memory;

    #[test]
    fn slides_over_a_large_source() {
        let bytes: Vec<u8> = (0..5_000_000u32).map(|i| (i % 251) as u8).collect();
        let mut window = Window::over(&bytes);
        let mut seen = 0usize;
        while !window.want(7).expect("memory can be read").is_empty() {
            let n = window.data().len().min(70_001);
            assert_eq!(window.data()[..n], bytes[seen..seen + n]);
            window.consume(n);
            seen += n;
            assert_eq!(window.position(), seen as u64);
        }
        assert_eq!(seen, bytes.len());
        assert!(window.buf.len() <= 2 << 20);
    }

    #[test]
    fn a_fence_hides_what_is_behind_it() {
        let mut window = Window::over(b"first\nsecond");
        window.want(5).expect("memory can be read");
        window.fence(5);
        assert_eq!(window.data(), b"first");
        window.consume(2);
        assert_eq!(window.want(9).expect("memory can be read"), b"rst");
        window.unfence();
        assert_eq!((window.data(), window.position()), (&b"\nsecond"[..], 5));
    }

    #[test]
    fn memory_that_is_full_is_told_in_time() {
        thread_local! { static USED: Cell<u64> = const { Cell::new(0) } }
        let memory = Memory { used: || USED.get(), max: 5_000_000 };
        let limits = Limits { memory: Some(memory), ..Limits::default() };
        let source = Box::new(crate::input::SliceSource::new(vec![b'x'; 9_000_000]));
        let mut window = Window::open(source, &limits, None).expect("memory can be read");
        let error = loop {
            // What is read is kept, twice.
            let n = window.data().len();
            USED.set(USED.get() + 2 * n as u64);
            window.consume(n);
            match window.fill() {
                Ok(goes_on) => assert!(goes_on, "18 MB do not fit into 5"),
                Err(error) => break error,
            }
        };
        assert!(error.problem.contains("full after 2 MB") || error.problem.contains("full after 3 MB"), "{error}");
        assert!(error.remedy.contains("culprit summary"), "{error}");
    }

    #[test]
    fn a_bomb_is_refused() {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let zeros = vec![b' '; 1 << 20];
        for _ in 0..80 {
            encoder.write_all(&zeros).expect("memory can be written");
        }
        let packed = encoder.finish().expect("memory can be written");
        let mut window = Window::over(&packed);
        let error = loop {
            match window.fill() {
                Ok(true) => {
                    let n = window.data().len();
                    window.consume(n);
                }
                Ok(false) => panic!("80 MiB from {} bytes should be refused", packed.len()),
                Err(e) => break e,
            }
        };
        assert!(error.problem.contains("unpacks to more than"), "{error}");
    }
}
