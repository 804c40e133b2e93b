//! Whose code a function is, and in which module: worked out once from names and paths.
//!
//! The rules go by path: `node_modules`, `site-packages`, vendored folders and package caches are
//! dependencies; `node:`, the interpreter's and compiler's own libraries are the runtime; what has
//! no script is native. The rest is one's own code.

use std::collections::BTreeMap;

use crate::model::vocab::FrameKey;
use crate::model::{Function, FunctionId, Recording, Tag};

/// Whose code it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The person's own.
    Own,
    /// Installed from elsewhere.
    Dependency,
    /// The language's runtime and standard library.
    Runtime,
    /// Machine code without source: built-ins, shared libraries.
    Native,
    /// The operating system.
    Kernel,
    /// Garbage collection.
    Gc,
    /// Native or unknown: no script on the stack, or a stack that could not be walked.
    Program,
    /// Waiting.
    Idle,
}

impl Kind {
    /// All kinds, in the order of the summary line.
    pub const ALL: [Self; 8] =
        [Self::Own, Self::Dependency, Self::Runtime, Self::Native, Self::Kernel, Self::Gc, Self::Program, Self::Idle];

    /// Stable word, also part of colour names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Dependency => "dependency",
            Self::Runtime => "runtime",
            Self::Native => "native",
            Self::Kernel => "kernel",
            Self::Gc => "gc",
            Self::Program => "program",
            Self::Idle => "idle",
        }
    }

    /// Name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Own => "my code",
            Self::Dependency => "dependencies",
            Self::Runtime => "runtime",
            Self::Native => "native",
            Self::Kernel => "kernel",
            Self::Gc => "GC",
            Self::Program => "native or unknown",
            Self::Idle => "idle",
        }
    }
}

/// Kind, module and short place of every function of a recording.
#[derive(Debug, Default)]
pub struct Modules {
    kind: Vec<Kind>,
    module: Vec<u32>,
    names: Vec<String>,
    place: Vec<String>,
}

impl Modules {
    /// Classifies all functions. Linear in functions.
    pub fn of(recording: &Recording) -> Self {
        let kinds: Vec<Kind> =
            (0..recording.functions.len()).map(|i| kind(recording, FunctionId::from_index(i))).collect();
        let own = kinds.iter().enumerate().filter(|(_, k)| **k == Kind::Own);
        let root = common_folder(own.map(|(i, _)| plain_path(recording.file(FunctionId::from_index(i)))));
        let mut modules = Self { kind: kinds, ..Self::default() };
        let mut index: BTreeMap<String, u32> = BTreeMap::new();
        for i in 0..recording.functions.len() {
            let id = FunctionId::from_index(i);
            let (name, place) = module_and_place(recording, id, modules.kind[i], &root);
            let next = modules.names.len() as u32;
            let row = *index.entry(name.clone()).or_insert(next);
            if row == next {
                modules.names.push(name);
            }
            modules.module.push(row);
            modules.place.push(place);
        }
        modules
    }

    /// Whose code it is.
    #[inline]
    pub fn kind(&self, function: FunctionId) -> Kind {
        self.kind[function.index()]
    }

    /// Number of the module.
    #[inline]
    pub fn module(&self, function: FunctionId) -> usize {
        self.module[function.index()] as usize
    }

    /// Name of the function's module.
    pub fn module_name(&self, function: FunctionId) -> &str {
        &self.names[self.module(function)]
    }

    /// Names of all modules by number.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Short place for people: `lib/truth.js:7`, `node:fs:441`, `native`.
    pub fn place(&self, function: FunctionId) -> &str {
        &self.place[function.index()]
    }
}

/// The key of a function.
pub fn key(recording: &Recording, function: FunctionId) -> FrameKey {
    let row = recording.function(function);
    FrameKey { name: recording.text(row.name).to_owned(), file: recording.text(row.file).to_owned(), line: row.line }
}

/// The function that a key names; of several that differ only by column, the first. A key of a script
/// that a source map led from names the original, if it names one.
pub fn find(recording: &Recording, key: &FrameKey) -> Option<FunctionId> {
    let name = recording.strings.find(&key.name)?;
    let file = recording.strings.find(&key.file)?;
    let is_it = |f: &Function| f.name == name && f.file == file && f.line == key.line;
    let found = recording.functions.iter().position(|f| is_it(&f)).map(FunctionId::from_index);
    found.or_else(|| {
        let mut originals = recording.made.iter().filter(|(made, _)| is_it(made)).map(|(_, original)| original);
        let first = originals.next()?;
        originals.all(|other| other == first).then_some(first)
    })
}

fn kind(recording: &Recording, id: FunctionId) -> Kind {
    let row = recording.function(id);
    match row.tag {
        Tag::Idle => return Kind::Idle,
        Tag::Program | Tag::Root => return Kind::Program,
        Tag::Gc => return Kind::Gc,
        Tag::Kernel => return Kind::Kernel,
        Tag::Native => return Kind::Native,
        Tag::Code | Tag::Jit => {}
    }
    let name = recording.text(row.name);
    let file = plain_path(recording.text(row.file));
    if file.is_empty() { kind_by_name(name) } else { kind_by_path(file, name) }
}

const DEPENDENCY_FOLDERS: &[&str] = &[
    "node_modules/",
    "site-packages/",
    "dist-packages/",
    "/pkg/mod/",
    "/vendor/",
    ".cargo/registry/",
    ".cargo/git/",
    "bower_components/",
    "/gems/",
    "/.m2/",
];

const RUNTIME_STARTS: &[&str] =
    &["node:", "internal/", "<frozen ", "<built-in", "/rustc/", "deno:", "ext:", "native ", "extensions::"];

const RUNTIME_FOLDERS: &[&str] = &[
    "/usr/local/go/src/",
    "/usr/lib/go",
    "/libexec/src/",
    "/lib/rustlib/",
    "/lib/python2",
    "/lib/python3",
    "/library/std/",
    "/library/core/",
    "/library/alloc/",
];

/// First parts of the import paths of Go's own library; paths are relative when built with `-trimpath`.
const GO_LIBRARY: &[&str] = &[
    "archive",
    "bufio",
    "bytes",
    "cmp",
    "compress",
    "container",
    "context",
    "crypto",
    "database",
    "debug",
    "embed",
    "encoding",
    "errors",
    "expvar",
    "flag",
    "fmt",
    "go",
    "hash",
    "html",
    "image",
    "index",
    "internal",
    "io",
    "iter",
    "log",
    "maps",
    "math",
    "mime",
    "net",
    "os",
    "path",
    "plugin",
    "reflect",
    "regexp",
    "runtime",
    "slices",
    "sort",
    "strconv",
    "strings",
    "structs",
    "sync",
    "syscall",
    "testing",
    "text",
    "time",
    "unicode",
    "unique",
    "unsafe",
];

fn kind_by_path(file: &str, name: &str) -> Kind {
    if DEPENDENCY_FOLDERS.iter().any(|f| file.contains(f)) {
        return Kind::Dependency;
    }
    if RUNTIME_STARTS.iter().any(|s| file.starts_with(s)) || RUNTIME_FOLDERS.iter().any(|f| file.contains(f)) {
        return Kind::Runtime;
    }
    let is_relative_go = !file.starts_with('/') && (file.ends_with(".go") || file.ends_with(".s"));
    if is_relative_go && is_go_library(name, file) {
        return Kind::Runtime;
    }
    if is_relative_go && file.split('/').next().is_some_and(|host| host.contains('.')) && file.contains('@') {
        return Kind::Dependency;
    }
    if file.starts_with("/usr/lib/") || file.starts_with("/lib/") || file.ends_with(".so") || file.contains(".so.") {
        return Kind::Native;
    }
    Kind::Own
}

fn is_go_library(name: &str, file: &str) -> bool {
    let first = file.split('/').next().unwrap_or("");
    // The package of the function must agree: a person's own `net/` folder has functions of `main`.
    GO_LIBRARY.contains(&first) && name.starts_with(first)
}

fn kind_by_name(name: &str) -> Kind {
    if name.starts_with('[') && (name.ends_with(']')) {
        return if name.contains("kernel") || name.contains("vdso") { Kind::Kernel } else { Kind::Native };
    }
    if ["std::", "core::", "alloc::", "<alloc::", "<core::", "<std::", "runtime."].iter().any(|p| name.starts_with(p)) {
        return Kind::Runtime;
    }
    Kind::Own
}

/// A path without scheme: `file:///srv/a.js` is `/srv/a.js`.
fn plain_path(file: &str) -> &str {
    file.strip_prefix("file://").unwrap_or(file)
}

/// The longest folder that all paths share, with its final `/`; only absolute paths and URLs count.
fn common_folder<'a>(paths: impl Iterator<Item = &'a str>) -> String {
    let mut common: Option<&str> = None;
    for path in paths.filter(|p| p.starts_with('/') || p.contains("://")) {
        let folder = &path[..path.rfind('/').map_or(0, |i| i + 1)];
        common = Some(common.map_or(folder, |c| shared_folder(c, folder)));
    }
    common.unwrap_or("").to_owned()
}

fn shared_folder<'a>(a: &'a str, b: &str) -> &'a str {
    let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let end = a.as_bytes()[..same].iter().rposition(|&c| c == b'/').map_or(0, |i| i + 1);
    &a[..end]
}

fn module_and_place(recording: &Recording, id: FunctionId, kind: Kind, root: &str) -> (String, String) {
    let row = recording.function(id);
    let file = plain_path(recording.text(row.file));
    let name = recording.text(row.name);
    let short = short_path(file, root);
    let place = match (file.is_empty(), row.line) {
        (true, _) => match kind {
            Kind::Native => "native".to_owned(),
            _ => String::new(),
        },
        (false, 0) => short.clone(),
        (false, line) => format!("{short}:{line}"),
    };
    let module = match kind {
        Kind::Gc => "garbage collector".to_owned(),
        Kind::Idle => "idle".to_owned(),
        Kind::Program => "native or unknown".to_owned(),
        Kind::Kernel => "kernel".to_owned(),
        Kind::Native => native_module(name, file),
        Kind::Dependency => package(file).unwrap_or(short),
        Kind::Runtime => runtime_module(name, file),
        Kind::Own if file.is_empty() => module_by_name(name),
        Kind::Own => short,
    };
    (module, place)
}

fn short_path(file: &str, root: &str) -> String {
    if !root.is_empty()
        && let Some(rest) = file.strip_prefix(root)
        && !rest.is_empty()
    {
        return rest.to_owned();
    }
    match package(file) {
        Some(package) => match file.rfind(package.as_str()) {
            Some(at) => file[at..].to_owned(),
            None => file.to_owned(),
        },
        None => file.to_owned(),
    }
}

/// The package that a dependency's path lies in: `@scope/name` or `name`.
fn package(file: &str) -> Option<String> {
    let (start, folder) = DEPENDENCY_FOLDERS.iter().filter_map(|f| file.rfind(f).map(|at| (at, *f))).max()?;
    let mut parts = file[start + folder.len()..].split('/');
    let first = parts.next().filter(|p| !p.is_empty())?;
    Some(match (first.starts_with('@'), parts.next()) {
        (true, Some(second)) => format!("{first}/{second}"),
        _ => first.trim_end_matches(".py").to_owned(),
    })
}

fn native_module(name: &str, file: &str) -> String {
    if !file.is_empty() {
        return file.rsplit('/').next().unwrap_or(file).to_owned();
    }
    // A frame without symbols is named by its binary and the place in it.
    if let Some((binary, _)) = name.split_once("+0x").filter(|(binary, _)| !binary.is_empty()) {
        return binary.to_owned();
    }
    if name.starts_with('[') && name.ends_with(']') { name[1..name.len() - 1].to_owned() } else { "native".to_owned() }
}

fn runtime_module(name: &str, file: &str) -> String {
    if file.starts_with("node:") || file.starts_with("internal/") {
        return "Node runtime".to_owned();
    }
    if file.ends_with(".go") || file.ends_with(".s") {
        return go_package(name);
    }
    if file.contains("/lib/python") || file.starts_with("<frozen") {
        return "Python runtime".to_owned();
    }
    module_by_name(name)
}

/// `encoding/json.(*Decoder).Decode` is of `encoding/json`.
fn go_package(name: &str) -> String {
    let after = name.rfind('/').map_or(0, |i| i + 1);
    let end = name[after..].find('.').map_or(name.len(), |i| after + i);
    name[..end].to_owned()
}

/// The part of a bare name before its last `::`, `.` or backtick; the name itself without one.
fn module_by_name(name: &str) -> String {
    let plain = name.split(['(', '<', ' ']).next().unwrap_or(name);
    if let Some((module, _)) = name.split_once('`') {
        return module.to_owned();
    }
    match plain.split_once("::") {
        Some((module, _)) if !module.is_empty() => module.to_owned(),
        _ => "no module".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_whose_code_it_is() {
        assert_eq!(kind_by_path("/srv/shop/node_modules/orm/lib/a.js", "f"), Kind::Dependency);
        assert_eq!(kind_by_path("node:internal/timers", "listOnTimeout"), Kind::Runtime);
        assert_eq!(kind_by_path("/srv/shop/stalls.js", "spin"), Kind::Own);
        assert_eq!(kind_by_path("encoding/json/encode.go", "encoding/json.Marshal"), Kind::Runtime);
        assert_eq!(kind_by_path("shop/main.go", "main.handleSort"), Kind::Own);
        assert_eq!(kind_by_path("/usr/lib/python3.11/json/encoder.py", "iterencode"), Kind::Runtime);
        assert_eq!(kind_by_path("/usr/lib/python3/dist-packages/yaml/x.py", "load"), Kind::Dependency);
        assert_eq!(kind_by_path("wasm://wasm/238b0682", "spin"), Kind::Own);
    }

    #[test]
    fn packages_of_dependencies() {
        assert_eq!(package("/a/node_modules/@scope/pkg/index.js").as_deref(), Some("@scope/pkg"));
        assert_eq!(package("/a/node_modules/x/node_modules/y/i.js").as_deref(), Some("y"));
        assert_eq!(package("/a/site-packages/six.py").as_deref(), Some("six"));
        assert_eq!(go_package("encoding/json.(*Decoder).Decode"), "encoding/json");
    }

    #[test]
    fn own_paths_are_short() {
        assert_eq!(common_folder(["/srv/shop/a.js", "/srv/shop/lib/b.js"].into_iter()), "/srv/shop/");
        assert_eq!(common_folder(["/srv/shop/a.js"].into_iter()), "/srv/shop/");
        assert_eq!(short_path("/srv/shop/lib/b.js", "/srv/shop/"), "lib/b.js");
    }
}
