//! Holds a built site to its size budget: `sizes FOLDER BUDGET`.
//!
//! Prints each program, style sheet and page of the folder with its bytes, as they are and as gzip
//! and brotli pack them, and the sums beside their budgets. Fails when a sum is over, when a budget
//! finds no file, and when a file that visits fetch has no budget.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// What hosts use at their best; packing a site takes seconds.
const BROTLI_QUALITY: i32 = 11;
const BROTLI_WINDOW: i32 = 22;

/// Endings of what visits fetch.
const FETCHED: [&str; 4] = ["html", "css", "js", "wasm"];

/// A line of the budget file.
struct Budget {
    name: String,
    /// Most bytes as brotli packs them.
    most: usize,
    /// Names of files, each with one `*` for any text, or none.
    patterns: Vec<String>,
}

struct File {
    name: String,
    sizes: Sizes,
}

#[derive(Clone, Copy, Default)]
struct Sizes {
    plain: usize,
    gzip: usize,
    brotli: usize,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, budget] = args.as_slice() else {
        eprintln!("usage: sizes FOLDER BUDGET");
        return ExitCode::from(2);
    };
    let problems = fs::read_to_string(budget)
        .map_err(|e| format!("{budget}: {e}"))
        .and_then(|text| budgets(&text))
        .and_then(|budgets| Ok(report(&budgets, &files(Path::new(folder))?)));
    match problems {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(problems) => {
            problems.iter().for_each(|problem| eprintln!("{problem}"));
            ExitCode::FAILURE
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}

/// Prints the table and gives what is wrong.
fn report(budgets: &[Budget], files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    println!("{:<34} {:>10} {:>9} {:>9} {:>9}", "file", "bytes", "gzip", "brotli", "budget");
    for budget in budgets {
        let of_budget: Vec<&File> = files.iter().filter(|file| budget.covers(&file.name)).collect();
        let mut sum = Sizes::default();
        for file in &of_budget {
            let Sizes { plain, gzip, brotli } = file.sizes;
            println!("{:<34} {plain:>10} {gzip:>9} {brotli:>9}", file.name);
            sum = Sizes { plain: sum.plain + plain, gzip: sum.gzip + gzip, brotli: sum.brotli + brotli };
        }
        let Sizes { plain, gzip, brotli } = sum;
        println!("{:<34} {plain:>10} {gzip:>9} {brotli:>9} {:>9}", format!("= {}", budget.name), budget.most);
        for pattern in &budget.patterns {
            if !of_budget.iter().any(|file| fits(pattern, &file.name)) {
                problems.push(format!("{}: no file is named {pattern}", budget.name));
            }
        }
        if brotli > budget.most {
            let over = brotli - budget.most;
            problems.push(format!("{}: {over} bytes over its budget of {} (brotli)", budget.name, budget.most));
        }
    }
    for file in files.iter().filter(|file| !budgets.iter().any(|budget| budget.covers(&file.name))) {
        problems.push(format!("{}: has no budget", file.name));
    }
    problems
}

impl Budget {
    fn covers(&self, file: &str) -> bool {
        self.patterns.iter().any(|pattern| fits(pattern, file))
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, behind)) => {
            name.len() >= before.len() + behind.len() && name.starts_with(before) && name.ends_with(behind)
        }
    }
}

/// One budget per line: its name, its bytes, its files. `#` begins a remark.
fn budgets(text: &str) -> Result<Vec<Budget>, String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let budget = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let (name, most) = (words.next(), words.next().and_then(|word| word.replace('_', "").parse().ok()));
        let patterns: Vec<String> = words.collect();
        match (name, most) {
            (Some(name), Some(most)) if !patterns.is_empty() => Ok(Budget { name, most, patterns }),
            _ => Err(format!("not a budget: {line}")),
        }
    };
    let budgets: Vec<Budget> = lines.filter(|line| !line.is_empty()).map(budget).collect::<Result<_, _>>()?;
    if budgets.is_empty() { Err("the budget file holds no budget".to_owned()) } else { Ok(budgets) }
}

/// The files of the folder itself that visits fetch, by name.
fn files(folder: &Path) -> Result<Vec<File>, String> {
    let problem = |e| format!("{}: {e}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(problem)? {
        let path = entry.map_err(problem)?.path();
        let is_fetched = path.extension().is_some_and(|e| FETCHED.iter().any(|fetched| e == *fetched));
        if is_fetched && path.is_file() {
            let bytes = fs::read(&path).map_err(problem)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push(File { name, sizes: sizes(&bytes).map_err(problem)? });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn sizes(bytes: &[u8]) -> std::io::Result<Sizes> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes)?;
    let gzip = gzip.finish()?.len();
    let params = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &params)?;
    Ok(Sizes { plain: bytes.len(), gzip, brotli: packed.len() })
}
