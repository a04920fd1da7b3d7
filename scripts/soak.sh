#!/bin/sh
# npm run soak -- --rounds N --seed S --nodes 3: random faults on a real cluster with writers, and a table at the end.
# npm run soak -- client --rounds N --seed S: a bank on the client meanwhile.
set -eu
cd "$(dirname "$0")/.."
. scripts/provision.sh
[ "${1:-}" = client ] && exec node test/soak/client.ts "$@"
exec node test/soak/soak.ts "$@"
