#!/bin/sh
# npm run soak -- --rounds N --seed S: random faults on a real cluster with writers, and a table at the end.
set -eu
cd "$(dirname "$0")/.."
. scripts/provision.sh
exec node test/soak/soak.ts "$@"
