//! Paths and URLs of scripts, maps and sources, as text.

/// Longest path that is put together of parts.
const JOINED_MAX: usize = 8 << 10;

/// The part of a URL that is a path: without scheme and host, query and fragment.
pub(super) fn path_of(url: &str) -> &str {
    let path = match url.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => rest.split_once('/').map_or("", |(_, path)| path),
        _ => url,
    };
    path.split(['?', '#']).next().unwrap_or("")
}

fn is_scheme(text: &str) -> bool {
    let rest = text.strip_prefix(|c: char| c.is_ascii_alphabetic());
    rest.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')))
}

/// The parts of a path from its end, unescaped: how paths are compared.
pub(super) fn parts_from_end(path: &str) -> impl Iterator<Item = String> + '_ {
    path.rsplit(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").map(unescaped)
}

/// How many parts two paths have in common, counted from their ends.
pub(super) fn common(a: &[String], b: &[String]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// The name of the file at a path.
pub(super) fn file_name(path: &str) -> String {
    parts_from_end(path).next().unwrap_or_default()
}

/// `%20` as what it stands for.
fn unescaped(part: &str) -> String {
    if !part.contains('%') {
        return part.to_owned();
    }
    String::from_utf8_lossy(&percent_decoded(part.as_bytes())).into_owned()
}

/// Bytes with each `%` and two digits as the byte that they stand for.
pub(super) fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let digits = (text[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let byte = digits.and_then(|d| u8::from_str_radix(std::str::from_utf8(d).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(text[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    bytes
}

/// A reference as it stands in a file at `base`, such as `../src/a.ts` in `/app/dist/a.js`, as a path or
/// URL of its own. What leads nowhere, or further than any path, stays as it is.
pub(super) fn resolved(base: &str, reference: &str) -> String {
    let is_whole = reference.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme));
    let (front, folders) = split_front(base);
    let inside = match reference.strip_prefix('/') {
        _ if is_whole => return plain(reference),
        Some(_) => reference.to_owned(),
        None => format!("{}/{reference}", folders.rsplit_once('/').map_or("", |(folder, _)| folder)),
    };
    if front.len() + inside.len() > JOINED_MAX {
        return reference.to_owned();
    }
    let is_rooted = inside.starts_with('/') && (folders.starts_with('/') || reference.starts_with('/'));
    format!("{front}{}", dots_resolved(&inside, is_rooted))
}

/// A URL whose path has its `./` and `../` resolved, as bundlers write them: `webpack://app/./src/a.ts`.
fn plain(url: &str) -> String {
    let (front, path) = split_front(url);
    if url.len() > JOINED_MAX || !path.split('/').any(|part| matches!(part, "." | "..")) {
        return url.to_owned();
    }
    format!("{front}{}", dots_resolved(path, path.starts_with('/')))
}

/// Scheme and host, and the path behind them.
fn split_front(url: &str) -> (&str, &str) {
    let rest = match url.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        _ => return ("", url),
    };
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    (&url[..url.len() - path.len()], path)
}

fn dots_resolved(path: &str, is_rooted: bool) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            // Above what is known the way stays as it is written; above the root there is nothing.
            ".." if parts.last().is_none_or(|last| *last == "..") && !is_rooted => parts.push(part),
            ".." => _ = parts.pop(),
            _ => parts.push(part),
        }
    }
    format!("{}{}", if is_rooted { "/" } else { "" }, parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_lead_on_from_where_they_stand() {
        for (base, reference, expected) in [
            ("file:///srv/shop/dist/server.js", "../src/a.ts", "file:///srv/shop/src/a.ts"),
            ("/srv/shop/dist/server.js", "../src/./b/../a.ts", "/srv/shop/src/a.ts"),
            ("https://x.org/js/app.js?v=1", "a.ts", "https://x.org/js/a.ts"),
            ("https://x.org/app.js", "../../a.ts", "https://x.org/a.ts"),
            ("https://x.org/app.js", "/a.ts", "https://x.org/a.ts"),
            ("file:///srv/dist/server.js", "/home/a.ts", "file:///home/a.ts"),
            ("/srv/app.js", "webpack://app/./src/a.ts", "webpack://app/src/a.ts"),
            ("app.js", "../src/a.ts", "../src/a.ts"),
            ("dist/app.js", "../src/a.ts", "src/a.ts"),
            ("", "a.ts", "a.ts"),
        ] {
            assert_eq!(resolved(base, reference), expected, "{reference} in {base}");
        }
        let long = "x/".repeat(JOINED_MAX);
        assert_eq!(resolved(&long, "a.ts"), "a.ts");
    }

    #[test]
    fn paths_are_compared_from_their_ends() {
        let common = |a: &str, b: &str| {
            let parts = |path| parts_from_end(path).collect::<Vec<_>>();
            super::common(&parts(a), &parts(b))
        };
        assert_eq!(common(path_of("file:///srv/a%20b/dist/app.js?x#y"), "a b/dist/app.js"), 3);
        assert_eq!(common("dist/app.js", r"C:\work\dist\app.js"), 2);
        assert_eq!(common("app.js", "app.mjs"), 0);
        assert_eq!(file_name("https/x/%C3%A9.js"), "é.js");
        assert_eq!(percent_decoded(b"%7B%zz%2"), b"{%zz%2");
    }
}
