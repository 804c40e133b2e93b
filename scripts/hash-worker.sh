#!/bin/sh
# Runs after every build by trunk. Puts a hash of their content into the names of the worker's two
# files and into the page that names them: a page in a cache never meets the worker of another
# release, and a host may tell browsers to keep the files for ever.
set -eu
cd "$TRUNK_STAGING_DIR"
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
