//! Every file, ours or not: one format answers or one error says that none does, and nothing that the
//! program does not read is taken for something that it reads.

use serde_json::Value;

use crate::common::{self, Entry, Tally, error_of, summary};
use crate::readers::{measures, unpack};
use crate::{FILES_OF_CORPUS, Kind};

/// Formats of heaps.
const HEAPS: [&str; 2] = ["v8-heapsnapshot", "v8-heaptimeline"];

#[test]
fn exactly_one_format_answers_for_every_file() {
    let Some(shared) = common::shared(FILES_OF_CORPUS) else {
        return;
    };
    let groups =
        [common::corpus(&shared), common::speedscope_samples(&shared), common::peers(&shared), common::bad(&shared)];
    let mut tally = Tally::default();
    let mut also_folded = Vec::new();
    for entry in groups.into_iter().flatten().filter(|entry| entry.file.is_file()) {
        tally.file();
        match summary(&entry.file) {
            Err(problem) => tally.fail(format!("{}: {problem}", entry.name)),
            Ok(line) => judge_detection(&mut tally, &entry, &line, &mut also_folded),
        }
    }
    for case in crate::also_folded(&shared)
        .into_iter()
        .filter(|case| also_folded.iter().any(|name| name.starts_with(&case.name)))
    {
        match crate::read(case.kind, &case.file) {
            Ok(read) => crate::compare_program(&mut tally, &case, &read),
            Err(problem) => tally.fail(format!("{}: {problem}", case.name)),
        }
    }
    println!("of other formats, and folded stacks all the same: {}", also_folded.join(", "));
    tally.finish("detection");
}

fn judge_detection(tally: &mut Tally, entry: &Entry, line: &Value, also_folded: &mut Vec<String>) {
    let bytes = unpack::read(&entry.file);
    let fits = |kind: Kind| bytes.as_ref().is_ok_and(|b| kind.fits(b));
    let meant = Kind::of_index(entry.format());
    if let Some(message) = error_of(line) {
        tally.hold(!message.trim().is_empty(), || format!("{}: an error without a word", entry.name));
        let is_measured = measures::FORMATS.iter().any(|format| format.1.contains(&entry.format()));
        let ours = (is_measured || meant.is_some_and(fits)) && !entry.name.starts_with("bad/");
        return tally.hold(!ours, || format!("{}: {message}", entry.name));
    }
    // Heaps have readers and tests of their own (tests/heap.rs); here only that nothing else is one.
    if line["format"].as_str().is_some_and(|format| HEAPS.contains(&format)) {
        let is_meant = line["format"] == *entry.format() || entry.name.starts_with("bad/node/snapshot-");
        return tally.hold(is_meant, || format!("{} ({}) is taken for a heap", entry.name, entry.format()));
    }
    if let Some((id, of_index, is_of)) = measures::FORMATS.iter().find(|f| line["format"] == f.0) {
        let is_meant = of_index.contains(&entry.format());
        let is_it = is_meant || entry.name.starts_with("bad/") || bytes.as_ref().is_ok_and(|bytes| is_of(bytes));
        return tally.hold(is_it, || format!("{} ({}) is taken for {id}", entry.name, entry.format()));
    }
    let claimed = Kind::ALL.into_iter().find(|k| line["format"] == k.id());
    let Some(claimed) = claimed else {
        return tally.fail(format!("{}: an unknown format {}", entry.name, line["format"]));
    };
    if meant == Some(claimed) || entry.name.starts_with("bad/") {
        return;
    }
    let text = claimed == Kind::Folded && fits(Kind::Folded);
    if text {
        also_folded.push(format!("{} ({})", entry.name, entry.format()));
    }
    // An index may name the tool that a file came from rather than its format.
    tally.hold(fits(claimed), || format!("{} ({}) is taken for {}", entry.name, entry.format(), claimed.id()));
}
