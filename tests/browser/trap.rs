//! A server on another port, that no page of ours may ever reach: it only notes who comes.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Listens on a loopback port and notes every connection.
#[derive(Debug)]
pub(crate) struct Trap {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

/// How long a request may take to arrive.
const WAIT_MAX: Duration = Duration::from_secs(20);

impl Trap {
    /// Stands for a connection on which nothing was sent.
    pub(crate) const NOTHING_ASKED: &str = "(nothing asked)";

    /// Starts listening; ends with the test program.
    pub(crate) fn set() -> Trap {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let notes = Arc::clone(&notes);
                std::thread::spawn(move || note(stream, &notes));
            }
        });
        Trap { port, seen }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The path of every request that came, in order; [`Trap::NOTHING_ASKED`] for a connection
    /// without a request.
    pub(crate) fn seen(&self) -> Vec<String> {
        let seen = self.seen.lock();
        seen.expect("no thread panics while it holds the notes").clone()
    }

    /// Waits until a request for `path` has come.
    pub(crate) async fn wait_for(&self, path: &str) {
        let begin = Instant::now();
        while !self.seen().iter().any(|seen| seen == path) {
            let seen = self.seen();
            assert!(begin.elapsed() < WAIT_MAX, "no {path} among {seen:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn note(mut stream: TcpStream, notes: &Mutex<Vec<String>>) {
    // The connection itself is the offence: it is noted whether or not a request follows.
    let mut line = String::new();
    let patience = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let asked = patience.and_then(|()| BufReader::new(&stream).read_line(&mut line));
    let path = line.split(' ').nth(1).filter(|_| asked.is_ok()).unwrap_or(Trap::NOTHING_ASKED);
    notes.lock().expect("no thread panics while it holds the notes").push(path.to_owned());
    // Friendly, so that a request is not refused by rules that are not the page's own policy.
    let answer = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\n\
                  Content-Type: text/javascript\r\nConnection: close\r\n\r\n";
    drop(stream.write_all(answer.as_bytes()));
}
