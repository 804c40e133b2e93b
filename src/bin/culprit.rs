//! The command line: what the page shows, as text, JSON or another format.
//!
//! `culprit summary --json` follows `docs/summary.schema.json`. The exit code is 0, or 2 after one
//! sentence on standard error for each thing that did not work.

#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    native::main()
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::io::{self, BufWriter, Read, Write};
    use std::path::{Path, PathBuf};
    use std::process::ExitCode;

    use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
    use clap::error::ErrorKind;
    use clap::{Args, Parser, Subcommand};
    use culprit::analysis::report;
    use culprit::error::{Error, printable};
    use culprit::export::{Choice, EXPORTS, Export, Failed, Missing};
    use culprit::formats::{self, FORMATS, Options};
    use culprit::input::{FileSource, Limits, Named, SliceSource, Source};
    use culprit::model::Recording;
    use culprit::model::vocab::is_companion;

    /// What is slow in a recorded profile, and why.
    #[derive(Parser)]
    #[command(name = "culprit", version)]
    struct Cli {
        #[command(subcommand)]
        command: Command,
    }

    #[derive(Subcommand)]
    enum Command {
        /// Prints what the page shows of each file.
        Summary(Summary),
        /// Writes a recording in another format to standard output.
        Convert(Convert),
        /// Lists what can be opened, and the commands that record it.
        Formats,
    }

    #[derive(Args)]
    struct Summary {
        /// One JSON object per file, as docs/summary.schema.json describes it.
        #[arg(long)]
        json: bool,
        /// Number of functions per profile.
        #[arg(long, value_name = "N", default_value_t = 50)]
        top: usize,
        /// Number of stalls per thread, the longest first.
        #[arg(long, value_name = "N", default_value_t = 20)]
        stalls: usize,
        /// Shortest stretch of a held event loop that counts as a stall, in milliseconds.
        #[arg(long, value_name = "MS", default_value_t = 50.0, value_parser = milliseconds)]
        stall_threshold_ms: f64,
        #[command(flatten)]
        reading: Reading,
        /// Files to read; - is standard input. The files of a folder are one recording.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    }

    #[derive(Args)]
    struct Convert {
        /// The format to write.
        #[arg(long, value_name = "FORMAT", value_parser = export())]
        to: &'static Export,
        /// Name of the value to write, such as `cpu`; the one that is shown first unless given.
        #[arg(long, value_name = "NAME")]
        value: Option<String>,
        /// Name or id of the thread to write; all threads are merged unless given.
        #[arg(long, value_name = "NAME")]
        thread: Option<String>,
        #[command(flatten)]
        reading: Reading,
        /// The file to read; - is standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    }

    /// Reads the id of an export.
    fn export() -> impl TypedValueParser<Value = &'static Export> {
        let known = EXPORTS.iter().map(|export| PossibleValue::new(export.id).help(export.title));
        let find = |id: String| EXPORTS.iter().find(|export| export.id == id).ok_or("there is no such format");
        PossibleValuesParser::new(known).try_map(find)
    }

    /// Folders in folders that are looked into for source maps.
    const FOLDERS_DEEP: usize = 20;

    #[derive(Args)]
    struct Reading {
        /// Keeps the frames that a pprof file itself asks to drop.
        #[arg(long)]
        no_prune: bool,
        /// Most bytes that a packed file may unpack to.
        #[arg(long, value_name = "BYTES")]
        max_unpacked: Option<u64>,
        /// Source maps, scripts that name or hold theirs, or folders of them: functions, files and lines
        /// become the original ones.
        #[arg(long, value_name = "PATH", num_args = 1..)]
        maps: Vec<PathBuf>,
    }

    impl Reading {
        /// What `--maps` names, for one more opening.
        fn maps(&self) -> Result<Vec<Named>, Error> {
            let mut found = Vec::new();
            for path in &self.maps {
                let is_folder = path.is_dir();
                let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                let mut waiting = vec![(path.clone(), name, 0)];
                while let Some((path, name, depth)) = waiting.pop() {
                    let unreadable = |e: io::Error| Error::whole(format!("it cannot be read ({e})"), "").in_file(&name);
                    if path.is_dir() && depth <= FOLDERS_DEEP {
                        for entry in std::fs::read_dir(&path).map_err(unreadable)?.flatten() {
                            let below = format!("{name}/{}", entry.file_name().to_string_lossy());
                            waiting.push((entry.path(), below, depth + 1));
                        }
                    } else if is_companion(&name) && path.is_file() {
                        found.push(Named { source: source(&path).map_err(|e| e.in_file(&name))?, name });
                    } else if !is_folder {
                        let problem = "it is no source map (.map) and no script (.js, .mjs, .cjs)";
                        return Err(Error::whole(problem, "").in_file(&path.to_string_lossy()));
                    }
                }
            }
            Ok(found)
        }

        fn options(&self) -> Options {
            let mut limits = Limits::default();
            if let Some(bytes) = self.max_unpacked {
                limits = Limits { unpacked_min: bytes, unpacked_per_byte: 0, ..limits };
            }
            Options { limits, prune: !self.no_prune }
        }
    }

    fn milliseconds(text: &str) -> Result<f64, String> {
        let value = text.parse::<f64>().ok().filter(|ms| ms.is_finite() && *ms >= 0.0 && *ms < 1e12);
        value.ok_or_else(|| "expected a number of milliseconds, such as 50".to_owned())
    }

    /// Why a command ended early.
    enum Stop {
        /// Nobody reads the output any more, which is how pagers and `head` end.
        Closed,
        /// One sentence.
        Because(String),
    }

    impl From<io::Error> for Stop {
        fn from(error: io::Error) -> Self {
            match error.kind() {
                io::ErrorKind::BrokenPipe => Self::Closed,
                _ => Self::Because(format!("the output could not be written: {error}.")),
            }
        }
    }

    pub(super) fn main() -> ExitCode {
        let cli = match Cli::try_parse() {
            Ok(cli) => cli,
            Err(error) => return usage(&error),
        };
        let mut out = BufWriter::new(io::stdout().lock());
        let result = match &cli.command {
            Command::Summary(arguments) => summary(arguments, &mut out),
            Command::Convert(arguments) => convert(arguments, &mut out).map(|()| true),
            Command::Formats => list_formats(&mut out).map(|()| true),
        };
        match result.and_then(|good| Ok(out.flush().map(|()| good)?)) {
            Ok(true) | Err(Stop::Closed) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::from(2),
            Err(Stop::Because(sentence)) => fail(&sentence),
        }
    }

    /// One sentence about wrong arguments; help and version as asked for.
    fn usage(error: &clap::Error) -> ExitCode {
        if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
            // Help that nobody reads is no failure.
            error.print().ok();
            return ExitCode::SUCCESS;
        }
        if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return fail("no command was given; `culprit --help` lists them.");
        }
        let text = error.to_string();
        let lines = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim);
        let sentence = lines.collect::<Vec<_>>().join(" ");
        fail(&format!("{}; see `culprit --help`.", sentence.trim_start_matches("error: ")))
    }

    fn fail(sentence: &str) -> ExitCode {
        say(sentence);
        ExitCode::from(2)
    }

    fn say(sentence: &str) {
        // Without standard error there is nobody to tell.
        writeln!(io::stderr(), "culprit: {}", printable(sentence)).ok();
    }

    /// Prints every file, and whether all of them could be read.
    fn summary(arguments: &Summary, out: &mut impl Write) -> Result<bool, Stop> {
        let options = arguments.reading.options();
        let shown = report::Options {
            top: arguments.top,
            stalls: arguments.stalls,
            threshold_ns: (arguments.stall_threshold_ms * 1e6).round() as i64,
        };
        let mut all_good = true;
        for (i, file) in arguments.files.iter().enumerate() {
            let name = file.to_string_lossy();
            let opened = open(file, &arguments.reading, &options);
            match &opened {
                Ok(recording) if arguments.json => writeln!(out, "{}", report::json_line(recording, &name, &shown))?,
                Ok(recording) => {
                    let gap = if i > 0 { "\n" } else { "" };
                    write!(out, "{gap}{}", report::text(recording, &name, &shown))?;
                }
                Err(error) if arguments.json => writeln!(out, "{}", report::error_line(error, &name))?,
                Err(_) => {}
            }
            out.flush()?;
            if let Err(error) = opened {
                say(&error.to_string());
                all_good = false;
            }
        }
        Ok(all_good)
    }

    fn convert(arguments: &Convert, out: &mut impl Write) -> Result<(), Stop> {
        let sentence = |error: Error| Stop::Because(error.to_string());
        let recording = open(&arguments.file, &arguments.reading, &arguments.reading.options()).map_err(sentence)?;
        let choice = Choice { value: arguments.value.clone(), thread: arguments.thread.clone() };
        let notes = (arguments.to.write)(&recording, &choice, out).map_err(|failed| match failed {
            Failed::Missing(missing) => Stop::Because(missing_sentence(missing)),
            Failed::Output(error) => error.into(),
        })?;
        recording.notes.iter().map(|note| &note.text).chain(&notes).for_each(|note| say(&format!("note: {note}")));
        Ok(())
    }

    fn missing_sentence(missing: Missing) -> String {
        let (what, names) = match missing {
            Missing::Thread(names) => ("thread", names),
            Missing::Value(names) => ("value", names),
        };
        format!("there is no such {what}; there is {}.", names.join(", "))
    }

    /// Opens a file, or standard input.
    fn open(file: &Path, reading: &Reading, options: &Options) -> Result<Recording, Error> {
        let path = file.to_string_lossy().into_owned();
        // The part of the name that tells recordings apart; where the file lies is the person's matter.
        let name = file.file_name().map_or_else(|| path.clone(), |name| name.to_string_lossy().into_owned());
        let with_path = |error: Error| Error { file: path.clone(), ..error };
        let mut bundle = reading.maps()?;
        if file.is_dir() {
            bundle.extend(folder(file, &name).map_err(with_path)?);
            return formats::open(bundle, options, None, &mut ());
        }
        let source = source(file).map_err(with_path)?;
        bundle.push(Named { name, source });
        formats::open(bundle, options, None, &mut ()).map_err(with_path)
    }

    /// The files of a folder, which are opened as one recording.
    fn folder(folder: &Path, name: &str) -> Result<Vec<Named>, Error> {
        let unreadable = |e: io::Error| Error::whole(format!("the folder cannot be read ({e})"), "");
        let mut bundle = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_file() {
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                bundle.push(Named { name: format!("{name}/{file}"), source: source(&path)? });
            }
        }
        if bundle.is_empty() {
            return Err(Error::whole("there is no file in the folder", "Folders in it are opened one by one."));
        }
        Ok(bundle)
    }

    fn source(file: &Path) -> Result<Box<dyn Source>, Error> {
        let unreadable = |e: io::Error| Error::whole(format!("it cannot be read ({e})"), "");
        if file.as_os_str() == "-" {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map_err(unreadable)?;
            return Ok(Box::new(SliceSource::new(bytes)));
        }
        Ok(Box::new(FileSource::open(file).map_err(unreadable)?))
    }

    fn list_formats(out: &mut impl Write) -> Result<(), Stop> {
        for format in FORMATS {
            let endings: Vec<String> = format.extensions.iter().map(|e| format!(".{e}")).collect();
            writeln!(out, "{}: {}", format.id, format.title)?;
            writeln!(out, "    written by {}; usually {}", format.tools.join(", "), endings.join(", "))?;
            for recipe in format.recipes {
                writeln!(out, "    {}:", recipe.tool)?;
                recipe.command.lines().try_for_each(|line| writeln!(out, "        {line}"))?;
                if !recipe.note.is_empty() {
                    writeln!(out, "        {}", recipe.note)?;
                }
            }
        }
        Ok(())
    }
}
