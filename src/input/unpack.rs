//! Layers that are peeled off before a format sees a byte: gzip, zlib, zstd, UTF-16.
//!
//! A damaged or cut layer ends the stream where the damage starts and leaves a note: the decoder
//! decides whether what came before is worth showing.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::rc::Rc;

use flate2::bufread::{GzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;

use crate::model::Note;

/// Deepest packing that is opened; a file packed more often is refused by detection.
const LAYERS_MAX: usize = 3;
const BUFFER_BYTES: usize = 64 << 10;

/// Notes that the layers leave behind.
pub(super) type Notes = Rc<RefCell<Vec<Note>>>;

type Boxed = Box<dyn Read>;
type Buffered = BufReader<Chain<Cursor<Vec<u8>>, Boxed>>;

/// The innermost content and the names of the layers around it, outermost first.
pub(super) fn unpack(raw: Boxed, notes: &Notes) -> io::Result<(Boxed, Vec<&'static str>)> {
    let mut layers = Vec::new();
    let mut stream = raw;
    loop {
        let (head, rest) = peek(stream, 16)?;
        let layer = if layers.len() < LAYERS_MAX { layer_of(&head) } else { None };
        let again = Cursor::new(head).chain(rest);
        let Some(layer) = layer else { return Ok((Box::new(again), layers)) };
        let buffered = BufReader::with_capacity(BUFFER_BYTES, again);
        stream = match layer {
            "gzip" => Box::new(Gzip::new(buffered, Rc::clone(notes))),
            "zlib" => match zlib(buffered, notes)? {
                Ok(inflated) => inflated,
                Err(plain) => return Ok((plain, layers)),
            },
            "zstd" => Box::new(Zstd::new(buffered, Rc::clone(notes))),
            "UTF-8 mark" => Box::new(skip(buffered, 3)?),
            "UTF-16LE" => Box::new(Utf16::new(skip(buffered, 2)?, u16::from_le_bytes)),
            _ => Box::new(Utf16::new(skip(buffered, 2)?, u16::from_be_bytes)),
        };
        layers.push(layer);
    }
}

fn layer_of(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x1f, 0x8b, 0x08, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        // Skippable frames may come first in a zstd file.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some("zstd"),
        [0x78, level @ (0x01 | 0x5e | 0x9c | 0xda), ..] if (0x7800 + u32::from(*level)) % 31 == 0 => Some("zlib"),
        [0xef, 0xbb, 0xbf, ..] => Some("UTF-8 mark"),
        [0xff, 0xfe, ..] => Some("UTF-16LE"),
        [0xfe, 0xff, ..] => Some("UTF-16BE"),
        _ => None,
    }
}

fn peek(mut stream: Boxed, n: usize) -> io::Result<(Vec<u8>, Boxed)> {
    let mut head = Vec::with_capacity(n);
    stream.by_ref().take(n as u64).read_to_end(&mut head)?;
    Ok((head, stream))
}

fn skip(mut stream: Buffered, n: usize) -> io::Result<Buffered> {
    let mut mark = vec![0; n];
    stream.read_exact(&mut mark)?;
    Ok(stream)
}

fn note(notes: &Notes, code: &str, text: String) {
    notes.borrow_mut().push(Note { code: code.to_owned(), count: 1, text });
}

/// Reports how a layer ended early and ends the stream there.
fn damage(notes: &Notes, layer: &str, at: u64, error: &io::Error) {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        note(notes, "packed-cut", format!("The {layer} stream is cut short; {at} bytes could be unpacked."));
    } else if error.to_string().contains("checksum") {
        note(notes, "packed-checksum", format!("The {layer} checksum does not match; the content may be damaged."));
    } else {
        note(notes, "packed-damaged", format!("The {layer} stream is damaged after {at} unpacked bytes: {error}."));
    }
}

/// All members of a gzip file, one after the other.
struct Gzip {
    member: Option<GzDecoder<Buffered>>,
    notes: Notes,
    at: u64,
}

impl Gzip {
    fn new(stream: Buffered, notes: Notes) -> Self {
        Self { member: Some(GzDecoder::new(stream)), notes, at: 0 }
    }

    fn next_member(&mut self) -> io::Result<()> {
        let Some(done) = self.member.take() else { return Ok(()) };
        let mut rest = done.into_inner();
        let head = rest.fill_buf()?;
        if head.is_empty() {
            return Ok(());
        }
        // A member's magic may lie across two reads; a lone first byte is enough to go on with.
        if head[0] == 0x1f && head.get(1).is_none_or(|&b| b == 0x8b) {
            self.member = Some(GzDecoder::new(rest));
        } else if head.iter().any(|&b| b != 0) {
            note(&self.notes, "packed-trailing", "Bytes after the end of the gzip stream were ignored.".into());
        }
        Ok(())
    }
}

impl Read for Gzip {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            match member.read(buf) {
                Ok(0) if !buf.is_empty() => self.next_member()?,
                Ok(n) => {
                    self.at += n as u64;
                    return Ok(n);
                }
                Err(error) => {
                    damage(&self.notes, "gzip", self.at, &error);
                    self.member = None;
                }
            }
        }
        Ok(0)
    }
}

/// A zlib stream, or the same bytes as they were when they do not inflate: text may begin with `x`.
fn zlib(stream: Buffered, notes: &Notes) -> io::Result<Result<Boxed, Boxed>> {
    let (head, rest) = peek(Box::new(stream), 4096)?;
    let mut probe = [0; 64];
    // Printable text can inflate to a few bytes of nonsense before it fails; packed bytes are never printable.
    let is_text = head.iter().take(512).all(|&b| b >= 0x20 || matches!(b, b'\t' | b'\n' | b'\r'));
    let inflates = !is_text && ZlibDecoder::new(&head[..]).read(&mut probe).is_ok_and(|n| n > 0);
    let again = Cursor::new(head).chain(rest);
    if !inflates {
        return Ok(Err(Box::new(again)));
    }
    let decoder = ZlibDecoder::new(BufReader::with_capacity(BUFFER_BYTES, again));
    Ok(Ok(Box::new(Ending { inner: decoder, layer: "zlib", notes: Rc::clone(notes), at: 0, ended: false })))
}

/// Turns the first error of a stream into a note and its end.
struct Ending<R> {
    inner: R,
    layer: &'static str,
    notes: Notes,
    at: u64,
    ended: bool,
}

impl<R: Read> Read for Ending<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        match self.inner.read(buf) {
            Ok(n) => {
                self.at += n as u64;
                Ok(n)
            }
            Err(error) => {
                damage(&self.notes, self.layer, self.at, &error);
                self.ended = true;
                Ok(0)
            }
        }
    }
}

/// All frames of a zstd file.
struct Zstd {
    frame: Option<StreamingDecoder<Buffered, ruzstd::decoding::FrameDecoder>>,
    waiting: Option<Buffered>,
    notes: Notes,
    at: u64,
}

impl Zstd {
    fn new(stream: Buffered, notes: Notes) -> Self {
        Self { frame: None, waiting: Some(stream), notes, at: 0 }
    }

    /// Starts the next frame; false at the end.
    fn next_frame(&mut self) -> io::Result<bool> {
        let Some(mut stream) = self.waiting.take() else { return Ok(false) };
        loop {
            let (head, rest) = peek(Box::new(stream), 8)?;
            let skippable = matches!(head[..], [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
            let again = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(head.clone()).chain(rest));
            if head.is_empty() {
                return Ok(false);
            }
            if skippable && head.len() == 8 {
                let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
                stream = again;
                io::copy(&mut stream.by_ref().take(u64::from(length) + 8), &mut io::sink())?;
                continue;
            }
            if head.len() < 4 || head[..4] != [0x28, 0xb5, 0x2f, 0xfd] {
                note(&self.notes, "packed-trailing", "Bytes after the end of the zstd stream were ignored.".into());
                return Ok(false);
            }
            match StreamingDecoder::new(again) {
                Ok(decoder) => self.frame = Some(decoder),
                Err(error) => {
                    damage(&self.notes, "zstd", self.at, &io::Error::other(error.to_string()));
                    return Ok(false);
                }
            }
            return Ok(true);
        }
    }
}

impl Read for Zstd {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(frame) = &mut self.frame else {
                if self.next_frame()? {
                    continue;
                }
                return Ok(0);
            };
            match frame.read(buf) {
                Ok(0) if !buf.is_empty() => {
                    self.waiting = self.frame.take().map(StreamingDecoder::into_inner);
                }
                Ok(n) => {
                    self.at += n as u64;
                    return Ok(n);
                }
                Err(error) => {
                    damage(&self.notes, "zstd", self.at, &error);
                    self.frame = None;
                }
            }
        }
    }
}

/// UTF-16 to UTF-8; unpaired surrogates become U+FFFD.
struct Utf16<R> {
    inner: R,
    unit: fn([u8; 2]) -> u16,
    /// A high surrogate that waits for its partner.
    high: Option<u16>,
    out: Vec<u8>,
    at: usize,
}

impl<R: Read> Utf16<R> {
    fn new(inner: R, unit: fn([u8; 2]) -> u16) -> Self {
        Self { inner, unit, high: None, out: Vec::new(), at: 0 }
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut raw = Vec::with_capacity(BUFFER_BYTES);
        self.inner.by_ref().take(BUFFER_BYTES as u64).read_to_end(&mut raw)?;
        self.out.clear();
        self.at = 0;
        let units: Vec<u16> =
            self.high.take().into_iter().chain(raw.chunks_exact(2).map(|c| (self.unit)([c[0], c[1]]))).collect();
        let (now, later) = match units.split_last() {
            Some((&last, before)) if (0xd800..0xdc00).contains(&last) && !raw.is_empty() => (before, Some(last)),
            _ => (&units[..], None),
        };
        self.high = later;
        for decoded in char::decode_utf16(now.iter().copied()) {
            let c = decoded.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at == self.out.len() {
            self.refill()?;
            if self.out.is_empty() && self.high.is_some() {
                self.refill()?;
            }
        }
        let n = buf.len().min(self.out.len() - self.at);
        buf[..n].copy_from_slice(&self.out[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use std::io::Write;

    fn all(bytes: Vec<u8>) -> (String, Vec<&'static str>, Vec<Note>) {
        let notes = Notes::default();
        let (mut stream, layers) = unpack(Box::new(Cursor::new(bytes)), &notes).expect("memory can be read");
        let mut out = Vec::new();
        stream.read_to_end(&mut out).expect("damage is a note, not an error");
        let notes = notes.borrow().clone();
        (String::from_utf8(out).expect("the tests write text"), layers, notes)
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).expect("memory can be written");
        encoder.finish().expect("memory can be written")
    }

    #[test]
    fn gzip_of_two_members() {
        let mut bytes = gzip("hello ");
        bytes.extend(gzip("world"));
        assert_eq!(all(bytes), ("hello world".into(), vec!["gzip"], vec![]));
    }

    #[test]
    fn a_cut_stream_is_noted() {
        let mut bytes = gzip("hello");
        bytes.truncate(bytes.len() - 5);
        let (text, _, notes) = all(bytes);
        assert_eq!(text, "hello");
        assert_eq!(notes[0].code, "packed-cut");
    }

    #[test]
    fn a_wrong_checksum_and_trailing_bytes_are_noted() {
        let mut bytes = gzip("hello");
        let crc = bytes.len() - 8;
        bytes[crc] ^= 0xff;
        let (text, _, notes) = all(bytes);
        assert_eq!((text.as_str(), notes[0].code.as_str()), ("hello", "packed-checksum"));
        let mut bytes = gzip("hello");
        bytes.extend(b"tail");
        let (text, _, notes) = all(bytes);
        assert_eq!((text.as_str(), notes[0].code.as_str()), ("hello", "packed-trailing"));
    }

    #[test]
    fn zlib_and_text_that_looks_like_it() {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"inside").expect("memory can be written");
        assert_eq!(all(encoder.finish().expect("memory can be written")).0, "inside");
        assert_eq!(all(b"x^2;power 3\n".to_vec()), ("x^2;power 3\n".into(), vec![], vec![]));
    }

    #[test]
    fn utf16_of_both_orders() {
        let text = "a;б;😀 3\n";
        for (mark, order) in [([0xff, 0xfe], u16::to_le_bytes as fn(u16) -> [u8; 2]), ([0xfe, 0xff], u16::to_be_bytes)]
        {
            let mut bytes = mark.to_vec();
            text.encode_utf16().for_each(|u| bytes.extend(order(u)));
            assert_eq!(all(bytes).0, text);
        }
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(all(vec![]), (String::new(), vec![], vec![]));
    }
}
