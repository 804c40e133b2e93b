//! The three engines and their drivers: finding, starting and ending them.

use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, LoggingPrefsLogLevel};

/// A browser engine that every test runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Chromium through chromedriver.
    Chrome,
    /// Firefox through geckodriver.
    Firefox,
    /// WebKitGTK's MiniBrowser through WebKitWebDriver.
    WebKit,
}

/// How long a driver may take until it listens.
const START_MAX: Duration = Duration::from_secs(30);

impl Engine {
    /// The name in `BROWSERS` and in test names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Engine::Chrome => "chrome",
            Engine::Firefox => "firefox",
            Engine::WebKit => "webkit",
        }
    }

    /// Whether the environment variable `BROWSERS` (names with commas) leaves this engine in. A name
    /// that is none would leave all of them out unseen.
    pub(crate) fn is_wanted(self) -> bool {
        let Some(names) = env::var("BROWSERS").ok().filter(|names| !names.is_empty()) else { return true };
        let engines = [Self::Chrome, Self::Firefox, Self::WebKit].map(Self::name);
        let unknown = names.split(',').find(|name| !engines.contains(name));
        assert!(unknown.is_none(), "BROWSERS names {unknown:?}; there are {}", engines.join(", "));
        names.split(',').any(|name| name == self.name())
    }

    fn driver_name(self) -> &'static str {
        match self {
            Engine::Chrome => "chromedriver",
            Engine::Firefox => "geckodriver",
            Engine::WebKit => "WebKitWebDriver",
        }
    }

    fn driver_args(self, port: u16) -> Vec<String> {
        match self {
            Engine::Chrome => vec![format!("--port={port}")],
            Engine::Firefox => {
                vec![format!("--port={port}"), format!("--marionette-port={}", free_port())]
            }
            Engine::WebKit => vec![format!("--port={port}"), "--host=127.0.0.1".to_owned()],
        }
    }

    pub(crate) fn capabilities(self) -> WebDriverResult<Capabilities> {
        match self {
            Engine::Chrome => {
                let mut wanted = DesiredCapabilities::chrome();
                // Containers have small shared memory and no user namespaces for the sandbox.
                for arg in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage"] {
                    wanted.add_arg(arg)?;
                }
                wanted.add_arg("--disable-gpu")?;
                wanted.set_logging_prefs("browser", LoggingPrefsLogLevel::All)?;
                Ok(wanted.into())
            }
            Engine::Firefox => {
                let mut wanted = DesiredCapabilities::firefox();
                wanted.set_headless()?;
                Ok(wanted.into())
            }
            Engine::WebKit => {
                let mut wanted = Capabilities::new();
                wanted.set("browserName", "MiniBrowser")?;
                let binary = mini_browser();
                let options = serde_json::json!({ "binary": binary, "args": ["--automation"] });
                wanted.set("webkitgtk:browserOptions", options)?;
                Ok(wanted)
            }
        }
    }
}

/// A running driver and, for an engine that knows no headless mode, its display. Ends with the
/// value, also when a test panics.
#[derive(Debug)]
pub(crate) struct Driver {
    /// Where it listens.
    pub(crate) address: String,
    /// Ended in this order: a browser that loses its display first would complain.
    _program: Process,
    _display: Option<Process>,
}

impl Driver {
    /// Starts the driver of `engine`, which writes what it has to say to the file `log`.
    pub(crate) fn start(engine: Engine, log: &Path) -> Driver {
        let name = engine.driver_name();
        let program = find_program(name).unwrap_or_else(|| {
            panic!(
                "{name} is not installed: run `make test`, which installs it, or name the engines \
                 that you have in BROWSERS (chrome, firefox, webkit)"
            )
        });
        let display = if engine == Engine::WebKit { display() } else { None };
        let port = free_port();
        let log = File::create(log).expect("the folder for test output can be written");
        let mut command = Command::new(program);
        command.args(engine.driver_args(port)).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a file handle can be copied")).stderr(log);
        if let Some((_, number)) = &display {
            command.env("DISPLAY", format!(":{number}")).env_remove("WAYLAND_DISPLAY");
        }
        let program = Process(command.spawn().expect("an installed driver can be started"));
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begin.elapsed() < START_MAX, "{name} does not listen on port {port}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Driver {
            address: format!("http://127.0.0.1:{port}"),
            _program: program,
            _display: display.map(|(process, _)| process),
        }
    }
}

/// A child that is asked to end, and made to when it does not.
#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Drivers end their browsers when asked, and leave them behind when killed.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        for _ in 0..100 {
            if matches!(self.0.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A display of our own, so that no window appears and none needs to. Without Xvfb the display of
/// the person who runs the tests has to do, and without that one the driver says what is missing.
fn display() -> Option<(Process, u32)> {
    let program = find_program("Xvfb")?;
    let mut child = Command::new(program)
        .args(["-displayfd", "1", "-screen", "0", "1600x1200x24", "-nolisten", "tcp"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("an installed Xvfb can be started");
    let output = child.stdout.take().expect("standard output is piped");
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).expect("Xvfb writes its display's number");
    let process = Process(child);
    Some((process, line.trim().parse().expect("Xvfb writes its display's number")))
}

/// Looks where programs are, and where our own set-up puts them.
fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/bin");
    env::split_paths(&path)
        .chain([tools])
        .chain(cargo_home.map(|home| home.join("bin")))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// WebKitGTK's small browser. It stands outside PATH, under the name of the machine's architecture.
fn mini_browser() -> PathBuf {
    let mut folders = vec![PathBuf::from("/usr/libexec")];
    let under_lib = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    folders.extend(under_lib.map(|entry| entry.path()));
    folders
        .iter()
        .flat_map(|folder| ["webkitgtk-6.0", "webkit2gtk-4.1", "webkit2gtk-4.0"].map(|version| folder.join(version)))
        .map(|folder| folder.join("MiniBrowser"))
        .find(|program| program.is_file())
        .expect("MiniBrowser of WebKitGTK is installed (Debian: webkit2gtk-driver)")
}

/// A port that nobody listens on. They come from below the range that systems give to outgoing
/// connections, and never twice, so that tests that run side by side do not meet.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 12_000 + u16::try_from(std::process::id() % 10_000).expect("below 10,000");
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
