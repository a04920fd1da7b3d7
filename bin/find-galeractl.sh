# Sourced by bin/* and hooks/*: sets $galeractl to the executable. $0 is the entry point, maybe a link.
cartridge=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
galeractl=${GALERACTL:-}
for built in "$cartridge/bin/galeractl" "$cartridge/dist/galeractl"; do
  if [ -z "$galeractl" ] && [ -f "$built" ] && [ -x "$built" ]; then galeractl=$built; fi
done
if [ -z "$galeractl" ]; then
  echo "CLIENT_ERROR: there is no executable galeractl in $cartridge/bin. Put it there, or name it with GALERACTL."
  exit 5
fi
