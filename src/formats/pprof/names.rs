//! The string table: texts by index, interned while the file streams by.

use crate::model::{Column, StringId, Strings};

/// The string table. Index 0 stands for "not set", whatever the file has put there.
#[derive(Debug, Default)]
pub(super) struct Names {
    ids: Column<StringId>,
    /// Whether the first text is not the empty one that the definition asks for.
    pub(super) starts_badly: bool,
    /// Texts that were not UTF-8.
    pub(super) replaced: u64,
    /// References to texts that do not exist.
    pub(super) missing: u64,
}

impl Names {
    /// Adds the next text of the table.
    pub(super) fn push(&mut self, bytes: &[u8], strings: &mut Strings) {
        let id = match std::str::from_utf8(bytes) {
            Ok(text) => strings.intern(text),
            Err(_) => {
                self.replaced += 1;
                strings.intern_bytes(bytes)
            }
        };
        if self.ids.is_empty() && !bytes.is_empty() {
            self.starts_badly = true;
        }
        self.ids.push(id);
    }

    /// The text at an index of the file; the empty one, counted, where there is none.
    #[inline]
    pub(super) fn id(&mut self, index: i64) -> StringId {
        if index == 0 {
            return StringId::EMPTY;
        }
        match usize::try_from(index) {
            Ok(at) if at < self.ids.len() => self.ids.get(at),
            _ => {
                self.missing += 1;
                StringId::EMPTY
            }
        }
    }

    /// Whether the file has no string table at all.
    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}
