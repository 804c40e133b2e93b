//! A recording that is being opened, and one that could not be.

use leptos::prelude::*;

use crate::protocol::Failure;
use crate::state::keys::{Command, key_of};
use crate::ui::format;
use crate::ui::parts::{icon, keycaps};
use crate::ui::session::{Opening, Phase, Session};
use crate::ui::signals::{live, memo};
use crate::ui::store::Store;

/// The page's bones in their final places, and the card over them.
pub fn opening(store: Store, session: Session) -> AnyView {
    view! {
        {skeleton()}
        <div class="center over">
            {opening_card(store, session)}
            <p class="quiet lockline">{icon("lock")}"The file is read in this tab. Nothing is uploaded."</p>
        </div>
    }
    .into_any()
}

/// Name, size, format and why; phases; Cancel.
pub fn opening_card(store: Store, session: Session) -> AnyView {
    // Escape cancels what is in front of the person.
    store.on_command(move |command| {
        if command == Command::Escape {
            store.close_session(session);
        }
        command == Command::Escape
    });
    let opening = memo(move || {
        session.phase.with(|phase| match phase {
            Phase::Opening(opening) => opening.clone(),
            _ => Opening::default(),
        })
    });
    let name = live(move || session.file.with(|file| file.name.clone()));
    view! {
        <section class="card load" aria-label="Opening">
            <div class="lhd">
                <span class="fic">{icon("file")}</span>
                <div>
                    <h2 class="mono">{name}</h2>
                    <p class="quiet" role="status">{live(move || what(session, &opening.get()))}</p>
                </div>
            </div>
            <div class="phases">{live(move || phases(&opening.get()))}</div>
            <div class="lft">
                <span class="num">{live(move || amount(&opening.get()))}</span>
                <span class="grow"></span>
                <button type="button" class="btn danger" on:click=move |_| store.close_session(session)>
                    "Cancel"
                    {keycaps(key_of(Command::Escape))}
                </button>
            </div>
        </section>
    }
    .into_any()
}

fn what(session: Session, opening: &Opening) -> String {
    let size = session.size.get();
    let size = if size > 0 { format!("{} · ", format::file_size(size)) } else { String::new() };
    match &opening.recognised {
        Some(known) if opening.phase == "fetching" => format!("{size}{}: fetching what decodes it", known.title),
        Some(known) => format!("{size}{} ({})", known.title, format::why(&known.why, &known.title)),
        None if opening.phase == "fetching" => "Fetching it from this site".to_owned(),
        None => format!("{size}Looking what it is"),
    }
}

fn amount(opening: &Opening) -> String {
    if opening.size == 0 {
        return String::new();
    }
    format!("{} of {}", format::file_size(opening.read), format::file_size(opening.size))
}

/// Reading and decoding are one pass; what follows is building.
fn phases(opening: &Opening) -> AnyView {
    let is_building = opening.phase == "building";
    let read = if opening.size > 0 { opening.read as f64 / opening.size as f64 } else { 0.0 };
    let speed = format::speed(opening.read, opening.millis);
    let time = if opening.millis > 0.0 { format::seconds(opening.millis) } else { String::new() };
    let first = if opening.phase == "fetching" { "Fetch" } else { "Read" };
    if is_building {
        view! { {phase(first, "done", 1.0, speed, String::new())}{phase("Build", "run", 0.0, String::new(), time)} }
            .into_any()
    } else {
        view! { {phase(first, "run", read, speed, time)}{phase("Build", "", 0.0, String::new(), String::new())} }
            .into_any()
    }
}

fn phase(name: &'static str, state: &'static str, part: f64, speed: String, time: String) -> AnyView {
    let width = format!("{:.1}%", part.clamp(0.0, 1.0) * 100.0);
    let percent = format!("{:.0}", part.clamp(0.0, 1.0) * 100.0);
    view! {
        <div class=format!("phase {state}")>
            <span class="pi" aria-hidden="true">{(state == "done").then(|| icon("check"))}</span>
            <span class="pn">{name}</span>
            <span class="pb" role="progressbar" aria-label=name aria-valuemin="0" aria-valuemax="100" aria-valuenow=percent>
                <i style:width=width></i>
            </span>
            <span class="num pr">{speed}</span>
            <span class="num pd">{time}</span>
        </div>
    }
    .into_any()
}

fn skeleton() -> AnyView {
    view! {
        <div class="skel" aria-hidden="true">
            <div class="sk-sum"><i></i><i></i><i></i></div>
            <div class="sk-f"><i></i><i></i><i></i><i></i></div>
            <div class="sk-t"><i></i></div>
            <div class="sk-b">
                <div><i></i><i></i><i></i><i></i><i></i><i></i><i></i><i></i></div>
                <div><i></i><i></i><i></i><i></i></div>
            </div>
        </div>
    }
    .into_any()
}

/// The card of a recording that could not be opened, or that was lost.
pub fn failed(store: Store, session: Session) -> AnyView {
    let card = live(move || {
        session.phase.with(|phase| match phase {
            Phase::Failed(failure) => failure_card(store, session, failure),
            Phase::Died(message) => died_card(store, session, message),
            _ => ().into_any(),
        })
    });
    view! { <div class="center top-third">{card}</div> }.into_any()
}

fn failure_card(store: Store, session: Session, failure: &Failure) -> AnyView {
    let size = session.size.get_untracked();
    let place = match failure.offset {
        Some(offset) => format!(" · at byte {} of {}", format::count(offset), format::count(size)),
        None => String::new(),
    };
    let lines = format::hex_lines(&failure.head).into_iter().map(|(offset, hex, text)| {
        view! { <span class="hex-line"><i>{offset}</i><span class="hex-bytes">{hex}</span><span>{text}</span></span> }
    });
    let bytes = (!failure.head.is_empty()).then(|| {
        view! {
            <p class="quiet">"It begins with:"</p>
            <pre class="hex mono" aria-label="First bytes of the file" tabindex="0">{lines.collect_view()}</pre>
        }
    });
    view! {
        <section class="card err" role="alert">
            <div class="lhd">
                <span class="fic bad">{icon("alert")}</span>
                <div>
                    <h2>"This file cannot be opened"</h2>
                    <p class="quiet"><span class="mono">{failure.file.clone()}</span>{place}</p>
                </div>
            </div>
            <p class="problem-text">{failure.message.clone()}</p>
            {bytes}
            {buttons(store, session, failure.head.is_empty() && !session.sources().is_empty())}
        </section>
    }
    .into_any()
}

fn died_card(store: Store, session: Session, message: &str) -> AnyView {
    let name = session.file.with_untracked(|file| file.name.clone());
    view! {
        <section class="card err" role="alert">
            <div class="lhd">
                <span class="fic bad">{icon("alert")}</span>
                <div>
                    <h2>"This recording was lost"</h2>
                    <p class="quiet mono">{name}</p>
                </div>
            </div>
            <p class="problem-text">
                "Its worker ended; other recordings and this page are not touched. What it said: "
                <span class="mono">{message.to_owned()}</span>
            </p>
            {buttons(store, session, !session.sources().is_empty())}
        </section>
    }
    .into_any()
}

fn buttons(store: Store, session: Session, can_reopen: bool) -> AnyView {
    let reopen = can_reopen.then(|| {
        view! {
            <button type="button" class="btn primary" on:click=move |_| store.reopen(session, session.options())>
                "Open it again"
            </button>
        }
    });
    view! {
        <div class="lft">
            {reopen}
            <button type="button" class="btn" on:click=move |_| store.pick_files()>"Open another file"</button>
            <span class="grow"></span>
            <button type="button" class="btn ghost" on:click=move |_| store.close_session(session)>"Close"</button>
        </div>
    }
    .into_any()
}
