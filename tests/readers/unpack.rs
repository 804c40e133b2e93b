//! Peels gzip (several members too), zlib and zstd off a file.

use std::io::Read;
use std::path::Path;

/// The content of `file` without its containers.
///
/// # Errors
/// Says what could not be read.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
    while let Some(inner) = peel(&bytes)? {
        bytes = inner;
    }
    Ok(bytes)
}

fn peel(bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
    match bytes {
        [0x1f, 0x8b, ..] => gunzip(bytes).map(Some),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(bytes).map_err(|e| format!("zstd: {e}"))?;
            all_of(decoder).map(Some)
        }
        [0x78, second, ..] if (0x78 * 256 + u32::from(*second)).is_multiple_of(31) => {
            Ok(all_of(flate2::bufread::ZlibDecoder::new(bytes)).ok())
        }
        _ => Ok(None),
    }
}

/// Every member in turn; bytes after the last one that start no member are padding.
fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while rest.starts_with(&[0x1f, 0x8b]) {
        let mut member = flate2::bufread::GzDecoder::new(rest);
        member.read_to_end(&mut out).map_err(|e| format!("gzip: {e}"))?;
        rest = member.into_inner();
    }
    Ok(out)
}

fn all_of(mut reader: impl Read) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    reader.read_to_end(&mut out).map_err(|e| e.to_string())?;
    Ok(out)
}

/// The content as text: UTF-8 with or without a byte order mark, UTF-16 by its mark; what is neither
/// becomes U+FFFD.
pub(crate) fn text(bytes: &[u8]) -> String {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}
