//! Two recordings side by side, as a sheet of functions: before, after, and the difference.

use super::Engine;
use super::label::{amount, label_of_side};
use super::tables::window;
use crate::analysis::compare::{Side, join, problem};
use crate::analysis::scoped::Shown;
use crate::model::vocab::{Scope, Sort};
use crate::protocol::{Amount, Cell, Rows, Sheet, SheetColumn, SheetRow, Tone};
use crate::units::{self, Figure};

impl Engine {
    /// Functions of this recording (before) and of the other one (after).
    pub(super) fn compare(
        &mut self,
        scope: &Scope,
        search: &str,
        sort: Sort,
        from: u32,
        count: u32,
    ) -> Result<Sheet, String> {
        let before = self.functions_aggregate(scope);
        let Some(after) = &self.peer else {
            return Err("The other recording has not sent its functions yet.".into());
        };
        let wanted = search.to_lowercase();
        let keep = |side: &Side| {
            wanted.is_empty()
                || side.key.name.to_lowercase().contains(&wanted)
                || side.key.file.to_lowercase().contains(&wanted)
        };
        let problem = problem(&before, after);
        let pairs = if problem.is_some() { Vec::new() } else { join(&before, after, sort, keep) };
        let shown = Shown { name: before.value.clone(), unit: before.unit.clone(), decimals: before.decimals };
        let own = |side: Option<&Side>, base| side.map(|s| amount(s.self_value, base, &shown, s.self_samples));
        let total = |side: Option<&Side>, base| side.map(|s| amount(s.total, base, &shown, s.total_samples));
        let largest = pairs.iter().map(|p| p.difference().saturating_abs()).max().unwrap_or(0).max(1);
        let (from, part) = window(&pairs, from, count);
        let rows = part.iter().map(|pair| {
            let who = label_of_side(pair.either());
            let difference = amount(pair.difference(), before.base, &shown, 0);
            let name = if who.key.name.is_empty() { "(anonymous)" } else { &who.key.name };
            let bar = Cell { part: difference.raw as f64 / largest as f64, ..Cell::default() };
            let cells = vec![
                Cell { text: name.to_owned(), ..Cell::default() },
                side(own(pair.before, before.base)),
                side(own(pair.after, after.base)),
                bar,
                changed(difference),
                side(total(pair.before, before.base)),
                side(total(pair.after, after.base)),
            ];
            SheetRow { who: Some(who), cells, ..SheetRow::default() }
        });
        let rows = Rows {
            all: pairs.len() as u32,
            from,
            rows: rows.collect(),
            max_self: largest,
            max_total: largest,
            scroll_to: None,
        };
        let whole = |base| units::figure(base, shown.decimals, &shown.unit);
        let columns = columns(whole(before.base), whole(after.base));
        Ok(Sheet { columns, rows, note: problem.unwrap_or_default() })
    }
}

fn columns(before: Figure, after: Figure) -> Vec<SheetColumn> {
    let column = |label: &str, class: &str| SheetColumn {
        label: label.into(),
        class: class.into(),
        is_number: true,
        ..SheetColumn::default()
    };
    let fixed = |label, class| SheetColumn { is_fixed: true, ..column(label, class) };
    vec![
        SheetColumn { is_number: false, ..column("Function", "c-name") },
        SheetColumn { total: Some(before), ..column("Self before", "c-value") },
        SheetColumn { total: Some(after), ..column("Self after", "c-value") },
        fixed("", "c-bar"),
        column("Difference", "c-value c-delta"),
        fixed("Total before", "c-value c-totals"),
        fixed("Total after", "c-value c-totals"),
    ]
}

/// A value of one of the two; a function may be missing there.
fn side(amount: Option<Amount>) -> Cell {
    let quiet = |text: &str| Cell { text: text.into(), tone: Tone::Quiet, ..Cell::default() };
    match amount {
        None => quiet("none"),
        Some(amount) if amount.raw == 0 => quiet("0"),
        Some(amount) => Cell { text: amount.share_and_samples(), figure: amount.figure, ..Cell::default() },
    }
}

/// A difference carries its sign.
fn changed(difference: Amount) -> Cell {
    let tone = match difference.raw {
        0 => return side(Some(difference)),
        ..0 => Tone::Less,
        _ => Tone::More,
    };
    let signed = |figure: Figure| match tone {
        Tone::More => Figure { digits: format!("+{}", figure.digits), ..figure },
        _ => figure,
    };
    Cell { text: difference.share, figure: difference.figure.map(signed), tone, part: 0.0 }
}
