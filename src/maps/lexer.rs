//! JavaScript and TypeScript as tokens: enough to find the name of a function where it is written.
//!
//! Strings, templates, comments and regular expressions are passed as wholes. Where a regular expression
//! cannot be told from a division, a line may be read wrongly: a string ends with its line at the latest.

/// A piece of an original's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) start: u32,
    pub(super) end: u32,
    /// 0-based.
    pub(super) line: u32,
    /// 0-based, UTF-16 units.
    pub(super) column: u32,
    /// Row of the innermost open brace before it, or [`OUTSIDE`].
    pub(super) brace: u32,
}

/// No brace is open.
pub(super) const OUTSIDE: u32 = u32::MAX;

/// The tokens of a text in their order.
#[derive(Debug, Default)]
pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
}

/// Operators of several characters, the longest first.
const OPERATORS: [&str; 31] = [
    ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", "&&=", "||=", "??=", "=>", "==", "!=", "<=", ">=", "&&", "||",
    "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "**", "<<",
];

impl Lexed {
    /// Takes a text apart. Linear in its length.
    pub(super) fn of(text: &str) -> Self {
        let mut lexer = Lexer { text, at: 0, line: 0, column: 0, open: Vec::new(), tokens: Vec::new() };
        while lexer.at < text.len().min(u32::MAX as usize) {
            lexer.step();
        }
        Self { tokens: lexer.tokens }
    }

    /// The token that begins at a place.
    pub(super) fn at(&self, line: u32, column: u32) -> Option<usize> {
        self.tokens.binary_search_by_key(&(line, column), |token| (token.line, token.column)).ok()
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    column: u32,
    /// Rows of open braces, and whether each is one of a template.
    open: Vec<(u32, bool)>,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Passes the next character.
    fn pass(&mut self) {
        let Some(c) = self.rest().chars().next() else { return };
        self.at += c.len_utf8();
        let is_first_of_two = c == '\r' && self.rest().starts_with('\n');
        if (c == '\n' || c == '\r') && !is_first_of_two {
            self.line = self.line.saturating_add(1);
            self.column = 0;
        } else {
            self.column = self.column.saturating_add(c.len_utf16() as u32);
        }
    }

    fn pass_to(&mut self, at: usize) {
        while self.at < at {
            self.pass();
        }
    }

    fn step(&mut self) {
        let rest = self.rest();
        let first = rest.chars().next().unwrap_or(' ');
        if first.is_whitespace() || first == '\u{feff}' {
            self.pass();
        } else if rest.starts_with("//") {
            let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
            self.pass_to(self.at + end);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            let end = comment.find("*/").map_or(rest.len(), |end| end + 4);
            self.pass_to(self.at + end);
        } else {
            self.token(first);
        }
    }

    fn token(&mut self, first: char) {
        let (start, line, column) = (self.at, self.line, self.column);
        let row = self.tokens.len() as u32;
        let mut brace = self.open.last().map_or(OUTSIDE, |open| open.0);
        match first {
            '"' | '\'' => self.string(first),
            '`' => self.template(row),
            '{' => {
                self.pass();
                self.open.push((row, false));
            }
            '}' => {
                let closed = self.open.pop();
                brace = self.open.last().map_or(OUTSIDE, |open| open.0);
                match closed {
                    Some((_, true)) => self.template(row),
                    _ => self.pass(),
                }
            }
            '/' if self.begins_regex() => self.regex(),
            c if is_word(c) => {
                let end = self.rest().find(|c| !is_word(c)).unwrap_or(self.rest().len());
                self.pass_to(start + end);
            }
            _ => {
                let operator = OPERATORS.iter().find(|operator| self.rest().starts_with(**operator));
                self.pass_to(start + operator.map_or(first.len_utf8(), |operator| operator.len()));
            }
        }
        self.tokens.push(Token { start: start as u32, end: self.at as u32, line, column, brace });
    }

    fn string(&mut self, quote: char) {
        self.pass();
        while let Some(c) = self.rest().chars().next() {
            if c == '\n' {
                return;
            }
            self.pass();
            if c == '\\' {
                self.pass();
            } else if c == quote {
                return;
            }
        }
    }

    /// A template, or what follows on one of its braces, to its end or its next brace.
    fn template(&mut self, row: u32) {
        self.pass();
        while let Some(c) = self.rest().chars().next() {
            let opens = self.rest().starts_with("${");
            self.pass();
            if c == '\\' {
                self.pass();
            } else if c == '`' {
                return;
            } else if opens {
                self.pass();
                self.open.push((row, true));
                return;
            }
        }
    }

    /// Whether a slash begins a regular expression, by what stands before it.
    fn begins_regex(&self) -> bool {
        let Some(before) = self.tokens.last() else { return true };
        let before = &self.text[before.start as usize..before.end as usize];
        match before.chars().last() {
            Some(')' | ']' | '}' | '"' | '\'' | '`') => false,
            Some(c) if is_word(c) => matches!(before, "return" | "typeof" | "case" | "in" | "of" | "void" | "do"),
            _ => true,
        }
    }

    fn regex(&mut self) {
        self.pass();
        let mut is_in_class = false;
        while let Some(c) = self.rest().chars().next() {
            if c == '\n' {
                return;
            }
            self.pass();
            match c {
                '\\' => self.pass(),
                '[' => is_in_class = true,
                ']' => is_in_class = false,
                '/' if !is_in_class => return,
                _ => {}
            }
        }
    }
}

/// Whether a character belongs to names and numbers, and to private names.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '#' | '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        Lexed::of(text).tokens.iter().map(|t| &text[t.start as usize..t.end as usize]).collect()
    }

    #[test]
    fn texts_are_taken_apart() {
        let text = "const a = (b?: T) => `x${ {c: '}'} }y` /* ( */ + b / 2; // ;\n/[/]\"/.test(é)";
        let expected = [
            "const", "a", "=", "(", "b", "?", ":", "T", ")", "=>", "`x${", "{", "c", ":", "'}'", "}", "}y`", "+", "b",
            "/", "2", ";", "/[/]\"/", ".", "test", "(", "é", ")",
        ];
        assert_eq!(words(text), expected);
        let lexed = Lexed::of("a\r\n  😀b {c}");
        let places: Vec<_> = lexed.tokens.iter().map(|t| (t.line, t.column)).collect();
        assert_eq!(places, [(0, 0), (1, 2), (1, 4), (1, 6), (1, 7), (1, 8)]);
        assert_eq!(lexed.at(1, 7), Some(4));
        assert_eq!((lexed.tokens[4].brace, lexed.tokens[5].brace), (3, OUTSIDE));
    }

    #[test]
    fn nothing_ends_the_reader() {
        for text in ["'", "`${", "/*", "/[", "}}}`", "\\", "'\\", "`\\", "\u{feff}\u{2028}x"] {
            Lexed::of(text);
        }
    }
}
