//! An invented program (functions, a call tree over them) and a random walk that is its execution.
//!
//! The walk has the locality of a sampled program: most samples repeat the stack before them or
//! differ from it near the leaf, few jump far away, and now and then the program is idle or
//! collects garbage. Knows nothing of file formats.

/// A small deterministic generator: a counter stepped by an odd constant, its bits mixed by two
/// multiplications.
#[derive(Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A uniform whole number in [0, n).
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        let high = self.next() >> 32;
        ((high * u64::from(n)) >> 32) as u32
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    pub(crate) fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len() as u32) as usize]
    }

    /// Failures before the first success, at most `max`.
    fn geometric(&mut self, success: f64, max: u32) -> u32 {
        let mut failures = 0;
        while failures < max && !self.chance(success) {
            failures += 1;
        }
        failures
    }

    /// A whole number in [0, n), low ones much more likely: the cube of a uniform number.
    pub(crate) fn skewed(&mut self, n: u32) -> u32 {
        let unit = self.unit();
        ((f64::from(n) * unit * unit * unit) as u32).min(n.saturating_sub(1))
    }
}

const VERBS: [&str; 20] = [
    "parse", "render", "update", "compute", "read", "write", "flush", "resolve", "build", "encode", "decode", "merge",
    "visit", "emit", "commit", "schedule", "validate", "hash", "sort", "patch",
];
const NOUNS: [&str; 20] = [
    "Node", "Token", "Request", "Response", "Query", "Row", "Column", "Buffer", "Chunk", "Stream", "Layout", "Tree",
    "Graph", "Index", "Cache", "Session", "Header", "Schema", "Record", "Batch",
];
const TAILS: [&str; 8] = ["", "", "", "Async", "Sync", "Internal", "Slow", "ById"];
const FOLDERS: [&str; 12] = [
    "src/api",
    "src/db",
    "src/render",
    "src/util",
    "src/http",
    "src/auth",
    "node_modules/orm/lib",
    "node_modules/router/dist",
    "node_modules/markdown/lib",
    "node_modules/sql-parser/src",
    "node_modules/logger/lib",
    "node_modules/serializer/build",
];

/// How large the program is.
pub(crate) struct Shape {
    pub(crate) seed: u64,
    pub(crate) functions: u32,
    pub(crate) nodes: u32,
    pub(crate) depth_max: u16,
}

/// One function; `line` and `column` count from 1. An empty name is an anonymous function.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) file_index: u32,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// Functions and a call tree. Node 0 is the root and has no function; a parent stands before its
/// children.
pub(crate) struct Program {
    pub(crate) functions: Vec<Function>,
    pub(crate) parent: Vec<u32>,
    pub(crate) function: Vec<u32>,
    pub(crate) depth: Vec<u16>,
    /// The children of node i are `children[first_child[i]..first_child[i + 1]]`.
    first_child: Vec<u32>,
    children: Vec<u32>,
}

impl Program {
    pub(crate) fn grow(shape: &Shape) -> Self {
        let mut rng = Rng::new(shape.seed);
        let functions = invent_functions(&mut rng, shape.functions);
        let mut program = Self {
            functions,
            parent: vec![0; shape.nodes as usize],
            function: vec![0; shape.nodes as usize],
            depth: vec![0; shape.nodes as usize],
            first_child: Vec::new(),
            children: Vec::new(),
        };
        program.grow_tree(&mut rng, shape);
        program.index_children();
        program
    }

    /// Every function has a few usual callees, so the same pairs recur all over the tree.
    fn grow_tree(&mut self, rng: &mut Rng, shape: &Shape) {
        let callees: Vec<Vec<u32>> =
            (0..shape.functions).map(|_| (0..2 + rng.below(6)).map(|_| rng.below(shape.functions)).collect()).collect();
        for node in 1..shape.nodes {
            let parent = self.choose_parent(rng, node, shape.depth_max);
            let caller = self.function[parent as usize];
            let function = if parent == 0 || rng.chance(0.15) {
                rng.skewed(shape.functions)
            } else if rng.chance(0.03) {
                caller
            } else {
                let usual = &callees[caller as usize];
                usual[rng.below(usual.len() as u32) as usize]
            };
            self.parent[node as usize] = parent;
            self.function[node as usize] = function;
            self.depth[node as usize] = self.depth[parent as usize] + 1;
        }
    }

    /// Mostly a callee of the newest node (a chain of calls), sometimes of one of its callers.
    fn choose_parent(&self, rng: &mut Rng, node: u32, depth_max: u16) -> u32 {
        let climb = if rng.chance(0.62) { 0 } else { 1 + rng.geometric(0.45, u32::from(depth_max)) };
        let mut parent = self.climb(node - 1, climb);
        while self.depth[parent as usize] >= depth_max - 1 {
            parent = self.parent[parent as usize];
        }
        if rng.chance(0.02) {
            parent = rng.below(node);
        }
        if self.depth[parent as usize] >= depth_max - 1 {
            return 0;
        }
        parent
    }

    fn climb(&self, mut node: u32, steps: u32) -> u32 {
        for _ in 0..steps {
            if node == 0 {
                break;
            }
            node = self.parent[node as usize];
        }
        node
    }

    /// Groups the nodes by parent; within a parent they keep their order.
    fn index_children(&mut self) {
        let nodes = self.parent.len();
        let mut first = vec![0_u32; nodes + 1];
        for &parent in &self.parent[1..] {
            first[parent as usize + 1] += 1;
        }
        for i in 0..nodes {
            first[i + 1] += first[i];
        }
        let mut next = first.clone();
        self.children = vec![0; nodes - 1];
        for (node, &parent) in self.parent.iter().enumerate().skip(1) {
            let at = &mut next[parent as usize];
            self.children[*at as usize] = node as u32;
            *at += 1;
        }
        self.first_child = first;
    }

    pub(crate) fn nodes(&self) -> u32 {
        self.parent.len() as u32
    }

    pub(crate) fn children(&self, node: u32) -> &[u32] {
        let range = self.first_child[node as usize] as usize..self.first_child[node as usize + 1] as usize;
        &self.children[range]
    }

    pub(crate) fn function_of(&self, node: u32) -> &Function {
        &self.functions[self.function[node as usize] as usize]
    }

    pub(crate) fn depth_max(&self) -> u16 {
        self.depth.iter().copied().max().unwrap_or(0)
    }

    pub(crate) fn depth_mean(&self) -> f64 {
        let sum: u64 = self.depth.iter().map(|&depth| u64::from(depth)).sum();
        sum as f64 / self.depth.len() as f64
    }

    /// The execution, from its beginning.
    pub(crate) fn walk(&self, seed: u64) -> Walk<'_> {
        let mut walk = Walk { program: self, rng: Rng::new(seed ^ 0x5bd1_e995), node: 1, paused: None };
        walk.descend(0);
        walk
    }
}

fn invent_functions(rng: &mut Rng, count: u32) -> Vec<Function> {
    let files = (count / 12).max(1);
    (0..count).map(|i| invent_function(rng, i, i % files)).collect()
}

fn invent_function(rng: &mut Rng, i: u32, file: u32) -> Function {
    let anonymous = rng.chance(0.06);
    let method = rng.chance(0.35);
    let mut name = String::new();
    if method {
        name = format!("{}{}.", rng.pick(&NOUNS), rng.pick(&NOUNS));
    }
    name += &format!("{}{}{}", rng.pick(&VERBS), rng.pick(&NOUNS), rng.pick(&TAILS));
    if rng.chance(0.5) {
        name += &format!("_{i:x}");
    }
    if anonymous {
        name.clear();
    }
    let word = |words: &[&'static str], step: u32| words[(file * step) as usize % words.len()];
    Function {
        name,
        file: format!("{}/{}-{}-{file}.js", word(&FOLDERS, 1), word(&VERBS, 1), word(&NOUNS, 7).to_ascii_lowercase()),
        file_index: file,
        line: 1 + rng.below(1500),
        column: 1 + rng.below(90),
    }
}

/// What one sample sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Running {
    Node(u32),
    Idle,
    Gc,
}

/// Chances per sample: of a run of up to 40 idle samples, and of up to 12 of garbage collection.
/// Either takes about one sample in a hundred.
const IDLE_STARTS: f64 = 0.0005;
const GC_STARTS: f64 = 0.0017;

/// An endless walk over the call tree, one step per sample.
pub(crate) struct Walk<'a> {
    pub(crate) program: &'a Program,
    rng: Rng,
    node: u32,
    paused: Option<(Running, u32)>,
}

impl Walk<'_> {
    pub(crate) fn step(&mut self) -> Running {
        if let Some((state, left)) = self.paused {
            self.paused = (left > 0).then(|| (state, left - 1));
            return state;
        }
        let draw = self.rng.unit();
        if draw < IDLE_STARTS {
            return self.pause(Running::Idle, 40);
        }
        if draw < IDLE_STARTS + GC_STARTS {
            return self.pause(Running::Gc, 12);
        }
        // Half of the steps keep the stack.
        if !self.rng.chance(0.5) {
            self.move_on();
        }
        Running::Node(self.node)
    }

    fn pause(&mut self, state: Running, samples_max: u32) -> Running {
        self.paused = Some((state, self.rng.below(samples_max)));
        state
    }

    /// Returns from a few calls and makes others; one step in a hundred lands anywhere, so that a
    /// long run visits the whole tree.
    fn move_on(&mut self) {
        let returns = if self.rng.chance(0.004) { 1000 } else { 1 + self.rng.geometric(0.45, 40) };
        let mut node = self.program.climb(self.node, returns);
        if self.rng.chance(0.01) {
            node = self.rng.below(self.program.nodes());
        }
        self.descend(node);
    }

    fn descend(&mut self, mut node: u32) {
        loop {
            let children = self.program.children(node);
            if children.is_empty() || !self.rng.chance(0.82) {
                break;
            }
            node = children[self.rng.skewed(children.len() as u32) as usize];
        }
        self.node = if node == 0 { 1 + self.rng.below(self.program.nodes() - 1) } else { node };
    }
}
