//! Which functions a search text matches.

use std::cmp::Reverse;

use regex_lite::{Regex, RegexBuilder};

use super::modules::Modules;
use super::scoped::Scoped;
use super::tree::{ROOT, Tree};
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
/// forwards or backwards and around at the ends. One pass over the nodes; what lies on the way is
/// looked at, and nothing is sorted.
pub fn step(scoped: &Scoped, matches: &Matches, at: Option<u32>, forwards: bool) -> Option<u32> {
    let drawn = Drawn::new(&scoped.tree, matches);
    if !drawn.holds[ROOT as usize] {
        return None;
    }
    let from = at.filter(|&node| drawn.is_match(node));
    let next = from.and_then(|node| if forwards { drawn.after(node) } else { drawn.before(node) });
    Some(next.unwrap_or_else(|| if forwards { drawn.first(ROOT) } else { drawn.last(ROOT) }))
}

/// Matching nodes in the order of drawing.
struct Drawn<'a> {
    tree: &'a Tree,
    matches: &'a Matches,
    /// Whether a node or one below it matches.
    holds: Vec<bool>,
}

impl<'a> Drawn<'a> {
    fn new(tree: &'a Tree, matches: &'a Matches) -> Self {
        let mut holds = vec![false; tree.shape.len()];
        for (node, parent, function) in tree.shape.iter().rev() {
            if (holds[node as usize] || matches.function(function)) && tree.is_present(node) {
                holds[node as usize] = true;
                holds[parent as usize] = true;
            }
        }
        Self { tree, matches, holds }
    }

    fn is_match(&self, node: u32) -> bool {
        self.holds[node as usize] && self.tree.shape.function(node).is_some_and(|f| self.matches.function(f))
    }

    /// The children with matches, each with its place among them: the heaviest first.
    fn children(&self, node: u32) -> impl Iterator<Item = (Reverse<i64>, u32)> + '_ {
        self.tree.children(node).filter(|&c| self.holds[c as usize]).map(|c| self.place(c))
    }

    fn place(&self, node: u32) -> (Reverse<i64>, u32) {
        (Reverse(self.tree.width.get(node as usize)), node)
    }

    /// The first match at or below a node that holds one.
    fn first(&self, mut node: u32) -> u32 {
        while !self.is_match(node) {
            let Some((_, child)) = self.children(node).min() else { return node };
            node = child;
        }
        node
    }

    /// The last match at or below a node that holds one.
    fn last(&self, mut node: u32) -> u32 {
        while let Some((_, child)) = self.children(node).max() {
            node = child;
        }
        node
    }

    fn after(&self, node: u32) -> Option<u32> {
        if let Some((_, child)) = self.children(node).min() {
            return Some(self.first(child));
        }
        self.tree.shape.upwards(node).find_map(|at| {
            let siblings = self.children(self.tree.shape.parent(at));
            siblings.filter(|&sibling| sibling > self.place(at)).min().map(|(_, sibling)| self.first(sibling))
        })
    }

    fn before(&self, node: u32) -> Option<u32> {
        self.tree.shape.upwards(node).find_map(|at| {
            let parent = self.tree.shape.parent(at);
            let siblings = self.children(parent).filter(|&sibling| sibling < self.place(at));
            let sibling = siblings.max().map(|(_, sibling)| self.last(sibling));
            sibling.or_else(|| self.is_match(parent).then_some(parent))
        })
    }
}

struct Compiled<'q> {
    term: &'q Term,
    regex: Option<Regex>,
}

/// Whether names in categories match a search text, like functions by name, file and module. Nothing does
/// where the text asks for nothing, or is no valid search.
pub fn matching<'a>(text: &str, rows: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<bool> {
    let query = Query::parse(text);
    let Ok(terms) = query.terms.iter().map(Compiled::new).collect::<Result<Vec<_>, _>>() else { return Vec::new() };
    let has_terms = !terms.is_empty();
    rows.map(|(name, category)| has_terms && terms.iter().all(|term| term.holds_of(name, category, category))).collect()
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
        self.holds_of(recording.name(function), recording.file(function), modules.module_name(function))
    }

    fn holds_of(&self, name: &str, file: &str, module: &str) -> bool {
        let found = match &self.term.field {
            Field::Any => self.matches(name) || self.matches(file),
            Field::File => self.matches(file),
            Field::Module => self.matches(module),
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
    fn steps_go_the_way_of_drawing() {
        let recording = picture::recording("a xa 3\na b xb 4\nxc xd 9\nxc xe 9\nd 5\nxf 1");
        let modules = Modules::of(&recording);
        let scoped = Scoped::new(&recording, &modules, &Scope::default());
        let matches = Matches::of(&recording, &modules, "x").expect("it is a literal");
        let walk = |forwards| {
            let mut at = None;
            let name = |node| recording.name(scoped.tree.shape.function(node).expect("it is a match")).to_owned();
            let mut next = || {
                at = step(&scoped, &matches, at, forwards);
                name(at.expect("there are matches"))
            };
            (0..7).map(|_| next()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(walk(true), "xc xd xe xb xa xf xc");
        assert_eq!(walk(false), "xf xa xb xe xd xc xf");
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
