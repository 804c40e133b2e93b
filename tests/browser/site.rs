//! A static file server for a built site, on a loopback port and under any path.
//!
//! Standard library only, since two programs use it: the browser tests, and `scripts/serve.rs`
//! that `make serve` compiles with plain `rustc`. It does what a static host does and no more, so
//! that what works here works there: files, media types, a directory's `index.html`.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What is served, and under which path.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// The folder whose files are served.
    pub(crate) root: PathBuf,
    /// The path of that folder in addresses; starts and ends with `/`.
    pub(crate) prefix: String,
    /// A script that is served beside the files and put first into the head of every HTML page.
    pub(crate) first_script: Option<&'static str>,
}

/// Name under which [`Site::first_script`] is served.
const FIRST_SCRIPT_NAME: &str = "first-script.js";

/// Longest request head that is read, in bytes; a browser's is about one kilobyte.
const HEAD_BYTES_MAX: u64 = 64 * 1024;

/// A connection that stays silent for this long is closed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers requests until the process ends, each connection on a thread of its own.
pub(crate) fn serve(listener: &TcpListener, site: Site) {
    let site = Arc::new(site);
    for stream in listener.incoming().flatten() {
        let site = Arc::clone(&site);
        // A client that goes away in the middle of an answer is no concern of the server.
        std::thread::spawn(move || drop(answer(stream, &site)));
    }
}

struct Answer {
    status: &'static str,
    media_type: &'static str,
    location: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    fn ok(media_type: &'static str, body: Vec<u8>) -> Answer {
        Answer { status: "200 OK", media_type, location: None, body }
    }

    fn failed(status: &'static str) -> Answer {
        Answer { status, media_type: "text/plain", location: None, body: status.into() }
    }
}

fn answer(stream: TcpStream, site: &Site) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream.try_clone()?.take(HEAD_BYTES_MAX)).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    // The rest of the head is read, so that closing does not reset the connection.
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let mut words = request.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or("/"));
    let answer = match method {
        "GET" | "HEAD" => site.find(target),
        _ => Answer::failed("405 Method Not Allowed"),
    };
    write_answer(stream, &answer, method != "HEAD")
}

fn write_answer(mut stream: TcpStream, answer: &Answer, with_body: bool) -> io::Result<()> {
    let location = answer.location.iter().map(|to| format!("Location: {to}\r\n"));
    let head = format!(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\
         Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        answer.status,
        answer.media_type,
        answer.body.len(),
        location.collect::<String>(),
    );
    stream.write_all(head.as_bytes())?;
    if with_body {
        stream.write_all(&answer.body)?;
    }
    stream.flush()
}

impl Site {
    fn find(&self, target: &str) -> Answer {
        let path = target.split(['?', '#']).next().unwrap_or("/");
        if format!("{path}/") == self.prefix {
            let location = Some(self.prefix.clone());
            return Answer { location, ..Answer::failed("301 Moved Permanently") };
        }
        let name = match path.strip_prefix(self.prefix.as_str()).and_then(percent_decoded) {
            Some(name) => name,
            None => return Answer::failed("404 Not Found"),
        };
        if let (FIRST_SCRIPT_NAME, Some(script)) = (name.as_str(), self.first_script) {
            return Answer::ok("text/javascript", script.into());
        }
        self.file(&name)
    }

    fn file(&self, name: &str) -> Answer {
        // Nothing outside the folder, and no hidden file.
        let is_inside =
            |part: Component<'_>| matches!(part, Component::Normal(name) if !name.as_encoded_bytes().starts_with(b"."));
        if !Path::new(name).components().all(is_inside) {
            return Answer::failed("404 Not Found");
        }
        let mut path = self.root.join(name);
        if path.is_dir() {
            path.push("index.html");
        }
        let media_type = media_type(&path);
        match fs::read(&path) {
            Ok(body) if media_type.starts_with("text/html") => Answer::ok(media_type, self.with_first_script(body)),
            Ok(body) => Answer::ok(media_type, body),
            Err(_) => Answer::failed("404 Not Found"),
        }
    }

    /// The script goes right after the policy, so that the policy covers it, and before all others.
    fn with_first_script(&self, page: Vec<u8>) -> Vec<u8> {
        if self.first_script.is_none() {
            return page;
        }
        let text = String::from_utf8_lossy(&page);
        let after_policy = text
            .find("http-equiv=\"Content-Security-Policy\"")
            .or_else(|| text.find("<head"))
            .or_else(|| text.find("<!doctype"))
            .and_then(|at| text[at..].find('>').map(|end| at + end + 1));
        match after_policy {
            Some(at) => {
                let (before, after) = text.split_at(at);
                format!("{before}<script src=\"./{FIRST_SCRIPT_NAME}\"></script>{after}").into()
            }
            None => page,
        }
    }
}

/// The media types of what a site is made of. `application/wasm` matters: browsers compile a
/// program while it arrives under this type only.
fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript",
        Some("css") => "text/css",
        Some("wasm") => "application/wasm",
        Some("json" | "cpuprofile") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt" | "folded") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// `%41` becomes `A`; `None` where a sequence is cut short, no hexadecimal or no UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serves_what_is_in_the_folder_and_nothing_else() {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
        let site = Site { root, prefix: "/a/".to_owned(), first_script: None };
        let status = |target: &str| site.find(target).status;
        assert_eq!(status("/a/main.rs"), "200 OK");
        assert_eq!(status("/a/%6Dain.rs?query"), "200 OK");
        assert_eq!(status("/a"), "301 Moved Permanently");
        let others =
            ["/main.rs", "/a/../browser/main.rs", "/a/%2e%2e/browser/main.rs", "/a//etc/passwd", "/a/%2Fetc%2Fpasswd"];
        for target in others.into_iter().chain(["/a/.hidden", "/a/%6", "/a/%zz", "/a/nothing", "/a/", ""]) {
            assert_eq!(status(target), "404 Not Found", "{target}");
        }
    }
}
