#!/bin/sh
# npm start: installs what is missing, builds, and brings up the demo cluster.
set -eu
cd "$(dirname "$0")/.."
. scripts/provision.sh
GALERACTL_DEMO_COMMAND=dist/galeractl exec dist/galeractl demo "$@"
