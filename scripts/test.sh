#!/bin/sh
# npm test: installs what is missing, builds, and runs every check and test.
set -eu
cd "$(dirname "$0")/.."
for_tests=yes
. scripts/provision.sh
exec node scripts/test.ts "$@"
