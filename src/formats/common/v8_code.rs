//! Pieces of code, as V8 and the tools around its tick profiler name them, and the functions that they
//! are.

use crate::model::{Builder, Column, Frame, FrameId, FunctionId, StackId, StringId, Strings, Tag};

/// What a piece of code is, as far as names and marks depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::formats) enum Kind {
    /// A script's function, with the mark of how it ran, or 0.
    Script(u8),
    /// A part of the engine under a name that scripts know.
    Builtin,
    /// Another part of the engine, or compiled: `RegExp`, `BytecodeHandler`, `Stub`. The row of its name.
    Engine(StringId),
    /// A native function.
    Native,
    /// A whole library of which nothing closer is known.
    Library,
}

/// Pieces of code in the order of the file. Few of them are ever met on a stack.
#[derive(Debug)]
pub(in crate::formats) struct Codes {
    texts: Strings,
    rows: Column<Code>,
}

#[derive(Debug, Clone, Copy)]
struct Code {
    name: StringId,
    kind: Kind,
    /// Its frame, once it was met on a stack.
    frame: Option<FrameId>,
}

impl Default for Codes {
    fn default() -> Self {
        Self { texts: Strings::new(), rows: Column::new() }
    }
}

impl Codes {
    /// Number of pieces.
    pub(in crate::formats) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row of a new piece.
    pub(in crate::formats) fn add(&mut self, name: &str, kind: Kind) -> u32 {
        let row = u32::try_from(self.len()).expect("4 billion pieces of code do not fit into memory");
        let name = self.texts.intern(name);
        self.rows.push(Code { name, kind, frame: None });
        row
    }

    /// What a word of the file stands for: `Builtin`, or any other for a part of the engine.
    pub(in crate::formats) fn engine(&mut self, word: &str) -> Kind {
        if word == "Builtin" { Kind::Builtin } else { Kind::Engine(self.texts.intern(word)) }
    }

    /// Whether a piece is a script's function.
    pub(in crate::formats) fn is_script(&self, row: u32) -> bool {
        matches!(self.rows.get(row as usize).kind, Kind::Script(_))
    }

    /// The frame of a piece.
    pub(in crate::formats) fn frame(&mut self, row: u32, builder: &mut Builder) -> FrameId {
        let code = self.rows.get_mut(row as usize);
        let name = self.texts.get(code.name);
        let kind = match code.kind {
            Kind::Engine(word) => Named::Engine(self.texts.get(word)),
            Kind::Script(mark) => Named::Script(mark),
            Kind::Builtin | Kind::Native => Named::Native,
            Kind::Library => Named::Library,
        };
        *code.frame.get_or_insert_with(|| frame_of(name, kind, builder))
    }
}

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::formats) enum Named<'a> {
    /// See [`Kind::Script`].
    Script(u8),
    /// See [`Kind::Engine`].
    Engine(&'a str),
    /// A native function, or a built-in.
    Native,
    /// A path.
    Library,
}

/// The frame of a piece of code of this name.
pub(in crate::formats) fn frame_of(name: &str, kind: Named<'_>, builder: &mut Builder) -> FrameId {
    let native = |name: &str, file: &str, builder: &mut Builder| {
        let function = function(name, file, 0, 0, Tag::Native, builder);
        builder.frame(function, 0, false)
    };
    match kind {
        Named::Script(mark) => script_frame(name, mark, builder),
        Named::Engine(word) => native(&format!("{word}: {name}"), "", builder),
        Named::Native => native(name, "", builder),
        Named::Library => native(name.rsplit(['/', '\\']).next().unwrap_or(name), name, builder),
    }
}

fn script_frame(text: &str, mark: u8, builder: &mut Builder) -> FrameId {
    let place = Place::of(text);
    let function = function(place.name, place.file, place.line, place.column, Tag::Code, builder);
    if !is_mark(mark) {
        return builder.frame(function, 0, false);
    }
    let shown = if place.name.is_empty() { "(anonymous)" } else { place.name };
    let text = builder.strings.intern(&format!("{}{shown}", char::from(mark)));
    builder.frame_as_written(Frame { function, line: 0, inlined: false, text })
}

fn function(name: &str, file: &str, line: u32, column: u32, tag: Tag, builder: &mut Builder) -> FunctionId {
    let (name, file) = (builder.strings.intern(name), builder.strings.intern(file));
    builder.function(name, file, line, column, tag)
}

/// Whether this is a mark of how a function ran.
fn is_mark(mark: u8) -> bool {
    matches!(mark, b'~' | b'^' | b'+' | b'*')
}

/// A script's function as V8 names it: `parse /srv/app.js:9:15`, lines and columns 1-based.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::formats) struct Place<'a> {
    pub(in crate::formats) name: &'a str,
    pub(in crate::formats) file: &'a str,
    pub(in crate::formats) line: u32,
    pub(in crate::formats) column: u32,
}

impl<'a> Place<'a> {
    pub(in crate::formats) fn of(text: &'a str) -> Self {
        let (rest, line, column) = match position(text) {
            Some(position) => position,
            None => return Self { name: text.trim(), file: "", line: 0, column: 0 },
        };
        let (name, file) = name_and_file(rest);
        Self { name: name.trim(), file, line, column }
    }
}

/// What is before `:line:column`, and those.
fn position(text: &str) -> Option<(&str, u32, u32)> {
    let (rest, column) = text.rsplit_once(':')?;
    let (rest, line) = rest.rsplit_once(':')?;
    let number = |digits: &str| digits.parse::<u32>().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
    Some((rest, number(line)?, number(column)?))
}

/// Names and paths may both hold blanks. A path begins where one would begin; where nothing looks like
/// the beginning of one, it is the last word.
fn name_and_file(text: &str) -> (&str, &str) {
    let blanks = || text.match_indices(' ').map(|(at, _)| at);
    let looked = blanks().take(BLANKS_LOOKED_AT).find(|&at| begins_a_path(&text[at + 1..]));
    match looked.or_else(|| text.rfind(' ')) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None if begins_a_path(text) => ("", text),
        None => (text, ""),
    }
}

/// Names have a few words at most.
const BLANKS_LOOKED_AT: usize = 64;

/// `/srv`, `./a`, `C:\a`, `file:`, `node:fs`, `wasm://`.
fn begins_a_path(text: &str) -> bool {
    let scheme = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
    text.starts_with(['/', '\\']) || text.starts_with("./") || scheme > 0 && text.as_bytes().get(scheme) == Some(&b':')
}

/// The states of the thread that ticks tell, as stacks of one frame, and the frame of what is unknown.
#[derive(Debug)]
pub(in crate::formats) struct States {
    pub(in crate::formats) idle: StackId,
    pub(in crate::formats) gc: StackId,
    pub(in crate::formats) program: StackId,
    unknown: FrameId,
}

impl States {
    pub(in crate::formats) fn new(builder: &mut Builder) -> Self {
        let mut state = |name: &str, tag: Tag| {
            let function = function(name, "", 0, 0, tag, builder);
            let frame = builder.frame(function, 0, false);
            builder.stack(StackId::NONE, frame)
        };
        let (idle, gc) = (state("(idle)", Tag::Idle), state("(garbage collector)", Tag::Gc));
        let program = state("(program)", Tag::Program);
        let unknown = unknown_frame(builder);
        Self { idle, gc, program, unknown }
    }

    /// The stack of frames from the innermost outwards, of which some are unknown.
    pub(in crate::formats) fn stack(&self, frames: &[Option<FrameId>], builder: &mut Builder) -> StackId {
        if frames.iter().all(Option::is_none) {
            return self.program;
        }
        let mut stack = StackId::NONE;
        for frame in frames.iter().skip(1).rev().flatten() {
            stack = builder.stack(stack, *frame);
        }
        builder.stack(stack, frames[0].unwrap_or(self.unknown))
    }
}

/// The frame of an address of which nothing is known.
pub(in crate::formats) fn unknown_frame(builder: &mut Builder) -> FrameId {
    frame_of("(unknown)", Named::Native, builder)
}

/// The mark of how a function ran at the start of a name, and the name without it.
pub(in crate::formats) fn marked(name: &str) -> (u8, &str) {
    match name.as_bytes() {
        [mark, ..] if is_mark(*mark) => (*mark, &name[1..]),
        _ => (0, name),
    }
}

/// The mark of how a function ran, for which V8's own processor has words.
pub(in crate::formats) fn mark_of(word: &str) -> u8 {
    match word {
        "Unopt" => b'~',
        "Sparkplug" | "Baseline" => b'^',
        "Maglev" => b'+',
        "Opt" => b'*',
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> (&str, &str, u32, u32) {
        let Place { name, file, line, column } = Place::of(text);
        (name, file, line, column)
    }

    #[test]
    fn names_and_paths_may_hold_blanks() {
        assert_eq!(place("spin /srv/shop/stalls.js:9:15"), ("spin", "/srv/shop/stalls.js", 9, 15));
        assert_eq!(place(" node:internal/main:1:1"), ("", "node:internal/main", 1, 1));
        assert_eq!(place(" bootstrap_node.js:10:10"), ("", "bootstrap_node.js", 10, 10));
        assert_eq!(place("get size /srv/my shop/a b.js:3:4"), ("get size", "/srv/my shop/a b.js", 3, 4));
        assert_eq!(place("f file:///srv/a b.js:3:4"), ("f", "file:///srv/a b.js", 3, 4));
        assert_eq!(place("f C:\\my shop\\a.js:3:4"), ("f", "C:\\my shop\\a.js", 3, 4));
        assert_eq!(place("get size module.js:3:4"), ("get size", "module.js", 3, 4));
        assert_eq!(place("anonymous"), ("anonymous", "", 0, 0));
        assert_eq!(place("a:b"), ("a:b", "", 0, 0));
        assert_eq!(place(":1:1"), ("", "", 1, 1));
        assert_eq!(place("/srv/a.js:3:4"), ("", "/srv/a.js", 3, 4));
        assert_eq!(place("f a.js:99999999999:4"), ("f a.js:99999999999:4", "", 0, 0));
    }

    #[test]
    fn how_a_function_ran_is_no_part_of_its_name() {
        let mut builder = Builder::new();
        let mut codes = Codes::default();
        let (slow, fast) = (codes.add("f /a.js:1:2", Kind::Script(b'~')), codes.add("f /a.js:1:2", Kind::Script(b'*')));
        let (slow, fast) = (codes.frame(slow, &mut builder), codes.frame(fast, &mut builder));
        assert_eq!((builder.frame_text(slow), builder.frame_text(fast)), ("~f", "*f"));
        assert_eq!(builder.frame_row(slow).function, builder.frame_row(fast).function);
        let kind = codes.engine("RegExp");
        let row = codes.add("^a$", kind);
        let frame = codes.frame(row, &mut builder);
        assert_eq!(builder.frame_text(frame), "RegExp: ^a$");
    }

    #[test]
    fn stacks_of_what_is_known() {
        let mut builder = Builder::new();
        let states = States::new(&mut builder);
        let [a, b] = ["a", "b"].map(|name| builder.frame_named(name));
        let mut names = |frames: &[Option<FrameId>]| {
            let stack = states.stack(frames, &mut builder);
            let names = builder.stacks().walk(stack).map(|frame| builder.frame_text(frame).to_owned());
            names.collect::<Vec<_>>().join(" < ")
        };
        assert_eq!(names(&[Some(a), None, Some(b)]), "a < b");
        assert_eq!(names(&[None, Some(a)]), "(unknown) < a");
        assert_eq!(names(&[None, None]), "(program)");
        assert_eq!(names(&[]), "(program)");
    }
}
