#!/bin/sh
# npm run bench: every speed figure as a ratio to a reference in the same run. ROUNDS=5 by default.
#   npm run bench -- process cluster notify transfer logical    only these groups
set -eu
cd "$(dirname "$0")/.."
for_bench=yes
. scripts/provision.sh
exec node test/bench/bench.ts "$@"
