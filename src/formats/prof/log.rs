//! The raw log: lines of fields separated by commas, one for each event.
//!
//! Read: `code-creation`, `code-move`, `code-delete`, `shared-library`, `tick`, `profiler`,
//! `v8-version`, `v8-platform`. Ignored: `script-source`, `code-source-info` and `code-deopt` (places
//! inside functions; a function's own place is in its name), `sfi-move`, and the engine's memory.
//!
//! Names of native functions are not in the log, so native code goes by its library. Code that the
//! engine put into a library's range, as its built-ins are, goes by its own name.

use super::address::Ranges;
use super::fields::{Fields, number, text};
use super::ticks::Ticks;
use crate::error::{Error, Place, Result};
use crate::formats::common::v8_code::{Codes, Kind, States};
use crate::formats::{Context, Fit, Head};
use crate::input::{Line, Lines, Window};
use crate::model::{Builder, FrameId, Profile};

/// The answer of the format: by its first line.
pub(super) fn detect(head: &Head<'_>) -> Fit {
    let line = head.bytes.split(|&b| b == b'\n').next().unwrap_or(&[]);
    let mut fields = Fields::of(line);
    let starts = |word: &[u8]| line.starts_with(word);
    if starts(b"v8-version,") && fields.nth(1).and_then(number).is_some() {
        return Fit::Yes("starts with “v8-version”: log of V8's tick profiler".into());
    }
    // Logs of old engines do not say their version.
    let is_old = starts(b"shared-library,") && line.windows(3).any(|w| w == b",0x")
        || starts(b"profiler,") && line.windows(5).any(|w| w == b"begin");
    if is_old { Fit::Yes("starts as logs of V8's tick profiler do".into()) } else { Fit::No }
}

pub(super) fn decode(window: &mut Window, builder: &mut Builder, context: &Context<'_>) -> Result<()> {
    let mut log = Log::new(builder);
    let mut lines = Lines::new(window);
    while let Some(line) = lines.next_line()? {
        log.line(&line);
    }
    let profile = log.finish(context.name)?;
    builder.profile(profile);
    Ok(())
}

/// Nobody asks for less than one tick in an hour.
const INTERVAL_US_MAX: i64 = 3_600_000_000;

/// How the engine numbers the states of the thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbering {
    /// Before V8 6.1 there were fewer states before the one of waiting.
    is_old: bool,
}

impl Numbering {
    /// Of the engine that writes logs today.
    pub(super) const NEW: Self = Self { is_old: false };

    pub(super) fn is_gc(self, state: u64) -> bool {
        state == 1
    }

    /// Whether the event loop waits. A state of the same number that has a stack is `Atomics.wait`.
    pub(super) fn is_idle(self, state: u64, has_stack: bool) -> bool {
        if self.is_old { state == 5 } else { state == 8 || state == 7 && !has_stack }
    }
}

struct Log<'b> {
    builder: &'b mut Builder,
    codes: Codes,
    code: Ranges,
    libraries: Ranges,
    states: States,
    ticks: Ticks,
    numbering: Numbering,
    /// The frames of the tick that is read.
    frames: Vec<Option<FrameId>>,
    /// Lines of a kind that is read, which make no sense, and the number of the first.
    damaged: (u64, u64),
    unknown_moves: u64,
}

impl<'b> Log<'b> {
    fn new(builder: &'b mut Builder) -> Self {
        let states = States::new(builder);
        Self {
            builder,
            codes: Codes::default(),
            code: Ranges::default(),
            libraries: Ranges::default(),
            states,
            ticks: Ticks::default(),
            numbering: Numbering::NEW,
            frames: Vec::new(),
            damaged: (0, 0),
            unknown_moves: 0,
        }
    }

    /// Not inlined: what reads all lines is called but once, and browsers replace the code of their
    /// first compiler only where a function is called again.
    #[inline(never)]
    fn line(&mut self, line: &Line<'_>) {
        let mut fields = Fields::of(line.bytes);
        let is_read = match fields.next().unwrap_or(&[]) {
            b"tick" => self.tick(fields),
            b"code-creation" => self.code_creation(fields),
            b"code-move" => self.code_move(fields),
            b"code-delete" => {
                let start = fields.next().and_then(number);
                start.map(|start| _ = self.code.remove(start))
            }
            b"shared-library" => self.shared_library(fields),
            b"profiler" => {
                self.profiler(fields);
                Some(())
            }
            b"v8-version" => {
                self.version(fields);
                Some(())
            }
            _ => Some(()),
        };
        if is_read.is_none() {
            self.damaged.0 += 1;
            self.damaged.1 = if self.damaged.1 == 0 { line.number } else { self.damaged.1 };
        }
    }

    /// `Function,20,116753,0x30dda9d40190,296,name,0x3406263c32a0,~`: kind, its number and a time where
    /// there are such, address, size, name, and for scripts' functions an address of theirs and how they
    /// run.
    fn code_creation(&mut self, mut fields: Fields<'_>) -> Option<()> {
        let word = fields.next()?;
        let start = fields.by_ref().take(3).find(|field| field.starts_with(b"0x")).and_then(number)?;
        let size = fields.next().and_then(number)?;
        let name = text(fields.next()?);
        let kind = match (fields.next(), word) {
            (None, _) | (Some(_), b"RegExp") => self.codes.engine(&text(word)),
            (Some(_), _) => Kind::Script(fields.next().and_then(|state| state.first().copied()).unwrap_or(0)),
        };
        let row = self.codes.add(&name, kind);
        self.code.insert(start, size, row);
        Some(())
    }

    fn code_move(&mut self, mut fields: Fields<'_>) -> Option<()> {
        let (from, to) = (fields.next().and_then(number)?, fields.next().and_then(number)?);
        match self.code.remove(from) {
            Some((size, row)) => self.code.insert(to, size, row),
            None => self.unknown_moves += 1,
        }
        Some(())
    }

    fn shared_library(&mut self, mut fields: Fields<'_>) -> Option<()> {
        let path = text(fields.next()?);
        let (start, end) = (fields.next().and_then(number)?, fields.next().and_then(number)?);
        let row = self.codes.add(&path, Kind::Library);
        self.libraries.insert(start, end.saturating_sub(start), row);
        Some(())
    }

    fn profiler(&mut self, mut fields: Fields<'_>) {
        if fields.next() == Some(b"begin")
            && let Some(micros) = fields.next().and_then(number).and_then(|n| i64::try_from(n).ok())
        {
            self.ticks.interval_ns = (1..=INTERVAL_US_MAX).contains(&micros).then_some(micros * 1000);
            self.builder.meta.push(("sampling interval".into(), format!("{micros} µs")));
        }
    }

    fn version(&mut self, fields: Fields<'_>) {
        let parts: Vec<&[u8]> = fields.take(5).collect();
        let number = |i: usize| parts.get(i).and_then(|part| number(part));
        if let (Some(major), Some(minor)) = (number(0), number(1)) {
            self.numbering.is_old = (major, minor) < (6, 1);
        }
        let numbers: Vec<_> = parts.iter().take(4).map(|part| text(part)).collect();
        let embedder = parts.get(4).map(|part| text(part)).filter(|part| part.starts_with('-'));
        self.builder.meta.push(("V8".into(), format!("{}{}", numbers.join("."), embedder.unwrap_or_default())));
    }

    /// `0xPC,time,is in a callback,0xTOP or callback,state,0xCALLER,…`
    fn tick(&mut self, mut fields: Fields<'_>) -> Option<()> {
        let counter = number(fields.next()?)?;
        let at_us = number(fields.next()?)?;
        let is_callback = fields.next()? != b"0";
        let top = number(fields.next()?)?;
        let state = number(fields.next()?)?;
        let has_stack = fields.clone().next().is_some();
        let stack = if self.numbering.is_idle(state, has_stack) {
            self.states.idle
        } else if self.numbering.is_gc(state) {
            self.states.gc
        } else {
            self.walk(counter, is_callback, top, fields);
            self.states.stack(&self.frames, self.builder)
        };
        self.ticks.push(at_us, stack);
        Some(())
    }

    /// The frames of a tick, innermost first.
    ///
    /// In a native callback the counter may be anywhere inside it, so that its start stands for it. What
    /// lies on top of the stack counts where it is a script's function: one without a frame of its own.
    fn walk(&mut self, counter: u64, is_callback: bool, top: u64, callers: Fields<'_>) {
        self.frames.clear();
        let counter = if is_callback { top } else { counter };
        let innermost = self.find(counter);
        self.frames.push(innermost);
        let has_frame = is_callback || top == 0 || !self.code.find(top).is_some_and(|row| self.codes.is_script(row));
        if !has_frame {
            let frame = self.find(top);
            self.frames.push(frame);
        }
        let mut before = counter;
        for field in callers {
            let address = match field {
                [b'+', offset @ ..] => number(offset).map(|offset| before.wrapping_add(offset)),
                [b'-', offset @ ..] => number(offset).map(|offset| before.wrapping_sub(offset)),
                // `overflow`: the stack was longer.
                _ => number(field),
            };
            if let Some(address) = address {
                before = address;
                let frame = self.find(address);
                self.frames.push(frame);
            }
        }
    }

    fn find(&mut self, address: u64) -> Option<FrameId> {
        let row = self.code.find(address).or_else(|| self.libraries.find(address))?;
        Some(self.codes.frame(row, self.builder))
    }

    fn finish(self, file: &str) -> Result<Profile> {
        let Self { builder, states, ticks, damaged, unknown_moves, .. } = self;
        if ticks.len() == 0 {
            let (place, problem) = match damaged {
                (0, _) => (Place::Whole, "it holds no ticks: nothing was sampled"),
                (_, line) => (Place::Line(line), "it holds no whole tick; this is the first line that makes no sense"),
            };
            return Err(Error::new(
                place,
                problem,
                "Record it again, and let the program run for longer than a few milliseconds.",
            ));
        }
        builder.note("damaged-lines", damaged.0, format!("Some lines make no sense; the first is line {}.", damaged.1));
        builder.note(
            "unknown-move",
            unknown_moves,
            "Some code was moved that the log does not tell of; its ticks count as unknown.",
        );
        builder.note(
            "about-native",
            1,
            "The log holds no names of native functions; they go by their library. `--prof-process --preprocess` adds them.",
        );
        let profile = ticks.finish(states.idle, builder);
        Ok(named(file, profile))
    }
}

/// Gives a profile the process that V8 writes into file names: `isolate-0x<address>-<process>-v8.log`.
fn named(file: &str, profile: Profile) -> Profile {
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let parts: Vec<&str> = base.split('-').collect();
    let ids = match parts[..] {
        ["isolate", address, process, ..] if address.starts_with("0x") => {
            process.parse().ok().map(|pid| (address, pid))
        }
        _ => None,
    };
    match ids {
        Some((address, pid)) => Profile { name: format!("isolate {address}"), pid: Some(pid), ..profile },
        None => Profile { name: "main thread".into(), ..profile },
    }
}
