//! The summary as JSON: `handleSummary()`'s data, and the older layout of `--summary-export`, in which
//! metrics have no `values` and a threshold says `true` when it was broken.

use super::metric::{Checks, Contains, Kind, Sums, Thresholds, name_and_group};
use crate::error::{Error, Result};
use crate::formats::common::json::{float, note_replaced, scaled, words};
use crate::formats::{Context, Fit, Head};
use crate::input::Window;
use crate::input::json::{Glimpse, Json, Kind as Json_, glimpse};
use crate::model::{Builder, Table};
use crate::units::nanos;

/// The answer of the newer layout.
pub(super) fn detect(head: &Head<'_>) -> Fit {
    match layout(head) {
        Some(true) => Fit::Yes("has \"metrics\", \"root_group\" or \"state\": summary of k6".into()),
        _ => Fit::No,
    }
}

/// The answer of the older layout.
pub(super) fn detect_export(head: &Head<'_>) -> Fit {
    match layout(head) {
        Some(false) => Fit::Yes("has \"metrics\", \"root_group\": exported summary of k6".into()),
        _ => Fit::No,
    }
}

/// Whether it is the newer layout; `None` when it is neither.
fn layout(head: &Head<'_>) -> Option<bool> {
    let top = glimpse(head.bytes)?;
    let is_group = |group: &Glimpse<'_>| group.has("checks") || group.has("groups");
    let root = top.get("root_group").filter(is_group);
    let has_state = top.get("state").is_some_and(|state| state.has("testRunDurationMs"));
    let metrics = top.get("metrics").filter(|metrics| metrics.kind == Json_::Object);
    let first = metrics.and_then(|metrics| metrics.members().next());
    let is_metric = |metric: &Glimpse<'_>| {
        ["values", "count", "rate", "avg", "med", "value", "passes"].iter().any(|key| metric.has(key))
    };
    match (first, &root) {
        (Some((_, metric)), _) if metric.has("values") && metric.has("type") => Some(true),
        (Some((_, metric)), Some(_)) if is_metric(&metric) => Some(false),
        // The metrics are further down than the head reaches; only the older layout has no state.
        (None, Some(root)) if root.kind == Json_::Object => {
            let is_list = ["groups", "checks"].iter().any(|key| root.get(key).is_some_and(|g| g.kind == Json_::Array));
            Some(is_list || has_state)
        }
        _ => None,
    }
}

pub(super) fn decode(window: &mut Window, builder: &mut Builder, _context: &Context<'_>) -> Result<()> {
    let mut json = Json::new(window);
    let mut summary = Summary::default();
    let read = summary.read(&mut json, builder).and_then(|()| json.end());
    match read {
        Err(_) if json.is_cut() && summary.metrics > 0 => {
            builder.note("cut", 1, "The file ends early; what it holds was kept.");
        }
        read => read?,
    }
    note_replaced(&json, builder);
    if summary.metrics == 0 {
        return Err(Error::whole("it holds no metrics", "Run the test again."));
    }
    if !summary.facts.rows.is_empty() {
        builder.tables.push(summary.facts);
    }
    summary.thresholds.finish(builder);
    summary.checks.finish(builder);
    Ok(())
}

#[derive(Debug)]
struct Summary {
    thresholds: Thresholds,
    checks: Checks,
    facts: Table,
    metrics: u64,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            thresholds: Thresholds::default(),
            checks: Checks::default(),
            facts: Table::of_facts("Load test"),
            metrics: 0,
        }
    }
}

impl Summary {
    fn read(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            match (key.as_str(), json.kind()?) {
                ("metrics", Json_::Object) => {
                    json.begin_object()?;
                    while let Some(name) = json.next_key()?.map(str::to_owned) {
                        self.metric(&name, json, builder)?;
                    }
                }
                ("root_group", Json_::Object) => self.groups(json, builder)?,
                ("state", Json_::Object) => {
                    json.begin_object()?;
                    while let Some(is_length) = json.next_key()?.map(|key| key == "testRunDurationMs") {
                        let length = scaled(json, 6)?.filter(|_| is_length);
                        if let Some(length) = length {
                            self.facts.fact("Duration", nanos(length).to_string());
                        }
                    }
                }
                _ => json.skip_value()?,
            }
        }
        Ok(())
    }

    fn metric(&mut self, name: &str, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        if json.kind()? != Json_::Object {
            return json.skip_value();
        }
        let (mut sums, mut kind, mut contains) = (Sums::default(), None, None);
        let mut conditions: Vec<(String, Option<bool>)> = Vec::new();
        json.begin_object()?;
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            match (key.as_str(), json.kind()?) {
                ("type", Json_::Text) => kind = Kind::of(json.text()?),
                ("contains", Json_::Text) => contains = Some(Contains::of(json.text()?)),
                ("values", Json_::Object) => {
                    json.begin_object()?;
                    while let Some(key) = json.next_key()?.map(str::to_owned) {
                        let number = float(json)?;
                        sums.numbers.extend(number.map(|number| (key, number)));
                    }
                }
                ("thresholds", Json_::Object) => {
                    json.begin_object()?;
                    while let Some(condition) = json.next_key()?.map(str::to_owned) {
                        conditions.push((condition, held(json)?));
                    }
                }
                (_, Json_::Number) => {
                    let number = json.f64()?;
                    sums.numbers.push((key, number));
                }
                _ => json.skip_value()?,
            }
        }
        self.metrics += 1;
        let contains = contains.unwrap_or_else(|| Contains::guess(name_and_group(name).0));
        let kind = kind.unwrap_or_else(|| sums.kind());
        sums.add(name, kind, contains.unit(), contains.factor(), builder);
        conditions.into_iter().for_each(|(condition, held)| self.thresholds.add(name, &condition, held));
        Ok(())
    }

    /// The tree of groups, which may be nested to any depth: as lists, or as objects by name. Their
    /// checks tell their own path.
    fn groups(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        json.begin_object()?;
        // Groups, and what holds groups: a list or an object.
        let mut open = vec![Level::Group];
        while let Some(level) = open.last().copied() {
            let next = match level {
                Level::List => json.next_element()?,
                Level::Group => {
                    let key = json.next_key_as(|key| (key == b"groups") as u8 + 2 * (key == b"checks") as u8)?;
                    match (key, if key.is_some() { Some(json.kind()?) } else { None }) {
                        (Some(1), Some(Json_::Array)) => {
                            json.nest_on_purpose();
                            json.begin_array()?;
                            open.push(Level::List);
                        }
                        (Some(1), Some(Json_::Object)) => {
                            json.nest_on_purpose();
                            json.begin_object()?;
                            open.push(Level::Map);
                        }
                        (Some(2), _) => self.all_checks(json, builder)?,
                        (Some(_), _) => json.skip_value()?,
                        (None, _) => drop(open.pop()),
                    }
                    continue;
                }
                Level::Map => json.next_key()?.is_some(),
            };
            match next {
                false => drop(open.pop()),
                true if json.kind()? == Json_::Object => {
                    json.begin_object()?;
                    open.push(Level::Group);
                }
                true => json.skip_value()?,
            }
        }
        // What follows is no longer nested on purpose.
        json.nest_on_purpose();
        Ok(())
    }

    fn all_checks(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        match json.kind()? {
            Json_::Array => {
                json.begin_array()?;
                while json.next_element()? {
                    self.check(json, builder)?;
                }
            }
            Json_::Object => {
                json.begin_object()?;
                while json.next_key()?.is_some() {
                    self.check(json, builder)?;
                }
            }
            _ => json.skip_value()?,
        }
        Ok(())
    }

    fn check(&mut self, json: &mut Json<'_>, builder: &mut Builder) -> Result<()> {
        if json.kind()? != Json_::Object {
            return json.skip_value();
        }
        let (mut name, mut path, mut passes, mut fails) = (String::new(), String::new(), None, None);
        json.begin_object()?;
        while let Some(key) = json.next_key()?.map(str::to_owned) {
            match key.as_str() {
                "name" => name = words(json)?,
                "path" => path = words(json)?,
                "passes" => passes = float(json)?,
                "fails" => fails = float(json)?,
                _ => json.skip_value()?,
            }
        }
        // `::group::inner::check`
        let group = path.rsplit_once("::").map_or("", |(group, _)| group).trim_start_matches("::");
        self.checks.add(&name, group, passes.unwrap_or(0.0), fails.unwrap_or(0.0), builder);
        Ok(())
    }
}

#[derive(Debug, Clone, Copy)]
enum Level {
    Group,
    List,
    Map,
}

/// `{"ok": true}`, or in the older layout `false` for one that held.
fn held(json: &mut Json<'_>) -> Result<Option<bool>> {
    match json.kind()? {
        Json_::Bool => Ok(Some(!json.bool()?)),
        Json_::Object => {
            let mut held = None;
            json.begin_object()?;
            while let Some(is_verdict) = json.next_key()?.map(|key| key == "ok") {
                if is_verdict && json.kind()? == Json_::Bool {
                    held = Some(json.bool()?);
                } else {
                    json.skip_value()?;
                }
            }
            Ok(held)
        }
        _ => json.skip_value().map(|()| None),
    }
}
