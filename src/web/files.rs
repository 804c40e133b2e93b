//! Files: picked, dropped, pasted, fetched, saved.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, DragEvent, FileList, HtmlAnchorElement, HtmlInputElement, Response, Url};

use super::{document, window};

/// A file with its name.
#[derive(Debug, Clone)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its content.
    pub blob: Blob,
}

/// What a person brought.
#[derive(Debug, Clone)]
pub enum Picked {
    /// Files.
    Files(Vec<Named>),
    /// Text from the clipboard.
    Text(String),
}

/// Opens the browser's dialog for a file field of the page.
pub fn pick(field: &HtmlInputElement) {
    // The same file again is a choice too.
    field.set_value("");
    field.click();
}

/// The files of a file field.
pub fn picked(field: &HtmlInputElement) -> Vec<Named> {
    of_list(field.files())
}

#[wasm_bindgen]
extern "C" {
    /// Written in `start.js`, since the page's program is near its budget.
    #[wasm_bindgen(js_name = filesOfFolders)]
    fn files_of_folders(items: &JsValue) -> Option<Promise>;
}

/// Hands on the files that were dropped, at once; those of folders, with their paths as names, when the
/// browser has told them.
pub fn dropped(event: &DragEvent, then: impl FnOnce(Vec<Named>) + 'static) {
    let Some(data) = event.data_transfer() else { return };
    let Some(folders) = files_of_folders(&data.items()) else { return then(of_list(data.files())) };
    wasm_bindgen_futures::spawn_local(async move {
        let Ok(list) = JsFuture::from(folders).await else { return };
        let named = |pair: JsValue| {
            let pair: Array = pair.unchecked_into();
            Named { name: pair.get(0).as_string().unwrap_or_default(), blob: pair.get(1).unchecked_into() }
        };
        then(list.unchecked_into::<Array>().iter().map(named).collect());
    });
}

/// Whether something that is dragged over the page holds files.
pub fn holds_files(event: &DragEvent) -> bool {
    event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0))
}

/// The files of a list.
pub fn of_list(list: Option<FileList>) -> Vec<Named> {
    let Some(list) = list else { return Vec::new() };
    let files = (0..list.length()).filter_map(|index| list.get(index));
    files.map(|file| Named { name: file.name(), blob: file.unchecked_into() }).collect()
}

/// A text as a file.
pub fn of_text(name: &str, text: &str) -> Option<Named> {
    let blob = Blob::new_with_str_sequence(&Array::of1(&text.into())).ok()?;
    Some(Named { name: name.to_owned(), blob })
}

/// Fetches a file of the site itself; the page's policy allows no other.
///
/// # Errors
/// One sentence.
pub async fn fetch(url: &str) -> Result<Blob, String> {
    let failed = |_| "It could not be fetched; is the site still there?".to_owned();
    let response = JsFuture::from(window().fetch_with_str(url)).await.map_err(failed)?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return Err(format!("This site does not hold it (status {}).", response.status()));
    }
    let blob = JsFuture::from(response.blob().map_err(failed)?).await.map_err(failed)?;
    Ok(blob.unchecked_into())
}

/// Saves a text as a file in the person's downloads.
pub fn save(name: &str, media_type: &str, text: &str) {
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &options);
    let Ok(url) = blob.and_then(|blob| Url::create_object_url_with_blob(&blob)) else { return };
    if let Ok(link) = document().create_element("a") {
        let link: HtmlAnchorElement = link.unchecked_into();
        link.set_href(&url);
        link.set_download(name);
        link.click();
    }
    // Revoked at once the download would not find it any more.
    let revoke = Closure::once_into_js(move || Url::revoke_object_url(&url));
    let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(revoke.unchecked_ref(), 10_000);
}
