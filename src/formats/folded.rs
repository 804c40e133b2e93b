//! Folded stacks.

use super::{Access, Context, Fit, Format, Head};
use crate::error::{Error, Result};
use crate::input::Window;
use crate::model::Builder;

/// Folded stacks.
pub const FORMAT: Format = Format {
    id: "folded",
    title: "Folded stacks",
    tools: &[],
    extensions: &[],
    recipes: &[],
    access: Access::Forward,
    detect,
    decode,
};

fn detect(_head: &Head<'_>) -> Fit {
    Fit::No
}

fn decode(_window: &mut Window, _builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    Err(Error::whole("not yet", ""))
}
