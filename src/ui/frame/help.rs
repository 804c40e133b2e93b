//! All keys, from the one table.

use leptos::prelude::*;

use super::close_dialog;
use crate::state::keys::{Group, KEYS, KeyRow};
use crate::ui::parts::{Modal, Toggle, keycaps};
use crate::ui::store::Store;

/// The help sheet.
pub fn help(store: Store) -> AnyView {
    let letters = Signal::from(store.letters);
    let press = Callback::new(move |()| store.letters.update(|letters| *letters = !*letters));
    let tools = view! {
        <span class="quiet wide">"Letters never act while you type"</span>
        <Toggle label="Single letters" is_on=letters on_press=press/>
    };
    let columns = Group::ALL.into_iter().map(column).collect_view();
    view! {
        <Modal title="Keyboard" class="helpd" on_close=close_dialog(store) tools=tools.into_any()>
            <div class="key-columns">{columns}</div>
            <footer class="dlg-f">
                <span class="quiet">
                    "Mouse: click selects, double click zooms, right click filters, "<kbd>"Ctrl"</kbd>
                    " + wheel zooms, drag pans. On the timeline, drag selects a range."
                </span>
            </footer>
        </Modal>
    }
    .into_any()
}

fn column(group: Group) -> AnyView {
    let rows = KEYS.iter().filter(|row| row.group == group && !row.keys.is_empty());
    view! { <section><h3>{group.title()}</h3><dl>{rows.map(row).collect_view()}</dl></section> }.into_any()
}

fn row(row: &'static KeyRow) -> AnyView {
    let keys = row.keys.iter().map(|key| keycaps(key)).collect_view();
    view! { <div class="key-row"><dt>{row.text}</dt><dd>{keys}</dd></div> }.into_any()
}
