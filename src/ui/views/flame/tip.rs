//! The tip of a frame: the same two numbers here and everywhere.

use leptos::prelude::*;

use crate::protocol::{Amount, Tip};
use crate::ui::format;
use crate::ui::parts::{figure_of, swatch};

/// What the tip says.
pub(super) fn content(tip: &Tip) -> AnyView {
    match &tip.label {
        None => plain(tip),
        Some(label) => view! {
            <div class="tip-h">
                {swatch(&label.token)}
                <b class="mono">{format::name(label)}</b>
                <span class="quiet mono">{label.place.clone()}</span>
            </div>
            {table(tip)}
            <p class="tip-f">{(!tip.text.is_empty()).then(|| format!("{} · ", tip.text))}<kbd>"Shift"</kbd>" hold · double click zooms · right click for more"</p>
        }
        .into_any(),
    }
}

fn plain(tip: &Tip) -> AnyView {
    let amount = tip.here.as_ref().map(|(_, total)| {
        view! { <span class="num">{figure_of(total)}" "<span class="quiet">{total.share.clone()}</span></span> }
    });
    let more = (tip.token == "--flame-small").then_some("each under a pixel; a click opens them");
    view! {
        <div class="tip-h"><b>{tip.text.clone()}</b><span class="grow"></span>{amount}</div>
        {more.map(|more| view! { <p class="tip-f">{more}</p> })}
    }
    .into_any()
}

fn table(tip: &Tip) -> AnyView {
    // In the order of time a box is one call: it has a length and no own value.
    let is_call = tip.at_ns.is_some();
    let (here, all) = (tip.here.as_ref(), tip.everywhere.as_ref());
    let own = |both: Option<&(Amount, Amount)>| both.map(|both| both.0.clone());
    let total = |both: Option<&(Amount, Amount)>| both.map(|both| both.1.clone());
    let here_own = if is_call { None } else { own(here) };
    let here_samples = if is_call { None } else { total(here) };
    view! {
        <table><tbody>
            <tr><th></th><th>{if is_call { "this call" } else { "here" }}</th><th>"everywhere"</th></tr>
            {row("self", value(here_own.as_ref()), value(own(all).as_ref()))}
            {row("total", value(total(here).as_ref()), value(total(all).as_ref()))}
            {row("n self", samples(here_own.as_ref()), samples(own(all).as_ref()))}
            {row("n total", samples(here_samples.as_ref()), samples(total(all).as_ref()))}
        </tbody></table>
    }
    .into_any()
}

fn row(what: &'static str, here: AnyView, everywhere: AnyView) -> AnyView {
    view! { <tr><td>{what}</td><td class="num">{here}</td><td class="num">{everywhere}</td></tr> }.into_any()
}

fn value(amount: Option<&Amount>) -> AnyView {
    match amount {
        Some(amount) => view! { {figure_of(amount)}" "<em>{amount.share.clone()}</em> }.into_any(),
        None => ().into_any(),
    }
}

fn samples(amount: Option<&Amount>) -> AnyView {
    amount.map(|amount| view! { <em>{format::count(amount.samples)}</em> }).into_any()
}
