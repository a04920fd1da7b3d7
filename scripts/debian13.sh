#!/bin/sh
# Runs the tests of state transfers and of repair in place with MariaDB 11.8, in a Debian 13 of its own (made once, 700 MB).
#   scripts/debian13.sh [TEST-FILE ...]
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" -eq 0 ] || { echo 'Run this as root: it makes a root file system and enters it.' >&2; exit 2; }
for_tests=yes
. scripts/provision.sh
command -v debootstrap >/dev/null 2>&1 || { apt-get update >/dev/null && apt-get install -y --no-install-recommends debootstrap >/dev/null; }

root=${GALERACTL_DEBIAN13:-/var/tmp/galeractl-debian13}
mirror=$(sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p; s/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
if grep -q " $root/" /proc/mounts; then
  echo "Something is mounted below $root, by a run that was cut off perhaps. Unmount it first." >&2
  exit 2
fi
if [ ! -f "$root/.made" ]; then
  rm -rf "$root"
  debootstrap --variant=minbase trixie "$root" "$mirror"
  # A package must not start a server.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y --no-install-recommends mariadb-server mariadb-backup galera-4 rsync lsof procps iproute2 socat stunnel4 openssl zstd libatomic1
  touch "$root/.made"
fi

mounts=''
leave() { for at in $mounts; do umount --lazy "$at"; done; }
trap leave EXIT
trap 'exit 130' INT TERM HUP
enter() { # enter FOLDER: the same path inside
  mkdir -p "$root$1"
  mount --rbind "$1" "$root$1"
  # Or what is unmounted here would be so on the host.
  mount --make-rslave "$root$1"
  mounts="$root$1 $mounts"
}
enter /proc
enter /dev
enter /tmp
enter "$PWD/dist"
[ $# -gt 0 ] || set -- test/cluster/sst.test.ts test/cluster/tls.test.ts test/cluster/addresses.test.ts test/cluster/partition.test.ts
GALERACTL_TEST_ROOT=$root vitest run --project cluster "$@"
