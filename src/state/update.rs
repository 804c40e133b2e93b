//! The one function that changes the view state.

use super::{Action, ViewState};

/// How a change enters the browser's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A committed step: Back undoes it.
    Push,
    /// A passing change: the current entry is rewritten.
    Replace,
    /// Nothing changed.
    None,
}

/// Applies an action and says how it enters the history.
pub fn update(_state: &mut ViewState, _action: Action) -> Step {
    Step::None
}
