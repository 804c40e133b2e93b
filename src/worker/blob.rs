//! Files of the browser as a [`Source`]: read synchronously, slice by slice.

use std::io;

use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use web_sys::{Blob, FileReaderSync};

use crate::input::Source;

/// Bytes asked of the browser at a time where reading begins: what looks at a head needs no more.
const SLICE_MIN: u64 = 1 << 20;

/// The most bytes asked of the browser at a time. Each question waits for another process: 100 MB
/// took 302 ms in slices of 4 MB and 217 ms in slices of 16 MB.
const SLICE_MAX: u64 = 16 << 20;

/// A blob that is read on demand.
pub(super) struct BlobSource {
    blob: Blob,
    reader: FileReaderSync,
    /// The slice read last and where it begins.
    slice: Uint8Array,
    start: u64,
}

impl BlobSource {
    /// A source over a blob; fails only where there are no synchronous readers, outside workers.
    pub fn new(blob: Blob) -> Result<Self, String> {
        let reader = FileReaderSync::new().map_err(|_| "this browser cannot read files in a worker".to_owned())?;
        Ok(Self { blob, reader, slice: Uint8Array::new_with_length(0), start: 0 })
    }

    fn load(&mut self, offset: u64) -> io::Result<()> {
        let before = u64::from(self.slice.length());
        let goes_on = before > 0 && offset == self.start + before;
        let bytes = if goes_on { (2 * before).clamp(SLICE_MIN, SLICE_MAX) } else { SLICE_MIN };
        let end = (offset + bytes).min(self.size());
        let lost = |_| io::Error::other("the browser lost access to it");
        let part = self.blob.slice_with_f64_and_f64(offset as f64, end as f64).map_err(lost)?;
        let buffer = self.reader.read_as_array_buffer(&part).map_err(lost)?;
        self.slice = Uint8Array::new(buffer.unchecked_ref());
        self.start = offset;
        Ok(())
    }
}

impl Source for BlobSource {
    fn size(&self) -> u64 {
        self.blob.size() as u64
    }

    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if offset >= self.size() {
            return Ok(0);
        }
        let is_inside = offset >= self.start && offset < self.start + u64::from(self.slice.length());
        if !is_inside {
            self.load(offset)?;
        }
        let from = (offset - self.start) as u32;
        let n = (self.slice.length() - from).min(u32::try_from(buf.len()).unwrap_or(u32::MAX));
        self.slice.subarray(from, from + n).copy_to(&mut buf[..n as usize]);
        Ok(n as usize)
    }
}
