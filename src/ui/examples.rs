//! The built-in examples: recordings of programs of ours, beside the page under `examples/`.

/// A file of an example.
#[derive(Debug, PartialEq, Eq)]
pub struct ExampleFile {
    /// Stable; appears in addresses.
    pub id: &'static str,
    /// Its name, under `examples/`.
    pub name: &'static str,
    /// Its size for people where it is large: it is then fetched only on request.
    pub size: Option<&'static str>,
}

/// An entry of the start page.
#[derive(Debug)]
pub struct Example {
    /// What it shows.
    pub title: &'static str,
    /// What it is.
    pub text: &'static str,
    /// Its small picture on the start page, one of the `thumb-…` symbols.
    pub picture: &'static str,
    /// One file, or two that are compared: before, after.
    pub files: &'static [&'static ExampleFile],
}

static BLOCKED: ExampleFile = ExampleFile { id: "node-blocked", name: "node-server-blocked.cpuprofile", size: None };
static FIXED: ExampleFile = ExampleFile { id: "node-fixed", name: "node-server-fixed.cpuprofile", size: None };
static GO: ExampleFile = ExampleFile { id: "go-labels", name: "go-labels.pb.gz", size: None };
static LARGE: ExampleFile = ExampleFile { id: "large", name: "generated-22mb.cpuprofile", size: Some("22 MB") };

/// All examples, in the order of the start page.
pub static EXAMPLES: &[Example] = &[
    Example {
        title: "A blocked server",
        text: "Node · 7 s under load, the loop is busy for 5 of them",
        picture: "thumb-flame",
        files: &[&BLOCKED],
    },
    Example {
        title: "Did the fix work?",
        text: "Node · the same server before and after",
        picture: "thumb-compare",
        files: &[&BLOCKED, &FIXED],
    },
    Example {
        title: "A labelled service",
        text: "Go pprof · every sample knows its endpoint and tenant",
        picture: "thumb-labels",
        files: &[&GO],
    },
    Example {
        title: "A large one",
        text: "Generated · V8 CPU profile, fetched only on request",
        picture: "thumb-large",
        files: &[&LARGE],
    },
];

/// The file of an id in an address.
pub fn example_file(id: &str) -> Option<&'static ExampleFile> {
    let mut files = EXAMPLES.iter().flat_map(|example| example.files.iter().copied());
    files.find(|file| file.id == id)
}

impl ExampleFile {
    /// Its address, relative to the page.
    pub fn url(&self) -> String {
        format!("examples/{}", self.name)
    }
}
