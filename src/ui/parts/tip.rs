//! A tip beside something on a picture: it comes after a moment, Shift holds it so that its text
//! can be marked, and it never covers what it is about.

use std::time::Duration;

use crate::ui::signals::live;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;

/// How long a pointer rests before the tip comes.
const DELAY: Duration = Duration::from_millis(80);
/// Width of a tip, CSS pixels, as in the style sheet.
const WIDTH_PX: f64 = 290.0;
/// Room below that a tip needs, CSS pixels; without it, it stands above.
const ROOM_PX: f64 = 190.0;
const GAP_PX: f64 = 7.0;
const MARGIN_PX: f64 = 8.0;

/// A box of the window that a tip is about, CSS pixels, and where in it the pointer is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Anchor {
    /// Its upper edge.
    pub top: f64,
    /// Its lower edge.
    pub bottom: f64,
    /// Place of the pointer from the left.
    pub x: f64,
}

/// A tip and its box.
type Shown<T> = Option<(Anchor, T)>;

/// The tip of a picture. Cheap to copy.
pub struct Tips<T: Send + Sync + 'static> {
    shown: RwSignal<Shown<T>>,
    next: StoredValue<Shown<T>>,
    timer: StoredValue<Option<TimeoutHandle>, LocalStorage>,
    is_held: RwSignal<bool>,
    is_over: StoredValue<bool>,
}

impl<T: Send + Sync + 'static> Clone for Tips<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Tips<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Tips<T> {
    /// No tip yet. Follows the Shift key as long as the component lives.
    #[expect(clippy::new_without_default, reason = "it begins to listen, which a default should not")]
    pub fn new() -> Self {
        let tips = Self {
            shown: RwSignal::new(None),
            next: StoredValue::new(None),
            timer: StoredValue::new_local(None),
            is_held: RwSignal::new(false),
            is_over: StoredValue::new(false),
        };
        let down = window_event_listener(ev::keydown, move |event| {
            if event.key() == "Shift" && tips.is_shown() {
                tips.is_held.set(true);
            }
        });
        let up = window_event_listener(ev::keyup, move |event| {
            if event.key() == "Shift" && !tips.is_over.get_value() {
                tips.is_held.set(false);
            }
        });
        on_cleanup(move || {
            down.remove();
            up.remove();
            tips.drop_timer();
        });
        tips
    }

    /// Shows a tip after a moment; the same one stays, and one that is shown gives way at once.
    pub fn offer(self, anchor: Anchor, content: T) {
        if self.is_held.get_untracked() {
            return;
        }
        let is_same = |shown: &Shown<T>| shown.as_ref().is_some_and(|(a, c)| *c == content && a.top == anchor.top);
        if self.shown.with_untracked(is_same) || self.next.with_value(is_same) {
            return;
        }
        self.hide();
        self.next.set_value(Some((anchor, content)));
        let show = move || {
            let next = self.next.try_update_value(Option::take).flatten();
            let _ = self.shown.try_set(next);
        };
        let timer = set_timeout_with_handle(show, DELAY).ok();
        self.timer.set_value(timer);
    }

    /// Shows a tip after a moment, and from then on moves with the pointer.
    pub fn follow(self, anchor: Anchor, content: T) {
        if self.is_shown() && !self.is_held.get_untracked() {
            self.shown.set(Some((anchor, content)));
        } else if self.next.with_value(Option::is_some) {
            self.next.set_value(Some((anchor, content)));
        } else {
            self.offer(anchor, content);
        }
    }

    /// The pointer is elsewhere: the tip goes, unless it is held.
    pub fn leave(self) {
        if !self.is_held.get_untracked() {
            self.hide();
        }
    }

    /// The picture moved: the tip goes, held or not. Whether there was one that was held.
    pub fn close(self) -> bool {
        let was_held = self.is_held.get_untracked() && self.is_shown();
        self.is_held.set(false);
        self.is_over.set_value(false);
        self.hide();
        was_held
    }

    /// Whether it is held.
    pub fn is_held(self) -> bool {
        self.is_held.get_untracked()
    }

    fn is_shown(self) -> bool {
        self.shown.with_untracked(Option::is_some)
    }

    fn hide(self) {
        self.drop_timer();
        if self.is_shown() {
            self.shown.set(None);
        }
    }

    fn drop_timer(self) {
        self.next.try_set_value(None);
        let timer = self.timer.try_update_value(Option::take).flatten();
        if let Some(timer) = timer {
            timer.clear();
        }
    }

    /// The tip's box, filled by `render`.
    pub fn view(self, render: impl Fn(&T) -> AnyView + Send + Sync + Copy + 'static) -> AnyView {
        let node = NodeRef::<html::Div>::new();
        let left = move |event: ev::PointerEvent| {
            self.is_over.set_value(false);
            if !event.shift_key() && !is_marking(&event) {
                self.close();
            }
        };
        let tip = live(move || {
            let (anchor, content) = self.shown.get()?;
            let place = Place::beside(anchor);
            Some(view! {
                <div
                    node_ref=node
                    class="tip"
                    role="tooltip"
                    class:held=move || self.is_held.get()
                    style:left=format!("{}px", place.left)
                    style:top=place.top.map(|top| format!("{top}px"))
                    style:bottom=place.bottom.map(|bottom| format!("{bottom}px"))
                    on:pointerenter=move |_| self.is_over.set_value(true)
                    on:pointerleave=left
                >
                    {render(&content)}
                </div>
            })
        });
        view! { {tip} }.into_any()
    }
}

/// Whether a button is pressed: text is being marked beyond the edge of the tip.
fn is_marking(event: &ev::PointerEvent) -> bool {
    event.buttons() != 0
}

/// Where a tip stands in the window.
struct Place {
    left: f64,
    top: Option<f64>,
    bottom: Option<f64>,
}

impl Place {
    fn beside(anchor: Anchor) -> Self {
        let (width, height) = crate::web::window_size();
        let left = (anchor.x + GAP_PX).min(width - WIDTH_PX - MARGIN_PX).max(MARGIN_PX);
        let is_below = height - anchor.bottom >= ROOM_PX || anchor.top < ROOM_PX;
        Self {
            left,
            top: is_below.then_some(anchor.bottom + GAP_PX),
            bottom: (!is_below).then_some(height - anchor.top + GAP_PX),
        }
    }
}
