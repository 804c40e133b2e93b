#!/bin/sh
# Builds the release site into dist/ and holds it to its size budget.
. "$(dirname "$0")/lib.sh"
install_site_tools
phase "site" build_site
phase "sizes" check_sizes
