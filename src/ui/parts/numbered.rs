//! Elements that come and go by number.

use std::sync::Arc;

use leptos::prelude::*;

/// Elements by number, in this order: one is made for each number that is new, stays while its
/// number is there, and goes with it. Every list is one of numbers, so that its machinery is
/// compiled once.
pub fn numbered(
    numbers: impl Fn() -> Vec<u32> + Send + Sync + 'static,
    one: impl Fn(u32) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    numbered_of(Arc::new(numbers), Arc::new(one))
}

fn numbered_of(
    numbers: Arc<dyn Fn() -> Vec<u32> + Send + Sync>,
    one: Arc<dyn Fn(u32) -> AnyView + Send + Sync>,
) -> AnyView {
    view! { <For each=move || numbers() key=|number| *number children=move |number| one(number)/> }.into_any()
}
