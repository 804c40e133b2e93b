//! Figures: digits with a quiet unit.

use leptos::prelude::*;

use crate::protocol::Amount;
use crate::units::{Figure, THIN};

/// Digits and a quiet unit.
pub fn figure(figure: &Figure) -> AnyView {
    let digits = figure.digits.clone();
    let unit = (!figure.unit.is_empty()).then(|| format!("{THIN}{}", figure.unit));
    view! { <span class="num">{digits}{unit.map(|unit| view! { <span class="unit">{unit}</span> })}</span> }.into_any()
}

/// The figure of an amount; a dash where there is none.
pub fn figure_of(amount: &Amount) -> AnyView {
    match &amount.figure {
        Some(known) => figure(known),
        None => view! { <span class="num">"–"</span> }.into_any(),
    }
}

/// A small square in the colour of a token such as `--flame-own-03`. Garbage collection is hatched,
/// so that hue is never the only sign.
pub fn swatch(token: &str) -> AnyView {
    if token == "--flame-gc" {
        return view! { <i class="sw sw-gc" aria-hidden="true"></i> }.into_any();
    }
    let colour = format!("var({token})");
    view! { <i class="sw" aria-hidden="true" style:background-color=colour></i> }.into_any()
}
