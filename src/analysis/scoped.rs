//! What is looked at: a recording narrowed by a scope, as a call tree with values.

use std::rc::Rc;

use super::modules::{Kind, Modules, find as find_function};
use super::search::Matches;
use super::sums::{NestedGc, StackSums, state_of, sums_nested, walk};
use super::transform::{Step, rewrite};
use super::tree::{DROPPED, ROOT, Shape, ShapeBuilder, Tree};
use crate::model::vocab::{Filter, FrameKey, Scope, ThreadKey, TimeRange};
use crate::model::{Column, Frame, FunctionId, Profile, Recording, StackId, Tag};
use crate::units::Unit;

/// A recording under a scope. Everything that is shown of it derives from here.
#[derive(Debug)]
pub struct Scoped {
    /// Profiles that are looked at.
    pub profiles: Vec<usize>,
    /// Index of the value in each of them.
    pub value: Vec<usize>,
    /// The stretch of time that is looked at, the intersection of all ranges.
    pub range: Option<TimeRange>,
    /// The call tree. Idle is not in it.
    pub tree: Tree,
    /// Node per stack (then per nested stack, then the one for samples without a stack), or
    /// [`DROPPED`]. Idle stacks are dropped here and counted in `idle`.
    pub node_of_stack: Rc<Vec<u32>>,
    /// Value of idle samples.
    pub idle: i64,
    /// Number of idle samples.
    pub idle_samples: u64,
    /// Value that filters dropped: in the range, not idle, not in the tree.
    pub filtered: i64,
    /// Number of samples that filters dropped.
    pub filtered_samples: u64,
    /// What the filters could not do: `focus: no function of that name`.
    pub problems: Vec<String>,
}

/// What the scopes of one recording have in common, kept from one to the next: another filter over
/// the same samples costs no pass over them.
#[derive(Debug, Default)]
pub struct Known {
    base: Option<Base>,
    sums: Vec<Rc<Sums>>,
}

/// Choices of samples whose sums are kept: with and without a range, nested and not.
const SUMS_KEPT: usize = 4;

/// The unfiltered tree, and the node of every stack.
#[derive(Debug, Clone)]
struct Base {
    shape: Shape,
    node_of_stack: Rc<Vec<u32>>,
}

/// The samples that are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Choice {
    profiles: Vec<usize>,
    value: Vec<usize>,
    range: Option<TimeRange>,
    nest_gc: bool,
}

/// A choice of samples summed up, before any filter.
#[derive(Debug)]
struct Sums {
    choice: Choice,
    of_stack: StackSums,
    base: Base,
    /// Value and number of idle samples.
    idle: (i64, u64),
}

impl Known {
    fn sums(&mut self, recording: &Recording, choice: Choice) -> Rc<Sums> {
        if let Some(at) = self.sums.iter().position(|sums| sums.choice == choice) {
            let found = self.sums.remove(at);
            self.sums.push(Rc::clone(&found));
            return found;
        }
        let mut nested = NestedGc::default();
        let of_stack = all_sums(recording, &choice, &mut nested);
        let base = match nested.gc {
            None => self.base.get_or_insert_with(|| Base::of(recording, &nested)).clone(),
            Some(_) => Base::of(recording, &nested),
        };
        let sums = Rc::new(Sums { choice, idle: idle_of(recording, &of_stack), of_stack, base });
        if self.sums.len() >= SUMS_KEPT {
            self.sums.remove(0);
        }
        self.sums.push(Rc::clone(&sums));
        sums
    }
}

/// The unit and name of what a scope shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The value's name in the file.
    pub name: String,
    /// What it measures.
    pub unit: Unit,
    /// Numbers are multiplied by 10^decimals.
    pub decimals: u8,
}

impl Scoped {
    /// Narrows a recording. Linear in the samples inside the range and in distinct stacks.
    pub fn new(recording: &Recording, modules: &Modules, scope: &Scope) -> Self {
        Self::with(recording, modules, scope, &mut Known::default())
    }

    /// The same with what is known from other scopes of the recording: linear in distinct stacks, and
    /// in samples only where they were not looked at before.
    pub fn with(recording: &Recording, modules: &Modules, scope: &Scope, known: &mut Known) -> Self {
        let (profiles, mut problems) = choose_profiles(recording, &scope.filters);
        let (profiles, value) = choose_values(recording, profiles, scope.value.as_deref(), &mut problems);
        let choice = Choice { profiles, value, range: range_of(&scope.filters), nest_gc: scope.nest_gc };
        let sums = known.sums(recording, choice);
        let base = filter(recording, modules, &scope.filters, sums.base.clone(), &mut problems);
        Self::of(&sums, base, problems)
    }

    /// One value of one profile, unfiltered.
    pub fn single(recording: &Recording, profile: usize, value: usize) -> Self {
        let choice = Choice { profiles: vec![profile], value: vec![value], range: None, nest_gc: false };
        let sums = Known::default().sums(recording, choice);
        Self::of(&sums, sums.base.clone(), Vec::new())
    }

    fn of(sums: &Sums, filtered: Base, problems: Vec<String>) -> Self {
        let Base { shape, node_of_stack } = filtered;
        let (tree, dropped) = weigh(shape, &node_of_stack, &sums.of_stack);
        let idle = sums.idle;
        Self {
            profiles: sums.choice.profiles.clone(),
            value: sums.choice.value.clone(),
            range: sums.choice.range,
            tree,
            node_of_stack,
            idle: idle.0,
            idle_samples: idle.1,
            filtered: dropped.0.saturating_sub(idle.0),
            filtered_samples: dropped.1 - idle.1,
            problems,
        }
    }

    /// What the numbers measure.
    pub fn shown(&self, recording: &Recording) -> Shown {
        match self.profiles.first().zip(self.value.first()) {
            Some((&profile, &value)) => {
                let value = &recording.profiles[profile].values[value];
                Shown { name: value.name.clone(), unit: value.unit.clone(), decimals: value.decimals }
            }
            None => Shown { name: String::new(), unit: Unit::Count, decimals: 0 },
        }
    }

    /// The profiles that are looked at with the index of their value.
    pub fn each<'r>(&self, recording: &'r Recording) -> impl Iterator<Item = (&'r Profile, usize)> {
        self.profiles.iter().zip(&self.value).map(|(&p, &v)| (&recording.profiles[p], v))
    }

    /// Node of a stack.
    #[inline]
    pub fn node(&self, stack: StackId) -> u32 {
        let row = if stack.is_none() { self.node_of_stack.len() - 1 } else { stack.index() };
        self.node_of_stack[row]
    }

    /// Visits the samples that are in the tree, in the order of each profile:
    /// (profile, index, node, value, number of samples). Nested collection is under its own stack here.
    pub fn walk(&self, recording: &Recording, mut visit: impl FnMut(usize, usize, u32, i64, u64)) {
        for (p, (profile, value)) in self.each(recording).enumerate() {
            walk(profile, value, self.range, |i, stack, weight, count| {
                visit(p, i, self.node(stack), weight, count);
            });
        }
    }

    /// The functions of a call path given by content, as far as they exist.
    pub fn node_at(&self, recording: &Recording, path: &[FrameKey]) -> Option<u32> {
        path.iter().try_fold(ROOT, |node, key| {
            let mut children = self.tree.children(node);
            children.find(|&child| self.tree.shape.function(child).is_some_and(|f| is_named(recording, f, key)))
        })
    }

    /// Own value and number of samples of each kind of function or state, in the order of
    /// [`Kind::ALL`]. All but idle add up to the tree.
    pub fn kinds(&self, modules: &Modules) -> Vec<(Kind, i64, u64)> {
        let mut out: Vec<(Kind, i64, u64)> = Kind::ALL.iter().map(|&k| (k, 0, 0)).collect();
        let mut add = |kind: Kind, value: i64, samples: u64| {
            let slot = &mut out[kind as usize];
            slot.1 = slot.1.saturating_add(value);
            slot.2 += samples;
        };
        for (node, _, function) in self.tree.shape.iter() {
            let i = node as usize;
            add(modules.kind(function), self.tree.self_value.get(i), self.tree.self_samples.get(i));
        }
        // What stands on the root has no frame left: hidden down to nothing, or recorded without a stack.
        add(Kind::Program, self.tree.self_value.get(0), self.tree.self_samples.get(0));
        add(Kind::Idle, self.idle, self.idle_samples);
        out
    }
}

/// Whether a function has the name, file and line of a key, or had them before its source map came.
pub fn is_named(recording: &Recording, function: FunctionId, key: &FrameKey) -> bool {
    let row = recording.function(function);
    let is_it = row.line == key.line && recording.text(row.name) == key.name && recording.text(row.file) == key.file;
    is_it || (!recording.made.is_empty() && find_function(recording, key) == Some(function))
}

/// The key of a profile's thread.
pub fn thread_key(profile: &Profile) -> ThreadKey {
    ThreadKey { pid: profile.pid, tid: profile.tid, name: profile.name.clone() }
}

fn choose_profiles(recording: &Recording, filters: &[Filter]) -> (Vec<usize>, Vec<String>) {
    let mut chosen: Vec<usize> = (0..recording.profiles.len()).collect();
    let mut problems = Vec::new();
    for filter in filters {
        let Filter::Thread(key) = filter else { continue };
        let before = chosen.clone();
        chosen.retain(|&p| thread_key(&recording.profiles[p]) == *key);
        if chosen.is_empty() {
            problems.push(format!("There is no thread “{}” here; all threads are shown.", key.name));
            chosen = before;
        }
    }
    (chosen, problems)
}

/// The value of that name in each profile; profiles without it are left out.
fn choose_values(
    recording: &Recording,
    profiles: Vec<usize>,
    name: Option<&str>,
    problems: &mut Vec<String>,
) -> (Vec<usize>, Vec<usize>) {
    let default = |p: usize| {
        let profile = &recording.profiles[p];
        profile.values[profile.default_value].name.as_str()
    };
    let exists = |n: &str| profiles.iter().any(|&p| recording.profiles[p].values.iter().any(|v| v.name == n));
    let wanted = match name {
        Some(name) if exists(name) => Some(name),
        Some(name) => {
            problems.push(format!("There is no value “{name}” here; the default is shown."));
            profiles.first().map(|&p| default(p))
        }
        None => profiles.first().map(|&p| default(p)),
    };
    profiles
        .into_iter()
        .filter_map(|p| {
            let values = &recording.profiles[p].values;
            values.iter().position(|v| Some(v.name.as_str()) == wanted).map(|v| (p, v))
        })
        .unzip()
}

fn range_of(filters: &[Filter]) -> Option<TimeRange> {
    filters.iter().fold(None, |range, filter| match (filter, range) {
        (Filter::Time(new), None) => Some(*new),
        (Filter::Time(new), Some(old)) => {
            let from_ns = new.from_ns.max(old.from_ns);
            Some(TimeRange { from_ns, to_ns: new.to_ns.min(old.to_ns).max(from_ns) })
        }
        (_, range) => range,
    })
}

fn all_sums(recording: &Recording, choice: &Choice, nested: &mut NestedGc) -> StackSums {
    let mut total = StackSums::new(recording.stacks.len() + 1);
    for (&p, &v) in choice.profiles.iter().zip(&choice.value) {
        let profile = &recording.profiles[p];
        // Adjacency means nothing in aggregated files.
        if choice.nest_gc && profile.time.is_some() {
            merge(&mut total, sums_nested(recording, profile, v, choice.range, nested));
        } else {
            total.add_profile(profile, v, choice.range);
        }
    }
    total
}

/// Adds sums whose nested rows (between the stacks and the last row) may be more or fewer.
fn merge(total: &mut StackSums, one: StackSums) {
    let rows = total.value.len().max(one.value.len());
    let widen = |sums: &mut StackSums| {
        let none = (sums.value.pop().unwrap_or(0), sums.samples.pop().unwrap_or(0));
        sums.value.resize(rows - 1, 0);
        sums.samples.resize(rows - 1, 0);
        sums.value.push(none.0);
        sums.samples.push(none.1);
    };
    let mut one = one;
    widen(total);
    widen(&mut one);
    for i in 0..rows {
        total.value[i] = total.value[i].saturating_add(one.value[i]);
        total.samples[i] += one.samples[i];
    }
}

impl Base {
    /// Stacks merged by function, idle left out.
    fn of(recording: &Recording, nested: &NestedGc) -> Self {
        let mut builder = ShapeBuilder::default();
        let mut node_of = Vec::with_capacity(recording.stacks.len() + nested.parents.len() + 1);
        let is_merged = nested.gc.is_some() || merges_stacks(recording);
        for (parent, frame) in recording.stacks.iter() {
            let above = if parent.is_none() { ROOT } else { node_of[parent.index()] };
            let function = recording.function_of(frame);
            let is_idle = parent.is_none() && recording.function(function).tag == Tag::Idle;
            node_of.push(match is_idle {
                true => DROPPED,
                false if is_merged => builder.child(below_idle(above), function),
                false => builder.new_child(above, function),
            });
        }
        if let Some(gc) = nested.gc {
            let function = recording.function_of(recording.stacks.frame(gc));
            for parent in &nested.parents {
                node_of.push(builder.child(below_idle(node_of[parent.index()]), function));
            }
        }
        node_of.push(ROOT);
        Self { shape: builder.finish(), node_of_stack: Rc::new(node_of) }
    }
}

/// Whether two stacks may be one path of functions: a function has several frames, or something
/// damaged stands on an idle stack. Where not, nobody has to look for equal ones.
fn merges_stacks(recording: &Recording) -> bool {
    let mut is_seen = vec![false; recording.functions.len()];
    let has_second = |frame: Frame| std::mem::replace(&mut is_seen[frame.function.index()], true);
    if recording.frames.iter().any(has_second) {
        return true;
    }
    let is_idle = |stack| state_of(recording, stack) == Some(Tag::Idle);
    recording.stacks.iter().any(|(parent, _)| !parent.is_none() && is_idle(parent))
}

/// Whatever a damaged file calls from `(idle)` was not idle: it stands on the root.
fn below_idle(above: u32) -> u32 {
    if above == DROPPED { ROOT } else { above }
}

fn idle_of(recording: &Recording, sums: &StackSums) -> (i64, u64) {
    let mut idle = (0i64, 0u64);
    for i in 0..recording.stacks.len() {
        if sums.samples[i] > 0 && state_of(recording, StackId::from_index(i)) == Some(Tag::Idle) {
            idle = (idle.0.saturating_add(sums.value[i]), idle.1 + sums.samples[i]);
        }
    }
    idle
}

fn filter(
    recording: &Recording,
    modules: &Modules,
    filters: &[Filter],
    mut base: Base,
    problems: &mut Vec<String>,
) -> Base {
    for filter in filters {
        let rewritten = match apply(recording, modules, filter, &base.shape) {
            Ok(Some(rewritten)) => rewritten,
            Ok(None) => continue,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        for node in Rc::make_mut(&mut base.node_of_stack).iter_mut().filter(|n| **n != DROPPED) {
            *node = rewritten.node_of[*node as usize];
        }
        base.shape = rewritten.shape;
    }
    base
}

/// One filter as a rewriting; `None` for the filters that choose samples instead.
fn apply(
    recording: &Recording,
    modules: &Modules,
    filter: &Filter,
    shape: &Shape,
) -> Result<Option<super::transform::Rewritten>, String> {
    let named = |key: &FrameKey| {
        find_function(recording, key).ok_or_else(|| format!("There is no function “{}” here.", key.name))
    };
    let is_code = |f: FunctionId| !recording.function(f).tag.is_state();
    let matches = |text: &str| Matches::of(recording, modules, text);
    Ok(Some(match filter {
        Filter::Time(_) | Filter::Thread(_) => return Ok(None),
        Filter::Focus(key) => rewrite(shape, &Step::Focus(named(key)?)),
        Filter::FocusPath(path) => {
            let path = path.iter().map(named).collect::<Result<Vec<_>, _>>()?;
            rewrite(shape, &Step::FocusPath(path))
        }
        Filter::Hide(key) => {
            let hidden = named(key)?;
            rewrite(shape, &Step::Hide(&|f| f == hidden))
        }
        Filter::HideModule(name) => rewrite(shape, &Step::Hide(&|f| is_code(f) && modules.module_name(f) == name)),
        Filter::Drop(key) => {
            let dropped = named(key)?;
            rewrite(shape, &Step::Drop(&|f| f == dropped))
        }
        Filter::Keep(text) => {
            let matches = matches(text)?;
            rewrite(shape, &Step::Keep(&|f| matches.function(f)))
        }
        Filter::Without(text) => {
            let matches = matches(text)?;
            rewrite(shape, &Step::Drop(&|f| matches.function(f)))
        }
        Filter::CollapseRecursion(key) => rewrite(shape, &Step::Collapse(named(key)?)),
        Filter::OwnCode => rewrite(shape, &Step::Hide(&|f| is_code(f) && modules.kind(f) != Kind::Own)),
    }))
}

fn weigh(shape: Shape, node_of_stack: &[u32], sums: &StackSums) -> (Tree, (i64, u64)) {
    let mut own = Column::filled(0i64, shape.len());
    let mut samples = Column::filled(0u64, shape.len());
    let mut dropped = (0i64, 0u64);
    for (i, &node) in node_of_stack.iter().enumerate() {
        let (value, count) = (sums.value[i], sums.samples[i]);
        if node == DROPPED {
            dropped = (dropped.0.saturating_add(value), dropped.1 + count);
        } else {
            let slot = own.get_mut(node as usize);
            *slot = slot.saturating_add(value);
            *samples.get_mut(node as usize) += count;
        }
    }
    (Tree::new(shape, own, samples), dropped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::picture;

    fn key(name: &str) -> FrameKey {
        FrameKey { name: name.into(), ..FrameKey::default() }
    }

    /// The tree as `path self/total` lines.
    fn lines(recording: &Recording, filters: Vec<Filter>) -> Vec<String> {
        let modules = Modules::of(recording);
        let scoped = Scoped::new(recording, &modules, &Scope { filters, ..Scope::default() });
        assert!(scoped.problems.is_empty(), "{:?}", scoped.problems);
        let tree = &scoped.tree;
        (0..tree.shape.len() as u32)
            .filter(|&n| tree.is_present(n))
            .map(|n| {
                let path: Vec<&str> = tree.shape.path(n).iter().map(|&f| recording.name(f)).collect();
                format!("{} {}/{}", path.join(";"), tree.self_value.get(n as usize), tree.total.get(n as usize))
            })
            .collect()
    }

    #[test]
    fn idle_is_outside_and_everything_adds_up() {
        let recording = picture::timed("a b 10\n(idle) 5\n(gc) 2\na 1\n(program) 3");
        assert_eq!(lines(&recording, vec![]), [" 0/16", "a 1/11", "a;b 10/10", "(gc) 2/2", "(program) 3/3"]);
        let modules = Modules::of(&recording);
        let scoped = Scoped::new(&recording, &modules, &Scope::default());
        assert_eq!((scoped.idle, scoped.filtered), (5, 0));
        let damaged = picture::timed("(idle) 5\n(idle) a b 3");
        assert_eq!(lines(&damaged, vec![]), [" 0/3", "a 0/3", "a;b 3/3"]);
    }

    #[test]
    fn filters_apply_in_their_order() {
        let recording = picture::recording("a b c 4\na c 2\nd b 1");
        let hide_then_focus = lines(&recording, vec![Filter::Hide(key("b")), Filter::Focus(key("c"))]);
        assert_eq!(hide_then_focus, [" 0/6", "c 6/6"]);
        let focus_then_hide = lines(&recording, vec![Filter::Focus(key("b")), Filter::Hide(key("b"))]);
        assert_eq!(focus_then_hide, [" 1/5", "c 4/4"]);
    }

    #[test]
    fn dropped_samples_are_counted() {
        let recording = picture::timed("a b 10\n(idle) 5\nc 2");
        let modules = Modules::of(&recording);
        let scope = Scope { filters: vec![Filter::Drop(key("b"))], ..Scope::default() };
        let scoped = Scoped::new(&recording, &modules, &scope);
        assert_eq!((scoped.tree.base(), scoped.idle, scoped.filtered, scoped.filtered_samples), (2, 5, 10, 1));
    }

    #[test]
    fn nested_collection_moves_no_totals() {
        let recording = picture::timed("a b 10\n(gc) 5\n(idle) 5\n(gc) 1");
        let modules = Modules::of(&recording);
        let scope = Scope { nest_gc: true, ..Scope::default() };
        let scoped = Scoped::new(&recording, &modules, &scope);
        let path = [key("a"), key("b"), key("(gc)")];
        let node = scoped.node_at(&recording, &path).expect("the collector is under b");
        assert_eq!(scoped.tree.total.get(node as usize), 5);
        assert_eq!(scoped.tree.base(), 16);
    }

    #[test]
    fn an_unknown_function_is_told() {
        let recording = picture::recording("a 1");
        let modules = Modules::of(&recording);
        let scope = Scope { filters: vec![Filter::Focus(key("zzz"))], ..Scope::default() };
        let scoped = Scoped::new(&recording, &modules, &scope);
        assert_eq!(scoped.problems, ["There is no function “zzz” here."]);
        assert_eq!(scoped.tree.base(), 1);
    }
}
