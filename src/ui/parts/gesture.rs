//! Pointers on a picture: what a mouse, a pen or fingers do becomes a few gestures.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

/// A point of an element, CSS pixels from its upper left corner.
pub type Point = (f64, f64);

/// How far a pressed pointer may stray and still click, CSS pixels: a mouse, a finger.
const STRAY_PX: (f64, f64) = (4.0, 10.0);
/// Two clicks within this time and distance are a double click.
const DOUBLE_MILLIS: f64 = 400.0;
const DOUBLE_PX: f64 = 24.0;
/// A finger that rests so long asks for the menu.
const LONG_PRESS: Duration = Duration::from_millis(500);
/// Height of a line, for wheels that count lines.
const WHEEL_LINE_PX: f64 = 20.0;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gesture {
    /// A pointer moves over it, nothing is pressed.
    Hover(Point),
    /// The pointer left.
    Leave,
    /// A click or a tap; the second one of two is followed by [`Gesture::DoubleClick`].
    Click(Point),
    /// Two clicks in a row at one place.
    DoubleClick(Point),
    /// A pressed pointer began to move; a [`Gesture::Drag`] follows.
    DragStart(Drag),
    /// It moves on.
    Drag(Drag),
    /// It was released.
    DragEnd(Drag),
    /// The drag ends without effect.
    DragCancel,
    /// Two fingers moved: their middle, how far it moved, and how much further apart they are.
    Pinch {
        /// Middle of the fingers now.
        at: Point,
        /// How far it moved.
        by: Point,
        /// Distance of the fingers now by that before.
        factor: f64,
    },
    /// A right click or a long press.
    Menu(Point),
}

/// A drag as far as it has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drag {
    /// Where it began.
    pub from: Point,
    /// Where it is.
    pub at: Point,
    /// How far it moved since it was told last.
    pub by: Point,
    /// Whether Shift was held at its beginning.
    pub shift: bool,
    /// Whether it is a finger.
    pub is_touch: bool,
}

/// A turn of the wheel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wheel {
    /// Where.
    pub at: Point,
    /// CSS pixels to the right.
    pub right: f64,
    /// CSS pixels down.
    pub down: f64,
    /// Whether Ctrl or Command is held, or fingers pinch a touch pad.
    pub is_zoom: bool,
    /// Whether Shift is held.
    pub shift: bool,
}

impl Wheel {
    /// Takes a turn from the browser's event.
    pub fn of(event: &ev::WheelEvent, element: &Element) -> Self {
        let unit = match event.delta_mode() {
            ev::WheelEvent::DOM_DELTA_LINE => WHEEL_LINE_PX,
            ev::WheelEvent::DOM_DELTA_PAGE => element.get_bounding_client_rect().height(),
            _ => 1.0,
        };
        Self {
            at: point(event.client_x(), event.client_y(), element),
            right: event.delta_x() * unit,
            down: event.delta_y() * unit,
            is_zoom: event.ctrl_key() || event.meta_key(),
            shift: event.shift_key(),
        }
    }

    /// How much to zoom in, below 1 for out. A notch of a mouse wheel is a step; the small turns of
    /// a touch pad add up evenly.
    pub fn factor(&self) -> f64 {
        // Pinching on a touch pad comes in single digits, a notch of a wheel in about a hundred.
        let down = if self.down == 0.0 { self.right } else { self.down };
        let strength = if down.abs() < 40.0 { 0.012 } else { 0.004 };
        js_sys::Math::exp(-down.clamp(-160.0, 160.0) * strength)
    }
}

#[derive(Debug, Clone, Copy)]
struct Press {
    id: i32,
    from: Point,
    at: Point,
    shift: bool,
    is_touch: bool,
}

impl Press {
    fn drag(&self, by: Point) -> Drag {
        Drag { from: self.from, at: self.at, by, shift: self.shift, is_touch: self.is_touch }
    }

    fn has_strayed(&self) -> bool {
        let allowed = if self.is_touch { STRAY_PX.1 } else { STRAY_PX.0 };
        distance(self.from, self.at) > allowed
    }
}

/// What the pressed pointers are doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Doing {
    /// Nothing yet: releasing clicks.
    #[default]
    Resting,
    Dragging,
    /// Nothing more: two fingers were down, the menu opened, or the drag was cancelled.
    Done,
}

#[derive(Default)]
struct Pointers {
    presses: Vec<Press>,
    doing: Doing,
    last_click: Option<(f64, Point)>,
    timer: Option<TimeoutHandle>,
}

/// Tells the pointers of an element apart and calls back with gestures. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Gestures {
    pointers: StoredValue<Pointers, LocalStorage>,
    tell: Callback<Gesture>,
}

impl Gestures {
    /// Calls `tell` with every gesture.
    pub fn new(tell: Callback<Gesture>) -> Self {
        Self { pointers: StoredValue::new_local(Pointers::default()), tell }
    }

    /// A pointer went down.
    pub fn down(self, event: &ev::PointerEvent) {
        let Some(element) = element_of(event) else { return };
        if event.button() != 0 {
            return;
        }
        let _ = element.set_pointer_capture(event.pointer_id());
        let at = point(event.client_x(), event.client_y(), &element);
        let is_touch = event.pointer_type() == "touch";
        let press = Press { id: event.pointer_id(), from: at, at, shift: event.shift_key(), is_touch };
        let (was_dragging, count) = self
            .pointers
            .try_update_value(|pointers| {
                let was_dragging = pointers.doing == Doing::Dragging;
                pointers.presses.push(press);
                let count = pointers.presses.len();
                pointers.doing = if count == 1 { Doing::Resting } else { Doing::Done };
                (was_dragging, count)
            })
            .unwrap_or_default();
        if was_dragging && count > 1 {
            self.tell.run(Gesture::DragCancel);
        }
        self.drop_timer();
        if is_touch && count == 1 {
            self.wait_for_long_press(at);
        }
    }

    /// A pointer moved.
    pub fn moved(self, event: &ev::PointerEvent) {
        let Some(element) = element_of(event) else { return };
        let at = point(event.client_x(), event.client_y(), &element);
        let gestures =
            self.pointers.try_update_value(|pointers| pointers.moved(event.pointer_id(), at)).unwrap_or_default();
        if gestures.iter().flatten().any(|gesture| !matches!(gesture, Gesture::Hover(_))) {
            self.drop_timer();
        }
        for gesture in gestures.into_iter().flatten() {
            if !(gesture == Gesture::Hover(at) && event.pointer_type() == "touch") {
                self.tell.run(gesture);
            }
        }
    }

    /// A pointer was released.
    pub fn up(self, event: &ev::PointerEvent) {
        self.drop_timer();
        let time = event.time_stamp();
        let gestures = self.pointers.try_update_value(|pointers| pointers.up(event.pointer_id(), time));
        for gesture in gestures.unwrap_or_default().into_iter().flatten() {
            self.tell.run(gesture);
        }
    }

    /// The browser took a pointer away.
    pub fn cancelled(self, event: &ev::PointerEvent) {
        let id = event.pointer_id();
        self.pointers.update_value(|pointers| pointers.presses.retain(|press| press.id != id));
        self.cancel();
    }

    /// The pointer left the element.
    pub fn left(self) {
        if self.pointers.with_value(|pointers| pointers.presses.is_empty()) {
            self.tell.run(Gesture::Leave);
        }
    }

    /// A right click.
    pub fn menu(self, event: &ev::MouseEvent) {
        let Some(element) = element_of(event) else { return };
        event.prevent_default();
        // A long press has opened it already, and some browsers tell of it too.
        let is_told = self.pointers.with_value(|p| p.doing == Doing::Done && !p.presses.is_empty());
        self.cancel();
        if !is_told {
            self.tell.run(Gesture::Menu(point(event.client_x(), event.client_y(), &element)));
        }
    }

    /// Ends a drag without effect. Whether there was one.
    pub fn cancel(self) -> bool {
        self.drop_timer();
        let was_dragging = self.pointers.try_update_value(|pointers| {
            let was_dragging = pointers.doing == Doing::Dragging;
            pointers.doing = Doing::Done;
            was_dragging
        });
        if was_dragging == Some(true) {
            self.tell.run(Gesture::DragCancel);
        }
        was_dragging == Some(true)
    }

    fn wait_for_long_press(self, at: Point) {
        let ask = move || {
            let is_resting = self.pointers.try_update_value(|pointers| {
                let is_resting = pointers.doing == Doing::Resting && pointers.presses.len() == 1;
                if is_resting {
                    pointers.doing = Doing::Done;
                }
                is_resting
            });
            if is_resting == Some(true) {
                self.tell.run(Gesture::Menu(at));
            }
        };
        let timer = set_timeout_with_handle(ask, LONG_PRESS).ok();
        self.pointers.update_value(|pointers| pointers.timer = timer);
    }

    fn drop_timer(self) {
        let timer = self.pointers.try_update_value(|pointers| pointers.timer.take()).flatten();
        if let Some(timer) = timer {
            timer.clear();
        }
    }
}

impl Pointers {
    fn moved(&mut self, id: i32, at: Point) -> [Option<Gesture>; 2] {
        let Some(index) = self.presses.iter().position(|press| press.id == id) else {
            return [self.presses.is_empty().then_some(Gesture::Hover(at)), None];
        };
        let before = self.presses[index].at;
        self.presses[index].at = at;
        let by = (at.0 - before.0, at.1 - before.1);
        match (&self.presses[..], self.doing) {
            (&[press], Doing::Dragging) => [Some(Gesture::Drag(press.drag(by))), None],
            (&[press], Doing::Resting) if press.has_strayed() => {
                self.doing = Doing::Dragging;
                let way = (at.0 - press.from.0, at.1 - press.from.1);
                [Some(Gesture::DragStart(press.drag((0.0, 0.0)))), Some(Gesture::Drag(press.drag(way)))]
            }
            (&[one, two], _) => {
                let other = if index == 0 { two.at } else { one.at };
                [Some(pinch(before, at, other)), None]
            }
            _ => [None, None],
        }
    }

    fn up(&mut self, id: i32, time: f64) -> [Option<Gesture>; 2] {
        let Some(index) = self.presses.iter().position(|press| press.id == id) else { return [None, None] };
        let press = self.presses.remove(index);
        let doing = self.doing;
        if self.presses.is_empty() {
            self.doing = Doing::Resting;
        }
        match doing {
            Doing::Dragging => [Some(Gesture::DragEnd(press.drag((0.0, 0.0)))), None],
            Doing::Resting => self.click(press.at, time),
            Doing::Done => [None, None],
        }
    }

    fn click(&mut self, at: Point, time: f64) -> [Option<Gesture>; 2] {
        let is_second = self
            .last_click
            .take()
            .is_some_and(|(before, place)| time - before < DOUBLE_MILLIS && distance(place, at) < DOUBLE_PX);
        if !is_second {
            self.last_click = Some((time, at));
        }
        [Some(Gesture::Click(at)), is_second.then_some(Gesture::DoubleClick(at))]
    }
}

fn pinch(before: Point, at: Point, other: Point) -> Gesture {
    let middle = |a: Point| ((a.0 + other.0) / 2.0, (a.1 + other.1) / 2.0);
    let (was, is) = (middle(before), middle(at));
    let factor = distance(at, other) / distance(before, other).max(1.0);
    Gesture::Pinch { at: is, by: (is.0 - was.0, is.1 - was.1), factor: factor.clamp(0.2, 5.0) }
}

fn distance(a: Point, b: Point) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

fn point(x: i32, y: i32, element: &Element) -> Point {
    let rect = element.get_bounding_client_rect();
    (f64::from(x) - rect.left(), f64::from(y) - rect.top())
}

fn element_of(event: &web_sys::Event) -> Option<Element> {
    event.current_target().and_then(|target| target.dyn_into().ok())
}
