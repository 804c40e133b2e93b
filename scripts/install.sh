#!/bin/sh
# install.sh TOOL: installs one tool that is missing. Called by scripts/lib.sh through make.
. "$(dirname "$0")/lib.sh"

tool=$1
log=target/install/$tool.log
start=$(date +%s)

# The tools' own release profiles spend minutes on link-time optimisation, which a tool that runs
# for a second does not give back.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1
export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=false
# Nothing of the project is meant, and a build folder of our own would be kept for ever.
unset CARGO_TARGET_DIR RUSTFLAGS RUSTUP_TOOLCHAIN CARGO_BUILD_TARGET || true

# crate NAME VERSION OPTION...: from source, to where cargo puts programs, unless another version
# is there already: that one is left alone and ours goes into .tools.
crate() {
    crate_name=$1
    crate_version=$2
    shift 2
    set -- install "$crate_name@$crate_version" "$@"
    [ -e "$cargo_home/bin/$tool" ] && set -- "$@" --force --root "$tools"
    cargo "$@"
}

debian() {
    if ! has apt-get; then
        say "these are missing, and only apt-get is known here to install them: $*"
        say "install them by hand, or name the engines that you have: BROWSERS=chrome make test"
        return 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        say "this needs root once: sudo apt-get install -y --no-install-recommends $*"
        return 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    # Another tool may be at it; apt-get itself waits for some of its locks only.
    exec 9>target/install/apt.lock
    flock 9
    apt-get -o DPkg::Lock::Timeout=600 update &&
        apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$@"
}

npm_package() {
    has npm || {
        say "npm is missing, which is where wasm-opt comes from: install Node.js"
        return 1
    }
    npm install --no-save --no-audit --no-fund --prefix "$tools" "$@"
}

# What people record with. The Python ones get an environment of their own.
recorders() {
    packages=$(missing_recorders)
    # shellcheck disable=SC2086 # one word for each package
    [ -z "$packages" ] || debian $packages || return 1
    has py-spy && has austin && return
    python3 -m venv "$tools/python" &&
        "$tools/python/bin/python3" -m pip install --disable-pip-version-check \
            "py-spy==$py_spy_version" "austin-dist==$austin_version"
}

install() {
    case $tool in
    # One kind of TLS is mandatory, even where trunk never downloads anything.
    trunk) crate trunk $trunk_version --locked --ignore-rust-version \
        --no-default-features --features rustls ;;
    wasm-bindgen) crate wasm-bindgen-cli "$(bindgen_version)" --no-default-features ;;
    geckodriver) crate geckodriver $geckodriver_version --locked ;;
    wasm-opt) npm_package binaryen@$binaryen_version ;;
    # shellcheck disable=SC2046 # one word for each package
    browsers) debian $(missing_browsers) ;;
    recorders) recorders ;;
    go) debian golang-go ;;
    npm) debian nodejs npm ;;
    inferno) cargo install inferno@$inferno_version --locked --root "$tools" \
        --no-default-features --features cli ;;
    *) say "no way is known to install $tool" && return 1 ;;
    esac
}

say "installing $tool (progress: $log)"
if install >"$log" 2>&1 && is_installed "$tool"; then
    say "installed $tool in $(($(date +%s) - start)) s"
else
    tail -n 15 "$log" >&2
    fail "$tool could not be installed; the whole story is in $log"
fi
