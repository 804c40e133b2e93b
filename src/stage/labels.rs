//! How functions are shown: names, places and paints as columns.

use crate::draw::Paint;
use crate::model::Column;
use crate::model::vocab::FrameKey;
use crate::protocol::FunctionLabel;

/// How one function is shown.
#[derive(Debug, Clone, Copy)]
pub struct LabelRow<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its file, or empty.
    pub file: &'a str,
    /// Line of its definition, 1-based; 0 when unknown.
    pub line: u32,
    /// Its module, as in the legend.
    pub module: &'a str,
    /// Short place for people.
    pub place: &'a str,
    /// Whose code it is, as in [`FunctionLabel::kind`].
    pub kind: &'a str,
    /// What its boxes are filled with.
    pub paint: Paint,
    /// Whether its own share may be told by the hue: no state of the thread is.
    pub has_heat: bool,
}

/// How every function of a recording is shown, by function number. Each text is stored once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Labels {
    /// All texts behind each other.
    pub(super) text: String,
    /// Where each text ends.
    pub(super) ends: Column<u32>,
    pub(super) name: Column<u32>,
    pub(super) file: Column<u32>,
    pub(super) line: Column<u32>,
    pub(super) module: Column<u32>,
    pub(super) place: Column<u32>,
    pub(super) kind: Column<u32>,
    /// Number of the paint, and [`HEAT`].
    pub(super) paint: Column<u32>,
}

/// Bit that says [`LabelRow::has_heat`].
const HEAT: u32 = 1 << 16;

impl Labels {
    /// The labels of functions in the order of their numbers. Linear in functions and in their texts.
    pub fn new<'a>(rows: impl IntoIterator<Item = LabelRow<'a>>) -> Self {
        let mut texts = crate::model::Strings::new();
        let mut labels = Self::default();
        for row in rows {
            let mut id = |text: &str| texts.intern(text).index() as u32;
            labels.name.push(id(row.name));
            labels.file.push(id(row.file));
            labels.module.push(id(row.module));
            labels.place.push(id(row.place));
            labels.kind.push(id(row.kind));
            labels.line.push(row.line);
            labels.paint.push(row.paint.index() as u32 | if row.has_heat { HEAT } else { 0 });
        }
        for text in texts.iter() {
            labels.text.push_str(text);
            labels.ends.push(u32::try_from(labels.text.len()).expect("4 GiB of names do not fit into a worker"));
        }
        labels
    }

    /// Number of functions.
    pub fn len(&self) -> usize {
        self.name.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.name.is_empty()
    }

    /// Name of a function.
    pub(super) fn name(&self, function: u32) -> &str {
        self.text_of(&self.name, function)
    }

    /// Short place of a function.
    pub(super) fn place(&self, function: u32) -> &str {
        self.text_of(&self.place, function)
    }

    /// What its boxes are filled with, and whether heat may take the place of it.
    pub(super) fn paint(&self, function: u32) -> (Paint, bool) {
        let paint = if (function as usize) < self.paint.len() { self.paint.get(function as usize) } else { u32::MAX };
        (Paint::from_index((paint & 0xffff) as usize), paint & HEAT != 0)
    }

    /// A function as the page names it.
    pub(super) fn key(&self, function: u32) -> FrameKey {
        FrameKey {
            name: self.name(function).to_owned(),
            file: self.text_of(&self.file, function).to_owned(),
            line: self.line_of(function),
        }
    }

    /// Everything that the page shows of a function.
    pub(super) fn label(&self, function: u32) -> FunctionLabel {
        FunctionLabel {
            key: self.key(function),
            module: self.text_of(&self.module, function).to_owned(),
            place: self.place(function).to_owned(),
            kind: self.text_of(&self.kind, function).to_owned(),
            token: self.paint(function).0.token().to_owned(),
        }
    }

    /// Whether a function is the one that a key names.
    pub(super) fn is_named(&self, function: u32, key: &FrameKey) -> bool {
        self.line_of(function) == key.line
            && self.name(function) == key.name
            && self.text_of(&self.file, function) == key.file
    }

    /// The first function that a key names. Linear in functions.
    pub(super) fn find(&self, key: &FrameKey) -> Option<u32> {
        (0..self.len() as u32).find(|&function| self.is_named(function, key))
    }

    fn line_of(&self, function: u32) -> u32 {
        if (function as usize) < self.line.len() { self.line.get(function as usize) } else { 0 }
    }

    /// Empty for a function that has no label, which only a broken message could bring about.
    fn text_of(&self, column: &Column<u32>, function: u32) -> &str {
        if function as usize >= column.len() {
            return "";
        }
        let id = column.get(function as usize) as usize;
        let end = |id: usize| if id < self.ends.len() { self.ends.get(id) as usize } else { 0 };
        let start = id.checked_sub(1).map_or(0, end);
        self.text.get(start..end(id)).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_hold_what_they_were_made_of() {
        let row = |name, line| LabelRow {
            name,
            file: "/app/a.js",
            line,
            module: "app",
            place: "a.js:7",
            kind: "own",
            paint: Paint::GC,
            has_heat: line == 7,
        };
        let labels = Labels::new([row("f", 7), row("größer", 8), row("f", 9)]);
        assert_eq!((labels.len(), labels.name(1)), (3, "größer"));
        assert_eq!(labels.label(2).key, FrameKey { name: "f".into(), file: "/app/a.js".into(), line: 9 });
        assert_eq!((labels.paint(0), labels.paint(1)), ((Paint::GC, true), (Paint::GC, false)));
        assert_eq!(labels.find(&labels.key(2)), Some(2));
        assert_eq!(labels.find(&FrameKey::default()), None);
        assert_eq!(labels.name(9), "", "nobody");
    }
}
