//! pprof: `perftools.profiles.Profile`, the protobuf that `go tool pprof` reads.
//!
//! Written by Go (runtime/pprof, net/http/pprof), pprof-rs, the agents of Pyroscope, Parca and
//! DataDog, and everything that `go tool pprof -proto` converts. Definition:
//! <https://github.com/google/pprof/blob/main/proto/profile.proto>.
//!
//! The top level is walked over the stream, one field in memory at a time. Samples go straight into
//! columns ([`samples`]); the small tables are decoded one message at a time ([`schema`]); names are
//! interned as they come ([`names`]). Fields may come in any order, so what a sample refers to is
//! looked up at the end ([`stacks`], [`symbols`], [`labels`]).
//!
//! Left out: `is_folded`, columns of lines, and what mappings say about their symbols and their end.

mod detect;
mod header;
mod ids;
mod labels;
mod lists;
mod names;
mod prune;
mod samples;
mod schema;
mod stacks;
mod symbols;
#[cfg(test)]
mod tests;
mod time;
mod values;

use prost::Message;

use self::header::Header;
use self::names::Names;
use self::prune::Patterns;
use self::samples::{Samples, TYPES_MAX};
use self::stacks::Stacks;
use self::symbols::{Raw, Symbols};
use self::time::Ordered;
use super::common::proto::{End, Malformed, Top, Value, walk};
use super::{Access, Context, Format, Recipe};
use crate::error::{Error, Result};
use crate::input::Window;
use crate::model::{self, Builder, Column, Profile, StackId, Weights};

/// pprof.
pub const FORMAT: Format = Format {
    id: "pprof",
    title: "pprof",
    tools: &["Go", "pprof-rs", "Pyroscope", "Parca", "DataDog", "gperftools (converted)"],
    extensions: &["pb.gz", "pprof", "pb", "prof"],
    recipes: RECIPES,
    access: Access::Forward,
    detect: detect::detect,
    decode: Some(decode),
};

const RECIPES: &[Recipe] = &[
    Recipe {
        symptom: "a Go service burns CPU",
        tool: "net/http/pprof",
        group: "Linux, Go, Rust",
        command: "curl -o cpu.pb.gz 'http://localhost:6060/debug/pprof/profile?seconds=10'",
        note: "The service imports net/http/pprof and listens on that port.",
    },
    Recipe {
        symptom: "a Go service's memory grows",
        tool: "net/http/pprof",
        group: "Linux, Go, Rust",
        command: "curl -o heap.pb.gz http://localhost:6060/debug/pprof/heap",
        note: "Record it twice, some minutes apart, and compare the two.",
    },
    Recipe {
        symptom: "goroutines pile up or hang",
        tool: "net/http/pprof",
        group: "Linux, Go, Rust",
        command: "curl -o goroutine.pb.gz http://localhost:6060/debug/pprof/goroutine",
        note: "",
    },
    Recipe {
        symptom: "Go requests wait for a lock",
        tool: "net/http/pprof",
        group: "Linux, Go, Rust",
        command: "curl -o mutex.pb.gz http://localhost:6060/debug/pprof/mutex",
        note: "The service calls runtime.SetMutexProfileFraction(1) at its start.",
    },
    Recipe {
        symptom: "a Go benchmark is slow",
        tool: "go test",
        group: "Linux, Go, Rust",
        command: "go test -cpuprofile cpu.pb.gz -bench .",
        note: "With -memprofile mem.pb.gz it records where memory is allocated.",
    },
    Recipe {
        symptom: "",
        tool: "gperftools",
        group: "Linux, Go, Rust",
        command: "CPUPROFILE=cpu.prof LD_PRELOAD=libprofiler.so.0 ./app && go tool pprof -proto -output=cpu.pb.gz ./app cpu.prof",
        note: "The library is in the package libgoogle-perftools4; go tool pprof adds the names of the functions.",
    },
];

fn decode(window: &mut Window, builder: &mut Builder, context: &Context<'_>) -> Result<()> {
    let mut file = File::default();
    let end = walk(window, |top| file.take(top, builder))?;
    let cut_at = match end {
        End::Cut(at) => Some(at),
        End::Whole => window.is_cut().then(|| window.position()),
    };
    if !window.is_cut()
        && let End::Cut(at) = end
    {
        builder.note("file-cut", 1, format!("The file ends inside a field, at byte {at}: what came after is missing."));
    }
    file.check(cut_at)?;
    let missing = file.finish(builder, context)?;
    match cut_at {
        Some(at) if missing > 0 => Err(cut(at, &format!("{missing} names or locations that it refers to are missing"))),
        _ => Ok(()),
    }
}

/// A file of which too little is there.
#[cold]
fn cut(at: u64, lack: &str) -> Error {
    Error::at(
        at,
        format!("the file is cut short there: {lack}"),
        "Copy or download it again, or wait until the profiler has ended.",
    )
}

/// What was read so far.
#[derive(Debug, Default)]
struct File {
    types: Vec<schema::ValueType>,
    samples: Samples,
    tables: Raw,
    names: Names,
    header: Header,
}

impl File {
    /// Takes a field of the top level.
    fn take(&mut self, top: Top<'_>, builder: &mut Builder) -> Result<()> {
        match (top.number, top.value) {
            (1, Value::Bytes(body)) => self.value_type(message(&top, body)?),
            (2, Value::Bytes(body)) => self.sample(&top, body),
            (3, Value::Bytes(body)) => {
                self.tables.mapping(message(&top, body)?);
                Ok(())
            }
            (4, Value::Bytes(body)) => {
                self.tables.location(&message(&top, body)?);
                Ok(())
            }
            (5, Value::Bytes(body)) => {
                self.tables.function(message(&top, body)?);
                Ok(())
            }
            (6, Value::Bytes(text)) => {
                self.names.push(text, &mut builder.strings);
                Ok(())
            }
            (11, Value::Bytes(body)) => {
                self.header.period_type = Some(message(&top, body)?);
                Ok(())
            }
            (13, Value::Bytes(list)) => self.header.take_comments(list).map_err(|e| top.malformed(e)),
            (number, Value::Varint(value)) if self.header.take(number, value.cast_signed(), top.offset)? => Ok(()),
            (1..=14, _) => Err(top.malformed(Malformed::Mismatch)),
            _ => Ok(()),
        }
    }

    fn value_type(&mut self, of: schema::ValueType) -> Result<()> {
        if self.types.len() == TYPES_MAX {
            let problem = format!("it has more than {TYPES_MAX} sample types");
            return Err(Error::whole(problem, "The file is damaged: copy or record it again."));
        }
        self.types.push(of);
        Ok(())
    }

    fn sample(&mut self, top: &Top<'_>, body: &[u8]) -> Result<()> {
        self.samples.take(body).map_err(|e| top.malformed(e))?;
        if self.samples.is_sparse() { Err(sparse(top.offset)) } else { Ok(()) }
    }

    /// Whether there is what nothing can be shown without; `cut_at` is where the file was cut, if it was.
    fn check(&self, cut_at: Option<u64>) -> Result<()> {
        let problem = if self.names.is_empty() {
            "it has no string table, so nothing in it has a name"
        } else if self.types.is_empty() {
            "it has no sample types, so its numbers have no meaning"
        } else {
            return Ok(());
        };
        Err(match cut_at {
            Some(at) => cut(at, problem),
            None => Error::whole(problem, "The tool that wrote it did not finish it: record it again."),
        })
    }

    /// Looks everything up and adds the profile. Answers how much of what it refers to does not exist.
    fn finish(mut self, builder: &mut Builder, context: &Context<'_>) -> Result<u64> {
        let misfits = self.samples.fit(self.types.len());
        if self.samples.values.len() < self.types.len() {
            return Err(sparse(0));
        }
        let program = self.tables.program();
        let mut symbols = Symbols::new(self.tables, &mut self.names, &builder.strings);
        let patterns =
            if context.options.prune { patterns(&self.header, &mut self.names, &symbols, builder) } else { None };
        let stacks = stacks::resolve(&self.samples, &mut symbols, patterns.as_ref(), builder)?;
        let labels = labels::resolve(&mut self.samples, &mut self.names, builder);
        let columns = std::mem::take(&mut self.samples.values);
        let values = values::build(&self.types, &self.header, columns, &mut self.names, builder);
        let extent = self.header.extent(&mut self.names, &builder.strings);
        self.header.facts(&mut self.names, program, builder);

        let broken = note_stacks(&self.samples.list, &stacks, builder);
        values.note(labels.base_samples, builder);
        note_damage(&self.names, &symbols, misfits, builder);
        let mut profile = Profile {
            name: file_name(context.name).to_owned(),
            samples: model::Samples {
                stack: self.samples.list.iter().map(|row| stacks.stack.get(row as usize)).collect(),
                count: None,
                labels: labels.rows,
            },
            extent,
            values: values.values,
            default_value: values.default_value,
            ..Profile::default()
        };
        if let Some(moments) = labels.moments {
            put_in_order(&mut profile, &moments, &self.header, builder);
        }
        let start = profile.time.as_ref().map(|time| time.start_ns).filter(|&start| start > 0);
        builder.clock.unix_ns = builder.clock.unix_ns.or(start);
        builder.profile(profile);
        Ok(broken + self.names.missing + symbols.missing_functions)
    }
}

/// Decodes a small message.
fn message<M: Message + Default>(top: &Top<'_>, body: &[u8]) -> Result<M> {
    M::decode(body).map_err(|error| {
        Error::at(
            top.offset,
            format!("the file is damaged in its field {}: {error}", top.number),
            "Copy or record it again.",
        )
    })
}

#[cold]
fn sparse(offset: u64) -> Error {
    Error::at(
        offset,
        "most samples have fewer values than there are sample types",
        "The file is damaged: copy or record it again.",
    )
}

/// The last part of a path.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The file's own patterns, unless it has none or they cannot be applied.
fn patterns(header: &Header, names: &mut Names, symbols: &Symbols, builder: &mut Builder) -> Option<Patterns> {
    let (drop, keep) = (names.id(header.drop_frames), names.id(header.keep_frames));
    let (drop, keep) = (builder.strings.get(drop), builder.strings.get(keep));
    if drop.is_empty() {
        return None;
    }
    match Patterns::new(drop, keep, symbols.name_bytes(&builder.strings)) {
        Ok(patterns) => Some(patterns),
        Err(why) => {
            builder.note(
                "prune-pattern",
                1,
                format!("The file's own patterns of frames to leave out were not applied: {why}."),
            );
            None
        }
    }
}

/// Notes what the stacks of the samples lack. Answers how many samples have a location that does not exist.
fn note_stacks(lists: &Column<u32>, stacks: &Stacks, builder: &mut Builder) -> u64 {
    let broken = lists.iter().filter(|&row| stacks.is_broken.get(row as usize)).count() as u64;
    builder.note(
        "missing-location",
        broken,
        "Some samples refer to locations that the file does not have; \"(unknown)\" stands for them.",
    );
    let (mut samples, mut frames) = (0, 0u64);
    if !stacks.pruned.is_empty() {
        for row in lists.iter() {
            let pruned = stacks.pruned.get(row as usize);
            samples += u64::from(pruned > 0);
            frames = frames.saturating_add(u64::from(pruned));
        }
    }
    let text = format!(
        "The file's own patterns (drop_frames, keep_frames) took {frames} frames off the stacks of {samples} samples, \
         as go tool pprof does; their values went to the callers. This can be switched off."
    );
    builder.note("pruned", samples, text);
    broken
}

/// Notes what was wrong with the tables and repaired.
fn note_damage(names: &Names, symbols: &Symbols, misfits: u64, builder: &mut Builder) {
    let mut note = |code, count, text: &str| builder.note(code, count, text);
    note(
        "value-count",
        misfits,
        "Some samples have more or fewer values than there are sample types; extra ones were left out, absent ones count as 0.",
    );
    note(
        "missing-name",
        names.missing,
        "Some names lie outside the string table; an address or a placeholder stands for them.",
    );
    note("bad-utf8", names.replaced, "Some names are not UTF-8; U+FFFD stands for what could not be read.");
    note(
        "string-table",
        u64::from(names.starts_badly),
        "The string table does not begin with the empty text; references to its first entry count as \"not set\".",
    );
    note(
        "numbered-functions",
        symbols.numbered,
        "No function has an id; they were numbered in their order, beginning with 1.",
    );
    note(
        "missing-function",
        symbols.missing_functions,
        "Some lines refer to functions that the file does not have; their addresses are shown.",
    );
    note(
        "missing-mapping",
        symbols.missing_mappings,
        "Some addresses refer to mappings that the file does not have; the bare address is shown.",
    );
    note(
        "duplicate-id",
        symbols.duplicates(),
        "Some locations, functions or mappings have an id that an earlier one has; the first one counts.",
    );
}

/// Gives the profile its time axis and puts its samples into the order of time.
fn put_in_order(profile: &mut Profile, moments: &Column<i64>, header: &Header, builder: &mut Builder) {
    let Some(Ordered { time, order, out_of_order }) = time::order(moments, header) else {
        builder.note("time-range", 1, "The samples lie further apart than 292 years, so their times were left out.");
        return;
    };
    builder.note("order-repaired", out_of_order, "Some samples were not in the order of time; they were sorted.");
    if let Some(order) = order {
        profile.samples.stack = permuted::<StackId>(&profile.samples.stack, &order);
        profile.samples.labels = profile.samples.labels.take().map(|rows| permuted(&rows, &order));
        for value in &mut profile.values {
            if let Weights::Each(column) = &mut value.weights {
                *column = permuted(column, &order);
            }
        }
    }
    profile.time = Some(time);
}

fn permuted<T: Copy>(column: &Column<T>, order: &[u32]) -> Column<T> {
    order.iter().map(|&row| column.get(row as usize)).collect()
}
