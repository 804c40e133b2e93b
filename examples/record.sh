#!/bin/bash
# Records the page's built-in examples again, next to this file. Needs Node 20, npm and Go.
# usage: bash record.sh [node] [go]
#
# Everything runs from DEMO, since that folder's path is written into every profile.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${DEMO:=/srv/demo}" "${TOOLS:=$(mktemp -d)}"
what=${*:-node go}
scratch=$(mktemp -d)
mkdir -p "$DEMO"
cp -r "$here"/programs/. "$DEMO"/

# server <name> [VAR=value…]: the server under the load of load.mjs.
server() {
  local name=$1; shift
  (cd "$DEMO/node-server" && exec env "$@" DATA=data node --cpu-prof --cpu-prof-dir="$scratch/$name" --cpu-prof-name="$name.cpuprofile" server.js > "$scratch/$name.out") &
  local pid=$!
  until grep -q listening "$scratch/$name.out" 2>/dev/null; do sleep 0.1; done
  echo "$name: $(node "$here/programs/node-server/load.mjs" "$(sed -n 's/listening //p' "$scratch/$name.out")")"
  kill -TERM "$pid"
  wait "$pid"
  install -m 644 "$scratch/$name/$name.cpuprofile" "$here/$name.cpuprofile"
}

if [[ $what == *node* ]]; then
  [ -d "$TOOLS/node_modules/autocannon" ] || npm install --no-save --silent --prefix "$TOOLS" autocannon@9
  export NODE_MODULES=$TOOLS/node_modules
  node "$DEMO/node-server/make-data.js" "$DEMO/node-server/data"
  server node-server-blocked A=1
  server node-server-fixed FIXED=1
fi
if [[ $what == *go* ]]; then
  (cd "$DEMO/go-labels" && go build -trimpath -buildvcs=false -o shop . && GODEBUG=asyncpreemptoff=1 ./shop -out "$here/go-labels.pb.gz" -seconds 5)
fi
rm -rf "$scratch"
[ "$DEMO" != /srv/demo ] || rm -rf "$DEMO"
