//! User Timing: the moments of a recording's way from the file to the screen, for anybody who
//! measures the page. Developer tools show them beside everything else, and `make bench` reads them.

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::window;

/// Marks this moment. Facts go with it, each with its name.
pub fn mark(name: &str, facts: &[(&str, f64)]) {
    let detail = Object::new();
    for (name, value) in facts {
        put(&detail, name, &(*value).into());
    }
    let options = Object::new();
    put(&options, "detail", &detail);
    // The call that takes facts is not among those that web-sys has. Where a browser lacks it,
    // nobody asks for marks.
    let Some(all) = window().performance() else { return };
    let mark = Reflect::get(&all, &"mark".into()).ok().and_then(|mark| mark.dyn_into::<Function>().ok());
    let _ = mark.and_then(|mark| mark.call2(&all, &name.into(), &options).ok());
}

/// The same for what happens all the time: the mark takes the place of the last of its name, so that
/// a page which is open for days does not keep them all. Observers hear of each.
pub fn mark_again(name: &str, facts: &[(&str, f64)]) {
    if let Some(all) = window().performance() {
        all.clear_marks_with_mark_name(name);
    }
    mark(name, facts);
}

fn put(object: &Object, name: &str, value: &JsValue) {
    // Setting a property of a plain object does not fail.
    let _ = Reflect::set(object, &name.into(), value);
}
