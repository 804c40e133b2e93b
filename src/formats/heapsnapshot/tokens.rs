//! Allocation stacks: nested lists, kept as tokens until it is known what they mean.

use crate::error::Result;
use crate::input::json::{Json, Kind};
use crate::model::Column;
use crate::model::heap::TraceNode;

use super::rows::small;

/// A nested list of numbers, to any depth.
#[derive(Debug, Default)]
pub(super) struct Tokens(Column<i64>);

/// The start of a list in a list.
const OPEN: i64 = i64::MIN;
/// The end of one.
const CLOSE: i64 = i64::MIN + 1;

/// An open list of stacks.
struct Level {
    caller: u32,
    /// The stack whose fields are being read.
    row: u32,
    /// Place of its next field.
    at: usize,
}

impl Tokens {
    pub(super) fn read(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_array()?;
        let mut depth = 1u64;
        while depth > 0 {
            if !json.next_element()? {
                depth -= 1;
                if depth > 0 {
                    self.0.push(CLOSE);
                }
                continue;
            }
            match json.kind()? {
                Kind::Array => {
                    json.nest_on_purpose();
                    json.begin_array()?;
                    self.0.push(OPEN);
                    depth += 1;
                }
                Kind::Number => {
                    let number = json.decimal()?.scaled(0).value;
                    self.0.push(number.max(CLOSE + 1));
                }
                _ => {
                    json.skip_value()?;
                    self.0.push(0);
                }
            }
        }
        Ok(())
    }

    /// The stacks, callers first.
    pub(super) fn stacks(&self, fields: &[String]) -> Column<TraceNode> {
        let mut stacks: Column<TraceNode> = Column::new();
        let mut open = vec![Level { caller: TraceNode::NO_CALLER, row: 0, at: 0 }];
        let empty = TraceNode { id: 0, function: u32::MAX, caller: TraceNode::NO_CALLER, count: 0, size: 0 };
        if fields.is_empty() {
            return stacks;
        }
        for token in self.0.iter() {
            let Some(level) = open.last_mut() else { break };
            if token == CLOSE {
                open.pop();
                continue;
            }
            if level.at == 0 {
                level.row = stacks.len() as u32;
                stacks.push(TraceNode { caller: level.caller, ..empty });
            }
            let field = &fields[level.at];
            level.at = (level.at + 1) % fields.len();
            let row = level.row;
            if token == OPEN {
                open.push(Level { caller: row, row: 0, at: 0 });
                continue;
            }
            let stack = stacks.get_mut(row as usize);
            match field.as_str() {
                "id" => stack.id = small(token),
                "function_info_index" => stack.function = small(token),
                "count" => stack.count = u64::try_from(token).unwrap_or(0),
                "size" => stack.size = u64::try_from(token).unwrap_or(0),
                _ => {}
            }
        }
        stacks
    }
}
