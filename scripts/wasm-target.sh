#!/bin/sh
# Makes sure that Rust can build for wasm32.
#
# 1. Usually the toolchain can already, or rustup adds the target in seconds.
# 2. Where rustup is absent or its servers cannot be reached, on Debian as root: the distribution's
#    Rust, with the standard library for wasm32 built once from its packaged sources, which needs
#    nothing but the distribution. It becomes the toolchain "wasm", and the scripts use it for the
#    site alone; everything else stays with the usual toolchain.
#
# NO_RUSTUP_TARGET=1 skips what rustup would do.
. "$(dirname "$0")/lib.sh"

target=wasm32-unknown-unknown
choice=target/wasm-toolchain
fallback=wasm
packages="rustc-web cargo-web rust-web-src rust-web-llvm rust-web-clippy"

# has_std COMMAND...: does this rustc have a standard library for the target?
has_std() {
    std_folder=$("$@" --print target-libdir --target $target 2>/dev/null) || return 1
    [ -n "$(find "$std_folder" -name 'libstd-*.rlib' 2>/dev/null)" ]
}

# links COMMAND...: can this rustc build a whole program, in the way that the site is built?
links() {
    printf 'fn main() { println!("{}", vec![1].len()); }\n' >"$scratch/probe.rs"
    "$@" --target $target -C lto=fat -O -o "$scratch/probe.wasm" "$scratch/probe.rs" \
        >"$scratch/probe.log" 2>&1
}

usual_works() { [ -z "${NO_RUSTUP_TARGET:-}" ] && has_std rustc; }

if usual_works; then
    rm -f $choice
    exit 0
fi
if [ -e $choice ] && has_std rustc "+$(cat $choice)"; then
    say "using the toolchain \"$(cat $choice)\" for $target"
    exit 0
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM

if has rustup && [ -z "${NO_RUSTUP_TARGET:-}" ]; then
    say "adding the target $target"
    limit=
    has timeout && limit="timeout ${RUSTUP_SECONDS:-180}"
    $limit rustup target add $target >"$scratch/rustup.log" 2>&1 || true
    if usual_works; then
        rm -f $choice
        exit 0
    fi
    say "rustup cannot: $(grep -m1 '^error' "$scratch/rustup.log" || echo "no answer in time")"
fi

if ! has_std /usr/bin/rustc || ! links /usr/bin/rustc; then
    has apt-get || fail "Rust cannot build for $target here: add that target to your toolchain"
    [ "$(id -u)" -eq 0 ] || fail "this needs root once: sudo sh scripts/wasm-target.sh"
    say "installing the distribution's Rust: $packages"
    export DEBIAN_FRONTEND=noninteractive
    quiet="-qq -o DPkg::Lock::Timeout=600"
    # shellcheck disable=SC2086 # these are lists of words
    {
        apt-get $quiet update
        apt-get $quiet install -y --no-install-recommends $packages >"$scratch/apt.log" 2>&1 ||
            fail "apt-get failed: $(tail -n 3 "$scratch/apt.log")"
        # The linker that the package's rust-lld points to is a package of its own.
        linker=$(basename "$(readlink /usr/bin/rust-lld)")
        apt-get $quiet install -y --no-install-recommends "$linker" >"$scratch/apt.log" 2>&1 ||
            fail "apt-get failed: $(tail -n 3 "$scratch/apt.log")"
    }
    say "building the standard library for $target once (some minutes)"
    mkdir -p "$scratch/std/src"
    printf '#![no_std]\n' >"$scratch/std/src/lib.rs"
    printf '[package]\nname = "only-std"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' \
        >"$scratch/std/Cargo.toml"
    # Bitcode is kept beside the code, or link-time optimisation could not see into it.
    (cd "$scratch/std" && env -u RUSTUP_TOOLCHAIN CARGO_TARGET_DIR=built RUSTC=/usr/bin/rustc \
        RUSTC_BOOTSTRAP=1 RUSTFLAGS="-C embed-bitcode=yes" /usr/bin/cargo build --quiet --release \
        --target $target -Z build-std=std,panic_abort,test) ||
        fail "the standard library for $target could not be built"
    library=$(/usr/bin/rustc --print target-libdir --target $target)
    rm -rf "$library"
    mkdir -p "$library"
    find "$scratch/std/built/$target/release/deps" -name '*.rlib' ! -name 'libonly_std-*' \
        -exec cp {} "$library/" \;
    links /usr/bin/rustc || fail "it does not link: $(tail -n 3 "$scratch/probe.log")"
fi

if has rustup; then
    rustup toolchain link $fallback "$(/usr/bin/rustc --print sysroot)"
    echo $fallback >$choice
    say "using the toolchain \"$fallback\", $(/usr/bin/rustc --version), for $target"
elif ! usual_works; then
    fail "put /usr/bin first into PATH, so that cargo and rustc are the distribution's"
fi
