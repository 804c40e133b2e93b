//! A scope with everything that was worked out for it, kept while it is looked at.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::analysis::blocks::half_widths;
use crate::analysis::functions::{Weight, weights};
use crate::analysis::late::{Late, by_function};
use crate::analysis::modules::Modules;
use crate::analysis::scoped::{Known, Scoped, Shown};
use crate::analysis::states::{States, states};
use crate::model::vocab::Scope;
use crate::model::{FunctionId, Recording};
use crate::units;

/// A narrowed recording and what derives from it; derived parts are worked out when first asked for.
#[derive(Debug)]
pub(super) struct Prepared {
    pub scope: Scope,
    pub scoped: Scoped,
    pub shown: Shown,
    weights: OnceCell<Vec<Weight>>,
    states: OnceCell<Option<States>>,
    late: OnceCell<Vec<Late>>,
    plus_minus: std::cell::RefCell<BTreeMap<FunctionId, Option<f64>>>,
}

impl Prepared {
    pub fn new(recording: &Recording, modules: &Modules, scope: &Scope, known: &mut Known) -> Self {
        let scoped = Scoped::with(recording, modules, scope, known);
        Self {
            scope: scope.clone(),
            shown: scoped.shown(recording),
            scoped,
            weights: OnceCell::new(),
            states: OnceCell::new(),
            late: OnceCell::new(),
            plus_minus: std::cell::RefCell::default(),
        }
    }

    /// The weight of every function.
    pub fn weights(&self, recording: &Recording) -> &[Weight] {
        self.weights.get_or_init(|| weights(recording, &self.scoped))
    }

    /// The parts of the time.
    pub fn states(&self, recording: &Recording, modules: &Modules) -> Option<&States> {
        self.states.get_or_init(|| states(recording, modules, &self.scoped)).as_ref()
    }

    /// Long gaps by function.
    pub fn late(&self, recording: &Recording) -> &[Late] {
        self.late.get_or_init(|| by_function(recording, &self.scoped))
    }

    /// The 100 % of every share.
    pub fn base(&self) -> i64 {
        self.scoped.tree.base()
    }

    /// ± of own shares as text, for several functions in one pass over the samples. Unless there are
    /// very many functions the pass is made for all of them, so that a table that is sorted or
    /// scrolled needs no other.
    pub fn plus_minus(&self, recording: &Recording, functions: &[FunctionId]) -> Vec<String> {
        let mut known = self.plus_minus.borrow_mut();
        let mut missing: Vec<FunctionId> = functions.iter().copied().filter(|f| !known.contains_key(f)).collect();
        if !missing.is_empty() {
            if recording.functions.len() <= ONE_PASS_MAX {
                missing = (0..recording.functions.len()).map(FunctionId::from_index).collect();
            }
            let widths = half_widths(recording, &self.scoped, &missing);
            known.extend(missing.into_iter().zip(widths));
        }
        let text = |width: &Option<f64>| {
            width.map_or_else(String::new, |w| format!("±{}{:.1}", units::THIN, (w * 100.0).max(0.1)))
        };
        functions.iter().map(|f| known.get(f).map_or_else(String::new, text)).collect()
    }
}

/// Functions for which ± is worked out at once: a function needs 400 bytes meanwhile.
const ONE_PASS_MAX: usize = 20_000;

/// The scopes that were looked at last.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    kept: Vec<std::rc::Rc<Prepared>>,
    known: Known,
}

/// Scopes kept: the page asks for several of one moment (with and without nested collection, the
/// timeline without its range), and undo goes back to the one before.
const SCOPES_KEPT: usize = 6;

impl Scopes {
    /// Whether a scope is kept.
    pub fn knows(&self, scope: &Scope) -> bool {
        self.kept.iter().any(|p| p.scope == *scope)
    }

    /// The prepared scope, worked out unless it is known.
    pub fn get(&mut self, recording: &Recording, modules: &Modules, scope: &Scope) -> std::rc::Rc<Prepared> {
        if let Some(at) = self.kept.iter().position(|p| p.scope == *scope) {
            let found = self.kept.remove(at);
            self.kept.push(std::rc::Rc::clone(&found));
            return found;
        }
        let prepared = std::rc::Rc::new(Prepared::new(recording, modules, scope, &mut self.known));
        if self.kept.len() >= SCOPES_KEPT {
            self.kept.remove(0);
        }
        self.kept.push(std::rc::Rc::clone(&prepared));
        prepared
    }
}
