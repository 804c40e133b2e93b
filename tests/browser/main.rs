//! Tests in real browsers: Chromium, Firefox and WebKitGTK, driven through WebDriver.
//!
//! They need the built site in `dist/` and the drivers; `make test` sees to both. While working on
//! one thing: `BROWSERS=chrome cargo test --test browser NAME`.
//!
//! To add a test, write an `async fn name(browser: Browser)` into the file of its subject and add
//! its name to that file's `in_every_browser!`. See `harness.rs` for what a browser can be told.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::print_stdout, reason = "what a failed test prints is its report")]

mod address;
mod dist;
mod engines;
mod figures;
mod findings;
mod flame;
mod harness;
mod keyboard;
mod look;
mod maps;
mod numbers;
mod opening;
mod page;
mod picture;
mod privacy;
mod sheets;
mod site;
mod start;
mod trap;
mod words;
