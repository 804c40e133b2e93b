//! The flame graph: a canvas that the worker paints, the way to the zoomed frame above it, and
//! everything that pointers and keys do to it.

use std::collections::VecDeque;

use leptos::html;
use leptos::prelude::*;

mod bar;
mod moving;
mod pointing;
mod tip;
mod tools;

pub use tools::tools;

use super::frame_menu::Target;
use super::picture::keep_painted;
use crate::model::vocab::{Order, Path};
use crate::protocol::{CanvasId, Content, Direction, FlameView, Tip};
use crate::state::keys::Command;
use crate::state::{Action, Selection, ViewState};
use crate::ui::load::Load;
use crate::ui::parts::canvas::Canvas;
use crate::ui::parts::gesture::{Gestures, Point};
use crate::ui::parts::menu::{ContextMenu, MenuAt};
use crate::ui::parts::tip::Tips;
use crate::ui::session::Session;
use crate::ui::signals::{live, memo};
use crate::ui::store::Store;
use crate::web::size::Size;
use moving::{Moving, Trail};

/// The view. A canvas belongs to the worker that paints it, so another recording gets another one.
pub fn view(store: Store) -> AnyView {
    super::each(move || store.active.get(), move |session| Flame::new(store, session).element())
}

/// What the parts of the view share. Cheap to copy.
#[derive(Clone, Copy)]
struct Flame {
    store: Store,
    session: Session,
    canvas: NodeRef<html::Canvas>,
    size: RwSignal<Size>,
    /// What is visible while the picture moves; the state is told once it rests.
    moving: RwSignal<Option<Moving>>,
    /// The visible part where a zoom that is on its way ends. `None` while a wheel or a drag moves
    /// the picture.
    goal: StoredValue<Option<(f64, f64)>>,
    /// Number of the motion; a newer one ends it.
    run: StoredValue<u32>,
    trail: StoredValue<Trail>,
    /// Steps of the selection that wait for the one that is on its way; `None` while none is.
    steps: StoredValue<Option<VecDeque<Direction>>>,
    /// Where the pointer is, while it is over the canvas.
    pointer: StoredValue<Option<Point>>,
    /// The frame under it.
    hovered: RwSignal<Option<Path>>,
    /// Whether a click waits for what lies under it: no hover may overtake its question.
    is_asking: StoredValue<bool>,
    tips: Tips<Tip>,
    menu: RwSignal<Option<MenuAt>>,
    /// Whether it says how to zoom.
    hint: RwSignal<bool>,
    /// Print of the selected frame that was brought into view, or was there.
    in_view: StoredValue<Option<u32>>,
}

impl Flame {
    fn new(store: Store, session: Session) -> Self {
        Self {
            store,
            session,
            canvas: NodeRef::new(),
            size: RwSignal::new(Size::default()),
            moving: RwSignal::new(None),
            goal: StoredValue::new(None),
            run: StoredValue::new(0),
            trail: StoredValue::new(Trail::default()),
            steps: StoredValue::new(None),
            pointer: StoredValue::new(None),
            hovered: RwSignal::new(None),
            is_asking: StoredValue::new(false),
            tips: Tips::new(),
            menu: RwSignal::new(None),
            hint: RwSignal::new(false),
            in_view: StoredValue::new(None),
        }
    }

    fn element(self) -> AnyView {
        let Self { store, session, .. } = self;
        let gestures = Gestures::new(Callback::new(move |gesture| self.gesture(gesture)));
        store.on_command(move |command| self.command(command));
        self.keep_selection_in_view();
        keep_painted(store, session, CanvasId::Flame, self.size, move || Content::Flame(self.shown()));
        on_cleanup(move || store.hovered.set(None));
        let is_empty = memo(move || {
            store.summary.with(|load| matches!(load, Load::Ready(summary) if summary.base.raw == 0))
                && !self.shows_events()
        });
        view! {
            <div class="view flame">
                {self.bar()}
                <div class="stage" class:is-empty=move || is_empty.get()>
                    <Canvas
                        node=self.canvas
                        label=Signal::derive(move || self.label())
                        described_by="flame-help"
                        size=self.size
                        on_canvas=Callback::new(move |canvas| session.transfer_canvas(CanvasId::Flame, canvas))
                        gestures=gestures
                        on_wheel=Callback::new(move |wheel| self.wheel(wheel))
                        on_key=Callback::new(move |event| self.key(&event))
                    />
                    {self.scroll_marks()}
                    {live(move || self.hint.get().then(|| view! {
                        <p class="zoom-hint" role="status">"Hold "<kbd>"Ctrl"</kbd>" or "<kbd>"⌘"</kbd>" and turn the wheel to zoom"</p>
                    }))}
                    <Show when=move || is_empty.get()>{move || nothing_left(store)}</Show>
                </div>
                <p id="flame-help" class="offscreen">
                    "Arrows select, Enter zooms, Backspace zooms out, Shift and F10 opens the menu. \
                     The details hold everything about the selected frame, the table all frames."
                </p>
            </div>
            // Beside the view and not in it: they are placed in the window.
            {self.tips.view(tip::content)}
            <ContextMenu open=self.menu/>
        }
        .into_any()
    }

    /// The picture as it is to be painted now.
    fn shown(self) -> FlameView {
        let view = self.store.state.with(view_of);
        let ((x0, x1), scroll) = self.visible();
        FlameView { x0, x1, scroll: scroll.min(self.scroll_max()), hovered: self.hovered.get(), ..view }
    }

    /// How far it can be scrolled down, reactively; without bounds until it was painted.
    fn scroll_max(self) -> f64 {
        let content = self.session.flame.with(|painted| painted.as_ref().map(|painted| painted.content_height));
        content.map_or(f64::INFINITY, |content| (content - self.size.get().height).max(0.0))
    }

    fn scroll_max_now(self) -> f64 {
        untrack(move || self.scroll_max())
    }

    fn state<T>(self, part: impl FnOnce(&ViewState) -> T) -> T {
        self.store.state.with_untracked(part)
    }

    /// What is visible, be it on its way; reactively.
    fn visible(self) -> ((f64, f64), f64) {
        let moving = self.moving.get();
        let still = || self.store.state.with(|state| (state.span, state.scroll));
        match moving {
            Some(Moving { span, scroll: Some(scroll) }) => (span, scroll),
            Some(Moving { span, scroll: None }) => (span, still().1),
            None => still(),
        }
    }

    fn span_now(self) -> (f64, f64) {
        untrack(move || self.visible().0)
    }

    fn scroll_now(self) -> f64 {
        untrack(move || self.visible().1)
    }

    fn width(self) -> f64 {
        self.size.get_untracked().width.max(1.0)
    }

    /// Whether boxes stand in the order of time: a path then names many boxes, and no zoom.
    fn is_timed(self) -> bool {
        self.state(|state| state.order == Order::Time && !state.callers)
    }

    /// Whether it shows events, which samples and filters of them have nothing to do with; reactively.
    fn shows_events(self) -> bool {
        let is_timed = self.store.state.with(|state| state.order == Order::Time && !state.callers);
        is_timed && self.session.overview().is_some_and(|overview| overview.has_events)
    }

    fn label(self) -> String {
        let base = self.store.summary.with(|load| load.value().map(|summary| summary.base_label.clone()));
        let what = if self.store.state.with(|state| state.callers) { "Flame graph of callers" } else { "Flame graph" };
        base.map_or_else(|| what.to_owned(), |base| format!("{what}: {base}"))
    }

    fn select(self, tip: &Tip) {
        self.in_view.set_value(Some(crate::protocol::path_print(&tip.path)));
        self.store.dispatch(Action::Select(Some(Selection::Frame(tip.path.clone()))));
    }

    fn command(self, command: Command) -> bool {
        use crate::protocol::Direction::{Child, Left, Parent, Right};
        self.land();
        let is_upwards = self.state(|state| state.upwards);
        match command {
            Command::MoveLeft => self.step(Left),
            Command::MoveRight => self.step(Right),
            Command::MoveUp => self.step(if is_upwards { Child } else { Parent }),
            Command::MoveDown => self.step(if is_upwards { Parent } else { Child }),
            Command::ZoomToSelection => return self.zoom_to_selection(),
            Command::ZoomOutStep => self.zoom_out(),
            Command::ZoomIn => self.zoom_by(moving::KEY_FACTOR),
            Command::ZoomOut => self.zoom_by(1.0 / moving::KEY_FACTOR),
            Command::PanLeft => self.pan_by(-moving::KEY_PAN),
            Command::PanRight => self.pan_by(moving::KEY_PAN),
            Command::PanUp => self.scroll_by(-moving::KEY_SCROLL_PX),
            Command::PanDown => self.scroll_by(moving::KEY_SCROLL_PX),
            Command::Fit => self.zoom_to(Path::new()),
            Command::Escape => return self.tips.close(),
            // Callers have no subtree of their own in the recording.
            Command::FocusSubtree if self.state(|state| state.callers) => {
                self.store.run(Command::Focus);
            }
            _ => return false,
        }
        true
    }

    /// The menu of what is selected, once its details are known.
    fn menu_of_selection(self) {
        let selection = self.state(|state| state.selection.clone());
        let details = self.store.details.with_untracked(Load::value);
        let (Some(selection), Some(details)) = (selection, details) else { return };
        let Some(details) = &*details else { return };
        let target = Target::of_selection(&selection, details);
        self.menu.set(Some(super::frame_menu::menu(self.store, &target, self.place_of_selection())));
    }

    /// Where the selected frame begins in the window, or the corner of the canvas.
    fn place_of_selection(self) -> (f64, f64) {
        let Some(canvas) = self.canvas.get_untracked() else { return (0.0, 0.0) };
        let rect = canvas.get_bounding_client_rect();
        let painted = self.session.flame.get_untracked();
        let place = painted.and_then(|painted| {
            let (left, _) = painted.selected?;
            let depth = self.state(|state| match &state.selection {
                Some(Selection::Frame(path)) => Some(path.len()),
                _ => None,
            })?;
            let (x0, x1) = self.span_now();
            let x = ((left - x0) / (x1 - x0)).clamp(0.0, 0.9) * self.width();
            let from_root = (depth as f64 + 1.0) * painted.row_px - self.scroll_now();
            let y = if self.state(|state| state.upwards) { rect.height() - from_root } else { from_root };
            Some((rect.left() + x + 12.0, rect.top() + y.clamp(0.0, rect.height())))
        });
        place.unwrap_or((rect.left() + 12.0, rect.top() + 40.0))
    }
}

/// The picture that a state describes.
fn view_of(state: &ViewState) -> FlameView {
    FlameView {
        scope: state.scope(),
        order: state.order,
        callers: state.callers,
        upwards: state.upwards,
        zoom: state.zoom.clone(),
        x0: state.span.0,
        x1: state.span.1,
        scroll: state.scroll,
        selected: match &state.selection {
            Some(Selection::Frame(path)) => Some(path.clone()),
            _ => None,
        },
        function: state.selection.as_ref().and_then(Selection::function).cloned(),
        hovered: None,
        search: state.search.trim().to_owned(),
    }
}

/// The filters leave nothing, or the recording holds nothing of this value.
pub(super) fn nothing_left(store: Store) -> AnyView {
    let has_filters = store.state.with(|state| !state.filters.is_empty());
    let why = if has_filters {
        "No sample passes all filters. Take the last one back, or remove them all."
    } else {
        "The recording holds no samples of this value. Choose another one in the header."
    };
    let acts = has_filters.then(|| {
        view! {
            <div class="row">
                <button type="button" class="btn" on:click=move |_| { store.run(Command::Undo); }>
                    "Undo"
                    {crate::ui::parts::keycaps(crate::state::keys::key_of(Command::Undo))}
                </button>
                <button type="button" class="btn" on:click=move |_| store.dispatch(Action::ClearFilters)>"Remove all filters"</button>
            </div>
        }
    });
    view! { <div class="nothing"><h2>"Nothing is left"</h2><p>{why}</p>{acts}</div> }.into_any()
}
