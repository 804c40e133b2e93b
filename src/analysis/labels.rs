//! Labels of spans and marks by their keys.

use crate::model::{LabelValue, Recording, StringId};

/// A recording's labels.
#[derive(Debug, Clone, Copy)]
pub struct Labels<'a> {
    recording: &'a Recording,
    /// What a span has that never ended.
    unended: Option<(StringId, LabelValue)>,
}

impl<'a> Labels<'a> {
    /// The labels of a recording.
    pub fn of(recording: &'a Recording) -> Self {
        let find = |text| recording.strings.find(text);
        let unended = find("end").zip(find("missing")).map(|(key, value)| (key, LabelValue::Text(value)));
        Self { recording, unended }
    }

    /// The value under a key in a row of sets.
    pub fn value(&self, row: u32, key: &str) -> Option<LabelValue> {
        let key = self.recording.strings.find(key).filter(|_| row != 0)?;
        self.recording.label_sets.get(row).find(|(found, _)| *found == key).map(|(_, value)| value)
    }

    /// The text under a key.
    pub fn text(&self, row: u32, key: &str) -> Option<&'a str> {
        match self.value(row, key)? {
            LabelValue::Text(text) => Some(self.recording.text(text)),
            LabelValue::Number(..) => None,
        }
    }

    /// The whole number under a key.
    pub fn number(&self, row: u32, key: &str) -> Option<i64> {
        match self.value(row, key)? {
            LabelValue::Number(number, _) => Some(number),
            LabelValue::Text(_) => None,
        }
    }

    /// The number under a key, whole or not.
    pub fn float(&self, row: u32, key: &str) -> Option<f64> {
        match self.value(row, key)? {
            LabelValue::Number(number, _) => Some(number as f64),
            LabelValue::Text(text) => self.recording.text(text).parse().ok().filter(|n: &f64| n.is_finite()),
        }
    }

    /// Whether the span in this row has a begin and no end, so that nobody knows how long it was.
    pub fn is_unended(&self, span: usize) -> bool {
        let row = self.recording.spans.labels.get(span);
        let Some(unended) = self.unended.filter(|_| row != 0) else { return false };
        self.recording.label_sets.get(row).any(|label| label == unended)
    }
}
