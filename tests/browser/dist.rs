//! The built site as files: complete, free of its place, under its policy.

use std::collections::BTreeMap;
use std::fs;

use crate::harness::dist;

fn page() -> String {
    fs::read_to_string(dist().join("index.html")).expect("the site has a page")
}

/// The values of the attributes `name` in the page, in order.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let opening = format!(" {name}=\"");
    let values = page.split(opening.as_str()).skip(1);
    values.map(|rest| rest.split('"').next().expect("split gives at least one part")).collect()
}

#[test]
fn policy_comes_first_and_allows_nothing_from_elsewhere() {
    let page = page();
    let policy = page.find("http-equiv=\"Content-Security-Policy\"").expect("there is a policy");
    for element in ["<script", "<link", "<style", "<base"] {
        let first = page.find(element).unwrap_or(page.len());
        assert!(policy < first, "{element} stands before the policy, which does not govern it");
    }
    let text = attributes(&page[policy..], "content")[0];
    let directives: BTreeMap<&str, &str> =
        text.split(';').map(|directive| directive.trim().split_once(' ').expect("a name and a value")).collect();
    assert_eq!(directives["default-src"], "'none'");
    assert_eq!(directives["script-src"], "'self' 'wasm-unsafe-eval'");
    assert_eq!(directives["worker-src"], "blob:");
    for (name, value) in directives {
        for source in value.split(' ') {
            let is_known = ["'none'", "'self'", "'wasm-unsafe-eval'", "blob:", "data:"].contains(&source);
            assert!(is_known, "{name} allows {source}");
        }
    }
}

#[test]
fn page_holds_no_code_and_no_style() {
    let page = page();
    for script in page.split("<script").skip(1) {
        let (opening, rest) = script.split_once('>').expect("the element is closed");
        assert!(opening.contains(" src=\""), "a script without a file");
        assert!(rest.starts_with("</script>"), "a script with a text");
    }
    assert!(!page.contains("<style"), "a style sheet in the page");
    assert_eq!(attributes(&page, "style"), Vec::<&str>::new());
}

#[test]
fn addresses_are_relative_complete_and_hashed() {
    let page = page();
    let mut files = attributes(&page, "href");
    files.extend(attributes(&page, "src"));
    files.extend(attributes(&page, "data-wasm"));
    for worker in ["name=\"worker\"", "name=\"full-worker\""] {
        files.push(attributes(page.split(worker).nth(1).expect("it is named"), "content")[0]);
    }
    let mut programs = 0;
    for file in files.iter().filter(|file| !file.starts_with("data:")) {
        let name = file.strip_prefix("./").unwrap_or_else(|| panic!("{file} is not relative"));
        assert!(dist().join(name).is_file(), "{name} is missing");
        let stem = name.rsplit_once('.').expect("an extension").0.trim_end_matches("_bg");
        let hash = stem.rsplit_once('-').unwrap_or_else(|| panic!("{name} has no hash")).1;
        let is_hash = hash.len() >= 6 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(is_hash, "{name} has no hash");
        programs += usize::from(name.ends_with(".wasm"));
    }
    assert_eq!(programs, 3, "the page's program and the workers'");
}
