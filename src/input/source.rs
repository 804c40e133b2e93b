//! Where bytes come from.

use std::io;

use sha2::{Digest, Sha256};

/// Bytes that can be read at any offset.
pub trait Source {
    /// Size in bytes.
    fn size(&self) -> u64;

    /// Reads into `buf` from `offset` on; 0 at the end.
    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize>;
}

/// A source with its path inside what was dropped.
pub struct Named {
    /// File name, or path inside a folder, with `/`.
    pub name: String,
    /// The bytes.
    pub source: Box<dyn Source>,
}

impl std::fmt::Debug for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Named").field("name", &self.name).field("size", &self.source.size()).finish()
    }
}

/// What opens together as one recording.
pub type Bundle = Vec<Named>;

/// Bytes in memory: pasted text, tests, standard input.
#[derive(Debug, Clone)]
pub struct SliceSource {
    bytes: std::rc::Rc<[u8]>,
}

impl SliceSource {
    /// A source over these bytes.
    pub fn new(bytes: impl Into<std::rc::Rc<[u8]>>) -> Self {
        Self { bytes: bytes.into() }
    }
}

impl Source for SliceSource {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.bytes.len());
        let n = buf.len().min(self.bytes.len() - start);
        buf[..n].copy_from_slice(&self.bytes[start..start + n]);
        Ok(n)
    }
}

/// A file on the disk.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug)]
pub struct FileSource {
    file: std::fs::File,
    size: u64,
}

#[cfg(not(target_arch = "wasm32"))]
impl FileSource {
    /// Opens a file.
    pub fn open(path: &std::path::Path) -> io::Result<Self> {
        let file = std::fs::File::open(path)?;
        let size = file.metadata()?.len();
        Ok(Self { file, size })
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Source for FileSource {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        use std::io::{Read, Seek};
        self.file.seek(io::SeekFrom::Start(offset))?;
        self.file.read(buf)
    }
}

const EDGE_BYTES: u64 = 1 << 20;

/// SHA-256 over the size (64-bit little-endian), the first and the last MiB, in lower-case hex:
/// tells files apart without a pass over them.
pub fn fingerprint(source: &mut dyn Source) -> io::Result<String> {
    let size = source.size();
    let mut hash = Sha256::new();
    hash.update(size.to_le_bytes());
    hash_range(source, 0, size.min(EDGE_BYTES), &mut hash)?;
    hash_range(source, size.saturating_sub(EDGE_BYTES), size, &mut hash)?;
    Ok(data_encoding::HEXLOWER.encode(&hash.finalize()))
}

fn hash_range(source: &mut dyn Source, from: u64, to: u64, hash: &mut Sha256) -> io::Result<()> {
    let mut buf = vec![0; 64 << 10];
    let mut at = from;
    while at < to {
        let want = usize::try_from(to - at).unwrap_or(buf.len()).min(buf.len());
        let n = source.read_at(at, &mut buf[..want])?;
        if n == 0 {
            return Ok(());
        }
        hash.update(&buf[..n]);
        at += n as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_tell_sizes_and_ends_apart() {
        let print = |bytes: Vec<u8>| fingerprint(&mut SliceSource::new(bytes)).expect("memory can be read");
        let mut big = vec![7; (EDGE_BYTES as usize) * 3];
        let before = print(big.clone());
        let last = big.len() - 1;
        big[last] = 8;
        assert_ne!(print(big), before);
        assert_ne!(print(vec![]), print(vec![0]));
        assert_eq!(print(vec![]).len(), 64);
    }
}
