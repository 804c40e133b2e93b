//! Memory of the browser.

/// Bytes by which it grows.
#[cfg(target_arch = "wasm32")]
const STEP: usize = 16 << 20;

/// Has the memory of a browser grow by a large step at once, unless as much is free. It only
/// ever grows, and every growth, however small, costs a fraction of a millisecond and makes the
/// browser collect its own garbage: table by table, that was a fifth of the time to open a file. The
/// place that was asked for is given back at once and stays at hand for the next tables.
#[cfg(target_arch = "wasm32")]
pub(crate) fn grow_ahead() {
    let mut place: Vec<u8> = Vec::new();
    // Near the end of memory there is no step left, and nothing is lost.
    let _ = place.try_reserve_exact(STEP);
    drop(std::hint::black_box(place));
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn grow_ahead() {}
