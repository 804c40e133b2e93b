//! The start page: open something, or learn how to record it.

use leptos::prelude::*;

use super::{cards, recipes};
use crate::state::keys::{Command, key_of};
use crate::ui::examples::{EXAMPLES, Example};
use crate::ui::parts::{icon, keycaps};
use crate::ui::signals::{live, memo};
use crate::ui::store::Store;

/// The start page.
pub fn landing(store: Store) -> AnyView {
    view! {
        <div class="land">
            <div class="hero">
                <h1>"What is slow, why, "<br class="wide"/>"and did the fix work?"</h1>
                <p>
                    "Drop a profile from Node, Go, Python, Linux or any tool that writes stacks. "
                    "It is read here, in this tab, and never sent anywhere."
                </p>
            </div>
            {drop_box(store)}
            {pending(store)}
            {live(move || store.workers.problem.get().map(trouble))}
            <h2 class="lh">"Or start from a real one"</h2>
            <ul class="examples">{EXAMPLES.iter().map(|example| card(store, example)).collect_view()}</ul>
            {recipes::recipes(store)}
            {privacy(store)}
        </div>
    }
    .into_any()
}

/// Files that are being opened, before it is known where they belong.
pub(super) fn pending(store: Store) -> AnyView {
    let unplaced = memo(move || store.unplaced());
    let cards = move || {
        let sessions = unplaced.get().into_iter();
        sessions.map(|session| cards::opening_card(store, session)).collect_view()
    };
    cards.into_any()
}

fn trouble(problem: String) -> AnyView {
    view! { <p class="banner" role="alert">{icon("alert")}<span>"Nothing can be opened: "{problem}</span></p> }
        .into_any()
}

fn drop_box(store: Store) -> AnyView {
    let extensions = move || {
        let catalogue = store.workers.catalogue.read();
        let mut endings: Vec<String> = Vec::new();
        for ending in catalogue.iter().flat_map(|format| &format.extensions) {
            let ending = format!(".{ending}");
            if !endings.contains(&ending) {
                endings.push(ending);
            }
        }
        match endings.is_empty() {
            true => String::new(),
            false => format!(
                "{} · what a file is called does not matter; gzip, zlib and zstd are unpacked",
                endings.join(" ")
            ),
        }
    };
    view! {
        <section class="drop" aria-label="Open files">
            {strip()}
            <div class="drop-c">
                <b>"Drop one profile, or several"</b>
                <div class="row">
                    <button type="button" class="btn primary" on:click=move |_| store.pick_files()>
                        "Open files"
                        {keycaps(key_of(Command::Open))}
                    </button>
                    <button type="button" class="btn" on:click=move |_| store.paste()>
                        "Paste"
                        {keycaps(key_of(Command::Paste))}
                    </button>
                </div>
                <span class="quiet">{extensions}</span>
            </div>
        </section>
    }
    .into_any()
}

/// A picture of what is to come: decoration.
fn strip() -> AnyView {
    view! {
        <svg class="strip" viewBox="0 0 1160 92" preserveAspectRatio="none" aria-hidden="true">
            <rect class="h06" x="0" y="83" width="1152" height="8"></rect>
            <rect class="h17" x="0" y="74" width="1152" height="8"></rect>
            <rect class="h12" x="0" y="65" width="1150" height="8"></rect>
            <rect class="h13" x="0" y="56" width="1150" height="8"></rect>
            <rect class="h06" x="0" y="47" width="1050" height="8"></rect>
            <rect class="h07" x="0" y="38" width="370" height="8"></rect>
            <rect class="h13" x="371" y="38" width="200" height="8"></rect>
            <rect class="h03" x="572" y="38" width="160" height="8"></rect>
            <rect class="h13" x="733" y="38" width="152" height="8"></rect>
            <rect class="h12" x="886" y="38" width="106" height="8"></rect>
            <rect class="h22" x="993" y="38" width="57" height="8"></rect>
            <rect class="h17" x="0" y="29" width="370" height="8"></rect>
            <rect class="h09" x="371" y="29" width="170" height="8"></rect>
            <rect class="h12" x="886" y="29" width="106" height="8"></rect>
            <rect class="h07" x="993" y="29" width="57" height="8"></rect>
            <rect class="h07" x="0" y="20" width="370" height="8"></rect>
            <rect class="h03" x="371" y="20" width="150" height="8"></rect>
            <rect class="h01" x="993" y="20" width="48" height="8"></rect>
            <rect class="h16" x="0" y="11" width="370" height="8"></rect>
            <rect class="h06" x="1152" y="2" width="6" height="89"></rect>
        </svg>
    }
    .into_any()
}

fn card(store: Store, example: &'static Example) -> AnyView {
    let size = example.files.iter().find_map(|file| file.size);
    let size = size.map(|size| view! { " · "<span class="num">{size}</span> });
    view! {
        <li>
            <button type="button" class="example" on:click=move |_| store.open_example(example)>
                {thumb(example.picture)}
                <span><b>{example.title}</b><em>{example.text}{size}</em></span>
            </button>
        </li>
    }
    .into_any()
}

/// Small pictures of the examples: decoration.
fn thumb(picture: &'static str) -> AnyView {
    let boxes: &[(&str, u8, u8, u8)] = match picture {
        "thumb-compare" => &[
            ("h06", 4, 4, 48),
            ("less", 4, 10, 22),
            ("more", 27, 10, 25),
            ("less", 4, 16, 14),
            ("same", 19, 16, 7),
            ("more", 27, 16, 14),
            ("less", 4, 22, 9),
        ],
        "thumb-labels" => &[
            ("h03", 4, 4, 48),
            ("h09", 4, 10, 20),
            ("h13", 25, 10, 15),
            ("h12", 41, 10, 11),
            ("h09", 4, 16, 16),
            ("h13", 25, 16, 9),
            ("h12", 41, 16, 7),
            ("h09", 4, 22, 8),
        ],
        "thumb-large" => &[
            ("h07", 4, 4, 48),
            ("h08", 4, 10, 47),
            ("h13", 4, 16, 17),
            ("h03", 22, 16, 12),
            ("h16", 35, 16, 8),
            ("h22", 44, 16, 7),
            ("h13", 4, 22, 11),
            ("h03", 22, 22, 8),
            ("h16", 35, 22, 4),
            ("h13", 4, 28, 6),
        ],
        _ => &[
            ("h17", 4, 4, 48),
            ("h06", 4, 10, 40),
            ("gc", 45, 10, 5),
            ("h06", 4, 16, 36),
            ("h06", 4, 22, 36),
            ("h17", 4, 28, 12),
        ],
    };
    let rects = boxes.iter().map(|(class, x, y, width)| {
        view! { <rect class=*class x=*x y=*y width=*width height="5" rx="1"></rect> }
    });
    view! { <svg class="thumb" viewBox="0 0 56 36" aria-hidden="true">{rects.collect_view()}</svg> }.into_any()
}

fn privacy(store: Store) -> AnyView {
    view! {
        <footer class="privacy">
            {icon("lock")}
            <span>
                "No server, no account, no upload: the browser itself forbids this page to reach any other site. "
                "A copied address holds what you look at, not the data."
            </span>
            <span class="grow"></span>
            <button type="button" class="link" on:click=move |_| store.run(Command::Help)>
                "Keyboard"
                {keycaps(key_of(Command::Help))}
            </button>
        </footer>
    }
    .into_any()
}
