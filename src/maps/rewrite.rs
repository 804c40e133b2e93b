//! A recording with its originals put in.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::document::Map;
use super::naming::{Verdict, name_at};
use super::note;
use super::paths::resolved;
use crate::model::heap::{TextId, TraceFunction};
use crate::model::{
    Builder, Column, Frame, Function, FunctionId, LabelSets, LabelValue, LineTicks, Note, Recording, StackId, StringId,
    Tag,
};

/// The scripts of a recording: where its functions with a known column are from.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    rows: HashMap<StringId, usize, FixedState>,
    /// Paths or URLs, in the order in which they were first seen.
    pub(super) paths: Vec<String>,
}

/// What the engine itself is made of has no maps.
const OWN: [&str; 6] = ["node:", "wasm:", "chrome:", "chrome-extension:", "extensions:", "evalmachine."];

/// The scripts that may have a map.
pub(super) fn scripts(recording: &Recording) -> Scripts {
    let mut scripts = Scripts::default();
    let has_place = |function: &Function| is_code(function.tag) && function.column > 0 && function.line > 0;
    for function in recording.functions.iter().filter(has_place) {
        let path = recording.text(function.file);
        if path.is_empty() || OWN.iter().any(|own| path.starts_with(own)) {
            continue;
        }
        let next = scripts.paths.len();
        if *scripts.rows.entry(function.file).or_insert(next) == next {
            scripts.paths.push(path.to_owned());
        }
    }
    scripts
}

fn is_code(tag: Tag) -> bool {
    matches!(tag, Tag::Code | Tag::Jit)
}

/// Puts the originals in: `map_of` gives for each script the row of its map.
pub(super) fn rewritten(
    mut recording: Recording,
    scripts: &Scripts,
    map_of: &[Option<usize>],
    maps: &[Map],
    mut notes: Vec<Note>,
) -> Recording {
    let mut mapping = Mapping { scripts, map_of, maps, files: HashMap::default(), unnamed: 0 };
    let mut builder = Builder::new();
    builder.strings = std::mem::take(&mut recording.strings);
    let new = functions(&recording.functions, &mut mapping, &mut builder);
    about_names(mapping.unnamed, &mut notes);
    about_lines(line_ticks(&recording, &new, &mapping, &mut builder), &mut notes);
    let stacks = stacks(&recording, &new, &mapping, &mut builder);
    let labels = mapping.labels(&recording.label_sets, &mut builder);
    if let Some(heap) = &mut recording.heap {
        (0..heap.trace_functions.len()).for_each(|row| mapping.trace_function(heap, row, &mut builder));
    }
    let again = |column: &Column<u32>| column.iter().map(|row| labels[row as usize]).collect::<Column<u32>>();
    recording.spans.labels = again(&recording.spans.labels);
    recording.spans.marks.labels = again(&recording.spans.marks.labels);
    for samples in recording.profiles.iter_mut().map(|profile| &mut profile.samples) {
        samples.stack = samples.stack.iter().map(|s| if s.is_none() { s } else { stacks[s.index()] }).collect();
        samples.labels = samples.labels.as_ref().map(again);
    }
    let made = new.iter().zip(recording.functions.iter()).filter(|(new, _)| new.is_original);
    recording.made = made.map(|(new, function)| (function, new.id)).collect();
    notes.append(&mut recording.notes);
    let fresh = builder.finish(std::mem::take(&mut recording.origin));
    Recording {
        origin: fresh.origin,
        strings: fresh.strings,
        functions: fresh.functions,
        frames: fresh.frames,
        stacks: fresh.stacks,
        label_sets: fresh.label_sets,
        line_ticks: fresh.line_ticks,
        notes,
        ..recording
    }
}

/// What became of a function.
#[derive(Debug, Clone, Copy)]
struct New {
    id: FunctionId,
    /// Whether it is an original, and not what it was.
    is_original: bool,
}

fn functions(functions: &Column<Function>, mapping: &mut Mapping<'_>, builder: &mut Builder) -> Vec<New> {
    let new = functions.iter().map(|function| {
        let original = mapping.function(function, builder);
        New { id: builder.function_as_written(original.unwrap_or(function)), is_original: original.is_some() }
    });
    new.collect()
}

/// Puts ticks on the lines of the originals. Gives how many found none, and how many there were.
fn line_ticks(recording: &Recording, new: &[New], mapping: &Mapping<'_>, builder: &mut Builder) -> (u64, u64) {
    let (mut unplaced, mut all) = (0u64, 0u64);
    for ticks in recording.line_ticks.iter() {
        let New { id, is_original } = new[ticks.function.index()];
        if !is_original {
            builder.line_ticks.push(LineTicks { function: id, ..ticks });
            continue;
        }
        all = all.saturating_add(ticks.ticks);
        match mapping.line(recording.function(ticks.function).file, ticks.line) {
            Some(line) => builder.line_ticks.push(LineTicks { function: id, line, ticks: ticks.ticks }),
            None => unplaced = unplaced.saturating_add(ticks.ticks),
        }
    }
    (unplaced, all)
}

/// The new stack of each.
fn stacks(recording: &Recording, new: &[New], mapping: &Mapping<'_>, builder: &mut Builder) -> Vec<StackId> {
    let of_frame = |frame: Frame| {
        let New { id: function, is_original } = new[frame.function.index()];
        if !is_original {
            return builder.frame_as_written(Frame { function, ..frame });
        }
        let line = mapping.line(recording.function(frame.function).file, frame.line);
        builder.frame(function, line.unwrap_or(0), frame.inlined)
    };
    let frames: Vec<_> = recording.frames.iter().map(of_frame).collect();
    let mut stacks: Vec<StackId> = Vec::with_capacity(recording.stacks.len());
    for (parent, frame) in recording.stacks.iter() {
        let parent = if parent.is_none() { parent } else { stacks[parent.index()] };
        stacks.push(builder.stack(parent, frames[frame.index()]));
    }
    stacks
}

fn about_names(unnamed: u64, notes: &mut Vec<Note>) {
    note(notes, "about-map-names", unnamed, || {
        let them = if unnamed == 1 { "One mapped function keeps" } else { "Some mapped functions keep" };
        format!("{them} the name of the script: the map holds neither the name nor the original text.")
    });
}

fn about_lines((unplaced, all): (u64, u64), notes: &mut Vec<Note>) {
    note(notes, "about-map-lines", unplaced, || {
        format!(
            "{unplaced} of {all} line ticks of mapped functions have no place: the script has several original lines on \
             one line."
        )
    });
}

struct Mapping<'a> {
    scripts: &'a Scripts,
    map_of: &'a [Option<usize>],
    maps: &'a [Map],
    /// Originals by script and source.
    files: HashMap<(StringId, u32), StringId, FixedState>,
    /// Functions whose name could not be found.
    unnamed: u64,
}

impl<'a> Mapping<'a> {
    /// The map of a file, if it is a script that has one.
    fn map(&self, file: StringId) -> Option<&'a Map> {
        let script = *self.scripts.rows.get(&file)?;
        Some(&self.maps[self.map_of[script]?])
    }

    /// The original line of a line of a mapped script, 1-based, if everything on it comes from one.
    fn line(&self, script: StringId, line: u32) -> Option<u32> {
        let (_, line) = self.map(script)?.line_origin(line.checked_sub(1)?)?;
        Some(line + 1)
    }

    /// The original of a function of a mapped script; `None` where its place comes from nowhere.
    fn function(&mut self, function: Function, builder: &mut Builder) -> Option<Function> {
        let map = self.map(function.file).filter(|_| is_code(function.tag))?;
        let (line, column) = (function.line.checked_sub(1)?, function.column.checked_sub(1)?);
        let Some(origin) = map.origin(line, column) else {
            // The script as a whole is the original as a whole, where there is only one.
            let is_whole = (line, column) == (0, 0) && map.sources.len() == 1;
            let file = is_whole.then(|| self.file(function.file, 0, map, builder))?;
            return Some(Function { file, line: 1, column: 1, ..function });
        };
        let name = self.name(&function, map, (line, column), builder);
        let file = self.file(function.file, origin.source, map, builder);
        Some(Function { name, file, line: origin.line + 1, column: origin.column + 1, tag: function.tag })
    }

    /// Path of an original, resolved from that of the script.
    fn file(&mut self, script: StringId, source: u32, map: &Map, builder: &mut Builder) -> StringId {
        *self.files.entry((script, source)).or_insert_with(|| {
            let path = resolved(builder.strings.get(script), &map.sources[source as usize].path());
            builder.strings.intern(&path)
        })
    }

    /// The original name of a function at a place of a script: as the original's text has it, else as the
    /// map has that of the identifier before it, else as it is.
    fn name(&mut self, function: &Function, map: &Map, at: (u32, u32), builder: &mut Builder) -> StringId {
        let anonymous = builder.strings.intern("(anonymous)");
        let is_anonymous = function.name == anonymous || function.name == StringId::EMPTY;
        // What the engine makes itself has a name of the engine's: `<instance_members_initializer>`.
        if builder.strings.get(function.name).starts_with('<') {
            return function.name;
        }
        let origin = map.origin(at.0, at.1);
        let text = origin.and_then(|origin| Some((origin, map.lexed(origin.source)?)));
        let verdict =
            text.map_or(Verdict::Unknown, |(origin, (text, lexed))| name_at(text, lexed, origin.line, origin.column));
        match verdict {
            Verdict::Named(name) => return builder.strings.intern(&name),
            Verdict::Anonymous if is_anonymous => return anonymous,
            _ if is_anonymous => return function.name,
            _ => {}
        }
        let name = builder.strings.get(function.name);
        if let Some(original) = identifier_before(map, at, name) {
            return builder.strings.intern(&original);
        }
        self.unnamed += 1;
        function.name
    }

    /// Puts the originals into a function on allocation stacks of a heap.
    fn trace_function(&mut self, heap: &mut crate::model::HeapGraph, row: usize, builder: &mut Builder) {
        let TraceFunction { name, script_name, line, column, .. } = heap.trace_functions[row];
        let file = builder.strings.intern(heap.texts.get(script_name));
        let name = builder.strings.intern(heap.texts.get(name));
        let Some(original) = self.function(Function { name, file, line, column, tag: Tag::Code }, builder) else {
            return;
        };
        let mut add = |id: StringId| {
            let text = TextId::from_index(heap.texts.len() as u32);
            heap.texts.push(builder.strings.get(id)).ok().map(|_| text)
        };
        if let (Some(name), Some(file)) = (add(original.name), add(original.file)) {
            let function = &mut heap.trace_functions[row];
            (function.name, function.script_name) = (name, file);
            (function.line, function.column) = (original.line, original.column);
        }
    }

    /// The sets of labels, in which places of scripts become those of originals. Gives the new row of each.
    fn labels(&mut self, sets: &LabelSets, builder: &mut Builder) -> Vec<u32> {
        builder.label_sets = LabelSets::new();
        let key = |builder: &mut Builder, text: &str| builder.strings.intern(text);
        let keys = Keys {
            function: key(builder, "functionName"),
            url: key(builder, "url"),
            line: key(builder, "lineNumber"),
            column: key(builder, "columnNumber"),
            stack: key(builder, "stackTrace"),
        };
        let mut stacks = BTreeMap::new();
        let mut set = Vec::new();
        (0..sets.len() as u32)
            .map(|row| {
                set.clear();
                set.extend(sets.get(row));
                self.place(&keys, &mut set, builder);
                for (key, value) in &mut set {
                    if let LabelValue::Text(text) = value
                        && *key == keys.stack
                    {
                        *text = *stacks.entry(*text).or_insert_with(|| self.stack_text(*text, builder));
                    }
                }
                builder.label_sets.intern(&set)
            })
            .collect()
    }

    /// The place of a call, as an event tells it; lines and columns count from 1.
    fn place(&mut self, keys: &Keys, set: &mut [(StringId, LabelValue)], builder: &mut Builder) {
        let text = |set: &[(StringId, LabelValue)], wanted| {
            set.iter().find_map(|(key, value)| match value {
                LabelValue::Text(text) if *key == wanted => Some(*text),
                _ => None,
            })
        };
        let number = |set: &[(StringId, LabelValue)], wanted| {
            set.iter().find_map(|(key, value)| match value {
                LabelValue::Number(number, _) if *key == wanted => u32::try_from(*number).ok(),
                _ => None,
            })
        };
        let (Some(name), Some(file)) = (text(set, keys.function), text(set, keys.url)) else { return };
        let (Some(line), Some(column)) = (number(set, keys.line), number(set, keys.column)) else { return };
        let Some(original) = self.function(Function { name, file, line, column, tag: Tag::Code }, builder) else {
            return;
        };
        for (key, value) in set {
            match value {
                LabelValue::Text(text) if *key == keys.function => *text = original.name,
                LabelValue::Text(text) if *key == keys.url => *text = original.file,
                LabelValue::Number(number, _) if *key == keys.line => *number = original.line.into(),
                LabelValue::Number(number, _) if *key == keys.column => *number = original.column.into(),
                _ => {}
            }
        }
    }

    /// A stack as an event has it, a line for each frame: `name (file:line:column)`.
    fn stack_text(&mut self, stack: StringId, builder: &mut Builder) -> StringId {
        let text = builder.strings.get(stack).to_owned();
        let lines = text.lines().map(|line| self.stack_line(line, builder).unwrap_or_else(|| line.to_owned()));
        let lines: Vec<String> = lines.collect();
        builder.strings.intern(&lines.join("\n"))
    }

    fn stack_line(&mut self, line: &str, builder: &mut Builder) -> Option<String> {
        let (rest, column) = line.strip_suffix(')')?.rsplit_once(':')?;
        let (rest, line) = rest.rsplit_once(':')?;
        let (name, file) = rest.split_once(" (")?;
        let file = builder.strings.find(file)?;
        self.map(file)?;
        let (line, column) = (line.parse().ok()?, column.parse().ok()?);
        let name = builder.strings.intern(name);
        let original = self.function(Function { name, file, line, column, tag: Tag::Code }, builder)?;
        let text = |id| builder.strings.get(id);
        Some(format!("{} ({}:{}:{})", text(original.name), text(original.file), original.line, original.column))
    }
}

/// Keys of labels that tell a place.
struct Keys {
    function: StringId,
    url: StringId,
    line: StringId,
    column: StringId,
    stack: StringId,
}

/// Most tokens before a function among which its identifier is looked for, and most characters between.
const BEFORE_MAX: usize = 4;
const GAP_MAX: u32 = 24;

/// What the map calls the identifier that the engine took a function's name from: the nearest one with a
/// name before the function's place that is as long as the name. Between them stands at most something
/// like `=async function`.
fn identifier_before(map: &Map, (line, column): (u32, u32), name: &str) -> Option<String> {
    let (prefix, rest) = match name.split_once(' ') {
        Some((word @ ("get" | "set" | "async"), rest)) => (word, rest),
        _ => ("", name),
    };
    let (owner, last) = rest.rsplit_once('.').map_or((None, rest), |(owner, last)| (Some(owner), last));
    // Who owns it is written elsewhere, and may be as short as the rest.
    if owner.is_some() {
        return None;
    }
    let length = last.encode_utf16().count() as u32;
    let mut at = column;
    for _ in 0..BEFORE_MAX {
        let token = map.origin(line, at)?;
        let end = token.begins.saturating_add(length);
        if let Some(original) = token.name
            && end <= column
            && column - end <= GAP_MAX
        {
            return Some(if prefix.is_empty() { original.to_owned() } else { format!("{prefix} {original}") });
        }
        at = token.begins.checked_sub(1)?;
    }
    None
}
