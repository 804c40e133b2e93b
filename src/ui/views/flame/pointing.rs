//! What pointers, wheels and the menu key do.

use leptos::ev;
use leptos::prelude::*;

use super::Flame;
use crate::protocol::{CanvasId, Tip};
use crate::state::Action;
use crate::state::span::{panned, zoomed};
use crate::ui::parts::gesture::{Drag, Gesture, Point, Wheel};
use crate::ui::parts::tip::Anchor;
use crate::ui::views::frame_menu::{Target, menu};
use crate::web::storage;

/// How long the hint about zooming stays.
const HINT: std::time::Duration = std::time::Duration::from_millis(2600);

impl Flame {
    pub(super) fn gesture(self, gesture: Gesture) {
        match gesture {
            Gesture::Hover(at) => self.hover(at),
            Gesture::Leave => self.leave(),
            Gesture::Click(at) => self.ask(at, move |tip| self.click(tip)),
            Gesture::DoubleClick(at) => self.ask(at, move |tip| {
                if let Some(tip) = tip {
                    self.zoom_to_tip(&tip);
                }
            }),
            Gesture::DragStart(_) => self.hold(),
            Gesture::Drag(drag) => self.drag(drag),
            Gesture::DragEnd(_) | Gesture::DragCancel => self.land(),
            Gesture::Pinch { at, by, factor } => self.pinch(at, by, factor),
            Gesture::Menu(at) => self.open_menu(at),
        }
    }

    /// What lies under a point. While a click waits for its answer nothing else is asked.
    fn ask(self, (x, y): Point, on_tip: impl FnOnce(Option<Tip>) + 'static) {
        self.is_asking.set_value(true);
        self.session.hit(CanvasId::Flame, x, y, move |tip| {
            self.is_asking.set_value(false);
            on_tip(tip);
        });
    }

    pub(super) fn hover(self, at: Point) {
        self.pointer.set_value(Some(at));
        if self.is_asking.get_value() || self.tips.is_held() || self.menu.with_untracked(Option::is_some) {
            return;
        }
        self.session.hit(CanvasId::Flame, at.0, at.1, move |tip| {
            let is_here = self.pointer.try_get_value().flatten().is_some();
            match tip.filter(|_| is_here && !self.tips.is_held()) {
                Some(tip) => self.point_at(tip, at),
                None => self.point_at_nothing(),
            }
        });
    }

    fn point_at(self, tip: Tip, at: Point) {
        let path = (!tip.path.is_empty()).then(|| tip.path.clone());
        if self.hovered.with_untracked(|hovered| *hovered != path) {
            self.hovered.set(path);
            self.store.hovered.set(tip.label.as_ref().map(|label| label.key.clone()));
        }
        let Some(canvas) = self.canvas.get_untracked() else { return };
        let rect = canvas.get_bounding_client_rect();
        let (_, top, _, height) = tip.rect;
        let top = rect.top() + top;
        self.tips.offer(Anchor { top, bottom: top + height, x: rect.left() + at.0 }, tip);
    }

    fn point_at_nothing(self) {
        if self.tips.is_held() {
            return;
        }
        if self.hovered.with_untracked(Option::is_some) {
            self.hovered.set(None);
            self.store.hovered.set(None);
        }
        self.tips.leave();
    }

    fn leave(self) {
        self.pointer.set_value(None);
        self.point_at_nothing();
    }

    /// The picture moves under the pointer: what was said of the place there goes.
    fn hold(self) {
        self.tips.close();
        self.point_at_nothing();
    }

    fn click(self, tip: Option<Tip>) {
        self.tips.close();
        match tip {
            Some(tip) if !tip.path.is_empty() => self.select(&tip),
            Some(tip) if is_small(&tip) => self.zoom_to_tip(&tip),
            _ => self.store.dispatch(Action::Select(None)),
        }
    }

    fn drag(self, drag: Drag) {
        let span = panned(self.span_now(), -drag.by.0 / self.width());
        self.drift(span, self.scrolled(-drag.by.1));
    }

    fn pinch(self, at: Point, by: Point, factor: f64) {
        let width = self.width();
        self.hold();
        let span = zoomed(self.span_now(), at.0 / width, factor);
        self.drift(panned(span, -by.0 / width), self.scrolled(-by.1));
    }

    pub(super) fn wheel(self, wheel: Wheel) {
        self.hold();
        if wheel.is_zoom {
            let span = zoomed(self.span_now(), wheel.at.0 / self.width(), wheel.factor());
            return self.drift(span, self.scroll_now());
        }
        let is_sideways = wheel.shift || wheel.right.abs() > wheel.down.abs();
        if is_sideways {
            let right = if wheel.right == 0.0 { wheel.down } else { wheel.right };
            return self.drift(panned(self.span_now(), right / self.width()), self.scroll_now());
        }
        self.drift(self.span_now(), self.scrolled(wheel.down));
        self.hint_at_zooming();
    }

    /// Once, when the wheel turns plainly over a zoomed flame graph.
    fn hint_at_zooming(self) {
        let is_zoomed = self.state(|state| !state.zoom.is_empty() || state.span != (0.0, 1.0));
        if !is_zoomed || storage::read("zoom-hint").is_some() {
            return;
        }
        storage::write("zoom-hint", Some("seen"));
        self.hint.set(true);
        set_timeout(
            move || {
                // The view may be gone by then.
                let _ = self.hint.try_set(false);
            },
            HINT,
        );
    }

    fn open_menu(self, at: Point) {
        if self.menu.with_untracked(Option::is_some) {
            return;
        }
        self.tips.close();
        self.ask(at, move |tip| {
            let Some(target) = tip.as_ref().and_then(Target::of_tip) else { return };
            let rect = self.canvas.get_untracked().map(|canvas| canvas.get_bounding_client_rect());
            let corner = rect.map_or((0.0, 0.0), |rect| (rect.left(), rect.top()));
            self.in_view.set_value(Some(crate::protocol::path_print(&target.path)));
            self.store.dispatch(Action::Select(Some(target.selection())));
            self.menu.set(Some(menu(self.store, &target, (corner.0 + at.0 + 2.0, corner.1 + at.1 + 2.0))));
        });
    }

    pub(super) fn key(self, event: &ev::KeyboardEvent) {
        let is_menu = event.key() == "ContextMenu" || (event.shift_key() && event.key() == "F10");
        if is_menu {
            event.prevent_default();
            self.menu_of_selection();
        }
    }
}

/// Whether several boxes share the one under the pointer.
fn is_small(tip: &Tip) -> bool {
    tip.token == "--flame-small"
}
