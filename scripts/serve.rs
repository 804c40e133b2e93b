//! Serves the built site for `make serve`: `serve FOLDER PORT`.
//!
//! Compiled by plain `rustc`, so that looking at the site needs no crate and no other language's
//! web server. Listens on the loopback interface only, at PORT or at the next port that is free.

#[path = "../tests/browser/site.rs"]
mod site;

use std::env;
use std::net::TcpListener;
use std::process::ExitCode;

/// So many ports are tried, beginning with the one asked for.
const PORTS_TRIED: u16 = 50;

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let (Some(folder), Some(Ok(port))) = (args.next(), args.next().map(|port| port.parse())) else {
        eprintln!("usage: serve FOLDER PORT");
        return ExitCode::from(2);
    };
    let Some(listener) = first_free(port) else {
        eprintln!("no free port in {PORTS_TRIED} ports from {port} on; choose another with PORT=");
        return ExitCode::from(2);
    };
    let port = listener.local_addr().map_or(port, |address| address.port());
    println!("Culprit is at http://127.0.0.1:{port}/ (Ctrl+C ends it)");
    let site = site::Site { root: folder.into(), prefix: "/".into(), first_script: None };
    site::serve(&listener, site);
    ExitCode::SUCCESS
}

fn first_free(port: u16) -> Option<TcpListener> {
    (port..=port.saturating_add(PORTS_TRIED - 1)).find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok())
}
