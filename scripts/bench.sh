#!/bin/sh
# Measures this program beside others: bench.sh [OPTION...], with the options of benches/suite.
# Installs what is missing and builds what is measured, all below target/bench. A reference that
# cannot be installed here is said and left out; the rest is measured all the same.
. "$(dirname "$0")/lib.sh"
out=${BENCH_OUT:-$PWD/target/bench}
mkdir -p "$out"
install_site_tools
BROWSERS=chrome phase "browser" install_browser_tools

# What visitors get is smaller and faster than what `make site` builds, where there is wasm-opt.
optimise=
if install_tools wasm-opt; then optimise=1; else say "without wasm-opt: the plain release site is measured"; fi
site() {
    if [ -n "$optimise" ]; then export OPTIMISE_WASM=1; fi
    RUST_BACKTRACE=0 with_wasm trunk build --release --dist "$out/dist"
}
phase "site" site
phase "program" cargo build --quiet --release --bin culprit
phase "bench" cargo build --quiet --example bench
built=${CARGO_TARGET_DIR:-target}

generator() {
    [ -e "$out/generate" ] && [ -z "$(find benches/generate -name '*.rs' -newer "$out/generate")" ] && return
    rustc --edition 2024 -C opt-level=3 benches/generate/generate.rs -o "$out/generate"
}
phase "generator" generator

# The references. inferno as its authors release it: the copy that the tests use is built in a hurry.
inferno() {
    [ -x "$out/inferno/bin/inferno-flamegraph" ] && return
    env -u CARGO_TARGET_DIR -u RUSTFLAGS cargo install --quiet --locked "inferno@$inferno_version" \
        --root "$out/inferno"
}
peers() {
    [ -e "$out/peers/node_modules/speedscope" ] && [ -e "$out/peers/node_modules/cpupro" ] && return
    install_tools npm || return 1
    npm install --no-save --no-audit --no-fund --ignore-scripts --prefix "$out/peers" \
        "speedscope@$speedscope_version" "cpupro@$cpupro_version"
}
# Newer versions of Go build the tool when it is asked for the first time.
go_pprof() { install_tools go && go tool -n pprof; }

# reference NAME COMMAND...: what fails here is told again beside the lines that lack it.
reference() {
    reference_name=$1
    shift
    say "== $reference_name"
    "$@" >"$out/install.log" 2>&1 && return
    say "== $reference_name could not be installed here and is left out: $(tail -n 1 "$out/install.log")"
}
reference "inferno" inferno
reference "speedscope and CPUpro" peers
reference "go tool pprof" go_pprof
# Not a reference, but the table can do without it too.
reference "sizes of the site" build_sizes "$out/sizes"

BENCH_OUT=$out CULPRIT_DIST=$out/dist CULPRIT_PROGRAM=$built/release/culprit "$built/debug/examples/bench" "$@"

case " $* " in
*" --quick "* | *" --only "*) ;;
*) phase "micro" cargo bench --quiet --bench micro ;;
esac
