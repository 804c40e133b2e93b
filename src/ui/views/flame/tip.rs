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
            <p class="tip-f"><kbd>"Shift"</kbd>" hold · double click zooms · right click for more"</p>
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
    // In the order of time a box is one visit: it has a length and no own value.
    if let (Some(_), Some((_, length))) = (tip.at_ns, &tip.here) {
        return view! {
            <table><tbody>
                <tr><th></th><th>"this call"</th><th>"everywhere"</th></tr>
                {line("total", Some(length), tip.everywhere.as_ref().map(|(_, total)| total), false)}
            </tbody></table>
        }
        .into_any();
    }
    let here = tip.here.as_ref();
    let all = tip.everywhere.as_ref();
    view! {
        <table><tbody>
            <tr><th></th><th>"here"</th><th>"everywhere"</th></tr>
            {line("self", here.map(|h| &h.0), all.map(|a| &a.0), true)}
            {line("total", here.map(|h| &h.1), all.map(|a| &a.1), true)}
        </tbody></table>
    }
    .into_any()
}

fn line(what: &'static str, here: Option<&Amount>, everywhere: Option<&Amount>, has_samples: bool) -> AnyView {
    let cell = move |amount: Option<&Amount>| {
        amount.map(|amount| {
            let samples = has_samples.then(|| format::samples(amount.samples));
            view! { {figure_of(amount)}<em>" "{amount.share.clone()}</em><em class="n">{samples}</em> }
        })
    };
    view! { <tr><td>{what}</td><td class="num">{cell(here)}</td><td class="num">{cell(everywhere)}</td></tr> }.into_any()
}
