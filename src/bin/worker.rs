//! The worker program; it exists for wasm32 only.

#[cfg(not(target_arch = "wasm32"))]
fn main() {}

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    work::listen();
}

#[cfg(target_arch = "wasm32")]
mod work {
    use js_sys::Reflect;
    use wasm_bindgen::prelude::*;
    use web_sys::{
        DedicatedWorkerGlobalScope, MessageEvent, OffscreenCanvas,
        OffscreenCanvasRenderingContext2d,
    };

    /// Four quarters, clockwise from the upper left.
    const COLOURS: [&str; 4] = ["#c2410c", "#0f766e", "#1d4ed8", "#a16207"];

    pub(crate) fn listen() {
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(|event: MessageEvent| {
            let said = match paint(&event.data()) {
                Ok(()) => "painted".to_owned(),
                Err(thrown) => format!("the worker cannot paint: {thrown:?}"),
            };
            // A page that is gone needs no answer.
            let _ = scope().post_message(&said.into());
        });
        scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
    }

    fn paint(data: &JsValue) -> Result<(), JsValue> {
        let canvas: OffscreenCanvas = Reflect::get(data, &"canvas".into())?.dyn_into()?;
        let context = canvas.get_context("2d")?.ok_or("no 2d context")?;
        let context: OffscreenCanvasRenderingContext2d = context.unchecked_into();
        let (width, height) = (
            f64::from(canvas.width()) / 2.0,
            f64::from(canvas.height()) / 2.0,
        );
        for (quarter, colour) in [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
            .iter()
            .zip(COLOURS)
        {
            context.set_fill_style_str(colour);
            context.fill_rect(quarter.0 * width, quarter.1 * height, width, height);
        }
        Ok(())
    }

    fn scope() -> DedicatedWorkerGlobalScope {
        js_sys::global().unchecked_into()
    }
}
