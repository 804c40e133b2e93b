//! The page program; it exists for wasm32 only.

#[cfg(not(target_arch = "wasm32"))]
fn main() {}

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(async {
        if let Err(problem) = page::start().await {
            page::say(&problem);
        }
    });
}

#[cfg(target_arch = "wasm32")]
mod page {
    use culprit::web::worker_client::WorkerProgram;
    use js_sys::{Array, Object, Reflect};
    use wasm_bindgen::prelude::*;
    use web_sys::HtmlCanvasElement;

    /// Starts one worker and gives it the page's canvas to paint on.
    pub(crate) async fn start() -> Result<(), String> {
        let program = WorkerProgram::load().await?;
        let on_message = |data: JsValue| say(&data.as_string().unwrap_or_default());
        let worker = program.start(on_message, |problem| say(&problem))?;

        let element = document()
            .get_element_by_id("picture")
            .ok_or("the page has no canvas")?;
        let canvas: HtmlCanvasElement = element.unchecked_into();
        let canvas = canvas
            .transfer_control_to_offscreen()
            .map_err(|_| "this browser cannot paint in a worker; update it".to_owned())?;
        let message = Object::new();
        Reflect::set(&message, &"canvas".into(), &canvas).map_err(|e| format!("{e:?}"))?;
        worker.post_with_transfer(&message, &Array::of1(&canvas))?;
        // The worker lives as long as the page.
        std::mem::forget((program, worker));
        Ok(())
    }

    /// Shows one line of text.
    pub(crate) fn say(text: &str) {
        if let Some(element) = document().get_element_by_id("status") {
            element.set_text_content(Some(text));
        }
    }

    fn document() -> web_sys::Document {
        let window = web_sys::window().expect("a page has a window");
        window.document().expect("a window has a document")
    }
}
