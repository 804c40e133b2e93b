//! A server on another port, that no page of ours may ever reach: it only notes who comes.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Listens on a loopback port and notes every connection.
#[derive(Debug)]
pub(crate) struct Trap {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Trap {
    /// Starts listening; ends with the test program.
    pub(crate) fn set() -> Trap {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let port = listener
            .local_addr()
            .expect("a bound socket has an address")
            .port();
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

    /// The path of every request that came, in order; `(connection)` for one that asked nothing.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen
            .lock()
            .expect("no thread panics while it holds the notes")
            .clone()
    }

    /// Waits until a request for each of `paths` has come; false after ten seconds.
    pub(crate) async fn has_seen(&self, paths: &[&str]) -> bool {
        for _ in 0..100 {
            let seen = self.seen();
            if paths
                .iter()
                .all(|path| seen.iter().any(|line| line == path))
            {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        false
    }
}

fn note(mut stream: TcpStream, notes: &Mutex<Vec<String>>) {
    // The connection itself is the offence: it is noted whether or not a request follows.
    let mut line = String::new();
    let patience = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let asked = patience.and_then(|()| BufReader::new(&stream).read_line(&mut line));
    let path = line
        .split(' ')
        .nth(1)
        .filter(|_| asked.is_ok())
        .unwrap_or("(connection)");
    notes
        .lock()
        .expect("no thread panics while it holds the notes")
        .push(path.to_owned());
    // Friendly, so that a request is not refused by rules that are not the page's own policy.
    let answer = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\n\
                  Content-Type: text/javascript\r\nConnection: close\r\n\r\n";
    drop(stream.write_all(answer.as_bytes()));
}
