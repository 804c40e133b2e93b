//! Heap snapshots as V8 writes them: every object on a line, every edge on a line, texts last.
//!
//! The shape follows snapshots of services: kinds, numbers of edges and their targets have the shares
//! measured there. Objects are numbered breadth first and each is held by one with a smaller number;
//! other edges lead nearby, to the few objects that all share (shapes, prototypes), or anywhere.
//! Nothing is kept in memory: what an object is follows from the seed and its number alone.

use crate::formats::Sink;
use crate::program::Rng;
use std::io;

/// What was written.
pub(crate) struct Counts {
    pub(crate) objects: u64,
    pub(crate) edges: u64,
    pub(crate) texts: u64,
}

/// Bytes that an object takes with its edges and its share of the texts, on average: numbers have more
/// digits in large files.
fn object_bytes(bytes: u64) -> f64 {
    89.5 + 3.35 * (bytes.max(1_000_000) as f64 / 1e6).log10()
}

/// Numbers of an object's row.
const FIELDS: u64 = 7;
/// Objects at the start of the file that many others share.
const SHARED: u32 = 3_000;
/// Texts that name constructors and properties.
const NAMES: u32 = 6_000;

const HIDDEN: u8 = 0;
const ARRAY: u8 = 1;
const TEXT: u8 = 2;
const OBJECT: u8 = 3;
const CODE: u8 = 4;
const CLOSURE: u8 = 5;
const NUMBER: u8 = 7;
const NATIVE: u8 = 8;
const SYNTHETIC: u8 = 9;
const JOINED: u8 = 10;
const SHAPE: u8 = 14;

const ELEMENT: u8 = 1;
const PROPERTY: u8 = 2;
const INTERNAL: u8 = 3;
const HIDDEN_EDGE: u8 = 4;
const SHORTCUT: u8 = 5;
const WEAK: u8 = 6;

const META: &str = concat!(
    "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\",\"edge_count\",\"trace_node_id\",",
    "\"detachedness\"],\"node_types\":[[\"hidden\",\"array\",\"string\",\"object\",\"code\",\"closure\",\"regexp\",",
    "\"number\",\"native\",\"synthetic\",\"concatenated string\",\"sliced string\",\"symbol\",\"bigint\",",
    "\"object shape\",\"wasm object\"],\"string\",\"number\",\"number\",\"number\",\"number\",\"number\"],",
    "\"edge_fields\":[\"type\",\"name_or_index\",\"to_node\"],\"edge_types\":[[\"context\",\"element\",\"property\",",
    "\"internal\",\"hidden\",\"shortcut\",\"weak\"],\"string_or_number\",\"node\"],\"trace_function_info_fields\":",
    "[\"function_id\",\"name\",\"script_name\",\"script_id\",\"line\",\"column\"],\"trace_node_fields\":[\"id\",",
    "\"function_info_index\",\"count\",\"size\",\"children\"],\"sample_fields\":[\"timestamp_us\",\"last_assigned_id\"],",
    "\"location_fields\":[\"object_index\",\"script_id\",\"line\",\"column\"]},\"node_count\":",
);

/// An object, told from its number alone.
struct Object {
    kind: u8,
    name: u32,
    size: u32,
    /// Edges to objects that it is the first to hold.
    held: u32,
    /// Other edges.
    others: u32,
    rng: Rng,
}

struct Heap {
    seed: u64,
    objects: u32,
    texts: u32,
}

impl Heap {
    fn object(&self, number: u32) -> Object {
        let mut rng = Rng::new(self.seed ^ u64::from(number).wrapping_mul(0xd6e8_feb8_6659_fd93));
        rng.next();
        if number == 0 {
            return Object { kind: SYNTHETIC, name: 0, size: 0, held: 40, others: 0, rng };
        }
        let at = rng.unit();
        let name = 1 + (rng.unit().powi(3) * f64::from(NAMES - 1)) as u32;
        let text = NAMES + rng.below(self.texts - NAMES);
        // Cumulative shares of the kinds, the size, and the edges of each.
        let (kind, name, size, held, others) = match at {
            _ if at < 0.24 => (TEXT, text, 16 + rng.below(24) * 8, 0, 1),
            _ if at < 0.52 => (OBJECT, name, 24 + rng.below(6) * 8, rng.below(5), 2 + rng.below(4)),
            _ if at < 0.64 => (ARRAY, 0, 16 + rng.below(30) * 8, rng.below(14), 1 + rng.below(8)),
            _ if at < 0.73 => (CLOSURE, name, 64, rng.below(3), 5),
            _ if at < 0.82 => (CODE, name, 32 + rng.below(40) * 8, rng.below(3), 3),
            _ if at < 0.89 => (HIDDEN, name, 24 + rng.below(12) * 8, rng.below(3), 3),
            _ if at < 0.92 => (SHAPE, 0, 80, 0, 5),
            _ if at < 0.95 => (JOINED, 0, 32, 2, 1),
            _ if at < 0.99 => (NUMBER, 0, 16, 0, 1),
            _ => (NATIVE, name, 40 + rng.below(200), 0, 1),
        };
        Object { kind, name, size, held, others, rng }
    }

    /// Where an edge leads that holds nothing first.
    fn target(&self, from: u32, rng: &mut Rng) -> u32 {
        let last = self.objects - 1;
        match rng.below(100) {
            0..45 => 1 + (rng.unit().powi(2) * f64::from(SHARED.min(last) - 1)) as u32,
            45..75 => (from + 1 + rng.below(400)).min(last),
            75..85 => from.saturating_sub(rng.below(400)).max(1),
            _ => 1 + rng.below(last),
        }
    }
}

/// Hands on each object with the number of objects that it is the first to hold: as many as it wants
/// while there are any, and one where otherwise nobody would be left to hold the next.
fn each(heap: &Heap, mut take: impl FnMut(u32, &mut Object, std::ops::Range<u32>) -> io::Result<()>) -> io::Result<()> {
    let mut next = 1u32;
    for number in 0..heap.objects {
        let mut object = heap.object(number);
        let waiting = next - number - 1;
        let least = u32::from(waiting == 0);
        let end = next.saturating_add(object.held.max(least)).min(heap.objects);
        let held = next..end;
        next = end;
        take(number, &mut object, held)?;
    }
    Ok(())
}

/// `{snapshot, nodes, edges, …, strings}`.
pub(crate) fn snapshot(seed: u64, out: &mut Sink) -> io::Result<Counts> {
    let objects = ((out.bytes_wanted as f64 / object_bytes(out.bytes_wanted)) as u64).clamp(100, 500_000_000) as u32;
    let heap = Heap { seed, objects, texts: NAMES + objects / 5 };
    let mut edges = 0u64;
    each(&heap, |_, object, held| {
        edges += u64::from(object.others) + held.len() as u64;
        Ok(())
    })?;
    out.text(META);
    out.number(i64::from(objects));
    out.text(",\"edge_count\":");
    out.number(edges as i64);
    out.text(",\"trace_function_count\":0},\n\"nodes\":[");
    each(&heap, |number, object, held| {
        let edges = i64::from(object.others) + held.len() as i64;
        let id = i64::from(number) * 2 + 1;
        let row = [i64::from(object.kind), i64::from(object.name), id, i64::from(object.size), edges, 0, 0];
        line(out, number == 0, &row)
    })?;
    out.text("],\n\"edges\":[");
    let mut is_first = true;
    each(&heap, |number, object, held| {
        let Object { kind, others, ref mut rng, .. } = *object;
        for (at, to) in held.enumerate() {
            let (edge, label) = match kind {
                SYNTHETIC => (if at == 0 { SHORTCUT } else { ELEMENT }, at as u32 + 1),
                ARRAY | HIDDEN | CODE => (HIDDEN_EDGE, at as u32 + 1),
                JOINED => (INTERNAL, 1 + at as u32),
                _ => (PROPERTY, 1 + rng.below(NAMES - 1)),
            };
            line(out, is_first, &[i64::from(edge), i64::from(label), i64::from(to) * FIELDS as i64])?;
            is_first = false;
        }
        for at in 0..others {
            let to = heap.target(number, rng);
            let (edge, label) = match rng.below(20) {
                0 => (WEAK, 1 + at),
                1..12 => (INTERNAL, 1 + rng.below(40)),
                _ if kind == ARRAY => (ELEMENT, at),
                _ => (PROPERTY, 1 + rng.below(NAMES - 1)),
            };
            line(out, is_first, &[i64::from(edge), i64::from(label), i64::from(to) * FIELDS as i64])?;
            is_first = false;
        }
        Ok(())
    })?;
    out.text("],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n\"locations\":[");
    let mut is_first = true;
    each(&heap, |number, object, _| {
        let is_placed = object.kind == CLOSURE || object.kind == OBJECT && number % 8 == 0;
        if !is_placed {
            return Ok(());
        }
        let (script, place) = (i64::from(object.name % 90), i64::from(object.name));
        let row = [i64::from(number) * FIELDS as i64, script, place % 2_000, place % 60];
        line(out, std::mem::take(&mut is_first), &row)
    })?;
    out.text("],\n\"strings\":[\"<dummy>\"");
    texts(&heap, out)?;
    out.text("]}");
    Ok(Counts { objects: u64::from(objects), edges, texts: u64::from(heap.texts) })
}

/// A line of numbers, with a comma before it unless it is the first.
fn line(out: &mut Sink, is_first: bool, numbers: &[i64]) -> io::Result<()> {
    for (at, &number) in numbers.iter().enumerate() {
        if at > 0 || !is_first {
            out.text(",");
        }
        out.number(number);
    }
    out.text("\n");
    out.drain_if_large()
}

const WORDS: [&str; 16] = [
    "order", "user", "total", "cache", "items", "price", "created", "status", "session", "buffer", "render", "parse",
    "config", "stream", "worker", "layout",
];

/// Names, then contents of strings: short ones mostly, some of a kilobyte, some that are there twice.
fn texts(heap: &Heap, out: &mut Sink) -> io::Result<()> {
    for number in 1..heap.texts {
        let mut rng = Rng::new(heap.seed ^ (u64::from(number) << 20));
        out.text(",\n\"");
        match number {
            1 => out.text("first"),
            2 => out.text("second"),
            3 => out.text("elements"),
            4 => out.text("Object"),
            5 => out.text("Array"),
            _ => {
                out.text(rng.pick(&WORDS));
                out.number(i64::from(number));
                let words = if number < NAMES { 0 } else { (3.0 / (rng.unit() + 0.02)) as u32 };
                for _ in 0..words {
                    out.text(if rng.below(40) == 0 { "\\n\\\"" } else { " " });
                    out.text(rng.pick(&WORDS));
                }
            }
        }
        out.text("\"");
        out.drain_if_large()?;
    }
    Ok(())
}
