#!/bin/sh
# Runs after every build by trunk. Puts a hash of their content into the names of each worker's two
# files and into the page that names them: a page in a cache never meets the worker of another
# release, and a host may tell browsers to keep the files for ever.
#
# With OPTIMISE_WASM set it first runs wasm-opt: the page's program for size, the workers' for speed.
set -eu
# First, since hooks of one stage run side by side.
sh "$(dirname "$0")/shorten.sh"
cd "$TRUNK_STAGING_DIR"
workers="worker full-worker"
if [ -n "${OPTIMISE_WASM:-}" ]; then
    # These features are on in Rust's own output; wasm-opt has to be told.
    features="--enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext
        --enable-mutable-globals --enable-reference-types --enable-multivalue --enable-simd"
    # shellcheck disable=SC2086 # one word for each feature
    for file in page-*_bg.wasm; do wasm-opt -Os $features -o "$file" "$file"; done
    # shellcheck disable=SC2086
    for name in $workers; do wasm-opt -O3 $features -o "${name}_bg.wasm" "${name}_bg.wasm"; done
fi
for name in $workers; do
    hash=$(cat "$name.js" "${name}_bg.wasm" | cksum | cut -d ' ' -f 1)
    sed "s/${name}_bg\.wasm/$name-${hash}_bg.wasm/" "$name.js" >"$name-$hash.js"
    mv "${name}_bg.wasm" "$name-${hash}_bg.wasm"
    # The slash: the name of one ends in the other's.
    sed -e "s|/${name}_bg\.wasm|/$name-${hash}_bg.wasm|" -e "s|/$name\.js|/$name-$hash.js|" \
        index.html >index.html.new
    mv index.html.new index.html
    rm "$name.js"
    if ! grep -q "content=\"./$name-$hash.js\" data-wasm=\"./$name-${hash}_bg.wasm\"" index.html; then
        echo "index.html does not name it: <meta name=\"$name\" …> is missing" >&2
        exit 1
    fi
done
