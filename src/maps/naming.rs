//! The name of a function as its original has it.
//!
//! A map leads from the place that the engine gives for a function, the parenthesis before its
//! parameters or an arrow function's first character, to a token of the original: to the same
//! parenthesis, a parameter, the function's name, a keyword before it or the key of a method, as the
//! tools differ. From there the name follows by the language's own rules: the name that was declared, the
//! key of a method, or for a function without one whatever it is assigned to. What these rules do not
//! know, and what does not look like a function, has no verdict.

use super::lexer::{Lexed, OUTSIDE, is_word};

/// What is known of a function's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is this.
    Named(String),
    /// It has none.
    Anonymous,
    /// Nobody can tell.
    Unknown,
}

use Verdict::{Anonymous, Named, Unknown};

/// Most tokens that are looked at in one direction.
const TOKENS_MAX: usize = 400;

/// The name of the function to which a place of an original belongs, 0-based.
pub(super) fn name_at(text: &str, lexed: &Lexed, line: u32, column: u32) -> Verdict {
    lexed.at(line, column).map_or(Unknown, |at| Tokens { text, lexed }.forwards(at))
}

struct Tokens<'a> {
    text: &'a str,
    lexed: &'a Lexed,
}

/// Words that stand before a function's name or key.
const MODIFIERS: [&str; 14] = [
    "export",
    "default",
    "static",
    "public",
    "private",
    "protected",
    "override",
    "readonly",
    "abstract",
    "declare",
    "accessor",
    "async",
    "get",
    "set",
];
/// Words that are no names where a name may stand before a parenthesis.
const KEYWORDS: [&str; 18] = [
    "return", "case", "await", "yield", "typeof", "in", "of", "else", "do", "new", "throw", "void", "delete",
    "default", "if", "for", "while", "extends",
];

impl<'a> Tokens<'a> {
    /// The token in a row, empty where there is none.
    fn word(&self, row: usize) -> &'a str {
        self.lexed.tokens.get(row).map_or("", |token| &self.text[token.start as usize..token.end as usize])
    }

    /// The token before a row.
    fn before(&self, row: usize) -> &'a str {
        row.checked_sub(1).map_or("", |before| self.word(before))
    }

    fn is_name(&self, row: usize) -> bool {
        self.word(row).starts_with(|c| is_word(c) && !char::is_numeric(c))
    }

    /// Reads on from what a map leads to until it is known what it is.
    fn forwards(&self, mut row: usize) -> Verdict {
        for _ in 0..MODIFIERS.len() {
            let (word, next) = (self.word(row), self.word(row + 1));
            match word {
                "(" | "<" => return self.parameters(row),
                "function" => return self.after_function(row),
                "async" if matches!(next, "(" | "<") || self.word(row + 2) == "=>" => return self.assigned(row),
                "constructor" if next == "(" => return self.class_around(row),
                "class" => return self.class_name(row),
                "*" => row += 1,
                _ if MODIFIERS.contains(&word) && (next == "*" || next == "[" || self.is_key(row + 1)) => row += 1,
                _ => return self.key_or_parameter(row),
            }
        }
        Unknown
    }

    fn is_key(&self, row: usize) -> bool {
        self.is_name(row) || self.word(row).starts_with(['"', '\''])
    }

    /// The name behind `function`, or what the function is assigned to.
    fn after_function(&self, row: usize) -> Verdict {
        let name = row + if self.word(row + 1) == "*" { 2 } else { 1 };
        match self.word(name) {
            "(" | "<" => self.assigned(if self.before(row) == "async" { row - 1 } else { row }),
            word if self.is_name(name) => Named(word.to_owned()),
            _ => Unknown,
        }
    }

    /// A key of a method, a name behind `function`, a variable, or the first parameter.
    fn key_or_parameter(&self, row: usize) -> Verdict {
        let (word, before) = (self.word(row), self.before(row));
        let mut next = row + 1;
        while matches!(self.word(next), "?" | "!") {
            next += 1;
        }
        match self.word(next) {
            "=>" if self.is_name(row) => self.assigned(if before == "async" { row - 1 } else { row }),
            "(" | "<" if self.is_key(row) && self.has_body(next) => self.key(row),
            _ if before == "(" && self.is_name(row) => self.parameters(row - 1),
            "=" | ":" if self.is_key(row) && !matches!(before, "?" | ".") => Named(unquoted(word).to_owned()),
            _ => Unknown,
        }
    }

    /// The key of a method or the name of a function, with what tells it from its twin.
    fn key(&self, row: usize) -> Verdict {
        let before = self.before(row);
        let word = unquoted(self.word(row));
        if matches!(before, "get" | "set") && self.before(row - 1) != "." {
            return Named(format!("{before} {word}"));
        }
        Named(word.to_owned())
    }

    /// Whether the parameters that begin in a row are followed by a body or a type, and not a call's.
    fn has_body(&self, row: usize) -> bool {
        let mut depth = 0usize;
        for at in row..row + TOKENS_MAX {
            match self.word(at) {
                "(" => depth += 1,
                ")" if depth <= 1 => return matches!(self.word(at + 1), "{" | ":"),
                ")" => depth -= 1,
                "" => return false,
                _ => {}
            }
        }
        false
    }

    /// The name of the function whose parameters begin in a row.
    fn parameters(&self, row: usize) -> Verdict {
        let before = self.before(row);
        match before {
            "function" => self.after_function(row - 1),
            "*" if self.before(row - 1) == "function" => self.after_function(row - 2),
            "async" => self.assigned(row - 1),
            "constructor" => self.class_around(row - 1),
            ">" => self.opening(row - 1).map_or(Unknown, |angle| self.parameters(angle)),
            _ if KEYWORDS.contains(&before) => self.assigned(row),
            _ if row > 0 && self.is_key(row - 1) => self.key(row - 1),
            "]" => Unknown,
            _ => self.assigned(row),
        }
    }

    /// The angle that opens what one closes.
    fn opening(&self, row: usize) -> Option<usize> {
        let mut depth = 0usize;
        for at in (row.saturating_sub(TOKENS_MAX)..=row).rev() {
            match self.word(at) {
                ">" => depth += 1,
                "<" if depth <= 1 => return Some(at),
                "<" => depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// What a function without a name is called that begins in a row.
    fn assigned(&self, row: usize) -> Verdict {
        match self.before(row) {
            "=" | "||=" | "&&=" | "??=" => self.target(row - 1),
            ":" if row >= 2 && matches!(self.before(row - 2), "{" | ",") && self.is_key(row - 2) => {
                Named(unquoted(self.word(row - 2)).to_owned())
            }
            ":" if row >= 2 && self.word(row - 2) == "]" => Unknown,
            "default" => Named("default".to_owned()),
            // A function in parentheses may still get a name.
            "(" if row >= 2 && matches!(self.before(row - 1), "=" | ":") => Unknown,
            _ => Anonymous,
        }
    }

    /// What stands before an equals sign.
    fn target(&self, row: usize) -> Verdict {
        let last = row.wrapping_sub(1);
        if row == 0 || !self.is_name(last) {
            return self.declared(row);
        }
        match self.before(last) {
            "." => self.chain(last),
            ":" | "=>" | "|" | "&" => self.declared(row),
            _ => Named(self.word(last).to_owned()),
        }
    }

    /// The name before the type of a variable or a field.
    fn declared(&self, row: usize) -> Verdict {
        let mut depth = 0usize;
        for at in (row.saturating_sub(TOKENS_MAX)..row).rev() {
            match self.word(at) {
                ")" | "]" | "}" | ">" => depth += 1,
                "(" | "[" | "{" | "<" if depth > 0 => depth -= 1,
                "(" | "[" | "{" | "<" | ";" | "=" => return Unknown,
                ":" if depth == 0 => {
                    let name = at.saturating_sub(if matches!(self.before(at), "?" | "!") { 2 } else { 1 });
                    return if self.is_key(name) { Named(unquoted(self.word(name)).to_owned()) } else { Unknown };
                }
                _ => {}
            }
        }
        Unknown
    }

    /// `a.prototype.b` as the engine writes it: `a.b`.
    fn chain(&self, last: usize) -> Verdict {
        let mut parts = vec![self.word(last)];
        let mut at = last;
        while self.before(at) == "." && at >= 2 && self.is_name(at - 2) && parts.len() < 8 {
            at -= 2;
            parts.push(self.word(at));
        }
        if self.before(at) == "." {
            return Unknown;
        }
        parts.retain(|part| !matches!(*part, "prototype" | "this"));
        parts.reverse();
        Named(parts.join("."))
    }

    /// The name of a class, or what it is assigned to.
    fn class_name(&self, row: usize) -> Verdict {
        match self.word(row + 1) {
            "{" | "extends" | "implements" => self.assigned(row),
            name if self.is_name(row + 1) => Named(name.to_owned()),
            _ => Unknown,
        }
    }

    /// The name of the class in whose body a row stands.
    fn class_around(&self, row: usize) -> Verdict {
        let brace = self.lexed.tokens[row].brace;
        if brace == OUTSIDE {
            return Unknown;
        }
        let brace = brace as usize;
        for at in (brace.saturating_sub(TOKENS_MAX)..brace).rev() {
            match self.word(at) {
                "class" => return self.class_name(at),
                ";" | "}" => return Unknown,
                _ => {}
            }
        }
        Unknown
    }
}

fn unquoted(word: &str) -> &str {
    word.trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdict on the place that `▶` marks.
    fn verdict(marked: &str) -> Verdict {
        let at = marked.find('▶').expect("a place is marked");
        let text = marked.replace('▶', "");
        let line = text[..at].matches('\n').count() as u32;
        let column = text[..at].rsplit('\n').next().map_or(0, |l| l.encode_utf16().count() as u32);
        name_at(&text, &Lexed::of(&text), line, column)
    }

    #[test]
    fn functions_have_the_names_of_the_language() {
        for (marked, name) in [
            ("function ▶load(a) {}", "load"),
            ("function load▶(a: T): void {}", "load"),
            ("▶export async function load<T>(a: T) {}", "load"),
            ("export ▶default function (a) {}", "default"),
            ("export default ▶async (a) => 1", "default"),
            ("const load = ▶(a) => 1", "load"),
            ("const load = async ▶(a) => 1", "load"),
            ("let load = ▶function* (a) {}", "load"),
            ("const load = (▶a: string) => 1", "load"),
            ("const load = ▶a => 1", "load"),
            ("const load: (a: {b: T}) => Map<string, T[]> = ▶(a) => 1", "load"),
            ("const load: Load = ▶(a) => 1", "load"),
            ("class A { private load?: B = ▶(a) => 1 }", "load"),
            ("class A { private static async ▶load<T>(a: T): Promise<void> {} }", "load"),
            ("class A { ▶private static async load(a) {} }", "load"),
            ("class A { get ▶total(): number {} }", "get total"),
            ("class A { get total▶() {} }", "get total"),
            ("class A { *▶rows() {} }", "rows"),
            ("class A { ▶#rows() {} }", "#rows"),
            ("class A extends B<C> { x = {}; ▶constructor(a) {} }", "A"),
            ("const A = class { constructor▶(a) {} }", "A"),
            ("export ▶class A<T> {}", "A"),
            ("const A = ▶class extends B {}", "A"),
            ("x = { ▶'/report'(a): void {} }", "/report"),
            ("x = { '/report': ▶async (a) => 1, }", "/report"),
            ("x = { a, report: ▶function (a) {} }", "report"),
            ("x = { report: function ▶named(a) {} }", "named"),
            ("a.prototype.b = ▶function () {}", "a.b"),
            ("this.b = ▶() => 1", "b"),
            ("a ??= ▶() => 1", "a"),
            ("list.map(function ▶scoreOf(a) {})", "scoreOf"),
            ("list.map(▶function scoreOf(a) {})", "scoreOf"),
            ("const f = <T,>▶(a: T) => 1", "f"),
        ] {
            assert_eq!(verdict(marked), Named(name.to_owned()), "{marked}");
        }
        for marked in [
            "list.map(▶(a) => 1)",
            "list.map(▶a => 1)",
            "list.map((▶a, b) => 1)",
            "list.map(async ▶(a) => 1)",
            "on('x', ▶function () {})",
            "x = a ? b : ▶() => 1",
            "return ▶(a) => 1",
            "[▶() => 1]",
        ] {
            assert_eq!(verdict(marked), Anonymous, "{marked}");
        }
        for marked in
            ["▶list.map(a)", "▶load(a);", "x = { [a]▶() {} }", "▶", "a ▶+ b", "x = (▶() => 1)", "constructor▶()"]
        {
            assert_eq!(verdict(marked), Unknown, "{marked}");
        }
    }
}
