//! Texts with a meaning for the analysis, found once.

use super::Map;

use super::bits::Bits;
use crate::model::HeapGraph;
use crate::model::heap::TextId;

/// Numbers of the texts that rules speak of. The engine writes each text once; of several equal ones
/// the first counts.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) object: Option<TextId>,
    pub(super) array: Option<TextId>,
    pub(super) proto: Option<TextId>,
    pub(super) elements: Option<TextId>,
    pub(super) first: Option<TextId>,
    pub(super) second: Option<TextId>,
    pub(super) length: Option<TextId>,
    pub(super) hash: Option<TextId>,
    pub(super) truncated: Option<TextId>,
    pub(super) dom_trees: Option<TextId>,
    pub(super) external_string_data: Option<TextId>,
    pub(super) array_buffer_data: Option<TextId>,
    pub(super) native_context: Option<TextId>,
    pub(super) sloppy_function_map: Option<TextId>,
    pub(super) map_descriptors: Option<TextId>,
    /// Texts that name an entry of a weak map.
    is_ephemeron: Bits,
    ephemerons: Map<TextId, Ephemeron>,
}

/// An entry of a weak map, whose value hangs on key and table together. Both have an edge to it, whose
/// names say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ephemeron {
    /// Id of the table.
    pub(super) table: u64,
    /// The same for both edges of an entry, and for no others.
    pub(super) pair: u32,
}

impl Words {
    pub(super) fn of(graph: &HeapGraph) -> Self {
        let mut words = Self { is_ephemeron: Bits::new(graph.texts.len()), ..Self::default() };
        let mut pairs: Map<&str, u32> = Map::default();
        for (id, text) in graph.texts.iter() {
            if let Some((part, table)) = ephemeron(text) {
                let next = pairs.len() as u32;
                let pair = *pairs.entry(part).or_insert(next);
                words.is_ephemeron.set(id.index());
                words.ephemerons.insert(id, Ephemeron { table, pair });
            } else if let Some(word) = words.known(text) {
                word.get_or_insert(id);
            }
        }
        words
    }

    /// Where the number of a text is kept.
    fn known(&mut self, text: &str) -> Option<&mut Option<TextId>> {
        Some(match text {
            "Object" => &mut self.object,
            "Array" => &mut self.array,
            "__proto__" => &mut self.proto,
            "elements" => &mut self.elements,
            "first" => &mut self.first,
            "second" => &mut self.second,
            "length" => &mut self.length,
            "hash" => &mut self.hash,
            "truncated" => &mut self.truncated,
            "(Document DOM trees)" => &mut self.dom_trees,
            "system / ExternalStringData" => &mut self.external_string_data,
            "system / JSArrayBufferData" => &mut self.array_buffer_data,
            "system / NativeContext" => &mut self.native_context,
            "sloppy_function_map" => &mut self.sloppy_function_map,
            "(map descriptors)" => &mut self.map_descriptors,
            _ => return None,
        })
    }

    /// The entry of a weak map that a text names.
    #[inline]
    pub(super) fn ephemeron(&self, text: TextId) -> Option<Ephemeron> {
        if self.is_ephemeron.get(text.index()) { self.ephemerons.get(&text).copied() } else { None }
    }
}

/// What the names of both edges of an entry share, and the id of its table, in
/// `12 / part of key (K @3) -> value (V @5) pair in WeakMap (table @7)`.
fn ephemeron(text: &str) -> Option<(&str, u64)> {
    let part = text.trim_start_matches(|c: char| c.is_ascii_digit());
    if part.len() == text.len() {
        return None;
    }
    let inside = part.strip_prefix(" / part of key (")?;
    let (inside, table) = inside.strip_suffix(')')?.rsplit_once(" pair in WeakMap (table @")?;
    let table = number(table)?;
    let value = inside.strip_suffix(')')?;
    number(value.rsplit_once(" @")?.1)?;
    // The names of key and value may hold anything, even what stands between them.
    let mut splits = value.match_indices(") -> value (").map(|(at, _)| &value[..at]);
    let has_key = splits.any(|key| key.rsplit_once(" @").is_some_and(|(_, id)| number(id).is_some()));
    (has_key && !inside.contains(['\n', '\r', '\u{2028}', '\u{2029}'])).then_some((part, table))
}

fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_weak_maps_are_recognised() {
        let part = " / part of key (K @3) -> value ((a) -> value (b @ @5) pair in WeakMap (table @77)";
        let text = format!("12{part}");
        assert_eq!(ephemeron(&text), Some((part, 77)));
        for other in [
            "",
            "12",
            part,
            "1 / part of key (K @3) -> value (V @5) pair in WeakMap (table @7",
            "1 / part of key (K @3) -> value (V @x) pair in WeakMap (table @7)",
            "1 / part of key (K) -> value (V @5) pair in WeakMap (table @7)",
            "1 / part of key (K @3) -> value (V @5) pair in WeakMap (table @)",
            "1 / part of key (K\n @3) -> value (V @5) pair in WeakMap (table @7)",
        ] {
            assert_eq!(ephemeron(other), None, "{other}");
        }
    }
}
