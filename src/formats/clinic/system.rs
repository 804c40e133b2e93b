//! `*-systeminfo`: what a recording was made on, and with doctor one moment on two clocks.

use crate::error::Result;
use crate::formats::common::json::{note_replaced, scaled, words};
use crate::formats::{Context, Fit, Head};
use crate::input::Window;
use crate::input::json::{Json, Kind, glimpse};
use crate::model::{Builder, Table};

/// The answer of the format: by doctor's clock, or by what the others tell of paths.
pub(super) fn detect(head: &Head<'_>) -> Fit {
    let Some(top) = glimpse(head.bytes) else { return Fit::No };
    let has_clock = top.get("clock").is_some_and(|clock| clock.has("hrtime") && clock.has("unixtime"));
    let has_paths = top.has("mainDirectory") && top.has("pathSeparator");
    match () {
        () if has_clock => Fit::Yes("starts with \"clock\", \"hrtime\": system information of clinic doctor".into()),
        () if has_paths => Fit::Yes("has \"mainDirectory\", \"pathSeparator\": system information of clinic".into()),
        () => Fit::No,
    }
}

pub(super) fn decode(window: &mut Window, builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    let mut json = Json::new(window);
    let mut facts = Table::of_facts("System");
    json.begin_object()?;
    while let Some(key) = json.next_key()?.map(str::to_owned) {
        match key.as_str() {
            "clock" if json.kind()? == Kind::Object => clock(&mut json, builder)?,
            "nodeVersions" if json.kind()? == Kind::Object => {
                json.begin_object()?;
                while let Some(name) = json.next_key()?.map(str::to_owned) {
                    let version = words(&mut json)?;
                    // Of two dozen libraries, these change what is slow.
                    let wanted = [("node", "Node.js"), ("v8", "V8"), ("uv", "libuv"), ("openssl", "OpenSSL")];
                    if let Some((_, name)) = wanted.iter().find(|(key, _)| *key == name) {
                        facts.fact(name, version);
                    }
                }
            }
            "toolVersion" => facts.fact("Version of the tool", words(&mut json)?),
            "mainDirectory" => facts.fact("Folder", words(&mut json)?),
            _ => json.skip_value()?,
        }
    }
    json.end()?;
    note_replaced(&json, builder);
    builder.tables.push(facts);
    Ok(())
}

/// `{"hrtime": [seconds, nanoseconds], "unixtime": milliseconds}`
fn clock(json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
    let (mut monotonic, mut unix) = (None, None);
    json.begin_object()?;
    while let Some(key) = json.next_key()?.map(str::to_owned) {
        match key.as_str() {
            "hrtime" if json.kind()? == Kind::Array => {
                let mut parts = [None; 2];
                let mut at = 0;
                json.begin_array()?;
                while json.next_element()? {
                    let part = scaled(json, if at == 0 { 9 } else { 0 })?;
                    if let Some(slot) = parts.get_mut(at) {
                        *slot = part;
                    }
                    at += 1;
                }
                monotonic = parts[0].zip(parts[1]).map(|(seconds, nanos)| seconds.saturating_add(nanos));
            }
            "unixtime" => unix = scaled(json, 6)?,
            _ => json.skip_value()?,
        }
    }
    if monotonic.is_some() && unix.is_some() {
        (builder.clock.start_ns, builder.clock.unix_ns) = (monotonic, unix);
    }
    Ok(())
}
