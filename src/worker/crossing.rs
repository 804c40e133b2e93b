//! What crosses between the two workers of a recording, through a port of their own.
//!
//! - Stage to engine: `{ m: Want }`.
//! - Engine to stage: `{ m: Head, t: [piece, …] }`. A piece is an array of typed arrays, the segments
//!   of a column, all given away: nothing is copied on the way, and each side holds a column once.

use js_sys::{Array, BigInt64Array, Object, Uint8Array, Uint32Array};
use wasm_bindgen::prelude::*;
use web_sys::MessagePort;

use crate::model::Column;
use crate::stage::{Given, Head, Piece, Want};
use crate::web::wire::{self, get, set};

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

/// What [`give`] sent while it is taken in, a few segments at a time: pictures are painted in between.
pub(super) struct Arrival {
    head: Head,
    /// Pieces that have not been begun.
    packed: Array,
    /// Segments of the piece at hand.
    segments: Array,
    pieces: Vec<Piece>,
}

/// Bytes that are taken in at a time: a millisecond or two.
const PORTION_BYTES: u32 = 4 << 20;

impl Arrival {
    /// Begins to read a message.
    pub(super) fn new(data: &JsValue) -> Result<Self, String> {
        let head = wire::from_bytes(&get(data, MESSAGE)?)?;
        let packed = get(data, PIECES)?.unchecked_into();
        Ok(Self { head, packed, segments: Array::new(), pieces: Vec::new() })
    }

    /// Takes the next portion in, and gives the whole back once it is complete.
    pub(super) fn advance(mut self) -> Result<Progress, String> {
        let mut taken = 0;
        while taken < PORTION_BYTES {
            if self.segments.length() > 0 {
                taken += self.take(&self.segments.shift())?;
            } else if self.packed.length() > 0 {
                self.segments = self.packed.shift().unchecked_into();
                self.pieces.push(empty(&self.segments.shift())?);
            } else {
                return Given::together(self.head, self.pieces).map(Progress::Complete);
            }
        }
        Ok(Progress::Part(self))
    }

    /// Adds a segment to the piece at hand, and tells how many bytes it had.
    fn take(&mut self, segment: &JsValue) -> Result<u32, String> {
        match self.pieces.last_mut() {
            Some(Piece::U32(column)) => {
                let segment: &Uint32Array = segment.unchecked_ref();
                column.push_segment(segment.to_vec());
                Ok(segment.byte_length())
            }
            Some(Piece::I64(column)) => {
                let segment: &BigInt64Array = segment.unchecked_ref();
                column.push_segment(segment.to_vec());
                Ok(segment.byte_length())
            }
            Some(Piece::Text(text)) => {
                let segment: &Uint8Array = segment.unchecked_ref();
                let bytes = segment.to_vec();
                text.push_str(
                    std::str::from_utf8(&bytes).map_err(|_| "A picture could not be read; reload the page.")?,
                );
                Ok(segment.byte_length())
            }
            None => Err("A picture could not be read; reload the page.".to_owned()),
        }
    }
}

/// How far an [`Arrival`] got.
pub(super) enum Progress {
    /// More is to come.
    Part(Arrival),
    /// All of it.
    Complete(Given),
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

/// A piece of a kind without anything in it.
fn empty(kind: &JsValue) -> Result<Piece, String> {
    Ok(match kind.as_string().unwrap_or_default().as_str() {
        U32 => Piece::U32(Column::new()),
        I64 => Piece::I64(Column::new()),
        TEXT => Piece::Text(String::new()),
        other => return Err(format!("A picture could not be read: {other:?} is no kind of column; reload the page.")),
    })
}

fn refused(thrown: JsValue) -> String {
    format!("A picture could not be sent: {thrown:?}.")
}
