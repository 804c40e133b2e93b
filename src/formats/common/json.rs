//! What readers of JSON do alike.

use crate::error::Result;
use crate::input::json::{Json, Kind, Number};
use crate::model::{Builder, StringId};

/// A name.
#[inline]
pub(in crate::formats) fn text(json: &mut Json<'_>, builder: &mut Builder) -> Result<StringId> {
    if let Some(plain) = json.plain_text() {
        return Ok(builder.strings.intern_bytes(plain));
    }
    Ok(builder.strings.intern(json.text()?))
}

/// Passes over what nothing is made of, which mostly is a short text.
pub(in crate::formats) fn skip(json: &mut Json<'_>) -> Result<()> {
    if json.plain_text().is_some() { Ok(()) } else { json.skip_value() }
}

/// A number: what is not whole is rounded, what does not fit is the nearest that does.
pub(in crate::formats) fn whole(json: &mut Json<'_>) -> Result<i64> {
    if let Some(number) = json.short_number() {
        return Ok(number);
    }
    Ok(json.decimal()?.scaled(0).value)
}

/// A number as a double; `None` for any other value, which is passed over.
pub(in crate::formats) fn float(json: &mut Json<'_>) -> Result<Option<f64>> {
    if json.kind()? == Kind::Number {
        return Ok(Some(json.f64()?));
    }
    json.skip_value()?;
    Ok(None)
}

/// A number × 10^`decimals`, rounded; `None` for any other value, which is passed over.
pub(in crate::formats) fn scaled(json: &mut Json<'_>, decimals: u8) -> Result<Option<i64>> {
    if json.kind()? == Kind::Number {
        return Ok(Some(json.decimal()?.scaled(decimals).value));
    }
    json.skip_value()?;
    Ok(None)
}

/// A value as people read it: texts and numbers as they are, of lists their elements; nothing for
/// objects and for what is empty.
pub(in crate::formats) fn words(json: &mut Json<'_>) -> Result<String> {
    if json.kind()? != Kind::Array {
        return word(json);
    }
    let mut all = String::new();
    json.begin_array()?;
    while json.next_element()? {
        let word = word(json)?;
        if !all.is_empty() && !word.is_empty() {
            all.push(' ');
        }
        all.push_str(&word);
    }
    Ok(all)
}

fn word(json: &mut Json<'_>) -> Result<String> {
    Ok(match json.kind()? {
        Kind::Text => json.text()?.to_owned(),
        Kind::Bool => if json.bool()? { "yes" } else { "no" }.to_owned(),
        Kind::Number => match json.number()? {
            Number::Int(n) => n.to_string(),
            Number::Uint(n) => n.to_string(),
            Number::Float(n) => n.to_string(),
        },
        _ => {
            json.skip_value()?;
            String::new()
        }
    })
}

/// Hands the reader to `read` inside each object of an array.
pub(in crate::formats) fn each_object(
    json: &mut Json<'_>,
    mut read: impl FnMut(&mut Json<'_>) -> Result<()>,
) -> Result<()> {
    json.begin_array()?;
    while json.next_element()? {
        if json.kind()? == Kind::Object {
            json.begin_object()?;
            read(json)?;
        } else {
            json.skip_value()?;
        }
    }
    Ok(())
}

/// Notes how many texts were not valid.
pub(in crate::formats) fn note_replaced(json: &Json<'_>, builder: &mut Builder) {
    builder.note(
        "bad-utf8",
        json.replaced(),
        "Some names are not valid text; U+FFFD stands for what could not be read.",
    );
}

/// Reads a node that holds the nodes that it calls, in a list under the key `children`, which hold
/// theirs, to any depth. `enter` makes a row for a node and is told the caller's; `member` reads any
/// other value of a row.
pub(in crate::formats) fn read_nested<T, K: Copy + PartialEq>(
    json: &mut Json<'_>,
    tree: &mut T,
    key_of: fn(&[u8]) -> K,
    children: K,
    enter: fn(&mut T, Option<u32>) -> u32,
    mut member: impl FnMut(&mut T, &mut Json<'_>, u32, K) -> Result<()>,
) -> Result<()> {
    json.begin_object()?;
    let mut open = vec![enter(tree, None)];
    while let Some(&row) = open.last() {
        let key = json.next_key_as(key_of)?;
        let is_list_next = match key {
            Some(key) if key == children && json.kind()? == Kind::Array => {
                json.begin_array()?;
                true
            }
            Some(key) => {
                member(tree, json, row, key)?;
                false
            }
            // Back in the list that the node stands in; the outermost stands in none.
            None => {
                open.pop();
                !open.is_empty()
            }
        };
        if is_list_next && json.next_element()? {
            json.nest_on_purpose();
            json.begin_object()?;
            open.push(enter(tree, open.last().copied()));
        }
    }
    // What follows is no longer nested on purpose.
    json.nest_on_purpose();
    Ok(())
}
