//! The workers: they carry messages to the engine and to the stage, and pictures to canvases.
//!
//! A recording has two, so that pictures follow the pointer whatever is being worked out. Both run
//! this program; the first message says which one a worker is and brings the port to the other.
//! Ending them gives all of their memory back.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent, MessagePort};

use crate::engine::formats;
use crate::protocol::{Failure, FromWorker, Reply, Request, RequestId, Role, ToWorker};
use crate::web::wire::{self, Envelope};

mod blob;
mod crossing;
mod engine_side;
mod stage_side;
mod wake;

use engine_side::EngineSide;
use stage_side::StageSide;

/// Starts listening.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        say(0, Reply::Died { message: format!("Culprit failed while working on this file: {panic}") });
        console_error_panic_hook::hook(panic);
    }));
    let mut side = None;
    let on_message =
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| match wire::unpack(&event.data()) {
            Ok((message, extras)) => take(&mut side, message, extras),
            Err(problem) => say(0, Reply::Died { message: problem }),
        });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
}

/// What a worker is.
enum Side {
    Engine(Rc<RefCell<EngineSide>>),
    Stage(Rc<RefCell<StageSide>>),
}

fn take(side: &mut Option<Side>, message: ToWorker, mut extras: Vec<JsValue>) {
    match (&*side, message.request) {
        (None, Request::Begin(role)) => {
            if let Some(port) = extras.pop() {
                *side = Some(begin(role, port.unchecked_into()));
            }
        }
        (Some(Side::Engine(engine)), request) => engine.borrow_mut().take(ToWorker { request, ..message }, extras),
        (Some(Side::Stage(stage)), request) => stage.borrow_mut().take(ToWorker { request, ..message }, extras),
        (None, _) => say(message.id, failed("The worker was not told what it is for; reload the page.")),
    }
}

/// The engine tells the page what can be opened.
fn begin(role: Role, port: MessagePort) -> Side {
    match role {
        Role::Engine => {
            say(0, Reply::Ready { formats: formats() });
            Side::Engine(EngineSide::new(port))
        }
        Role::Stage => Side::Stage(StageSide::new(port)),
    }
}

fn failed(message: &str) -> Reply {
    Reply::Failed(Failure { file: String::new(), message: message.to_owned(), offset: None, head: Vec::new() })
}

fn say(id: RequestId, reply: Reply) {
    if let Ok(Envelope { message, transfer }) = wire::pack_reply(&FromWorker { id, reply }) {
        // A page that is gone needs no answer.
        let _ = scope().post_message_with_transfer(&message, &transfer);
    }
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Milliseconds since the worker began.
fn now() -> f64 {
    Reflect::get(&js_sys::global(), &"performance".into())
        .ok()
        .and_then(|p| p.dyn_into::<web_sys::Performance>().ok())
        .map_or(0.0, |p| p.now())
}
