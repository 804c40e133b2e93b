//! One writer per file format, and the sink that they write to.

use crate::program::{Function, Program, Rng, Running, Walk};
use std::fs::File;
use std::io::{self, Write};

/// What was written, for the summary. `records` are samples, or lines where there are no samples.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) records: u64,
    pub(crate) depth_sum: u64,
    pub(crate) late: u64,
    pub(crate) negative: u64,
    pub(crate) idle: u64,
    pub(crate) gc: u64,
}

/// Output with a buffer in front, and the size that the file should reach.
pub(crate) struct Sink {
    file: File,
    drained: u64,
    pub(crate) buffer: Vec<u8>,
    pub(crate) bytes_wanted: u64,
}

const BUFFER_BYTES: usize = 1 << 16;

impl Sink {
    pub(crate) fn create(path: &str, bytes_wanted: u64) -> io::Result<Self> {
        Ok(Self { file: File::create(path)?, drained: 0, buffer: Vec::with_capacity(BUFFER_BYTES * 2), bytes_wanted })
    }

    fn is_full(&self) -> bool {
        self.drained + self.buffer.len() as u64 >= self.bytes_wanted
    }

    pub(crate) fn drain_if_large(&mut self) -> io::Result<()> {
        if self.buffer.len() < BUFFER_BYTES {
            return Ok(());
        }
        self.drain()
    }

    fn drain(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.drained += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    /// A decimal number. Written by hand: a hundred megabytes are ten million numbers.
    pub(crate) fn number(&mut self, number: i64) {
        if number < 0 {
            self.buffer.push(b'-');
        }
        let mut digits = [0_u8; 20];
        let mut at = digits.len();
        let mut rest = number.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.buffer.extend_from_slice(&digits[at..]);
    }

    /// Writes what is left and returns the size of the file.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.drain()?;
        Ok(self.drained)
    }
}

// --- V8 CPU profile ---

/// Ids of V8's own nodes; node i of the call tree has the id i + 4.
const ROOT_ID: u32 = 1;
const PROGRAM_ID: u32 = 2;
const IDLE_ID: u32 = 3;
const GC_ID: u32 = 4;
const START_US: i64 = 5_000_000_000;

/// Bytes that a node takes on average, measured on files of 1 to 100 MB.
const NODE_BYTES: u64 = 245;

/// Samples held in memory, since a file names each node's hits before the samples.
#[derive(Default)]
struct Samples {
    ids: Vec<u32>,
    deltas: Vec<i32>,
    hits: Vec<u32>,
}

/// `{nodes, startTime, endTime, samples, timeDeltas}` without line breaks, as Node writes it.
pub(crate) fn cpuprofile(walk: &mut Walk<'_>, seed: u64, interval_us: u32, out: &mut Sink) -> io::Result<Counts> {
    let mut counts = Counts::default();
    let program = walk.program;
    let samples = take_samples(walk, seed, interval_us, out.bytes_wanted, &mut counts);
    write_nodes(program, &samples.hits, out)?;
    let span: i64 = samples.deltas.iter().map(|&delta| i64::from(delta)).sum();
    out.text("],\"startTime\":");
    out.number(START_US);
    out.text(",\"endTime\":");
    out.number(START_US + span);
    out.text(",\"samples\":[");
    write_list(samples.ids.iter().map(|&id| i64::from(id)), out)?;
    out.text("],\"timeDeltas\":[");
    write_list(samples.deltas.iter().map(|&delta| i64::from(delta)), out)?;
    out.text("]}");
    Ok(counts)
}

// --- Chrome performance trace ---

/// Samples of a chunk, and the moment of the first event in microseconds.
const CHUNK: usize = 100;
const TRACE_START_US: i64 = 100_000_000;
/// Kinds of spans inside a task.
const SPANS: [&str; 6] = ["FunctionCall", "EvaluateScript", "UpdateLayoutTree", "Layout", "Paint", "TimerFire"];

/// An object with `traceEvents`: chunks of samples, and behind each as many bytes of nested tasks, an
/// event per line with its keys in Chrome's order.
pub(crate) fn chrome_trace(walk: &mut Walk<'_>, seed: u64, interval_us: u32, out: &mut Sink) -> io::Result<Counts> {
    let mut counts = Counts::default();
    let mut rng = Rng::new(seed.wrapping_add(2));
    let program = walk.program;
    let mut is_told = vec![false; program.nodes() as usize + 5];
    out.text("{\"traceEvents\":[\n{\"args\":{\"name\":\"CrRendererMain\"},\"cat\":\"__metadata\",\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":4242,\"tid\":1,\"ts\":0}");
    out.text(",\n{\"args\":{\"data\":{\"startTime\":100000000}},\"cat\":\"disabled-by-default-v8.cpu_profiler\",\"id\":\"0x1\",\"name\":\"Profile\",\"ph\":\"P\",\"pid\":4242,\"tid\":1,\"ts\":100000000}");
    let mut now = TRACE_START_US;
    let (mut ids, mut deltas) = (Vec::with_capacity(CHUNK), Vec::with_capacity(CHUNK));
    while !out.is_full() {
        let from = now;
        ids.clear();
        deltas.clear();
        for _ in 0..CHUNK {
            ids.push(i64::from(id_of(walk.step(), &program.depth, &mut counts)));
            deltas.push(i64::from(delta_us(&mut rng, interval_us as i32, &mut counts)));
            now += deltas[deltas.len() - 1];
        }
        let before = out.drained + out.buffer.len() as u64;
        write_chunk(program, &ids, &deltas, &mut is_told, now, out);
        let chunk = out.drained + out.buffer.len() as u64 - before;
        let mut at = from;
        while out.drained + out.buffer.len() as u64 - before < 2 * chunk && at < now {
            at = write_task(program, &mut rng, at, now, out);
        }
        out.drain_if_large()?;
    }
    out.text("\n]}\n");
    Ok(counts)
}

fn write_chunk(program: &Program, ids: &[i64], deltas: &[i64], is_told: &mut [bool], at: i64, out: &mut Sink) {
    out.text(",\n{\"args\":{\"data\":{\"cpuProfile\":{\"nodes\":[");
    let mut is_first = true;
    for &id in ids {
        // A node is told before those that it calls.
        let mut way = vec![id as u32];
        while let Some(&last) = way.last().filter(|id| **id > ROOT_ID) {
            way.push(parent_of(program, last));
        }
        for id in way.into_iter().rev() {
            if std::mem::replace(&mut is_told[id as usize], true) {
                continue;
            }
            if !std::mem::take(&mut is_first) {
                out.text(",");
            }
            write_trace_node(program, id, out);
        }
    }
    out.text("],\"samples\":[");
    write_some(ids.iter().copied(), out);
    out.text("]},\"timeDeltas\":[");
    write_some(deltas.iter().copied(), out);
    out.text("]}},\"cat\":\"disabled-by-default-v8.cpu_profiler\",\"id\":\"0x1\",\"name\":\"ProfileChunk\",\"ph\":\"P\",\"pid\":4242,\"tid\":17,\"ts\":");
    out.number(at);
    out.text("}");
}

fn parent_of(program: &Program, id: u32) -> u32 {
    match id {
        0..=GC_ID => ROOT_ID,
        id => match program.parent[id as usize - 4] {
            0 => ROOT_ID,
            parent => parent + 4,
        },
    }
}

fn write_trace_node(program: &Program, id: u32, out: &mut Sink) {
    let name = match id {
        ROOT_ID => "(root)",
        PROGRAM_ID => "(program)",
        IDLE_ID => "(idle)",
        GC_ID => "(garbage collector)",
        _ => "",
    };
    out.text("{\"callFrame\":{");
    if name.is_empty() {
        write_place(program.function_of(id - 4), 0, out);
    } else {
        out.text("\"codeType\":\"other\",\"functionName\":\"");
        out.text(name);
        out.text("\",\"scriptId\":0");
    }
    out.text("},\"id\":");
    out.number(i64::from(id));
    if id != ROOT_ID {
        out.text(",\"parent\":");
        out.number(i64::from(parent_of(program, id)));
    }
    out.text("}");
}

/// A function's place; Chrome counts lines of samples from 0 and those of calls from 1.
fn write_place(function: &Function, first: u32, out: &mut Sink) {
    out.text("\"columnNumber\":");
    out.number(i64::from(function.column - 1 + first));
    out.text(",\"functionName\":\"");
    out.text(&function.name);
    out.text("\",\"lineNumber\":");
    out.number(i64::from(function.line - 1 + first));
    out.text(",\"scriptId\":");
    out.number(i64::from(20 + function.file_index));
    out.text(",\"url\":\"file:///srv/app/");
    out.text(&function.file);
    out.text("\"");
}

/// A task with some spans inside it and inside each other; gives the moment behind it.
fn write_task(program: &Program, rng: &mut Rng, at: i64, until: i64, out: &mut Sink) -> i64 {
    let length = 8 + i64::from(rng.below(2_000)).min((until - at).max(1));
    write_span("RunTask", "disabled-by-default-devtools.timeline", &Data::None, at, length, out);
    let (mut start, mut left) = (at + 1, length - 2);
    for _ in 0..rng.below(6) {
        if left < 4 {
            break;
        }
        let name = SPANS[rng.below(SPANS.len() as u32) as usize];
        let data = match name {
            "FunctionCall" => Data::Call(&program.functions[rng.below(program.functions.len() as u32) as usize]),
            "TimerFire" => Data::Timer(rng.below(10_000)),
            _ => Data::None,
        };
        write_span(name, "devtools.timeline", &data, start, left, out);
        (start, left) = (start + 1, left / 2);
    }
    at + length + 1
}

/// What a span tells.
enum Data<'a> {
    None,
    Call(&'a Function),
    Timer(u32),
}

fn write_span(name: &str, category: &str, data: &Data<'_>, at: i64, length: i64, out: &mut Sink) {
    out.text(",\n{\"args\":{");
    match data {
        Data::None => {}
        Data::Call(function) => {
            out.text("\"data\":{");
            write_place(function, 1, out);
            out.text("}");
        }
        Data::Timer(id) => {
            out.text("\"data\":{\"timerId\":");
            out.number(i64::from(*id));
            out.text("}");
        }
    }
    out.text("},\"cat\":\"");
    out.text(category);
    out.text("\",\"dur\":");
    out.number(length);
    out.text(",\"name\":\"");
    out.text(name);
    out.text("\",\"ph\":\"X\",\"pid\":4242,\"tdur\":");
    out.number(length);
    out.text(",\"tid\":1,\"ts\":");
    out.number(at);
    out.text(",\"tts\":");
    out.number(at - 99_000_000);
    out.text("}");
}

/// Takes samples until their digits and commas fill what the nodes leave of the wanted size.
fn take_samples(walk: &mut Walk<'_>, seed: u64, interval_us: u32, bytes_wanted: u64, counts: &mut Counts) -> Samples {
    let mut rng = Rng::new(seed.wrapping_add(1));
    let nodes = walk.program.nodes();
    let mut samples = Samples { hits: vec![0; nodes as usize + 5], ..Samples::default() };
    let mut left = bytes_wanted.saturating_sub(u64::from(nodes) * NODE_BYTES);
    while left > 0 {
        let id = id_of(walk.step(), &walk.program.depth, counts);
        let delta = delta_us(&mut rng, interval_us as i32, counts);
        samples.ids.push(id);
        samples.deltas.push(delta);
        samples.hits[id as usize] += 1;
        left = left.saturating_sub(digits(i64::from(id)) + digits(i64::from(delta)) + 2);
    }
    samples
}

fn id_of(running: Running, depth: &[u16], counts: &mut Counts) -> u32 {
    counts.records += 1;
    match running {
        Running::Idle => {
            counts.idle += 1;
            IDLE_ID
        }
        Running::Gc => {
            counts.gc += 1;
            GC_ID
        }
        Running::Node(node) => {
            counts.depth_sum += u64::from(depth[node as usize]);
            node + 4
        }
    }
}

/// Near the interval (±15 %); 1 in 2000 late by 2 to 40 intervals, 1 in 5000 negative, as V8
/// writes them when a sample is delivered after a later one.
fn delta_us(rng: &mut Rng, interval: i32, counts: &mut Counts) -> i32 {
    let draw = rng.unit();
    if draw < 0.0002 {
        counts.negative += 1;
        return -1 - rng.below(interval as u32 / 4) as i32;
    }
    if draw < 0.0007 {
        counts.late += 1;
        return interval * (2 + rng.below(38) as i32);
    }
    ((f64::from(interval) * (0.85 + 0.3 * rng.unit())).round() as i32).max(1)
}

fn digits(number: i64) -> u64 {
    let sign = u64::from(number < 0);
    sign + u64::from(number.unsigned_abs().checked_ilog10().unwrap_or(0)) + 1
}

fn write_nodes(program: &Program, hits: &[u32], out: &mut Sink) -> io::Result<()> {
    let outermost: Vec<u32> =
        [PROGRAM_ID, IDLE_ID, GC_ID].into_iter().chain(program.children(0).iter().map(|child| child + 4)).collect();
    out.text("{\"nodes\":[");
    write_pseudo(ROOT_ID, "(root)", hits, &outermost, out);
    for (id, name) in [(PROGRAM_ID, "(program)"), (IDLE_ID, "(idle)"), (GC_ID, "(garbage collector)")] {
        out.text(",");
        write_pseudo(id, name, hits, &[], out);
    }
    let mut children = Vec::new();
    for node in 1..program.nodes() {
        children.clear();
        children.extend(program.children(node).iter().map(|child| child + 4));
        out.text(",");
        write_node(node + 4, program.function_of(node), hits, &children, out);
        out.drain_if_large()?;
    }
    Ok(())
}

fn write_pseudo(id: u32, name: &str, hits: &[u32], children: &[u32], out: &mut Sink) {
    write_head(id, name, out);
    out.text("\"0\",\"url\":\"\",\"lineNumber\":-1,\"columnNumber\":-1}");
    write_tail(id, hits, children, 0, out);
}

fn write_node(id: u32, function: &Function, hits: &[u32], children: &[u32], out: &mut Sink) {
    write_head(id, &function.name, out);
    out.text("\"");
    out.number(i64::from(20 + function.file_index));
    out.text("\",\"url\":\"file:///srv/app/");
    out.text(&function.file);
    out.text("\",\"lineNumber\":");
    out.number(i64::from(function.line - 1));
    out.text(",\"columnNumber\":");
    out.number(i64::from(function.column - 1));
    out.text("}");
    write_tail(id, hits, children, function.line + 1, out);
}

/// Names hold letters, digits, `_` and `.` only, so nothing needs an escape.
fn write_head(id: u32, name: &str, out: &mut Sink) {
    out.text("{\"id\":");
    out.number(i64::from(id));
    out.text(",\"callFrame\":{\"functionName\":\"");
    out.text(name);
    out.text("\",\"scriptId\":");
}

fn write_tail(id: u32, hits: &[u32], children: &[u32], line: u32, out: &mut Sink) {
    let hits = hits[id as usize];
    out.text(",\"hitCount\":");
    out.number(i64::from(hits));
    if !children.is_empty() {
        out.text(",\"children\":[");
        write_some(children.iter().map(|&child| i64::from(child)), out);
        out.text("]");
    }
    if hits > 0 && line > 0 {
        out.text(",\"positionTicks\":[{\"line\":");
        out.number(i64::from(line));
        out.text(",\"ticks\":");
        out.number(i64::from(hits));
        out.text("}]");
    }
    out.text("}");
}

fn write_some(numbers: impl Iterator<Item = i64>, out: &mut Sink) {
    for (i, number) in numbers.enumerate() {
        if i > 0 {
            out.text(",");
        }
        out.number(number);
    }
}

fn write_list(numbers: impl Iterator<Item = i64>, out: &mut Sink) -> io::Result<()> {
    for (i, number) in numbers.enumerate() {
        if i > 0 {
            out.text(",");
        }
        out.number(number);
        out.drain_if_large()?;
    }
    Ok(())
}

// --- V8 heap profiles ---

/// Bytes that a sampled allocation takes in the list of samples.
const ALLOCATION_BYTES: u64 = 42;

/// `head` with every node of the call tree, nested as the calls are, then `samples` until the size is
/// reached.
pub(crate) fn heapprofile(program: &Program, seed: u64, out: &mut Sink) -> io::Result<Counts> {
    let mut counts = Counts::default();
    let mut rng = Rng::new(seed.wrapping_add(4));
    out.text("{\"head\":");
    // Nodes to write, and `None` where one ends.
    let mut open = vec![Some(0)];
    let mut is_first = true;
    while let Some(next) = open.pop() {
        let Some(node) = next else {
            out.text("]}");
            is_first = false;
            continue;
        };
        if !is_first {
            out.text(",");
        }
        write_heap_node(program, node, &mut rng, out);
        is_first = true;
        counts.depth_sum += u64::from(program.depth[node as usize]);
        open.push(None);
        open.extend(program.children(node).iter().rev().map(|&child| Some(child)));
        out.drain_if_large()?;
    }
    out.text(",\"samples\":[");
    while counts.records == 0 || out.drained + out.buffer.len() as u64 + ALLOCATION_BYTES < out.bytes_wanted {
        out.text(if counts.records > 0 { ",{\"size\":" } else { "{\"size\":" });
        out.number(i64::from(16 + 8 * rng.skewed(4000)));
        out.text(",\"nodeId\":");
        out.number(i64::from(1 + rng.below(program.nodes())));
        counts.records += 1;
        out.text(",\"ordinal\":");
        out.number(counts.records as i64);
        out.text("}");
        out.drain_if_large()?;
    }
    out.text("]}");
    Ok(counts)
}

fn write_heap_node(program: &Program, node: u32, rng: &mut Rng, out: &mut Sink) {
    out.text("{\"callFrame\":{\"functionName\":\"");
    if node == 0 {
        out.text("(root)\",\"scriptId\":\"0\",\"url\":\"\",\"lineNumber\":-1,\"columnNumber\":-1},\"selfSize\":0");
    } else {
        let function = program.function_of(node);
        out.text(&function.name);
        out.text("\",\"scriptId\":\"");
        out.number(i64::from(20 + function.file_index));
        out.text("\",\"url\":\"file:///srv/app/");
        out.text(&function.file);
        out.text("\",\"lineNumber\":");
        out.number(i64::from(function.line - 1));
        out.text(",\"columnNumber\":");
        out.number(i64::from(function.column - 1));
        out.text("},\"selfSize\":");
        out.number(i64::from(8 * rng.skewed(40_000)));
    }
    out.text(",\"id\":");
    out.number(i64::from(node + 1));
    out.text(",\"children\":[");
}

// --- Logs of V8's ticks ---

/// Where the code of the first function lies, and bytes from one function to the next.
const CODE_START: u64 = 0x3_0000_0000;
const CODE_STEP: u64 = 0x400;

/// The code of every function, then ticks with their stacks until the size is reached.
pub(crate) fn prof_log(walk: &mut Walk<'_>, seed: u64, interval_us: u32, out: &mut Sink) -> io::Result<Counts> {
    let mut counts = Counts::default();
    let mut rng = Rng::new(seed.wrapping_add(5));
    let program = walk.program;
    out.text("v8-version,11,3,244,8,-node.38,0\nshared-library,/usr/bin/node,0x400000,0x25fe000,0\nprofiler,begin,");
    out.number(i64::from(interval_us));
    out.text("\n");
    for (i, function) in program.functions.iter().enumerate() {
        out.text("code-creation,JS,10,");
        out.number(i as i64);
        out.text(&format!(",0x{:x},{},{} ", CODE_START + i as u64 * CODE_STEP, CODE_STEP / 2, function.name));
        out.text("file:///srv/app/");
        out.text(&function.file);
        out.text(&format!(":{}:{},0x{:x},*\n", function.line, function.column, i + 1));
        out.drain_if_large()?;
    }
    let (mut at_us, mut stack) = (0_i64, Vec::new());
    while !out.is_full() {
        at_us += i64::from(delta_us(&mut rng, interval_us as i32, &mut counts).max(1));
        stack.clear();
        let state = match walk.step() {
            Running::Idle => 8,
            Running::Gc => 1,
            Running::Node(node) => {
                stack_of(program, node, &mut stack);
                counts.depth_sum += u64::from(program.depth[node as usize]);
                0
            }
        };
        out.text("tick,");
        let address = |function: u32| CODE_START + u64::from(function) * CODE_STEP + 0x42;
        out.text(&format!("0x{:x},{at_us},0,0x0,{state}", stack.first().map_or(0x40_1234, |&leaf| address(leaf))));
        for &function in stack.iter().skip(1) {
            out.text(&format!(",0x{:x}", address(function)));
        }
        out.text("\n");
        counts.records += 1;
        out.drain_if_large()?;
    }
    out.text("profiler,end\n");
    Ok(counts)
}

// --- Folded stacks ---

/// `node;outermost;…;leaf count`, one line per distinct stack, until the size is reached.
pub(crate) fn folded(program: &Program, seed: u64, out: &mut Sink) -> io::Result<Counts> {
    let mut counts = Counts::default();
    let mut rng = Rng::new(seed.wrapping_add(3));
    let mut stack = Vec::new();
    for node in 1..program.nodes() {
        if out.is_full() {
            break;
        }
        stack_of(program, node, &mut stack);
        out.text("node");
        for &function in stack.iter().rev() {
            out.text(";");
            write_label(&program.functions[function as usize], out);
        }
        out.text(" ");
        out.number(i64::from(1 + rng.skewed(5000)));
        out.text("\n");
        out.drain_if_large()?;
        counts.records += 1;
        counts.depth_sum += stack.len() as u64;
    }
    Ok(counts)
}

fn write_label(function: &Function, out: &mut Sink) {
    if !function.name.is_empty() {
        return out.text(&function.name);
    }
    out.text("<anonymous> ");
    out.text(&function.file);
    out.text(":");
    out.number(i64::from(function.line));
}

/// The functions on the stack of `node`, the leaf first.
fn stack_of(program: &Program, mut node: u32, stack: &mut Vec<u32>) {
    stack.clear();
    while node != 0 {
        stack.push(program.function[node as usize]);
        node = program.parent[node as usize];
    }
}

// --- pprof ---

/// Call sites per function; each is a location of its own.
const SITES: u32 = 4;
const PERIOD_NS: u64 = 10_000_000;
const ENDPOINTS: u32 = 24;

/// Strings in order of their first use, index 0 empty.
struct Strings {
    texts: Vec<String>,
}

impl Strings {
    fn add(&mut self, text: String) -> u64 {
        self.texts.push(text);
        self.texts.len() as u64 - 1
    }
}

/// A protobuf message under construction.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 128 {
            self.0.push(number as u8 | 128);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// A number field; zero is the default and stays away.
    fn field(&mut self, field: u64, number: u64) {
        if number != 0 {
            self.varint(field << 3);
            self.varint(number);
        }
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint((field << 3) | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}

fn emit(field: u64, message: &mut Message, out: &mut Sink) -> io::Result<()> {
    let mut head = Message::default();
    head.bytes(field, &message.0);
    out.buffer.extend_from_slice(&head.0);
    message.0.clear();
    out.drain_if_large()
}

/// Go's shape: `samples/count` and `cpu/nanoseconds`, one location per call site, every eighth with
/// an inlined line, a numeric label `thread_id` and a text label `endpoint`; strings come last.
pub(crate) fn pprof(walk: &mut Walk<'_>, seed: u64, out: &mut Sink) -> io::Result<Counts> {
    let mut counts = Counts::default();
    let program = walk.program;
    let mut strings = Strings { texts: vec![String::new()] };
    let cpu = write_types(&mut strings, out)?;
    write_functions(program, &mut strings, out)?;
    write_locations(program, out)?;
    let thread_key = strings.add("thread_id".to_owned());
    let endpoint_key = strings.add("endpoint".to_owned());
    let first_endpoint = strings.texts.len() as u64;
    for i in 0..ENDPOINTS {
        strings.add(format!("GET /api/v1/resource/{i}"));
    }
    let mut rng = Rng::new(seed.wrapping_add(6));
    let mut labels = SampleLabels { thread_key, endpoint_key, first_endpoint };
    let mut parts = SampleParts::default();
    // Strings, written last, are a small constant; the loop ends when the samples fill the size.
    while !out.is_full() {
        let Running::Node(node) = walk.step() else {
            continue;
        };
        labels.write_sample(program, node, &mut rng, &mut parts, out)?;
        counts.records += 1;
        counts.depth_sum += u64::from(program.depth[node as usize]);
    }
    write_strings(&strings, out)?;
    write_period(cpu, counts.records, out)?;
    Ok(counts)
}

/// The two value types and the one mapping; returns the strings of the second type.
fn write_types(strings: &mut Strings, out: &mut Sink) -> io::Result<(u64, u64)> {
    let mut message = Message::default();
    let mut cpu = (0, 0);
    for (kind, unit) in [("samples", "count"), ("cpu", "nanoseconds")] {
        cpu = (strings.add(kind.to_owned()), strings.add(unit.to_owned()));
        message.field(1, cpu.0);
        message.field(2, cpu.1);
        emit(1, &mut message, out)?;
    }
    message.field(1, 1);
    message.field(2, 0x40_0000);
    message.field(3, 0x400_0000);
    message.field(5, strings.add("/srv/app/server".to_owned()));
    message.field(6, strings.add("0f1e2d3c".to_owned()));
    message.field(7, 1);
    emit(3, &mut message, out)?;
    Ok(cpu)
}

fn write_functions(program: &Program, strings: &mut Strings, out: &mut Sink) -> io::Result<()> {
    let mut message = Message::default();
    for (i, function) in program.functions.iter().enumerate() {
        let name = if function.name.is_empty() { "main.func1".to_owned() } else { format!("main.{}", function.name) };
        let name = strings.add(name);
        message.field(1, i as u64 + 1);
        message.field(2, name);
        message.field(3, name);
        let file = function.file.replace(".js", ".go");
        message.field(4, strings.add(format!("/srv/app/{file}")));
        message.field(5, u64::from(function.line));
        emit(5, &mut message, out)?;
    }
    Ok(())
}

fn write_locations(program: &Program, out: &mut Sink) -> io::Result<()> {
    let mut message = Message::default();
    let functions = program.functions.len() as u64;
    for (f, function) in program.functions.iter().enumerate() {
        for site in 0..u64::from(SITES) {
            let id = f as u64 * u64::from(SITES) + site + 1;
            message.field(1, id);
            message.field(2, 1);
            message.field(3, 0x40_0000 + id * 16);
            // The innermost of inlined lines comes first.
            if id.is_multiple_of(8) {
                let inlined = (f as u64 * 31 + 7) % functions;
                write_line(inlined, 10 + site, &mut message);
            }
            write_line(f as u64, u64::from(function.line) + site * 3, &mut message);
            emit(4, &mut message, out)?;
        }
    }
    Ok(())
}

fn write_line(function: u64, line: u64, location: &mut Message) {
    let mut message = Message::default();
    message.field(1, function + 1);
    message.field(2, line);
    location.bytes(4, &message.0);
}

/// Buffers of one sample, kept from sample to sample.
#[derive(Default)]
struct SampleParts {
    sample: Message,
    part: Message,
}

impl SampleParts {
    fn close(&mut self, field: u64) {
        self.sample.bytes(field, &self.part.0);
        self.part.0.clear();
    }
}

struct SampleLabels {
    thread_key: u64,
    endpoint_key: u64,
    first_endpoint: u64,
}

impl SampleLabels {
    fn write_sample(
        &mut self,
        program: &Program,
        leaf: u32,
        rng: &mut Rng,
        parts: &mut SampleParts,
        out: &mut Sink,
    ) -> io::Result<()> {
        let mut node = leaf;
        while node != 0 {
            let site = program.function[node as usize] * SITES + (node % SITES) + 1;
            parts.part.varint(u64::from(site));
            node = program.parent[node as usize];
        }
        parts.close(1);
        let count = u64::from(1 + rng.skewed(20));
        parts.part.varint(count);
        parts.part.varint(count * PERIOD_NS);
        parts.close(2);
        parts.part.field(1, self.thread_key);
        parts.part.field(3, u64::from(1000 + rng.below(64)));
        parts.close(3);
        parts.part.field(1, self.endpoint_key);
        parts.part.field(2, self.first_endpoint + u64::from(rng.skewed(ENDPOINTS)));
        parts.close(3);
        emit(2, &mut parts.sample, out)
    }
}

fn write_strings(strings: &Strings, out: &mut Sink) -> io::Result<()> {
    let mut message = Message::default();
    for text in &strings.texts {
        message.0.extend_from_slice(text.as_bytes());
        emit(6, &mut message, out)?;
    }
    Ok(())
}

/// Fields 9 (time), 10 (duration), 11 (period type) and 12 (period) of the profile itself.
fn write_period(cpu: (u64, u64), samples: u64, out: &mut Sink) -> io::Result<()> {
    let mut message = Message::default();
    message.field(9, 1_704_067_200_000_000_000);
    message.field(10, samples * PERIOD_NS);
    message.field(12, PERIOD_NS);
    out.buffer.extend_from_slice(&message.0);
    message.0.clear();
    message.field(1, cpu.0);
    message.field(2, cpu.1);
    emit(11, &mut message, out)
}
