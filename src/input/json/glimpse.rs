//! A look at the possibly cut first bytes of a document, for detection.

use std::borrow::Cow;

use super::text::quote_or_backslash;
use super::{Kind, is_space};

/// A value in the first bytes of a document, as far as they reach. Made for detection: it allocates
/// nothing that grows, never fails, and shows what it can of bytes that are cut or not even JSON.
#[derive(Debug, Clone, Copy)]
pub struct Glimpse<'a> {
    /// What the value is.
    pub kind: Kind,
    /// From its first byte to its end, or as far as the head reaches.
    bytes: &'a [u8],
}

/// The object or array that a head starts with: `glimpse(head)?.members()` lists its top-level keys.
pub fn glimpse(head: &[u8]) -> Option<Glimpse<'_>> {
    Glimpse::at(head.trim_ascii_start()).filter(|top| matches!(top.kind, Kind::Object | Kind::Array))
}

impl<'a> Glimpse<'a> {
    fn at(bytes: &'a [u8]) -> Option<Self> {
        let kind = Kind::of(*bytes.first()?)?;
        Some(Self { kind, bytes: &bytes[..value_len(bytes)] })
    }

    /// The members of an object whose value has at least begun; nothing for other kinds.
    pub fn members(&self) -> impl Iterator<Item = (Cow<'a, str>, Glimpse<'a>)> {
        let mut rest = self.inside(Kind::Object);
        std::iter::from_fn(move || {
            let from = skip_separators(rest);
            if from.first() != Some(&b'"') {
                return None;
            }
            let (key, after) = from.split_at(value_len(from));
            let after = after.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
            let value = Glimpse::at(after)?;
            rest = &after[value.bytes.len()..];
            let key = key.strip_prefix(b"\"").and_then(|k| k.strip_suffix(b"\""))?;
            Some((String::from_utf8_lossy(key), value))
        })
    }

    /// The elements of an array that have at least begun; nothing for other kinds.
    pub fn elements(&self) -> impl Iterator<Item = Glimpse<'a>> {
        let mut rest = self.inside(Kind::Array);
        std::iter::from_fn(move || {
            let from = skip_separators(rest);
            let value = Glimpse::at(from)?;
            rest = &from[value.bytes.len()..];
            Some(value)
        })
    }

    /// The first member with this key.
    pub fn get(&self, key: &str) -> Option<Glimpse<'a>> {
        self.members().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Whether a member has this key.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The value of a plain whole number.
    pub fn whole(&self) -> Option<u64> {
        std::str::from_utf8(self.bytes).ok()?.parse().ok()
    }

    /// The bytes of a text as they stand between its quotes; nothing for other kinds.
    pub fn inner(&self) -> &'a [u8] {
        let inside = self.inside(Kind::Text);
        inside.strip_suffix(b"\"").unwrap_or(inside)
    }

    fn inside(&self, kind: Kind) -> &'a [u8] {
        if self.kind == kind { &self.bytes[1..] } else { &[] }
    }
}

fn skip_separators(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&b| !is_space(b) && b != b',').unwrap_or(bytes.len());
    &bytes[end..]
}

/// Length of the value at the start of `bytes`; all of them when its end is not among them.
fn value_len(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(b'"') => text_len(bytes),
        Some(b'{' | b'[') => container_len(bytes),
        _ => bytes.iter().position(|&b| is_space(b) || matches!(b, b',' | b'}' | b']')).unwrap_or(bytes.len()),
    }
}

fn text_len(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(n) = bytes.get(at..).and_then(quote_or_backslash) {
        if bytes[at + n] == b'"' {
            return at + n + 1;
        }
        at += n + 2;
    }
    bytes.len()
}

fn container_len(bytes: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += text_len(&bytes[at..]);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::tests::{DOCUMENT, Dice};
    use super::*;

    #[test]
    fn a_glimpse_shows_what_the_head_holds() {
        let head = br#" {"meta":{"a\"]":[1]},"nodes":[{"id":1,"callFrame":{"url":"x"}},{"id":2}],"samples":[1,2"#;
        let top = glimpse(head).expect("an object");
        let keys: Vec<_> = top.members().map(|(key, value)| (key.into_owned(), value.kind)).collect();
        assert_eq!(
            keys,
            [("meta".into(), Kind::Object), ("nodes".into(), Kind::Array), ("samples".into(), Kind::Array)]
        );
        let nodes = top.get("nodes").expect("it is there");
        assert!(nodes.elements().all(|node| node.has("id")));
        assert_eq!(nodes.elements().count(), 2);
        assert!(nodes.elements().next().expect("the first").get("callFrame").expect("it is there").has("url"));
        assert_eq!(top.get("samples").expect("it is there").elements().next().map(|e| e.kind), Some(Kind::Number));
        assert!(top.elements().next().is_none());
    }

    #[test]
    fn a_glimpse_survives_anything() {
        let mut dice = Dice(11);
        for _ in 0..20_000 {
            let mut bytes = DOCUMENT.as_bytes().to_vec();
            bytes.truncate(dice.roll(bytes.len() as u64 + 1) as usize);
            for _ in 0..dice.roll(6) {
                if !bytes.is_empty() {
                    let at = dice.roll(bytes.len() as u64) as usize;
                    bytes[at] = dice.roll(256) as u8;
                }
            }
            let Some(top) = glimpse(&bytes) else { continue };
            for (_, value) in top.members() {
                assert!(value.elements().count() + value.members().count() <= bytes.len());
            }
        }
        assert!(glimpse(b"").is_none());
        assert!(glimpse(b"  folded;stack 3").is_none());
        assert_eq!(glimpse(&[b'['; 100_000]).expect("an array").elements().count(), 1);
    }
}
