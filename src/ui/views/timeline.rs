//! The timeline above the views: what the thread did, its stalls, and the range that is looked at.

use std::time::Duration;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::picture::keep_painted;
use crate::model::vocab::{Filter, TimeRange, ViewId};
use crate::protocol::{CanvasId, Content, TimelineView, Tip};
use crate::state::span::{panned, zoomed};
use crate::state::{Action, ViewState};
use crate::ui::parts::canvas::Canvas;
use crate::ui::parts::gesture::{Drag, Gesture, Gestures, Point, Wheel};
use crate::ui::parts::tip::{Anchor, Tips};
use crate::ui::session::Session;
use crate::ui::signals::live;
use crate::ui::store::Store;
use crate::web::size::Size;

/// How near the pointer must be to an edge to take it, or to a stall to choose it, CSS pixels.
const NEAR_PX: f64 = 6.0;
/// A range narrower than this was no drag, CSS pixels.
const RANGE_PX: f64 = 2.0;
/// One press of an arrow, parts of the visible stretch.
const KEY_STEP: f64 = 0.02;
/// One press of a zoom key.
const KEY_FACTOR: f64 = 1.6;
/// Narrowest stretch to zoom to.
const NARROWEST_NS: f64 = 1_000.0;
/// Keys change a range step by step; it is looked at once they rest.
const REST: Duration = Duration::from_millis(450);

/// Shown where the recording has time; fills its slot. A canvas belongs to the worker that paints
/// it, so another recording gets another one.
pub fn view(store: Store) -> AnyView {
    super::each(move || store.active.get(), move |session| Track::new(store, session).view())
}

/// What a drag does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Doing {
    /// One edge of a range stays here, the other follows the pointer.
    Selecting(i64),
    /// The visible stretch moves.
    Panning,
}

#[derive(Clone, Copy)]
struct Track {
    store: Store,
    session: Session,
    canvas: NodeRef<html::Canvas>,
    size: RwSignal<Size>,
    brush: RwSignal<Option<TimeRange>>,
    doing: StoredValue<Option<Doing>>,
    /// Whether the pointer is near an edge of the range.
    is_near: RwSignal<bool>,
    is_over: StoredValue<bool>,
    rest: StoredValue<Option<TimeoutHandle>, LocalStorage>,
    tips: Tips<Tip>,
}

impl Track {
    fn new(store: Store, session: Session) -> Self {
        Self {
            store,
            session,
            canvas: NodeRef::new(),
            size: RwSignal::new(Size::default()),
            brush: RwSignal::new(None),
            doing: StoredValue::new(None),
            is_near: RwSignal::new(false),
            is_over: StoredValue::new(false),
            rest: StoredValue::new_local(None),
            tips: Tips::new(),
        }
    }

    fn view(self) -> AnyView {
        let Self { store, session, .. } = self;
        let gestures = Gestures::new(Callback::new(move |gesture| self.gesture(gesture)));
        store.on_command(move |command| {
            command == crate::state::keys::Command::Escape && (gestures.cancel() || self.tips.close())
        });
        keep_painted(store, session, CanvasId::Timeline, self.size, move || Content::Timeline(self.shown()));
        let is_tall = store.part(|state| state.view == ViewId::Stalls);
        view! {
            <div class="tl" class:tall=move || is_tall.get()>
                {self.head()}
                <div class="stage" class:near-edge=move || self.is_near.get()>
                    <Canvas
                        node=self.canvas
                        label=Signal::derive(move || self.label())
                        described_by="timeline-help"
                        size=self.size
                        on_canvas=Callback::new(move |canvas| session.transfer_canvas(CanvasId::Timeline, canvas))
                        gestures=gestures
                        on_wheel=Callback::new(move |wheel| self.wheel(wheel))
                        on_key=Callback::new(move |event| self.key(&event))
                    />
                </div>
                <p id="timeline-help" class="offscreen">
                    "Left and right arrow move the range, with Shift they move its end, plus and minus zoom, \
                     Backspace removes the range. The list of stalls is in the Stalls view."
                </p>
            </div>
            {self.tips.view(|tip| view! { <p class="tip-line num">{tip.text.clone()}</p> }.into_any())}
        }
        .into_any()
    }

    fn head(self) -> AnyView {
        let thread = move || {
            self.session
                .timeline
                .with(|painted| painted.as_ref().map(|painted| painted.thread.clone()))
                .unwrap_or_default()
        };
        let words = live(move || {
            let (has_range, view) = self.store.state.with(|state| (state.time().is_some(), state.view));
            match (has_range, view) {
                (_, ViewId::Stalls) => "activity, stalls by rank",
                (true, _) => "double click shows all",
                (false, _) => "drag to select a range",
            }
        });
        let names = live(move || {
            let lanes = self.session.timeline.with(|painted| painted.as_ref().map_or(Vec::new(), |p| p.lanes.clone()));
            let name = |(name, note): (String, String)| {
                view! { <div title=name.clone()><b>{name.clone()}</b><span class="quiet num">{note}</span></div> }
            };
            lanes.into_iter().map(name).collect_view()
        });
        view! {
            <div class="tl-head wide">
                <b title=thread>{thread}</b>
                <span class="quiet on-rest">{words}</span>
                <span class="quiet on-focus"><kbd>"←"</kbd><kbd>"→"</kbd>" move"<br/><kbd>"Shift"</kbd>" extend"</span>
            </div>
            <div class="tl-lanes">{names}</div>
        }
        .into_any()
    }

    fn label(self) -> String {
        let stalls = self.store.stalls.with(|load| load.value().map_or(0, |report| report.count));
        let thread = self.session.timeline.with(|painted| painted.as_ref().map(|painted| painted.thread.clone()));
        format!("Timeline of {}, {stalls} stalls marked", thread.unwrap_or_default())
    }

    fn shown(self) -> TimelineView {
        let brush = self.brush.get();
        let report = self.store.stalls.with(|load| load.value().map_or(0, |report| report.number));
        let (tab, lanes) = lanes(self.store).unwrap_or_default();
        self.store.state.with(|state| TimelineView {
            scope: state.scope(),
            visible: state.visible,
            brush,
            report,
            stall: state.stall,
            moved_ns: state.moved_ms.saturating_mul(1_000_000),
            row: if tab.is_empty() { String::new() } else { state.row.clone() },
            lanes,
            tab,
        })
    }

    fn state<T>(self, part: impl FnOnce(&ViewState) -> T) -> T {
        self.store.state.with_untracked(part)
    }

    /// Visible stretch and whole, as they were painted.
    fn stretch(self) -> Option<(TimeRange, TimeRange)> {
        self.session.timeline.with_untracked(|painted| {
            let painted = painted.as_ref()?;
            Some((painted.visible?, painted.whole?))
        })
    }

    fn width(self) -> f64 {
        self.size.get_untracked().width.max(1.0)
    }

    fn time_at(self, x: f64) -> Option<i64> {
        let (visible, _) = self.stretch()?;
        let part = (x / self.width()).clamp(0.0, 1.0);
        Some(visible.from_ns + (part * length(visible)).round() as i64)
    }

    fn x_of(self, at_ns: i64) -> Option<f64> {
        let (visible, _) = self.stretch()?;
        Some((at_ns - visible.from_ns) as f64 / length(visible) * self.width())
    }

    /// Nanoseconds in so many CSS pixels.
    fn ns_of(self, px: f64) -> f64 {
        self.stretch().map_or(0.0, |(visible, _)| length(visible) * px / self.width())
    }

    fn gesture(self, gesture: Gesture) {
        match gesture {
            Gesture::Hover(at) => self.hover(at),
            Gesture::Leave => self.leave(),
            Gesture::Click(at) => self.click(at),
            Gesture::DoubleClick(_) => self.reset(),
            Gesture::DragStart(drag) => self.begin(drag),
            Gesture::Drag(drag) => self.drag(drag),
            Gesture::DragEnd(_) => self.end(),
            Gesture::DragCancel => self.brush.set(None),
            Gesture::Pinch { at, by, factor } => self.pinch(at, by, factor),
            Gesture::Menu(_) => {}
        }
    }

    fn hover(self, at: Point) {
        self.is_over.set_value(true);
        self.is_near.set(self.edge_near(at.0).is_some());
        self.session.hit(CanvasId::Timeline, at.0, at.1, move |tip| {
            let is_over = self.is_over.try_get_value().unwrap_or_default();
            let Some(canvas) = self.canvas.get_untracked().filter(|_| is_over) else { return };
            let rect = canvas.get_bounding_client_rect();
            match tip {
                Some(tip) => {
                    let anchor = Anchor { top: rect.top(), bottom: rect.bottom(), x: rect.left() + at.0 };
                    self.tips.follow(anchor, tip);
                }
                None => self.tips.leave(),
            }
        });
    }

    fn leave(self) {
        self.is_over.set_value(false);
        self.is_near.set(false);
        self.tips.leave();
    }

    /// The edge of the selected range that stays when the one near the pointer is dragged.
    fn edge_near(self, x: f64) -> Option<i64> {
        let range = self.state(ViewState::time)?;
        let near = |at_ns| self.x_of(at_ns).is_some_and(|edge| (edge - x).abs() <= NEAR_PX);
        if near(range.to_ns) {
            return Some(range.from_ns);
        }
        near(range.from_ns).then_some(range.to_ns)
    }

    fn begin(self, drag: Drag) {
        self.tips.close();
        let doing = if drag.shift {
            Some(Doing::Panning)
        } else {
            self.edge_near(drag.from.0).or_else(|| self.time_at(drag.from.0)).map(Doing::Selecting)
        };
        self.doing.set_value(doing);
    }

    fn drag(self, drag: Drag) {
        match self.doing.get_value() {
            Some(Doing::Panning) => self.pan(-drag.by.0 / self.width()),
            Some(Doing::Selecting(fixed)) => {
                let brush = self.time_at(drag.at.0).map(|at| between(fixed, at));
                self.brush.set(brush);
            }
            None => {}
        }
    }

    fn end(self) {
        self.doing.set_value(None);
        let wide_enough = self.ns_of(RANGE_PX);
        let brush = self.brush.get_untracked();
        self.brush.set(None);
        if let Some(range) = brush.filter(|range| length(*range) >= wide_enough) {
            self.store.dispatch(Action::AddFilter(Filter::Time(range)));
        }
    }

    /// Chooses the stall under the pointer, the shortest where several lie; again, and it is left.
    fn click(self, (x, _): Point) {
        let Some(at_ns) = self.time_at(x) else { return };
        let near = self.ns_of(NEAR_PX / 2.0) as i64;
        let stall = self.store.stalls.with_untracked(|load| {
            let report = load.value()?;
            let ranges = report.stalls.iter().filter_map(|stall| stall.range);
            let under = ranges.filter(|r| (r.from_ns - near..=r.to_ns + near).contains(&at_ns));
            under.min_by_key(|range| range.to_ns - range.from_ns)
        });
        if let Some(range) = stall {
            let is_chosen = self.state(|state| state.stall == Some(range));
            self.store.dispatch(Action::Stall((!is_chosen).then_some(range)));
        }
    }

    /// Back to all the time; then back to the whole stretch.
    fn reset(self) {
        let (stall, range, visible) = self.state(|state| {
            let range = state.filters.iter().position(|filter| matches!(filter, Filter::Time(_)));
            (state.stall, range, state.visible)
        });
        match (stall, range, visible) {
            (Some(_), ..) => self.store.dispatch(Action::Stall(None)),
            (_, Some(index), _) => self.store.dispatch(Action::RemoveFilter(index)),
            (_, _, Some(_)) => self.store.dispatch(Action::Visible(None)),
            _ => {}
        }
    }

    fn wheel(self, wheel: Wheel) {
        self.tips.close();
        if wheel.is_zoom {
            self.zoom(wheel.at.0 / self.width(), wheel.factor());
        } else if wheel.shift || wheel.right.abs() > wheel.down.abs() {
            let right = if wheel.right == 0.0 { wheel.down } else { wheel.right };
            self.pan(right / self.width());
        }
    }

    fn pinch(self, at: Point, by: Point, factor: f64) {
        let width = self.width();
        self.look(|span| panned(zoomed(span, at.0 / width, factor), -by.0 / width));
    }

    fn zoom(self, at: f64, factor: f64) {
        self.look(|span| zoomed(span, at, factor));
    }

    fn pan(self, by: f64) {
        self.look(|span| panned(span, by));
    }

    /// Changes the visible stretch as a part of the whole.
    fn look(self, change: impl FnOnce((f64, f64)) -> (f64, f64)) {
        let Some((visible, whole)) = self.stretch() else { return };
        // What was asked for last may not be painted yet.
        let visible = self.state(|state| state.visible).unwrap_or(visible);
        let all = length(whole);
        let part = |at_ns: i64| ((at_ns - whole.from_ns) as f64 / all).clamp(0.0, 1.0);
        let (from, to) = change((part(visible.from_ns), part(visible.to_ns)));
        if (to - from) * all < NARROWEST_NS {
            return;
        }
        let at = |part: f64| whole.from_ns + (part * all).round() as i64;
        let is_whole = to - from > 1.0 - 1e-9;
        let visible = (!is_whole).then(|| TimeRange { from_ns: at(from), to_ns: at(to) });
        self.store.dispatch(Action::Visible(visible));
    }

    /// Keys of the track itself; they go no further.
    fn key(self, event: &ev::KeyboardEvent) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match event.key().as_str() {
            "ArrowLeft" => self.nudge(-1.0, event.shift_key()),
            "ArrowRight" => self.nudge(1.0, event.shift_key()),
            "+" => self.zoom(0.5, KEY_FACTOR),
            "-" => self.zoom(0.5, 1.0 / KEY_FACTOR),
            "Backspace" | "Delete" => self.reset(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }

    /// Moves the range by a step, or its end alone. Without one, a tenth at the edge is the first.
    fn nudge(self, by: f64, only_end: bool) {
        let Some((visible, whole)) = self.stretch() else { return };
        let step = (length(visible) * KEY_STEP * by) as i64;
        let range = self.brush.get_untracked().or_else(|| self.state(ViewState::time));
        let range = match range {
            None if by > 0.0 => TimeRange { to_ns: visible.from_ns + (length(visible) * 0.1) as i64, ..visible },
            None => TimeRange { from_ns: visible.to_ns - (length(visible) * 0.1) as i64, ..visible },
            Some(range) if only_end => {
                let to_ns = (range.to_ns + step)
                    .clamp(range.from_ns + step.abs().max(1), whole.to_ns.max(range.from_ns + step.abs().max(1)));
                TimeRange { to_ns, ..range }
            }
            Some(range) => {
                let step = step.clamp(
                    whole.from_ns - range.from_ns,
                    (whole.to_ns - range.to_ns).max(whole.from_ns - range.from_ns),
                );
                TimeRange { from_ns: range.from_ns + step, to_ns: range.to_ns + step }
            }
        };
        self.brush.set(Some(range));
        self.end_at_rest();
    }

    fn end_at_rest(self) {
        let timer = self.rest.try_update_value(Option::take).flatten();
        if let Some(timer) = timer {
            timer.clear();
        }
        let end = move || {
            if self.brush.try_get_untracked().flatten().is_some() {
                self.end();
            }
        };
        let timer = set_timeout_with_handle(end, REST).ok();
        self.rest.set_value(timer);
    }
}

/// The tab whose lanes are drawn below, and how many there is room for, reactively.
pub fn lanes(store: Store) -> Option<(String, u32)> {
    let tab = super::tab_of(store.state.with(|state| state.view));
    let lanes = store.overview.with(|overview| overview.as_ref()?.lanes.iter().find(|lanes| lanes.0 == tab).cloned());
    let most = if store.is_narrow.get() { NARROW_LANES } else { u32::MAX };
    lanes.map(|(tab, count)| (tab, count.min(most)))
}

/// Lanes that a narrow page has room for.
const NARROW_LANES: u32 = 3;

fn between(a: i64, b: i64) -> TimeRange {
    TimeRange { from_ns: a.min(b), to_ns: a.max(b) }
}

fn length(range: TimeRange) -> f64 {
    ((range.to_ns - range.from_ns) as f64).max(1.0)
}
