//! Which functions a search text matches.

use regex_lite::{Regex, RegexBuilder};

use super::modules::Modules;
use super::scoped::Scoped;
use super::tree::ROOT;
use crate::model::query::{Field, Pattern, Query, Term};
use crate::model::{FunctionId, Recording};

/// The functions that match a text.
#[derive(Debug, Clone, Default)]
pub struct Matches {
    is_match: Vec<bool>,
    count: u32,
    /// Whether the text asks for nothing, so that nothing is marked.
    pub is_empty: bool,
}

impl Matches {
    /// Runs a search text over all functions. Linear in functions.
    ///
    /// # Errors
    /// One sentence when a regular expression is not valid.
    pub fn of(recording: &Recording, modules: &Modules, text: &str) -> Result<Self, String> {
        let query = Query::parse(text);
        let terms = query.terms.iter().map(Compiled::new).collect::<Result<Vec<_>, _>>()?;
        if terms.is_empty() {
            return Ok(Self { is_match: Vec::new(), count: 0, is_empty: true });
        }
        let is_match: Vec<bool> = (0..recording.functions.len())
            .map(|i| terms.iter().all(|t| t.holds(recording, modules, FunctionId::from_index(i))))
            .collect();
        let count = u32::try_from(is_match.iter().filter(|m| **m).count()).unwrap_or(u32::MAX);
        Ok(Self { is_match, count, is_empty: false })
    }

    /// Whether a function matches.
    #[inline]
    pub fn function(&self, function: FunctionId) -> bool {
        self.is_match.get(function.index()).copied().unwrap_or(false)
    }

    /// Number of matching functions.
    pub fn functions(&self) -> u32 {
        self.count
    }
}

/// What the matches weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weight {
    /// Value of the samples that hold a match; overlaps counted once.
    pub value: i64,
    /// Number of those samples.
    pub samples: u64,
    /// Matching nodes of the tree.
    pub frames: u32,
}

/// Total of the matches in the tree: a match below a match does not count again.
pub fn weigh(scoped: &Scoped, matches: &Matches) -> Weight {
    let tree = &scoped.tree;
    let mut inside = vec![false; tree.shape.len()];
    let mut out = Weight::default();
    for (node, parent, function) in tree.shape.iter() {
        let i = node as usize;
        inside[i] = inside[parent as usize];
        if !matches.function(function) || !tree.is_present(node) {
            continue;
        }
        out.frames += 1;
        if !inside[i] {
            inside[i] = true;
            out.value = out.value.saturating_add(tree.total.get(i));
            out.samples += tree.total_samples.get(i);
        }
    }
    out
}

/// The next matching node from `at` in the order of drawing (callers first, heaviest first), going
/// forwards or backwards and around at the ends.
pub fn step(scoped: &Scoped, matches: &Matches, at: Option<u32>, forwards: bool) -> Option<u32> {
    let order = drawn_order(scoped, matches);
    if order.is_empty() {
        return None;
    }
    let found = at.and_then(|node| order.iter().position(|&n| n == node));
    let next = match (found, forwards) {
        (None, true) => 0,
        (None, false) => order.len() - 1,
        (Some(i), true) => (i + 1) % order.len(),
        (Some(i), false) => (i + order.len() - 1) % order.len(),
    };
    Some(order[next])
}

/// Matching nodes, callers first, siblings by weight.
fn drawn_order(scoped: &Scoped, matches: &Matches) -> Vec<u32> {
    let tree = &scoped.tree;
    let mut order = Vec::new();
    let mut pending = vec![ROOT];
    let mut children = Vec::new();
    while let Some(node) = pending.pop() {
        if tree.shape.function(node).is_some_and(|f| matches.function(f)) {
            order.push(node);
        }
        children.clear();
        children.extend(tree.children(node));
        // The heaviest is taken from the end, so it is pushed last.
        children.sort_by_key(|&c| (tree.width.get(c as usize), std::cmp::Reverse(c)));
        pending.extend(&children);
    }
    order
}

struct Compiled<'q> {
    term: &'q Term,
    regex: Option<Regex>,
}

impl<'q> Compiled<'q> {
    fn new(term: &'q Term) -> Result<Self, String> {
        let regex = match &term.pattern {
            Pattern::Text(_) => None,
            Pattern::Regex { source, ignores_case } => {
                let built = RegexBuilder::new(source).case_insensitive(*ignores_case).build();
                Some(built.map_err(|e| format!("“{source}” is not a valid regular expression: {e}."))?)
            }
        };
        Ok(Self { term, regex })
    }

    fn holds(&self, recording: &Recording, modules: &Modules, function: FunctionId) -> bool {
        let found = match &self.term.field {
            Field::Any => self.matches(recording.name(function)) || self.matches(recording.file(function)),
            Field::File => self.matches(recording.file(function)),
            Field::Module => self.matches(modules.module_name(function)),
            // Threads and labels belong to samples, not to functions.
            Field::Thread | Field::Label(_) => return !self.term.is_negated,
        };
        found != self.term.is_negated
    }

    fn matches(&self, text: &str) -> bool {
        match (&self.term.pattern, &self.regex) {
            (_, Some(regex)) => regex.is_match(text),
            (Pattern::Text(wanted), None) => contains(text, wanted),
            (Pattern::Regex { .. }, None) => false,
        }
    }
}

/// Whether `text` contains `wanted` (in lower case), whatever the case.
fn contains(text: &str, wanted: &str) -> bool {
    if text.is_ascii() && wanted.is_ascii() {
        let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
        return wanted.is_empty() || text.windows(wanted.len()).any(|w| w.eq_ignore_ascii_case(wanted));
    }
    text.to_lowercase().contains(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::picture;
    use crate::model::vocab::Scope;

    #[test]
    fn overlapping_matches_count_once() {
        let recording = picture::recording("parseA parseB x 3\ny parseB 2\nz 1");
        let modules = Modules::of(&recording);
        let scoped = Scoped::new(&recording, &modules, &Scope::default());
        let matches = Matches::of(&recording, &modules, "PARSE").expect("it is a literal");
        assert_eq!(weigh(&scoped, &matches), Weight { value: 5, samples: 2, frames: 3 });
        assert_eq!(matches.functions(), 2);
        let first = step(&scoped, &matches, None, true).expect("there are matches");
        assert_eq!(scoped.tree.shape.depth(first), 1);
        let mut seen = vec![first];
        for _ in 0..2 {
            seen.push(step(&scoped, &matches, seen.last().copied(), true).expect("there are matches"));
        }
        assert_eq!(step(&scoped, &matches, Some(seen[2]), true), Some(first));
        assert_eq!(step(&scoped, &matches, Some(first), false), Some(seen[2]));
    }

    #[test]
    fn negation_and_regular_expressions() {
        let recording = picture::recording("alpha beta 1");
        let modules = Modules::of(&recording);
        let names = |text: &str| -> Vec<String> {
            let matches = Matches::of(&recording, &modules, text).expect("it is valid");
            (0..2)
                .map(FunctionId::from_index)
                .filter(|&f| matches.function(f))
                .map(|f| recording.name(f).to_owned())
                .collect()
        };
        assert_eq!(names("-alpha"), ["beta"]);
        assert_eq!(names("/^B/i"), ["beta"]);
        assert_eq!(names("a -l"), ["beta"]);
        assert!(Matches::of(&recording, &modules, "/(/").is_err());
    }
}
