//! Keeps a canvas painted: whenever what it shows changes, a picture is asked for, at most one at a
//! time: of those that come up meanwhile, the session sends the last.

use std::time::Duration;

use leptos::prelude::*;

use crate::protocol::{CanvasId, Content, Picture};
use crate::ui::session::Session;
use crate::ui::signals::{effect, memo};
use crate::ui::store::Store;
use crate::web::size::Size;

/// When a new canvas is painted once more. WebKitGTK drops what is painted on a canvas that is not on
/// the screen yet, and nobody is told when it is.
const ONCE_MORE: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(2_000)];

/// Asks `session` to paint `content` on a canvas of this size, again whenever one of them or the
/// colours change.
pub fn keep_painted(
    store: Store,
    session: Session,
    canvas: CanvasId,
    size: RwSignal<Size>,
    content: impl Fn() -> Content + Send + Sync + 'static,
) {
    let content = memo(content);
    let colour_by = store.part(|state| state.colour_by);
    let again = RwSignal::new(0u32);
    for delay in ONCE_MORE {
        // The canvas may be gone by then, and the signal with it.
        set_timeout(move || _ = again.try_update(|times| *times += 1), delay);
    }
    effect(move || {
        // The worker is told the colours before; the picture itself does not hold them.
        store.theme.track();
        store.is_system_dark.track();
        colour_by.track();
        again.track();
        let Size { width, height, ratio } = size.get();
        let content = content.get();
        if width < 1.0 || height < 1.0 {
            return;
        }
        session.paint(Picture { canvas, width, height, ratio, content });
    });
}
