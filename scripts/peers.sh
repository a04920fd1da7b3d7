#!/bin/sh
# npm run peers: the same faults under what Debian offers (stock scripts, the resource-agents galera agent) and under galeractl. --markdown FILE writes the page.
set -eu
cd "$(dirname "$0")/.."
. scripts/provision.sh
if [ ! -e /usr/lib/ocf/resource.d/heartbeat/galera ]; then
  [ "$(id -u)" -eq 0 ] || { echo 'Missing package: resource-agents. Run this as root.' >&2; exit 2; }
  echo 'Installing Debian packages: resource-agents' >&2
  log=$(mktemp)
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends resource-agents; } >"$log" 2>&1 || {
    tail -20 "$log" >&2; echo "The installation failed; the whole log is $log." >&2; exit 5; }
  rm -f "$log"
fi
exec node test/peers/peers.ts "$@"
