//! pprof.

use super::{Access, Context, Fit, Format, Head};
use crate::error::{Error, Result};
use crate::input::Window;
use crate::model::Builder;

/// pprof.
pub const FORMAT: Format = Format {
    id: "pprof",
    title: "pprof",
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
