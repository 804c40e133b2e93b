//! Ports: hear what arrives, and work one thing at a time with what arrived meanwhile in between.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{MessageChannel, MessageEvent, MessagePort};

/// From now on `hear` gets the data of each message that arrives at a port.
pub(super) fn listen(port: &MessagePort, mut hear: impl FnMut(JsValue) + 'static) {
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| hear(event.data()));
    port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // A port is listened to as long as the worker lives.
    on_message.forget();
}

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
        listen(&channel.port2(), move |_| {
            waking.set(false);
            step();
        });
        Self { port: channel.port1(), is_awake }
    }

    /// Asks for a step.
    pub(super) fn up(&self) {
        if !self.is_awake.replace(true) {
            let _ = self.port.post_message(&JsValue::NULL);
        }
    }
}
