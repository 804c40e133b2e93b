//! Files of one JSON document per line.

use memchr::memchr;

use crate::error::{Error, Result};
use crate::input::Window;
use crate::input::json::Json;
use crate::model::Builder;

/// What became of the lines of a file.
#[derive(Debug, Default)]
pub(in crate::formats) struct Lines {
    /// Lines that were read as a whole.
    pub(in crate::formats) read: u64,
    /// Lines that are no documents, or not of the kind that was expected.
    pub(in crate::formats) damaged: u64,
    /// The first of them.
    pub(in crate::formats) first: Option<Error>,
    /// Whether the last line is one of them: the file ends early.
    pub(in crate::formats) is_cut: bool,
    replaced: u64,
}

impl Lines {
    /// Notes what was left out.
    pub(in crate::formats) fn note(&self, builder: &mut Builder) {
        let left_out = self.damaged - u64::from(self.is_cut);
        builder.note("bad-lines", left_out, "Some lines are not as this format writes them; they were left out.");
        if self.is_cut {
            builder.note("cut", 1, "The file ends inside a line; that line was left out.");
        }
        builder.note(
            "bad-utf8",
            self.replaced,
            "Some names are not valid text; U+FFFD stands for what could not be read.",
        );
    }

    /// The complaint of a file in which no line could be used.
    pub(in crate::formats) fn nothing(self, missing: &str) -> Error {
        self.first.unwrap_or_else(|| Error::whole(missing, "Check that the recording ended properly."))
    }
}

/// Hands a reader of each line that is not empty to `read`. A line that fails is counted and passed.
///
/// # Errors
/// When the file itself cannot be read.
pub(in crate::formats) fn each_line(
    window: &mut Window,
    mut read: impl FnMut(&mut Json<'_>) -> Result<()>,
) -> Result<Lines> {
    let mut lines = Lines::default();
    while let Some((length, is_ended)) = line(window)? {
        if window.data()[..length].iter().all(u8::is_ascii_whitespace) {
            window.consume(length + usize::from(is_ended));
            continue;
        }
        window.fence(length);
        let mut json = Json::new(window);
        let outcome = read(&mut json).and_then(|()| json.end());
        lines.replaced += json.replaced();
        window.unfence();
        window.consume(usize::from(is_ended));
        match outcome {
            Ok(()) => lines.read += 1,
            Err(error) => {
                lines.damaged += 1;
                lines.is_cut = !is_ended;
                lines.first.get_or_insert(error);
            }
        }
    }
    Ok(lines)
}

/// Length of the next line, which is in the window then, and whether a line feed follows it.
fn line(window: &mut Window) -> Result<Option<(usize, bool)>> {
    let mut seen = 0;
    loop {
        if let Some(at) = memchr(b'\n', &window.data()[seen..]) {
            return Ok(Some((seen + at, true)));
        }
        seen = window.data().len();
        if !window.fill()? {
            return Ok((seen > 0).then_some((seen, false)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_line_costs_itself_alone() {
        let text = "{\"a\":1}\n\n{\"a\":\n{\"a\":2}\r\n[3]\n{\"a\":4} x\n{\"a\":5";
        let mut window = Window::over(text.as_bytes());
        let mut values = Vec::new();
        let lines = each_line(&mut window, |json| {
            json.begin_object()?;
            while json.next_key()?.is_some() {
                values.push(json.i64()?);
            }
            Ok(())
        });
        let lines = lines.expect("memory can be read");
        assert_eq!((lines.read, lines.damaged, lines.is_cut), (2, 4, true));
        assert_eq!(values[..2], [1, 2]);
        assert_eq!(lines.first.and_then(|e| e.offset), Some(14));
    }
}
