//! Memos, effects and parts of views whose machinery is compiled once for all, and not for each
//! closure: of the program that a first visit fetches, that is some percent.

use std::sync::{Arc, Mutex};

use leptos::prelude::*;
use leptos::tachys::reactive_graph::SharedReactiveFunction;

/// A memo of what a function gives.
pub fn memo<T: PartialEq + Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    memo_of(Arc::new(value))
}

fn memo_of<T: PartialEq + Send + Sync + 'static>(value: Arc<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
    Memo::new(move |_| value())
}

/// Runs a function soon, and again whenever a signal that it read has changed, as long as the
/// component lives.
pub fn effect(run: impl FnMut() + 'static) {
    effect_of(Box::new(run));
}

fn effect_of(run: Box<dyn FnMut()>) {
    Effect::new(run);
}

/// A part of a view that follows the signals that it reads.
pub fn live<T: 'static>(part: impl FnMut() -> T + Send + 'static) -> SharedReactiveFunction<T> {
    Arc::new(Mutex::new(part))
}
