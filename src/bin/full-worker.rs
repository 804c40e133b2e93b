//! The worker program with every format and every analysis, fetched when a file needs it; it exists for
//! wasm32 only.

#[cfg(not(target_arch = "wasm32"))]
fn main() {}

#[cfg(target_arch = "wasm32")]
fn main() {
    culprit::worker::start();
}
