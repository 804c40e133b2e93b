//! Kinds of objects and of references.

/// What kind of thing an object of the heap is, by the names that V8 gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// Internals of the engine.
    Hidden,
    /// An array of the engine, such as the elements behind a JavaScript array.
    Array,
    /// A plain string.
    Text,
    /// A JavaScript object.
    Object,
    /// Compiled code and what belongs to it.
    Code,
    /// A function.
    Closure,
    /// A regular expression.
    RegExp,
    /// A number that stands on the heap.
    Number,
    /// Something outside the heap: a buffer, an element of the page.
    Native,
    /// A group that the snapshot adds, such as the roots.
    Synthetic,
    /// Two strings that were joined and not yet copied.
    ConsText,
    /// Part of another string.
    SlicedText,
    /// A symbol.
    Symbol,
    /// A big integer.
    BigInt,
    /// The description of how objects of one shape are laid out.
    Shape,
    /// An object of WebAssembly.
    Wasm,
    /// A kind that only the file knows: an index into `HeapGraph::other_kinds`.
    Other(u8),
}

/// Bits of a kind's code.
pub(super) const KIND_BITS: u8 = 5;

const KNOWN: [(ObjectKind, &str); 16] = [
    (ObjectKind::Hidden, "hidden"),
    (ObjectKind::Array, "array"),
    (ObjectKind::Text, "string"),
    (ObjectKind::Object, "object"),
    (ObjectKind::Code, "code"),
    (ObjectKind::Closure, "closure"),
    (ObjectKind::RegExp, "regexp"),
    (ObjectKind::Number, "number"),
    (ObjectKind::Native, "native"),
    (ObjectKind::Synthetic, "synthetic"),
    (ObjectKind::ConsText, "concatenated string"),
    (ObjectKind::SlicedText, "sliced string"),
    (ObjectKind::Symbol, "symbol"),
    (ObjectKind::BigInt, "bigint"),
    (ObjectKind::Shape, "object shape"),
    (ObjectKind::Wasm, "wasm object"),
];

impl ObjectKind {
    /// Number of kinds that only a file knows which can be told apart; the last stands for all others.
    pub const OTHERS: u8 = (1 << KIND_BITS) - KNOWN.len() as u8;

    /// The known kind with this name.
    pub fn of_name(name: &str) -> Option<Self> {
        KNOWN.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// The name that V8 gives a known kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Other(_) => "unknown",
            known => KNOWN[usize::from(known.code())].1,
        }
    }

    #[inline]
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Hidden => 0,
            Self::Array => 1,
            Self::Text => 2,
            Self::Object => 3,
            Self::Code => 4,
            Self::Closure => 5,
            Self::RegExp => 6,
            Self::Number => 7,
            Self::Native => 8,
            Self::Synthetic => 9,
            Self::ConsText => 10,
            Self::SlicedText => 11,
            Self::Symbol => 12,
            Self::BigInt => 13,
            Self::Shape => 14,
            Self::Wasm => 15,
            Self::Other(at) => KNOWN.len() as u8 + at.min(Self::OTHERS - 1),
        }
    }

    #[inline]
    pub(super) fn of_code(code: u8) -> Self {
        let code = code & ((1 << KIND_BITS) - 1);
        match KNOWN.get(usize::from(code)) {
            Some(known) => known.0,
            None => Self::Other(code - KNOWN.len() as u8),
        }
    }
}

/// Whether an object of the browser is part of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Detachedness {
    /// The file does not say.
    #[default]
    Unknown = 0,
    /// It is.
    Attached = 1,
    /// It was, and something still holds it.
    Detached = 2,
}

impl Detachedness {
    #[inline]
    pub(crate) fn of_code(code: u8) -> Self {
        match code {
            1 => Self::Attached,
            2 => Self::Detached,
            _ => Self::Unknown,
        }
    }
}

/// What kind of reference an edge is, by the names that V8 gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EdgeKind {
    /// A variable of a closure.
    Context = 0,
    /// An element of an array; has an index.
    Element = 1,
    /// A named property.
    Property = 2,
    /// A link of the engine itself.
    Internal = 3,
    /// A link that is not shown; has an index.
    Hidden = 4,
    /// A way round, such as from the root to a global object.
    Shortcut = 5,
    /// A reference that keeps nothing alive.
    Weak = 6,
    /// A kind that only the file knows; has a name.
    Other = 7,
}

const EDGES: [(EdgeKind, &str); 8] = [
    (EdgeKind::Context, "context"),
    (EdgeKind::Element, "element"),
    (EdgeKind::Property, "property"),
    (EdgeKind::Internal, "internal"),
    (EdgeKind::Hidden, "hidden"),
    (EdgeKind::Shortcut, "shortcut"),
    (EdgeKind::Weak, "weak"),
    (EdgeKind::Other, "unknown"),
];

impl EdgeKind {
    /// The kind with this name; [`EdgeKind::Other`] for unknown ones.
    pub fn of_name(name: &str) -> Self {
        EDGES.iter().find(|(_, known)| *known == name).map_or(Self::Other, |(kind, _)| *kind)
    }

    /// The name that V8 gives it.
    pub fn name(self) -> &'static str {
        EDGES[self as usize].1
    }

    /// Whether edges of this kind have a name, otherwise they have an index.
    #[inline]
    pub fn has_name(self) -> bool {
        !matches!(self, Self::Element | Self::Hidden)
    }

    #[inline]
    pub(super) fn of_code(code: u32) -> Self {
        EDGES[(code & 7) as usize].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_those_of_the_kinds() {
        for (code, (kind, name)) in KNOWN.iter().enumerate() {
            assert_eq!((usize::from(kind.code()), kind.name()), (code, *name));
            assert_eq!(ObjectKind::of_name(name), Some(*kind));
        }
        for at in 0..ObjectKind::OTHERS {
            let kind = ObjectKind::Other(at);
            assert_eq!(ObjectKind::of_code(kind.code() | 0b100_0000), kind);
        }
        assert_eq!(ObjectKind::Other(200).code(), 31);
        for (code, (kind, name)) in EDGES.iter().enumerate() {
            assert_eq!((*kind as usize, kind.name()), (code, *name));
        }
        assert_eq!(EdgeKind::of_name("invisible"), EdgeKind::Other);
    }
}
