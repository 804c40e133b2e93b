//! Facts and import notes of the recording: beside the view while nothing is selected, and as a
//! dialog.

use leptos::prelude::*;

use super::close_dialog;
use crate::protocol::{OpenOptions, Overview};
use crate::ui::format;
use crate::ui::parts::{Modal, Toggle, icon};
use crate::ui::session::Session;
use crate::ui::store::Store;
use crate::units::{Unit, figure};

/// The dialog.
pub fn notes(store: Store) -> AnyView {
    view! {
        <Modal title="Facts and notes" class="notes-d" on_close=close_dialog(store)>
            <div class="dlg-c details">{facts(store)}</div>
        </Modal>
    }
    .into_any()
}

/// The facts.
pub fn facts(store: Store) -> AnyView {
    let content = move || {
        let overview = store.overview.get()?;
        let session = store.active.get()?;
        Some(of(store, session, &overview))
    };
    content.into_any()
}

fn of(store: Store, session: Session, overview: &Overview) -> AnyView {
    let memory = figure(i64::try_from(overview.table_bytes).unwrap_or(i64::MAX), 0, &Unit::Bytes);
    let facts = [
        ("format", overview.title.clone()),
        ("recognised", format::why(&overview.detected_by, &overview.title).to_owned()),
        ("size", format::file_size(overview.size)),
        (
            "opened in",
            format!("{} ({})", format::seconds(overview.millis), format::speed(overview.size, overview.millis)),
        ),
        ("memory", memory.to_string()),
        ("threads", format::count(overview.threads.len() as u64)),
        (
            "sha-256",
            format!("{}… (size, first and last MiB)", overview.fingerprint.chars().take(16).collect::<String>()),
        ),
    ];
    let facts = facts.into_iter().map(|(name, value)| (name.to_owned(), value));
    let rows = facts.chain(overview.meta.iter().cloned()).map(|(name, value)| {
        view! { <tr><th>{name}</th><td>{value}</td></tr> }
    });
    view! {
        <div class="dh"><span class="crumb">{icon("file")}<span>"Recording"</span></span></div>
        <h2 class="mono">{overview.name.clone()}</h2>
        {import_notes(overview)}
        <section><h3>"Facts"</h3><table class="kv"><tbody>{rows.collect_view()}</tbody></table></section>
        {prune(store, session, overview)}
        <p class="quiet hint">"Click a frame or a row to see its figures here."</p>
    }
    .into_any()
}

fn import_notes(overview: &Overview) -> AnyView {
    if overview.notes.is_empty() {
        let text = "Nothing had to be repaired, estimated or left out.";
        return view! { <p class="quiet note-ok">{icon("check")}{text}</p> }.into_any();
    }
    let notes = overview.notes.iter().map(|note| view! { <li>{icon("info")}<span>{note.text.clone()}</span></li> });
    view! {
        <section>
            <h3>"Notes "<span class="quiet">"what was repaired, estimated or left out"</span></h3>
            <ul class="note-list">{notes.collect_view()}</ul>
        </section>
    }
    .into_any()
}

/// A pprof file may name functions that its writer wants out of sight.
fn prune(store: Store, session: Session, overview: &Overview) -> AnyView {
    let options = session.options();
    let is_pruned = overview.notes.iter().any(|note| note.code.starts_with("prun"));
    if overview.format != "pprof" || (options.prune && !is_pruned) {
        return ().into_any();
    }
    let is_on = options.prune;
    let press = Callback::new(move |()| {
        store.dialog.set(None);
        store.reopen(session, OpenOptions { prune: !is_on, ..session.options() });
    });
    view! {
        <section>
            <h3>"Pruning"</h3>
            <Toggle label="Apply the file's own drop and keep patterns" is_on=Signal::stored(is_on) on_press=press/>
        </section>
    }
    .into_any()
}
