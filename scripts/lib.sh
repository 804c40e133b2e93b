# Shared by the scripts beside it; read with `.`, from the project's folder.
# shellcheck shell=sh
set -eu

cd "$(dirname "$0")/.."
mkdir -p target

# Tools are found wherever they were put, by us or by others.
cargo_home=${CARGO_HOME:-${HOME:-/root}/.cargo}
tools=$PWD/.tools
PATH=$tools/python/bin:$tools/bin:$tools/node_modules/.bin:$cargo_home/bin:$PATH
export PATH

has() { command -v "$1" >/dev/null 2>&1; }
say() { printf '%s\n' "$*"; }
fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# phase NAME COMMAND...: runs the command and says how many seconds it took.
phase() {
    phase_name=$1
    phase_start=$(date +%s)
    shift
    say "== $phase_name"
    "$@" || fail "== $phase_name failed after $(($(date +%s) - phase_start)) s"
    say "== $phase_name: $(($(date +%s) - phase_start)) s"
}

# The versions that this project was built and tested with. wasm-bindgen must be exactly the one of
# the library that is linked.
trunk_version=0.22.1
geckodriver_version=0.37.1
binaryen_version=132.0.0
inferno_version=0.12.8
# Measured beside us, see benches/README.md; the table names them (benches/suite/open.rs).
speedscope_version=1.25.0
cpupro_version=0.7.0
py_spy_version=0.4.3
# The last one that writes text.
austin_version=3.7.0
bindgen_version() {
    awk '/^name = "wasm-bindgen"$/ { getline; gsub(/"/, "", $3); print $3 }' Cargo.lock
}

# is_installed TOOL: is it there, in a version that works?
is_installed() {
    case $1 in
    trunk)
        # 0.22 is what Trunk.toml and the hook were written for.
        case $(trunk --version 2>/dev/null) in "trunk 0.22."*) ;; *) return 1 ;; esac
        ;;
    wasm-opt)
        case $(wasm-opt --version 2>/dev/null) in *"version ${binaryen_version%%.*}"*) ;; *) return 1 ;; esac
        ;;
    wasm-bindgen) [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $(bindgen_version)" ] ;;
    browsers) [ -z "$(missing_browsers)" ] ;;
    recorders) [ -z "$(missing_recorders)" ] && has py-spy && has austin ;;
    inferno) has inferno-diff-folded ;;
    *) has "$1" ;;
    esac
}

# is_wanted ENGINE: does BROWSERS leave it in?
is_wanted() {
    case ",${BROWSERS:-chrome,firefox,webkit}," in *",$1,"*) ;; *) return 1 ;; esac
}

# The Debian packages of the browsers and drivers that are wanted and not there.
missing_browsers() {
    if is_wanted chrome; then
        has chromium || has chromium-browser || has google-chrome || say chromium
        has chromedriver || say chromium-driver
    fi
    if is_wanted firefox; then
        has firefox || has firefox-esr || say firefox-esr
    fi
    if is_wanted webkit; then
        has WebKitWebDriver || say webkit2gtk-driver
        # WebKitGTK has no headless mode.
        has Xvfb || say xvfb
    fi
}

# The Debian packages of what the recording commands need and is not there. tests/recipes says who
# needs what.
missing_recorders() {
    has node || say nodejs
    has go || say golang-go
    has cc || say "gcc libc6-dev"
    has curl || say curl
    has heaptrack || say heaptrack
    # The library alone, found the way the recipe finds it.
    [ -z "$(LD_PRELOAD=libprofiler.so.0 env true 2>&1)" ] || say libgoogle-perftools4
    # A Python that cannot make environments is missing a part.
    python3 -c 'import ensurepip' 2>/dev/null || say "python3 python3-venv"
}

# install_tools TOOL...: installs those that are missing, side by side, on at most two cores: some
# need more than a gigabyte for each.
install_tools() {
    missing=
    for tool in "$@"; do
        is_installed "$tool" || missing="$missing $tool"
    done
    [ -z "$missing" ] && return
    mkdir -p target/install
    say "missing:$missing"
    env -u MAKEFLAGS -u MFLAGS make --no-print-directory -j2 tools TOOLS="${missing# }"
}

require_rust() {
    has cargo && has rustc || fail "Rust is missing: install it from https://rustup.rs"
}

# All that a build of the site needs.
install_site_tools() {
    require_rust
    phase "wasm32 target" sh scripts/wasm-target.sh
    phase "tools for the site" install_tools trunk wasm-bindgen
}

# All that the browser tests need beside the site.
install_browser_tools() {
    if is_wanted firefox; then
        install_tools browsers geckodriver
    else
        install_tools browsers
    fi
}

# with_wasm COMMAND...: runs it with a toolchain that builds for wasm32. That is the usual one,
# except where scripts/wasm-target.sh had to fall back to the distribution's.
with_wasm() {
    if [ -e target/wasm-toolchain ]; then
        RUSTUP_TOOLCHAIN=$(cat target/wasm-toolchain) "$@"
    else
        "$@"
    fi
}

# Trunk's own backtrace would bury what the compiler says.
build_site() { RUST_BACKTRACE=0 with_wasm trunk build --release; }

# build_sizes FOLDER: the program that weighs a site, as FOLDER/release/sizes.
build_sizes() {
    env -u RUSTFLAGS cargo build --quiet --release --locked --target-dir "$1" \
        --manifest-path scripts/sizes/Cargo.toml
}

# Prints what visits fetch and fails where size-budget.txt is crossed. Hosts send one of the
# two packed forms.
check_sizes() { build_sizes target/sizes && target/sizes/release/sizes dist size-budget.txt; }

# tests NAME ARGUMENT...: cargo test with these; what the tests print is shown and kept.
tests() {
    tests_log=target/test-$1.log
    shift
    rm -f "$tests_log.passed"
    {
        cargo test "$@" -- --show-output && : >"$tests_log.passed"
    } 2>&1 | tee "$tests_log"
    rm "$tests_log.passed" 2>/dev/null && return
    # What failed and why, once more: in a long log that is read from its end.
    awk '/^failures:$/ { on = 1 } on && /^---- / { n = 0; print; next } on && NF && n++ < 12' \
        "$tests_log" | cut -c1-600 | tail -n 120
    return 1
}
