//! Work one thing at a time, and take in what arrived meanwhile in between.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{MessageChannel, MessageEvent, MessagePort};

/// Calls a step behind the messages that have already arrived.
#[derive(Clone)]
pub(super) struct Wake {
    port: MessagePort,
    is_awake: Rc<Cell<bool>>,
}

impl Wake {
    /// Each [`Wake::up`] leads to one call of `step`; several before it lead to one.
    pub(super) fn new(mut step: impl FnMut() + 'static) -> Self {
        let channel = MessageChannel::new().expect("every browser that runs wasm has channels");
        let is_awake = Rc::new(Cell::new(false));
        let waking = Rc::clone(&is_awake);
        let on_wake = Closure::<dyn FnMut(MessageEvent)>::new(move |_: MessageEvent| {
            waking.set(false);
            step();
        });
        channel.port2().set_onmessage(Some(on_wake.as_ref().unchecked_ref()));
        on_wake.forget();
        Self { port: channel.port1(), is_awake }
    }

    /// Asks for a step.
    pub(super) fn up(&self) {
        if !self.is_awake.replace(true) {
            let _ = self.port.post_message(&JsValue::NULL);
        }
    }
}
