//! The search text: what a person types to find or filter functions, parsed without running it.
//!
//! Words are case-insensitive literals and all of them must match; `/re/` is a regular expression
//! (`/re/i` ignores case); `file:`, `module:`, `thread:` and `label.key:` choose where to look;
//! `-` before a word negates it; quotes keep spaces. Without a prefix, name and file are looked at.

/// A parsed search text: all terms must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// The terms.
    pub terms: Vec<Term>,
}

/// One word of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Whether it must not match.
    pub is_negated: bool,
    /// Where to look.
    pub field: Field,
    /// What to look for.
    pub pattern: Pattern,
}

/// Where a term looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// Name of the function, or its file.
    Any,
    /// File.
    File,
    /// Module.
    Module,
    /// Name of the thread.
    Thread,
    /// A label of the sample, by key.
    Label(String),
}

/// What a term looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// A literal in lower case; case does not matter.
    Text(String),
    /// A regular expression.
    Regex {
        /// Its source.
        source: String,
        /// Whether case does not matter.
        ignores_case: bool,
    },
}

impl Query {
    /// Parses a search text. Nothing can be wrong here; whether a regular expression is valid is
    /// found out by whoever runs it.
    pub fn parse(text: &str) -> Self {
        let mut terms = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (term, after) = term(rest);
            terms.extend(term);
            rest = after.trim_start();
        }
        Self { terms }
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

fn term(text: &str) -> (Option<Term>, &str) {
    let (is_negated, rest) = match text.strip_prefix('-') {
        Some(rest) if !rest.is_empty() && !rest.starts_with(char::is_whitespace) => (true, rest),
        _ => (false, text),
    };
    let (field, rest) = field(rest);
    let (pattern, rest) = pattern(rest);
    let is_empty = matches!(&pattern, Pattern::Text(t) if t.is_empty());
    let term = Term { is_negated, field, pattern };
    ((!is_empty).then_some(term), rest)
}

fn field(text: &str) -> (Field, &str) {
    let plain = [("file:", Field::File), ("module:", Field::Module), ("thread:", Field::Thread)];
    for (prefix, field) in plain {
        if let Some(rest) = text.strip_prefix(prefix) {
            return (field, rest);
        }
    }
    if let Some(after) = text.strip_prefix("label.")
        && let Some((key, rest)) = after.split_once(':')
        && !key.is_empty()
        && !key.contains(char::is_whitespace)
    {
        return (Field::Label(key.to_owned()), rest);
    }
    (Field::Any, text)
}

fn pattern(text: &str) -> (Pattern, &str) {
    if let Some(rest) = text.strip_prefix('/')
        && let Some((source, rest)) = regex(rest)
    {
        let (ignores_case, rest) = match rest.strip_prefix('i') {
            Some(after) => (true, after),
            None => (false, rest),
        };
        return (Pattern::Regex { source: source.to_owned(), ignores_case }, rest);
    }
    if let Some(rest) = text.strip_prefix('"') {
        let (inside, rest) = rest.split_once('"').unwrap_or((rest, ""));
        return (Pattern::Text(inside.to_lowercase()), rest);
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (Pattern::Text(text[..end].to_lowercase()), &text[end..])
}

/// Source and rest of `source/…`, where the slash ends the word or stands before `i`; `None` when
/// there is no such slash: `/usr/lib` is a literal.
fn regex(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '/' if !escaped => {
                let rest = &text[at + 1..];
                let after = rest.strip_prefix('i').unwrap_or(rest);
                if at > 0 && (after.is_empty() || after.starts_with(char::is_whitespace)) {
                    return Some((&text[..at], rest));
                }
            }
            _ => escaped = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Term {
        let query = Query::parse(text);
        assert_eq!(query.terms.len(), 1, "{query:?}");
        query.terms.into_iter().next().expect("there is one")
    }

    fn literal(text: &str) -> Pattern {
        Pattern::Text(text.into())
    }

    #[test]
    fn words_and_prefixes() {
        assert_eq!(one("Parse"), Term { is_negated: false, field: Field::Any, pattern: literal("parse") });
        assert_eq!(one("-file:Lib/"), Term { is_negated: true, field: Field::File, pattern: literal("lib/") });
        assert_eq!(one("label.endpoint:/orders").field, Field::Label("endpoint".into()));
        assert_eq!(one("\"two words\"").pattern, literal("two words"));
        assert_eq!(Query::parse("a  b").terms.len(), 2);
        assert!(Query::parse("  ").is_empty());
    }

    #[test]
    fn regular_expressions_and_paths() {
        let regex = |source: &str, ignores_case| Pattern::Regex { source: source.into(), ignores_case };
        assert_eq!(one("/^a.*b$/").pattern, regex("^a.*b$", false));
        assert_eq!(one("/a b/i").pattern, regex("a b", true));
        assert_eq!(one("/usr/lib").pattern, literal("/usr/lib"));
        assert_eq!(one("/").pattern, literal("/"));
        assert_eq!(one("-").pattern, literal("-"));
    }
}
