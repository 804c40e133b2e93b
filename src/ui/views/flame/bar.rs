//! The line above the flame graph: the way to the zoomed frame, and what the picture means.

use leptos::prelude::*;

use super::Flame;
use crate::model::vocab::{Order, Path};
use crate::state::keys::{Command, key_of};
use crate::ui::parts::{Choice, Picker, icon, keycaps};
use crate::ui::signals::{live, memo};

/// Frames of a long way that are shown, on a wide page and on a narrow one; those before them are in
/// a list.
const CRUMBS: (usize, usize) = (4, 1);

impl Flame {
    pub(super) fn bar(self) -> AnyView {
        let zoom = self.store.part(|state| state.zoom.clone());
        let is_part = self.store.part(|state| state.span != (0.0, 1.0));
        let way = move || self.way(&zoom.get());
        let fit = live(move || {
            (is_part.get() || zoom.with(|zoom| !zoom.is_empty())).then(|| {
                view! {
                    <button type="button" class="link fit" on:click=move |_| self.zoom_to(Path::new())>
                        "Show all"
                        {keycaps(key_of(Command::Fit))}
                    </button>
                }
            })
        });
        let has_selection = self.store.part(|state| state.selection.is_some());
        let actions = live(move || {
            has_selection.get().then(|| {
                view! {
                    <button
                        type="button"
                        class="icon"
                        aria-label="Actions for the selected frame"
                        title="Actions for the selected frame"
                        aria-haspopup="menu"
                        on:click=move |_| self.menu_of_selection()
                    >
                        {icon("more")}
                    </button>
                }
            })
        });
        view! {
            <div class="viewbar">
                <nav class="crumbs" aria-label="Zoom">{way}</nav>
                {fit}
                <span class="grow"></span>
                <span class="quiet wide legend-line">{live(move || self.meaning())}</span>
                {actions}
                <span class="narrow">{super::tools::options(self.store)}</span>
            </div>
        }
        .into_any()
    }

    fn way(self, zoom: &Path) -> AnyView {
        let shown = if self.store.is_narrow.get() { CRUMBS.1 } else { CRUMBS.0 };
        let first = zoom.len().saturating_sub(shown);
        let hidden = (first > 0).then(|| self.hidden_crumbs(zoom[..first].to_vec()));
        let crumbs = (first..zoom.len()).map(|index| self.crumb(zoom, index)).collect_view();
        let is_all = zoom.is_empty();
        view! {
            <button type="button" class="crumb-btn all" aria-current=is_all.then_some("true") on:click=move |_| self.zoom_to(Path::new())>
                "all"
            </button>
            {hidden}
            {crumbs}
        }
        .into_any()
    }

    fn crumb(self, zoom: &Path, index: usize) -> AnyView {
        let path: Path = zoom[..=index].to_vec();
        let name = zoom[index].name.clone();
        let title = name.clone();
        let is_last = index + 1 == zoom.len();
        view! {
            <span class="crumb-sep" aria-hidden="true">"›"</span>
            <button
                type="button"
                class="crumb-btn mono"
                title=title
                aria-current=is_last.then_some("true")
                on:click=move |_| self.zoom_to(path.clone())
            >
                {name}
            </button>
        }
        .into_any()
    }

    fn hidden_crumbs(self, path: Path) -> AnyView {
        let is_open = RwSignal::new(false);
        let choices = Callback::new(move |()| {
            let choice = |index: usize| {
                let target: Path = path[..=index].to_vec();
                Choice::new(path[index].name.clone(), move || self.zoom_to(target.clone()))
            };
            (0..path.len()).map(choice).collect()
        });
        view! {
            <span class="crumb-sep" aria-hidden="true">"›"</span>
            <Picker
                what="Frames on the way"
                is_open=is_open
                set_open=Callback::new(move |open| is_open.set(open))
                class="crumb-btn"
                face=view! { "…" }.into_any()
                choices=choices
            />
        }
        .into_any()
    }

    /// What width and height mean here, in words.
    fn meaning(self) -> String {
        let value = self.store.value().map_or_else(|| "value".to_owned(), |value| value.label);
        let (order, callers, upwards) = self.store.state.with(|state| (state.order, state.callers, state.upwards));
        let (edge, way) = if upwards { ("bottom", "above") } else { ("top", "below") };
        match (callers, order) {
            (true, _) => format!("width = own {value} · {edge} = the function, {way} it its callers"),
            (false, Order::Time) => format!("left to right = time · {edge} = called first"),
            (false, _) => format!("width = {value} · {edge} = called first"),
        }
    }

    /// How much lies outside the view, beside the picture.
    pub(super) fn scroll_marks(self) -> AnyView {
        let is_upwards = self.store.part(|state| state.upwards);
        let vertical = memo(move || {
            let (height, max) = (self.size.get().height, self.scroll_max());
            if !max.is_finite() || max <= 0.0 {
                return None;
            }
            let scroll = self.visible().1.min(max);
            let all = max + height;
            let from = if is_upwards.get() { max - scroll } else { scroll };
            Some((from / all, height / all))
        });
        let horizontal = memo(move || {
            let (x0, x1) = self.visible().0;
            (x1 - x0 < 0.9999).then_some((x0, x1 - x0))
        });
        // They move with every picture: a transform costs the page no layout and no painting.
        let mark = |at: Memo<Option<(f64, f64)>>, axis: char| {
            let transform = move || {
                let (from, part) = at.get().unwrap_or_default();
                format!("translate{axis}({:.3}%) scale{axis}({part:.5})", from * 100.0)
            };
            (memo(move || at.with(Option::is_some)), transform)
        };
        let (has_vertical, down) = mark(vertical, 'Y');
        let (has_horizontal, right) = mark(horizontal, 'X');
        view! {
            {live(move || has_vertical.get().then(|| view! {
                <span class="vbar" aria-hidden="true"><i style:transform=down></i></span>
            }))}
            {live(move || has_horizontal.get().then(|| view! {
                <span class="hbar" aria-hidden="true"><i style:transform=right></i></span>
            }))}
        }
        .into_any()
    }
}
