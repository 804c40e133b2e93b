//! Formats: one file each, the registry [`FORMATS`], and [`open`]: unpack, detect, decode.
//!
//! A format knows the model and the input, never another format and never a view. Adding one is a
//! file with `FORMAT` and its line in the registry.

use crate::error::{Error, Result};
use crate::input::{Bundle, Limits, Named, Report, SliceSource, Window, fingerprint};
use crate::maps::Maps;
use crate::model::SortFew as _;
use crate::model::vocab::FormatInfo;
use crate::model::{Builder, Origin, Recording};

pub mod autocannon;
pub mod clinic;
mod common;
pub mod cpuprofile;
pub mod folded;
pub mod heapprofile;
pub mod heapsnapshot;
pub mod k6;
pub mod node_report;
pub mod perf_hooks;
pub mod pprof;
pub mod prof;
pub mod trace;
pub mod zerox;

/// How sure a format is that a file is its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It is not.
    No,
    /// It may be, for this reason; any `Yes` is stronger. Text formats answer at most this.
    Maybe(String),
    /// It is, for this reason, as it is told to people: `starts with "nodes", "samples": V8 CPU profile`.
    Yes(String),
}

/// What detection may look at.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The file's name. It may break a doubt, it never decides alone.
    pub name: &'a str,
    /// The first bytes after unpacking, at least 64 KiB where there are as many.
    pub bytes: &'a [u8],
    /// Whether `bytes` is the whole content.
    pub is_whole: bool,
}

/// Whether a decoder can read forward only or needs to jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// One pass from the start.
    Forward,
    /// Reads at offsets.
    Random,
}

/// A format that can be opened.
pub struct Format {
    /// Stable; appears in addresses, fixtures and messages.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Who writes it.
    pub tools: &'static [&'static str],
    /// Usual endings of file names, without the dot.
    pub extensions: &'static [&'static str],
    /// Commands that record such a file.
    pub recipes: &'static [Recipe],
    /// How it is read.
    pub access: Access,
    /// Looks at a head, allocates little, never reads on.
    pub detect: fn(&Head<'_>) -> Fit,
    /// Its decoder; `None` in a program that does not carry it, see [`in_full`].
    pub decode: Option<Decode>,
}

/// Reads one file into the builder: interns, notes, and adds what it holds: profiles, a heap, spans,
/// series, distributions. A file that holds none of them is refused by [`open`].
pub type Decode = fn(&mut Window, &mut Builder, &Context<'_>) -> Result<()>;

/// The decoder of a format that only the full program carries. Nothing of it is linked elsewhere.
const fn in_full(decode: Decode) -> Option<Decode> {
    if crate::IS_FULL { Some(decode) } else { None }
}

/// A command that writes a file which opens here. See [`crate::model::vocab::Recipe`].
pub struct Recipe {
    /// What the person notices, or empty.
    pub symptom: &'static str,
    /// The tool.
    pub tool: &'static str,
    /// Group of the list by tool.
    pub group: &'static str,
    /// The command, ready to paste.
    pub command: &'static str,
    /// One sentence, or empty.
    pub note: &'static str,
}

/// What a decoder may want to know besides the bytes.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The file's name.
    pub name: &'a str,
    /// Choices of the person who opened it.
    pub options: &'a Options,
}

/// Choices that change what is read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Limits of the opening.
    pub limits: Limits,
    /// Whether a pprof file's own drop and keep patterns are applied, as `go tool pprof` does.
    pub prune: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { limits: Limits::default(), prune: true }
    }
}

/// All formats, in the order in which lists show them.
pub static FORMATS: &[Format] = &[
    cpuprofile::FORMAT,
    heapprofile::FORMAT,
    heapsnapshot::SNAPSHOT,
    heapsnapshot::TIMELINE,
    prof::LOG,
    prof::PREPROCESSED,
    prof::REPORT,
    zerox::STACKS,
    zerox::TICKS,
    trace::CHROME,
    trace::NODE,
    trace::OTHER,
    perf_hooks::FORMAT,
    node_report::FORMAT,
    clinic::PROCESS,
    clinic::STACKS,
    clinic::SYSTEM,
    clinic::PAGE,
    autocannon::FORMAT,
    k6::POINTS,
    k6::SUMMARY,
    k6::EXPORT,
    k6::TEXT,
    pprof::FORMAT,
    folded::FORMAT,
];

impl Format {
    /// The format as lists, start page and help show it.
    pub fn info(&self) -> FormatInfo {
        let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        FormatInfo {
            id: self.id.into(),
            title: self.title.into(),
            tools: owned(self.tools),
            extensions: owned(self.extensions),
            recipes: self.recipes.iter().map(Recipe::owned).collect(),
        }
    }
}

impl Recipe {
    fn owned(&self) -> crate::model::vocab::Recipe {
        crate::model::vocab::Recipe {
            symptom: self.symptom.into(),
            tool: self.tool.into(),
            group: self.group.into(),
            command: self.command.into(),
            note: self.note.into(),
        }
    }
}

/// Bytes that detection gets to see.
const HEAD_BYTES: usize = 64 << 10;

/// What was recognised, before anything is decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// Id of the format.
    pub format: String,
    /// Title of the format.
    pub title: String,
    /// Why.
    pub why: String,
}

/// Told what is happening while a bundle opens.
pub trait Watch {
    /// A format was recognised.
    fn recognised(&mut self, _what: &Recognised) {}
    /// What was recognised has its decoder in the full program. Nothing was decoded, and opening fails.
    fn elsewhere(&mut self) {}
}

impl Watch for () {}

/// Opens a bundle as one recording: unpack, detect, decode. The order of its files does not matter.
/// Source maps and scripts among them are no recordings: they give the others their original names.
/// Nothing is decoded before all of them were recognised.
///
/// # Errors
/// When the only file, or every file, cannot be read. A file among others that cannot be read is left
/// out, with a note. When this program lacks the decoder of one of them: see [`Watch::elsewhere`].
pub fn open(mut bundle: Bundle, options: &Options, report: Option<Report>, watch: &mut dyn Watch) -> Result<Recording> {
    let mut builder = Builder::new();
    let maps = Maps::out_of(&mut bundle);
    if !maps.is_empty() {
        builder.tell_columns();
    }
    let is_alone = bundle.len() == 1;
    bundle.sort_few_by(|a, b| a.name.cmp(&b.name));
    let recognise = |named: Named| (named.name.clone(), Known::of(named, options, report.clone()));
    let files: Vec<_> = bundle.into_iter().map(recognise).collect();
    // Maps are read by the full program alone.
    let lacks_maps = !crate::IS_FULL && !maps.is_empty();
    let is_elsewhere = |known: &&Known| lacks_maps || known.format.decode.is_none();
    if let Some(known) = files.iter().filter_map(|(_, known)| known.as_ref().ok()).find(is_elsewhere) {
        watch.recognised(&known.as_told());
        watch.elsewhere();
        return Err(Error::whole("this program does not carry its decoder", "Open it with the full one."));
    }
    let (mut opened, mut failed) = (Vec::new(), Vec::new());
    for (name, known) in files {
        match known.and_then(|known| known.read(options, watch, &mut builder)) {
            Ok(origin) => {
                opened.push((!builder.has_samples(), origin));
                if !is_alone {
                    builder.end_file();
                }
            }
            Err(error) => {
                builder.drop_file();
                failed.push(error.in_file(&name));
            }
        }
    }
    if opened.is_empty() && !failed.is_empty() {
        return Err(failed.swap_remove(0));
    }
    for error in failed {
        builder.note("not-opened", 1, format!("{} was left out: {}.", error.file, error.problem));
    }
    match common_origin(opened) {
        Some(origin) if maps.is_empty() || !crate::IS_FULL => Ok(builder.finish(origin)),
        Some(origin) => Ok(maps.apply(builder.finish(origin), &options.limits)),
        None if maps.is_empty() => Err(Error::whole("nothing was opened", "Choose at least one file.")),
        None => Err(Error::whole(
            "scripts and source maps alone hold no recording",
            "Open them together with the recording that they belong to.",
        )),
    }
}

/// Where a recording of several files came from: the folder that all lie in, or the first of them.
/// Each comes with whether it holds no samples.
fn common_origin(mut files: Vec<(bool, Origin)>) -> Option<Origin> {
    // Files that only tell facts, or a clock, or what goes with a profile, are not what a bundle is
    // known by.
    files.sort_few_by_key(|(has_none, file)| (file.format == clinic::SYSTEM.id, *has_none));
    let mut files: Vec<Origin> = files.into_iter().map(|(_, file)| file).collect();
    let others = files.len().checked_sub(1)?;
    if others == 0 {
        return files.pop();
    }
    let first = files[0].clone();
    let folder = |file: &Origin| file.name.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let common = folder(&first).filter(|f| files.iter().all(|file| folder(file).as_ref() == Some(f)));
    let mut prints: Vec<&str> = files.iter().map(|file| file.fingerprint.as_str()).collect();
    prints.sort_few();
    let all = prints.concat();
    let fingerprint = fingerprint(&mut SliceSource::new(all.into_bytes())).expect("memory can be read");
    Some(Origin {
        name: common.unwrap_or_else(|| format!("{} and {others} more", first.name)),
        size: files.iter().fold(0, |sum, file| sum.saturating_add(file.size)),
        fingerprint,
        ..first
    })
}

/// A file of which it is known what it is.
struct Known {
    origin: Origin,
    format: &'static Format,
    window: Window,
}

impl Known {
    fn of(mut named: Named, options: &Options, report: Option<Report>) -> Result<Self> {
        let size = named.source.size();
        let unreadable = |e: std::io::Error| {
            Error::whole(format!("the file could not be read ({e})"), "It may have moved: drop it again.")
        };
        let fingerprint = fingerprint(named.source.as_mut()).map_err(unreadable)?;
        let mut window = Window::open(named.source, &options.limits, report)?;
        let (format, why) = detect(&named.name, &mut window)?;
        let origin = Origin { name: named.name, size, fingerprint, format: format.id.into(), detected_by: why };
        Ok(Self { origin, format, window })
    }

    fn as_told(&self) -> Recognised {
        let Origin { format, detected_by, .. } = &self.origin;
        Recognised { format: format.clone(), title: self.format.title.into(), why: detected_by.clone() }
    }

    fn read(mut self, options: &Options, watch: &mut dyn Watch, builder: &mut Builder) -> Result<Origin> {
        watch.recognised(&self.as_told());
        let decode = self.format.decode.expect("a bundle is decoded where all of its decoders are");
        decode(&mut self.window, builder, &Context { name: &self.origin.name, options })?;
        if !builder.has_added() && !builder.had_nothing_to_show() {
            return Err(Error::whole("no profile was found in it", "Check that the recording ended properly."));
        }
        for note in self.window.notes() {
            builder.note(&note.code, note.count, note.text);
        }
        Ok(self.origin)
    }
}

/// The one format that answers for this content, and why.
pub fn detect(name: &str, window: &mut Window) -> Result<(&'static Format, String)> {
    let is_whole = window.want(HEAD_BYTES)?.len() < HEAD_BYTES;
    let layers = window.layers().to_vec();
    let cut = window.is_cut();
    let head = Head { name, bytes: window.data(), is_whole };
    if head.bytes.iter().all(u8::is_ascii_whitespace) && is_whole {
        return Err(nothing_inside(head.bytes.is_empty(), &layers, cut));
    }
    let (format, why) = choose(&head).ok_or_else(|| unrecognised(&head, cut))?;
    let packed: String = layers.iter().map(|l| format!("{l}, then ")).collect();
    Ok((format, format!("{packed}{why}")))
}

/// Every format's answer; the strongest one that nobody else equals.
fn choose(head: &Head<'_>) -> Option<(&'static Format, String)> {
    let mut fits: Vec<(&Format, Fit)> = FORMATS.iter().map(|f| (f, (f.detect)(head))).collect();
    fits.retain(|(_, fit)| *fit != Fit::No);
    let rank = |fit: &Fit| matches!(fit, Fit::Yes(_));
    fits.sort_few_by_key(|(_, fit)| !rank(fit));
    if fits.len() > 1 && rank(&fits[0].1) == rank(&fits[1].1) {
        // Two equal answers are a defect of detection, found by the matrix test: never guess.
        return None;
    }
    fits.into_iter().next().and_then(|(format, fit)| match fit {
        Fit::No => None,
        Fit::Maybe(why) | Fit::Yes(why) => Some((format, why)),
    })
}

/// The answers of all formats for a head, for the detection matrix.
pub fn fits(head: &Head<'_>) -> Vec<(&'static str, Fit)> {
    FORMATS.iter().map(|f| (f.id, (f.detect)(head))).collect()
}

fn nothing_inside(is_empty: bool, layers: &[&str], cut: bool) -> Error {
    let problem = match (layers.first(), cut) {
        (Some(layer), true) => format!("the {layer} stream is cut before its first byte of content"),
        (Some(layer), false) => format!("the {layer} stream holds nothing"),
        (None, _) if is_empty => "the file is empty".to_owned(),
        (None, _) => "the file holds nothing but white space".to_owned(),
    };
    Error::at(
        0,
        problem,
        "The profiler writes its file when it ends: wait for it, or stop the program in an orderly way.",
    )
}

fn unrecognised(head: &Head<'_>, cut: bool) -> Error {
    let (problem, remedy) = guess(head.bytes, cut);
    Error::at(0, problem, remedy)
}

/// What an unknown file looks like, and what would help.
fn guess(bytes: &[u8], cut: bool) -> (String, &'static str) {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]);
    let start = text.trim_start();
    let lower = start.to_ascii_lowercase();
    if cut {
        return ("the packed file is cut so early that its format cannot be told".into(), "Copy or download it again.");
    }
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return (
            "this is a web page (HTML), not a profile".into(),
            "The download probably gave an error page: open it to read why.",
        );
    }
    if start.starts_with('{') || start.starts_with('[') {
        return (
            "this is JSON, but not of a format that opens here".into(),
            "See the list of what can be opened on the start page.",
        );
    }
    if bytes.iter().take(512).any(|&b| b < 9) {
        return (
            "this binary file is not of a format that opens here".into(),
            "See the list of what can be opened on the start page.",
        );
    }
    ("this text is not of a format that opens here".into(), "See the list of what can be opened on the start page.")
}
