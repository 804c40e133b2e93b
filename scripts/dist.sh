#!/bin/sh
# Builds dist/ for publishing: as `make site` does, with smaller and faster wasm, and proves in all
# browsers that it still is what was tested.
. "$(dirname "$0")/lib.sh"
install_site_tools
phase "wasm-opt" install_tools wasm-opt
phase "browsers" install_browser_tools

optimised_site() { OPTIMISE_WASM=1 build_site; }
phase "site" optimised_site
phase "browser tests" tests browser --test browser

# Hosts send one of the two compressed forms.
sizes() {
    printf '%-36s %10s %10s %10s\n' file bytes gzip brotli
    for file in $(cd dist && find . -type f ! -name '.*' | sort); do
        brotli=-
        has brotli && brotli=$(brotli -q 11 -c "dist/$file" | wc -c)
        printf '%-36s %10d %10d %10s\n' "${file#./}" "$(wc -c <"dist/$file")" \
            "$(gzip -9 -c "dist/$file" | wc -c)" "$brotli"
    done
}
sizes
