//! The file's own patterns of frames to leave out (`drop_frames`, `keep_frames`).
//!
//! The rule is that of `go tool pprof`: a pattern must match a function's whole name, less its
//! argument list; what `keep_frames` matches stays. Which frames go is decided in [`super::stacks`].

use regex_lite::{Regex, RegexBuilder};

/// Largest compiled pattern, bytes. Those of real files take 32 KiB.
const PROGRAM_BYTES_MAX: usize = 1 << 18;
/// Most work that matching may take, in bytes of names times bytes of the compiled patterns: with
/// the patterns of real files 130,000 names, about one second.
const WORK_MAX: u64 = 200_000_000_000;

/// Compiled patterns.
#[derive(Debug)]
pub(super) struct Patterns {
    drop: Regex,
    keep: Option<Regex>,
}

impl Patterns {
    /// Compiles the patterns for names of `name_bytes` bytes altogether. An empty `keep` keeps nothing.
    ///
    /// # Errors
    /// Why the patterns cannot be applied, as the rest of a sentence.
    pub(super) fn new(drop: &str, keep: &str, name_bytes: u64) -> Result<Self, String> {
        let (drop, drop_size) = compile(drop)?;
        let (keep, keep_size) = if keep.is_empty() { (None, 0) } else { compile(keep).map(|(k, n)| (Some(k), n))? };
        let size = (drop_size + keep_size) as u64;
        if name_bytes.saturating_mul(size) > WORK_MAX {
            return Err("matching them against every name would take too long".into());
        }
        Ok(Self { drop, keep })
    }

    /// Whether frames of the function of this name go.
    pub(super) fn matches(&self, name: &str) -> bool {
        let name = simplified(name);
        self.drop.is_match(name) && !self.keep.as_ref().is_some_and(|keep| keep.is_match(name))
    }
}

/// The pattern for whole names and about how many bytes it takes.
fn compile(pattern: &str) -> Result<(Regex, usize), String> {
    let whole = format!("^({pattern})$");
    let mut limit = 1 << 12;
    loop {
        match RegexBuilder::new(&whole).size_limit(limit).build() {
            Ok(regex) => return Ok((regex, limit)),
            Err(_) if limit < PROGRAM_BYTES_MAX => limit *= 2,
            Err(error) => return Err(format!("the pattern cannot be read ({error})")),
        }
    }
}

/// Constructs of C++ whose brackets are part of the name.
const NAMES_WITH_BRACKETS: [&str; 2] = ["(anonymous namespace)", "operator()"];

/// A name up to its argument list, without the dot that some platforms put before it.
fn simplified(name: &str) -> &str {
    let name = name.strip_prefix('.').unwrap_or(name);
    let mut from = 0;
    while let Some(bracket) = name[from..].find('(').map(|at| from + at) {
        let part = NAMES_WITH_BRACKETS.iter().find_map(|part| {
            let start = bracket.checked_sub(part.find('(')?).filter(|&start| start >= from)?;
            name.get(start..)?.starts_with(part).then_some(start + part.len())
        });
        match part {
            Some(end) => from = end,
            None => return &name[..bracket],
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argument_lists_do_not_count() {
        assert_eq!(simplified("runtime.main"), "runtime.main");
        assert_eq!(simplified("ns::f(int, (lambda))"), "ns::f");
        assert_eq!(simplified(".f(int)"), "f");
        assert_eq!(simplified("(anonymous namespace)::f(int)"), "(anonymous namespace)::f");
        assert_eq!(simplified("A::operator()(int) const"), "A::operator()");
        assert_eq!(simplified("main.(*T).Method"), "main.");
        assert_eq!(simplified("é(anonymous namespace)"), "é(anonymous namespace)");
    }

    #[test]
    fn whole_names_only_and_keep_wins() {
        let patterns = Patterns::new("malloc|new.*", "new_table", 100).expect("they are plain");
        let hits = ["malloc", "newobject", "new_table", "xmalloc", "malloc(int)", ""].map(|n| patterns.matches(n));
        assert_eq!(hits, [true, true, false, false, true, false]);
    }

    #[test]
    fn what_cannot_be_applied_says_why() {
        let why = |drop: &str, bytes| Patterns::new(drop, "", bytes).expect_err("it cannot be applied");
        assert!(why("(", 1).contains("cannot be read"));
        assert!(why("((a{1000}){1000}){1000}", 1).contains("cannot be read"));
        assert!(why("a{200}", u64::MAX).contains("too long"));
    }
}
