#!/bin/sh
# Builds the release site into dist/.
. "$(dirname "$0")/lib.sh"
install_site_tools
phase "site" build_site
