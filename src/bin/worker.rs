//! The worker program that every visit fetches; it exists for wasm32 only. What it leaves to the full
//! one is a matter of features.

#[cfg(not(target_arch = "wasm32"))]
fn main() {}

#[cfg(target_arch = "wasm32")]
fn main() {
    culprit::worker::start();
}
