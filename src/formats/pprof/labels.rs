//! Labels of samples: read while the file streams by, looked up once its names are known.

use super::names::Names;
use super::samples::{Moments, Samples};
use crate::formats::common::proto::{Malformed, Value, fields};
use crate::model::{Builder, Column, LabelValue, StringId, Strings};

/// The label whose number is the moment at which a sample ended, in Unix nanoseconds.
const END_TIMESTAMP: &str = "end_timestamp_ns";
/// The label that marks what a comparison has subtracted.
const DIFF_BASE: (&str, &str) = ("pprof::base", "true");

/// A label as it is written: indices into the string table, and a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RawLabel {
    pub(super) key: i64,
    /// A text, or 0: then it is a number.
    pub(super) text: i64,
    pub(super) number: i64,
    pub(super) unit: i64,
}

impl RawLabel {
    /// Reads a label's message.
    #[inline]
    pub(super) fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut label = Self::default();
        for field in fields(body) {
            match field? {
                (1, Value::Varint(n)) => label.key = n.cast_signed(),
                (2, Value::Varint(n)) => label.text = n.cast_signed(),
                (3, Value::Varint(n)) => label.number = n.cast_signed(),
                (4, Value::Varint(n)) => label.unit = n.cast_signed(),
                (1..=4, _) => return Err(Malformed::Mismatch),
                _ => {}
            }
        }
        Ok(label)
    }
}

/// The labels of all samples, looked up.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// Row of the recording's label sets of each sample; `None` when no sample has labels.
    pub(super) rows: Option<Column<u32>>,
    /// The moment of each sample, when every sample has one. It is no label then.
    pub(super) moments: Option<Column<i64>>,
    /// Samples that a comparison has subtracted.
    pub(super) base_samples: u64,
}

/// Looks the labels of all samples up; the samples lose their column of them.
pub(super) fn resolve(samples: &mut Samples, names: &mut Names, builder: &mut Builder) -> Labels {
    let words = Words::new(&builder.strings);
    let moments = moments(samples, names, words);
    let is_timed = moments.is_some();
    let mut rows = Column::new();
    let mut is_base = Column::new();
    let mut set = Set::default();
    for list in samples.sets.iter() {
        set.read(list, names, words, is_timed);
        rows.push(builder.label_sets.intern(&set.pairs));
        is_base.push(set.is_base);
    }
    let mut labels = Labels { moments, ..Labels::default() };
    // Large numbers that turned out to be no moments are labels like any other.
    let apart = samples.moments.as_ref().filter(|m| !(is_timed && words.is_moment(names.id(m.key))));
    let mut column = match (samples.set.take(), apart) {
        (Some(column), _) => column,
        (None, Some(_)) => {
            samples.sets.intern(&[]);
            rows.push(0);
            is_base.push(false);
            Column::filled(0, samples.len())
        }
        (None, None) => return labels,
    };
    let mut any = false;
    for i in 0..column.len() {
        let list = column.get(i);
        let mut row = rows.get(list as usize);
        labels.base_samples += u64::from(is_base.get(list as usize));
        if let Some(label) = apart.and_then(|m| m.label(i)) {
            set.read(samples.sets.get(list), names, words, is_timed);
            set.push(label, names, words, is_timed);
            row = builder.label_sets.intern(&set.pairs);
        }
        any |= row != 0;
        column.set(i, row);
    }
    labels.rows = any.then_some(column);
    labels
}

/// The moments of all samples, `None` unless every sample has one.
fn moments(samples: &Samples, names: &mut Names, words: Words) -> Option<Column<i64>> {
    words.end_timestamp?;
    if samples.len() == 0 {
        return None;
    }
    // These look-ups are repeated later: what is missing counts then.
    let missing = names.missing;
    let mut set = Set::default();
    let mut of_set = Column::new();
    for list in samples.sets.iter() {
        set.read(list, names, words, false);
        of_set.push(set.moment);
    }
    let apart = samples.moments.as_ref().filter(|m| words.is_moment(names.id(m.key)));
    names.missing = missing;
    let moment = |i| {
        let in_set = || samples.set.as_ref().and_then(|set| of_set.get(set.get(i) as usize));
        apart.and_then(|m| m.label(i)).map(|label| label.number).or_else(in_set)
    };
    let mut column = Column::new();
    for i in 0..samples.len() {
        column.push(moment(i)?);
    }
    Some(column)
}

impl Moments {
    /// The label of a sample.
    fn label(&self, sample: usize) -> Option<RawLabel> {
        let number = if sample < self.numbers.len() { self.numbers.get(sample) } else { 0 };
        (number != 0).then_some(RawLabel { key: self.key, text: 0, number, unit: self.unit })
    }
}

/// A set of labels, looked up; used again for the next one.
#[derive(Debug, Default)]
struct Set {
    /// Key and value of each, in the order of the file.
    pairs: Vec<(StringId, LabelValue)>,
    moment: Option<i64>,
    is_base: bool,
}

impl Set {
    /// Looks up a set that [`Samples`] keeps as `list`; without its moment where that is no label.
    fn read(&mut self, list: &[u8], names: &mut Names, words: Words, without_moment: bool) {
        self.pairs.clear();
        self.moment = None;
        self.is_base = false;
        // Every label in the list was read before it was put there: it is well-formed.
        for (_, value) in fields(list).flatten() {
            if let Value::Bytes(body) = value
                && let Ok(label) = RawLabel::read(body)
            {
                self.push(label, names, words, without_moment);
            }
        }
    }

    /// Adds a label. Without a key it means nothing and is left out.
    fn push(&mut self, label: RawLabel, names: &mut Names, words: Words, without_moment: bool) {
        let key = names.id(label.key);
        if key == StringId::EMPTY {
            return;
        }
        if label.text != 0 {
            let text = names.id(label.text);
            self.is_base |= words.base == Some((key, text));
            self.pairs.push((key, LabelValue::Text(text)));
            return;
        }
        if words.is_moment(key) {
            self.moment.get_or_insert(label.number);
            if without_moment {
                return;
            }
        }
        self.pairs.push((key, LabelValue::Number(label.number, names.id(label.unit))));
    }
}

/// The labels that mean something here, as ids; `None` where the file does not have the word.
#[derive(Debug, Clone, Copy)]
struct Words {
    end_timestamp: Option<StringId>,
    base: Option<(StringId, StringId)>,
}

impl Words {
    fn new(strings: &Strings) -> Self {
        Self {
            end_timestamp: strings.find(END_TIMESTAMP),
            base: strings.find(DIFF_BASE.0).zip(strings.find(DIFF_BASE.1)),
        }
    }

    fn is_moment(self, key: StringId) -> bool {
        self.end_timestamp == Some(key)
    }
}
