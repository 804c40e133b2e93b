//! Which number means what: `snapshot.meta`, by names.

use crate::error::{Error, Place, Result};
use crate::input::json::{Json, Kind};
use crate::model::heap::{EdgeKind, ObjectKind};

use super::rows::Slots;

/// The header: what the numbers mean, and what they should count up to.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) meta: Meta,
    pub(super) has_meta: bool,
    pub(super) node_count: Option<i64>,
    pub(super) edge_count: Option<i64>,
    pub(super) root_index: i64,
    pub(super) extra_native_bytes: i64,
}

/// The lists of names in `snapshot.meta`.
#[derive(Debug, Default)]
pub(super) struct Meta {
    node_fields: Vec<String>,
    node_types: Vec<Vec<String>>,
    edge_fields: Vec<String>,
    edge_types: Vec<Vec<String>>,
    pub(super) location_fields: Vec<String>,
    pub(super) sample_fields: Vec<String>,
    pub(super) trace_function_info_fields: Vec<String>,
    pub(super) trace_node_fields: Vec<String>,
}

/// What the numbers of `nodes` and `edges` mean.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) nodes: Slots,
    /// Kinds by their numbers in the file.
    pub(super) node_kinds: Vec<ObjectKind>,
    /// Names of kinds that only this file knows.
    pub(super) other_kinds: Vec<String>,
    pub(super) edges: Slots,
    pub(super) edge_kinds: Vec<EdgeKind>,
    pub(super) has_detachedness: bool,
    pub(super) has_traces: bool,
}

/// Fields of an object, in the order in which their values are handed on.
pub(super) const NODE_FIELDS: [&str; 7] =
    ["type", "name", "id", "self_size", "edge_count", "trace_node_id", "detachedness"];
/// How many of them every file has.
const NODE_FIELDS_NEEDED: usize = 5;
/// Fields of an edge.
pub(super) const EDGE_FIELDS: [&str; 3] = ["type", "name_or_index", "to_node"];

/// Lists and names in them that are read; more is no snapshot.
const NAMES_MAX: usize = 1_000;

impl Header {
    pub(super) fn read(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key()? {
            match key {
                "meta" => {
                    self.meta.read(json)?;
                    self.has_meta = true;
                }
                "node_count" => self.node_count = whole(json)?,
                "edge_count" => self.edge_count = whole(json)?,
                "root_index" => self.root_index = whole(json)?.unwrap_or(0),
                "extra_native_bytes" => self.extra_native_bytes = whole(json)?.unwrap_or(0),
                _ => json.skip_value()?,
            }
        }
        Ok(())
    }
}

/// A whole number, `None` for anything else.
fn whole(json: &mut Json<'_>) -> Result<Option<i64>> {
    if json.kind()? == Kind::Number {
        return Ok(json.decimal()?.to_i64());
    }
    json.skip_value()?;
    Ok(None)
}

impl Meta {
    fn read(&mut self, json: &mut Json<'_>) -> Result<()> {
        json.begin_object()?;
        while let Some(key) = json.next_key()? {
            match key {
                "node_fields" => self.node_fields = names(json)?,
                "edge_fields" => self.edge_fields = names(json)?,
                "node_types" => self.node_types = lists(json)?,
                "edge_types" => self.edge_types = lists(json)?,
                "location_fields" => self.location_fields = names(json)?,
                "sample_fields" => self.sample_fields = names(json)?,
                "trace_function_info_fields" => self.trace_function_info_fields = names(json)?,
                "trace_node_fields" => self.trace_node_fields = names(json)?,
                _ => json.skip_value()?,
            }
        }
        Ok(())
    }

    /// The layout of `nodes` and `edges`.
    ///
    /// # Errors
    /// When a field is missing without which nothing can be told.
    pub(super) fn layout(&self) -> Result<Layout> {
        let nodes = slots("node_fields", &self.node_fields, &NODE_FIELDS, NODE_FIELDS_NEEDED)?;
        let edges = slots("edge_fields", &self.edge_fields, &EDGE_FIELDS, EDGE_FIELDS.len())?;
        let (node_kinds, other_kinds) = object_kinds(types("node_types", &self.node_fields, &self.node_types)?);
        let edge_kinds = types("edge_types", &self.edge_fields, &self.edge_types)?;
        let has = |field: &str| self.node_fields.iter().any(|name| name == field);
        Ok(Layout {
            nodes,
            node_kinds,
            other_kinds,
            edges,
            edge_kinds: edge_kinds.iter().map(|name| EdgeKind::of_name(name)).collect(),
            has_detachedness: has("detachedness"),
            has_traces: has("trace_node_id"),
        })
    }
}

/// Kinds by number, and the names of those that only the file knows.
fn object_kinds(names: &[String]) -> (Vec<ObjectKind>, Vec<String>) {
    let mut others: Vec<String> = Vec::new();
    let kinds = names.iter().map(|name| {
        ObjectKind::of_name(name).unwrap_or_else(|| {
            // The last one is for numbers without a name.
            let at = others.len().min(usize::from(ObjectKind::OTHERS) - 1);
            if at + 1 < usize::from(ObjectKind::OTHERS) {
                others.push(name.clone());
            }
            ObjectKind::Other(at as u8)
        })
    });
    (kinds.collect(), others)
}

/// Where the wanted fields stand in rows that have `fields`.
fn slots(list: &str, fields: &[String], wanted: &[&str], needed: usize) -> Result<Slots> {
    if let Some(missing) = wanted[..needed].iter().find(|want| !fields.iter().any(|name| name == *want)) {
        let problem = format!("the field `{missing}` is missing in `{list}`");
        return Err(Error::new(Place::Path(format!("snapshot.meta.{list}")), problem, DAMAGED));
    }
    Ok(Slots::of(fields, wanted))
}

/// The names of the values of the field `type`.
fn types<'a>(list: &str, fields: &[String], types: &'a [Vec<String>]) -> Result<&'a [String]> {
    let at = fields.iter().position(|name| name == "type");
    let names = at.and_then(|at| types.get(at)).filter(|names| !names.is_empty());
    names.map(Vec::as_slice).ok_or_else(|| {
        let place = Place::Path(format!("snapshot.meta.{list}"));
        Error::new(place, "the names of the types are missing", DAMAGED)
    })
}

const DAMAGED: &str = "The file is damaged or was edited: record it again.";

/// The texts of a list; nothing for anything else.
fn names(json: &mut Json<'_>) -> Result<Vec<String>> {
    let mut names = Vec::new();
    if json.kind()? != Kind::Array {
        json.skip_value()?;
        return Ok(names);
    }
    json.begin_array()?;
    while json.next_element()? {
        if names.len() == NAMES_MAX {
            return Err(json.misplaced("there are more names than any snapshot has"));
        }
        // What is no text keeps its place.
        if json.kind()? == Kind::Text {
            names.push(json.text()?.to_owned());
        } else {
            json.skip_value()?;
            names.push(String::new());
        }
    }
    Ok(names)
}

/// The lists of names in a list, empty ones for what is no list.
fn lists(json: &mut Json<'_>) -> Result<Vec<Vec<String>>> {
    let mut lists = Vec::new();
    if json.kind()? != Kind::Array {
        json.skip_value()?;
        return Ok(lists);
    }
    json.begin_array()?;
    while json.next_element()? {
        if lists.len() == NAMES_MAX {
            return Err(json.misplaced("there are more lists than any snapshot has"));
        }
        lists.push(names(json)?);
    }
    Ok(lists)
}
