//! The files that are opened: written once by the generator, then kept.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    CpuProfile,
    Folded,
    /// Packed; its size is that of the content.
    Pprof,
    ChromeTrace,
    HeapProfile,
    HeapSnapshot,
    ProfLog,
}

impl Kind {
    fn format(self) -> &'static str {
        match self {
            Kind::CpuProfile => "cpuprofile",
            Kind::Folded => "folded",
            Kind::Pprof => "pprof",
            Kind::ChromeTrace => "chrome-trace",
            Kind::HeapProfile => "heapprofile",
            Kind::HeapSnapshot => "heapsnapshot",
            Kind::ProfLog => "prof-log",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Kind::CpuProfile => "cpuprofile",
            Kind::Folded => "folded",
            Kind::Pprof => "pb.gz",
            Kind::ChromeTrace => "json",
            Kind::HeapProfile => "heapprofile",
            Kind::HeapSnapshot => "heapsnapshot",
            Kind::ProfLog => "log",
        }
    }
}

/// Where inputs are kept, and what writes them.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    folder: PathBuf,
    generator: PathBuf,
}

impl Inputs {
    pub(crate) fn new(out: &Path) -> Inputs {
        Inputs { folder: out.join("inputs"), generator: out.join("generate") }
    }

    /// A file of so many million bytes (of content, where it is packed), written unless it is there.
    /// One newer generator makes all files anew.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) fn file(&self, kind: Kind, mb: f64) -> Result<PathBuf, String> {
        let path = self.folder.join(format!("{}-{mb}mb.{}", kind.format(), kind.ending()));
        if is_newer(&path, &self.generator) {
            return Ok(path);
        }
        let failed = |e: io::Error| format!("{} cannot be written: {e}", path.display());
        fs::create_dir_all(&self.folder).map_err(failed)?;
        let plain = self.folder.join("unfinished");
        let size = format!("{}", (mb * 1e6) as u64);
        let run = Command::new(&self.generator)
            .args(["--format", kind.format(), "--seed", "1", "--size", &size, "--out"])
            .arg(&plain)
            .output();
        let run = run.map_err(|e| format!("the generator cannot be started: {e}"))?;
        if !run.status.success() {
            return Err(format!("the generator failed: {}", String::from_utf8_lossy(&run.stderr).trim()));
        }
        if kind == Kind::Pprof {
            let packed = self.folder.join("unfinished.gz");
            pack(&plain, &packed).map_err(failed)?;
            fs::rename(&packed, &path).map_err(failed)?;
            fs::remove_file(&plain).map_err(failed)?;
        } else {
            fs::rename(&plain, &path).map_err(failed)?;
        }
        Ok(path)
    }
}

fn is_newer(file: &Path, than: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    match (time(file), time(than)) {
        (Some(file), Some(than)) => file >= than,
        _ => false,
    }
}

fn pack(plain: &Path, packed: &Path) -> io::Result<()> {
    let mut encoder = GzEncoder::new(BufWriter::new(File::create(packed)?), Compression::default());
    io::copy(&mut BufReader::with_capacity(1 << 20, File::open(plain)?), &mut encoder)?;
    encoder.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_data()
}

/// Size of a file in millions of bytes.
pub(crate) fn megabytes(file: &Path) -> f64 {
    fs::metadata(file).map_or(0.0, |data| data.len() as f64 / 1e6)
}

/// Reads a file to its end, so that nobody is charged for the disk.
pub(crate) fn warm(file: &Path) {
    if let Ok(mut file) = File::open(file) {
        let _ = io::copy(&mut file, &mut io::sink());
    }
}
