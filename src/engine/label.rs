//! How functions and numbers are shown wherever they appear: one label, one amount.

use crate::analysis::compare::Side;
use crate::analysis::modules::{Kind, Modules, key};
use crate::analysis::scoped::Shown;
use crate::draw::{Hue, Paint};
use crate::model::{FunctionId, Recording};
use crate::protocol::{Amount, FunctionLabel};
use crate::stage::LabelRow;
use crate::units;

/// The label of a function.
pub(super) fn label(recording: &Recording, modules: &Modules, function: FunctionId) -> FunctionLabel {
    let kind = modules.kind(function);
    let module = modules.module_name(function);
    FunctionLabel {
        key: key(recording, function),
        module: module.to_owned(),
        place: modules.place(function).to_owned(),
        kind: kind.word().to_owned(),
        token: fill(kind, module).token().to_owned(),
    }
}

/// The label of a function for the stage.
pub(super) fn label_row<'a>(recording: &'a Recording, modules: &'a Modules, function: FunctionId) -> LabelRow<'a> {
    let (kind, module) = (modules.kind(function), modules.module_name(function));
    let row = recording.function(function);
    LabelRow {
        name: recording.text(row.name),
        file: recording.text(row.file),
        line: row.line,
        module,
        place: modules.place(function),
        kind: kind.word(),
        paint: fill(kind, module),
        has_heat: !matches!(kind, Kind::Gc | Kind::Program | Kind::Idle),
    }
}

/// The label of a function of another recording.
pub(super) fn label_of_side(side: &Side) -> FunctionLabel {
    let kind = Kind::ALL.into_iter().find(|k| k.word() == side.kind).unwrap_or(Kind::Own);
    FunctionLabel {
        key: side.key.clone(),
        module: side.module.clone(),
        place: side.place.clone(),
        kind: side.kind.clone(),
        token: fill(kind, &side.module).token().to_owned(),
    }
}

/// The fill of a function's boxes: hue by module, chroma by whose code it is.
pub(super) fn fill(kind: Kind, module: &str) -> Paint {
    match kind {
        Kind::Own => Paint::own(Hue::of(module)),
        Kind::Dependency => Paint::dependency(Hue::of(module)),
        Kind::Runtime => Paint::runtime(Hue::of(module)),
        Kind::Native => Paint::NATIVE,
        Kind::Kernel => Paint::KERNEL,
        Kind::Gc => Paint::GC,
        Kind::Program | Kind::Idle => Paint::PROGRAM,
    }
}

/// A number with its share of `base` and its samples.
pub(super) fn amount(raw: i64, base: i64, shown: &Shown, samples: u64) -> Amount {
    Amount::new(raw, base, &shown.unit, shown.decimals, samples)
}

/// A time with its share of `base` nanoseconds.
pub(super) fn time(raw: i64, base: i64, samples: u64) -> Amount {
    let shown = Shown { name: String::new(), unit: units::Unit::Nanos, decimals: 0 };
    amount(raw, base, &shown, samples)
}
