//! The size of an element, followed as it changes: by layout, by the browser's zoom, or by moving
//! the window to a screen of another density.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{Element, MediaQueryList, ResizeObserver};

use super::window;

/// Size of an element.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Size {
    /// Width, CSS pixels.
    pub width: f64,
    /// Height, CSS pixels.
    pub height: f64,
    /// Device pixels per CSS pixel.
    pub ratio: f64,
}

/// A listener that is made anew from time to time.
type Renewed = Rc<RefCell<Option<Closure<dyn FnMut()>>>>;

/// Follows an element's size as long as it lives.
pub struct SizeWatch {
    observer: Option<ResizeObserver>,
    density: Rc<RefCell<Option<MediaQueryList>>>,
    _heard: Closure<dyn FnMut()>,
    _denser: Renewed,
}

impl SizeWatch {
    /// Calls `on_size` now and whenever the element gets another size.
    pub fn start(element: &Element, on_size: impl Fn(Size) + 'static) -> Self {
        let on_size = Rc::new(on_size);
        let (observed, told) = (element.clone(), Rc::clone(&on_size));
        let heard = Closure::<dyn FnMut()>::new(move || told(measured(&observed)));
        let observer = ResizeObserver::new(heard.as_ref().unchecked_ref()).ok();
        if let Some(observer) = &observer {
            observer.observe(element);
        }
        let density = Rc::new(RefCell::new(None));
        let denser = Rc::new(RefCell::new(None));
        let (observed, again, query) = (element.clone(), Rc::downgrade(&denser), Rc::clone(&density));
        *denser.borrow_mut() = Some(Closure::<dyn FnMut()>::new(move || {
            on_size(measured(&observed));
            if let Some(again) = again.upgrade() {
                watch_density(&query, &again);
            }
        }));
        watch_density(&density, &denser);
        Self { observer, density, _heard: heard, _denser: denser }
    }
}

impl Drop for SizeWatch {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
        if let Some(density) = self.density.borrow_mut().take() {
            density.set_onchange(None);
        }
    }
}

/// A query for the density as it is now: it changes once, when the density does.
fn watch_density(query: &Rc<RefCell<Option<MediaQueryList>>>, heard: &Renewed) {
    let now = window().match_media(&format!("(resolution: {}dppx)", ratio())).ok().flatten();
    if let (Some(now), Some(heard)) = (&now, &*heard.borrow()) {
        now.set_onchange(Some(heard.as_ref().unchecked_ref()));
    }
    if let Some(before) = query.replace(now) {
        before.set_onchange(None);
    }
}

fn measured(element: &Element) -> Size {
    let rect = element.get_bounding_client_rect();
    Size { width: rect.width(), height: rect.height(), ratio: ratio() }
}

fn ratio() -> f64 {
    let ratio = window().device_pixel_ratio();
    if ratio.is_finite() && ratio > 0.0 { ratio } else { 1.0 }
}
