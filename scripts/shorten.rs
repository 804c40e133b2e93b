//! Shortens the names by which a program and its glue know each other.
//!
//! `shorten GLUE.js PROGRAM.wasm` rewrites both. Each function that the program takes from the browser
//! has a name that ends in sixteen digits of a hash. Hashes do not compress: there and in the glue
//! they are 2 % of what a first visit fetches. The glue also loses its comments and indentation.

#![allow(clippy::print_stderr, reason = "a program of the command line")]

use std::collections::HashMap;
use std::{env, fs, process};

/// What the names that are shortened begin with: those that wasm-bindgen made.
const MADE: &str = "__wb";

/// Number of a module's section that lists what it imports.
const IMPORTS: u8 = 2;

/// Bytes of the magic number and the version.
const HEADER: usize = 8;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [glue, program] = &arguments[..] else {
        eprintln!("usage: shorten GLUE.js PROGRAM.wasm");
        process::exit(2);
    };
    if let Err(problem) = shorten(glue, program) {
        eprintln!("shorten: {problem}");
        process::exit(1);
    }
}

fn shorten(glue: &str, program: &str) -> Result<(), String> {
    let bytes = fs::read(program).map_err(|e| format!("{program}: {e}"))?;
    let text = fs::read_to_string(glue).map_err(|e| format!("{glue}: {e}"))?;
    let mut names = Names::default();
    let bytes = rewritten(&bytes, &mut names).ok_or_else(|| format!("{program} is no WebAssembly module"))?;
    let text = names.apply(&plain(&text))?;
    fs::write(program, bytes).map_err(|e| format!("{program}: {e}"))?;
    fs::write(glue, text).map_err(|e| format!("{glue}: {e}"))
}

/// Long names and the short ones in their place.
#[derive(Default)]
struct Names {
    short: HashMap<String, String>,
}

impl Names {
    fn of(&mut self, long: &str) -> String {
        if !long.starts_with(MADE) {
            return long.to_owned();
        }
        let next = numbered(self.short.len());
        self.short.entry(long.to_owned()).or_insert(next).clone()
    }

    /// The glue with short names. They are keys of one object, each on a line of its own.
    fn apply(&self, glue: &str) -> Result<String, String> {
        let mut found = 0;
        let mut out = String::with_capacity(glue.len());
        for line in glue.lines() {
            let key = line.split_once(':').and_then(|(key, rest)| Some((self.short.get(key)?, rest)));
            match key {
                Some((short, rest)) => {
                    found += 1;
                    out.push_str(&format!("{short}:{rest}"));
                }
                None => out.push_str(line),
            }
            out.push('\n');
        }
        let all = self.short.len();
        if found == all { Ok(out) } else { Err(format!("{found} of {all} imported names stand in the glue")) }
    }
}

/// `_a` to `_z`, `_A` to `_Z`, then two letters, and so on; never a word of the language.
fn numbered(number: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let (mut left, mut name) = (number, String::from("_"));
    loop {
        name.push(char::from(LETTERS[left % LETTERS.len()]));
        left /= LETTERS.len();
        if left == 0 {
            return name;
        }
    }
}

/// The glue without indentation, empty lines, and lines that are nothing but comment.
fn plain(glue: &str) -> String {
    let is_comment = |line: &&str| line.starts_with("//") || line.starts_with("/**") || line.starts_with('*');
    let lines = glue.lines().map(str::trim).filter(|line| !line.is_empty() && !is_comment(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// The module with short names in its section of imports.
fn rewritten(module: &[u8], names: &mut Names) -> Option<Vec<u8>> {
    let mut reader = Reader { bytes: module, at: HEADER };
    let mut out = module.get(..HEADER).filter(|header| header.starts_with(b"\0asm"))?.to_vec();
    while reader.at < module.len() {
        let id = reader.byte()?;
        let length = reader.number()?;
        let body = reader.take(length)?;
        let changed = if id == IMPORTS { imports(body, names)? } else { body.to_vec() };
        out.push(id);
        write_number(&mut out, changed.len());
        out.extend(changed);
    }
    Some(out)
}

fn imports(body: &[u8], names: &mut Names) -> Option<Vec<u8>> {
    let mut reader = Reader { bytes: body, at: 0 };
    let count = reader.number()?;
    let mut out = Vec::with_capacity(body.len());
    write_number(&mut out, count);
    for _ in 0..count {
        let module = reader.name()?;
        let field = names.of(std::str::from_utf8(reader.name()?).ok()?);
        write_name(&mut out, module);
        write_name(&mut out, field.as_bytes());
        let from = reader.at;
        reader.skip_kind()?;
        out.extend(&body[from..reader.at]);
    }
    (reader.at == body.len()).then_some(out)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    /// An unsigned number in seven bits a byte, the lowest first.
    fn number(&mut self) -> Option<usize> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn name(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    /// What is imported: a function of a type, a table, a memory, a global or a tag.
    fn skip_kind(&mut self) -> Option<()> {
        match self.byte()? {
            0 => self.number().map(drop),
            1 => {
                self.byte()?;
                self.skip_limits()
            }
            2 => self.skip_limits(),
            3 => self.take(2).map(drop),
            4 => {
                self.byte()?;
                self.number().map(drop)
            }
            _ => None,
        }
    }

    fn skip_limits(&mut self) -> Option<()> {
        let has_most = self.byte()? & 1 == 1;
        self.number()?;
        if has_most {
            self.number()?;
        }
        Some(())
    }
}

fn write_number(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn write_name(out: &mut Vec<u8>, name: &[u8]) {
    write_number(out, name.len());
    out.extend(name);
}
