#!/bin/sh
# Makes sure that Debian packages are there: installs what is missing when root, else says what to type.
# usage: tools/need.sh PACKAGE...
set -eu
look() {
    missing=
    for package in "$@"; do
        status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || missing="$missing $package"
    done
}
look "$@"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
    printf 'error: missing system packages. Type:\n\n    sudo apt-get install --yes --no-install-recommends%s\n\n' "$missing" >&2
    exit 1
fi
# Of two that find the same missing at the same time, the second finds it installed.
exec 9< /var/lib/dpkg
flock 9
look "$@"
[ -n "$missing" ] || exit 0
printf 'Installing system packages:%s\n' "$missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086  # a list of names, split on purpose
{ apt-get update && apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends $missing; } > "$log" 2>&1 || {
    cat "$log" >&2
    exit 1
}
