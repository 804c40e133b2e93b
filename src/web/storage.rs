//! A few choices of the person, kept in the browser. Where storage is switched off they last as
//! long as the page.

use super::window;

const PREFIX: &str = "culprit.";

/// A kept choice.
pub fn read(name: &str) -> Option<String> {
    let storage = window().local_storage().ok()??;
    storage.get_item(&format!("{PREFIX}{name}")).ok()?
}

/// Keeps a choice; `None` forgets it.
pub fn write(name: &str, value: Option<&str>) {
    let Ok(Some(storage)) = window().local_storage() else { return };
    let name = format!("{PREFIX}{name}");
    // A full or forbidden storage costs the choice on the next visit, nothing else.
    let _ = match value {
        Some(value) => storage.set_item(&name, value),
        None => storage.remove_item(&name),
    };
}
