#!/bin/sh
# Called by hash-worker.sh after every build by trunk, before the workers' files get their hash.
# Shortens the names by which each program and its glue know each other. The page's files keep the
# names that trunk gave them: what they are now follows from what they were when it named them. The
# compiler alone builds what shortens, in a second.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
program=$root/target/shorten-names
newest=$(ls -t "$root/scripts/shorten.rs" "$program" 2>/dev/null | head -n 1)
if [ "$newest" != "$program" ]; then
    mkdir -p "$root/target"
    rustc --edition 2024 -C opt-level=2 "$root/scripts/shorten.rs" -o "$program"
fi
cd "$TRUNK_STAGING_DIR"
for name in worker full-worker; do "$program" "$name.js" "${name}_bg.wasm"; done
for glue in page-*.js; do "$program" "$glue" page-*_bg.wasm; done
