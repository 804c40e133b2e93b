//! The browser, wrapped once each: workers, files, clipboard, storage, history, the canvas.
//!
//! Everything here is thin. It knows the browser and knows neither profiles nor the page's
//! components, so that the rooms above it hold no `JsValue` longer than a line.

pub mod worker_client;
