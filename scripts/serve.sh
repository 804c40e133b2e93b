#!/bin/sh
# Builds the release site and serves it on a loopback port: PORT, or 8080, or the next free one.
. "$(dirname "$0")/lib.sh"
install_site_tools
phase "site" build_site
server=target/serve
newer=$(find "$server" -newer scripts/serve.rs -newer tests/browser/site.rs 2>/dev/null || true)
[ -n "$newer" ] || rustc --edition 2024 -O -o "$server" scripts/serve.rs
exec "$server" dist "${PORT:-8080}"
