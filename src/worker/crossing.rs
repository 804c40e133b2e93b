//! What crosses between the two workers of a recording, through a port of their own.
//!
//! - Stage to engine: `{ m: Want }`.
//! - Engine to stage: `{ m: Head, t: [piece, …] }`. A piece is an array of typed arrays, the segments
//!   of a column, all given away: nothing is copied on the way, and each side holds a column once.

use js_sys::{Array, BigInt64Array, Object, Reflect, Uint8Array, Uint32Array};
use wasm_bindgen::prelude::*;
use web_sys::MessagePort;

use crate::model::Column;
use crate::stage::{Given, Piece, Want};
use crate::web::wire;

const MESSAGE: &str = "m";
const PIECES: &str = "t";

/// Names of what pieces are made of.
const U32: &str = "u32";
const I64: &str = "i64";
const TEXT: &str = "text";

/// Sends a want to the engine.
pub(super) fn want(port: &MessagePort, want: &Want) -> Result<(), String> {
    let bytes = wire::to_bytes(want)?;
    let message = Object::new();
    set(&message, MESSAGE, &bytes)?;
    port.post_message_with_transferable(&message, &Array::of1(&bytes)).map_err(refused)
}

/// Reads what [`want`] sent.
pub(super) fn wanted(data: &JsValue) -> Result<Want, String> {
    wire::from_bytes(&get(data, MESSAGE)?)
}

/// Sends what the engine worked out to the stage. Columns are freed here segment by segment.
pub(super) fn give(port: &MessagePort, given: Given) -> Result<(), String> {
    let (head, pieces) = given.apart();
    let head = wire::to_bytes(&head)?;
    let transfer = Array::of1(&head);
    let list = Array::new();
    for piece in pieces {
        list.push(&packed(piece, &transfer));
    }
    let message = Object::new();
    set(&message, MESSAGE, &head)?;
    set(&message, PIECES, &list)?;
    port.post_message_with_transferable(&message, &transfer).map_err(refused)
}

/// Reads what [`give`] sent.
pub(super) fn given(data: &JsValue) -> Result<Given, String> {
    let head = wire::from_bytes(&get(data, MESSAGE)?)?;
    let pieces: Array = get(data, PIECES)?.unchecked_into();
    let pieces = pieces.iter().map(|piece| unpacked(&piece.unchecked_into())).collect::<Result<_, _>>()?;
    Given::together(head, pieces)
}

/// A piece: the name of what it is made of, and its segments.
fn packed(piece: Piece, transfer: &Array) -> Array {
    let packed = Array::new();
    let push = |array: &JsValue, buffer: &JsValue| {
        transfer.push(buffer);
        packed.push(array);
    };
    match piece {
        Piece::Text(text) => {
            packed.push(&TEXT.into());
            let array = Uint8Array::from(text.as_bytes());
            push(&array, &array.buffer());
        }
        Piece::U32(column) => {
            packed.push(&U32.into());
            for segment in column.into_segments() {
                let array = Uint32Array::from(segment.as_slice());
                push(&array, &array.buffer());
            }
        }
        Piece::I64(column) => {
            packed.push(&I64.into());
            for segment in column.into_segments() {
                let array = BigInt64Array::from(segment.as_slice());
                push(&array, &array.buffer());
            }
        }
    }
    packed
}

fn unpacked(piece: &Array) -> Result<Piece, String> {
    let kind = piece.shift().as_string().unwrap_or_default();
    let segments = || piece.iter();
    Ok(match kind.as_str() {
        U32 => Piece::U32(column(segments().map(|s| s.unchecked_into::<Uint32Array>().to_vec()))),
        I64 => Piece::I64(column(segments().map(|s| s.unchecked_into::<BigInt64Array>().to_vec()))),
        TEXT => {
            let bytes = segments().flat_map(|s| s.unchecked_into::<Uint8Array>().to_vec()).collect();
            Piece::Text(String::from_utf8(bytes).map_err(|_| "A picture could not be read; reload the page.")?)
        }
        other => return Err(format!("A picture could not be read: {other:?} is no kind of column; reload the page.")),
    })
}

fn column<T: Copy>(segments: impl Iterator<Item = Vec<T>>) -> Column<T> {
    let mut column = Column::new();
    segments.for_each(|segment| column.push_segment(segment));
    column
}

fn set(object: &Object, name: &str, value: &JsValue) -> Result<(), String> {
    Reflect::set(object, &name.into(), value).map(|_| ()).map_err(refused)
}

fn get(object: &JsValue, name: &str) -> Result<JsValue, String> {
    Reflect::get(object, &name.into()).map_err(|_| "not a message of ours".to_owned())
}

fn refused(thrown: JsValue) -> String {
    format!("A picture could not be sent: {thrown:?}.")
}
