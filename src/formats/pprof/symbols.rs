//! Mappings, functions and locations: what a location of a stack is called.

use super::ids::Ids;
use super::names::Names;
use super::schema;
use crate::model::{Column, StringId, Strings, Tag};

/// Longest part of a path that is copied into a made-up name, in bytes: thousands of names may be
/// made from one path.
const PATH_BYTES_MAX: usize = 512;

/// The tables as they are in the file.
#[derive(Debug, Default)]
pub(super) struct Raw {
    mappings: Column<schema::Mapping>,
    functions: Column<schema::Function>,
    locations: Column<Location>,
    lines: Column<schema::Line>,
}

/// A location without its lines, which stand one after the other in a table of their own.
#[derive(Debug, Clone, Copy)]
struct Location {
    id: u64,
    mapping: u64,
    address: u64,
    first_line: u32,
    line_count: u32,
}

impl Raw {
    /// Adds a mapping.
    pub(super) fn mapping(&mut self, mapping: schema::Mapping) {
        self.mappings.push(mapping);
    }

    /// Adds a function.
    pub(super) fn function(&mut self, function: schema::Function) {
        self.functions.push(function);
    }

    /// Adds a location with its lines.
    pub(super) fn location(&mut self, location: &schema::Location) {
        let small = |n: usize| u32::try_from(n).expect("4 billion lines do not fit into the memory of a worker");
        self.locations.push(Location {
            id: location.id,
            mapping: location.mapping,
            address: location.address,
            first_line: small(self.lines.len()),
            line_count: small(location.lines.len()),
        });
        location.lines.iter().for_each(|&line| self.lines.push(line));
    }

    /// The first mapping: by convention the program itself.
    pub(super) fn program(&self) -> Option<schema::Mapping> {
        (!self.mappings.is_empty()).then(|| self.mappings.get(0))
    }
}

/// The tables with their names and identifiers looked up.
#[derive(Debug)]
pub(super) struct Symbols {
    raw: Raw,
    mappings: Vec<Mapping>,
    functions: Column<Function>,
    mapping_ids: Ids,
    function_ids: Ids,
    location_ids: Ids,
    /// Lines whose function does not exist.
    pub(super) missing_functions: u64,
    /// Locations whose mapping does not exist.
    pub(super) missing_mappings: u64,
    /// Functions that were given their place as their id, because none has one: an exporter for
    /// .NET left the ids out and counted from 1 where it referred to them.
    pub(super) numbered: u64,
}

#[derive(Debug)]
struct Mapping {
    start: u64,
    /// First address behind it; 0 when unknown.
    limit: u64,
    offset: u64,
    /// The last part of the path.
    base: String,
    is_kernel: bool,
}

#[derive(Debug, Clone, Copy)]
struct Function {
    /// The name that patterns see, possibly empty.
    name: StringId,
    /// The name, or what the linker calls it; possibly empty.
    shown: StringId,
    file: StringId,
    start_line: u32,
}

/// What a line of a location shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) name: StringId,
    pub(super) file: StringId,
    /// Line of the definition.
    pub(super) start_line: u32,
    /// Line that ran.
    pub(super) line: u32,
    pub(super) tag: Tag,
}

impl Symbols {
    /// Looks up the names of all mappings and functions and indexes all identifiers.
    pub(super) fn new(raw: Raw, names: &mut Names, strings: &Strings) -> Self {
        let mappings = raw.mappings.iter().map(|m| mapping(m, names, strings)).collect();
        let functions = raw.functions.iter().map(|f| function(f, names)).collect();
        let numbered = if raw.functions.iter().all(|f| f.id == 0) { raw.functions.len() as u64 } else { 0 };
        let function_id = |(f, place): (schema::Function, u64)| if numbered > 0 { place } else { f.id };
        Self {
            mappings,
            functions,
            mapping_ids: Ids::new(raw.mappings.len(), raw.mappings.iter().map(|m| m.id)),
            function_ids: Ids::new(raw.functions.len(), raw.functions.iter().zip(1..).map(function_id)),
            location_ids: Ids::new(raw.locations.len(), raw.locations.iter().map(|l| l.id)),
            missing_functions: 0,
            missing_mappings: 0,
            numbered,
            raw,
        }
    }

    /// The row of the location with this identifier.
    #[inline]
    pub(super) fn location(&self, id: u64) -> Option<u32> {
        self.location_ids.get(id)
    }

    /// Number of locations.
    pub(super) fn location_count(&self) -> usize {
        self.raw.locations.len()
    }

    /// Number of lines of a location, innermost first; 0 where it was not symbolised.
    pub(super) fn line_count(&self, location: u32) -> u32 {
        self.raw.locations.get(location as usize).line_count
    }

    /// The name that patterns see of a line's function, empty where there is none.
    pub(super) fn name(&self, location: u32, line: u32) -> StringId {
        let row = self.function_ids.get(self.line(location, line).function);
        row.map_or(StringId::EMPTY, |row| self.functions.get(row as usize).name)
    }

    fn line(&self, location: u32, line: u32) -> schema::Line {
        let first = self.raw.locations.get(location as usize).first_line;
        self.raw.lines.get(first as usize + line as usize)
    }

    /// What a line of a location shows: the function's name, else the linker's name for it, else its
    /// file and line, else the address.
    pub(super) fn shown(&mut self, location: u32, line: u32, strings: &mut Strings) -> Shown {
        let line = self.line(location, line);
        let number = positive(line.line);
        let Some(row) = self.function_ids.get(line.function) else {
            self.missing_functions += u64::from(line.function != 0);
            return Shown { line: number, ..self.address(location, strings) };
        };
        let function = self.functions.get(row as usize);
        let name = if function.shown != StringId::EMPTY {
            function.shown
        } else if function.file != StringId::EMPTY {
            let text = format!("{}:{number}", tail(strings.get(function.file)));
            strings.intern(&text)
        } else {
            return Shown { line: number, ..self.address(location, strings) };
        };
        let tag = if self.mapping(location).is_some_and(|m| m.is_kernel) { Tag::Kernel } else { Tag::Code };
        Shown { name, file: function.file, start_line: function.start_line, line: number, tag }
    }

    /// What a location without a usable line shows: `libc.so.6+0x1f2a`, the place in the mapped file,
    /// or the bare address.
    pub(super) fn address(&mut self, location: u32, strings: &mut Strings) -> Shown {
        let at = self.raw.locations.get(location as usize);
        let mapping = self.mapping(location);
        let is_kernel = mapping.is_some_and(|m| m.is_kernel);
        let text = match mapping.filter(|m| !m.base.is_empty()) {
            Some(m) => format!("{}+{:#x}", m.base, m.place(at.address)),
            None => format!("{:#x}", at.address),
        };
        if at.mapping != 0 && self.mapping(location).is_none() {
            self.missing_mappings += 1;
        }
        let tag = if is_kernel { Tag::Kernel } else { Tag::Native };
        Shown { name: strings.intern(&text), file: StringId::EMPTY, start_line: 0, line: 0, tag }
    }

    fn mapping(&self, location: u32) -> Option<&Mapping> {
        let id = self.raw.locations.get(location as usize).mapping;
        self.mapping_ids.get(id).filter(|_| id != 0).map(|row| &self.mappings[row as usize])
    }

    /// Bytes of all functions' names, as far as patterns see them.
    pub(super) fn name_bytes(&self, strings: &Strings) -> u64 {
        self.functions.iter().map(|f| strings.get(f.name).len() as u64).fold(0, u64::saturating_add)
    }

    /// Mappings, functions and locations whose identifier an earlier one has.
    pub(super) fn duplicates(&self) -> u64 {
        self.mapping_ids.duplicates() + self.function_ids.duplicates() + self.location_ids.duplicates()
    }
}

impl Mapping {
    /// Where an address lies in the mapped file. One outside the mapping is left as it is: it is a
    /// place in the file already, or wrong.
    fn place(&self, address: u64) -> u64 {
        let is_inside = address >= self.start && (self.limit == 0 || address < self.limit);
        if is_inside { (address - self.start).wrapping_add(self.offset) } else { address }
    }
}

fn mapping(raw: schema::Mapping, names: &mut Names, strings: &Strings) -> Mapping {
    let path = strings.get(names.id(raw.file));
    let base = path.rsplit(['/', '\\']).next().unwrap_or(path);
    Mapping {
        start: raw.start,
        limit: raw.limit,
        offset: raw.offset,
        base: tail(base).to_owned(),
        is_kernel: ["[kernel", "[guest.kernel"].iter().any(|prefix| path.starts_with(prefix)) || base == "vmlinux",
    }
}

fn function(raw: schema::Function, names: &mut Names) -> Function {
    let (name, system_name) = (names.id(raw.name), names.id(raw.system_name));
    Function {
        name,
        shown: if name == StringId::EMPTY { system_name } else { name },
        file: names.id(raw.file),
        start_line: positive(raw.start_line),
    }
}

/// A line number; 0, unknown, for what cannot be one.
fn positive(line: i64) -> u32 {
    u32::try_from(line).unwrap_or(0)
}

/// The last bytes of a path, at most [`PATH_BYTES_MAX`].
fn tail(path: &str) -> &str {
    let cut = path.len().saturating_sub(PATH_BYTES_MAX);
    let start = (cut..path.len()).find(|&at| path.is_char_boundary(at)).unwrap_or(path.len());
    if cut == 0 { path } else { &path[start..] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_path() {
        let path = "é".repeat(PATH_BYTES_MAX);
        assert_eq!(tail(&path).len(), PATH_BYTES_MAX);
        assert_eq!(tail(&format!("a{path}b")).len(), PATH_BYTES_MAX - 1);
        assert_eq!(tail("/usr/lib/x"), "/usr/lib/x");
    }
}
