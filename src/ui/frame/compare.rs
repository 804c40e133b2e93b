//! Which two recordings to compare.

use leptos::prelude::*;

use super::close_dialog;
use crate::state::Action;
use crate::ui::parts::Modal;
use crate::ui::signals::live;
use crate::ui::store::Store;

/// The dialog: before and after among what is open, or a second file.
pub fn compare(store: Store) -> AnyView {
    let names = store.part(|state| state.files.iter().map(|file| file.name.clone()).collect::<Vec<_>>());
    let active = store.state.with_untracked(|state| state.active);
    let (before, after) = store
        .state
        .with_untracked(|state| state.compare)
        .unwrap_or((active, (0..).find(|index| *index != active).unwrap_or(0)));
    let pair = RwSignal::new((before, after));
    let is_possible = move || {
        let (before, after) = pair.get();
        before != after && names.with(|names| before.max(after) < names.len())
    };
    let go = move |_| {
        store.dialog.set(None);
        store.dispatch(Action::Compare(Some(pair.get_untracked())));
    };
    let set_before = Callback::new(move |index| pair.update(|pair| pair.0 = index));
    let set_after = Callback::new(move |index| pair.update(|pair| pair.1 = index));
    let lonely = live(move || {
        (names.with(Vec::len) < 2).then(|| {
            view! { <p>"Open a second recording first: drop it anywhere, and come back."</p> }
        })
    });
    view! {
        <Modal title="Compare two recordings" class="comparing" on_close=close_dialog(store)>
            <div class="dlg-c">
                <p class="quiet">"Every function of both, side by side: before, after, difference."</p>
                {choice("Before", names, Signal::derive(move || pair.get().0), set_before)}
                {choice("After", names, Signal::derive(move || pair.get().1), set_after)}
                {lonely}
                <div class="lft">
                    <button type="button" class="btn primary" disabled=move || !is_possible() on:click=go>"Compare"</button>
                    <button type="button" class="btn" on:click=move |_| { store.dialog.set(None); store.pick_files(); }>"Open another file"</button>
                </div>
            </div>
        </Modal>
    }
    .into_any()
}

fn choice(label: &'static str, names: Memo<Vec<String>>, chosen: Signal<usize>, choose: Callback<usize>) -> AnyView {
    let options = live(move || {
        let options = names.get().into_iter().enumerate().map(|(index, name)| {
            view! { <option value=index selected=move || chosen.get() == index>{name}</option> }
        });
        options.collect_view()
    });
    let change = move |event| {
        if let Ok(index) = event_target_value(&event).parse() {
            choose.run(index);
        }
    };
    view! {
        <label class="field">
            <span>{label}</span>
            <select on:change=change prop:value=move || chosen.get().to_string()>{options}</select>
        </label>
    }
    .into_any()
}
