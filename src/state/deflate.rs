//! Deflate (RFC 1951) for addresses: a kilobyte of text, written as short as zlib would, read
//! within a limit.
//!
//! The page needs no more than this, and a library for streams of any size would be a twentieth of
//! the page's program. Files are unpacked in the worker, by such a library.

use std::iter::repeat_n;

/// Length codes with literals and the end; two of them have no meaning.
const LITERALS: usize = 288;
const DISTANCES: usize = 30;
const END: u16 = 256;

/// Longest code, bits; of the codes that write the lengths of codes, [`SHORT_BITS`].
const BITS: usize = 15;
const SHORT_BITS: usize = 7;

/// The order in which the lengths of the codes for lengths are written.
const SHORT_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// How far back a repetition may lie, and how long it may be.
const WINDOW: usize = 1 << 15;
const REPEAT: std::ops::RangeInclusive<usize> = 3..=258;

/// Why bytes do not inflate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    /// They are no deflated bytes, or not all of them.
    Damaged,
    /// There would be more than asked for.
    TooLong,
}

/// The first length or distance that a code (counted from 0) stands for, and how many bits follow it.
fn length_of(code: usize) -> (usize, usize) {
    match code {
        0..8 => (code + 3, 0),
        28 => (258, 0),
        _ => (((4 + code % 4) << (code / 4 - 1)) + 3, code / 4 - 1),
    }
}

fn distance_of(code: usize) -> (usize, usize) {
    match code {
        0..4 => (code + 1, 0),
        _ => (((2 + code % 2) << (code / 2 - 1)) + 1, code / 2 - 1),
    }
}

/// The lengths of the codes of blocks that bring none of their own.
fn usual_lengths() -> ([u8; LITERALS], [u8; DISTANCES]) {
    let mut literals = [8; LITERALS];
    literals[144..256].fill(9);
    literals[256..280].fill(7);
    (literals, [5; DISTANCES])
}

/// What deflated bytes say.
///
/// # Errors
/// Where they are damaged, or say more than `max` bytes.
pub(super) fn inflate(deflated: &[u8], max: usize) -> Result<Vec<u8>, Problem> {
    let mut bits = BitReader { bytes: deflated, at: 0 };
    let mut out = Vec::new();
    loop {
        let is_last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => stored(&mut bits, &mut out, max)?,
            1 => {
                let (literals, distances) = usual_lengths();
                block(&mut bits, &Code::new(&literals)?, &Code::new(&distances)?, &mut out, max)?;
            }
            2 => {
                let (literals, distances) = own_codes(&mut bits)?;
                block(&mut bits, &literals, &distances, &mut out, max)?;
            }
            _ => return Err(Problem::Damaged),
        }
        if is_last {
            return Ok(out);
        }
    }
}

struct BitReader<'a> {
    bytes: &'a [u8],
    /// Bits taken so far.
    at: usize,
}

impl BitReader<'_> {
    /// The next bits as a number, the first of them lowest.
    fn take(&mut self, count: usize) -> Result<usize, Problem> {
        let mut number = 0;
        for place in 0..count {
            let byte = self.bytes.get(self.at / 8).ok_or(Problem::Damaged)?;
            number |= usize::from(byte >> (self.at % 8) & 1) << place;
            self.at += 1;
        }
        Ok(number)
    }
}

/// A set of codes to read: how many there are of each length, and what they stand for, in order.
struct Code {
    counts: [u16; BITS + 1],
    symbols: Vec<u16>,
}

impl Code {
    /// The codes of these lengths; 0 is none.
    fn new(lengths: &[u8]) -> Result<Self, Problem> {
        let mut counts = [0; BITS + 1];
        lengths.iter().for_each(|length| counts[usize::from(*length)] += 1);
        counts[0] = 0;
        let mut left = 1_i32;
        for count in &counts[1..] {
            left = left * 2 - i32::from(*count);
            if left < 0 {
                return Err(Problem::Damaged);
            }
        }
        let mut symbols = Vec::with_capacity(lengths.len());
        for wanted in 1..=BITS as u8 {
            let of_length = lengths.iter().zip(0..).filter(|(length, _)| **length == wanted);
            symbols.extend(of_length.map(|(_, symbol): (_, u16)| symbol));
        }
        Ok(Self { counts, symbols })
    }

    fn read(&self, bits: &mut BitReader<'_>) -> Result<usize, Problem> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            let count = usize::from(*count);
            code |= bits.take(1)?;
            if code < first + count {
                let symbol = self.symbols.get(index + code - first).ok_or(Problem::Damaged)?;
                return Ok(usize::from(*symbol));
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(Problem::Damaged)
    }
}

/// The codes that a block brings: of literals and lengths, and of distances.
fn own_codes(bits: &mut BitReader<'_>) -> Result<(Code, Code), Problem> {
    let literals = bits.take(5)? + 257;
    let distances = bits.take(5)? + 1;
    let shorts = bits.take(4)? + 4;
    let mut lengths = [0; SHORT_ORDER.len()];
    for place in &SHORT_ORDER[..shorts] {
        lengths[*place] = bits.take(3)? as u8;
    }
    let short = Code::new(&lengths)?;
    let all = literals + distances;
    let mut lengths: Vec<u8> = Vec::with_capacity(all);
    while lengths.len() < all {
        let (length, times) = match short.read(bits)? {
            16 => (*lengths.last().ok_or(Problem::Damaged)?, bits.take(2)? + 3),
            17 => (0, bits.take(3)? + 3),
            18 => (0, bits.take(7)? + 11),
            length => (length as u8, 1),
        };
        lengths.extend(repeat_n(length, times));
    }
    if lengths.len() > all || literals > LITERALS - 2 {
        return Err(Problem::Damaged);
    }
    let (literals, distances) = lengths.split_at(literals);
    Ok((Code::new(literals)?, Code::new(distances)?))
}

fn block(
    bits: &mut BitReader<'_>,
    literals: &Code,
    distances: &Code,
    out: &mut Vec<u8>,
    max: usize,
) -> Result<(), Problem> {
    loop {
        match literals.read(bits)? {
            literal @ 0..256 => out.push(literal as u8),
            256 => return Ok(()),
            code @ 257..286 => {
                let (length, extra) = length_of(code - 257);
                let length = length + bits.take(extra)?;
                let code = distances.read(bits)?;
                if code >= DISTANCES {
                    return Err(Problem::Damaged);
                }
                let (distance, extra) = distance_of(code);
                let distance = distance + bits.take(extra)?;
                let from = out.len().checked_sub(distance).ok_or(Problem::Damaged)?;
                // What is repeated may reach into what it becomes.
                (from..from + length).for_each(|at| out.push(out[at]));
            }
            _ => return Err(Problem::Damaged),
        }
        if out.len() > max {
            return Err(Problem::TooLong);
        }
    }
}

fn stored(bits: &mut BitReader<'_>, out: &mut Vec<u8>, max: usize) -> Result<(), Problem> {
    bits.at = bits.at.next_multiple_of(8);
    let (length, complement) = (bits.take(16)?, bits.take(16)?);
    if length ^ 0xffff != complement {
        return Err(Problem::Damaged);
    }
    let from = bits.at / 8;
    let bytes = bits.bytes.get(from..from + length).ok_or(Problem::Damaged)?;
    out.extend_from_slice(bytes);
    bits.at += length * 8;
    if out.len() > max { Err(Problem::TooLong) } else { Ok(()) }
}

/// Deflates bytes, into one block.
pub(super) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let tokens = tokens(bytes);
    let usual = usual_lengths();
    let own = OwnCodes::new(&tokens);
    let is_own = own.bits(&tokens) < bits_of(&tokens, &usual.0, &usual.1);
    let mut bits = BitWriter::default();
    bits.put(1, 1);
    bits.put(if is_own { 2 } else { 1 }, 2);
    if is_own {
        own.write_head(&mut bits);
        write(&mut bits, &tokens, &own.literals, &own.distances);
    } else {
        write(&mut bits, &tokens, &usual.0, &usual.1);
    }
    bits.bytes
}

/// A byte, a repetition or the end.
#[derive(Debug, Clone, Copy)]
struct Token {
    /// The code: a byte, [`END`], or that of a length.
    literal: u16,
    /// What follows the code of the length: a number and its bits.
    extra: (u16, u8),
    /// The code of the distance, what follows it and its bits.
    distance: Option<(u8, u16, u8)>,
}

impl Token {
    fn literal(literal: u16) -> Self {
        Self { literal, extra: (0, 0), distance: None }
    }

    fn repeat(length: usize, distance: usize) -> Self {
        let code = (0..29).rev().find(|code| length_of(*code).0 <= length).unwrap_or(0);
        let (base, bits) = length_of(code);
        let extra = ((length - base) as u16, bits as u8);
        let far = (0..DISTANCES).rev().find(|code| distance_of(*code).0 <= distance).unwrap_or(0);
        let (base, bits) = distance_of(far);
        let distance = Some((far as u8, (distance - base) as u16, bits as u8));
        Self { literal: 257 + code as u16, extra, distance }
    }
}

/// Repetitions are looked for among so many places that begin with the same three bytes.
const PLACES: usize = 512;

/// Bytes as literals and repetitions. A repetition waits for the one that begins a byte later, which
/// may be longer.
fn tokens(bytes: &[u8]) -> Vec<Token> {
    let mut places = Places { bytes, newest: vec![usize::MAX; 1 << 12], older: Vec::with_capacity(bytes.len()) };
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut here = places.longest(0);
    while at < bytes.len() {
        let next = places.longest(at + 1);
        if here.0 >= *REPEAT.start() && next.0 <= here.0 {
            tokens.push(Token::repeat(here.0, here.1));
            at += here.0;
            here = places.longest(at);
        } else {
            tokens.push(Token::literal(bytes[at].into()));
            at += 1;
            here = next;
        }
    }
    tokens.push(Token::literal(END));
    tokens
}

/// Where the same three bytes stood before.
struct Places<'a> {
    bytes: &'a [u8],
    /// By a hash of three bytes.
    newest: Vec<usize>,
    /// By place: the place before it of the same hash.
    older: Vec<usize>,
}

impl Places<'_> {
    fn hash(&self, at: usize) -> Option<usize> {
        let three = self.bytes.get(at..at + 3)?;
        let mixed = three.iter().fold(0_u32, |mix, byte| (mix ^ u32::from(*byte)).wrapping_mul(0x9e37_79b1));
        Some((mixed >> 20) as usize)
    }

    /// The longest repetition that begins at a place, and how far back it lies; `(0, 0)` for none.
    fn longest(&mut self, at: usize) -> (usize, usize) {
        while self.older.len() < at {
            let place = self.older.len();
            let before = self.hash(place).map(|hash| std::mem::replace(&mut self.newest[hash], place));
            self.older.push(before.unwrap_or(usize::MAX));
        }
        let Some(hash) = self.hash(at) else { return (0, 0) };
        let here = &self.bytes[at..];
        let mut best = (0, 0);
        let mut place = self.newest[hash];
        for _ in 0..PLACES {
            if place == usize::MAX || at - place > WINDOW {
                break;
            }
            let same = here.iter().zip(&self.bytes[place..]).take(*REPEAT.end()).take_while(|(a, b)| a == b).count();
            if same > best.0 {
                best = (same, at - place);
            }
            if same == *REPEAT.end() {
                break;
            }
            place = self.older[place];
        }
        best
    }
}

/// Bits that tokens take with codes of these lengths.
fn bits_of(tokens: &[Token], literals: &[u8], distances: &[u8]) -> usize {
    let of = |token: &Token| {
        let distance = token.distance.map_or(0, |(code, _, bits)| usize::from(distances[usize::from(code)] + bits));
        usize::from(literals[usize::from(token.literal)] + token.extra.1) + distance
    };
    tokens.iter().map(of).sum()
}

/// Codes made for some tokens, and how they are written.
struct OwnCodes {
    literals: Vec<u8>,
    distances: Vec<u8>,
    /// The lengths of the codes for lengths.
    shorts: Vec<u8>,
    /// The lengths of all codes: a code for lengths, what follows it and its bits.
    runs: Vec<(u8, u8, u8)>,
}

impl OwnCodes {
    fn new(tokens: &[Token]) -> Self {
        let (mut literals, mut distances) = ([0; LITERALS - 2], [0; DISTANCES]);
        for token in tokens {
            literals[usize::from(token.literal)] += 1;
            if let Some((code, ..)) = token.distance {
                distances[usize::from(code)] += 1;
            }
        }
        let mut literals = code_lengths(&literals, BITS);
        let mut distances = code_lengths(&distances, BITS);
        cut(&mut literals, 257);
        cut(&mut distances, 1);
        let runs = runs(&[literals.as_slice(), distances.as_slice()].concat());
        let mut shorts = [0; SHORT_ORDER.len()];
        runs.iter().for_each(|(code, ..)| shorts[usize::from(*code)] += 1);
        Self { literals, distances, shorts: code_lengths(&shorts, SHORT_BITS), runs }
    }

    /// Number of the codes for lengths that have to be written, in their order.
    fn shorts_written(&self) -> usize {
        SHORT_ORDER.iter().rposition(|place| self.shorts[*place] > 0).map_or(4, |last| (last + 1).max(4))
    }

    fn bits(&self, tokens: &[Token]) -> usize {
        let runs = self.runs.iter().map(|(code, _, bits)| usize::from(self.shorts[usize::from(*code)] + bits));
        14 + 3 * self.shorts_written() + runs.sum::<usize>() + bits_of(tokens, &self.literals, &self.distances)
    }

    fn write_head(&self, bits: &mut BitWriter) {
        let shorts = self.shorts_written();
        bits.put(self.literals.len() - 257, 5);
        bits.put(self.distances.len() - 1, 5);
        bits.put(shorts - 4, 4);
        SHORT_ORDER[..shorts].iter().for_each(|place| bits.put(self.shorts[*place].into(), 3));
        let codes = codes(&self.shorts);
        for (code, extra, count) in &self.runs {
            bits.put_code(codes[usize::from(*code)], self.shorts[usize::from(*code)]);
            bits.put(usize::from(*extra), (*count).into());
        }
    }
}

/// Leaves out codes at the end that nothing uses, down to a least number.
fn cut(lengths: &mut Vec<u8>, least: usize) {
    let used = lengths.iter().rposition(|length| *length > 0).map_or(0, |last| last + 1);
    lengths.truncate(used.max(least));
}

/// Lengths of codes, equal ones together.
fn runs(lengths: &[u8]) -> Vec<(u8, u8, u8)> {
    let mut runs = Vec::new();
    for same in lengths.chunk_by(|a, b| a == b) {
        let (length, mut left) = (same[0], same.len());
        if length > 0 {
            runs.push((length, 0, 0));
            left -= 1;
        }
        while left > 0 {
            let (run, taken) = match (length, left) {
                (0, 11..) => ((18, left.min(138) - 11, 7), left.min(138)),
                (0, 3..) => ((17, left.min(10) - 3, 3), left.min(10)),
                (1.., 3..) => ((16, left.min(6) - 3, 2), left.min(6)),
                _ => ((length, 0, 0), 1),
            };
            runs.push((run.0, run.1 as u8, run.2));
            left -= taken;
        }
    }
    runs
}

/// The lengths of the shortest codes for symbols that occur so often, none longer than `max`
/// (Huffman's way; counts are evened out until the longest fits).
fn code_lengths(counts: &[u32], max: usize) -> Vec<u8> {
    let mut counts = counts.to_vec();
    loop {
        let lengths = shortest_lengths(&counts);
        if lengths.iter().all(|length| usize::from(*length) <= max) {
            return lengths;
        }
        counts.iter_mut().filter(|count| **count > 0).for_each(|count| *count = *count / 2 + 1);
    }
}

fn shortest_lengths(counts: &[u32]) -> Vec<u8> {
    let mut lengths = vec![0; counts.len()];
    // Trees to be joined: how often, and the symbols in it.
    let used = (0..counts.len()).filter(|symbol| counts[*symbol] > 0);
    let mut trees: Vec<(u32, Vec<usize>)> = used.map(|symbol| (counts[symbol], vec![symbol])).collect();
    if let [(_, only)] = trees.as_slice() {
        lengths[only[0]] = 1;
    }
    while trees.len() > 1 {
        let (count, mut symbols) = rarest(&mut trees);
        let (other_count, others) = rarest(&mut trees);
        symbols.extend(others);
        symbols.iter().for_each(|symbol| lengths[*symbol] += 1);
        trees.push((count + other_count, symbols));
    }
    lengths
}

fn rarest(trees: &mut Vec<(u32, Vec<usize>)>) -> (u32, Vec<usize>) {
    let rarest = (0..trees.len()).min_by_key(|index| (trees[*index].0, trees[*index].1.len()));
    trees.swap_remove(rarest.expect("there are trees to be joined"))
}

/// The codes of these lengths.
fn codes(lengths: &[u8]) -> Vec<u16> {
    let mut codes = vec![0; lengths.len()];
    let mut next = 0;
    for length in 1..=BITS as u8 {
        for (code, _) in codes.iter_mut().zip(lengths).filter(|(_, of)| **of == length) {
            *code = next;
            next += 1;
        }
        next <<= 1;
    }
    codes
}

fn write(bits: &mut BitWriter, tokens: &[Token], literals: &[u8], distances: &[u8]) {
    let (literal_codes, distance_codes) = (codes(literals), codes(distances));
    for token in tokens {
        let literal = usize::from(token.literal);
        bits.put_code(literal_codes[literal], literals[literal]);
        bits.put(token.extra.0.into(), token.extra.1.into());
        if let Some((code, extra, count)) = token.distance {
            bits.put_code(distance_codes[usize::from(code)], distances[usize::from(code)]);
            bits.put(extra.into(), count.into());
        }
    }
}

#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    /// Bits put so far.
    at: usize,
}

impl BitWriter {
    /// Puts the lowest bits of a number, the lowest first.
    fn put(&mut self, number: usize, count: usize) {
        for place in 0..count {
            if self.at.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = (number >> place & 1) as u8;
            self.bytes[self.at / 8] |= bit << (self.at % 8);
            self.at += 1;
        }
    }

    /// Puts a code, its highest bit first.
    fn put_code(&mut self, code: u16, length: u8) {
        (0..length).rev().for_each(|place| self.put(usize::from(code >> place), 1));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use flate2::Compression;

    use super::*;

    const MAX: usize = 1 << 20;

    fn by_zlib(bytes: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes it")
    }

    fn zlib_reads(deflated: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        flate2::read::DeflateDecoder::new(deflated).read_to_end(&mut bytes).expect("zlib reads what was deflated");
        bytes
    }

    /// A small repeatable generator.
    fn dice(seed: &mut u64) -> usize {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) as usize
    }

    /// Texts of many kinds: random, of few letters, repeating near and far, empty.
    fn texts() -> Vec<Vec<u8>> {
        let mut seed = 5;
        let mut texts = vec![Vec::new(), b"a".to_vec(), b"ab".to_vec(), vec![7; 100_000]];
        for round in 0..120 {
            let letters = 1 + dice(&mut seed) % 256;
            let mut text: Vec<u8> = Vec::new();
            while text.len() < round * round {
                let from = dice(&mut seed) % (text.len() + 1);
                if dice(&mut seed).is_multiple_of(3) {
                    let to = (from + dice(&mut seed) % 400).min(text.len());
                    text.extend_from_within(from..to);
                }
                text.push((dice(&mut seed) % letters) as u8);
            }
            texts.push(text);
        }
        // Counts like Fibonacci's make the longest codes.
        let (mut a, mut b) = (1, 1);
        let mut skewed = Vec::new();
        for letter in 0..24 {
            skewed.extend(repeat_n(letter, a));
            (a, b) = (b, a + b);
        }
        (0..skewed.len()).for_each(|at| skewed.swap(at, dice(&mut seed) % (at + 1)));
        texts.push(skewed);
        texts
    }

    #[test]
    fn reads_what_zlib_writes_and_zlib_reads_what_is_written() {
        for text in texts() {
            for level in [0, 1, 4, 6, 9] {
                assert_eq!(inflate(&by_zlib(&text, level), MAX).as_ref(), Ok(&text), "level {level}");
            }
            let deflated = deflate(&text);
            assert_eq!(zlib_reads(&deflated), text);
            assert_eq!(inflate(&deflated, MAX), Ok(text));
        }
    }

    #[test]
    fn writes_as_short_as_zlib() {
        for text in texts() {
            let (ours, theirs) = (deflate(&text).len(), by_zlib(&text, 9).len());
            assert!(ours <= theirs + theirs / 40 + 2, "{ours} bytes and zlib {theirs} for {}", text.len());
        }
    }

    #[test]
    fn any_bytes_end() {
        let mut seed = 9;
        let text = texts().swap_remove(40);
        for _ in 0..20_000 {
            let mut bytes = by_zlib(&text, 1 + (dice(&mut seed) % 9) as u32);
            for _ in 0..1 + dice(&mut seed) % 4 {
                let at = dice(&mut seed) % bytes.len();
                bytes[at] = dice(&mut seed) as u8;
            }
            let mut theirs = Vec::new();
            let limited = flate2::read::DeflateDecoder::new(bytes.as_slice()).take(MAX as u64).read_to_end(&mut theirs);
            if let Ok(read) = inflate(&bytes, MAX)
                && limited.is_ok()
            {
                assert_eq!(read, theirs);
            }
        }
    }

    #[test]
    fn damage_and_length_are_told() {
        let whole = by_zlib(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7], 9);
        for length in 0..whole.len() {
            assert_eq!(inflate(&whole[..length], MAX), Err(Problem::Damaged));
        }
        assert_eq!(inflate(&by_zlib(&vec![0; MAX + 1], 9), MAX), Err(Problem::TooLong));
        assert_eq!(inflate(&by_zlib(&vec![0; MAX + 1], 0), MAX), Err(Problem::TooLong));
        assert_eq!(inflate(&by_zlib(&vec![0; MAX], 9), MAX).map(|bytes| bytes.len()), Ok(MAX));
    }
}
