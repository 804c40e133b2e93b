#!/bin/sh
# Runs every test: form, lints, native tests, the built site in three browsers.
. "$(dirname "$0")/lib.sh"
whole_start=$(date +%s)
require_rust
phase "wasm32 target" sh scripts/wasm-target.sh

# All at once, so that they are installed side by side.
tools="trunk wasm-bindgen browsers recorders inferno"
is_wanted firefox && tools="$tools geckodriver"
# shellcheck disable=SC2086 # one word for each tool
phase "tools" install_tools $tools

for component in fmt clippy; do
    cargo $component --version >/dev/null 2>&1 && continue
    has rustup || fail "cargo $component is missing: install it beside cargo"
    name=$component
    [ $component = fmt ] && name=rustfmt
    phase "$name" rustup component add $name
done

clippy_wasm() {
    with_wasm cargo clippy --quiet --target wasm32-unknown-unknown --lib --bin page --bin full-worker \
        -- -D warnings &&
        with_wasm cargo clippy --quiet --target wasm32-unknown-unknown --lib --bin worker \
            --no-default-features -- -D warnings
}

# Every test program but the one that needs the site.
native_programs() {
    for file in tests/*.rs tests/*/main.rs; do
        name=${file#tests/}
        name=${name%/main.rs}
        name=${name%.rs}
        [ -e "$file" ] && [ "$name" != browser ] && printf -- '--test %s ' "$name"
    done
}

# scripts/sizes is a package of its own.
sizes=scripts/sizes/Cargo.toml
format() { cargo fmt --check && cargo fmt --check --manifest-path "$sizes"; }
clippy_native() {
    cargo clippy --quiet --all-targets -- -D warnings &&
        cargo clippy --quiet --locked --target-dir target/sizes --manifest-path "$sizes" -- -D warnings
}

rm -f target/test-*.log*
phase "format" format
phase "clippy" clippy_native
phase "clippy for wasm32" clippy_wasm
# shellcheck disable=SC2046 # one word for each option
phase "native tests" tests native --lib --bin culprit $(native_programs)
phase "documentation tests" tests doc --doc
phase "site" build_site
phase "sizes" check_sizes
phase "browser tests" tests browser --test browser

say "all passed in $(($(date +%s) - whole_start)) s"
# Browser tests that passed only the second time: see AGAIN in tests/browser/harness.rs.
cat target/test-*.log | grep '^AGAIN' || true
cat target/test-*.log | grep '^SKIPPED' | sort | uniq -c | sed 's/^ *[0-9]* //' || true
