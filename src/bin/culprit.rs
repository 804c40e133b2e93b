//! The command line; its contract is `docs/summary.schema.json`.

fn main() {}
