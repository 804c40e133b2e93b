#!/bin/sh
# Runs after every build by trunk. Writes the large example of the start page into the site: a V8 CPU
# profile of 22 MB, the same bytes every time. The compiler alone builds the generator, in a second.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
program=$root/target/generate-example
large=$root/target/generated-22mb.cpuprofile
newest=$(ls -t "$root"/benches/generate/*.rs "$large" 2>/dev/null | head -n 1)
if [ "$newest" != "$large" ]; then
    mkdir -p "$root/target"
    rustc --edition 2024 -C opt-level=3 "$root/benches/generate/generate.rs" -o "$program"
    "$program" --format cpuprofile --size 22MB --seed 1 --out "$large" >/dev/null
fi
mkdir -p "$TRUNK_STAGING_DIR/examples"
cp "$large" "$TRUNK_STAGING_DIR/examples/generated-22mb.cpuprofile"
