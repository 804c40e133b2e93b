//! Starts workers and talks to them.
//!
//! **How a worker starts.** The page downloads the worker's wasm-bindgen glue and its wasm and
//! compiles the wasm, once ([`WorkerProgram::load`]). Any number of workers are started from it,
//! each from a `blob:` URL that holds the glue and a few lines that wait for the compiled module as
//! the first message. There are three reasons for the Blob:
//!
//! - *Privacy.* A worker started from an ordinary URL takes its Content-Security-Policy from the
//!   headers of that response, and static hosts send none: it could reach any server. A worker
//!   started from a Blob inherits the page's policy. The browser tests hold this in every engine.
//!   The Blob holds the glue and does not import it, since Chromium asks `worker-src` about imports
//!   too: so that may stay at `blob:` alone, and no worker can ever be started from a URL.
//! - *Speed.* One download and one compilation, whatever the number of recordings.
//! - *Caches.* The names of the worker's files carry a hash of their content and stand in the page
//!   (`<meta name="worker">`, `<meta name="full-worker">`), so a page never pairs with a worker of another release.
//!
//! **What the worker may rely on.** Messages may be posted at once: those that arrive before the
//! program has set its `onmessage` are kept and delivered in order once its `main` has returned.
//! Whatever is thrown while starting, in a handler or in a promise that nobody awaits reaches the
//! page's `on_error` as one sentence.

use std::rc::Rc;

use js_sys::{Array, Promise, WebAssembly};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, ErrorEvent, Event, MessageEvent, Response, Url, Worker};

/// What stands behind the glue in the worker's script. The glue (wasm-bindgen's "no-modules") is
/// one global function, `wasm_bindgen`, which takes the module and runs `main`.
///
/// `reportError` raises what it is given in the worker, from where it reaches the page; a rejected
/// promise alone does not.
const SCRIPT: &str = r#"
{
  const early = [];
  let started = false;
  self.addEventListener("unhandledrejection", (event) => reportError(event.reason));
  self.onmessage = (event) => {
    if (started) {
      early.push(event);
      return;
    }
    started = true;
    wasm_bindgen({ module_or_path: event.data }).then(() => {
      for (const { data, ports } of early.splice(0)) {
        self.dispatchEvent(new MessageEvent("message", { data, ports: [...ports] }));
      }
    }, reportError);
  };
}
"#;

/// The worker's program: downloaded and compiled once, cheap to clone, the source of every worker.
#[derive(Clone, Debug)]
pub struct WorkerProgram {
    module: JsValue,
    script: Rc<BlobUrl>,
}

impl WorkerProgram {
    /// Downloads and compiles the program that the page names in
    /// `<meta name="NAME" content="GLUE" data-wasm="WASM">`, both relative to the page.
    ///
    /// # Errors
    /// One sentence for people: the page names no worker, a file is missing (mostly because a new
    /// release was put in its place: reloading helps), or the browser cannot compile it.
    pub async fn load(name: &str) -> Result<WorkerProgram, String> {
        let (glue, wasm) = addresses(name)?;
        let (glue, wasm) = both_arrived(&glue, &wasm).await?;
        let glue = text(&glue).await.map_err(|e| sentence(&e))?;
        let module = compiled(&wasm)
            .await
            .map_err(|e| format!("the browser cannot compile the worker program: {}", sentence(&e)))?;
        let script = BlobUrl::of_script(&[&glue, SCRIPT]).map_err(|e| sentence(&e))?;
        Ok(WorkerProgram { module, script: Rc::new(script) })
    }

    /// Starts one worker.
    ///
    /// `on_message` gets the data of each message, `on_error` one sentence for whatever the worker
    /// threw or for its failure to start. Both are called from the page's event loop and never
    /// after the client is dropped.
    ///
    /// # Errors
    /// One sentence, where the browser refuses to start workers at all.
    pub fn start(
        &self,
        mut on_message: impl FnMut(JsValue) + 'static,
        mut on_error: impl FnMut(String) + 'static,
    ) -> Result<WorkerClient, String> {
        let worker = Worker::new(&self.script.0).map_err(|e| sentence(&e))?;
        let client = WorkerClient {
            worker,
            on_message: Closure::new(move |event: MessageEvent| on_message(event.data())),
            on_error: Closure::new(move |event: Event| on_error(error_sentence(&event))),
        };
        client.listen(Some(&client.on_message), Some(&client.on_error));
        client.post(&self.module)?;
        Ok(client)
    }
}

/// One running worker, seen from the page. Dropping it ends the worker at once, in the middle of
/// whatever it does, and gives its memory back.
#[derive(Debug)]
pub struct WorkerClient {
    worker: Worker,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    on_error: Closure<dyn FnMut(Event)>,
}

impl WorkerClient {
    /// Posts a copy of `message`. It may be posted before the worker has started.
    ///
    /// # Errors
    /// One sentence, where `message` holds something that cannot be copied.
    pub fn post(&self, message: &JsValue) -> Result<(), String> {
        self.worker.post_message(message).map_err(|e| sentence(&e))
    }

    /// Posts `message` and gives away what stands in `transfer` (canvases, buffers, ports), all of
    /// which must occur in `message`: the page can no longer use it.
    ///
    /// # Errors
    /// One sentence, where something cannot be transferred, for instance a canvas for the second
    /// time.
    pub fn post_with_transfer(&self, message: &JsValue, transfer: &Array) -> Result<(), String> {
        self.worker.post_message_with_transfer(message, transfer).map_err(|e| sentence(&e))
    }

    /// Ends the worker at once. The same as dropping the client, with a name.
    pub fn terminate(self) {}

    fn listen(
        &self,
        on_message: Option<&Closure<dyn FnMut(MessageEvent)>>,
        on_error: Option<&Closure<dyn FnMut(Event)>>,
    ) {
        let on_error = on_error.map(|closure| closure.as_ref().unchecked_ref());
        self.worker.set_onmessage(on_message.map(|closure| closure.as_ref().unchecked_ref()));
        self.worker.set_onmessageerror(on_error);
        self.worker.set_onerror(on_error);
    }
}

impl Drop for WorkerClient {
    fn drop(&mut self) {
        // Events that are already queued would call closures that are gone.
        self.listen(None, None);
        self.worker.terminate();
    }
}

/// A `blob:` URL that lives as long as this value.
#[derive(Debug)]
struct BlobUrl(String);

impl BlobUrl {
    fn of_script(parts: &[&str]) -> Result<BlobUrl, JsValue> {
        let parts: Array = parts.iter().map(|part| JsValue::from_str(part)).collect();
        let options = BlobPropertyBag::new();
        options.set_type("text/javascript");
        let blob = Blob::new_with_str_sequence_and_options(&parts, &options)?;
        Url::create_object_url_with_blob(&blob).map(BlobUrl)
    }
}

impl Drop for BlobUrl {
    fn drop(&mut self) {
        // Fails on a malformed URL only, and this one came from the browser.
        let _ = Url::revoke_object_url(&self.0);
    }
}

/// The addresses of a worker's glue and wasm, as the page names them.
fn addresses(name: &str) -> Result<(String, String), String> {
    const MISSING: &str = "the page does not say where its worker is; build it with trunk";
    let document = web_sys::window().and_then(|window| window.document()).ok_or(MISSING)?;
    let meta = document.query_selector(&format!("meta[name={name}]")).ok().flatten().ok_or(MISSING)?;
    let named = |attribute: &str| meta.get_attribute(attribute).ok_or(MISSING);
    Ok((named("content")?, named("data-wasm")?))
}

/// The responses to two requests that are sent together.
async fn both_arrived(glue: &str, wasm: &str) -> Result<(Response, Response), String> {
    let window = web_sys::window().ok_or("workers are started from a page only")?;
    let requests = Array::of2(&window.fetch_with_str(glue), &window.fetch_with_str(wasm));
    let responses = JsFuture::from(Promise::all(&requests)).await;
    let responses: Array =
        responses.map_err(|e| format!("the worker program cannot be fetched: {}", sentence(&e)))?.unchecked_into();
    let good = |index| {
        let response: Response = responses.get(index).unchecked_into();
        let status = response.status();
        let missing = format!("the worker program is missing (status {status}); reload the page");
        if response.ok() { Ok(response) } else { Err(missing) }
    };
    Ok((good(0)?, good(1)?))
}

async fn text(response: &Response) -> Result<String, JsValue> {
    let text = JsFuture::from(response.text()?).await?;
    Ok(text.as_string().unwrap_or_default())
}

/// Compiles while the bytes arrive where the host sends the right media type, otherwise after.
async fn compiled(response: &Response) -> Result<JsValue, JsValue> {
    let media_type = response.headers().get("content-type")?;
    // By the standard any parameter behind the type is an error too.
    if media_type.is_some_and(|text| text.trim().eq_ignore_ascii_case("application/wasm")) {
        let response: &JsValue = response.as_ref();
        return JsFuture::from(WebAssembly::compile_streaming(&Promise::resolve(response))).await;
    }
    let bytes = JsFuture::from(response.array_buffer()?).await?;
    JsFuture::from(WebAssembly::compile(&bytes)).await
}

/// What is known about an error event. One without a message means that the worker's script or
/// what it imports could not be loaded.
fn error_sentence(event: &Event) -> String {
    let message = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).unwrap_or_default();
    match (message.is_empty(), event.type_() == "messageerror") {
        (false, _) => message,
        (true, true) => "a message from the worker could not be read".to_owned(),
        (true, false) => "the worker could not be loaded; reload the page".to_owned(),
    }
}

/// The message of whatever was thrown.
fn sentence(thrown: &JsValue) -> String {
    match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => thrown.as_string().unwrap_or_else(|| format!("{thrown:?}")),
    }
}
