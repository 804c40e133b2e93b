#!/bin/sh
# Runs after every build by trunk. Puts a hash of their content into the names of the worker's two
# files and into the page that names them: a page in a cache never meets the worker of another
# release, and a host may tell browsers to keep the files for ever.
#
# With OPTIMISE_WASM set it first runs wasm-opt: the page's program for size, the worker's for speed.
set -eu
# First, since hooks of one stage run side by side.
sh "$(dirname "$0")/shorten.sh"
cd "$TRUNK_STAGING_DIR"
if [ -n "${OPTIMISE_WASM:-}" ]; then
    # These features are on in Rust's own output; wasm-opt has to be told.
    features="--enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext
        --enable-mutable-globals --enable-reference-types --enable-multivalue --enable-simd"
    # shellcheck disable=SC2086 # one word for each feature
    for file in page-*_bg.wasm; do wasm-opt -Os $features -o "$file" "$file"; done
    # shellcheck disable=SC2086
    wasm-opt -O3 $features -o worker_bg.wasm worker_bg.wasm
fi
hash=$(cat worker.js worker_bg.wasm | cksum | cut -d ' ' -f 1)
sed "s/worker_bg\.wasm/worker-${hash}_bg.wasm/" worker.js >"worker-$hash.js"
mv worker_bg.wasm "worker-${hash}_bg.wasm"
sed -e "s/worker_bg\.wasm/worker-${hash}_bg.wasm/" -e "s/worker\.js/worker-$hash.js/" \
    index.html >index.html.new
mv index.html.new index.html
rm worker.js
if ! grep -q "content=\"./worker-$hash.js\" data-wasm=\"./worker-${hash}_bg.wasm\"" index.html; then
    echo "index.html does not name the worker: <meta name=\"worker\" …> is missing" >&2
    exit 1
fi
