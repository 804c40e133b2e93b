//! How messages are written between the page and a worker.
//!
//! - Page to worker: `{ m: ToWorker, t: [extra, …] }`. `t` holds what crosses beside the message,
//!   in the order that the request names it: the blobs of [`Request::Open`], the one canvas of
//!   [`Request::Canvas`], the one port of [`Request::Begin`] and [`Request::Peer`]. Blobs are shared, canvases and ports
//!   are given away.
//! - Worker to page: `{ m: FromWorker }`. Between workers: an aggregate.
//!
//! What goes to a worker is small: `m` is plain objects, in which integers of 64 bits are `BigInt`s
//! and stay exact beyond 2^53. What a worker says may be thousands of rows, and as objects each of
//! their strings would cost 30 µs, measured: `m` is bytes, given away. They hold the fields by place
//! and no names (postcard): page and worker are of one build, and code that looks for names would
//! be a third of the page's program. Nowhere else is either chosen.
//!
//! [`Request::Begin`]: crate::protocol::Request::Begin
//! [`Request::Open`]: crate::protocol::Request::Open
//! [`Request::Canvas`]: crate::protocol::Request::Canvas
//! [`Request::Peer`]: crate::protocol::Request::Peer

use js_sys::{Array, ArrayBuffer, Object, Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, MessagePort, OffscreenCanvas};

use crate::protocol::{FromWorker, ToWorker};

const MESSAGE: &str = "m";
const EXTRAS: &str = "t";

/// What crosses beside a message.
#[derive(Debug, Clone)]
pub enum Extra {
    /// A file; the page keeps it too.
    Blob(Blob),
    /// A canvas, given away.
    Canvas(OffscreenCanvas),
    /// One end of a channel, given away.
    Port(MessagePort),
}

impl Extra {
    fn as_js(&self) -> &JsValue {
        match self {
            Self::Blob(blob) => blob,
            Self::Canvas(canvas) => canvas,
            Self::Port(port) => port,
        }
    }

    fn is_given_away(&self) -> bool {
        !matches!(self, Self::Blob(_))
    }
}

/// A message ready to be posted, and what is given away with it.
#[derive(Debug)]
pub struct Envelope {
    /// To be posted.
    pub message: JsValue,
    /// The list of what is transferred.
    pub transfer: Array,
}

/// Packs a message to a worker.
///
/// # Errors
/// One sentence, where the message cannot be written as an object.
pub fn pack(message: &ToWorker, extras: &[Extra]) -> Result<Envelope, String> {
    let list: Array = extras.iter().map(Extra::as_js).cloned().collect();
    let given = extras.iter().filter(|extra| extra.is_given_away());
    let transfer: Array = given.map(Extra::as_js).cloned().collect();
    let object = Object::new();
    set(&object, MESSAGE, &to_js(message)?)?;
    set(&object, EXTRAS, &list)?;
    Ok(Envelope { message: object.into(), transfer })
}

/// Unpacks a message to a worker: the message and what crossed beside it.
///
/// # Errors
/// One sentence, where it is not such a message: page and worker are of different releases.
pub fn unpack(data: &JsValue) -> Result<(ToWorker, Vec<JsValue>), String> {
    let message = from_js(get(data, MESSAGE)?)?;
    let extras: Array = get(data, EXTRAS)?.unchecked_into();
    Ok((message, extras.iter().collect()))
}

/// Packs what a worker says.
///
/// # Errors
/// One sentence, where the message cannot be written.
pub fn pack_reply(message: &FromWorker) -> Result<Envelope, String> {
    let bytes = to_bytes(message)?;
    let object = Object::new();
    set(&object, MESSAGE, &bytes)?;
    Ok(Envelope { message: object.into(), transfer: Array::of1(&bytes) })
}

/// Unpacks what a worker says.
///
/// # Errors
/// One sentence, where it is not such a message.
pub fn unpack_reply(data: &JsValue) -> Result<FromWorker, String> {
    from_bytes(&get(data, MESSAGE)?)
}

/// A value as bytes, in a buffer that can be given away.
///
/// # Errors
/// One sentence, where it cannot be written so.
pub fn to_bytes<T: Serialize>(value: &T) -> Result<ArrayBuffer, String> {
    let bytes = postcard::to_allocvec(value).map_err(|e| format!("a message could not be written: {e}"))?;
    Ok(Uint8Array::from(bytes.as_slice()).buffer())
}

/// A value from what [`to_bytes`] wrote.
///
/// # Errors
/// One sentence, where it is something else.
pub fn from_bytes<T: DeserializeOwned>(value: &JsValue) -> Result<T, String> {
    let buffer = value.dyn_ref::<ArrayBuffer>().ok_or("a message could not be read; reload the page")?;
    let read = postcard::from_bytes(&Uint8Array::new(buffer).to_vec());
    read.map_err(|e| format!("a message could not be read; reload the page ({e})"))
}

/// A value as plain objects.
fn to_js<T: Serialize>(value: &T) -> Result<JsValue, String> {
    let writer = Serializer::new().serialize_large_number_types_as_bigints(true);
    let written = value.serialize(&writer);
    written.map_err(|e| format!("a message could not be written: {e}"))
}

/// A value from what [`to_js`] wrote.
fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, String> {
    let read = serde_wasm_bindgen::from_value(value);
    read.map_err(|e| format!("a message could not be read; reload the page ({e})"))
}

/// Sets a member of a message.
///
/// # Errors
/// One sentence, where the browser refuses.
pub fn set(object: &Object, name: &str, value: &JsValue) -> Result<(), String> {
    let done = Reflect::set(object, &name.into(), value);
    done.map(|_| ()).map_err(|e| format!("a message could not be written: {e:?}"))
}

/// A member of a message.
///
/// # Errors
/// One sentence, where it is no message.
pub fn get(object: &JsValue, name: &str) -> Result<JsValue, String> {
    Reflect::get(object, &name.into()).map_err(|_| "not a message of ours".to_owned())
}
