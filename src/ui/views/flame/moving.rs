//! Zooming, panning and scrolling, and the way of the selection from frame to frame.

use std::collections::VecDeque;
use std::time::Duration;

use leptos::prelude::*;

use super::{Flame, view_of};
use crate::model::vocab::Path;
use crate::protocol::{CanvasId, Direction, Painted, Tip, path_print};
use crate::state::span::{between, nested, panned, showing, zoomed};
use crate::state::{Action, Selection};
use crate::ui::signals::effect;
use crate::web::{theme, window};

/// One press of a zoom key.
pub(super) const KEY_FACTOR: f64 = 1.6;
/// One press of a pan key, parts of the visible width.
pub(super) const KEY_PAN: f64 = 0.2;
/// One press of a scroll key, CSS pixels: three rows.
pub(super) const KEY_SCROLL_PX: f64 = 60.0;
/// How long a zoom takes.
const ZOOM_MILLIS: f64 = 180.0;
/// Rows kept free around a frame that is brought into view.
const ROWS_FREE: f64 = 2.0;

const ALL: (f64, f64) = (0.0, 1.0);

/// How long a wheel or a drag is still for the picture to rest: the state, the address and all that
/// hangs on them need not follow each turn.
const REST: Duration = Duration::from_millis(100);

/// What is visible of a picture that moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moving {
    /// Part of the zoomed frame.
    pub span: (f64, f64),
    /// `None` as the state has it.
    pub scroll: Option<f64>,
}

/// Frames that were zoomed to and where each lay in the one before, so that the way out is as
/// smooth as the way in.
#[derive(Debug, Clone, Default)]
pub(super) struct Trail(Vec<Stop>);

#[derive(Debug, Clone)]
struct Stop {
    outer: Path,
    inner: Path,
    part: (f64, f64),
}

impl Trail {
    fn add(&mut self, outer: Path, inner: Path, part: (f64, f64)) {
        const STOPS_MAX: usize = 64;
        self.0.retain(|stop| stop.inner != inner);
        if self.0.len() >= STOPS_MAX {
            self.0.remove(0);
        }
        self.0.push(Stop { outer, inner, part });
    }

    /// Where it was zoomed from.
    fn outer_of(&self, inner: &Path) -> Option<&Path> {
        self.0.iter().find(|stop| stop.inner == *inner).map(|stop| &stop.outer)
    }

    /// The part of `outer` that `inner` is, as far as the way is known.
    fn part_of(&self, inner: &Path, outer: &Path) -> Option<(f64, f64)> {
        let mut part = ALL;
        let mut at = inner;
        // Each stop leads to a shorter path; a way that goes round ends all the same.
        for _ in 0..=self.0.len() {
            if at == outer {
                return Some(part);
            }
            let stop = self.0.iter().find(|stop| stop.inner == *at)?;
            part = nested(stop.part, part);
            at = &stop.outer;
        }
        None
    }
}

impl Flame {
    /// Zooms to what lies under a point.
    pub(super) fn zoom_to_tip(self, tip: &Tip) {
        let part = self.part_of(tip.rect);
        let is_function = tip.label.is_some() && !tip.path.is_empty();
        if is_function && !self.is_timed() {
            self.zoom_into(tip.path.clone(), part);
        } else if tip.path.is_empty() && tip.text == "all" {
            self.zoom_to(Path::new());
        } else {
            self.glide(part, move || self.set_view(part, None));
        }
    }

    /// Zooms to a frame that is this part of the zoomed one.
    fn zoom_into(self, path: Path, part: (f64, f64)) {
        let outer = self.state(|state| state.zoom.clone());
        if outer == path {
            return self.glide(ALL, move || self.set_view(ALL, None));
        }
        if path.starts_with(&outer) {
            self.trail.update_value(|trail| trail.add(outer, path.clone(), part));
        }
        self.glide(part, move || self.arrive(path.clone(), ALL));
    }

    pub(super) fn zoom_to_selection(self) -> bool {
        let Some(path) = self.selected_path() else { return false };
        let part = self.session.flame.with_untracked(|painted| {
            let painted = painted.as_ref()?;
            painted.selected.filter(|_| painted.selected_print == Some(path_print(&path)))
        });
        match part {
            _ if self.is_timed() => return false,
            Some(part) if part.0 >= 0.0 && part.1 <= 1.0 => self.zoom_into(path, part),
            _ => {
                // Not painted yet, or out of sight: without a way in there is no motion, but the way
                // out is the same.
                let outer = self.state(|state| state.zoom.clone());
                if path != outer && path.starts_with(&outer) {
                    self.trail.update_value(|trail| trail.add(outer, path.clone(), ALL));
                }
                self.zoom_to(path);
            }
        }
        true
    }

    /// Zooms out to a frame above, or to everything.
    pub(super) fn zoom_to(self, path: Path) {
        let here = self.state(|state| state.zoom.clone());
        if here == path {
            // What is shown already is shown from its beginning.
            let scroll = path.is_empty().then_some(0.0);
            return self.glide(ALL, move || self.set_view(ALL, scroll));
        }
        let part = self.trail.with_value(|trail| trail.part_of(&here, &path));
        let from = part.map(|part| nested(part, self.span_now()));
        self.arrive(path, ALL);
        if let Some(from) = from {
            self.moving.set(Some(Moving { span: from, scroll: None }));
            self.glide(ALL, || {});
        }
    }

    /// From a part of a frame to the whole frame, from there to where it was zoomed from.
    pub(super) fn zoom_out(self) {
        let (zoom, span) = self.state(|state| (state.zoom.clone(), state.span));
        if span != ALL {
            return self.glide(ALL, move || self.set_view(ALL, None));
        }
        let outer = self.trail.with_value(|trail| trail.outer_of(&zoom).cloned());
        let outer = outer.unwrap_or_else(|| zoom[..zoom.len().saturating_sub(1)].to_vec());
        self.zoom_to(outer);
    }

    /// Zooms at the pointer, or at the middle.
    pub(super) fn zoom_by(self, factor: f64) {
        let at = self.pointer.get_value().map_or(0.5, |(x, _)| x / self.width());
        let span = zoomed(self.span_ahead(), at, factor);
        self.glide(span, move || self.set_view(span, None));
    }

    pub(super) fn pan_by(self, by: f64) {
        let span = panned(self.span_ahead(), by);
        self.glide(span, move || self.set_view(span, None));
    }

    /// Scrolls as drawn: down is down, wherever the root is.
    pub(super) fn scroll_by(self, down_px: f64) {
        self.set_view(self.span_ahead(), Some(self.scrolled(down_px)));
    }

    /// The scroll after so much down.
    pub(super) fn scrolled(self, down_px: f64) -> f64 {
        let scroll = self.scroll_now().min(self.scroll_max_now());
        scroll + if self.state(|state| state.upwards) { -down_px } else { down_px }
    }

    /// Shows a part of the zoomed frame, scrolled as it is or to here.
    pub(super) fn set_view(self, span: (f64, f64), scroll: Option<f64>) {
        let scroll = self.in_bounds(scroll.unwrap_or_else(|| self.scroll_now()));
        self.stop();
        self.store.dispatch(Action::Pan { span, scroll });
    }

    fn in_bounds(self, scroll: f64) -> f64 {
        scroll.clamp(0.0, self.scroll_max_now().min(f64::MAX))
    }

    /// Moves the picture as a hand does: the state is told once it rests.
    pub(super) fn drift(self, span: (f64, f64), scroll: f64) {
        self.goal.set_value(None);
        self.moving.set(Some(Moving { span, scroll: Some(self.in_bounds(scroll)) }));
        let run = self.next_run();
        set_timeout(
            move || {
                // A newer motion took over, or the view is gone.
                if self.run.try_get_value() == run {
                    self.land();
                }
            },
            REST,
        );
    }

    /// Ends what a hand began: the state is told.
    pub(super) fn land(self) {
        if self.goal.get_value().is_some() {
            return;
        }
        if let Some(Moving { span, scroll }) = self.moving.get_untracked() {
            self.set_view(span, scroll);
        }
    }

    /// Ends a motion.
    pub(super) fn stop(self) {
        self.next_run();
        self.rest();
    }

    fn next_run(self) -> Option<u32> {
        self.run.try_update_value(|run| {
            *run += 1;
            *run
        })
    }

    fn rest(self) {
        self.goal.set_value(None);
        self.moving.set(None);
    }

    /// The visible part once what is on its way has arrived: another key goes on from there, so
    /// that three quick presses do as much as three slow ones.
    fn span_ahead(self) -> (f64, f64) {
        self.goal.get_value().unwrap_or_else(|| self.span_now())
    }

    fn arrive(self, path: Path, span: (f64, f64)) {
        let row = self.session.flame.with_untracked(|painted| painted.as_ref().map(|painted| painted.row_px));
        let scroll = self.scroll_showing(path.len(), row.unwrap_or(0.0));
        self.store.dispatch(Action::Zoom(path));
        self.set_view(span, Some(scroll));
    }

    /// The scroll at which a row is in view, as near to the present one as can be.
    fn scroll_showing(self, depth: usize, row_px: f64) -> f64 {
        let scroll = self.scroll_now().min(self.scroll_max_now());
        let height = self.size.get_untracked().height;
        let (top, free) = (depth as f64 * row_px, ROWS_FREE * row_px);
        let (least, most) = (top + row_px + free - height, (top - free).max(0.0));
        if least > most { most } else { scroll.clamp(least.max(0.0), most.max(0.0)) }
    }

    /// Moves the visible part there within a moment, then does `then`. Whoever wants no motion gets
    /// none.
    fn glide(self, to: (f64, f64), then: impl Fn() + 'static) {
        let from = self.span_now();
        self.tips.close();
        let run = self.next_run();
        if from == to || theme::holds("(prefers-reduced-motion: reduce)") {
            self.rest();
            return then();
        }
        self.goal.set_value(Some(to));
        let start = now();
        self.frame(run, from, to, start, std::rc::Rc::new(then));
    }

    fn frame(self, run: Option<u32>, from: (f64, f64), to: (f64, f64), start: f64, then: std::rc::Rc<dyn Fn()>) {
        request_animation_frame(move || {
            if self.run.try_get_value() != run {
                return; // a newer one took over, or the view is gone
            }
            let part = ((now() - start) / ZOOM_MILLIS).clamp(0.0, 1.0);
            if part >= 1.0 {
                self.rest();
                then();
                // Something else lies under the pointer now.
                if let Some(at) = self.pointer.get_value() {
                    self.hover(at);
                }
                return;
            }
            // Fast at first, slow at the end.
            let eased = 1.0 - (1.0 - part).powi(3);
            self.moving.set(Some(Moving { span: between(from, to, eased), scroll: None }));
            self.frame(run, from, to, start, then);
        });
    }

    /// The part of the zoomed frame that a painted box is.
    fn part_of(self, (left, _, width, _): (f64, f64, f64, f64)) -> (f64, f64) {
        let all = self.width();
        let (from, to) = nested(self.span_now(), (left / all, (left + width) / all));
        let to = to.min(1.0);
        (from.clamp(0.0, to), to)
    }

    fn selected_path(self) -> Option<Path> {
        self.state(|state| match &state.selection {
            Some(Selection::Frame(path)) => Some(path.clone()),
            _ => None,
        })
    }

    /// Selects the next frame in a direction; from nothing, the heaviest under the zoomed one.
    pub(super) fn step(self, to: Direction) {
        const STEPS_MAX: usize = 16;
        // A step starts where the one before it ended, which only the worker knows.
        let waits = self.steps.try_update_value(|steps| match steps {
            Some(steps) => {
                if steps.len() < STEPS_MAX {
                    steps.push_back(to);
                }
                true
            }
            None => {
                *steps = Some(VecDeque::new());
                false
            }
        });
        if waits == Some(false) {
            self.go(to);
        }
    }

    fn go(self, to: Direction) {
        let at = self.selected_path();
        let to = if at.is_some() { to } else { Direction::Child };
        let flame = self.state(view_of);
        let at = at.unwrap_or_else(|| flame.zoom.clone());
        let store = self.store;
        self.session.step(flame, at, to, move |path| {
            if let Some(path) = path {
                if let Some(function) = path.last() {
                    store.announcement.set(function.name.clone());
                }
                store.dispatch(Action::Glance(Selection::Frame(path)));
            }
            let next = self.steps.try_update_value(|steps| {
                let next = steps.as_mut().and_then(VecDeque::pop_front);
                if next.is_none() {
                    *steps = None;
                }
                next
            });
            if let Some(next) = next.flatten() {
                self.go(next);
            }
        });
    }

    /// Brings a frame into view that was selected elsewhere: by arrows, by a search, in the details.
    /// It acts once per selection, after the picture with it was painted.
    pub(super) fn keep_selection_in_view(self) {
        let selected = self.store.part(|state| match &state.selection {
            Some(Selection::Frame(path)) => Some(path.clone()),
            _ => None,
        });
        // A copied address has its own view of the selection.
        let is_set_up = self.state(|state| !state.zoom.is_empty() || state.span != ALL || state.scroll > 0.0);
        if is_set_up {
            self.in_view.set_value(selected.get_untracked().map(|path| path_print(&path)));
        }
        effect(move || {
            let painted = self.session.flame.get();
            let Some(path) = selected.get() else { return };
            let print = Some(path_print(&path));
            if self.in_view.get_value() == print || self.size.get_untracked().height < 1.0 {
                return;
            }
            let zoom = self.state(|state| state.zoom.clone());
            if !path.starts_with(&zoom) && !zoom.starts_with(&path) {
                return self.zoom_to(common(&zoom, &path));
            }
            if let Some(painted) = painted.filter(|p| p.canvas == CanvasId::Flame && p.selected_print == print) {
                self.in_view.set_value(print);
                self.bring_into_view(&path, &painted);
            }
        });
    }

    fn bring_into_view(self, path: &Path, painted: &Painted) {
        let (span, scroll) = untrack(move || self.visible());
        let to = painted.selected.map_or(span, |part| showing(span, part));
        let down = self.scroll_showing(path.len(), painted.row_px);
        if to != span || down != scroll {
            self.set_view(to, Some(down));
        }
    }
}

fn common(a: &Path, b: &Path) -> Path {
    a.iter().zip(b).take_while(|(a, b)| a == b).map(|(a, _)| a.clone()).collect()
}

fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}
