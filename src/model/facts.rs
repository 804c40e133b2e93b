//! Facts that are neither stacks nor numbers over time: small tables of texts, as the file gives them.

/// A table of facts with a title: the spaces of a heap, open handles, thresholds of a load test.
///
/// What stands in it is text for people. A number that anything is worked out of has a place of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// What it shows: `Heap spaces`.
    pub title: String,
    /// Heads of the columns.
    pub columns: Vec<String>,
    /// The rows; each has as many texts as there are columns.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new<const N: usize>(title: impl Into<String>, columns: [&str; N]) -> Self {
        Self { title: title.into(), columns: columns.map(str::to_owned).to_vec(), rows: Vec::new() }
    }

    /// A table of names and what they stand for.
    pub fn of_facts(title: impl Into<String>) -> Self {
        Self::new(title, ["Fact", "Value"])
    }

    /// Adds a row. Steering characters in it are as harmless as elsewhere: views show plain text.
    pub fn row<const N: usize>(&mut self, texts: [String; N]) {
        debug_assert_eq!(N, self.columns.len(), "a text for each column");
        self.rows.push(texts.into());
    }

    /// Adds a name and what it stands for, unless that is empty.
    pub fn fact(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.row([name.to_owned(), value]);
        }
    }

    /// Bytes of heap memory held by it.
    pub fn heap_bytes(&self) -> usize {
        let row = |row: &Vec<String>| row.iter().map(|text| text.capacity() + size_of::<String>()).sum::<usize>();
        self.rows.iter().map(row).sum()
    }
}
