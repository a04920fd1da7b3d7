#!/bin/sh
# npm run search: new schedules for the simulation on every core, until an invariant breaks or the time is up (60 s).
#   npm run search -- --seconds 3600 [--seed N] [--fault NAME]    --replay N: one schedule, with all that happens in it
set -eu
cd "$(dirname "$0")/.."
. scripts/provision.sh
exec node test/simulation/run-search.ts "$@"
