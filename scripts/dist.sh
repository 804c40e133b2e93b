#!/bin/sh
# Builds dist/ for publishing: as `make site` does, with smaller and faster wasm, and proves in all
# browsers that it still is what was tested.
. "$(dirname "$0")/lib.sh"
install_site_tools
phase "wasm-opt" install_tools wasm-opt
phase "browsers" install_browser_tools

optimised_site() { OPTIMISE_WASM=1 build_site; }
phase "site" optimised_site
phase "sizes" check_sizes
phase "browser tests" tests browser --test browser
