//! Version 1 of the address: what of a state differs from the defaults, under short names.

use crate::model::vocab::{Filter, FrameKey, Order, Sort, SortColumn, ThreadKey, TimeRange, ViewId};
use crate::state::json::{Json, number};
use crate::state::{ColourBy, FileRef, Selection, TableMode, ViewState};

/// What is wrong, as a part of a sentence.
type Read<T> = Result<T, String>;

/// The words that stand for the values of a type.
type Words<T> = [(&'static str, T)];

const VIEWS: &Words<ViewId> = &[
    ("Flame", ViewId::Flame),
    ("Table", ViewId::Table),
    ("Stalls", ViewId::Stalls),
    ("Compare", ViewId::Compare),
    ("Memory", ViewId::Memory),
    ("Trace", ViewId::Trace),
    ("Series", ViewId::Series),
];

const ORDERS: &Words<Order> = &[("Weight", Order::Weight), ("Name", Order::Name), ("Time", Order::Time)];

const COLOURS: &Words<ColourBy> = &[("Module", ColourBy::Module), ("Heat", ColourBy::Heat)];

const TABLES: &Words<TableMode> =
    &[("Functions", TableMode::Functions), ("Tree", TableMode::Tree), ("Callers", TableMode::Callers)];

const COLUMNS: &Words<SortColumn> = &[
    ("SelfValue", SortColumn::SelfValue),
    ("Total", SortColumn::Total),
    ("Samples", SortColumn::Samples),
    ("Name", SortColumn::Name),
    ("Module", SortColumn::Module),
    ("Before", SortColumn::Before),
    ("After", SortColumn::After),
    ("Difference", SortColumn::Difference),
];

/// The JSON of a state.
pub(super) fn write(state: &ViewState) -> Json {
    let usual = ViewState::default();
    let mut fields = Fields(Vec::new());
    fields.add("f", !state.files.is_empty(), || list(&state.files, file));
    fields.add("a", state.active != 0, || digits(state.active));
    let pair = |(before, after)| Json::List(vec![digits(before), digits(after)]);
    fields.add("ab", state.compare.is_some(), || state.compare.map_or(Json::Null, pair));
    fields.add("t", state.view != usual.view, || word(VIEWS, &state.view));
    fields.add("s", !state.filters.is_empty(), || list(&state.filters, filter));
    fields.add("v", state.value.is_some(), || text(state.value.as_deref().unwrap_or_default()));
    fields.add("sel", state.selection.is_some(), || state.selection.as_ref().map_or(Json::Null, selection));
    fields.add("q", !state.search.is_empty(), || text(&state.search));
    fields.add("z", !state.zoom.is_empty(), || list(&state.zoom, key));
    fields.add("zx", state.span != usual.span, || Json::List(vec![decimal(state.span.0), decimal(state.span.1)]));
    fields.add("zy", state.scroll != 0.0, || decimal(state.scroll));
    fields.add("o", state.order != usual.order, || word(ORDERS, &state.order));
    fields.add("i", state.callers, || Json::Bool(true));
    fields.add("up", state.upwards, || Json::Bool(true));
    fields.add("c", state.colour_by != usual.colour_by, || word(COLOURS, &state.colour_by));
    fields.add("gc", state.nest_gc, || Json::Bool(true));
    fields.add("tt", state.table != usual.table, || word(TABLES, &state.table));
    fields.add("ts", state.sort != usual.sort, || sort(state.sort));
    fields.add("cs", state.compare_sort != usual.compare_sort, || sort(state.compare_sort));
    fields.add("ms", state.threshold_ms != usual.threshold_ms, || digits(state.threshold_ms));
    fields.add("st", state.stall.is_some(), || state.stall.map_or(Json::Null, range));
    fields.add("tv", state.visible.is_some(), || state.visible.map_or(Json::Null, range));
    fields.add("mv", state.moved_ms != 0, || digits(state.moved_ms));
    fields.add("sh", !state.sheet.is_empty(), || text(&state.sheet));
    fields.add("sr", !state.row.is_empty(), || text(&state.row));
    Json::Object(fields.0)
}

/// The state of a JSON object; fields that it does not have are as usual, others are passed over.
///
/// # Errors
/// Which field is not what it must be.
pub(super) fn read(json: &Json) -> Read<ViewState> {
    let usual = ViewState::default();
    let at = At { json, name: "" };
    Ok(ViewState {
        files: at.get("f").map_or(Ok(usual.files), |at| at.list(to_file))?,
        active: at.get("a").map_or(Ok(usual.active), At::whole)?,
        compare: at.some("ab").map(|at| at.pair(At::whole)).transpose()?,
        view: at.get("t").map_or(Ok(usual.view), |at| at.one_of(VIEWS))?,
        filters: at.get("s").map_or(Ok(usual.filters), |at| at.list(to_filter))?,
        value: at.some("v").map(At::text).transpose()?,
        selection: at.some("sel").map(to_selection).transpose()?,
        search: at.get("q").map_or(Ok(usual.search), At::text)?,
        zoom: at.get("z").map_or(Ok(usual.zoom), |at| at.list(to_key))?,
        span: at.some("zx").map_or(Ok(usual.span), |at| at.pair(At::decimal))?,
        scroll: at.get("zy").map_or(Ok(usual.scroll), At::decimal)?,
        order: at.get("o").map_or(Ok(usual.order), |at| at.one_of(ORDERS))?,
        callers: at.get("i").map_or(Ok(usual.callers), At::flag)?,
        upwards: at.get("up").map_or(Ok(usual.upwards), At::flag)?,
        colour_by: at.get("c").map_or(Ok(usual.colour_by), |at| at.one_of(COLOURS))?,
        nest_gc: at.get("gc").map_or(Ok(usual.nest_gc), At::flag)?,
        table: at.get("tt").map_or(Ok(usual.table), |at| at.one_of(TABLES))?,
        sort: at.some("ts").map_or(Ok(usual.sort), to_sort)?,
        compare_sort: at.some("cs").map_or(Ok(usual.compare_sort), to_sort)?,
        threshold_ms: at.some("ms").map_or(Ok(usual.threshold_ms), At::whole)?,
        stall: at.some("st").map(to_range).transpose()?,
        visible: at.some("tv").map(to_range).transpose()?,
        moved_ms: at.some("mv").map_or(Ok(usual.moved_ms), At::whole)?,
        sheet: at.get("sh").map_or(Ok(usual.sheet), At::text)?,
        row: at.get("sr").map_or(Ok(usual.row), At::text)?,
    })
}

/// Fields of an object that is being written.
struct Fields(Vec<(String, Json)>);

impl Fields {
    fn add(&mut self, name: &str, is_told: bool, value: impl FnOnce() -> Json) {
        if is_told {
            self.0.push((name.to_owned(), value()));
        }
    }
}

fn text(text: &str) -> Json {
    Json::Text(text.to_owned())
}

fn digits(number: impl ToString) -> Json {
    Json::Number(number.to_string())
}

/// JSON knows no other numbers than finite ones.
fn decimal(number: f64) -> Json {
    Json::Number(if number.is_finite() { number.to_string() } else { "0".to_owned() })
}

fn list<T>(items: &[T], write: fn(&T) -> Json) -> Json {
    Json::List(items.iter().map(write).collect())
}

fn word<T: PartialEq>(words: &Words<T>, value: &T) -> Json {
    words.iter().find(|(_, other)| other == value).map_or(Json::Null, |(word, _)| text(word))
}

/// A variant and what it holds.
fn variant(name: &str, value: Json) -> Json {
    Json::Object(vec![(name.to_owned(), value)])
}

fn file(file: &FileRef) -> Json {
    let mut fields = Fields(Vec::new());
    fields.add("n", !file.name.is_empty(), || text(&file.name));
    fields.add("p", !file.print.is_empty(), || text(&file.print));
    fields.add("e", file.example.is_some(), || text(file.example.as_deref().unwrap_or_default()));
    Json::Object(fields.0)
}

fn key(key: &FrameKey) -> Json {
    let mut fields = Fields(Vec::new());
    fields.add("n", true, || text(&key.name));
    fields.add("f", !key.file.is_empty(), || text(&key.file));
    fields.add("l", key.line != 0, || digits(key.line));
    Json::Object(fields.0)
}

fn thread(thread: &ThreadKey) -> Json {
    let mut fields = Fields(Vec::new());
    fields.add("pid", thread.pid.is_some(), || digits(thread.pid.unwrap_or_default()));
    fields.add("tid", thread.tid.is_some(), || digits(thread.tid.unwrap_or_default()));
    fields.add("name", !thread.name.is_empty(), || text(&thread.name));
    Json::Object(fields.0)
}

fn range(range: TimeRange) -> Json {
    Json::Object(vec![("from_ns".to_owned(), digits(range.from_ns)), ("to_ns".to_owned(), digits(range.to_ns))])
}

fn sort(sort: Sort) -> Json {
    let column = word(COLUMNS, &sort.column);
    Json::Object(vec![("column".to_owned(), column), ("ascending".to_owned(), Json::Bool(sort.ascending))])
}

fn selection(selection: &Selection) -> Json {
    match selection {
        Selection::Function(function) => variant("Function", key(function)),
        Selection::Frame(path) => variant("Frame", list(path, key)),
    }
}

fn filter(filter: &Filter) -> Json {
    match filter {
        Filter::Time(time) => variant("Time", range(*time)),
        Filter::Thread(of) => variant("Thread", thread(of)),
        Filter::Focus(function) => variant("Focus", key(function)),
        Filter::FocusPath(path) => variant("FocusPath", list(path, key)),
        Filter::Hide(function) => variant("Hide", key(function)),
        Filter::HideModule(module) => variant("HideModule", text(module)),
        Filter::Drop(function) => variant("Drop", key(function)),
        Filter::Keep(search) => variant("Keep", text(search)),
        Filter::Without(search) => variant("Without", text(search)),
        Filter::CollapseRecursion(function) => variant("CollapseRecursion", key(function)),
        Filter::OwnCode => text("OwnCode"),
    }
}

/// A value that is being read, and the name of its field.
#[derive(Clone, Copy)]
struct At<'a> {
    json: &'a Json,
    name: &'a str,
}

impl<'a> At<'a> {
    /// The field of an object.
    fn get(self, name: &'a str) -> Option<Self> {
        let Json::Object(fields) = self.json else { return None };
        fields.iter().find(|(other, _)| other == name).map(|(_, json)| Self { json, name })
    }

    /// The field of an object; `null` is none.
    fn some(self, name: &'a str) -> Option<Self> {
        self.get(name).filter(|at| *at.json != Json::Null)
    }

    fn required(self, name: &'a str) -> Read<Self> {
        self.get(name).ok_or_else(|| format!("`{name}` is missing"))
    }

    fn wrong<T>(self, what: &str) -> Read<T> {
        Err(format!("`{}` is not {what}", self.name))
    }

    fn text(self) -> Read<String> {
        match self.json {
            Json::Text(text) => Ok(text.clone()),
            _ => self.wrong("a text"),
        }
    }

    fn flag(self) -> Read<bool> {
        match self.json {
            Json::Bool(flag) => Ok(*flag),
            _ => self.wrong("true or false"),
        }
    }

    fn whole<T: std::str::FromStr>(self) -> Read<T> {
        let number = if let Json::Number(digits) = self.json { digits.parse().ok() } else { None };
        number.map_or_else(|| self.wrong("a whole number in range"), Ok)
    }

    fn decimal(self) -> Read<f64> {
        let number = if let Json::Number(digits) = self.json { number(digits) } else { None };
        number.map_or_else(|| self.wrong("a number"), Ok)
    }

    fn list<T>(self, read: fn(Self) -> Read<T>) -> Read<Vec<T>> {
        let Json::List(items) = self.json else { return self.wrong("a list") };
        items.iter().map(|json| read(Self { json, name: self.name })).collect()
    }

    fn pair<T>(self, read: fn(Self) -> Read<T>) -> Read<(T, T)> {
        match self.json {
            Json::List(items) if items.len() == 2 => {
                let at = |index: usize| Self { json: &items[index], name: self.name };
                Ok((read(at(0))?, read(at(1))?))
            }
            _ => self.wrong("a pair"),
        }
    }

    fn one_of<T: Copy>(self, words: &Words<T>) -> Read<T> {
        let Json::Text(text) = self.json else { return self.wrong("a word") };
        let found = words.iter().find(|(word, _)| word == text);
        found.map_or_else(|| self.wrong("a word that is known here"), |(_, value)| Ok(*value))
    }

    /// The one field of an object, or a word alone: a variant.
    fn variant(self) -> Read<(&'a str, Self)> {
        match self.json {
            Json::Text(name) => Ok((name.as_str(), Self { json: &Json::Null, name })),
            Json::Object(fields) if fields.len() == 1 => {
                Ok((fields[0].0.as_str(), Self { json: &fields[0].1, name: &fields[0].0 }))
            }
            _ => self.wrong("one thing by name"),
        }
    }
}

fn to_file(at: At<'_>) -> Read<FileRef> {
    if !matches!(at.json, Json::Object(_)) {
        return at.wrong("a recording");
    }
    Ok(FileRef {
        name: at.get("n").map_or(Ok(String::new()), At::text)?,
        print: at.get("p").map_or(Ok(String::new()), At::text)?,
        example: at.some("e").map(At::text).transpose()?,
        number: 0,
    })
}

fn to_key(at: At<'_>) -> Read<FrameKey> {
    Ok(FrameKey {
        name: at.required("n")?.text()?,
        file: at.get("f").map_or(Ok(String::new()), At::text)?,
        line: at.get("l").map_or(Ok(0), At::whole)?,
    })
}

fn to_thread(at: At<'_>) -> Read<ThreadKey> {
    if !matches!(at.json, Json::Object(_)) {
        return at.wrong("a thread");
    }
    Ok(ThreadKey {
        pid: at.some("pid").map(At::whole).transpose()?,
        tid: at.some("tid").map(At::whole).transpose()?,
        name: at.get("name").map_or(Ok(String::new()), At::text)?,
    })
}

fn to_range(at: At<'_>) -> Read<TimeRange> {
    Ok(TimeRange { from_ns: at.required("from_ns")?.whole()?, to_ns: at.required("to_ns")?.whole()? })
}

fn to_sort(at: At<'_>) -> Read<Sort> {
    Ok(Sort { column: at.required("column")?.one_of(COLUMNS)?, ascending: at.required("ascending")?.flag()? })
}

fn to_selection(at: At<'_>) -> Read<Selection> {
    let (name, value) = at.variant()?;
    match name {
        "Function" => to_key(value).map(Selection::Function),
        "Frame" => value.list(to_key).map(Selection::Frame),
        _ => at.wrong("a selection that is known here"),
    }
}

fn to_filter(at: At<'_>) -> Read<Filter> {
    let (name, value) = at.variant()?;
    Ok(match name {
        "Time" => Filter::Time(to_range(value)?),
        "Thread" => Filter::Thread(to_thread(value)?),
        "Focus" => Filter::Focus(to_key(value)?),
        "FocusPath" => Filter::FocusPath(value.list(to_key)?),
        "Hide" => Filter::Hide(to_key(value)?),
        "HideModule" => Filter::HideModule(value.text()?),
        "Drop" => Filter::Drop(to_key(value)?),
        "Keep" => Filter::Keep(value.text()?),
        "Without" => Filter::Without(value.text()?),
        "CollapseRecursion" => Filter::CollapseRecursion(to_key(value)?),
        "OwnCode" => Filter::OwnCode,
        _ => return at.wrong("a filter that is known here"),
    })
}
