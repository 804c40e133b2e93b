//! Long lists: only the rows in view are on the page.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::ui::signals::memo;
use crate::web::size::SizeWatch;

/// Rows kept on either side of the view, so that scrolling finds them there.
const SPARE: u32 = 12;
/// Windows begin at multiples of this, so that scrolling by a row asks for nothing.
const STEP: u32 = 16;
/// Browsers lay out no element taller than some 17 million pixels.
const TALLEST_PX: f64 = 16_000_000.0;

/// Where a long way goes.
#[derive(Clone, Copy)]
pub enum Far {
    /// To this row, or the last.
    To(u32),
    /// So many rows on, or back.
    By(i64),
}

/// What of a long list is in view, and the way to other rows. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Scroll {
    node: NodeRef<html::Div>,
    row_px: f64,
    top: RwSignal<f64>,
    height: RwSignal<f64>,
}

impl Scroll {
    /// A list whose rows are this high, CSS pixels.
    pub fn new(row_px: f64) -> Self {
        Self { node: NodeRef::new(), row_px, top: RwSignal::new(0.0), height: RwSignal::new(0.0) }
    }

    /// The rows to have at hand, reactively: the first and how many.
    pub fn window(self) -> Memo<(u32, u32)> {
        let Self { row_px, top, height, .. } = self;
        memo(move || {
            let first = (top.get() / row_px) as u32;
            let from = first.saturating_sub(SPARE) / STEP * STEP;
            let shown = (height.get() / row_px).ceil() as u32;
            (from, (shown + 2 * SPARE + STEP).next_multiple_of(STEP))
        })
    }

    /// Where a key that only a long list has goes.
    pub fn far(self, event: &ev::KeyboardEvent) -> Option<Far> {
        let page = ((self.height.get_untracked() / self.row_px) as i64 - 1).max(1);
        Some(match event.key().as_str() {
            "Home" => Far::To(0),
            "End" => Far::To(u32::MAX),
            "PageDown" => Far::By(page),
            "PageUp" => Far::By(-page),
            _ => return None,
        })
    }

    /// Height of a row, CSS pixels.
    pub fn row_px(self) -> f64 {
        self.row_px
    }

    /// Scrolls as little as needed until the row is in view.
    pub fn reveal(self, row: u32) {
        let Some(node) = self.node.get_untracked() else { return };
        let (upper, height) = (f64::from(row) * self.row_px, self.height.get_untracked());
        let top = self.top.get_untracked();
        let wanted = if upper < top {
            upper
        } else if upper + self.row_px > top + height {
            upper + self.row_px - height
        } else {
            return;
        };
        node.set_scroll_top(wanted.round() as i32);
        self.top.set(f64::from(node.scroll_top()));
    }

    /// Puts a row a third down the view, unless it is in view.
    pub fn centre(self, row: u32) {
        let Some(node) = self.node.get_untracked() else { return };
        let (upper, height) = (f64::from(row) * self.row_px, self.height.get_untracked());
        let top = self.top.get_untracked();
        if upper < top || upper + self.row_px > top + height {
            node.set_scroll_top((upper - height / 3.0).max(0.0).round() as i32);
            self.top.set(f64::from(node.scroll_top()));
        }
    }

    /// Back to the first row.
    pub fn to_top(self) {
        if let Some(node) = self.node.get_untracked() {
            node.set_scroll_top(0);
        }
        self.top.set(0.0);
    }
}

/// A list that scrolls: `count` rows, of which `children` puts those at hand into [`at_row`] places.
#[component]
pub fn VirtualRows(
    /// What is in view.
    scroll: Scroll,
    /// Number of all rows.
    #[prop(into)]
    count: Signal<u32>,
    /// The rows.
    children: Children,
) -> impl IntoView {
    let watch = StoredValue::new_local(None::<SizeWatch>);
    scroll.node.on_load(move |node| {
        let watching = SizeWatch::start(&node, move |size| {
            let _ = scroll.height.try_set(size.height);
        });
        let _ = watch.try_set_value(Some(watching));
    });
    let scrolled = move |event: ev::Event| {
        if let Some(node) = event.current_target().and_then(|node| node.dyn_into::<Element>().ok()) {
            scroll.top.set(f64::from(node.scroll_top()));
        }
    };
    let height = move || format!("{}px", (f64::from(count.get()) * scroll.row_px).min(TALLEST_PX));
    view! {
        <div class="rows" role="presentation" node_ref=scroll.node on:scroll=scrolled>
            <div class="rows-all" role="presentation" style:height=height>{children()}</div>
        </div>
    }
}

/// Where a row stands in its list.
pub fn at_row(scroll: Scroll, row: u32) -> String {
    format!("{}px", f64::from(row) * scroll.row_px)
}
